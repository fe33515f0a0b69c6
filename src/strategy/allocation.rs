//! Budget and capacity: who gets what, when not everybody can get everything.
mod allocator;
mod answer;
mod choice;
mod close;
mod dual;
mod greedy;
mod master;
mod problem;
mod repair;
mod table;

pub use allocator::Allocator;
pub use answer::{Allocation, GreedyOutcome, LimitOutcome, QuotaOutcome};
pub use table::{MOST_LEVERS, OfferTable, Uses};
