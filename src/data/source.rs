//! The seam where a caller's transactions come in.

use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::data::gather::Lots;
use crate::data::{Batch, Transaction, UnreadableRows};

/// What a caller's source may fail with; kept as the `source()` of the error that reaches the
/// caller.
pub type SourceError = Box<dyn Error + Send + Sync + 'static>;

/// A store of transactions that the caller owns.
///
/// Implement this for a database handle, a data frame, a message log. `segmentry` never opens a
/// connection itself. Each call of [`scan`](TransactionSource::scan) starts afresh; rows may come
/// in any order and in any number of partitions, and the answer depends on neither.
///
/// # Example
///
/// ```
/// use segmentry::data::{Batches, CustomerHistory, HistorySpec, ScanRequest, SourceError, Transaction, TransactionSource};
/// use segmentry::{units::Date, work::Work};
///
/// struct Ledger(Vec<(&'static str, Date, f64)>);
///
/// impl TransactionSource for Ledger {
///     fn scan(&self, _partition: usize, _request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
///         Ok(Batches::from_rows(self.0.iter().map(|&(who, day, amount)| Ok(Transaction::new(who, day, amount)))))
///     }
/// }
///
/// let day = |d| Date::from_ymd(2024, 5, d).unwrap();
/// let ledger = Ledger(vec![("ann", day(1), 10.0), ("bob", day(2), 5.0), ("ann", day(3), 20.0)]);
/// let history = CustomerHistory::read(&ledger, &HistorySpec::new(), &Work::new())?;
/// assert_eq!(history.n_customers(), 2);
/// assert_eq!(history.gross(0).amount(), 30.0);
/// # Ok::<(), segmentry::data::DataError>(())
/// ```
pub trait TransactionSource {
    /// How many partitions there are; they may be read side by side. One, unless overridden.
    fn partitions(&self) -> usize {
        1
    }

    /// The order in which the rows are known to come; any, unless overridden.
    ///
    /// A declared order saves memory: the history then grows with customers and not with their days
    /// of purchase. Where the rows turn out to come otherwise, reading ends with
    /// [`DataError::OutOfOrder`](crate::data::DataError::OutOfOrder).
    fn order(&self) -> RowOrder {
        RowOrder::Any
    }

    /// Starts one scan over a partition, numbered from zero.
    ///
    /// The request says which optional columns will be used, so that a source may leave out the
    /// others; a source may also ignore it.
    ///
    /// # Errors
    ///
    /// Whatever the source fails with.
    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError>;
}

impl<S: TransactionSource + ?Sized> TransactionSource for &S {
    fn partitions(&self) -> usize {
        (**self).partitions()
    }

    fn order(&self) -> RowOrder {
        (**self).order()
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        (**self).scan(partition, request)
    }
}

/// Rows in memory are a source of their own.
impl TransactionSource for [Transaction<'_>] {
    fn scan(&self, _partition: usize, _request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        Ok(Batches::from_rows(self.iter().cloned().map(Ok)))
    }
}

/// See the slice.
impl<const N: usize> TransactionSource for [Transaction<'_>; N] {
    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        self.as_slice().scan(partition, request)
    }
}

/// See the slice.
impl TransactionSource for Vec<Transaction<'_>> {
    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        self.as_slice().scan(partition, request)
    }
}

/// The order in which a source gives its rows, partition after partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowOrder {
    /// Nothing is known.
    #[default]
    Any,
    /// The purchases of each customer come in order of time, to the day, as in any log.
    Time,
    /// The rows of each customer stand together, as in a table sorted by customer.
    Customer,
}

/// An optional column of a transaction log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The order or invoice.
    Order,
    /// The product.
    Product,
    /// The product's category.
    Category,
    /// The currency of the amount; always asked for, because it decides what a sum means.
    Currency,
}

/// What a scan is for: the optional columns that will be used, and what to do with a row that
/// cannot be read.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    pub(crate) orders_and_products: bool,
    pub(crate) categories: bool,
    pub(crate) unreadable: UnreadableRows,
    pub(crate) minor_digits: u8,
}

impl ScanRequest {
    /// Whether the column will be looked at, if the source has it.
    pub fn wants(&self, column: Column) -> bool {
        match column {
            Column::Order | Column::Product => self.orders_and_products,
            Column::Category => self.categories,
            Column::Currency => true,
        }
    }

    /// How many decimals the currency has.
    pub fn minor_digits(&self) -> u8 {
        self.minor_digits
    }

    /// Whether to end with an error at a row that cannot be read, or to hand it over in
    /// [`Batch::unreadable`] and go on.
    pub fn unreadable_rows(&self) -> UnreadableRows {
        self.unreadable
    }
}

/// The batches of one scan, in the order in which the source gives them.
pub struct Batches<'a>(Box<dyn Iterator<Item = Result<Batch<'a>, SourceError>> + 'a>);

impl<'a> Batches<'a> {
    /// Any iterator of batches, owned or borrowed from the source.
    pub fn new<'b: 'a>(batches: impl Iterator<Item = Result<Batch<'b>, SourceError>> + 'a) -> Self {
        fn as_long_as_needed<'a, 'b: 'a>(batch: Batch<'b>) -> Batch<'a> {
            batch
        }
        Self(Box::new(batches.map(|batch| batch.map(as_long_as_needed))))
    }

    /// Everything in one batch, as data in memory has it.
    pub fn one(batch: Batch<'a>) -> Self {
        Self::new(std::iter::once(Ok(batch)))
    }

    /// Any iterator of rows. It ends at the first error, and the rows before it are not lost from
    /// the count.
    pub fn from_rows<'r: 'a>(
        rows: impl IntoIterator<Item = Result<Transaction<'r>, SourceError>, IntoIter: 'a>,
    ) -> Self {
        let batch = |lot| Batch::from_rows(lot).map_err(SourceError::from);
        Self::new(Lots::of(rows.into_iter()).map(move |lot| lot.and_then(batch)))
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batches(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::gather::ROWS;
    use crate::units::Date;

    fn row(i: usize) -> Transaction<'static> {
        Transaction::new(i as i64, Date::from_day_number(0).unwrap(), 1.0)
    }

    #[test]
    fn a_failure_comes_after_the_rows_before_it() {
        for fails_at in [0, 1, ROWS - 1, ROWS, ROWS + 1] {
            let rows =
                (0..fails_at).map(|i| Ok(row(i))).chain(std::iter::once(Err("broken".into())));
            let (mut read, mut failures) = (0, 0);
            for batch in Batches::from_rows(rows) {
                match batch {
                    Ok(batch) => read += batch.len(),
                    Err(error) => {
                        assert_eq!(error.to_string(), "broken");
                        failures += 1;
                    }
                }
            }
            assert_eq!((read, failures), (fails_at, 1));
        }
    }

    #[test]
    fn no_rows_no_batches() {
        assert_eq!(Batches::from_rows(Vec::new()).count(), 0);
    }
}
