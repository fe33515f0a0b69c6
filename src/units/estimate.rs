//! A number that somebody measured, modelled or assumed, and which of the three.

use serde::Serialize;

use crate::units::UnitError;

/// Where a number comes from. The order is the order of trust, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Measured against a control group.
    Experiment,
    /// Estimated by a model that was fitted to data.
    Model,
    /// Assumed by a person; nothing in the data supports it.
    Assumption,
}

impl Provenance {
    /// The word that the outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Model => "model",
            Self::Assumption => "assumption",
        }
    }
}

/// A mean, its standard error where one is known, and its provenance.
///
/// ```
/// use segmentry::units::{Estimate, Provenance};
///
/// let guess = Estimate::assumed(0.05)?;
/// assert_eq!((guess.mean(), guess.standard_error()), (0.05, None));
/// let measured = Estimate::new(0.0452, Some(0.0032), Provenance::Experiment)?;
/// assert_eq!(measured.provenance().name(), "experiment");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    mean: f64,
    standard_error: Option<f64>,
    provenance: Provenance,
}

impl Estimate {
    /// A number with its standard error and provenance.
    ///
    /// # Errors
    ///
    /// [`UnitError::EstimateNotFinite`] and [`UnitError::StandardError`].
    pub fn new(
        mean: f64,
        standard_error: Option<f64>,
        provenance: Provenance,
    ) -> Result<Self, UnitError> {
        if !mean.is_finite() {
            return Err(UnitError::EstimateNotFinite { value: mean });
        }
        match standard_error {
            Some(value) if !(value >= 0.0 && value.is_finite()) => {
                Err(UnitError::StandardError { value })
            }
            _ => Ok(Self { mean, standard_error, provenance }),
        }
    }

    /// A number that somebody assumes.
    ///
    /// # Errors
    ///
    /// As [`Estimate::new`].
    pub fn assumed(mean: f64) -> Result<Self, UnitError> {
        Self::new(mean, None, Provenance::Assumption)
    }

    /// An assumption of the library's own defaults, which are finite.
    pub(crate) const fn default_assumption(mean: f64) -> Self {
        Self { mean, standard_error: None, provenance: Provenance::Assumption }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Its standard error, where one is known.
    pub fn standard_error(&self) -> Option<f64> {
        self.standard_error
    }

    /// Where it comes from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }
}
