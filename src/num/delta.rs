//! Standard errors of predictions from the covariance of what they were predicted with.
//!
//! The first-order ("delta") method. Instead of one derivative per parameter, differences are taken
//! along the columns of the covariance's Cholesky factor: each step is then a fixed small part of
//! what the data leave open in that direction, so a badly identified parameter gets a long step and
//! a well known one a short step, and no step size has to be guessed. A prediction costs one
//! evaluation per parameter more.

use crate::num::blocks;
use crate::num::linear::cholesky;

/// The step, in standard deviations. Curvature leaves an error of about this share of a standard
/// error; rounding of the prediction, a millionth of it.
const STEP: f64 = 1e-3;

/// The standard error of each prediction, given the predictions at the optimum.
///
/// `None` where the covariance is not positive definite.
pub(crate) fn standard_errors<const N: usize, E>(
    at: &[f64; N],
    covariance: &[[f64; N]; N],
    predictions: &[f64],
    mut predict: impl FnMut(&[f64; N]) -> Result<Vec<f64>, E>,
) -> Result<Option<Vec<f64>>, E> {
    let Some(factor) = cholesky(covariance) else { return Ok(None) };
    let mut elsewhere = Vec::with_capacity(N);
    for direction in 0..N {
        let moved = std::array::from_fn(|i| at[i] + STEP * factor[i][direction]);
        elsewhere.push(predict(&moved)?);
    }
    Ok(Some(blocks::collect(predictions.len(), |place| {
        let mut variance = 0.0;
        for there in &elsewhere {
            let slope = (there[place] - predictions[place]) / STEP;
            variance += slope * slope;
        }
        variance.sqrt()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// A linear prediction `2 x - y` with variances 4 and 9 and covariance 1 has the variance 4 · 4
    /// + 9 - 4 · 1 = 21, without an error of the method.
    #[test]
    fn a_linear_prediction_is_exact() {
        let predict = |p: &[f64; 2]| Ok::<_, Infallible>(vec![2.0 * p[0] - p[1], 7.0]);
        let at = [1.0, 5.0];
        let here = predict(&at).unwrap();
        let errors = standard_errors(&at, &[[4.0, 1.0], [1.0, 9.0]], &here, predict);
        let errors = errors.unwrap().unwrap();
        assert!((errors[0] - 21.0f64.sqrt()).abs() < 1e-9, "{errors:?}");
        assert_eq!(errors[1], 0.0);
    }

    #[test]
    fn what_is_no_covariance_has_no_errors() {
        let predict = |_: &[f64; 1]| Ok::<_, Infallible>(vec![0.0]);
        assert_eq!(standard_errors(&[0.0], &[[-1.0]], &[0.0], predict).unwrap(), None);
    }
}
