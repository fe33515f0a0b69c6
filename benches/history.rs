//! One history from one large file, to be run beside other engines on the same file.
//!
//! ```text
//! cargo bench --bench history --features arrow -- csv|parquet|memory FILE [categories]
//! cargo bench --bench history -- ordered ROWS
//! ```
//!
//! The file has the columns `customer_id`, `date`, `amount` and `category`; `memory` reads the CSV
//! into columns first and times the fold alone. Prints one line of JSON with the median of five
//! runs and the peak of the process's memory. `ordered` reads so many rows of a million customers,
//! made on the way and declared to come in order of time: its peak must not grow with the rows, so
//! it is run once for each number of rows. `RESULTS.md` has the commands of the others.

#![allow(clippy::print_stdout, clippy::panic)] // a program of its own

use std::hint::black_box;
use std::time::Instant;

use segmentry::data::{
    Amounts, Batch, Batches, CsvTransactions, CustomerHistory, HistorySpec, IdColumn, RowOrder,
    ScanRequest, SourceError, Times, TransactionSource,
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
        "ordered" => Box::new(Ordered { rows: file.parse().expect("a number of rows") }),
        other => panic!("`{other}` is not among csv, parquet (feature arrow), memory and ordered"),
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

/// Rows made on the way, the same customers on more and more days, declared to come in order of
/// time.
struct Ordered {
    rows: usize,
}

const CUSTOMERS: u64 = 1_000_000;

/// Rows of a day, of a batch and of a partition.
const A_DAY: usize = 20_000;
const A_BATCH: usize = 8_192;
const A_PARTITION: usize = 1 << 17;

impl TransactionSource for Ordered {
    fn partitions(&self) -> usize {
        self.rows.div_ceil(A_PARTITION)
    }

    fn order(&self) -> RowOrder {
        RowOrder::Time
    }

    fn scan(&self, partition: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let rows = partition * A_PARTITION..((partition + 1) * A_PARTITION).min(self.rows);
        let end = rows.end;
        Ok(Batches::new(rows.step_by(A_BATCH).map(move |start| {
            let rows = start..(start + A_BATCH).min(end);
            // A multiplier prime to the number of customers visits all of them in turn.
            let customer = |row: usize| (row as u64 * 387_420_489 % CUSTOMERS) as i64;
            let customers = IdColumn::integers(rows.clone().map(customer).collect::<Vec<_>>());
            let days: Vec<i32> = rows.clone().map(|row| (row / A_DAY) as i32).collect();
            let cents: Vec<i64> = rows.map(|row| 100 + (row % 9_900) as i64).collect();
            let amounts = Amounts::Minor { units: cents.into(), digits: 2 };
            Ok(Batch::new(customers, Times::Days(days.into()), amounts)?)
        })))
    }
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
