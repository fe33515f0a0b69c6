//! Summaries from netted days: what is left of a customer's purchases once the returns of each day
//! are taken off.
//!
//! A day that is undone is no purchase, and whether it is one can be known only when all rows are
//! there. So the summaries that were kept up row by row are replaced at the end by what the days
//! add up to.

use crate::data::fold::PartialHistory;
use crate::data::ledger::{LedgerDay, SortedLedger};
use crate::data::summary::{Arrival, Overflow, Summary};

/// What days add up to, which come in order of time.
#[derive(Default)]
struct Netted {
    summary: Summary,
    squared_gaps: u64,
    days: u32,
}

impl Netted {
    fn of(days: impl Iterator<Item = LedgerDay>) -> Result<Self, Overflow> {
        let mut netted = Self::default();
        for LedgerDay { day, purchase, returns } in days {
            netted.days += 1;
            if let Some(minor) = purchase
                && let Arrival::NewDay(gap) = netted.summary.purchase(day, minor)?
            {
                netted.squared_gaps += u64::from(gap) * u64::from(gap);
            }
            if let Some(minor) = returns {
                netted.summary.take_back(minor)?;
            }
        }
        Ok(netted)
    }
}

impl PartialHistory {
    /// Replaces all summaries by those of netted days. The answer is how many customers have days
    /// of the observation, and on them neither a purchase left nor money that went back: what they
    /// bought was undone to the last cent.
    pub(super) fn net(&mut self, ledger: &SortedLedger) -> u64 {
        let until = self.spec.observed_until.map_or(i32::MAX, |day| day.day_number());
        let mut undone = 0;
        for customer in 0..self.customers.len() as u32 {
            let [within, behind] = ledger.of(customer, until).map(|days| {
                Netted::of(days).expect("netted sums are no larger than those that were booked")
            });
            let summary = Summary { number: customer, ..within.summary };
            if within.days > 0 && !summary.has_purchase() && summary.returns == 0 {
                undone += 1;
            }
            *self.customers.value_mut(customer) = summary;
            self.window.set_squared_gaps(customer, within.squared_gaps);
            if let Some(held) = &mut self.held_out
                && let Some(summary) = held.summaries.get_mut(customer as usize)
            {
                *summary = Summary { number: customer, ..behind.summary };
            }
        }
        undone
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{
        CustomerHistory, DataError, Duplicates, HistorySpec, PartialHistory, Returns, Transaction,
        ZeroAmounts,
    };
    use crate::units::Date;
    use crate::work::Work;

    /// Customer, day, amount.
    type Line = (&'static str, i32, f64);

    fn day(number: i32) -> Date {
        Date::from_day_number(number).unwrap()
    }

    fn rows(lines: &[Line]) -> Vec<Transaction<'static>> {
        let row = |&(who, at, amount): &Line| Transaction::new(who, day(at), amount);
        lines.iter().map(row).collect()
    }

    fn netted() -> HistorySpec {
        HistorySpec::new().returns(Returns::Net).rhythm().purchase_days()
    }

    fn read(lines: &[Line], spec: &HistorySpec) -> CustomerHistory {
        CustomerHistory::read(&rows(lines), spec, &Work::new()).unwrap()
    }

    const LINES: [Line; 16] = [
        ("ann", 1, 10.0),
        ("ann", 1, -10.0), // the first purchase is undone
        ("ann", 5, 20.0),
        ("ann", 5, -5.0),
        ("ann", 9, -3.0), // on a day without a purchase
        ("ann", 12, 4.0),
        ("ann", 13, 6.0),
        ("ann", 13, -7.0), // more went back than was bought
        ("bea", 3, 8.0),
        ("bea", 3, -8.0), // undone to the last cent
        ("cid", 4, 2.0),
        ("cid", 4, -6.0),  // nothing but a return is left
        ("dot", 2, 0.0),   // a visit
        ("dot", 15, 9.0),  // held out
        ("dot", 15, -4.0), // held out
        ("dot", 16, -1.0), // held out
    ];

    #[test]
    fn returns_are_taken_off_the_purchases_of_their_day() {
        let history = read(&LINES, &netted().observed_until(day(14)).holdout_until(day(20)));
        assert_eq!(history.n_customers(), 2);
        assert_eq!((history.first_purchase(0), history.last_purchase(0)), (day(5), day(12)));
        assert_eq!((history.purchases(0), history.age_at_last(0).count()), (2, 7));
        assert_eq!((history.age(0).count(), history.days_since_last(0).count()), (9, 2));
        let money = [history.gross(0), history.returns(0), history.net(0), history.repeat_gross(0)];
        assert_eq!(money.map(|money| money.amount()), [19.0, -4.0, 15.0, 4.0]);
        let rhythm = history.rhythm(0).unwrap().unwrap();
        assert_eq!((rhythm.mean_gap, rhythm.standard_deviation), (7.0, None));
        assert_eq!((history.purchases(1), history.gross(1).amount()), (1, 0.0));
        let held_out = history.held_out().unwrap();
        assert_eq!((held_out.purchases(1), held_out.gross(1).amount()), (1, 5.0));
        assert_eq!((held_out.returns(1).amount(), held_out.purchases(0)), (-1.0, 0));
        let quality = history.quality();
        // `bea`, of whom nothing is left, and `cid`.
        let without = quality.customers_without_purchase;
        assert_eq!((without.customers, without.amount.amount()), (2, -4.0));
        assert_eq!((quality.purchases.amount.amount(), quality.returns.rows), (50.0, 6));
        assert_eq!(quality.accounted_for(), 16);
        assert!(quality.to_string().contains("taken off the purchases of their day"));
    }

    #[test]
    fn the_days_are_netted_as_well() {
        let history = read(&LINES, &netted().observed_until(day(14)).holdout_until(day(20)));
        let days: Vec<_> = history
            .purchase_days()
            .unwrap()
            .of(0)
            .map(|day| {
                let money = (day.gross().amount(), day.returns().amount());
                (day.day().day_number(), money, day.is_purchase())
            })
            .collect();
        let expected = [
            (1, (0.0, 0.0), false),
            (5, (15.0, 0.0), true),
            (9, (0.0, -3.0), false),
            (12, (4.0, 0.0), true),
            (13, (0.0, -1.0), false),
        ];
        assert_eq!(days, expected);
        // Without being asked for they are computed and not kept.
        let spec = HistorySpec::new().returns(Returns::Net);
        let plain = read(&LINES, &spec);
        assert!(matches!(plain.purchase_days(), Err(DataError::NotAsked { .. })));
    }

    #[test]
    fn without_returns_netting_changes_nothing() {
        let lines: Vec<Line> = LINES.iter().copied().filter(|line| line.2 >= 0.0).collect();
        let (net, plain) = (netted(), HistorySpec::new().rhythm().purchase_days());
        let (net, plain) = (read(&lines, &net), read(&lines, &plain));
        for row in 0..plain.n_customers() {
            assert_eq!(net.purchases(row), plain.purchases(row));
            assert_eq!(net.gross(row), plain.gross(row));
            assert_eq!(net.repeat_gross(row), plain.repeat_gross(row));
            assert_eq!(net.rhythm(row).unwrap(), plain.rhythm(row).unwrap());
        }
        assert_eq!(net.purchase_days().unwrap(), plain.purchase_days().unwrap());
    }

    #[test]
    fn the_order_of_rows_and_shards_changes_nothing() {
        let spec = netted().observed_until(day(14)).holdout_until(day(20));
        let whole = read(&LINES, &spec);
        let mut lines = LINES;
        for turn in 0..LINES.len() {
            lines.rotate_left(1);
            assert_eq!(read(&lines, &spec), whole, "turned by {turn}");
            let (left, right) = lines.split_at(turn);
            let shard = |lines: &[Line]| PartialHistory::read(&rows(lines), 0, &spec, &Work::new());
            let mut merged = shard(right).unwrap();
            merged.merge(shard(left).unwrap(), &Work::new()).unwrap();
            assert_eq!(merged.finish(&Work::new()).unwrap(), whole, "cut at {turn}");
        }
        lines.reverse();
        assert_eq!(read(&lines, &spec), whole, "reversed");
    }

    #[test]
    fn a_dropped_visit_and_dropped_repeats_are_none_when_days_are_netted() {
        let spec = netted().zero_amounts(ZeroAmounts::Drop);
        let history = read(&LINES, &spec);
        assert_eq!(history.first_purchase(1), day(15)); // `dot`
        let line = |amount| Transaction::new("a", day(1), amount).order("o").product("p");
        let twice = [5.0, -3.0, 5.0, -3.0].map(line);
        let history =
            CustomerHistory::read(&twice, &netted().duplicates(Duplicates::Drop), &Work::new());
        assert_eq!(history.unwrap().gross(0).amount(), 2.0);
        let undone = rows(&LINES[..2]);
        let error = CustomerHistory::read(&undone, &netted(), &Work::new()).unwrap_err();
        assert!(matches!(error, DataError::NoPurchases { rows_read: 2, .. }), "{error}");
    }

    #[test]
    fn the_largest_sums_are_netted_without_overflow() {
        use crate::data::{Amounts, Batch, IdColumn, Times};
        let spec = netted().minor_digits(0);
        let batch = Batch::new(
            IdColumn::integers(vec![7; 4]),
            Times::Days(vec![1, 2, 1, 3].into()),
            Amounts::Minor { units: vec![i64::MAX, 0, -1, i64::MIN + 1].into(), digits: 0 },
        );
        let history = CustomerHistory::read(&batch.unwrap(), &spec, &Work::new()).unwrap();
        assert_eq!(history.purchases(0), 2);
        let days: Vec<_> = history.purchase_days().unwrap().of(0).collect();
        assert_eq!((days[0].whole().1, days[2].whole().2), (i64::MAX - 1, i64::MIN + 1));
    }
}
