//! Rows of mixed kinds: numbers beside answers that are equal or not, with gaps.
//!
//! A layout remembers the columns of a fit and the names of their levels, so that rows of another
//! day, whose levels may be numbered otherwise, are compared with those of the fit by name.

use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};

/// What a method remembers of the columns it was fitted to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    columns: Vec<Column>,
}

/// One column of a layout.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    kind: Kind,
}

/// How two values of a column are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// By their difference.
    Number,
    /// By the difference of their ranks.
    Ordered(Vec<String>),
    /// Equal or not.
    Named(Vec<String>),
}

/// A level that the fit did not see: equal to no other.
const UNSEEN: f64 = -1.0;

/// Rows as numbers: a level is its number in the layout, a gap is marked.
#[derive(Debug, Clone)]
pub(crate) struct MixedRows {
    n: usize,
    d: usize,
    values: Vec<f64>,
    /// Whether a value is there; nothing where all are.
    present: Option<Vec<bool>>,
    weights: Option<Vec<f64>>,
}

impl Layout {
    /// The layout of a matrix.
    pub(crate) fn of(features: &FeatureMatrix) -> Self {
        let kind = |values: &FeatureValues| match values {
            FeatureValues::Numbers(_) => Kind::Number,
            FeatureValues::YesNo(_) => Kind::Named(vec!["no".to_owned(), "yes".to_owned()]),
            FeatureValues::Ordered { levels, .. } => Kind::Ordered(levels.clone()),
            FeatureValues::Category { levels, .. } => Kind::Named(levels.clone()),
        };
        let column = |column: &FeatureColumn| Column {
            name: column.name().to_owned(),
            kind: kind(column.values()),
        };
        Self { columns: features.columns().iter().map(column).collect() }
    }

    /// How many columns.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// How the values of a column are compared.
    pub(crate) fn kind(&self, column: usize) -> &Kind {
        &self.columns[column].kind
    }

    /// The name of a column.
    pub(crate) fn name(&self, column: usize) -> &str {
        &self.columns[column].name
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.columns.iter().map(|column| column.name.clone())
    }

    /// What a value of a column reads as.
    pub(crate) fn text(&self, column: usize, value: f64) -> String {
        match &self.columns[column].kind {
            Kind::Number => value.to_string(),
            Kind::Ordered(levels) | Kind::Named(levels) => {
                levels.get(value as usize).cloned().unwrap_or_default()
            }
        }
    }

    /// The rows of a matrix that has these columns, under these names and kinds.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] where a column is missing or of another kind.
    pub(crate) fn rows(&self, features: &FeatureMatrix) -> Result<MixedRows, SegmentError> {
        let (n, d) = (features.n_customers(), self.len());
        let mut values = vec![0.0; n * d];
        let mut present = vec![true; n * d];
        for (place, mine) in self.columns.iter().enumerate() {
            let theirs = features.column(&mine.name).map_err(SegmentError::Features)?;
            let number = mine.reader(theirs)?;
            for row in 0..n {
                match theirs.number(row) {
                    Some(value) => values[row * d + place] = number(value),
                    None => present[row * d + place] = false,
                }
            }
        }
        Ok(MixedRows {
            n,
            d,
            values,
            present: present.contains(&false).then_some(present),
            weights: features.weights().map(<[f64]>::to_vec),
        })
    }
}

impl Column {
    /// Turns a value of their column into one of ours.
    fn reader(&self, theirs: &FeatureColumn) -> Result<impl Fn(f64) -> f64 + use<>, SegmentError> {
        let yes_no = ["no".to_owned(), "yes".to_owned()];
        let (mine, levels): (&[String], &[String]) = match (&self.kind, theirs.values()) {
            (Kind::Number, FeatureValues::Numbers(_)) => (&[], &[]),
            (Kind::Ordered(mine), FeatureValues::Ordered { levels, .. })
            | (Kind::Named(mine), FeatureValues::Category { levels, .. }) => (mine, levels),
            (Kind::Named(mine), FeatureValues::YesNo(_)) => (mine, &yes_no),
            (_, other) => {
                let error = FeatureError::OtherKind {
                    column: self.name.clone(),
                    expected: self.kind.word(),
                    got: other.kind(),
                };
                return Err(SegmentError::Features(error));
            }
        };
        let number = |level: &String| mine.iter().position(|own| own == level);
        let codes: Vec<f64> =
            levels.iter().map(|level| number(level).map_or(UNSEEN, |code| code as f64)).collect();
        let as_is = self.kind == Kind::Number;
        Ok(move |value: f64| if as_is { value } else { codes[value as usize] })
    }
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Ordered(_) => "an ordered answer",
            Self::Named(_) => "a category",
        }
    }
}

impl MixedRows {
    /// How many rows.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// The values of a row; a gap holds zero.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    /// Which values of a row are there; `None` where no row has a gap.
    pub(crate) fn present(&self, row: usize) -> Option<&[bool]> {
        self.present.as_ref().map(|present| &present[row * self.d..(row + 1) * self.d])
    }

    /// Whether a value is there.
    pub(crate) fn has(&self, row: usize, column: usize) -> bool {
        self.present(row).is_none_or(|present| present[column])
    }

    /// The weight of a row.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The first row of which nothing is known.
    pub(crate) fn unknown(&self) -> Option<usize> {
        (0..self.n).find(|&row| {
            self.d > 0 && self.present(row).is_some_and(|present| !present.contains(&true))
        })
    }

    /// The first row and column without a value.
    pub(crate) fn first_gap(&self) -> Option<(usize, usize)> {
        let place = self.present.as_ref()?.iter().position(|&present| !present)?;
        Some((place / self.d, place % self.d))
    }

    /// Some of the rows, in the order given.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        let present = self.present.as_ref();
        Self {
            n: rows.len(),
            d: self.d,
            values: rows.iter().flat_map(|&row| self.row(row)).copied().collect(),
            present: present.map(|_| {
                rows.iter().flat_map(|&row| self.present(row)).flatten().copied().collect()
            }),
            weights: self
                .weights
                .as_ref()
                .map(|_| rows.iter().map(|&row| self.weight(row)).collect()),
        }
    }

    /// Multiplies a column.
    pub(crate) fn scale(&mut self, column: usize, factor: f64) {
        for row in 0..self.n {
            self.values[row * self.d + column] *= factor;
        }
    }

    /// How many rows differ from one another, counted up to `enough`.
    pub(crate) fn distinct(&self, enough: usize) -> usize {
        let mut seen: Vec<usize> = Vec::new();
        let same =
            |a: usize, b: usize| self.row(a) == self.row(b) && self.present(a) == self.present(b);
        for row in 0..self.n {
            if seen.len() == enough {
                break;
            }
            if seen.iter().all(|&other| !same(other, row)) {
                seen.push(row);
            }
        }
        seen.len()
    }
}
