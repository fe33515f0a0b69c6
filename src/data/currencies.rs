//! Kept rows by currency: a short list, found again by the currency of the row before.
//!
//! Rows that name no currency are not counted here: they are what is left of all kept rows.

use crate::data::quality::Count;
use crate::data::{Currencies, CurrencyTally, DataError};

/// Currencies that one log may have: more than any shop takes, few enough that a column of other
/// things is noticed.
const MOST: usize = 64;

/// Rows and minor units of each currency, in the order in which they were first seen.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct CurrencyCounts {
    entries: Vec<Entry>,
    /// The currency of the last row that named one.
    last: usize,
}

#[derive(Clone, PartialEq)]
struct Entry {
    name: String,
    count: Count,
    first: RowPlace,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowPlace {
    pub(crate) partition: usize,
    pub(crate) row: u64,
}

impl CurrencyCounts {
    /// Counts a row, and says which number its currency has; none where it names none.
    #[inline]
    pub(crate) fn add(
        &mut self,
        name: &str,
        minor: i64,
        place: RowPlace,
        rule: Currencies,
    ) -> Result<Option<u8>, DataError> {
        if name.is_empty() {
            return Ok(None);
        }
        if self.entries.get(self.last).is_none_or(|entry| entry.name != name) {
            self.last = self.number(name, place, rule)?;
        }
        self.entries[self.last].count.add(minor);
        Ok(Some(self.last as u8))
    }

    /// The number of a currency, which may be new.
    fn number(
        &mut self,
        name: &str,
        first: RowPlace,
        rule: Currencies,
    ) -> Result<usize, DataError> {
        if let Some(number) = self.entries.iter().position(|entry| entry.name == name) {
            return Ok(number);
        }
        if rule == Currencies::Error && !self.entries.is_empty() {
            let RowPlace { partition, row } = first;
            return Err(DataError::MixedCurrencies { partition, row });
        }
        if self.entries.len() == MOST {
            return Err(DataError::TooManyCurrencies { limit: MOST });
        }
        self.entries.push(Entry { name: name.to_owned(), count: Count::default(), first });
        Ok(self.entries.len() - 1)
    }

    /// Takes a row out again.
    pub(crate) fn take(&mut self, number: u8, minor: i64) {
        self.entries[usize::from(number)].count.take(minor);
    }

    /// Adds another reading's counts, and says which number each of its currencies has here.
    pub(crate) fn absorb(&mut self, other: &Self, rule: Currencies) -> Result<Vec<u8>, DataError> {
        let mut numbers = Vec::with_capacity(other.entries.len());
        for entry in &other.entries {
            let number = self.number(&entry.name, entry.first, rule)?;
            self.entries[number].count.absorb(entry.count);
            numbers.push(number as u8);
        }
        Ok(numbers)
    }

    /// The tallies in the byte order of the currencies, which add up to all kept rows; none where
    /// no row names a currency.
    pub(crate) fn tallies(&self, kept: Count, digits: u8) -> Vec<CurrencyTally> {
        let mut entries: Vec<&Entry> =
            self.entries.iter().filter(|entry| entry.count.rows > 0).collect();
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut unnamed = kept;
        for entry in &entries {
            unnamed.rows -= entry.count.rows;
            unnamed.minor -= entry.count.minor;
        }
        let has_unnamed = !entries.is_empty() && unnamed.rows > 0;
        let named = entries.into_iter().map(|entry| (entry.name.as_str(), entry.count));
        has_unnamed
            .then_some(("", unnamed))
            .into_iter()
            .chain(named)
            .map(|(name, count)| {
                let currency = name.to_owned();
                let tally = count.tally(digits);
                CurrencyTally { currency, rows: tally.rows, amount: tally.amount }
            })
            .collect()
    }
}

impl std::fmt::Debug for CurrencyCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CurrencyCounts({} currencies withheld)", self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        Amounts, Batch, CustomerHistory, Duplicates, HistorySpec, IdColumn, Returns, Times,
        Transaction,
    };
    use crate::units::Date;
    use crate::work::Work;

    /// Currency, customer (0 is nobody), cents, the order.
    type Line<'a> = (&'a str, i64, i64, i64);

    fn batch<'a>(lines: &[Line<'_>]) -> Batch<'a> {
        let ids =
            |of: fn(&Line<'_>) -> i64| IdColumn::integers(lines.iter().map(of).collect::<Vec<_>>());
        let missing: Vec<bool> = lines.iter().map(|line| line.1 == 0).collect();
        let customers = ids(|line| line.1).missing(missing);
        let units = lines.iter().map(|line| line.2).collect();
        let amounts = Amounts::Minor { units, digits: 2 };
        Batch::new(customers, Times::Days(vec![9_999; lines.len()].into()), amounts)
            .and_then(|batch| batch.orders(ids(|line| line.3))?.products(ids(|line| line.3)))
            .and_then(|batch| batch.currencies(lines.iter().map(|line| line.0).collect()))
            .unwrap()
    }

    fn read(lines: &[Line<'_>], spec: &HistorySpec) -> Result<CustomerHistory, DataError> {
        CustomerHistory::read(&batch(lines), spec, &Work::new())
    }

    fn tallies(history: &CustomerHistory) -> Vec<(&str, u64, f64)> {
        let tallies = &history.quality().currencies;
        tallies.iter().map(|t| (t.currency.as_str(), t.rows, t.amount.amount())).collect()
    }

    const LINES: [Line<'_>; 8] = [
        ("USD", 1, 200, 1),
        ("EUR", 1, 1_000, 2),
        ("EUR", 2, -300, 3),
        ("JPY", 0, 700, 4), // nobody's row is not kept
        ("", 2, 50, 5),
        ("USD", 2, 0, 6),
        ("EUR", 1, 1_000, 2), // the same again
        ("usd", 2, 1, 7),
    ];

    #[test]
    fn kept_rows_are_counted_by_currency() {
        let flag = HistorySpec::new().currencies(Currencies::Flag);
        let history = read(&LINES, &flag).unwrap();
        let all = [("", 1, 0.5), ("EUR", 3, 17.0), ("USD", 2, 2.0), ("usd", 1, 0.01)];
        assert_eq!(tallies(&history), all);
        let quality = history.quality();
        let rows: u64 = quality.currencies.iter().map(|tally| tally.rows).sum();
        assert_eq!(rows, quality.rows_kept);
        let thinned = flag.duplicates(Duplicates::Drop).returns(Returns::Drop);
        let history = read(&LINES, &thinned).unwrap();
        let all = [("", 1, 0.5), ("EUR", 1, 10.0), ("USD", 2, 2.0), ("usd", 1, 0.01)];
        assert_eq!(tallies(&history), all);
    }

    #[test]
    fn the_order_and_the_partitions_change_nothing() {
        let flag = HistorySpec::new().currencies(Currencies::Flag).duplicates(Duplicates::Drop);
        let lines: Vec<Line<'_>> = (0..300_000)
            .map(|i| (["EUR", "USD", "", "CHF"][i % 7 % 4], 7, 5, i as i64 / 2))
            .collect();
        let whole = read(&lines, &flag).unwrap();
        let mut reversed = lines.clone();
        reversed.reverse();
        assert_eq!(tallies(&read(&reversed, &flag).unwrap()), tallies(&whole));
        let batch = batch(&lines);
        let side_by_side = CustomerHistory::read_parallel(&batch, &flag, &Work::new()).unwrap();
        assert_eq!(side_by_side.quality(), whole.quality());
    }

    #[test]
    fn a_second_currency_ends_the_reading() {
        let spec = HistorySpec::new();
        let error = read(&LINES, &spec).unwrap_err();
        assert!(matches!(error, DataError::MixedCurrencies { partition: 0, row: 1 }), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("EUR") && !text.contains("USD"), "{text}");
        // Nobody's row and a row without a currency are none.
        let one = [LINES[1], LINES[3], LINES[4]];
        assert_eq!(tallies(&read(&one, &spec).unwrap()), [("", 1, 0.5), ("EUR", 1, 10.0)]);
        assert!(tallies(&read(&[LINES[4]], &spec).unwrap()).is_empty());
        // In another partition, on any number of threads.
        let mut lines = vec![LINES[0]; 150_000];
        lines[140_000].0 = "EUR";
        let batch = batch(&lines);
        for read in [
            CustomerHistory::read(&batch, &spec, &Work::new()),
            CustomerHistory::read_parallel(&batch, &spec, &Work::new()),
        ] {
            let error = read.unwrap_err();
            let place = DataError::MixedCurrencies { partition: 1, row: 140_000 - (1 << 17) };
            assert_eq!(error.to_string(), place.to_string());
        }
    }

    #[cfg(feature = "parallel")]
    #[test]
    fn the_row_of_the_second_currency_is_the_same_for_any_number_of_threads() {
        // One currency in the first partitions, another from the first row of the sixth on, and the
        // first again within it: a shard that starts there meets that one as its second.
        let rows = 10 << 17;
        let (change, back) = (5 << 17, (5 << 17) + 10);
        let currency = |row| if (change..back).contains(&row) { "USD" } else { "EUR" };
        let lines: Vec<Line<'_>> = (0..rows).map(|row| (currency(row), 7, 5, 1)).collect();
        let (batch, spec) = (batch(&lines), HistorySpec::new().duplicates(Duplicates::Ignore));
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let read = || CustomerHistory::read_parallel(&batch, &spec, &Work::new());
            let error = pool.install(read).unwrap_err();
            let same = matches!(error, DataError::MixedCurrencies { partition: 5, row: 0 });
            assert!(same, "{threads} threads: {error}");
        }
    }

    #[test]
    fn a_column_of_other_things_is_noticed() {
        let flag = HistorySpec::new().currencies(Currencies::Flag);
        let names: Vec<String> = (0..65).map(|i| i.to_string()).collect();
        let lines: Vec<Line<'_>> = names.iter().map(|name| (name.as_str(), 1, 100, 1)).collect();
        assert_eq!(tallies(&read(&lines[..64], &flag).unwrap()).len(), 64);
        let error = read(&lines, &flag).unwrap_err();
        assert!(matches!(error, DataError::TooManyCurrencies { limit: 64 }));
    }

    #[test]
    fn rows_name_their_currency() {
        let day = Date::from_day_number(9_999).unwrap();
        let row = |currency: &'static str| Transaction::new(1, day, 2.5).currency(currency);
        let flag = HistorySpec::new().currencies(Currencies::Flag);
        let rows = [row("EUR"), Transaction::new(1, day, 1.0), row("GBP")];
        let history = CustomerHistory::read(&rows, &flag, &Work::new()).unwrap();
        assert_eq!(tallies(&history), [("", 1, 1.0), ("EUR", 1, 2.5), ("GBP", 1, 2.5)]);
        let plain = [Transaction::new(1, day, 1.0)];
        let history = CustomerHistory::read(&plain, &flag, &Work::new()).unwrap();
        assert!(tallies(&history).is_empty());
    }
}
