//! The levers that come with the library.
//!
//! | lever | what it changes | what it needs |
//! |---|---|---|
//! | [`Retain`] | the chance to stay | a probability of being alive |
//! | [`Develop`] | purchases, up to a share of the headroom | a potential |
//! | [`WinBack`] | the chance to be there, and one purchase | a lapse |
//! | [`ReduceCostToServe`] | the cost to serve, and some purchases | the cost to serve |
//! | [`CrossSell`] | sales of a product not held, with its margin | [`Products`](crate::strategy::Products), their worth, the next one |
//! | [`UpSell`] | spend, up to that of the next tier | a [`Ladder`] and the tier of each customer |
//! | [`Migrate`] | spend, margin, cost and staying, of any sign | a move, and what customers are on |
//! | [`Reprice`] | a loss, which ends | a value below zero |
//! | [`AcquireLookalikes`] | the number of customers; a programme, not a lever | prospects |
//!
//! Their success rates are assumptions until an experiment replaces them, and they say so in every
//! output. The depths and thresholds are starting points for a discussion with whoever runs the
//! campaigns, not findings.
//!
//! Success is incremental, and it is the only probability that values an offer. What customers are
//! near to picks the product of a cross-sell; it never multiplies the gain, because a propensity
//! says who buys, not whom the offer makes buy.

mod acquire_lookalikes;
mod cross_sell;
mod develop;
mod migrate;
mod reduce_cost_to_serve;
mod reprice;
mod retain;
mod terms;
mod up_sell;
mod win_back;

pub use acquire_lookalikes::{AcquireLookalikes, Programme};
pub use cross_sell::CrossSell;
pub use develop::Develop;
pub use migrate::Migrate;
pub use reduce_cost_to_serve::ReduceCostToServe;
pub use reprice::Reprice;
pub use retain::Retain;
pub use up_sell::{Ladder, UpSell};
pub use win_back::WinBack;

#[cfg(test)]
mod tests;
