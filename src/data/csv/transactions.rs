//! A transaction log in CSV.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use crate::data::csv::CsvError;
use crate::data::csv::file::{CsvFile, opening_methods};
use crate::data::csv::layout::Layout;
use crate::data::csv::lines::{Part, Rules, Scan};
use crate::data::csv::records::Record;
use crate::data::csv::table::Header;
use crate::data::mapped::{Mapped, mapping_methods};
use crate::data::{Batches, RowOrder, ScanRequest, SourceError, TransactionSource, UnreadableRows};
use crate::units::CivilTime;

/// A transaction log in a CSV file or behind any reader, one transaction a line.
///
/// Columns are mapped by their names in the header. Without a mapping the names `customer_id`,
/// `time` and `amount` are expected. An id is taken byte for byte; an id of blanks only is missing.
/// Numbers are plain decimals (`-12.50`), times are ISO dates or date-times (`2011-12-09`,
/// `2011-12-09 12:50`); blanks around both are ignored. A file is read in parts, side by side; a
/// file packed by gzip (feature `gzip`) and a reader in one piece.
///
/// # Example
///
/// ```
/// use segmentry::data::{CsvTransactions, CustomerHistory, HistorySpec};
/// use segmentry::work::Work;
///
/// let file = "InvoiceNo,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
///             536365,6,2010-12-01 08:26,2.55,17850\n\
///             536366,2,2010-12-03 09:00,1.85,17850\n";
/// let shop = CsvTransactions::from_reader(file.as_bytes())
///     .customer("CustomerID")
///     .time("InvoiceDate")
///     .quantity("Quantity")
///     .price("UnitPrice");
/// let history = CustomerHistory::read(&shop, &HistorySpec::new(), &Work::new())?;
/// assert_eq!((history.purchases(0), history.gross(0).amount()), (2, 19.0));
/// # Ok::<(), segmentry::data::DataError>(())
/// ```
pub struct CsvTransactions {
    file: CsvFile,
    names: Mapped<String>,
    row_order: RowOrder,
    /// The place of the times for which it is known, and whether they carry offsets from UTC.
    offsets: OnceLock<(usize, Option<bool>)>,
}

impl CsvTransactions {
    opening_methods!();
    mapping_methods!();

    fn over(file: CsvFile) -> Self {
        let (row_order, offsets) = (RowOrder::Any, OnceLock::new());
        Self { file, names: Mapped::default(), row_order, offsets }
    }

    /// Declares the order of the lines, which saves memory; see [`TransactionSource::order`].
    #[must_use]
    pub fn row_order(mut self, order: RowOrder) -> Self {
        self.row_order = order;
        self
    }

    /// Whether the first time of the file that can be read carries an offset from UTC.
    fn first_offset(&self, header: &Header) -> Result<Option<bool>, CsvError> {
        let time = header.column(&self.names.time)?;
        if let Some(&(_, offset)) = self.offsets.get().filter(|(place, _)| *place == time) {
            return Ok(offset);
        }
        let mut table = self.file.open()?;
        let mut record = Record::new();
        let offset = loop {
            match table.next(&mut record) {
                Ok(None) => break None,
                Ok(Some(_)) => {
                    if let Some((_, offset)) = CivilTime::read(record.get(time).trim_ascii()) {
                        break Some(offset);
                    }
                }
                Err(error) if error.fault.is_of_a_row() => {}
                Err(error) => return Err(error),
            }
        };
        self.offsets.get_or_init(|| (time, offset));
        Ok(offset)
    }

    fn rules(&self, header: &Header, request: &ScanRequest) -> Result<Rules, CsvError> {
        let places = self.names.wanted(request).try_map(|name| header.column(name))?;
        let places = [
            Some(places.customer),
            Some(places.time),
            Some(places.amount),
            places.price,
            places.category,
            places.product,
            places.order,
            places.currency,
        ];
        let skip = request.unreadable_rows() == UnreadableRows::Skip;
        Ok(Rules::new(header, places, self.file.delimiter(), request.minor_digits(), skip))
    }
}

impl TransactionSource for CsvTransactions {
    fn partitions(&self) -> usize {
        self.file.layout().map_or(1, Layout::len)
    }

    fn order(&self) -> RowOrder {
        self.row_order
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let (header, records) = self.file.open()?.into_parts();
        let rules = self.rules(&header, request)?;
        let Some(layout) = self.file.layout() else {
            return Ok(Batches::new(Scan::new(records, rules, None, None)));
        };
        self.file.check_unchanged()?;
        let offsets = if partition > 0 { self.first_offset(&header)? } else { None };
        let part = Part { layout, partition, header_lines: records.line() - 1 };
        let records = layout.records(partition)?;
        Ok(Batches::new(Scan::new(records, rules, Some(part), offsets)))
    }
}

impl fmt::Debug for CsvTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvTransactions").field("columns", &self.names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{
        CsvError, CsvFault, CsvTransactions, Currencies, CustomerHistory, DataError, HistorySpec,
    };
    use crate::work::Work;

    #[test]
    fn a_packed_file_is_unpacked_or_named() {
        use std::io::Write;

        let file = "customer_id,time,amount\n1,2024-01-02,5\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(file.as_bytes()).unwrap();
        let source = CsvTransactions::from_reader(std::io::Cursor::new(packed.finish().unwrap()));
        let history = CustomerHistory::read(&source, &HistorySpec::new(), &Work::new());
        if cfg!(feature = "gzip") {
            assert_eq!(history.unwrap().gross(0).amount(), 5.0);
        } else {
            let error = history.unwrap_err();
            let cause = std::error::Error::source(&error).unwrap();
            let fault = &cause.downcast_ref::<CsvError>().unwrap().fault;
            assert_eq!(*fault, CsvFault::Gzip);
        }
    }

    #[test]
    fn a_file_that_changes_between_scans_is_noticed() {
        let path = std::env::temp_dir().join(format!("segmentry-changed-{}", std::process::id()));
        let header = "customer_id,time,amount\n";
        std::fs::write(&path, format!("{header}1,2024-01-02,5\n")).unwrap();
        let source = CsvTransactions::open(&path).unwrap();
        let read = |source: &CsvTransactions| {
            CustomerHistory::read(source, &HistorySpec::new(), &Work::new())
        };
        assert_eq!(read(&source).unwrap().n_customers(), 1);
        assert_eq!(read(&source).unwrap().n_customers(), 1);
        let mut faults = Vec::new();
        for lines in ["1,2024-01-02,5\n2,2024-01-03,7\n", ""] {
            std::fs::write(&path, format!("{header}{lines}")).unwrap();
            let DataError::Source { source, .. } = read(&source).unwrap_err() else { panic!() };
            faults.push(source.downcast::<CsvError>().unwrap().fault);
        }
        std::fs::write(&path, format!("{header}1,2024-01-02,5\n2,2024-01-03,7\n")).unwrap();
        let again = read(&CsvTransactions::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(faults, [CsvFault::Changed, CsvFault::Changed]);
        assert_eq!(again.unwrap().n_customers(), 2);
    }

    #[test]
    fn a_column_mapped_anew_is_read_anew() {
        let lines = "1,2024-01-02,2024-01-02T23:00Z,5\n".repeat(300_000);
        let path = std::env::temp_dir().join(format!("segmentry-remap-{}", std::process::id()));
        std::fs::write(&path, format!("customer_id,time,utc,amount\n{lines}")).unwrap();
        let read = |source: &CsvTransactions| {
            CustomerHistory::read(source, &HistorySpec::new(), &Work::new())
                .map(|it| it.purchases(0))
        };
        let source = CsvTransactions::open(&path).unwrap();
        let plain = read(&source);
        let utc = read(&source.time("utc"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!((plain.unwrap(), utc.unwrap()), (1, 1));
    }

    #[test]
    fn a_second_currency_is_an_error_or_flagged() {
        let file = "customer_id,time,amount,currency\n1,2024-01-02,5,EUR\n\
                    1,2024-01-03,7, EUR \n2,2024-01-03,9,USD\n";
        let read = |spec: &HistorySpec| {
            let source = CsvTransactions::from_reader(file.as_bytes()).currency("currency");
            CustomerHistory::read(&source, spec, &Work::new())
        };
        let error = read(&HistorySpec::new()).unwrap_err();
        assert!(matches!(error, DataError::MixedCurrencies { .. }), "{error}");
        let history = read(&HistorySpec::new().currencies(Currencies::Flag)).unwrap();
        let rows: Vec<u64> = history.quality().currencies.iter().map(|c| c.rows).collect();
        assert_eq!(rows, [2, 1]);
    }
}
