//! What each customer bought in each week, month, quarter or year.
//!
//! Added up from the days of purchase, so that any calendar can be had without another scan; only
//! periods in which a customer did something have an entry.

use std::fmt;

use crate::data::PurchaseDays;
use crate::units::{Calendar, CalendarPeriod, Date, Days, Money};

/// Purchases, spend and returns of each customer by period of the calendar.
///
/// Memory: 24 bytes for each customer and period in which there was a row of theirs.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::units::{Calendar, Date};
/// use segmentry::work::Work;
///
/// let row = |month, day, amount| {
///     Transaction::new("eve", Date::from_ymd(2024, month, day).unwrap(), amount)
/// };
/// let log = [row(1, 10, 20.0), row(1, 31, 5.0), row(2, 1, 7.0), row(4, 30, -5.0)];
/// let history = CustomerHistory::read(&log, &HistorySpec::new().purchase_days(), &Work::new())?;
/// let months = history.purchase_days()?.by_period(Calendar::Months);
///
/// let names: Vec<String> = months.periods().iter().map(|month| month.to_string()).collect();
/// assert_eq!(names, ["2024-01", "2024-02", "2024-03", "2024-04"]);
/// let spend: Vec<_> = months
///     .of(0)
///     .map(|month| (month.period(), month.purchases(), month.net().amount()))
///     .collect();
/// assert_eq!(spend, [(0, 2, 25.0), (1, 1, 7.0), (3, 0, -5.0)]);
/// // The observation starts on the 10th of January, so January is not comparable with February.
/// assert_eq!((months.is_whole(0), months.observed(0).count()), (false, 22));
/// assert_eq!((months.is_whole(1), months.observed(1).count()), (true, 29));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct PurchasePeriods {
    periods: Vec<CalendarPeriod>,
    from: Date,
    until: Date,
    /// Where the entries of each customer start; one more than there are customers.
    starts: Vec<usize>,
    of: Vec<u32>,
    purchases: Vec<u32>,
    gross: Vec<i64>,
    returns: Vec<i64>,
    minor_digits: u8,
}

/// What one customer did in one period.
#[derive(Clone, Copy, PartialEq)]
pub struct PeriodTotal {
    period: u32,
    purchases: u32,
    gross: i64,
    returns: i64,
    minor_digits: u8,
}

impl PeriodTotal {
    /// The place of the period in [`PurchasePeriods::periods`].
    pub fn period(&self) -> usize {
        self.period as usize
    }

    /// How many purchases: days of the period on which the customer bought. None where there were
    /// only returns.
    pub fn purchases(&self) -> u32 {
        self.purchases
    }

    /// What the customer paid in it, returns not taken off.
    pub fn gross(&self) -> Money {
        Money::from_minor(self.gross, self.minor_digits)
    }

    /// What went back to the customer in it: zero or negative.
    pub fn returns(&self) -> Money {
        Money::from_minor(self.returns, self.minor_digits)
    }

    /// What the customer paid in it, less returns; may be negative.
    pub fn net(&self) -> Money {
        // A sum of two opposite signs fits.
        Money::from_minor(self.gross + self.returns, self.minor_digits)
    }

    /// Gross and returns in whole minor units, for sums that shall be exact.
    pub(crate) fn whole(&self) -> (i64, i64) {
        (self.gross, self.returns)
    }
}

impl PurchaseDays {
    /// The days added up by period of the calendar.
    ///
    /// # Example
    ///
    /// A week over New Year belongs to one year only, and is cut where the observation ends in it.
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::{Calendar, Date};
    /// use segmentry::work::Work;
    ///
    /// let log = [("2020-12-28", 3.0), ("2021-01-02", 4.0), ("2021-01-04", 5.0)]
    ///     .map(|(day, amount)| Transaction::new("eve", day.parse::<Date>().unwrap(), amount));
    /// let spec = HistorySpec::new().purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let weeks = history.purchase_days()?.by_period(Calendar::Weeks);
    /// assert_eq!(weeks.periods()[0].to_string(), "2020-W53");
    /// let gross: Vec<f64> = weeks.of(0).map(|week| week.gross().amount()).collect();
    /// assert_eq!(gross, [7.0, 5.0]);
    /// assert_eq!((weeks.is_whole(0), weeks.is_whole(1)), (true, false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_period(&self, calendar: Calendar) -> PurchasePeriods {
        let (from, until) = (self.from(), self.until());
        let periods: Vec<CalendarPeriod> = calendar.periods(from, until).collect();
        let start = from.day_number();
        // The period of each day of the window, so that no calendar is asked for each purchase.
        let mut places = Vec::with_capacity(until.days_since(from) as usize + 1);
        for (place, period) in periods.iter().enumerate() {
            let end = period.last_day().min(until).day_number();
            places.resize((end - start) as usize + 1, place as u32);
        }
        let customers = self.n_customers();
        let mut all = PurchasePeriods {
            periods,
            from,
            until,
            starts: Vec::with_capacity(customers + 1),
            of: Vec::new(),
            purchases: Vec::new(),
            gross: Vec::new(),
            returns: Vec::new(),
            minor_digits: self.minor_digits(),
        };
        all.starts.push(0);
        for row in 0..customers {
            let mut last = None;
            for day in self.of(row) {
                let (number, gross, returns) = day.whole();
                let place = places[(number - start) as usize];
                if last.replace(place) != Some(place) {
                    all.of.push(place);
                    all.purchases.push(0);
                    all.gross.push(0);
                    all.returns.push(0);
                }
                let entry = all.of.len() - 1;
                // The sums of all days of a customer fit, so those of some do.
                all.purchases[entry] += u32::from(day.is_purchase());
                all.gross[entry] += gross;
                all.returns[entry] += returns;
            }
            all.starts.push(all.of.len());
        }
        all
    }
}

impl PurchasePeriods {
    /// All periods that the observation touches, in order of time, those without purchases
    /// included.
    pub fn periods(&self) -> &[CalendarPeriod] {
        &self.periods
    }

    /// How many days of a period lie in the observation: all but for the first and the last period.
    pub fn observed(&self, period: usize) -> Days {
        let period = self.periods[period];
        let (from, until) = (period.first_day().max(self.from), period.last_day().min(self.until));
        Days::new(until.days_since(from) as u32 + 1)
    }

    /// Whether the observation covers a period whole, so that it can be compared with others.
    pub fn is_whole(&self, period: usize) -> bool {
        self.observed(period) == self.periods[period].length()
    }

    /// The periods in which the customer in `row` bought or brought back, in order of time.
    pub fn of(&self, row: usize) -> impl ExactSizeIterator<Item = PeriodTotal> + '_ {
        (self.starts[row]..self.starts[row + 1]).map(|entry| PeriodTotal {
            period: self.of[entry],
            purchases: self.purchases[entry],
            gross: self.gross[entry],
            returns: self.returns[entry],
            minor_digits: self.minor_digits,
        })
    }

    /// How many customers: as many as the history has.
    pub fn n_customers(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn minor_digits(&self) -> u8 {
        self.minor_digits
    }
}

impl fmt::Debug for PeriodTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeriodTotal").field("period", &self.period).finish_non_exhaustive()
    }
}

impl fmt::Debug for PurchasePeriods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PurchasePeriods")
            .field("customers", &self.n_customers())
            .field("periods", &self.periods.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CustomerHistory, HistorySpec, Transaction};
    use crate::work::Work;

    fn history(rows: &[(&'static str, &str, f64)], spec: HistorySpec) -> CustomerHistory {
        let rows: Vec<Transaction<'_>> = rows
            .iter()
            .map(|&(who, at, amount)| Transaction::new(who, at.parse::<Date>().unwrap(), amount))
            .collect();
        CustomerHistory::read(&rows, &spec.purchase_days(), &Work::new()).unwrap()
    }

    fn plain(periods: &PurchasePeriods, row: usize) -> Vec<(String, u32, f64, f64)> {
        periods
            .of(row)
            .map(|total| {
                let name = periods.periods()[total.period()].to_string();
                (name, total.purchases(), total.gross().amount(), total.returns().amount())
            })
            .collect()
    }

    #[test]
    fn days_fall_into_the_periods_of_each_calendar() {
        let rows = [
            ("a", "2023-12-31", 1.0),
            ("a", "2024-01-01", 2.0),
            ("a", "2024-01-31", 4.0),
            ("a", "2024-02-01", 8.0),
            ("a", "2024-02-29", 16.0),
            ("a", "2024-02-29", -3.0),
            ("a", "2024-03-01", 32.0),
            ("a", "2024-04-01", -5.0),
            ("b", "2024-03-31", 64.0),
        ];
        let history = history(&rows, HistorySpec::new());
        let days = history.purchase_days().unwrap();
        let of =
            |name: &str, purchases, gross, returns| (name.to_owned(), purchases, gross, returns);
        let months = days.by_period(Calendar::Months);
        let expected = [
            of("2023-12", 1, 1.0, 0.0),
            of("2024-01", 2, 6.0, 0.0),
            of("2024-02", 2, 24.0, -3.0),
            of("2024-03", 1, 32.0, 0.0),
            of("2024-04", 0, 0.0, -5.0),
        ];
        assert_eq!(plain(&months, 0), expected);
        assert_eq!(plain(&months, 1), [of("2024-03", 1, 64.0, 0.0)]);
        let quarters = plain(&days.by_period(Calendar::Quarters), 0);
        let second = of("2024-Q1", 5, 62.0, -3.0);
        assert_eq!(quarters, [of("2023-Q4", 1, 1.0, 0.0), second, of("2024-Q2", 0, 0.0, -5.0)]);
        let years = plain(&days.by_period(Calendar::Years), 0);
        assert_eq!(years, [of("2023", 1, 1.0, 0.0), of("2024", 5, 62.0, -8.0)]);
        // Sunday the 31st of December is in the week before that of Monday the 1st of January.
        let weeks = plain(&days.by_period(Calendar::Weeks), 0);
        assert_eq!(weeks[..2], [of("2023-W52", 1, 1.0, 0.0), of("2024-W01", 1, 2.0, 0.0)]);
    }

    #[test]
    fn cut_periods_are_told_from_whole_ones() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let spec = HistorySpec::new()
            .observed_from(day("2024-01-01"))
            .observed_until(day("2024-04-29"))
            .holdout_until(day("2024-06-30"));
        let history = history(&[("a", "2024-02-02", 1.0), ("a", "2024-05-02", 2.0)], spec);
        let months = history.purchase_days().unwrap().by_period(Calendar::Months);
        let whole: Vec<bool> = (0..months.periods().len()).map(|i| months.is_whole(i)).collect();
        assert_eq!(whole, [true, true, true, false]);
        assert_eq!(months.observed(3).count(), 29);
        let held_out = history.held_out().unwrap().purchase_days().unwrap();
        let months = held_out.by_period(Calendar::Months);
        assert_eq!(plain(&months, 0), [("2024-05".to_owned(), 1, 2.0, 0.0)]);
        let observed: Vec<u32> = (0..3).map(|i| months.observed(i).count()).collect();
        assert_eq!(observed, [1, 31, 30]);
        // One day cut from one year at both ends.
        let years = history.purchase_days().unwrap().by_period(Calendar::Years);
        assert_eq!((years.periods().len(), years.is_whole(0)), (1, false));
    }
}
