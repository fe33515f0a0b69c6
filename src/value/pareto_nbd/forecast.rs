//! What a customer who is alive has to come: purchases in a window, their distribution, and what
//! they are worth when they are discounted.

use crate::num::decay::Decay;
use crate::num::exponential_integral::scaled_exponential_integral;
use crate::num::quadrature::legendre_rule;
use crate::num::real::{exp, exp_m1, ln_1p};
use crate::num::special::ln_rising;

use super::standing::Prospect;

const NODES: usize = 20;
static RULE: [(f64, f64); NODES] = legendre_rule();

impl Prospect {
    /// Expected purchases in so many weeks: `(R/α) ∫ (1+t/β)^-s dt`, which is
    ///
    /// ```text
    /// R β/α (1 - (1+t/β)^(1-s)) / (s - 1)
    /// ```
    pub(super) fn purchases(&self, weeks: f64) -> f64 {
        let span = ln_1p(weeks / self.beta);
        let excess = self.s - 1.0;
        let stay = if excess == 0.0 { span } else { -exp_m1(-excess * span) / excess };
        self.shape * (self.beta / self.alpha) * stay
    }

    /// The same, each purchase discounted at the continuous rate `discount` per week; without an
    /// end for no `weeks`, and `None` where the sum is infinite.
    ///
    /// Fader, Hardie & Lee (2005, "RFM and CLV"), equation 2, with their confluent hypergeometric
    /// function as an exponential integral, which does not overflow where β is large.
    pub(super) fn discounted(&self, weeks: Option<f64>, discount: f64) -> Option<f64> {
        let Prospect { shape, alpha, s, beta } = *self;
        match weeks {
            Some(weeks) if discount == 0.0 => Some(self.purchases(weeks)),
            Some(weeks) => {
                let stay = Decay { a: beta, p: s, b: beta, q: 0.0, c: discount };
                Some(shape / alpha * stay.integral(weeks))
            }
            None if discount == 0.0 => (s > 1.0).then(|| shape * (beta / alpha) / (s - 1.0)),
            None => {
                let stay = scaled_exponential_integral(s, discount * beta);
                Some(shape * (beta / alpha) * stay)
            }
        }
    }

    /// The probabilities of 0, 1, .. `up_to` purchases in so many weeks.
    ///
    /// For a given time u of leaving the count is negative binomial, and u has a Pareto
    /// distribution:
    ///
    /// ```text
    /// P(k) = NB(k; t) (1+t/β)^-s + ∫ NB(k; u) (s/β) (1+u/β)^-(s+1) du,   u from 0 to t
    /// NB(k; u) = Γ(R+k) / (Γ(R) k!) (α/(α+u))^R (u/(α+u))^k
    /// ```
    ///
    /// All terms are positive. The nodes serve every k: panels are as narrow as the steepest of the
    /// counts asks for, and shrink towards the end, where those above the expectation have their
    /// mass.
    pub(super) fn distribution(&self, weeks: f64, up_to: u32) -> Vec<f64> {
        let mut chances = vec![0.0; up_to as usize + 1];
        self.add_counts(weeks, self.stays(weeks), &mut chances);
        let mut from = 0.0;
        while from < weeks {
            let until = self.panel_end(from, weeks, up_to);
            if self.nothing_left(from, weeks, &chances) {
                break;
            }
            for &(node, weight) in &RULE {
                let leaves = from + (until - from) * node;
                let weight = weight * (until - from) * self.leaves_at(leaves);
                self.add_counts(leaves, weight, &mut chances);
            }
            from = until;
        }
        // What a truncated distribution may exceed one by is rounding.
        for chance in &mut chances {
            *chance = chance.min(1.0);
        }
        chances
    }

    /// The density of leaving after so many weeks.
    fn leaves_at(&self, weeks: f64) -> f64 {
        self.s / self.beta * exp(-(self.s + 1.0) * ln_1p(weeks / self.beta))
    }

    /// Where the panel of nodes that starts at `from` ends.
    fn panel_end(&self, from: f64, weeks: f64, up_to: u32) -> f64 {
        /// Times that are further apart than by this factor share no panel.
        const WIDEST: f64 = 3.0;
        /// E-foldings of the density of leaving.
        const FOLDINGS: f64 = 8.0;
        let most = f64::from(up_to);
        let leaving = (self.beta + from) * (WIDEST - 1.0).min(FOLDINGS / (self.s + 1.0));
        let buying = (self.alpha + from) * (WIDEST - 1.0);
        // In θ with u = α tan² θ a negative binomial is nearly normal with standard deviation 1 /
        // (2 √(R + k)) wherever its peak lies. The panel spans two of them.
        let step = 1.0 / (self.shape + most + 1.0).sqrt();
        let tangent = (from / self.alpha).sqrt();
        let step = libm::tan(step.min(0.5));
        let next = if tangent * step < 1.0 {
            let next = (tangent + step) / (1.0 - tangent * step);
            self.alpha * next * next - from
        } else {
            f64::INFINITY
        };
        let left = weeks - from;
        let towards_end = if left > 4.0 * weeks / (most + 4.0) { 0.5 * left } else { left };
        let width = leaving.min(buying).min(next).min(towards_end);
        // A width below the rounding of `from` would never end.
        if from + width > from { (from + width).min(weeks) } else { weeks }
    }

    /// Whether those who leave after `from` add nothing more to any of the counts: nobody does, or
    /// the greatest count is behind its peak, and the others are so before it.
    fn nothing_left(&self, from: f64, weeks: f64, chances: &[f64]) -> bool {
        const LEFT_OUT: f64 = 1e-18;
        if self.stays(from) <= f64::MIN_POSITIVE {
            return true;
        }
        let most = (chances.len() - 1) as f64;
        if from <= 0.0 || self.shape * from < (most + 1.0) * self.alpha {
            return false;
        }
        let rest = exp(self.ln_count(chances.len() as u32 - 1, from))
            * self.stays(from).min(self.leaves_at(from) * (weeks - from));
        rest <= LEFT_OUT * chances[chances.len() - 1]
    }

    /// The logarithm of NB(k; u).
    fn ln_count(&self, k: u32, weeks: f64) -> f64 {
        let none = -self.shape * ln_1p(weeks / self.alpha);
        if k == 0 {
            return none;
        }
        none - f64::from(k) * ln_1p(self.alpha / weeks) + ln_rising(self.shape, k)
            - ln_rising(1.0, k)
    }

    /// Adds the counts of a customer who leaves after so many weeks, from the most probable one
    /// outwards, so that nothing underflows that is not negligible.
    fn add_counts(&self, weeks: f64, weight: f64, chances: &mut [f64]) {
        let ratio = weeks / self.alpha;
        let share = ratio / (1.0 + ratio);
        let last = chances.len() - 1;
        let mode = ((self.shape - 1.0) * ratio).clamp(0.0, last as f64) as usize;
        let mode = if weeks > 0.0 { mode } else { 0 };
        let at_mode = weight * exp(self.ln_count(mode as u32, weeks));
        if at_mode <= 0.0 {
            return;
        }
        chances[mode] += at_mode;
        let mut chance = at_mode;
        for k in mode..last {
            chance *= (self.shape + k as f64) / (k as f64 + 1.0) * share;
            if chance <= 0.0 {
                break;
            }
            chances[k + 1] += chance;
        }
        let mut chance = at_mode;
        for k in (1..=mode).rev() {
            chance *= k as f64 / ((self.shape + k as f64 - 1.0) * share);
            if chance <= 0.0 {
                break;
            }
            chances[k - 1] += chance;
        }
    }
}
