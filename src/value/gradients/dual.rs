//! Numbers that carry their first and second derivatives by N variables along.
//!
//! Every rule here is that of school, applied once for each operation; so a likelihood written in
//! them as its paper writes it has exact derivatives without anybody having derived them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::num::real;

/// A value with its gradient and its matrix of second derivatives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dual<const N: usize> {
    pub(super) value: f64,
    pub(super) gradient: [f64; N],
    pub(super) hessian: [[f64; N]; N],
}

impl<const N: usize> From<f64> for Dual<N> {
    fn from(value: f64) -> Self {
        Self { value, gradient: [0.0; N], hessian: [[0.0; N]; N] }
    }
}

impl<const N: usize> Dual<N> {
    /// The variables themselves at a point.
    pub(super) fn variables(at: &[f64; N]) -> [Self; N] {
        std::array::from_fn(|i| {
            let mut variable = Self::from(at[i]);
            variable.gradient[i] = 1.0;
            variable
        })
    }

    /// A function of one variable, given its value and its two derivatives here.
    fn chain(self, value: f64, first: f64, second: f64) -> Self {
        let g = self.gradient;
        Self {
            value,
            gradient: g.map(|slope| first * slope),
            hessian: std::array::from_fn(|i| {
                std::array::from_fn(|j| first * self.hessian[i][j] + second * g[i] * g[j])
            }),
        }
    }

    pub(super) fn exp(self) -> Self {
        let value = real::exp(self.value);
        self.chain(value, value, value)
    }

    pub(super) fn ln(self) -> Self {
        let inverse = 1.0 / self.value;
        self.chain(real::ln(self.value), inverse, -inverse * inverse)
    }

    fn recip(self) -> Self {
        let inverse = 1.0 / self.value;
        self.chain(inverse, -inverse * inverse, 2.0 * inverse * inverse * inverse)
    }

    /// `ln(e^a + e^b)`
    pub(super) fn log_add(self, other: Self) -> Self {
        let (high, low) = if self.value > other.value { (self, other) } else { (other, self) };
        high + (Self::from(1.0) + (low - high).exp()).ln()
    }

    /// `ln[Γ(z+n)/Γ(z)]`, factor by factor.
    pub(super) fn ln_rising(self, n: u32) -> Self {
        (0..n).fold(Self::from(0.0), |sum, i| sum + (self + f64::from(i).into()).ln())
    }

    /// `ln Γ(z)`: Stirling's series where it is exact, shifted there.
    pub(super) fn ln_gamma(self) -> Self {
        const SHIFT: u32 = 25;
        /// `B_2k / (2k (2k - 1))`
        const SERIES: [f64; 6] = [
            1.0 / 12.0,
            -1.0 / 360.0,
            1.0 / 1260.0,
            -1.0 / 1680.0,
            1.0 / 1188.0,
            -691.0 / 360_360.0,
        ];
        let z = self + f64::from(SHIFT).into();
        let half_ln_two_pi = 0.918_938_533_204_672_7;
        let mut sum = (z - 0.5.into()) * z.ln() - z + half_ln_two_pi.into();
        let (inverse, mut power) = (z.recip(), z.recip());
        for coefficient in SERIES {
            sum = sum + Self::from(coefficient) * power;
            power = power * inverse * inverse;
        }
        sum - self.ln_rising(SHIFT)
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            gradient: std::array::from_fn(|i| self.gradient[i] + other.gradient[i]),
            hessian: std::array::from_fn(|i| {
                std::array::from_fn(|j| self.hessian[i][j] + other.hessian[i][j])
            }),
        }
    }
}

impl<const N: usize> Neg for Dual<N> {
    type Output = Self;
    fn neg(self) -> Self {
        self.chain(-self.value, -1.0, 0.0)
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

#[expect(clippy::suspicious_arithmetic_impl, reason = "the product rule is a sum")]
impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (f, g) = (&self, &other);
        Self {
            value: f.value * g.value,
            gradient: std::array::from_fn(|i| f.gradient[i] * g.value + f.value * g.gradient[i]),
            hessian: std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    f.hessian[i][j] * g.value
                        + f.gradient[i] * g.gradient[j]
                        + f.gradient[j] * g.gradient[i]
                        + f.value * g.hessian[i][j]
                })
            }),
        }
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;
    #[expect(clippy::suspicious_arithmetic_impl, reason = "a quotient is a product")]
    fn div(self, other: Self) -> Self {
        self * other.recip()
    }
}
