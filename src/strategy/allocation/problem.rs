//! The problem in one form: limits and quotas are rows of the same kind, and an offer that alone
//! breaks a limit is no offer.
//!
//! A quota is a limit on a resource of which each customer of the lever uses minus one.

use std::ops::Range;

use crate::num::blocks;
use crate::strategy::StrategyError;
use crate::strategy::allocation::table::{Kept, LANES, OfferTable};
use crate::work::{Cancelled, Work};

/// What stands for no lever.
pub(super) const NONE: u8 = u8::MAX;

/// Primary and secondary lever of a customer.
pub(super) type Pick = [u8; 2];

/// Nothing is done.
pub(super) const NOTHING: Pick = [NONE, NONE];

/// How far sums may be above a limit, relative to it: rounding of decimal inputs, no more.
const ROUNDING: f64 = 1e-12;

/// What an offer takes of a row.
pub(super) enum RowUses<'a> {
    PerLever(Vec<f64>),
    /// In tiles, and whether some offer alone breaks the limit.
    PerOffer(&'a [f64], bool),
}

/// A limit or a quota.
pub(super) struct Row<'a> {
    pub(super) at_most: f64,
    pub(super) uses: RowUses<'a>,
}

impl Row<'_> {
    /// The most that sums may show.
    pub(super) fn allowed(&self) -> f64 {
        self.at_most + ROUNDING * self.at_most.max(0.0)
    }
}

/// A lever that may come second to another, and what its gain counts then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Second {
    pub(super) lever: usize,
    pub(super) counts: f64,
}

pub(super) struct Problem<'a> {
    pub(super) table: &'a OfferTable,
    /// Limits, then quotas.
    pub(super) rows: Vec<Row<'a>>,
    /// Levers that no customer can have, because one alone breaks a limit.
    pub(super) closed: Vec<bool>,
    /// For each primary what may come second.
    pub(super) seconds: Vec<Vec<Second>>,
}

/// What all customers together gain and use.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Totals {
    pub(super) value: f64,
    /// One for each row.
    pub(super) used: Vec<f64>,
    /// Customers of each lever, as primary or secondary.
    pub(super) counts: Vec<u64>,
}

/// The offers to one customer, unpacked.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers {
    /// Gain of each lever; NaN where there is no offer.
    pub(super) gains: Vec<f64>,
    /// What the uses of each lever cost at the prices.
    pub(super) costs: Vec<f64>,
    /// By row and lever.
    uses: Vec<f64>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        table: &'a OfferTable,
        limits: &[(String, f64)],
        quotas: &[(usize, usize)],
        counts: impl Fn(usize, usize) -> f64,
    ) -> Result<Self, StrategyError> {
        let levers = table.levers();
        let mut rows = Vec::new();
        let mut closed = vec![false; levers];
        for (name, at_most) in limits {
            let kept = table.kept(name).ok_or_else(|| StrategyError::AllocationParam {
                what: "limit",
                of: format!("`{name}`"),
                value: *at_most,
                expected: "a resource of which the table says what offers use",
            })?;
            let uses = match kept {
                Kept::PerLever(uses) => {
                    for (closed, used) in closed.iter_mut().zip(uses) {
                        *closed |= used > at_most;
                    }
                    RowUses::PerLever(uses.clone())
                }
                Kept::PerOffer(uses, largest) => {
                    RowUses::PerOffer(uses, largest.iter().any(|used| used > at_most))
                }
            };
            rows.push(Row { at_most: *at_most, uses });
        }
        for &(lever, at_least) in quotas {
            let mut uses = vec![0.0; levers];
            uses[lever] = -1.0;
            rows.push(Row { at_most: -(at_least as f64), uses: RowUses::PerLever(uses) });
        }
        let second = |first: usize, lever: usize| {
            let counts = counts(first, lever);
            (lever != first && counts > 0.0 && !closed[lever]).then_some(Second { lever, counts })
        };
        let seconds = (0..levers)
            .map(|first| (0..levers).filter_map(|lever| second(first, lever)).collect())
            .collect();
        Ok(Self { table, rows, closed, seconds })
    }

    pub(super) fn levers(&self) -> usize {
        self.table.levers()
    }

    pub(super) fn n(&self) -> usize {
        self.table.len()
    }

    /// What a gain counts as the second of a pair.
    #[inline]
    pub(super) fn counts(&self, pick: Pick) -> f64 {
        let second = usize::from(pick[1]);
        let found = self.seconds[usize::from(pick[0])].iter().find(|s| s.lever == second);
        found.map_or(0.0, |second| second.counts)
    }

    /// Unpacks the offers to a customer.
    pub(super) fn offers(&self, row: usize, prices: &[f64], offers: &mut Offers) {
        let levers = self.levers();
        offers.gains.clear();
        offers.costs.clear();
        offers.costs.resize(levers, 0.0);
        offers.uses.resize(self.rows.len() * levers, 0.0);
        for lever in 0..levers {
            let gain = self.table.gains()[self.table.place(row, lever)];
            offers.gains.push(if self.closed[lever] { f64::NAN } else { gain });
        }
        for (k, (limit, price)) in self.rows.iter().zip(prices).enumerate() {
            let uses = &mut offers.uses[k * levers..(k + 1) * levers];
            match &limit.uses {
                RowUses::PerLever(kept) => uses.copy_from_slice(kept),
                RowUses::PerOffer(kept, breaks) => {
                    for (lever, used) in uses.iter_mut().enumerate() {
                        *used = kept[self.table.place(row, lever)];
                        if *breaks && *used > limit.at_most {
                            offers.gains[lever] = f64::NAN;
                        }
                    }
                }
            }
            for (cost, used) in offers.costs.iter_mut().zip(uses) {
                *cost += price * *used;
            }
        }
    }

    /// Calls `f` with each thing that can be done for a customer, nothing first, then by lever.
    #[inline]
    pub(super) fn picks(&self, offers: &Offers, mut f: impl FnMut(Pick)) {
        f(NOTHING);
        for first in 0..self.levers() {
            if offers.gains[first].is_nan() {
                continue;
            }
            f([first as u8, NONE]);
            for second in &self.seconds[first] {
                if !offers.gains[second.lever].is_nan() {
                    f([first as u8, second.lever as u8]);
                }
            }
        }
    }

    /// Gain of what is done for a customer.
    #[inline]
    pub(super) fn value(&self, offers: &Offers, pick: Pick) -> f64 {
        match pick {
            [NONE, _] => 0.0,
            [first, NONE] => offers.gains[usize::from(first)],
            [first, second] => {
                let both = self.counts(pick) * offers.gains[usize::from(second)];
                offers.gains[usize::from(first)] + both
            }
        }
    }

    /// The part of a row that is used by what is done for a customer.
    #[inline]
    pub(super) fn used(&self, offers: &Offers, k: usize, pick: Pick) -> f64 {
        let uses = &offers.uses[k * self.levers()..];
        let of = |lever: u8| if lever == NONE { 0.0 } else { uses[usize::from(lever)] };
        of(pick[0]) + of(pick[1])
    }

    /// Gain less the cost of what is used.
    #[inline]
    pub(super) fn net(&self, offers: &Offers, pick: Pick) -> f64 {
        let cost = |lever: u8| if lever == NONE { 0.0 } else { offers.costs[usize::from(lever)] };
        self.value(offers, pick) - cost(pick[0]) - cost(pick[1])
    }

    /// Gains and uses of a choice for all customers, by plain sums in the order of the rows.
    pub(super) fn totals(&self, picks: &[Pick], work: &Work) -> Result<Totals, Cancelled> {
        let levers = self.levers();
        let parts = blocks::map_blocks(picks.len(), work, |rows: Range<usize>| {
            let (mut value, mut counts) = (0.0, vec![0_u64; levers]);
            let mut used = vec![0.0; self.rows.len()];
            for row in rows {
                let pick = picks[row];
                for (role, lever) in pick.into_iter().enumerate().filter(|(_, l)| *l != NONE) {
                    let place = self.table.place(row, usize::from(lever));
                    let counted = if role == 0 { 1.0 } else { self.counts(pick) };
                    value += counted * self.table.gains()[place];
                    counts[usize::from(lever)] += 1;
                    for (used, row) in used.iter_mut().zip(&self.rows) {
                        if let RowUses::PerOffer(uses, _) = &row.uses {
                            *used += uses[place];
                        }
                    }
                }
            }
            Totals { value, used, counts }
        })?;
        Ok(self.sum(parts))
    }

    /// Totals of blocks put together: uses per lever follow from the counts, which are exact.
    pub(super) fn sum(&self, parts: impl IntoIterator<Item = Totals>) -> Totals {
        let mut total =
            Totals { value: 0.0, used: vec![0.0; self.rows.len()], counts: vec![0; self.levers()] };
        for part in parts {
            total.value += part.value;
            for (used, part) in total.used.iter_mut().zip(part.used) {
                *used += part;
            }
            for (count, part) in total.counts.iter_mut().zip(part.counts) {
                *count += part;
            }
        }
        for (used, row) in total.used.iter_mut().zip(&self.rows) {
            if let RowUses::PerLever(uses) = &row.uses {
                *used = 0.0;
                for (count, each) in total.counts.iter().zip(uses) {
                    *used += *count as f64 * each;
                }
            }
        }
        total
    }

    /// Whether sums keep every limit and quota.
    pub(super) fn keeps(&self, used: &[f64]) -> bool {
        self.rows.iter().zip(used).all(|(row, &used)| used <= row.allowed())
    }

    /// Tiles of customers.
    pub(super) fn tiles(&self) -> usize {
        self.n().div_ceil(LANES)
    }
}

impl Problem<'_> {
    /// What one unit more of a row would bring with an offer that alone breaks it: gain less the
    /// cost of its other uses, per unit; 0 where the offer uses none of it or breaks other limits.
    pub(super) fn per_unit(&self, row: usize, lever: usize, k: usize, prices: &[f64]) -> f64 {
        let place = self.table.place(row, lever);
        let mut net = self.table.gains()[place];
        let mut per = 0.0;
        for (other, (limit, price)) in self.rows.iter().zip(prices).enumerate() {
            let used = match &limit.uses {
                RowUses::PerLever(uses) => uses[lever],
                RowUses::PerOffer(uses, _) => uses[place],
            };
            if other == k {
                per = used;
            } else if used > limit.at_most.max(0.0) {
                return 0.0;
            } else {
                net -= price * used;
            }
        }
        if per > 0.0 && net > 0.0 { net / per } else { 0.0 }
    }
}
