//! A watch on quotes: a quoted field that never ends would swallow the rest of a file without a
//! word.

use std::io::{self, Read};

/// A quote that was opened and not closed before the end of the file.
#[derive(Debug, thiserror::Error)]
#[error("a quote opened in line {line} is never closed")]
pub(crate) struct OpenQuote {
    pub(crate) line: u64,
}

/// Passes bytes through and fails at the end of the file if a quoted field is still open.
pub(crate) struct QuoteWatch<R> {
    inner: R,
    delimiter: u8,
    state: State,
    line: u64,
    opened: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// Behind a quote inside a quoted field: its end, or the first half of a doubled quote.
    Quote,
}

impl<R: Read> QuoteWatch<R> {
    pub(crate) fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, state: State::FieldStart, line: 1, opened: 1 }
    }

    fn watch(&mut self, byte: u8) {
        let ends_field = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        self.state = match (self.state, byte) {
            (State::FieldStart, b'"') => {
                self.opened = self.line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) => State::Quoted,
            (State::Quote, b'"') => State::Quoted,
            _ if ends_field => State::FieldStart,
            _ => State::Unquoted,
        };
        self.line += u64::from(byte == b'\n');
    }
}

impl<R: Read> Read for QuoteWatch<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.state == State::Quoted {
            return Err(io::Error::other(OpenQuote { line: self.opened }));
        }
        for &byte in &buffer[..read] {
            self.watch(byte);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_in(text: &str) -> Option<u64> {
        let mut sink = Vec::new();
        let error = QuoteWatch::new(text.as_bytes(), b',').read_to_end(&mut sink).err()?;
        error.get_ref()?.downcast_ref::<OpenQuote>().map(|open| open.line)
    }

    #[test]
    fn closed_quotes_pass_and_open_ones_are_named() {
        for fine in [
            "a,b\n",
            "\"a,b\",c\n",
            "\"say \"\"x\"\"\"\n",
            "5\" pipe,1\n",
            "\"two\nlines\",1",
            "\"\"",
        ] {
            assert_eq!(open_in(fine), None, "{fine}");
        }
        assert_eq!(open_in("a,b\n1,\"x\n2,y\n"), Some(2));
        assert_eq!(open_in("\"a\"\"\n"), Some(1));
    }
}
