use super::*;
use crate::strategy::{Chosen, CpMap, CustomerBase, CustomerStrategy, StrategyAssigner};
use crate::units::{CustomerIds, Days, Probability, Provenance};
use crate::value::{Rates, ValueBasis, ValueUnit};
use crate::work::Work;

fn money(amount: i64) -> Money {
    Money::from_minor(amount, 0)
}

fn worth(current: i64, potential: Option<i64>, alive: f64) -> Worth {
    // Worth 100 if a customer for certain.
    let rates = Rates { alive, staying: 1.0, purchases: 4.0, spend: 25.0, margin: 1.0, cost: 0.0 };
    let worth = Worth::realised(money(current), money(current), 2, Days::new(30))
        .with_rates(rates)
        .with_p_alive(Probability::new(alive).unwrap());
    match potential {
        Some(potential) => worth.with_potential(money(potential)),
        None => worth,
    }
}

fn valued(rows: Vec<Worth>) -> CustomerValue {
    let ids = CustomerIds::numbered(rows.len()).unwrap();
    let basis = ValueBasis::new("given", "given");
    CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap()
}

/// Everybody's primary strategy by name, at a gain of ten times the row.
fn planned(value: &CustomerValue, names: &[&'static str]) -> StrategyPlan {
    let strategy = |(row, name): (usize, &&'static str)| {
        let gain = money(10 * row as i64);
        let why = String::new();
        let chosen = Chosen::new(LeverId::of(name), gain, None, Provenance::Model, why.clone());
        CustomerStrategy::new(chosen, None, why, Vec::new())
    };
    let rows = names.iter().enumerate().map(strategy).collect();
    StrategyPlan::new(value.ids().clone(), rows).unwrap()
}

#[test]
fn bands_of_money_hold_who_they_say() {
    let value = valued(vec![
        worth(1_000, Some(80), 0.5),
        worth(999, Some(50), 0.8),
        worth(100, Some(850), 0.5),
        worth(-5, Some(60), 0.1),
        worth(1_500, Some(70), 0.5),
    ]);
    let plan = planned(&value, &["retain", "develop", "develop", "maintain", "develop"]);
    let map = ValueMap::by_money(&value, &plan, &[money(100), money(1_000)], &[money(1)]).unwrap();
    let places: Vec<(u8, u8, usize)> =
        map.cells.iter().map(|c| (c.value_band, c.headroom_band, c.customers)).collect();
    // From 1,000; from 100; below. Headroom 30, none (50 of 80), 800, 50, 20.
    assert_eq!(places, [(1, 1, 2), (2, 1, 1), (2, 2, 1), (3, 1, 1)]);
    let best = &map.cells[0];
    assert_eq!((best.current, best.headroom), (money(2_500), Some(money(50))));
    assert_eq!((best.future, best.mean_risk), (Some(money(100)), Some(0.5)));
    assert_eq!(best.gain, money(40));
    assert_eq!(best.strategies, [(LeverId::of("develop"), 1), (LeverId::of("retain"), 1)]);
    assert_eq!(best.share_of(&LeverId::of("retain")), 0.5);
    assert_eq!(best.share_of(&LeverId::of("win_back")), 0.0);
}

#[test]
fn every_map_has_every_customer_once() {
    let rows: Vec<Worth> = (0..237)
        .map(|i| worth(i * i % 101 - 20, Some(i * 7 % 300), 0.01 * (i % 100) as f64))
        .collect();
    let value = valued(rows);
    let plan = CpMap::retail().assign(&CustomerBase::of(value.clone()), &Work::new()).unwrap();
    let cuts = [money(-10), money(0), money(40)];
    let maps = [
        ValueMap::of(&value, &plan).unwrap(),
        ValueMap::by_money(&value, &plan, &cuts, &cuts[1..]).unwrap(),
        ValueMap::by_money(&value, &plan, &[], &[]).unwrap(),
    ];
    let gain = plan.summary().gain.amount();
    for map in &maps {
        let total = |of: fn(&MapCell) -> f64| map.cells.iter().map(of).fold(0.0, |a, b| a + b);
        assert_eq!(map.cells.iter().map(|cell| cell.customers).sum::<usize>(), 237);
        assert!(
            (total(|cell| cell.current.amount()) - value.total_current().amount()).abs() < 1e-9
        );
        assert!((total(|cell| cell.gain.amount()) - gain).abs() < 1e-9);
        for cell in &map.cells {
            let strategies: usize = cell.strategies.iter().map(|&(_, count)| count).sum();
            assert_eq!(strategies, cell.customers);
            assert!((0.0..=1.0).contains(&cell.mean_risk.unwrap()));
        }
    }
    assert_eq!(maps[2].cells.len(), 1);
    // Deciles of 237 in the order of the map.
    assert!(maps[0].cells.windows(2).all(|pair| {
        let place = |cell: &MapCell| (cell.value_band, cell.headroom_band);
        place(&pair[0]) < place(&pair[1])
    }));
}

#[test]
fn unknown_headroom_has_a_place_of_its_own() {
    let value = valued(vec![worth(10, Some(500), 0.5), worth(20, None, 0.5)]);
    let plan = planned(&value, &["retain", "retain"]);
    let by_deciles = ValueMap::of(&value, &plan).unwrap();
    assert!(by_deciles.cells.iter().all(|cell| cell.headroom_band == 0));
    let by_money = ValueMap::by_money(&value, &plan, &[], &[money(100)]).unwrap();
    let bands: Vec<u8> = by_money.cells.iter().map(|cell| cell.headroom_band).collect();
    assert_eq!(bands, [0, 1]);
    assert_eq!((by_money.cells[0].headroom, by_money.cells[1].headroom), (None, Some(money(450))));
}

#[test]
fn limits_that_cannot_be_used_and_plans_of_others() {
    let value = valued(vec![worth(10, Some(500), 0.5)]);
    let plan = planned(&value, &["retain"]);
    for cuts in [[money(5), money(5)], [money(5), money(4)]] {
        let bad = |result| matches!(result, Err(ValueError::Param { .. }));
        assert!(bad(ValueMap::by_money(&value, &plan, &cuts, &[])));
        assert!(bad(ValueMap::by_money(&value, &plan, &[], &cuts)));
    }
    let many: Vec<Money> = (0..101).map(money).collect();
    assert!(ValueMap::by_money(&value, &plan, &many, &[]).is_err());
    assert!(ValueMap::by_money(&value, &plan, &many[..100], &[]).is_ok());
    let others = valued(vec![worth(10, None, 0.5), worth(20, None, 0.5)]);
    assert!(matches!(ValueMap::of(&others, &plan), Err(ValueError::Length { .. })));
    assert!(ValueMap::by_money(&others, &plan, &[], &[]).is_err());
}
