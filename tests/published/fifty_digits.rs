//! Single customers, from usual to extreme, against values at 50 digits.

use segmentry::units::Days;
use segmentry::value::{
    BgNbd, FittedBetaGeometric, GammaGamma, MbgNbd, PurchaseRecord, SpendRecord,
};
use serde_json::Value;

use crate::{close, golden};

/// What double precision and the conditioning of the formulas allow over the whole grid.
const LIKELIHOOD: f64 = 1e-11;
const CONDITIONAL: f64 = 1e-10;

fn points(model: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(&golden("likelihoods_50_digits.json")).unwrap();
    all["points"][model].as_array().unwrap().clone()
}

fn number(point: &Value, name: &str) -> f64 {
    match &point[name] {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("{name} in {point}")),
    }
}

fn compare(model: &FittedBetaGeometric, point: &Value) {
    let x = number(point, "x") as u32;
    let record =
        PurchaseRecord::new(x, number(point, "t_x") * 7.0, number(point, "T") * 7.0).unwrap();
    close(model.log_likelihood_of(&record), number(point, "log_lik"), LIKELIHOOD);
    close(model.p_alive(&record).value(), number(point, "p_alive"), CONDITIONAL);
    let horizon = Days::new((number(point, "t") * 7.0) as u32);
    assert_eq!(
        f64::from(horizon.count()),
        number(point, "t") * 7.0,
        "the horizon is in whole days"
    );
    close(model.expected_purchases(&record, horizon), number(point, "expected_t"), CONDITIONAL);
}

#[test]
fn bg_nbd() {
    let points = points("bg_nbd");
    assert_eq!(points.len(), 42);
    for point in &points {
        let p = |name| number(point, name);
        compare(&BgNbd::with_parameters(p("r"), p("alpha"), p("a"), p("b")).unwrap(), point);
    }
}

#[test]
fn mbg_nbd() {
    let points = points("mbg_nbd");
    assert_eq!(points.len(), 50);
    for point in &points {
        let p = |name| number(point, name);
        compare(&MbgNbd::with_parameters(p("r"), p("alpha"), p("a"), p("b")).unwrap(), point);
    }
}

#[test]
fn gamma_gamma() {
    let points = points("gamma_gamma");
    assert_eq!(points.len(), 6);
    for point in &points {
        let p = |name| number(point, name);
        let model = GammaGamma::with_parameters(p("p"), p("q"), p("gamma")).unwrap();
        let seen = SpendRecord::new(p("x") as u32, p("mean_spend")).unwrap();
        close(model.expected_spend(Some(seen)).unwrap().amount(), p("expected_spend"), 1e-13);
        close(model.expected_spend(None).unwrap().amount(), p("population_mean"), 1e-13);
    }
}
