//! The ladder: for purchases and for spend, the model or the rung below it that the data allowed.
//!
//! A rung is chosen once, when fitting, with a note that says why the one above refused; whoever
//! forecasts afterwards asks the rung and never the reason.

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::real::exp_m1;
use crate::units::{Days, Money, Probability};
use crate::value::horizon::annuity;
use crate::value::{
    Discount, FitStatus, FittedGammaGamma, FittedPurchaseModel, GammaGamma, PurchaseForecast,
    PurchaseModel, PurchaseRecord, PurchaseSummary, SpendRecord, ValueError,
};
use crate::work::Work;

/// What purchases are forecast from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Purchases {
    Model(Box<FittedPurchaseModel>),
    EmpiricalRate(EmpiricalRate),
    /// Nobody was observed after their first purchase.
    Unknown,
}

impl Purchases {
    /// Fits the model; where it refuses, notes why and takes the rung below.
    pub(super) fn fit(
        model: PurchaseModel,
        history: &CustomerHistory,
        notes: &mut Vec<String>,
        work: &Work,
    ) -> Result<Self, ValueError> {
        work.begin("fitting purchases", None)?;
        let base = PurchaseSummary::of(history);
        match model.fit(&base, work) {
            Ok(model) => {
                if model.sees_dropout() == Some(false) {
                    notes.push(format!(
                        "{} cannot tell dropout from none here: nearly all count as alive",
                        model.name()
                    ));
                }
                Ok(Self::Model(Box::new(model)))
            }
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                Ok(EmpiricalRate::of(&base).map_or(Self::Unknown, Self::EmpiricalRate))
            }
            Err(error) => Err(error),
        }
    }

    /// The name of the rung.
    pub(super) fn rung(&self) -> &'static str {
        match self {
            Self::Model(model) => model.key(),
            Self::EmpiricalRate(_) => "empirical_rate",
            Self::Unknown => "none",
        }
    }

    /// Forecasts for each distinct record; `None` where there is no rung to stand on.
    pub(super) fn outlooks(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        let weeks = horizon.in_weeks();
        match self {
            Self::Unknown => Ok(None),
            Self::EmpiricalRate(rate) => {
                let outlook = |record| Outlook {
                    p_alive: None,
                    p_active: Probability::clamped(-exp_m1(-rate.rate(record) * weeks)),
                    staying: 1.0,
                    purchases: rate.rate(record) * annuity(weeks, discount.weekly()),
                };
                Ok(Some(base.distinct().iter().map(outlook).collect()))
            }
            Self::Model(model) => {
                let outlook = |seen: PurchaseForecast| Outlook {
                    p_alive: Some(seen.p_alive),
                    p_active: seen.p_active,
                    staying: if seen.if_staying > 0.0 {
                        (seen.if_alive / seen.if_staying).clamp(0.0, 1.0)
                    } else {
                        0.0
                    },
                    purchases: seen.if_staying,
                };
                let forecast = model.forecast(base, horizon, discount, work)?;
                Ok(Some(forecast.into_iter().map(outlook).collect()))
            }
        }
    }
}

/// What spend is forecast from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spend {
    Model(FittedGammaGamma),
    Pooled(f64),
}

impl Spend {
    /// Fits the model; where it refuses, notes why and takes the pooled mean.
    pub(super) fn fit(
        model: &GammaGamma,
        history: &CustomerHistory,
        notes: &mut Vec<String>,
        work: &Work,
    ) -> Result<Self, ValueError> {
        work.begin("fitting spend", None)?;
        match model.fit(&SpendRecord::of(history), work) {
            Ok(model) => {
                // Everybody of whom nothing was seen must have an expectation, too.
                if let Err(error) = model.expected_spend(None) {
                    notes.push(error.to_string());
                    return Ok(Self::Pooled(pooled_spend(history)));
                }
                if !matches!(model.status(), FitStatus::Converged) {
                    notes.push(
                        "Gamma-Gamma is at the edge of its range: forecasts hold, its parameters \
                         do not"
                            .to_owned(),
                    );
                }
                Ok(Self::Model(model))
            }
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                Ok(Self::Pooled(pooled_spend(history)))
            }
            Err(error) => Err(error),
        }
    }

    /// The name of the rung.
    pub(super) fn rung(&self) -> &'static str {
        match self {
            Self::Model(_) => "gamma_gamma",
            Self::Pooled(_) => "pooled_spend",
        }
    }

    /// Expected spend at a purchase of a customer of whom this much was seen.
    pub(super) fn expected(&self, seen: Option<SpendRecord>) -> f64 {
        match self {
            // A fit that expects nothing finite of a stranger is not on the ladder.
            Self::Model(model) => model.expected_spend(seen).map_or(0.0, Money::amount),
            Self::Pooled(mean) => *mean,
        }
    }
}

/// What a forecast says of one distinct record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    pub(super) p_alive: Option<Probability>,
    pub(super) p_active: Probability,
    pub(super) staying: f64,
    pub(super) purchases: f64,
}

/// Repeat purchases per week as they were counted: each customer's own rate, pulled towards
/// everybody's with the weight of one mean age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct EmpiricalRate {
    pub(super) pooled: f64,
    pub(super) mean_age: f64,
}

impl EmpiricalRate {
    /// `None` where nobody was observed for any time after their first purchase.
    fn of(base: &PurchaseSummary) -> Option<Self> {
        let (mut repeats, mut weeks) = (0.0, 0.0);
        for (record, &customers) in base.distinct().iter().zip(base.customers()) {
            repeats += f64::from(record.repeat_purchases()) * customers as f64;
            weeks += record.weeks().1 * customers as f64;
        }
        (weeks > 0.0)
            .then(|| Self { pooled: repeats / weeks, mean_age: weeks / base.n_customers() as f64 })
    }

    fn rate(&self, record: &PurchaseRecord) -> f64 {
        let seen = f64::from(record.repeat_purchases()) + self.pooled * self.mean_age;
        seen / (record.weeks().1 + self.mean_age)
    }
}

/// Mean spend over all purchases of all customers.
fn pooled_spend(history: &CustomerHistory) -> f64 {
    let n = history.n_customers();
    let spend = blocks::sum(n, |row| history.gross(row).amount());
    let purchases = blocks::sum(n, |row| f64::from(history.purchases(row)));
    spend / purchases
}
