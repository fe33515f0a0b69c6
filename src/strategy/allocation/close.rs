//! The last bit of the gap: every choice that the bound leaves open, one by one.
//!
//! A choice falls short of the dual bound by what its customers lose against their own best at the
//! prices, and by the price of what it leaves unused. So a choice better than the one at hand can
//! only deviate where that loses less than the gap, which is true of few customers. Trying all their
//! combinations either finds a better choice or proves that there is none.

use crate::strategy::allocation::problem::{Offers, Pick, Problem, Totals};
use crate::work::{Cancelled, Work};

/// Customers up to which the search is worth its time: above, the gap is negligible anyhow.
const CUSTOMERS: usize = 65_536;

/// Combinations that are tried before the search gives up.
const STEPS: usize = 400_000;

/// A way in which a customer may deviate.
#[derive(Debug, Clone)]
struct Deviation {
    loss: f64,
    pick: Pick,
    /// What changes in each row.
    change: Vec<f64>,
}

/// A customer whose choice the bound leaves open; staying is the first way.
#[derive(Debug, Clone)]
struct Open {
    row: usize,
    ways: Vec<Deviation>,
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    prices: &'a [f64],
    open: Vec<Open>,
    /// For each depth and row, how much all later customers can take off, and what they can add.
    off: Vec<Vec<f64>>,
    on: Vec<Vec<f64>>,
    shortfall: f64,
    ways: Vec<usize>,
    best: Option<Vec<usize>>,
    steps: usize,
}

/// Whether the choice is now proven to be the best; a better one replaces it.
pub(super) fn close(
    problem: &Problem<'_>,
    prices: &[f64],
    picks: &mut Vec<Pick>,
    totals: &mut Totals,
    work: &Work,
) -> Result<bool, Cancelled> {
    if problem.n() > CUSTOMERS {
        return Ok(false);
    }
    let mut own = Vec::with_capacity(problem.n());
    let mut open = Vec::new();
    let mut offers = Offers::default();
    // The shortfall of the choice at hand in the same terms as those of the others.
    let mut shortfall = slack(problem, prices, &totals.used);
    for row in 0..problem.n() {
        problem.offers(row, prices, &mut offers);
        let (best, net) = own_best(problem, &offers);
        shortfall += net - problem.net(&offers, picks[row]);
        own.push(best);
    }
    if shortfall <= 0.0 {
        return Ok(true);
    }
    let mut ways_in_all = 0;
    for (row, &best) in own.iter().enumerate() {
        problem.offers(row, prices, &mut offers);
        let net = problem.net(&offers, best);
        let mut ways = vec![Deviation { loss: 0.0, pick: best, change: vec![0.0; prices.len()] }];
        problem.picks(&offers, |pick| {
            let loss = net - problem.net(&offers, pick);
            if pick != best && loss < shortfall {
                let change = (0..prices.len())
                    .map(|k| problem.used(&offers, k, pick) - problem.used(&offers, k, best))
                    .collect();
                ways.push(Deviation { loss, pick, change });
            }
        });
        ways_in_all += ways.len() - 1;
        if ways.len() > 1 {
            ways[1..].sort_by(|a, b| a.loss.total_cmp(&b.loss));
            open.push(Open { row, ways });
        }
        if ways_in_all > STEPS {
            return Ok(false);
        }
    }
    work.check()?;
    let start = problem.totals(&own, work)?;
    let mut search = Search::new(problem, prices, open, shortfall);
    let whole = search.descend(0, 0.0, &start.used);
    if let Some(best) = search.best {
        for (open, way) in search.open.iter().zip(best) {
            own[open.row] = open.ways[way].pick;
        }
        let found = problem.totals(&own, work)?;
        if problem.keeps(&found.used) && found.value > totals.value {
            *picks = own;
            *totals = found;
        }
    }
    Ok(whole)
}

/// What is left of all limits, at the prices.
fn slack(problem: &Problem<'_>, prices: &[f64], used: &[f64]) -> f64 {
    let mut slack = 0.0;
    for ((row, price), used) in problem.rows.iter().zip(prices).zip(used) {
        slack += price * (row.at_most - used);
    }
    slack
}

/// What a customer takes at the prices.
fn own_best(problem: &Problem<'_>, offers: &Offers) -> (Pick, f64) {
    let mut best = ([u8::MAX; 2], 0.0);
    problem.picks(offers, |pick| {
        let net = problem.net(offers, pick);
        if net > best.1 {
            best = (pick, net);
        }
    });
    best
}

impl<'a> Search<'a> {
    fn new(
        problem: &'a Problem<'a>,
        prices: &'a [f64],
        mut open: Vec<Open>,
        shortfall: f64,
    ) -> Self {
        // Customers who lose least are decided first, so that good choices come early.
        open.sort_by(|a, b| a.ways[1].loss.total_cmp(&b.ways[1].loss).then(a.row.cmp(&b.row)));
        let rows = prices.len();
        let (mut off, mut on) = (vec![vec![0.0; rows]], vec![vec![0.0; rows]]);
        for (depth, open) in open.iter().rev().enumerate() {
            let extreme = |better: fn(f64, f64) -> f64, known: &[f64]| {
                (0..rows)
                    .map(|k| known[k] + open.ways.iter().map(|w| w.change[k]).fold(0.0, better))
                    .collect::<Vec<f64>>()
            };
            let (less, more) = (extreme(f64::min, &off[depth]), extreme(f64::max, &on[depth]));
            off.push(less);
            on.push(more);
        }
        off.reverse();
        on.reverse();
        let ways = vec![0; open.len()];
        Self { problem, prices, open, off, on, shortfall, ways, best: None, steps: 0 }
    }

    /// Tries all ways from this customer on; false where the search gave up.
    fn descend(&mut self, depth: usize, loss: f64, used: &[f64]) -> bool {
        self.steps += 1;
        if self.steps > STEPS {
            return false;
        }
        let mut least = loss;
        for (k, row) in self.problem.rows.iter().enumerate() {
            if used[k] + self.off[depth][k] > row.allowed() {
                return true;
            }
            let left = row.at_most - used[k] - self.on[depth][k];
            least += self.prices[k] * left.max(0.0);
        }
        if least >= self.shortfall {
            return true;
        }
        if depth == self.open.len() {
            let shortfall = loss + slack(self.problem, self.prices, used);
            if self.problem.keeps(used) && shortfall < self.shortfall {
                self.shortfall = shortfall;
                self.best = Some(self.ways.clone());
            }
            return true;
        }
        let mut changed = used.to_vec();
        for way in 0..self.open[depth].ways.len() {
            let deviation = &self.open[depth].ways[way];
            let total = loss + deviation.loss;
            if total >= self.shortfall {
                break;
            }
            for ((changed, used), change) in changed.iter_mut().zip(used).zip(&deviation.change) {
                *changed = used + change;
            }
            self.ways[depth] = way;
            if !self.descend(depth + 1, total, &changed) {
                return false;
            }
        }
        true
    }
}
