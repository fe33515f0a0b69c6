//! The answer: a primary strategy for each customer, a secondary one where there is one, and the
//! reasons.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::strategy::{Ineligible, StrategyError};
use crate::units::{CustomerId, CustomerIds, LeverId, Money, Provenance};

/// A strategy chosen for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    lever: LeverId,
    gain: Money,
    standard_error: Option<Money>,
    provenance: Provenance,
    reason: String,
}

impl Chosen {
    /// A choice, for assigners of the caller's own.
    pub fn new(
        lever: LeverId,
        gain: Money,
        standard_error: Option<Money>,
        provenance: Provenance,
        reason: String,
    ) -> Self {
        Self { lever, gain, standard_error, provenance, reason }
    }

    /// The lever.
    pub fn lever(&self) -> &LeverId {
        &self.lever
    }

    /// The lever's name.
    pub fn name(&self) -> &str {
        self.lever.as_str()
    }

    /// The expected gain over the horizon, against doing nothing.
    pub fn gain(&self) -> Money {
        self.gain
    }

    /// Its standard error, where one is known.
    pub fn standard_error(&self) -> Option<Money> {
        self.standard_error
    }

    /// What the gain rests on.
    pub fn basis(&self) -> Provenance {
        self.provenance
    }

    /// Why this strategy.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// One customer's strategies.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerStrategy {
    primary: Chosen,
    secondary: Option<Chosen>,
    why_no_secondary: String,
    ineligible: Vec<(LeverId, Ineligible)>,
}

impl CustomerStrategy {
    /// The strategies of a customer; `why_no_secondary` is read only where there is none.
    pub fn new(
        primary: Chosen,
        secondary: Option<Chosen>,
        why_no_secondary: String,
        ineligible: Vec<(LeverId, Ineligible)>,
    ) -> Self {
        Self { primary, secondary, why_no_secondary, ineligible }
    }

    /// What to do first.
    pub fn primary(&self) -> &Chosen {
        &self.primary
    }

    /// What else to do, where there is something.
    pub fn secondary(&self) -> Option<&Chosen> {
        self.secondary.as_ref()
    }

    /// The levers that do not apply, each with the rule against it.
    pub fn ineligible(&self) -> &[(LeverId, Ineligible)] {
        &self.ineligible
    }

    /// Why the primary strategy, and why this secondary one or none.
    pub fn reason(&self) -> String {
        match &self.secondary {
            Some(second) => format!("{}. Second: {}", self.primary.reason, second.reason),
            None => format!("{}. No second: {}", self.primary.reason, self.why_no_secondary),
        }
    }
}

/// Every customer's strategies.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyPlan {
    ids: CustomerIds,
    rows: Vec<CustomerStrategy>,
}

/// A row of a plan together with whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCustomer<'a> {
    customer: CustomerId,
    row: usize,
    strategy: &'a CustomerStrategy,
}

impl PlannedCustomer<'_> {
    /// Whose.
    pub fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// Which row of the tables.
    pub fn row(&self) -> usize {
        self.row
    }

    /// What to do first.
    pub fn primary(&self) -> &Chosen {
        &self.strategy.primary
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
    /// Gain of all secondary strategies; the two act on the same customers and do not simply add
    /// up.
    pub secondary_gain: Money,
    /// The share of the primary gain that rests on assumptions; `None` where there is no gain.
    pub assumed_share: Option<f64>,
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
    /// A plan, ours or made elsewhere.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Length`] where there is not one row per customer.
    pub fn new(ids: CustomerIds, rows: Vec<CustomerStrategy>) -> Result<Self, StrategyError> {
        if rows.len() == ids.len() {
            Ok(Self { ids, rows })
        } else {
            Err(StrategyError::Length { expected: ids.len(), got: rows.len() })
        }
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The strategies of the customer in a row.
    pub fn customer(&self, row: usize) -> &CustomerStrategy {
        &self.rows[row]
    }

    /// Every customer's strategies, in the order of the ids.
    pub fn rows(&self) -> &[CustomerStrategy] {
        &self.rows
    }

    /// The customers with the largest primary gain, the largest first; equal gains by id in byte
    /// order.
    pub fn top(&self, customers: usize) -> Vec<PlannedCustomer<'_>> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let gain = |row: usize| self.rows[row].primary.gain.amount();
        order.sort_by(|&a, &b| gain(b).total_cmp(&gain(a)).then_with(|| self.ids.compare(a, b)));
        order.truncate(customers);
        let planned = |row: usize| {
            Some(PlannedCustomer { customer: self.ids.get(row)?, row, strategy: &self.rows[row] })
        };
        order.into_iter().filter_map(planned).collect()
    }

    /// What the plan adds up to.
    pub fn summary(&self) -> PlanSummary {
        let mut totals: BTreeMap<&LeverId, (usize, Money)> = BTreeMap::new();
        let (mut gain, mut secondary_gain, mut assumed) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for row in &self.rows {
            let primary = &row.primary;
            let (customers, total) = totals.entry(&primary.lever).or_default();
            *customers += 1;
            *total = *total + primary.gain;
            gain = gain + primary.gain;
            if primary.provenance == Provenance::Assumption {
                assumed = assumed + primary.gain;
            }
            secondary_gain =
                secondary_gain + row.secondary.as_ref().map_or(Money::ZERO, Chosen::gain);
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
        PlanSummary { strategies, gain, secondary_gain, assumed_share }
    }

    /// How many customers each rule kept from each lever, the most frequent first.
    pub fn rules(&self) -> Vec<(LeverId, String, usize)> {
        let mut counts: BTreeMap<(&LeverId, &str), usize> = BTreeMap::new();
        for (lever, ineligible) in self.rows.iter().flat_map(|row| &row.ineligible) {
            *counts.entry((lever, ineligible.rule())).or_default() += 1;
        }
        let mut rules: Vec<_> = counts
            .into_iter()
            .map(|((lever, rule), n)| (lever.clone(), rule.to_owned(), n))
            .collect();
        rules.sort_by_key(|&(_, _, customers)| std::cmp::Reverse(customers));
        rules
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
