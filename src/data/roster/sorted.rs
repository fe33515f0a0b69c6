//! A roster brought into the byte order of its ids, in the memory that it has.
//!
//! The entries are the most of what a fold keeps, so they are not copied to be sorted: they are
//! swapped into a few hundred buckets by the first bytes of their ids, and each bucket, which fits
//! into a core's cache, is sorted with a copy of it alone.

use std::cmp::Ordering;

use crate::data::batch::PLACE;
use crate::data::roster::{Entry, Kind, Roster, Texts};
use crate::num::blocks;
use crate::units::{CustomerIds, UnitError, compare_as_text};

/// A roster in the byte order of its ids.
pub(crate) struct Sorted<T> {
    pub(crate) ids: CustomerIds,
    pub(crate) values: Vec<Entry<T>>,
}

/// Entries in a bucket, where their first bytes spread them evenly.
const BUCKET: usize = 2048;

/// The most buckets: the places that are written next all stay in a core's cache.
const BUCKETS: usize = 4096;

impl<T: Default + Copy + Send + Sync> Roster<T> {
    /// The ids for which `keep` says so, in their byte order, with their values.
    pub(crate) fn sorted(self, keep: impl Fn(&T) -> bool) -> Result<Sorted<T>, UnitError> {
        let Self { kind, mut entries, texts, index, .. } = self;
        drop(index);
        entries.retain(|entry| keep(&entry.value));
        entries.shrink_to_fit();
        let naming = Naming { kind, texts: &texts };
        let integers = kind == Kind::Integers || entries.iter().all(|e| e.name & PLACE == 0);
        if integers {
            sort(&mut entries, naming, |entry| leading_digits(entry.name as i64));
        } else {
            sort(&mut entries, naming, |entry| naming.prefix(entry));
        }
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

/// Sorts by id; the order of `first` is that of the ids, but for ties.
fn sort<T: Copy + Send + Sync>(
    entries: &mut [Entry<T>],
    naming: Naming<'_>,
    first: impl Fn(&Entry<T>) -> u64 + Sync,
) {
    let (least, most) = entries
        .iter()
        .map(&first)
        .fold((u64::MAX, 0), |(least, most), key| (least.min(key), most.max(key)));
    let buckets = (entries.len() / BUCKET).next_power_of_two().min(BUCKETS);
    let bits = u64::BITS - most.saturating_sub(least).leading_zeros();
    let shift = bits.saturating_sub(buckets.trailing_zeros());
    let bucket = |entry: &Entry<T>| {
        (first(entry) - least).checked_shr(shift).unwrap_or(0) as usize // 64 bits, one bucket
    };
    let lengths = spread(entries, buckets, bucket);
    let (mut slices, mut rest) = (Vec::with_capacity(buckets), entries);
    for length in lengths {
        let (slice, behind) = rest.split_at_mut(length);
        slices.push(slice);
        rest = behind;
    }
    blocks::each(slices, |entries| {
        // The first bytes decide nearly always; they are worked out once and not at every
        // comparison.
        let mut order: Vec<(u64, u32)> =
            entries.iter().zip(0..).map(|(entry, place)| (first(entry), place)).collect();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| naming.compare(&entries[a.1 as usize], &entries[b.1 as usize]))
        });
        let before = entries.to_vec();
        for (entry, (_, place)) in entries.iter_mut().zip(order) {
            *entry = before[place as usize];
        }
    });
}

/// Swaps the elements into buckets that follow one another, and says how long each is.
fn spread<T>(elements: &mut [T], buckets: usize, bucket: impl Fn(&T) -> usize) -> Vec<usize> {
    let mut lengths = vec![0; buckets];
    for element in elements.iter() {
        lengths[bucket(element)] += 1;
    }
    // Where the next element of each bucket goes, and where the bucket ends.
    let (mut next, mut ends, mut end) = (Vec::new(), Vec::new(), 0);
    for &length in &lengths {
        next.push(end);
        end += length;
        ends.push(end);
    }
    for here in 0..buckets {
        while next[here] < ends[here] {
            let there = bucket(&elements[next[here]]);
            if there != here {
                elements.swap(next[here], next[there]);
            }
            next[there] += 1;
        }
    }
    lengths
}

/// Reads names.
#[derive(Clone, Copy)]
pub(super) struct Naming<'a> {
    pub(super) kind: Kind,
    pub(super) texts: &'a Texts,
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

    /// The id as text.
    pub(super) fn name<T>(&self, entry: &Entry<T>) -> String {
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
    fn digits_are_the_plain_writing() {
        for (text, number) in [("0", 0), ("7", 7), ("999999999999999999", 999_999_999_999_999_999)]
        {
            assert_eq!(digits(number, &mut [0; 20]), text.as_bytes());
        }
    }

    #[test]
    fn buckets_follow_one_another() {
        let mut elements: Vec<u32> = (0..1000).map(|i| i * 7919 % 1013).collect();
        let lengths = spread(&mut elements, 16, |&element| element as usize / 64);
        assert_eq!(lengths.iter().sum::<usize>(), 1000);
        assert!(elements.is_sorted_by_key(|&element| element / 64));
        let mut whole: Vec<u32> = (0..1000).map(|i| i * 7919 % 1013).collect();
        whole.sort_unstable();
        elements.sort_unstable();
        assert_eq!(elements, whole);
    }

    #[test]
    fn many_ids_come_out_in_byte_order() {
        for texts in [false, true] {
            let mut ids = Roster::<u32>::default();
            let mut expected = Vec::new();
            for i in 0..20_000u64 {
                let number = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (i % 50);
                let id = if texts && i % 3 == 0 {
                    format!("customer {number}")
                } else {
                    (number / 100).to_string()
                };
                let place = ids.text(&id).unwrap();
                *ids.value_mut(place) = number as u32 % 5;
                expected.push(id);
            }
            let sorted = ids.sorted(|&value| value < u32::MAX).unwrap();
            expected.sort_unstable();
            expected.dedup();
            let got: Vec<String> = sorted.ids.iter().map(|id| id.expose().to_owned()).collect();
            assert_eq!(got, expected);
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
}
