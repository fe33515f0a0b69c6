//! What credibility sees of a customer: on how many days they bought, their mean, and how the days
//! vary.

use crate::data::CustomerHistory;
use crate::units::Money;
use crate::value::ValueError;

/// Net spend of a customer over their purchase days: how many, their mean, and the squares of their
/// deviations from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetSpendRecord {
    pub(super) days: u64,
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) deviations: f64,
}

/// Net spend of each purchase, of days or periods in order of time: whether there was a purchase,
/// net spend, and what was brought back of it. What was brought back without a purchase is taken
/// off the purchase before it, or off the first.
pub(in crate::value) fn net_of_purchases(days: impl Iterator<Item = (bool, f64, f64)>) -> Vec<f64> {
    let (mut purchases, mut early) = (Vec::new(), 0.0);
    for (is_purchase, net, returns) in days {
        match purchases.last_mut() {
            _ if is_purchase => purchases.push(net),
            Some(last) => *last += returns,
            None => early += returns,
        }
    }
    if let Some(first) = purchases.first_mut() {
        *first += early;
    }
    purchases
}

impl NetSpendRecord {
    /// From the net spend of each purchase day; `None` for no days, and for spend that is not
    /// finite.
    ///
    /// ```
    /// use segmentry::value::NetSpendRecord;
    ///
    /// let record = NetSpendRecord::from_days(&[30.0, -10.0]).expect("two days");
    /// assert_eq!((record.days(), record.mean().amount()), (2, 10.0));
    /// ```
    pub fn from_days(days: &[f64]) -> Option<Self> {
        let (first, count) = (days.first()?, days.len() as f64);
        // From the first on, so that days that are all the same have no deviation at all.
        let mean = days.iter().fold(*first, |mean, day| mean + (day - first) / count);
        let deviations = days.iter().fold(0.0, |sum, day| sum + (day - mean) * (day - mean));
        (mean.is_finite() && deviations.is_finite()).then_some(Self {
            days: days.len() as u64,
            weight: count,
            mean,
            deviations,
        })
    }

    /// The records of the customers of a history, in its order. What was brought back on a day
    /// without a purchase is taken off the purchase day before it, or off the first.
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
    /// use segmentry::value::NetSpendRecord;
    /// use segmentry::work::Work;
    ///
    /// let day = |d| Date::from_ymd(2024, 3, d).unwrap();
    /// let log = [
    ///     Transaction::new("eve", day(1), 20.0),
    ///     Transaction::new("eve", day(8), 30.0),
    ///     Transaction::new("eve", day(9), -25.0),
    /// ];
    /// let spec = HistorySpec::new().purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let records = NetSpendRecord::of(&history)?;
    /// assert_eq!((records[0].days(), records[0].mean().amount()), (2, 12.5)); // 20 and 5
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(history: &CustomerHistory) -> Result<Vec<Self>, ValueError> {
        let days = history.purchase_days().map_err(ValueError::Data)?;
        let record = |row| {
            let net = net_of_purchases(
                days.of(row)
                    .map(|day| (day.is_purchase(), day.net().amount(), day.returns().amount())),
            );
            Self::from_days(&net).expect("everybody in a history has a purchase, in finite money")
        };
        Ok((0..history.n_customers()).map(record).collect())
    }

    /// From sums over the purchase days: how many, net spend, and its squares.
    ///
    /// Deviations are the difference of two sums; they lose digits where the mean is large against
    /// them. [`NetSpendRecord::from_days`] does not.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless there is a day, the sums are finite, and the squares are no
    /// fewer than the sum allows.
    pub fn from_sums(days: u64, sum: f64, sum_of_squares: f64) -> Result<Self, ValueError> {
        let count = days as f64;
        Self::weighted(days, count, sum, sum_of_squares)
    }

    /// As [`NetSpendRecord::from_sums`], where days have weights: their sum, the weighted sum and
    /// the weighted sum of squares. The variance of a day is that within customers over its weight.
    ///
    /// # Errors
    ///
    /// As [`NetSpendRecord::from_sums`], and unless the weight is positive.
    pub fn weighted(
        days: u64,
        weight: f64,
        sum: f64,
        sum_of_squares: f64,
    ) -> Result<Self, ValueError> {
        let bad = |name, value, expected| Err(ValueError::Param { name, value, expected });
        if days == 0 {
            return bad("days", 0.0, "at least 1");
        }
        if !(weight > 0.0 && weight.is_finite()) {
            return bad("weight", weight, "finite and greater than 0");
        }
        if !sum.is_finite() {
            return bad("sum", sum, "finite");
        }
        let mean = sum / weight;
        let least = mean * sum;
        // Sums of a million squares are off by as many roundings at most.
        let slack = 1e-9 * least;
        if !(sum_of_squares.is_finite() && sum_of_squares >= least - slack) {
            let expected = "finite, and at least the square of the sum over the weight";
            return bad("sum_of_squares", sum_of_squares, expected);
        }
        let deviations = if days == 1 { 0.0 } else { (sum_of_squares - least).max(0.0) };
        Ok(Self { days, weight, mean, deviations })
    }

    /// On how many days the customer bought.
    pub fn days(&self) -> u64 {
        self.days
    }

    /// Mean net spend on a purchase day.
    pub fn mean(&self) -> Money {
        Money::finite(self.mean)
    }
}
