//! Exact sums of the rows of each segment.
//!
//! A floating sum depends on the order of its terms, so that taking a row out of one segment and
//! putting it into another does not give the bits of a sum from the beginning. Here every value is
//! cut into pieces on fixed grids, so coarse that adding and taking away never rounds, and as many
//! grids as it takes to lose nothing (Rump, Ogita & Oishi 2008, algorithm 3.3). Only the sum of the
//! pieces is rounded, once. So a pass over the customers changes the sums by those who moved and by
//! nobody else, and still any order, any grouping and any number of threads give the same bits.

use crate::cluster::points::{Extent, Points};
use crate::num::simd::fma;
use pulp::WithSimd;

/// Columns that are summed side by side.
const LANES: usize = 4;

type Lanes = [f64; LANES];

/// Where the grids of each column lie.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// Numbers of a row in lanes: the features, and the weight where rows have one.
    width: usize,
    levels: usize,
    /// By lanes and level: `1.5 · 2^e`, which cuts a value when it is added and taken away.
    shifts: Vec<Lanes>,
    /// By column, a power of two that keeps sums from overflowing.
    factors: Vec<f64>,
    weighted: bool,
}

/// The sums of the rows of each segment, or what a block of rows adds to them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sums {
    /// By segment, lanes of columns and level.
    pieces: Vec<Lanes>,
    rows: Vec<i64>,
}

/// A row that changes place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) row: usize,
    pub(super) from: Option<u32>,
    pub(super) to: u32,
}

fn power_of_two(exponent: i32) -> f64 {
    libm::scalbn(1.0, exponent)
}

/// The exponent `e` of a value in `[2^(e-1), 2^e)`.
fn exponent(value: f64) -> i32 {
    libm::frexp(value).1
}

impl Grid {
    /// For the rows of these points.
    pub(super) fn of(points: &Points<'_>, extent: &Extent) -> Self {
        /// Above this exponent columns are scaled down.
        const ROOM: i32 = 900;
        /// Bits below the exponent of a double, and of a product of two.
        const BITS: i32 = 53;
        let weighted = points.weights().is_some();
        let room = (usize::BITS - points.n().leading_zeros()) as i32 + 1;
        let (weight_factor, finest_weight) = extent.weights.map_or((1.0, 0), |weights| {
            let top = exponent(weights.largest);
            (power_of_two(-top), exponent(weights.least) - top - BITS)
        });
        let mut columns: Vec<(f64, i32, i32)> = Vec::with_capacity(points.d() + 1);
        for column in &extent.columns {
            let (top, low) = (exponent(column.largest), exponent(column.least));
            let down = if top > ROOM { 128 } else { 0 };
            let finest = low - BITS + finest_weight - down;
            columns.push((power_of_two(-down), top - down, finest));
        }
        if weighted {
            columns.push((weight_factor, 0, finest_weight));
        }
        // The first grid always stands, and then as many as the finest column needs.
        let mut tops: Vec<i32> = columns.iter().map(|&(_, top, _)| top).collect();
        let mut by_level: Vec<Vec<f64>> = Vec::new();
        let mut done = false;
        while !done {
            done = true;
            let cuts = tops.iter_mut().zip(&columns).map(|(top, &(_, _, finest))| {
                // Below the least normal number there is nothing left to cut.
                let shift = (*top + room).max(-1022);
                *top = shift - 53;
                done &= shift - 52 <= finest.max(-1074);
                1.5 * power_of_two(shift)
            });
            by_level.push(cuts.collect());
        }
        let (width, levels) = (columns.len().div_ceil(LANES), by_level.len());
        let shifts = (0..width * levels).map(|place| {
            let cuts = &by_level[place % levels];
            let lane = |lane| cuts.get(place / levels * LANES + lane).copied().unwrap_or(1.0);
            std::array::from_fn(lane)
        });
        let shifts = shifts.collect();
        let factors = columns.iter().map(|&(factor, ..)| factor).collect();
        Self { width, levels, shifts, factors, weighted }
    }

    /// Sums of nothing.
    pub(super) fn zeros(&self, k: usize) -> Sums {
        Sums { pieces: vec![[0.0; LANES]; k * self.stride()], rows: vec![0; k] }
    }

    /// Lanes of one segment.
    fn stride(&self) -> usize {
        self.width * self.levels
    }
}

/// Takes rows out of their segments and puts them into others.
pub(super) struct Moves<'a, 'p> {
    pub(super) grid: &'a Grid,
    pub(super) points: &'a Points<'p>,
    pub(super) changes: &'a [Change],
    pub(super) sums: &'a mut Sums,
}

impl WithSimd for Moves<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { grid, points, changes, sums } = self;
        let d = points.d();
        let mut terms = vec![[0.0; LANES]; grid.width];
        let mut rests = vec![[0.0; LANES]; grid.width];
        let columns: Vec<&[f64]> = (0..d).map(|column| points.column(column)).collect();
        for change in changes {
            let values = columns.iter().zip(&grid.factors);
            let flat = terms.as_flattened_mut();
            if grid.weighted {
                let weight = points.weight(change.row) * grid.factors[d];
                flat[d] = weight;
                let lanes = flat.iter_mut().zip(rests.as_flattened_mut());
                for ((column, factor), (term, rest)) in values.zip(lanes) {
                    let value = column[change.row] * factor;
                    // The product and what its rounding left are both added, so that a weight of
                    // three is three rows, to the last bit.
                    *term = value * weight;
                    *rest = fma(value, weight, -*term);
                }
                sums.change(grid, change, &rests);
            } else {
                for ((column, factor), term) in values.zip(flat) {
                    *term = column[change.row] * factor;
                }
            }
            sums.change(grid, change, &terms);
            sums.rows[change.to as usize] += 1;
            if let Some(from) = change.from {
                sums.rows[from as usize] -= 1;
            }
        }
    }
}

impl Sums {
    /// Cuts the terms and moves their pieces.
    #[inline(always)]
    fn change(&mut self, grid: &Grid, change: &Change, terms: &[Lanes]) {
        let (stride, levels) = (grid.stride(), grid.levels);
        let shifts = grid.shifts.chunks_exact(levels);
        let to = change.to as usize * stride;
        let Some(from) = change.from else {
            let to = self.pieces[to..to + stride].chunks_exact_mut(levels);
            for ((to, shifts), term) in to.zip(shifts).zip(terms) {
                let mut rest = *term;
                for (to, shift) in to.iter_mut().zip(shifts) {
                    let piece = cut(&mut rest, shift);
                    *to = std::array::from_fn(|lane| to[lane] + piece[lane]);
                }
            }
            return;
        };
        let from = from as usize * stride;
        let Some((from, to)) = pair(&mut self.pieces, from, to, stride) else { return };
        let both = to.chunks_exact_mut(levels).zip(from.chunks_exact_mut(levels));
        for (((to, from), shifts), term) in both.zip(shifts).zip(terms) {
            let mut rest = *term;
            for ((to, from), shift) in to.iter_mut().zip(from).zip(shifts) {
                let piece = cut(&mut rest, shift);
                *to = std::array::from_fn(|lane| to[lane] + piece[lane]);
                *from = std::array::from_fn(|lane| from[lane] - piece[lane]);
            }
        }
    }

    /// Adds what a block of rows changed.
    pub(super) fn add(&mut self, other: &Self) {
        let parts = other.pieces.as_flattened();
        for (sum, part) in self.pieces.as_flattened_mut().iter_mut().zip(parts) {
            *sum += part;
        }
        for (rows, part) in self.rows.iter_mut().zip(&other.rows) {
            *rows += part;
        }
    }

    /// How many numbers the sums are made of.
    pub(super) fn len(&self) -> usize {
        self.pieces.len() * LANES
    }

    /// How many rows a segment has.
    pub(super) fn rows(&self, segment: usize) -> i64 {
        self.rows[segment]
    }

    /// Forgets a segment; those behind it move up.
    pub(super) fn remove(&mut self, grid: &Grid, segment: usize) {
        let stride = grid.stride();
        self.pieces.drain(segment * stride..(segment + 1) * stride);
        self.rows.remove(segment);
    }

    /// Writes the mean of a segment with rows: the sum, rounded once, over the weight, rounded
    /// once.
    pub(super) fn mean(&self, grid: &Grid, segment: usize, to: &mut [f64]) {
        let pieces = &self.pieces[segment * grid.stride()..(segment + 1) * grid.stride()];
        let mut parts = Vec::with_capacity(grid.levels);
        let mut sum = |column: usize| {
            let levels = &pieces[column / LANES * grid.levels..][..grid.levels];
            parts.clear();
            parts.extend(levels.iter().map(|lanes| lanes[column % LANES]));
            rounded_sum(&mut parts)
        };
        let weight = if grid.weighted { sum(to.len()) } else { self.rows[segment] as f64 };
        for (column, value) in to.iter_mut().enumerate() {
            *value = sum(column) / weight / grid.factors[column];
        }
    }
}

/// The part of each term that is a multiple of the grid; what is left stays.
#[inline(always)]
fn cut(rest: &mut Lanes, shift: &Lanes) -> Lanes {
    let piece: Lanes = std::array::from_fn(|lane| (rest[lane] + shift[lane]) - shift[lane]);
    *rest = std::array::from_fn(|lane| rest[lane] - piece[lane]);
    piece
}

/// Two different stretches of the same numbers.
#[inline(always)]
fn pair<T>(all: &mut [T], one: usize, other: usize, len: usize) -> Option<(&mut [T], &mut [T])> {
    if one < other {
        let (low, high) = all.split_at_mut(other);
        Some((low.get_mut(one..one + len)?, high.get_mut(..len)?))
    } else {
        let (low, high) = all.split_at_mut(one);
        let low = low.get_mut(other..other + len)?;
        Some((high.get_mut(..len)?, low))
    }
}

/// The sum of some numbers, rounded once (Shewchuk 1997): the parts are made over into numbers that
/// do not overlap, of which the first two and the sign of the third decide.
fn rounded_sum(parts: &mut Vec<f64>) -> f64 {
    let terms = std::mem::take(parts);
    for &term in &terms {
        let mut high = term;
        let mut kept = 0;
        for place in 0..parts.len() {
            let (a, b) = if high.abs() < parts[place].abs() {
                (parts[place], high)
            } else {
                (high, parts[place])
            };
            high = a + b;
            let low = b - (high - a);
            if low != 0.0 {
                parts[kept] = low;
                kept += 1;
            }
        }
        parts.truncate(kept);
        parts.push(high);
    }
    let Some(mut sum) = parts.pop() else { return 0.0 };
    while let Some(next) = parts.pop() {
        let before = sum;
        sum = before + next;
        let low = next - (sum - before);
        if low != 0.0 {
            // Half way between two numbers, the rest decides which is nearer.
            if let Some(rest) = parts.last()
                && ((low < 0.0 && *rest < 0.0) || (low > 0.0 && *rest > 0.0))
            {
                let twice = low * 2.0;
                let up = sum + twice;
                if twice == up - sum {
                    sum = up;
                }
            }
            break;
        }
    }
    *parts = terms;
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    #[test]
    fn a_sum_is_rounded_once() {
        // Half way between two numbers, until the last part decides.
        let tie = 9_007_199_254_740_992.0_f64;
        assert_eq!(rounded_sum(&mut vec![tie, 1.0]), tie);
        assert_eq!(rounded_sum(&mut vec![tie, 1.0, 1e-30]), tie + 2.0);
        assert_eq!(rounded_sum(&mut vec![tie, 1.0, -1e-30]), tie);
        assert_eq!(rounded_sum(&mut vec![1e16, 1.0, -1e16]), 1.0);
        assert_eq!(rounded_sum(&mut vec![]), 0.0);
        let mut stream = Stream::new(1, Purpose::Restart, 0);
        for _ in 0..1000 {
            let whole: Vec<i64> = (0..4)
                .map(|_| (stream.below(1 << 52) as i64 - (1 << 51)) << stream.below(9))
                .collect();
            let exact: i128 = whole.iter().map(|&part| i128::from(part)).sum();
            let mut parts = whole.iter().map(|&part| part as f64).collect();
            assert_eq!(rounded_sum(&mut parts), exact as f64);
        }
    }

    #[test]
    fn who_came_and_went_leaves_no_trace() {
        let values = [1e17, 0.1, -7e-20, 3e5, 0.0];
        let points = Points::from_columns(5, vec![values.to_vec(), vec![1e-310; 5]], None);
        let grid = Grid::of(&points, points.extent(&crate::work::Work::new()).unwrap());
        let mut sums = grid.zeros(2);
        let add = |sums: &mut Sums, row, from, to| {
            let changes = &[Change { row, from, to }];
            crate::num::simd::run(Moves { grid: &grid, points: &points, changes, sums });
        };
        for row in 0..5 {
            add(&mut sums, row, None, 0);
        }
        let before = sums.clone();
        for row in [0, 3, 1] {
            add(&mut sums, row, Some(0), 1);
        }
        let mut mean = [0.0; 2];
        sums.mean(&grid, 0, &mut mean);
        assert_eq!(mean, [-3.5e-20, 1e-310]);
        for row in [1, 0, 3] {
            add(&mut sums, row, Some(1), 0);
        }
        assert_eq!(sums, before);
        assert_eq!(sums.rows(0), 5);
    }
}
