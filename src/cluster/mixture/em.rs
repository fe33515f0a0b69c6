//! The EM algorithm from given parameters: passes over the rows until the likelihood stands.

use crate::cluster::SegmentError;
use crate::cluster::mixture::kernel::{Place, Placed, Step, StepSums, Wanted};
use crate::cluster::mixture::parameters::{Parameters, Singular, Sums};
use crate::cluster::mixture::table::{Table, Unit, map_rows};
use crate::num::simd;
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// Rows in standard units, and how long to go on.
#[derive(Debug, Clone)]
pub(super) struct Em<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) units: &'a [Unit],
    pub(super) floor: f64,
    pub(super) tolerance: f64,
    pub(super) max_iterations: usize,
}

/// Where one start ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) parameters: Parameters,
    /// In standard units.
    pub(super) log_likelihood: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

impl Em<'_> {
    /// Goes on from parameters that took `iterations` maximisations so far.
    ///
    /// A pass finds the likelihood of the parameters before it and the parameters after it, so the
    /// run ends with the parameters whose likelihood is known to have moved too little; those after
    /// them are not used.
    pub(super) fn run(
        &self,
        start: Parameters,
        iterations: usize,
        work: &Work,
    ) -> Result<Run, SegmentError> {
        let total = self.table.total_weight();
        let mut run = Run {
            parameters: start,
            log_likelihood: f64::NEG_INFINITY,
            iterations,
            converged: false,
        };
        while run.iterations < self.max_iterations {
            let (log_likelihood, sums) = self.step(&run.parameters, work)?;
            let change = (log_likelihood - run.log_likelihood).abs() / total;
            run.log_likelihood = log_likelihood;
            if change < self.tolerance {
                run.converged = true;
                return Ok(run);
            }
            let before = &run.parameters;
            run.parameters =
                Parameters::from_sums(before.covariance, &sums, self.floor, Some(before))
                    .map_err(|singular| self.error(singular))?;
            run.iterations += 1;
        }
        run.log_likelihood = self.place(&run.parameters, Wanted::Totals, work)?.log_likelihood;
        Ok(run)
    }

    /// One pass: the log-likelihood of these parameters, and the sums that make the next.
    pub(super) fn step(
        &self,
        parameters: &Parameters,
        work: &Work,
    ) -> Result<(f64, Vec<Sums>), Cancelled> {
        let parts = map_rows(self.table.n(), work, |rows| {
            simd::run(Step { table: self.table, units: self.units, parameters, rows })
        })?;
        let mut parts = parts.into_iter();
        let Some(StepSums { mut log_likelihood, mut components }) = parts.next() else {
            return Ok((0.0, Vec::new()));
        };
        for part in parts {
            log_likelihood += part.log_likelihood;
            for (sums, part) in components.iter_mut().zip(part.components) {
                sums.add(&part);
            }
        }
        Ok((log_likelihood, components))
    }

    /// Where the rows belong under these parameters.
    pub(super) fn place(
        &self,
        parameters: &Parameters,
        wanted: Wanted,
        work: &Work,
    ) -> Result<Placed, Cancelled> {
        place(self.table, self.units, parameters, wanted, work)
    }

    pub(super) fn error(&self, singular: Singular) -> SegmentError {
        SegmentError::Singular { segment: SegmentId(singular.component as u32) }
    }
}

/// Where rows belong.
pub(super) fn place(
    table: &Table<'_>,
    units: &[Unit],
    parameters: &Parameters,
    wanted: Wanted,
    work: &Work,
) -> Result<Placed, Cancelled> {
    let parts = map_rows(table.n(), work, |rows| {
        simd::run(Place { table, units, parameters, rows, wanted })
    })?;
    let mut all = Placed::default();
    for part in parts {
        all.log_likelihood += part.log_likelihood;
        all.entropy += part.entropy;
        all.modes.extend(part.modes);
        all.numbers.extend(part.numbers);
    }
    Ok(all)
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.first.iter_mut().zip(&other.first).for_each(|(all, part)| *all += part);
        self.second.iter_mut().zip(&other.second).for_each(|(all, part)| *all += part);
    }
}
