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
//! What other readers of CSV let pass without a word is a fault here: a quote that is never closed,
//! text behind a closing quote, a column named twice, a NUL, a file of another encoding or cut in
//! the middle of a line.

mod attributes;
mod error;
mod events;
mod file;
mod layout;
mod lines;
mod multi_answers;
mod quick;
mod records;
mod table;
mod transactions;

pub use attributes::CsvAttributes;
pub use error::{CsvError, CsvFault};
pub use events::CsvEvents;
pub use multi_answers::MultiAnswerFormat;
pub use transactions::CsvTransactions;
