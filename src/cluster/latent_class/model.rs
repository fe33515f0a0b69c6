//! Fitted latent classes: sizes, probabilities, criteria, and where a customer belongs.

use super::items::{Item, NewLevels};
use super::patterns::Patterns;
use super::posterior::posteriors;
use super::search::Found;
use crate::cluster::kmeans::segment_names;
use crate::cluster::scorer;
use crate::cluster::{
    Criteria, Membership, Scorer, ScoringRule, SegmentError, SegmentModel, Segmentation,
};
use crate::features::FeatureMatrix;
use crate::num::real::ln;
use crate::units::SegmentId;
use crate::work::Work;

/// Fitted latent classes, the largest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentClassModel {
    pub(super) items: Vec<Item>,
    pub(super) sizes: Vec<f64>,
    /// By item, answer and class.
    pub(super) probabilities: Vec<Vec<Vec<f64>>>,
    pub(super) new_levels: NewLevels,
    log_likelihood: f64,
    entropy: f64,
    customers: f64,
    patterns: usize,
    silent: usize,
    search: SearchReport,
}

/// How the best start was found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SearchReport {
    starts: usize,
    carried: usize,
    hits: usize,
    distinct: usize,
    steps: usize,
    converged: bool,
}

/// Criteria to choose the number of classes by; of each the least is best.
///
/// With log-likelihood `l`, `q` parameters, `n` customers (the sum of their weights) and the
/// entropy `E` of the posterior probabilities:
///
/// ```text
/// AIC = -2l + 2q      BIC = -2l + q ln n      CAIC = -2l + q (ln n + 1)
/// SABIC = -2l + q ln((n + 2) / 24)            ICL = BIC + 2E
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InformationCriteria {
    /// Akaike's.
    pub aic: f64,
    /// The Bayesian one.
    pub bic: f64,
    /// The consistent form of Akaike's.
    pub caic: f64,
    /// The Bayesian one, adjusted for the sample's size.
    pub sabic: f64,
    /// That of the integrated complete likelihood: it asks for classes that lie apart.
    pub icl: f64,
}

impl LatentClassModel {
    pub(super) fn of<const W: usize>(
        found: Found<W>,
        order: &[usize],
        patterns: &Patterns,
        items: Vec<Item>,
        new_levels: NewLevels,
    ) -> Self {
        let k = order.len();
        let point = found.summit.point.reordered(order);
        let counts = found.summit.expected.counts.reordered(order);
        let log_likelihood = found.summit.log_likelihood();
        // The entropy is what the log-likelihood of the answers exceeds that of answers and classes
        // by, and the latter follows from the expected counts alone.
        let mut complete = 0.0;
        for (count, probability) in counts.numbers(k).zip(point.numbers(k)) {
            if count > 0.0 {
                complete += count * ln(probability);
            }
        }
        let of_item = |levels: &Vec<[f64; W]>| levels.iter().map(|l| l[..k].to_vec()).collect();
        Self {
            sizes: point.sizes[..k].to_vec(),
            probabilities: point.items.iter().map(of_item).collect(),
            items,
            new_levels,
            log_likelihood,
            entropy: if k == 1 { 0.0 } else { (log_likelihood - complete).max(0.0) },
            customers: patterns.total,
            patterns: patterns.len(),
            silent: patterns.silent,
            search: SearchReport {
                starts: found.starts,
                carried: found.carried,
                hits: found.hits,
                distinct: found.distinct,
                steps: found.summit.steps,
                converged: found.summit.converged,
            },
        }
    }

    /// How many classes.
    pub fn n_classes(&self) -> usize {
        self.sizes.len()
    }

    /// The shares of the classes; they add up to one.
    pub fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    /// The names of the items.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        self.items.iter().map(|item| item.name.as_str())
    }

    /// The answers to an item that somebody gave in the fit; `no` and `yes` for yes/no. An item
    /// that is not in the model has none.
    pub fn levels(&self, item: &str) -> &[String] {
        self.items.iter().find(|known| known.name == item).map_or(&[], |item| &item.levels)
    }

    /// How likely a member of a class gives this answer to this item; `None` where item, answer or
    /// class are not in the model.
    pub fn probability(&self, class: usize, item: &str, level: &str) -> Option<f64> {
        let place = self.items.iter().position(|known| known.name == item)?;
        let level = self.items[place].levels.iter().position(|known| known == level)?;
        self.probabilities[place][level].get(class).copied()
    }

    /// The log-likelihood of the answers.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Free parameters: class sizes less one, and for each class and item the answers that somebody
    /// gave, less one.
    pub fn parameters(&self) -> usize {
        let items = self.items.iter().map(|item| item.levels.len().saturating_sub(1));
        let k = self.n_classes();
        k - 1 + k * items.sum::<usize>()
    }

    /// Customers in the fit: the sum of the weights of those who answered anything.
    pub fn n_customers(&self) -> f64 {
        self.customers
    }

    /// Rows that have no answer at all; they took no part in the fit.
    pub fn silent(&self) -> usize {
        self.silent
    }

    /// Different patterns of answers, missing ones counted as an answer.
    pub fn patterns(&self) -> usize {
        self.patterns
    }

    /// What the data leave to judge the fit by: the lesser of customers and possible patterns of
    /// answers less one, minus the parameters. Below zero the classes are not determined by
    /// the data.
    pub fn residual_degrees(&self) -> f64 {
        let cells = self.items.iter().fold(1.0, |cells, item| cells * item.levels.len() as f64);
        self.customers.min(cells - 1.0) - self.parameters() as f64
    }

    /// Criteria to choose the number of classes by.
    pub fn information(&self) -> InformationCriteria {
        let (deviance, q, n) =
            (-2.0 * self.log_likelihood, self.parameters() as f64, self.customers);
        let bic = deviance + q * ln(n);
        InformationCriteria {
            aic: deviance + 2.0 * q,
            bic,
            caic: bic + q,
            sabic: deviance + q * ln((n + 2.0) / 24.0),
            icl: bic + 2.0 * self.entropy,
        }
    }

    /// The entropy of the posterior probabilities, in nats, of all customers together: zero where
    /// everybody's class is certain.
    pub fn entropy(&self) -> f64 {
        self.entropy
    }

    /// How well the classes lie apart: one where everybody's class is certain, zero where nobody's
    /// is. `None` for one class.
    ///
    /// ```text
    /// 1 - E / (n ln k)
    /// ```
    pub fn entropy_r2(&self) -> Option<f64> {
        let k = self.n_classes();
        (k > 1).then(|| 1.0 - self.entropy / (self.customers * ln(k as f64)))
    }

    /// How many starts were made.
    pub fn n_starts(&self) -> usize {
        self.search.starts
    }

    /// How many starts were climbed to the end; the others fell behind early.
    pub fn n_climbed(&self) -> usize {
        self.search.carried
    }

    /// How many of the starts found the best optimum.
    pub fn hits(&self) -> usize {
        self.search.hits
    }

    /// The share of starts that found the best optimum. A low one means that the seed decides.
    pub fn hit_rate(&self) -> f64 {
        self.search.hits as f64 / self.search.starts as f64
    }

    /// How many optima of different likelihood were seen at the end of a climb.
    pub fn distinct_optima(&self) -> usize {
        self.search.distinct
    }

    /// EM steps of the best start.
    pub fn steps(&self) -> usize {
        self.search.steps
    }

    /// Whether the best start ended because nothing was gained any more, and not at its last step.
    pub fn converged(&self) -> bool {
        self.search.converged
    }

    /// The probability of each class for each customer, row by row.
    pub(super) fn posteriors(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Vec<f64>, SegmentError> {
        let (items, sizes) = (&self.items, &self.sizes);
        posteriors(items, sizes, &self.probabilities, features, self.new_levels, work)
    }

    /// Places each customer in their likeliest class, of equal ones the first. [`assign`] gives the
    /// probabilities themselves.
    ///
    /// [`assign`]: SegmentModel::assign
    ///
    /// # Errors
    ///
    /// As [`assign`].
    pub fn assign_modal(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Segmentation, SegmentError> {
        let soft = self.assign(features, work)?;
        let hard = soft.partition()?.into_iter().map(Some).collect();
        self.segmentation(features, Membership::Hard(hard))
    }

    fn segmentation(
        &self,
        features: &FeatureMatrix,
        membership: Membership,
    ) -> Result<Segmentation, SegmentError> {
        let names = (1..=self.n_classes()).map(|number| format!("Class {number}")).collect();
        let segmentation = Segmentation::new(features.ids().clone(), names, membership)?;
        Ok(segmentation.made_from(self.items().map(str::to_owned)))
    }
}

impl SegmentModel for LatentClassModel {
    /// Every customer's probability of each class, given their answers. Columns are found by name
    /// and answers by theirs, so that their order does not matter; what is missing is skipped, and
    /// an answer that nobody gave in the fit is treated as [`NewLevels`] says.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`] where a column is not there, [`SegmentError::NotAnswers`] where
    /// it holds numbers, [`SegmentError::NewLevel`] where new answers are refused,
    /// [`SegmentError::Cancelled`].
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let posteriors = self.posteriors(features, work)?;
        self.segmentation(features, Membership::Soft(posteriors))
    }

    fn story(&self) -> String {
        format!(
            "{} latent classes (best of {} starts, found by {})",
            self.n_classes(),
            self.search.starts,
            self.search.hits
        )
    }

    fn scorer(&self) -> Option<Scorer> {
        let k = self.n_classes();
        let item = |(item, by_level): (&Item, &Vec<Vec<f64>>)| {
            let of_class = |class: usize| by_level.iter().map(|level| level[class]).collect();
            scorer::Item {
                levels: item.levels.clone(),
                probabilities: (0..k).map(of_class).collect(),
            }
        };
        let items = self.items.iter().zip(&self.probabilities).map(item).collect();
        let rule = ScoringRule::ItemProbabilities { shares: self.sizes.clone(), items };
        let features = self.items().map(str::to_owned).collect();
        Scorer::new(features, segment_names(k), rule).ok()
    }

    fn criteria(&self) -> Criteria {
        let information = self.information();
        Criteria {
            log_likelihood: Some(self.log_likelihood),
            parameters: Some(self.parameters()),
            bic: Some(information.bic),
            icl: Some(information.icl),
            starts: Some(self.search.starts),
            hits: Some(self.search.hits),
            distinct_optima: Some(self.search.distinct),
            converged: Some(self.search.converged),
            ..Criteria::default()
        }
    }
}

/// The likeliest class of a row of probabilities, of equal ones the first.
pub(super) fn modal(posterior: &[f64]) -> SegmentId {
    let likelier =
        |best: usize, class: usize| if posterior[class] > posterior[best] { class } else { best };
    SegmentId((1..posterior.len()).fold(0, likelier) as u32)
}
