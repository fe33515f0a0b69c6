//! Limits, quotas and what goes together; and the way from them to a choice.

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::strategy::allocation::answer::{Allocation, GreedyOutcome, LimitOutcome, QuotaOutcome};
use crate::strategy::allocation::choice;
use crate::strategy::allocation::close;
use crate::strategy::allocation::dual::{Dual, Effort, Minimum};
use crate::strategy::allocation::greedy;
use crate::strategy::allocation::problem::{Offers, Pick, Problem, Totals};
use crate::strategy::allocation::repair::Repair;
use crate::strategy::allocation::table::OfferTable;
use crate::work::{Cancelled, Work};

/// Chooses what is done for each customer, within limits that all share.
///
/// A customer gets nothing, one lever, or a primary and a secondary lever where the two go together;
/// such a pair gains `gain of the primary + share × gain of the secondary` and uses what both use.
///
/// # Example
///
/// ```
/// use segmentry::strategy::allocation::{Allocator, OfferTable, Uses};
/// use segmentry::work::Work;
///
/// // Three customers; a call gains much and takes ten minutes, a letter gains little.
/// let gains = [Some(50.0), Some(8.0), Some(40.0), Some(9.0), Some(30.0), Some(2.0)];
/// let table = OfferTable::new(2, gains)?.uses("minutes", Uses::PerLever(vec![10.0, 0.0]))?;
/// let allocation = Allocator::new().limit("minutes", 20.0).solve(&table, &Work::new())?;
///
/// assert_eq!(allocation.primary(0), Some(0));
/// assert_eq!(allocation.primary(2), Some(1)); // no minutes are left for the third
/// assert_eq!(allocation.value(), 92.0);
/// assert!(allocation.gap() < 1e-9);
/// # Ok::<(), segmentry::strategy::StrategyError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allocator {
    limits: Vec<(String, f64)>,
    quotas: Vec<(usize, usize)>,
    /// What the secondary's gain counts, by primary and secondary; the last word on a pair holds.
    shares: Vec<(usize, usize, f64)>,
}

/// Customers up to which the dual is solved to the last digits; above, choices between close prices
/// differ in so few customers that their repair costs nothing to speak of.
const EXACT: usize = 65_536;

/// A relative gap that leaves nothing to look for.
const CLOSE: f64 = 2e-5;

impl Allocator {
    /// No limits, no quotas, one lever for each customer at most.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits what all customers together use of a resource; a limit that was set before is
    /// replaced.
    #[must_use]
    pub fn limit(mut self, resource: impl Into<String>, at_most: f64) -> Self {
        let resource = resource.into();
        match self.limits.iter_mut().find(|(name, _)| *name == resource) {
            Some(known) => known.1 = at_most,
            None => self.limits.push((resource, at_most)),
        }
        self
    }

    /// Asks for a lever to be used for so many customers at least, as primary or secondary, even
    /// where that gains less; a quota that was set before is replaced.
    #[must_use]
    pub fn quota(mut self, lever: usize, at_least: usize) -> Self {
        self.quotas.retain(|&(known, _)| known != lever);
        self.quotas.push((lever, at_least));
        self
    }

    /// Lets `secondary` be used beside `primary`, its gain counting by `share`: 1 where the two
    /// work independently, less where they work on the same, 0 where they exclude each other.
    ///
    /// In this order only; see [`goes_both_ways`](Self::goes_both_ways).
    #[must_use]
    pub fn goes_with(mut self, primary: usize, secondary: usize, share: f64) -> Self {
        self.shares.push((primary, secondary, share));
        self
    }

    /// Lets two levers be used together, whichever comes first.
    #[must_use]
    pub fn goes_both_ways(self, one: usize, other: usize, share: f64) -> Self {
        self.goes_with(one, other, share).goes_with(other, one, share)
    }

    /// Lets each of so many levers be used beside each other one at its full gain.
    #[must_use]
    pub fn all_go_together(mut self, levers: usize) -> Self {
        for one in 0..levers {
            for other in (0..levers).filter(|&other| other != one) {
                self = self.goes_with(one, other, 1.0);
            }
        }
        self
    }

    /// One lever for each customer at most: forgets what goes together.
    #[must_use]
    pub fn primaries_only(mut self) -> Self {
        self.shares.clear();
        self
    }

    /// Checks limits, quotas and shares against a table; `solve` calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::AllocationParam`] for a limit that is not a number from zero or whose
    /// resource the table does not know, a share that is not from 0 to 1, and for a lever that is
    /// not in the table.
    pub fn validate(&self, table: &OfferTable) -> Result<(), StrategyError> {
        let fault = |what, of, value, expected| {
            Err(StrategyError::AllocationParam { what, of, value, expected })
        };
        for (resource, at_most) in &self.limits {
            if !(*at_most >= 0.0 && at_most.is_finite()) {
                return fault("limit", format!("`{resource}`"), *at_most, "a number from 0");
            }
            if table.kept(resource).is_none() {
                let known = "a resource of which the table says what offers use";
                return fault("limit", format!("`{resource}`"), *at_most, known);
            }
        }
        let levers = table.levers();
        for &(lever, at_least) in &self.quotas {
            if lever >= levers {
                return fault("quota", format!("lever {lever}"), at_least as f64, "a known lever");
            }
        }
        for &(one, other, share) in &self.shares {
            let of = format!("levers {one} and {other}");
            if one >= levers || other >= levers || one == other {
                return fault("share", of, share, "two levers of the table");
            }
            if !(0.0..=1.0).contains(&share) {
                return fault("share", of, share, "0 to 1");
            }
        }
        Ok(())
    }

    /// The best choice that could be found, and how good it is at least.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`StrategyError::Quota`] where quotas cannot be met,
    /// or no choice that meets them was found; [`StrategyError::Cancelled`].
    ///
    /// # Cost
    ///
    /// A few dozen passes over all customers, each `n × (L² + L × limits)`, and up to 24 bytes a
    /// customer beside the table.
    pub fn solve(&self, table: &OfferTable, work: &Work) -> Result<Allocation, StrategyError> {
        work.begin("allotting budgets", Some(table.len() as u64))?;
        let problem = self.problem(table)?;
        let (greedy_picks, greedy) = greedy::greedy(&problem, &self.quotas, work)?;
        let found = self.search(&problem, None, Some((greedy_picks, greedy.clone())), work)?;
        self.answer(&problem, found, &greedy, work)
    }

    pub(super) fn problem<'a>(&self, table: &'a OfferTable) -> Result<Problem<'a>, StrategyError> {
        self.validate(table)?;
        let share = |one: usize, other: usize| {
            let last = self.shares.iter().rev().find(|s| s.0 == one && s.1 == other);
            last.map_or(0.0, |&(.., share)| share)
        };
        Problem::new(table, &self.limits, &self.quotas, share)
    }

    /// Place of a resource that is limited.
    pub(super) fn place(&self, resource: &str) -> usize {
        self.limits.iter().position(|(name, _)| name == resource).unwrap_or(0)
    }

    /// Prices, and the choice that follows from them.
    pub(super) fn search(
        &self,
        problem: &Problem<'_>,
        start: Option<&[f64]>,
        baseline: Option<(Vec<Pick>, Totals)>,
        work: &Work,
    ) -> Result<Found, StrategyError> {
        let nothing = vec![0.0; problem.rows.len()];
        let (picks, free) = choice::picks(problem, &nothing, work)?;
        if problem.keeps(&free.used) {
            let totals = problem.totals(&picks, work)?;
            let bound = totals.value;
            let minimum = Minimum::free(nothing, free);
            return Ok(Found { picks, totals, bound, minimum, repaired: 0, optimal: true });
        }
        let (eligible, worst) =
            if self.quotas.is_empty() { (Vec::new(), 0.0) } else { reach(problem, work)? };
        for &(lever, at_least) in &self.quotas {
            let reached = eligible[lever];
            if reached < at_least {
                return Err(StrategyError::Quota { lever, at_least, reached, impossible: true });
            }
        }
        drop(picks);
        let exact = problem.n() <= EXACT;
        let effort = Effort {
            tolerance: if exact { 1e-13 } else { 1e-7 },
            passes: if exact { 3_000 } else { 60 },
        };
        let dual = Dual::new(problem, &free, worst);
        let minimum = dual.minimise(start, effort, work)?;
        if minimum.impossible {
            return Err(self.unmet(problem, baseline, true));
        }
        let prices = &minimum.best.prices;
        let (own, _) = choice::picks(problem, prices, work)?;
        let mut picks = own.clone();
        let repair = Repair::new(problem, prices, minimum.best.dual.abs());
        let mut totals = repair.mend(&mut picks, work)?;
        // Where many customers are alike, all of them change their choice at one price, and too much
        // is taken back: only a mixture of choices comes close to the bound.
        let dual = minimum.best.dual;
        let far = dual - totals.value > CLOSE * dual.abs() || !problem.keeps(&totals.used);
        if far && minimum.mixture.len() > 1 {
            let mut others = choice::mixed(problem, &minimum.mixture, work)?;
            let mended = repair.mend(&mut others, work)?;
            let better = mended.value > totals.value || !problem.keeps(&totals.used);
            if problem.keeps(&mended.used) && better {
                (picks, totals) = (others, mended);
            }
        }
        if let Some((other, greedy)) = &baseline {
            let keeps = problem.keeps(&totals.used);
            let better = greedy.value > totals.value || !keeps;
            if problem.keeps(&greedy.used) && better {
                picks.clone_from(other);
                totals = repair.mend(&mut picks, work)?;
            }
        }
        if !problem.keeps(&totals.used) {
            return Err(self.unmet(problem, baseline, false));
        }
        let bound = certified(problem, &minimum, &free);
        let optimal = close::close(problem, prices, &mut picks, &mut totals, work)?;
        let repaired = own.iter().zip(&picks).filter(|(own, pick)| own != pick).count();
        Ok(Found { picks, totals, bound, minimum, repaired, optimal })
    }

    /// The quota that the baseline, which keeps all limits, does not reach.
    fn unmet(
        &self,
        problem: &Problem<'_>,
        baseline: Option<(Vec<Pick>, Totals)>,
        impossible: bool,
    ) -> StrategyError {
        let counts = baseline.map_or_else(|| vec![0; problem.levers()], |(_, t)| t.counts);
        let reached = |lever: usize| counts[lever] as usize;
        let short = self.quotas.iter().find(|&&(lever, at_least)| reached(lever) < at_least);
        let (lever, at_least) = short.or(self.quotas.first()).copied().unwrap_or_default();
        let reached = counts.get(lever).map_or(0, |&count| count as usize);
        StrategyError::Quota { lever, at_least, reached, impossible }
    }

    pub(super) fn answer(
        &self,
        problem: &Problem<'_>,
        found: Found,
        greedy: &Totals,
        work: &Work,
    ) -> Result<Allocation, StrategyError> {
        let Found { picks, totals, bound, minimum, repaired, optimal } = found;
        let prices = with_closed(problem, &minimum.best.prices, work)?;
        let limits = self
            .limits
            .iter()
            .enumerate()
            .map(|(k, (resource, at_most))| LimitOutcome {
                resource: resource.clone(),
                at_most: *at_most,
                used: totals.used[k],
                price: prices[k],
            })
            .collect();
        let quotas = self
            .quotas
            .iter()
            .zip(&prices[self.limits.len()..])
            .map(|(&(lever, at_least), &price)| QuotaOutcome {
                lever,
                at_least,
                reached: totals.counts[lever] as usize,
                price,
            })
            .collect();
        let greedy = GreedyOutcome {
            value: greedy.value,
            used: greedy.used[..self.limits.len()].to_vec(),
            meets_quotas: problem.keeps(&greedy.used),
        };
        Ok(Allocation {
            picks,
            value: totals.value,
            bound,
            limits,
            quotas,
            customers: totals.counts.iter().map(|&count| count as usize).collect(),
            greedy,
            repaired,
            passes: minimum.passes,
            converged: minimum.converged,
            optimal,
        })
    }
}

/// A choice with what is known of it.
pub(super) struct Found {
    pub(super) picks: Vec<Pick>,
    pub(super) totals: Totals,
    pub(super) bound: f64,
    pub(super) minimum: Minimum,
    pub(super) repaired: usize,
    pub(super) optimal: bool,
}

/// The dual with room for the rounding of its sums: no partial sum has more terms than a block, and
/// there are no more of them than blocks.
fn certified(problem: &Problem<'_>, minimum: &Minimum, free: &Totals) -> f64 {
    let best = &minimum.best;
    let mut size = best.totals.value.abs().max(free.value.abs());
    for ((price, row), used) in best.prices.iter().zip(&problem.rows).zip(&best.totals.used) {
        size += price * (row.at_most.abs() + used.abs());
    }
    let terms = problem.n().min(blocks::BLOCK) + problem.n() / blocks::BLOCK + problem.rows.len();
    best.dual + terms as f64 * f64::EPSILON * size
}

/// Customers who could have each lever, and a value that no choice is below.
fn reach(problem: &Problem<'_>, work: &Work) -> Result<(Vec<usize>, f64), Cancelled> {
    let levers = problem.levers();
    let prices = vec![0.0; problem.rows.len()];
    let parts = blocks::map_blocks(problem.n(), work, |rows| {
        let (mut eligible, mut worst) = (vec![0; levers], 0.0);
        let mut offers = Offers::default();
        for row in rows {
            problem.offers(row, &prices, &mut offers);
            let mut least = 0.0_f64;
            for (eligible, gain) in eligible.iter_mut().zip(&offers.gains) {
                *eligible += usize::from(!gain.is_nan());
                least = least.min(*gain);
            }
            worst += 2.0 * least;
        }
        (eligible, worst)
    })?;
    let (mut eligible, mut worst) = (vec![0; levers], 0.0);
    for (part, least) in parts {
        worst += least;
        for (eligible, part) in eligible.iter_mut().zip(part) {
            *eligible += part;
        }
    }
    Ok((eligible, worst))
}

/// The prices with those of limits of nothing: what the first unit would bring.
pub(super) fn with_closed(
    problem: &Problem<'_>,
    prices: &[f64],
    work: &Work,
) -> Result<Vec<f64>, Cancelled> {
    let mut prices = prices.to_vec();
    for k in 0..problem.rows.len() {
        if problem.rows[k].at_most != 0.0 || problem.n() == 0 {
            continue;
        }
        let known = &prices;
        let firsts = blocks::map_blocks(problem.n(), work, |rows| {
            let mut best = 0.0_f64;
            for row in rows {
                for lever in 0..problem.levers() {
                    best = best.max(problem.per_unit(row, lever, k, known));
                }
            }
            best
        })?;
        prices[k] = firsts.into_iter().fold(0.0, f64::max);
    }
    Ok(prices)
}

impl Minimum {
    /// Nothing has a price.
    fn free(prices: Vec<f64>, totals: Totals) -> Self {
        let best = crate::strategy::allocation::dual::Prices { prices, dual: totals.value, totals };
        Self { best, mixture: Vec::new(), passes: 1, converged: true, impossible: false }
    }
}
