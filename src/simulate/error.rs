//! What can go wrong with the parameters of a market. Drawing from a valid one cannot fail.

/// Errors of the simulate stage.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
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
    /// A parameter of a segment, need, category or channel cannot be used.
    #[error("`{name}` of {what} `{of}` is {value}, expected {expected}")]
    PartParam {
        /// `segment`, `need`, `category` or `channel`.
        what: &'static str,
        /// Its name.
        of: String,
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// Shares that must add up to 1 do not.
    #[error("the shares of the {what} add up to {sum}, expected 1")]
    Shares {
        /// `segments` or `channels`.
        what: &'static str,
        /// What they add up to.
        sum: f64,
    },
    /// A name that was not declared.
    #[error("{what} `{of}` names `{name}`, which is no {expected} of the market")]
    Unknown {
        /// Who names it: `segment` or `need`.
        what: &'static str,
        /// Its own name.
        of: String,
        /// The name that is not known.
        name: String,
        /// What it should have been: `need` or `category`.
        expected: &'static str,
    },
    /// Two of a kind have one name.
    #[error("there are two of the name `{name}` among the {what}")]
    Twice {
        /// `segments`, `needs`, `categories` or `channels`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// More of a kind than a market can have.
    #[error("the market has {got} {what}, expected at most {most}")]
    TooMany {
        /// `segments`, `needs`, `categories` or `channels`.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there may be.
        most: usize,
    },
    /// Something has no name.
    #[error("one of the {what} has an empty name")]
    Nameless {
        /// `segments`, `needs`, `categories` or `channels`.
        what: &'static str,
    },
    /// A partition that the market does not have was asked for.
    #[error("partition {partition} does not exist, the market has {partitions}")]
    NoSuchPartition {
        /// The partition asked for, from zero.
        partition: usize,
        /// How many there are.
        partitions: usize,
    },
}

/// Refuses unless `good`; written so that NaN, which fails every comparison, is refused.
pub(crate) fn check(
    good: bool,
    name: &'static str,
    value: f64,
    expected: &'static str,
) -> Result<(), SimulateError> {
    if good { Ok(()) } else { Err(SimulateError::Param { name, value, expected }) }
}

/// Checks that a number is a probability.
pub(crate) fn check_probability(name: &'static str, value: f64) -> Result<(), SimulateError> {
    check((0.0..=1.0).contains(&value), name, value, "between 0 and 1")
}
