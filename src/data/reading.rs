//! Columns of a batch as the fold sees them: whole minor units, days, and what makes a row equal to
//! another.

use std::hash::Hash;
use std::ops::Range;

use crate::data::amount::{float_to_minor, to_minor};
use crate::data::batch::{IdValues, PLACE};
use crate::data::roster::packed;
use crate::data::{Amounts, IdColumn, Times};
use crate::units::{Date, minor_units};

const NOT_FINITE: &str = "its amount is not a finite number";
const TOO_LARGE: &str = "its amount exceeds 64 bits of minor units";
const NO_SUCH_TIME: &str = "its time is outside the years 1 to 9999";

/// Rows that cannot be read: their place in the batch and why.
pub(crate) type Faults = Vec<(usize, &'static str)>;

impl Amounts<'_> {
    /// The amounts of some rows in whole minor units, after the one rounding; zero where there is a
    /// fault.
    pub(crate) fn read(
        &self,
        rows: Range<usize>,
        digits: u8,
        minor: &mut Vec<i64>,
        faults: &mut Faults,
    ) {
        minor.clear();
        let mut each = |rows: Range<usize>, read: &dyn Fn(usize) -> Result<i64, &'static str>| {
            minor.extend(rows.map(|row| match read(row) {
                Ok(minor) => minor,
                Err(fault) => {
                    faults.push((row, fault));
                    0
                }
            }));
        };
        match self {
            Self::Major(values) => {
                let units = minor_units(digits);
                let fault =
                    |row: usize| if values[row].is_finite() { TOO_LARGE } else { NOT_FINITE };
                let start = rows.start;
                minor.extend(values[rows].iter().enumerate().map(|(place, &value)| {
                    float_to_minor(value, units).unwrap_or_else(|| {
                        faults.push((start + place, fault(start + place)));
                        0
                    })
                }));
            }
            Self::Minor { units, digits: scale } if *scale == digits => {
                minor.extend_from_slice(&units[rows]);
            }
            Self::Minor { units, digits: scale } => each(rows, &|row| {
                to_minor(i128::from(units[row]), u32::from(*scale), digits).ok_or(TOO_LARGE)
            }),
            Self::Decimal(values) => {
                let start = rows.start;
                minor.extend(values[rows].iter().enumerate().map(|(place, value)| {
                    value.to_minor(digits).unwrap_or_else(|| {
                        faults.push((start + place, TOO_LARGE));
                        0
                    })
                }));
            }
            Self::QuantityTimesPrice { quantities, prices } => {
                each(rows, &|row| quantities[row].times(prices[row], digits).ok_or(TOO_LARGE))
            }
        }
    }

    /// What makes two amounts the same for the search of repeats.
    pub(crate) fn key(&self, row: usize) -> impl Hash + use<> {
        match self {
            Self::Major(values) => (0u8, (values[row] + 0.0).to_bits() as i64, 0, 0, 0),
            Self::Minor { units, digits } => (1, units[row], *digits, 0, 0),
            Self::Decimal(values) => {
                let value = values[row].reduced();
                (2, value.mantissa, value.scale, 0, 0)
            }
            Self::QuantityTimesPrice { quantities, prices } => {
                let (quantity, price) = (quantities[row].reduced(), prices[row].reduced());
                (3, quantity.mantissa, quantity.scale, price.mantissa, price.scale)
            }
        }
    }
}

impl Times<'_> {
    /// The days of some rows; zero where there is a fault.
    pub(crate) fn read(&self, rows: Range<usize>, days: &mut Vec<i32>, faults: &mut Faults) {
        days.clear();
        let start = rows.start;
        let mut check = |place: usize, day: Option<i32>| {
            day.filter(|&day| Date::from_day_number(day).is_some()).unwrap_or_else(|| {
                faults.push((start + place, NO_SUCH_TIME));
                0
            })
        };
        match self {
            Self::Seconds(values) => {
                days.extend(values[rows].iter().enumerate().map(|(place, seconds)| {
                    check(place, i32::try_from(seconds.div_euclid(86_400)).ok())
                }));
            }
            Self::Days(values) => {
                days.extend(
                    values[rows].iter().enumerate().map(|(place, &d)| check(place, Some(d))),
                );
            }
        }
    }

    pub(crate) fn key(&self, row: usize) -> i64 {
        match self {
            Self::Seconds(values) => values[row],
            Self::Days(values) => i64::from(values[row]) * 86_400,
        }
    }
}

impl IdColumn<'_> {
    /// What makes two ids the same for the search of repeats; a missing one equals another missing
    /// one.
    pub(crate) fn key(&self, row: usize) -> Option<(i64, &str)> {
        if self.is_missing(row) {
            return None;
        }
        let text = |text| match packed(str::as_bytes(text)) {
            Some(number) => (number as i64, ""),
            None => (0, text),
        };
        Some(match &self.values {
            IdValues::Integers(values) => (values[row], ""),
            IdValues::Texts(texts) => text(texts.get(row)),
            IdValues::Names(names) => match names.name(row) {
                name if name & PLACE != 0 => (0, names.text(name)),
                number => (number as i64, ""),
            },
        })
    }
}

/// One row at a time, for the tests of columns from Arrow.
#[cfg(all(test, feature = "arrow"))]
mod one_row {
    use super::*;

    impl Amounts<'_> {
        pub(crate) fn minor(&self, row: usize, digits: u8) -> Result<i64, &'static str> {
            let (mut minor, mut faults) = (Vec::new(), Faults::new());
            self.read(row..row + 1, digits, &mut minor, &mut faults);
            faults.first().map_or(Ok(minor[0]), |&(_, fault)| Err(fault))
        }
    }

    impl Times<'_> {
        pub(crate) fn day(&self, row: usize) -> Result<i32, &'static str> {
            let (mut days, mut faults) = (Vec::new(), Faults::new());
            self.read(row..row + 1, &mut days, &mut faults);
            faults.first().map_or(Ok(days[0]), |&(_, fault)| Err(fault))
        }
    }

    impl IdColumn<'_> {
        pub(crate) fn text(&self, row: usize) -> Option<String> {
            let (integer, text) = self.key(row)?;
            Some(if text.is_empty() { integer.to_string() } else { text.to_owned() })
        }
    }
}
