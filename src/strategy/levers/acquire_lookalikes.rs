//! Winning customers who are like the best: a programme that is valued once.
//!
//! It is no lever. It is paid for once and done to strangers, so that it competes with no strategy
//! for any customer; the customers in the base are only its seeds.

use serde::Serialize;

use crate::strategy::levers::terms::{not_negative, share};
use crate::strategy::{CustomerBase, StrategyError};
use crate::units::{Estimate, LeverId, Money, Provenance};
use crate::value::Worth;

const ID: LeverId = LeverId::of("acquire_lookalikes");

/// Wins customers who are like the best ones.
///
/// The seeds are the first decile by current value, of whom only those who consented where an
/// attribute `consent` (yes or no) is known. A new customer is not taken to be as good as they are:
/// the expected value is that of the whole base, moved a quarter of the way to that of the seeds.
/// One prospect in a hundred is assumed to come.
///
/// ```text
/// gain = prospects × success × (value of a new customer − welcome)
///        − prospects × contact cost − fixed cost
/// ```
///
/// # Example
///
/// ```
/// use segmentry::strategy::{AcquireLookalikes, CustomerBase};
/// use segmentry::units::{CustomerIds, Days, Estimate, Money};
/// use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
///
/// // Ten customers, worth 10, 20, .. 100.
/// let worth = |i: i64| {
///     let spent = Money::from_minor(i, 0);
///     let (purchases, spend) = (i as f64, 10.0);
///     let rates = Rates { alive: 1.0, staying: 1.0, purchases, spend, margin: 1.0, cost: 0.0 };
///     Worth::realised(spent, spent, 1, Days::new(1)).with_rates(rates)
/// };
/// let (ids, basis) = (CustomerIds::numbered(10)?, ValueBasis::new("given", "given"));
/// let rows = (1..=10).map(worth).collect();
/// let value = CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52))?;
///
/// let programme = AcquireLookalikes::new(1000)
///     .success(Estimate::assumed(0.02)?)
///     .contact_cost(Money::new(0.5)?)
///     .value(&CustomerBase::of(value))?;
/// assert_eq!((programme.seeds, programme.expected_customers), (1, 20.0));
/// // A quarter of the way from 55, the mean of all, to 100.
/// assert_eq!(programme.value_of_new.amount(), 66.25);
/// assert_eq!(programme.gain.amount(), 20.0 * 66.25 - 500.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AcquireLookalikes {
    prospects: u64,
    success: Estimate,
    contact_cost: Money,
    welcome: Money,
    fixed_cost: Money,
    likeness: f64,
    consent: String,
}

/// What a programme is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Programme {
    /// Which.
    pub lever: LeverId,
    /// How many customers the prospects are to be like.
    pub seeds: usize,
    /// How many of the first decile are no seeds because they did not consent; `None` where no
    /// consent is known and all of them are seeds.
    pub without_consent: Option<usize>,
    /// How many customers come who would not have.
    pub expected_customers: f64,
    /// The expected future value of one of them.
    pub value_of_new: Money,
    /// What addressing the prospects, welcoming those who come and the programme itself cost.
    pub cost: Money,
    /// What it brings, less its cost.
    pub gain: Money,
    /// Its standard error, where that of the success is known.
    pub standard_error: Option<Money>,
    /// What the gain rests on.
    pub basis: Provenance,
}

impl AcquireLookalikes {
    /// A programme that addresses so many strangers.
    pub fn new(prospects: u64) -> Self {
        Self {
            prospects,
            success: Estimate::default_assumption(0.01),
            contact_cost: Money::ZERO,
            welcome: Money::ZERO,
            fixed_cost: Money::ZERO,
            likeness: 0.25,
            consent: "consent".to_owned(),
        }
    }

    /// The share of the prospects who come and would not have.
    #[must_use]
    pub fn success(mut self, success: Estimate) -> Self {
        self.success = success;
        self
    }

    /// What addressing one prospect costs.
    #[must_use]
    pub fn contact_cost(mut self, cost: Money) -> Self {
        self.contact_cost = cost;
        self
    }

    /// What a new customer gets.
    #[must_use]
    pub fn welcome(mut self, incentive: Money) -> Self {
        self.welcome = incentive;
        self
    }

    /// What the programme costs whoever comes.
    #[must_use]
    pub fn fixed_cost(mut self, cost: Money) -> Self {
        self.fixed_cost = cost;
        self
    }

    /// How far a new customer is like the seeds: 0 as the whole base, 1 as they are.
    #[must_use]
    pub fn likeness(mut self, share: f64) -> Self {
        self.likeness = share;
        self
    }

    /// The yes-or-no attribute that tells who consented, `consent` unless set.
    #[must_use]
    pub fn consent(mut self, attribute: impl Into<String>) -> Self {
        self.consent = attribute.into();
        self
    }

    /// Checks the parameters; `value` calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Param`].
    pub fn validate(&self) -> Result<(), StrategyError> {
        share(&ID, "success", self.success.mean())?;
        share(&ID, "likeness", self.likeness)?;
        not_negative(&ID, "contact_cost", self.contact_cost.amount())?;
        not_negative(&ID, "welcome", self.welcome.amount())?;
        not_negative(&ID, "fixed_cost", self.fixed_cost.amount())
    }

    /// What the programme is worth, with these customers as its seeds.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Param`]; [`StrategyError::OtherCustomers`]; [`StrategyError::Data`] where
    /// the consent is neither yes nor no; [`StrategyError::NoProgramme`] where there are no seeds
    /// or no future value could be estimated.
    pub fn value(&self, base: &CustomerBase) -> Result<Programme, StrategyError> {
        self.validate()?;
        base.validate()?;
        let none = |rule| StrategyError::NoProgramme { lever: ID, rule };
        let rows = base.value().rows();
        let all = mean_future(rows.iter());
        let all = all.ok_or_else(|| none("no future value could be estimated"))?;
        let consent = match base.customer(0).attribute(&self.consent) {
            Some(column) => Some(column.yes_no().map_err(StrategyError::Data)?),
            None => None,
        };
        let best = |row: &usize| base.value().deciles().of[*row] == 1;
        let agreed = |row: &usize| consent.is_none_or(|given| given[*row] == Some(true));
        let decile = (0..rows.len()).filter(best).count();
        let seeds: Vec<&Worth> =
            (0..rows.len()).filter(best).filter(agreed).map(|row| &rows[row]).collect();
        if seeds.is_empty() {
            return Err(none("nobody of the first decile consented"));
        }
        let like = mean_future(seeds.iter().copied());
        let like = like.ok_or_else(|| none("no future value of the seeds could be estimated"))?;
        let value_of_new = all + self.likeness * (like - all);
        let prospects = self.prospects as f64;
        let expected = prospects * self.success.mean();
        let each = value_of_new - self.welcome.amount();
        let paid = prospects * self.contact_cost.amount() + self.fixed_cost.amount();
        let error = |error: f64| Money::finite(error * prospects * each.abs());
        Ok(Programme {
            lever: ID,
            seeds: seeds.len(),
            without_consent: consent.map(|_| decile - seeds.len()),
            expected_customers: expected,
            value_of_new: Money::finite(value_of_new),
            cost: Money::finite(paid + expected * self.welcome.amount()),
            gain: Money::finite(expected * each - paid),
            standard_error: self.success.standard_error().map(error),
            basis: self.success.provenance(),
        })
    }
}

/// The mean future value of those who have one.
fn mean_future<'a>(rows: impl Iterator<Item = &'a Worth>) -> Option<f64> {
    let (mut n, mut total) = (0_u64, 0.0);
    for future in rows.filter_map(Worth::future) {
        n += 1;
        total += future.amount();
    }
    (n > 0).then(|| total / n as f64)
}
