//! The baseline: whatever gains most goes first, as long as it fits.
//!
//! This is how budgets are usually given out. It looks at gains and not at what they use, so that a
//! few dear customers can empty a budget that would have served many.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::num::blocks;
use crate::strategy::allocation::problem::{NONE, NOTHING, Pick, Problem, Totals};
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

/// Which levers a round gives out.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// One lever, to customers who have none.
    Quota(usize),
    Primary,
    Secondary,
}

struct Greedy<'a> {
    problem: &'a Problem<'a>,
    picks: Vec<Pick>,
    used: Vec<f64>,
}

/// A choice by falling gain: first the quotas, then primaries, then secondaries.
pub(super) fn greedy(
    problem: &Problem<'_>,
    quotas: &[(usize, usize)],
    work: &Work,
) -> Result<(Vec<Pick>, Totals), Cancelled> {
    let (picks, used) = (vec![NOTHING; problem.n()], vec![0.0; problem.rows.len()]);
    let mut greedy = Greedy { problem, picks, used };
    for &(lever, at_least) in quotas {
        greedy.round(Role::Quota(lever), at_least, work)?;
    }
    greedy.round(Role::Primary, usize::MAX, work)?;
    if problem.seconds.iter().any(|seconds| !seconds.is_empty()) {
        greedy.round(Role::Secondary, usize::MAX, work)?;
    }
    let totals = problem.totals(&greedy.picks, work)?;
    Ok((greedy.picks, totals))
}

impl Greedy<'_> {
    /// What a lever more would gain; `None` where it is not this round's.
    fn gain(&self, role: Role, row: usize, lever: usize) -> Option<f64> {
        let pick = self.picks[row];
        let gain = self.problem.table.gains()[self.problem.table.place(row, lever)];
        if self.problem.closed[lever] || gain.is_nan() {
            return None;
        }
        match role {
            Role::Quota(wanted) => (lever == wanted && pick == NOTHING).then_some(gain),
            Role::Primary => (pick == NOTHING && gain > 0.0).then_some(gain),
            Role::Secondary => {
                let open = pick[0] != NONE && pick[1] == NONE;
                let gain =
                    if open { gain * self.problem.counts([pick[0], lever as u8]) } else { 0.0 };
                (gain > 0.0).then_some(gain)
            }
        }
    }

    fn fits(&self, row: usize, lever: usize) -> bool {
        self.problem.rows.iter().enumerate().all(|(k, limit)| {
            let more = self.problem.one(k, row, lever);
            more <= 0.0 || self.used[k] + more <= limit.allowed()
        })
    }

    fn best(&self, role: Role, row: usize, fits: impl Fn(usize) -> bool) -> Option<Waiting> {
        (0..self.problem.levers())
            .filter(|&lever| fits(lever))
            .filter_map(|lever| {
                let gain = self.gain(role, row, lever)?;
                Some(Waiting { gain, row: row as u32, lever: lever as u8 })
            })
            .max()
    }

    /// Levers that still fit somebody.
    fn open(&self) -> Vec<bool> {
        let fits = |lever: usize| {
            self.problem.rows.iter().zip(&self.used).all(|(row, used)| {
                row.least[lever] <= 0.0 || used + row.least[lever] <= row.allowed()
            })
        };
        (0..self.problem.levers()).map(fits).collect()
    }

    /// One lever more for those with whom it gains most, until nothing fits or enough are served.
    fn round(&mut self, role: Role, at_most: usize, work: &Work) -> Result<(), Cancelled> {
        let mut open = self.open();
        let parts = blocks::map_blocks(self.picks.len(), work, |rows| {
            rows.filter_map(|row| self.best(role, row, |lever| open[lever])).collect::<Vec<_>>()
        })?;
        let mut sorted: Vec<Waiting> = parts.concat();
        blocks::sort(&mut sorted, |a, b| b.cmp(a));
        // Offers in place of one that no longer fits; they come in their turn.
        let mut later: BinaryHeap<Waiting> = BinaryHeap::new();
        let mut sorted = sorted.into_iter().peekable();
        let mut served = 0;
        while served < at_most && open.contains(&true) {
            let from_later =
                later.peek().is_some_and(|late| sorted.peek().is_none_or(|next| late > next));
            let next = if from_later { later.pop() } else { sorted.next() };
            let Some(next) = next else { break };
            let (row, lever) = (next.row as usize, usize::from(next.lever));
            if !(open[lever] && self.fits(row, lever)) {
                later.extend(self.best(role, row, |lever| open[lever] && self.fits(row, lever)));
                continue;
            }
            for (k, used) in self.used.iter_mut().enumerate() {
                *used += self.problem.one(k, row, lever);
            }
            let place = usize::from(self.picks[row][0] != NONE);
            self.picks[row][place] = next.lever;
            served += 1;
            if served % 64 == 0 {
                open = self.open();
            }
        }
        Ok(())
    }
}
