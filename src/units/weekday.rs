//! Days of the week, Monday first as ISO 8601 has them.

use serde::{Deserialize, Serialize};

use crate::units::Date;

/// A day of the week.
///
/// ```
/// use segmentry::units::{Date, Weekday};
///
/// assert_eq!(Date::from_ymd(2024, 2, 29)?.weekday(), Weekday::Thursday);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

impl Date {
    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday, the fourth from Monday.
        Weekday::ALL[(i64::from(self.day_number()) + 3).rem_euclid(7) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Calendar;

    #[test]
    fn weeks_of_the_calendar_start_on_a_monday() {
        for (y, m, d) in [(1, 1, 1), (1969, 12, 31), (1970, 1, 1), (2024, 2, 29), (9999, 12, 31)] {
            let day = Date::from_ymd(y, m, d).unwrap();
            let monday = Calendar::Weeks.period_of(day).first_day();
            assert_eq!(monday.weekday(), Weekday::Monday);
            assert_eq!(Weekday::ALL[day.days_since(monday) as usize], day.weekday());
        }
    }
}
