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

/// The log-likelihood of a record.
pub(super) fn log_likelihood(parameters: &Parameters, record: &PurchaseRecord) -> f64 {
    let &Parameters { r, alpha, s, beta } = parameters;
    let (t_x, _) = record.weeks();
    let x = record.repeat_purchases();
    let silence = Prospect::after(parameters, x, t_x).silence(silent_weeks(record));
    // Each term is zero for what was not observed, so that a customer who was seen for a moment has
    // a likelihood of nearly one to the last digit.
    let until_last = ln_rising(r, x)
        - r * ln_1p(t_x / alpha)
        - f64::from(x) * ln(alpha + t_x)
        - s * ln_1p(t_x / beta);
    let chance = exp(silence.ln_waits) + silence.leaves;
    // Near one, the logarithm is that of what is missing.
    let ln_chance = if chance > 0.5 {
        ln_1p(-Prospect::after(parameters, x, t_x).buys(silent_weeks(record)))
    } else {
        ln(chance)
    };
    until_last + ln_chance
}

/// Weeks since the last purchase, taken in days, in which both ends are usually whole.
fn silent_weeks(record: &PurchaseRecord) -> f64 {
    (record.age() - record.age_at_last()) / 7.0
}

impl Standing {
    pub(super) fn of(parameters: &Parameters, record: &PurchaseRecord) -> Self {
        let (t_x, age) = record.weeks();
        let x = record.repeat_purchases();
        let silence = Prospect::after(parameters, x, t_x).silence(silent_weeks(record));
        Self {
            ln_odds_gone: ln(silence.leaves) - silence.ln_waits,
            prospect: Prospect::after(parameters, x, age),
        }
    }

    /// The same where the odds are known.
    pub(super) fn with_odds_gone(
        parameters: &Parameters,
        record: &PurchaseRecord,
        odds: f64,
    ) -> Self {
        let prospect = Prospect::after(parameters, record.repeat_purchases(), record.weeks().1);
        Self { ln_odds_gone: ln(odds), prospect }
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

/// No purchase for some time, in its two parts.
#[derive(Debug, Clone, Copy)]
struct Silence {
    /// The logarithm of the chance to stay and wait.
    ln_waits: f64,
    /// The chance to leave before a purchase.
    leaves: f64,
}

impl Prospect {
    pub(super) fn of_new(&Parameters { r, alpha, s, beta }: &Parameters) -> Self {
        Self { shape: r, alpha, s, beta }
    }

    /// After so many purchases and weeks.
    fn after(&Parameters { r, alpha, s, beta }: &Parameters, x: u32, weeks: f64) -> Self {
        Self { shape: r + f64::from(x), alpha: alpha + weeks, s, beta: beta + weeks }
    }

    /// No purchase for so many weeks, by staying and waiting or by leaving before one:
    ///
    /// ```text
    /// (1+t/α)^-R (1+t/β)^-s + (s/β) ∫ (1+y/α)^-R (1+y/β)^-(s+1) dy,   y from 0 to t
    ///   = 1 - (R/α) ∫ (1+y/α)^-(R+1) (1+y/β)^-s dy
    /// ```
    fn silence(&self, weeks: f64) -> Silence {
        let leaves = Decay { a: self.alpha, p: self.shape, b: self.beta, q: self.s + 1.0, c: 0.0 };
        Silence {
            ln_waits: -(self.shape * ln_1p(weeks / self.alpha) + self.s * ln_1p(weeks / self.beta)),
            leaves: self.s / self.beta * leaves.integral(weeks),
        }
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
