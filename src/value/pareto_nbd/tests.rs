use super::*;
use crate::value::PurchaseRecord;

fn record(x: u32, t_x: f64, age: f64) -> PurchaseRecord {
    PurchaseRecord::new(x, t_x, age).unwrap()
}

fn base() -> PurchaseSummary {
    let rows = [
        (0, 0.0, 200.0),
        (0, 0.0, 130.0),
        (1, 20.0, 200.0),
        (1, 199.0, 200.0),
        (2, 150.0, 200.0),
        (5, 60.0, 160.0),
        (20, 190.0, 200.0),
        (20, 200.0, 200.0),
        (90, 3.0, 200.0),
    ];
    let records = rows.map(|(x, t_x, age)| record(x, t_x, age));
    PurchaseSummary::from_records(records).unwrap()
}

const POINTS: [[f64; 4]; 4] =
    [[-0.6, 2.3, -0.5, 2.4], [0.8, 3.0, 1.2, -0.7], [2.0, -1.0, -3.0, -2.0], [-2.0, 5.0, 1.0, 6.0]];

#[test]
fn derivatives_equal_finite_differences() {
    let base = base();
    let work = Work::new();
    for rows in [true, false].map(|with| Rows::with_tables(&base, with)) {
        let evaluate = |logs: &[f64; 4]| rows.negative_log_likelihood(logs, &work).unwrap();
        for at in POINTS {
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
                    "{i}: {slope} {}",
                    here.gradient[i]
                );
                for j in 0..4 {
                    let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    assert!(
                        (curve - here.hessian[i][j]).abs() < 1e-5 * curve.abs().max(1.0),
                        "{i} {j}: {curve} {}",
                        here.hessian[i][j]
                    );
                }
            }
        }
    }
}

#[test]
fn tables_equal_single_integrals() {
    let base = base();
    let work = Work::new();
    for at in POINTS {
        let [tables, single] = [true, false].map(|with| {
            Rows::with_tables(&base, with).negative_log_likelihood(&at, &work).unwrap()
        });
        let close = |got: f64, want: f64| {
            assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{got} {want}");
        };
        close(tables.value, single.value);
        for i in 0..4 {
            close(tables.gradient[i], single.gradient[i]);
            for j in 0..4 {
                close(tables.hessian[i][j], single.hessian[i][j]);
            }
        }
    }
}

#[test]
fn the_sum_of_single_likelihoods_is_the_likelihood() {
    let base = base();
    for at in POINTS {
        let model = FittedParetoNbd::with(at.map(exp));
        let whole = Rows::of(&base).negative_log_likelihood(&at, &Work::new()).unwrap();
        let mut single = 0.0;
        for (record, &n) in base.distinct().iter().zip(base.customers()) {
            single += model.log_likelihood_of(record) * n as f64;
        }
        assert!((whole.value + single).abs() < 1e-13 * single.abs(), "{} {single}", whole.value);
    }
}

#[test]
fn the_distribution_sums_to_one_and_has_the_expectation_as_its_mean() {
    for (parameters, record, days) in [
        ([0.553, 10.578, 0.606, 11.669], record(2, 213.0, 272.0), 273),
        ([0.553, 10.578, 0.606, 11.669], record(0, 0.0, 272.0), 364),
        ([2.0, 3.0, 1.0, 8.0], record(12, 260.0, 272.0), 364),
        ([30.0, 11.0, 3.0, 1e-3], record(4, 260.0, 272.0), 100),
        ([0.5, 10.0, 1e-6, 1e6], record(40, 272.0, 272.0), 364),
    ] {
        let model = FittedParetoNbd::with(parameters);
        let horizon = Days::new(days);
        let chances = model.purchase_distribution(&record, horizon, 2000);
        let (mut total, mut mean) = (0.0, 0.0);
        for (k, chance) in chances.iter().enumerate() {
            total += chance;
            mean += k as f64 * chance;
        }
        let expected = model.expected_purchases(&record, horizon);
        assert!((total - 1.0).abs() < 1e-12, "{parameters:?}: {total}");
        assert!((mean / expected - 1.0).abs() < 1e-10, "{parameters:?}: {mean} {expected}");
        let active = model.p_active(&record, horizon).value();
        assert!((1.0 - chances[0] - active).abs() < 1e-13);
        // A shorter list is the beginning of a longer one.
        let short = model.purchase_distribution(&record, horizon, 3);
        for (short, long) in short.iter().zip(&chances) {
            assert!((short - long).abs() <= 1e-13 * long, "{parameters:?}: {short} {long}");
        }
        let new = model.purchase_distribution_of_new(horizon, 3000);
        let mut mean = 0.0;
        for (k, chance) in new.iter().enumerate() {
            mean += k as f64 * chance;
        }
        let expected = model.expected_purchases_of_new(horizon);
        assert!((mean / expected - 1.0).abs() < 1e-10, "{parameters:?}: {mean} {expected}");
    }
}

#[test]
fn nothing_happens_in_no_time() {
    let model = FittedParetoNbd::with([0.553, 10.578, 0.606, 11.669]);
    let record = record(3, 100.0, 200.0);
    let now = Days::new(0);
    assert_eq!(model.expected_purchases(&record, now), 0.0);
    assert_eq!(model.p_active(&record, now).value(), 0.0);
    assert_eq!(model.p_alive_after(&record, now), model.p_alive(&record));
    let chances = model.purchase_distribution(&record, now, 3);
    assert!((chances[0] - 1.0).abs() < 1e-15);
    assert_eq!(chances[1..], [0.0; 3]);
    assert_eq!(model.purchase_distribution_of_new(now, 0), [1.0]);
}

#[test]
fn who_has_just_bought_is_alive() {
    let model = FittedParetoNbd::with([0.553, 10.578, 0.606, 11.669]);
    assert_eq!(model.p_alive(&record(7, 200.0, 200.0)).value(), 1.0);
    assert_eq!(model.p_alive(&record(0, 0.0, 0.0)).value(), 1.0);
    assert_eq!(model.log_likelihood_of(&record(0, 0.0, 0.0)), 0.0);
}

#[test]
fn discounting_agrees_with_its_limits() {
    let record = record(3, 100.0, 200.0);
    let none = Discount::NONE;
    for s in [0.5, 1.0, 2.5] {
        let model = FittedParetoNbd::with([0.553, 10.578, s, 11.669]);
        let year = Days::weeks(52);
        let plain = model.expected_purchases(&record, year);
        assert_eq!(model.discounted_purchases(&record, year.into(), none).unwrap(), plain);
        let hardly = Discount::annual(1e-13).unwrap();
        let nearly = model.discounted_purchases(&record, year.into(), hardly).unwrap();
        assert!((nearly / plain - 1.0).abs() < 1e-12);
        let some = Discount::annual(0.1).unwrap();
        let long = Days::weeks(40_000).into();
        let [finite, endless] = [long, Horizon::Forever]
            .map(|horizon| model.discounted_purchases(&record, horizon, some).unwrap());
        assert!((finite / endless - 1.0).abs() < 1e-12, "{finite} {endless}");
        let endless = model.discounted_purchases(&record, Horizon::Forever, none);
        if s > 1.0 {
            let long = model.expected_purchases(&record, Days::new(u32::MAX));
            assert!((endless.unwrap() / long - 1.0).abs() < 1e-9);
        } else {
            assert!(matches!(endless, Err(ValueError::Param { name: "annual_discount", .. })));
        }
    }
}

#[test]
fn parameters_must_be_positive_and_finite() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for (place, name) in ["r", "alpha", "s", "beta"].into_iter().enumerate() {
            let mut p = [1.0; 4];
            p[place] = bad;
            let error = ParetoNbd::with_parameters(p[0], p[1], p[2], p[3]).unwrap_err();
            assert!(matches!(error, ValueError::Param { name: named, .. } if named == name));
        }
    }
}

#[test]
fn too_few_repeat_customers_are_refused_with_the_count() {
    let error = ParetoNbd::new().min_repeat_customers(8).fit(&base(), &Work::new()).unwrap_err();
    let expected = Refusal::TooFewRepeatCustomers { have: 7, need: 8 };
    assert!(matches!(error, ValueError::Refused { reason, .. } if reason == expected), "{error}");
}

#[test]
fn a_cancelled_fit_stops() {
    let work = Work::new();
    work.canceller().cancel();
    let error = ParetoNbd::new().min_repeat_customers(1).fit(&base(), &work).unwrap_err();
    assert!(matches!(error, ValueError::Cancelled(_)));
}

/// A few hundred customers by a plain generator: rates and times of leaving at the quantiles of
/// exponential distributions, purchases evenly spaced.
fn market(scale: f64) -> PurchaseSummary {
    let records = (0..400_u32).map(|i| {
        let spread = |step: u32| f64::from(i * step % 401 + 1) / 402.0;
        let gap = 10.0 / -ln(spread(37)) + 2.0;
        let leaves = 60.0 * (1.0 / spread(101) - 1.0);
        let age = f64::from(100 + i % 90);
        let x = (leaves.min(age) / gap).floor();
        record(x as u32, (x * gap).round() * scale, age * scale)
    });
    PurchaseSummary::from_records(records).unwrap()
}

#[test]
fn the_unit_of_time_changes_the_scales_alone() {
    let days = market(1.0);
    let fitted = ParetoNbd::new().fit(&days, &Work::new()).unwrap();
    let weeks = ParetoNbd::new().fit(&market(7.0), &Work::new()).unwrap();
    // Off the grid of days the integrals are taken one by one.
    let hours = ParetoNbd::new().fit(&market(1.0 / 24.0), &Work::new()).unwrap();
    let mut repeats = 0.0;
    for (record, &n) in days.distinct().iter().zip(days.customers()) {
        repeats += f64::from(record.repeat_purchases()) * n as f64;
    }
    for (other, scale) in [(&weeks, 7.0), (&hours, 1.0 / 24.0)] {
        let close = |got: f64, want: f64| {
            assert!((got / want - 1.0).abs() < 1e-8, "{got} {want}");
        };
        close(other.r(), fitted.r());
        close(other.alpha(), fitted.alpha() * scale);
        close(other.s(), fitted.s());
        close(other.beta(), fitted.beta() * scale);
        let shift = repeats * ln(scale);
        close(other.log_likelihood().unwrap() + shift, fitted.log_likelihood().unwrap());
        assert_eq!(*other.status(), FitStatus::Converged);
    }
}

#[test]
fn customers_counted_equal_customers_repeated() {
    // The likelihood of a base is the weighted sum of those of its distinct records, whatever their
    // number and order.
    let twice: Vec<_> = {
        let base = market(1.0);
        let records = base.distinct().iter().zip(base.customers());
        records.flat_map(|(record, &n)| vec![*record; 2 * n as usize]).rev().collect()
    };
    let once = ParetoNbd::new().fit(&market(1.0), &Work::new()).unwrap();
    let doubled =
        ParetoNbd::new().fit(&PurchaseSummary::from_records(twice).unwrap(), &Work::new()).unwrap();
    for ((_, a), (_, b)) in once.parameters().into_iter().zip(doubled.parameters()) {
        assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    }
    for i in 0..4 {
        for j in 0..4 {
            let (a, b) = (once.covariance().unwrap()[i][j], doubled.covariance().unwrap()[i][j]);
            assert!((a / b / 2.0 - 1.0).abs() < 1e-6, "{a} {b}");
        }
    }
}

#[test]
fn customers_who_never_leave_end_at_the_boundary() {
    // Everybody buys every week until the end: nobody is seen to leave.
    let regular = |weeks: u32| record(weeks, f64::from(weeks * 7), f64::from(weeks * 7) + 3.0);
    let base = PurchaseSummary::from_records((20..60).map(regular)).unwrap();
    let model = ParetoNbd::new().fit(&base, &Work::new()).unwrap();
    let FitStatus::AtBoundary(bound) = model.status() else { panic!("{:?}", model.status()) };
    assert!(bound.contains(&Parameter::S) || bound.contains(&Parameter::Beta), "{bound:?}");
    assert!(model.covariance().is_none());
    assert!(model.p_alive(&regular(30)).value() > 0.999);
}

/// The calls that were reported to give no number elsewhere: many purchases, and no dropout.
#[test]
fn many_purchases_and_a_distant_dropout_have_values() {
    let model = FittedParetoNbd::with([0.55, 10.58, 0.6, 1e8]);
    let discount = Discount::annual(0.1).unwrap();
    for x in [161, 221, 500, 5000] {
        let record = record(x, 724.0, 725.0);
        assert!(model.p_alive(&record).value() > 0.999_999);
        let endless = model.discounted_purchases(&record, Horizon::Forever, discount).unwrap();
        let rate = (0.55 + f64::from(x)) / (10.58 + 725.0 / 7.0);
        assert!((endless * discount.weekly() / rate - 1.0).abs() < 1e-4, "{endless}");
    }
}

/// Every pair of days of half a year, so that a run of equal x is cut.
fn crowd() -> PurchaseSummary {
    let pairs = (0..190_u32).flat_map(|age| (0..=age).map(move |t_x| (t_x, age)));
    let records = pairs.map(|(t_x, age)| {
        let x = if t_x == 0 { 0 } else { 1 + (t_x * age) % 97 / 96 };
        record(x, f64::from(t_x), f64::from(age))
    });
    PurchaseSummary::from_records(records).unwrap()
}

#[test]
fn all_at_once_equals_one_by_one() {
    let base = crowd();
    let work = Work::new();
    let model = FittedParetoNbd::with([0.553, 10.578, 0.606, 11.669]);
    for annual in [0.0, 0.15] {
        let discount = Discount::annual(annual).unwrap();
        let all = model.forecast(&base, Days::weeks(52), discount, &work).unwrap();
        assert_eq!(all.len(), base.distinct().len());
        for (record, all) in base.distinct().iter().zip(all) {
            let single = model.p_alive(record).value();
            assert!((all.p_alive.value() - single).abs() <= 1e-12 * single, "{all:?} {single}");
            let within = Horizon::Within(Days::weeks(52));
            let single = model.discounted_purchases(record, within, discount).unwrap();
            assert!((all.purchases - single).abs() <= 1e-12 * single, "{all:?} {single}");
            let single = model.p_active(record, Days::weeks(52)).value();
            assert!((all.p_active.value() - single).abs() <= 1e-12 * single, "{all:?} {single}");
        }
    }
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let base = crowd();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let rows = Rows::of(&base);
            assert!(rows.tasks() > 2);
            let curve = rows.negative_log_likelihood(&POINTS[0], &Work::new()).unwrap();
            let bits = [curve.value].into_iter().chain(curve.gradient);
            bits.chain(curve.hessian.into_iter().flatten()).map(f64::to_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(5));
}
