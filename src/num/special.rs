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

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// `ln Γ(z) z` in powers of `1 / z²`, less Stirling's formula: Abramowitz & Stegun 6.1.41.
const STIRLING: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
];

/// `z² (ln z - 1/2z - ψ(z))` in powers of `1 / z²`: Abramowitz & Stegun 6.3.18.
const DIGAMMA: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32_760.0,
    1.0 / 12.0,
];

/// `z³ (ψ'(z) - 1/z - 1/2z²)` in powers of `1 / z²`: Abramowitz & Stegun 6.4.12.
const TRIGAMMA: [f64; 7] =
    [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];

/// Up to here the series of `ln Γ(1 + z)` gives every digit.
const SHORT_OF_ONE: f64 = 0.2;
/// `(-1)^k ζ(k) / k` from `k = 2` on.
const ZETA_OVER_K: [f64; 22] = [
    0.822_467_033_424_113_2,
    -0.400_685_634_386_531_43,
    0.270_580_808_427_784_54,
    -0.207_385_551_028_673_98,
    0.169_557_176_997_408_2,
    -0.144_049_896_768_846_1,
    0.125_509_669_524_743_04,
    -0.111_334_265_869_564_69,
    0.100_099_457_512_781_8,
    -0.090_954_017_145_829_04,
    0.083_353_840_546_109,
    -0.076_932_516_411_352_2,
    0.071_432_946_295_361_33,
    -0.066_668_705_882_420_46,
    0.062_500_955_141_213_04,
    -0.058_823_978_658_684_585,
    0.055_555_767_627_403_614,
    -0.052_631_679_379_616_66,
    0.050_000_047_698_101_69,
    -0.047_619_070_330_142_226,
    0.045_454_556_293_204_67,
    -0.043_478_266_053_040_26,
];

/// `ln Γ(z)` for positive `z`.
pub(crate) fn ln_gamma(z: f64) -> f64 {
    libm::lgamma(z)
}

/// `ln Γ(1 + z)` for `z >= 0`, which keeps its digits where `1 + z` would round `z` away.
///
/// Abramowitz & Stegun 6.1.33: the series in `z` with the values of the zeta function.
pub(crate) fn ln_gamma_1p(z: f64) -> f64 {
    if z > SHORT_OF_ONE {
        // The function is zero at one, where `1 + z` has rounded away half the digits it needs.
        return if (0.6..1.5).contains(&z) { ln(z) + ln_gamma(z) } else { ln_gamma(1.0 + z) };
    }
    let mut series = 0.0;
    for &c in ZETA_OVER_K.iter().rev() {
        series = c + z * series;
    }
    z * (z * series - EULER)
}

/// `Σ series_k w^k` by Horner's rule.
fn polynomial(series: &[f64], w: f64) -> f64 {
    let mut value = 0.0;
    for &c in series.iter().rev() {
        value = c + w * value;
    }
    value
}

/// `(S(v) - S(w)) / (v - w)` of the polynomial `S`, without the subtraction: synthetic division by
/// `v`, whose quotient is summed at `w` on the way.
fn divided_difference(series: &[f64], v: f64, w: f64) -> f64 {
    let (mut partial, mut quotient) = (0.0, 0.0);
    for (k, &c) in series.iter().enumerate().rev() {
        partial = c + v * partial;
        if k > 0 {
            quotient = partial + w * quotient;
        }
    }
    quotient
}

/// What Stirling's formula leaves out: `ln Γ(z) - [(z - ½) ln z - z + ½ ln 2π]`, for `z >= 10`.
///
/// Abramowitz & Stegun 6.1.41; the first term left out is below 4e-17 at `z = 10`.
pub(crate) fn stirling_rest(z: f64) -> f64 {
    polynomial(&STIRLING, 1.0 / (z * z)) / z
}

/// `ln Γ(z + n) - ln Γ(z)` for positive `z` and whole `n`: the logarithm of the rising factorial.
///
/// Exact to the last digits of the largest of its terms; it crosses zero once for `z` below 1.
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

/// `ln[(z+a)(z+a+1)..(z+a+n-1) / (z(z+1)..(z+n-1))]` for positive `z` and `a` and whole `n`: how
/// much faster the factorial rises from `z + a` than from `z`.
///
/// A sum of positive terms, `Σ ln(1 + a/(z+i))`, and taken as such where it is short or where `z`
/// is so much larger than `n` that the closed form would cancel; so no digit is lost for any
/// arguments.
pub(crate) fn ln_rising_ratio(z: f64, a: f64, n: u32) -> f64 {
    const SHORT: u32 = 24;
    let steps = if n <= SHORT || z > 1000.0 * f64::from(n) {
        n
    } else if z < ASYMPTOTIC {
        (ASYMPTOTIC - z).ceil() as u32
    } else {
        0
    };
    let mut total = 0.0;
    for i in 0..steps {
        total += ln_1p(a / (z + f64::from(i)));
    }
    if steps == n {
        return total;
    }
    let (low, rest) = (z + f64::from(steps), f64::from(n - steps));
    let high = low + rest;
    let rests = stirling_rest(high + a)
        - stirling_rest(high)
        - (stirling_rest(low + a) - stirling_rest(low));
    total + (high - 0.5) * ln_1p(a / high) - (low - 0.5) * ln_1p(a / low)
        + a * ln_1p(rest / (low + a))
        + rests
}

/// `ln B(a, b)` for positive arguments, without the cancellation of three log-gammas.
///
/// Exact to the last digits of the largest of its terms; it crosses zero along a curve through
/// (1, 1), where only absolute digits can be had.
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

/// What Stirling's formula leaves out of `ln B(a, b)`, for both at least 10: `ln B` is `½ ln 2π + ½
/// ln(n / ab) + a ln(a / n) + b ln(b / n)` and this, with `n = a + b`.
pub(crate) fn ln_beta_rest(a: f64, b: f64) -> f64 {
    stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b)
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
    below + 1.0 / z + 0.5 * w + w * polynomial(&TRIGAMMA, w) / z
}

/// `ψ(z + d) - ψ(z)` for positive `z` and `d`, to the last digits however small it is.
///
/// Every term is positive: the recurrence up to 10, then the difference of the asymptotic series.
pub(crate) fn digamma_gain(z: f64, d: f64) -> f64 {
    let (mut low, mut total) = (z, 0.0);
    while low < ASYMPTOTIC {
        total += d / (low + d) / low;
        low += 1.0;
    }
    let high = low + d;
    let (v, w) = (1.0 / (low * low), 1.0 / (high * high));
    // ln z - 1/2z - S(1/z²), each part as its difference. `v - w` is `(d / z)(z + (z + d)) v / (z +
    // d)²`, the powers in an order that does not overflow.
    let fall = (d / high) * (1.0 + low / high) * v;
    let series = polynomial_rise(&DIGAMMA, v, w) * fall;
    total + ln_1p(d / low) + 0.5 * (d / low) / high + series
}

/// `ψ'(z) - ψ'(z + d)` for positive `z` and `d`, to the last digits however small it is.
pub(crate) fn trigamma_loss(z: f64, d: f64) -> f64 {
    let (mut low, mut total) = (z, 0.0);
    while low < ASYMPTOTIC {
        let high = low + d;
        total += (d / high) * (1.0 + low / high) / (low * low);
        low += 1.0;
    }
    let high = low + d;
    let (v, w) = (1.0 / (low * low), 1.0 / (high * high));
    let fall = (d / high) * (1.0 + low / high) * v;
    // 1/z + 1/2z² + T(1/z²)/z³, each part as its difference.
    let (least, most) = (w * polynomial(&TRIGAMMA, w), polynomial_rise(&TRIGAMMA, v, w) * fall);
    let gap = (d / low) / high;
    total + gap + 0.5 * fall + most / low + least * gap
}

/// `(v S(v) - w S(w)) / (v - w)` of the polynomial `S`.
fn polynomial_rise(series: &[f64], v: f64, w: f64) -> f64 {
    polynomial(series, v) + w * divided_difference(series, v, w)
}

/// `ψ(z + n) - ψ(z)` for whole `n`.
pub(crate) fn digamma_rise(z: f64, n: u32) -> f64 {
    rise(n, |i| 1.0 / (z + i), || digamma_gain(z, f64::from(n)))
}

/// `ψ'(z) - ψ'(z + n)` for whole `n`; positive, because trigamma falls.
pub(crate) fn trigamma_fall(z: f64, n: u32) -> f64 {
    rise(n, |i| 1.0 / ((z + i) * (z + i)), || trigamma_loss(z, f64::from(n)))
}

/// Adds the terms one by one where they are few, which is exact to the last digits for any `z`.
fn rise(n: u32, term: impl Fn(f64) -> f64, difference: impl Fn() -> f64) -> f64 {
    const SHORT: u32 = 16;
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
pub(crate) mod tests {
    use super::*;
    use crate::num::real::exp;

    /// Relative to the larger of 1 and the value: these functions cross zero.
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "got {got}, want {want}");
    }

    const LAST_DIGITS: f64 = 4e-15;

    /// The points of a golden file: the arguments, then the value.
    fn golden(name: &str) -> Vec<Vec<f64>> {
        let path = format!("{}/tests/golden/special/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let row = |line: &str| line.split(',').map(|field| field.parse().unwrap()).collect();
        text.lines().skip(1).map(row).collect()
    }

    /// The worst error over a golden file, relative to the larger of the value and `floor`.
    pub(crate) fn worst(name: &str, floor: f64, f: impl Fn(&[f64]) -> f64) {
        let points = golden(name);
        assert!(points.len() >= 2000, "{name}: {}", points.len());
        let mut worst = (0.0, String::new());
        for point in &points {
            let (want, arguments) = point.split_last().unwrap();
            let got = f(arguments);
            let error = (got - want).abs() / want.abs().max(floor).max(f64::MIN_POSITIVE);
            if error.is_nan() || error > worst.0 {
                worst = (error, format!("at {arguments:?}: got {got:e}, want {want:e}"));
            }
        }
        println!("{name}: worst {:.1e} of {} points", worst.0, points.len());
        assert!(worst.0 <= SPECIAL, "{name}: {worst:?}");
    }

    /// What every function promises on its domain.
    const SPECIAL: f64 = 1e-12;
    /// Relative wherever the function is, near its zeros too.
    const RELATIVE: f64 = 0.0;
    /// Relative to the value where it is at least one, absolute nearer to a zero: the function is a
    /// sum of terms of either sign, and crosses zero along a curve.
    pub(crate) const ABSOLUTE_NEAR_ZERO: f64 = 1.0;

    /// At 50 digits, over the domains of `tests/golden/special_functions.py`.
    #[test]
    fn two_thousand_points_each() {
        worst("ln_gamma", RELATIVE, |z| ln_gamma(z[0]));
        worst("ln_gamma_1p", RELATIVE, |z| ln_gamma_1p(z[0]));
        worst("trigamma", RELATIVE, |z| trigamma(z[0]));
        worst("ln_beta", ABSOLUTE_NEAR_ZERO, |z| ln_beta(z[0], z[1]));
        worst("ln_rising", ABSOLUTE_NEAR_ZERO, |z| ln_rising(z[0], z[1] as u32));
        worst("digamma_rise", RELATIVE, |z| digamma_rise(z[0], z[1] as u32));
        worst("trigamma_fall", RELATIVE, |z| trigamma_fall(z[0], z[1] as u32));
        worst("digamma_gain", RELATIVE, |z| digamma_gain(z[0], z[1]));
        worst("trigamma_loss", RELATIVE, |z| trigamma_loss(z[0], z[1]));
        worst("normal_quantile", RELATIVE, |z| normal_quantile(z[0]));
    }

    /// Abramowitz & Stegun, table 6.1; `ψ'(1) = π²/6`, `ψ'(½) = π²/2`, and `ψ(2) - ψ(1) = 1`.
    #[test]
    fn gamma_functions_at_their_known_points() {
        let pi = std::f64::consts::PI;
        close(digamma_gain(1.0, 1.0), 1.0, LAST_DIGITS);
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

    /// Against the sum of its terms, also where both factorials agree in all digits.
    #[test]
    fn a_ratio_of_rising_factorials_keeps_its_digits() {
        for z in [1e-6, 0.3, 9.0, 150.0, 1e5, 1e8] {
            for a in [1e-6, 0.7, 30.0, 1e4, 1e8] {
                for n in [0, 1, 24, 25, 300, 5000] {
                    let mut sum = 0.0;
                    for i in 0..n {
                        sum += ln_1p(a / (z + f64::from(i)));
                    }
                    let got = ln_rising_ratio(z, a, n);
                    assert!((got - sum).abs() <= 2e-12 * sum, "{z} {a} {n}: {got}, not {sum}");
                }
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
