//! Rows of customers found by id in constant time, for joins that look up millions of ids.
//!
//! An integer and its decimal text are one customer, so a text is read as an integer where the
//! table holds integers, and an integer is written out on the stack where it holds texts: no lookup
//! allocates. The hash map is seeded at random and never iterated.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;

use super::{CustomerIds, Ids};
use crate::num::index::{Index, NOBODY};

/// The rows of a table of customers by id. It takes at most 12 bytes per customer, and lives as
/// long as the join that needs it.
pub(crate) struct CustomerLookup<'a> {
    ids: &'a Ids,
    rows: Index,
    hasher: RandomState,
}

impl CustomerIds {
    /// Prepares for many lookups; for a few, [`row_of`](Self::row_of) needs no preparation.
    pub(crate) fn lookup(&self) -> CustomerLookup<'_> {
        let ids = &self.0.ids;
        let hasher = RandomState::default();
        let mut rows = Index::with_capacity(ids.len());
        for row in 0..ids.len() as u32 {
            rows.insert(hash_of(&hasher, ids, row), row);
        }
        CustomerLookup { ids, rows, hasher }
    }
}

fn hash_of(hasher: &RandomState, ids: &Ids, row: u32) -> u32 {
    match ids {
        Ids::Integers(ids) => half_hash(hasher, ids[row as usize]),
        Ids::Texts { text, ends } => half_hash(hasher, text_at(text, ends, row)),
    }
}

fn half_hash(hasher: &RandomState, id: impl Hash) -> u32 {
    (hasher.hash_one(id) >> 32) as u32
}

fn text_at<'t>(text: &'t str, ends: &[usize], row: u32) -> &'t str {
    let row = row as usize;
    let start = if row == 0 { 0 } else { ends[row - 1] };
    &text[start..ends[row]]
}

impl CustomerLookup<'_> {
    /// The row of the customer with this id.
    pub(crate) fn text(&self, id: &str) -> Option<u32> {
        match self.ids {
            Ids::Integers(ids) => self.find(canonical_integer(id)?, |row| ids[row as usize]),
            Ids::Texts { text, ends } => self.find(id, |row| text_at(text, ends, row)),
        }
    }

    /// The row of the customer with this id.
    pub(crate) fn integer(&self, id: i64) -> Option<u32> {
        match self.ids {
            Ids::Integers(ids) => self.find(id, |row| ids[row as usize]),
            Ids::Texts { .. } => self.text(Digits::of(id).as_str()),
        }
    }

    fn find<T: Hash + PartialEq>(&self, id: T, of: impl Fn(u32) -> T) -> Option<u32> {
        let row = self.rows.find(half_hash(&self.hasher, &id), |row| of(row) == id);
        (row != NOBODY).then_some(row)
    }
}

/// The integer whose decimal text this is; `None` for `007`, `+7`, `-0` and whatever is no integer
/// of 64 bits, none of which an integer would be written as.
pub(super) fn canonical_integer(text: &str) -> Option<i64> {
    let value: i64 = text.parse().ok()?;
    (Digits::of(value).as_str() == text).then_some(value)
}

/// An integer's decimal text, on the stack.
struct Digits {
    /// Nineteen digits and a sign, pushed to the right.
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    fn of(value: i64) -> Self {
        let (mut bytes, mut start) = ([b'0'; 20], 20);
        let mut rest = value.unsigned_abs();
        loop {
            start -= 1;
            bytes[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            bytes[start] = b'-';
        }
        Self { bytes, start }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).expect("digits and a sign are ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_what_the_standard_library_writes() {
        for value in [0, 7, -7, 10, -10, 99, 1_000, 17_850, i64::MAX, i64::MIN, i64::MIN + 1] {
            assert_eq!(Digits::of(value).as_str(), value.to_string());
            assert_eq!(canonical_integer(&value.to_string()), Some(value));
        }
        for text in ["", "-", "+7", "007", "-0", " 7", "7 ", "7.0", "9223372036854775808"] {
            assert_eq!(canonical_integer(text), None, "{text}");
        }
    }

    #[test]
    fn the_lookup_finds_what_the_search_finds() {
        let numbers: Vec<i64> = (-500..500).map(|i| i * 7_919).collect();
        let integers = CustomerIds::from_integers(numbers.clone()).unwrap();
        let names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let texts = CustomerIds::from_texts(&names).unwrap();
        for table in [&integers, &texts] {
            let lookup = table.lookup();
            for id in -8_000..8_000 {
                let name = id.to_string();
                let plain = numbers.iter().position(|&number| number == id);
                assert_eq!(table.row_of(&name), plain, "{id}");
                assert_eq!(lookup.text(&name).map(|row| row as usize), plain, "{id}");
                assert_eq!(lookup.integer(id).map(|row| row as usize), plain, "{id}");
            }
            for stranger in ["", "0007919", "+7919", "-0", "ann", "7919 "] {
                assert_eq!((lookup.text(stranger), table.row_of(stranger)), (None, None));
            }
        }
    }

    #[test]
    fn an_empty_table_knows_nobody() {
        let nobody = CustomerIds::from_texts(Vec::<&str>::new()).unwrap();
        assert_eq!((nobody.lookup().text("a"), nobody.lookup().integer(0)), (None, None));
    }
}
