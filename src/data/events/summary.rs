//! Events folded per customer, kind and key.

use std::fmt;

use crate::data::events::tallies::{Entry, Sorted, Tallies};
use crate::data::matching::Unplaced;
use crate::data::{
    Consent, DataError, EventBatch, EventKind, EventKinds, EventReport, EventSource, EventSpec,
    EventTally, RowFault, Times, UnreadableRows,
};
use crate::units::{CivilTime, CustomerIds, CustomerLookup, Date};
use crate::work::Work;

/// Events folded per customer, kind and key.
///
/// # Cost
///
/// Time grows with the rows, each looked up by hash; nothing is allocated per row. Memory grows
/// with what occurs and not with how often:
///
/// ```text
/// bytes <= 200 x (customer, kind and key that occur) + 20 x customers + the names of both
/// ```
///
/// while reading, 56 and 8 instead of 200 and 20 afterwards. [`EventSpec::max_keys`] limits kinds and keys; events
/// of nobody and events outside the window take no memory.
///
/// # Example
///
/// ```
/// use segmentry::data::{
///     Consent, Event, EventBatches, EventKind, EventRequest, EventSource, EventSpec, EventSummary,
///     SourceError,
/// };
/// use segmentry::{units::{CustomerIds, Date}, work::Work};
///
/// struct Mailings;
/// impl EventSource for Mailings {
///     fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
///         let event = |day, kind, value| Event {
///             customer: "ann".into(),
///             time: Date::from_ymd(2024, 6, day).unwrap().into(),
///             kind,
///             key: "email".into(),
///             value,
///         };
///         Ok(EventBatches::from_rows([
///             Ok(event(9, EventKind::Contact, None)),
///             Ok(event(2, EventKind::Contact, None)),
///             Ok(event(1, EventKind::Consent, Some(1.0))),
///             Ok(event(20, EventKind::Consent, Some(0.0))),
///         ]))
///     }
/// }
///
/// let customers = CustomerIds::from_texts(["ann"])?;
/// let until = EventSpec::new().observed_until(Date::from_ymd(2024, 6, 15)?);
/// let events = EventSummary::read_with(&Mailings, &customers, &until, &Work::new())?;
/// let email = events.of(0, &EventKind::Contact, "email").unwrap();
/// assert_eq!((email.count, email.last.date()), (2, Date::from_ymd(2024, 6, 9)?));
/// assert_eq!(events.consent(0, "email"), Some(Consent::Given)); // refused only later
/// assert_eq!((events.report().rows_kept, events.report().rows_after), (3, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct EventSummary {
    ids: CustomerIds,
    spec: EventSpec,
    tallies: Sorted,
    report: EventReport,
}

/// Rows folded before the caller is asked whether to go on.
const ROWS: usize = 8192;

impl EventSummary {
    /// Reads a source and folds it by customer, all of it.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with).
    pub fn read(
        source: &dyn EventSource,
        customers: &CustomerIds,
        work: &Work,
    ) -> Result<Self, DataError> {
        Self::read_with(source, customers, &EventSpec::new(), work)
    }

    /// Reads a source and folds it by customer.
    ///
    /// # Errors
    ///
    /// [`DataError::SideSource`] where the source failed; [`DataError::EventValue`] for an event
    /// that cannot be, unless the rules skip it; [`DataError::TooManyKeys`];
    /// [`DataError::BatchLength`]; [`DataError::Param`].
    pub fn read_with(
        source: &dyn EventSource,
        customers: &CustomerIds,
        spec: &EventSpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        let failed = |source, rows_read| DataError::SideSource { what: "event", rows_read, source };
        spec.validate()?;
        work.begin("reading events", None)?;
        let mut fold = Fold {
            lookup: customers.lookup(),
            spec,
            tallies: Tallies::default(),
            report: empty_report(customers, spec),
        };
        let batches = source.scan(&spec.request()).map_err(|error| failed(error, 0))?;
        for batch in batches {
            let batch = batch.map_err(|error| failed(error, fold.report.rows_read))?;
            fold.batch(&batch, work)?;
        }
        Ok(Self::finish(customers.clone(), spec.clone(), fold.tallies, fold.report))
    }

    fn finish(
        ids: CustomerIds,
        spec: EventSpec,
        tallies: Tallies,
        mut report: EventReport,
    ) -> Self {
        let tallies = tallies.sorted(ids.len());
        report.customers_with_event = tallies.customers();
        report.customers_without_event = report.customers - report.customers_with_event;
        report.kinds = tallies.by_kind();
        Self { ids, spec, tallies, report }
    }

    /// The summary of both sources: what reading one behind the other would have given, in any
    /// order and any grouping.
    ///
    /// # Errors
    ///
    /// [`DataError::CannotJoin`] where they are of other customers or were read by other rules,
    /// [`DataError::TooManyKeys`] where both together have too many.
    pub fn merge(self, other: &Self) -> Result<Self, DataError> {
        let cannot = |differ| DataError::CannotJoin { what: "event summaries", differ };
        if self.ids != other.ids {
            return Err(cannot("customers"));
        }
        if self.spec != other.spec {
            return Err(cannot("rules"));
        }
        let Self { ids, spec, tallies: mine, mut report } = self;
        let mut tallies = Tallies::default();
        tallies.absorb(&mine, spec.max_keys)?;
        drop(mine);
        tallies.absorb(&other.tallies, spec.max_keys)?;
        report.add_rows(&other.report, spec.max_keys)?;
        Ok(Self::finish(ids, spec, tallies, report))
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// What became of every row.
    pub fn report(&self) -> &EventReport {
        &self.report
    }

    /// How many events belong to nobody in the table, with an id or without.
    pub fn unmatched(&self) -> u64 {
        self.report.rows_of_nobody()
    }

    /// The events of a customer of one kind and key; `None` where there were none.
    pub fn of(&self, row: usize, kind: &EventKind, key: &str) -> Option<&EventTally> {
        self.tally(row, self.topic(kind, key)?)
    }

    /// The events of one kind and key, customer by customer.
    pub fn column(
        &self,
        kind: &EventKind,
        key: &str,
    ) -> impl ExactSizeIterator<Item = Option<&EventTally>> {
        let topic = self.topic(kind, key);
        (0..self.ids.len()).map(move |row| self.tally(row, topic?))
    }

    /// All events of a customer, by kind and key.
    pub fn customer(&self, row: usize) -> impl Iterator<Item = (&EventKind, &str, &EventTally)> {
        self.tallies.of(row).iter().map(|Entry { kind, key, tally, .. }| {
            let (kind, key) = self.names(*kind, *key);
            (kind, key, tally)
        })
    }

    /// The kinds and keys that occur, in the order in which a customer's events are listed.
    pub fn topics(&self) -> Vec<(&EventKind, &str)> {
        self.tallies.topics().into_iter().map(|(kind, key)| self.names(kind, key)).collect()
    }

    /// Whether a customer allows what `key` names, as of the end of the observation; `None` for who
    /// was not heard on it.
    ///
    /// For another day, read again with [`EventSpec::observed_until`]: a summary keeps the last
    /// word and not the story.
    pub fn consent(&self, row: usize, key: &str) -> Option<Consent> {
        let value = self.of(row, &EventKind::Consent, key)?.last_value?;
        Some(if value > 0.0 { Consent::Given } else { Consent::Refused })
    }

    fn names(&self, kind: u32, key: u32) -> (&EventKind, &str) {
        (&self.tallies.kinds[kind as usize], &self.tallies.keys[key as usize])
    }

    /// The numbers of a kind and a key, where both occur.
    fn topic(&self, kind: &EventKind, key: &str) -> Option<(u32, u32)> {
        let Sorted { kinds, keys, .. } = &self.tallies;
        let kind = kinds.binary_search_by(|known| known.order().cmp(&kind.order())).ok()?;
        let key = keys.binary_search_by(|known| known.as_bytes().cmp(key.as_bytes())).ok()?;
        Some((kind as u32, key as u32))
    }

    fn tally(&self, row: usize, topic: (u32, u32)) -> Option<&EventTally> {
        let entries = self.tallies.of(row);
        let place = entries.binary_search_by_key(&topic, |entry| (entry.kind, entry.key)).ok()?;
        Some(&entries[place].tally)
    }
}

fn empty_report(customers: &CustomerIds, spec: &EventSpec) -> EventReport {
    EventReport {
        rows_read: 0,
        rows_kept: 0,
        rows_before: 0,
        rows_after: 0,
        rows_unmatched: 0,
        rows_without_id: 0,
        rows_unreadable: 0,
        unreadable: Vec::new(),
        unreadable_rows: spec.unreadable,
        customers: customers.len() as u64,
        customers_with_event: 0,
        customers_without_event: 0,
        observed_from: spec.from,
        observed_until: spec.until,
        kinds: Vec::new(),
    }
}

/// A fold under way.
struct Fold<'a> {
    lookup: CustomerLookup<'a>,
    spec: &'a EventSpec,
    tallies: Tallies,
    report: EventReport,
}

impl Fold<'_> {
    fn batch(&mut self, batch: &EventBatch<'_>, work: &Work) -> Result<(), DataError> {
        // Once at least, because a batch may have none but rows that could not be read.
        work.check()?;
        batch.check_shape()?;
        let n = batch.len();
        for start in (0..n).step_by(ROWS) {
            work.check()?;
            for row in start..n.min(start + ROWS) {
                self.row(batch, row)?;
            }
            work.tell("reading events", self.report.rows_read, None);
        }
        for fault in &batch.unreadable {
            self.report.rows_read += 1;
            self.report.unreadable(fault, self.spec.max_keys)?;
        }
        Ok(())
    }

    fn row(&mut self, batch: &EventBatch<'_>, row: usize) -> Result<(), DataError> {
        let source_row = self.report.rows_read;
        self.report.rows_read += 1;
        let report = &mut self.report;
        let customer = match batch.customers.place(row, &self.lookup) {
            Ok(place) => place,
            Err(Unplaced::Unknown) => {
                report.rows_unmatched += 1;
                return Ok(());
            }
            Err(Unplaced::WithoutId) => {
                report.rows_without_id += 1;
                return Ok(());
            }
        };
        let (time, kind, value) = match read(batch, row) {
            Ok(read) => read,
            Err(expected) => {
                if self.spec.unreadable != UnreadableRows::Skip {
                    return Err(DataError::EventValue { row: source_row, expected });
                }
                let fault = RowFault::new(source_row, None, format!("not {expected}"));
                return report.unreadable(&fault, self.spec.max_keys);
            }
        };
        if self.spec.from.is_some_and(|from| time.date() < from) {
            report.rows_before += 1;
        } else if self.spec.until.is_some_and(|until| time.date() > until) {
            report.rows_after += 1;
        } else {
            let key = batch.keys.as_ref().map_or("", |keys| keys.get(row));
            let limit = self.spec.max_keys;
            let (kind, key) = (self.tallies.kind(kind, limit)?, self.tallies.key(key, limit)?);
            self.tallies.add(Entry {
                customer,
                kind,
                key,
                tally: EventTally::of_one(time, value),
            })?;
            report.rows_kept += 1;
        }
        Ok(())
    }
}

/// What a row says, or what it should have said.
fn read<'b>(
    batch: &'b EventBatch<'_>,
    row: usize,
) -> Result<(CivilTime, &'b str, Option<f64>), &'static str> {
    let time = match &batch.times {
        Times::Seconds(seconds) => CivilTime::from_seconds(seconds[row]),
        Times::Days(days) => Date::from_day_number(days[row]).map(Date::midnight),
    };
    let time = time.ok_or("a time in the years 1 to 9999")?;
    let kind = match &batch.kinds {
        EventKinds::All(kind) => kind.name(),
        EventKinds::Named(names) => names.get(row),
    };
    if kind.is_empty() {
        return Err("a kind with a name");
    }
    // Minus zero becomes zero, so that no tie depends on the order of the rows.
    let value = batch.values.as_ref().and_then(|values| values[row]).map(|value| value + 0.0);
    if value.is_some_and(|value| !value.is_finite()) {
        return Err("a finite value");
    }
    if kind == EventKind::Consent.name() && !matches!(value, Some(0.0 | 1.0)) {
        return Err("a consent of 1 for yes or 0 for no");
    }
    Ok((time, kind, value))
}

impl fmt::Debug for EventSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSummary")
            .field("customers", &self.ids.len())
            .field("tallies", &self.tallies.entries.len())
            .field("unmatched", &self.unmatched())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
