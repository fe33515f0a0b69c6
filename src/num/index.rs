//! Numbers found by half of a hash: where the entries of a table stand.
//!
//! An open table with eight bytes a slot: the half hash, so that neither comparing nor growing
//! needs the entry, and the number. A slot's place is the upper bits of its half hash, so that a
//! table of twice the size is filled from front to back.

/// The number of nobody.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Numbers by hash.
#[derive(Clone, Default)]
pub(crate) struct Index {
    /// Some are always free; none before the first number.
    slots: Vec<Slot>,
    taken: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    number: u32,
}

const FREE: Slot = Slot { hash: 0, number: NOBODY };

/// Slots of the smallest table.
const AT_LEAST: usize = 16;

impl Index {
    /// Room for so many numbers: at most 12 bytes for each.
    pub(crate) fn with_capacity(numbers: usize) -> Self {
        Self { slots: vec![FREE; numbers + numbers.div_ceil(3) + 1], taken: 0 }
    }

    /// Where the search for a hash begins; zero where there are no slots.
    #[inline]
    fn place(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.slots.len() as u64) >> 32) as usize
    }

    /// Reads the slot at which the search for a hash begins, so that its line is near when the
    /// search comes.
    #[inline]
    pub(crate) fn touch(&self, hash: u32) -> u32 {
        self.slots.get(self.place(hash)).map_or(0, |slot| slot.hash)
    }

    /// Whoever has this hash first, or [`NOBODY`].
    #[inline]
    pub(crate) fn first(&self, hash: u32) -> u32 {
        self.find(hash, |_| true)
    }

    /// The one with this hash of whom `same` says so, or [`NOBODY`].
    #[inline]
    pub(crate) fn find(&self, hash: u32, same: impl Fn(u32) -> bool) -> u32 {
        let mut place = self.place(hash);
        loop {
            match self.slots.get(place) {
                Some(&slot) if slot.number == NOBODY => return NOBODY,
                Some(&slot) if slot.hash == hash && same(slot.number) => return slot.number,
                Some(_) => place += 1,
                None if self.slots.is_empty() => return NOBODY,
                None => place = 0,
            }
        }
    }

    /// Adds a number that is not there.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if 4 * (self.taken + 1) > 3 * self.slots.len() {
            self.grow();
        }
        self.taken += 1;
        self.put(Slot { hash, number });
    }

    fn put(&mut self, slot: Slot) {
        let mut place = self.place(slot.hash);
        while self.slots[place].number != NOBODY {
            place = if place + 1 == self.slots.len() { 0 } else { place + 1 };
        }
        self.slots[place] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let twice = vec![FREE; (2 * self.slots.len()).max(AT_LEAST)];
        for slot in std::mem::replace(&mut self.slots, twice) {
            if slot.number != NOBODY {
                self.put(slot);
            }
        }
    }

    /// Forgets all numbers and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(FREE);
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again_whatever_their_hashes() {
        // The last slots run over into the first ones, and all numbers of one hash stay apart.
        let hashes = [u32::MAX, u32::MAX, 0, 1, u32::MAX - 1, 1 << 31, 0, u32::MAX];
        let mut index = Index::default();
        assert_eq!((index.first(7), index.touch(7)), (NOBODY, 0));
        for round in 0..50 {
            for (place, &hash) in hashes.iter().enumerate() {
                index.insert(hash, (round * hashes.len() + place) as u32);
            }
        }
        for number in 0..50 * hashes.len() as u32 {
            let hash = hashes[number as usize % hashes.len()];
            assert_eq!(index.find(hash, |other| other == number), number);
        }
        assert_eq!(index.first(0), 2);
        assert_eq!(index.first(5), NOBODY);
        assert_eq!(index.find(0, |_| false), NOBODY);
        index.clear();
        assert_eq!(index.first(0), NOBODY);
    }
}
