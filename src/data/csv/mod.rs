//! Transactions, attributes and events from CSV: mapped columns, exact decimals, faults named by
//! line and column.
//!
//! | item | what it is |
//! |---|---|
//! | [`CsvTransactions`] | a transaction log from a path or any reader |
//! | [`CsvAttributes`], [`MultiAnswerFormat`] | attributes, one row per customer, and how several answers stand in one field |
//! | [`CsvEvents`] | contacts, responses, consents and exposures |
//! | [`CsvError`] | what is wrong, and in which line and column |
//!
//! The `csv` crate splits the records; what it lets pass (a header named twice, a file of another
//! encoding) is caught here.

mod attributes;
mod error;
mod events;
mod multi_answers;
mod quotes;
mod table;
mod transactions;

pub use attributes::CsvAttributes;
pub use error::{CsvError, CsvFault};
pub use events::CsvEvents;
pub use multi_answers::MultiAnswerFormat;
pub use transactions::CsvTransactions;
