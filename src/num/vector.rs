//! Exponentials and logarithms for many values at once, the same bits on every machine.
//!
//! Each function is free of branches and of calls, so that a loop over lanes inside a kernel of
//! [`simd`](crate::num::simd) becomes vector instructions. Both are off the true value by at most
//! 2 units in the last place, on their whole domain; subnormal numbers are taken and given.
//!
//! The method is the textbook's: the argument is split into a power of two and a remainder, on
//! which a polynomial does the rest. The coefficients interpolate the function at Chebyshev nodes,
//! computed with 60 digits.

use crate::num::simd::fma;

const LN_2: f64 = std::f64::consts::LN_2;
/// What [`LN_2`] leaves out.
pub(super) const LN_2_REST: f64 = 2.319_046_813_846_299_6e-17;
/// The leading bits of ln 2; times an exponent it is exact.
const LN_2_HIGH: f64 = 0.693_146_705_627_441_4;
const LN_2_LOW: f64 = 4.749_325_039_031_672_6e-7;
/// Above it the exponential overflows.
const EXP_HIGHEST: f64 = 709.782_712_893_384;
/// Below it the exponential is nearer to zero than to the least number.
const EXP_LOWEST: f64 = -745.133_219_101_941_2;
/// Added to a small number, it leaves the nearest integer in the last bits.
pub(super) const ROUNDS: f64 = 6_755_399_441_055_744.0;
const TWO_52: f64 = 4_503_599_627_370_496.0;

/// `(e^r - 1 - r) / r^2` on half of ln 2 either side of zero, to 1.6e-17.
pub(super) const EXP: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_69,
    0.041_666_666_666_624_13,
    0.008_333_333_333_330_062,
    0.001_388_888_891_721_371_7,
    0.000_198_412_698_630_536_18,
    2.480_152_129_595_437_6e-5,
    2.755_726_845_999_706_4e-6,
    2.762_008_844_540_974_6e-7,
    2.510_038_549_551_032e-8,
];

/// `(2 artanh(s) / s - 2) / s^2` as a polynomial in `s^2`, for the logarithm between the square
/// roots of one half and of two, to 5e-18.
pub(super) const LN: [f64; 7] = [
    0.666_666_666_666_667,
    0.399_999_999_998_988_9,
    0.285_714_286_262_538_36,
    0.222_222_110_893_794_96,
    0.181_828_924_325_368_7,
    0.153_316_117_220_550_08,
    0.146_178_071_534_173_25,
];

#[inline(always)]
pub(super) fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut value = coefficients[N - 1];
    for place in (0..N - 1).rev() {
        value = fma(value, x, coefficients[place]);
    }
    value
}

/// `e^x`, for one lane; infinite above 709.78, zero below -745.13.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let shifted = fma(x, std::f64::consts::LOG2_E, ROUNDS);
    let n = shifted - ROUNDS;
    let r = fma(-n, LN_2_REST, fma(-n, LN_2, x));
    let value = fma(r * r, polynomial(&EXP, r), r) + 1.0;
    // Two factors, since 2^n alone may overflow where the result does not.
    let biased = shifted.to_bits().wrapping_add(2048) & 0xfff;
    let half = biased >> 1;
    let first = f64::from_bits((half.wrapping_sub(1)) << 52);
    let second = f64::from_bits((biased.wrapping_sub(half).wrapping_sub(1)) << 52);
    let value = value * first * second;
    let value = if x > EXP_HIGHEST { f64::INFINITY } else { value };
    if x < EXP_LOWEST { 0.0 } else { value }
}

/// The natural logarithm, for one lane; minus infinity at zero, not a number below it.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny { x * TWO_52 } else { x };
    let offset = if tiny { TWO_52 + 1023.0 + 52.0 } else { TWO_52 + 1023.0 };
    // The exponent is cut so that what remains lies between the roots of one half and of two.
    let bits = scaled.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd);
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - offset;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + 0x3fe6_a09e_667f_3bcd);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let tail = fma(s, fma(z, polynomial(&LN, z), half_square), k * LN_2_LOW);
    let value = fma(k, LN_2_HIGH, f - (half_square - tail));
    let value = if x < f64::INFINITY { value } else { x };
    let value = if x < 0.0 { f64::NAN } else { value };
    if x == 0.0 { f64::NEG_INFINITY } else { value }
}

/// `ln(1 + x)`, for one lane; `x` is not negative.
#[inline(always)]
pub(crate) fn ln_1p(x: f64) -> f64 {
    // Below √2 - 1 the series needs no argument that was rounded.
    let s = x / (2.0 + x);
    let z = s * s;
    let near = fma(s * z, polynomial(&LN, z), 2.0 * s);
    if x < std::f64::consts::SQRT_2 - 1.0 { near } else { ln(1.0 + x) }
}

/// `e^x - 1`, for one lane.
#[inline(always)]
pub(crate) fn exp_m1(x: f64) -> f64 {
    let near = fma(x * x, polynomial(&EXP, x), x);
    if x.abs() < 0.5 * LN_2 { near } else { exp(x) - 1.0 }
}

#[cfg(test)]
mod tests {
    use pulp::{Simd, WithSimd};

    use super::*;
    use crate::num::random::{Purpose, Stream};

    /// Units in the last place by which `got` misses `head + tail`.
    fn ulps(got: f64, head: f64) -> f64 {
        if got == head {
            return 0.0;
        }
        let unit = f64::from_bits(head.abs().to_bits() + 1) - head.abs();
        (got - head).abs() / unit
    }

    /// The pure-Rust `libm` is itself within 1, so that one unit beside it is two beside the truth.
    const AGAINST_LIBM: f64 = 1.0;

    #[test]
    fn exponentials_are_within_two_units() {
        let mut stream = Stream::new(5, Purpose::Restart, 0);
        let mut worst = 0.0_f64;
        for i in 0..200_000 {
            let width = [1.0, 30.0, 745.0][i % 3];
            let x = width * (2.0 * stream.uniform() - 1.0);
            worst = worst.max(ulps(exp(x), libm::exp(x)));
        }
        assert!(worst <= AGAINST_LIBM, "{worst}");
    }

    #[test]
    fn logarithms_are_within_two_units() {
        let mut stream = Stream::new(6, Purpose::Restart, 0);
        let mut worst = 0.0_f64;
        for i in 0..200_000 {
            let x = match i % 3 {
                0 => f64::from_bits(stream.below(0x7fef_ffff_ffff_ffff) + 1),
                1 => 2.0 * stream.uniform() + 1e-9,
                _ => 1.0 + 0.01 * (stream.uniform() - 0.5),
            };
            worst = worst.max(ulps(ln(x), libm::log(x)));
        }
        assert!(worst <= AGAINST_LIBM, "{worst}");
    }

    /// Beside one, where a sum or a difference would lose the digits.
    #[test]
    fn near_one_no_digits_are_lost() {
        let mut stream = Stream::new(7, Purpose::Restart, 0);
        let (mut logarithm, mut exponential) = (0.0_f64, 0.0_f64);
        for i in 0..200_000 {
            let x = [1e-12, 1e-3, 0.6, 1e4][i % 4] * stream.uniform();
            logarithm = logarithm.max(ulps(ln_1p(x), libm::log1p(x)));
            let x = -x.min(700.0);
            exponential = exponential.max(ulps(exp_m1(x), libm::expm1(x)));
        }
        assert!(logarithm <= 3.0 && exponential <= 4.0, "{logarithm} {exponential}");
        assert_eq!((ln_1p(0.0), exp_m1(0.0), exp_m1(-1e300)), (0.0, 0.0, -1.0));
        assert_eq!(ln_1p(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn the_ends_of_the_domain() {
        assert_eq!(
            (exp(0.0), exp(f64::INFINITY), exp(f64::NEG_INFINITY)),
            (1.0, f64::INFINITY, 0.0)
        );
        assert_eq!((exp(709.8), exp(-746.0)), (f64::INFINITY, 0.0));
        assert!(exp(709.782).is_finite() && exp(-745.1) > 0.0 && exp(f64::NAN).is_nan());
        assert_eq!((ln(1.0), ln(0.0), ln(-0.0)), (0.0, f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NEG_INFINITY).is_nan() && ln(f64::NAN).is_nan());
        assert_eq!(ln(f64::from_bits(1)), libm::log(f64::from_bits(1)));
    }

    #[test]
    fn every_level_of_instructions_gives_the_same_bits() {
        let values: Vec<f64> = (0..997).map(|i| f64::from(i) * 0.37 - 150.0).collect();
        let exponentials = crate::num::simd::on_every_level(|| Copied(&values));
        for level in &exponentials {
            assert_eq!(level, &exponentials[0]);
        }
    }

    struct Copied<'a>(&'a [f64]);

    impl WithSimd for Copied<'_> {
        type Output = Vec<u64>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Vec<u64> {
            let exponentials = self.0.iter().map(|value| exp(*value).to_bits());
            let logarithms = self.0.iter().map(|value| ln(value.abs() + 1e-310).to_bits());
            exponentials.chain(logarithms).collect()
        }
    }
}
