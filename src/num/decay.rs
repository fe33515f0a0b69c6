//! Integrals of decaying products: what is left of two power laws and an exponential.
//!
//! Every quantity of a model with gamma-distributed rates is such an integral over the time at
//! which something ends. The closed forms are differences of hypergeometric functions, which cancel
//! where the interval is short and overflow where an exponent is large; the integral has only
//! positive terms, so it does neither.

use crate::num::quadrature::legendre_rule;
use crate::num::real::{exp, exp_m1, ln_1p};

/// The decay `(1 + y/a)^-p (1 + y/b)^-q e^(-c y)` from `y = 0` on, where it is one.
///
/// `a` and `b` are positive; `p`, `q` and `c` are not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decay {
    pub(crate) a: f64,
    pub(crate) p: f64,
    pub(crate) b: f64,
    pub(crate) q: f64,
    pub(crate) c: f64,
}

/// With panels as wide as below the error of the rule is below 1e-17 of the panel's integral.
const NODES: usize = 20;
static RULE: [(f64, f64); NODES] = legendre_rule();
/// A panel spans at most this much of `v`: a factor of e² in time.
const WIDEST: f64 = 2.0;
/// A panel spans at most so many e-foldings, at the rate of its beginning.
const FOLDINGS: f64 = 8.0;
/// The panels end where what is left is below this share of what was found.
const LEFT_OUT: f64 = 1e-18;

impl Decay {
    /// The logarithm of the decay at `y`.
    pub(crate) fn ln(&self, y: f64) -> f64 {
        -(self.p * ln_1p(y / self.a) + self.q * ln_1p(y / self.b) + self.c * y)
    }

    /// Its integral from 0 to `length`, to about 1e-14, relative. An endless one must decay.
    pub(crate) fn integral(&self, length: f64) -> f64 {
        self.moments(length, |_| [1.0])[0]
    }

    /// The integrals from 0 to `length` of the decay times each of some slowly varying functions.
    ///
    /// The variable is `v = ln(1 + y/m)` with `m` the shorter of `a` and `b`, in which all three
    /// factors are smooth however long the interval; the logarithm of the integrand is concave in
    /// it, so once the integrand falls, what is left is below that of its tangent.
    pub(crate) fn moments<const K: usize>(
        &self,
        length: f64,
        columns: impl Fn(f64) -> [f64; K],
    ) -> [f64; K] {
        let shorter = self.a.min(self.b);
        let end = ln_1p(length / shorter);
        let mut totals = [0.0; K];
        let mut mass = 0.0;
        let mut from = 0.0;
        while from < end {
            let stretch = shorter * exp(from);
            let y = shorter * exp_m1(from);
            let rate = (self.p / (self.a + y) + self.q / (self.b + y) + self.c) * stretch;
            if rate > 1.0 && stretch * exp(self.ln(y)) <= LEFT_OUT * (rate - 1.0) * mass {
                break;
            }
            let width = (FOLDINGS / rate).min(WIDEST).min(end - from);
            for &(node, weight) in &RULE {
                let v = from + width * node;
                let y = shorter * exp_m1(v);
                let weight = weight * width * (shorter + y) * exp(self.ln(y));
                mass += weight;
                for (total, column) in totals.iter_mut().zip(columns(y)) {
                    *total += weight * column;
                }
            }
            from += width;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
    }

    /// `∫ (1 + y/a)^-p dy = a (1 - (1 + L/a)^(1-p)) / (p - 1)`.
    #[test]
    fn one_power_has_its_closed_form() {
        for a in [1e-6, 0.3, 11.0, 1e8] {
            for p in [1e-6, 0.5, 3.0, 40.0, 5e3, 1e8] {
                for length in [1e-9, 0.14, 39.0, 1e5] {
                    let want = -a * exp_m1((1.0 - p) * ln_1p(length / a)) / (p - 1.0);
                    let decay = Decay { a, p, b: 2.0 * a, q: 0.0, c: 0.0 };
                    close(decay.integral(length), want, 2e-14);
                    let decay = Decay { a: 0.7 * a, p: 0.0, b: a, q: p, c: 0.0 };
                    close(decay.integral(length), want, 2e-14);
                    let shared = Decay { a, p: 0.4 * p, b: a, q: 0.6 * p, c: 0.0 };
                    close(shared.integral(length), want, 2e-14);
                }
            }
        }
    }

    /// `∫ e^(-cy) dy = (1 - e^(-cL)) / c`, and its mean.
    #[test]
    fn an_exponential_has_its_closed_form() {
        for a in [1e-6, 11.0, 1e8] {
            for c in [1e-6, 0.0027, 3.0, 1e4] {
                let decay = Decay { a, p: 0.0, b: a, q: 0.0, c };
                for length in [1e-3, 39.0, 1e5] {
                    close(decay.integral(length), -exp_m1(-c * length) / c, 2e-14);
                }
                let [whole, first] = decay.moments(f64::INFINITY, |y| [1.0, y]);
                close(whole, 1.0 / c, 2e-14);
                close(first, 1.0 / (c * c), 2e-14);
            }
        }
    }

    #[test]
    fn nothing_has_no_integral() {
        assert_eq!(Decay { a: 1.0, p: 2.0, b: 3.0, q: 4.0, c: 0.0 }.integral(0.0), 0.0);
    }
}
