//! Opening a CSV file and finding its columns.

use std::fs::File;
use std::io::{Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::data::csv::records::{Record, Records};
use crate::data::csv::{CsvError, CsvFault};

/// Where the bytes come from.
pub(crate) enum Origin {
    /// A file, opened anew for each scan.
    Path(PathBuf),
    /// A reader, which can be read once.
    Reader(Mutex<Option<Bytes>>),
}

/// Any bytes.
pub(crate) type Bytes = Box<dyn Read + Send>;

impl Origin {
    /// A path to a file that can be opened now.
    pub(crate) fn path(path: &Path) -> Result<Self, CsvError> {
        File::open(path).map_err(CsvError::of_io)?;
        Ok(Self::Path(path.to_owned()))
    }

    pub(crate) fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::Reader(Mutex::new(Some(Box::new(reader))))
    }

    fn open(&self) -> Result<Bytes, CsvError> {
        match self {
            Self::Path(path) => unpacked(Box::new(File::open(path).map_err(CsvError::of_io)?)),
            Self::Reader(reader) => {
                // A poisoned lock means that a thread panicked between lock and take, which cannot
                // leave half a reader.
                let mut slot = reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                unpacked(slot.take().ok_or(CsvError::of(CsvFault::ReadBefore))?)
            }
        }
    }
}

/// The first bytes of a gzip file.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The bytes, unpacked where they are packed.
fn unpacked(mut bytes: Bytes) -> Result<Bytes, CsvError> {
    let mut magic = Vec::new();
    (&mut bytes).take(2).read_to_end(&mut magic).map_err(CsvError::of_io)?;
    let packed = magic == GZIP;
    let whole: Chain<Cursor<Vec<u8>>, Bytes> = Cursor::new(magic).chain(bytes);
    if !packed {
        return Ok(Box::new(whole));
    }
    #[cfg(feature = "gzip")]
    {
        Ok(Box::new(flate2::read::MultiGzDecoder::new(whole)))
    }
    #[cfg(not(feature = "gzip"))]
    {
        Err(CsvError::of(CsvFault::Gzip))
    }
}

/// An open file behind its header.
pub(crate) struct Table {
    records: Records<Bytes>,
    header: Header,
}

/// The names of the columns.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    names: Vec<String>,
    line: u64,
}

impl Table {
    pub(crate) fn open(origin: &Origin, delimiter: u8) -> Result<Self, CsvError> {
        let mut records = Records::new(origin.open()?, delimiter);
        let header = Header::read(&mut records)?;
        Ok(Self { records, header })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header.names
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Result<usize, CsvError> {
        self.header.column(name)
    }

    /// Header and records apart.
    pub(crate) fn into_parts(self) -> (Header, Records<Bytes>) {
        (self.header, self.records)
    }

    /// Reads the next record into `record` and gives its line; `None` behind the last.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<Option<u64>, CsvError> {
        if !self.records.next(record)? {
            return Ok(None);
        }
        let row = self.records.rows() - 1; // the header is a record and no row
        self.header.check(record).map_err(|error| error.at(record.line, row))?;
        Ok(Some(record.line))
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
