//! The models of purchases in continuous time as one closed set: before the fit and after it.
//!
//! Whatever works with any of them (the ladder, intervals, the bootstrap, saving) works with these
//! two enums; a model of the caller's own is a [`ValueModel`](crate::value::ValueModel).

use crate::data::{CustomerHistory, HistorySpec};
use crate::num::real::{exp, ln};
use crate::simulate::Purchasing;
use crate::units::{Days, Probability};
use crate::value::fit::{LogParameters, Outcome};
use crate::value::saved::SavedFit;
use crate::value::{
    BgCnbd, BgNbd, Discount, FitStatus, FittedBetaGeometric, FittedCnbd, FittedParetoNbd, Horizon,
    MbgCnbd, MbgNbd, Parameter, ParetoNbd, PurchaseForecast, PurchaseRecord, PurchaseRhythm,
    PurchaseSummary, SavedModelError, ValueError,
};
use crate::work::Work;

/// A model of purchases, not yet fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PurchaseModel {
    /// MBG/NBD, the default.
    MbgNbd(MbgNbd),
    /// BG/NBD, under which everybody without a repeat purchase is alive for certain.
    BgNbd(BgNbd),
    /// Pareto/NBD, under which customers may leave at any time.
    ParetoNbd(ParetoNbd),
    /// MBG/CNBD-k, for customers who buy at regular times.
    MbgCnbd(MbgCnbd),
    /// BG/CNBD-k, the same with everybody without a repeat purchase alive for certain.
    BgCnbd(BgCnbd),
}

impl PurchaseModel {
    /// Asks a specification for the aggregates that the model needs, before the one scan: models of
    /// regular timing need the purchase days.
    #[must_use]
    pub fn ask(self, spec: HistorySpec) -> HistorySpec {
        match self {
            Self::MbgCnbd(_) | Self::BgCnbd(_) => spec.purchase_days(),
            Self::MbgNbd(_) | Self::BgNbd(_) | Self::ParetoNbd(_) => spec,
        }
    }

    /// The maximum-likelihood fit to a history, which must have what [`ask`](Self::ask) asks for.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where it has not; [`ValueError::Refused`] with the reason;
    /// [`ValueError::Param`]; [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec};
    /// use segmentry::simulate::Market;
    /// use segmentry::value::{MbgCnbd, PurchaseModel};
    /// use segmentry::work::Work;
    ///
    /// let model = PurchaseModel::from(MbgCnbd::new().regularity(2));
    /// let market = Market::new(500);
    /// let history = CustomerHistory::read(&market, &model.ask(HistorySpec::new()), &Work::new())?;
    /// assert_eq!(model.fit_to(&history, &Work::new())?.regularity(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit_to(
        self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FittedPurchaseModel, ValueError> {
        match self {
            Self::MbgCnbd(_) | Self::BgCnbd(_) => {
                self.fit_rhythm(&PurchaseRhythm::of(history)?, work)
            }
            _ => self.fit(&PurchaseSummary::of(history), work),
        }
    }

    /// The maximum-likelihood fit to records and the times between purchases, which models of
    /// random timing do not look at.
    ///
    /// # Errors
    ///
    /// As [`fit_to`](Self::fit_to).
    pub fn fit_rhythm(
        self,
        rhythm: &PurchaseRhythm,
        work: &Work,
    ) -> Result<FittedPurchaseModel, ValueError> {
        match self {
            Self::MbgCnbd(model) => Ok(FittedPurchaseModel::Cnbd(model.fit(rhythm, work)?)),
            Self::BgCnbd(model) => Ok(FittedPurchaseModel::Cnbd(model.fit(rhythm, work)?)),
            _ => self.fit(rhythm.base(), work),
        }
    }

    /// The maximum-likelihood fit.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`];
    /// [`ValueError::NotOffered`] by models of regular timing, which cannot be fitted without the
    /// times between purchases: see [`fit_rhythm`](Self::fit_rhythm).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{BgNbd, PurchaseModel, PurchaseRecord, PurchaseSummary};
    /// use segmentry::work::Work;
    ///
    /// let once = PurchaseSummary::from_records([PurchaseRecord::new(0, 0.0, 272.0)?; 30])?;
    /// let refused = PurchaseModel::from(BgNbd::new()).fit(&once, &Work::new()).unwrap_err();
    /// assert!(refused.to_string().contains("0 customers bought again"));
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn fit(
        self,
        base: &PurchaseSummary,
        work: &Work,
    ) -> Result<FittedPurchaseModel, ValueError> {
        let without_times = |model| {
            let what = "fit without the times between purchases";
            Err(ValueError::NotOffered { model, what })
        };
        Ok(match self {
            Self::MbgNbd(model) => FittedPurchaseModel::BetaGeometric(model.fit(base, work)?),
            Self::BgNbd(model) => FittedPurchaseModel::BetaGeometric(model.fit(base, work)?),
            Self::ParetoNbd(model) => FittedPurchaseModel::ParetoNbd(model.fit(base, work)?),
            Self::MbgCnbd(_) => return without_times("MBG/CNBD-k"),
            Self::BgCnbd(_) => return without_times("BG/CNBD-k"),
        })
    }
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

impl From<ParetoNbd> for PurchaseModel {
    fn from(model: ParetoNbd) -> Self {
        Self::ParetoNbd(model)
    }
}

impl From<MbgCnbd> for PurchaseModel {
    fn from(model: MbgCnbd) -> Self {
        Self::MbgCnbd(model)
    }
}

impl From<BgCnbd> for PurchaseModel {
    fn from(model: BgCnbd) -> Self {
        Self::BgCnbd(model)
    }
}

/// A model of purchases with its parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FittedPurchaseModel {
    /// BG/NBD or MBG/NBD.
    BetaGeometric(FittedBetaGeometric),
    /// Pareto/NBD.
    ParetoNbd(FittedParetoNbd),
    /// BG/CNBD-k or MBG/CNBD-k.
    Cnbd(FittedCnbd),
}

/// The same call of whichever model it is.
macro_rules! of_each {
    ($model:expr, $fitted:ident => $call:expr) => {
        match $model {
            FittedPurchaseModel::BetaGeometric($fitted) => $call,
            FittedPurchaseModel::ParetoNbd($fitted) => $call,
            FittedPurchaseModel::Cnbd($fitted) => $call,
        }
    };
}

impl FittedPurchaseModel {
    /// The name in the literature, such as `MBG/NBD` or `BG/CNBD-k`.
    pub fn name(&self) -> &'static str {
        of_each!(self, model => model.name())
    }

    /// The name in outputs and saved models, such as `mbg_nbd`.
    pub(super) fn key(&self) -> &'static str {
        match self.name() {
            "BG/NBD" => "bg_nbd",
            "MBG/NBD" => "mbg_nbd",
            "Pareto/NBD" => "pareto_nbd",
            "BG/CNBD-k" => "bg_cnbd",
            _ => "mbg_cnbd",
        }
    }

    /// The degree of regularity of models that have one: 1 is random timing.
    pub fn regularity(&self) -> Option<u32> {
        match self {
            Self::Cnbd(model) => Some(model.k()),
            Self::BetaGeometric(_) | Self::ParetoNbd(_) => None,
        }
    }

    /// The parameters, rates per week; under models of regular timing those of hidden events, of
    /// which every k-th is a purchase.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        of_each!(self, model => model.parameters())
    }

    /// Covariance of the parameters, in their order, a degree of regularity taken as known. `None`
    /// unless the fit converged inside the range.
    pub fn covariance(&self) -> Option<&[[f64; 4]; 4]> {
        self.outcome().covariance.as_ref()
    }

    /// Standard errors of the parameters, in their order.
    pub fn standard_errors(&self) -> Option<Vec<f64>> {
        self.covariance().map(|covariance| (0..4).map(|i| covariance[i][i].sqrt()).collect())
    }

    /// Log-likelihood of the data at the optimum, time in weeks. `None` for given parameters.
    pub fn log_likelihood(&self) -> Option<f64> {
        self.outcome().log_likelihood
    }

    /// How the fit ended.
    pub fn status(&self) -> &FitStatus {
        &self.outcome().status
    }

    /// Log-likelihood of one customer's record, time in weeks.
    pub fn log_likelihood_of(&self, record: &PurchaseRecord) -> f64 {
        of_each!(self, model => model.log_likelihood_of(record))
    }

    /// The probability that the customer has not dropped out.
    pub fn p_alive(&self, record: &PurchaseRecord) -> Probability {
        of_each!(self, model => model.p_alive(record))
    }

    /// The probability that the customer will not have dropped out so many days after the
    /// observation.
    pub fn p_alive_after(&self, record: &PurchaseRecord, later: Days) -> Probability {
        of_each!(self, model => model.p_alive_after(record, later))
    }

    /// The probability that the customer buys at least once in the `horizon` after the observation.
    pub fn p_active(&self, record: &PurchaseRecord, horizon: Days) -> Probability {
        of_each!(self, model => model.p_active(record, horizon))
    }

    /// Expected number of purchases in the `horizon` after the observation.
    pub fn expected_purchases(&self, record: &PurchaseRecord, horizon: Days) -> f64 {
        of_each!(self, model => model.expected_purchases(record, horizon))
    }

    /// The probabilities of 0, 1, .. `up_to` purchases in the `horizon` after the observation.
    pub fn purchase_distribution(
        &self,
        record: &PurchaseRecord,
        horizon: Days,
        up_to: u32,
    ) -> Vec<f64> {
        of_each!(self, model => model.purchase_distribution(record, horizon, up_to))
    }

    /// Expected purchases after the observation, each discounted to its end.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] where the horizon is endless and the discount is none, and the sum has
    /// no bound.
    pub fn discounted_purchases(
        &self,
        record: &PurchaseRecord,
        horizon: Horizon,
        discount: Discount,
    ) -> Result<f64, ValueError> {
        of_each!(self, model => model.discounted_purchases(record, horizon, discount))
    }

    /// Expected repeat purchases in the days after a first purchase, of a customer of whom nothing
    /// else is known.
    pub fn expected_purchases_of_new(&self, horizon: Days) -> f64 {
        of_each!(self, model => model.expected_purchases_of_new(horizon))
    }

    /// The probabilities of 0, 1, .. `up_to` repeat purchases in the days after a first purchase.
    pub fn purchase_distribution_of_new(&self, horizon: Days, up_to: u32) -> Vec<f64> {
        of_each!(self, model => model.purchase_distribution_of_new(horizon, up_to))
    }

    /// The forecast for every distinct record of a customer base, in their order; much faster than
    /// one by one.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    pub fn forecast(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Vec<PurchaseForecast>, ValueError> {
        of_each!(self, model => model.forecast(base, horizon, discount, work))
    }

    /// Whether dropout can be told apart from none: its parameter is inside the range and more than
    /// one standard error above zero. `None` for given parameters.
    pub fn sees_dropout(&self) -> Option<bool> {
        of_each!(self, model => model.sees_dropout())
    }

    fn outcome(&self) -> &Outcome<4> {
        of_each!(self, model => model.outcome())
    }

    /// The logarithms of the parameters and their covariance.
    pub(super) fn in_logs(&self) -> Option<LogParameters<4>> {
        self.outcome().in_logs(self.logs().map(exp))
    }

    pub(super) fn saved(&self) -> SavedFit {
        let mut fit = SavedFit::of(self.key(), &self.parameters(), self.outcome());
        fit.regularity = self.regularity();
        fit
    }

    pub(super) fn restored(fit: &SavedFit) -> Result<Self, SavedModelError> {
        let k = fit.regularity.unwrap_or(0);
        match fit.model.as_str() {
            "bg_cnbd" => FittedCnbd::restored("BG/NBD", k, fit).map(Self::Cnbd),
            "mbg_cnbd" => FittedCnbd::restored("MBG/NBD", k, fit).map(Self::Cnbd),
            "bg_nbd" => FittedBetaGeometric::restored("BG/NBD", fit).map(Self::BetaGeometric),
            "mbg_nbd" => FittedBetaGeometric::restored("MBG/NBD", fit).map(Self::BetaGeometric),
            "pareto_nbd" => FittedParetoNbd::restored(fit).map(Self::ParetoNbd),
            _ => Err(SavedModelError::Invalid { what: "model", expected: "a model of purchases" }),
        }
    }

    /// The logarithms of the parameters.
    pub(super) fn logs(&self) -> [f64; 4] {
        let parameters = self.parameters();
        std::array::from_fn(|i| ln(parameters[i].1))
    }

    /// The covariance of the logarithms of the parameters.
    pub(super) fn covariance_of_logs(&self) -> Option<[[f64; 4]; 4]> {
        self.in_logs().map(|logs| logs.covariance)
    }

    /// The same model elsewhere.
    pub(super) fn at(&self, logs: &[f64; 4]) -> Self {
        let parameters = logs.map(exp);
        match self {
            Self::BetaGeometric(model) => Self::BetaGeometric(model.at(parameters)),
            Self::ParetoNbd(_) => Self::ParetoNbd(FittedParetoNbd::with(parameters)),
            Self::Cnbd(model) => Self::Cnbd(model.at(parameters)),
        }
    }

    /// The fit of the same model to other data, from where this one stands: where the customers are
    /// much the same, it is there in a few steps. A degree of regularity is kept.
    ///
    /// # Errors
    ///
    /// As a fit: [`ValueError::Refused`], [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{MbgNbd, PurchaseModel, PurchaseRecord, PurchaseSummary};
    /// use segmentry::work::Work;
    ///
    /// let record = |i: usize| {
    ///     let x = [0, 0, 0, 1, 0, 2, 1, 5][i % 8];
    ///     let t_x = if x == 0 { 0.0 } else { 20.0 + (i * 37 % 200) as f64 };
    ///     PurchaseRecord::new(x, t_x, 250.0).unwrap()
    /// };
    /// let base = |n| PurchaseSummary::from_records((0..n).map(record));
    /// let model = PurchaseModel::from(MbgNbd::new()).fit(&base(400)?, &Work::new())?;
    /// let grown = model.refit(&base(420)?, &Work::new())?;
    /// let anew = PurchaseModel::from(MbgNbd::new()).fit(&base(420)?, &Work::new())?;
    /// let [r, again] = [&grown, &anew].map(|model| model.parameters()[0].1);
    /// assert!((r / again - 1.0).abs() < 1e-6);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn refit(&self, base: &PurchaseSummary, work: &Work) -> Result<Self, ValueError> {
        Ok(match self {
            Self::BetaGeometric(model) => Self::BetaGeometric(model.refit(base, work)?),
            Self::ParetoNbd(model) => Self::ParetoNbd(model.refit(base, work)?),
            Self::Cnbd(model) => Self::Cnbd(model.refit(base, work)?),
        })
    }

    /// The process that the model says customers follow.
    pub(super) fn process(&self) -> Result<Purchasing, ValueError> {
        let [r, alpha, third, fourth] = self.logs().map(exp);
        Ok(match self {
            Self::ParetoNbd(_) => Purchasing::ParetoNbd { r, alpha, s: third, beta: fourth },
            Self::BetaGeometric(model) if model.name() == "BG/NBD" => {
                Purchasing::BgNbd { r, alpha, a: third, b: fourth }
            }
            Self::BetaGeometric(_) => Purchasing::MbgNbd { r, alpha, a: third, b: fourth },
            Self::Cnbd(model) => {
                let what = "customers drawn from it; draw them from the base";
                return Err(ValueError::NotOffered { model: model.name(), what });
            }
        })
    }
}
