//! Segments around centres that are no means: placing and centring by turns, for k-medians and
//! spherical k-means.

use crate::cluster::SegmentError;
use crate::cluster::points::Points;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::work::{Cancelled, Work};

/// What is far, and what is the middle. A closed set: each kind has its own methods in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Geometry {
    /// Sums of absolute differences; the middle is the median of each feature.
    Taxicab,
    /// One less the cosine, of rows and centres of length one; the middle is the direction of the
    /// mean.
    Cosine,
}

/// Rows one behind the other, with weights.
#[derive(Debug)]
pub(super) struct Rows {
    values: Vec<f64>,
    weights: Vec<f64>,
    d: usize,
}

/// The best of several starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alternated {
    /// Centres one behind the other.
    pub(super) centres: Vec<f64>,
    pub(super) cost: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
    /// Starts that came to the best cost.
    pub(super) hits: usize,
}

/// How starts are made and carried to their ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alternation {
    pub(super) geometry: Geometry,
    pub(super) k: usize,
    pub(super) restarts: usize,
    pub(super) max_iterations: usize,
    pub(super) seed: u64,
}

/// Starts whose cost is the best to this share of it found the same optimum.
const SAME: f64 = 1e-9;

impl Rows {
    pub(super) fn of(points: &Points<'_>) -> Self {
        let (n, d) = (points.n(), points.d());
        let mut values = vec![0.0; n * d];
        for row in 0..n {
            points.copy_row(row, &mut values[row * d..(row + 1) * d]);
        }
        Self { values, weights: (0..n).map(|row| points.weight(row)).collect(), d }
    }

    pub(super) fn n(&self) -> usize {
        self.weights.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.d..(row + 1) * self.d]
    }

    /// Rows that differ, counted up to `enough`.
    fn distinct(&self, enough: usize) -> usize {
        let mut seen: Vec<usize> = Vec::new();
        for row in 0..self.n() {
            if seen.len() == enough {
                break;
            }
            if seen.iter().all(|&other| self.row(other) != self.row(row)) {
                seen.push(row);
            }
        }
        seen.len()
    }
}

impl Geometry {
    pub(super) fn distance(self, row: &[f64], centre: &[f64]) -> f64 {
        let mut total = 0.0;
        match self {
            Self::Taxicab => {
                row.iter().zip(centre).for_each(|(x, y)| total += (x - y).abs());
                total
            }
            // Half the squared distance of unit vectors: one less the cosine, without cancellation.
            Self::Cosine => {
                row.iter().zip(centre).for_each(|(x, y)| total += (x - y) * (x - y));
                0.5 * total
            }
        }
    }

    /// The nearest centre, of equally near ones the first, and how far it is.
    pub(super) fn nearest(self, row: &[f64], centres: &[f64]) -> (u32, f64) {
        let mut best = (0, f64::INFINITY);
        for (number, centre) in centres.chunks_exact(row.len().max(1)).enumerate() {
            let distance = self.distance(row, centre);
            if distance < best.1 {
                best = (number as u32, distance);
            }
        }
        best
    }

    /// The middle of some rows; `None` where directions cancel out.
    fn middle(self, rows: &Rows, members: &[usize]) -> Option<Vec<f64>> {
        match self {
            Self::Taxicab => {
                let mut column: Vec<(f64, f64)> = Vec::with_capacity(members.len());
                let median = |place: usize| {
                    column.clear();
                    let of = |&row: &usize| (rows.row(row)[place], rows.weights[row]);
                    column.extend(members.iter().map(of));
                    weighted_median(&mut column)
                };
                Some((0..rows.d).map(median).collect())
            }
            Self::Cosine => {
                let mut mean = vec![0.0; rows.d];
                for &row in members {
                    for (sum, value) in mean.iter_mut().zip(rows.row(row)) {
                        *sum += rows.weights[row] * value;
                    }
                }
                to_length_one(&mut mean).then_some(mean)
            }
        }
    }
}

/// The least value that half of the weight does not exceed.
pub(super) fn weighted_median(values: &mut [(f64, f64)]) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut total = 0.0;
    values.iter().for_each(|(_, weight)| total += weight);
    let mut below = 0.0;
    for &(value, weight) in values.iter() {
        below += weight;
        if 2.0 * below >= total {
            return value;
        }
    }
    values.last().map_or(0.0, |&(value, _)| value)
}

/// Makes a vector one long; false where it has no direction.
pub(super) fn to_length_one(vector: &mut [f64]) -> bool {
    let largest = vector.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return false;
    }
    let mut squares = 0.0;
    for value in vector.iter_mut() {
        *value /= largest;
        squares += *value * *value;
    }
    let length = squares.sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    true
}

impl Alternation {
    pub(super) fn validate(&self) -> Result<(), SegmentError> {
        let counts =
            [("k", self.k), ("restarts", self.restarts), ("max_iterations", self.max_iterations)];
        match counts.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => {
                Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" })
            }
            None => Ok(()),
        }
    }

    pub(super) fn fit(&self, rows: &Rows, work: &Work) -> Result<Alternated, SegmentError> {
        self.validate()?;
        if rows.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        let distinct = rows.distinct(self.k);
        if distinct < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let starts = blocks::map_tasks(self.restarts, work, |number| {
            let mut stream = Stream::new(self.seed, Purpose::Restart, number as u64);
            let centres = self.draw(rows, &mut stream);
            self.descend(rows, centres, work)
        })?;
        let starts = starts.into_iter().collect::<Result<Vec<Alternated>, Cancelled>>()?;
        let least = starts.iter().map(|start| start.cost).fold(f64::INFINITY, f64::min);
        if !least.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let hits = starts.iter().filter(|start| start.cost <= least * (1.0 + SAME)).count();
        let best = starts.into_iter().find(|start| start.cost == least);
        let best = best.ok_or(SegmentError::NoCustomers)?;
        Ok(Alternated { hits, centres: self.in_order(&best.centres, rows.d), ..best })
    }

    /// Centres drawn among the rows, each with a chance proportional to its weight and distance.
    fn draw(&self, rows: &Rows, stream: &mut Stream) -> Vec<f64> {
        let mut mass = rows.weights.clone();
        let mut nearest = vec![f64::INFINITY; rows.n()];
        let mut centres = Vec::with_capacity(self.k * rows.d);
        for _ in 0..self.k {
            let centre = rows.row(stream.proportional(&mass)).to_vec();
            for row in 0..rows.n() {
                nearest[row] = self.geometry.distance(rows.row(row), &centre).min(nearest[row]);
                mass[row] = rows.weights[row] * nearest[row];
            }
            centres.extend(centre);
        }
        centres
    }

    /// Places and centres by turns until nobody changes place.
    fn descend(
        &self,
        rows: &Rows,
        mut centres: Vec<f64>,
        work: &Work,
    ) -> Result<Alternated, Cancelled> {
        let (n, d) = (rows.n(), rows.d);
        let mut labels = vec![0u32; n];
        let (mut iterations, mut converged) = (0, d == 0);
        while iterations < self.max_iterations && !converged {
            work.check()?;
            iterations += 1;
            let mut moved = iterations == 1;
            let mut distances = vec![0.0; n];
            for row in 0..n {
                let (label, distance) = self.geometry.nearest(rows.row(row), &centres);
                distances[row] = distance;
                let here = labels[row] as usize;
                let stays = iterations > 1
                    && self.geometry.distance(rows.row(row), &centres[here * d..(here + 1) * d])
                        <= distance;
                // Of equally near centres the old one keeps its row, or rows could go in circles.
                if !stays {
                    moved |= labels[row] != label;
                    labels[row] = label;
                }
            }
            let mut members = vec![Vec::new(); self.k];
            labels.iter().enumerate().for_each(|(row, &l)| members[l as usize].push(row));
            for empty in 0..self.k {
                if members[empty].is_empty() {
                    let far = |&row: &usize| members[labels[row] as usize].len() > 1;
                    let cost = |row: usize| rows.weights[row] * distances[row];
                    let farthest =
                        (0..n).filter(far).reduce(|a, b| if cost(b) > cost(a) { b } else { a });
                    let Some(row) = farthest else { continue };
                    members[labels[row] as usize].retain(|&member| member != row);
                    members[empty].push(row);
                    labels[row] = empty as u32;
                    moved = true;
                }
            }
            converged = !moved;
            for (centre, members) in centres.chunks_exact_mut(d).zip(&members) {
                if let Some(middle) = self.geometry.middle(rows, members) {
                    centre.copy_from_slice(&middle);
                }
            }
        }
        let cost = blocks::sum(n, |row| {
            rows.weights[row] * self.geometry.nearest(rows.row(row), &centres).1
        });
        let cost = if d == 0 { 0.0 } else { cost };
        Ok(Alternated { centres, cost, iterations, converged, hits: 0 })
    }

    /// Centres in the order of their coordinates.
    fn in_order(&self, centres: &[f64], d: usize) -> Vec<f64> {
        let mut all: Vec<&[f64]> = centres.chunks_exact(d.max(1)).collect();
        all.sort_by(|a, b| {
            let pairs = a.iter().zip(*b);
            pairs
                .map(|(x, y)| x.total_cmp(y))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        all.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weighted_median_is_that_of_repeated_rows() {
        assert_eq!(weighted_median(&mut [(5.0, 1.0), (1.0, 1.0), (3.0, 1.0)]), 3.0);
        assert_eq!(weighted_median(&mut [(5.0, 3.0), (1.0, 1.0), (3.0, 1.0)]), 5.0);
        assert_eq!(weighted_median(&mut [(2.0, 1.0), (1.0, 1.0)]), 1.0);
    }

    #[test]
    fn lengths_near_the_ends_of_the_numbers() {
        for scale in [1e-300, 1.0, 1e300] {
            let mut vector = [3.0 * scale, 4.0 * scale];
            assert!(to_length_one(&mut vector));
            assert!((vector[0] - 0.6).abs() < 1e-15 && (vector[1] - 0.8).abs() < 1e-15);
        }
        assert!(!to_length_one(&mut [0.0, 0.0]));
    }
}
