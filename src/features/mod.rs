//! Customers as rows of named columns: what methods that group customers look at.
//!
//! | item | what it is |
//! |---|---|
//! | [`FeatureMatrix`], [`FeatureColumn`] | typed columns, every value finite, what is missing marked as missing |
//! | [`DenseFeatures`] | the numbers of a matrix, row by row, for methods that need just that |
//! | [`Behaviour`] | columns from a history: recency, purchases, spend, rhythm, category shares |
//! | [`Scaling`] | logarithm and robust scaling, fitted once and applied apart |
//! | [`FeatureExtractor`] | the seam for a caller's own columns |
//!
//! Customers stand in rows. A matrix cannot hold NaN, so no later stage looks for it; a method that
//! cannot take a column's kind or a missing value says so in a typed error.

mod arrays;
mod behaviour;
mod error;
mod extractor;
mod matrix;
mod scale;

pub use behaviour::{Behaviour, FittedBehaviour};
pub use error::FeatureError;
pub use extractor::{FeatureExtractor, FittedExtractor};
pub use matrix::{DenseFeatures, FeatureColumn, FeatureMatrix, FeatureValues};
pub use scale::{FittedScaling, Scaling};
