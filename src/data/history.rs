//! The customer history: one row per customer, columns of whole numbers.

use std::fmt;

use crate::data::cells::SortedCells;
use crate::data::partitions;
use crate::data::roster::Entry;
use crate::data::summary::Summary;
use crate::data::{DataError, DataQuality, HistorySpec, PurchaseDays, TransactionSource};
use crate::units::{CustomerIds, Date, Days, Money};
use crate::work::Work;

/// What each customer did, by the conventions of the [module](crate::data).
///
/// Customers stand in the byte order of their ids. Everybody in it has at least one purchase.
///
/// # Example
///
/// ```
/// use segmentry::data::{Batches, CustomerHistory, HistorySpec, ScanRequest, SourceError, Transaction, TransactionSource};
/// use segmentry::{units::Date, work::Work};
///
/// struct Till;
/// impl TransactionSource for Till {
///     fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
///         let day = |d| Date::from_ymd(2024, 3, d).unwrap();
///         Ok(Batches::from_rows([
///             Ok(Transaction::new("eve", day(1), 20.0)),
///             Ok(Transaction::new("eve", day(1), 5.0)), // the same day: the same purchase
///             Ok(Transaction::new("eve", day(8), 30.0)),
///             Ok(Transaction::new("eve", day(9), -5.0)), // a return
///         ]))
///     }
/// }
///
/// let spec = HistorySpec::new().observed_until(Date::from_ymd(2024, 3, 15)?);
/// let history = CustomerHistory::read(&Till, &spec, &Work::new())?;
/// assert_eq!(history.purchases(0), 2);
/// assert_eq!(history.repeat_purchases(0), 1);      // x
/// assert_eq!(history.age_at_last(0).count(), 7);   // t_x
/// assert_eq!(history.age(0).count(), 14);          // T
/// assert_eq!(history.days_since_last(0).count(), 7);
/// assert_eq!((history.gross(0).amount(), history.net(0).amount()), (55.0, 50.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CustomerHistory {
    ids: CustomerIds,
    columns: Columns,
    categories: Option<CategoryTotals>,
    quality: DataQuality,
    minor_digits: u8,
    holdout_until: Option<Date>,
}

/// What is kept of each customer, each as long as there are customers.
#[derive(Clone, PartialEq)]
pub(crate) struct Columns {
    pub(crate) summaries: Vec<Entry<Summary>>,
    pub(crate) squared_gaps: Option<Vec<u64>>,
    pub(crate) held_out: Option<Vec<Summary>>,
    pub(crate) purchase_days: Option<PurchaseDays>,
    pub(crate) held_out_days: Option<PurchaseDays>,
}

/// What each customer spent in each category, gross.
#[derive(Clone, PartialEq)]
pub struct CategoryTotals {
    names: Vec<String>,
    starts: Vec<usize>,
    entries: Vec<(u32, i64)>,
}

impl CustomerHistory {
    /// Reads a source on the calling thread, partition by partition.
    ///
    /// # Errors
    ///
    /// [`DataError::Source`] where the source failed, with how far the reading came;
    /// [`DataError::NoPurchases`] where nobody bought anything; any fault of a row that the
    /// specification does not skip.
    pub fn read(
        source: &dyn TransactionSource,
        spec: &HistorySpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        partitions::read(source, spec, work)?.finish(work)
    }

    /// Reads the partitions of a source side by side, on the threads of the caller's pool.
    ///
    /// The history is the same, bit for bit, as that of [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); of several partitions that fail, the first is reported.
    pub fn read_parallel(
        source: &(dyn TransactionSource + Sync),
        spec: &HistorySpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        partitions::read_parallel(source, spec, work)?.finish(work)
    }

    pub(crate) fn new(
        ids: CustomerIds,
        columns: Columns,
        categories: Option<CategoryTotals>,
        quality: DataQuality,
        minor_digits: u8,
        holdout_until: Option<Date>,
    ) -> Self {
        Self { ids, columns, categories, quality, minor_digits, holdout_until }
    }

    fn summary(&self, row: usize) -> &Summary {
        &self.columns.summaries[row].value
    }

    /// How many decimals its minor units are of.
    pub(crate) fn minor_digits(&self) -> u8 {
        self.minor_digits
    }

    /// Who stands in which row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many customers.
    pub fn n_customers(&self) -> usize {
        self.ids.len()
    }

    /// What became of every row that was read.
    pub fn quality(&self) -> &DataQuality {
        &self.quality
    }

    /// The first day of the observation.
    pub fn observed_from(&self) -> Date {
        self.quality.observed_from
    }

    /// The last day of the observation, to which ages run.
    pub fn observed_until(&self) -> Date {
        self.quality.observed_until
    }

    /// The day of the first purchase of the customer in `row`.
    pub fn first_purchase(&self, row: usize) -> Date {
        date(self.summary(row).first_day)
    }

    /// The day of the last purchase.
    pub fn last_purchase(&self, row: usize) -> Date {
        date(self.summary(row).last_day)
    }

    /// How many purchases: days on which the customer bought. At least one.
    #[doc(alias = "frequency")]
    pub fn purchases(&self, row: usize) -> u32 {
        self.summary(row).purchase_days
    }

    /// Purchases after the first: `x` of the buy-till-you-die models.
    #[doc(alias = "frequency")]
    pub fn repeat_purchases(&self, row: usize) -> u32 {
        self.summary(row).purchase_days - 1
    }

    /// From the first purchase to the last: `t_x` of the buy-till-you-die models. Zero without a
    /// repeat purchase.
    #[doc(alias = "recency")]
    pub fn age_at_last(&self, row: usize) -> Days {
        days(self.summary(row).first_day, self.summary(row).last_day)
    }

    /// From the first purchase to the end of the observation: `T` of the buy-till-you-die models.
    pub fn age(&self, row: usize) -> Days {
        days(self.summary(row).first_day, self.quality.observed_until.day_number())
    }

    /// From the last purchase to the end of the observation: the "recency" of RFM.
    #[doc(alias = "recency")]
    pub fn days_since_last(&self, row: usize) -> Days {
        days(self.summary(row).last_day, self.quality.observed_until.day_number())
    }

    /// What the customer paid, returns not taken off.
    pub fn gross(&self, row: usize) -> Money {
        Money::from_minor(self.summary(row).gross, self.minor_digits)
    }

    /// What went back to the customer: zero or negative.
    pub fn returns(&self, row: usize) -> Money {
        Money::from_minor(self.summary(row).returns, self.minor_digits)
    }

    /// What the customer paid, less returns; may be negative.
    pub fn net(&self, row: usize) -> Money {
        Money::from_minor(
            self.summary(row).gross.saturating_add(self.summary(row).returns),
            self.minor_digits,
        )
    }

    /// Gross spend of the purchases after the first, which is what spend models are fitted to.
    pub fn repeat_gross(&self, row: usize) -> Money {
        Money::from_minor(
            self.summary(row).gross - self.summary(row).first_gross,
            self.minor_digits,
        )
    }

    /// Mean and spread of the days between purchases. `None` for a customer with one purchase.
    ///
    /// # Errors
    ///
    /// [`DataError::NotAsked`] where the specification did not ask for [`HistorySpec::rhythm`].
    pub fn rhythm(&self, row: usize) -> Result<Option<Rhythm>, DataError> {
        let squares = self
            .columns
            .squared_gaps
            .as_ref()
            .ok_or(DataError::NotAsked { aggregate: "rhythm" })?;
        let gaps = self.repeat_purchases(row);
        if gaps == 0 {
            return Ok(None);
        }
        let total = self.summary(row).first_day.abs_diff(self.summary(row).last_day);
        let mean = f64::from(total) / f64::from(gaps);
        // n Σg² - (Σg)² in whole numbers: no cancellation.
        let n = u128::from(gaps);
        let spread = n * u128::from(squares[row]) - u128::from(total) * u128::from(total);
        let standard_deviation = (gaps > 1).then(|| (spread as f64 / (n * (n - 1)) as f64).sqrt());
        Ok(Some(Rhythm { mean_gap: mean, standard_deviation }))
    }

    /// The days on which each customer bought or brought back, with the money of each.
    ///
    /// # Errors
    ///
    /// [`DataError::NotAsked`] where the specification did not ask for
    /// [`HistorySpec::purchase_days`].
    pub fn purchase_days(&self) -> Result<&PurchaseDays, DataError> {
        self.columns
            .purchase_days
            .as_ref()
            .ok_or(DataError::NotAsked { aggregate: "purchase_days" })
    }

    /// What customers did in the holdout, which forecasts made from the rest can be tested on.
    ///
    /// # Errors
    ///
    /// [`DataError::NotAsked`] where the specification did not ask for
    /// [`HistorySpec::holdout_until`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::{units::Date, work::Work};
    ///
    /// let day = |d| Date::from_ymd(2024, 3, d).unwrap();
    /// let log = [
    ///     Transaction::new("eve", day(1), 20.0),
    ///     Transaction::new("eve", day(11), 5.0),
    ///     Transaction::new("eve", day(11), 6.0), // the same day: the same purchase
    ///     Transaction::new("eve", day(12), -1.0),
    /// ];
    /// let spec = HistorySpec::new().observed_until(day(10)).holdout_until(day(20));
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// assert_eq!((history.purchases(0), history.gross(0).amount()), (1, 20.0));
    /// let held_out = history.held_out()?;
    /// assert_eq!((held_out.purchases(0), held_out.gross(0).amount()), (1, 11.0));
    /// assert_eq!((held_out.net(0).amount(), held_out.length().count()), (10.0, 10));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn held_out(&self) -> Result<HeldOut<'_>, DataError> {
        let summaries = self.columns.held_out.as_deref();
        let (summaries, until) = summaries
            .zip(self.holdout_until)
            .ok_or(DataError::NotAsked { aggregate: "holdout_until" })?;
        Ok(HeldOut { history: self, summaries, until })
    }

    /// Spend in each category.
    ///
    /// # Errors
    ///
    /// [`DataError::NotAsked`] where the specification did not ask for [`HistorySpec::categories`].
    pub fn categories(&self) -> Result<&CategoryTotals, DataError> {
        self.categories.as_ref().ok_or(DataError::NotAsked { aggregate: "categories" })
    }
}

/// What the customers of a history did in its holdout; customers who first bought there are in
/// neither.
#[derive(Clone, Copy)]
pub struct HeldOut<'a> {
    history: &'a CustomerHistory,
    summaries: &'a [Summary],
    until: Date,
}

impl<'a> HeldOut<'a> {
    /// The last day of the holdout.
    pub fn until(&self) -> Date {
        self.until
    }

    /// How long it is: from the day after the observation to its last day, both included.
    pub fn length(&self) -> Days {
        days(self.history.observed_until().day_number(), self.until.day_number())
    }

    /// How many purchases of the customer in `row` lie in it: days on which the customer bought.
    pub fn purchases(&self, row: usize) -> u32 {
        self.summaries[row].purchase_days
    }

    /// What the customer paid in it, returns not taken off.
    pub fn gross(&self, row: usize) -> Money {
        Money::from_minor(self.summaries[row].gross, self.history.minor_digits)
    }

    /// What went back to the customer in it: zero or negative.
    pub fn returns(&self, row: usize) -> Money {
        Money::from_minor(self.summaries[row].returns, self.history.minor_digits)
    }

    /// What the customer paid in it, less returns.
    pub fn net(&self, row: usize) -> Money {
        let Summary { gross, returns, .. } = self.summaries[row];
        Money::from_minor(gross.saturating_add(returns), self.history.minor_digits)
    }

    /// The days of the holdout on which customers bought or brought back.
    ///
    /// # Errors
    ///
    /// [`DataError::NotAsked`] where the specification did not ask for
    /// [`HistorySpec::purchase_days`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::{units::Date, work::Work};
    ///
    /// let day = |d| Date::from_ymd(2024, 3, d).unwrap();
    /// let log = [1, 11, 18].map(|d| Transaction::new("eve", day(d), 2.5));
    /// let spec = HistorySpec::new().observed_until(day(10)).holdout_until(day(20)).purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let held_out: Vec<_> = history.held_out()?.purchase_days()?.of(0).collect();
    /// assert_eq!((held_out[0].day(), held_out[1].day()), (day(11), day(18)));
    /// assert_eq!(history.purchase_days()?.of(0).len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purchase_days(&self) -> Result<&'a PurchaseDays, DataError> {
        let days = self.history.columns.held_out_days.as_ref();
        days.ok_or(DataError::NotAsked { aggregate: "purchase_days" })
    }

    /// Spend per purchase in it, per day of purchase and not per row; `None` without a purchase.
    pub fn spend_per_purchase(&self, row: usize) -> Option<f64> {
        let purchases = self.purchases(row);
        (purchases > 0).then(|| self.gross(row).amount() / f64::from(purchases))
    }
}

impl fmt::Debug for HeldOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldOut").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The days between a customer's purchases.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Rhythm {
    /// Their mean.
    pub mean_gap: f64,
    /// Their standard deviation (divisor `n - 1`), which needs two gaps.
    pub standard_deviation: Option<f64>,
}

impl CategoryTotals {
    /// The cells of the customers of these numbers, in this order. The keys of the cells are
    /// numbers of categories, whose names come in byte order with the place of each number.
    pub(crate) fn new(
        (names, places): (Vec<String>, Vec<u32>),
        cells: &SortedCells,
        numbers: impl ExactSizeIterator<Item = u32>,
    ) -> Self {
        let mut starts = Vec::with_capacity(numbers.len() + 1);
        let mut entries = Vec::with_capacity(cells.len());
        starts.push(0);
        for number in numbers {
            let start = entries.len();
            // Nothing is left of a cell whose rows were all taken out again.
            let spent = cells.of(number).iter().filter(|cell| cell.minor != 0);
            entries.extend(spent.map(|cell| (places[cell.key as usize], cell.minor)));
            entries[start..].sort_unstable_by_key(|&(category, _)| category);
            starts.push(entries.len());
        }
        entries.shrink_to_fit();
        Self { names, starts, entries }
    }

    /// The categories, in byte order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a customer spent in each category in minor units, gross, categories without spend left
    /// out.
    pub(crate) fn spent(&self, row: usize) -> impl Iterator<Item = (usize, i64)> + Clone + '_ {
        let entries = &self.entries[self.starts[row]..self.starts[row + 1]];
        entries.iter().map(|&(category, gross)| (category as usize, gross))
    }

    /// Everybody's gross spend in each category, in minor units.
    pub(crate) fn spend(&self) -> Vec<i128> {
        let mut spend = vec![0; self.names.len()];
        for &(category, gross) in &self.entries {
            spend[category as usize] += i128::from(gross);
        }
        spend
    }

    /// The share of a customer's categorised gross spend that lies in each category, in the order
    /// of [`names`](Self::names); categories without spend are left out.
    ///
    /// Empty for a customer without categorised spend.
    pub fn shares(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let entries = &self.entries[self.starts[row]..self.starts[row + 1]];
        let total: i128 = entries.iter().map(|&(_, gross)| i128::from(gross)).sum();
        entries
            .iter()
            .map(move |&(category, gross)| (category as usize, gross as f64 / total as f64))
    }
}

fn date(number: i32) -> Date {
    Date::from_day_number(number).expect("days were checked when they were read")
}

/// Days from one day number to a later one.
fn days(from: i32, to: i32) -> Days {
    Days::new(to.saturating_sub(from).max(0) as u32)
}

impl PartialEq for CustomerHistory {
    /// The same customers with the same numbers; where a history came from does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids
            && self.columns == other.columns
            && self.categories == other.categories
            && self.quality == other.quality
            && self.minor_digits == other.minor_digits
            && self.holdout_until == other.holdout_until
    }
}

impl fmt::Debug for CustomerHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerHistory")
            .field("customers", &self.n_customers())
            .field("observed_from", &self.observed_from())
            .field("observed_until", &self.observed_until())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CategoryTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CategoryTotals").field("names", &self.names).finish_non_exhaustive()
    }
}
