//! An application with a store of its own: accounts, each with its bookings, as a shop's database
//! might hand them over. One `impl` plugs it in.

use std::collections::BTreeMap;

use segmentry::blueprint::Blueprint;
use segmentry::data::{
    Amounts, Batch, Batches, CustomerHistory, HistorySpec, IdColumn, RowOrder, ScanRequest,
    SourceError, Times, TransactionSource,
};
use segmentry::units::Date;
use segmentry::work::Work;

/// Bookings by account: the day and the cents.
struct Shop(BTreeMap<i64, Vec<(i32, i64)>>);

impl TransactionSource for Shop {
    fn order(&self) -> RowOrder {
        RowOrder::Customer // a map of accounts gives each account's bookings together
    }

    fn scan(&self, _partition: usize, _request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        Ok(Batches::new(self.0.iter().map(|(&account, bookings)| {
            let (days, cents): (Vec<i32>, Vec<i64>) = bookings.iter().copied().unzip();
            let accounts = IdColumn::integers(vec![account; days.len()]);
            let amounts = Amounts::Minor { units: cents.into(), digits: 2 };
            Ok(Batch::new(accounts, Times::Days(days.into()), amounts)?)
        })))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monday = Date::from_ymd(2026, 1, 5)?.day_number();
    let account = |n: i64| {
        let bookings = (0..1 + n % 7).map(|i| (monday + (i * (3 + n % 11)) as i32, 500 + 37 * n));
        (1000 + n, bookings.collect())
    };
    let shop = Shop((0..500).map(account).collect());

    let history = CustomerHistory::read(&shop, &HistorySpec::new(), &Work::new())?;
    assert_eq!((history.n_customers(), history.purchases(6)), (500, 7));
    assert_eq!(history.gross(6).amount(), 7.0 * 7.22);

    let result = Blueprint::new().build(&shop, &Work::new())?;
    assert_eq!(result.strategies().ids().len(), 500);
    println!("{} customers, each with a strategy", history.n_customers());
    Ok(())
}
