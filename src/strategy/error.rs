//! What can go wrong while strategies are chosen. An ineligible customer is no error.

use crate::units::LeverId;
use crate::work::Cancelled;

/// Errors of the strategy stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// A parameter of a lever cannot be used.
    #[error("`{name}` of `{lever}` is {value}, expected {expected}")]
    Param {
        /// Whose parameter.
        lever: LeverId,
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// Two levers have one name.
    #[error("there are two levers `{lever}`")]
    LeverTwice {
        /// The name.
        lever: LeverId,
    },
    /// A lever's offer has a number that cannot be used.
    #[error("lever `{lever}`, customer in row {row}: `{name}` of the offer is not {expected}")]
    BadOffer {
        /// Whose offer.
        lever: LeverId,
        /// Zero-based row.
        row: usize,
        /// Which number.
        name: &'static str,
        /// What would do.
        expected: &'static str,
    },
    /// A table has another number of rows than there are customers.
    #[error("the strategies have {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// A table about experiences has another length than it should have.
    #[error("the {what} of the experiences are {got}, expected {expected}")]
    ExperienceTable {
        /// Which table.
        what: &'static str,
        /// What would do, or the least that would.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A number in a table about experiences cannot be used.
    #[error("{table} of the experiences, row {row}, column {column}: not {expected}")]
    ExperienceValue {
        /// Which table.
        table: &'static str,
        /// Zero-based row.
        row: usize,
        /// Zero-based column.
        column: usize,
        /// What would do.
        expected: &'static str,
    },
    /// A parameter of the question how many experiences there should be cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    ExperienceParam {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// A caller's own assigner failed.
    #[error("the strategy assigner failed")]
    Assigner {
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for StrategyError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
