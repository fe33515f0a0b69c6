//! K-medoids: segments around customers who stand for the others.

mod swap;

use crate::cluster::dissimilarity::Measure;
use crate::cluster::mixed::MixedRows;
use crate::cluster::{
    Dissimilarity, Membership, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};
use swap::{Found, Table, build, drawn, swap};

/// Segments around medoids, of whatever columns there are.
///
/// A medoid is the customer of a segment from whom the others are least unlike in all: a real
/// person to show, where a mean of answers is nobody. The medoids are found by the search of
/// FasterPAM, from the greedy start of PAM and from drawn ones. Weights count as repeated rows.
///
/// Choose it for mixed columns with gaps ([`Dissimilarity::Gower`]), or where outliers should not
/// pull the centres. It looks at all pairs of customers, so that above
/// [`sample`](KMedoids::sample) customers it searches samples of them and keeps the medoids that
/// serve everybody best (CLARA); [`MedoidsModel::searched`] says what was searched.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Dissimilarity, KMedoids, Segmenter};
/// use segmentry::{features::FeatureMatrix, work::Work};
///
/// let rows = [[0.0], [1.0], [2.0], [10.0], [11.0], [15.0]];
/// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
/// let model = KMedoids::new(2, Dissimilarity::Manhattan).fit(&matrix, &Work::new())?;
/// assert_eq!(model.medoids(), [1, 4]); // the customer at 15 moves no centre
/// assert_eq!(model.cost(), 1.0 + 1.0 + 1.0 + 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Kaufman, L. & Rousseeuw, P. J. (1990). *Finding Groups in Data*, chapters 2 and 3. Schubert, E.
/// & Rousseeuw, P. J. (2021). Fast and eager k-medoids clustering: O(k) runtime improvement of the
/// PAM, CLARA, and CLARANS algorithms. *Information Systems* 101, 101804.
#[derive(Debug, Clone, PartialEq)]
pub struct KMedoids {
    k: usize,
    dissimilarity: Dissimilarity,
    sample: usize,
    samples: usize,
    restarts: usize,
    max_swaps: usize,
    seed: u64,
}

/// Fitted medoids.
#[derive(Debug, Clone)]
pub struct MedoidsModel {
    measure: Measure,
    medoids: Vec<usize>,
    rows: MixedRows,
    cost: f64,
    swaps: usize,
    converged: bool,
    searched: Searched,
    hits: usize,
}

/// What the medoids were looked for among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Searched {
    /// All customers.
    Everybody,
    /// Samples of them.
    Samples {
        /// Customers in each.
        customers: usize,
        /// How many samples.
        samples: usize,
    },
}

impl KMedoids {
    /// Asks for `k` segments: all customers up to 4,000, above that the best of five samples of
    /// 4,000, each from the best of ten starts, seed 0. The table of pairs then takes at most 128 MB.
    pub fn new(k: usize, dissimilarity: Dissimilarity) -> Self {
        Self {
            k,
            dissimilarity,
            sample: 4_000,
            samples: 5,
            restarts: 10,
            max_swaps: 100_000,
            seed: 0,
        }
    }

    /// The most customers that are searched at once; memory grows with its square, 8 bytes a pair.
    #[must_use]
    pub fn sample(mut self, customers: usize) -> Self {
        self.sample = customers;
        self
    }

    /// How many samples, where there are more customers than that.
    #[must_use]
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// How many starts for each search: the greedy one, and the rest drawn.
    #[must_use]
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// At most so many swaps of a medoid for each start.
    #[must_use]
    pub fn max_swaps(mut self, swaps: usize) -> Self {
        self.max_swaps = swaps;
        self
    }

    /// The seed of the samples.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`].
    pub fn validate(&self) -> Result<(), SegmentError> {
        let at_least_one = [
            ("k", self.k),
            ("samples", self.samples),
            ("restarts", self.restarts),
            ("max_swaps", self.max_swaps),
        ];
        if let Some((name, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" });
        }
        if self.sample <= self.k {
            let (name, value) = ("sample", self.sample as f64);
            return Err(SegmentError::Param { name, value, expected: "more than k" });
        }
        Ok(())
    }

    /// Searches some of the rows for medoids.
    fn search(
        &self,
        measure: &Measure,
        rows: &MixedRows,
        among: &[usize],
        work: &Work,
    ) -> Result<Found, SegmentError> {
        let between = |a: usize, b: usize| measure.between(rows, among[a], rows, among[b]);
        let table = Table::new(among.len(), work, between)?;
        let weights: Vec<f64> = among.iter().map(|&row| rows.weight(row)).collect();
        let greedy = build(&table, &weights, self.k, work)?;
        let found = blocks::map_tasks(self.restarts, work, |restart| {
            let start = if restart == 0 {
                greedy.clone()
            } else {
                let mut stream = Stream::new(self.seed, Purpose::Restart, restart as u64);
                drawn(&table, &weights, self.k, &mut stream)
            };
            swap(&table, &weights, start, self.max_swaps, work)
        })?;
        let found = found.into_iter().collect::<Result<Vec<Found>, Cancelled>>()?;
        let least = found.iter().map(|found| found.cost).fold(f64::INFINITY, f64::min);
        let hit = |found: &&Found| found.cost <= least + HIT_TOLERANCE * least;
        let hits = found.iter().filter(hit).count();
        let best = found.into_iter().find(|found| found.cost == least);
        let mut best = best.ok_or(SegmentError::TooFar)?;
        best.medoids.iter_mut().for_each(|place| *place = among[*place]);
        Ok(Found { hits, ..best })
    }
}

/// Starts whose cost is the best to this share of it found the same optimum.
const HIT_TOLERANCE: f64 = 1e-9;

/// The nearest medoid of each row, of equally near ones the first, and what that costs in all.
fn place(
    measure: &Measure,
    rows: &MixedRows,
    from: &MixedRows,
    medoids: &[usize],
    work: &Work,
) -> Result<(Vec<u32>, f64), SegmentError> {
    let parts = blocks::map_blocks(rows.n(), work, |block| {
        let mut cost = 0.0;
        let labels: Vec<u32> = block
            .map(|row| {
                let mut best = (0, f64::INFINITY);
                for (number, &medoid) in medoids.iter().enumerate() {
                    let distance = measure.between(rows, row, from, medoid);
                    if distance < best.1 {
                        best = (number as u32, distance);
                    }
                }
                cost += rows.weight(row) * best.1;
                best.0
            })
            .collect();
        (labels, cost)
    })?;
    let (mut labels, mut cost) = (Vec::with_capacity(rows.n()), 0.0);
    for (part, share) in parts {
        labels.extend(part);
        cost += share;
    }
    Ok((labels, cost))
}

impl Segmenter for KMedoids {
    type Model = MedoidsModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::NoCustomers`]; [`SegmentError::TooFewDistinct`];
    /// [`SegmentError::NothingKnown`]; [`SegmentError::Features`] where the dissimilarity cannot
    /// take a column; [`SegmentError::TooFar`]; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to the square of the customers searched at once x (features + passes), and to
    /// customers x segments x features x samples.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<MedoidsModel, SegmentError> {
        self.validate()?;
        let (measure, rows) = Measure::of(self.dissimilarity, features)?;
        if rows.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        if let Some(row) = rows.unknown() {
            return Err(SegmentError::NothingKnown { row });
        }
        let distinct = rows.distinct(self.k);
        if distinct < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let everybody = rows.n() <= self.sample;
        let searches = if everybody { 1 } else { self.samples };
        work.begin("looking for medoids", Some(searches as u64))?;
        let mut best: Option<(f64, Found)> = None;
        for search in 0..searches {
            let mut among: Vec<usize> = (0..rows.n()).collect();
            if !everybody {
                Stream::new(self.seed, Purpose::Sample, search as u64).shuffle(&mut among);
                // Each sample holds the best medoids so far, so that it can only improve on them.
                let known = best.as_ref().map_or(&[][..], |(_, found)| &found.medoids);
                among.retain(|row| !known.contains(row));
                among.truncate(self.sample - known.len());
                among.extend_from_slice(known);
                among.sort_unstable();
            }
            let found = self.search(&measure, &rows, &among, work)?;
            let (_, cost) = place(&measure, &rows, &rows, &found.medoids, work)?;
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, found));
            }
        }
        let (cost, found) = best.ok_or(SegmentError::TooFar)?;
        let Found { mut medoids, swaps, converged, hits, .. } = found;
        if !cost.is_finite() {
            return Err(SegmentError::TooFar);
        }
        medoids.sort_unstable();
        let samples = Searched::Samples { customers: self.sample, samples: self.samples };
        let searched = if everybody { Searched::Everybody } else { samples };
        let of_medoids = rows.take(&medoids);
        Ok(MedoidsModel {
            measure,
            medoids,
            rows: of_medoids,
            cost,
            swaps,
            converged,
            searched,
            hits,
        })
    }
}

impl MedoidsModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.medoids.len()
    }

    /// The rows of the medoids, ascending; the segments stand in this order.
    pub fn medoids(&self) -> &[usize] {
        &self.medoids
    }

    /// How unlike the customers are to their medoids, in all.
    pub fn cost(&self) -> f64 {
        self.cost
    }

    /// How unlike customers are measured.
    pub fn dissimilarity(&self) -> Dissimilarity {
        self.measure.kind()
    }

    /// How many swaps improved the start.
    pub fn swaps(&self) -> usize {
        self.swaps
    }

    /// Whether no swap of a medoid would improve on what was searched.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// How many of the starts found the best optimum of what was searched.
    pub fn hits(&self) -> usize {
        self.hits
    }

    /// What the medoids were looked for among.
    pub fn searched(&self) -> Searched {
        self.searched
    }
}

impl SegmentModel for MedoidsModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let rows = self.measure.rows(features)?;
        if let Some(row) = rows.unknown() {
            return Err(SegmentError::NothingKnown { row });
        }
        let own: Vec<usize> = (0..self.medoids.len()).collect();
        let (labels, _) = place(&self.measure, &rows, &self.rows, &own, work)?;
        let hard = labels.into_iter().map(|label| Some(SegmentId(label))).collect();
        let names = (1..=self.n_segments()).map(|number| format!("Segment {number}")).collect();
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.measure.layout().names()))
    }

    fn story(&self) -> String {
        let among = match self.searched {
            Searched::Everybody => "all customers".to_owned(),
            Searched::Samples { customers, samples } => {
                format!("{samples} samples of {customers} customers")
            }
        };
        format!("{} around medoids among {among}", self.n_segments())
    }
}

#[cfg(test)]
mod tests;
