//! K-means: segments around centres.
//!
//! Seeds by k-means++ (Arthur & Vassilvitskii 2007), then Lloyd's iteration until nobody changes
//! place, from several starts. Sums run over fixed blocks of rows in block order, and every start
//! draws from a stream of its own, so the result has the same bits on any number of threads.

use crate::cluster::{
    Criteria, Membership, Scorer, ScoringRule, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::{DenseFeatures, FeatureMatrix};
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// K-means with k-means++ seeding and restarts.
///
/// Choose it for numbers on comparable scales (see [`Scaling`](crate::features::Scaling)) and
/// segments of roughly round shape. Weights of the matrix count as repeated rows. A segment that
/// loses its last member takes the customer who lies farthest from their own centre, so that a fit
/// that has converged has no empty segment.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMeans, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
/// let model = KMeans::new(2).seed(7).fit(&matrix, &Work::new())?;
/// assert_eq!(model.centre(0), [0.5]);
/// assert_eq!(model.inertia(), 0.5 + 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Lloyd, S. P. (1982). Least squares quantization in PCM. *IEEE Transactions on Information
/// Theory* 28, 129-137. Arthur, D. & Vassilvitskii, S. (2007). k-means++: the advantages of careful
/// seeding. *SODA*, 1027-1035.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KMeans {
    k: usize,
    restarts: usize,
    max_iterations: usize,
    seed: u64,
}

/// Fitted centres.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansModel {
    features: Vec<String>,
    centres: Centres,
    inertia: f64,
    iterations: usize,
    converged: bool,
    hits: usize,
    restarts: usize,
}

impl KMeans {
    /// Asks for `k` segments: the best of 20 starts, each of at most 300 iterations, with seed 0.
    ///
    /// Twenty, because on survey-like data a single start finds the best known optimum in a few of
    /// a hundred tries.
    pub fn new(k: usize) -> Self {
        Self { k, restarts: 20, max_iterations: 300, seed: 0 }
    }

    /// How many starts.
    #[must_use]
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// At most so many iterations for each start.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// The seed of the random streams.
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
        let at_least_one =
            [("k", self.k), ("restarts", self.restarts), ("max_iterations", self.max_iterations)];
        match at_least_one.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => {
                Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" })
            }
            None => Ok(()),
        }
    }

    /// The fit on numbers alone.
    pub(crate) fn fit_dense(
        &self,
        rows: &DenseFeatures,
        work: &Work,
    ) -> Result<Best, SegmentError> {
        self.validate()?;
        if rows.n_rows() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        let distinct = distinct_rows(rows, self.k);
        if distinct < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let runs = blocks::map_tasks(self.restarts, work, |restart| {
            let mut stream = Stream::new(self.seed, Purpose::Restart, restart as u64);
            let start = seed_centres(rows, self.k, &mut stream, work)?;
            lloyd(rows, start, self.max_iterations, work)
        })?;
        let runs = runs.into_iter().collect::<Result<Vec<Run>, Cancelled>>()?;
        let inertias: Vec<f64> = runs.iter().map(|run| run.inertia).collect();
        let least = inertias.iter().copied().fold(f64::INFINITY, f64::min);
        if !least.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let hits = inertias
            .iter()
            .filter(|&&inertia| inertia <= least + HIT_TOLERANCE * least.abs())
            .count();
        let best = runs.into_iter().find(|run| run.inertia == least);
        best.map(|run| Best { run: run.in_order(), hits }).ok_or(SegmentError::NoCustomers)
    }
}

/// Starts whose inertia is the best to this share of it found the same optimum.
const HIT_TOLERANCE: f64 = 1e-9;

impl Segmenter for KMeans {
    type Model = KMeansModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::TooFewDistinct`] where fewer customers differ than
    /// segments were asked for; [`SegmentError::Features`] for missing values and categories;
    /// [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x features x segments x iterations x restarts.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<KMeansModel, SegmentError> {
        let rows = features.dense().map_err(SegmentError::Features)?;
        work.begin("grouping customers", None)?;
        let Best { run, hits } = self.fit_dense(&rows, work)?;
        Ok(KMeansModel {
            features: features.names(),
            centres: run.centres,
            inertia: run.inertia,
            iterations: run.iterations,
            converged: run.converged,
            hits,
            restarts: self.restarts,
        })
    }
}

impl KMeansModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.centres.k()
    }

    /// The centre of a segment, in the units of the features. Segments stand in the order of their
    /// centres.
    pub fn centre(&self, segment: usize) -> &[f64] {
        self.centres.of(segment)
    }

    pub(crate) fn centres(&self) -> &Centres {
        &self.centres
    }

    /// The sum of squared distances of the customers to their centres.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// Iterations of the best start.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the best start ended because nobody changed place any more.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// How many of the starts found the best optimum. A low share means that the seed decides.
    pub fn hits(&self) -> usize {
        self.hits
    }
}

impl SegmentModel for KMeansModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let rows = features
            .select(&self.features)
            .map_err(SegmentError::Features)?
            .dense()
            .map_err(SegmentError::Features)?;
        let (labels, _) = place(&rows, &self.centres, work)?;
        let hard = labels.into_iter().map(|label| Some(SegmentId(label))).collect();
        let names = segment_names(self.n_segments());
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!(
            "{} by k-means (best of {} starts, found by {})",
            self.n_segments(),
            self.restarts,
            self.hits
        )
    }

    fn scorer(&self) -> Option<Scorer> {
        let k = self.n_segments();
        let centres = (0..k).map(|segment| self.centre(segment).to_vec()).collect();
        let rule = ScoringRule::NearestCentre { centres };
        Scorer::new(self.features.clone(), segment_names(k), rule).ok()
    }

    fn criteria(&self) -> Criteria {
        Criteria {
            inertia: Some(self.inertia),
            starts: Some(self.restarts),
            hits: Some(self.hits),
            converged: Some(self.converged),
            ..Criteria::default()
        }
    }
}

/// Names of segments that have none.
pub(crate) fn segment_names(k: usize) -> Vec<String> {
    (1..=k).map(|number| format!("Segment {number}")).collect()
}

/// The best of several runs.
pub(crate) struct Best {
    pub(crate) run: Run,
    pub(crate) hits: usize,
}

/// One start, carried to its end.
pub(crate) struct Run {
    pub(crate) centres: Centres,
    pub(crate) labels: Vec<u32>,
    pub(crate) inertia: f64,
    iterations: usize,
    converged: bool,
}

impl Run {
    /// The same run with its segments in the order of their centres, so that numbers do not depend
    /// on the seeds.
    fn in_order(self) -> Self {
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

/// Centres, one behind the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Centres {
    values: Vec<f64>,
    k: usize,
    d: usize,
}

impl Centres {
    pub(crate) fn k(&self) -> usize {
        self.k
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn of(&self, centre: usize) -> &[f64] {
        &self.values[centre * self.d..(centre + 1) * self.d]
    }

    /// The nearest centre, of equally near ones the first, and the squared distance to it.
    pub(crate) fn nearest(&self, row: &[f64]) -> (u32, f64) {
        let mut best = (0, f64::INFINITY);
        for centre in 0..self.k {
            let distance = squared_distance(row, self.of(centre));
            if distance < best.1 {
                best = (centre as u32, distance);
            }
        }
        best
    }
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut total = 0.0;
    for (x, y) in a.iter().zip(b) {
        total += (x - y) * (x - y);
    }
    total
}

/// How many rows differ from one another, counted up to `enough`.
fn distinct_rows(rows: &DenseFeatures, enough: usize) -> usize {
    let mut seen: Vec<usize> = Vec::new();
    for row in 0..rows.n_rows() {
        if seen.len() == enough {
            break;
        }
        if seen.iter().all(|&other| rows.row(other) != rows.row(row)) {
            seen.push(row);
        }
    }
    seen.len()
}

/// Draws centres among the rows, each with a chance proportional to its weight and squared distance
/// from those drawn.
fn seed_centres(
    rows: &DenseFeatures,
    k: usize,
    stream: &mut Stream,
    work: &Work,
) -> Result<Centres, Cancelled> {
    let (n, d) = (rows.n_rows(), rows.n_columns());
    let mut centres = Centres { values: Vec::with_capacity(k * d), k, d };
    let mut mass: Vec<f64> = (0..n).map(|row| rows.weight(row)).collect();
    let mut nearest = vec![f64::INFINITY; n];
    for _ in 0..k {
        let chosen = draw(&mass, stream);
        centres.values.extend_from_slice(rows.row(chosen));
        let parts = blocks::map_blocks(n, work, |block| {
            block.map(|row| squared_distance(rows.row(row), rows.row(chosen))).collect::<Vec<f64>>()
        })?;
        for (row, distance) in parts.into_iter().flatten().enumerate() {
            nearest[row] = nearest[row].min(distance);
            mass[row] = rows.weight(row) * nearest[row];
        }
    }
    Ok(centres)
}

/// A row drawn with a chance proportional to its mass; of nothing but zeros, any row.
fn draw(mass: &[f64], stream: &mut Stream) -> usize {
    let total = blocks::sum(mass.len(), |row| mass[row]);
    if !(total > 0.0 && total.is_finite()) {
        return stream.below(mass.len() as u64) as usize;
    }
    let mut left = stream.uniform() * total;
    let mut last = 0;
    for (row, &m) in mass.iter().enumerate() {
        if m > 0.0 {
            last = row;
            if left < m {
                break;
            }
            left -= m;
        }
    }
    last
}

/// What a block of rows adds to the next centres.
struct Share {
    labels: Vec<u32>,
    sums: Vec<f64>,
    weights: Vec<f64>,
    inertia: f64,
}

/// Places every row and says how far the rows lie from their centres in all.
fn place(
    rows: &DenseFeatures,
    centres: &Centres,
    work: &Work,
) -> Result<(Vec<u32>, f64), Cancelled> {
    let shares = shares(rows, centres, work)?;
    let mut inertia = 0.0;
    let mut labels = Vec::with_capacity(rows.n_rows());
    for share in shares {
        inertia += share.inertia;
        labels.extend(share.labels);
    }
    Ok((labels, inertia))
}

fn shares(rows: &DenseFeatures, centres: &Centres, work: &Work) -> Result<Vec<Share>, Cancelled> {
    let (k, d) = (centres.k(), centres.d);
    blocks::map_blocks(rows.n_rows(), work, |block| {
        let mut share = Share {
            labels: Vec::with_capacity(block.len()),
            sums: vec![0.0; k * d],
            weights: vec![0.0; k],
            inertia: 0.0,
        };
        for row in block {
            let (label, distance) = centres.nearest(rows.row(row));
            let weight = rows.weight(row);
            let start = label as usize * d;
            for (sum, value) in share.sums[start..start + d].iter_mut().zip(rows.row(row)) {
                *sum += weight * value;
            }
            share.weights[label as usize] += weight;
            share.inertia += weight * distance;
            share.labels.push(label);
        }
        share
    })
}

/// Lloyd's iteration from these centres, until nobody changes place.
fn lloyd(
    rows: &DenseFeatures,
    start: Centres,
    max_iterations: usize,
    work: &Work,
) -> Result<Run, Cancelled> {
    let (k, d) = (start.k(), start.d);
    let mut centres = start;
    let mut labels: Vec<u32> = Vec::new();
    let mut iterations = 0;
    let mut converged = false;
    while iterations < max_iterations && !converged {
        iterations += 1;
        let (mut sums, mut weights, mut next) =
            (vec![0.0; k * d], vec![0.0; k], Vec::with_capacity(rows.n_rows()));
        for share in shares(rows, &centres, work)? {
            add(&mut sums, &share.sums);
            add(&mut weights, &share.weights);
            next.extend(share.labels);
        }
        let relocated = fill_empty(rows, &centres, &mut next, &mut sums, &mut weights);
        for centre in 0..k {
            for (value, sum) in
                centres.values[centre * d..(centre + 1) * d].iter_mut().zip(&sums[centre * d..])
            {
                *value = sum / weights[centre];
            }
        }
        converged = next == labels && !relocated;
        labels = next;
    }
    // Place everybody by the final centres, so that assigning the same customers again gives the
    // same segments.
    let (labels, inertia) = place(rows, &centres, work)?;
    Ok(Run { centres, labels, inertia, iterations, converged })
}

fn add(totals: &mut [f64], parts: &[f64]) {
    for (total, part) in totals.iter_mut().zip(parts) {
        *total += part;
    }
}

/// Gives each empty segment the row that lies farthest from its own centre and is not the last of
/// its segment.
fn fill_empty(
    rows: &DenseFeatures,
    centres: &Centres,
    labels: &mut [u32],
    sums: &mut [f64],
    weights: &mut [f64],
) -> bool {
    let (k, d) = (centres.k(), centres.d);
    let mut counts = vec![0usize; k];
    for &label in labels.iter() {
        counts[label as usize] += 1;
    }
    let mut relocated = false;
    for empty in 0..k {
        if counts[empty] > 0 {
            continue;
        }
        let mut farthest: Option<(f64, usize)> = None;
        for (row, &label) in labels.iter().enumerate() {
            if counts[label as usize] > 1 {
                let distance =
                    rows.weight(row) * squared_distance(rows.row(row), centres.of(label as usize));
                if farthest.is_none_or(|(most, _)| distance > most) {
                    farthest = Some((distance, row));
                }
            }
        }
        let Some((_, row)) = farthest else { break };
        let (from, weight) = (labels[row] as usize, rows.weight(row));
        for (place, value) in rows.row(row).iter().enumerate() {
            sums[from * d + place] -= weight * value;
            sums[empty * d + place] += weight * value;
        }
        weights[from] -= weight;
        weights[empty] += weight;
        counts[from] -= 1;
        counts[empty] += 1;
        labels[row] = empty as u32;
        relocated = true;
    }
    relocated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[[f64; 2]]) -> FeatureMatrix {
        FeatureMatrix::from_rows(&["x", "y"], rows).unwrap()
    }

    fn blobs(n: usize) -> Vec<[f64; 2]> {
        let mut stream = Stream::new(11, Purpose::Restart, 0);
        let centre = [[0.0, 0.0], [8.0, 1.0], [3.0, 9.0]];
        (0..n)
            .map(|i| {
                let [x, y] = centre[i % 3];
                [x + stream.normal(), y + stream.normal()]
            })
            .collect()
    }

    #[test]
    fn finds_blobs_and_places_its_own_rows_where_they_were() {
        let matrix = matrix(&blobs(300));
        let model = KMeans::new(3).fit(&matrix, &Work::new()).unwrap();
        let seg = model.assign(&matrix, &Work::new()).unwrap();
        let partition = seg.partition().unwrap();
        let wrong = (0..300).filter(|&i| partition[i] != partition[i % 3]).count();
        assert!(wrong <= 2, "{wrong}");
        assert!(model.converged() && model.hits() > 10);
        assert_eq!(seg.basis(), ["x", "y"]);
    }

    #[test]
    fn the_inertia_is_the_sum_of_squared_distances() {
        let rows = blobs(120);
        let matrix = matrix(&rows);
        let model = KMeans::new(4).fit(&matrix, &Work::new()).unwrap();
        let labels = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let naive: f64 = rows
            .iter()
            .zip(&labels)
            .map(|(row, s)| squared_distance(row, model.centre(s.index())))
            .sum();
        assert!((naive - model.inertia()).abs() < 1e-10 * naive);
    }

    #[test]
    fn no_segment_is_empty_even_where_seeds_coincide() {
        // All but three rows are equal: a start among them leaves segments without members.
        let mut rows = vec![[0.0, 0.0]; 50];
        rows.extend([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]);
        let matrix = matrix(&rows);
        let same = Centres { values: vec![0.0; 8], k: 4, d: 2 };
        let run = lloyd(&matrix.dense().unwrap(), same, 100, &Work::new()).unwrap();
        for segment in 0..4 {
            assert!(run.labels.contains(&segment), "{segment}");
        }
        assert_eq!(run.inertia, 0.0);
    }

    #[test]
    fn a_weight_is_a_repeated_row() {
        let rows = blobs(60);
        let weights: Vec<f64> = (0..60).map(|i| f64::from(i % 3 + 1)).collect();
        let repeated: Vec<[f64; 2]> =
            rows.iter().zip(&weights).flat_map(|(row, &w)| vec![*row; w as usize]).collect();
        let weighted = matrix(&rows).with_weights(weights).unwrap();
        let left = KMeans::new(3).fit(&weighted, &Work::new()).unwrap();
        let right = KMeans::new(3).fit(&matrix(&repeated), &Work::new()).unwrap();
        assert!((left.inertia() - right.inertia()).abs() < 1e-9 * right.inertia());
    }

    #[test]
    fn impossible_requests_are_typed() {
        let same = matrix(&[[1.0, 1.0]; 5]);
        let error = KMeans::new(2).fit(&same, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::TooFewDistinct { k: 2, distinct: 1 }));
        assert!(matches!(KMeans::new(0).validate(), Err(SegmentError::Param { name: "k", .. })));
        assert!(matches!(
            KMeans::new(1).restarts(0).validate(),
            Err(SegmentError::Param { name: "restarts", .. })
        ));
        // Without a feature all customers are alike.
        let nothing = FeatureMatrix::new(crate::units::CustomerIds::numbered(3).unwrap());
        assert_eq!(KMeans::new(1).fit(&nothing, &Work::new()).unwrap().n_segments(), 1);
        assert!(matches!(
            KMeans::new(2).fit(&nothing, &Work::new()),
            Err(SegmentError::TooFewDistinct { .. })
        ));
        let nobody = matrix(&[]);
        assert!(matches!(
            KMeans::new(1).fit(&nobody, &Work::new()),
            Err(SegmentError::NoCustomers)
        ));
        assert_eq!(KMeans::new(1).fit(&same, &Work::new()).unwrap().inertia(), 0.0);
    }

    #[test]
    fn a_cancelled_fit_stops() {
        let work = Work::new();
        work.canceller().cancel();
        assert!(matches!(
            KMeans::new(2).fit(&matrix(&blobs(30)), &work),
            Err(SegmentError::Cancelled(_))
        ));
    }
}
