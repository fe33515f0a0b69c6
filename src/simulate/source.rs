//! The market as a source: of transactions, of attributes and of events.
//!
//! Customers are drawn while batches are filled, and a customer whose rows do not fit into a batch
//! is carried on in the next, so that memory holds one batch and one customer, however many there
//! are.

use std::vec::IntoIter;

use crate::data::{
    Amounts, AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Batch, Batches, Column, DataError, Event, EventBatches, EventKind,
    EventRequest, EventSource, Id, IdColumn, RowOrder, ScanRequest, SourceError, TextColumn, Times,
    TransactionSource,
};
use crate::simulate::basket::{MINOR_DIGITS, Row};
use crate::simulate::truth::Customer;
use crate::simulate::{Market, SimulateError, Truth};

/// The kind of event that marks an occasion on which a customer was held out.
const CONTROL: &str = "control";

impl TransactionSource for Market {
    fn partitions(&self) -> usize {
        let partitions = self.customers.div_ceil(self.customers_per_partition.max(1));
        usize::try_from(partitions).unwrap_or(usize::MAX).max(1)
    }

    /// Customer by customer, each in one partition.
    fn order(&self) -> RowOrder {
        RowOrder::Customer
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let truth = self.truth()?;
        let partitions = self.partitions();
        if partition >= partitions {
            return Err(SimulateError::NoSuchPartition { partition, partitions }.into());
        }
        let first = partition as u64 * self.customers_per_partition;
        let wants_orders = request.wants(Column::Order) || request.wants(Column::Product);
        Ok(Batches::new(Scan {
            next: first,
            end: first.saturating_add(self.customers_per_partition).min(self.customers),
            current: None,
            orders: self.lines.is_some() && wants_orders,
            categories: !self.categories.is_empty() && request.wants(Column::Category),
            truth,
        }))
    }
}

/// The batches of a range of customers.
struct Scan<'m> {
    truth: Truth<'m>,
    next: u64,
    end: u64,
    current: Option<Customer>,
    orders: bool,
    categories: bool,
}

/// Columns in the making.
#[derive(Default)]
struct Columns {
    customers: Vec<i64>,
    seconds: Vec<i64>,
    minor: Vec<i64>,
    orders: Vec<i64>,
    products: Vec<i64>,
    categories: String,
    category_ends: Vec<usize>,
}

impl Scan<'_> {
    /// The next row, and whose it is.
    fn row(&mut self) -> Option<(i64, Row)> {
        let end = self.truth.end();
        loop {
            if let Some(customer) = &mut self.current
                && let Some(row) = customer.walk.row_before(&self.truth.baskets, end)
            {
                return Some((customer.number as i64, row));
            }
            if self.next >= self.end {
                return None;
            }
            self.current = Some(self.truth.draw(self.next));
            self.next += 1;
        }
    }

    fn batch(&mut self, columns: Columns) -> Result<Batch<'static>, DataError> {
        let mut batch = Batch::new(
            IdColumn::integers(columns.customers),
            Times::Seconds(columns.seconds.into()),
            Amounts::Minor { units: columns.minor.into(), digits: MINOR_DIGITS },
        )?;
        if self.orders {
            batch = batch
                .orders(IdColumn::integers(columns.orders))?
                .products(IdColumn::integers(columns.products))?;
        }
        if self.categories {
            batch =
                batch.categories(TextColumn::new(columns.categories, columns.category_ends)?)?;
        }
        Ok(batch)
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Batch<'static>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.truth.first_day().midnight().seconds();
        let rows = self.truth.market.rows_per_batch;
        let mut columns = Columns {
            customers: Vec::with_capacity(rows),
            seconds: Vec::with_capacity(rows),
            minor: Vec::with_capacity(rows),
            ..Columns::default()
        };
        while columns.customers.len() < rows {
            let Some((customer, row)) = self.row() else { break };
            columns.customers.push(customer);
            columns.seconds.push(start + row.time);
            columns.minor.push(row.minor);
            if self.orders {
                columns.orders.push(row.order);
                columns.products.push(row.product);
            }
            if self.categories {
                columns.categories.push_str(&self.truth.market.categories[row.category].0);
                columns.category_ends.push(columns.categories.len());
            }
        }
        if columns.customers.is_empty() {
            return None;
        }
        Some(self.batch(columns).map_err(SourceError::from))
    }
}

/// The field of the preferred channel.
const CHANNEL: &str = "channel";

impl AttributeSource for Market {
    /// The preferred channel, where there are channels, and the survey's items, where there is a
    /// survey.
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        self.validate()?;
        let mut fields = Vec::new();
        if !self.channels.is_empty() {
            fields.push(AttributeField::own(CHANNEL, AttributeKind::Category));
        }
        if let Some(survey) = &self.survey {
            for need in &self.needs {
                for item in 0..survey.n_items_per_need() {
                    let name = survey.item_name(&need.name, item);
                    fields.push(AttributeField::survey(name, AttributeKind::YesNo));
                }
            }
        }
        Ok(fields)
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let truth = self.truth()?;
        let rows = self.rows_per_batch as u64;
        let starts = (0..self.customers.div_ceil(rows)).map(move |batch| batch * rows);
        Ok(Box::new(starts.map(move |start| {
            Ok(attributes(&truth, start..(start + rows).min(truth.n_customers())))
        })))
    }
}

fn attributes(truth: &Truth<'_>, customers: std::ops::Range<u64>) -> AttributeBatch<'static> {
    let market = truth.market;
    let mut columns = Vec::new();
    if !market.channels.is_empty() {
        let channels = customers.clone().map(|n| truth.channel_name(truth.draw(n).channel));
        columns.push(AttributeValues::Text(channels.collect()));
    }
    if let Some(survey) = &market.survey {
        let items = survey.n_items_per_need();
        let mut answers = vec![Vec::new(); market.needs.len() * items];
        for number in customers.clone() {
            let needs = truth.draw(number).needs;
            let mut respondent = truth.respondent(number);
            for (column, answers) in answers.iter_mut().enumerate() {
                let (need, item) = (column / items, column % items);
                let answer =
                    respondent.as_mut().and_then(|r| r.answer(needs >> need & 1 == 1, item));
                answers.push(answer);
            }
        }
        columns.extend(answers.into_iter().map(AttributeValues::YesNo));
    }
    let ids: Vec<i64> = customers.map(|number| number as i64).collect();
    AttributeBatch { customers: IdColumn::integers(ids), columns }
}

impl EventSource for Market {
    /// Contacts, hold-outs, responses and consents, as [`Treatments`](crate::simulate::Treatments)
    /// describe them: customer by customer, and for each in the order of time.
    fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        let truth = self.truth()?;
        let customers = if self.treatments.is_some() { self.customers } else { 0 };
        let rows = (0..customers).flat_map(move |number| events(&truth, number).map(Ok));
        Ok(EventBatches::from_rows(rows))
    }
}

fn events(truth: &Truth<'_>, number: u64) -> IntoIter<Event<'static>> {
    let customer = truth.draw(number);
    let event = |second, kind, channel: usize, value| Event {
        customer: Id::Integer(number as i64),
        time: truth.time(second),
        kind,
        key: truth.channel_name(channel).to_owned().into(),
        value,
    };
    let mut events = Vec::new();
    for (channel, permission) in truth.permissions(&customer).enumerate() {
        let said = f64::from(u8::from(permission.granted));
        events.push(event(customer.arrival, EventKind::Consent, channel, Some(said)));
        if permission.granted && permission.withdrawn < truth.end() {
            events.push(event(permission.withdrawn, EventKind::Consent, channel, Some(0.0)));
        }
    }
    for trial in truth.trials(&customer).into_iter().flatten() {
        let kind =
            if trial.contacted { EventKind::Contact } else { EventKind::Other(CONTROL.to_owned()) };
        events.push(event(trial.time, kind, customer.channel, None));
        if let Some(second) = trial.response {
            events.push(event(second, EventKind::Response, customer.channel, None));
        }
    }
    events.sort_by_key(|event| event.time);
    events.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        Attributes, CustomerHistory, Duplicates, EventSpec, EventSummary, HistorySpec,
    };
    use crate::simulate::{PlantedNeed, PlantedSegment, Survey, Treatments};
    use crate::units::{CustomerIds, Days};
    use crate::work::Work;

    fn small() -> Market {
        Market::retail(400).days(Days::new(300)).arrivals(Days::new(100)).seed(11)
    }

    fn rows(market: &Market) -> Vec<(i64, Row)> {
        let truth = market.truth().unwrap();
        let mut scan = Scan {
            next: 0,
            end: market.customers,
            current: None,
            orders: true,
            categories: true,
            truth,
        };
        std::iter::from_fn(move || scan.row()).collect()
    }

    fn history(market: &Market) -> CustomerHistory {
        let spec = market.history_spec().unwrap().categories().rhythm();
        CustomerHistory::read(market, &spec, &Work::new()).unwrap()
    }

    #[test]
    fn partitions_and_batches_change_nothing() {
        let expected = history(&small());
        for (partition, batch) in [(1, 1), (7, 13), (399, 100_000), (1_000_000, 5)] {
            let market = small().customers_per_partition(partition).rows_per_batch(batch);
            assert!(history(&market) == expected, "{partition} customers, {batch} rows");
        }
        let side_by_side = CustomerHistory::read_parallel(
            &small().customers_per_partition(31),
            &small().history_spec().unwrap().categories().rhythm(),
            &Work::new(),
        );
        assert!(side_by_side.unwrap() == expected);
    }

    /// The same market, of whose order nothing is known.
    struct Undeclared<'m>(&'m Market);

    impl TransactionSource for Undeclared<'_> {
        fn partitions(&self) -> usize {
            self.0.partitions()
        }

        fn scan(
            &self,
            partition: usize,
            request: &ScanRequest,
        ) -> Result<Batches<'_>, SourceError> {
            TransactionSource::scan(self.0, partition, request)
        }
    }

    #[test]
    fn the_declared_order_changes_nothing() {
        for partition in [1, 29, 1000] {
            let market = small().customers_per_partition(partition).returned(0.2, Days::new(9));
            assert_eq!((market.order(), Undeclared(&market).order()), DECLARED_AND_NOT);
            let end = market.history_spec().unwrap().categories().rhythm();
            for spec in [end.clone(), end.duplicates(Duplicates::Drop)] {
                let read = |source: &(dyn TransactionSource + Sync)| {
                    let one_by_one = CustomerHistory::read(source, &spec, &Work::new()).unwrap();
                    let side_by_side =
                        CustomerHistory::read_parallel(source, &spec, &Work::new()).unwrap();
                    assert!(one_by_one == side_by_side);
                    one_by_one
                };
                assert!(read(&market) == read(&Undeclared(&market)));
            }
        }
    }
    const DECLARED_AND_NOT: (RowOrder, RowOrder) = (RowOrder::Customer, RowOrder::Any);

    #[test]
    fn a_batch_has_the_rows_that_were_asked_for() {
        let market = small().rows_per_batch(100);
        let request = HistorySpec::new().categories().request();
        let batches: Vec<_> = TransactionSource::scan(&market, 0, &request)
            .unwrap()
            .map(|batch| batch.unwrap().len())
            .collect();
        let (last, full) = batches.split_last().unwrap();
        assert!(full.iter().all(|&rows| rows == 100) && (1..=100).contains(last));
        assert_eq!(batches.iter().sum::<usize>(), rows(&market).len());
    }

    #[test]
    fn a_customer_alone_is_the_customer_among_others() {
        let market = small();
        let all = rows(&market);
        let truth = market.truth().unwrap();
        for number in [0u64, 17, 399] {
            let mut alone = truth.draw(number);
            let end = truth.end();
            let rows: Vec<Row> =
                std::iter::from_fn(|| alone.walk.row_before(&truth.baskets, end)).collect();
            let among: Vec<Row> =
                all.iter().filter(|(id, _)| *id == number as i64).map(|&(_, row)| row).collect();
            assert_eq!(rows, among);
        }
        // Nor do the others matter: the first 400 of a larger market are the same.
        let more = Market { customers: 1000, ..market.clone() };
        let first: Vec<_> = rows(&more).into_iter().filter(|(id, _)| *id < 400).collect();
        assert_eq!(first, all);
    }

    #[test]
    fn the_history_says_what_the_truth_says() {
        for market in [small(), Market::new(500).returned(0.3, Days::new(3)), Market::new(500)] {
            let history = history(&market);
            assert_eq!(history.n_customers() as u64, market.customers);
            let truth = market.truth().unwrap();
            for (row, id) in history.ids().iter().enumerate() {
                let customer = truth.find(&id).unwrap();
                let seen = customer.calibration();
                assert_eq!(history.first_purchase(row), customer.arrival().date());
                assert_eq!(history.purchases(row), seen.purchases);
                assert_eq!(history.repeat_purchases(row), seen.repeat_purchases);
                assert_eq!(history.age_at_last(row), seen.age_at_last);
                assert_eq!(history.age(row), seen.age);
                assert_eq!(history.gross(row), seen.gross);
                assert_eq!(history.returns(row), seen.returns);
            }
        }
    }

    #[test]
    fn categories_follow_the_needs() {
        let market = Market::new(4000)
            .category("basics", 1.0)
            .category("express", 1.0)
            .need(PlantedNeed::new("speed").prefers("express", 6.0))
            .segment(PlantedSegment::new("hasty", 0.5).has("speed", 1.0))
            .segment(PlantedSegment::new("calm", 0.5));
        let truth = market.truth().unwrap();
        let mut lines = [[0.0; 2]; 2];
        for (id, row) in rows(&market) {
            let hasty = truth.customer(id as u64).unwrap().has_need(0);
            lines[usize::from(hasty)][row.category] += 1.0;
        }
        for (hasty, express) in [(0, 0.5), (1, 0.875f64)] {
            let n = lines[hasty][0] + lines[hasty][1];
            let error = (express * (1.0 - express) / n).sqrt();
            // Within 5 standard errors: a false alarm in two million seeds.
            assert!((lines[hasty][1] / n - express).abs() < 5.0 * error);
        }
    }

    #[test]
    fn attributes_are_the_same_in_any_batches() {
        let market = small();
        let ids = CustomerIds::numbered(400).unwrap();
        let read = |market: &Market| Attributes::read(market, &ids, &Work::new()).unwrap();
        let (a, b) = (read(&market), read(&market.clone().rows_per_batch(7)));
        assert_eq!((a.matched(), a.unmatched()), (400, 0));
        assert_eq!(a.columns().len(), 1 + 4 * 3);
        let truth = market.truth().unwrap();
        let asked = truth.customers().filter(|customer| customer.yes_saying().is_some()).count();
        for column in &a.columns()[1..] {
            let same = b.column(&column.field().name).unwrap();
            assert_eq!(column.yes_no().unwrap(), same.yes_no().unwrap());
            assert!(column.known() <= asked && column.known() > asked / 2);
        }
        let (levels, codes) = a.column(CHANNEL).unwrap().levels().unwrap();
        for (customer, code) in truth.customers().zip(codes) {
            assert_eq!(levels[code.unwrap() as usize], customer.channel());
        }
    }

    #[test]
    fn events_are_the_occasions_of_the_truth() {
        let market = small().treatments(Treatments::new().baseline(0.3).consent(0.5, 1.0));
        let ids = CustomerIds::numbered(400).unwrap();
        let events = EventSummary::read(&market, &ids, &Work::new()).unwrap();
        assert_eq!(events.unmatched(), 0);
        let truth = market.truth().unwrap();
        let mut responses = 0;
        for (row, customer) in truth.customers().enumerate() {
            let count = |kind| events.of(row, &kind, customer.channel()).map_or(0, |t| t.count);
            let occasions: Vec<_> = customer.occasions().collect();
            let contacted = occasions.iter().filter(|o| o.contacted).count() as u64;
            let responded = occasions.iter().filter(|o| o.response.is_some()).count() as u64;
            assert_eq!(count(EventKind::Contact), contacted);
            assert_eq!(count(EventKind::Other(CONTROL.into())), occasions.len() as u64 - contacted);
            assert_eq!(count(EventKind::Response), responded);
            let consent = events.of(row, &EventKind::Consent, customer.channel()).unwrap();
            assert_eq!(consent.first, customer.arrival());
            assert!(consent.last_value == Some(1.0) || consent.count == 2 || occasions.is_empty());
            responses += responded;
        }
        assert!(responses > 100);
        let silent = Market::new(5);
        assert_eq!(EventSource::scan(&silent, &EventSpec::new().request()).unwrap().count(), 0);
    }

    #[test]
    fn a_market_that_cannot_be_fails_when_it_is_scanned() {
        let market = Market::new(0);
        let error = CustomerHistory::read(&market, &HistorySpec::new(), &Work::new()).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        let cause = source.downcast_ref::<SimulateError>().unwrap();
        assert!(matches!(cause, SimulateError::Param { name: "customers", .. }));
        assert!(AttributeSource::fields(&market).is_err());
        assert!(AttributeSource::scan(&market).is_err());
        assert!(EventSource::scan(&market, &EventSpec::new().request()).is_err());
        let market = Market::new(10);
        let request = HistorySpec::new().request();
        let error = TransactionSource::scan(&market, 1, &request).unwrap_err();
        assert!(error.to_string().contains("partition 1"));
        assert_eq!(Market::new(1).customers_per_partition(0).partitions(), 1);
    }

    #[test]
    fn attributes_without_any() {
        let market = Market::new(3).survey(Survey::new());
        let ids = CustomerIds::numbered(3).unwrap();
        let none = Attributes::read(&market, &ids, &Work::new()).unwrap();
        assert_eq!((none.columns().len(), none.matched()), (0, 3));
    }

    /// Golden values: a change here changes every study that was made with a seed.
    #[test]
    fn the_first_rows_never_change() {
        let got: Vec<_> = rows(&small())
            .into_iter()
            .take(6)
            .map(|(id, row)| (id, row.time, row.minor, row.order, row.product, row.category))
            .collect();
        assert_eq!(got, GOLDEN);
    }
    const GOLDEN: [(i64, i64, i64, i64, i64, usize); 6] = [
        (0, 1_613_218, 174, 1, 279, 2),
        (0, 1_613_218, 173, 1, 280, 2),
        (0, 1_613_218, 480, 1, 281, 2),
        (0, 1_613_218, 1_924, 1, 282, 2),
        (1, 2_173_604, 372, 2_147_483_649, 243, 2),
        (1, 3_079_635, -372, 2_147_483_649, 243, 2),
    ];
}
