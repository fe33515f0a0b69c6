//! Where a start begins.

use pulp::{Simd, WithSimd};

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::points::Points;
use crate::num::random::Stream;
use crate::num::{blocks, simd};
use crate::work::{Cancelled, Work};

/// How many rows differ from one another, counted up to `enough`.
pub(super) fn distinct_rows(rows: &Points<'_>, enough: usize) -> usize {
    let mut seen: Vec<usize> = Vec::new();
    for row in 0..rows.n() {
        if seen.len() == enough {
            break;
        }
        if seen.iter().all(|&other| rows.row(other) != rows.row(row)) {
            seen.push(row);
        }
    }
    seen.len()
}

/// Draws centres among the rows, each with a chance proportional to its weight and squared distance
/// from those drawn.
pub(super) fn seed_centres(
    rows: &Points<'_>,
    k: usize,
    stream: &mut Stream,
    work: &Work,
) -> Result<Centres, Cancelled> {
    let (n, d) = (rows.n(), rows.d());
    let mut centres = Centres { values: Vec::with_capacity(k * d), k, d };
    let mut nearest = vec![f64::INFINITY; n];
    for drawn in 0..k {
        let chosen = match (drawn, rows.weights()) {
            (0, Some(weights)) => stream.proportional(weights),
            (0, None) => stream.below(n as u64) as usize,
            (_, None) => stream.proportional(&nearest),
            (_, Some(weights)) => draw_weighted(&nearest, weights, stream),
        };
        let centre = rows.row(chosen);
        centres.values.extend_from_slice(&centre);
        blocks::fill(&mut nearest, blocks::BLOCK, work, |first, nearest| {
            simd::run(Nearer { rows, centre: &centre, first, nearest });
        })?;
    }
    Ok(centres)
}

/// Brings the squared distances of a stretch of rows to their nearest centre up to date.
struct Nearer<'a, 'p> {
    rows: &'a Points<'p>,
    centre: &'a [f64],
    first: usize,
    nearest: &'a mut [f64],
}

impl WithSimd for Nearer<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        /// Rows at once: few enough for the first cache.
        const CHUNK: usize = 256;
        let mut totals = [0.0; CHUNK];
        for (chunk, nearest) in self.nearest.chunks_mut(CHUNK).enumerate() {
            let totals = &mut totals[..nearest.len()];
            totals.fill(0.0);
            let from = self.first + chunk * CHUNK;
            for (place, &centre) in self.centre.iter().enumerate() {
                let column = &self.rows.column(place)[from..from + totals.len()];
                for (total, value) in totals.iter_mut().zip(column) {
                    *total += (value - centre) * (value - centre);
                }
            }
            for (nearest, &total) in nearest.iter_mut().zip(&*totals) {
                *nearest = if total < *nearest { total } else { *nearest };
            }
        }
    }
}

/// A row drawn with a chance proportional to its mass times its weight.
fn draw_weighted(mass: &[f64], weights: &[f64], stream: &mut Stream) -> usize {
    let products: Vec<f64> = mass.iter().zip(weights).map(|(mass, weight)| mass * weight).collect();
    stream.proportional(&products)
}
