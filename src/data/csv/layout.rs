//! Cutting a file into parts that can be read side by side.
//!
//! A part begins behind a line feed, but a line feed may stand inside quotes, and whether it does
//! depends on every quote before it. So each part is looked through once for quotes, which most do
//! not have, and says where it leads from either state; following these answers from the start of
//! the file gives the state at every border. Parts are looked through by whoever needs the answer
//! first.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memchr::memchr;

use crate::data::csv::CsvError;
use crate::data::csv::records::Records;
use crate::data::csv::table::Bytes;

/// Bytes of a part: enough to be worth a task, few enough that all threads have some.
const PART: u64 = 1 << 23;

/// Bytes looked through at a time.
const LOOK: usize = 1 << 17;

/// A file in parts.
pub(crate) struct Layout {
    path: PathBuf,
    delimiter: u8,
    /// Where the first record begins, and where the file ends.
    body: u64,
    end: u64,
    part: u64,
    parts: Vec<Part>,
}

/// What is known of a part once it was needed.
#[derive(Default)]
struct Part {
    look: OnceLock<Look>,
    /// Lines and records of the part.
    counts: OnceLock<(u64, u64)>,
}

/// What a look through a part says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    /// Behind the first line feed of the next part.
    end: u64,
    /// Whether that is inside quotes, if the part begins outside and if it begins inside.
    from_outside: bool,
    from_inside: bool,
}

impl Layout {
    /// Parts of the records of a file.
    pub(crate) fn new(path: &Path, delimiter: u8, body: u64, end: u64) -> Self {
        Self::of_parts(path, delimiter, body, end, PART)
    }

    fn of_parts(path: &Path, delimiter: u8, body: u64, end: u64, part: u64) -> Self {
        let n = end.saturating_sub(body).div_ceil(part).max(1);
        let parts = (0..n).map(|_| Part::default()).collect();
        Self { path: path.to_owned(), delimiter, body, end, part, parts }
    }

    /// How many parts.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// The records that begin in a part.
    pub(crate) fn records(&self, part: usize) -> Result<Records<Bytes>, CsvError> {
        let (start, end) = (self.start(part)?, self.start(part + 1)?);
        let bytes = self.open(start)?.take(end.saturating_sub(start));
        Ok(Records::new(Box::new(bytes), self.delimiter))
    }

    /// Lines and records between the header and a part.
    pub(crate) fn counts_before(&self, part: usize) -> Result<(u64, u64), CsvError> {
        let (mut lines, mut records) = (0, 0);
        for before in 0..part {
            let counts = match self.parts[before].counts.get() {
                Some(&counts) => counts,
                None => *self.parts[before].counts.get_or_init({
                    let counts = self.records(before)?.count()?;
                    move || counts
                }),
            };
            lines += counts.0;
            records += counts.1;
        }
        Ok((lines, records))
    }

    fn open(&self, at: u64) -> Result<File, CsvError> {
        let mut file = File::open(&self.path).map_err(CsvError::of_io)?;
        file.seek(SeekFrom::Start(at)).map_err(CsvError::of_io)?;
        Ok(file)
    }

    /// Where the first record of a part begins.
    fn start(&self, part: usize) -> Result<u64, CsvError> {
        if part == 0 {
            return Ok(self.body);
        }
        if part >= self.parts.len() {
            return Ok(self.end);
        }
        let (mut inside, mut at) = (false, self.body);
        for before in 0..part {
            let look = self.look(before)?;
            inside = if inside { look.from_inside } else { look.from_outside };
            at = look.end;
        }
        if inside { self.behind_quotes(at) } else { Ok(at) }
    }

    fn look(&self, part: usize) -> Result<Look, CsvError> {
        if let Some(&look) = self.parts[part].look.get() {
            return Ok(look);
        }
        let start = self.border(part)?;
        let end = self.border(part + 1)?;
        let length = end.saturating_sub(start);
        if !has_quote(self.open(start)?.take(length))? {
            let look = Look { end, from_outside: false, from_inside: true };
            return Ok(*self.parts[part].look.get_or_init(|| look));
        }
        let mut bytes = Vec::new();
        self.open(start)?.take(length).read_to_end(&mut bytes).map_err(CsvError::of_io)?;
        let look = Look {
            end,
            from_outside: ends_inside(&bytes, self.delimiter, false),
            from_inside: ends_inside(&bytes, self.delimiter, true),
        };
        Ok(*self.parts[part].look.get_or_init(|| look))
    }

    /// Behind the first line feed at or after the part's share of the bytes begins.
    fn border(&self, part: usize) -> Result<u64, CsvError> {
        if part == 0 {
            return Ok(self.body);
        }
        let mut at = self.body + part as u64 * self.part;
        if at >= self.end {
            return Ok(self.end);
        }
        let mut file = self.open(at)?;
        let mut bytes = [0; 4096];
        loop {
            let read = file.read(&mut bytes).map_err(CsvError::of_io)?;
            if read == 0 {
                return Ok(self.end);
            }
            if let Some(feed) = memchr(b'\n', &bytes[..read]) {
                return Ok((at + feed as u64 + 1).min(self.end));
            }
            at += read as u64;
        }
    }

    /// Behind the record in whose quotes `at` lies.
    fn behind_quotes(&self, at: u64) -> Result<u64, CsvError> {
        // An opening quote in front turns the rest of the quoted field into the start of a record.
        let rest = b"\"".chain(self.open(at)?.take(self.end.saturating_sub(at)));
        let mut records = Records::new(rest, self.delimiter);
        let mut record = crate::data::csv::records::Record::new();
        match records.next(&mut record) {
            Ok(_) => Ok(at + records.offset() - 1),
            // It is never closed: the part before has it to the end and reports it.
            Err(error) if error.fault == crate::data::csv::CsvFault::OpenQuote => Ok(self.end),
            Err(error) => Err(error),
        }
    }
}

/// Whether there is a quote in the input, of which little is held at a time.
fn has_quote(mut input: impl Read) -> Result<bool, CsvError> {
    let mut bytes = vec![0; LOOK];
    loop {
        match input.read(&mut bytes) {
            Ok(0) => return Ok(false),
            Ok(read) if memchr(b'"', &bytes[..read]).is_some() => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CsvError::of_io(error)),
        }
    }
}

/// Whether these bytes, which begin behind a line feed, end inside quotes.
///
/// Only quotes are looked at: outside, one opens if it begins a field; inside, one closes unless it
/// is doubled.
fn ends_inside(bytes: &[u8], delimiter: u8, mut inside: bool) -> bool {
    let mut at = 0;
    while let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) {
        let quote = at + quote;
        at = quote + 1;
        if !inside {
            let before = quote.checked_sub(1).map(|before| bytes[before]);
            inside = before.is_none_or(|b| b == delimiter || b == b'\n' || b == b'\r');
        } else if bytes.get(at) == Some(&b'"') {
            at += 1;
        } else {
            inside = false;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::records::Record;
    use proptest::prelude::*;

    fn records(mut records: Records<impl Read>) -> Vec<Vec<Vec<u8>>> {
        let (mut record, mut all) = (Record::new(), Vec::new());
        while records.next(&mut record).unwrap_or(false) {
            all.push(record.iter().map(<[u8]>::to_vec).collect());
        }
        all
    }

    proptest! {
        /// Whatever the parts are, their records are those of the whole, in order.
        #[test]
        fn parts_have_the_records_of_the_whole(
            text in "[ab,\"\n\r]{0,120}",
            part in 1u64..40,
        ) {
            let directory = std::env::temp_dir().join(format!("segmentry-{}", std::process::id()));
            std::fs::create_dir_all(&directory).unwrap();
            let path = directory.join("layout.csv");
            std::fs::write(&path, &text).unwrap();
            let whole = records(Records::new(text.as_bytes(), b','));
            let layout = Layout::of_parts(&path, b',', 0, text.len() as u64, part);
            let mut parts = Vec::new();
            for part in 0..layout.len() {
                parts.extend(records(layout.records(part).unwrap()));
            }
            prop_assert_eq!(parts, whole);
        }
    }

    #[test]
    fn quotes_are_followed_over_borders() {
        for (text, outside, inside) in [
            ("a,b\n", false, true),
            ("\"a\nb", true, false),
            ("\"a\"\"b", true, false),
            ("a\"b\n", false, false),
            ("x\",\"y\"\n", false, false),
        ] {
            assert_eq!(ends_inside(text.as_bytes(), b',', false), outside, "{text:?} outside");
            assert_eq!(ends_inside(text.as_bytes(), b',', true), inside, "{text:?} inside");
        }
    }
}
