//! The words that every stage shares: money, time, chance, and who is who.
//!
//! | item | what it is |
//! |---|---|
//! | [`Money`] | a finite amount in the data's one currency |
//! | [`Date`], [`CivilTime`] | a calendar day, and a second of it, as the shop's own clock shows them |
//! | [`Calendar`], [`CalendarPeriod`] | weeks, months, quarters and years as the calendar has them |
//! | [`Weekday`] | Monday to Sunday |
//! | [`Days`] | a length of time, the only public unit of it |
//! | [`Probability`] | a number from 0 to 1 |
//! | [`Estimate`], [`Provenance`] | a mean with its standard error and where it comes from |
//! | [`CustomerId`], [`CustomerIds`] | one customer, and the table of all, neither of which prints itself |
//! | [`SegmentId`], [`LeverId`], [`ResourceId`] | a segment's number, a strategy's name, the name of what is limited |
//! | [`ChannelId`] | the name of a way to reach a customer |
//!
//! The values keep their own invariants: whoever holds a `Money` holds a finite number, so no later
//! stage checks it again.

mod calendar;
mod customer;
mod date;
mod days;
mod error;
mod estimate;
mod money;
mod names;
mod probability;
mod weekday;

pub use calendar::{Calendar, CalendarPeriod};
pub(crate) use customer::CustomerLookup;
pub(crate) use customer::compare_as_text;
pub use customer::{CustomerId, CustomerIds};
pub use date::{CivilTime, Date};
pub use days::Days;
pub use error::UnitError;
pub use estimate::{Estimate, Provenance};
pub use money::Money;
pub(crate) use money::minor_units;
pub use names::{ChannelId, LeverId, ResourceId, SegmentId};
pub use probability::Probability;
pub use weekday::Weekday;
