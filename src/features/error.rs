//! What can go wrong with columns of features.

use crate::data::DataError;
use crate::units::UnitError;
use crate::work::Cancelled;

/// Errors of the features stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// A value was NaN or infinite.
    #[error("column `{column}`, row {row}: a feature must be finite; mark it as missing instead")]
    NotFinite {
        /// Which column.
        column: String,
        /// Zero-based row.
        row: usize,
    },
    /// A column has another number of rows than there are customers.
    #[error("column `{column}` has {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Which column.
        column: String,
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// Two columns have one name.
    #[error("there are two columns `{column}`")]
    ColumnTwice {
        /// The name.
        column: String,
    },
    /// There is no column of that name.
    #[error("there is no column `{column}`")]
    NoSuchColumn {
        /// The name.
        column: String,
    },
    /// A level's number is outside the column's levels.
    #[error("column `{column}`, row {row}: level {level} of {levels}")]
    Level {
        /// Which column.
        column: String,
        /// Zero-based row.
        row: usize,
        /// The level given.
        level: u32,
        /// How many there are.
        levels: usize,
    },
    /// A weight was not positive and finite.
    #[error("the weight in row {row} is {weight}, expected finite and greater than 0")]
    Weight {
        /// Zero-based row.
        row: usize,
        /// The weight.
        weight: f64,
    },
    /// The method takes no missing values.
    #[error("column `{column}` has missing values, first in row {row}, and the method takes none")]
    Missing {
        /// Which column.
        column: String,
        /// Zero-based row of the first.
        row: usize,
    },
    /// The method cannot take a column of this kind.
    #[error("column `{column}` is {kind}, and the method takes numbers and yes/no only")]
    Kind {
        /// Which column.
        column: String,
        /// What it is.
        kind: &'static str,
    },
    /// The column is of another kind than in the fit.
    #[error("column `{column}` was {expected} in the fit, and is {got} here")]
    OtherKind {
        /// Which column.
        column: String,
        /// What it was.
        expected: &'static str,
        /// What it is.
        got: &'static str,
    },
    /// A logarithm was asked of a negative value.
    #[error("column `{column}`, row {row}: the logarithm needs values of zero or more")]
    Negative {
        /// Which column.
        column: String,
        /// Zero-based row.
        row: usize,
    },
    /// A table of customers could not be made.
    #[error(transparent)]
    Customers(UnitError),
    /// The history lacks an aggregate.
    #[error(transparent)]
    Data(DataError),
    /// A caller's own extractor failed.
    #[error("the feature extractor failed")]
    Extractor {
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for FeatureError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
