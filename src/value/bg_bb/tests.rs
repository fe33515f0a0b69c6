use super::*;
use crate::num::real::ln;

fn record(x: u32, t_x: u32, n: u32) -> OpportunityRecord {
    OpportunityRecord::new(x, t_x, n).unwrap()
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
}

fn donors() -> FittedBgBb {
    BgBb::with_parameters(1.204, 0.750, 0.657, 2.783).unwrap()
}

/// With α = β = γ = δ = 1 every chance is a fraction of small numbers.
#[test]
fn one_opportunity_by_hand() {
    let model = BgBb::with_parameters(1.0, 1.0, 1.0, 1.0).unwrap();
    // There with ½ and buys with ½.
    close(model.log_likelihood_of(&record(1, 1, 1)), ln(0.25), 1e-15);
    close(model.log_likelihood_of(&record(0, 0, 1)), ln(0.75), 1e-15);
    assert_eq!(model.p_alive(&record(1, 1, 1)).value(), 1.0);
    // Silent: not there ½, there and not buying ¼.
    close(model.p_alive(&record(0, 0, 1)).value(), 1.0 / 3.0, 1e-15);
    // After a purchase p is Beta(2, 1) and θ is Beta(1, 2).
    close(model.p_alive_after(&record(1, 1, 1), 1).value(), 2.0 / 3.0, 1e-15);
    close(model.expected_purchases(&record(1, 1, 1), 1), 4.0 / 9.0, 1e-15);
    close(model.expected_purchases_of_new(2), 0.5 * (0.5 + 1.0 / 3.0), 1e-15);
    let two = model.purchase_distribution_of_new(2, 3);
    // There for both with 1/3, for one with 1/6, for none with 1/2.
    close(two[2], 1.0 / 3.0 / 3.0, 1e-15);
    close(two[1], 1.0 / 3.0 / 3.0 + 1.0 / 6.0 / 2.0, 1e-14);
    assert_eq!(two[3], 0.0);
}

#[test]
fn all_patterns_of_a_length_have_the_probability_one() {
    let binomial =
        |n: u32, k: u32| -> f64 { (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product() };
    for model in [donors(), BgBb::with_parameters(1e-3, 40.0, 300.0, 0.2).unwrap()] {
        let n = 9;
        let mut total = exp(model.log_likelihood_of(&record(0, 0, n)));
        for t_x in 1..=n {
            for x in 1..=t_x {
                let patterns = binomial(t_x - 1, x - 1);
                total += patterns * exp(model.log_likelihood_of(&record(x, t_x, n)));
            }
        }
        close(total, 1.0, 1e-13);
    }
}

#[test]
fn the_distribution_agrees_with_what_is_expected_and_with_the_chance_to_buy() {
    for (x, t_x, n) in [(0, 0, 6), (1, 1, 6), (4, 6, 6), (50, 60, 104), (0, 0, 0)] {
        let record = record(x, t_x, n);
        let chances = donors().purchase_distribution(&record, 40, 40);
        let (mut total, mut mean) = (0.0, 0.0);
        for (y, chance) in chances.iter().enumerate() {
            assert!(*chance >= 0.0);
            total += chance;
            mean += y as f64 * chance;
        }
        close(total, 1.0, 1e-13);
        close(mean, donors().expected_purchases(&record, 40), 1e-12);
        let active = donors().p_active(&record, 40).value();
        assert!((active - (1.0 - chances[0])).abs() < 1e-14);
    }
}

/// What is expected of everybody after n opportunities, weighted by how likely they are, is what
/// was expected of them as new customers.
#[test]
fn conditional_forecasts_add_up_to_the_unconditional_one() {
    let (model, n, h) = (donors(), 4, 7);
    let mut total = 0.0;
    for pattern in 0..1u32 << n {
        let record = OpportunityRecord::of_pattern((0..n).map(|i| pattern >> i & 1 == 1));
        total += exp(model.log_likelihood_of(&record)) * model.expected_purchases(&record, h);
    }
    let later = model.expected_purchases_of_new(n + h) - model.expected_purchases_of_new(n);
    close(total, later, 1e-13);
}

#[test]
fn nothing_is_expected_of_no_opportunities() {
    let silent = record(1, 2, 6);
    let model = donors();
    assert_eq!(model.p_alive_after(&silent, 0), model.p_alive(&silent));
    assert_eq!(model.p_active(&silent, 0).value(), 0.0);
    assert_eq!(model.expected_purchases(&silent, 0), 0.0);
    let chances = model.purchase_distribution(&silent, 0, 2);
    close(chances[0], 1.0, 1e-15);
    assert_eq!(chances[1..], [0.0, 0.0]);
}

#[test]
fn discounting_falls_with_the_rate_and_grows_with_the_horizon() {
    let (model, faithful) = (donors(), record(6, 6, 6));
    let of = |horizon, rate| {
        let discount = PeriodDiscount::per_period(rate).unwrap();
        model.discounted_purchases(&faithful, horizon, discount)
    };
    close(
        of(PeriodHorizon::Within(9), 0.0).unwrap(),
        model.expected_purchases(&faithful, 9),
        1e-15,
    );
    let finite = of(PeriodHorizon::Within(400), 0.1).unwrap();
    close(finite, of(PeriodHorizon::Forever, 0.1).unwrap(), 1e-13);
    assert!(of(PeriodHorizon::Within(9), 0.1).unwrap() < finite);
    let infinite = of(PeriodHorizon::Forever, 0.0);
    assert!(matches!(infinite, Err(ValueError::Param { name: "period_discount", .. })));
    let mortal = BgBb::with_parameters(1.0, 1.0, 2.0, 2.0).unwrap();
    // There for two more on average: E[(1-θ)/θ] of Beta(2, 2).
    let forever =
        mortal.discounted_purchases(&record(0, 0, 0), PeriodHorizon::Forever, PeriodDiscount::NONE);
    close(forever.unwrap(), 1.0, 1e-14);
}

#[test]
fn bad_parameters_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for place in 0..4 {
            let mut p = [1.0; 4];
            p[place] = bad;
            assert!(BgBb::with_parameters(p[0], p[1], p[2], p[3]).is_err(), "{bad} at {place}");
        }
    }
}

/// Patterns of simulated customers.
fn simulated(p: [f64; 4], customers: u64, opportunities: u32) -> OpportunitySummary {
    use crate::num::random::{Purpose, Stream};
    let mut stream = Stream::new(11, Purpose::Sample, 0);
    let records: Vec<_> = (0..customers)
        .map(|_| {
            let (buys, leaves) = (stream.beta(p[0], p[1]), stream.beta(p[2], p[3]));
            let mut there = true;
            OpportunityRecord::of_pattern((0..opportunities).map(|_| {
                let (left, bought) = (stream.chance(leaves), stream.chance(buys));
                there = there && !left;
                there && bought
            }))
        })
        .collect();
    OpportunitySummary::from_records(records).unwrap()
}

/// Within four standard errors: a false alarm in 4,000 seeds for each of the four, and this seed is
/// fixed.
#[test]
fn parameters_are_recovered_from_simulated_customers() {
    let truth = [1.2, 0.75, 0.66, 2.8];
    let fitted = BgBb::new().fit(&simulated(truth, 20_000, 12), &Work::new()).unwrap();
    assert_eq!(*fitted.status(), FitStatus::Converged);
    let covariance = fitted.covariance().unwrap();
    for (i, (_, got)) in fitted.parameters().into_iter().enumerate() {
        let error = covariance[i][i].sqrt();
        assert!((got - truth[i]).abs() < 4.0 * error, "{got}, not {} +- {error}", truth[i]);
    }
}

#[test]
fn forecasts_of_all_are_those_of_each() {
    let base = simulated([1.2, 0.75, 0.66, 2.8], 500, 12);
    let all = donors().expected_purchases_of_all(&base, 30, &Work::new()).unwrap();
    for (record, got) in base.distinct().iter().zip(all) {
        assert_eq!(got.to_bits(), donors().expected_purchases(record, 30).to_bits());
    }
}

#[test]
fn data_without_an_answer_end_in_a_status_or_a_refusal() {
    let fit = |records: Vec<OpportunityRecord>| {
        BgBb::new().fit(&OpportunitySummary::from_records(records).unwrap(), &Work::new())
    };
    let refused = fit(vec![record(0, 0, 6); 100]);
    assert!(matches!(
        refused,
        Err(ValueError::Refused { reason: Refusal::TooFewRepeatCustomers { have: 0, .. }, .. })
    ));
    // Everybody takes every opportunity: nobody is ever lost, and p is one.
    let fitted = fit(vec![record(6, 6, 6); 100]).unwrap();
    assert!(!matches!(fitted.status(), FitStatus::Converged), "{:?}", fitted.status());
    assert_eq!(fitted.covariance(), None);
    let next = fitted.expected_purchases(&record(6, 6, 6), 5);
    assert!((4.9..=5.0).contains(&next), "{next}");
    let cancelled = Work::new();
    cancelled.canceller().cancel();
    let base = simulated([1.0; 4], 100, 6);
    assert!(matches!(BgBb::new().fit(&base, &cancelled), Err(ValueError::Cancelled(_))));
}

#[test]
fn a_second_fit_has_the_same_bits_in_any_order_of_customers() {
    let base = simulated([0.5, 2.0, 1.0, 6.0], 3000, 10);
    let mut records: Vec<_> =
        base.places().iter().map(|&place| base.distinct()[place as usize]).collect();
    let first = BgBb::new().fit(&base, &Work::new()).unwrap();
    records.reverse();
    let again = OpportunitySummary::from_records(records).unwrap();
    assert_eq!(BgBb::new().fit(&again, &Work::new()).unwrap(), first);
}
