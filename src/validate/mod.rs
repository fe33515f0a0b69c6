//! Do the segments deserve trust? A verdict on any segmentation, ours or not, which can be "no".
//!
//! | check | asks | evidence it needs |
//! |---|---|---|
//! | [`InOneSegment`] | is every customer in exactly one segment? | the segmentation |
//! | [`LargeEnough`] | is every segment large enough, also at the lower end of its interval? | the segmentation |
//! | [`ValueQuantified`] | is every segment's value known well enough? | values |
//! | [`NeedsExclusive`] | do needs belong to one segment each? | needs |
//!
//! | item | what it is |
//! |---|---|
//! | [`Evidence`] | what is known of the segments |
//! | [`SegmentCheck`] | the seam for a house rule |
//! | [`Checks`], [`Verdict`] | the checks that are made, and their findings |
//! | [`Finding`], [`Outcome`] | one answer: pass, fail, could not be made, or circular |
//!
//! [`indices`] describe segments and compare segmentations, and are no checks.
//!
//! A check without its evidence *could not be made*, which is never a pass. Needs that the segments
//! were made from differ between them by construction; they are described and never certified.
//!
//! Names of the checks follow Kotler's criteria (measurable, substantial, differentiable) and the
//! knock-out criteria of Dolnicar, Gruen & Leisch (2018), *Market Segmentation Analysis*.

mod checks;
mod error;
mod evidence;
mod exclusivity;
mod finding;
pub mod indices;
mod membership;
mod size;
mod value;

pub use checks::{Checks, SegmentCheck, Verdict};
pub use error::ValidateError;
pub use evidence::Evidence;
pub use exclusivity::{Exclusivity, Grade, NeedOwnership, NeedsExclusive, OwnedBy};
pub use finding::{Answer, Detail, Finding, Outcome};
pub use membership::{InOneSegment, MembershipDetail};
pub use size::{LargeEnough, SegmentSize};
pub use value::{Interval, SegmentValue, ValueQuantified};
