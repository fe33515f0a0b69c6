//! What can go wrong while contacts are planned. A contact that a policy holds back is no error.

use crate::data::DataError;
use crate::saved::SavedModelError;
use crate::treatment::PlanFinding;
use crate::work::Cancelled;

/// Errors of the treatment stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreatmentError {
    /// A parameter cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    Param {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// No day has such a time.
    #[error("{hour}:{minute:02} is no time of day, 00:00 to 23:59")]
    TimeOfDay {
        /// The hour given.
        hour: u32,
        /// The minute given.
        minute: u32,
    },
    /// A part of a plan cannot be.
    #[error("{}`{what}` is not {expected}", place(*rule, *step))]
    Plan {
        /// Zero-based rule; printed, it counts from one. `None` for the table of channels.
        rule: Option<usize>,
        /// Zero-based step, where it is one; printed, it counts from one.
        step: Option<usize>,
        /// Which part.
        what: &'static str,
        /// What would do.
        expected: &'static str,
    },
    /// A plan has faults that nobody may schedule by.
    #[error("the plan has {faults} faults, the first: {first}")]
    Faults {
        /// How many.
        faults: usize,
        /// The first.
        first: Box<PlanFinding>,
    },
    /// Two tables are not of the same customers in the same rows.
    #[error("{what} is of other customers")]
    OtherCustomers {
        /// Which table.
        what: &'static str,
    },
    /// A column has another number of rows than there are customers.
    #[error("{what} has {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Which column.
        what: &'static str,
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// A row lies behind the last customer.
    #[error("row {row} of {what} is of nobody: there are {customers} customers")]
    NoSuchRow {
        /// Which table.
        what: &'static str,
        /// Zero-based row.
        row: usize,
        /// Customers.
        customers: usize,
    },
    /// A trigger was asked for without what it looks at.
    #[error("the trigger `{trigger}` needs {needs}")]
    Lacks {
        /// Which trigger.
        trigger: &'static str,
        /// What it looks at.
        needs: &'static str,
    },
    /// What is read is no saved plan.
    #[error(transparent)]
    Saved(#[from] SavedModelError),
    /// A history or a source of events failed.
    #[error(transparent)]
    Data(DataError),
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

/// Where in a plan, in words.
fn place(rule: Option<usize>, step: Option<usize>) -> String {
    match (rule, step) {
        (Some(rule), Some(step)) => format!("rule {}, step {}: ", rule + 1, step + 1),
        (Some(rule), None) => format!("rule {}: ", rule + 1),
        _ => String::new(),
    }
}

impl From<Cancelled> for TreatmentError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}

impl From<DataError> for TreatmentError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Data(error),
        }
    }
}
