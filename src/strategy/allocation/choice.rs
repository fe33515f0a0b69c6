//! What each customer would take at given prices: the pass over everybody that all else rests on.
//!
//! Sixteen customers at once, one in each lane: all pairs are compared in registers, and only the
//! winners' gains and uses are looked up.

use pulp::{Simd, WithSimd};

use crate::num::blocks;
use crate::num::simd;
use crate::strategy::allocation::problem::{NONE, Pick, Problem, RowUses, Totals};
use crate::strategy::allocation::table::LANES;
use crate::work::{Cancelled, Work};

type Lanes = [f64; LANES];

/// Tiles per task; of a sample too, so that the sums do not depend on threads.
const TILES: usize = blocks::BLOCK / LANES;

/// Beyond the largest index of a lever, so that a pair is one number.
const RADIX: f64 = 128.0;

/// Gains and uses if each customer of every `stride`-th tile takes what is best at the prices.
pub(super) fn totals(
    problem: &Problem<'_>,
    prices: &[f64],
    stride: usize,
    work: &Work,
) -> Result<Totals, Cancelled> {
    let tiles = problem.tiles().div_ceil(stride);
    let parts = blocks::map_tasks(tiles.div_ceil(TILES), work, |task| {
        let tiles = task * TILES..((task + 1) * TILES).min(tiles);
        let tiles = Tiles { first: tiles.start * stride, stride, number: tiles.len() };
        simd::run(Best { problem, prices, tiles, picks: None })
    })?;
    Ok(problem.sum(parts))
}

/// What each customer takes at the prices, and the gains and uses of it.
pub(super) fn picks(
    problem: &Problem<'_>,
    prices: &[f64],
    work: &Work,
) -> Result<(Vec<Pick>, Totals), Cancelled> {
    let mut picks = vec![[NONE, NONE]; problem.n()];
    let parts = blocks::fill(&mut picks, blocks::BLOCK, work, |first, picks| {
        let tiles = Tiles { first: first / LANES, stride: 1, number: picks.len().div_ceil(LANES) };
        simd::run(Best { problem, prices, tiles, picks: Some(picks) })
    })?;
    Ok((picks, problem.sum(parts)))
}

/// What customers take where each follows one of several prices, shared out by weights: the
/// customers of each are spread evenly over the rows (the golden ratio's multiples lie evenly).
pub(super) fn mixed(
    problem: &Problem<'_>,
    mixture: &[(Vec<f64>, f64)],
    work: &Work,
) -> Result<Vec<Pick>, Cancelled> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let mut mixed = vec![[NONE, NONE]; problem.n()];
    let mut from = 0.0;
    for (number, (prices, weight)) in mixture.iter().enumerate() {
        let to = if number + 1 == mixture.len() { 1.0 } else { from + weight };
        let (own, _) = picks(problem, prices, work)?;
        for (row, (pick, own)) in mixed.iter_mut().zip(own).enumerate() {
            let place = (row as f64 * GOLDEN).fract();
            if (from..to).contains(&place) {
                *pick = own;
            }
        }
        from = to;
    }
    Ok(mixed)
}

/// Which tiles to look at.
#[derive(Clone, Copy)]
struct Tiles {
    first: usize,
    stride: usize,
    number: usize,
}

struct Best<'a> {
    problem: &'a Problem<'a>,
    prices: &'a [f64],
    tiles: Tiles,
    picks: Option<&'a mut [Pick]>,
}

impl WithSimd for Best<'_> {
    type Output = Totals;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Totals {
        let Self { problem, prices, tiles, mut picks } = self;
        let levers = problem.levers();
        let (mut gains, mut costs) = (vec![[0.0; LANES]; levers], vec![[0.0; LANES]; levers]);
        let fixed = fixed_costs(problem, prices);
        let (mut value, mut counts) = (0.0, vec![0_u64; levers]);
        let mut used = vec![0.0; problem.rows.len()];
        for number in 0..tiles.number {
            let tile = tiles.first + number * tiles.stride;
            let start = tile * levers * LANES;
            unpack(problem, prices, start, &fixed, &mut gains, &mut costs);
            let best = best_of(problem, &gains, &costs);
            for (lane, &code) in best.iter().enumerate() {
                if code < 0.0 {
                    continue;
                }
                let code = code as usize;
                let (first, second) = (code / RADIX as usize, code % RADIX as usize);
                let place = start + first * LANES + lane;
                value += gains[first][lane];
                counts[first] += 1;
                for (used, row) in used.iter_mut().zip(&problem.rows) {
                    if let RowUses::PerOffer(uses, _) = &row.uses {
                        *used += uses[place];
                    }
                }
                let mut pick = [first as u8, NONE];
                if second > 0 {
                    let second = problem.seconds[first][second - 1];
                    pick[1] = second.lever as u8;
                    value += second.counts * gains[second.lever][lane];
                    counts[second.lever] += 1;
                    let place = start + second.lever * LANES + lane;
                    for (used, row) in used.iter_mut().zip(&problem.rows) {
                        if let RowUses::PerOffer(uses, _) = &row.uses {
                            *used += uses[place];
                        }
                    }
                }
                if let Some(picks) = picks.as_deref_mut() {
                    picks[number * LANES + lane] = pick;
                }
            }
        }
        Totals { value, used, counts }
    }
}

/// What each lever's uses cost every customer alike.
fn fixed_costs(problem: &Problem<'_>, prices: &[f64]) -> Vec<f64> {
    let mut fixed = vec![0.0; problem.levers()];
    for (row, price) in problem.rows.iter().zip(prices) {
        if let RowUses::PerLever(uses) = &row.uses {
            for (fixed, used) in fixed.iter_mut().zip(uses) {
                *fixed += price * used;
            }
        }
    }
    fixed
}

/// Gains and costs of one tile; NaN gains where there is no offer.
#[inline(always)]
fn unpack(
    problem: &Problem<'_>,
    prices: &[f64],
    start: usize,
    fixed: &[f64],
    gains: &mut [Lanes],
    costs: &mut [Lanes],
) {
    let lanes = |numbers: &[f64], lever: usize| -> Lanes {
        let start = start + lever * LANES;
        let mut lanes = [0.0; LANES];
        lanes.copy_from_slice(&numbers[start..start + LANES]);
        lanes
    };
    for (lever, &fixed) in fixed.iter().enumerate() {
        let closed = problem.closed[lever];
        gains[lever] = if closed { [f64::NAN; LANES] } else { lanes(problem.table.gains(), lever) };
        costs[lever] = [fixed; LANES];
        for (row, &price) in problem.rows.iter().zip(prices) {
            if let RowUses::PerOffer(uses, breaks) = &row.uses {
                let uses = lanes(uses, lever);
                for lane in 0..LANES {
                    costs[lever][lane] += price * uses[lane];
                }
                if *breaks {
                    for lane in 0..LANES {
                        let breaks = uses[lane] > row.at_most;
                        gains[lever][lane] = if breaks { f64::NAN } else { gains[lever][lane] };
                    }
                }
            }
        }
    }
}

/// The best pair of each lane: the primary times [`RADIX`] plus one more than the place of the
/// secondary among those that may come second, or -1 where nothing is best. Of equals the first.
#[inline(always)]
fn best_of(problem: &Problem<'_>, gains: &[Lanes], costs: &[Lanes]) -> Lanes {
    let (mut best, mut code) = ([0.0; LANES], [-1.0; LANES]);
    for first in 0..gains.len() {
        let (mut more, mut which) = ([0.0; LANES], [0.0; LANES]);
        for (place, second) in problem.seconds[first].iter().enumerate() {
            let (gains, costs) = (&gains[second.lever], &costs[second.lever]);
            let place = (place + 1) as f64;
            for lane in 0..LANES {
                let net = second.counts * gains[lane] - costs[lane];
                let better = net > more[lane];
                more[lane] = if better { net } else { more[lane] };
                which[lane] = if better { place } else { which[lane] };
            }
        }
        let (gains, costs) = (&gains[first], &costs[first]);
        let base = first as f64 * RADIX;
        for lane in 0..LANES {
            let net = gains[lane] - costs[lane] + more[lane];
            let better = net > best[lane];
            best[lane] = if better { net } else { best[lane] };
            code[lane] = if better { base + which[lane] } else { code[lane] };
        }
    }
    code
}
