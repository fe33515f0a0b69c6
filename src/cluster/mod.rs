//! Segments: who is like whom.
//!
//! | item | what it is |
//! |---|---|
//! | [`Segmentation`] | who is in which segment: one each, several, by degree, or none |
//! | [`Segmenter`], [`SegmentModel`] | the seam for a caller's own method, and what it leaves behind |
//! | [`KMeans`] | segments around centres, for numbers on comparable scales |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.

mod error;
mod kmeans;
mod points;
mod prediction_strength;
mod segmentation;
mod segmenter;

pub use error::SegmentError;
pub use kmeans::{EmptyCluster, KMeans, KMeansModel};
pub use prediction_strength::{ChosenKMeans, PredictionStrength, Strength, prediction_strength};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
