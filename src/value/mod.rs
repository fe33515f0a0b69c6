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
//! | [`ParetoNbd`] | the same where customers may leave at any time |
//! | [`MbgCnbd`], [`BgCnbd`] | the same for customers who buy at regular times |
//! | [`BgBb`] | the same where purchases happen at known opportunities: appeals, seasons, conferences |
//! | [`ShiftedBetaGeometric`], [`KaplanMeier`] | how long customers under contract stay, with a model and without |
//! | [`FamilyVerdict`] | which of these families the data look like |
//! | [`GammaGamma`] | how much a customer spends at a purchase |
//! | [`SpendIndependence`] | whether spend goes with purchases, which Gamma-Gamma takes it not to |
//! | [`CredibilitySpend`] | net spend per purchase day, with returns and free orders |
//! | [`FitStatus`], [`Parameter`] | how a fit ended |
//! | [`LifetimeValue`] | both together, as money over a horizon, with a ladder for data that a model refuses |
//! | [`OpportunityValue`] | the same by opportunities: weeks, months, seasons |
//! | [`ContractValue`] | the same under a contract that is renewed once a period |
//! | [`HoldoutTest`], [`Tracking`] | whether a forecast beats rules that need no model, on time that it has not seen |
//! | [`Horizon`], [`Discount`] | how far a forecast looks, and what later money is worth today |
//! | [`PeriodHorizon`], [`PeriodDiscount`] | the same counted in opportunities or renewals |
//! | [`Rates`] | what one customer's future value is made of; strategies act on these |
//! | [`Economics`] | margins and costs to serve, where the company knows them |
//! | [`CustomerValue`], [`Worth`] | the answer, one row per customer |
//! | [`ValueModel`] | the seam for a caller's own estimate |
//!
//! **One value system.** A customer's future value is a product of rates, computed in one function,
//! [`Rates::value`]; the baseline that strategies start from is that value to the last bit.
//!
//! **The ladder.** A model that refuses the data hands over to the next rung: MBG/NBD, then the
//! empirical rate of repeat purchases; BG/BB, then the share of opportunities taken; sBG, then one
//! retention for all; Gamma-Gamma or credibility, then the pooled mean spend. [`ValueBasis`]
//! names the rungs that were used and why the ones above refused. The flow does not fail.
//!
//! Numbers are checked against the published estimates for the CDNOW cohort (Fader, Hardie & Lee
//! 2005; Batislam, Denizel & Filiztekin 2007; Fader & Hardie 2013), a cohort of donors (Fader,
//! Hardie & Shang 2010), the contracts of Fader & Hardie (2007) and the patients of Freireich et al.
//! (1963), and against references of 40 and 50 digits of likelihoods and expectations.

mod audit;
mod beta_geometric;
mod bg_bb;
mod bootstrap;
mod concentration;
mod covariates;
mod credibility;
mod customer_value;
mod decile;
mod decomposition;
mod economics;
mod error;
mod family;
mod fit;
mod gamma_gamma;
#[cfg(test)]
mod gradients;
mod holdout;
mod horizon;
mod intervals;
mod kaplan_meier;
mod ladder;
mod lifetime;
mod migration;
mod opportunities;
mod pareto_nbd;
mod period_length;
mod period_table;
mod period_value;
mod periods;
mod potential;
mod profile_interval;
mod purchase_model;
mod purchases;
mod quantile_groups;
mod rates;
mod renewals;
mod rfm;
mod saved;
mod shifted_beta_geometric;
mod spend_model;
mod valuation;

pub use crate::saved::SavedModelError;
pub use audit::{
    CohortAge, CohortLens, CohortRevenue, CustomerBaseAudit, HealthLens, PeriodHealth, PeriodLens,
    PurchaseBand, SourceAge, SourceLens, SpendQuantile, Turnover, TwoPeriodsLens,
};
pub use beta_geometric::{
    BgCnbd, BgNbd, FittedBetaGeometric, FittedCnbd, MbgCnbd, MbgNbd, PurchaseForecast,
    PurchaseRhythm,
};
pub use bg_bb::{BgBb, FittedBgBb};
pub use bootstrap::{Bootstrap, BootstrapDraws, DrawnFrom};
pub use concentration::{Concentration, ConcentrationIntervals, IntervalEstimate, Resampling};
pub use covariates::{Coefficient, CovariateFit, Covariates};
pub use credibility::{
    CredibilitySpend, CredibilityStatus, CredibleSpend, FittedCredibilitySpend, NetSpendRecord,
};
pub use customer_value::{
    CustomerValue, FittedValueModel, ValueBasis, ValueModel, ValueUnit, Worth,
};
pub use decile::{DecileSummary, Deciles, deciles};
pub use decomposition::{
    Contributions, DecompositionMethod, PeriodFigures, RevenueChange, RevenueDecomposition,
};
pub use economics::Economics;
pub use error::{Refusal, ValueError};
pub use family::{FamilyReason, FamilyVerdict, PurchaseFamily};
pub use fit::{FitStatus, Parameter};
pub use gamma_gamma::{
    FittedGammaGamma, GammaGamma, Independence, SpendIndependence, SpendPosterior, SpendRecord,
    SpendSummary,
};
pub use holdout::{
    Baseline, Calibration, Comparison, ForecastScore, ForecastVerdict, HoldoutReport, HoldoutTest,
    Quantity, TrackedWeek, Tracking,
};
pub use horizon::{Discount, Horizon};
pub use intervals::ForecastInterval;
pub use kaplan_meier::{KaplanMeier, MeanSurvival, SurvivalStep, Tenure};
pub use lifetime::{FittedLifetimeValue, LifetimeValue, ValueInterval, ValueIntervals};
pub use migration::{
    ExpectedCell, ExpectedMigration, Migration, MigrationCell, MigrationForecast, PeriodStandings,
    Standing,
};
pub use opportunities::{OpportunityRecord, OpportunitySummary};
pub use pareto_nbd::{FittedParetoNbd, ParetoNbd};
pub use period_length::PeriodLength;
pub use period_value::{
    ContractValue, FittedContractValue, FittedOpportunityValue, OpportunityValue,
};
pub use periods::{PeriodDiscount, PeriodHorizon};
pub use potential::peer_frontier;
pub use purchase_model::{FittedPurchaseModel, PurchaseModel};
pub use purchases::{PurchaseRecord, PurchaseSummary};
pub use quantile_groups::{GroupSummary, QuantileGroups, Ties, ValueGroups};
pub use rates::Rates;
pub use renewals::{Membership, Renewal, RenewalTable};
pub use rfm::{Monetary, Rfm, RfmCuts, RfmQuantities, RfmScore, RfmScores};
pub use shifted_beta_geometric::{FittedShiftedBetaGeometric, ShiftedBetaGeometric};
pub use spend_model::{FittedSpendModel, SpendModel};
