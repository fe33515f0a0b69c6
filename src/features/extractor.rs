//! The seam for a caller's own features.

use std::fmt;

use crate::data::{CustomerHistory, HistorySpec};
use crate::features::{FeatureError, FeatureMatrix};
use crate::work::Work;

/// A way from histories to features, before it has seen data.
///
/// Fitted and unfitted are different types: what is learnt (which categories there are, which
/// scale) is learnt once and applied to tomorrow's customers unchanged.
pub trait FeatureExtractor {
    /// Asks a specification for the aggregates that the features are made of, before the one scan.
    fn ask(&self, spec: HistorySpec) -> HistorySpec {
        spec
    }

    /// Learns from a history.
    ///
    /// # Errors
    ///
    /// Whatever keeps the features from being made.
    fn fit(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<Box<dyn FittedExtractor>, FeatureError>;
}

/// A fitted way from histories to features.
pub trait FittedExtractor: fmt::Debug + Send + Sync {
    /// The features of each customer of a history: the same columns whatever the history.
    ///
    /// # Errors
    ///
    /// Whatever keeps the features from being made.
    fn transform(
        &self,
        history: &CustomerHistory,
        work: &Work,
    ) -> Result<FeatureMatrix, FeatureError>;
}
