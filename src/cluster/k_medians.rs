//! K-medians: segments around medians, for numbers with a few that lie far out.
//!
//! Placing by the sum of absolute differences and centring by the median take turns, from several
//! starts; the median of weights is that of repeated rows.

use crate::cluster::alternate::{Alternated, Alternation, Geometry, Rows};
use crate::cluster::kmeans::segment_names;
use crate::cluster::points::Points;
use crate::cluster::{Criteria, Membership, SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::units::SegmentId;
use crate::work::Work;

/// Segments around medians, by sums of absolute differences.
///
/// Choose it over [`KMeans`](crate::cluster::KMeans) where single customers with extreme numbers must
/// not draw a centre to themselves, or where a typical customer is wanted as the centre: a median of
/// yes/no answers is yes or no. Weights count as repeated rows.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMedians, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rows = [[0.0], [1.0], [2.0], [10.0], [11.0], [16.0]];
/// let matrix = FeatureMatrix::from_rows(&["spend"], &rows)?;
/// let model = KMedians::new(2).fit(&matrix, &Work::new())?;
/// assert_eq!((model.centre(0), model.centre(1)), ([1.0].as_slice(), [11.0].as_slice()));
/// assert_eq!(model.cost(), 2.0 + 6.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Bradley, P. S., Mangasarian, O. L. & Street, W. N. (1997). Clustering via concave minimization.
/// *Advances in Neural Information Processing Systems* 9, 368-374.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KMedians {
    k: usize,
    restarts: usize,
    max_iterations: usize,
    seed: u64,
}

/// Fitted medians.
#[derive(Debug, Clone, PartialEq)]
pub struct KMediansModel {
    features: Vec<String>,
    k: usize,
    best: Alternated,
    restarts: usize,
}

impl KMedians {
    /// Asks for `k` segments: the best of 20 starts, each of at most 300 iterations, with seed 0.
    pub fn new(k: usize) -> Self {
        Self { k, restarts: 20, max_iterations: 300, seed: 0 }
    }

    /// How many starts.
    #[must_use]
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// At most so many iterations for each start.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// The seed of the random streams.
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
        self.alternation().validate()
    }

    fn alternation(&self) -> Alternation {
        let Self { k, restarts, max_iterations, seed } = *self;
        Alternation { geometry: Geometry::Taxicab, k, restarts, max_iterations, seed }
    }
}

impl Segmenter for KMedians {
    type Model = KMediansModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::TooFewDistinct`] where fewer customers differ than
    /// segments were asked for; [`SegmentError::Features`] for missing values and
    /// categories; [`SegmentError::TooFar`]; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x features x segments x iterations x restarts.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<KMediansModel, SegmentError> {
        self.validate()?;
        work.begin("grouping customers", None)?;
        let rows = Rows::of(&Points::of(features)?);
        Ok(KMediansModel {
            features: features.names(),
            k: self.k,
            best: self.alternation().fit(&rows, work)?,
            restarts: self.restarts,
        })
    }
}

impl KMediansModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.k
    }

    /// The centre of a segment. Segments stand in the order of their centres.
    pub fn centre(&self, segment: usize) -> &[f64] {
        let d = self.features.len();
        &self.best.centres[segment * d..(segment + 1) * d]
    }

    /// The sum of absolute differences of the customers from their centres.
    pub fn cost(&self) -> f64 {
        self.best.cost
    }

    /// Iterations of the best start.
    pub fn iterations(&self) -> usize {
        self.best.iterations
    }

    /// Whether the best start ended because nobody changed place any more.
    pub fn converged(&self) -> bool {
        self.best.converged
    }

    /// How many of the starts came to the best optimum.
    pub fn hits(&self) -> usize {
        self.best.hits
    }
}

impl SegmentModel for KMediansModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        work.check()?;
        let mine = features.select(&self.features).map_err(SegmentError::Features)?;
        let rows = Rows::of(&Points::of(&mine)?);
        let nearest = |row: usize| Geometry::Taxicab.nearest(rows.row(row), &self.best.centres).0;
        let hard = (0..rows.n()).map(|row| Some(SegmentId(nearest(row)))).collect();
        let names = segment_names(self.k);
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!(
            "{} by k-medians (best of {} starts, found by {})",
            self.k, self.restarts, self.best.hits
        )
    }

    fn criteria(&self) -> Criteria {
        Criteria {
            starts: Some(self.restarts),
            hits: Some(self.best.hits),
            converged: Some(self.best.converged),
            ..Criteria::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    /// Every partition of a few rows into two, by brute force.
    fn naive(rows: &[[f64; 2]]) -> f64 {
        let n = rows.len();
        let cost = |members: &[&[f64; 2]]| -> f64 {
            (0..2)
                .map(|place| {
                    let mut column: Vec<f64> = members.iter().map(|row| row[place]).collect();
                    column.sort_by(f64::total_cmp);
                    let median = column[(column.len() - 1) / 2];
                    column.iter().map(|value| (value - median).abs()).sum::<f64>()
                })
                .sum()
        };
        (1..(1 << (n - 1)))
            .map(|mask: usize| {
                let (one, other): (Vec<_>, Vec<_>) =
                    rows.iter().enumerate().partition(|(row, _)| mask >> row & 1 == 1);
                let take = |side: Vec<(usize, _)>| side.into_iter().map(|(_, row)| row).collect();
                let (one, other): (Vec<&[f64; 2]>, Vec<&[f64; 2]>) = (take(one), take(other));
                cost(&one) + cost(&other)
            })
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn ten_rows_reach_the_least_cost_of_all_partitions() {
        for seed in 0..20 {
            let mut stream = Stream::new(seed, Purpose::Traits, 0);
            let rows: Vec<[f64; 2]> =
                (0..10).map(|_| std::array::from_fn(|_| stream.below(20) as f64)).collect();
            let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap();
            let model = KMedians::new(2).restarts(200).fit(&matrix, &Work::new()).unwrap();
            assert_eq!(model.cost(), naive(&rows), "seed {seed}");
        }
    }

    #[test]
    fn a_weight_is_a_repeated_row_and_training_rows_keep_their_segments() {
        let rows = [[0.0], [1.0], [5.0], [6.0], [7.0], [30.0]];
        let weights = vec![1.0, 3.0, 2.0, 1.0, 2.0, 1.0];
        let repeated: Vec<[f64; 1]> =
            rows.iter().zip(&weights).flat_map(|(row, &w)| vec![*row; w as usize]).collect();
        let of = |matrix: FeatureMatrix| KMedians::new(3).fit(&matrix, &Work::new()).unwrap();
        let weighted = FeatureMatrix::from_rows(&["x"], &rows).unwrap().with_weights(weights);
        let left = of(weighted.unwrap());
        let right = of(FeatureMatrix::from_rows(&["x"], &repeated).unwrap());
        assert_eq!((left.cost(), &left.best.centres), (right.cost(), &right.best.centres));
    }

    #[test]
    fn impossible_requests_are_typed() {
        let of = |rows: &[[f64; 1]], k| {
            let matrix = FeatureMatrix::from_rows(&["x"], rows).unwrap();
            KMedians::new(k).fit(&matrix, &Work::new())
        };
        assert!(matches!(of(&[], 1), Err(SegmentError::NoCustomers)));
        assert!(matches!(of(&[[1.0]; 3], 2), Err(SegmentError::TooFewDistinct { .. })));
        assert!(matches!(of(&[[1.0]], 0), Err(SegmentError::Param { name: "k", .. })));
        assert!(matches!(of(&[[1e308], [-1e308], [1.7e308]], 1), Err(SegmentError::TooFar)));
        assert_eq!(of(&[[1e-300], [2e-300]], 1).unwrap().cost(), 1e-300);
    }
}
