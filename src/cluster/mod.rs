//! Segments: who is like whom.
//!
//! | item | what it is |
//! |---|---|
//! | [`Segmentation`] | who is in which segment: one each, several, by degree, or none |
//! | [`Segmenter`], [`SegmentModel`] | the seam for a caller's own method, and what it leaves behind |
//! | [`Criteria`] | what a fitted model says of its own fit |
//! | [`Scorer`], [`ScoringRule`] | what a fitted model needs to place one customer, as plain data |
//! | [`KMeans`] | segments around centres, for numbers on comparable scales |
//! | [`Rules`] | segments by rules over features, the first that holds |
//! | [`Labels`] | segments made elsewhere, as a method among others |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.

mod criteria;
mod error;
mod kmeans;
mod labels;
mod points;
mod prediction_strength;
mod rules;
mod saved;
mod scorer;
mod segmentation;
mod segmenter;

pub use criteria::Criteria;
pub use error::SegmentError;
pub use kmeans::{KMeans, KMeansModel};
pub use labels::Labels;
pub use prediction_strength::{ChosenKMeans, PredictionStrength, Strength, prediction_strength};
pub use rules::{Condition, Rules, RulesModel};
pub use scorer::{Item, Scorer, ScoringRule, Test, TreeNode};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
