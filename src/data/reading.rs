//! One row of a batch as the fold sees it: whole minor units, a day, and what makes it equal to
//! another row.

use std::hash::Hash;

use crate::data::amount::{float_to_minor, to_minor};
use crate::data::batch::IdValues;
use crate::data::{Amounts, IdColumn, Times};
use crate::units::Date;

const NOT_FINITE: &str = "its amount is not a finite number";
const TOO_LARGE: &str = "its amount exceeds 64 bits of minor units";
const NO_SUCH_TIME: &str = "its time is outside the years 1 to 9999";

impl Amounts<'_> {
    /// The row's amount in whole minor units, after the one rounding.
    pub(crate) fn minor(&self, row: usize, digits: u8, units: f64) -> Result<i64, &'static str> {
        match self {
            Self::Major(values) if !values[row].is_finite() => Err(NOT_FINITE),
            Self::Major(values) => float_to_minor(values[row], units).ok_or(TOO_LARGE),
            Self::Minor { units, digits: scale } => {
                to_minor(i128::from(units[row]), u32::from(*scale), digits).ok_or(TOO_LARGE)
            }
            Self::Decimal(values) => {
                let value = values[row];
                to_minor(i128::from(value.mantissa), u32::from(value.scale), digits)
                    .ok_or(TOO_LARGE)
            }
            Self::QuantityTimesPrice { quantities, prices } => {
                let (quantity, price) = (quantities[row], prices[row]);
                let mantissa = i128::from(quantity.mantissa) * i128::from(price.mantissa);
                to_minor(mantissa, u32::from(quantity.scale) + u32::from(price.scale), digits)
                    .ok_or(TOO_LARGE)
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
    pub(crate) fn day(&self, row: usize) -> Result<i32, &'static str> {
        let day = match self {
            Self::Seconds(values) => i32::try_from(values[row].div_euclid(86_400)).ok(),
            Self::Days(values) => Some(values[row]),
        };
        day.filter(|&day| Date::from_day_number(day).is_some()).ok_or(NO_SUCH_TIME)
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
        Some(match &self.values {
            IdValues::Integers(values) => (values[row], ""),
            IdValues::Texts(texts) => (0, texts.get(row)),
        })
    }
}
