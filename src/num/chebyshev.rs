//! Chebyshev series: a smooth function of one variable on an interval, from a few of its values.
//!
//! Where the same function is wanted at thousands of places, a dozen evaluations and a short
//! polynomial give it to the last digits; the coefficients themselves tell whether they do.

use std::f64::consts::PI;

use crate::num::simd::fma;

/// A function on an interval as a sum of Chebyshev polynomials.
#[derive(Debug, Clone)]
pub(crate) struct Chebyshev {
    middle: f64,
    half: f64,
    coefficients: Vec<f64>,
}

/// How many values are taken, until they are enough.
const SIZES: [usize; 4] = [10, 20, 40, 80];
/// The last coefficients may be so much of the first, which is the mean of the function: what is
/// left out is as small.
const ENOUGH: f64 = 2e-14;

impl Chebyshev {
    /// The series of a positive function from `low` to `high`; `None` where eighty values do not
    /// settle it.
    pub(crate) fn fit(low: f64, high: f64, f: impl Fn(f64) -> f64) -> Option<Self> {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        if half <= 0.0 {
            return Some(Self { middle, half: 1.0, coefficients: vec![f(middle)] });
        }
        SIZES.into_iter().find_map(|n| {
            let cosines: Vec<f64> =
                (0..4 * n).map(|k| libm::cos(PI * k as f64 / (2 * n) as f64)).collect();
            let values: Vec<f64> = (0..n).map(|j| f(middle + half * cosines[2 * j + 1])).collect();
            let coefficient = |k: usize| {
                let mut total = 0.0;
                for (j, value) in values.iter().enumerate() {
                    total += value * cosines[k * (2 * j + 1) % (4 * n)];
                }
                total * if k == 0 { 1.0 } else { 2.0 } / n as f64
            };
            let coefficients: Vec<f64> = (0..n).map(coefficient).collect();
            // Written so that coefficients that are no numbers settle nothing.
            let settled = coefficients[n - 3..].iter().all(|c| c.abs() <= ENOUGH * coefficients[0]);
            settled.then_some(Self { middle, half, coefficients })
        })
    }

    /// The values at each of some places; for kernels of [`simd`](crate::num::simd).
    #[inline(always)]
    pub(crate) fn at_each<const N: usize>(&self, places: &[f64; N]) -> [f64; N] {
        let (mut twice, mut after, mut now) = ([0.0; N], [0.0; N], [0.0; N]);
        for lane in 0..N {
            twice[lane] = 2.0 * (places[lane] - self.middle) / self.half;
        }
        for coefficient in self.coefficients[1..].iter().rev() {
            for lane in 0..N {
                let next = fma(twice[lane], now[lane], coefficient - after[lane]);
                (after[lane], now[lane]) = (now[lane], next);
            }
        }
        for lane in 0..N {
            now[lane] = self.coefficients[0] + fma(0.5 * twice[lane], now[lane], -after[lane]);
        }
        now
    }

    /// The value at `x`, by Clenshaw's recurrence.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let twice = 2.0 * (x - self.middle) / self.half;
        let (mut after, mut now) = (0.0, 0.0);
        for coefficient in self.coefficients[1..].iter().rev() {
            (after, now) = (now, coefficient + twice * now - after);
        }
        self.coefficients[0] + 0.5 * twice * now - after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::exp;

    #[test]
    fn smooth_functions_are_met_to_the_last_digits() {
        let series = Chebyshev::fit(-1.0, 3.0, exp).unwrap();
        for i in 0..=100 {
            let x = -1.0 + 0.04 * f64::from(i);
            assert!((series.at(x) - exp(x)).abs() < 1e-12, "{x}");
            assert!((series.at_each(&[x; 2])[1] - exp(x)).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn a_kink_is_noticed() {
        assert!(Chebyshev::fit(-1.0, 1.0, |x| (x - 0.1).abs()).is_none());
        assert!(Chebyshev::fit(0.0, 30.0, |x| exp(-40.0 * x)).is_none());
        assert!(Chebyshev::fit(-1.0, 1.0, |_| f64::NAN).is_none());
    }

    #[test]
    fn a_point_is_an_interval() {
        let series = Chebyshev::fit(2.0, 2.0, |x| x * x).unwrap();
        assert_eq!(series.at(2.0), 4.0);
    }
}
