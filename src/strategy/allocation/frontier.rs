//! Gain against a budget, and who would be served next.
//!
//! Each point is a choice of its own with its own bound; the search for its prices begins at those
//! of the point before.

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::strategy::allocation::allocator::{Allocator, with_closed};
use crate::strategy::allocation::answer::Allocation;
use crate::strategy::allocation::problem::{NOTHING, Offers, Pick, Problem};
use crate::strategy::allocation::table::OfferTable;
use crate::work::Work;

/// What could be gained with another budget.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierPoint {
    /// The limit of the resource.
    pub at_most: f64,
    /// What the choice gains.
    pub value: f64,
    /// No choice gains more.
    pub bound: f64,
    /// What one unit more of the resource would bring.
    pub price: f64,
    /// What the choice uses of the resource.
    pub used: f64,
    /// Customers for whom something is done.
    pub customers: usize,
}

/// A lever that a customer would get if a limit were relaxed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// Zero-based row of the customer.
    pub row: usize,
    /// What the customer would have as primary.
    pub primary: usize,
    /// And as secondary.
    pub secondary: Option<usize>,
    /// What that gains more than what the customer has.
    pub gain: f64,
    /// What it uses more of the resource.
    pub uses: f64,
    /// Gain, less the price of what it uses more of other resources, for one unit of this one.
    pub per_unit: f64,
}

impl Allocator {
    /// What could be gained with each of some limits of a resource, in the order given.
    ///
    /// # Errors
    ///
    /// Those of [`solve`](Self::solve), for each limit.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::strategy::allocation::{Allocator, OfferTable, Uses};
    /// use segmentry::work::Work;
    ///
    /// let table = OfferTable::new(1, [Some(50.0), Some(40.0), Some(10.0)])?
    ///     .uses("minutes", Uses::PerLever(vec![10.0]))?;
    /// let curve =
    ///     Allocator::new().frontier(&table, "minutes", &[0.0, 15.0, 30.0], &Work::new())?;
    /// assert_eq!(curve.iter().map(|p| p.value).collect::<Vec<f64>>(), [0.0, 50.0, 100.0]);
    /// assert!((curve[1].price - 4.0).abs() < 1e-9); // ten minutes more are worth 40
    /// # Ok::<(), segmentry::strategy::StrategyError>(())
    /// ```
    pub fn frontier(
        &self,
        table: &OfferTable,
        resource: &str,
        limits: &[f64],
        work: &Work,
    ) -> Result<Vec<FrontierPoint>, StrategyError> {
        work.begin("gain against budget", Some(limits.len() as u64))?;
        let mut start: Option<Vec<f64>> = None;
        let mut points = Vec::with_capacity(limits.len());
        for (done, &at_most) in limits.iter().enumerate() {
            let allocator = self.clone().limit(resource, at_most);
            let problem = allocator.problem(table)?;
            let found = allocator.search(&problem, start.as_deref(), None, work)?;
            let k = allocator.place(resource);
            let customers = found.picks.iter().filter(|pick| **pick != NOTHING).count();
            let prices = with_closed(&problem, &found.minimum.best.prices, work)?;
            points.push(FrontierPoint {
                at_most,
                value: found.totals.value,
                bound: found.bound,
                price: prices[k],
                used: found.totals.used[k],
                customers,
            });
            let prices = found.minimum.best.prices;
            start = prices.iter().any(|&price| price > 0.0).then_some(prices);
            work.tell("gain against budget", done as u64 + 1, Some(limits.len() as u64));
        }
        Ok(points)
    }

    /// Who would be served next if the limit of one resource were relaxed: the changes that gain,
    /// fit all other limits, and gain most per unit of the resource. At most one for each customer,
    /// the best first.
    ///
    /// `allocation` must be an answer of this allocator for this table.
    ///
    /// # Errors
    ///
    /// [`StrategyError::AllocationParam`] for a resource that is not limited;
    /// [`StrategyError::Length`] for an allocation of another number of customers.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::strategy::allocation::{Allocator, OfferTable, Uses};
    /// use segmentry::work::Work;
    ///
    /// let table = OfferTable::new(1, [Some(50.0), Some(10.0), Some(40.0)])?
    ///     .uses("minutes", Uses::PerLever(vec![10.0]))?;
    /// let allocator = Allocator::new().limit("minutes", 10.0);
    /// let allocation = allocator.solve(&table, &Work::new())?;
    /// let next = allocator.enters_next(&table, &allocation, "minutes", 1, &Work::new())?;
    /// assert_eq!((next[0].row, next[0].per_unit), (2, 4.0));
    /// # Ok::<(), segmentry::strategy::StrategyError>(())
    /// ```
    pub fn enters_next(
        &self,
        table: &OfferTable,
        allocation: &Allocation,
        resource: &str,
        n: usize,
        work: &Work,
    ) -> Result<Vec<Entrant>, StrategyError> {
        // Beyond the limit as much as there is: an offer that alone breaks it may enter as well.
        let problem = self.clone().limit(resource, f64::MAX).problem(table)?;
        let limits = allocation.limits();
        let Some(k) = limits.iter().position(|limit| limit.resource == resource) else {
            return Err(StrategyError::AllocationParam {
                what: "limit",
                of: format!("`{resource}`"),
                value: f64::INFINITY,
                expected: "a resource that is limited",
            });
        };
        if allocation.len() != table.len() {
            let (expected, got) = (table.len(), allocation.len());
            return Err(StrategyError::Length { expected, got });
        }
        let mut prices = allocation.prices();
        prices[k] = 0.0;
        let used: Vec<f64> = limits
            .iter()
            .map(|limit| limit.used)
            .chain(allocation.quotas().iter().map(|quota| -(quota.reached as f64)))
            .collect();
        let parts = blocks::map_blocks(table.len(), work, |rows| {
            let mut offers = Offers::default();
            let mut found = Vec::new();
            for row in rows {
                problem.offers(row, &prices, &mut offers);
                let pick = allocation.picks[row];
                found.extend(entrant(&problem, &offers, &used, k, row, pick));
            }
            found.sort_by(compare);
            found.truncate(n);
            found
        })?;
        let mut all: Vec<Entrant> = parts.into_iter().flatten().collect();
        all.sort_by(compare);
        all.truncate(n);
        Ok(all)
    }
}

/// The change that would gain most per unit of resource `k`, if others allow it.
fn entrant(
    problem: &Problem<'_>,
    offers: &Offers,
    used: &[f64],
    k: usize,
    row: usize,
    pick: Pick,
) -> Option<Entrant> {
    let (value, net) = (problem.value(offers, pick), problem.net(offers, pick));
    let mut best: Option<Entrant> = None;
    problem.picks(offers, |other| {
        let more = |k| problem.used(offers, k, other) - problem.used(offers, k, pick);
        let (gain, uses) = (problem.value(offers, other) - value, more(k));
        let per_unit = (problem.net(offers, other) - net) / uses;
        if !(gain > 0.0 && uses > 0.0 && per_unit > best.as_ref().map_or(0.0, |b| b.per_unit)) {
            return;
        }
        let fits = problem.rows.iter().enumerate().all(|(other, row)| {
            other == k || more(other) <= 0.0 || used[other] + more(other) <= row.allowed()
        });
        if fits {
            let secondary = (other[1] != u8::MAX).then(|| usize::from(other[1]));
            best = Some(Entrant {
                row,
                primary: usize::from(other[0]),
                secondary,
                gain,
                uses,
                per_unit,
            });
        }
    });
    best
}

/// The best first, then by row.
fn compare(a: &Entrant, b: &Entrant) -> std::cmp::Ordering {
    b.per_unit.total_cmp(&a.per_unit).then(a.row.cmp(&b.row))
}
