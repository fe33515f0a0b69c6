//! Gamma-Gamma: how much a customer spends at a purchase.
//!
//! Each customer has a mean spend of their own, which varies over customers and not over time; what
//! was seen of it is pulled towards everybody's mean, the more the fewer purchases there were. The
//! model takes spend and the number of purchases to be independent; [`SpendIndependence`] looks.
//!
//! [`SpendIndependence`]: crate::value::SpendIndependence

mod elsewhere;
mod independence;
mod likelihood;
mod posterior;
mod summary;
#[cfg(test)]
mod tests;

use crate::num::newton::{Bounds, minimise};
use crate::num::real::{exp, ln};
use crate::units::{Money, Probability};
use crate::value::fit::{Outcome, outcome_getters};
use crate::value::{FitStatus, Parameter, Refusal, ValueError};
use crate::work::Work;

pub use independence::{Independence, SpendIndependence};
pub use posterior::SpendPosterior;
pub use summary::{SpendRecord, SpendSummary};

const NAME: &str = "Gamma-Gamma";

/// The Gamma-Gamma model of spend per purchase.
///
/// # Example
///
/// ```
/// use segmentry::value::{GammaGamma, SpendRecord};
///
/// // Published for the CDNOW cohort: p 6.25, q 3.74, gamma 15.44.
/// let model = GammaGamma::with_parameters(6.25, 3.74, 15.44)?;
/// let nothing_seen = model.expected_spend(None)?;
/// assert!((nothing_seen.amount() - 35.22).abs() < 0.005);
/// let twice_22_35 = model.expected_spend(Some(SpendRecord::new(2, 22.35)?))?;
/// assert!((twice_22_35.amount() - 24.66).abs() < 0.005);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Fader, P. & Hardie, B. (2013). The Gamma-Gamma model of monetary value. Note 025,
/// brucehardie.com.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GammaGamma {
    min_repeat_customers: u64,
}

impl Default for GammaGamma {
    fn default() -> Self {
        Self { min_repeat_customers: 10 }
    }
}

/// A Gamma-Gamma model with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedGammaGamma {
    p: f64,
    q: f64,
    gamma: f64,
    outcome: Outcome<3>,
    customers: u64,
}

/// The logarithms of the parameters stay within these, with money in units of its mean.
const RANGE: Bounds = Bounds { low: -9.0, high: 9.0 };
/// A coefficient of variation of the customers' means below this is no variation.
const NO_VARIATION: f64 = 1e-9;
/// Where the search starts, with money in units of its mean.
const START: [f64; 3] = [2.0, 3.0, 1.0];
/// Spend may span so many powers of ten, times its mean; beyond, ratios leave the range of numbers.
const NARROWEST: f64 = 1e-280;

impl GammaGamma {
    /// The model with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses data with fewer customers who bought again; 10 unless set.
    #[must_use]
    pub fn min_repeat_customers(mut self, customers: u64) -> Self {
        self.min_repeat_customers = customers;
        self
    }

    /// The model with known parameters.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless all are positive and finite.
    pub fn with_parameters(p: f64, q: f64, gamma: f64) -> Result<FittedGammaGamma, ValueError> {
        for (name, value) in [("p", p), ("q", q), ("gamma", gamma)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ValueError::Param {
                    name,
                    value,
                    expected: "finite and greater than 0",
                });
            }
        }
        Ok(FittedGammaGamma { p, q, gamma, outcome: Outcome::given(), customers: 0 })
    }

    /// The maximum-likelihood fit to those customers of whom something was seen.
    ///
    /// A fit with q of at most 1 is one, although everybody's mean spend is then infinite: see
    /// [`FittedGammaGamma::expected_spend`].
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// About ten passes over the customers, of one division each.
    pub fn fit(
        &self,
        spend: &[Option<SpendRecord>],
        work: &Work,
    ) -> Result<FittedGammaGamma, ValueError> {
        self.search(&SpendSummary::seen(spend, work)?, None, work)
    }

    /// The fit to records that were counted: each weighs as many customers as it stands for.
    ///
    /// # Errors
    ///
    /// As [`GammaGamma::fit`].
    pub fn fit_summary(
        &self,
        summary: &SpendSummary,
        work: &Work,
    ) -> Result<FittedGammaGamma, ValueError> {
        self.search(summary, None, work)
    }

    /// [`GammaGamma::fit_summary`], searching from another fit: for resampled data, whose optimum
    /// is near.
    ///
    /// # Errors
    ///
    /// As [`GammaGamma::fit`].
    pub fn refit(
        &self,
        summary: &SpendSummary,
        from: &FittedGammaGamma,
        work: &Work,
    ) -> Result<FittedGammaGamma, ValueError> {
        self.search(summary, Some(from), work)
    }

    fn search(
        &self,
        summary: &SpendSummary,
        from: Option<&FittedGammaGamma>,
        work: &Work,
    ) -> Result<FittedGammaGamma, ValueError> {
        let refused = |reason| ValueError::Refused { model: NAME, reason };
        let (have, need) = (summary.n_customers(), self.min_repeat_customers.max(2));
        if have < need {
            return Err(refused(Refusal::TooFewRepeatCustomers { have, need }));
        }
        // Money in units of its mean: the fit then does not depend on the currency.
        let spread = summary.spread(work)?;
        let scale = spread.mean;
        if spread.coefficient_of_variation < NO_VARIATION {
            return Err(refused(Refusal::NoVariation));
        }
        if spread.least / scale < NARROWEST {
            return Err(refused(Refusal::SpendTooWide));
        }
        let start = from.map_or(START, |model| [model.p, model.q, model.gamma / scale]).map(ln);
        let totals = summary.scaled(scale, work)?;
        let found = minimise(start, RANGE, |logs| totals.negative_log_likelihood(logs, work))?;
        if !found.converged {
            return Err(refused(Refusal::NotConverged));
        }
        let [p, q, gamma] = found.at.map(exp);
        let names = [Parameter::P, Parameter::Q, Parameter::Gamma];
        let gamma = gamma * scale;
        let mut outcome = Outcome::of(names, [p, q, gamma], &found);
        outcome.log_likelihood = Some(-found.curve.value - have as f64 * ln(scale));
        Ok(FittedGammaGamma { p, q, gamma, outcome, customers: have })
    }
}

outcome_getters!(
    FittedGammaGamma,
    3,
    "Log-likelihood of the data at the optimum.",
    "Covariance of p, q, γ."
);

impl FittedGammaGamma {
    /// What the model is called.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// The parameters by their letters, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        vec![(Parameter::P, self.p), (Parameter::Q, self.q), (Parameter::Gamma, self.gamma)]
    }

    /// Shape of a customer's spend over their purchases.
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Shape of the scale of spend over customers.
    pub fn q(&self) -> f64 {
        self.q
    }

    /// Scale of the scale of spend over customers, in money.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// How many customers the model was fitted to.
    pub fn n_customers(&self) -> u64 {
        self.customers
    }

    /// Log-likelihood of one customer: the logarithm of the density of their mean spend.
    ///
    /// ```text
    /// ln Γ(px+q) - ln Γ(px) - ln Γ(q) + q ln γ + px ln(xm) - ln m - (px+q) ln(γ + xm)
    /// ```
    ///
    /// Fader & Hardie (2013), equation 1a. Finite for any parameters and any record. Where px and q
    /// are both large its terms cancel; it is then taken in the form of a deviance (Loader 2000),
    /// which is as exact as the parameters are.
    ///
    /// ```
    /// use segmentry::value::{GammaGamma, SpendRecord};
    ///
    /// // p = q = γ = 1, one purchase of 1: the density is 1 / (1 + 1)².
    /// let model = GammaGamma::with_parameters(1.0, 1.0, 1.0)?;
    /// let density = model.log_likelihood_of(&SpendRecord::new(1, 1.0)?).exp();
    /// assert!((density - 0.25).abs() < 1e-15);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn log_likelihood_of(&self, seen: &SpendRecord) -> f64 {
        likelihood::of_one(self.p, self.q, self.gamma, seen)
    }

    /// Expected spend at a purchase of a customer of whom this was seen; `None` if nothing was.
    ///
    /// Fader & Hardie (2013), equation 5, in the form `p (γ + x m) / (p x + q - 1)`, which holds
    /// for q of at most 1 too once `p x + q` exceeds 1.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] where the expectation is infinite: `p x + q` of at most 1, so
    /// nothing seen and q at most 1, or next to nothing.
    /// [`FittedGammaGamma::expected_or_median`] answers there too.
    pub fn expected_spend(&self, seen: Option<SpendRecord>) -> Result<Money, ValueError> {
        self.posterior(seen).mean().ok_or_else(infinite)
    }

    /// Expected spend, or where that is infinite the median of what the customer's mean spend may
    /// be: a choice that the caller makes by calling this.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] where the median is beyond the largest number.
    pub fn expected_or_median(&self, seen: Option<SpendRecord>) -> Result<Money, ValueError> {
        let posterior = self.posterior(seen);
        let median = || posterior.quantile(Probability::clamped(0.5));
        posterior.mean().or_else(median).ok_or_else(infinite)
    }

    /// What the customer's own mean spend may be, after what was seen.
    pub fn posterior(&self, seen: Option<SpendRecord>) -> SpendPosterior {
        SpendPosterior::new(self.p, self.q, self.gamma, seen)
    }

    /// The customer's own mean spend lies between these with this probability, and on either side
    /// of them with half of the rest. It is what we know of the mean, not of the next purchase, and
    /// the parameters count as known.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless the level is strictly between 0 and 1;
    /// [`ValueError::Refused`] where the upper end is beyond the largest number.
    ///
    /// ```
    /// use segmentry::units::Probability;
    /// use segmentry::value::{GammaGamma, SpendRecord};
    ///
    /// let model = GammaGamma::with_parameters(6.25, 3.74, 15.44)?;
    /// let often = SpendRecord::new(40, 22.35)?;
    /// let (low, high) = model.spend_interval(Some(often), Probability::new(0.9)?)?;
    /// assert!(20.0 < low.amount() && high.amount() < 25.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spend_interval(
        &self,
        seen: Option<SpendRecord>,
        level: Probability,
    ) -> Result<(Money, Money), ValueError> {
        if !(level.value() > 0.0 && level.value() < 1.0) {
            return Err(ValueError::Param {
                name: "level",
                value: level.value(),
                expected: "strictly between 0 and 1",
            });
        }
        self.posterior(seen).interval(level).ok_or_else(infinite)
    }
}

#[cfg(test)]
impl GammaGamma {
    /// What the fit searches with.
    pub(super) fn curve(seen: &[SpendRecord], logs: &[f64; 3]) -> crate::num::newton::Curve<3> {
        let summary = SpendSummary::counted(seen, &vec![1; seen.len()]).unwrap();
        let totals = summary.scaled(1.0, &Work::new()).unwrap();
        totals.negative_log_likelihood(logs, &Work::new()).unwrap()
    }
}

fn infinite() -> ValueError {
    ValueError::Refused { model: NAME, reason: Refusal::InfiniteMean }
}
