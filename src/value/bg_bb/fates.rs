//! What may have become of one customer: still there, or gone after one of the opportunities since
//! the last purchase.
//!
//! The terms of the likelihood fall from the last purchase on, each by a factor that is a plain
//! fraction; so they are taken relative to the first of them, without a logarithm, and nothing can
//! overflow. A sum of logarithms that starts elsewhere loses all digits for long silences.

use crate::num::real::{ln, ln_1p};
use crate::num::special::ln_rising_ratio;
use crate::value::OpportunityRecord;

/// The two chances, which add up to one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fates {
    pub(super) alive: f64,
    pub(super) gone: f64,
}

/// The terms of one customer's likelihood, as multiples of the first: gone right after the last
/// purchase.
struct Terms {
    /// Gone later than right after the last purchase.
    gone_later: f64,
    /// Still there; as small as `STEP^shrunk` times this.
    alive: f64,
    shrunk: u32,
}

/// Terms below this are lifted by its inverse, so that they keep their digits.
const STEP: f64 = 1e-200;

impl Terms {
    /// For a customer who was silent at the last opportunity.
    fn of([alpha, beta, gamma, delta]: [f64; 4], record: &OpportunityRecord) -> Self {
        let (x, last) = (f64::from(record.purchases()), record.last_opportunity());
        let (mut term, mut gone_later, mut shrunk) = (1.0, 0.0, 0);
        for t in last..record.opportunities() - 1 {
            let t = f64::from(t);
            let silent = (beta + (t - x)) / (alpha + beta + t);
            term *= silent * ((delta + t) / (gamma + delta + t + 1.0));
            if shrunk == 0 {
                gone_later += term;
            }
            if term < STEP {
                term /= STEP;
                shrunk += 1;
            }
        }
        let t = f64::from(record.opportunities() - 1);
        let silent = (beta + (t - x)) / (alpha + beta + t);
        Self { gone_later, alive: term * silent * ((delta + t) / gamma), shrunk }
    }

    /// The alive term as a number, which is zero where it is too small for one.
    fn alive(&self) -> f64 {
        match self.shrunk {
            0 => self.alive,
            1 => self.alive * STEP,
            _ => 0.0,
        }
    }
}

impl Fates {
    pub(super) fn of(parameters: [f64; 4], record: &OpportunityRecord) -> Self {
        if record.last_opportunity() == record.opportunities() {
            return Self { alive: 1.0, gone: 0.0 };
        }
        let terms = Terms::of(parameters, record);
        let gone = 1.0 + terms.gone_later;
        // The sum is divided into each part before the small factor, which keeps the digits of what
        // is near the smallest number there is.
        let total = gone + terms.alive();
        let alive =
            if terms.shrunk == 1 { terms.alive / total * STEP } else { terms.alive() / total };
        Self { alive, gone: gone / total }
    }
}

/// The log-likelihood of one record (Fader, Hardie & Shang 2010), relative to the larger
/// of its first and its last term.
pub(super) fn log_likelihood(parameters: [f64; 4], record: &OpportunityRecord) -> f64 {
    let [alpha, beta, gamma, delta] = parameters;
    let (last, n) = (record.last_opportunity(), record.opportunities());
    if record.purchases() == 0 {
        // Where nearly everybody never buys, the likelihood is one less a little, and the little is
        // a sum of positive terms.
        let buys = any_purchase(parameters, n);
        if buys < 0.5 {
            return ln_1p(-buys);
        }
    }
    let all = || ln_taken(alpha, beta, record.purchases(), n) - ln_rising_ratio(delta, gamma, n);
    if last == n {
        return all();
    }
    let terms = Terms::of(parameters, record);
    let alive = terms.alive();
    if alive > 1.0 {
        return all() + ln_1p((1.0 + terms.gone_later) / alive);
    }
    let gone_at_once =
        -ln_rising_ratio(delta, gamma, last) - ln_1p((delta + f64::from(last)) / gamma);
    ln_taken(alpha, beta, record.purchases(), last) + gone_at_once + ln_1p(terms.gone_later + alive)
}

/// `ln[B(α+x, β+n-x) / B(α, β)]`: x given opportunities taken, and the other `n - x` not. All its
/// terms are negative.
fn ln_taken(alpha: f64, beta: f64, x: u32, n: u32) -> f64 {
    let left = n - x;
    -ln_rising_ratio(alpha, beta + f64::from(left), x) - ln_rising_ratio(beta, alpha, left)
}

/// The chance that a new customer takes at least one of the first n opportunities: the sum of the
/// chances that the first one taken is 1, 2, .. n.
pub(super) fn any_purchase([alpha, beta, gamma, delta]: [f64; 4], n: u32) -> f64 {
    let mut first = alpha / (alpha + beta) * (delta / (gamma + delta));
    let mut total = 0.0;
    for t in 0..n {
        total += first;
        let t = f64::from(t) + 1.0;
        first *= (beta + t - 1.0) / (alpha + beta + t) * ((delta + t) / (gamma + delta + t));
        if first * f64::from(n) < NEGLIGIBLE * total {
            break;
        }
    }
    total
}

/// A share of a sum that leaves its last digit alone.
const NEGLIGIBLE: f64 = 1e-18;

/// The logarithm of the chance to take every one of n opportunities while there.
pub(super) fn ln_all_taken(alpha: f64, beta: f64, n: u32) -> f64 {
    -ln_rising_ratio(alpha, beta, n)
}

/// The logarithm of the chance to be there for exactly n opportunities.
pub(super) fn ln_gone_after(gamma: f64, delta: f64, n: u32) -> f64 {
    ln(gamma / (gamma + delta + f64::from(n))) - ln_rising_ratio(delta, gamma, n)
}
