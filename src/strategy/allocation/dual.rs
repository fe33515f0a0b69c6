//! Prices of all limits and quotas at which the customers' own choices gain least above them.
//!
//! The dual function is convex and made of planes, so cutting planes find its lowest point exactly
//! (Kelley 1960). Alone they jump about; each step is therefore taken between the lowest point of
//! the model and the best prices known (Ben-Ameur & Neto 2007). Where there are many customers the
//! prices of a sample say where to look among all.

use crate::strategy::allocation::choice;
use crate::strategy::allocation::master::Master;
use crate::strategy::allocation::problem::{Problem, Totals};
use crate::work::{Cancelled, Work};

/// What prices say.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    pub(super) prices: Vec<f64>,
    /// No choice within limits and quotas gains more, but for the sample looked at.
    pub(super) dual: f64,
    pub(super) totals: Totals,
}

/// What the search for prices came to.
#[derive(Debug, Clone)]
pub(super) struct Minimum {
    pub(super) best: Prices,
    /// Prices whose choices, mixed by these weights, keep all limits on average and gain the most.
    pub(super) mixture: Vec<(Vec<f64>, f64)>,
    /// Passes over all customers.
    pub(super) passes: usize,
    /// Whether the model proves that no prices are better, to the tolerance.
    pub(super) converged: bool,
    /// The prices grew without end: no choice keeps limits and quotas.
    pub(super) impossible: bool,
}

/// How fine, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) tolerance: f64,
    pub(super) passes: usize,
}

/// Customers in the smallest sample.
const SAMPLE: usize = 8_192;
/// Samples grow by this.
const GROWTH: usize = 8;
/// Share of the way that a step keeps to the best prices known.
const KEPT: f64 = 0.6;
/// How far a sample's prices may be off, in the size of their expected error.
const ROOM: f64 = 8.0;

pub(super) struct Dual<'a> {
    pub(super) problem: &'a Problem<'a>,
    /// Size of a price, and of the value.
    units: Vec<f64>,
    unit: f64,
    /// Below this no choice can gain.
    floor: f64,
}

impl<'a> Dual<'a> {
    /// Takes sizes from what happens at prices of zero.
    pub(super) fn new(problem: &'a Problem<'a>, free: &Totals, worst: f64) -> Self {
        let unit = free.value.max(-worst);
        let unit = if unit > 0.0 { unit } else { 1.0 };
        let units = problem
            .rows
            .iter()
            .zip(&free.used)
            .map(|(row, &used)| {
                let limit = row.at_most.abs();
                let size = if limit > 0.0 { (limit * used.abs().max(limit)).sqrt() } else { 1.0 };
                unit / size
            })
            .collect();
        Self { problem, units, unit, floor: worst }
    }

    fn at(&self, prices: &[f64], stride: usize, work: &Work) -> Result<Prices, Cancelled> {
        let totals = choice::totals(self.problem, prices, stride, work)?;
        let share = self.share(stride);
        let mut dual = totals.value;
        for ((price, row), used) in prices.iter().zip(&self.problem.rows).zip(&totals.used) {
            dual += price * (row.at_most * share - used);
        }
        Ok(Prices { prices: prices.to_vec(), dual, totals })
    }

    /// Share of the customers in a sample.
    fn share(&self, stride: usize) -> f64 {
        let tiles = self.problem.tiles().max(1);
        tiles.div_ceil(stride) as f64 / tiles as f64
    }

    /// The prices at which the dual is lowest, from coarse samples to everybody.
    pub(super) fn minimise(
        &self,
        start: Option<&[f64]>,
        effort: Effort,
        work: &Work,
    ) -> Result<Minimum, Cancelled> {
        let mut stride = 1;
        while self.problem.n() / (stride * GROWTH) >= SAMPLE {
            stride *= GROWTH;
        }
        let mut start = start.map(<[f64]>::to_vec);
        let mut width = 0.25;
        loop {
            let level = if stride == 1 {
                effort
            } else {
                // A sample is off by about one over the root of its customers: finer is noise.
                Effort { tolerance: 1e-6, passes: 300 }
            };
            let around = start.as_deref().map(|prices| (prices, width));
            let found = self.descend(around, stride, level, work)?;
            if stride == 1 {
                return Ok(found);
            }
            if !found.impossible {
                let customers = self.problem.n() / stride;
                width = ROOM / (customers as f64).sqrt();
                start = Some(found.best.prices);
            }
            stride /= GROWTH;
        }
    }

    /// Cutting planes on one sample, at first around known prices.
    fn descend(
        &self,
        around: Option<(&[f64], f64)>,
        stride: usize,
        effort: Effort,
        work: &Work,
    ) -> Result<Minimum, Cancelled> {
        let rows = self.problem.rows.len();
        let share = self.share(stride);
        let unit = self.unit * share;
        let start = around.map_or_else(|| vec![0.0; rows], |(prices, _)| prices.to_vec());
        // A limit of nothing is kept by leaving out what uses it, at no price.
        let closed = |k: usize| self.problem.rows[k].at_most == 0.0;
        let (low, high): (Vec<f64>, Vec<f64>) = (0..rows)
            .map(|k| {
                let price = start[k] / self.units[k];
                match around {
                    _ if closed(k) => (0.0, 0.0),
                    // The typical size of a price, should this one have been zero.
                    Some((_, width)) => {
                        ((price - width * price.max(0.01)).max(0.0), price + width * price.max(0.1))
                    }
                    None => (0.0, 1.0),
                }
            })
            .unzip();
        let cut = |point: &Prices| {
            let mut value = point.dual / unit;
            let excess: Vec<f64> = (0..rows)
                .map(|k| {
                    let limit = self.problem.rows[k].at_most * share;
                    (point.totals.used[k] - limit) * self.units[k] / unit
                })
                .collect();
            for k in 0..rows {
                value += excess[k] * point.prices[k] / self.units[k];
            }
            (value, excess)
        };
        let mut best = self.at(&start, stride, work)?;
        let (value, excess) = cut(&best);
        let mut master = Master::new(low, high, value, &excess);
        let (mut passes, mut kept) = (1, KEPT);
        let mut seen = vec![start.clone()];
        let mut mixture = Vec::new();
        let mut widened = 0;
        let done = |best, mixture, passes, converged, impossible| {
            Ok(Minimum { best, mixture, passes, converged, impossible })
        };
        loop {
            if best.dual < self.floor * share - 1e-9 * unit && stride == 1 {
                return done(best, mixture, passes, true, true);
            }
            let Some(lowest) = master.lowest() else {
                return done(best, mixture, passes, false, false);
            };
            mixture = lowest.mixture.iter().map(|&(cut, by)| (seen[cut].clone(), by)).collect();
            let size = (best.dual / unit).abs().max(1e-9);
            if best.dual / unit - lowest.value <= effort.tolerance * size {
                if !self.widen(&mut master, &lowest.prices) {
                    return done(best, mixture, passes, true, false);
                }
                widened += 1;
                if widened > 400 {
                    return done(best, mixture, passes, false, true);
                }
                continue;
            }
            if passes >= effort.passes {
                return done(best, mixture, passes, false, false);
            }
            let prices: Vec<f64> = (0..rows)
                .map(|k| {
                    let model = lowest.prices[k] * self.units[k];
                    // Exactly the model's prices where nothing is kept.
                    if kept == 0.0 { model } else { model + kept * (best.prices[k] - model) }
                })
                .collect();
            let point = self.at(&prices, stride, work)?;
            passes += 1;
            let (value, excess) = cut(&point);
            let mut there = value;
            for k in 0..rows {
                there -= excess[k] * lowest.prices[k];
            }
            // A cut that says nothing new about the model's lowest point: look right there.
            kept = if there <= lowest.value + 1e-13 * size && kept > 0.0 { 0.0 } else { KEPT };
            master.add(value, &excess);
            seen.push(prices);
            if point.dual < best.dual {
                best = point;
            }
        }
    }

    /// Lets prices leave a range at whose end they lie; false where none does.
    fn widen(&self, master: &mut Master, prices: &[f64]) -> bool {
        let mut widened = false;
        for (k, &price) in prices.iter().enumerate() {
            let (low, high) = master.range(k);
            let closed = self.problem.rows[k].at_most == 0.0;
            if closed || high > 1e30 {
                continue;
            }
            if price >= high {
                master.widen(k, low, (high * 4.0).max(1e-6));
                widened = true;
            } else if price <= low && low > 0.0 {
                let lower = low - (high - low) * 2.0;
                master.widen(k, if lower > 1e-3 * high { lower } else { 0.0 }, high);
                widened = true;
            }
        }
        widened
    }
}
