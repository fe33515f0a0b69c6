//! How far each customer's future value may be off, because the parameters are only estimated.

use serde::Serialize;

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::delta;
use crate::num::interval::two_sided;
use crate::num::real::exp;
use crate::units::Money;
use crate::value::intervals::check_level;
use crate::value::ladder::{Purchases, Spend};
use crate::value::lifetime::{FittedLifetimeValue, Seen};
use crate::value::{Economics, Rates, ValueError};
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
    /// `None` where a rung has no covariance: a fit at the edge of its range, or no model at all.
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
        check_level(level)?;
        economics.check_length(history.n_customers())?;
        let (Purchases::Model(purchases), Spend::Model(spend)) = (&self.purchases, &self.spend)
        else {
            return Ok(None);
        };
        let covariances = purchases.covariance_of_logs().zip(spend.covariance_of_logs());
        let Some((of_purchases, of_spend)) = covariances else { return Ok(None) };
        let seen = Seen::of(history);
        let values = |purchases: &Purchases, spend: &Spend| -> Result<Vec<f64>, ValueError> {
            let rates = self.rates(&seen, purchases, spend, economics, work)?;
            let mut values: Vec<f64> =
                rates.iter().flatten().map(|rates| Rates::value(rates).amount()).collect();
            // The total is one prediction more.
            values.push(blocks::sum(values.len(), |row| values[row]));
            Ok(values)
        };
        let here = values(&self.purchases, &self.spend)?;
        let by_purchases = delta::standard_errors(&purchases.logs(), &of_purchases, &here, |at| {
            values(&Purchases::Model(Box::new(purchases.at(at))), &self.spend)
        })?;
        let by_spend = delta::standard_errors(&spend.logs(), &of_spend, &here, |at| {
            values(&self.purchases, &Spend::Model(spend.at(at)))
        })?;
        let Some((by_purchases, by_spend)) = by_purchases.zip(by_spend) else { return Ok(None) };
        let z = two_sided(level);
        let on_money = economics.has_cost_to_serve(history.n_customers());
        // The two fits are of different data, so their errors add as squares.
        let interval =
            |row: usize| interval(here[row], by_purchases[row].hypot(by_spend[row]), z, on_money);
        let total = interval(here.len() - 1);
        let customers = (0..here.len() - 1).map(interval).collect();
        Ok(Some(ValueIntervals { level, customers, total }))
    }
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
