//! Attributes of customers in CSV.

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use crate::data::csv::file::CsvFile;
use crate::data::csv::multi_answers::MultiAnswerFormat;
use crate::data::csv::records::Record;
use crate::data::csv::table::{Place, number, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::texts::Texts;
use crate::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, IdColumn, Options, SourceError,
};

/// Attributes in a CSV file or behind any reader, one customer a line.
///
/// The file is read when it is opened, and each column's kind follows from its values: yes/no where
/// every value is one of `yes`, `no`, `true`, `false`, `y`, `n`, `1`, `0` (in any case), a number
/// where every value is a plain decimal, otherwise a category. An empty field is a missing value.
/// Fields count as the company's own records, known at scoring time, until
/// [`survey`](Self::survey), [`third_party`](Self::third_party) or [`field`](Self::field) says
/// otherwise. A column with several answers in a field is taken for one once
/// [`multi_answer`](Self::multi_answer) says how they are written.
///
/// The file's text is kept in memory, with 8 bytes for each of its fields.
///
/// # Example
///
/// ```
/// use segmentry::data::{Attributes, CsvAttributes, MultiAnswerFormat};
/// use segmentry::{units::CustomerIds, work::Work};
///
/// let file = "customer_id,cost_to_serve,wants\n17850,12.5,advice;delivery\n13047,,none\n";
/// let survey = CsvAttributes::from_reader(file.as_bytes(), "customer_id")?
///     .multi_answer("wants", MultiAnswerFormat::separated_by(';').none("none"));
///
/// let customers = CustomerIds::from_integers(vec![13047, 17850])?;
/// let known = Attributes::read(&survey, &customers, &Work::new())?;
/// assert_eq!(known.column("cost_to_serve")?.numbers()?, [None, Some(12.5)]);
/// let wants = known.column("wants")?.multi_answers()?;
/// assert_eq!(wants.options(), ["advice", "delivery"]);
/// assert_eq!((wants.ticked(0), wants.ticked(1)), (Some(&[][..]), Some(&[0, 1][..])));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CsvAttributes {
    customers: Texts,
    /// Where each row stands.
    lines: Vec<u64>,
    columns: Vec<Column>,
    /// Columns that were declared and that the file has not.
    strangers: Vec<String>,
}

/// A column of the file as it was read, trimmed.
#[derive(Clone)]
struct Column {
    field: AttributeField,
    values: Texts,
    format: MultiAnswerFormat,
}

/// Lines per batch.
const ROWS: usize = 65_536;

impl CsvAttributes {
    /// Reads a comma-separated file whose column `customer` names the customer.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn open(path: impl AsRef<Path>, customer: &str) -> Result<Self, CsvError> {
        Self::open_delimited(path, customer, b',')
    }

    /// Reads a file with another byte between its fields, such as `b';'` or `b'\t'`.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn open_delimited(
        path: impl AsRef<Path>,
        customer: &str,
        delimiter: u8,
    ) -> Result<Self, CsvError> {
        Self::load(&CsvFile::at(path.as_ref())?.delimited(delimiter), customer)
    }

    /// Reads any reader to its end, fields separated by commas.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        customer: &str,
    ) -> Result<Self, CsvError> {
        Self::from_reader_delimited(reader, customer, b',')
    }

    /// Reads any reader with another byte between its fields.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn from_reader_delimited(
        reader: impl Read + Send + 'static,
        customer: &str,
        delimiter: u8,
    ) -> Result<Self, CsvError> {
        Self::load(&CsvFile::behind(reader).delimited(delimiter), customer)
    }

    fn load(file: &CsvFile, customer: &str) -> Result<Self, CsvError> {
        let mut table = file.open()?;
        let id = table.header().column(customer)?;
        let header = table.header().names().to_vec();
        if header.len() < 2 {
            return Err(CsvError::of(CsvFault::NoAttributes));
        }
        table.header().refuse_twins()?;
        let (mut customers, mut lines) = (Texts::default(), Vec::new());
        let mut columns = vec![Texts::default(); header.len()];
        let mut record = Record::new();
        while let Some(Place { line, row }) = table.next(&mut record)? {
            for (place, field) in record.iter().enumerate() {
                let value = text(field, line, &header[place]).map_err(|it| it.at(line, row))?;
                if place == id {
                    if value.trim().is_empty() {
                        let fault = CsvError::of(CsvFault::NoValue).at(line, row);
                        return Err(fault.in_column(customer));
                    }
                    customers.push(value);
                    lines.push(line);
                } else {
                    columns[place].push(value.trim());
                }
            }
        }
        let columns = header.into_iter().zip(columns).enumerate().filter(|(place, _)| *place != id);
        let columns = columns.map(|(_, (name, values))| Column {
            field: AttributeField::own(name, kind(&values)),
            values,
            format: MultiAnswerFormat::default(),
        });
        Ok(Self { customers, lines, columns: columns.collect(), strangers: Vec::new() })
    }

    /// Whether the file has a column of that name besides the customer's.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.field.name == column)
    }

    /// Declares that the fields are answers of those who were asked.
    #[must_use]
    pub fn survey(self) -> Self {
        self.all_fields(AttributeField::survey)
    }

    /// Declares that the fields were bought or appended from elsewhere.
    #[must_use]
    pub fn third_party(self) -> Self {
        self.all_fields(AttributeField::third_party)
    }

    fn all_fields(mut self, declare: fn(String, AttributeKind) -> AttributeField) -> Self {
        for Column { field, .. } in &mut self.columns {
            *field = declare(std::mem::take(&mut field.name), field.kind.clone());
        }
        self
    }

    /// Declares a field: its kind, origin and availability. A field that the file has not is an
    /// error when the attributes are read; [`has`](Self::has) asks beforehand.
    #[must_use]
    pub fn field(mut self, declared: AttributeField) -> Self {
        match self.columns.iter_mut().find(|column| column.field.name == declared.name) {
            Some(column) => column.field = declared,
            None => self.strangers.push(declared.name),
        }
        self
    }

    /// Declares that a column holds several answers in each of its fields, and how they are
    /// written. Its options are discovered, unless [`field`](Self::field) declares them.
    #[must_use]
    pub fn multi_answer(mut self, column: &str, format: MultiAnswerFormat) -> Self {
        match self.columns.iter_mut().find(|known| known.field.name == column) {
            Some(Column { field, format: known, .. }) => {
                if !matches!(field.kind, AttributeKind::MultiAnswer(_)) {
                    field.kind = AttributeKind::MultiAnswer(Options::Discovered);
                }
                *known = format;
            }
            None => self.strangers.push(column.to_owned()),
        }
        self
    }

    fn batch(&self, rows: &Range<usize>) -> Result<AttributeBatch<'_>, SourceError> {
        let columns = self.columns.iter().map(|column| column.batch(rows, &self.lines));
        Ok(AttributeBatch {
            customers: IdColumn::texts(rows.clone().map(|row| self.customers.get(row)).collect()),
            columns: columns.collect::<Result<_, CsvError>>()?,
        })
    }
}

fn kind(values: &Texts) -> AttributeKind {
    let mut given = values.iter().filter(|value| !value.is_empty()).peekable();
    if given.peek().is_none() {
        AttributeKind::Category
    } else if given.clone().all(|value| yes_no(value).is_some()) {
        AttributeKind::YesNo
    } else if given.all(|value| number(value).is_some()) {
        AttributeKind::Number
    } else {
        AttributeKind::Category
    }
}

fn yes_no(value: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is_one_of(["yes", "true", "y", "1"]) {
        Some(true)
    } else if is_one_of(["no", "false", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

impl AttributeSource for CsvAttributes {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        match self.strangers.first() {
            Some(name) => {
                Err(CsvError::of(CsvFault::NoSuchColumn).at_line(1).in_column(name).into())
            }
            None => Ok(self.columns.iter().map(|column| column.field.clone()).collect()),
        }
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let n = self.lines.len();
        let starts = (0..n).step_by(ROWS);
        Ok(Box::new(starts.map(move |start| self.batch(&(start..n.min(start + ROWS))))))
    }
}

impl Column {
    fn batch(
        &self,
        rows: &Range<usize>,
        lines: &[u64],
    ) -> Result<AttributeValues<'static>, CsvError> {
        let values = rows.clone().map(|row| self.values.get(row));
        Ok(match self.field.kind {
            AttributeKind::Number => {
                AttributeValues::Number(self.parsed(rows, lines, number, CsvFault::NotANumber)?)
            }
            AttributeKind::YesNo => {
                AttributeValues::YesNo(self.parsed(rows, lines, yes_no, CsvFault::NotYesNo)?)
            }
            AttributeKind::MultiAnswer(_) => {
                let answers = self
                    .format
                    .read(values)
                    .map_err(|(row, fault)| self.fault(fault, rows.start + row, lines))?;
                AttributeValues::MultiAnswer(answers)
            }
            _ => AttributeValues::Text(values.collect()),
        })
    }

    /// A column's values in its declared kind; a value that is not of it is an error and not a
    /// missing one.
    fn parsed<T>(
        &self,
        rows: &Range<usize>,
        lines: &[u64],
        parse: impl Fn(&str) -> Option<T>,
        fault: CsvFault,
    ) -> Result<Vec<Option<T>>, CsvError> {
        let one = |row| match self.values.get(row) {
            "" => Ok(None),
            value => parse(value).map(Some).ok_or_else(|| self.fault(fault.clone(), row, lines)),
        };
        rows.clone().map(one).collect()
    }

    fn fault(&self, fault: CsvFault, row: usize, lines: &[u64]) -> CsvError {
        let raw = self.values.get(row).as_bytes();
        let error = CsvError::of(fault).at(lines[row], row as u64 + 1);
        error.in_column(&self.field.name).raw(raw)
    }
}

impl fmt::Debug for CsvAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&AttributeField> =
            self.columns.iter().map(|column| &column.field).collect();
        f.debug_struct("CsvAttributes")
            .field("customers", &self.customers.len())
            .field("fields", &fields)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Attributes, DataError};
    use crate::units::CustomerIds;
    use crate::work::Work;

    fn load(file: &'static str) -> CsvAttributes {
        CsvAttributes::from_reader(file.as_bytes(), "id").unwrap()
    }

    fn join(source: &CsvAttributes) -> Result<Attributes, DataError> {
        let customers = CustomerIds::from_texts(["a", "b", "c"]).unwrap();
        Attributes::read(source, &customers, &Work::new())
    }

    fn fault(source: &CsvAttributes) -> CsvError {
        let DataError::SideSource { source, .. } = join(source).unwrap_err() else {
            panic!("the source is at fault")
        };
        *source.downcast().unwrap()
    }

    #[test]
    fn kinds_follow_from_the_values() {
        let source = load("id,flag,n,c,none\na,YES,1.5,x,\nb,0,-2,1.5,\n");
        let kinds: Vec<_> = source.fields().unwrap().into_iter().map(|field| field.kind).collect();
        use AttributeKind::{Category, Number, YesNo};
        assert_eq!(kinds, [YesNo, Number, Category, Category]);
        let joined = join(&source).unwrap();
        assert_eq!(
            joined.column("flag").unwrap().yes_no().unwrap(),
            [Some(true), Some(false), None]
        );
        assert_eq!(joined.column("none").unwrap().known(), 0);
    }

    #[test]
    fn answers_not_asked_none_and_several() {
        let format = || MultiAnswerFormat::separated_by('|').none("-");
        let file = "id,wants\na,x | y||x\nb,-\nc,\n";
        let joined = join(&load(file).survey().multi_answer("wants", format())).unwrap();
        let wants = joined.column("wants").unwrap().multi_answers().unwrap();
        assert_eq!(wants.options(), ["x", "y"]);
        assert_eq!(wants.ticked(0), Some(&[0, 1][..]));
        assert_eq!((wants.ticked(1), wants.ticked(2)), (Some(&[][..]), None));
        let all_asked = load(file).multi_answer("wants", format().empty_is_none());
        assert_eq!(join(&all_asked).unwrap().columns()[0].known(), 3);
        // Declared options stay as declared, and in their order.
        let declared = AttributeField::survey("wants", AttributeKind::multi_answer(["y", "x"]));
        let joined = join(&load(file).field(declared).multi_answer("wants", format())).unwrap();
        let wants = joined.columns()[0].multi_answers().unwrap();
        assert_eq!(wants.options(), ["y", "x"]);
    }

    #[test]
    fn faults_name_line_and_column_and_not_the_value() {
        let both = load("id,wants\na,x\nb,none;CANARY\n")
            .multi_answer("wants", MultiAnswerFormat::separated_by(';').none("none"));
        let error = fault(&both);
        assert_eq!((error.line, error.row), (Some(3), Some(2)));
        assert_eq!(error.fault, CsvFault::NoneAndOptions);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
        let number =
            load("id,n\na,1\nb,CANARY\n").field(AttributeField::own("n", AttributeKind::Number));
        assert_eq!((fault(&number).line, fault(&number).fault), (Some(3), CsvFault::NotANumber));
        let yes = load("id,n\na,1\nb,2\n").field(AttributeField::own("n", AttributeKind::YesNo));
        assert_eq!(fault(&yes).fault, CsvFault::NotYesNo);
    }

    #[test]
    fn blank_lines_are_lines_and_no_rows() {
        let place = |error: CsvError| (error.line, error.row, error.column, error.fault);
        let load = |file: &'static [u8]| place(CsvAttributes::from_reader(file, "id").unwrap_err());
        let column = |name: &str| Some(name.to_owned());
        assert_eq!(
            load(b"\nid,n\n\na,1\n\n ,2\n"),
            (Some(6), Some(2), column("id"), CsvFault::NoValue)
        );
        assert_eq!(
            load(b"id,n\n\na,1\nb,\xff\n"),
            (Some(4), Some(2), column("n"), CsvFault::NotUtf8)
        );
        assert_eq!(load(b"id,n\na,1\nb,\"2\n"), (Some(3), Some(2), None, CsvFault::OpenQuote));
        assert_eq!(load(b"\nid,n,n\n"), (Some(2), None, column("n"), CsvFault::ColumnTwice));
    }

    #[test]
    fn a_reader_may_have_another_delimiter() {
        let file = &b"id;n\na;1,5\n"[..];
        let source = CsvAttributes::from_reader_delimited(file, "id", b';').unwrap();
        assert_eq!(source.fields().unwrap()[0].kind, AttributeKind::Category);
    }

    #[test]
    fn a_declared_column_that_is_not_there_is_an_error() {
        let field = AttributeField::own("m", AttributeKind::Number);
        let file = "id,n\na,1\n";
        assert!(load(file).has("n") && !load(file).has("m") && !load(file).has("id"));
        assert_eq!(fault(&load(file).field(field)).fault, CsvFault::NoSuchColumn);
        let answers = load(file).multi_answer("m", MultiAnswerFormat::separated_by(';'));
        assert_eq!(fault(&answers).column.as_deref(), Some("m"));
    }

    #[test]
    fn many_columns_and_many_lines_take_no_search() {
        let header: Vec<String> = (0..20_000).map(|i| format!("q{i}")).collect();
        let wide = format!("id,{}\na{}\n", header.join(","), ",1".repeat(20_000));
        let wide = CsvAttributes::from_reader(std::io::Cursor::new(wide), "id").unwrap();
        assert_eq!(wide.fields().unwrap().len(), 20_000);
        let long: String = (0..70_000).map(|i| format!("c{i},{i}\n")).collect();
        let long = format!("id,n\n{long}");
        let long = CsvAttributes::from_reader(std::io::Cursor::new(long), "id").unwrap();
        let sizes: Vec<usize> = long.scan().unwrap().map(|b| b.unwrap().customers.len()).collect();
        assert_eq!(sizes, [65_536, 4_464]);
    }
}
