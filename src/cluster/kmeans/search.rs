//! The search for the best optimum: many starts, of which one is kept.

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::lloyd::{Run, lloyd};
use crate::cluster::kmeans::seeding::{distinct_rows, seed_centres};
use crate::cluster::points::Points;
use crate::cluster::{KMeans, SegmentError};
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::work::{Cancelled, Work};

/// Starts whose inertia is the best to this share of it found the same optimum.
const HIT_TOLERANCE: f64 = 1e-9;
/// The best of several runs.
pub(crate) struct Best {
    pub(crate) run: Run,
    pub(crate) hits: usize,
}
impl KMeans {
    /// The fit on numbers alone.
    pub(crate) fn fit_dense(&self, rows: &Points<'_>, work: &Work) -> Result<Best, SegmentError> {
        self.validate()?;
        if rows.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        if let Some(start) = &self.start {
            let start = given(start, self.k, rows.d())?;
            let run = lloyd(rows, start, self.max_iterations, work)?;
            return if run.inertia.is_finite() {
                Ok(Best { run: run.in_order(), hits: 1 })
            } else {
                Err(SegmentError::TooFar)
            };
        }
        let distinct = distinct_rows(rows, self.k);
        if distinct < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let runs = blocks::map_tasks(self.restarts, work, |restart| {
            let mut stream = Stream::new(self.seed, Purpose::Restart, restart as u64);
            let start = seed_centres(rows, self.k, &mut stream, work)?;
            lloyd(rows, start, self.max_iterations, work)
        })?;
        let runs = runs.into_iter().collect::<Result<Vec<Run>, Cancelled>>()?;
        let inertias: Vec<f64> = runs.iter().map(|run| run.inertia).collect();
        let least = inertias.iter().copied().fold(f64::INFINITY, f64::min);
        if !least.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let hits = inertias
            .iter()
            .filter(|&&inertia| inertia <= least + HIT_TOLERANCE * least.abs())
            .count();
        let best = runs.into_iter().find(|run| run.inertia == least);
        best.map(|run| Best { run: run.in_order(), hits }).ok_or(SegmentError::NoCustomers)
    }
}

/// The caller's own start.
fn given(start: &[Vec<f64>], k: usize, d: usize) -> Result<Centres, SegmentError> {
    if start.len() != k {
        let value = start.len() as f64;
        return Err(SegmentError::Param {
            name: "start",
            value,
            expected: "one centre for each of `k`",
        });
    }
    if let Some(centre) = start.iter().find(|centre| centre.len() != d) {
        return Err(SegmentError::OtherFeatures { expected: d, got: centre.len() });
    }
    let values = start.concat();
    match values.iter().find(|value| !value.is_finite()) {
        Some(&value) => {
            Err(SegmentError::Param { name: "start", value, expected: "finite numbers" })
        }
        None => Ok(Centres { values, k, d }),
    }
}
