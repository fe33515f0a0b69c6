//! What to do about each customer, and what it should bring.
//!
//! | item | what it is |
//! |---|---|
//! | [`Lever`], [`Candidate`] | a strategy, which makes a customer an offer or names the rule against it; the seam for your own |
//! | [`Offer`], [`Ineligible`] | what would change in the customer's rates, at what cost and with what success; or why not |
//! | [`Retain`], [`Develop`], [`WinBack`], [`ReduceCostToServe`], [`CrossSell`], [`UpSell`], [`Migrate`], [`Reprice`], [`MAINTAIN`] | the strategies that are here |
//! | [`AcquireLookalikes`], [`Programme`] | a programme for strangers, valued once and chosen for nobody |
//! | [`Products`], [`NextProduct`], [`Affinity`] | what customers hold, and what they would buy next |
//! | [`Ladder`] | the tiers that customers can be lifted to |
//! | [`CpMap`], [`StrategyAssigner`] | the choice: primary and secondary strategy of each customer; the seam for another way to choose |
//! | [`CustomerBase`] | the customers: their value, and what else is known of them |
//! | [`StrategyPlan`], [`CustomerStrategy`], [`Chosen`] | the answer |
//! | [`Gain`], [`GainTerms`] | what an offer is worth, and where that comes from |
//! | [`Budgeting`], [`allocation`] | what budget and capacities leave of it, and what one more unit would gain |
//! | [`Sensitivity`] | how many primary strategies flip when an assumption moves |
//! | [`ValueMap`] | the base on one map: current value by headroom |
//! | [`Reading`], [`ReadCustomers`], [`ValueLimit`], [`StayLimit`], [`Tenure`] | names for regions of that map |
//! | [`Experiences`], [`ExperienceCurve`] | how many different experiences are worth their cost |
//!
//! Strategy comes from the individual customer's value, not from segments: segments shape how a
//! customer hears of it. A lever says what it would change in the [rates](crate::value::Rates)
//! behind a customer's future value, and the gain is computed here, for all levers alike:
//!
//! ```text
//! gain = success × (value after − value before + one-off − incentive) − contact cost − leakage × incentive − fatigue
//! ```
//!
//! `success` is incremental: the share of customers in whom the offer *causes* the change, treated
//! less control. The rates before are those of the customer's future value. A number that nobody
//! measured says so ([`Provenance`](crate::units::Provenance)), and nothing that was not
//! stated is made up: a lever without its inputs is ineligible for that reason.
//!
//! The map of current against potential value follows the individual strategy selection described
//! by Genroe (cpMAP) and the customer-value differentiation of Peppers & Rogers (2017), *Managing
//! Customer Experience and Relationships*.

pub mod allocation;
mod asked;
mod asking;
mod base;
mod choice;
mod chosen;
mod considered;
mod cp_map;
mod error;
mod experiences;
mod gain;
mod lever;
mod levers;
mod limits;
mod offer;
mod plan;
mod products;
mod reading;
mod sensitivity;
mod value_map;

pub use base::{Candidate, CustomerBase};
pub use chosen::{Chosen, CustomerStrategy};
pub use cp_map::{CpMap, MAINTAIN, StrategyAssigner};
pub use error::StrategyError;
pub use experiences::{ExperienceCurve, ExperienceStep, Experiences, Revaluation, Revalued};
pub use gain::{Gain, GainTerms};
pub use lever::{Ineligible, Lever};
pub use levers::{
    AcquireLookalikes, CrossSell, Develop, Ladder, Migrate, Programme, ReduceCostToServe, Reprice,
    Retain, UpSell, WinBack,
};
pub use limits::{Budgeting, LimitUse, NextIn, QuotaUse};
pub use offer::Offer;
pub use plan::{Brief, PlanSummary, PlannedCustomer, StrategyPlan, StrategyTotal};
pub use products::{Affinity, NextProduct, Products};
pub use reading::{ReadCustomers, Reading, Region, StayLimit, Tenure, ValueLimit};
pub use sensitivity::{Assumption, Flips, Sensitivity, Sway};
pub use value_map::{MapAxis, MapCell, ValueMap};
