//! What can go wrong while candidates are compared. A candidate that cannot be fitted is no error
//! but a candidate that is out.

use crate::cluster::SegmentError;
use crate::features::FeatureError;
use crate::validate::ValidateError;
use crate::work::Cancelled;

/// Errors of the select stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// There is nothing to choose from.
    #[error("there are no candidates")]
    NoCandidates,
    /// Two candidates, or two scorers, have one name.
    #[error("there are two of the name `{name}`")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// A parameter cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    Param {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// A caller's own scorer failed.
    #[error("the scorer `{scorer}` failed")]
    Scorer {
        /// Which scorer.
        scorer: String,
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// Segments could not be found or placed.
    #[error(transparent)]
    Segments(SegmentError),
    /// Segments could not be judged.
    #[error(transparent)]
    Validate(ValidateError),
    /// The features cannot be used.
    #[error(transparent)]
    Features(FeatureError),
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for SelectError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}

impl From<ValidateError> for SelectError {
    fn from(error: ValidateError) -> Self {
        match error {
            ValidateError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Validate(error),
        }
    }
}

impl From<SegmentError> for SelectError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Segments(error),
        }
    }
}
