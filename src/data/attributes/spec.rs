//! What to do about customers who come twice and values that cannot be.

use serde::Serialize;

/// What to do where a source has more than one row for a customer.
///
/// There is no "first wins" and no "last wins": rows come in any order, and a result that depends
/// on it cannot be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepeatedCustomers {
    /// It is an error: the source promised one row per customer.
    #[default]
    Error,
    /// Rows of one customer complete one another; where two give different values for one field,
    /// it is an error.
    Agree,
    /// Rows of one customer complete one another; where two give different values for one field,
    /// it is missing, and counted.
    AgreeOrMissing,
}

/// What to do about a value outside its field's domain: a number that is not finite, a level or
/// option that was not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutOfDomain {
    /// It is an error.
    #[default]
    Error,
    /// It is a missing value, and counted. A multi-answer with one such option is missing as a
    /// whole: without the option it would say no to what it did not say no to.
    Missing,
}

/// The rules of a join of attributes to customers.
///
/// ```
/// use segmentry::data::{JoinSpec, OutOfDomain, RepeatedCustomers};
///
/// let rules = JoinSpec::new()
///     .repeated_customers(RepeatedCustomers::Agree)
///     .out_of_domain(OutOfDomain::Missing)
///     .max_levels(500);
/// assert_ne!(rules, JoinSpec::new());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinSpec {
    pub(crate) repeated: RepeatedCustomers,
    pub(crate) out_of_domain: OutOfDomain,
    pub(crate) max_levels: usize,
}

impl Default for JoinSpec {
    fn default() -> Self {
        Self {
            repeated: RepeatedCustomers::Error,
            out_of_domain: OutOfDomain::Error,
            max_levels: 65_536,
        }
    }
}

impl JoinSpec {
    /// One row per customer, no value outside its domain, at most 65,536 levels.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do where a customer comes twice.
    #[must_use]
    pub fn repeated_customers(mut self, rule: RepeatedCustomers) -> Self {
        self.repeated = rule;
        self
    }

    /// What to do about a value outside its field's domain.
    #[must_use]
    pub fn out_of_domain(mut self, rule: OutOfDomain) -> Self {
        self.out_of_domain = rule;
        self
    }

    /// How many levels of a category, or options of a multi-answer, may be discovered; 65,536
    /// unless set. The some 42,000 ZIP codes of the United States fit; a column of order numbers
    /// that was taken for a category does not.
    #[must_use]
    pub fn max_levels(mut self, max_levels: usize) -> Self {
        self.max_levels = max_levels;
        self
    }
}
