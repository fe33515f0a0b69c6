//! What happened: the caller's rows, read once, accounted for, and folded into one row per
//! customer.
//!
//! | item | what it is |
//! |---|---|
//! | [`TransactionSource`] | where transactions come from; implement it for a database, a file, a `Vec` |
//! | [`Batch`], [`Batches`], [`Transaction`] | columns of rows, a scan's sequence of them, and a row for those who have rows |
//! | [`HistorySpec`] | what to read and by which rules, chosen before the one scan |
//! | [`PartialHistory`], [`CustomerHistory`] | a shard of the fold, mergeable; and the finished history |
//! | [`PurchaseDays`], [`PurchasePeriods`] | what each customer bought and brought back, day by day and by week, month, quarter or year |
//! | [`DataQuality`] | what became of every row that was read |
//! | [`Findings`], [`FindingLimits`] | whether the data can carry what comes after: every defect graded, with its bias |
//! | [`AttributeSource`], [`Attributes`], [`JoinReport`] | what else is known of customers, joined to them, with the account of both sides |
//! | [`EventSource`], [`EventSummary`], [`EventReport`] | contacts, responses, consents and exposures, folded per customer |
//! | `CsvTransactions`, `CsvAttributes`, `CsvEvents` | all three from CSV (feature `csv`) |
//! | `ParquetTransactions`, `ArrowTransactions` | transactions from columns (feature `arrow`) |
//!
//! Conventions, stated once:
//!
//! - The grain is the day: all that a customer buys on one day is one purchase, as the models of
//!   [`value`](crate::value) expect (Fader, Hardie & Lee 2005).
//! - A negative amount is a return. It never counts as a purchase; spend is kept gross, with
//!   returns and net beside it.
//! - A customer's age `T` runs from the first purchase to the end of the observation, which is the
//!   latest day in the data unless [`HistorySpec::observed_until`] says otherwise.
//! - Money is added up as whole minor units, checked for overflow, so that any order of rows, any
//!   batching and any partitioning give the same bits.
//!
//! Memory while reading, for each
//!
//! - customer: 48 bytes, 8 bytes for each slot of an index that is at most three quarters full, and
//!   the letters of ids that are no whole numbers;
//! - customer and day of purchase: 8 bytes, unless the source declares a [`RowOrder`];
//! - worker: the batch that it reads, and at most half a million visits of 24 bytes that wait to be
//!   booked;
//! - row, where order and product are both known: 24 bytes for telling exact repeats, 64 for
//!   dropping them, none with [`Duplicates::Ignore`];
//! - aggregate that was asked for: what its documentation says.
//!
//! Tables grow by doubling, so as much again may be reserved. Nothing else grows with the rows.

mod amount;
#[cfg(feature = "arrow")]
mod arrow;
mod attributes;
mod batch;
mod categories;
mod cells;
#[cfg(feature = "csv")]
mod csv;
mod currencies;
mod days;
mod error;
mod events;
mod findings;
mod fingerprint;
mod fold;
mod gather;
mod history;
mod ledger;
#[cfg(any(feature = "arrow", feature = "csv"))]
mod mapped;
mod matching;
mod partitions;
mod purchase_days;
mod purchase_periods;
mod quality;
mod reading;
mod roster;
mod rows;
mod source;
mod spec;
mod summary;
mod texts;
mod window;

pub use amount::Decimal;
#[cfg(feature = "arrow")]
pub use arrow::{ArrowTransactions, ColumnarError, ColumnarFault, ParquetTransactions};
pub use attributes::{
    AttributeBatch, AttributeBatches, AttributeColumn, AttributeField, AttributeKind,
    AttributeSource, AttributeValues, Attributes, Availability, FieldReport, JoinReport, JoinSpec,
    MultiAnswerColumn, MultiAnswers, Options, Origin, OutOfDomain, RepeatedCustomers,
};
pub use batch::{Amounts, Batch, IdColumn, RowFault, TextColumn, Times};
#[cfg(feature = "csv")]
pub use csv::{CsvAttributes, CsvError, CsvEvents, CsvFault, CsvTransactions, MultiAnswerFormat};
pub use error::DataError;
pub use events::{
    Consent, Event, EventBatch, EventBatches, EventKind, EventKinds, EventReport, EventRequest,
    EventSource, EventSpec, EventSummary, EventTally, KindReport, UnreadableEvents,
};
pub use findings::{
    Bias, BiasedQuantity, Finding, FindingGrade, FindingKind, FindingLimits, Findings, Measure,
    Statistic,
};
pub use fold::PartialHistory;
pub use history::{CategoryTotals, CustomerHistory, HeldOut, Rhythm};
pub use purchase_days::{DayTotal, PurchaseDays};
pub use purchase_periods::{PeriodTotal, PurchasePeriods};
pub use quality::{CurrencyTally, DataQuality, Repeats, Ruled, Tally, Unreadable, WithoutPurchase};
pub use rows::{Id, Transaction};
pub use source::{Batches, Column, RowOrder, ScanRequest, SourceError, TransactionSource};
pub use spec::{
    Currencies, Duplicates, HistorySpec, MissingCustomers, OutOfWindow, Returns, UnreadableRows,
    ZeroAmounts,
};
