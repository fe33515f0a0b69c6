//! Reading side by side in a pool that others use too, the source itself among them.

use std::sync::mpsc::channel;
use std::time::Duration;

use rayon::prelude::*;
use segmentry::data::{
    Batches, CustomerHistory, HistorySpec, ScanRequest, SourceError, Transaction, TransactionSource,
};
use segmentry::units::Date;
use segmentry::work::Work;

const PARTITIONS: usize = 64;
/// Far above what any of this takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// A source that hands its thread to the pool before it gives a partition, as one does that decodes
/// or fetches with rayon itself.
struct Pooled;

impl TransactionSource for Pooled {
    fn partitions(&self) -> usize {
        PARTITIONS
    }

    fn scan(&self, partition: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        rayon::yield_now();
        let (left, right) = rayon::join(|| partition as i32, || partition as i64 % 7);
        let day = Date::from_day_number(left).ok_or("no such day")?;
        Ok(Batches::from_rows([Ok(Transaction::new(right, day, 1.0))]))
    }
}

fn read(parallel: bool) -> CustomerHistory {
    let (spec, work) = (HistorySpec::new(), Work::new());
    let read = if parallel { CustomerHistory::read_parallel } else { alone };
    read(&Pooled, &spec, &work).unwrap()
}

fn alone(
    source: &(dyn TransactionSource + Sync),
    spec: &HistorySpec,
    work: &Work,
) -> Result<CustomerHistory, segmentry::data::DataError> {
    CustomerHistory::read(&source, spec, work)
}

fn in_time<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = channel();
    std::thread::spawn(move || done.send(what()));
    result.recv_timeout(PATIENCE).expect("it hangs, or it panicked")
}

/// With the other thread of two away, the one that reads is given the second worker to be in the
/// middle of the first one's reading, and must not wait for what lies below it on its own stack.
#[test]
fn a_source_that_uses_the_pool_itself_does_not_hang() {
    let history = in_time(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let ((started, has_started), (release, released)) = (channel(), channel::<()>());
        pool.spawn(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        });
        has_started.recv().unwrap();
        let history = pool.install(|| read(true));
        drop(release);
        history
    });
    assert_eq!(history, read(false));
    assert_eq!(history.quality().rows_read, PARTITIONS as u64);
}

#[test]
fn many_readings_at_once_in_one_pool_are_all_the_same() {
    let expected = read(false);
    for threads in [1, 2, 3, 8] {
        let histories: Vec<CustomerHistory> = in_time(move || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (0..24).into_par_iter().map(|_| read(true)).collect())
        });
        assert!(histories.iter().all(|history| *history == expected), "{threads} threads");
    }
}
