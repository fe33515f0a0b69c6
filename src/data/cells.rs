//! What customers spent in each category: one cell for each pair that occurred.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::data::summary::Overflow;

/// Gross spend by customer and category. Memory grows with the pairs that occur.
#[derive(Clone, Default)]
pub(crate) struct Cells {
    table: HashTable<Cell>,
    hasher: RandomState,
}

/// What a customer spent in a category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) customer: u32,
    pub(crate) category: u32,
    pub(crate) gross: i64,
}

impl Cell {
    fn key(&self) -> u64 {
        u64::from(self.customer) << 32 | u64::from(self.category)
    }
}

impl Cells {
    /// Adds to a cell, which may be new.
    pub(crate) fn add(&mut self, cell: Cell) -> Result<(), Overflow> {
        let (key, hasher) = (cell.key(), &self.hasher);
        let entry = self.table.entry(
            hasher.hash_one(key),
            |known| known.key() == key,
            |known| hasher.hash_one(known.key()),
        );
        match entry {
            Entry::Occupied(mut known) => {
                let gross = &mut known.get_mut().gross;
                *gross = gross.checked_add(cell.gross).ok_or(Overflow)?;
            }
            Entry::Vacant(place) => {
                place.insert(cell);
            }
        }
        Ok(())
    }

    /// The cells, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.table.iter()
    }

    /// Forgets all cells and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_add_up_and_refuse_what_does_not_fit() {
        let mut cells = Cells::default();
        let cell = |category, gross| Cell { customer: 3, category, gross };
        for (category, gross) in [(1, 5), (2, 7), (1, -2)] {
            cells.add(cell(category, gross)).unwrap();
        }
        let mut all: Vec<Cell> = cells.iter().copied().collect();
        all.sort_unstable_by_key(Cell::key);
        assert_eq!(all, [cell(1, 3), cell(2, 7)]);
        assert_eq!(cells.add(cell(1, i64::MAX)), Err(Overflow));
    }
}
