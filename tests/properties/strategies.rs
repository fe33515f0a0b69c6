//! Levers: terms add up, and more of what helps never hurts.

use proptest::prelude::*;
use segmentry::strategy::{
    CpMap, CrossSell, CustomerBase, Develop, Gain, Lever, Migrate, Offer, Products,
    ReduceCostToServe, Reprice, Retain, StrategyAssigner, WinBack,
};
use segmentry::units::{CustomerIds, Days, Estimate, Money, Probability};
use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
use segmentry::work::Work;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

fn assumed(success: f64) -> Estimate {
    Estimate::assumed(success).unwrap()
}

fn any_rates() -> impl Strategy<Value = Rates> {
    (0.0..=1.0, 0.0..=1.0, 0.0..50.0, 0.0..200.0, -0.2..=1.0, 0.0..500.0).prop_map(
        |(alive, staying, purchases, spend, margin, cost)| Rates {
            alive,
            staying,
            purchases,
            spend,
            margin,
            cost,
        },
    )
}

fn base(rates: Rates, potential: f64) -> CustomerBase {
    let mut worth = Worth::realised(money(50.0), money(50.0), 2, Days::new(20))
        .with_rates(rates)
        .with_p_alive(Probability::new(rates.alive).unwrap())
        .with_potential(money(potential));
    worth.cost_known = true;
    let (ids, basis) = (CustomerIds::numbered(1).unwrap(), ValueBasis::new("given", "given"));
    let value =
        CustomerValue::new(ids.clone(), vec![worth], basis, ValueUnit::Margin, Days::weeks(52));
    let products = Products::new(ids, ["old", "new"], [[0_usize]])
        .unwrap()
        .worth_a_year([("old", money(20.0)), ("new", money(45.0))])
        .unwrap()
        .margins([("new", 0.4)])
        .unwrap();
    let near = segmentry::strategy::Affinity::new(2, vec![0.2, 0.1]).unwrap();
    let products = products.next_by(&near, &Work::new()).unwrap();
    CustomerBase::of(value.unwrap()).products(products)
}

fn gain(lever: &dyn Lever, base: &CustomerBase) -> Option<Gain> {
    let customer = base.customer(0);
    let offer = lever.offer(&customer).ok()?;
    Some(Gain::of(&offer, customer.rates().unwrap()))
}

/// All levers at one success and one contact cost.
fn levers(success: f64, contact: f64) -> Vec<Box<dyn Lever>> {
    let (works, cost) = (assumed(success), money(contact));
    let moved = Migrate::new().between_products("old", "new").cost_to_serve(0.8).keep(-0.1);
    vec![
        Box::new(Retain::new().success(works).contact_cost(cost)),
        Box::new(Develop::new().success(works).contact_cost(cost)),
        Box::new(WinBack::new().success(works).contact_cost(cost)),
        Box::new(ReduceCostToServe::new().success(works).contact_cost(cost)),
        Box::new(CrossSell::new().success(works).contact_cost(cost)),
        Box::new(moved.success(works).contact_cost(cost)),
        Box::new(Reprice::new().success(works).contact_cost(cost)),
    ]
}

/// Rounding of a few products and sums of such values.
fn rounding(rates: &Rates, gain: &Gain) -> f64 {
    let parts = [
        (rates.purchases * rates.spend * rates.margin).abs(),
        rates.cost,
        gain.terms.sales.amount().abs(),
        gain.terms.retention.amount().abs(),
        gain.terms.cost.amount().abs(),
        1.0,
    ];
    1e-14 * parts.into_iter().fold(0.0, f64::max)
}

proptest! {
    /// The gain is the sum of its terms to the last bit, and what the difference of the two values
    /// says as far as that difference has digits.
    #[test]
    fn terms_sum_to_the_gain(
        rates in any_rates(),
        success in 0.0..=1.0,
        revive in 0.0..=1.0,
        keep in -1.0..=1.0,
        purchases in 0.0..3.0,
        spend in 0.0..3.0,
        cost in 0.0..2.0,
        sales in -100.0..300.0,
    ) {
        let offer = Offer::new(assumed(success))
            .revive(revive)
            .keep(keep)
            .purchases(purchases)
            .spend(spend)
            .cost_to_serve(cost)
            .adds(money(sales), 0.3)
            .contact_cost(money(1.5))
            .incentive(money(4.0), 0.2);
        let gain = Gain::of(&offer, &rates);
        let terms = gain.terms;
        prop_assert_eq!(terms.sales + terms.retention + terms.cost, gain.mean);
        let alive = rates.alive + revive * (1.0 - rates.alive);
        let staying = if keep < 0.0 {
            rates.staying * (1.0 + keep)
        } else {
            rates.staying + keep * (1.0 - rates.staying)
        };
        let earned = rates.purchases * rates.spend * rates.margin;
        let sold = earned * purchases * spend + 0.3 * sales;
        let after = alive * staying * (sold - rates.cost * cost);
        let plain = success * (after - rates.value().amount() - 4.0) - 1.5 - 0.2 * 4.0;
        let most = 10.0 * earned.abs() + 100.0 + 3.0 * rates.cost;
        prop_assert!((gain.mean.amount() - plain).abs() <= 1e-14 * most, "{} {plain}", gain.mean);
    }

    #[test]
    fn more_headroom_never_lowers_develop(
        rates in any_rates(),
        less in 0.0..1e4,
        more in 0.0..1e4,
    ) {
        let lever = Develop::new();
        let at = |potential: f64| gain(&lever, &base(rates, potential));
        let (small, large) = (at(less), at(less + more));
        if let Some(small) = small {
            let large = large.expect("with more headroom it applies all the more");
            prop_assert!(large.mean.amount() >= small.mean.amount() - rounding(&rates, &large));
        }
    }

    #[test]
    fn success_helps_what_helps_and_contacts_only_cost(
        rates in any_rates(),
        success in 0.0..=1.0,
        other in 0.0..=1.0,
        contact in 0.0..5.0,
        dearer in 0.0..5.0,
    ) {
        let (low, high) = if success < other { (success, other) } else { (other, success) };
        let base = base(rates, 2000.0);
        for place in 0..levers(0.0, 0.0).len() {
            let at = |success: f64, contact: f64| gain(&*levers(success, contact)[place], &base);
            let Some(never) = at(0.0, contact) else { continue };
            prop_assert!((never.mean.amount() + contact).abs() <= rounding(&rates, &never));
            let (low, high) = (at(low, contact).unwrap(), at(high, contact).unwrap());
            if at(1.0, 0.0).unwrap().mean > Money::ZERO {
                prop_assert!(high.mean.amount() >= low.mean.amount() - rounding(&rates, &high));
            }
            let dear = at(success, contact + dearer).unwrap();
            let cheap = at(success, contact).unwrap();
            prop_assert!(dear.mean.amount() <= cheap.mean.amount() + rounding(&rates, &cheap));
        }
    }

    /// A plan never recommends a loss, and a reason that is asked for is there.
    #[test]
    fn nothing_that_costs_more_than_it_brings_is_recommended(
        rates in any_rates(),
        contact in 0.0..20.0,
    ) {
        let all = levers(0.1, contact);
        let cp_map = all.into_iter().fold(CpMap::retail(), |map, lever| map.with(Boxed(lever)));
        let plan = cp_map.assign(&base(rates, 500.0), &Work::new()).unwrap();
        let customer = plan.customer(0);
        prop_assert!(customer.primary().gain() >= Money::ZERO);
        prop_assert!(!customer.primary().reason().is_empty());
        prop_assert_eq!(customer.options().len() + customer.ineligible().len(), 8);
    }
}

/// A lever of any kind, as one kind.
struct Boxed(Box<dyn Lever>);

impl Lever for Boxed {
    fn id(&self) -> segmentry::units::LeverId {
        self.0.id()
    }

    fn offer(
        &self,
        customer: &segmentry::strategy::Candidate<'_>,
    ) -> Result<Offer, segmentry::strategy::Ineligible> {
        self.0.offer(customer)
    }

    fn why(&self, customer: &segmentry::strategy::Candidate<'_>) -> String {
        self.0.why(customer)
    }
}

#[cfg(feature = "parallel")]
#[test]
fn what_is_bought_next_has_the_same_bits_for_any_number_of_threads() {
    // Those in even rows like even products.
    let likes = |row: usize, product: usize| {
        let of = if (row + product).is_multiple_of(2) { 2 } else { 5 };
        (row * (product + 3) / 5).is_multiple_of(of)
    };
    let held = |row| (0..11).filter(|&product| likes(row, product)).collect();
    let holdings: Vec<Vec<usize>> = (0..10_000).map(held).collect();
    let names: Vec<String> = (0..11).map(|place| place.to_string()).collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let ids = CustomerIds::numbered(holdings.len()).unwrap();
            let products = Products::new(ids, names.clone(), &holdings).unwrap();
            let worth = names.iter().map(|name| (name.as_str(), money(10.0)));
            let products = products.worth_a_year(worth).unwrap();
            let products = products.next_to_buy(&Work::new()).unwrap();
            let next = |row| products.next(row).map(|next| (next.product, next.affinity.to_bits()));
            (0..holdings.len()).map(next).collect::<Vec<_>>()
        })
    };
    let one = with(1);
    assert!(one.iter().flatten().count() > 1000);
    for threads in [2, 3, 8] {
        assert!(with(threads) == one, "{threads} threads");
    }
}
