//! How long an opportunity or a contract's period is, and what follows from it for horizons and
//! discounts.

use serde::{Deserialize, Serialize};

use crate::num::real::{exp_m1, ln_1p};
use crate::units::{Calendar, Date, Days};
use crate::value::horizon::WEEKS_PER_YEAR;
use crate::value::{Discount, PeriodDiscount, ValueError};

/// What one period is, where purchases or payments are counted by period.
///
/// # Example
///
/// ```
/// use segmentry::units::{Calendar, Days};
/// use segmentry::value::PeriodLength;
///
/// assert_eq!(PeriodLength::from(Calendar::Months).in_a_year(), 12);
/// assert_eq!(PeriodLength::from(Days::new(28)).in_a_year(), 13);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodLength {
    /// A week, month, quarter or year of the calendar.
    Calendar(Calendar),
    /// So many days. Periods are counted back from the end of the observation, so that the last one
    /// is whole.
    Days(Days),
}

impl From<Calendar> for PeriodLength {
    fn from(calendar: Calendar) -> Self {
        Self::Calendar(calendar)
    }
}

impl From<Days> for PeriodLength {
    fn from(days: Days) -> Self {
        Self::Days(days)
    }
}

impl PeriodLength {
    /// How many periods there are in a year, to the nearest whole number, and at least one.
    pub fn in_a_year(self) -> u32 {
        (1.0 / self.years()).round().max(1.0) as u32
    }

    /// Checks that a period has a length.
    pub(super) fn validate(self) -> Result<(), ValueError> {
        if self != Self::Days(Days::new(0)) {
            return Ok(());
        }
        Err(ValueError::Param { name: "period", value: 0.0, expected: "at least one day" })
    }

    /// The mean length in years of 365.25 days.
    fn years(self) -> f64 {
        match self {
            Self::Calendar(Calendar::Weeks) => 1.0 / WEEKS_PER_YEAR,
            Self::Calendar(Calendar::Months) => 1.0 / 12.0,
            Self::Calendar(Calendar::Quarters) => 0.25,
            Self::Calendar(Calendar::Years) => 1.0,
            Self::Days(days) => f64::from(days.count()) / 365.25,
        }
    }

    /// So many periods in weeks.
    pub(super) fn in_weeks(self, periods: u32) -> f64 {
        f64::from(periods) * self.years() * WEEKS_PER_YEAR
    }

    /// So many periods in days, to the nearest whole one.
    pub(super) fn in_days(self, periods: u32) -> Days {
        Days::new((f64::from(periods) * self.years() * 365.25).round() as u32)
    }

    /// An annual rate for one period.
    pub(super) fn discount(self, discount: Discount) -> Result<PeriodDiscount, ValueError> {
        PeriodDiscount::per_period(exp_m1(ln_1p(discount.annual_rate()) * self.years()))
    }

    /// The period of every day of a window, and how many periods end in it.
    pub(super) fn places(self, from: Date, until: Date) -> (Vec<u32>, u32) {
        let days = until.days_since(from) as u32 + 1;
        match self {
            Self::Days(length) => {
                let length = length.count().max(1);
                let lead = (length - days % length) % length;
                let place = |day| (u64::from(day) + u64::from(lead)) / u64::from(length);
                let places: Vec<u32> = (0..days).map(|day| place(day) as u32).collect();
                (places, days.div_ceil(length))
            }
            Self::Calendar(calendar) => {
                let (mut places, mut closed) = (Vec::with_capacity(days as usize), 0);
                for (place, period) in calendar.periods(from, until).enumerate() {
                    let end = period.last_day().min(until).days_since(from) as usize + 1;
                    places.resize(end, place as u32);
                    closed += u32::from(period.last_day() <= until);
                }
                (places, closed)
            }
        }
    }
}

/// A [`PeriodLength`] as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SavedPeriodLength {
    Weeks,
    Months,
    Quarters,
    Years,
    Days(u32),
}

impl From<PeriodLength> for SavedPeriodLength {
    fn from(length: PeriodLength) -> Self {
        match length {
            PeriodLength::Calendar(Calendar::Weeks) => Self::Weeks,
            PeriodLength::Calendar(Calendar::Months) => Self::Months,
            PeriodLength::Calendar(Calendar::Quarters) => Self::Quarters,
            PeriodLength::Calendar(Calendar::Years) => Self::Years,
            PeriodLength::Days(days) => Self::Days(days.count()),
        }
    }
}

impl From<SavedPeriodLength> for PeriodLength {
    fn from(saved: SavedPeriodLength) -> Self {
        match saved {
            SavedPeriodLength::Weeks => Self::Calendar(Calendar::Weeks),
            SavedPeriodLength::Months => Self::Calendar(Calendar::Months),
            SavedPeriodLength::Quarters => Self::Calendar(Calendar::Quarters),
            SavedPeriodLength::Years => Self::Calendar(Calendar::Years),
            SavedPeriodLength::Days(days) => Self::Days(Days::new(days)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_counted_back_from_the_end() {
        let (places, closed) =
            PeriodLength::Days(Days::new(7)).places(date("2024-01-01"), date("2024-01-16"));
        assert_eq!(places, [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(closed, 3);
    }

    #[test]
    fn a_period_of_the_calendar_is_closed_by_its_last_day() {
        let months = PeriodLength::Calendar(Calendar::Months);
        let closed = |until| months.places(date("2024-01-10"), date(until)).1;
        assert_eq!((closed("2024-02-28"), closed("2024-02-29")), (1, 2));
        let (places, _) = months.places(date("2024-01-31"), date("2024-02-01"));
        assert_eq!(places, [0, 1]);
    }

    #[test]
    fn a_year_is_twelve_months_for_money_too() {
        let months = PeriodLength::Calendar(Calendar::Months);
        let rate = months.discount(Discount::annual(0.1).unwrap()).unwrap().rate();
        assert!((12.0 * ln_1p(rate) - ln_1p(0.1)).abs() < 1e-15);
        assert_eq!(months.in_days(12), Days::new(365));
        assert!((months.in_weeks(12) - WEEKS_PER_YEAR).abs() < 1e-12);
        assert!(PeriodLength::Days(Days::new(0)).validate().is_err());
    }
}
