//! How sure the concentration of value is: intervals by resampling customers, and the standard
//! errors of the linearised statistics beside them.
//!
//! The linearised errors cost one pass; the intervals come from the bootstrap, because both
//! statistics are skewed where a few customers hold much, and a symmetric interval then sits too
//! low.

use serde::Serialize;

use super::{check_not_negative, top_customers};
use crate::num::blocks;
use crate::num::interval::two_sided;
use crate::num::quantile::quantile;
use crate::num::random::{Purpose, Stream};
use crate::num::special::{normal_cdf, normal_quantile};
use crate::units::{Money, Probability};
use crate::value::ValueError;
use crate::value::quantile_groups::check_weights;
use crate::work::Work;

/// How customers are drawn again.
///
/// # Example
///
/// ```
/// use segmentry::units::{Money, Probability};
/// use segmentry::value::Resampling;
/// use segmentry::work::Work;
///
/// let spend: Vec<Money> = (1..=200).map(|i| Money::from_minor(i * i, 0)).collect();
/// let top = Probability::new(0.1)?;
/// let sure = Resampling::new().seed(7).concentration(&spend, &[top], &Work::new())?.unwrap();
/// assert!((sure.gini.estimate - 0.49874).abs() < 1e-5);
/// assert!(sure.gini.low < sure.gini.estimate && sure.gini.estimate < sure.gini.high);
/// assert!(sure.gini.standard_error < 0.03 && sure.top_shares.len() == 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American Statistical
/// Association* 82, 171-185. Davidson, R. (2009). Reliable inference for the Gini index. *Journal
/// of Econometrics* 150, 30-40.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    replicates: u32,
    confidence: f64,
    seed: u64,
}

/// The Gini index and the shares of the best, each with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConcentrationIntervals {
    /// The Gini index.
    pub gini: IntervalEstimate,
    /// The share of the total that the best hold, for each share of customers that was asked for.
    pub top_shares: Vec<IntervalEstimate>,
    /// The confidence of each interval.
    pub confidence: f64,
    /// How often customers were drawn again.
    pub replicates: u32,
}

/// A statistic with its standard error and an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IntervalEstimate {
    /// The statistic.
    pub estimate: f64,
    /// Its standard error by linearisation (the infinitesimal jackknife): no chance in it.
    pub standard_error: f64,
    /// The lower end of the bootstrap interval, bias-corrected and accelerated.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Default for Resampling {
    fn default() -> Self {
        // The ends of a 95 % interval are then the 50th of 1,999 replicates from either side.
        Self { replicates: 1999, confidence: 0.95, seed: 0 }
    }
}

/// A customer's value and weight.
type Row = (f64, f64);

impl Resampling {
    /// 1,999 replicates, 95 %, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often customers are drawn again; 1,999 unless set.
    #[must_use]
    pub fn replicates(mut self, replicates: u32) -> Self {
        self.replicates = replicates;
        self
    }

    /// How often the interval shall hold the truth; 0.95 unless set.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// The seed; 0 unless set. The same seed gives the same bits for any number of threads.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; resampling calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for fewer than 99 replicates and a confidence that is not between 0
    /// and 1.
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.replicates < 99 {
            let (value, expected) = (f64::from(self.replicates), "at least 99");
            return Err(ValueError::Param { name: "replicates", value, expected });
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let expected = "greater than 0 and less than 1";
            return Err(ValueError::Param { name: "confidence", value: self.confidence, expected });
        }
        Ok(())
    }

    /// The concentration of values that are not negative, with its intervals. `None` where they add
    /// up to nothing or there are fewer than two.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::BadValue`] for a negative value;
    /// [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// One draw per customer and replicate.
    pub fn concentration(
        &self,
        values: &[Money],
        shares: &[Probability],
        work: &Work,
    ) -> Result<Option<ConcentrationIntervals>, ValueError> {
        check_not_negative(values)?;
        self.of_rows(values.iter().map(|value| (value.amount(), 1.0)).collect(), shares, work)
    }

    /// The same where a row stands for as many customers as its weight says; rows are drawn again
    /// with their weights.
    ///
    /// # Errors
    ///
    /// As [`concentration`](Self::concentration), and [`ValueError::Length`] where there is not one
    /// weight per value.
    pub fn weighted_concentration(
        &self,
        values: &[Money],
        weights: &[f64],
        shares: &[Probability],
        work: &Work,
    ) -> Result<Option<ConcentrationIntervals>, ValueError> {
        check_not_negative(values)?;
        let (expected, got) = (values.len(), weights.len());
        if expected != got {
            return Err(ValueError::Length { what: "the table of weights", expected, got });
        }
        check_weights(weights)?;
        let rows = values.iter().zip(weights).map(|(value, &weight)| (value.amount(), weight));
        self.of_rows(rows.collect(), shares, work)
    }

    fn of_rows(
        &self,
        mut rows: Vec<Row>,
        shares: &[Probability],
        work: &Work,
    ) -> Result<Option<ConcentrationIntervals>, ValueError> {
        self.validate()?;
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let n = rows.len();
        let total = blocks::sum(n, |i| rows[i].0 * rows[i].1);
        let weight = blocks::sum(n, |i| rows[i].1);
        if n < 2 || !(total > 0.0 && total.is_finite() && weight.is_finite()) {
            return Ok(None);
        }
        work.begin("resampling customers", Some(u64::from(self.replicates)))?;
        let once = vec![1u32; n];
        let estimates = statistics(&rows, &once, shares);
        let influences = Influences::of(&rows, estimates[0], total / weight, weight);
        let replicates = blocks::map_tasks(self.replicates as usize, work, |replicate| {
            let mut stream = Stream::new(self.seed, Purpose::Resample, replicate as u64);
            let mut drawn = vec![0u32; n];
            for _ in 0..n {
                drawn[stream.below(n as u64) as usize] += 1;
            }
            statistics(&rows, &drawn, shares)
        })?;
        let interval = |statistic: usize| {
            let influence = match statistic {
                0 => influences.of_gini(),
                _ => influences.of_top_share(shares[statistic - 1], estimates[statistic]),
            };
            let again = replicates.iter().map(|replicate| replicate[statistic]).collect();
            self.interval(estimates[statistic], &influence, again)
        };
        Ok(Some(ConcentrationIntervals {
            gini: interval(0),
            top_shares: (1..=shares.len()).map(interval).collect(),
            confidence: self.confidence,
            replicates: self.replicates,
        }))
    }

    /// Efron's (1987) interval: the percentiles of the replicates, moved for the bias of their
    /// median and for the skewness of the influences.
    fn interval(&self, estimate: f64, influence: &[f64], mut again: Vec<f64>) -> IntervalEstimate {
        let n = influence.len();
        let squares = blocks::sum(n, |i| influence[i] * influence[i]);
        let cubes = blocks::sum(n, |i| influence[i] * influence[i] * influence[i]);
        let standard_error = squares.sqrt();
        again.sort_unstable_by(f64::total_cmp);
        let replicates = again.len() as f64;
        // Replicates that equal the estimate lie half on either side.
        let below = again.partition_point(|&value| value < estimate) as f64;
        let not_above = again.partition_point(|&value| value <= estimate) as f64;
        let median = (below + not_above) / (2.0 * replicates);
        let edge = 1.0 / (replicates + 1.0);
        let bias = normal_quantile(median.clamp(edge, 1.0 - edge));
        let acceleration =
            if squares > 0.0 { cubes / (6.0 * squares * standard_error) } else { 0.0 };
        let z = two_sided(self.confidence);
        let end = |z: f64| {
            let moved = bias + (bias + z) / (1.0 - acceleration * (bias + z)).max(0.1);
            quantile(&again, normal_cdf(moved)).unwrap_or(estimate)
        };
        IntervalEstimate { estimate, standard_error, low: end(-z), high: end(z) }
    }
}

/// The Gini index and the top shares of rows in descending order, each as often as it was drawn.
fn statistics(rows: &[Row], drawn: &[u32], shares: &[Probability]) -> Vec<f64> {
    let (mut total, mut weight, mut customers) = (0.0, 0.0, 0u64);
    let mut area = 0.0;
    for (&(value, weight_of), &times) in rows.iter().zip(drawn) {
        let part = weight_of * f64::from(times);
        let money = value * part;
        area += part * (2.0 * total + money);
        total += money;
        weight += part;
        customers += u64::from(times);
    }
    if total <= 0.0 {
        // Only customers without value were drawn.
        return vec![0.0; 1 + shares.len()];
    }
    let mut found = vec![(area / (weight * total) - 1.0).max(0.0)];
    let even = rows.iter().all(|row| row.1 == rows[0].1);
    for &share in shares {
        // A share of customers is rounded up, as the statistic itself has it.
        let wanted = if even && weight > 0.0 {
            top_customers(customers as usize, share) as f64 * rows[0].1
        } else {
            share.value() * weight
        };
        let (mut reached, mut held) = (0.0, 0.0);
        for (&(value, weight_of), &times) in rows.iter().zip(drawn) {
            let part = (weight_of * f64::from(times)).min(wanted - reached);
            if part <= 0.0 && reached >= wanted {
                break;
            }
            reached += part;
            held += part * value;
        }
        found.push((held / total).min(1.0));
    }
    found
}

/// What moves each statistic if a row weighs a little more, times its weight's share: the sum of
/// squares is the variance of the statistic.
struct Influences<'a> {
    rows: &'a [Row],
    gini: f64,
    mean: f64,
    weight: f64,
}

impl<'a> Influences<'a> {
    fn of(rows: &'a [Row], gini: f64, mean: f64, weight: f64) -> Self {
        Self { rows, gini, mean, weight }
    }

    /// `2/μ (y F(y) + E[Y; Y > y]) - (G + 1)(1 + y/μ)`, with `F` in the middle of its step.
    fn of_gini(&self) -> Vec<f64> {
        let mut influence = vec![0.0; self.rows.len()];
        let (mut weight_above, mut money_above) = (0.0, 0.0);
        let mut place = 0;
        for equal in self.rows.chunk_by(|a, b| a.0 == b.0) {
            let value = equal[0].0;
            let weight = blocks::sum(equal.len(), |i| equal[i].1);
            let below = 1.0 - (weight_above + weight / 2.0) / self.weight;
            let above = (money_above + value * weight / 2.0) / self.weight;
            let moved = 2.0 / self.mean * (value * below + above)
                - (self.gini + 1.0) * (1.0 + value / self.mean);
            for &(_, weight) in equal {
                influence[place] = moved * weight / self.weight;
                place += 1;
            }
            weight_above += weight;
            money_above += value * weight;
        }
        influence
    }

    /// `((y - Q)⁺ + q Q) / μ - S y/μ`, with `Q` the value above which the best lie.
    fn of_top_share(&self, share: Probability, held: f64) -> Vec<f64> {
        let wanted = share.value() * self.weight;
        let mut reached = 0.0;
        let mut cut = self.rows.first().map_or(0.0, |row| row.0);
        for &(value, weight) in self.rows {
            if reached >= wanted {
                break;
            }
            reached += weight;
            cut = value;
        }
        let moved = |&(value, weight): &Row| {
            let best = (value - cut).max(0.0) + share.value() * cut;
            (best - held * value) / self.mean * weight / self.weight
        };
        self.rows.iter().map(moved).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::exp;
    use crate::value::Concentration;

    fn lognormal(n: usize, sigma: f64, index: u64) -> Vec<Money> {
        let mut stream = Stream::new(11, Purpose::Sample, index);
        (0..n).map(|_| Money::finite(exp(3.0 + sigma * stream.normal()))).collect()
    }

    fn shares() -> Vec<Probability> {
        [0.1, 0.2, 0.33].map(|share| Probability::new(share).unwrap()).to_vec()
    }

    #[test]
    fn the_estimates_are_those_without_intervals() {
        let spend = lognormal(333, 1.0, 0);
        let plain = Concentration::of(&spend).unwrap().unwrap();
        let sure = Resampling::new().replicates(99);
        let found = sure.concentration(&spend, &shares(), &Work::new()).unwrap().unwrap();
        assert!((found.gini.estimate - plain.gini()).abs() < 1e-13);
        for (share, top) in shares().iter().zip(&found.top_shares) {
            assert!((top.estimate - plain.top_share(*share)).abs() < 1e-13);
        }
        let once = sure.weighted_concentration(&spend, &[2.5; 333], &shares(), &Work::new());
        let once = once.unwrap().unwrap();
        assert!((once.gini.estimate - found.gini.estimate).abs() < 1e-13);
        assert!((once.gini.standard_error - found.gini.standard_error).abs() < 1e-13);
        assert!((once.gini.low - found.gini.low).abs() < 1e-12);
    }

    /// Leaving out each customer in turn: the jackknife's error is the linearised one, up to terms
    /// of the order of 1/n.
    #[test]
    fn the_standard_error_is_that_of_the_jackknife() {
        let spend = lognormal(300, 0.8, 1);
        let found = Resampling::new().replicates(99);
        let found = found.concentration(&spend, &shares()[1..2], &Work::new()).unwrap().unwrap();
        let n = spend.len();
        let without = |left_out: usize| {
            let rest: Vec<Money> =
                (0..n).filter(|&row| row != left_out).map(|row| spend[row]).collect();
            Concentration::of(&rest).unwrap().unwrap().gini()
        };
        let all: Vec<f64> = (0..n).map(without).collect();
        let mean = all.iter().sum::<f64>() / n as f64;
        let squares: f64 = all.iter().map(|gini| (gini - mean) * (gini - mean)).sum();
        let jackknife = (squares * (n as f64 - 1.0) / n as f64).sqrt();
        let ratio = found.gini.standard_error / jackknife;
        assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
    }

    /// Standard deviation of the replicates against the linearised error.
    #[test]
    fn resampling_and_linearisation_agree() {
        let spend = lognormal(2000, 0.7, 2);
        let rows: Vec<Row> = {
            let mut rows: Vec<Row> = spend.iter().map(|v| (v.amount(), 1.0)).collect();
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            rows
        };
        let sure = Resampling::new().replicates(499);
        let found = sure.concentration(&spend, &shares(), &Work::new()).unwrap().unwrap();
        let mut sums = vec![(0.0, 0.0); 4];
        for replicate in 0..499 {
            let mut stream = Stream::new(0, Purpose::Resample, replicate);
            let mut drawn = vec![0; rows.len()];
            (0..rows.len()).for_each(|_| drawn[stream.below(2000) as usize] += 1);
            for (sum, value) in sums.iter_mut().zip(statistics(&rows, &drawn, &shares())) {
                *sum = (sum.0 + value, sum.1 + value * value);
            }
        }
        let errors = [found.gini].into_iter().chain(found.top_shares);
        for (estimate, (sum, squares)) in errors.zip(sums) {
            let deviation = (squares / 499.0 - (sum / 499.0) * (sum / 499.0)).sqrt();
            // The deviation of 499 replicates has a relative error of 3 %.
            let ratio = estimate.standard_error / deviation;
            assert!((ratio - 1.0).abs() < 0.15, "{ratio}");
            assert!(estimate.low < estimate.estimate && estimate.estimate < estimate.high);
        }
    }

    #[cfg(feature = "parallel")]
    #[test]
    fn threads_do_not_matter_and_seeds_do() {
        let spend = lognormal(150, 1.2, 3);
        let with = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let sure = Resampling::new().replicates(199).seed(seed);
            pool.install(|| sure.concentration(&spend, &shares(), &Work::new()).unwrap().unwrap())
        };
        assert_eq!(with(1, 5), with(4, 5));
        assert_ne!(with(1, 5), with(1, 6));
    }

    #[test]
    fn what_has_no_interval() {
        let of = |values: &[i64]| {
            let values: Vec<Money> = values.iter().map(|&v| Money::from_minor(v, 0)).collect();
            Resampling::new().replicates(99).concentration(&values, &shares(), &Work::new())
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&[5]).unwrap(), None);
        assert_eq!(of(&[0, 0]).unwrap(), None);
        assert!(of(&[1, -1]).is_err());
        let alike = of(&[4; 30]).unwrap().unwrap();
        assert!(alike.gini.standard_error < 1e-15 && alike.gini.high < 1e-15);
        assert!(Resampling::new().replicates(5).validate().is_err());
        assert!(Resampling::new().confidence(f64::NAN).validate().is_err());
    }
}
