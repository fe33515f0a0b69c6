//! Writing CSV: RFC 4180 quoting, and a guard against cells that a spreadsheet would run.

use std::fmt::Display;
use std::io::{self, Write};

use crate::units::Money;

/// A cell of a table.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text from anywhere; guarded.
    Text(&'a str),
    /// A whole number.
    Whole(u64),
    /// A number with so many decimals.
    Decimal(f64, usize),
    /// Money with so many decimals.
    Money(Money, usize),
}

impl<'a> Cell<'a> {
    /// Text where there is some.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }

    /// A number where there is one.
    pub fn decimal(value: Option<f64>, decimals: usize) -> Self {
        value.map_or(Self::Empty, |value| Self::Decimal(value, decimals))
    }

    /// Money where there is some.
    pub fn money(value: Option<Money>, decimals: usize) -> Self {
        value.map_or(Self::Empty, |value| Self::Money(value, decimals))
    }
}

/// A CSV table being written.
///
/// Fields with a comma, a quote or a line break are quoted (RFC 4180). A text that begins with `=`,
/// `+`, `-`, `@`, a tab, a carriage return or NUL is one that spreadsheets may run as a formula
/// (CWE-1236, OWASP ASVS 1.2.10); it gets a single quote in front, unless it is a plain number, and
/// [`guarded`](Self::guarded) counts how many did. Cells of numbers are written as they are.
///
/// # Example
///
/// ```
/// use segmentry::export::{Cell, CsvTable};
///
/// let mut out = Vec::new();
/// let mut table = CsvTable::new(&mut out, &["customer_id", "gain"])?;
/// table.row(&[Cell::Text("=1+2"), Cell::Decimal(-5.2, 2)])?;
/// assert_eq!(table.guarded(), 1);
/// assert_eq!(out, b"customer_id,gain\n'=1+2,-5.20\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvTable<W> {
    out: W,
    guarded: u64,
}

impl<W: Write> CsvTable<W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// What the writer fails with.
    pub fn new(out: W, header: &[&str]) -> io::Result<Self> {
        let mut table = Self { out, guarded: 0 };
        table.row(&header.iter().map(|name| Cell::Text(name)).collect::<Vec<_>>())?;
        Ok(table)
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// What the writer fails with.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.out.write_all(b",")?;
            }
            self.cell(cell)?;
        }
        self.out.write_all(b"\n")
    }

    /// How many texts were guarded.
    pub fn guarded(&self) -> u64 {
        self.guarded
    }

    fn cell(&mut self, cell: &Cell<'_>) -> io::Result<()> {
        match *cell {
            Cell::Empty => Ok(()),
            Cell::Whole(value) => write!(self.out, "{value}"),
            Cell::Decimal(value, decimals) => self.number(format_args!("{value:.decimals$}")),
            Cell::Money(value, decimals) => self.number(format_args!("{value:.decimals$}")),
            Cell::Text(text) => self.text(text),
        }
    }

    fn number(&mut self, number: impl Display) -> io::Result<()> {
        let text = number.to_string();
        // A negative zero is a zero.
        let zero = text.starts_with('-') && !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
        self.out.write_all(if zero { &text.as_bytes()[1..] } else { text.as_bytes() })
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0'])
            && text.parse::<f64>().is_err();
        if runs {
            self.guarded += 1;
        }
        let guard = if runs { "'" } else { "" };
        if text.contains([',', '"', '\n', '\r']) {
            write!(self.out, "\"{guard}{}\"", text.replace('"', "\"\""))
        } else {
            write!(self.out, "{guard}{text}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        let mut table = CsvTable { out: &mut out, guarded: 0 };
        table.row(cells).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_quoted() {
        assert_eq!(
            written(&[Cell::Text("a,b"), Cell::Text("say \"x\""), Cell::Text("l\n2")]),
            "\"a,b\",\"say \"\"x\"\"\",\"l\n2\"\n"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded_and_numbers_are_not() {
        for bad in ["=1+2\";=1+2", "+cmd", "-x", "@sum", "\tx", "\rx", "\0x"] {
            assert!(
                written(&[Cell::Text(bad)]).trim_start_matches('"').starts_with('\''),
                "{bad:?}"
            );
        }
        assert_eq!(
            written(&[Cell::Text("-5"), Cell::Text("plain"), Cell::Decimal(-5.25, 1)]),
            "-5,plain,-5.2\n"
        );
        assert_eq!(written(&[Cell::Decimal(-0.001, 2), Cell::Empty, Cell::Whole(7)]), "0.00,,7\n");
    }
}
