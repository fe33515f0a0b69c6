//! A batch: some thousand rows as columns, borrowed or owned.
//!
//! Columns, because a virtual call or a heap allocation per transaction is what makes readers slow;
//! standard slices, because nobody should have to learn an array library to hand their data over.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::data::{
    Batches, DataError, Decimal, Id, ScanRequest, SourceError, Transaction, TransactionSource,
};

/// Rows of a transaction log as columns of equal length.
///
/// ```
/// use segmentry::data::{Amounts, Batch, IdColumn, Times};
///
/// let cents = [1530, -200];
/// let batch = Batch::new(
///     IdColumn::from(&[17850_i64, 17850][..]),
///     Times::Days((&[14944, 14950][..]).into()),
///     Amounts::Minor { units: (&cents[..]).into(), digits: 2 },
/// )?;
/// assert_eq!(batch.len(), 2);
/// # Ok::<(), segmentry::data::DataError>(())
/// ```
#[derive(Clone)]
pub struct Batch<'a> {
    pub(crate) customers: IdColumn<'a>,
    pub(crate) times: Times<'a>,
    pub(crate) amounts: Amounts<'a>,
    pub(crate) orders: Option<IdColumn<'a>>,
    pub(crate) products: Option<IdColumn<'a>>,
    pub(crate) categories: Option<TextColumn<'a>>,
    pub(crate) currencies: Option<TextColumn<'a>>,
    pub(crate) unreadable: Vec<RowFault>,
}

/// A column of ids.
#[derive(Clone)]
pub struct IdColumn<'a> {
    pub(crate) values: IdValues<'a>,
    pub(crate) missing: Option<Cow<'a, [bool]>>,
}

#[derive(Clone)]
pub(crate) enum IdValues<'a> {
    Integers(Cow<'a, [i64]>),
    Texts(TextColumn<'a>),
    Names(Names<'a>),
}

/// Text ids, of which plain whole numbers are kept as such.
#[derive(Clone, Default)]
pub(crate) struct Names<'a> {
    names: Cow<'a, [u64]>,
    /// The texts that are no plain whole numbers.
    texts: TextColumn<'a>,
}

/// Marks a name that is a place among the texts; below it a name is a whole number.
pub(crate) const PLACE: u64 = 1 << 63;

/// The name of a missing id.
pub(crate) const MISSING: u64 = u64::MAX;

/// A column of texts: one string, cut into rows. An empty row is a missing value.
#[derive(Clone, Default)]
pub struct TextColumn<'a> {
    text: Cow<'a, str>,
    /// Where the first row starts.
    start: usize,
    ends: Cow<'a, [usize]>,
}

/// When the rows happened, on the shop's own clock.
#[derive(Clone)]
#[non_exhaustive]
pub enum Times<'a> {
    /// Seconds since 1970-01-01 00:00.
    Seconds(Cow<'a, [i64]>),
    /// Days since 1970-01-01.
    Days(Cow<'a, [i32]>),
}

/// How much money the rows moved. Negative amounts are returns.
#[derive(Clone)]
#[non_exhaustive]
pub enum Amounts<'a> {
    /// Major units as floating numbers; rounded once to the history's minor unit, half away from
    /// zero.
    Major(Cow<'a, [f64]>),
    /// Whole minor units, `digits` of which are decimals.
    Minor {
        /// The whole units.
        units: Cow<'a, [i64]>,
        /// How many decimals they have.
        digits: u8,
    },
    /// Exact decimals, such as a file has them.
    Decimal(Cow<'a, [Decimal]>),
    /// Quantity times price, multiplied exactly and rounded once.
    QuantityTimesPrice {
        /// How many; negative for a return.
        quantities: Cow<'a, [Decimal]>,
        /// The price of one.
        prices: Cow<'a, [Decimal]>,
    },
}

/// A row that the source could not read and was allowed to skip.
///
/// It says where and why, never what stood there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RowFault {
    /// Where: a line of a file, a primary key's position, whatever the source counts by.
    pub position: u64,
    /// Which column, where it was one.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

impl RowFault {
    /// A fault at a position.
    pub fn new(position: u64, column: Option<String>, reason: impl Into<String>) -> Self {
        Self { position, column, reason: reason.into() }
    }
}

impl<'a> Batch<'a> {
    /// A batch of the three columns that every log has.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`] where their lengths differ.
    pub fn new(
        customers: IdColumn<'a>,
        times: Times<'a>,
        amounts: Amounts<'a>,
    ) -> Result<Self, DataError> {
        let expected = customers.len();
        same_length("time", expected, times.len())?;
        match &amounts {
            Amounts::QuantityTimesPrice { quantities, prices } => {
                same_length("quantity", expected, quantities.len())?;
                same_length("price", expected, prices.len())?;
            }
            other => same_length("amount", expected, other.len())?,
        }
        if let Some(missing) = &customers.missing {
            same_length("missing customers", expected, missing.len())?;
        }
        Ok(Self {
            customers,
            times,
            amounts,
            orders: None,
            products: None,
            categories: None,
            currencies: None,
            unreadable: Vec::new(),
        })
    }

    /// Adds the order column.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`].
    pub fn orders(mut self, orders: IdColumn<'a>) -> Result<Self, DataError> {
        same_length("order", self.len(), orders.len())?;
        self.orders = Some(orders);
        Ok(self)
    }

    /// Adds the product column.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`].
    pub fn products(mut self, products: IdColumn<'a>) -> Result<Self, DataError> {
        same_length("product", self.len(), products.len())?;
        self.products = Some(products);
        Ok(self)
    }

    /// Adds the category column.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`].
    pub fn categories(mut self, categories: TextColumn<'a>) -> Result<Self, DataError> {
        same_length("category", self.len(), categories.len())?;
        self.categories = Some(categories);
        Ok(self)
    }

    /// Adds the column of currencies, by whatever names the shop has for them.
    ///
    /// Amounts are not converted: a second currency ends the reading, unless
    /// [`HistorySpec::currencies`](crate::data::HistorySpec::currencies) says otherwise.
    ///
    /// # Errors
    ///
    /// [`DataError::BatchLength`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{Amounts, Batch, CustomerHistory, DataError, HistorySpec, IdColumn, Times};
    /// use segmentry::work::Work;
    ///
    /// let batch = Batch::new(
    ///     IdColumn::integers(vec![17850, 17850, 13047]),
    ///     Times::Days(vec![14944, 14950, 14951].into()),
    ///     Amounts::Minor { units: vec![1530, 200, 990].into(), digits: 2 },
    /// )?;
    /// let euros = batch.clone().currencies(["EUR"; 3].into_iter().collect())?;
    /// let history = CustomerHistory::read(&euros, &HistorySpec::new(), &Work::new())?;
    /// assert_eq!(history.quality().currencies[0].amount.amount(), 27.2);
    ///
    /// let mixed = batch.currencies(["EUR", "EUR", "CHF"].into_iter().collect())?;
    /// let refused = CustomerHistory::read(&mixed, &HistorySpec::new(), &Work::new());
    /// assert!(matches!(refused, Err(DataError::MixedCurrencies { row: 2, .. })));
    /// # Ok::<(), DataError>(())
    /// ```
    pub fn currencies(mut self, currencies: TextColumn<'a>) -> Result<Self, DataError> {
        same_length("currency", self.len(), currencies.len())?;
        self.currencies = Some(currencies);
        Ok(self)
    }

    /// Adds rows that the source met in this stretch and could not read.
    ///
    /// They are no rows of the columns; they are counted as read and skipped.
    #[must_use]
    pub fn unreadable(mut self, faults: Vec<RowFault>) -> Self {
        self.unreadable = faults;
        self
    }

    /// How many rows the columns have.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows, borrowed; the unreadable ones stay behind.
    fn rows(&self, rows: Range<usize>) -> Batch<'_> {
        Batch {
            customers: self.customers.rows(rows.clone()),
            times: match &self.times {
                Times::Seconds(values) => Times::Seconds(Cow::Borrowed(&values[rows.clone()])),
                Times::Days(values) => Times::Days(Cow::Borrowed(&values[rows.clone()])),
            },
            amounts: self.amounts.rows(rows.clone()),
            orders: self.orders.as_ref().map(|orders| orders.rows(rows.clone())),
            products: self.products.as_ref().map(|products| products.rows(rows.clone())),
            categories: self.categories.as_ref().map(|names| names.rows(rows.clone())),
            currencies: self.currencies.as_ref().map(|names| names.rows(rows)),
            unreadable: Vec::new(),
        }
    }

    /// Columns from rows. A column that no row fills is left out.
    pub(crate) fn from_rows(rows: Vec<Transaction<'_>>) -> Result<Batch<'static>, DataError> {
        let customers = IdColumn::collect(rows.iter().map(|row| &row.customer))?;
        let times = Times::Seconds(rows.iter().map(|row| row.time.seconds()).collect());
        let amounts = Amounts::Major(rows.iter().map(|row| row.amount).collect());
        let mut batch = Batch::new(customers, times, amounts)?;
        if rows.iter().any(|row| row.order != Id::Missing) {
            batch = batch.orders(IdColumn::collect(rows.iter().map(|row| &row.order))?)?;
        }
        if rows.iter().any(|row| row.product != Id::Missing) {
            batch = batch.products(IdColumn::collect(rows.iter().map(|row| &row.product))?)?;
        }
        if rows.iter().any(|row| row.category.is_some()) {
            batch = batch.categories(
                rows.iter().map(|row| row.category.as_deref().unwrap_or("")).collect(),
            )?;
        }
        if rows.iter().any(|row| row.currency.is_some()) {
            batch = batch.currencies(
                rows.iter().map(|row| row.currency.as_deref().unwrap_or("")).collect(),
            )?;
        }
        Ok(batch)
    }
}

/// Rows of a partition, where columns in memory are read side by side: enough to be worth a shard,
/// few enough that the shard stays in a core's cache.
const PARTITION: usize = 1 << 17;

/// Columns in memory are a source of their own; long ones are read side by side.
impl TransactionSource for Batch<'_> {
    fn partitions(&self) -> usize {
        self.len().div_ceil(PARTITION).max(1)
    }

    fn scan(&self, partition: usize, _request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let start = partition * PARTITION;
        let mut batch = self.rows(start..(start + PARTITION).min(self.len()));
        if partition == 0 {
            batch.unreadable = self.unreadable.clone();
        }
        Ok(Batches::one(batch))
    }
}

fn same_length(column: &'static str, expected: usize, got: usize) -> Result<(), DataError> {
    if got == expected { Ok(()) } else { Err(DataError::BatchLength { column, expected, got }) }
}

impl<'a> IdColumn<'a> {
    /// Texts; an empty one is missing.
    pub fn texts(texts: TextColumn<'a>) -> Self {
        Self { values: IdValues::Texts(texts), missing: None }
    }

    /// Whole numbers.
    pub fn integers(integers: impl Into<Cow<'a, [i64]>>) -> Self {
        Self { values: IdValues::Integers(integers.into()), missing: None }
    }

    /// Marks rows as missing, whatever their value.
    #[must_use]
    pub fn missing(mut self, missing: impl Into<Cow<'a, [bool]>>) -> Self {
        self.missing = Some(missing.into());
        self
    }

    fn rows(&self, rows: Range<usize>) -> IdColumn<'_> {
        IdColumn {
            values: match &self.values {
                IdValues::Integers(values) => {
                    IdValues::Integers(Cow::Borrowed(&values[rows.clone()]))
                }
                IdValues::Texts(texts) => IdValues::Texts(texts.rows(rows.clone())),
                IdValues::Names(Names { names, texts }) => IdValues::Names(Names {
                    names: Cow::Borrowed(&names[rows.clone()]),
                    texts: texts.rows(0..texts.len()),
                }),
            },
            missing: self.missing.as_ref().map(|missing| Cow::Borrowed(&missing[rows])),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.values {
            IdValues::Integers(values) => values.len(),
            IdValues::Texts(texts) => texts.len(),
            IdValues::Names(names) => names.names.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn is_missing(&self, row: usize) -> bool {
        let blank = match &self.values {
            IdValues::Integers(_) => false,
            IdValues::Texts(texts) => texts.get(row).is_empty(),
            IdValues::Names(names) => names.names[row] == MISSING,
        };
        blank || self.missing.as_ref().is_some_and(|missing| missing[row])
    }

    fn collect<'r, 's: 'r>(
        ids: impl Iterator<Item = &'r Id<'s>> + Clone,
    ) -> Result<IdColumn<'static>, DataError> {
        let missing: Vec<bool> = ids.clone().map(|id| *id == Id::Missing).collect();
        let integers = ids.clone().any(|id| matches!(id, Id::Integer(_)));
        if integers {
            let values: Option<Vec<i64>> = ids
                .map(|id| match id {
                    Id::Integer(value) => Some(*value),
                    Id::Missing => Some(0),
                    Id::Text(_) => None,
                })
                .collect();
            Ok(IdColumn::integers(values.ok_or(DataError::MixedIds)?).missing(missing))
        } else {
            let texts =
                ids.map(|id| if let Id::Text(text) = id { text.as_ref() } else { "" }).collect();
            Ok(IdColumn::texts(texts))
        }
    }
}

impl<'a> Names<'a> {
    /// Names with the texts that their places mean.
    #[cfg(any(feature = "csv", feature = "arrow"))]
    pub(crate) fn new(names: Vec<u64>, texts: TextColumn<'a>) -> Self {
        debug_assert!(names.iter().all(|&name| {
            name == MISSING || name < PLACE || ((name & !PLACE) as usize) < texts.len()
        }));
        Self { names: names.into(), texts }
    }

    /// The names of some rows.
    #[cfg(feature = "arrow")]
    pub(crate) fn picked(&self, rows: &[usize]) -> Names<'static> {
        let names = rows.iter().map(|&row| self.names[row]).collect();
        Names::new(names, (0..self.texts.len()).map(|place| self.texts.get(place)).collect())
    }

    pub(crate) fn name(&self, row: usize) -> u64 {
        self.names[row]
    }

    pub(crate) fn names(&self, rows: Range<usize>) -> &[u64] {
        &self.names[rows]
    }

    /// The text of a name that is a place.
    pub(crate) fn text(&self, name: u64) -> &str {
        self.texts.get((name & !PLACE) as usize)
    }
}

impl<'a> From<Names<'a>> for IdColumn<'a> {
    fn from(names: Names<'a>) -> Self {
        Self { values: IdValues::Names(names), missing: None }
    }
}

impl<'a> From<&'a [i64]> for IdColumn<'a> {
    fn from(integers: &'a [i64]) -> Self {
        Self::integers(integers)
    }
}

impl<'a> From<TextColumn<'a>> for IdColumn<'a> {
    fn from(texts: TextColumn<'a>) -> Self {
        Self::texts(texts)
    }
}

impl<'a> TextColumn<'a> {
    /// One string and where each row of it ends; row `i` is the text from the end of row `i - 1` to
    /// `ends[i]`.
    ///
    /// # Errors
    ///
    /// [`DataError::TextColumn`] where an end falls back, lies outside the text or inside a
    /// character.
    pub fn new(
        text: impl Into<Cow<'a, str>>,
        ends: impl Into<Cow<'a, [usize]>>,
    ) -> Result<Self, DataError> {
        let (text, ends) = (text.into(), ends.into());
        let mut start = 0;
        for (row, &end) in ends.iter().enumerate() {
            if end < start || !text.is_char_boundary(end) {
                return Err(DataError::TextColumn { row });
            }
            start = end;
        }
        Ok(Self { text, start: 0, ends })
    }

    fn rows(&self, rows: Range<usize>) -> TextColumn<'_> {
        TextColumn {
            text: Cow::Borrowed(&self.text),
            start: self.start_of(rows.start),
            ends: Cow::Borrowed(&self.ends[rows]),
        }
    }

    fn start_of(&self, row: usize) -> usize {
        if row == 0 { self.start } else { self.ends[row - 1] }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn get(&self, row: usize) -> &str {
        &self.text[self.start_of(row)..self.ends[row]]
    }
}

impl<T: AsRef<str>> FromIterator<T> for TextColumn<'static> {
    /// Copies the texts behind one another.
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for part in texts {
            text.push_str(part.as_ref());
            ends.push(text.len());
        }
        Self { text: Cow::Owned(text), start: 0, ends: Cow::Owned(ends) }
    }
}

impl Times<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Seconds(values) => values.len(),
            Self::Days(values) => values.len(),
        }
    }
}

impl Amounts<'_> {
    fn rows(&self, rows: Range<usize>) -> Amounts<'_> {
        match self {
            Self::Major(values) => Amounts::Major(Cow::Borrowed(&values[rows])),
            Self::Minor { units, digits } => {
                Amounts::Minor { units: Cow::Borrowed(&units[rows]), digits: *digits }
            }
            Self::Decimal(values) => Amounts::Decimal(Cow::Borrowed(&values[rows])),
            Self::QuantityTimesPrice { quantities, prices } => Amounts::QuantityTimesPrice {
                quantities: Cow::Borrowed(&quantities[rows.clone()]),
                prices: Cow::Borrowed(&prices[rows]),
            },
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Major(values) => values.len(),
            Self::Minor { units, .. } => units.len(),
            Self::Decimal(values) => values.len(),
            Self::QuantityTimesPrice { quantities, .. } => quantities.len(),
        }
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} rows withheld)", self.len())
    }
}

impl fmt::Debug for IdColumn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdColumn({} rows withheld)", self.len())
    }
}

impl fmt::Debug for TextColumn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextColumn({} rows withheld)", self.len())
    }
}

impl fmt::Debug for Times<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({} rows withheld)", self.len())
    }
}

impl fmt::Debug for Amounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amounts({} rows withheld)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Date;

    #[test]
    fn unequal_columns_are_named() {
        let error = Batch::new(
            IdColumn::from(&[1_i64, 2][..]),
            Times::Days(vec![0].into()),
            Amounts::Major(vec![1.0, 2.0].into()),
        )
        .unwrap_err();
        assert!(matches!(error, DataError::BatchLength { column: "time", expected: 2, got: 1 }));
    }

    #[test]
    fn a_text_column_cuts_only_between_characters() {
        assert!(TextColumn::new("aé", vec![1, 3]).is_ok());
        assert!(matches!(TextColumn::new("aé", vec![1, 2]), Err(DataError::TextColumn { row: 1 })));
        assert!(TextColumn::new("abc", vec![2, 1]).is_err());
        assert!(TextColumn::new("abc", vec![4]).is_err());
    }

    #[test]
    fn rows_become_columns() {
        let day = Date::from_ymd(2024, 1, 1).unwrap();
        let rows = vec![
            Transaction::new("a", day, 1.0).category("toys"),
            Transaction::new(None::<&str>, day, 2.0),
        ];
        let batch = Batch::from_rows(rows).unwrap();
        assert!(batch.orders.is_none() && batch.products.is_none());
        assert!(!batch.customers.is_missing(0) && batch.customers.is_missing(1));
        assert_eq!(batch.categories.unwrap().get(1), "");
    }

    #[test]
    fn rows_of_two_kinds_of_ids_are_refused() {
        let day = Date::from_ymd(2024, 1, 1).unwrap();
        let rows = vec![Transaction::new("a", day, 1.0), Transaction::new(7, day, 1.0)];
        assert!(matches!(Batch::from_rows(rows), Err(DataError::MixedIds)));
    }
}
