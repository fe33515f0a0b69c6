//! Indices from centres and extremes: what they have in common is that one pass, or one over the
//! pairs, gives them, and that a degenerate case has no value.

use serde::Serialize;

use crate::num::blocks;
use crate::validate::ValidateError;
use crate::validate::indices::Placed;
use crate::work::{Cancelled, Work};

/// How near customers lie to the border between segments: twice the distance to the nearest mean
/// over the sum of those to the nearest two. 0 is at the mean, 1 on the border.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Shadow {
    /// Of all customers.
    pub mean: f64,
    /// Of each segment's; `None` for an empty one.
    pub by_segment: Vec<Option<f64>>,
}

/// Customers whose pairs are one task.
const PAIR_BLOCK: usize = 256;

impl Placed<'_> {
    /// The mean of each segment, scaled, one behind the other; zeros where it is empty.
    pub(super) fn centres(&self) -> Vec<f64> {
        let d = self.d();
        let mut centres = vec![0.0; self.n_segments() * d];
        for segment in 0..self.n_segments() {
            let places = self.places(segment);
            for column in 0..d {
                // From a member's value on, so that a column far from zero keeps its digits.
                let Some(first) = places.clone().next() else { continue };
                let origin = self.value(first, column);
                let sum = blocks::sum(places.len(), |i| {
                    let place = places.start + i;
                    self.weight(place) * (self.value(place, column) - origin)
                });
                centres[segment * d + column] = origin + sum / self.sizes()[segment];
            }
        }
        centres
    }

    pub(super) fn squared_distance(&self, place: usize, centre: &[f64]) -> f64 {
        let mut total = 0.0;
        for (column, centre) in centre.iter().enumerate() {
            let difference = self.value(place, column) - centre;
            total += difference * difference;
        }
        total
    }

    /// The sum of squares within each segment, scaled.
    fn within(&self, centres: &[f64]) -> Vec<f64> {
        let d = self.d();
        let of = |segment: usize| {
            let (places, centre) = (self.places(segment), &centres[segment * d..(segment + 1) * d]);
            blocks::sum(places.len(), |i| {
                let place = places.start + i;
                self.weight(place) * self.squared_distance(place, centre)
            })
        };
        (0..self.n_segments()).map(of).collect()
    }

    /// The sum of squared distances of customers to the means of their segments, in the features'
    /// own units; `None` where it exceeds the largest number.
    pub fn inertia(&self) -> Option<f64> {
        let within = self.within(&self.centres());
        Some(self.unscaled(blocks::sum(within.len(), |s| within[s]))).filter(|i| i.is_finite())
    }

    /// The Calinski-Harabasz index: variance between segments over that within, each by its degrees
    /// of freedom; larger is better. `None` for fewer than two segments, no more customers than
    /// segments, or segments without spread.
    pub fn calinski_harabasz(&self) -> Option<f64> {
        let (d, k) = (self.d(), self.filled() as f64);
        let centres = self.centres();
        let within = self.within(&centres);
        let within = blocks::sum(within.len(), |s| within[s]);
        let n = blocks::sum(self.n_segments(), |s| self.sizes()[s]);
        let overall: Vec<f64> = (0..d)
            .map(|c| blocks::sum(self.n_segments(), |s| self.sizes()[s] * centres[s * d + c]) / n)
            .collect();
        let between = blocks::sum(self.n_segments(), |s| {
            self.sizes()[s] * squared(&centres[s * d..(s + 1) * d], &overall)
        });
        let index = between / (k - 1.0) / (within / (n - k));
        (k >= 2.0 && n > k && within > 0.0 && index.is_finite()).then_some(index)
    }

    /// The Davies-Bouldin index: how wide segments are against the distance to the one they are
    /// most mixed up with, on average; 0 is best. `None` for fewer than two segments, or where two
    /// means coincide.
    pub fn davies_bouldin(&self) -> Option<f64> {
        let d = self.d();
        let centres = self.centres();
        let centre = |s: usize| &centres[s * d..(s + 1) * d];
        let filled: Vec<usize> =
            (0..self.n_segments()).filter(|&s| self.sizes()[s] > 0.0).collect();
        let spread = |&s: &usize| {
            let places = self.places(s);
            let total = blocks::sum(places.len(), |i| {
                let place = places.start + i;
                self.weight(place) * self.squared_distance(place, centre(s)).sqrt()
            });
            total / self.sizes()[s]
        };
        let spreads: Vec<f64> = filled.iter().map(spread).collect();
        let worst = |i: usize| {
            (0..filled.len())
                .filter(|&j| j != i)
                .map(|j| {
                    let apart = squared(centre(filled[i]), centre(filled[j])).sqrt();
                    (spreads[i] + spreads[j]) / apart
                })
                // A division of nothing by nothing must not hide behind a maximum.
                .fold(0.0, |most: f64, r| if r.is_nan() { f64::INFINITY } else { most.max(r) })
        };
        let index = blocks::sum(filled.len(), worst) / filled.len() as f64;
        (filled.len() >= 2 && index.is_finite()).then_some(index)
    }

    /// The Xie-Beni index for one segment each: the mean squared distance to the own mean over the
    /// least squared distance between two means; 0 is best. `None` as for
    /// [`davies_bouldin`](Self::davies_bouldin).
    pub fn xie_beni(&self) -> Option<f64> {
        let d = self.d();
        let centres = self.centres();
        let within = self.within(&centres);
        let filled: Vec<usize> =
            (0..self.n_segments()).filter(|&s| self.sizes()[s] > 0.0).collect();
        let centre = |s: usize| &centres[s * d..(s + 1) * d];
        let mut apart = f64::INFINITY;
        for (i, &a) in filled.iter().enumerate() {
            for &b in &filled[..i] {
                apart = apart.min(squared(centre(a), centre(b)));
            }
        }
        let n = blocks::sum(self.n_segments(), |s| self.sizes()[s]);
        let index = blocks::sum(within.len(), |s| within[s]) / n / apart;
        (filled.len() >= 2 && apart > 0.0).then_some(index)
    }

    /// Shadow values. `None` for fewer than two segments.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    ///
    /// # References
    ///
    /// Leisch, F. (2010). Neighborhood graphs, stripes and shadow plots for cluster visualization.
    /// *Statistics and Computing* 20, 457-469.
    pub fn shadow(&self, work: &Work) -> Result<Option<Shadow>, ValidateError> {
        if self.filled() < 2 {
            return Ok(None);
        }
        let (d, k) = (self.d(), self.n_segments());
        let centres = self.centres();
        let mut by_segment = Vec::with_capacity(k);
        let (mut all, mut weights) = (0.0, 0.0);
        for segment in 0..k {
            let places = self.places(segment);
            let start = places.start;
            let parts = blocks::map_blocks(places.len(), work, |block| {
                let mut part = 0.0;
                for i in block {
                    let (mut first, mut second) = (f64::INFINITY, f64::INFINITY);
                    for s in (0..k).filter(|&s| self.sizes()[s] > 0.0) {
                        let centre = &centres[s * d..(s + 1) * d];
                        let distance = self.squared_distance(start + i, centre);
                        if distance < first {
                            (first, second) = (distance, first);
                        } else {
                            second = second.min(distance);
                        }
                    }
                    let (first, second) = (first.sqrt(), second.sqrt());
                    // On two coinciding means a customer is on the border.
                    let shadow = if second == 0.0 { 1.0 } else { 2.0 * first / (first + second) };
                    part += self.weight(start + i) * shadow;
                }
                part
            })?;
            let total = blocks::sum(parts.len(), |i| parts[i]);
            all += total;
            weights += self.sizes()[segment];
            by_segment.push((self.sizes()[segment] > 0.0).then(|| total / self.sizes()[segment]));
        }
        Ok(Some(Shadow { mean: all / weights, by_segment }))
    }

    /// The Dunn index: the least distance between customers of different segments over the largest
    /// within one; larger is better. One customer decides it. `None` for fewer than two segments,
    /// or where all segments are points.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers squared x features.
    pub fn dunn(&self, work: &Work) -> Result<Option<f64>, ValidateError> {
        let (apart, wide) = self.extremes(work)?;
        Ok((self.filled() >= 2 && wide > 0.0).then(|| (apart / wide).sqrt()))
    }

    /// The least squared distance between segments and the largest within one.
    fn extremes(&self, work: &Work) -> Result<(f64, f64), Cancelled> {
        let (n, d) = (self.n_customers(), self.d());
        let values: Vec<f64> = (0..n * d).map(|i| self.value(i / d, i % d)).collect();
        let row = |place: usize| &values[place * d..(place + 1) * d];
        let parts = blocks::map_tasks(n.div_ceil(PAIR_BLOCK), work, |task| {
            let (mut apart, mut wide) = (f64::INFINITY, 0.0_f64);
            for place in task * PAIR_BLOCK..((task + 1) * PAIR_BLOCK).min(n) {
                let end = self.places(self.segment(place)).end;
                for other in place + 1..end {
                    wide = wide.max(squared(row(place), row(other)));
                }
                for other in end..n {
                    apart = apart.min(squared(row(place), row(other)));
                }
            }
            (apart, wide)
        })?;
        let whole = (f64::INFINITY, 0.0_f64);
        Ok(parts.into_iter().fold(whole, |whole, part| (whole.0.min(part.0), whole.1.max(part.1))))
    }
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    let mut total = 0.0;
    for (x, y) in a.iter().zip(b) {
        total += (x - y) * (x - y);
    }
    total
}
