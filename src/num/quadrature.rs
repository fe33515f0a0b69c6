//! Rules for integrals: Gauss-Legendre on `[0, 1]`, and expectations under a beta distribution.
//!
//! The Legendre nodes are computed from the recurrence of the polynomials instead of being typed
//! in, so that no digit can be mistyped.

use std::f64::consts::PI;

use crate::num::real::{exp, exp_m1, ln, ln_1p, logistic};

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
/// The rule is a trapezoid in the logit of the probability, which is evenly spaced where the
/// density and the function vary and runs away exponentially on both sides, so that a few nodes
/// reach the end of a tail like `p^a` however small `a` is. It holds for any positive `a` and `b`,
/// also where the density is infinite at an end: no node lies there, and the terms never cancel.
/// The weights are scaled to add up to one, so that no gamma function enters.
#[derive(Debug, Clone)]
pub(crate) struct BetaRule {
    nodes: Vec<(f64, f64)>,
}

/// Space between the nodes. The error falls with `e^(-2πd/step)`, where d, above 1 here, is how
/// far the integrand can be continued into the complex plane: below 1e-13.
const BETA_STEP: f64 = 0.2;
/// Tails are cut where the logarithm of their weight is this far down.
const DEPTH: f64 = 42.0;

impl BetaRule {
    /// The rule for `Beta(a, b)` and functions that grow at most like `e^reach` times their value
    /// at the centre as `p` falls to zero, and are level below `p = e^-reach`, such as the chance
    /// `1 - (1 + p)^-n` over `p` with `reach = ln n`.
    pub(crate) fn new(a: f64, b: f64, reach: f64) -> Self {
        Self::cut(a, b, reach, DEPTH + reach)
    }

    /// The same for functions that fall from 1 at `p = 0` and are next to nothing far above
    /// `p = e^-reach`, so that their expectation may lie wholly in the left tail.
    pub(crate) fn of_tail(a: f64, b: f64, reach: f64) -> Self {
        Self::cut(a, b, reach, DEPTH + reach + a * (reach + ln(a.max(1.0) / b.max(1.0))).max(0.0))
    }

    /// The rule with its left tail cut where its weight is this far down.
    fn cut(a: f64, b: f64, reach: f64, depth: f64) -> Self {
        let (one_a, one_b) = (a.max(1.0), b.max(1.0));
        let centre = ln(one_a) - ln(one_b);
        // The standard deviation of the logit, and at most the scale of a logistic curve.
        let scale = (1.0 / one_a + 1.0 / one_b).sqrt().min(1.0);
        let left = (centre + reach).max(0.0) / scale + 1.0;
        let right = (-centre).max(0.0) / scale + 1.0;
        let (p_centre, q_centre) = (one_a / (one_a + one_b), one_b / (one_a + one_b));
        // The node at `s`, with the logarithm of its weight; the density is taken relative to the
        // centre, because its own logarithm has no digits left where a and b are large. Of its two
        // forms, one for each side, the one that starts from the smaller of p and 1 - p keeps its
        // digits on the other side as well, until it overflows.
        let node = |s: f64| {
            let (up, down) = (exp(s - right), exp(-s - left));
            let moved = scale * (s + up - down);
            let rising = if p_centre < 0.5 { moved > 30.0 } else { moved > -30.0 };
            let density = if rising {
                -b * moved - (a + b) * ln_1p(q_centre * exp_m1(-moved))
            } else {
                a * moved - (a + b) * ln_1p(p_centre * exp_m1(moved))
            };
            (logistic(centre + moved), density + ln(1.0 + up + down))
        };
        let mut nodes = Vec::new();
        let mut tail = |direction: f64, first: u32, depth: f64| {
            let mut i = first;
            loop {
                let (p, log_weight) = node(direction * BETA_STEP * f64::from(i));
                if log_weight.is_nan() || log_weight <= -depth {
                    return;
                }
                nodes.push((p, exp(log_weight)));
                i += 1;
            }
        };
        tail(-1.0, 0, depth);
        tail(1.0, 1, DEPTH);
        let total = nodes.iter().fold(0.0, |total, &(_, weight)| total + weight);
        for (_, weight) in &mut nodes {
            *weight /= total;
        }
        Self { nodes }
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

    /// The weights add up to one and the means are `a / (a + b)`, also where the density is
    /// infinite at an end.
    #[test]
    fn a_beta_distribution_has_its_mass_and_mean() {
        for a in [1e-6, 1e-4, 0.01, 0.5, 0.793, 1.0, 3.0, 200.0, 1e8] {
            for b in [1e-6, 0.01, 0.6, 1.0, 2.426, 30.0, 2000.0, 1e8] {
                let rule = BetaRule::new(a, b, 0.0);
                assert!((rule.expect(|_| 1.0) - 1.0).abs() < 1e-14, "{a} {b}");
                let mean = rule.expect(|p| p) * (a + b) / a;
                assert!((mean - 1.0).abs() < 1e-12, "{a} {b}: {mean}");
                let rest = rule.expect(|p| 1.0 - p) * (a + b) / b;
                assert!((rest - 1.0).abs() < 1e-12 || b < a, "{a} {b}: {rest}");
                // E[p (1 - p)] = ab / ((a+b)(a+b+1)) knows the shape on both sides.
                let spread = rule.expect(|p| p * (1.0 - p)) * (a + b) / a * (a + b + 1.0) / b;
                assert!((spread - 1.0).abs() < 1e-12 || b < a, "{a} {b}: {spread}");
                assert!(rule.nodes.len() < 400, "{a} {b}: {}", rule.nodes.len());
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
