//! What can go wrong while customers are valued, and why a model may refuse.

use std::fmt;

use crate::data::DataError;
use crate::work::Cancelled;

/// Errors of the value stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A model cannot honestly be fitted to these data.
    #[error("{model} refuses the data: {reason}")]
    Refused {
        /// Which model.
        model: &'static str,
        /// Why.
        reason: Refusal,
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
    /// A value of a customer cannot be used.
    #[error("{what} in row {row} is not {expected}")]
    BadValue {
        /// Which quantity.
        what: &'static str,
        /// Zero-based row.
        row: usize,
        /// What would do.
        expected: &'static str,
    },
    /// Two tables have different numbers of customers.
    #[error("{what} has {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Which table.
        what: &'static str,
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// The history lacks an aggregate, or attributes could not be read.
    #[error(transparent)]
    Data(DataError),
    /// A model of a family that does not have something which the others have.
    #[error("{model} offers no {what}")]
    NotOffered {
        /// Which model.
        model: &'static str,
        /// What was asked of it.
        what: &'static str,
    },
    /// A caller's own model failed.
    #[error("the value model failed")]
    Model {
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for ValueError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}

/// Why a model refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Too few customers came back for the parameters to mean anything.
    TooFewRepeatCustomers {
        /// How many came back.
        have: u64,
        /// How many are needed.
        need: u64,
    },
    /// Too few renewals of contracts were observed to tell how retention moves.
    TooFewRenewals {
        /// How many were observed.
        have: u64,
        /// How many are needed.
        need: u64,
    },
    /// Every customer spends the same, so that there is no spread to model.
    NoVariation,
    /// The mean of a distribution of spend is infinite.
    InfiniteMean,
    /// Mean spend spans so many powers of ten that ratios leave the range of numbers.
    SpendTooWide,
    /// Too few customers to tell how they differ.
    TooFewCustomers {
        /// How many there are.
        have: u64,
        /// How many are needed.
        need: u64,
    },
    /// Nobody was seen on two days, so that nothing tells how a customer varies.
    NobodyTwice,
    /// The search for the optimum did not end.
    NotConverged,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewRepeatCustomers { have, need } => {
                write!(f, "{have} customers bought again, at least {need} are needed")
            }
            Self::TooFewRenewals { have, need } => {
                write!(f, "customers came to {have} renewals, at least {need} are needed")
            }
            Self::NoVariation => f.write_str("all customers spend alike"),
            Self::InfiniteMean => f.write_str("its mean spend is infinite (q is at most 1)"),
            Self::SpendTooWide => f.write_str("spend spans too many powers of ten"),
            Self::TooFewCustomers { have, need } => {
                write!(f, "{have} customers, at least {need} are needed")
            }
            Self::NobodyTwice => f.write_str("nobody bought on two days"),
            Self::NotConverged => f.write_str("the search for the optimum did not converge"),
        }
    }
}
