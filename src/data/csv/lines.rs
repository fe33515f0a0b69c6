//! From lines to the columns of a batch.
//!
//! Most lines of most files are plain: `csv::quick` reads those in one go. Whatever it does not
//! take at once is cut into a record and read with care, which also says what is wrong. A line that
//! both take means the same to both.

use memchr::memchr;

use crate::data::amount::Misread;
use crate::data::batch::{MISSING, Names, PLACE};
use crate::data::csv::layout::Layout;
use crate::data::csv::quick::Quick;
use crate::data::csv::records::{Record, Records};
use crate::data::csv::table::{Bytes, Header, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::roster::packed;
use crate::data::{
    Amounts, Batch, DataError, Decimal, IdColumn, RowFault, SourceError, TextColumn, Times,
};
use crate::units::CivilTime;

/// What a column is mapped to.
pub(crate) const CUSTOMER: usize = 0;
pub(crate) const TIME: usize = 1;
pub(crate) const AMOUNT: usize = 2;
pub(crate) const PRICE: usize = 3;
pub(crate) const CATEGORY: usize = 4;
pub(crate) const PRODUCT: usize = 5;
pub(crate) const ORDER: usize = 6;
pub(crate) const CURRENCY: usize = 7;
pub(crate) const ROLES: usize = 8;

/// Lines per batch where they come one by one.
const ROWS: usize = 8192;

/// What is read of a line, and how.
pub(crate) struct Rules {
    header: Header,
    /// The place of each role's column.
    places: [Option<usize>; ROLES],
    /// How a plain line is read; `None` where a column has two roles.
    quick: Option<Quick>,
    delimiter: u8,
    digits: u8,
    /// Whether times and amounts are kept as they are written.
    exact: bool,
    skip: bool,
}

/// A part of a file, of which lines and rows are counted from the start of the file.
pub(crate) struct Part<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) partition: usize,
    pub(crate) header_lines: u64,
}

impl Rules {
    pub(crate) fn new(
        header: &Header,
        places: [Option<usize>; ROLES],
        delimiter: u8,
        digits: u8,
        skip: bool,
    ) -> Self {
        let quick = Quick::new(header.names().len(), &places, delimiter, digits);
        let exact = places[ORDER].is_some() && places[PRODUCT].is_some();
        Self { header: header.clone(), places, quick, delimiter, digits, exact, skip }
    }

    /// Reads a row into the columns; `field` gives the field at a place. An error has no line yet.
    #[inline]
    fn row<'r>(
        &self,
        field: impl Fn(usize) -> &'r [u8],
        clock: &mut Clock,
        filling: &mut Filling,
    ) -> Result<(), CsvError> {
        let fault = |fault, place: usize| {
            CsvError::of(fault).in_column(&self.header.names()[place]).raw(field(place))
        };
        let string = |role: usize| match self.places[role] {
            Some(place) => text(field(place), 0, &self.header.names()[place]),
            None => Ok(""),
        };
        let number = |place: usize| {
            let digits = field(place).trim_ascii();
            if digits.is_empty() {
                return Err(fault(CsvFault::NoValue, place));
            }
            Decimal::read(digits).map_err(|misread| match misread {
                Misread::NotANumber => fault(CsvFault::NotANumber, place),
                Misread::TooLarge => fault(CsvFault::TooLarge, place),
            })
        };
        let customer = string(CUSTOMER)?;
        let place = self.places[TIME].unwrap_or(0);
        let seconds = clock.read(field(place).trim_ascii()).map_err(|it| fault(it, place))?;
        let place = self.places[AMOUNT].unwrap_or(0);
        let first = number(place)?;
        let price = self.places[PRICE].map(number).transpose()?;
        let amount = Amount::new(first, price, self.digits).ok_or_else(|| match price {
            None => fault(CsvFault::TooLarge, place),
            Some(_) => CsvError::of(CsvFault::TooLarge),
        })?;
        let (category, product, order) = (string(CATEGORY)?, string(PRODUCT)?, string(ORDER)?);
        let currency = string(CURRENCY)?.trim();

        let blank = customer.as_bytes().first().is_none_or(|&byte| byte <= b' ' || byte >= 0x80)
            && customer.trim().is_empty();
        filling.customers.push(if blank { "" } else { customer });
        filling.values.push(seconds, amount);
        for (role, column, text) in [
            (CATEGORY, &mut filling.categories, category),
            (PRODUCT, &mut filling.products, product),
            (ORDER, &mut filling.orders, order),
            (CURRENCY, &mut filling.currencies, currency),
        ] {
            if self.places[role].is_some() {
                column.push(text);
            }
        }
        Ok(())
    }

    fn batch(&self, filling: Filling) -> Result<Batch<'static>, DataError> {
        let (times, amounts) = match filling.values {
            Values::Folded { days, minor } => (
                Times::Days(days.into()),
                Amounts::Minor { units: minor.into(), digits: self.digits },
            ),
            Values::Exact { seconds, first, second } => (
                Times::Seconds(seconds.into()),
                match self.places[PRICE] {
                    None => Amounts::Decimal(first.into()),
                    Some(_) => Amounts::QuantityTimesPrice {
                        quantities: first.into(),
                        prices: second.into(),
                    },
                },
            ),
        };
        let customers: IdColumn<'_> = filling.customers.column()?.into();
        let mut batch = Batch::new(customers, times, amounts)?;
        if self.places[ORDER].is_some() {
            batch = batch.orders(filling.orders.column()?.into())?;
        }
        if self.places[PRODUCT].is_some() {
            batch = batch.products(filling.products.column()?.into())?;
        }
        if self.places[CATEGORY].is_some() {
            batch = batch.categories(filling.categories.column()?)?;
        }
        if self.places[CURRENCY].is_some() {
            batch = batch.currencies(filling.currencies.column()?)?;
        }
        Ok(batch.unreadable(filling.faults))
    }
}

/// Reads times; the days of a log repeat, so the last one is remembered.
#[derive(Default)]
pub(crate) struct Clock {
    pub(crate) date: [u8; 10],
    pub(crate) seconds: Option<i64>,
    /// Whether times carry an offset from UTC, once that is known.
    offsets: Option<bool>,
}

impl Clock {
    #[inline]
    pub(crate) fn read(&mut self, written: &[u8]) -> Result<i64, CsvFault> {
        if let (Some(seconds), true) = (self.seconds, written == self.date) {
            return Ok(seconds);
        }
        if written.is_empty() {
            return Err(CsvFault::NoValue);
        }
        let (time, has_offset) = CivilTime::read(written).ok_or(CsvFault::NotATime)?;
        if *self.offsets.get_or_insert(has_offset) != has_offset {
            return Err(CsvFault::MixedOffsets);
        }
        if let Ok(date) = <[u8; 10]>::try_from(written) {
            (self.date, self.seconds) = (date, Some(time.seconds()));
        }
        Ok(time.seconds())
    }
}

/// Columns being filled.
pub(crate) struct Filling {
    pub(crate) customers: Ids,
    pub(crate) values: Values,
    pub(crate) categories: Texts,
    pub(crate) products: Texts,
    pub(crate) orders: Texts,
    pub(crate) currencies: Texts,
    faults: Vec<RowFault>,
}

/// An amount as it is written, and what it comes to in minor units.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) first: Decimal,
    pub(crate) second: Option<Decimal>,
    pub(crate) minor: i64,
}

/// Times and amounts: as they are written only where repeats are looked for, which differ in the
/// hour or in what rounding hides; otherwise as the fold wants them, which is half of the memory.
pub(crate) enum Values {
    Exact { seconds: Vec<i64>, first: Vec<Decimal>, second: Vec<Decimal> },
    Folded { days: Vec<i32>, minor: Vec<i64> },
}

impl Amount {
    /// `None` where the minor units exceed 64 bits.
    #[inline]
    pub(crate) fn new(first: Decimal, second: Option<Decimal>, digits: u8) -> Option<Self> {
        let minor = match second {
            None => first.to_minor(digits)?,
            Some(price) => first.times(price, digits)?,
        };
        Some(Self { first, second, minor })
    }
}

impl Values {
    #[inline(always)]
    pub(crate) fn push(&mut self, time: i64, amount: Amount) {
        match self {
            Self::Exact { seconds, first, second } => {
                seconds.push(time);
                first.push(amount.first);
                second.extend(amount.second);
            }
            Self::Folded { days, minor } => {
                // The years 1 to 9999 have fewer than 2^31 days.
                days.push(time.div_euclid(86_400) as i32);
                minor.push(amount.minor);
            }
        }
    }
}

impl Filling {
    /// Room for so many rows.
    fn new(exact: bool, rows: usize) -> Self {
        Self {
            customers: Ids { names: Vec::with_capacity(rows), texts: Texts::default() },
            values: if exact {
                Values::Exact {
                    seconds: Vec::with_capacity(rows),
                    first: Vec::with_capacity(rows),
                    second: Vec::new(),
                }
            } else {
                Values::Folded { days: Vec::with_capacity(rows), minor: Vec::with_capacity(rows) }
            },
            categories: Texts::default(),
            products: Texts::default(),
            orders: Texts::default(),
            currencies: Texts::default(),
            faults: Vec::new(),
        }
    }

    fn rows(&self) -> usize {
        self.customers.names.len() + self.faults.len()
    }
}

/// Ids, plain whole numbers apart from other texts.
#[derive(Default)]
pub(crate) struct Ids {
    pub(crate) names: Vec<u64>,
    texts: Texts,
}

impl Ids {
    #[inline]
    pub(crate) fn push(&mut self, id: &str) {
        if id.is_empty() {
            self.names.push(MISSING);
        } else if let Some(number) = packed(id.as_bytes()) {
            self.names.push(number);
        } else {
            self.names.push(PLACE | self.texts.ends.len() as u64);
            self.texts.push(id);
        }
    }

    fn column(self) -> Result<Names<'static>, DataError> {
        Ok(Names::new(self.names, self.texts.column()?))
    }
}

/// Texts behind one another.
#[derive(Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    #[inline]
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn column(self) -> Result<TextColumn<'static>, DataError> {
        TextColumn::new(self.text, self.ends)
    }
}

/// One pass over a file or a part of it.
pub(crate) struct Scan<'a> {
    records: Records<Bytes>,
    rules: Rules,
    part: Option<Part<'a>>,
    clock: Clock,
    record: Record,
    failed: Option<SourceError>,
    done: bool,
}

impl<'a> Scan<'a> {
    /// Over records behind the header, or those of a part. `offsets` says whether times carry
    /// offsets, where an earlier part decided it.
    pub(crate) fn new(
        records: Records<Bytes>,
        rules: Rules,
        part: Option<Part<'a>>,
        offsets: Option<bool>,
    ) -> Self {
        let clock = Clock { offsets, ..Clock::default() };
        Self { records, rules, part, clock, record: Record::new(), failed: None, done: false }
    }

    /// Fills columns; false behind the last row.
    fn fill(&mut self, filling: &mut Filling) -> Result<bool, CsvError> {
        let length = self.records.plain().map_err(|error| self.placed(error))?;
        if length > 0 {
            *filling = Filling::new(self.rules.exact, length / 40);
            self.plain(length, filling)?;
            return Ok(true);
        }
        while filling.rows() < ROWS {
            if self.records.leave_blanks().map_err(|error| self.placed(error))? {
                break;
            }
            let more = self.records.next(&mut self.record);
            if !more.map_err(|error| self.placed(error))? {
                return Ok(false);
            }
            let Self { rules, record, clock, .. } = self;
            let read = rules
                .header
                .check(record)
                .and_then(|()| rules.row(|place| record.get(place), clock, filling));
            if let Err(error) = read {
                let (line, row) = (self.record.line, self.row());
                self.note(error, line, row, filling)?;
            }
            if self.records.plain().is_ok_and(|length| length > 0) {
                break;
            }
        }
        Ok(true)
    }

    /// Reads a stretch of plain lines.
    fn plain(&mut self, length: usize, filling: &mut Filling) -> Result<(), CsvError> {
        let (mut at, mut lines, mut rows) = (0, 0, 0);
        let mut faults = Vec::new();
        let Self { records, rules, clock, record, .. } = self;
        let bytes = records.bytes(length);
        while at < length {
            lines += 1;
            let rest = &bytes[at..];
            if let Some(read) = rules.quick.as_ref().and_then(|it| it.line(rest, clock, filling)) {
                rows += 1;
                at += read;
                continue;
            }
            let line = memchr(b'\n', rest).map_or(rest, |feed| &rest[..=feed]);
            at += line.len();
            if !record.cut(line, rules.delimiter) {
                continue; // a blank line
            }
            rows += 1;
            let read = rules
                .header
                .check(record)
                .and_then(|()| rules.row(|place| record.get(place), clock, filling));
            if let Err(error) = read {
                let of_a_row = error.fault.is_of_a_row();
                faults.push((error, lines, rows));
                if !(rules.skip && of_a_row) {
                    break;
                }
            }
        }
        let (line, row) = (self.records.line(), self.row());
        self.records.give(length, lines, rows);
        for (error, lines, rows) in faults {
            self.note(error, line + lines - 1, row + rows, filling)?;
        }
        Ok(())
    }

    /// How many rows came before, the header not counted.
    fn row(&self) -> u64 {
        self.records.rows() - u64::from(self.part.is_none())
    }

    /// A fault at a line and row: to be skipped and counted, or the end.
    #[cold]
    fn note(
        &self,
        error: CsvError,
        line: u64,
        row: u64,
        filling: &mut Filling,
    ) -> Result<(), CsvError> {
        let error = self.counted(error.at(line, row))?;
        if !(self.rules.skip && error.fault.is_of_a_row()) {
            return Err(error);
        }
        let position = error.line.unwrap_or(0);
        filling.faults.push(RowFault::new(position, error.column, error.fault.to_string()));
        Ok(())
    }

    /// An error of the cutting into records, which counts the header where it has read it.
    #[cold]
    fn placed(&self, mut error: CsvError) -> CsvError {
        if self.part.is_none() {
            error.row = error.row.map(|row| row - 1);
        }
        self.counted(error).unwrap_or_else(|error| error)
    }

    /// The error with its lines and rows counted from the start of the file.
    fn counted(&self, error: CsvError) -> Result<CsvError, CsvError> {
        let Some(part) = &self.part else { return Ok(error) };
        let (lines, rows) = part.layout.counts_before(part.partition)?;
        Ok(error.behind(part.header_lines + lines, rows))
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Batch<'static>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.done = true;
            return Some(Err(error));
        }
        if self.done {
            return None;
        }
        let mut filling = Filling::new(self.rules.exact, 0);
        match self.fill(&mut filling) {
            Ok(more) => self.done = !more,
            Err(error) => self.failed = Some(error.into()),
        }
        // A stretch of blank lines is an empty batch, at which whoever reads may stop.
        if filling.rows() == 0 && (self.done || self.failed.is_some()) {
            return self.failed.take().map(|error| {
                self.done = true;
                Err(error)
            });
        }
        Some(self.rules.batch(filling).map_err(SourceError::from))
    }
}

impl CsvFault {
    /// Whether one row is at fault, which a policy may skip, and not the file.
    pub(crate) fn is_of_a_row(&self) -> bool {
        matches!(
            self,
            Self::FieldCount { .. }
                | Self::NoValue
                | Self::NotANumber
                | Self::TooLarge
                | Self::NotATime
                | Self::NotYesNo
                | Self::NotUtf8
                | Self::NulByte
                | Self::TextAfterQuote
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{CsvTransactions, CustomerHistory, DataError, HistorySpec, UnreadableRows};
    use crate::work::Work;
    use proptest::prelude::*;

    fn read(lines: &[[String; 4]], quote: &str) -> Result<CustomerHistory, DataError> {
        let mut file = "amount,customer_id,note,time\n".to_owned();
        for fields in lines {
            let fields = fields.each_ref().map(|field| format!("{quote}{field}{quote}"));
            file += &(fields.join(",") + "\n");
        }
        let source = CsvTransactions::from_reader(std::io::Cursor::new(file)).category("note");
        let spec = HistorySpec::new().unreadable_rows(UnreadableRows::Skip).categories();
        CustomerHistory::read(&source, &spec, &Work::new())
    }

    proptest! {
        /// Quotes send a line the careful way and change nothing of what it means.
        #[test]
        fn both_ways_through_a_line_mean_the_same(
            lines in proptest::collection::vec(
                (
                    "-?[0-9]{0,9}(\\.[0-9]{0,3})?|[0-9]{17,20}| 5|\\+7|x",
                    "[0-9]{1,3}|0[0-9]|[0-9]{8,20}|[a-z]{0,3}| ",
                    "[a-c]{0,2}",
                    "2024-0[1-9]-[0-3][0-9]|2024-05-06( 07:08)?|nonsense|",
                ).prop_map(<[String; 4]>::from),
                1..12,
            )
        ) {
            match (read(&lines, ""), read(&lines, "\"")) {
                (Ok(plain), Ok(quoted)) => prop_assert_eq!(plain, quoted),
                (Err(plain), Err(quoted)) => {
                    prop_assert_eq!(format!("{plain:?}"), format!("{quoted:?}"));
                }
                (plain, quoted) => prop_assert!(false, "{plain:?} {quoted:?}"),
            }
        }
    }
}
