//! The corpus of bad files in `csv/`, each judged by its entry in `csv/manifest.csv`.
//!
//! A file without an entry fails as an entry without a file does, so that nothing lies in the
//! folder untested. Every file is read three times: stopping at the first fault, skipping what
//! cannot be read, and one byte at a time, because where a buffer ends must not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use segmentry::data::{
    CsvError, CsvFault, CsvTransactions, CustomerHistory, DataError, HistorySpec, UnreadableRows,
};
use segmentry::work::Work;

const MANIFEST: &str = "manifest.csv";

/// Every file is a few kilobytes; whoever needs this long for one does more than read it.
const LONGEST: Duration = Duration::from_secs(1);

/// Names of columns that the tests map: they may stand in messages.
const MAPPED: [&str; 6] = ["customer_id", "time", "amount", "quantity", "price", "note"];

/// Below this many bytes a value may stand in a message by chance, such as the `5` of `line 5`.
const SHORTEST_RAW_VALUE: usize = 3;

#[derive(Debug, Clone)]
struct Entry {
    file: String,
    options: String,
    strict: Outcome,
    skip: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Read(Counts),
    Failed(Fault),
}

#[derive(Debug, Clone, PartialEq)]
struct Counts {
    customers: u64,
    rows_read: u64,
    rows_kept: u64,
    unreadable: u64,
    gross_minor: i64,
}

#[derive(Debug, Clone, PartialEq)]
struct Fault {
    name: String,
    line: Option<u64>,
    row: Option<u64>,
    column: Option<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/csv")
}

fn manifest() -> Vec<Entry> {
    let text = fs::read_to_string(folder().join(MANIFEST)).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.skip(1).map(entry).collect()
}

fn entry(line: &str) -> Entry {
    let fields: Vec<&str> = line.splitn(14, ',').collect();
    let [file, options, strict, at, row, column, fault, skip, .., purpose] = fields[..] else {
        panic!("too few columns: {line}")
    };
    assert!(fields.len() == 14 && !purpose.is_empty(), "no purpose is stated: {line}");
    let counts = || {
        let count = |place: usize| fields[place].parse().unwrap_or_else(|_| panic!("{line}"));
        Outcome::Read(Counts {
            customers: count(8),
            rows_read: count(9),
            rows_kept: count(10),
            unreadable: count(11),
            gross_minor: fields[12].parse().unwrap(),
        })
    };
    let strict = match strict {
        "ok" => counts(),
        "error" => Outcome::Failed(Fault::declared(fault, [at, row, column])),
        other => panic!("{other} is no outcome: {line}"),
    };
    let skip = match skip.split_once('@') {
        None if skip == "ok" => counts(),
        None if skip == "same" => strict.clone(),
        None => Outcome::Failed(Fault::declared(skip, [""; 3])),
        Some((fault, place)) => {
            let place: Vec<&str> = place.splitn(3, ':').collect();
            Outcome::Failed(Fault::declared(fault, place.try_into().unwrap()))
        }
    };
    Entry { file: file.to_owned(), options: options.to_owned(), strict, skip }
}

impl Fault {
    fn declared(name: &str, [line, row, column]: [&str; 3]) -> Self {
        assert!(!name.is_empty(), "an error has a fault");
        let number = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Self {
            name: name.to_owned(),
            line: number(line),
            row: number(row),
            column: (!column.is_empty()).then(|| column.to_owned()),
        }
    }

    /// What an error says of itself. A source counts the rows before the one at fault, which has
    /// the next number; a fault in the header comes before all rows.
    fn found(error: &DataError) -> Self {
        match error {
            DataError::Source { rows_read, source, .. } => {
                let error = source.downcast_ref::<CsvError>().unwrap();
                let name = match &error.fault {
                    CsvFault::FieldCount { expected, got } => {
                        format!("FieldCount {got}/{expected}")
                    }
                    fault => format!("{fault:?}"),
                };
                let row = (!of_the_header(error)).then_some(rows_read + 1);
                Self { name, line: error.line, row, column: error.column.clone() }
            }
            DataError::Unreadable { row, .. } => {
                Self { name: "Unreadable".into(), line: None, row: Some(row + 1), column: None }
            }
            other => {
                let text = format!("{other:?}");
                let name = text.split([' ', '{', '(']).next().unwrap();
                Self { name: name.to_owned(), line: None, row: None, column: None }
            }
        }
    }
}

/// Whether a fault lies in the header or in the file as a whole. An open quote or a byte that is no
/// text may be in either; in no file of the corpus does a first row start in line 1.
fn of_the_header(error: &CsvError) -> bool {
    let whole = [CsvFault::Empty, CsvFault::Utf16, CsvFault::NoSuchColumn, CsvFault::ColumnTwice];
    whole.contains(&error.fault) || error.line == Some(1)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(counts) => write!(f, "{counts:?}"),
            Self::Failed(Fault { name, line, row, column }) => {
                write!(f, "{name} at line {line:?}, row {row:?}, column {column:?}")
            }
        }
    }
}

/// A reader that gives one byte at a time.
struct Dribble(io::Cursor<Vec<u8>>);

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

fn source(entry: &Entry, whole: bool) -> CsvTransactions {
    let path = folder().join(&entry.file);
    let source = if whole {
        CsvTransactions::open(path).unwrap()
    } else {
        CsvTransactions::from_reader(Dribble(io::Cursor::new(fs::read(path).unwrap())))
    };
    entry.options.split_whitespace().fold(source, |source, option| match option.split_once('=') {
        None if option == "semicolon" => source.delimiter(b';'),
        None if option == "tab" => source.delimiter(b'\t'),
        None if option == "quantity_times_price" => source.quantity("quantity").price("price"),
        Some(("category", column)) => source.category(column),
        Some(("until", _)) => source,
        _ => panic!("{option} is no option"),
    })
}

fn spec(entry: &Entry, rule: UnreadableRows) -> HistorySpec {
    let spec = HistorySpec::new().unreadable_rows(rule);
    entry.options.split_whitespace().fold(spec, |spec, option| match option.split_once('=') {
        Some(("until", day)) => spec.observed_until(day.parse().unwrap()),
        Some(("category", _)) => spec.categories(),
        _ => spec,
    })
}

/// One reading: what came of it, and every text by which it speaks.
fn read(entry: &Entry, rule: UnreadableRows, whole: bool) -> (Outcome, String) {
    let begun = Instant::now();
    let read = || {
        let (source, spec) = (source(entry, whole), spec(entry, rule));
        CustomerHistory::read(&source, &spec, &Work::new())
    };
    let result = catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| panic!("{}: the reading panicked", entry.file));
    let took = begun.elapsed();
    assert!(took < LONGEST, "{}: {took:?}", entry.file);
    match result {
        Ok(history) => {
            let quality = history.quality();
            assert_eq!(quality.accounted_for(), quality.rows_read, "{}", entry.file);
            let cents = |row| (history.gross(row).amount() * 100.0).round() as i64;
            let counts = Counts {
                customers: history.n_customers() as u64,
                rows_read: quality.rows_read,
                rows_kept: quality.rows_kept,
                unreadable: quality.unreadable.rows,
                gross_minor: (0..history.n_customers()).map(cents).sum(),
            };
            // The window is a date of many rows and may be shown.
            let shown = format!("{history:?}")
                .replace(&history.observed_from().to_string(), "")
                .replace(&history.observed_until().to_string(), "");
            (Outcome::Read(counts), format!("{shown} {:?}", quality.unreadable))
        }
        Err(error) => {
            let mut said = format!("{error:?}");
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                said.push_str(&format!(" {error}"));
                cause = error.source();
            }
            (Outcome::Failed(Fault::found(&error)), said)
        }
    }
}

/// Everything that stands in the file, cut at whatever may part values.
fn raw_values(entry: &Entry) -> BTreeSet<String> {
    let bytes = fs::read(folder().join(&entry.file)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    text.split([',', ';', '\t', '\n', '\r', '"', '\0'])
        .map(str::trim)
        .filter(|value| value.len() >= SHORTEST_RAW_VALUE && !MAPPED.contains(value))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_file_has_one_entry_and_every_entry_a_file() {
    let mut entries = BTreeMap::new();
    for entry in manifest() {
        *entries.entry(entry.file).or_insert(0) += 1;
    }
    for (file, times) in &entries {
        assert_eq!(*times, 1, "{file} has {times} entries");
    }
    let declared: BTreeSet<String> = entries.into_keys().collect();
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|file| file != MANIFEST)
        .collect();
    let without_entry: Vec<_> = files.difference(&declared).collect();
    let without_file: Vec<_> = declared.difference(&files).collect();
    assert!(without_entry.is_empty(), "no entry in the manifest: {without_entry:?}");
    assert!(without_file.is_empty(), "in the manifest and not in the folder: {without_file:?}");
    assert!(files.len() >= 75, "{} files", files.len());
}

#[test]
fn every_file_ends_as_the_manifest_says() {
    let mut wrong = Vec::new();
    for entry in manifest() {
        let raw = raw_values(&entry);
        let (strict, skip) = (UnreadableRows::Error, UnreadableRows::Skip);
        let readings = [
            ("strict", strict, true, &entry.strict),
            ("skip", skip, true, &entry.skip),
            ("strict, byte by byte", strict, false, &entry.strict),
            ("skip, byte by byte", skip, false, &entry.skip),
        ];
        for (name, rule, whole, declared) in readings {
            let (found, said) = read(&entry, rule, whole);
            if found != *declared {
                wrong.push(format!("{} ({name}): {found}, expected {declared}", entry.file));
            }
            for value in raw.iter().filter(|value| said.contains(*value)) {
                wrong.push(format!("{} ({name}): a message contains {value}", entry.file));
            }
        }
    }
    assert!(wrong.is_empty(), "{} readings differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is skipped is named by the place at which a strict reading would have stopped.
#[test]
fn a_skipped_row_is_named_by_the_place_of_the_strict_error() {
    let mut named = 0;
    for entry in manifest() {
        let (Outcome::Failed(strict), Outcome::Read(_)) = (&entry.strict, &entry.skip) else {
            continue;
        };
        let spec = spec(&entry, UnreadableRows::Skip);
        let Ok(history) = CustomerHistory::read(&source(&entry, true), &spec, &Work::new()) else {
            continue; // a difference that the test above reports
        };
        let Some(first) = history.quality().unreadable.first.first() else { continue };
        assert_eq!(Some(first.position), strict.line, "{}", entry.file);
        assert_eq!(first.column, strict.column, "{}", entry.file);
        named += 1;
    }
    assert!(named >= 60, "{named}");
}
