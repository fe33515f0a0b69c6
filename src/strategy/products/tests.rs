use super::*;
use crate::data::{CustomerHistory, HistorySpec, Transaction};
use crate::strategy::products::together::Together;
use crate::units::Date;
use crate::work::Work;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

/// Numbers that look random and are the same everywhere.
fn dice(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn market(customers: usize, products: usize) -> Vec<Vec<usize>> {
    let mut state = 7;
    let mut row = |_| {
        (0..products)
            .filter(|&p| dice(&mut state).is_multiple_of(3 + p as u64))
            .collect::<Vec<usize>>()
    };
    (0..customers).map(&mut row).collect()
}

fn named(products: usize) -> Vec<String> {
    (0..products).map(|place| format!("p{place}")).collect()
}

fn made(holdings: &[Vec<usize>], products: usize) -> Products {
    let ids = CustomerIds::numbered(holdings.len()).unwrap();
    Products::new(ids, named(products), holdings).unwrap()
}

/// What the documentation says, customer by customer, with no table and no threads.
fn plainly(holdings: &[Vec<usize>], products: usize, row: usize) -> Option<(usize, f64)> {
    let n = holdings.len() as f64;
    let holds = |row: &Vec<usize>, product: usize| row.contains(&product);
    let share = |j: usize| holdings.iter().filter(|row| holds(row, j)).count() as f64 / n;
    let given = |j: usize, i: usize| {
        let of = holdings.iter().filter(|row| holds(row, i));
        let both = of.clone().filter(|row| holds(row, j)).count() as f64;
        (both + 20.0 * share(j)) / (of.count() as f64 + 20.0)
    };
    let mut best = None;
    for j in (0..products).filter(|&j| !holds(&holdings[row], j)) {
        let held = &holdings[row];
        let affinity = if held.is_empty() {
            share(j)
        } else {
            let mut sum = 0.0;
            for &i in held {
                sum += given(j, i);
            }
            sum / held.len() as f64
        };
        let speaks = held.is_empty() || affinity > share(j);
        if speaks && best.is_none_or(|(_, most)| affinity > most) {
            best = Some((j, affinity));
        }
    }
    best
}

#[test]
fn the_next_product_is_that_of_the_plain_formula() {
    let holdings = market(300, 7);
    let names = named(7);
    let worth = names.iter().map(|name| (name.as_str(), money(10.0)));
    let products = made(&holdings, 7).worth_a_year(worth).unwrap();
    let products = products.next_to_buy(&Work::new()).unwrap();
    let mut none = 0;
    for row in 0..holdings.len() {
        let got = products.next(row).map(|next| (next.product, next.affinity));
        match plainly(&holdings, 7, row) {
            None => {
                none += 1;
                assert_eq!(got, None);
            }
            Some((product, affinity)) => {
                assert_eq!(got, Some((product, f64::from(affinity as f32))));
                let lift = products.next(row).unwrap().lift.unwrap();
                let base = products.holders(product) as f64 / 300.0;
                assert!((lift * base / affinity - 1.0).abs() < 1e-6);
            }
        }
    }
    assert!(none > 0 && none < 300, "{none}");
}

/// Blocks of customers and rows of the table are the same for any number of threads.
#[cfg(feature = "parallel")]
#[test]
fn threads_change_nothing() {
    let holdings = market(9000, 12);
    let names = named(12);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let worth = names.iter().map(|name| (name.as_str(), money(10.0)));
            let products = made(&holdings, 12).worth_a_year(worth).unwrap();
            products.next_to_buy(&Work::new()).unwrap().next
        })
    };
    assert_eq!(with(1), with(3));
}

/// Two of three who hold 0 hold 1; of four customers three hold 0 and two hold 1.
#[test]
fn shares_are_pulled_towards_everybody() {
    let products = made(&[vec![0, 1], vec![0, 1], vec![0], vec![]], 2);
    let together = Together::of(&products, &Work::new()).unwrap();
    let mut affinities = [0.0; 2];
    together.affinities(products.held(2), &mut affinities);
    assert_eq!(affinities[1], (2.0 + 20.0 * 0.5) / 23.0);
    together.affinities(products.held(3), &mut affinities);
    assert_eq!(affinities, [0.75, 0.5]);
}

/// What is not worth anything, or sold at a loss, comes next for nobody; what is held does not
/// either; ties go to the first.
#[test]
fn only_what_is_sold_with_a_profit_comes_next() {
    let two = || made(&[vec![], vec![0]], 3);
    let all = [("p0", money(1.0)), ("p1", money(1.0)), ("p2", money(1.0))];
    let near = Affinity::new(3, vec![0.5; 6]).unwrap();
    let next = |products: Products| {
        let products = products.next_by(&near, &Work::new()).unwrap();
        [0, 1].map(|row| products.next(row).map(|next| next.product))
    };
    assert_eq!(next(two()), [None, None]);
    assert_eq!(next(two().worth_a_year(all).unwrap()), [Some(0), Some(1)]);
    let at_a_loss = two().worth_a_year(all).unwrap().margins([("p1", -0.1)]).unwrap();
    assert_eq!(next(at_a_loss), [Some(0), Some(2)]);
    let free = two().worth_a_year([("p1", Money::ZERO), ("p2", money(1.0))]).unwrap();
    assert_eq!(next(free), [Some(2), Some(2)]);
    // What is said later is not forgotten silently: the next product is.
    let known = two().worth_a_year(all).unwrap().next_by(&near, &Work::new()).unwrap();
    assert!(known.knows_next());
    assert!(!known.margins([("p2", 0.5)]).unwrap().knows_next());
}

/// Two years of observation. Ann buys lights for 300 and a lamp for 50, Bob, who came 73.05 days
/// before the end and counts for a year, lights for 60.
#[test]
fn a_history_tells_what_categories_are_worth() {
    let day = |n: i32| Date::from_day_number(n).unwrap();
    let log = [
        Transaction::new("ann", day(0), 200.0).category("lights"),
        Transaction::new("ann", day(400), 100.0).category("lights"),
        Transaction::new("ann", day(400), 50.0).category("lamps"),
        Transaction::new("bob", day(657), 60.0).category("lights"),
    ];
    let spec = HistorySpec::new().observed_from(day(0)).observed_until(day(730)).categories();
    let history = CustomerHistory::read(&log, &spec, &Work::new()).unwrap();
    let products = Products::from_history(&history).unwrap();
    assert_eq!(products.names(), ["lamps", "lights"]);
    assert_eq!((products.held(0), products.held(1)), (&[0, 1][..], &[1][..]));
    let (ann, bob) = (730.0 / 365.25, 365.0 / 365.25);
    let years = 2.0 * ann + bob;
    let (usual, few) = (410.0 / years, 20.0 * years / 3.0);
    let close = |place: usize, want: f64| {
        let got = products.yearly_worth(place).unwrap().amount();
        assert!((got / want - 1.0).abs() < 1e-14, "{got} {want}");
    };
    close(0, (50.0 + few * usual) / (ann + few));
    close(1, (360.0 + few * usual) / (ann + bob + few));

    let bare = HistorySpec::new().observed_until(day(730));
    let bare = CustomerHistory::read(&log, &bare, &Work::new()).unwrap();
    assert!(matches!(Products::from_history(&bare), Err(StrategyError::Data(_))));
}

#[test]
fn what_cannot_be_products_is_named() {
    let ids = || CustomerIds::numbered(1).unwrap();
    let none: [Vec<usize>; 1] = [Vec::new()];
    let new = |names: &[&str], held: &[Vec<usize>]| {
        Products::new(ids(), names.iter().copied(), held).map(|_| ())
    };
    assert!(matches!(new(&["a", "b", "a"], &none), Err(StrategyError::ProductName { place: 2 })));
    assert!(matches!(new(&["a", ""], &none), Err(StrategyError::ProductName { place: 1 })));
    assert!(matches!(new(&["a"], &[vec![1]]), Err(StrategyError::NoSuchProduct { .. })));
    assert!(matches!(new(&["a"], &[]), Err(StrategyError::Length { expected: 1, got: 0 })));
    let many = named(MOST + 1);
    assert!(matches!(
        Products::new(ids(), many, &none),
        Err(StrategyError::TooManyProducts { got: 2049, most: 2048 })
    ));
    let one = || Products::new(ids(), ["a"], [[0_usize, 0]]).unwrap();
    assert_eq!((one().held(0), one().holders(0)), (&[0][..], 1));
    assert!(one().worth_a_year([("b", money(1.0))]).is_err());
    assert!(one().worth_a_year([("a", money(-1.0))]).is_err());
    for bad in [f64::NAN, f64::INFINITY, 1.5] {
        assert!(matches!(
            one().margins([("a", bad)]),
            Err(StrategyError::ProductValue { row: 0, .. })
        ));
    }
    assert!(Affinity::new(2, vec![0.5; 3]).is_err());
    assert!(matches!(
        Affinity::new(2, vec![0.5, 0.5, f32::NAN, 0.5]),
        Err(StrategyError::ProductValue { row: 1, .. })
    ));
    let other = Affinity::new(2, vec![0.5; 2]).unwrap();
    assert!(matches!(one().next_by(&other, &Work::new()), Err(StrategyError::Length { .. })));
    assert!(one().next(0).is_none());
}

#[test]
fn no_products_and_no_customers_are_no_error() {
    let nobody = CustomerIds::numbered(0).unwrap();
    let rows: [Vec<usize>; 0] = [];
    let products = Products::new(nobody, ["a"], &rows).unwrap();
    assert!(products.next_to_buy(&Work::new()).is_ok());
    let ids = CustomerIds::numbered(1).unwrap();
    let nothing: [Vec<usize>; 1] = [Vec::new()];
    let products = Products::new(ids, Vec::<String>::new(), &nothing).unwrap();
    assert_eq!(products.next_to_buy(&Work::new()).unwrap().next(0), None);
}
