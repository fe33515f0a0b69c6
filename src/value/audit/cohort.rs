//! The third and the fourth look: what becomes of those acquired together, and how cohorts compare.

use serde::Serialize;

use super::CustomerBaseAudit;
use super::turnover::{Sums, Turnover, share};
use crate::units::{CalendarPeriod, Money};
use crate::value::ValueError;

/// One cohort: the customers acquired in one period, from then on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CohortLens {
    /// The period in which they were acquired.
    pub cohort: CalendarPeriod,
    /// Whether the observation covers it whole.
    pub whole: bool,
    /// How many they are.
    pub acquired: u64,
    /// All that they did.
    pub total: Turnover,
    /// Returns before their first purchase, of things bought before the observation began.
    pub returns_before: Money,
    /// What they did in each period from that of their acquisition to the last one.
    pub ages: Vec<CohortAge>,
}

/// A cohort at one age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CohortAge {
    /// Periods since the acquisition: 0 in the period itself.
    pub age: usize,
    /// The period.
    pub period: CalendarPeriod,
    /// Whether the observation covers it whole; where not, less was seen of it.
    pub whole: bool,
    /// What they did in it.
    pub turnover: Turnover,
    /// The share of the cohort that bought in it; `None` of an empty cohort.
    pub retention: Option<f64>,
    /// Gross spend so far of each customer acquired; `None` of an empty cohort.
    pub cumulative_per_acquired: Option<Money>,
}

impl CustomerBaseAudit {
    /// The third look: the cohort acquired in a period.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a period that there is not.
    pub fn cohort(&self, cohort: usize) -> Result<CohortLens, ValueError> {
        self.check(cohort)?;
        let n_periods = self.periods().len();
        let acquired = self.cohort_sizes[cohort];
        let early = Sums::of((0..cohort).map(|period| self.cell(cohort, period)));
        let mut total = early;
        let mut cumulative = 0;
        let ages = (cohort..n_periods).map(|period| {
            let sums = self.cell(cohort, period);
            total.add(sums);
            cumulative += sums.gross;
            let each = Money::from_whole(cumulative, self.digits).amount() / acquired as f64;
            CohortAge {
                age: period - cohort,
                period: self.periods()[period],
                whole: self.periods.is_whole(period),
                turnover: sums.turnover(self.digits),
                retention: share(sums.customers.into(), acquired.into()),
                cumulative_per_acquired: (acquired > 0).then(|| Money::finite(each)),
            }
        });
        let ages = ages.collect();
        Ok(CohortLens {
            cohort: self.periods()[cohort],
            whole: self.periods.is_whole(cohort),
            acquired,
            total: total.turnover_of(acquired, self.digits),
            returns_before: Money::from_whole(early.returns, self.digits),
            ages,
        })
    }

    /// The fourth look: all cohorts in order of time, empty ones included, to be compared age by
    /// age.
    pub fn cohorts(&self) -> Vec<CohortLens> {
        // Every place is that of a period.
        (0..self.periods().len()).filter_map(|cohort| self.cohort(cohort).ok()).collect()
    }
}
