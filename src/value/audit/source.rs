//! The fourth look by label: customers by where they came from, or by what they bought first.
//!
//! Customers of one source were acquired at different times, so they are compared at the same age:
//! at each age only those are counted who have reached it, and what they are worth by an age is the
//! sum of what they are worth at each.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CustomerBaseAudit;
use super::base::sums_of;
use super::turnover::{Sums, Turnover, share};
use crate::units::Money;
use crate::value::ValueError;

/// The customers of one acquisition source, or first product, or whatever the label is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SourceLens {
    /// The label; `None` for customers without one.
    pub label: Option<String>,
    /// How many they are.
    pub acquired: u64,
    /// All that they did.
    pub total: Turnover,
    /// The share who bought again.
    pub bought_again: f64,
    /// What they did at each age; returns before a first purchase are in the total only.
    pub ages: Vec<SourceAge>,
}

/// The customers of a source at one age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SourceAge {
    /// Periods since the acquisition: 0 in the period itself.
    pub age: usize,
    /// How many customers have reached it.
    pub reached: u64,
    /// What these did at it.
    pub turnover: Turnover,
    /// The share of these that bought at it.
    pub retention: f64,
    /// Gross spend at it of each of these.
    pub gross_per_customer: Money,
    /// The same of this age and all before it: what a customer of this source is worth by it.
    pub cumulative_per_customer: Money,
}

#[derive(Default)]
struct Tally {
    acquired: u64,
    again: u64,
    total: Sums,
    /// Customers acquired in each period.
    cohorts: Vec<u64>,
    ages: Vec<Sums>,
}

impl CustomerBaseAudit {
    /// The fourth look by label: `labels` says of each customer where they came from, in the order
    /// of the history's ids. The sources stand in byte order, customers without a label last.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where there is not one label per customer.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
    /// use segmentry::units::{Calendar, Date};
    /// use segmentry::value::CustomerBaseAudit;
    /// use segmentry::work::Work;
    ///
    /// let row = |who, month, amount| {
    ///     Transaction::new(who, Date::from_ymd(2024, month, 5).unwrap(), amount)
    /// };
    /// let log =
    ///     [row("ann", 1, 10.0), row("ann", 2, 30.0), row("bob", 1, 25.0), row("eve", 2, 20.0)];
    /// let spec = HistorySpec::new().purchase_days();
    /// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
    /// let audit = CustomerBaseAudit::of(&history, Calendar::Months)?;
    /// let sources = audit.sources(&[Some("search"), Some("fair"), Some("search")])?;
    /// // ann and eve: 15 each in their first month, and 30 in the second, which only ann reached.
    /// assert_eq!(sources[1].ages[1].cumulative_per_customer.amount(), 45.0);
    /// assert_eq!((sources[1].ages[1].reached, sources[1].bought_again), (1, 0.5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sources<L: AsRef<str>>(
        &self,
        labels: &[Option<L>],
    ) -> Result<Vec<SourceLens>, ValueError> {
        let (expected, got) = (self.n_customers(), labels.len());
        if expected != got {
            return Err(ValueError::Length { what: "the table of labels", expected, got });
        }
        let n_periods = self.periods().len();
        // Those without a label come last.
        let mut tallies: BTreeMap<(bool, &str), Tally> = BTreeMap::new();
        for (row, label) in labels.iter().enumerate() {
            let key = label.as_ref().map_or((true, ""), |label| (false, label.as_ref()));
            let tally = tallies.entry(key).or_default();
            tally.cohorts.resize(n_periods, 0);
            tally.ages.resize(n_periods, Sums::default());
            let acquired = self.acquired[row];
            tally.acquired += 1;
            tally.cohorts[acquired] += 1;
            let mut purchases = 0;
            for total in self.periods.of(row) {
                let sums = sums_of(&total);
                purchases += sums.purchases;
                tally.total.add(sums);
                if let Some(age) = total.period().checked_sub(acquired) {
                    tally.ages[age].add(sums);
                }
            }
            tally.again += u64::from(purchases > 1);
        }
        Ok(tallies
            .into_iter()
            .map(|((without, label), tally)| {
                self.source((!without).then(|| label.to_owned()), &tally)
            })
            .collect())
    }

    fn source(&self, label: Option<String>, tally: &Tally) -> SourceLens {
        let n_periods = self.periods().len();
        let mut cumulative = 0.0;
        let ages = tally.ages.iter().enumerate().map_while(|(age, sums)| {
            // Whoever was acquired early enough.
            let reached: u64 = tally.cohorts[..n_periods - age].iter().sum();
            let retention = share(sums.customers.into(), reached.into())?;
            let gross = Money::from_whole(sums.gross, self.digits).amount() / reached as f64;
            cumulative += gross;
            Some(SourceAge {
                age,
                reached,
                turnover: sums.turnover(self.digits),
                retention,
                gross_per_customer: Money::finite(gross),
                cumulative_per_customer: Money::finite(cumulative),
            })
        });
        let ages = ages.collect();
        SourceLens {
            label,
            acquired: tally.acquired,
            total: tally.total.turnover_of(tally.acquired, self.digits),
            bought_again: tally.again as f64 / tally.acquired as f64,
            ages,
        }
    }
}
