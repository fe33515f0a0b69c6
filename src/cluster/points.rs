//! Customers as points: numbers by column, borrowed from the matrix where it has them.

use std::borrow::Cow;
use std::sync::OnceLock;

use pulp::WithSimd;

use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use crate::num::{blocks, simd};
use crate::work::{Cancelled, Work};

/// Numbers of customers, column by column, all finite, with weights.
///
/// The columns are those of the matrix, so that a million customers are not copied; yes and no
/// become one and zero.
#[derive(Debug, Clone)]
pub(crate) struct Points<'a> {
    n: usize,
    columns: Vec<Cow<'a, [f64]>>,
    weights: Option<Cow<'a, [f64]>>,
    extent: OnceLock<Extent>,
}

/// How large and how small the numbers of points are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extent {
    /// Of each column.
    pub(crate) columns: Vec<Magnitudes>,
    /// Of the weights.
    pub(crate) weights: Option<Magnitudes>,
}

/// The largest absolute value, and the least that is not zero; one and one where all are zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Magnitudes {
    pub(crate) largest: f64,
    pub(crate) least: f64,
}

impl<'a> Points<'a> {
    /// The numbers of a matrix.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] for missing values, ordered answers and categories.
    pub(crate) fn of(features: &'a FeatureMatrix) -> Result<Self, SegmentError> {
        features.check_numbers().map_err(SegmentError::Features)?;
        Ok(Self::borrowed(features, features.columns().iter()))
    }

    /// The numbers of some columns of a matrix, in this order.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] for a column that is not there, missing values, ordered answers
    /// and categories.
    pub(crate) fn of_columns<N: AsRef<str>>(
        features: &'a FeatureMatrix,
        names: &[N],
    ) -> Result<Self, SegmentError> {
        let columns = names
            .iter()
            .map(|name| {
                let column = features.column(name.as_ref())?;
                column.check_numbers()?;
                Ok(column)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(SegmentError::Features)?;
        Ok(Self::borrowed(features, columns.into_iter()))
    }

    fn borrowed(
        features: &'a FeatureMatrix,
        columns: impl Iterator<Item = &'a FeatureColumn>,
    ) -> Self {
        let n = features.n_customers();
        let columns = columns.map(|column| match column.values() {
            FeatureValues::Numbers(values) => Cow::Borrowed(values.as_slice()),
            _ => (0..n).map(|row| column.number(row).unwrap_or(0.0)).collect(),
        });
        Self {
            n,
            columns: columns.collect(),
            weights: features.weights().map(Cow::Borrowed),
            extent: OnceLock::new(),
        }
    }

    /// Points from columns of `n` finite numbers each.
    pub(crate) fn from_columns(
        n: usize,
        columns: Vec<Vec<f64>>,
        weights: Option<Vec<f64>>,
    ) -> Points<'static> {
        let columns = columns.into_iter().map(Cow::Owned).collect();
        Points { n, columns, weights: weights.map(Cow::Owned), extent: OnceLock::new() }
    }

    /// How large and how small the numbers are; found once.
    pub(crate) fn extent(&self, work: &Work) -> Result<&Extent, Cancelled> {
        if let Some(known) = self.extent.get() {
            return Ok(known);
        }
        let parts = blocks::map_blocks(self.n, work, |block| {
            let columns = self.columns.iter().chain(&self.weights);
            columns.map(|column| simd::run(Measure(&column[block.clone()]))).collect::<Vec<_>>()
        })?;
        let mut all = vec![(0.0f64, f64::INFINITY); self.columns.len() + 1];
        for part in &parts {
            for (all, part) in all.iter_mut().zip(part) {
                *all = (all.0.max(part.0), all.1.min(part.1));
            }
        }
        let mut found = all.into_iter().map(|(largest, least)| {
            if largest > 0.0 {
                Magnitudes { largest, least }
            } else {
                Magnitudes { largest: 1.0, least: 1.0 }
            }
        });
        let columns = found.by_ref().take(self.columns.len()).collect();
        let weights = if self.weights.is_some() { found.next() } else { None };
        Ok(self.extent.get_or_init(|| Extent { columns, weights }))
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
        self.extent = OnceLock::new();
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

/// The largest absolute value, and the least that is not zero: zero and infinity of nothing.
struct Measure<'a>(&'a [f64]);

impl WithSimd for Measure<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (f64, f64) {
        const LANES: usize = 16;
        let (mut largest, mut least) = ([0.0f64; LANES], [f64::INFINITY; LANES]);
        let mut look = |values: &[f64; LANES]| {
            for lane in 0..LANES {
                let value = values[lane].abs();
                let not_zero = if value > 0.0 { value } else { f64::INFINITY };
                largest[lane] = if value > largest[lane] { value } else { largest[lane] };
                least[lane] = if not_zero < least[lane] { not_zero } else { least[lane] };
            }
        };
        let (whole, rest) = self.0.as_chunks::<LANES>();
        whole.iter().for_each(&mut look);
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        look(&last);
        let most = |a: f64, &b: &f64| if b > a { b } else { a };
        let fewest = |a: f64, &b: &f64| if b < a { b } else { a };
        (largest.iter().fold(0.0, most), least.iter().fold(f64::INFINITY, fewest))
    }
}
