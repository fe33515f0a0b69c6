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
//! | [`Rules`] | segments by rules over features, the first that holds |
//! | [`Labels`] | segments made elsewhere, as a method among others |
//! | [`PredictionStrength`], [`prediction_strength`] | k-means with the number of segments chosen, or the answer that there are none |
//!
//! Two uses of a segmentation are not the same: a method finds segments, and somebody else's labels
//! bring them. Both are a [`Segmentation`], and what comes after cannot tell them apart.
//!
//! # Which method when
//!
//! Segments are made from what customers want or do, and described by the rest. Which method fits
//! depends on the kind of the columns first, on the shape of the groups second, and on the number
//! of customers last.
//!
//! | the customers | method | what it costs |
//! |---|---|---|
//! | numbers on one scale, round groups of like spread, any number of customers | k-means | customers x features x k an iteration |
//! | numbers, groups that are longer or wider than others, or overlap; degrees of membership are wanted | Gaussian mixture | k-means' times the features where covariances are full |
//! | yes/no, categories, ordered answers, also with gaps: surveys, needs | latent classes | patterns of answers x items x classes an iteration |
//! | numbers and categories in one table, many customers | k-prototypes | as k-means |
//! | mixed columns with gaps, or a segment must be shown by a real customer | Gower distance with k-medoids | customers squared |
//! | some thousands, and how groups nest matters; a start for k-means | Ward | customers squared |
//! | dense groups of any shape among many who belong to none | HDBSCAN | customers squared at worst |
//! | a decision and not a finding: tiers, contracts, regions | [`Rules`] | one look at each customer |
//! | segments that the company already has | [`Labels`] | a look-up |
//!
//! - Scale first ([`Scaling`](crate::features::Scaling)): in distances a column in cents weighs ten
//!   thousand times one in hundreds. Skewed amounts belong on a logarithm, shares of one whole not
//!   beside their sum.
//! - Of columns that say the same five times distances count five. Leave four out; principal
//!   components hide the question instead of answering it.
//! - Answers to a survey are not numbers. K-means on yes/no items first of all tells those who say
//!   yes to everything from those who say no; latent classes, with the missing items left out, do
//!   not invent distances.
//! - A mixture finds as many components as the shape of one skewed group needs, which are no
//!   segments: read its ICL, which counts overlap, rather than its BIC.
//! - HDBSCAN leaves customers in no segment, which is honest and no partition. Choose it to find
//!   the dense groups, not to plan for everybody.
//! - How many: [`PredictionStrength`] for k-means alone, and [`select`](crate::select) where
//!   methods, numbers of segments and features compete; both can say that there are none.
//! - Look at how often the best optimum was hit ([`Criteria::hit_rate`]). Where it is a few in a
//!   hundred, the seed decides who is in which segment, whatever the index.

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
mod rules;
mod scorer;
mod segmentation;
mod segmenter;
mod spanning;
mod spherical;

pub use crate::saved::SavedModelError;
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
pub use rules::{Condition, Rules, RulesModel};
pub use scorer::{Item, Scorer, ScoringRule, Test, TreeNode};
pub use segmentation::{Membership, Segmentation};
pub use segmenter::{DynSegmenter, SegmentModel, Segmenter};
pub use spherical::{SphericalKMeans, SphericalKMeansModel};
