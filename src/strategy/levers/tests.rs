//! Hand-worked cases, as fractions. Customers stay with 4/5 and are there with 1/2 probability,
//! would buy 10 times for 20 at a margin of 1/4 and cost 10 to serve: 2/5 x (50 - 10) = 16.

use crate::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Attributes, IdColumn, SourceError,
};
use crate::strategy::{
    AcquireLookalikes, CpMap, CrossSell, CustomerBase, Develop, Gain, Ladder, Lever, Migrate,
    Offer, Products, ReduceCostToServe, Reprice, Retain, StrategyAssigner, StrategyError, UpSell,
    WinBack,
};
use crate::units::{
    CustomerIds, Days, Estimate, LeverId, Money, Probability, Provenance, ResourceId,
};
use crate::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
use crate::work::Work;

const RATES: Rates =
    Rates { alive: 0.5, staying: 0.8, purchases: 10.0, spend: 20.0, margin: 0.25, cost: 10.0 };

/// Sums of a handful of numbers below a hundred, in tenths.
const FEW_ROUNDINGS: f64 = 1e-13;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

fn worth(rates: Rates) -> Worth {
    let mut worth = Worth::realised(money(100.0), money(100.0), 3, Days::new(30))
        .with_rates(rates)
        .with_p_alive(Probability::new(rates.alive).unwrap());
    worth.cost_known = true;
    worth
}

/// Four years, not discounted: leap years and all 4 x 365.25 days.
const YEARS: f64 = 4.0;

fn base_of(rows: Vec<Worth>) -> CustomerBase {
    let (ids, basis) =
        (CustomerIds::numbered(rows.len()).unwrap(), ValueBasis::new("given", "given"));
    let horizon = Days::new(4 * 365 + 1);
    CustomerBase::of(CustomerValue::new(ids, rows, basis, ValueUnit::Margin, horizon).unwrap())
}

fn base(rates: Rates) -> CustomerBase {
    base_of(vec![worth(rates)])
}

fn with_potential(rates: Rates, potential: f64) -> CustomerBase {
    base_of(vec![worth(rates).with_potential(money(potential))])
}

/// One category of every customer.
struct One(&'static str, AttributeKind, Vec<&'static str>);

impl AttributeSource for One {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(vec![AttributeField::own(self.0, self.1.clone())])
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let values = match self.1 {
            AttributeKind::YesNo => AttributeValues::YesNo(
                self.2.iter().map(|&text| (!text.is_empty()).then_some(text == "yes")).collect(),
            ),
            _ => AttributeValues::Text(self.2.iter().collect()),
        };
        let customers = IdColumn::integers((0..self.2.len() as i64).collect::<Vec<i64>>());
        Ok(Box::new(std::iter::once(Ok(AttributeBatch { customers, columns: vec![values] }))))
    }
}

fn known(base: CustomerBase, source: &One) -> CustomerBase {
    let attributes = Attributes::read(source, base.ids(), &Work::new()).unwrap();
    base.attributes(attributes)
}

fn category(name: &'static str, value: &'static str) -> One {
    One(name, AttributeKind::Category, vec![value])
}

/// The first customer holds an account, and the next product is a card of 30 a year at a margin of
/// one half.
fn with_products(base: CustomerBase) -> CustomerBase {
    let products = Products::new(base.ids().clone(), ["account", "card"], [vec![0]])
        .unwrap()
        .worth_a_year([("card", money(30.0)), ("account", money(8.0))])
        .unwrap()
        .margins([("card", 0.5)])
        .unwrap();
    let near = crate::strategy::Affinity::new(2, vec![0.9, 0.4]).unwrap();
    base.products(products.next_by(&near, &Work::new()).unwrap())
}

fn gain_of(lever: &dyn Lever, base: &CustomerBase) -> Gain {
    lever.validate().unwrap();
    let customer = base.customer(0);
    let offer = lever.offer(&customer).unwrap_or_else(|rule| panic!("{}", rule.rule()));
    assert_eq!(offer.fault(), None);
    Gain::of(&offer, customer.rates().unwrap())
}

#[track_caller]
fn gains(lever: &dyn Lever, base: &CustomerBase, want: f64) {
    let gain = gain_of(lever, base);
    let (got, terms) = (gain.mean.amount(), gain.terms);
    assert!((got - want).abs() < FEW_ROUNDINGS, "{got} {want}");
    assert_eq!(terms.sales + terms.retention + terms.cost, gain.mean);
}

#[track_caller]
fn refused(lever: &dyn Lever, base: &CustomerBase, rule: &str) {
    let answer = lever.offer(&base.customer(0));
    assert_eq!(answer.map_err(|found| found.rule().to_owned()), Err(rule.to_owned()));
}

fn sure() -> Estimate {
    Estimate::assumed(1.0).unwrap()
}

#[test]
fn retain_saves_half_of_both_losses() {
    // Alive 3/4, staying 9/10: 27/40 x 40 = 27, one in ten of 27 - 16.
    gains(&Retain::new(), &base(RATES), 1.1);
    gains(&Retain::new().success(Estimate::assumed(0.0).unwrap()), &base(RATES), 0.0);
    gains(&Retain::new().success(sure()).saves(1.0), &base(RATES), 24.0);
    refused(
        &Retain::new(),
        &base(Rates { margin: 0.0, ..RATES }),
        "serving this customer costs more than it brings",
    );
}

#[test]
fn develop_takes_a_quarter_of_the_headroom() {
    gains(&Develop::new(), &with_potential(RATES, 116.0), 2.5);
    gains(&Develop::new().success(sure()).takes(1.0), &with_potential(RATES, 116.0), 100.0);
    let full = "worth as much as the best of their peers already";
    refused(&Develop::new(), &with_potential(RATES, 16.0), full);
    refused(&Develop::new(), &base(RATES), "no potential was estimated");
    let none = "no purchases are expected that could be built upon";
    refused(&Develop::new(), &with_potential(Rates { margin: 0.0, ..RATES }, 116.0), none);
}

#[test]
fn win_back_brings_a_purchase_and_a_customer() {
    let gone = Rates { alive: 0.25, ..RATES };
    // 4/5 x 40 - 8, and a purchase of 5.
    gains(&WinBack::new(), &base(gone), 0.03 * 29.0);
    refused(&WinBack::new(), &base(RATES), "has not lapsed");
    let nothing = "would bring nothing if they came back";
    refused(&WinBack::new(), &base(Rates { margin: 0.0, ..gone }), nothing);
}

#[test]
fn reduce_cost_to_serve_saves_and_loses() {
    let dear = Rates { cost: 40.0, ..RATES };
    // 2/5 x (19/20 x 50 - 7/10 x 40) = 39/5, before 4.
    gains(&ReduceCostToServe::new(), &base(dear), 3.8);
    let cheap = "the cost to serve takes less than half of the contribution";
    refused(&ReduceCostToServe::new(), &base(RATES), cheap);
}

#[test]
fn cross_sell_adds_half_of_what_holders_spend() {
    let base = with_products(base(RATES));
    // Four years of 15 at one half: 30, of which 2/5 remain; one in twenty buys.
    gains(&CrossSell::new(), &base, 0.05 * 0.4 * 0.5 * 15.0 * YEARS);
    gains(&CrossSell::new().success(sure()).reaches(1.0), &base, 0.4 * 0.5 * 30.0 * YEARS);
    gains(&CrossSell::new().reaches(0.0).contact_cost(money(1.0)), &base, -1.0);
    let why = CrossSell::new().why(&base.customer(0));
    assert_eq!(
        why,
        "`card` next: the nearest to them of what they do not hold; it is worth 30.00 a year to \
         who has it"
    );
}

/// The purchases themselves are zero, or the margins: what is added is still worth what it is.
#[test]
fn added_sales_need_nothing_to_be_added_to() {
    let want = 0.4 * 0.5 * 30.0 * YEARS;
    let lever = CrossSell::new().success(sure()).reaches(1.0);
    for rates in [
        Rates { purchases: 0.0, ..RATES },
        Rates { spend: 0.0, ..RATES },
        Rates { margin: 0.0, ..RATES },
        Rates { margin: -0.5, ..RATES },
    ] {
        gains(&lever, &with_products(base(rates)), want);
    }
}

#[test]
fn cross_sell_names_what_it_lacks() {
    let lever = CrossSell::new();
    refused(&lever, &base(RATES), "the products held are not known");
    let held = |held: Vec<usize>| {
        Products::new(CustomerIds::numbered(1).unwrap(), ["account", "card"], [held]).unwrap()
    };
    let unknown = "what the products are worth is not known";
    refused(&lever, &base(RATES).products(held(vec![0])), unknown);
    let valued = |products: Products| products.worth_a_year([("card", money(30.0))]).unwrap();
    let unasked = "no affinity to products was worked out";
    refused(&lever, &base(RATES).products(valued(held(vec![0]))), unasked);
    let all = valued(held(vec![0, 1])).next_to_buy(&Work::new()).unwrap();
    refused(&lever, &base(RATES).products(all), "nothing speaks for a product not held yet");
    let gone = with_products(base(Rates { alive: 0.25, ..RATES }));
    refused(&lever, &gone, "has lapsed: a case for win back");
}

fn tiers() -> Ladder {
    Ladder::new("tier").tier("basic", 10.0).tier("plus", 15.0).tier("pro", 12.0)
}

#[test]
fn up_sell_goes_to_the_next_tier_and_no_further_than_the_headroom() {
    let lever = UpSell::new().ladder(tiers());
    let on = |tier, potential| known(with_potential(RATES, potential), &category("tier", tier));
    // Half as much again of 2/5 x 50, one in twenty.
    gains(&lever, &on("basic", 116.0), 0.5);
    gains(&lever, &on("basic", 20.0), 0.2); // four of headroom
    gains(&lever, &known(base(RATES), &category("tier", "basic")), 0.5); // no potential, no cap
    refused(&lever, &on("basic", 16.0), "worth as much as the best of their peers already");
    refused(&lever, &on("plus", 116.0), "the next tier is worth no more");
    refused(&lever, &on("pro", 116.0), "on the highest tier already");
    refused(&lever, &on("staff", 116.0), "the tier is none of the ladder");
    refused(&lever, &on("", 116.0), "no tier is known");
    refused(&lever, &base(RATES), "no tier is known");
    refused(&UpSell::new(), &base(RATES), "no tiers are stated");
    let yes = One("tier", AttributeKind::YesNo, vec!["yes"]);
    let kind = "the tier is neither a category nor an ordered answer";
    refused(&lever, &known(base(RATES), &yes), kind);
    let why = lever.why(&on("basic", 116.0).customer(0));
    assert_eq!(why, "from `basic` to `plus`, whose customers spend 1.50 times as much");
    let free = UpSell::new().ladder(Ladder::new("tier").tier("free", 0.0).tier("paid", 1.0));
    assert!(matches!(free.validate(), Err(StrategyError::Param { .. })));
}

#[test]
fn migrate_counts_differences_of_any_sign() {
    let paper = known(base(RATES), &category("plan", "paper"));
    let online = || Migrate::new().on_attribute("plan", "paper", "online");
    gains(&online(), &paper, 0.0);
    // Served at three tenths: 2/5 x 7 saved. Then one in twenty of the 4/5 leaves: 19/50 x 47.
    gains(&online().success(sure()).cost_to_serve(0.3), &paper, 2.8);
    gains(&online().success(sure()).cost_to_serve(0.3).keep(-0.05), &paper, 0.38 * 47.0 - 16.0);
    gains(&online().success(sure()).keep(0.5), &paper, 2.0); // 9/10 x 1/2 x 40
    gains(&online().success(sure()).margin(-0.05), &paper, -4.0);
    gains(&online().success(sure()).spend(1.1), &paper, 2.0);
    let why = online().why(&paper.customer(0));
    assert_eq!(why, "worth 16.00 on plan `paper`, and would be on `online`");

    refused(&Migrate::new(), &paper, "no move is stated");
    let elsewhere = known(base(RATES), &category("plan", "online"));
    refused(&online(), &elsewhere, "is not on what the move starts from");
    let unknown = "the attribute that the move goes by is not known";
    refused(&online(), &base(RATES), unknown);
    let mut unpriced = worth(RATES);
    unpriced.cost_known = false;
    let unpriced = known(base_of(vec![unpriced]), &category("plan", "paper"));
    refused(&online().cost_to_serve(0.5), &unpriced, "the cost to serve is not known");
}

#[test]
fn migrate_between_products_takes_one_and_adds_the_other() {
    let lever = Migrate::new().between_products("account", "card").success(sure());
    let base = with_products(base(RATES));
    // 2/5 x 4 years x (30 x 1/2 - 8 x 1/4)
    gains(&lever, &base, 0.4 * YEARS * 13.0);
    let back = Migrate::new().between_products("card", "account");
    refused(&back, &base, "does not hold what the move starts from");
    let unknown = Migrate::new().between_products("account", "boat");
    refused(&unknown, &base, "the products of the move are not known");
    // Who spends 4 in all has no more than 4 to stop spending.
    let little = with_products(base_of(vec![worth(Rates { purchases: 0.2, ..RATES })]));
    gains(&lever, &little, 0.4 * (60.0 - 1.0));
}

#[test]
fn reprice_ends_a_loss() {
    let loss = Rates { cost: 100.0, ..RATES };
    gains(&Reprice::new().contact_cost(money(2.0)), &base(loss), 0.5 * 20.0 - 2.0);
    gains(&Reprice::new().success(sure()), &base(loss), 20.0);
    refused(&Reprice::new(), &base(RATES), "serving this customer costs no more than it brings");
    let mut unknown = worth(RATES);
    unknown.cost_known = false;
    refused(&Reprice::new(), &base_of(vec![unknown]), "the cost to serve is not known");
    // Nothing that sells is recommended besides it.
    let dear = known(base(loss), &category("plan", "paper"));
    let move_online = Migrate::new().on_attribute("plan", "paper", "online").keep(-1.0);
    let plan = CpMap::retail().with(move_online).assign(&dear, &Work::new()).unwrap();
    let customer = plan.customer(0);
    assert_eq!(customer.primary().name(), "reduce_cost_to_serve"); // 2/5 x (30 - 5/2)
    let names: Vec<&str> = customer.options().iter().map(|option| option.name()).collect();
    assert_eq!(names, ["reduce_cost_to_serve", "reprice", "migrate"]);
}

/// A letter of 1, a voucher of 5 that one in ten takes anyway, two contacts and three minutes.
#[test]
fn what_an_offer_takes_is_stated_by_setters_that_all_levers_share() {
    let minutes = ResourceId::of("agent_minutes");
    let lever = Retain::new()
        .contact_cost(money(1.0))
        .incentive(money(5.0), 0.1)
        .contacts(2.0)
        .uses(minutes.clone(), 3.0);
    let base = base(RATES);
    gains(&lever, &base, 1.1 - 0.5 - 1.0 - 0.5);
    let offer = lever.offer(&base.customer(0)).unwrap();
    assert_eq!((offer.used(&minutes), offer.used(&ResourceId::MONEY)), (3.0, 2.0));
    assert_eq!(offer.contacts, 2.0);
    let priced = CpMap::none().with(lever).fatigue(money(0.25));
    let plan = priced.assign(&base, &Work::new()).unwrap();
    let customer = plan.customer(0);
    assert!((customer.options()[0].gain().amount() - (1.1 - 2.0 - 0.5)).abs() < FEW_ROUNDINGS);
    for bad in [
        Retain::new().incentive(money(-1.0), 0.0),
        Retain::new().incentive(money(1.0), f64::NAN),
        Retain::new().contacts(f64::NAN),
        Retain::new().uses(minutes.clone(), -1.0),
        Retain::new().contact_cost(money(-1.0)),
    ] {
        assert!(matches!(bad.validate(), Err(StrategyError::Param { .. })));
    }
}

#[test]
fn parameters_that_are_no_numbers_are_refused() {
    let nan = f64::NAN;
    let bad: [&dyn Lever; 7] = [
        &CrossSell::new().reaches(nan),
        &Migrate::new().spend(nan),
        &Migrate::new().margin(nan),
        &Migrate::new().cost_to_serve(nan),
        &Migrate::new().keep(-1.5),
        &UpSell::new().ladder(Ladder::new("tier").tier("basic", nan)),
        &Reprice::new().success(Estimate::assumed(1.5).unwrap()),
    ];
    for lever in bad {
        assert!(matches!(lever.validate(), Err(StrategyError::Param { .. })));
    }
}

/// Twenty customers worth 10, 20, .. 200, of whom the first decile is the last two.
#[test]
fn a_programme_is_valued_once() {
    let row = |i: i64| {
        let rates = Rates {
            alive: 1.0,
            staying: 1.0,
            purchases: i as f64,
            spend: 10.0,
            margin: 1.0,
            cost: 0.0,
        };
        let spent = Money::from_minor(i, 0);
        Worth::realised(spent, spent, 1, Days::new(1)).with_rates(rates)
    };
    let base = base_of((1..=20).map(row).collect());
    let measured = Estimate::new(0.02, Some(0.005), Provenance::Experiment).unwrap();
    let programme = AcquireLookalikes::new(500)
        .success(measured)
        .likeness(0.5)
        .welcome(money(10.0))
        .contact_cost(money(1.0))
        .fixed_cost(money(50.0));
    let found = programme.value(&base).unwrap();
    // Halfway from 105 to 195; ten come.
    assert_eq!((found.seeds, found.without_consent), (2, None));
    assert_eq!(found.value_of_new.amount(), 150.0);
    assert!((found.gain.amount() - (10.0 * 140.0 - 550.0)).abs() < 1e-9);
    assert!((found.cost.amount() - 650.0).abs() < 1e-9);
    assert!((found.standard_error.unwrap().amount() - 0.005 * 500.0 * 140.0).abs() < 1e-9);
    assert_eq!(found.basis, Provenance::Experiment);

    let mut consent = vec!["yes"; 20];
    consent[19] = "no";
    let asked = known(base.clone(), &One("consent", AttributeKind::YesNo, consent));
    let found = programme.value(&asked).unwrap();
    assert_eq!((found.seeds, found.without_consent), (1, Some(1)));
    assert_eq!(found.value_of_new.amount(), 147.5); // halfway from 105 to 190
    let nobody = known(base, &One("consent", AttributeKind::YesNo, vec!["no"; 20]));
    assert!(matches!(programme.value(&nobody), Err(StrategyError::NoProgramme { .. })));
    let futureless = base_of(vec![Worth { rates: None, ..worth(RATES) }]);
    assert!(matches!(programme.value(&futureless), Err(StrategyError::NoProgramme { .. })));
    assert!(matches!(
        AcquireLookalikes::new(1).likeness(f64::NAN).value(&futureless),
        Err(StrategyError::Param { .. })
    ));
}

/// Doing nothing by any lever's offer is the zero, to the last bit.
#[test]
fn an_offer_that_never_works_gains_nothing() {
    let never = Estimate::assumed(0.0).unwrap();
    let offer = Offer::new(never).adds(money(100.0), 0.5).keep(-0.5).revive(1.0).purchases(3.0);
    let gain = Gain::of(&offer, &RATES);
    assert_eq!(gain.mean, Money::ZERO);
    assert_eq!(LeverId::of("cross_sell").in_words(), "cross sell");
}
