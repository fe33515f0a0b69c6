//! One event, and many of one kind and key folded into a tally.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::data::Id;
use crate::units::CivilTime;

/// What sort of event it was. An open set: a caller's own kinds are [`EventKind::Other`].
///
/// A kind is its [name](Self::name): `Other("contact")` is looked up as a contact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The company addressed the customer.
    Contact,
    /// The customer answered.
    Response,
    /// The customer allowed (value 1) or forbade (value 0) something, named by the key.
    Consent,
    /// The customer saw something.
    Exposure,
    /// Anything else, by name.
    Other(String),
}

impl EventKind {
    /// The kind of that name: `contact`, `response`, `consent`, `exposure`, or a caller's own.
    ///
    /// ```
    /// use segmentry::data::EventKind;
    ///
    /// assert_eq!(EventKind::named("consent"), EventKind::Consent);
    /// assert_eq!(EventKind::named("complaint").name(), "complaint");
    /// ```
    pub fn named(name: &str) -> Self {
        match name {
            "contact" => Self::Contact,
            "response" => Self::Response,
            "consent" => Self::Consent,
            "exposure" => Self::Exposure,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Contact => "contact",
            Self::Response => "response",
            Self::Consent => "consent",
            Self::Exposure => "exposure",
            Self::Other(name) => name,
        }
    }

    /// The order in which kinds are listed: the known ones first, then by name.
    pub(super) fn order(&self) -> (u8, &str) {
        let name = self.name();
        let known = ["contact", "response", "consent", "exposure"];
        match known.iter().position(|known| *known == name) {
            Some(place) => (place as u8, ""),
            None => (known.len() as u8, name),
        }
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One event, for sources that have rows and not columns.
#[derive(Clone, PartialEq)]
pub struct Event<'a> {
    /// Whose.
    pub customer: Id<'a>,
    /// When.
    pub time: CivilTime,
    /// What sort.
    pub kind: EventKind,
    /// What about: a channel, a campaign, a permission. Empty where it is about nothing in
    /// particular.
    pub key: Cow<'a, str>,
    /// How much, where that means something; 1 or 0 for a consent.
    pub value: Option<f64>,
}

/// Whether a customer allows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The last word was yes.
    Given,
    /// The last word was no.
    Refused,
}

/// Events of one kind and key of one customer, folded.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EventTally {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: CivilTime,
    /// The last.
    pub last: CivilTime,
    /// The value of the last; `None` where it has none. Of several in the same second it is the
    /// largest, for a consent the smallest: in doubt, the customer refused.
    pub last_value: Option<f64>,
}

impl EventTally {
    pub(super) fn of_one(time: CivilTime, value: Option<f64>) -> Self {
        Self { count: 1, first: time, last: time, last_value: value }
    }

    /// Adds the events of another tally; in which order tallies are added does not matter.
    pub(super) fn add(&mut self, other: &Self, of_same_second: fn(f64, f64) -> f64) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        match other.last.cmp(&self.last) {
            std::cmp::Ordering::Greater => {
                (self.last, self.last_value) = (other.last, other.last_value);
            }
            std::cmp::Ordering::Equal => {
                self.last_value = match (self.last_value, other.last_value) {
                    (Some(a), Some(b)) => Some(of_same_second(a, b)),
                    (one, None) | (None, one) => one,
                };
            }
            std::cmp::Ordering::Less => {}
        }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("kind", &self.kind).finish_non_exhaustive()
    }
}
