//! Equal records counted by sorting them: a record is one number, and numbers are sorted by their
//! digits.
//!
//! Ten million customers are too many to sort by comparing. Their records are packed into one
//! word with the customer's place behind it; each stretch of customers is dealt into buckets of
//! neighbouring records, each bucket is sorted by radix on its own, and equal neighbours are one
//! record. The order of the result is that of the records, so threads leave no trace in it.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Compressed, DayKey, compress_any};
use crate::num::blocks;
use crate::value::PurchaseRecord;
use crate::work::Work;

/// Customers who are dealt into buckets together.
const STRETCH: usize = 1 << 17;
/// Buckets are cut by so many of the leading bits.
const CUT_BITS: u32 = 14;
/// About so many buckets are made, and none on purpose smaller than that.
const BUCKETS: usize = 256;
const LEAST_BUCKET: usize = 1 << 13;
/// Bits that a pass of the sort looks at, at most: its counters stay in the nearest cache.
const PASS_BITS: u32 = 11;

/// How a key is squeezed into as few bits as its data need, with the row behind it.
#[derive(Debug, Clone, Copy)]
struct Packing {
    t_x_bits: u32,
    age_bits: u32,
    key_bits: u32,
    row_bits: u32,
}

impl Packing {
    /// `None` where both do not fit into one word.
    fn of(keys: &[DayKey]) -> Option<Self> {
        let parts = blocks::map_blocks(keys.len(), &Work::new(), |rows| {
            keys[rows].iter().fold((0, 0, 0), |(x, t_x, age), key| {
                let own = key.parts();
                (x | own.0, t_x | own.1, age | own.2)
            })
        });
        let (mut x, mut t_x, mut age) = (0, 0, 0);
        for part in parts.unwrap_or_default() {
            (x, t_x, age) = (x | part.0, t_x | part.1, age | part.2);
        }
        let bits = |largest: u64| u64::BITS - largest.leading_zeros();
        let (t_x_bits, age_bits) = (bits(t_x), bits(age));
        let key_bits = bits(x) + t_x_bits + age_bits;
        let row_bits = bits(keys.len() as u64);
        (key_bits + row_bits <= u64::BITS).then_some(Self {
            t_x_bits,
            age_bits,
            key_bits,
            row_bits,
        })
    }

    fn squeeze(self, key: DayKey) -> u64 {
        let (x, t_x, age) = key.parts();
        (x << self.t_x_bits | t_x) << self.age_bits | age
    }

    fn record(self, squeezed: u64) -> PurchaseRecord {
        let low = |bits: u32| (1 << bits) - 1;
        let age = squeezed & low(self.age_bits);
        let t_x = squeezed >> self.age_bits & low(self.t_x_bits);
        let x = squeezed >> (self.age_bits + self.t_x_bits);
        PurchaseRecord { x: x as u32, t_x: t_x as f64, age: age as f64 }
    }

    fn key_of(self, element: u64) -> u64 {
        element >> self.row_bits
    }

    fn row_of(self, element: u64) -> usize {
        (element & ((1 << self.row_bits) - 1)) as usize
    }
}

/// A stretch of customers, dealt into buckets.
struct Dealt {
    elements: Vec<u64>,
    /// Where each bucket begins, and the end.
    starts: Vec<u32>,
}

/// Any records on a day grid.
pub(super) fn compress(keys: Vec<DayKey>) -> Compressed {
    let Some(packing) = Packing::of(&keys) else {
        let records: Vec<PurchaseRecord> = keys.into_iter().map(DayKey::record).collect();
        return compress_any(&records);
    };
    let n = keys.len();
    let cut = packing.key_bits.saturating_sub(CUT_BITS.min(usize::BITS - n.leading_zeros() + 2));
    let stretch = |task: usize| task * STRETCH..(task * STRETCH + STRETCH).min(n);
    // Nobody can cancel a handle that is made here; an empty answer stands for that.
    let work = Work::new();
    let spread = |tasks: usize, f: &(dyn Fn(usize) -> Vec<u32> + Sync)| {
        blocks::map_tasks(tasks, &work, f).unwrap_or_default()
    };
    let cells = (1usize << (packing.key_bits - cut)).max(1);
    let counts = spread(n.div_ceil(STRETCH), &|task| {
        let mut counts = vec![0; cells];
        for &key in &keys[stretch(task)] {
            counts[(packing.squeeze(key) >> cut) as usize] += 1;
        }
        counts
    });
    let (bucket_of, first_cells) = buckets(&counts, cells, n);
    let n_buckets = first_cells.len() - 1;
    let dealt = blocks::map_tasks(counts.len(), &work, |task| {
        let mut starts = vec![0_u32; n_buckets + 1];
        for (cell, &count) in counts[task].iter().enumerate() {
            starts[bucket_of[cell] as usize + 1] += count;
        }
        for bucket in 0..n_buckets {
            starts[bucket + 1] += starts[bucket];
        }
        let mut next = starts.clone();
        let rows = stretch(task);
        let mut elements = vec![0; rows.len()];
        for row in rows {
            let key = packing.squeeze(keys[row]);
            let place = &mut next[bucket_of[(key >> cut) as usize] as usize];
            elements[*place as usize] = key << packing.row_bits | row as u64;
            *place += 1;
        }
        Dealt { elements, starts }
    })
    .unwrap_or_default();
    drop(keys);
    let sorted = blocks::map_tasks(n_buckets, &work, |bucket| {
        let cells = first_cells[bucket]..first_cells[bucket + 1];
        sorted_bucket(&dealt, bucket, packing, cells, cut)
    })
    .unwrap_or_default();
    drop(dealt);
    gather(&sorted, packing, n, &work)
}

/// The bucket of every cell, and the first cell of every bucket.
fn buckets(counts: &[Vec<u32>], cells: usize, n: usize) -> (Vec<u16>, Vec<u64>) {
    let target = (n / BUCKETS).max(LEAST_BUCKET);
    let mut bucket_of = vec![0_u16; cells];
    let mut first_cells = vec![0_u64];
    let mut filled = 0;
    for cell in 0..cells {
        let count: usize = counts.iter().map(|counts| counts[cell] as usize).sum();
        // A cell that is a bucket's worth of its own does not join what was begun before it.
        if filled > 0 && filled + count > target {
            first_cells.push(cell as u64);
            filled = 0;
        }
        filled += count;
        bucket_of[cell] = (first_cells.len() - 1) as u16;
    }
    first_cells.push(cells as u64);
    (bucket_of, first_cells)
}

/// A bucket's elements from all stretches, in order.
fn sorted_bucket(
    dealt: &[Dealt],
    bucket: usize,
    packing: Packing,
    cells: Range<u64>,
    cut: u32,
) -> Vec<u64> {
    let mut elements = Vec::new();
    for part in dealt {
        let range = part.starts[bucket] as usize..part.starts[bucket + 1] as usize;
        elements.extend_from_slice(&part.elements[range]);
    }
    let base = (cells.start << cut) << packing.row_bits;
    let bits = u64::BITS - (((cells.end - cells.start) << cut) - 1).leading_zeros();
    let passes = bits.div_ceil(PASS_BITS);
    let mut spare = vec![0; if passes > 0 { elements.len() } else { 0 }];
    for pass in 0..passes {
        let width = bits.div_ceil(passes);
        let shift = packing.row_bits + pass * width;
        let digit = |element: u64| ((element - base) >> shift) as usize & ((1 << width) - 1);
        let mut next = vec![0_u32; 1 << width];
        for &element in &elements {
            next[digit(element)] += 1;
        }
        let mut before = 0;
        for place in &mut next {
            (before, *place) = (before + *place, before);
        }
        for &element in &elements {
            let place = &mut next[digit(element)];
            spare[*place as usize] = element;
            *place += 1;
        }
        std::mem::swap(&mut elements, &mut spare);
    }
    elements
}

/// Counts equal neighbours, and tells every row its place.
fn gather(sorted: &[Vec<u64>], packing: Packing, n: usize, work: &Work) -> Compressed {
    let groups = |bucket: usize| {
        sorted[bucket].chunk_by(move |&a, &b| packing.key_of(a) == packing.key_of(b))
    };
    let lengths =
        blocks::map_tasks(sorted.len(), work, |bucket| groups(bucket).count()).unwrap_or_default();
    let mut firsts = Vec::with_capacity(lengths.len());
    let mut total = 0;
    for length in &lengths {
        firsts.push(total);
        total += length;
    }
    // Every row is written once, by the one bucket that holds it; atomic words let several threads
    // do so, and a relaxed store costs no more than a plain one.
    let mut places = Vec::with_capacity(n);
    places.resize_with(n, || AtomicU32::new(0));
    let parts = blocks::map_tasks(sorted.len(), work, |bucket| {
        let mut records = Vec::with_capacity(lengths[bucket]);
        let mut customers = Vec::with_capacity(lengths[bucket]);
        for (i, group) in groups(bucket).enumerate() {
            let place = (firsts[bucket] + i) as u32;
            for &element in group {
                places[packing.row_of(element)].store(place, Ordering::Relaxed);
            }
            records.push(packing.record(packing.key_of(group[0])));
            customers.push(group.len() as u64);
        }
        (records, customers)
    })
    .unwrap_or_default();
    let mut distinct = Vec::with_capacity(total);
    let mut customers = Vec::with_capacity(total);
    for (records, counts) in &parts {
        distinct.extend_from_slice(records);
        customers.extend_from_slice(counts);
    }
    let places = places.into_iter().map(AtomicU32::into_inner).collect();
    Compressed { distinct, customers, places }
}
