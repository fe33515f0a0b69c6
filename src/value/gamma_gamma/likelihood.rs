//! The likelihood of Gamma-Gamma with its exact derivatives, over all customers and of one.
//!
//! With `s = px` and `X = xm` a customer contributes
//!
//! ```text
//! -ln B(s, q) - q ln(1 + X/γ) - s ln(1 + γ/X) - ln m
//! ```
//!
//! (Fader & Hardie 2013, equation 1a). The first term is the same for all customers with as many
//! purchases. The logarithms of the others add up to the logarithm of a product, which is kept less
//! one, `(1 + u)(1 + r) - 1 = u + r + ur`: positive terms that never cancel, and a logarithm for
//! sixteen customers instead of one each.

use crate::num::blocks;
use crate::num::newton::Curve;
use crate::num::real::{exp, ln, ln_1p};
use crate::num::special::{digamma_gain, ln_beta, ln_beta_rest, trigamma, trigamma_loss};
use crate::value::ValueError;
use crate::value::gamma_gamma::SpendRecord;
use crate::value::gamma_gamma::summary::{Part, Run};
use crate::work::Work;

/// Independent products side by side, so that a processor can work on several.
const LANES: usize = 4;
/// Factors of a product before its logarithm is taken.
const STEPS: usize = 16;
/// Numbers of purchases per task.
const TABLE: usize = 256;
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// The rows of a summary as the likelihood wants them: `X` in units of the mean spend.
#[derive(Debug)]
pub(super) struct Totals<'a> {
    parts: &'a [Part],
    totals: Vec<Vec<f64>>,
    /// Sum of `ln m` over customers.
    log_means: f64,
    /// The distinct numbers of purchases.
    purchases: Vec<u32>,
}

/// Sums over customers with as many purchases.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    customers: f64,
    /// `ln(1 + γ/X)`.
    below: f64,
    /// `ln(1 + X/γ)`.
    above: f64,
    /// `γ / (γ + X)`.
    prior: f64,
    /// `X / (γ + X)`.
    own: f64,
    /// The product of the two.
    both: f64,
}

impl Sums {
    fn add(&mut self, other: &Self, weight: f64) {
        self.customers += other.customers * weight;
        self.below += other.below * weight;
        self.above += other.above * weight;
        self.prior += other.prior * weight;
        self.own += other.own * weight;
        self.both += other.both * weight;
    }

    /// Sums over rows, each of one customer.
    fn of(totals: &[f64], gamma: f64) -> Self {
        let mut sums = Self { customers: totals.len() as f64, ..Self::default() };
        let per_gamma = 1.0 / gamma;
        let (mut prior, mut own, mut both) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let mut chunks = totals.chunks_exact(LANES * STEPS);
        for chunk in &mut chunks {
            let (mut below, mut above) = ([0.0; LANES], [0.0; LANES]);
            for four in chunk.chunks_exact(LANES) {
                for lane in 0..LANES {
                    let x = four[lane];
                    let spread = gamma + x;
                    // One division for 1 / X and 1 / (γ + X).
                    let inverse = 1.0 / (x * spread);
                    let (low, high) = (gamma * (inverse * spread), x * per_gamma);
                    let share = x * inverse;
                    let (of_prior, of_own) = (gamma * share, x * share);
                    below[lane] += low + below[lane] * low;
                    above[lane] += high + above[lane] * high;
                    prior[lane] += of_prior;
                    own[lane] += of_own;
                    both[lane] += of_prior * of_own;
                }
            }
            for lane in 0..LANES {
                sums.below += ln_1p(below[lane]);
                sums.above += ln_1p(above[lane]);
            }
            if !(sums.below.is_finite() && sums.above.is_finite()) {
                // A product left the range of numbers: row by row, which cannot.
                return Self::row_by_row(totals, gamma);
            }
        }
        for lane in 0..LANES {
            sums.prior += prior[lane];
            sums.own += own[lane];
            sums.both += both[lane];
        }
        let rest = Self::row_by_row(chunks.remainder(), gamma);
        sums.customers -= rest.customers;
        sums.add(&rest, 1.0);
        sums
    }

    fn row_by_row(totals: &[f64], gamma: f64) -> Self {
        let mut sums = Self { customers: totals.len() as f64, ..Self::default() };
        for &x in totals {
            let (prior, own) = (gamma / (gamma + x), x / (gamma + x));
            sums.below += ln_1p(gamma / x);
            sums.above += ln_1p(x / gamma);
            sums.prior += prior;
            sums.own += own;
            sums.both += prior * own;
        }
        sums
    }
}

impl<'a> Totals<'a> {
    pub(super) fn new(parts: &'a [Part], totals: Vec<Vec<f64>>, log_means: f64) -> Self {
        let runs = parts.iter().flat_map(|part| &part.runs);
        let mut purchases: Vec<u32> = runs.map(|run| run.purchases).collect();
        purchases.sort_unstable();
        purchases.dedup();
        Self { parts, totals, log_means, purchases }
    }

    /// The negative log-likelihood with both derivatives, in the logarithms of p, q, γ.
    pub(super) fn negative_log_likelihood(
        &self,
        logs: &[f64; 3],
        work: &Work,
    ) -> Result<Curve<3>, ValueError> {
        let [p, q, gamma] = logs.map(exp);
        let of_runs = blocks::map_tasks(self.parts.len(), work, |part| {
            let sums = |run: &Run| Sums::of(&self.totals[part][run.start..run.end], gamma);
            self.parts[part].runs.iter().map(sums).collect::<Vec<_>>()
        })?;
        let mut table = vec![Sums::default(); self.purchases.len()];
        for (part, sums) in self.parts.iter().zip(&of_runs) {
            let mut place = 0;
            for (run, sums) in part.runs.iter().zip(sums) {
                while self.purchases[place] < run.purchases {
                    place += 1;
                }
                table[place].add(sums, run.customers as f64);
            }
        }
        let pieces = blocks::map_tasks(table.len().div_ceil(TABLE), work, |task| {
            let range = task * TABLE..table.len().min((task + 1) * TABLE);
            let mut piece = Piece::default();
            for place in range {
                piece.add(&table[place], p * f64::from(self.purchases[place]), q);
            }
            piece
        })?;
        let mut whole = Piece::default();
        for piece in &pieces {
            whole.merge(piece);
        }
        let Piece { value, gradient, hessian } = whole;
        let curvature = |i: usize, j: usize| -hessian[i.min(j)][i.max(j)];
        Ok(Curve {
            value: self.log_means - value,
            gradient: gradient.map(|g| -g),
            hessian: std::array::from_fn(|i| std::array::from_fn(|j| curvature(i, j))),
        })
    }
}

/// Value, gradient and the upper half of the matrix of second derivatives, in the logarithms of
/// p, q, γ.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    value: f64,
    gradient: [f64; 3],
    hessian: [[f64; 3]; 3],
}

impl Piece {
    fn add(&mut self, sums: &Sums, s: f64, q: f64) {
        let n = sums.customers;
        self.value -= n * ln_beta(s, q) + q * sums.above + s * sums.below;
        let along_p = s * (n * digamma_gain(s, q) - sums.below);
        let along_q = q * (n * digamma_gain(q, s) - sums.above);
        let (loss_p, loss_q) = (trigamma_loss(s, q), trigamma_loss(q, s));
        self.gradient[0] += along_p;
        self.gradient[1] += along_q;
        self.gradient[2] += q * sums.own - s * sums.prior;
        self.hessian[0][0] += along_p - n * s * s * loss_p;
        self.hessian[0][1] += n * s * q * trigamma(s + q);
        self.hessian[0][2] -= s * sums.prior;
        self.hessian[1][1] += along_q - n * q * q * loss_q;
        self.hessian[1][2] += q * sums.own;
        self.hessian[2][2] -= (s + q) * sums.both;
    }

    fn merge(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..3 {
            self.gradient[i] += other.gradient[i];
            for j in i..3 {
                self.hessian[i][j] += other.hessian[i][j];
            }
        }
    }
}

/// `ln(1 + ratio)`; of a ratio beyond the range of numbers, its logarithm.
fn ln_1p_ratio(ratio: f64, log: f64) -> f64 {
    if ratio.is_finite() { ln_1p(ratio) } else { log }
}

/// The log-likelihood of one customer.
pub(super) fn of_one(p: f64, q: f64, gamma: f64, seen: &SpendRecord) -> f64 {
    let x = f64::from(seen.purchases);
    let s = p * x;
    let (high, low) = ((seen.mean / gamma) * x, (gamma / seen.mean) / x);
    let (own, prior) = (1.0 / (1.0 + low), 1.0 / (1.0 + high));
    // How far the own share of spend is from where the two shapes want it.
    let away = q * own - s * prior;
    let (of_s, of_q) = (away / s, -away / q);
    const LOADER: f64 = 10.0;
    if s >= LOADER && q >= LOADER && of_s.abs() < 0.5 && of_q.abs() < 0.5 {
        let n = s + q;
        let deviance = -s * (ln_1p(of_s) - of_s) - q * (ln_1p(of_q) - of_q);
        return 0.5 * ln((s / n) * q)
            - HALF_LN_TWO_PI
            - ln_beta_rest(s, q)
            - deviance
            - ln(seen.mean);
    }
    let log = ln(seen.mean) + ln(x) - ln(gamma);
    let (above, below) = (ln_1p_ratio(high, log), ln_1p_ratio(low, -log));
    -ln_beta(s, q) - q * above - s * below - ln(seen.mean)
}
