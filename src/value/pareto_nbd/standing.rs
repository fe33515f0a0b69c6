//! Where one customer stands at the end of the observation: the likelihood of what was seen, the
//! chance of being alive, and the two gamma distributions from there on.

use crate::num::decay::Decay;
use crate::num::real::{exp, ln, ln_1p, logistic};
use crate::num::special::ln_rising;
use crate::units::Probability;
use crate::value::PurchaseRecord;

use super::Parameters;

/// What is known of a customer at the end of the observation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) log_likelihood: f64,
    /// The logarithm of the odds of having left.
    ln_odds_gone: f64,
    /// What is to come if the customer is alive.
    pub(super) prospect: Prospect,
}

/// What a customer who is alive has to come: purchases at a rate of gamma(shape, rate) and leaving
/// at a rate of gamma(s, beta), independent of each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prospect {
    pub(super) shape: f64,
    pub(super) alpha: f64,
    pub(super) s: f64,
    pub(super) beta: f64,
}

impl Standing {
    pub(super) fn of(parameters: &Parameters, record: &PurchaseRecord) -> Self {
        let &Parameters { r, alpha, s, beta } = parameters;
        let (t_x, age) = record.weeks();
        // Taken in days, in which both are usually whole.
        let silent = (record.age() - record.age_at_last()) / 7.0;
        let x = record.repeat_purchases();
        let purchases = f64::from(x);
        let at_last = Prospect { shape: r + purchases, alpha: alpha + t_x, s, beta: beta + t_x };
        let silence = at_last.silence(silent);
        // Each term is zero for what was not observed, so that a customer who was seen for a moment
        // has a likelihood of nearly one to the last digit.
        let until_last = ln_rising(r, x)
            - r * ln_1p(t_x / alpha)
            - purchases * ln(alpha + t_x)
            - s * ln_1p(t_x / beta);
        Self {
            log_likelihood: until_last + silence.ln_chance,
            ln_odds_gone: silence.ln_odds_gone,
            prospect: Prospect { shape: r + purchases, alpha: alpha + age, s, beta: beta + age },
        }
    }

    pub(super) fn p_alive(&self) -> Probability {
        Probability::clamped(logistic(-self.ln_odds_gone))
    }

    pub(super) fn p_gone(&self) -> f64 {
        logistic(self.ln_odds_gone)
    }

    /// A quantity that a customer who has left has none of.
    pub(super) fn of_alive(&self, quantity: f64) -> f64 {
        // Below this the chance has lost its last digits while the product may still have them all.
        const SMALLEST: f64 = 650.0;
        if self.ln_odds_gone > SMALLEST && quantity > 0.0 {
            return exp(ln(quantity) - self.ln_odds_gone);
        }
        quantity * logistic(-self.ln_odds_gone)
    }
}

/// No purchase for some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silence {
    /// The logarithm of its chance.
    pub(super) ln_chance: f64,
    /// The logarithm of the odds that it is that of a customer who left.
    pub(super) ln_odds_gone: f64,
}

impl Prospect {
    pub(super) fn of_new(&Parameters { r, alpha, s, beta }: &Parameters) -> Self {
        Self { shape: r, alpha, s, beta }
    }

    /// The logarithm of the chance to stay and yet to buy nothing for so many weeks.
    fn ln_waits(&self, weeks: f64) -> f64 {
        -(self.shape * ln_1p(weeks / self.alpha) + self.s * ln_1p(weeks / self.beta))
    }

    /// No purchase for so many weeks, by staying and waiting or by leaving before one:
    ///
    /// ```text
    /// (1+t/α)^-R (1+t/β)^-s + (s/β) ∫ (1+y/α)^-R (1+y/β)^-(s+1) dy,   y from 0 to t
    ///   = 1 - (R/α) ∫ (1+y/α)^-(R+1) (1+y/β)^-s dy
    /// ```
    pub(super) fn silence(&self, weeks: f64) -> Silence {
        let ln_waits = self.ln_waits(weeks);
        let leaves = Decay { a: self.alpha, p: self.shape, b: self.beta, q: self.s + 1.0, c: 0.0 };
        let leaves = self.s / self.beta * leaves.integral(weeks);
        let chance = exp(ln_waits) + leaves;
        // Near one, the logarithm is that of what is missing.
        let ln_chance = if chance > 0.5 { ln_1p(-self.buys(weeks)) } else { ln(chance) };
        Silence { ln_chance, ln_odds_gone: ln(leaves) - ln_waits }
    }

    /// The chance of at least one purchase in so many weeks.
    pub(super) fn buys(&self, weeks: f64) -> f64 {
        let first = Decay { a: self.alpha, p: self.shape + 1.0, b: self.beta, q: self.s, c: 0.0 };
        self.shape / self.alpha * first.integral(weeks)
    }

    /// The chance to stay so many weeks.
    pub(super) fn stays(&self, weeks: f64) -> f64 {
        exp(-self.s * ln_1p(weeks / self.beta))
    }
}
