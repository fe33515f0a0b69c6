//! What is asked of many customers at once, several at a time: each has a lane of its own, so that
//! an answer has the same bits whoever is asked about beside them.

use pulp::{Simd, WithSimd};

use super::batch::{Purchases, octave_of};
use super::likelihood::Variant;
use crate::num::simd;
use crate::num::vector::{exp, exp_m1, ln, ln_1p};
use crate::value::{FittedBetaGeometric, PurchaseRecord};

/// Customers side by side.
const LANES: usize = 8;

/// `f` of each record, in lanes; the last are filled up with the last record.
#[inline(always)]
fn each_lane(
    records: &[PurchaseRecord],
    out: &mut [f64],
    mut f: impl FnMut([&PurchaseRecord; LANES]) -> [f64; LANES],
) {
    for (records, out) in records.chunks(LANES).zip(out.chunks_mut(LANES)) {
        let of = std::array::from_fn(|lane| &records[lane.min(records.len() - 1)]);
        out.copy_from_slice(&f(of)[..out.len()]);
    }
}

impl FittedBetaGeometric {
    /// The probability of each of some customers being alive.
    pub(super) fn fill_p_alive(&self, records: &[PurchaseRecord], out: &mut [f64]) {
        simd::run(PAlive { model: self, records, out });
    }

    /// Expected purchases of customers with equal x who are alive, from the series of the octaves
    /// that they are in.
    pub(super) fn fill_if_alive(
        &self,
        records: &[PurchaseRecord],
        octaves: &[(i32, Purchases)],
        out: &mut [f64],
    ) {
        simd::run(IfAlive { alpha: self.alpha, records, octaves, out });
    }

    /// The probability that customers with equal x who are alive buy within so many weeks.
    pub(super) fn fill_buys(&self, records: &[PurchaseRecord], weeks: f64, out: &mut [f64]) {
        let Some(first) = records.first() else { return };
        let shape = self.r + f64::from(first.repeat_purchases());
        simd::run(Buys { alpha: self.alpha, shape, weeks, records, out });
    }
}

struct PAlive<'a> {
    model: &'a FittedBetaGeometric,
    records: &'a [PurchaseRecord],
    out: &'a mut [f64],
}

impl WithSimd for PAlive<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let FittedBetaGeometric { variant, r, alpha, a, b, .. } = *self.model;
        // Purchases after which a customer may have dropped out, less those that came after.
        let first = match variant {
            Variant::BgNbd => 0.0,
            Variant::MbgNbd => 1.0,
        };
        each_lane(self.records, self.out, |of| {
            let x = of.map(|record| f64::from(record.repeat_purchases()));
            let last = of.map(|record| record.age_at_last());
            let age = of.map(|record| record.age());
            let mut alive = [0.0; LANES];
            for lane in 0..LANES {
                let silent = (age[lane] - last[lane]) / 7.0;
                let silence = (r + x[lane]) * ln_1p(silent / (alpha + last[lane] / 7.0));
                let chances = x[lane] + first;
                let odds = a / (b + (chances - 1.0)) * exp(silence);
                let odds = if chances > 0.0 { odds } else { 0.0 };
                alive[lane] = 1.0 / (1.0 + odds);
            }
            alive
        });
    }
}

struct IfAlive<'a> {
    alpha: f64,
    records: &'a [PurchaseRecord],
    octaves: &'a [(i32, Purchases)],
    out: &'a mut [f64],
}

impl WithSimd for IfAlive<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        each_lane(self.records, self.out, |of| {
            let age = of.map(|record| record.age());
            let (mut scale, mut log) = ([0.0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                scale[lane] = self.alpha + age[lane] / 7.0;
                log[lane] = ln(scale[lane]);
            }
            let own = scale.map(octave_of);
            let mut purchases = [0.0; LANES];
            for (octave, of_octave) in self.octaves {
                if !own.contains(octave) {
                    continue;
                }
                let there = match of_octave {
                    Purchases::Series(series) => series.at_each(&log),
                    Purchases::Single(single) => scale.map(|scale| single.at(scale)),
                };
                for lane in 0..LANES {
                    purchases[lane] =
                        if own[lane] == *octave { there[lane] } else { purchases[lane] };
                }
            }
            purchases
        });
    }
}

struct Buys<'a> {
    alpha: f64,
    shape: f64,
    weeks: f64,
    records: &'a [PurchaseRecord],
    out: &'a mut [f64],
}

impl WithSimd for Buys<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        each_lane(self.records, self.out, |of| {
            let age = of.map(|record| record.age());
            let mut buys = [0.0; LANES];
            for lane in 0..LANES {
                let ahead = self.weeks / (self.alpha + age[lane] / 7.0);
                buys[lane] = -exp_m1(-self.shape * ln_1p(ahead));
            }
            buys
        });
    }
}
