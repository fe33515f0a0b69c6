//! Purchase records together with what their regularity shows in: the times between purchases.
//!
//! Of all these times the likelihood of a regular model needs one number, the sum of their
//! logarithms, and that only to compare degrees of regularity with each other.

use crate::data::{CustomerHistory, DayTotal};
use crate::num::real::ln;
use crate::value::{PurchaseRecord, PurchaseSummary, ValueError};

/// The purchase records of a customer base, and the logarithms of the days between purchases,
/// summed over everybody.
///
/// ```
/// use segmentry::value::PurchaseRhythm;
///
/// // Days from the first purchase to each repeat purchase, and to the end of the observation.
/// let rhythm = PurchaseRhythm::from_ages([(vec![7.0, 14.0, 21.0], 30.0), (vec![], 12.0)])?;
/// assert_eq!(rhythm.base().n_customers(), 2);
/// assert!((rhythm.log_intervals() - 3.0 * 7f64.ln()).abs() < 1e-14);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PurchaseRhythm {
    base: PurchaseSummary,
    log_intervals: f64,
}

impl PurchaseRhythm {
    /// A summary made elsewhere, with the sum over all customers of the logarithms of the days
    /// between successive purchases.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless the sum is finite.
    pub fn new(base: PurchaseSummary, log_intervals: f64) -> Result<Self, ValueError> {
        if log_intervals.is_finite() {
            return Ok(Self { base, log_intervals });
        }
        let expected = "finite";
        Err(ValueError::Param { name: "log_intervals", value: log_intervals, expected })
    }

    /// Of each customer the days from the first purchase to every repeat purchase, ascending, and
    /// to the end of the observation.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] where purchases do not follow each other in time, or one is after
    /// the end; [`ValueError::Length`] for more than 2^32 - 1 customers.
    pub fn from_ages<A: AsRef<[f64]>>(
        customers: impl IntoIterator<Item = (A, f64)>,
    ) -> Result<Self, ValueError> {
        let (mut records, mut log_intervals) = (Vec::new(), 0.0);
        for (row, (ages, end)) in customers.into_iter().enumerate() {
            let bad = || ValueError::BadValue {
                what: "an age at a purchase",
                row,
                expected: "after the one before it, and at most the age at the end",
            };
            let mut before = 0.0;
            for &age in ages.as_ref() {
                if !(age > before && age.is_finite()) {
                    return Err(bad());
                }
                log_intervals += ln(age - before);
                before = age;
            }
            let x = u32::try_from(ages.as_ref().len()).map_err(|_| bad())?;
            records.push(PurchaseRecord::new(x, before, end).map_err(|_| bad())?);
        }
        Ok(Self { base: PurchaseSummary::from_records(records)?, log_intervals })
    }

    /// The rhythm of a history: its records, with the days between the purchases of each customer.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where
    /// [`HistorySpec::purchase_days`](crate::data::HistorySpec::purchase_days) was not asked for.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::Date;
    /// use segmentry::value::PurchaseRhythm;
    /// use segmentry::work::Work;
    ///
    /// let buy = |d| Transaction::new("eve", Date::from_ymd(2024, 3, d).unwrap(), 20.0);
    /// let log = [buy(1), buy(8), buy(18)];
    /// let spec = HistorySpec::new().purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let rhythm = PurchaseRhythm::of(&history)?;
    /// assert_eq!(rhythm.base().n_customers(), 1);
    /// assert!((rhythm.log_intervals() - 70f64.ln()).abs() < 1e-14); // 7 days, then 10
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(history: &CustomerHistory) -> Result<Self, ValueError> {
        let days = history.purchase_days().map_err(ValueError::Data)?;
        // Days between purchases are whole and few, so they are counted, and their logarithms
        // added up in the order of their length: the order of the customers leaves no trace.
        let mut counts: Vec<u64> = Vec::new();
        for row in 0..history.n_customers() {
            let mut before = None;
            for day in days.of(row).filter(DayTotal::is_purchase) {
                let (now, ..) = day.whole();
                if let Some(before) = before.replace(now) {
                    let gap = now.abs_diff(before) as usize;
                    if counts.len() <= gap {
                        counts.resize(gap + 1, 0);
                    }
                    counts[gap] += 1;
                }
            }
        }
        let weighted = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        let log_intervals =
            weighted.fold(0.0, |sum, (gap, &count)| sum + count as f64 * ln(gap as f64));
        Ok(Self { base: PurchaseSummary::of(history), log_intervals })
    }

    /// The purchase records.
    pub fn base(&self) -> &PurchaseSummary {
        &self.base
    }

    /// The sum of the logarithms of the days between purchases.
    pub fn log_intervals(&self) -> f64 {
        self.log_intervals
    }
}
