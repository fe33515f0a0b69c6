use super::*;
use crate::strategy::{CpMap, CustomerBase, StrategyAssigner, ValueMap};
use crate::units::{CustomerIds, Probability};
use crate::value::{Rates, ValueBasis, ValueUnit};
use crate::work::Work;

fn money(amount: i64) -> Money {
    Money::from_minor(amount, 0)
}

fn rates(alive: f64, staying: f64) -> Rates {
    Rates { alive, staying, purchases: 4.0, spend: 25.0, margin: 1.0, cost: 0.0 }
}

fn worth(current: i64, alive: f64) -> Worth {
    Worth::realised(money(current), money(current), 2, Days::new(30))
        .with_rates(rates(alive, 0.5))
        .with_p_alive(Probability::new(alive).unwrap())
}

fn valued(rows: Vec<Worth>) -> CustomerValue {
    let ids = CustomerIds::numbered(rows.len()).unwrap();
    let basis = ValueBasis::new("given", "given");
    CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::new(400)).unwrap()
}

fn read(reading: &Reading, value: &CustomerValue) -> ReadCustomers {
    let plan = CpMap::retail().assign(&CustomerBase::of(value.clone()), &Work::new()).unwrap();
    reading.of(value, &plan).unwrap()
}

fn names(read: &ReadCustomers, n: usize) -> Vec<&'static str> {
    (0..n).map(|row| read.name_of(row)).collect()
}

/// Twenty customers: the two best deciles of value are the last four, headroom goes the other way.
#[test]
fn growable_and_valuable_are_regions_of_the_map() {
    let rows: Vec<Worth> = (0..20)
        .map(|i| {
            let mut worth = worth(10 * i, 0.8).with_potential(money(200 - i));
            if i == 7 {
                worth.rates = Some(Rates { cost: 500.0, ..rates(0.8, 0.5) });
            }
            worth
        })
        .collect();
    let value = valued(rows);
    let reading = Reading::most_valuable_most_growable_below_zero();
    let read = read(&reading, &value);
    let plan = CpMap::retail().assign(&CustomerBase::of(value.clone()), &Work::new()).unwrap();
    let map = ValueMap::of(&value, &plan).unwrap();
    let counts: Vec<(&str, usize)> =
        read.regions.iter().map(|region| (region.name, region.customers)).collect();
    // The headroom of the one below zero is the largest of all, and takes one of the four places.
    let expected =
        [("below zero", 1), ("most valuable", 4), ("most growable", 3), ("the rest", 12)];
    assert_eq!(counts, expected);
    assert_eq!(read.rows_of("most growable").collect::<Vec<_>>(), [0, 1, 2]);
    let best = |of: &dyn Fn(&crate::strategy::MapCell) -> bool| -> usize {
        map.cells.iter().filter(|cell| of(cell)).map(|cell| cell.customers).sum()
    };
    assert_eq!(best(&|cell| cell.value_band <= 2), 4);
    assert_eq!(best(&|cell| cell.value_band > 2 && cell.headroom_band <= 2), 3 + 1);
    // Together the regions are the base.
    let gain = read.regions.iter().fold(0.0, |sum, region| sum + region.gain.amount());
    assert!((gain - plan.summary().gain.amount()).abs() < 1e-9);
    for region in &read.regions {
        let strategies: usize = region.strategies.iter().map(|&(_, count)| count).sum();
        assert_eq!(strategies, region.customers);
        let shares = region.strategies.iter().map(|(lever, _)| region.share_of(lever));
        assert!((shares.fold(0.0, |a, b| a + b) - 1.0).abs() < 1e-12);
        assert!((region.mean_risk.unwrap() - 0.2).abs() < 1e-12);
    }
    assert_eq!(read.regions[1].current, money(160 + 170 + 180 + 190));
}

#[test]
fn nobody_grows_without_headroom_or_with_an_unknown_one() {
    let settled: Vec<Worth> = (0..10).map(|i| worth(i, 0.8).with_potential(Money::ZERO)).collect();
    let reading = Reading::most_valuable_most_growable_below_zero();
    let all = read(&reading, &valued(settled.clone()));
    assert_eq!(all.regions[2].customers, 0);
    assert_eq!((all.regions.len(), all.regions[2].mean_risk), (4, None));
    let mut unknown = settled;
    unknown[3].potential = None;
    let by_deciles = read(&reading, &valued(unknown.clone()));
    let last = by_deciles.regions.last().unwrap();
    assert_eq!((last.name, last.customers), ("not known", 8));
    let by_money = read(&reading.growable(Limit::AtLeast(money(1))), &valued(unknown));
    let last = by_money.regions.last().unwrap();
    assert_eq!((last.name, last.customers), ("not known", 1));
    assert_eq!(by_money.name_of(3), "not known");
}

#[test]
fn below_zero_is_by_the_future_and_else_by_the_past() {
    let mut past = worth(-3, 0.8);
    past.rates = None;
    let value = valued(vec![past, worth(-3, 0.8), worth(50, 0.8)]);
    let read = read(&Reading::most_valuable_most_growable_below_zero(), &value);
    assert_eq!(names(&read, 3), ["below zero", "not known", "most valuable"]);
}

/// 400 days of horizon, of which 1/2 is left to those who stay. Alive for certain: 200 days more.
#[test]
fn four_kinds_by_profit_and_duration() {
    let value = valued(vec![worth(900, 1.0), worth(900, 0.2), worth(10, 0.9), worth(10, 0.1)]);
    let reading = Reading::friends_butterflies_barnacles_strangers()
        .valuable(Limit::AtLeast(money(500)))
        .long(StayLimit::AtLeast(Days::new(100)));
    let four = ["true friends", "butterflies", "barnacles", "strangers"];
    assert_eq!(names(&read(&reading, &value), 4), four);
    let by_halves = Reading::friends_butterflies_barnacles_strangers();
    assert_eq!(names(&read(&by_halves, &value), 4), four);
    // Of the second, 40 days are still to come; 70 so far, and 20 % of the last 300: 170 in all.
    // Of the third, 180 and 90 % of 30 days.
    let tenure =
        |to_last, so_far| Tenure { to_last: Days::new(to_last), so_far: Days::new(so_far) };
    let tenures = vec![tenure(0, 0), tenure(70, 370), tenure(0, 30), tenure(0, 0)];
    let with = |limit| {
        let reading = reading.clone().tenures(tenures.clone()).long(StayLimit::AtLeast(limit));
        names(&read(&reading, &value), 4)
    };
    assert_eq!(with(Days::new(170))[1], "true friends");
    assert_eq!(with(Days::new(171))[1], "butterflies");
    assert_eq!(with(Days::new(207))[2], "barnacles");
    assert_eq!(with(Days::new(208))[2], "strangers");
}

#[test]
fn as_long_as_the_last_is_long_and_no_future_has_no_name() {
    let mut rows = vec![worth(10, 1.0); 4];
    rows[2].rates = None;
    let read = read(&Reading::friends_butterflies_barnacles_strangers(), &valued(rows));
    let counts: Vec<(&str, usize)> =
        read.regions.iter().map(|region| (region.name, region.customers)).collect();
    let expected = [
        ("true friends", 2),
        ("butterflies", 0),
        ("barnacles", 1),
        ("strangers", 0),
        ("not known", 1),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn limits_that_cannot_be_used() {
    let value = valued(vec![worth(10, 0.5)]);
    let plan = CpMap::none().assign(&CustomerBase::of(value.clone()), &Work::new()).unwrap();
    let reading = Reading::friends_butterflies_barnacles_strangers;
    for bad in [0, 10] {
        for reading in [
            reading().valuable(Limit::Deciles(bad)),
            reading().growable(Limit::Deciles(bad)),
            reading().long(StayLimit::Deciles(bad)),
        ] {
            assert!(matches!(reading.of(&value, &plan), Err(ValueError::Param { .. })));
        }
    }
    let tenures = reading().tenures(vec![Tenure::default(); 2]);
    assert!(matches!(tenures.of(&value, &plan), Err(ValueError::Length { .. })));
    let others = valued(vec![worth(10, 0.5), worth(10, 0.5)]);
    assert!(matches!(reading().of(&others, &plan), Err(ValueError::Length { .. })));
}
