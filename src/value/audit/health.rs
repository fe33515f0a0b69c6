//! The fifth look: how healthy the base is, by the revenue of each period from each cohort.

use serde::Serialize;

use super::CustomerBaseAudit;
use super::turnover::{Sums, Turnover, share};
use crate::units::{CalendarPeriod, Money};

/// The base over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HealthLens {
    /// Every period, in order of time.
    pub periods: Vec<PeriodHealth>,
    /// Every cohort, in order of time: the layers of the customer cohort chart ("C3").
    pub cohorts: Vec<CohortRevenue>,
    /// Everything.
    pub total: Turnover,
}

/// One period of the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PeriodHealth {
    /// The period.
    pub period: CalendarPeriod,
    /// Whether the observation covers it whole.
    pub whole: bool,
    /// Everybody.
    pub total: Turnover,
    /// Those acquired in it.
    pub new: Turnover,
    /// All others.
    pub repeat: Turnover,
    /// The share of gross spend that came from the new; `None` where nothing was paid.
    pub new_share: Option<f64>,
    /// How many customers had been acquired by its end.
    pub acquired_so_far: u64,
    /// Of those acquired before it, the share that bought in it; `None` where there were none.
    pub active_share: Option<f64>,
}

/// What each period had from one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CohortRevenue {
    /// The period in which the cohort was acquired.
    pub cohort: CalendarPeriod,
    /// How many customers were.
    pub acquired: u64,
    /// Gross spend in each period; zero before the acquisition.
    pub gross: Vec<Money>,
    /// Net of returns in each period; before the acquisition there may be returns.
    pub net: Vec<Money>,
}

impl CustomerBaseAudit {
    /// The fifth look: the base over time.
    pub fn health(&self) -> HealthLens {
        let n_periods = self.periods().len();
        let mut total = Sums::default();
        let mut so_far = 0;
        let periods = (0..n_periods).map(|period| {
            let new = self.cell(period, period);
            let others = (0..n_periods).filter(|&cohort| cohort != period);
            let repeat = Sums::of(others.map(|cohort| self.cell(cohort, period)));
            let both = Sums::of([new, repeat]);
            total.add(both);
            let before = so_far;
            so_far += self.cohort_sizes[period];
            PeriodHealth {
                period: self.periods()[period],
                whole: self.periods.is_whole(period),
                total: both.turnover(self.digits),
                new: new.turnover(self.digits),
                repeat: repeat.turnover(self.digits),
                new_share: share(new.gross, both.gross),
                acquired_so_far: so_far,
                active_share: share(repeat.customers.into(), before.into()),
            }
        });
        let periods = periods.collect();
        let money = |of: fn(&Sums) -> i128, cohort| {
            let cells = (0..n_periods).map(|period| of(&self.cell(cohort, period)));
            cells.map(|minor| Money::from_whole(minor, self.digits)).collect()
        };
        let cohorts = (0..n_periods).map(|cohort| CohortRevenue {
            cohort: self.periods()[cohort],
            acquired: self.cohort_sizes[cohort],
            gross: money(|sums| sums.gross, cohort),
            net: money(|sums| sums.gross + sums.returns, cohort),
        });
        let cohorts = cohorts.collect();
        HealthLens {
            periods,
            cohorts,
            total: total.turnover_of(self.n_customers() as u64, self.digits),
        }
    }
}
