//! The gains of ten customers of the CDNOW cohort, worked out a second time, cell by cell as in a
//! spreadsheet, from the rates of the value model, stated margins, costs, tiers, plans and
//! holdings, and the assumptions as the documentation of the levers has them. None of the library's
//! offers or gains is asked on this side.
//!
//! And the textbook's value of a margin `m`, a cost `c` and a retention `r` per period,
//! `(m - c) q (1 - q^H) / (1 - q)` with `q = r / (1 + d)`, as rates: summed period by period, a
//! change of it is the gain of the lever that makes the change.

// The platform's own functions are the independent ones here, and no bits depend on them.
#![allow(clippy::disallowed_methods)]

use segmentry::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Attributes, CsvTransactions, CustomerHistory, HistorySpec, IdColumn,
    SourceError,
};
use segmentry::strategy::{
    Affinity, CrossSell, Develop, Ladder, Products, ReduceCostToServe, Reprice, UpSell, WinBack,
};
use segmentry::strategy::{CpMap, CustomerBase, Migrate, Retain, StrategyAssigner};
use segmentry::units::{CustomerIds, Days, Estimate, Money, Probability};
use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
use segmentry::value::{Economics, LifetimeValue, ValueModel};
use segmentry::work::Work;

/// Sums of products of a dozen doubles, of money up to thousands.
const TO_THE_BILLIONTH: f64 = 1e-9;

/// Money below this is lost in the rounding of values up to a hundred; above, in that of a
/// thousand periods added up.
const ROUNDINGS_OF_A_SUM: f64 = 1e-9;

const TIERS: [&str; 3] = ["basic", "plus", "pro"];
const PRODUCTS: [(&str, f64, Option<f64>); 3] =
    [("records", 40.0, None), ("books", 25.0, Some(0.3)), ("films", 60.0, Some(0.1))];

/// What is stated of a customer.
struct Stated {
    margin: f64,
    cost_a_year: Option<f64>,
    tier: usize,
    paper: bool,
    holds: [bool; 3],
    affinities: [f32; 3],
}

fn stated(row: usize) -> Stated {
    Stated {
        margin: [0.2, 0.35, 0.5][row % 3],
        cost_a_year: (row % 7 != 3).then_some([0.0, 4.0, 9.0, 30.0, 90.0][row % 5]),
        tier: row % 3,
        paper: row.is_multiple_of(2),
        holds: [2, 3, 5].map(|of| row.is_multiple_of(of)),
        affinities: [0.3, 0.2, 0.1].map(|near| near + (row % 11) as f32 * near * near),
    }
}

struct Crm(usize, CustomerIds);

impl AttributeSource for Crm {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        let number = |name| AttributeField::own(name, AttributeKind::Number);
        let category = |name| AttributeField::own(name, AttributeKind::Category);
        Ok(vec![number("margin"), number("cost_to_serve"), category("tier"), category("plan")])
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let all = || (0..self.0).map(stated);
        let ids: Vec<String> = self.1.iter().map(|id| id.expose().to_owned()).collect();
        let margins: Vec<Option<f64>> = all().map(|known| Some(known.margin)).collect();
        let costs: Vec<Option<f64>> = all().map(|known| known.cost_a_year).collect();
        let tiers = all().map(|known| TIERS[known.tier]).collect();
        let plans = all().map(|known| if known.paper { "paper" } else { "online" }).collect();
        Ok(Box::new(std::iter::once(Ok(AttributeBatch {
            customers: IdColumn::texts(ids.iter().map(String::as_str).collect()),
            columns: vec![
                AttributeValues::Number(margins),
                AttributeValues::Number(costs),
                AttributeValues::Text(tiers),
                AttributeValues::Text(plans),
            ],
        }))))
    }
}

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

/// The customers, with everything stated.
fn cdnow() -> CustomerBase {
    let file = format!("{}/examples/data/cdnow.csv", env!("CARGO_MANIFEST_DIR"));
    let shop = CsvTransactions::open(file).unwrap().time("date");
    let spec = HistorySpec::new().rhythm().observed_until("1997-09-30".parse().unwrap());
    let work = Work::new();
    let history = CustomerHistory::read(&shop, &spec, &work).unwrap();
    let n = history.n_customers();
    let crm = Crm(n, history.ids().clone());
    let attributes = Attributes::read(&crm, history.ids(), &work).unwrap();
    let economics = Economics::from_attributes(&attributes).unwrap();
    let model = LifetimeValue::new().fit(&history, &work).unwrap();
    let value = model.value(&history, &economics, &work).unwrap();
    let held = |row| (0..3).filter(|&product| stated(row).holds[product]).collect::<Vec<_>>();
    let names = PRODUCTS.map(|(name, _, _)| name);
    let near = (0..n).flat_map(|row| stated(row).affinities).collect();
    let products = Products::new(history.ids().clone(), names, (0..n).map(held))
        .unwrap()
        .worth_a_year(PRODUCTS.map(|(name, yearly, _)| (name, money(yearly))))
        .unwrap()
        .margins(PRODUCTS.into_iter().filter_map(|(name, _, margin)| Some((name, margin?))))
        .unwrap()
        .next_by(&Affinity::new(3, near).unwrap(), &work)
        .unwrap();
    CustomerBase::of(value).attributes(attributes).products(products)
}

fn levers() -> CpMap {
    let ladder = Ladder::new("tier").tier("basic", 100.0).tier("plus", 130.0).tier("pro", 200.0);
    CpMap::none()
        .with(Retain::new().contact_cost(money(0.4)).incentive(money(3.0), 0.05))
        .with(Develop::new().contact_cost(money(0.1)))
        .with(WinBack::new().contact_cost(money(0.1)).incentive(money(2.0), 0.0))
        .with(ReduceCostToServe::new())
        .with(CrossSell::new().contact_cost(money(0.2)))
        .with(UpSell::new().ladder(ladder).contact_cost(money(0.3)))
        .with(
            Migrate::new()
                .on_attribute("plan", "paper", "online")
                .margin(0.02)
                .spend(0.98)
                .keep(-0.04)
                .contact_cost(money(0.2)),
        )
        .with(Reprice::new().contact_cost(money(1.0)))
}

/// The line of a customer in the spreadsheet: the gain of each lever, or a blank.
fn line(worth: &Worth, row: usize) -> [Option<f64>; 8] {
    let known = stated(row);
    let rates = worth.rates.unwrap();
    // 52 weeks at 10 % a year, continuously: the integral of 1.1^-t.
    let h = 364.0 / 365.25;
    let years = (1.0 - 1.0 / 1.1_f64.powf(h)) / 1.1_f64.ln();
    let (alive, stays) = (rates.alive, rates.staying);
    let (buys, basket) = (rates.purchases, rates.spend);
    let (margin, cost) = (known.margin, known.cost_a_year.unwrap_or(0.0) * years);
    let sales = buys * basket;
    let value = alive * stays * (sales * margin - cost);
    let future = worth.future().unwrap().amount();
    assert!((value - future).abs() < TO_THE_BILLIONTH, "row {row}: {value} {future}");
    // Who is on the frontier has none; here the two are computed apart and differ by a rounding.
    let headroom = worth.potential.unwrap().amount() - value;
    let headroom = if headroom > TO_THE_BILLIONTH { headroom } else { 0.0 };
    let silent = worth.days_since_last.count() >= 182;
    let lapsed = alive < 0.5 || (silent && worth.p_active.unwrap().value() < 0.5);
    let contribution = alive * stays * sales * margin;

    let retain = || {
        let saved = (alive + 0.5 * (1.0 - alive)) * (stays + 0.5 * (1.0 - stays));
        0.1 * (saved * (sales * margin - cost) - value) - 0.1 * 3.0 - 0.4 - 0.05 * 3.0
    };
    let win_back = || {
        0.03 * ((1.0 - alive) * stays * (sales * margin - cost) + basket * margin)
            - 0.03 * 2.0
            - 0.1
    };
    let reduce = || alive * stays * (0.95 * sales * margin - 0.7 * cost) - value;
    let cross_sell = || {
        let mut next: Option<usize> = None;
        for product in (0..3).filter(|&product| !known.holds[product]) {
            let nearer = |than: usize| known.affinities[product] > known.affinities[than];
            if next.is_none_or(nearer) {
                next = Some(product);
            }
        }
        let (_, yearly, at) = PRODUCTS[next?];
        Some(0.05 * alive * stays * 0.5 * yearly * years * at.unwrap_or(margin) - 0.2)
    };
    let up_sell = || {
        let ratio = [130.0 / 100.0, 200.0 / 130.0].get(known.tier)?;
        Some(0.05 * f64::min((ratio - 1.0) * contribution, headroom) - 0.3)
    };
    let migrate = || {
        let moved = alive * 0.96 * stays * (0.98 * sales * (margin + 0.02) - cost);
        0.1 * (moved - value) - 0.2
    };
    let earns = sales * margin > cost;
    let dear = cost > 0.0 && cost >= 0.5 * sales * margin && known.cost_a_year.is_some();
    [
        (!lapsed && alive * stays <= 0.9 && earns).then(retain),
        (!lapsed && headroom > 0.0).then_some(0.1 * 0.25 * headroom - 0.1),
        (lapsed && sales * margin >= cost).then(win_back),
        dear.then(reduce),
        if lapsed { None } else { cross_sell() },
        if lapsed || headroom <= 0.0 { None } else { up_sell() },
        (!lapsed && known.paper).then(migrate),
        (value < 0.0).then_some(0.5 * -value - 1.0),
    ]
}

#[test]
fn ten_customers_recomputed() {
    const NAMES: [&str; 8] = [
        "retain",
        "develop",
        "win_back",
        "reduce_cost_to_serve",
        "cross_sell",
        "up_sell",
        "migrate",
        "reprice",
    ];
    let base = cdnow();
    let plan = levers().assign(&base, &Work::new()).unwrap();
    let rows: Vec<usize> = (0..10).map(|i| 4 + i * 231).collect();
    let mut seen = [0; 8];
    for &row in &rows {
        let customer = plan.customer(row);
        let want = line(&base.value().rows()[row], row);
        for (place, name) in NAMES.iter().enumerate() {
            let got = customer.options().iter().find(|option| option.name() == *name);
            match (got, want[place]) {
                (None, None) => {}
                (Some(option), Some(want)) => {
                    seen[place] += 1;
                    let gain = option.gain().amount();
                    assert!((gain - want).abs() < TO_THE_BILLIONTH, "{name} {row}: {gain} {want}");
                    let terms = option.gain_terms().unwrap();
                    assert_eq!(terms.sales + terms.retention + terms.cost, option.gain());
                }
                (got, want) => panic!("{name} of row {row}: {got:?}, by hand {want:?}"),
            }
        }
        // The best of the line is the primary strategy, and nothing below zero is one.
        let best = want.iter().flatten().copied().fold(0.0, f64::max);
        let primary = customer.primary().gain().amount();
        assert!((primary - best).abs() < TO_THE_BILLIONTH, "row {row}: {primary} {best}");
    }
    assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
}

/// `(m - c)` in each period of `H`, kept with `r` and discounted by `d`, added up.
fn textbook(m: f64, c: f64, r: f64, d: f64, periods: u32) -> f64 {
    let (mut weight, mut total) = (1.0, 0.0);
    for _ in 0..periods {
        weight *= r / (1.0 + d);
        total += weight * (m - c);
    }
    total
}

/// The same in closed form, `(m - c) H` where nobody leaves and nothing is discounted.
fn closed(m: f64, c: f64, r: f64, d: f64, periods: u32) -> f64 {
    let q = r / (1.0 + d);
    if (1.0 - q).abs() < 1e-12 {
        return (m - c) * f64::from(periods);
    }
    (m - c) * q * (1.0 - q.powi(periods as i32)) / (1.0 - q)
}

/// The same as rates: what periods are worth that nobody leaves, and the share that leaving leaves.
fn as_rates(m: f64, c: f64, r: f64, d: f64, periods: u32) -> Rates {
    let certain = textbook(1.0, 0.0, 1.0, d, periods);
    Rates {
        alive: 1.0,
        staying: (textbook(1.0, 0.0, r, d, periods) / certain).min(1.0),
        purchases: certain,
        spend: 2.0 * m,
        margin: 0.5,
        cost: c * certain,
    }
}

fn valued(rates: Rates) -> CustomerBase {
    let spent = Money::new(10.0).unwrap();
    let mut worth = Worth::realised(spent, spent, 2, Days::new(10))
        .with_rates(rates)
        .with_p_alive(Probability::new(1.0).unwrap());
    worth.cost_known = true;
    let (ids, basis) = (CustomerIds::numbered(1).unwrap(), ValueBasis::new("given", "given"));
    let value = CustomerValue::new(ids, vec![worth], basis, ValueUnit::Margin, Days::weeks(52));
    CustomerBase::of(value.unwrap())
}

#[test]
fn the_textbook_value_as_rates() {
    let (m, c, periods) = (10.0, 4.0, 24);
    for d in [0.0, 0.01, 0.1] {
        for r in [0.0, 0.3, 0.8, 0.99, 1.0 - 1e-6, 1.0 - 1e-13, 1.0] {
            let value = as_rates(m, c, r, d, periods).value().amount();
            let sum = textbook(m, c, r, d, periods);
            assert!((value - sum).abs() < ROUNDINGS_OF_A_SUM, "{r} {d}: {value} {sum}");
            // The closed form loses the digits of 1 - q that q has no room for.
            let tolerance = if 1.0 - r < 1e-9 { 1e-3 } else { ROUNDINGS_OF_A_SUM };
            let form = closed(m, c, r, d, periods);
            assert!((form - sum).abs() < tolerance, "{r} {d}: {form} {sum}");
        }
    }
    // q -> 1: the margin of each period, and no division by zero.
    assert!((as_rates(m, c, 1.0, 0.0, periods).value().amount() - 6.0 * 24.0).abs() < 1e-9);
}

/// `pi [V(m + dm, c + dc, r + dr) - V(m, c, r)] - k`, lever by lever.
#[test]
fn a_change_of_the_textbook_value_is_a_gain() {
    let (m, c, periods, success, k) = (10.0, 4.0, 24, 0.2, 0.5);
    let (works, contact) = (Estimate::assumed(success).unwrap(), Money::new(k).unwrap());
    for d in [0.0, 0.02] {
        for r in [0.3, 0.7, 0.9, 0.95] {
            let before = as_rates(m, c, r, d, periods);
            let check = |cp_map: CpMap, (m1, c1, r1): (f64, f64, f64)| {
                let plan = cp_map.assign(&valued(before), &Work::new()).unwrap();
                let customer = plan.customer(0);
                let got = customer.options()[0].gain().amount();
                let change = textbook(m1, c1, r1, d, periods) - textbook(m, c, r, d, periods);
                let want = success * change - k;
                assert!((got - want).abs() < ROUNDINGS_OF_A_SUM, "{r} {d}: {got} {want}");
            };
            // Half of those who would leave in a period stay; up to r = 1, where q is 1 without
            // discount.
            for saved in [0.5, 1.0] {
                let r1 = r + saved * (1.0 - r);
                let staying = as_rates(m, c, r1, d, periods).staying;
                let share = (staying - before.staying) / (1.0 - before.staying);
                let retain = Retain::new().success(works).contact_cost(contact).saves(share);
                check(CpMap::none().with(retain), (m, c, r1));
            }
            // A move that costs less, sells more and loses one in ten of those who stay a period.
            let r1 = 0.9 * r;
            let lost = as_rates(m, c, r1, d, periods).staying / before.staying - 1.0;
            let plain = known_plan(before);
            let moved = Migrate::new()
                .between_products("paper", "online")
                .success(works)
                .contact_cost(contact)
                .spend(1.1)
                .cost_to_serve(0.5)
                .keep(lost);
            let plan = CpMap::none().with(moved).assign(&plain, &Work::new()).unwrap();
            let got = plan.customer(0).options()[0].gain().amount();
            let change = textbook(1.1 * m, 0.5 * c, r1, d, periods) - textbook(m, c, r, d, periods);
            let want = success * change - k;
            assert!((got - want).abs() < ROUNDINGS_OF_A_SUM, "{r} {d}: {got} {want}");
        }
    }
}

/// A customer on paper, who spends as much online.
fn known_plan(rates: Rates) -> CustomerBase {
    let base = valued(rates);
    let products =
        segmentry::strategy::Products::new(base.ids().clone(), ["paper", "online"], [[0_usize]])
            .unwrap()
            .worth_a_year([("paper", Money::ZERO), ("online", Money::ZERO)])
            .unwrap();
    base.products(products)
}
