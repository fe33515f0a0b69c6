//! How a fit by maximum likelihood ended, and what may be concluded from it.

use serde::Serialize;

use crate::num::linear;
use crate::num::newton::Minimum;

/// A parameter of a fitted model, by the letter of its paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// How the fit ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// The status of a search over the logarithms of parameters, and the covariance of the parameters
/// themselves, `C_ij = p_i p_j [H⁻¹]_ij`; there is one only where the optimum lies inside the range
/// and is curved in every direction.
pub(crate) fn conclude<const N: usize>(
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
            let covariance =
                |i: usize| std::array::from_fn(|j| parameters[i] * parameters[j] * inverse[i][j]);
            (FitStatus::Converged, Some(std::array::from_fn(covariance)))
        }
    }
}
