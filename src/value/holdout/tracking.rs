//! Repeat purchases week by week, as they happened and as a model expects them of customers of
//! whom it knows nothing but the day of their first purchase.
//!
//! The tracking plot of the literature (Fader, Hardie & Lee 2005): in the calibration it shows the
//! fit, in the holdout whether the model knows how a cohort slows down.

use serde::Serialize;

use crate::data::{CustomerHistory, DataError};
use crate::units::{Date, Days};

/// Repeat purchases of all customers week by week, from the first day to the end of the holdout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tracking {
    /// Who made the forecast.
    pub forecaster: String,
    /// The last day of the calibration.
    pub calibrated_until: Date,
    /// The weeks, of seven days from the first day of the observation; the last may be cut.
    pub weeks: Vec<TrackedWeek>,
}

/// One week of a [`Tracking`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrackedWeek {
    /// Its last day.
    pub until: Date,
    /// Repeat purchases in it.
    pub actual: u64,
    /// Repeat purchases that the model expects in it.
    pub expected: f64,
    /// Repeat purchases up to its end.
    pub cumulative_actual: u64,
    /// Expected ones up to its end.
    pub cumulative_expected: f64,
}

impl Tracking {
    /// The largest share by which the cumulative expectation is off in the holdout; `None` where
    /// nobody bought again.
    pub fn largest_error(&self) -> Option<f64> {
        let error = |week: &TrackedWeek| {
            (week.cumulative_actual > 0)
                .then(|| (week.cumulative_expected / week.cumulative_actual as f64 - 1.0).abs())
        };
        let held_out = self.weeks.iter().filter(|week| week.until > self.calibrated_until);
        held_out.filter_map(error).max_by(f64::total_cmp)
    }

    /// `expected_of_new` is the expected number of repeat purchases so many days after the first
    /// purchase.
    pub(super) fn new(
        forecaster: &str,
        history: &CustomerHistory,
        expected_of_new: impl Fn(Days) -> f64,
    ) -> Result<Self, DataError> {
        let days = history.purchase_days()?;
        let held_out = history.held_out()?;
        let later = held_out.purchase_days()?;
        let start = history.observed_from().day_number();
        let length = (held_out.until().day_number() - start + 1).max(1) as usize;
        let week_of = |date: Date| ((date.day_number() - start) / 7) as usize;
        let mut actual = vec![0u64; length.div_ceil(7)];
        let mut acquired = vec![0u64; length];
        for row in 0..history.n_customers() {
            let first = history.first_purchase(row);
            acquired[(first.day_number() - start) as usize] += 1;
            for day in days.of(row).chain(later.of(row)) {
                if day.is_purchase() && day.day() > first {
                    actual[week_of(day.day())] += 1;
                }
            }
        }
        let since_first: Vec<f64> =
            (0..length).map(|days| expected_of_new(Days::new(days as u32))).collect();
        let (mut so_far, mut expected_so_far) = (0, 0.0);
        let weeks = actual.iter().enumerate().map(|(week, &actual)| {
            let last = ((week + 1) * 7).min(length) - 1;
            // Each day's newcomers have lived as many days as have passed since.
            let mut expected = 0.0;
            for (day, &customers) in acquired[..=last].iter().enumerate() {
                if customers > 0 {
                    expected += customers as f64 * since_first[last - day];
                }
            }
            so_far += actual;
            let in_week = expected - std::mem::replace(&mut expected_so_far, expected);
            TrackedWeek {
                until: Date::from_day_number(start + last as i32).unwrap_or(held_out.until()),
                actual,
                expected: in_week,
                cumulative_actual: so_far,
                cumulative_expected: expected,
            }
        });
        let weeks = weeks.collect();
        let calibrated_until = history.observed_until();
        Ok(Self { forecaster: forecaster.to_owned(), calibrated_until, weeks })
    }
}
