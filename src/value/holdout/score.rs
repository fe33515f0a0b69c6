//! How near a forecast came: in all, per customer, in order, and where it leans.
//!
//! Expectations are judged by squared errors, because the mean is what makes those smallest; the
//! absolute error is smallest for the median, which for most customers is "nothing", and is given
//! only because other studies print it.

use serde::Serialize;

use crate::num::blocks;
use crate::num::correlation::midranks;
use crate::units::{CustomerIds, Money};
use crate::value::{ValueError, deciles};

/// What is forecast of each customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quantity {
    /// How many purchases in the holdout.
    Purchases,
    /// What the customer spends in the holdout, returns not taken off.
    Spend,
}

/// A forecast beside what then happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ForecastScore {
    /// Who made the forecast.
    pub forecaster: String,
    /// Of what.
    pub quantity: Quantity,
    /// The forecast in all.
    pub forecast: f64,
    /// What happened in all.
    pub actual: f64,
    /// Mean over customers of the absolute error.
    pub mean_absolute_error: f64,
    /// Root of the mean over customers of the squared error.
    pub root_mean_squared_error: f64,
    /// How well the forecast puts customers in order: the Gini index of the actual values along
    /// the order of the forecast, over the one along their own order. One is the right order,
    /// zero is chance, and it may be negative. `None` where all actual values are equal.
    pub rank_gini: Option<f64>,
    /// Forecast and actual by tenth of the forecast, the highest first.
    pub by_decile: Vec<Calibration>,
    /// Forecast and actual by repeat purchases in the calibration: 0, 1, .. 6, and 7 or more.
    pub by_repeat_purchases: Vec<Calibration>,
}

/// Forecast and actual of one group of customers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// Which group: a decile from 1, or a number of repeat purchases.
    pub group: u32,
    /// How many customers.
    pub customers: u64,
    /// Their mean forecast.
    pub forecast: f64,
    /// Their mean actual value.
    pub actual: f64,
}

/// Repeat purchases from which on customers are one group, as the literature prints it.
pub(super) const OR_MORE: u32 = 7;

impl ForecastScore {
    /// The forecast in all over the actual one, less one: -0.1 is a tenth too low. `None` where
    /// nothing happened.
    pub fn bias(&self) -> Option<f64> {
        (self.actual != 0.0).then(|| self.forecast / self.actual - 1.0)
    }

    pub(super) fn new(
        forecaster: &str,
        quantity: Quantity,
        forecast: &[f64],
        actual: &[f64],
        ids: &CustomerIds,
        repeat_purchases: &[u32],
    ) -> Result<Self, ValueError> {
        let n = actual.len();
        let error = |row: usize| forecast[row] - actual[row];
        let ranked: Vec<Money> = forecast.iter().map(|&value| Money::finite(value)).collect();
        let tenths: Vec<u32> = deciles(&ranked, ids)?.of.into_iter().map(u32::from).collect();
        let classes: Vec<u32> = repeat_purchases.iter().map(|&x| x.min(OR_MORE)).collect();
        Ok(Self {
            forecaster: forecaster.to_owned(),
            quantity,
            forecast: blocks::sum(n, |row| forecast[row]),
            actual: blocks::sum(n, |row| actual[row]),
            mean_absolute_error: blocks::sum(n, |row| error(row).abs()) / n as f64,
            root_mean_squared_error: (blocks::sum(n, |row| error(row) * error(row)) / n as f64)
                .sqrt(),
            rank_gini: rank_gini(forecast, actual),
            by_decile: calibrations(&tenths, forecast, actual),
            by_repeat_purchases: calibrations(&classes, forecast, actual),
        })
    }
}

/// The Gini index of `values` along the order of `by`, over that along their own order; customers
/// with equal forecasts share their place.
fn rank_gini(by: &[f64], values: &[f64]) -> Option<f64> {
    let n = values.len();
    let middle = (n as f64 + 1.0) / 2.0;
    let along = |order: &[f64]| {
        let ranks = midranks(order);
        blocks::sum(n, |row| values[row] * (ranks[row] - middle))
    };
    let own = along(values);
    (own > 0.0).then(|| along(by) / own)
}

/// Means by group, in ascending order of the groups that occur.
fn calibrations(groups: &[u32], forecast: &[f64], actual: &[f64]) -> Vec<Calibration> {
    let mut rows: Vec<usize> = (0..groups.len()).collect();
    rows.sort_by_key(|&row| groups[row]);
    let means = |members: &[usize]| {
        let n = members.len();
        let mean = |of: &[f64]| blocks::sum(n, |i| of[members[i]]) / n as f64;
        Calibration {
            group: groups[members[0]],
            customers: n as u64,
            forecast: mean(forecast),
            actual: mean(actual),
        }
    };
    rows.chunk_by(|&a, &b| groups[a] == groups[b]).map(means).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(forecast: &[f64], actual: &[f64]) -> ForecastScore {
        let ids = CustomerIds::numbered(actual.len()).unwrap();
        let x: Vec<u32> = (0..actual.len() as u32).collect();
        ForecastScore::new("a", Quantity::Purchases, forecast, actual, &ids, &x).unwrap()
    }

    #[test]
    fn errors_by_hand() {
        let score = score(&[1.0, 2.0, 0.0, 3.0], &[0.0, 2.0, 2.0, 3.0]);
        assert_eq!((score.forecast, score.actual), (6.0, 7.0));
        assert_eq!(score.bias(), Some(6.0 / 7.0 - 1.0));
        assert_eq!(score.mean_absolute_error, 3.0 / 4.0);
        assert_eq!(score.root_mean_squared_error, (5.0f64 / 4.0).sqrt());
    }

    /// Ranks of the forecast 2, 3, 1, 4 against the middle 2.5: 0(-.5) + 2(.5) + 2(-1.5) + 3(1.5)
    /// = 2.5; along their own order, ranks 1, 2.5, 2.5, 4: 3(1.5) = 4.5.
    #[test]
    fn the_rank_gini_by_hand() {
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-15, "{a:?}");
        let actual = [0.0, 2.0, 2.0, 3.0];
        close(rank_gini(&[1.0, 2.0, 0.0, 3.0], &actual), 2.5 / 4.5);
        close(rank_gini(&actual, &actual), 1.0);
        close(rank_gini(&[3.0, 2.0, 2.0, 0.0], &actual), -1.0);
        close(rank_gini(&[1.0; 4], &actual), 0.0);
        assert_eq!(rank_gini(&actual, &[5.0; 4]), None);
    }

    #[test]
    fn customers_are_grouped_by_decile_of_the_forecast_and_by_repeat_purchases() {
        let actual: Vec<f64> = (0..20).map(f64::from).collect();
        let score = score(&actual, &actual);
        assert_eq!(score.by_decile.len(), 10);
        let best = score.by_decile[0];
        assert_eq!((best.group, best.customers, best.actual), (1, 2, 18.5));
        assert_eq!(score.by_repeat_purchases.len(), 8);
        let last = score.by_repeat_purchases[7];
        assert_eq!((last.group, last.customers, last.forecast), (7, 13, 13.0));
    }
}
