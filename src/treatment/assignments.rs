//! Who gets which lever, as a schedule needs it: names as numbers, and nothing that people read.

use std::fmt;

use crate::num::blocks;
use crate::strategy::{Chosen, StrategyPlan};
use crate::treatment::TreatmentError;
use crate::units::{CustomerIds, LeverId, Money};
use crate::work::Work;

/// A funded strategy of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Purpose {
    /// Which.
    pub lever: LeverId,
    /// What it should bring.
    pub gain: Money,
    /// What the strategy plan set aside for it.
    pub cost: Money,
}

/// The funded primary and secondary strategies of all customers, 64 bytes a customer.
#[derive(Clone, PartialEq)]
pub struct Assignments {
    ids: CustomerIds,
    levers: Vec<LeverId>,
    rows: Vec<[Option<Aim>; 2]>,
}

/// A purpose by the number of its lever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    pub(super) lever: u16,
    pub(super) gain: f64,
    pub(super) cost: f64,
}

impl Assignments {
    /// The funded strategies of each customer, primary and secondary, in the order of the ids.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Length`]; [`TreatmentError::Param`] for more than 65535 levers.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::treatment::{Assignments, Purpose};
    /// use segmentry::units::{CustomerIds, LeverId, Money};
    ///
    /// let lever = LeverId::of("retain");
    /// let retain = Purpose { lever, gain: Money::new(12.5)?, cost: Money::new(4.0)? };
    /// let rows = [(Some(retain.clone()), None), (None, None)];
    /// let assignments = Assignments::new(CustomerIds::numbered(2)?, rows)?;
    /// assert_eq!(assignments.primary(0), Some(retain));
    /// assert_eq!(assignments.primary(1), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        ids: CustomerIds,
        rows: impl IntoIterator<Item = (Option<Purpose>, Option<Purpose>)>,
    ) -> Result<Self, TreatmentError> {
        let mut levers = Vec::new();
        let mut aims = Vec::with_capacity(ids.len());
        for (primary, secondary) in rows {
            let mut aim = |purpose: Option<Purpose>| {
                let Some(Purpose { lever, gain, cost }) = purpose else { return Ok(None) };
                let lever = numbered(&mut levers, &lever)?;
                Ok::<_, TreatmentError>(Some(Aim {
                    lever,
                    gain: gain.amount(),
                    cost: cost.amount(),
                }))
            };
            aims.push([aim(primary)?, aim(secondary)?]);
        }
        if aims.len() != ids.len() {
            let (expected, got) = (ids.len(), aims.len());
            return Err(TreatmentError::Length { what: "the assignments", expected, got });
        }
        Ok(Self { ids, levers, rows: aims })
    }

    /// What a plan does within its limits, with what it expects to spend on each customer.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`TreatmentError::Cancelled`].
    pub fn from_plan(plan: &StrategyPlan, work: &Work) -> Result<Self, TreatmentError> {
        let purpose = |chosen: &Chosen| Purpose {
            lever: chosen.lever().clone(),
            gain: chosen.gain(),
            cost: chosen.spend(),
        };
        let parts = blocks::map_blocks(plan.ids().len(), work, |rows| {
            let of = |row: usize| {
                let strategy = plan.customer(row);
                let mut acts = strategy.within_limits().iter().map(purpose);
                (acts.next(), acts.next())
            };
            rows.map(of).collect::<Vec<_>>()
        })?;
        Self::new(plan.ids().clone(), parts.into_iter().flatten())
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The primary strategy of a customer, where it is funded.
    pub fn primary(&self, row: usize) -> Option<Purpose> {
        self.purpose(self.rows[row][0])
    }

    /// The secondary strategy of a customer, where there is one and it is funded.
    pub fn secondary(&self, row: usize) -> Option<Purpose> {
        self.purpose(self.rows[row][1])
    }

    fn purpose(&self, aim: Option<Aim>) -> Option<Purpose> {
        let Aim { lever, gain, cost } = aim?;
        let lever = self.levers[usize::from(lever)].clone();
        Some(Purpose { lever, gain: Money::finite(gain), cost: Money::finite(cost) })
    }

    pub(super) fn levers(&self) -> &[LeverId] {
        &self.levers
    }

    pub(super) fn rows(&self) -> &[[Option<Aim>; 2]] {
        &self.rows
    }
}

fn numbered(levers: &mut Vec<LeverId>, lever: &LeverId) -> Result<u16, TreatmentError> {
    if let Some(number) = levers.iter().position(|known| known == lever) {
        return Ok(number as u16);
    }
    if levers.len() >= usize::from(u16::MAX) {
        let value = levers.len() as f64 + 1.0;
        return Err(TreatmentError::Param { name: "levers", value, expected: "at most 65535" });
    }
    levers.push(lever.clone());
    Ok((levers.len() - 1) as u16)
}

impl fmt::Debug for Assignments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignments")
            .field("ids", &self.ids)
            .field("levers", &self.levers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::CustomerStrategy;
    use crate::units::Provenance;

    #[test]
    fn only_what_is_funded_comes_over() {
        let chosen = |name: &'static str, gain, funded| {
            let money = Money::from_minor(gain, 0);
            Chosen::new(LeverId::of(name), money, None, Provenance::Model, String::new())
                .spending(Money::from_minor(gain / 2, 0))
                .funded_if(funded)
        };
        let strategy =
            |first, second| CustomerStrategy::new(first, Some(second), String::new(), Vec::new());
        let rows = vec![
            strategy(chosen("retain", 8, true), chosen("develop", 6, true)),
            strategy(chosen("retain", 8, false), chosen("develop", 6, true)),
            strategy(chosen("retain", 8, false), chosen("develop", 6, false)),
        ];
        let plan = StrategyPlan::new(CustomerIds::numbered(3).unwrap(), rows).unwrap();
        let assignments = Assignments::from_plan(&plan, &Work::new()).unwrap();
        let purpose = |name, gain, cost| {
            let [gain, cost] = [gain, cost].map(|money| Money::from_minor(money, 0));
            Some(Purpose { lever: LeverId::of(name), gain, cost })
        };
        let of = |row| (assignments.primary(row), assignments.secondary(row));
        assert_eq!(of(0), (purpose("retain", 8, 4), purpose("develop", 6, 3)));
        assert_eq!(of(1), (purpose("develop", 6, 3), None));
        assert_eq!(of(2), (None, None));
    }

    #[test]
    fn one_row_for_each_customer() {
        let refused = Assignments::new(CustomerIds::numbered(2).unwrap(), [(None, None)]);
        assert!(matches!(refused, Err(TreatmentError::Length { expected: 2, got: 1, .. })));
    }
}
