//! Customers as points: numbers by column, borrowed from the matrix where it has them.

use std::borrow::Cow;

use crate::cluster::SegmentError;
use crate::features::{FeatureMatrix, FeatureValues};

/// Numbers of customers, column by column, all finite, with weights.
///
/// The columns are those of the matrix, so that a million customers are not copied; yes and no
/// become one and zero.
#[derive(Debug, Clone)]
pub(crate) struct Points<'a> {
    n: usize,
    columns: Vec<Cow<'a, [f64]>>,
    weights: Option<Cow<'a, [f64]>>,
}

impl<'a> Points<'a> {
    /// The numbers of a matrix.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] for missing values, ordered answers and categories.
    pub(crate) fn of(features: &'a FeatureMatrix) -> Result<Self, SegmentError> {
        features.check_numbers().map_err(SegmentError::Features)?;
        let columns = features.columns().iter().map(|column| match column.values() {
            FeatureValues::Numbers(values) => Cow::Borrowed(values.as_slice()),
            _ => (0..features.n_customers()).map(|row| column.number(row).unwrap_or(0.0)).collect(),
        });
        Ok(Self {
            n: features.n_customers(),
            columns: columns.collect(),
            weights: features.weights().map(Cow::Borrowed),
        })
    }

    /// Points from columns of `n` finite numbers each.
    pub(crate) fn from_columns(
        n: usize,
        columns: Vec<Vec<f64>>,
        weights: Option<Vec<f64>>,
    ) -> Points<'static> {
        let columns = columns.into_iter().map(Cow::Owned).collect();
        Points { n, columns, weights: weights.map(Cow::Owned) }
    }

    /// How many points.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// How many numbers a point has.
    pub(crate) fn d(&self) -> usize {
        self.columns.len()
    }

    /// One number of all points.
    pub(crate) fn column(&self, column: usize) -> &[f64] {
        &self.columns[column]
    }

    /// One number of one point.
    pub(crate) fn value(&self, row: usize, column: usize) -> f64 {
        self.columns[column][row]
    }

    /// The numbers of a point.
    pub(crate) fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[row]).collect()
    }

    /// Writes the numbers of a point.
    pub(crate) fn copy_row(&self, row: usize, to: &mut [f64]) {
        for (value, column) in to.iter_mut().zip(&self.columns) {
            *value = column[row];
        }
    }

    /// The weight of a point.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The weights, where not all are one.
    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// Gives the points other weights.
    pub(crate) fn set_weights(&mut self, weights: Vec<f64>) {
        self.weights = Some(Cow::Owned(weights));
    }

    /// Some of the points, in the order given.
    pub(crate) fn rows(&self, rows: &[usize]) -> Points<'static> {
        let take = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        Points::from_columns(
            rows.len(),
            self.columns.iter().map(|column| take(column)).collect(),
            self.weights.as_deref().map(take),
        )
    }
}
