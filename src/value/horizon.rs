//! How far a forecast looks ahead, and what later money is worth today.
//!
//! A discount rate is stated a year and converted once, here, so that no model can mistake a yearly
//! rate for a weekly one.

use serde::Serialize;

use crate::num::real::{exp_m1, ln_1p};
use crate::units::Days;
use crate::value::ValueError;

/// How far ahead: so many days, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// The days after the observation, so many of them.
    Within(Days),
    /// Without an end. Only a discounted forecast has a value then.
    Forever,
}

impl From<Days> for Horizon {
    fn from(days: Days) -> Self {
        Self::Within(days)
    }
}

/// What money a year from now is worth today, as an annual rate: 0.1 makes 1.10 next year worth
/// 1.00 now.
///
/// ```
/// use segmentry::value::Discount;
///
/// assert_eq!(Discount::annual(0.1)?.annual_rate(), 0.1);
/// assert!(Discount::annual(f64::NAN).is_err());
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Discount(f64);

/// Weeks in a year of 365.25 days.
pub(crate) const WEEKS_PER_YEAR: f64 = 365.25 / 7.0;

impl Discount {
    /// Later money is worth as much as money today.
    pub const NONE: Self = Self(0.0);

    /// A rate a year.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless it is finite and not negative.
    pub fn annual(rate: f64) -> Result<Self, ValueError> {
        if rate >= 0.0 && rate.is_finite() {
            return Ok(Self(rate));
        }
        let expected = "finite and not negative";
        Err(ValueError::Param { name: "annual_discount", value: rate, expected })
    }

    /// The rate a year.
    pub fn annual_rate(self) -> f64 {
        self.0
    }

    /// The continuous rate a week, `ln(1 + annual) / 52.18`: the δ of the papers for weekly models.
    pub fn weekly(self) -> f64 {
        ln_1p(self.0) / WEEKS_PER_YEAR
    }
}

/// What one unit a week is worth today over so many weeks, `(1 - e^(-δH)) / δ`.
pub(crate) fn annuity(weeks: f64, discount: f64) -> f64 {
    if discount == 0.0 { weeks } else { -exp_m1(-discount * weeks) / discount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_at_ten_percent() {
        let discount = Discount::annual(0.1).unwrap().weekly();
        assert!((crate::num::real::exp(-discount * WEEKS_PER_YEAR) - 1.0 / 1.1).abs() < 1e-15);
        // (1 - 1/1.1) / ln 1.1 years
        let years = annuity(WEEKS_PER_YEAR, discount) / WEEKS_PER_YEAR;
        assert!((years - 0.953_823_517_023_37).abs() < 1e-14, "{years}");
        assert_eq!(annuity(52.0, 0.0), 52.0);
    }

    #[test]
    fn a_small_discount_is_nearly_none() {
        assert!((annuity(52.0, 1e-18) - 52.0).abs() < 1e-12);
    }

    #[test]
    fn a_rate_must_be_one() {
        for rate in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(Discount::annual(rate).is_err());
        }
    }
}
