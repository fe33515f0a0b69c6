//! Times of day and weekdays on which customers may be addressed.
//!
//! All times are civil times on the customer's own clock, as everywhere in this crate: there are no
//! zones in it. Whoever sends to several zones sends each row when the customer's clock shows its
//! time.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::treatment::TreatmentError;
use crate::units::{Date, Weekday};

/// Minutes of a day.
pub(super) const DAY: u16 = 1440;

/// A minute of the day on the customer's own clock.
///
/// ```
/// use segmentry::treatment::TimeOfDay;
///
/// assert_eq!(TimeOfDay::new(9, 30)?.to_string(), "09:30");
/// assert!(TimeOfDay::new(24, 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// A minute of the day.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::TimeOfDay`].
    pub fn new(hour: u32, minute: u32) -> Result<Self, TreatmentError> {
        if hour < 24 && minute < 60 {
            Ok(Self((hour * 60 + minute) as u16))
        } else {
            Err(TreatmentError::TimeOfDay { hour, minute })
        }
    }

    /// A full hour that is known to be one.
    pub(super) const fn hour(hour: u16) -> Self {
        assert!(hour < 24, "hours of a day");
        Self(hour * 60)
    }

    /// Minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOfDay {
    type Err = TreatmentError;

    /// Reads `09:30`.
    fn from_str(text: &str) -> Result<Self, TreatmentError> {
        let two = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let (hour, minute) = text.split_once(':').unwrap_or((text, ""));
        let (hour, minute) = (two(hour).unwrap_or(99), two(minute).unwrap_or(99));
        Self::new(hour, minute)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom("expected a time of day such as 09:30"))
    }
}

/// Some days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);

    /// These days.
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | 1 << day as u8))
    }

    /// Whether the day is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day as u8) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days, Monday first.
    pub fn days(self) -> impl Iterator<Item = Weekday> {
        Weekday::ALL.into_iter().filter(move |&day| self.contains(day))
    }

    /// The same set turned so that bit `i` is for the day `i` days after `start`.
    pub(super) fn counted_from(self, start: Date) -> u8 {
        let first = start.weekday() as usize;
        let day = |i: usize| u8::from(self.contains(Weekday::ALL[(first + i) % 7])) << i;
        (0..7).fold(0, |set, i| set | day(i))
    }
}

impl fmt::Debug for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.days()).finish()
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.days())
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::of(Vec::<Weekday>::deserialize(from)?))
    }
}

/// At what time, and on which days of the week, a sequence addresses customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendTime {
    /// The time on the customer's own clock.
    pub at: TimeOfDay,
    /// The days of the week; what falls on another waits for the next of them.
    pub on: Weekdays,
}

impl Default for SendTime {
    /// Ten in the morning of a working day: an assumption, outside every usual quiet hour.
    fn default() -> Self {
        Self { at: TimeOfDay::hour(10), on: Weekdays::WORKING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_time_of_day() {
        for bad in ["", "9:30", "24:00", "09:60", "0930", "09:3", "+9:30", "09:30:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        assert_eq!("23:59".parse::<TimeOfDay>().unwrap().minutes(), DAY - 1);
    }

    #[test]
    fn weekdays_turn_with_the_first_day() {
        // 2024-02-29 was a Thursday: Friday is the next day, Monday the fourth.
        let start = Date::from_ymd(2024, 2, 29).unwrap();
        assert_eq!(Weekdays::WORKING.counted_from(start), 0b111_0011);
        assert_eq!(Weekdays::of([Weekday::Monday]).counted_from(start), 0b001_0000);
        assert_eq!(serde_json::to_string(&Weekdays::WORKING.days().next()).unwrap(), "\"monday\"");
        let read: Weekdays = serde_json::from_str("[\"sunday\", \"monday\"]").unwrap();
        assert_eq!(read, Weekdays::of([Weekday::Monday, Weekday::Sunday]));
    }
}
