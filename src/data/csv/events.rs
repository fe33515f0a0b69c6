//! Events in CSV: contacts, responses, consents, exposures.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::data::csv::file::{CsvFile, opening_methods};
use crate::data::csv::lines::Clock;
use crate::data::csv::records::Record;
use crate::data::csv::table::{Place, Table, number, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::gather::ROWS;
use crate::data::mapped::whose_and_when_methods;
use crate::data::texts::Texts;
use crate::data::{
    DataError, EventBatch, EventBatches, EventKind, EventKinds, EventRequest, EventSource,
    IdColumn, RowFault, SourceError, Times, UnreadableRows,
};

/// Events in a CSV file or behind any reader, one event a line.
///
/// Columns are mapped by their names in the header. Without a mapping the names `customer_id`,
/// `time` and `kind` are expected, and events have no key and no value. Kinds are written by
/// [`EventKind::name`], consents as 1 for yes and 0 for no; times and numbers as in
/// [`CsvTransactions`](crate::data::CsvTransactions). The file is read as it is scanned, some
/// thousand lines at a time.
///
/// A line that cannot be read is an error that names line, row and column, unless
/// [`EventSpec::unreadable_rows`](crate::data::EventSpec::unreadable_rows) says to skip it; the
/// report then counts it by reason. What is wrong with the file as a whole (an open quote, times of
/// two clocks, a cut) is an error under either rule.
///
/// # Example
///
/// ```
/// use segmentry::data::{Consent, CsvEvents, EventKind, EventSummary};
/// use segmentry::{units::CustomerIds, work::Work};
///
/// let file = "customer_id,time,kind,channel,yes\n\
///             17850,2024-05-02 08:26,contact,email,\n\
///             17850,2024-05-03,consent,email,1\n\
///             17850,2024-05-09,contact,email,\n";
/// let log = CsvEvents::from_reader(file.as_bytes()).key("channel").value("yes");
/// let customers = CustomerIds::from_integers(vec![17850])?;
/// let events = EventSummary::read(&log, &customers, &Work::new())?;
/// assert_eq!(events.of(0, &EventKind::Contact, "email").unwrap().count, 2);
/// assert_eq!(events.consent(0, "email"), Some(Consent::Given));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CsvEvents {
    file: CsvFile,
    names: Mapped<String>,
    all: Option<EventKind>,
}

/// One `T` for each mapped column.
#[derive(Debug)]
struct Mapped<T> {
    customer: T,
    time: T,
    /// None where all events are of one kind.
    kind: Option<T>,
    key: Option<T>,
    value: Option<T>,
}

impl Mapped<String> {
    fn places(
        &self,
        place: impl Fn(&String) -> Result<usize, CsvError>,
    ) -> Result<Mapped<usize>, CsvError> {
        let optional = |name: &Option<String>| name.as_ref().map(&place).transpose();
        Ok(Mapped {
            kind: optional(&self.kind)?,
            customer: place(&self.customer)?,
            time: place(&self.time)?,
            key: optional(&self.key)?,
            value: optional(&self.value)?,
        })
    }
}

impl CsvEvents {
    opening_methods!();
    whose_and_when_methods!();

    fn over(file: CsvFile) -> Self {
        let names = Mapped {
            customer: "customer_id".to_owned(),
            time: "time".to_owned(),
            kind: Some("kind".to_owned()),
            key: None,
            value: None,
        };
        Self { file, names, all: None }
    }

    /// The column with the kind; `kind` unless set.
    #[must_use]
    pub fn kind(mut self, column: impl Into<String>) -> Self {
        (self.names.kind, self.all) = (Some(column.into()), None);
        self
    }

    /// All events are of this kind, and no column says so.
    #[must_use]
    pub fn all_of_kind(mut self, kind: EventKind) -> Self {
        (self.names.kind, self.all) = (None, Some(kind));
        self
    }

    /// The column with what the event is about: a channel, a campaign, a permission.
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Self {
        self.names.key = Some(column.into());
        self
    }

    /// The column with the value; an empty field has none.
    #[must_use]
    pub fn value(mut self, column: impl Into<String>) -> Self {
        self.names.value = Some(column.into());
        self
    }
}

impl EventSource for CsvEvents {
    fn scan(&self, request: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        let table = self.file.open()?;
        let places = self.names.places(|name| table.header().column(name))?;
        Ok(EventBatches::new(Scan {
            table,
            places,
            all: self.all.clone(),
            skip: request.unreadable_rows() == UnreadableRows::Skip,
            clock: Clock::default(),
            record: Record::new(),
            failed: None,
            done: false,
        }))
    }
}

/// One pass over the file.
struct Scan {
    table: Table,
    places: Mapped<usize>,
    all: Option<EventKind>,
    skip: bool,
    clock: Clock,
    record: Record,
    failed: Option<SourceError>,
    done: bool,
}

/// Columns being filled.
#[derive(Default)]
struct Filling {
    customers: Texts,
    seconds: Vec<i64>,
    kinds: Texts,
    keys: Texts,
    values: Vec<Option<f64>>,
    faults: Vec<RowFault>,
}

impl Filling {
    fn rows(&self) -> usize {
        self.seconds.len() + self.faults.len()
    }
}

impl Scan {
    /// Reads a line into the columns; false behind the last.
    fn line(&mut self, filling: &mut Filling) -> Result<bool, CsvError> {
        let Some(Place { line, row }) = self.table.next(&mut self.record)? else {
            return Ok(false);
        };
        self.event(filling).map_err(|error| error.at(line, row))?;
        Ok(true)
    }

    /// Reads the event of a record, all of it or nothing. An error has no place yet.
    fn event(&mut self, filling: &mut Filling) -> Result<(), CsvError> {
        let Self { table, places, all, clock, record, .. } = self;
        let names = table.header().names();
        let fault =
            |fault, at: usize| CsvError::of(fault).in_column(&names[at]).raw(record.get(at));
        let string = |at: usize| text(record.get(at), 0, &names[at]);
        let optional = |at: Option<usize>| at.map_or(Ok(""), |at| string(at).map(str::trim));

        let customer = string(places.customer)?;
        let kind = optional(places.kind)?;
        if let (Some(at), "") = (places.kind, kind) {
            return Err(fault(CsvFault::NoValue, at));
        }
        let key = optional(places.key)?;
        let mut value = None;
        if let Some(at) = places.value {
            let consents = all.as_ref().map_or(kind, EventKind::name) == EventKind::Consent.name();
            value = match string(at)?.trim() {
                "" if consents => return Err(fault(CsvFault::NoValue, at)),
                "" => None,
                text => Some(number(text).ok_or_else(|| fault(CsvFault::NotANumber, at))?),
            };
            if consents && !matches!(value, Some(0.0 | 1.0)) {
                return Err(fault(CsvFault::NotYesNo, at));
            }
        }
        let written = record.get(places.time).trim_ascii();
        let seconds = clock.read(written).map_err(|it| fault(it, places.time))?;

        filling.customers.push(if customer.trim().is_empty() { "" } else { customer });
        filling.seconds.push(seconds);
        for (at, column, text) in
            [(places.kind, &mut filling.kinds, kind), (places.key, &mut filling.keys, key)]
        {
            if at.is_some() {
                column.push(text);
            }
        }
        if places.value.is_some() {
            filling.values.push(value);
        }
        Ok(())
    }

    fn batch(&self, filling: Filling) -> Result<EventBatch<'static>, DataError> {
        Ok(EventBatch {
            customers: IdColumn::texts(filling.customers.into_column()?),
            times: Times::Seconds(filling.seconds.into()),
            kinds: match &self.all {
                Some(kind) => EventKinds::All(kind.clone()),
                None => EventKinds::Named(filling.kinds.into_column()?),
            },
            keys: self.places.key.map(|_| filling.keys.into_column()).transpose()?,
            values: self.places.value.map(|_| filling.values),
            unreadable: filling.faults,
        })
    }
}

impl Iterator for Scan {
    type Item = Result<EventBatch<'static>, SourceError>;

    /// The next lines. A failure waits until the lines before it are handed over.
    fn next(&mut self) -> Option<Self::Item> {
        let mut filling = Filling::default();
        while !self.done && filling.rows() < ROWS {
            match self.table.leave_blanks() {
                Ok(false) => {}
                // A stretch of blank lines ends a batch, at which whoever reads may stop.
                Ok(true) => break,
                Err(error) => {
                    (self.failed, self.done) = (Some(error.into()), true);
                    break;
                }
            }
            match self.line(&mut filling) {
                Ok(more) => self.done = !more,
                Err(error) if self.skip && error.fault.is_of_a_row() => {
                    let (line, reason) = (error.line.unwrap_or(0), error.fault.reason());
                    filling.faults.push(RowFault::new(line, error.column, reason));
                }
                Err(error) => (self.failed, self.done) = (Some(error.into()), true),
            }
        }
        if filling.rows() == 0 && self.done {
            return self.failed.take().map(Err);
        }
        Some(self.batch(filling).map_err(SourceError::from))
    }
}

impl fmt::Debug for CsvEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvEvents")
            .field("columns", &self.names)
            .field("all", &self.all)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{EventSpec, EventSummary};
    use crate::units::CustomerIds;
    use crate::work::Work;

    fn read(source: &CsvEvents) -> Result<EventSummary, DataError> {
        let customers = CustomerIds::from_texts(["a", "b"]).unwrap();
        EventSummary::read(source, &customers, &Work::new())
    }

    fn fault(file: &str) -> CsvError {
        let source = CsvEvents::from_reader(std::io::Cursor::new(file.to_owned())).value("value");
        let DataError::SideSource { source, .. } = read(&source).unwrap_err() else {
            panic!("the source is at fault")
        };
        *source.downcast().unwrap()
    }

    #[test]
    fn every_line_is_accounted_for() {
        let mut file = String::from("customer_id;time\n");
        for i in 0..20_000 {
            file += ["a", " ", "stranger"][i % 3];
            file += ";2024-01-01\n";
        }
        let source = CsvEvents::from_reader(std::io::Cursor::new(file))
            .delimiter(b';')
            .all_of_kind(EventKind::Exposure);
        let events = read(&source).unwrap();
        let report = events.report();
        assert_eq!((report.rows_read, report.rows_kept), (20_000, 6_667));
        assert_eq!((report.rows_without_id, report.rows_unmatched), (6_667, 6_666));
        assert_eq!(events.of(0, &EventKind::Exposure, "").unwrap().count, 6_667);
        assert!(read(&source).is_err(), "a reader is read once");
    }

    const HEADER: &str = "customer_id,time,kind,value\n";

    #[test]
    fn faults_name_line_row_and_column() {
        let at = |lines: &str| {
            let error = fault(&format!("{HEADER}{lines}"));
            (error.line.unwrap(), error.row.unwrap(), error.column, error.fault)
        };
        let column = |name: &str| Some(name.to_owned());
        let good = "a,2024-01-01,contact,1\n";
        assert_eq!(
            at(&format!("{good}\na,soon,contact,1\n")),
            (4, 2, column("time"), CsvFault::NotATime)
        );
        assert_eq!(at("a,2024-01-01, ,1\n"), (2, 1, column("kind"), CsvFault::NoValue));
        assert_eq!(at("a,2024-01-01,contact,NaN\n"), (2, 1, column("value"), CsvFault::NotANumber));
        assert_eq!(at("a,2024-01-01,consent,\n"), (2, 1, column("value"), CsvFault::NoValue));
        assert_eq!(at("a,2024-01-01,consent,2\n"), (2, 1, column("value"), CsvFault::NotYesNo));
        assert_eq!(
            at("a,2024-01-01T00:00:00Z,contact,\na,2024-01-01,contact,\n"),
            (3, 2, column("time"), CsvFault::MixedOffsets)
        );
        assert_eq!(
            at(&format!("{good}{good}a,2024-01-01\n")),
            (4, 3, None, CsvFault::FieldCount { expected: 4, got: 2 })
        );
        assert_eq!(
            at(&format!("{good}a,\"2024-01-01,contact,1\n")),
            (3, 2, None, CsvFault::OpenQuote)
        );
        assert_eq!(fault("customer_id,time,value\n").fault, CsvFault::NoSuchColumn);
    }

    #[test]
    fn lines_that_cannot_be_read_are_skipped_and_counted_by_reason_if_that_was_chosen() {
        let mut file = HEADER.to_owned();
        for _ in 0..4_000 {
            file += "a,2024-01-01,contact,1\n\
                     a,never,contact,1\n\
                     a,2024-01-02,contact,much\n\
                     b,2024-01-03\n\
                     b,2024-01-03,contact,1,1\n\
                     b,2024-01-04,consent,1\n";
        }
        let source = || CsvEvents::from_reader(std::io::Cursor::new(file.clone())).value("value");
        let skip = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
        let customers = CustomerIds::from_texts(["a", "b"]).unwrap();
        let events = EventSummary::read_with(&source(), &customers, &skip, &Work::new()).unwrap();
        let report = events.report();
        assert_eq!((report.rows_read, report.rows_kept), (24_000, 8_000));
        assert_eq!((report.rows_unreadable, report.accounted_for()), (16_000, 24_000));
        let reasons: Vec<(Option<&str>, &str, u64, u64)> = report
            .unreadable
            .iter()
            .map(|it| (it.column.as_deref(), it.reason.as_str(), it.rows, it.first))
            .collect();
        assert_eq!(
            reasons,
            [
                (None, CsvFault::FieldCount { expected: 4, got: 2 }.reason().as_str(), 8_000, 5),
                (Some("time"), CsvFault::NotATime.reason().as_str(), 4_000, 3),
                (Some("value"), CsvFault::NotANumber.reason().as_str(), 4_000, 4),
            ]
        );
        assert!(read(&source()).is_err());
    }

    #[test]
    fn a_file_that_is_at_fault_as_a_whole_is_not_skipped_line_by_line() {
        let skip = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
        let customers = CustomerIds::from_texts(["a"]).unwrap();
        for (lines, fault) in [
            ("a,\"2024-01-01,contact,1\n", CsvFault::OpenQuote),
            ("a,2024-01-01T00:00Z,contact,1\na,2024-01-01,contact,1\n", CsvFault::MixedOffsets),
            ("a,2024-01-01,contact,1\na,2024-01", CsvFault::CutOff),
        ] {
            let file = std::io::Cursor::new(format!("{HEADER}{lines}"));
            let source = CsvEvents::from_reader(file).value("value");
            let error =
                EventSummary::read_with(&source, &customers, &skip, &Work::new()).unwrap_err();
            let DataError::SideSource { source, .. } = error else { panic!("{error:?}") };
            assert_eq!(source.downcast::<CsvError>().unwrap().fault, fault);
        }
    }

    #[test]
    fn a_fault_comes_after_the_lines_before_it_are_counted() {
        let good = "a,2024-01-01,contact,1\n";
        for before in [0, 1, ROWS - 1, ROWS, ROWS + 1] {
            let file = format!("{HEADER}{}a,soon,contact,1\n", good.repeat(before));
            let source = CsvEvents::from_reader(std::io::Cursor::new(file)).value("value");
            let error = read(&source).unwrap_err();
            let DataError::SideSource { rows_read, source, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!(rows_read, before as u64);
            let error = source.downcast::<CsvError>().unwrap();
            assert_eq!((error.line, error.row), (Some(before as u64 + 2), Some(before as u64 + 1)));
        }
    }
}
