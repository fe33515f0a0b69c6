//! What can go wrong while data are read.

use crate::data::{RowOrder, SourceError};
use crate::units::{CustomerId, UnitError};
use crate::work::Cancelled;

/// Errors of the data stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The caller's transaction source failed.
    #[error("the transaction source failed after {rows_read} rows of partition {partition}")]
    Source {
        /// The partition that was being read, from zero.
        partition: usize,
        /// Rows of that partition read before the failure.
        rows_read: u64,
        /// What the source reported.
        #[source]
        source: SourceError,
    },
    /// An attribute or event source failed.
    #[error("the {what} source failed after {rows_read} rows")]
    SideSource {
        /// `attribute` or `event`.
        what: &'static str,
        /// Rows read before the failure.
        rows_read: u64,
        /// What the source reported.
        #[source]
        source: SourceError,
    },
    /// The columns of a batch have different lengths.
    #[error("column `{column}` of a batch has {got} rows, the customer column has {expected}")]
    BatchLength {
        /// Which column.
        column: &'static str,
        /// Rows of the customer column.
        expected: usize,
        /// Rows of this one.
        got: usize,
    },
    /// A text column's ends do not cut its text into rows.
    #[error("row {row} of a text column ends outside the text or inside a character")]
    TextColumn {
        /// Zero-based row of the batch.
        row: usize,
    },
    /// Customer ids were integers at first and texts later, or the other way round.
    #[error("customer ids are integers in one batch and texts in another; give one kind")]
    MixedIds,
    /// A row cannot be used and the policy is to stop at such rows.
    #[error("row {row} of partition {partition} cannot be used: {fault}")]
    Unreadable {
        /// The partition, from zero.
        partition: usize,
        /// Zero-based row of the partition.
        row: u64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The source declared an order of its rows, and they come otherwise.
    #[error(
        "{} breaks the order that the source declares: {}",
        place(*.partition, *.row),
        match .declared {
            RowOrder::Any => "any",
            RowOrder::Time => "each customer's purchases in order of time",
            RowOrder::Customer => "the rows of a customer together",
        }
    )]
    OutOfOrder {
        /// The partition, from zero.
        partition: usize,
        /// Zero-based row of the partition; `None` where only the partition is known to clash with
        /// one before it.
        row: Option<u64>,
        /// What was declared.
        declared: RowOrder,
    },
    /// A policy says that such a row is an error.
    #[error("row {row} of partition {partition} is {what}, and the policy is to stop at such rows")]
    Refused {
        /// The partition, from zero.
        partition: usize,
        /// Zero-based row of the partition.
        row: u64,
        /// What the row is.
        what: &'static str,
    },
    /// The rows are in two currencies at least, and the policy is to stop at the second. The row is
    /// the first, in order of partitions and of rows, that names another currency than the first row
    /// that names one, on whatever number of threads they are read.
    #[error(
        "row {row} of partition {partition} is in another currency than rows before it; their sum is no amount"
    )]
    MixedCurrencies {
        /// The partition, from zero.
        partition: usize,
        /// Zero-based row of the partition.
        row: u64,
    },
    /// The column of currencies has more of them than a shop can take.
    #[error("the rows name more than {limit} currencies; is it a column of currencies?")]
    TooManyCurrencies {
        /// How many there may be.
        limit: usize,
    },
    /// A customer's amounts do not fit into 64 bits of minor units.
    #[error(
        "the amounts of one customer exceed 64 bits of minor units (the id is in the error's `customer` field)"
    )]
    AmountOverflow {
        /// Whose amounts.
        customer: CustomerId,
    },
    /// There is nobody to describe.
    #[error(
        "no customer has a purchase: {rows_read} rows were read, {rows_skipped} of them skipped"
    )]
    NoPurchases {
        /// Rows read.
        rows_read: u64,
        /// Rows skipped under a policy.
        rows_skipped: u64,
    },
    /// An aggregate was not asked for before the scan.
    #[error(
        "the history has no `{aggregate}`: ask for it with `HistorySpec::{aggregate}` before reading"
    )]
    NotAsked {
        /// The method of [`HistorySpec`](crate::data::HistorySpec) that asks for it.
        aggregate: &'static str,
    },
    /// A parameter of the specification cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    Param {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// Two partial histories were read by different specifications.
    #[error("partial histories of different specifications cannot be merged")]
    SpecsDiffer,
    /// A partition that the source does not have was asked for.
    #[error("partition {partition} does not exist, the source has {partitions}")]
    NoSuchPartition {
        /// The partition asked for, from zero.
        partition: usize,
        /// How many there are.
        partitions: usize,
    },
    /// No attribute of that name.
    #[error("there is no attribute `{name}`")]
    NoSuchAttribute {
        /// The name asked for.
        name: String,
    },
    /// An attribute is of another kind than the one asked for.
    #[error("attribute `{name}` is {got}, expected {expected}")]
    AttributeKind {
        /// The attribute.
        name: String,
        /// What it is.
        got: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A value of an attribute is outside the kind's domain.
    #[error("attribute `{name}` in row {row}: expected {expected}")]
    AttributeValue {
        /// The attribute.
        name: String,
        /// Zero-based row of the source.
        row: usize,
        /// What would do.
        expected: &'static str,
    },
    /// An attribute source's batch does not fit its own fields.
    #[error("an attribute batch has {got} columns, the source declares {expected} fields")]
    AttributeBatch {
        /// Declared fields.
        expected: usize,
        /// Columns in the batch.
        got: usize,
    },
    /// Two fields of attributes have one name.
    #[error("there are two attributes `{name}`")]
    AttributeTwice {
        /// The name.
        name: String,
    },
    /// The levels or options that a field declares cannot be.
    #[error("attribute `{name}`: level {level} {fault}")]
    DeclaredLevels {
        /// The attribute.
        name: String,
        /// Place of the level among the declared ones, from zero.
        level: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A category or multi-answer has more levels than the rules allow.
    #[error(
        "attribute `{name}` has more than {limit} levels; declare it a text, or raise `JoinSpec::max_levels`"
    )]
    TooManyLevels {
        /// The attribute.
        name: String,
        /// How many are allowed.
        limit: usize,
    },
    /// Two rows of one customer give different values for one field.
    #[error("attribute `{name}`: row {row} contradicts an earlier row of the same customer")]
    Contradiction {
        /// The attribute.
        name: String,
        /// Zero-based row of the source.
        row: usize,
    },
    /// The ends of a multi-answer column do not cut its ticks into rows.
    #[error("row {row} of a multi-answer column ends behind the last tick or before its start")]
    MultiAnswers {
        /// Zero-based row of the batch.
        row: usize,
    },
    /// Results of different customers or rules were to be put together.
    #[error("{what} of different {differ} cannot be put together")]
    CannotJoin {
        /// Which results.
        what: &'static str,
        /// What differs.
        differ: &'static str,
    },
    /// An event is outside its domain.
    #[error("event in row {row}: expected {expected}")]
    EventValue {
        /// Zero-based row of the source.
        row: u64,
        /// What would do.
        expected: &'static str,
    },
    /// There are more kinds or keys of events than the rules allow.
    #[error("more than {limit} different names for the {what}; raise `EventSpec::max_keys`")]
    TooManyKeys {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// A table of customers could not be made.
    #[error(transparent)]
    Customers(UnitError),
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for DataError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}

fn place(partition: usize, row: Option<u64>) -> String {
    match row {
        Some(row) => format!("row {row} of partition {partition}"),
        None => format!("partition {partition}"),
    }
}
