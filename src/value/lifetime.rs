//! Lifetime value: purchases times spend over a horizon, with a rung below for data that a model
//! refuses.

mod intervals;
mod saved;

pub use intervals::{ValueInterval, ValueIntervals};

use crate::data::CustomerHistory;
use crate::units::{Days, Money, Probability};
use crate::value::horizon::{Discount, WEEKS_PER_YEAR, annuity};
use crate::value::ladder::{Outlook, Purchases, Spend};
use crate::value::potential::{peer_frontier, tenure_bands};
use crate::value::{
    CustomerValue, Economics, FittedGammaGamma, FittedPurchaseModel, FittedValueModel, GammaGamma,
    MbgNbd, PurchaseModel, PurchaseSummary, Rates, SpendRecord, ValueBasis, ValueError, ValueModel,
    ValueUnit, Worth,
};
use crate::work::Work;

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
        Discount::annual(self.annual_discount)?;
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
        let purchases = Purchases::fit(self.purchases, history, &mut notes, work)?;
        let spend = Spend::fit(&self.spend, history, &mut notes, work)?;
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

impl FittedLifetimeValue {
    /// The fitted model of purchases, unless it refused.
    pub fn purchase_model(&self) -> Option<&FittedPurchaseModel> {
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
        let rungs = ValueBasis::new(self.purchases.rung(), self.spend.rung());
        ValueBasis { notes: self.notes.clone(), ..rungs }
    }
}

/// What the two rungs see of the customers of a history.
struct Seen {
    base: PurchaseSummary,
    spend: Vec<Option<SpendRecord>>,
}

impl Seen {
    fn of(history: &CustomerHistory) -> Self {
        Self { base: PurchaseSummary::of(history), spend: SpendRecord::of(history) }
    }
}

impl FittedLifetimeValue {
    fn outlooks(
        &self,
        seen: &Seen,
        purchases: &Purchases,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        let discount = Discount::annual(self.settings.annual_discount)?;
        purchases.outlooks(&seen.base, self.settings.horizon, discount, work)
    }

    /// The rates behind every customer's future value, if the rungs were these; `None` for all
    /// where no future can be estimated.
    fn rates(
        &self,
        seen: &Seen,
        purchases: &Purchases,
        spend: &Spend,
        economics: &Economics,
        work: &Work,
    ) -> Result<Vec<Option<Rates>>, ValueError> {
        let outlooks = self.outlooks(seen, purchases, work)?;
        self.rates_from(seen, outlooks.as_deref(), spend, economics)
    }

    fn rates_from(
        &self,
        seen: &Seen,
        outlooks: Option<&[Outlook]>,
        spend: &Spend,
        economics: &Economics,
    ) -> Result<Vec<Option<Rates>>, ValueError> {
        let discount = Discount::annual(self.settings.annual_discount)?;
        let discounted_weeks = annuity(self.settings.horizon.in_weeks(), discount.weekly());
        let rates = |row: usize| {
            let outlook = outlooks?[seen.base.places()[row] as usize];
            let cost = economics.cost_to_serve_of(row).map_or(0.0, Money::amount);
            Some(Rates {
                alive: outlook.p_alive.map_or(1.0, Probability::value),
                staying: outlook.staying,
                purchases: outlook.purchases,
                spend: spend.expected(seen.spend[row]),
                margin: economics.margin_of(row).unwrap_or(1.0),
                cost: cost / WEEKS_PER_YEAR * discounted_weeks,
            })
        };
        Ok((0..seen.spend.len()).map(rates).collect())
    }
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
        let seen = Seen::of(history);
        work.begin("valuing customers", Some(n as u64))?;
        let outlooks = self.outlooks(&seen, &self.purchases, work)?;
        let rates = self.rates_from(&seen, outlooks.as_deref(), &self.spend, economics)?;
        let mut rows: Vec<Worth> = rates
            .into_iter()
            .enumerate()
            .map(|(row, rates)| {
                let mut worth = Worth::realised(
                    history.gross(row),
                    history.net(row),
                    history.purchases(row),
                    history.days_since_last(row),
                );
                let outlook =
                    outlooks.as_ref().map(|outlooks| outlooks[seen.base.places()[row] as usize]);
                worth.cost_known = economics.cost_to_serve_of(row).is_some();
                worth.p_alive = outlook.and_then(|outlook| outlook.p_alive);
                worth.p_active = outlook.map(|outlook| outlook.p_active);
                worth.rates = rates;
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
