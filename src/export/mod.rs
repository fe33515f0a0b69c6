//! Results on their way out: tables as CSV, findings as JSON, files that are there whole or not at
//! all.
//!
//! | item | what it is |
//! |---|---|
//! | [`customers_csv`] | one row per customer: value, segment, strategies and reasons |
//! | [`segments_csv`] | one row per segment: size, value with its interval, traits and strategies |
//! | [`json`] | any finding as JSON |
//! | [`Sink`] | the seam for where results go |
//! | [`Directory`] | a folder on disk, where nothing half-written stays behind |
//!
//! Money that was paid has two decimals and money that is expected four; probabilities have six.
//! Text that a spreadsheet would take for a formula is guarded, and numbers never are (see
//! [`CsvTable`]).

mod csv;
mod error;
mod sink;
mod tables;

pub use csv::{Cell, CsvTable};
pub use error::ExportError;
pub use sink::{Directory, Sink};
pub use tables::{CustomerTable, customers_csv, json, segments_csv};
