//! Segments: who is like whom.
//!
//! | item | what it is |
//! |---|---|
//! | [`Segmentation`] | who is in which segment: one each, several, by degree, or none |
//! | [`Segmenter`], [`SegmentModel`] | the seam for a caller's own method, and what it leaves behind |
//! | [`Criteria`] | what a fitted model says of its own fit |
//! | [`Scorer`], [`ScoringRule`] | what a fitted model needs to place one customer, as plain data |
//! | [`KMeans`] | segments around centres, for numbers on comparable scales |
//! | [`KPrototypes`] | centres of mixed kinds, with each variable's share of the distance |
//! | [`KMedoids`], [`Dissimilarity`] | customers who stand for the others; Gower's coefficient for mixed kinds with gaps |
//! | [`Joint`] | several bases at once, each with its weight |
//! | [`Hdbscan`], [`Placement`] | segments where customers are dense, and customers in none |
//! | [`Hierarchical`], [`Dendrogram`] | a tree of merges, cut into segments: Ward's and other linkages |
//! | [`GaussianMixture`], [`Covariance`] | segments of any elliptic shape, with the probability that a customer belongs to each |
//! | [`LatentClasses`], [`LatentClassModel`] | segments behind yes/no, ordered and categorical answers, with gaps |
//! | [`Classification`] | what the classes have to do with anything else, corrected for classification errors |
//! | [`SearchReport`], [`NextBest`] | how often the best optimum was found, and how far the next best lie |
//! | [`KMedians`] | segments around medians, where single numbers lie far out |
//! | [`SphericalKMeans`] | segments of like proportions, whatever the amounts |
//! | [`MiniBatchKMeans`] | k-means for customers who come in batches |
//! | [`CoresetKMeans`] | k-means on weighted customers who stand for a million |
//! | [`Labels`] | segments made elsewhere, as a method among others |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.

mod alternate;
mod coreset;
mod criteria;
mod dissimilarity;
mod error;
mod hdbscan;
mod hierarchical;
mod joint;
mod k_medians;
mod kmeans;
mod labels;
mod latent_class;
mod medoids;
mod mini_batch;
mod mixed;
mod mixture;
mod neighbours;
mod numbers;
mod points;
mod prediction_strength;
mod prototypes;
mod saved;
mod scorer;
mod segmentation;
mod segmenter;
mod spanning;
mod spherical;

pub use coreset::{CoresetError, CoresetKMeans, CoresetModel};
pub use criteria::Criteria;
pub use dissimilarity::Dissimilarity;
pub use error::SegmentError;
pub use hdbscan::{DenseSelection, Hdbscan, HdbscanModel, Placement};
pub use hierarchical::{Dendrogram, Hierarchical, HierarchicalModel, Linkage, Merge};
pub use joint::{BasisShare, Joint, JointModel};
pub use k_medians::{KMedians, KMediansModel};
pub use kmeans::{EmptyCluster, KMeans, KMeansModel, NextBest, SearchReport};
pub use labels::Labels;
pub use latent_class::{
    Acceleration, Assignment, ClassLogit, ClassMean, Classification, Correction,
    InformationCriteria, LatentClassErrors, LatentClassModel, LatentClasses, LogitTerm, NewLevels,
    Starts,
};
pub use medoids::{KMedoids, MedoidsModel, Searched};
pub use mini_batch::{MiniBatchKMeans, MiniBatchModel};
pub use mixture::{Covariance, GaussianMixture, GaussianMixtureModel};
pub use prediction_strength::{ChosenKMeans, PredictionStrength, Strength, prediction_strength};
pub use prototypes::{KPrototypes, PrototypesModel, VariableShare};
pub use scorer::{Item, Scorer, ScoringRule, Test, TreeNode};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
pub use spherical::{SphericalKMeans, SphericalKMeansModel};
