//! Which of several segmentations, or none?
//!
//! | item | what it is |
//! |---|---|
//! | [`Candidate`] | a method with its parameters on features of its own |
//! | [`Select`] | candidates, and how they are compared |
//! | [`Choice`], [`Scored`], [`Standing`] | every candidate with its figures, the front, and why one was chosen |
//! | [`Criterion`], [`Figure`], [`Better`], [`Basis`] | what candidates are compared by, and what that rests on |
//! | [`GapStatistic`], [`Gaps`] | how many segments the spread within them supports, with one as an answer |
//!
//! # The rule
//!
//! No index finds the number of segments: each has a best value on any data, and two of them agree
//! on clear groups only, which customers seldom form. So the choice goes in three steps.
//!
//! 1. *Knock-outs.* A candidate that fails a check ([`validate`](crate::validate)) or a bound of
//!    the caller's is out, whatever its figures. Where all are out the choice is none.
//! 2. *The front.* A candidate is beaten by another that is at least as good in everything known of
//!    it and better in something. Figures that are missing are said, and never count as good or
//!    bad: of whom less is known, less has to be beaten.
//! 3. *The fewest losses.* On the front each candidate is compared with each other in every figure
//!    that both have. The one that loses the smallest share is chosen; of equals the one with fewer
//!    segments, which is easier to act on, then the first. Every criterion counts the same: who
//!    holds one for more sets a bound on it.
//!
//! Fewer than two figures to compare decide nothing, and the choice is none.
//!
//! # What the figures cannot say
//!
//! Silhouette, BIC, ICL, hit rate and checks are measured on the customers that the segments were
//! made from. Stability, prediction strength and gap draw customers again, which shows what would
//! have come out with others of the same population, and nothing about next year. The best of many
//! candidates is partly the luckiest; the figures of the chosen one are therefore optimistic, the
//! more so the more candidates there were. A figure that must be believed is measured on customers
//! who were kept out of all this. A stable segmentation need not be a useful one: k-means cuts even
//! data, which have no segments, into the same two halves each time.
//!
//! Criteria and knock-outs are told apart as by Dolnicar, Gruen & Leisch (2018), *Market
//! Segmentation Analysis*, chapter 4; stability by pairs of bootstrap samples follows Dolnicar &
//! Leisch (2010), Evaluation of structure and reproducibility of cluster solutions using the
//! bootstrap, *Marketing Letters* 21, 83-101.

mod candidate;
mod choice;
mod criterion;
mod error;
mod front;
mod gap;
mod resampling;
#[expect(clippy::module_inception, reason = "the file is named for the thing in it")]
mod select;

pub use candidate::Candidate;
pub use choice::{Choice, Scored, Standing};
pub use criterion::{Basis, Better, Criterion, Figure};
pub use error::SelectError;
pub use gap::{Gap, GapStatistic, Gaps, Reference};
pub use select::Select;
