//! An array on its way into a batch: lent by the caller, or given away by a reader.
//!
//! The difference decides whether a column is borrowed or moved. Either way no value is copied as
//! long as the types agree, which is half of the time of a scan.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, GenericStringArray, OffsetSizeTrait};
use arrow_schema::DataType;

use crate::data::TextColumn;
use crate::data::arrow::{ColumnarError, ColumnarFault};

pub(crate) enum Held<'a> {
    Lent(&'a ArrayRef),
    Given(ArrayRef),
}

impl<'a> Held<'a> {
    pub(crate) fn array(&self) -> &dyn Array {
        match self {
            Self::Lent(array) => array.as_ref(),
            Self::Given(array) => array.as_ref(),
        }
    }

    pub(crate) fn data_type(&self) -> DataType {
        self.array().data_type().clone()
    }

    /// Whether a row has a value, judged by the array itself and not by a dictionary's values.
    pub(crate) fn has_value(&self) -> impl Fn(usize) -> bool + use<> {
        let nulls = self.array().nulls().cloned();
        move |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// The rows without a value; of most columns, none.
    pub(crate) fn nulls(&self) -> Vec<usize> {
        let Some(nulls) = self.array().nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Vec::new();
        };
        (0..nulls.len()).filter(|&row| nulls.is_null(row)).collect()
    }

    /// The values of a primitive array; in a row without a value stands anything.
    pub(crate) fn values<T: ArrowPrimitiveType>(self) -> Cow<'a, [T::Native]> {
        match self {
            Self::Lent(array) => Cow::Borrowed(array.as_primitive::<T>().values()),
            Self::Given(array) => {
                // The buffer can be moved out only by its last owner, so the other one goes first.
                let typed = array.as_primitive::<T>().clone();
                drop(array);
                Cow::Owned(typed.into_parts().1.into())
            }
        }
    }

    /// The texts of a text array or of a dictionary of texts; one without a value is empty. `None`
    /// for other arrays.
    pub(crate) fn texts(self) -> Option<Result<TextColumn<'a>, ColumnarError>> {
        match self.data_type() {
            DataType::Utf8 => Some(self.flat::<i32>()),
            DataType::LargeUtf8 => Some(self.flat::<i64>()),
            DataType::Utf8View => {
                let array = self.array().as_string_view();
                Some(Ok(array.iter().map(Option::unwrap_or_default).collect()))
            }
            DataType::Dictionary(_, _) => {
                let (rows, values) = self.dictionary();
                let names: Vec<&str> = match values.data_type() {
                    DataType::Utf8 => all(values.as_string::<i32>().iter()),
                    DataType::LargeUtf8 => all(values.as_string::<i64>().iter()),
                    DataType::Utf8View => all(values.as_string_view().iter()),
                    _ => return None,
                };
                Some(Ok(rows.iter().map(|row| row.map_or("", |key| names[key])).collect()))
            }
            _ => None,
        }
    }

    /// Texts that lie behind one another already.
    fn flat<O: OffsetSizeTrait>(self) -> Result<TextColumn<'a>, ColumnarError> {
        let has_nulls = self.array().null_count() > 0;
        match &self {
            // Under a missing value may stand a text, which would join its neighbour's.
            held if has_nulls => {
                let texts = held.array().as_string::<O>().iter().map(Option::unwrap_or_default);
                Ok(texts.collect())
            }
            Self::Lent(array) => column(array.as_string::<O>()).and_then(|(text, ends)| {
                TextColumn::new(text, ends).map_err(|error| damaged().because(error))
            }),
            Self::Given(array) => column(array.as_string::<O>()).and_then(|(text, ends)| {
                TextColumn::new(text.to_owned(), ends).map_err(|error| damaged().because(error))
            }),
        }
    }

    /// A dictionary's key for each row, `None` where it has none, and its values.
    pub(crate) fn dictionary(&self) -> (Vec<Option<usize>>, ArrayRef) {
        let dictionary = self.array().as_any_dictionary();
        let values = dictionary.values();
        let rows = if values.is_empty() {
            vec![None; dictionary.len()]
        } else {
            let keys = dictionary.keys();
            let named = |(row, key)| (keys.is_valid(row) && values.is_valid(key)).then_some(key);
            dictionary.normalized_keys().into_iter().enumerate().map(named).collect()
        };
        (rows, ArrayRef::clone(values))
    }
}

fn all<'v>(values: impl Iterator<Item = Option<&'v str>>) -> Vec<&'v str> {
    values.map(Option::unwrap_or_default).collect()
}

fn damaged() -> ColumnarError {
    ColumnarError::of(ColumnarFault::Damaged)
}

/// The text of an array without missing values, and where each row of it ends.
fn column<O: OffsetSizeTrait>(
    array: &GenericStringArray<O>,
) -> Result<(&str, Vec<usize>), ColumnarError> {
    let offsets = array.value_offsets();
    let (first, rest) = offsets.split_first().ok_or_else(damaged)?;
    let first = first.as_usize();
    let ends: Vec<usize> = rest.iter().map(|end| end.as_usize() - first).collect();
    let last = ends.last().copied().unwrap_or(0);
    let bytes = &array.value_data()[first..first + last];
    let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    Ok((text, ends))
}
