//! A few weighted customers who stand for all of them.
//!
//! A coreset is drawn so that the inertia of any centres on it is nearly that on everybody. K-means
//! can then be searched thoroughly on thousands of rows where there are millions, and the error is
//! measured on customers who were not drawn, not believed.

use crate::cluster::kmeans::lloyd::place;
use crate::cluster::points::Points;
use crate::cluster::{
    Criteria, KMeans, KMeansModel, Scorer, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::work::Work;

/// K-means on a coreset, for large data.
///
/// Choose it over [`KMeans`] for hundreds of thousands of customers and more, where a few starts on
/// all of them cost more than a thorough search on some. Customers are drawn with a chance of one
/// half spread evenly and one half in proportion to their squared distance from the mean, and weigh
/// the inverse of their chance (a lightweight coreset). With
///
/// ```text
/// size >= c (d k ln k + ln(1/δ)) / ε²
/// ```
///
/// for a constant c, the inertia of every k centres is kept, with probability 1 - δ, to within ε/2 of
/// itself plus ε/2 of the inertia of one segment (Bachem, Lucic & Krause 2018, theorem 2). What the
/// error is for the centres found, [`CoresetModel::error`] estimates from customers held out.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{CoresetKMeans, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rows: Vec<[f64; 1]> = (0..20_000).map(|i| [f64::from(i % 2) * 100.0 + f64::from(i % 7)]).collect();
/// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
/// let model = CoresetKMeans::new(2).size(1_000).fit(&matrix, &Work::new())?;
/// assert!((model.model().centre(0)[0] - 3.0).abs() < 0.5);
/// assert!(model.error().expect("customers are left").relative.abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Bachem, O., Lucic, M. & Krause, A. (2018). Scalable k-means clustering via lightweight coresets.
/// *KDD*, 1119-1127.
#[derive(Debug, Clone, PartialEq)]
pub struct CoresetKMeans {
    method: KMeans,
    size: usize,
    seed: u64,
}

/// A k-means found on a coreset.
#[derive(Debug, Clone, PartialEq)]
pub struct CoresetModel {
    model: KMeansModel,
    size: usize,
    customers: usize,
    error: Option<CoresetError>,
}

/// By how much the inertia on the coreset misses that on everybody, for the centres found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CoresetError {
    /// The inertia on the weighted coreset.
    pub on_coreset: f64,
    /// The inertia on everybody, estimated from the customers held out.
    pub on_everybody: f64,
    /// The standard error of that estimate.
    pub standard_error: f64,
    /// `on_coreset / on_everybody - 1`; negative where the coreset flatters, as centres do on rows
    /// that they were made from.
    pub relative: f64,
}

/// Customers held out for the estimate of the error at most.
const HELD_OUT: usize = 10_000;

impl CoresetKMeans {
    /// Asks for `k` segments, found on a coreset of 20,000 draws by [`KMeans`] as it is by default;
    /// seed 0.
    ///
    /// Twenty thousand, because so many are searched in seconds.
    pub fn new(k: usize) -> Self {
        Self { method: KMeans::new(k), size: 20_000, seed: 0 }
    }

    /// The same with settings of one's own for the search.
    pub fn of(method: KMeans) -> Self {
        Self { method, size: 20_000, seed: 0 }
    }

    /// Customers drawn for the coreset, with replacement. Where there are no more than that, all
    /// are taken.
    #[must_use]
    pub fn size(mut self, draws: usize) -> Self {
        self.size = draws;
        self
    }

    /// The seed of the draws; that of the search is the method's own.
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
        if self.size == 0 {
            return Err(SegmentError::Param { name: "size", value: 0.0, expected: "at least 1" });
        }
        self.method.validate()
    }
}

/// Rows drawn and their weights; each row once.
struct Coreset {
    rows: Vec<usize>,
    weights: Vec<f64>,
}

impl Coreset {
    fn draw(
        points: &Points<'_>,
        size: usize,
        stream: &mut Stream,
        work: &Work,
    ) -> Result<Self, SegmentError> {
        let n = points.n();
        let total = blocks::sum(n, |row| points.weight(row));
        let mean: Vec<f64> = (0..points.d())
            .map(|column| {
                let values = points.column(column);
                // From the first row on, so that customers far off keep their digits.
                let apart = blocks::sum(n, |row| points.weight(row) * (values[row] - values[0]));
                values[0] + apart / total
            })
            .collect();
        work.check()?;
        let distance = |row: usize| {
            let mut squares = 0.0;
            for (column, mean) in mean.iter().enumerate() {
                let apart = points.value(row, column) - mean;
                squares += apart * apart;
            }
            points.weight(row) * squares
        };
        let distances: Vec<f64> =
            blocks::map_blocks(n, work, |rows| rows.map(distance).collect::<Vec<f64>>())?.concat();
        let inertia = blocks::sum(n, |row| distances[row]);
        if !inertia.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let chance = |row: usize| {
            let even = points.weight(row) / total;
            if inertia > 0.0 { 0.5 * even + 0.5 * distances[row] / inertia } else { even }
        };
        // Sorted draws are found in one pass over the rows.
        let mut draws: Vec<f64> = (0..size).map(|_| stream.uniform()).collect();
        draws.sort_by(f64::total_cmp);
        let (mut rows, mut weights) = (Vec::new(), Vec::new());
        let (mut below, mut next) = (0.0, 0);
        for row in 0..n {
            let chance = chance(row);
            below += chance;
            let first = next;
            while next < size && (draws[next] < below || row == n - 1) {
                next += 1;
            }
            if next > first && chance > 0.0 {
                rows.push(row);
                weights.push((next - first) as f64 * points.weight(row) / (size as f64 * chance));
            }
        }
        Ok(Self { rows, weights })
    }
}

impl Segmenter for CoresetKMeans {
    type Model = CoresetModel;

    /// # Errors
    ///
    /// As [`KMeans`], of the coreset.
    ///
    /// # Cost
    ///
    /// Three passes over the customers, and the search on the coreset.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<CoresetModel, SegmentError> {
        self.validate()?;
        let points = Points::of(features)?;
        let n = points.n();
        if n <= self.size {
            let model = self.method.fit(features, work)?;
            return Ok(CoresetModel { model, size: n, customers: n, error: None });
        }
        work.begin("drawing a coreset", None)?;
        let mut stream = Stream::new(self.seed, Purpose::Coreset, 0);
        let coreset = Coreset::draw(&points, self.size, &mut stream, work)?;
        let mut drawn = points.rows(&coreset.rows);
        drawn.set_weights(coreset.weights);
        work.begin("grouping the coreset", None)?;
        let model = KMeansModel::of(self.method.fit_dense(&drawn, work)?, features.names());
        let error = measure(&points, &coreset.rows, &model, &mut stream, work)?;
        Ok(CoresetModel { model, size: coreset.rows.len(), customers: n, error })
    }
}

/// The error of a coreset, from customers who are not in it; `None` where everybody is.
fn measure(
    points: &Points<'_>,
    drawn: &[usize],
    model: &KMeansModel,
    stream: &mut Stream,
    work: &Work,
) -> Result<Option<CoresetError>, SegmentError> {
    let n = points.n();
    let mut inside = vec![false; n];
    drawn.iter().for_each(|&row| inside[row] = true);
    let mut others: Vec<usize> = (0..n).filter(|&row| !inside[row]).collect();
    // The first of a partial shuffle are a sample without replacement.
    let held_out = others.len().min(HELD_OUT);
    if held_out < 2 {
        return Ok(None);
    }
    for place in 0..held_out {
        let other = place + stream.below((others.len() - place) as u64) as usize;
        others.swap(place, other);
    }
    let share = others.len() as f64 / held_out as f64;
    let mut values = vec![0.0; points.d()];
    let costs: Vec<f64> = others[..held_out]
        .iter()
        .map(|&row| {
            points.copy_row(row, &mut values);
            points.weight(row) * model.centres().nearest(&values).1
        })
        .collect();
    // Those inside are known; only those outside are estimated.
    let (_, known) = place(&points.rows(drawn), model.centres(), work)?;
    let sum = blocks::sum(held_out, |place| costs[place]);
    let mean = sum / held_out as f64;
    let squares = blocks::sum(held_out, |place| (costs[place] - mean) * (costs[place] - mean));
    let variance = squares / (held_out as f64 - 1.0) / held_out as f64;
    let unseen = 1.0 - 1.0 / share;
    let on_everybody = known + share * sum;
    let on_coreset = model.inertia();
    Ok(Some(CoresetError {
        on_coreset,
        on_everybody,
        standard_error: others.len() as f64 * (variance * unseen).sqrt(),
        relative: if on_everybody > 0.0 { on_coreset / on_everybody - 1.0 } else { 0.0 },
    }))
}

impl CoresetModel {
    /// The fitted k-means. Its inertia is that on the weighted coreset.
    pub fn model(&self) -> &KMeansModel {
        &self.model
    }

    /// Different customers in the coreset.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How much the coreset misses; `None` where everybody was taken.
    pub fn error(&self) -> Option<CoresetError> {
        self.error
    }
}

impl SegmentModel for CoresetModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        self.model.assign(features, work)
    }

    fn story(&self) -> String {
        let error = self.error.map_or(String::new(), |error| {
            format!(", inertia off by {:.1} %", 100.0 * error.relative)
        });
        let (size, customers) = (self.size, self.customers);
        format!("{}, on {size} of {customers} customers{error}", self.model.story())
    }

    fn scorer(&self) -> Option<Scorer> {
        self.model.scorer()
    }

    fn criteria(&self) -> Criteria {
        // The inertia of the coreset is not that of the customers.
        Criteria { inertia: self.error.map(|error| error.on_everybody), ..self.model.criteria() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(n: usize) -> FeatureMatrix {
        let mut stream = Stream::new(5, Purpose::Traits, 0);
        let rows: Vec<[f64; 3]> = (0..n)
            .map(|i| {
                std::array::from_fn(|j| ((i % 5) * (j + 2) % 7) as f64 + 0.5 * stream.normal())
            })
            .collect();
        FeatureMatrix::from_rows(&["a", "b", "c"], &rows).unwrap()
    }

    /// Forty coresets: the mean of the inertia of fixed centres is that on everybody to within five
    /// standard errors of the mean (a false alarm in a million seeds; these are fixed).
    #[test]
    fn the_inertia_on_coresets_is_right_on_average() {
        let matrix = blobs(4000);
        let points = Points::of(&matrix).unwrap();
        let model = KMeans::new(3).restarts(1).fit(&matrix, &Work::new()).unwrap();
        let costs: Vec<f64> = (0..40)
            .map(|index| {
                let mut stream = Stream::new(1, Purpose::Coreset, index);
                let coreset = Coreset::draw(&points, 300, &mut stream, &Work::new()).unwrap();
                let mut rows = points.rows(&coreset.rows);
                rows.set_weights(coreset.weights);
                place(&rows, model.centres(), &Work::new()).unwrap().1
            })
            .collect();
        let mean = costs.iter().sum::<f64>() / 40.0;
        let variance = costs.iter().map(|cost| (cost - mean) * (cost - mean)).sum::<f64>() / 39.0;
        let off = (mean - model.inertia()).abs();
        assert!(off < 5.0 * (variance / 40.0).sqrt(), "{mean} {}", model.inertia());
    }

    #[test]
    fn the_estimate_of_the_error_holds_the_truth() {
        let matrix = blobs(30_000);
        let model = CoresetKMeans::new(5).size(2_000).fit(&matrix, &Work::new()).unwrap();
        let error = model.error().unwrap();
        let points = Points::of(&matrix).unwrap();
        let truth = place(&points, model.model().centres(), &Work::new()).unwrap().1;
        assert!(
            (error.on_everybody - truth).abs() < 4.0 * error.standard_error,
            "{error:?} {truth}"
        );
        assert!(error.relative.abs() < 0.1, "{error:?}");
        let whole = KMeans::new(5).fit(&matrix, &Work::new()).unwrap();
        assert!(truth < 1.02 * whole.inertia(), "{truth} {}", whole.inertia());
    }

    #[test]
    fn few_customers_are_all_taken() {
        let matrix = blobs(100);
        let model = CoresetKMeans::new(3).fit(&matrix, &Work::new()).unwrap();
        assert_eq!((model.size(), model.error()), (100, None));
        assert_eq!(*model.model(), KMeans::new(3).fit(&matrix, &Work::new()).unwrap());
        assert!(CoresetKMeans::new(3).size(0).validate().is_err());
        assert!(CoresetKMeans::new(0).validate().is_err());
    }

    #[test]
    fn customers_who_are_all_alike() {
        let matrix = FeatureMatrix::from_rows(&["x"], &[[3.0]; 50]).unwrap();
        let model = CoresetKMeans::new(1).size(10).fit(&matrix, &Work::new()).unwrap();
        assert_eq!(model.model().centre(0), [3.0]);
        assert_eq!(model.error().unwrap().relative, 0.0);
        let error = CoresetKMeans::new(2).size(10).fit(&matrix, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::TooFewDistinct { .. }));
    }
}
