//! One pass over the patterns: how likely they are, and what is expected of whom.
//!
//! A pattern's probability in each class is a product of table entries, one for each chunk of
//! items; its posterior is added to count tables of the same shape, from which the counts of single
//! answers follow afterwards. Runs of patterns with the same leading codes share the leading part
//! of the product, and of the counts.

use pulp::{Simd, WithSimd};

use super::items::{CODES, Item};
use super::patterns::Patterns;
use super::point::{Counts, Point, add};
use crate::num::real;
use crate::num::{blocks, simd, vector};
use crate::work::{Cancelled, Work};

/// Patterns handled together: divisions and logarithms of all of them at once.
const STRETCH: usize = 64;
/// Sums of log-likelihoods run in so many lanes, on every machine.
const LANES: usize = 8;
/// Below it a probability is computed again by logarithms. Every factor is at most one, so a class
/// whose product was lost to underflow could not have counted beside one above this.
const LEAST: f64 = 1e-200;
/// Patterns of a block at least; and blocks at most, since each has count tables to be added up.
const BLOCK: usize = 8192;
const BLOCKS: usize = 32;

/// What a pass found.
#[derive(Debug, Clone)]
pub(super) struct Expected<const W: usize> {
    pub(super) counts: Counts<W>,
    pub(super) log_likelihood: f64,
}

/// The tables of all chunks at a point.
struct Tables<const W: usize> {
    sizes: [f64; W],
    leading: Vec<Vec<[f64; W]>>,
    tails: [Vec<[f64; W]>; 2],
}

impl<const W: usize> Tables<W> {
    fn of(patterns: &Patterns, point: &Point<W>) -> Self {
        let table = |chunk| {
            let mut table = Vec::with_capacity(CODES);
            point.table(chunk, &mut table);
            table
        };
        let leading = patterns.leading();
        let tail = |place: usize| {
            let mut table = table(&patterns.chunks[leading + place]);
            table.resize(CODES, [0.0; W]);
            table
        };
        Self {
            sizes: point.sizes,
            leading: patterns.chunks[..leading].iter().map(table).collect(),
            tails: [tail(0), tail(1)],
        }
    }
}

/// Expected counts and the log-likelihood at a point.
pub(super) fn expect<const W: usize>(
    patterns: &Patterns,
    items: &[Item],
    point: &Point<W>,
    work: &Work,
) -> Result<Expected<W>, Cancelled> {
    let tables = Tables::of(patterns, point);
    let size = block_size(patterns.len());
    let part = |block: usize| {
        let rows = block * size..((block + 1) * size).min(patterns.len());
        simd::run(Pass { patterns, point, tables: &tables, rows })
    };
    let mut all = if patterns.len() <= size {
        // Few patterns take less time than a thread needs to wake.
        work.check()?;
        part(0)
    } else {
        let parts = blocks::map_tasks(patterns.len().div_ceil(size), work, part)?;
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| Part::empty(patterns));
        parts.for_each(|part| all.add(&part));
        all
    };
    let mut counts = Counts::zero(items);
    for (chunk, table) in patterns.chunks.iter().zip(all.leading.iter_mut().chain(&mut all.tails)) {
        counts.count(chunk, table);
    }
    // What is left in the first entry of a table is the sum of all its codes.
    counts.sizes = all.tails[1][0];
    Ok(Expected { counts, log_likelihood: all.log_likelihood })
}

/// A function of the number of patterns alone, so that sums have one order.
fn block_size(patterns: usize) -> usize {
    patterns.div_ceil(BLOCKS).max(BLOCK)
}

/// What one block adds.
struct Part<const W: usize> {
    leading: Vec<Vec<[f64; W]>>,
    tails: [Vec<[f64; W]>; 2],
    log_likelihood: f64,
}

impl<const W: usize> Part<W> {
    fn empty(patterns: &Patterns) -> Self {
        let leading = &patterns.chunks[..patterns.leading()];
        Self {
            leading: leading.iter().map(|chunk| vec![[0.0; W]; chunk.codes]).collect(),
            tails: [vec![[0.0; W]; CODES], vec![[0.0; W]; CODES]],
            log_likelihood: 0.0,
        }
    }

    fn add(&mut self, other: &Self) {
        let tables = self.leading.iter_mut().chain(&mut self.tails);
        for (table, terms) in tables.zip(other.leading.iter().chain(&other.tails)) {
            for (sum, term) in table.iter_mut().zip(terms) {
                add(sum, term);
            }
        }
        self.log_likelihood += other.log_likelihood;
    }
}

struct Pass<'a, const W: usize> {
    patterns: &'a Patterns,
    point: &'a Point<W>,
    tables: &'a Tables<W>,
    rows: std::ops::Range<usize>,
}

impl<const W: usize> WithSimd for Pass<'_, W> {
    type Output = Part<W>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Part<W> {
        let Self { patterns, point, tables, rows } = self;
        let mut part = Part::empty(patterns);
        let Part { leading, tails: [first, second], .. } = &mut part;
        let (Some(from_first), Some(from_second)) =
            (tables.tails[0].first_chunk::<CODES>(), tables.tails[1].first_chunk::<CODES>())
        else {
            return part;
        };
        let (Some(to_first), Some(to_second)) =
            (first.first_chunk_mut::<CODES>(), second.first_chunk_mut::<CODES>())
        else {
            return part;
        };

        let mut logs = [0.0; LANES];
        let mut by_hand = 0.0;
        let mut joint = [[0.0; W]; STRETCH];
        let (mut sums, mut lns) = ([1.0; STRETCH], [0.0; STRETCH]);
        let (mut factors, mut padded) = ([0.0; STRETCH], [0.0; STRETCH]);
        // Where the parts of a stretch that lie in one run end.
        let mut ends = [0usize; STRETCH];
        let mut run = patterns.run_of(rows.start);
        let mut head = head_of(patterns, tables, run);
        let mut of_run = [0.0; W];
        let mut start = rows.start;
        while start < rows.end {
            let end = (start + STRETCH).min(rows.end);
            let tails = &patterns.tails[start..end];
            let weights = &patterns.weights[start..end];
            let first_run = run;
            let mut parts = 0;
            let mut from = 0;
            while from < tails.len() {
                let to = (patterns.runs[run + 1] - start).min(tails.len());
                for (&[a, b], joint) in tails[from..to].iter().zip(&mut joint[from..to]) {
                    let (a, b) = (from_first[usize::from(a)], from_second[usize::from(b)]);
                    *joint = product(product(head, a), b);
                }
                ends[parts] = to;
                parts += 1;
                from = to;
                if start + to == patterns.runs[run + 1] && start + to < patterns.len() {
                    run += 1;
                    head = head_of(patterns, tables, run);
                }
            }

            // The last stretch of a block is filled up with what weighs nothing.
            let weights = match weights.first_chunk::<STRETCH>() {
                Some(weights) => weights,
                None => {
                    padded[..weights.len()].copy_from_slice(weights);
                    sums[weights.len()..].fill(1.0);
                    &padded
                }
            };
            for (sum, joint) in sums[..tails.len()].iter_mut().zip(&joint) {
                *sum = across(joint);
            }
            if sums.iter().any(|&sum| sum < LEAST) {
                for place in 0..tails.len() {
                    if sums[place] < LEAST {
                        by_hand += weights[place]
                            * by_logarithms(patterns, point, start + place, &mut joint[place]);
                        sums[place] = 1.0;
                    }
                }
            }
            for place in 0..STRETCH {
                lns[place] = vector::ln(sums[place]);
            }
            for place in 0..STRETCH {
                factors[place] = weights[place] / sums[place];
            }
            let lanes = lns.as_chunks::<LANES>().0.iter().zip(weights.as_chunks::<LANES>().0);
            for (lns, weights) in lanes {
                logs = sum(logs, product(*lns, *weights));
            }

            let mut from = 0;
            for (number, &to) in ends[..parts].iter().enumerate() {
                let stretch = tails[from..to].iter().zip(&joint[from..to]).zip(&factors[from..to]);
                for ((&[a, b], joint), &factor) in stretch {
                    let expected = product(*joint, [factor; W]);
                    of_run = sum(of_run, expected);
                    let (a, b) = (&mut to_first[usize::from(a)], &mut to_second[usize::from(b)]);
                    *a = sum(*a, expected);
                    *b = sum(*b, expected);
                }
                from = to;
                let current = first_run + number;
                if start + to == patterns.runs[current + 1] || start + to == rows.end {
                    for (table, &code) in leading.iter_mut().zip(patterns.head(current)) {
                        add(&mut table[usize::from(code)], &of_run);
                    }
                    of_run = [0.0; W];
                }
            }
            start = end;
        }
        part.log_likelihood = across(&logs) + by_hand;
        part
    }
}

/// Class sizes times the leading part of a run's probabilities.
#[inline(always)]
fn head_of<const W: usize>(patterns: &Patterns, tables: &Tables<W>, run: usize) -> [f64; W] {
    let mut head = tables.sizes;
    for (table, &code) in tables.leading.iter().zip(patterns.head(run)) {
        let factor = &table[usize::from(code)];
        for lane in 0..W {
            head[lane] *= factor[lane];
        }
    }
    head
}

// Lanes by value: whatever is loaded is loaded before anything is stored, so that the compiler need
// not fear that one table lies on another.

#[inline(always)]
fn product<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    let mut product = a;
    for lane in 0..N {
        product[lane] *= b[lane];
    }
    product
}

#[inline(always)]
fn sum<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    let mut sum = a;
    for lane in 0..N {
        sum[lane] += b[lane];
    }
    sum
}

/// The sum of the lanes, by halves.
#[inline(always)]
fn across<const W: usize>(lanes: &[f64; W]) -> f64 {
    let mut lanes = *lanes;
    let mut width = W;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

/// The posterior and the log-probability of a pattern whose probability is too small for a number.
#[inline(never)]
fn by_logarithms<const W: usize>(
    patterns: &Patterns,
    point: &Point<W>,
    pattern: usize,
    posterior: &mut [f64; W],
) -> f64 {
    posterior_of(point, &patterns.answers(pattern), posterior)
}

/// The posterior of a row of answers, and the logarithm of their probability.
pub(super) fn posterior_of<const W: usize>(
    point: &Point<W>,
    answers: &[usize],
    posterior: &mut [f64; W],
) -> f64 {
    let mut logs: [f64; W] = std::array::from_fn(|lane| real::ln(point.sizes[lane]));
    for (levels, &answer) in point.items.iter().zip(answers) {
        if let Some(level) = levels.get(answer) {
            for (log, &probability) in logs.iter_mut().zip(level) {
                *log += real::ln(probability);
            }
        }
    }
    let most = logs.iter().fold(f64::NEG_INFINITY, |most, &log| most.max(log));
    *posterior = std::array::from_fn(|lane| real::exp(logs[lane] - most));
    let total = across(posterior);
    for share in posterior.iter_mut() {
        *share /= total;
    }
    most + real::ln(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::latent_class::tests::{patterns, random_point, survey};

    #[test]
    fn every_level_of_instructions_gives_the_same_bits() {
        let features = survey(700, 23, 2, 0.1);
        let items = Item::of(&features).unwrap();
        let patterns = patterns(&items, &features);
        let point = random_point::<8>(&items, 7, 1, 3);
        let tables = Tables::of(&patterns, &point);
        let (patterns, point, tables) = (&patterns, &point, &tables);
        let rows = 0..patterns.len();
        let levels = simd::on_every_level(|| Pass { patterns, point, tables, rows: rows.clone() });
        let bits = |part: &Part<8>| -> Vec<u64> {
            let tables = part.leading.iter().chain(&part.tails).flatten().flatten();
            tables.chain([&part.log_likelihood]).map(|value| value.to_bits()).collect()
        };
        let plain = bits(&levels[0]);
        assert!(levels.iter().all(|level| bits(level) == plain));
    }
}
