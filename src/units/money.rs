//! An amount of money, finite by construction.
//!
//! There is no currency in it and so no conversion: a data set has one currency, and mixing two is
//! found while the data are read. Sums over transactions are exact elsewhere, as whole minor units;
//! `Money` is for values and estimates.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use serde::Serialize;

use crate::units::UnitError;

/// A finite amount of money in major units (euros, not cents).
///
/// It has no `Eq`, because it is a floating number underneath.
///
/// # Example
///
/// ```
/// use segmentry::units::Money;
///
/// let spend = Money::new(29.33)? + Money::new(14.96)?;
/// assert_eq!(spend.to_string(), "44.29");
/// assert!(Money::new(f64::NAN).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
#[serde(transparent)]
pub struct Money(f64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0.0);

    /// An amount in major units.
    ///
    /// # Errors
    ///
    /// [`UnitError::MoneyNotFinite`] for NaN and the infinities.
    pub fn new(amount: f64) -> Result<Self, UnitError> {
        if amount.is_finite() {
            Ok(Self(amount + 0.0)) // -0 becomes 0
        } else {
            Err(UnitError::MoneyNotFinite { value: amount })
        }
    }

    /// An amount of whole minor units, `digits` of which make the decimals: 2933 with two digits is
    /// 29.33.
    ///
    /// ```
    /// # use segmentry::units::Money;
    /// assert_eq!(Money::from_minor(2933, 2).amount(), 29.33);
    /// ```
    pub fn from_minor(minor: i64, digits: u8) -> Self {
        Self(minor as f64 / minor_units(digits))
    }

    /// Sums of minor units, which may be larger than any single amount.
    pub(crate) fn from_whole(minor: i128, digits: u8) -> Self {
        Self(minor as f64 / minor_units(digits))
    }

    /// The number of whole minor units that is nearest.
    pub(crate) fn to_whole(self, digits: u8) -> i128 {
        (self.0 * minor_units(digits)).round() as i128
    }

    /// The number of major units.
    pub fn amount(self) -> f64 {
        self.0
    }

    /// For values that are finite by their making; anything else is pinned to the nearest finite
    /// amount.
    pub(crate) fn finite(amount: f64) -> Self {
        debug_assert!(amount.is_finite(), "made of finite parts");
        Self(if amount.is_nan() { 0.0 } else { amount.clamp(f64::MIN, f64::MAX) })
    }
}

/// How many minor units make a major one.
pub(crate) fn minor_units(digits: u8) -> f64 {
    // Powers of ten up to 22 are exact in a double.
    let mut units = 1.0;
    for _ in 0..digits {
        units *= 10.0;
    }
    units
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.*}", f.precision().unwrap_or(2), self.0);
        let negative = text.starts_with('-') && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
        let text = if negative { &text } else { text.trim_start_matches('-') };
        // Not `pad`: it would take the precision for a length and cut the text.
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::finite(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::finite(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(0.0 - self.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_amounts() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(Money::new(bad), Err(UnitError::MoneyNotFinite { .. })));
        }
    }

    #[test]
    fn prints_two_decimals_and_no_negative_zero() {
        assert_eq!(Money::new(-0.001).unwrap().to_string(), "0.00");
        assert_eq!(Money::new(-5.2).unwrap().to_string(), "-5.20");
        assert_eq!(format!("{:>8}", Money::new(3.0).unwrap()), "    3.00");
        assert_eq!(format!("{:.0}", Money::new(1234.5).unwrap()), "1234");
    }

    #[test]
    fn minor_units_are_exact() {
        assert_eq!(Money::from_minor(i64::from(i32::MAX), 2).amount(), 21_474_836.47);
        assert_eq!(Money::from_minor(-7, 0).amount(), -7.0);
    }
}
