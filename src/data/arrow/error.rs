//! What can be wrong with a Parquet file or a record batch, and where.

use std::fmt;

use arrow_schema::DataType;

use crate::data::SourceError;

/// A fault of a Parquet file or of record batches.
///
/// Its text names the row and the column and never what stood there. What the decoder or the
/// caller's own reader reported is the `source()`.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.place())]
pub struct ColumnarError {
    /// The row group of the Parquet file, from zero.
    pub row_group: Option<usize>,
    /// The row, from zero: of the whole file, or of all record batches behind one another.
    pub row: Option<u64>,
    /// The column by its name.
    pub column: Option<String>,
    /// What is wrong.
    pub fault: ColumnarFault,
    #[source]
    cause: Option<SourceError>,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnarFault {
    /// Opening or reading failed.
    Io,
    /// The file does not start like a Parquet file.
    NotParquet,
    /// The file starts like a Parquet file, and its end is missing.
    CutOff,
    /// The file or a part of it cannot be decoded.
    Damaged,
    /// The file is not the one that was opened: its length or time of change is another.
    Changed,
    /// A column is compressed by a method that is not supported.
    Compression {
        /// The method.
        method: String,
    },
    /// A mapped column does not exist.
    NoSuchColumn,
    /// A mapped column exists twice.
    ColumnTwice,
    /// A mapped column is of a type that its use does not allow.
    Type {
        /// Its type, in Arrow's words.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// A column is of one type in one record batch and of another in the next.
    TypeChanges,
    /// A value is needed and there is none.
    NoValue,
    /// Not an ISO date or date-time.
    NotATime,
    /// Some times carry an offset from UTC and others do not, so that they are not of one clock.
    MixedOffsets,
    /// A whole number or decimal with more digits than 64 bits hold.
    TooManyDigits,
    /// The caller's reader of record batches failed.
    Reader,
    /// A reader can be read only once, and was.
    ReadBefore,
}

impl ColumnarError {
    pub(crate) fn of(fault: ColumnarFault) -> Self {
        Self { row_group: None, row: None, column: None, fault, cause: None }
    }

    pub(crate) fn wrong_type(found: &DataType, expected: &'static str) -> Self {
        Self::of(ColumnarFault::Type { found: found.to_string(), expected })
    }

    #[must_use]
    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn in_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    #[must_use]
    pub(crate) fn in_row_group(mut self, row_group: Option<usize>) -> Self {
        self.row_group = row_group;
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, cause: impl Into<SourceError>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    fn place(&self) -> String {
        let row_group = self.row_group.map(|row_group| format!("row group {row_group}"));
        let row = self.row.map(|row| format!("row {row}"));
        let column = self.column.as_ref().map(|column| format!("column `{column}`"));
        let place: Vec<String> = [row_group, row, column].into_iter().flatten().collect();
        let place = if place.is_empty() { "the data".to_owned() } else { place.join(", ") };
        format!("{place}: {}", self.fault)
    }
}

impl fmt::Display for ColumnarFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io => f.write_str("reading failed"),
            Self::NotParquet => f.write_str("not a Parquet file"),
            Self::CutOff => f.write_str("a Parquet file whose end is missing"),
            Self::Damaged => f.write_str("it cannot be decoded, the file seems to be damaged"),
            Self::Changed => f.write_str("the file changed after it was opened"),
            Self::Compression { method } => {
                write!(f, "compressed by {method}; write it with zstd, snappy or uncompressed")
            }
            Self::NoSuchColumn => f.write_str("no such column"),
            Self::ColumnTwice => f.write_str("there are two columns of this name"),
            Self::Type { found, expected } => write!(f, "its type is {found}, expected {expected}"),
            Self::TypeChanges => f.write_str("its type is another than in the first record batch"),
            Self::NoValue => f.write_str("no value"),
            Self::NotATime => f.write_str(
                "not a date such as `2011-12-09` or a date-time such as `2011-12-09 12:50:00`",
            ),
            Self::MixedOffsets => f.write_str(
                "some times carry an offset from UTC and others do not; give all of one clock",
            ),
            Self::TooManyDigits => f.write_str("more digits than 64 bits hold"),
            Self::Reader => f.write_str("the reader of record batches failed"),
            Self::ReadBefore => {
                f.write_str("the reader was read before; give the batches to read them again")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_the_place() {
        let error = ColumnarError::of(ColumnarFault::NoValue)
            .in_row_group(Some(3))
            .in_row(300_017)
            .in_column("amount");
        assert_eq!(error.to_string(), "row group 3, row 300017, column `amount`: no value");
        let error = ColumnarError::of(ColumnarFault::NotParquet);
        assert_eq!(error.to_string(), "the data: not a Parquet file");
    }
}
