//! How far each customer's future value may be off, because the parameters are only estimated.

use serde::Serialize;

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::delta;
use crate::num::interval::two_sided;
use crate::num::real::exp;
use crate::units::Money;
use crate::value::fit::LogParameters;
use crate::value::intervals::check_level;
use crate::value::ladder::{Purchases, Spend};
use crate::value::lifetime::FittedLifetimeValue;
use crate::value::{Economics, FittedSpendModel, Rates, ValueError};
use crate::work::Work;

/// An interval of a future value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueInterval {
    /// The future value itself.
    pub value: Money,
    /// Its standard error.
    pub standard_error: f64,
    /// The lower end.
    pub low: Money,
    /// The upper end.
    pub high: Money,
}

/// Intervals of every customer's future value, and of all customers' together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueIntervals {
    /// The level, such as 0.95.
    pub level: f64,
    /// One for each customer, in the order of the history.
    pub customers: Vec<ValueInterval>,
    /// That of the total. It is not the sum of the others' ends, nor much narrower: the parameters
    /// are off for everybody at once.
    pub total: ValueInterval,
}

impl FittedLifetimeValue {
    /// Intervals of what each customer is *expected* to be worth, by the delta method over the
    /// parameters of purchases and of spend. They say nothing of how far a single customer will
    /// stray from the expectation, which is much further.
    ///
    /// An interval is laid on the logarithmic scale where the value is revenue or margin alone, so
    /// that no end is negative; where a cost to serve is known, on the scale of money.
    ///
    /// `None` where a rung has no covariance: a fit at the edge of its range, credibility, or no
    /// model at all.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a level that is not between 0 and 1; [`ValueError::Length`] where
    /// the economics are of other customers; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Seven more forecasts at most.
    pub fn intervals(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        level: f64,
        work: &Work,
    ) -> Result<Option<ValueIntervals>, ValueError> {
        let laid = Laid::new(level, economics, history.n_customers())?;
        let Purchases::Model(model) = &self.purchases else { return Ok(None) };
        let seen = self.see(history)?;
        by_delta(model.in_logs(), &self.spend, laid, |at, spend| {
            let elsewhere = at.map(|at| Purchases::Model(Box::new(model.at(at))));
            let purchases = elsewhere.as_ref().unwrap_or(&self.purchases);
            let rates = self.rates(&seen, purchases, spend, economics, work)?;
            Ok(with_total(rates.iter().flatten().map(Rates::value)))
        })
    }
}

/// How intervals are laid.
#[derive(Clone, Copy)]
pub(in crate::value) struct Laid {
    level: f64,
    /// On the scale of money, on which a value may be negative.
    on_money: bool,
}

impl Laid {
    pub(in crate::value) fn new(
        level: f64,
        economics: &Economics,
        n: usize,
    ) -> Result<Self, ValueError> {
        check_level(level)?;
        economics.check_length(n)?;
        Ok(Self { level, on_money: economics.has_cost_to_serve(n) })
    }
}

/// Everybody's value, and as one prediction more the total.
pub(in crate::value) fn with_total(values: impl Iterator<Item = Money>) -> Vec<f64> {
    let mut values: Vec<f64> = values.map(Money::amount).collect();
    values.push(blocks::sum(values.len(), |row| values[row]));
    values
}

/// Intervals by the delta method over the logarithms of the parameters of the purchases, with their
/// covariance, and over those of the spend. `values` gives everybody's value and the total, with
/// the parameters of the purchases elsewhere or where they are.
pub(in crate::value) fn by_delta<const N: usize>(
    purchases: Option<LogParameters<N>>,
    spend: &Spend,
    laid: Laid,
    values: impl Fn(Option<&[f64; N]>, &Spend) -> Result<Vec<f64>, ValueError>,
) -> Result<Option<ValueIntervals>, ValueError> {
    let Some(purchases) = purchases else { return Ok(None) };
    let here = values(None, spend)?;
    let by_spend = match spend {
        Spend::Model(FittedSpendModel::GammaGamma(model)) => {
            let Some(logs) = model.in_logs() else { return Ok(None) };
            delta::standard_errors(&logs.at, &logs.covariance, &here, |at| {
                values(None, &Spend::Model(FittedSpendModel::GammaGamma(model.at(at))))
            })?
        }
        // What everybody pays every time is known.
        Spend::Model(FittedSpendModel::Credibility(model)) if model.within_variance() == 0.0 => {
            Some(vec![0.0; here.len()])
        }
        _ => None,
    };
    let Some(by_spend) = by_spend else { return Ok(None) };
    let by_purchases = delta::standard_errors(&purchases.at, &purchases.covariance, &here, |at| {
        values(Some(at), spend)
    })?;
    let Some(by_purchases) = by_purchases else { return Ok(None) };
    let z = two_sided(laid.level);
    // The two fits are of different data, so their errors add as squares.
    let interval =
        |row: usize| interval(here[row], by_purchases[row].hypot(by_spend[row]), z, laid.on_money);
    let total = interval(here.len() - 1);
    let customers = (0..here.len() - 1).map(interval).collect();
    Ok(Some(ValueIntervals { level: laid.level, customers, total }))
}

fn interval(value: f64, standard_error: f64, z: f64, on_money: bool) -> ValueInterval {
    let [low, high] = if on_money || value <= 0.0 {
        [value - z * standard_error, value + z * standard_error]
    } else {
        [-1.0, 1.0].map(|side| value * exp(side * z * standard_error / value))
    };
    let [value, low, high] = [value, low, high].map(Money::finite);
    ValueInterval { value, standard_error, low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_end_of_revenue_is_negative_and_one_of_margin_less_cost_may_be() {
        let revenue = interval(10.0, 20.0, 1.96, false);
        assert!(revenue.low.amount() > 0.0 && revenue.high.amount() > 100.0);
        let margin = interval(10.0, 20.0, 2.0, true);
        assert_eq!((margin.low.amount(), margin.high.amount()), (-30.0, 50.0));
        let nothing = interval(0.0, 0.0, 1.96, false);
        assert_eq!((nothing.low, nothing.high), (Money::ZERO, Money::ZERO));
    }
}
