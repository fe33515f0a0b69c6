//! What customers were worth and will be worth: know the most valuable customers before anything
//! else.
//!
//! | item | what it answers |
//! |---|---|
//! | [`deciles`], [`Deciles`] | who is in the best tenth, and what each tenth is worth |
//! | [`QuantileGroups`], [`ValueGroups`] | the same for any number of groups, either rule for ties, and weights |
//! | [`Concentration`], [`ConcentrationIntervals`] | how much of the value the top shares hold, and how sure that is; Gini index and Lorenz curve |
//! | [`Rfm`], [`RfmScores`] | days since the last purchase, purchases and money, and scores of each |
//! | [`CustomerBaseAudit`] | five looks at the base without a model: a period, two periods, a cohort, cohorts and sources, its health |
//! | [`Migration`], [`ExpectedMigration`] | who rose and who fell between two periods, and what of it a base that does not change would show |
//! | [`RevenueDecomposition`] | a change in revenue by customers, orders, order value and margin |
//! | [`MbgNbd`], [`BgNbd`] | how often a customer will buy, and whether there still is a customer |
//! | [`GammaGamma`] | how much a customer spends at a purchase |
//! | [`FitStatus`], [`Parameter`] | how a fit ended |
//! | [`LifetimeValue`] | both together, as money over a horizon, with a ladder for data that a model refuses |
//! | [`Horizon`], [`Discount`] | how far a forecast looks, and what later money is worth today |
//! | [`Rates`] | what one customer's future value is made of; strategies act on these |
//! | [`Economics`] | margins and costs to serve, where the company knows them |
//! | [`CustomerValue`], [`Worth`] | the answer, one row per customer |
//! | [`ValueModel`] | the seam for a caller's own estimate |
//!
//! **One value system.** A customer's future value is a product of rates, computed in one function,
//! [`Rates::value`]; the baseline that strategies start from is that value to the last bit.
//!
//! **The ladder.** A model that refuses the data hands over to the next rung: MBG/NBD, then the
//! empirical rate of repeat purchases; Gamma-Gamma, then the pooled mean spend. [`ValueBasis`]
//! names the rungs that were used and why the ones above refused. The flow does not fail.
//!
//! Numbers are checked against the published estimates for the CDNOW cohort (Fader, Hardie & Lee
//! 2005; Batislam, Denizel & Filiztekin 2007; Fader & Hardie 2013) and against a 50-digit reference
//! of likelihoods and expectations.

mod audit;
mod beta_geometric;
mod concentration;
mod customer_value;
mod decile;
mod decomposition;
mod economics;
mod error;
mod fit;
mod gamma_gamma;
mod horizon;
mod ladder;
mod lifetime;
mod migration;
mod potential;
mod purchases;
mod quantile_groups;
mod rates;
mod rfm;

pub use audit::{
    CohortAge, CohortLens, CohortRevenue, CustomerBaseAudit, HealthLens, PeriodHealth, PeriodLens,
    PurchaseBand, SourceAge, SourceLens, SpendQuantile, Turnover, TwoPeriodsLens,
};
pub use beta_geometric::{BgNbd, FittedBetaGeometric, MbgNbd};
pub use concentration::{Concentration, ConcentrationIntervals, IntervalEstimate, Resampling};
pub use customer_value::{
    CustomerValue, FittedValueModel, ValueBasis, ValueModel, ValueUnit, Worth,
};
pub use decile::{DecileSummary, Deciles, deciles};
pub use decomposition::{
    Contributions, DecompositionMethod, PeriodFigures, RevenueChange, RevenueDecomposition,
};
pub use economics::Economics;
pub use error::{Refusal, ValueError};
pub use fit::{FitStatus, Parameter};
pub use gamma_gamma::{FittedGammaGamma, GammaGamma, SpendRecord};
pub use horizon::{Discount, Horizon};
pub use ladder::PurchaseModel;
pub use lifetime::{FittedLifetimeValue, LifetimeValue};
pub use migration::{
    ExpectedCell, ExpectedMigration, Migration, MigrationCell, MigrationForecast, PeriodStandings,
    Standing,
};
pub use potential::peer_frontier;
pub use purchases::{PurchaseRecord, PurchaseSummary};
pub use quantile_groups::{GroupSummary, QuantileGroups, Ties, ValueGroups};
pub use rates::Rates;
pub use rfm::{Monetary, Rfm, RfmCuts, RfmQuantities, RfmScore, RfmScores};
