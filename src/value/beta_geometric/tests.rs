use super::fit::Rows;
use super::*;
use crate::num::random::{Purpose, Stream};
use crate::num::real::{exp, ln};
use crate::value::Refusal;

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

/// Records of all kinds, those of some x many and of others few.
fn many(n: u32, day: f64) -> PurchaseSummary {
    let mut stream = Stream::new(3, Purpose::Sample, 0);
    let mut draw = |up_to: f64| (stream.uniform() * up_to).floor();
    let record = |_| {
        let age = 100.0 + draw(200.0);
        let x = draw(4.0) * draw(4.0);
        let t_x = if x > 0.0 { draw(age) + 1.0 } else { 0.0 };
        PurchaseRecord::new(x as u32, t_x * day, age * day).unwrap()
    };
    PurchaseSummary::from_records((0..n).map(record)).unwrap()
}

#[test]
fn derivatives_equal_finite_differences() {
    let base = records();
    let work = Work::new();
    for variant in [Variant::BgNbd, Variant::MbgNbd] {
        let rows = Rows::of(variant, &base, 1);
        for at in [[-1.4, 1.5, -0.2, 0.9], [0.8, 3.0, 1.2, -0.7]] {
            let evaluate = |logs: &[f64; 4]| rows.negative_log_likelihood(logs, &work).unwrap();
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

/// The pass over tables, strips and lanes against the formula, customer by customer.
#[test]
fn the_sum_of_single_likelihoods_is_the_likelihood() {
    let bases = [records(), many(5, 1.0), many(9000, 1.0), many(9000, 1.001)];
    for (variant, p) in [Variant::BgNbd, Variant::MbgNbd]
        .into_iter()
        .flat_map(|v| [[0.5, 6.0, 0.9, 1.6], [1e3, 1e4, 2e-3, 50.0]].map(|p| (v, p)))
    {
        let model = FittedBetaGeometric::with(variant, p);
        for base in &bases {
            let rows = Rows::of(variant, base, 1);
            let whole = rows.negative_log_likelihood(&p.map(ln), &Work::new()).unwrap();
            let mut single = 0.0;
            for (record, &customers) in base.distinct().iter().zip(base.customers()) {
                single += model.log_likelihood_of(record) * customers as f64;
            }
            assert!((whole.value + single).abs() < 1e-12 * single.abs(), "{single}");
        }
    }
}

/// Times off the day grid have a table as long as the data; a grid moved off by next to nothing
/// has the same fit.
#[test]
fn on_and_off_the_grid_agree() {
    let (on, off) = (many(3000, 1.0), many(3000, 1.0 + 1e-12));
    let fit = |base: &PurchaseSummary| MbgNbd::new().fit(base, &Work::new()).unwrap();
    let (on, off) = (fit(&on), fit(&off));
    for (a, b) in on.values().into_iter().zip(off.values()) {
        assert!((a / b - 1.0).abs() < 1e-8, "{a} {b}");
    }
}

/// A fit that starts from a sample ends where one that starts anywhere does.
#[test]
fn a_start_from_a_sample_ends_at_the_optimum() {
    let base = many(100_000, 0.37);
    assert!(base.distinct().len() > 32_768);
    let model = BgNbd::new().fit(&base, &Work::new()).unwrap();
    let rows = Rows::of(Variant::BgNbd, &base, 1);
    let there = rows.negative_log_likelihood(&model.values().map(ln), &Work::new()).unwrap();
    let steepest = there.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    // The value of a hundred thousand customers is rounded; a slope of 1e-7 each is a step of less
    // than that.
    assert!(steepest < 1e-7 * 1e5, "{steepest} {:?}", model.status());
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
        let alive = model.if_alive(&record);
        let scale = model.alpha + record.weeks().1;
        for weeks in [1.0, 52.0, 520.0] {
            let discount = Discount::annual(0.1).unwrap().weekly();
            // The purchases of each small step, discounted at its middle.
            let steps = 4000;
            let width = weeks / f64::from(steps);
            let mut sum = 0.0;
            for i in 0..steps {
                let (from, to) = (f64::from(i) * width, f64::from(i + 1) * width);
                let bought = alive.purchases(to / scale) - alive.purchases(from / scale);
                sum += exp(-discount * 0.5 * (from + to)) * bought;
            }
            let exact = alive.discounted(weeks / scale, discount * scale);
            assert!((exact / sum - 1.0).abs() < 1e-6, "{x} {weeks}: {exact} {sum}");
            let undiscounted = alive.discounted(weeks / scale, 0.0);
            assert_eq!(undiscounted, alive.purchases(weeks / scale));
            // A tiny rate changes next to nothing: integral and expectation meet.
            let nearly = alive.discounted(weeks / scale, 1e-14);
            assert!((nearly / undiscounted - 1.0).abs() < 1e-11, "{nearly} {undiscounted}");
        }
    }
}

#[test]
fn for_ever_without_a_discount_needs_certain_dropout() {
    let record = PurchaseRecord::new(3, 200.0, 270.0).unwrap();
    let endless = MbgNbd::with_parameters(0.5, 6.0, 0.9, 1.6).unwrap();
    let error = endless.discounted_purchases(&record, Horizon::Forever, Discount::NONE);
    assert!(matches!(error, Err(ValueError::Param { name: "annual_discount", .. })));
    // With a > 1, E[1/p] = (a+b+n-1) / (a-1) of whoever is alive.
    let ending = MbgNbd::with_parameters(0.5, 6.0, 3.0, 1.6).unwrap();
    let value = ending.discounted_purchases(&record, Horizon::Forever, Discount::NONE).unwrap();
    let certain = ending.p_alive(&record).value() * (3.0 + 1.6 + 4.0 - 1.0) / 2.0;
    assert!((value - certain).abs() < 1e-12);
    let tiny = Discount::annual(1e-9).unwrap();
    let nearly = ending.discounted_purchases(&record, Horizon::Forever, tiny).unwrap();
    assert!((nearly / certain - 1.0).abs() < 1e-6, "{nearly} {certain}");
    for rate in [1e-300, 1e-15, 0.1, 1e6, 1e300] {
        let value = endless.discounted_purchases(
            &record,
            Horizon::Forever,
            Discount::annual(rate).unwrap(),
        );
        assert!(value.unwrap() > 0.0, "{rate}");
    }
}

#[test]
fn many_at_once_are_what_each_is_alone() {
    let base = many(4000, 1.0);
    for model in [
        MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap(),
        BgNbd::with_parameters(0.243, 4.414, 0.793, 2.426).unwrap(),
        BgNbd::with_parameters(200.0, 1e-3, 1.0, 0.2).unwrap(),
    ] {
        for (days, rate) in [(0, 0.1), (1, 0.0), (364, 0.1), (36_400, 0.0), (36_400, 3.0)] {
            let discount = Discount::annual(rate).unwrap();
            let days = Days::new(days);
            let forecast = model.forecast(&base, days, discount, &Work::new()).unwrap();
            for (record, seen) in base.distinct().iter().zip(&forecast) {
                // Of a probability of e^-q some q roundings differ, and of less than a normal
                // number the digits are not there.
                let close = |all: Probability, alone: Probability| {
                    let allowed = 1e-12 * alone.value() + f64::MIN_POSITIVE;
                    assert!((all.value() - alone.value()).abs() <= allowed, "{record:?} {alone:?}");
                };
                close(seen.p_alive, model.p_alive(record));
                close(seen.p_active, model.p_active(record, days));
                let alone = model.discounted_purchases(record, days, discount).unwrap();
                assert!((seen.purchases - alone).abs() <= 1e-11 * alone, "{record:?} {alone}");
                assert!(seen.if_alive <= seen.if_staying * (1.0 + 1e-12));
            }
        }
    }
}

#[test]
fn being_alive_later_needs_being_alive_now() {
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let record = PurchaseRecord::new(2, 100.0, 270.0).unwrap();
    assert_eq!(model.p_alive_after(&record, Days::new(0)), model.p_alive(&record));
    let mut before = model.p_alive(&record);
    for days in [1, 30, 365, 36_500, u32::MAX] {
        let later = model.p_alive_after(&record, Days::new(days));
        assert!(later < before && later.value() > 0.0);
        before = later;
    }
    // With a certain p the customer outlives each purchase with 1 - p: E over a gamma rate of
    // e^(-λ p t) is (1 + p t/(α+T))^-(r+x).
    let sharp = MbgNbd::with_parameters(0.525, 6.183, 3e7, 7e7).unwrap();
    let survival = sharp.if_alive(&record).survival(2.0);
    assert!((survival - libm::pow(1.0 + 0.3 * 2.0, -2.525)).abs() < 1e-7, "{survival}");
}

#[test]
fn a_new_customer_is_a_record_of_no_age() {
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    let new = PurchaseRecord::new(0, 0.0, 0.0).unwrap();
    let year = Days::weeks(52);
    assert_eq!(model.expected_purchases_of_new(year), model.expected_purchases(&new, year));
    let chances = model.purchase_distribution_of_new(year, 3);
    assert_eq!(chances, model.purchase_distribution(&new, year, 3));
    // Without time nobody buys, and who survived the first purchase is alive.
    assert_eq!(model.purchase_distribution_of_new(Days::new(0), 2), [1.0, 0.0, 0.0]);
    assert!((model.p_alive(&new).value() - 1.614 / (0.891 + 1.614)).abs() < 1e-15);
    assert_eq!(model.parameters()[2], (Parameter::A, 0.891));
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
