//! The columns that a scorer reads, with levels numbered as the scorer knows them.

use crate::cluster::SegmentError;
use crate::cluster::scorer::{Scorer, ScoringRule, Test, TreeNode};
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};

/// One column as the scorer reads it.
pub(super) struct Read<'a> {
    column: &'a FeatureColumn,
    /// The scorer's number of each of the column's levels.
    numbers: Option<Vec<Option<u32>>>,
}

impl Read<'_> {
    /// The value in a row; levels by the scorer's number.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        let value = self.column.number(row)?;
        match &self.numbers {
            Some(numbers) => numbers[value as usize].map(f64::from),
            None => Some(value),
        }
    }
}

impl Scorer {
    /// The columns that are read, in the order of the features.
    pub(super) fn columns<'a>(
        &self,
        features: &'a FeatureMatrix,
    ) -> Result<Vec<Read<'a>>, SegmentError> {
        let read = |(place, name): (usize, &String)| {
            let column = features.column(name).map_err(SegmentError::Features)?;
            let known = self.levels(place);
            let numbers = match (column.values(), known) {
                (
                    FeatureValues::Ordered { levels, codes }
                    | FeatureValues::Category { levels, codes },
                    Some(known),
                ) => {
                    let number = |level: &String| {
                        known.iter().position(|k| k == level).map(|place| place as u32)
                    };
                    let numbers: Vec<Option<u32>> = levels.iter().map(number).collect();
                    let new = |&row: &usize| {
                        column.number(row).is_some() && numbers[codes[row] as usize].is_none()
                    };
                    if let Some(row) = (0..codes.len()).find(new) {
                        return Err(SegmentError::NewLevel { column: name.clone(), row });
                    }
                    Some(numbers)
                }
                // Without names a level's number could mean another answer in the next table.
                (FeatureValues::Ordered { .. } | FeatureValues::Category { .. }, None) => {
                    let (column, kind) = (name.clone(), "a list of answers");
                    return Err(SegmentError::Features(FeatureError::Kind { column, kind }));
                }
                _ => None,
            };
            Ok(Read { column, numbers })
        };
        self.features.iter().enumerate().map(read).collect()
    }

    /// The levels of a feature, where the rule names them.
    pub(super) fn levels(&self, feature: usize) -> Option<&[String]> {
        match &self.rule {
            ScoringRule::ItemProbabilities { items, .. } => Some(&items[feature].levels),
            ScoringRule::Tree { nodes } => {
                nodes.iter().find_map(|node| match node {
                    TreeNode::Question {
                        feature: asked, test: Test::OneOf { levels, .. }, ..
                    } if *asked == feature => Some(levels.as_slice()),
                    _ => None,
                })
            }
            _ => None,
        }
    }
}
