//! Credibility: net spend per purchase day, where returns and free orders leave no room for
//! Gamma-Gamma.
//!
//! Nothing is assumed of the distribution but that a customer's days vary around a mean of their
//! own, and the means around everybody's. The best linear estimate of a customer's mean is then a
//! weighted mean of the two (Bühlmann & Straub 1970); it may be zero or negative, as net spend may.

mod record;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::num::blocks;
use crate::units::Money;
use crate::value::{Refusal, ValueError};
use crate::work::Work;

pub use record::NetSpendRecord;
pub(super) use record::net_of_purchases;

const NAME: &str = "Bühlmann-Straub";

/// Bühlmann-Straub credibility of net spend per purchase day.
///
/// Choose it over [`GammaGamma`](crate::value::GammaGamma) where spend is net of returns, where it
/// may be zero, or where Gamma-Gamma refuses. It gives a mean with its standard error and no
/// distribution.
///
/// # Example
///
/// ```
/// use segmentry::value::{CredibilitySpend, NetSpendRecord};
/// use segmentry::work::Work;
///
/// // Three customers, two days each; the second brought more back than they bought.
/// let days = [[9.0, 11.0], [-2.0, 0.0], [4.0, 6.0]];
/// let seen: Vec<_> = days.iter().map(|days| NetSpendRecord::from_days(days)).collect();
/// let model = CredibilitySpend::new().min_customers(3).fit(&seen, &Work::new())?;
/// // Within 2, between 91/3 - 2/2 = 88/3, so that two days earn a weight of 88/91.
/// assert!((model.within_variance() - 2.0).abs() < 1e-12);
/// assert!((model.between_variance() - 88.0 / 3.0).abs() < 1e-12);
/// let second = model.expected_spend(seen[1].as_ref());
/// assert!((second.mean().amount() - (-88.0 + 14.0) / 91.0).abs() < 1e-12);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Bühlmann, H. & Straub, E. (1970). Glaubwürdigkeit für Schadensätze. Bühlmann, H. & Gisler, A.
/// (2005). A Course in Credibility Theory and its Applications, chapter 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredibilitySpend {
    min_customers: u64,
}

impl Default for CredibilitySpend {
    fn default() -> Self {
        Self { min_customers: 10 }
    }
}

/// How the variance between customers came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredibilityStatus {
    /// Customers differ and vary: both count.
    Estimated,
    /// Customers differ no more than chance makes them: the unbiased estimate was at most zero and
    /// stands as zero, and everybody is expected to spend the same.
    NoDifference,
    /// No customer varies from day to day: everybody is expected to spend what they spent.
    NoVariation,
}

/// A credibility model with its three figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedCredibilitySpend {
    collective: f64,
    within: f64,
    between: f64,
    /// Sum of the customers' credibility, or of their weights where customers do not differ.
    credibility: f64,
    status: CredibilityStatus,
    customers: u64,
}

impl CredibilitySpend {
    /// The model with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses data with fewer customers; 10 unless set, and never fewer than 2.
    #[must_use]
    pub fn min_customers(mut self, customers: u64) -> Self {
        self.min_customers = customers;
        self
    }

    /// Both variances and the collective mean, from those of whom something was seen.
    ///
    /// ```text
    /// within   s² = Σ_i Σ_j w_ij (X_ij - X_i)² / Σ_i (n_i - 1)
    /// between  a  = [Σ_i w_i (X_i - X)² - (I - 1) s²] / (w - Σ w_i² / w), at least 0
    /// mean     μ  = Σ z_i X_i / Σ z_i,  z_i = w_i / (w_i + s² / a)
    /// ```
    ///
    /// Both variances are unbiased before the cut at zero.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with too few customers, or where nobody was seen on two days;
    /// [`ValueError::Cancelled`].
    pub fn fit(
        &self,
        seen: &[Option<NetSpendRecord>],
        work: &Work,
    ) -> Result<FittedCredibilitySpend, ValueError> {
        let refused = |reason| ValueError::Refused { model: NAME, reason };
        let total = |term: &(dyn Fn(&NetSpendRecord) -> f64 + Sync)| {
            let parts = blocks::map_blocks(seen.len(), work, |rows| {
                seen[rows].iter().flatten().fold(0.0, |total, record| total + term(record))
            })?;
            Ok::<f64, ValueError>(parts.into_iter().fold(0.0, |total, part| total + part))
        };
        let (have, need) = (seen.iter().flatten().count() as u64, self.min_customers.max(2));
        if have < need {
            return Err(refused(Refusal::TooFewCustomers { have, need }));
        }
        let repeats = total(&|record| (record.days - 1) as f64)?;
        if repeats == 0.0 {
            return Err(refused(Refusal::NobodyTwice));
        }
        let weight = total(&|record| record.weight)?;
        let within = total(&|record| record.deviations)? / repeats;
        let mean = total(&|record| record.weight / weight * record.mean)?;
        let differences = total(&|record| {
            let away = record.mean - mean;
            record.weight * away * away
        })?;
        let independent = weight - total(&|record| record.weight * (record.weight / weight))?;
        let unbiased = (differences - (have - 1) as f64 * within) / independent;
        // What rounding leaves of no difference at all is none.
        let noise = 64.0 * f64::EPSILON * mean * mean;
        let (between, status) = match (unbiased > noise, within > 0.0) {
            (true, true) => (unbiased, CredibilityStatus::Estimated),
            (true, false) => (unbiased, CredibilityStatus::NoVariation),
            (false, _) => (0.0, CredibilityStatus::NoDifference),
        };
        let fitted = FittedCredibilitySpend {
            collective: mean,
            within,
            between,
            credibility: weight,
            status,
            customers: have,
        };
        if status == CredibilityStatus::NoDifference {
            return Ok(fitted);
        }
        let credibility = total(&|record| fitted.factor(record.weight))?;
        let collective = total(&|record| fitted.factor(record.weight) / credibility * record.mean)?;
        Ok(FittedCredibilitySpend { collective, credibility, ..fitted })
    }
}

/// What a customer is expected to spend net on a purchase day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CredibleSpend {
    mean: f64,
    standard_error: f64,
    credibility: f64,
}

impl CredibleSpend {
    /// The estimate, which may be negative.
    pub fn mean(&self) -> Money {
        Money::finite(self.mean)
    }

    /// The root of the mean squared error about the customer's own mean. The variances count as
    /// known.
    pub fn standard_error(&self) -> Money {
        Money::finite(self.standard_error)
    }

    /// The weight of what was seen of the customer, from 0 to 1; the rest is everybody's mean.
    pub fn credibility(&self) -> f64 {
        self.credibility
    }
}

impl FittedCredibilitySpend {
    /// The model's figures, to be written: collective mean, variance within and between, and the
    /// sum of credibility.
    pub(super) fn figures(&self) -> [f64; 4] {
        [self.collective, self.within, self.between, self.credibility]
    }

    /// The model with these figures; `None` where they cannot be.
    pub(super) fn restored(
        [collective, within, between, credibility]: [f64; 4],
        status: CredibilityStatus,
        customers: u64,
    ) -> Option<Self> {
        let fits = match status {
            CredibilityStatus::Estimated => within > 0.0 && between > 0.0,
            CredibilityStatus::NoDifference => within >= 0.0 && between == 0.0,
            CredibilityStatus::NoVariation => within == 0.0 && between > 0.0,
        };
        (fits && credibility > 0.0 && customers >= 2).then_some(Self {
            collective,
            within,
            between,
            credibility,
            status,
            customers,
        })
    }

    /// What the model is called.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Everybody's mean, weighted by credibility: what a customer is expected to spend of whom
    /// nothing was seen.
    pub fn collective_mean(&self) -> Money {
        Money::finite(self.collective)
    }

    /// Variance of a customer's days around their own mean, for a day of weight one.
    pub fn within_variance(&self) -> f64 {
        self.within
    }

    /// Variance of the customers' means around everybody's; zero with
    /// [`CredibilityStatus::NoDifference`].
    pub fn between_variance(&self) -> f64 {
        self.between
    }

    /// How the variances came out.
    pub fn status(&self) -> CredibilityStatus {
        self.status
    }

    /// How many customers the model was fitted to.
    pub fn n_customers(&self) -> u64 {
        self.customers
    }

    /// The credibility `z = w a / (w a + s²)` of so much weight.
    fn factor(&self, weight: f64) -> f64 {
        if self.between == 0.0 {
            return 0.0;
        }
        1.0 / (1.0 + self.within / self.between / weight)
    }

    /// Expected net spend on a purchase day of a customer of whom this was seen; `None` if nothing
    /// was.
    ///
    /// The mean is `z X + (1 - z) μ` and its mean squared error `a (1 - z) (1 + (1 - z) / Σ z)`
    /// (Bühlmann & Gisler 2005, section 4.4); where customers do not differ, what is left of it is
    /// that of the collective mean, `s² / w`.
    pub fn expected_spend(&self, seen: Option<&NetSpendRecord>) -> CredibleSpend {
        let (factor, mean) =
            seen.map_or((0.0, 0.0), |record| (self.factor(record.weight), record.mean));
        let rest = 1.0 - factor;
        let squared = if self.between == 0.0 {
            self.within / self.credibility
        } else {
            self.between * rest * (1.0 + rest / self.credibility)
        };
        CredibleSpend {
            mean: factor * mean + rest * self.collective,
            standard_error: squared.sqrt(),
            credibility: factor,
        }
    }
}
