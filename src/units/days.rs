//! A length of time in whole days, the only public unit of time.
//!
//! Models of the literature count weeks; they convert inside and say so. Half of the questions that
//! users ask other packages are about the unit of `t`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of whole days.
///
/// ```
/// use segmentry::units::Days;
///
/// assert_eq!(Days::weeks(52).count(), 364);
/// assert_eq!(Days::new(10).to_string(), "10 days");
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Days(u32);

impl Days {
    /// That many days.
    pub const fn new(days: u32) -> Self {
        Self(days)
    }

    /// That many weeks of seven days, or the longest length there is.
    pub const fn weeks(weeks: u32) -> Self {
        Self(weeks.saturating_mul(7))
    }

    /// How many days.
    pub const fn count(self) -> u32 {
        self.0
    }

    /// In weeks, as the models count.
    pub(crate) fn in_weeks(self) -> f64 {
        f64::from(self.0) / 7.0
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "day" } else { "days" })
    }
}
