//! The contact policy: how often, when and over what a customer may be addressed at all.
//!
//! A policy is about customers and not about campaigns: every sequence stands under the same one,
//! and what it holds back is listed with the rule that did it.

use std::fmt;

use serde::Serialize;

use crate::treatment::record::PURCHASE;
use crate::treatment::{TimeOfDay, TreatmentError};
use crate::units::{ChannelId, Date, Days, LeverId};

/// The most that a cap may allow, beyond which it is none.
pub(super) const MAX_CONTACTS: u32 = 1000;

/// At most so many contacts in any window of so many days that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub(super) channel: Option<ChannelId>,
    pub(super) contacts: u32,
    pub(super) window: Days,
}

impl Cap {
    /// Over all channels together. A window of seven days is a day and the six before it.
    pub fn over_all(contacts: u32, window: Days) -> Self {
        Self { channel: None, contacts, window }
    }

    /// Over one channel.
    pub fn over(channel: ChannelId, contacts: u32, window: Days) -> Self {
        Self { channel: Some(channel), contacts, window }
    }
}

/// What becomes of a contact for which a cap leaves no room. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverCap {
    /// It does not go out. What follows it does.
    #[default]
    Suppress,
    /// It waits for the first day with room.
    Wait,
}

/// Hours in which nobody is addressed: from the first time up to the second, which is outside.
///
/// Where the first is the later one the hours cross midnight: from 20:00 to 08:00.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    pub(super) channel: Option<ChannelId>,
    pub(super) from: TimeOfDay,
    pub(super) until: TimeOfDay,
}

impl QuietHours {
    /// On all channels.
    pub fn new(from: TimeOfDay, until: TimeOfDay) -> Self {
        Self { channel: None, from, until }
    }

    /// On one channel only.
    #[must_use]
    pub fn on(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }
}

/// A pause after something happened to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) after: String,
    pub(super) days: Days,
}

/// What held a contact back, moved it or kept it from going out. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PolicyRule {
    /// The sequence addresses customers on other days of the week.
    SendTime,
    /// The hour was quiet; the contact goes out when the quiet ends.
    QuietHours,
    /// A date on which nobody is addressed.
    Blackout,
    /// Something happened to the customer that calls for a pause.
    Pause,
    /// Another contact was too near.
    MinimumGap,
    /// The cap of the channel.
    ChannelCap,
    /// The cap over all channels.
    TotalCap,
    /// Another sequence was running.
    OneSequence,
    /// The channel's people or machines had no more room that day.
    Capacity,
    /// The customer does not allow the channel.
    Consent,
    /// No money was left.
    Budget,
    /// The sequence had ended when its turn came.
    Expired,
    /// Its turn comes behind the last day of the schedule.
    BeyondHorizon,
    /// It waits for an answer or a purchase, which nobody can schedule.
    AwaitsOutcome,
    /// An earlier step ends the sequence.
    Stopped,
}

impl PolicyRule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::SendTime,
        Self::QuietHours,
        Self::Blackout,
        Self::Pause,
        Self::MinimumGap,
        Self::ChannelCap,
        Self::TotalCap,
        Self::OneSequence,
        Self::Capacity,
        Self::Consent,
        Self::Budget,
        Self::Expired,
        Self::BeyondHorizon,
        Self::AwaitsOutcome,
        Self::Stopped,
    ];

    /// The rule in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SendTime => "days of the week",
            Self::QuietHours => "quiet hours",
            Self::Blackout => "blackout",
            Self::Pause => "pause after an event",
            Self::MinimumGap => "minimum gap",
            Self::ChannelCap => "cap of the channel",
            Self::TotalCap => "cap over all channels",
            Self::OneSequence => "one sequence at a time",
            Self::Capacity => "capacity of the day",
            Self::Consent => "no consent",
            Self::Budget => "budget",
            Self::Expired => "sequence expired",
            Self::BeyondHorizon => "behind the horizon",
            Self::AwaitsOutcome => "awaits an outcome",
            Self::Stopped => "behind a stop",
        }
    }

    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words())
    }
}

/// The policy under which all contacts stand.
///
/// Quiet hours hold a contact until they end. Blackouts, pauses, the minimum gap and the capacity
/// of a day move it to the first day that is free of them. A cap suppresses it, unless
/// [`over_cap`](Self::over_cap) says otherwise, and so does a missing consent. What is moved behind
/// the end of its sequence or of the schedule does not go out, and says what moved it.
///
/// All times are those of the customer's own clock.
///
/// # Example
///
/// ```
/// use segmentry::treatment::{Cap, ContactPolicy, QuietHours, TimeOfDay};
/// use segmentry::units::{ChannelId, Date, Days};
///
/// let policy = ContactPolicy::new()
///     .cap(Cap::over(ChannelId::of("email"), 2, Days::new(7)))
///     .cap(Cap::over_all(3, Days::new(7)))
///     .minimum_gap(Days::new(2))
///     .quiet_hours(QuietHours::new(TimeOfDay::new(20, 0)?, TimeOfDay::new(8, 0)?))
///     .pause_after("complaint", Days::new(30))
///     .blackout(Date::from_ymd(2024, 12, 24)?, Date::from_ymd(2024, 12, 26)?);
/// assert!(policy.validate().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactPolicy {
    pub(super) caps: Vec<Cap>,
    pub(super) over_cap: OverCap,
    pub(super) minimum_gap: Days,
    pub(super) quiet: Vec<QuietHours>,
    pub(super) pauses: Vec<Pause>,
    pub(super) blackouts: Vec<(Date, Date)>,
    pub(super) without_consent: Vec<ChannelId>,
    pub(super) side_by_side: bool,
    pub(super) priorities: Vec<LeverId>,
}

impl ContactPolicy {
    /// One sequence at a time, only over channels that the customer allows, and no other rule.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cap; all hold. Earlier contacts in the
    /// [`ContactRecord`](crate::treatment::ContactRecord) count.
    #[must_use]
    pub fn cap(mut self, cap: Cap) -> Self {
        self.caps.push(cap);
        self
    }

    /// What becomes of a contact that a cap leaves no room for; unless set, it is suppressed.
    #[must_use]
    pub fn over_cap(mut self, over_cap: OverCap) -> Self {
        self.over_cap = over_cap;
        self
    }

    /// The least number of days from one contact to the next, over all channels: with two, a
    /// contact on Monday is followed by one on Wednesday at the earliest. Zero unless set, which
    /// lets two on one day.
    #[must_use]
    pub fn minimum_gap(mut self, days: Days) -> Self {
        self.minimum_gap = days;
        self
    }

    /// Adds quiet hours; all hold.
    #[must_use]
    pub fn quiet_hours(mut self, hours: QuietHours) -> Self {
        self.quiet.push(hours);
        self
    }

    /// No contacts on the day of an event such as `complaint`, and on so many days after it. The
    /// days of events come from the record; `purchase` is the last purchase.
    #[must_use]
    pub fn pause_after(mut self, event: impl Into<String>, days: Days) -> Self {
        self.pauses.push(Pause { after: event.into(), days });
        self
    }

    /// No contacts on the day of a purchase, and on so many days after it.
    #[must_use]
    pub fn pause_after_purchase(self, days: Days) -> Self {
        self.pause_after(PURCHASE, days)
    }

    /// No contacts from the first day to the last, both included.
    #[must_use]
    pub fn blackout(mut self, from: Date, until: Date) -> Self {
        self.blackouts.push((from, until));
        self
    }

    /// A channel that needs no consent, such as letters where the law has it so. It is still closed
    /// to whoever refused it.
    #[must_use]
    pub fn without_consent(mut self, channel: ChannelId) -> Self {
        self.without_consent.push(channel);
        self
    }

    /// A customer's two sequences may run at the same time.
    #[must_use]
    pub fn side_by_side(mut self) -> Self {
        self.side_by_side = true;
        self
    }

    /// Which strategies go first with a customer who has two, the most urgent first. Those that are
    /// not named come after them, and of equals the primary strategy goes first.
    #[must_use]
    pub fn priorities(mut self, levers: impl IntoIterator<Item = LeverId>) -> Self {
        self.priorities = levers.into_iter().collect();
        self
    }

    /// Checks the rules; a schedule is made only where they hold.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Param`].
    pub fn validate(&self) -> Result<(), TreatmentError> {
        let param = |name, value: u32, expected| {
            Err(TreatmentError::Param { name, value: f64::from(value), expected })
        };
        for Cap { contacts, window, .. } in &self.caps {
            if *contacts > MAX_CONTACTS {
                return param("contacts of a cap", *contacts, "at most 1000");
            }
            if !(1..=3660).contains(&window.count()) {
                return param("window of a cap", window.count(), "from 1 to 3660 days");
            }
        }
        if self.minimum_gap.count() > 3660 {
            return param("minimum_gap", self.minimum_gap.count(), "at most 3660 days");
        }
        for QuietHours { from, until, .. } in &self.quiet {
            if from == until {
                let expected = "a start and an end that differ, in minutes of the day";
                return param("quiet_hours", u32::from(from.minutes()), expected);
            }
        }
        for Pause { after, days } in &self.pauses {
            if days.count() > 36_525 || after.is_empty() {
                return param("pause_after", days.count(), "a name, and at most 36525 days");
            }
        }
        for (from, until) in &self.blackouts {
            if from > until {
                let days = from.days_since(*until).unsigned_abs();
                return param("blackout", days, "a first day that is not behind the last");
            }
        }
        Ok(())
    }
}
