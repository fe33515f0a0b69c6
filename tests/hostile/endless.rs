//! Readers that never end, and fields that nobody means.

use std::io::{self, Cursor, Read};
use std::time::{Duration, Instant};

use segmentry::data::{
    CsvError, CsvEvents, CsvFault, CsvTransactions, CustomerHistory, DataError, EventSpec,
    EventSummary, HistorySpec, UnreadableRows,
};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

/// A header, and then the same bytes for ever.
struct Endless {
    header: Cursor<&'static [u8]>,
    then: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.header.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        for byte in &mut *buffer {
            *byte = self.then[self.at];
            self.at = (self.at + 1) % self.then.len();
        }
        Ok(buffer.len())
    }
}

fn endless(header: &'static [u8], then: &'static [u8]) -> Endless {
    Endless { header: Cursor::new(header), then, at: 0 }
}

/// Cancelled from another thread after some milliseconds, and how long it took to stop.
fn cancelled(read: impl FnOnce(&Work) -> Result<(), DataError>) -> Duration {
    let work = Work::new();
    let canceller = work.canceller();
    let cancels = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        canceller.cancel();
        Instant::now()
    });
    let error = read(&work).unwrap_err();
    let stopped = Instant::now();
    assert!(matches!(error, DataError::Cancelled(_)), "{error}");
    stopped.saturating_duration_since(cancels.join().unwrap())
}

/// Some hundred times what it takes, for machines that are busy with something else.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn whatever_never_ends_can_be_cancelled() {
    let rows: [&[u8]; 7] = [
        b"a,2024-01-01,5\n",
        b"a,never,5\n",
        b"\"a\",2024-01-01,5\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\r",
    ];
    for then in rows {
        let took = cancelled(|work| {
            let source = CsvTransactions::from_reader(endless(b"customer_id,time,amount\n", then));
            let spec = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
            CustomerHistory::read(&source, &spec, work).map(|_| ())
        });
        assert!(took < SOON, "{then:?}: {took:?}");
        let took = cancelled(|work| {
            let source = CsvEvents::from_reader(endless(b"customer_id,time,kind\n", then));
            let spec = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
            let customers = CustomerIds::from_texts(["a"]).unwrap();
            EventSummary::read_with(&source, &customers, &spec, work).map(|_| ())
        });
        assert!(took < SOON, "{then:?} as events: {took:?}");
    }
}

#[test]
fn blank_lines_in_any_number_are_lines_and_no_rows() {
    for blank in ["\n", "\r", "\r\n"] {
        let lines = blank.repeat(400_000);
        let file =
            format!("customer_id,time,amount{blank}{lines}a,2024-01-01,5{blank}{lines}a,x,5");
        let source = || CsvTransactions::from_reader(Cursor::new(file.clone()));
        let skip = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
        let history = CustomerHistory::read(&source(), &skip, &Work::new()).unwrap();
        assert_eq!((history.quality().rows_read, history.quality().rows_kept), (2, 1));
        let error =
            CustomerHistory::read(&source(), &HistorySpec::new(), &Work::new()).unwrap_err();
        let DataError::Source { rows_read: 1, source, .. } = error else { panic!("{error:?}") };
        let error = source.downcast::<CsvError>().unwrap();
        assert_eq!((error.line, error.row), (Some(800_003), Some(2)), "{blank:?}");
    }
}

/// A record is read up to 4 MiB, which no field of a log needs, and no byte further.
#[test]
fn a_field_that_never_ends_is_a_limit_and_not_all_of_memory() {
    for then in [&b"x"[..], b"\"\"", b"x,"] {
        let source = CsvTransactions::from_reader(endless(b"customer_id,time,amount\n\"", then));
        let error = CustomerHistory::read(&source, &HistorySpec::new(), &Work::new()).unwrap_err();
        let DataError::Source { rows_read: 0, source, .. } = error else { panic!("{error:?}") };
        let error = source.downcast::<CsvError>().unwrap();
        assert!(matches!(error.fault, CsvFault::RecordTooLong { .. }), "{then:?}: {error}");
        assert_eq!((error.line, error.row), (Some(2), Some(1)));
    }
    let header = CsvTransactions::from_reader(endless(b"", b"x,"));
    let error = CustomerHistory::read(&header, &HistorySpec::new(), &Work::new()).unwrap_err();
    let DataError::Source { source, .. } = error else { panic!("{error:?}") };
    let fault = source.downcast::<CsvError>().unwrap().fault;
    assert!(matches!(fault, CsvFault::RecordTooLong { .. }), "{fault}");
}

#[test]
fn an_id_of_200_kilobytes_is_an_id() {
    let id = "x".repeat(200_000);
    let file = format!(
        "customer_id,time,amount\n{id},2024-01-01,5\n{id},2024-01-02,5\n{id}y,2024-01-02,5\n"
    );
    let source = CsvTransactions::from_reader(Cursor::new(file));
    let history = CustomerHistory::read(&source, &HistorySpec::new(), &Work::new()).unwrap();
    assert_eq!((history.n_customers(), history.purchases(0)), (2, 2));
    assert_eq!(history.ids().get(0).unwrap().expose(), id);
}
