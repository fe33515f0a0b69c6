//! The main job: a file of transactions in, judged segments and a strategy for every customer out.
//!
//! ```text
//! cargo run --release --example blueprint -- --help
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;
use std::str::FromStr;

use segmentry::blueprint::{Blueprint, Inputs};
use segmentry::cluster::{KMeans, PredictionStrength};
use segmentry::data::{AttributeField, AttributeKind, CsvAttributes, CsvTransactions};
use segmentry::export::Directory;
use segmentry::strategy::{CpMap, CrossSell, Develop, ReduceCostToServe, Retain, WinBack};
use segmentry::units::{Date, Days, Money};
use segmentry::value::LifetimeValue;
use segmentry::work::Work;

const HELP: &str = "\
Turns a file of transactions into judged segments and a strategy for every customer.

    blueprint [--transactions FILE.csv] [--columns customer=..,time=..,amount=..|quantity=..,price=..,
                                                   category=..,product=..,order=..]
              [--attributes FILE.csv] [--observed-until YYYY-MM-DD] [--segments K|auto]
              [--seed N] [--horizon-weeks N] [--contact-cost MONEY] [--budget MONEY] [--out DIR]

Without --transactions it uses the bundled CDNOW sample. The defaults of --columns are
customer=customer_id,time=time,amount=amount. The attributes have a column customer_id;
`margin` is a share of spend, `cost_to_serve` money per year, and yes/no columns are needs.
--contact-cost is what addressing a customer costs, whatever for, and --budget what may be spent
on it; without them everything that gains is recommended. Results go to DIR (blueprint-out):
customers.csv, segments.csv, quality.json, verdict.json and blueprint.html.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = error.to_string();
            let mut cause = error.source();
            while let Some(inner) = cause {
                message.push_str(&format!(": {inner}"));
                cause = inner.source();
            }
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let options = Options::parse(arguments)?;
    let transactions = options.transactions()?;
    let attributes = options.attributes()?;
    let mut inputs = Inputs::new(&transactions);
    if let Some(attributes) = &attributes {
        inputs = inputs.attributes(attributes);
    }
    let result = options.blueprint()?.build_parallel(inputs, &work())?;
    let out = options.get("out").unwrap_or("blueprint-out");
    result.write(&mut Directory::create(out)?)?;
    println!(
        "{}written to {out}: customers.csv, segments.csv, quality.json, verdict.json, blueprint.html",
        result.report().summary()
    );
    Ok(())
}

/// Shows on a terminal what is being done, and wipes it when the work is over.
fn work() -> Work {
    if !stderr().is_terminal() {
        return Work::new();
    }
    Work::new().observed_by(|progress| {
        eprint!(
            "\r\x1b[K{} {}",
            progress.doing,
            if progress.done > 0 { progress.done.to_string() } else { String::new() }
        );
        if progress.doing == "choosing strategies" {
            eprint!("\r\x1b[K");
        }
        // Nothing is lost where the terminal is gone.
        let _ = stderr().flush();
    })
}

/// The options as they were given, each a name and a value.
struct Options(Vec<(String, String)>);

const NAMES: [&str; 10] = [
    "transactions",
    "columns",
    "attributes",
    "observed-until",
    "segments",
    "seed",
    "horizon-weeks",
    "contact-cost",
    "budget",
    "out",
];

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut options = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let name = argument.strip_prefix("--").filter(|name| NAMES.contains(name));
            let name =
                name.ok_or_else(|| format!("unknown option `{argument}`; --help lists them"))?;
            let value = arguments.next().ok_or_else(|| format!("--{name} needs a value"))?;
            options.push((name.to_owned(), value.clone()));
        }
        Ok(Self(options))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn parsed<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Box<dyn Error>> {
        let parse = |value: &str| {
            value.parse().map_err(|_| format!("--{name} is `{value}`, expected {what}").into())
        };
        self.get(name).map(parse).transpose()
    }

    fn transactions(&self) -> Result<CsvTransactions, Box<dyn Error>> {
        let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/cdnow.csv");
        let mut source = match self.get("transactions") {
            Some(path) => CsvTransactions::open(path).map_err(|error| in_file(path, error))?,
            None => CsvTransactions::open(bundled)?.time("date"),
        };
        for pair in self.get("columns").into_iter().flat_map(|columns| columns.split(',')) {
            source = match pair.split_once('=') {
                Some(("customer", column)) => source.customer(column),
                Some(("time", column)) => source.time(column),
                Some(("amount", column)) => source.amount(column),
                Some(("quantity", column)) => source.quantity(column),
                Some(("price", column)) => source.price(column),
                Some(("category", column)) => source.category(column),
                Some(("product", column)) => source.product(column),
                Some(("order", column)) => source.order(column),
                _ => {
                    return Err(
                        format!("--columns: `{pair}` maps no column; --help lists them").into()
                    );
                }
            };
        }
        Ok(source)
    }

    fn attributes(&self) -> Result<Option<CsvAttributes>, Box<dyn Error>> {
        let Some(path) = self.get("attributes") else { return Ok(None) };
        let mut attributes =
            CsvAttributes::open(path, "customer_id").map_err(|error| in_file(path, error))?;
        // A column of zeros and ones would otherwise pass for yes and no.
        for name in ["margin", "cost_to_serve"] {
            if attributes.has(name) {
                attributes = attributes.field(AttributeField::own(name, AttributeKind::Number));
            }
        }
        Ok(Some(attributes))
    }

    fn blueprint(&self) -> Result<Blueprint, Box<dyn Error>> {
        let mut blueprint = Blueprint::new();
        if let Some(day) = self.parsed::<Date>("observed-until", "a day such as 2011-12-09")? {
            blueprint = blueprint.observed_until(day);
        }
        if let Some(weeks) = self.parsed("horizon-weeks", "a number of weeks")? {
            blueprint = blueprint.value(LifetimeValue::new().horizon(Days::weeks(weeks)));
        }
        let mut strategy = CpMap::retail();
        if let Some(cost) = self.parsed("contact-cost", "an amount")? {
            let cost = Money::new(cost)?;
            strategy = strategy
                .with(Retain::new().contact_cost(cost))
                .with(Develop::new().contact_cost(cost))
                .with(WinBack::new().contact_cost(cost))
                .with(ReduceCostToServe::new().contact_cost(cost))
                .with(CrossSell::new().contact_cost(cost));
        }
        if let Some(budget) = self.parsed("budget", "an amount")? {
            strategy = strategy.budget(Money::new(budget)?);
        }
        blueprint = blueprint.strategy(strategy);
        let seed = self.parsed("seed", "a whole number")?.unwrap_or(0);
        Ok(match self.get("segments").unwrap_or("auto") {
            "auto" => blueprint.segmenter(PredictionStrength::new().seed(seed)),
            _ => {
                let k = self.parsed("segments", "a number of segments, or auto")?.unwrap_or(1);
                blueprint.segmenter(KMeans::new(k).seed(seed))
            }
        })
    }
}

fn in_file(path: &str, error: impl Error) -> Box<dyn Error> {
    let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
    format!("{path}: {error}{cause}").into()
}
