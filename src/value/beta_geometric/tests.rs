use super::*;
use crate::value::Discount;

fn records() -> PurchaseSummary {
    let rows = [
        (0, 0.0, 200.0),
        (0, 0.0, 130.0),
        (1, 20.0, 200.0),
        (2, 150.0, 200.0),
        (5, 60.0, 160.0),
        (20, 190.0, 200.0),
    ];
    let records: Vec<_> =
        rows.iter().map(|&(x, t_x, age)| PurchaseRecord::new(x, t_x, age).unwrap()).collect();
    PurchaseSummary::from_records(records).unwrap()
}

#[test]
fn derivatives_equal_finite_differences() {
    let base = records();
    let rows = Rows::of(&base);
    let work = Work::new();
    for variant in [Variant::BgNbd, Variant::MbgNbd] {
        for at in [[-1.4, 1.5, -0.2, 0.9], [0.8, 3.0, 1.2, -0.7]] {
            let evaluate =
                |logs: &[f64; 4]| negative_log_likelihood(variant, &rows, logs, &work).unwrap();
            let here = evaluate(&at);
            let step = 1e-5;
            for i in 0..4 {
                let moved = |by: f64| {
                    let mut there = at;
                    there[i] += by;
                    evaluate(&there)
                };
                let (up, down) = (moved(step), moved(-step));
                let slope = (up.value - down.value) / (2.0 * step);
                assert!(
                    (slope - here.gradient[i]).abs() < 1e-6 * slope.abs().max(1.0),
                    "{i}: {slope}"
                );
                for j in 0..4 {
                    let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    assert!(
                        (curve - here.hessian[i][j]).abs() < 1e-5 * curve.abs().max(1.0),
                        "{i} {j}: {curve}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_sum_of_single_likelihoods_is_the_likelihood() {
    let base = records();
    let model = MbgNbd::with_parameters(0.5, 6.0, 0.9, 1.6).unwrap();
    let logs = [0.5, 6.0, 0.9, 1.6].map(ln);
    let whole =
        negative_log_likelihood(Variant::MbgNbd, &Rows::of(&base), &logs, &Work::new()).unwrap();
    let single: f64 = base
        .distinct()
        .iter()
        .zip(base.customers())
        .map(|(r, &n)| model.log_likelihood_of(r) * n as f64)
        .sum();
    assert!((whole.value + single).abs() < 1e-12 * single.abs());
}

#[test]
fn bg_nbd_calls_one_time_buyers_alive_and_mbg_nbd_does_not() {
    let silent = PurchaseRecord::new(0, 0.0, 400.0).unwrap();
    let bg = BgNbd::with_parameters(0.243, 4.414, 0.793, 2.426).unwrap();
    let mbg = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    assert_eq!(bg.p_alive(&silent).value(), 1.0);
    assert!(mbg.p_alive(&silent).value() < 0.4);
}

#[test]
fn the_chance_of_a_purchase_is_the_limit_of_their_number() {
    // Over a very short time at most one purchase happens, and its chance is the expected number.
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let rare = MbgNbd::with_parameters(0.525, 1e6, 0.891, 1.614).unwrap();
    let record = PurchaseRecord::new(2, 100.0, 270.0).unwrap();
    let (chance, number) = (
        rare.p_active(&record, Days::new(1)).value(),
        rare.expected_purchases(&record, Days::new(1)),
    );
    assert!((chance / number - 1.0).abs() < 1e-6, "{chance} {number}");
    let year = Days::weeks(52);
    assert!(model.p_active(&record, year).value() < model.p_alive(&record).value());
    assert!(model.p_active(&record, year).value() < model.expected_purchases(&record, year));
    assert_eq!(model.sees_dropout(), None);
}

#[test]
fn discounting_equals_a_fine_sum_of_purchases() {
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    for (x, t_x, age) in [(0u32, 0.0, 270.0), (3, 200.0, 270.0), (40, 260.0, 265.0), (0, 0.0, 0.0)]
    {
        let record = PurchaseRecord::new(x, t_x, age).unwrap();
        let forecast = Forecast::new(&model, x);
        for weeks in [1.0, 52.0, 520.0] {
            let discount = Discount::annual(0.1).unwrap().weekly();
            // Simpson's rule on d/dt: the purchases of each small step, discounted at its middle,
            // plus its ends.
            let steps = 4000;
            let width = weeks / f64::from(steps);
            let mut sum = 0.0;
            for i in 0..steps {
                let (from, to) = (f64::from(i) * width, f64::from(i + 1) * width);
                let bought = forecast.purchases(&record, to) - forecast.purchases(&record, from);
                sum += exp(-discount * 0.5 * (from + to)) * bought;
            }
            let exact = forecast.discounted(&record, weeks, discount);
            assert!((exact / sum - 1.0).abs() < 1e-6, "{x} {weeks}: {exact} {sum}");
            let undiscounted = forecast.discounted(&record, weeks, 0.0);
            assert_eq!(undiscounted, forecast.purchases(&record, weeks));
            assert!(undiscounted < forecast.if_staying(&record, weeks, 0.0));
            // A tiny rate changes next to nothing: the two branches meet.
            let nearly = forecast.discounted(&record, weeks, 1e-13);
            assert!((nearly / undiscounted - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn too_few_repeat_customers_are_refused_with_the_count() {
    let error = MbgNbd::new().fit(&records(), &Work::new()).unwrap_err();
    let expected = Refusal::TooFewRepeatCustomers { have: 4, need: 10 };
    assert!(matches!(error, ValueError::Refused { reason, .. } if reason == expected), "{error}");
}

#[test]
fn parameters_must_be_positive_and_finite() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            BgNbd::with_parameters(bad, 1.0, 1.0, 1.0),
            Err(ValueError::Param { name: "r", .. })
        ));
        assert!(matches!(
            BgNbd::with_parameters(1.0, 1.0, 1.0, bad),
            Err(ValueError::Param { name: "b", .. })
        ));
    }
}

#[test]
fn customers_who_never_drop_out_end_at_the_boundary() {
    // Everybody buys every week until the end: no dropout is to be seen.
    let regular = |weeks: u32| {
        PurchaseRecord::new(weeks, f64::from(weeks * 7), f64::from(weeks * 7) + 3.0).unwrap()
    };
    let base = PurchaseSummary::from_records((20..60).map(regular)).unwrap();
    let model = BgNbd::new().fit(&base, &Work::new()).unwrap();
    let FitStatus::AtBoundary(bound) = model.status() else { panic!("{:?}", model.status()) };
    // The chance of dropout is a / (a + b): one of the two meets its bound first.
    assert!(bound.contains(&Parameter::A) || bound.contains(&Parameter::B), "{bound:?}");
    assert!(model.covariance().is_none());
    assert_eq!(model.sees_dropout(), Some(false));
    assert!(model.p_alive(&regular(30)).value() > 0.999);
}

#[test]
fn a_cancelled_fit_stops() {
    let work = Work::new();
    work.canceller().cancel();
    let error = MbgNbd::new().min_repeat_customers(1).fit(&records(), &work).unwrap_err();
    assert!(matches!(error, ValueError::Cancelled(_)));
}
