//! Forecasts in periods instead of days: how many of them, and what the next one's money is worth.
//!
//! Models of opportunities and of renewals count periods, and do not know how long one is. A rate
//! stated a year is turned into one for a period once, here.

use serde::Serialize;

use crate::num::real::{exp_m1, ln_1p};
use crate::units::Days;
use crate::value::{Discount, ValueError};

/// How far ahead: so many opportunities or renewals, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodHorizon {
    /// The next ones, so many of them.
    Within(u32),
    /// Without an end.
    Forever,
}

/// What money one period from now is worth today: at a rate of 0.1, 1.10 in the next period are
/// worth 1.00 now.
///
/// ```
/// use segmentry::units::Days;
/// use segmentry::value::{Discount, PeriodDiscount};
///
/// let monthly = PeriodDiscount::of(Discount::annual(0.1)?, Days::new(30))?;
/// assert!((monthly.rate() - 0.007_859).abs() < 5e-7); // 1.1^(30/365.25) - 1
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PeriodDiscount(f64);

/// Below this rate a sum without an end would take seconds, and is a billion periods long.
const LEAST_RATE: f64 = 1e-9;

impl PeriodDiscount {
    /// Later money is worth as much as money today.
    pub const NONE: Self = Self(0.0);

    /// A rate a period: d of the papers.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless it is 0, or finite and at least 1e-9.
    pub fn per_period(rate: f64) -> Result<Self, ValueError> {
        if rate == 0.0 || (rate >= LEAST_RATE && rate.is_finite()) {
            return Ok(Self(rate));
        }
        let expected = "0, or finite and at least 1e-9";
        Err(ValueError::Param { name: "period_discount", value: rate, expected })
    }

    /// An annual rate, for periods of this length: `(1 + annual)^(days / 365.25) - 1`.
    ///
    /// # Errors
    ///
    /// As [`per_period`](Self::per_period).
    pub fn of(discount: Discount, period: Days) -> Result<Self, ValueError> {
        let years = f64::from(period.count()) / 365.25;
        Self::per_period(exp_m1(ln_1p(discount.annual_rate()) * years))
    }

    /// What one unit at the end of each of so many periods is worth at the start of the first.
    pub(super) fn annuity(self, periods: u32) -> f64 {
        let periods = f64::from(periods);
        if self.0 == 0.0 { periods } else { -exp_m1(-periods * ln_1p(self.0)) / self.0 }
    }

    /// The rate a period.
    pub fn rate(self) -> f64 {
        self.0
    }
}

/// A forecast that has no value: without an end, without a discount, and with an infinite mean.
pub(super) fn endless_without_discount() -> ValueError {
    let expected = "greater than 0 for a horizon without an end under these parameters";
    ValueError::Param { name: "period_discount", value: 0.0, expected }
}

/// Positive and finite, as every parameter of a beta distribution must be.
pub(super) fn check_shapes<const N: usize>(
    names: [&'static str; N],
    values: [f64; N],
) -> Result<(), ValueError> {
    for (name, value) in names.into_iter().zip(values) {
        if !(value > 0.0 && value.is_finite()) {
            let expected = "finite and greater than 0";
            return Err(ValueError::Param { name, value, expected });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_must_be_one() {
        for rate in [-0.1, f64::NAN, f64::INFINITY, 1e-12] {
            assert!(PeriodDiscount::per_period(rate).is_err(), "{rate}");
        }
        assert_eq!(PeriodDiscount::per_period(0.0).unwrap(), PeriodDiscount::NONE);
    }

    #[test]
    fn an_annuity_is_the_sum_of_its_payments() {
        let discount = PeriodDiscount::per_period(0.25).unwrap();
        assert!((discount.annuity(3) - (0.8 + 0.64 + 0.512)).abs() < 1e-15);
        assert_eq!(PeriodDiscount::NONE.annuity(7), 7.0);
    }

    #[test]
    fn years_of_periods_are_years() {
        let annual = Discount::annual(0.21).unwrap();
        let rate = PeriodDiscount::of(annual, Days::new(1461)).unwrap().rate();
        assert!((rate - (1.21_f64 * 1.21 * 1.21 * 1.21 - 1.0)).abs() < 1e-14, "{rate}");
    }
}
