//! The roster: every id is stored once, with a number and whatever is kept of it beside its name.
//!
//! One lookup touches one line of the table and one entry, because the entry holds both the name
//! that settles the comparison and the value that is about to change. A text that is a plain whole
//! number, as most ids in files are, is packed into eight bytes; other texts lie behind one another
//! in one string, so that no row costs a heap allocation. The table is seeded at random and never
//! iterated: numbers follow the order of first sight, and whoever needs an order sorts by id.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::data::batch::{IdValues, PLACE};
use crate::data::{DataError, IdColumn};
use crate::units::{CustomerIds, UnitError, compare_as_text};

/// Ids seen so far, numbered in the order of first sight, each with a value.
#[derive(Clone)]
pub(crate) struct Roster<T> {
    kind: Kind,
    entries: Vec<Entry<T>>,
    texts: Texts,
    slots: HashTable<Slot>,
    hasher: RandomState,
    lookup: Lookup,
}

/// A stretch of ids between the passes of a look-up; kept for its memory.
#[derive(Clone, Default)]
struct Lookup {
    names: Vec<LookedUp>,
    /// For each row its place among the names.
    places: Vec<u32>,
}

/// An id that is being looked up.
#[derive(Clone, Copy, Default)]
struct LookedUp {
    name: u64,
    hash: u32,
    /// Whoever has this hash, and at last whoever has this name.
    number: u32,
    /// The first row of the stretch with it.
    first: u32,
}

impl Lookup {
    /// Takes the names of a stretch of rows, each run of equal names once. A place among the texts
    /// stands for no name yet, so that two of them are never equal where `texts` says that there
    /// may be some.
    fn begin(&mut self, rows: impl ExactSizeIterator<Item = u64>, texts: bool) {
        let n = rows.len();
        self.names.clear();
        self.names.resize(n, LookedUp::default());
        self.places.clear();
        let (mut runs, mut before) = (0usize, 0);
        for (row, name) in rows.enumerate() {
            // Without a branch: whether a row repeats the one before it cannot be foreseen.
            let repeats = row > 0 && name == before && !(texts && name == PLACE);
            runs += usize::from(!repeats);
            before = name;
            let found = &mut self.names[runs - 1];
            found.first = if repeats { found.first } else { row as u32 };
            found.name = name;
            self.places.push(runs as u32 - 1);
        }
        self.names.truncate(runs);
    }

    fn give(&self, numbers: &mut Vec<u32>) {
        numbers.extend(self.places.iter().map(|&place| self.names[place as usize].number));
    }
}

/// The number of nobody.
const NOBODY: u32 = u32::MAX;

/// Ids looked up together: enough to hide the way to memory, few enough to stay in the cache.
const STRETCH: usize = 256;

/// One id with its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry<T> {
    /// An integer id as it is; of text ids a packed whole number, or a place among the texts.
    name: u64,
    pub(crate) value: T,
}

/// Where an entry stands in the table: half of its hash, so that growing needs no entry, and its
/// number.
#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Unknown,
    Integers,
    Texts,
}

/// Texts that are no plain whole numbers.
#[derive(Clone, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Slot {
    /// Spreads the half hash over the 64 bits from which the table takes bucket and tag.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl<T> Default for Roster<T> {
    fn default() -> Self {
        Self {
            kind: Kind::Unknown,
            entries: Vec::new(),
            texts: Texts::default(),
            slots: HashTable::new(),
            hasher: RandomState::default(),
            lookup: Lookup::default(),
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
        self.texts.text.clear();
        self.texts.ends.clear();
        self.slots.clear();
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

    /// The numbers of many ids, in their order; the ids of `rows` must not be missing.
    ///
    /// Three passes over a short stretch of ids: hash them, look for their places in the table, then
    /// compare names. In each pass the look-ups do not wait for one another, so that the processor
    /// fetches a dozen lines of memory at a time. The lines of an order mostly follow one another,
    /// so an id that repeats the one before it is not looked up again.
    pub(crate) fn numbers(
        &mut self,
        ids: &IdColumn<'_>,
        rows: &[u32],
        numbers: &mut Vec<u32>,
    ) -> Result<(), DataError> {
        numbers.clear();
        let mut lookup = std::mem::take(&mut self.lookup);
        match &ids.values {
            IdValues::Integers(values) => {
                self.be(Kind::Integers)?;
                for rows in rows.chunks(STRETCH) {
                    lookup.begin(rows.iter().map(|&row| values[row as usize] as u64), false);
                    self.look_up(&mut lookup);
                    for found in &mut lookup.names {
                        found.number = self.settle(found)?;
                    }
                    lookup.give(numbers);
                }
            }
            IdValues::Texts(texts) => {
                self.be(Kind::Texts)?;
                for rows in rows.chunks(STRETCH) {
                    let text = |row: u32| texts.get(row as usize);
                    let name = |&row: &u32| packed(text(row).as_bytes()).unwrap_or(PLACE);
                    lookup.begin(rows.iter().map(name), true);
                    self.look_up(&mut lookup);
                    for found in &mut lookup.names {
                        found.number = match found.name {
                            PLACE => self.unpacked(text(rows[found.first as usize]))?,
                            _ => self.settle(found)?,
                        };
                    }
                    lookup.give(numbers);
                }
            }
            IdValues::Names(ids) => {
                self.be(Kind::Texts)?;
                for rows in rows.chunks(STRETCH) {
                    lookup.begin(rows.iter().map(|&row| ids.name(row as usize)), false);
                    self.look_up(&mut lookup);
                    for found in &mut lookup.names {
                        found.number = match found.name {
                            name if name & PLACE != 0 => self.unpacked(ids.text(name))?,
                            _ => self.settle(found)?,
                        };
                    }
                    lookup.give(numbers);
                }
            }
        }
        self.lookup = lookup;
        Ok(())
    }

    fn look_up(&self, lookup: &mut Lookup) {
        for found in &mut lookup.names {
            found.hash = (self.hasher.hash_one(found.name) >> 32) as u32;
        }
        for found in &mut lookup.names {
            let slot = self.slots.find(Slot::spread(found.hash), |slot| slot.hash == found.hash);
            found.number = slot.map_or(NOBODY, |slot| slot.number);
        }
    }

    /// Compares the name; whoever is new, or shares a hash, is looked up alone.
    #[inline]
    fn settle(&mut self, found: &LookedUp) -> Result<u32, DataError> {
        match self.entries.get(found.number as usize) {
            Some(entry) if entry.name == found.name => Ok(found.number),
            _ => self.packed(found.name, found.hash),
        }
    }

    /// The number of a text id.
    #[cfg(test)]
    pub(crate) fn text(&mut self, id: &str) -> Result<u32, DataError> {
        self.be(Kind::Texts)?;
        match packed(id.as_bytes()) {
            Some(name) => self.packed(name, (self.hasher.hash_one(name) >> 32) as u32),
            None => self.unpacked(id),
        }
    }

    fn be(&mut self, kind: Kind) -> Result<(), DataError> {
        if self.kind == Kind::Unknown {
            self.kind = kind;
        }
        if self.kind == kind { Ok(()) } else { Err(DataError::MixedIds) }
    }

    #[inline(never)]
    fn packed(&mut self, name: u64, hash: u32) -> Result<u32, DataError> {
        let entries = &self.entries;
        let same = |slot: &Slot| slot.hash == hash && entries[slot.number as usize].name == name;
        match self.slots.find(Slot::spread(hash), same) {
            Some(slot) => Ok(slot.number),
            None => self.add(hash, name),
        }
    }

    fn unpacked(&mut self, id: &str) -> Result<u32, DataError> {
        let hash = (self.hasher.hash_one(id) >> 32) as u32;
        let (entries, texts) = (&self.entries, &self.texts);
        let same = |slot: &Slot| {
            let name = entries[slot.number as usize].name;
            slot.hash == hash && name & PLACE != 0 && texts.get(name) == id
        };
        if let Some(slot) = self.slots.find(Slot::spread(hash), same) {
            return Ok(slot.number);
        }
        let name = PLACE | self.texts.ends.len() as u64;
        self.texts.text.push_str(id);
        self.texts.ends.push(self.texts.text.len());
        self.add(hash, name)
    }

    #[cold]
    fn add(&mut self, hash: u32, name: u64) -> Result<u32, DataError> {
        // The last number is kept free, so that a count of ids fits as well.
        let number = u32::try_from(self.entries.len())
            .ok()
            .filter(|&number| number < u32::MAX)
            .ok_or(DataError::Customers(UnitError::TooManyCustomers))?;
        self.entries.push(Entry { name, value: T::default() });
        self.slots.insert_unique(Slot::spread(hash), Slot { hash, number }, |slot| {
            Slot::spread(slot.hash)
        });
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
        self.be(other.kind)?;
        let is_place = |name: u64| other.kind == Kind::Texts && name & PLACE != 0;
        let mut lookup = std::mem::take(&mut self.lookup);
        let stretch = &left[..left.len().min(STRETCH)];
        lookup.begin(stretch.iter().map(|entry| entry.name), false);
        self.look_up(&mut lookup);
        for found in &mut lookup.names {
            found.number = if is_place(found.name) {
                self.unpacked(other.texts.get(found.name))?
            } else {
                self.settle(found)?
            };
        }
        lookup.give(numbers);
        self.lookup = lookup;
        Ok(true)
    }

    /// One id as text.
    pub(crate) fn name(&self, number: u32) -> String {
        self.naming().name(&self.entries[number as usize])
    }

    fn naming(&self) -> Naming<'_> {
        Naming { kind: self.kind, texts: &self.texts }
    }

    /// The ids for which `keep` says so, in their byte order, with their values.
    pub(crate) fn sorted(self, keep: impl Fn(&T) -> bool) -> Result<Sorted<T>, UnitError>
    where
        T: Copy + Sync,
    {
        let Self { kind, mut entries, texts, slots, .. } = self;
        drop(slots); // the table is as large as the entries, and the sort needs no more memory
        entries.retain(|entry| keep(&entry.value));
        let naming = Naming { kind, texts: &texts };
        let integers = kind == Kind::Integers || entries.iter().all(|e| e.name & PLACE == 0);
        // The first bytes of a name decide nearly always; they are worked out once and not at every
        // comparison.
        let mut order: Vec<(u64, u32)> = entries
            .iter()
            .enumerate()
            .map(|(place, entry)| {
                (
                    if integers { leading_digits(entry.name as i64) } else { naming.prefix(entry) },
                    place as u32,
                )
            })
            .collect();
        crate::num::blocks::sort(&mut order, |a, b| {
            a.0.cmp(&b.0)
                .then_with(|| naming.compare(&entries[a.1 as usize], &entries[b.1 as usize]))
        });
        let mut entries: Vec<Entry<T>> =
            order.iter().map(|&(_, place)| entries[place as usize]).collect();
        drop(order);
        let ids = if integers {
            CustomerIds::from_integers(entries.iter().map(|e| e.name as i64).collect())?
        } else {
            CustomerIds::from_texts(entries.iter().map(|e| naming.name(e)))?
        };
        for entry in &mut entries {
            entry.name = 0; // a place among the texts, which end here
        }
        Ok(Sorted { ids, values: entries })
    }
}

/// A roster in the byte order of its ids.
pub(crate) struct Sorted<T> {
    pub(crate) ids: CustomerIds,
    pub(crate) values: Vec<Entry<T>>,
}

/// Reads names.
#[derive(Clone, Copy)]
struct Naming<'a> {
    kind: Kind,
    texts: &'a Texts,
}

/// An id as it is stored: a whole number or a text.
enum Piece<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> Naming<'a> {
    fn piece<T>(&self, entry: &Entry<T>) -> Piece<'a> {
        if self.kind == Kind::Texts && entry.name & PLACE != 0 {
            Piece::Text(self.texts.get(entry.name))
        } else {
            Piece::Number(entry.name)
        }
    }

    fn name<T>(&self, entry: &Entry<T>) -> String {
        match self.piece(entry) {
            Piece::Text(text) => text.to_owned(),
            Piece::Number(number) => (number as i64).to_string(),
        }
    }

    /// The first eight bytes of the text, so that numbers compare as texts do.
    fn prefix<T>(&self, entry: &Entry<T>) -> u64 {
        let mut buffer = [0; 20];
        let text = match self.piece(entry) {
            Piece::Text(text) => text.as_bytes(),
            Piece::Number(number) => digits(number, &mut buffer),
        };
        let mut prefix = [0; 8];
        let length = text.len().min(8);
        prefix[..length].copy_from_slice(&text[..length]);
        u64::from_be_bytes(prefix)
    }

    fn compare<T>(&self, a: &Entry<T>, b: &Entry<T>) -> Ordering {
        match (self.piece(a), self.piece(b)) {
            (Piece::Number(a), Piece::Number(b)) => compare_as_text(a as i64, b as i64),
            (Piece::Text(a), Piece::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Piece::Number(a), Piece::Text(b)) => digits(a, &mut [0; 20]).cmp(b.as_bytes()),
            (Piece::Text(a), Piece::Number(b)) => a.as_bytes().cmp(digits(b, &mut [0; 20])),
        }
    }
}

impl Texts {
    fn get(&self, name: u64) -> &str {
        let place = (name & !PLACE) as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
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

/// A number whose order is that of the decimal texts of the integers, but that ties where one text
/// begins the other.
fn leading_digits(id: i64) -> u64 {
    let magnitude = id.unsigned_abs();
    let digits = magnitude.checked_ilog10().map_or(1, |log| log + 1);
    // A minus sign stands before all digits; 19 digits leave the upper bit free only below 9.2e18.
    let aligned = magnitude * 10u64.pow(19 - digits) / 2;
    if id < 0 { aligned } else { aligned | 1 << 63 }
}

/// The decimal writing of a whole number.
fn digits(mut number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buffer[start..];
        }
    }
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
        ids.numbers(&IdColumn::integers(vec![7]), &[0], &mut Vec::new()).unwrap();
        assert!(matches!(ids.text("7"), Err(DataError::MixedIds)));
    }

    #[test]
    fn only_plain_whole_numbers_are_packed() {
        for (text, number) in [("0", 0), ("7", 7), ("999999999999999999", 999_999_999_999_999_999)]
        {
            assert_eq!(packed(text.as_bytes()), Some(number));
            assert_eq!(digits(number, &mut [0; 20]), text.as_bytes());
        }
        for text in ["", "00", "007", "-1", "+1", "1.0", "1000000000000000000", "１"] {
            assert_eq!(packed(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn any_texts_come_out_in_byte_order() {
        let names = ["10", "9", "a", "", "09", "1", "100", "1a", "é", "0", "12345678901234567890"];
        let mut ids = Roster::<()>::default();
        for name in names.iter().filter(|name| !name.is_empty()) {
            ids.text(name).unwrap();
        }
        let sorted = ids.sorted(|()| true).unwrap().ids;
        let mut expected: Vec<&str> = names.iter().copied().filter(|n| !n.is_empty()).collect();
        expected.sort_unstable();
        let got: Vec<String> = sorted.iter().map(|id| id.expose().to_owned()).collect();
        assert_eq!(got, expected);
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
