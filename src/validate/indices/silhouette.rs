//! Silhouettes: whether customers lie nearer to their own segment than to the next.
//!
//! The exact one needs every pair of customers, so it is computed in tiles, without a matrix of
//! distances; beyond some tens of thousands a sample with its interval says as much.

mod tiles;

use serde::Serialize;

use crate::num::blocks;
use crate::num::interval::two_sided;
use crate::num::random::{Purpose, Stream};
use crate::validate::ValidateError;
use crate::validate::indices::Placed;
use crate::validate::indices::silhouette::tiles::Tiles;
use crate::work::Work;

/// Silhouettes: for each customer, how much nearer the next segment is on average than their own,
/// over the larger of the two.
///
/// From -1, in the wrong segment, over 0, between two, to 1. A customer alone in their segment has
/// 0, and so has one who coincides with both.
///
/// # References
///
/// Rousseeuw, P. J. (1987). Silhouettes: a graphical aid to the interpretation and validation of
/// cluster analysis. *Journal of Computational and Applied Mathematics* 20, 53-65.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Silhouette {
    /// Of all customers.
    pub mean: f64,
    /// Of each segment's customers; `None` for an empty one.
    pub by_segment: Vec<Option<f64>>,
    /// By row of the features; `None` for who is in no segment or in several.
    pub by_customer: Vec<Option<f64>>,
}

/// The mean silhouette as a sample tells it. Each silhouette in the sample is exact.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SampledSilhouette {
    /// The mean over the sample.
    pub mean: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Customers in the sample.
    pub sample: usize,
}

impl Placed<'_> {
    /// The silhouette of every customer; `None` for fewer than two segments.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers squared x features / 2; in memory one copy of the numbers, and for
    /// each customer one number a segment.
    pub fn silhouette(&self, work: &Work) -> Result<Option<Silhouette>, ValidateError> {
        if self.filled() < 2 {
            return Ok(None);
        }
        work.begin("measuring silhouettes", None)?;
        let tiles = Tiles::new(self);
        let sums = tiles.sums(work)?;
        Ok(Some(self.gathered(|place, segment| {
            self.silhouette_of(segment, |other| tiles.sum(&sums, place, other))
        })))
    }

    /// Silhouettes by distances to the means of segments in place of those to their customers: a
    /// quick look at any number of customers, and another index than
    /// [`silhouette`](Self::silhouette). `None` for fewer than two segments.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x segments x features.
    pub fn silhouette_of_centres(&self, work: &Work) -> Result<Option<Silhouette>, ValidateError> {
        if self.filled() < 2 {
            return Ok(None);
        }
        let centres = self.centres();
        let d = self.d();
        let widths = blocks::map_blocks(self.n_customers(), work, |places| {
            let width = |place: usize| {
                let own = self.segment(place);
                let mut next = f64::INFINITY;
                let mut mine = 0.0;
                for s in (0..self.n_segments()).filter(|&s| self.sizes()[s] > 0.0) {
                    let centre = &centres[s * d..(s + 1) * d];
                    let distance = self.squared_distance(place, centre).sqrt();
                    if s == own { mine = distance } else { next = next.min(distance) }
                }
                width(mine, next)
            };
            places.map(width).collect::<Vec<f64>>()
        })?;
        let widths: Vec<f64> = widths.into_iter().flatten().collect();
        Ok(Some(self.gathered(|place, _| widths[place])))
    }

    /// The mean silhouette from `sample` customers drawn at random without replacement, each
    /// measured against all; from all of them where there are no more. `None` for fewer than two
    /// segments, and for a sample of fewer than two. Customers are drawn alike, whatever their
    /// weight; weights count in the mean.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x sample x features.
    pub fn sampled_silhouette(
        &self,
        sample: usize,
        seed: u64,
        work: &Work,
    ) -> Result<Option<SampledSilhouette>, ValidateError> {
        let n = self.n_customers();
        let sample = sample.min(n);
        if self.filled() < 2 || sample < 2 {
            return Ok(None);
        }
        work.begin("measuring silhouettes", None)?;
        let mut places: Vec<usize> = (0..n).collect();
        let mut stream = Stream::new(seed, Purpose::Sample, 0);
        for i in 0..sample {
            let other = i + stream.below((n - i) as u64) as usize;
            places.swap(i, other);
        }
        places.truncate(sample);
        places.sort_unstable();
        let tiles = Tiles::new(self);
        let sums = tiles.sums_of(&places, work)?;
        let k = self.n_segments();
        let widths: Vec<f64> = (0..sample)
            .map(|i| self.silhouette_of(self.segment(places[i]), |segment| sums[i * k + segment]))
            .collect();
        let weight = |i: usize| self.weight(places[i]);
        let weights = blocks::sum(sample, weight);
        let mean = blocks::sum(sample, |i| weight(i) * widths[i]) / weights;
        // A ratio of two means: its error is that of the weighted deviations.
        let squares = blocks::sum(sample, |i| {
            let deviation = weight(i) * (widths[i] - mean);
            deviation * deviation
        });
        let m = sample as f64;
        let of_all = (n as f64 - m) / n as f64;
        let error = (of_all * squares * m / (m - 1.0)).sqrt() / weights;
        let half = two_sided(0.95) * error;
        Ok(Some(SampledSilhouette { mean, low: mean - half, high: mean + half, sample }))
    }

    /// A silhouette from the sums of distances to the customers of each segment.
    fn silhouette_of(&self, own: usize, sum: impl Fn(usize) -> f64) -> f64 {
        let others = self.sizes()[own] - 1.0;
        if others <= 0.0 {
            return 0.0;
        }
        let mut next = f64::INFINITY;
        for (segment, &size) in self.sizes().iter().enumerate() {
            if segment != own && size > 0.0 {
                next = next.min(sum(segment) / size);
            }
        }
        width(sum(own) / others, next)
    }

    fn gathered(&self, width: impl Fn(usize, usize) -> f64) -> Silhouette {
        let mut by_customer = vec![None; self.n_rows()];
        let mut by_segment = Vec::with_capacity(self.n_segments());
        let (mut all, mut weights) = (0.0, 0.0);
        for segment in 0..self.n_segments() {
            let places = self.places(segment);
            let total = blocks::sum(places.len(), |i| {
                let place = places.start + i;
                self.weight(place) * width(place, segment)
            });
            for place in places {
                by_customer[self.row(place)] = Some(width(place, segment));
            }
            let size = self.sizes()[segment];
            all += total;
            weights += size;
            by_segment.push((size > 0.0).then(|| total / size));
        }
        Silhouette { mean: all / weights, by_segment, by_customer }
    }
}

/// The silhouette of somebody so far from their own and from the next.
fn width(own: f64, next: f64) -> f64 {
    let larger = own.max(next);
    if larger > 0.0 { (next - own) / larger } else { 0.0 }
}

#[cfg(test)]
mod tests;
