//! Numbers for ids: each id is stored once, and rows carry its number.
//!
//! The hash map is seeded at random and never iterated: numbers follow the order of first sight,
//! and whoever needs an order sorts by id. Text ids lie behind one another in one string, so a row
//! costs no heap allocation.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::data::DataError;
use crate::units::{CustomerIds, UnitError};

/// Ids seen so far, numbered in the order of first sight.
#[derive(Clone, Default)]
pub(crate) struct Interner {
    kind: Kind,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

#[derive(Clone, Default)]
enum Kind {
    #[default]
    Unknown,
    Integers(Vec<i64>),
    Texts(Texts),
}

#[derive(Clone, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start..self.ends[number]]
    }
}

impl Interner {
    /// How many ids were seen.
    pub(crate) fn len(&self) -> usize {
        match &self.kind {
            Kind::Unknown => 0,
            Kind::Integers(ids) => ids.len(),
            Kind::Texts(texts) => texts.ends.len(),
        }
    }

    /// The number of an integer id.
    pub(crate) fn integer(&mut self, id: i64) -> Result<u32, DataError> {
        if matches!(self.kind, Kind::Unknown) {
            self.kind = Kind::Integers(Vec::new());
        }
        let Kind::Integers(ids) = &mut self.kind else { return Err(DataError::MixedIds) };
        let hash = self.hasher.hash_one(id);
        if let Some(&number) = self.numbers.find(hash, |&number| ids[number as usize] == id) {
            return Ok(number);
        }
        let number = next_number(ids.len())?;
        ids.push(id);
        let hasher = &self.hasher;
        self.numbers.insert_unique(hash, number, |&number| hasher.hash_one(ids[number as usize]));
        Ok(number)
    }

    /// The number of a text id.
    pub(crate) fn text(&mut self, id: &str) -> Result<u32, DataError> {
        if matches!(self.kind, Kind::Unknown) {
            self.kind = Kind::Texts(Texts::default());
        }
        let Kind::Texts(texts) = &mut self.kind else { return Err(DataError::MixedIds) };
        let hash = self.hasher.hash_one(id);
        if let Some(&number) = self.numbers.find(hash, |&number| texts.get(number) == id) {
            return Ok(number);
        }
        let number = next_number(texts.ends.len())?;
        texts.text.push_str(id);
        texts.ends.push(texts.text.len());
        let hasher = &self.hasher;
        self.numbers.insert_unique(hash, number, |&number| hasher.hash_one(texts.get(number)));
        Ok(number)
    }

    /// Takes over another interner's ids; the answer gives, for each of its numbers, the number
    /// here.
    pub(crate) fn absorb(&mut self, other: &Self) -> Result<Vec<u32>, DataError> {
        match &other.kind {
            Kind::Unknown => Ok(Vec::new()),
            Kind::Integers(ids) => ids.iter().map(|&id| self.integer(id)).collect(),
            Kind::Texts(texts) => {
                (0..texts.ends.len()).map(|number| self.text(texts.get(number as u32))).collect()
            }
        }
    }

    /// The table of the ids of these numbers, in this order.
    pub(crate) fn table(&self, numbers: &[u32]) -> Result<CustomerIds, UnitError> {
        match &self.kind {
            Kind::Unknown => CustomerIds::from_integers(Vec::new()),
            Kind::Integers(ids) => CustomerIds::from_integers(
                numbers.iter().map(|&number| ids[number as usize]).collect(),
            ),
            Kind::Texts(texts) => {
                CustomerIds::from_texts(numbers.iter().map(|&number| texts.get(number)))
            }
        }
    }

    /// One id as text.
    pub(crate) fn name(&self, number: u32) -> String {
        match &self.kind {
            Kind::Unknown => String::new(),
            Kind::Integers(ids) => ids[number as usize].to_string(),
            Kind::Texts(texts) => texts.get(number).to_owned(),
        }
    }

    /// Sorts numbers by the byte order of their ids.
    pub(crate) fn sort(&self, numbers: &mut [u32]) {
        match &self.kind {
            Kind::Unknown => {}
            Kind::Integers(ids) => numbers.sort_unstable_by(|&a, &b| {
                crate::units::compare_as_text(ids[a as usize], ids[b as usize])
            }),
            Kind::Texts(texts) => {
                numbers.sort_unstable_by(|&a, &b| {
                    texts.get(a).as_bytes().cmp(texts.get(b).as_bytes())
                });
            }
        }
    }
}

fn next_number(len: usize) -> Result<u32, DataError> {
    // The last number is kept free, so that a count of ids fits as well.
    u32::try_from(len)
        .ok()
        .filter(|&number| number < u32::MAX)
        .ok_or(DataError::Customers(UnitError::TooManyCustomers))
}

/// A 128-bit fingerprint of a row, for finding exact repeats.
///
/// Two hashes of fixed, different seeds: repeats are equal in every partition, and two different
/// rows among a billion collide with a chance below 1e-20.
#[derive(Clone)]
pub(crate) struct Fingerprints {
    low: foldhash::quality::FixedState,
    high: foldhash::quality::FixedState,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Self {
            low: foldhash::quality::FixedState::with_seed(0x5e67_6d65_6e74_7279),
            high: foldhash::quality::FixedState::with_seed(0x7279_6d65_6e74_5e67),
        }
    }
}

impl Fingerprints {
    /// The fingerprint of whatever makes a row equal to another.
    pub(crate) fn of(&self, row: impl Hash) -> u128 {
        u128::from(self.high.hash_one(&row)) << 64 | u128::from(self.low.hash_one(&row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_sight() {
        let mut ids = Interner::default();
        let numbers: Vec<u32> =
            ["b", "a", "b", "c"].iter().map(|id| ids.text(id).unwrap()).collect();
        assert_eq!(numbers, [0, 1, 0, 2]);
        let mut order = vec![0, 1, 2];
        ids.sort(&mut order);
        assert_eq!(order, [1, 0, 2]);
        assert_eq!(ids.table(&order).unwrap().get(0).unwrap().expose(), "a");
    }

    #[test]
    fn kinds_do_not_mix() {
        let mut ids = Interner::default();
        ids.integer(7).unwrap();
        assert!(matches!(ids.text("7"), Err(DataError::MixedIds)));
    }

    #[test]
    fn absorbing_gives_the_new_numbers() {
        let (mut left, mut right) = (Interner::default(), Interner::default());
        for id in [5, 6] {
            left.integer(id).unwrap();
        }
        for id in [7, 5] {
            right.integer(id).unwrap();
        }
        assert_eq!(left.absorb(&right).unwrap(), [2, 0]);
        assert_eq!(left.len(), 3);
    }

    #[test]
    fn many_ids_stay_apart() {
        let mut ids = Interner::default();
        for round in 0..2 {
            for i in 0..20_000u32 {
                assert_eq!(ids.text(&format!("customer {i}")).unwrap(), i, "round {round}");
            }
        }
    }
}
