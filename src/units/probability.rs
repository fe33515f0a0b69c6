//! A number from 0 to 1.

use serde::Serialize;

use crate::units::UnitError;

/// A probability, or a share of a whole.
///
/// ```
/// use segmentry::units::Probability;
///
/// assert_eq!(Probability::new(0.25)?.value(), 0.25);
/// assert!(Probability::new(1.5).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Probability(f64);

impl Probability {
    /// Checks and wraps.
    ///
    /// # Errors
    ///
    /// [`UnitError::Probability`] outside 0 to 1 and for NaN.
    pub fn new(value: f64) -> Result<Self, UnitError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value + 0.0))
        } else {
            Err(UnitError::Probability { value })
        }
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// For values that lie in the range by their making, up to rounding.
    pub(crate) fn clamped(value: f64) -> Self {
        debug_assert!(!value.is_nan(), "made of finite parts");
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_no_probability() {
        assert!(Probability::new(f64::NAN).is_err());
        assert!(Probability::new(-0.0).unwrap().value().is_sign_positive());
    }
}
