//! The maximum-likelihood fit: one pass over the distinct records for the value and both
//! derivatives.
//!
//! Everything that depends on a time alone is a table, made once in each pass: on a day grid there
//! are a few hundred times, whatever the number of customers. What depends on x alone is taken once
//! for each x. A row is left with one exponential, and with sums in which neither x nor a
//! parameter occurs. Times off the grid have tables too, as long as there are times.

use std::ops::Range;

use crate::num::blocks;
use crate::num::newton::{Bounds, Curve, minimise};
use crate::num::real::{exp, ln, ln_1p};
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

pub(super) fn fit(
    variant: Variant,
    settings: Settings,
    base: &PurchaseSummary,
    work: &Work,
) -> Result<FittedBetaGeometric, ValueError> {
    refuse_too_few(variant, settings, base)?;
    let rows = Rows::of(variant, base, 1);
    let mut start = [0.5, base.mean_age_in_weeks().max(0.1), 1.0, 2.0].map(ln);
    if base.distinct().len() >= SAMPLED_FROM {
        let sample = Rows::of(variant, base, base.distinct().len() / SAMPLE);
        let found = minimise(start, RANGE, |logs| sample.negative_log_likelihood(logs, work))?;
        if found.converged && !found.bound.contains(&true) {
            start = found.at;
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
    /// Each x whose customers may have dropped out, with its rows in the columns below.
    runs: Vec<Run>,
    at_last: Vec<u32>,
    at_end: Vec<u32>,
    customers: Vec<f64>,
}

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
        let picked = || base.distinct().iter().zip(base.customers()).step_by(every.max(1));
        let grid = Grid::of(picked().map(|(record, _)| (record.age_at_last(), record.age())));
        let mut rows = Self {
            variant,
            signs: vec![(0.0, 0.0); grid.len()],
            times: grid.weeks(),
            by_x: Vec::new(),
            runs: Vec::new(),
            at_last: Vec::new(),
            at_end: Vec::new(),
            customers: Vec::new(),
        };
        let n = base.distinct().len().div_ceil(every.max(1));
        rows.at_last.reserve(n);
        rows.at_end.reserve(n);
        rows.customers.reserve(n);
        for (record, &customers) in picked() {
            let (x, customers) = (record.repeat_purchases(), customers as f64);
            match rows.by_x.last_mut() {
                Some((last, count)) if *last == x => *count += customers,
                _ => rows.by_x.push((x, customers)),
            }
            let at_end = grid.place(record.age());
            if variant.whole_chances(x) == 0 {
                rows.signs[at_end].0 += customers;
                continue;
            }
            let at_last = grid.place(record.age_at_last());
            rows.signs[at_last].0 += customers;
            rows.signs[at_last].1 += customers * f64::from(x);
            let row = rows.customers.len();
            match rows.runs.last_mut() {
                Some(run) if run.x == x => run.rows.end = row + 1,
                _ => rows.runs.push(Run { x, rows: row..row + 1 }),
            }
            rows.at_last.push(at_last as u32);
            rows.at_end.push(at_end as u32);
            rows.customers.push(customers);
        }
        rows
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
        let parts = blocks::map_blocks(self.customers.len(), work, |rows| {
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
        let at_risk = self.customers.iter().fold(0.0, |total, customers| total + customers);
        sum.value += at_risk * ln(a);
        sum.gradient[A] += at_risk / a;
        sum.hessian[A][A] -= at_risk / (a * a);
    }

    /// The sums over rows that share x.
    fn sums(&self, x: u32, rows: Range<usize>, [r, _, a, b]: [f64; 4], cells: &[Cell]) -> Sums {
        let shape = r + f64::from(x);
        let odds = ln(b + (self.variant.chances(x) - 1.0)) - ln(a);
        let mut sums = Sums::default();
        let mut strip = Strip::default();
        let mut from = rows.start;
        while from < rows.end {
            let to = (from + STRIP).min(rows.end);
            for (i, row) in (from..to).enumerate() {
                let last = cells[self.at_last[row] as usize];
                let end = cells[self.at_end[row] as usize];
                strip.customers[i] = self.customers[row];
                strip.silence[i] = end.log_ratio - last.log_ratio;
                strip.apart[i] = last.inverse - end.inverse;
                strip.together[i] = last.inverse + end.inverse;
            }
            // Rows without customers fill the last lanes.
            let filled = (to - from).next_multiple_of(LANES);
            for i in to - from..filled {
                strip.customers[i] = 0.0;
                (strip.silence[i], strip.apart[i], strip.together[i]) = (0.0, 0.0, 0.0);
            }
            sums.add(&strip, filled, odds, shape);
            from = to;
        }
        sums
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
    fn of(times: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        // Days are worth a table of their own unless it would be longer than the data.
        let (mut rows, mut longest, mut whole) = (0, 0.0_f64, true);
        for (last, end) in times.clone() {
            rows += 1;
            longest = longest.max(end);
            whole &= f64::from(last as u32) == last && f64::from(end as u32) == end;
        }
        if whole && longest < 4096.0 + 2.0 * f64::from(rows) {
            return Self::Days(longest as usize + 1);
        }
        let mut any: Vec<f64> = times.flat_map(|(last, end)| [last, end]).collect();
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

    fn place(&self, time: f64) -> usize {
        match self {
            Self::Days(_) => time as usize,
            Self::Any(times) => times.partition_point(|&other| other < time),
        }
    }
}

/// Rows taken at a time: their columns stay in the nearest cache.
const STRIP: usize = 128;
/// Partial sums side by side, so that one addition need not wait for the one before.
const LANES: usize = 2;

/// Some rows of equal x.
struct Strip {
    customers: [f64; STRIP],
    /// `ln((α+T) / (α+t_x))`
    silence: [f64; STRIP],
    /// `1/(α+t_x) - 1/(α+T)`
    apart: [f64; STRIP],
    /// `1/(α+t_x) + 1/(α+T)`
    together: [f64; STRIP],
    /// The probability alive.
    alive: [f64; STRIP],
    /// That times the probability of having dropped out.
    spread: [f64; STRIP],
    /// What being alive adds to the log-likelihood.
    gain: [f64; STRIP],
}

impl Default for Strip {
    fn default() -> Self {
        let none = [0.0; STRIP];
        Self {
            customers: none,
            silence: none,
            apart: none,
            together: none,
            alive: none,
            spread: none,
            gain: none,
        }
    }
}

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

impl Sums {
    fn add(&mut self, strip: &Strip, filled: usize, odds: f64, shape: f64) {
        let mut alive = strip.alive;
        let (mut spread, mut gain) = (strip.spread, strip.gain);
        for i in 0..filled {
            let fates = fates(odds - shape * strip.silence[i]);
            alive[i] = fates.first;
            spread[i] = fates.spread;
            gain[i] = fates.softplus;
        }
        let mut sums = *self;
        let mut i = 0;
        while i + LANES <= filled {
            for lane in 0..LANES {
                let at = i + lane;
                let customers = strip.customers[at];
                let (d, u) = (strip.silence[at], strip.apart[at]);
                let (w, v) = (customers * alive[at], customers * spread[at]);
                let (wu, vd, vu) = (w * u, v * d, v * u);
                sums.gain[lane] += customers * gain[at];
                sums.w[lane] += w;
                sums.wd[lane] += w * d;
                sums.wu[lane] += wu;
                sums.wus[lane] += wu * strip.together[at];
                sums.v[lane] += v;
                sums.vd[lane] += vd;
                sums.vdd[lane] += vd * d;
                sums.vu[lane] += vu;
                sums.vud[lane] += vd * u;
                sums.vuu[lane] += vu * u;
            }
            i += LANES;
        }
        *self = sums;
    }

    /// The second line of the log-likelihood is `gone + ln(1 + e^z)` with `z = alive - gone`; the
    /// first part is in [`Rows::add_signs_of_life`], this is the second. Its derivatives are those
    /// of z weighted by w, and its second ones gain v times products of the slopes of z:
    /// `-d` by r, `(r+x) u` by α, `-1/a` by a and `1/(b+n-1)` by b.
    fn add_to(&self, part: &mut Derivatives, variant: Variant, x: u32, [r, _, a, b]: [f64; 4]) {
        let total = |lanes: &[f64; LANES]| lanes[0] + lanes[1];
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
