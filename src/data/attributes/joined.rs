//! Attributes joined to customers: one row per customer, and an account of what found nobody.

use std::collections::HashSet;
use std::fmt;

use crate::data::attributes::filling::{Filling, NOBODY, Stretch};
use crate::data::matching::Unplaced;
use crate::data::{
    AttributeBatch, AttributeColumn, AttributeField, AttributeSource, DataError, IdColumn,
    JoinReport, JoinSpec, RepeatedCustomers,
};
use crate::units::{CustomerIds, CustomerLookup, UnitError};
use crate::work::Work;

/// Attributes joined to a table of customers: one row per customer, missing where the source has
/// none.
///
/// # Cost
///
/// Time grows with the rows and their values, each looked up by hash; nothing is allocated per row.
/// Memory grows with the customers and not with the rows:
///
/// ```text
/// bytes <= customers x (21 + sum over fields of b) + the ticks, texts and distinct levels kept
/// ```
///
/// where `b` is 16 for a number, 1 for yes or no, 8 for a category or an ordered answer, 16 for a
/// text, 33 for a multi-answer, and 21 is what the join itself needs, all but one of it until it
/// ends. A tick takes 12 bytes, a text twice its length, a distinct level three times its length
/// and 60 bytes, a contradiction 16. A customer keeps one text and one answer per field however
/// many rows there are, and [`JoinSpec::max_levels`] limits the levels.
#[derive(Clone)]
pub struct Attributes {
    ids: CustomerIds,
    columns: Vec<AttributeColumn>,
    /// Whether any source has a row for the customer.
    described: Vec<bool>,
    reports: Vec<JoinReport>,
}

/// Rows joined before the caller is asked whether to go on.
const ROWS: usize = 8192;

impl Attributes {
    /// Reads a source and joins it to customers by id, by the default rules: one row per customer,
    /// no value outside its field's domain.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with).
    pub fn read(
        source: &dyn AttributeSource,
        customers: &CustomerIds,
        work: &Work,
    ) -> Result<Self, DataError> {
        Self::read_with(source, customers, &JoinSpec::new(), work)
    }

    /// Reads a source and joins it to customers by id.
    ///
    /// # Errors
    ///
    /// [`DataError::SideSource`] where the source failed; [`DataError::Customers`] where it has a
    /// customer twice, or [`DataError::Contradiction`] where it may but its rows contradict one
    /// another; [`DataError::AttributeValue`] for a value outside the field's domain;
    /// [`DataError::TooManyLevels`]; [`DataError::AttributeTwice`], [`DataError::DeclaredLevels`],
    /// [`DataError::AttributeBatch`], [`DataError::BatchLength`], [`DataError::AttributeKind`]
    /// where it does not keep to its own declarations.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{
    ///     AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    ///     AttributeValues, Attributes, IdColumn, JoinSpec, RepeatedCustomers, SourceError,
    /// };
    /// use segmentry::{units::CustomerIds, work::Work};
    ///
    /// struct Crm;
    /// impl AttributeSource for Crm {
    ///     fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
    ///         Ok(vec![AttributeField::own("region", AttributeKind::Category)])
    ///     }
    ///     fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
    ///         let regions = ["east", "west", "east", ""].iter().collect();
    ///         Ok(Box::new(std::iter::once(Ok(AttributeBatch {
    ///             customers: IdColumn::integers(vec![17850, 13047, 17850, 99]),
    ///             columns: vec![AttributeValues::Text(regions)],
    ///         }))))
    ///     }
    /// }
    ///
    /// let customers = CustomerIds::from_texts(["13047", "17850", "20001"])?;
    /// let twice_is_fine = JoinSpec::new().repeated_customers(RepeatedCustomers::Agree);
    /// let known = Attributes::read_with(&Crm, &customers, &twice_is_fine, &Work::new())?;
    /// let report = &known.reports()[0];
    /// assert_eq!((report.rows_matched, report.rows_repeated, report.rows_unmatched), (2, 1, 1));
    /// assert_eq!(report.customers_without_row, 1);
    /// assert_eq!(known.column("region")?.levels()?.1, [Some(1), Some(0), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_with(
        source: &dyn AttributeSource,
        customers: &CustomerIds,
        spec: &JoinSpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        let failed =
            |source, rows_read| DataError::SideSource { what: "attribute", rows_read, source };
        work.begin("reading attributes", None)?;
        let fields = source.fields().map_err(|error| failed(error, 0))?;
        let mut join = Join::new(fields, customers, spec)?;
        for batch in source.scan().map_err(|error| failed(error, 0))? {
            let batch = batch.map_err(|error| failed(error, join.rows_read as u64))?;
            join.batch(&batch, work)?;
        }
        Ok(join.finish(customers))
    }

    /// Reads several sources and joins them side by side, all by the same rules.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with), and [`DataError::AttributeTwice`] where two sources have
    /// a field of one name.
    pub fn read_all(
        sources: &[&dyn AttributeSource],
        customers: &CustomerIds,
        spec: &JoinSpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        sources.iter().try_fold(Self::none(customers), |known, source| {
            known.join(Self::read_with(*source, customers, spec, work)?)
        })
    }

    /// No attributes, of these customers.
    pub fn none(customers: &CustomerIds) -> Self {
        Self {
            ids: customers.clone(),
            columns: Vec::new(),
            described: vec![false; customers.len()],
            reports: Vec::new(),
        }
    }

    /// Puts the attributes of another source beside these.
    ///
    /// # Errors
    ///
    /// [`DataError::CannotJoin`] where they are of other customers, or of the same in other rows;
    /// [`DataError::AttributeTwice`] where both have a field of one name.
    pub fn join(mut self, other: Self) -> Result<Self, DataError> {
        if self.ids != other.ids {
            return Err(DataError::CannotJoin { what: "attributes", differ: "customers" });
        }
        unlike(self.columns.iter().chain(&other.columns).map(|column| &column.field))?;
        self.columns.extend(other.columns);
        self.reports.extend(other.reports);
        for (here, there) in self.described.iter_mut().zip(other.described) {
            *here |= there;
        }
        Ok(self)
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many customers any of the sources had a row for.
    pub fn matched(&self) -> usize {
        self.described.iter().filter(|&&described| described).count()
    }

    /// How many rows of the sources belong to nobody in the table; the
    /// [`reports`](Self::reports) say which source's, and whether they had an id.
    pub fn unmatched(&self) -> usize {
        self.reports.iter().map(|report| report.rows_of_nobody() as usize).sum()
    }

    /// The accounts of the joins, one per source, in the order in which they were joined.
    pub fn reports(&self) -> &[JoinReport] {
        &self.reports
    }

    /// The attributes, in the order of the sources and of the fields of each.
    pub fn columns(&self) -> &[AttributeColumn] {
        &self.columns
    }

    /// The attribute of that name.
    ///
    /// # Errors
    ///
    /// [`DataError::NoSuchAttribute`].
    pub fn column(&self, name: &str) -> Result<&AttributeColumn, DataError> {
        self.columns
            .iter()
            .find(|column| column.field.name == name)
            .ok_or_else(|| DataError::NoSuchAttribute { name: name.to_owned() })
    }
}

/// Refuses two fields of one name.
fn unlike<'f>(fields: impl Iterator<Item = &'f AttributeField>) -> Result<(), DataError> {
    let mut names = HashSet::new();
    for field in fields {
        if !names.insert(field.name.as_str()) {
            return Err(DataError::AttributeTwice { name: field.name.clone() });
        }
    }
    Ok(())
}

/// A join under way.
struct Join<'a> {
    lookup: CustomerLookup<'a>,
    repeated: RepeatedCustomers,
    columns: Vec<Filling>,
    /// The row of the source that was each customer's first, counted from one; zero is none.
    firsts: Vec<u64>,
    /// The customers of the stretch of rows at hand.
    places: Vec<u32>,
    rows_read: usize,
    report: JoinReport,
}

impl<'a> Join<'a> {
    fn new(
        fields: Vec<AttributeField>,
        customers: &'a CustomerIds,
        spec: &JoinSpec,
    ) -> Result<Self, DataError> {
        unlike(fields.iter())?;
        let n = customers.len();
        let columns = fields
            .into_iter()
            .map(|field| Filling::new(field, n, spec))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            lookup: customers.lookup(),
            repeated: spec.repeated,
            columns,
            firsts: vec![0; n],
            places: Vec::with_capacity(ROWS),
            rows_read: 0,
            report: JoinReport {
                rows_read: 0,
                rows_matched: 0,
                rows_repeated: 0,
                rows_unmatched: 0,
                rows_without_id: 0,
                customers: n as u64,
                customers_with_row: 0,
                customers_without_row: 0,
                repeated_customers: spec.repeated,
                out_of_domain: spec.out_of_domain,
                fields: Vec::new(),
            },
        })
    }

    fn batch(&mut self, batch: &AttributeBatch<'_>, work: &Work) -> Result<(), DataError> {
        batch.check_shape(self.columns.len())?;
        for (column, values) in self.columns.iter().zip(&batch.columns) {
            column.check_kind(values)?;
        }
        let before = self.rows_read;
        let n = batch.customers.len();
        for start in (0..n).step_by(ROWS) {
            work.check()?;
            let rows = start..n.min(start + ROWS);
            self.find(&batch.customers, rows.clone(), before)?;
            let stretch = Stretch { rows, places: &self.places, before };
            for (column, values) in self.columns.iter_mut().zip(&batch.columns) {
                column.lay(values, &stretch)?;
            }
            work.tell("reading attributes", (before + stretch.rows.end) as u64, None);
        }
        self.rows_read += n;
        Ok(())
    }

    /// Looks up the customers of some rows, and counts what became of each row.
    fn find(
        &mut self,
        ids: &IdColumn<'_>,
        rows: std::ops::Range<usize>,
        before: usize,
    ) -> Result<(), DataError> {
        self.places.clear();
        for row in rows {
            let (source_row, place) = (before + row, ids.place(row, &self.lookup));
            let counted = match place {
                Ok(place) => {
                    let first = &mut self.firsts[place as usize];
                    match *first {
                        0 => {
                            *first = source_row as u64 + 1;
                            &mut self.report.rows_matched
                        }
                        _ if self.repeated != RepeatedCustomers::Error => {
                            &mut self.report.rows_repeated
                        }
                        first => {
                            let first = first as usize - 1;
                            let twice = UnitError::DuplicateCustomer { row: source_row, first };
                            return Err(DataError::Customers(twice));
                        }
                    }
                }
                Err(Unplaced::Unknown) => &mut self.report.rows_unmatched,
                Err(Unplaced::WithoutId) => &mut self.report.rows_without_id,
            };
            *counted += 1;
            self.report.rows_read += 1;
            self.places.push(place.unwrap_or(NOBODY));
        }
        Ok(())
    }

    fn finish(self, customers: &CustomerIds) -> Attributes {
        let Self { mut report, columns, firsts, .. } = self;
        let described: Vec<bool> = firsts.iter().map(|&first| first > 0).collect();
        drop(firsts);
        // Each first row of a customer is one customer with a row.
        report.customers_with_row = report.rows_matched;
        report.customers_without_row = report.customers - report.customers_with_row;
        let with_row = report.customers_with_row;
        let (columns, fields) = columns.into_iter().map(|column| column.finish(with_row)).unzip();
        report.fields = fields;
        Attributes { ids: customers.clone(), columns, described, reports: vec![report] }
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attributes")
            .field("customers", &self.ids.len())
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
