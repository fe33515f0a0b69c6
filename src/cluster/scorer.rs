//! What a fitted model needs to place one customer, as plain data.
//!
//! Saving, typing and SQL must not each know every algorithm. Whatever the algorithm, placing a
//! customer comes down to one of a few forms, and the form is closed: who reads it can rely on
//! having seen them all.

mod check;
mod columns;

use serde::{Deserialize, Serialize};

use crate::cluster::{Membership, SegmentError, Segmentation};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::real::{exp, ln};
use crate::saved;
use crate::units::SegmentId;
use crate::work::Work;

/// How customers are placed in segments: the features that are read, the segments, and the form of
/// the rule.
///
/// Every segment has a score for a customer, the larger the better; the customer belongs to the
/// segment of the largest, of equal ones the first. Two segmentations that are placed by the same
/// form need no common algorithm.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Scorer, ScoringRule};
/// use segmentry::units::SegmentId;
///
/// let centres = vec![vec![0.0, 0.0], vec![3.0, 4.0]];
/// let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
/// let scorer = Scorer::new(names(&["x", "y"]), names(&["near", "far"]), ScoringRule::NearestCentre { centres })?;
/// assert_eq!(scorer.scores(&[Some(0.0), Some(0.0)]), Some(vec![0.0, -25.0]));
/// assert_eq!(scorer.label(&[Some(2.0), Some(3.0)]), Some(SegmentId(1)));
/// assert_eq!(scorer.label(&[None, Some(3.0)]), None); // a distance needs every feature
///
/// let again = Scorer::from_json(&scorer.to_json())?;
/// assert_eq!(again, scorer);
/// # Ok::<(), segmentry::cluster::SegmentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "check::Unchecked")]
pub struct Scorer {
    features: Vec<String>,
    segments: Vec<String>,
    rule: ScoringRule,
}

/// The forms that a rule for placing customers can take. Lists by segment stand in the order of the
/// segments, lists by feature in that of the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScoringRule {
    /// The score is minus the squared distance to the segment's centre.
    NearestCentre {
        /// By segment, then by feature.
        #[serde(with = "crate::num::exact")]
        centres: Vec<Vec<f64>>,
    },
    /// The score is the logarithm of share times density, features being independent within a
    /// segment.
    DiagonalGaussian {
        /// The share of each segment.
        #[serde(with = "crate::num::exact")]
        shares: Vec<f64>,
        /// By segment, then by feature.
        #[serde(with = "crate::num::exact")]
        means: Vec<Vec<f64>>,
        /// By segment, then by feature.
        #[serde(with = "crate::num::exact")]
        variances: Vec<Vec<f64>>,
    },
    /// The score is the logarithm of share times density.
    FullGaussian {
        /// The share of each segment.
        #[serde(with = "crate::num::exact")]
        shares: Vec<f64>,
        /// By segment, then by feature.
        #[serde(with = "crate::num::exact")]
        means: Vec<Vec<f64>>,
        /// By segment the lower triangle of the covariance's Cholesky factor, row by row: entry
        /// (0, 0), then (1, 0) and (1, 1), and so on.
        #[serde(with = "crate::num::exact")]
        factors: Vec<Vec<f64>>,
    },
    /// The score is the logarithm of share times the probability of the answers; an answer that is
    /// missing is left out.
    ItemProbabilities {
        /// The share of each segment.
        #[serde(with = "crate::num::exact")]
        shares: Vec<f64>,
        /// By feature.
        items: Vec<Item>,
    },
    /// The score is a weighted sum; the probability of a segment is its exponential over the sum of
    /// all.
    Linear {
        /// By segment.
        #[serde(with = "crate::num::exact")]
        intercepts: Vec<f64>,
        /// By segment, then by feature.
        #[serde(with = "crate::num::exact")]
        coefficients: Vec<Vec<f64>>,
    },
    /// Questions, each of which leads to another further down or to a leaf; the score is the
    /// logarithm of the segment's share there.
    Tree {
        /// The first is where everybody starts.
        nodes: Vec<TreeNode>,
    },
}

/// A question with several answers, and how likely each segment gives them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The answers; of a yes/no feature `no` and `yes`.
    pub levels: Vec<String>,
    /// By segment, then by answer; each segment's add up to one.
    #[serde(with = "crate::num::exact")]
    pub probabilities: Vec<Vec<f64>>,
}

/// A place in a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TreeNode {
    /// A question about one feature.
    Question {
        /// Which feature, by number.
        feature: usize,
        /// What is asked.
        test: Test,
        /// The node for yes; further down than this one.
        yes: usize,
        /// The node for no; further down than this one.
        no: usize,
        /// The node where the value is missing; further down than this one.
        missing: usize,
    },
    /// The end.
    Leaf {
        /// The share of each segment among those who end here; nothing but zeros where they are in
        /// no segment.
        #[serde(with = "crate::num::exact")]
        shares: Vec<f64>,
    },
}

/// What is asked of a value. Yes counts as one and no as zero, an ordered answer by its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Test {
    /// At most so much.
    AtMost(#[serde(with = "crate::num::exact")] f64),
    /// At least so much.
    AtLeast(#[serde(with = "crate::num::exact")] f64),
    /// One of these levels, given with all levels of the feature.
    OneOf {
        /// All levels, in the order of their numbers.
        levels: Vec<String>,
        /// Those that count, by number.
        which: Vec<u32>,
    },
}

const FORMAT: &str = "segmentry.scorer";
const VERSION: u32 = 1;
const LN_2_PI: f64 = 1.837_877_066_409_345_5;

impl Scorer {
    /// A rule over these features for these segments.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Invalid`] where lists do not fit one another, a number is not finite, shares
    /// are no probabilities, a variance or a factor's diagonal is not positive, or a tree leads
    /// backwards.
    pub fn new(
        features: Vec<String>,
        segments: Vec<String>,
        rule: ScoringRule,
    ) -> Result<Self, SegmentError> {
        let scorer = Self { features, segments, rule };
        scorer.check()?;
        Ok(scorer)
    }

    /// The features that are read, by name.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The names of the segments.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The form of the rule.
    pub fn rule(&self) -> &ScoringRule {
        &self.rule
    }

    /// The score of each segment for one customer, given the value of each feature; minus infinity
    /// where a segment is out of the question.
    ///
    /// A level is given by its number, yes is one and no is zero. `None` where the row has another
    /// length than the features, or a value is missing that the rule cannot do without (only trees
    /// and item probabilities can).
    pub fn scores(&self, row: &[Option<f64>]) -> Option<Vec<f64>> {
        let mut scores = vec![0.0; self.segments.len()];
        self.prepared().scores(row, &mut scores).then_some(scores)
    }

    /// The segment of one customer; `None` where there are no [`scores`](Self::scores), or where
    /// all segments are out of the question.
    pub fn label(&self, row: &[Option<f64>]) -> Option<SegmentId> {
        largest(&self.scores(row)?)
    }

    /// The probability of each segment for one customer; `None` as in [`label`](Self::label), and
    /// always for centres, which know no probabilities.
    pub fn probabilities(&self, row: &[Option<f64>]) -> Option<Vec<f64>> {
        if matches!(self.rule, ScoringRule::NearestCentre { .. }) {
            return None;
        }
        let mut scores = self.scores(row)?;
        let most = scores[largest(&scores)?.index()];
        let mut total = 0.0;
        for score in &mut scores {
            *score = exp(*score - most);
            total += *score;
        }
        scores.iter_mut().for_each(|score| *score /= total);
        Some(scores)
    }

    /// Places every customer; who has no [`label`](Self::label) is in no segment.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] where a feature is missing or of another kind,
    /// [`SegmentError::NewLevel`], [`SegmentError::Cancelled`].
    pub fn assign(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Segmentation, SegmentError> {
        let columns = self.columns(features)?;
        let prepared = self.prepared();
        let labels = blocks::map_blocks(features.n_customers(), work, |rows| {
            let mut values = vec![None; columns.len()];
            let mut scores = vec![0.0; self.segments.len()];
            rows.map(|row| {
                for (value, column) in values.iter_mut().zip(&columns) {
                    *value = column.number(row);
                }
                prepared.scores(&values, &mut scores).then(|| largest(&scores)).flatten()
            })
            .collect::<Vec<_>>()
        })?;
        let labels = labels.into_iter().flatten().collect();
        let ids = features.ids().clone();
        let segments = Segmentation::new(ids, self.segments.clone(), Membership::Hard(labels))?;
        Ok(segments.made_from(self.features.iter().cloned()))
    }

    /// The rule as JSON, under a name and a version.
    pub fn to_json(&self) -> String {
        saved::to_json(FORMAT, VERSION, self)
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Saved`].
    pub fn from_json(text: &str) -> Result<Self, SegmentError> {
        Ok(saved::from_json(text, FORMAT, VERSION)?)
    }

    fn prepared(&self) -> Prepared<'_> {
        let d = self.features.len() as f64;
        let constants = match &self.rule {
            ScoringRule::DiagonalGaussian { shares, variances, .. } => {
                let half = |v: &[f64]| v.iter().fold(0.0, |sum, v| sum + 0.5 * ln(*v));
                let constant = |(s, v): (&f64, &Vec<f64>)| ln(*s) - half(v) - 0.5 * d * LN_2_PI;
                shares.iter().zip(variances).map(constant).collect()
            }
            ScoringRule::FullGaussian { shares, factors, .. } => {
                let diagonal = |factor: &[f64]| {
                    let mut place = 0;
                    (1..=self.features.len()).fold(0.0, |sum, next| {
                        let entry = factor[place];
                        place += next + 1;
                        sum + ln(entry)
                    })
                };
                let constant = |(s, l): (&f64, &Vec<f64>)| ln(*s) - diagonal(l) - 0.5 * d * LN_2_PI;
                shares.iter().zip(factors).map(constant).collect()
            }
            ScoringRule::ItemProbabilities { shares, .. } => {
                shares.iter().map(|s| ln(*s)).collect()
            }
            _ => Vec::new(),
        };
        let logs = match &self.rule {
            ScoringRule::ItemProbabilities { items, .. } => items
                .iter()
                .map(|item| item.probabilities.iter().flatten().map(|p| ln(*p)).collect())
                .collect(),
            _ => Vec::new(),
        };
        Prepared { scorer: self, constants, logs }
    }
}

/// A rule with what need not be computed anew for each customer.
struct Prepared<'a> {
    scorer: &'a Scorer,
    /// By segment.
    constants: Vec<f64>,
    /// By item, then by segment and answer.
    logs: Vec<Vec<f64>>,
}

impl Prepared<'_> {
    /// Fills in the scores; `false` where there are none.
    fn scores(&self, row: &[Option<f64>], scores: &mut [f64]) -> bool {
        if row.len() != self.scorer.features.len() {
            return false;
        }
        match &self.scorer.rule {
            ScoringRule::ItemProbabilities { items, .. } => {
                scores.copy_from_slice(&self.constants);
                for ((value, item), logs) in row.iter().zip(items).zip(&self.logs) {
                    let Some(value) = value else { continue };
                    let levels = item.levels.len();
                    let level = *value as usize;
                    let known = level < levels && level as f64 == *value;
                    for (segment, score) in scores.iter_mut().enumerate() {
                        *score +=
                            if known { logs[segment * levels + level] } else { f64::NEG_INFINITY };
                    }
                }
            }
            ScoringRule::Tree { nodes } => {
                let leaf = leaf(nodes, row);
                for (score, share) in scores.iter_mut().zip(leaf) {
                    *score = ln(*share);
                }
            }
            complete => {
                let Some(row) = row.iter().copied().collect::<Option<Vec<f64>>>() else {
                    return false;
                };
                for (segment, score) in scores.iter_mut().enumerate() {
                    *score = self.of_numbers(complete, segment, &row);
                }
            }
        }
        // Where a difference overflows twice the rest is no number; such a segment is infinitely
        // far.
        for score in scores {
            if score.is_nan() {
                *score = f64::NEG_INFINITY;
            }
        }
        true
    }

    fn of_numbers(&self, rule: &ScoringRule, segment: usize, row: &[f64]) -> f64 {
        match rule {
            ScoringRule::NearestCentre { centres } => {
                let terms = row.iter().zip(&centres[segment]);
                -terms.fold(0.0, |sum, (x, centre)| sum + (x - centre) * (x - centre))
            }
            ScoringRule::DiagonalGaussian { means, variances, .. } => {
                let terms = row.iter().zip(&means[segment]).zip(&variances[segment]);
                let distance = terms.fold(0.0, |sum, ((x, mean), variance)| {
                    sum + (x - mean) * (x - mean) / variance
                });
                self.constants[segment] - 0.5 * distance
            }
            ScoringRule::FullGaussian { means, factors, .. } => {
                let (mean, factor) = (&means[segment], &factors[segment]);
                let mut solved = Vec::with_capacity(row.len());
                let (mut place, mut distance) = (0, 0.0);
                for (x, mean) in row.iter().zip(mean) {
                    let mut rest = x - mean;
                    for earlier in &solved {
                        rest -= factor[place] * earlier;
                        place += 1;
                    }
                    let value: f64 = rest / factor[place];
                    place += 1;
                    distance += value * value;
                    solved.push(value);
                }
                self.constants[segment] - 0.5 * distance
            }
            ScoringRule::Linear { intercepts, coefficients } => row
                .iter()
                .zip(&coefficients[segment])
                .fold(intercepts[segment], |sum, (x, coefficient)| sum + x * coefficient),
            ScoringRule::ItemProbabilities { .. } | ScoringRule::Tree { .. } => f64::NEG_INFINITY,
        }
    }
}

/// The shares where a customer ends.
fn leaf<'a>(nodes: &'a [TreeNode], row: &[Option<f64>]) -> &'a [f64] {
    let mut place = 0;
    loop {
        match &nodes[place] {
            TreeNode::Leaf { shares } => return shares,
            TreeNode::Question { feature, test, yes, no, missing } => {
                place = match row[*feature] {
                    None => *missing,
                    Some(value) if test.holds(value) => *yes,
                    Some(_) => *no,
                };
            }
        }
    }
}

impl Test {
    /// Whether a value passes.
    pub fn holds(&self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= *most,
            Self::AtLeast(least) => value >= *least,
            Self::OneOf { which, .. } => which.iter().any(|&level| f64::from(level) == value),
        }
    }
}

/// The first segment of the largest score; `None` where all are out of the question.
fn largest(scores: &[f64]) -> Option<SegmentId> {
    let mut best = None;
    let mut most = f64::NEG_INFINITY;
    for (segment, &score) in scores.iter().enumerate() {
        if score > most {
            (best, most) = (Some(SegmentId(segment as u32)), score);
        }
    }
    best
}

#[cfg(test)]
mod tests;
