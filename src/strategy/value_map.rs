//! The customer value map: the whole base by current value and headroom.

use serde::Serialize;

use crate::strategy::StrategyPlan;
use crate::units::{LeverId, Money};
use crate::value::{CustomerValue, Deciles, ValueError, deciles};

/// Customers by decile of current value and decile of headroom.
///
/// Named readings, such as "most growable" for much headroom or "most valuable" for the first
/// deciles, are regions of this one map.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueMap {
    /// The cells that have customers, by decile of current value and then of headroom.
    pub cells: Vec<MapCell>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MapCell {
    /// Decile of current value, 1 being the best.
    pub value_decile: u8,
    /// Decile of headroom, 1 being the most. `0` stands for everybody where no headroom is known.
    pub headroom_decile: u8,
    /// How many customers.
    pub customers: usize,
    /// Their current value.
    pub current: Money,
    /// Their headroom; `None` where no potential was estimated.
    pub headroom: Option<Money>,
    /// The mean probability that they are gone; `None` where the value model has no such notion.
    pub mean_risk: Option<f64>,
    /// The gain of their primary strategies.
    pub gain: Money,
    /// How many have each primary strategy, by name.
    pub strategies: Vec<(LeverId, usize)>,
}

impl ValueMap {
    /// The map of a base and its plan, which must be of the same customers in the same rows.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the plan is of other customers.
    pub fn of(value: &CustomerValue, plan: &StrategyPlan) -> Result<Self, ValueError> {
        let n = value.rows().len();
        if plan.ids() != value.ids() {
            return Err(ValueError::Length {
                what: "the plan",
                expected: n,
                got: plan.n_customers(),
            });
        }
        let headroom: Option<Vec<Money>> =
            value.rows().iter().map(|worth| worth.headroom()).collect();
        let headroom_deciles = headroom.as_ref().map(|h| deciles(h, value.ids())).transpose()?;
        let cell_of = |row: usize| {
            (
                value.deciles().of[row],
                headroom_deciles.as_ref().map_or(0, |cut: &Deciles| cut.of[row]),
            )
        };
        let mut rows: Vec<usize> = (0..n).collect();
        rows.sort_by_key(|&row| cell_of(row));
        let cells = rows.chunk_by(|&a, &b| cell_of(a) == cell_of(b)).map(|members| {
            let (value_decile, headroom_decile) = cell_of(members[0]);
            let risk: Option<f64> =
                members.iter().map(|&row| Some(1.0 - value.rows()[row].p_alive?.value())).sum();
            let mut strategies: Vec<(LeverId, usize)> = Vec::new();
            for &row in members {
                let lever = plan.primary(row).lever;
                match strategies.iter_mut().find(|(known, _)| known == lever) {
                    Some((_, count)) => *count += 1,
                    None => strategies.push((lever.clone(), 1)),
                }
            }
            strategies.sort();
            MapCell {
                value_decile,
                headroom_decile,
                customers: members.len(),
                current: members.iter().map(|&row| value.rows()[row].current).sum(),
                headroom: headroom.as_ref().map(|h| members.iter().map(|&row| h[row]).sum()),
                mean_risk: risk.map(|risk| risk / members.len() as f64),
                gain: members.iter().map(|&row| plan.primary(row).gain).sum(),
                strategies,
            }
        });
        Ok(Self { cells: cells.collect() })
    }
}
