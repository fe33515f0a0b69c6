//! Latent classes: segments behind yes/no, ordered and categorical answers.
//!
//! Answers are taken to be independent within a class (local independence), so that whatever goes
//! together does so because of the classes. Maximum likelihood by the EM algorithm on patterns of
//! answers, from many starts, since the likelihood has many local optima.

mod climb;
mod expect;
mod items;
mod model;
mod patterns;
mod point;
mod posterior;
mod search;
mod standard_errors;
#[cfg(test)]
mod tests;
mod three_step;

pub use items::NewLevels;
pub use model::{InformationCriteria, LatentClassModel};
pub use search::Starts;
pub use standard_errors::LatentClassErrors;
pub use three_step::{Assignment, ClassLogit, ClassMean, Classification, Correction, LogitTerm};

use climb::{Limits, Slope};
use items::{Item, Packed};
use patterns::Patterns;
use search::{Found, Search};

use crate::cluster::{SegmentError, Segmenter};
use crate::features::FeatureMatrix;
use crate::work::{Cancelled, Work};

/// Latent class analysis of answers.
///
/// Choose it for surveys: yes/no items, categories, and ordered answers with few levels. **The
/// order of ordered answers is not used**: they are taken as categories, which costs a probability
/// for each level and needs no assumption of equal distances. Columns of numbers are refused.
/// Items that a customer did not answer are skipped, which is right where they are missing at
/// random; whoever answered nothing takes no part in the fit and is placed by the sizes of the
/// classes. Weights of the matrix count as repeated rows.
///
/// ```text
/// ln L = Σ w ln Σ_c size(c) Π_items probability(c, item, answer)
/// ```
///
/// No item probability is estimated below 1e-12, so that no later answer rules a class out. Classes
/// stand in the order of their size, the largest first.
///
/// # Example
///
/// Four situations in which 216 students chose between a friend and a rule, and how many chose what
/// (Stouffer & Toby 1951). For two classes the literature has the log-likelihood -504.4677.
///
/// ```
/// use segmentry::cluster::{LatentClasses, Segmenter};
/// use segmentry::features::{FeatureColumn, FeatureMatrix};
/// use segmentry::units::CustomerIds;
/// use segmentry::work::Work;
///
/// let counts = [20, 2, 9, 2, 6, 1, 4, 1, 38, 7, 24, 6, 25, 6, 23, 42].map(f64::from);
/// let mut choices = FeatureMatrix::new(CustomerIds::numbered(16)?).with_weights(counts.to_vec())?;
/// for (name, bit) in [("A", 8), ("B", 4), ("C", 2), ("D", 1)] {
///     let chosen = (0..16).map(|cell| cell & bit != 0).collect();
///     choices = choices.with(FeatureColumn::yes_no(name, chosen))?;
/// }
/// let model = LatentClasses::new(2).fit(&choices, &Work::new())?;
/// assert!((model.log_likelihood() + 504.4677).abs() < 1e-4);
/// assert_eq!((model.parameters(), model.n_customers()), (9, 216.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Lazarsfeld, P. F. & Henry, N. W. (1968). *Latent Structure Analysis*. Goodman, L. A. (1974).
/// Exploratory latent structure analysis using both identifiable and unidentifiable models.
/// *Biometrika* 61, 215-231. Varadhan, R. & Roland, C. (2008). Simple and globally convergent
/// methods for accelerating the convergence of any EM algorithm. *Scandinavian Journal of
/// Statistics* 35, 335-353.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentClasses {
    k: usize,
    starts: Starts,
    max_steps: usize,
    tolerance: f64,
    acceleration: Acceleration,
    new_levels: NewLevels,
    seed: u64,
}

/// How the EM algorithm goes on from its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acceleration {
    /// By squared extrapolation, taken only where the likelihood does not fall.
    Squarem,
    /// Not at all: plain steps, to compare with other programs.
    None,
}

/// More classes than this are refused: nobody reads them, and the kernel has no lanes for them.
const MOST_CLASSES: usize = 32;

impl LatentClasses {
    /// Asks for `k` classes: adaptive starts, at most 20,000 EM steps for each, a tolerance of
    /// 1e-13 and seed 0.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            starts: Starts::Adaptive,
            max_steps: 20_000,
            tolerance: 1e-13,
            acceleration: Acceleration::Squarem,
            new_levels: NewLevels::AsMissing,
            seed: 0,
        }
    }

    /// How many starts.
    #[must_use]
    pub fn starts(mut self, starts: Starts) -> Self {
        self.starts = starts;
        self
    }

    /// At most so many EM steps from each start.
    #[must_use]
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.max_steps = steps;
        self
    }

    /// A step that gains no more log-likelihood per customer than this ends a climb; at zero every
    /// climb makes all its steps.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Whether steps are extrapolated; they are by default.
    #[must_use]
    pub fn acceleration(mut self, acceleration: Acceleration) -> Self {
        self.acceleration = acceleration;
        self
    }

    /// What the model makes of answers that nobody gave in the fit; by default they count as
    /// missing.
    #[must_use]
    pub fn new_levels(mut self, new_levels: NewLevels) -> Self {
        self.new_levels = new_levels;
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
        let param = |name, value, expected| Err(SegmentError::Param { name, value, expected });
        if !(1..=MOST_CLASSES).contains(&self.k) {
            return param("k", self.k as f64, "from 1 to 32");
        }
        if self.starts == Starts::Fixed(0) {
            return param("starts", 0.0, "at least 1");
        }
        if self.max_steps == 0 {
            return param("max_steps", 0.0, "at least 1");
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return param("tolerance", self.tolerance, "finite and at least 0");
        }
        Ok(())
    }

    fn fit_lanes<const W: usize>(
        &self,
        slope: Slope<'_>,
    ) -> Result<(Found<W>, Vec<usize>), Cancelled> {
        let limits = Limits {
            steps: self.max_steps,
            least_gain: self.tolerance * slope.patterns.total,
            strides: self.acceleration == Acceleration::Squarem,
        };
        let search = Search { starts: self.starts, seed: self.seed, limits };
        let found = search.run::<W>(slope)?;
        let point = &found.summit.point;
        let mut order: Vec<usize> = (0..self.k).collect();
        order.sort_by(|&a, &b| {
            let by_size = point.sizes[b].total_cmp(&point.sizes[a]);
            let levels = || point.items.iter().flatten();
            by_size.then_with(|| {
                levels()
                    .map(|level| level[a])
                    .partial_cmp(levels().map(|level| level[b]))
                    .unwrap_or(a.cmp(&b))
            })
        });
        Ok((found, order))
    }
}

impl Segmenter for LatentClasses {
    type Model = LatentClassModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::NoCustomers`]; [`SegmentError::NotAnswers`] for a
    /// column of numbers; [`SegmentError::TooManyLevels`] for an item with more than 254 answers;
    /// [`SegmentError::TooFewDistinct`] where there are fewer patterns of answers than classes;
    /// [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Each EM step is proportional to patterns of answers x classes x quarters of items (about
    /// five yes/no items share one look-up). Memory beside the features: for each customer 8 bytes
    /// and one more for every five items, for each pattern of answers up to 28.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<LatentClassModel, SegmentError> {
        self.validate()?;
        if features.n_customers() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        work.begin("looking for latent classes", None)?;
        let items = Item::of(features)?;
        let packed = Packed::of(&items, features, NewLevels::Refuse)?;
        let patterns = Patterns::of(&items, &packed, features.weights());
        drop(packed);
        if patterns.len() < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct: patterns.len() });
        }
        // Sums of weights beyond these have lost either their size or their digits.
        if !(patterns.total > 1e-200 && patterns.total < 1e200) {
            let (name, value) = ("sum of weights", patterns.total);
            return Err(SegmentError::Param { name, value, expected: "between 1e-200 and 1e200" });
        }
        let slope = Slope { patterns: &patterns, items: &items, k: self.k, work };
        macro_rules! with_lanes {
            ($($lanes:literal)*) => {
                match self.k {
                    $(k if k <= $lanes => {
                        let (found, order) = self.fit_lanes::<$lanes>(slope)?;
                        let items = items.clone();
                        LatentClassModel::of(found, &order, &patterns, items, self.new_levels)
                    })*
                    _ => return Err(SegmentError::Param {
                        name: "k", value: self.k as f64, expected: "from 1 to 32",
                    }),
                }
            };
        }
        Ok(with_lanes!(2 4 8 16 32))
    }
}
