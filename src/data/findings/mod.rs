//! Can the data carry what comes after? Every defect measured, graded, and told with the direction
//! in which it bends value.
//!
//! [`DataQuality`](crate::data::DataQuality) accounts for rows; a finding judges: it puts a
//! statistic beside the limits of [`FindingLimits`] and says *pass*, *flag* or *refuse*. A check
//! without its evidence *could not be made*, which is never a pass. Nothing is stopped by a
//! finding, and nothing is mended by one.
//!
//! | finding | asks | biases |
//! |---|---|---|
//! | [`MissingCustomers`](FindingKind::MissingCustomers) | whose are these rows? | understates current value |
//! | [`ReturnsOnlyCustomers`](FindingKind::ReturnsOnlyCustomers) | who returned what was never bought? | overstates current value |
//! | [`ExactRepeats`](FindingKind::ExactRepeats) | is anything counted twice? | overstates current value |
//! | [`ZeroAmounts`](FindingKind::ZeroAmounts) | are purchases of nothing purchases? | overstates the purchase rate |
//! | [`OutOfWindow`](FindingKind::OutOfWindow) | what lies outside the observation? | understates current value |
//! | [`UnreadableRows`](FindingKind::UnreadableRows) | what could not be read? | either way |
//! | [`CurrencyMixture`](FindingKind::CurrencyMixture) | is one euro one dollar? | either way |
//! | [`ImplausibleDates`](FindingKind::ImplausibleDates) | are there dates that cannot be? | understates future value |
//! | [`ShortWindow`](FindingKind::ShortWindow) | was there time to buy again? | either way |
//! | [`OneTimeBuyers`](FindingKind::OneTimeBuyers) | did anybody buy again? | either way |
//! | [`ContractualRhythm`](FindingKind::ContractualRhythm) | is this shopping, or are these bills? | overstates the chance of still being a customer |
//! | [`SpendDependence`](FindingKind::SpendDependence) | do frequent buyers spend more each time? | understates or overstates future value |
//! | [`ConstantSpend`](FindingKind::ConstantSpend) | does anybody spend differently? | neither way |
//! | [`UndoneSales`](FindingKind::UndoneSales) | how much went back? | overstates spend per purchase |
//! | [`LargestCustomer`](FindingKind::LargestCustomer) | does one customer hold it all? | overstates spend per purchase |
//!
//! | item | what it is |
//! |---|---|
//! | [`Findings`] | all of them, the worst first, as data and as text |
//! | [`Finding`], [`FindingKind`], [`FindingGrade`], [`Bias`], [`BiasedQuantity`] | one of them |
//! | [`Measure`], [`Statistic`] | what was measured |
//! | [`FindingLimits`] | where a finding flags and refuses, with the reason |

mod account;
mod all;
mod currency;
mod dates;
mod finding;
#[cfg(test)]
mod fixture;
mod limits;
mod money;
mod rhythm;
mod spend;
mod statistic;
mod window;

pub use all::Findings;
pub use finding::{Bias, BiasedQuantity, Finding, FindingGrade, FindingKind};
pub use limits::FindingLimits;
pub use statistic::{Measure, Statistic};
