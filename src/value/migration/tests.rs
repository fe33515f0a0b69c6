//! Migrations by hand, and the forecast against closed forms.

use super::*;
use crate::num::random::{Purpose, Stream};
use crate::units::Days;
use crate::value::{GammaGamma, MbgNbd, PurchaseRecord, SpendRecord, Ties};
use crate::work::Work;

fn money(values: &[i64]) -> Vec<Money> {
    values.iter().map(|&v| Money::from_minor(v, 2)).collect()
}

fn minor(money: Money) -> i128 {
    money.to_whole(2)
}

fn random(n: usize, seed: u64) -> (Vec<Option<bool>>, Vec<i64>) {
    let mut stream = Stream::new(seed, Purpose::Sample, 0);
    (0..n)
        .map(|_| match stream.below(5) {
            0 => (None, 0),
            1 => (Some(false), -(stream.below(50) as i64)),
            _ => (Some(true), stream.below(40_000) as i64),
        })
        .unzip()
}

#[test]
fn every_customer_and_every_cent_is_in_one_cell() {
    let n = 500;
    let ids = CustomerIds::numbered(n).unwrap();
    let (active, cents) = random(n, 1);
    let (mut later, mut later_cents) = random(n, 2);
    for row in 0..n {
        if active[row].is_some() && later[row].is_none() {
            (later[row], later_cents[row]) = (Some(false), 0);
        }
    }
    for groups in [1, 5, 10] {
        let cut = QuantileGroups::new(groups);
        let before = PeriodStandings::cut(&cut, &active, money(&cents), &ids).unwrap();
        let after = PeriodStandings::cut(&cut, &later, money(&later_cents), &ids).unwrap();
        let moved = Migration::between(&before, &after, 2).unwrap();
        let sum = |of: fn(&MigrationCell) -> i128| moved.cells().iter().map(of).sum::<i128>();
        assert_eq!(sum(|cell| i128::from(cell.customers)), n as i128);
        assert_eq!(sum(|cell| minor(cell.before)), cents.iter().sum::<i64>().into());
        assert_eq!(sum(|cell| minor(cell.after)), later_cents.iter().sum::<i64>().into());
        assert_eq!(sum(|cell| minor(cell.change)), minor(moved.total().change));
        for from in moved.standings() {
            let row: Vec<MigrationCell> =
                moved.standings().map(|to| moved.cell(from, to)).collect();
            let shares: f64 = row.iter().filter_map(|cell| cell.row_share).sum();
            assert!(row[0].row_share.is_none() || (shares - 1.0).abs() < 1e-12);
            for cell in row {
                let (from, to) = (cell.from.unwrap(), cell.to.unwrap());
                assert_eq!(moved.customers(from, to).count() as u64, cell.customers);
            }
        }
    }
}

/// The groups are those of the active alone, whatever their rows and ids.
#[test]
fn groups_are_cut_among_the_active() {
    let names = ["d", "c", "b", "a", "e"];
    let ids = CustomerIds::from_texts(names).unwrap();
    let active = [Some(true), Some(true), Some(false), Some(true), Some(true)];
    let cut =
        PeriodStandings::cut(&QuantileGroups::new(2), &active, money(&[5, 5, 99, 5, 5]), &ids);
    let cut = cut.unwrap();
    // Equal money goes by id: a and c before d and e.
    let group = Standing::Group;
    assert_eq!(cut.of(), [group(2), group(1), Standing::NotActive, group(1), group(2)]);
    let together = QuantileGroups::new(2).ties(Ties::Together);
    let cut = PeriodStandings::cut(&together, &active, money(&[5, 5, 99, 5, 5]), &ids).unwrap();
    assert_eq!(cut.of()[0], group(1));
}

#[test]
fn what_cannot_have_happened_is_refused() {
    let one = |standing, cents| PeriodStandings::new(2, vec![standing], money(&[cents]));
    assert!(one(Standing::Group(3), 1).is_err() && one(Standing::Group(0), 1).is_err());
    assert!(one(Standing::NotYetCustomer, 1).is_err());
    let here = one(Standing::Group(1), 1).unwrap();
    let never = one(Standing::NotYetCustomer, 0).unwrap();
    assert!(matches!(
        Migration::between(&here, &never, 2),
        Err(ValueError::BadValue { row: 0, .. })
    ));
    assert!(Migration::between(&never, &here, 2).is_ok());
    let three = PeriodStandings::new(3, vec![Standing::Group(1)], money(&[1])).unwrap();
    assert!(matches!(Migration::between(&here, &three, 2), Err(ValueError::Param { .. })));
    let two = PeriodStandings::new(2, vec![Standing::NotActive; 2], money(&[0, 0])).unwrap();
    assert!(matches!(Migration::between(&here, &two, 2), Err(ValueError::Length { .. })));
}

struct Base {
    ids: CustomerIds,
    records: Vec<Option<PurchaseRecord>>,
    spend: Vec<Option<SpendRecord>>,
    before: PeriodStandings,
    after: PeriodStandings,
}

/// Customers of many kinds, and a few who come later.
fn base(n: usize) -> Base {
    let ids = CustomerIds::numbered(n).unwrap();
    let mut stream = Stream::new(6, Purpose::Sample, 0);
    let mut row = |row: usize| {
        if row.is_multiple_of(9) {
            return (None, None, None, 0, Some(row.is_multiple_of(2)), 300 * row as i64);
        }
        let x = stream.below(6) as u32;
        let last = if x == 0 { 0.0 } else { 360.0 * stream.uniform() };
        let record = PurchaseRecord::new(x, last, 364.0).unwrap();
        let spend = (x > 0).then(|| SpendRecord::new(x, 5.0 + 60.0 * stream.uniform()).unwrap());
        let cents = 1000 + stream.below(50_000) as i64;
        (Some(record), spend, Some(true), cents, Some(true), cents)
    };
    let rows: Vec<_> = (0..n).map(&mut row).collect();
    let cut = QuantileGroups::new(4);
    let standings = |active: Vec<Option<bool>>, cents: Vec<i64>| {
        PeriodStandings::cut(&cut, &active, money(&cents), &ids).unwrap()
    };
    let before = standings(rows.iter().map(|r| r.2).collect(), rows.iter().map(|r| r.3).collect());
    let after = standings(rows.iter().map(|r| r.4).collect(), rows.iter().map(|r| r.5).collect());
    Base {
        before,
        after,
        records: rows.iter().map(|r| r.0).collect(),
        spend: rows.iter().map(|r| r.1).collect(),
        ids,
    }
}

/// Monte Carlo means lie within this many of their errors: a false alarm in 16,000 seeds.
const ERRORS: f64 = 4.0;

#[test]
fn the_forecast_agrees_with_the_models_in_closed_form() {
    let base = base(300);
    let bought = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let paid = GammaGamma::with_parameters(6.25, 3.74, 15.44).unwrap();
    let horizon = Days::weeks(30);
    let forecast = MigrationForecast::new(bought.clone(), paid.clone(), horizon).replicates(600);
    let periods = [&base.before, &base.after];
    let expected =
        forecast.expected(&base.ids, &base.records, &base.spend, periods, &Work::new()).unwrap();
    // Whoever is not active, from each standing.
    for group in 1..=4 {
        let cell = expected.cell(Standing::Group(group), Standing::NotActive).unwrap();
        let members = base.before.of().iter().zip(&base.records);
        let silent: f64 = members
            .filter(|(standing, _)| **standing == Standing::Group(group))
            .map(|(_, record)| 1.0 - bought.p_active(&record.unwrap(), horizon).value())
            .sum();
        assert!((cell.customers - silent).abs() < ERRORS * cell.customers_error, "{group}");
    }
    // What customers spend, from each standing.
    for group in 1..=4 {
        let cells = || expected.cells.iter().filter(|cell| cell.from == Standing::Group(group));
        let spent: f64 = cells().map(|cell| cell.after.amount()).sum();
        let error: f64 = cells().map(|cell| cell.after_error.amount()).sum();
        let foreseen: f64 = (0..300)
            .filter(|&row| base.before.of()[row] == Standing::Group(group))
            .map(|row| {
                let purchases = bought.expected_purchases(&base.records[row].unwrap(), horizon);
                purchases * paid.expected_spend(base.spend[row]).unwrap().amount()
            })
            .sum();
        assert!((spent - foreseen).abs() < ERRORS * error, "{group}: {spent} {foreseen} {error}");
    }
    // Nobody is lost, and those who came later are as they were.
    for from in [Standing::Group(2), Standing::NotActive, Standing::NotYetCustomer] {
        let cells = || expected.cells.iter().filter(|cell| cell.from == from);
        let mean: f64 = cells().map(|cell| cell.customers).sum();
        let observed: u64 = cells().map(|cell| cell.observed).sum();
        assert!((mean - observed as f64).abs() < 1e-9);
    }
    let new: f64 = expected
        .cells
        .iter()
        .filter(|cell| cell.from == Standing::NotYetCustomer)
        .map(|cell| cell.after.amount() - cell.observed_after.amount())
        .sum();
    assert!(new.abs() < 1e-6);
}

#[cfg(feature = "parallel")]
#[test]
fn threads_do_not_matter_and_seeds_do() {
    let base = base(60);
    let bought = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let paid = GammaGamma::with_parameters(6.25, 3.74, 15.44).unwrap();
    let forecast = MigrationForecast::new(bought, paid, Days::weeks(52)).replicates(20);
    let with = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let forecast = forecast.clone().seed(seed);
        let periods = [&base.before, &base.after];
        pool.install(|| {
            forecast.expected(&base.ids, &base.records, &base.spend, periods, &Work::new()).unwrap()
        })
    };
    assert_eq!(with(1, 1), with(3, 1));
    assert_ne!(with(1, 1), with(1, 2));
}

#[test]
fn a_forecast_needs_a_record_of_every_customer_and_of_nobody_else() {
    let base = base(30);
    let bought = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let paid = GammaGamma::with_parameters(6.25, 3.74, 15.44).unwrap();
    let forecast = MigrationForecast::new(bought, paid, Days::weeks(52));
    let periods = [&base.before, &base.after];
    let with = |records: &[Option<PurchaseRecord>]| {
        forecast.expected(&base.ids, records, &base.spend, periods, &Work::new())
    };
    let mut records = base.records.clone();
    records[5] = None;
    assert!(matches!(with(&records), Err(ValueError::BadValue { row: 5, .. })));
    records = base.records.clone();
    records[9] = records[5];
    assert!(matches!(with(&records), Err(ValueError::BadValue { row: 9, .. })));
    assert!(matches!(with(&base.records[..29]), Err(ValueError::Length { .. })));
    assert!(forecast.clone().replicates(1).validate().is_err());
}
