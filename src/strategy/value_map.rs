//! The customer value map: the whole base by current value and headroom.
//!
//! One map, cut by deciles or by limits of money. What other frameworks call their customers are
//! regions of it, see [`Reading`](crate::strategy::Reading).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::strategy::StrategyPlan;
use crate::units::{LeverId, Money};
use crate::value::{CustomerValue, Deciles, ValueError, Worth, deciles};

/// Customers by current value and headroom.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueMap {
    /// How current value is cut.
    pub value: MapAxis,
    /// How headroom is cut.
    pub headroom: MapAxis,
    /// The cells that have customers, by band of current value and then of headroom.
    pub cells: Vec<MapCell>,
}

/// How an axis of the map is cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MapAxis {
    /// Into tenths of the customers; band 1 is the best.
    Deciles,
    /// At amounts of money, in ascending order. Band 1 is at least the last; whoever has exactly a
    /// limit is above it.
    Money(Vec<Money>),
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MapCell {
    /// Band of current value, 1 being the best: the decile where the axis is one of deciles.
    pub value_band: u8,
    /// Band of headroom, 1 being the most. `0` stands for everybody of whom none is known, and for
    /// everybody at all where deciles were asked for and one headroom is missing.
    pub headroom_band: u8,
    /// How many customers.
    pub customers: usize,
    /// Their current value.
    pub current: Money,
    /// Their future value; `None` where it could not be estimated for all of them.
    pub future: Option<Money>,
    /// Their headroom; `None` where no potential was estimated.
    pub headroom: Option<Money>,
    /// The mean probability that they are gone; `None` where the value model has no such notion.
    pub mean_risk: Option<f64>,
    /// The gain of their primary strategies.
    pub gain: Money,
    /// How many have each primary strategy, by name.
    pub strategies: Vec<(LeverId, usize)>,
}

impl MapCell {
    /// The share of the customers whose primary strategy is this one.
    pub fn share_of(&self, lever: &LeverId) -> f64 {
        share_of(&self.strategies, self.customers, lever)
    }
}

impl ValueMap {
    /// The map of a base and its plan, which must be of the same customers in the same rows, by
    /// deciles.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the plan is of other customers.
    pub fn of(value: &CustomerValue, plan: &StrategyPlan) -> Result<Self, ValueError> {
        same_customers(value, plan)?;
        let headroom = headroom_deciles(value)?;
        let cell = |row: usize| {
            let headroom = headroom.as_ref().map_or(0, |cut| cut.of[row]);
            (value.deciles().of[row], headroom)
        };
        Ok(Self {
            value: MapAxis::Deciles,
            headroom: MapAxis::Deciles,
            cells: cells(value, plan, cell),
        })
    }

    /// The map cut at amounts of money, each list in ascending order: `n` limits make `n + 1`
    /// bands. Unlike a decile, a band means the same next month.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the plan is of other customers; [`ValueError::Param`] where
    /// limits do not ascend, or are more than 100.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::strategy::{CpMap, CustomerBase, StrategyAssigner, ValueMap};
    /// use segmentry::units::{CustomerIds, Days, Money};
    /// use segmentry::value::{CustomerValue, ValueBasis, ValueUnit, Worth};
    /// use segmentry::work::Work;
    ///
    /// let euros = |amount| Money::from_minor(amount, 0);
    /// let worth = |spent| Worth::realised(euros(spent), euros(spent), 1, Days::new(9));
    /// let rows = [40, 100, 900, 2_500].map(worth).to_vec();
    /// # let basis = ValueBasis::new("given", "given");
    /// # let ids = CustomerIds::numbered(4)?;
    /// # let value = CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52))?;
    /// # let plan = CpMap::none().assign(&CustomerBase::of(value.clone()), &Work::new())?;
    /// let map = ValueMap::by_money(&value, &plan, &[euros(100), euros(1_000)], &[])?;
    /// let customers: Vec<usize> = map.cells.iter().map(|cell| cell.customers).collect();
    /// assert_eq!(customers, [1, 2, 1]); // from 1,000; from 100; below
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_money(
        value: &CustomerValue,
        plan: &StrategyPlan,
        value_cuts: &[Money],
        headroom_cuts: &[Money],
    ) -> Result<Self, ValueError> {
        ascending("value_cuts", value_cuts)?;
        ascending("headroom_cuts", headroom_cuts)?;
        same_customers(value, plan)?;
        let cell = |row: usize| {
            let worth = &value.rows()[row];
            let headroom = worth.headroom().map_or(0, |headroom| band(headroom, headroom_cuts));
            (band(worth.current, value_cuts), headroom)
        };
        Ok(Self {
            value: MapAxis::Money(value_cuts.to_vec()),
            headroom: MapAxis::Money(headroom_cuts.to_vec()),
            cells: cells(value, plan, cell),
        })
    }
}

/// One for the highest band.
fn band(amount: Money, cuts: &[Money]) -> u8 {
    // At most a hundred limits, see `ascending`.
    (1 + cuts.len() - cuts.partition_point(|&cut| cut <= amount)) as u8
}

fn ascending(name: &'static str, cuts: &[Money]) -> Result<(), ValueError> {
    const MOST: usize = 100;
    if cuts.len() > MOST {
        let value = cuts.len() as f64;
        return Err(ValueError::Param { name, value, expected: "at most 100 limits" });
    }
    match cuts.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => {
            let value = pair[1].amount();
            Err(ValueError::Param { name, value, expected: "more than the limit before it" })
        }
        None => Ok(()),
    }
}

fn cells(
    value: &CustomerValue,
    plan: &StrategyPlan,
    cell: impl Fn(usize) -> (u8, u8),
) -> Vec<MapCell> {
    let mut found: BTreeMap<(u8, u8), Sums> = BTreeMap::new();
    for (row, worth) in value.rows().iter().enumerate() {
        found.entry(cell(row)).or_default().add(worth, primary(plan, row));
    }
    let cell = |((value_band, headroom_band), sums): ((u8, u8), Sums)| MapCell {
        value_band,
        headroom_band,
        customers: sums.customers,
        current: sums.current,
        future: sums.future(),
        headroom: sums.headroom(),
        mean_risk: sums.mean_risk(),
        gain: sums.gain,
        strategies: sums.strategies(),
    };
    found.into_iter().map(cell).collect()
}

/// The primary strategy of the customer in a row, and its gain.
pub(super) fn primary(plan: &StrategyPlan, row: usize) -> (&LeverId, Money) {
    let primary = plan.primary(row);
    (primary.lever, primary.gain)
}

pub(super) fn same_customers(value: &CustomerValue, plan: &StrategyPlan) -> Result<(), ValueError> {
    if plan.ids() == value.ids() {
        Ok(())
    } else {
        let (expected, got) = (value.rows().len(), plan.ids().len());
        Err(ValueError::Length { what: "the plan", expected, got })
    }
}

/// Deciles of headroom; `None` where one is missing.
pub(super) fn headroom_deciles(value: &CustomerValue) -> Result<Option<Deciles>, ValueError> {
    let headroom: Option<Vec<Money>> = value.rows().iter().map(Worth::headroom).collect();
    headroom.map(|headroom| deciles(&headroom, value.ids())).transpose()
}

pub(super) fn share_of(strategies: &[(LeverId, usize)], customers: usize, lever: &LeverId) -> f64 {
    let count = strategies.iter().find(|(known, _)| known == lever).map_or(0, |&(_, count)| count);
    if customers == 0 { 0.0 } else { count as f64 / customers as f64 }
}

/// What some customers add up to.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    pub(super) customers: usize,
    pub(super) current: Money,
    pub(super) gain: Money,
    future: Known,
    headroom: Known,
    risk: Known,
    strategies: Vec<(LeverId, usize)>,
}

/// A sum of numbers that not every customer has.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    customers: usize,
    sum: f64,
}

impl Known {
    fn add(&mut self, number: Option<f64>) {
        if let Some(number) = number {
            self.customers += 1;
            self.sum += number;
        }
    }

    /// The sum, where all of so many customers, and at least one, have the number.
    fn of_all(&self, customers: usize) -> Option<f64> {
        (customers > 0 && self.customers == customers).then_some(self.sum)
    }
}

impl Sums {
    pub(super) fn add(&mut self, worth: &Worth, (lever, gain): (&LeverId, Money)) {
        self.customers += 1;
        self.current = self.current + worth.current;
        self.gain = self.gain + gain;
        self.future.add(worth.future().map(Money::amount));
        self.headroom.add(worth.headroom().map(Money::amount));
        self.risk.add(worth.p_alive.map(|alive| 1.0 - alive.value()));
        match self.strategies.iter_mut().find(|(known, _)| known == lever) {
            Some((_, count)) => *count += 1,
            None => self.strategies.push((lever.clone(), 1)),
        }
    }

    pub(super) fn future(&self) -> Option<Money> {
        self.future.of_all(self.customers).map(Money::finite)
    }

    pub(super) fn headroom(&self) -> Option<Money> {
        self.headroom.of_all(self.customers).map(Money::finite)
    }

    pub(super) fn mean_risk(&self) -> Option<f64> {
        self.risk.of_all(self.customers).map(|risk| risk / self.customers as f64)
    }

    /// How many have each primary strategy, by name.
    pub(super) fn strategies(&self) -> Vec<(LeverId, usize)> {
        let mut strategies = self.strategies.clone();
        strategies.sort();
        strategies
    }
}

#[cfg(test)]
mod tests;
