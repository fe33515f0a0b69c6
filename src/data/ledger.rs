//! What customers bought and brought back by day, kept while rows are read.
//!
//! One sum for each customer, day and direction of money. Whether the returns of a day lower its
//! purchases is decided only when all rows are there, so that it cannot depend on their order.

use crate::data::Returns;
use crate::data::cells::{Cell, Cells, SortedCells};

/// Purchases and returns by customer and day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    cells: Cells,
}

/// Makes all days of the years 1 to 9999 positive, in 23 bits.
const OFFSET: i32 = 1 << 20;

/// The day, and in the lowest bit whether the money went back.
fn cell(customer: u32, day: i32, minor: i64) -> Cell {
    Cell { customer, key: ((day + OFFSET) as u32) << 1 | u32::from(minor < 0), minor }
}

fn day_of(cell: &Cell) -> i32 {
    (cell.key >> 1) as i32 - OFFSET
}

impl Ledger {
    /// Notes a row, whose money was found to fit into the customer's sums.
    #[inline]
    pub(crate) fn add(&mut self, customer: u32, day: i32, minor: i64) {
        self.cells.add(cell(customer, day, minor));
    }

    /// Takes out one of several equal rows, of which another one remains.
    pub(crate) fn take_out(&mut self, customer: u32, day: i32, minor: i64) {
        let row = cell(customer, day, minor);
        self.cells.add(Cell { minor: minor.wrapping_neg(), ..row });
    }

    /// Adds another ledger under the numbers that its customers have here.
    pub(crate) fn absorb(&mut self, other: &Self, numbers: &[u32]) {
        for cell in other.cells.iter() {
            self.cells.add(Cell { customer: numbers[cell.customer as usize], ..*cell });
        }
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
    }

    /// The days of each customer, with returns by this rule.
    pub(crate) fn sorted(self, returns: Returns) -> SortedLedger {
        SortedLedger { cells: self.cells.sorted(), nets: returns == Returns::Net }
    }
}

/// The days of each customer.
pub(crate) struct SortedLedger {
    cells: SortedCells,
    nets: bool,
}

/// What one customer bought and brought back on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LedgerDay {
    pub(crate) day: i32,
    /// What was paid, of a day of purchase; it may be nothing.
    pub(crate) purchase: Option<i64>,
    /// What went back, of a day with returns; never positive.
    pub(crate) returns: Option<i64>,
}

impl LedgerDay {
    /// The day as one sum: a purchase of what is left, or else a return of what is too much.
    fn netted(self) -> Self {
        let Some(returns) = self.returns else { return self };
        // A sum of two opposite signs fits.
        let net = self.purchase.unwrap_or(0) + returns;
        let bought = net > 0;
        Self { purchase: bought.then_some(net), returns: (!bought).then_some(net), ..self }
    }
}

impl SortedLedger {
    /// The days of a customer in order of time, those to `until` and those behind it.
    pub(crate) fn of(
        &self,
        customer: u32,
        until: i32,
    ) -> [impl Iterator<Item = LedgerDay> + '_; 2] {
        let cells = self.cells.of(customer);
        let (within, behind) = cells.split_at(cells.partition_point(|cell| day_of(cell) <= until));
        [within, behind].map(|cells| self.days(cells))
    }

    fn days<'a>(&self, cells: &'a [Cell]) -> impl Iterator<Item = LedgerDay> + use<'a> {
        let nets = self.nets;
        cells.chunk_by(|a, b| day_of(a) == day_of(b)).map(move |day| {
            let sum = |back: u32| day.iter().find(|cell| cell.key & 1 == back).map(|c| c.minor);
            let day = LedgerDay { day: day_of(&day[0]), purchase: sum(0), returns: sum(1) };
            if nets { day.netted() } else { day }
        })
    }

    /// How many sums there are: at least as many as days.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(ledger: Ledger, rule: Returns, customer: u32) -> Vec<LedgerDay> {
        let sorted = ledger.sorted(rule);
        let [within, behind] = sorted.of(customer, i32::MAX);
        assert_eq!(behind.count(), 0);
        within.collect()
    }

    fn day(day: i32, purchase: Option<i64>, returns: Option<i64>) -> LedgerDay {
        LedgerDay { day, purchase, returns }
    }

    #[test]
    fn rows_add_up_by_customer_day_and_direction() {
        let mut ledger = Ledger::default();
        for (customer, day, minor) in
            [(1, 5, 10), (0, -719_162, 3), (1, 5, -4), (1, 5, 0), (0, 2_932_896, 0), (1, 4, -2)]
        {
            ledger.add(customer, day, minor);
        }
        let first = [day(-719_162, Some(3), None), day(2_932_896, Some(0), None)];
        assert_eq!(plain(ledger.clone(), Returns::Separate, 0), first);
        let second = [day(4, None, Some(-2)), day(5, Some(10), Some(-4))];
        assert_eq!(plain(ledger, Returns::Separate, 1), second);
    }

    #[test]
    fn a_row_taken_out_leaves_the_day() {
        let mut ledger = Ledger::default();
        for minor in [7, i64::MIN, 7] {
            ledger.add(3, 2, minor);
        }
        ledger.take_out(3, 2, 7);
        assert_eq!(plain(ledger, Returns::Separate, 3), [day(2, Some(7), Some(i64::MIN))]);
    }

    #[test]
    fn a_netted_day_is_a_purchase_of_what_is_left_or_a_return() {
        let mut ledger = Ledger::default();
        let rows = [
            (1, 10), // a plain purchase
            (2, 0),  // a visit
            (3, 10), // partly undone
            (3, -4),
            (4, 10), // undone
            (4, -10),
            (5, -3), // more went back than was bought
            (5, 2),
            (6, 0), // a visit to bring back
            (6, -1),
            (7, -5), // nothing but a return
        ];
        for (day, minor) in rows {
            ledger.add(0, day, minor);
        }
        let expected = [
            day(1, Some(10), None),
            day(2, Some(0), None),
            day(3, Some(6), None),
            day(4, None, Some(0)),
            day(5, None, Some(-1)),
            day(6, None, Some(-1)),
            day(7, None, Some(-5)),
        ];
        assert_eq!(plain(ledger, Returns::Net, 0), expected);
    }

    #[test]
    fn another_ledger_comes_under_new_numbers_and_is_split_by_time() {
        let (mut left, mut right) = (Ledger::default(), Ledger::default());
        left.add(0, 1, 2);
        right.add(0, 1, 3);
        right.add(1, 1, -5);
        right.add(1, 9, 4);
        left.absorb(&right, &[7, 0]);
        let sorted = left.sorted(Returns::Separate);
        let [within, behind] = sorted.of(0, 8).map(Vec::from_iter);
        assert_eq!(within, [day(1, Some(2), Some(-5))]);
        assert_eq!(behind, [day(9, Some(4), None)]);
        let [within, _] = sorted.of(7, 8).map(Vec::from_iter);
        assert_eq!(within, [day(1, Some(3), None)]);
    }
}
