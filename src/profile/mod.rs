//! Who the segments are: what sets their customers apart from everybody else's.
//!
//! | item | what it is |
//! |---|---|
//! | [`Profile`] | every segment's size and how it differs from the rest, feature by feature |
//! | [`Contrast`] | one feature of one segment against all other customers |
//!
//! A feature sets a segment apart only where the difference is large *and* could hardly be chance:
//! with many segments and features some difference is always significant, and with many customers
//! every difference is.

mod contrast;
mod error;

pub use contrast::{Contrast, Direction, Profile, SegmentProfile};
pub use error::ProfileError;
