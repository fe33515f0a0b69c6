//! What a field is, who knows it, and whether it will be there tomorrow.
//!
//! Where a value comes from decides what may be concluded from it, so every field declares its
//! origin and whether it will be there when a new customer is scored.

use std::ops::RangeInclusive;

use serde::Serialize;

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
///
/// | a survey asks | kind |
/// |---|---|
/// | how many people live with you? | [`Number`](Self::Number) |
/// | do you own a car? | [`YesNo`](Self::YesNo) |
/// | how often, from never to always? | [`ordered`](Self::ordered), [`rating`](Self::rating) |
/// | which brand do you like best? | [`Category`](Self::Category) |
/// | which of these do you use? Tick all that apply | [`multi_answer`](Self::multi_answer) |
/// | anything else? | [`Text`](Self::Text) |
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
    /// Any number of options, none of them included.
    MultiAnswer(Options),
    /// Free text.
    Text,
}

/// The options of a multi-answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Options {
    /// These and no others, in this order; an option that nobody ticked is still an option.
    Declared(Vec<String>),
    /// Whatever somebody ticked, in byte order.
    Discovered,
}

impl AttributeKind {
    /// One of these levels, from least to most.
    ///
    /// ```
    /// use segmentry::data::AttributeKind;
    ///
    /// let often = AttributeKind::ordered(["never", "sometimes", "always"]);
    /// assert!(matches!(often, AttributeKind::Ordered(levels) if levels.len() == 3));
    /// ```
    pub fn ordered<L: Into<String>>(levels: impl IntoIterator<Item = L>) -> Self {
        Self::Ordered(levels.into_iter().map(Into::into).collect())
    }

    /// A rating whose levels are the whole numbers of the range, such as `1..=7`.
    ///
    /// ```
    /// use segmentry::data::AttributeKind;
    ///
    /// assert_eq!(AttributeKind::rating(1..=3), AttributeKind::ordered(["1", "2", "3"]));
    /// ```
    pub fn rating(points: RangeInclusive<u8>) -> Self {
        Self::Ordered(points.map(|point| point.to_string()).collect())
    }

    /// Any number of these options.
    pub fn multi_answer<O: Into<String>>(options: impl IntoIterator<Item = O>) -> Self {
        Self::MultiAnswer(Options::Declared(options.into_iter().map(Into::into).collect()))
    }

    /// The word for error texts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::YesNo => "yes or no",
            Self::Ordered(_) => "an ordered answer",
            Self::Category => "a category",
            Self::MultiAnswer(_) => "a multi-answer",
            Self::Text => "a text",
        }
    }

    /// The levels or options that were declared before the first row was read.
    pub(crate) fn declared(&self) -> Option<&[String]> {
        match self {
            Self::Ordered(levels) | Self::MultiAnswer(Options::Declared(levels)) => Some(levels),
            _ => None,
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
        Self::new(name, kind, Origin::Own, Availability::AtScoring)
    }

    /// An answer of those who were asked.
    pub fn survey(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self::new(name, kind, Origin::Survey, Availability::StudyOnly)
    }

    /// A field bought or appended from elsewhere. It counts as known in the study only: what was
    /// appended once is not there for tomorrow's customer, unless
    /// [`availability`](Self::availability) says that it will be.
    ///
    /// ```
    /// use segmentry::data::{AttributeField, AttributeKind, Availability, Origin};
    ///
    /// let income = AttributeField::third_party("income", AttributeKind::Number)
    ///     .availability(Availability::AtScoring);
    /// assert_eq!(income.origin, Origin::ThirdParty);
    /// assert_eq!(income.availability, Availability::AtScoring);
    /// ```
    pub fn third_party(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self::new(name, kind, Origin::ThirdParty, Availability::StudyOnly)
    }

    /// Says whether it is there at scoring time.
    #[must_use]
    pub fn availability(mut self, availability: Availability) -> Self {
        self.availability = availability;
        self
    }

    fn new(
        name: impl Into<String>,
        kind: AttributeKind,
        origin: Origin,
        availability: Availability,
    ) -> Self {
        Self { name: name.into(), kind, origin, availability }
    }
}
