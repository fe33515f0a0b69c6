//! The categories of products, numbered, with the last few at hand.
//!
//! A shop has some dozen categories and names one in every row. Short names are compared as two
//! words of eight bytes with the one that was last seen in the same slot; only a name that is not
//! there is hashed and looked up.

use crate::data::DataError;
use crate::data::texts::Names;
use crate::units::UnitError;

/// Categories in the order of first sight.
#[derive(Clone, Default)]
pub(crate) struct Categories {
    names: Names,
    /// By slot; empty before the first name.
    recent: Vec<Recent>,
}

/// A short name that was seen.
#[derive(Clone, Copy, Default)]
struct Recent {
    ends: (u64, u64),
    /// Zero of an empty slot: empty names are no categories.
    length: u32,
    number: u32,
}

/// Slots for names: so many that a dozen of them seldom meet, few enough to stay in the cache.
const SLOTS: usize = 256;

/// The first and the last bytes of a name, which together with its length are the name; `None` of
/// a longer one.
#[inline]
fn ends(name: &[u8]) -> Option<(u64, u64)> {
    let eight = |chunk: Option<&[u8; 8]>| chunk.map(|&bytes| u64::from_le_bytes(bytes));
    let four = |chunk: Option<&[u8; 4]>| chunk.map(|&bytes| u64::from(u32::from_le_bytes(bytes)));
    match name {
        [] => None,
        &[one] => Some((u64::from(one), 0)),
        &[one, two] => Some((u64::from(one), u64::from(two))),
        &[one, two, three] => Some((u64::from(one) << 8 | u64::from(two), u64::from(three))),
        _ if name.len() < 8 => Some((four(name.first_chunk())?, four(name.last_chunk())?)),
        _ if name.len() <= 16 => Some((eight(name.first_chunk())?, eight(name.last_chunk())?)),
        _ => None,
    }
}

impl Categories {
    /// The number of a category, which may be new.
    #[inline]
    pub(crate) fn text(&mut self, name: &str) -> Result<u32, DataError> {
        let Some(ends) = ends(name.as_bytes()) else { return self.look_up(name) };
        let length = name.len() as u32;
        let mixed = (ends.0 ^ ends.1.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = (mixed >> 56) as usize;
        match self.recent.get(slot) {
            Some(seen) if seen.ends == ends && seen.length == length => Ok(seen.number),
            _ => {
                let number = self.look_up(name)?;
                self.recent.resize(SLOTS, Recent::default());
                self.recent[slot] = Recent { ends, length, number };
                Ok(number)
            }
        }
    }

    #[inline(never)]
    fn look_up(&mut self, name: &str) -> Result<u32, DataError> {
        let number = self.names.number(name, u32::MAX as usize);
        number.ok_or(DataError::Customers(UnitError::TooManyCustomers))
    }

    /// The number here of each category of another list.
    pub(crate) fn absorb(&mut self, other: &Self) -> Result<Vec<u32>, DataError> {
        (0..other.names.len()).map(|place| self.look_up(other.names.get(place as u32))).collect()
    }

    /// Forgets all categories and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.recent.clear();
    }

    /// The categories in byte order, and for each number its place there.
    pub(crate) fn sorted(&self) -> (Vec<String>, Vec<u32>) {
        self.names.sorted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_length_are_told_apart() {
        let mut categories = Categories::default();
        let mut names: Vec<String> = Vec::new();
        for length in 1..20 {
            let plain = "a".repeat(length);
            for place in 0..length {
                let mut name = plain.clone();
                name.replace_range(place..=place, "b");
                names.push(name);
            }
            names.push(plain);
        }
        for _ in 0..2 {
            for (number, name) in names.iter().enumerate() {
                assert_eq!(categories.text(name).unwrap(), number as u32, "{name}");
                assert_eq!(categories.text(name).unwrap(), number as u32, "{name} again");
            }
        }
        let (sorted, places) = categories.sorted();
        assert!(sorted.is_sorted());
        assert!(names.iter().zip(&places).all(|(name, &place)| sorted[place as usize] == *name));
    }

    #[test]
    fn another_list_comes_under_new_numbers() {
        let (mut left, mut right) = (Categories::default(), Categories::default());
        for (list, names) in [(&mut left, ["toys", "food"]), (&mut right, ["food", "éclairs"])] {
            for name in names {
                list.text(name).unwrap();
            }
        }
        assert_eq!(left.absorb(&right).unwrap(), [1, 2]);
        right.clear();
        assert_eq!(right.text("toys").unwrap(), 0);
    }
}
