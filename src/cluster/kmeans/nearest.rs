//! The nearest centre of many rows at once.
//!
//! Squared distances are sums of squared differences in the order of the features, each fused into
//! the sum by one rounding. That form, unlike `|c|² - 2xc`, keeps all its digits however far the
//! customers lie from the origin: its relative error is at most `(d + 2) · 2^-53`. A lane of a
//! vector holds one row, so the bits are those of a plain loop on every level of instructions. Of
//! equally near centres the first is taken.

use pulp::{Simd, WithSimd};

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::points::{Magnitudes, Points};
use crate::num::simd;
use crate::work::{Cancelled, Work};

/// Rows that are looked at together at most.
pub(super) const CHUNK: usize = 1024;

/// Centres that share the loads of a row.
const GROUP: usize = 4;

/// Vectors of rows that share the loads of a centre.
const VECTORS: usize = 2;

/// `2^52`: on top of it, the lowest bits of a double are a whole number.
const NUMBERS: f64 = 4_503_599_627_370_496.0;

/// Most rows that two vectors of any machine hold.
const WIDEST: usize = 16;

/// Centres as the kernel reads them: four beside one another, feature by feature.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    groups: Vec<[f64; GROUP]>,
    k: usize,
    d: usize,
    /// A power of two by which all is multiplied so that squares neither overflow nor vanish.
    pub(super) unit: f64,
}

impl Packed {
    /// Centres for these points.
    pub(super) fn of(
        centres: &Centres,
        points: &Points<'_>,
        work: &Work,
    ) -> Result<Self, Cancelled> {
        /// Squares of numbers between `2^-ORDINARY` and `2^ORDINARY` are safe as they are.
        const ORDINARY: i32 = 300;
        let (k, d) = (centres.k(), centres.d());
        let largest = centres.values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        let order = libm::frexp(largest).1;
        let unit = if order.abs() <= ORDINARY {
            1.0
        } else {
            let of_rows = |column: &Magnitudes| column.largest;
            let columns = points.extent(work)?.columns.iter().map(of_rows);
            libm::scalbn(1.0, -libm::frexp(columns.fold(largest, f64::max)).1)
        };
        // No row is nearer to the centres that fill the last group.
        let mut groups = vec![[f64::INFINITY; GROUP]; k.div_ceil(GROUP) * d];
        for centre in 0..k {
            let group = &mut groups[centre / GROUP * d..][..d];
            for (values, value) in group.iter_mut().zip(centres.of(centre)) {
                values[centre % GROUP] = value * unit;
            }
        }
        Ok(Self { groups, k, d, unit })
    }

    fn group(&self, group: usize) -> &[[f64; GROUP]] {
        &self.groups[group * self.d..(group + 1) * self.d]
    }
}

/// Which rows to look at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows<'a> {
    /// So many rows from the first of them.
    All(usize),
    /// These, counted from the first row.
    Some(&'a [u32]),
}

impl Rows<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::All(rows) => rows,
            Self::Some(rows) => rows.len(),
        }
    }
}

/// What a chunk of rows found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The place of the first in [`Rows`].
    pub(super) first: usize,
    /// How many rows; what lies behind them says nothing.
    pub(super) rows: usize,
    /// The nearest centre of each.
    pub(super) labels: [u32; CHUNK],
    /// Its squared distance in the unit of the centres.
    pub(super) distances: [f64; CHUNK],
    /// The squared distance of the second nearest, where it was asked for.
    pub(super) seconds: [f64; CHUNK],
}

/// Finds the nearest centres of some rows behind `start` and shows them, chunk by chunk.
pub(super) fn each_nearest<V: FnMut(&Found)>(
    points: &Points<'_>,
    start: usize,
    rows: Rows<'_>,
    centres: &Packed,
    visit: V,
) {
    simd::run(Nearest::<V, false> { points, start, rows, centres, visit });
}

/// As [`each_nearest`], with the distances of the second nearest.
pub(super) fn each_nearest_two<V: FnMut(&Found)>(
    points: &Points<'_>,
    start: usize,
    rows: Rows<'_>,
    centres: &Packed,
    visit: V,
) {
    simd::run(Nearest::<V, true> { points, start, rows, centres, visit });
}

/// The kernel. `SECOND` is whether the second nearest are asked for.
pub(super) struct Nearest<'a, 'p, V, const SECOND: bool> {
    pub(super) points: &'a Points<'p>,
    pub(super) start: usize,
    pub(super) rows: Rows<'a>,
    pub(super) centres: &'a Packed,
    pub(super) visit: V,
}

impl<V: FnMut(&Found), const SECOND: bool> WithSimd for Nearest<'_, '_, V, SECOND> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        /// Numbers that stay in the first cache.
        const CACHED: usize = 16384;
        let d = self.points.d();
        let tile = VECTORS * S::F64_LANES;
        let chunk = (CACHED / d.max(1)).clamp(WIDEST, CHUNK) / WIDEST * WIDEST;
        let columns: Vec<&[f64]> = (0..d).map(|column| self.points.column(column)).collect();
        // Tile by tile, feature by feature: a tile lies in one piece, whatever the distance of the
        // columns from one another.
        let mut scratch = vec![0.0f64; chunk * d];
        let mut found = Found {
            first: 0,
            rows: 0,
            labels: [0; CHUNK],
            distances: [0.0; CHUNK],
            seconds: [0.0; CHUNK],
        };
        let total = self.rows.len();
        while found.first < total {
            found.rows = chunk.min(total - found.first);
            self.gather(simd, &columns, [found.first, found.rows], &mut scratch);
            for first in (0..found.rows).step_by(tile) {
                let (values, _) = S::as_simd_f64s(&scratch[first * d..(first + tile) * d]);
                let nearest = self.tile::<S>(simd, values);
                found.keep(simd, first, nearest);
            }
            (self.visit)(&found);
            found.first += chunk;
        }
    }
}

/// Of one tile: the least distances, whose they are, and the second least.
type OfTile<S> = [[<S as Simd>::f64s; VECTORS]; 3];

impl<V, const SECOND: bool> Nearest<'_, '_, V, SECOND> {
    /// Copies a chunk of rows, a tile behind the other.
    #[inline(always)]
    fn gather<S: Simd>(
        &self,
        simd: S,
        columns: &[&[f64]],
        [first, rows]: [usize; 2],
        to: &mut [f64],
    ) {
        let (d, tile) = (columns.len(), VECTORS * S::F64_LANES);
        for (feature, column) in columns.iter().enumerate() {
            match self.rows {
                Rows::All(_) => {
                    let from = &column[self.start + first..][..rows];
                    let whole = rows / tile * tile;
                    let unit = simd.splat_f64s(self.centres.unit);
                    let (vectors, _) = S::as_simd_f64s(&from[..whole]);
                    let (to_vectors, _) = S::as_mut_simd_f64s(&mut *to);
                    let tiles = to_vectors.chunks_exact_mut(VECTORS * d);
                    for (to, from) in tiles.zip(vectors.chunks_exact(VECTORS)) {
                        let to = &mut to[feature * VECTORS..][..VECTORS];
                        for (to, &from) in to.iter_mut().zip(from) {
                            *to = simd.mul_f64s(from, unit);
                        }
                    }
                    let last = to[whole * d..].iter_mut().skip(feature * tile);
                    for (to, from) in last.zip(&from[whole..]) {
                        *to = from * self.centres.unit;
                    }
                }
                Rows::Some(some) => {
                    let from = &column[self.start..];
                    let tiles = some[first..first + rows].chunks(tile);
                    for (some, to) in tiles.zip(to.chunks_exact_mut(tile * d)) {
                        let to = &mut to[feature * tile..][..some.len()];
                        for (to, &row) in to.iter_mut().zip(some) {
                            *to = from[row as usize] * self.centres.unit;
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd>(&self, simd: S, values: &[S::f64s]) -> OfTile<S> {
        let infinity = simd.splat_f64s(f64::INFINITY);
        let zero = simd.splat_f64s(0.0);
        let first = simd.splat_f64s(NUMBERS);
        let (mut least, mut whose, mut second) =
            ([infinity; VECTORS], [first; VECTORS], [infinity; VECTORS]);
        for group in 0..self.centres.k.div_ceil(GROUP) {
            let mut sums = [[zero; VECTORS]; GROUP];
            let features = values.chunks_exact(VECTORS).zip(self.centres.group(group));
            for (values, centres) in features {
                let values = [values[0], values[1]];
                for (sums, &centre) in sums.iter_mut().zip(centres) {
                    let centre = simd.splat_f64s(centre);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        let apart = simd.sub_f64s(value, centre);
                        *sum = simd.mul_add_f64s(apart, apart, *sum);
                    }
                }
            }
            for (place, sums) in sums.into_iter().enumerate() {
                let number = simd.splat_f64s(NUMBERS + (group * GROUP + place) as f64);
                for (vector, sum) in sums.into_iter().enumerate() {
                    let nearer = simd.less_than_f64s(sum, least[vector]);
                    if SECOND {
                        let farther = simd.max_f64s(sum, least[vector]);
                        second[vector] = simd.min_f64s(second[vector], farther);
                    }
                    least[vector] = simd.min_f64s(sum, least[vector]);
                    whose[vector] = simd.select_f64s(nearer, number, whose[vector]);
                }
            }
        }
        [least, whose, second]
    }
}

impl Found {
    #[inline(always)]
    fn keep<S: Simd>(&mut self, simd: S, first: usize, [least, whose, second]: OfTile<S>) {
        let tile = VECTORS * S::F64_LANES;
        let write = |to: &mut [f64], values: [S::f64s; VECTORS]| {
            for (to, values) in to.chunks_exact_mut(S::F64_LANES).zip(values) {
                simd.partial_store_f64s(to, values);
            }
        };
        write(&mut self.distances[first..first + tile], least);
        write(&mut self.seconds[first..first + tile], second);
        let mut numbers = [0.0; WIDEST];
        write(&mut numbers[..tile], whose);
        for (label, number) in self.labels[first..first + tile].iter_mut().zip(numbers) {
            *label = number.to_bits() as u32;
        }
    }
}
