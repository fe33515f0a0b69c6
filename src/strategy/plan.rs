//! The answer: a primary strategy for each customer, a secondary one where there is one, and the
//! reasons.
//!
//! A plan of ours keeps a few bytes a customer and asks the levers again for whatever else is read:
//! reasons, terms, rules. A plan of the caller's own keeps what it was given.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::strategy::allocation::FrontierPoint;
use crate::strategy::asked::Asked;
use crate::strategy::choice::NONE;
use crate::strategy::{Budgeting, Chosen, CustomerStrategy, NextIn, Sensitivity, StrategyError};
use crate::units::{CustomerId, CustomerIds, LeverId, Money, Provenance, ResourceId};
use crate::work::Work;

/// Every customer's strategies.
#[derive(Clone)]
pub struct StrategyPlan {
    ids: CustomerIds,
    rows: Rows,
}

#[derive(Clone)]
enum Rows {
    Asked(Asked),
    Given(Vec<CustomerStrategy>),
}

/// A strategy of a plan in brief.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Brief<'a> {
    /// Which.
    pub lever: &'a LeverId,
    /// What it should bring, see [`Chosen::gain`].
    pub gain: Money,
    /// What the gain rests on.
    pub basis: Provenance,
    /// Whether the limits leave room for it.
    pub funded: bool,
}

impl<'a> Brief<'a> {
    fn of(chosen: &'a Chosen) -> Self {
        Self {
            lever: chosen.lever(),
            gain: chosen.gain(),
            basis: chosen.basis(),
            funded: chosen.is_funded(),
        }
    }
}

/// A row of a plan together with whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCustomer {
    customer: CustomerId,
    row: usize,
    strategy: CustomerStrategy,
}

impl PlannedCustomer {
    /// Whose.
    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// Which row of the tables.
    pub fn row(&self) -> usize {
        self.row
    }

    /// All about their strategies.
    pub fn strategy(&self) -> &CustomerStrategy {
        &self.strategy
    }

    /// What to do first.
    pub fn primary(&self) -> &Chosen {
        self.strategy.primary()
    }

    /// What else to do, where there is something.
    pub fn secondary(&self) -> Option<&Chosen> {
        self.strategy.secondary()
    }

    /// Why.
    pub fn reason(&self) -> String {
        self.strategy.reason()
    }
}

/// What a plan adds up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanSummary {
    /// By primary strategy, the largest gain first.
    pub strategies: Vec<StrategyTotal>,
    /// Gain of all primary strategies.
    pub gain: Money,
    /// Gain of all secondary strategies, of each what is left behind the primary one.
    pub secondary_gain: Money,
    /// The share of the primary gain that rests on assumptions; `None` where there is no gain.
    pub assumed_share: Option<f64>,
    /// The levers whose success is one assumption for all customers. They rank customers by what is
    /// at risk or to be had, and not by who can be persuaded.
    pub risk_rankings: Vec<LeverId>,
}

/// One primary strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StrategyTotal {
    /// Which.
    pub lever: LeverId,
    /// How many customers it is the primary strategy of.
    pub customers: usize,
    /// Their gain.
    pub gain: Money,
}

impl StrategyPlan {
    /// A plan that was made elsewhere.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Length`] where there is not one row per customer.
    pub fn new(ids: CustomerIds, rows: Vec<CustomerStrategy>) -> Result<Self, StrategyError> {
        if rows.len() == ids.len() {
            Ok(Self { ids, rows: Rows::Given(rows) })
        } else {
            Err(StrategyError::Length { expected: ids.len(), got: rows.len() })
        }
    }

    pub(crate) fn asked(asked: Asked) -> Self {
        Self { ids: asked.base.ids().clone(), rows: Rows::Asked(asked) }
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many there are.
    pub fn n_customers(&self) -> usize {
        self.ids.len()
    }

    /// All about the strategies of the customer in a row.
    pub fn customer(&self, row: usize) -> CustomerStrategy {
        match &self.rows {
            Rows::Asked(asked) => asked.customer(row),
            Rows::Given(rows) => rows[row].clone(),
        }
    }

    /// Every customer's strategies, in the order of the ids.
    pub fn customers(&self) -> impl ExactSizeIterator<Item = CustomerStrategy> + '_ {
        (0..self.n_customers()).map(|row| self.customer(row))
    }

    /// The primary strategy of the customer in a row, without a word made.
    pub fn primary(&self, row: usize) -> Brief<'_> {
        match &self.rows {
            Rows::Asked(asked) => {
                let kept = &asked.rows[row];
                Brief {
                    lever: asked.name(kept.pick.primary),
                    gain: Money::finite(kept.gains[0]),
                    basis: kept.bases[0],
                    funded: kept.is_funded(kept.pick.primary),
                }
            }
            Rows::Given(rows) => Brief::of(&rows[row].primary),
        }
    }

    /// The secondary strategy of the customer in a row, where there is one.
    pub fn secondary(&self, row: usize) -> Option<Brief<'_>> {
        match &self.rows {
            Rows::Asked(asked) => {
                let kept = &asked.rows[row];
                (kept.pick.secondary != NONE).then(|| Brief {
                    lever: asked.name(kept.pick.secondary),
                    gain: Money::finite(kept.gains[1]),
                    basis: kept.bases[1],
                    funded: kept.is_funded(kept.pick.secondary),
                })
            }
            Rows::Given(rows) => rows[row].secondary.as_ref().map(Brief::of),
        }
    }

    /// The customers with the largest primary gain, the largest first; equal gains by id in byte
    /// order.
    pub fn top(&self, customers: usize) -> Vec<PlannedCustomer> {
        let mut order: Vec<usize> = (0..self.n_customers()).collect();
        let gain = |row: usize| self.primary(row).gain.amount();
        order.sort_by(|&a, &b| gain(b).total_cmp(&gain(a)).then_with(|| self.ids.compare(a, b)));
        order.truncate(customers);
        let planned = |row: usize| {
            let customer = self.ids.get(row)?;
            Some(PlannedCustomer { customer, row, strategy: self.customer(row) })
        };
        order.into_iter().filter_map(planned).collect()
    }

    /// What the plan adds up to.
    pub fn summary(&self) -> PlanSummary {
        let mut totals: BTreeMap<&LeverId, (usize, Money)> = BTreeMap::new();
        let (mut gain, mut secondary_gain, mut assumed) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for row in 0..self.n_customers() {
            let primary = self.primary(row);
            let (customers, total) = totals.entry(primary.lever).or_default();
            *customers += 1;
            *total = *total + primary.gain;
            gain = gain + primary.gain;
            if primary.basis == Provenance::Assumption {
                assumed = assumed + primary.gain;
            }
            secondary_gain =
                secondary_gain + self.secondary(row).map_or(Money::ZERO, |second| second.gain);
        }
        let mut strategies: Vec<StrategyTotal> = totals
            .into_iter()
            .map(|(lever, (customers, gain))| StrategyTotal {
                lever: lever.clone(),
                customers,
                gain,
            })
            .collect();
        strategies.sort_by(|a, b| {
            b.gain.amount().total_cmp(&a.gain.amount()).then_with(|| a.lever.cmp(&b.lever))
        });
        let assumed_share = (gain > Money::ZERO).then(|| assumed.amount() / gain.amount());
        let risk_rankings = match &self.rows {
            Rows::Asked(asked) => asked.flat.as_ref().clone(),
            Rows::Given(_) => Vec::new(),
        };
        PlanSummary { strategies, gain, secondary_gain, assumed_share, risk_rankings }
    }

    /// What the limits leave and what they cost; `None` where there are none, and for a plan that was
    /// made elsewhere.
    pub fn budgeting(&self) -> Option<&Budgeting> {
        match &self.rows {
            Rows::Asked(asked) => asked.budgeting.as_ref(),
            Rows::Given(_) => None,
        }
    }

    /// What the plan would gain with each of some amounts of a resource, all other limits as they
    /// are; `None` for a plan that was made elsewhere.
    ///
    /// # Errors
    ///
    /// As [`StrategyAssigner::assign`](crate::strategy::StrategyAssigner::assign).
    pub fn frontier(
        &self,
        resource: &ResourceId,
        amounts: &[f64],
        work: &Work,
    ) -> Result<Option<Vec<FrontierPoint>>, StrategyError> {
        match &self.rows {
            Rows::Asked(Asked { limits, levers, base, .. }) => {
                limits.frontier(levers, base, resource, amounts, work).map(Some)
            }
            Rows::Given(_) => Ok(None),
        }
    }

    /// The customers for whom something, or something better, would be done first if there were more
    /// of a resource, the largest gain for a unit of it first; `None` for a plan that was made
    /// elsewhere.
    ///
    /// # Errors
    ///
    /// As [`StrategyAssigner::assign`](crate::strategy::StrategyAssigner::assign).
    pub fn enters_next(
        &self,
        resource: &ResourceId,
        customers: usize,
        work: &Work,
    ) -> Result<Option<Vec<NextIn>>, StrategyError> {
        match &self.rows {
            Rows::Asked(Asked { limits, levers, base, .. }) => {
                limits.enters_next(levers, base, resource, customers, work).map(Some)
            }
            Rows::Given(_) => Ok(None),
        }
    }

    /// How much the primary strategies hang on what was assumed; `None` for a plan that was made
    /// elsewhere, whose assumptions are not known.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Cancelled`]; [`StrategyError::BadOffer`] where a lever changes its mind.
    pub fn sensitivity(&self, work: &Work) -> Result<Option<Sensitivity>, StrategyError> {
        match &self.rows {
            Rows::Asked(asked) => Sensitivity::of(asked, work).map(Some),
            Rows::Given(_) => Ok(None),
        }
    }

    /// Whether some offer has a cost of contact or an incentive, so that gains are after such costs.
    pub fn costs_are_stated(&self) -> bool {
        match &self.rows {
            Rows::Asked(asked) => asked.costs,
            Rows::Given(rows) => {
                let spends = |chosen: &Chosen| chosen.spend() > Money::ZERO;
                rows.iter().any(|row| row.options.iter().any(spends))
            }
        }
    }

    /// How many customers each rule kept from each lever, the most frequent first.
    pub fn rules(&self) -> Vec<(LeverId, String, usize)> {
        let rows = match &self.rows {
            Rows::Asked(asked) => return asked.rules.as_ref().clone(),
            Rows::Given(rows) => rows,
        };
        let mut counts: BTreeMap<(&LeverId, &str), usize> = BTreeMap::new();
        for (lever, ineligible) in rows.iter().flat_map(|row| &row.ineligible) {
            *counts.entry((lever, ineligible.rule())).or_default() += 1;
        }
        let counts = counts.into_iter();
        most_frequent_first(
            counts.map(|((lever, rule), n)| (lever.clone(), rule.to_owned(), n)).collect(),
        )
    }
}

/// Rules in the order of how many customers they are about.
pub(crate) fn most_frequent_first(
    mut rules: Vec<(LeverId, String, usize)>,
) -> Vec<(LeverId, String, usize)> {
    rules.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    rules
}

impl PartialEq for StrategyPlan {
    /// The same strategies for the same customers, to the last bit and word.
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids && self.customers().eq(other.customers())
    }
}

impl fmt::Debug for StrategyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = match &self.rows {
            Rows::Asked(_) => "by levers",
            Rows::Given(_) => "elsewhere",
        };
        f.debug_struct("StrategyPlan")
            .field("customers", &self.n_customers())
            .field("made", &made)
            .finish()
    }
}

impl fmt::Display for PlanSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for StrategyTotal { lever, customers, gain } in &self.strategies {
            writeln!(f, "{:>8} customers  {:<22} {gain:>14}", customers, lever.in_words())?;
        }
        Ok(())
    }
}
