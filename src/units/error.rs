//! What can be wrong with a single value.

/// A value that its unit does not admit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// An amount of money was NaN or infinite.
    #[error("an amount of money must be finite")]
    MoneyNotFinite {
        /// The value given.
        value: f64,
    },
    /// A probability was outside 0 to 1, or NaN.
    #[error("a probability must lie between 0 and 1, got {value}")]
    Probability {
        /// The value given.
        value: f64,
    },
    /// The mean of an estimate was NaN or infinite.
    #[error("the mean of an estimate must be finite, got {value}")]
    EstimateNotFinite {
        /// The value given.
        value: f64,
    },
    /// A standard error was negative or not finite.
    #[error("a standard error must be finite and not negative, got {value}")]
    StandardError {
        /// The value given.
        value: f64,
    },
    /// No such day exists in the proleptic Gregorian calendar of the years 1 to 9999.
    #[error("{year:04}-{month:02}-{day:02} is not a day of the calendar, years 0001 to 9999")]
    NoSuchDay {
        /// The year given.
        year: i32,
        /// The month given.
        month: u32,
        /// The day of the month given.
        day: u32,
    },
    /// A text was not a date of the form `2011-12-09`, or a date-time of the form `2011-12-09
    /// 12:50:00`.
    #[error("expected a date such as `2011-12-09` or a date-time such as `2011-12-09 12:50:00`")]
    NotADate,
    /// A customer id was empty.
    #[error("the customer id in row {row} is empty")]
    EmptyCustomerId {
        /// Zero-based row.
        row: usize,
    },
    /// A customer appeared twice where every customer has one row.
    #[error("the customer in row {row} was seen before, in row {first}")]
    DuplicateCustomer {
        /// Zero-based row of the second appearance.
        row: usize,
        /// Zero-based row of the first.
        first: usize,
    },
    /// More customers than a table can number.
    #[error("a table holds at most 4294967295 customers")]
    TooManyCustomers,
}
