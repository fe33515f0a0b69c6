//! The nearest centre in single precision where that decides it, and in double where it does not.
//!
//! Twice as many rows fit into a vector of single numbers. Rows and centres are counted from the
//! middle of the centres and rounded to single precision. With `C` the largest distance of a centre
//! from that middle, `b` and `s` the computed distances of the nearest and the second nearest, and
//! `e = 2^-24`, rounding the numbers changes a distance by at most `e (b + 2C)`, and adding up
//! squares by less than `(d + 4) e` of itself. So where `s (1 - m) - b (1 + m) - 8eC` is above zero,
//! with `m = (d + 32) e`, the nearest is nearest indeed, in double precision too; the double
//! precision of [`nearest`](super::nearest) is asked for the other rows, a few in a hundred
//! thousand. The labels are those of double precision, bit for bit.

use pulp::{Simd, WithSimd};

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::nearest::{Packed, Rows, each_nearest_two};
use crate::cluster::points::Points;
use crate::num::simd;
use crate::work::{Cancelled, Work};

/// Centres that share the loads of a row.
const GROUP: usize = 4;

/// Vectors of rows that share the loads of a centre.
const VECTORS: usize = 2;

/// Most rows that two vectors of any machine hold.
const WIDEST: usize = 32;

/// Rows that are gathered together at most.
const CHUNK: usize = 1024;

/// `2^23`: on top of it, the lowest bits of a single number are a whole number.
const NUMBERS: f32 = 8_388_608.0;

/// Centres in both precisions.
#[derive(Debug, Clone)]
pub(super) struct Sieve {
    pub(super) exact: Packed,
    groups: Vec<[f32; GROUP]>,
    middle: Vec<f64>,
    k: usize,
    /// `m` and what is taken off every gap.
    margin: [f32; 2],
}

/// What became of some rows, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Sifted {
    /// The nearest centre of each.
    pub(super) labels: Vec<u32>,
    /// At most how much farther the second nearest is, in the unit of the centres.
    pub(super) gaps: Vec<f32>,
    /// Whether a row lies so far from all centres that its squared distances overflow.
    pub(super) too_far: bool,
}

impl Sieve {
    /// Centres for these points.
    pub(super) fn of(
        centres: &Centres,
        points: &Points<'_>,
        work: &Work,
    ) -> Result<Self, Cancelled> {
        const SINGLE: f64 = 1.0 / 16_777_216.0;
        /// Squares below the least single number are lost: so much of a distance in each feature.
        const LOST: f64 = 1e-20;
        let exact = Packed::of(centres, points, work)?;
        let (k, d) = (centres.k(), centres.d());
        let mut middle = vec![0.0; d];
        for centre in 0..k {
            for (middle, value) in middle.iter_mut().zip(centres.of(centre)) {
                *middle += value * exact.unit / k as f64;
            }
        }
        // No row is nearer to the centres that fill the last group.
        let mut groups = vec![[f32::MAX; GROUP]; k.div_ceil(GROUP) * d];
        let mut widest = 0.0f64;
        for centre in 0..k {
            let group = &mut groups[centre / GROUP * d..][..d];
            let mut squares = 0.0;
            let values = centres.of(centre).iter().zip(&middle);
            for (lanes, (value, middle)) in group.iter_mut().zip(values) {
                let value = value * exact.unit - middle;
                lanes[centre % GROUP] = value as f32;
                squares += value * value;
            }
            widest = widest.max(squares.sqrt());
        }
        let floor = 8.0 * SINGLE * widest + LOST * (d + 1) as f64;
        let margin = [((d + 32) as f64 * SINGLE) as f32, floor as f32];
        Ok(Self { exact, groups, middle, k, margin })
    }

    /// Finds the nearest centres of some rows behind `start`.
    pub(super) fn sift(&self, points: &Points<'_>, start: usize, rows: Rows<'_>, to: &mut Sifted) {
        to.labels.clear();
        to.labels.resize(rows.len(), 0);
        to.gaps.clear();
        to.gaps.resize(rows.len(), 0.0);
        to.too_far = false;
        simd::run(Single { sieve: self, points, start, rows, to: &mut *to });
        // Where single precision overflowed, the gap is no number.
        let unsure = |gap: &f32| *gap <= 0.0 || gap.is_nan();
        let doubtful = to.gaps.iter().enumerate().filter(|(_, gap)| unsure(gap));
        let places: Vec<usize> = doubtful.map(|(place, _)| place).collect();
        let again: Vec<u32> = match rows {
            Rows::All(_) => places.iter().map(|&place| place as u32).collect(),
            Rows::Some(some) => places.iter().map(|&place| some[place]).collect(),
        };
        let error = (points.d() + 8) as f64 * 4.0 * f64::EPSILON;
        each_nearest_two(points, start, Rows::Some(&again), &self.exact, |found| {
            for (at, &place) in places[found.first..][..found.rows].iter().enumerate() {
                let (near, next) = (found.distances[at].sqrt(), found.seconds[at].sqrt());
                let gap = next * (1.0 - error) - near * (1.0 + error);
                to.too_far |= found.distances[at] == f64::INFINITY;
                to.labels[place] = found.labels[at];
                to.gaps[place] = (gap - gap.abs() * f64::from(f32::EPSILON)) as f32;
            }
        });
    }
}

/// The kernel in single precision.
struct Single<'a, 'p> {
    sieve: &'a Sieve,
    points: &'a Points<'p>,
    start: usize,
    rows: Rows<'a>,
    to: &'a mut Sifted,
}

impl WithSimd for Single<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        /// Numbers that stay in the second cache.
        const CACHED: usize = 1 << 15;
        let d = self.points.d();
        let tile = VECTORS * S::F32_LANES;
        let chunk = (CACHED / d.max(1)).clamp(WIDEST, CHUNK) / WIDEST * WIDEST;
        // Tile by tile, feature by feature: a tile lies in one piece, whatever the distance of the
        // columns from one another.
        let mut scratch = vec![0.0f32; chunk * d];
        let mut stage = [0.0f32; CHUNK];
        let total = self.rows.len();
        let mut first = 0;
        while first < total {
            let rows = chunk.min(total - first);
            for feature in 0..d {
                self.gather::<S>(feature, [first, rows], &mut stage, &mut scratch);
            }
            for tile_first in (0..rows).step_by(tile) {
                let (values, _) = S::as_simd_f32s(&scratch[tile_first * d..][..tile * d]);
                let (labels, gaps) = self.sieve.tile::<S>(simd, values);
                let here = first + tile_first..first + rows.min(tile_first + tile);
                let (mut numbers, mut kept) = ([0.0f32; WIDEST], [0.0f32; WIDEST]);
                store(simd, &mut numbers[..tile], labels);
                store(simd, &mut kept[..tile], gaps);
                let count = here.len();
                self.to.gaps[here.clone()].copy_from_slice(&kept[..count]);
                for (label, number) in self.to.labels[here].iter_mut().zip(numbers) {
                    *label = number.to_bits() & 0x007f_ffff;
                }
            }
            first += chunk;
        }
    }
}

#[inline(always)]
fn store<S: Simd>(simd: S, to: &mut [f32], values: [S::f32s; VECTORS]) {
    for (to, values) in to.chunks_exact_mut(S::F32_LANES).zip(values) {
        simd.partial_store_f32s(to, values);
    }
}

impl Single<'_, '_> {
    /// Copies one feature of a chunk of rows to its place in the tiles.
    #[inline(always)]
    fn gather<S: Simd>(
        &self,
        feature: usize,
        [first, rows]: [usize; 2],
        stage: &mut [f32; CHUNK],
        to: &mut [f32],
    ) {
        let (unit, middle) = (self.sieve.exact.unit, self.sieve.middle[feature]);
        let column = &self.points.column(feature)[self.start..];
        match self.rows {
            Rows::All(_) => {
                for (to, from) in stage.iter_mut().zip(&column[first..first + rows]) {
                    *to = (from * unit - middle) as f32;
                }
            }
            Rows::Some(some) => {
                for (to, &row) in stage.iter_mut().zip(&some[first..first + rows]) {
                    *to = (column[row as usize] * unit - middle) as f32;
                }
            }
        }
        let (vectors, _) = S::as_simd_f32s(stage.as_slice());
        let (to, _) = S::as_mut_simd_f32s(to);
        let tiles = to.chunks_exact_mut(VECTORS * self.points.d());
        for (to, from) in tiles.zip(vectors.chunks_exact(VECTORS)) {
            to[feature * VECTORS..][..VECTORS].copy_from_slice(from);
        }
    }
}

impl Sieve {
    /// The nearest centres of a tile, as numbers on top of [`NUMBERS`], and the gaps behind them.
    #[inline(always)]
    fn tile<S: Simd>(
        &self,
        simd: S,
        values: &[S::f32s],
    ) -> ([S::f32s; VECTORS], [S::f32s; VECTORS]) {
        let d = self.middle.len();
        let zero = simd.splat_f32s(0.0);
        // Distances that overflow count as the largest number, of which the margin is taken.
        let largest = simd.splat_f32s(f32::MAX);
        let first = simd.splat_f32s(NUMBERS);
        let (mut least, mut whose, mut second) =
            ([simd.splat_f32s(f32::INFINITY); VECTORS], [first; VECTORS], [largest; VECTORS]);
        for group in 0..self.k.div_ceil(GROUP) {
            let mut sums = [[zero; VECTORS]; GROUP];
            let centres = &self.groups[group * d..(group + 1) * d];
            for (values, centres) in values.chunks_exact(VECTORS).zip(centres) {
                let values = [values[0], values[1]];
                for (sums, &centre) in sums.iter_mut().zip(centres) {
                    let centre = simd.splat_f32s(centre);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        let apart = simd.sub_f32s(value, centre);
                        *sum = simd.mul_add_f32s(apart, apart, *sum);
                    }
                }
            }
            for (place, sums) in sums.into_iter().enumerate() {
                let number = simd.splat_f32s(NUMBERS + (group * GROUP + place) as f32);
                for (vector, sum) in sums.into_iter().enumerate() {
                    let nearer = simd.less_than_f32s(sum, least[vector]);
                    let farther = simd.max_f32s(sum, least[vector]);
                    second[vector] = simd.min_f32s(second[vector], farther);
                    least[vector] = simd.min_f32s(sum, least[vector]);
                    whose[vector] = simd.select_f32s(nearer, number, whose[vector]);
                }
            }
        }
        let [margin, floor] = self.margin;
        let (less, more) = (simd.splat_f32s(1.0 - margin), simd.splat_f32s(1.0 + margin));
        let floor = simd.splat_f32s(floor);
        let gaps = std::array::from_fn(|vector| {
            let next = simd.mul_f32s(simd.sqrt_f32s(second[vector]), less);
            let near = simd.mul_f32s(simd.sqrt_f32s(least[vector]), more);
            simd.sub_f32s(simd.sub_f32s(next, near), floor)
        });
        (whose, gaps)
    }
}
