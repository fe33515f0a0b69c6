//! Reading all partitions of a source: one after the other, or side by side.
//!
//! Side by side, each worker reads and judges the rows of a partition and hands them over as a short
//! list; whoever comes books the lists in the order of the partitions, so that a declared order of
//! rows stays good, the first fault is the one that is reported, and no more lists wait than there
//! are workers to make them. Booking is one look-up for each visit and is done by one worker at a
//! time; reading is what takes long, and is done by all.

use crate::data::{DataError, HistorySpec, PartialHistory, TransactionSource};
use crate::work::Work;

/// Reads the partitions one after the other into one history.
pub(crate) fn read(
    source: &dyn TransactionSource,
    spec: &HistorySpec,
    work: &Work,
) -> Result<PartialHistory, DataError> {
    let mut whole = PartialHistory::in_order(spec.clone(), source.order())?;
    for partition in 0..source.partitions() {
        whole.read_on(source, partition, work)?;
    }
    Ok(whole)
}

/// Reads the partitions on the threads of the caller's pool.
#[cfg(not(feature = "parallel"))]
pub(crate) fn read_parallel(
    source: &(dyn TransactionSource + Sync),
    spec: &HistorySpec,
    work: &Work,
) -> Result<PartialHistory, DataError> {
    read(source, spec, work)
}

/// Reads the partitions on the threads of the caller's pool.
#[cfg(feature = "parallel")]
pub(crate) fn read_parallel(
    source: &(dyn TransactionSource + Sync),
    spec: &HistorySpec,
    work: &Work,
) -> Result<PartialHistory, DataError> {
    let partitions = source.partitions();
    let workers = rayon::current_num_threads().min(partitions);
    if workers < 2 {
        return read(source, spec, work);
    }
    let reading = side_by_side::Reading::new(source, spec, work, workers, partitions)?;
    rayon::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| reading.help());
        }
    });
    // Whatever nobody could help with.
    reading.work();
    reading.finish()
}

#[cfg(feature = "parallel")]
mod side_by_side {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

    use super::*;

    thread_local! {
        /// How many readings of a source this thread is in the middle of.
        static INSIDE: Cell<usize> = const { Cell::new(0) };
    }

    /// While it lives, the thread is in the middle of a reading.
    struct Inside;

    impl Inside {
        fn enter() -> Self {
            INSIDE.set(INSIDE.get() + 1);
            Self
        }
    }

    impl Drop for Inside {
        fn drop(&mut self) {
            INSIDE.set(INSIDE.get() - 1);
        }
    }

    /// What the workers share.
    pub(super) struct Reading<'a> {
        source: &'a (dyn TransactionSource + Sync),
        work: &'a Work,
        workers: usize,
        partitions: usize,
        /// A shard that has read nothing.
        blank: PartialHistory,
        state: Mutex<State>,
        merged: Condvar,
    }

    struct State {
        /// The next partition that nobody reads yet, and the next one to be merged.
        next: usize,
        due: usize,
        /// Shards that were read before their turn.
        waiting: BTreeMap<usize, Shard>,
        /// The merged shards; away while somebody merges.
        whole: Option<PartialHistory>,
        /// Shards that were merged and lend their memory to the next.
        spare: Vec<PartialHistory>,
        failed: Option<DataError>,
        /// A worker unwound in the middle of the caller's code.
        abandoned: bool,
    }

    /// What was read of a partition: the rows before a fault, where there was one.
    struct Shard {
        rows: PartialHistory,
        read: Result<(), DataError>,
    }

    impl<'a> Reading<'a> {
        pub(super) fn new(
            source: &'a (dyn TransactionSource + Sync),
            spec: &'a HistorySpec,
            work: &'a Work,
            workers: usize,
            partitions: usize,
        ) -> Result<Self, DataError> {
            let whole = PartialHistory::in_order(spec.clone(), source.order())?;
            let blank = whole.clone().handing_over();
            let state = State {
                next: 0,
                due: 0,
                waiting: BTreeMap::new(),
                whole: Some(whole),
                spare: Vec::new(),
                failed: None,
                abandoned: false,
            };
            let (state, merged) = (Mutex::new(state), Condvar::new());
            Ok(Self { source, work, workers, partitions, blank, state, merged })
        }

        /// A panic of the caller's code is passed on by the scope; until then nobody may wait for
        /// what will not come, so the state is used as it is.
        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Reads partitions, unless the thread is in the middle of one.
        ///
        /// A source may use the pool too, and while it waits there, its thread may be given another
        /// worker to be. That one must not wait for a shard that is due: it may be the one that
        /// lies unfinished below it on the same thread.
        pub(super) fn help(&self) {
            if INSIDE.get() == 0 {
                self.work();
            }
        }

        /// Reads partitions until there are none left.
        pub(super) fn work(&self) {
            let abandon = Abandon(self);
            while let Some((partition, spare)) = self.take() {
                let mut rows = spare.unwrap_or_else(|| self.blank.clone());
                let read = {
                    let _inside = Inside::enter();
                    rows.read_on(self.source, partition, self.work)
                };
                self.give(partition, Shard { rows, read });
            }
            std::mem::forget(abandon);
        }

        /// The next partition, once not too many shards are waiting to be merged.
        fn take(&self) -> Option<(usize, Option<PartialHistory>)> {
            let mut state = self.state();
            loop {
                if state.failed.is_some() || state.abandoned || state.next >= self.partitions {
                    return None;
                }
                if state.next <= state.due + self.workers {
                    let partition = state.next;
                    state.next += 1;
                    return Some((partition, state.spare.pop()));
                }
                state = self.merged.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }

        /// Hands a shard over, and merges whatever is due unless somebody does already.
        fn give(&self, partition: usize, shard: Shard) {
            let mut state = self.state();
            state.waiting.insert(partition, shard);
            while state.failed.is_none() {
                let due = state.due;
                if !state.waiting.contains_key(&due) {
                    break;
                }
                let Some(mut whole) = state.whole.take() else { break };
                let shard = state.waiting.remove(&due).expect("it was there under this lock");
                drop(state);
                let Shard { mut rows, read } = shard;
                let merged = whole.absorb(&rows, self.work).and(read);
                rows.clear();
                state = self.state();
                state.whole = Some(whole);
                match merged {
                    Ok(()) => state.spare.push(rows),
                    Err(error) => state.failed = Some(error),
                }
                state.due += 1;
                self.merged.notify_all();
            }
        }

        pub(super) fn finish(self) -> Result<PartialHistory, DataError> {
            let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
            match (state.failed, state.whole) {
                (Some(error), _) => Err(error),
                (None, Some(whole)) => Ok(whole),
                (None, None) => unreachable!("a merge that unwound was passed on by the scope"),
            }
        }
    }

    /// Wakes the others when a worker unwinds, so that they end and the panic reaches the caller.
    struct Abandon<'r, 'a>(&'r Reading<'a>);

    impl Drop for Abandon<'_, '_> {
        fn drop(&mut self) {
            self.0.state().abandoned = true;
            self.0.merged.notify_all();
        }
    }
}
