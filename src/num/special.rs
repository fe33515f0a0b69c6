//! Gamma functions in the forms that do not cancel, and the tails of the distributions that tests
//! need.
//!
//! Differences such as `ln Γ(r + n) - ln Γ(r)` are what likelihoods are made of. Taken as two
//! values and subtracted they lose every digit as `r` grows, which is exactly where a fit runs
//! along a flat ridge; so the differences are functions of their own here.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::checked_gamma_ur;

use crate::num::real::{ln, ln_1p};

/// `½ ln 2π`.
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// From here on the asymptotic series below are good to the last digit.
const ASYMPTOTIC: f64 = 10.0;

/// `ln Γ(z)` for positive `z`.
pub(crate) fn ln_gamma(z: f64) -> f64 {
    libm::lgamma(z)
}

/// What Stirling's formula leaves out: `ln Γ(z) - [(z - ½) ln z - z + ½ ln 2π]`, for `z >= 10`.
///
/// Abramowitz & Stegun 6.1.41; the first term left out is below 4e-17 at `z = 10`.
fn stirling_rest(z: f64) -> f64 {
    let w = 1.0 / (z * z);
    let series = 1.0 / 12.0
        - w * (1.0 / 360.0
            - w * (1.0 / 1260.0
                - w * (1.0 / 1680.0
                    - w * (1.0 / 1188.0 - w * (691.0 / 360_360.0 - w * (1.0 / 156.0))))));
    series / z
}

/// `ln Γ(z + n) - ln Γ(z)` for positive `z` and whole `n`: the logarithm of the rising factorial.
pub(crate) fn ln_rising(z: f64, n: u32) -> f64 {
    const SHORT: u32 = 16;
    if n <= SHORT {
        let mut total = 0.0;
        for i in 0..n {
            total += ln(z + f64::from(i));
        }
        return total;
    }
    // Climb to where Stirling's series holds, then take the difference of the series term by term.
    let steps = if z < ASYMPTOTIC { (ASYMPTOTIC - z).ceil() as u32 } else { 0 };
    let mut total = 0.0;
    for i in 0..steps.min(n) {
        total += ln(z + f64::from(i));
    }
    let (low, rest) = (z + f64::from(steps), f64::from(n - steps.min(n)));
    total + rest * ln(low) + (low + rest - 0.5) * ln_1p(rest / low) - rest
        + stirling_rest(low + rest)
        - stirling_rest(low)
}

/// `ln B(a, b)` for positive arguments, without the cancellation of three log-gammas.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    if large < ASYMPTOTIC {
        return ln_gamma(small) + ln_gamma(large) - ln_gamma(small + large);
    }
    let rests = stirling_rest(large) - stirling_rest(small + large);
    if small < ASYMPTOTIC {
        return ln_gamma(small) + small
            - (small + large - 0.5) * ln_1p(small / large)
            - small * ln(large)
            + rests;
    }
    HALF_LN_TWO_PI - 0.5 * ln(large) + (small - 0.5) * ln(small / (small + large))
        - large * ln_1p(small / large)
        + rests
        + stirling_rest(small)
}

/// The digamma function `ψ(z)`, the derivative of `ln Γ`, for positive `z`.
///
/// Recurrence up to 10, then Abramowitz & Stegun 6.3.18.
pub(crate) fn digamma(z: f64) -> f64 {
    let (mut z, mut below) = (z, 0.0);
    while z < ASYMPTOTIC {
        below += 1.0 / z;
        z += 1.0;
    }
    let w = 1.0 / (z * z);
    let series = w
        * (1.0 / 12.0
            - w * (1.0 / 120.0
                - w * (1.0 / 252.0
                    - w * (1.0 / 240.0
                        - w * (1.0 / 132.0 - w * (691.0 / 32_760.0 - w * (1.0 / 12.0)))))));
    ln(z) - 0.5 / z - series - below
}

/// The trigamma function `ψ'(z)` for positive `z`.
///
/// Recurrence up to 10, then Abramowitz & Stegun 6.4.12.
pub(crate) fn trigamma(z: f64) -> f64 {
    let (mut z, mut below) = (z, 0.0);
    while z < ASYMPTOTIC {
        below += 1.0 / (z * z);
        z += 1.0;
    }
    let w = 1.0 / (z * z);
    let series = w
        * (1.0 / 6.0
            - w * (1.0 / 30.0
                - w * (1.0 / 42.0
                    - w * (1.0 / 30.0
                        - w * (5.0 / 66.0 - w * (691.0 / 2730.0 - w * (7.0 / 6.0)))))));
    below + 1.0 / z + 0.5 * w + series / z
}

/// `ψ(z + n) - ψ(z)` for whole `n`.
pub(crate) fn digamma_rise(z: f64, n: u32) -> f64 {
    rise(n, |i| 1.0 / (z + i), || digamma(z + f64::from(n)) - digamma(z))
}

/// `ψ'(z) - ψ'(z + n)` for whole `n`; positive, because trigamma falls.
pub(crate) fn trigamma_fall(z: f64, n: u32) -> f64 {
    rise(n, |i| 1.0 / ((z + i) * (z + i)), || trigamma(z) - trigamma(z + f64::from(n)))
}

/// Adds the terms one by one where they are few, which is exact to the last digits for any `z`.
fn rise(n: u32, term: impl Fn(f64) -> f64, difference: impl Fn() -> f64) -> f64 {
    const SHORT: u32 = 64;
    if n > SHORT {
        return difference();
    }
    let mut total = 0.0;
    for i in 0..n {
        total += term(f64::from(i));
    }
    total
}

/// Probability that a chi-squared variable with `degrees` of freedom exceeds `statistic`.
pub(crate) fn chi_squared_tail(statistic: f64, degrees: f64) -> f64 {
    if statistic <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(degrees / 2.0, statistic / 2.0).unwrap_or(0.0)
}

/// Two-sided p-value of Student's t with `degrees` of freedom.
pub(crate) fn student_two_sided(t: f64, degrees: f64) -> f64 {
    let distribution =
        StudentsT::new(0.0, 1.0, degrees).expect("a test has positive degrees of freedom");
    (2.0 * distribution.sf(t.abs())).min(1.0)
}

/// The standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The quantile of the standard normal distribution, for `p` strictly between 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::exp;

    /// Relative to the larger of 1 and the value: these functions cross zero.
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "got {got}, want {want}");
    }

    const LAST_DIGITS: f64 = 4e-15;

    /// Abramowitz & Stegun, tables 6.1 and 6.3; `ψ(1) = -γ`, `ψ(½) = -γ - 2 ln 2`, `ψ'(1) = π²/6`,
    /// `ψ'(½) = π²/2`.
    #[test]
    fn gamma_functions_at_their_known_points() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        close(digamma(1.0), -EULER, LAST_DIGITS);
        close(digamma(0.5), -EULER - 2.0 * ln(2.0), LAST_DIGITS);
        close(digamma(100.0), 4.600_161_852_738_087, LAST_DIGITS);
        let pi = std::f64::consts::PI;
        close(trigamma(1.0), pi * pi / 6.0, LAST_DIGITS);
        close(trigamma(0.5), pi * pi / 2.0, LAST_DIGITS);
        close(ln_gamma(0.5), 0.5 * ln(pi), LAST_DIGITS);
        close(ln_gamma(10.0), ln(362_880.0), LAST_DIGITS);
    }

    /// `B(a, 1) = 1 / a` and `B(a, 2) = 1 / (a (a + 1))` on all three branches.
    #[test]
    fn beta_at_its_simple_points() {
        for a in [1e-6, 0.3, 5.0, 9.99, 10.0, 123.4, 1e6, 1e12] {
            close(ln_beta(a, 1.0), -ln(a), LAST_DIGITS);
            close(ln_beta(2.0, a), -ln(a) - ln(a + 1.0), LAST_DIGITS);
        }
        // B(20, 30) = 19! 29! / 49!, at 30 digits.
        close(ln_beta(20.0, 30.0), -33.968_820_791_977_386, LAST_DIGITS);
    }

    #[test]
    fn beta_obeys_its_recurrence_across_the_branches() {
        // B(a, b) = B(a + 1, b) + B(a, b + 1)
        for (a, b) in [(0.7, 9.5), (9.5, 9.5), (3.0, 40.0), (30.0, 9.7), (500.0, 2000.0)] {
            let ratio =
                exp(ln_beta(a + 1.0, b) - ln_beta(a, b)) + exp(ln_beta(a, b + 1.0) - ln_beta(a, b));
            close(ratio, 1.0, 1e-13);
        }
    }

    #[test]
    fn rising_differences_equal_their_sums() {
        for z in [1e-3, 0.25, 7.3, 12.0, 4e5] {
            for n in [0, 1, 16, 17, 40, 64, 65, 300] {
                let (mut logs, mut firsts, mut seconds) = (0.0, 0.0, 0.0);
                for i in 0..n {
                    let t = z + f64::from(i);
                    logs += ln(t);
                    firsts += 1.0 / t;
                    seconds += 1.0 / (t * t);
                }
                close(ln_rising(z, n), logs, 1e-13);
                close(digamma_rise(z, n), firsts, 1e-13);
                close(trigamma_fall(z, n), seconds, 1e-13);
            }
        }
    }

    /// Where two log-gammas subtracted would leave nothing: `ln Γ(1e15 + 20) - ln Γ(1e15)` is `20
    /// ln 1e15` to 1e-13.
    #[test]
    fn rising_keeps_its_digits_for_a_huge_start() {
        close(ln_rising(1e15, 20), 20.0 * ln(1e15), 1e-14);
    }

    /// Upper 5 % points of printed tables.
    #[test]
    fn tails_at_their_printed_points() {
        const THREE_DECIMALS: f64 = 5e-4;
        close(chi_squared_tail(3.841, 1.0), 0.05, THREE_DECIMALS);
        close(chi_squared_tail(18.307, 10.0), 0.05, THREE_DECIMALS);
        assert_eq!(chi_squared_tail(0.0, 3.0), 1.0);
        close(student_two_sided(2.228, 10.0), 0.05, THREE_DECIMALS);
        close(normal_quantile(0.975), 1.959_963_984_540_054, 1e-12);
    }
}
