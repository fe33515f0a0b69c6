//! The calibration/holdout story: models fitted to the first 39 weeks of a cohort foretell the
//! next 39, beside rules that need no model.
//!
//! ```text
//! cargo run --release --example lifetime_value -- --help
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use segmentry::data::{CsvTransactions, CustomerHistory, HistorySpec};
use segmentry::report::{alive_chart, calibration_chart, conditional_chart, tracking_chart};
use segmentry::units::{Date, Days};
use segmentry::value::{
    BgNbd, FittedPurchaseModel, ForecastScore, HoldoutReport, HoldoutTest, MbgNbd, ParetoNbd,
    PurchaseModel, PurchaseSummary, Quantity, Tracking,
};
use segmentry::work::Work;

const HELP: &str = "\
Fits models of purchases to a calibration and judges their forecasts of a holdout.

    lifetime_value [--transactions FILE.csv] [--columns customer=..,time=..,amount=..]
                   [--observed-until YYYY-MM-DD] [--holdout-until YYYY-MM-DD] [--out DIR]

Without --transactions it uses the bundled CDNOW sample, calibrated until 1997-09-30 and tested
until 1998-06-30. With --out, charts of the MBG/NBD go there as SVG files.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let options = Options(arguments);
    let history = history(&options)?;
    let work = Work::new();
    let base = PurchaseSummary::of(&history);
    let test = HoldoutTest::of(&history)?;
    let length = test.length();
    println!(
        "{} customers, {} repeat purchases until {}; then {length} of holdout",
        history.n_customers(),
        (0..history.n_customers()).map(|row| history.repeat_purchases(row)).sum::<u32>(),
        history.observed_until(),
    );
    let models: [PurchaseModel; 3] =
        [BgNbd::new().into(), MbgNbd::new().into(), ParetoNbd::new().into()];
    let mut rules = None;
    for model in models {
        let model = model.fit(&base, &work)?;
        let report = judged(&model, &base, &test, length)?;
        let tracking = test.track(model.name(), |days| model.expected_purchases_of_new(days))?;
        println!("\n{}", fit_line(&model));
        println!("  {}", score_line(&report.score));
        println!("  {}", verdict_line(&report, &tracking));
        if let Some(out) = options.get("out").filter(|_| model.name() == "MBG/NBD") {
            draw(Path::new(out), &model, &report, &tracking)?;
            println!("  charts written to {out}");
        }
        rules = Some(report.baselines);
    }
    println!("\nRules that need no model");
    for against in rules.iter().flatten() {
        println!("  {}: {}", against.baseline.name(), score_line(&against.score));
    }
    Ok(())
}

fn history(options: &Options<'_>) -> Result<CustomerHistory, Box<dyn Error>> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/cdnow.csv");
    let mut columns = match options.get("transactions") {
        Some(_) => vec![("customer", "customer_id"), ("time", "time"), ("amount", "amount")],
        None => vec![("customer", "customer_id"), ("time", "date"), ("amount", "amount")],
    };
    if let Some(given) = options.get("columns") {
        columns = given.split(',').filter_map(|pair| pair.split_once('=')).collect();
    }
    let mut shop = CsvTransactions::open(options.get("transactions").unwrap_or(bundled))?;
    for (role, column) in columns {
        shop = match role {
            "customer" => shop.customer(column),
            "time" => shop.time(column),
            "amount" => shop.amount(column),
            "quantity" => shop.quantity(column),
            "price" => shop.price(column),
            other => return Err(format!("`{other}` is no role of a column").into()),
        };
    }
    let day = |name, default: &str| -> Result<Date, Box<dyn Error>> {
        Ok(options.get(name).unwrap_or(default).parse()?)
    };
    let spec = HistorySpec::new()
        .observed_until(day("observed-until", "1997-09-30")?)
        .holdout_until(day("holdout-until", "1998-06-30")?)
        .purchase_days();
    Ok(CustomerHistory::read_parallel(&shop, &spec, &Work::new())?)
}

/// The forecast of each customer beside the rules.
fn judged(
    model: &FittedPurchaseModel,
    base: &PurchaseSummary,
    test: &HoldoutTest<'_>,
    length: Days,
) -> Result<HoldoutReport, Box<dyn Error>> {
    // Customers with the same record have the same forecast.
    let distinct: Vec<f64> =
        base.distinct().iter().map(|record| model.expected_purchases(record, length)).collect();
    let forecast: Vec<f64> = base.places().iter().map(|&place| distinct[place as usize]).collect();
    Ok(test.judge(model.name(), Quantity::Purchases, &forecast)?)
}

fn fit_line(model: &FittedPurchaseModel) -> String {
    let parameters: Vec<String> = model
        .parameters()
        .iter()
        .zip(model.standard_errors().unwrap_or_default())
        .map(|((name, value), error)| format!("{} {value:.3} ± {error:.3}", name.symbol()))
        .collect();
    let log_likelihood = model.log_likelihood().unwrap_or(f64::NAN);
    format!("{}: {}; log-likelihood {log_likelihood:.1}", model.name(), parameters.join(", "))
}

fn score_line(score: &ForecastScore) -> String {
    format!(
        "{:.0} purchases foreseen of {:.0}, root mean squared error {:.3}, rank Gini {:.3}",
        score.forecast,
        score.actual,
        score.root_mean_squared_error,
        score.rank_gini.unwrap_or(f64::NAN),
    )
}

fn verdict_line(report: &HoldoutReport, tracking: &Tracking) -> String {
    let verdict = if report.beats_all() { "beats every rule" } else { "does not beat every rule" };
    let error = 100.0 * tracking.largest_error().unwrap_or(f64::NAN);
    format!("{verdict}; week by week at most {error:.1} % off")
}

fn draw(
    out: &Path,
    model: &FittedPurchaseModel,
    report: &HoldoutReport,
    tracking: &Tracking,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out)?;
    for (name, chart) in [
        ("tracking.svg", tracking_chart(tracking)),
        ("calibration.svg", calibration_chart(&report.score)),
        ("conditional.svg", conditional_chart(&report.score)),
        ("alive.svg", alive_chart(Days::weeks(39), 12, |record| model.p_alive(record))),
    ] {
        if let Some(chart) = chart {
            fs::write(out.join(name), chart)?;
        }
    }
    Ok(())
}

/// Pairs of `--name value`.
struct Options<'a>(&'a [String]);

impl Options<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let place = self.0.iter().position(|argument| argument.strip_prefix("--") == Some(name))?;
        self.0.get(place + 1).map(String::as_str)
    }
}
