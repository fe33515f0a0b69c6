//! Triggers: events on a customer's own rhythm that start a sequence.

use serde::{Deserialize, Serialize};

use crate::treatment::TreatmentError;
use crate::treatment::texts;
use crate::units::{Days, Probability};

/// What starts a sequence. A closed set: each says what it looks at, and what its evidence is.
///
/// Written in a plan as `{"kind": "overdue", "probability": "0.05"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Trigger {
    /// The customer is silent for so long as their own rhythm would have them be with at most this
    /// probability.
    ///
    /// With `n` gaps between purchases that took `t` days together, and a silence of `s` days
    /// since, the probability of a longer one is
    ///
    /// ```text
    /// p = (t / (t + s))^n
    /// ```
    ///
    /// which is the prediction of an exponential gap whose mean is known from these `n` gaps alone
    /// (prior density `1 / rate`). It tends to `exp(-s / mean gap)` for many gaps and is larger for
    /// few: two purchases tell little of a rhythm. Whoever buys more regularly than chance is
    /// overdue earlier than this says. Customers without a repeat purchase never fire.
    Overdue {
        /// The largest probability that fires.
        #[serde(with = "texts")]
        probability: Probability,
    },
    /// The customer bought in this category for the first time since the earlier history.
    FirstInCategory {
        /// The category.
        category: String,
    },
    /// The customer fell by at least so many deciles of current value since the earlier valuation.
    DecileDrop {
        /// How many, at least one.
        by: u8,
    },
    /// The first purchase has an anniversary today or within so many days. For a first purchase on
    /// the 29th of February it is the 28th in common years.
    Anniversary {
        /// How far ahead.
        within: Days,
    },
    /// The probability that there still is a customer lies below this.
    LowPAlive {
        /// The smallest probability that does not fire.
        #[serde(with = "texts")]
        below: Probability,
    },
    /// An event of that kind and key happened within so many days.
    Event {
        /// The kind, by name: `response`, `complaint`.
        #[serde(rename = "event")]
        name: String,
        /// What it is about; empty where events have no key.
        #[serde(default)]
        key: String,
        /// How long ago at most.
        within: Days,
    },
}

/// On what a trigger rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerBasis {
    /// A model's figure, which nobody at a counter can check: for automated channels.
    Analytic,
    /// A fact about the customer that a person can see and say: may go to people too.
    Explainable,
}

impl Trigger {
    /// The word that the outputs use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Overdue { .. } => "overdue",
            Self::FirstInCategory { .. } => "first_in_category",
            Self::DecileDrop { .. } => "decile_drop",
            Self::Anniversary { .. } => "anniversary",
            Self::LowPAlive { .. } => "low_p_alive",
            Self::Event { .. } => "event",
        }
    }

    /// Whether a person could believe it from seeing it.
    ///
    /// Silence against one's own rhythm is explainable: "buys every 30 days, and not for 120". A
    /// probability of being alive is not.
    pub fn basis(&self) -> TriggerBasis {
        match self {
            Self::LowPAlive { .. } => TriggerBasis::Analytic,
            _ => TriggerBasis::Explainable,
        }
    }

    /// What the numbers of its evidence are.
    pub fn figures(&self) -> &'static [&'static str] {
        match self {
            Self::Overdue { .. } => &["days_silent", "mean_gap", "probability"],
            Self::FirstInCategory { .. } => &["share_of_spend"],
            Self::DecileDrop { .. } => &["decile_before", "decile_now"],
            Self::Anniversary { .. } => &["years", "days_ahead"],
            Self::LowPAlive { .. } => &["p_alive"],
            Self::Event { .. } => &["days_ago", "events"],
        }
    }

    /// Checks the threshold; evaluation calls this first.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Param`].
    pub fn validate(&self) -> Result<(), TreatmentError> {
        let param = |name, value, expected| Err(TreatmentError::Param { name, value, expected });
        match self {
            Self::Overdue { probability: p } if !(p.value() > 0.0 && p.value() < 1.0) => {
                param("probability", p.value(), "between 0 and 1, both excluded")
            }
            Self::LowPAlive { below } if below.value() <= 0.0 => {
                param("below", below.value(), "greater than 0")
            }
            Self::DecileDrop { by } if !(1..=9).contains(by) => {
                param("by", f64::from(*by), "from 1 to 9 deciles")
            }
            Self::Anniversary { within } if within.count() > 365 => {
                param("within", f64::from(within.count()), "at most 365 days")
            }
            Self::FirstInCategory { category } if category.is_empty() => {
                param("category", 0.0, "a name")
            }
            Self::Event { name, .. } if name.is_empty() => param("event", 0.0, "a name"),
            _ => Ok(()),
        }
    }
}
