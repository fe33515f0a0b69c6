//! Lifetime value: purchases times spend over a horizon, with a rung below for data that a model
//! refuses.

mod intervals;
mod saved;

pub(super) use intervals::{Laid, by_delta, with_total};
pub use intervals::{ValueInterval, ValueIntervals};

use crate::data::{CustomerHistory, HistorySpec};
use crate::units::Days;
use crate::value::ladder::{Outlook, Purchases, SeenSpend, Spend};
use crate::value::spend_model::SpendSource;
use crate::value::valuation::{Reach, Valuation};
use crate::value::{
    CustomerValue, Economics, FittedPurchaseModel, FittedSpendModel, FittedValueModel, GammaGamma,
    MbgNbd, PurchaseModel, PurchaseSummary, Rates, SpendModel, ValueBasis, ValueError, ValueModel,
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
    spend: SpendModel,
    horizon: Days,
    valuation: Valuation,
}

impl Default for LifetimeValue {
    fn default() -> Self {
        Self {
            purchases: PurchaseModel::MbgNbd(MbgNbd::new()),
            spend: SpendModel::GammaGamma(GammaGamma::new()),
            horizon: Days::weeks(52),
            valuation: Valuation::default(),
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

    /// The model of spend: [`GammaGamma`], or
    /// [`CredibilitySpend`](crate::value::CredibilitySpend) where spend is net of returns or may be
    /// zero.
    #[must_use]
    pub fn spend(mut self, model: impl Into<SpendModel>) -> Self {
        self.spend = model.into();
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
        self.valuation.annual_discount = rate;
        self
    }

    /// Which quantile of their peers' future value is a customer's potential.
    #[must_use]
    pub fn frontier(mut self, quantile: f64) -> Self {
        self.valuation.frontier = quantile;
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
        self.valuation.validate()
    }

    /// Fits both models, stepping down a rung where one refuses.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Data`] where the history lacks what
    /// [`ask`](ValueModel::ask) asks for; [`ValueError::Cancelled`].
    pub fn fit_to(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedLifetimeValue, ValueError> {
        self.validate()?;
        let mut notes = Vec::new();
        let purchases = Purchases::fit(self.purchases, history, &mut notes, work)?;
        let spend = Spend::fit(self.spend, SpendSource::History(history), &mut notes, work)?;
        Ok(FittedLifetimeValue { settings: self.clone(), purchases, spend, notes })
    }
}

impl ValueModel for LifetimeValue {
    fn ask(&self, spec: HistorySpec) -> HistorySpec {
        self.spend.ask(self.purchases.ask(spec))
    }

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
    pub fn spend_model(&self) -> Option<&FittedSpendModel> {
        match &self.spend {
            Spend::Model(model) => Some(model),
            Spend::Pooled(_) | Spend::PooledNet(_) => None,
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
    spend: SeenSpend,
}

impl FittedLifetimeValue {
    fn see(&self, history: &CustomerHistory) -> Result<Seen, ValueError> {
        let spend = self.spend.see(SpendSource::History(history))?;
        Ok(Seen { base: PurchaseSummary::of(history), spend })
    }

    fn reach(&self) -> Reach {
        Reach { days: self.settings.horizon, weeks: self.settings.horizon.in_weeks() }
    }

    fn outlooks(
        &self,
        seen: &Seen,
        purchases: &Purchases,
        work: &Work,
    ) -> Result<Option<Vec<Outlook>>, ValueError> {
        let discount = self.settings.valuation.discount()?;
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
        let forecast = forecast(seen, outlooks.as_deref(), spend);
        self.settings.valuation.rates(economics, self.reach(), seen.base.places().len(), forecast)
    }
}

/// What the two rungs say of the customer in a row.
fn forecast<'a>(
    seen: &'a Seen,
    outlooks: Option<&'a [Outlook]>,
    spend: &'a Spend,
) -> impl Fn(usize) -> Option<(Outlook, f64)> + 'a {
    move |row| {
        let outlook = outlooks?[seen.base.places()[row] as usize];
        Some((outlook, spend.expected(&seen.spend, row)))
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
        let seen = self.see(history)?;
        work.begin("valuing customers", Some(n as u64))?;
        let outlooks = self.outlooks(&seen, &self.purchases, work)?;
        let forecast = forecast(&seen, outlooks.as_deref(), &self.spend);
        self.settings.valuation.table(history, economics, self.reach(), self.basis(), forecast)
    }
}
