//! Gauss-Legendre nodes on `[0, 1]`.
//!
//! Computed from the recurrence of the Legendre polynomials instead of being typed in, so that no digit can be
//! mistyped.

use std::f64::consts::PI;

/// Nodes and weights of the `n`-point rule on `[0, 1]`, in ascending order; exact for polynomials up to `2n - 1`.
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

/// `P_n(z)` and its derivative.
fn legendre(n: usize, z: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, z);
    for k in 2..=n {
        let k = k as f64;
        (before, now) = (now, ((2.0 * k - 1.0) * z * now - (k - 1.0) * before) / k);
    }
    (now, n as f64 * (z * now - before) / (z * z - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_for_the_highest_power_it_promises() {
        for n in [2usize, 5, 16, 32] {
            let power = 2 * n as i32 - 1;
            let integral: f64 = gauss_legendre(n).iter().map(|&(t, w)| w * libm::pow(t, f64::from(power))).sum();
            assert!((integral - 1.0 / f64::from(power + 1)).abs() < 1e-15, "{n} points: {integral}");
        }
    }

    #[test]
    fn ascending_and_symmetric() {
        let rule = gauss_legendre(7);
        assert!(rule.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!((rule[3].0 - 0.5).abs() < 1e-16);
    }
}
