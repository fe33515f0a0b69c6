//! What became of every row that was read.

use std::fmt;

use serde::Serialize;

use crate::data::currencies::CurrencyCounts;
use crate::data::{
    Duplicates, HistorySpec, MissingCustomers, OutOfWindow, Returns, RowFault, UnreadableRows,
    ZeroAmounts,
};
use crate::units::{Date, Money};

/// Rows of one kind, and the money in them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Tally {
    /// How many rows.
    pub rows: u64,
    /// The sum of their amounts.
    pub amount: Money,
}

/// The account of a reading: every row is in exactly one of the counts that
/// [`accounted_for`](Self::accounted_for) adds up, and the rules that put it there stand beside
/// them.
///
/// Written as JSON it is the `quality.json` of the blueprint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DataQuality {
    /// Rows read from the source, unreadable ones included.
    pub rows_read: u64,
    /// Rows that entered a customer's history: purchases, zero amounts and returns.
    pub rows_kept: u64,
    /// Rows that did not, under the rules below.
    pub rows_skipped: u64,
    /// Rows of positive amounts that count as purchases.
    pub purchases: Tally,
    /// Rows of zero amounts.
    pub zero_amounts: Ruled<ZeroAmounts>,
    /// Rows of negative amounts that belong to a customer.
    pub returns: Ruled<Returns>,
    /// Rows without a customer, of whatever amount.
    pub missing_customers: Ruled<MissingCustomers>,
    /// Rows of known customers outside the observation.
    pub out_of_window: Ruled<OutOfWindow>,
    /// Rows of known customers held back behind the observation. `None` without a holdout.
    pub held_out: Option<Tally>,
    /// Rows that could not be read. Their amount is unknown.
    pub unreadable: Unreadable,
    /// Rows that repeat another in every column given, rows without a customer included. `None`
    /// where repeats could not be judged.
    pub duplicates: Option<Repeats>,
    /// Rows that entered a history or were held out, by currency, in the byte order of the names;
    /// empty where no row names one.
    pub currencies: Vec<CurrencyTally>,
    /// Customers with a purchase: the customers of the history.
    pub customers: u64,
    /// Customers who appear only with returns, and their money. They are in no history.
    pub customers_without_purchase: WithoutPurchase,
    /// The first day of the observation.
    pub observed_from: Date,
    /// The last day of the observation, to which ages run.
    pub observed_until: Date,
}

/// A tally and the rule that decided on its rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ruled<R> {
    /// How many rows.
    pub rows: u64,
    /// The sum of their amounts.
    pub amount: Money,
    /// What became of them.
    pub rule: R,
}

/// The rows in one currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurrencyTally {
    /// Its name, as the data have it; empty for the rows without one.
    pub currency: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of their amounts, in that currency.
    pub amount: Money,
}

/// Rows that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unreadable {
    /// How many.
    pub rows: u64,
    /// What became of them.
    pub rule: UnreadableRows,
    /// The first few, by position and reason.
    pub first: Vec<RowFault>,
}

/// Rows that repeat another row exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Repeats {
    /// How many, beyond the first of each.
    pub rows: u64,
    /// The sum of their amounts: what is counted twice if they are copies.
    pub amount: Money,
    /// How many rows were compared.
    pub judged: u64,
    /// What became of them.
    pub rule: Duplicates,
}

/// Customers whom no purchase made a customer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct WithoutPurchase {
    /// How many.
    pub customers: u64,
    /// The money of their returns.
    pub amount: Money,
}

/// Counts while reading; the amounts are whole minor units.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) rows_read: u64,
    pub(crate) purchases: Count,
    pub(crate) zeros: Count,
    pub(crate) returns: Count,
    pub(crate) missing_customers: Count,
    pub(crate) out_of_window: Count,
    pub(crate) held_out: Count,
    pub(crate) unreadable: u64,
    pub(crate) first_unreadable: Vec<RowFault>,
    pub(crate) judged: u64,
    /// Of kept rows.
    pub(crate) currencies: CurrencyCounts,
    /// Kept rows taken out again as repeats.
    pub(crate) dropped: u64,
}

/// Rows and their minor units. The sum of 2^64 amounts of 64 bits fits into 128.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Count {
    pub(crate) rows: u64,
    pub(crate) minor: i128,
}

impl Count {
    pub(crate) fn add(&mut self, minor: i64) {
        self.rows += 1;
        self.minor += i128::from(minor);
    }

    pub(crate) fn take(&mut self, minor: i64) {
        self.rows -= 1;
        self.minor -= i128::from(minor);
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.rows += other.rows;
        self.minor += other.minor;
    }

    pub(crate) fn tally(self, digits: u8) -> Tally {
        Tally {
            rows: self.rows,
            amount: Money::finite(self.minor as f64 / crate::units::minor_units(digits)),
        }
    }

    fn ruled<R>(self, digits: u8, rule: R) -> Ruled<R> {
        let Tally { rows, amount } = self.tally(digits);
        Ruled { rows, amount, rule }
    }
}

/// How many faults are kept as examples.
const EXAMPLES: usize = 5;

impl Counts {
    pub(crate) fn unreadable(&mut self, fault: RowFault) {
        self.unreadable += 1;
        if self.first_unreadable.len() < EXAMPLES {
            self.first_unreadable.push(fault);
        }
    }

    /// Adds another reading's counts, all but those of currencies; the examples are those of the
    /// earlier one first.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        self.purchases.absorb(other.purchases);
        self.zeros.absorb(other.zeros);
        self.returns.absorb(other.returns);
        self.missing_customers.absorb(other.missing_customers);
        self.out_of_window.absorb(other.out_of_window);
        self.held_out.absorb(other.held_out);
        self.unreadable += other.unreadable;
        self.judged += other.judged;
        self.dropped += other.dropped;
        let room = EXAMPLES.saturating_sub(self.first_unreadable.len());
        self.first_unreadable.extend(other.first_unreadable.iter().take(room).cloned());
    }

    pub(crate) fn skipped(&self, spec: &HistorySpec) -> u64 {
        let by_rule = |drops: bool, count: Count| if drops { count.rows } else { 0 };
        self.missing_customers.rows
            + self.out_of_window.rows
            + self.unreadable
            + self.dropped
            + by_rule(spec.returns == Returns::Drop, self.returns)
            + by_rule(spec.zero_amounts == ZeroAmounts::Drop, self.zeros)
    }

    /// The money of all kept rows, and how many they are.
    fn kept(&self, spec: &HistorySpec) -> Count {
        let returns = if spec.returns == Returns::Drop { 0 } else { self.returns.minor };
        Count {
            rows: self.rows_read - self.skipped(spec),
            minor: self.purchases.minor + self.held_out.minor + returns,
        }
    }

    pub(crate) fn report(&self, spec: &HistorySpec, outcome: Outcome) -> DataQuality {
        let digits = spec.minor_digits;
        let skipped = self.skipped(spec);
        DataQuality {
            rows_read: self.rows_read,
            rows_kept: self.rows_read - skipped,
            rows_skipped: skipped,
            purchases: self.purchases.tally(digits),
            zero_amounts: self.zeros.ruled(digits, spec.zero_amounts),
            returns: self.returns.ruled(digits, spec.returns),
            missing_customers: self.missing_customers.ruled(digits, spec.missing_customers),
            out_of_window: self.out_of_window.ruled(digits, spec.out_of_window),
            held_out: spec.holdout_until.map(|_| self.held_out.tally(digits)),
            unreadable: Unreadable {
                rows: self.unreadable,
                rule: spec.unreadable,
                first: self.first_unreadable.clone(),
            },
            duplicates: (self.judged > 0).then_some(Repeats {
                rows: outcome.repeats.rows,
                amount: outcome.repeats.tally(digits).amount,
                judged: self.judged,
                rule: spec.duplicates,
            }),
            currencies: self.currencies.tallies(self.kept(spec), digits),
            customers: outcome.customers,
            customers_without_purchase: WithoutPurchase {
                customers: outcome.without_purchase,
                amount: Money::finite(
                    outcome.without_purchase_minor as f64 / crate::units::minor_units(digits),
                ),
            },
            observed_from: outcome.observed_from,
            observed_until: outcome.observed_until,
        }
    }
}

/// What only the finished fold knows.
pub(crate) struct Outcome {
    pub(crate) customers: u64,
    pub(crate) without_purchase: u64,
    pub(crate) without_purchase_minor: i128,
    pub(crate) repeats: Count,
    pub(crate) observed_from: Date,
    pub(crate) observed_until: Date,
}

impl DataQuality {
    /// The sum of the counts of rows, each row in one of them; equal to
    /// [`rows_read`](Self::rows_read).
    pub fn accounted_for(&self) -> u64 {
        let dropped_repeats = match self.duplicates {
            Some(repeats) if repeats.rule == Duplicates::Drop => {
                self.rows_skipped - self.skipped_otherwise()
            }
            _ => 0,
        };
        self.purchases.rows
            + self.zero_amounts.rows
            + self.returns.rows
            + self.missing_customers.rows
            + self.out_of_window.rows
            + self.held_out.map_or(0, |held| held.rows)
            + self.unreadable.rows
            + dropped_repeats
    }

    fn skipped_otherwise(&self) -> u64 {
        self.missing_customers.rows
            + self.out_of_window.rows
            + self.unreadable.rows
            + if self.returns.rule == Returns::Drop { self.returns.rows } else { 0 }
            + if self.zero_amounts.rule == ZeroAmounts::Drop { self.zero_amounts.rows } else { 0 }
    }
}

impl fmt::Display for DataQuality {
    /// One line per finding, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rows read, {} kept, {} skipped",
            self.rows_read, self.rows_kept, self.rows_skipped
        )?;
        let mut line = |rows: u64, amount: Option<Money>, what: &str| match (rows, amount) {
            (0, _) => Ok(()),
            (_, Some(amount)) => writeln!(f, "  {rows} {what}, {amount} in all"),
            (_, None) => writeln!(f, "  {rows} {what}"),
        };
        line(
            self.missing_customers.rows,
            Some(self.missing_customers.amount),
            "without a customer: skipped",
        )?;
        let returns = match self.returns.rule {
            Returns::Drop => "returns: skipped",
            Returns::Net => "returns: taken off the purchases of their day",
            _ => "returns: kept apart, no purchases",
        };
        line(self.returns.rows, Some(self.returns.amount), returns)?;
        let zeros = match self.zero_amounts.rule {
            ZeroAmounts::Drop => "of zero amount: skipped",
            ZeroAmounts::Purchase => "of zero amount: counted as purchases",
        };
        line(self.zero_amounts.rows, None, zeros)?;
        line(
            self.out_of_window.rows,
            Some(self.out_of_window.amount),
            "outside the observation: skipped",
        )?;
        if let Some(held) = self.held_out {
            line(held.rows, Some(held.amount), "behind the observation: held out")?;
        }
        line(self.unreadable.rows, None, "unreadable: skipped")?;
        match self.duplicates {
            Some(Repeats { rows, amount, rule: Duplicates::Drop, .. }) => {
                line(rows, Some(amount), "exact repeats: taken out")?
            }
            Some(Repeats { rows, amount, .. }) => {
                line(rows, Some(amount), "exact repeats: kept and flagged")?
            }
            None => writeln!(
                f,
                "  exact repeats were not judged: they are where orders and products are known"
            )?,
        }
        for CurrencyTally { currency, rows, amount } in &self.currencies {
            match currency.as_str() {
                "" => writeln!(f, "  {rows} kept without a currency, {amount} in all")?,
                name => writeln!(f, "  {rows} kept in {name}, {amount} in all")?,
            }
        }
        write!(
            f,
            "{} customers with a purchase, {} without, observed from {} to {}",
            self.customers,
            self.customers_without_purchase.customers,
            self.observed_from,
            self.observed_until
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Currencies, CustomerHistory, Duplicates, HistorySpec, Transaction};
    use crate::units::Date;
    use crate::work::Work;

    #[test]
    fn the_text_names_currencies_and_the_money_of_repeats() {
        let day = Date::from_ymd(2024, 3, 1).unwrap();
        let row = |amount| Transaction::new("eve", day, amount).order("o").product("p");
        let rows = [
            row(2.5).currency("EUR"),
            row(2.5).currency("EUR"),
            row(-1.0).currency("CHF"),
            row(4.0),
        ];
        for (rule, kept, text) in [
            (
                Duplicates::Flag,
                "2 kept in EUR, 5.00",
                "1 exact repeats: kept and flagged, 2.50 in all",
            ),
            (Duplicates::Drop, "1 kept in EUR, 2.50", "1 exact repeats: taken out, 2.50 in all"),
        ] {
            let spec = HistorySpec::new().currencies(Currencies::Flag).duplicates(rule);
            let history = CustomerHistory::read(&rows, &spec, &Work::new()).unwrap();
            assert_eq!(history.quality().duplicates.unwrap().amount.amount(), 2.5);
            let written = history.quality().to_string();
            for line in [
                text,
                kept,
                "1 kept in CHF, -1.00 in all",
                "1 kept without a currency, 4.00 in all",
            ] {
                assert!(written.contains(line), "{line} in {written}");
            }
        }
    }
}
