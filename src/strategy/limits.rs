//! Budget, capacities and quotas of a plan, and what they cost.

use std::fmt;

use serde::Serialize;

use crate::strategy::allocation::{Allocator, Entrant, FrontierPoint, OfferTable, Uses};
use crate::strategy::asking::{Answers, ask, uses};
use crate::strategy::choice::{NONE, Pick};
use crate::strategy::considered::Levers;
use crate::strategy::{CustomerBase, StrategyError};
use crate::units::{LeverId, Money, ResourceId};
use crate::work::Work;

/// What is limited, and what must be done at least.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Limits {
    pub(crate) capacities: Vec<(ResourceId, f64)>,
    pub(crate) quotas: Vec<(LeverId, usize)>,
}

/// What the limits of a plan leave, and what they cost.
///
/// The gain is certified: no plan within the limits gains more than `bound`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Budgeting {
    /// Budget and capacities.
    pub limits: Vec<LimitUse>,
    /// Least numbers of customers.
    pub quotas: Vec<QuotaUse>,
    /// What all that is done gains.
    pub gain: Money,
    /// What the recommended strategies would gain without limits.
    pub unlimited: Money,
    /// What no plan within the limits can surpass.
    pub bound: Money,
    /// How far the gain is below the bound at most, as a share of the bound; zero where nothing can
    /// be gained.
    pub gap: f64,
    /// What serving the largest gains first until the limits are met would gain; `None` where that
    /// does not meet the quotas.
    pub greedy: Option<Money>,
    /// For how many customers something is done.
    pub acting: usize,
    /// For how many customers the recommended primary strategy is not done.
    pub displaced: usize,
}

/// A limited resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LimitUse {
    /// Which.
    pub resource: ResourceId,
    /// How much there is.
    pub at_most: f64,
    /// How much is used.
    pub used: f64,
    /// The shadow price: what one more unit of it would gain. Zero where it is not scarce.
    pub price: Money,
}

/// A lever that a least number of customers must get.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuotaUse {
    /// Which.
    pub lever: LeverId,
    /// How many customers must get it.
    pub at_least: usize,
    /// How many do.
    pub customers: usize,
    /// What the last customer of the quota costs in gain elsewhere; zero where it costs nothing.
    pub price: Money,
}

/// A customer for whom something, or something better, would be done next.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NextIn {
    /// The row of the customer.
    pub row: usize,
    /// What would be done first.
    pub primary: LeverId,
    /// And second.
    pub secondary: Option<LeverId>,
    /// What that gains more than what is done now.
    pub gain: Money,
    /// How much more of the resource it uses.
    pub uses: f64,
    /// What one unit of the resource gains by it.
    pub gain_per_unit: Money,
}

impl fmt::Display for Budgeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for LimitUse { resource, at_most, used, price } in &self.limits {
            let resource = resource.in_words();
            writeln!(f, "{resource}: {used:.2} of {at_most:.2} used; one more is worth {price}")?;
        }
        for QuotaUse { lever, at_least, customers, price } in &self.quotas {
            let lever = lever.in_words();
            writeln!(
                f,
                "{lever}: {customers} customers, {at_least} at least; the last costs {price}"
            )?;
        }
        write!(
            f,
            "gains {} of {} without limits, at most {:.4} % below the best plan there is; the \
             largest gains first would ",
            self.gain,
            self.unlimited,
            100.0 * self.gap
        )?;
        match self.greedy {
            Some(greedy) => writeln!(f, "bring {greedy}"),
            None => writeln!(f, "not meet the quotas"),
        }
    }
}

impl Limits {
    pub(crate) fn is_empty(&self) -> bool {
        self.capacities.is_empty() && self.quotas.is_empty()
    }

    /// The resources that are limited.
    pub(crate) fn resources(&self) -> Vec<ResourceId> {
        self.capacities.iter().map(|(resource, _)| resource.clone()).collect()
    }

    /// Gains and uses as the allocator reads them.
    pub(crate) fn table(
        &self,
        levers: &Levers,
        base: &CustomerBase,
        answers: &mut Answers,
        work: &Work,
    ) -> Result<OfferTable, StrategyError> {
        let width = levers.ids.len();
        let mut table = match width {
            0 => OfferTable::without_levers(base.n_customers()),
            _ => OfferTable::of_gains(width, std::mem::take(&mut answers.gains))?,
        };
        for ((resource, _), same) in self.capacities.iter().zip(&answers.same_uses) {
            let used = match same {
                Some(used) => Uses::PerLever(used.clone()),
                None => Uses::PerOffer(uses(levers, base, resource, work)?),
            };
            table = table.uses(resource.as_str(), used)?;
        }
        Ok(table)
    }

    /// The same limits for the allocator, which knows levers by their place.
    pub(crate) fn allocator(&self, levers: &Levers) -> Result<Allocator, StrategyError> {
        let width = levers.ids.len();
        let mut allocator = Allocator::new();
        for first in 0..width {
            for (second, &left) in levers.overlaps.behind(first).iter().enumerate() {
                if first != second {
                    allocator = allocator.goes_with(first, second, left);
                }
            }
        }
        for (resource, at_most) in &self.capacities {
            allocator = allocator.limit(resource.as_str(), *at_most);
        }
        for (lever, at_least) in &self.quotas {
            let place = levers.ids.iter().position(|id| id == lever);
            let place = place.ok_or_else(|| StrategyError::NoSuchLever { lever: lever.clone() })?;
            allocator = allocator.quota(place, *at_least);
        }
        Ok(allocator)
    }

    /// What is done for each customer within the limits: written into the rows.
    pub(crate) fn apply(
        &self,
        levers: &Levers,
        base: &CustomerBase,
        answers: &mut Answers,
        work: &Work,
    ) -> Result<Budgeting, StrategyError> {
        let table = self.table(levers, base, answers, work)?;
        let found = self.allocator(levers)?.solve(&table, work)?;
        let mut unlimited = Money::ZERO;
        let (mut acting, mut displaced) = (0, 0);
        for (row, kept) in answers.rows.iter_mut().enumerate() {
            let place = |lever: Option<usize>| lever.map_or(NONE, |lever| lever as u8);
            kept.acts =
                Pick { primary: place(found.primary(row)), secondary: place(found.secondary(row)) };
            unlimited = unlimited + Money::finite(kept.gains[0] + kept.gains[1]);
            acting += usize::from(kept.acts.primary != NONE);
            displaced += usize::from(!kept.is_funded(kept.pick.primary));
        }
        let limits = self.capacities.iter().zip(found.limits());
        let limits = limits.map(|((resource, at_most), outcome)| LimitUse {
            resource: resource.clone(),
            at_most: *at_most,
            used: outcome.used,
            price: Money::finite(outcome.price),
        });
        let quotas = self.quotas.iter().zip(found.quotas());
        let quotas = quotas.map(|((lever, at_least), outcome)| QuotaUse {
            lever: lever.clone(),
            at_least: *at_least,
            customers: outcome.reached,
            price: Money::finite(outcome.price),
        });
        Ok(Budgeting {
            limits: limits.collect(),
            quotas: quotas.collect(),
            gain: Money::finite(found.value()),
            unlimited,
            bound: Money::finite(found.bound()),
            gap: found.relative_gap().unwrap_or(0.0),
            greedy: found.greedy().meets_quotas.then(|| Money::finite(found.greedy().value)),
            acting,
            displaced,
        })
    }

    /// Gain against one resource, at each of some amounts of it.
    pub(crate) fn frontier(
        &self,
        levers: &Levers,
        base: &CustomerBase,
        resource: &ResourceId,
        amounts: &[f64],
        work: &Work,
    ) -> Result<Vec<FrontierPoint>, StrategyError> {
        let with = self.limiting(resource);
        let mut answers = ask(levers, base, &with.resources(), work)?;
        let table = with.table(levers, base, &mut answers, work)?;
        with.allocator(levers)?.frontier(&table, resource.as_str(), amounts, work)
    }

    /// The customers for whom something, or something better, would be done if there were more of
    /// a resource.
    pub(crate) fn enters_next(
        &self,
        levers: &Levers,
        base: &CustomerBase,
        resource: &ResourceId,
        customers: usize,
        work: &Work,
    ) -> Result<Vec<NextIn>, StrategyError> {
        let with = self.limiting(resource);
        let mut answers = ask(levers, base, &with.resources(), work)?;
        let table = with.table(levers, base, &mut answers, work)?;
        let allocator = with.allocator(levers)?;
        let found = allocator.solve(&table, work)?;
        let entrants = allocator.enters_next(&table, &found, resource.as_str(), customers, work)?;
        let next = |entrant: Entrant| NextIn {
            row: entrant.row,
            primary: levers.ids[entrant.primary].clone(),
            secondary: entrant.secondary.map(|lever| levers.ids[lever].clone()),
            gain: Money::finite(entrant.gain),
            uses: entrant.uses,
            gain_per_unit: Money::finite(entrant.per_unit),
        };
        Ok(entrants.into_iter().map(next).collect())
    }

    /// The same limits, with one on this resource that holds nobody back where there was none.
    fn limiting(&self, resource: &ResourceId) -> Self {
        let mut with = self.clone();
        if !with.capacities.iter().any(|(known, _)| known == resource) {
            with.capacities.push((resource.clone(), f64::MAX));
        }
        with
    }
}

#[cfg(test)]
mod tests;
