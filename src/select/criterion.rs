//! What candidates are compared by, and how far it can be trusted.

use std::fmt;

use serde::Serialize;

/// A figure that candidates are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Criterion {
    /// The mean silhouette, of a sample where customers are many.
    Silhouette,
    /// The gap statistic: how far the spread within segments lies below that of data without any,
    /// on the log scale.
    Gap,
    /// How well half of the customers predict the segments of the other half.
    PredictionStrength,
    /// The median adjusted Rand index between the segmentations of two bootstrap samples.
    Stability,
    /// The Bayesian information criterion. Comparable within a recipe only.
    Bic,
    /// The integrated completed likelihood. Comparable within a recipe only.
    Icl,
    /// The share of the starts that found the best optimum.
    HitRate,
    /// How many of the checks pass.
    ChecksPassed,
    /// A scorer of the caller's own.
    Own(String),
}

/// Which end of a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The larger the better.
    Higher,
    /// The smaller the better.
    Lower,
}

/// What a figure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// The customers that the segments were made from; it flatters.
    InSample,
    /// Samples drawn again from the customers; it does not flatter the fit, and still tells of
    /// these customers only.
    Resampled,
    /// The caller's own business.
    Callers,
}

/// A figure of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figure {
    /// Which.
    pub criterion: Criterion,
    /// Which end is good.
    pub better: Better,
    /// What it rests on.
    pub basis: Basis,
    /// Its value, where there is one.
    pub value: Option<f64>,
    /// Lower end of what resampling gave: the quartile, or one standard error below.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// Why there is no value.
    pub missing: Option<String>,
}

impl Criterion {
    /// Which end is good, for all but the caller's own.
    pub(super) fn better(&self) -> Better {
        match self {
            Self::Bic | Self::Icl => Better::Lower,
            _ => Better::Higher,
        }
    }

    fn basis(&self) -> Basis {
        match self {
            Self::Gap | Self::PredictionStrength | Self::Stability => Basis::Resampled,
            Self::Own(_) => Basis::Callers,
            _ => Basis::InSample,
        }
    }

    /// Whether values compare within a recipe only, being likelihoods of other data otherwise.
    pub(super) fn within_recipe(&self) -> bool {
        matches!(self, Self::Bic | Self::Icl)
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silhouette => "silhouette",
            Self::Gap => "gap",
            Self::PredictionStrength => "prediction strength",
            Self::Stability => "stability",
            Self::Bic => "BIC",
            Self::Icl => "ICL",
            Self::HitRate => "hit rate",
            Self::ChecksPassed => "checks passed",
            Self::Own(name) => name,
        })
    }
}

impl Figure {
    /// A figure with a value, or without one and the reason.
    pub(super) fn new(criterion: Criterion, value: Result<f64, String>) -> Self {
        let (value, missing) = match value {
            Ok(value) if value.is_finite() => (Some(value), None),
            Ok(_) => (None, Some("it is not finite".to_owned())),
            Err(why) => (None, Some(why)),
        };
        let (better, basis) = (criterion.better(), criterion.basis());
        Self { criterion, better, basis, value, low: None, high: None, missing }
    }

    pub(super) fn between(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (Some(low), Some(high));
        self
    }

    /// The value with the good end up.
    pub(super) fn rising(&self) -> Option<f64> {
        self.value.map(|value| match self.better {
            Better::Higher => value,
            Better::Lower => -value,
        })
    }
}
