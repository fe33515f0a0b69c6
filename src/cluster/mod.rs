//! Segments: who is like whom.
//!
//! | item | what it is |
//! |---|---|
//! | [`Segmentation`] | who is in which segment: one each, several, by degree, or none |
//! | [`Segmenter`], [`SegmentModel`] | the seam for a caller's own method, and what it leaves behind |
//! | [`Criteria`] | what a fitted model says of its own fit |
//! | [`Scorer`], [`ScoringRule`] | what a fitted model needs to place one customer, as plain data |
//! | [`KMeans`] | segments around centres, for numbers on comparable scales |
//! | [`SearchReport`], [`NextBest`] | how often the best optimum was found, and how far the next best lie |
//! | [`KMedians`] | segments around medians, where single numbers lie far out |
//! | [`SphericalKMeans`] | segments of like proportions, whatever the amounts |
//! | [`MiniBatchKMeans`] | k-means for customers who come in batches |
//! | [`CoresetKMeans`] | k-means on weighted customers who stand for a million |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.

mod alternate;
mod coreset;
mod criteria;
mod error;
mod k_medians;
mod kmeans;
mod mini_batch;
mod points;
mod prediction_strength;
mod saved;
mod scorer;
mod segmentation;
mod segmenter;
mod spherical;

pub use coreset::{CoresetError, CoresetKMeans, CoresetModel};
pub use criteria::Criteria;
pub use error::SegmentError;
pub use k_medians::{KMedians, KMediansModel};
pub use kmeans::{EmptyCluster, KMeans, KMeansModel, NextBest, SearchReport};
pub use mini_batch::{MiniBatchKMeans, MiniBatchModel};
pub use prediction_strength::{ChosenKMeans, PredictionStrength, Strength, prediction_strength};
pub use scorer::{Item, Scorer, ScoringRule, Test, TreeNode};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
pub use spherical::{SphericalKMeans, SphericalKMeansModel};
