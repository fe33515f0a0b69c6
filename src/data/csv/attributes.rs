//! Attributes of customers in CSV.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::data::csv::records::Record;
use crate::data::csv::table::{Origin, Table, text};
use crate::data::csv::{CsvError, CsvFault};
use crate::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Decimal, IdColumn, SourceError, TextColumn,
};

/// Attributes in a CSV file or behind any reader, one customer a line.
///
/// The file is read when it is opened, and each column's kind follows from its values: yes/no where
/// every value is one of `yes`, `no`, `true`, `false`, `y`, `n`, `1`, `0` (in any case), a number
/// where every value is a plain decimal, otherwise a category. An empty field is a missing value.
/// Fields count as the company's own records, known at scoring time, until [`survey`](Self::survey)
/// or [`field`](Self::field) says otherwise.
///
/// # Example
///
/// ```
/// use segmentry::data::{AttributeKind, AttributeSource, CsvAttributes};
///
/// let file = "customer_id,cost_to_serve,wants_delivery\n17850,12.5,yes\n13047,,no\n";
/// let known = CsvAttributes::from_reader(file.as_bytes(), "customer_id")?;
/// let kinds: Vec<_> = known.fields().unwrap().into_iter().map(|field| field.kind).collect();
/// assert_eq!(kinds, [AttributeKind::Number, AttributeKind::YesNo]);
/// # Ok::<(), segmentry::data::CsvError>(())
/// ```
#[derive(Clone)]
pub struct CsvAttributes {
    customers: Vec<String>,
    lines: Vec<u64>,
    fields: Vec<AttributeField>,
    columns: Vec<Vec<String>>,
}

impl CsvAttributes {
    /// Reads a file whose column `customer` names the customer.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn open(path: impl AsRef<Path>, customer: &str) -> Result<Self, CsvError> {
        Self::load(&Origin::path(path.as_ref())?, customer)
    }

    /// Reads any reader to its end.
    ///
    /// # Errors
    ///
    /// [`CsvError`] with line and column.
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        customer: &str,
    ) -> Result<Self, CsvError> {
        Self::load(&Origin::reader(reader), customer)
    }

    fn load(origin: &Origin, customer: &str) -> Result<Self, CsvError> {
        let mut table = Table::open(origin, b',')?;
        let id = table.column(customer)?;
        let header = table.header().to_vec();
        if header.len() < 2 {
            return Err(CsvError::of(CsvFault::NoAttributes));
        }
        for name in &header {
            table.column(name)?; // refuses a header that names a column twice
        }
        let (mut customers, mut lines) = (Vec::new(), Vec::new());
        let mut columns = vec![Vec::new(); header.len()];
        let mut record = Record::new();
        while let Some(line) = table.next(&mut record)? {
            for (place, field) in record.iter().enumerate() {
                let value = text(field, line, &header[place])?;
                if place == id {
                    if value.trim().is_empty() {
                        return Err(CsvError::of(CsvFault::NoValue)
                            .at_line(line)
                            .in_column(customer));
                    }
                    customers.push(value.to_owned());
                    lines.push(line);
                } else {
                    columns[place].push(value.trim().to_owned());
                }
            }
        }
        columns.remove(id);
        let names =
            header.into_iter().enumerate().filter(|(place, _)| *place != id).map(|(_, name)| name);
        let fields = names
            .zip(&columns)
            .map(|(name, values)| AttributeField::own(name, kind(values)))
            .collect();
        Ok(Self { customers, lines, fields, columns })
    }

    /// Declares that the fields are answers of those who were asked.
    #[must_use]
    pub fn survey(mut self) -> Self {
        for field in &mut self.fields {
            *field = AttributeField::survey(std::mem::take(&mut field.name), field.kind.clone());
        }
        self
    }

    /// Declares a field: its kind, origin and availability. A field of no such name changes
    /// nothing.
    #[must_use]
    pub fn field(mut self, declared: AttributeField) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == declared.name) {
            *field = declared;
        }
        self
    }
}

fn kind(values: &[String]) -> AttributeKind {
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
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "y" | "1" => Some(true),
        "no" | "false" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// A plain decimal; the nearest double to it.
fn number(value: &str) -> Option<f64> {
    Decimal::parse(value).and_then(|_| value.parse().ok())
}

impl AttributeSource for CsvAttributes {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(self.fields.clone())
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let column = |(values, field): (&Vec<String>, &AttributeField)| {
            Ok(match field.kind {
                AttributeKind::Number => {
                    AttributeValues::Number(self.parsed(values, field, number)?)
                }
                AttributeKind::YesNo => AttributeValues::YesNo(self.parsed(values, field, yes_no)?),
                _ => AttributeValues::Text(values.iter().collect::<TextColumn<'_>>()),
            })
        };
        let columns =
            self.columns.iter().zip(&self.fields).map(column).collect::<Result<_, CsvError>>()?;
        let customers = IdColumn::texts(self.customers.iter().collect());
        Ok(Box::new(std::iter::once(Ok(AttributeBatch { customers, columns }))))
    }
}

impl CsvAttributes {
    /// A column's values in its declared kind; a value that is not of it is an error and not a
    /// missing one.
    fn parsed<T>(
        &self,
        values: &[String],
        field: &AttributeField,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, CsvError> {
        let fault = if field.kind == AttributeKind::YesNo {
            CsvFault::NotYesNo
        } else {
            CsvFault::NotANumber
        };
        let one = |(value, &line): (&String, &u64)| {
            if value.is_empty() {
                return Ok(None);
            }
            let wrong = || {
                CsvError::of(fault.clone())
                    .at_line(line)
                    .in_column(&field.name)
                    .raw(value.as_bytes())
            };
            parse(value).map(Some).ok_or_else(wrong)
        };
        values.iter().zip(&self.lines).map(one).collect()
    }
}

impl fmt::Debug for CsvAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvAttributes")
            .field("customers", &self.customers.len())
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
