//! What buy-till-you-die models see of a customer: three numbers, and how many customers share
//! them.
//!
//! Real data lives on a day grid, so many customers have the same three numbers. Equal ones are
//! counted instead of repeated; a fit costs as much as there are distinct ones.

use crate::data::CustomerHistory;
use crate::units::CustomerIds;
use crate::value::ValueError;

/// A customer's repeat purchases, and when the last of them was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PurchaseRecord {
    x: u32,
    t_x: f64,
    age: f64,
}

impl PurchaseRecord {
    /// Repeat purchases (x), days from the first purchase to the last (t_x), and days from the
    /// first purchase to the end of the observation (T). Fractions of days are allowed.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless `0 <= age_at_last <= age`, and where there is an age at the
    /// last purchase without a repeat purchase.
    pub fn new(repeat_purchases: u32, age_at_last: f64, age: f64) -> Result<Self, ValueError> {
        if !(age >= 0.0 && age.is_finite()) {
            return Err(ValueError::Param {
                name: "age",
                value: age,
                expected: "finite and not negative",
            });
        }
        if !(0.0..=age).contains(&age_at_last) || (repeat_purchases == 0 && age_at_last > 0.0) {
            let expected = "from 0 to `age`, and 0 without a repeat purchase";
            return Err(ValueError::Param { name: "age_at_last", value: age_at_last, expected });
        }
        Ok(Self { x: repeat_purchases, t_x: age_at_last, age })
    }

    /// Purchases after the first: x.
    #[doc(alias = "frequency")]
    pub fn repeat_purchases(&self) -> u32 {
        self.x
    }

    /// Days from the first purchase to the last: t_x.
    #[doc(alias = "recency")]
    pub fn age_at_last(&self) -> f64 {
        self.t_x
    }

    /// Days from the first purchase to the end of the observation: T.
    pub fn age(&self) -> f64 {
        self.age
    }

    /// t_x and T in weeks, the unit of the fitted parameters.
    pub(crate) fn weeks(&self) -> (f64, f64) {
        (self.t_x / 7.0, self.age / 7.0)
    }
}

/// The distinct purchase records of a customer base, each with the number of customers who have it.
///
/// ```
/// use segmentry::value::{PurchaseRecord, PurchaseSummary};
///
/// let once = PurchaseRecord::new(0, 0.0, 272.0)?;
/// let twice = PurchaseRecord::new(1, 30.0, 272.0)?;
/// let base = PurchaseSummary::from_records([once, twice, once])?;
/// assert_eq!((base.n_customers(), base.distinct().len()), (3, 2));
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PurchaseSummary {
    distinct: Vec<PurchaseRecord>,
    customers: Vec<u64>,
    place: Vec<u32>,
}

impl PurchaseSummary {
    /// The summary of a history.
    pub fn of(history: &CustomerHistory) -> Self {
        let record = |row| PurchaseRecord {
            x: history.repeat_purchases(row),
            t_x: f64::from(history.age_at_last(row).count()),
            age: f64::from(history.age(row).count()),
        };
        Self::compress((0..history.n_customers()).map(record).collect())
    }

    /// The summary of any customers' records.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] for more customers than [`CustomerIds`] can number.
    pub fn from_records(
        records: impl IntoIterator<Item = PurchaseRecord>,
    ) -> Result<Self, ValueError> {
        let records: Vec<_> = records.into_iter().collect();
        CustomerIds::numbered(records.len()).map_err(|_| ValueError::Length {
            what: "the list of records",
            expected: u32::MAX as usize,
            got: records.len(),
        })?;
        Ok(Self::compress(records))
    }

    fn compress(records: Vec<PurchaseRecord>) -> Self {
        let key = |r: &PurchaseRecord| (r.x, r.t_x.to_bits(), r.age.to_bits());
        let mut order: Vec<u32> = (0..records.len() as u32).collect();
        order.sort_unstable_by_key(|&row| key(&records[row as usize]));
        let (mut distinct, mut customers) = (Vec::new(), Vec::new());
        let mut place = vec![0; records.len()];
        for group in order.chunk_by(|&a, &b| key(&records[a as usize]) == key(&records[b as usize]))
        {
            for &row in group {
                place[row as usize] = distinct.len() as u32;
            }
            distinct.push(records[group[0] as usize]);
            customers.push(group.len() as u64);
        }
        Self { distinct, customers, place }
    }

    /// The distinct records, by repeat purchases first.
    pub fn distinct(&self) -> &[PurchaseRecord] {
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
        self.distinct
            .iter()
            .zip(&self.customers)
            .filter(|(record, _)| record.x > 0)
            .map(|(_, &n)| n)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_records_are_refused() {
        for (x, t_x, age) in [
            (1, 5.0, 4.0),
            (0, 1.0, 4.0),
            (1, -1.0, 4.0),
            (1, f64::NAN, 4.0),
            (0, 0.0, f64::INFINITY),
        ] {
            assert!(PurchaseRecord::new(x, t_x, age).is_err(), "{x} {t_x} {age}");
        }
    }

    #[test]
    fn every_customer_finds_its_record() {
        let records: Vec<_> = [(2, 10.0, 30.0), (0, 0.0, 5.0), (2, 10.0, 30.0)]
            .iter()
            .map(|&(x, t, a)| PurchaseRecord::new(x, t, a).unwrap())
            .collect();
        let summary = PurchaseSummary::from_records(records.clone()).unwrap();
        for (row, &place) in summary.places().iter().enumerate() {
            assert_eq!(summary.distinct()[place as usize], records[row]);
        }
        assert_eq!(summary.customers(), [1, 2]);
        assert_eq!(summary.n_repeat_customers(), 2);
    }
}
