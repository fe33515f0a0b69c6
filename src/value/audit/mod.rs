//! The customer-base audit: five looks at a history, without a model.
//!
//! | look | item | the question |
//! |---|---|---|
//! | 1 | [`CustomerBaseAudit::period`], [`PeriodLens`] | how do customers differ within one period |
//! | 2 | [`CustomerBaseAudit::between`], [`TwoPeriodsLens`] | what changed from one period to another, and who changed it |
//! | 3 | [`CustomerBaseAudit::cohort`], [`CohortLens`] | what becomes of those acquired together |
//! | 4 | [`CustomerBaseAudit::cohorts`], [`CustomerBaseAudit::sources`], [`SourceLens`] | are later cohorts better, and whom should be acquired |
//! | 5 | [`CustomerBaseAudit::health`], [`HealthLens`] | how healthy is the base: revenue by cohort, new against repeat |
//!
//! All of them add up: the money of the cells of every look is the money of the history, to the
//! minor unit. Periods are those of the calendar; the first and the last may be cut by the
//! observation, which every result says.
//!
//! A customer is *acquired* in the period of the first purchase that was observed. Whoever bought
//! before the observation began looks new in it, so that the first cohorts of a history that starts
//! in the middle of a company's life are mixed.
//!
//! The five looks are those of Fader, P., Hardie, B. & Ross, M. (2022). *The Customer-Base Audit*.
//! Wharton School Press.

mod base;
mod cohort;
mod health;
mod period;
mod source;
mod turnover;
mod two_periods;

#[cfg(test)]
mod tests;

pub use base::CustomerBaseAudit;
pub use cohort::{CohortAge, CohortLens};
pub use health::{CohortRevenue, HealthLens, PeriodHealth};
pub use period::{PeriodLens, PurchaseBand, SpendQuantile};
pub use source::{SourceAge, SourceLens};
pub use turnover::Turnover;
pub use two_periods::TwoPeriodsLens;
