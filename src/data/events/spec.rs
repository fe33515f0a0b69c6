//! Which events count, and what to do about those that cannot be.

use crate::data::spec::check_window;
use crate::data::{DataError, EventRequest, UnreadableRows};
use crate::units::Date;

/// The rules of a fold of events.
///
/// ```
/// use segmentry::data::EventSpec;
/// use segmentry::units::Date;
///
/// let year = EventSpec::new()
///     .observed_from(Date::from_ymd(2024, 1, 1)?)
///     .observed_until(Date::from_ymd(2024, 12, 31)?);
/// assert!(year.validate().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpec {
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) unreadable: UnreadableRows,
    pub(crate) max_keys: usize,
}

impl Default for EventSpec {
    fn default() -> Self {
        Self { from: None, until: None, unreadable: UnreadableRows::Error, max_keys: 65_536 }
    }
}

impl EventSpec {
    /// All days; an event that cannot be is an error; at most 65,536 keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first day that counts; earlier events are counted in the report and left out.
    #[must_use]
    pub fn observed_from(mut self, day: Date) -> Self {
        self.from = Some(day);
        self
    }

    /// The last day that counts; later events are counted in the report and left out. Consents are
    /// then as of the end of this day.
    #[must_use]
    pub fn observed_until(mut self, day: Date) -> Self {
        self.until = Some(day);
        self
    }

    /// What to do about an event that the source cannot read, or that cannot be: a time outside the
    /// years 1 to 9999, a kind without a name, a value that is not finite, a consent that is
    /// neither 0 nor 1. An error unless set; those that are skipped are counted by reason.
    #[must_use]
    pub fn unreadable_rows(mut self, rule: UnreadableRows) -> Self {
        self.unreadable = rule;
        self
    }

    /// How many different keys, how many different kinds, and how many different reasons why events
    /// cannot be read, there may be; 65,536 of each unless set.
    /// Campaigns and channels fit; a visit's number that was taken for a key does not, and would
    /// make a tally of its own for every event.
    #[must_use]
    pub fn max_keys(mut self, max_keys: usize) -> Self {
        self.max_keys = max_keys;
        self
    }

    /// Checks the rules; reading calls this first.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`] where the first day lies behind the last.
    pub fn validate(&self) -> Result<(), DataError> {
        check_window(self.from, self.until)
    }

    pub(crate) fn request(&self) -> EventRequest {
        EventRequest { unreadable: self.unreadable }
    }
}
