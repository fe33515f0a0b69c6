//! What else is known of customers: declared, given in columns, and joined to them by id.
//!
//! | item | what it is |
//! |---|---|
//! | [`AttributeField`], [`AttributeKind`] | what a field is, who knows it, and when |
//! | [`AttributeSource`], [`AttributeBatch`] | where the rows come from; implement it for a table or a survey |
//! | [`JoinSpec`] | what to do about customers who come twice and values outside the domain |
//! | [`Attributes`], [`AttributeColumn`] | one row per customer |
//! | [`JoinReport`] | what found whom, on both sides, and what each field knows |
//!
//! The join depends on no order of rows: levels stand in byte order, and of two rows of one
//! customer neither wins, they agree or they contradict one another.

mod column;
mod field;
mod filling;
mod joined;
mod report;
mod source;
mod spec;

pub use column::{AttributeColumn, MultiAnswerColumn};
pub use field::{AttributeField, AttributeKind, Availability, Options, Origin};
pub use joined::Attributes;
pub use report::{FieldReport, JoinReport};
pub use source::{
    AttributeBatch, AttributeBatches, AttributeSource, AttributeValues, MultiAnswers,
};
pub use spec::{JoinSpec, OutOfDomain, RepeatedCustomers};
