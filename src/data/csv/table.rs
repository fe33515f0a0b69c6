//! The header of a CSV file, the records behind it, and what a field says.

use std::io::Read;

use crate::data::Decimal;
use crate::data::csv::records::{Record, Records};
use crate::data::csv::{CsvError, CsvFault};

/// Any bytes.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// An open file behind its header.
pub(crate) struct Table {
    records: Records<Bytes>,
    header: Header,
}

/// Where a record stands: its first line, and which of the rows it is, both from one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) row: u64,
}

/// The names of the columns.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    names: Vec<String>,
    line: u64,
}

impl Table {
    /// Reads the header.
    pub(crate) fn new(bytes: Bytes, delimiter: u8) -> Result<Self, CsvError> {
        let mut records = Records::new(bytes, delimiter);
        let header = Header::read(&mut records)?;
        Ok(Self { records, header })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Header and records apart.
    pub(crate) fn into_parts(self) -> (Header, Records<Bytes>) {
        (self.header, self.records)
    }

    /// Leaves out blank lines; whether it did not come to their end.
    pub(crate) fn leave_blanks(&mut self) -> Result<bool, CsvError> {
        self.records.leave_blanks().map_err(|error| error.behind_header())
    }

    /// Reads the next record into `record` and says where it stands; `None` behind the last.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<Option<Place>, CsvError> {
        // The header is a record and no row.
        let more = self.records.next(record).map_err(|error| error.behind_header())?;
        if !more {
            return Ok(None);
        }
        let place = Place { line: record.line, row: self.records.rows() - 1 };
        self.header.check(record).map_err(|error| error.at(place.line, place.row))?;
        Ok(Some(place))
    }
}

impl Header {
    fn read<R: Read>(records: &mut Records<R>) -> Result<Self, CsvError> {
        let start = records.peek(8)?;
        let alternating = |nul: usize| {
            start.len() > 3
                && start.iter().enumerate().all(|(at, &byte)| (at % 2 == nul) == (byte == 0))
        };
        let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
        if marked || alternating(0) || alternating(1) {
            return Err(CsvError::of(CsvFault::Utf16).at_line(1));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            records.skip(3);
        }
        let mut record = Record::new();
        let found = records.next(&mut record).map_err(CsvError::without_row)?;
        if !found {
            return Err(CsvError::of(CsvFault::Empty));
        }
        let fault = |fault| CsvError::of(fault).at_line(record.line);
        if record.text_after_quote.is_some() {
            return Err(fault(CsvFault::TextAfterQuote));
        }
        let name = |bytes: &[u8]| {
            if bytes.contains(&0) {
                return Err(fault(CsvFault::NulByte));
            }
            let name = std::str::from_utf8(bytes).map_err(|_| fault(CsvFault::NotUtf8))?;
            Ok(name.trim().to_owned())
        };
        let names = record.iter().map(name).collect::<Result<_, _>>()?;
        Ok(Self { names, line: record.line })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// An error where two columns have one name.
    pub(crate) fn refuse_twins(&self) -> Result<(), CsvError> {
        let mut names: Vec<&String> = self.names.iter().collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twins) => {
                let fault = CsvError::of(CsvFault::ColumnTwice);
                Err(fault.at_line(self.line).in_column(twins[0]))
            }
            None => Ok(()),
        }
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Result<usize, CsvError> {
        let mut places = self.names.iter().enumerate().filter(|(_, header)| *header == name);
        let fault = |fault| CsvError::of(fault).at_line(self.line).in_column(name);
        let (place, _) = places.next().ok_or_else(|| fault(CsvFault::NoSuchColumn))?;
        if places.next().is_some() { Err(fault(CsvFault::ColumnTwice)) } else { Ok(place) }
    }

    /// Whether a record fits the header; an error without its place.
    pub(crate) fn check(&self, record: &Record) -> Result<(), CsvError> {
        let (expected, got) = (self.names.len(), record.len());
        if got != expected {
            let cut_off = record.unended && got < expected;
            return Err(CsvError::of(if cut_off {
                CsvFault::CutOff
            } else {
                CsvFault::FieldCount { expected: expected as u64, got: got as u64 }
            }));
        }
        match record.text_after_quote {
            Some(place) => {
                Err(CsvError::of(CsvFault::TextAfterQuote).in_column(&self.names[place]))
            }
            None => Ok(()),
        }
    }
}

/// A field as text; an error without its place.
pub(crate) fn text<'r>(field: &'r [u8], line: u64, column: &str) -> Result<&'r str, CsvError> {
    let fault = |fault| CsvError::of(fault).at_line(line).in_column(column).raw(field);
    if memchr::memchr(0, field).is_some() {
        return Err(fault(CsvFault::NulByte));
    }
    std::str::from_utf8(field).map_err(|_| fault(CsvFault::NotUtf8))
}

/// A plain decimal; the nearest double to it.
pub(crate) fn number(text: &str) -> Option<f64> {
    Decimal::parse(text).and_then(|_| text.parse().ok())
}
