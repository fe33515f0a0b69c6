//! Transactions from Arrow record batches and Parquet files: only the mapped columns are read, row
//! groups are partitions, faults are named by row and column.
//!
//! | item | what it is |
//! |---|---|
//! | [`ParquetTransactions`] | a transaction log in a Parquet file |
//! | [`ArrowTransactions`] | a transaction log in record batches, in memory or from a reader |
//! | [`ColumnarError`] | what is wrong, and in which row and column |
//!
//! This is the one place where types of the Arrow crates stand in public signatures. A column of
//! another type than its use allows is refused by name; nothing is cast in silence.

mod batches;
mod convert;
mod error;
mod held;
mod ids;
mod numbers;
mod parquet;
mod places;
mod scan;
mod times;

pub use batches::ArrowTransactions;
pub use error::{ColumnarError, ColumnarFault};
pub use parquet::ParquetTransactions;
