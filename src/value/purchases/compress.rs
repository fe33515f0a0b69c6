//! Equal records counted.
//!
//! On a day grid a record is one whole number, and of most customers, who bought once or a few
//! times, there are fewer different numbers than customers: those are counted in a table. Of the
//! others, and of records off the grid, equal ones are brought together by sorting.

mod radix;
mod table;

use crate::value::PurchaseRecord;
pub(super) use table::compress as compress_days;

/// Distinct records in ascending order, how many customers have each, and each customer's place
/// among them.
#[derive(Debug, Default)]
pub(super) struct Compressed {
    pub(super) distinct: Vec<PurchaseRecord>,
    pub(super) customers: Vec<u64>,
    pub(super) places: Vec<u32>,
}

/// A record in whole days as one number: x, t_x and T, in the order in which records are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DayKey(u64);

const DAY_BITS: u32 = 20;
const PURCHASE_BITS: u32 = 24;
const DAY_MASK: u64 = (1 << DAY_BITS) - 1;

impl DayKey {
    /// `None` with a fraction of a day, or beyond three thousand years or sixteen million
    /// purchases.
    pub(super) fn of(record: &PurchaseRecord) -> Option<Self> {
        // Through signed numbers, which processors convert in one step; a record has no others.
        let (t_x, age) = (record.t_x as i64 as u64, record.age as i64 as u64);
        let whole = t_x as i64 as f64 == record.t_x && age as i64 as f64 == record.age;
        (whole && age <= DAY_MASK && record.x >> PURCHASE_BITS == 0)
            .then(|| Self(((u64::from(record.x) << DAY_BITS | t_x) << DAY_BITS) | age))
    }

    pub(super) fn record(self) -> PurchaseRecord {
        let (x, t_x, age) = self.parts();
        PurchaseRecord { x: x as u32, t_x: t_x as f64, age: age as f64 }
    }

    fn parts(self) -> (u64, u64, u64) {
        (self.0 >> (2 * DAY_BITS), self.0 >> DAY_BITS & DAY_MASK, self.0 & DAY_MASK)
    }
}

/// Records that are not on a day grid, or whose numbers are too large to pack.
pub(super) fn compress_any(records: &[PurchaseRecord]) -> Compressed {
    let key = |row: u32| {
        let record = &records[row as usize];
        (record.x, record.t_x.to_bits(), record.age.to_bits())
    };
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    order.sort_unstable_by_key(|&row| (key(row), row));
    let mut done = Compressed { places: vec![0; records.len()], ..Compressed::default() };
    for group in order.chunk_by(|&a, &b| key(a) == key(b)) {
        for &row in group {
            done.places[row as usize] = done.distinct.len() as u32;
        }
        done.distinct.push(records[group[0] as usize]);
        done.customers.push(group.len() as u64);
    }
    done
}
