//! Weeks, months, quarters and years as the calendar has them.
//!
//! A month is not thirty days and a year not fifty-two weeks: the periods here are those of the
//! calendar, of different lengths, without gaps, and each knows its first and its last day.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::units::{Date, Days};

/// Which periods of the calendar. A closed set: these are the ones that people plan and report by.
///
/// ```
/// use segmentry::units::{Calendar, Date};
///
/// // The last days of a year may be in the first week of the next, and the other way round.
/// let week = Calendar::Weeks.period_of(Date::from_ymd(2024, 12, 30)?);
/// assert_eq!(week.to_string(), "2025-W01");
/// assert_eq!(week.last_day(), Date::from_ymd(2025, 1, 5)?);
/// let week = Calendar::Weeks.period_of(Date::from_ymd(2021, 1, 3)?);
/// assert_eq!(week.to_string(), "2020-W53");
/// // The day after the 31st of January is in a month of 29 days, in a leap year.
/// let january = Calendar::Months.period_of(Date::from_ymd(2024, 1, 31)?);
/// let february = january.next().ok_or("a month follows")?;
/// assert_eq!((february.to_string().as_str(), february.length().count()), ("2024-02", 29));
/// let quarter = Calendar::Quarters.period_of(Date::from_ymd(2024, 2, 29)?);
/// assert_eq!((quarter.to_string().as_str(), quarter.length().count()), ("2024-Q1", 91));
/// assert_eq!(Calendar::Years.period_of(Date::from_ymd(1900, 7, 1)?).length().count(), 365);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Weeks from Monday to Sunday, numbered as ISO 8601 does: the first week of a year is the one
    /// with its first Thursday.
    Weeks,
    /// Months from the first to the last of their days.
    Months,
    /// January to March, April to June, July to September, October to December.
    Quarters,
    /// January to December.
    Years,
}

/// One week, month, quarter or year.
///
/// Shown as `2024-W07`, `2024-02`, `2024-Q1` or `2024`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CalendarPeriod {
    calendar: Calendar,
    first: Date,
    last: Date,
}

impl Calendar {
    /// The period in which a day lies.
    ///
    /// The week of 9999-12-31 ends with that day, with which our calendar ends.
    pub fn period_of(self, day: Date) -> CalendarPeriod {
        let (year, month, _) = day.ymd();
        let months = |first: u32, count: u32| {
            let (next_year, next) =
                if first + count > 12 { (year + 1, 1) } else { (year, first + count) };
            let start = Date::from_ymd(year, first, 1).expect("the first of a month exists");
            // Behind the last year there is no next period.
            (start, Date::from_ymd(next_year, next, 1).map_or(Date::LAST, before))
        };
        let (first, last) = match self {
            Self::Weeks => {
                // 1970-01-01 was a Thursday; 0001-01-01 was a Monday, so no week starts before it.
                let monday = (day.day_number() + 3).div_euclid(7) * 7 - 3;
                (at(monday), at((monday + 6).min(Date::LAST.day_number())))
            }
            Self::Months => months(month, 1),
            Self::Quarters => months((month - 1) / 3 * 3 + 1, 3),
            Self::Years => months(1, 12),
        };
        CalendarPeriod { calendar: self, first, last }
    }

    /// The periods from the one with the first day to the one with the last; none where the days
    /// stand in the wrong order.
    pub fn periods(self, from: Date, until: Date) -> impl Iterator<Item = CalendarPeriod> {
        let first = (from <= until).then(|| self.period_of(from));
        std::iter::successors(first, move |period| {
            (period.last < until).then(|| period.next()).flatten()
        })
    }
}

fn at(number: i32) -> Date {
    Date::from_day_number(number).expect("within the calendar")
}

fn before(day: Date) -> Date {
    at(day.day_number() - 1)
}

impl CalendarPeriod {
    /// Whether it is a week, a month, a quarter or a year.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// Its first day.
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// Its last day.
    pub fn last_day(&self) -> Date {
        self.last
    }

    /// How many days it has.
    pub fn length(&self) -> Days {
        Days::new(self.last.days_since(self.first) as u32 + 1)
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// The period behind it; `None` behind the year 9999.
    pub fn next(&self) -> Option<Self> {
        Date::from_day_number(self.last.day_number() + 1).map(|day| self.calendar.period_of(day))
    }
}

impl fmt::Display for CalendarPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, _) = self.first.ymd();
        match self.calendar {
            Calendar::Weeks => {
                // A week belongs to the year of its Thursday. That of the last Friday of all is cut
                // behind it.
                let thursday = at(self.first.day_number() + 3);
                let (year, ..) = thursday.ymd();
                let new_year = Date::from_ymd(year, 1, 1).expect("a year of the calendar");
                write!(f, "{year:04}-W{:02}", thursday.days_since(new_year) / 7 + 1)
            }
            Calendar::Months => write!(f, "{year:04}-{month:02}"),
            Calendar::Quarters => write!(f, "{year:04}-Q{}", month.div_ceil(3)),
            Calendar::Years => write!(f, "{year:04}"),
        }
    }
}

impl fmt::Debug for CalendarPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CalendarPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Calendar; 4] =
        [Calendar::Weeks, Calendar::Months, Calendar::Quarters, Calendar::Years];

    fn day(year: i32, month: u32, day: u32) -> Date {
        Date::from_ymd(year, month, day).unwrap()
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        // The examples of the standard's Wikipedia article, and the long years around 2000.
        for (date, week) in [
            ((1977, 1, 1), "1976-W53"),
            ((1977, 12, 31), "1977-W52"),
            ((1978, 1, 1), "1977-W52"),
            ((1978, 1, 2), "1978-W01"),
            ((1979, 12, 31), "1980-W01"),
            ((1980, 12, 28), "1980-W52"),
            ((1980, 12, 29), "1981-W01"),
            ((1981, 12, 31), "1981-W53"),
            ((1982, 1, 3), "1981-W53"),
            ((2000, 1, 2), "1999-W52"),
            ((2000, 2, 29), "2000-W09"),
            ((2004, 12, 31), "2004-W53"),
            ((2005, 1, 3), "2005-W01"),
            ((1969, 12, 28), "1969-W52"),
            ((1, 1, 1), "0001-W01"),
            ((9999, 12, 31), "9999-W52"),
        ] {
            let (y, m, d) = date;
            assert_eq!(Calendar::Weeks.period_of(day(y, m, d)).to_string(), week, "{date:?}");
        }
    }

    #[test]
    fn months_and_quarters_have_the_calendars_lengths() {
        let length = |calendar: Calendar, date: Date| calendar.period_of(date).length().count();
        let february = |year| length(Calendar::Months, day(year, 2, 1));
        assert_eq!([1900, 2000, 2023, 2024].map(february), [28, 29, 28, 29]);
        let quarter = |month| length(Calendar::Quarters, day(2023, month, 1));
        assert_eq!([1, 4, 7, 10].map(quarter), [90, 91, 92, 92]);
        assert_eq!(length(Calendar::Years, day(2024, 5, 1)), 366);
        let december = Calendar::Months.period_of(day(2023, 12, 31));
        assert_eq!(
            (december.first_day(), december.last_day()),
            (day(2023, 12, 1), day(2023, 12, 31))
        );
    }

    #[test]
    fn periods_follow_one_another_without_gaps() {
        for calendar in ALL {
            let (from, until) = (day(1999, 11, 17), day(2005, 2, 28));
            let periods: Vec<_> = calendar.periods(from, until).collect();
            assert!(periods[0].contains(from) && periods[periods.len() - 1].contains(until));
            for pair in periods.windows(2) {
                assert_eq!(pair[0].last_day().day_number() + 1, pair[1].first_day().day_number());
            }
            for period in &periods {
                for date in [period.first_day(), period.last_day()] {
                    assert_eq!(calendar.period_of(date), *period);
                }
            }
            assert_eq!(calendar.periods(until, from).count(), 0);
            assert_eq!(calendar.periods(from, from).count(), 1);
        }
        let count =
            |calendar: Calendar| calendar.periods(day(2024, 1, 1), day(2024, 12, 31)).count();
        assert_eq!(ALL.map(count), [53, 12, 4, 1]);
    }

    #[test]
    fn the_calendar_ends_with_the_year_9999() {
        for calendar in ALL {
            let last = calendar.period_of(Date::LAST);
            assert_eq!((last.last_day(), last.next()), (Date::LAST, None));
            let first = calendar.period_of(day(1, 1, 1));
            assert_eq!(first.first_day(), day(1, 1, 1));
            assert_eq!(calendar.periods(day(9999, 12, 31), Date::LAST).count(), 1);
        }
        assert_eq!(Calendar::Weeks.period_of(Date::LAST).length().count(), 5);
    }
}
