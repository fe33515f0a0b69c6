//! Standard errors of class sizes and item probabilities.
//!
//! The information is estimated by the sum of the outer products of the customers' scores, in the
//! logarithms of odds, and carried over to probabilities by the delta method. A probability at the
//! edge has no such standard error, and the others are computed as though it were known.

use super::items::{NewLevels, Packed};
use super::model::LatentClassModel;
use super::patterns::Patterns;
use crate::cluster::SegmentError;
use crate::features::FeatureMatrix;
use crate::num::{blocks, linear};
use crate::work::Work;

/// Probabilities this near to zero are at the edge.
const EDGE: f64 = 1e-6;
/// Patterns whose scores are added up together.
const BLOCK: usize = 2048;

/// Standard errors of a [`LatentClassModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct LatentClassErrors {
    sizes: Vec<Option<f64>>,
    /// By item, answer and class.
    probabilities: Vec<Vec<Vec<Option<f64>>>>,
    names: Vec<(String, Vec<String>)>,
    at_edge: usize,
    identified: bool,
}

impl LatentClassErrors {
    /// The standard error of a class's size. `None` at the edge, for the only class, and where the
    /// classes are not identified.
    pub fn size(&self, class: usize) -> Option<f64> {
        self.sizes.get(class).copied().flatten()
    }

    /// The standard error of an item probability. `None` at the edge, for the only answer of an
    /// item, where the classes are not identified, and where there is no such item, answer or
    /// class.
    pub fn probability(&self, class: usize, item: &str, level: &str) -> Option<f64> {
        let place = self.names.iter().position(|(name, _)| name == item)?;
        let level = self.names[place].1.iter().position(|known| known == level)?;
        self.probabilities[place][level].get(class).copied().flatten()
    }

    /// How many probabilities are within 1e-6 of zero; they and their complements have no standard
    /// error.
    pub fn at_edge(&self) -> usize {
        self.at_edge
    }

    /// Whether the data determine the parameters that are not at the edge: the information matrix
    /// can be inverted.
    pub fn identified(&self) -> bool {
        self.identified
    }
}

/// A multinomial distribution that was estimated: its probabilities and which of its logarithms of
/// odds are free.
struct Distribution {
    /// The answers that are not at the edge, the likeliest first: odds are against that one.
    places: Vec<usize>,
    /// The first of its parameters.
    start: usize,
}

impl Distribution {
    fn of(probabilities: &[f64], next: &mut usize, at_edge: &mut usize) -> Self {
        let mut places: Vec<usize> =
            (0..probabilities.len()).filter(|&place| probabilities[place] > EDGE).collect();
        *at_edge += probabilities.len() - places.len();
        places.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
        let start = *next;
        *next += places.len().saturating_sub(1);
        Self { places, start }
    }

    /// The standard errors of the probabilities, by the delta method.
    fn errors(&self, probabilities: &[f64], covariance: &[Vec<f64>]) -> Vec<Option<f64>> {
        let mut errors = vec![None; probabilities.len()];
        let free = self.places.get(1..).unwrap_or(&[]);
        if free.is_empty() {
            return errors;
        }
        for &place in &self.places {
            let slope = |other: usize| {
                let own = if place == other { 1.0 } else { 0.0 };
                probabilities[place] * (own - probabilities[other])
            };
            let mut variance = 0.0;
            for (i, &a) in free.iter().enumerate() {
                for (j, &b) in free.iter().enumerate() {
                    variance += slope(a) * covariance[self.start + i][self.start + j] * slope(b);
                }
            }
            errors[place] = Some(variance.max(0.0).sqrt());
        }
        errors
    }
}

impl LatentClassModel {
    /// Standard errors of sizes and item probabilities; `features` are those of the fit.
    ///
    /// They are those of a sample whose rows were drawn independently; weights count as repeated
    /// rows. They do not contain the doubt whether the number of classes is right.
    ///
    /// # Errors
    ///
    /// As [`assign`](crate::cluster::SegmentModel::assign).
    ///
    /// # Cost
    ///
    /// Patterns of answers x the square of the parameters.
    pub fn standard_errors(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<LatentClassErrors, SegmentError> {
        let k = self.n_classes();
        let packed = Packed::of(&self.items, features, NewLevels::Refuse)?;
        let patterns = Patterns::of(&self.items, &packed, features.weights());
        let posteriors = self.posteriors(features, work)?;

        let (mut parameters, mut at_edge) = (0, 0);
        let sizes = Distribution::of(&self.sizes, &mut parameters, &mut at_edge);
        let of_class = |item: usize, class: usize| -> Vec<f64> {
            self.probabilities[item].iter().map(|level| level[class]).collect()
        };
        let mut distributions: Vec<Vec<(Vec<f64>, Distribution)>> = Vec::new();
        for item in 0..self.items.len() {
            let of_classes = (0..k).map(|class| {
                let probabilities = of_class(item, class);
                let known = Distribution::of(&probabilities, &mut parameters, &mut at_edge);
                (probabilities, known)
            });
            distributions.push(of_classes.collect());
        }

        let score = |pattern: usize, score: &mut [f64]| {
            let row = patterns.rows[pattern] as usize;
            let posterior = &posteriors[row * k..(row + 1) * k];
            for (i, &class) in sizes.places.iter().skip(1).enumerate() {
                score[sizes.start + i] = posterior[class] - self.sizes[class];
            }
            for (of_classes, answer) in distributions.iter().zip(patterns.answers(pattern)) {
                for ((probabilities, known), posterior) in of_classes.iter().zip(posterior) {
                    for (i, &level) in known.places.iter().skip(1).enumerate() {
                        // A missing answer says nothing.
                        score[known.start + i] = if answer >= probabilities.len() {
                            0.0
                        } else {
                            let given = if answer == level { 1.0 } else { 0.0 };
                            posterior * (given - probabilities[level])
                        };
                    }
                }
            }
        };
        let parts = blocks::map_tasks(patterns.len().div_ceil(BLOCK), work, |block| {
            let mut sums = vec![vec![0.0; parameters]; parameters];
            let mut scores = vec![0.0; parameters];
            for pattern in block * BLOCK..((block + 1) * BLOCK).min(patterns.len()) {
                score(pattern, &mut scores);
                for (i, sums) in sums.iter_mut().enumerate() {
                    let factor = patterns.weights[pattern] * scores[i];
                    for (sum, other) in sums[..=i].iter_mut().zip(&scores) {
                        *sum += factor * other;
                    }
                }
            }
            sums
        })?;
        let mut information = vec![vec![0.0; parameters]; parameters];
        for part in parts {
            for (sums, terms) in information.iter_mut().zip(&part) {
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += term;
                }
            }
        }
        let covariance = inverse(information);
        let identified = covariance.is_some();
        let errors = |known: &Distribution, probabilities: &[f64]| match &covariance {
            Some(covariance) => known.errors(probabilities, covariance),
            None => vec![None; probabilities.len()],
        };
        let by_level = |of_classes: &Vec<(Vec<f64>, Distribution)>| -> Vec<Vec<Option<f64>>> {
            let by_class: Vec<Vec<Option<f64>>> =
                of_classes.iter().map(|(values, known)| errors(known, values)).collect();
            let levels = of_classes.first().map_or(0, |(values, _)| values.len());
            (0..levels).map(|level| by_class.iter().map(|class| class[level]).collect()).collect()
        };
        Ok(LatentClassErrors {
            sizes: errors(&sizes, &self.sizes),
            probabilities: distributions.iter().map(by_level).collect(),
            names: self.items.iter().map(|item| (item.name.clone(), item.levels.clone())).collect(),
            at_edge,
            identified,
        })
    }
}

/// The inverse of an information matrix whose lower triangle is given. Scaled to a diagonal of ones
/// first, so that a rare answer is not taken for one that is not identified.
pub(super) fn inverse(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let scales: Vec<f64> = (0..n).map(|i| matrix[i][i].sqrt()).collect();
    if !scales.iter().all(|&scale| scale > 0.0 && scale.is_finite()) {
        return None;
    }
    for i in 0..n {
        for j in 0..=i {
            matrix[i][j] /= scales[i] * scales[j];
            matrix[j][i] = matrix[i][j];
        }
    }
    let mut inverse = linear::inverse_wide(matrix)?;
    for i in 0..n {
        for j in 0..n {
            inverse[i][j] /= scales[i] * scales[j];
        }
    }
    Some(inverse)
}
