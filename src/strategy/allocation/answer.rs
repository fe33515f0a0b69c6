//! What was allotted to whom, what the limits are worth, and how good the choice is at least.

use crate::strategy::allocation::problem::{NONE, Pick};

/// A choice for all customers within limits and quotas.
#[derive(Debug, Clone)]
pub struct Allocation {
    pub(super) picks: Vec<Pick>,
    pub(super) value: f64,
    pub(super) bound: f64,
    pub(super) limits: Vec<LimitOutcome>,
    pub(super) quotas: Vec<QuotaOutcome>,
    pub(super) customers: Vec<usize>,
    pub(super) greedy: GreedyOutcome,
    pub(super) repaired: usize,
    pub(super) passes: usize,
    pub(super) converged: bool,
    pub(super) optimal: bool,
}

/// A limit, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitOutcome {
    /// Name of the resource.
    pub resource: String,
    /// The limit.
    pub at_most: f64,
    /// What the choice uses, by a plain sum over the customers.
    pub used: f64,
    /// Shadow price: what one unit more would bring, by the linear relaxation. Where several prices
    /// explain the same choice, this is one of them.
    pub price: f64,
}

/// A quota, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaOutcome {
    /// The lever.
    pub lever: usize,
    /// Customers asked for.
    pub at_least: usize,
    /// Customers who have the lever, as primary or secondary.
    pub reached: usize,
    /// Shadow price: what one customer less in the quota would bring.
    pub price: f64,
}

/// The baseline: offers by falling gain, as long as they fit.
#[derive(Debug, Clone, PartialEq)]
pub struct GreedyOutcome {
    /// What it gains.
    pub value: f64,
    /// What it uses of each limit.
    pub used: Vec<f64>,
    /// Whether it meets all quotas; it always keeps the limits.
    pub meets_quotas: bool,
}

impl Allocation {
    /// Number of customers.
    pub fn len(&self) -> usize {
        self.picks.len()
    }

    /// Whether there are no customers.
    pub fn is_empty(&self) -> bool {
        self.picks.is_empty()
    }

    /// The lever that a customer gets; `None` where nothing is done.
    pub fn primary(&self, row: usize) -> Option<usize> {
        self.picks.get(row).filter(|pick| pick[0] != NONE).map(|pick| usize::from(pick[0]))
    }

    /// The lever that a customer gets besides the primary one.
    pub fn secondary(&self, row: usize) -> Option<usize> {
        self.picks.get(row).filter(|pick| pick[1] != NONE).map(|pick| usize::from(pick[1]))
    }

    /// What the choice gains, by a plain sum over the customers.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// No choice within limits and quotas gains more: the smallest value of the Lagrangian dual
    /// that was seen, with room for rounding.
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// What the choice may fall short of the best one at most.
    pub fn gap(&self) -> f64 {
        (self.bound - self.value).max(0.0)
    }

    /// The gap as a share of the bound; `None` where the bound is not above zero.
    pub fn relative_gap(&self) -> Option<f64> {
        (self.bound > 0.0).then(|| self.gap() / self.bound)
    }

    /// The limits in the order in which they were set.
    pub fn limits(&self) -> &[LimitOutcome] {
        &self.limits
    }

    /// The quotas in the order in which they were set.
    pub fn quotas(&self) -> &[QuotaOutcome] {
        &self.quotas
    }

    /// Customers who have each lever, as primary or secondary.
    pub fn customers(&self) -> &[usize] {
        &self.customers
    }

    /// The baseline, under the same limits and quotas.
    pub fn greedy(&self) -> &GreedyOutcome {
        &self.greedy
    }

    /// Customers who got something else than they would take at the shadow prices.
    pub fn repaired(&self) -> usize {
        self.repaired
    }

    /// Passes over all customers that the search for prices took.
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// Whether the search for prices proved that no prices give a lower bound, to its tolerance.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Whether the choice is proven to be the best: because it keeps all limits at no price, or
    /// because every other choice that the bound leaves open was looked at.
    pub fn is_optimal(&self) -> bool {
        self.optimal
    }

    pub(super) fn prices(&self) -> Vec<f64> {
        let limits = self.limits.iter().map(|limit| limit.price);
        limits.chain(self.quotas.iter().map(|quota| quota.price)).collect()
    }
}
