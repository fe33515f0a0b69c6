//! Experiences added one by one, each time the one that adds the most.
//!
//! A lazy greedy asks a few candidates anew at each step. Here the gains of all candidates are kept
//! up to date instead: they change only by the customers whose best changed, who get fewer with
//! each step. So all gains are known at each step, and from them an upper bound of what any set
//! could be worth, for the price of a few passes over the table.

use std::ops::Range;

use crate::num::blocks;
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// Values row by row: of all rows, or of those listed.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) values: &'a [f64],
    pub(super) width: usize,
    pub(super) rows: Option<&'a [u32]>,
    pub(super) weights: Option<&'a [f64]>,
}

/// An experience that was added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pick {
    pub(super) column: usize,
    /// What it added.
    pub(super) adds: f64,
    /// What all so far are worth.
    pub(super) value: f64,
    /// What no set of as many is worth more than.
    pub(super) bound: f64,
}

impl<'a> Table<'a> {
    pub(super) fn len(&self) -> usize {
        self.rows.map_or(self.values.len() / self.width, <[u32]>::len)
    }

    /// The number of the row in a place.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows.map_or(place, |rows| rows[place] as usize)
    }

    pub(super) fn values_of(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The mean row of each group, with the weight of the group.
    pub(super) fn by_group(&self, of: &[SegmentId]) -> Groups {
        let groups = of.iter().map(|group| group.index() + 1).max().unwrap_or(0);
        let mut values = vec![0.0; groups * self.width];
        let mut weights = vec![0.0; groups];
        for row in (0..self.len()).map(|place| self.row(place)) {
            let (group, weight) = (of[row].index(), self.weight(row));
            weights[group] += weight;
            let sums = &mut values[group * self.width..(group + 1) * self.width];
            for (sum, value) in sums.iter_mut().zip(self.values_of(row)) {
                *sum += weight * value;
            }
        }
        for (mean, &weight) in values.chunks_exact_mut(self.width).zip(&weights) {
            if weight > 0.0 {
                mean.iter_mut().for_each(|value| *value /= weight);
            }
        }
        Groups { values, weights, width: self.width }
    }
}

/// Groups of customers as rows.
pub(super) struct Groups {
    values: Vec<f64>,
    weights: Vec<f64>,
    width: usize,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    pub(super) fn table(&self) -> Table<'_> {
        Table { values: &self.values, width: self.width, rows: None, weights: Some(&self.weights) }
    }

    /// Pick by pick, whether it is the best so far for each group.
    pub(super) fn improved_by(&self, picks: &[Pick]) -> Vec<bool> {
        let mut best = vec![0.0; self.len()];
        let mut better = Vec::with_capacity(picks.len() * best.len());
        for pick in picks {
            for (group, best) in best.iter_mut().enumerate() {
                let value = self.values[group * self.width + pick.column];
                better.push(value > *best);
                *best = value.max(*best);
            }
        }
        better
    }
}

/// What taking one experience changed, in a block of customers.
struct Change {
    adds: f64,
    customers: usize,
    /// By how much less each experience adds from now on.
    loss: Vec<f64>,
}

/// The experiences in the order in which they are added, until nothing adds anything or there are
/// enough of them. Of equal ones the first is taken.
pub(super) fn picks(
    table: &Table<'_>,
    at_most: usize,
    work: &Work,
) -> Result<Vec<Pick>, Cancelled> {
    let most = at_most.min(table.width);
    let mut gains = first_gains(table, work)?;
    let mut best = vec![0.0; table.len()];
    let mut bounds = vec![f64::INFINITY; most];
    let mut picks: Vec<Pick> = Vec::new();
    let mut value = 0.0;
    while picks.len() < most {
        tighten(&mut bounds, value, &gains);
        let Some(column) = largest(&gains) else { break };
        let changes = blocks::fill(&mut best, blocks::BLOCK, work, |start, best| {
            take(table, column, start..start + best.len(), best)
        })?;
        gains[column] = 0.0;
        if changes.iter().all(|change| change.customers == 0) {
            // What seemed to be left of its gain was rounding.
            continue;
        }
        let mut adds = 0.0;
        for change in &changes {
            adds += change.adds;
            for (gain, loss) in gains.iter_mut().zip(&change.loss) {
                *gain = (*gain - loss).max(0.0);
            }
        }
        gains[column] = 0.0;
        value += adds;
        picks.push(Pick { column, adds, value, bound: f64::INFINITY });
    }
    tighten(&mut bounds, value, &gains);
    for (pick, bound) in picks.iter_mut().zip(bounds) {
        // Rounding must not put the bound below what was reached.
        pick.bound = bound.max(pick.value);
    }
    Ok(picks)
}

/// What each experience alone is worth.
fn first_gains(table: &Table<'_>, work: &Work) -> Result<Vec<f64>, Cancelled> {
    let parts = blocks::map_blocks(table.len(), work, |places: Range<usize>| {
        let mut gains = vec![0.0; table.width];
        for row in places.map(|place| table.row(place)) {
            let weight = table.weight(row);
            for (gain, &value) in gains.iter_mut().zip(table.values_of(row)) {
                *gain += weight * above(value, 0.0);
            }
        }
        gains
    })?;
    let mut gains = vec![0.0; table.width];
    for part in parts {
        gains.iter_mut().zip(part).for_each(|(gain, more)| *gain += more);
    }
    Ok(gains)
}

/// Gives the experience to those customers of a block for whom it is the best so far.
fn take(table: &Table<'_>, column: usize, places: Range<usize>, best: &mut [f64]) -> Change {
    let mut change = Change { adds: 0.0, customers: 0, loss: vec![0.0; table.width] };
    for (place, best) in places.zip(best) {
        let row = table.row(place);
        let now = table.values[row * table.width + column];
        let weight = table.weight(row);
        if now > *best && weight > 0.0 {
            let before = *best;
            for (loss, &value) in change.loss.iter_mut().zip(table.values_of(row)) {
                *loss += weight * (above(value, before) - above(value, now));
            }
            change.adds += weight * (now - before);
            change.customers += 1;
            *best = now;
        }
    }
    change
}

/// By how much a value lies above a floor; a form that compilers turn into vector instructions.
#[inline(always)]
fn above(value: f64, floor: f64) -> f64 {
    let rest = value - floor;
    if rest > 0.0 { rest } else { 0.0 }
}

/// The first place of the largest gain, where there is one above zero.
fn largest(gains: &[f64]) -> Option<usize> {
    let mut found: Option<usize> = None;
    for (place, &gain) in gains.iter().enumerate() {
        if gain > found.map_or(0.0, |found| gains[found]) {
            found = Some(place);
        }
    }
    found
}

/// No set of `k` is worth more than any set so far and the `k` largest gains beside it (the online
/// bound of submodular functions: adding several never brings more than each alone).
fn tighten(bounds: &mut [f64], value: f64, gains: &[f64]) {
    let mut sorted = gains.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut reach = value;
    for (bound, gain) in bounds.iter_mut().zip(sorted) {
        reach += gain;
        *bound = bound.min(reach);
    }
}
