//! Sources of events and attributes that fail, or panic, at any batch.

use std::panic::{AssertUnwindSafe, catch_unwind};

use segmentry::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Attributes, DataError, EventBatch, EventBatches, EventKind, EventKinds,
    EventRequest, EventSource, EventSpec, EventSummary, IdColumn, SourceError, Times,
    UnreadableRows,
};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

const BATCHES: u64 = 6;
const ROWS: u64 = 5;

/// At which call a source breaks: the scan is the first, its batches those behind it.
#[derive(Debug, Clone, Copy)]
struct Brittle {
    at: u64,
    panics: bool,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the connection was lost")]
struct Lost {
    code: u32,
}

impl Brittle {
    fn call(&self, number: u64) -> Result<(), SourceError> {
        match (number == self.at, self.panics) {
            (false, _) => Ok(()),
            (true, false) => Err(Lost { code: 7 }.into()),
            (true, true) => panic!("the driver's own bug"),
        }
    }
}

fn ids(batch: u64) -> IdColumn<'static> {
    IdColumn::integers((batch * ROWS..(batch + 1) * ROWS).map(|id| id as i64).collect::<Vec<_>>())
}

impl EventSource for Brittle {
    fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        self.call(0)?;
        Ok(EventBatches::new((0..BATCHES).map(|batch| {
            self.call(batch + 1)?;
            Ok(EventBatch {
                customers: ids(batch),
                times: Times::Days(vec![0; ROWS as usize].into()),
                kinds: EventKinds::All(EventKind::Contact),
                keys: None,
                values: None,
                unreadable: Vec::new(),
            })
        })))
    }
}

impl AttributeSource for Brittle {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(vec![AttributeField::own("n", AttributeKind::Number)])
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        self.call(0)?;
        Ok(Box::new((0..BATCHES).map(|batch| {
            self.call(batch + 1)?;
            let columns = vec![AttributeValues::Number(vec![Some(1.0); ROWS as usize])];
            Ok(AttributeBatch { customers: ids(batch), columns })
        })))
    }
}

fn customers() -> CustomerIds {
    CustomerIds::from_integers((0..(BATCHES * ROWS) as i64).collect()).unwrap()
}

/// Reads and says how many rows were.
type Reader = fn(Brittle) -> Result<u64, DataError>;

const READERS: [(&str, Reader); 2] = [
    ("event", |source| {
        let skip = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
        let summary = EventSummary::read_with(&source, &customers(), &skip, &Work::new())?;
        Ok(summary.report().rows_kept)
    }),
    ("attribute", |source| {
        let known = Attributes::read(&source, &customers(), &Work::new())?;
        Ok(known.reports()[0].rows_matched)
    }),
];

#[test]
fn a_source_that_fails_at_any_call_keeps_its_cause_and_the_count_of_rows() {
    for (name, read) in READERS {
        for at in 0..=BATCHES {
            let error = read(Brittle { at, panics: false }).unwrap_err();
            let DataError::SideSource { what, rows_read, source } = error else {
                panic!("{name} at {at}: {error:?}")
            };
            assert_eq!((what, rows_read), (name, at.saturating_sub(1) * ROWS), "call {at}");
            assert_eq!(source.downcast_ref::<Lost>(), Some(&Lost { code: 7 }));
        }
        assert_eq!(read(Brittle { at: BATCHES + 1, panics: false }).unwrap(), BATCHES * ROWS);
    }
}

#[test]
fn a_panic_of_the_source_reaches_the_caller_from_any_call() {
    for (name, read) in READERS {
        for at in 0..=BATCHES {
            let source = Brittle { at, panics: true };
            let caught = catch_unwind(AssertUnwindSafe(|| read(source).is_ok()));
            let said = caught.unwrap_err().downcast::<&str>().unwrap();
            assert_eq!(*said, "the driver's own bug", "{name} at {at}");
        }
    }
}
