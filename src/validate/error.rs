//! What can go wrong while segments are judged. A check that lacks its evidence is no error but a
//! finding.

use crate::features::FeatureError;
use crate::work::Cancelled;

/// Errors of the validate stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateError {
    /// A threshold cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    Param {
        /// Which threshold.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// There is no finding of that name.
    #[error("no check is called `{name}`")]
    NoSuchFinding {
        /// The name asked for.
        name: String,
    },
    /// A caller's own check failed.
    #[error("the check `{check}` failed")]
    Check {
        /// Which check.
        check: String,
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// There are no customers to compare or to measure.
    #[error("there are no customers in one segment each")]
    NoCustomers,
    /// Two lists of segments differ in length.
    #[error("{got} segments were given for {expected} customers")]
    Length {
        /// Customers.
        expected: usize,
        /// Segments given.
        got: usize,
    },
    /// Two segmentations have so many segments that their table is beyond reason.
    #[error("a table of {left} by {right} segments is too large")]
    TooManySegments {
        /// Segments of the first.
        left: usize,
        /// Segments of the second.
        right: usize,
    },
    /// The features cannot be used.
    #[error(transparent)]
    Features(FeatureError),
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for ValidateError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
