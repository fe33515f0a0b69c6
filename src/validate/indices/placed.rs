//! Customers with numbers and one segment each, grouped by segment: what internal indices are
//! computed from.

use std::borrow::Cow;

use crate::cluster::Segmentation;
use crate::features::{FeatureMatrix, FeatureValues};
use crate::validate::ValidateError;

/// Customers with numbers and one segment each.
///
/// Weights of the matrix count as repeated rows. Every index but the inertia has no unit, and is
/// computed on numbers divided by a power of two near their range, so that no square overflows or
/// vanishes.
///
/// # Example
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::features::FeatureMatrix;
/// use segmentry::validate::indices::Placed;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [2.0], [10.0], [12.0]])?;
/// let segments = Segmentation::from_labels(matrix.ids(), &["a", "a", "b", "b"])?;
/// let placed = Placed::new(&matrix, &segments)?;
/// // Within squares 2 + 2, between 2 * 25 + 2 * 25: (100 / 1) / (4 / 2).
/// assert_eq!(placed.calinski_harabasz(), Some(50.0));
/// // The outer ones: 2 to their own, 11 to the others on average; the inner ones: 2 and 9.
/// let silhouette = placed.silhouette(&Work::new())?.unwrap();
/// assert!((silhouette.mean - (9.0 / 11.0 + 7.0 / 9.0) / 2.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Placed<'a> {
    columns: Vec<Cow<'a, [f64]>>,
    weights: Option<&'a [f64]>,
    /// Rows of the matrix, grouped by segment, in their order within it.
    rows: Vec<u32>,
    /// Where each segment begins in `rows`, and the end.
    starts: Vec<usize>,
    /// Weight of each segment.
    sizes: Vec<f64>,
    /// What numbers are multiplied by, a power of two.
    scale: f64,
    left_out: usize,
}

impl<'a> Placed<'a> {
    /// Customers of a segmentation with their numbers, matched by id. Who is in none or in several
    /// segments is left out; by degree, the likeliest segment counts.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Features`] for missing values, ordered answers and categories,
    /// [`ValidateError::NoCustomers`].
    pub fn new(
        features: &'a FeatureMatrix,
        segmentation: &Segmentation,
    ) -> Result<Self, ValidateError> {
        features.check_numbers().map_err(ValidateError::Features)?;
        let k = segmentation.n_segments();
        let there = features.ids().rows_in(segmentation.ids());
        let segment_of = |row: usize| Some(segmentation.segment_of(there[row]?)?.index());
        let mut starts = vec![0; k + 1];
        let mut sizes = vec![0.0; k];
        let weights = features.weights();
        for row in 0..there.len() {
            if let Some(segment) = segment_of(row) {
                starts[segment + 1] += 1;
                sizes[segment] += weights.map_or(1.0, |weights| weights[row]);
            }
        }
        for segment in 0..k {
            starts[segment + 1] += starts[segment];
        }
        let placed = starts[k];
        if placed == 0 {
            return Err(ValidateError::NoCustomers);
        }
        let mut next = starts.clone();
        let mut rows = vec![0; placed];
        for row in 0..there.len() {
            if let Some(segment) = segment_of(row) {
                rows[next[segment]] = row as u32;
                next[segment] += 1;
            }
        }
        let columns: Vec<Cow<'a, [f64]>> = features
            .columns()
            .iter()
            .map(|column| match column.values() {
                FeatureValues::Numbers(values) => Cow::Borrowed(values.as_slice()),
                _ => (0..there.len()).map(|row| column.number(row).unwrap_or(0.0)).collect(),
            })
            .collect();
        let scale = scale(&columns, &rows);
        let left_out = there.len() - placed;
        Ok(Self { columns, weights, rows, starts, sizes, scale, left_out })
    }

    /// Customers who are counted.
    pub fn n_customers(&self) -> usize {
        self.rows.len()
    }

    /// Customers with features who are not counted, being in no segment or in several.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many segments, empty ones included.
    pub fn n_segments(&self) -> usize {
        self.sizes.len()
    }

    pub(super) fn d(&self) -> usize {
        self.columns.len()
    }

    /// The weight of each segment.
    pub(super) fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    /// The places of a segment's customers.
    pub(super) fn places(&self, segment: usize) -> std::ops::Range<usize> {
        self.starts[segment]..self.starts[segment + 1]
    }

    /// The row of the matrix that stands at a place.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows[place] as usize
    }

    /// The segment of the customer at a place.
    pub(super) fn segment(&self, place: usize) -> usize {
        self.starts.partition_point(|&start| start <= place) - 1
    }

    /// Rows of the matrix that was given.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len() + self.left_out
    }

    /// A number of the customer at a place, scaled.
    pub(super) fn value(&self, place: usize, column: usize) -> f64 {
        self.columns[column][self.rows[place] as usize] * self.scale
    }

    pub(super) fn weight(&self, place: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[self.rows[place] as usize])
    }

    /// What turns a scaled square into one of the features' own.
    pub(super) fn unscaled(&self, square: f64) -> f64 {
        square / self.scale / self.scale
    }

    /// Segments that have somebody.
    pub(super) fn filled(&self) -> usize {
        self.sizes.iter().filter(|&&size| size > 0.0).count()
    }
}

/// The power of two that brings the widest column to a width from 1 to 2; one where nothing varies.
fn scale(columns: &[Cow<'_, [f64]>], rows: &[u32]) -> f64 {
    let half_width = |column: &[f64]| {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &row in rows {
            low = low.min(column[row as usize]);
            high = high.max(column[row as usize]);
        }
        0.5 * high - 0.5 * low
    };
    let widest = columns.iter().map(|column| half_width(column)).fold(0.0, f64::max);
    if widest == 0.0 {
        return 1.0;
    }
    // The exponent alone, from the bits; below the normal numbers the largest power has to do.
    let exponent = ((widest.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    let inverse = (-exponent - 1).clamp(-1022, 1023);
    f64::from_bits(((inverse + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_brought_near_one_at_any_scale() {
        for width in [1e-308, 1e-300, 3.7, 1e100, 1e308] {
            let column = vec![Cow::Owned(vec![-width, 0.25 * width, width * 0.7])];
            let scaled = 1.7 * width * scale(&column, &[0, 1, 2]);
            assert!((0.5..=4.0).contains(&scaled), "{width} {scaled}");
        }
        assert_eq!(scale(&[Cow::Owned(vec![5e300; 4])], &[0, 1, 2, 3]), 1.0);
        assert_eq!(scale(&[], &[0]), 1.0);
    }
}
