//! Lloyd's iteration: from some centres to the nearest optimum.
//!
//! Every pass reads the rows once, places them and moves those that changed place from one sum to
//! another ([`sums`](super::sums)). When few rows move, bounds spare most of the reading
//! ([`bounds`](super::bounds)). Neither changes a bit of the result.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cluster::SegmentError;
use crate::cluster::kmeans::bounds::{UNKNOWN, Ways};
use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::empty::{EmptyCluster, Farthest};
use crate::cluster::kmeans::nearest::{Found, Packed, Rows, each_nearest};
use crate::cluster::kmeans::sift::{Sieve, Sifted};
use crate::cluster::kmeans::sums::{Change, Grid, Moves, Sums};
use crate::cluster::points::Points;
use crate::num::{blocks, simd};
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// One start, carried to its end.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) centres: Centres,
    pub(crate) labels: Vec<u32>,
    pub(crate) inertia: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

impl Run {
    /// The same run with its segments in the order of their centres, so that numbers do not depend
    /// on the seeds.
    pub(super) fn in_order(self) -> Self {
        let k = self.centres.k();
        let mut order: Vec<usize> = (0..k).collect();
        let by_coordinates = |&a: &usize, &b: &usize| {
            let pairs = self.centres.of(a).iter().zip(self.centres.of(b));
            pairs.map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(a.cmp(&b))
        };
        order.sort_by(by_coordinates);
        let mut rank = vec![0u32; k];
        for (position, &centre) in order.iter().enumerate() {
            rank[centre] = position as u32;
        }
        let values = order.iter().flat_map(|&centre| self.centres.of(centre)).copied().collect();
        let labels = self.labels.iter().map(|&label| rank[label as usize]).collect();
        Self { centres: Centres { values, k, d: self.centres.d }, labels, ..self }
    }
}

/// When to stop, and what becomes of a segment without members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// At most so many iterations.
    pub(super) max_iterations: usize,
    /// Stops once no centre moves further than this; zero waits until nobody changes place.
    pub(super) tolerance: f64,
    pub(super) empty: EmptyCluster,
}

/// Bounds are kept once no more than one row in so many changes place.
const FEW: usize = 6;

/// Rows that are placed at a time when nothing else is asked.
const TILE: usize = 1024;

/// A row of no segment yet.
const NOWHERE: u32 = u32::MAX;

/// What is known of a block of rows.
#[derive(Debug, Clone, Default)]
struct Block {
    labels: Vec<u32>,
    /// Empty as long as no bounds are kept.
    gaps: Vec<f32>,
}

/// Places every row and says how far the rows lie from their centres in all.
pub(in crate::cluster) fn place(
    rows: &Points<'_>,
    centres: &Centres,
    work: &Work,
) -> Result<(Vec<u32>, f64), Cancelled> {
    let packed = Packed::of(centres, rows, work)?;
    let mut labels = vec![0u32; rows.n()];
    let parts = blocks::fill(&mut labels, blocks::BLOCK, work, |start, labels| {
        let mut inertia = 0.0;
        each_nearest(rows, start, Rows::All(labels.len()), &packed, |found| {
            labels[found.first..][..found.rows].copy_from_slice(&found.labels[..found.rows]);
            inertia = found.inertia(rows, start, inertia);
        });
        inertia
    })?;
    let mut inertia = 0.0;
    for part in parts {
        inertia += part;
    }
    Ok((labels, inertia / packed.unit / packed.unit))
}

/// The segment of every row: the labels of [`place`], without the distances.
///
/// # Errors
///
/// [`SegmentError::TooFar`] where a row is infinitely far from all centres,
/// [`SegmentError::Cancelled`].
pub(super) fn segments(
    rows: &Points<'_>,
    centres: &Centres,
    work: &Work,
) -> Result<Vec<Option<SegmentId>>, SegmentError> {
    let sieve = Sieve::of(centres, rows, work)?;
    let too_far = AtomicBool::new(false);
    let all = blocks::tiles(rows.n(), work, |range, to: &mut [Option<SegmentId>; TILE]| {
        let mut sifted = Sifted::default();
        sieve.sift(rows, range.start, Rows::All(range.len()), &mut sifted);
        for (to, label) in to.iter_mut().zip(&sifted.labels) {
            *to = Some(SegmentId(*label));
        }
        if sifted.too_far {
            too_far.store(true, Ordering::Relaxed);
        }
    })?;
    if too_far.into_inner() { Err(SegmentError::TooFar) } else { Ok(all) }
}

/// Lloyd's iteration from these centres, until nobody changes place. A segment that loses its last
/// member takes the row that lies farthest from its own centre.
#[cfg(test)]
pub(super) fn lloyd(
    rows: &Points<'_>,
    start: Centres,
    max_iterations: usize,
    work: &Work,
) -> Result<Run, Cancelled> {
    let rules = Rules { max_iterations, tolerance: 0.0, empty: EmptyCluster::Relocate };
    match lloyd_by(rows, start, rules, work) {
        Ok(run) => Ok(run),
        // Of the policies for empty segments only `Error` has an error of its own.
        Err(_) => Err(Cancelled),
    }
}

/// Lloyd's iteration from these centres by these rules.
///
/// # Errors
///
/// [`SegmentError::EmptySegment`] where the rules ask for it, [`SegmentError::Cancelled`].
pub(super) fn lloyd_by(
    rows: &Points<'_>,
    start: Centres,
    rules: Rules,
    work: &Work,
) -> Result<Run, SegmentError> {
    let mut state = State::new(rows, start, work)?;
    let (mut iterations, mut converged) = (0, false);
    while iterations < rules.max_iterations && !converged {
        iterations += 1;
        let moved = state.assign(work)?;
        let emptied = state.fill_empty(rules.empty, work)?;
        if moved == 0 && !emptied {
            // The sums are those of the iteration before, and so would be the centres.
            converged = true;
            break;
        }
        let longest = state.update();
        converged = longest <= rules.tolerance && !emptied && rules.tolerance > 0.0;
        state.keep_bounds(moved);
    }
    // Everybody is placed by the final centres, so that assigning the same customers again gives
    // the same segments.
    let (labels, inertia) = place(rows, &state.centres, work)?;
    Ok(Run { centres: state.centres, labels, inertia, iterations, converged })
}

/// The iteration between two passes.
struct State<'a, 'p> {
    rows: &'a Points<'p>,
    grid: Grid,
    centres: Centres,
    blocks: Vec<Block>,
    sums: Sums,
    /// How far the centres have moved, once bounds are kept.
    ways: Option<Ways>,
    /// Blocks that are worked on before their changes are added up.
    batch: usize,
}

/// What a block of rows changes.
struct Changes {
    sums: Sums,
    moved: usize,
}

impl<'a, 'p> State<'a, 'p> {
    fn new(rows: &'a Points<'p>, centres: Centres, work: &Work) -> Result<Self, Cancelled> {
        /// Memory for the changes of a batch, in numbers.
        const CHANGES: usize = 1 << 21;
        let grid = Grid::of(rows, rows.extent(work)?);
        let sums = grid.zeros(centres.k());
        let blocks = vec![Block::default(); rows.n().div_ceil(blocks::BLOCK)];
        let batch = (CHANGES / sums.len().max(1)).max(16);
        Ok(Self { rows, grid, centres, blocks, sums, ways: None, batch })
    }

    /// Places the rows and moves those that changed place; how many did.
    fn assign(&mut self, work: &Work) -> Result<usize, Cancelled> {
        let sieve = Sieve::of(&self.centres, self.rows, work)?;
        let pass = Pass {
            rows: self.rows,
            grid: &self.grid,
            k: self.centres.k(),
            sieve: &sieve,
            // The ways of the centres are in the unit of the features.
            ways: self.ways.as_ref().filter(|_| sieve.exact.unit == 1.0),
            limits: self.ways.as_ref().map(Ways::limits).unwrap_or_default(),
        };
        let mut moved = 0;
        let mut first = 0;
        for batch in self.blocks.chunks_mut(self.batch) {
            let changes = blocks::fill(batch, 1, work, |place, blocks| {
                blocks.first_mut().and_then(|block| pass.block(first + place, block))
            })?;
            for changes in changes.into_iter().flatten() {
                self.sums.add(&changes.sums);
                moved += changes.moved;
            }
            first += batch.len();
        }
        Ok(moved)
    }

    /// Puts the centres into the middle of their rows; the longest way that one of them took.
    fn update(&mut self) -> f64 {
        let d = self.centres.d;
        let mut lengths = vec![0.0; self.centres.k];
        let mut mean = vec![0.0; d];
        for (centre, length) in lengths.iter_mut().enumerate() {
            // A segment that nobody could be found for stays where it is.
            if self.sums.rows(centre) == 0 {
                continue;
            }
            self.sums.mean(&self.grid, centre, &mut mean);
            let values = &mut self.centres.values[centre * d..(centre + 1) * d];
            let mut squares = 0.0;
            for (value, mean) in values.iter_mut().zip(&mean) {
                squares += (*value - mean) * (*value - mean);
                *value = *mean;
            }
            *length = squares.sqrt();
        }
        if let Some(ways) = &mut self.ways {
            ways.step(&lengths);
        }
        lengths.into_iter().fold(0.0, f64::max)
    }

    /// Begins to keep bounds when few rows change place.
    fn keep_bounds(&mut self, moved: usize) {
        if self.ways.is_none() && moved <= self.rows.n() / FEW {
            self.ways = Some(Ways::none(&self.centres));
        }
    }

    /// Applies the policy to segments without members; whether there were any.
    fn fill_empty(&mut self, policy: EmptyCluster, work: &Work) -> Result<bool, SegmentError> {
        let is_empty = |&segment: &usize| self.sums.rows(segment) == 0;
        let mut empty: Vec<usize> = (0..self.centres.k).filter(is_empty).collect();
        if let (EmptyCluster::Error, Some(&segment)) = (policy, empty.first()) {
            return Err(SegmentError::EmptySegment { segment });
        }
        let any = !empty.is_empty();
        if policy == EmptyCluster::Drop {
            while let Some(segment) = empty.pop() {
                self.drop_segment(segment);
            }
        } else if any {
            let distances = self.distances(work)?;
            let mut farthest = Farthest { rows: self.rows, distances };
            for segment in empty {
                let Some(row) = farthest.take(|row| self.sums.rows(self.label(row) as usize) > 1)
                else {
                    break;
                };
                self.relocate(row, segment as u32);
            }
        }
        Ok(any)
    }

    fn label(&self, row: usize) -> u32 {
        self.blocks[row / blocks::BLOCK].labels[row % blocks::BLOCK]
    }

    /// Moves one row by decree.
    fn relocate(&mut self, row: usize, to: u32) {
        let changes = [Change { row, from: Some(self.label(row)), to }];
        let (grid, points, sums) = (&self.grid, self.rows, &mut self.sums);
        simd::run(Moves { grid, points, changes: &changes, sums });
        let block = &mut self.blocks[row / blocks::BLOCK];
        block.labels[row % blocks::BLOCK] = to;
        if let Some(gap) = block.gaps.get_mut(row % blocks::BLOCK) {
            *gap = UNKNOWN;
        }
    }

    /// Forgets a segment without members; those behind it move up.
    fn drop_segment(&mut self, segment: usize) {
        let d = self.centres.d;
        self.centres.values.drain(segment * d..(segment + 1) * d);
        self.centres.k -= 1;
        self.sums.remove(&self.grid, segment);
        if let Some(ways) = &mut self.ways {
            ways.remove(segment);
        }
        for label in self.blocks.iter_mut().flat_map(|block| &mut block.labels) {
            *label -= u32::from(*label as usize > segment);
        }
    }

    /// The squared distance of every row to its nearest centre.
    fn distances(&self, work: &Work) -> Result<Vec<f64>, Cancelled> {
        let packed = Packed::of(&self.centres, self.rows, work)?;
        let mut distances = vec![0.0; self.rows.n()];
        blocks::fill(&mut distances, blocks::BLOCK, work, |start, distances| {
            each_nearest(self.rows, start, Rows::All(distances.len()), &packed, |found| {
                let near = &found.distances[..found.rows];
                distances[found.first..][..found.rows].copy_from_slice(near);
            });
        })?;
        Ok(distances)
    }
}

/// One pass over the rows.
struct Pass<'a, 'p> {
    rows: &'a Points<'p>,
    grid: &'a Grid,
    k: usize,
    sieve: &'a Sieve,
    ways: Option<&'a Ways>,
    limits: Vec<f32>,
}

impl Pass<'_, '_> {
    /// Places the rows of a block; what that changes, if anything.
    fn block(&self, number: usize, block: &mut Block) -> Option<Changes> {
        let start = number * blocks::BLOCK;
        let rows = (self.rows.n() - start).min(blocks::BLOCK);
        if block.labels.is_empty() {
            block.labels = vec![NOWHERE; rows];
        }
        let Block { labels, gaps } = block;
        let mut changes: Vec<Change> = Vec::new();
        let mut note = |labels: &mut [u32], at: usize, to: u32| {
            let from = std::mem::replace(&mut labels[at], to);
            if from != to {
                let from = (from != NOWHERE).then_some(from);
                changes.push(Change { row: start + at, from, to });
            }
        };
        let mut sifted = Sifted::default();
        let doubtful = self.ways.map(|_| self.doubtful(labels, gaps));
        // To gather a single row costs as much as 48 more centres, in order as much as eight.
        let spares = |count: usize| count * (self.k + 48) <= rows * (self.k + 8);
        let doubtful = doubtful.filter(|doubtful| spares(doubtful.len()));
        if let Some(doubtful) = &doubtful {
            self.sieve.sift(self.rows, start, Rows::Some(doubtful), &mut sifted);
            for (place, &at) in doubtful.iter().enumerate() {
                note(labels, at as usize, sifted.labels[place]);
            }
        } else {
            self.sieve.sift(self.rows, start, Rows::All(rows), &mut sifted);
            for (at, &label) in sifted.labels.iter().enumerate() {
                note(labels, at, label);
            }
        }
        if let Some(ways) = self.ways {
            let found = sifted.labels.iter().zip(&sifted.gaps);
            let found = found.map(|(&label, &gap)| ways.gap(gap, label));
            if let Some(doubtful) = doubtful {
                for (at, gap) in doubtful.into_iter().zip(found) {
                    gaps[at as usize] = gap;
                }
            } else {
                gaps.clear();
                gaps.extend(found);
            }
        }
        (!changes.is_empty()).then(|| {
            let mut sums = self.grid.zeros(self.k);
            let (grid, points, changes) = (self.grid, self.rows, &changes[..]);
            simd::run(Moves { grid, points, changes, sums: &mut sums });
            Changes { sums, moved: changes.len() }
        })
    }

    /// The rows of a block that may have changed place.
    fn doubtful(&self, labels: &[u32], gaps: &[f32]) -> Vec<u32> {
        if gaps.is_empty() {
            return (0..labels.len() as u32).collect();
        }
        let mut doubtful = vec![0; labels.len()];
        let mut count = 0;
        for (row, (&label, &gap)) in labels.iter().zip(gaps).enumerate() {
            doubtful[count] = row as u32;
            count += usize::from(gap <= self.limits[label as usize]);
        }
        doubtful.truncate(count);
        doubtful
    }
}

impl Found {
    /// Adds the weighted squared distances of these rows.
    fn inertia(&self, points: &Points<'_>, start: usize, before: f64) -> f64 {
        let distances = &self.distances[..self.rows];
        let mut total = before;
        match points.weights() {
            Some(weights) => {
                for (distance, weight) in distances.iter().zip(&weights[start + self.first..]) {
                    total += weight * distance;
                }
            }
            None => {
                for distance in distances {
                    total += distance;
                }
            }
        }
        total
    }
}

#[cfg(test)]
mod tests;
