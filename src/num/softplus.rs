//! The logistic curve and its integral, `ln(1 + e^z)`, for many values at once.
//!
//! A likelihood of two fates asks for both at every row, a hundred thousand times in each step of
//! a fit. Written without branches and tables, the loop below is one that a compiler can run on
//! several numbers together. It uses nothing but the four operations, each rounded once, so that
//! it has the same bits on every machine.

/// The logistic curve at one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fates {
    /// `1 / (1 + e^-z)`, within 2 units in the last place.
    pub(crate) first: f64,
    /// `first · (1 - first)`, without cancellation.
    pub(crate) spread: f64,
    /// `ln(1 + e^z)`, within 3 units in the last place of the larger of itself and 1e-2.
    pub(crate) softplus: f64,
}

/// For arguments below this one the result is that of this one: `e^-708`, near the least normal
/// number.
const LOWEST: f64 = -708.0;
/// Adding it rounds to a whole number and leaves that number in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in two parts, the first with enough zeros at its end that its multiples are exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `1 / n!` from `n = 13` down to 2; the first term left out is below 5e-18 for `|r| <= ln 2 / 2`.
const EXP: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// `2 / (2k + 1)` from `k = 10` down to 1: the series of `ln((1 + s) / (1 - s)) / s` after its
/// first term. With `|s| <= 0.172` the first term left out is below 1e-18.
const LN: [f64; 10] = [
    2.0 / 21.0,
    2.0 / 19.0,
    2.0 / 17.0,
    2.0 / 15.0,
    2.0 / 13.0,
    2.0 / 11.0,
    2.0 / 9.0,
    2.0 / 7.0,
    2.0 / 5.0,
    2.0 / 3.0,
];

/// `e^x` for `x <= 0`, within one unit in the last place.
#[inline(always)]
fn exp_of_negative(x: f64) -> f64 {
    let x = if x > LOWEST { x } else { LOWEST };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let mut series = EXP[0];
    for coefficient in &EXP[1..] {
        series = series * rest + coefficient;
    }
    let series = 1.0 + (rest + rest * rest * series);
    series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// `ln(1 + e)` for `e` from 0 to 1.
#[inline(always)]
fn ln_one_plus(e: f64) -> f64 {
    // Above √2 the argument is halved, so that the series is short: ln(1 + e) = ln 2 +
    // ln((1 + e) / 2).
    let high = e > std::f64::consts::SQRT_2 - 1.0;
    let above = if high { 0.5 * (e - 1.0) } else { e };
    let base = if high { std::f64::consts::LN_2 } else { 0.0 };
    let s = above / (2.0 + above);
    let w = s * s;
    let mut series = LN[0];
    for coefficient in &LN[1..] {
        series = series * w + coefficient;
    }
    base + (2.0 * s + s * w * series)
}

/// The curve at one value.
#[inline(always)]
pub(crate) fn fates(z: f64) -> Fates {
    let e = exp_of_negative(-z.abs());
    let likelier = 1.0 / (1.0 + e);
    let other = e * likelier;
    Fates {
        first: if z > 0.0 { likelier } else { other },
        spread: other * likelier,
        softplus: (if z > 0.0 { z } else { 0.0 }) + ln_one_plus(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::{exp, ln_1p, logistic};

    /// Against the library's functions, which are right to less than a unit in the last place.
    #[test]
    fn the_curve_is_the_library_s() {
        let mut z = -745.0;
        while z < 745.0 {
            let got = fates(z);
            let ulps = |got: f64, want: f64| (got - want).abs() / (want.abs() * f64::EPSILON);
            if z > -708.0 {
                assert!(ulps(got.first, logistic(z)) < 2.0, "{z}");
                let softplus = z.max(0.0) + ln_1p(exp(-z.abs()));
                assert!(ulps(got.softplus, softplus) < 3.0, "{z}: {} {softplus}", got.softplus);
            }
            if z.abs() < 708.0 {
                assert!(ulps(got.spread, logistic(z) * logistic(-z)) < 4.0, "{z}");
            }
            assert!(got.first >= 0.0 && got.first <= 1.0 && got.softplus >= 0.0);
            z += 0.000_917 + z.abs() * 1e-4;
        }
    }

    #[test]
    fn far_out_nothing_overflows() {
        for z in [-1e300, -1e5, 1e5, 1e300, f64::INFINITY] {
            let got = fates(z);
            assert!(got.first == 1.0 || got.first < 1e-300, "{z}");
            assert!(got.spread < 1e-300);
            assert_eq!(got.softplus > 1.0, z > 0.0);
        }
    }

    #[test]
    fn halfway() {
        let got = fates(0.0);
        assert_eq!((got.first, got.spread), (0.5, 0.25));
        assert!((got.softplus - std::f64::consts::LN_2).abs() < 1e-16);
    }
}
