use super::*;
use crate::strategy::{Candidate, Gain, Ineligible, Offer};
use crate::units::{CustomerIds, Days, Estimate, Probability, Provenance};
use crate::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};

fn rates(alive: f64) -> Rates {
    Rates { alive, staying: 0.6, purchases: 5.0, spend: 20.0, margin: 1.0, cost: 0.0 }
}

fn worth(alive: f64, potential: f64) -> Worth {
    let spent = Money::new(100.0).unwrap();
    Worth::realised(spent, spent, 3, Days::new(30))
        .with_rates(rates(alive))
        .with_p_alive(Probability::new(alive).unwrap())
        .with_potential(Money::new(potential).unwrap())
}

fn valued(rows: Vec<Worth>) -> CustomerValue {
    let basis = ValueBasis::new("given", "given");
    let ids = CustomerIds::numbered(rows.len()).unwrap();
    CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap()
}

fn plan(rows: Vec<Worth>) -> StrategyPlan {
    CpMap::retail().assign(&CustomerBase::of(valued(rows)), &Work::new()).unwrap()
}

#[test]
fn each_situation_gets_its_strategy() {
    let mut dear = worth(0.9, 0.0);
    dear.cost_known = true;
    dear.rates = Some(Rates { staying: 0.95, cost: 80.0, ..rates(0.9) });
    let no_future = Worth { rates: None, potential: None, ..worth(0.9, 0.0) };
    let settled = Worth { rates: Some(Rates { staying: 0.97, ..rates(0.98) }), ..worth(0.98, 0.0) };
    let plan =
        plan(vec![worth(0.9, 0.0), worth(0.9, 500.0), worth(0.2, 500.0), dear, settled, no_future]);
    let names: Vec<&str> =
        (0..plan.n_customers()).map(|row| plan.primary(row).lever.as_str()).collect();
    assert_eq!(
        names,
        ["retain", "develop", "win_back", "reduce_cost_to_serve", "maintain", "maintain"]
    );
    assert_eq!(plan.customer(1).secondary().unwrap().name(), "retain");
    assert_eq!(plan.customer(4).primary().gain(), Money::ZERO);
}

#[test]
fn a_long_silence_is_a_lapse_also_where_the_model_knows_no_dropout() {
    let one_time = |silent: u32, p_active: f64| {
        let spent = Money::new(30.0).unwrap();
        Worth::realised(spent, spent, 1, Days::new(silent))
            .with_rates(Rates {
                alive: 1.0,
                staying: 1.0,
                purchases: 0.5,
                spend: 30.0,
                margin: 1.0,
                cost: 0.0,
            })
            .with_p_active(Probability::new(p_active).unwrap())
            .with_potential(Money::new(40.0).unwrap())
    };
    let plan = plan(vec![one_time(400, 0.3), one_time(20, 0.3), one_time(400, 0.8)]);
    let names: Vec<&str> =
        (0..plan.n_customers()).map(|row| plan.primary(row).lever.as_str()).collect();
    assert_eq!(names, ["win_back", "develop", "develop"]);
    // One purchase of 30, for three in a hundred.
    assert!((plan.customer(0).primary().gain().amount() - 0.9).abs() < 1e-12);
}

#[test]
fn a_lever_without_its_inputs_says_so() {
    let plan = plan(vec![worth(0.9, 0.0)]);
    let customer = plan.customer(0);
    let rules = customer.ineligible();
    let rule = |name: &str| {
        rules.iter().find(|(lever, _)| lever.as_str() == name).unwrap().1.rule().to_owned()
    };
    assert_eq!(rule("reduce_cost_to_serve"), "the cost to serve is not known");
    assert!(rule("develop").contains("peers"));
    assert_eq!(rule("cross_sell"), "the products held are not known");
    assert_eq!(rule("up_sell"), "no tiers are stated");
    assert_eq!(rule("migrate"), "no move is stated");
    assert_eq!(rule("reprice"), "the cost to serve is not known");
    assert_eq!(plan.rules().iter().map(|(_, _, n)| n).sum::<usize>(), 7);
}

#[test]
fn gains_are_those_of_the_formula() {
    // Value before 0.9 x 0.6 x 100 = 54; with half of both losses saved 0.95 x 0.8 x 100 = 76; one
    // in ten.
    let plan = plan(vec![worth(0.9, 154.0)]);
    let customer = plan.customer(0);
    let second = customer.secondary().unwrap();
    assert_eq!(second.name(), "retain");
    assert!((second.gain().amount() - 2.2).abs() < 1e-12);
    // Headroom 100, a quarter of it, one in ten.
    assert!((plan.customer(0).primary().gain().amount() - 2.5).abs() < 1e-12);
    let summary = plan.summary();
    assert_eq!(summary.assumed_share, Some(1.0));
    assert!((summary.secondary_gain.amount() - 2.2).abs() < 1e-12);
    let flat: Vec<&str> = summary.risk_rankings.iter().map(LeverId::as_str).collect();
    assert_eq!(flat, ["retain", "develop"]);
}

#[test]
fn measured_success_is_no_risk_ranking() {
    let measured = Estimate::new(0.1, Some(0.01), Provenance::Experiment).unwrap();
    let cpmap = CpMap::retail().with(Retain::new().success(measured));
    let base = CustomerBase::of(valued(vec![worth(0.9, 154.0); 3]));
    let summary = cpmap.assign(&base, &Work::new()).unwrap().summary();
    assert_eq!(summary.risk_rankings, [LeverId::of("develop")]);
}

#[test]
fn contact_costs_can_make_maintain_the_best() {
    let cpmap = CpMap::none().with(Retain::new().contact_cost(Money::new(5.0).unwrap()));
    let plan =
        cpmap.assign(&CustomerBase::of(valued(vec![worth(0.9, 0.0)])), &Work::new()).unwrap();
    assert_eq!(plan.customer(0).primary().name(), "maintain");
    assert!(plan.customer(0).reason().contains("costs more than it brings"));
}

/// A lever that does not check its numbers.
struct Careless(f64);

impl Lever for Careless {
    fn id(&self) -> LeverId {
        LeverId::of("careless")
    }

    fn offer(&self, _: &Candidate<'_>) -> Result<Offer, Ineligible> {
        Ok(Offer::new(Estimate::assumed(0.1).unwrap()).purchases(self.0))
    }

    fn why(&self, _: &Candidate<'_>) -> String {
        "always".to_owned()
    }
}

#[test]
fn an_offer_that_is_no_number_is_a_typed_error() {
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let error = CpMap::none()
            .with(Careless(bad))
            .assign(&CustomerBase::of(valued(vec![worth(0.9, 0.0)])), &Work::new())
            .unwrap_err();
        assert!(
            matches!(error, StrategyError::BadOffer { row: 0, name: "purchases", .. }),
            "{error}"
        );
    }
    let nan = Estimate::assumed(f64::NAN);
    assert!(nan.is_err());
    let too_sure = CpMap::none().with(Retain::new().success(Estimate::assumed(1.5).unwrap()));
    assert!(matches!(too_sure.validate(), Err(StrategyError::Param { name: "success", .. })));
    assert!(matches!(
        CpMap::none().with(Retain::new().saves(f64::NAN)).validate(),
        Err(StrategyError::Param { .. })
    ));
}

#[test]
fn a_second_strategy_must_go_with_the_first() {
    let both = CpMap::none()
        .with(Retain::new())
        .with(Careless(1.5))
        .incompatible(LeverId::of("retain"), LeverId::of("careless"));
    let plan = both.assign(&CustomerBase::of(valued(vec![worth(0.9, 0.0)])), &Work::new()).unwrap();
    assert_eq!(plan.customer(0).primary().name(), "careless");
    assert_eq!(plan.customer(0).secondary(), None);
    assert!(plan.customer(0).reason().contains("no second strategy goes with careless"));
}

#[test]
fn the_baseline_is_the_future_value_to_the_last_bit() {
    let worth = worth(0.37, 0.0);
    let gain = Gain::of(&Offer::new(Estimate::assumed(1.0).unwrap()), &worth.rates.unwrap());
    assert_eq!(gain.mean, Money::ZERO);
    assert_eq!(worth.future().unwrap(), worth.rates.unwrap().value());
}

#[test]
fn no_customers_no_rows() {
    assert_eq!(plan(Vec::new()).n_customers(), 0);
}
