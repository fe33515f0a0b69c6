//! What the company and the customer did besides buying: contacts, responses, consents, exposures.
//!
//! | item | what it is |
//! |---|---|
//! | [`EventSource`], [`EventRequest`], [`EventBatch`], [`EventBatches`] | where the rows come from; implement it for a mailing system, a site log |
//! | [`Event`], [`EventKind`] | one row, and what sort of event it was |
//! | [`EventSpec`] | which days count, and what to do about rows that cannot be |
//! | [`EventSummary`], [`EventTally`] | how often, since when and until when, per customer, kind and key |
//! | [`Consent`] | whether the customer allows something, as of the end of the observation |
//! | [`EventReport`], [`UnreadableEvents`] | what became of every row, and why some could not be read |
//!
//! The fold keeps no events, only tallies, and tallies add up: the summary of two sources is the
//! merge of their summaries, in any order of rows.

mod batch;
mod event;
mod report;
mod spec;
mod summary;
mod tallies;

pub use batch::{EventBatch, EventBatches, EventKinds, EventRequest, EventSource};
pub use event::{Consent, Event, EventKind, EventTally};
pub use report::{EventReport, KindReport, UnreadableEvents};
pub use spec::EventSpec;
pub use summary::EventSummary;
