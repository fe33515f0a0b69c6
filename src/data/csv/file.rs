//! A CSV file or a reader of one, as transactions, attributes and events open it.

use std::fs::{self, File};
use std::io::{Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use crate::data::csv::layout::Layout;
use crate::data::csv::table::{Bytes, Table};
use crate::data::csv::{CsvError, CsvFault};

/// A CSV file or a reader of one, and the byte between its fields.
pub(crate) struct CsvFile {
    origin: Origin,
    delimiter: u8,
    layout: OnceLock<Option<(Version, Layout)>>,
}

/// Length and time of the last change, to notice another file under the same path.
type Version = (u64, Option<SystemTime>);

/// Where the bytes come from.
enum Origin {
    /// A file, opened anew for each scan.
    Path(PathBuf),
    /// A reader, which can be read once.
    Reader(Mutex<Option<Bytes>>),
}

impl CsvFile {
    /// A file that can be opened now, fields separated by commas.
    pub(crate) fn at(path: &Path) -> Result<Self, CsvError> {
        File::open(path).map_err(CsvError::of_io)?;
        Ok(Self::of(Origin::Path(path.to_owned())))
    }

    /// Any reader, fields separated by commas.
    pub(crate) fn behind(reader: impl Read + Send + 'static) -> Self {
        Self::of(Origin::Reader(Mutex::new(Some(Box::new(reader)))))
    }

    fn of(origin: Origin) -> Self {
        Self { origin, delimiter: b',', layout: OnceLock::new() }
    }

    /// The same file with another byte between its fields.
    pub(crate) fn delimited(self, delimiter: u8) -> Self {
        Self { delimiter, ..Self::of(self.origin) }
    }

    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Opens it and reads its header.
    pub(crate) fn open(&self) -> Result<Table, CsvError> {
        if !self.delimiter.is_ascii() || matches!(self.delimiter, 0 | b'"' | b'\r' | b'\n') {
            return Err(CsvError::of(CsvFault::Delimiter));
        }
        Table::new(self.origin.open()?, self.delimiter)
    }

    /// The parts of it that can be read side by side: of a plain file whose header can be read.
    /// Whatever is wrong with any other is said by opening it.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        let layout = || {
            let Origin::Path(path) = &self.origin else { return None };
            // A pipe would lose what is read of it here.
            if !fs::metadata(path).ok()?.is_file() {
                return None;
            }
            let version = version(path).ok()?;
            let mut magic = Vec::new();
            File::open(path).ok()?.take(2).read_to_end(&mut magic).ok()?;
            if magic == GZIP {
                return None;
            }
            let (_, records) = self.open().ok()?.into_parts();
            Some((version, Layout::new(path, self.delimiter, records.offset(), version.0)))
        };
        self.layout.get_or_init(layout).as_ref().map(|(_, layout)| layout)
    }

    /// An error where the file is no longer the one whose parts are known: its borders would be
    /// those of another file, and rows be lost or cut without a word.
    pub(crate) fn check_unchanged(&self) -> Result<(), CsvError> {
        match (&self.origin, self.layout.get()) {
            (Origin::Path(path), Some(Some((known, _)))) if version(path)? != *known => {
                Err(CsvError::of(CsvFault::Changed))
            }
            _ => Ok(()),
        }
    }
}

fn version(path: &Path) -> Result<Version, CsvError> {
    let metadata = fs::metadata(path).map_err(CsvError::of_io)?;
    Ok((metadata.len(), metadata.modified().ok()))
}

impl Origin {
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
const GZIP: [u8; 2] = [0x1f, 0x8b];

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

/// The methods by which a source that is read scan by scan comes to its file. A macro, because each
/// of them should have them as methods of its own.
macro_rules! opening_methods {
    () => {
        /// A file, which is opened anew for each scan.
        ///
        /// # Errors
        ///
        /// [`CsvError`] where it cannot be opened.
        pub fn open(path: impl AsRef<Path>) -> Result<Self, CsvError> {
            Ok(Self::over(CsvFile::at(path.as_ref())?))
        }

        /// Any reader. It can be scanned once; a second scan is an error.
        pub fn from_reader(reader: impl Read + Send + 'static) -> Self {
            Self::over(CsvFile::behind(reader))
        }

        /// The byte between fields; a comma unless set. A quote, a line end, a NUL or a byte that
        /// is not ASCII is an error of the scan.
        #[must_use]
        pub fn delimiter(mut self, delimiter: u8) -> Self {
            self.file = self.file.delimited(delimiter);
            self
        }
    };
}
pub(crate) use opening_methods;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_means_something_else_separates_no_fields() {
        let file = |delimiter| CsvFile::behind(&b"a;b\n"[..]).delimited(delimiter).open();
        for delimiter in [b'"', b'\r', b'\n', 0, 0x80, 0xff] {
            let error = file(delimiter).map(|_| ()).unwrap_err();
            assert_eq!(error.fault, CsvFault::Delimiter, "{delimiter}");
        }
        assert_eq!(file(b';').unwrap().header().names(), ["a", "b"]);
    }

    #[test]
    fn only_a_plain_file_has_parts() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/");
        let file = CsvFile::at(Path::new(&format!("{folder}cdnow.csv"))).unwrap();
        assert_eq!(file.layout().map(Layout::len), Some(1));
        assert!(CsvFile::behind(&b"a,b\n1,2\n"[..]).layout().is_none());
        // With another delimiter the header is another one, and the parts are looked for again.
        assert!(file.delimited(b'"').layout().is_none());
    }
}
