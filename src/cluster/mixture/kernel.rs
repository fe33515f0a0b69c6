//! Expectation and maximisation in one pass, in vector instructions.
//!
//! A chunk of rows is turned into standard units once and stays in the core's first cache. Sums of
//! products are taken about the mean that a component had before, so that they lose no digits to a
//! distant origin, and the responsibilities never leave the chunk: a pass needs no memory per
//! customer.
//!
//! A chunk lies column by column, each column of a length that the compiler knows. Densities treat
//! each row alone. Sums over rows run in
//! [`LANES`] virtual lanes, each of which adds its own rows in order, whatever the width of the
//! machine's vectors, so that all levels of instructions give the same bits.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cluster::mixture::Covariance;
use crate::cluster::mixture::parameters::{Component, Parameters, Sums, triangle};
use crate::cluster::mixture::table::{Table, Unit};
use crate::num::simd::fma;
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
            chunk.read(table, units, first, rows.end);
            chunk.log_densities(simd, parameters);
            chunk.posteriors();
            add_lanes(&chunk.log_density, &chunk.weights, &mut log_likelihood);
            for (component, place) in parameters.components.iter().zip(0..k) {
                let lanes = &mut lanes[place * second * LANES..(place + 1) * second * LANES];
                match parameters.covariance {
                    Covariance::Full | Covariance::Tied => {
                        chunk.weigh(simd, &component.mean, place);
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
            chunk.read(table, units, first, rows.end);
            chunk.log_densities(simd, parameters);
            let count = ROWS.min(rows.end - first);
            chunk.posteriors();
            add_lanes(&chunk.log_density, &chunk.weights, &mut log_likelihood);
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

/// One number for each row of a chunk.
type Column = [f64; ROWS];

/// A few rows on their way through a pass.
struct Chunk {
    /// A column of ones, then the columns in standard units.
    standard: Vec<Column>,
    /// The same about a component's mean, but for the ones, times the responsibilities.
    weighted: Vec<Column>,
    /// For each component log-densities, then numbers in proportion to its probability.
    shares: Vec<Column>,
    weights: Column,
    log_density: Column,
    /// What [`shares`](Self::shares) are to be multiplied by to become probabilities.
    scale: Column,
}

impl Chunk {
    #[inline(always)]
    fn new(d: usize, k: usize) -> Self {
        let mut standard = vec![[0.0; ROWS]; d + 1];
        standard[0] = [1.0; ROWS];
        Self {
            standard,
            weighted: vec![[0.0; ROWS]; d + 1],
            shares: vec![[0.0; ROWS]; k],
            weights: [0.0; ROWS],
            log_density: [0.0; ROWS],
            scale: [0.0; ROWS],
        }
    }

    /// Reads rows from `first` on, and not those from `end` on: these weigh nothing.
    #[inline(always)]
    fn read(&mut self, table: &Table<'_>, units: &[Unit], first: usize, end: usize) {
        table.copy_weights(first, &mut self.weights);
        self.weights[(end - first).min(ROWS)..].fill(0.0);
        for (place, (unit, column)) in units.iter().zip(&mut self.standard[1..]).enumerate() {
            table.read(place, *unit, first, column);
        }
    }

    /// The logarithms of the weighted densities of all components.
    #[inline(always)]
    fn log_densities<S: Simd>(&mut self, simd: S, parameters: &Parameters) {
        for (place, component) in parameters.components.iter().enumerate() {
            let (columns, out) = (&self.standard[1..], &mut self.shares[place]);
            match parameters.covariance {
                Covariance::Full | Covariance::Tied => full_squares(simd, component, columns, out),
                Covariance::Diagonal | Covariance::Spherical => {
                    diagonal_squares(simd, component, columns, out);
                }
            }
            for square in out {
                *square = fma(-0.5, *square, component.height);
            }
        }
    }

    /// Turns log-densities into numbers in proportion to the probabilities, and finds what each row
    /// has to be multiplied by.
    #[inline(always)]
    fn posteriors(&mut self) {
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
        let mut terms = [0.0; ROWS];
        for shares in &self.shares {
            for row in 0..ROWS {
                let share = shares[row] * self.scale[row];
                // Zero times the logarithm of zero is zero: the logarithm is taken of one there.
                let positive = if share > 0.0 { share } else { 1.0 };
                terms[row] = fma(-share, vector::ln(positive), terms[row]);
            }
        }
        add_lanes(&terms, &self.weights, entropy);
    }

    /// Turns the shares of a component into responsibilities.
    #[inline(always)]
    fn responsibilities(&mut self, place: usize) {
        for row in 0..ROWS {
            self.shares[place][row] *= self.scale[row] * self.weights[row];
        }
    }

    /// Centres the rows on a mean and multiplies them by the responsibilities.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, simd: S, mean: &[f64], place: usize) {
        self.responsibilities(place);
        let shares = &self.shares[place];
        self.weighted[0] = *shares;
        let shares = S::as_simd_f64s(shares).0;
        let columns = self.standard[1..].iter().zip(&mut self.weighted[1..]);
        for ((standard, weighted), &mean) in columns.zip(mean) {
            let mean = simd.splat_f64s(mean);
            let standard = S::as_simd_f64s(standard).0;
            let weighted = S::as_mut_simd_f64s(weighted).0;
            for v in 0..ROWS / S::F64_LANES {
                weighted[v] = simd.mul_f64s(shares[v], simd.sub_f64s(standard[v], mean));
            }
        }
    }

    /// Adds the products of all pairs of columns, weighted and not. Those with the ones are counts
    /// and sums. Only one side is about the mean: that is enough to keep the digits.
    #[inline(always)]
    fn add_products<S: Simd>(&self, simd: S, lanes: &mut [f64]) {
        let wide = self.standard.len();
        let (left, right) = (self.weighted.as_slice(), self.standard.as_slice());
        let mut a = 0;
        while a + 2 <= wide {
            let mut b = 0;
            while b + 4 <= a + 2 {
                tile::<S, 2, 4>(simd, left, right, (a, b), lanes);
                b += 4;
            }
            // Both `a` and what is left of the line are even.
            if b < a + 2 {
                tile::<S, 2, 2>(simd, left, right, (a, b), lanes);
            }
            a += 2;
        }
        if a < wide {
            let mut b = 0;
            while b + 4 <= wide {
                tile::<S, 1, 4>(simd, left, right, (a, b), lanes);
                b += 4;
            }
            match wide - b {
                1 => tile::<S, 1, 1>(simd, left, right, (a, b), lanes),
                3 => tile::<S, 1, 3>(simd, left, right, (a, b), lanes),
                // The line is odd, so that nothing else can be left but nothing.
                _ => {}
            }
        }
    }

    /// Adds counts, sums and squares of the columns about a mean.
    #[inline(always)]
    fn add_squares<S: Simd>(&mut self, simd: S, mean: &[f64], place: usize, lanes: &mut [f64]) {
        self.responsibilities(place);
        let shares = &self.shares[place];
        let (count, lanes) = lanes.split_at_mut(LANES);
        for rows in shares.chunks_exact(LANES) {
            for (count, &share) in count.iter_mut().zip(rows) {
                *count += share;
            }
        }
        let (fours, ones) = self.standard[1..].as_chunks::<4>();
        let (four_means, one_means) = mean.as_chunks::<4>();
        let (four_lanes, one_lanes) = lanes.split_at_mut(4 * fours.len() * 2 * LANES);
        let fours = fours.iter().zip(four_means);
        for ((columns, mean), sums) in fours.zip(four_lanes.chunks_exact_mut(8 * LANES)) {
            squares(simd, columns, mean, shares, sums);
        }
        let ones = ones.iter().zip(one_means);
        for ((column, &mean), sums) in ones.zip(one_lanes.chunks_exact_mut(2 * LANES)) {
            squares(simd, std::array::from_ref(column), &[mean], shares, sums);
        }
    }
}

/// Squared lengths of `P x - P mean`.
#[inline(always)]
fn full_squares<S: Simd>(simd: S, component: &Component, columns: &[Column], out: &mut Column) {
    let d = component.mean.len();
    let zero = simd.splat_f64s(0.0);
    let out = S::as_mut_simd_f64s(out).0;
    for group in 0..ROWS / S::F64_LANES / ABREAST {
        let mut squares = [zero; ABREAST];
        let vectors = |column: &Column| -> [S::f64s; ABREAST] {
            let column = S::as_simd_f64s(column).0;
            std::array::from_fn(|v| column[group * ABREAST + v])
        };
        let mut a = 0;
        // Two lines of the factor at a time: each vector that is read serves both.
        while a + 2 <= d {
            let upper = &component.precision[triangle(a, 0)..][..a + 1];
            let lower = &component.precision[triangle(a + 1, 0)..][..a + 2];
            let up = simd.splat_f64s(component.offset[a]);
            let low = simd.splat_f64s(component.offset[a + 1]);
            let (mut up, mut low) = ([up; ABREAST], [low; ABREAST]);
            for ((column, &upper), &lower) in columns.iter().zip(upper).zip(lower) {
                let (upper, lower) = (simd.splat_f64s(upper), simd.splat_f64s(lower));
                let z = vectors(column);
                for v in 0..ABREAST {
                    up[v] = simd.mul_add_f64s(upper, z[v], up[v]);
                    low[v] = simd.mul_add_f64s(lower, z[v], low[v]);
                }
            }
            let last = simd.splat_f64s(lower[a + 1]);
            let z = vectors(&columns[a + 1]);
            for v in 0..ABREAST {
                low[v] = simd.mul_add_f64s(last, z[v], low[v]);
                squares[v] = simd.mul_add_f64s(up[v], up[v], squares[v]);
                squares[v] = simd.mul_add_f64s(low[v], low[v], squares[v]);
            }
            a += 2;
        }
        if a < d {
            let line = &component.precision[triangle(a, 0)..][..a + 1];
            let mut sum = [simd.splat_f64s(component.offset[a]); ABREAST];
            for (column, &factor) in columns.iter().zip(line) {
                let factor = simd.splat_f64s(factor);
                let z = vectors(column);
                for v in 0..ABREAST {
                    sum[v] = simd.mul_add_f64s(factor, z[v], sum[v]);
                }
            }
            for v in 0..ABREAST {
                squares[v] = simd.mul_add_f64s(sum[v], sum[v], squares[v]);
            }
        }
        for v in 0..ABREAST {
            out[group * ABREAST + v] = squares[v];
        }
    }
}

/// The same where the factor is diagonal.
#[inline(always)]
fn diagonal_squares<S: Simd>(simd: S, component: &Component, columns: &[Column], out: &mut Column) {
    let out = S::as_mut_simd_f64s(out).0;
    for group in 0..ROWS / S::F64_LANES / ABREAST {
        let mut squares = [simd.splat_f64s(0.0); ABREAST];
        let factors = component.offset.iter().zip(&component.precision);
        for (column, (&offset, &factor)) in columns.iter().zip(factors) {
            let (offset, factor) = (simd.splat_f64s(offset), simd.splat_f64s(factor));
            let column = S::as_simd_f64s(column).0;
            for v in 0..ABREAST {
                let scaled = simd.mul_add_f64s(column[group * ABREAST + v], factor, offset);
                squares[v] = simd.mul_add_f64s(scaled, scaled, squares[v]);
            }
        }
        for v in 0..ABREAST {
            out[group * ABREAST + v] = squares[v];
        }
    }
}

/// Adds the products of `A` columns from `corner.0` on with `B` columns from `corner.1` on, each
/// virtual lane its own rows.
#[inline(always)]
fn tile<S: Simd, const A: usize, const B: usize>(
    simd: S,
    left: &[Column],
    right: &[Column],
    corner: (usize, usize),
    lanes: &mut [f64],
) {
    let wide = right.len();
    let (Some(left), Some(right)) =
        (left[corner.0..].first_chunk::<A>(), right[corner.1..].first_chunk::<B>())
    else {
        return;
    };
    let left: [&[S::f64s]; A] = std::array::from_fn(|a| S::as_simd_f64s(&left[a]).0);
    let right: [&[S::f64s]; B] = std::array::from_fn(|b| S::as_simd_f64s(&right[b]).0);
    let step = LANES / S::F64_LANES;
    for lane in 0..step {
        let mut total = [[simd.splat_f64s(0.0); B]; A];
        for i in 0..ROWS / LANES {
            for a in 0..A {
                for b in 0..B {
                    let (left, right) = (left[a][i * step + lane], right[b][i * step + lane]);
                    total[a][b] = simd.mul_add_f64s(left, right, total[a][b]);
                }
            }
        }
        for a in 0..A {
            let first = ((corner.0 + a) * wide + corner.1) * LANES;
            let sums = S::as_mut_simd_f64s(&mut lanes[first..first + B * LANES]).0;
            for b in 0..B {
                sums[b * step + lane] = simd.add_f64s(sums[b * step + lane], total[a][b]);
            }
        }
    }
}

/// Adds sums and squares of some columns about their means.
#[inline(always)]
fn squares<S: Simd, const A: usize>(
    simd: S,
    columns: &[Column; A],
    mean: &[f64; A],
    shares: &Column,
    lanes: &mut [f64],
) {
    let columns: [&[S::f64s]; A] = std::array::from_fn(|a| S::as_simd_f64s(&columns[a]).0);
    let shares = S::as_simd_f64s(shares).0;
    let sums = S::as_mut_simd_f64s(lanes).0;
    let step = LANES / S::F64_LANES;
    let centre: [S::f64s; A] = std::array::from_fn(|a| simd.splat_f64s(mean[a]));
    for lane in 0..step {
        let mut first = [simd.splat_f64s(0.0); A];
        let mut second = [simd.splat_f64s(0.0); A];
        for i in 0..ROWS / LANES {
            let share = shares[i * step + lane];
            for a in 0..A {
                let difference = simd.sub_f64s(columns[a][i * step + lane], centre[a]);
                let part = simd.mul_f64s(share, difference);
                first[a] = simd.add_f64s(first[a], part);
                second[a] = simd.mul_add_f64s(part, difference, second[a]);
            }
        }
        for a in 0..A {
            let place = 2 * a * step + lane;
            sums[place] = simd.add_f64s(sums[place], first[a]);
            sums[place + step] = simd.add_f64s(sums[place + step], second[a]);
        }
    }
}

/// Adds the products of two columns, in virtual lanes.
#[inline(always)]
fn add_lanes(left: &Column, right: &Column, lanes: &mut [f64; LANES]) {
    for (left, right) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        for lane in 0..LANES {
            lanes[lane] = fma(left[lane], right[lane], lanes[lane]);
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
            let first: Vec<f64> = (0..d).map(|a| at((a + 1) * wide)).collect();
            let mut second = Vec::with_capacity(d * (d + 1) / 2);
            for a in 0..d {
                for b in 0..=a {
                    second.push(at((a + 1) * wide + b + 1) - component.mean[b] * first[a]);
                }
            }
            Sums { count: at(0), about, first, second }
        }
        Covariance::Diagonal | Covariance::Spherical => {
            let first = (0..d).map(|a| at(1 + 2 * a)).collect();
            let second = (0..d).map(|a| at(2 + 2 * a)).collect();
            Sums { count: at(0), about, first, second }
        }
    }
}
