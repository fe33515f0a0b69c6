//! The likelihood of regular timing.
//!
//! With Erlang-k times between purchases a purchase is every k-th of hidden events that happen at
//! random. Up to the last purchase there were k x of them, and since then j more, with j below k,
//! of whoever is still alive. In the likelihood of BG/NBD and MBG/NBD the number of purchases
//! becomes k x, and the term of those alive gains a factor
//!
//! ```text
//! F = Σ_j<k  Γ(A+j) / (Γ(A) j!) · q^j,   A = r + k x,   q = (T - t_x) / (α + T)
//! ```
//!
//! (Reutterer, Platzer & Schröder 2021.) What depends on the times between purchases alone,
//! `(k-1) Σ ln t - x ln Γ(k)`, does not move the other parameters.

use crate::num::real::{exp, ln, ln_1p, log_add, logistic};
use crate::num::special::{digamma_rise, ln_rising, trigamma_fall};
use crate::value::PurchaseRecord;
use crate::value::beta_geometric::fit::Derivatives;
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::{A, ALPHA, B, R};

/// `k x`, the hidden events up to the last purchase.
pub(super) fn events(k: u32, x: u32) -> u32 {
    k.saturating_mul(x)
}

/// The hidden events since the last purchase of a customer who is alive.
pub(super) struct Phases {
    /// `ln F`
    pub(super) log_sum: f64,
    /// The probability of each number of them.
    pub(super) chances: Vec<f64>,
}

impl Phases {
    pub(super) fn of(k: u32, record: &PurchaseRecord, r: f64, alpha: f64) -> Self {
        let shape = r + f64::from(events(k, record.repeat_purchases()));
        let share = record.silent_weeks() / (alpha + record.weeks().1);
        let mut terms = vec![1.0];
        let (mut term, mut sum) = (1.0, 1.0);
        for j in 1..k {
            term *= (shape + f64::from(j - 1)) / f64::from(j) * share;
            sum += term;
            terms.push(term);
        }
        for term in &mut terms {
            *term /= sum;
        }
        Self { log_sum: ln(sum), chances: terms }
    }
}

/// The likelihood of a record without the part that depends on the times between purchases.
pub(super) fn log_likelihood(
    variant: Variant,
    k: u32,
    record: &PurchaseRecord,
    p: [f64; 4],
) -> f64 {
    let x = record.repeat_purchases();
    terms_of_x(variant, k, x, p).value + two_fates(variant, k, record, p).value
}

/// The odds that a customer with the record has dropped out.
pub(super) fn odds_gone(
    variant: Variant,
    k: u32,
    record: &PurchaseRecord,
    [r, alpha, a, b]: [f64; 4],
) -> f64 {
    let n = variant.chances(record.repeat_purchases());
    if n == 0.0 {
        return 0.0;
    }
    let shape = r + f64::from(events(k, record.repeat_purchases()));
    let silence = shape * ln_1p(record.silent_weeks() / (alpha + record.weeks().0));
    a / (b + (n - 1.0)) * exp(silence - Phases::of(k, record, r, alpha).log_sum)
}

/// What depends on x alone.
pub(in crate::value::beta_geometric) fn terms_of_x(
    variant: Variant,
    k: u32,
    x: u32,
    [r, _, a, b]: [f64; 4],
) -> Derivatives {
    let (n, hidden) = (variant.whole_chances(x), events(k, x));
    let mut d = Derivatives { value: ln_rising(r, hidden), ..Derivatives::default() };
    d.gradient[R] = digamma_rise(r, hidden);
    d.hessian[R][R] = -trigamma_fall(r, hidden);
    if n > 0 {
        d.value += ln_rising(b, n - 1) - ln_rising(a + b, n);
        let both = digamma_rise(a + b, n);
        d.gradient[A] = -both;
        d.gradient[B] = digamma_rise(b, n - 1) - both;
        let both = trigamma_fall(a + b, n);
        d.hessian[A][A] = both;
        d.hessian[A][B] = both;
        d.hessian[B][B] = both - trigamma_fall(b, n - 1);
    }
    d
}

/// A term of the likelihood of one fate, with its derivatives by r and α.
#[derive(Debug, Clone, Copy)]
struct Fate {
    value: f64,
    by_r: f64,
    by_alpha: f64,
    by_r_r: f64,
    by_r_alpha: f64,
    by_alpha_alpha: f64,
}

impl Fate {
    /// `r ln α - (r + hidden) ln(α + t)`, without what cancels in it.
    fn silent_until(t: f64, r: f64, alpha: f64, hidden: f64) -> Self {
        let sum = alpha + t;
        let log_ratio = ln_1p(t / alpha);
        let share = t / (alpha * sum);
        Self {
            value: -r * log_ratio - hidden * ln(sum),
            by_r: -log_ratio,
            by_alpha: r * share - hidden / sum,
            by_r_r: 0.0,
            by_r_alpha: share,
            by_alpha_alpha: hidden / (sum * sum) - r * share * (alpha + sum) / (alpha * sum),
        }
    }

    /// With the factor F of those who are alive.
    fn with_phases(mut self, k: u32, record: &PurchaseRecord, r: f64, alpha: f64) -> Self {
        if k == 1 {
            return self;
        }
        let shape = r + f64::from(events(k, record.repeat_purchases()));
        let scale = alpha + record.weeks().1;
        let phases = Phases::of(k, record, r, alpha);
        // Means over j of the slopes of the terms' logarithms: the rise of digamma by r, and
        // -j / (α + T) by α.
        let (mut rise, mut fall) = (0.0, 0.0);
        let (mut by_r, mut by_alpha) = (0.0, 0.0);
        let (mut by_r_r, mut by_r_alpha, mut by_alpha_alpha) = (0.0, 0.0, 0.0);
        for (j, &chance) in phases.chances.iter().enumerate() {
            let j = j as f64;
            let slope = -j / scale;
            by_r += chance * rise;
            by_alpha += chance * slope;
            by_r_r += chance * (rise * rise - fall);
            by_r_alpha += chance * rise * slope;
            by_alpha_alpha += chance * j * (j + 1.0) / (scale * scale);
            let next = 1.0 / (shape + j);
            rise += next;
            fall += next * next;
        }
        self.value += phases.log_sum;
        self.by_r += by_r;
        self.by_alpha += by_alpha;
        self.by_r_r += by_r_r - by_r * by_r;
        self.by_r_alpha += by_r_alpha - by_r * by_alpha;
        self.by_alpha_alpha += by_alpha_alpha - by_alpha * by_alpha;
        self
    }
}

/// What depends on the times: alive, or dropped out at the last purchase.
pub(in crate::value::beta_geometric) fn two_fates(
    variant: Variant,
    k: u32,
    record: &PurchaseRecord,
    [r, alpha, a, b]: [f64; 4],
) -> Derivatives {
    let (t_x, age) = record.weeks();
    let x = record.repeat_purchases();
    let hidden = f64::from(events(k, x));
    let n = variant.chances(x);
    let alive = Fate::silent_until(age, r, alpha, hidden).with_phases(k, record, r, alpha);
    let mut d = Derivatives::default();
    if n == 0.0 {
        d.value = alive.value;
        d.gradient[R] = alive.by_r;
        d.gradient[ALPHA] = alive.by_alpha;
        d.hessian[R][R] = alive.by_r_r;
        d.hessian[R][ALPHA] = alive.by_r_alpha;
        d.hessian[ALPHA][ALPHA] = alive.by_alpha_alpha;
        return d;
    }
    let gone = Fate::silent_until(t_x, r, alpha, hidden);
    let kept = b + (n - 1.0);
    let (first, second) = (ln(kept) + alive.value, ln(a) + gone.value);
    let weights = [logistic(first - second), logistic(second - first)];
    let slopes =
        [[alive.by_r, alive.by_alpha, 0.0, 1.0 / kept], [gone.by_r, gone.by_alpha, 1.0 / a, 0.0]];
    d.value = log_add(first, second);
    for (weight, slope) in weights.iter().zip(&slopes) {
        for (total, part) in d.gradient.iter_mut().zip(slope) {
            *total += weight * part;
        }
    }
    // Second derivatives of a log-sum: the weighted ones of the terms, and the spread of the slopes
    // between them.
    for i in 0..4 {
        for j in i..4 {
            let apart = |i: usize| slopes[0][i] - slopes[1][i];
            d.hessian[i][j] = weights[0] * weights[1] * apart(i) * apart(j);
        }
    }
    for (weight, fate) in weights.iter().zip([alive, gone]) {
        d.hessian[R][R] += weight * fate.by_r_r;
        d.hessian[R][ALPHA] += weight * fate.by_r_alpha;
        d.hessian[ALPHA][ALPHA] += weight * fate.by_alpha_alpha;
    }
    d.hessian[A][A] -= weights[1] / (a * a);
    d.hessian[B][B] -= weights[0] / (kept * kept);
    d
}
