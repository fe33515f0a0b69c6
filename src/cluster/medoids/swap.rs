//! The search for medoids on a table of pairs: a greedy start, then eager swaps.

use crate::num::blocks;
use crate::num::random::Stream;
use crate::work::{Cancelled, Work};

/// How unlike any two of `n` are.
pub(super) struct Table {
    n: usize,
    values: Vec<f64>,
}

/// Medoids that were searched for.
pub(super) struct Found {
    pub(super) medoids: Vec<usize>,
    pub(super) cost: f64,
    pub(super) swaps: usize,
    pub(super) converged: bool,
    /// Starts that came here.
    pub(super) hits: usize,
}

impl Table {
    /// Asks `between` for every pair.
    pub(super) fn new(
        n: usize,
        work: &Work,
        between: impl Fn(usize, usize) -> f64 + Sync,
    ) -> Result<Self, Cancelled> {
        let mut values = vec![0.0; n * n];
        blocks::fill(&mut values, n.max(1), work, |first, row| {
            let a = first / n;
            for (b, value) in row.iter_mut().enumerate() {
                *value = between(a, b);
            }
        })?;
        Ok(Self { n, values })
    }

    fn row(&self, a: usize) -> &[f64] {
        &self.values[a * self.n..(a + 1) * self.n]
    }
}

/// The greedy start: first whoever costs least alone, then whoever saves most, of equals the first.
pub(super) fn build(
    table: &Table,
    weights: &[f64],
    k: usize,
    work: &Work,
) -> Result<Vec<usize>, Cancelled> {
    let n = table.n;
    let mut nearest = vec![f64::INFINITY; n];
    let mut medoids = Vec::with_capacity(k);
    for _ in 0..k {
        let costs = blocks::map_blocks(n, work, |block| {
            let cost = |candidate: usize| {
                let row = table.row(candidate);
                let mut cost = 0.0;
                for other in 0..n {
                    cost += weights[other] * row[other].min(nearest[other]);
                }
                cost
            };
            block.map(cost).collect::<Vec<f64>>()
        })?;
        let mut best: Option<(f64, usize)> = None;
        for (candidate, cost) in costs.into_iter().flatten().enumerate() {
            if !medoids.contains(&candidate) && best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, candidate));
            }
        }
        let Some((_, medoid)) = best else { break };
        for (near, &distance) in nearest.iter_mut().zip(table.row(medoid)) {
            *near = near.min(distance);
        }
        medoids.push(medoid);
    }
    Ok(medoids)
}

/// A drawn start: each medoid with a chance proportional to weight and distance from those before.
pub(super) fn drawn(table: &Table, weights: &[f64], k: usize, stream: &mut Stream) -> Vec<usize> {
    let mut mass = weights.to_vec();
    let mut nearest = vec![f64::INFINITY; table.n];
    let mut medoids = Vec::with_capacity(k);
    for _ in 0..k {
        let medoid = stream.proportional(&mass);
        for (other, &distance) in table.row(medoid).iter().enumerate() {
            nearest[other] = nearest[other].min(distance);
            mass[other] = weights[other] * nearest[other];
        }
        medoids.push(medoid);
    }
    medoids
}

/// The nearest and the second nearest medoid of everybody.
struct Near {
    first: Vec<(u32, f64)>,
    second: Vec<f64>,
}

impl Near {
    fn of(table: &Table, medoids: &[usize]) -> Self {
        let mut near =
            Self { first: vec![(0, f64::INFINITY); table.n], second: vec![f64::INFINITY; table.n] };
        for (number, &medoid) in medoids.iter().enumerate() {
            for (other, &distance) in table.row(medoid).iter().enumerate() {
                if distance < near.first[other].1 {
                    near.second[other] = near.first[other].1;
                    near.first[other] = (number as u32, distance);
                } else if distance < near.second[other] {
                    near.second[other] = distance;
                }
            }
        }
        near
    }

    fn cost(&self, weights: &[f64]) -> f64 {
        blocks::sum(weights.len(), |row| weights[row] * self.first[row].1)
    }

    /// What the loss of each medoid alone would cost.
    fn losses(&self, weights: &[f64], k: usize) -> Vec<f64> {
        let mut losses = vec![0.0; k];
        for (row, &(number, distance)) in self.first.iter().enumerate() {
            losses[number as usize] += weights[row] * (self.second[row] - distance);
        }
        losses
    }
}

/// Swaps a medoid for whoever makes the whole cheaper, as soon as one is found, until nobody does.
///
/// One look at a candidate tells what it would change for each of the medoids that it could
/// replace: those nearer to it than to any medoid count for all of them, the others only for the
/// medoid they would lose.
pub(super) fn swap(
    table: &Table,
    weights: &[f64],
    mut medoids: Vec<usize>,
    max_swaps: usize,
    work: &Work,
) -> Result<Found, Cancelled> {
    let (n, k) = (table.n, medoids.len());
    let (mut swaps, mut since_last) = (0, 0);
    if k < 2 {
        // With one medoid the greedy start is the optimum.
        let cost = Near::of(table, &medoids).cost(weights);
        return Ok(Found { medoids, cost, swaps, converged: true, hits: 1 });
    }
    let mut near = Near::of(table, &medoids);
    let mut cost = near.cost(weights);
    let mut losses = near.losses(weights, k);
    let mut candidate = 0;
    while since_last < n && swaps < max_swaps {
        if candidate % 256 == 0 {
            work.check()?;
        }
        since_last += 1;
        if !medoids.contains(&candidate) {
            let number = cheapest(table.row(candidate), weights, &near, &losses);
            let replaced = std::mem::replace(&mut medoids[number.0], candidate);
            let better = number.1 < 0.0 && {
                let trial = Near::of(table, &medoids);
                let trial_cost = trial.cost(weights);
                // The change was summed in another order than the cost, and only a lower cost
                // makes sure that the search ends.
                let better = trial_cost < cost;
                if better {
                    (near, cost) = (trial, trial_cost);
                }
                better
            };
            if better {
                losses = near.losses(weights, k);
                swaps += 1;
                since_last = 0;
            } else {
                medoids[number.0] = replaced;
            }
        }
        candidate = (candidate + 1) % n;
    }
    Ok(Found { medoids, cost, swaps, converged: since_last >= n, hits: 1 })
}

/// The medoid that a candidate should replace, and by how much that changes the cost.
fn cheapest(row: &[f64], weights: &[f64], near: &Near, losses: &[f64]) -> (usize, f64) {
    let mut changes = losses.to_vec();
    let mut for_all = 0.0;
    for (other, &distance) in row.iter().enumerate() {
        let (number, nearest) = near.first[other];
        let second = near.second[other];
        if distance < nearest {
            for_all += weights[other] * (distance - nearest);
            changes[number as usize] += weights[other] * (nearest - second);
        } else if distance < second {
            changes[number as usize] += weights[other] * (distance - second);
        }
    }
    let mut best = 0;
    for (number, &change) in changes.iter().enumerate() {
        if change < changes[best] {
            best = number;
        }
    }
    (best, changes[best] + for_all)
}
