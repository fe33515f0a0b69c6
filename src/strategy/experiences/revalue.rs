//! What the chosen experiences are worth on numbers that did not choose them.

use std::ops::Range;

use crate::num::blocks;
use crate::strategy::experiences::curve::Revalued;
use crate::strategy::experiences::greedy::{Pick, Table};
use crate::units::{Money, SegmentId};
use crate::work::{Cancelled, Work};

/// By what it is decided which of the experiences a customer gets.
pub(super) enum Choice<'a> {
    /// By their own row.
    Own,
    /// By their segment: whether each pick is the best so far for each group, pick by pick.
    Segments { segments: &'a [SegmentId], groups: usize, better: Vec<bool> },
}

/// The customers who judge.
pub(super) struct Judges<'a> {
    /// Their rows of the numbers that decide.
    pub(super) table: Table<'a>,
    /// The numbers that say what it was worth, of all rows.
    pub(super) says: &'a [f64],
    pub(super) picks: &'a [Pick],
    pub(super) choice: Choice<'a>,
    /// What takes a sum over these customers to everybody.
    pub(super) scale: f64,
}

/// Of a pick and a customer: what it added, and what the customer then is worth.
#[derive(Clone, Copy, Default)]
struct Both {
    adds: f64,
    value: f64,
}

impl Judges<'_> {
    /// The curve by these customers.
    ///
    /// The standard error is that of a total estimated from a random sample of weighted customers:
    /// with deviations `rᵢ = wᵢ (dᵢ − mean)` it is `scale √(n / (n − 1) Σ rᵢ²)`. The deviations
    /// are taken in a second pass, because squares less their mean lose their digits.
    pub(super) fn curve(&self, work: &Work) -> Result<Vec<Revalued>, Cancelled> {
        let n = self.table.len();
        let weight = blocks::sum(n, |place| self.table.weight(self.table.row(place)));
        let sums =
            self.totals(work, |_, w, both| Both { adds: w * both.adds, value: w * both.value })?;
        let away = |w: f64, x: f64, sum: f64| {
            let deviation = w * (x - sum / weight);
            deviation * deviation
        };
        let squares = self.totals(work, |step, w, both| Both {
            adds: away(w, both.adds, sums[step].adds),
            value: away(w, both.value, sums[step].value),
        })?;
        let spread = n as f64 / (n as f64 - 1.0);
        let error = |squares: f64| Money::finite(self.scale * (spread * squares).sqrt());
        let step = |(sum, squares): (&Both, &Both)| Revalued {
            value: Money::finite(self.scale * sum.value),
            value_error: error(squares.value),
            adds: Money::finite(self.scale * sum.adds),
            adds_error: error(squares.adds),
        };
        Ok(sums.iter().zip(&squares).map(step).collect())
    }

    /// A term of each customer, added up pick by pick.
    fn totals<F>(&self, work: &Work, term: F) -> Result<Vec<Both>, Cancelled>
    where
        F: Fn(usize, f64, Both) -> Both + Sync,
    {
        let add = |sum: &mut Both, term: Both| {
            sum.adds += term.adds;
            sum.value += term.value;
        };
        let parts = blocks::map_blocks(self.table.len(), work, |places: Range<usize>| {
            let mut sums = vec![Both::default(); self.picks.len()];
            for row in places.map(|place| self.table.row(place)) {
                let weight = self.table.weight(row);
                self.walk(row, |step, both| add(&mut sums[step], term(step, weight, both)));
            }
            sums
        })?;
        let mut sums = vec![Both::default(); self.picks.len()];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(sum, part)| add(sum, part));
        }
        Ok(sums)
    }

    /// Walks along the picks with one customer.
    #[inline(always)]
    fn walk(&self, row: usize, mut see: impl FnMut(usize, Both)) {
        let width = self.table.width;
        let (decides, says) = (self.table.values_of(row), &self.says[row * width..]);
        let (mut best, mut value) = (0.0, 0.0);
        for (step, pick) in self.picks.iter().enumerate() {
            let better = match &self.choice {
                Choice::Own => decides[pick.column] > best,
                Choice::Segments { segments, groups, better } => {
                    better[step * groups + segments[row].index()]
                }
            };
            let before = value;
            if better {
                best = decides[pick.column];
                value = says[pick.column];
            }
            see(step, Both { adds: value - before, value });
        }
    }
}
