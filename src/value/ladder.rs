//! The ladder: for purchases and for spend, the model or the rung below it that the data allowed.
//!
//! A rung is chosen once, when fitting, with a note that says why the one above refused; whoever
//! forecasts afterwards asks the rung and never the reason.

mod saved;
mod spend;

use crate::data::CustomerHistory;
use crate::num::real::exp_m1;
use crate::units::{Days, Probability};
use crate::value::horizon::annuity;
use crate::value::{
    Discount, FittedPurchaseModel, PurchaseForecast, PurchaseModel, PurchaseRecord,
    PurchaseSummary, ValueError,
};
use crate::work::Work;
pub(super) use saved::{SavedPurchases, SavedSpend};
pub(super) use spend::{SeenSpend, Spend};

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
        match model.fit_to(history, work) {
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
                Ok(EmpiricalRate::of(&PurchaseSummary::of(history))
                    .map_or(Self::Unknown, Self::EmpiricalRate))
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
                let forecast = model.forecast(base, horizon, discount, work)?;
                Ok(Some(forecast.into_iter().map(Outlook::of).collect()))
            }
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

impl Outlook {
    pub(super) fn of(seen: PurchaseForecast) -> Self {
        Self {
            p_alive: Some(seen.p_alive),
            p_active: seen.p_active,
            staying: share(seen.if_alive, seen.if_staying),
            purchases: seen.if_staying,
        }
    }
}

/// A part of a whole, which may be nothing.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
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
