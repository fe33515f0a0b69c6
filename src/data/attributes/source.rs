//! The seam where a caller's attributes come in, as columns.
//!
//! Columns, as for transactions: a survey of a million customers and a hundred questions would
//! otherwise be a hundred million small values, each on the heap.

use std::borrow::Cow;
use std::fmt;

use crate::data::{AttributeField, DataError, IdColumn, SourceError, TextColumn};

/// The batches of one scan over attributes; `Box::new(std::iter::once(Ok(batch)))` for all in one.
pub type AttributeBatches<'a> =
    Box<dyn Iterator<Item = Result<AttributeBatch<'a>, SourceError>> + 'a>;

/// A store of attributes that the caller owns: one row per customer, in any order.
///
/// # Example
///
/// ```
/// use segmentry::data::{
///     AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
///     AttributeValues, Attributes, IdColumn, SourceError,
/// };
/// use segmentry::{units::CustomerIds, work::Work};
///
/// struct Survey;
/// impl AttributeSource for Survey {
///     fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
///         Ok(vec![AttributeField::survey("wants delivery", AttributeKind::YesNo)])
///     }
///     fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
///         Ok(Box::new(std::iter::once(Ok(AttributeBatch {
///             customers: IdColumn::texts(["bob", "zoe"].into_iter().collect()),
///             columns: vec![AttributeValues::YesNo(vec![Some(true), Some(false)])],
///         }))))
///     }
/// }
///
/// let customers = CustomerIds::from_texts(["ann", "bob"])?;
/// let known = Attributes::read(&Survey, &customers, &Work::new())?;
/// assert_eq!((known.matched(), known.unmatched()), (1, 1)); // nobody is called zoe
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AttributeSource {
    /// The fields, in the order of the columns of every batch.
    ///
    /// # Errors
    ///
    /// Whatever the source fails with.
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError>;

    /// Starts one scan over all rows.
    ///
    /// # Errors
    ///
    /// Whatever the source fails with.
    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError>;
}

/// Some rows of attributes.
#[derive(Clone)]
pub struct AttributeBatch<'a> {
    /// Whose.
    pub customers: IdColumn<'a>,
    /// One column per field, each as long as `customers`.
    pub columns: Vec<AttributeValues<'a>>,
}

/// A column of attribute values; `None` and empty texts are missing.
#[derive(Clone)]
#[non_exhaustive]
pub enum AttributeValues<'a> {
    /// Numbers; must be finite.
    Number(Vec<Option<f64>>),
    /// Yes or no.
    YesNo(Vec<Option<bool>>),
    /// Names of levels, categories, or free texts.
    Text(TextColumn<'a>),
    /// What each customer ticked.
    MultiAnswer(MultiAnswers<'a>),
}

/// What each row's customer ticked: any number of options, or was not asked.
///
/// Who was asked and ticked nothing said no to every option; who was not asked said nothing.
///
/// ```
/// use segmentry::data::MultiAnswers;
///
/// let answers: MultiAnswers<'_> =
///     [Some(vec!["delivery", "advice"]), Some(vec![]), None].into_iter().collect();
/// assert_eq!((answers.len(), answers.ticks()), (3, 2));
/// ```
#[derive(Clone)]
pub struct MultiAnswers<'a> {
    ticks: TextColumn<'a>,
    ends: Cow<'a, [usize]>,
    not_asked: Option<Cow<'a, [bool]>>,
}

impl<'a> MultiAnswers<'a> {
    /// The ticks of all rows behind one another, and where each row's end: row `i` ticked those
    /// from the end of row `i - 1` to `ends[i]`.
    ///
    /// # Errors
    ///
    /// [`DataError::MultiAnswers`] where an end falls back or lies behind the last tick.
    pub fn new(
        ticks: TextColumn<'a>,
        ends: impl Into<Cow<'a, [usize]>>,
    ) -> Result<Self, DataError> {
        let ends = ends.into();
        let mut start = 0;
        for (row, &end) in ends.iter().enumerate() {
            if end < start || end > ticks.len() {
                return Err(DataError::MultiAnswers { row });
            }
            start = end;
        }
        Ok(Self { ticks, ends, not_asked: None })
    }

    /// Marks rows whose customers were not asked, whatever they ticked.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`].
    pub fn not_asked(mut self, not_asked: impl Into<Cow<'a, [bool]>>) -> Result<Self, DataError> {
        let not_asked = not_asked.into();
        let (expected, got) = (self.len(), not_asked.len());
        if got != expected {
            return Err(DataError::BatchLength { column: "not asked", expected, got });
        }
        self.not_asked = Some(not_asked);
        Ok(self)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many options were ticked in all rows together.
    pub fn ticks(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// What a row's customer ticked; `None` where nobody asked.
    pub(crate) fn get(&self, row: usize) -> Option<impl Iterator<Item = &str>> {
        if self.not_asked.as_ref().is_some_and(|not_asked| not_asked[row]) {
            return None;
        }
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some((start..self.ends[row]).map(|tick| self.ticks.get(tick)))
    }
}

impl<T: AsRef<str>, R: IntoIterator<Item = T>> FromIterator<Option<R>> for MultiAnswers<'static> {
    /// Copies the ticks behind one another; `None` is a customer who was not asked.
    fn from_iter<I: IntoIterator<Item = Option<R>>>(rows: I) -> Self {
        let (mut ticks, mut ends, mut not_asked) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            not_asked.push(row.is_none());
            ticks.extend(row.into_iter().flatten());
            ends.push(ticks.len());
        }
        Self {
            ticks: ticks.into_iter().collect(),
            ends: ends.into(),
            not_asked: Some(not_asked.into()),
        }
    }
}

impl AttributeBatch<'_> {
    /// Whether the columns are as many and as long as they must be.
    pub(crate) fn check_shape(&self, fields: usize) -> Result<(), DataError> {
        let got = self.columns.len();
        if got != fields {
            return Err(DataError::AttributeBatch { expected: fields, got });
        }
        let expected = self.customers.len();
        let same = |column, got| {
            if got == expected {
                Ok(())
            } else {
                Err(DataError::BatchLength { column, expected, got })
            }
        };
        if let Some(missing) = &self.customers.missing {
            same("missing customers", missing.len())?;
        }
        self.columns.iter().try_for_each(|column| same("attribute", column.len()))
    }
}

impl AttributeValues<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::YesNo(values) => values.len(),
            Self::Text(texts) => texts.len(),
            Self::MultiAnswer(answers) => answers.len(),
        }
    }

    /// What is given, for error texts.
    pub(crate) fn given_as(&self) -> &'static str {
        match self {
            Self::Number(_) => "given as numbers",
            Self::YesNo(_) => "given as yes or no",
            Self::Text(_) => "given as texts",
            Self::MultiAnswer(_) => "given as multi-answers",
        }
    }
}

impl fmt::Debug for AttributeBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttributeBatch({} rows withheld)", self.customers.len())
    }
}

impl fmt::Debug for AttributeValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttributeValues({} rows withheld)", self.len())
    }
}

impl fmt::Debug for MultiAnswers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MultiAnswers({} rows withheld)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_must_cut_the_ticks() {
        let ticks = || ["a", "b", "c"].into_iter().collect::<TextColumn<'_>>();
        assert!(MultiAnswers::new(ticks(), vec![0, 2, 3]).is_ok());
        for (bad, at) in [(vec![2, 1], 1), (vec![1, 4], 1), (vec![usize::MAX], 0)] {
            let error = MultiAnswers::new(ticks(), bad).unwrap_err();
            assert!(matches!(error, DataError::MultiAnswers { row } if row == at));
        }
        let two = MultiAnswers::new(ticks(), vec![0, 3]).unwrap();
        assert!(matches!(
            two.not_asked(vec![true]),
            Err(DataError::BatchLength { column: "not asked", expected: 2, got: 1 })
        ));
    }

    #[test]
    fn nothing_ticked_is_not_the_same_as_not_asked() {
        let answers: MultiAnswers<'_> = [None, Some(vec![]), Some(vec!["a"])].into_iter().collect();
        let ticked = |row| answers.get(row).map(Iterator::count);
        assert_eq!([ticked(0), ticked(1), ticked(2)], [None, Some(0), Some(1)]);
        let printed = format!("{answers:?}");
        assert_eq!(printed, "MultiAnswers(3 rows withheld)");
    }
}
