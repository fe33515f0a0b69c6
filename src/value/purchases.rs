//! What buy-till-you-die models see of a customer: three numbers, and how many customers share
//! them.
//!
//! Real data lives on a day grid, so many customers have the same three numbers. Equal ones are
//! counted instead of repeated; a fit costs as much as there are distinct ones.

mod compress;
mod counted;

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::value::ValueError;
use compress::{Compressed, DayKey, compress_any, compress_days};
use counted::Counted;

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
        // Adding zero takes the sign from a negative one, so that equal records have equal bits.
        Ok(Self { x: repeat_purchases, t_x: age_at_last + 0.0, age: age + 0.0 })
    }

    /// A customer at the moment of the first purchase.
    pub(crate) const NEW: Self = Self { x: 0, t_x: 0.0, age: 0.0 };

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

    /// A record that was made so that it is one.
    pub(crate) fn counted(x: u32, t_x: f64, age: f64) -> Self {
        debug_assert!(Self::new(x, t_x, age).is_ok(), "0 <= t_x <= T, and 0 for x of 0");
        Self { x, t_x, age }
    }

    /// Weeks since the last purchase, with the digits that a difference of weeks would lose.
    pub(crate) fn silent_weeks(&self) -> f64 {
        (self.age - self.t_x) / 7.0
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
    places: Vec<u32>,
    n_customers: u64,
}

/// Customers have places that fit into 32 bits.
fn check_number(customers: usize) -> Result<(), ValueError> {
    if u32::try_from(customers).is_ok() {
        return Ok(());
    }
    let expected = u32::MAX as usize;
    Err(ValueError::Length { what: "the list of records", expected, got: customers })
}

impl PurchaseSummary {
    /// The summary of a history.
    pub fn of(history: &CustomerHistory) -> Self {
        let record = |row| PurchaseRecord {
            x: history.repeat_purchases(row),
            t_x: f64::from(history.age_at_last(row).count()),
            age: f64::from(history.age(row).count()),
        };
        let n = history.n_customers();
        let days = compress_days(n, |row| DayKey::of(&record(row)));
        Self::from_parts(
            days.unwrap_or_else(|| compress_any(&(0..n).map(record).collect::<Vec<_>>())),
        )
    }

    /// The summary of customers' records that are at hand, one for each customer.
    ///
    /// The same as [`from_records`](Self::from_records), on all threads.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] for more than 2^32 - 1 customers.
    pub fn from_slice(records: &[PurchaseRecord]) -> Result<Self, ValueError> {
        check_number(records.len())?;
        let days = compress_days(records.len(), |row| DayKey::of(&records[row]));
        Ok(Self::from_parts(days.unwrap_or_else(|| compress_any(records))))
    }

    /// The summary of any customers' records.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] for more than 2^32 - 1 customers.
    pub fn from_records(
        records: impl IntoIterator<Item = PurchaseRecord>,
    ) -> Result<Self, ValueError> {
        let records = records.into_iter();
        let mut days = Vec::with_capacity(records.size_hint().0);
        let mut any: Vec<PurchaseRecord> = Vec::new();
        for record in records {
            // The first record off the day grid takes those before it along.
            match DayKey::of(&record) {
                Some(key) if any.is_empty() => days.push(key),
                _ => {
                    any.extend(days.drain(..).map(DayKey::record));
                    any.push(record);
                }
            }
        }
        check_number(days.len() + any.len())?;
        let whole = any.is_empty().then(|| compress_days(days.len(), |row| Some(days[row])));
        Ok(Self::from_parts(whole.flatten().unwrap_or_else(|| compress_any(&any))))
    }

    /// The summary of records that were counted elsewhere, each with the number of customers who
    /// have it.
    ///
    /// Equal records are added up, so that chained counts of parts give the summary of the whole.
    /// Memory grows with the number of distinct records alone. Single customers are not known, so
    /// [`places`](Self::places) is empty.
    ///
    /// ```
    /// use segmentry::value::{PurchaseRecord, PurchaseSummary};
    ///
    /// let once = PurchaseRecord::new(0, 0.0, 272.0)?;
    /// let twice = PurchaseRecord::new(1, 30.0, 272.0)?;
    /// let base = PurchaseSummary::from_counts([(twice, 5), (once, 90), (twice, 2)]);
    /// assert_eq!((base.customers(), base.n_customers()), (&[90, 7][..], 97));
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn from_counts(counts: impl IntoIterator<Item = (PurchaseRecord, u64)>) -> Self {
        let mut counted = Counted::default();
        for (record, customers) in counts.into_iter().filter(|&(_, customers)| customers > 0) {
            counted.add(&record, customers);
        }
        let (distinct, customers) = counted.in_order();
        Self::in_order(distinct, customers)
    }

    /// The summary of distinct records in ascending order, each with its customers.
    pub(crate) fn in_order(distinct: Vec<PurchaseRecord>, customers: Vec<u64>) -> Self {
        let n_customers = customers.iter().sum();
        Self { distinct, customers, places: Vec::new(), n_customers }
    }

    fn from_parts(parts: Compressed) -> Self {
        let n_customers = parts.places.len() as u64;
        let Compressed { distinct, customers, places } = parts;
        Self { distinct, customers, places, n_customers }
    }

    /// The distinct records, by repeat purchases first.
    pub fn distinct(&self) -> &[PurchaseRecord] {
        &self.distinct
    }

    /// How many customers have each distinct record.
    pub fn customers(&self) -> &[u64] {
        &self.customers
    }

    /// For each customer, the place of their record among the distinct ones. Empty for a summary
    /// [`from_counts`](Self::from_counts).
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    /// How many customers there are.
    pub fn n_customers(&self) -> usize {
        usize::try_from(self.n_customers).unwrap_or(usize::MAX)
    }

    /// The mean of T, in weeks.
    pub(crate) fn mean_age_in_weeks(&self) -> f64 {
        let total = blocks::sum(self.distinct.len(), |i| {
            self.distinct[i].weeks().1 * self.customers[i] as f64
        });
        total / self.n_customers as f64
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
mod tests;
