//! Entries that add up by key, in memory that grows with distinct keys and not with entries.
//!
//! A plain vector that is sorted and summed whenever it has doubled: no hash map to grow, no order
//! to depend on, and two ledgers merge by putting one behind the other.

use std::ops::Range;

/// Entries that add up by key. Kept in a plain vector that is sorted and summed whenever it has
/// doubled.
#[derive(Debug, Clone)]
pub(crate) struct Ledger<E> {
    pub(crate) entries: Vec<E>,
    settled: usize,
}

/// One entry of a ledger.
pub(crate) trait Entry: Copy {
    fn key(&self) -> (u32, i64);
    /// Adds another entry of the same key; false where the sum does not fit.
    fn add(&mut self, other: &Self) -> bool;
}

impl<E> Default for Ledger<E> {
    fn default() -> Self {
        Self { entries: Vec::new(), settled: 0 }
    }
}

impl<E: Entry> Ledger<E> {
    /// Sums entries of equal keys; the error is the customer whose sum does not fit.
    pub(crate) fn settle(&mut self, now: bool) -> Result<(), u32> {
        const AT_LEAST: usize = 1 << 16;
        if !now && self.entries.len() < AT_LEAST.max(2 * self.settled) {
            return Ok(());
        }
        self.entries.sort_unstable_by_key(Entry::key);
        let mut kept = 0;
        for next in 0..self.entries.len() {
            let entry = self.entries[next];
            if kept > 0 && self.entries[kept - 1].key() == entry.key() {
                if !self.entries[kept - 1].add(&entry) {
                    return Err(entry.key().0);
                }
            } else {
                self.entries[kept] = entry;
                kept += 1;
            }
        }
        self.entries.truncate(kept);
        self.settled = kept;
        Ok(())
    }
}

/// Where each customer's entries stand in a settled ledger.
pub(crate) fn spans<E: Entry>(entries: &[E], customers: usize) -> Vec<Range<usize>> {
    let mut spans = vec![0..0; customers];
    let mut start = 0;
    for group in entries.chunk_by(|a, b| a.key().0 == b.key().0) {
        spans[group[0].key().0 as usize] = start..start + group.len();
        start += group.len();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Coin(u32, i64, i64);

    impl Entry for Coin {
        fn key(&self) -> (u32, i64) {
            (self.0, self.1)
        }

        fn add(&mut self, other: &Self) -> bool {
            self.2.checked_add(other.2).map(|sum| self.2 = sum).is_some()
        }
    }

    #[test]
    fn equal_keys_are_summed_and_found_by_customer() {
        let mut ledger =
            Ledger { entries: vec![Coin(2, 0, 5), Coin(0, 1, 1), Coin(2, 0, 7)], settled: 0 };
        ledger.settle(true).unwrap();
        assert_eq!(ledger.entries, [Coin(0, 1, 1), Coin(2, 0, 12)]);
        assert_eq!(spans(&ledger.entries, 3), [0..1, 0..0, 1..2]);
    }

    #[test]
    fn a_sum_that_does_not_fit_names_the_customer() {
        let mut ledger = Ledger { entries: vec![Coin(9, 0, i64::MAX), Coin(9, 0, 1)], settled: 0 };
        assert_eq!(ledger.settle(true), Err(9));
    }

    #[test]
    fn short_ledgers_wait() {
        let mut ledger = Ledger { entries: vec![Coin(1, 0, 1), Coin(1, 0, 1)], settled: 0 };
        ledger.settle(false).unwrap();
        assert_eq!(ledger.entries.len(), 2);
    }
}
