//! Class sizes and item probabilities, one lane for each class.

use super::items::{Chunk, Item};

/// No probability is estimated below it: a zero could never rise again, and would rule a class out
/// for a later customer because of one answer. What it costs in log-likelihood is 1e-12 for each
/// customer at most.
pub(super) const FLOOR: f64 = 1e-12;

/// Parameters of `k <= W` classes. Lanes beyond `k` are zero.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point<const W: usize> {
    pub(super) sizes: [f64; W],
    /// For each item and each of its answers the probability in every class.
    pub(super) items: Vec<Vec<[f64; W]>>,
}

/// Expected counts in the shape of a [`Point`].
pub(super) type Counts<const W: usize> = Point<W>;

impl<const W: usize> Point<W> {
    /// Nothing, in the shape of these items.
    pub(super) fn zero(items: &[Item]) -> Self {
        let item = |item: &Item| vec![[0.0; W]; item.levels.len()];
        Self { sizes: [0.0; W], items: items.iter().map(item).collect() }
    }

    /// The parameters of most likelihood, given expected counts: shares, none of the answers'
    /// below [`FLOOR`]. A class that nobody is in keeps what it had in `before`.
    pub(super) fn of_counts(counts: Counts<W>, before: &Self, k: usize) -> Self {
        let mut point = counts;
        let mut total = 0.0;
        for class in 0..k {
            total += point.sizes[class];
        }
        for class in 0..k {
            point.sizes[class] /= total;
        }
        for (item, before) in point.items.iter_mut().zip(&before.items) {
            shares(item, before, k);
        }
        point
    }

    /// The product of the answers' probabilities for every code of a chunk; a missing answer is
    /// left out of it.
    pub(super) fn table(&self, chunk: &Chunk, table: &mut Vec<[f64; W]>) {
        table.clear();
        table.push([1.0; W]);
        for (item, &radix) in chunk.items.clone().zip(&chunk.radix) {
            let levels = &self.items[item];
            let known = table.len();
            table.resize(known * radix, [0.0; W]);
            for code in (0..known).rev() {
                let product = table[code];
                for digit in 0..radix {
                    table[code * radix + digit] = match levels.get(digit) {
                        Some(level) => std::array::from_fn(|lane| product[lane] * level[lane]),
                        None => product,
                    };
                }
            }
        }
    }

    /// Adds the counts of a chunk's codes to those of its items. Uses the table up.
    pub(super) fn count(&mut self, chunk: &Chunk, table: &mut [[f64; W]]) {
        let mut codes = chunk.codes;
        for (item, &radix) in chunk.items.clone().zip(&chunk.radix).rev() {
            codes /= radix;
            let levels = &mut self.items[item];
            for code in 0..codes {
                let mut all = [0.0; W];
                for digit in 0..radix {
                    let count = table[code * radix + digit];
                    if let Some(level) = levels.get_mut(digit) {
                        add(level, &count);
                    }
                    add(&mut all, &count);
                }
                table[code] = all;
            }
        }
    }

    /// `self + factor * (other - self)` and the like: each number made from three.
    pub(super) fn combine(
        first: &Self,
        second: &Self,
        third: &Self,
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Self {
        let lanes = |a: &[f64; W], b: &[f64; W], c: &[f64; W]| -> [f64; W] {
            std::array::from_fn(|lane| f(a[lane], b[lane], c[lane]))
        };
        let items = first.items.iter().zip(&second.items).zip(&third.items);
        Self {
            sizes: lanes(&first.sizes, &second.sizes, &third.sizes),
            items: items
                .map(|((a, b), c)| {
                    a.iter().zip(b).zip(c).map(|((a, b), c)| lanes(a, b, c)).collect()
                })
                .collect(),
        }
    }

    /// Makes shares of what is positive already, without a floor for class sizes.
    pub(super) fn normalised(mut self, k: usize) -> Self {
        let before = self.clone();
        let mut total = 0.0;
        for class in 0..k {
            total += self.sizes[class];
        }
        for class in 0..k {
            self.sizes[class] /= total;
        }
        for (item, before) in self.items.iter_mut().zip(&before.items) {
            shares(item, before, k);
        }
        self
    }

    /// All numbers, of the first `k` lanes.
    pub(super) fn numbers(&self, k: usize) -> impl Iterator<Item = f64> + '_ {
        let lanes = std::iter::once(&self.sizes).chain(self.items.iter().flatten());
        lanes.flat_map(move |lanes| lanes[..k].iter().copied())
    }

    /// The classes in another order.
    pub(super) fn reordered(&self, order: &[usize]) -> Self {
        let lanes = |old: &[f64; W]| {
            let mut new = [0.0; W];
            for (place, &class) in order.iter().enumerate() {
                new[place] = old[class];
            }
            new
        };
        Self {
            sizes: lanes(&self.sizes),
            items: self.items.iter().map(|levels| levels.iter().map(lanes).collect()).collect(),
        }
    }
}

#[inline(always)]
pub(super) fn add<const W: usize>(sum: &mut [f64; W], term: &[f64; W]) {
    for lane in 0..W {
        sum[lane] += term[lane];
    }
}

/// Shares of an item's counts, none below [`FLOOR`]: those that would be are raised to it, and the
/// others share the rest, which is the maximum under that constraint.
fn shares<const W: usize>(levels: &mut [[f64; W]], before: &[[f64; W]], k: usize) {
    for class in 0..k {
        let mut total = 0.0;
        for level in levels.iter() {
            total += level[class];
        }
        if total <= f64::MIN_POSITIVE {
            for (level, before) in levels.iter_mut().zip(before) {
                level[class] = before[class];
            }
            continue;
        }
        let (mut free, mut raised) = (total, 0usize);
        // Raising one lowers the others; each round raises one more or is the last.
        loop {
            let rest = 1.0 - raised as f64 * FLOOR;
            let (mut next_free, mut next_raised) = (0.0, 0usize);
            for level in levels.iter() {
                if level[class] * rest > FLOOR * free {
                    next_free += level[class];
                } else {
                    next_raised += 1;
                }
            }
            if next_raised == raised {
                for level in levels.iter_mut() {
                    let share = level[class] * rest / free;
                    level[class] = if level[class] * rest > FLOOR * free { share } else { FLOOR };
                }
                break;
            }
            (free, raised) = (next_free, next_raised);
        }
    }
}
