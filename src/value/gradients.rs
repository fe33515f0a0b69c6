//! The derivatives that fits search with, against those that dual numbers carry through the
//! likelihoods as their papers write them.
//!
//! Points are of the files of reference values, as far as the plain formulas reach: they overflow
//! and cancel where ours do not.

mod dual;

use dual::Dual;
use serde_json::Value;

use crate::num::newton::Curve;
use crate::num::quadrature::gauss_legendre;
use crate::num::real::ln;
use crate::value::{
    BgBb, BgCnbd, BgNbd, FittedCnbd, GammaGamma, MbgCnbd, MbgNbd, OpportunityRecord,
    OpportunitySummary, ParetoNbd, PurchaseRecord, PurchaseSummary, RenewalTable,
    ShiftedBetaGeometric, SpendRecord,
};
use crate::work::Work;

/// Relative to each derivative, and where one is a small difference of large terms, to what a
/// rounding of the largest derivative leaves.
const TOLERANCE: f64 = 1e-9;
const ROUNDING: f64 = 1e-13;

#[track_caller]
fn agree<const N: usize>(analytic: &Curve<N>, carried: Dual<N>, point: &dyn std::fmt::Debug) {
    let carried = -carried;
    let all = carried.gradient.iter().chain(carried.hessian.as_flattened());
    let largest = all.fold(carried.value.abs(), |most, slope| most.max(slope.abs()));
    let close = |got: f64, want: f64, what: &str| {
        let allowed = TOLERANCE * want.abs() + ROUNDING * largest;
        assert!((got - want).abs() <= allowed, "{what}: got {got:e}, want {want:e} at {point:?}");
    };
    close(analytic.value, carried.value, "value");
    for i in 0..N {
        close(analytic.gradient[i], carried.gradient[i], &format!("slope {i}"));
        for j in 0..N {
            close(analytic.hessian[i][j], carried.hessian[i][j], &format!("curvature {i} {j}"));
        }
    }
}

/// Stored points, each with its numbers.
fn stored(file: &str, path: &[&str]) -> Vec<Value> {
    let file = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let list = path.iter().fold(&all, |value, key| &value[*key]);
    list.as_array().unwrap().clone()
}

fn number(point: &Value, name: &str) -> f64 {
    match &point[name] {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap(),
    }
}

fn numbers<const N: usize>(point: &Value, names: [&str; N]) -> [f64; N] {
    names.map(|name| number(point, name))
}

fn purchases(point: &Value) -> PurchaseRecord {
    let [x, t_x, age] = numbers(point, ["x", "t_x", "T"]);
    PurchaseRecord::new(x as u32, t_x * 7.0, age * 7.0).unwrap()
}

fn only(record: PurchaseRecord) -> PurchaseSummary {
    PurchaseSummary::from_records([record]).unwrap()
}

const LIKELIHOODS: &str = "likelihoods_50_digits.json";
const DISCRETE: &str = "discrete_50_digits.json";
const PARETO: &str = "pareto_nbd_50_digits.json";

/// Fader, Hardie & Lee (2005), equation 6, with n chances to drop out, and with the factor of
/// Reutterer, Platzer & Schröder (2021) for purchases that are every k-th of hidden events.
fn geometric(logs: &[f64; 4], record: &PurchaseRecord, n: u32, k: u32) -> Dual<4> {
    let [r, alpha, a, b] = Dual::variables(logs).map(Dual::exp);
    let (t_x, age) = record.weeks();
    let hidden = k * record.repeat_purchases();
    let shape = r + f64::from(hidden).into();
    let silent_until = |t: f64| r * alpha.ln() - shape * (alpha + t.into()).ln();
    let mut phases = Dual::from(0.0);
    let share = Dual::from(record.silent_weeks()) / (alpha + age.into());
    let mut term = Dual::from(1.0);
    for j in 0..k {
        phases = phases + term;
        let next = f64::from(j) + 1.0;
        term = term * (shape + f64::from(j).into()) * share / next.into();
    }
    let alive = silent_until(age) + phases.ln();
    if n == 0 {
        return r.ln_rising(hidden) + alive;
    }
    let kept = b + f64::from(n - 1).into();
    let fates = (kept.ln() + alive).log_add(a.ln() + silent_until(t_x));
    r.ln_rising(hidden) + b.ln_rising(n - 1) - (a + b).ln_rising(n) + fates
}

#[test]
fn bg_nbd_and_mbg_nbd() {
    let names = ["r", "alpha", "a", "b"];
    let mut seen = 0;
    for (key, more) in [("bg_nbd", 0), ("mbg_nbd", 1)] {
        for point in stored(LIKELIHOODS, &["points", key]) {
            let p = numbers(&point, names);
            let (logs, record) = (p.map(ln), purchases(&point));
            let [r, alpha, a, b] = p;
            let model = match more {
                0 => BgNbd::with_parameters(r, alpha, a, b),
                _ => MbgNbd::with_parameters(r, alpha, a, b),
            };
            let base = only(record);
            let (rows, _) = model.unwrap().objective(&base);
            let analytic = rows.negative_log_likelihood(&logs, &Work::new()).unwrap();
            let n = record.repeat_purchases() + more;
            agree(&analytic, geometric(&logs, &record, n, 1), &point);
            seen += 1;
        }
    }
    assert_eq!(seen, 92);
}

#[test]
fn regular_timing() {
    let logs = [0.7, 3.0, 0.9, 2.5].map(ln);
    let [r, alpha, a, b] = [0.7, 3.0, 0.9, 2.5];
    for k in [2, 3, 7] {
        let models: [(FittedCnbd, u32); 2] = [
            (BgCnbd::with_parameters(k, r, alpha, a, b).unwrap(), 0),
            (MbgCnbd::with_parameters(k, r, alpha, a, b).unwrap(), 1),
        ];
        for (model, more) in models {
            for (x, t_x, age) in
                [(0, 0.0, 90.0), (1, 33.0, 90.0), (8, 200.0, 201.0), (40, 7.0, 7.0)]
            {
                let record = PurchaseRecord::new(x, t_x, age).unwrap();
                let base = only(record);
                let analytic = model.negative_log_likelihood(&base, &logs, &Work::new()).unwrap();
                agree(&analytic, geometric(&logs, &record, x + more, k), &(k, x, more));
            }
        }
    }
}

/// Fader & Hardie (2005), with the integral over the time of leaving; panels of its logarithm.
fn pareto(logs: &[f64; 4], record: &PurchaseRecord) -> Dual<4> {
    let [r, alpha, s, beta] = Dual::variables(logs).map(Dual::exp);
    let (t_x, age) = record.weeks();
    let shape = r + f64::from(record.repeat_purchases()).into();
    // Terms as multiples of that of who is alive.
    let alive = |u: f64| -shape * (alpha + u.into()).ln() - s * (beta + u.into()).ln();
    let at_end = alive(age);
    let scale = alpha.value.min(beta.value);
    let (from, until) = (ln(scale + t_x), ln(scale + age));
    let mut sum = Dual::from(1.0);
    const PANELS: usize = 64;
    let width = (until - from) / PANELS as f64;
    for panel in 0..PANELS {
        for (node, weight) in gauss_legendre(16) {
            let log = from + width * (panel as f64 + node);
            let shifted = crate::num::real::exp(log);
            let u = shifted - scale;
            let rate = s / (beta + u.into()) * (alive(u) - at_end).exp();
            sum = sum + rate * (weight * width * shifted).into();
        }
    }
    r.ln_rising(record.repeat_purchases()) + r * alpha.ln() + s * beta.ln() + at_end + sum.ln()
}

#[test]
fn pareto_nbd() {
    let mut seen = 0;
    for point in stored(PARETO, &["points"]) {
        let p = numbers(&point, ["r", "alpha", "s", "beta"]);
        // Where leaving long ago is e^40 times as likely as being there, the panels are too wide.
        let record = purchases(&point);
        let (t_x, age) = record.weeks();
        let steep = (p[0] + f64::from(record.repeat_purchases())) * ln((p[1] + age) / (p[1] + t_x));
        let narrow = p[1].min(p[3]) > 1e-3 && steep < 40.0;
        if !narrow {
            continue;
        }
        let [r, alpha, s, beta] = p;
        let (logs, base) = (p.map(ln), only(record));
        let model = ParetoNbd::with_parameters(r, alpha, s, beta).unwrap();
        let (rows, _) = model.objective(&base);
        let analytic = rows.negative_log_likelihood(&logs, &Work::new()).unwrap();
        agree(&analytic, pareto(&logs, &record), &point);
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

/// p, q, γ, purchases and mean spend of the points of both files.
fn spend_points() -> Vec<[f64; 5]> {
    let of_point = |point: &Value| numbers(point, ["p", "q", "gamma", "x", "mean_spend"]);
    let mut points: Vec<[f64; 5]> =
        stored(LIKELIHOODS, &["points", "gamma_gamma"]).iter().map(of_point).collect();
    let file = format!("{}/tests/golden/gamma_gamma_points.csv", env!("CARGO_MANIFEST_DIR"));
    for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
        let mut fields = line.split(',').map(|field| field.parse().unwrap_or(f64::NAN));
        points.push(std::array::from_fn(|_| fields.next().unwrap()));
    }
    points
}

/// Fader & Hardie (2013), equation 1a.
#[test]
fn gamma_gamma() {
    let mut seen = 0;
    for point in spend_points() {
        let [p, q, gamma, x, mean] = point;
        // Beyond, the logarithms of gamma functions are large and cancel.
        let mild = [p, q, gamma, mean].iter().all(|number| ln(*number).abs() < 12.0);
        if !mild || p * x > 100.0 || q > 100.0 {
            continue;
        }
        let logs = [p, q, gamma].map(ln);
        let record = SpendRecord::new(x as u32, mean).unwrap();
        let [p, q, gamma] = Dual::variables(&logs).map(Dual::exp);
        let s = p * x.into();
        let carried = (s + q).ln_gamma() - s.ln_gamma() - q.ln_gamma()
            + q * gamma.ln()
            + s * ln(x * mean).into()
            - ln(mean).into()
            - (s + q) * (gamma + (x * mean).into()).ln();
        agree(&GammaGamma::curve(&[record], &logs), carried, &point);
        seen += 1;
    }
    assert!(seen >= 15, "{seen}");
}

/// Fader, Hardie & Shang (2010), equation 6, with beta functions as rising factorials.
fn bg_bb(logs: &[f64; 4], record: &OpportunityRecord) -> Dual<4> {
    let [alpha, beta, gamma, delta] = Dual::variables(logs).map(Dual::exp);
    let (x, n) = (record.purchases(), record.opportunities());
    let taken =
        |of: u32| alpha.ln_rising(x) + beta.ln_rising(of - x) - (alpha + beta).ln_rising(of);
    let alive = taken(n) + delta.ln_rising(n) - (gamma + delta).ln_rising(n);
    (record.last_opportunity()..n).fold(alive, |sum, t| {
        let gone = gamma.ln() + delta.ln_rising(t) - (gamma + delta).ln_rising(t + 1);
        sum.log_add(taken(t) + gone)
    })
}

#[test]
fn bg_bb_by_opportunities() {
    let mut seen = 0;
    for point in stored(DISCRETE, &["bg_bb"]) {
        let [x, t_x, n] = numbers(&point, ["x", "t_x", "n"]).map(|count| count as u32);
        // Sums of every silence, each of sums of n logarithms: few enough of them.
        if n > 60 {
            continue;
        }
        let logs = numbers(&point, ["alpha", "beta", "gamma", "delta"]).map(ln);
        if logs.iter().any(|log| log.abs() > 12.0) {
            continue;
        }
        let record = OpportunityRecord::new(x, t_x, n).unwrap();
        let base = OpportunitySummary::from_records([record]).unwrap();
        agree(&BgBb::curve(&base, &logs), bg_bb(&logs, &record), &point);
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

/// Fader & Hardie (2007), equations 5 and 6, cohort by cohort and not renewal by renewal.
#[test]
fn sbg() {
    let cohorts: [&[f64]; 2] =
        [&[1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0], &[500.0, 300.0]];
    let mut table = RenewalTable::new();
    for cohort in cohorts {
        table.add_cohort(cohort).unwrap();
    }
    let mut points: Vec<[f64; 2]> = vec![[0.704, 1.182], [0.668, 3.806], [1e-3, 50.0]];
    points.extend(
        stored(DISCRETE, &["sbg"]).iter().take(40).map(|point| numbers(point, ["alpha", "beta"])),
    );
    for p in points {
        let logs = p.map(ln);
        if logs.iter().any(|log| log.abs() > 12.0) {
            continue;
        }
        let [alpha, beta] = Dual::variables(&logs).map(Dual::exp);
        let survival = |t: u32| beta.ln_rising(t) - (alpha + beta).ln_rising(t);
        let mut carried = Dual::from(0.0);
        for cohort in cohorts {
            for (t, pair) in (0..).zip(cohort.windows(2)) {
                let leaves = survival(t) + alpha.ln() - (alpha + beta + f64::from(t).into()).ln();
                carried = carried + leaves * (pair[0] - pair[1]).into();
            }
            let last = cohort.len() - 1;
            carried = carried + survival(last as u32) * cohort[last].into();
        }
        agree(&ShiftedBetaGeometric::curve(&table, &logs), carried, &p);
    }
}
