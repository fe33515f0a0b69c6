//! Several bases at once: needs, behaviour and value, each with the weight that it shall have.

use crate::cluster::points::Points;
use crate::cluster::{SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix};
use crate::num::blocks;
use crate::work::Work;

/// A method on several bases with stated weights.
///
/// Put side by side, the basis with the most columns, or the widest ones, makes the segments. Here
/// the columns of each basis are multiplied by one factor, so that its variance in all is its
/// weight: a basis of weight 2 counts twice as much as one of weight 1 in every squared distance,
/// whatever its columns. Within a basis the columns keep their proportions; scale them first (see
/// [`Scaling`](crate::features::Scaling)). [`JointModel::shares`] says what became of it.
///
/// Takes numbers and yes/no, and a method that looks at squared distances, as
/// [`KMeans`](crate::cluster::KMeans) does.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Joint, KMeans, Segmenter};
/// use segmentry::{features::FeatureMatrix, work::Work};
///
/// let rows = [[0.0, 0.0, 1.0], [1.0, 1.0, 2.0], [0.0, 0.0, 31.0], [1.0, 1.0, 32.0]];
/// let matrix = FeatureMatrix::from_rows(&["fast", "cheap", "spend"], &rows)?;
/// let model = Joint::of(KMeans::new(2))
///     .basis("needs", ["fast", "cheap"], 2.0)
///     .basis("value", ["spend"], 1.0)
///     .fit(&matrix, &Work::new())?;
/// // Needs count twice: the segments are those of needs, though spend has the larger numbers.
/// assert_eq!(model.shares()[0].explained, Some(1.0));
/// assert!(model.shares()[1].explained.unwrap() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Joint<S> {
    method: S,
    bases: Vec<Basis>,
}

/// Columns that count together.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    name: String,
    columns: Vec<String>,
    weight: f64,
}

/// A method fitted to several bases.
#[derive(Debug, Clone, PartialEq)]
pub struct JointModel<M> {
    model: M,
    /// Each basis with its factor.
    bases: Vec<(Basis, f64)>,
    shares: Vec<BasisShare>,
}

/// How much one basis counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BasisShare {
    /// The basis.
    pub name: String,
    /// Its part of the squared distances of all customers from their common mean: its weight
    /// divided by all weights, or zero where all customers are alike in it.
    pub of_all: f64,
    /// Its part of what lies between the segments: which basis made them. `None` where the segments
    /// do not differ.
    pub of_between: Option<f64>,
    /// How much of its own variance the segments account for, from 0 to 1. `None` where it does not
    /// vary.
    pub explained: Option<f64>,
}

impl<S> Joint<S> {
    /// A method that will be fitted to the bases that follow.
    pub fn of(method: S) -> Self {
        Self { method, bases: Vec::new() }
    }

    /// Adds a basis: its columns, and how much it shall count.
    #[must_use]
    pub fn basis(
        mut self,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
        weight: f64,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.bases.push(Basis { name: name.into(), columns, weight });
        self
    }

    /// Checks the bases; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`] where there is no basis, a basis has no column, or a weight is not
    /// greater than 0; [`SegmentError::Features`] where a column is named twice.
    pub fn validate(&self) -> Result<(), SegmentError> {
        if self.bases.is_empty() || self.bases.iter().any(|basis| basis.columns.is_empty()) {
            let expected = "at least one, each with a column";
            return Err(SegmentError::Param { name: "bases", value: 0.0, expected });
        }
        let good = |weight: f64| weight > 0.0 && weight.is_finite();
        if let Some(basis) = self.bases.iter().find(|basis| !good(basis.weight)) {
            let (name, value) = ("weight", basis.weight);
            return Err(SegmentError::Param { name, value, expected: "finite and greater than 0" });
        }
        let mut columns: Vec<&String> = self.bases.iter().flat_map(|b| &b.columns).collect();
        columns.sort_unstable();
        match columns.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => {
                let column = twice[0].clone();
                Err(SegmentError::Features(FeatureError::ColumnTwice { column }))
            }
            None => Ok(()),
        }
    }
}

/// The columns of a basis, multiplied.
fn scaled(features: &FeatureMatrix, bases: &[(Basis, f64)]) -> Result<FeatureMatrix, SegmentError> {
    let mut matrix = FeatureMatrix::new(features.ids().clone());
    for (basis, factor) in bases {
        let columns = features.select(&basis.columns).map_err(SegmentError::Features)?;
        let points = Points::of(&columns)?;
        for (place, name) in basis.columns.iter().enumerate() {
            let values = points.column(place).iter().map(|value| value * factor).collect();
            let column = FeatureColumn::numbers(name.clone(), values);
            matrix = matrix.with(column).map_err(|_| SegmentError::TooFar)?;
        }
    }
    match features.weights() {
        Some(weights) => matrix.with_weights(weights.to_vec()).map_err(SegmentError::Features),
        None => Ok(matrix),
    }
}

/// Sums of squares of some columns: from their means, and from those of their segments.
struct Squares {
    all: f64,
    within: f64,
}

fn squares(points: &Points<'_>, columns: impl Iterator<Item = usize>, labels: &[usize]) -> Squares {
    let (n, k) = (points.n(), labels.iter().max().map_or(0, |&last| last + 1));
    let (mut all, mut within) = (0.0, 0.0);
    for column in columns {
        let (mut weights, mut sums) = (vec![0.0; k], vec![0.0; k]);
        for (row, &label) in labels.iter().enumerate() {
            weights[label] += points.weight(row);
            sums[label] += points.weight(row) * points.value(row, column);
        }
        let weight = blocks::sum(k, |label| weights[label]);
        let mean = blocks::sum(k, |label| sums[label]) / weight;
        let means: Vec<f64> = sums.iter().zip(&weights).map(|(sum, weight)| sum / weight).collect();
        let off = |row: usize, from: f64| {
            let off = points.value(row, column) - from;
            points.weight(row) * off * off
        };
        all += blocks::sum(n, |row| off(row, mean));
        within += blocks::sum(n, |row| off(row, means[labels[row]]));
    }
    Squares { all, within }
}

impl<S: Segmenter> Segmenter for Joint<S> {
    type Model = JointModel<S::Model>;

    /// # Errors
    ///
    /// As [`validate`](Joint::validate) and the method; [`SegmentError::NoCustomers`];
    /// [`SegmentError::Features`] for missing values, ordered answers and categories;
    /// [`SegmentError::TooFar`] where squares overflow; [`SegmentError::NotAPartition`] where the
    /// method leaves customers out, so that nothing can be said of the shares.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<Self::Model, SegmentError> {
        self.validate()?;
        if features.n_customers() == 0 {
            return Err(SegmentError::NoCustomers);
        }
        let as_one = vec![0; features.n_customers()];
        let mut bases = Vec::with_capacity(self.bases.len());
        for basis in &self.bases {
            let columns = features.select(&basis.columns).map_err(SegmentError::Features)?;
            let points = Points::of(&columns)?;
            let all = squares(&points, 0..points.d(), &as_one).all;
            let mass = blocks::sum(points.n(), |row| points.weight(row));
            let factor = if all > 0.0 { (basis.weight * mass / all).sqrt() } else { 1.0 };
            if !(factor.is_finite() && factor > 0.0) {
                return Err(SegmentError::TooFar);
            }
            bases.push((basis.clone(), factor));
        }
        let matrix = scaled(features, &bases)?;
        let model = self.method.fit(&matrix, work)?;
        let labels = model.assign(&matrix, work)?.partition()?;
        let labels: Vec<usize> = labels.into_iter().map(|label| label.index()).collect();
        let shares = shares(&Points::of(&matrix)?, &bases, &labels);
        Ok(JointModel { model, bases, shares })
    }
}

fn shares(points: &Points<'_>, bases: &[(Basis, f64)], labels: &[usize]) -> Vec<BasisShare> {
    let mut first = 0;
    let each: Vec<Squares> = bases
        .iter()
        .map(|(basis, _)| {
            let columns = first..first + basis.columns.len();
            first = columns.end;
            squares(points, columns, labels)
        })
        .collect();
    let between = |squares: &Squares| (squares.all - squares.within).max(0.0);
    let all = blocks::sum(each.len(), |basis| each[basis].all);
    let all_between = blocks::sum(each.len(), |basis| between(&each[basis]));
    let part = |of: f64, whole: f64| (whole > 0.0).then(|| of / whole);
    let share = |((basis, _), squares): (&(Basis, f64), &Squares)| BasisShare {
        name: basis.name.clone(),
        of_all: part(squares.all, all).unwrap_or(0.0),
        of_between: part(between(squares), all_between),
        explained: part(between(squares), squares.all),
    };
    bases.iter().zip(&each).map(share).collect()
}

impl<M> JointModel<M> {
    /// The fitted method, on the multiplied columns.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// How much each basis counts, in the order given.
    pub fn shares(&self) -> &[BasisShare] {
        &self.shares
    }

    /// What the columns of each basis are multiplied by.
    pub fn factors(&self) -> impl Iterator<Item = (&str, f64)> {
        self.bases.iter().map(|(basis, factor)| (basis.name.as_str(), *factor))
    }
}

impl<M: SegmentModel> SegmentModel for JointModel<M> {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        self.model.assign(&scaled(features, &self.bases)?, work)
    }

    fn story(&self) -> String {
        let share = |share: &BasisShare| match share.explained {
            Some(explained) => format!("{} {:.0} %", share.name, 100.0 * explained),
            None => format!("{} does not vary", share.name),
        };
        let shares: Vec<String> = self.shares.iter().map(share).collect();
        format!("{}; variance explained: {}", self.model.story(), shares.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::KMeans;

    /// Needs make two groups along the rows, spend two others.
    fn matrix() -> FeatureMatrix {
        let rows: Vec<[f64; 3]> = (0..80)
            .map(|i| {
                let noise = f64::from((i * 37) % 11) * 0.01;
                [f64::from(i % 2) + noise, f64::from(i % 2), f64::from(i / 40) * 900.0 + noise]
            })
            .collect();
        FeatureMatrix::from_rows(&["fast", "cheap", "spend"], &rows).unwrap()
    }

    #[test]
    fn the_weights_decide_and_the_shares_say_so() {
        let two = |needs: f64, value: f64| {
            Joint::of(KMeans::new(2))
                .basis("needs", ["fast", "cheap"], needs)
                .basis("value", ["spend"], value)
                .fit(&matrix(), &Work::new())
                .unwrap()
        };
        let by_needs = two(3.0, 1.0);
        assert!((by_needs.shares()[0].of_all - 0.75).abs() < 1e-12);
        assert!(by_needs.shares()[0].explained.unwrap() > 0.99);
        assert!(by_needs.shares()[0].of_between.unwrap() > 0.99);
        let by_value = two(1.0, 3.0);
        assert!(by_value.shares()[1].explained.unwrap() > 0.99);
        // The unit of a basis does not matter.
        let labels = |model: &JointModel<crate::cluster::KMeansModel>, matrix: &FeatureMatrix| {
            model.assign(matrix, &Work::new()).unwrap().partition().unwrap()
        };
        let labels = labels(&by_value, &matrix());
        assert!((0..80).all(|row| (labels[row] == labels[0]) == (row < 40)));
    }

    #[test]
    fn a_basis_that_does_not_vary_says_so() {
        let rows = [[0.0, 7.0], [1.0, 7.0], [5.0, 7.0]];
        let matrix = FeatureMatrix::from_rows(&["a", "b"], &rows).unwrap();
        let joint = Joint::of(KMeans::new(2)).basis("a", ["a"], 1.0).basis("b", ["b"], 1.0);
        let model = joint.fit(&matrix, &Work::new()).unwrap();
        assert_eq!((model.shares()[1].of_all, model.shares()[1].explained), (0.0, None));
        assert!(model.story().contains("b does not vary"));
    }

    #[test]
    fn impossible_bases_are_typed() {
        let joint = || Joint::of(KMeans::new(2));
        assert!(matches!(joint().validate(), Err(SegmentError::Param { name: "bases", .. })));
        assert!(joint().basis("a", ["a"], f64::NAN).validate().is_err());
        assert!(joint().basis("a", ["a"], 1.0).basis("b", ["a"], 1.0).validate().is_err());
        assert!(joint().basis("a", Vec::<String>::new(), 1.0).validate().is_err());
        let far = FeatureMatrix::from_rows(&["a"], &[[-1e300], [1e300]]).unwrap();
        let error = joint().basis("a", ["a"], 1.0).fit(&far, &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::TooFar));
    }
}
