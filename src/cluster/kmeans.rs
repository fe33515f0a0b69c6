//! K-means: segments around centres.
//!
//! Starts by k-means++ (Arthur & Vassilvitskii 2007), Lloyd's iteration until nobody changes place,
//! an exchange of single customers (Hartigan & Wong 1979), and recombination of the optima found
//! (Gribel & Vidal 2019), because the quality of the optimum is the first thing that a segmentation
//! stands on. Sums run over fixed blocks of rows in block order, and every start draws from a stream
//! of its own, so the result has the same bits on any number of threads.

mod bounds;
pub(crate) mod centres;
mod empty;
mod exchange;
pub(crate) mod lloyd;
mod nearest;
mod packs;
mod recombine;
mod report;
mod rounds;
mod saved;
pub(crate) mod search;
mod seeding;
mod sift;
mod sums;

pub use empty::EmptyCluster;
pub use report::{NextBest, SearchReport};

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::lloyd::segments;
use crate::cluster::kmeans::search::Best;
use crate::cluster::points::Points;
use crate::cluster::{
    Criteria, Scorer, ScoringRule, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::FeatureMatrix;
use crate::work::Work;

/// K-means that looks for the best optimum there is.
///
/// Choose it for numbers on comparable scales (see [`Scaling`](crate::features::Scaling)), for
/// answers of yes and no, and for segments of roughly round shape. Weights of the matrix count as
/// repeated rows.
///
/// How thoroughly is searched depends on the size of the data alone. By default the search ends when
/// three of four rounds of recombination came to the best optimum, on larger data when independent
/// starts hit it three times, or when the [`budget`](Self::budget) is spent.
/// [`KMeansModel::search`] tells how often the best optimum was hit and how far the next best lie
/// from it.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMeans, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
/// let model = KMeans::new(2).seed(7).fit(&matrix, &Work::new())?;
/// assert_eq!(model.centre(0), [0.5]);
/// assert_eq!(model.inertia(), 0.5 + 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Lloyd, S. P. (1982). Least squares quantization in PCM. *IEEE Transactions on Information
/// Theory* 28, 129-137. Arthur, D. & Vassilvitskii, S. (2007). k-means++: the advantages of careful
/// seeding. *SODA*, 1027-1035. Hartigan, J. A. & Wong, M. A. (1979). A k-means clustering algorithm.
/// *Applied Statistics* 28, 100-108. Gribel, D. & Vidal, T. (2019). HG-means: a scalable hybrid
/// genetic algorithm for minimum sum-of-squares clustering. *Pattern Recognition* 88, 569-583.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    k: usize,
    start: Option<Vec<Vec<f64>>>,
    restarts: Option<usize>,
    budget: u64,
    max_iterations: usize,
    empty: EmptyCluster,
    seed: u64,
}

/// Fitted centres.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansModel {
    features: Vec<String>,
    centres: Centres,
    inertia: f64,
    iterations: usize,
    converged: bool,
    search: SearchReport,
}

impl KMeans {
    /// Asks for `k` segments, with a budget of 4,000,000,000, at most 300 iterations a start, and
    /// seed 0.
    ///
    /// On 1,453 people and 11 items of a survey a search ends well before the budget is spent.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            start: None,
            restarts: None,
            budget: 4_000_000_000,
            max_iterations: 300,
            empty: EmptyCluster::default(),
            seed: 0,
        }
    }

    /// Just so many independent starts, and no recombination, instead of a search until the best
    /// optimum was hit three times.
    #[must_use]
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = Some(restarts);
        self
    }

    /// The work after which the search ends though the best optimum was hit less than three times:
    /// the sum of customers who differ x segments x features over all passes. Three starts are made
    /// whatever they cost; what has begun is carried to its end.
    #[must_use]
    pub fn budget(mut self, budget: u64) -> Self {
        self.budget = budget;
        self
    }

    /// Starts from these centres, one row each in the order of the features, instead of drawing
    /// any; there is then one start, whatever [`restarts`](Self::restarts) says, and Lloyd's
    /// iteration alone.
    ///
    /// ```
    /// use segmentry::cluster::{KMeans, Segmenter};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
    /// let model = KMeans::new(2).start(&[[0.0], [1.0]]).fit(&matrix, &Work::new())?;
    /// assert_eq!((model.centre(1), model.iterations()), ([11.0].as_slice(), 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn start<R: AsRef<[f64]>>(mut self, centres: &[R]) -> Self {
        self.start = Some(centres.iter().map(|centre| centre.as_ref().to_vec()).collect());
        self
    }

    /// What becomes of a segment that loses its last customer while the centres are sought. With
    /// anything but [`EmptyCluster::Relocate`] there is no recombination.
    #[must_use]
    pub fn empty_clusters(mut self, policy: EmptyCluster) -> Self {
        self.empty = policy;
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
        let restarts = self.restarts.unwrap_or(1);
        let at_least_one =
            [("k", self.k), ("restarts", restarts), ("max_iterations", self.max_iterations)];
        match at_least_one.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => {
                Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" })
            }
            None => Ok(()),
        }
    }
}

impl Segmenter for KMeans {
    type Model = KMeansModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::TooFewDistinct`] where fewer customers differ than
    /// segments were asked for; [`SegmentError::Features`] for missing values and categories;
    /// [`SegmentError::TooFar`]; [`SegmentError::EmptySegment`] where the policy is to fail;
    /// [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers who differ x features x segments x iterations x starts; see
    /// [`budget`](KMeans::budget).
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<KMeansModel, SegmentError> {
        let rows = Points::of(features)?;
        work.begin("grouping customers", None)?;
        Ok(KMeansModel::of(self.fit_dense(&rows, work)?, features.names()))
    }
}

impl KMeansModel {
    pub(crate) fn of(best: Best, features: Vec<String>) -> Self {
        let Best { run, search } = best;
        Self {
            features,
            centres: run.centres,
            inertia: run.inertia,
            iterations: run.iterations,
            converged: run.converged,
            search,
        }
    }

    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.centres.k()
    }

    /// The centre of a segment, in the units of the features. Segments stand in the order of their
    /// centres.
    pub fn centre(&self, segment: usize) -> &[f64] {
        self.centres.of(segment)
    }

    pub(crate) fn centres(&self) -> &Centres {
        &self.centres
    }

    /// The sum of squared distances of the customers to their centres.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// Iterations of the best start.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the best start ended because nobody changed place any more.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// How many of the starts found the best optimum. A low share means that the seed decides.
    pub fn hits(&self) -> usize {
        self.search.hits()
    }

    /// How the optimum was found.
    pub fn search(&self) -> &SearchReport {
        &self.search
    }
}

impl SegmentModel for KMeansModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let rows = Points::of_columns(features, &self.features)?;
        let hard = segments(&rows, &self.centres, work)?;
        let names = segment_names(self.n_segments());
        let segmentation = Segmentation::placed(features.ids().clone(), names, hard);
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!("{} by k-means ({})", self.n_segments(), self.search.story())
    }

    fn scorer(&self) -> Option<Scorer> {
        let k = self.n_segments();
        let centres = (0..k).map(|segment| self.centre(segment).to_vec()).collect();
        let rule = ScoringRule::NearestCentre { centres };
        Scorer::new(self.features.clone(), segment_names(k), rule).ok()
    }

    fn criteria(&self) -> Criteria {
        Criteria {
            inertia: Some(self.inertia),
            starts: Some(self.search.starts()),
            hits: Some(self.search.hits()),
            distinct_optima: Some(self.search.distinct_optima()),
            converged: Some(self.converged),
            ..Criteria::default()
        }
    }
}

/// Names of segments that have none.
pub(crate) fn segment_names(k: usize) -> Vec<String> {
    (1..=k).map(|number| format!("Segment {number}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::kmeans::centres::squared_distance;
    use crate::cluster::kmeans::lloyd::lloyd;
    use crate::num::random::{Purpose, Stream};

    fn matrix(rows: &[[f64; 2]]) -> FeatureMatrix {
        FeatureMatrix::from_rows(&["x", "y"], rows).unwrap()
    }

    fn blobs(n: usize) -> Vec<[f64; 2]> {
        let mut stream = Stream::new(11, Purpose::Restart, 0);
        let centre = [[0.0, 0.0], [8.0, 1.0], [3.0, 9.0]];
        (0..n)
            .map(|i| {
                let [x, y] = centre[i % 3];
                [x + stream.normal(), y + stream.normal()]
            })
            .collect()
    }

    #[test]
    fn finds_blobs_and_places_its_own_rows_where_they_were() {
        let matrix = matrix(&blobs(300));
        let model = KMeans::new(3).fit(&matrix, &Work::new()).unwrap();
        let seg = model.assign(&matrix, &Work::new()).unwrap();
        let partition = seg.partition().unwrap();
        let wrong = (0..300).filter(|&i| partition[i] != partition[i % 3]).count();
        assert!(wrong <= 2, "{wrong}");
        assert!(model.converged() && model.hits() > 10);
        assert_eq!(seg.basis(), ["x", "y"]);
    }

    #[test]
    fn the_inertia_is_the_sum_of_squared_distances() {
        let rows = blobs(120);
        let matrix = matrix(&rows);
        let model = KMeans::new(4).fit(&matrix, &Work::new()).unwrap();
        let labels = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let naive: f64 = rows
            .iter()
            .zip(&labels)
            .map(|(row, s)| squared_distance(row, model.centre(s.index())))
            .sum();
        assert!((naive - model.inertia()).abs() < 1e-10 * naive);
    }

    #[test]
    fn no_segment_is_empty_even_where_seeds_coincide() {
        // All but three rows are equal: a start among them leaves segments without members.
        let mut rows = vec![[0.0, 0.0]; 50];
        rows.extend([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]);
        let matrix = matrix(&rows);
        let same = Centres { values: vec![0.0; 8], k: 4, d: 2 };
        let run = lloyd(&Points::of(&matrix).unwrap(), same, 100, &Work::new()).unwrap();
        for segment in 0..4 {
            assert!(run.labels.contains(&segment), "{segment}");
        }
        assert_eq!(run.inertia, 0.0);
    }

    #[test]
    fn a_weight_is_a_repeated_row() {
        let rows = blobs(60);
        let weights: Vec<f64> = (0..60).map(|i| f64::from(i % 3 + 1)).collect();
        let repeated: Vec<[f64; 2]> =
            rows.iter().zip(&weights).flat_map(|(row, &w)| vec![*row; w as usize]).collect();
        let weighted = matrix(&rows).with_weights(weights).unwrap();
        let left = KMeans::new(3).fit(&weighted, &Work::new()).unwrap();
        let right = KMeans::new(3).fit(&matrix(&repeated), &Work::new()).unwrap();
        assert!((left.inertia() - right.inertia()).abs() < 1e-9 * right.inertia());
    }

    #[test]
    fn impossible_requests_are_typed() {
        let same = matrix(&[[1.0, 1.0]; 5]);
        let error = KMeans::new(2).fit(&same, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::TooFewDistinct { k: 2, distinct: 1 }));
        assert!(matches!(KMeans::new(0).validate(), Err(SegmentError::Param { name: "k", .. })));
        assert!(matches!(
            KMeans::new(1).restarts(0).validate(),
            Err(SegmentError::Param { name: "restarts", .. })
        ));
        // Without a feature all customers are alike.
        let nothing = FeatureMatrix::new(crate::units::CustomerIds::numbered(3).unwrap());
        assert_eq!(KMeans::new(1).fit(&nothing, &Work::new()).unwrap().n_segments(), 1);
        assert!(matches!(
            KMeans::new(2).fit(&nothing, &Work::new()),
            Err(SegmentError::TooFewDistinct { .. })
        ));
        let nobody = matrix(&[]);
        assert!(matches!(
            KMeans::new(1).fit(&nobody, &Work::new()),
            Err(SegmentError::NoCustomers)
        ));
        assert_eq!(KMeans::new(1).fit(&same, &Work::new()).unwrap().inertia(), 0.0);
    }

    #[test]
    fn a_cancelled_fit_stops() {
        let work = Work::new();
        work.canceller().cancel();
        assert!(matches!(
            KMeans::new(2).fit(&matrix(&blobs(30)), &work),
            Err(SegmentError::Cancelled(_))
        ));
    }
}
