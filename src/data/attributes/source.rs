//! What else is known of customers: attributes, survey answers, appended data.
//!
//! Where a value comes from decides what may be concluded from it, so every field declares its
//! origin and whether it will be there when a new customer is scored.

use std::fmt;

use serde::Serialize;

use crate::data::{IdColumn, SourceError};

/// Who knows it, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The company's own records of what customers do or are.
    Own,
    /// What customers said when asked.
    Survey,
    /// Bought or appended from elsewhere.
    ThirdParty,
}

/// Whether a field is there when a customer is placed in a segment tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Known for every customer at any time.
    AtScoring,
    /// Known only for those in the study.
    StudyOnly,
}

/// The kind of an attribute's values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeKind {
    /// A finite number.
    Number,
    /// Yes or no.
    YesNo,
    /// One of these levels, from least to most.
    Ordered(Vec<String>),
    /// One of several names.
    Category,
    /// Free text.
    Text,
}

impl AttributeKind {
    /// The word for error texts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::YesNo => "yes or no",
            Self::Ordered(_) => "an ordered answer",
            Self::Category => "a category",
            Self::Text => "a text",
        }
    }
}

/// One field that a source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeField {
    /// Its name.
    pub name: String,
    /// The kind of its values.
    pub kind: AttributeKind,
    /// Who knows it, and how.
    pub origin: Origin,
    /// Whether it is there at scoring time.
    pub availability: Availability,
}

impl AttributeField {
    /// A field of the company's own records, known at any time.
    pub fn own(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self { name: name.into(), kind, origin: Origin::Own, availability: Availability::AtScoring }
    }

    /// An answer of those who were asked.
    pub fn survey(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self {
            name: name.into(),
            kind,
            origin: Origin::Survey,
            availability: Availability::StudyOnly,
        }
    }
}

/// The batches of one scan over attributes; `Box::new(std::iter::once(Ok(batch)))` for all in one.
pub type AttributeBatches<'a> =
    Box<dyn Iterator<Item = Result<AttributeBatch<'a>, SourceError>> + 'a>;

/// A store of attributes that the caller owns: one row per customer, in any order.
///
/// # Example
///
/// ```
/// use segmentry::data::{
///     AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource, AttributeValues, Attributes, IdColumn, SourceError,
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
    Text(crate::data::TextColumn<'a>),
}

impl AttributeValues<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::YesNo(values) => values.len(),
            Self::Text(texts) => texts.len(),
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
