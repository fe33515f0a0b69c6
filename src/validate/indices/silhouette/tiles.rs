//! Sums of distances from customers to segments, in tiles.
//!
//! Numbers are copied once, block by block and column by column within it, every segment filled up
//! to whole lanes by copies of its first customer that weigh nothing. Each pair of blocks is
//! visited once, and a distance is added on both sides; blocks meet as in a round-robin tournament,
//! so that no two tasks of a round write to one block, and the order of the sums is that of the
//! rounds, whatever the number of threads.

use pulp::{Simd, WithSimd};

use crate::num::blocks;
use crate::num::simd::{self, fma};
use crate::validate::indices::Placed;
use crate::work::{Cancelled, Work};

/// Customers of a block: with ten columns twenty kilobytes, which the nearest cache holds.
const BLOCK: usize = 256;
/// Customers that are taken against a row of lanes at once.
const ROWS: usize = 4;
/// Customers in a row of lanes.
const LANES: usize = 8;

/// Sums of distances in all blocks are kept up to so many numbers, 256 megabytes; past them every
/// distance is computed twice.
const MAX_SUMS: usize = 1 << 25;

/// Customers of one segment within a block.
#[derive(Debug, Clone, Copy)]
struct Run {
    segment: usize,
    start: usize,
    end: usize,
}

/// The numbers in blocks.
pub(super) struct Tiles {
    d: usize,
    k: usize,
    blocks: Vec<Block>,
    /// Where each placed customer stands.
    seats: Vec<u32>,
}

struct Block {
    /// Column by column.
    values: Vec<f64>,
    weights: Vec<f64>,
    runs: Vec<Run>,
}

impl Tiles {
    pub(super) fn new(placed: &Placed<'_>) -> Self {
        let (d, k) = (placed.d(), placed.n_segments());
        let mut order: Vec<(usize, f64)> = Vec::new();
        let mut segments: Vec<usize> = Vec::new();
        let mut seats = vec![0; placed.n_customers()];
        for segment in 0..k {
            let places = placed.places(segment);
            let Some(first) = places.clone().next() else { continue };
            for place in places {
                seats[place] = order.len() as u32;
                order.push((place, placed.weight(place)));
            }
            while !order.len().is_multiple_of(LANES) {
                order.push((first, 0.0));
            }
            segments.resize(order.len(), segment);
        }
        let block = |start: usize| {
            let seated = &order[start..(start + BLOCK).min(order.len())];
            let mut values = vec![0.0; d * BLOCK];
            let mut weights = vec![0.0; BLOCK];
            let mut runs: Vec<Run> = Vec::new();
            for (i, &(place, weight)) in seated.iter().enumerate() {
                for column in 0..d {
                    values[column * BLOCK + i] = placed.value(place, column);
                }
                weights[i] = weight;
                let segment = segments[start + i];
                match runs.last_mut() {
                    Some(run) if run.segment == segment => run.end = i + 1,
                    _ => runs.push(Run { segment, start: i, end: i + 1 }),
                }
            }
            Block { values, weights, runs }
        };
        let blocks = (0..order.len()).step_by(BLOCK).map(block).collect();
        Self { d, k, blocks, seats }
    }

    /// For each placed customer the sum of distances to the customers of each segment, weighted.
    pub(super) fn sums(&self, work: &Work) -> Result<Sums, Cancelled> {
        let size = self.k * BLOCK;
        if self.blocks.len().saturating_mul(size) > MAX_SUMS {
            let places: Vec<usize> = (0..self.seats.len()).collect();
            return Ok(Sums::OneByOne(self.sums_of(&places, work)?));
        }
        let n = self.blocks.len();
        let mut sums = blocks::map_tasks(n, work, |b| {
            let mut own = vec![0.0; size];
            let block = &self.blocks[b];
            simd::run(Against {
                d: self.d,
                left: block,
                right: block,
                left_sums: &mut own,
                right_sums: None,
            });
            own
        })?;
        // A tournament among an even number: the last stays, the others move one seat each round.
        let even = n.next_multiple_of(2);
        for round in 0..even.saturating_sub(1) {
            let turn = even - 1;
            let pair = |i: usize| {
                let a = if i == 0 { turn } else { (round + i) % turn };
                let b = (round + turn - i) % turn;
                (a.min(b), a.max(b))
            };
            let mut pairs: Vec<(usize, usize, Vec<f64>, Vec<f64>)> = (0..even / 2)
                .map(pair)
                .filter(|&(_, b)| b < n)
                .map(|(a, b)| (a, b, std::mem::take(&mut sums[a]), std::mem::take(&mut sums[b])))
                .collect();
            blocks::fill(&mut pairs, 1, work, |_, pair| {
                for (a, b, left_sums, right_sums) in pair {
                    simd::run(Against {
                        d: self.d,
                        left: &self.blocks[*a],
                        right: &self.blocks[*b],
                        left_sums,
                        right_sums: Some(right_sums),
                    });
                }
            })?;
            for (a, b, left, right) in pairs {
                (sums[a], sums[b]) = (left, right);
            }
        }
        Ok(Sums::ByBlock(sums))
    }

    /// The same for some of the customers only, given by their places: for each, the sum to each
    /// segment.
    pub(super) fn sums_of(&self, places: &[usize], work: &Work) -> Result<Vec<f64>, Cancelled> {
        const TASK: usize = 16 * ROWS;
        let parts = blocks::map_tasks(places.len().div_ceil(TASK), work, |task| {
            let mine = &places[task * TASK..((task + 1) * TASK).min(places.len())];
            let mut left = Block {
                values: vec![0.0; self.d * BLOCK],
                weights: vec![0.0; BLOCK],
                // Of which segment they are does not matter on this side.
                runs: vec![Run { segment: 0, start: 0, end: mine.len().next_multiple_of(ROWS) }],
            };
            for (i, &place) in mine.iter().enumerate() {
                let seat = self.seats[place] as usize;
                let block = &self.blocks[seat / BLOCK];
                for column in 0..self.d {
                    left.values[column * BLOCK + i] = block.values[column * BLOCK + seat % BLOCK];
                }
            }
            let mut sums = vec![0.0; self.k * BLOCK];
            for right in &self.blocks {
                simd::run(Against {
                    d: self.d,
                    left: &left,
                    right,
                    left_sums: &mut sums,
                    right_sums: None,
                });
            }
            (0..mine.len())
                .flat_map(|i| (0..self.k).map(move |s| (i, s)))
                .map(|(i, s)| sums[s * BLOCK + i])
                .collect::<Vec<f64>>()
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Where the customer at a place sits: block and seat.
    fn seat(&self, place: usize) -> (usize, usize) {
        (self.seats[place] as usize / BLOCK, self.seats[place] as usize % BLOCK)
    }

    /// One sum of one customer.
    pub(super) fn sum(&self, sums: &Sums, place: usize, segment: usize) -> f64 {
        match sums {
            Sums::ByBlock(sums) => {
                let (block, seat) = self.seat(place);
                sums[block][segment * BLOCK + seat]
            }
            Sums::OneByOne(sums) => sums[place * self.k + segment],
        }
    }
}

/// Sums of distances from customers to segments.
pub(super) enum Sums {
    /// By block, then by segment, then by seat.
    ByBlock(Vec<Vec<f64>>),
    /// By place, then by segment.
    OneByOne(Vec<f64>),
}

/// The customers of one block against those of another.
struct Against<'a> {
    d: usize,
    left: &'a Block,
    right: &'a Block,
    /// By segment of the right, then by seat on the left.
    left_sums: &'a mut [f64],
    /// By segment of the left, then by seat on the right; where it is wanted.
    right_sums: Option<&'a mut Vec<f64>>,
}

impl WithSimd for Against<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { d, left, right, left_sums, mut right_sums } = self;
        for theirs in &left.runs {
            for i in (theirs.start..theirs.end).step_by(ROWS) {
                for run in &right.runs {
                    let mut totals = [[0.0; LANES]; ROWS];
                    for j in (run.start..run.end).step_by(LANES) {
                        let distances = distances(d, &left.values, i, &right.values, j);
                        let weights = lanes(&right.weights, j);
                        for r in 0..ROWS {
                            for l in 0..LANES {
                                totals[r][l] = fma(weights[l], distances[r][l], totals[r][l]);
                            }
                        }
                        if let Some(right_sums) = &mut right_sums {
                            let place = theirs.segment * BLOCK + j;
                            let mut sums = lanes(right_sums, place);
                            for r in 0..ROWS {
                                let weight = left.weights[i + r];
                                for l in 0..LANES {
                                    sums[l] = fma(weight, distances[r][l], sums[l]);
                                }
                            }
                            right_sums[place..place + LANES].copy_from_slice(&sums);
                        }
                    }
                    for r in 0..ROWS {
                        let t = &totals[r];
                        let total =
                            ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]));
                        left_sums[run.segment * BLOCK + i + r] += total;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn lanes(values: &[f64], start: usize) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&values[start..start + LANES]);
    lanes
}

/// Distances from some rows on the left to a row of lanes on the right.
#[inline(always)]
fn distances(d: usize, left: &[f64], i: usize, right: &[f64], j: usize) -> [[f64; LANES]; ROWS] {
    let mut squares = [[0.0; LANES]; ROWS];
    for column in 0..d {
        let right = lanes(right, column * BLOCK + j);
        let left = &left[column * BLOCK + i..column * BLOCK + i + ROWS];
        for r in 0..ROWS {
            for l in 0..LANES {
                let difference = right[l] - left[r];
                squares[r][l] = fma(difference, difference, squares[r][l]);
            }
        }
    }
    for row in &mut squares {
        for square in row {
            *square = square.sqrt();
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Segmentation;
    use crate::features::FeatureMatrix;

    #[test]
    fn every_level_of_instructions_gives_the_same_bits_and_both_ways_agree() {
        let value = |i: u32, c: u32| f64::from((i * 7919 + c * 104_729) % 1009) / 31.0;
        let rows: Vec<[f64; 3]> =
            (0..700).map(|i| [value(i, 0), value(i, 1), value(i, 2)]).collect();
        let matrix = FeatureMatrix::from_rows(&["a", "b", "c"], &rows).unwrap();
        let labels: Vec<String> = (0..700).map(|i| format!("{}", i * i % 5)).collect();
        let segments = Segmentation::from_labels(matrix.ids(), &labels).unwrap();
        let placed = Placed::new(&matrix, &segments).unwrap();
        let tiles = Tiles::new(&placed);
        assert!(tiles.blocks.len() > 2);
        let bits = |sums: &[f64]| sums.iter().map(|sum| sum.to_bits()).collect::<Vec<_>>();
        let mut results: Vec<Vec<u64>> = Vec::new();
        let size = tiles.k * BLOCK;
        let none = vec![0.0; size];
        struct Both<'a>(&'a Tiles, Vec<f64>, Vec<f64>);
        impl WithSimd for Both<'_> {
            type Output = (Vec<f64>, Vec<f64>);
            #[inline(always)]
            fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
                let (left, right) = (&self.0.blocks[0], &self.0.blocks[1]);
                Against {
                    d: self.0.d,
                    left,
                    right,
                    left_sums: &mut self.1,
                    right_sums: Some(&mut self.2),
                }
                .with_simd(simd);
                (self.1, self.2)
            }
        }
        for (l, r) in simd::on_every_level(|| Both(&tiles, none.clone(), none.clone())) {
            results.push([bits(&l), bits(&r)].concat());
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));

        let work = Work::new();
        let sums = tiles.sums(&work).unwrap();
        let places: Vec<usize> = (0..700).collect();
        let one_by_one = tiles.sums_of(&places, &work).unwrap();
        for place in places {
            for segment in 0..tiles.k {
                // By the definition.
                let mut naive = 0.0;
                for other in placed.places(segment) {
                    let square = |c| {
                        let apart = placed.value(place, c) - placed.value(other, c);
                        apart * apart
                    };
                    naive += (square(0) + square(1) + square(2)).sqrt();
                }
                let sum = tiles.sum(&sums, place, segment);
                assert!((sum - naive).abs() <= 1e-12 * naive, "{place} {segment}: {sum} {naive}");
                let other = one_by_one[place * tiles.k + segment];
                assert!((sum - other).abs() <= 1e-12 * naive, "{place} {segment}: {sum} {other}");
            }
        }
    }
}
