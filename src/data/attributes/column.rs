//! One attribute of every customer, by kind.

use std::fmt;

use crate::data::{AttributeField, DataError};

/// One attribute of every customer.
#[derive(Clone)]
pub struct AttributeColumn {
    pub(super) field: AttributeField,
    pub(super) values: Joined,
}

#[derive(Clone)]
pub(super) enum Joined {
    Number(Vec<Option<f64>>),
    YesNo(Vec<Option<bool>>),
    /// Codes into the levels, which are sorted for categories and as declared for ordered answers.
    Coded {
        levels: Vec<String>,
        codes: Vec<Option<u32>>,
    },
    MultiAnswer(MultiAnswerColumn),
    /// Where each customer's text stands in the one string; an empty stretch is a missing text.
    Text {
        text: String,
        stretches: Vec<(usize, usize)>,
    },
}

/// What every customer ticked.
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
///         let kind = AttributeKind::multi_answer(["delivery", "advice", "credit"]);
///         Ok(vec![AttributeField::survey("wants", kind)])
///     }
///     fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
///         let ticked = [Some(vec!["advice", "delivery"]), Some(vec![])];
///         Ok(Box::new(std::iter::once(Ok(AttributeBatch {
///             customers: IdColumn::texts(["ann", "bob"].into_iter().collect()),
///             columns: vec![AttributeValues::MultiAnswer(ticked.into_iter().collect())],
///         }))))
///     }
/// }
///
/// let customers = CustomerIds::from_texts(["ann", "bob", "zoe"])?;
/// let known = Attributes::read(&Survey, &customers, &Work::new())?;
/// let wants = known.column("wants")?.multi_answers()?;
/// assert_eq!(wants.options(), ["delivery", "advice", "credit"]);
/// assert_eq!(wants.ticked(0), Some(&[0, 1][..]));
/// assert_eq!((wants.ticked(1), wants.ticked(2)), (Some(&[][..]), None)); // zoe was not asked
/// assert_eq!((wants.asked(), wants.counts()), (2, vec![1, 1, 0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MultiAnswerColumn {
    pub(super) options: Vec<String>,
    pub(super) asked: Vec<bool>,
    pub(super) ends: Vec<usize>,
    /// Codes into the options, each row's in ascending order and each once.
    pub(super) ticks: Vec<u32>,
}

impl AttributeColumn {
    /// What the attribute is.
    pub fn field(&self) -> &AttributeField {
        &self.field
    }

    /// How many customers it is known for.
    pub fn known(&self) -> usize {
        match &self.values {
            Joined::Number(values) => values.iter().flatten().count(),
            Joined::YesNo(values) => values.iter().flatten().count(),
            Joined::Coded { codes, .. } => codes.iter().flatten().count(),
            Joined::MultiAnswer(answers) => answers.asked(),
            Joined::Text { stretches, .. } => {
                stretches.iter().filter(|(start, end)| start < end).count()
            }
        }
    }

    /// Its values as numbers.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is no number.
    pub fn numbers(&self) -> Result<&[Option<f64>], DataError> {
        match &self.values {
            Joined::Number(values) => Ok(values),
            _ => Err(self.kind_is_not("a number")),
        }
    }

    /// Its values as yes and no.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is something else.
    pub fn yes_no(&self) -> Result<&[Option<bool>], DataError> {
        match &self.values {
            Joined::YesNo(values) => Ok(values),
            _ => Err(self.kind_is_not("yes or no")),
        }
    }

    /// Its levels, and the level of each customer: for ordered answers from least to most, so that
    /// the code is the rank, for categories in byte order.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it has no levels.
    pub fn levels(&self) -> Result<(&[String], &[Option<u32>]), DataError> {
        match &self.values {
            Joined::Coded { levels, codes } => Ok((levels, codes)),
            _ => Err(self.kind_is_not("an ordered answer or a category")),
        }
    }

    /// Its options, and what each customer ticked.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is no multi-answer.
    pub fn multi_answers(&self) -> Result<&MultiAnswerColumn, DataError> {
        match &self.values {
            Joined::MultiAnswer(answers) => Ok(answers),
            _ => Err(self.kind_is_not("a multi-answer")),
        }
    }

    /// Its texts, customer by customer.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is no text.
    pub fn texts(&self) -> Result<impl ExactSizeIterator<Item = Option<&str>>, DataError> {
        match &self.values {
            Joined::Text { text, stretches } => {
                let one = |&(start, end): &(usize, usize)| (start < end).then(|| &text[start..end]);
                Ok(stretches.iter().map(one))
            }
            _ => Err(self.kind_is_not("a text")),
        }
    }

    /// How many levels or options it has, for kinds that have any.
    pub(super) fn n_levels(&self) -> Option<usize> {
        match &self.values {
            Joined::Coded { levels, .. } => Some(levels.len()),
            Joined::MultiAnswer(answers) => Some(answers.options.len()),
            _ => None,
        }
    }

    fn kind_is_not(&self, expected: &'static str) -> DataError {
        DataError::AttributeKind {
            name: self.field.name.clone(),
            got: self.field.kind.name(),
            expected,
        }
    }
}

impl MultiAnswerColumn {
    /// How many customers there are, asked or not.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The options: as declared, or in byte order where they were discovered.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// The options that a customer ticked, ascending; empty for who was asked and ticked none,
    /// `None` for who was not asked and behind the last row.
    pub fn ticked(&self, row: usize) -> Option<&[u32]> {
        if !*self.asked.get(row)? {
            return None;
        }
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.ticks[start..self.ends[row]])
    }

    /// How many customers were asked.
    pub fn asked(&self) -> usize {
        self.asked.iter().filter(|&&asked| asked).count()
    }

    /// How many customers ticked each option.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.options.len()];
        for &tick in &self.ticks {
            counts[tick as usize] += 1;
        }
        counts
    }

    /// One option as a question of its own: yes for who ticked it, no for who was asked and did
    /// not, `None` for who was not asked.
    pub fn yes_no(&self, option: usize) -> impl ExactSizeIterator<Item = Option<bool>> + '_ {
        let holds = move |ticks: &[u32]| {
            ticks.binary_search_by(|&tick| (tick as usize).cmp(&option)).is_ok()
        };
        (0..self.len()).map(move |row| self.ticked(row).map(holds))
    }
}

impl fmt::Debug for AttributeColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributeColumn").field("field", &self.field).finish_non_exhaustive()
    }
}

impl fmt::Debug for MultiAnswerColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiAnswerColumn")
            .field("customers", &self.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
