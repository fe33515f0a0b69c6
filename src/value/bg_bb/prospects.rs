//! What is to be expected of a customer who is there: a new one, or one known to be, which differ
//! in the parameters alone.
//!
//! Every quantity is a sum of positive terms over the coming opportunities.

use crate::num::falling_sum;
use crate::num::real::exp;
use crate::num::special::ln_rising_ratio;
use crate::value::bg_bb::fates::{any_purchase, ln_all_taken, ln_gone_after};
use crate::value::{OpportunityRecord, PeriodHorizon};

/// The two beta distributions of a customer who is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prospects {
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
}

impl Prospects {
    pub(super) fn of_new([alpha, beta, gamma, delta]: [f64; 4]) -> Self {
        Self { alpha, beta, gamma, delta }
    }

    /// Of a customer who was there at the last opportunity observed.
    pub(super) fn after([alpha, beta, gamma, delta]: [f64; 4], record: &OpportunityRecord) -> Self {
        let (x, n) = (record.purchases(), record.opportunities());
        Self {
            alpha: alpha + f64::from(x),
            beta: beta + f64::from(n - x),
            gamma,
            delta: delta + f64::from(n),
        }
    }

    /// The chance to take an opportunity while there.
    pub(super) fn rate(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// The chance to be there for the next one.
    fn next(&self) -> f64 {
        self.delta / (self.gamma + self.delta)
    }

    /// The chance to be there for all of the next h.
    pub(super) fn survival(&self, h: u32) -> f64 {
        exp(-ln_rising_ratio(self.delta, self.gamma, h))
    }

    /// For how many of the next h the customer is expected to be there.
    pub(super) fn stays(&self, h: u32) -> f64 {
        self.next() * falling_sum::finite(self.gamma, self.delta + 1.0, 0.0, h)
    }

    pub(super) fn expected(&self, h: u32) -> f64 {
        self.rate() * self.stays(h)
    }

    /// The chance to take at least one of the next h.
    pub(super) fn active(&self, h: u32) -> f64 {
        any_purchase([self.alpha, self.beta, self.gamma, self.delta], h)
    }

    /// Discounted expected purchases; `None` where they are infinite.
    pub(super) fn discounted(&self, horizon: PeriodHorizon, rate: f64) -> Option<f64> {
        let (a, b) = (self.gamma, self.delta + 1.0);
        let stays = match horizon {
            PeriodHorizon::Within(h) => Some(falling_sum::finite(a, b, rate, h)),
            PeriodHorizon::Forever => falling_sum::endless(a, b, rate),
        };
        stays.map(|stays| self.rate() * (self.next() * stays) / (1.0 + rate))
    }

    /// The chances to take 0, 1, .. `up_to` of the next h.
    pub(super) fn distribution(&self, h: u32, up_to: u32) -> Vec<f64> {
        (0..=up_to).map(|y| self.exactly(y, h)).collect()
    }

    /// The chance to take exactly y of the next h.
    ///
    /// Over the number t of opportunities that the customer is there for, from y to h,
    ///
    /// ```text
    /// Σ  C(t,y) B(α+y, β+t-y)/B(α,β) · (chance to be there for exactly t, for h: for all)
    /// ```
    ///
    /// Terms follow from each other by plain fractions; the first may be below the smallest number
    /// there is while the sum is not, so the sum is kept as a multiple of the first, and lifted.
    fn exactly(&self, y: u32, h: u32) -> f64 {
        const HIGH: f64 = 1e200;
        if y > h {
            return 0.0;
        }
        let Self { alpha, beta, gamma, delta } = *self;
        if y == h {
            return exp(ln_all_taken(alpha, beta, h) - ln_rising_ratio(delta, gamma, h));
        }
        let mut scale = ln_all_taken(alpha, beta, y) + ln_gone_after(gamma, delta, y);
        let (mut term, mut total) = (1.0, 0.0);
        let y = f64::from(y);
        // From t opportunities to t + 1: C(t,y) B(α+y, β+t-y).
        let more = |t: f64| (t + 1.0) / (t + 1.0 - y) * ((beta + t - y) / (alpha + beta + t));
        let last = f64::from(h - 1);
        for t in y as u32..h - 1 {
            total += term;
            let t = f64::from(t);
            term *= more(t) * ((delta + t) / (gamma + delta + t + 1.0));
            if term > HIGH {
                (term, total) = (term / HIGH, total / HIGH);
                scale += LN_HIGH;
            }
        }
        total += term;
        total += term * more(last) * ((delta + last) / gamma);
        exp(scale) * total
    }
}

/// `ln 1e200`.
const LN_HIGH: f64 = 460.517_018_598_809_1;
