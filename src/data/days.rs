//! A log of customers' days of purchase, for the customers whose days do not come in order.
//!
//! Eight bytes for each day that was new to its customer when it came. Only days that go back can
//! stand in it twice, so it is sorted and thinned only when there were many of those, and its memory
//! grows with distinct customer-days whatever the order of the rows.

/// Days of purchase by customer.
#[derive(Debug, Clone, Default)]
pub(crate) struct DayLog {
    /// Customer in the upper half, day in the lower, so that plain order is that of customer and
    /// time.
    keys: Vec<u64>,
    /// How many of them may stand there twice.
    doubtful: usize,
}

/// Doubtful days before the log is thinned for the first time.
const AT_LEAST: usize = 1 << 16;

const SIGN: u32 = 1 << 31;

fn key(customer: u32, day: i32) -> u64 {
    u64::from(customer) << 32 | u64::from(day as u32 ^ SIGN)
}

fn customer(key: u64) -> u32 {
    (key >> 32) as u32
}

fn day(key: u64) -> i32 {
    (key as u32 ^ SIGN) as i32
}

impl DayLog {
    /// Notes a day that is new to its customer.
    #[inline]
    pub(crate) fn push(&mut self, customer: u32, day: i32) {
        self.keys.push(key(customer, day));
    }

    /// Notes a day that may have been noted before.
    pub(crate) fn push_doubtful(&mut self, customer: u32, day: i32) {
        self.push(customer, day);
        self.doubtful += 1;
        self.settle();
    }

    /// Adds another log under the numbers that its customers have here; so many of its days may
    /// have been noted before.
    pub(crate) fn absorb(&mut self, other: &Self, numbers: &[u32], doubtful: usize) {
        let renumbered =
            |&key: &u64| u64::from(numbers[customer(key) as usize]) << 32 | (key & 0xffff_ffff);
        self.keys.extend(other.keys.iter().map(renumbered));
        self.doubtful += other.doubtful + doubtful;
        self.settle();
    }

    fn settle(&mut self) {
        if self.doubtful >= AT_LEAST.max(self.keys.len() / 2) {
            self.keys.sort_unstable();
            self.keys.dedup();
            self.doubtful = 0;
        }
    }

    /// Forgets all days.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.doubtful = 0;
    }

    /// How many days stand in it.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many days of one customer stand in it.
    pub(crate) fn count_of(&self, wanted: u32) -> usize {
        self.keys.iter().filter(|&&key| customer(key) == wanted).count()
    }

    /// Keeps the first days noted.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
        self.doubtful = self.doubtful.min(len);
    }

    /// Keeps the days of the customers for whom `keep` says so.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.keys.retain(|&key| keep(customer(key)));
        self.doubtful = self.doubtful.min(self.keys.len());
    }

    /// Counts the distinct days, and sums the squares of the gaps between them, of each customer
    /// for whom `wanted` says so.
    pub(crate) fn count(&self, wanted: impl Fn(u32) -> bool) -> Vec<Count> {
        let mut keys: Vec<u64> =
            self.keys.iter().copied().filter(|&key| wanted(customer(key))).collect();
        crate::num::blocks::sort(&mut keys, u64::cmp);
        keys.dedup();
        let same = |a: &u64, b: &u64| customer(*a) == customer(*b);
        keys.chunk_by(same)
            .map(|days| {
                let gap = |pair: &[u64]| u64::from(day(pair[0]).abs_diff(day(pair[1])));
                Count {
                    customer: customer(days[0]),
                    days: days.len() as u32,
                    squared_gaps: days.windows(2).map(|pair| gap(pair) * gap(pair)).sum(),
                }
            })
            .collect()
    }
}

/// A customer's days, counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Count {
    pub(crate) customer: u32,
    pub(crate) days: u32,
    pub(crate) squared_gaps: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_once_in_any_order() {
        let mut log = DayLog::default();
        for (customer, day) in [(1, 5), (0, 9), (1, -3), (1, 5), (2, 1)] {
            log.push_doubtful(customer, day);
        }
        let counts = log.count(|customer| customer != 2);
        assert_eq!(
            counts,
            [
                Count { customer: 0, days: 1, squared_gaps: 0 },
                Count { customer: 1, days: 2, squared_gaps: 64 }
            ]
        );
    }

    #[test]
    fn memory_grows_with_distinct_days() {
        let mut log = DayLog::default();
        for round in 0..5 * AT_LEAST {
            log.push_doubtful(0, -((round % 100) as i32));
        }
        assert!(log.keys.len() <= AT_LEAST + 100);
        assert_eq!(log.count(|_| true)[0].days, 100);
    }

    #[test]
    fn another_log_comes_under_new_numbers() {
        let (mut left, mut right) = (DayLog::default(), DayLog::default());
        left.push(0, 1);
        right.push(0, 1);
        right.push(1, 2);
        left.absorb(&right, &[7, 0], 1);
        let days: Vec<(u32, u32)> =
            left.count(|_| true).iter().map(|count| (count.customer, count.days)).collect();
        assert_eq!(days, [(0, 2), (7, 1)]);
    }
}
