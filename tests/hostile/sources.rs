//! Sources that fail, or panic, at any batch of any partition.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use segmentry::data::{
    Amounts, Batch, Batches, CustomerHistory, DataError, HistorySpec, IdColumn, ScanRequest,
    SourceError, Times, TransactionSource, UnreadableRows,
};
use segmentry::work::Work;

const PARTITIONS: usize = 3;
const BATCHES: u64 = 6;
const ROWS: u64 = 5;

/// Where a source breaks: in the scan of its second partition, or as it shall give the batch of
/// that number of that partition, or never.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Breaks {
    InScan,
    AtBatch(u64),
    Never,
}

#[derive(Debug, Clone, Copy)]
enum How {
    WithAnError,
    WithAPanic,
}

/// A `Vec` in three partitions of six batches of five rows.
struct Brittle {
    cents: Vec<i64>,
    breaks: Breaks,
    how: How,
    /// Batches of the second partition that were asked for.
    asked: AtomicU64,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the connection was lost")]
struct Lost {
    code: u32,
}

impl Brittle {
    fn new(breaks: Breaks, how: How) -> Self {
        let cents = (0..ROWS as i64).map(|row| 100 + row).collect();
        Self { cents, breaks, how, asked: AtomicU64::new(0) }
    }

    fn break_down(&self) -> SourceError {
        match self.how {
            How::WithAnError => Lost { code: 7 }.into(),
            How::WithAPanic => panic!("the driver's own bug"),
        }
    }

    fn batch(&self, partition: usize, number: u64) -> Result<Batch<'_>, SourceError> {
        if partition == 1 {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.breaks == Breaks::AtBatch(number) {
                return Err(self.break_down());
            }
        }
        let ids: Vec<i64> = (0..ROWS as i64).collect();
        let day = (partition as u64 * BATCHES + number) as i32;
        let days = vec![day; self.cents.len()];
        let amounts = Amounts::Minor { units: (&self.cents[..]).into(), digits: 2 };
        Ok(Batch::new(IdColumn::integers(ids), Times::Days(days.into()), amounts)?)
    }
}

impl TransactionSource for Brittle {
    fn partitions(&self) -> usize {
        PARTITIONS
    }

    fn scan(&self, partition: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        if partition == 1 && self.breaks == Breaks::InScan {
            return Err(self.break_down());
        }
        Ok(Batches::new((0..BATCHES).map(move |number| self.batch(partition, number))))
    }
}

type Reader = fn(&Brittle, &HistorySpec) -> Result<CustomerHistory, DataError>;

const READERS: [Reader; 2] = [
    |source, spec| CustomerHistory::read(source, spec, &Work::new()),
    |source, spec| CustomerHistory::read_parallel(source, spec, &Work::new()),
];

/// Every place at which the second partition can break, the place behind its last batch included.
fn every_place() -> impl Iterator<Item = Breaks> {
    std::iter::once(Breaks::InScan).chain((0..=BATCHES).map(Breaks::AtBatch))
}

#[test]
fn a_source_that_fails_at_any_batch_keeps_its_cause_and_the_count_of_rows() {
    for read in READERS {
        let whole = read(&Brittle::new(Breaks::Never, How::WithAnError), &HistorySpec::new());
        let whole = whole.unwrap();
        assert_eq!(whole.quality().rows_read, PARTITIONS as u64 * BATCHES * ROWS);
        for breaks in every_place() {
            let mut source = Brittle::new(breaks, How::WithAnError);
            let result = read(&source, &HistorySpec::new());
            let rows = match breaks {
                Breaks::AtBatch(BATCHES) => {
                    assert_eq!(result.unwrap(), whole);
                    continue;
                }
                Breaks::AtBatch(number) => number * ROWS,
                _ => 0,
            };
            let Err(DataError::Source { partition: 1, rows_read, source: cause }) = result else {
                panic!("{breaks:?}: {result:?}")
            };
            assert_eq!(rows_read, rows, "{breaks:?}");
            assert_eq!(cause.downcast_ref::<Lost>(), Some(&Lost { code: 7 }));
            // Nothing half-built is left: the same source, mended, gives the whole history.
            source.breaks = Breaks::Never;
            assert_eq!(read(&source, &HistorySpec::new()).unwrap(), whole);
        }
    }
}

#[test]
fn a_failure_of_the_source_is_no_row_that_could_be_skipped() {
    let skip = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
    for read in READERS {
        for breaks in every_place().filter(|breaks| *breaks != Breaks::AtBatch(BATCHES)) {
            let result = read(&Brittle::new(breaks, How::WithAnError), &skip);
            assert!(matches!(result, Err(DataError::Source { partition: 1, .. })), "{breaks:?}");
        }
    }
}

#[test]
fn a_source_is_not_asked_again_behind_its_first_error() {
    for number in 0..BATCHES {
        let source = Brittle::new(Breaks::AtBatch(number), How::WithAnError);
        assert!(CustomerHistory::read(&source, &HistorySpec::new(), &Work::new()).is_err());
        assert_eq!(source.asked.load(Ordering::Relaxed), number + 1);
    }
}

#[test]
fn a_panic_of_the_source_reaches_the_caller_from_any_batch() {
    for read in READERS {
        for breaks in every_place().filter(|breaks| *breaks != Breaks::AtBatch(BATCHES)) {
            let mut source = Brittle::new(breaks, How::WithAPanic);
            let caught =
                catch_unwind(AssertUnwindSafe(|| read(&source, &HistorySpec::new()).is_ok()));
            let said = caught.unwrap_err().downcast::<&str>().unwrap();
            assert_eq!(*said, "the driver's own bug", "{breaks:?}");
            // The threads of the pool live on, and nothing is locked for ever.
            source.breaks = Breaks::Never;
            assert!(read(&source, &HistorySpec::new()).is_ok(), "{breaks:?}");
        }
    }
}

/// A CSV file behind a connection that breaks at a byte, or that is interrupted all the time.
#[cfg(feature = "csv")]
mod connections {
    use std::io::{self, ErrorKind, Read};

    use segmentry::data::{
        CsvError, CsvFault, CsvTransactions, CustomerHistory, DataError, HistorySpec,
    };
    use segmentry::work::Work;

    const FILE: &[u8] = b"customer_id,time,amount\n\"canary\none\",2024-03-01,61.37\n\
        canary-2,2024-03-02,\"48.05\"\ncanary-3,2024-03-03,33.99\n";

    struct Connection {
        given: usize,
        breaks_at: usize,
        interrupt: bool,
        calls: u64,
    }

    impl Read for Connection {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.interrupt && self.calls % 2 == 1 {
                return Err(ErrorKind::Interrupted.into());
            }
            if self.given == self.breaks_at {
                return Err(io::Error::new(ErrorKind::ConnectionReset, "reset by peer"));
            }
            let rest = &FILE[self.given..self.breaks_at.min(FILE.len())];
            let bytes = rest.len().min(buffer.len()).min(7);
            buffer[..bytes].copy_from_slice(&rest[..bytes]);
            self.given += bytes;
            Ok(bytes)
        }
    }

    fn read(breaks_at: usize, interrupt: bool) -> Result<CustomerHistory, DataError> {
        let connection = Connection { given: 0, breaks_at, interrupt, calls: 0 };
        let source = CsvTransactions::from_reader(connection);
        CustomerHistory::read(&source, &HistorySpec::new(), &Work::new())
    }

    /// Half a file looks like a file that was cut, with an open quote or without its columns; the
    /// reader's own failure is the reason and has to be named.
    #[test]
    fn a_reader_that_fails_at_any_byte_is_the_fault_and_not_the_half_file() {
        for at in 0..=FILE.len() {
            let error = read(at, false).unwrap_err();
            let DataError::Source { rows_read, source, .. } = error else { panic!("{error:?}") };
            let error = source.downcast::<CsvError>().unwrap();
            assert_eq!(error.fault, CsvFault::Io, "byte {at}: {error}");
            let cause = std::error::Error::source(&*error).unwrap().to_string();
            assert!(cause.contains("reset by peer"), "{cause}");
            assert!(rows_read <= 3);
        }
        assert_eq!(read(usize::MAX, false).unwrap().n_customers(), 3);
    }

    /// `Read` may be interrupted at any call, and whoever reads tries again.
    #[test]
    fn an_interrupted_reader_is_asked_again() {
        assert_eq!(read(usize::MAX, true).unwrap().n_customers(), 3);
    }
}
