//! Rows gathered into lots, for sources that have rows and not columns.

use crate::data::SourceError;

/// Rows in a lot.
pub(crate) const ROWS: usize = 8192;

/// Lots of rows. A failure waits until the rows before it are handed over, and is the last that is
/// heard of the rows.
pub(crate) struct Lots<I> {
    rows: I,
    failed: Option<SourceError>,
    done: bool,
}

impl<I> Lots<I> {
    pub(crate) fn of(rows: I) -> Self {
        Self { rows, failed: None, done: false }
    }
}

impl<T, I: Iterator<Item = Result<T, SourceError>>> Iterator for Lots<I> {
    type Item = Result<Vec<T>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut gathered = Vec::new();
        while !self.done && gathered.len() < ROWS {
            match self.rows.next() {
                Some(Ok(row)) => {
                    if gathered.is_empty() {
                        gathered.reserve_exact(ROWS);
                    }
                    gathered.push(row);
                }
                Some(Err(error)) => (self.failed, self.done) = (Some(error), true),
                None => self.done = true,
            }
        }
        if gathered.is_empty() { self.failed.take().map(Err) } else { Some(Ok(gathered)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_comes_after_the_rows_before_it_and_nothing_after_it() {
        for fails_at in [0, 1, ROWS - 1, ROWS, ROWS + 1] {
            let fails = |row| if row == fails_at { Err("broken".into()) } else { Ok(row) };
            let mut lots = Lots::of((0..3 * ROWS).map(fails));
            let mut read = 0;
            let error = loop {
                match lots.next().unwrap() {
                    Ok(lot) => read += lot.len(),
                    Err(error) => break error,
                }
            };
            assert_eq!((read, error.to_string().as_str()), (fails_at, "broken"));
            assert!(lots.next().is_none());
        }
    }

    #[test]
    fn no_rows_no_lots() {
        assert_eq!(Lots::of(std::iter::empty::<Result<u8, SourceError>>()).count(), 0);
    }
}
