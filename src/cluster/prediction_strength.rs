//! How many segments the data support: as many as one half of the customers can predict for the
//! other.
//!
//! An index that always has a best k always finds segments, also in noise. Prediction strength asks
//! whether the segments of one half of the customers are those of the other half, and may answer
//! that there are none.

use std::ops::RangeInclusive;

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::lloyd::place;
use crate::cluster::points::Points;
use crate::cluster::{
    Criteria, KMeans, KMeansModel, Scorer, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::units::SegmentId;
use crate::work::Work;

/// K-means with the number of segments chosen by prediction strength.
///
/// Customers are split into halves, both halves are grouped, and one half is placed by the centres
/// of the other. The strength of k is, for the worst of the segments, the share of pairs of members
/// that stay together, averaged over ten random splits and both directions. The largest k of at
/// least 0.8 is chosen, and one segment where none is. Above 10,000 customers a random sample of so
/// many decides on k; the fit is on all.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{PredictionStrength, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rows: Vec<[f64; 1]> = (0..60).map(|i| [f64::from(i % 3) * 10.0 + f64::from(i) * 0.01]).collect();
/// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
/// let model = PredictionStrength::new().fit(&matrix, &Work::new())?;
/// assert_eq!(model.n_segments(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Tibshirani, R. & Walther, G. (2005). Cluster validation by prediction strength. *Journal of
/// Computational and Graphical Statistics* 14, 511-528.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionStrength {
    range: RangeInclusive<usize>,
    threshold: f64,
    splits: usize,
    seed: u64,
}

/// The strength of a number of segments.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Strength {
    /// The number of segments.
    pub k: usize,
    /// Their prediction strength, from 0 to 1. `None` where a half of the customers does not have
    /// so many that differ.
    pub strength: Option<f64>,
}

/// A fitted [`KMeansModel`] and why it has so many segments.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenKMeans {
    model: KMeansModel,
    strengths: Vec<Strength>,
}

/// Rows that decide on k at most.
const SAMPLE: usize = 10_000;
/// Starts for each half; the halves are many, and a poor start of one only lowers the strength a
/// little. Each start is carried to an optimum that no single move betters.
const HALF_RESTARTS: usize = 3;

impl Default for PredictionStrength {
    fn default() -> Self {
        Self { range: 2..=8, threshold: 0.8, splits: 10, seed: 0 }
    }
}

impl PredictionStrength {
    /// From two to eight segments, strength at least 0.8 (the authors' cut), ten splits, seed 0.
    ///
    /// Eight, because few companies can treat more groups differently.
    pub fn new() -> Self {
        Self::default()
    }

    /// The numbers of segments to try.
    #[must_use]
    pub fn range(mut self, range: RangeInclusive<usize>) -> Self {
        self.range = range;
        self
    }

    /// The least strength that counts as support.
    #[must_use]
    pub fn threshold(mut self, strength: f64) -> Self {
        self.threshold = strength;
        self
    }

    /// The seed of the random streams, for the splits and the fit.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`].
    pub fn validate(&self) -> Result<(), SegmentError> {
        if *self.range.start() < 2 || self.range.is_empty() {
            let value = *self.range.start() as f64;
            return Err(SegmentError::Param {
                name: "range",
                value,
                expected: "from at least 2, and not empty",
            });
        }
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            let value = self.threshold;
            return Err(SegmentError::Param {
                name: "threshold",
                value,
                expected: "greater than 0 and at most 1",
            });
        }
        Ok(())
    }

    fn strengths(&self, rows: &Points<'_>, work: &Work) -> Result<Vec<Strength>, SegmentError> {
        let mut order: Vec<usize> = (0..rows.n()).collect();
        if order.len() > SAMPLE {
            Stream::new(self.seed, Purpose::Sample, 0).shuffle(&mut order);
            order.truncate(SAMPLE);
            order.sort_unstable();
        }
        let ks: Vec<usize> = self.range.clone().collect();
        let tasks = ks.len() * self.splits;
        work.begin("choosing the number of segments", Some(tasks as u64))?;
        let both = blocks::map_tasks(tasks, work, |task| {
            let (k, split) = (ks[task / self.splits], task % self.splits);
            let mut order = order.clone();
            Stream::new(self.seed, Purpose::Halves, split as u64).shuffle(&mut order);
            let (left, right) = order.split_at(order.len() / 2);
            self.both_ways(&rows.rows(left), &rows.rows(right), k, work)
        })?;
        let both = both.into_iter().collect::<Result<Vec<Option<f64>>, SegmentError>>()?;
        let mean = |splits: &[Option<f64>]| {
            let known: Option<Vec<f64>> = splits.iter().copied().collect();
            known.map(|known| blocks::sum(known.len(), |i| known[i]) / known.len() as f64)
        };
        Ok(ks
            .iter()
            .zip(both.chunks(self.splits))
            .map(|(&k, splits)| Strength { k, strength: mean(splits) })
            .collect())
    }

    /// The mean of predicting the right half by the left and the left by the right; `None` where a
    /// half is too small.
    fn both_ways(
        &self,
        left: &Points<'_>,
        right: &Points<'_>,
        k: usize,
        work: &Work,
    ) -> Result<Option<f64>, SegmentError> {
        let method = KMeans::new(k).restarts(HALF_RESTARTS).seed(self.seed);
        let fit = |half| match method.fit_dense(half, work) {
            Ok(best) => Ok(Some(best.run)),
            Err(SegmentError::TooFewDistinct { .. } | SegmentError::NoCustomers) => Ok(None),
            Err(error) => Err(error),
        };
        let (Some(l), Some(r)) = (fit(left)?, fit(right)?) else { return Ok(None) };
        let forward = strength(right, &r.labels, &l.centres, work)?;
        let backward = strength(left, &l.labels, &r.centres, work)?;
        Ok(Some(0.5 * (forward + backward)))
    }
}

/// How well centres found on other customers predict the segments of these: for the worst segment,
/// the share of pairs of its members that the centres put together.
///
/// One where every segment stays together, near zero where one is torn apart. A segment of one has
/// no pairs and counts as predicted. `labels[i]` is the segment of customer `i` of `features`,
/// found without `by`.
///
/// # Errors
///
/// [`SegmentError::Length`] where there is not one label per customer,
/// [`SegmentError::NoSuchSegment`] where a label is beyond the number of centres, and
/// [`SegmentError::Features`].
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMeans, Segmenter, prediction_strength};
/// use segmentry::{features::FeatureMatrix, units::SegmentId, work::Work};
///
/// let train = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [9.0], [10.0]])?;
/// let test = FeatureMatrix::from_rows(&["x"], &[[0.5], [0.6], [9.4], [9.5], [1.5]])?;
/// let model = KMeans::new(2).fit(&train, &Work::new())?;
/// // The last of the second group's three lies with the other: of its six ordered pairs two stay together.
/// let labels = [0, 0, 1, 1, 1].map(SegmentId);
/// assert_eq!(prediction_strength(&test, &labels, &model)?, 2.0 / 6.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prediction_strength(
    features: &FeatureMatrix,
    labels: &[SegmentId],
    by: &KMeansModel,
) -> Result<f64, SegmentError> {
    let rows = Points::of(features)?;
    if labels.len() != rows.n() {
        return Err(SegmentError::Length {
            what: "the list of labels",
            expected: rows.n(),
            got: labels.len(),
        });
    }
    if rows.d() != by.centres().d() {
        return Err(SegmentError::OtherFeatures { expected: by.centres().d(), got: rows.d() });
    }
    let segments = by.n_segments();
    match labels.iter().position(|label| label.index() >= segments) {
        Some(row) => Err(SegmentError::NoSuchSegment { row, segment: labels[row].0, segments }),
        None => {
            let labels: Vec<u32> = labels.iter().map(|label| label.0).collect();
            strength(&rows, &labels, by.centres(), &Work::new())
        }
    }
}

fn strength(
    rows: &Points<'_>,
    labels: &[u32],
    centres: &Centres,
    work: &Work,
) -> Result<f64, SegmentError> {
    let k = centres.k();
    let mut together = vec![0u64; k * k];
    let (placed, _) = place(rows, centres, work)?;
    for (&label, there) in labels.iter().zip(placed) {
        together[label as usize * k + there as usize] += 1;
    }
    let pairs = |n: u64| (n * n.saturating_sub(1)) as f64;
    let share = |counts: &[u64]| {
        let all = pairs(counts.iter().sum());
        if all == 0.0 { 1.0 } else { counts.iter().map(|&n| pairs(n)).sum::<f64>() / all }
    };
    Ok(together.chunks(k).map(share).fold(1.0, f64::min))
}

impl Segmenter for PredictionStrength {
    type Model = ChosenKMeans;

    /// # Errors
    ///
    /// As [`KMeans`]; fewer different customers than segments is no error here, but a reason for
    /// fewer segments.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<ChosenKMeans, SegmentError> {
        self.validate()?;
        let rows = Points::of(features)?;
        let strengths = self.strengths(&rows, work)?;
        let supported =
            |s: &&Strength| s.strength.is_some_and(|strength| strength >= self.threshold);
        let k = strengths.iter().rev().find(supported).map_or(1, |s| s.k);
        let model = KMeans::new(k).seed(self.seed).fit(features, work)?;
        Ok(ChosenKMeans { model, strengths })
    }
}

impl ChosenKMeans {
    /// The fitted model.
    pub fn model(&self) -> &KMeansModel {
        &self.model
    }

    /// How many segments were chosen.
    pub fn n_segments(&self) -> usize {
        self.model.n_segments()
    }

    /// The strength of each number of segments that was tried.
    pub fn strengths(&self) -> &[Strength] {
        &self.strengths
    }
}

impl SegmentModel for ChosenKMeans {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        self.model.assign(features, work)
    }

    fn story(&self) -> String {
        let tried: Vec<String> = self
            .strengths
            .iter()
            .map(|s| match s.strength {
                Some(strength) => format!("k={} {strength:.2}", s.k),
                None => format!("k={} -", s.k),
            })
            .collect();
        format!("{}; prediction strength {}", self.model.story(), tried.join(", "))
    }

    fn scorer(&self) -> Option<Scorer> {
        self.model.scorer()
    }

    fn criteria(&self) -> Criteria {
        self.model.criteria()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_no_segments() {
        let mut stream = Stream::new(3, Purpose::Restart, 0);
        let rows: Vec<[f64; 5]> =
            (0..400).map(|_| std::array::from_fn(|_| stream.normal())).collect();
        let matrix = FeatureMatrix::from_rows(&["a", "b", "c", "d", "e"], &rows).unwrap();
        let model = PredictionStrength::new().fit(&matrix, &Work::new()).unwrap();
        assert_eq!(model.n_segments(), 1, "{:?}", model.strengths());
    }

    #[test]
    fn a_handful_of_customers_is_one_segment() {
        for n in 1..4 {
            let rows: Vec<[f64; 1]> = (0..n).map(|i| [f64::from(i)]).collect();
            let matrix = FeatureMatrix::from_rows(&["a"], &rows).unwrap();
            let model = PredictionStrength::new().fit(&matrix, &Work::new()).unwrap();
            assert_eq!(model.n_segments(), 1);
        }
    }

    #[test]
    fn parameters_are_checked() {
        assert!(PredictionStrength::new().range(1..=3).validate().is_err());
        assert!(PredictionStrength::new().threshold(f64::NAN).validate().is_err());
        #[allow(clippy::reversed_empty_ranges)]
        let empty = 5..=3;
        assert!(PredictionStrength::new().range(empty).validate().is_err());
    }
}
