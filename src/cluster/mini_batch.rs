//! K-means for customers who come in batches: centres that follow a stream.
//!
//! Each batch is placed by the centres as they are, and each centre moves to the mean of all it has
//! ever been given, so that no earlier batch has to be kept.

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::kmeans::lloyd::place;
use crate::cluster::kmeans::segment_names;
use crate::cluster::points::Points;
use crate::cluster::{KMeans, Membership, SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::num::random::{Purpose, Stream};
use crate::units::SegmentId;
use crate::work::Work;

/// K-means batch by batch.
///
/// Choose it where customers arrive over time and earlier ones are not kept, or where the table does
/// not fit into memory; where it does, [`KMeans`] finds better segments, and
/// [`CoresetKMeans`](crate::cluster::CoresetKMeans) finds nearly as good ones as fast. The first
/// batch is grouped by [`KMeans`] and should have at least some hundred customers a segment. The
/// same batches in the same order give the same centres, bit for bit; in another order they give
/// others.
///
/// # Example
///
/// ```
/// use segmentry::cluster::MiniBatchKMeans;
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let monday = FeatureMatrix::from_rows(&["x"], &[[0.0], [2.0], [10.0], [12.0]])?;
/// let tuesday = FeatureMatrix::from_rows(&["x"], &[[4.0], [14.0], [17.0]])?;
/// let mut model = MiniBatchKMeans::new(2).begin(&monday, &Work::new())?;
/// model.update(&tuesday, &Work::new())?;
/// // The mean of 0, 2 and 4; the mean of 10, 12, 14 and 17.
/// assert_eq!((model.centre(0), model.centre(1)), ([2.0].as_slice(), [13.25].as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// MacQueen, J. (1967). Some methods for classification and analysis of multivariate observations.
/// *Fifth Berkeley Symposium* 1, 281-297. Sculley, D. (2010). Web-scale k-means clustering. *WWW*,
/// 1177-1178.
#[derive(Debug, Clone, PartialEq)]
pub struct MiniBatchKMeans {
    k: usize,
    batch: usize,
    memory: f64,
    seed: u64,
}

/// Centres that can be moved on.
#[derive(Debug, Clone, PartialEq)]
pub struct MiniBatchModel {
    features: Vec<String>,
    centres: Centres,
    /// The weight behind each centre.
    mass: Vec<f64>,
    memory: f64,
    batches: usize,
}

impl MiniBatchKMeans {
    /// Asks for `k` segments. [`fit`](Segmenter::fit) takes batches of 10,000 random customers;
    /// nothing is forgotten; seed 0.
    ///
    /// Ten thousand, because the centres are as good as the first batch lets them be.
    pub fn new(k: usize) -> Self {
        Self { k, batch: 10_000, memory: 1.0, seed: 0 }
    }

    /// Customers that [`fit`](Segmenter::fit) takes at once.
    #[must_use]
    pub fn batch(mut self, customers: usize) -> Self {
        self.batch = customers;
        self
    }

    /// The share of its weight that a centre keeps from batch to batch. One, the default, forgets
    /// nothing; less lets the centres follow customers who change: with 0.9, a batch counts half
    /// after seven more.
    #[must_use]
    pub fn memory(mut self, share: f64) -> Self {
        self.memory = share;
        self
    }

    /// The seed of the random streams.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; `begin` and `fit` call this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`].
    pub fn validate(&self) -> Result<(), SegmentError> {
        let param = |name, value, expected| Err(SegmentError::Param { name, value, expected });
        if self.k == 0 {
            return param("k", 0.0, "at least 1");
        }
        if self.batch == 0 {
            return param("batch", 0.0, "at least 1");
        }
        if !(self.memory > 0.0 && self.memory <= 1.0) {
            return param("memory", self.memory, "greater than 0 and at most 1");
        }
        Ok(())
    }

    /// Groups a first batch.
    ///
    /// # Errors
    ///
    /// As [`KMeans`].
    pub fn begin(
        &self,
        first: &FeatureMatrix,
        work: &Work,
    ) -> Result<MiniBatchModel, SegmentError> {
        self.validate()?;
        self.begin_points(&Points::of(first)?, first.names(), work)
    }

    fn begin_points(
        &self,
        rows: &Points<'_>,
        features: Vec<String>,
        work: &Work,
    ) -> Result<MiniBatchModel, SegmentError> {
        let run = KMeans::new(self.k).seed(self.seed).fit_dense(rows, work)?.run;
        let mut mass = vec![0.0; run.centres.k()];
        for (row, &label) in run.labels.iter().enumerate() {
            mass[label as usize] += rows.weight(row);
        }
        Ok(MiniBatchModel { features, centres: run.centres, mass, memory: self.memory, batches: 1 })
    }
}

impl Segmenter for MiniBatchKMeans {
    type Model = MiniBatchModel;

    /// Goes through the customers once, in random order, batch by batch. The last batch is the
    /// rest, so that no batch is smaller than the others but that one.
    ///
    /// # Errors
    ///
    /// As [`KMeans`], of the first batch.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<MiniBatchModel, SegmentError> {
        self.validate()?;
        let rows = Points::of(features)?;
        if rows.n() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        let mut order: Vec<usize> = (0..rows.n()).collect();
        Stream::new(self.seed, Purpose::Sample, 1).shuffle(&mut order);
        let mut batches = order.chunks(self.batch.max(self.k)).map(|batch| rows.rows(batch));
        let first = batches.next().ok_or(SegmentError::NoCustomers)?;
        let mut model = self.begin_points(&first, features.names(), work)?;
        for batch in batches {
            model.follow(&batch, work)?;
        }
        Ok(model)
    }
}

impl MiniBatchModel {
    /// Places a batch and moves the centres to the means of all that they were given so far.
    ///
    /// A batch without customers changes nothing.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] where a feature is not there or has missing values;
    /// [`SegmentError::TooFar`], and then the model is as it was; [`SegmentError::Cancelled`].
    pub fn update(&mut self, batch: &FeatureMatrix, work: &Work) -> Result<(), SegmentError> {
        let mine = batch.select(&self.features).map_err(SegmentError::Features)?;
        self.follow(&Points::of(&mine)?, work)
    }

    fn follow(&mut self, rows: &Points<'_>, work: &Work) -> Result<(), SegmentError> {
        if rows.n() == 0 {
            return Ok(());
        }
        let (labels, inertia) = place(rows, &self.centres, work)?;
        if !inertia.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let (k, d) = (self.centres.k(), rows.d());
        // Differences from the centres keep their digits where the customers lie far off.
        let (mut apart, mut given) = (vec![0.0; k * d], vec![0.0; k]);
        for (row, &label) in labels.iter().enumerate() {
            let (label, weight) = (label as usize, rows.weight(row));
            given[label] += weight;
            for column in 0..d {
                let place = label * d + column;
                apart[place] += weight * (rows.value(row, column) - self.centres.of(label)[column]);
            }
        }
        for segment in 0..k {
            self.mass[segment] = self.mass[segment] * self.memory + given[segment];
            if given[segment] > 0.0 {
                let centre = self.centres.of_mut(segment);
                for (value, apart) in centre.iter_mut().zip(&apart[segment * d..]) {
                    *value += apart / self.mass[segment];
                }
            }
        }
        self.batches += 1;
        Ok(())
    }

    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.centres.k()
    }

    /// The centre of a segment, in the units of the features.
    pub fn centre(&self, segment: usize) -> &[f64] {
        self.centres.of(segment)
    }

    /// The weight of the customers behind a centre, less what was forgotten.
    pub fn weight(&self, segment: usize) -> f64 {
        self.mass[segment]
    }

    /// Batches seen, the first included.
    pub fn batches(&self) -> usize {
        self.batches
    }
}

impl SegmentModel for MiniBatchModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let mine = features.select(&self.features).map_err(SegmentError::Features)?;
        let (labels, _) = place(&Points::of(&mine)?, &self.centres, work)?;
        let hard = labels.into_iter().map(|label| Some(SegmentId(label))).collect();
        let names = segment_names(self.n_segments());
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!("{} by k-means over {} batches", self.n_segments(), self.batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(n: usize, seed: u64) -> FeatureMatrix {
        let mut stream = Stream::new(seed, Purpose::Traits, 0);
        let rows: Vec<[f64; 2]> =
            (0..n).map(|i| [12.0 * (i % 3) as f64 + stream.normal(), stream.normal()]).collect();
        FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap()
    }

    #[test]
    fn where_nobody_changes_place_the_centres_are_the_means_of_all() {
        let all = blobs(3000, 1);
        let mini = MiniBatchKMeans::new(3).batch(500).fit(&all, &Work::new()).unwrap();
        let whole = KMeans::new(3).fit(&all, &Work::new()).unwrap();
        assert_eq!(mini.batches(), 6);
        for segment in 0..3 {
            assert_eq!(mini.weight(segment), 1000.0);
            for (a, b) in mini.centre(segment).iter().zip(whole.centre(segment)) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
        }
    }

    #[test]
    fn with_memory_the_centres_follow() {
        let mut model = MiniBatchKMeans::new(1).memory(0.5).begin(&at(0.0), &Work::new()).unwrap();
        model.update(&at(3.0), &Work::new()).unwrap();
        // Half of the first weight against the whole of the second.
        assert_eq!(model.centre(0), [2.0]);
        model.update(&at(1e200), &Work::new()).unwrap_err();
        assert_eq!((model.centre(0), model.batches()), ([2.0].as_slice(), 2));
        let nobody = FeatureMatrix::from_rows(&["x"], &[] as &[[f64; 1]]).unwrap();
        model.update(&nobody, &Work::new()).unwrap();
        assert_eq!(model.batches(), 2);
    }

    fn at(x: f64) -> FeatureMatrix {
        FeatureMatrix::from_rows(&["x"], &[[x], [x]]).unwrap()
    }

    #[test]
    fn parameters_are_checked() {
        for bad in [f64::NAN, 0.0, 1.1] {
            assert!(MiniBatchKMeans::new(2).memory(bad).validate().is_err());
        }
        assert!(MiniBatchKMeans::new(0).validate().is_err());
        assert!(MiniBatchKMeans::new(2).batch(0).validate().is_err());
    }
}
