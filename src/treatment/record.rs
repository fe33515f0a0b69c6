//! What happened before a schedule starts, as far as a contact policy asks: earlier contacts, and
//! the last day of whatever calls for a pause.

use std::fmt;

use crate::data::{
    CustomerHistory, DataError, EventKind, EventKinds, EventSource, EventSpec, EventSummary, Times,
    UnreadableRows,
};
use crate::treatment::TreatmentError;
use crate::treatment::policy::MAX_CONTACTS;
use crate::units::{ChannelId, CivilTime, CustomerIds, Date};
use crate::work::Work;

/// Earlier contacts of each customer, and when things last happened to them.
///
/// # Example
///
/// ```
/// use segmentry::treatment::ContactRecord;
/// use segmentry::units::{ChannelId, CustomerIds, Date};
///
/// let day = Date::from_ymd(2024, 2, 28)?;
/// let record = ContactRecord::new(CustomerIds::numbered(2)?)
///     .contacts([(1, ChannelId::of("email"), day)])?
///     .last("complaint", vec![Some(day), None])?;
/// assert_eq!(record.contacts_of(1).count(), 1);
/// assert_eq!(record.last_of(0, "complaint"), Some(day));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct ContactRecord {
    ids: CustomerIds,
    channels: Vec<ChannelId>,
    /// Row, day and place of the channel, in this order.
    contacts: Vec<(u32, i32, u16)>,
    last: Vec<(String, Vec<Option<Date>>)>,
    running: Option<Vec<Option<Date>>>,
    passed_over: u64,
}

/// Channels of earlier contacts; a source with more has keys that are something else.
const MAX_CHANNELS: usize = 1000;

/// The name under which purchases are looked up by a policy.
pub(super) const PURCHASE: &str = "purchase";

impl ContactRecord {
    /// Nothing happened.
    pub fn new(ids: CustomerIds) -> Self {
        Self {
            ids,
            channels: Vec::new(),
            contacts: Vec::new(),
            last: Vec::new(),
            running: None,
            passed_over: 0,
        }
    }

    /// Adds contacts: row, channel and day. Several on one day are several.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::NoSuchRow`].
    pub fn contacts(
        mut self,
        contacts: impl IntoIterator<Item = (usize, ChannelId, Date)>,
    ) -> Result<Self, TreatmentError> {
        for (row, channel, day) in contacts {
            if row >= self.ids.len() {
                let customers = self.ids.len();
                return Err(TreatmentError::NoSuchRow { what: "the contacts", row, customers });
            }
            let place = self.place(channel.as_str())?;
            self.contacts.push((row as u32, day.day_number(), place));
        }
        self.contacts.sort_unstable();
        Ok(self)
    }

    /// Reads a source of events: contacts, whose keys are the names of the channels, each with its
    /// day, and the last day of every kind that `pauses` names. The window of the specification
    /// should reach as far back as the longest cap and pause of the policy.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Data`] where the source failed or an event cannot be read;
    /// [`TreatmentError::Cancelled`].
    pub fn read(
        mut self,
        source: &dyn EventSource,
        spec: &EventSpec,
        pauses: &[EventKind],
        work: &Work,
    ) -> Result<Self, TreatmentError> {
        let ids = self.ids.clone();
        let lookup = ids.lookup();
        let mut read = 0;
        let failed = |source, rows_read| DataError::SideSource { what: "event", rows_read, source };
        spec.validate()?;
        work.begin("reading contacts", None)?;
        let mut last: Vec<(&str, Vec<Option<Date>>)> =
            pauses.iter().map(|kind| (kind.name(), vec![None; ids.len()])).collect();
        for batch in source.scan(&spec.request()).map_err(|error| failed(error, 0))? {
            work.check()?;
            let batch = batch.map_err(|error| failed(error, read))?;
            batch.check_shape()?;
            self.passed_over += batch.unreadable.len() as u64;
            for row in 0..batch.len() {
                read += 1;
                let kind = match &batch.kinds {
                    EventKinds::All(kind) => kind.name(),
                    EventKinds::Named(names) => names.get(row),
                };
                let pause = last.iter().position(|(name, _)| *name == kind);
                let contact = kind == EventKind::Contact.name();
                if pause.is_none() && !contact {
                    continue;
                }
                let Ok(customer) = batch.customers.place(row, &lookup) else {
                    self.passed_over += 1;
                    continue;
                };
                let day = match &batch.times {
                    Times::Seconds(seconds) => {
                        CivilTime::from_seconds(seconds[row]).map(CivilTime::date)
                    }
                    Times::Days(days) => Date::from_day_number(days[row]),
                };
                let Some(day) = day else {
                    if spec.unreadable == UnreadableRows::Skip {
                        self.passed_over += 1;
                        continue;
                    }
                    let expected = "a time in the years 1 to 9999";
                    return Err(DataError::EventValue { row: read - 1, expected }.into());
                };
                if spec.from.is_some_and(|from| day < from)
                    || spec.until.is_some_and(|until| day > until)
                {
                    continue;
                }
                if contact {
                    let key = batch.keys.as_ref().map_or("", |keys| keys.get(row));
                    let place = self.place(key)?;
                    self.contacts.push((customer, day.day_number(), place));
                }
                if let Some(pause) = pause {
                    let known = &mut last[pause].1[customer as usize];
                    *known = (*known).max(Some(day));
                }
            }
        }
        self.contacts.sort_unstable();
        for (name, days) in last {
            self = self.last(name, days)?;
        }
        Ok(self)
    }

    /// Adds the contacts of a summary of events. It keeps how many there were and the last day, so
    /// all are taken for contacts of that day: a cap may hold back too much, never too little. Read
    /// the summary over no more than the longest window of a cap, or use [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// [`TreatmentError::OtherCustomers`].
    pub fn contacts_of_summary(mut self, events: &EventSummary) -> Result<Self, TreatmentError> {
        self.same(events.ids(), "the summary of events")?;
        for row in 0..self.ids.len() {
            for (kind, key, tally) in events.customer(row) {
                if *kind != EventKind::Contact {
                    continue;
                }
                let place = self.place(key)?;
                let contact = (row as u32, tally.last.date().day_number(), place);
                // No cap allows more than this.
                let n =
                    usize::try_from(tally.count).unwrap_or(usize::MAX).min(MAX_CONTACTS as usize);
                self.contacts.extend(std::iter::repeat_n(contact, n));
            }
        }
        self.contacts.sort_unstable();
        Ok(self)
    }

    /// The last day on which something happened to each customer, such as a complaint. Of what is
    /// said twice under one name the later day counts.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Length`].
    pub fn last(
        mut self,
        what: impl Into<String>,
        days: Vec<Option<Date>>,
    ) -> Result<Self, TreatmentError> {
        self.check_length("the last days", days.len())?;
        let what = what.into();
        match self.last.iter_mut().find(|(name, _)| *name == what) {
            Some((_, known)) => {
                for (known, day) in known.iter_mut().zip(days) {
                    *known = (*known).max(day);
                }
            }
            None => self.last.push((what, days)),
        }
        Ok(self)
    }

    /// The last purchase of each customer, for pauses after `purchase`.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::OtherCustomers`].
    pub fn purchases(self, history: &CustomerHistory) -> Result<Self, TreatmentError> {
        self.same(history.ids(), "the history")?;
        let days = (0..self.ids.len()).map(|row| Some(history.last_purchase(row))).collect();
        self.last(PURCHASE, days)
    }

    /// Sequences that started earlier and still run until these days.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Length`].
    pub fn running_until(mut self, days: Vec<Option<Date>>) -> Result<Self, TreatmentError> {
        self.check_length("the running sequences", days.len())?;
        self.running = Some(days);
        Ok(self)
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// Contacts and pauses that were read and belong to nobody in the table, or could not be read
    /// and were to be skipped.
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// The earlier contacts of a customer, in order of time.
    pub fn contacts_of(&self, row: usize) -> impl Iterator<Item = (Date, &ChannelId)> {
        self.rows_of(row).iter().filter_map(|&(_, day, place)| {
            Some((Date::from_day_number(day)?, &self.channels[usize::from(place)]))
        })
    }

    /// The last day on which something happened to a customer.
    pub fn last_of(&self, row: usize, what: &str) -> Option<Date> {
        self.last.iter().find(|(name, _)| name == what)?.1[row]
    }

    /// The day until which an earlier sequence runs.
    pub(super) fn running(&self, row: usize) -> Option<Date> {
        self.running.as_ref()?[row]
    }

    /// The channels by the places that [`rows_of`](Self::rows_of) names.
    pub(super) fn channels(&self) -> &[ChannelId] {
        &self.channels
    }

    /// Row, day number and place of the channel of a customer's contacts.
    pub(super) fn rows_of(&self, row: usize) -> &[(u32, i32, u16)] {
        let start = self.contacts.partition_point(|&(of, _, _)| (of as usize) < row);
        let n = self.contacts[start..].partition_point(|&(of, _, _)| of as usize == row);
        &self.contacts[start..start + n]
    }

    /// The last days of something, one a row.
    pub(super) fn column(&self, what: &str) -> Option<&[Option<Date>]> {
        self.last.iter().find(|(name, _)| name == what).map(|(_, days)| days.as_slice())
    }

    fn place(&mut self, channel: &str) -> Result<u16, TreatmentError> {
        if let Some(place) = self.channels.iter().position(|known| known.as_str() == channel) {
            return Ok(place as u16);
        }
        let n = self.channels.len();
        if n >= MAX_CHANNELS {
            let (value, expected) = (n as f64 + 1.0, "at most 1000; is a key a campaign?");
            return Err(TreatmentError::Param { name: "channels", value, expected });
        }
        self.channels.push(ChannelId::new(channel.to_owned()));
        Ok(n as u16)
    }

    fn same(&self, ids: &CustomerIds, what: &'static str) -> Result<(), TreatmentError> {
        let same = *ids == self.ids;
        same.then_some(()).ok_or(TreatmentError::OtherCustomers { what })
    }

    fn check_length(&self, what: &'static str, got: usize) -> Result<(), TreatmentError> {
        let expected = self.ids.len();
        let fits = got == expected;
        fits.then_some(()).ok_or(TreatmentError::Length { what, expected, got })
    }
}

impl fmt::Debug for ContactRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactRecord")
            .field("ids", &self.ids)
            .field("contacts", &self.contacts.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Event, EventBatches, EventRequest, HistorySpec, SourceError, Transaction};

    struct Log;

    fn day(d: u32) -> Date {
        Date::from_ymd(2024, 2, d).unwrap()
    }

    impl EventSource for Log {
        fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
            let event = |customer: &'static str, d: u32, kind: &str, key: &'static str| {
                let (time, kind) = (day(d).into(), EventKind::named(kind));
                Ok(Event { customer: customer.into(), time, kind, key: key.into(), value: None })
            };
            Ok(EventBatches::from_rows([
                event("bob", 29, "contact", "email"),
                event("ann", 12, "contact", "call"),
                event("bob", 10, "contact", "email"),
                event("bob", 10, "contact", "email"), // two on one day are two
                event("ann", 3, "contact", "email"),  // before the window
                event("ann", 20, "complaint", "price"),
                event("ann", 14, "complaint", "delay"),
                event("ann", 15, "response", "email"),
                event("eve", 15, "contact", "email"), // nobody
            ]))
        }
    }

    fn ids() -> CustomerIds {
        CustomerIds::from_texts(["ann", "bob"]).unwrap()
    }

    fn window() -> EventSpec {
        EventSpec::new().observed_from(day(5))
    }

    fn told(record: &ContactRecord, row: usize) -> Vec<(Date, String)> {
        record.contacts_of(row).map(|(day, channel)| (day, channel.to_string())).collect()
    }

    #[test]
    fn contacts_keep_their_days_and_pauses_the_last() {
        let complaints = [EventKind::named("complaint")];
        let record =
            ContactRecord::new(ids()).read(&Log, &window(), &complaints, &Work::new()).unwrap();
        let (email, call) = ("email".to_owned(), "call".to_owned());
        assert_eq!(told(&record, 0), [(day(12), call)]);
        assert_eq!(
            told(&record, 1),
            [(day(10), email.clone()), (day(10), email.clone()), (day(29), email,)]
        );
        assert_eq!((record.last_of(0, "complaint"), record.passed_over()), (Some(day(20)), 1));
        assert_eq!((record.last_of(1, "complaint"), record.last_of(0, "praise")), (None, None));
    }

    #[test]
    fn a_summary_knows_only_the_last_day() {
        let events = EventSummary::read_with(&Log, &ids(), &window(), &Work::new()).unwrap();
        let record = ContactRecord::new(ids()).contacts_of_summary(&events).unwrap();
        let email = "email".to_owned();
        assert_eq!(told(&record, 1), vec![(day(29), email); 3]);
        let others = ContactRecord::new(CustomerIds::numbered(2).unwrap());
        let refused = others.contacts_of_summary(&events);
        assert!(matches!(refused, Err(TreatmentError::OtherCustomers { .. })));
    }

    #[test]
    fn of_two_last_days_the_later_counts() {
        let log = [Transaction::new("ann", day(9), 1.0), Transaction::new("bob", day(8), 1.0)];
        let history = CustomerHistory::read(&log, &HistorySpec::new(), &Work::new()).unwrap();
        let record = ContactRecord::new(history.ids().clone())
            .last(PURCHASE, vec![Some(day(1)), Some(day(20))])
            .unwrap()
            .purchases(&history)
            .unwrap();
        assert_eq!(record.last_of(0, "purchase"), Some(day(9)));
        assert_eq!(record.last_of(1, "purchase"), Some(day(20)));
        let few = record.clone().last("x", vec![None]);
        assert!(matches!(few, Err(TreatmentError::Length { expected: 2, got: 1, .. })));
        let nobody = record.contacts([(2, ChannelId::of("email"), day(1))]);
        assert!(matches!(nobody, Err(TreatmentError::NoSuchRow { row: 2, .. })));
    }

    #[test]
    fn campaigns_are_no_channels() {
        let contacts = (0..1001).map(|i| (0, ChannelId::new(format!("campaign {i}")), day(1)));
        let refused = ContactRecord::new(ids()).contacts(contacts);
        assert!(matches!(refused, Err(TreatmentError::Param { name: "channels", .. })));
    }
}
