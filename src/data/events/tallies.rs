//! Tallies under way: one per customer, kind and key that occurs, found by hash.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::data::texts::Names;
use crate::data::{DataError, EventKind, EventTally, KindReport};
use crate::num::index::{Index, NOBODY};

/// Tallies in the order of first sight, kinds and keys numbered.
#[derive(Default)]
pub(super) struct Tallies {
    kinds: Names,
    keys: Names,
    /// Whether a kind is a consent, whose ties go to the refusal.
    consents: Vec<bool>,
    entries: Vec<Entry>,
    places: Index,
    hasher: RandomState,
}

/// One tally and whose it is: 56 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry {
    pub(super) customer: u32,
    pub(super) kind: u32,
    pub(super) key: u32,
    pub(super) tally: EventTally,
}

/// Tallies sorted by customer, kind and key, which is one order whatever came first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sorted {
    pub(super) kinds: Vec<EventKind>,
    pub(super) keys: Vec<String>,
    /// Where the tallies of each customer end.
    pub(super) ends: Vec<usize>,
    pub(super) entries: Vec<Entry>,
}

impl Tallies {
    /// The number of a kind.
    pub(super) fn kind(&mut self, name: &str, limit: usize) -> Result<u32, DataError> {
        let number = numbered(&mut self.kinds, name, limit, "kind of event")?;
        if self.consents.len() < self.kinds.len() {
            self.consents.push(name == EventKind::Consent.name());
        }
        Ok(number)
    }

    /// The number of a key.
    pub(super) fn key(&mut self, name: &str, limit: usize) -> Result<u32, DataError> {
        numbered(&mut self.keys, name, limit, "key of event")
    }

    /// Adds a tally to that of its customer, kind and key.
    ///
    /// # Errors
    ///
    /// [`DataError::TooManyKeys`] beyond 4 billion tallies.
    pub(super) fn add(&mut self, entry: Entry) -> Result<(), DataError> {
        let whose = |entry: &Entry| (entry.customer, entry.kind, entry.key);
        let entries = &mut self.entries;
        let hash = (self.hasher.hash_one(whose(&entry)) >> 32) as u32;
        let same = |place: u32| whose(&entries[place as usize]) == whose(&entry);
        let place = self.places.find(hash, same);
        if place != NOBODY {
            let consent = self.consents[entry.kind as usize];
            let of_same_second = if consent { f64::min } else { f64::max };
            entries[place as usize].tally.add(&entry.tally, of_same_second);
            return Ok(());
        }
        let (what, limit) = ("tally", NOBODY as usize);
        let place = u32::try_from(entries.len()).ok().filter(|&place| place < NOBODY);
        let place = place.ok_or(DataError::TooManyKeys { what, limit })?;
        entries.push(entry);
        self.places.insert(hash, place);
        Ok(())
    }

    /// Adds what another summary has.
    pub(super) fn absorb(&mut self, other: &Sorted, limit: usize) -> Result<(), DataError> {
        let kinds: Vec<u32> = other
            .kinds
            .iter()
            .map(|kind| self.kind(kind.name(), limit))
            .collect::<Result<_, _>>()?;
        let keys: Vec<u32> =
            other.keys.iter().map(|key| self.key(key, limit)).collect::<Result<_, _>>()?;
        for entry in &other.entries {
            let (kind, key) = (kinds[entry.kind as usize], keys[entry.key as usize]);
            self.add(Entry { kind, key, ..*entry })?;
        }
        Ok(())
    }

    /// The tallies in their final order, for so many customers.
    pub(super) fn sorted(self, customers: usize) -> Sorted {
        let Self { kinds, keys, mut entries, places, .. } = self;
        drop(places);
        entries.shrink_to_fit();
        let (keys, place_of_key) = keys.sorted();
        let mut kinds: Vec<(EventKind, usize)> = kinds
            .to_vec()
            .iter()
            .enumerate()
            .map(|(number, name)| (EventKind::named(name), number))
            .collect();
        kinds.sort_unstable_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
        let mut place_of_kind = vec![0; kinds.len()];
        for (place, &(_, number)) in kinds.iter().enumerate() {
            place_of_kind[number] = place as u32;
        }
        for entry in &mut entries {
            entry.kind = place_of_kind[entry.kind as usize];
            entry.key = place_of_key[entry.key as usize];
        }
        entries.sort_unstable_by_key(|entry| (entry.customer, entry.kind, entry.key));
        let mut ends = vec![0; customers];
        for entry in &entries {
            ends[entry.customer as usize] += 1;
        }
        let mut before = 0;
        for end in &mut ends {
            before += *end;
            *end = before;
        }
        let kinds = kinds.into_iter().map(|(kind, _)| kind).collect();
        Sorted { kinds, keys, ends, entries }
    }
}

impl Sorted {
    /// The tallies of a customer; none behind the last.
    pub(super) fn of(&self, row: usize) -> &[Entry] {
        let Some(&end) = self.ends.get(row) else { return &[] };
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.entries[start..end]
    }

    /// How many customers have a tally.
    pub(super) fn customers(&self) -> u64 {
        (0..self.ends.len()).filter(|&row| !self.of(row).is_empty()).count() as u64
    }

    /// The pairs of a kind and a key that occur.
    pub(super) fn topics(&self) -> BTreeSet<(u32, u32)> {
        self.entries.iter().map(|entry| (entry.kind, entry.key)).collect()
    }

    /// What there is of each kind.
    pub(super) fn by_kind(&self) -> Vec<KindReport> {
        let empty =
            |kind: &EventKind| KindReport { kind: kind.clone(), rows: 0, customers: 0, keys: 0 };
        let mut reports: Vec<KindReport> = self.kinds.iter().map(empty).collect();
        let mut last = None;
        for entry in &self.entries {
            let report = &mut reports[entry.kind as usize];
            report.rows += entry.tally.count;
            // A customer's tallies of one kind stand together.
            report.customers += u64::from(
                last.replace((entry.customer, entry.kind)) != Some((entry.customer, entry.kind)),
            );
        }
        for (kind, _) in self.topics() {
            reports[kind as usize].keys += 1;
        }
        reports
    }
}

fn numbered(
    names: &mut Names,
    name: &str,
    limit: usize,
    what: &'static str,
) -> Result<u32, DataError> {
    names.number(name, limit).ok_or(DataError::TooManyKeys { what, limit })
}
