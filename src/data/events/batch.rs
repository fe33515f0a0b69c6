//! The seam where a caller's events come in: columns, or rows that are made into columns.

use std::fmt;

use crate::data::gather::Lots;
use crate::data::texts::Texts;
use crate::data::{
    DataError, Event, EventKind, Id, IdColumn, RowFault, SourceError, TextColumn, Times,
    UnreadableRows,
};

/// A store of events that the caller owns; events may come in any order.
pub trait EventSource {
    /// Starts one scan over all events.
    ///
    /// The request says what to do about an event that cannot be read; a source that can read all
    /// of them ignores it.
    ///
    /// # Errors
    ///
    /// Whatever the source fails with.
    fn scan(&self, request: &EventRequest) -> Result<EventBatches<'_>, SourceError>;
}

/// What a scan of events is for.
#[derive(Debug, Clone)]
pub struct EventRequest {
    pub(crate) unreadable: UnreadableRows,
}

impl EventRequest {
    /// Whether to end with an error at an event that cannot be read, or to hand it over in
    /// [`EventBatch::unreadable`] and go on.
    pub fn unreadable_rows(&self) -> UnreadableRows {
        self.unreadable
    }
}

/// Some events as columns of equal length.
#[derive(Clone)]
pub struct EventBatch<'a> {
    /// Whose.
    pub customers: IdColumn<'a>,
    /// When.
    pub times: Times<'a>,
    /// What sort.
    pub kinds: EventKinds<'a>,
    /// What about: a channel, a campaign, a permission; `None` where no event is about anything in
    /// particular.
    pub keys: Option<TextColumn<'a>>,
    /// How much; `None` where no event has a value.
    pub values: Option<Vec<Option<f64>>>,
    /// Events that the source could not read and was told to skip; they stand in no column.
    pub unreadable: Vec<RowFault>,
}

/// What sort of events a batch has.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EventKinds<'a> {
    /// All of one sort.
    All(EventKind),
    /// Each by the [name](EventKind::name) of its kind.
    Named(TextColumn<'a>),
}

/// The batches of one scan, in the order in which the source gives them.
pub struct EventBatches<'a>(Box<dyn Iterator<Item = Result<EventBatch<'a>, SourceError>> + 'a>);

impl EventBatch<'_> {
    /// How many events that could be read.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn check_shape(&self) -> Result<(), DataError> {
        let expected = self.len();
        let same = |column, got| {
            if got == expected {
                Ok(())
            } else {
                Err(DataError::BatchLength { column, expected, got })
            }
        };
        let times = match &self.times {
            Times::Seconds(seconds) => seconds.len(),
            Times::Days(days) => days.len(),
        };
        same("time", times)?;
        if let Some(missing) = &self.customers.missing {
            same("missing customers", missing.len())?;
        }
        if let EventKinds::Named(names) = &self.kinds {
            same("kind", names.len())?;
        }
        if let Some(keys) = &self.keys {
            same("key", keys.len())?;
        }
        self.values.as_ref().map_or(Ok(()), |values| same("value", values.len()))
    }
}

impl<'a> EventBatches<'a> {
    /// Any iterator of batches, owned or borrowed from the source.
    pub fn new<'b: 'a>(
        batches: impl Iterator<Item = Result<EventBatch<'b>, SourceError>> + 'a,
    ) -> Self {
        fn as_long_as_needed<'a, 'b: 'a>(batch: EventBatch<'b>) -> EventBatch<'a> {
            batch
        }
        Self(Box::new(batches.map(|batch| batch.map(as_long_as_needed))))
    }

    /// Everything in one batch, as data in memory has it.
    pub fn one(batch: EventBatch<'a>) -> Self {
        Self::new(std::iter::once(Ok(batch)))
    }

    /// Any iterator of rows. It ends at the first error, and the rows before it are not lost from
    /// the count.
    pub fn from_rows<'r: 'a>(
        rows: impl IntoIterator<Item = Result<Event<'r>, SourceError>, IntoIter: 'a>,
    ) -> Self {
        let batch = |lot: Vec<Event<'r>>| columns(&lot).map_err(SourceError::from);
        Self::new(Lots::of(rows.into_iter()).map(move |lot| lot.and_then(batch)))
    }
}

/// Rows as columns.
fn columns(rows: &[Event<'_>]) -> Result<EventBatch<'static>, DataError> {
    let first = &rows[0].kind;
    let kinds = if rows.iter().all(|row| row.kind == *first) {
        EventKinds::All(first.clone())
    } else {
        EventKinds::Named(rows.iter().map(|row| row.kind.name()).collect())
    };
    let some = |given: bool| given.then_some(());
    Ok(EventBatch {
        customers: ids(rows)?,
        times: Times::Seconds(rows.iter().map(|row| row.time.seconds()).collect()),
        kinds,
        keys: some(rows.iter().any(|row| !row.key.is_empty()))
            .map(|()| rows.iter().map(|row| &row.key).collect()),
        values: some(rows.iter().any(|row| row.value.is_some()))
            .map(|()| rows.iter().map(|row| row.value).collect()),
        unreadable: Vec::new(),
    })
}

/// The ids as integers, or as texts where any is a text: the join takes an integer and its text for
/// the same customer.
fn ids(rows: &[Event<'_>]) -> Result<IdColumn<'static>, DataError> {
    if !rows.iter().any(|row| matches!(row.customer, Id::Text(_))) {
        let number = |row: &Event<'_>| if let Id::Integer(id) = row.customer { id } else { 0 };
        let missing: Vec<bool> = rows.iter().map(|row| row.customer == Id::Missing).collect();
        let numbers: Vec<i64> = rows.iter().map(number).collect();
        return Ok(IdColumn::integers(numbers).missing(missing));
    }
    let mut texts = Texts::default();
    for row in rows {
        match &row.customer {
            Id::Integer(id) => texts.push(&id.to_string()),
            Id::Text(id) => texts.push(id),
            Id::Missing => texts.push(""),
        }
    }
    Ok(IdColumn::texts(texts.into_column()?))
}

impl<'a> Iterator for EventBatches<'a> {
    type Item = Result<EventBatch<'a>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for EventBatches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventBatches(..)")
    }
}

impl fmt::Debug for EventBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventBatch({} rows withheld)", self.len())
    }
}
