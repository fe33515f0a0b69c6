//! The shares of a change: against independent figures, by hand, and exact sums.

use super::*;
use crate::num::random::{Purpose, Stream};

/// Four segments of 10,000 and 12,000 customers, computed independently with Python; both methods
/// add up to 14,100.
const BEFORE: [[f64; 4]; 4] = [
    [10_000.0, 0.2, 2.0, 80.0],
    [10_000.0, 0.3, 1.2, 60.0],
    [10_000.0, 0.3, 0.5, 50.0],
    [10_000.0, 0.2, 0.8, 40.0],
];
const AFTER: [[f64; 4]; 4] = [
    [12_000.0, 0.125, 2.1, 82.0],
    [12_000.0, 0.25, 1.2, 61.0],
    [12_000.0, 0.291_666_666_666_666_7, 0.4, 48.0],
    [12_000.0, 0.333_333_333_333_333_3, 0.9, 40.0],
];
const SHAPLEY: [[f64; 4]; 4] = [
    [53_819.166_666_666_67, -137_157.5, 14_369.166_666_666_668, 7_269.166_666_666_665],
    [39_920.0, -39_940.0, 0.0, 3_620.0],
    [
        13_064.166_666_666_664,
        -2_014.722_222_222_220_6,
        -15_930.277_777_777_777,
        -2_919.166_666_666_668,
    ],
    [18_222.222_222_222_226, 49_955.555_555_555_56, 11_822.222_222_222_224, 0.0],
];
const DIVISIA: [[f64; 4]; 4] = [
    [52_517.633_252_929_13, -135_384.310_348_822_53, 14_053.982_388_359_016, 7_112.694_707_534_362],
    [39_708.730_979_420_994, -39_708.730_979_420_994, 0.0, 3_599.999_999_999_999_5],
    [
        12_950.051_251_708_675,
        -2_000.938_928_667_550_5,
        -15_849.581_787_374_895,
        -2_899.530_535_666_224_3,
    ],
    [17_986.411_471_471_656, 50_394.040_182_586_53, 11_619.548_345_941_808, 0.0],
];

#[test]
fn both_methods_equal_the_independent_figures() {
    for segment in 0..4 {
        let (x, y) = (&BEFORE[segment], &AFTER[segment]);
        let found = [shapley(x, y), log_mean_divisia(x, y).unwrap()];
        for (found, expected) in found.iter().zip([SHAPLEY[segment], DIVISIA[segment]]) {
            for (part, expected) in found.iter().zip(expected) {
                assert!((part - expected).abs() < 1e-7, "{part} {expected}");
            }
        }
    }
}

fn figures(customers: u64, orders: u64, gross: i64, result: i64) -> PeriodFigures {
    PeriodFigures::new(customers, orders, Money::from_minor(gross, 2))
        .with_result(Money::from_minor(result, 2))
}

/// The same segments as sums, in cents.
#[test]
fn sums_are_taken_apart_like_their_factors() {
    let period = |factors: &[[f64; 4]; 4]| {
        factors.map(|[all, share, orders, value]| {
            let customers = (all * share).round();
            let orders = (customers * orders).round();
            let cents = (orders * value * 100.0).round() as i64;
            figures(customers as u64, orders as u64, cents, cents)
        })
    };
    let found = RevenueDecomposition::new().between(&period(&BEFORE), &period(&AFTER)).unwrap();
    assert_eq!((found.total.before.amount(), found.total.after.amount()), (675_000.0, 689_100.0));
    for (group, expected) in found.groups.iter().zip(SHAPLEY) {
        let parts = [group.customers, group.mix, group.orders_per_customer, group.order_value];
        for (part, expected) in parts.iter().zip(expected) {
            assert!((part.amount() - expected).abs() < 0.01, "{part} {expected}");
        }
        assert_eq!(group.margin, Money::ZERO);
    }
}

fn minor(money: Money) -> i64 {
    (money.amount() * 100.0).round() as i64
}

fn adds_up(of: &Contributions) {
    let parts = [of.customers, of.mix, of.orders_per_customer, of.order_value, of.margin];
    assert_eq!(parts.into_iter().map(minor).sum::<i64>(), minor(of.change));
    assert_eq!(minor(of.after) - minor(of.before), minor(of.change));
}

#[test]
fn every_row_and_every_column_adds_up_to_the_cent() {
    let mut stream = Stream::new(8, Purpose::Sample, 0);
    for round in 0..300 {
        let mut period = || -> Vec<PeriodFigures> {
            let mut group = || {
                if stream.chance(0.2) {
                    return PeriodFigures::default();
                }
                let customers = 1 + stream.below(1000);
                let orders = customers + stream.below(3000);
                let gross = 1 + stream.below(10_000_000) as i64;
                figures(customers, orders, gross, stream.below(gross as u64) as i64 - gross / 3)
            };
            (0..3).map(|_| group()).collect()
        };
        let (before, after) = (period(), period());
        for method in [DecompositionMethod::Shapley, DecompositionMethod::LogMeanDivisia] {
            let decomposition = RevenueDecomposition::new().method(method);
            let found = decomposition.between(&before, &after).unwrap();
            found.groups.iter().for_each(adds_up);
            adds_up(&found.total);
            type Column = fn(&Contributions) -> Money;
            let columns: [Column; 6] = [
                |of| of.change,
                |of| of.customers,
                |of| of.mix,
                |of| of.orders_per_customer,
                |of| of.order_value,
                |of| of.margin,
            ];
            for column in columns {
                let sum: i64 = found.groups.iter().map(|group| minor(column(group))).sum();
                assert_eq!(sum, minor(column(&found.total)), "{round}");
            }
            // The other way round the change is the same with the other sign, up to rounding.
            let back = decomposition.between(&after, &before).unwrap();
            for column in columns {
                let sum = minor(column(&found.total)) + minor(column(&back.total));
                assert!(sum.abs() <= 3, "{sum}");
            }
        }
    }
}

#[test]
fn a_group_that_appears_brings_customers_and_no_change_of_price() {
    let repeat = figures(100, 300, 90_000, 90_000);
    let found = RevenueDecomposition::new()
        .between(&[PeriodFigures::default(), repeat], &[figures(50, 60, 12_000, 10_000), repeat])
        .unwrap();
    let new = &found.groups[0];
    assert_eq!(minor(new.change), 10_000);
    assert_eq!(
        [new.orders_per_customer, new.order_value, new.margin].map(minor),
        [0, 0, 0],
        "{new:?}"
    );
    // More customers and another mix cancel for those who did not change.
    assert_eq!(minor(found.groups[1].change), 0);
    assert!(minor(found.groups[1].customers) > 0);
    assert_eq!(minor(found.groups[1].customers), -minor(found.groups[1].mix));
}

#[test]
fn figures_that_are_no_product_are_refused() {
    let good = figures(1, 1, 100, 100);
    let decomposition = RevenueDecomposition::new();
    for bad in [
        figures(0, 1, 0, 0),
        figures(1, 0, 0, 0),
        figures(0, 0, 5, 5),
        figures(1, 1, 0, 5),
        figures(1, 1, 1 << 54, 0),
    ] {
        assert!(matches!(
            decomposition.between(&[good], &[bad]),
            Err(ValueError::BadValue { row: 0, .. })
        ));
    }
    assert!(decomposition.between(&[good], &[]).is_err());
    assert!(decomposition.minor_digits(10).validate().is_err());
    assert!(decomposition.between(&[], &[]).unwrap().groups.is_empty());
}

#[test]
fn equal_periods_and_a_change_of_nothing() {
    let same = [figures(7, 9, 333, 100)];
    for method in [DecompositionMethod::Shapley, DecompositionMethod::LogMeanDivisia] {
        let found = RevenueDecomposition::new().method(method).between(&same, &same).unwrap();
        assert_eq!(found.total.change, Money::ZERO);
        adds_up(&found.total);
    }
    // Twice the customers with half the orders: two changes that cancel.
    let (x, y) = ([10.0, 4.0], [20.0, 2.0]);
    for parts in [shapley(&x, &y), log_mean_divisia(&x, &y).unwrap()] {
        assert!((parts[0] + parts[1]).abs() < 1e-12 && parts[0] > 27.0, "{parts:?}");
    }
}
