//! Logarithm and robust scaling, learnt from one matrix and applied to any.
//!
//! Money and counts are skewed, and a few large customers would otherwise be the only ones that
//! count: amounts go by their logarithm, and the scale is the distance between the quartiles, which
//! outliers do not move.

use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};
use crate::num::blocks;
use crate::num::quantile::{quantile, sorted};
use crate::num::real::ln_1p;

/// Which columns to take the logarithm of; all columns of numbers are then centred on their median
/// and divided by their interquartile range.
///
/// Columns named in [`keep`](Self::keep) and columns of other kinds stay as they are. A column
/// whose quartiles coincide is divided by 1.349 standard deviations instead (for a normal
/// distribution the same length); one that does not vary at all is left out, and
/// [`FittedScaling::constant`] names it.
///
/// # Example
///
/// ```
/// use segmentry::features::{FeatureMatrix, Scaling};
///
/// let matrix = FeatureMatrix::from_rows(&["spend"], &[[0.0], [1.0], [3.0], [7.0], [15.0]])?;
/// let scaling = Scaling::new().log("spend").fit(&matrix)?;
/// let scaled = scaling.transform(&matrix)?;
/// // ln(1 + spend) is 0, 1, 2, 3, 4 times ln 2: median 2 ln 2, quartiles 2 ln 2 apart.
/// let last = scaled.column("spend")?.number(4).unwrap();
/// assert!((last - 1.0).abs() < 1e-15);
/// # Ok::<(), segmentry::features::FeatureError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scaling {
    logs: Vec<String>,
    kept: Vec<String>,
}

/// A [`Scaling`] with its centres and scales.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedScaling {
    columns: Vec<(String, Step)>,
    constant: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Keep,
    Scale { log: bool, centre: f64, scale: f64 },
}

/// Interquartile range of the standard normal distribution.
const NORMAL_RANGE: f64 = 1.348_979_500_392_163;

impl Scaling {
    /// Scaling without logarithms.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes `ln(1 + x)` of a column first; its values must not be negative.
    #[must_use]
    pub fn log(mut self, column: impl Into<String>) -> Self {
        self.logs.push(column.into());
        self
    }

    /// Leaves a column as it is, because its own scale means something.
    #[must_use]
    pub fn keep(mut self, column: impl Into<String>) -> Self {
        self.kept.push(column.into());
        self
    }

    /// Learns centres and scales.
    ///
    /// # Errors
    ///
    /// [`FeatureError::NoSuchColumn`] for a column named here and not there,
    /// [`FeatureError::Negative`] for the logarithm of a negative value.
    pub fn fit(&self, matrix: &FeatureMatrix) -> Result<FittedScaling, FeatureError> {
        for name in self.logs.iter().chain(&self.kept) {
            matrix.column(name)?;
        }
        let (mut columns, mut constant) = (Vec::new(), Vec::new());
        for column in matrix.columns() {
            let name = column.name().to_owned();
            let known: Vec<f64> =
                (0..matrix.n_customers()).filter_map(|row| column.number(row)).collect();
            if known.windows(2).all(|pair| pair[0] == pair[1]) {
                constant.push(name);
                continue;
            }
            let scaled =
                matches!(column.values(), FeatureValues::Numbers(_)) && !self.kept.contains(&name);
            if !scaled {
                columns.push((name, Step::Keep));
                continue;
            }
            let log = self.logs.contains(&name);
            let values = if log {
                logarithms(column, matrix.n_customers())?.into_iter().flatten().collect()
            } else {
                known
            };
            let (centre, scale) = centre_and_scale(values);
            columns.push((name, Step::Scale { log, centre, scale }));
        }
        Ok(FittedScaling { columns, constant })
    }
}

fn logarithms(column: &FeatureColumn, n: usize) -> Result<Vec<Option<f64>>, FeatureError> {
    (0..n)
        .map(|row| match column.number(row) {
            Some(value) if value < 0.0 => {
                Err(FeatureError::Negative { column: column.name().to_owned(), row })
            }
            value => Ok(value.map(ln_1p)),
        })
        .collect()
}

fn centre_and_scale(values: Vec<f64>) -> (f64, f64) {
    let values = sorted(values);
    let at = |p| quantile(&values, p).unwrap_or(0.0);
    let (centre, range) = (at(0.5), at(0.75) - at(0.25));
    if range > 0.0 {
        return (centre, range);
    }
    let n = values.len();
    let mean = blocks::sum(n, |i| values[i]) / n as f64;
    let variance = blocks::sum(n, |i| (values[i] - mean) * (values[i] - mean)) / n as f64;
    let deviation = NORMAL_RANGE * variance.sqrt();
    // Values that differ only by rounding have no scale of their own.
    (centre, if deviation > 0.0 { deviation } else { 1.0 })
}

impl FittedScaling {
    /// Columns that did not vary and are left out.
    pub fn constant(&self) -> &[String] {
        &self.constant
    }

    /// The scaled matrix: the columns that varied when the scaling was fitted.
    ///
    /// # Errors
    ///
    /// [`FeatureError::NoSuchColumn`] where a column is gone, [`FeatureError::Negative`].
    pub fn transform(&self, matrix: &FeatureMatrix) -> Result<FeatureMatrix, FeatureError> {
        let mut scaled = FeatureMatrix::new(matrix.ids().clone());
        for (name, step) in &self.columns {
            let column = matrix.column(name)?;
            scaled = scaled.with(match *step {
                Step::Keep => column.clone(),
                Step::Scale { log, centre, scale } => {
                    let n = matrix.n_customers();
                    let values = if log {
                        logarithms(column, n)?
                    } else {
                        (0..n).map(|row| column.number(row)).collect()
                    };
                    let values =
                        values.into_iter().map(|value| value.map(|value| (value - centre) / scale));
                    FeatureColumn::numbers_or_missing(name.as_str(), values)
                }
            })?;
        }
        match matrix.weights() {
            Some(weights) => scaled.with_weights(weights.to_vec()),
            None => Ok(scaled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_does_not_vary_is_left_out_and_named() {
        let matrix = FeatureMatrix::from_rows(&["a", "b"], &[[5.0, 1.0], [5.0, 2.0]]).unwrap();
        let scaling = Scaling::new().fit(&matrix).unwrap();
        assert_eq!(scaling.constant(), ["a"]);
        assert_eq!(scaling.transform(&matrix).unwrap().names(), ["b"]);
    }

    #[test]
    fn where_the_quartiles_coincide_the_standard_deviation_serves() {
        let rows: Vec<[f64; 1]> = (0..10).map(|i| [if i == 0 { 10.0 } else { 0.0 }]).collect();
        let matrix = FeatureMatrix::from_rows(&["a"], &rows).unwrap();
        let scaled = Scaling::new().fit(&matrix).unwrap().transform(&matrix).unwrap();
        // Standard deviation 3 (divisor n), times 1.349.
        let expected = 10.0 / (3.0 * NORMAL_RANGE);
        assert!((scaled.columns()[0].number(0).unwrap() - expected).abs() < 1e-15);
    }

    #[test]
    fn what_was_learnt_is_applied_unchanged() {
        let seen = FeatureMatrix::from_rows(&["a"], &[[0.0], [1.0], [2.0], [3.0], [4.0]]).unwrap();
        let later = FeatureMatrix::from_rows(&["a"], &[[100.0]]).unwrap();
        let scaled = Scaling::new().fit(&seen).unwrap().transform(&later).unwrap();
        assert_eq!(scaled.columns()[0].number(0), Some(49.0));
    }

    #[test]
    fn logarithms_of_negative_values_are_refused() {
        let matrix = FeatureMatrix::from_rows(&["a"], &[[1.0], [-1.0]]).unwrap();
        let error = Scaling::new().log("a").fit(&matrix).unwrap_err();
        assert!(matches!(error, FeatureError::Negative { row: 1, .. }));
        assert!(matches!(
            Scaling::new().log("z").fit(&matrix),
            Err(FeatureError::NoSuchColumn { .. })
        ));
    }

    #[test]
    fn missing_values_stay_missing() {
        let ids = crate::units::CustomerIds::numbered(3).unwrap();
        let column = FeatureColumn::numbers_or_missing("a", [Some(1.0), None, Some(3.0)]);
        let matrix = FeatureMatrix::new(ids).with(column).unwrap();
        let scaled = Scaling::new().log("a").fit(&matrix).unwrap().transform(&matrix).unwrap();
        assert_eq!(scaled.columns()[0].number(1), None);
    }
}
