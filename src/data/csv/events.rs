//! Events in CSV: contacts, responses, consents, exposures.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::data::csv::records::Record;
use crate::data::csv::table::{Origin, Table, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::texts::Texts;
use crate::data::{
    Decimal, EventBatch, EventBatches, EventKind, EventKinds, EventSource, IdColumn, SourceError,
    Times,
};
use crate::units::CivilTime;

/// Events in a CSV file or behind any reader, one event a line.
///
/// Columns are mapped by their names in the header. Without a mapping the names `customer_id`,
/// `time` and `kind` are expected, and events have no key and no value. Kinds are written by
/// [`EventKind::name`]; times and numbers as in
/// [`CsvTransactions`](crate::data::CsvTransactions). The file is read as it is scanned, some
/// thousand lines at a time.
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
    origin: Origin,
    delimiter: u8,
    customer: String,
    time: String,
    kind: KindColumn,
    key: Option<String>,
    value: Option<String>,
}

#[derive(Debug, Clone)]
enum KindColumn {
    Column(String),
    All(EventKind),
}

impl CsvEvents {
    /// A file, which is opened anew for each scan.
    ///
    /// # Errors
    ///
    /// [`CsvError`] where it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CsvError> {
        Ok(Self::new(Origin::path(path.as_ref())?))
    }

    /// Any reader. It can be scanned once; a second scan is an error.
    pub fn from_reader(reader: impl Read + Send + 'static) -> Self {
        Self::new(Origin::reader(reader))
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            delimiter: b',',
            customer: "customer_id".to_owned(),
            time: "time".to_owned(),
            kind: KindColumn::Column("kind".to_owned()),
            key: None,
            value: None,
        }
    }

    /// The byte between fields; a comma unless set.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The column with the customer.
    #[must_use]
    pub fn customer(mut self, column: impl Into<String>) -> Self {
        self.customer = column.into();
        self
    }

    /// The column with the date or date-time.
    #[must_use]
    pub fn time(mut self, column: impl Into<String>) -> Self {
        self.time = column.into();
        self
    }

    /// The column with the kind.
    #[must_use]
    pub fn kind(mut self, column: impl Into<String>) -> Self {
        self.kind = KindColumn::Column(column.into());
        self
    }

    /// All events are of this kind, and no column says so.
    #[must_use]
    pub fn all_of_kind(mut self, kind: EventKind) -> Self {
        self.kind = KindColumn::All(kind);
        self
    }

    /// The column with what the event is about: a channel, a campaign, a permission.
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Self {
        self.key = Some(column.into());
        self
    }

    /// The column with the value; an empty field has none.
    #[must_use]
    pub fn value(mut self, column: impl Into<String>) -> Self {
        self.value = Some(column.into());
        self
    }
}

impl EventSource for CsvEvents {
    fn scan(&self) -> Result<EventBatches<'_>, SourceError> {
        let table = Table::open(&self.origin, self.delimiter)?;
        let optional =
            |name: &Option<String>| name.as_ref().map(|name| table.column(name)).transpose();
        let (kind, all) = match &self.kind {
            KindColumn::Column(name) => (Some(table.column(name)?), None),
            KindColumn::All(kind) => (None, Some(kind.clone())),
        };
        let places = Places {
            customer: table.column(&self.customer)?,
            time: table.column(&self.time)?,
            kind,
            key: optional(&self.key)?,
            value: optional(&self.value)?,
        };
        let mut scan = Scan { table, places, all, offsets: None, record: Record::new() };
        let mut done = false;
        Ok(EventBatches::new(std::iter::from_fn(move || {
            if done {
                return None;
            }
            let batch = scan.batch();
            done = !matches!(&batch, Ok(batch) if batch.len() == ROWS);
            Some(batch)
        })))
    }
}

/// Lines per batch.
const ROWS: usize = 8192;

/// Where the mapped columns stand.
struct Places {
    customer: usize,
    time: usize,
    kind: Option<usize>,
    key: Option<usize>,
    value: Option<usize>,
}

/// One pass over the file.
struct Scan {
    table: Table,
    places: Places,
    all: Option<EventKind>,
    /// Whether times carry an offset from UTC, once the first was seen.
    offsets: Option<bool>,
    record: Record,
}

impl Scan {
    /// The next lines; fewer than [`ROWS`] at the end of the file.
    fn batch(&mut self) -> Result<EventBatch<'static>, SourceError> {
        let (mut customers, mut kinds, mut keys) =
            (Texts::default(), Texts::default(), Texts::default());
        let (mut seconds, mut values) = (Vec::new(), Vec::new());
        while seconds.len() < ROWS {
            let Some(line) = self.table.next(&mut self.record)? else { break };
            let (header, record) = (self.table.header(), &self.record);
            let string = |place: usize| text(record.get(place), line, &header[place]);
            let customer = string(self.places.customer)?;
            customers.push(if customer.trim().is_empty() { "" } else { customer });
            if let Some(kind) = self.places.kind {
                let name = string(kind)?.trim();
                if name.is_empty() {
                    return Err(self.fault(CsvFault::NoValue, line, kind).into());
                }
                kinds.push(name);
            }
            if let Some(key) = self.places.key {
                keys.push(string(key)?.trim());
            }
            if let Some(value) = self.places.value {
                values.push(self.number(line, value)?);
            }
            seconds.push(self.time(line)?.seconds());
        }
        Ok(EventBatch {
            customers: IdColumn::texts(customers.into_column()?),
            times: Times::Seconds(seconds.into()),
            kinds: match &self.all {
                Some(kind) => EventKinds::All(kind.clone()),
                None => EventKinds::Named(kinds.into_column()?),
            },
            keys: self.places.key.map(|_| keys.into_column()).transpose()?,
            values: self.places.value.map(|_| values),
        })
    }

    fn time(&mut self, line: u64) -> Result<CivilTime, CsvError> {
        let place = self.places.time;
        let written = self.record.get(place).trim_ascii();
        if written.is_empty() {
            return Err(self.fault(CsvFault::NoValue, line, place));
        }
        let (time, has_offset) =
            CivilTime::read(written).ok_or_else(|| self.fault(CsvFault::NotATime, line, place))?;
        if *self.offsets.get_or_insert(has_offset) != has_offset {
            return Err(self.fault(CsvFault::MixedOffsets, line, place));
        }
        Ok(time)
    }

    fn number(&self, line: u64, place: usize) -> Result<Option<f64>, CsvError> {
        let written = text(self.record.get(place), line, &self.table.header()[place])?.trim();
        if written.is_empty() {
            return Ok(None);
        }
        let number = Decimal::parse(written).and_then(|_| written.parse().ok());
        number.map(Some).ok_or_else(|| self.fault(CsvFault::NotANumber, line, place))
    }

    fn fault(&self, fault: CsvFault, line: u64, place: usize) -> CsvError {
        let header = self.table.header();
        CsvError::of(fault).at_line(line).in_column(&header[place]).raw(self.record.get(place))
    }
}

impl fmt::Debug for CsvEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvEvents")
            .field("customer", &self.customer)
            .field("time", &self.time)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataError, EventSummary};
    use crate::units::CustomerIds;
    use crate::work::Work;

    fn read(source: &CsvEvents) -> Result<EventSummary, DataError> {
        let customers = CustomerIds::from_texts(["a", "b"]).unwrap();
        EventSummary::read(source, &customers, &Work::new())
    }

    fn fault(file: &'static str) -> CsvError {
        let source = CsvEvents::from_reader(file.as_bytes()).value("value");
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

    #[test]
    fn faults_name_line_and_column() {
        let header = "customer_id,time,kind,value\n";
        assert!(header.ends_with('\n'));
        let at = |file| {
            let error = fault(file);
            (error.line.unwrap(), error.column.unwrap(), error.fault)
        };
        assert_eq!(
            at("customer_id,time,kind,value\na,2024-01-01,contact,1\na,soon,contact,1\n"),
            (3, "time".to_owned(), CsvFault::NotATime)
        );
        assert_eq!(
            at("customer_id,time,kind,value\na,2024-01-01, ,1\n"),
            (2, "kind".to_owned(), CsvFault::NoValue)
        );
        assert_eq!(
            at("customer_id,time,kind,value\na,2024-01-01,contact,NaN\n"),
            (2, "value".to_owned(), CsvFault::NotANumber)
        );
        assert_eq!(
            at(
                "customer_id,time,kind,value\na,2024-01-01T00:00:00Z,contact,\na,2024-01-01,contact,\n"
            ),
            (3, "time".to_owned(), CsvFault::MixedOffsets)
        );
        assert_eq!(fault("customer_id,time,value\n").fault, CsvFault::NoSuchColumn);
    }
}
