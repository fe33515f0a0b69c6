//! Complete and average linkage, from a stored triangle of distances.
//!
//! A chain of nearest neighbours (Benzécri 1982, Juan 1982): from any group to its nearest, from
//! that to its nearest, until two are each other's. Distances of merged groups follow from those of
//! their parts (Lance & Williams 1967), so the triangle is all that is looked at. Equal distances
//! are taken as SciPy takes them, by the order of the rows, because the heights of complete linkage
//! depend on it.

use crate::cluster::hierarchical::dendrogram::Pair;
use crate::cluster::numbers::{Distinct, Numbers};
use crate::num::blocks;
use crate::work::{Cancelled, Work};

/// The distance of a merged group to a third, from its parts'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// The farther of the two.
    Farthest,
    /// The mean of the two by the parts' weights.
    Mean,
}

/// The merges of distinct rows, children before parents.
pub(super) fn merges(
    numbers: &Numbers<'_>,
    distinct: &Distinct,
    update: Update,
    work: &Work,
) -> Result<Vec<Pair>, Cancelled> {
    let n = distinct.len();
    let order = by_last_row(distinct);
    let mut distances = Triangle::new(numbers, distinct, &order, work)?;
    let mut weight: Vec<f64> = order.iter().map(|&name| distinct.weights[name as usize]).collect();
    let mut height = vec![0.0f64; n];
    let mut active: Vec<u32> = (0..n as u32).collect();
    let mut pairs = Vec::with_capacity(n - 1);
    let mut chain: Vec<u32> = Vec::new();
    while active.len() > 1 {
        let top = match chain.last() {
            Some(&top) => top,
            None => {
                work.check()?;
                chain.push(active[0]);
                active[0]
            }
        };
        let before = (chain.len() > 1).then(|| chain[chain.len() - 2]);
        // The one before is kept unless another is strictly nearer, so that the chain ends.
        let (mut nearest, mut least) = match before {
            Some(before) => (before, distances.of(top, before)),
            None => (u32::MAX, f64::INFINITY),
        };
        for &other in &active {
            if other != top {
                let distance = distances.of(top, other);
                if distance < least {
                    (nearest, least) = (other, distance);
                }
            }
        }
        if Some(nearest) != before {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (left, right) = (top.min(nearest), top.max(nearest));
        let (a, b) = (left as usize, right as usize);
        // Heights that rounding would let fall by a last digit stay level.
        height[b] = least.max(height[a]).max(height[b]);
        pairs.push(Pair { left: order[a], right: order[b], height: height[b] });
        let total = weight[a] + weight[b];
        let share = weight[a] / total;
        active.remove(active.partition_point(|&place| place < left));
        for &other in active.iter().filter(|&&other| other != right) {
            let (x, y) = (distances.of(right, other), distances.of(left, other));
            let merged = match update {
                Update::Farthest => x.max(y),
                Update::Mean => x + (y - x) * share,
            };
            distances.set(right, other, merged);
        }
        weight[b] = total;
    }
    Ok(pairs)
}

/// Distinct rows in the order of the last row of each. A group stands where its last part stood.
fn by_last_row(distinct: &Distinct) -> Vec<u32> {
    let mut last = vec![0u32; distinct.len()];
    for (row, &name) in distinct.of_row.iter().enumerate() {
        last[name as usize] = row as u32;
    }
    let mut order: Vec<u32> = (0..distinct.len() as u32).collect();
    order.sort_unstable_by_key(|&name| last[name as usize]);
    order
}

/// The distances of all pairs.
struct Triangle {
    values: Vec<f64>,
}

/// Where the distances of a row to those before it begin.
fn start(row: usize) -> usize {
    row * row.saturating_sub(1) / 2
}

impl Triangle {
    fn new(
        numbers: &Numbers<'_>,
        distinct: &Distinct,
        order: &[u32],
        work: &Work,
    ) -> Result<Self, Cancelled> {
        let n = distinct.len();
        let row = |&name: &u32| numbers.row(distinct.rows[name as usize] as usize);
        let rows: Vec<Vec<f64>> = order.iter().map(row).collect();
        let mut values = vec![0.0; start(n)];
        let mut parts = Vec::with_capacity(n);
        let mut rest = values.as_mut_slice();
        for row in 0..n {
            let (part, behind) = rest.split_at_mut(row);
            parts.push((row, part));
            rest = behind;
        }
        blocks::each(parts, |(row, part): (usize, &mut [f64])| {
            for (value, other) in part.iter_mut().zip(&rows) {
                *value = distance(&rows[row], other);
            }
        });
        work.check()?;
        Ok(Self { values })
    }

    fn place(a: u32, b: u32) -> usize {
        let (low, high) = (a.min(b) as usize, a.max(b) as usize);
        start(high) + low
    }

    fn of(&self, a: u32, b: u32) -> f64 {
        self.values[Self::place(a, b)]
    }

    fn set(&mut self, a: u32, b: u32, value: f64) {
        self.values[Self::place(a, b)] = value;
    }
}

pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    let mut squared = 0.0;
    for (x, y) in a.iter().zip(b) {
        squared += (x - y) * (x - y);
    }
    squared.sqrt()
}
