//! What can be wrong with a CSV file, and where.

use std::fmt;

/// A fault of a CSV file.
///
/// Its text names the line of the file and the column and never what stood there;
/// [`raw_value`](Self::raw_value) gives that to whoever asks.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.place())]
pub struct CsvError {
    /// Line of the file, from one; the header is line 1. `None` where the file as a whole is at
    /// fault.
    pub line: Option<u64>,
    /// Row of the file, from one, blank lines and the header not counted. `None` in the header and
    /// where the file as a whole is at fault.
    pub row: Option<u64>,
    /// The column by its header.
    pub column: Option<String>,
    /// What is wrong.
    pub fault: CsvFault,
    raw: Withheld,
    #[source]
    cause: Option<std::io::Error>,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvFault {
    /// The file has no header line.
    Empty,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is UTF-16; save it as UTF-8.
    Utf16,
    /// A mapped column is not in the header.
    NoSuchColumn,
    /// A mapped column is in the header twice.
    ColumnTwice,
    /// A line has another number of fields than the header.
    FieldCount {
        /// Fields of the header.
        expected: u64,
        /// Fields of the line.
        got: u64,
    },
    /// The last line has no end and too few fields: whatever else stood behind it is missing.
    CutOff,
    /// A quote is never closed, so that it would swallow the rest of the file.
    OpenQuote,
    /// Text behind the closing quote of a field.
    TextAfterQuote,
    /// A record is longer than any that is read.
    RecordTooLong {
        /// The longest record that is read, in bytes.
        limit: usize,
    },
    /// A NUL byte.
    NulByte,
    /// The byte that shall separate fields is a quote, a line end, a NUL or not ASCII.
    Delimiter,
    /// The file is packed by gzip, and the feature `gzip` is off.
    Gzip,
    /// A field that must have a value has none.
    NoValue,
    /// Not a plain decimal number.
    NotANumber,
    /// A number, but it does not fit into 64 bits of minor units.
    TooLarge,
    /// Not a yes or no.
    NotYesNo,
    /// A field with several answers has the word for none of them beside others.
    NoneAndOptions,
    /// Not an ISO date or date-time.
    NotATime,
    /// Some times carry an offset from UTC and others do not, so that they are not of one clock.
    MixedOffsets,
    /// Reading failed.
    Io,
    /// A reader can be read only once, and was.
    ReadBefore,
    /// The file is another one than when it was first looked at; open it again.
    Changed,
    /// A customer id column is the only column.
    NoAttributes,
}

/// A raw value that prints only what kind of thing it is.
#[derive(Clone, Default)]
struct Withheld(Option<String>);

impl CsvError {
    pub(crate) fn of(fault: CsvFault) -> Self {
        Self { line: None, row: None, column: None, fault, raw: Withheld(None), cause: None }
    }

    pub(crate) fn of_io(cause: std::io::Error) -> Self {
        Self { cause: Some(cause), ..Self::of(CsvFault::Io) }
    }

    #[must_use]
    pub(crate) fn at(mut self, line: u64, row: u64) -> Self {
        (self.line, self.row) = (Some(line), Some(row));
        self
    }

    #[must_use]
    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    #[must_use]
    pub(crate) fn without_row(mut self) -> Self {
        self.row = None;
        self
    }

    /// Does not count the header among the rows.
    #[must_use]
    pub(crate) fn behind_header(mut self) -> Self {
        self.row = self.row.map(|row| row - 1);
        self
    }

    /// Counts lines and rows from the start of the file, of which so many stand before.
    #[must_use]
    pub(crate) fn behind(mut self, lines: u64, rows: u64) -> Self {
        self.line = self.line.map(|line| line + lines);
        self.row = self.row.map(|row| row + rows);
        self
    }

    #[must_use]
    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn raw(mut self, raw: &[u8]) -> Self {
        self.raw = Withheld(Some(String::from_utf8_lossy(raw).into_owned()));
        self
    }

    /// What stood in the field, where it was one field. Personal data may stand there.
    pub fn raw_value(&self) -> Option<&str> {
        self.raw.0.as_deref()
    }

    fn place(&self) -> String {
        let line = self.line.map(|line| format!("line {line}"));
        let column = self.column.as_ref().map(|column| format!("column `{column}`"));
        let place: Vec<String> = [line, column].into_iter().flatten().collect();
        let place = if place.is_empty() { "the file".to_owned() } else { place.join(", ") };
        format!("{place}: {}", self.fault)
    }
}

impl CsvFault {
    /// What is wrong, in the same words for every row of which it is true.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::FieldCount { .. } => "another number of fields than the header has".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for CsvFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it has no header line"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Utf16 => f.write_str("it is UTF-16; save it as UTF-8"),
            Self::NoSuchColumn => f.write_str("no such column in the header"),
            Self::ColumnTwice => f.write_str("the header names it twice"),
            Self::FieldCount { expected, got } => {
                write!(f, "{got} fields where the header has {expected}")
            }
            Self::CutOff => f.write_str("the file ends in the middle of this line"),
            Self::TextAfterQuote => f.write_str("text behind a closing quote"),
            Self::RecordTooLong { limit } => {
                write!(f, "a record of more than {limit} bytes; is a quote not closed?")
            }
            Self::NulByte => f.write_str("a NUL byte"),
            Self::Delimiter => f.write_str(
                "its delimiter is a quote, a line end, a NUL or not ASCII, which separate no fields",
            ),
            Self::Gzip => {
                f.write_str("it is packed by gzip; turn on the feature `gzip` to read it")
            }
            Self::TooLarge => f.write_str("a number that exceeds 64 bits of minor units"),
            Self::OpenQuote => f.write_str("a quote is opened here and never closed"),
            Self::NoValue => f.write_str("no value"),
            Self::NotANumber => f.write_str("not a plain decimal number such as `-12.50`"),
            Self::NotYesNo => f.write_str("neither yes nor no"),
            Self::NoneAndOptions => f.write_str("it says none and ticks options as well"),
            Self::NotATime => f.write_str(
                "not a date such as `2011-12-09` or a date-time such as `2011-12-09 12:50:00`",
            ),
            Self::MixedOffsets => f.write_str(
                "some times carry an offset from UTC and others do not; give all of one clock",
            ),
            Self::Io => f.write_str("reading failed"),
            Self::ReadBefore => {
                f.write_str("the reader was read before; open a path to read it again")
            }
            Self::Changed => {
                f.write_str("it has changed since it was first looked at; open it again")
            }
            Self::NoAttributes => f.write_str("it has no column besides the customer"),
        }
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(raw) => write!(f, "text of {} bytes, withheld", raw.len()),
            None => f.write_str("none"),
        }
    }
}
