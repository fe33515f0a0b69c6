//! The numbers of a matrix as the passes over it read them: column by column, borrowed, in units of
//! each column's own spread.
//!
//! Standard units are what makes one covariance floor fit spend in cents and a share between 0 and
//! 1, and what keeps squares inside the range of numbers. Nothing is copied: a pass turns each
//! small chunk of rows into standard units as it reads it.

use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};
use crate::num::blocks;
use crate::work::{Cancelled, Work};

/// Columns of numbers, with a weight a row.
#[derive(Debug, Clone)]
pub(super) struct Table<'a> {
    n: usize,
    columns: Vec<Numbers<'a>>,
    weights: Option<&'a [f64]>,
}

#[derive(Debug, Clone, Copy)]
enum Numbers<'a> {
    Numbers(&'a [f64]),
    YesNo(&'a [bool]),
}

/// Where a column's zero lies in standard units, and how wide its unit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) centre: f64,
    pub(super) width: f64,
}

/// Farther out than so many units nobody is: the square of it, summed over columns and divided by
/// the least variance, is still a number.
const FARTHEST: f64 = 1e130;

impl Unit {
    /// What a difference from the centre is multiplied by.
    #[inline(always)]
    pub(super) fn scale(self) -> f64 {
        1.0 / self.width
    }

    /// A value in standard units. What overflows on the way is [`FARTHEST`] in any case.
    #[inline(always)]
    pub(super) fn standard(self, value: f64, scale: f64) -> f64 {
        ((value - self.centre) * scale).clamp(-FARTHEST, FARTHEST)
    }
}

impl<'a> Table<'a> {
    /// All columns of a matrix.
    pub(super) fn of(features: &'a FeatureMatrix) -> Result<Self, SegmentError> {
        Self::new(features, features.columns().iter())
    }

    /// The columns of these names.
    pub(super) fn select(
        features: &'a FeatureMatrix,
        names: &[String],
    ) -> Result<Self, SegmentError> {
        let columns = names
            .iter()
            .map(|name| features.column(name))
            .collect::<Result<Vec<_>, _>>()
            .map_err(SegmentError::Features)?;
        Self::new(features, columns)
    }

    fn new(
        features: &'a FeatureMatrix,
        columns: impl IntoIterator<Item = &'a FeatureColumn>,
    ) -> Result<Self, SegmentError> {
        let n = features.n_customers();
        let columns = columns
            .into_iter()
            .map(|column| {
                if let Some(row) = (0..n).find(|&row| column.number(row).is_none()) {
                    return Err(FeatureError::Missing { column: column.name().to_owned(), row });
                }
                match column.values() {
                    FeatureValues::Numbers(values) => Ok(Numbers::Numbers(values)),
                    FeatureValues::YesNo(values) => Ok(Numbers::YesNo(values)),
                    FeatureValues::Ordered { .. } => Err(FeatureError::Kind {
                        column: column.name().to_owned(),
                        kind: "an ordered answer",
                    }),
                    FeatureValues::Category { .. } => Err(FeatureError::Kind {
                        column: column.name().to_owned(),
                        kind: "a category",
                    }),
                }
            })
            .collect::<Result<_, _>>()
            .map_err(SegmentError::Features)?;
        Ok(Self { n, columns, weights: features.weights() })
    }

    pub(super) fn n(&self) -> usize {
        self.n
    }

    pub(super) fn d(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    pub(super) fn value(&self, row: usize, column: usize) -> f64 {
        match self.columns[column] {
            Numbers::Numbers(values) => values[row],
            Numbers::YesNo(values) => f64::from(u8::from(values[row])),
        }
    }

    /// Reads a column from row `first` on, in standard units; what lies behind the last row is
    /// zero.
    #[inline(always)]
    pub(super) fn read(&self, column: usize, unit: Unit, first: usize, out: &mut [f64]) {
        let count = out.len().min(self.n - first);
        let scale = unit.scale();
        match self.columns[column] {
            Numbers::Numbers(values) => {
                for (out, &value) in out.iter_mut().zip(&values[first..first + count]) {
                    *out = unit.standard(value, scale);
                }
            }
            Numbers::YesNo(values) => {
                for (out, &value) in out.iter_mut().zip(&values[first..first + count]) {
                    *out = unit.standard(f64::from(u8::from(value)), scale);
                }
            }
        }
        out[count..].fill(0.0);
    }

    /// Copies the weights from row `first` on; what lies behind the last row weighs nothing.
    #[inline(always)]
    pub(super) fn copy_weights(&self, first: usize, out: &mut [f64]) {
        let count = out.len().min(self.n - first);
        match self.weights {
            Some(weights) => out[..count].copy_from_slice(&weights[first..first + count]),
            None => out[..count].fill(1.0),
        }
        out[count..].fill(0.0);
    }

    /// The weights of all rows together.
    pub(super) fn total_weight(&self) -> f64 {
        blocks::sum(self.n, |row| self.weight(row))
    }

    /// Weighted means and standard deviations of the columns.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Constant`] where all values of a column are the same, and
    /// [`SegmentError::OutOfRange`] where its variance is not a number in the normal range.
    pub(super) fn units(&self, names: &[String], work: &Work) -> Result<Vec<Unit>, SegmentError> {
        let column_units = blocks::map_tasks(self.d(), work, |column| self.unit(column))?;
        column_units
            .into_iter()
            .zip(names)
            .map(|(unit, name)| match unit {
                Spread::Unit(unit) => Ok(unit),
                Spread::None => Err(SegmentError::Constant { column: name.clone() }),
                Spread::OutOfRange => Err(SegmentError::OutOfRange { column: name.clone() }),
            })
            .collect()
    }

    fn unit(&self, column: usize) -> Spread {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in 0..self.n {
            let value = self.value(row, column);
            (least, most) = (least.min(value), most.max(value));
        }
        if least >= most {
            return Spread::None;
        }
        let total = self.total_weight();
        let origin = least / 2.0 + most / 2.0;
        let shifted = |row: usize| self.value(row, column) - origin;
        let mean = blocks::sum(self.n, |row| self.weight(row) / total * shifted(row));
        let square = blocks::sum(self.n, |row| {
            let difference = shifted(row) - mean;
            self.weight(row) / total * (difference * difference)
        });
        if !(square >= f64::MIN_POSITIVE && square.is_finite()) {
            return Spread::OutOfRange;
        }
        Spread::Unit(Unit { centre: origin + mean, width: square.sqrt() })
    }
}

enum Spread {
    Unit(Unit),
    None,
    OutOfRange,
}

/// Rows of a task: enough of them to be worth one, and so few tasks that their sums, which wait for
/// one another to be added in order, need little memory. A function of the rows alone.
pub(super) fn task_rows(n: usize) -> usize {
    const LEAST: usize = 2048;
    const TASKS: usize = 64;
    n.div_ceil(TASKS).next_multiple_of(LEAST).max(LEAST)
}

/// Runs `f` on stretches of rows, on all threads; the results come in the order of the rows.
pub(super) fn map_rows<R, F>(n: usize, work: &Work, f: F) -> Result<Vec<R>, Cancelled>
where
    R: Send,
    F: Fn(std::ops::Range<usize>) -> R + Sync,
{
    let size = task_rows(n);
    blocks::map_tasks(n.div_ceil(size), work, |task| f(task * size..((task + 1) * size).min(n)))
}
