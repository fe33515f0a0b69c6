//! Who is in which class: a multinomial logit of the class on covariates, corrected for
//! classification errors.

use super::Classification;
use crate::cluster::SegmentError;
use crate::cluster::latent_class::standard_errors::inverse;
use crate::features::FeatureMatrix;
use crate::num::newton::{Bounds, WideCurve, minimise_wide};
use crate::num::real::{exp, ln};
use crate::work::{Cancelled, Work};

/// How classification errors are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Correction {
    /// Maximum likelihood with the errors as known: the assigned class is an answer that a member
    /// of each class gives with known probability. The more efficient of the two.
    MaximumLikelihood,
    /// Customers count by the weights of Bolck, Croon and Hagenaars. Robust where the covariates
    /// have something to do with the answers beside the class.
    Bch,
}

/// A multinomial logit of the class on covariates. The first class is the one that the others are
/// compared with.
///
/// ```text
/// ln(P(class c) / P(class 0)) = intercept + Σ coefficient x covariate
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassLogit {
    names: Vec<String>,
    /// By class from the second, then the intercept and the covariates.
    terms: Vec<Vec<LogitTerm>>,
    log_likelihood: f64,
    converged: bool,
}

/// A coefficient of a [`ClassLogit`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogitTerm {
    /// The coefficient, per unit of the covariate.
    pub coefficient: f64,
    /// Its standard error, by the sandwich formula with the classification errors taken as known.
    /// `None` where the covariates do not determine the coefficients.
    pub standard_error: Option<f64>,
}

impl ClassLogit {
    /// The intercept of a class. `None` for the first class, and for one that is not there.
    pub fn intercept(&self, class: usize) -> Option<LogitTerm> {
        Some(self.terms.get(class.checked_sub(1)?)?[0])
    }

    /// The coefficient of a covariate for a class. `None` for the first class, and for a class or a
    /// covariate that is not there.
    pub fn term(&self, class: usize, covariate: &str) -> Option<LogitTerm> {
        let place = self.names.iter().position(|name| name == covariate)?;
        Some(self.terms.get(class.checked_sub(1)?)?[1 + place])
    }

    /// The log-likelihood of the assignments; with [`Correction::Bch`] the weighted sum that takes
    /// its place.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Whether the coefficients are at the maximum. They are not where covariates part the classes
    /// perfectly, or weights below zero leave no maximum.
    pub fn converged(&self) -> bool {
        self.converged
    }
}

/// Coefficients of standardised covariates are kept within it.
const BOUNDS: Bounds = Bounds { low: -50.0, high: 50.0 };

/// A covariate as it is used, `(x / scale - middle) / spread`, which spares the search the units.
struct Standardised {
    values: Vec<f64>,
    scale: f64,
    middle: f64,
    spread: f64,
}

impl Standardised {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let scale = if most > 0.0 { most } else { 1.0 };
        let middle = values.iter().fold(0.0, |sum, value| sum + value / scale) / n;
        let square = |value: &f64| (value / scale - middle) * (value / scale - middle);
        let variance = values.iter().fold(0.0, |sum, value| sum + square(value)) / n;
        let spread = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let values = values.iter().map(|value| (value / scale - middle) / spread).collect();
        Self { values, scale, middle, spread }
    }
}

impl Classification {
    /// A multinomial logit of the class on covariates: numbers and yes/no, one row for each
    /// customer, in the order of the classification.
    ///
    /// Standard errors are those of rows drawn independently; weights count as repeated rows.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Length`]; [`SegmentError::Features`] for missing values, ordered answers and
    /// categories; [`SegmentError::NotSeparable`] with [`Correction::Bch`];
    /// [`SegmentError::Cancelled`].
    pub fn logit(
        &self,
        covariates: &FeatureMatrix,
        correction: Correction,
        work: &Work,
    ) -> Result<ClassLogit, SegmentError> {
        let (n, k) = (self.n_customers(), self.k);
        if covariates.n_customers() != n {
            let (what, got) = ("the table of covariates", covariates.n_customers());
            return Err(SegmentError::Length { what, expected: n, got });
        }
        let dense = covariates.dense().map_err(SegmentError::Features)?;
        let columns: Vec<Standardised> = (0..dense.n_columns())
            .map(|place| {
                Standardised::of(&(0..n).map(|row| dense.row(row)[place]).collect::<Vec<_>>())
            })
            .collect();
        let counted = match correction {
            Correction::MaximumLikelihood => self.assigned.clone(),
            Correction::Bch => self.bch_weights()?,
        };
        let step = Third { of: self, columns: &columns, counted: &counted, correction };
        let terms = 1 + columns.len();
        let free = (k - 1) * terms;
        let found = minimise_wide(&vec![0.0; free], BOUNDS, |at| {
            work.check()?;
            Ok::<_, Cancelled>(step.curve(at, None))
        })?;
        let converged = found.converged && !found.bound.contains(&true);

        let mut scores = vec![vec![0.0; free]; free];
        step.curve(&found.at, Some(&mut scores));
        let covariance = inverse(found.curve.hessian.clone())
            .map(|bread| product(&product(&bread, &scores), &bread));
        // Back to the covariates' units: a linear map of the intercept and the coefficients.
        let term = |class: usize, term: usize| {
            let mut direction = vec![0.0; terms];
            if term == 0 {
                direction[0] = 1.0;
                for (place, column) in columns.iter().enumerate() {
                    direction[1 + place] = -column.middle / column.spread;
                }
            } else {
                let column = &columns[term - 1];
                direction[term] = 1.0 / column.spread / column.scale;
            }
            let first = class * terms;
            let mut coefficient = 0.0;
            for (i, direction) in direction.iter().enumerate() {
                coefficient += direction * found.at[first + i];
            }
            // The longest part is taken out, since its square may be beyond the largest number.
            let most = direction.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
            let standard_error = covariance.as_ref().map(|covariance| {
                let mut variance = 0.0;
                for (i, a) in direction.iter().enumerate() {
                    for (j, b) in direction.iter().enumerate() {
                        variance += a / most * covariance[first + i][first + j] * (b / most);
                    }
                }
                variance.max(0.0).sqrt() * most
            });
            LogitTerm { coefficient, standard_error }
        };
        Ok(ClassLogit {
            names: covariates.names(),
            terms: (0..k - 1).map(|class| (0..terms).map(|t| term(class, t)).collect()).collect(),
            log_likelihood: -found.curve.value,
            converged,
        })
    }
}

/// Step three: what is maximised.
struct Third<'a> {
    of: &'a Classification,
    columns: &'a [Standardised],
    /// How much a row counts for each class (or is assigned to it).
    counted: &'a [f64],
    correction: Correction,
}

impl Third<'_> {
    /// Minus the log-likelihood with its derivatives; on demand the sum of the outer products of
    /// the rows' scores.
    fn curve(&self, at: &[f64], mut scores: Option<&mut Vec<Vec<f64>>>) -> WideCurve {
        let (n, k, terms) = (self.of.n_customers(), self.of.k, 1 + self.columns.len());
        let mut curve = WideCurve {
            value: 0.0,
            gradient: vec![0.0; at.len()],
            hessian: vec![vec![0.0; at.len()]; at.len()],
        };
        let mut row_terms = vec![1.0; terms];
        for row in 0..n {
            for (term, column) in row_terms[1..].iter_mut().zip(self.columns) {
                *term = column.values[row];
            }
            let weight = self.of.weight(row);
            let counted = &self.counted[row * k..(row + 1) * k];
            let (value, slope, bend) = self.row(&shares(at, &row_terms, k), counted);
            curve.value -= weight * value;
            for a in 1..k {
                for (i, x) in row_terms.iter().enumerate() {
                    let place = (a - 1) * terms + i;
                    curve.gradient[place] -= weight * slope[a] * x;
                    for b in 1..k {
                        for (j, y) in row_terms.iter().enumerate() {
                            let other = (b - 1) * terms + j;
                            curve.hessian[place][other] -= weight * bend[a][b] * x * y;
                            if let Some(scores) = scores.as_deref_mut() {
                                scores[place][other] += weight * slope[a] * x * slope[b] * y;
                            }
                        }
                    }
                }
            }
        }
        curve
    }

    /// The log-likelihood of a row and its derivatives by the linear predictors of the classes.
    fn row(&self, shares: &[f64], counted: &[f64]) -> (f64, Vec<f64>, Vec<Vec<f64>>) {
        let k = shares.len();
        let (mut value, mut slope, mut bend) = (0.0, vec![0.0; k], vec![vec![0.0; k]; k]);
        let spread = |p: &[f64], a: usize, b: usize| p[a] * (f64::from(u8::from(a == b)) - p[b]);
        match self.correction {
            Correction::Bch => {
                for a in 0..k {
                    value += counted[a] * ln(shares[a]);
                    slope[a] = counted[a] - shares[a];
                    for b in 0..k {
                        bend[a][b] = -spread(shares, a, b);
                    }
                }
            }
            Correction::MaximumLikelihood => {
                for (assigned, &count) in counted.iter().enumerate().filter(|(_, c)| **c > 0.0) {
                    let mut posterior: Vec<f64> = (0..k)
                        .map(|class| shares[class] * self.of.errors[class][assigned])
                        .collect();
                    let total = posterior.iter().fold(0.0, |sum, share| sum + share);
                    posterior.iter_mut().for_each(|share| *share /= total);
                    value += count * ln(total);
                    for a in 0..k {
                        slope[a] += count * (posterior[a] - shares[a]);
                        for b in 0..k {
                            let bends = spread(&posterior, a, b) - spread(shares, a, b);
                            bend[a][b] += count * bends;
                        }
                    }
                }
            }
        }
        (value, slope, bend)
    }
}

/// The shares of the classes at these covariates.
fn shares(at: &[f64], row: &[f64], k: usize) -> Vec<f64> {
    let terms = row.len();
    let mut predictors = vec![0.0; k];
    for class in 1..k {
        for (coefficient, x) in at[(class - 1) * terms..class * terms].iter().zip(row) {
            predictors[class] += coefficient * x;
        }
    }
    let most = predictors.iter().fold(f64::NEG_INFINITY, |most: f64, &p| most.max(p));
    let mut total = 0.0;
    for predictor in &mut predictors {
        *predictor = exp(*predictor - most).max(f64::MIN_POSITIVE);
        total += *predictor;
    }
    predictors.iter_mut().for_each(|share| *share /= total);
    predictors
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = b.len();
    let entry =
        |row: &Vec<f64>, j: usize| row.iter().zip(b).fold(0.0, |sum, (x, b)| sum + x * b[j]);
    a.iter().map(|row| (0..n).map(|j| entry(row, j)).collect()).collect()
}
