//! The search for the best optimum, as thorough as the data are small.
//!
//! Small data are packed and searched in rounds of starts and recombination until three rounds of
//! four agree. Middling data get independent starts until the best optimum was hit three times, large
//! ones a few starts from k-means++. The work is counted in products of customers, segments and
//! features, never in seconds, so that the answer is the same on every machine.

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::exchange::{Descent, Partition};
use crate::cluster::kmeans::lloyd::{Rules, Run, lloyd_by, place};
use crate::cluster::kmeans::packs::{LANES, Packs};
use crate::cluster::kmeans::report::{NextBest, SearchReport, TOLD, adjusted_rand};
use crate::cluster::kmeans::rounds::{Found, Search, same};
use crate::cluster::kmeans::seeding::{distinct_rows, seed_centres};
use crate::cluster::points::Points;
use crate::cluster::{EmptyCluster, KMeans, SegmentError};
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::work::{Cancelled, Work};

/// Hits of the best optimum, by rounds or by starts, that end a search.
const ENOUGH: usize = 3;
/// Starts that small data get before anything else; where so many agree, the optimum is plain.
const FIRST: usize = 16;
const PLAIN: usize = 12;
/// Starts that run side by side; a constant, or the answer would depend on the threads.
const LOT: usize = 4;
/// Rounds that run side by side: with eight, a best optimum that two rounds in five come to is missed
/// by all of them once in sixty times.
const ROUNDS: usize = 8;
/// Passes that a start takes, by experience; only what is small is decided by it.
const PASSES: u64 = 20;
/// Data are small where the budget allows this many starts, and middling where it allows the other.
const SMALL: u64 = 600;
const MIDDLING: u64 = 20;
/// Starts of large data at least.
const LEAST: usize = 3;
/// Rows, evenly spread, that tell whether large data repeat.
const PROBE: usize = 2048;

/// The best of several runs.
pub(crate) struct Best {
    pub(crate) run: Run,
    pub(crate) search: SearchReport,
}

impl KMeans {
    /// The fit on numbers alone.
    pub(crate) fn fit_dense(&self, rows: &Points<'_>, work: &Work) -> Result<Best, SegmentError> {
        self.validate()?;
        if rows.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        if let Some(start) = &self.start {
            let run = self.lloyd(rows, given(start, self.k, rows.d())?, work)?;
            return finite(run.in_order()).map(Best::alone);
        }
        let packs = (self.allows(rows.n(), rows.d(), MIDDLING) || repeats(rows))
            .then(|| Packs::of(rows))
            .filter(|packs| self.allows(packs.n, rows.d(), MIDDLING));
        match packs {
            Some(packs) => self.search_packs(rows, &packs, work),
            None => self.search_columns(rows, work),
        }
    }

    fn lloyd(&self, rows: &Points<'_>, from: Centres, work: &Work) -> Result<Run, SegmentError> {
        let (max_iterations, empty) = (self.max_iterations, self.empty);
        lloyd_by(rows, from, Rules { max_iterations, tolerance: 0.0, empty }, work)
    }

    /// Whether the budget allows so many starts of usual length.
    fn allows(&self, n: usize, d: usize, starts: u64) -> bool {
        let d = d.next_multiple_of(LANES).max(LANES);
        let pass = (n as u64).saturating_mul(self.k as u64).saturating_mul(d as u64);
        pass.saturating_mul(PASSES * starts) <= self.budget
    }

    fn search_packs(
        &self,
        rows: &Points<'_>,
        packs: &Packs,
        work: &Work,
    ) -> Result<Best, SegmentError> {
        let k = match (packs.n < self.k, self.empty) {
            (true, EmptyCluster::Drop) => packs.n,
            (true, _) => {
                return Err(SegmentError::TooFewDistinct { k: self.k, distinct: packs.n });
            }
            (false, _) => self.k,
        };
        let descent =
            Descent { max_iterations: self.max_iterations, empty: self.empty, polish: true };
        let one = Descent { max_iterations: 2, empty: EmptyCluster::Relocate, polish: false };
        let scale = one.from(packs, packs.row(0).to_vec()).map_or(0.0, |all| all.inertia);
        if !scale.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let search = Search { packs, k, descent, seed: self.seed, scale };
        let mut found = Found::default();
        let mut rounds: Vec<f64> = Vec::new();
        match self.restarts {
            Some(starts) => {
                run_lot(0..starts, |start| search.start(start), &mut found, scale, work)?
            }
            None => {
                run_lot(0..FIRST, |start| search.start(start), &mut found, scale, work)?;
                let spent = |found: &Found| {
                    found.distances.saturating_mul(packs.stride as u64) >= self.budget
                };
                let hits = |all: &[f64], found: &Found| {
                    all.iter().filter(|&&inertia| same(inertia, found.least(), scale)).count()
                };
                let breeds = k > 1
                    && self.empty == EmptyCluster::Relocate
                    && self.allows(packs.n, packs.d, SMALL);
                if breeds {
                    while hits(&found.starts, &found) < PLAIN
                        && hits(&rounds, &found) < ENOUGH.max(rounds.len() * 3 / 4)
                        && !spent(&found)
                    {
                        let first = rounds.len();
                        let lot = blocks::map_tasks(ROUNDS, work, |at| search.round(first + at))?;
                        for round in lot {
                            let round = round.ok_or(SegmentError::EmptySegment { segment: 0 })?;
                            rounds.push(round.least());
                            found.absorb(round, scale);
                        }
                    }
                    // Where nearly all rounds agree there is nothing to join.
                    if hits(&rounds, &found) + 1 < rounds.len() {
                        work.check()?;
                        search
                            .last_round(&mut found)
                            .ok_or(SegmentError::EmptySegment { segment: 0 })?;
                    }
                } else {
                    let mut next = FIRST;
                    while hits(&found.starts, &found) < ENOUGH && !spent(&found) {
                        let lot = next..next + LOT;
                        run_lot(lot, |start| search.start(start), &mut found, scale, work)?;
                        next += LOT;
                    }
                }
            }
        }
        let search = report(packs, &found, &rounds, scale);
        let best = found.best.into_iter().next().ok_or(SegmentError::NoCustomers)?;
        let run = self.finish(rows, packs, best, work)?;
        Ok(Best { run, search })
    }

    /// The optimum on all rows, as an iteration over all of them would have ended.
    fn finish(
        &self,
        rows: &Points<'_>,
        packs: &Packs,
        best: Partition,
        work: &Work,
    ) -> Result<Run, SegmentError> {
        let values = packs.unpacked_centres(&best.centres);
        let centres = Centres { values, k: best.k(), d: packs.d };
        let run = if best.converged {
            // The means once more, of all rows in their own order.
            let run = self.lloyd(rows, centres, work)?;
            Run { iterations: best.iterations, ..run }
        } else {
            let (labels, inertia) = place(rows, &centres, work)?;
            Run { centres, labels, inertia, iterations: best.iterations, converged: false }
        };
        finite(run.in_order())
    }

    /// Starts one after the other, each on all threads.
    fn search_columns(&self, rows: &Points<'_>, work: &Work) -> Result<Best, SegmentError> {
        let distinct = distinct_rows(rows, self.k);
        if distinct < self.k && self.empty != EmptyCluster::Drop {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let k = self.k.min(distinct);
        let pass = (rows.n() as u64).saturating_mul((k * rows.d().max(1)) as u64);
        let mut spent = 0u64;
        let mut inertias: Vec<f64> = Vec::new();
        let mut best: Option<Run> = None;
        let mut optima: Vec<(f64, Centres)> = Vec::new();
        let near = |a: f64, b: f64| (a - b).abs() <= NEAR * a.abs().min(b.abs());
        loop {
            let number = inertias.len();
            let least = best.as_ref().map_or(f64::INFINITY, |best| best.inertia);
            let hits = inertias.iter().filter(|&&inertia| near(inertia, least)).count();
            let done = match self.restarts {
                Some(starts) => number >= starts,
                None => hits >= ENOUGH || (spent >= self.budget && number >= LEAST),
            };
            if done {
                break;
            }
            let mut stream = Stream::new(self.seed, Purpose::Restart, number as u64);
            let start = seed_centres(rows, k, &mut stream, work)?;
            let run = self.lloyd(rows, start, work)?;
            spent = spent.saturating_add(pass.saturating_mul(run.iterations as u64));
            inertias.push(run.inertia);
            if !optima.iter().any(|(known, _)| near(*known, run.inertia)) {
                optima.push((run.inertia, run.centres.clone()));
                optima.sort_by(|a, b| a.0.total_cmp(&b.0));
                optima.truncate(TOLD + 1);
            }
            if run.inertia < least || best.is_none() {
                best = Some(run);
            }
        }
        let run = finite(best.ok_or(SegmentError::NoCustomers)?.in_order())?;
        let search = report_columns(rows, &run, &inertias, &optima, work)?;
        Ok(Best { run, search })
    }
}

/// Runs on many rows end at optima that differ by a customer or two; such are taken for the same
/// where their inertia differs by less than this share.
const NEAR: f64 = 1e-6;

impl Best {
    /// A run that was not searched for.
    fn alone(run: Run) -> Self {
        let search = SearchReport {
            starts: 1,
            hits: 1,
            recombined: 0,
            rounds: 0,
            rounds_agreeing: 0,
            distinct_optima: 1,
            next_best: Vec::new(),
        };
        Self { run, search }
    }
}

fn finite(run: Run) -> Result<Run, SegmentError> {
    if run.inertia.is_finite() { Ok(run) } else { Err(SegmentError::TooFar) }
}

/// Runs starts side by side and takes in what they found, in their order.
fn run_lot(
    numbers: std::ops::Range<usize>,
    start: impl Fn(usize) -> Option<Found> + Sync,
    found: &mut Found,
    scale: f64,
    work: &Work,
) -> Result<(), SegmentError> {
    let lot = blocks::map_tasks(numbers.len(), work, |at| start(numbers.start + at))?;
    for one in lot {
        found.absorb(one.ok_or(SegmentError::EmptySegment { segment: 0 })?, scale);
    }
    Ok(())
}

/// Whether rows repeat so often that packing them pays.
fn repeats(rows: &Points<'_>) -> bool {
    let step = rows.n().div_ceil(PROBE).max(1);
    let probe: Vec<usize> = (0..rows.n()).step_by(step).collect();
    2 * Packs::of(&rows.rows(&probe)).n <= probe.len()
}

/// How many groups of the same optimum there are.
fn distinct(mut inertias: Vec<f64>, same: impl Fn(f64, f64) -> bool) -> usize {
    inertias.sort_by(f64::total_cmp);
    let steps = inertias.windows(2).filter(|pair| !same(pair[0], pair[1])).count();
    usize::from(!inertias.is_empty()) + steps
}

fn excess(inertia: f64, least: f64) -> f64 {
    if least > 0.0 { inertia / least - 1.0 } else { f64::MAX }
}

fn report(packs: &Packs, found: &Found, rounds: &[f64], scale: f64) -> SearchReport {
    let least = found.least();
    let hits = |all: &[f64]| all.iter().filter(|&&inertia| same(inertia, least, scale)).count();
    let all = found.starts.iter().chain(&found.recombined).copied().collect();
    let mut next_best = Vec::new();
    if let Some((best, others)) = found.best.split_first() {
        let labels = packs.labels(&best.labels);
        for other in others.iter().take(TOLD) {
            next_best.push(NextBest {
                excess: excess(other.inertia, least),
                adjusted_rand: adjusted_rand(&labels, &packs.labels(&other.labels)),
            });
        }
    }
    SearchReport {
        starts: found.starts.len(),
        hits: hits(&found.starts),
        recombined: found.recombined.len(),
        rounds: rounds.len(),
        rounds_agreeing: hits(rounds),
        distinct_optima: distinct(all, |a, b| same(a, b, scale)),
        next_best,
    }
}

fn report_columns(
    rows: &Points<'_>,
    best: &Run,
    inertias: &[f64],
    optima: &[(f64, Centres)],
    work: &Work,
) -> Result<SearchReport, Cancelled> {
    let near = |a: f64, b: f64| (a - b).abs() <= NEAR * a.abs().min(b.abs());
    let mut next_best = Vec::new();
    for (inertia, centres) in optima.iter().skip(1) {
        let (labels, _) = place(rows, centres, work)?;
        next_best.push(NextBest {
            excess: excess(*inertia, best.inertia),
            adjusted_rand: adjusted_rand(&best.labels, &labels),
        });
    }
    Ok(SearchReport {
        starts: inertias.len(),
        hits: inertias.iter().filter(|&&inertia| near(inertia, best.inertia)).count(),
        recombined: 0,
        rounds: 0,
        rounds_agreeing: 0,
        distinct_optima: distinct(inertias.to_vec(), near),
        next_best,
    })
}

/// The caller's own start.
fn given(start: &[Vec<f64>], k: usize, d: usize) -> Result<Centres, SegmentError> {
    if start.len() != k {
        let (value, expected) = (start.len() as f64, "one centre for each of `k`");
        return Err(SegmentError::Param { name: "start", value, expected });
    }
    if let Some(centre) = start.iter().find(|centre| centre.len() != d) {
        return Err(SegmentError::OtherFeatures { expected: d, got: centre.len() });
    }
    let values = start.concat();
    match values.iter().find(|value| !value.is_finite()) {
        Some(&value) => Err(SegmentError::Param { name: "start", value, expected: "finite" }),
        None => Ok(Centres { values, k, d }),
    }
}

#[cfg(test)]
mod tests;
