//! The gap statistic: is the spread within segments smaller than in data that have none?

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::cluster::{DynSegmenter, KMeans, Segmentation};
use crate::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use crate::num::blocks;
use crate::num::linear::eigen;
use crate::num::random::{Purpose, Stream};
use crate::num::real::ln;
use crate::select::SelectError;
use crate::validate::indices::Placed;
use crate::work::Work;

/// The gap statistic of k-means, for a range of numbers of segments.
///
/// For each k it sets the logarithm of the sum of squares within segments beside its mean over
/// random data without segments in the same range. The smallest k is chosen whose gap is at least
/// that of k + 1 less one standard error; one segment may be the answer.
///
/// # Example
///
/// ```
/// use segmentry::features::FeatureMatrix;
/// use segmentry::select::GapStatistic;
/// use segmentry::work::Work;
///
/// let corner = |i: usize| [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]][i % 3];
/// let rows: Vec<[f64; 2]> =
///     (0..60).map(|i| corner(i).map(|x| x + (i * 7 % 10) as f64 * 0.1)).collect();
/// let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows)?;
/// let gaps = GapStatistic::new().range(1..=5).references(20).measure(&matrix, &Work::new())?;
/// assert_eq!(gaps.chosen, Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Tibshirani, R., Walther, G. & Hastie, T. (2001). Estimating the number of clusters in a data set
/// via the gap statistic. *Journal of the Royal Statistical Society B* 63, 411-423.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapStatistic {
    range: RangeInclusive<usize>,
    references: usize,
    reference: Reference,
    seed: u64,
}

/// Where data without segments are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reference {
    /// Evenly from the range of each feature.
    Box,
    /// Evenly from the range of each principal component: follows the shape of the data.
    PrincipalBox,
}

/// The gap of every number of segments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Gaps {
    /// By number of segments.
    pub gaps: Vec<Gap>,
    /// The number chosen; `None` where no gap is large enough against the next.
    pub chosen: Option<usize>,
}

/// The gap of one number of segments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Gap {
    /// The number of segments.
    pub k: usize,
    /// The logarithm of the sum of squares within them; `None` where customers do not have so many
    /// values, or lie on them.
    pub log_within: Option<f64>,
    /// Its mean over the references.
    pub expected: Option<f64>,
    /// How far it lies below.
    pub gap: Option<f64>,
    /// The standard error of the gap, sd x sqrt(1 + 1 / references).
    pub standard_error: Option<f64>,
}

impl Default for GapStatistic {
    fn default() -> Self {
        Self { range: 1..=8, references: 100, reference: Reference::Box, seed: 0 }
    }
}

impl GapStatistic {
    /// From one to eight segments, 100 references from the range of each feature, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The numbers of segments to try.
    #[must_use]
    pub fn range(mut self, range: RangeInclusive<usize>) -> Self {
        self.range = range;
        self
    }

    /// How many references are drawn.
    #[must_use]
    pub fn references(mut self, references: usize) -> Self {
        self.references = references;
        self
    }

    /// Where they are drawn from.
    #[must_use]
    pub fn reference(mut self, reference: Reference) -> Self {
        self.reference = reference;
        self
    }

    /// The seed of the random streams.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; `measure` calls this first.
    ///
    /// # Errors
    ///
    /// [`SelectError::Param`].
    pub fn validate(&self) -> Result<(), SelectError> {
        let refuse = |name, value: usize, expected| {
            Err(SelectError::Param { name, value: value as f64, expected })
        };
        if *self.range.start() == 0 || self.range.is_empty() {
            return refuse("range", *self.range.start(), "from at least 1, and not empty");
        }
        if self.references < 2 {
            return refuse("references", self.references, "at least 2");
        }
        Ok(())
    }

    /// Measures every number of segments.
    ///
    /// # Errors
    ///
    /// [`SelectError::Param`]; [`SelectError::Features`] for missing values and columns that are no
    /// numbers; [`SelectError::Segments`]; [`SelectError::Cancelled`].
    ///
    /// # Cost
    ///
    /// One fit of k-means for each k and reference.
    pub fn measure(&self, features: &FeatureMatrix, work: &Work) -> Result<Gaps, SelectError> {
        self.validate()?;
        features.check_numbers().map_err(SelectError::Features)?;
        let shape = Shape::of(features, self.reference)?;
        let ks: Vec<usize> = self.range.clone().collect();
        // Task 0 is the data themselves.
        let runs = 1 + self.references;
        work.begin("measuring gaps", Some((ks.len() * runs) as u64))?;
        let logs = blocks::map_tasks(ks.len() * runs, work, |task| {
            let method = KMeans::new(ks[task / runs]).seed(self.seed);
            match task % runs {
                0 => log_within(&method, features, work),
                reference => log_within(&method, &shape.draw(self.seed, reference)?, work),
            }
        })?;
        let logs = logs.into_iter().collect::<Result<Vec<Option<f64>>, SelectError>>()?;
        let gaps: Vec<Gap> = ks
            .iter()
            .zip(logs.chunks(runs))
            .map(|(&k, logs)| {
                let (expected, standard_error) = mean_and_error(&logs[1..]).unzip();
                let gap = logs[0].zip(expected).map(|(log, expected)| expected - log);
                Gap { k, log_within: logs[0], expected, gap, standard_error }
            })
            .collect();
        let enough = |pair: &&[Gap]| match (pair[0].gap, pair[1].gap, pair[1].standard_error) {
            (Some(gap), Some(next), Some(error)) => gap >= next - error,
            _ => false,
        };
        let chosen = gaps.windows(2).find(enough).map(|pair| pair[0].k);
        Ok(Gaps { gaps, chosen })
    }
}

/// The mean of some logarithms, and the standard error of a gap to it; `None` where one is missing.
fn mean_and_error(logs: &[Option<f64>]) -> Option<(f64, f64)> {
    let logs: Vec<f64> = logs.iter().copied().collect::<Option<_>>()?;
    let n = logs.len() as f64;
    let mean = blocks::sum(logs.len(), |i| logs[i]) / n;
    let variance = blocks::sum(logs.len(), |i| (logs[i] - mean) * (logs[i] - mean)) / n;
    Some((mean, (variance * (1.0 + 1.0 / n)).sqrt()))
}

/// The gap of any method, and its standard error; `None` where the method does not find segments in
/// a reference, or leaves no spread.
pub(super) fn gap_of(
    method: &(dyn DynSegmenter + Send + Sync),
    features: &FeatureMatrix,
    references: usize,
    seed: u64,
    work: &Work,
) -> Result<Option<(f64, f64)>, SelectError> {
    let shape = Shape::of(features, Reference::Box)?;
    let logs = blocks::map_tasks(1 + references, work, |task| match task {
        0 => log_within(method, features, work),
        reference => log_within(method, &shape.draw(seed, reference)?, work),
    })?;
    let logs = logs.into_iter().collect::<Result<Vec<Option<f64>>, SelectError>>()?;
    let expected = mean_and_error(&logs[1..]);
    Ok(logs[0].zip(expected).map(|(log, (expected, error))| (expected - log, error)))
}

/// The logarithm of the sum of squares within segments; `None` where there is none.
fn log_within<M: DynSegmenter + ?Sized>(
    method: &M,
    features: &FeatureMatrix,
    work: &Work,
) -> Result<Option<f64>, SelectError> {
    let placed = || -> Result<Segmentation, SelectError> {
        Ok(method.fit_dyn(features, work)?.assign(features, work)?)
    };
    match placed() {
        Err(SelectError::Cancelled(cancelled)) => Err(SelectError::Cancelled(cancelled)),
        Err(_) => Ok(None),
        Ok(segments) => match Placed::new(features, &segments) {
            Ok(placed) if placed.left_out() == 0 => {
                Ok(placed.inertia().filter(|&inertia| inertia > 0.0).map(ln))
            }
            _ => Ok(None),
        },
    }
}

/// What references are drawn from.
struct Shape<'a> {
    features: &'a FeatureMatrix,
    /// Directions, one behind the other, and the range along each.
    axes: Vec<Vec<f64>>,
    ranges: Vec<(f64, f64)>,
}

impl<'a> Shape<'a> {
    fn of(features: &'a FeatureMatrix, reference: Reference) -> Result<Self, SelectError> {
        let rows = features.dense().map_err(SelectError::Features)?;
        let (n, d) = (rows.n_rows(), rows.n_columns());
        let unit = |axis: usize| (0..d).map(|c| f64::from(u8::from(c == axis))).collect();
        let mut axes: Vec<Vec<f64>> = (0..d).map(unit).collect();
        if reference == Reference::PrincipalBox && n > 0 {
            let mean: Vec<f64> =
                (0..d).map(|c| blocks::sum(n, |row| rows.row(row)[c]) / n as f64).collect();
            let product = |a: usize, b: usize| {
                blocks::sum(n, |row| (rows.row(row)[a] - mean[a]) * (rows.row(row)[b] - mean[b]))
            };
            let scatter =
                (0..d).map(|a| (0..d).map(|b| product(a.min(b), a.max(b))).collect()).collect();
            axes = eigen(scatter)
                .ok_or(SelectError::Segments(crate::cluster::SegmentError::TooFar))?
                .1;
        }
        let along = |axis: &Vec<f64>| {
            (0..n).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), row| {
                let terms = axis.iter().zip(rows.row(row));
                let at = terms.fold(0.0, |sum, (a, x)| if *a == 0.0 { sum } else { sum + a * x });
                (low.min(at), high.max(at))
            })
        };
        let ranges = axes.iter().map(along).collect();
        Ok(Self { features, axes, ranges })
    }

    /// One reference.
    fn draw(&self, seed: u64, reference: usize) -> Result<FeatureMatrix, SelectError> {
        let (n, d) = (self.features.n_customers(), self.axes.len());
        let mut stream = Stream::new(seed, Purpose::Reference, reference as u64);
        let mut columns = vec![vec![0.0; n]; d];
        for row in 0..n {
            for (axis, &(low, high)) in self.axes.iter().zip(&self.ranges) {
                // A mixture of both ends, so that the widest range does not overflow.
                let share_of_high = stream.uniform();
                let at = low * (1.0 - share_of_high) + high * share_of_high;
                for (column, &share) in columns.iter_mut().zip(axis) {
                    if share != 0.0 {
                        column[row] += share * at;
                    }
                }
            }
        }
        let mut drawn = FeatureMatrix::new(self.features.ids().clone());
        for (column, values) in self.features.columns().iter().zip(columns) {
            let values = FeatureValues::Numbers(values);
            drawn = drawn
                .with(FeatureColumn::of(column.name(), values))
                .map_err(SelectError::Features)?;
        }
        match self.features.weights() {
            Some(weights) => drawn.with_weights(weights.to_vec()).map_err(SelectError::Features),
            None => Ok(drawn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize, of: impl Fn(usize) -> [f64; 2]) -> FeatureMatrix {
        let rows: Vec<[f64; 2]> = (0..n).map(of).collect();
        FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap()
    }

    #[test]
    fn even_data_are_one_segment() {
        let mut stream = Stream::new(5, Purpose::Sample, 0);
        let values: Vec<[f64; 2]> =
            (0..200).map(|_| [stream.uniform(), stream.uniform()]).collect();
        let even = matrix(200, |i| values[i]);
        for reference in [Reference::Box, Reference::PrincipalBox] {
            let gaps = GapStatistic::new().range(1..=4).references(20).reference(reference);
            assert_eq!(gaps.measure(&even, &Work::new()).unwrap().chosen, Some(1));
        }
    }

    #[test]
    fn nasty_data_give_no_number_that_is_none() {
        let gaps = GapStatistic::new().range(1..=3).references(3);
        for nasty in [
            matrix(4, |_| [1.0, 1.0]),
            matrix(2, |i| [i as f64, 0.0]),
            matrix(9, |i| [i as f64 * 1e300, -1e-300]),
            matrix(9, |i| [if i % 2 == 0 { 1.5e308 } else { -1.5e308 }, i as f64]),
            matrix(1, |_| [0.0, 0.0]),
        ] {
            for gap in gaps.measure(&nasty, &Work::new()).unwrap().gaps {
                for value in [gap.log_within, gap.expected, gap.gap, gap.standard_error] {
                    assert!(value.is_none_or(f64::is_finite), "{gap:?}");
                }
            }
        }
        assert!(gaps.measure(&matrix(0, |_| [0.0, 0.0]), &Work::new()).is_ok());
    }

    #[test]
    fn parameters_are_checked() {
        assert!(GapStatistic::new().range(0..=3).validate().is_err());
        assert!(GapStatistic::new().references(1).validate().is_err());
        assert!(GapStatistic::new().validate().is_ok());
    }
}
