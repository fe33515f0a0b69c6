//! The history by period and cohort, added up once for all five looks.

use super::turnover::Sums;
use crate::data::{CustomerHistory, PurchasePeriods};
use crate::units::{Calendar, CalendarPeriod, CustomerIds};
use crate::value::ValueError;

/// A history by periods of the calendar, ready to be looked at.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::units::{Calendar, Date};
/// use segmentry::value::CustomerBaseAudit;
/// use segmentry::work::Work;
///
/// let row = |who, month, amount| {
///     Transaction::new(who, Date::from_ymd(2024, month, 5).unwrap(), amount)
/// };
/// let log = [
///     row("ann", 1, 100.0), row("ann", 2, 60.0), row("ann", 3, 60.0),
///     row("bob", 1, 20.0), row("bob", 3, 5.0),
///     row("eve", 2, 40.0),
/// ];
/// let spec = HistorySpec::new().purchase_days();
/// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
/// let audit = CustomerBaseAudit::of(&history, Calendar::Months)?;
///
/// let january = audit.cohort(0)?;
/// assert_eq!((january.acquired, january.ages[1].retention), (2, Some(0.5)));
/// assert_eq!(january.ages[2].cumulative_per_acquired.unwrap().amount(), 122.5);
///
/// let spring = audit.between(0, 1)?;
/// assert_eq!(spring.lost.gross.amount(), 20.0); // bob stays away in February,
/// assert_eq!(spring.new.gross.amount(), 40.0);  // eve comes,
/// assert_eq!(spring.retained_after.gross.amount(), 60.0); // and ann buys less
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CustomerBaseAudit {
    pub(super) ids: CustomerIds,
    pub(super) periods: PurchasePeriods,
    /// The period of each customer's first purchase.
    pub(super) acquired: Vec<usize>,
    /// How many customers were acquired in each period.
    pub(super) cohort_sizes: Vec<u64>,
    /// What each cohort did in each period, cohort by cohort.
    cells: Vec<Sums>,
    pub(super) digits: u8,
}

impl CustomerBaseAudit {
    /// Adds up a history that was read with
    /// [`HistorySpec::purchase_days`](crate::data::HistorySpec::purchase_days).
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where the history lacks the days of purchase.
    ///
    /// # Cost
    ///
    /// One pass over the days; memory for each customer and period with purchases, and for the
    /// square of the number of periods.
    pub fn of(history: &CustomerHistory, calendar: Calendar) -> Result<Self, ValueError> {
        let periods = history.purchase_days().map_err(ValueError::Data)?.by_period(calendar);
        let n_periods = periods.periods().len();
        let digits = periods.minor_digits();
        let n = periods.n_customers();
        let mut acquired = Vec::with_capacity(n);
        let mut cohort_sizes = vec![0; n_periods];
        let mut cells = vec![Sums::default(); n_periods * n_periods];
        for row in 0..n {
            // Everybody in a history has a purchase; returns may stand before it.
            let first = periods.of(row).find(|total| total.purchases() > 0);
            let first = first.map_or(0, |total| total.period());
            acquired.push(first);
            cohort_sizes[first] += 1;
            for total in periods.of(row) {
                cells[first * n_periods + total.period()].add(sums_of(&total));
            }
        }
        Ok(Self { ids: history.ids().clone(), periods, acquired, cohort_sizes, cells, digits })
    }

    /// The periods, in order of time.
    pub fn periods(&self) -> &[CalendarPeriod] {
        self.periods.periods()
    }

    /// Whether the observation covers a period whole, so that it can be compared with others.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a period that there is not.
    pub fn is_whole(&self, period: usize) -> Result<bool, ValueError> {
        self.check(period)?;
        Ok(self.periods.is_whole(period))
    }

    /// How many customers the history has.
    pub fn n_customers(&self) -> usize {
        self.acquired.len()
    }

    /// The period in which each customer was acquired, in the order of the history's ids.
    pub fn acquired(&self) -> &[usize] {
        &self.acquired
    }

    pub(super) fn check(&self, period: usize) -> Result<(), ValueError> {
        if period < self.periods().len() {
            return Ok(());
        }
        let expected = "the place of a period of the observation";
        Err(ValueError::Param { name: "period", value: period as f64, expected })
    }

    pub(super) fn cell(&self, cohort: usize, period: usize) -> Sums {
        self.cells[cohort * self.periods().len() + period]
    }
}

/// What one customer did in one period.
pub(super) fn sums_of(total: &crate::data::PeriodTotal) -> Sums {
    let (gross, returns) = total.whole();
    Sums {
        customers: u64::from(total.purchases() > 0),
        purchases: u64::from(total.purchases()),
        gross: gross.into(),
        returns: returns.into(),
    }
}
