//! What the company and the customer did besides buying: contacts, responses, consents, exposures.

use std::collections::BTreeMap;
use std::fmt;

use crate::data::{DataError, Id, SourceError};
use crate::units::{CivilTime, CustomerIds};
use crate::work::Work;

/// What sort of event it was. An open set: a caller's own kinds are [`EventKind::Other`].
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

/// One event.
#[derive(Clone, PartialEq)]
pub struct Event<'a> {
    /// Whose.
    pub customer: Id<'a>,
    /// When.
    pub time: CivilTime,
    /// What sort.
    pub kind: EventKind,
    /// What about: a channel, a campaign, a permission.
    pub key: String,
    /// How much, where that means something.
    pub value: Option<f64>,
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The events of one scan.
pub type Events<'a> = Box<dyn Iterator<Item = Result<Event<'a>, SourceError>> + 'a>;

/// A store of events that the caller owns; events may come in any order.
pub trait EventSource {
    /// Starts one scan over all events.
    ///
    /// # Errors
    ///
    /// Whatever the source fails with.
    fn scan(&self) -> Result<Events<'_>, SourceError>;
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
    /// The value of the last, of several at the same second the largest; `None` where it has none.
    pub last_value: Option<f64>,
}

/// Events folded per customer, kind and key.
///
/// # Example
///
/// ```
/// use segmentry::data::{Event, EventKind, Events, EventSource, EventSummary, SourceError};
/// use segmentry::{units::{CustomerIds, Date}, work::Work};
///
/// struct Mailings;
/// impl EventSource for Mailings {
///     fn scan(&self) -> Result<Events<'_>, SourceError> {
///         let sent = |day| Event {
///             customer: "ann".into(),
///             time: Date::from_ymd(2024, 6, day).unwrap().into(),
///             kind: EventKind::Contact,
///             key: "email".into(),
///             value: None,
///         };
///         Ok(Box::new([sent(9), sent(2)].into_iter().map(Ok)))
///     }
/// }
///
/// let customers = CustomerIds::from_texts(["ann"])?;
/// let events = EventSummary::read(&Mailings, &customers, &Work::new())?;
/// let email = events.of(0, &EventKind::Contact, "email").unwrap();
/// assert_eq!((email.count, email.last.date()), (2, Date::from_ymd(2024, 6, 9)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EventSummary {
    ids: CustomerIds,
    tallies: BTreeMap<(usize, EventKind, String), EventTally>,
    unmatched: u64,
}

impl EventSummary {
    /// Reads a source and folds it by customer.
    ///
    /// # Errors
    ///
    /// [`DataError::SideSource`] where the source failed.
    pub fn read(
        source: &dyn EventSource,
        customers: &CustomerIds,
        work: &Work,
    ) -> Result<Self, DataError> {
        let failed = |source| DataError::SideSource { what: "event", source };
        let mut summary = Self { ids: customers.clone(), tallies: BTreeMap::new(), unmatched: 0 };
        for (row, event) in source.scan().map_err(failed)?.enumerate() {
            if row % 1024 == 0 {
                work.check()?;
                work.tell("reading events", row as u64, None);
            }
            summary.add(event.map_err(failed)?, row)?;
        }
        Ok(summary)
    }

    fn add(&mut self, event: Event<'_>, row: usize) -> Result<(), DataError> {
        let Event { customer, time, kind, key, value } = event;
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(DataError::AttributeValue { name: key, row, expected: "a finite value" });
        }
        let place = match customer {
            Id::Integer(id) => self.ids.row_of(&id.to_string()),
            Id::Text(id) => self.ids.row_of(&id),
            Id::Missing => None,
        };
        let Some(place) = place else {
            self.unmatched += 1;
            return Ok(());
        };
        self.tallies
            .entry((place, kind, key))
            .and_modify(|tally| tally.add(time, value))
            .or_insert(EventTally { count: 1, first: time, last: time, last_value: value });
        Ok(())
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many events belong to nobody in the table.
    pub fn unmatched(&self) -> u64 {
        self.unmatched
    }

    /// The events of a customer of one kind and key; `None` where there were none.
    pub fn of(&self, row: usize, kind: &EventKind, key: &str) -> Option<&EventTally> {
        self.tallies.get(&(row, kind.clone(), key.to_owned()))
    }

    /// All events of a customer, by kind and key.
    pub fn customer(&self, row: usize) -> impl Iterator<Item = (&EventKind, &str, &EventTally)> {
        self.tallies
            .range((row, EventKind::Contact, String::new())..)
            .take_while(move |((place, _, _), _)| *place == row)
            .map(|((_, kind, key), tally)| (kind, key.as_str(), tally))
    }
}

impl EventTally {
    fn add(&mut self, time: CivilTime, value: Option<f64>) {
        self.count += 1;
        self.first = self.first.min(time);
        let larger = || match (self.last_value, value) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (one, None) | (None, one) => one,
        };
        match time.cmp(&self.last) {
            std::cmp::Ordering::Greater => (self.last, self.last_value) = (time, value),
            std::cmp::Ordering::Equal => self.last_value = larger(),
            std::cmp::Ordering::Less => {}
        }
    }
}

impl fmt::Debug for EventSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSummary")
            .field("customers", &self.ids.len())
            .field("tallies", &self.tallies.len())
            .field("unmatched", &self.unmatched)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct List(Vec<Event<'static>>);

    impl EventSource for List {
        fn scan(&self) -> Result<Events<'_>, SourceError> {
            Ok(Box::new(self.0.iter().cloned().map(Ok)))
        }
    }

    fn consent(customer: &'static str, second: i64, value: f64) -> Event<'static> {
        Event {
            customer: customer.into(),
            time: CivilTime::from_seconds(second).unwrap(),
            kind: EventKind::Consent,
            key: "email".into(),
            value: Some(value),
        }
    }

    #[test]
    fn the_last_consent_counts_in_any_order() {
        let customers = CustomerIds::from_texts(["a", "b"]).unwrap();
        let mut events = vec![
            consent("a", 5, 1.0),
            consent("a", 9, 0.0),
            consent("b", 1, 1.0),
            consent("z", 1, 1.0),
        ];
        for _ in 0..2 {
            events.reverse();
            let summary =
                EventSummary::read(&List(events.clone()), &customers, &Work::new()).unwrap();
            let a = summary.of(0, &EventKind::Consent, "email").unwrap();
            assert_eq!((a.count, a.last_value), (2, Some(0.0)));
            assert_eq!(summary.customer(1).count(), 1);
            assert_eq!(summary.unmatched(), 1);
        }
    }

    #[test]
    fn a_value_must_be_finite() {
        let customers = CustomerIds::from_texts(["a"]).unwrap();
        let list = List(vec![consent("a", 1, f64::NAN)]);
        let error = EventSummary::read(&list, &customers, &Work::new()).unwrap_err();
        assert!(matches!(error, DataError::AttributeValue { row: 0, .. }));
    }
}
