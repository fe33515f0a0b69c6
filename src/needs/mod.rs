//! What customers want: scores from 0 to 1, each with its evidence.
//!
//! | item | what it is |
//! |---|---|
//! | [`Need`] | one need and every customer's score for it |
//! | [`NeedEvidence`] | how it is known: said, seen, or bought |
//! | [`Needs`] | the needs of all customers |
//!
//! Segments are to be told apart by needs. A need that can only be asked for in a study, and not be
//! seen in the company's own data, cannot be acted on for everybody else; so each need says whether
//! it is observable.

mod error;
mod need;

pub use error::NeedError;
pub use need::{Need, NeedEvidence, Needs, Observable};
