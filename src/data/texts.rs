//! Texts behind one another, and names numbered by hash: no allocation per value.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::data::{DataError, TextColumn};
use crate::num::index::{Index, NOBODY};

/// Texts behind one another in one string.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|place| self.get(place))
    }

    /// The texts as a column of its own.
    pub(crate) fn into_column(self) -> Result<TextColumn<'static>, DataError> {
        TextColumn::new(self.text, self.ends)
    }
}

/// Distinct names, numbered in the order of first sight and found by hash.
///
/// The hash map is seeded at random and never iterated; whoever shows names sorts them first.
#[derive(Clone, Default)]
pub(crate) struct Names {
    texts: Texts,
    numbers: Index,
    hasher: RandomState,
}

impl Names {
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Forgets all names and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.texts.text.clear();
        self.texts.ends.clear();
        self.numbers.clear();
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        self.texts.get(number as usize)
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.find_hashed(self.hash(name), name)
    }

    fn hash(&self, name: &str) -> u32 {
        (self.hasher.hash_one(name) >> 32) as u32
    }

    fn find_hashed(&self, hash: u32, name: &str) -> Option<u32> {
        let number = self.numbers.find(hash, |number| self.texts.get(number as usize) == name);
        (number != NOBODY).then_some(number)
    }

    /// The number of a name, new ones included; `None` where it would be the one behind `limit`.
    pub(crate) fn number(&mut self, name: &str, limit: usize) -> Option<u32> {
        let hash = self.hash(name);
        if let Some(number) = self.find_hashed(hash, name) {
            return Some(number);
        }
        let number = u32::try_from(self.len())
            .ok()
            .filter(|&number| number < NOBODY && (number as usize) < limit)?;
        self.texts.push(name);
        self.numbers.insert(hash, number);
        Some(number)
    }

    /// The names in the order of their numbers.
    pub(crate) fn to_vec(&self) -> Vec<String> {
        self.texts.iter().map(str::to_owned).collect()
    }

    /// The names in byte order, and for each number its place there.
    pub(crate) fn sorted(&self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.get(a).as_bytes().cmp(self.get(b).as_bytes()));
        let mut places = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            places[number as usize] = place as u32;
        }
        (order.iter().map(|&number| self.get(number).to_owned()).collect(), places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_once_and_sorted_by_bytes() {
        let mut names = Names::default();
        let numbers: Vec<_> =
            ["west", "east", "west", "é", "a"].map(|name| names.number(name, 10)).into();
        assert_eq!(numbers, [Some(0), Some(1), Some(0), Some(2), Some(3)]);
        assert_eq!(names.find("east"), Some(1));
        assert_eq!(names.find("north"), None);
        let (sorted, places) = names.sorted();
        assert_eq!(sorted, ["a", "east", "west", "é"]);
        assert_eq!(places, [2, 1, 3, 0]);
    }

    #[test]
    fn the_limit_holds_for_new_names_only() {
        let mut names = Names::default();
        for i in 0..1_000 {
            assert_eq!(names.number(&format!("level {i}"), 1_000), Some(i));
        }
        assert_eq!(names.number("one more", 1_000), None);
        assert_eq!(names.number("level 17", 1_000), Some(17));
        assert_eq!(names.len(), 1_000);
    }
}
