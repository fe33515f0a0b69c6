//! Expectation and maximisation in one pass, in vector instructions.
//!
//! A chunk of rows is turned into standard units once and stays in the core's first cache. For each
//! component it is centred on that component's mean, so that neither the densities nor the sums of
//! products lose digits to a distant origin, and the responsibilities never leave the chunk: a
//! pass needs no memory per customer.
//!
//! Rows lie side by side, a vector of them for each column: the chunk is a table of vectors with
//! one line for each vector of rows. Densities treat each row alone. Sums over rows run in
//! [`LANES`] virtual lanes, each of which adds its own rows in order, whatever the width of the
//! machine's vectors, so that all levels of instructions give the same bits.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cluster::mixture::Covariance;
use crate::cluster::mixture::parameters::{Component, Parameters, Sums, triangle};
use crate::cluster::mixture::table::{Table, Unit};
use crate::num::vector;

/// Rows of a chunk.
const ROWS: usize = 128;
/// Virtual lanes of sums over rows.
const LANES: usize = 8;
/// Vectors of rows whose densities are found together, so that a coefficient is read once for all.
const ABREAST: usize = 4;

/// One pass of the EM algorithm over some rows.
pub(super) struct Step<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) units: &'a [Unit],
    pub(super) parameters: &'a Parameters,
    pub(super) rows: Range<usize>,
}

/// What a stretch of rows adds.
pub(super) struct StepSums {
    pub(super) log_likelihood: f64,
    pub(super) components: Vec<Sums>,
}

/// Where rows belong under a mixture that stands.
pub(super) struct Place<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) units: &'a [Unit],
    pub(super) parameters: &'a Parameters,
    pub(super) rows: Range<usize>,
    pub(super) wanted: Wanted,
}

/// What is kept of each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing but the totals.
    Totals,
    /// The likeliest component.
    Modes,
    /// The logarithm of the density.
    LogDensities,
    /// The probability of each component.
    Posteriors,
}

/// Rows placed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Placed {
    pub(super) log_likelihood: f64,
    /// The entropy of the memberships.
    pub(super) entropy: f64,
    pub(super) modes: Vec<u32>,
    /// Log-densities, or probabilities row by row.
    pub(super) numbers: Vec<f64>,
}

impl WithSimd for Step<'_> {
    type Output = StepSums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> StepSums {
        let Self { table, units, parameters, rows } = self;
        let (k, d) = (parameters.k(), parameters.d);
        let mut chunk = Chunk::new(d, k);
        let second = match parameters.covariance {
            Covariance::Full | Covariance::Tied => (d + 1) * (d + 1),
            Covariance::Diagonal | Covariance::Spherical => 2 * d + 1,
        };
        let mut lanes = vec![0.0; k * second * LANES];
        let mut log_likelihood = [0.0; LANES];
        for first in rows.clone().step_by(ROWS) {
            chunk.read(simd, table, units, first, rows.end);
            chunk.log_densities(simd, parameters);
            chunk.posteriors(simd);
            add_likelihood(&chunk, &mut log_likelihood);
            for (component, place) in parameters.components.iter().zip(0..k) {
                let lanes = &mut lanes[place * second * LANES..(place + 1) * second * LANES];
                match parameters.covariance {
                    Covariance::Full | Covariance::Tied => {
                        chunk.centre(simd, &component.mean, place);
                        chunk.add_products(simd, lanes);
                    }
                    Covariance::Diagonal | Covariance::Spherical => {
                        chunk.add_squares(simd, &component.mean, place, lanes);
                    }
                }
            }
        }
        let components = parameters
            .components
            .iter()
            .zip(lanes.chunks_exact((second * LANES).max(1)))
            .map(|(component, lanes)| folded(component, parameters.covariance, lanes))
            .collect();
        StepSums { log_likelihood: fold(&log_likelihood), components }
    }
}

impl WithSimd for Place<'_> {
    type Output = Placed;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Placed {
        let Self { table, units, parameters, rows, wanted } = self;
        let k = parameters.k();
        let mut chunk = Chunk::new(parameters.d, k);
        let (mut log_likelihood, mut entropy) = ([0.0; LANES], [0.0; LANES]);
        let mut placed = Placed::default();
        for first in rows.clone().step_by(ROWS) {
            chunk.read(simd, table, units, first, rows.end);
            chunk.log_densities(simd, parameters);
            let count = ROWS.min(rows.end - first);
            chunk.posteriors(simd);
            add_likelihood(&chunk, &mut log_likelihood);
            match wanted {
                Wanted::Totals => chunk.add_entropy(&mut entropy),
                Wanted::LogDensities => {
                    placed.numbers.extend_from_slice(&chunk.log_density[..count]);
                }
                Wanted::Modes => placed.modes.extend((0..count).map(|row| chunk.mode(row))),
                Wanted::Posteriors => {
                    for row in 0..count {
                        placed.numbers.extend((0..k).map(|place| chunk.share(row, place)));
                    }
                }
            }
        }
        placed.log_likelihood = fold(&log_likelihood);
        placed.entropy = fold(&entropy);
        placed
    }
}

/// A few rows on their way through a pass.
struct Chunk {
    d: usize,
    /// Standard units: a line of `d` vectors for each vector of rows.
    standard: Vec<f64>,
    /// The same about a mean, with a column of ones behind.
    centred: Vec<f64>,
    /// `centred` times the responsibilities.
    weighted: Vec<f64>,
    /// For each component [`ROWS`] numbers: log-densities, then responsibilities.
    shares: Vec<[f64; ROWS]>,
    weights: [f64; ROWS],
    log_density: [f64; ROWS],
    /// What [`shares`](Self::shares) are to be multiplied by to become responsibilities.
    scale: [f64; ROWS],
    column: [f64; ROWS],
}

impl Chunk {
    #[inline(always)]
    fn new(d: usize, k: usize) -> Self {
        Self {
            d,
            standard: vec![0.0; ROWS * d],
            centred: vec![0.0; ROWS * (d + 1)],
            weighted: vec![0.0; ROWS * (d + 1)],
            shares: vec![[0.0; ROWS]; k],
            weights: [0.0; ROWS],
            log_density: [0.0; ROWS],
            scale: [0.0; ROWS],
            column: [0.0; ROWS],
        }
    }

    /// Reads rows from `first` on, and not those from `end` on: these are zero and weigh nothing.
    #[inline(always)]
    fn read<S: Simd>(&mut self, _: S, table: &Table<'_>, units: &[Unit], first: usize, end: usize) {
        let width = S::F64_LANES;
        table.copy_weights(first, &mut self.weights);
        self.weights[(end - first).min(ROWS)..].fill(0.0);
        for (place, unit) in units.iter().enumerate() {
            table.copy(place, first, &mut self.column);
            for value in &mut self.column {
                *value = unit.standard(*value);
            }
            let lines = self.standard.chunks_exact_mut(width * self.d);
            for (line, values) in lines.zip(self.column.chunks_exact(width)) {
                line[place * width..(place + 1) * width].copy_from_slice(values);
            }
        }
    }

    /// The logarithms of the weighted densities of all components.
    #[inline(always)]
    fn log_densities<S: Simd>(&mut self, simd: S, parameters: &Parameters) {
        let d = self.d;
        let standard = S::as_simd_f64s(&self.standard).0;
        let centred = &mut S::as_mut_simd_f64s(&mut self.centred).0[..ABREAST * d];
        for (component, shares) in parameters.components.iter().zip(&mut self.shares) {
            let (shares, _) = S::as_mut_simd_f64s(shares).0.as_chunks_mut::<ABREAST>();
            let height = simd.splat_f64s(component.height);
            let minus_half = simd.splat_f64s(-0.5);
            for (group, shares) in shares.iter_mut().enumerate() {
                let lines = &standard[group * ABREAST * d..(group + 1) * ABREAST * d];
                let squares = match parameters.covariance {
                    Covariance::Full | Covariance::Tied => {
                        full_squares(simd, component, lines, centred, d)
                    }
                    Covariance::Diagonal | Covariance::Spherical => {
                        diagonal_squares(simd, component, lines, d)
                    }
                };
                for (share, square) in shares.iter_mut().zip(squares) {
                    *share = simd.mul_add_f64s(minus_half, square, height);
                }
            }
        }
    }

    /// Turns log-densities into numbers in proportion to the probabilities, and finds what each row
    /// has to be multiplied by.
    #[inline(always)]
    fn posteriors<S: Simd>(&mut self, _: S) {
        let mut highest = [f64::NEG_INFINITY; ROWS];
        for shares in &self.shares {
            for (highest, &share) in highest.iter_mut().zip(shares) {
                *highest = if share > *highest { share } else { *highest };
            }
        }
        let mut total = [0.0; ROWS];
        for shares in &mut self.shares {
            for ((share, highest), total) in shares.iter_mut().zip(&highest).zip(&mut total) {
                *share = vector::exp(*share - highest);
                *total += *share;
            }
        }
        for row in 0..ROWS {
            self.log_density[row] = highest[row] + vector::ln(total[row]);
            self.scale[row] = 1.0 / total[row];
        }
    }

    /// The probability of a component.
    #[inline(always)]
    fn share(&self, row: usize, place: usize) -> f64 {
        self.shares[place][row] * self.scale[row]
    }

    /// The likeliest component, of equals the first.
    #[inline(always)]
    fn mode(&self, row: usize) -> u32 {
        let mut best = (0, self.share(row, 0));
        for place in 1..self.shares.len() {
            let share = self.share(row, place);
            if share > best.1 {
                best = (place as u32, share);
            }
        }
        best.0
    }

    /// Adds the entropy of the memberships, in virtual lanes.
    #[inline(always)]
    fn add_entropy(&self, entropy: &mut [f64; LANES]) {
        for shares in &self.shares {
            for row in 0..ROWS {
                let share = shares[row] * self.scale[row];
                // Zero times the logarithm of zero is zero.
                let log = if share > 0.0 { vector::ln(share) } else { 0.0 };
                entropy[row % LANES] -= self.weights[row] * share * log;
            }
        }
    }

    /// Centres the rows on a mean, and multiplies them by the responsibilities.
    #[inline(always)]
    fn centre<S: Simd>(&mut self, simd: S, mean: &[f64], place: usize) {
        let d = self.d;
        let standard = S::as_simd_f64s(&self.standard).0.chunks_exact(d);
        let centred = S::as_mut_simd_f64s(&mut self.centred).0.chunks_exact_mut(d + 1);
        let weighted = S::as_mut_simd_f64s(&mut self.weighted).0.chunks_exact_mut(d + 1);
        let shares = S::as_simd_f64s(&self.shares[place]).0;
        let scale = S::as_simd_f64s(&self.scale).0;
        let weights = S::as_simd_f64s(&self.weights).0;
        let one = simd.splat_f64s(1.0);
        let lines = standard.zip(centred).zip(weighted);
        let factors = shares.iter().zip(scale).zip(weights);
        for (((standard, centred), weighted), ((&share, &scale), &weight)) in lines.zip(factors) {
            let share = simd.mul_f64s(simd.mul_f64s(share, scale), weight);
            let columns =
                standard.iter().zip(mean).zip(centred.iter_mut().zip(weighted.iter_mut()));
            for ((&value, &mean), (centred, weighted)) in columns {
                *centred = simd.sub_f64s(value, simd.splat_f64s(mean));
                *weighted = simd.mul_f64s(share, *centred);
            }
            centred[d] = one;
            weighted[d] = share;
        }
    }

    /// Adds the products of all pairs of columns, of which the last is ones: its products are the
    /// sums of the others, and its own square is the count.
    #[inline(always)]
    fn add_products<S: Simd>(&self, simd: S, lanes: &mut [f64]) {
        let wide = self.d + 1;
        let centred = S::as_simd_f64s(&self.centred).0;
        let weighted = S::as_simd_f64s(&self.weighted).0;
        let sums = S::as_mut_simd_f64s(lanes).0;
        let mut a = 0;
        while a + 2 <= wide {
            let mut b = 0;
            while b + 4 <= a + 2 {
                tile::<S, 2, 4>(simd, centred, weighted, wide, (a, b), sums);
                b += 4;
            }
            match a + 2 - b {
                1 => tile::<S, 2, 1>(simd, centred, weighted, wide, (a, b), sums),
                2 => tile::<S, 2, 2>(simd, centred, weighted, wide, (a, b), sums),
                3 => tile::<S, 2, 3>(simd, centred, weighted, wide, (a, b), sums),
                _ => {}
            }
            a += 2;
        }
        if a < wide {
            let mut b = 0;
            while b + 4 <= wide {
                tile::<S, 1, 4>(simd, centred, weighted, wide, (a, b), sums);
                b += 4;
            }
            match wide - b {
                1 => tile::<S, 1, 1>(simd, centred, weighted, wide, (a, b), sums),
                2 => tile::<S, 1, 2>(simd, centred, weighted, wide, (a, b), sums),
                3 => tile::<S, 1, 3>(simd, centred, weighted, wide, (a, b), sums),
                _ => {}
            }
        }
    }

    /// Adds counts, sums and squares of the columns about a mean.
    #[inline(always)]
    fn add_squares<S: Simd>(&mut self, simd: S, mean: &[f64], place: usize, lanes: &mut [f64]) {
        let d = self.d;
        let scale = S::as_simd_f64s(&self.scale).0;
        let weights = S::as_simd_f64s(&self.weights).0;
        let shares = S::as_mut_simd_f64s(&mut self.shares[place]).0;
        let sums = S::as_mut_simd_f64s(lanes).0;
        let step = LANES / S::F64_LANES;
        let (counts, sums) = sums.split_at_mut(step);
        for (lane, count) in counts.iter_mut().enumerate() {
            let mut total = *count;
            let factors = shares.iter_mut().zip(scale).zip(weights).skip(lane).step_by(step);
            for ((share, &scale), &weight) in factors {
                *share = simd.mul_f64s(simd.mul_f64s(*share, scale), weight);
                total = simd.add_f64s(total, *share);
            }
            *count = total;
        }
        let standard = S::as_simd_f64s(&self.standard).0;
        let mut a = 0;
        while a + 4 <= d {
            squares::<S, 4>(simd, standard, shares, mean, a, sums);
            a += 4;
        }
        match d - a {
            1 => squares::<S, 1>(simd, standard, shares, mean, a, sums),
            2 => squares::<S, 2>(simd, standard, shares, mean, a, sums),
            3 => squares::<S, 3>(simd, standard, shares, mean, a, sums),
            _ => {}
        }
    }
}

/// Squared lengths of `P (x - mean)` for a few vectors of rows.
#[inline(always)]
fn full_squares<S: Simd>(
    simd: S,
    component: &Component,
    lines: &[S::f64s],
    centred: &mut [S::f64s],
    d: usize,
) -> [S::f64s; ABREAST] {
    let zero = simd.splat_f64s(0.0);
    for (line, out) in lines.chunks_exact(d).zip(centred.chunks_exact_mut(d)) {
        for ((out, &value), &mean) in out.iter_mut().zip(line).zip(&component.mean) {
            *out = simd.sub_f64s(value, simd.splat_f64s(mean));
        }
    }
    let (first, rest) = centred.split_at(d);
    let (second, rest) = rest.split_at(d);
    let (third, fourth) = rest.split_at(d);
    let mut squares = [zero; ABREAST];
    let mut a = 0;
    // Two lines of the factor at a time: each vector that is read serves both.
    while a + 2 <= d {
        let upper = &component.precision[triangle(a, 0)..][..a + 1];
        let lower = &component.precision[triangle(a + 1, 0)..][..a + 2];
        let (mut up, mut low) = ([zero; ABREAST], [zero; ABREAST]);
        let columns = first.iter().zip(second).zip(third).zip(fourth);
        let factors = upper.iter().zip(lower);
        for ((((&z0, &z1), &z2), &z3), (&upper, &lower)) in columns.zip(factors) {
            let (upper, lower) = (simd.splat_f64s(upper), simd.splat_f64s(lower));
            let z = [z0, z1, z2, z3];
            for v in 0..ABREAST {
                up[v] = simd.mul_add_f64s(upper, z[v], up[v]);
                low[v] = simd.mul_add_f64s(lower, z[v], low[v]);
            }
        }
        let last = simd.splat_f64s(lower[a + 1]);
        let z = [first[a + 1], second[a + 1], third[a + 1], fourth[a + 1]];
        for v in 0..ABREAST {
            low[v] = simd.mul_add_f64s(last, z[v], low[v]);
            squares[v] = simd.mul_add_f64s(up[v], up[v], squares[v]);
            squares[v] = simd.mul_add_f64s(low[v], low[v], squares[v]);
        }
        a += 2;
    }
    if a < d {
        let line = &component.precision[triangle(a, 0)..][..a + 1];
        let mut sum = [zero; ABREAST];
        let columns = first.iter().zip(second).zip(third).zip(fourth);
        for ((((&z0, &z1), &z2), &z3), &factor) in columns.zip(line) {
            let factor = simd.splat_f64s(factor);
            let z = [z0, z1, z2, z3];
            for v in 0..ABREAST {
                sum[v] = simd.mul_add_f64s(factor, z[v], sum[v]);
            }
        }
        for v in 0..ABREAST {
            squares[v] = simd.mul_add_f64s(sum[v], sum[v], squares[v]);
        }
    }
    squares
}

/// The same where the factor is diagonal.
#[inline(always)]
fn diagonal_squares<S: Simd>(
    simd: S,
    component: &Component,
    lines: &[S::f64s],
    d: usize,
) -> [S::f64s; ABREAST] {
    let (first, rest) = lines.split_at(d);
    let (second, rest) = rest.split_at(d);
    let (third, fourth) = rest.split_at(d);
    let mut squares = [simd.splat_f64s(0.0); ABREAST];
    let columns = first.iter().zip(second).zip(third).zip(fourth);
    let factors = component.mean.iter().zip(&component.precision);
    for ((((&x0, &x1), &x2), &x3), (&mean, &factor)) in columns.zip(factors) {
        let (mean, factor) = (simd.splat_f64s(mean), simd.splat_f64s(factor));
        let x = [x0, x1, x2, x3];
        for v in 0..ABREAST {
            let scaled = simd.mul_f64s(simd.sub_f64s(x[v], mean), factor);
            squares[v] = simd.mul_add_f64s(scaled, scaled, squares[v]);
        }
    }
    squares
}

/// Adds the products of `A` columns from `corner.0` on with `B` columns from `corner.1` on, each
/// virtual lane its own rows.
#[inline(always)]
fn tile<S: Simd, const A: usize, const B: usize>(
    simd: S,
    centred: &[S::f64s],
    weighted: &[S::f64s],
    wide: usize,
    corner: (usize, usize),
    sums: &mut [S::f64s],
) {
    let step = LANES / S::F64_LANES;
    for lane in 0..step {
        let place = |a: usize, b: usize| ((corner.0 + a) * wide + corner.1 + b) * step + lane;
        let mut total = [[simd.splat_f64s(0.0); B]; A];
        for a in 0..A {
            for b in 0..B {
                total[a][b] = sums[place(a, b)];
            }
        }
        let left = weighted[lane * wide + corner.0..].chunks(wide * step);
        let right = centred[lane * wide + corner.1..].chunks(wide * step);
        for (left, right) in left.zip(right) {
            let (Some(left), Some(right)) = (left.first_chunk::<A>(), right.first_chunk::<B>())
            else {
                break;
            };
            for a in 0..A {
                for b in 0..B {
                    total[a][b] = simd.mul_add_f64s(left[a], right[b], total[a][b]);
                }
            }
        }
        for a in 0..A {
            for b in 0..B {
                sums[place(a, b)] = total[a][b];
            }
        }
    }
}

/// Adds sums and squares of `A` columns from `first` on about their means.
#[inline(always)]
fn squares<S: Simd, const A: usize>(
    simd: S,
    standard: &[S::f64s],
    shares: &[S::f64s],
    mean: &[f64],
    first: usize,
    sums: &mut [S::f64s],
) {
    let d = mean.len();
    let step = LANES / S::F64_LANES;
    let mut centre = [simd.splat_f64s(0.0); A];
    for a in 0..A {
        centre[a] = simd.splat_f64s(mean[first + a]);
    }
    for lane in 0..step {
        let place = |a: usize| 2 * (first + a) * step + lane;
        let mut total = [[simd.splat_f64s(0.0); A]; 2];
        for a in 0..A {
            total[0][a] = sums[place(a)];
            total[1][a] = sums[place(a) + step];
        }
        let lines = standard[lane * d + first..].chunks(d * step);
        let shares = shares[lane..].iter().step_by(step);
        for (line, &share) in lines.zip(shares) {
            let Some(line) = line.first_chunk::<A>() else { break };
            for a in 0..A {
                let difference = simd.sub_f64s(line[a], centre[a]);
                let part = simd.mul_f64s(share, difference);
                total[0][a] = simd.add_f64s(total[0][a], part);
                total[1][a] = simd.mul_add_f64s(part, difference, total[1][a]);
            }
        }
        for a in 0..A {
            sums[place(a)] = total[0][a];
            sums[place(a) + step] = total[1][a];
        }
    }
}

/// Adds the log-likelihood of a chunk, in virtual lanes.
#[inline(always)]
fn add_likelihood(chunk: &Chunk, lanes: &mut [f64; LANES]) {
    let rows = chunk.log_density.chunks_exact(LANES).zip(chunk.weights.chunks_exact(LANES));
    for (densities, weights) in rows {
        for lane in 0..LANES {
            lanes[lane] += weights[lane] * densities[lane];
        }
    }
}

/// The sum of the virtual lanes.
#[inline(always)]
fn fold(lanes: &[f64]) -> f64 {
    let pair = |i: usize| lanes[i] + lanes[i + 4];
    (pair(0) + pair(2)) + (pair(1) + pair(3))
}

/// The sums of a component, out of their lanes.
#[inline(always)]
fn folded(component: &Component, covariance: Covariance, lanes: &[f64]) -> Sums {
    let d = component.mean.len();
    let at = |place: usize| fold(&lanes[place * LANES..(place + 1) * LANES]);
    let about = component.mean.clone();
    match covariance {
        Covariance::Full | Covariance::Tied => {
            let wide = d + 1;
            let second = (0..d).flat_map(|a| (0..=a).map(move |b| a * wide + b)).map(at).collect();
            let first = (0..d).map(|b| at(d * wide + b)).collect();
            Sums { count: at(d * wide + d), about, first, second }
        }
        Covariance::Diagonal | Covariance::Spherical => {
            let first = (0..d).map(|a| at(1 + 2 * a)).collect();
            let second = (0..d).map(|a| at(2 + 2 * a)).collect();
            Sums { count: at(0), about, first, second }
        }
    }
}
