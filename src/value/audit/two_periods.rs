//! The second look: what changed from one period to another, and who changed it.

use serde::Serialize;

use super::base::sums_of;
use super::turnover::{Sums, Turnover};
use super::{CustomerBaseAudit, PeriodLens};
use crate::units::Money;
use crate::value::{
    Migration, PeriodFigures, PeriodStandings, QuantileGroups, RevenueChange, RevenueDecomposition,
    Standing, ValueError,
};

/// Two periods side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TwoPeriodsLens {
    /// The first period.
    pub before: PeriodLens,
    /// The second.
    pub after: PeriodLens,
    /// What customers who bought in both did in the first.
    pub retained_before: Turnover,
    /// What the same customers did in the second.
    pub retained_after: Turnover,
    /// What customers who bought in the first and not in the second had done in the first.
    pub lost: Turnover,
    /// What customers did in the second who had been acquired by the end of the first without
    /// buying in it.
    pub reactivated: Turnover,
    /// What customers did in the second who were acquired after the first.
    pub new: Turnover,
    /// The change of gross spend, of those new in their period and of all others, by customers,
    /// mix, purchases, spend at a purchase.
    pub change: RevenueChange,
    /// The change of returns, which is no part of it.
    pub returns_change: Money,
    /// Customers and gross spend from decile to decile of each period's buyers.
    pub migration: Migration,
}

impl CustomerBaseAudit {
    /// The second look: two periods.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a period that there is not, and where the second is not behind the
    /// first.
    pub fn between(&self, before: usize, after: usize) -> Result<TwoPeriodsLens, ValueError> {
        self.check(after)?;
        if before >= after {
            let (value, expected) = (before as f64, "before the second period");
            return Err(ValueError::Param { name: "before", value, expected });
        }
        let (first, second) = (self.period(before)?, self.period(after)?);
        let figures = |of: &Turnover| PeriodFigures::new(of.customers, of.purchases, of.gross);
        let [old, now] = [&first, &second].map(|lens| [figures(&lens.new), figures(&lens.repeat)]);
        let change = RevenueDecomposition::new().minor_digits(self.digits).between(&old, &now)?;
        let deciles = QuantileGroups::new(10);
        let standings = [self.standings(before, &deciles)?, self.standings(after, &deciles)?];
        let migration = Migration::between(&standings[0], &standings[1], self.digits)?;

        let mut flows = [Sums::default(); 5];
        let [retained_before, retained_after, lost, reactivated, new] = &mut flows;
        for row in 0..self.n_customers() {
            let sums = |period| {
                let total = self.periods.of(row).find(|total| total.period() == period);
                total.map_or(Sums::default(), |total| sums_of(&total))
            };
            match (standings[0].of()[row], standings[1].of()[row]) {
                (Standing::Group(_), Standing::Group(_)) => {
                    retained_before.add(sums(before));
                    retained_after.add(sums(after));
                }
                (Standing::Group(_), _) => lost.add(sums(before)),
                (Standing::NotActive, Standing::Group(_)) => reactivated.add(sums(after)),
                (Standing::NotYetCustomer, Standing::Group(_)) => new.add(sums(after)),
                _ => {}
            }
        }
        let whole = |money: Money| money.to_whole(self.digits);
        let returns = whole(second.total.returns) - whole(first.total.returns);
        let [retained_before, retained_after, lost, reactivated, new] =
            flows.map(|sums| sums.turnover(self.digits));
        Ok(TwoPeriodsLens {
            before: first,
            after: second,
            retained_before,
            retained_after,
            lost,
            reactivated,
            new,
            change,
            returns_change: Money::from_whole(returns, self.digits),
            migration,
        })
    }

    /// Where every customer stands in a period, by gross spend among those who bought in it; what
    /// [`Migration`] and [`MigrationForecast`](crate::value::MigrationForecast) work on.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a period that there is not.
    pub fn standings(
        &self,
        period: usize,
        groups: &QuantileGroups,
    ) -> Result<PeriodStandings, ValueError> {
        self.check(period)?;
        let (active, money): (Vec<Option<bool>>, Vec<Money>) = (0..self.n_customers())
            .map(|row| {
                let total = self.periods.of(row).find(|total| total.period() == period);
                let bought = total.is_some_and(|total| total.purchases() > 0);
                let known = self.acquired[row] <= period;
                (known.then_some(bought), total.map_or(Money::ZERO, |total| total.gross()))
            })
            .unzip();
        PeriodStandings::cut(groups, &active, money, &self.ids)
    }
}
