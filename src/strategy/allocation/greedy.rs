//! The baseline: whatever gains most goes first, as long as it fits.
//!
//! This is how budgets are usually given out. It looks at gains and not at what they use, so that a
//! few dear customers can empty a budget that would have served many.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::num::blocks;
use crate::strategy::allocation::problem::{NONE, NOTHING, Offers, Pick, Problem, Totals};
use crate::work::{Cancelled, Work};

/// An offer that waits for its turn: larger gains first, then lower rows, then lower levers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    gain: f64,
    row: u32,
    lever: u8,
}

impl Eq for Waiting {}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain
            .total_cmp(&other.gain)
            .then(other.row.cmp(&self.row))
            .then(other.lever.cmp(&self.lever))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A choice by falling gain: first the quotas, then primaries, then secondaries.
pub(super) fn greedy(
    problem: &Problem<'_>,
    quotas: &[(usize, usize)],
    work: &Work,
) -> Result<(Vec<Pick>, Totals), Cancelled> {
    let mut picks = vec![NOTHING; problem.n()];
    let mut used = vec![0.0; problem.rows.len()];
    for &(lever, at_least) in quotas {
        let wanted = |_: &Problem<'_>, offers: &Offers, pick: Pick, other: usize| {
            (pick == NOTHING && other == lever).then(|| offers.gains[lever])
        };
        round(problem, &mut picks, &mut used, &wanted, at_least, work)?;
    }
    let first = |_: &Problem<'_>, offers: &Offers, pick: Pick, lever: usize| {
        let gain = offers.gains[lever];
        (pick == NOTHING && gain > 0.0).then_some(gain)
    };
    round(problem, &mut picks, &mut used, &first, usize::MAX, work)?;
    if problem.seconds.iter().any(|seconds| !seconds.is_empty()) {
        let second = |problem: &Problem<'_>, offers: &Offers, pick: Pick, lever: usize| {
            if pick[0] == NONE || pick[1] != NONE {
                return None;
            }
            let gain = problem.counts([pick[0], lever as u8]) * offers.gains[lever];
            (gain > 0.0).then_some(gain)
        };
        round(problem, &mut picks, &mut used, &second, usize::MAX, work)?;
    }
    let totals = problem.totals(&picks, work)?;
    Ok((picks, totals))
}

/// One lever more for whom it gains most, until nothing fits or enough are served.
fn round(
    problem: &Problem<'_>,
    picks: &mut [Pick],
    used: &mut [f64],
    gain: &(impl Fn(&Problem<'_>, &Offers, Pick, usize) -> Option<f64> + Sync),
    at_most: usize,
    work: &Work,
) -> Result<(), Cancelled> {
    let prices = vec![0.0; problem.rows.len()];
    let best = |row: usize, offers: &Offers, pick: Pick, used: &[f64]| {
        let fits = |lever: usize| {
            problem.rows.iter().enumerate().all(|(k, row)| {
                let more = problem.used(offers, k, [lever as u8, NONE]);
                more <= 0.0 || used[k] + more <= row.allowed()
            })
        };
        (0..problem.levers())
            .filter_map(|lever| {
                let gain = gain(problem, offers, pick, lever).filter(|gain| !gain.is_nan())?;
                Some(Waiting { gain, row: row as u32, lever: lever as u8 })
            })
            .filter(|waiting| fits(usize::from(waiting.lever)))
            .max()
    };
    let (before, chosen) = (used.to_vec(), &*picks);
    let parts = blocks::map_blocks(chosen.len(), work, |rows| {
        let mut offers = Offers::default();
        let mut found = Vec::new();
        for row in rows {
            problem.offers(row, &prices, &mut offers);
            found.extend(best(row, &offers, chosen[row], &before));
        }
        found
    })?;
    let mut sorted: Vec<Waiting> = parts.into_iter().flatten().collect();
    blocks::sort(&mut sorted, |a, b| b.cmp(a));
    // Offers that take the place of one that no longer fits; always after those before them.
    let mut later: BinaryHeap<Waiting> = BinaryHeap::new();
    let mut sorted = sorted.into_iter().peekable();
    let mut offers = Offers::default();
    let mut served = 0;
    while served < at_most {
        let from_later = later.peek().is_some_and(|late| sorted.peek().is_none_or(|s| late > s));
        let next = if from_later { later.pop() } else { sorted.next() };
        let Some(next) = next else { break };
        let row = next.row as usize;
        problem.offers(row, &prices, &mut offers);
        match best(row, &offers, picks[row], used) {
            Some(now) if now == next => {
                for (k, used) in used.iter_mut().enumerate() {
                    *used += problem.used(&offers, k, [next.lever, NONE]);
                }
                let place = usize::from(picks[row][0] != NONE);
                picks[row][place] = next.lever;
                served += 1;
            }
            Some(now) => later.push(now),
            None => {}
        }
    }
    Ok(())
}
