//! From the customers' own choices to a choice that keeps every limit and quota.
//!
//! At the best prices the choices use a little too much of some limits and leave a little of
//! others. What was chosen is taken back where that loses least for the excess that it takes away;
//! what is left over is then given where it gains most for what it uses.

use crate::num::blocks;
use crate::strategy::allocation::choice;
use crate::strategy::allocation::problem::{Offers, Pick, Problem, Totals};
use crate::work::{Cancelled, Work};

/// Rounds of taking back and filling up.
const ROUNDS: usize = 24;

/// A round that gains less than this share is the last, where there are few customers and many.
const WORTH_A_ROUND: [f64; 2] = [1e-9, 1e-6];

/// Customers up to which everybody is looked at; above, those whose choice hangs on the prices.
const EVERYBODY: usize = 65_536;

/// Customers who are enough to fill up what is left.
const ENOUGH: usize = 4_096;

pub(super) struct Repair<'a> {
    problem: &'a Problem<'a>,
    prices: &'a [f64],
    /// The size of each limit, so that excesses add up.
    units: Vec<f64>,
    /// The size of the value.
    scale: f64,
}

/// A change of what is done for one customer.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// Smaller is better.
    score: f64,
    pick: Pick,
}

impl<'a> Repair<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, prices: &'a [f64], scale: f64) -> Self {
        let units = problem.rows.iter().map(|row| row.at_most.abs().max(1e-300)).collect();
        Self { problem, prices, units, scale }
    }

    /// Changes the choice until it keeps limits and quotas, and fills up what is left. The totals
    /// are plain sums over the choice; whether they keep everything is for the caller to see.
    pub(super) fn mend(&self, picks: &mut [Pick], work: &Work) -> Result<Totals, Cancelled> {
        let mut totals = self.problem.totals(picks, work)?;
        let mut missing = f64::INFINITY;
        let worth = WORTH_A_ROUND[usize::from(picks.len() > EVERYBODY)];
        let mut round = 0;
        // Broken limits are mended however long it takes, as long as it gets on.
        while round < ROUNDS || !self.problem.keeps(&totals.used) {
            round += 1;
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
            if gained <= worth * totals.value.abs() && self.problem.keeps(&totals.used) {
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
                let loss = (now - problem.net(offers, other)).max(0.0);
                let score = loss / relief;
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
            if gain.is_nan() || gain <= 0.0 {
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
        rows: Option<&[u32]>,
        work: &Work,
        change: impl Fn(&Offers, Pick) -> Option<f64> + Sync,
    ) -> Result<Vec<(f64, u32)>, Cancelled> {
        let n = rows.map_or(picks.len(), <[u32]>::len);
        let parts = blocks::map_blocks(n, work, |places| {
            let mut offers = Offers::default();
            let mut found = Vec::new();
            for place in places {
                let row = rows.map_or(place, |rows| rows[place] as usize);
                self.problem.offers(row, self.prices, &mut offers);
                if let Some(score) = change(&offers, picks[row]) {
                    found.push((score, row as u32));
                }
            }
            found
        })?;
        let mut all: Vec<(f64, u32)> = parts.into_iter().flatten().collect();
        blocks::sort(&mut all, compare);
        Ok(all)
    }

    /// Customers who would take something else if prices moved a little: those who lose least by a
    /// change. It begins at `first` and grows until `enough` says so of the totals and the number of customers;
    /// `None` stands for everybody.
    fn wavering(
        &self,
        picks: &[Pick],
        first: f64,
        work: &Work,
        moved: impl Fn(usize, f64) -> f64,
        enough: impl Fn(&Totals, usize) -> bool,
    ) -> Result<Option<Vec<u32>>, Cancelled> {
        if picks.len() <= EVERYBODY {
            return Ok(None);
        }
        let mut by = first.clamp(1e-9, 0.1);
        while by < 0.5 {
            let prices: Vec<f64> = (0..self.prices.len()).map(|k| moved(k, by)).collect();
            let (own, totals) = choice::picks(self.problem, &prices, work)?;
            let differ = |row: &usize| own[*row] != picks[*row];
            let parts = blocks::map_blocks(picks.len(), work, |rows| {
                rows.filter(differ).map(|row| row as u32).collect::<Vec<u32>>()
            })?;
            let rows = parts.concat();
            if enough(&totals, rows.len()) {
                return Ok(Some(rows));
            }
            by *= 4.0;
        }
        Ok(None)
    }

    fn take_back(
        &self,
        picks: &mut [Pick],
        used: &mut [f64],
        work: &Work,
    ) -> Result<(), Cancelled> {
        let problem = self.problem;
        let broken: Vec<bool> =
            problem.rows.iter().zip(&*used).map(|(row, &used)| used > row.allowed()).collect();
        let typical = |k: usize| 0.01 * self.scale / self.units[k];
        let mut most = 0.0_f64;
        for (row, used) in problem.rows.iter().zip(&*used) {
            most = most.max((used - row.at_most) / row.at_most.abs());
        }
        let rows = self.wavering(
            picks,
            most,
            work,
            |k, by| {
                let price = self.prices[k];
                if broken[k] { price + by * price.max(typical(k)) } else { price }
            },
            // Twice as far as needed, since changes come in lumps.
            |totals, _| {
                problem.rows.iter().zip(&totals.used).zip(&*used).zip(&broken).all(
                    |(((row, &then), &now), &broken)| {
                        !broken || row.at_most - then >= now - row.at_most
                    },
                )
            },
        )?;
        let ranked = self.ranked(picks, rows.as_deref(), work, |offers, pick| {
            self.relief(offers, pick, used).map(|change| change.score)
        })?;
        let mut offers = Offers::default();
        for (_, row) in ranked {
            if problem.keeps(used) {
                break;
            }
            let row = row as usize;
            problem.offers(row, self.prices, &mut offers);
            if let Some(change) = self.relief(&offers, picks[row], used) {
                self.apply(&offers, &mut picks[row], change.pick, used);
            }
        }
        Ok(())
    }

    /// Gives what is left; returns what that gained.
    fn fill_up(&self, picks: &mut [Pick], used: &mut [f64], work: &Work) -> Result<f64, Cancelled> {
        let limits = |k: usize| self.problem.rows[k].at_most >= 0.0;
        let few = 0.5 * ENOUGH as f64 / picks.len().max(1) as f64;
        let rows = self.wavering(
            picks,
            few,
            work,
            |k, by| if limits(k) { self.prices[k] * (1.0 - by) } else { self.prices[k] },
            |_, rows| rows >= ENOUGH,
        )?;
        let ranked = self.ranked(picks, rows.as_deref(), work, |offers, pick| {
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
