//! What models of contracts see: at each renewal, how many customers could have left and how many
//! stayed.
//!
//! A model whose chance to renew depends on the number of renewals alone needs no more than that;
//! so cohorts of different ages, single memberships and weights all add up in one table.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::data::CustomerHistory;
use crate::value::period_table::PeriodTable;
use crate::value::{PeriodLength, ValueError};

/// One customer's contract, in renewal periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    renewals: u32,
    ended: bool,
}

impl Membership {
    /// A customer who renewed so many times and is still one.
    pub fn running(renewals: u32) -> Self {
        Self { renewals, ended: false }
    }

    /// A customer who renewed so many times and not once more.
    pub fn ended(renewals: u32) -> Self {
        Self { renewals, ended: true }
    }

    /// How many times the customer renewed.
    pub fn renewals(&self) -> u32 {
        self.renewals
    }

    /// Whether the contract ended.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

/// One renewal: the first, the second, ..
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Renewal {
    /// Customers who came to this renewal.
    pub at_risk: f64,
    /// Those of them who stayed.
    pub renewed: f64,
}

impl Renewal {
    /// Customers who left at this renewal.
    pub fn lost(&self) -> f64 {
        self.at_risk - self.renewed
    }

    /// The share that stayed; `None` where nobody came to it.
    pub fn retention(&self) -> Option<f64> {
        (self.at_risk > 0.0).then(|| self.renewed / self.at_risk)
    }
}

/// Renewals observed, the first one first.
///
/// # Example
///
/// ```
/// use segmentry::value::{Membership, RenewalTable};
///
/// // Of 1000 customers 631 renewed once and 468 twice; another cohort has seen one renewal.
/// let mut table = RenewalTable::new();
/// table.add_cohort(&[1000.0, 631.0, 468.0])?;
/// table.add_cohort(&[500.0, 300.0])?;
/// table.add(Membership::ended(1), 1.0)?;
/// assert_eq!((table.renewals()[0].at_risk, table.renewals()[0].renewed), (1501.0, 932.0));
/// assert_eq!((table.renewals()[1].at_risk, table.renewals()[1].lost()), (632.0, 164.0));
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct RenewalTable {
    renewals: Vec<Renewal>,
}

/// A membership with more renewals than this is a mistake: hourly ones for a hundred years.
const MOST_RENEWALS: u32 = 1_000_000;

impl RenewalTable {
    /// Nothing observed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The renewals of a history in which a contract is paid once a period.
    ///
    /// A contract begins with the period of its first payment and ends with the first whole period
    /// without one: that is a renewal to which the customer came and at which the customer left.
    /// Whoever pays again later begins a new contract. Those that still run at the end of the
    /// observation count as far as it went; a last period that it cuts tells nothing yet and is
    /// left out.
    ///
    /// A contract that began before the observation looks as though it began with it; so observe
    /// from the first customer on, or retention comes out too high.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where
    /// [`HistorySpec::purchase_days`](crate::data::HistorySpec::purchase_days) was not asked for;
    /// [`ValueError::Param`] for periods of no days.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::{Calendar, Date};
    /// use segmentry::value::RenewalTable;
    /// use segmentry::work::Work;
    ///
    /// let pay = |who, month| Transaction::new(who, Date::from_ymd(2024, month, 5).unwrap(), 9.0);
    /// let log = [pay("eve", 1), pay("eve", 2), pay("eve", 3), pay("joe", 1), pay("joe", 2)];
    /// let spec = HistorySpec::new().observed_until(Date::from_ymd(2024, 3, 31)?).purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let table = RenewalTable::of(&history, Calendar::Months)?;
    /// // Both renewed in February; in March one of them did not.
    /// assert_eq!((table.renewals()[0].at_risk, table.renewals()[0].renewed), (2.0, 2.0));
    /// assert_eq!((table.renewals()[1].at_risk, table.renewals()[1].renewed), (2.0, 1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        history: &CustomerHistory,
        length: impl Into<PeriodLength>,
    ) -> Result<Self, ValueError> {
        Ok(Self::of_periods(&PeriodTable::of(history, length.into())?).0)
    }

    /// The same from the table of periods, and how many contracts began after an earlier one of the
    /// same customer.
    pub(super) fn of_periods(periods: &PeriodTable) -> (Self, u64) {
        // How many contracts ran so long, and whether they ended.
        let mut counts: BTreeMap<(u32, bool), u64> = BTreeMap::new();
        let mut again = 0;
        for row in 0..periods.n_customers() {
            let memberships = periods.memberships(row);
            again += memberships.len().saturating_sub(1) as u64;
            for Membership { renewals, ended } in memberships {
                *counts.entry((renewals, ended)).or_default() += 1;
            }
        }
        let mut table = Self::new();
        for ((renewals, ended), count) in counts {
            table.add_counted(Membership { renewals, ended }, count as f64);
        }
        (table, again)
    }

    /// Adds a cohort: how many customers it had at first, after one renewal, after two, .. as far
    /// as it was observed. Those left at the end are still customers.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] for a number of survivors that is not finite, negative or larger
    /// than the one before; the table stays as it was.
    pub fn add_cohort(&mut self, survivors: &[f64]) -> Result<(), ValueError> {
        let mut before = f64::MAX;
        for (row, &now) in survivors.iter().enumerate() {
            if !(0.0..=before).contains(&now) {
                let expected = "finite, not negative and at most the one before";
                return Err(ValueError::BadValue { what: "a number of survivors", row, expected });
            }
            before = now;
        }
        for (i, pair) in survivors.windows(2).enumerate() {
            self.at(i).at_risk += pair[0];
            self.at(i).renewed += pair[1];
        }
        Ok(())
    }

    /// Adds a membership that stands for `weight` customers.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless the weight is finite and not negative, and for more than a
    /// million renewals.
    pub fn add(&mut self, membership: Membership, weight: f64) -> Result<(), ValueError> {
        if !(weight >= 0.0 && weight.is_finite()) {
            let expected = "finite and not negative";
            return Err(ValueError::Param { name: "weight", value: weight, expected });
        }
        if membership.renewals > MOST_RENEWALS {
            let value = f64::from(membership.renewals);
            let expected = "a million at most";
            return Err(ValueError::Param { name: "renewals", value, expected });
        }
        self.add_counted(membership, weight);
        Ok(())
    }

    fn add_counted(&mut self, membership: Membership, weight: f64) {
        let renewed = membership.renewals as usize;
        for i in 0..renewed {
            self.at(i).at_risk += weight;
            self.at(i).renewed += weight;
        }
        if membership.ended {
            self.at(renewed).at_risk += weight;
        }
    }

    fn at(&mut self, i: usize) -> &mut Renewal {
        if self.renewals.len() <= i {
            self.renewals.resize(i + 1, Renewal::default());
        }
        &mut self.renewals[i]
    }

    /// The first renewal, the second, ..
    pub fn renewals(&self) -> &[Renewal] {
        &self.renewals
    }

    /// Renewals to which anybody came.
    pub(super) fn observed(&self) -> u64 {
        self.renewals.iter().filter(|renewal| renewal.at_risk > 0.0).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cohort_is_the_sum_of_its_memberships() {
        let mut cohort = RenewalTable::new();
        cohort.add_cohort(&[5.0, 3.0, 2.0]).unwrap();
        let mut single = RenewalTable::new();
        for membership in [Membership::ended(0), Membership::ended(1), Membership::running(2)] {
            let weight = if membership.renewals() == 1 { 1.0 } else { 2.0 };
            single.add(membership, weight).unwrap();
        }
        assert_eq!(cohort, single);
        assert_eq!(cohort.renewals()[1].retention(), Some(2.0 / 3.0));
    }

    #[test]
    fn what_cannot_be_is_refused_and_leaves_the_table() {
        let mut table = RenewalTable::new();
        for survivors in [&[10.0, 11.0][..], &[f64::NAN], &[3.0, -1.0], &[f64::INFINITY]] {
            assert!(table.add_cohort(survivors).is_err(), "{survivors:?}");
        }
        for weight in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(table.add(Membership::ended(0), weight).is_err());
        }
        assert!(table.add(Membership::running(u32::MAX), 1.0).is_err());
        assert_eq!(table, RenewalTable::new());
        table.add(Membership::running(0), 1.0).unwrap();
        assert_eq!(table.observed(), 0);
    }
}
