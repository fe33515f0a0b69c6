//! A log of what customers bought and brought back by day, kept while rows are read.
//!
//! One entry of sixteen bytes for each customer, day and direction of money. Rows of one customer
//! and day are added up where they follow one another; the others wait as entries of their own until
//! the log has grown to twice what it came to when it was last sorted. Sums are whole numbers, so
//! neither the order of the rows nor the moments of sorting can show.

/// Purchases and returns by customer and day.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    /// How many entries there may be before equal ones are put together.
    limit: usize,
}

/// What a customer bought, or brought back, on one day.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    /// From above: the customer, the day, and whether the money went back, so that plain order is
    /// that of customer and time, with purchases before returns.
    key: u64,
    /// Minor units; those of returns are negative.
    pub(crate) minor: i64,
}

/// Entries before the log is sorted for the first time: one megabyte.
const AT_LEAST: usize = 1 << 16;

/// Makes all days of the years 1 to 9999 positive, in 23 bits.
const OFFSET: i32 = 1 << 20;

const RETURN: u64 = 1;

impl Entry {
    fn new(customer: u32, day: i32, minor: i64) -> Self {
        let day = u64::from((day + OFFSET) as u32);
        let direction = if minor < 0 { RETURN } else { 0 };
        Self { key: u64::from(customer) << 32 | day << 1 | direction, minor }
    }

    pub(crate) fn customer(self) -> u32 {
        (self.key >> 32) as u32
    }

    pub(crate) fn day(self) -> i32 {
        (self.key as u32 >> 1) as i32 - OFFSET
    }

    pub(crate) fn is_return(self) -> bool {
        self.key & RETURN != 0
    }

    /// Adds an entry of the same key. All amounts of a customer and direction were found to fit into
    /// 64 bits when they were booked, so what wraps on the way comes back.
    fn add(&mut self, other: Self) {
        self.minor = self.minor.wrapping_add(other.minor);
    }
}

impl Ledger {
    /// Notes a row, whose money was found to fit into the customer's sums.
    #[inline]
    pub(crate) fn add(&mut self, customer: u32, day: i32, minor: i64) {
        self.push(Entry::new(customer, day, minor));
    }

    /// Takes out one of several equal rows, of which another one remains.
    pub(crate) fn take_out(&mut self, customer: u32, day: i32, minor: i64) {
        let row = Entry::new(customer, day, minor);
        self.push(Entry { minor: minor.wrapping_neg(), ..row });
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        match self.entries.last_mut() {
            Some(last) if last.key == entry.key => last.add(entry),
            _ => {
                if self.entries.len() >= self.limit {
                    self.make_room();
                }
                self.entries.push(entry);
            }
        }
    }

    #[cold]
    fn make_room(&mut self) {
        // On this thread alone: a worker that waits for others may be given another reading of the
        // same source to do, which would wait for this one.
        self.entries.sort_unstable_by_key(|entry| entry.key);
        self.put_together();
        self.limit = AT_LEAST.max(2 * self.entries.len());
        self.entries.reserve_exact(self.limit - self.entries.len());
    }

    /// Adds up neighbours of one key.
    fn put_together(&mut self) {
        self.entries.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same {
                kept.add(*later);
            }
            same
        });
    }

    /// Adds another log under the numbers that its customers have here.
    pub(crate) fn absorb(&mut self, other: &Self, numbers: &[u32]) {
        for entry in &other.entries {
            let customer = u64::from(numbers[entry.customer() as usize]);
            self.push(Entry { key: customer << 32 | (entry.key & 0xffff_ffff), ..*entry });
        }
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The entries in order of customer, day and direction, each of them once.
    pub(crate) fn into_sorted(mut self) -> Vec<Entry> {
        crate::num::blocks::sort(&mut self.entries, |a, b| a.key.cmp(&b.key));
        self.put_together();
        self.entries
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({} entries withheld)", self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(u32, i32, i64)]) -> Ledger {
        let mut ledger = Ledger::default();
        for &(customer, day, minor) in rows {
            ledger.add(customer, day, minor);
        }
        ledger
    }

    fn plain(ledger: Ledger) -> Vec<(u32, i32, bool, i64)> {
        let entries = ledger.into_sorted();
        entries.iter().map(|e| (e.customer(), e.day(), e.is_return(), e.minor)).collect()
    }

    #[test]
    fn rows_add_up_by_customer_day_and_direction() {
        let ledger = of(&[(1, 5, 10), (0, -719_162, 3), (1, 5, -4), (1, 5, 0), (0, 2_932_896, 1)]);
        let expected = [
            (0, -719_162, false, 3),
            (0, 2_932_896, false, 1),
            (1, 5, false, 10),
            (1, 5, true, -4),
        ];
        assert_eq!(plain(ledger), expected);
    }

    #[test]
    fn a_row_of_nothing_is_a_day_and_a_row_taken_out_leaves_the_day() {
        let mut ledger = of(&[(3, 1, 0), (3, 2, 7), (3, 2, 7), (3, 2, i64::MIN)]);
        ledger.take_out(3, 2, 7);
        assert_eq!(plain(ledger), [(3, 1, false, 0), (3, 2, false, 7), (3, 2, true, i64::MIN)]);
    }

    #[test]
    fn memory_grows_with_distinct_days() {
        let mut ledger = Ledger::default();
        for round in 0..10 * AT_LEAST {
            ledger.add((round % 2) as u32, (round / 2 % 50) as i32, 1);
        }
        assert!(ledger.entries.capacity() <= AT_LEAST, "{}", ledger.entries.capacity());
        let entries = ledger.into_sorted();
        assert_eq!(entries.len(), 100);
        let sum: i64 = entries.iter().map(|entry| entry.minor).sum();
        assert_eq!(sum, 10 * AT_LEAST as i64);
    }

    #[test]
    fn another_log_comes_under_new_numbers() {
        let (mut left, right) = (of(&[(0, 1, 2)]), of(&[(0, 1, 3), (1, 1, -5)]));
        left.absorb(&right, &[7, 0]);
        assert_eq!(plain(left), [(0, 1, false, 2), (0, 1, true, -5), (7, 1, false, 3)]);
    }
}
