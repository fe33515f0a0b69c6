//! What one customer did in one window of time: whole numbers that add up.
//!
//! Everything in it can be kept up row by row in any order, except how many distinct days there
//! were: that is known at once only while the days do not go back. Where they do, the summary says
//! that it is uncounted, and the days are counted from their log when all rows are there.

use std::cmp::Ordering;

/// A customer's purchases and returns within a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Summary {
    /// Spend in minor units, and what went back, which is never positive.
    pub(crate) gross: i64,
    pub(crate) returns: i64,
    /// Spend of the first day of purchase.
    pub(crate) first_gross: i64,
    /// First and last day of purchase; meaningless without one.
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    /// Distinct days of purchase, unless [`UNCOUNTED`].
    pub(crate) purchase_days: u32,
    /// Which customer of the fold this is; their row, once the history is finished.
    pub(crate) number: u32,
}

/// The number of days is not known without their log.
pub(crate) const UNCOUNTED: u32 = u32::MAX;

/// What a purchase was to the days before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Arrival {
    /// On the last day of purchase: the same purchase.
    SameDay,
    /// On a later day, this many days after the last; zero for the first purchase of all.
    NewDay(u32),
    /// On an earlier day, of which it cannot be said whether it was counted.
    Late,
}

/// A sum does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Overflow;

impl Summary {
    /// Adds a purchase; the amount is not negative.
    #[inline]
    pub(crate) fn purchase(&mut self, day: i32, minor: i64) -> Result<Arrival, Overflow> {
        self.gross = self.gross.checked_add(minor).ok_or(Overflow)?;
        if self.purchase_days == 0 {
            (self.first_day, self.last_day, self.first_gross) = (day, day, minor);
            self.purchase_days = 1;
            return Ok(Arrival::NewDay(0));
        }
        // The spend of one day is at most that of all days, which was found to fit.
        match day.cmp(&self.first_day) {
            Ordering::Greater => {}
            Ordering::Equal => self.first_gross += minor,
            Ordering::Less => (self.first_day, self.first_gross) = (day, minor),
        }
        Ok(match day.cmp(&self.last_day) {
            Ordering::Equal => Arrival::SameDay,
            Ordering::Greater => {
                let gap = day.abs_diff(self.last_day);
                self.last_day = day;
                if self.purchase_days != UNCOUNTED {
                    self.purchase_days += 1;
                }
                Arrival::NewDay(gap)
            }
            Ordering::Less => {
                self.purchase_days = UNCOUNTED;
                Arrival::Late
            }
        })
    }

    /// Adds a return; the amount is negative.
    pub(crate) fn take_back(&mut self, minor: i64) -> Result<(), Overflow> {
        self.returns = self.returns.checked_add(minor).ok_or(Overflow)?;
        Ok(())
    }

    /// Takes out one of several equal rows, of which another one remains: no day is lost.
    pub(crate) fn take_out(&mut self, day: i32, minor: i64) {
        if minor < 0 {
            self.returns -= minor;
        } else {
            self.gross -= minor;
            if day == self.first_day {
                self.first_gross -= minor;
            }
        }
    }

    /// Adds what the same customer did in other rows. The answer is what the first day of the
    /// other purchases was to the last day of these.
    pub(crate) fn absorb(&mut self, other: &Self) -> Result<Arrival, Overflow> {
        self.returns = self.returns.checked_add(other.returns).ok_or(Overflow)?;
        if other.purchase_days == 0 {
            return Ok(Arrival::SameDay);
        }
        self.gross = self.gross.checked_add(other.gross).ok_or(Overflow)?;
        if self.purchase_days == 0 {
            let (gross, returns, number) = (self.gross, self.returns, self.number);
            *self = Self { gross, returns, number, ..*other };
            return Ok(Arrival::NewDay(0));
        }
        match other.first_day.cmp(&self.first_day) {
            Ordering::Greater => {}
            Ordering::Equal => self.first_gross += other.first_gross,
            Ordering::Less => self.first_gross = other.first_gross,
        }
        let counted = self.purchase_days != UNCOUNTED && other.purchase_days != UNCOUNTED;
        let days = |shared| {
            if counted { self.purchase_days + other.purchase_days - shared } else { UNCOUNTED }
        };
        let (days, arrival) = match other.first_day.cmp(&self.last_day) {
            Ordering::Greater => {
                (days(0), Arrival::NewDay(other.first_day.abs_diff(self.last_day)))
            }
            Ordering::Equal => (days(1), Arrival::SameDay),
            Ordering::Less => (UNCOUNTED, Arrival::Late),
        };
        self.purchase_days = days;
        self.first_day = self.first_day.min(other.first_day);
        self.last_day = self.last_day.max(other.last_day);
        Ok(arrival)
    }

    /// Whether the days have to be counted from their log.
    pub(crate) fn is_uncounted(&self) -> bool {
        self.purchase_days == UNCOUNTED
    }

    /// Whether there is a purchase.
    pub(crate) fn has_purchase(&self) -> bool {
        self.purchase_days > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The memory that the module's documentation promises.
    #[test]
    fn a_customer_takes_48_bytes() {
        assert_eq!(size_of::<crate::data::roster::Entry<Summary>>(), 48);
    }

    fn of(rows: &[(i32, i64)]) -> Summary {
        let mut summary = Summary::default();
        for &(day, minor) in rows {
            if minor < 0 {
                summary.take_back(minor).unwrap();
            } else {
                summary.purchase(day, minor).unwrap();
            }
        }
        summary
    }

    #[test]
    fn days_that_do_not_go_back_are_counted_at_once() {
        let summary = of(&[(3, 10), (3, 5), (4, -2), (9, 1)]);
        assert_eq!((summary.purchase_days, summary.first_day, summary.last_day), (2, 3, 9));
        assert_eq!((summary.gross, summary.returns, summary.first_gross), (16, -2, 15));
    }

    #[test]
    fn a_day_that_goes_back_leaves_only_the_count_open() {
        let (back, forth) = (of(&[(9, 1), (3, 10), (3, 5)]), of(&[(3, 10), (3, 5), (9, 1)]));
        assert!(back.is_uncounted());
        assert_eq!(Summary { purchase_days: 2, ..back }, forth);
    }

    #[test]
    fn two_halves_are_the_whole() {
        let rows = [(3, 10), (3, 5), (4, -2), (9, 1), (9, 0), (12, 7)];
        for cut in 0..=rows.len() {
            let (mut left, right) = (of(&rows[..cut]), of(&rows[cut..]));
            left.absorb(&right).unwrap();
            assert_eq!(left, of(&rows), "cut at {cut}");
            let (left, mut right) = (of(&rows[..cut]), of(&rows[cut..]));
            right.absorb(&left).unwrap();
            let whole = of(&rows);
            let days = if right.is_uncounted() { 3 } else { right.purchase_days };
            assert_eq!(Summary { purchase_days: days, ..right }, whole, "back, cut at {cut}");
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_refused() {
        let mut summary = of(&[(1, i64::MAX)]);
        assert_eq!(summary.purchase(2, 1), Err(Overflow));
        let mut summary = of(&[(1, i64::MIN)]);
        assert_eq!(summary.take_back(-1), Err(Overflow));
        assert_eq!(of(&[(1, i64::MAX)]).absorb(&of(&[(1, 1)])), Err(Overflow));
    }
}
