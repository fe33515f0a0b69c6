//! A transaction log in CSV.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use crate::data::csv::CsvError;
use crate::data::csv::layout::Layout;
use crate::data::csv::lines::{Part, Rules, Scan};
use crate::data::csv::records::Record;
use crate::data::csv::table::{GZIP, Header, Origin, Table};
use crate::data::{
    Batches, Column, RowOrder, ScanRequest, SourceError, TransactionSource, UnreadableRows,
};
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
    origin: Origin,
    delimiter: u8,
    customer: String,
    time: String,
    amount: AmountColumns,
    category: Option<String>,
    product: Option<String>,
    order: Option<String>,
    currency: Option<String>,
    row_order: RowOrder,
    layout: OnceLock<Option<Layout>>,
    offsets: OnceLock<Option<bool>>,
}

#[derive(Debug, Clone)]
enum AmountColumns {
    Amount(String),
    QuantityTimesPrice { quantity: String, price: String },
}

impl CsvTransactions {
    /// A file, which is opened anew for each scan.
    ///
    /// # Errors
    ///
    /// [`CsvError`] where it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CsvError> {
        Ok(Self::new(Origin::path(path.as_ref())?))
    }

    /// Any reader. It can be scanned once; a second scan is an error.
    pub fn from_reader(reader: impl Read + Send + 'static) -> Self {
        Self::new(Origin::reader(reader))
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            delimiter: b',',
            customer: "customer_id".to_owned(),
            time: "time".to_owned(),
            amount: AmountColumns::Amount("amount".to_owned()),
            category: None,
            product: None,
            order: None,
            currency: None,
            row_order: RowOrder::Any,
            layout: OnceLock::new(),
            offsets: OnceLock::new(),
        }
    }

    /// The byte between fields; a comma unless set.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The column with the customer.
    #[must_use]
    pub fn customer(mut self, column: impl Into<String>) -> Self {
        self.customer = column.into();
        self
    }

    /// The column with the date or date-time.
    #[must_use]
    pub fn time(mut self, column: impl Into<String>) -> Self {
        self.time = column.into();
        self
    }

    /// The column with the amount, negative for a return.
    #[must_use]
    pub fn amount(mut self, column: impl Into<String>) -> Self {
        self.amount = AmountColumns::Amount(column.into());
        self
    }

    /// The column with the quantity, negative for a return; the amount is quantity times price.
    #[must_use]
    pub fn quantity(mut self, column: impl Into<String>) -> Self {
        let quantity = column.into();
        self.amount = match self.amount {
            AmountColumns::QuantityTimesPrice { price, .. } => {
                AmountColumns::QuantityTimesPrice { quantity, price }
            }
            AmountColumns::Amount(_) => {
                AmountColumns::QuantityTimesPrice { quantity, price: "price".to_owned() }
            }
        };
        self
    }

    /// The column with the price of one; the amount is quantity times price.
    #[must_use]
    pub fn price(mut self, column: impl Into<String>) -> Self {
        let price = column.into();
        self.amount = match self.amount {
            AmountColumns::QuantityTimesPrice { quantity, .. } => {
                AmountColumns::QuantityTimesPrice { quantity, price }
            }
            AmountColumns::Amount(_) => {
                AmountColumns::QuantityTimesPrice { quantity: "quantity".to_owned(), price }
            }
        };
        self
    }

    /// The column with the product's category.
    #[must_use]
    pub fn category(mut self, column: impl Into<String>) -> Self {
        self.category = Some(column.into());
        self
    }

    /// The column with the product.
    #[must_use]
    pub fn product(mut self, column: impl Into<String>) -> Self {
        self.product = Some(column.into());
        self
    }

    /// The column with the order or invoice.
    #[must_use]
    pub fn order(mut self, column: impl Into<String>) -> Self {
        self.order = Some(column.into());
        self
    }

    /// The column with the currency; a second currency is an error, or is flagged
    /// ([`HistorySpec::currencies`](crate::data::HistorySpec::currencies)).
    #[must_use]
    pub fn currency(mut self, column: impl Into<String>) -> Self {
        self.currency = Some(column.into());
        self
    }

    /// Declares the order of the lines, which saves memory; see [`TransactionSource::order`].
    #[must_use]
    pub fn row_order(mut self, order: RowOrder) -> Self {
        self.row_order = order;
        self
    }

    /// The parts of a file that can be read side by side: a plain file of which the header can be
    /// read. Whatever is wrong with it is said by the scan.
    fn layout(&self) -> Option<&Layout> {
        let layout = || {
            let Origin::Path(path) = &self.origin else { return None };
            let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
            let mut magic = Vec::new();
            fs::File::open(path).ok()?.take(2).read_to_end(&mut magic).ok()?;
            if magic == GZIP {
                return None;
            }
            let (_, records) = Table::open(&self.origin, self.delimiter).ok()?.into_parts();
            Some(Layout::new(path, self.delimiter, records.offset(), file.len()))
        };
        self.layout.get_or_init(layout).as_ref()
    }

    /// Whether the first time of the file that can be read carries an offset from UTC.
    fn first_offset(&self, header: &Header) -> Result<Option<bool>, CsvError> {
        if let Some(&offset) = self.offsets.get() {
            return Ok(offset);
        }
        let time = header.column(&self.time)?;
        let mut table = Table::open(&self.origin, self.delimiter)?;
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
        Ok(*self.offsets.get_or_init(|| offset))
    }

    fn rules(&self, header: &Header, request: &ScanRequest) -> Result<Rules, CsvError> {
        let wanted = |column, name: &Option<String>| -> Result<Option<usize>, CsvError> {
            match name {
                Some(name) if request.wants(column) => header.column(name).map(Some),
                _ => Ok(None),
            }
        };
        let (customer, time) = (header.column(&self.customer)?, header.column(&self.time)?);
        let (amount, price) = match &self.amount {
            AmountColumns::Amount(amount) => (header.column(amount)?, None),
            AmountColumns::QuantityTimesPrice { quantity, price } => {
                (header.column(quantity)?, Some(header.column(price)?))
            }
        };
        let places = [
            Some(customer),
            Some(time),
            Some(amount),
            price,
            wanted(Column::Category, &self.category)?,
            wanted(Column::Product, &self.product)?,
            wanted(Column::Order, &self.order)?,
            wanted(Column::Currency, &self.currency)?,
        ];
        let skip = request.unreadable_rows() == UnreadableRows::Skip;
        Ok(Rules::new(header, places, self.delimiter, request.minor_digits(), skip))
    }
}

impl TransactionSource for CsvTransactions {
    fn partitions(&self) -> usize {
        self.layout().map_or(1, Layout::len)
    }

    fn order(&self) -> RowOrder {
        self.row_order
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let (header, records) = Table::open(&self.origin, self.delimiter)?.into_parts();
        let rules = self.rules(&header, request)?;
        let Some(layout) = self.layout() else {
            return Ok(Batches::new(Scan::new(records, rules, None, None)));
        };
        let offsets = if partition > 0 { self.first_offset(&header)? } else { None };
        let part = Part { layout, partition, header_lines: records.line() - 1 };
        let records = layout.records(partition)?;
        Ok(Batches::new(Scan::new(records, rules, Some(part), offsets)))
    }
}

impl fmt::Debug for CsvTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvTransactions")
            .field("customer", &self.customer)
            .field("time", &self.time)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
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
