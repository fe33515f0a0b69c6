//! Lloyd's iteration: from some centres to the nearest optimum.

use crate::cluster::kmeans::centres::{Centres, squared_distance};
use crate::cluster::points::Points;
use crate::num::blocks;
use crate::work::{Cancelled, Work};

/// One start, carried to its end.
pub(crate) struct Run {
    pub(crate) centres: Centres,
    pub(crate) labels: Vec<u32>,
    pub(crate) inertia: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

impl Run {
    /// The same run with its segments in the order of their centres, so that numbers do not depend
    /// on the seeds.
    pub(super) fn in_order(self) -> Self {
        let k = self.centres.k();
        let mut order: Vec<usize> = (0..k).collect();
        let by_coordinates = |&a: &usize, &b: &usize| {
            let pairs = self.centres.of(a).iter().zip(self.centres.of(b));
            pairs.map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(a.cmp(&b))
        };
        order.sort_by(by_coordinates);
        let mut rank = vec![0u32; k];
        for (position, &centre) in order.iter().enumerate() {
            rank[centre] = position as u32;
        }
        let values = order.iter().flat_map(|&centre| self.centres.of(centre)).copied().collect();
        let labels = self.labels.iter().map(|&label| rank[label as usize]).collect();
        Self { centres: Centres { values, k, d: self.centres.d }, labels, ..self }
    }
}
/// What a block of rows adds to the next centres.
struct Share {
    labels: Vec<u32>,
    sums: Vec<f64>,
    weights: Vec<f64>,
    inertia: f64,
}

/// Places every row and says how far the rows lie from their centres in all.
pub(in crate::cluster) fn place(
    rows: &Points<'_>,
    centres: &Centres,
    work: &Work,
) -> Result<(Vec<u32>, f64), Cancelled> {
    let shares = shares(rows, centres, work)?;
    let mut inertia = 0.0;
    let mut labels = Vec::with_capacity(rows.n());
    for share in shares {
        inertia += share.inertia;
        labels.extend(share.labels);
    }
    Ok((labels, inertia))
}

fn shares(rows: &Points<'_>, centres: &Centres, work: &Work) -> Result<Vec<Share>, Cancelled> {
    let (k, d) = (centres.k(), centres.d);
    blocks::map_blocks(rows.n(), work, |block| {
        let mut values = vec![0.0; d];
        let mut share = Share {
            labels: Vec::with_capacity(block.len()),
            sums: vec![0.0; k * d],
            weights: vec![0.0; k],
            inertia: 0.0,
        };
        for row in block {
            rows.copy_row(row, &mut values);
            let (label, distance) = centres.nearest(&values);
            let weight = rows.weight(row);
            let start = label as usize * d;
            for (sum, value) in share.sums[start..start + d].iter_mut().zip(&values) {
                *sum += weight * value;
            }
            share.weights[label as usize] += weight;
            share.inertia += weight * distance;
            share.labels.push(label);
        }
        share
    })
}

/// Lloyd's iteration from these centres, until nobody changes place.
pub(super) fn lloyd(
    rows: &Points<'_>,
    start: Centres,
    max_iterations: usize,
    work: &Work,
) -> Result<Run, Cancelled> {
    let (k, d) = (start.k(), start.d);
    let mut centres = start;
    let mut labels: Vec<u32> = Vec::new();
    let mut iterations = 0;
    let mut converged = false;
    while iterations < max_iterations && !converged {
        iterations += 1;
        let (mut sums, mut weights, mut next) =
            (vec![0.0; k * d], vec![0.0; k], Vec::with_capacity(rows.n()));
        for share in shares(rows, &centres, work)? {
            add(&mut sums, &share.sums);
            add(&mut weights, &share.weights);
            next.extend(share.labels);
        }
        let relocated = fill_empty(rows, &centres, &mut next, &mut sums, &mut weights);
        for centre in 0..k {
            for (value, sum) in
                centres.values[centre * d..(centre + 1) * d].iter_mut().zip(&sums[centre * d..])
            {
                *value = sum / weights[centre];
            }
        }
        converged = next == labels && !relocated;
        labels = next;
    }
    // Place everybody by the final centres, so that assigning the same customers again gives the
    // same segments.
    let (labels, inertia) = place(rows, &centres, work)?;
    Ok(Run { centres, labels, inertia, iterations, converged })
}

fn add(totals: &mut [f64], parts: &[f64]) {
    for (total, part) in totals.iter_mut().zip(parts) {
        *total += part;
    }
}

/// Gives each empty segment the row that lies farthest from its own centre and is not the last of
/// its segment.
fn fill_empty(
    rows: &Points<'_>,
    centres: &Centres,
    labels: &mut [u32],
    sums: &mut [f64],
    weights: &mut [f64],
) -> bool {
    let (k, d) = (centres.k(), centres.d);
    let mut counts = vec![0usize; k];
    for &label in labels.iter() {
        counts[label as usize] += 1;
    }
    let mut relocated = false;
    for empty in 0..k {
        if counts[empty] > 0 {
            continue;
        }
        let mut farthest: Option<(f64, usize)> = None;
        for (row, &label) in labels.iter().enumerate() {
            if counts[label as usize] > 1 {
                let distance =
                    rows.weight(row) * squared_distance(&rows.row(row), centres.of(label as usize));
                if farthest.is_none_or(|(most, _)| distance > most) {
                    farthest = Some((distance, row));
                }
            }
        }
        let Some((_, row)) = farthest else { break };
        let (from, weight) = (labels[row] as usize, rows.weight(row));
        for (place, value) in rows.row(row).iter().enumerate() {
            sums[from * d + place] -= weight * value;
            sums[empty * d + place] += weight * value;
        }
        weights[from] -= weight;
        weights[empty] += weight;
        counts[from] -= 1;
        counts[empty] += 1;
        labels[row] = empty as u32;
        relocated = true;
    }
    relocated
}
