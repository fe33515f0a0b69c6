//! The likelihood of many customers with its first and second derivatives: what a fit evaluates.
//!
//! A silence has two fates, staying and waiting until T, or leaving at some time u between t_x and
//! T. The likelihood is the mass of this mixture; its derivatives are means over it of the slopes
//! at a fixed time, so the integral is differentiated under its sign and never by differences.

use std::ops::Range;

use crate::num::blocks;
use crate::num::decay::Decay;
use crate::num::newton::Curve;
use crate::num::real::{exp, ln, ln_1p};
use crate::num::special::{digamma_rise, ln_rising, trigamma_fall};
use crate::value::{PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

use super::Parameters;
use super::grid::{Grid, Table};
use super::standing::Standing;

/// A mass, its four slopes by r, α, s, β, and the ten means of what their second derivatives are
/// made of.
pub(super) const COLUMNS: usize = 15;

/// Row and column of the last ten columns in the matrix of second derivatives.
const PAIRS: [(usize, usize); 10] =
    [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)];

/// The distinct records, cut into runs of equal x that share a table.
pub(in crate::value) struct Rows<'a> {
    base: &'a PurchaseSummary,
    runs: Vec<Run>,
    /// Each x that occurs, and how many customers have it.
    by_x: Vec<(u32, f64)>,
    /// The last day of the grid; `None` where no run has whole days.
    last_day: Option<usize>,
}

/// Records of equal x.
struct Run {
    rows: Range<usize>,
    /// The first and last day of their times, where these are whole and the run is long enough for
    /// a table to pay.
    days: Option<Range<usize>>,
}

/// Records per run at most, which makes it a task for a thread.
const RUN: usize = 8192;
/// A record on its own costs as much as so many days of a table.
const DAYS_PER_RECORD: usize = 24;
/// Days beyond this, 179 years, are not tabulated.
const LAST_DAY: f64 = 65_536.0;

impl<'a> Rows<'a> {
    pub(super) fn of(base: &'a PurchaseSummary) -> Self {
        let records = base.distinct();
        let mut rows = Self { base, runs: Vec::new(), by_x: Vec::new(), last_day: None };
        let mut start = 0;
        for group in records.chunk_by(|a, b| a.repeat_purchases() == b.repeat_purchases()) {
            let mut customers = 0.0;
            for &n in &base.customers()[start..start + group.len()] {
                customers += n as f64;
            }
            rows.by_x.push((group[0].repeat_purchases(), customers));
            for chunk in group.chunks(RUN) {
                let days =
                    days_of(chunk).filter(|days| days.len() <= chunk.len() * DAYS_PER_RECORD);
                let run = Run { rows: start..start + chunk.len(), days };
                if let Some(days) = &run.days {
                    rows.last_day = rows.last_day.max(Some(days.end));
                }
                rows.runs.push(run);
                start += chunk.len();
            }
        }
        rows
    }

    /// The same with a table for every run, or for none.
    #[cfg(test)]
    pub(super) fn with_tables(base: &'a PurchaseSummary, with: bool) -> Self {
        let mut rows = Self::of(base);
        rows.last_day = None;
        for run in &mut rows.runs {
            run.days = days_of(&base.distinct()[run.rows.clone()]).filter(|_| with);
            rows.last_day = rows.last_day.max(run.days.as_ref().map(|days| days.end));
        }
        rows
    }

    /// The negative log-likelihood with both derivatives, in the logarithms of r, α, s, β.
    pub(in crate::value) fn negative_log_likelihood(
        &self,
        logs: &[f64; 4],
        work: &Work,
    ) -> Result<Curve<4>, ValueError> {
        let [r, alpha, s, beta] = logs.map(exp);
        let parameters = Parameters { r, alpha, s, beta };
        let grid = self.last_day.map(|last| Grid::new(&parameters, last));
        let parts = blocks::map_tasks(self.runs.len(), work, |run| {
            sum_of_run(self.base, &self.runs[run], &parameters, grid.as_ref())
        })?;
        let mut sum = Sum::default();
        for part in &parts {
            sum.add(part);
        }
        for &(x, customers) in &self.by_x {
            sum.add_terms_of_x(r, x, customers);
        }
        Ok(sum.negative_in_logs([r, alpha, s, beta]))
    }

    /// How many tasks the records are cut into.
    #[cfg(all(test, feature = "parallel"))]
    pub(super) fn tasks(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn mean_age(&self) -> f64 {
        let total = blocks::sum(self.base.distinct().len(), |i| {
            self.base.distinct()[i].weeks().1 * self.base.customers()[i] as f64
        });
        total / self.base.n_customers() as f64
    }
}

/// The days that a table for these records spans, if their times are whole.
fn days_of(records: &[PurchaseRecord]) -> Option<Range<usize>> {
    let (mut first, mut last) = (LAST_DAY, 0.0_f64);
    for record in records {
        let (t_x, age) = (record.age_at_last(), record.age());
        if t_x.trunc() != t_x || age.trunc() != age || age > LAST_DAY {
            return None;
        }
        first = first.min(t_x);
        last = last.max(age);
    }
    Some(first as usize..last as usize)
}

/// One record's negative log-likelihood with its derivatives by the logarithms of r, α, s, β.
pub(super) fn negative_log_likelihood_of(logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4> {
    let [r, alpha, s, beta] = logs.map(exp);
    let parameters = Parameters { r, alpha, s, beta };
    let x = record.repeat_purchases();
    let mut sum = Sum::default();
    let (level, mixture) = mixture(&parameters, record);
    sum.add_mixture(level, &mixture, 1.0);
    sum.add_terms_of_x(r, x, 1.0);
    sum.negative_in_logs([r, alpha, s, beta])
}

/// The standing of every distinct record, in their order, from the same tables.
pub(super) fn standings(
    base: &PurchaseSummary,
    parameters: &Parameters,
    work: &Work,
) -> Result<Vec<Standing>, ValueError> {
    let rows = Rows::of(base);
    let grid = rows.last_day.map(|last| Grid::new(parameters, last));
    let parts = blocks::map_tasks(rows.runs.len(), work, |run| {
        let run = &rows.runs[run];
        let records = &base.distinct()[run.rows.clone()];
        let table = table_of_run(records, run, parameters, grid.as_ref());
        let standing = |record: &PurchaseRecord| match table
            .as_ref()
            .and_then(|table| table.odds_gone(record))
        {
            Some(odds) => Standing::with_odds_gone(parameters, record, odds),
            None => Standing::of(parameters, record),
        };
        records.iter().map(standing).collect::<Vec<_>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

fn table_of_run(
    records: &[PurchaseRecord],
    run: &Run,
    parameters: &Parameters,
    grid: Option<&Grid>,
) -> Option<Table> {
    let x = f64::from(records[0].repeat_purchases());
    Table::new(grid?, parameters, x, run.days.clone()?)
}

/// A log-likelihood with its derivatives by r, α, s, β.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: f64,
    gradient: [f64; 4],
    hessian: [f64; 10],
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..4 {
            self.gradient[i] += other.gradient[i];
        }
        for i in 0..10 {
            self.hessian[i] += other.hessian[i];
        }
    }

    /// Adds what depends on x alone, of that many customers.
    fn add_terms_of_x(&mut self, r: f64, x: u32, customers: f64) {
        self.value += customers * ln_rising(r, x);
        self.gradient[0] += customers * digamma_rise(r, x);
        self.hessian[0] -= customers * trigamma_fall(r, x);
    }

    /// The negative of it by the logarithms of the parameters.
    fn negative_in_logs(&self, p: [f64; 4]) -> Curve<4> {
        let gradient: [f64; 4] = std::array::from_fn(|i| -p[i] * self.gradient[i]);
        let mut hessian = [[0.0; 4]; 4];
        for (&(i, j), second) in PAIRS.iter().zip(self.hessian) {
            let own = if i == j { gradient[i] } else { 0.0 };
            hessian[i][j] = own - p[i] * p[j] * second;
            hessian[j][i] = hessian[i][j];
        }
        Curve { value: -self.value, gradient, hessian }
    }

    /// Adds that many customers whose likelihood is `e^level` times the mass of the mixture.
    fn add_mixture(&mut self, level: f64, mixture: &[f64; COLUMNS], customers: f64) {
        self.value += customers * (level + ln(mixture[0]));
        let scale = 1.0 / mixture[0];
        let slopes: [f64; 4] = std::array::from_fn(|i| mixture[1 + i] * scale);
        for i in 0..4 {
            self.gradient[i] += customers * slopes[i];
        }
        for (place, &(i, j)) in PAIRS.iter().enumerate() {
            self.hessian[place] += customers * (mixture[5 + place] * scale - slopes[i] * slopes[j]);
        }
    }
}

fn sum_of_run(
    base: &PurchaseSummary,
    run: &Run,
    parameters: &Parameters,
    grid: Option<&Grid>,
) -> Sum {
    let records = &base.distinct()[run.rows.clone()];
    let customers = &base.customers()[run.rows.clone()];
    let table = table_of_run(records, run, parameters, grid);
    let mut sum = Sum::default();
    for (record, &n) in records.iter().zip(customers) {
        let tabulated = table.as_ref().and_then(|table| table.mixture(record));
        let (level, mixture) = tabulated.unwrap_or_else(|| mixture(parameters, record));
        sum.add_mixture(level, &mixture, n as f64);
    }
    sum
}

/// The level and the mixture of one record, its integral taken on its own.
fn mixture(parameters: &Parameters, record: &PurchaseRecord) -> (f64, [f64; COLUMNS]) {
    let &Parameters { r, alpha, s, beta } = parameters;
    let (t_x, age) = record.weeks();
    let x = f64::from(record.repeat_purchases());
    let silent = (record.age() - record.age_at_last()) / 7.0;
    let leaving = Decay { a: alpha + t_x, p: r + x, b: beta + t_x, q: s + 1.0, c: 0.0 };
    let waits = exp(-((r + x) * ln_1p(silent / leaving.a) + s * ln_1p(silent / leaving.b)));
    let gone = leaving.moments(silent, |y| Moment::new(parameters, t_x + y).gone(parameters, x));
    let stays = Moment::new(parameters, age).stays(parameters, x);
    let level = -(r * ln_1p(t_x / alpha) + x * ln(alpha + t_x) + s * ln_1p(t_x / beta));
    let rate = s / leaving.b;
    (level, std::array::from_fn(|i| waits * stays[i] + rate * gone[i]))
}

/// What the slopes at a time are made of.
///
/// Logarithms are taken of `1 + u/α` and not of `α + u`, so that nothing cancels where a shape and
/// its scale grow together, as they do in bases whose customers all buy at one rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// `ln(1 + u/α)`.
    ln_a: f64,
    /// `u / (α (α+u))`.
    share_a: f64,
    /// `1 / (α+u)`.
    inverse_a: f64,
    ln_b: f64,
    share_b: f64,
    inverse_b: f64,
}

impl Moment {
    pub(super) fn new(&Parameters { alpha, beta, .. }: &Parameters, u: f64) -> Self {
        let (inverse_a, inverse_b) = (1.0 / (alpha + u), 1.0 / (beta + u));
        Self {
            ln_a: ln_1p(u / alpha),
            share_a: u / alpha * inverse_a,
            inverse_a,
            ln_b: ln_1p(u / beta),
            share_b: u / beta * inverse_b,
            inverse_b,
        }
    }

    /// `r ln(1 + u/α) + x ln(α+u) + s ln(1 + u/β)`, of which the likelihood of staying and waiting
    /// until u is the negative exponential.
    pub(super) fn wait(&self, &Parameters { r, s, .. }: &Parameters, x: f64) -> f64 {
        r * self.ln_a - x * ln(self.inverse_a) + s * self.ln_b
    }

    /// Rate of leaving at this time among those who are still there: `s / (β+u)`.
    pub(super) fn rate(&self, parameters: &Parameters) -> f64 {
        parameters.s * self.inverse_b
    }

    /// The columns of staying until this time.
    pub(super) fn stays(&self, parameters: &Parameters, x: f64) -> [f64; COLUMNS] {
        let &Parameters { s, beta, .. } = parameters;
        let by_s = -self.ln_b;
        let by_beta = s * self.share_b;
        let by_beta_beta = by_beta * by_beta - by_beta * (self.inverse_b + 1.0 / beta);
        self.columns(parameters, x, [by_s, by_beta], [by_s * by_s, by_beta_beta])
    }

    /// The columns of leaving at this time; the rate of leaving, `s / (β+u)`, is in their slopes
    /// and not in their mass.
    #[inline]
    pub(super) fn gone(&self, parameters: &Parameters, x: f64) -> [f64; COLUMNS] {
        let &Parameters { s, beta, .. } = parameters;
        let by_s = 1.0 / s - self.ln_b;
        // (1/s - ln)² less 1/s², without their cancellation where s is small.
        let by_s_s = self.ln_b * (self.ln_b - 2.0 / s);
        let stay = s * self.share_b;
        let by_beta = stay - self.inverse_b;
        let by_beta_beta = by_beta * by_beta + self.inverse_b * self.inverse_b
            - stay * (self.inverse_b + 1.0 / beta);
        self.columns(parameters, x, [by_s, by_beta], [by_s_s, by_beta_beta])
    }

    /// All columns, of which the slopes and own second derivatives by s and β differ between the
    /// fates.
    #[inline]
    fn columns(
        &self,
        &Parameters { r, alpha, .. }: &Parameters,
        x: f64,
        [by_s, by_beta]: [f64; 2],
        [by_s_s, by_beta_beta]: [f64; 2],
    ) -> [f64; COLUMNS] {
        let by_r = -self.ln_a;
        let by_alpha = r * self.share_a - x * self.inverse_a;
        let by_alpha_alpha = by_alpha * by_alpha + x * self.inverse_a * self.inverse_a
            - r * self.share_a * (self.inverse_a + 1.0 / alpha);
        [
            1.0,
            by_r,
            by_alpha,
            by_s,
            by_beta,
            by_r * by_r,
            by_r * by_alpha + self.share_a,
            by_r * by_s,
            by_r * by_beta,
            by_alpha_alpha,
            by_alpha * by_s,
            by_alpha * by_beta,
            by_s_s,
            by_s * by_beta + self.share_b,
            by_beta_beta,
        ]
    }
}
