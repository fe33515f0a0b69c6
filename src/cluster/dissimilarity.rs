//! How unlike two customers are, for methods that look at pairs of them.

use crate::cluster::SegmentError;
use crate::cluster::mixed::{Kind, Layout, MixedRows};
use crate::features::{FeatureError, FeatureMatrix};

/// How unlike two customers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dissimilarity {
    /// The straight distance, for numbers and yes/no on comparable scales.
    Euclidean,
    /// The sum of absolute differences, for numbers and yes/no on comparable scales.
    Manhattan,
    /// Gower's coefficient, for columns of any kind and with gaps: the mean over the variables that
    /// are known of both customers, each from 0 (alike) to 1. A number counts by its difference and
    /// an ordered answer by the difference of its ranks, divided by the range in the data of the
    /// fit (ranks as Kaufman and Rousseeuw take them); other answers are equal or not. Two
    /// customers of whom nothing is known in common are as unlike as can be.
    ///
    /// Gower, J. C. (1971). A general coefficient of similarity and some of its properties.
    /// *Biometrics* 27, 857-871.
    Gower,
}

/// A dissimilarity that knows its columns and their ranges.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    kind: Dissimilarity,
    layout: Layout,
    /// What a column's differences are multiplied by.
    factors: Vec<f64>,
}

impl Measure {
    /// Fits the measure to a matrix, and prepares the rows of it.
    pub(crate) fn of(
        kind: Dissimilarity,
        features: &FeatureMatrix,
    ) -> Result<(Self, MixedRows), SegmentError> {
        if kind != Dissimilarity::Gower {
            features.check_numbers().map_err(SegmentError::Features)?;
        }
        let layout = Layout::of(features);
        let rows = layout.rows(features)?;
        let factor = |column: usize| match kind {
            Dissimilarity::Gower => {
                let mut known = (0..rows.n())
                    .filter(|&row| rows.has(row, column))
                    .map(|row| rows.row(row)[column]);
                let first = known.next().unwrap_or(0.0);
                let (low, high) =
                    known.fold((first, first), |(low, high), x| (x.min(low), x.max(high)));
                // Halves, because the range itself may overflow.
                let half = 0.5 * high - 0.5 * low;
                if half > 0.0 { 0.5 / half } else { 0.0 }
            }
            _ => 1.0,
        };
        let factors = (0..layout.len()).map(factor).collect();
        let measure = Self { kind, layout, factors };
        let rows = measure.scaled(rows);
        Ok((measure, rows))
    }

    /// The rows of another matrix with the columns of the fit.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`].
    pub(crate) fn rows(&self, features: &FeatureMatrix) -> Result<MixedRows, SegmentError> {
        let rows = self.layout.rows(features)?;
        if self.kind != Dissimilarity::Gower
            && let Some((row, column)) = rows.first_gap()
        {
            let column = self.layout.name(column).to_owned();
            return Err(SegmentError::Features(FeatureError::Missing { column, row }));
        }
        Ok(self.scaled(rows))
    }

    fn scaled(&self, mut rows: MixedRows) -> MixedRows {
        for (column, &factor) in self.factors.iter().enumerate() {
            // The factor of a range; what is equal or not is not scaled.
            if factor != 1.0 && !matches!(self.layout.kind(column), Kind::Named(_)) {
                rows.scale(column, factor);
            }
        }
        rows
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn kind(&self) -> Dissimilarity {
        self.kind
    }

    /// How unlike a row is to a row of another table that this measure prepared.
    pub(crate) fn between(
        &self,
        mine: &MixedRows,
        row: usize,
        theirs: &MixedRows,
        other: usize,
    ) -> f64 {
        let (a, b) = (mine.row(row), theirs.row(other));
        match self.kind {
            Dissimilarity::Euclidean => {
                let mut total = 0.0;
                for (x, y) in a.iter().zip(b) {
                    total += (x - y) * (x - y);
                }
                total.sqrt()
            }
            Dissimilarity::Manhattan => {
                let mut total = 0.0;
                for (x, y) in a.iter().zip(b) {
                    total += (x - y).abs();
                }
                total
            }
            Dissimilarity::Gower => {
                let (mut total, mut known) = (0.0, 0u32);
                for column in 0..self.layout.len() {
                    if mine.has(row, column) && theirs.has(other, column) {
                        known += 1;
                        total += match self.layout.kind(column) {
                            Kind::Named(_) => f64::from(u8::from(a[column] != b[column])),
                            _ => (a[column] - b[column]).abs(),
                        };
                    }
                }
                if known == 0 { 1.0 } else { total / f64::from(known) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{FeatureColumn, FeatureValues};
    use crate::units::CustomerIds;

    fn mixed() -> FeatureMatrix {
        let levels = ["low", "middle", "high"].map(str::to_owned).to_vec();
        let ordered = FeatureValues::Ordered { levels, codes: vec![0, 1, 2] };
        let colours = ["red", "blue"].map(str::to_owned).to_vec();
        let colour = FeatureValues::Category { levels: colours, codes: vec![0, 1, 0] };
        FeatureMatrix::new(CustomerIds::numbered(3).unwrap())
            .with(FeatureColumn::numbers_or_missing("age", [Some(20.0), Some(30.0), None]))
            .unwrap()
            .with(FeatureColumn::of("size", ordered))
            .unwrap()
            .with(FeatureColumn::of("colour", colour))
            .unwrap()
    }

    #[test]
    fn gower_is_the_mean_over_what_is_known_of_both() {
        let matrix = mixed();
        let (measure, rows) = Measure::of(Dissimilarity::Gower, &matrix).unwrap();
        assert_eq!(measure.between(&rows, 0, &rows, 1), (1.0 + 0.5 + 1.0) / 3.0);
        assert_eq!(measure.between(&rows, 0, &rows, 2), (1.0 + 0.0) / 2.0);
        assert_eq!(measure.between(&rows, 1, &rows, 1), 0.0);
    }

    #[test]
    fn levels_are_compared_by_name_and_unseen_ones_are_unlike_all() {
        let (measure, rows) = Measure::of(Dissimilarity::Gower, &mixed()).unwrap();
        let colours = ["green", "blue", "red"].map(str::to_owned).to_vec();
        let levels = ["low", "middle", "high"].map(str::to_owned).to_vec();
        let other = FeatureMatrix::new(CustomerIds::numbered(2).unwrap())
            .with(FeatureColumn::of(
                "colour",
                FeatureValues::Category { levels: colours, codes: vec![2, 0] },
            ))
            .unwrap()
            .with(FeatureColumn::of("size", FeatureValues::Ordered { levels, codes: vec![0, 0] }))
            .unwrap()
            .with(FeatureColumn::numbers("age", vec![20.0, 20.0]))
            .unwrap();
        let theirs = measure.rows(&other).unwrap();
        assert_eq!(measure.between(&theirs, 0, &rows, 0), 0.0);
        assert_eq!(measure.between(&theirs, 1, &rows, 0), 1.0 / 3.0);
    }

    #[test]
    fn ranges_that_overflow_are_still_ranges() {
        let matrix = FeatureMatrix::from_rows(&["x"], &[[-1.7e308], [1.7e308], [0.0]]).unwrap();
        let (measure, rows) = Measure::of(Dissimilarity::Gower, &matrix).unwrap();
        assert!((measure.between(&rows, 0, &rows, 1) - 1.0).abs() < 1e-15);
        assert!((measure.between(&rows, 0, &rows, 2) - 0.5).abs() < 1e-15);
    }
}
