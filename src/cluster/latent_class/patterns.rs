//! Customers with the same answers as one: patterns with the sum of their weights.
//!
//! Patterns stand sorted, so that those with the same codes in all but the last two chunks are
//! neighbours. Such a run shares the work on the leading chunks.

use super::items::{Chunk, Item, Packed};

/// Different patterns of answers.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    pub(super) chunks: Vec<Chunk>,
    /// How often each occurs.
    pub(super) weights: Vec<f64>,
    /// The first row of each.
    pub(super) rows: Vec<u32>,
    /// The codes of the last two chunks.
    pub(super) tails: Vec<[u8; 2]>,
    /// Where each run begins, and the number of patterns at the end.
    pub(super) runs: Vec<usize>,
    /// The codes of the leading chunks, run by run.
    pub(super) heads: Vec<u8>,
    /// The sum of all weights.
    pub(super) total: f64,
    /// Customers who answered nothing; they are in no pattern.
    pub(super) silent: usize,
}

impl Patterns {
    /// The patterns of packed answers.
    pub(super) fn of(items: &[Item], packed: &Packed, weights: Option<&[f64]>) -> Self {
        let rows = packed.codes.first().map_or(0, Vec::len);
        let order = sorted(&packed.codes, rows);
        let chunks = &packed.chunks;
        let leading = chunks.len() - 2;
        let (heads_of, tails_of) = packed.codes.split_at(leading);
        let mut patterns = Self {
            chunks: chunks.clone(),
            weights: Vec::new(),
            rows: Vec::new(),
            tails: Vec::new(),
            runs: Vec::new(),
            heads: Vec::new(),
            total: 0.0,
            silent: 0,
        };
        let mut last: Option<usize> = None;
        let mut last_is_silent = false;
        for &row in &order {
            let row = row as usize;
            let tail = [tails_of[0][row], tails_of[1][row]];
            let same_head =
                last.is_some_and(|last| heads_of.iter().all(|codes| codes[last] == codes[row]));
            let same = same_head
                && last.is_some_and(|last| tails_of.iter().all(|codes| codes[last] == codes[row]));
            if !same {
                last_is_silent = packed.silent(items, row);
            }
            if last_is_silent {
                patterns.silent += 1;
                // Whoever comes next begins a run of their own.
                last = None;
                continue;
            }
            let weight = weights.map_or(1.0, |weights| weights[row]);
            match patterns.weights.last_mut() {
                Some(sum) if same => *sum += weight,
                _ => {
                    if !same_head {
                        patterns.runs.push(patterns.weights.len());
                        patterns.heads.extend(heads_of.iter().map(|codes| codes[row]));
                    }
                    patterns.weights.push(weight);
                    patterns.rows.push(row as u32);
                    patterns.tails.push(tail);
                }
            }
            last = Some(row);
        }
        patterns.runs.push(patterns.weights.len());
        let total = patterns.weights.iter().fold(0.0, |sum, weight| sum + weight);
        Self { total, ..patterns }
    }

    /// How many patterns.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// How many chunks lead.
    pub(super) fn leading(&self) -> usize {
        self.chunks.len() - 2
    }

    /// The codes of a run's leading chunks.
    pub(super) fn head(&self, run: usize) -> &[u8] {
        let leading = self.leading();
        &self.heads[run * leading..(run + 1) * leading]
    }

    /// The run that a pattern is in.
    pub(super) fn run_of(&self, pattern: usize) -> usize {
        self.runs.partition_point(|&start| start <= pattern).saturating_sub(1)
    }

    /// The answers of a pattern: each item's digit.
    pub(super) fn answers(&self, pattern: usize) -> Vec<usize> {
        let head = self.head(self.run_of(pattern)).iter();
        let codes = head.chain(&self.tails[pattern]);
        self.chunks.iter().zip(codes).flat_map(|(chunk, &code)| chunk.digits(code)).collect()
    }
}

/// The rows in the order of their codes, chunk by chunk; equal ones in the order they came.
fn sorted(codes: &[Vec<u8>], rows: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    let mut next = vec![0u32; rows];
    for codes in codes.iter().rev() {
        let mut starts = [0usize; 257];
        for &code in codes {
            starts[usize::from(code) + 1] += 1;
        }
        if starts.contains(&rows) {
            continue; // All have the same code.
        }
        for code in 0..256 {
            starts[code + 1] += starts[code];
        }
        for &row in &order {
            let place = &mut starts[usize::from(codes[row as usize])];
            next[*place] = row;
            *place += 1;
        }
        std::mem::swap(&mut order, &mut next);
    }
    order
}
