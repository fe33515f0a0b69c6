//! Lifetime value: purchases times spend over a horizon, with a rung below for data that a model
//! refuses.

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::real::exp_m1;
use crate::units::{Days, Money, Probability};
use crate::value::beta_geometric::Forecast;
use crate::value::potential::{peer_frontier, tenure_bands};
use crate::value::rates::{WEEKS_PER_YEAR, annuity, weekly_discount};
use crate::value::{
    BgNbd, CustomerValue, Economics, FitStatus, FittedBetaGeometric, FittedGammaGamma,
    FittedValueModel, GammaGamma, MbgNbd, PurchaseRecord, PurchaseSummary, Rates, SpendRecord,
    ValueBasis, ValueError, ValueModel, ValueUnit, Worth,
};
use crate::work::Work;

/// The model of purchases that stands on top of the ladder. A closed set: a model of the caller's
/// own is a [`ValueModel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PurchaseModel {
    /// MBG/NBD, the default.
    MbgNbd(MbgNbd),
    /// BG/NBD, under which everybody without a repeat purchase is alive for certain.
    BgNbd(BgNbd),
}

impl From<MbgNbd> for PurchaseModel {
    fn from(model: MbgNbd) -> Self {
        Self::MbgNbd(model)
    }
}

impl From<BgNbd> for PurchaseModel {
    fn from(model: BgNbd) -> Self {
        Self::BgNbd(model)
    }
}

/// Expected discounted value over a horizon.
///
/// | setting | default | reason |
/// |---|---|---|
/// | purchases | MBG/NBD | BG/NBD calls every one-time buyer alive |
/// | spend | Gamma-Gamma | |
/// | horizon | 52 weeks | the year a budget is made for |
/// | discount | 10 % a year | the customary rate of the literature's examples; state your own |
/// | potential | the 80 % frontier of peers of like tenure | what one in five reaches is within reach |
///
/// # Example
///
/// ```
/// use segmentry::units::Days;
/// use segmentry::value::{GammaGamma, LifetimeValue, MbgNbd};
///
/// let model = LifetimeValue::new().purchases(MbgNbd::new()).spend(GammaGamma::new()).horizon(Days::weeks(26));
/// assert!(model.validate().is_ok());
/// assert!(LifetimeValue::new().annual_discount(f64::NAN).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LifetimeValue {
    purchases: PurchaseModel,
    spend: GammaGamma,
    horizon: Days,
    annual_discount: f64,
    frontier: f64,
}

impl Default for LifetimeValue {
    fn default() -> Self {
        Self {
            purchases: PurchaseModel::MbgNbd(MbgNbd::new()),
            spend: GammaGamma::new(),
            horizon: Days::weeks(52),
            annual_discount: 0.1,
            frontier: 0.8,
        }
    }
}

impl LifetimeValue {
    /// The defaults above.
    pub fn new() -> Self {
        Self::default()
    }

    /// The model of purchases.
    #[must_use]
    pub fn purchases(mut self, model: impl Into<PurchaseModel>) -> Self {
        self.purchases = model.into();
        self
    }

    /// The model of spend.
    #[must_use]
    pub fn spend(mut self, model: GammaGamma) -> Self {
        self.spend = model;
        self
    }

    /// How far to look ahead.
    #[must_use]
    pub fn horizon(mut self, horizon: Days) -> Self {
        self.horizon = horizon;
        self
    }

    /// The discount rate a year, such as 0.1; it is converted to continuous time once.
    #[must_use]
    pub fn annual_discount(mut self, rate: f64) -> Self {
        self.annual_discount = rate;
        self
    }

    /// Which quantile of their peers' future value is a customer's potential.
    #[must_use]
    pub fn frontier(mut self, quantile: f64) -> Self {
        self.frontier = quantile;
        self
    }

    /// Checks the parameters; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`].
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.horizon.count() == 0 {
            return Err(ValueError::Param {
                name: "horizon",
                value: 0.0,
                expected: "at least one day",
            });
        }
        if !(self.annual_discount >= 0.0 && self.annual_discount.is_finite()) {
            let value = self.annual_discount;
            return Err(ValueError::Param {
                name: "annual_discount",
                value,
                expected: "finite and not negative",
            });
        }
        if !(0.0..=1.0).contains(&self.frontier) {
            return Err(ValueError::Param {
                name: "frontier",
                value: self.frontier,
                expected: "from 0 to 1",
            });
        }
        Ok(())
    }

    /// Fits both models, stepping down a rung where one refuses.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`], [`ValueError::Cancelled`].
    pub fn fit_to(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedLifetimeValue, ValueError> {
        self.validate()?;
        let mut notes = Vec::new();
        work.begin("fitting purchases", None)?;
        let base = PurchaseSummary::of(history);
        let fitted = match &self.purchases {
            PurchaseModel::MbgNbd(model) => model.fit(&base, work),
            PurchaseModel::BgNbd(model) => model.fit(&base, work),
        };
        let purchases = match fitted {
            Ok(model) => {
                if model.sees_dropout() == Some(false) {
                    notes.push(format!(
                        "{} cannot tell dropout from none here: nearly all count as alive",
                        model.name()
                    ));
                }
                Purchases::Model(Box::new(model))
            }
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                EmpiricalRate::of(&base).map_or(Purchases::Unknown, Purchases::EmpiricalRate)
            }
            Err(error) => return Err(error),
        };
        work.begin("fitting spend", None)?;
        let spend = match self.spend.fit(&SpendRecord::of(history), work) {
            Ok(model) => {
                if !matches!(model.status(), FitStatus::Converged) {
                    notes.push("Gamma-Gamma is at the edge of its range: forecasts hold, its parameters do not".to_owned());
                }
                Spend::Model(model)
            }
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                Spend::Pooled(pooled_spend(history))
            }
            Err(error) => return Err(error),
        };
        Ok(FittedLifetimeValue { settings: self.clone(), purchases, spend, notes })
    }
}

impl ValueModel for LifetimeValue {
    fn fit(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<Box<dyn FittedValueModel>, ValueError> {
        Ok(Box::new(self.fit_to(history, work)?))
    }
}

/// A [`LifetimeValue`] with the rungs that its data allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLifetimeValue {
    settings: LifetimeValue,
    purchases: Purchases,
    spend: Spend,
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Purchases {
    Model(Box<FittedBetaGeometric>),
    EmpiricalRate(EmpiricalRate),
    /// Nobody was observed after their first purchase.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
enum Spend {
    Model(FittedGammaGamma),
    Pooled(f64),
}

/// Repeat purchases per week as they were counted: each customer's own rate, pulled towards
/// everybody's with the weight of one mean age.
#[derive(Debug, Clone, Copy, PartialEq)]
struct EmpiricalRate {
    pooled: f64,
    mean_age: f64,
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

/// What a forecast says of one distinct record.
#[derive(Debug, Clone, Copy)]
struct Outlook {
    p_alive: Option<Probability>,
    p_active: Probability,
    staying: f64,
    purchases: f64,
}

impl FittedLifetimeValue {
    /// The fitted model of purchases, unless it refused.
    pub fn purchase_model(&self) -> Option<&FittedBetaGeometric> {
        match &self.purchases {
            Purchases::Model(model) => Some(model),
            _ => None,
        }
    }

    /// The fitted model of spend, unless it refused.
    pub fn spend_model(&self) -> Option<&FittedGammaGamma> {
        match &self.spend {
            Spend::Model(model) => Some(model),
            Spend::Pooled(_) => None,
        }
    }

    /// The rungs that are used.
    pub fn basis(&self) -> ValueBasis {
        let purchases = match &self.purchases {
            Purchases::Model(model) if model.name() == "BG/NBD" => "bg_nbd",
            Purchases::Model(_) => "mbg_nbd",
            Purchases::EmpiricalRate(_) => "empirical_rate",
            Purchases::Unknown => "none",
        };
        let spend = match &self.spend {
            Spend::Model(_) => "gamma_gamma",
            Spend::Pooled(_) => "pooled_spend",
        };
        ValueBasis { notes: self.notes.clone(), ..ValueBasis::new(purchases, spend) }
    }

    /// Forecasts for each distinct record; `None` where there is no rung to stand on.
    fn outlooks(
        &self,
        base: &PurchaseSummary,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        let weeks = self.settings.horizon.in_weeks();
        let discount = weekly_discount(self.settings.annual_discount);
        match &self.purchases {
            Purchases::Unknown => Ok(None),
            Purchases::EmpiricalRate(rate) => {
                let outlook = |record| Outlook {
                    p_alive: None,
                    p_active: Probability::clamped(-exp_m1(-rate.rate(record) * weeks)),
                    staying: 1.0,
                    purchases: rate.rate(record) * annuity(weeks, discount),
                };
                Ok(Some(base.distinct().iter().map(outlook).collect()))
            }
            Purchases::Model(model) => {
                let runs = runs_of_equal_x(base.distinct());
                let parts = blocks::map_tasks(runs.len(), work, |run| {
                    let records = &base.distinct()[runs[run].clone()];
                    let forecast = Forecast::new(model, records[0].repeat_purchases());
                    let outlook = |record| {
                        let certain = forecast.if_staying(record, weeks, discount);
                        let expected = forecast.discounted(record, weeks, discount);
                        Outlook {
                            p_alive: Some(model.p_alive(record)),
                            p_active: model.p_active(record, self.settings.horizon),
                            staying: if certain > 0.0 {
                                (expected / certain).clamp(0.0, 1.0)
                            } else {
                                0.0
                            },
                            purchases: certain,
                        }
                    };
                    records.iter().map(outlook).collect::<Vec<_>>()
                })?;
                Ok(Some(parts.into_iter().flatten().collect()))
            }
        }
    }

    fn expected_spend(&self, seen: Option<SpendRecord>) -> f64 {
        match &self.spend {
            // A fit with q at most 1 refuses, so the expectation is finite for whatever was seen.
            Spend::Model(model) => model.expected_spend(seen).map_or(0.0, Money::amount),
            Spend::Pooled(mean) => *mean,
        }
    }
}

/// Stretches of records with equal x, at most [`RUN`] long: they share a forecast's nodes, and are
/// one task.
fn runs_of_equal_x(records: &[PurchaseRecord]) -> Vec<std::ops::Range<usize>> {
    const RUN: usize = 64;
    let mut runs = Vec::new();
    let mut start = 0;
    for group in records.chunk_by(|a, b| a.repeat_purchases() == b.repeat_purchases()) {
        for chunk in group.chunks(RUN) {
            runs.push(start..start + chunk.len());
            start += chunk.len();
        }
    }
    runs
}

impl FittedValueModel for FittedLifetimeValue {
    fn value(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        work: &Work,
    ) -> Result<CustomerValue, ValueError> {
        let n = history.n_customers();
        economics.check_length(n)?;
        let base = PurchaseSummary::of(history);
        work.begin("valuing customers", Some(n as u64))?;
        let outlooks = self.outlooks(&base, work)?;
        let spend = SpendRecord::of(history);
        let weeks = self.settings.horizon.in_weeks();
        let discounted_weeks = annuity(weeks, weekly_discount(self.settings.annual_discount));
        let mut rows: Vec<Worth> = (0..n)
            .map(|row| {
                let mut worth = Worth::realised(
                    history.gross(row),
                    history.net(row),
                    history.purchases(row),
                    history.days_since_last(row),
                );
                let cost = economics.cost_to_serve_of(row);
                worth.cost_known = cost.is_some();
                if let Some(outlooks) = &outlooks {
                    let outlook = outlooks[base.places()[row] as usize];
                    let per_week = cost.map_or(0.0, Money::amount) / WEEKS_PER_YEAR;
                    worth.p_alive = outlook.p_alive;
                    worth.p_active = Some(outlook.p_active);
                    worth.rates = Some(Rates {
                        alive: outlook.p_alive.map_or(1.0, Probability::value),
                        staying: outlook.staying,
                        purchases: outlook.purchases,
                        spend: self.expected_spend(spend[row]),
                        margin: economics.margin_of(row).unwrap_or(1.0),
                        cost: per_week * discounted_weeks,
                    });
                }
                worth
            })
            .collect();
        if let Some(future) = rows.iter().map(Worth::future).collect::<Option<Vec<Money>>>() {
            let ages: Vec<f64> = (0..n).map(|row| f64::from(history.age(row).count())).collect();
            let share = Probability::clamped(self.settings.frontier);
            let potential = peer_frontier(&future, &tenure_bands(&ages), share)?;
            for (worth, potential) in rows.iter_mut().zip(potential) {
                worth.potential = Some(potential);
            }
        }
        let unit = if economics.has_margin() { ValueUnit::Margin } else { ValueUnit::Revenue };
        let mut basis = self.basis();
        basis.notes.extend_from_slice(economics.notes());
        let value =
            CustomerValue::new(history.ids().clone(), rows, basis, unit, self.settings.horizon)?;
        Ok(value.discounted_at(self.settings.annual_discount))
    }
}
