//! Sums of money by customer and something else: a category, or a day.
//!
//! A table with a place for each pair would be looked up at another cold line of memory for every
//! row. So rows are written behind one another into pages of some thousand customers, and a page is
//! sorted and added up when it has grown to twice what it came to before; a page fits into a core's
//! cache. Sums are whole numbers, so neither the order of the rows nor the moments of sorting can
//! show.

use std::fmt;

use crate::num::blocks;

/// Minor units by customer and key.
///
/// Memory: 16 bytes for each pair that occurs, twice that between sortings, and at most 32 bytes
/// for each customer before a page is sorted for the first time; growing vectors may hold as much
/// again unused.
#[derive(Clone, Default)]
pub(crate) struct Cells {
    pages: Vec<Page>,
    /// Where a page is sorted; kept for its memory.
    scratch: Vec<Cell>,
}

/// The cells of neighbouring customers.
#[derive(Clone, Default)]
struct Page {
    cells: Vec<Cell>,
    /// How many of them stand in order, each pair once.
    sorted: usize,
}

/// What a customer has under a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) customer: u32,
    pub(crate) key: u32,
    pub(crate) minor: i64,
}

/// Customers of a page.
const CUSTOMERS: usize = 4096;

/// Cells of a page before it is sorted for the first time: two for each of its customers.
const AT_LEAST: usize = 2 * CUSTOMERS;

impl Cell {
    fn place(&self) -> (u32, u32) {
        (self.customer, self.key)
    }

    /// The place of the customer in the page.
    fn in_page(&self) -> usize {
        self.customer as usize % CUSTOMERS
    }

    /// Adds a cell of the same place. Whoever adds cells has found that their customer's money fits
    /// into 64 bits, so what wraps while rows are taken out again comes back.
    fn add(&mut self, other: Self) {
        self.minor = self.minor.wrapping_add(other.minor);
    }
}

impl Page {
    #[inline]
    fn push(&mut self, cell: Cell, scratch: &mut Vec<Cell>) {
        match self.cells.last_mut() {
            Some(last) if last.place() == cell.place() => last.add(cell),
            _ => {
                if self.cells.len() >= AT_LEAST.max(2 * self.sorted) {
                    self.settle(scratch);
                }
                self.cells.push(cell);
            }
        }
    }

    /// Sorts the cells and adds up those of one place: first by customer, which is counting, then
    /// the few of each customer.
    #[inline(never)]
    fn settle(&mut self, scratch: &mut Vec<Cell>) {
        let mut places = [0u32; CUSTOMERS];
        for cell in &self.cells {
            places[cell.in_page()] += 1;
        }
        let mut start = 0;
        for place in &mut places {
            start += std::mem::replace(place, start);
        }
        scratch.clear();
        scratch.extend_from_slice(&self.cells);
        for cell in &self.cells {
            let place = &mut places[cell.in_page()];
            scratch[*place as usize] = *cell;
            *place += 1;
        }
        self.cells.clear();
        let mut start = 0;
        for end in places {
            // What was in order before comes first, which the stable sort makes use of.
            let of_customer = &mut scratch[start..end as usize];
            of_customer.sort_by_key(|cell| cell.key);
            for same in of_customer.chunk_by(|a, b| a.key == b.key) {
                let mut sum = same[0];
                for &cell in &same[1..] {
                    sum.add(cell);
                }
                self.cells.push(sum);
            }
            start = end as usize;
        }
        self.sorted = self.cells.len();
    }
}

impl Cells {
    /// Adds to a cell, which may be new.
    #[inline]
    pub(crate) fn add(&mut self, cell: Cell) {
        let page = cell.customer as usize / CUSTOMERS;
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Page::default);
        }
        self.pages[page].push(cell, &mut self.scratch);
    }

    /// Whatever was added, in no order, a pair more than once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.pages.iter().flat_map(|page| &page.cells)
    }

    /// Forgets all cells and keeps the memory.
    pub(crate) fn clear(&mut self) {
        for page in &mut self.pages {
            page.cells.clear();
            page.sorted = 0;
        }
    }

    /// The cells in order of customer and key, each pair once.
    pub(crate) fn sorted(mut self) -> SortedCells {
        drop(self.scratch);
        let pages: Vec<&mut Page> = self.pages.iter_mut().collect();
        blocks::each(pages, |page| page.settle(&mut Vec::new()));
        let pages: Vec<Vec<Cell>> = self.pages.into_iter().map(|page| page.cells).collect();
        let mut ends = Vec::with_capacity(pages.len() * CUSTOMERS);
        for cells in &pages {
            let mut counts = [0u32; CUSTOMERS];
            for cell in cells {
                counts[cell.in_page()] += 1;
            }
            let mut end = 0;
            ends.extend(counts.iter().map(|count| {
                end += count;
                end
            }));
        }
        SortedCells { pages, ends }
    }
}

/// Cells by customer.
pub(crate) struct SortedCells {
    pages: Vec<Vec<Cell>>,
    /// Where the cells of each customer end in the page.
    ends: Vec<u32>,
}

impl SortedCells {
    /// The cells of a customer in the order of their keys.
    pub(crate) fn of(&self, customer: u32) -> &[Cell] {
        let place = customer as usize;
        let Some(&end) = self.ends.get(place) else { return &[] };
        let start = if place.is_multiple_of(CUSTOMERS) { 0 } else { self.ends[place - 1] };
        &self.pages[place / CUSTOMERS][start as usize..end as usize]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.iter().map(Vec::len).sum()
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cells({} withheld)", self.iter().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn cell(customer: u32, key: u32, minor: i64) -> Cell {
        Cell { customer, key, minor }
    }

    #[test]
    fn cells_add_up_by_customer_and_key() {
        let mut cells = Cells::default();
        for (key, minor) in [(2, 5), (1, 7), (2, -2), (1, 0)] {
            cells.add(cell(3, key, minor));
        }
        cells.add(cell(0, 9, 1));
        let sorted = cells.sorted();
        assert_eq!(sorted.of(3), [cell(3, 1, 7), cell(3, 2, 3)]);
        assert_eq!((sorted.of(0), sorted.of(1), sorted.len()), (&[cell(0, 9, 1)][..], &[][..], 3));
        assert!(sorted.of(u32::MAX).is_empty());
    }

    #[test]
    fn many_cells_equal_those_of_an_ordered_map() {
        let (mut cells, mut plain) = (Cells::default(), BTreeMap::new());
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (customer, key) = ((state >> 40) as u32 % 9_000, (state >> 33) as u32 % 7);
            cells.add(cell(customer, key, (state >> 50) as i64));
            *plain.entry((customer, key)).or_insert(0) += (state >> 50) as i64;
        }
        let sorted = cells.sorted();
        assert_eq!(sorted.len(), plain.len());
        let all = (0..9_000).flat_map(|customer| sorted.of(customer));
        for (got, (&(customer, key), &minor)) in all.zip(&plain) {
            assert_eq!(*got, cell(customer, key, minor));
        }
    }

    #[test]
    fn memory_grows_with_pairs_and_not_with_rows() {
        let mut cells = Cells::default();
        for row in 0..20 * AT_LEAST {
            cells.add(cell(row as u32 % 2, row as u32 / 2 % 50, 1));
        }
        assert!(cells.pages[0].cells.capacity() <= AT_LEAST);
        assert_eq!(cells.sorted().of(1).len(), 50);
    }

    #[test]
    fn a_cleared_table_is_empty() {
        let mut cells = Cells::default();
        for key in 0..3 * AT_LEAST as u32 {
            cells.add(cell(1, key, 1));
        }
        cells.clear();
        cells.add(cell(5_000, 1, 2));
        assert_eq!(cells.iter().count(), 1);
        assert_eq!(cells.sorted().of(5_000), [cell(5_000, 1, 2)]);
    }
}
