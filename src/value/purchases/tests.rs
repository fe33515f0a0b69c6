use super::*;
use crate::num::random::{Purpose, Stream};

#[test]
fn impossible_records_are_refused() {
    for (x, t_x, age) in
        [(1, 5.0, 4.0), (0, 1.0, 4.0), (1, -1.0, 4.0), (1, f64::NAN, 4.0), (0, 0.0, f64::INFINITY)]
    {
        assert!(PurchaseRecord::new(x, t_x, age).is_err(), "{x} {t_x} {age}");
    }
}

#[test]
fn every_customer_finds_its_record() {
    let records: Vec<_> = [(2, 10.0, 30.0), (0, 0.0, 5.0), (2, 10.0, 30.0)]
        .iter()
        .map(|&(x, t, a)| PurchaseRecord::new(x, t, a).unwrap())
        .collect();
    let summary = PurchaseSummary::from_records(records.clone()).unwrap();
    for (row, &place) in summary.places().iter().enumerate() {
        assert_eq!(summary.distinct()[place as usize], records[row]);
    }
    assert_eq!(summary.customers(), [1, 2]);
    assert_eq!(summary.n_repeat_customers(), 2);
}

/// Records of all kinds on the day grid.
fn days(n: u64, largest_x: u64) -> Vec<PurchaseRecord> {
    let mut stream = Stream::new(5, Purpose::Sample, n);
    let mut record = |_| {
        let age = stream.below(730);
        let x = if stream.below(2) == 0 { 0 } else { stream.below(largest_x) + 1 };
        let t_x = if x > 0 { stream.below(age + 1) } else { 0 };
        PurchaseRecord::new(x as u32, t_x as f64, age as f64).unwrap()
    };
    (0..n).map(&mut record).collect()
}

/// Cells and the sort by digits against the one by comparison.
#[test]
fn both_ways_to_compress_agree() {
    for (n, largest_x) in [
        (0, 1),
        (1, 1),
        (2, 9),
        (300, 4),
        (40_000, 3),
        (300_000, 60),
        (300_000, 3),
        (5000, 1 << 23),
    ] {
        let records = days(n, largest_x);
        let quick = compress_days(records.len(), |row| DayKey::of(&records[row])).unwrap();
        let plain = compress_any(&records);
        assert_eq!(quick.distinct, plain.distinct);
        assert_eq!(quick.customers, plain.customers);
        assert_eq!(quick.places, plain.places);
    }
}

#[test]
fn one_fraction_of_a_day_changes_nothing_else() {
    let mut records = days(1000, 5);
    let whole = PurchaseSummary::from_records(records.clone()).unwrap();
    records.push(PurchaseRecord::new(0, 0.0, 0.5).unwrap());
    let odd = PurchaseSummary::from_records(records).unwrap();
    assert_eq!(odd.distinct().len(), whole.distinct().len() + 1);
    let without: Vec<_> = odd.distinct().iter().filter(|r| r.age() != 0.5).copied().collect();
    assert_eq!(without, whole.distinct());
}

/// Counted by parts, the whole has the same records and as many customers.
#[test]
fn counts_of_parts_are_the_count_of_the_whole() {
    let records = days(600_000, 20);
    let whole = PurchaseSummary::from_records(records.iter().copied()).unwrap();
    let ones = PurchaseSummary::from_counts(records.iter().map(|&record| (record, 1)));
    let part = |records: &[PurchaseRecord]| {
        let part = PurchaseSummary::from_records(records.iter().copied()).unwrap();
        part.distinct().iter().copied().zip(part.customers().to_vec()).collect::<Vec<_>>()
    };
    let parts = part(&records[..1000]).into_iter().chain(part(&records[1000..]));
    for summary in [ones, PurchaseSummary::from_counts(parts)] {
        assert_eq!(summary.distinct(), whole.distinct());
        assert_eq!(summary.customers(), whole.customers());
        assert_eq!(summary.n_customers(), whole.n_customers());
        assert_eq!(summary.n_repeat_customers(), whole.n_repeat_customers());
        assert!(summary.places().is_empty());
    }
}
