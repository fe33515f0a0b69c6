//! Spherical k-means: segments of customers who look into the same direction.
//!
//! Rows and centres have length one, so that how much somebody buys does not count, only in which
//! proportions.

use crate::cluster::alternate::{Alternated, Alternation, Geometry, Rows, to_length_one};
use crate::cluster::kmeans::segment_names;
use crate::cluster::points::Points;
use crate::cluster::{Criteria, Membership, SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::units::SegmentId;
use crate::work::Work;

/// Segments of like proportions, by the cosine.
///
/// Choose it over [`KMeans`](crate::cluster::KMeans) for counts or amounts by category, where a small
/// basket and a large one of the same mix belong together. Numbers are taken as they are: centring
/// or standardising them first would change the proportions. A customer whose numbers are all zero
/// has no direction. Weights count as repeated rows.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Segmenter, SphericalKMeans};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// // Bread and wine: the first two buy bread, the last two mostly wine.
/// let rows = [[1.0, 0.0], [50.0, 0.0], [3.0, 4.0], [30.0, 40.0]];
/// let matrix = FeatureMatrix::from_rows(&["bread", "wine"], &rows)?;
/// let model = SphericalKMeans::new(2).fit(&matrix, &Work::new())?;
/// assert_eq!(model.centre(1), [1.0, 0.0]);
/// assert!((model.centre(0)[1] - 0.8).abs() < 1e-15 && model.cost() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Dhillon, I. S. & Modha, D. S. (2001). Concept decompositions for large sparse text data using
/// clustering. *Machine Learning* 42, 143-175.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SphericalKMeans {
    k: usize,
    restarts: usize,
    max_iterations: usize,
    seed: u64,
}

/// Fitted directions.
#[derive(Debug, Clone, PartialEq)]
pub struct SphericalKMeansModel {
    features: Vec<String>,
    k: usize,
    best: Alternated,
    restarts: usize,
}

impl SphericalKMeans {
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
        Alternation { geometry: Geometry::Cosine, k, restarts, max_iterations, seed }
    }
}

impl Segmenter for SphericalKMeans {
    type Model = SphericalKMeansModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::TooFewDistinct`] where fewer customers differ than
    /// segments were asked for; [`SegmentError::NoDirection`] for a customer whose
    /// numbers are all zero; [`SegmentError::Features`] for missing values and
    /// categories; [`SegmentError::TooFar`]; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x features x segments x iterations x restarts.
    fn fit(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<SphericalKMeansModel, SegmentError> {
        self.validate()?;
        work.begin("grouping customers", None)?;
        let rows = directions(&Points::of(features)?)?;
        Ok(SphericalKMeansModel {
            features: features.names(),
            k: self.k,
            best: self.alternation().fit(&rows, work)?,
            restarts: self.restarts,
        })
    }
}

impl SphericalKMeansModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.k
    }

    /// The centre of a segment. Segments stand in the order of their centres.
    pub fn centre(&self, segment: usize) -> &[f64] {
        let d = self.features.len();
        &self.best.centres[segment * d..(segment + 1) * d]
    }

    /// The sum over customers of one less the cosine between them and their centre.
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

impl SegmentModel for SphericalKMeansModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        work.check()?;
        let mine = features.select(&self.features).map_err(SegmentError::Features)?;
        let rows = directions(&Points::of(&mine)?)?;
        let nearest = |row: usize| Geometry::Cosine.nearest(rows.row(row), &self.best.centres).0;
        let hard = (0..rows.n()).map(|row| Some(SegmentId(nearest(row)))).collect();
        let names = segment_names(self.k);
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!(
            "{} by spherical k-means (best of {} starts, found by {})",
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

/// The rows, each of length one.
fn directions(points: &Points<'_>) -> Result<Rows, SegmentError> {
    let mut rows = Rows::of(points);
    match (0..rows.n()).find(|&row| !to_length_one(rows.row_mut(row))) {
        Some(row) => Err(SegmentError::NoDirection { row }),
        None => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    /// The least cost of all partitions of a few rows into two: the cost of a group is its weight
    /// less the length of the sum of its directions.
    fn naive(rows: &[[f64; 2]]) -> f64 {
        let group = |members: &[[f64; 2]]| {
            let sum = members.iter().fold([0.0, 0.0], |sum: [f64; 2], [x, y]| {
                let length = (x * x + y * y).sqrt();
                [sum[0] + x / length, sum[1] + y / length]
            });
            members.len() as f64 - (sum[0] * sum[0] + sum[1] * sum[1]).sqrt()
        };
        (1..(1usize << (rows.len() - 1)))
            .map(|mask| {
                let side = |wanted: usize| -> Vec<[f64; 2]> {
                    let chosen = |row: &usize| mask >> row & 1 == wanted;
                    (0..rows.len()).filter(chosen).map(|row| rows[row]).collect()
                };
                group(&side(0)) + group(&side(1))
            })
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn ten_rows_reach_the_least_cost_of_all_partitions() {
        for seed in 0..20 {
            let mut stream = Stream::new(seed, Purpose::Traits, 0);
            let rows: Vec<[f64; 2]> =
                (0..10).map(|_| std::array::from_fn(|_| 10.0 * stream.uniform() - 5.0)).collect();
            let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap();
            let model = SphericalKMeans::new(2).restarts(100).fit(&matrix, &Work::new()).unwrap();
            let best = naive(&rows);
            assert!((model.cost() - best).abs() < 1e-12, "seed {seed}: {} {best}", model.cost());
        }
    }

    #[test]
    fn how_much_does_not_count_but_by_weight() {
        let rows = [[1.0, 0.1], [0.2, 3.0], [5.0, 1.0], [1.0, 7.0]];
        let scaled = [[1e200, 1e199], [0.2, 3.0], [5e-200, 1e-200], [1.0, 7.0]];
        let of = |rows: &[[f64; 2]]| {
            let matrix = FeatureMatrix::from_rows(&["x", "y"], rows).unwrap();
            SphericalKMeans::new(2).fit(&matrix, &Work::new()).unwrap().cost()
        };
        assert!((of(&rows) - of(&scaled)).abs() < 1e-14);
        let twice = [rows[0], rows[0], rows[1], rows[2], rows[3]];
        let weights = vec![2.0, 1.0, 1.0, 1.0];
        let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap();
        let weighted = matrix.with_weights(weights).unwrap();
        let left = SphericalKMeans::new(2).fit(&weighted, &Work::new()).unwrap().cost();
        assert!((left - of(&twice)).abs() < 1e-14);
    }

    #[test]
    fn nobody_without_a_direction() {
        let matrix = FeatureMatrix::from_rows(&["x"], &[[1.0], [0.0]]).unwrap();
        let error = SphericalKMeans::new(1).fit(&matrix, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::NoDirection { row: 1 }));
        let none = FeatureMatrix::from_rows(&["x"], &[] as &[[f64; 1]]).unwrap();
        let error = SphericalKMeans::new(1).fit(&none, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::NoCustomers));
        assert!(SphericalKMeans::new(0).validate().is_err());
    }
}
