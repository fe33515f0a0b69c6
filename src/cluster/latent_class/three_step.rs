//! What classes have to do with anything else: the three-step method.
//!
//! Once classes are fitted (step one) and customers assigned (step two), a table of assigned
//! classes against an outcome is biased, because assignments err. How they err is known, and step
//! three takes it out. The classes stay what they are, which a model fitted to answers and
//! covariates together does not promise.

mod logit;

pub use logit::{ClassLogit, Correction, LogitTerm};

use super::model::{LatentClassModel, modal};
use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};
use crate::work::Work;

/// How customers are assigned to classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assignment {
    /// Each to the likeliest class.
    Modal,
    /// Each to every class, by its probability.
    Proportional,
}

/// Customers assigned to latent classes, and how often that is wrong.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Assignment, LatentClasses, Segmenter};
/// use segmentry::features::{FeatureColumn, FeatureMatrix};
/// use segmentry::units::CustomerIds;
/// use segmentry::work::Work;
///
/// // Two kinds of customers, and items on which one in five answers against their kind.
/// let mut answers = FeatureMatrix::new(CustomerIds::numbered(100)?);
/// for item in 0..5 {
///     let yes = (0..100).map(|row| (row < 50) != ((3 * row + 7 * item) % 5 == 0)).collect();
///     answers = answers.with(FeatureColumn::yes_no(format!("item {item}"), yes))?;
/// }
/// let model = LatentClasses::new(2).fit(&answers, &Work::new())?;
/// let classes = model.classification(&answers, Assignment::Modal, &Work::new())?;
///
/// let spend = (0..100).map(|row| if row < 50 { 30.0 } else { 10.0 }).collect();
/// let means = classes.means(&FeatureColumn::numbers("spend", spend))?;
/// let highest = means.iter().flatten().map(|class| class.mean).fold(0.0, f64::max);
/// assert!((highest - 30.0).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Bolck, A., Croon, M. & Hagenaars, J. (2004). Estimating latent structure models with categorical
/// variables: one-step versus three-step estimators. *Political Analysis* 12, 3-27. Vermunt, J. K.
/// (2010). Latent class modeling with covariates: two improved three-step approaches. *Political
/// Analysis* 18, 450-469.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    k: usize,
    /// Row by row, how much of a customer is assigned to each class.
    assigned: Vec<f64>,
    weights: Option<Vec<f64>>,
    errors: Vec<Vec<f64>>,
    total_error: f64,
}

/// The mean of an outcome in a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassMean {
    /// The mean.
    pub mean: f64,
    /// Its standard error; robust, with the classification errors taken as known.
    pub standard_error: f64,
    /// Customers of the class who have the outcome, corrected for classification errors.
    pub customers: f64,
}

impl LatentClassModel {
    /// Assigns customers and counts how that errs.
    ///
    /// # Errors
    ///
    /// As [`assign`](crate::cluster::SegmentModel::assign); [`SegmentError::NoCustomers`];
    /// [`SegmentError::NotSeparable`] where a class has no size left in these customers.
    pub fn classification(
        &self,
        features: &FeatureMatrix,
        assignment: Assignment,
        work: &Work,
    ) -> Result<Classification, SegmentError> {
        let k = self.n_classes();
        if features.n_customers() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        let posteriors = self.posteriors(features, work)?;
        let assigned = match assignment {
            Assignment::Proportional => posteriors.clone(),
            Assignment::Modal => {
                let mut assigned = vec![0.0; posteriors.len()];
                for (posterior, assigned) in
                    posteriors.chunks_exact(k).zip(assigned.chunks_exact_mut(k))
                {
                    assigned[modal(posterior).index()] = 1.0;
                }
                assigned
            }
        };
        let weights = features.weights().map(<[f64]>::to_vec);
        let mut errors = vec![vec![0.0; k]; k];
        let mut sizes = vec![0.0; k];
        let (mut right, mut total) = (0.0, 0.0);
        for (row, (posterior, assigned)) in
            posteriors.chunks_exact(k).zip(assigned.chunks_exact(k)).enumerate()
        {
            let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
            total += weight;
            for class in 0..k {
                sizes[class] += weight * posterior[class];
                right += weight * posterior[class] * assigned[class];
                for (sum, assigned) in errors[class].iter_mut().zip(assigned) {
                    *sum += weight * posterior[class] * assigned;
                }
            }
        }
        if !sizes.iter().all(|&size| size > 0.0) {
            return Err(SegmentError::NotSeparable);
        }
        for (errors, size) in errors.iter_mut().zip(&sizes) {
            errors.iter_mut().for_each(|share| *share /= size);
        }
        Ok(Classification { k, assigned, weights, errors, total_error: 1.0 - right / total })
    }
}

impl Classification {
    /// How many classes.
    pub fn n_classes(&self) -> usize {
        self.k
    }

    /// How many customers.
    pub fn n_customers(&self) -> usize {
        self.assigned.len() / self.k
    }

    /// The probability that a member of a class (row) is assigned to a class (column).
    pub fn errors(&self) -> &[Vec<f64>] {
        &self.errors
    }

    /// The share of customers that are expected to be assigned to a class that is not theirs.
    pub fn total_error(&self) -> f64 {
        self.total_error
    }

    /// The weights of Bolck, Croon and Hagenaars: row by row, how much a customer counts for each
    /// class. They add up to one in a row, and may be negative.
    ///
    /// # Errors
    ///
    /// [`SegmentError::NotSeparable`] where the matrix of errors has no inverse.
    pub fn bch_weights(&self) -> Result<Vec<f64>, SegmentError> {
        let k = self.k;
        let inverse = inverse(&self.errors).ok_or(SegmentError::NotSeparable)?;
        let mut weights = vec![0.0; self.assigned.len()];
        for (assigned, weights) in self.assigned.chunks_exact(k).zip(weights.chunks_exact_mut(k)) {
            for (assigned, inverse) in assigned.iter().zip(&inverse) {
                for (weight, inverse) in weights.iter_mut().zip(inverse) {
                    *weight += assigned * inverse;
                }
            }
        }
        Ok(weights)
    }

    /// The mean of an outcome in each class, by the weights of [`bch_weights`](Self::bch_weights);
    /// yes counts one and no zero. Customers without the outcome are left out. `None` for a class
    /// of whom, corrected, nobody has it.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Length`], [`SegmentError::NotSeparable`]; [`SegmentError::Features`] where
    /// the outcome is neither numbers nor yes/no.
    pub fn means(&self, outcome: &FeatureColumn) -> Result<Vec<Option<ClassMean>>, SegmentError> {
        let n = self.n_customers();
        let got = match outcome.values() {
            FeatureValues::Numbers(values) => values.len(),
            FeatureValues::YesNo(values) => values.len(),
            _ => {
                let (column, kind) = (outcome.name().to_owned(), "a category");
                return Err(SegmentError::Features(FeatureError::Kind { column, kind }));
            }
        };
        if got != n {
            return Err(SegmentError::Length { what: "the outcome", expected: n, got });
        }
        let bch = self.bch_weights()?;
        let rows = || {
            (0..n).filter_map(|row| {
                let value = outcome.number(row)?;
                Some((self.weight(row), &bch[row * self.k..(row + 1) * self.k], value))
            })
        };
        let mean = |class: usize| {
            let mut customers = 0.0;
            rows().for_each(|(weight, bch, _)| customers += weight * bch[class]);
            if customers <= 0.0 {
                return None;
            }
            let mut mean = 0.0;
            rows().for_each(|(weight, bch, value)| {
                mean += weight * bch[class] / customers * value;
            });
            let mut variance = 0.0;
            rows().for_each(|(weight, bch, value)| {
                let pull = bch[class] / customers * (value - mean);
                variance += weight * pull * pull;
            });
            Some(ClassMean { mean, standard_error: variance.sqrt(), customers })
        };
        Ok((0..self.k).map(mean).collect())
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }
}

/// The inverse of a matrix by elimination with pivots, or `None` where it has none to speak of.
fn inverse(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut left: Vec<Vec<f64>> = matrix.to_vec();
    let mut right: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| left[a][column].abs().total_cmp(&left[b][column].abs()))?;
        if left[pivot][column].abs() <= SINGULAR {
            return None;
        }
        left.swap(column, pivot);
        right.swap(column, pivot);
        let divisor = left[column][column];
        for j in 0..n {
            left[column][j] /= divisor;
            right[column][j] /= divisor;
        }
        for row in (0..n).filter(|&row| row != column) {
            let factor = left[row][column];
            for j in 0..n {
                left[row][j] -= factor * left[column][j];
                right[row][j] -= factor * right[column][j];
            }
        }
    }
    Some(right)
}

/// Rows of shares whose pivot is below it are as good as dependent.
const SINGULAR: f64 = 1e-10;
