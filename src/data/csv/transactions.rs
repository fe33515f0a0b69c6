//! A transaction log in CSV.

use std::fmt;
use std::io::Read;
use std::path::Path;

use csv::ByteRecord;

use crate::data::csv::table::{Origin, Table, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::{
    Amounts, Batch, Batches, Column, Decimal, IdColumn, RowFault, ScanRequest, SourceError, Times,
    TransactionSource, UnreadableRows,
};
use crate::units::CivilTime;

/// A transaction log in a CSV file or behind any reader, one transaction a line.
///
/// Columns are mapped by their names in the header. Without a mapping the names `customer_id`,
/// `time` and `amount` are expected. An id is taken byte for byte; an id of blanks only is missing.
/// Numbers are plain decimals (`-12.50`), times are ISO dates or date-times (`2011-12-09`,
/// `2011-12-09 12:50`); blanks around both are ignored.
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
}

impl TransactionSource for CsvTransactions {
    fn scan(&self, _partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let table = Table::open(&self.origin, self.delimiter)?;
        let wanted = |column, name: &Option<String>| -> Result<Option<usize>, CsvError> {
            match name {
                Some(name) if request.wants(column) => table.column(name).map(Some),
                _ => Ok(None),
            }
        };
        let places = Places {
            customer: table.column(&self.customer)?,
            time: table.column(&self.time)?,
            amount: match &self.amount {
                AmountColumns::Amount(amount) => (table.column(amount)?, None),
                AmountColumns::QuantityTimesPrice { quantity, price } => {
                    (table.column(quantity)?, Some(table.column(price)?))
                }
            },
            category: wanted(Column::Category, &self.category)?,
            product: wanted(Column::Product, &self.product)?,
            order: wanted(Column::Order, &self.order)?,
        };
        let scan = Scan {
            table,
            places,
            skip: request.unreadable_rows() == UnreadableRows::Skip,
            offsets: None,
            failed: None,
            done: false,
        };
        Ok(Batches::new(scan))
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

/// Where the mapped columns stand.
struct Places {
    customer: usize,
    time: usize,
    /// The amount, or the quantity with the price.
    amount: (usize, Option<usize>),
    category: Option<usize>,
    product: Option<usize>,
    order: Option<usize>,
}

/// One pass over the file.
struct Scan {
    table: Table,
    places: Places,
    skip: bool,
    /// Whether times carry an offset from UTC, once the first was seen.
    offsets: Option<bool>,
    failed: Option<SourceError>,
    done: bool,
}

/// Columns being filled.
#[derive(Default)]
struct Filling {
    customers: Texts,
    seconds: Vec<i64>,
    first: Vec<Decimal>,
    second: Vec<Decimal>,
    categories: Texts,
    products: Texts,
    orders: Texts,
    faults: Vec<RowFault>,
}

/// Texts behind one another.
#[derive(Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn column(self) -> Result<crate::data::TextColumn<'static>, crate::data::DataError> {
        crate::data::TextColumn::new(self.text, self.ends)
    }
}

/// What one line says.
struct Line<'r> {
    customer: &'r str,
    time: CivilTime,
    first: Decimal,
    second: Option<Decimal>,
    category: Option<&'r str>,
    product: Option<&'r str>,
    order: Option<&'r str>,
}

/// Lines per batch.
const ROWS: usize = 8192;

impl Iterator for Scan {
    type Item = Result<Batch<'static>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.done = true;
            return Some(Err(error));
        }
        if self.done {
            return None;
        }
        let mut filling = Filling::default();
        let mut record = ByteRecord::new();
        while filling.seconds.len() + filling.faults.len() < ROWS {
            match self.line(&mut record, &mut filling) {
                Ok(true) => {}
                Ok(false) => {
                    self.done = true;
                    break;
                }
                Err(error) if self.skip && error.fault.is_of_a_row() => {
                    let position = error.line.unwrap_or(0);
                    filling.faults.push(RowFault::new(
                        position,
                        error.column,
                        error.fault.to_string(),
                    ));
                }
                Err(error) => {
                    self.failed = Some(error.into());
                    break;
                }
            }
        }
        if filling.seconds.is_empty() && filling.faults.is_empty() {
            return self.next();
        }
        Some(self.batch(filling).map_err(SourceError::from))
    }
}

impl Scan {
    /// Reads one line; false behind the last.
    fn line(&mut self, record: &mut ByteRecord, filling: &mut Filling) -> Result<bool, CsvError> {
        let Some(line) = self.table.next(record)? else { return Ok(false) };
        let read = self.read(record, line)?;
        filling.customers.push(if read.customer.trim().is_empty() { "" } else { read.customer });
        filling.seconds.push(read.time.seconds());
        filling.first.push(read.first);
        filling.second.extend(read.second);
        filling.categories.push(read.category.unwrap_or(""));
        filling.products.push(read.product.unwrap_or(""));
        filling.orders.push(read.order.unwrap_or(""));
        Ok(true)
    }

    fn read<'r>(&mut self, record: &'r ByteRecord, line: u64) -> Result<Line<'r>, CsvError> {
        let header = self.table.header();
        let field = |place: usize| &record[place];
        let fault = |fault, place: usize| {
            CsvError::of(fault).at(line).in_column(&header[place]).raw(field(place))
        };
        let string = |place: usize| text(field(place), line, &header[place]);
        let optional = |place: Option<usize>| place.map(string).transpose();
        let number = |place: usize| {
            let digits = field(place).trim_ascii();
            if digits.is_empty() {
                return Err(fault(CsvFault::NoValue, place));
            }
            Decimal::read(digits).ok_or_else(|| fault(CsvFault::NotANumber, place))
        };

        let place = self.places.time;
        let written = field(place).trim_ascii();
        if written.is_empty() {
            return Err(fault(CsvFault::NoValue, place));
        }
        let (time, has_offset) =
            CivilTime::read(written).ok_or_else(|| fault(CsvFault::NotATime, place))?;
        if *self.offsets.get_or_insert(has_offset) != has_offset {
            return Err(fault(CsvFault::MixedOffsets, place));
        }
        Ok(Line {
            customer: string(self.places.customer)?,
            time,
            first: number(self.places.amount.0)?,
            second: self.places.amount.1.map(number).transpose()?,
            category: optional(self.places.category)?,
            product: optional(self.places.product)?,
            order: optional(self.places.order)?,
        })
    }

    fn batch(&self, filling: Filling) -> Result<Batch<'static>, crate::data::DataError> {
        let amounts = match self.places.amount.1 {
            None => Amounts::Decimal(filling.first.into()),
            Some(_) => {
                Amounts::QuantityTimesPrice {
                    quantities: filling.first.into(),
                    prices: filling.second.into(),
                }
            }
        };
        let customers = IdColumn::texts(filling.customers.column()?);
        let mut batch = Batch::new(customers, Times::Seconds(filling.seconds.into()), amounts)?;
        if self.places.order.is_some() {
            batch = batch.orders(filling.orders.column()?.into())?;
        }
        if self.places.product.is_some() {
            batch = batch.products(filling.products.column()?.into())?;
        }
        if self.places.category.is_some() {
            batch = batch.categories(filling.categories.column()?)?;
        }
        Ok(batch.unreadable(filling.faults))
    }
}

impl CsvFault {
    /// Whether one row is at fault, which a policy may skip, and not the file.
    fn is_of_a_row(&self) -> bool {
        matches!(
            self,
            Self::FieldCount { .. }
                | Self::NoValue
                | Self::NotANumber
                | Self::NotATime
                | Self::NotUtf8
                | Self::MixedOffsets
        )
    }
}
