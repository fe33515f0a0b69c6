//! The answer of the value stage, one row per customer, and the seam for a caller's own model.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::data::{CustomerHistory, HistorySpec};
use crate::num::real::ln_1p;
use crate::units::{CustomerIds, Days, Money, Probability};
use crate::value::horizon::{WEEKS_PER_YEAR, annuity};
use crate::value::{Deciles, Economics, Rates, ValueError, deciles};
use crate::work::Work;

/// A way to value customers, before it has seen data.
///
/// [`LifetimeValue`](crate::value::LifetimeValue),
/// [`OpportunityValue`](crate::value::OpportunityValue) and
/// [`ContractValue`](crate::value::ContractValue) are ours, one for each
/// [`PurchaseFamily`](crate::value::PurchaseFamily); implement it to bring an estimate of your own.
/// What the fitted form gives back is plain data, see [`Worth`].
pub trait ValueModel {
    /// Asks a specification for the aggregates that the model is fitted to, before the one scan.
    fn ask(&self, spec: HistorySpec) -> HistorySpec {
        spec
    }

    /// Learns from a history.
    ///
    /// # Errors
    ///
    /// Whatever keeps the model from being fitted; refusing data is no error where there is a rung
    /// below.
    fn fit(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<Box<dyn FittedValueModel>, ValueError>;
}

/// A fitted way to value customers: applied to the history it was fitted to, or to a later one.
pub trait FittedValueModel: fmt::Debug + Send + Sync {
    /// Values each customer of a history.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the economics are of other customers; [`ValueError::Data`]
    /// where the history lacks what [`ValueModel::ask`] asks for; [`ValueError::Cancelled`].
    fn value(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        work: &Work,
    ) -> Result<CustomerValue, ValueError>;
}

/// What one customer was worth, will be worth and could be worth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Worth {
    /// What the customer paid, returns not taken off.
    pub gross: Money,
    /// What the customer paid, less returns: the realised, current value.
    pub current: Money,
    /// Days on which the customer bought.
    pub purchases: u32,
    /// Days from the last purchase to the end of the observation.
    pub days_since_last: Days,
    /// The probability that there still is a customer; `None` where the rung below has no such
    /// notion.
    pub p_alive: Option<Probability>,
    /// The probability of a purchase within the horizon; `None` where no future could be estimated.
    pub p_active: Option<Probability>,
    /// What the future value is made of; `None` where no future could be estimated.
    pub rates: Option<Rates>,
    /// What the customer could be worth, on the basis and horizon of the future value.
    pub potential: Option<Money>,
    /// Whether the cost to serve is known.
    pub cost_known: bool,
}

impl Worth {
    /// What was realised; no future.
    pub fn realised(gross: Money, current: Money, purchases: u32, days_since_last: Days) -> Self {
        Self {
            gross,
            current,
            purchases,
            days_since_last,
            p_alive: None,
            p_active: None,
            rates: None,
            potential: None,
            cost_known: false,
        }
    }

    /// Adds the rates that make the future value.
    #[must_use]
    pub fn with_rates(mut self, rates: Rates) -> Self {
        self.rates = Some(rates);
        self
    }

    /// Adds the probability that there still is a customer.
    #[must_use]
    pub fn with_p_alive(mut self, p_alive: Probability) -> Self {
        self.p_alive = Some(p_alive);
        self
    }

    /// Adds the probability of a purchase within the horizon.
    #[must_use]
    pub fn with_p_active(mut self, p_active: Probability) -> Self {
        self.p_active = Some(p_active);
        self
    }

    /// Adds what the customer could be worth.
    #[must_use]
    pub fn with_potential(mut self, potential: Money) -> Self {
        self.potential = Some(potential);
        self
    }

    /// The expected discounted value over the horizon; `None` where no future could be estimated.
    pub fn future(&self) -> Option<Money> {
        self.rates.as_ref().map(Rates::value)
    }

    /// What the customer could be worth more than they will be; never negative.
    pub fn headroom(&self) -> Option<Money> {
        let (future, potential) = (self.future()?, self.potential?);
        Some(Money::finite((potential.amount() - future.amount()).max(0.0)))
    }
}

/// What money a future value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueUnit {
    /// Spend, because no margin was stated.
    Revenue,
    /// Contribution margin.
    Margin,
}

/// Which rungs of the ladder the values stand on, and what should be known about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueBasis {
    /// Where the expected purchases come from, such as `mbg_nbd`.
    pub purchases: Cow<'static, str>,
    /// Where the expected spend comes from, such as `gamma_gamma`.
    pub spend: Cow<'static, str>,
    /// What should be known: why a rung above refused the data, or what the fit could not tell.
    pub notes: Vec<String>,
}

impl ValueBasis {
    /// A basis without notes.
    pub fn new(
        purchases: impl Into<Cow<'static, str>>,
        spend: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { purchases: purchases.into(), spend: spend.into(), notes: Vec::new() }
    }
}

impl fmt::Display for ValueBasis {
    /// Both rungs, as the outputs have them: `mbg_nbd+gamma_gamma`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.purchases, self.spend)
    }
}

/// Every customer's worth, and on what it rests.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerValue {
    ids: CustomerIds,
    rows: Vec<Worth>,
    deciles: Deciles,
    basis: ValueBasis,
    unit: ValueUnit,
    horizon: Days,
    annual_discount: f64,
}

impl CustomerValue {
    /// A table of values, ours or made elsewhere, one row per customer.
    ///
    /// Deciles are cut by current value.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where there is not one row per customer; [`ValueError::BadValue`]
    /// where rates are not finite or `alive` and `staying` are no probabilities.
    pub fn new(
        ids: CustomerIds,
        rows: Vec<Worth>,
        basis: ValueBasis,
        unit: ValueUnit,
        horizon: Days,
    ) -> Result<Self, ValueError> {
        let current: Vec<Money> = rows.iter().map(|worth| worth.current).collect();
        let deciles = deciles(&current, &ids)?;
        for (row, worth) in rows.iter().enumerate() {
            let Some(rates) = worth.rates else { continue };
            let Rates { alive, staying, purchases, spend, margin, cost } = rates;
            if ![purchases, spend, margin, cost].iter().all(|rate| rate.is_finite()) {
                return Err(ValueError::BadValue { what: "a rate", row, expected: "finite" });
            }
            if ![alive, staying].iter().all(|share| (0.0..=1.0).contains(share)) {
                return Err(ValueError::BadValue {
                    what: "`alive` or `staying`",
                    row,
                    expected: "from 0 to 1",
                });
            }
        }
        Ok(Self { ids, rows, deciles, basis, unit, horizon, annual_discount: 0.0 })
    }

    #[must_use]
    pub(crate) fn discounted_at(mut self, annual: f64) -> Self {
        self.annual_discount = annual;
        self
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// Every customer's worth, in the order of the ids.
    pub fn rows(&self) -> &[Worth] {
        &self.rows
    }

    /// Deciles of current value.
    pub fn deciles(&self) -> &Deciles {
        &self.deciles
    }

    /// What the values rest on.
    pub fn basis(&self) -> &ValueBasis {
        &self.basis
    }

    /// What money the future values are of.
    pub fn unit(&self) -> ValueUnit {
        self.unit
    }

    /// How far the future values reach.
    pub fn horizon(&self) -> Days {
        self.horizon
    }

    /// The rate a year at which the future values are discounted.
    pub fn annual_discount(&self) -> f64 {
        self.annual_discount
    }

    /// What one unit of money a year, as long as the horizon reaches, is worth today, in years.
    ///
    /// ```text
    /// (1 - e^(-δH)) / δ    with δ = ln(1 + annual discount), H in years
    /// ```
    pub fn discounted_years(&self) -> f64 {
        let weeks = f64::from(self.horizon.count()) / 7.0;
        annuity(weeks, ln_1p(self.annual_discount) / WEEKS_PER_YEAR) / WEEKS_PER_YEAR
    }

    /// Everybody's current value.
    pub fn total_current(&self) -> Money {
        self.rows.iter().map(|worth| worth.current).sum()
    }

    /// Everybody's future value; `None` where no future could be estimated.
    pub fn total_future(&self) -> Option<Money> {
        self.rows.iter().map(Worth::future).sum()
    }
}
