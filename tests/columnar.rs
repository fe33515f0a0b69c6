//! Record batches and Parquet files: the same history as from CSV, and files that nobody should
//! have to send.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampSecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use segmentry::data::{
    ArrowTransactions, ColumnarError, ColumnarFault, CsvTransactions, Currencies, CustomerHistory,
    DataError, HistorySpec, ParquetTransactions, TransactionSource, UnreadableRows,
};
use segmentry::units::Date;
use segmentry::work::Work;

/// A file of this name among the tests' own, written anew.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::default())
}

/// The bytes of a Parquet file.
fn encoded(batches: &[RecordBatch], group: usize, compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_compression(compression)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn parquet(name: &str, bytes: &[u8]) -> Result<ParquetTransactions, ColumnarError> {
    let path = path(name);
    fs::write(&path, bytes).unwrap();
    ParquetTransactions::open(path)
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    // Every column may have missing values, as in files of other writers.
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn ids(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn days(values: Vec<Option<i32>>) -> ArrayRef {
    Arc::new(Date32Array::from(values))
}

fn money(values: Vec<Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

fn read(source: &dyn TransactionSource, spec: &HistorySpec) -> Result<CustomerHistory, DataError> {
    CustomerHistory::read(source, spec, &Work::new())
}

/// The fault of a source, with its text checked for what must not be in it.
fn fault(source: &dyn TransactionSource) -> ColumnarError {
    match read(source, &HistorySpec::new()) {
        Err(DataError::Source { source, .. }) => {
            let error = *source.downcast::<ColumnarError>().unwrap();
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
            error
        }
        other => panic!("{other:?}"),
    }
}

/// All that a history says, as text.
fn told(history: &CustomerHistory) -> String {
    let mut told = format!("{}\n", serde_json::to_string(history.quality()).unwrap());
    for row in 0..history.n_customers() {
        told += &format!(
            "{} {} {} {} {} {} {} {}\n",
            history.ids().get(row).unwrap().expose(),
            history.purchases(row),
            history.first_purchase(row),
            history.last_purchase(row),
            history.gross(row),
            history.returns(row),
            history.net(row),
            history.age(row).count(),
        );
    }
    let totals = history.categories().unwrap();
    for row in 0..history.n_customers() {
        for (name, share) in totals.shares(row) {
            told += &format!("{row} {} {share}\n", totals.names()[name]);
        }
    }
    told
}

/// One line of a log that has everything: missing ids, returns, halves of cents, exact repeats.
struct Line {
    customer: Option<i64>,
    day: i32,
    second: i64,
    quantity: i64,
    thousandths: i64,
    category: &'static str,
    product: i64,
    order: i64,
}

fn lines(n: usize) -> Vec<Line> {
    let mut state = 1u64;
    let mut next = |below: u64| {
        // Knuth's linear congruence; its upper bits are good enough for made-up shoppers.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    let kinds = ["toys", "", "tea", "käse"];
    (0..n)
        .map(|_| Line {
            customer: (next(20) > 0).then(|| next(40) as i64),
            day: 15_000 + next(60) as i32,
            second: next(86_400) as i64,
            quantity: next(6) as i64 - 1,
            thousandths: next(4) as i64 * 1_335,
            category: kinds[next(4) as usize],
            product: next(3) as i64,
            order: next(30) as i64,
        })
        .collect()
}

fn csv(lines: &[Line]) -> String {
    let mut text = "customer_id,time,quantity,price,category,product,order\n".to_owned();
    for line in lines {
        let customer = line.customer.map_or(String::new(), |id| id.to_string());
        let date = Date::from_day_number(line.day).unwrap();
        let (whole, rest) = (line.thousandths / 1000, line.thousandths % 1000);
        let (h, m, s) = (line.second / 3600, line.second / 60 % 60, line.second % 60);
        text += &format!(
            "{customer},{date} {h:02}:{m:02}:{s:02},{},{whole}.{rest:03},{},{},{}\n",
            line.quantity, line.category, line.product, line.order
        );
    }
    text
}

/// The same log in two dialects of Arrow: numbers and plain types, or texts and dictionaries.
fn batch(lines: &[Line], texts: bool) -> RecordBatch {
    let prices: Decimal128Array = lines.iter().map(|l| Some(i128::from(l.thousandths))).collect();
    let seconds = |l: &Line| i64::from(l.day) * 86_400 + l.second;
    let customers = |l: &Line| l.customer.map(|id| id.to_string());
    if texts {
        let named = |name: &dyn Fn(&Line) -> Option<String>| {
            let names: Vec<Option<String>> = lines.iter().map(name).collect();
            let names = names.iter().map(Option::as_deref);
            Arc::new(names.collect::<DictionaryArray<Int32Type>>()) as ArrayRef
        };
        let prices = prices.with_precision_and_scale(38, 3).unwrap();
        let quantities = lines.iter().map(|l| Some(i128::from(l.quantity) * 10));
        let quantities: Decimal128Array = quantities.collect();
        table(vec![
            ("order", named(&|l| Some(l.order.to_string()))),
            ("unused", ids(vec![None; lines.len()])),
            (
                "time",
                Arc::new(TimestampSecondArray::from_iter(lines.iter().map(|l| Some(seconds(l))))),
            ),
            (
                "product",
                Arc::new(StringViewArray::from_iter(
                    lines.iter().map(|l| Some(l.product.to_string())),
                )),
            ),
            ("price", Arc::new(prices)),
            ("quantity", Arc::new(quantities.with_precision_and_scale(9, 1).unwrap())),
            ("customer_id", Arc::new(StringArray::from_iter(lines.iter().map(customers)))),
            ("category", named(&|l| Some(l.category.to_owned()).filter(|name| !name.is_empty()))),
        ])
    } else {
        let micros = |l: &Line| Some(seconds(l) * 1_000_000 + 999_999);
        table(vec![
            ("customer_id", ids(lines.iter().map(|l| l.customer).collect())),
            ("time", Arc::new(TimestampMicrosecondArray::from_iter(lines.iter().map(micros)))),
            (
                "quantity",
                Arc::new(Int32Array::from_iter(lines.iter().map(|l| Some(l.quantity as i32)))),
            ),
            ("price", Arc::new(prices.with_precision_and_scale(10, 3).unwrap())),
            ("category", Arc::new(StringArray::from_iter_values(lines.iter().map(|l| l.category)))),
            ("product", ids(lines.iter().map(|l| Some(l.product)).collect())),
            ("order", Arc::new(Int32Array::from_iter(lines.iter().map(|l| Some(l.order as i32))))),
        ])
    }
}

macro_rules! mapped {
    ($source:expr) => {
        $source.quantity("quantity").category("category").product("product").order("order")
    };
}

#[test]
fn the_same_rows_give_the_same_history_from_every_source() {
    let lines = lines(3_000);
    let spec = HistorySpec::new().categories();
    let shop =
        mapped!(CsvTransactions::from_reader(std::io::Cursor::new(csv(&lines).into_bytes())));
    let expected = told(&read(&shop, &spec).unwrap());
    assert!(expected.contains("käse") && expected.lines().count() > 100);
    for texts in [false, true] {
        let whole = batch(&lines, texts);
        let parts: Vec<RecordBatch> = (0..6).map(|part| whole.slice(part * 500, 500)).collect();
        let memory = mapped!(ArrowTransactions::new(parts.clone()));
        assert_eq!(told(&read(&memory, &spec).unwrap()), expected);
        let schema = whole.schema();
        let reader = RecordBatchIterator::new(parts.into_iter().map(Ok), schema);
        let streamed = mapped!(ArrowTransactions::from_reader(reader));
        assert_eq!(told(&read(&streamed, &spec).unwrap()), expected);
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd()] {
            let bytes = encoded(std::slice::from_ref(&whole), 700, compression);
            let name = format!("parity-{texts}-{}.parquet", compression.to_string().len());
            let file = mapped!(parquet(&name, &bytes).unwrap());
            assert_eq!(told(&read(&file, &spec).unwrap()), expected);
            let parallel = CustomerHistory::read_parallel(&file, &spec, &Work::new()).unwrap();
            assert_eq!(told(&parallel), expected);
        }
    }
}

#[test]
fn large_row_groups_are_partitions() {
    let n = 200_000;
    let log = table(vec![
        ("customer_id", ids((0..n).map(|i| Some(i % 1_000)).collect())),
        ("time", days((0..n).map(|i| Some((i % 300) as i32)).collect())),
        ("amount", money((0..n).map(|i| Some((i % 7) as f64 + 0.5)).collect())),
    ]);
    let bytes = encoded(std::slice::from_ref(&log), 70_000, zstd());
    let file = parquet("partitions.parquet", &bytes).unwrap();
    assert_eq!(file.partitions(), 3);
    let memory = ArrowTransactions::new((0..4).map(|i| log.slice(i * 50_000, 50_000)).collect());
    assert_eq!(memory.partitions(), 2);
    let spec = HistorySpec::new().categories();
    let expected = told(&read(&ArrowTransactions::new(vec![log]), &spec).unwrap());
    for source in [&file as &(dyn TransactionSource + Sync), &memory] {
        let history = CustomerHistory::read_parallel(source, &spec, &Work::new()).unwrap();
        assert_eq!(told(&history), expected);
    }
}

/// Three columns with a hole each.
fn holes() -> RecordBatch {
    table(vec![
        ("customer_id", ids(vec![Some(1), None, Some(1), Some(2)])),
        ("time", days(vec![Some(10), Some(11), None, Some(13)])),
        ("amount", money(vec![Some(1.0), Some(2.0), Some(4.0), None])),
    ])
}

#[test]
fn a_missing_value_is_named_by_row_group_row_and_column() {
    let bytes = encoded(&[holes()], 3, zstd());
    let error = fault(&parquet("holes.parquet", &bytes).unwrap());
    assert_eq!(error.to_string(), "row group 0, row 2, column `time`: no value");
    let error = fault(&ArrowTransactions::new(vec![holes()]));
    assert_eq!(error.to_string(), "row 2, column `time`: no value");
    let whole = holes().slice(0, 2);
    let error = fault(&ArrowTransactions::new(vec![whole, holes().slice(3, 1)]));
    assert_eq!(error.to_string(), "row 2, column `amount`: no value");
}

#[test]
fn rows_that_cannot_be_read_are_skipped_and_counted_on_request() {
    let spec = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
    let bytes = encoded(&[holes()], 3, zstd());
    for source in [
        &parquet("skipped.parquet", &bytes).unwrap() as &dyn TransactionSource,
        &ArrowTransactions::new(vec![holes()]),
    ] {
        let history = read(source, &spec).unwrap();
        let quality = history.quality();
        assert_eq!((quality.rows_read, quality.rows_kept, quality.unreadable.rows), (4, 1, 2));
        assert_eq!(quality.accounted_for(), 4);
        let first: Vec<_> = quality
            .unreadable
            .first
            .iter()
            .map(|fault| (fault.position, fault.column.as_deref().unwrap(), fault.reason.as_str()))
            .collect();
        assert_eq!(first, [(2, "time", "no value"), (3, "amount", "no value")]);
    }
}

#[test]
fn columns_that_do_not_exist_or_do_not_fit_are_named() {
    let bytes = encoded(&[holes()], 10, zstd());
    let file = || parquet("columns.parquet", &bytes).unwrap();
    let error = fault(&file().time("when"));
    assert_eq!(error.to_string(), "column `when`: no such column");
    let error = fault(&file().time("amount"));
    assert_eq!(
        error.to_string(),
        "column `amount`: its type is Float64, expected dates, timestamps without a time zone or \
         of a fixed offset from UTC, or texts of ISO dates"
    );
    let error = fault(&file().customer("amount"));
    assert_eq!(
        error.to_string(),
        "column `amount`: its type is Float64, expected whole numbers or texts"
    );
    let error = fault(&file().amount("time"));
    assert!(matches!(error.fault, ColumnarFault::Type { .. }), "{error}");
    // A column that is mapped and not asked for is not looked at.
    assert!(
        read(
            &file().category("nowhere"),
            &HistorySpec::new().unreadable_rows(UnreadableRows::Skip)
        )
        .is_ok()
    );
    // A table without rows is refused like any other.
    let empty = holes().slice(0, 0);
    let error = fault(&ArrowTransactions::new(vec![empty]).time("amount"));
    assert!(matches!(error.fault, ColumnarFault::Type { .. }), "{error}");
}

#[test]
fn batches_of_different_types_are_refused() {
    let texts = table(vec![
        ("customer_id", Arc::new(StringArray::from(vec!["CANARY"])) as ArrayRef),
        ("time", days(vec![Some(1)])),
        ("amount", money(vec![Some(1.0)])),
    ]);
    let error = fault(&ArrowTransactions::new(vec![holes().slice(0, 1), texts.clone()]));
    assert_eq!(error.fault, ColumnarFault::TypeChanges);
    assert_eq!(error.column.as_deref(), Some("customer_id"));
    // Another order of the columns is no other type.
    let turned = holes().project(&[2, 0, 1]).unwrap().slice(0, 1);
    let both = ArrowTransactions::new(vec![holes().slice(0, 1), turned]);
    assert_eq!(read(&both, &HistorySpec::new()).unwrap().quality().rows_read, 2);
}

#[test]
fn a_reader_can_be_read_once_and_its_failure_is_kept() {
    let schema = holes().schema();
    let broken = || Err(arrow_schema::ArrowError::ComputeError("the line went dead".into()));
    let batches = vec![Ok(holes().slice(0, 2)), broken()];
    let reader: Box<dyn RecordBatchReader + Send> =
        Box::new(RecordBatchIterator::new(batches, schema));
    let shop = ArrowTransactions::from_reader(reader);
    let error = fault(&shop);
    assert_eq!((error.fault.clone(), error.row), (ColumnarFault::Reader, Some(2)));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("the line went dead"), "{cause}");
    assert_eq!(fault(&shop).fault, ColumnarFault::ReadBefore);
}

#[test]
fn texts_of_times_are_of_one_clock_across_row_groups() {
    let times = |suffix: &str, n: i64| -> ArrayRef {
        let text = |i: i64| format!("2024-01-{:02}T10:00{suffix}", i % 28 + 1);
        Arc::new(StringArray::from_iter_values((0..n).map(text)))
    };
    let n = 70_000;
    let log = |suffix| {
        table(vec![
            ("customer_id", ids((0..n).map(|i| Some(i % 9)).collect())),
            ("time", times(suffix, n)),
            ("amount", money(vec![Some(1.0); n as usize])),
        ])
    };
    let bytes = encoded(&[log("Z"), log("")], n as usize, zstd());
    let file = parquet("clocks.parquet", &bytes).unwrap();
    assert_eq!(file.partitions(), 2);
    let error = fault(&file);
    assert_eq!((error.row_group, error.row), (Some(1), Some(n as u64)));
    assert_eq!(error.fault, ColumnarFault::MixedOffsets);
    // The second half is at fault, whichever is read first.
    let spec = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
    let memory = ArrowTransactions::new(vec![log("Z"), log("")]);
    for source in [&file as &(dyn TransactionSource + Sync), &memory] {
        let history = CustomerHistory::read_parallel(source, &spec, &Work::new()).unwrap();
        assert_eq!(history.quality().unreadable.rows, n as u64);
        assert_eq!(history.quality().unreadable.first[0].position, n as u64);
    }
}

#[test]
fn tables_without_rows_have_no_purchases() {
    let empty = holes().slice(0, 0);
    let bytes = encoded(std::slice::from_ref(&empty), 10, zstd());
    for source in [
        &parquet("empty.parquet", &bytes).unwrap() as &dyn TransactionSource,
        &ArrowTransactions::new(vec![empty]),
        &ArrowTransactions::new(Vec::new()),
    ] {
        let outcome = read(source, &HistorySpec::new());
        assert!(matches!(outcome, Err(DataError::NoPurchases { rows_read: 0, .. })));
    }
}

#[test]
fn files_that_are_no_parquet_are_refused_when_opened() {
    let open = |name: &str, bytes: &[u8]| parquet(name, bytes).unwrap_err().fault;
    for bytes in [b"".as_slice(), b"PAR", b"customer_id,time,amount\n1,2024-01-01,CANARY\n"] {
        assert_eq!(open("none.parquet", bytes), ColumnarFault::NotParquet);
    }
    assert_eq!(open("short.parquet", b"PAR1"), ColumnarFault::CutOff);
    assert_eq!(open("magic.parquet", b"PAR1PAR1PAR1"), ColumnarFault::Damaged);
    let mut far = b"PAR1".to_vec();
    far.extend(u32::MAX.to_le_bytes());
    far.extend(b"PAR1");
    assert_eq!(open("far.parquet", &far), ColumnarFault::Damaged);
    let missing = ParquetTransactions::open(path("there is no such file")).unwrap_err();
    assert_eq!(missing.fault, ColumnarFault::Io);
    let folder = ParquetTransactions::open(env!("CARGO_TARGET_TMPDIR")).unwrap_err();
    assert!(matches!(folder.fault, ColumnarFault::Io | ColumnarFault::NotParquet));
}

#[test]
fn a_file_cut_anywhere_is_refused_when_opened() {
    let bytes = encoded(&[batch(&lines(200), true)], 80, zstd());
    for length in 0..bytes.len() {
        let error = parquet("cut.parquet", &bytes[..length]).unwrap_err();
        let expected = if length < 4 { ColumnarFault::NotParquet } else { ColumnarFault::CutOff };
        assert_eq!(error.fault, expected, "{length}");
    }
}

#[test]
fn a_file_that_changes_after_opening_is_noticed() {
    let shop = parquet("changed.parquet", &encoded(&[holes()], 10, zstd())).unwrap();
    fs::write(path("changed.parquet"), encoded(&[batch(&lines(50), false)], 10, zstd())).unwrap();
    assert_eq!(fault(&shop).fault, ColumnarFault::Changed);
    fs::remove_file(path("changed.parquet")).unwrap();
    assert_eq!(fault(&shop).fault, ColumnarFault::Io);
}

/// Every fifth byte of a file is changed in turn: the outcome is a history or an error, and never a
/// panic.
#[test]
fn flipped_bytes_end_in_errors_or_histories() {
    let spec = HistorySpec::new().categories();
    for (texts, compression) in
        [(false, Compression::UNCOMPRESSED), (true, zstd()), (true, Compression::SNAPPY)]
    {
        let whole = encoded(&[batch(&lines(60), texts)], 25, compression);
        let (mut histories, mut errors) = (0, 0);
        for place in (0..whole.len()).step_by(5) {
            let mut bytes = whole.clone();
            bytes[place] ^= [0x01, 0x80, 0xff][place % 3];
            let file = parquet("flipped.parquet", &bytes);
            match file.map(|file| read(&mapped!(file), &spec)) {
                Ok(Ok(_)) => histories += 1,
                Ok(Err(_)) | Err(_) => errors += 1,
            }
        }
        assert!(histories > 0 && errors > 0, "{histories} histories, {errors} errors");
    }
}

#[test]
fn currencies_are_read_and_mixed_ones_refused() {
    let batch = table(vec![
        ("customer_id", ids(vec![Some(1), Some(1), Some(2), Some(2)])),
        ("time", days(vec![Some(1), Some(2), None, Some(3)])),
        ("amount", money(vec![Some(1.0), Some(2.0), Some(3.0), Some(4.0)])),
        ("unit", Arc::new(StringArray::from(vec![Some("EUR"), None, Some("USD"), Some("CHF")]))),
    ]);
    let bytes = encoded(std::slice::from_ref(&batch), 10, zstd());
    let sources: [Box<dyn TransactionSource>; 2] = [
        Box::new(ArrowTransactions::new(vec![batch]).currency("unit")),
        Box::new(parquet("currencies.parquet", &bytes).unwrap().currency("unit")),
    ];
    let skip = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
    for source in &sources {
        let history = read(source.as_ref(), &skip.clone().currencies(Currencies::Flag)).unwrap();
        let tallies = history.quality().currencies.iter();
        let told: Vec<_> =
            tallies.map(|t| (t.currency.as_str(), t.rows, t.amount.amount())).collect();
        assert_eq!(told, [("", 1, 2.0), ("CHF", 1, 4.0), ("EUR", 1, 1.0)]);
        // The row that cannot be read is out of the columns, so that the third row is the last.
        let error = read(source.as_ref(), &skip).unwrap_err();
        assert!(matches!(error, DataError::MixedCurrencies { partition: 0, row: 2 }), "{error}");
    }
}
