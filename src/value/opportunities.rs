//! What BG/BB sees of a customer: how many opportunities to buy there were, how many were taken,
//! and the last one that was.
//!
//! Opportunities are counted, so the distinct records are few: a cohort of any size with n of them
//! has at most `1 + n (n + 1) / 2`.

use crate::data::{CustomerHistory, PurchasePeriods};
use crate::units::CustomerIds;
use crate::value::period_table::PeriodTable;
use crate::value::{PeriodLength, ValueError};

/// A customer's purchases at a number of opportunities after the first purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpportunityRecord {
    x: u32,
    n: u32,
    t_x: u32,
}

impl OpportunityRecord {
    /// Purchases (x), the opportunity of the last of them (t_x, from 1; 0 without one), and
    /// opportunities (n). The purchase that made somebody a customer is not counted, nor is its
    /// opportunity.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless `purchases <= last_opportunity <= opportunities`, and where
    /// there is a last opportunity without a purchase.
    pub fn new(
        purchases: u32,
        last_opportunity: u32,
        opportunities: u32,
    ) -> Result<Self, ValueError> {
        let fits = purchases <= last_opportunity && last_opportunity <= opportunities;
        if fits && (purchases > 0 || last_opportunity == 0) {
            return Ok(Self { x: purchases, n: opportunities, t_x: last_opportunity });
        }
        let expected = "from `purchases` to `opportunities`, and 0 without a purchase";
        let value = f64::from(last_opportunity);
        Err(ValueError::Param { name: "last_opportunity", value, expected })
    }

    /// The record of a string of opportunities, each taken or not.
    ///
    /// ```
    /// use segmentry::value::OpportunityRecord;
    ///
    /// let gave = OpportunityRecord::of_pattern([true, false, true, false, false]);
    /// assert_eq!(gave, OpportunityRecord::new(2, 3, 5)?);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn of_pattern(taken: impl IntoIterator<Item = bool>) -> Self {
        taken.into_iter().fold(Self { x: 0, n: 0, t_x: 0 }, |seen, taken| {
            let n = seen.n.saturating_add(1);
            let (x, t_x) = if taken { (seen.x.saturating_add(1), n) } else { (seen.x, seen.t_x) };
            Self { x, n, t_x }
        })
    }

    /// The record of a customer who bought in these periods, in order, of which those before
    /// `closed` have ended. The period of the first purchase is no opportunity.
    pub(super) fn of_periods(mut bought: impl Iterator<Item = u32>, closed: u32) -> Self {
        let first = bought.next().unwrap_or(closed);
        let taken = bought.filter(|&period| period < closed);
        let (x, last) = taken.fold((0, first), |(x, _), period| (x + 1, period));
        Self { x, n: closed.saturating_sub(first.saturating_add(1)), t_x: last - first }
    }

    /// Purchases: x.
    #[doc(alias = "frequency")]
    pub fn purchases(&self) -> u32 {
        self.x
    }

    /// The opportunity of the last purchase, counted from 1: t_x. Zero without a purchase.
    #[doc(alias = "recency")]
    pub fn last_opportunity(&self) -> u32 {
        self.t_x
    }

    /// Opportunities: n.
    pub fn opportunities(&self) -> u32 {
        self.n
    }
}

/// The distinct records of a customer base, each with the number of customers who have it.
///
/// ```
/// use segmentry::value::{OpportunityRecord, OpportunitySummary};
///
/// let (never, once) = (OpportunityRecord::new(0, 0, 6)?, OpportunityRecord::new(1, 4, 6)?);
/// let base = OpportunitySummary::from_records([once, never, once])?;
/// assert_eq!(base.n_customers(), 3);
/// assert_eq!(base.distinct(), [never, once]);
/// assert_eq!(base.customers(), [1, 2]);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OpportunitySummary {
    distinct: Vec<OpportunityRecord>,
    customers: Vec<u64>,
    place: Vec<u32>,
}

impl OpportunitySummary {
    /// The summary of any customers' records.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] for more customers than [`CustomerIds`] can number.
    pub fn from_records(
        records: impl IntoIterator<Item = OpportunityRecord>,
    ) -> Result<Self, ValueError> {
        let records: Vec<_> = records.into_iter().collect();
        CustomerIds::numbered(records.len()).map_err(|_| ValueError::Length {
            what: "the list of records",
            expected: u32::MAX as usize,
            got: records.len(),
        })?;
        let mut order: Vec<u32> = (0..records.len() as u32).collect();
        order.sort_unstable_by_key(|&row| records[row as usize]);
        let (mut distinct, mut customers) = (Vec::new(), Vec::new());
        let mut place = vec![0; records.len()];
        for group in order.chunk_by(|&a, &b| records[a as usize] == records[b as usize]) {
            for &row in group {
                place[row as usize] = distinct.len() as u32;
            }
            distinct.push(records[group[0] as usize]);
            customers.push(group.len() as u64);
        }
        Ok(Self { distinct, customers, place })
    }

    /// The records of a history: [`of_periods`](Self::of_periods), for periods of any length.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where
    /// [`HistorySpec::purchase_days`](crate::data::HistorySpec::purchase_days) was not asked for;
    /// [`ValueError::Param`] for periods of no days; as [`from_records`](Self::from_records).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::{Date, Days};
    /// use segmentry::value::{OpportunityRecord, OpportunitySummary};
    /// use segmentry::work::Work;
    ///
    /// let visit = |day| Transaction::new("eve", Date::from_ymd(2024, 5, day).unwrap(), 9.0);
    /// let log = [visit(1), visit(8), visit(9)];
    /// let spec = HistorySpec::new().observed_until(Date::from_ymd(2024, 5, 31)?).purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// // Weeks that end with the 31st: from the 4th, the 11th, the 18th and the 25th.
    /// let base = OpportunitySummary::of(&history, Days::new(7))?;
    /// assert_eq!(base.distinct(), [OpportunityRecord::new(1, 1, 4)?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        history: &CustomerHistory,
        length: impl Into<PeriodLength>,
    ) -> Result<Self, ValueError> {
        Self::of_table(&PeriodTable::of(history, length.into())?)
    }

    pub(super) fn of_table(table: &PeriodTable) -> Result<Self, ValueError> {
        Self::from_records((0..table.n_customers()).map(|row| table.opportunities(row)))
    }

    /// The records of customers who could buy once in each period of the calendar: their
    /// opportunities are the whole periods after the one of their first purchase, taken where they
    /// bought in it. A last period that the observation cuts is left out.
    ///
    /// # Errors
    ///
    /// As [`from_records`](Self::from_records).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::{Calendar, Date};
    /// use segmentry::value::{OpportunityRecord, OpportunitySummary};
    /// use segmentry::work::Work;
    ///
    /// let gift = |year| Transaction::new("eve", Date::from_ymd(year, 12, 1).unwrap(), 50.0);
    /// let spec = HistorySpec::new()
    ///     .observed_from(Date::from_ymd(2018, 1, 1)?)
    ///     .observed_until(Date::from_ymd(2023, 12, 31)?)
    ///     .purchase_days();
    /// let log = [gift(2018), gift(2019), gift(2021)];
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let years = history.purchase_days()?.by_period(Calendar::Years);
    /// let base = OpportunitySummary::of_periods(&years)?;
    /// assert_eq!(base.distinct(), [OpportunityRecord::new(2, 3, 5)?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_periods(periods: &PurchasePeriods) -> Result<Self, ValueError> {
        let last = periods.periods().len();
        let end = if last > 0 && !periods.is_whole(last - 1) { last - 1 } else { last };
        let record = |row| {
            let bought = periods.of(row).filter(|total| total.purchases() > 0);
            OpportunityRecord::of_periods(bought.map(|total| total.period() as u32), end as u32)
        };
        Self::from_records((0..periods.n_customers()).map(record))
    }

    /// The distinct records, by purchases, then opportunities, then the last one taken.
    pub fn distinct(&self) -> &[OpportunityRecord] {
        &self.distinct
    }

    /// How many customers have each distinct record.
    pub fn customers(&self) -> &[u64] {
        &self.customers
    }

    /// For each customer, the place of their record among the distinct ones.
    pub fn places(&self) -> &[u32] {
        &self.place
    }

    /// How many customers there are.
    pub fn n_customers(&self) -> usize {
        self.place.len()
    }

    /// How many customers bought again.
    pub fn n_repeat_customers(&self) -> u64 {
        let repeat = self.distinct.iter().zip(&self.customers).filter(|(record, _)| record.x > 0);
        repeat.map(|(_, &customers)| customers).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_records_are_refused() {
        for (x, t_x, n) in [(2, 1, 6), (1, 7, 6), (0, 1, 6), (1, 0, 6)] {
            assert!(OpportunityRecord::new(x, t_x, n).is_err(), "{x} {t_x} {n}");
        }
        assert!(OpportunityRecord::new(0, 0, 0).is_ok());
    }

    #[test]
    fn every_customer_finds_its_record() {
        let patterns: [&[bool]; 4] =
            [&[true, true], &[false, true], &[false, false], &[true, true]];
        let records: Vec<_> =
            patterns.iter().map(|p| OpportunityRecord::of_pattern(p.iter().copied())).collect();
        let base = OpportunitySummary::from_records(records.clone()).unwrap();
        for (row, &place) in base.places().iter().enumerate() {
            assert_eq!(base.distinct()[place as usize], records[row]);
        }
        assert_eq!(base.customers(), [1, 1, 2]);
        assert_eq!(base.n_repeat_customers(), 3);
    }
}
