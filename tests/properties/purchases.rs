//! Models of purchases: nested models agree, covariates are found, and neither order nor units,
//! splits or threads change what is fitted.

use segmentry::simulate::Purchasing;
use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Bootstrap, CovariateFit, Covariates, Discount, FittedPurchaseModel, GammaGamma, MbgNbd,
    ParetoNbd, PurchaseModel, PurchaseRecord, PurchaseSummary, SpendRecord,
};
use segmentry::work::Work;

use crate::coverage::{Setting, draw};

/// Where a search ends is known to half of the digits of its value.
const SEARCH: f64 = 1e-6;

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
}

/// 800 customers of each process, over a year.
fn settings() -> [(PurchaseModel, Setting); 3] {
    let of = |truth| Setting { name: "", customers: 800, weeks: 52, arrivals: 13, truth };
    [
        (BgNbd::new().into(), of(Purchasing::BgNbd { r: 0.8, alpha: 6.0, a: 0.9, b: 3.0 })),
        (MbgNbd::new().into(), of(Purchasing::MbgNbd { r: 0.8, alpha: 6.0, a: 0.9, b: 3.0 })),
        (
            ParetoNbd::new().into(),
            of(Purchasing::ParetoNbd { r: 0.8, alpha: 6.0, s: 0.8, beta: 20.0 }),
        ),
    ]
}

fn records(setting: &Setting, seed: u64) -> Vec<PurchaseRecord> {
    draw(setting, seed).into_iter().map(|(record, _)| record).collect()
}

fn summary(records: &[PurchaseRecord]) -> PurchaseSummary {
    PurchaseSummary::from_records(records.iter().copied()).unwrap()
}

fn fit(model: PurchaseModel, base: &PurchaseSummary) -> FittedPurchaseModel {
    model.fit(base, &Work::new()).unwrap()
}

fn values(model: &FittedPurchaseModel) -> Vec<f64> {
    model.parameters().into_iter().map(|(_, value)| value).collect()
}

fn with_covariates(
    model: PurchaseModel,
    records: &[PurchaseRecord],
    rate: &Covariates,
    dropout: &Covariates,
) -> CovariateFit {
    let work = Work::new();
    match model {
        PurchaseModel::BgNbd(model) => model.fit_with_covariates(records, rate, dropout, &work),
        PurchaseModel::MbgNbd(model) => model.fit_with_covariates(records, rate, dropout, &work),
        PurchaseModel::ParetoNbd(model) => model.fit_with_covariates(records, rate, dropout, &work),
        _ => panic!("a model without covariates"),
    }
    .unwrap()
}

#[test]
fn without_covariates_it_is_the_plain_fit() {
    for (model, setting) in settings() {
        let records = records(&setting, 3);
        let plain = fit(model, &summary(&records));
        let none = Covariates::new(records.len());
        let fitted = with_covariates(model, &records, &none, &none);
        for (got, want) in fitted.parameters().iter().zip(values(&plain)) {
            close(got.1, want, SEARCH);
        }
        close(fitted.log_likelihood(), plain.log_likelihood().unwrap(), 1e-12);
        assert_eq!(fitted.p_value_of_no_effect(), None);
        let back = fitted.parameters_of(&[], &[]).unwrap();
        assert_eq!(back, fitted.parameters().map(|(_, value)| value));
    }
}

/// Half of the customers buy at rates twice as high (0.7 is about ln 2). The estimates lie within
/// three standard errors of the planted coefficients: a false alarm in 370 seeds for each.
#[test]
fn covariates_of_the_rate_are_found_and_idle_ones_are_not() {
    const EFFECT: f64 = 0.7;
    for (model, slow) in settings() {
        let faster = |alpha: f64| alpha * libm::exp(-EFFECT);
        let truth = match slow.truth {
            Purchasing::BgNbd { r, alpha, a, b } => {
                Purchasing::BgNbd { r, alpha: faster(alpha), a, b }
            }
            Purchasing::MbgNbd { r, alpha, a, b } => {
                Purchasing::MbgNbd { r, alpha: faster(alpha), a, b }
            }
            Purchasing::ParetoNbd { r, alpha, s, beta } => {
                Purchasing::ParetoNbd { r, alpha: faster(alpha), s, beta }
            }
        };
        let mut all = records(&slow, 11);
        all.extend(records(&Setting { truth, ..slow }, 12));
        let n = all.len();
        let effective = (0..n).map(|i| f64::from(u8::from(i >= n / 2))).collect();
        let idle: Vec<f64> = (0..n).map(|i| (i % 2) as f64).collect();
        let none = Covariates::new(n);
        let rate = Covariates::new(n).number("effective", effective).unwrap();
        let rate = rate.number("idle", idle.clone()).unwrap();
        let fitted = with_covariates(model, &all, &rate, &none);
        let [effective, without] = fitted.coefficients() else { panic!("two coefficients") };
        let error = effective.standard_error.unwrap();
        assert!((effective.estimate - EFFECT).abs() < 3.0 * error, "{effective:?}");
        assert!(effective.p_value().unwrap() < 1e-6, "{effective:?}");
        assert!(without.estimate.abs() < 3.0 * without.standard_error.unwrap(), "{without:?}");
        assert!(fitted.p_value_of_no_effect().unwrap() < 1e-6);

        // Those with a covariate of one have the scale that the coefficient says, others the common.
        let common = fitted.parameters().map(|(_, value)| value);
        let of = |z: [f64; 2]| fitted.parameters_of(&z, &[]).unwrap();
        for place in 0..4 {
            close(of([0.0, 0.0])[place], common[place], 1e-15);
            let shift = if place == 1 { libm::exp(-effective.estimate) } else { 1.0 };
            close(of([1.0, 0.0])[place], common[place] * shift, 1e-14);
        }
        assert!(fitted.parameters_of(&[1.0], &[]).is_err());

        // The idle one alone explains nothing.
        let slow_only = &all[..n / 2];
        let rate = Covariates::new(n / 2).number("idle", idle[..n / 2].to_vec()).unwrap();
        let alone = with_covariates(model, slow_only, &rate, &Covariates::new(n / 2));
        assert!(alone.p_value_of_no_effect().unwrap() > 0.003, "{alone:?}");
    }
}

#[test]
fn order_and_splits_change_no_bit_of_a_fit() {
    for (model, setting) in settings() {
        let records = records(&setting, 5);
        let whole = fit(model, &summary(&records));
        let mut mixed = records.clone();
        mixed.reverse();
        mixed.rotate_left(77);
        assert_eq!(fit(model, &summary(&mixed)), whole);
        let parts = [&records[..123], &records[123..124], &records[124..]].map(summary);
        let counts = parts
            .iter()
            .flat_map(|part| part.distinct().iter().copied().zip(part.customers().iter().copied()));
        assert_eq!(fit(model, &PurchaseSummary::from_counts(counts)), whole);
    }
}

/// Twice the time: scales in weeks double, shapes stay, and the density of each of the x times
/// halves.
#[test]
fn the_unit_of_time_only_scales() {
    for (model, setting) in settings() {
        let records = records(&setting, 6);
        let slower: Vec<PurchaseRecord> = records
            .iter()
            .map(|r| {
                PurchaseRecord::new(r.repeat_purchases(), 2.0 * r.age_at_last(), 2.0 * r.age())
            })
            .collect::<Result<_, _>>()
            .unwrap();
        let (plain, slow) = (fit(model, &summary(&records)), fit(model, &summary(&slower)));
        let pareto = matches!(model, PurchaseModel::ParetoNbd(_));
        for (place, (got, want)) in values(&slow).into_iter().zip(values(&plain)).enumerate() {
            let is_time = place == 1 || (place == 3 && pareto);
            close(got, if is_time { 2.0 * want } else { want }, SEARCH);
        }
        let purchases: u32 = records.iter().map(PurchaseRecord::repeat_purchases).sum();
        let shifted =
            plain.log_likelihood().unwrap() - f64::from(purchases) * std::f64::consts::LN_2;
        close(slow.log_likelihood().unwrap(), shifted, 1e-12);
        let (record, later) = (records[0], slower[0]);
        let expected = plain.expected_purchases(&record, Days::weeks(20));
        close(slow.expected_purchases(&later, Days::weeks(40)), expected, 1e-5);
    }
}

#[test]
fn the_currency_only_scales_spend() {
    let spend = |unit: f64| -> Vec<Option<SpendRecord>> {
        let mean = |i: u32| f64::from(5 + i * 37 % 101) * unit;
        (0..300).map(|i| Some(SpendRecord::new(1 + i % 7, mean(i)).unwrap())).collect()
    };
    let [euros, cents] =
        [1.0, 100.0].map(|unit| GammaGamma::new().fit(&spend(unit), &Work::new()).unwrap());
    close(cents.p(), euros.p(), SEARCH);
    close(cents.q(), euros.q(), SEARCH);
    close(cents.gamma(), 100.0 * euros.gamma(), SEARCH);
}

#[cfg(feature = "parallel")]
#[test]
fn a_bootstrap_has_the_same_bits_for_any_number_of_threads() {
    use segmentry::value::DrawnFrom;
    let (model, setting) = settings()[1];
    let base = summary(&records(&setting, 8));
    let fitted = fit(model, &base);
    for drawn_from in [DrawnFrom::Customers, DrawnFrom::Model] {
        let draw = |seed| {
            let bootstrap = Bootstrap::new().replicates(12).seed(seed).drawn_from(drawn_from);
            bootstrap.draw(&fitted, &base, &Work::new()).unwrap()
        };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| draw(4))
        };
        let one = with(1);
        for threads in [1, 2, 3, 8] {
            assert_eq!(with(threads), one, "{threads} threads");
        }
        assert_ne!(draw(5), one);
    }
}

/// On the CDNOW cohort the two ways to an interval agree: their logarithmic widths for every x are
/// within a third of each other.
#[test]
fn bootstrap_and_delta_intervals_agree_on_cdnow() {
    let path = format!("{}/tests/golden/cdnow_summary.csv", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(path).unwrap();
    let records = table.lines().skip(1).map(|line| {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let days = |weeks: f64| (weeks * 7.0).round();
        PurchaseRecord::new(fields[1] as u32, days(fields[2]), days(fields[3])).unwrap()
    });
    let base = PurchaseSummary::from_records(records).unwrap();
    let model = fit(BgNbd::new().into(), &base);
    let draws = Bootstrap::new().replicates(300).draw(&model, &base, &Work::new()).unwrap();
    assert_eq!(draws.refused(), 0);
    let judged = [(0, 0, 272), (1, 12, 272), (2, 213, 272), (7, 206, 272), (29, 267, 272)];
    let judged: Vec<PurchaseRecord> = judged
        .map(|(x, t_x, age)| PurchaseRecord::new(x, f64::from(t_x), f64::from(age)).unwrap())
        .to_vec();
    let (some, year, work) = (summary(&judged), Days::weeks(52), Work::new());
    let delta = model.forecast_intervals(&some, year, Discount::NONE, 0.95, &work).unwrap();
    let boot = draws.forecast_intervals(&some, year, Discount::NONE, 0.95, &work).unwrap();
    let width = |[low, high]: [f64; 2]| libm::log(high / low);
    for (delta, boot) in delta.unwrap().iter().zip(boot) {
        let ratio = width(boot) / width(delta.purchases);
        assert!((0.75..1.33).contains(&ratio), "{delta:?} {boot:?}");
    }
}

/// A range of counts has at least the chance that was asked for, and one count less on either side
/// leaves out more than is allowed there.
#[test]
fn a_range_of_counts_is_the_smallest_that_holds_enough() {
    for (model, setting) in settings() {
        let records = records(&setting, 9);
        let fitted = fit(model, &summary(&records));
        for record in &records[..40] {
            for level in [0.5, 0.8, 0.95] {
                let horizon = Days::weeks(26);
                let [low, high] = fitted.count_interval(record, horizon, level).unwrap();
                let chances = fitted.purchase_distribution(record, horizon, high);
                let mut below = 0.0;
                for &chance in &chances[..low as usize] {
                    below += chance;
                }
                let mut up_to = below;
                for &chance in &chances[low as usize..] {
                    up_to += chance;
                }
                let tail = (1.0 - level) / 2.0;
                assert!(below <= tail && up_to >= 1.0 - tail - 1e-12, "{low} to {high}");
                assert!(below + chances[low as usize] > tail);
                assert!(high == low || up_to - chances[high as usize] < 1.0 - tail);
            }
        }
    }
}
