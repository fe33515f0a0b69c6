//! CSV files that are broken, odd or merely unusual.

use segmentry::Error;
use segmentry::blueprint::Blueprint;
use segmentry::data::{
    CsvAttributes, CsvError, CsvFault, CsvTransactions, CustomerHistory, DataError, HistorySpec,
    MissingCustomers, OutOfWindow, Returns, UnreadableRows, ZeroAmounts,
};
use segmentry::units::Date;
use segmentry::work::Work;

fn read(file: &[u8], spec: &HistorySpec) -> Result<CustomerHistory, DataError> {
    let source = CsvTransactions::from_reader(std::io::Cursor::new(file.to_vec()));
    CustomerHistory::read(&source, spec, &Work::new())
}

/// The fault of a file, with its line and column.
fn fault(file: &[u8]) -> (Option<u64>, Option<String>, CsvFault) {
    match read(file, &HistorySpec::new()) {
        Err(DataError::Source { source, .. }) => {
            let error = source.downcast::<CsvError>().unwrap();
            // What stands in the file is in no text.
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
            (error.line, error.column, error.fault)
        }
        other => panic!("{:?}: {other:?}", String::from_utf8_lossy(file)),
    }
}

#[test]
fn every_fault_of_a_file_is_named_by_line_and_column() {
    let number = || CsvFault::NotANumber;
    let row = |amount: &str| {
        format!("customer_id,time,amount\na,2024-01-01,5\nb,2024-01-02,{amount}\n").into_bytes()
    };
    let amounts = [
        "1e999",
        "1e3",
        "NaN",
        "inf",
        "-inf",
        "1.234,56",
        "0x1F",
        "1_000",
        "CANARY",
        "１２",
        "--5",
        "$5",
        "5 EUR",
        "five and a half",
        "1.2.3",
        "+-1",
        ".",
    ];
    for amount in amounts.iter().filter(|amount| !amount.contains(',')) {
        assert_eq!(fault(&row(amount)), (Some(3), Some("amount".into()), number()), "{amount}");
    }
    assert_eq!(fault(&row("")), (Some(3), Some("amount".into()), CsvFault::NoValue));
    assert_eq!(
        fault(&row("1.234,56")),
        (Some(3), None, CsvFault::FieldCount { expected: 3, got: 4 })
    );
    let times = [
        "",
        "2024-02-30",
        "01/02/2024",
        "2024-1-1",
        "2024-01-01 25:00",
        "CANARY",
        "20240101",
        "0000-01-01",
    ];
    for time in times {
        let file = format!("customer_id,time,amount\na,2024-01-01,5\nb,{time},5\n");
        let expected = if time.is_empty() { CsvFault::NoValue } else { CsvFault::NotATime };
        assert_eq!(fault(file.as_bytes()), (Some(3), Some("time".into()), expected), "{time}");
    }
    let mixed = b"customer_id,time,amount\na,2024-01-01T10:00Z,5\nb,2024-01-02T10:00,5\n";
    assert_eq!(fault(mixed), (Some(3), Some("time".into()), CsvFault::MixedOffsets));
    assert_eq!(
        fault(b"customer_id,time,amount\na,2024-01-01\n"),
        (Some(2), None, CsvFault::FieldCount { expected: 3, got: 2 })
    );
    assert_eq!(
        fault(b"customer_id,time,amount\n\xff\xfe,2024-01-01,5\n"),
        (Some(2), Some("customer_id".into()), CsvFault::NotUtf8)
    );
    assert_eq!(fault(b""), (None, None, CsvFault::Empty));
    assert_eq!(fault(b"\xff\xfec\x00u\x00s\x00"), (Some(1), None, CsvFault::Utf16));
    assert_eq!(
        fault(b"time,amount\n"),
        (Some(1), Some("customer_id".into()), CsvFault::NoSuchColumn)
    );
    assert_eq!(
        fault(b"customer_id,time,amount,time\n"),
        (Some(1), Some("time".into()), CsvFault::ColumnTwice)
    );
    let open = b"customer_id,time,amount\na,2024-01-01,5\nb,2024-01-02,\"5\nc,2024-01-03,5\n";
    assert_eq!(fault(open), (Some(3), None, CsvFault::OpenQuote));
}

#[test]
fn what_is_usual_in_files_is_read() {
    let files: [&[u8]; 7] = [
        b"customer_id,time,amount\na,2024-01-01,5\na,2024-02-01,7.50",
        b"\xef\xbb\xbfcustomer_id,time,amount\r\na,2024-01-01,5\r\na,2024-02-01,7.50\r\n",
        b"customer_id,time,amount\n\na,2024-01-01,5\n\n\na,2024-02-01,7.50\n",
        b" customer_id , time , amount \na, 2024-01-01 , 5 \na,2024-02-01, +7.50 \n",
        b"\"customer_id\",\"time\",\"amount\"\n\"a\",\"2024-01-01\",\"5\"\n\"a\",\"2024-02-01\",\"7.5\"\n",
        b"x,amount,customer_id,y,time\n,5,a,,2024-01-01 23:59\n,7.50,a,,2024-02-01 00:00\n",
        b"customer_id,time,amount\ra,2024-01-01,5\ra,2024-02-01,7.50\r",
    ];
    for file in files {
        let history = read(file, &HistorySpec::new()).unwrap_or_else(|error| {
            panic!(
                "{}: {error}: {:?}",
                String::from_utf8_lossy(file),
                std::error::Error::source(&error)
            )
        });
        assert_eq!(history.ids().get(0).unwrap().expose(), "a");
    }
}

#[test]
fn line_numbers_survive_line_breaks_inside_fields() {
    let file =
        b"customer_id,note,time,amount\na,\"two\nlines\",2024-01-01,5\nb,x,2024-01-02,oops\n";
    assert_eq!(fault(file).0, Some(4));
}

#[test]
fn rows_that_cannot_be_read_are_skipped_only_if_that_was_chosen_and_then_counted() {
    let file = b"customer_id,time,amount\na,2024-01-01,5\nb,never,5\nc,2024-01-02,much\nd,2024-01-03\ne,2024-01-04,6\n";
    assert!(read(file, &HistorySpec::new()).is_err());
    let history = read(file, &HistorySpec::new().unreadable_rows(UnreadableRows::Skip)).unwrap();
    let quality = history.quality();
    assert_eq!((quality.rows_read, quality.rows_kept, quality.unreadable.rows), (5, 2, 3));
    assert_eq!(quality.accounted_for(), 5);
    let places: Vec<(u64, Option<&str>)> = quality
        .unreadable
        .first
        .iter()
        .map(|fault| (fault.position, fault.column.as_deref()))
        .collect();
    assert_eq!(places, [(3, Some("time")), (4, Some("amount")), (5, None)]);
    // A file that is at fault as a whole cannot be skipped row by row.
    let open = b"customer_id,time,amount\na,2024-01-01,5\nb,\"2024-01-02,5\n";
    assert!(read(open, &HistorySpec::new().unreadable_rows(UnreadableRows::Skip)).is_err());
}

#[test]
fn each_rule_can_be_an_error_that_names_the_row() {
    let file = b"customer_id,time,amount\na,2024-01-05,5\n ,2024-01-06,5\na,2024-01-07,-2\na,2024-02-01,5\na,2024-01-08,0\n";
    let day = |d| Date::from_ymd(2024, 1, d).unwrap();
    let rules = [
        (HistorySpec::new().missing_customers(MissingCustomers::Error), 1),
        (HistorySpec::new().returns(Returns::Error), 2),
        (HistorySpec::new().observed_until(day(31)).out_of_window(OutOfWindow::Error), 3),
        (HistorySpec::new().observed_from(day(6)).out_of_window(OutOfWindow::Error), 0),
    ];
    for (spec, row) in rules {
        let error = read(file, &spec).unwrap_err();
        assert!(
            matches!(error, DataError::Refused { partition: 0, row: r, .. } if r == row),
            "{error}"
        );
    }
    let history =
        read(file, &HistorySpec::new().returns(Returns::Drop).zero_amounts(ZeroAmounts::Drop))
            .unwrap();
    assert_eq!((history.purchases(0), history.net(0).amount()), (2, 10.0));
    assert_eq!(history.quality().rows_skipped, 3);
    assert_eq!(history.quality().accounted_for(), 5);
}

#[test]
fn nobody_to_describe_is_an_error_with_the_counts() {
    let nothing = b"customer_id,time,amount\n";
    assert!(matches!(
        read(nothing, &HistorySpec::new()),
        Err(DataError::NoPurchases { rows_read: 0, .. })
    ));
    let only_returns = b"customer_id,time,amount\na,2024-01-01,-5\n,2024-01-01,5\n";
    let error = read(only_returns, &HistorySpec::new()).unwrap_err();
    assert!(matches!(error, DataError::NoPurchases { rows_read: 2, rows_skipped: 1 }), "{error}");
    let error = Blueprint::new()
        .build(&CsvTransactions::from_reader(&nothing[..]), &Work::new())
        .unwrap_err();
    assert!(matches!(error, Error::Data(DataError::NoPurchases { .. })));
}

#[test]
fn a_reader_is_read_once_and_says_so() {
    let source = CsvTransactions::from_reader(&b"customer_id,time,amount\na,2024-01-01,5\n"[..]);
    assert!(CustomerHistory::read(&source, &HistorySpec::new(), &Work::new()).is_ok());
    let error = CustomerHistory::read(&source, &HistorySpec::new(), &Work::new()).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("read before"));
}

#[test]
fn a_file_that_is_not_there_keeps_the_systems_reason() {
    let error = CsvTransactions::open("no/such/file.csv").unwrap_err();
    assert_eq!(error.fault, CsvFault::Io);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn attributes_are_checked_as_well() {
    let load = |file: &'static [u8]| {
        CsvAttributes::from_reader(file, "customer_id").map(|_| ()).unwrap_err()
    };
    assert_eq!(load(b"customer_id\na\n").fault, CsvFault::NoAttributes);
    assert_eq!(load(b"id,x\na,1\n").fault, CsvFault::NoSuchColumn);
    assert_eq!(load(b"customer_id,x,x\na,1,2\n").fault, CsvFault::ColumnTwice);
    let missing = load(b"customer_id,x\na,1\n ,2\n");
    assert_eq!((missing.line, missing.fault), (Some(3), CsvFault::NoValue));
}
