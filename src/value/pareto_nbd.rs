//! Pareto/NBD: how often a customer buys while there is one, and whether there still is one, where
//! customers may leave at any time.
//!
//! Customers buy at random at their own rate λ (gamma over customers, r and α) and leave at random
//! at their own rate μ (gamma over customers, s and β), whether they have just bought or not. The
//! papers state everything in differences of hypergeometric functions, which cancel and overflow;
//! here every quantity is an integral of positive terms over the time of leaving ([`Decay`]), which
//! does neither, and whose derivatives are integrals of the same kind.
//!
//! [`Decay`]: crate::num::decay::Decay

mod batch;
mod forecast;
mod grid;
mod likelihood;
mod shifted;
mod standing;

use crate::num::newton::{Bounds, minimise};
use crate::num::real::{exp, ln};
use crate::units::{Days, Probability};
use crate::value::fit::{Outcome, outcome_getters};
use crate::value::{
    Discount, FitStatus, Horizon, Parameter, PurchaseRecord, PurchaseSummary, Refusal, ValueError,
};
use crate::work::Work;

use likelihood::Rows;
use standing::{Prospect, Standing};

/// The Pareto/NBD model of Schmittlein, Morrison & Colombo (1987).
///
/// Choose it where customers leave between purchases as well as after them; it is the model that
/// most of the literature compares with. [`MbgNbd`](crate::value::MbgNbd) lets customers leave only
/// after a purchase and costs less.
///
/// # Example
///
/// ```
/// use segmentry::units::Days;
/// use segmentry::value::{ParetoNbd, PurchaseRecord};
///
/// // Published for the CDNOW cohort, in weeks: r .553, alpha 10.578, s .606, beta 11.669.
/// let model = ParetoNbd::with_parameters(0.553, 10.578, 0.606, 11.669)?;
/// let silent_since_the_first_purchase = PurchaseRecord::new(0, 0.0, 272.0)?;
/// let alive = model.p_alive(&silent_since_the_first_purchase);
/// assert!((alive.value() - 0.2953).abs() < 5e-5);
/// let expected = model.expected_purchases(&silent_since_the_first_purchase, Days::weeks(39));
/// assert!((expected - 0.1071).abs() < 5e-5);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they
/// and what will they do next? *Management Science* 33, 1-24.
/// Fader, P. & Hardie, B. (2005). A note on deriving the Pareto/NBD model and related expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParetoNbd {
    min_repeat_customers: u64,
}

impl Default for ParetoNbd {
    fn default() -> Self {
        // Four parameters from fewer customers than this say more about chance than about the
        // customers.
        Self { min_repeat_customers: 10 }
    }
}

/// The parameters, rates per week.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Parameters {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

const NAME: &str = "Pareto/NBD";

/// The logarithms of the parameters stay within these: a factor of nine million either way.
const RANGE: Bounds = Bounds { low: -16.0, high: 16.0 };

impl ParetoNbd {
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

    /// The model with known parameters, the rates per week.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless all are positive and finite.
    pub fn with_parameters(
        r: f64,
        alpha: f64,
        s: f64,
        beta: f64,
    ) -> Result<FittedParetoNbd, ValueError> {
        let values = [r, alpha, s, beta];
        for (name, value) in ["r", "alpha", "s", "beta"].into_iter().zip(values) {
            if !(value > 0.0 && value.is_finite()) {
                let expected = "finite and greater than 0";
                return Err(ValueError::Param { name, value, expected });
            }
        }
        Ok(FittedParetoNbd::with(values))
    }

    /// The maximum-likelihood fit.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// About ten passes over the distinct records. Where times are whole days, as they are in a
    /// history, records of equal x share their integrals; else each record has its own, at about
    /// thirty times the cost.
    pub fn fit(&self, base: &PurchaseSummary, work: &Work) -> Result<FittedParetoNbd, ValueError> {
        refuse_too_few(base, self.min_repeat_customers)?;
        let rows = Rows::of(base);
        let mean_age = rows.mean_age().max(0.1);
        let start = [0.5, mean_age, 0.5, mean_age].map(ln);
        fit_from(&rows, start, work)
    }
}

/// Refuses data in which too few customers came back.
fn refuse_too_few(base: &PurchaseSummary, need: u64) -> Result<(), ValueError> {
    let (have, need) = (base.n_repeat_customers(), need.max(1));
    if have < need {
        let reason = Refusal::TooFewRepeatCustomers { have, need };
        return Err(ValueError::Refused { model: NAME, reason });
    }
    Ok(())
}

/// The fit from a given start.
fn fit_from(rows: &Rows<'_>, start: [f64; 4], work: &Work) -> Result<FittedParetoNbd, ValueError> {
    let found = minimise(start, RANGE, |logs| rows.negative_log_likelihood(logs, work))?;
    if !found.converged {
        return Err(ValueError::Refused { model: NAME, reason: Refusal::NotConverged });
    }
    let at = found.at.map(exp);
    let names = [Parameter::R, Parameter::Alpha, Parameter::S, Parameter::Beta];
    Ok(FittedParetoNbd { outcome: Outcome::of(names, at, &found), ..FittedParetoNbd::with(at) })
}

/// A Pareto/NBD with its parameters.
///
/// All quantities hold for parameters from 1e-6 to 1e8, thousands of purchases and thousands of
/// weeks: log-likelihoods to 1e-11 and the others to 1e-10, relative, as long as they are not
/// smaller than the smallest doubles.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedParetoNbd {
    parameters: Parameters,
    outcome: Outcome<4>,
}

outcome_getters!(
    FittedParetoNbd,
    4,
    "Log-likelihood of the data at the optimum, time in weeks.",
    "Covariance of r, α, s, β."
);

impl FittedParetoNbd {
    /// The model with these r, α, s, β, which must be positive and finite.
    pub(crate) fn with([r, alpha, s, beta]: [f64; 4]) -> Self {
        Self { parameters: Parameters { r, alpha, s, beta }, outcome: Outcome::given() }
    }

    /// `Pareto/NBD`.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// The parameters by their letters, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        let Parameters { r, alpha, s, beta } = self.parameters;
        vec![
            (Parameter::R, r),
            (Parameter::Alpha, alpha),
            (Parameter::S, s),
            (Parameter::Beta, beta),
        ]
    }

    /// Shape of the gamma distribution of purchase rates.
    pub fn r(&self) -> f64 {
        self.parameters.r
    }

    /// Scale of the gamma distribution of purchase rates, in weeks.
    pub fn alpha(&self) -> f64 {
        self.parameters.alpha
    }

    /// Shape of the gamma distribution of dropout rates.
    pub fn s(&self) -> f64 {
        self.parameters.s
    }

    /// Scale of the gamma distribution of dropout rates, in weeks.
    pub fn beta(&self) -> f64 {
        self.parameters.beta
    }

    /// Log-likelihood of one customer's record, time in weeks.
    ///
    /// ```text
    /// ln[Γ(r+x)/Γ(r)] + r ln α + s ln β
    ///   + ln( (α+T)^-(r+x) (β+T)^-s + s ∫ (α+u)^-(r+x) (β+u)^-(s+1) du ),   u from t_x to T
    /// ```
    pub fn log_likelihood_of(&self, record: &PurchaseRecord) -> f64 {
        standing::log_likelihood(&self.parameters, record)
    }

    /// The probability that the customer has not left.
    pub fn p_alive(&self, record: &PurchaseRecord) -> Probability {
        Standing::of(&self.parameters, record).p_alive()
    }

    /// The probability that the customer will not have left so many days after the observation,
    /// given what is known at its end.
    pub fn p_alive_after(&self, record: &PurchaseRecord, later: Days) -> Probability {
        let standing = Standing::of(&self.parameters, record);
        let stays = standing.prospect.stays(later.in_weeks());
        Probability::clamped(standing.of_alive(stays))
    }

    /// The probability that the customer buys at least once in the `horizon` after the observation.
    pub fn p_active(&self, record: &PurchaseRecord, horizon: Days) -> Probability {
        let standing = Standing::of(&self.parameters, record);
        Probability::clamped(standing.of_alive(standing.prospect.buys(horizon.in_weeks())))
    }

    /// Expected number of purchases in the `horizon` after the observation.
    ///
    /// Fader & Hardie (2005), equation 41, without its pole at s = 1.
    pub fn expected_purchases(&self, record: &PurchaseRecord, horizon: Days) -> f64 {
        let standing = Standing::of(&self.parameters, record);
        standing.of_alive(standing.prospect.purchases(horizon.in_weeks()))
    }

    /// The probabilities of 0, 1, .. `up_to` purchases in the `horizon` after the observation.
    ///
    /// They sum to one with the probability of more than `up_to`.
    ///
    /// # Cost
    ///
    /// Grows with `up_to` to the power 1.5.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::units::Days;
    /// use segmentry::value::{ParetoNbd, PurchaseRecord};
    ///
    /// let model = ParetoNbd::with_parameters(0.553, 10.578, 0.606, 11.669)?;
    /// let record = PurchaseRecord::new(2, 213.01, 272.02)?;
    /// let chances = model.purchase_distribution(&record, Days::weeks(39), 200);
    /// let mean: f64 = chances.iter().enumerate().map(|(k, chance)| k as f64 * chance).sum();
    /// assert!((mean - 1.455_123_193_3).abs() < 1e-9);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn purchase_distribution(
        &self,
        record: &PurchaseRecord,
        horizon: Days,
        up_to: u32,
    ) -> Vec<f64> {
        let standing = Standing::of(&self.parameters, record);
        let weeks = horizon.in_weeks();
        let mut chances = standing.prospect.distribution(weeks, up_to);
        for chance in &mut chances {
            *chance = standing.of_alive(*chance);
        }
        chances[0] += standing.p_gone();
        chances
    }

    /// Expected purchases in the `horizon` after the observation, each discounted back to its end:
    /// the discounted expected residual transactions (DERT) of the papers, for ever or up to a
    /// time.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a horizon without an end, no discount, and s at most 1: expected
    /// purchases are then infinite.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{Discount, Horizon, ParetoNbd, PurchaseRecord};
    ///
    /// let model = ParetoNbd::with_parameters(0.553, 10.578, 0.606, 11.669)?;
    /// let record = PurchaseRecord::new(2, 213.01, 272.02)?;
    /// // The rate of the papers for CDNOW, .0027 a week.
    /// let discount = Discount::annual(0.151_288_952)?;
    /// let residual = model.discounted_purchases(&record, Horizon::Forever, discount)?;
    /// assert!((residual - 6.483_773).abs() < 1e-5);
    /// assert!(model.discounted_purchases(&record, Horizon::Forever, Discount::NONE).is_err());
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn discounted_purchases(
        &self,
        record: &PurchaseRecord,
        horizon: Horizon,
        discount: Discount,
    ) -> Result<f64, ValueError> {
        let standing = Standing::of(&self.parameters, record);
        let weeks = match horizon {
            Horizon::Within(days) => Some(days.in_weeks()),
            Horizon::Forever => None,
        };
        match standing.prospect.discounted(weeks, discount.weekly()) {
            Some(purchases) => Ok(standing.of_alive(purchases)),
            None => Err(ValueError::Param {
                name: "annual_discount",
                value: discount.annual_rate(),
                expected: "greater than 0 where the horizon has no end and s is at most 1",
            }),
        }
    }

    /// Expected purchases of a new customer in the `horizon` after the first purchase, which is not
    /// counted.
    pub fn expected_purchases_of_new(&self, horizon: Days) -> f64 {
        Prospect::of_new(&self.parameters).purchases(horizon.in_weeks())
    }

    /// The probabilities that a new customer makes 0, 1, .. `up_to` purchases in the `horizon`
    /// after the first one.
    pub fn purchase_distribution_of_new(&self, horizon: Days, up_to: u32) -> Vec<f64> {
        Prospect::of_new(&self.parameters).distribution(horizon.in_weeks(), up_to)
    }
}

#[cfg(test)]
mod tests;
