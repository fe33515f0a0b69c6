//! What a forecast has to beat: rules that need no model.

use serde::Serialize;

use crate::data::{CustomerHistory, DataError, HeldOut, PurchaseDays};
use crate::num::blocks;
use crate::value::holdout::score::Quantity;

/// A rule that needs no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Baseline {
    /// Everybody goes on at the mean rate of the calibration.
    Mean,
    /// Everybody repeats what they did in as many days before the holdout as it has.
    LastPeriod,
    /// The hiatus heuristic (Wübben & von Wangenheim 2008): who has been silent for longer than
    /// the hiatus is gone, the others go on at their own rate.
    Hiatus,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mean, Self::LastPeriod, Self::Hiatus];

    /// The word that the outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::LastPeriod => "last period",
            Self::Hiatus => "hiatus rule",
        }
    }

    /// The forecast of each customer.
    ///
    /// A customer acquired on the last day has no time behind them, and so no rate: zero under the
    /// hiatus rule.
    pub(super) fn forecast(
        self,
        quantity: Quantity,
        history: &CustomerHistory,
        held_out: &HeldOut<'_>,
        hiatus_days: u32,
    ) -> Result<Vec<f64>, DataError> {
        let n = history.n_customers();
        let length = f64::from(held_out.length().count());
        // Repeat purchases, and the spend of them: the first purchase made the customer.
        let repeated = |row: usize| match quantity {
            Quantity::Purchases => f64::from(history.repeat_purchases(row)),
            Quantity::Spend => history.repeat_gross(row).amount(),
        };
        let age = |row: usize| f64::from(history.age(row).count());
        match self {
            Self::Mean => {
                let lived = blocks::sum(n, age);
                let rate = if lived > 0.0 { blocks::sum(n, repeated) / lived } else { 0.0 };
                Ok(vec![rate * length; n])
            }
            Self::LastPeriod => {
                let days = history.purchase_days()?;
                let since =
                    history.observed_until().day_number() - held_out.length().count() as i32;
                Ok((0..n).map(|row| bought_after(days, row, since, quantity)).collect())
            }
            Self::Hiatus => Ok((0..n)
                .map(|row| {
                    let active = history.days_since_last(row).count() <= hiatus_days;
                    if active && age(row) > 0.0 { repeated(row) / age(row) * length } else { 0.0 }
                })
                .collect()),
        }
    }
}

/// Purchases, or spend, of a customer after a day.
fn bought_after(days: &PurchaseDays, row: usize, since: i32, quantity: Quantity) -> f64 {
    let mut total = 0.0;
    for day in days.of(row) {
        if day.is_purchase() && day.day().day_number() > since {
            total += match quantity {
                Quantity::Purchases => 1.0,
                Quantity::Spend => day.gross().amount(),
            };
        }
    }
    total
}
