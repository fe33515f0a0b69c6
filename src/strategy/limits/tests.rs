use super::*;
use crate::strategy::{
    Candidate, CpMap, Ineligible, Lever, MAINTAIN, Offer, StrategyAssigner, StrategyPlan,
};
use crate::units::{CustomerIds, Days, Estimate};
use crate::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};

const MINUTES: ResourceId = ResourceId::of("minutes");

/// Takes a share of a customer's value more, for money and minutes.
struct More {
    name: &'static str,
    share: f64,
    money: f64,
    minutes: f64,
}

impl Lever for More {
    fn id(&self) -> LeverId {
        LeverId::of(self.name)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        if customer.rates()?.spend == 0.0 {
            return Err(Ineligible::because("buys nothing"));
        }
        let certain = Estimate::assumed(1.0).map_err(|_| Ineligible::because("no estimate"))?;
        let offer = Offer::new(certain).purchases(1.0 + self.share);
        Ok(offer.contact_cost(Money::finite(self.money)).uses(MINUTES, self.minutes))
    }

    fn why(&self, _: &Candidate<'_>) -> String {
        "buys".to_owned()
    }
}

fn base(values: &[f64]) -> CustomerBase {
    let worth = |&value: &f64| {
        let rates = Rates {
            alive: 1.0,
            staying: 1.0,
            purchases: 1.0,
            spend: value,
            margin: 1.0,
            cost: 0.0,
        };
        Worth::realised(Money::ZERO, Money::ZERO, 1, Days::new(1)).with_rates(rates)
    };
    let (ids, basis) = (CustomerIds::numbered(values.len()), ValueBasis::new("given", "given"));
    let rows = values.iter().map(worth).collect();
    let value =
        CustomerValue::new(ids.unwrap(), rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap();
    CustomerBase::of(value)
}

/// A letter brings a tenth for 1, a call a half for 4 and ten minutes; one or the other.
fn two() -> CpMap {
    CpMap::none()
        .with(More { name: "letter", share: 0.1, money: 1.0, minutes: 0.0 })
        .with(More { name: "call", share: 0.5, money: 4.0, minutes: 10.0 })
        .incompatible(LeverId::of("letter"), LeverId::of("call"))
}

fn plan(cp_map: &CpMap, values: &[f64]) -> StrategyPlan {
    cp_map.assign(&base(values), &Work::new()).unwrap()
}

fn done(plan: &StrategyPlan) -> Vec<String> {
    let name = |row: usize| {
        let customer = plan.customer(row);
        customer.within_limits().first().map_or("-".to_owned(), |act| act.name().to_owned())
    };
    (0..plan.n_customers()).map(name).collect()
}

const VALUES: [f64; 4] = [100.0, 60.0, 40.0, 5.0];

/// Gains: letter 9, 5, 3, -0.5; call 46, 26, 16, -1.5.
#[test]
fn the_dearest_minutes_go_to_who_gains_most() {
    let plan = plan(&two().capacity(MINUTES, 20.0), &VALUES);
    assert_eq!(done(&plan), ["call", "call", "letter", "-"]);
    let told = plan.budgeting().unwrap();
    assert_eq!((told.gain.amount(), told.unlimited.amount()), (46.0 + 26.0 + 3.0, 88.0));
    assert!((told.bound.amount() - 75.0).abs() < 1e-9 && told.gap < 1e-9);
    assert_eq!((told.limits[0].used, told.acting, told.displaced), (20.0, 3, 1));
    assert_eq!(told.greedy, Some(told.gain)); // all calls take the same minutes
    // The third would gain 13 more with ten minutes; anything from there to the 21 of the second
    // explains the choice.
    let price = told.limits[0].price.amount();
    assert!((1.3 - 1e-9..=2.1 + 1e-9).contains(&price), "{price}");
    let third = plan.customer(2);
    assert_eq!((third.primary().name(), third.primary().is_funded()), ("call", false));
    assert!(third.why_not_funded().unwrap().contains("10 minutes"), "{:?}", third.why_not_funded());
    assert_eq!(plan.customer(0).why_not_funded(), None);
    assert_eq!(plan.customer(3).primary().lever(), &MAINTAIN);
    assert!(plan.customer(3).primary().is_funded());
    assert!(!plan.primary(2).funded);
}

#[test]
fn without_limits_all_is_funded_and_nothing_has_a_price() {
    let free = plan(&two(), &VALUES);
    assert_eq!(free.budgeting(), None);
    assert_eq!(done(&free), ["call", "call", "call", "-"]);
    let ample = plan(&two().budget(Money::from_minor(1000, 0)), &VALUES);
    let told = ample.budgeting().unwrap();
    assert_eq!((told.gain, told.displaced), (told.unlimited, 0));
    assert_eq!((told.limits[0].used, told.limits[0].price), (12.0, Money::ZERO));
}

#[test]
fn no_money_no_levers_no_customers() {
    let broke = plan(&two().budget(Money::ZERO), &VALUES);
    assert_eq!(done(&broke), ["-"; 4]);
    assert_eq!(broke.budgeting().unwrap().gain, Money::ZERO);
    let idle = plan(&CpMap::none().budget(Money::ZERO), &VALUES);
    assert_eq!((done(&idle), idle.budgeting().unwrap().acting), (vec!["-".to_owned(); 4], 0));
    let nobody = plan(&two().budget(Money::ZERO), &[]);
    assert_eq!(nobody.budgeting().unwrap().gap, 0.0);
    let nothing = plan(&two().budget(Money::ZERO), &[0.0, 0.0]);
    assert_eq!(nothing.budgeting().unwrap().unlimited, Money::ZERO);
}

#[test]
fn quotas_are_met_or_refused() {
    let letters = plan(&two().quota(LeverId::of("letter"), 2), &VALUES);
    let told = letters.budgeting().unwrap();
    assert_eq!((told.quotas[0].customers, told.gain.amount()), (2, 46.0 + 26.0 + 3.0 - 0.5));
    assert!(told.quotas[0].price > Money::ZERO);
    assert!(told.greedy.is_none_or(|greedy| greedy <= told.gain));
    for impossible in [
        two().quota(LeverId::of("letter"), 5),
        two().quota(LeverId::of("call"), 2).capacity(MINUTES, 10.0),
    ] {
        let refused = impossible.assign(&base(&VALUES), &Work::new()).unwrap_err();
        assert!(matches!(refused, StrategyError::Quota { .. }), "{refused}");
    }
    let unknown = two().quota(LeverId::of("gift"), 1).assign(&base(&VALUES), &Work::new());
    assert!(matches!(unknown, Err(StrategyError::NoSuchLever { .. })));
}

#[test]
fn limits_that_are_no_numbers_are_refused() {
    for bad in [f64::NAN, -1.0] {
        let refused = two().capacity(MINUTES, bad).assign(&base(&VALUES), &Work::new());
        assert!(matches!(refused, Err(StrategyError::AllocationParam { .. })), "{bad}");
    }
}

#[test]
fn more_money_never_gains_less() {
    let values: Vec<f64> = (1..400).map(|i| f64::from(i * 37 % 211)).collect();
    let plan = plan(&two().budget(Money::from_minor(200, 0)), &values);
    let work = Work::new();
    let amounts = [0.0, 50.0, 200.0, 400.0, 800.0, 1600.0];
    let curve = plan.frontier(&ResourceId::MONEY, &amounts, &work).unwrap().unwrap();
    for pair in curve.windows(2) {
        assert!(pair[0].value <= pair[1].value && pair[0].price >= pair[1].price - 1e-9);
    }
    let told = plan.budgeting().unwrap();
    assert!((curve[2].value - told.gain.amount()).abs() <= told.gap * told.bound.amount() + 1e-9);
    let next = plan.enters_next(&ResourceId::MONEY, 5, &work).unwrap().unwrap();
    assert_eq!(next.len(), 5);
    for pair in next.windows(2) {
        assert!(pair[0].gain_per_unit >= pair[1].gain_per_unit);
    }
    // Nobody new is worth more a unit than what the budget is spent on at the margin.
    assert!(next[0].gain_per_unit.amount() <= told.limits[0].price.amount() + 1e-6);
}

/// Costs that differ by customer take the other way into the table.
#[test]
fn what_offers_use_may_differ_by_customer() {
    struct Voucher;
    impl Lever for Voucher {
        fn id(&self) -> LeverId {
            LeverId::of("voucher")
        }
        fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
            let certain = Estimate::assumed(1.0).map_err(|_| Ineligible::because("no estimate"))?;
            let tenth = Money::finite(customer.rates()?.spend / 10.0);
            Ok(Offer::new(certain).purchases(1.5).incentive(tenth, 0.0))
        }
        fn why(&self, _: &Candidate<'_>) -> String {
            "buys".to_owned()
        }
    }
    // Vouchers of 10, 6, 4 and 0.5 gain four times as much each: 14 buys the first and the third.
    let plan = plan(&CpMap::none().with(Voucher).budget(Money::from_minor(14, 0)), &VALUES);
    assert_eq!(done(&plan), ["voucher", "-", "voucher", "-"]);
    assert_eq!(plan.budgeting().unwrap().limits[0].used, 14.0);
    assert!(plan.budgeting().unwrap().greedy.unwrap() <= plan.budgeting().unwrap().gain);
    assert_eq!(plan.budgeting().unwrap().gain.amount(), 56.0);
}
