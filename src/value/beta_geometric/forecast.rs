//! What a customer who is alive will do: expectations over the dropout probability that have only
//! positive terms.
//!
//! Given that the customer is alive, the purchase rate is gamma with shape r + x and scale α + T,
//! and the dropout probability beta with a and b + n. With y the time ahead over α + T,
//!
//! ```text
//! survival(y)  = E[ (1 + p y)^-(r+x) ]                   no dropout yet
//! rate(y)      = E[ (r+x) (1 + p y)^-(r+x+1) ]           purchases in a unit of y
//! purchases(y) = E[ (1 - (1 + p y)^-(r+x)) / p ]         their integral
//! ```
//!
//! The last equals the closed form of Fader, Hardie & Lee (2005), equation 10, with a
//! hypergeometric function, and has neither its pole at a = 1 nor its cancellation.

use crate::num::chebyshev::Chebyshev;
use crate::num::quadrature::{BetaRule, gauss_legendre};
use crate::num::real::{exp, exp_m1, ln, ln_1p};
use crate::num::special::ln_rising;

/// Nodes in each panel of an integral over time.
const TIME_NODES: usize = 16;
/// Purchases further ahead than this many times the mean life of money are worth nothing.
const DISCOUNTED_AWAY: f64 = 50.0;

/// The customers who share a number of repeat purchases, while they are alive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alive {
    /// r + x
    pub(super) shape: f64,
    pub(super) a: f64,
    /// b + n
    pub(super) b: f64,
}

impl Alive {
    /// The dropout probability, for functions of times up to `y` ahead.
    pub(super) fn dropout(&self, y: f64) -> BetaRule {
        BetaRule::new(self.a, self.b, self.reach(y))
    }

    /// Dropout probabilities far below `e^-reach` make no difference by `y`.
    fn reach(&self, y: f64) -> f64 {
        ln((self.shape * y).clamp(1.0, f64::MAX))
    }

    /// The probability that the customer has not dropped out by `y`.
    pub(super) fn survival(&self, y: f64) -> f64 {
        let rule = BetaRule::of_tail(self.a, self.b, self.reach(y));
        rule.expect(|p| exp(-self.shape * ln_1p(p * y)))
    }

    /// Expected purchases by `y`.
    pub(super) fn purchases(&self, y: f64) -> f64 {
        self.purchases_given(&self.dropout(y), y)
    }

    /// The same, given the rule for the dropout probability.
    pub(super) fn purchases_given(&self, dropout: &BetaRule, y: f64) -> f64 {
        dropout.expect(|p| {
            // Where p y is no normal number the quotient is its limit.
            if p * y < f64::MIN_POSITIVE {
                self.shape * y
            } else {
                -exp_m1(-self.shape * ln_1p(p * y)) / p
            }
        })
    }

    /// Expected purchases ever; infinite unless a > 1.
    pub(super) fn purchases_for_ever(&self) -> f64 {
        if self.a > 1.0 { (self.a + self.b - 1.0) / (self.a - 1.0) } else { f64::INFINITY }
    }

    /// Expected purchases by `y`, each worth `e^-decay` of one a unit of time earlier.
    pub(super) fn discounted(&self, y: f64, decay: f64) -> f64 {
        if decay == 0.0 {
            return self.purchases(y);
        }
        let y = last_of_worth(y, decay);
        Rate::of(*self, y).discounted(y, decay)
    }
}

/// The rate of purchases of customers who are alive and share x, up to some time ahead.
pub(super) struct Rate {
    alive: Alive,
    dropout: BetaRule,
    /// The rate times 1 + u by `ln(1 + u)`, where a series settles it.
    series: Option<Chebyshev>,
    panels: Panels,
}

impl Rate {
    pub(super) fn of(alive: Alive, furthest: f64) -> Self {
        let mut rate =
            Self { alive, dropout: alive.dropout(furthest), series: None, panels: Panels::new() };
        rate.series = Chebyshev::fit(0.0, ln_1p(furthest), |log| rate.at(log, exp_m1(log)));
        rate
    }

    fn at(&self, log: f64, ahead: f64) -> f64 {
        if let Some(series) = &self.series {
            return series.at(log);
        }
        let power = -(self.alive.shape + 1.0);
        (1.0 + ahead) * self.alive.shape * self.dropout.expect(|p| exp(power * ln_1p(p * ahead)))
    }

    /// `∫ e^(-decay u) rate(u) du` from 0 to `y`.
    pub(super) fn discounted(&self, y: f64, decay: f64) -> f64 {
        let rate = |log, ahead| self.at(log, ahead);
        self.panels.integral(self.alive.shape, y, decay, rate)
    }
}

/// `y`, or the time after which nothing is worth anything.
pub(super) fn last_of_worth(y: f64, decay: f64) -> f64 {
    y.min(DISCOUNTED_AWAY / decay).min(f64::MAX)
}

/// A rule for integrals over the time ahead.
pub(super) struct Panels(Vec<(f64, f64)>);

impl Panels {
    pub(super) fn new() -> Self {
        Self(gauss_legendre(TIME_NODES))
    }

    /// `∫ e^(-decay u) rate(u) du` from 0 to `y`, taken over `ln(1 + u)`, in which the rate is
    /// smooth however long the horizon. `rate_by_log` is given `ln(1 + u)` and u, and is the rate
    /// times `1 + u`.
    ///
    /// The rate may fall as fast as `(1 + u)^-(shape + 1)` at first; panels start narrow enough
    /// for that and double up to one unit.
    pub(super) fn integral(
        &self,
        shape: f64,
        y: f64,
        decay: f64,
        rate_by_log: impl Fn(f64, f64) -> f64,
    ) -> f64 {
        let span = ln_1p(y);
        let (mut from, mut width) = (0.0, (0.7 / (1.0 + shape + decay)).min(1.0));
        let mut total = 0.0;
        while from < span {
            // A sliver at the end joins the last panel.
            let panel = if from + 1.25 * width >= span { span - from } else { width };
            let mut part = 0.0;
            for &(node, weight) in &self.0 {
                let log = from + node * panel;
                let ahead = exp_m1(log);
                part += weight * exp(-decay * ahead) * rate_by_log(log, ahead);
            }
            total += panel * part;
            from += panel;
            width = (2.0 * width).min(1.0);
        }
        total
    }
}

/// `P(N = 0), .. P(N = up_to)` and `P(N > 0), .. P(N > up_to)` of the purchases N that a customer
/// who never drops out makes by `y`: negative binomial with this shape.
///
/// No term is a difference of larger ones where that would lose digits, and none starts from a
/// probability that underflows: the recurrence begins at the most likely number.
pub(super) fn purchases_of_one_who_stays(shape: f64, y: f64, up_to: usize) -> (Vec<f64>, Vec<f64>) {
    let success = y / (1.0 + y);
    let nobody = -shape * ln_1p(y);
    let mut exactly = vec![0.0; up_to + 1];
    // P(k+1) / P(k)
    let step = |k: usize| success * ((shape + k as f64) / (k as f64 + 1.0));
    let likeliest = ((shape - 1.0).max(0.0) * y).min(up_to as f64) as usize;
    exactly[likeliest] = exp(nobody + log_ways(shape, success, likeliest));
    for k in likeliest..up_to {
        exactly[k + 1] = exactly[k] * step(k);
    }
    for k in (0..likeliest).rev() {
        exactly[k] = exactly[k + 1] / step(k);
    }
    // More than `up_to`: what is left of everything above none, or where little is left, a sum.
    let any = -exp_m1(nobody);
    let mut left = any;
    for probability in &exactly[1..] {
        left -= probability;
    }
    if left < 1e-3 * any {
        left = 0.0;
        let (mut k, mut term) = (up_to, exactly[up_to]);
        loop {
            term *= step(k);
            k += 1;
            left += term;
            // Beyond the mean the ratio falls towards `success`, so the terms left out are at most
            // a geometric series.
            let ratio = step(k).max(success);
            if ratio < 1.0 && term * ratio <= 1e-17 * left * (1.0 - ratio) {
                break;
            }
            // Numbers too small to be normal no longer fall, and count for nothing.
            if term < f64::MIN_POSITIVE && step(k) < 1.0 {
                break;
            }
        }
    }
    let mut more = vec![0.0; up_to + 1];
    more[up_to] = left;
    for k in (0..up_to).rev() {
        more[k] = more[k + 1] + exactly[k + 1];
    }
    (exactly, more)
}

/// `ln[ Γ(shape + k) / (Γ(shape) k!) success^k ]`
fn log_ways(shape: f64, success: f64, k: usize) -> f64 {
    if k == 0 {
        return 0.0;
    }
    let k = u32::try_from(k).unwrap_or(u32::MAX);
    ln_rising(shape, k) - ln_rising(1.0, k) + f64::from(k) * ln(success)
}

/// The distribution of the purchases by `y` of a customer who is alive: `P(Y = 0), .. P(Y =
/// up_to)`.
///
/// Let N be the purchases of one who stays, and K the purchase after which the customer drops out,
/// geometric given p. Then Y is the lesser of the two:
///
/// ```text
/// P(Y = k) = E[(1-p)^(k-1)] P(N = k) + E[p (1-p)^(k-1)] P(N > k)
/// ```
pub(super) fn distribution(alive: &Alive, y: f64, up_to: u32) -> Vec<f64> {
    let (exactly, more) = purchases_of_one_who_stays(alive.shape, y, up_to as usize);
    let mut probabilities = exactly;
    let mut stays = 1.0;
    for k in 1..probabilities.len() {
        let before = (k - 1) as f64;
        let sum = alive.a + alive.b + before;
        probabilities[k] = stays * (probabilities[k] + alive.a / sum * more[k]);
        stays *= (alive.b + before) / sum;
    }
    probabilities
}
