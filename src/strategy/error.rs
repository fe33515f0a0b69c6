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
    /// A quota is of a lever that is not there.
    #[error("there is no lever `{lever}` to have a quota")]
    NoSuchLever {
        /// Its name.
        lever: LeverId,
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
    /// An offer's gain cannot be used.
    #[error("gain of lever {lever}, customer in row {row}, is not a number from -1e100 to 1e100")]
    OfferGain {
        /// Zero-based row.
        row: usize,
        /// Zero-based lever.
        lever: usize,
    },
    /// What an offer uses cannot be used.
    #[error("use of `{resource}` by lever {lever}{} is not a number from 0 to 1e100", in_row(row))]
    OfferUse {
        /// The resource.
        resource: String,
        /// Zero-based row; `None` where one number stands for all customers.
        row: Option<usize>,
        /// Zero-based lever.
        lever: usize,
    },
    /// A table of offers has the wrong shape.
    #[error("the table of offers has {got} {what}, expected {expected}")]
    OfferTable {
        /// What there is too much or too little of.
        what: &'static str,
        /// What would do; the most where there are too many.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// A limit, quota or overlap cannot be used.
    #[error("{what} of {of} is {value}, expected {expected}")]
    AllocationParam {
        /// Such as `limit`.
        what: &'static str,
        /// Of which resource or lever.
        of: String,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
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
    /// A quota was not reached.
    #[error(
        "lever {lever} is asked for {at_least} customers, {reached} could be reached; {}",
        if *impossible { "no choice within the limits meets all quotas" } else { "others may exist" }
    )]
    Quota {
        /// Zero-based lever.
        lever: usize,
        /// Customers asked for.
        at_least: usize,
        /// Customers that could be reached.
        reached: usize,
        /// Whether it is proven that all quotas cannot be met within the limits; otherwise none
        /// that meets them was found.
        impossible: bool,
    },
    /// The exact solver gave up.
    #[error("the exact solver failed: {reason}")]
    Exact {
        /// What it reported.
        reason: String,
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

fn in_row(row: &Option<usize>) -> String {
    row.map_or_else(String::new, |row| format!(", customer in row {row},"))
}
