//! Tails and quantiles of the gamma distribution, in logarithms.
//!
//! The variable is `v = ln(x / shape)`: it stays in range where `x` itself is too small for a
//! number (tiny shapes), and a quantile keeps its digits where the shape is huge and `x` hardly
//! differs from it.

use crate::num::quadrature::gauss_legendre;
use crate::num::real::{exp, exp_m1, ln, ln_1p};
use crate::num::special::{ln_gamma, ln_gamma_1p, normal_quantile, stirling_rest};

/// Which side of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    Lower,
    Upper,
}

impl Tail {
    fn other(self) -> Self {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }
}

/// The gamma distribution of scale one.
#[derive(Debug, Clone)]
pub(crate) struct Gamma {
    shape: f64,
    ln_shape: f64,
    /// `ln Γ(shape + 1)`, or what Stirling's formula leaves of `ln Γ(shape)` for a large shape.
    norm: f64,
    /// For a large shape, the rule that integrates its density.
    rule: Vec<(f64, f64)>,
}

/// From here on the density is integrated; below, series and continued fraction are short.
const LARGE: f64 = 50.0;
/// The series in powers of `-x` loses no digits up to here.
const ALTERNATING: f64 = 1.5;
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// `ln(1 - e^l)` for negative `l`.
fn ln_complement(l: f64) -> f64 {
    if l < -0.7 { ln_1p(-exp(l)) } else { ln(-exp_m1(l)) }
}

/// `e^v - 1 - v`, to the last digits also where it is nearly nothing.
fn exp_rest(v: f64) -> f64 {
    if v.abs() > 0.5 {
        return exp_m1(v) - v;
    }
    let mut series = 0.0;
    for k in (3..=18).rev() {
        series = v / f64::from(k) * (1.0 + series);
    }
    0.5 * v * v * (1.0 + series)
}

impl Gamma {
    /// The distribution of a positive, finite shape.
    pub(crate) fn new(shape: f64) -> Self {
        let large = shape >= LARGE;
        Self {
            shape,
            ln_shape: ln(shape),
            norm: if large { stirling_rest(shape) } else { ln_gamma_1p(shape) },
            rule: if large { gauss_legendre(16) } else { Vec::new() },
        }
    }

    /// The logarithm of the density of `v`.
    fn ln_density(&self, v: f64) -> f64 {
        let a = self.shape;
        if a >= LARGE {
            return 0.5 * self.ln_shape - HALF_LN_TWO_PI - self.norm - a * exp_rest(v);
        }
        let y = v + self.ln_shape;
        self.ln_shape + a * y - exp(y) - self.norm
    }

    /// The logarithm of the probability on that side of `x = shape e^v`.
    ///
    /// To 1e-12 of the probability.
    pub(crate) fn ln_tail(&self, v: f64, tail: Tail) -> f64 {
        let (found, side) = if self.shape >= LARGE {
            let side = if v < 0.0 { Tail::Lower } else { Tail::Upper };
            (self.ln_density(v) + ln(self.beyond(v)), side)
        } else {
            self.expanded(v)
        };
        if side == tail { found } else { ln_complement(found.min(0.0)) }
    }

    /// The tail away from the mode over the density at `v`, by Gauss-Legendre on panels as wide as
    /// the density is there.
    fn beyond(&self, v: f64) -> f64 {
        let a = self.shape;
        let outward = if v < 0.0 { -1.0 } else { 1.0 };
        let width = 3.0 / a.sqrt().max(a * exp_m1(v).abs());
        let mut total = 0.0;
        for panel in 0..60 {
            let mut part = 0.0;
            for &(node, weight) in &self.rule {
                let away = outward * width * (f64::from(panel) + node);
                // e^(v+h) - 1 - (v+h) less e^v - 1 - v, without the subtraction.
                let rise = exp_m1(v) * away + exp(v) * exp_rest(away);
                part += weight * exp(-a * rise);
            }
            total += part * width;
            if part * width < 1e-18 * total {
                break;
            }
        }
        total
    }

    /// A tail for small shapes, and which one it is: series below, continued fraction above.
    fn expanded(&self, v: f64) -> (f64, Tail) {
        let a = self.shape;
        let y = v + self.ln_shape;
        let x = exp(y);
        if a < 1.0 && x <= ALTERNATING {
            // Abramowitz & Stegun 6.5.29, with the first term taken out.
            let (mut power, mut sum) = (1.0, 0.0);
            for n in 1..60 {
                let n = f64::from(n);
                power *= -x / n;
                sum += power / (a + n);
                if power.abs() < 1e-18 {
                    break;
                }
            }
            return (a * y - self.norm + ln_1p(a * sum), Tail::Lower);
        }
        if a >= 1.0 && x < a + 1.0 {
            let (mut term, mut sum) = (1.0, 1.0);
            for n in 1..500 {
                term *= x / (a + f64::from(n));
                sum += term;
                if term < 1e-18 * sum {
                    break;
                }
            }
            return (a * y - x - self.norm + ln(sum), Tail::Lower);
        }
        // Legendre's continued fraction (Abramowitz & Stegun 6.5.31), from the front by Lentz.
        const TINY: f64 = 1e-300;
        let mut b = x + 1.0 - a;
        let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
        let mut fraction = d;
        for i in 1..2000 {
            let i = f64::from(i);
            let numerator = -i * (i - a);
            b += 2.0;
            d = 1.0 / (numerator * d + b);
            c = b + numerator / c;
            let factor = c * d;
            fraction *= factor;
            if (factor - 1.0).abs() < 1e-16 {
                break;
            }
        }
        (a * y - x - ln_gamma(a) + ln(fraction), Tail::Upper)
    }

    /// Where the probability on that side is `p`, as `ln(x / shape)`, for `p` strictly between 0
    /// and 1.
    ///
    /// Newton's method on the logarithm of the smaller tail, which is concave, so that steps from
    /// its far side never pass the root.
    pub(crate) fn quantile(&self, p: f64, tail: Tail) -> f64 {
        let (p, tail) = if p <= 0.5 { (p, tail) } else { (1.0 - p, tail.other()) };
        let target = ln(p);
        let mut v = self.start(p, tail);
        for _ in 0..200 {
            let ln_tail = self.ln_tail(v, tail);
            let slope = exp(self.ln_density(v) - ln_tail);
            let step = (target - ln_tail) / slope;
            let step = if tail == Tail::Lower { step } else { -step };
            if !step.is_finite() {
                break;
            }
            v += step;
            if step.abs() <= 1e-14 * v.abs().max(1.0) {
                break;
            }
        }
        v
    }

    fn start(&self, p: f64, tail: Tail) -> f64 {
        let a = self.shape;
        if a >= 1.0 {
            // Wilson & Hilferty (1931).
            let z = normal_quantile(p);
            let z = if tail == Tail::Lower { z } else { -z };
            let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
            if root > 0.3 {
                return 3.0 * ln(root);
            }
        }
        match tail {
            // x^a / Γ(a+1) is never below the lower tail.
            Tail::Lower => (ln(p) + ln_gamma_1p(a)) / a - self.ln_shape,
            // e^-x is never below the upper tail for a shape of at most one.
            Tail::Upper => ln(-ln(p)) - self.ln_shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::tests::{ABSOLUTE_NEAR_ZERO, worst};

    /// At 40 digits, shapes from 1e-6 to 1e11.
    #[test]
    fn two_thousand_tails() {
        worst("ln_gamma_tail", ABSOLUTE_NEAR_ZERO, |point| {
            let tail = if point[2] == 1.0 { Tail::Upper } else { Tail::Lower };
            Gamma::new(point[0]).ln_tail(point[1], tail)
        });
    }

    #[test]
    fn quantiles_find_their_tails_again() {
        for shape in [1e-6, 1e-3, 0.3, 1.0, 3.7, 49.0, 50.0, 1e4, 1e8, 1e11] {
            let gamma = Gamma::new(shape);
            for p in [1e-12, 0.025, 0.31, 0.5, 0.69, 0.975] {
                for tail in [Tail::Lower, Tail::Upper] {
                    let v = gamma.quantile(p, tail);
                    let back = exp(gamma.ln_tail(v, tail));
                    // The tail moves by its slope times the last digit of v.
                    let slope = exp(gamma.ln_density(v)) / p;
                    let noise = 1e-11 + 8.0 * slope * f64::EPSILON * v.abs().max(1.0);
                    assert!((back / p - 1.0).abs() < noise, "{shape} {p} {tail:?}: {back}");
                }
            }
        }
    }

    /// Shape one is the exponential distribution.
    #[test]
    fn an_exponential_quantile_by_hand() {
        let v = Gamma::new(1.0).quantile(0.25, Tail::Upper);
        assert!((exp(v) - 2.0 * std::f64::consts::LN_2).abs() < 1e-14);
    }
}
