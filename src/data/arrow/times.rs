//! Columns of days and times, all taken as the shop's own clock shows them.

use arrow_array::ArrayRef;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};

use crate::data::Times;
use crate::data::arrow::held::Held;
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::units::CivilTime;

const EXPECTED: &str = "dates, timestamps without a time zone or of a fixed offset from UTC, \
                        or texts of ISO dates";

/// Reads a column of times; a row without a value is a fault.
///
/// `offsets` says whether texts carry an offset from UTC, once the first was seen.
pub(crate) fn times<'a>(
    held: Held<'a>,
    offsets: &mut Option<bool>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<Times<'a>, ColumnarError> {
    let found = held.data_type();
    let wrong = || ColumnarError::wrong_type(&found, EXPECTED);
    if is_text(&found) {
        return texts(held, offsets, faults);
    }
    faults.extend(held.nulls().into_iter().map(|row| (row, ColumnarFault::NoValue)));
    Ok(match &found {
        DataType::Date32 => Times::Days(held.values::<Date32Type>()),
        DataType::Date64 => seconds::<Date64Type>(held, 1_000, 0),
        DataType::Timestamp(unit, zone) => {
            let offset = zone.as_deref().map_or(Some(0), fixed_offset).ok_or_else(wrong)?;
            match unit {
                TimeUnit::Second if offset == 0 => {
                    Times::Seconds(held.values::<TimestampSecondType>())
                }
                TimeUnit::Second => seconds::<TimestampSecondType>(held, 1, offset),
                TimeUnit::Millisecond => seconds::<TimestampMillisecondType>(held, 1_000, offset),
                TimeUnit::Microsecond => {
                    seconds::<TimestampMicrosecondType>(held, 1_000_000, offset)
                }
                TimeUnit::Nanosecond => {
                    seconds::<TimestampNanosecondType>(held, 1_000_000_000, offset)
                }
            }
        }
        _ => return Err(wrong()),
    })
}

/// Whether times of this type are read from texts.
pub(crate) fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whether the first text of time that can be read carries an offset from UTC.
pub(crate) fn first_offset(arrays: impl Iterator<Item = ArrayRef>) -> Option<bool> {
    for array in arrays {
        let Some(Ok(texts)) = Held::Given(array).texts() else { continue };
        let read = |row| CivilTime::read(texts.get(row).trim().as_bytes());
        if let Some((_, has_offset)) = (0..texts.len()).find_map(read) {
            return Some(has_offset);
        }
    }
    None
}

fn seconds<T: ArrowPrimitiveType<Native = i64>>(
    held: Held<'_>,
    per_second: i64,
    offset: i64,
) -> Times<'static> {
    // At the ends of 64 bits the year is far outside the calendar, with or without an offset.
    let civil = |time: &i64| time.div_euclid(per_second).saturating_add(offset);
    Times::Seconds(held.values::<T>().iter().map(civil).collect())
}

/// Seconds that the clock of a zone is ahead of UTC; `None` for a zone whose clock changes, which
/// only a database of time zones knows.
fn fixed_offset(zone: &str) -> Option<i64> {
    if matches!(zone, "UTC" | "Etc/UTC" | "Z" | "GMT" | "Etc/GMT") {
        return Some(0);
    }
    let (sign, clock) = match zone.as_bytes() {
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let digits = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = match *clock {
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (digits(h1, h2)?, digits(m1, m2)?),
        [h1, h2] => (digits(h1, h2)?, 0),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn texts(
    held: Held<'_>,
    offsets: &mut Option<bool>,
    faults: &mut Vec<(usize, ColumnarFault)>,
) -> Result<Times<'static>, ColumnarError> {
    let found = held.data_type();
    let rows = held.array().len();
    let texts = held.texts().ok_or_else(|| ColumnarError::wrong_type(&found, EXPECTED))??;
    let mut one = |row| {
        let text = texts.get(row).trim();
        if text.is_empty() {
            return Err(ColumnarFault::NoValue);
        }
        let (time, has_offset) = CivilTime::read(text.as_bytes()).ok_or(ColumnarFault::NotATime)?;
        if *offsets.get_or_insert(has_offset) == has_offset {
            Ok(time.seconds())
        } else {
            Err(ColumnarFault::MixedOffsets)
        }
    };
    let mut read = |row| {
        one(row).unwrap_or_else(|fault| {
            faults.push((row, fault));
            0
        })
    };
    Ok(Times::Seconds((0..rows).map(&mut read).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::*;
    use std::sync::Arc;

    type Faults = Vec<(usize, ColumnarFault)>;

    fn read(array: impl Array + 'static) -> (Vec<i64>, Faults) {
        let mut faults = Faults::new();
        let array: ArrayRef = Arc::new(array);
        let times = times(Held::Lent(&array), &mut None, &mut faults).unwrap();
        ((0..array.len()).map(|row| times.key(row)).collect(), faults)
    }

    #[test]
    fn one_second_in_every_type() {
        // 2011-12-09 12:50:00, and a second before 1970.
        let (noon, before) = (1_323_435_000, -1);
        let expected = (vec![noon, before], Faults::new());
        let scaled = |by: i64| vec![noon * by + by / 2, before * by + by / 2];
        assert_eq!(read(TimestampSecondArray::from(vec![noon, before])), expected);
        assert_eq!(read(TimestampMillisecondArray::from(scaled(1_000))), expected);
        assert_eq!(read(TimestampMicrosecondArray::from(scaled(1_000_000))), expected);
        assert_eq!(read(TimestampNanosecondArray::from(scaled(1_000_000_000))), expected);
        assert_eq!(read(Date64Array::from(scaled(1_000))), expected);
        let texts = vec!["2011-12-09 12:50", " 1969-12-31T23:59:59.5 "];
        assert_eq!(read(StringArray::from(texts.clone())), expected);
        assert_eq!(read(LargeStringArray::from(texts.clone())), expected);
        assert_eq!(read(StringViewArray::from(texts.clone())), expected);
        assert_eq!(read(texts.into_iter().collect::<DictionaryArray<Int32Type>>()), expected);
        assert_eq!(read(Date32Array::from(vec![15_317, -1])).0, [15_317 * 86_400, -86_400]);
    }

    #[test]
    fn a_fixed_offset_is_applied_and_a_named_zone_refused() {
        let zoned = |zone: &str| TimestampSecondArray::from(vec![0]).with_timezone(zone);
        for (zone, seconds) in [
            ("UTC", 0),
            ("Z", 0),
            ("+00:00", 0),
            ("+05:30", 19_800),
            ("-0100", -3_600),
            ("+02", 7_200),
        ] {
            assert_eq!(read(zoned(zone)).0, [seconds], "{zone}");
        }
        for zone in ["Europe/Berlin", "", "+", "+24:00", "+1:00", "+é", "CET"] {
            let array: ArrayRef = Arc::new(zoned(zone));
            let error = times(Held::Lent(&array), &mut None, &mut Faults::new()).unwrap_err();
            assert!(matches!(error.fault, ColumnarFault::Type { .. }), "{zone}");
        }
    }

    #[test]
    fn texts_that_are_no_times() {
        let (_, faults) = read(StringArray::from(vec![
            Some("2024-01-01T10:00Z"),
            None,
            Some("  "),
            Some("9.12.2011"),
            Some("2024-01-01T10:00"),
            Some("2024-01-01T10:00+01:00"),
        ]));
        use ColumnarFault::{MixedOffsets, NoValue, NotATime};
        assert_eq!(faults, [(1, NoValue), (2, NoValue), (3, NotATime), (4, MixedOffsets)]);
    }

    #[test]
    fn a_time_at_the_end_of_64_bits_is_no_day() {
        let array: ArrayRef =
            Arc::new(TimestampSecondArray::from(vec![i64::MAX, i64::MIN]).with_timezone("+23:59"));
        let times = times(Held::Lent(&array), &mut None, &mut Faults::new()).unwrap();
        assert!(times.day(0).is_err() && times.day(1).is_err());
    }
}
