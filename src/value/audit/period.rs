//! The first look: how customers differ within one period.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CustomerBaseAudit;
use super::base::sums_of;
use super::turnover::{Sums, Turnover};
use crate::num::quantile::{quantile, sorted};
use crate::units::{CalendarPeriod, Money, Probability};
use crate::value::{Concentration, QuantileGroups, ValueError};

/// One period: who bought, how often and for how much.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PeriodLens {
    /// The period.
    pub period: CalendarPeriod,
    /// Whether the observation covers it whole.
    pub whole: bool,
    /// Everybody.
    pub total: Turnover,
    /// Those acquired in the period.
    pub new: Turnover,
    /// All others.
    pub repeat: Turnover,
    /// Customers by their number of purchases.
    pub by_purchases: Vec<PurchaseBand>,
    /// Gross spend of the customers who bought, at some quantiles.
    pub spend_quantiles: Vec<SpendQuantile>,
    /// Deciles of gross spend of those who bought, the best first; with fewer than ten customers
    /// some are empty.
    pub deciles: Vec<Turnover>,
    /// The Gini index of their gross spend; `None` where nothing was paid.
    pub gini: Option<f64>,
    /// The share of gross spend that the best tenth holds; `None` where nothing was paid.
    pub top_tenth_share: Option<f64>,
}

/// Customers with the same number of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PurchaseBand {
    /// How many purchases each of them made.
    pub each: u32,
    /// What they did in all.
    pub turnover: Turnover,
}

/// The spend that a share of the customers stays below.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SpendQuantile {
    /// The share of customers.
    pub share: Probability,
    /// Their gross spend at most, interpolated between customers.
    pub spend: Money,
}

impl CustomerBaseAudit {
    /// The first look: one period.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a period that there is not.
    pub fn period(&self, period: usize) -> Result<PeriodLens, ValueError> {
        self.check(period)?;
        let (mut new, mut repeat) = (Sums::default(), Sums::default());
        let mut bands: BTreeMap<u32, Sums> = BTreeMap::new();
        let mut here = Vec::new();
        let mut spend = vec![Money::ZERO; self.n_customers()];
        for row in 0..self.n_customers() {
            let Some(total) = self.periods.of(row).find(|total| total.period() == period) else {
                continue;
            };
            let sums = sums_of(&total);
            if self.acquired[row] == period { &mut new } else { &mut repeat }.add(sums);
            if total.purchases() > 0 {
                bands.entry(total.purchases()).or_default().add(sums);
                here.push((row, sums));
                spend[row] = total.gross();
            }
        }
        let rows: Vec<usize> = here.iter().map(|(row, _)| *row).collect();
        let groups = QuantileGroups::new(10).cut_some(&rows, &spend, &self.ids)?;
        let mut deciles = [Sums::default(); 10];
        for ((_, sums), group) in here.iter().zip(groups) {
            deciles[usize::from(group) - 1].add(*sums);
        }
        let ascending = sorted(rows.iter().map(|&row| spend[row].amount()));
        let at = |share: f64| {
            let spend = Money::finite(quantile(&ascending, share)?);
            Some(SpendQuantile { share: Probability::clamped(share), spend })
        };
        let active: Vec<Money> = rows.iter().map(|&row| spend[row]).collect();
        let held = Concentration::of(&active)?;
        let of = |sums: &Sums| sums.turnover(self.digits);
        Ok(PeriodLens {
            period: self.periods()[period],
            whole: self.periods.is_whole(period),
            total: of(&Sums::of([new, repeat])),
            new: of(&new),
            repeat: of(&repeat),
            by_purchases: bands
                .iter()
                .map(|(&each, sums)| PurchaseBand { each, turnover: of(sums) })
                .collect(),
            spend_quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].into_iter().filter_map(at).collect(),
            deciles: deciles.iter().map(of).collect(),
            gini: held.as_ref().map(Concentration::gini),
            top_tenth_share: held.map(|held| held.top_share(Probability::clamped(0.1))),
        })
    }
}
