//! One history from one large file, to be run beside other engines on the same file.
//!
//! ```text
//! cargo bench --bench history --features arrow -- csv|parquet|memory FILE [categories]
//! ```
//!
//! The file has the columns `customer_id`, `date`, `amount` and `category`; `memory` reads the CSV
//! into columns first and times the fold alone. Prints one line of JSON with the median of five
//! runs and the peak of the process's memory. `RESULTS.md` has the commands of the others.

#![allow(clippy::print_stdout, clippy::panic)] // a program of its own

use std::hint::black_box;
use std::time::Instant;

use segmentry::data::{
    Amounts, Batch, CsvTransactions, CustomerHistory, HistorySpec, IdColumn, Times,
    TransactionSource,
};
use segmentry::units::Date;
use segmentry::work::Work;

const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [kind, file, rest @ ..] = arguments.as_slice() else {
        // Without a file, as when all benches are run once: a few rows that are written here.
        let rows = "customer_id,date,amount,category\n1,2024-01-02,3.50,a\n2,2024-01-03,1.25,b\n";
        let source = CsvTransactions::from_reader(rows.as_bytes()).time("date");
        let history = CustomerHistory::read(&source, &HistorySpec::new(), &Work::new());
        assert_eq!(history.expect("a good file").n_customers(), 2);
        println!("history: give csv, parquet or memory, and a file");
        return;
    };
    let mut spec = HistorySpec::new();
    if rest.iter().any(|word| word == "categories") {
        spec = spec.categories();
    }
    let source: Box<dyn TransactionSource + Sync> = match kind.as_str() {
        "csv" => {
            Box::new(CsvTransactions::open(file).expect("a file").time("date").category("category"))
        }
        #[cfg(feature = "arrow")]
        "parquet" => Box::new(
            segmentry::data::ParquetTransactions::open(file)
                .expect("a file")
                .time("date")
                .category("category"),
        ),
        "memory" => Box::new(columns(file)),
        other => panic!("`{other}` is not among csv, parquet (feature arrow) and memory"),
    };
    let before = peak();
    let mut seconds = Vec::new();
    let mut customers = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let history = CustomerHistory::read_parallel(source.as_ref(), &spec, &Work::new());
        customers = black_box(history).expect("good data").n_customers();
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "{{\"kind\": \"{kind}\", \"customers\": {customers}, \"seconds\": {:.3}, \"min\": {:.3}, \
         \"peak_mb\": {}, \"peak_mb_before\": {before}}}",
        seconds[RUNS / 2],
        seconds[0],
        peak()
    );
}

/// The three columns that the fold needs.
fn columns(file: &str) -> Batch<'static> {
    let text = std::fs::read_to_string(file).expect("a file");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or("").split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).expect("a column");
    let (customer, date, amount) = (place("customer_id"), place("date"), place("amount"));
    let (mut customers, mut days, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        customers.push(fields[customer].parse::<i64>().expect("a whole number"));
        days.push(fields[date].parse::<Date>().expect("a date").day_number());
        amounts.push(fields[amount].parse::<f64>().expect("a number"));
    }
    let (customers, times) = (IdColumn::integers(customers), Times::Days(days.into()));
    Batch::new(customers, times, Amounts::Major(amounts.into())).expect("equal lengths")
}

/// The peak of the process's memory in megabytes; zero where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
