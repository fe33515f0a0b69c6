//! A market of fixed size and seed for the benches.

use segmentry::data::{
    Amounts, Batch, Batches, CustomerHistory, HistorySpec, IdColumn, ScanRequest, SourceError,
    Times, TransactionSource,
};
use segmentry::work::Work;

/// Columns in memory.
#[derive(Debug)]
pub(crate) struct Columns {
    customers: Vec<i64>,
    days: Vec<i32>,
    cents: Vec<i64>,
}

impl Columns {
    pub(crate) fn new(rows: usize) -> Self {
        let customers = (rows / 9).max(1) as u64;
        let mut state = 42u64;
        let mut roll = |sides: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        let mut columns = Self { customers: Vec::new(), days: Vec::new(), cents: Vec::new() };
        for _ in 0..rows {
            // Some customers come often, most seldom; some left early.
            let customer = roll(customers) * roll(customers) / customers;
            let last = 100 + (customer * 7919) % 630;
            columns.customers.push(customer as i64);
            columns.days.push(roll(last) as i32);
            columns.cents.push(300 + (roll(1000) * (1 + customer % 13)) as i64);
        }
        columns
    }

    #[allow(dead_code)] // Not every bench has use for a history.
    pub(crate) fn history(&self, spec: &HistorySpec) -> CustomerHistory {
        CustomerHistory::read(self, spec, &Work::new()).expect("the market has purchases")
    }
}

impl TransactionSource for Columns {
    fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let batch = Batch::new(
            IdColumn::integers(&self.customers[..]),
            Times::Days((&self.days[..]).into()),
            Amounts::Minor { units: (&self.cents[..]).into(), digits: 2 },
        );
        Ok(Batches::one(batch?))
    }
}
