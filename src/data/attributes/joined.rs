//! Attributes joined to customers: one row per customer, and a count of what found nobody.

use std::fmt;

use crate::data::{
    AttributeBatch, AttributeField, AttributeKind, AttributeSource, AttributeValues, DataError,
};
use crate::units::{CustomerIds, UnitError};
use crate::work::Work;

/// Attributes joined to a table of customers: one row per customer, missing where the source has
/// none.
#[derive(Clone)]
pub struct Attributes {
    ids: CustomerIds,
    columns: Vec<AttributeColumn>,
    matched: usize,
    unmatched: usize,
}

/// One attribute of every customer.
#[derive(Clone)]
pub struct AttributeColumn {
    field: AttributeField,
    values: Joined,
}

#[derive(Clone)]
enum Joined {
    Number(Vec<Option<f64>>),
    YesNo(Vec<Option<bool>>),
    /// Codes into the levels, which are sorted for categories and as declared for ordered answers.
    Coded {
        levels: Vec<String>,
        codes: Vec<Option<u32>>,
    },
    Text(Vec<Option<Box<str>>>),
}

impl Attributes {
    /// Reads a source and joins it to customers by id.
    ///
    /// # Errors
    ///
    /// [`DataError::SideSource`] where the source failed; [`DataError::Customers`] where it has a
    /// customer twice; [`DataError::AttributeValue`] for a value outside the field's domain.
    pub fn read(
        source: &dyn AttributeSource,
        customers: &CustomerIds,
        work: &Work,
    ) -> Result<Self, DataError> {
        let failed = |source| DataError::SideSource { what: "attribute", source };
        let fields = source.fields().map_err(failed)?;
        let mut columns: Vec<AttributeColumn> = fields
            .into_iter()
            .map(|field| AttributeColumn::empty(field, customers.len()))
            .collect();
        let mut filled: Vec<Option<usize>> = vec![None; customers.len()];
        let (mut matched, mut unmatched, mut before) = (0, 0, 0);
        for batch in source.scan().map_err(failed)? {
            work.check()?;
            let batch = batch.map_err(failed)?;
            check_shape(&batch, columns.len())?;
            for row in 0..batch.customers.len() {
                let Some(id) = batch.customers.text(row) else {
                    unmatched += 1;
                    continue;
                };
                let Some(place) = customers.row_of(&id) else {
                    unmatched += 1;
                    continue;
                };
                if let Some(first) = filled[place].replace(before + row) {
                    let twice = UnitError::DuplicateCustomer { row: before + row, first };
                    return Err(DataError::Customers(twice));
                }
                matched += 1;
                for (column, values) in columns.iter_mut().zip(&batch.columns) {
                    column.set(place, values, row, before + row)?;
                }
            }
            before += batch.customers.len();
            work.tell("reading attributes", before as u64, None);
        }
        for column in &mut columns {
            column.sort_levels();
        }
        Ok(Self { ids: customers.clone(), columns, matched, unmatched })
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many customers the source had a row for.
    pub fn matched(&self) -> usize {
        self.matched
    }

    /// How many rows of the source belong to nobody in the table.
    pub fn unmatched(&self) -> usize {
        self.unmatched
    }

    /// The attributes, in the source's order.
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

fn check_shape(batch: &AttributeBatch<'_>, expected: usize) -> Result<(), DataError> {
    let got = batch.columns.len();
    if got != expected {
        return Err(DataError::AttributeBatch { expected, got });
    }
    let expected = batch.customers.len();
    match batch.columns.iter().find(|column| column.len() != expected) {
        Some(column) => {
            Err(DataError::BatchLength { column: "attribute", expected, got: column.len() })
        }
        None => Ok(()),
    }
}

impl AttributeColumn {
    fn empty(field: AttributeField, n: usize) -> Self {
        let values = match &field.kind {
            AttributeKind::Number => Joined::Number(vec![None; n]),
            AttributeKind::YesNo => Joined::YesNo(vec![None; n]),
            AttributeKind::Ordered(levels) => {
                Joined::Coded { levels: levels.clone(), codes: vec![None; n] }
            }
            AttributeKind::Category => Joined::Coded { levels: Vec::new(), codes: vec![None; n] },
            AttributeKind::Text => Joined::Text(vec![None; n]),
        };
        Self { field, values }
    }

    fn set(
        &mut self,
        place: usize,
        values: &AttributeValues<'_>,
        row: usize,
        source_row: usize,
    ) -> Result<(), DataError> {
        let field = &self.field;
        let outside = |expected| DataError::AttributeValue {
            name: field.name.clone(),
            row: source_row,
            expected,
        };
        match (&mut self.values, values) {
            (Joined::Number(column), AttributeValues::Number(values)) => {
                if values[row].is_some_and(|value| !value.is_finite()) {
                    return Err(outside("a finite number"));
                }
                column[place] = values[row];
            }
            (Joined::YesNo(column), AttributeValues::YesNo(values)) => column[place] = values[row],
            (Joined::Coded { levels, codes }, AttributeValues::Text(texts)) => {
                let name = texts.get(row);
                if name.is_empty() {
                    return Ok(());
                }
                let code = match levels.iter().position(|level| level == name) {
                    Some(code) => code,
                    None if matches!(field.kind, AttributeKind::Ordered(_)) => {
                        return Err(outside("one of the declared levels"));
                    }
                    None => {
                        levels.push(name.to_owned());
                        levels.len() - 1
                    }
                };
                codes[place] = Some(code as u32);
            }
            (Joined::Text(column), AttributeValues::Text(texts)) => {
                let text = texts.get(row);
                column[place] = (!text.is_empty()).then(|| text.into());
            }
            _ => {
                return Err(DataError::AttributeKind {
                    name: field.name.clone(),
                    got: match values {
                        AttributeValues::Number(_) => "given as numbers",
                        AttributeValues::YesNo(_) => "given as yes or no",
                        AttributeValues::Text(_) => "given as texts",
                    },
                    expected: field.kind.name(),
                });
            }
        }
        Ok(())
    }

    /// Puts the levels of a category into byte order, so that the order of the rows does not
    /// matter.
    fn sort_levels(&mut self) {
        let AttributeKind::Category = self.field.kind else { return };
        let Joined::Coded { levels, codes } = &mut self.values else { return };
        let mut order: Vec<usize> = (0..levels.len()).collect();
        order.sort_unstable_by(|&a, &b| levels[a].as_bytes().cmp(levels[b].as_bytes()));
        let mut place = vec![0u32; levels.len()];
        for (position, &code) in order.iter().enumerate() {
            place[code] = position as u32;
        }
        *levels = order.iter().map(|&code| std::mem::take(&mut levels[code])).collect();
        for code in codes.iter_mut().flatten() {
            *code = place[*code as usize];
        }
    }

    /// What the attribute is.
    pub fn field(&self) -> &AttributeField {
        &self.field
    }

    /// How many customers it is known for.
    pub fn known(&self) -> usize {
        match &self.values {
            Joined::Number(values) => values.iter().flatten().count(),
            Joined::YesNo(values) => values.iter().flatten().count(),
            Joined::Coded { codes, .. } => codes.iter().flatten().count(),
            Joined::Text(values) => values.iter().flatten().count(),
        }
    }

    /// Its values as numbers.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is no number.
    pub fn numbers(&self) -> Result<&[Option<f64>], DataError> {
        match &self.values {
            Joined::Number(values) => Ok(values),
            _ => Err(self.kind_is_not("a number")),
        }
    }

    /// Its values as yes and no.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it is something else.
    pub fn yes_no(&self) -> Result<&[Option<bool>], DataError> {
        match &self.values {
            Joined::YesNo(values) => Ok(values),
            _ => Err(self.kind_is_not("yes or no")),
        }
    }

    /// Its levels, and the level of each customer: for ordered answers from least to most, for
    /// categories in byte order.
    ///
    /// # Errors
    ///
    /// [`DataError::AttributeKind`] where it has no levels.
    pub fn levels(&self) -> Result<(&[String], &[Option<u32>]), DataError> {
        match &self.values {
            Joined::Coded { levels, codes } => Ok((levels, codes)),
            _ => Err(self.kind_is_not("an ordered answer or a category")),
        }
    }

    fn kind_is_not(&self, expected: &'static str) -> DataError {
        DataError::AttributeKind {
            name: self.field.name.clone(),
            got: self.field.kind.name(),
            expected,
        }
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

impl fmt::Debug for AttributeColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributeColumn").field("field", &self.field).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{AttributeBatches, IdColumn, SourceError};

    struct Table {
        fields: Vec<AttributeField>,
        batches: Vec<AttributeBatch<'static>>,
    }

    impl AttributeSource for Table {
        fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
            Ok(self.fields.clone())
        }

        fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
            Ok(Box::new(self.batches.iter().cloned().map(Ok)))
        }
    }

    fn ids(names: &[&str]) -> IdColumn<'static> {
        IdColumn::texts(names.iter().collect())
    }

    fn one_column(kind: AttributeKind, names: &[&str], values: AttributeValues<'static>) -> Table {
        Table {
            fields: vec![AttributeField::own("field", kind)],
            batches: vec![AttributeBatch { customers: ids(names), columns: vec![values] }],
        }
    }

    fn customers() -> CustomerIds {
        CustomerIds::from_texts(["a", "b", "c"]).unwrap()
    }

    #[test]
    fn levels_do_not_depend_on_the_order_of_rows() {
        let read = |names: &[&str], texts: &[&str]| {
            let table = one_column(
                AttributeKind::Category,
                names,
                AttributeValues::Text(texts.iter().collect()),
            );
            let joined = Attributes::read(&table, &customers(), &Work::new()).unwrap();
            let (levels, codes) = joined.column("field").unwrap().levels().unwrap();
            (levels.to_vec(), codes.to_vec())
        };
        let forward = read(&["a", "b", "c"], &["west", "east", ""]);
        assert_eq!(forward, read(&["c", "b", "a"], &["", "east", "west"]));
        assert_eq!(forward.0, ["east", "west"]);
        assert_eq!(forward.1, [Some(1), Some(0), None]);
    }

    #[test]
    fn both_sides_of_the_join_are_counted() {
        let table = one_column(
            AttributeKind::Number,
            &["b", "x", ""],
            AttributeValues::Number(vec![Some(1.0), None, None]),
        );
        let joined = Attributes::read(&table, &customers(), &Work::new()).unwrap();
        assert_eq!((joined.matched(), joined.unmatched()), (1, 2));
        assert_eq!(joined.columns()[0].known(), 1);
    }

    #[test]
    fn faults_are_typed_and_say_where() {
        let read = |table: Table| Attributes::read(&table, &customers(), &Work::new()).unwrap_err();
        let twice =
            one_column(AttributeKind::YesNo, &["a", "a"], AttributeValues::YesNo(vec![None, None]));
        assert!(matches!(
            read(twice),
            DataError::Customers(UnitError::DuplicateCustomer { row: 1, first: 0 })
        ));
        let infinite = one_column(
            AttributeKind::Number,
            &["a"],
            AttributeValues::Number(vec![Some(f64::INFINITY)]),
        );
        assert!(matches!(read(infinite), DataError::AttributeValue { row: 0, .. }));
        let level = one_column(
            AttributeKind::Ordered(vec!["low".into(), "high".into()]),
            &["a"],
            AttributeValues::Text(["middle"].into_iter().collect()),
        );
        assert!(matches!(read(level), DataError::AttributeValue { .. }));
        let kind = one_column(AttributeKind::Number, &["a"], AttributeValues::YesNo(vec![None]));
        assert!(matches!(read(kind), DataError::AttributeKind { .. }));
        let mut wide =
            one_column(AttributeKind::Number, &["a"], AttributeValues::Number(vec![None]));
        wide.batches[0].columns.clear();
        assert!(matches!(read(wide), DataError::AttributeBatch { expected: 1, got: 0 }));
    }
}
