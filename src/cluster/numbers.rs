//! The numbers of a matrix by column, borrowed from it, and the rows of it that differ.
//!
//! Methods that compare customers with one another square distances, so the numbers come in a unit
//! in which no square overflows or vanishes: a power of two, which changes no digit. Customers who
//! are alike in everything become one, in the order of their features rather than of their rows.

use std::borrow::Cow;

use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};

/// Beyond two to this power, or below its inverse, numbers get a unit of their own.
const EASY: i32 = 400;
/// The same for weights.
const EASY_WEIGHT: i32 = 100;

/// The numbers of a matrix by column.
pub(super) struct Numbers<'a> {
    columns: Vec<Cow<'a, [f64]>>,
    weights: Option<&'a [f64]>,
    n: usize,
    unit: f64,
    weight_unit: f64,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(features: &'a FeatureMatrix) -> Result<Self, SegmentError> {
        let columns: Vec<Cow<'a, [f64]>> = features
            .columns()
            .iter()
            .map(column)
            .collect::<Result<_, _>>()
            .map_err(SegmentError::Features)?;
        let n = features.n_customers();
        if n == 0 {
            return Err(SegmentError::NoCustomers);
        }
        // Groups of customers are numbered like customers, and there are twice as many.
        if n > i32::MAX as usize {
            let expected = "fewer than two to the 31st";
            return Err(SegmentError::Param { name: "customers", value: n as f64, expected });
        }
        let largest = |values: &[f64]| values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let most = columns.iter().fold(0.0f64, |most, column| most.max(largest(column)));
        let weights = features.weights();
        let weight_unit = weights.map_or(1.0, |weights| unit(largest(weights), EASY_WEIGHT));
        Ok(Self { columns, weights, n, unit: unit(most, EASY), weight_unit })
    }

    pub(super) fn n(&self) -> usize {
        self.n
    }

    pub(super) fn d(&self) -> usize {
        self.columns.len()
    }

    /// A number, in the unit of these numbers. Zero has one sign.
    pub(super) fn value(&self, row: usize, column: usize) -> f64 {
        self.columns[column][row] * self.unit + 0.0
    }

    /// A row's numbers, in the unit of these numbers.
    pub(super) fn row(&self, row: usize) -> Vec<f64> {
        (0..self.d()).map(|column| self.value(row, column)).collect()
    }

    /// A row's weight, in the unit of the weights. It may be tiny beside the largest, not nothing.
    pub(super) fn weight(&self, row: usize) -> f64 {
        let weight = self.weights.map_or(1.0, |weights| weights[row]);
        (weight * self.weight_unit).max(f64::MIN_POSITIVE)
    }

    /// What one is in the unit of these numbers.
    pub(super) fn unit(&self) -> f64 {
        self.unit
    }

    /// What a weight of one is in the unit of the weights.
    pub(super) fn weight_unit(&self) -> f64 {
        self.weight_unit
    }

    /// Some other matrix's numbers in the unit of these.
    pub(super) fn in_unit(mut self, unit: f64) -> Self {
        self.unit = unit;
        self
    }
}

fn column(column: &FeatureColumn) -> Result<Cow<'_, [f64]>, FeatureError> {
    let (name, kind) = (
        || column.name().to_owned(),
        |kind| FeatureError::Kind { column: column.name().to_owned(), kind },
    );
    let numbers = match column.values() {
        FeatureValues::Numbers(numbers) => Cow::Borrowed(numbers.as_slice()),
        FeatureValues::YesNo(values) => {
            Cow::Owned(values.iter().map(|&yes| f64::from(u8::from(yes))).collect())
        }
        FeatureValues::Ordered { .. } => return Err(kind("an ordered answer")),
        FeatureValues::Category { .. } => return Err(kind("a category")),
    };
    match (0..numbers.len()).find(|&row| column.number(row).is_none()) {
        Some(row) => Err(FeatureError::Missing { column: name(), row }),
        None => Ok(numbers),
    }
}

/// The power of two that takes a far-off number near to one; one for any other.
fn unit(most: f64, easy: i32) -> f64 {
    let exponent = ((most.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    if most == 0.0 || exponent.abs() <= easy {
        return 1.0;
    }
    let power = (-exponent).clamp(-1022, 1022);
    f64::from_bits(((power + 1023) as u64) << 52)
}

/// Rows that differ from one another, in the order of their features.
pub(super) struct Distinct {
    /// The first row of each.
    pub(super) rows: Vec<u32>,
    /// The weight of all rows like it.
    pub(super) weights: Vec<f64>,
    /// Which of them each row is.
    pub(super) of_row: Vec<u32>,
}

impl Distinct {
    pub(super) fn of(numbers: &Numbers<'_>) -> Self {
        let mut order: Vec<u32> = (0..numbers.n as u32).collect();
        let by_content = |a: u32, b: u32| {
            let columns = 0..numbers.d();
            let pairs = columns
                .map(|c| numbers.value(a as usize, c).total_cmp(&numbers.value(b as usize, c)));
            pairs.into_iter().find(|order| order.is_ne())
        };
        order.sort_unstable_by(|&a, &b| by_content(a, b).unwrap_or_else(|| a.cmp(&b)));
        let mut distinct =
            Self { rows: Vec::new(), weights: Vec::new(), of_row: vec![0; numbers.n] };
        for (place, &row) in order.iter().enumerate() {
            let weight = numbers.weight(row as usize);
            match distinct.weights.last_mut() {
                Some(last) if by_content(order[place - 1], row).is_none() => *last += weight,
                _ => {
                    distinct.rows.push(row);
                    distinct.weights.push(weight);
                }
            }
            distinct.of_row[row as usize] = distinct.rows.len() as u32 - 1;
        }
        distinct
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_alike_are_one_with_the_weight_of_all() {
        let rows = [[2.0, 1.0], [1.0, 0.0], [2.0, 1.0], [1.0, -0.0], [1.0, -1.0]];
        let matrix = FeatureMatrix::from_rows(&["a", "b"], &rows)
            .unwrap()
            .with_weights(vec![1.0, 2.0, 4.0, 8.0, 16.0])
            .unwrap();
        let distinct = Distinct::of(&Numbers::of(&matrix).unwrap());
        assert_eq!(distinct.rows, [4, 1, 0]);
        assert_eq!(distinct.weights, [16.0, 10.0, 5.0]);
        assert_eq!(distinct.of_row, [2, 1, 2, 1, 0]);
    }

    #[test]
    fn far_off_numbers_get_a_unit_that_changes_no_digit() {
        for (values, exact) in [([1e300, 3e300], 3.0), ([1e-300, 3e-300], 3.0)] {
            let matrix = FeatureMatrix::from_rows(&["a"], &values.map(|x| [x])).unwrap();
            let numbers = Numbers::of(&matrix).unwrap();
            assert_eq!(numbers.value(0, 0) / numbers.unit(), values[0]);
            assert!((0.5..8.0).contains(&numbers.value(1, 0)));
            assert!((numbers.value(1, 0) / numbers.value(0, 0) - exact).abs() < 1e-15);
        }
        let usual = FeatureMatrix::from_rows(&["a"], &[[1e100]]).unwrap();
        assert_eq!(Numbers::of(&usual).unwrap().unit(), 1.0);
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        let ids = crate::units::CustomerIds::numbered(2).unwrap();
        let levels = vec!["low".to_owned()];
        let ordered = FeatureValues::Ordered { levels, codes: vec![0, 0] };
        let matrix =
            FeatureMatrix::new(ids.clone()).with(FeatureColumn::of("size", ordered)).unwrap();
        assert!(matches!(
            Numbers::of(&matrix),
            Err(SegmentError::Features(FeatureError::Kind { kind: "an ordered answer", .. }))
        ));
        let gaps = FeatureColumn::numbers_or_missing("gap", [Some(1.0), None]);
        let matrix = FeatureMatrix::new(ids).with(gaps).unwrap();
        assert!(matches!(
            Numbers::of(&matrix),
            Err(SegmentError::Features(FeatureError::Missing { row: 1, .. }))
        ));
    }
}
