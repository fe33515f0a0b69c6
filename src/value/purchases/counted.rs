//! Counts of records that come one after the other, in memory that grows with the distinct ones.
//!
//! A hash table, because nobody knows beforehand which records there are. What is taken out of it
//! is sorted, so that the order in which a table holds its entries shows nowhere.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::compress::DayKey;
use crate::num::blocks;
use crate::value::PurchaseRecord;

/// Records and how many customers have each.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Those on a day grid take a third of the room.
    days: HashMap<DayKey, u64, RandomState>,
    /// The others, by x and the bits of t_x and T, which are in the order of the numbers.
    any: HashMap<(u32, u64, u64), u64, RandomState>,
}

impl Counted {
    pub(super) fn add(&mut self, record: &PurchaseRecord, customers: u64) {
        let counted = match DayKey::of(record) {
            Some(key) => self.days.entry(key).or_default(),
            None => {
                let key = (record.x, record.t_x.to_bits(), record.age.to_bits());
                self.any.entry(key).or_default()
            }
        };
        *counted += customers;
    }

    /// The records in ascending order, and the customers of each.
    pub(super) fn in_order(self) -> (Vec<PurchaseRecord>, Vec<u64>) {
        let Self { days, any } = self;
        let mut days: Vec<(DayKey, u64)> = days.into_iter().collect();
        if any.is_empty() {
            blocks::sort(&mut days, |a, b| a.0.cmp(&b.0));
            return days.into_iter().map(|(key, customers)| (key.record(), customers)).unzip();
        }
        let key = |record: &PurchaseRecord| (record.x, record.t_x.to_bits(), record.age.to_bits());
        let days = days.into_iter().map(|(day, customers)| (key(&day.record()), customers));
        let mut all: Vec<_> = any.into_iter().chain(days).collect();
        blocks::sort(&mut all, |a, b| a.0.cmp(&b.0));
        let record = |(x, t_x, age)| PurchaseRecord {
            x,
            t_x: f64::from_bits(t_x),
            age: f64::from_bits(age),
        };
        all.into_iter().map(|(key, customers)| (record(key), customers)).unzip()
    }
}
