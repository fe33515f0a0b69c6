//! Many starts, of which the best is kept: short climbs from all of them, long ones from the best.

use super::climb::{Limits, Slope, Summit};
use super::expect::expect;
use super::point::Point;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::work::Cancelled;

/// How many starts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Starts {
    /// As many as it takes: at least 192, then until the best optimum was hit 10 times, at most
    /// 640. On large data a budget of work (some seconds of one core) ends the search, but not
    /// before 32 starts were made and the best of them climbed to their ends.
    Adaptive,
    /// So many, each climbed to its end.
    Fixed(usize),
}

/// Starts of one round, and how many of them are climbed to the end.
const ROUND: usize = 32;
const CARRIED: usize = 16;
/// EM steps of a short climb.
const SHORT: usize = 40;
const ENOUGH_STARTS: usize = 192;
const ENOUGH_HITS: usize = 10;
const MOST_STARTS: usize = 640;
/// Climbs between two looks at the budget, where a climb is a good part of it.
const GROUP: usize = 4;
/// Work in patterns x classes x EM steps; about 4 ns each.
const BUDGET: f64 = 5e8;
/// Log-likelihoods that differ by less than this share of their size are one optimum.
const SAME: f64 = 1e-8;

/// How the search goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Search {
    pub(super) starts: Starts,
    pub(super) seed: u64,
    pub(super) limits: Limits,
}

/// The best of all starts.
#[derive(Debug, Clone)]
pub(super) struct Found<const W: usize> {
    pub(super) summit: Summit<W>,
    pub(super) starts: usize,
    pub(super) carried: usize,
    pub(super) hits: usize,
    pub(super) distinct: usize,
}

impl Search {
    /// Searches a slope.
    pub(super) fn run<const W: usize>(&self, slope: Slope<'_>) -> Result<Found<W>, Cancelled> {
        let overall = overall::<W>(slope)?;
        let mut all = Tally { best: None, ends: Vec::new(), starts: 0, steps: 0 };
        match self.starts {
            // All starts of one class are the same.
            _ if slope.k == 1 => self.carry_all(slope, &overall, 1, &mut all)?,
            Starts::Fixed(starts) => self.carry_all(slope, &overall, starts, &mut all)?,
            Starts::Adaptive => self.adaptive(slope, &overall, &mut all)?,
        }
        let Tally { best, ends, starts, .. } = all;
        let summit = best.expect("there is a start at least");
        let same = SAME * summit.log_likelihood().abs();
        let hits = ends.iter().filter(|&&end| end >= summit.log_likelihood() - same).count();
        Ok(Found { starts, carried: ends.len(), hits, distinct: distinct(ends, same), summit })
    }

    fn carry_all<const W: usize>(
        &self,
        slope: Slope<'_>,
        overall: &Point<W>,
        starts: usize,
        all: &mut Tally<W>,
    ) -> Result<(), Cancelled> {
        let ends = blocks::map_tasks(starts, slope.work, |start| {
            slope.climb(self.start(slope, overall, start), self.limits)
        })?;
        all.starts = starts;
        for end in ends {
            all.add(end?);
        }
        Ok(())
    }

    fn adaptive<const W: usize>(
        &self,
        slope: Slope<'_>,
        overall: &Point<W>,
        all: &mut Tally<W>,
    ) -> Result<(), Cancelled> {
        let short = Limits { steps: SHORT.min(self.limits.steps), ..self.limits };
        let codes = slope.patterns.chunks.iter().fold(0, |sum, chunk| sum + chunk.codes);
        let cost = ((slope.patterns.len() + codes) * slope.k) as f64;
        loop {
            let begun = all.starts;
            let climbs = blocks::map_tasks(ROUND, slope.work, |start| {
                slope.climb(self.start(slope, overall, begun + start), short)
            })?;
            let mut climbs = climbs.into_iter().collect::<Result<Vec<_>, _>>()?;
            all.starts += ROUND;
            climbs.sort_by(|a, b| b.log_likelihood().total_cmp(&a.log_likelihood()));
            all.steps += climbs.iter().fold(0, |sum, climb| sum + climb.steps);
            climbs.truncate(CARRIED);
            let spent = |all: &Tally<W>| all.steps as f64 * cost >= BUDGET;
            let group = if (SHORT * ROUND) as f64 * cost < BUDGET { CARRIED } else { GROUP };
            for climbs in climbs.chunks(group) {
                let ends = blocks::map_tasks(climbs.len(), slope.work, |place| {
                    let from = climbs[place].clone();
                    if from.converged { Ok(from) } else { slope.climb_on(from, self.limits) }
                })?;
                for (end, climb) in ends.into_iter().zip(climbs) {
                    let end = end?;
                    all.steps += end.steps - climb.steps;
                    all.add(end);
                }
                if spent(all) {
                    break;
                }
            }
            slope.work.tell("looking for latent classes", all.starts as u64, None);
            let enough = all.starts >= ENOUGH_STARTS && all.hits() >= ENOUGH_HITS;
            if enough || all.starts >= MOST_STARTS || spent(all) {
                return Ok(());
            }
        }
    }

    /// One start. Even ones draw the answers' probabilities around those of all customers, odd ones
    /// take a customer's answers for each class: either finds optima that the other misses.
    fn start<const W: usize>(
        &self,
        slope: Slope<'_>,
        overall: &Point<W>,
        number: usize,
    ) -> Point<W> {
        let mut stream = Stream::new(self.seed, Purpose::Restart, number as u64);
        let mut point = overall.clone();
        for class in 0..slope.k {
            point.sizes[class] = 1.0 / slope.k as f64;
            if slope.k == 1 {
                continue;
            }
            if number.is_multiple_of(2) {
                for level in point.items.iter_mut().flatten() {
                    level[class] *= stream.exponential();
                }
            } else {
                let drawn = draw(&slope.patterns.weights, slope.patterns.total, &mut stream);
                let answers = slope.patterns.answers(drawn);
                for (levels, answer) in point.items.iter_mut().zip(answers) {
                    if answer < levels.len() {
                        for (digit, level) in levels.iter_mut().enumerate() {
                            level[class] =
                                0.4 * level[class] + if digit == answer { 0.6 } else { 0.0 };
                        }
                    }
                }
            }
        }
        point.normalised(slope.k)
    }
}

/// A pattern drawn with a chance proportional to its weight.
fn draw(weights: &[f64], total: f64, stream: &mut Stream) -> usize {
    let mut left = stream.uniform() * total;
    for (pattern, &weight) in weights.iter().enumerate() {
        if left < weight {
            return pattern;
        }
        left -= weight;
    }
    weights.len() - 1
}

/// The answers of all customers, in every class.
fn overall<const W: usize>(slope: Slope<'_>) -> Result<Point<W>, Cancelled> {
    let mut point = Point::zero(slope.items);
    point.sizes[0] = 1.0;
    for levels in &mut point.items {
        let even = 1.0 / levels.len() as f64;
        levels.iter_mut().for_each(|level| level[0] = even);
    }
    let counts = expect(slope.patterns, slope.items, &point, slope.work)?.counts;
    let mut overall = Point::of_counts(counts, &point, 1);
    for level in overall.items.iter_mut().flatten() {
        let share = level[0];
        for class in 0..slope.k {
            level[class] = share;
        }
    }
    Ok(overall)
}

/// What the starts led to.
struct Tally<const W: usize> {
    best: Option<Summit<W>>,
    /// The log-likelihoods of those climbed to the end.
    ends: Vec<f64>,
    starts: usize,
    steps: usize,
}

impl<const W: usize> Tally<W> {
    fn add(&mut self, summit: Summit<W>) {
        self.ends.push(summit.log_likelihood());
        let better = |best: &Summit<W>| summit.log_likelihood() > best.log_likelihood();
        if self.best.as_ref().is_none_or(better) {
            self.best = Some(summit);
        }
    }

    fn hits(&self) -> usize {
        let best = self.best.as_ref().map_or(f64::NEG_INFINITY, Summit::log_likelihood);
        self.ends.iter().filter(|&&end| end >= best - SAME * best.abs()).count()
    }
}

/// How many of the values are further than `same` from the next lower one.
fn distinct(mut values: Vec<f64>, same: f64) -> usize {
    values.sort_by(f64::total_cmp);
    let steps = values.windows(2).filter(|pair| pair[1] - pair[0] > same).count();
    steps + usize::from(!values.is_empty())
}
