//! The logistic curve and its integral, `ln(1 + e^z)`, for many values at once.
//!
//! A likelihood of two fates asks for both at every row, a hundred thousand times in each step of
//! a fit. They are written without branches and tables, for use inside a kernel of
//! [`simd`](crate::num::simd), where a loop over them becomes vector instructions.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

use crate::num::simd::fma;
use crate::num::vector::{EXP, LN, LN_2_REST, ROUNDS, polynomial};

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

/// `e^x` for `x <= 0`, within one unit in the last place.
#[inline(always)]
fn exp_of_negative(x: f64) -> f64 {
    let x = if x > LOWEST { x } else { LOWEST };
    let shifted = fma(x, LOG2_E, ROUNDS);
    let whole = shifted - ROUNDS;
    let rest = fma(-whole, LN_2_REST, fma(-whole, LN_2, x));
    let series = 1.0 + fma(rest * rest, polynomial(&EXP, rest), rest);
    series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// `ln(1 + e)` for `e` from 0 to 1.
#[inline(always)]
fn ln_one_plus(e: f64) -> f64 {
    // Above √2 the argument is halved, so that the series is short: ln(1 + e) = ln 2 +
    // ln((1 + e) / 2).
    let high = e > SQRT_2 - 1.0;
    let above = if high { 0.5 * (e - 1.0) } else { e };
    let base = if high { LN_2 } else { 0.0 };
    let s = above / (2.0 + above);
    let w = s * s;
    base + fma(s * w, polynomial(&LN, w), 2.0 * s)
}

/// The curve at one value; for kernels, as [`fma`].
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
