//! Forecasts held against time that no model has seen.
//!
//! A history that was read with [`HistorySpec::holdout_until`] knows what customers did after its
//! observation. A forecast made from the observation is scored on that, beside rules that need no
//! model; where the model is not better than they are, the report says so.
//!
//! [`HistorySpec::holdout_until`]: crate::data::HistorySpec::holdout_until

mod baselines;
mod score;
mod tracking;

use std::fmt;

use serde::Serialize;

pub use baselines::Baseline;
pub use score::{Calibration, ForecastScore, Quantity};
pub use tracking::{TrackedWeek, Tracking};

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::interval::two_sided;
use crate::units::{Date, Days};
use crate::value::ValueError;

/// What customers did in a holdout, ready to judge forecasts of it.
///
/// | setting | default | reason |
/// |---|---|---|
/// | hiatus | half a year | a guess: it should be the one that your own business works with |
/// | level | 95 % | of the interval of the difference from a baseline |
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::units::Date;
/// use segmentry::value::{HoldoutTest, Quantity};
/// use segmentry::work::Work;
///
/// let day = |m, d| Date::from_ymd(2024, m, d).unwrap();
/// let log = [
///     Transaction::new("eve", day(1, 1), 20.0),
///     Transaction::new("eve", day(1, 11), 5.0),
///     Transaction::new("eve", day(2, 10), 6.0),
///     Transaction::new("ida", day(1, 5), 9.0),
/// ];
/// let spec = HistorySpec::new()
///     .observed_until(day(1, 31))
///     .holdout_until(day(3, 1))
///     .purchase_days();
/// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
/// let test = HoldoutTest::of(&history)?;
/// let score = test.score("a guess", Quantity::Purchases, &[0.5, 0.1])?;
/// assert_eq!((score.forecast, score.actual), (0.6, 1.0));
/// assert_eq!(score.rank_gini, Some(1.0)); // whoever bought was put first
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HoldoutTest<'a> {
    history: &'a CustomerHistory,
    length: Days,
    purchases: Vec<f64>,
    spend: Vec<f64>,
    repeat_purchases: Vec<u32>,
    hiatus: Days,
    level: f64,
}

/// A forecast beside the baselines.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HoldoutReport {
    /// The last day of the calibration.
    pub calibrated_until: Date,
    /// The last day of the holdout.
    pub holdout_until: Date,
    /// How the forecast did.
    pub score: ForecastScore,
    /// How each baseline did, and whether the forecast beat it.
    pub baselines: Vec<Comparison>,
}

/// A forecast against one baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Which baseline.
    pub baseline: Baseline,
    /// How it did.
    pub score: ForecastScore,
    /// Mean over customers of the forecast's squared error less the baseline's: negative where the
    /// forecast is nearer.
    pub difference: f64,
    /// Its interval, by the normal approximation over customers.
    pub interval: [f64; 2],
    /// What follows.
    pub verdict: ForecastVerdict,
}

/// Whether a forecast is better than a rule that needs no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastVerdict {
    /// Its squared errors are smaller, and more than chance explains.
    Better,
    /// The difference could be chance.
    NotToldApart,
    /// Its squared errors are larger, and more than chance explains.
    Worse,
}

impl<'a> HoldoutTest<'a> {
    /// Of a history with a holdout.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where [`HistorySpec::holdout_until`] was not asked for.
    ///
    /// [`HistorySpec::holdout_until`]: crate::data::HistorySpec::holdout_until
    pub fn of(history: &'a CustomerHistory) -> Result<Self, ValueError> {
        let held_out = history.held_out().map_err(ValueError::Data)?;
        let rows = 0..history.n_customers();
        Ok(Self {
            history,
            length: held_out.length(),
            purchases: rows.clone().map(|row| f64::from(held_out.purchases(row))).collect(),
            spend: rows.clone().map(|row| held_out.gross(row).amount()).collect(),
            repeat_purchases: rows.map(|row| history.repeat_purchases(row)).collect(),
            hiatus: Days::weeks(26),
            level: 0.95,
        })
    }

    /// How long somebody must have been silent to count as gone under the hiatus rule.
    #[must_use]
    pub fn hiatus(mut self, silence: Days) -> Self {
        self.hiatus = silence;
        self
    }

    /// The level of the interval on which a verdict rests.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Checks the parameters; [`judge`](Self::judge) calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`].
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        let expected = "between 0 and 1";
        Err(ValueError::Param { name: "level", value: self.level, expected })
    }

    /// How many days the holdout has.
    pub fn length(&self) -> Days {
        self.length
    }

    /// Scores a forecast of each customer, in the order of the history.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where there is not one forecast per customer;
    /// [`ValueError::BadValue`] for one that is not finite.
    pub fn score(
        &self,
        forecaster: &str,
        quantity: Quantity,
        forecast: &[f64],
    ) -> Result<ForecastScore, ValueError> {
        let actual = self.actual(quantity);
        if forecast.len() != actual.len() {
            return Err(ValueError::Length {
                what: "the forecast",
                expected: actual.len(),
                got: forecast.len(),
            });
        }
        if let Some(row) = forecast.iter().position(|value| !value.is_finite()) {
            return Err(ValueError::BadValue { what: "the forecast", row, expected: "finite" });
        }
        let ids = self.history.ids();
        let x = &self.repeat_purchases;
        ForecastScore::new(forecaster, quantity, forecast, actual, ids, x)
    }

    /// Scores a forecast beside the baselines.
    ///
    /// # Errors
    ///
    /// As [`score`](Self::score); [`ValueError::Param`]; [`ValueError::Data`] where
    /// [`HistorySpec::purchase_days`](crate::data::HistorySpec::purchase_days) was not asked for,
    /// which the baseline of the last period needs.
    pub fn judge(
        &self,
        forecaster: &str,
        quantity: Quantity,
        forecast: &[f64],
    ) -> Result<HoldoutReport, ValueError> {
        self.validate()?;
        let score = self.score(forecaster, quantity, forecast)?;
        let held_out = self.history.held_out().map_err(ValueError::Data)?;
        let hiatus = self.hiatus.count();
        let mut baselines = Vec::with_capacity(Baseline::ALL.len());
        for baseline in Baseline::ALL {
            let rule = baseline
                .forecast(quantity, self.history, &held_out, hiatus)
                .map_err(ValueError::Data)?;
            baselines.push(self.compare(baseline, quantity, forecast, &rule)?);
        }
        let calibrated_until = self.history.observed_until();
        Ok(HoldoutReport { calibrated_until, holdout_until: held_out.until(), score, baselines })
    }

    /// Repeat purchases week by week beside the expectation of a model, given as the expected
    /// number so many days after a first purchase.
    ///
    /// # Errors
    ///
    /// [`ValueError::Data`] where purchase days were not asked for.
    pub fn track(
        &self,
        forecaster: &str,
        expected_of_new: impl Fn(Days) -> f64,
    ) -> Result<Tracking, ValueError> {
        Tracking::new(forecaster, self.history, expected_of_new).map_err(ValueError::Data)
    }

    fn actual(&self, quantity: Quantity) -> &[f64] {
        match quantity {
            Quantity::Purchases => &self.purchases,
            Quantity::Spend => &self.spend,
        }
    }

    fn compare(
        &self,
        baseline: Baseline,
        quantity: Quantity,
        forecast: &[f64],
        rule: &[f64],
    ) -> Result<Comparison, ValueError> {
        let actual = self.actual(quantity);
        let n = actual.len();
        let square = |of: &[f64], row: usize| (of[row] - actual[row]) * (of[row] - actual[row]);
        let gap = |row: usize| square(forecast, row) - square(rule, row);
        let difference = blocks::sum(n, gap) / n as f64;
        let spread = blocks::sum(n, |row| (gap(row) - difference) * (gap(row) - difference));
        let error = if n > 1 { (spread / (n as f64 * (n as f64 - 1.0))).sqrt() } else { 0.0 };
        let reach = two_sided(self.level) * error;
        let interval = [difference - reach, difference + reach];
        let verdict = if n < 2 || (interval[0] <= 0.0 && interval[1] >= 0.0) {
            ForecastVerdict::NotToldApart
        } else if difference < 0.0 {
            ForecastVerdict::Better
        } else {
            ForecastVerdict::Worse
        };
        let score = self.score(baseline.name(), quantity, rule)?;
        Ok(Comparison { baseline, score, difference, interval, verdict })
    }
}

impl HoldoutReport {
    /// Whether the forecast beats every baseline, more than chance explains.
    pub fn beats_all(&self) -> bool {
        self.baselines.iter().all(|against| against.verdict == ForecastVerdict::Better)
    }
}

impl fmt::Display for HoldoutReport {
    /// The verdict in a sentence, and a line for each forecaster.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost: Vec<&str> = self
            .baselines
            .iter()
            .filter(|against| against.verdict != ForecastVerdict::Better)
            .map(|against| against.baseline.name())
            .collect();
        let name = &self.score.forecaster;
        if lost.is_empty() {
            writeln!(f, "{name} beats every rule that needs no model")?;
        } else {
            writeln!(f, "{name} does not beat: {}", lost.join(", "))?;
        }
        for score in std::iter::once(&self.score).chain(self.baselines.iter().map(|b| &b.score)) {
            write!(f, "{:>12}: {:.1} of {:.1}", score.forecaster, score.forecast, score.actual)?;
            write!(f, ", root mean squared error {:.4}", score.root_mean_squared_error)?;
            write!(f, ", mean absolute error {:.4}", score.mean_absolute_error)?;
            match score.rank_gini {
                Some(gini) => writeln!(f, ", rank Gini {gini:.3}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for HoldoutTest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoldoutTest").field("history", self.history).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
