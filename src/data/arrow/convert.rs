//! A batch from the arrays of one stretch of rows, and the rows of it that cannot be read.

use arrow_array::{ArrayRef, new_empty_array};
use arrow_schema::Schema;

use crate::data::arrow::held::Held;
use crate::data::arrow::ids::{customers, ids, names};
use crate::data::arrow::numbers::{Factor, amounts};
use crate::data::arrow::times::times;
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::batch::IdValues;
use crate::data::mapped::Mapped;
use crate::data::{Amounts, Batch, IdColumn, SourceError, TextColumn, Times};

/// A row that has no usable value in a column.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) row: usize,
    pub(crate) column: String,
    pub(crate) fault: ColumnarFault,
}

/// Columns as a batch, and the faults of its rows in their order, at most one a row.
///
/// A faulty row is in the batch with values that mean nothing; [`without`] takes it out.
pub(crate) fn convert<'a>(
    held: Mapped<Held<'a>>,
    columns: &Mapped<String>,
    offsets: &mut Option<bool>,
) -> Result<(Batch<'a>, Vec<Fault>), SourceError> {
    let mut seen = Seen(Vec::new());
    let who = seen.column(&columns.customer, |faults| customers(held.customer, faults))?;
    let when = seen.column(&columns.time, |faults| times(held.time, offsets, faults))?;
    let how_much = match (held.price, &columns.price) {
        (Some(price), Some(name)) => {
            let quantity =
                seen.column(&columns.amount, |faults| Factor::read(held.amount, faults))?;
            quantity.times(seen.column(name, |faults| Factor::read(price, faults))?)
        }
        _ => seen.column(&columns.amount, |faults| amounts(held.amount, faults))?,
    };
    let mut batch = Batch::new(who, when, how_much)?;
    if let (Some(held), Some(name)) = (held.order, &columns.order) {
        batch = batch.orders(seen.column(name, |faults| ids(held, faults))?)?;
    }
    if let (Some(held), Some(name)) = (held.product, &columns.product) {
        batch = batch.products(seen.column(name, |faults| ids(held, faults))?)?;
    }
    if let (Some(held), Some(name)) = (held.category, &columns.category) {
        batch = batch.categories(seen.column(name, |_| names(held))?)?;
    }
    if let (Some(held), Some(name)) = (held.currency, &columns.currency) {
        batch = batch.currencies(seen.column(name, |_| names(held))?)?;
    }
    let Seen(mut faults) = seen;
    faults.sort_by_key(|fault| fault.row);
    faults.dedup_by_key(|fault| fault.row);
    Ok((batch, faults))
}

/// The faults of the columns that were read so far.
struct Seen(Vec<Fault>);

impl Seen {
    fn column<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Vec<(usize, ColumnarFault)>) -> Result<T, ColumnarError>,
    ) -> Result<T, ColumnarError> {
        let mut faults = Vec::new();
        let read = read(&mut faults).map_err(|error| error.in_column(name))?;
        let fault = |(row, fault)| Fault { row, column: name.to_owned(), fault };
        self.0.extend(faults.into_iter().map(fault));
        Ok(read)
    }
}

/// Refuses columns of types that their use does not allow, before the first row is read: a table
/// without rows is refused like any other.
pub(crate) fn check_types(
    schema: &Schema,
    places: &Mapped<usize>,
    columns: &Mapped<String>,
) -> Result<(), SourceError> {
    let empty = |&place: &usize| Held::Given(new_empty_array(schema.field(place).data_type()));
    convert(places.map(empty), columns, &mut None).map(|_| ())
}

/// The arrays at these places, given away.
pub(crate) fn given(arrays: Vec<ArrayRef>, places: &Mapped<usize>) -> Mapped<Held<'static>> {
    places.map(|&place| Held::Given(ArrayRef::clone(&arrays[place])))
}

/// The batch without the rows of the faults.
pub(crate) fn without<'a>(batch: Batch<'a>, faults: &[Fault]) -> Result<Batch<'a>, SourceError> {
    let mut keep = vec![true; batch.len()];
    for fault in faults {
        keep[fault.row] = false;
    }
    let rows: Vec<usize> = (0..keep.len()).filter(|&row| keep[row]).collect();
    let times = match &batch.times {
        Times::Seconds(values) => Times::Seconds(picked(values, &rows).into()),
        Times::Days(values) => Times::Days(picked(values, &rows).into()),
    };
    let amounts = match &batch.amounts {
        Amounts::Major(values) => Amounts::Major(picked(values, &rows).into()),
        Amounts::Minor { units, digits } => {
            Amounts::Minor { units: picked(units, &rows).into(), digits: *digits }
        }
        Amounts::Decimal(values) => Amounts::Decimal(picked(values, &rows).into()),
        Amounts::QuantityTimesPrice { quantities, prices } => Amounts::QuantityTimesPrice {
            quantities: picked(quantities, &rows).into(),
            prices: picked(prices, &rows).into(),
        },
    };
    let mut kept = Batch::new(picked_ids(&batch.customers, &rows), times, amounts)?;
    if let Some(orders) = &batch.orders {
        kept = kept.orders(picked_ids(orders, &rows))?;
    }
    if let Some(products) = &batch.products {
        kept = kept.products(picked_ids(products, &rows))?;
    }
    if let Some(categories) = &batch.categories {
        kept = kept.categories(picked_texts(categories, &rows))?;
    }
    if let Some(currencies) = &batch.currencies {
        kept = kept.currencies(picked_texts(currencies, &rows))?;
    }
    Ok(kept)
}

fn picked<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}

fn picked_texts(texts: &TextColumn<'_>, rows: &[usize]) -> TextColumn<'static> {
    rows.iter().map(|&row| texts.get(row)).collect()
}

fn picked_ids(ids: &IdColumn<'_>, rows: &[usize]) -> IdColumn<'static> {
    let column = match &ids.values {
        IdValues::Integers(values) => IdColumn::integers(picked(values, rows)),
        IdValues::Texts(texts) => IdColumn::texts(picked_texts(texts, rows)),
        IdValues::Names(names) => names.picked(rows).into(),
    };
    match &ids.missing {
        Some(missing) => column.missing(picked(missing, rows)),
        None => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::*;
    use std::sync::Arc;

    fn columns() -> Mapped<String> {
        Mapped {
            price: Some("price".to_owned()),
            category: Some("kind".to_owned()),
            product: Some("product".to_owned()),
            order: Some("order".to_owned()),
            currency: Some("currency".to_owned()),
            ..Mapped::default()
        }
    }

    #[test]
    fn faulty_rows_are_named_once_and_taken_out() {
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("a"), None, Some("c"), Some("d")])),
            Arc::new(Date32Array::from(vec![Some(1), Some(2), None, Some(4)])),
            Arc::new(Int32Array::from(vec![Some(10), Some(20), None, Some(40)])),
            Arc::new(Int32Array::from(vec![None, Some(1), Some(1), Some(1)])),
            Arc::new(StringArray::from(vec!["k", "l", "m", "n"])),
            Arc::new(Int64Array::from(vec![1, 2, 3, 4])),
            Arc::new(UInt64Array::from(vec![1, 2, 3, u64::MAX])),
            Arc::new(StringArray::from(vec!["EUR", "CHF", "EUR", "EUR"])),
        ];
        let places = Mapped {
            customer: 0,
            time: 1,
            amount: 2,
            price: Some(3),
            category: Some(4),
            product: Some(5),
            order: Some(6),
            currency: Some(7),
        };
        let (batch, faults) = convert(given(arrays, &places), &columns(), &mut None).unwrap();
        let found: Vec<_> =
            faults.iter().map(|f| (f.row, f.column.as_str(), f.fault.clone())).collect();
        use ColumnarFault::{NoValue, TooManyDigits};
        assert_eq!(
            found,
            [(0, "price", NoValue), (2, "time", NoValue), (3, "order", TooManyDigits)]
        );
        let batch = without(batch, &faults).unwrap();
        assert_eq!(batch.len(), 1);
        assert!(batch.customers.is_missing(0));
        assert_eq!((batch.times.day(0), batch.amounts.minor(0, 2)), (Ok(2), Ok(2000)));
        assert_eq!(batch.categories.unwrap().get(0), "l");
        assert_eq!(batch.currencies.unwrap().get(0), "CHF");
        assert_eq!(batch.products.unwrap().key(0), Some((2, "")));
        assert_eq!(batch.orders.unwrap().key(0), Some((2, "")));
    }

    #[test]
    fn columns_are_moved_and_not_copied() {
        let days: ArrayRef = Arc::new(Date32Array::from(vec![1, 2]));
        let at = |times: &Times<'_>| match times {
            Times::Days(days) => days.as_ptr(),
            Times::Seconds(_) => std::ptr::null(),
        };
        let lent = times(Held::Lent(&days), &mut None, &mut Vec::new()).unwrap();
        let before = at(&lent);
        drop(lent);
        let moved = times(Held::Given(days), &mut None, &mut Vec::new()).unwrap();
        assert_eq!(before, at(&moved));
    }
}
