//! Columns of ids: whole numbers or texts, plain or in a dictionary.

use std::borrow::Cow;

use arrow_schema::DataType;

use crate::data::arrow::held::Held;
use crate::data::arrow::numbers::integers;
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::batch::IdValues;
use crate::data::{IdColumn, TextColumn};

const EXPECTED: &str = "whole numbers or texts";

/// Ids as they are; one without a value is missing.
pub(crate) fn ids<'a>(
    held: Held<'a>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<IdColumn<'a>, ColumnarError> {
    let found = held.data_type();
    let wrong = || ColumnarError::wrong_type(&found, EXPECTED);
    match &found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Ok(IdColumn::texts(held.texts().ok_or_else(wrong)??))
        }
        DataType::Dictionary(_, values) if values.is_integer() => {
            let (rows, values) = held.dictionary();
            let mut in_values = Vec::new();
            let names = integers(Held::Given(values), &mut in_values).ok_or_else(wrong)?;
            let unusable = |key| in_values.iter().find(|(row, _)| *row == key);
            if !in_values.is_empty() {
                for (row, key) in rows.iter().enumerate() {
                    if let Some((_, fault)) = key.and_then(unusable) {
                        faults.push((row, fault.clone()));
                    }
                }
            }
            let numbers = rows.iter().map(|key| key.map_or(0, |key| names[key])).collect();
            let column = IdColumn::integers(Cow::Owned(numbers));
            Ok(if rows.contains(&None) {
                column.missing(rows.iter().map(Option::is_none).collect::<Vec<_>>())
            } else {
                column
            })
        }
        DataType::Dictionary(_, _) => Ok(IdColumn::texts(held.texts().ok_or_else(wrong)??)),
        _ => {
            let missing = held.nulls();
            let rows = held.array().len();
            let column = IdColumn::integers(integers(held, faults).ok_or_else(wrong)?);
            if missing.is_empty() {
                return Ok(column);
            }
            let mut marks = vec![false; rows];
            for row in missing {
                marks[row] = true;
            }
            Ok(column.missing(marks))
        }
    }
}

/// Ids of customers, of which one of blanks only is missing too.
pub(crate) fn customers<'a>(
    held: Held<'a>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<IdColumn<'a>, ColumnarError> {
    let ids = ids(held, faults)?;
    let IdValues::Texts(texts) = &ids.values else { return Ok(ids) };
    let marks: Vec<bool> = (0..texts.len()).map(|row| texts.get(row).trim().is_empty()).collect();
    Ok(if marks.contains(&true) { ids.missing(marks) } else { ids })
}

/// Names of categories or of currencies; one without a value is missing.
pub(crate) fn names(held: Held<'_>) -> Result<TextColumn<'_>, ColumnarError> {
    let found = held.data_type();
    held.texts().ok_or_else(|| ColumnarError::wrong_type(&found, "texts"))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int8Type;
    use arrow_array::*;
    use std::sync::Arc;

    /// What the ids of an array are, row by row.
    fn read(array: impl Array + 'static) -> Vec<Option<String>> {
        let array: ArrayRef = Arc::new(array);
        let read = |held| {
            let mut faults = Vec::new();
            let ids = customers(held, &mut faults).unwrap();
            assert!(faults.is_empty());
            (0..ids.len()).map(|row| ids.text(row)).collect::<Vec<_>>()
        };
        let lent = read(Held::Lent(&array));
        assert_eq!(lent, read(Held::Given(Arc::clone(&array))));
        // A slice starts in the middle of its buffers.
        if array.len() > 1 {
            assert_eq!(lent[1..], read(Held::Given(array.slice(1, array.len() - 1))));
            assert_eq!(lent[1..], read(Held::Lent(&array.slice(1, array.len() - 1))));
        }
        lent
    }

    fn some(ids: &[&str]) -> Vec<Option<String>> {
        ids.iter().map(|id| (!id.is_empty()).then(|| (*id).to_owned())).collect()
    }

    #[test]
    fn every_width_of_whole_numbers() {
        let expected = some(&["7", "", "100"]);
        assert_eq!(read(Int8Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(Int16Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(Int32Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(Int64Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(UInt8Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(UInt16Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(UInt32Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(read(UInt64Array::from(vec![Some(7), None, Some(100)])), expected);
        assert_eq!(
            read(Int64Array::from(vec![i64::MIN, i64::MAX])),
            some(&["-9223372036854775808", "9223372036854775807"])
        );
    }

    #[test]
    fn every_kind_of_texts() {
        let texts = vec![Some("ann"), None, Some(""), Some("  "), Some("é"), Some(" bob ")];
        let expected = some(&["ann", "", "", "", "é", " bob "]);
        assert_eq!(read(StringArray::from(texts.clone())), expected);
        assert_eq!(read(LargeStringArray::from(texts.clone())), expected);
        assert_eq!(read(StringViewArray::from(texts.clone())), expected);
        let dictionary: DictionaryArray<Int8Type> = texts.into_iter().collect();
        assert_eq!(read(dictionary), expected);
    }

    #[test]
    fn dictionaries_of_numbers_and_of_nothing() {
        let keys = Int8Array::from(vec![Some(1), None, Some(0), Some(2)]);
        let values = Int64Array::from(vec![Some(5), Some(6), None]);
        let dictionary = DictionaryArray::new(keys, Arc::new(values));
        assert_eq!(read(dictionary), some(&["6", "", "5", ""]));
        let keys = Int8Array::from(vec![None, None]);
        let empty = DictionaryArray::new(keys, Arc::new(StringArray::from(Vec::<&str>::new())));
        assert_eq!(read(empty), some(&["", ""]));
    }

    #[test]
    fn a_text_under_a_missing_value_is_nobodys() {
        let offsets = arrow_buffer::OffsetBuffer::new(vec![0, 1, 4, 5].into());
        let nulls = arrow_buffer::NullBuffer::from(vec![true, false, true]);
        let texts = StringArray::new(offsets, b"axyzb".as_slice().into(), Some(nulls));
        assert_eq!(read(texts), some(&["a", "", "b"]));
    }

    #[test]
    fn ids_beyond_64_bits_and_of_other_types() {
        let held = |array: ArrayRef| Held::Given(array);
        let mut faults = Vec::new();
        let values = UInt64Array::from(vec![Some(1), Some(u64::MAX), None]);
        ids(held(Arc::new(values)), &mut faults).unwrap();
        assert_eq!(faults, [(1, ColumnarFault::TooManyDigits)]);
        for array in [
            Arc::new(Float64Array::from(vec![1.0])) as ArrayRef,
            Arc::new(BooleanArray::from(vec![true])),
            Arc::new(BinaryArray::from(vec![b"a".as_slice()])),
            Arc::new(NullArray::new(1)),
        ] {
            let error = ids(held(array), &mut Vec::new()).unwrap_err();
            assert!(matches!(error.fault, ColumnarFault::Type { expected: EXPECTED, .. }));
        }
    }
}
