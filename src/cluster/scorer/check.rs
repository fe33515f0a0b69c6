//! What must hold of a scorer, so that scoring need not ask.

use serde::Deserialize;

use crate::cluster::SegmentError;
use crate::cluster::scorer::{Item, Scorer, ScoringRule, Test, TreeNode};

/// A scorer as it was read, before anything is believed.
#[derive(Deserialize)]
pub(super) struct Unchecked {
    features: Vec<String>,
    segments: Vec<String>,
    rule: ScoringRule,
}

impl TryFrom<Unchecked> for Scorer {
    type Error = SegmentError;

    fn try_from(read: Unchecked) -> Result<Self, SegmentError> {
        Self::new(read.features, read.segments, read.rule)
    }
}

/// Shares may miss one by this much, which is what rounding costs.
const SUM_TOLERANCE: f64 = 1e-6;

fn holds(condition: bool, what: &'static str, expected: &'static str) -> Result<(), SegmentError> {
    if condition { Ok(()) } else { Err(SegmentError::Invalid { what, expected }) }
}

fn finite(numbers: &[f64]) -> bool {
    numbers.iter().all(|number| number.is_finite())
}

fn positive(numbers: &[f64]) -> bool {
    numbers.iter().all(|&number| number > 0.0 && number.is_finite())
}

fn probabilities(numbers: &[f64]) -> bool {
    let total = numbers.iter().fold(0.0, |sum, p| sum + p);
    numbers.iter().all(|p| (0.0..=1.0).contains(p)) && (total - 1.0_f64).abs() <= SUM_TOLERANCE
}

impl Scorer {
    pub(super) fn check(&self) -> Result<(), SegmentError> {
        let (d, k) = (self.features.len(), self.segments.len());
        holds(k > 0, "segments", "at least one")?;
        let mut names: Vec<&String> = self.features.iter().collect();
        names.sort_unstable();
        names.dedup();
        holds(names.len() == d, "features", "a list of different names")?;
        let table = |rows: &[Vec<f64>], width: usize| {
            rows.len() == k && rows.iter().all(|row| row.len() == width && finite(row))
        };
        const TABLE: &str = "a finite number for each segment and feature";
        let shares_fit = |shares: &[f64]| {
            let fits = shares.len() == k && positive(shares) && probabilities(shares);
            holds(fits, "shares", "a positive share for each segment, adding up to one")
        };
        match &self.rule {
            ScoringRule::NearestCentre { centres } => holds(table(centres, d), "centres", TABLE),
            ScoringRule::DiagonalGaussian { shares, means, variances } => {
                shares_fit(shares)?;
                holds(table(means, d), "means", TABLE)?;
                let fits = table(variances, d) && variances.iter().all(|row| positive(row));
                holds(fits, "variances", "a positive number for each segment and feature")
            }
            ScoringRule::FullGaussian { shares, means, factors } => {
                shares_fit(shares)?;
                holds(table(means, d), "means", TABLE)?;
                holds(table(factors, d * (d + 1) / 2), "factors", "a triangle for each segment")?;
                let diagonal = |row: &Vec<f64>| (0..d).all(|i| row[i * (i + 3) / 2] > 0.0);
                holds(factors.iter().all(diagonal), "factors", "positive on the diagonal")
            }
            ScoringRule::ItemProbabilities { shares, items } => {
                shares_fit(shares)?;
                let fits = |item: &Item| {
                    let rows = &item.probabilities;
                    let width = item.levels.len();
                    rows.len() == k
                        && rows.iter().all(|row| row.len() == width && probabilities(row))
                };
                let fits = items.len() == d && items.iter().all(fits);
                holds(fits, "items", "probabilities of every answer, for each segment and feature")
            }
            ScoringRule::Linear { intercepts, coefficients } => {
                let fits = intercepts.len() == k && finite(intercepts);
                holds(fits, "intercepts", "a finite number for each segment")?;
                holds(table(coefficients, d), "coefficients", TABLE)
            }
            ScoringRule::Tree { nodes } => self.check_tree(nodes),
        }
    }

    fn check_tree(&self, nodes: &[TreeNode]) -> Result<(), SegmentError> {
        holds(!nodes.is_empty(), "nodes", "at least a leaf")?;
        for (place, node) in nodes.iter().enumerate() {
            match node {
                TreeNode::Leaf { shares } => {
                    let nobody = shares.iter().all(|&share| share == 0.0);
                    let fits = shares.len() == self.segments.len();
                    let expected = "probabilities of the segments, or nothing but zeros";
                    holds(fits && (nobody || probabilities(shares)), "leaf", expected)?;
                }
                TreeNode::Question { feature, test, yes, no, missing } => {
                    holds(*feature < self.features.len(), "feature", "one of the features")?;
                    let onwards = |&next: &usize| next > place && next < nodes.len();
                    let fits = [yes, no, missing].into_iter().all(onwards);
                    holds(fits, "nodes", "a tree whose questions lead onwards")?;
                    let fits = match test {
                        Test::AtMost(bound) | Test::AtLeast(bound) => bound.is_finite(),
                        Test::OneOf { levels, which } => {
                            // One feature has one list of levels, whoever asks.
                            self.levels(*feature) == Some(levels)
                                && which.iter().all(|&level| (level as usize) < levels.len())
                        }
                    };
                    holds(fits, "test", "a finite bound, or some of the feature's levels")?;
                }
            }
        }
        Ok(())
    }
}
