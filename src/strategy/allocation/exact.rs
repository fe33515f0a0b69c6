//! The best choice by an integer program: the judge of the fast way, for tables that are small.
//!
//! One variable for each thing that can be done for each customer, handed to a solver written in
//! Rust. It proves what it finds, and takes longer the more customers there are, without a limit.

use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable,
};

use crate::strategy::StrategyError;
use crate::strategy::allocation::allocator::Allocator;
use crate::strategy::allocation::problem::{NONE, NOTHING, Offers};
use crate::strategy::allocation::table::OfferTable;
use crate::work::Work;

/// The best choice there is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExactAllocation {
    /// What it gains, by a plain sum.
    pub value: f64,
    /// The primary lever of each customer.
    pub primary: Vec<Option<usize>>,
    /// The secondary lever of each customer.
    pub secondary: Vec<Option<usize>>,
}

impl Allocator {
    /// The best choice, by an integer program; to a relative precision of about 1e-9.
    ///
    /// `Ok(None)` where no choice keeps all limits and meets all quotas. Limits and quotas are those
    /// of [`solve`](Self::solve).
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`StrategyError::Exact`] where the solver gives up or
    /// what it calls a solution does not keep the limits.
    ///
    /// # Cost
    ///
    /// Exponential at worst; hundreds of customers take seconds.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::strategy::allocation::{Allocator, OfferTable, Uses};
    ///
    /// let table = OfferTable::new(1, [Some(60.0), Some(50.0), Some(50.0)])?
    ///     .uses("money", Uses::PerOffer(vec![7.0, 5.0, 5.0]))?;
    /// let exact = Allocator::new().limit("money", 10.0).solve_exactly(&table)?;
    /// assert_eq!(exact.map(|exact| exact.value), Some(100.0));
    /// # Ok::<(), segmentry::strategy::StrategyError>(())
    /// ```
    pub fn solve_exactly(
        &self,
        table: &OfferTable,
    ) -> Result<Option<ExactAllocation>, StrategyError> {
        let problem = self.problem(table)?;
        let prices = vec![0.0; problem.rows.len()];
        let mut variables = ProblemVariables::new();
        let mut gain = Expression::default();
        let mut used = vec![Expression::default(); problem.rows.len()];
        let mut ways: Vec<Vec<(Variable, [u8; 2])>> = Vec::new();
        let mut offers = Offers::default();
        for row in 0..problem.n() {
            problem.offers(row, &prices, &mut offers);
            let mut own = Vec::new();
            problem.picks(&offers, |pick| {
                if pick != NOTHING {
                    let taken = variables.add(variable().binary());
                    gain.add_mul(problem.value(&offers, pick), taken);
                    for (k, used) in used.iter_mut().enumerate() {
                        used.add_mul(problem.used(&offers, k, pick), taken);
                    }
                    own.push((taken, pick));
                }
            });
            ways.push(own);
        }
        let mut model = variables.maximise(gain).using(microlp);
        for (used, row) in used.into_iter().zip(&problem.rows) {
            model = model.with(constraint!(used <= row.at_most));
        }
        for own in &ways {
            let sum: Expression = own.iter().map(|&(taken, _)| taken).sum();
            model = model.with(constraint!(sum <= 1.0));
        }
        let solution = match model.solve() {
            Ok(solution) => solution,
            Err(good_lp::ResolutionError::Infeasible) => return Ok(None),
            Err(error) => return Err(StrategyError::Exact { reason: error.to_string() }),
        };
        let mut picks = vec![NOTHING; problem.n()];
        for (pick, own) in picks.iter_mut().zip(&ways) {
            let taken = own.iter().find(|&&(taken, _)| solution.value(taken) > 0.5);
            *pick = taken.map_or(NOTHING, |&(_, pick)| pick);
        }
        let totals = problem.totals(&picks, &Work::new())?;
        // The solver's own tolerance is looser than ours; decimals that fit exactly may round.
        let fits = problem
            .rows
            .iter()
            .zip(&totals.used)
            .all(|(row, used)| *used <= row.at_most + 1e-7 * row.at_most.abs().max(1.0));
        if !fits {
            let reason = "what it calls a solution breaks a limit".to_owned();
            return Err(StrategyError::Exact { reason });
        }
        let lever = |lever: u8| (lever != NONE).then(|| usize::from(lever));
        Ok(Some(ExactAllocation {
            value: totals.value,
            primary: picks.iter().map(|pick| lever(pick[0])).collect(),
            secondary: picks.iter().map(|pick| lever(pick[1])).collect(),
        }))
    }
}
