//! The end of the fold: repeats taken out, days counted, customers in the order of their ids.
//!
//! Memory is let go as soon as it has served, because here the fold and the history stand side by
//! side.

use crate::data::cells::{Cell, Cells};
use crate::data::fold::{Added, PartialHistory};
use crate::data::history::Columns;
use crate::data::ledger::Ledger;
use crate::data::quality::Outcome;
use crate::data::roster::Roster;
use crate::data::summary::Summary;
use crate::data::{CategoryTotals, CustomerHistory, DataError, PurchaseDays};
use crate::units::Date;
use crate::work::Work;

impl PartialHistory {
    /// The history of all that was added.
    ///
    /// # Errors
    ///
    /// [`DataError::NoPurchases`] where nobody bought anything; [`DataError::Cancelled`].
    pub fn finish(mut self, work: &Work) -> Result<CustomerHistory, DataError> {
        work.check()?;
        let repeats = self.take_out_repeats()?;
        self.count(|_| true);
        work.check()?;
        let (mut without_purchase, mut without_purchase_minor) = (0, 0i128);
        let mut buyers = 0;
        for summary in self.customers.values() {
            if summary.has_purchase() {
                buyers += 1;
            } else if summary.returns != 0 {
                without_purchase += 1;
                without_purchase_minor += i128::from(summary.returns);
            }
        }
        if buyers == 0 {
            return Err(DataError::NoPurchases {
                rows_read: self.counts.rows_read,
                rows_skipped: self.counts.skipped(&self.spec),
            });
        }
        let day =
            |number| Date::from_day_number(number).expect("days were checked when they were read");
        let outcome = Outcome {
            customers: buyers,
            without_purchase,
            without_purchase_minor,
            repeats,
            observed_from: self.spec.observed_from.unwrap_or_else(|| day(self.first_seen)),
            observed_until: self.spec.observed_until.unwrap_or_else(|| day(self.last_seen)),
        };
        let quality = self.counts.report(&self.spec, outcome);
        let seen = self.customers.len();
        let sorted = self.customers.sorted(Summary::has_purchase).map_err(DataError::Customers)?;
        work.check()?;
        let mut summaries = sorted.values;
        let squared_gaps = self.spec.rhythm.then(|| {
            summaries.iter().map(|entry| self.window.squared_gaps_of(entry.value.number)).collect()
        });
        let held_out = self.held_out.map(|held| {
            let of = |number: u32| held.summaries.get(number as usize).copied().unwrap_or_default();
            // Numbers follow first sight, which must not show in the history.
            let rows = summaries.iter().enumerate();
            rows.map(|(row, entry)| Summary { number: row as u32, ..of(entry.value.number) })
                .collect()
        });
        let categories = self.spec.categories.then(|| {
            let mut rows = vec![u32::MAX; seen];
            for (row, entry) in summaries.iter().enumerate() {
                rows[entry.value.number as usize] = row as u32;
            }
            category_totals(self.categories, &self.cells, &rows, summaries.len())
        });
        let days = self.ledger.map(|ledger| {
            let numbers = summaries.iter().map(|entry| entry.value.number);
            let windows = Windows {
                observed: (quality.observed_from, quality.observed_until),
                holdout_until: self.spec.holdout_until,
                minor_digits: self.spec.minor_digits,
            };
            windows.days(ledger, numbers, seen)
        });
        let (purchase_days, held_out_days) = days.unzip();
        for (row, entry) in summaries.iter_mut().enumerate() {
            entry.value.number = row as u32;
        }
        let columns = Columns {
            summaries,
            squared_gaps,
            held_out,
            purchase_days,
            held_out_days: held_out_days.flatten(),
        };
        let held_until = self.spec.holdout_until;
        Ok(CustomerHistory::new(
            sorted.ids,
            columns,
            categories.transpose()?,
            quality,
            self.spec.minor_digits,
            held_until,
        ))
    }

    /// Counts repeats and, where the rule says so, takes all but one of each out again.
    fn take_out_repeats(&mut self) -> Result<u64, DataError> {
        self.repeats.sort_unstable();
        let flagged = self.repeats.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        let mut traces = std::mem::take(&mut self.traces);
        traces.sort_unstable_by_key(|trace| trace.fingerprint);
        let mut dropped = 0;
        for pair in traces.windows(2).filter(|pair| pair[0].fingerprint == pair[1].fingerprint) {
            dropped += 1;
            let Some(added) = pair[1].added else { continue };
            let Added { customer, day, minor, category, currency, held_out } = added;
            self.counts.dropped += 1;
            if let Some(currency) = currency {
                self.counts.currencies.take(currency, minor);
            }
            match minor {
                _ if held_out => &mut self.counts.held_out,
                ..=-1 => &mut self.counts.returns,
                0 => &mut self.counts.zeros,
                1.. => &mut self.counts.purchases,
            }
            .take(minor);
            match &mut self.held_out {
                Some(held) if held_out => &mut held.summaries[customer as usize],
                _ => self.customers.value_mut(customer),
            }
            .take_out(day, minor);
            if let Some(ledger) = &mut self.ledger {
                ledger.take_out(customer, day, minor);
            }
            if let Some(category) = category {
                self.cells
                    .add(Cell { customer, category, gross: -minor })
                    .map_err(|overflow| self.misfit(overflow.into(), customer, None))?;
            }
        }
        Ok(flagged + dropped)
    }
}

/// The windows of time that days are shared out to.
struct Windows {
    observed: (Date, Date),
    holdout_until: Option<Date>,
    minor_digits: u8,
}

impl Windows {
    /// The days of the customers of these numbers, in this order, of so many that were seen: those
    /// of the observation, and those of the holdout where there is one.
    fn days(
        &self,
        ledger: Ledger,
        numbers: impl ExactSizeIterator<Item = u32>,
        seen: usize,
    ) -> (PurchaseDays, Option<PurchaseDays>) {
        let entries = ledger.into_sorted();
        let mut starts = vec![0usize; seen + 1];
        for entry in &entries {
            starts[entry.customer() as usize + 1] += 1;
        }
        for number in 0..seen {
            starts[number + 1] += starts[number];
        }
        let (from, until) = self.observed;
        let of = |from, until| PurchaseDays::new(from, until, self.minor_digits, numbers.len());
        let mut within = of(from, until);
        let mut behind = self.holdout_until.map(|end| {
            let first = Date::from_day_number(until.day_number() + 1);
            of(first.expect("a holdout ends after the observation"), end)
        });
        within.reserve(entries.len());
        for number in numbers {
            let number = number as usize;
            let entries = &entries[starts[number]..starts[number + 1]];
            let split = entries.partition_point(|entry| entry.day() <= until.day_number());
            within.push(&entries[..split]);
            if let Some(behind) = &mut behind {
                behind.push(&entries[split..]);
            }
        }
        within.shrink();
        if let Some(behind) = &mut behind {
            behind.shrink();
        }
        (within, behind)
    }
}

/// The cells as rows of customers, whose place `rows` gives by number.
fn category_totals(
    categories: Roster<()>,
    cells: &Cells,
    rows: &[u32],
    n_customers: usize,
) -> Result<CategoryTotals, DataError> {
    let mut order: Vec<u32> = (0..categories.len() as u32).collect();
    let names: Vec<String> = order.iter().map(|&number| categories.name(number)).collect();
    order.sort_unstable_by(|&a, &b| names[a as usize].cmp(&names[b as usize]));
    let mut place = vec![0u32; order.len()];
    for (position, &number) in order.iter().enumerate() {
        place[number as usize] = position as u32;
    }
    let mut placed: Vec<Cell> = cells
        .iter()
        .filter(|cell| cell.gross != 0 && rows[cell.customer as usize] != u32::MAX)
        .map(|cell| Cell {
            customer: rows[cell.customer as usize],
            category: place[cell.category as usize],
            gross: cell.gross,
        })
        .collect();
    crate::num::blocks::sort(&mut placed, |a, b| {
        (a.customer, a.category).cmp(&(b.customer, b.category))
    });
    let names = order.iter().map(|&number| names[number as usize].clone()).collect();
    Ok(CategoryTotals::new(names, &placed, n_customers))
}
