//! The fold beside a plain program, merging, and input that nobody should have to send.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::data::{Consent, Event, EventBatches, EventRequest, Id, IdColumn, SourceError};

struct List(Vec<Event<'static>>);

impl EventSource for List {
    fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        Ok(EventBatches::from_rows(self.0.iter().cloned().map(Ok)))
    }
}

struct One(EventBatch<'static>);

impl EventSource for One {
    fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        Ok(EventBatches::one(self.0.clone()))
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

fn customers() -> CustomerIds {
    CustomerIds::from_texts(["a", "b"]).unwrap()
}

fn read(source: &dyn EventSource, spec: &EventSpec) -> Result<EventSummary, DataError> {
    EventSummary::read_with(source, &customers(), spec, &Work::new())
}

#[test]
fn the_last_consent_counts_in_any_order() {
    let mut events = vec![
        consent("a", 5, 1.0),
        consent("a", 9, 0.0),
        consent("b", 1, 1.0),
        consent("z", 1, 1.0),
    ];
    for _ in 0..2 {
        events.reverse();
        let summary = read(&List(events.clone()), &EventSpec::new()).unwrap();
        let a = summary.of(0, &EventKind::Consent, "email").unwrap();
        assert_eq!((a.count, a.last_value), (2, Some(0.0)));
        assert_eq!(summary.consent(0, "email"), Some(Consent::Refused));
        assert_eq!(summary.consent(1, "email"), Some(Consent::Given));
        assert_eq!((summary.consent(1, "post"), summary.consent(9, "email")), (None, None));
        assert_eq!((summary.customer(1).count(), summary.customer(9).count()), (1, 0));
        assert_eq!(summary.unmatched(), 1);
    }
}

#[test]
fn in_doubt_the_customer_refused() {
    for values in [[0.0, 1.0], [1.0, 0.0]] {
        let events = values.map(|value| consent("a", 5, value)).to_vec();
        let summary = read(&List(events.clone()), &EventSpec::new()).unwrap();
        assert_eq!(summary.consent(0, "email"), Some(Consent::Refused));
        // Of anything else the largest value of a second counts.
        let responses: Vec<_> =
            events.into_iter().map(|event| Event { kind: EventKind::Response, ..event }).collect();
        let summary = read(&List(responses), &EventSpec::new()).unwrap();
        let tally = summary.of(0, &EventKind::Response, "email").unwrap();
        assert_eq!(tally.last_value, Some(1.0));
    }
}

#[test]
fn a_window_counts_what_it_leaves_out() {
    let day = |day| Date::from_day_number(day).unwrap();
    let at = |day: i64, value| consent("a", day * 86_400 + 86_399, value);
    let events = List(vec![at(9, 1.0), at(10, 1.0), at(11, 1.0), at(12, 0.0)]);
    let spec = EventSpec::new().observed_from(day(10)).observed_until(day(11));
    let summary = read(&events, &spec).unwrap();
    let report = summary.report();
    assert_eq!((report.rows_before, report.rows_kept, report.rows_after), (1, 2, 1));
    assert_eq!(summary.consent(0, "email"), Some(Consent::Given));
    assert_eq!((report.customers_with_event, report.customers_without_event), (1, 1));
    let turned = EventSpec::new().observed_from(day(11)).observed_until(day(10));
    assert!(matches!(read(&events, &turned), Err(DataError::Param { name: "observed_from", .. })));
}

#[test]
fn events_that_cannot_be_are_errors_or_counted() {
    let row = |second: i64, kind: EventKind, value: Option<f64>| {
        One(EventBatch {
            customers: IdColumn::texts(["a"].into_iter().collect()),
            times: Times::Seconds(vec![second].into()),
            kinds: EventKinds::All(kind),
            keys: None,
            values: Some(vec![value]),
            unreadable: Vec::new(),
        })
    };
    let bad = [
        row(0, EventKind::Contact, Some(f64::NAN)),
        row(0, EventKind::Contact, Some(f64::INFINITY)),
        row(0, EventKind::Consent, None),
        row(0, EventKind::Consent, Some(0.5)),
        row(i64::MAX, EventKind::Contact, None),
        row(i64::MIN, EventKind::Contact, None),
        row(0, EventKind::Other(String::new()), None),
    ];
    for source in bad {
        let error = read(&source, &EventSpec::new()).unwrap_err();
        assert!(matches!(error, DataError::EventValue { row: 0, .. }), "{error}");
        let skip = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
        let report = read(&source, &skip).unwrap().report().clone();
        assert_eq!((report.rows_unreadable, report.rows_kept, report.kinds.len()), (1, 0, 0));
        assert_eq!((report.unreadable[0].rows, report.unreadable[0].first), (1, 0));
        assert!(report.unreadable[0].reason.starts_with("not a "), "{report}");
    }
    assert!(read(&row(0, EventKind::Consent, Some(-0.0)), &EventSpec::new()).is_ok());
}

#[test]
fn columns_of_unequal_length_are_refused() {
    let good = EventBatch {
        customers: IdColumn::integers(vec![1, 2]),
        times: Times::Days(vec![0, 0].into()),
        kinds: EventKinds::Named(["contact", "visit"].into_iter().collect()),
        keys: Some(["", "x"].into_iter().collect()),
        values: Some(vec![None, None]),
        unreadable: Vec::new(),
    };
    assert!(read(&One(good.clone()), &EventSpec::new()).is_ok());
    let bad = [
        EventBatch { times: Times::Seconds(vec![0].into()), ..good.clone() },
        EventBatch { kinds: EventKinds::Named(["x"].into_iter().collect()), ..good.clone() },
        EventBatch { keys: Some(Default::default()), ..good.clone() },
        EventBatch { values: Some(vec![]), ..good.clone() },
        EventBatch { customers: IdColumn::integers(vec![1, 2]).missing(vec![true]), ..good },
    ];
    for batch in bad {
        let error = read(&One(batch), &EventSpec::new()).unwrap_err();
        assert!(matches!(error, DataError::BatchLength { expected: 2, .. }), "{error}");
    }
}

#[test]
fn keys_have_a_limit() {
    let keyed = |key: &'static str| Event { key: key.into(), ..consent("a", 1, 1.0) };
    let events = List(vec![keyed("x"), keyed("y"), keyed("x")]);
    assert!(read(&events, &EventSpec::new().max_keys(2)).is_ok());
    let error = read(&events, &EventSpec::new().max_keys(1)).unwrap_err();
    assert!(matches!(error, DataError::TooManyKeys { limit: 1, .. }), "{error}");
    // Both halves fit, and together they do not.
    let spec = EventSpec::new().max_keys(1);
    let (x, y) = (List(vec![keyed("x")]), List(vec![keyed("y")]));
    let merged = read(&x, &spec).unwrap().merge(&read(&y, &spec).unwrap());
    assert!(matches!(merged, Err(DataError::TooManyKeys { .. })));
    let other = read(&x, &EventSpec::new()).unwrap();
    let differ = read(&x, &spec).unwrap().merge(&other);
    assert!(matches!(differ, Err(DataError::CannotJoin { differ: "rules", .. })));
}

#[test]
fn integer_ids_and_their_texts_are_one_customer() {
    let event = |customer: Id<'static>| Event { customer, ..consent("", 1, 1.0) };
    let events = List(vec![event(7.into()), event("7".into()), event(Id::Missing)]);
    let customers = CustomerIds::from_texts(["7"]).unwrap();
    let summary = EventSummary::read(&events, &customers, &Work::new()).unwrap();
    assert_eq!(summary.of(0, &EventKind::Consent, "email").unwrap().count, 2);
    assert_eq!(summary.report().rows_without_id, 1);
}

#[test]
fn the_report_can_be_read_and_stored() {
    let events = List(vec![consent("a", 5, 1.0), consent("z", 1, 1.0)]);
    let summary = read(&events, &EventSpec::new()).unwrap();
    let text = "2 events read: 1 kept, 0 before the window, 0 after it, 1 of unknown customers, \
                0 without an id, 0 unreadable\n\
                2 customers: 1 with an event, 1 without\n\
                consent: events 1, customers 1, keys 1";
    assert_eq!(summary.report().to_string(), text);
    let json = serde_json::to_value(summary.report()).unwrap();
    assert_eq!((&json["rows_kept"], &json["kinds"][0]["kind"]), (&1.into(), &"consent".into()));
}

/// A source that skips what it cannot read, if it is told to.
struct Torn(Vec<RowFault>);

impl EventSource for Torn {
    fn scan(&self, request: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        if request.unreadable_rows() == UnreadableRows::Error {
            return Err("a torn page".into());
        }
        let batch = EventBatch {
            customers: IdColumn::integers(vec![]),
            times: Times::Days(vec![].into()),
            kinds: EventKinds::All(EventKind::Contact),
            keys: None,
            values: None,
            unreadable: self.0.clone(),
        };
        Ok(EventBatches::one(batch))
    }
}

#[test]
fn reasons_are_counted_in_any_order_and_have_a_limit() {
    let torn = |positions: &[u64]| {
        let fault = |&at: &u64| match at % 3 {
            0 => RowFault::new(at, None, "torn"),
            1 => RowFault::new(at, Some("time".to_owned()), "torn"),
            _ => RowFault::new(at, Some("time".to_owned()), "blank"),
        };
        Torn(positions.iter().map(fault).collect())
    };
    let skip = EventSpec::new().unreadable_rows(UnreadableRows::Skip);
    let whole = read(&torn(&[9, 4, 5, 3, 7, 6]), &skip).unwrap();
    let report = whole.report();
    let counts: Vec<_> = report
        .unreadable
        .iter()
        .map(|it| (it.column.as_deref(), it.reason.as_str(), it.rows, it.first))
        .collect();
    assert_eq!(
        counts,
        [(None, "torn", 3, 3), (Some("time"), "blank", 1, 5), (Some("time"), "torn", 2, 4)]
    );
    assert_eq!((report.rows_unreadable, report.accounted_for()), (6, 6));
    let said = report.to_string();
    assert!(said.contains("unreadable: 2, the first at 4: column `time`: torn\n"), "{said}");
    for (one, other) in
        [(&[9, 4, 5][..], &[3, 7, 6][..]), (&[3, 4, 6, 7], &[5, 9]), (&[], &[3, 4, 5, 6, 7, 9])]
    {
        let merged = read(&torn(one), &skip).unwrap().merge(&read(&torn(other), &skip).unwrap());
        assert!(merged.unwrap() == whole);
    }

    assert!(matches!(read(&torn(&[3]), &EventSpec::new()), Err(DataError::SideSource { .. })));
    let two = skip.max_keys(2);
    let too_many = read(&torn(&[3, 4, 5]), &two).unwrap_err();
    assert!(matches!(too_many, DataError::TooManyKeys { limit: 2, .. }), "{too_many}");
    let halves = [&[3, 4][..], &[5]].map(|half| read(&torn(half), &two).unwrap());
    let [one, other] = halves;
    assert!(matches!(one.merge(&other), Err(DataError::TooManyKeys { limit: 2, .. })));
}

#[test]
fn a_failing_source_is_named() {
    struct Broken;
    impl EventSource for Broken {
        fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
            let rows = [Ok(consent("a", 1, 1.0)), Err("gone".into())];
            Ok(EventBatches::from_rows(rows))
        }
    }
    let error = read(&Broken, &EventSpec::new()).unwrap_err();
    assert!(matches!(error, DataError::SideSource { what: "event", rows_read: 1, .. }));
    let work = Work::new();
    work.canceller().cancel();
    let error = EventSummary::read(&Broken, &customers(), &work).unwrap_err();
    assert!(matches!(error, DataError::Cancelled(_)));
}

fn any_event() -> impl Strategy<Value = Event<'static>> {
    let customer = prop_oneof![Just("a"), Just("b"), Just("z"), Just("")];
    let kind = prop_oneof![
        Just(EventKind::Contact),
        Just(EventKind::Consent),
        Just(EventKind::Other("visit".to_owned())),
        Just(EventKind::Other("contact".to_owned())),
    ];
    let key = prop_oneof![Just(""), Just("email"), Just("post")];
    (customer, 0..6i64, kind, key, prop::option::of(0..2u8)).prop_map(
        |(customer, day, kind, key, value)| Event {
            customer: if customer.is_empty() { Id::Missing } else { customer.into() },
            time: CivilTime::from_seconds(day * 86_400).unwrap(),
            value: match (&kind, value) {
                (EventKind::Consent, None) => Some(0.0),
                (_, value) => value.map(f64::from),
            },
            kind,
            key: key.into(),
        },
    )
}

/// What a plain program makes of the events: it keeps them all.
fn plain(events: &[Event<'_>]) -> BTreeMap<(String, String, String), EventTally> {
    let mut groups: BTreeMap<_, Vec<&Event<'_>>> = BTreeMap::new();
    for event in events {
        let Id::Text(customer) = &event.customer else { continue };
        let in_window = (1..=4).contains(&event.time.date().day_number());
        if customer != "z" && in_window {
            let name = (customer.to_string(), event.kind.name().to_owned(), event.key.to_string());
            groups.entry(name).or_default().push(event);
        }
    }
    let tally = |(name, events): ((String, String, String), Vec<&Event<'_>>)| {
        let last = events.iter().map(|event| event.time).max().unwrap();
        let values = events.iter().filter(|event| event.time == last).filter_map(|e| e.value);
        let last_value =
            if name.1 == "consent" { values.reduce(f64::min) } else { values.reduce(f64::max) };
        let first = events.iter().map(|event| event.time).min().unwrap();
        (name, EventTally { count: events.len() as u64, first, last, last_value })
    };
    groups.into_iter().map(tally).collect()
}

proptest! {
    #[test]
    fn the_fold_is_what_a_plain_program_finds(
        events in prop::collection::vec(any_event(), 0..60),
        cuts in (0usize..60, 0usize..60),
    ) {
        let day = |day| Date::from_day_number(day).unwrap();
        let spec = EventSpec::new().observed_from(day(1)).observed_until(day(4));
        let of = |events: &[Event<'static>]| read(&List(events.to_vec()), &spec).unwrap();
        let whole = of(&events);

        let mut found = BTreeMap::new();
        for (row, name) in ["a", "b"].into_iter().enumerate() {
            for (kind, key, tally) in whole.customer(row) {
                let name = (name.to_owned(), kind.name().to_owned(), key.to_owned());
                prop_assert_eq!(whole.of(row, kind, key), Some(tally));
                let column: Vec<_> = whole.column(kind, key).collect();
                prop_assert_eq!(column[row], Some(tally));
                found.insert(name, *tally);
            }
        }
        prop_assert_eq!(&found, &plain(&events));
        prop_assert_eq!(whole.report().accounted_for(), events.len() as u64);
        let rows: u64 = whole.report().kinds.iter().map(|kind| kind.rows).sum();
        prop_assert_eq!(rows, whole.report().rows_kept);
        let keys: u64 = whole.report().kinds.iter().map(|kind| kind.keys).sum();
        prop_assert_eq!(keys as usize, whole.topics().len());

        // The order of the rows changes nothing, nor does cutting and merging, in either grouping.
        let backward: Vec<_> = events.iter().rev().cloned().collect();
        prop_assert!(of(&backward) == whole);
        let n = events.len();
        let (low, high) = (cuts.0.min(cuts.1).min(n), cuts.0.max(cuts.1).min(n));
        let parts = [&events[..low], &events[low..high], &events[high..]].map(of);
        let [a, b, c] = &parts;
        let left = a.clone().merge(b).unwrap().merge(c).unwrap();
        let right = a.clone().merge(&b.clone().merge(c).unwrap()).unwrap();
        prop_assert!(left == whole && right == whole);
        prop_assert!(c.clone().merge(a).unwrap().merge(b).unwrap() == whole);
    }
}
