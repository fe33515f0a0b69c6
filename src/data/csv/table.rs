//! Opening a CSV file and finding its columns.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::data::csv::quotes::QuoteWatch;
use crate::data::csv::{CsvError, CsvFault};

/// Where the bytes come from.
pub(crate) enum Origin {
    /// A file, opened anew for each scan.
    Path(PathBuf),
    /// A reader, which can be read once.
    Reader(Mutex<Option<Box<dyn Read + Send>>>),
}

impl Origin {
    /// A path to a file that can be opened now.
    pub(crate) fn path(path: &Path) -> Result<Self, CsvError> {
        File::open(path).map_err(|error| CsvError::from_csv(error.into()))?;
        Ok(Self::Path(path.to_owned()))
    }

    pub(crate) fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::Reader(Mutex::new(Some(Box::new(reader))))
    }

    fn open(&self) -> Result<Box<dyn Read + Send>, CsvError> {
        match self {
            Self::Path(path) => {
                let file = File::open(path).map_err(|error| CsvError::from_csv(error.into()))?;
                Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
            }
            Self::Reader(reader) => {
                // A poisoned lock means that a thread panicked between lock and take, which cannot
                // leave half a reader.
                let mut slot = reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                slot.take().ok_or(CsvError::of(CsvFault::ReadBefore))
            }
        }
    }
}

/// An open file behind its header.
pub(crate) struct Table {
    records: Reader<QuoteWatch<Box<dyn Read + Send>>>,
    header: Vec<String>,
}

impl Table {
    pub(crate) fn open(origin: &Origin, delimiter: u8) -> Result<Self, CsvError> {
        let watched = QuoteWatch::new(origin.open()?, delimiter);
        let mut records = ReaderBuilder::new().delimiter(delimiter).from_reader(watched);
        let header = records.byte_headers().map_err(CsvError::from_csv)?.clone();
        if header.is_empty() {
            return Err(CsvError::of(CsvFault::Empty));
        }
        let header = header.iter().map(column_name).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { records, header })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Result<usize, CsvError> {
        let mut places = self.header.iter().enumerate().filter(|(_, header)| *header == name);
        let fault = |fault| CsvError::of(fault).at(1).in_column(name);
        let (place, _) = places.next().ok_or_else(|| fault(CsvFault::NoSuchColumn))?;
        if places.next().is_some() { Err(fault(CsvFault::ColumnTwice)) } else { Ok(place) }
    }

    /// Reads the next record into `record` and gives its line; `None` behind the last.
    pub(crate) fn next(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, CsvError> {
        let more = self.records.read_byte_record(record).map_err(CsvError::from_csv)?;
        Ok(more.then(|| record.position().map_or(0, csv::Position::line)))
    }
}

/// A header's text, or the encoding that it betrays.
fn column_name(bytes: &[u8]) -> Result<String, CsvError> {
    let utf16 =
        bytes.contains(&0) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if utf16 {
        return Err(CsvError::of(CsvFault::Utf16).at(1));
    }
    let name = std::str::from_utf8(bytes).map_err(|_| CsvError::of(CsvFault::NotUtf8).at(1))?;
    Ok(name.trim().to_owned())
}

/// A field as text.
pub(crate) fn text<'r>(field: &'r [u8], line: u64, column: &str) -> Result<&'r str, CsvError> {
    std::str::from_utf8(field)
        .map_err(|_| CsvError::of(CsvFault::NotUtf8).at(line).in_column(column).raw(field))
}
