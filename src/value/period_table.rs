//! What each customer did in each period, whatever a period is, and what models of opportunities,
//! of contracts and of spend see in it.

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::units::Money;
use crate::value::credibility::net_of_purchases;
use crate::value::{
    Membership, NetSpendRecord, OpportunityRecord, PeriodLength, SpendRecord, ValueError,
};

/// The periods of every customer in which there was something, in order of time.
pub(super) struct PeriodTable {
    /// Periods that ended within the observation; the one after them was cut by its end.
    closed: u32,
    starts: Vec<usize>,
    entries: Vec<Entry>,
    minor_digits: u8,
}

struct Entry {
    period: u32,
    purchase: bool,
    gross: i64,
    returns: i64,
}

/// Where a customer stands with the current contract, or the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContractStanding {
    /// Whether it runs.
    pub(super) runs: bool,
    /// How many times it was renewed.
    pub(super) renewals: u32,
}

impl PeriodTable {
    /// # Errors
    ///
    /// [`ValueError::Data`] where the purchase days were not asked for; [`ValueError::Param`] for a
    /// period without a length.
    pub(super) fn of(history: &CustomerHistory, length: PeriodLength) -> Result<Self, ValueError> {
        length.validate()?;
        let days = history.purchase_days().map_err(ValueError::Data)?;
        let (places, closed) = length.places(days.from(), days.until());
        let start = days.from().day_number();
        let mut table = Self {
            closed,
            starts: Vec::with_capacity(days.n_customers() + 1),
            entries: Vec::new(),
            minor_digits: days.minor_digits(),
        };
        table.starts.push(0);
        for row in 0..days.n_customers() {
            let first = table.entries.len();
            for day in days.of(row) {
                let (number, gross, returns) = day.whole();
                let period = places[(number - start) as usize];
                match table.entries[first..].last_mut() {
                    Some(entry) if entry.period == period => {
                        // The sums of all days of a customer fit, so those of some do.
                        entry.purchase |= day.is_purchase();
                        entry.gross += gross;
                        entry.returns += returns;
                    }
                    _ => table.entries.push(Entry {
                        period,
                        purchase: day.is_purchase(),
                        gross,
                        returns,
                    }),
                }
            }
            table.starts.push(table.entries.len());
        }
        Ok(table)
    }

    pub(super) fn n_customers(&self) -> usize {
        self.starts.len() - 1
    }

    fn of_row(&self, row: usize) -> &[Entry] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// Whether the end of the observation cuts a period in which somebody bought.
    pub(super) fn is_cut(&self) -> bool {
        self.entries.iter().any(|entry| entry.purchase && entry.period >= self.closed)
    }

    /// The periods in which the customer bought.
    fn bought(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        self.of_row(row).iter().filter(|entry| entry.purchase).map(|entry| entry.period)
    }

    /// The closed periods after the one of the first purchase as opportunities.
    pub(super) fn opportunities(&self, row: usize) -> OpportunityRecord {
        OpportunityRecord::of_periods(self.bought(row), self.closed)
    }

    /// The customer's contracts as far as closed periods tell, oldest first: each runs from period
    /// to period, and ends with the first in which nothing was paid.
    pub(super) fn memberships(&self, row: usize) -> Vec<Membership> {
        let closed = self.closed;
        let of_spell = |(first, last): (u32, u32)| {
            let last = last.min(closed - 1);
            let renewals = last - first;
            if last + 1 < closed {
                Membership::ended(renewals)
            } else {
                Membership::running(renewals)
            }
        };
        self.spells(row).into_iter().filter(|&(first, _)| first < closed).map(of_spell).collect()
    }

    /// Where the customer stands at the end of the observation: whoever paid in the last closed
    /// period has a contract, and whoever paid in the one that is cut.
    pub(super) fn standing(&self, row: usize) -> ContractStanding {
        let last = self.spells(row).last().copied();
        last.map_or(ContractStanding { runs: false, renewals: 0 }, |(first, last)| {
            ContractStanding { runs: last + 1 >= self.closed, renewals: last - first }
        })
    }

    /// Stretches of periods with a payment in each: the first and the last of each stretch.
    fn spells(&self, row: usize) -> Vec<(u32, u32)> {
        let mut spells: Vec<(u32, u32)> = Vec::new();
        for period in self.bought(row) {
            match spells.last_mut() {
                Some((_, last)) if *last + 1 == period => *last = period,
                _ => spells.push((period, period)),
            }
        }
        spells
    }

    /// Gross spend of the closed periods with a purchase, after that of the first purchase.
    pub(super) fn gross(&self) -> Vec<Option<SpendRecord>> {
        let record = |row| {
            let repeat = self.of_row(row).iter().filter(|entry| entry.purchase).skip(1);
            let (count, total) = repeat
                .filter(|entry| entry.period < self.closed)
                .fold((0u32, 0i64), |(count, total), entry| (count + 1, total + entry.gross));
            let total = Money::from_minor(total, self.minor_digits).amount();
            SpendRecord::new(count, total / f64::from(count)).ok()
        };
        (0..self.n_customers()).map(record).collect()
    }

    /// Net spend of the periods with a purchase. One that the end of the observation cuts counts
    /// where there is no other.
    pub(super) fn net(&self) -> Vec<Option<NetSpendRecord>> {
        let amount = |minor| Money::from_minor(minor, self.minor_digits).amount();
        let record = |row| {
            let entries = self.of_row(row).iter();
            let mut net = net_of_purchases(entries.map(|entry| {
                (entry.purchase, amount(entry.gross + entry.returns), amount(entry.returns))
            }));
            if net.len() > 1 && self.bought(row).last().is_some_and(|last| last >= self.closed) {
                net.pop();
            }
            NetSpendRecord::from_days(&net)
        };
        (0..self.n_customers()).map(record).collect()
    }

    /// Mean gross spend of a period with a purchase.
    pub(super) fn pooled_gross(&self) -> f64 {
        let of = |entry: &Entry| Money::from_minor(entry.gross, self.minor_digits).amount();
        let spend = blocks::sum(self.entries.len(), |place| of(&self.entries[place]));
        let count = self.entries.iter().filter(|entry| entry.purchase).count();
        spend / count as f64
    }
}
