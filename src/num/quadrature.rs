//! Rules for integrals: Gauss-Legendre on `[0, 1]`, and expectations under a beta distribution.
//!
//! The Legendre nodes are computed from the recurrence of the polynomials instead of being typed
//! in, so that no digit can be mistyped.

use std::f64::consts::PI;

use crate::num::real::{asinh, cosh, exp, ln, ln_1p, sinh};
use crate::num::special::ln_beta;

/// Nodes and weights of the `n`-point rule on `[0, 1]`, in ascending order; exact for polynomials
/// up to `2n - 1`.
///
/// Newton's method on `P_n` from the asymptotic guess (Abramowitz & Stegun 22.16.6).
pub(crate) fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let mut rule = vec![(0.0, 0.0); n];
    for i in 0..n.div_ceil(2) {
        let mut z = libm::cos(PI * (i as f64 + 0.75) / (n as f64 + 0.5));
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, z);
            slope = derivative;
            let step = value / derivative;
            z -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        // On [-1, 1] the weight is 2 / ((1 - z²) P'²); halved for [0, 1].
        let weight = 1.0 / ((1.0 - z * z) * slope * slope);
        rule[i] = (0.5 * (1.0 - z), weight);
        rule[n - 1 - i] = (0.5 * (1.0 + z), weight);
    }
    rule
}

/// The same rule made by the compiler, for kernels that would spend longer on making it than on
/// using it.
pub(crate) const fn legendre_rule<const N: usize>() -> [(f64, f64); N] {
    let mut rule = [(0.0, 0.0); N];
    let mut i = 0;
    while i < N.div_ceil(2) {
        let mut z = cosine(PI * (i as f64 + 0.75) / (N as f64 + 0.5));
        let mut slope = 1.0;
        // Newton's method doubles the digits of a guess that has three; six steps are plenty.
        let mut step = 0;
        while step < 6 {
            let (value, derivative) = legendre(N, z);
            slope = derivative;
            z -= value / derivative;
            step += 1;
        }
        let weight = 1.0 / ((1.0 - z * z) * slope * slope);
        rule[i] = (0.5 * (1.0 - z), weight);
        rule[N - 1 - i] = (0.5 * (1.0 + z), weight);
        i += 1;
    }
    rule
}

/// The cosine from 0 to π/2 by its power series, as a starting point: ten terms leave 1e-14.
const fn cosine(angle: f64) -> f64 {
    let (mut term, mut total) = (1.0, 1.0);
    let mut k = 1;
    while k <= 10 {
        term *= -angle * angle / ((2 * k - 1) * (2 * k)) as f64;
        total += term;
        k += 1;
    }
    total
}

/// `P_n(z)` and its derivative.
const fn legendre(n: usize, z: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, z);
    let mut degree = 2;
    while degree <= n {
        let k = degree as f64;
        (before, now) = (now, ((2.0 * k - 1.0) * z * now - (k - 1.0) * before) / k);
        degree += 1;
    }
    (now, n as f64 * (z * now - before) / (z * z - 1.0))
}

/// Expectations of smooth, positive functions of a probability under a beta distribution.
///
/// The rule is a trapezoid in the logit of the probability, stretched by `sinh`, between points
/// where the density has fallen to `e^-42`. It holds for any positive `a` and `b`, also where the
/// density is infinite at an end: no node lies there, and the terms never cancel. The stretch is
/// centred where functions of `p` vary, at the logit of `a / b` with neither below 1: centred at
/// the far tail of a tiny `a` the same nodes would miss a mean by 2e-8.
#[derive(Debug, Clone)]
pub(crate) struct BetaRule {
    nodes: Vec<(f64, f64)>,
}

/// With 200 nodes means are exact to 1e-13, relative, from 1e-4 to thousands in both parameters.
const BETA_NODES: u32 = 200;
/// The density is cut where its logarithm is this far down.
const DEPTH: f64 = 42.0;

impl BetaRule {
    /// The rule for `Beta(a, b)`.
    pub(crate) fn new(a: f64, b: f64) -> Self {
        let centre = ln(a.max(1.0) / b.max(1.0));
        let low = asinh(-DEPTH / a.min(1.0) - centre.abs());
        let high = asinh(DEPTH / b.min(1.0) + centre.abs());
        let step = (high - low) / f64::from(BETA_NODES - 1);
        let log_beta = ln_beta(a, b);
        let node = |i: u32| {
            let stretched = low + f64::from(i) * step;
            let logit = centre + sinh(stretched);
            // ln p and ln(1 - p) without forming 1 - p.
            let (log_p, log_rest) = if logit < 0.0 {
                let rest = -ln_1p(exp(logit));
                (logit + rest, rest)
            } else {
                let log_p = -ln_1p(exp(-logit));
                (log_p, log_p - logit)
            };
            let weight = step * cosh(stretched) * exp(a * log_p + b * log_rest - log_beta);
            (exp(log_p), weight)
        };
        Self { nodes: (0..BETA_NODES).map(node).filter(|&(_, weight)| weight > 0.0).collect() }
    }

    /// The expectation of `f(p)`.
    pub(crate) fn expect(&self, f: impl Fn(f64) -> f64) -> f64 {
        let mut total = 0.0;
        for &(p, weight) in &self.nodes {
            total += weight * f(p);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_for_the_highest_power_it_promises() {
        for n in [2usize, 5, 16, 32] {
            let power = 2 * n as i32 - 1;
            let integral: f64 =
                gauss_legendre(n).iter().map(|&(t, w)| w * libm::pow(t, f64::from(power))).sum();
            assert!(
                (integral - 1.0 / f64::from(power + 1)).abs() < 1e-15,
                "{n} points: {integral}"
            );
        }
    }

    /// The density integrates to one and the mean is `a / (a + b)`, also where the density is
    /// infinite at an end.
    #[test]
    fn a_beta_distribution_has_its_mass_and_mean() {
        for a in [1e-4, 0.01, 0.5, 0.793, 1.0, 3.0, 200.0] {
            for b in [0.01, 0.6, 1.0, 2.426, 30.0, 2000.0] {
                let rule = BetaRule::new(a, b);
                assert!(
                    (rule.expect(|_| 1.0) - 1.0).abs() < 1e-11,
                    "{a} {b}: {}",
                    rule.expect(|_| 1.0)
                );
                let mean = rule.expect(|p| p) * (a + b) / a;
                assert!((mean - 1.0).abs() < 1e-11, "{a} {b}: {mean}");
            }
        }
    }

    #[test]
    fn the_compiler_makes_the_same_rule() {
        fn compare<const N: usize>() {
            for (made, computed) in legendre_rule::<N>().iter().zip(gauss_legendre(N)) {
                assert!((made.0 - computed.0).abs() < 1e-15, "{made:?} {computed:?}");
                assert!((made.1 - computed.1).abs() < 1e-15, "{made:?} {computed:?}");
            }
        }
        compare::<1>();
        compare::<2>();
        compare::<5>();
        compare::<20>();
    }

    #[test]
    fn ascending_and_symmetric() {
        let rule = gauss_legendre(7);
        assert!(rule.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!((rule[3].0 - 0.5).abs() < 1e-16);
    }
}
