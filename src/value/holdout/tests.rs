use super::*;
use crate::data::{HistorySpec, Transaction};
use crate::work::Work;

fn day(month: u32, day: u32) -> Date {
    Date::from_ymd(2024, month, day).unwrap()
}

/// Ten days of calibration, ten of holdout. Eve buys on 1, 4, 8 and in the holdout on 12 and 15;
/// Ida on 2 and never again; Una on 6 and on 20.
fn history() -> CustomerHistory {
    let log = [
        Transaction::new("eve", day(1, 1), 10.0),
        Transaction::new("eve", day(1, 4), 20.0),
        Transaction::new("eve", day(1, 8), 30.0),
        Transaction::new("eve", day(1, 12), 5.0),
        Transaction::new("eve", day(1, 15), 6.0),
        Transaction::new("ida", day(1, 2), 40.0),
        Transaction::new("una", day(1, 6), 50.0),
        Transaction::new("una", day(1, 20), 7.0),
    ];
    let spec = HistorySpec::new()
        .observed_from(day(1, 1))
        .observed_until(day(1, 10))
        .holdout_until(day(1, 20))
        .purchase_days();
    CustomerHistory::read(&log, &spec, &Work::new()).unwrap()
}

#[test]
fn the_rules_that_need_no_model_by_hand() {
    let history = history();
    let held_out = history.held_out().unwrap();
    let of = |baseline: Baseline, quantity, hiatus| {
        baseline.forecast(quantity, &history, &held_out, hiatus).unwrap()
    };
    // Eve came back twice in 9 days; Ida and Una, observed for 8 and 4, never did: 2 in 21 days.
    assert_eq!(of(Baseline::Mean, Quantity::Purchases, 0), [2.0 / 21.0 * 10.0; 3]);
    assert_eq!(of(Baseline::Mean, Quantity::Spend, 0), [50.0 / 21.0 * 10.0; 3]);
    assert_eq!(of(Baseline::LastPeriod, Quantity::Purchases, 0), [3.0, 1.0, 1.0]);
    assert_eq!(of(Baseline::LastPeriod, Quantity::Spend, 0), [60.0, 40.0, 50.0]);
    // Eve has been silent for two days.
    assert_eq!(of(Baseline::Hiatus, Quantity::Purchases, 2), [2.0 / 9.0 * 10.0, 0.0, 0.0]);
    assert_eq!(of(Baseline::Hiatus, Quantity::Purchases, 1), [0.0; 3]);
}

#[test]
fn the_weeks_add_up_to_what_happened_and_what_was_expected() {
    let history = history();
    let test = HoldoutTest::of(&history).unwrap();
    // A model that expects a tenth of a purchase a day.
    let tracking = test.track("a tenth", |days| 0.1 * f64::from(days.count())).unwrap();
    let actual: Vec<u64> = tracking.weeks.iter().map(|week| week.actual).collect();
    assert_eq!(actual, [1, 2, 2]); // 4; 8 and 12; 15 and 20
    let last = tracking.weeks.last().unwrap();
    assert_eq!((last.until, last.cumulative_actual), (day(1, 20), 5));
    // 19, 18 and 14 days since the first purchase.
    assert!((last.cumulative_expected - 5.1).abs() < 1e-12);
    let first = tracking.weeks[0];
    assert!((first.expected - 0.1 * (6.0 + 5.0 + 1.0)).abs() < 1e-12);
    assert!((tracking.largest_error().unwrap() - 0.1).abs() < 0.2);
}

#[test]
fn a_forecast_that_knows_beats_the_rules_and_one_that_does_not_is_told_so() {
    let history = history();
    let test = HoldoutTest::of(&history).unwrap();
    let actual = [2.0, 0.0, 1.0];
    let report = test.judge("the truth", Quantity::Purchases, &actual).unwrap();
    assert_eq!(report.score.root_mean_squared_error, 0.0);
    assert!(report.baselines.iter().all(|against| against.difference <= 0.0));
    // Three customers prove little.
    assert!(!report.beats_all());
    let text = report.to_string();
    assert!(text.starts_with("the truth does not beat:"), "{text}");

    let wrong = test.judge("nonsense", Quantity::Purchases, &[100.0, 200.0, 300.0]).unwrap();
    assert_eq!(wrong.baselines[0].verdict, ForecastVerdict::Worse);
}

#[test]
fn what_is_no_forecast_is_refused() {
    let history = history();
    let test = HoldoutTest::of(&history).unwrap();
    let score = |forecast: &[f64]| test.score("x", Quantity::Spend, forecast);
    assert!(matches!(score(&[1.0]), Err(ValueError::Length { expected: 3, got: 1, .. })));
    assert!(matches!(score(&[1.0, f64::NAN, 2.0]), Err(ValueError::BadValue { row: 1, .. })));
    let level = test.clone().level(f64::NAN);
    assert!(matches!(
        level.judge("x", Quantity::Spend, &[1.0; 3]),
        Err(ValueError::Param { name: "level", .. })
    ));
    let plain = CustomerHistory::read(
        &[Transaction::new("eve", day(1, 1), 10.0)],
        &HistorySpec::new(),
        &Work::new(),
    )
    .unwrap();
    assert!(matches!(HoldoutTest::of(&plain), Err(ValueError::Data(_))));
}
