//! Against 50 digits over the whole domain, finite differences, and by hand.

use super::*;
use crate::num::random::{Purpose, Stream};

fn sample() -> Vec<Option<SpendRecord>> {
    let record = |i: u32| SpendRecord::new(1 + i % 4, 10.0 + f64::from(i * i % 37)).ok();
    (0..60).map(record).chain([None]).collect()
}

/// Every number of purchases up to fifty, and rows enough for whole products.
fn large() -> Vec<SpendRecord> {
    let mut stream = Stream::new(9, Purpose::Sample, 0);
    let mut mean = |i: u32| 5.0 * exp(stream.normal() / (1.0 + f64::from(i % 3)));
    (0..6000_u32).map(|i| SpendRecord::new(1 + (i * i) % 50 / 4, mean(i)).unwrap()).collect()
}

fn fitted(records: &[SpendRecord]) -> FittedGammaGamma {
    GammaGamma::new().fit_summary(&SpendSummary::from_records(records), &Work::new()).unwrap()
}

#[test]
fn derivatives_equal_finite_differences() {
    let summary = SpendSummary::from_records(&large());
    let work = Work::new();
    let totals = summary.scaled(8.0, &work).unwrap();
    let evaluate = |logs: &[f64; 3]| totals.negative_log_likelihood(logs, &work).unwrap();
    let step = 1e-5;
    for at in [[0.7, 0.9, -0.3], [4.0, -2.0, 1.0], [6.0, 6.5, 0.5], [-3.0, 1.0, 3.0]] {
        let here = evaluate(&at);
        let size = |of: f64| of.abs().max(1e-3 * here.value.abs()).max(1.0);
        for i in 0..3 {
            let moved = |by: f64| {
                let mut there = at;
                there[i] += by;
                evaluate(&there)
            };
            let (up, down) = (moved(step), moved(-step));
            let slope = (up.value - down.value) / (2.0 * step);
            assert!((slope - here.gradient[i]).abs() < 1e-5 * size(slope), "{at:?} {i}: {slope}");
            for j in 0..3 {
                let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                let off = (curve - here.hessian[i][j]).abs();
                assert!(off < 1e-5 * size(curve), "{at:?} {i} {j}: {curve}");
            }
        }
    }
}

/// The products of sixteen, over many parts and runs, are the sum over single customers.
#[test]
fn the_whole_is_the_sum_of_its_customers() {
    let records = large();
    let model = fitted(&records);
    let sum = records.iter().fold(0.0, |sum, record| sum + model.log_likelihood_of(record));
    let whole = model.log_likelihood().unwrap();
    assert!((whole / sum - 1.0).abs() < 1e-12, "{whole} {sum}");
}

#[test]
fn a_record_that_stands_for_three_weighs_as_three() {
    let records = large();
    let counts: Vec<u64> = (0..records.len() as u64).map(|i| i % 4).collect();
    let repeated: Vec<SpendRecord> = records
        .iter()
        .zip(&counts)
        .flat_map(|(record, &n)| std::iter::repeat_n(*record, n as usize))
        .collect();
    let summary = SpendSummary::counted(&records, &counts).unwrap();
    assert_eq!(summary.n_customers(), repeated.len() as u64);
    let counted = GammaGamma::new().fit_summary(&summary, &Work::new()).unwrap();
    let plain = fitted(&repeated);
    assert!((counted.p() / plain.p() - 1.0).abs() < 1e-8);
    assert!((counted.gamma() / plain.gamma() - 1.0).abs() < 1e-8);
    let (a, b) = (counted.log_likelihood().unwrap(), plain.log_likelihood().unwrap());
    assert!((a / b - 1.0).abs() < 1e-12);
    let again = GammaGamma::new().refit(&summary, &plain, &Work::new()).unwrap();
    assert!(again.iterations() <= 3 && again.iterations() < plain.iterations());
    assert!((again.q() / plain.q() - 1.0).abs() < 1e-8);
    assert!(SpendSummary::counted(&records, &counts[1..]).is_err());
}

#[test]
fn neither_the_order_of_the_rows_nor_huge_numbers_of_purchases_matter() {
    let mut records = large();
    for (i, record) in records.iter_mut().enumerate().filter(|(i, _)| i % 50 == 0) {
        record.purchases = 4000 + (i as u32 % 300);
    }
    let there = fitted(&records);
    records.reverse();
    let back = fitted(&records);
    assert!((there.p() / back.p() - 1.0).abs() < 1e-8);
    let (a, b) = (there.log_likelihood().unwrap(), back.log_likelihood().unwrap());
    assert!((a / b - 1.0).abs() < 1e-12);
}

#[test]
fn the_currency_does_not_matter() {
    let euros = GammaGamma::new().fit(&sample(), &Work::new()).unwrap();
    for factor in [100.0, 1e-290, 1e290] {
        let other: Vec<_> = sample()
            .iter()
            .map(|record| record.map(|r| SpendRecord::new(r.purchases, r.mean * factor).unwrap()))
            .collect();
        let other = GammaGamma::new().fit(&other, &Work::new()).unwrap();
        assert!((euros.p() - other.p()).abs() < 1e-7 * euros.p());
        assert!((euros.gamma() * factor / other.gamma() - 1.0).abs() < 1e-7);
        let n = euros.n_customers() as f64;
        let shifted = other.log_likelihood().unwrap() + n * ln(factor);
        assert!((shifted / euros.log_likelihood().unwrap() - 1.0).abs() < 1e-9);
    }
}

/// Customers differ and each spends alike at every purchase: p wants to be infinite, γ zero.
/// The forecast is then a customer's own mean.
#[test]
fn spend_that_hardly_varies_within_customers_ends_at_the_boundary() {
    // Means from an inverse gamma distribution of shape three, whatever the number of
    // purchases.
    let mut stream = Stream::new(4, Purpose::Sample, 0);
    let mut mean = || -60.0 / ln(stream.uniform() * stream.uniform() * stream.uniform());
    let records: Vec<_> = (1..400).map(|i| SpendRecord::new(1 + i * 7 % 40, mean()).ok()).collect();
    let model = GammaGamma::new().fit(&records, &Work::new()).unwrap();
    // The product of p and γ is what the data settle; one of the two meets its bound first.
    let FitStatus::AtBoundary(bound) = model.status() else { panic!("{:?}", model.status()) };
    assert!(bound.contains(&Parameter::P) || bound.contains(&Parameter::Gamma), "{bound:?}");
    assert_eq!(model.covariance(), None);
    for record in records.iter().flatten() {
        let foreseen = model.expected_spend(Some(*record)).unwrap().amount();
        assert!((foreseen / record.mean - 1.0).abs() < 1e-3, "{foreseen} {}", record.mean);
    }
}

/// Means so heavy in the tail that q ends below one: a stranger has no expectation, everybody seen
/// has one.
#[test]
fn a_fit_without_a_population_mean_is_a_fit() {
    let mut stream = Stream::new(5, Purpose::Sample, 0);
    let mut spend = |x: u32| {
        let scale = -10.0 / ln(stream.uniform());
        let scale = scale * scale;
        let total = (0..4 * x).fold(0.0, |total, _| total - ln(stream.uniform()));
        scale * total / f64::from(4 * x)
    };
    let records: Vec<_> =
        (0..3000).map(|i| SpendRecord::new(1 + i % 9, spend(1 + i % 9)).ok()).collect();
    let model = GammaGamma::new().fit(&records, &Work::new()).unwrap();
    assert!(model.q() < 1.0, "{}", model.q());
    assert!(model.expected_spend(None).is_err());
    assert!(model.expected_or_median(None).unwrap().amount() > 0.0);
    for record in records {
        assert!(model.expected_spend(record).unwrap().amount() > 0.0);
    }
}

#[test]
fn data_that_say_nothing_are_refused() {
    let fit = |records: Vec<Option<SpendRecord>>| {
        GammaGamma::new().fit(&records, &Work::new()).unwrap_err()
    };
    let reason = |error| match error {
        ValueError::Refused { reason, .. } => reason,
        other => panic!("{other}"),
    };
    let few = vec![SpendRecord::new(1, 5.0).ok(); 3];
    assert_eq!(reason(fit(few)), Refusal::TooFewRepeatCustomers { have: 3, need: 10 });
    let alike = vec![SpendRecord::new(2, 5.0).ok(); 50];
    assert_eq!(reason(fit(alike)), Refusal::NoVariation);
    let wide = [1e-300, 1e300].map(|mean| SpendRecord::new(2, mean).ok());
    assert_eq!(reason(fit(wide.repeat(20))), Refusal::SpendTooWide);
}

#[test]
fn an_infinite_mean_is_said_and_never_negative() {
    let model = GammaGamma::with_parameters(2.0, 0.8, 10.0).unwrap();
    assert!(model.expected_spend(None).is_err());
    assert!(model.expected_spend(SpendRecord::new(1, 10.0).ok()).unwrap().amount() > 0.0);
    assert!(
        SpendRecord::new(0, 1.0).is_err()
            && SpendRecord::new(1, 0.0).is_err()
            && SpendRecord::new(1, f64::NAN).is_err()
    );
    // px + q is 1 + 1e-13 exactly where it is 1 + 1e-13: nothing is lost to rounding.
    let edge = GammaGamma::with_parameters(0.5, 0.500_000_000_000_1, 1.0).unwrap();
    let mean = edge.expected_spend(SpendRecord::new(1, 1.0).ok()).unwrap().amount();
    let below = 0.500_000_000_000_1 - 0.5;
    assert!((mean * below - 1.0).abs() < 1e-15, "{mean}");
}

fn golden() -> Vec<Vec<Option<f64>>> {
    let path = format!("{}/tests/golden/gamma_gamma_points.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split(',').map(|field| field.parse().ok()).collect();
    text.lines().skip(1).map(row).collect()
}

/// Parameters from 1e-6 to 1e8, mean spend from 1e-300 to 1e300: see the script beside the points.
#[test]
fn the_whole_domain_at_fifty_digits() {
    let points = golden();
    assert!(points.len() >= 400);
    let (mut worst_log, mut worst_mean, mut worst_quantile) = (0.0_f64, 0.0_f64, 0.0_f64);
    for point in &points {
        let at = |i: usize| point[i].unwrap();
        let model = GammaGamma::with_parameters(at(0), at(1), at(2)).unwrap();
        let seen = SpendRecord::new(at(3) as u32, at(4)).unwrap();
        let log = model.log_likelihood_of(&seen);
        worst_log = worst_log.max((log - at(5)).abs() / at(5).abs().max(1.0));
        assert!(worst_log <= 1e-11, "{point:?}: {log}");
        match model.expected_spend(Some(seen)) {
            Ok(mean) => {
                worst_mean = worst_mean.max((mean.amount() / at(6) - 1.0).abs());
                assert!(worst_mean <= 1e-13, "{point:?}: {mean:?}");
            }
            Err(_) => assert_eq!(at(6), f64::INFINITY, "{point:?}"),
        }
        for (place, share) in [(7, 0.05), (8, 0.5), (9, 0.95)] {
            let quantile = model.posterior(Some(seen)).quantile(Probability::new(share).unwrap());
            if let Some(want) = point[place].filter(|want| want.is_finite()) {
                let off = (quantile.unwrap().amount() / want - 1.0).abs();
                worst_quantile = worst_quantile.max(off);
                assert!(worst_quantile <= 1e-10, "{point:?}: {quantile:?}");
            }
        }
        let (none, level) = (model.posterior(None), Probability::new(0.9).unwrap());
        assert!(none.mean().is_none_or(|mean| mean.amount() > 0.0), "{point:?}");
        assert!(none.interval(level).is_none_or(|(low, high)| low <= high), "{point:?}");
    }
    println!("log {worst_log:.1e}, mean {worst_mean:.1e}, quantile {worst_quantile:.1e}");
}

/// An inverse gamma distribution by hand: of shape 3 and p (γ + xm) = 12, mean 6 and variance 36.
#[test]
fn the_posterior_by_hand() {
    let model = GammaGamma::with_parameters(1.0, 2.0, 5.0).unwrap();
    let seen = SpendRecord::new(1, 7.0).ok();
    let posterior = model.posterior(seen);
    assert_eq!(posterior.shape(), 3.0);
    assert!((posterior.mean().unwrap().amount() - 6.0).abs() < 1e-14);
    assert!((posterior.standard_deviation().unwrap().amount() - 6.0).abs() < 1e-14);
    assert_eq!(model.posterior(None).standard_deviation(), None);
    let (low, high) = model.spend_interval(seen, Probability::new(0.5).unwrap()).unwrap();
    assert!(low.amount() < 6.0 && 6.0 < high.amount());
    assert!(model.spend_interval(seen, Probability::new(1.0).unwrap()).is_err());
    assert_eq!(posterior.quantile(Probability::new(0.0).unwrap()), Some(Money::ZERO));
    assert_eq!(posterior.quantile(Probability::new(1.0).unwrap()), None);
}
