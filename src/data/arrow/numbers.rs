//! Columns of amounts, quantities and prices: exact as long as the file is.

use std::borrow::Cow;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_schema::DataType;

use crate::data::arrow::held::Held;
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::{Amounts, Decimal};

const EXPECTED: &str = "whole numbers, decimals or floating numbers";

/// Digits of a decimal that always fit into 64 bits.
const ALWAYS_FITS: u8 = 18;

/// The whole numbers of an integer array; `None` for other arrays. In a row without a value stands
/// anything.
pub(crate) fn integers<'a>(
    held: Held<'a>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Option<Cow<'a, [i64]>> {
    Some(match held.data_type() {
        DataType::Int64 => held.values::<Int64Type>(),
        DataType::Int32 => widened::<Int32Type>(held),
        DataType::Int16 => widened::<Int16Type>(held),
        DataType::Int8 => widened::<Int8Type>(held),
        DataType::UInt32 => widened::<UInt32Type>(held),
        DataType::UInt16 => widened::<UInt16Type>(held),
        DataType::UInt8 => widened::<UInt8Type>(held),
        DataType::UInt64 => checked::<UInt64Type, _>(held, faults, |value| value.try_into().ok()),
        _ => return None,
    })
}

fn widened<T: ArrowPrimitiveType<Native: Into<i64>>>(held: Held<'_>) -> Cow<'static, [i64]> {
    held.values::<T>().iter().map(|&value| value.into()).collect()
}

/// Values that are made one by one, and may fail where there is one.
fn checked<T: ArrowPrimitiveType, U: Clone + Default>(
    held: Held<'_>,
    faults: &mut Vec<(usize, ColumnarFault)>,
    make: impl Fn(T::Native) -> Option<U>,
) -> Cow<'static, [U]> {
    let has_value = held.has_value();
    let one = |(row, &value): (usize, &T::Native)| {
        make(value).unwrap_or_else(|| {
            if has_value(row) {
                faults.push((row, ColumnarFault::TooManyDigits));
            }
            U::default()
        })
    };
    held.values::<T>().iter().enumerate().map(one).collect()
}

/// A column of numbers, as exact as its type.
enum Numbers<'a> {
    Floating(Cow<'a, [f64]>),
    /// Whole numbers, `digits` of whose digits stand behind the point.
    Whole {
        units: Cow<'a, [i64]>,
        digits: u8,
    },
    Decimal(Vec<Decimal>),
}

/// Reads a column of numbers; a row without a value is a fault.
///
/// The form follows from the type and never from the values, so that equal amounts of different
/// batches stay comparable.
fn numbers<'a>(
    held: Held<'a>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<Numbers<'a>, ColumnarError> {
    faults.extend(held.nulls().into_iter().map(|row| (row, ColumnarFault::NoValue)));
    let found = held.data_type();
    Ok(match found {
        DataType::Float64 => Numbers::Floating(held.values::<Float64Type>()),
        DataType::Float32 => Numbers::Floating(
            held.values::<Float32Type>().iter().map(|&value| f64::from(value)).collect(),
        ),
        DataType::Decimal32(precision, scale) => {
            let wide = |value: i32| Some(i128::from(value));
            decimals::<Decimal32Type>(held, faults, precision, scale, wide)
        }
        DataType::Decimal64(precision, scale) => {
            let wide = |value: i64| Some(i128::from(value));
            decimals::<Decimal64Type>(held, faults, precision, scale, wide)
        }
        DataType::Decimal128(precision, scale) => {
            decimals::<Decimal128Type>(held, faults, precision, scale, Some)
        }
        DataType::Decimal256(precision, scale) => {
            let wide = |value: arrow_buffer::i256| value.to_i128();
            decimals::<Decimal256Type>(held, faults, precision, scale, wide)
        }
        _ => Numbers::Whole {
            units: integers(held, faults)
                .ok_or_else(|| ColumnarError::wrong_type(&found, EXPECTED))?,
            digits: 0,
        },
    })
}

fn decimals<T: ArrowPrimitiveType>(
    held: Held<'_>,
    faults: &mut Vec<(usize, ColumnarFault)>,
    precision: u8,
    scale: i8,
    wide: impl Fn(T::Native) -> Option<i128>,
) -> Numbers<'static> {
    match u8::try_from(scale) {
        Ok(digits) if precision <= ALWAYS_FITS => {
            let narrow = |value| wide(value).and_then(|value| i64::try_from(value).ok());
            Numbers::Whole { units: checked::<T, _>(held, faults, narrow), digits }
        }
        _ => {
            let decimal = |value| wide(value).and_then(|value| shortest(value, scale)).map(Some);
            let values = checked::<T, _>(held, faults, decimal);
            let zero = Decimal { mantissa: 0, scale: 0 };
            Numbers::Decimal(values.iter().map(|value| value.unwrap_or(zero)).collect())
        }
    }
}

/// The decimal without zeros at the end of its fraction: types such as `Decimal(38, 18)` write
/// 12.50 with more digits than 64 bits hold, and mean three.
fn shortest(mut value: i128, scale: i8) -> Option<Decimal> {
    let Ok(mut digits) = u8::try_from(scale) else {
        let tens = 10i128.checked_pow(u32::from(scale.unsigned_abs()))?;
        let mantissa = i64::try_from(value.checked_mul(tens)?).ok()?;
        return Some(Decimal { mantissa, scale: 0 });
    };
    while digits > 0 && value % 10 == 0 {
        value /= 10;
        digits -= 1;
    }
    Some(Decimal { mantissa: i64::try_from(value).ok()?, scale: digits })
}

/// A column of amounts.
pub(crate) fn amounts<'a>(
    held: Held<'a>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<Amounts<'a>, ColumnarError> {
    Ok(match numbers(held, faults)? {
        Numbers::Floating(values) => Amounts::Major(values),
        Numbers::Whole { units, digits } => Amounts::Minor { units, digits },
        Numbers::Decimal(values) => Amounts::Decimal(values.into()),
    })
}

/// A column of quantities or of prices on the way to its product.
pub(crate) struct Factor<'a>(Numbers<'a>);

impl<'a> Factor<'a> {
    pub(crate) fn read(
        held: Held<'a>,
        faults: &mut Vec<(usize, ColumnarFault)>,
    ) -> Result<Self, ColumnarError> {
        numbers(held, faults).map(Self)
    }

    /// Quantity times price: exact where both are, otherwise multiplied as floating numbers.
    pub(crate) fn times(self, price: Self) -> Amounts<'static> {
        let floating = |factor: &Self| matches!(factor.0, Numbers::Floating(_));
        if floating(&self) || floating(&price) {
            let (quantities, prices) = (self.floating(), price.floating());
            let products = quantities.iter().zip(prices.iter()).map(|(q, p)| q * p);
            Amounts::Major(products.collect())
        } else {
            Amounts::QuantityTimesPrice {
                quantities: self.decimals().into(),
                prices: price.decimals().into(),
            }
        }
    }

    fn floating(self) -> Cow<'a, [f64]> {
        match self.0 {
            Numbers::Floating(values) => values,
            exact => Self(exact).decimals().into_iter().map(float).collect(),
        }
    }

    fn decimals(self) -> Vec<Decimal> {
        match self.0 {
            Numbers::Whole { units, digits } => {
                units.iter().map(|&mantissa| Decimal { mantissa, scale: digits }).collect()
            }
            Numbers::Decimal(values) => values,
            Numbers::Floating(_) => Vec::new(), // asked only of exact numbers
        }
    }
}

fn float(Decimal { mantissa, scale }: Decimal) -> f64 {
    // Powers of ten up to 10^22 are exact in a double, so for usual scales there is one rounding.
    let tens = (0..scale).fold(1.0, |tens, _| tens * 10.0);
    mantissa as f64 / tens
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::*;
    use std::sync::Arc;

    type Faults = Vec<(usize, ColumnarFault)>;

    /// The amounts of an array in cents, `None` at a fault of theirs or of ours.
    fn cents(array: impl Array + 'static) -> Vec<Option<i64>> {
        let array: ArrayRef = Arc::new(array);
        let read = |held| {
            let mut faults = Faults::new();
            let amounts = amounts(held, &mut faults).unwrap();
            let faulty = |row| faults.iter().any(|(other, _)| *other == row);
            (0..array.len())
                .map(|row| amounts.minor(row, 2).ok().filter(|_| !faulty(row)))
                .collect::<Vec<_>>()
        };
        let lent = read(Held::Lent(&array));
        assert_eq!(lent, read(Held::Given(Arc::clone(&array))));
        lent
    }

    #[test]
    fn every_type_of_amounts() {
        let expected = [Some(1200), None, Some(-300)];
        let whole = vec![Some(12), None, Some(-3)];
        assert_eq!(cents(Int64Array::from(whole)), expected);
        assert_eq!(cents(Int32Array::from(vec![Some(12), None, Some(-3)])), expected);
        assert_eq!(cents(Int8Array::from(vec![Some(12), None, Some(-3)])), expected);
        assert_eq!(cents(UInt64Array::from(vec![12, u64::MAX])), [Some(1200), None]);
        assert_eq!(
            cents(Float64Array::from(vec![Some(12.345), None, Some(f64::NAN)])),
            [Some(1235), None, None]
        );
        assert_eq!(cents(Float32Array::from(vec![12.34, -0.5])), [Some(1234), Some(-50)]);
    }

    #[test]
    fn decimals_are_exact() {
        let decimal = |values: Vec<i128>, precision, scale| {
            Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()
        };
        // 0.005 is half a cent and goes up; as a double it would be a little less.
        assert_eq!(
            cents(decimal(vec![1005, -1005, 1004], 9, 3)),
            [Some(101), Some(-101), Some(100)]
        );
        // 12.50 with 18 decimals has 20 digits, of which three matter.
        let unit = 10i128.pow(18);
        assert_eq!(
            cents(decimal(vec![unit * 125 / 10, unit * 1000 + 1, i128::MAX], 38, 18)),
            [Some(1250), None, None]
        );
        assert_eq!(cents(decimal(vec![5], 5, -2)), [Some(50_000)]);
        let small = Decimal64Array::from(vec![1250]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(cents(small), [Some(1250)]);
        let small = Decimal32Array::from(vec![-99]).with_precision_and_scale(5, 2).unwrap();
        assert_eq!(cents(small), [Some(-99)]);
        let large = Decimal256Array::from(vec![
            arrow_buffer::i256::from_i128(1250),
            arrow_buffer::i256::MAX,
        ]);
        assert_eq!(cents(large.with_precision_and_scale(40, 2).unwrap()), [Some(1250), None]);
    }

    #[test]
    fn quantity_times_price_is_exact_where_both_are() {
        let product = |quantity: ArrayRef, price: ArrayRef| {
            let mut faults = Faults::new();
            let quantity = Factor::read(Held::Given(quantity), &mut faults).unwrap();
            let amounts = quantity.times(Factor::read(Held::Given(price), &mut faults).unwrap());
            amounts.minor(0, 2)
        };
        let price = Decimal128Array::from(vec![2675]).with_precision_and_scale(9, 3).unwrap();
        let three = || -> ArrayRef { Arc::new(Int32Array::from(vec![3])) };
        // 8.025, half a cent up.
        assert_eq!(product(three(), Arc::new(price)), Ok(803));
        assert_eq!(product(three(), Arc::new(Float64Array::from(vec![2.55]))), Ok(765));
        let halves = Decimal128Array::from(vec![5]).with_precision_and_scale(2, 1).unwrap();
        assert_eq!(product(Arc::new(halves), Arc::new(Float64Array::from(vec![2.5]))), Ok(125));
    }

    #[test]
    fn texts_are_no_numbers() {
        let held = Held::Given(Arc::new(StringArray::from(vec!["12.50"])));
        let error = amounts(held, &mut Faults::new()).unwrap_err();
        assert_eq!(
            error.fault,
            ColumnarFault::Type { found: "Utf8".to_owned(), expected: EXPECTED }
        );
    }
}
