//! Random extreme points of BG/NBD and MBG/NBD against values at 60 digits.

use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Discount, FittedBetaGeometric, Horizon, MbgNbd, PurchaseRecord, PurchaseSummary,
};
use segmentry::work::Work;
use serde_json::Value;

use crate::{close, golden};

/// The logarithm is a sum of terms many times its own size at extreme points; its error is that
/// of the terms, so it is judged against the larger of itself and 1.
const LIKELIHOOD: f64 = 1e-11;
/// Probabilities and expectations.
const CONDITIONAL: f64 = 1e-10;
/// Below this a probability alive has lost digits to the exponent it is made of, and the least
/// numbers have fewer digits.
const LEAST: f64 = 1e-290;

fn number(point: &Value, name: &str) -> f64 {
    match &point[name] {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("{name} in {point}")),
    }
}

/// Fails unless the two agree, or both are next to nothing.
fn agree(got: f64, want: f64, what: &str, point: &Value) {
    assert!(got.is_finite() && got >= 0.0, "{what} is {got} at {point}");
    let close = (got - want).abs() <= CONDITIONAL * want || want.max(got) < LEAST;
    assert!(close, "{what}: got {got}, want {want} at {point}");
}

/// A continuous rate a week as an annual one.
fn discount(weekly: f64) -> Discount {
    Discount::annual(libm::expm1(weekly * 365.25 / 7.0)).unwrap()
}

fn compare(model: &FittedBetaGeometric, point: &Value) {
    let days = |name: &str| number(point, name);
    let x = number(point, "x") as u32;
    let record = PurchaseRecord::new(x, days("t_x_days"), days("T_days")).unwrap();
    let horizon = Days::new(days("t_days") as u32);
    let want = number(point, "log_lik");
    let got = model.log_likelihood_of(&record);
    assert!((got - want).abs() <= LIKELIHOOD * want.abs().max(1.0), "{got} {want} at {point}");
    let check = |got: f64, what: &str| agree(got, number(point, what), what, point);
    check(model.p_alive(&record).value(), "p_alive");
    check(model.p_alive_after(&record, horizon).value(), "p_alive_after");
    check(model.expected_purchases(&record, horizon), "expected");
    let chances = model.purchase_distribution(&record, horizon, 5);
    for (k, want) in point["pmf"].as_array().unwrap().iter().enumerate() {
        let want: f64 = want.as_str().unwrap().parse().unwrap();
        agree(chances[k], want, "pmf", point);
    }
    let discount = discount(number(point, "delta"));
    let discounted = |horizon| model.discounted_purchases(&record, horizon, discount).unwrap();
    check(discounted(Horizon::Within(horizon)), "discounted");
    check(discounted(Horizon::Forever), "forever");

    // Many customers at once: the same, also where a polynomial stands in for the integral.
    let age = record.age();
    let others = (0..12).map(|day| {
        PurchaseRecord::new(x, record.age_at_last(), age + f64::from(31 * day)).unwrap()
    });
    let base = PurchaseSummary::from_records(others.chain([record])).unwrap();
    let forecast = model.forecast(&base, horizon, discount, &Work::new()).unwrap();
    check(forecast[base.places()[12] as usize].purchases, "discounted");
}

fn points(model: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(&golden("beta_geometric_points.json")).unwrap();
    let points = all["points"][model].as_array().unwrap().clone();
    assert!(points.len() >= 90, "{}", points.len());
    points
}

#[test]
fn bg_nbd_at_random_extremes() {
    for point in &points("bg_nbd") {
        let p = |name| number(point, name);
        compare(&BgNbd::with_parameters(p("r"), p("alpha"), p("a"), p("b")).unwrap(), point);
    }
}

#[test]
fn mbg_nbd_at_random_extremes() {
    for point in &points("mbg_nbd") {
        let p = |name| number(point, name);
        compare(&MbgNbd::with_parameters(p("r"), p("alpha"), p("a"), p("b")).unwrap(), point);
    }
}

/// DERT of single CDNOW customers is a published use; here the chances of a handful of purchases
/// add up to one, and their mean is the expected number.
#[test]
fn a_distribution_agrees_with_its_mean() {
    let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614).unwrap();
    for (x, t_x, age) in [(0, 0.0, 0.0), (0, 0.0, 272.0), (7, 206.0, 272.0), (100, 270.0, 272.0)] {
        let record = PurchaseRecord::new(x, t_x, age).unwrap();
        let year = Days::weeks(52);
        let chances = model.purchase_distribution(&record, year, 4000);
        let (mut total, mut mean) = (0.0, 0.0);
        for (k, chance) in chances.iter().enumerate() {
            total += chance;
            mean += k as f64 * chance;
        }
        close(total, 1.0, 1e-13);
        close(mean, model.expected_purchases(&record, year), 1e-11);
        close(1.0 - chances[0], model.p_active(&record, year).value(), 1e-12);
    }
}
