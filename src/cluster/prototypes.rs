//! K-prototypes: segments around centres of mixed kinds, a mean for a number and the commonest
//! answer for the rest.

use crate::cluster::mixed::{Kind, Layout, MixedRows};
use crate::cluster::{Membership, SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// K-means for numbers beside yes/no and named answers.
///
/// The distance of a customer from a segment is the sum of squared differences of the numbers plus
/// `gamma` for every answer that is not the segment's commonest. Ordered answers count as named
/// ones; for distances by rank choose [`KMedoids`](crate::cluster::KMedoids) with
/// [`Gower`](crate::cluster::Dissimilarity::Gower). A missing value has no distance and does not
/// count towards its segment's centre. Weights count as repeated rows.
///
/// Choose it for customers described by both kinds, on comparable scales (see
/// [`Scaling`](crate::features::Scaling)), and look at
/// [`shares`](PrototypesModel::shares): `gamma` decides which kind makes the segments.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KPrototypes, Segmenter};
/// use segmentry::features::{FeatureColumn, FeatureMatrix};
/// use segmentry::{units::CustomerIds, work::Work};
///
/// let matrix = FeatureMatrix::new(CustomerIds::numbered(4)?)
///     .with(FeatureColumn::numbers("age", vec![-1.0, -0.5, 0.5, 1.0]))?
///     .with(FeatureColumn::yes_no("has children", vec![false, false, true, true]))?;
/// let model = KPrototypes::new(2).gamma(0.5).fit(&matrix, &Work::new())?;
/// assert_eq!(model.cost(), 4.0 * 0.25 * 0.25);
/// assert_eq!(model.centre(0), ["-0.75", "no"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Huang, Z. (1998). Extensions to the k-means algorithm for clustering large data sets with
/// categorical values. *Data Mining and Knowledge Discovery* 2, 283-304.
#[derive(Debug, Clone, PartialEq)]
pub struct KPrototypes {
    k: usize,
    gamma: Option<f64>,
    restarts: usize,
    max_iterations: usize,
    seed: u64,
}

/// Fitted centres of mixed kinds.
#[derive(Debug, Clone, PartialEq)]
pub struct PrototypesModel {
    layout: Layout,
    gamma: f64,
    centres: Vec<Vec<f64>>,
    cost: f64,
    shares: Vec<VariableShare>,
    iterations: usize,
    converged: bool,
    hits: usize,
    restarts: usize,
}

/// How much one variable counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VariableShare {
    /// The variable.
    pub name: String,
    /// Its part of the distances of all customers from one common centre, before there are
    /// segments: what it brings to the fit. `None` where all customers are alike.
    pub of_all: Option<f64>,
    /// Its part of the distances that remain within the segments. `None` where none remain.
    pub of_within: Option<f64>,
    /// How much of its own distances the segments account for, from 0 to 1. `None` where it does
    /// not vary.
    pub explained: Option<f64>,
}

/// Starts whose cost is the best to this share of it found the same optimum.
const HIT_TOLERANCE: f64 = 1e-9;

impl KPrototypes {
    /// Asks for `k` segments: `gamma` half the mean standard deviation of the numbers (the default
    /// of the field, from Huang's paper), the best of 20 starts of at most 100 iterations, seed 0.
    pub fn new(k: usize) -> Self {
        Self { k, gamma: None, restarts: 20, max_iterations: 100, seed: 0 }
    }

    /// What an answer that differs adds to a squared distance.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = Some(gamma);
        self
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
        if let Some((name, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(SegmentError::Param { name, value: 0.0, expected: "at least 1" });
        }
        match self.gamma {
            Some(value) if !(value >= 0.0 && value.is_finite()) => {
                let expected = "finite and not negative";
                Err(SegmentError::Param { name: "gamma", value, expected })
            }
            _ => Ok(()),
        }
    }
}

impl Segmenter for KPrototypes {
    type Model = PrototypesModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::NoCustomers`]; [`SegmentError::TooFewDistinct`];
    /// [`SegmentError::NothingKnown`] for a customer whose values are all missing;
    /// [`SegmentError::TooFar`]; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Proportional to customers x features x segments x iterations x restarts.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<PrototypesModel, SegmentError> {
        self.validate()?;
        let layout = Layout::of(features);
        let rows = layout.rows(features)?;
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
        let gamma = self.gamma.unwrap_or_else(|| half_mean_deviation(&layout, &rows));
        let method = Method { factors: factors(&layout, gamma), rows: &rows, layout: &layout };
        work.begin("grouping customers", Some(self.restarts as u64))?;
        let runs = blocks::map_tasks(self.restarts, work, |restart| {
            let mut stream = Stream::new(self.seed, Purpose::Restart, restart as u64);
            method.run(method.seeds(self.k, &mut stream), self.max_iterations, work)
        })?;
        let runs = runs.into_iter().collect::<Result<Vec<Run>, Cancelled>>()?;
        let least = runs.iter().map(|run| run.cost).fold(f64::INFINITY, f64::min);
        let hit = |run: &&Run| run.cost <= least + HIT_TOLERANCE * least.abs();
        let hits = runs.iter().filter(hit).count();
        let best = runs.into_iter().find(|run| run.cost == least).ok_or(SegmentError::TooFar)?;
        if !least.is_finite() {
            return Err(SegmentError::TooFar);
        }
        let best = best.in_order();
        let shares = method.shares(&best);
        Ok(PrototypesModel {
            layout,
            gamma,
            centres: best.centres,
            cost: best.cost,
            shares,
            iterations: best.iterations,
            converged: best.converged,
            hits,
            restarts: self.restarts,
        })
    }
}

impl PrototypesModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.centres.len()
    }

    /// The centre of a segment as text, one value per variable: the mean of a number, the
    /// commonest answer of the rest.
    pub fn centre(&self, segment: usize) -> Vec<String> {
        let values = self.centres[segment].iter().enumerate();
        values.map(|(column, &value)| self.layout.text(column, value)).collect()
    }

    /// The sum of the distances of the customers from their centres.
    pub fn cost(&self) -> f64 {
        self.cost
    }

    /// What an answer that differs adds to a squared distance.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// How much each variable counts, in the order of the columns.
    pub fn shares(&self) -> &[VariableShare] {
        &self.shares
    }

    /// Iterations of the best start.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the best start ended because nobody changed place any more.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// How many of the starts found the best optimum.
    pub fn hits(&self) -> usize {
        self.hits
    }
}

impl SegmentModel for PrototypesModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let rows = self.layout.rows(features)?;
        if let Some(row) = rows.unknown() {
            return Err(SegmentError::NothingKnown { row });
        }
        let method = Method {
            factors: factors(&self.layout, self.gamma),
            rows: &rows,
            layout: &self.layout,
        };
        let (labels, _) = method.place(&self.centres, work)?;
        let hard = labels.into_iter().map(|label| Some(SegmentId(label))).collect();
        let names = (1..=self.n_segments()).map(|number| format!("Segment {number}")).collect();
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.layout.names()))
    }

    fn story(&self) -> String {
        format!(
            "{} by k-prototypes (best of {} starts, found by {}; gamma {:.3})",
            self.n_segments(),
            self.restarts,
            self.hits,
            self.gamma
        )
    }
}

/// What a difference in each column counts.
fn factors(layout: &Layout, gamma: f64) -> Vec<f64> {
    let factor = |column| if *layout.kind(column) == Kind::Number { 1.0 } else { gamma };
    (0..layout.len()).map(factor).collect()
}

/// Half the mean standard deviation of the numbers; one where there are none.
fn half_mean_deviation(layout: &Layout, rows: &MixedRows) -> f64 {
    let numbers: Vec<usize> =
        (0..layout.len()).filter(|&column| *layout.kind(column) == Kind::Number).collect();
    let deviation = |column: usize| {
        let known = |row: usize| if rows.has(row, column) { rows.weight(row) } else { 0.0 };
        let n = blocks::sum(rows.n(), known);
        let mean = blocks::sum(rows.n(), |row| known(row) * rows.row(row)[column]) / n;
        let squares = blocks::sum(rows.n(), |row| {
            let off = rows.row(row)[column] - mean;
            known(row) * off * off
        });
        if n > 0.0 { (squares / n).sqrt() } else { 0.0 }
    };
    let total = blocks::sum(numbers.len(), |place| deviation(numbers[place]));
    if numbers.is_empty() { 1.0 } else { 0.5 * total / numbers.len() as f64 }
}

/// The rows and what their differences count.
struct Method<'a> {
    layout: &'a Layout,
    rows: &'a MixedRows,
    factors: Vec<f64>,
}

/// One start, carried to its end.
struct Run {
    centres: Vec<Vec<f64>>,
    labels: Vec<u32>,
    cost: f64,
    iterations: usize,
    converged: bool,
}

impl Run {
    /// The same run with its segments in the order of their centres, so that numbers do not depend
    /// on the seeds.
    fn in_order(mut self) -> Self {
        let mut order: Vec<usize> = (0..self.centres.len()).collect();
        order.sort_by(|&a, &b| {
            let pairs = self.centres[a].iter().zip(&self.centres[b]);
            pairs.map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(a.cmp(&b))
        });
        let mut rank = vec![0u32; order.len()];
        for (place, &centre) in order.iter().enumerate() {
            rank[centre] = place as u32;
        }
        self.centres = order.iter().map(|&centre| self.centres[centre].clone()).collect();
        self.labels.iter_mut().for_each(|label| *label = rank[*label as usize]);
        self
    }
}

impl Method<'_> {
    /// What a column adds to the distance of a row from a centre.
    fn part(&self, row: usize, column: usize, centre: &[f64]) -> f64 {
        if !self.rows.has(row, column) {
            return 0.0;
        }
        let (x, m) = (self.rows.row(row)[column], centre[column]);
        match self.layout.kind(column) {
            Kind::Number => (x - m) * (x - m),
            _ if x == m => 0.0,
            _ => self.factors[column],
        }
    }

    fn distance(&self, row: usize, centre: &[f64]) -> f64 {
        let mut total = 0.0;
        for column in 0..self.layout.len() {
            total += self.part(row, column, centre);
        }
        total
    }

    /// The nearest centre, of equally near ones the first, and the distance to it.
    fn nearest(&self, row: usize, centres: &[Vec<f64>]) -> (u32, f64) {
        let mut best = (0, f64::INFINITY);
        for (number, centre) in centres.iter().enumerate() {
            let distance = self.distance(row, centre);
            if distance < best.1 {
                best = (number as u32, distance);
            }
        }
        best
    }

    /// Places every row, and the sum of the distances.
    fn place(&self, centres: &[Vec<f64>], work: &Work) -> Result<(Vec<u32>, f64), Cancelled> {
        let parts = blocks::map_blocks(self.rows.n(), work, |block| {
            let mut cost = 0.0;
            let labels: Vec<u32> = block
                .map(|row| {
                    let (label, distance) = self.nearest(row, centres);
                    cost += self.rows.weight(row) * distance;
                    label
                })
                .collect();
            (labels, cost)
        })?;
        let (mut labels, mut cost) = (Vec::with_capacity(self.rows.n()), 0.0);
        for (part, share) in parts {
            labels.extend(part);
            cost += share;
        }
        Ok((labels, cost))
    }

    /// Rows drawn as centres, each with a chance proportional to its weight and its distance from
    /// those drawn.
    fn seeds(&self, k: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
        let n = self.rows.n();
        let mut nearest = vec![f64::INFINITY; n];
        let mut mass: Vec<f64> = (0..n).map(|row| self.rows.weight(row)).collect();
        let mut centres: Vec<Vec<f64>> = Vec::with_capacity(k);
        for _ in 0..k {
            let centre = self.rows.row(stream.proportional(&mass)).to_vec();
            for row in 0..n {
                nearest[row] = nearest[row].min(self.distance(row, &centre));
                mass[row] = self.rows.weight(row) * nearest[row];
            }
            centres.push(centre);
        }
        centres
    }

    /// The centres of the segments that these labels make.
    fn centres(&self, labels: &[u32], k: usize) -> Vec<Vec<f64>> {
        let d = self.layout.len();
        let mut centres = vec![vec![0.0; d]; k];
        for column in 0..d {
            let levels = match self.layout.kind(column) {
                Kind::Number => 1,
                Kind::Ordered(levels) | Kind::Named(levels) => levels.len(),
            };
            let number = *self.layout.kind(column) == Kind::Number;
            // Per segment: the sum and weight of a number, or the weight of each answer.
            let (mut sums, mut weights) = (vec![0.0; k], vec![0.0; k * levels]);
            for (row, &label) in labels.iter().enumerate() {
                if self.rows.has(row, column) {
                    let (value, weight) = (self.rows.row(row)[column], self.rows.weight(row));
                    let level = if number { 0 } else { value as usize };
                    sums[label as usize] += weight * value;
                    weights[label as usize * levels + level] += weight;
                }
            }
            for (segment, centre) in centres.iter_mut().enumerate() {
                let weights = &weights[segment * levels..(segment + 1) * levels];
                centre[column] = if !number {
                    let commonest = |best, level| {
                        if weights[level] > weights[best] { level } else { best }
                    };
                    (1..levels).fold(0, commonest) as f64
                } else if weights[0] > 0.0 {
                    sums[segment] / weights[0]
                } else {
                    0.0
                };
            }
        }
        centres
    }

    /// Placing and centring in turn, until nobody changes place.
    fn run(
        &self,
        start: Vec<Vec<f64>>,
        max_iterations: usize,
        work: &Work,
    ) -> Result<Run, Cancelled> {
        let k = start.len();
        let (mut centres, mut labels) = (start, Vec::new());
        let (mut iterations, mut converged) = (0, false);
        while iterations < max_iterations && !converged {
            iterations += 1;
            let (mut next, _) = self.place(&centres, work)?;
            let filled = self.fill_empty(&mut next, &centres);
            converged = !filled && next == labels;
            centres = self.centres(&next, k);
            labels = next;
        }
        // Placed by the final centres, so that assigning the same customers again gives the same.
        let (labels, cost) = self.place(&centres, work)?;
        Ok(Run { centres, labels, cost, iterations, converged })
    }

    /// Gives each empty segment the row that lies farthest from its centre and is not the last of
    /// its segment.
    fn fill_empty(&self, labels: &mut [u32], centres: &[Vec<f64>]) -> bool {
        let mut counts = vec![0usize; centres.len()];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        let mut filled = false;
        for empty in 0..centres.len() {
            if counts[empty] > 0 {
                continue;
            }
            let mut farthest: Option<(f64, usize)> = None;
            for (row, &label) in labels.iter().enumerate() {
                let distance = self.rows.weight(row) * self.distance(row, &centres[label as usize]);
                if counts[label as usize] > 1 && farthest.is_none_or(|(most, _)| distance > most) {
                    farthest = Some((distance, row));
                }
            }
            let Some((_, row)) = farthest else { break };
            counts[labels[row] as usize] -= 1;
            counts[empty] += 1;
            labels[row] = empty as u32;
            filled = true;
        }
        filled
    }

    fn shares(&self, best: &Run) -> Vec<VariableShare> {
        let (n, d) = (self.rows.n(), self.layout.len());
        let common = self.centres(&vec![0; n], 1);
        let total = |column: usize, centre: &dyn Fn(usize) -> usize, centres: &[Vec<f64>]| {
            blocks::sum(n, |row| {
                self.rows.weight(row) * self.part(row, column, &centres[centre(row)])
            })
        };
        let all: Vec<f64> = (0..d).map(|column| total(column, &|_| 0, &common)).collect();
        let own = |row: usize| best.labels[row] as usize;
        let within: Vec<f64> = (0..d).map(|column| total(column, &own, &best.centres)).collect();
        let (sum_all, sum_within) = (blocks::sum(d, |j| all[j]), blocks::sum(d, |j| within[j]));
        let part = |of: f64, whole: f64| (whole > 0.0).then(|| of / whole);
        let share = |column: usize| VariableShare {
            name: self.layout.name(column).to_owned(),
            of_all: part(all[column], sum_all),
            of_within: part(within[column], sum_within),
            explained: part(all[column] - within[column], all[column]),
        };
        (0..d).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{FeatureColumn, FeatureValues};
    use crate::units::CustomerIds;

    fn mixed(n: usize) -> FeatureMatrix {
        let mut stream = Stream::new(3, Purpose::Restart, 0);
        let age: Vec<Option<f64>> =
            (0..n).map(|i| (i % 11 != 0).then(|| [0.0, 6.0][i % 2] + stream.normal())).collect();
        let colour = (0..n).map(|i| if i % 10 == 9 { 2 } else { (i % 2) as u32 }).collect();
        let levels = ["red", "green", "blue"].map(str::to_owned).to_vec();
        FeatureMatrix::new(CustomerIds::numbered(n).unwrap())
            .with(FeatureColumn::numbers_or_missing("age", age))
            .unwrap()
            .with(FeatureColumn::of("colour", FeatureValues::Category { levels, codes: colour }))
            .unwrap()
            .with(FeatureColumn::yes_no("member", (0..n).map(|i| i % 3 == 0).collect()))
            .unwrap()
    }

    #[test]
    fn mixed_groups_are_found_and_their_customers_stay() {
        let matrix = mixed(200);
        let model = KPrototypes::new(2).fit(&matrix, &Work::new()).unwrap();
        let labels = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let odd = (1..200).step_by(2).filter(|&i| labels[i] == labels[1]).count();
        let even = (2..200).step_by(2).filter(|&i| labels[i] != labels[1]).count();
        assert!(odd >= 98 && even >= 97, "{odd} {even}");
        assert!(model.converged() && model.hits() > 0);
    }

    /// The cost, from its definition.
    #[test]
    fn the_cost_is_the_sum_of_the_distances() {
        let matrix = mixed(120);
        let model = KPrototypes::new(3).gamma(0.7).fit(&matrix, &Work::new()).unwrap();
        let labels = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let mut cost = 0.0;
        for row in 0..120 {
            let centre = &model.centres[labels[row].index()];
            for (column, &m) in matrix.columns().iter().zip(centre) {
                let Some(x) = column.number(row) else { continue };
                let number = matches!(column.values(), FeatureValues::Numbers(_));
                cost += if number { (x - m) * (x - m) } else { 0.7 * f64::from(u8::from(x != m)) };
            }
        }
        assert!((cost - model.cost()).abs() < 1e-9 * cost);
        let within: f64 = model.shares().iter().map(|share| share.of_within.unwrap()).sum();
        let all: f64 = model.shares().iter().map(|share| share.of_all.unwrap()).sum();
        assert!((within - 1.0).abs() < 1e-12 && (all - 1.0).abs() < 1e-12);
        let age = model.shares()[0].explained.unwrap();
        assert!((0.5..1.0).contains(&age), "{age}");
    }

    #[test]
    fn a_weight_is_a_repeated_row() {
        let matrix = mixed(60);
        let weights: Vec<f64> = (0..60).map(|i| f64::from(i % 3 + 1)).collect();
        let rows: Vec<usize> = (0..60).flat_map(|row| vec![row; row % 3 + 1]).collect();
        let column = |column: &FeatureColumn| match column.values() {
            FeatureValues::Numbers(_) => FeatureColumn::numbers_or_missing(
                column.name(),
                rows.iter().map(|&row| column.number(row)).collect::<Vec<_>>(),
            ),
            FeatureValues::Category { levels, codes } => {
                let codes = rows.iter().map(|&row| codes[row]).collect();
                let levels = levels.clone();
                FeatureColumn::of(column.name(), FeatureValues::Category { levels, codes })
            }
            _ => FeatureColumn::yes_no(
                column.name(),
                rows.iter().map(|&row| column.number(row) == Some(1.0)).collect(),
            ),
        };
        let empty = FeatureMatrix::new(CustomerIds::numbered(rows.len()).unwrap());
        let repeated = matrix
            .columns()
            .iter()
            .fold(empty, |matrix, source| matrix.with(column(source)).unwrap());
        let method = KPrototypes::new(2).restarts(40);
        let left = method.fit(&matrix.with_weights(weights).unwrap(), &Work::new()).unwrap();
        let right = method.fit(&repeated, &Work::new()).unwrap();
        assert!((left.cost() - right.cost()).abs() < 1e-9 * right.cost());
        assert!((left.gamma() - right.gamma()).abs() < 1e-12);
    }

    #[test]
    fn impossible_requests_are_typed() {
        let work = Work::new();
        let gap = FeatureColumn::numbers_or_missing("x", [Some(1.0), None]);
        let unknown = FeatureMatrix::new(CustomerIds::numbered(2).unwrap()).with(gap).unwrap();
        let error = KPrototypes::new(1).fit(&unknown, &work).unwrap_err();
        assert!(matches!(error, SegmentError::NothingKnown { row: 1 }));
        assert!(KPrototypes::new(2).gamma(f64::NAN).validate().is_err());
        let far = FeatureMatrix::from_rows(&["x"], &[[-1e300], [1e300], [0.0]]).unwrap();
        let error = KPrototypes::new(2).gamma(1.0).fit(&far, &work).unwrap_err();
        assert!(matches!(error, SegmentError::TooFar), "{error}");
        let twice = FeatureMatrix::from_rows(&["x"], &[[1.0], [1.0]]).unwrap();
        let error = KPrototypes::new(2).fit(&twice, &work).unwrap_err();
        assert!(matches!(error, SegmentError::TooFewDistinct { k: 2, distinct: 1 }));
        // Another kind under the same name.
        let model = KPrototypes::new(1).fit(&twice, &work).unwrap();
        let other = FeatureMatrix::new(CustomerIds::numbered(1).unwrap())
            .with(FeatureColumn::yes_no("x", vec![true]))
            .unwrap();
        assert!(matches!(model.assign(&other, &work), Err(SegmentError::Features(_))));
    }
}
