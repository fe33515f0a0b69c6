//! Budget and capacity: who gets what, when not everybody can get everything.
//!
//! | item | what it is |
//! |---|---|
//! | [`OfferTable`], [`Uses`] | what each lever would gain with each customer, and what it uses |
//! | [`Allocator`] | limits on what is used, quotas of customers, and which levers go together |
//! | [`Allocation`] | who gets what, what the limits are worth, and how good the choice is at least |
//! | [`LimitOutcome`], [`QuotaOutcome`], [`GreedyOutcome`] | what came of limits, quotas and the baseline |
//! | [`FrontierPoint`], [`Entrant`] | gain against the budget; who would be served next |
#![cfg_attr(
    feature = "milp",
    doc = "| [`ExactAllocation`] | the best choice by an integer program, for small tables |"
)]
//!
//! The numbers may come from anywhere: nothing here knows what a lever or a resource is.
//!
//! # The question
//!
//! ```text
//! maximise    Σ gain of what is done for each customer
//! such that   Σ uses of a resource ≤ its limit       for each limit
//!             customers with a lever ≥ its quota     for each quota
//!             each customer: nothing, one lever, or a primary and a secondary that go together
//! ```
//!
//! This is a multiple-choice knapsack problem with several knapsacks (Kellerer, Pferschy & Pisinger
//! 2004, chapters 9 and 11).
//!
//! # The answer
//!
//! Each resource gets a *price*, and each customer takes what gains most after paying for what it
//! uses. Everett (1963) showed that such a choice is the best of all that use no more than it does;
//! and whatever the prices are,
//!
//! ```text
//! Σ over customers of (the most that gain less priced uses can be) + Σ price × limit
//! ```
//!
//! is more than any choice within the limits can gain (Fisher 1981). The search is for the prices at
//! which this bound is lowest. They are the *shadow prices* of the limits: what one unit more would
//! bring. At these prices the customers' own choices break limits by a little; what loses least is
//! taken back, what is left over is given out, and where the bound leaves only few other choices
//! open, all of them are tried.
//!
//! # What is guaranteed
//!
//! - The choice keeps every limit and quota, by sums made afresh at the end; sums may exceed a limit
//!   by 1e-12 of it, which is how decimal inputs round.
//! - [`Allocation::bound`] is above every choice within the limits. The choice falls short of the
//!   best by [`Allocation::gap`] at most, and is proven to be the best where
//!   [`Allocation::is_optimal`] says so.
//! - The choice is never worse than the baseline by falling gain.
//! - The same bits on any number of threads; of equals the first lever, then the first row.
//!
//! Linear programming theory says that the bound is off by the gains of at most as many customers as
//! there are limits, so that the gap vanishes as customers grow in number.
//!
//! # References
//!
//! - Everett, H. (1963). Generalized Lagrange multiplier method for solving problems of optimum
//!   allocation of resources. *Operations Research* 11, 399-417.
//! - Fisher, M. L. (1981). The Lagrangian relaxation method for solving integer programming problems.
//!   *Management Science* 27, 1-18.
//! - Kelley, J. E. (1960). The cutting-plane method for solving convex programs. *Journal of the
//!   Society for Industrial and Applied Mathematics* 8, 703-712.
//! - Ben-Ameur, W. & Neto, J. (2007). Acceleration of cutting-plane and column generation algorithms:
//!   applications to network design. *Networks* 49, 3-17.
//! - Kellerer, H., Pferschy, U. & Pisinger, D. (2004). *Knapsack Problems*. Springer.

mod allocator;
mod answer;
mod choice;
mod close;
mod dual;
#[cfg(feature = "milp")]
mod exact;
mod frontier;
mod greedy;
mod master;
mod problem;
mod repair;
mod table;
#[cfg(test)]
mod tests;

pub use allocator::Allocator;
pub use answer::{Allocation, GreedyOutcome, LimitOutcome, QuotaOutcome};
#[cfg(feature = "milp")]
pub use exact::ExactAllocation;
pub use frontier::{Entrant, FrontierPoint};
pub use table::{MOST_LEVERS, OfferTable, Uses};
