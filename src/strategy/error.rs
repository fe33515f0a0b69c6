//! What can go wrong while strategies are chosen. An ineligible customer is no error.

use crate::data::DataError;
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
    /// What is known of customers is of other customers.
    #[error("{what} are of other customers than the value")]
    OtherCustomers {
        /// What.
        what: &'static str,
    },
    /// There are more levers than a plan can number.
    #[error("there are {got} levers, expected at most {most}")]
    TooManyLevers {
        /// How many.
        got: usize,
        /// How many there may be.
        most: usize,
    },
    /// A table has another number of rows than there are customers.
    #[error("the strategies have {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// There are more products than which go with which is worked out for.
    #[error("there are {got} products, expected at most {most}; categories are fewer")]
    TooManyProducts {
        /// How many.
        got: usize,
        /// How many there may be.
        most: usize,
    },
    /// Two products have one name, or none.
    #[error("product {place} has no name of its own")]
    ProductName {
        /// Zero-based place.
        place: usize,
    },
    /// A product that is not among the products.
    #[error("{what} names a product that is not there")]
    NoSuchProduct {
        /// What named it.
        what: &'static str,
        /// Its name or place.
        product: String,
    },
    /// A figure of a product or an affinity cannot be used.
    #[error("{what} in row {row} is {value}, expected {expected}")]
    ProductValue {
        /// Which figure.
        what: &'static str,
        /// Zero-based place of the product, or row of the customer.
        row: usize,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// A programme cannot be valued.
    #[error("the programme `{lever}` cannot be valued: {rule}")]
    NoProgramme {
        /// Which.
        lever: LeverId,
        /// What speaks against it.
        rule: &'static str,
    },
    /// What is known of customers lacks what was asked of it.
    #[error(transparent)]
    Data(DataError),
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
