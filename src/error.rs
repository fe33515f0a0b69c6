//! Any failure of the flow, tagged by the stage that raised it.

use crate::cluster::SegmentError;
use crate::data::DataError;
use crate::export::ExportError;
use crate::features::FeatureError;
use crate::needs::NeedError;
use crate::profile::ProfileError;
use crate::select::SelectError;
use crate::simulate::SimulateError;
use crate::strategy::StrategyError;
use crate::treatment::TreatmentError;
use crate::units::UnitError;
use crate::validate::ValidateError;
use crate::value::ValueError;

/// Any failure, tagged by the stage that raised it. Its text is the stage's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A single value cannot be used.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// Reading the caller's data failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A simulated market cannot be.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// Valuing customers failed.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Making features failed.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// Reading needs failed.
    #[error(transparent)]
    Needs(#[from] NeedError),
    /// Grouping customers failed.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// Describing segments failed.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Judging segments failed.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// Choosing among segmentations failed.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Choosing strategies failed.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// Planning contacts failed.
    #[error(transparent)]
    Treatment(#[from] TreatmentError),
    /// Writing results failed.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// The result of the flow.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the caller cancelled the work, at whatever stage.
    ///
    /// ```
    /// use segmentry::{Error, data::DataError, work::Cancelled};
    ///
    /// assert!(Error::from(DataError::from(Cancelled)).is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Data(DataError::Cancelled(_))
                | Self::Value(ValueError::Cancelled(_))
                | Self::Features(FeatureError::Cancelled(_))
                | Self::Segments(SegmentError::Cancelled(_))
                | Self::Profile(ProfileError::Cancelled(_))
                | Self::Validate(ValidateError::Cancelled(_))
                | Self::Select(SelectError::Cancelled(_))
                | Self::Strategy(StrategyError::Cancelled(_))
                | Self::Treatment(TreatmentError::Cancelled(_))
        )
    }
}
