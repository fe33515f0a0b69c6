//! What can go wrong with needs.

use crate::data::DataError;

/// Errors of the needs stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NeedError {
    /// A score was outside 0 to 1, or NaN.
    #[error("need `{need}`, row {row}: a score must lie between 0 and 1")]
    Score {
        /// Which need.
        need: String,
        /// Zero-based row.
        row: usize,
        /// The score given.
        score: f64,
    },
    /// A need has another number of scores than there are customers.
    #[error("need `{need}` has {got} scores, expected one for each of {expected} customers")]
    Length {
        /// Which need.
        need: String,
        /// Customers.
        expected: usize,
        /// Scores.
        got: usize,
    },
    /// Two needs have one name.
    #[error("there are two needs `{need}`")]
    NeedTwice {
        /// The name.
        need: String,
    },
    /// An attribute cannot be read as a need.
    #[error(
        "attribute `{attribute}` is {kind}; a need is yes or no, an ordered answer, a multi-answer, or a number from 0 to 1"
    )]
    Kind {
        /// Which attribute.
        attribute: String,
        /// What it is.
        kind: &'static str,
    },
    /// There is no such attribute.
    #[error(transparent)]
    Data(DataError),
}
