//! What Gamma-Gamma sees: per customer a number of purchases and their mean, grouped by the former.
//!
//! In the likelihood whatever depends on the number of purchases alone is a table, and what is left
//! of a row is the same for all rows. So the rows are kept in parts of a fixed size, sorted by
//! number of purchases within each: a part is one task, and the whole is never sorted.

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::real::ln;
use crate::units::Money;
use crate::value::ValueError;
use crate::value::gamma_gamma::likelihood::Totals;
use crate::work::Work;

/// What was seen of a customer's spend: a number of purchases and their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendRecord {
    pub(super) purchases: u32,
    pub(super) mean: f64,
}

impl SpendRecord {
    /// At least one purchase, of a mean greater than zero.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`].
    pub fn new(purchases: u32, mean: f64) -> Result<Self, ValueError> {
        if purchases == 0 {
            return Err(ValueError::Param {
                name: "purchases",
                value: 0.0,
                expected: "at least 1",
            });
        }
        if !(mean > 0.0 && mean.is_finite()) {
            return Err(ValueError::Param {
                name: "mean",
                value: mean,
                expected: "finite and greater than 0",
            });
        }
        Ok(Self { purchases, mean })
    }

    /// The repeat purchases of each customer of a history; `None` for those who have none, or paid
    /// nothing for them.
    pub fn of(history: &CustomerHistory) -> Vec<Option<Self>> {
        let record = |row| {
            let purchases = history.repeat_purchases(row);
            let total = history.repeat_gross(row).amount();
            (purchases > 0)
                .then(|| Self::new(purchases, total / f64::from(purchases)).ok())
                .flatten()
        };
        (0..history.n_customers()).map(record).collect()
    }

    /// How many purchases were seen.
    pub fn purchases(&self) -> u32 {
        self.purchases
    }

    /// Their mean.
    pub fn mean(&self) -> Money {
        Money::finite(self.mean)
    }
}

/// Rows in a part.
const PART: usize = 1 << 15;
/// Numbers of purchases below this are sorted by counting.
const COUNTED: usize = 4096;

/// The spend of many customers, grouped by number of purchases; each record may stand for several.
///
/// Use it where the same data are fitted more than once: with other weights, as a bootstrap does
/// ([`SpendSummary::counted`]), or with a model that looks at other parameters.
///
/// ```
/// use segmentry::value::{SpendRecord, SpendSummary};
///
/// let records = [SpendRecord::new(2, 22.35)?, SpendRecord::new(1, 11.77)?];
/// let summary = SpendSummary::counted(&records, &[3, 2])?;
/// assert_eq!(summary.n_customers(), 5);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SpendSummary {
    parts: Vec<Part>,
    customers: u64,
}

/// Some of the rows, by number of purchases and then by the customers that each stands for.
#[derive(Debug, Clone)]
pub(super) struct Part {
    means: Vec<f64>,
    pub(super) runs: Vec<Run>,
}

/// Rows alike in purchases and in the customers each stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) purchases: u32,
    pub(super) customers: u64,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Mean spend over customers, and how it spreads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) least: f64,
    pub(super) coefficient_of_variation: f64,
}

impl SpendSummary {
    /// One customer a record.
    pub fn from_records(records: &[SpendRecord]) -> Self {
        let parts: Vec<Part> =
            records.chunks(PART).map(|rows| part(rows.iter().copied())).collect();
        Self::of_parts(parts)
    }

    /// Each record stands for so many customers; none is allowed.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] unless there is a number for each record.
    pub fn counted(records: &[SpendRecord], customers: &[u64]) -> Result<Self, ValueError> {
        if records.len() != customers.len() {
            return Err(ValueError::Length {
                what: "the list of counts",
                expected: records.len(),
                got: customers.len(),
            });
        }
        let pairs = records.chunks(PART).zip(customers.chunks(PART));
        Ok(Self::of_parts(pairs.map(|(rows, counts)| counted_part(rows, counts)).collect()))
    }

    /// Those of whom something was seen.
    pub(super) fn seen(spend: &[Option<SpendRecord>], work: &Work) -> Result<Self, ValueError> {
        let parts = blocks::map_tasks(spend.len().div_ceil(PART), work, |task| {
            let rows = &spend[task * PART..spend.len().min((task + 1) * PART)];
            part(rows.iter().flatten().copied())
        })?;
        Ok(Self::of_parts(parts))
    }

    fn of_parts(parts: Vec<Part>) -> Self {
        let runs = parts.iter().flat_map(|part| &part.runs);
        let customers = runs.map(|run| run.customers * (run.end - run.start) as u64).sum();
        Self { parts, customers }
    }

    /// How many customers there are.
    pub fn n_customers(&self) -> u64 {
        self.customers
    }

    /// The mean over customers, the least, and the coefficient of variation.
    pub(super) fn spread(&self, work: &Work) -> Result<Spread, ValueError> {
        let n = self.customers as f64;
        let total = |term: &(dyn Fn(f64) -> f64 + Sync)| {
            let parts =
                blocks::map_tasks(self.parts.len(), work, |part| self.parts[part].sum(term))?;
            Ok::<f64, ValueError>(parts.into_iter().fold(0.0, |total, part| total + part))
        };
        // Divided before the sum, which could overflow.
        let mean = total(&|m| m / n)?;
        let variance = total(&|m| (m / mean - 1.0) * (m / mean - 1.0) / n)?;
        let means = self.parts.iter().flat_map(|part| &part.means);
        let least = means.fold(f64::INFINITY, |least, m| m.min(least));
        Ok(Spread { mean, least, coefficient_of_variation: variance.sqrt() })
    }

    /// The totals of the rows, in units of `scale`.
    pub(super) fn scaled(&self, scale: f64, work: &Work) -> Result<Totals<'_>, ValueError> {
        let parts = blocks::map_tasks(self.parts.len(), work, |index| {
            let part = &self.parts[index];
            let mut totals = Vec::with_capacity(part.means.len());
            let mut logs = 0.0;
            for run in &part.runs {
                let x = f64::from(run.purchases);
                let mut own = 0.0;
                for mean in &part.means[run.start..run.end] {
                    totals.push(x * (mean / scale));
                }
                for eight in part.means[run.start..run.end].chunks(8) {
                    own += ln_product(eight, scale);
                }
                logs += own * run.customers as f64;
            }
            (totals, logs)
        })?;
        let (totals, logs): (Vec<Vec<f64>>, Vec<f64>) = parts.into_iter().unzip();
        let log_means = logs.into_iter().fold(0.0, |total, part| total + part);
        Ok(Totals::new(&self.parts, totals, log_means))
    }
}

impl Part {
    fn sum(&self, term: &(dyn Fn(f64) -> f64 + Sync)) -> f64 {
        let mut total = 0.0;
        for run in &self.runs {
            let mut own = 0.0;
            for &mean in &self.means[run.start..run.end] {
                own += term(mean);
            }
            total += own * run.customers as f64;
        }
        total
    }
}

/// The logarithm of the product of a few values over `scale`: one logarithm where the product stays
/// in range.
fn ln_product(values: &[f64], scale: f64) -> f64 {
    const WIDE: f64 = 1e35;
    let (mut product, mut in_range) = (1.0, true);
    for &value in values {
        let ratio = value / scale;
        in_range &= ratio < WIDE && ratio > 1.0 / WIDE;
        product *= ratio;
    }
    if in_range {
        return ln(product);
    }
    values.iter().fold(0.0, |total, &value| total + ln(value / scale))
}

/// The rows by number of purchases, in the order they came within each.
fn part(rows: impl Iterator<Item = SpendRecord> + Clone) -> Part {
    let mut ends = vec![0_usize; COUNTED];
    let mut frequent = Vec::new();
    for row in rows.clone() {
        match ends.get_mut(row.purchases as usize) {
            Some(count) => *count += 1,
            None => frequent.push(row),
        }
    }
    frequent.sort_by_key(|row| row.purchases);
    let mut runs = Vec::new();
    let mut start = 0;
    for (purchases, count) in ends.iter_mut().enumerate() {
        let end = start + *count;
        if end > start {
            runs.push(Run { purchases: purchases as u32, customers: 1, start, end });
        }
        // From here on, where the next row of this many purchases goes.
        *count = start;
        start = end;
    }
    let mut means = vec![0.0; start + frequent.len()];
    for row in rows {
        if let Some(place) = ends.get_mut(row.purchases as usize) {
            means[*place] = row.mean;
            *place += 1;
        }
    }
    for group in frequent.chunk_by(|a, b| a.purchases == b.purchases) {
        let end = start + group.len();
        for (place, row) in group.iter().enumerate() {
            means[start + place] = row.mean;
        }
        runs.push(Run { purchases: group[0].purchases, customers: 1, start, end });
        start = end;
    }
    Part { means, runs }
}

/// The rows by number of purchases, then by the customers they stand for.
fn counted_part(rows: &[SpendRecord], customers: &[u64]) -> Part {
    let mut order: Vec<usize> = (0..rows.len()).filter(|&row| customers[row] > 0).collect();
    let key = |&row: &usize| (rows[row].purchases, customers[row]);
    order.sort_by_key(key);
    let mut runs = Vec::new();
    let mut start = 0;
    for group in order.chunk_by(|a, b| key(a) == key(b)) {
        let (purchases, customers) = key(&group[0]);
        runs.push(Run { purchases, customers, start, end: start + group.len() });
        start += group.len();
    }
    Part { means: order.iter().map(|&row| rows[row].mean).collect(), runs }
}
