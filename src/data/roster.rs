//! The roster: every id is stored once, with a number and whatever is kept of it beside its name.
//!
//! One lookup touches one line of the index and one entry, because the entry holds both the name
//! that settles the comparison and the value that is about to change. A text that is a plain whole
//! number, as most ids in files are, is packed into eight bytes; other texts lie behind one another
//! in one string, so that no row costs a heap allocation. Hashes are seeded at random and no output
//! follows them: numbers follow the order of first sight, and whoever needs an order sorts by id.

mod sorted;

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::RandomState;

use crate::data::DataError;
use crate::data::batch::PLACE;
use crate::num::index::{Index, NOBODY};
use crate::units::UnitError;
use sorted::Naming;

/// Ids seen so far, numbered in the order of first sight, each with a value.
#[derive(Clone)]
pub(crate) struct Roster<T> {
    kind: Kind,
    entries: Vec<Entry<T>>,
    texts: Texts,
    index: Index,
    hasher: RandomState,
    /// Ids between the passes of a look-up; kept for its memory.
    lookup: Vec<LookedUp>,
}

/// An id that is being looked up.
#[derive(Clone, Copy)]
struct LookedUp {
    name: u64,
    hash: u32,
    /// Whoever has this hash first.
    number: u32,
}

/// Ids looked up together: enough to hide the way to memory, few enough to stay in the cache.
pub(crate) const STRETCH: usize = 256;

/// One id with its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry<T> {
    /// An integer id as it is; of text ids a packed whole number, or a place among the texts.
    name: u64,
    pub(crate) value: T,
}

/// What kind of ids a log has.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Kind {
    /// No id was seen yet.
    #[default]
    Unknown,
    /// Whole numbers.
    Integers,
    /// Texts, of which plain whole numbers are packed.
    Texts,
}

/// Texts that are no plain whole numbers.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Kind {
    /// Takes on the kind of some ids, which must be that of those before.
    pub(crate) fn be(&mut self, kind: Self) -> Result<(), DataError> {
        if *self == Self::Unknown {
            *self = kind;
        }
        if *self == kind { Ok(()) } else { Err(DataError::MixedIds) }
    }
}

impl<T> Default for Roster<T> {
    fn default() -> Self {
        Self {
            kind: Kind::Unknown,
            entries: Vec::new(),
            texts: Texts::default(),
            index: Index::default(),
            hasher: RandomState::default(),
            lookup: Vec::new(),
        }
    }
}

impl<T: Default> Roster<T> {
    /// How many ids were seen.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets everybody and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.kind = Kind::Unknown;
        self.entries.clear();
        self.texts.clear();
        self.index.clear();
    }

    pub(crate) fn value(&self, number: u32) -> &T {
        &self.entries[number as usize].value
    }

    pub(crate) fn value_mut(&mut self, number: u32) -> &mut T {
        &mut self.entries[number as usize].value
    }

    /// The values, in the order of the numbers.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.value)
    }

    /// The numbers of a stretch of ids, in their order. Of text ids a name may be a place among
    /// `texts`.
    ///
    /// Passes over a short stretch of ids: hash them, touch their lines of the index, find their
    /// numbers there, touch their entries, compare names. In each pass the look-ups do not wait for one another, so that
    /// the processor fetches a dozen lines of memory at a time.
    pub(crate) fn numbers(
        &mut self,
        kind: Kind,
        names: impl Iterator<Item = u64>,
        texts: &Texts,
        numbers: &mut Vec<u32>,
    ) -> Result<(), DataError> {
        self.kind.be(kind)?;
        numbers.clear();
        let mut lookup = std::mem::take(&mut self.lookup);
        lookup.clear();
        lookup.extend(names.map(|name| {
            let hash = (self.hasher.hash_one(name) >> 32) as u32;
            LookedUp { name, hash, number: NOBODY }
        }));
        let touched = lookup.iter().fold(0, |all, found| all ^ self.index.touch(found.hash));
        black_box(touched);
        for found in &mut lookup {
            found.number = self.index.first(found.hash);
        }
        let entry = |found: &LookedUp| self.entries.get(found.number as usize);
        let touched = lookup.iter().filter_map(entry).fold(0, |all, entry| all ^ entry.name);
        black_box(touched);
        for found in &lookup {
            let name = found.name;
            let number = if kind == Kind::Texts && name & PLACE != 0 {
                self.unpacked(texts.get(name))?
            } else {
                match self.entries.get(found.number as usize) {
                    Some(entry) if entry.name == name => found.number,
                    // Whoever is new, or shares a hash, is looked up alone.
                    _ => self.packed(name, found.hash)?,
                }
            };
            numbers.push(number);
        }
        self.lookup = lookup;
        Ok(())
    }

    /// The number of a text id.
    #[cfg(test)]
    pub(crate) fn text(&mut self, id: &str) -> Result<u32, DataError> {
        self.kind.be(Kind::Texts)?;
        match packed(id.as_bytes()) {
            Some(name) => self.packed(name, (self.hasher.hash_one(name) >> 32) as u32),
            None => self.unpacked(id),
        }
    }

    #[inline(never)]
    fn packed(&mut self, name: u64, hash: u32) -> Result<u32, DataError> {
        let entries = &self.entries;
        let number = self.index.find(hash, |number| entries[number as usize].name == name);
        if number == NOBODY { self.add(hash, name) } else { Ok(number) }
    }

    fn unpacked(&mut self, id: &str) -> Result<u32, DataError> {
        let hash = (self.hasher.hash_one(id) >> 32) as u32;
        let (entries, texts) = (&self.entries, &self.texts);
        let number = self.index.find(hash, |number| {
            let name = entries[number as usize].name;
            name & PLACE != 0 && texts.get(name) == id
        });
        if number != NOBODY {
            return Ok(number);
        }
        let name = self.texts.push(id);
        self.add(hash, name)
    }

    fn add(&mut self, hash: u32, name: u64) -> Result<u32, DataError> {
        // The last number is kept free, so that a count of ids fits as well.
        let number = u32::try_from(self.entries.len())
            .ok()
            .filter(|&number| number < NOBODY)
            .ok_or(DataError::Customers(UnitError::TooManyCustomers))?;
        self.entries.push(Entry { name, value: T::default() });
        self.index.insert(hash, number);
        Ok(number)
    }

    /// The number here of each of another roster's ids, from the one of `numbers.len()` on and for
    /// one stretch of them; false where there are none left.
    pub(crate) fn absorb(
        &mut self,
        other: &Self,
        numbers: &mut Vec<u32>,
    ) -> Result<bool, DataError> {
        let left = &other.entries[numbers.len()..];
        if left.is_empty() {
            return Ok(false);
        }
        let stretch = &left[..left.len().min(STRETCH)];
        let mut found = Vec::with_capacity(stretch.len());
        let names = stretch.iter().map(|entry| entry.name);
        self.numbers(other.kind, names, &other.texts, &mut found)?;
        numbers.extend(found);
        Ok(true)
    }

    /// One id as text.
    pub(crate) fn name(&self, number: u32) -> String {
        let naming = Naming { kind: self.kind, texts: &self.texts };
        naming.name(&self.entries[number as usize])
    }
}

impl Texts {
    /// Adds a text; the answer is the name that stands for it.
    pub(crate) fn push(&mut self, text: &str) -> u64 {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        PLACE | (self.ends.len() - 1) as u64
    }

    /// The text of a name that is a place.
    pub(crate) fn get(&self, name: u64) -> &str {
        let place = (name & !PLACE) as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// A text that is the plain decimal writing of a whole number below 10^18, as that number.
#[inline]
pub(crate) fn packed(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    let mut number = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_sight() {
        let mut ids = Roster::<()>::default();
        let numbers: Vec<u32> =
            ["b", "a", "b", "c"].iter().map(|id| ids.text(id).unwrap()).collect();
        assert_eq!(numbers, [0, 1, 0, 2]);
        assert_eq!(ids.name(1), "a");
        let sorted = ids.sorted(|()| true).unwrap();
        assert_eq!(sorted.ids.get(0).unwrap().expose(), "a");
    }

    #[test]
    fn kinds_do_not_mix() {
        let mut ids = Roster::<()>::default();
        let (texts, mut numbers) = (Texts::default(), Vec::new());
        ids.numbers(Kind::Integers, [7].into_iter(), &texts, &mut numbers).unwrap();
        assert!(matches!(ids.text("7"), Err(DataError::MixedIds)));
    }

    #[test]
    fn only_plain_whole_numbers_are_packed() {
        for (text, number) in [("0", 0), ("7", 7), ("999999999999999999", 999_999_999_999_999_999)]
        {
            assert_eq!(packed(text.as_bytes()), Some(number));
        }
        for text in ["", "00", "007", "-1", "+1", "1.0", "1000000000000000000", "１"] {
            assert_eq!(packed(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn absorbing_gives_the_new_numbers() {
        let (mut left, mut right) = (Roster::<()>::default(), Roster::default());
        for id in ["5", "x"] {
            left.text(id).unwrap();
        }
        for id in ["7", "x", "5"] {
            right.text(id).unwrap();
        }
        let mut numbers = Vec::new();
        assert!(left.absorb(&right, &mut numbers).unwrap());
        assert_eq!(numbers, [2, 1, 0]);
        assert!(!left.absorb(&right, &mut numbers).unwrap());
        assert_eq!(left.len(), 3);
    }

    #[test]
    fn many_ids_stay_apart() {
        let mut ids = Roster::<()>::default();
        for round in 0..2 {
            for i in 0..20_000u32 {
                assert_eq!(ids.text(&format!("customer {i}")).unwrap(), i, "round {round}");
            }
        }
    }
}
