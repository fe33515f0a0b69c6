//! Calendar days and civil times: what the clock on the shop's wall shows.
//!
//! A purchase belongs to the day on which the customer bought, so times are civil times without a
//! zone. A text may carry an offset such as `Z` or `+01:00`; the time is taken as written and the
//! offset is not applied, and a source that mixes both forms is refused where it is read.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::units::UnitError;

/// A day of the proleptic Gregorian calendar, years 1 to 9999.
///
/// ```
/// use segmentry::units::Date;
///
/// let end = Date::from_ymd(1997, 9, 30)?;
/// let first: Date = "1997-01-01".parse()?;
/// assert_eq!(end.days_since(first), 272);
/// assert!(Date::from_ymd(1900, 2, 29).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// A second of a [`Date`], as the shop's own clock shows it.
///
/// ```
/// use segmentry::units::CivilTime;
///
/// let time: CivilTime = "2011-12-09 12:50".parse()?;
/// assert_eq!(time.to_string(), "2011-12-09T12:50:00");
/// assert_eq!(time.date().to_string(), "2011-12-09");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime(i64);

const SECONDS_PER_DAY: i64 = 86_400;
const FIRST_DAY: i32 = -719_162; // 0001-01-01
const LAST_DAY: i32 = 2_932_896; // 9999-12-31

impl Date {
    /// The last day of the calendar.
    pub(crate) const LAST: Self = Self(LAST_DAY);

    /// The day of that year, month (1 to 12) and day of the month.
    ///
    /// # Errors
    ///
    /// [`UnitError::NoSuchDay`].
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Result<Self, UnitError> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        if !exists {
            return Err(UnitError::NoSuchDay { year, month, day });
        }
        // Years are counted from March, so that the leap day is the last of its year; eras are 400
        // years long.
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let month_from_march = (month as i32 + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Ok(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// Year, month and day of the month.
    pub fn ymd(self) -> (i32, u32, u32) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month as u32, day)
    }

    /// Whole days from `earlier` to this day; negative if it is the later one.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The number of days since 1970-01-01.
    pub fn day_number(self) -> i32 {
        self.0
    }

    /// The day of that number, counted from 1970-01-01.
    ///
    /// `None` outside the years 1 to 9999.
    pub fn from_day_number(number: i32) -> Option<Self> {
        (FIRST_DAY..=LAST_DAY).contains(&number).then_some(Self(number))
    }

    /// The first second of the day.
    pub fn midnight(self) -> CivilTime {
        CivilTime(i64::from(self.0) * SECONDS_PER_DAY)
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl CivilTime {
    /// Seconds since 1970-01-01 00:00 of the same clock.
    ///
    /// `None` outside the years 1 to 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let day = i32::try_from(seconds.div_euclid(SECONDS_PER_DAY)).ok()?;
        Date::from_day_number(day).map(|_| Self(seconds))
    }

    /// Seconds since 1970-01-01 00:00 of the same clock.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// The day.
    pub fn date(self) -> Date {
        Date(self.0.div_euclid(SECONDS_PER_DAY) as i32) // in range: checked when made
    }

    /// Reads a date or date-time and says whether an offset from UTC was written behind it.
    pub(crate) fn read(text: &[u8]) -> Option<(Self, bool)> {
        let (date, rest) = text.split_at_checked(10)?;
        let date = read_date(date)?;
        let (seconds, offset) = match rest {
            [] => (0, &rest[..0]),
            [b' ' | b'T' | b't', clock @ ..] => read_clock(clock)?,
            _ => return None,
        };
        let has_offset = match offset {
            [] => false,
            [b'Z' | b'z'] => true,
            [b'+' | b'-', h1, h2, b':', m1, m2] | [b'+' | b'-', h1, h2, m1, m2] => {
                two_digits(*h1, *h2).filter(|&h| h <= 23)?;
                two_digits(*m1, *m2).filter(|&m| m <= 59)?;
                true
            }
            [b'+' | b'-', h1, h2] => two_digits(*h1, *h2).is_some_and(|h| h <= 23),
            _ => return None,
        };
        Some((Self(date.midnight().0 + seconds), has_offset))
    }
}

fn read_date(text: &[u8]) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = two_digits(y1, y2)? * 100 + two_digits(y3, y4)?;
    Date::from_ymd(year as i32, two_digits(m1, m2)?, two_digits(d1, d2)?).ok()
}

/// Seconds of the day, and what stands behind the clock. Fractions of a second are read and
/// dropped.
fn read_clock(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[h1, h2, b':', m1, m2], mut rest) = text.split_first_chunk::<5>()? else { return None };
    let hour = two_digits(h1, h2).filter(|&h| h <= 23)?;
    let minute = two_digits(m1, m2).filter(|&m| m <= 59)?;
    let mut second = 0;
    if let [b':', s1, s2, behind @ ..] = rest {
        second = two_digits(*s1, *s2).filter(|&s| s <= 59)?;
        rest = behind;
        if let [b'.' | b',', fraction @ ..] = rest {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            rest = &fraction[digits..];
        }
    }
    Some((i64::from(hour * 3600 + minute * 60 + second), rest))
}

fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

impl From<Date> for CivilTime {
    fn from(date: Date) -> Self {
        date.midnight()
    }
}

impl FromStr for Date {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        read_date(text.as_bytes()).ok_or(UnitError::NotADate)
    }
}

impl FromStr for CivilTime {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::read(text.as_bytes()).map(|(time, _)| time).ok_or(UnitError::NotADate)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        write!(f, "{}T{:02}:{:02}:{:02}", self.date(), second / 3600, second / 60 % 60, second % 60)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_day_numbers() {
        let number = |y, m, d| Date::from_ymd(y, m, d).unwrap().day_number();
        assert_eq!(number(1970, 1, 1), 0);
        assert_eq!(number(2000, 3, 1), 11_017);
        assert_eq!(number(1, 1, 1), FIRST_DAY);
        assert_eq!(number(9999, 12, 31), LAST_DAY);
    }

    #[test]
    fn every_day_of_eight_centuries_comes_back() {
        let first = Date::from_ymd(1600, 1, 1).unwrap();
        let last = Date::from_ymd(2400, 12, 31).unwrap();
        let mut expected = (1600, 1, 1);
        for number in first.day_number()..=last.day_number() {
            let date = Date::from_day_number(number).unwrap();
            assert_eq!(date.ymd(), expected);
            let (y, m, d) = expected;
            assert_eq!(Date::from_ymd(y, m, d).unwrap(), date);
            expected = if d < days_in_month(y, m) {
                (y, m, d + 1)
            } else if m < 12 {
                (y, m + 1, 1)
            } else {
                (y + 1, 1, 1)
            };
        }
    }

    #[test]
    fn days_that_do_not_exist() {
        for (y, m, d) in [
            (1900, 2, 29),
            (2023, 2, 29),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 4, 31),
            (0, 1, 1),
            (10_000, 1, 1),
        ] {
            assert!(Date::from_ymd(y, m, d).is_err(), "{y}-{m}-{d}");
        }
        assert!(Date::from_ymd(2000, 2, 29).is_ok());
    }

    #[test]
    fn texts_that_are_times() {
        let seconds = |text: &str| text.parse::<CivilTime>().unwrap().seconds();
        assert_eq!(seconds("1970-01-02"), 86_400);
        assert_eq!(seconds("1970-01-01 00:01"), 60);
        assert_eq!(seconds("1970-01-01T23:59:59"), 86_399);
        assert_eq!(seconds("1970-01-01T00:00:01.250Z"), 1);
        assert_eq!(seconds("1969-12-31T23:00:00+01:00"), -3_600);
        assert!(CivilTime::read(b"2024-01-01T00:00Z").unwrap().1);
        assert!(!CivilTime::read(b"2024-01-01T00:00").unwrap().1);
    }

    #[test]
    fn texts_that_are_none() {
        for text in [
            "",
            "2024",
            "2024-1-1",
            "20240101",
            "2024-02-30",
            "2024-01-01x",
            "2024-01-01 24:00",
            "2024-01-01 12",
            "2024-01-01 12:60",
            "2024-01-01 12:00:60",
            "2024-01-01 12:00:00.",
            "2024-01-01T12:00+25:00",
            " 2024-01-01",
            "12/9/2011",
            "2024-01-01 12:00 PM",
            "２０２４-01-01",
            "2024-01-01T12:00+1",
        ] {
            assert_eq!(text.parse::<CivilTime>(), Err(UnitError::NotADate), "{text}");
        }
    }

    #[test]
    fn a_time_before_1970_is_on_its_own_day() {
        let time: CivilTime = "1969-12-31 23:59:59".parse().unwrap();
        assert_eq!(time.date().to_string(), "1969-12-31");
        assert_eq!(time.to_string(), "1969-12-31T23:59:59");
        assert!(CivilTime::from_seconds(i64::MAX).is_none());
    }
}
