//! Where a start begins.

use crate::cluster::kmeans::centres::{Centres, squared_distance};
use crate::cluster::points::Points;
use crate::num::blocks;
use crate::num::random::Stream;
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
    let mut mass: Vec<f64> = (0..n).map(|row| rows.weight(row)).collect();
    let mut nearest = vec![f64::INFINITY; n];
    for _ in 0..k {
        let chosen = draw(&mass, stream);
        let centre = rows.row(chosen);
        centres.values.extend_from_slice(&centre);
        let parts = blocks::map_blocks(n, work, |block| {
            block.map(|row| squared_distance(&rows.row(row), &centre)).collect::<Vec<f64>>()
        })?;
        for (row, distance) in parts.into_iter().flatten().enumerate() {
            nearest[row] = nearest[row].min(distance);
            mass[row] = rows.weight(row) * nearest[row];
        }
    }
    Ok(centres)
}

/// A row drawn with a chance proportional to its mass; of nothing but zeros, any row.
fn draw(mass: &[f64], stream: &mut Stream) -> usize {
    let total = blocks::sum(mass.len(), |row| mass[row]);
    if !(total > 0.0 && total.is_finite()) {
        return stream.below(mass.len() as u64) as usize;
    }
    let mut left = stream.uniform() * total;
    let mut last = 0;
    for (row, &m) in mass.iter().enumerate() {
        if m > 0.0 {
            last = row;
            if left < m {
                break;
            }
            left -= m;
        }
    }
    last
}
