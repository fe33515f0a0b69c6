//! Gaussian mixtures: segments of elliptic shape, by degree.
//!
//! The EM algorithm (Dempster, Laird & Rubin 1977) with expectation and maximisation in one pass
//! over the rows, in standard units, under a floor on the spread of a segment: without the floor
//! the likelihood has no highest value, and a segment that shrinks to a point wins.

use crate::cluster::{SegmentError, Segmenter};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::units::SegmentId;
use crate::work::Work;

mod em;
mod kernel;
mod model;
mod parameters;
#[cfg(test)]
mod reference;
mod start;
mod table;
#[cfg(test)]
mod tests;

pub use model::GaussianMixtureModel;

use em::{Em, Run};
use kernel::Wanted;
use model::Fit;
use parameters::Parameters;
use start::Start;
use table::{Table, Unit};

/// Which shapes the segments of a [`GaussianMixture`] may have.
///
/// The set is closed; `d` is the number of features and `k` the number of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Covariance {
    /// Each segment an ellipsoid of its own, in any direction: `k d (d + 1) / 2` parameters.
    Full,
    /// One ellipsoid for all: `d (d + 1) / 2` parameters.
    Tied,
    /// Each segment an ellipsoid along the axes, features independent within it: `k d` parameters.
    Diagonal,
    /// Each segment a ball, in the units of the features: `k` parameters. The features must be on
    /// comparable scales (see [`Scaling`](crate::features::Scaling)).
    Spherical,
}

impl Covariance {
    /// How many parameters `k` covariances of `d` features have.
    fn n_parameters(self, k: usize, d: usize) -> usize {
        match self {
            Self::Full => k * (d * (d + 1) / 2),
            Self::Tied => d * (d + 1) / 2,
            Self::Diagonal => k * d,
            Self::Spherical => k,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tied => "tied",
            Self::Diagonal => "diagonal",
            Self::Spherical => "spherical",
        }
    }
}

/// A mixture of Gaussian distributions, fitted by the EM algorithm.
///
/// Choose it over [`KMeans`](crate::cluster::KMeans) where segments differ in size and shape, where
/// features go together within a segment, or where the probability that a customer belongs to a
/// segment is needed; and to choose the number of segments by likelihood
/// ([`bic`](GaussianMixtureModel::bic), [`icl`](GaussianMixtureModel::icl)). Weights of the matrix
/// count as repeated rows. All shapes but [`Covariance::Spherical`] give the same segments whatever
/// the features are measured in.
///
/// The fit begins from several starts, each one run of k-means on standardised features (on at most
/// 20,000 customers, drawn at random), and keeps the one of the highest likelihood. Segments stand
/// in the order of their means, by the first feature, then the second, and so on.
///
/// # Singular segments
///
/// A segment that shrinks to a few customers on a line has a likelihood without bound, so its
/// covariance is kept from falling below a floor. With every feature divided by its standard
/// deviation among all customers, no segment's variance is below [`floor`](Self::floor) in any
/// direction, `1e-8` unless set otherwise: a width of a ten-thousandth of the feature's. The floor
/// is a constraint, under which each step still raises the likelihood, and leaves a segment above
/// it untouched; nothing is added to covariances that are sound. Segments at the floor are named by
/// [`singular`](GaussianMixtureModel::singular), and a start without any is preferred to all that
/// have one. Under a floor of zero such a segment is an error.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Covariance, GaussianMixture, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rows: Vec<[f64; 1]> = [-1.0, 1.0, -1.0, 1.0, 97.0, 103.0].map(|x| [x]).to_vec();
/// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
/// let model = GaussianMixture::new(2).covariance(Covariance::Full).fit(&matrix, &Work::new())?;
/// assert!((model.weight(0) - 4.0 / 6.0).abs() < 1e-12);
/// assert!((model.covariance(0)[0][0] - 1.0).abs() < 1e-12);
/// assert!((model.covariance(1)[0][0] - 9.0).abs() < 1e-12);
/// assert_eq!(model.n_parameters(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Dempster, A. P., Laird, N. M. & Rubin, D. B. (1977). Maximum likelihood from incomplete data via
/// the EM algorithm. *Journal of the Royal Statistical Society B* 39, 1-38. Fraley, C. & Raftery,
/// A. E. (2002). Model-based clustering, discriminant analysis, and density estimation. *Journal of
/// the American Statistical Association* 97, 611-631.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture {
    k: usize,
    covariance: Covariance,
    start: Start,
    starts: usize,
    max_iterations: usize,
    tolerance: f64,
    floor: f64,
    seed: u64,
}

impl GaussianMixture {
    /// Asks for `k` segments of full covariance: the best of 5 starts, each until the mean
    /// log-likelihood of a customer moves by less than `1e-6` and at most 1000 iterations, with
    /// seed 0.
    ///
    /// Five, because one start ends in a lower optimum too often, and each takes whole passes. The
    /// tolerance is a thousandth of scikit-learn's: EM creeps, and stops far below its optimum
    /// where the last step may still be large.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            covariance: Covariance::Full,
            start: Start::KMeans,
            starts: 5,
            max_iterations: 1000,
            tolerance: 1e-6,
            floor: 1e-8,
            seed: 0,
        }
    }

    /// The shapes that segments may have.
    #[must_use]
    pub fn covariance(mut self, covariance: Covariance) -> Self {
        self.covariance = covariance;
        self
    }

    /// How many starts by k-means.
    #[must_use]
    pub fn starts(mut self, starts: usize) -> Self {
        self.starts = starts;
        self
    }

    /// Starts once, from these segments, one for each customer; segments keep their numbers.
    #[must_use]
    pub fn start_from_labels(mut self, labels: &[SegmentId]) -> Self {
        self.start = Start::Labels(labels.iter().map(|segment| segment.0).collect());
        self
    }

    /// Starts once, from these means and shares of the customers and, for every segment, the
    /// covariance of all customers; segments keep their numbers.
    #[must_use]
    pub fn start_from_means(mut self, means: &[Vec<f64>], weights: &[f64]) -> Self {
        self.start = Start::Means { means: means.to_vec(), weights: weights.to_vec() };
        self
    }

    /// At most so many maximisations for each start; the one that turns labels into a mixture is
    /// the first.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Stops once the mean log-likelihood of a customer moves by less than this in an iteration. At
    /// zero, only the number of iterations stops the fit.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The least variance of a segment in any direction, as a share of the variance of the features
    /// among all customers.
    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = floor;
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
        let at_least_one =
            [("k", self.k), ("starts", self.starts), ("max_iterations", self.max_iterations)];
        if let Some((name, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" });
        }
        let parameter = |name, value, expected| Err(SegmentError::Param { name, value, expected });
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return parameter("tolerance", self.tolerance, "finite and at least 0");
        }
        if !(self.floor >= 0.0 && self.floor < 1.0) {
            return parameter("floor", self.floor, "at least 0 and less than 1");
        }
        Ok(())
    }

    /// Means and standard deviations of the features; for balls, one width for all features.
    fn units(
        &self,
        table: &Table<'_>,
        names: &[String],
        work: &Work,
    ) -> Result<Vec<Unit>, SegmentError> {
        let mut units = table.units(names, work)?;
        if self.covariance == Covariance::Spherical {
            let widest = units.iter().fold(0.0, |widest: f64, unit| widest.max(unit.width));
            let mut square = 0.0;
            for unit in &units {
                square += (unit.width / widest) * (unit.width / widest);
            }
            let width = widest * (square / units.len() as f64).sqrt();
            units.iter_mut().for_each(|unit| unit.width = width);
        }
        Ok(units)
    }

    /// The runs from all starts.
    fn runs(&self, em: &Em<'_>, work: &Work) -> Result<Vec<Run>, SegmentError> {
        let shape = (self.k, self.covariance);
        match &self.start {
            Start::KMeans => {
                let runs = blocks::map_tasks(self.starts, work, |number| {
                    let wanted = (self.k, self.covariance, self.floor);
                    let start =
                        start::by_kmeans(em.table, em.units, wanted, (self.seed, number), work)?;
                    em.run(start, 0, work)
                })?;
                let mut sound = Vec::with_capacity(runs.len());
                let mut singular = None;
                for run in runs {
                    match run {
                        Ok(run) => sound.push(run.in_order()),
                        Err(error @ SegmentError::Singular { .. }) => singular = Some(error),
                        Err(error) => return Err(error),
                    }
                }
                match singular {
                    Some(error) if sound.is_empty() => Err(error),
                    _ => Ok(sound),
                }
            }
            Start::Labels(labels) => {
                self.check_labels(labels, em.table.n())?;
                let sums = start::sums_of_labels(em.table, em.units, labels, shape, work)?;
                let start = Parameters::from_sums(self.covariance, &sums, self.floor, None)
                    .map_err(|singular| em.error(singular))?;
                Ok(vec![em.run(start, 1, work)?])
            }
            Start::Means { means, weights } => {
                self.check_means(means, weights, em.table.d())?;
                let everybody = vec![0; em.table.n()];
                let all = start::sums_of_labels(
                    em.table,
                    em.units,
                    &everybody,
                    (1, self.covariance),
                    work,
                )?;
                let sums: Vec<parameters::Sums> = means
                    .iter()
                    .zip(weights)
                    .flat_map(|(mean, &weight)| all.iter().map(move |all| (mean, weight, all)))
                    .map(|(mean, weight, all)| {
                        let standard = mean.iter().zip(em.units);
                        parameters::Sums {
                            count: weight,
                            about: standard
                                .map(|(&value, unit)| unit.standard(value, unit.scale()))
                                .collect(),
                            first: vec![0.0; em.table.d()],
                            second: all.second.iter().map(|x| x / all.count * weight).collect(),
                        }
                    })
                    .collect();
                let start = Parameters::from_sums(self.covariance, &sums, self.floor, None)
                    .map_err(|singular| em.error(singular))?;
                Ok(vec![em.run(start, 0, work)?])
            }
        }
    }

    fn check_labels(&self, labels: &[u32], n: usize) -> Result<(), SegmentError> {
        if labels.len() != n {
            let (what, got) = ("the list of labels", labels.len());
            return Err(SegmentError::Length { what, expected: n, got });
        }
        let mut present = vec![false; self.k];
        for (row, &segment) in labels.iter().enumerate() {
            match present.get_mut(segment as usize) {
                Some(present) => *present = true,
                None => {
                    return Err(SegmentError::NoSuchSegment { row, segment, segments: self.k });
                }
            }
        }
        match present.iter().position(|present| !present) {
            Some(absent) => Err(SegmentError::Param {
                name: "labels",
                value: absent as f64,
                expected: "the number of at least one customer's segment, for each from 0 to k - 1",
            }),
            None => Ok(()),
        }
    }

    fn check_means(
        &self,
        means: &[Vec<f64>],
        weights: &[f64],
        d: usize,
    ) -> Result<(), SegmentError> {
        let parameter = |name, value, expected| Err(SegmentError::Param { name, value, expected });
        for (name, got) in [("start means", means.len()), ("start weights", weights.len())] {
            if got != self.k {
                return parameter(name, got as f64, "one for each segment");
            }
        }
        if let Some(mean) = means.iter().find(|mean| mean.len() != d) {
            return parameter("start means", mean.len() as f64, "a number for each feature");
        }
        if let Some(&value) = means.iter().flatten().find(|value| !value.is_finite()) {
            return parameter("start means", value, "finite");
        }
        match weights.iter().find(|&&weight| !(weight > 0.0 && weight <= 1.0)) {
            Some(&value) => parameter("start weights", value, "greater than 0 and at most 1"),
            None => Ok(()),
        }
    }
}

impl Segmenter for GaussianMixture {
    type Model = GaussianMixtureModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::NoCustomers`]; [`SegmentError::TooFewDistinct`]
    /// where fewer customers differ than segments were asked for; [`SegmentError::Constant`] and
    /// [`SegmentError::OutOfRange`] with the column; [`SegmentError::Singular`] under a floor of
    /// zero; [`SegmentError::Length`] and [`SegmentError::NoSuchSegment`] for given labels;
    /// [`SegmentError::Features`] for missing values and categories; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x features² x segments x iterations x starts; without the square
    /// for diagonal and spherical covariances. Memory beside the matrix does not grow with the
    /// customers, but for the 20,000 that the starts look at.
    fn fit(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<GaussianMixtureModel, SegmentError> {
        self.validate()?;
        let table = Table::of(features)?;
        if table.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        if table.d() == 0 {
            let (name, expected) = ("features", "at least one column");
            return Err(SegmentError::Param { name, value: 0.0, expected });
        }
        work.begin("fitting a Gaussian mixture", None)?;
        let names = features.names();
        let units = self.units(&table, &names, work)?;
        let em = Em {
            table: &table,
            units: &units,
            floor: self.floor,
            tolerance: self.tolerance,
            max_iterations: self.max_iterations,
        };
        let runs = self.runs(&em, work)?;
        let (starts, total) = (runs.len(), table.total_weight());
        let hit_tolerance = total * (HIT_TOLERANCES * self.tolerance).max(LEAST_HIT_TOLERANCE);
        let Some((run, hits)) = best(runs, hit_tolerance) else {
            return Err(SegmentError::NoCustomers);
        };
        let placed = em.place(&run.parameters, Wanted::Totals, work)?;
        let starts = if self.start == Start::KMeans { self.starts } else { starts };
        let fit = Fit { entropy: placed.entropy, total, starts, hits };
        Ok(GaussianMixtureModel::new(names, units, run, fit))
    }
}

/// EM creeps towards its optimum, so two starts stop apart from each other by some steps that were
/// too small to go on for.
const HIT_TOLERANCES: f64 = 100.0;
/// Mean log-likelihoods nearer than this are the same but for rounding.
const LEAST_HIT_TOLERANCE: f64 = 1e-9;

/// The run of the highest likelihood, of those without a singular segment if there are any, and how
/// many such came as high.
fn best(runs: Vec<Run>, tolerance: f64) -> Option<(Run, usize)> {
    let sound = runs.iter().any(|run| !run.is_singular());
    let eligible = |run: &&Run| !(sound && run.is_singular());
    let highest = runs
        .iter()
        .filter(eligible)
        .fold(f64::NEG_INFINITY, |highest, run| highest.max(run.log_likelihood));
    let hits = runs
        .iter()
        .filter(eligible)
        .filter(|run| run.log_likelihood >= highest - tolerance)
        .count();
    let run = runs
        .into_iter()
        .find(|run| !(sound && run.is_singular()) && run.log_likelihood == highest)?;
    Some((run, hits))
}
