//! Does spend go with the number of purchases? Gamma-Gamma takes them to be independent, and
//! misjudges the most frequent buyers where they are not.
//!
//! The verdict is the one that the findings on the data give, by the same statistic and limits; the
//! share of variance between classes of purchases stands beside it, which a correlation of ranks
//! misses where spend rises and falls again.

use crate::data::{FindingGrade, FindingLimits, Statistic};
use crate::num::correlation::{p_value, pearson, spearman, spearman_interval};
use crate::num::interval::two_sided;
use crate::value::SpendRecord;

/// A correlation is no chance at a p-value of at most 5 %.
const SIGNIFICANT: f64 = 0.05;

/// Whether the mean spend of customers goes with how often they bought.
///
/// ```
/// use segmentry::value::{Independence, SpendIndependence, SpendRecord};
///
/// // Who buys more often spends more each time.
/// let records: Vec<_> = (0..600)
///     .map(|i| SpendRecord::new(1 + i % 6, f64::from(5 + 2 * (i % 6) + i % 7)).ok())
///     .collect();
/// let check = SpendIndependence::of(&records);
/// assert_eq!(check.verdict(), Independence::Fails);
/// assert!(check.eta_squared().expect("enough customers") > 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendIndependence {
    customers: usize,
    rank_correlation: Option<f64>,
    interval: Option<(f64, f64)>,
    correlation: Option<f64>,
    eta_squared: Option<f64>,
    verdict: Independence,
}

/// What the check of independence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Independence {
    /// Spend does not go with purchases, or too little to matter.
    Holds,
    /// It does somewhat: forecasts for the most frequent buyers are off.
    Doubtful,
    /// It does so much that a model of spend without it should not be used.
    Fails,
    /// Too few customers to tell.
    Unknown,
}

impl SpendIndependence {
    /// The check over those of whom something was seen.
    ///
    /// # Cost
    ///
    /// Two sorts of the customers.
    pub fn of(spend: &[Option<SpendRecord>]) -> Self {
        let seen = || spend.iter().flatten();
        let purchases: Vec<f64> = seen().map(|record| f64::from(record.purchases)).collect();
        let means: Vec<f64> = seen().map(|record| record.mean).collect();
        let customers = means.len();
        let rank_correlation = spearman(&purchases, &means);
        let interval =
            rank_correlation.and_then(|rho| spearman_interval(rho, customers, two_sided(0.95)));
        Self {
            customers,
            rank_correlation,
            interval,
            correlation: pearson(&purchases, &means),
            eta_squared: between_classes(&purchases, &means),
            verdict: verdict(rank_correlation, interval, customers),
        }
    }

    /// How many customers were looked at.
    pub fn n_customers(&self) -> usize {
        self.customers
    }

    /// Spearman's correlation of purchases and mean spend. `None` for fewer than two customers, and
    /// where all bought as often or for as much.
    pub fn rank_correlation(&self) -> Option<f64> {
        self.rank_correlation
    }

    /// Its 95 % interval (Bonett & Wright 2000). `None` for fewer than four customers.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.interval
    }

    /// Pearson's correlation, which a few large spenders can make or hide; it is not judged.
    pub fn correlation(&self) -> Option<f64> {
        self.correlation
    }

    /// The share of the variance of mean spend that lies between customers of 1, 2, 3, 4-5, 6-9 and
    /// 10 or more purchases, from 0 to 1, adjusted for what chance alone puts there (the ε² of
    /// Kelley 1935). `None` for fewer than two classes, and where nothing varies.
    ///
    /// It also sees a relation that is not steadily up or down. It is not judged: the verdict rests
    /// on ranks, which extreme spend does not move.
    pub fn eta_squared(&self) -> Option<f64> {
        self.eta_squared
    }

    /// What follows from the rank correlation, by the limits that
    /// [`FindingLimits`](crate::data::FindingLimits) sets by default.
    pub fn verdict(&self) -> Independence {
        self.verdict
    }
}

fn verdict(rho: Option<f64>, interval: Option<(f64, f64)>, customers: usize) -> Independence {
    let Some((rho, p)) = rho.and_then(|rho| Some((rho, p_value(rho, customers)?))) else {
        return Independence::Unknown;
    };
    let measure = FindingLimits::new().measure(Statistic::SpendRankCorrelation, rho);
    let refuses = measure.refuses_at.unwrap_or(1.0);
    match measure.grade() {
        FindingGrade::Pass => {
            let clear = interval.is_some_and(|(low, high)| -refuses <= low && high <= refuses);
            if clear { Independence::Holds } else { Independence::Unknown }
        }
        _ if p > SIGNIFICANT => Independence::Unknown,
        FindingGrade::Refuse => Independence::Fails,
        _ => Independence::Doubtful,
    }
}

/// The class of a number of purchases, so that each class has customers in everyday data.
fn class(purchases: f64) -> usize {
    const FROM: [f64; 5] = [2.0, 3.0, 4.0, 6.0, 10.0];
    FROM.iter().filter(|&&from| purchases >= from).count()
}

/// `(SS_between - (k - 1) MS_within) / SS_total`, not below zero.
fn between_classes(purchases: &[f64], means: &[f64]) -> Option<f64> {
    const CLASSES: usize = 6;
    let (mut counts, mut sums) = ([0.0; CLASSES], [0.0; CLASSES]);
    // In units of the largest, whose square could overflow.
    let unit = means.iter().fold(0.0_f64, |most, &mean| most.max(mean));
    for (&x, &mean) in purchases.iter().zip(means) {
        counts[class(x)] += 1.0;
        sums[class(x)] += mean / unit;
    }
    let n = means.len() as f64;
    let classes = counts.iter().filter(|&&count| count > 0.0).count() as f64;
    if classes < 2.0 || n <= classes {
        return None;
    }
    let mut total = 0.0;
    for sum in sums {
        total += sum;
    }
    let grand = total / n;
    let (mut within, mut between) = (0.0, 0.0);
    for (&x, &mean) in purchases.iter().zip(means) {
        let away = mean / unit - sums[class(x)] / counts[class(x)];
        within += away * away;
    }
    for (count, sum) in counts.iter().zip(sums).filter(|(count, _)| **count > 0.0) {
        let away = sum / count - grand;
        between += count * away * away;
    }
    let total = within + between;
    let chance = (classes - 1.0) * within / (n - classes);
    (total > 0.0).then(|| ((between - chance) / total).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(spend: impl Fn(u32, u32) -> f64) -> Vec<Option<SpendRecord>> {
        (0..700).map(|i| SpendRecord::new(1 + i % 5, spend(1 + i % 5, i % 7)).ok()).collect()
    }

    #[test]
    fn spend_that_does_not_go_with_purchases_passes() {
        let check = SpendIndependence::of(&records(|_, noise| 10.0 + f64::from(noise)));
        assert_eq!(check.verdict(), Independence::Holds);
        assert!(check.eta_squared().unwrap() < 0.01, "{check:?}");
        assert_eq!(check.n_customers(), 700);
    }

    #[test]
    fn up_and_down_again_is_seen_between_classes_only() {
        let hump =
            |x: u32, noise: u32| [10.0, 40.0, 70.0, 40.0, 10.0][x as usize - 1] + f64::from(noise);
        let check = SpendIndependence::of(&records(hump));
        assert!(check.rank_correlation().unwrap().abs() < 0.1);
        assert!(check.eta_squared().unwrap() > 0.6, "{check:?}");
    }

    /// Means 1, 3 in class one and 4, 8 in class two: between 16, within 10, so (16 - 5) / 26.
    #[test]
    fn the_share_between_classes_by_hand() {
        let share = between_classes(&[1.0, 1.0, 2.0, 2.0], &[1.0, 3.0, 4.0, 8.0]).unwrap();
        assert!((share - 11.0 / 26.0).abs() < 1e-15, "{share}");
    }

    #[test]
    fn too_few_to_tell() {
        let check = SpendIndependence::of(&[SpendRecord::new(1, 5.0).ok(), None]);
        assert_eq!(check.verdict(), Independence::Unknown);
        assert_eq!((check.rank_correlation(), check.eta_squared()), (None, None));
    }
}
