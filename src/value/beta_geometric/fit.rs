//! The maximum-likelihood fit: one pass over the distinct records for the value and both
//! derivatives.
//!
//! Everything that depends on a time alone is a table, made once in each pass: on a day grid there
//! are a few hundred times, whatever the number of customers. What depends on x alone is taken once
//! for each x. A row is left with one exponential, and with sums in which neither x nor a
//! parameter occurs. Times off the grid have tables too, as long as there are times.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::num::blocks;
use crate::num::newton::{Bounds, Curve, minimise};
use crate::num::real::{exp, ln, ln_1p};
use crate::num::simd::{self, fma};
use crate::num::softplus::fates;
use crate::num::special::{digamma_rise, ln_rising, trigamma_fall};
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::{A, ALPHA, B, R, Settings};
use crate::value::{FittedBetaGeometric, PurchaseSummary, Refusal, ValueError};
use crate::work::{Cancelled, Work};

/// The logarithms of the parameters stay within these: a factor of nine million either way.
pub(in crate::value) const RANGE: Bounds = Bounds { low: -16.0, high: 16.0 };

/// From this many distinct records on, the search starts where a fit to a sample of them ended,
/// which leaves it three or four passes over all instead of ten. The optimum is that of all.
const SAMPLED_FROM: usize = 32_768;
/// About so many of the distinct records are in the sample: every so manieth, hence of all x.
const SAMPLE: usize = 8192;
/// Where that is a smaller part of all, a sample of this part comes between: it costs a fifth of a
/// pass over all, and saves one.
const SECOND_SAMPLE: usize = 16;

pub(super) fn fit(
    variant: Variant,
    settings: Settings,
    base: &PurchaseSummary,
    work: &Work,
) -> Result<FittedBetaGeometric, ValueError> {
    refuse_too_few(variant, settings, base)?;
    let rows = Rows::of(variant, base, 1);
    let mut start = [0.5, base.mean_age_in_weeks().max(0.1), 1.0, 2.0].map(ln);
    let distinct = base.distinct().len();
    if distinct >= SAMPLED_FROM {
        let first = distinct / SAMPLE;
        let second = (first > SECOND_SAMPLE).then_some(SECOND_SAMPLE);
        for every in [Some(first), second].into_iter().flatten() {
            let sample = Rows::of(variant, base, every);
            let found = minimise(start, RANGE, |logs| sample.negative_log_likelihood(logs, work))?;
            if found.converged && !found.bound.contains(&true) {
                start = found.at;
            }
        }
    }
    fit_from(variant, &rows, start, work)
}

/// The fit from a given start.
pub(super) fn fit_from(
    variant: Variant,
    rows: &Rows,
    start: [f64; 4],
    work: &Work,
) -> Result<FittedBetaGeometric, ValueError> {
    let found = minimise(start, RANGE, |logs| rows.negative_log_likelihood(logs, work))?;
    FittedBetaGeometric::found(variant, variant.name(), &found)
}

/// Refuses data in which too few customers came back.
pub(super) fn refuse_too_few(
    variant: Variant,
    settings: Settings,
    base: &PurchaseSummary,
) -> Result<(), ValueError> {
    let (have, need) = (base.n_repeat_customers(), settings.min_repeat_customers.max(1));
    if have >= need {
        return Ok(());
    }
    let (model, reason) = (variant.name(), Refusal::TooFewRepeatCustomers { have, need });
    Err(ValueError::Refused { model, reason })
}

/// The distinct records in columns, those of equal x together.
pub(in crate::value) struct Rows {
    variant: Variant,
    /// The times that occur, in weeks.
    times: Vec<f64>,
    /// For each of them, the customers whose last certain sign of life it is, and these times x:
    /// the age at the last purchase, or the whole age where there was no chance to drop out.
    signs: Vec<(f64, f64)>,
    /// Each x that occurs with its customers.
    by_x: Vec<(u32, f64)>,
    /// Each x whose customers may have dropped out, with its rows among those below.
    runs: Vec<Run>,
    rows: Vec<Row>,
}

/// A distinct record: the places of t_x and T among the times, and its customers.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    at_last: u32,
    at_end: u32,
    customers: f64,
}

/// Records that are read together.
const STRETCH: usize = 1 << 16;
/// Up to so many times, each stretch adds up its own signs of life.
const FEW_TIMES: usize = 1 << 13;

struct Run {
    x: u32,
    rows: Range<usize>,
}

/// What a time contributes, given r and α.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// `ln(1 + t/α)`
    log_ratio: f64,
    /// `1 / (α + t)`
    inverse: f64,
}

impl Rows {
    /// Every `every`th distinct record.
    pub(super) fn of(variant: Variant, base: &PurchaseSummary, every: usize) -> Self {
        let every = every.max(1);
        let n = base.distinct().len().div_ceil(every);
        let record = |row: usize| &base.distinct()[row * every];
        let grid = Grid::of(n, |row| (record(row).age_at_last(), record(row).age()));
        let apart = grid.len() <= FEW_TIMES;
        let rows = blocks::collect(n, |row| Row {
            at_last: grid.place(record(row).age_at_last()),
            at_end: grid.place(record(row).age()),
            customers: base.customers()[row * every] as f64,
        });
        // Customers are whole numbers, and so are these sums, whatever their order.
        let add_signs = |range: Range<usize>, signs: &mut [(f64, f64)]| {
            for (place, row) in range.clone().zip(&rows[range]) {
                let x = record(place).repeat_purchases();
                let at_risk = variant.whole_chances(x) > 0;
                let sign = &mut signs[if at_risk { row.at_last } else { row.at_end } as usize];
                sign.0 += row.customers;
                sign.1 += row.customers * f64::from(x);
            }
        };
        // Nobody can cancel a handle that is made here; an empty answer stands for that.
        let parts = blocks::map_tasks(n.div_ceil(STRETCH), &Work::new(), |stretch| {
            let range = stretch * STRETCH..(stretch * STRETCH + STRETCH).min(n);
            let mut by_x: Vec<(u32, f64)> = Vec::new();
            for (place, row) in range.clone().zip(&rows[range.clone()]) {
                let x = record(place).repeat_purchases();
                match by_x.last_mut() {
                    Some((last, count)) if *last == x => *count += row.customers,
                    _ => by_x.push((x, row.customers)),
                }
            }
            let mut signs = vec![(0.0, 0.0); if apart { grid.len() } else { 0 }];
            if apart {
                add_signs(range, &mut signs);
            }
            (by_x, signs)
        })
        .unwrap_or_default();
        let mut signs = vec![(0.0, 0.0); grid.len()];
        let mut by_x: Vec<(u32, f64)> = Vec::new();
        for (part_by_x, part_signs) in parts {
            for (x, customers) in part_by_x {
                match by_x.last_mut() {
                    Some((last, count)) if *last == x => *count += customers,
                    _ => by_x.push((x, customers)),
                }
            }
            for (sign, part) in signs.iter_mut().zip(part_signs) {
                sign.0 += part.0;
                sign.1 += part.1;
            }
        }
        if !apart {
            add_signs(0..n, &mut signs);
        }
        let (mut runs, mut start) = (Vec::with_capacity(by_x.len()), 0);
        for &(x, _) in &by_x {
            let more = |len: usize| start + len < n && record(start + len).repeat_purchases() == x;
            let end = start + count_while(n - start, more);
            if variant.whole_chances(x) > 0 {
                runs.push(Run { x, rows: start..end });
            }
            start = end;
        }
        Self { variant, times: grid.weeks(), signs, by_x, runs, rows }
    }

    /// The negative log-likelihood with both derivatives, in the logarithms of r, α, a, b.
    pub(in crate::value) fn negative_log_likelihood(
        &self,
        logs: &[f64; 4],
        work: &Work,
    ) -> Result<Curve<4>, Cancelled> {
        let p = logs.map(exp);
        let cells = self.cells(p, work)?;
        let mut sum = Derivatives::default();
        self.add_terms_of_x(p, &mut sum);
        self.add_signs_of_life(p, &cells, &mut sum);
        let first = self.runs.first().map_or(self.rows.len(), |run| run.rows.start);
        let parts = blocks::map_blocks(self.rows.len() - first, work, |rows| {
            let rows = first + rows.start..first + rows.end;
            let mut part = Derivatives::default();
            let mut run = self.runs.partition_point(|run| run.rows.end <= rows.start);
            let mut from = rows.start;
            while from < rows.end {
                let to = self.runs[run].rows.end.min(rows.end);
                let sums = self.sums(self.runs[run].x, from..to, p, &cells);
                sums.add_to(&mut part, self.variant, self.runs[run].x, p);
                (from, run) = (to, run + 1);
            }
            part
        })?;
        for part in &parts {
            sum.add_scaled(part, 1.0);
        }
        Ok(sum.negative_in_logs(&p))
    }

    fn cells(&self, [_, alpha, _, _]: [f64; 4], work: &Work) -> Result<Vec<Cell>, Cancelled> {
        let cell = |&t: &f64| Cell { log_ratio: ln_1p(t / alpha), inverse: 1.0 / (alpha + t) };
        let parts = blocks::map_blocks(self.times.len(), work, |times| {
            self.times[times].iter().map(cell).collect::<Vec<_>>()
        })?;
        Ok(parts.concat())
    }

    /// The first line of the log-likelihood, from each x to the next larger one.
    fn add_terms_of_x(&self, [r, _, a, b]: [f64; 4], sum: &mut Derivatives) {
        let (mut x_before, mut n_before) = (0, 0);
        let mut d = Derivatives::default();
        for &(x, customers) in &self.by_x {
            let step = x - x_before;
            let from = r + f64::from(x_before);
            d.value += ln_rising(from, step);
            d.gradient[R] += digamma_rise(from, step);
            d.hessian[R][R] -= trigamma_fall(from, step);
            // The rising factorials of b and of a + b end at n - 1 and n; both stand still while
            // there is no chance to drop out.
            let n = self.variant.whole_chances(x);
            if n > 0 {
                let (from, step) = (a + b + f64::from(n_before), n - n_before);
                d.value -= ln_rising(from, step);
                let slope = digamma_rise(from, step);
                d.gradient[A] -= slope;
                d.gradient[B] -= slope;
                let curve = trigamma_fall(from, step);
                d.hessian[A][A] += curve;
                d.hessian[A][B] += curve;
                d.hessian[B][B] += curve;
                let kept_before = n_before.saturating_sub(1);
                let (from, step) = (b + f64::from(kept_before), n - 1 - kept_before);
                d.value += ln_rising(from, step);
                d.gradient[B] += digamma_rise(from, step);
                d.hessian[B][B] -= trigamma_fall(from, step);
            }
            (x_before, n_before) = (x, n);
            sum.add_scaled(&d, customers);
        }
    }

    /// As if everybody who may have dropped out had done so at their last purchase.
    fn add_signs_of_life(&self, p: [f64; 4], cells: &[Cell], sum: &mut Derivatives) {
        let [r, alpha, a, _] = p;
        let ln_alpha = ln(alpha);
        for ((cell, &t), &(customers, purchases)) in cells.iter().zip(&self.times).zip(&self.signs)
        {
            let share = t * cell.inverse / alpha;
            let slope = customers * r * share;
            sum.value -= customers * r * cell.log_ratio + purchases * (ln_alpha + cell.log_ratio);
            sum.gradient[R] -= customers * cell.log_ratio;
            sum.gradient[ALPHA] += slope - purchases * cell.inverse;
            sum.hessian[R][ALPHA] += customers * share;
            sum.hessian[ALPHA][ALPHA] +=
                purchases * cell.inverse * cell.inverse - slope * (1.0 / alpha + cell.inverse);
        }
        let mut at_risk = 0.0;
        for &(x, customers) in &self.by_x {
            at_risk += if self.variant.whole_chances(x) > 0 { customers } else { 0.0 };
        }
        sum.value += at_risk * ln(a);
        sum.gradient[A] += at_risk / a;
        sum.hessian[A][A] -= at_risk / (a * a);
    }

    /// The sums over rows that share x.
    fn sums(&self, x: u32, rows: Range<usize>, [r, _, a, b]: [f64; 4], cells: &[Cell]) -> Sums {
        simd::run(SumsOf {
            rows: &self.rows[rows],
            cells,
            shape: r + f64::from(x),
            odds: ln(b + (self.variant.chances(x) - 1.0)) - ln(a),
        })
    }
}

/// The places of the times in a table.
enum Grid {
    /// Whole days from 0 on.
    Days(usize),
    /// The times themselves, ascending.
    Any(Vec<f64>),
}

impl Grid {
    /// Of the two times of each of `n` rows.
    fn of(n: usize, times: impl Fn(usize) -> (f64, f64) + Sync) -> Self {
        let is_day = |time: f64| f64::from(time as u32) == time;
        let parts = blocks::map_blocks(n, &Work::new(), |rows| {
            rows.fold((0.0_f64, true), |(longest, whole), row| {
                let (last, end) = times(row);
                (longest.max(end), whole & is_day(last) & is_day(end))
            })
        });
        let (mut longest, mut whole) = (0.0_f64, true);
        for part in parts.unwrap_or_default() {
            (longest, whole) = (longest.max(part.0), whole & part.1);
        }
        // Days are worth a table of their own unless it would be longer than the data.
        if whole && longest < 4096.0 + 2.0 * n as f64 {
            return Self::Days(longest as usize + 1);
        }
        let mut any: Vec<f64> = (0..n).map(times).flat_map(|(last, end)| [last, end]).collect();
        any.sort_unstable_by(f64::total_cmp);
        any.dedup();
        Self::Any(any)
    }

    fn len(&self) -> usize {
        match self {
            Self::Days(days) => *days,
            Self::Any(times) => times.len(),
        }
    }

    fn weeks(&self) -> Vec<f64> {
        match self {
            Self::Days(days) => (0..*days).map(|day| day as f64 / 7.0).collect(),
            Self::Any(times) => times.iter().map(|time| time / 7.0).collect(),
        }
    }

    fn place(&self, time: f64) -> u32 {
        match self {
            Self::Days(_) => time as u32,
            Self::Any(times) => times.partition_point(|&other| other < time) as u32,
        }
    }
}

/// How many of `0..n` come before the first of which it does not hold; found by halving.
fn count_while(n: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Rows taken at a time: their columns stay in the nearest cache.
const STRIP: usize = 64;
/// Partial sums side by side, on every machine.
const LANES: usize = 8;

/// Sums over rows of equal x, from which the derivatives follow.
///
/// Let w be the probability alive, v = w (1 - w), and for each row d the `silence`, u the `apart`
/// and s the `together` of a [`Strip`].
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    gain: [f64; LANES],
    w: [f64; LANES],
    wd: [f64; LANES],
    wu: [f64; LANES],
    wus: [f64; LANES],
    v: [f64; LANES],
    vd: [f64; LANES],
    vdd: [f64; LANES],
    vu: [f64; LANES],
    vud: [f64; LANES],
    vuu: [f64; LANES],
}

/// Adds up some rows of equal x.
struct SumsOf<'a> {
    rows: &'a [Row],
    cells: &'a [Cell],
    shape: f64,
    /// `ln((b+n-1) / a)`
    odds: f64,
}

/// Some rows of equal x, in columns.
struct Strip {
    customers: [f64; STRIP],
    /// `ln((α+T) / (α+t_x))`
    silence: [f64; STRIP],
    /// `1/(α+t_x) - 1/(α+T)`
    apart: [f64; STRIP],
    /// `1/(α+t_x) + 1/(α+T)`
    together: [f64; STRIP],
}

impl WithSimd for SumsOf<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Sums {
        let none = [0.0; STRIP];
        let mut strip = Strip { customers: none, silence: none, apart: none, together: none };
        let mut sums = Sums::default();
        for rows in self.rows.chunks(STRIP) {
            for (i, row) in rows.iter().enumerate() {
                let last = self.cells[row.at_last as usize];
                let end = self.cells[row.at_end as usize];
                strip.customers[i] = row.customers;
                strip.silence[i] = end.log_ratio - last.log_ratio;
                strip.apart[i] = last.inverse - end.inverse;
                strip.together[i] = last.inverse + end.inverse;
            }
            // The last lanes are filled with what is left of rows before, without customers.
            let filled = rows.len().next_multiple_of(LANES);
            for customers in &mut strip.customers[rows.len()..filled] {
                *customers = 0.0;
            }
            for from in (0..filled).step_by(LANES) {
                sums.add(&strip, from, self.odds, self.shape);
            }
        }
        sums
    }
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, strip: &Strip, from: usize, odds: f64, shape: f64) {
        let lanes = |column: &[f64; STRIP]| -> [f64; LANES] {
            std::array::from_fn(|lane| column[from + lane])
        };
        let customers = lanes(&strip.customers);
        let (d, u, s) = (lanes(&strip.silence), lanes(&strip.apart), lanes(&strip.together));
        let (mut w, mut v, mut gain) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let fates = fates(fma(-shape, d[lane], odds));
            w[lane] = customers[lane] * fates.first;
            v[lane] = customers[lane] * fates.spread;
            gain[lane] = fates.softplus;
        }
        let (mut wu, mut vd, mut vu) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            wu[lane] = w[lane] * u[lane];
            vd[lane] = v[lane] * d[lane];
            vu[lane] = v[lane] * u[lane];
        }
        add_products(&mut self.gain, &customers, &gain);
        add(&mut self.w, &w);
        add_products(&mut self.wd, &w, &d);
        add(&mut self.wu, &wu);
        add_products(&mut self.wus, &wu, &s);
        add(&mut self.v, &v);
        add(&mut self.vd, &vd);
        add_products(&mut self.vdd, &vd, &d);
        add(&mut self.vu, &vu);
        add_products(&mut self.vud, &vd, &u);
        add_products(&mut self.vuu, &vu, &u);
    }

    /// The second line of the log-likelihood is `gone + ln(1 + e^z)` with `z = alive - gone`; the
    /// first part is in [`Rows::add_signs_of_life`], this is the second. Its derivatives are those
    /// of z weighted by w, and its second ones gain v times products of the slopes of z:
    /// `-d` by r, `(r+x) u` by α, `-1/a` by a and `1/(b+n-1)` by b.
    fn add_to(&self, part: &mut Derivatives, variant: Variant, x: u32, [r, _, a, b]: [f64; 4]) {
        let total = |lanes: &[f64; LANES]| lanes.iter().fold(0.0, |total, lane| total + lane);
        let (w, wu) = (total(&self.w), total(&self.wu));
        let (v, vd, vu) = (total(&self.v), total(&self.vd), total(&self.vu));
        let shape = r + f64::from(x);
        let kept = b + (variant.chances(x) - 1.0);
        part.value += total(&self.gain);
        part.gradient[R] -= total(&self.wd);
        part.gradient[ALPHA] += shape * wu;
        part.gradient[A] -= w / a;
        part.gradient[B] += w / kept;
        part.hessian[R][R] += total(&self.vdd);
        part.hessian[R][ALPHA] += wu - shape * total(&self.vud);
        part.hessian[R][A] += vd / a;
        part.hessian[R][B] -= vd / kept;
        part.hessian[ALPHA][ALPHA] += shape * (shape * total(&self.vuu) - total(&self.wus));
        part.hessian[ALPHA][A] -= shape * vu / a;
        part.hessian[ALPHA][B] += shape * vu / kept;
        part.hessian[A][A] += (v + w) / (a * a);
        part.hessian[A][B] -= v / (a * kept);
        part.hessian[B][B] += (v - w) / (kept * kept);
    }
}

#[inline(always)]
fn add(sums: &mut [f64; LANES], terms: &[f64; LANES]) {
    for lane in 0..LANES {
        sums[lane] += terms[lane];
    }
}

#[inline(always)]
fn add_products(sums: &mut [f64; LANES], a: &[f64; LANES], b: &[f64; LANES]) {
    for lane in 0..LANES {
        sums[lane] = fma(a[lane], b[lane], sums[lane]);
    }
}

/// A value with its first and second derivatives by r, α, a, b; of the second ones the upper half.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Derivatives {
    pub(super) value: f64,
    pub(super) gradient: [f64; 4],
    pub(super) hessian: [[f64; 4]; 4],
}

impl Derivatives {
    pub(super) fn add_scaled(&mut self, other: &Self, weight: f64) {
        self.value += weight * other.value;
        for i in 0..4 {
            self.gradient[i] += weight * other.gradient[i];
            for j in i..4 {
                self.hessian[i][j] += weight * other.hessian[i][j];
            }
        }
    }

    /// The negative of it by the logarithms of the parameters `p`.
    pub(super) fn negative_in_logs(&self, p: &[f64; 4]) -> Curve<4> {
        let gradient: [f64; 4] = std::array::from_fn(|i| -p[i] * self.gradient[i]);
        let hessian = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let own = if i == j { gradient[i] } else { 0.0 };
                own - p[i] * p[j] * self.hessian[i.min(j)][i.max(j)]
            })
        });
        Curve { value: -self.value, gradient, hessian }
    }
}
