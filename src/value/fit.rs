//! How a fit by maximum likelihood ended, and what may be concluded from it.

use serde::{Deserialize, Serialize};

use crate::num::linear;
use crate::num::newton::Minimum;
use crate::num::real::ln;

/// A parameter of a fitted model, by the letter of its paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Parameter {
    /// NBD models: shape of the gamma distribution of purchase rates.
    R,
    /// NBD models: its scale, in weeks. BG/BB and sBG: first shape of a beta distribution.
    Alpha,
    /// BG/NBD: first shape of the beta distribution of dropout probabilities.
    A,
    /// BG/NBD: its second shape.
    B,
    /// Pareto/NBD: shape of the gamma distribution of dropout rates.
    S,
    /// Pareto/NBD: its scale, in weeks. BG/BB and sBG: second shape of a beta distribution.
    Beta,
    /// BG/BB: second shape of the beta distribution of dropout probabilities.
    Delta,
    /// Gamma-Gamma: shape of a customer's spend over their purchases.
    P,
    /// Gamma-Gamma: shape of the scale of spend over customers.
    Q,
    /// Gamma-Gamma: scale of the scale of spend over customers, in money. BG/BB: first shape of
    /// the beta distribution of dropout probabilities.
    Gamma,
}

impl Parameter {
    /// The letter, spelled out where it is Greek: `r`, `alpha`.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::R => "r",
            Self::Alpha => "alpha",
            Self::A => "a",
            Self::B => "b",
            Self::S => "s",
            Self::Beta => "beta",
            Self::Delta => "delta",
            Self::P => "p",
            Self::Q => "q",
            Self::Gamma => "gamma",
        }
    }
}

/// How the fit ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FitStatus {
    /// The parameters were given, not fitted.
    Given,
    /// At an optimum inside the range.
    Converged,
    /// At an optimum on the edge of the range: these parameters want to be zero or infinite.
    /// Predictions hold, the parameters themselves and their covariance do not.
    AtBoundary(Vec<Parameter>),
    /// At an optimum that is level in some direction: predictions hold, the parameters are not
    /// identified.
    Flat,
}

/// How a fit came out, beside its parameters: what every fitted model keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome<const N: usize> {
    pub(crate) log_likelihood: Option<f64>,
    pub(crate) covariance: Option<[[f64; N]; N]>,
    pub(crate) status: FitStatus,
    pub(crate) iterations: usize,
}

/// The logarithms of parameters and their covariance.
pub(crate) struct LogParameters<const N: usize> {
    pub(crate) at: [f64; N],
    pub(crate) covariance: [[f64; N]; N],
}

impl<const N: usize> Outcome<N> {
    /// Of parameters that were given.
    pub(crate) fn given() -> Self {
        Self { log_likelihood: None, covariance: None, status: FitStatus::Given, iterations: 0 }
    }

    /// Of a search over the logarithms of parameters that found these.
    pub(crate) fn of(names: [Parameter; N], parameters: [f64; N], found: &Minimum<N>) -> Self {
        let (status, covariance) = conclude(names, parameters, found);
        let log_likelihood = Some(-found.curve.value);
        Self { log_likelihood, covariance, status, iterations: found.iterations }
    }

    /// The covariance of the logarithms of these parameters, and the logarithms.
    pub(crate) fn in_logs(&self, parameters: [f64; N]) -> Option<LogParameters<N>> {
        let covariance = self.covariance?;
        let entry = |i: usize, j: usize| covariance[i][j] / (parameters[i] * parameters[j]);
        let covariance = std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)));
        Some(LogParameters { at: parameters.map(ln), covariance })
    }

    /// Whether a parameter is inside the range and more than one standard error above zero. `None`
    /// for given parameters.
    pub(crate) fn is_above_zero(&self, parameter: f64, place: usize) -> Option<bool> {
        match (&self.status, self.covariance) {
            (FitStatus::Given, _) => None,
            (_, Some(covariance)) => Some(parameter > covariance[place][place].sqrt()),
            (_, None) => Some(false),
        }
    }
}

/// The getters of a fitted model that keeps its [`Outcome`] in `outcome`.
macro_rules! outcome_getters {
    ($model:ident, $n:literal, $log_likelihood:literal, $covariance:literal) => {
        impl $model {
            #[doc = $log_likelihood]
            ///
            /// `None` for given parameters.
            pub fn log_likelihood(&self) -> Option<f64> {
                self.outcome.log_likelihood
            }

            #[doc = $covariance]
            ///
            /// It is that of the curvature at the optimum, and `None` unless the fit converged
            /// inside the range.
            pub fn covariance(&self) -> Option<&[[f64; $n]; $n]> {
                self.outcome.covariance.as_ref()
            }

            /// How the fit ended.
            pub fn status(&self) -> &FitStatus {
                &self.outcome.status
            }

            /// Steps of the search; none for given parameters.
            pub fn iterations(&self) -> usize {
                self.outcome.iterations
            }
        }
    };
}
pub(crate) use outcome_getters;

/// The status of a search over the logarithms of parameters, and the covariance of the parameters
/// themselves, `C_ij = p_i p_j [H⁻¹]_ij`; there is one only where the optimum lies inside the range
/// and is curved in every direction. It is symmetric to the last bit.
fn conclude<const N: usize>(
    names: [Parameter; N],
    parameters: [f64; N],
    found: &Minimum<N>,
) -> (FitStatus, Option<[[f64; N]; N]>) {
    let bound = names.into_iter().zip(found.bound).filter(|(_, bound)| *bound);
    let bound: Vec<Parameter> = bound.map(|(name, _)| name).collect();
    if !bound.is_empty() {
        return (FitStatus::AtBoundary(bound), None);
    }
    match linear::inverse(&found.curve.hessian) {
        None => (FitStatus::Flat, None),
        Some(inverse) => {
            // Elimination leaves the two halves of the inverse some bits apart. Their mean is one
            // number for both, because neither sum nor product depends on the order of the two.
            let entry = |i: usize, j: usize| {
                parameters[i] * parameters[j] * (0.5 * (inverse[i][j] + inverse[j][i]))
            };
            let row = |i: usize| std::array::from_fn(|j| entry(i, j));
            (FitStatus::Converged, Some(std::array::from_fn(row)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::newton::Curve;

    fn at_a_minimum(hessian: [[f64; 3]; 3]) -> Minimum<3> {
        let curve = Curve { value: 0.0, gradient: [0.0; 3], hessian };
        Minimum { at: [0.0; 3], curve, iterations: 1, converged: true, bound: [false; 3] }
    }

    const NAMES: [Parameter; 3] = [Parameter::P, Parameter::Q, Parameter::Gamma];

    #[test]
    fn the_covariance_is_symmetric_to_the_last_bit() {
        let mut uneven = 0;
        for shift in 0..20 {
            let hessian = [
                [900.1 + f64::from(shift), 31.7, -4.3],
                [31.7, 77.7, 1.0 / 3.0],
                [-4.3, 1.0 / 3.0, 0.7],
            ];
            let inverse = linear::inverse(&hessian).unwrap();
            let (status, covariance) = conclude(NAMES, [6.25, 3.74, 15.44], &at_a_minimum(hessian));
            let covariance = covariance.unwrap();
            assert_eq!(status, FitStatus::Converged);
            for i in 0..3 {
                for j in 0..i {
                    uneven += usize::from(inverse[i][j].to_bits() != inverse[j][i].to_bits());
                    assert_eq!(covariance[i][j].to_bits(), covariance[j][i].to_bits());
                }
            }
        }
        assert!(uneven > 0, "the inverse alone is symmetric, and the test shows nothing");
    }

    #[test]
    fn each_entry_is_scaled_by_its_two_parameters() {
        let diagonal = [[4.0, 0.0, 0.0], [0.0, 16.0, 0.0], [0.0, 0.0, 64.0]];
        let (_, covariance) = conclude(NAMES, [2.0, 8.0, 16.0], &at_a_minimum(diagonal));
        // p_i² / h_ii
        assert_eq!(covariance, Some([[1.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]));
    }
}
