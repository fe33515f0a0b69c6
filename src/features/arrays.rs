//! `ndarray` in and out, the one place where its types are in a public signature.
//!
//! Everything else speaks slices, so that a caller's version of the array library never has to
//! match ours.

use ndarray::{Array2, ArrayView2};

use crate::features::{FeatureColumn, FeatureError, FeatureMatrix};
use crate::units::CustomerIds;

impl FeatureMatrix {
    /// A matrix from an array with customers in rows and one name per column.
    ///
    /// # Errors
    ///
    /// [`FeatureError::Length`] where the shape does not fit, [`FeatureError::NotFinite`],
    /// [`FeatureError::ColumnTwice`].
    ///
    /// # Example
    ///
    /// ```
    /// use ndarray::array;
    /// use segmentry::{features::FeatureMatrix, units::CustomerIds};
    ///
    /// let ids = CustomerIds::from_texts(["ann", "bob"])?;
    /// let matrix = FeatureMatrix::from_array(ids, &["purchases", "spend"], array![[1.0, 10.0], [4.0, 55.5]].view())?;
    /// assert_eq!(matrix.to_array()?[[1, 1]], 55.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_array(
        ids: CustomerIds,
        names: &[&str],
        array: ArrayView2<'_, f64>,
    ) -> Result<Self, FeatureError> {
        if names.len() != array.ncols() {
            let column = "names of the array".to_owned();
            return Err(FeatureError::Length { column, expected: array.ncols(), got: names.len() });
        }
        names.iter().zip(array.columns()).try_fold(Self::new(ids), |matrix, (name, column)| {
            matrix.with(FeatureColumn::numbers(*name, column.to_vec()))
        })
    }

    /// The numbers as an array with customers in rows; yes is one and no is zero.
    ///
    /// # Errors
    ///
    /// As [`dense`](Self::dense).
    pub fn to_array(&self) -> Result<Array2<f64>, FeatureError> {
        let dense = self.dense()?;
        Ok(Array2::from_shape_fn((dense.n_rows(), dense.n_columns()), |(row, column)| {
            dense.row(row)[column]
        }))
    }
}
