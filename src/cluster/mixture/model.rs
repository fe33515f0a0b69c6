//! A fitted mixture: what it says about segments, and where customers belong.

use crate::cluster::kmeans::segment_names;
use crate::cluster::mixture::Covariance;
use crate::cluster::mixture::em::{Run, place};
use crate::cluster::mixture::kernel::Wanted;
use crate::cluster::mixture::parameters::{Parameters, factor, triangle};
use crate::cluster::mixture::table::{Table, Unit};
use crate::cluster::{
    Criteria, Membership, Scorer, ScoringRule, SegmentError, SegmentModel, Segmentation,
};
use crate::features::FeatureMatrix;
use crate::num::real;
use crate::units::SegmentId;
use crate::work::Work;

/// A fitted [`GaussianMixture`](crate::cluster::GaussianMixture).
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixtureModel {
    features: Vec<String>,
    units: Vec<Unit>,
    parameters: Parameters,
    log_likelihood: f64,
    entropy: f64,
    total: f64,
    iterations: usize,
    converged: bool,
    starts: usize,
    hits: usize,
}

/// What is known of a fit beside its best run.
pub(super) struct Fit {
    pub(super) entropy: f64,
    /// The weights of all customers together.
    pub(super) total: f64,
    pub(super) starts: usize,
    pub(super) hits: usize,
}

impl GaussianMixtureModel {
    pub(super) fn new(features: Vec<String>, units: Vec<Unit>, run: Run, fit: Fit) -> Self {
        let log_likelihood = run.log_likelihood - fit.total * log_volume(&units);
        Self {
            features,
            units,
            log_likelihood,
            parameters: run.parameters,
            entropy: fit.entropy.max(0.0),
            total: fit.total,
            iterations: run.iterations,
            converged: run.converged,
            starts: fit.starts,
            hits: fit.hits,
        }
    }

    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.parameters.k()
    }

    /// Which shapes the segments may have.
    pub fn shape(&self) -> Covariance {
        self.parameters.covariance
    }

    /// The share of the customers who belong to a segment.
    pub fn weight(&self, segment: usize) -> f64 {
        self.parameters.components[segment].weight
    }

    /// The mean of a segment, in the units of the features.
    pub fn mean(&self, segment: usize) -> Vec<f64> {
        let mean = self.parameters.components[segment].mean.iter().zip(&self.units);
        mean.map(|(mean, unit)| unit.centre + mean * unit.width).collect()
    }

    /// The covariance of the features in a segment, in their units.
    pub fn covariance(&self, segment: usize) -> Vec<Vec<f64>> {
        let spread = &self.parameters.components[segment].spread;
        let entry = |a: usize, b: usize| match self.shape() {
            Covariance::Full | Covariance::Tied => spread[triangle(a.max(b), a.min(b))],
            Covariance::Diagonal | Covariance::Spherical if a == b => spread[a],
            Covariance::Diagonal | Covariance::Spherical => 0.0,
        };
        let d = self.units.len();
        let width = |a: usize| self.units[a].width;
        (0..d).map(|a| (0..d).map(|b| entry(a, b) * width(a) * width(b)).collect()).collect()
    }

    /// The log-likelihood of the customers of the fit; a weight counts as repeated rows.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// How many numbers were fitted: weights, means and covariances.
    pub fn n_parameters(&self) -> usize {
        let (k, d) = (self.n_segments(), self.units.len());
        k - 1 + k * d + self.shape().n_parameters(k, d)
    }

    /// Bayesian information criterion, `q ln n - 2 ln L`: the lower, the better the mixture
    /// describes the customers for its number of parameters `q`.
    ///
    /// # References
    ///
    /// Schwarz, G. (1978). Estimating the dimension of a model. *Annals of Statistics* 6, 461-464.
    pub fn bic(&self) -> f64 {
        self.n_parameters() as f64 * real::ln(self.total) - 2.0 * self.log_likelihood
    }

    /// Akaike's information criterion, `2 q - 2 ln L`; the lower, the better.
    pub fn aic(&self) -> f64 {
        2.0 * self.n_parameters() as f64 - 2.0 * self.log_likelihood
    }

    /// Integrated completed likelihood, [`bic`](Self::bic) plus twice the
    /// [`entropy`](Self::entropy): the lower, the better. It prefers segments that are apart.
    ///
    /// # References
    ///
    /// Biernacki, C., Celeux, G. & Govaert, G. (2000). Assessing a mixture model for clustering
    /// with the integrated completed likelihood. *IEEE Transactions on Pattern Analysis and Machine
    /// Intelligence* 22, 719-725.
    pub fn icl(&self) -> f64 {
        self.bic() + 2.0 * self.entropy
    }

    /// The entropy of the memberships, `-Σ p ln p` over customers and segments: zero where all
    /// customers clearly belong to one segment, at most `n ln k`.
    pub fn entropy(&self) -> f64 {
        self.entropy
    }

    /// How clearly customers belong to their segments: one minus the entropy as a share of its
    /// highest value, from 0 to 1. `None` for one segment.
    #[doc(alias = "entropy R²")]
    pub fn relative_entropy(&self) -> Option<f64> {
        let k = self.n_segments();
        (k > 1).then(|| 1.0 - self.entropy / (self.total * real::ln(k as f64)))
    }

    /// Maximisations of the best start.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the best start ended because the likelihood stood.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// How many starts there were.
    pub fn starts(&self) -> usize {
        self.starts
    }

    /// How many of the starts came to the best likelihood, to within a hundred times the tolerance.
    /// A low share means that the seed decides.
    pub fn hits(&self) -> usize {
        self.hits
    }

    /// The segments that would have shrunk to a point, a line or nobody, and stand at the floor.
    /// The likelihood of such a mixture says more about the floor than about the customers.
    pub fn singular(&self) -> Vec<SegmentId> {
        let components = self.parameters.components.iter().zip(0..);
        components.filter(|(component, _)| component.singular).map(|(_, i)| SegmentId(i)).collect()
    }

    /// The probability that each customer belongs to each segment.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`], [`SegmentError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{Covariance, GaussianMixture, Membership, Segmenter};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let rows = [[-5.0], [-3.0], [3.0], [5.0]];
    /// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
    /// let mixture = GaussianMixture::new(2).covariance(Covariance::Tied);
    /// let model = mixture.fit(&matrix, &Work::new())?;
    /// let halfway = FeatureMatrix::from_rows(&["x"], &[[0.0]])?;
    /// let soft = model.responsibilities(&halfway, &Work::new())?;
    /// let Membership::Soft(degrees) = soft.membership() else { panic!("by degree") };
    /// assert!((degrees[0] - 0.5).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn responsibilities(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Segmentation, SegmentError> {
        let placed = self.place(features, Wanted::Posteriors, work)?;
        self.segmentation(features, Membership::Soft(placed))
    }

    /// The logarithm of the density of each customer under the mixture. Those of few are customers
    /// unlike those of the fit.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`], [`SegmentError::Cancelled`].
    pub fn log_density(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Vec<f64>, SegmentError> {
        let mut densities = self.place(features, Wanted::LogDensities, work)?;
        let volume = log_volume(&self.units);
        densities.iter_mut().for_each(|density| *density -= volume);
        Ok(densities)
    }

    fn place(
        &self,
        features: &FeatureMatrix,
        wanted: Wanted,
        work: &Work,
    ) -> Result<Vec<f64>, SegmentError> {
        let table = Table::select(features, &self.features)?;
        Ok(place(&table, &self.units, &self.parameters, wanted, work)?.numbers)
    }

    fn segmentation(
        &self,
        features: &FeatureMatrix,
        membership: Membership,
    ) -> Result<Segmentation, SegmentError> {
        let names = (1..=self.n_segments()).map(|number| format!("Segment {number}")).collect();
        let segmentation = Segmentation::new(features.ids().clone(), names, membership)?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }
}

impl SegmentModel for GaussianMixtureModel {
    /// The likeliest segment of each customer.
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let table = Table::select(features, &self.features)?;
        let placed = place(&table, &self.units, &self.parameters, Wanted::Modes, work)?;
        let hard = placed.modes.into_iter().map(|mode| Some(SegmentId(mode))).collect();
        self.segmentation(features, Membership::Hard(hard))
    }

    fn story(&self) -> String {
        let (shape, k) = (self.shape().name(), self.n_segments());
        let mut story = format!(
            "{k} by a Gaussian mixture with {shape} covariances (best of {} starts, found by {})",
            self.starts, self.hits
        );
        let singular = self.singular().len();
        if singular > 0 {
            story.push_str(&format!("; {singular} of them singular, at the floor"));
        }
        story
    }

    fn scorer(&self) -> Option<Scorer> {
        let (k, d) = (self.n_segments(), self.units.len());
        let shares = (0..k).map(|segment| self.weight(segment)).collect();
        let means = (0..k).map(|segment| self.mean(segment)).collect();
        let rule = match self.shape() {
            Covariance::Diagonal | Covariance::Spherical => {
                let variances = |segment| {
                    let covariance = self.covariance(segment);
                    (0..d).map(|feature| covariance[feature][feature]).collect()
                };
                let variances = (0..k).map(variances).collect();
                ScoringRule::DiagonalGaussian { shares, means, variances }
            }
            Covariance::Full | Covariance::Tied => {
                let factors = self.parameters.components.iter().map(|component| {
                    let mut factor = factor(&component.spread, d)?;
                    for (a, unit) in self.units.iter().enumerate() {
                        for b in 0..=a {
                            factor[triangle(a, b)] *= unit.width;
                        }
                    }
                    Some(factor)
                });
                ScoringRule::FullGaussian {
                    shares,
                    means,
                    factors: factors.collect::<Option<_>>()?,
                }
            }
        };
        Scorer::new(self.features.clone(), segment_names(k), rule).ok()
    }

    fn criteria(&self) -> Criteria {
        Criteria {
            log_likelihood: Some(self.log_likelihood),
            parameters: Some(self.n_parameters()),
            bic: Some(self.bic()),
            icl: Some(self.icl()),
            starts: Some(self.starts),
            hits: Some(self.hits),
            converged: Some(self.converged),
            ..Criteria::default()
        }
    }
}

/// The logarithm of the volume of a box one standard unit wide.
fn log_volume(units: &[Unit]) -> f64 {
    units.iter().fold(0.0, |volume, unit| volume + real::ln(unit.width))
}

impl Run {
    /// The same run with its segments in the order of their means, so that numbers do not depend on
    /// the start.
    pub(super) fn in_order(mut self) -> Self {
        self.parameters.components.sort_by(|a, b| {
            let pairs = a.mean.iter().zip(&b.mean);
            pairs
                .map(|(x, y)| x.total_cmp(y))
                .find(|order| order.is_ne())
                .unwrap_or(a.weight.total_cmp(&b.weight))
        });
        self
    }

    pub(super) fn is_singular(&self) -> bool {
        self.parameters.components.iter().any(|component| component.singular)
    }
}
