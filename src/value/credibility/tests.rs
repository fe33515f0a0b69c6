//! Against Hachemeister's data as published, and by hand.

use super::*;

/// Hachemeister (1975), as in the R package actuar: average claims of five states over twelve
/// quarters, and the numbers of claims.
const RATIOS: [[f64; 12]; 5] = [
    [1738., 1642., 1794., 2051., 2079., 2234., 2032., 2035., 2115., 2262., 2267., 2517.],
    [1364., 1408., 1597., 1444., 1342., 1675., 1470., 1448., 1464., 1831., 1612., 1471.],
    [1759., 1685., 1479., 1763., 1674., 2103., 1502., 1622., 1828., 2155., 2233., 2059.],
    [1223., 1146., 1010., 1257., 1426., 1532., 1953., 1123., 1343., 1243., 1762., 1306.],
    [1456., 1499., 1609., 1741., 1482., 1572., 1606., 1735., 1607., 1573., 1613., 1690.],
];
const WEIGHTS: [[f64; 12]; 5] = [
    [7861., 9251., 8706., 8575., 7917., 8263., 9456., 8003., 7365., 7832., 7849., 9077.],
    [1622., 1742., 1523., 1515., 1622., 1602., 1964., 1515., 1527., 1748., 1654., 1861.],
    [1147., 1357., 1329., 1204., 998., 1077., 1277., 1218., 896., 1003., 1108., 1121.],
    [407., 396., 348., 341., 315., 328., 352., 331., 287., 384., 321., 342.],
    [2902., 3172., 3046., 3068., 2693., 2910., 3275., 2697., 2663., 3017., 3242., 3425.],
];

fn hachemeister() -> Vec<Option<NetSpendRecord>> {
    let state = |(ratios, weights): (&[f64; 12], &[f64; 12])| {
        let (mut weight, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (x, w) in ratios.iter().zip(weights) {
            weight += w;
            sum += w * x;
            squares += w * x * x;
        }
        NetSpendRecord::weighted(12, weight, sum, squares).ok()
    };
    RATIOS.iter().zip(&WEIGHTS).map(state).collect()
}

fn near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "got {got}, want {want}");
}

/// Printed by actuar for these data: the states' means and weights, and the variance within states,
/// 139120026. The variance between states, the collective mean and the credibilities are those of
/// the same estimators in exact fractions.
#[test]
fn hachemeister_as_printed() {
    let seen = hachemeister();
    let printed = [2060.921, 1511.224, 1805.843, 1352.976, 1599.829];
    for (record, printed) in seen.iter().flatten().zip(printed) {
        near(record.mean, printed, 5e-4);
    }
    let model = CredibilitySpend::new().min_customers(5).fit(&seen, &Work::new()).unwrap();
    near(model.within_variance(), 139_120_026.0, 0.5);
    near(model.between_variance(), 89_638.726_232_755_04, 1e-6);
    near(model.collective_mean().amount(), 1_683.713_437_047_279, 1e-9);
    let credibility = [
        0.984_740_401_933_337_2,
        0.927_635_217_974_917_9,
        0.898_475_355_206_510_7,
        0.727_909_209_400_669_4,
        0.958_791_149_399_359_4,
    ];
    let premiums = [
        2_055.165_350_064_918_6,
        1_523.706_278_012_462_2,
        1_793.443_603_681_279_2,
        1_442.966_549_015_997_8,
        1_603.285_404_461_737_5,
    ];
    for ((record, z), premium) in seen.iter().zip(credibility).zip(premiums) {
        let spend = model.expected_spend(record.as_ref());
        near(spend.credibility(), z, 1e-12);
        near(spend.mean().amount(), premium, 1e-8);
        assert!(spend.standard_error().amount() < model.between_variance().sqrt());
    }
    assert_eq!(model.status(), CredibilityStatus::Estimated);
}

/// Means 10, -1, 5 of two days each, as in the documentation: μ = 14/3, z = 88/91, and the squared
/// error of one customer is a (1 - z) (1 + (1 - z) / 3z) = (88/3) (3/91) (1 + 1/88) = 89/91.
#[test]
fn an_error_by_hand() {
    let seen = [[9.0, 11.0], [-2.0, 0.0], [4.0, 6.0]].map(|days| NetSpendRecord::from_days(&days));
    let model = CredibilitySpend::new().min_customers(3).fit(&seen, &Work::new()).unwrap();
    let spend = model.expected_spend(seen[0].as_ref());
    near(spend.standard_error().amount(), (89.0_f64 / 91.0).sqrt(), 1e-12);
    // Of a stranger nothing is known but everybody's mean: a (1 + 1 / 3z).
    let stranger = model.expected_spend(None);
    near(stranger.mean().amount(), 14.0 / 3.0, 1e-12);
    let squared: f64 = 88.0 / 3.0 * (1.0 + 91.0 / 264.0);
    near(stranger.standard_error().amount(), squared.sqrt(), 1e-12);
}

#[test]
fn customers_who_differ_by_chance_only_are_expected_to_spend_alike() {
    let seen: Vec<_> =
        (0..12).map(|i| NetSpendRecord::from_days(&[-5.0, 5.0 + 0.01 * f64::from(i)])).collect();
    let model = CredibilitySpend::new().fit(&seen, &Work::new()).unwrap();
    assert_eq!(model.status(), CredibilityStatus::NoDifference);
    assert_eq!(model.between_variance(), 0.0);
    let spend = model.expected_spend(seen[3].as_ref());
    assert_eq!((spend.credibility(), spend.mean()), (0.0, model.collective_mean()));
    near(spend.standard_error().amount(), (model.within_variance() / 24.0).sqrt(), 1e-12);
}

#[test]
fn customers_who_never_vary_are_expected_to_stay() {
    let seen: Vec<_> =
        (0..12).map(|i| NetSpendRecord::from_days(&[f64::from(i); 3])).chain([None]).collect();
    let model = CredibilitySpend::new().fit(&seen, &Work::new()).unwrap();
    assert_eq!(model.status(), CredibilityStatus::NoVariation);
    assert_eq!(model.n_customers(), 12);
    let spend = model.expected_spend(seen[7].as_ref());
    assert_eq!((spend.mean().amount(), spend.standard_error().amount()), (7.0, 0.0));
}

/// Free orders and returns: nothing that Gamma-Gamma could take.
#[test]
fn zero_and_negative_spend_are_estimated() {
    let seen: Vec<_> = (0..40)
        .map(|i| {
            let own = f64::from(i % 8 - 5);
            NetSpendRecord::from_days(&[own, own - 1.0, own + 1.0, own * 0.5])
        })
        .collect();
    let model = CredibilitySpend::new().fit(&seen, &Work::new()).unwrap();
    assert!(model.collective_mean().amount() < 0.0);
    for record in seen.iter().flatten() {
        let spend = model.expected_spend(Some(record));
        let between = [record.mean, model.collective_mean().amount()];
        assert!(between[0].min(between[1]) - 1e-12 <= spend.mean().amount());
        assert!(spend.mean().amount() <= between[0].max(between[1]) + 1e-12);
        assert!(spend.standard_error().amount() > 0.0);
    }
}

#[test]
fn the_currency_scales_everything() {
    let seen = hachemeister();
    let in_cents = |record: &NetSpendRecord| NetSpendRecord {
        mean: record.mean * 100.0,
        deviations: record.deviations * 1e4,
        ..*record
    };
    let cents: Vec<_> = seen.iter().map(|record| record.as_ref().map(in_cents)).collect();
    let fit =
        |seen: &[_]| CredibilitySpend::new().min_customers(5).fit(seen, &Work::new()).unwrap();
    let (euro, cent) = (fit(&seen), fit(&cents));
    let ratio = cent.collective_mean().amount() / euro.collective_mean().amount();
    near(ratio, 100.0, 1e-10);
    near(cent.between_variance() / euro.between_variance(), 1e4, 1e-7);
}

#[test]
fn data_that_say_nothing_are_refused() {
    let reason = |seen: &[_]| match CredibilitySpend::new().fit(seen, &Work::new()).unwrap_err() {
        ValueError::Refused { reason, .. } => reason,
        other => panic!("{other}"),
    };
    let one_day = vec![NetSpendRecord::from_days(&[4.0]); 20];
    assert_eq!(reason(&one_day), Refusal::NobodyTwice);
    assert_eq!(reason(&one_day[..3]), Refusal::TooFewCustomers { have: 3, need: 10 });
    assert_eq!(NetSpendRecord::from_days(&[]), None);
    assert_eq!(NetSpendRecord::from_days(&[f64::NAN]), None);
    for (days, sum, squares) in
        [(0, 0.0, 0.0), (2, f64::NAN, 1.0), (2, 4.0, 7.0), (2, 4.0, f64::INFINITY)]
    {
        assert!(NetSpendRecord::from_sums(days, sum, squares).is_err(), "{days} {sum} {squares}");
    }
    assert!(NetSpendRecord::weighted(2, 0.0, 1.0, 1.0).is_err());
    assert!(NetSpendRecord::weighted(2, f64::NAN, 1.0, 1.0).is_err());
}

#[test]
fn sums_and_days_agree() {
    let days = [3.0, -1.0, 4.5];
    let sums = NetSpendRecord::from_sums(3, 6.5, 9.0 + 1.0 + 20.25).unwrap();
    let direct = NetSpendRecord::from_days(&days).unwrap();
    near(sums.deviations, direct.deviations, 1e-12);
    near(sums.mean, direct.mean, 1e-15);
}
