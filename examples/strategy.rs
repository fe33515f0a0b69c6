//! A strategy for every customer: first from the purchases alone, then with a small file of stated
//! assumptions, within a budget.
//!
//! ```text
//! cargo run --release --example strategy -- --help
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use segmentry::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Attributes, CsvTransactions, CustomerHistory, HistorySpec, IdColumn,
    SourceError,
};
use segmentry::report::value_map_chart;
use segmentry::strategy::{
    CpMap, CustomerBase, CustomerStrategy, Develop, MapCell, ReduceCostToServe, Retain,
    StrategyAssigner, StrategyPlan, ValueMap, WinBack,
};
use segmentry::treatment::{
    Assignments, Cap, ContactPolicy, QuietHours, Scheduler, TimeOfDay, TreatmentPlan,
};
use segmentry::units::{ChannelId, Date, Days, Money, ResourceId};
use segmentry::value::{CustomerValue, Economics, LifetimeValue, ValueModel};
use segmentry::work::Work;

const HELP: &str = "\
A strategy for every customer, in money: value map, primary and secondary strategy, what a
budget leaves of it, what one more unit of it would be worth, and how much hangs on assumptions.

    strategy [--transactions FILE.csv] [--columns customer=..,time=..,amount=..|quantity=..,price=..,
                                                  category=..,product=..,order=..]
             [--assumptions FILE.csv] [--budget MONEY] [--agent-minutes N] [--out DIR]

Without --transactions it uses the bundled CDNOW sample, without --assumptions the bundled file,
which states margins, costs and what contacts take; each line says why. Strategies of all customers
go to DIR/strategies.csv (strategy-out), the value map to DIR/value_map.svg.";

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

type Outcome<T> = Result<T, Box<dyn Error>>;

fn run(arguments: &[String]) -> Outcome<()> {
    let options = Options::parse(arguments)?;
    let work = Work::new();
    let shop = options.transactions()?;
    let model = LifetimeValue::new();
    let history = CustomerHistory::read_parallel(&shop, &model.ask(HistorySpec::new()), &work)?;
    let fitted = model.fit(&history, &work)?;

    println!("# From the purchases alone\n");
    let value = fitted.value(&history, &Economics::none(), &work)?;
    let plan = CpMap::retail().assign(&CustomerBase::of(value), &work)?;
    print!("{}", plan.summary());
    println!("\nWhat rules strategies out, where an input is missing or a customer does not fit:");
    for (lever, rule, customers) in plan.rules() {
        println!("{customers:>8} customers  no {}: {rule}", lever.in_words());
    }

    println!("\n# With stated assumptions\n");
    let stated = Assumptions::read(options.get("assumptions").unwrap_or(BUNDLED_ASSUMPTIONS))?;
    let attributes = Attributes::read(&stated.of(&history), history.ids(), &work)?;
    let economics = Economics::from_attributes(&attributes)?;
    let value = Arc::new(fitted.value(&history, &economics, &work)?);
    let base = CustomerBase::of(Arc::clone(&value)).attributes(attributes);
    let budget = options.number("budget")?.unwrap_or(0.4 * value.rows().len() as f64);
    let minutes = options.number("agent-minutes")?.unwrap_or(0.15 * value.rows().len() as f64);
    let plan = stated
        .cp_map()?
        .budget(Money::new(budget)?)
        .capacity(ResourceId::of("agent_minutes"), minutes)
        .assign(&base, &work)?;
    print!("{}", plan.summary());

    println!("\nWithin a budget of {budget:.2} and {minutes:.0} minutes of agents:");
    if let Some(budgeting) = plan.budgeting() {
        print!("{budgeting}");
    }
    println!("\nWhat other budgets would gain:");
    let budgets = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0].map(|share| share * budget);
    for point in plan.frontier(&ResourceId::MONEY, &budgets, &work)?.unwrap_or_default() {
        println!(
            "{:>12.2}  gains {:>12.2}, one more unit {:>7.2}",
            point.at_most, point.value, point.price
        );
    }
    println!("\nWho would be next with a larger budget:");
    for next in plan.enters_next(&ResourceId::MONEY, 3, &work)?.unwrap_or_default() {
        let what = next.primary.in_words();
        let who = plan.ids().get(next.row).map_or(String::new(), |id| id.expose().to_owned());
        println!("  {who}: {what}, +{} for {:.2} more", next.gain, next.uses);
    }
    if let Some(sensitivity) = plan.sensitivity(&work)? {
        println!("\n{sensitivity}");
    }
    let map = ValueMap::of(&value, &plan)?;
    value_map(&map);
    explain(&value, &plan);
    contacts(&plan, history.observed_until(), &work)?;

    let out = options.get("out").unwrap_or("strategy-out");
    fs::create_dir_all(out)?;
    fs::write(format!("{out}/strategies.csv"), strategies(&plan))?;
    if let Some(chart) = value_map_chart(&map, 11) {
        fs::write(format!("{out}/value_map.svg"), chart)?;
    }
    println!("written to {out}: strategies.csv, value_map.svg");
    Ok(())
}

/// The map by fifths of current value, the best first.
fn value_map(map: &ValueMap) {
    println!("The customer value map, by fifths of current value and headroom:\n");
    println!("value    headroom  customers       current      headroom      risk          gain");
    let fifth = |decile: u8| decile.div_ceil(2);
    let place = |cell: &MapCell| (fifth(cell.value_band), fifth(cell.headroom_band));
    let mut cells: Vec<&MapCell> = map.cells.iter().collect();
    cells.sort_by_key(|cell| place(cell));
    for fifth in cells.chunk_by(|a, b| place(a) == place(b)) {
        let customers: usize = fifth.iter().map(|cell| cell.customers).sum();
        let risk = |cell: &&MapCell| cell.mean_risk.unwrap_or(0.0) * cell.customers as f64;
        let (value, headroom) = place(fifth[0]);
        println!(
            "{value:>5}    {headroom:>8}  {customers:>9}  {:>12}  {:>12}  {:>6.1} %  {:>12}",
            fifth.iter().map(|cell| cell.current).sum::<Money>(),
            fifth.iter().filter_map(|cell| cell.headroom).sum::<Money>(),
            100.0 * fifth.iter().map(risk).fold(0.0, |sum, more| sum + more) / customers as f64,
            fifth.iter().map(|cell| cell.gain).sum::<Money>(),
        );
    }
    println!();
}

/// The best customer of each of three strategies, in words.
fn explain(value: &CustomerValue, plan: &StrategyPlan) {
    println!("Three customers:\n");
    let mut told: Vec<String> = Vec::new();
    for planned in plan.top(plan.n_customers()) {
        let strategy = planned.strategy();
        if told.len() == 3 || told.iter().any(|name| name == planned.primary().name()) {
            continue;
        }
        told.push(planned.primary().name().to_owned());
        let worth = &value.rows()[planned.row()];
        println!(
            "Customer {}: {} purchases, {} net so far, last {} ago.",
            planned.customer().expose(),
            worth.purchases,
            worth.current,
            worth.days_since_last
        );
        for chosen in std::iter::once(strategy.primary()).chain(strategy.secondary()) {
            println!(
                "  {}: +{} because {}.",
                chosen.lever().in_words(),
                chosen.gain(),
                chosen.reason()
            );
            if let Some(terms) = chosen.gain_terms() {
                println!(
                    "    sales {}, retention {}, cost {}; spends {}; {}",
                    terms.sales,
                    terms.retention,
                    terms.cost,
                    chosen.spend(),
                    if chosen.is_funded() { "funded" } else { "not funded" }
                );
            }
        }
        println!("  ahead of the next by {}{}.", strategy.lead(), not_funded(strategy));
        if let Some(why) = strategy.why_not_funded() {
            println!("  not done: {why}");
        }
        for (lever, rule) in strategy.ineligible() {
            println!("  no {}: {}", lever.in_words(), rule.rule());
        }
        println!();
    }
}

fn not_funded(strategy: &CustomerStrategy) -> String {
    match strategy.within_limits() {
        [] => "; nothing is done within the limits".to_owned(),
        acts => {
            let names: Vec<String> = acts.iter().map(|act| act.lever().in_words()).collect();
            format!("; within the limits: {}", names.join(" and "))
        }
    }
}

/// The contacts of the four weeks after the observation.
///
/// No consents are known here, so that letters and e-mails are taken to be allowed; an application
/// passes the consents that it has, and whoever gave none is not addressed.
fn contacts(plan: &StrategyPlan, observed_until: Date, work: &Work) -> Outcome<()> {
    let treatments = TreatmentPlan::retail();
    let assignments = Assignments::from_plan(plan, work)?;
    let night = QuietHours::new(TimeOfDay::new(20, 0)?, TimeOfDay::new(8, 0)?);
    let policy = ContactPolicy::new()
        .cap(Cap::over_all(2, Days::new(14)))
        .quiet_hours(night)
        .without_consent(ChannelId::of("letter"))
        .without_consent(ChannelId::of("email"));
    let first = Date::from_day_number(observed_until.day_number() + 1).unwrap_or(observed_until);
    let schedule = Scheduler::new(&treatments, first, Days::weeks(4))
        .policy(&policy)
        .capacity(ChannelId::of("letter"), 100.0)
        .schedule(&assignments, work)?;
    println!("The next four weeks, at most 100 letters a day:\n\n{}", schedule.summary());
    Ok(())
}

/// One line a customer.
fn strategies(plan: &StrategyPlan) -> String {
    let mut lines =
        "customer_id,primary,primary_gain,primary_funded,secondary,secondary_gain,secondary_funded\n"
            .to_owned();
    for (row, customer) in plan.ids().iter().enumerate() {
        let (primary, secondary) = (plan.primary(row), plan.secondary(row));
        let second = secondary.map_or(",,".to_owned(), |second| {
            format!("{},{:.4},{}", second.lever, second.gain.amount(), second.funded)
        });
        lines += &format!(
            "{},{},{:.4},{},{second}\n",
            customer.expose(),
            primary.lever,
            primary.gain.amount(),
            primary.funded
        );
    }
    lines
}

const BUNDLED_ASSUMPTIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/assumptions.csv");

/// Numbers that somebody stated, by name.
struct Assumptions(BTreeMap<String, f64>);

impl Assumptions {
    fn read(path: &str) -> Outcome<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        let number = |line: &str| {
            let mut fields = line.split(',');
            let name = fields.next().unwrap_or_default().to_owned();
            let value = fields.next().and_then(|value| value.trim().parse().ok());
            let value = value.ok_or_else(|| format!("{path}: `{name}` has no number"))?;
            Ok::<(String, f64), Box<dyn Error>>((name, value))
        };
        Ok(Self(lines.map(number).collect::<Outcome<_>>()?))
    }

    fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    fn money(&self, name: &str) -> Outcome<Money> {
        Ok(Money::new(self.get(name))?)
    }

    /// The levers with what they take.
    fn cp_map(&self) -> Outcome<CpMap> {
        let retain = Retain::new().contact_cost(self.money("retain.contact_cost")?);
        let develop = Develop::new()
            .contact_cost(self.money("develop.contact_cost")?)
            .incentive(self.money("develop.incentive")?, self.get("develop.leakage"));
        let win_back = WinBack::new()
            .contact_cost(self.money("win_back.contact_cost")?)
            .uses(ResourceId::of("agent_minutes"), self.get("win_back.agent_minutes"))
            .incentive(self.money("win_back.incentive")?, self.get("win_back.leakage"));
        let cheaper =
            ReduceCostToServe::new().contact_cost(self.money("reduce_cost_to_serve.contact_cost")?);
        Ok(CpMap::retail().with(retain).with(develop).with(win_back).with(cheaper))
    }

    /// What the assumptions say of each customer.
    fn of<'a>(&'a self, history: &'a CustomerHistory) -> Stated<'a> {
        Stated { assumptions: self, history }
    }
}

/// The assumptions as attributes of customers: a data source of the application's own.
struct Stated<'a> {
    assumptions: &'a Assumptions,
    history: &'a CustomerHistory,
}

impl AttributeSource for Stated<'_> {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(vec![
            AttributeField::own("margin", AttributeKind::Number),
            AttributeField::own("cost_to_serve", AttributeKind::Number),
        ])
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let history = self.history;
        let n = history.n_customers();
        let margin = self.assumptions.get("margin");
        let each = self.assumptions.get("cost_per_purchase");
        // Purchases of a year; a customer of less than a month counts as one of a month.
        let cost = |row: usize| {
            let years = f64::from(history.age(row).count().max(30)) / 365.25;
            Some(each * f64::from(history.purchases(row)) / years)
        };
        let ids = history.ids().iter().map(|id| id.expose().to_owned());
        Ok(Box::new(std::iter::once(Ok(AttributeBatch {
            customers: IdColumn::texts(ids.collect()),
            columns: vec![
                AttributeValues::Number(vec![Some(margin); n]),
                AttributeValues::Number((0..n).map(cost).collect()),
            ],
        }))))
    }
}

/// The options as they were given, each a name and a value.
struct Options(Vec<(String, String)>);

const NAMES: [&str; 6] =
    ["transactions", "columns", "assumptions", "budget", "agent-minutes", "out"];

impl Options {
    fn parse(arguments: &[String]) -> Outcome<Self> {
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

    fn number(&self, name: &str) -> Outcome<Option<f64>> {
        let parse = |value: &str| {
            value.parse().map_err(|_| format!("--{name} is `{value}`, expected a number").into())
        };
        self.get(name).map(parse).transpose()
    }

    fn transactions(&self) -> Outcome<CsvTransactions> {
        let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/cdnow.csv");
        let mut source = match self.get("transactions") {
            Some(path) => CsvTransactions::open(path)?,
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
}
