//! The certification table: every quantity of the value models that has a reference, with its worst
//! error.
//!
//! `docs/certification.md` holds the rows that are measured here. A row that is missing there, or
//! whose printed error is below the measured one or a hundred times above it, fails, so the table
//! cannot rot. With `SEGMENTRY_CERTIFY=1` in the environment the test writes the rows instead.

use std::fmt::Write as _;

use segmentry::data::{CsvTransactions, CustomerHistory, HistorySpec};
use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Discount, FitStatus, FittedGammaGamma, FittedPurchaseModel, GammaGamma, HoldoutTest,
    Horizon, MbgNbd, ParetoNbd, PurchaseModel, PurchaseRecord, PurchaseSummary, Quantity,
    SpendRecord,
};
use segmentry::work::Work;
use serde_json::Value;

use crate::golden;

/// Log-likelihoods of single customers.
const LIKELIHOOD: f64 = 1e-11;
/// What follows from a customer's record.
const CONDITIONAL: f64 = 1e-10;
/// Parameters at an optimum, which a search finds to half of the digits of its value.
const PARAMETER: f64 = 1e-6;
/// Log-likelihood at an optimum.
const OPTIMUM: f64 = 1e-12;
/// The reference differentiates numerically.
const COVARIANCE: f64 = 2e-4;
/// Half a unit of the last printed digit.
const PRINTED: f64 = 0.5;
/// Errors below this are those of a last bit, and may be zero on one platform and not on another.
const LAST_BIT: f64 = 1e-16;

/// Chances below this have lost digits to the exponent that they are made of.
const LEAST: f64 = 1e-290;

const FIFTY_DIGITS: &str = "50 digits, usual to extreme";
const RANDOM: &str = "25 digits, random extremes";
const INDIVIDUALS: &str = "30 customers at the published parameters";
const ROUNDED: &str = "CDNOW, published summary";
const RAW: &str = "CDNOW, raw log";
const PRINT: &str = "published, units of the last digit";
const HOLDOUT: &str = "CDNOW holdout, 39 weeks";

/// One row of the table.
#[derive(Debug, Clone)]
struct Row {
    model: String,
    quantity: String,
    source: &'static str,
    points: usize,
    worst: f64,
    bar: f64,
}

/// The rows so far.
#[derive(Debug, Default)]
struct Table(Vec<Row>);

impl Table {
    /// Adds a point to the row of a quantity, or starts it.
    fn add(&mut self, model: &str, quantity: &str, source: &'static str, bar: f64, error: f64) {
        assert!(error.is_finite(), "{model}, {quantity}, {source}: not finite");
        let same =
            |row: &&mut Row| row.model == model && row.quantity == quantity && row.source == source;
        if let Some(row) = self.0.iter_mut().find(same) {
            row.points += 1;
            row.worst = row.worst.max(error);
            return;
        }
        let (model, quantity) = (model.to_owned(), quantity.to_owned());
        self.0.push(Row { model, quantity, source, points: 1, worst: error, bar });
    }

    /// The same with the relative error of `got`.
    fn compare(
        &mut self,
        (model, quantity, source): (&str, &str, &'static str),
        bar: f64,
        (got, want): (f64, f64),
    ) {
        let error = if got == want { 0.0 } else { (got - want).abs() / want.abs() };
        self.add(model, quantity, source, bar, error);
    }
}

fn number(point: &Value, name: &str) -> f64 {
    plain(&point[name])
}

fn plain(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("not a number: {other}")),
    }
}

fn json(name: &str) -> Value {
    serde_json::from_str(&golden(name)).unwrap()
}

/// The continuous rate a week as an annual one.
fn discount(weekly: f64) -> Discount {
    Discount::annual(libm::expm1(weekly * 365.25 / 7.0)).unwrap()
}

fn beta_geometric(model: &str, [r, alpha, a, b]: [f64; 4]) -> FittedPurchaseModel {
    FittedPurchaseModel::BetaGeometric(match model {
        "bg_nbd" => BgNbd::with_parameters(r, alpha, a, b).unwrap(),
        _ => MbgNbd::with_parameters(r, alpha, a, b).unwrap(),
    })
}

fn purchase_model(model: &str, point: &Value) -> FittedPurchaseModel {
    let p = |name| number(point, name);
    if model == "pareto_nbd" {
        return pareto([p("r"), p("alpha"), p("s"), p("beta")]);
    }
    beta_geometric(model, [p("r"), p("alpha"), p("a"), p("b")])
}

fn pareto([r, alpha, s, beta]: [f64; 4]) -> FittedPurchaseModel {
    FittedPurchaseModel::ParetoNbd(ParetoNbd::with_parameters(r, alpha, s, beta).unwrap())
}

/// The models at the parameters of their papers, in three decimals.
fn published() -> [(&'static str, FittedPurchaseModel); 3] {
    [
        ("bg_nbd", beta_geometric("bg_nbd", [0.243, 4.414, 0.793, 2.426])),
        ("mbg_nbd", beta_geometric("mbg_nbd", [0.525, 6.183, 0.891, 1.614])),
        ("pareto_nbd", pareto([0.553, 10.578, 0.606, 11.669])),
    ]
}

fn published_spend() -> FittedGammaGamma {
    GammaGamma::with_parameters(6.25, 3.74, 15.44).unwrap()
}

fn record_in_weeks(point: &Value) -> PurchaseRecord {
    let days = |name| number(point, name) * 7.0;
    PurchaseRecord::new(number(point, "x") as u32, days("t_x"), days("T")).unwrap()
}

fn fifty_digits(table: &mut Table) {
    for (file, key) in [
        ("likelihoods_50_digits.json", "bg_nbd"),
        ("likelihoods_50_digits.json", "mbg_nbd"),
        ("pareto_nbd_50_digits.json", "pareto_nbd"),
    ] {
        let all = json(file);
        let points = if all["points"].is_array() { &all["points"] } else { &all["points"][key] };
        for point in points.as_array().unwrap() {
            let model = purchase_model(key, point);
            let record = record_in_weeks(point);
            let p = |name| number(point, name);
            let mut row = |quantity, bar, got, want| {
                table.compare((model.name(), quantity, FIFTY_DIGITS), bar, (got, want));
            };
            row("log-likelihood", LIKELIHOOD, model.log_likelihood_of(&record), p("log_lik"));
            row("P(alive)", CONDITIONAL, model.p_alive(&record).value(), p("p_alive"));
            let horizon = Days::new((p("t") * 7.0).round() as u32);
            let expected = model.expected_purchases(&record, horizon);
            row("expected purchases", CONDITIONAL, expected, p("expected_t"));
            if key == "pareto_nbd" {
                let discount = discount(p("delta"));
                let got = model.discounted_purchases(&record, Horizon::Forever, discount).unwrap();
                row("DERT", CONDITIONAL, got, p("dert"));
            }
        }
    }
    for point in json("likelihoods_50_digits.json")["points"]["gamma_gamma"].as_array().unwrap() {
        let p = |name| number(point, name);
        let model = GammaGamma::with_parameters(p("p"), p("q"), p("gamma")).unwrap();
        let seen = SpendRecord::new(p("x") as u32, p("mean_spend")).unwrap();
        let got = |seen| model.expected_spend(seen).unwrap().amount();
        let mut row = |quantity, got, want| {
            table.compare(("Gamma-Gamma", quantity, FIFTY_DIGITS), CONDITIONAL, (got, want));
        };
        row("expected spend", got(Some(seen)), p("expected_spend"));
        row("population mean", got(None), p("population_mean"));
    }
}

fn random_extremes(table: &mut Table) {
    let all = json("beta_geometric_points.json");
    for key in ["bg_nbd", "mbg_nbd"] {
        for point in all["points"][key].as_array().unwrap() {
            let model = purchase_model(key, point);
            let p = |name| number(point, name);
            let record = PurchaseRecord::new(p("x") as u32, p("t_x_days"), p("T_days")).unwrap();
            let horizon = Days::new(p("t_days") as u32);
            // The logarithm is a sum of terms many times its own size, whose errors it has.
            let (got, want) = (model.log_likelihood_of(&record), p("log_lik"));
            let error = (got - want).abs() / want.abs().max(1.0);
            table.add(model.name(), "log-likelihood", RANDOM, LIKELIHOOD, error);
            let mut row = |quantity, got: f64, want: f64| {
                if want.max(got) >= LEAST {
                    table.compare((model.name(), quantity, RANDOM), CONDITIONAL, (got, want));
                }
            };
            row("P(alive)", model.p_alive(&record).value(), p("p_alive"));
            let later = model.p_alive_after(&record, horizon).value();
            row("P(alive) later", later, p("p_alive_after"));
            row("expected purchases", model.expected_purchases(&record, horizon), p("expected"));
            let chances = model.purchase_distribution(&record, horizon, 5);
            for (got, want) in chances.into_iter().zip(point["pmf"].as_array().unwrap()) {
                row("P(Y = 0), .. P(Y = 5)", got, plain(want));
            }
            let discount = discount(p("delta"));
            let discounted =
                |horizon| model.discounted_purchases(&record, horizon, discount).unwrap();
            row("discounted purchases", discounted(horizon.into()), p("discounted"));
            row("DERT", discounted(Horizon::Forever), p("forever"));
        }
    }
}

fn individuals(table: &mut Table) {
    let reference = json("cdnow_certification.json");
    let spend = published_spend();
    for customer in reference["individuals"].as_array().unwrap() {
        let record = record_in_weeks(customer);
        // A mean spend of zero stands for no repeat purchase.
        let seen = Some(number(customer, "mean_spend")).filter(|_| record.repeat_purchases() > 0);
        let seen = seen.map(|mean| SpendRecord::new(record.repeat_purchases(), mean).unwrap());
        let spend = spend.expected_spend(seen).unwrap().amount();
        let want = number(customer, "expected_spend");
        let of_spend = ("Gamma-Gamma", "expected spend", INDIVIDUALS);
        table.compare(of_spend, CONDITIONAL, (spend, want));
        for (key, model) in published() {
            let p = |name| number(&customer[key], name);
            let mut row = |quantity, bar, got, want| {
                table.compare((model.name(), quantity, INDIVIDUALS), bar, (got, want));
            };
            row("log-likelihood", LIKELIHOOD, model.log_likelihood_of(&record), p("log_lik"));
            row("P(alive)", CONDITIONAL, model.p_alive(&record).value(), p("p_alive"));
            let expected = model.expected_purchases(&record, Days::weeks(39));
            row("expected purchases", CONDITIONAL, expected, p("expected_39"));
            let dert =
                model.discounted_purchases(&record, Horizon::Forever, discount(0.0027)).unwrap();
            row("DERT", CONDITIONAL, dert, p("dert_0.0027"));
            let value = match key {
                "bg_nbd" => "clv_bg_nbd_dert_x_spend",
                "pareto_nbd" => "clv_pareto_nbd_dert_x_spend",
                _ => continue,
            };
            row("DERT x spend", CONDITIONAL, dert * spend, number(customer, value));
        }
    }
}

/// The published table, times in weeks rounded to two decimals.
fn summary() -> PurchaseSummary {
    let table = golden("cdnow_summary.csv");
    let record = |line: &str| {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        PurchaseRecord::new(fields[1] as u32, fields[2] * 7.0, fields[3] * 7.0).unwrap()
    };
    PurchaseSummary::from_records(table.lines().skip(1).map(record)).unwrap()
}

fn history() -> CustomerHistory {
    let file = format!("{}/examples/data/cdnow.csv", env!("CARGO_MANIFEST_DIR"));
    let shop = CsvTransactions::open(file).unwrap().time("date");
    let spec = HistorySpec::new()
        .observed_until("1997-09-30".parse().unwrap())
        .holdout_until("1998-06-30".parse().unwrap())
        .purchase_days();
    CustomerHistory::read(&shop, &spec, &Work::new()).unwrap()
}

fn models() -> [(&'static str, PurchaseModel); 3] {
    [
        ("bg_nbd", BgNbd::new().into()),
        ("mbg_nbd", MbgNbd::new().into()),
        ("pareto_nbd", ParetoNbd::new().into()),
    ]
}

fn letters(key: &str) -> [&'static str; 4] {
    if key == "pareto_nbd" { ["r", "alpha", "s", "beta"] } else { ["r", "alpha", "a", "b"] }
}

/// A printed number as its value and the unit of its last digit.
fn printed(text: &str) -> (f64, f64) {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    (text.parse().unwrap(), format!("1e-{decimals}").parse().unwrap())
}

fn fits(table: &mut Table, history: &CustomerHistory) {
    let reference = json("cdnow_certification.json");
    let rounded = summary();
    let raw = PurchaseSummary::of(history);
    for (which, base, source) in [("rounded_summary", &rounded, ROUNDED), ("raw_log", &raw, RAW)] {
        for (key, model) in models() {
            let fitted = model.fit(base, &Work::new()).unwrap();
            assert_eq!(*fitted.status(), FitStatus::Converged);
            let reference = &reference[which][key];
            let errors = fitted.standard_errors().unwrap();
            let covariance = fitted.covariance().unwrap();
            let mut row = |quantity, bar, got, want| {
                table.compare((fitted.name(), quantity, source), bar, (got, want));
            };
            for (i, (_, got)) in fitted.parameters().into_iter().enumerate() {
                let letter = letters(key)[i];
                row("parameters", PARAMETER, got, number(&reference["params"], letter));
                let want = number(&reference["std_err"], letter);
                row("standard errors", COVARIANCE, errors[i], want);
                for j in 0..4 {
                    let want = plain(&reference["cov"][i][j]);
                    row("covariance", COVARIANCE, covariance[i][j], want);
                }
            }
            let optimum = fitted.log_likelihood().unwrap();
            row("log-likelihood, maximum", OPTIMUM, optimum, number(reference, "log_lik"));
        }
    }
    published_fits(table, &raw, history);
}

/// Fader, Hardie & Lee (2005), table 2; BTYDplus for MBG/NBD; Fader & Hardie (2013), note 025.
fn published_fits(table: &mut Table, raw: &PurchaseSummary, history: &CustomerHistory) {
    let printed_parameters: [&[&str]; 3] = [
        &["0.243", "4.414", "0.793", "2.426", "-9582.4"],
        &["0.525", "6.183", "0.891", "1.614"],
        &["0.553", "10.578", "0.606", "11.669", "-9595.0"],
    ];
    for ((_, model), texts) in models().into_iter().zip(printed_parameters) {
        let fitted = model.fit(raw, &Work::new()).unwrap();
        let parameters = fitted.parameters().into_iter().map(|(_, value)| value);
        let got: Vec<f64> = parameters.chain(fitted.log_likelihood()).collect();
        for (place, (got, text)) in got.into_iter().zip(texts).enumerate() {
            let quantity = if place < 4 { "parameters" } else { "log-likelihood, maximum" };
            let (want, unit) = printed(text);
            table.add(fitted.name(), quantity, PRINT, PRINTED, (got - want).abs() / unit);
        }
    }
    let spend = GammaGamma::new().fit(&SpendRecord::of(history), &Work::new()).unwrap();
    for (got, text) in
        [spend.p(), spend.q(), spend.gamma()].into_iter().zip(["6.25", "3.74", "15.44"])
    {
        let (want, unit) = printed(text);
        table.add("Gamma-Gamma", "parameters", PRINT, PRINTED, (got - want).abs() / unit);
    }
    let reference = &json("cdnow_fits.json")["fits"]["gamma_gamma"];
    let mut row = |quantity, bar, got, want| {
        table.compare(("Gamma-Gamma", quantity, RAW), bar, (got, want));
    };
    for (i, (got, letter)) in
        [spend.p(), spend.q(), spend.gamma()].into_iter().zip(["p", "q", "gamma"]).enumerate()
    {
        row("parameters", PARAMETER, got, number(&reference["params"], letter));
        for j in 0..3 {
            let got = spend.covariance().unwrap()[i][j];
            row("covariance", COVARIANCE, got, plain(&reference["cov"][i][j]));
        }
    }
    let optimum = spend.log_likelihood().unwrap();
    row("log-likelihood, maximum", OPTIMUM, optimum, number(reference, "log_lik"));
}

/// From the log, as the reference has it; what customers did is counted in it as well.
fn holdout(table: &mut Table, history: &CustomerHistory) {
    let reference = json("cdnow_certification.json");
    let test = HoldoutTest::of(history).unwrap();
    let base = PurchaseSummary::of(history);
    for (key, model) in published() {
        let distinct = base.distinct().iter();
        let expected: Vec<f64> =
            distinct.map(|record| model.expected_purchases(record, Days::weeks(39))).collect();
        let forecast: Vec<f64> =
            base.places().iter().map(|&place| expected[place as usize]).collect();
        let score = test.score(model.name(), Quantity::Purchases, &forecast).unwrap();
        let want = &reference["holdout_39_weeks"][key];
        let mut row = |quantity, got, want| {
            table.compare((model.name(), quantity, HOLDOUT), CONDITIONAL, (got, want));
        };
        row("forecast, total", score.forecast, number(want, "predicted_total"));
        row("mean absolute error", score.mean_absolute_error, number(want, "mae"));
        let squared = score.root_mean_squared_error;
        row("root mean squared error", squared, number(want, "rmse"));
        for group in &score.by_repeat_purchases {
            let want = plain(&want["by_calibration_x"][group.group as usize]);
            row("forecast by repeat purchases", group.forecast, want);
        }
        assert_eq!(score.actual, 1882.0);
    }
}

/// One significant digit, rounded up, so that a bit more or less does not change the table.
fn shown(error: f64) -> String {
    let text = format!("{:.16e}", error.max(LAST_BIT));
    let (mantissa, power) = text.split_once('e').unwrap();
    let digit = (mantissa.parse::<f64>().unwrap() * (1.0 - 1e-12)).ceil();
    let up: f64 = format!("{digit}e{power}").parse().unwrap();
    brief(up)
}

fn brief(number: f64) -> String {
    if number >= 1e-3 { format!("{number}") } else { format!("{number:e}") }
}

fn line(row: &Row) -> String {
    let Row { model, quantity, source, points, worst, bar } = row;
    format!("| {model} | {quantity} | {source} | {points} | {} | {} |", shown(*worst), brief(*bar))
}

const BEGIN: &str = "<!-- rows: begin -->\n";
const END: &str = "<!-- rows: end -->\n";

fn measured() -> Vec<Row> {
    let mut table = Table::default();
    let history = history();
    fifty_digits(&mut table);
    random_extremes(&mut table);
    individuals(&mut table);
    fits(&mut table, &history);
    holdout(&mut table, &history);
    table
        .0
        .sort_by(|l, r| (&l.model, &l.quantity, l.source).cmp(&(&r.model, &r.quantity, r.source)));
    table.0
}

/// Model, quantity, source, points, error and bar of a printed row.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn every_error_is_within_its_bar_and_in_the_document() {
    let rows = measured();
    for row in &rows {
        assert!(row.worst <= row.bar, "{row:?}");
    }
    let path = format!("{}/docs/certification.md", env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    if std::env::var_os("SEGMENTRY_CERTIFY").is_some() {
        let mut lines = String::from(
            "| model | quantity | source | points | worst error | bar |\n|---|---|---|---|---|---|\n",
        );
        for row in &rows {
            writeln!(lines, "{}", line(row)).unwrap();
        }
        std::fs::write(&path, format!("{before}{BEGIN}{lines}{END}{after}")).unwrap();
        return;
    }
    let kept: Vec<&str> = kept.lines().skip(2).collect();
    assert_eq!(kept.len(), rows.len(), "rows in the document");
    for (row, kept) in rows.iter().zip(kept) {
        let (wanted, kept) = (line(row), cells(kept));
        let wanted = cells(&wanted);
        assert_eq!((&kept[..4], kept[5]), (&wanted[..4], wanted[5]));
        let said: f64 = kept[4].parse().unwrap();
        // A few last bits more or less are no news.
        const FEW_BITS: f64 = 5e-15;
        let worst = row.worst.max(LAST_BIT);
        let about =
            worst.max(said) <= FEW_BITS || worst <= said * (1.0 + 1e-9) && said <= 100.0 * worst;
        assert!(about, "said {said}, measured {worst}: {row:?}");
    }
}

#[test]
fn errors_are_shown_rounded_up() {
    assert_eq!(shown(1.01e-13), "2e-13");
    assert_eq!(shown(9.5e-13), "1e-12");
    assert_eq!(shown(0.0), "1e-16");
    assert_eq!(shown(0.42), "0.5");
}
