//! From some centres to an optimum that no single move betters.
//!
//! Lloyd's iteration ends where everybody is nearest to their own centre. That leaves moves that
//! still pay, because the centres follow whoever moves: taking a pack of weight w from a segment of
//! weight a saves w a/(a-w) D², and giving it to one of weight b costs w b/(b+w) D² (Hartigan &
//! Wong 1979). On survey data this polish multiplies the share of starts that find the best known
//! optimum by fifty.

use pulp::{Simd, WithSimd};

use crate::cluster::kmeans::empty::EmptyCluster;
use crate::cluster::kmeans::packs::{LANES, Packs};
use crate::num::simd;

/// A move must save this share of what the pack costs where it is, so that rounding cannot make
/// two segments pass a pack to and fro for ever.
const LEAST_GAIN: f64 = 1e-10;
/// A pack with all but this share of its segment's weight is the segment's centre, to rounding, and
/// stays.
const LEAST_LEFT: f64 = 1e-12;
/// Passes of the exchange at most. Every move lowers the inertia by more than rounding, so that the
/// limit is out of reach of any data seen; it bounds the time all the same.
const MOST_PASSES: usize = 10_000;

/// Packs in segments.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) labels: Vec<u32>,
    pub(super) centres: Vec<f64>,
    /// The weight of each segment.
    pub(super) mass: Vec<f64>,
    pub(super) inertia: f64,
    /// Passes of Lloyd's iteration.
    pub(super) iterations: usize,
    pub(super) converged: bool,
    /// Distances computed.
    pub(super) distances: u64,
}

impl Partition {
    pub(super) fn k(&self) -> usize {
        self.mass.len()
    }
}

/// How far a start is carried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descent {
    /// Passes of Lloyd's iteration at most.
    pub(super) max_iterations: usize,
    pub(super) empty: EmptyCluster,
    /// Whether the exchange follows.
    pub(super) polish: bool,
}

impl Descent {
    /// The optimum below these centres; `None` where a segment lost its last member and that is an
    /// error.
    pub(super) fn from(self, packs: &Packs, centres: Vec<f64>) -> Option<Partition> {
        self.weighted(packs, packs.weights.clone(), centres)
    }

    /// The same where the packs have other weights.
    pub(super) fn weighted(
        self,
        packs: &Packs,
        weights: Vec<f64>,
        centres: Vec<f64>,
    ) -> Option<Partition> {
        simd::run(Kernel { packs, weights, centres, descent: self })
    }
}

struct Kernel<'a> {
    packs: &'a Packs,
    weights: Vec<f64>,
    centres: Vec<f64>,
    descent: Descent,
}

impl WithSimd for Kernel<'_> {
    type Output = Option<Partition>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<Partition> {
        let mut state = State::new(self.packs, self.weights, self.centres);
        state.lloyd(self.descent)?;
        if self.descent.polish && state.converged {
            state.exchange();
        }
        Some(state.finish())
    }
}

/// A partition on its way.
struct State<'a> {
    packs: &'a Packs,
    weights: Vec<f64>,
    k: usize,
    labels: Vec<u32>,
    centres: Vec<f64>,
    mass: Vec<f64>,
    /// Packs in each segment.
    members: Vec<u32>,
    iterations: usize,
    converged: bool,
    distances: u64,
}

impl<'a> State<'a> {
    #[inline(always)]
    fn new(packs: &'a Packs, weights: Vec<f64>, centres: Vec<f64>) -> Self {
        let k = centres.len() / packs.stride;
        Self {
            packs,
            weights,
            k,
            labels: vec![u32::MAX; packs.n],
            centres,
            mass: vec![0.0; k],
            members: vec![0; k],
            iterations: 0,
            converged: false,
            distances: 0,
        }
    }

    #[inline(always)]
    fn centre(&self, segment: usize) -> &[f64] {
        &self.centres[segment * self.packs.stride..(segment + 1) * self.packs.stride]
    }

    #[inline(always)]
    fn lloyd(&mut self, descent: Descent) -> Option<()> {
        while self.iterations < descent.max_iterations && !self.converged {
            self.iterations += 1;
            let mut moved = self.place();
            if self.members.contains(&0) {
                moved = true;
                match descent.empty {
                    EmptyCluster::Relocate => self.relocate(),
                    EmptyCluster::Drop => self.drop_empty(),
                    EmptyCluster::Error => return None,
                }
            }
            self.converged = !moved;
            if moved {
                self.means();
            }
        }
        Some(())
    }

    /// Puts every pack to its nearest centre; whether any of them moved.
    #[inline(always)]
    fn place(&mut self) -> bool {
        let stride = self.packs.stride;
        let mut moved = false;
        self.members.fill(0);
        for pack in 0..self.packs.n {
            let row = self.packs.row(pack);
            let mut best = (0, f64::INFINITY);
            for (segment, centre) in self.centres.chunks_exact(stride).enumerate() {
                let distance = squared_distance(row, centre);
                if distance < best.1 {
                    best = (segment as u32, distance);
                }
            }
            moved |= self.labels[pack] != best.0;
            self.labels[pack] = best.0;
            self.members[best.0 as usize] += 1;
        }
        self.distances += (self.packs.n * self.k) as u64;
        moved
    }

    /// The weighted means of the segments, from nothing.
    #[inline(always)]
    fn means(&mut self) {
        let stride = self.packs.stride;
        self.centres.fill(0.0);
        self.mass.fill(0.0);
        for pack in 0..self.packs.n {
            let (label, weight) = (self.labels[pack] as usize, self.weights[pack]);
            self.mass[label] += weight;
            let sums = &mut self.centres[label * stride..(label + 1) * stride];
            for (sum, value) in sums.iter_mut().zip(self.packs.row(pack)) {
                *sum += weight * value;
            }
        }
        for (centre, &mass) in self.centres.chunks_exact_mut(stride).zip(&self.mass) {
            for value in centre {
                *value /= mass;
            }
        }
    }

    /// Gives each empty segment the pack that costs most and is not the last of its segment.
    #[inline(always)]
    fn relocate(&mut self) {
        for empty in 0..self.k {
            if self.members[empty] > 0 {
                continue;
            }
            let mut most: Option<(f64, usize)> = None;
            for pack in 0..self.packs.n {
                let label = self.labels[pack] as usize;
                if self.members[label] > 1 {
                    let distance = squared_distance(self.packs.row(pack), self.centre(label));
                    let cost = self.weights[pack] * distance;
                    if most.is_none_or(|(known, _)| cost > known) {
                        most = Some((cost, pack));
                    }
                }
            }
            self.distances += self.packs.n as u64;
            let Some((_, pack)) = most else { return };
            self.members[self.labels[pack] as usize] -= 1;
            self.members[empty] += 1;
            self.labels[pack] = empty as u32;
        }
    }

    #[inline(always)]
    fn drop_empty(&mut self) {
        let stride = self.packs.stride;
        let mut place = vec![0u32; self.k];
        let mut kept = 0;
        for segment in 0..self.k {
            place[segment] = kept as u32;
            if self.members[segment] > 0 {
                self.members[kept] = self.members[segment];
                kept += 1;
            }
        }
        self.labels.iter_mut().for_each(|label| *label = place[*label as usize]);
        self.k = kept;
        self.centres.truncate(kept * stride);
        self.mass.truncate(kept);
        self.members.truncate(kept);
    }

    /// Moves single packs as long as that pays.
    ///
    /// A pack is looked at again only against segments that changed since its last look.
    #[inline(always)]
    fn exchange(&mut self) {
        let (n, stride) = (self.packs.n, self.packs.stride);
        let mut clock = 1u64;
        let mut changed = vec![clock; self.k];
        let mut looked = vec![0u64; n];
        for _ in 0..MOST_PASSES {
            let mut moved = false;
            for pack in 0..n {
                let from = self.labels[pack] as usize;
                if self.members[from] == 1 {
                    continue;
                }
                let all = changed[from] > looked[pack];
                if !all && changed.iter().all(|&change| change <= looked[pack]) {
                    continue;
                }
                let (row, weight) = (self.packs.row(pack), self.weights[pack]);
                let left = self.mass[from] - weight;
                if left <= self.mass[from] * LEAST_LEFT {
                    continue;
                }
                let here = squared_distance(row, self.centre(from)) * (self.mass[from] / left);
                let mut best = (from, here * (1.0 - LEAST_GAIN));
                for to in 0..self.k {
                    if to == from || !(all || changed[to] > looked[pack]) {
                        continue;
                    }
                    let share = self.mass[to] / (self.mass[to] + weight);
                    let there = squared_distance(row, self.centre(to)) * share;
                    if there < best.1 {
                        best = (to, there);
                    }
                    self.distances += 1;
                }
                self.distances += 1;
                looked[pack] = clock;
                let to = best.0;
                if to == from {
                    continue;
                }
                let grown = self.mass[to] + weight;
                let (off, on) = (weight / left, weight / grown);
                for place in 0..stride {
                    let value = self.packs.values[pack * stride + place];
                    let (a, b) = (from * stride + place, to * stride + place);
                    self.centres[a] -= off * (value - self.centres[a]);
                    self.centres[b] += on * (value - self.centres[b]);
                }
                self.mass[from] = left;
                self.mass[to] = grown;
                self.members[from] -= 1;
                self.members[to] += 1;
                self.labels[pack] = to as u32;
                clock += 1;
                changed[from] = clock;
                changed[to] = clock;
                moved = true;
            }
            if !moved {
                return;
            }
            // The means that were carried along gather rounding.
            self.means();
        }
    }

    #[inline(always)]
    fn finish(mut self) -> Partition {
        if self.packs.n > 0 && self.labels[0] == u32::MAX {
            self.place();
        }
        if !self.converged {
            self.place();
        }
        let mut inertia = 0.0;
        for pack in 0..self.packs.n {
            let centre = self.centre(self.labels[pack] as usize);
            inertia += self.weights[pack] * squared_distance(self.packs.row(pack), centre);
        }
        Partition {
            labels: self.labels,
            centres: self.centres,
            mass: self.mass,
            inertia,
            iterations: self.iterations,
            converged: self.converged,
            distances: self.distances,
        }
    }
}

/// The squared distance, summed in four lanes.
#[inline(always)]
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    for (x, y) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let apart = x[lane] - y[lane];
            lanes[lane] += apart * apart;
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}
