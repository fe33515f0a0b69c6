//! Discounted sums of `(b)_i / (a+b)_i`, the powers of a beta-distributed probability: finite ones,
//! and those without an end, which are a hypergeometric function.
//!
//! The powers fall like `i^-a`, so that a plain sum may need millions of terms; the continued
//! fraction used instead has positive terms only, and its last two values enclose the sum.

use crate::num::real::{exp, ln_1p};
use crate::num::special::ln_rising_ratio;

/// `Σ q^i (b)_i / (a+b)_i` over `i = 0, 1, ..` without an end, for positive `a` and `b` and
/// `q = 1 / (1 + rate)`: the expectation of `1 / (1 - q (1 - θ))` for `θ ~ Beta(a, b)`.
///
/// `None` where it is infinite: without a discount for `a` of 1 or less. The series is
/// `2F1(1, b; a+b; q)`; by Pfaff's transformation it is `(1 + 1/rate) 2F1(1, a; a+b; -1/rate)`,
/// of which Gauss's continued fraction (Abramowitz & Stegun 15.3.4; Wall 1948, section 89) has
/// coefficients of one sign.
pub(crate) fn endless(a: f64, b: f64, rate: f64) -> Option<f64> {
    if rate == 0.0 {
        return (a > 1.0).then(|| (a + b - 1.0) / (a - 1.0));
    }
    let w = 1.0 / rate;
    let c = a + b;
    // Lentz's method. Numerators alternate between the two families of coefficients.
    let (mut value, mut upper, mut lower) = (1.0, 1.0, 0.0);
    for m in 0..MAX_PAIRS {
        let m = m as f64;
        let odd = if m == 0.0 {
            a / c
        } else {
            (a + m) / (c + 2.0 * m - 1.0) * ((c + m - 1.0) / (c + 2.0 * m))
        };
        let even = (m + 1.0) / (c + 2.0 * m) * ((b + m) / (c + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [odd * w, even * w] {
            upper = 1.0 + coefficient / upper;
            lower = 1.0 / (1.0 + coefficient * lower);
            change = upper * lower;
            value *= change;
        }
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    Some((1.0 + w) / value)
}

/// For a rate of 1e-9, the least that callers may ask for, the fraction needs some 600,000 pairs.
const MAX_PAIRS: u32 = 10_000_000;

/// The first `count` terms of the same sum.
///
/// # Cost
///
/// Linear in `count`, until the terms have become too small to matter. Of a long sum that the
/// discount bounds, the rest is taken off the endless one instead.
pub(crate) fn finite(a: f64, b: f64, rate: f64, count: u32) -> f64 {
    // From here on the difference of two endless sums is a hundredth of them at least, so that it
    // loses two digits of sixteen at most.
    if count > LONG && rate * f64::from(count) > 0.01 {
        let n = f64::from(count);
        let kept = exp(-n * ln_1p(rate) - ln_rising_ratio(b, a, count));
        if let (Some(all), Some(rest)) = (endless(a, b, rate), endless(a, b + n, rate)) {
            return all - kept * rest;
        }
    }
    let q = 1.0 / (1.0 + rate);
    let (mut total, mut term) = (0.0, 1.0);
    for i in 0..count {
        total += term;
        let i = f64::from(i);
        term *= q * ((b + i) / (a + b + i));
        // What is left is less than so many terms of this size.
        let left = f64::from(count).min(if rate > 0.0 { 1.0 / rate } else { f64::INFINITY });
        if term * left < NEGLIGIBLE * total {
            break;
        }
    }
    total
}

/// Sums longer than this are worth two continued fractions.
const LONG: u32 = 65_536;

/// A share of a sum that leaves its last digit alone.
const NEGLIGIBLE: f64 = 1e-18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::ln;

    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
    }

    /// `2F1(1, 1; 2; q) = -ln(1 - q) / q`, and a certain loss or stay.
    #[test]
    fn sums_with_a_closed_form() {
        for rate in [1e-9, 1e-6, 1e-3, 0.1, 1.0, 30.0] {
            let q = 1.0 / (1.0 + rate);
            close(endless(1.0, 1.0, rate).unwrap(), ln((1.0 + rate) / rate) / q, 2e-12);
        }
        close(endless(1e-9, 1e9, 0.1).unwrap(), 11.0, 1e-12);
        close(endless(1e9, 1e-9, 0.1).unwrap(), 1.0, 1e-12);
    }

    #[test]
    fn without_a_discount_only_a_mean_that_exists() {
        assert_eq!(endless(1.0, 3.0, 0.0), None);
        assert_eq!(endless(3.0, 4.0, 0.0), Some(3.0));
        // The mean is the limit.
        close(endless(3.0, 4.0, 1e-9).unwrap(), 3.0, 1e-7);
        let hundred_of_equal_shapes = finite(1e-9, 1e9, 0.0, 100);
        close(hundred_of_equal_shapes, 100.0, 1e-14);
    }

    #[test]
    fn a_long_sum_is_the_same_both_ways() {
        for (a, b, rate) in [(0.3, 2.0, 1e-6), (1.0, 50.0, 1e-5), (2.5, 1e5, 2e-7)] {
            let at = |count| finite(a, b, rate, count);
            let mut sum = at(LONG);
            let mut term = exp(-f64::from(LONG) * ln_1p(rate) - ln_rising_ratio(b, a, LONG));
            for i in LONG..2 * LONG {
                sum += term;
                term *= (b + f64::from(i)) / ((1.0 + rate) * (a + b + f64::from(i)));
            }
            close(at(2 * LONG), sum, 1e-11);
        }
    }

    #[test]
    fn the_fraction_is_the_sum() {
        for a in [1e-4, 0.3, 1.0, 40.0, 1e6] {
            for b in [1e-4, 0.7, 3.0, 500.0, 1e6] {
                for rate in [1e-3, 0.1, 1.0] {
                    let whole = endless(a, b, rate).unwrap();
                    close(finite(a, b, rate, u32::MAX), whole, 1e-13);
                    // The sum falls apart into its beginning and a later one.
                    let begin = finite(a, b, rate, 3);
                    let q = exp(-3.0 * ln(1.0 + rate));
                    let kept = (0..3)
                        .fold(q, |kept, i| kept * (b + f64::from(i)) / (a + b + f64::from(i)));
                    close(begin + kept * endless(a, b + 3.0, rate).unwrap(), whole, 1e-12);
                }
            }
        }
    }
}
