//! What a fitted model can say of its own fit.
//!
//! Plain figures behind the erased twin, so that candidates of any method can be laid side by side;
//! what a method does not have stays empty.

use serde::{Deserialize, Serialize};

/// Figures of a fit, all on the customers that it was made from.
///
/// A model fills in what it has; everything is `None` by default.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{KMeans, SegmentModel, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
/// let criteria = KMeans::new(2).fit(&matrix, &Work::new())?.criteria();
/// assert_eq!((criteria.inertia, criteria.bic), (Some(2.5), None));
/// assert_eq!(criteria.hit_rate(), Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Criteria {
    /// The sum of squared distances to the centres; smaller is closer.
    pub inertia: Option<f64>,
    /// The logarithm of the likelihood.
    pub log_likelihood: Option<f64>,
    /// Free parameters.
    pub parameters: Option<usize>,
    /// Bayesian information criterion, -2 log-likelihood + parameters x ln n; smaller is better.
    pub bic: Option<f64>,
    /// Integrated completed likelihood, the BIC plus twice the entropy of the memberships; smaller
    /// is better.
    pub icl: Option<f64>,
    /// How many starts there were.
    pub starts: Option<usize>,
    /// How many of them found the best optimum.
    pub hits: Option<usize>,
    /// How many different optima were found.
    pub distinct_optima: Option<usize>,
    /// Whether the fit came to its end, and not to its limit of iterations.
    pub converged: Option<bool>,
}

impl Criteria {
    /// The share of the starts that found the best optimum. A low one means that the seed decides.
    pub fn hit_rate(&self) -> Option<f64> {
        let starts = self.starts.filter(|&starts| starts > 0)?;
        Some(self.hits? as f64 / starts as f64)
    }
}
