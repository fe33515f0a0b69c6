//! Static covariates: what is known of a customer beforehand, such as the channel that they came
//! by, shifts the scales of a purchase model.
//!
//! The shapes stay common to all customers; with covariates z of the purchase rate and w of
//! dropout, a customer's scales are
//!
//! ```text
//! α exp(-γ·z)                                   both models: a higher γ buys more often
//! β exp(-δ·w)                                   Pareto/NBD: a higher δ drops out sooner
//! a exp(δ_a·w), b exp(δ_b·w)                    BG/NBD and MBG/NBD
//! ```
//!
//! (Fader & Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD
//! models"). In the beta-geometric models the coefficients on a and on b are separate, because with
//! a common one the mean dropout a/(a + b) would be the same for everybody.

mod objective;

use std::fmt;

use crate::num::linear::inverse_wide;
use crate::num::newton::{Bounds, Curve, minimise_wide};
use crate::num::real::exp;
use crate::num::special::chi_squared_tail;
use crate::value::covariates::objective::Objective;
use crate::value::{FitStatus, Parameter, PurchaseRecord, Refusal, ValueError};
use crate::work::Work;

/// Numbers that are known of each customer before anything is bought, one column each.
///
/// A yes/no is 0 and 1; a category of k values is k - 1 columns of them.
///
/// ```
/// use segmentry::value::Covariates;
///
/// let z = Covariates::new(3).number("came by search", vec![0.0, 1.0, 1.0])?;
/// assert_eq!(z.names(), ["came by search"]);
/// assert!(Covariates::new(3).number("constant", vec![1.0; 3]).is_err());
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Covariates {
    customers: usize,
    names: Vec<String>,
    columns: Vec<Column>,
}

/// A column in units of its standard deviation around its mean, so that one search fits ages and
/// incomes alike.
#[derive(Clone, PartialEq)]
struct Column {
    values: Vec<f64>,
    mean: f64,
    deviation: f64,
}

impl Covariates {
    /// No covariates of so many customers.
    pub fn new(customers: usize) -> Self {
        Self { customers, names: Vec::new(), columns: Vec::new() }
    }

    /// One more, with a value for each customer.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`]; [`ValueError::BadValue`] for a value that is not finite, and at row
    /// 0 for a column in which all values are equal, which cannot tell customers apart.
    pub fn number(mut self, name: impl Into<String>, values: Vec<f64>) -> Result<Self, ValueError> {
        if values.len() != self.customers {
            return Err(ValueError::Length {
                what: "the covariate",
                expected: self.customers,
                got: values.len(),
            });
        }
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(ValueError::BadValue { what: "the covariate", row, expected: "finite" });
        }
        let (mean, deviation) = spread(&values);
        if !(deviation > 0.0 && deviation.is_finite()) {
            let expected = "different from that of another customer";
            return Err(ValueError::BadValue { what: "the covariate", row: 0, expected });
        }
        let values = values.iter().map(|value| (value - mean) / deviation).collect();
        self.names.push(name.into());
        self.columns.push(Column { values, mean, deviation });
        Ok(self)
    }

    /// Their names, in the order of the coefficients.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Debug for Column {
    /// Without the customers' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("mean", &self.mean).finish_non_exhaustive()
    }
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> (f64, f64) {
    use crate::num::blocks::sum;
    let n = values.len();
    let mean = sum(n, |i| values[i] / n as f64);
    (mean, sum(n, |i| (values[i] - mean) * (values[i] - mean) / n as f64).sqrt())
}

/// A purchase model of four parameters that covariates may shift.
pub(super) trait Shiftable {
    /// The letters of the parameters.
    const PARAMETERS: [Parameter; 4];
    /// Where the effect of a covariate of the rate goes: which parameter, and its sign there.
    const RATE: &'static [(usize, f64)];
    /// The same for a covariate of dropout.
    const DROPOUT: &'static [(usize, f64)];
    /// The logarithms of the parameters stay within these.
    const BOUNDS: Bounds;

    fn name(&self) -> &'static str;
    /// The plain fit, from which the search starts.
    fn plain(&self, records: &[PurchaseRecord], work: &Work)
    -> Result<([f64; 4], f64), ValueError>;
    /// A record's negative log-likelihood with its derivatives by the logarithms of the parameters.
    fn curve(&self, logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4>;
}

/// A purchase model with the effects of covariates.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateFit {
    model: &'static str,
    parameters: [(Parameter, f64); 4],
    coefficients: Vec<Coefficient>,
    rate_covariates: usize,
    log_likelihood: f64,
    plain_log_likelihood: f64,
    status: FitStatus,
    iterations: usize,
}

/// The effect of one covariate on one parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Coefficient {
    /// Which covariate.
    pub covariate: String,
    /// Which parameter it shifts.
    pub on: Parameter,
    /// The coefficient, per unit of the covariate.
    pub estimate: f64,
    /// Its standard error. `None` where the optimum is flat or at the edge of the range.
    pub standard_error: Option<f64>,
    sign: f64,
    /// Which covariate, among those of its process.
    place: usize,
}

impl Coefficient {
    /// The two-sided p-value of no effect, by the normal approximation.
    pub fn p_value(&self) -> Option<f64> {
        self.standard_error.map(|error| {
            let z = self.estimate / error;
            chi_squared_tail(z * z, 1.0)
        })
    }
}

impl CovariateFit {
    /// `Pareto/NBD`, `BG/NBD` or `MBG/NBD`.
    pub fn name(&self) -> &'static str {
        self.model
    }

    /// The parameters of a customer whose covariates are all zero.
    pub fn parameters(&self) -> &[(Parameter, f64); 4] {
        &self.parameters
    }

    /// The effects: those on the purchase rate first.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// Log-likelihood of the data at the optimum, time in weeks.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// How the fit ended.
    pub fn status(&self) -> &FitStatus {
        &self.status
    }

    /// Steps of the search, those of the plain model not counted.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// The p-value of the likelihood-ratio test that all coefficients are zero. `None` without
    /// covariates.
    pub fn p_value_of_no_effect(&self) -> Option<f64> {
        let effects = self.coefficients.len();
        let statistic = 2.0 * (self.log_likelihood - self.plain_log_likelihood);
        (effects > 0).then(|| chi_squared_tail(statistic.max(0.0), effects as f64))
    }

    /// The parameters of a customer with these covariates, in the order in which they were given.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where there are not as many as the fit had.
    pub fn parameters_of(&self, rate: &[f64], dropout: &[f64]) -> Result<[f64; 4], ValueError> {
        let dropouts = self.coefficients[self.rate_effects()..].iter().map(|c| c.place + 1);
        for (what, expected, got) in [
            ("the covariates of the rate", self.rate_covariates, rate.len()),
            ("the covariates of dropout", dropouts.max().unwrap_or(0), dropout.len()),
        ] {
            if expected != got {
                return Err(ValueError::Length { what, expected, got });
            }
        }
        let mut parameters = self.parameters.map(|(_, value)| value);
        for (place, coefficient) in self.coefficients.iter().enumerate() {
            let values = if place < self.rate_effects() { rate } else { dropout };
            let shift = coefficient.sign * coefficient.estimate * values[coefficient.place];
            let position = self.parameters.iter().position(|&(name, _)| name == coefficient.on);
            if let Some(position) = position {
                parameters[position] *= exp(shift);
            }
        }
        Ok(parameters)
    }

    /// Each covariate of the rate has one coefficient.
    fn rate_effects(&self) -> usize {
        self.rate_covariates
    }
}

/// The maximum-likelihood fit of `model` with covariates.
pub(super) fn fit<M: Shiftable + Sync>(
    model: &M,
    records: &[PurchaseRecord],
    rate: &Covariates,
    dropout: &Covariates,
    work: &Work,
) -> Result<CovariateFit, ValueError> {
    for covariates in [rate, dropout] {
        if covariates.customers != records.len() {
            return Err(ValueError::Length {
                what: "the table of covariates",
                expected: records.len(),
                got: covariates.customers,
            });
        }
    }
    let (plain, plain_log_likelihood) = model.plain(records, work)?;
    let objective = Objective::new(model, records, rate, dropout);
    let mut start: Vec<f64> = plain.iter().map(|&p| crate::num::real::ln(p)).collect();
    start.resize(4 + objective.effects.len(), 0.0);
    let found = minimise_wide(&start, M::BOUNDS, |at| objective.evaluate(at, work))?;
    if !found.converged {
        let reason = Refusal::NotConverged;
        return Err(ValueError::Refused { model: model.name(), reason });
    }
    let natural = objective.natural(&found.at);
    let bound: Vec<Parameter> = found
        .bound
        .iter()
        .enumerate()
        .filter(|(_, bound)| **bound)
        .map(|(place, _)| M::PARAMETERS[objective.position(place)])
        .collect();
    let covariance =
        if bound.is_empty() { inverse_wide(found.curve.hessian.clone()) } else { None };
    let errors = covariance.map(|inverse| objective.standard_errors(&inverse));
    let status = match (&errors, bound.is_empty()) {
        (_, false) => FitStatus::AtBoundary(bound),
        (None, true) => FitStatus::Flat,
        (Some(_), true) => FitStatus::Converged,
    };
    let coefficients = objective.effects.iter().enumerate().map(|(place, effect)| Coefficient {
        covariate: effect.name.to_owned(),
        on: M::PARAMETERS[effect.position],
        estimate: natural[4 + place],
        standard_error: errors.as_ref().map(|errors| errors[4 + place]),
        sign: effect.sign,
        place: effect.place,
    });
    Ok(CovariateFit {
        model: model.name(),
        parameters: std::array::from_fn(|i| (M::PARAMETERS[i], exp(natural[i]))),
        coefficients: coefficients.collect(),
        rate_covariates: rate.names.len(),
        log_likelihood: -found.curve.value,
        plain_log_likelihood,
        status,
        iterations: found.iterations,
    })
}
