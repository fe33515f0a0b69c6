//! What each customer bought and brought back, day by day.
//!
//! The days of all customers lie behind one another in columns, and returns, which few days have,
//! in a list of their own: twelve bytes a day, and sixteen more for a day with returns.

use std::fmt;

use crate::data::ledger::Entry;
use crate::units::{Date, Money};

/// The days on which customers bought or brought back, in order of time, with what they paid.
///
/// The rows are those of the [`CustomerHistory`](crate::data::CustomerHistory) that it belongs to.
/// The purchases of a customer are the days of which [`DayTotal::is_purchase`] is true; their number
/// and their money are those of the history. A day with nothing but returns is kept and is no
/// purchase. Days without any row are in it neither.
///
/// Memory: 12 bytes for each customer and day, 16 more for a day with returns, 8 for each customer;
/// while rows are read up to 32 bytes for each customer, day and direction of money, in every shard
/// that is read at the time.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::{units::Date, work::Work};
///
/// let day = |d| Date::from_ymd(2024, 3, d).unwrap();
/// let log = [
///     Transaction::new("eve", day(8), 30.0),
///     Transaction::new("eve", day(1), 20.0),
///     Transaction::new("eve", day(1), 5.0), // the same day: the same purchase
///     Transaction::new("eve", day(8), -10.0),
///     Transaction::new("eve", day(9), -5.0), // nothing but a return
/// ];
/// let history = CustomerHistory::read(&log, &HistorySpec::new().purchase_days(), &Work::new())?;
/// let days: Vec<_> = history.purchase_days()?.of(0).collect();
/// assert_eq!(days.len(), 3);
/// assert_eq!((days[0].day(), days[0].gross().amount()), (day(1), 25.0));
/// assert_eq!((days[1].gross().amount(), days[1].returns().amount()), (30.0, -10.0));
/// assert_eq!(days[1].net().amount(), 20.0);
/// assert_eq!((days[2].gross().amount(), days[2].is_purchase()), (0.0, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct PurchaseDays {
    /// Where the days of each customer start; one more than there are customers.
    starts: Vec<usize>,
    days: Vec<Mark>,
    gross: Vec<i64>,
    /// Of the days that have returns: their place and the minor units.
    returns: Vec<(usize, i64)>,
    minor_digits: u8,
    from: Date,
    until: Date,
}

/// A day with two marks in its lower bits: whether there was a purchase, and whether there were
/// returns.
#[derive(Clone, Copy, PartialEq)]
struct Mark(i32);

impl Mark {
    fn new(day: i32, purchase: bool, returns: bool) -> Self {
        Self(day << 2 | i32::from(purchase) << 1 | i32::from(returns))
    }

    fn day(self) -> i32 {
        self.0 >> 2
    }

    fn is_purchase(self) -> bool {
        self.0 & 2 != 0
    }

    fn has_returns(self) -> bool {
        self.0 & 1 != 0
    }
}

/// What one customer bought and brought back on one day.
#[derive(Clone, Copy, PartialEq)]
pub struct DayTotal {
    day: i32,
    is_purchase: bool,
    minor_digits: u8,
    gross: i64,
    returns: i64,
}

impl DayTotal {
    /// The day.
    pub fn day(&self) -> Date {
        Date::from_day_number(self.day).expect("days were checked when they were read")
    }

    /// What the customer paid on it, returns not taken off.
    pub fn gross(&self) -> Money {
        Money::from_minor(self.gross, self.minor_digits)
    }

    /// What went back to the customer on it: zero or negative.
    pub fn returns(&self) -> Money {
        Money::from_minor(self.returns, self.minor_digits)
    }

    /// What the customer paid on it, less returns; may be negative.
    pub fn net(&self) -> Money {
        // A sum of two opposite signs fits.
        Money::from_minor(self.gross + self.returns, self.minor_digits)
    }

    /// Whether the customer bought on it; false for a day with nothing but returns.
    pub fn is_purchase(&self) -> bool {
        self.is_purchase
    }

    /// The number of the day since 1970-01-01, and gross and returns in whole minor units, for sums
    /// that shall be exact.
    pub(crate) fn whole(&self) -> (i32, i64, i64) {
        (self.day, self.gross, self.returns)
    }
}

impl PurchaseDays {
    /// The window from `from` to `until`, itself included, with no customer yet and room for some.
    pub(crate) fn new(from: Date, until: Date, minor_digits: u8, customers: usize) -> Self {
        let mut starts = Vec::with_capacity(customers + 1);
        starts.push(0);
        Self {
            starts,
            days: Vec::new(),
            gross: Vec::new(),
            returns: Vec::new(),
            minor_digits,
            from,
            until,
        }
    }

    /// Makes room for so many days.
    pub(crate) fn reserve(&mut self, days: usize) {
        self.days.reserve_exact(days);
        self.gross.reserve_exact(days);
    }

    /// Lets go of the room that was not needed.
    pub(crate) fn shrink(&mut self) {
        self.days.shrink_to_fit();
        self.gross.shrink_to_fit();
        self.returns.shrink_to_fit();
    }

    /// Adds the next customer, whose entries stand in order.
    pub(crate) fn push(&mut self, entries: &[Entry]) {
        for day in entries.chunk_by(|a, b| a.day() == b.day()) {
            let returns = day.iter().find(|entry| entry.is_return());
            let gross = day.iter().find(|entry| !entry.is_return());
            if let Some(returns) = returns {
                self.returns.push((self.days.len(), returns.minor));
            }
            self.days.push(Mark::new(day[0].day(), gross.is_some(), returns.is_some()));
            self.gross.push(gross.map_or(0, |gross| gross.minor));
        }
        self.starts.push(self.days.len());
    }

    /// The days of the customer in `row`, in order of time.
    pub fn of(&self, row: usize) -> impl ExactSizeIterator<Item = DayTotal> + '_ {
        let places = self.starts[row]..self.starts[row + 1];
        // Returns are few: they are looked for when the first of the customer is met.
        let mut returns = None;
        places.map(move |place| {
            let mark = self.days[place];
            let mut minor = 0;
            if mark.has_returns() {
                let next =
                    returns.unwrap_or_else(|| self.returns.partition_point(|&(of, _)| of < place));
                minor = self.returns[next].1;
                returns = Some(next + 1);
            }
            DayTotal {
                day: mark.day(),
                is_purchase: mark.is_purchase(),
                minor_digits: self.minor_digits,
                gross: self.gross[place],
                returns: minor,
            }
        })
    }

    /// How many customers: as many as the history has.
    pub fn n_customers(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many days all customers have together.
    pub fn n_days(&self) -> usize {
        self.days.len()
    }

    /// The first day of the window: of the observation, or of the holdout.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day of the window, itself included.
    pub fn until(&self) -> Date {
        self.until
    }

    pub(crate) fn minor_digits(&self) -> u8 {
        self.minor_digits
    }
}

impl fmt::Debug for DayTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayTotal").finish_non_exhaustive()
    }
}

impl fmt::Debug for PurchaseDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PurchaseDays")
            .field("customers", &self.n_customers())
            .field("days", &self.n_days())
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        CustomerHistory, DataError, Duplicates, HistorySpec, PartialHistory, Returns, Transaction,
        ZeroAmounts,
    };
    use crate::work::Work;

    fn day(number: i32) -> Date {
        Date::from_day_number(number).unwrap()
    }

    /// Customer, day, amount.
    type Line = (&'static str, i32, f64);

    fn read(lines: &[Line], spec: &HistorySpec) -> Result<CustomerHistory, DataError> {
        let rows: Vec<Transaction<'_>> =
            lines.iter().map(|&(who, at, amount)| Transaction::new(who, day(at), amount)).collect();
        CustomerHistory::read(&rows, spec, &Work::new())
    }

    fn plain(days: &PurchaseDays, row: usize) -> Vec<(i32, f64, f64, bool)> {
        days.of(row)
            .map(|d| {
                let (gross, returns) = (d.gross().amount(), d.returns().amount());
                assert_eq!(d.net().amount(), gross + returns);
                (d.day().day_number(), gross, returns, d.is_purchase())
            })
            .collect()
    }

    const LINES: [Line; 9] = [
        ("b", 12, 4.0),
        ("a", 3, 0.0),
        ("b", 2, -1.0),
        ("c", 5, -7.0), // nothing but a return: in no history
        ("b", 12, -0.5),
        ("b", 12, 2.0),
        ("d", 14, 8.0), // bought first in the holdout: in no history
        ("a", 13, -2.0),
        ("b", 7, 1.0),
    ];

    #[test]
    fn days_stand_in_order_of_time_with_money_both_ways() {
        let history = read(&LINES, &HistorySpec::new().purchase_days()).unwrap();
        let days = history.purchase_days().unwrap();
        assert_eq!((days.n_customers(), days.n_days()), (3, 6));
        assert_eq!(plain(days, 0), [(3, 0.0, 0.0, true), (13, 0.0, -2.0, false)]);
        let expected = [(2, 0.0, -1.0, false), (7, 1.0, 0.0, true), (12, 6.0, -0.5, true)];
        assert_eq!(plain(days, 1), expected);
        assert_eq!((days.from(), days.until()), (day(2), day(14)));
        let text = format!("{days:?} {:?}", days.of(1).next());
        assert!(!text.contains("gross") && !text.contains("600"), "{text}");
    }

    #[test]
    fn the_holdout_has_days_of_its_own() {
        let spec =
            HistorySpec::new().observed_until(day(10)).holdout_until(day(20)).purchase_days();
        let history = read(&LINES, &spec).unwrap();
        let days = history.purchase_days().unwrap();
        assert_eq!(plain(days, 0), [(3, 0.0, 0.0, true)]);
        assert_eq!(plain(days, 1), [(2, 0.0, -1.0, false), (7, 1.0, 0.0, true)]);
        let held_out = history.held_out().unwrap().purchase_days().unwrap();
        assert_eq!((held_out.n_customers(), held_out.n_days()), (2, 2));
        assert_eq!(plain(held_out, 0), [(13, 0.0, -2.0, false)]);
        assert_eq!(plain(held_out, 1), [(12, 6.0, -0.5, true)]);
        assert_eq!((held_out.from(), held_out.until()), (day(11), day(20)));
    }

    #[test]
    fn days_that_were_not_asked_for_are_an_error() {
        let spec = HistorySpec::new().observed_until(day(10)).holdout_until(day(20));
        let history = read(&LINES, &spec).unwrap();
        let not_asked = |error| matches!(error, DataError::NotAsked { aggregate: "purchase_days" });
        assert!(not_asked(history.purchase_days().unwrap_err()));
        assert!(not_asked(history.held_out().unwrap().purchase_days().unwrap_err()));
    }

    #[test]
    fn dropped_rows_leave_no_day() {
        let spec = HistorySpec::new().purchase_days();
        let dropped = spec.returns(Returns::Drop).zero_amounts(ZeroAmounts::Drop);
        let history = read(&LINES, &dropped).unwrap();
        let days = history.purchase_days().unwrap();
        assert_eq!(plain(days, 0), [(7, 1.0, 0.0, true), (12, 6.0, 0.0, true)]); // `b`
    }

    #[test]
    fn repeats_that_are_taken_out_leave_their_day() {
        let line = |amount| Transaction::new("a", day(1), amount).order("o").product("p");
        let rows = [2.0, -1.0, 0.0, 2.0, -1.0, 0.0].map(line);
        let spec = HistorySpec::new().purchase_days().duplicates(Duplicates::Drop);
        let history = CustomerHistory::read(&rows, &spec, &Work::new()).unwrap();
        assert_eq!(plain(history.purchase_days().unwrap(), 0), [(1, 2.0, -1.0, true)]);
    }

    #[test]
    fn sums_that_do_not_fit_are_refused_with_the_days_as_without() {
        use crate::data::{Amounts, Batch, IdColumn, Times};
        let shard = |days: Vec<i32>, units: Vec<i64>| {
            let mut partial =
                PartialHistory::new(HistorySpec::new().minor_digits(0).purchase_days()).unwrap();
            let batch = Batch::new(
                IdColumn::integers(vec![7; days.len()]),
                Times::Days(days.into()),
                Amounts::Minor { units: units.into(), digits: 0 },
            );
            partial.add(&batch.unwrap(), &Work::new()).map(|()| partial)
        };
        let overflow = |error: DataError| match error {
            DataError::AmountOverflow { customer } => customer.expose() == "7",
            _ => false,
        };
        assert!(overflow(shard(vec![1, 1], vec![i64::MAX, 1]).unwrap_err()));
        assert!(overflow(shard(vec![1, 1], vec![i64::MIN, -1]).unwrap_err()));
        let mut left = shard(vec![1], vec![i64::MAX]).unwrap();
        let right = shard(vec![1], vec![1]).unwrap();
        assert!(overflow(left.merge(right, &Work::new()).unwrap_err()));
        // The largest sums there are, on one day.
        let whole = shard(vec![1, 1], vec![i64::MAX, i64::MIN]).unwrap();
        let history = whole.finish(&Work::new()).unwrap();
        let only = history.purchase_days().unwrap().of(0).next().unwrap();
        assert_eq!((only.gross, only.returns), (i64::MAX, i64::MIN));
        assert_eq!(only.net().amount(), -1.0);
    }
}
