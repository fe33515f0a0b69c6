//! From the customers' own choices to a choice that keeps every limit and quota.
//!
//! At the best prices the choices use a little too much of some limits and leave a little of
//! others. What was chosen is taken back where that loses least for the excess that it takes away;
//! what is left over is then given where it gains most for what it uses.

use crate::num::blocks;
use crate::strategy::allocation::problem::{Offers, Pick, Problem, Totals};
use crate::work::{Cancelled, Work};

/// Rounds of taking back and filling up.
const ROUNDS: usize = 24;

/// Rows of a block at most that are tried in one round of filling up; what is left over is little,
/// and a further round finds those that still fit.
const PER_BLOCK: usize = blocks::BLOCK;

pub(super) struct Repair<'a> {
    problem: &'a Problem<'a>,
    prices: &'a [f64],
    /// The size of each limit, so that excesses add up.
    units: Vec<f64>,
}

/// A change of what is done for one customer.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// Smaller is better.
    score: f64,
    pick: Pick,
}

impl<'a> Repair<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, prices: &'a [f64]) -> Self {
        let units = problem.rows.iter().map(|row| row.at_most.abs().max(1e-300)).collect();
        Self { problem, prices, units }
    }

    /// Changes the choice until it keeps limits and quotas, and fills up what is left. The totals
    /// are plain sums over the choice; whether they keep everything is for the caller to see.
    pub(super) fn mend(&self, picks: &mut [Pick], work: &Work) -> Result<Totals, Cancelled> {
        let mut totals = self.problem.totals(picks, work)?;
        let mut missing = f64::INFINITY;
        for _ in 0..ROUNDS {
            if !self.problem.keeps(&totals.used) {
                let before = self.excess(&totals.used);
                if before >= missing {
                    break;
                }
                missing = before;
                self.take_back(picks, &mut totals.used, work)?;
                totals = self.problem.totals(picks, work)?;
                continue;
            }
            missing = f64::INFINITY;
            let gained = self.fill_up(picks, &mut totals.used, work)?;
            totals = self.problem.totals(picks, work)?;
            if gained <= 1e-9 * totals.value.abs() && self.problem.keeps(&totals.used) {
                break;
            }
        }
        Ok(totals)
    }

    /// How far limits and quotas are broken in all.
    fn excess(&self, used: &[f64]) -> f64 {
        let mut excess = 0.0;
        for ((row, used), unit) in self.problem.rows.iter().zip(used).zip(&self.units) {
            if *used > row.allowed() {
                excess += (used - row.at_most) / unit;
            }
        }
        excess
    }

    /// The change that loses least at the prices for the excess that it takes away.
    fn relief(&self, offers: &Offers, pick: Pick, used: &[f64]) -> Option<Change> {
        let problem = self.problem;
        let before = self.excess(used);
        let now = problem.net(offers, pick);
        let broken: Vec<usize> =
            (0..used.len()).filter(|&k| used[k] > problem.rows[k].allowed()).collect();
        let mut best: Option<Change> = None;
        problem.picks(offers, |other| {
            if other == pick {
                return;
            }
            // Most other choices help no broken limit at all, and cost no more than this to see.
            let helps = broken
                .iter()
                .any(|&k| problem.used(offers, k, other) < problem.used(offers, k, pick));
            if !helps {
                return;
            }
            let mut after = 0.0;
            for (k, (row, unit)) in problem.rows.iter().zip(&self.units).enumerate() {
                let change = problem.used(offers, k, other) - problem.used(offers, k, pick);
                let used = used[k] + change;
                if used > row.allowed() {
                    after += (used - row.at_most) / unit;
                }
            }
            let relief = before - after;
            if relief > 0.0 {
                let score = (now - problem.net(offers, other)).max(0.0) / relief;
                if best.is_none_or(|best| score < best.score) {
                    best = Some(Change { score, pick: other });
                }
            }
        });
        best
    }

    /// The change that gains, fits, and gains most for what it uses at the prices.
    fn rise(&self, offers: &Offers, pick: Pick, used: &[f64]) -> Option<(Change, f64)> {
        let problem = self.problem;
        let (value, net) = (problem.value(offers, pick), problem.net(offers, pick));
        let mut best: Option<(Change, f64)> = None;
        problem.picks(offers, |other| {
            let gain = problem.value(offers, other) - value;
            if !(gain > 0.0) {
                return;
            }
            // Gain less the rise of the net gain is what the change uses, at the prices.
            let cost = gain - (problem.net(offers, other) - net);
            let score = if cost > 0.0 { -gain / cost } else { f64::NEG_INFINITY };
            let better = best.is_none_or(|(best, most)| {
                score < best.score || (score == best.score && gain > most)
            });
            if !better {
                return;
            }
            let fits = problem.rows.iter().enumerate().all(|(k, row)| {
                let change = problem.used(offers, k, other) - problem.used(offers, k, pick);
                change <= 0.0 || used[k] + change <= row.allowed()
            });
            if fits {
                best = Some((Change { score, pick: other }, gain));
            }
        });
        best
    }

    /// Customers in the order of the scores of what could be changed about them.
    fn ranked(
        &self,
        picks: &[Pick],
        work: &Work,
        change: impl Fn(&Offers, Pick) -> Option<f64> + Sync,
    ) -> Result<Vec<(f64, u32)>, Cancelled> {
        let parts = blocks::map_blocks(picks.len(), work, |rows| {
            let mut offers = Offers::default();
            let mut found = Vec::new();
            for row in rows {
                self.problem.offers(row, self.prices, &mut offers);
                if let Some(score) = change(&offers, picks[row]) {
                    found.push((score, row as u32));
                }
            }
            found.sort_unstable_by(compare);
            found.truncate(PER_BLOCK);
            found
        })?;
        let mut all: Vec<(f64, u32)> = parts.into_iter().flatten().collect();
        blocks::sort(&mut all, compare);
        Ok(all)
    }

    fn take_back(
        &self,
        picks: &mut [Pick],
        used: &mut [f64],
        work: &Work,
    ) -> Result<(), Cancelled> {
        let ranked = self.ranked(picks, work, |offers, pick| {
            self.relief(offers, pick, used).map(|change| change.score)
        })?;
        let mut offers = Offers::default();
        for (_, row) in ranked {
            if self.problem.keeps(used) {
                break;
            }
            let row = row as usize;
            self.problem.offers(row, self.prices, &mut offers);
            if let Some(change) = self.relief(&offers, picks[row], used) {
                self.apply(&offers, &mut picks[row], change.pick, used);
            }
        }
        Ok(())
    }

    /// Gives what is left; returns what that gained.
    fn fill_up(&self, picks: &mut [Pick], used: &mut [f64], work: &Work) -> Result<f64, Cancelled> {
        let ranked = self.ranked(picks, work, |offers, pick| {
            self.rise(offers, pick, used).map(|(change, _)| change.score)
        })?;
        let mut offers = Offers::default();
        let mut gained = 0.0;
        for (_, row) in ranked {
            let row = row as usize;
            self.problem.offers(row, self.prices, &mut offers);
            if let Some((change, gain)) = self.rise(&offers, picks[row], used) {
                self.apply(&offers, &mut picks[row], change.pick, used);
                gained += gain;
            }
        }
        Ok(gained)
    }

    fn apply(&self, offers: &Offers, pick: &mut Pick, other: Pick, used: &mut [f64]) {
        for (k, used) in used.iter_mut().enumerate() {
            *used += self.problem.used(offers, k, other) - self.problem.used(offers, k, *pick);
        }
        *pick = other;
    }
}

/// By score, then by row, so that the order has no ties.
fn compare(a: &(f64, u32), b: &(f64, u32)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}
