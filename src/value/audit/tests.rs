//! The five looks by hand, and that every cent is in them once.

use super::*;
use crate::data::{CustomerHistory, HistorySpec, Transaction};
use crate::num::random::{Purpose, Stream};
use crate::units::{Calendar, Date, Money};
use crate::value::{Standing, ValueError};
use crate::work::Work;

fn audit(rows: &[(String, Date, i64)], calendar: Calendar) -> (CustomerHistory, CustomerBaseAudit) {
    let rows: Vec<Transaction<'_>> = rows
        .iter()
        .map(|(who, day, cents)| Transaction::new(who.as_str(), *day, *cents as f64 / 100.0))
        .collect();
    let history =
        CustomerHistory::read(&rows, &HistorySpec::new().purchase_days(), &Work::new()).unwrap();
    let audit = CustomerBaseAudit::of(&history, calendar).unwrap();
    (history, audit)
}

fn minor(money: Money) -> i128 {
    money.to_whole(2)
}

/// Two years of customers who come over time, with returns, some before the first purchase.
fn log(customers: u64) -> Vec<(String, Date, i64)> {
    let mut stream = Stream::new(12, Purpose::Sample, 0);
    let start = Date::from_ymd(2023, 1, 17).unwrap().day_number();
    let mut rows = Vec::new();
    for customer in 0..customers {
        let first = stream.below(500) as i32;
        for _ in 0..1 + stream.below(9) {
            let day = Date::from_day_number(start + first + stream.below(220) as i32).unwrap();
            let cents = stream.below(20_000) as i64;
            rows.push((format!("c{customer}"), day, cents + 1));
            if stream.chance(0.2) {
                let early = start + stream.below(700) as i32;
                let day = Date::from_day_number(early).unwrap();
                rows.push((format!("c{customer}"), day, -(cents / 2) - 1));
            }
        }
    }
    rows
}

#[test]
fn every_cent_of_the_history_is_in_every_look() {
    let rows = log(400);
    for calendar in [Calendar::Months, Calendar::Quarters, Calendar::Years] {
        let (history, audit) = audit(&rows, calendar);
        let n = history.n_customers();
        let gross: i128 = (0..n).map(|row| minor(history.gross(row))).sum();
        let net: i128 = (0..n).map(|row| minor(history.net(row))).sum();
        let purchases: u64 = (0..n).map(|row| u64::from(history.purchases(row))).sum();
        let n_periods = audit.periods().len();

        let lenses: Vec<PeriodLens> = (0..n_periods).map(|p| audit.period(p).unwrap()).collect();
        assert_eq!(lenses.iter().map(|lens| minor(lens.total.gross)).sum::<i128>(), gross);
        assert_eq!(lenses.iter().map(|lens| minor(lens.total.net)).sum::<i128>(), net);
        assert_eq!(lenses.iter().map(|lens| lens.total.purchases).sum::<u64>(), purchases);
        for lens in &lenses {
            let (new, repeat) = (lens.new, lens.repeat);
            assert_eq!(minor(new.net) + minor(repeat.net), minor(lens.total.net));
            let bands = lens.by_purchases.iter().map(|band| band.turnover);
            let of_bands: Vec<Turnover> = bands.collect();
            for parts in [&of_bands, &lens.deciles] {
                assert_eq!(parts.iter().map(|of| of.customers).sum::<u64>(), lens.total.customers);
                assert_eq!(
                    parts.iter().map(|of| minor(of.gross)).sum::<i128>(),
                    minor(lens.total.gross)
                );
            }
        }

        let cohorts = audit.cohorts();
        assert_eq!(cohorts.iter().map(|cohort| cohort.acquired).sum::<u64>(), n as u64);
        assert_eq!(cohorts.iter().map(|cohort| minor(cohort.total.net)).sum::<i128>(), net);
        for cohort in &cohorts {
            let ages: i128 = cohort.ages.iter().map(|age| minor(age.turnover.net)).sum();
            assert_eq!(ages + minor(cohort.returns_before), minor(cohort.total.net));
            // Everybody acquired in a period bought in it.
            assert!(cohort.acquired == 0 || cohort.ages[0].retention == Some(1.0));
        }
        assert!(cohorts.iter().any(|cohort| minor(cohort.returns_before) < 0));

        let health = audit.health();
        assert_eq!((minor(health.total.gross), minor(health.total.net)), (gross, net));
        let layers = health.cohorts.iter().flat_map(|cohort| &cohort.net);
        assert_eq!(layers.map(|&money| minor(money)).sum::<i128>(), net);
        for (period, of) in health.periods.iter().enumerate() {
            assert_eq!((of.total, of.new, of.repeat), {
                let lens = &lenses[period];
                (lens.total, lens.new, lens.repeat)
            });
        }
        assert_eq!(health.periods[n_periods - 1].acquired_so_far, n as u64);

        let labels: Vec<Option<String>> =
            (0..n).map(|row| (row % 4 > 0).then(|| format!("s{}", row % 4))).collect();
        let sources = audit.sources(&labels).unwrap();
        assert_eq!(sources.iter().map(|source| minor(source.total.net)).sum::<i128>(), net);
        let names: Vec<Option<&str>> =
            sources.iter().map(|source| source.label.as_deref()).collect();
        assert_eq!(names, [Some("s1"), Some("s2"), Some("s3"), None]);
    }
}

#[test]
fn what_changed_between_two_periods_is_explained() {
    let (_, audit) = audit(&log(300), Calendar::Quarters);
    for before in 0..audit.periods().len() {
        for after in before + 1..audit.periods().len() {
            let lens = audit.between(before, after).unwrap();
            let (first, second) = (lens.before.total, lens.after.total);
            let gross = |of: Turnover| minor(of.gross);
            let change = gross(second) - gross(first);
            assert_eq!(gross(lens.retained_before) + gross(lens.lost), gross(first));
            assert_eq!(
                gross(lens.retained_after) + gross(lens.reactivated) + gross(lens.new),
                gross(second)
            );
            assert_eq!(minor(lens.change.total.change), change);
            assert_eq!(minor(lens.migration.total().change), change);
            assert_eq!(minor(lens.returns_change), minor(second.returns) - minor(first.returns));
            let lost = (1..=10).map(|group| {
                lens.migration.cell(Standing::Group(group), Standing::NotActive).customers
            });
            assert_eq!(lost.sum::<u64>(), lens.lost.customers);
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut rows = log(120);
    let (_, expected) = audit(&rows, Calendar::Months);
    Stream::new(1, Purpose::Halves, 0).shuffle(&mut rows);
    let (_, mixed) = audit(&rows, Calendar::Months);
    assert_eq!(expected.health(), mixed.health());
    assert_eq!(expected.period(3).unwrap(), mixed.period(3).unwrap());
    assert_eq!(expected.between(2, 5).unwrap(), mixed.between(2, 5).unwrap());
}

#[test]
fn one_period_by_hand() {
    let day = |d| Date::from_ymd(2024, 5, d).unwrap();
    let row = |who: &str, d, cents| (who.to_owned(), day(d), cents);
    let rows = [
        row("a", 1, 1000),
        row("a", 9, 3000),
        row("b", 2, 500),
        row("b", 31, -200),
        row("c", 31, 1500),
    ];
    let (_, audit) = audit(&rows, Calendar::Months);
    let lens = audit.period(0).unwrap();
    assert!(lens.whole);
    assert_eq!((lens.total.customers, lens.total.purchases), (3, 4));
    assert_eq!(lens.total.net.amount(), 58.0);
    assert_eq!(lens.total.spend_per_purchase().unwrap().amount(), 15.0);
    assert_eq!(lens.total.purchases_per_customer(), Some(4.0 / 3.0));
    assert_eq!(lens.total.spend_per_customer().unwrap().amount(), 20.0);
    assert_eq!(lens.by_purchases[0].each, 1);
    assert_eq!(lens.by_purchases[0].turnover.customers, 2);
    assert_eq!(lens.spend_quantiles[2].spend.amount(), 15.0);
    assert_eq!(lens.top_tenth_share, Some(40.0 / 60.0));
    assert_eq!(lens.repeat, Turnover::default());
}

#[test]
fn what_there_is_not() {
    let (history, audit) = audit(&log(20), Calendar::Years);
    let end = audit.periods().len();
    assert!(audit.period(end).is_err() && audit.cohort(end).is_err());
    assert!(audit.is_whole(end).is_err() && !audit.is_whole(0).unwrap());
    assert!(audit.between(1, 1).is_err() && audit.between(0, end).is_err());
    assert!(matches!(audit.sources(&[None::<&str>]), Err(ValueError::Length { .. })));
    let rows = [Transaction::new("a", Date::from_ymd(2024, 1, 1).unwrap(), 1.0)];
    let without = CustomerHistory::read(&rows, &HistorySpec::new(), &Work::new()).unwrap();
    assert!(matches!(CustomerBaseAudit::of(&without, Calendar::Months), Err(ValueError::Data(_))));
    assert_eq!(history.n_customers(), 20);
}
