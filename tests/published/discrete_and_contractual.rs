//! BG/BB, sBG, Kaplan-Meier and the choice between families: printed figures, and points from usual
//! to extreme against values at 40 and 50 digits.

use segmentry::units::{Days, Probability};
use segmentry::value::{
    BgBb, FitStatus, FittedBgBb, FittedShiftedBetaGeometric, KaplanMeier, OpportunityRecord,
    OpportunitySummary, PeriodDiscount, PeriodHorizon, RenewalTable, ShiftedBetaGeometric, Tenure,
};
use segmentry::work::Work;
use serde_json::Value;

use crate::{close, golden};

const SIX_DIGITS: f64 = 1e-6;
const LIKELIHOOD: f64 = 1e-11;
const CONDITIONAL: f64 = 1e-10;

/// Not `crate::prints_as`, which needs the feature `csv`.
#[track_caller]
fn printed(got: f64, printed: f64, half: f64) {
    assert!((got - printed).abs() <= half, "got {got}, printed {printed}");
}

fn json(name: &str) -> Value {
    serde_json::from_str(&golden(name)).unwrap()
}

fn points(name: &str, model: &str) -> Vec<Value> {
    let all = json(name);
    let all = if all["points"].is_null() { &all } else { &all["points"] };
    all[model].as_array().unwrap().clone()
}

fn number(point: &Value, name: &str) -> f64 {
    match &point[name] {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("{name} in {point}")),
    }
}

fn count(point: &Value, name: &str) -> u32 {
    number(point, name) as u32
}

fn bg_bb(point: &Value) -> (FittedBgBb, OpportunityRecord) {
    let p = |name| number(point, name);
    let model = BgBb::with_parameters(p("alpha"), p("beta"), p("gamma"), p("delta")).unwrap();
    let of = |name| count(point, name);
    (model, OpportunityRecord::new(of("x"), of("t_x"), of("n")).unwrap())
}

fn sbg(point: &Value) -> FittedShiftedBetaGeometric {
    let p = |name| number(point, name);
    ShiftedBetaGeometric::with_parameters(p("alpha"), p("beta")).unwrap()
}

fn discount(point: &Value) -> PeriodDiscount {
    PeriodDiscount::per_period(number(point, "d")).unwrap()
}

fn donors() -> OpportunitySummary {
    let mut records = Vec::new();
    for line in golden("donations.csv").lines().skip(1) {
        let row: Vec<u32> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let record = OpportunityRecord::new(row[0], row[1], row[2]).unwrap();
        records.extend(std::iter::repeat_n(record, row[3] as usize));
    }
    OpportunitySummary::from_records(records).unwrap()
}

/// Fader, Hardie & Shang (2010): α 1.204, β 0.750, γ 0.657, δ 2.783, log-likelihood
/// -33,225.6 for 11,104 donors of 1995 and their gifts of six years.
#[test]
fn bg_bb_of_fader_hardie_shang_2010() {
    let base = donors();
    assert_eq!((base.n_customers(), base.distinct().len()), (11_104, 22));
    let fitted = BgBb::new().fit(&base, &Work::new()).unwrap();
    assert_eq!(*fitted.status(), FitStatus::Converged);
    printed(fitted.alpha(), 1.204, 0.000_5);
    printed(fitted.beta(), 0.750, 0.000_5);
    printed(fitted.gamma(), 0.657, 0.000_5);
    printed(fitted.delta(), 2.783, 0.000_5);
    printed(fitted.log_likelihood().unwrap(), -33_225.6, 0.05);
    let reference = &json("discrete_and_contractual.json")["fits"]["bg_bb_donations"];
    let parameter = |name| number(&reference["params"], name);
    close(fitted.alpha(), parameter("alpha"), SIX_DIGITS);
    close(fitted.beta(), parameter("beta"), SIX_DIGITS);
    close(fitted.gamma(), parameter("gamma"), SIX_DIGITS);
    close(fitted.delta(), parameter("delta"), SIX_DIGITS);
    let log_likelihood = fitted.log_likelihood().unwrap();
    assert!((log_likelihood - number(reference, "log_lik")).abs() < 1e-6, "{log_likelihood}");
    let covariance = fitted.covariance().unwrap();
    for (i, row) in covariance.iter().enumerate() {
        for (j, got) in row.iter().enumerate() {
            // The reference differentiates numerically.
            close(*got, reference["cov"][i][j].as_f64().unwrap(), 2e-4);
        }
    }
}

#[test]
fn bg_bb_at_50_digits() {
    let points = points("discrete_and_contractual.json", "bg_bb");
    assert_eq!(points.len(), 8);
    for point in &points {
        let (model, record) = bg_bb(point);
        let want = |name| number(point, name);
        close(model.log_likelihood_of(&record), want("log_lik"), LIKELIHOOD);
        close(model.p_alive(&record).value(), want("p_alive_n"), CONDITIONAL);
        close(model.p_alive_after(&record, 1).value(), want("p_alive_n_plus_1"), CONDITIONAL);
        close(model.expected_purchases(&record, 5), want("expected_5"), CONDITIONAL);
        let dert =
            model.discounted_purchases(&record, PeriodHorizon::Forever, discount(point)).unwrap();
        close(dert, want("dert"), CONDITIONAL);
    }
}

/// Parameters from 1e-6 to 1e8, up to 3,000 opportunities, horizons to 400, rates from 1e-4 to 1.
#[test]
fn bg_bb_at_random_extremes() {
    let points = points("discrete_50_digits.json", "bg_bb");
    assert_eq!(points.len(), 160);
    for point in &points {
        let (model, record) = bg_bb(point);
        let want = |name| number(point, name);
        let h = count(point, "h");
        close(model.log_likelihood_of(&record), want("log_lik"), LIKELIHOOD);
        close(model.p_alive(&record).value(), want("p_alive"), CONDITIONAL);
        close(model.p_alive_after(&record, h).value(), want("p_alive_after_h"), CONDITIONAL);
        close(model.p_active(&record, h).value(), want("p_active"), CONDITIONAL);
        close(model.expected_purchases(&record, h), want("expected"), CONDITIONAL);
        let of = |horizon| model.discounted_purchases(&record, horizon, discount(point)).unwrap();
        close(of(PeriodHorizon::Within(h)), want("discounted_h"), CONDITIONAL);
        close(of(PeriodHorizon::Forever), want("dert"), CONDITIONAL);
        let chances = point["distribution"].as_array().unwrap();
        let got = model.purchase_distribution(&record, h, chances.len() as u32 - 1);
        for (got, want) in got.iter().zip(chances) {
            let want: f64 = want.as_str().unwrap().parse().unwrap();
            // Numbers below the smallest one of full precision have fewer digits.
            assert!((got - want).abs() <= CONDITIONAL * want + 1e-300, "{got} {want} {point}");
        }
    }
}

/// Fader & Hardie (2007): the fits of seven years of both contracts, projected to twelve.
#[test]
fn sbg_of_fader_hardie_2007() {
    let all = json("discrete_and_contractual.json");
    // Covariances from second derivatives at 40 digits.
    let contracts = [
        (
            "sbg_regular",
            0.704,
            1.182,
            [0.004303224108578493, 0.008891192552429124, 0.023248818254967572],
        ),
        (
            "sbg_high_end",
            0.668,
            3.806,
            [0.010760935940604897, 0.07765915504958323, 0.6170600387840045],
        ),
    ];
    for (name, alpha, beta, covariance) in contracts {
        let reference = &all["fits"][name];
        let numbers = |name: &str| -> Vec<f64> {
            reference[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        let mut table = RenewalTable::new();
        table.add_cohort(&numbers("survivors_per_1000_years_0_12")[..8]).unwrap();
        let fitted = ShiftedBetaGeometric::new().fit(&table, &Work::new()).unwrap();
        assert_eq!(*fitted.status(), FitStatus::Converged);
        printed(fitted.alpha(), alpha, 0.000_5);
        printed(fitted.beta(), beta, 0.000_5);
        close(fitted.alpha(), number(&reference["params"], "alpha"), SIX_DIGITS);
        close(fitted.beta(), number(&reference["params"], "beta"), SIX_DIGITS);
        close(fitted.log_likelihood().unwrap(), number(reference, "log_lik"), 1e-12);
        for (t, want) in (1..).zip(numbers("projected_survival_1_12")) {
            close(fitted.survival(t).value(), want, SIX_DIGITS);
        }
        for (t, want) in (0..).zip(numbers("retention_rate_1_12")) {
            close(fitted.retention_after(t).value(), want, SIX_DIGITS);
        }
        let got = fitted.covariance().unwrap();
        for (got, want) in [got[0][0], got[0][1], got[1][1]].into_iter().zip(covariance) {
            close(got, want, SIX_DIGITS);
        }
    }
}

#[test]
fn sbg_at_50_digits() {
    let points = points("discrete_and_contractual.json", "sbg");
    assert_eq!(points.len(), 14);
    for point in &points {
        let (model, t) = (sbg(point), count(point, "t"));
        let want = |name| number(point, name);
        close(model.ln_survival(t), want("log_survival"), LIKELIHOOD);
        close(model.ln_probability_of_leaving_after(t - 1), want("log_pmf"), LIKELIHOOD);
        close(model.retention_after(t - 1).value(), want("retention_rate"), 1e-14);
        let (forever, d) = (PeriodHorizon::Forever, discount(point));
        let new = model.discounted_lifetime(forever, d).unwrap();
        close(new, want("del_new_customer"), CONDITIONAL);
        let residual = model.discounted_residual_lifetime(t - 1, forever, d).unwrap();
        close(residual, want("derl_after_n_minus_1_renewals"), CONDITIONAL);
    }
}

/// α and β from 1e-4 to 1e6, tenures up to 5,000 renewals, rates from 1e-4 to 1.
#[test]
fn sbg_at_random_extremes() {
    let points = points("discrete_50_digits.json", "sbg");
    assert_eq!(points.len(), 140);
    for point in &points {
        let (model, t, h) = (sbg(point), count(point, "t"), count(point, "h"));
        let want = |name| number(point, name);
        close(model.ln_survival(t), want("log_survival"), LIKELIHOOD);
        close(model.ln_probability_of_leaving_after(t - 1), want("log_pmf"), LIKELIHOOD);
        close(model.retention_after(t - 1).value(), want("retention"), 1e-14);
        let survival = model.survival(h).value();
        assert!(
            (survival - want("survival_h")).abs() <= CONDITIONAL * survival + 1e-300,
            "{point}"
        );
        let d = discount(point);
        let new = |horizon| model.discounted_lifetime(horizon, d).unwrap();
        close(new(PeriodHorizon::Forever), want("del"), CONDITIONAL);
        close(new(PeriodHorizon::Within(h)), want("del_h"), CONDITIONAL);
        let residual = model.discounted_residual_lifetime(t - 1, PeriodHorizon::Forever, d);
        close(residual.unwrap(), want("derl"), CONDITIONAL);
    }
}

/// Weeks of remission of the 21 leukaemia patients of Freireich et al. (1963) who took
/// 6-mercaptopurine, with the estimates, Greenwood errors, intervals and the mean up to 35 weeks as
/// textbooks and statistical packages print them.
#[test]
fn kaplan_meier_of_freireich_1963() {
    let weeks = |weeks: u32| Days::weeks(weeks);
    let relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23];
    let remission = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
    let tenures = relapsed.map(|w| Tenure::ended(weeks(w))).into_iter();
    let tenures = tenures.chain(remission.map(|w| Tenure::running(weeks(w))));
    let curve = KaplanMeier::of(tenures.map(|tenure| (tenure, 1.0))).unwrap();
    let table = [
        (6, 21.0, 0.857, 0.076, [0.620, 0.952]),
        (7, 17.0, 0.807, 0.087, [0.563, 0.923]),
        (10, 15.0, 0.753, 0.096, [0.503, 0.889]),
        (13, 12.0, 0.690, 0.107, [0.432, 0.849]),
        (16, 11.0, 0.627, 0.114, [0.368, 0.805]),
        (22, 7.0, 0.538, 0.128, [0.268, 0.747]),
        (23, 6.0, 0.448, 0.135, [0.188, 0.680]),
    ];
    assert_eq!(curve.steps().len(), table.len());
    let confidence = Probability::new(0.95).unwrap();
    for (step, (week, at_risk, survival, error, interval)) in curve.steps().iter().zip(table) {
        assert_eq!((step.after, step.at_risk), (weeks(week), at_risk));
        printed(step.survival.value(), survival, 0.000_5);
        printed(step.standard_error.unwrap(), error, 0.000_5);
        let got = step.interval(confidence).unwrap();
        printed(got[0], interval[0], 0.000_5);
        printed(got[1], interval[1], 0.000_5);
    }
    assert_eq!(curve.median(), Some(weeks(23)));
    assert_eq!(curve.median_interval(confidence), [Some(weeks(13)), None]);
    let mean = curve.mean_within(weeks(35)).unwrap();
    printed(mean.days / 7.0, 23.287, 0.000_5);
    printed(mean.standard_error.unwrap() / 7.0, 2.827, 0.000_5);
}

/// CDs are bought at any time: of 527 customers with three gaps one buys by the calendar.
#[cfg(feature = "csv")]
#[test]
fn the_family_of_cdnow() {
    use segmentry::data::{CsvTransactions, CustomerHistory, FindingLimits, Findings, HistorySpec};
    use segmentry::value::{FamilyReason, FamilyVerdict, PurchaseFamily};

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/cdnow.csv");
    let shop = CsvTransactions::open(path).unwrap().time("date");
    let spec = HistorySpec::new().rhythm();
    let history = CustomerHistory::read(&shop, &spec, &Work::new()).unwrap();
    let findings = Findings::of(&history, &FindingLimits::new(), &Work::new()).unwrap();
    let verdict = FamilyVerdict::of(&history, &findings);
    assert_eq!(verdict.family(), Some(PurchaseFamily::AnyTime));
    assert_eq!(verdict.reason(), FamilyReason::NoRhythmAndNoCommonDays);
    close(verdict.calendar_share().unwrap(), 1.0 / 527.0, 1e-12);
    assert_eq!(verdict.customers_judged(), Some(527));
    // 0.7052 by an independent script.
    printed(verdict.day_spread().unwrap(), 0.705_154_633_7, 1e-9);
}
