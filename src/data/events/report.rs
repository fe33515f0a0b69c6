//! What became of every event that was read.

use std::fmt;

use serde::Serialize;

use crate::data::{DataError, EventKind, RowFault, UnreadableRows};
use crate::units::Date;

/// The account of a reading of events.
///
/// Every row is in exactly one of the counts that [`accounted_for`](Self::accounted_for) adds up.
/// First come rows that the source could not read, whosever they are. Rows of nobody are counted
/// and not looked at further; then come rows that cannot be, then the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventReport {
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows that entered a tally.
    pub rows_kept: u64,
    /// Rows of customers, before the first day that counts.
    pub rows_before: u64,
    /// Rows of customers, after the last day that counts.
    pub rows_after: u64,
    /// Rows whose id belongs to no customer of the table.
    pub rows_unmatched: u64,
    /// Rows without an id.
    pub rows_without_id: u64,
    /// Rows that could not be read, and rows of customers that cannot be.
    pub rows_unreadable: u64,
    /// Those by column and reason, in this order.
    pub unreadable: Vec<UnreadableEvents>,
    /// What became of those.
    pub unreadable_rows: UnreadableRows,
    /// Customers of the table.
    pub customers: u64,
    /// Customers with an event that was kept.
    pub customers_with_event: u64,
    /// Customers without one.
    pub customers_without_event: u64,
    /// The first day that counts, where one was set.
    pub observed_from: Option<Date>,
    /// The last day that counts, where one was set.
    pub observed_until: Option<Date>,
    /// The kinds of events that were kept.
    pub kinds: Vec<KindReport>,
}

/// The events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KindReport {
    /// The kind.
    pub kind: EventKind,
    /// Rows that were kept.
    pub rows: u64,
    /// Customers who have any.
    pub customers: u64,
    /// Different keys.
    pub keys: u64,
}

/// The events that could not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableEvents {
    /// The column at fault, where it was one.
    pub column: Option<String>,
    /// What was wrong.
    pub reason: String,
    /// Rows.
    pub rows: u64,
    /// Where the first of them stands: the line of a file, or whatever else the source counts by;
    /// the row, from zero, of a source that does not say. After a merge, the smaller of both.
    pub first: u64,
}

impl EventReport {
    /// The rows in all counts together; always `rows_read`.
    pub fn accounted_for(&self) -> u64 {
        self.rows_kept
            + self.rows_before
            + self.rows_after
            + self.rows_unmatched
            + self.rows_without_id
            + self.rows_unreadable
    }

    /// Rows that found nobody, with an id or without.
    pub fn rows_of_nobody(&self) -> u64 {
        self.rows_unmatched + self.rows_without_id
    }

    /// Adds the rows of another reading of the same customers by the same rules.
    pub(super) fn add_rows(&mut self, other: &Self, limit: usize) -> Result<(), DataError> {
        self.rows_read += other.rows_read;
        self.rows_kept += other.rows_kept;
        self.rows_before += other.rows_before;
        self.rows_after += other.rows_after;
        self.rows_unmatched += other.rows_unmatched;
        self.rows_without_id += other.rows_without_id;
        for reason in &other.unreadable {
            *self.because(&reason.column, &reason.reason, reason.first) += reason.rows;
        }
        self.rows_unreadable += other.rows_unreadable;
        self.check_reasons(limit)
    }

    /// Counts a row that could not be read, of at most so many different reasons.
    pub(super) fn unreadable(&mut self, fault: &RowFault, limit: usize) -> Result<(), DataError> {
        self.rows_unreadable += 1;
        *self.because(&fault.column, &fault.reason, fault.position) += 1;
        self.check_reasons(limit)
    }

    fn check_reasons(&self, limit: usize) -> Result<(), DataError> {
        if self.unreadable.len() > limit {
            return Err(DataError::TooManyKeys { what: "reason of an unreadable event", limit });
        }
        Ok(())
    }

    /// The rows that could not be read because of this.
    fn because(&mut self, column: &Option<String>, reason: &str, at: u64) -> &mut u64 {
        let place = self
            .unreadable
            .binary_search_by(|known| (&known.column, &*known.reason).cmp(&(column, reason)));
        let place = place.unwrap_or_else(|place| {
            let (column, reason) = (column.clone(), reason.to_owned());
            let new = UnreadableEvents { column, reason, rows: 0, first: at };
            self.unreadable.insert(place, new);
            place
        });
        let known = &mut self.unreadable[place];
        known.first = known.first.min(at);
        &mut known.rows
    }
}

impl fmt::Display for EventReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} events read: {} kept, {} before the window, {} after it, {} of unknown customers, \
             {} without an id, {} unreadable",
            self.rows_read,
            self.rows_kept,
            self.rows_before,
            self.rows_after,
            self.rows_unmatched,
            self.rows_without_id,
            self.rows_unreadable
        )?;
        for UnreadableEvents { column, reason, rows, first } in &self.unreadable {
            let column = column.as_ref().map_or(String::new(), |name| format!("column `{name}`: "));
            writeln!(f, "unreadable: {rows}, the first at {first}: {column}{reason}")?;
        }
        write!(
            f,
            "{} customers: {} with an event, {} without",
            self.customers, self.customers_with_event, self.customers_without_event
        )?;
        for KindReport { kind, rows, customers, keys } in &self.kinds {
            write!(f, "\n{}: events {rows}, customers {customers}, keys {keys}", kind.name())?;
        }
        Ok(())
    }
}
