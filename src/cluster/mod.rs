//! Segments: who is like whom.
//!
//! | item | what it is |
//! |---|---|
//! | [`Segmentation`] | who is in which segment: one each, several, by degree, or none |
//! | [`Segmenter`], [`SegmentModel`] | the seam for a caller's own method, and what it leaves behind |
//! | [`KMeans`] | segments around centres, for numbers on comparable scales |
//! | [`Hdbscan`], [`Placement`] | segments where customers are dense, and customers in none |
//! | [`Hierarchical`], [`Dendrogram`] | a tree of merges, cut into segments: Ward's and other linkages |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.

mod error;
mod hdbscan;
mod hierarchical;
mod kmeans;
mod neighbours;
mod numbers;
mod prediction_strength;
mod segmentation;
mod segmenter;
mod spanning;

pub use error::SegmentError;
pub use hdbscan::{DenseSelection, Hdbscan, HdbscanModel, Placement};
pub use hierarchical::{Dendrogram, Hierarchical, HierarchicalModel, Linkage, Merge};
pub use kmeans::{KMeans, KMeansModel};
pub use prediction_strength::{ChosenKMeans, PredictionStrength, Strength, prediction_strength};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
