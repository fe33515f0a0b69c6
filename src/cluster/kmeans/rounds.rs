//! Rounds of starts and recombination, each blind to the others.
//!
//! A round draws some starts and then breeds from the best of its optima until nothing better has
//! come for a while. Rounds share nothing, so that an optimum which several of them come to is
//! likely to be the best there is; one round more is always the remedy where they differ.

use crate::cluster::kmeans::exchange::{Descent, Partition};
use crate::cluster::kmeans::packs::Packs;
use crate::cluster::kmeans::recombine::{
    child, draw_centres, greedy_candidates, redrawn, reweighted_optimum,
};
use crate::num::random::{Purpose, Stream};

/// Starts of a round.
pub(super) const STARTS: usize = 10;
/// A round ends when so many starts in a row brought nothing better.
const PATIENCE: usize = 40;
/// Optima that a round breeds from at most; the best ones, and no two the same.
const POPULATION: usize = 10;
/// Optima whose inertia differs by less than this share are the same optimum.
pub(super) const SAME: f64 = 1e-9;

/// What a lot of starts, or a round, came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Different optima, the best first, at most [`POPULATION`].
    pub(super) best: Vec<Partition>,
    /// The inertia of each independent start.
    pub(super) starts: Vec<f64>,
    /// The inertia of each start made from optima.
    pub(super) recombined: Vec<f64>,
    /// Distances computed.
    pub(super) distances: u64,
}

/// Whether two optima are the same, by their inertia; `scale` is an inertia of the order of the
/// worst, whose rounding tells nothing apart.
pub(super) fn same(a: f64, b: f64, scale: f64) -> bool {
    /// Rounding of sums, as a share of the largest.
    const ROUNDING: f64 = 1e-14;
    (a - b).abs() <= SAME * a.abs().min(b.abs()) + ROUNDING * scale
}

impl Found {
    /// Takes an optimum in, unless it is known or worse than all that are kept.
    pub(super) fn keep(&mut self, optimum: Partition, scale: f64) {
        if self.best.iter().any(|known| same(known.inertia, optimum.inertia, scale)) {
            return;
        }
        let place = self.best.partition_point(|known| known.inertia < optimum.inertia);
        self.best.insert(place, optimum);
        self.best.truncate(POPULATION);
    }

    /// Takes all that another came to.
    pub(super) fn absorb(&mut self, other: Self, scale: f64) {
        self.starts.extend(other.starts);
        self.recombined.extend(other.recombined);
        self.distances += other.distances;
        other.best.into_iter().for_each(|optimum| self.keep(optimum, scale));
    }

    /// The least inertia.
    pub(super) fn least(&self) -> f64 {
        self.best.first().map_or(f64::INFINITY, |best| best.inertia)
    }
}

/// One search for the best optimum of some packs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) packs: &'a Packs,
    pub(super) k: usize,
    pub(super) descent: Descent,
    pub(super) seed: u64,
    /// The inertia of one segment.
    pub(super) scale: f64,
}

impl Search<'_> {
    /// The start of this number; `None` where a segment lost its last member and that is an error.
    /// Every other start is drawn greedily, because neither way of drawing is better everywhere.
    pub(super) fn start(&self, number: usize) -> Option<Found> {
        let mut found = Found::default();
        let mut stream = Stream::new(self.seed, Purpose::Restart, number as u64);
        self.draw(number, &mut stream, &mut found)?;
        Some(found)
    }

    fn draw(&self, number: usize, stream: &mut Stream, found: &mut Found) -> Option<()> {
        let candidates = if number.is_multiple_of(2) { 1 } else { greedy_candidates(self.k) };
        let centres = draw_centres(self.packs, self.k, candidates, stream);
        let optimum = self.descent.from(self.packs, centres)?;
        found.distances += optimum.distances + (self.packs.n * self.k * candidates) as u64;
        found.starts.push(optimum.inertia);
        found.keep(optimum, self.scale);
        Some(())
    }

    /// The round of this number.
    pub(super) fn round(&self, number: usize) -> Option<Found> {
        let mut found = Found::default();
        let mut stream = Stream::new(self.seed, Purpose::Recombination, number as u64);
        for start in 0..STARTS {
            self.draw(start, &mut stream, &mut found)?;
        }
        self.breed(&mut found, &mut stream)?;
        Some(found)
    }

    /// Breeds from the best optima of all rounds, once they are done: centres that no round had
    /// together may be in different ones.
    pub(super) fn last_round(&self, found: &mut Found) -> Option<()> {
        let mut stream = Stream::new(self.seed, Purpose::Recombination, u64::MAX);
        self.breed(found, &mut stream)
    }

    fn breed(&self, found: &mut Found, stream: &mut Stream) -> Option<()> {
        let mut idle = 0;
        while idle < PATIENCE {
            let least = found.least();
            let centres = self.offspring(found, stream)?;
            let optimum = self.descent.from(self.packs, centres)?;
            found.distances += optimum.distances;
            found.recombined.push(optimum.inertia);
            let better = optimum.inertia < least && !same(optimum.inertia, least, self.scale);
            idle = if better { 0 } else { idle + 1 };
            found.keep(optimum, self.scale);
        }
        Some(())
    }

    /// Centres for a further start from optima already found.
    fn offspring(&self, found: &mut Found, stream: &mut Stream) -> Option<Vec<f64>> {
        let n = found.best.len() as u64;
        // The better of two drawn by chance.
        let mut parent = || stream.below(n).min(stream.below(n)) as usize;
        let (one, other) = (parent(), parent());
        let (one, other) = (&found.best[one], &found.best[other]);
        Some(match stream.below(4) {
            0 => redrawn(self.packs, one, 2 << stream.below(5), stream),
            1 => child(self.packs, one, other, stream),
            _ => {
                let optimum = reweighted_optimum(self.packs, one, self.descent, stream)?;
                found.distances += optimum.distances;
                optimum.centres
            }
        })
    }
}
