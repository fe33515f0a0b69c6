//! From forecasts to money: what all models of value that are built in do alike.

use crate::data::CustomerHistory;
use crate::units::{Days, Money, Probability};
use crate::value::horizon::{WEEKS_PER_YEAR, annuity};
use crate::value::ladder::Outlook;
use crate::value::potential::{peer_frontier, tenure_bands};
use crate::value::{
    CustomerValue, Discount, Economics, Rates, ValueBasis, ValueError, ValueUnit, Worth,
};

/// What a value of the future is told, whatever model it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Valuation {
    /// A year, as a rate.
    pub(super) annual_discount: f64,
    /// Which quantile of their peers' future value is a customer's potential.
    pub(super) frontier: f64,
}

impl Default for Valuation {
    fn default() -> Self {
        Self { annual_discount: 0.1, frontier: 0.8 }
    }
}

/// How far a value reaches: in days as it is reported, in weeks as it is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) days: Days,
    pub(super) weeks: f64,
}

impl Valuation {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        Discount::annual(self.annual_discount)?;
        if !(0.0..=1.0).contains(&self.frontier) {
            return Err(ValueError::Param {
                name: "frontier",
                value: self.frontier,
                expected: "from 0 to 1",
            });
        }
        Ok(())
    }

    pub(super) fn discount(&self) -> Result<Discount, ValueError> {
        Discount::annual(self.annual_discount)
    }

    /// The rates of each customer's future value; `None` where no future can be estimated.
    pub(super) fn rates(
        &self,
        economics: &Economics,
        reach: Reach,
        n: usize,
        forecast: impl Fn(usize) -> Option<(Outlook, f64)>,
    ) -> Result<Vec<Option<Rates>>, ValueError> {
        let weeks = self.discounted_weeks(reach)?;
        let rates = |row| forecast(row).map(|seen| rates(economics, weeks, row, seen));
        Ok((0..n).map(rates).collect())
    }

    fn discounted_weeks(&self, reach: Reach) -> Result<f64, ValueError> {
        Ok(annuity(reach.weeks, self.discount()?.weekly()))
    }

    /// Every customer's worth.
    pub(super) fn table(
        &self,
        history: &CustomerHistory,
        economics: &Economics,
        reach: Reach,
        mut basis: ValueBasis,
        forecast: impl Fn(usize) -> Option<(Outlook, f64)>,
    ) -> Result<CustomerValue, ValueError> {
        let n = history.n_customers();
        let weeks = self.discounted_weeks(reach)?;
        let worth = |row: usize| {
            let mut worth = Worth::realised(
                history.gross(row),
                history.net(row),
                history.purchases(row),
                history.days_since_last(row),
            );
            let seen = forecast(row);
            let outlook = seen.map(|(outlook, _)| outlook);
            worth.cost_known = economics.cost_to_serve_of(row).is_some();
            worth.p_alive = outlook.and_then(|outlook| outlook.p_alive);
            worth.p_active = outlook.map(|outlook| outlook.p_active);
            worth.rates = seen.map(|seen| rates(economics, weeks, row, seen));
            worth
        };
        let mut rows: Vec<Worth> = (0..n).map(worth).collect();
        if let Some(future) = rows.iter().map(Worth::future).collect::<Option<Vec<Money>>>() {
            let ages: Vec<f64> = (0..n).map(|row| f64::from(history.age(row).count())).collect();
            let share = Probability::clamped(self.frontier);
            let potential = peer_frontier(&future, &tenure_bands(&ages), share)?;
            for (worth, potential) in rows.iter_mut().zip(potential) {
                worth.potential = Some(potential);
            }
        }
        let unit = if economics.has_margin() { ValueUnit::Margin } else { ValueUnit::Revenue };
        basis.notes.extend_from_slice(economics.notes());
        let value = CustomerValue::new(history.ids().clone(), rows, basis, unit, reach.days)?;
        Ok(value.discounted_at(self.annual_discount))
    }
}

fn rates(
    economics: &Economics,
    discounted_weeks: f64,
    row: usize,
    (outlook, spend): (Outlook, f64),
) -> Rates {
    let cost = economics.cost_to_serve_of(row).map_or(0.0, Money::amount);
    Rates {
        alive: outlook.p_alive.map_or(1.0, Probability::value),
        staying: outlook.staying,
        purchases: outlook.purchases,
        spend,
        margin: economics.margin_of(row).unwrap_or(1.0),
        cost: cost / WEEKS_PER_YEAR * discounted_weeks,
    }
}
