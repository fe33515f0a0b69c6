//! Cutting bytes into records and fields.
//!
//! The rules are those of RFC 4180, read leniently where nothing is lost by it: any of LF, CRLF and
//! CR ends a line, blank lines are no records, and a quote inside a field that did not begin with
//! one is text. What would lose something is reported: a quote that is never closed, text behind a
//! closing quote, a record without end. Lines are counted as an editor counts them.
//!
//! Stretches without a quote, which is most of most files, need no such care: they are handed out
//! whole, to be cut at delimiters and line feeds alone.

use std::io::{ErrorKind, Read};

use memchr::{memchr, memchr_iter, memchr2, memchr3, memrchr};

use crate::data::csv::{CsvError, CsvFault};

/// Bytes asked for at a time: with its columns such a block stays in a core's cache.
const BLOCK: usize = 1 << 18;

/// The longest record that is read: anything above is a quote that was meant to close, and memory
/// must not grow with it.
pub(crate) const LONGEST: usize = 1 << 22;

/// Blank lines that are left out in one go.
const BLANKS: usize = 1 << 16;

/// One record's fields, unquoted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The first field with text behind its closing quote.
    pub(crate) text_after_quote: Option<usize>,
    /// The input ended without a line end behind the record.
    pub(crate) unended: bool,
    /// The line on which it begins.
    pub(crate) line: u64,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How many fields.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field.
    pub(crate) fn get(&self, place: usize) -> &[u8] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
    }

    /// The fields in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Takes the fields of one plain line; false where it is blank.
    pub(crate) fn cut(&mut self, line: &[u8], delimiter: u8) -> bool {
        self.clear();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return false;
        }
        for field in line.split(|&byte| byte == delimiter) {
            self.text.extend_from_slice(field);
            self.ends.push(self.text.len());
        }
        true
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        (self.text_after_quote, self.unended) = (None, false);
    }
}

/// The records of some bytes.
pub(crate) struct Records<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    /// The part of the buffer that was read from the input and not given out.
    start: usize,
    end: usize,
    at_end: bool,
    /// The line at `start`, counted from one.
    line: u64,
    /// Records given out.
    row: u64,
    /// Bytes given out.
    offset: u64,
}

/// What the bytes at hand turned out to be.
enum Cut {
    /// So many bytes over so many lines: a record, or a blank line.
    Record(usize, u64),
    Blank(usize, u64),
    /// More bytes are needed.
    More,
    /// A quote opened on this line is never closed.
    OpenQuote(u64),
}

impl<R: Read> Records<R> {
    pub(crate) fn new(input: R, delimiter: u8) -> Self {
        Self {
            input,
            delimiter,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            line: 1,
            row: 0,
            offset: 0,
        }
    }

    /// The line of the next byte, from one.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// How many records were given out.
    pub(crate) fn rows(&self) -> u64 {
        self.row
    }

    /// How many bytes were given out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The first bytes, without giving them out.
    pub(crate) fn peek(&mut self, n: usize) -> Result<&[u8], CsvError> {
        while self.end - self.start < n && !self.at_end {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + n)])
    }

    /// Leaves bytes out that are no line.
    pub(crate) fn skip(&mut self, n: usize) {
        self.start += n;
        self.offset += n as u64;
    }

    /// Leaves out blank lines, so many at most that a caller who wants to stop is soon heard;
    /// whether it did not come to their end.
    pub(crate) fn leave_blanks(&mut self) -> Result<bool, CsvError> {
        for _ in 0..BLANKS {
            self.peek(2)?;
            let bytes = match &self.buffer[self.start..self.end] {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => return Ok(false),
            };
            self.give(bytes, 1, 0);
        }
        Ok(true)
    }

    /// Reads the next record; false behind the last.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<bool, CsvError> {
        loop {
            match self.cut(record) {
                Cut::Record(bytes, lines) => {
                    record.line = self.line;
                    self.give(bytes, lines, 1);
                    return Ok(true);
                }
                Cut::Blank(bytes, lines) => self.give(bytes, lines, 0),
                Cut::OpenQuote(line) => {
                    return Err(CsvError::of(CsvFault::OpenQuote).at(line, self.row + 1));
                }
                Cut::More if self.at_end => return Ok(false),
                Cut::More => self.fill()?,
            }
        }
    }

    /// A stretch of whole lines that can be cut at delimiters and line feeds alone: valid UTF-8
    /// without a quote, a NUL, or a carriage return that no line feed follows. Empty where the next
    /// record needs more care, and behind the last.
    pub(crate) fn plain(&mut self) -> Result<usize, CsvError> {
        while self.end - self.start < BLOCK / 2 && !self.at_end {
            self.fill()?;
        }
        let mut bytes = &self.buffer[self.start..self.end];
        if let Some(odd) = memchr2(b'"', 0, bytes) {
            bytes = &bytes[..odd];
        }
        let lone = |&at: &usize| bytes.get(at + 1) != Some(&b'\n');
        if let Some(lone) = memchr_iter(b'\r', bytes).find(lone) {
            bytes = &bytes[..lone];
        }
        let whole = |bytes| memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        bytes = &bytes[..whole(bytes)];
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(bytes.len()),
            Err(error) => Ok(whole(&bytes[..error.valid_up_to()])),
        }
    }

    /// The bytes of such a stretch.
    pub(crate) fn bytes(&self, length: usize) -> &[u8] {
        &self.buffer[self.start..self.start + length]
    }

    /// Notes what was given out.
    pub(crate) fn give(&mut self, bytes: usize, lines: u64, rows: u64) {
        self.start += bytes;
        self.offset += bytes as u64;
        self.line += lines;
        self.row += rows;
    }

    /// Reads on to the end and says how many lines and records there were.
    pub(crate) fn count(mut self) -> Result<(u64, u64), CsvError> {
        let mut record = Record::new();
        loop {
            let length = self.plain()?;
            if length == 0 {
                if !self.next(&mut record)? {
                    return Ok((self.line - 1, self.row));
                }
                continue;
            }
            let (mut lines, mut rows, mut from) = (0, 0, 0);
            let bytes = self.bytes(length);
            for at in memchr_iter(b'\n', bytes) {
                lines += 1;
                rows += u64::from(!matches!(&bytes[from..at], [] | [b'\r']));
                from = at + 1;
            }
            self.give(length, lines, rows);
        }
    }

    fn fill(&mut self) -> Result<(), CsvError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            if self.end >= LONGEST {
                let fault = CsvFault::RecordTooLong { limit: LONGEST };
                return Err(CsvError::of(fault).at(self.line, self.row + 1));
            }
            self.buffer.resize((2 * self.end).clamp(BLOCK, LONGEST), 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(read) => break read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(CsvError::of_io(error).at(self.line, self.row + 1)),
            }
        };
        self.end += read;
        self.at_end = read == 0;
        Ok(())
    }

    /// Cuts one record off the bytes at hand.
    fn cut(&self, record: &mut Record) -> Cut {
        record.clear();
        let bytes = &self.buffer[self.start..self.end];
        let (mut at, mut lines) = (0, 0);
        match (bytes, self.at_end) {
            ([], _) | ([b'\r'], false) => return Cut::More,
            ([b'\r', b'\n', ..], _) => return Cut::Blank(2, 1),
            ([b'\r' | b'\n', ..], _) => return Cut::Blank(1, 1),
            _ => {}
        }
        loop {
            if bytes.get(at) == Some(&b'"') {
                let opened = self.line + lines;
                at += 1;
                loop {
                    let Some(quote) = memchr(b'"', &bytes[at..]) else {
                        return if self.at_end { Cut::OpenQuote(opened) } else { Cut::More };
                    };
                    let text = &bytes[at..at + quote];
                    lines += count_lines(text);
                    record.text.extend_from_slice(text);
                    at += quote + 1;
                    if at == bytes.len() && !self.at_end {
                        return Cut::More;
                    }
                    if bytes.get(at) != Some(&b'"') {
                        break;
                    }
                    record.text.push(b'"');
                    at += 1;
                }
                let ends = |&byte: &u8| byte == self.delimiter || matches!(byte, b'\r' | b'\n');
                if !bytes.get(at).is_none_or(ends) {
                    record.text_after_quote.get_or_insert(record.ends.len());
                }
            }
            let Some(rest) = self.field_end(&bytes[at..]) else { return Cut::More };
            record.text.extend_from_slice(&bytes[at..at + rest]);
            record.ends.push(record.text.len());
            at += rest;
            match bytes.get(at) {
                None => {
                    record.unended = true;
                    return Cut::Record(at, lines);
                }
                Some(b'\n') => return Cut::Record(at + 1, lines + 1),
                Some(b'\r') => match (bytes.get(at + 1), self.at_end) {
                    (Some(b'\n'), _) => return Cut::Record(at + 2, lines + 1),
                    (None, false) => return Cut::More,
                    _ => return Cut::Record(at + 1, lines + 1),
                },
                Some(_) => at += 1,
            }
        }
    }

    /// Where plain text ends; `None` where that is not among the bytes at hand.
    fn field_end(&self, bytes: &[u8]) -> Option<usize> {
        memchr3(self.delimiter, b'\n', b'\r', bytes).or(self.at_end.then_some(bytes.len()))
    }
}

/// Line ends in a text: LF, CRLF or CR.
fn count_lines(text: &[u8]) -> u64 {
    let feeds = memchr_iter(b'\n', text).count();
    let lone = memchr_iter(b'\r', text).filter(|&at| text.get(at + 1) != Some(&b'\n')).count();
    (feeds + lone) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a byte at a time, so that every cut of the input is tried.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(1);
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn fields(input: impl Read) -> Result<Vec<Vec<String>>, CsvError> {
        let (mut records, mut record, mut all) =
            (Records::new(input, b','), Record::new(), Vec::new());
        while records.next(&mut record)? {
            all.push(
                record.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect::<Vec<_>>(),
            );
        }
        Ok(all)
    }

    proptest! {
        /// The `csv` crate cuts the same records, wherever it and this one do not see a fault.
        #[test]
        fn records_are_those_of_another_reader(text in "[ab\",\n\r]{0,60}") {
            let (mut records, mut record) = (Records::new(text.as_bytes(), b','), Record::new());
            let (mut ours, mut fault) = (Vec::new(), false);
            loop {
                match records.next(&mut record) {
                    Ok(true) => {
                        fault |= record.text_after_quote.is_some();
                        ours.push(record.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
                    }
                    Ok(false) => break,
                    Err(_) => {
                        fault = true;
                        break;
                    }
                }
            }
            let mut theirs = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<Vec<u8>>> = theirs
                .byte_records()
                .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assume!(!fault);
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn well_formed_records() {
        for (text, expected) in [
            ("a,b\nc,d\n", vec![vec!["a", "b"], vec!["c", "d"]]),
            ("a,b", vec![vec!["a", "b"]]),
            ("a,", vec![vec!["a", ""]]),
            ("\n\r\n\ra\r\n\r\n", vec![vec!["a"]]),
            ("\"a,\"\"b\"\"\n\",c\r\n", vec![vec!["a,\"b\"\n", "c"]]),
            ("5\" pipe,x\n", vec![vec!["5\" pipe", "x"]]),
            ("\"\",\"\"\n", vec![vec!["", ""]]),
            ("", vec![]),
        ] {
            assert_eq!(fields(text.as_bytes()).unwrap(), expected, "{text:?}");
            assert_eq!(fields(Drip(text.as_bytes())).unwrap(), expected, "{text:?} by drops");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text = "h\n\n\"two\r\nlines\",\"x\r\ry\"\r\nlast\rend";
        let (mut records, mut record, mut lines) =
            (Records::new(text.as_bytes(), b','), Record::new(), Vec::new());
        while records.next(&mut record).unwrap() {
            lines.push(record.line);
        }
        assert_eq!(lines, [1, 3, 7, 8]);
        assert_eq!(Records::new(text.as_bytes(), b',').count().unwrap(), (7, 4));
    }

    #[test]
    fn an_open_quote_is_named_by_its_line() {
        for (text, line) in [("a,b\n1,\"x\n2,y\n", 2), ("\"a\"\"\n", 1)] {
            let error = fields(text.as_bytes()).unwrap_err();
            assert_eq!((error.fault, error.line), (CsvFault::OpenQuote, Some(line)));
        }
    }

    #[test]
    fn plain_stretches_stop_before_anything_odd() {
        for (text, plain) in [
            ("a,b\nc,d\ne", 8),
            ("a,b\r\nc\r\n", 8),
            ("a\nb\rc\n", 2),
            ("a\nb,\"c\"\nd\n", 2),
            ("\"a\"\n", 0),
            ("a\n\0\n", 2),
        ] {
            let mut records = Records::new(text.as_bytes(), b',');
            assert_eq!(records.plain().unwrap(), plain, "{text:?}");
        }
        let mut records = Records::new(&b"ok\n\xff\nx\n"[..], b',');
        assert_eq!(records.plain().unwrap(), 3);
    }

    #[test]
    fn a_record_without_end_is_refused_before_it_fills_the_memory() {
        let error = fields(std::io::repeat(b'x')).unwrap_err();
        assert_eq!(error.fault, CsvFault::RecordTooLong { limit: LONGEST });
    }
}
