//! The matrix: customers in rows, named and typed columns, nothing that is not finite.

use std::fmt;

use crate::features::FeatureError;
use crate::units::CustomerIds;

/// Customers in rows, features in columns.
///
/// # Example
///
/// ```
/// use segmentry::features::{FeatureColumn, FeatureMatrix};
/// use segmentry::units::CustomerIds;
///
/// let ids = CustomerIds::from_texts(["ann", "bob"])?;
/// let matrix = FeatureMatrix::new(ids)
///     .with(FeatureColumn::numbers("purchases", vec![3.0, 1.0]))?
///     .with(FeatureColumn::yes_no("wants delivery", vec![true, false]))?;
/// assert_eq!(matrix.dense()?.row(0), [3.0, 1.0]);
///
/// let spoilt = FeatureColumn::numbers("spend", vec![1.0, f64::NAN]);
/// assert!(matrix.with(spoilt).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct FeatureMatrix {
    ids: CustomerIds,
    columns: Vec<FeatureColumn>,
    weights: Option<Vec<f64>>,
}

/// One feature of every customer.
#[derive(Clone, PartialEq)]
pub struct FeatureColumn {
    name: String,
    values: FeatureValues,
    missing: Option<Vec<bool>>,
}

/// The values of a column; where one is missing its place holds zero.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum FeatureValues {
    /// Finite numbers.
    Numbers(Vec<f64>),
    /// Yes or no.
    YesNo(Vec<bool>),
    /// Levels from least to most.
    Ordered {
        /// The names of the levels.
        levels: Vec<String>,
        /// Each customer's level.
        codes: Vec<u32>,
    },
    /// Names without an order.
    Category {
        /// The names.
        levels: Vec<String>,
        /// Each customer's name, by number.
        codes: Vec<u32>,
    },
}

impl FeatureValues {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::YesNo(values) => values.len(),
            Self::Ordered { codes, .. } | Self::Category { codes, .. } => codes.len(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Numbers(_) => "a number",
            Self::YesNo(_) => "yes or no",
            Self::Ordered { .. } => "an ordered answer",
            Self::Category { .. } => "a category",
        }
    }
}

impl FeatureColumn {
    /// A column of numbers.
    pub fn numbers(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self::of(name, FeatureValues::Numbers(values))
    }

    /// A column of yes and no.
    pub fn yes_no(name: impl Into<String>, values: Vec<bool>) -> Self {
        Self::of(name, FeatureValues::YesNo(values))
    }

    /// A column of any kind.
    pub fn of(name: impl Into<String>, values: FeatureValues) -> Self {
        Self { name: name.into(), values, missing: None }
    }

    /// A column of numbers, some of which are missing.
    pub fn numbers_or_missing(
        name: impl Into<String>,
        values: impl IntoIterator<Item = Option<f64>>,
    ) -> Self {
        let (numbers, missing) =
            values.into_iter().map(|value| (value.unwrap_or(0.0), value.is_none())).unzip();
        Self::numbers(name, numbers).missing(missing)
    }

    /// Marks values as missing.
    #[must_use]
    pub fn missing(mut self, missing: Vec<bool>) -> Self {
        self.missing = missing.contains(&true).then_some(missing);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values.
    pub fn values(&self) -> &FeatureValues {
        &self.values
    }

    /// The value in a row as a number: yes is one and no is zero, a level is its number from zero.
    /// `None` where it is missing.
    pub fn number(&self, row: usize) -> Option<f64> {
        if self.missing.as_ref().is_some_and(|missing| missing[row]) {
            return None;
        }
        Some(match &self.values {
            FeatureValues::Numbers(values) => values[row],
            FeatureValues::YesNo(values) => f64::from(u8::from(values[row])),
            FeatureValues::Ordered { codes, .. } | FeatureValues::Category { codes, .. } => {
                f64::from(codes[row])
            }
        })
    }

    /// Which rows are missing, where any is.
    pub(crate) fn gaps(&self) -> Option<&[bool]> {
        self.missing.as_deref()
    }

    fn of_rows(&self, rows: &[usize]) -> Self {
        fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row]).collect()
        }
        let values = match &self.values {
            FeatureValues::Numbers(values) => FeatureValues::Numbers(take(values, rows)),
            FeatureValues::YesNo(values) => FeatureValues::YesNo(take(values, rows)),
            FeatureValues::Ordered { levels, codes } => {
                FeatureValues::Ordered { levels: levels.clone(), codes: take(codes, rows) }
            }
            FeatureValues::Category { levels, codes } => {
                FeatureValues::Category { levels: levels.clone(), codes: take(codes, rows) }
            }
        };
        let missing = self.missing.as_ref().map(|missing| take(missing, rows));
        Self {
            name: self.name.clone(),
            values,
            missing: missing.filter(|missing| missing.contains(&true)),
        }
    }

    /// The first missing row.
    fn first_missing(&self) -> Option<usize> {
        self.missing.as_ref().and_then(|missing| missing.iter().position(|&missing| missing))
    }

    /// Whether all are numbers, or yes and no, without gaps.
    pub(crate) fn check_numbers(&self) -> Result<(), FeatureError> {
        if let Some(row) = self.first_missing() {
            return Err(FeatureError::Missing { column: self.name.clone(), row });
        }
        match self.values {
            FeatureValues::Numbers(_) | FeatureValues::YesNo(_) => Ok(()),
            _ => Err(FeatureError::Kind { column: self.name.clone(), kind: self.values.kind() }),
        }
    }

    fn check(&self, expected: usize) -> Result<(), FeatureError> {
        let column = || self.name.clone();
        for got in
            [Some(self.values.len()), self.missing.as_ref().map(Vec::len)].into_iter().flatten()
        {
            if got != expected {
                return Err(FeatureError::Length { column: column(), expected, got });
            }
        }
        match &self.values {
            FeatureValues::Numbers(values) => {
                match values.iter().position(|value| !value.is_finite()) {
                    Some(row) => Err(FeatureError::NotFinite { column: column(), row }),
                    None => Ok(()),
                }
            }
            FeatureValues::YesNo(_) => Ok(()),
            FeatureValues::Ordered { levels, codes }
            | FeatureValues::Category { levels, codes } => {
                let outside =
                    |row: usize| self.number(row).is_some() && codes[row] as usize >= levels.len();
                match (0..codes.len()).find(|&row| outside(row)) {
                    Some(row) => Err(FeatureError::Level {
                        column: column(),
                        row,
                        level: codes[row],
                        levels: levels.len(),
                    }),
                    None => Ok(()),
                }
            }
        }
    }
}

impl FeatureMatrix {
    /// A matrix without columns.
    pub fn new(ids: CustomerIds) -> Self {
        Self { ids, columns: Vec::new(), weights: None }
    }

    /// A matrix of numbers for customers without ids, row by row.
    ///
    /// # Errors
    ///
    /// [`FeatureError::Length`] where a row has another number of values than there are names (the
    /// row's number stands in the column's place), [`FeatureError::NotFinite`],
    /// [`FeatureError::ColumnTwice`].
    ///
    /// ```
    /// use segmentry::features::FeatureMatrix;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["width", "height"], &[[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!((matrix.n_customers(), matrix.n_features()), (2, 2));
    /// # Ok::<(), segmentry::features::FeatureError>(())
    /// ```
    pub fn from_rows<R: AsRef<[f64]>>(names: &[&str], rows: &[R]) -> Result<Self, FeatureError> {
        if let Some((row, values)) =
            rows.iter().enumerate().find(|(_, row)| row.as_ref().len() != names.len())
        {
            let got = values.as_ref().len();
            return Err(FeatureError::Length {
                column: format!("row {row}"),
                expected: names.len(),
                got,
            });
        }
        let ids = CustomerIds::numbered(rows.len()).map_err(FeatureError::Customers)?;
        let column = |place: usize| rows.iter().map(|row| row.as_ref()[place]).collect();
        names.iter().enumerate().try_fold(Self::new(ids), |matrix, (place, name)| {
            matrix.with(FeatureColumn::numbers(*name, column(place)))
        })
    }

    /// Adds a column.
    ///
    /// # Errors
    ///
    /// [`FeatureError::Length`], [`FeatureError::NotFinite`] with row and column,
    /// [`FeatureError::Level`], [`FeatureError::ColumnTwice`].
    pub fn with(mut self, column: FeatureColumn) -> Result<Self, FeatureError> {
        column.check(self.ids.len())?;
        if self.columns.iter().any(|known| known.name == column.name) {
            return Err(FeatureError::ColumnTwice { column: column.name });
        }
        self.columns.push(column);
        Ok(self)
    }

    /// Gives customers weights; without them all weigh one.
    ///
    /// # Errors
    ///
    /// [`FeatureError::Length`], [`FeatureError::Weight`].
    pub fn with_weights(mut self, weights: Vec<f64>) -> Result<Self, FeatureError> {
        if weights.len() != self.ids.len() {
            let (column, expected, got) = ("weights".to_owned(), self.ids.len(), weights.len());
            return Err(FeatureError::Length { column, expected, got });
        }
        match weights.iter().enumerate().find(|(_, weight)| !(**weight > 0.0 && weight.is_finite()))
        {
            Some((row, &weight)) => Err(FeatureError::Weight { row, weight }),
            None => {
                self.weights = Some(weights);
                Ok(self)
            }
        }
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many customers.
    pub fn n_customers(&self) -> usize {
        self.ids.len()
    }

    /// How many columns.
    pub fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// The columns.
    pub fn columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// The weights, where customers have any.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The column of that name.
    ///
    /// # Errors
    ///
    /// [`FeatureError::NoSuchColumn`].
    pub fn column(&self, name: &str) -> Result<&FeatureColumn, FeatureError> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| FeatureError::NoSuchColumn { column: name.to_owned() })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// A matrix of these columns only, in this order.
    ///
    /// # Errors
    ///
    /// [`FeatureError::NoSuchColumn`].
    pub fn select<N: AsRef<str>>(&self, names: &[N]) -> Result<Self, FeatureError> {
        let columns = names
            .iter()
            .map(|name| self.column(name.as_ref()).cloned())
            .collect::<Result<_, _>>()?;
        Ok(Self { ids: self.ids.clone(), columns, weights: self.weights.clone() })
    }

    /// Some of the rows, each at most once, in the order given.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Result<Self, FeatureError> {
        let ids = CustomerIds::from_texts(rows.iter().map(|&row| self.ids.text(row)))
            .map_err(FeatureError::Customers)?;
        let columns = self.columns.iter().map(|column| column.of_rows(rows)).collect();
        let weights =
            self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Ok(Self { ids, columns, weights })
    }

    /// The numbers, row by row; yes is one and no is zero.
    ///
    /// # Errors
    ///
    /// [`FeatureError::Missing`] and [`FeatureError::Kind`], with the first column at fault.
    pub fn dense(&self) -> Result<DenseFeatures, FeatureError> {
        self.check_numbers()?;
        let (n, d) = (self.n_customers(), self.n_features());
        let mut values = vec![0.0; n * d];
        for (place, column) in self.columns.iter().enumerate() {
            for row in 0..n {
                values[row * d + place] = column.number(row).unwrap_or(0.0);
            }
        }
        Ok(DenseFeatures { n, d, values, weights: self.weights.clone() })
    }

    /// Whether all columns are numbers, or yes and no, without gaps.
    pub(crate) fn check_numbers(&self) -> Result<(), FeatureError> {
        self.columns.iter().try_for_each(FeatureColumn::check_numbers)
    }
}

/// The numbers of a matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseFeatures {
    n: usize,
    d: usize,
    values: Vec<f64>,
    weights: Option<Vec<f64>>,
}

impl DenseFeatures {
    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.n
    }

    /// How many numbers a row has.
    pub fn n_columns(&self) -> usize {
        self.d
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    /// A row's weight.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }
}

impl fmt::Debug for FeatureMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeatureMatrix")
            .field("ids", &self.ids)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FeatureColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeatureColumn")
            .field("name", &self.name)
            .field("kind", &self.values.kind())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FeatureValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureValues({}, {} rows withheld)", self.kind(), self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> CustomerIds {
        CustomerIds::numbered(2).unwrap()
    }

    #[test]
    fn what_is_not_finite_is_named_by_row_and_column() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = FeatureMatrix::new(ids())
                .with(FeatureColumn::numbers("spend", vec![1.0, bad]))
                .unwrap_err();
            assert!(matches!(error, FeatureError::NotFinite { row: 1, .. }), "{error}");
        }
    }

    #[test]
    fn a_missing_value_is_no_number() {
        let gaps = FeatureColumn::numbers_or_missing("gap", [Some(3.0), None]);
        let matrix = FeatureMatrix::new(ids()).with(gaps).unwrap();
        assert_eq!(
            (matrix.columns()[0].number(0), matrix.columns()[0].number(1)),
            (Some(3.0), None)
        );
        assert!(matches!(matrix.dense(), Err(FeatureError::Missing { row: 1, .. })));
    }

    #[test]
    fn categories_are_refused_where_numbers_are_needed() {
        let colour = FeatureValues::Category { levels: vec!["red".into()], codes: vec![0, 0] };
        let matrix = FeatureMatrix::new(ids()).with(FeatureColumn::of("colour", colour)).unwrap();
        assert!(matches!(matrix.dense(), Err(FeatureError::Kind { kind: "a category", .. })));
        let outside = FeatureValues::Ordered { levels: vec!["low".into()], codes: vec![0, 1] };
        let error = FeatureMatrix::new(ids()).with(FeatureColumn::of("size", outside)).unwrap_err();
        assert!(matches!(error, FeatureError::Level { row: 1, level: 1, levels: 1, .. }));
    }

    #[test]
    fn names_lengths_and_weights_are_checked() {
        let matrix =
            FeatureMatrix::new(ids()).with(FeatureColumn::numbers("a", vec![1.0, 2.0])).unwrap();
        assert!(matches!(
            matrix.clone().with(FeatureColumn::numbers("a", vec![1.0, 2.0])),
            Err(FeatureError::ColumnTwice { .. })
        ));
        assert!(matches!(
            matrix.clone().with(FeatureColumn::numbers("b", vec![1.0])),
            Err(FeatureError::Length { expected: 2, got: 1, .. })
        ));
        assert!(matches!(
            matrix.clone().with_weights(vec![1.0, 0.0]),
            Err(FeatureError::Weight { row: 1, .. })
        ));
        assert!(matches!(matrix.select(&["z"]), Err(FeatureError::NoSuchColumn { .. })));
        assert!(matches!(
            FeatureMatrix::from_rows(&["a"], &[[1.0, 2.0]]),
            Err(FeatureError::Length { .. })
        ));
    }
}
