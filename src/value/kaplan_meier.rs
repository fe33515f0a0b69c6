//! Kaplan-Meier: how many customers are still there after a time, with no model at all.
//!
//! The baseline that a model of contracts has to beat inside the data, and the honest end of what
//! the data say: beyond the longest tenure observed there is no estimate, and none is made up.

use serde::Serialize;

use crate::num::interval::two_sided;
use crate::num::real::{exp, ln, ln_1p};
use crate::units::{Days, Probability};
use crate::value::ValueError;

/// How long one customer was there, and whether that was the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenure {
    length: Days,
    running: bool,
}

impl Tenure {
    /// A customer who left after so long.
    pub fn ended(length: Days) -> Self {
        Self { length, running: false }
    }

    /// A customer who is still there after so long: right-censored.
    #[doc(alias = "censored")]
    pub fn running(length: Days) -> Self {
        Self { length, running: true }
    }

    /// How long.
    pub fn length(&self) -> Days {
        self.length
    }

    /// Whether the customer left.
    pub fn has_ended(&self) -> bool {
        !self.running
    }
}

/// One step of the survival curve: a length of tenure at which customers left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SurvivalStep {
    /// The tenure.
    pub after: Days,
    /// Customers who were there until then and could have left.
    pub at_risk: f64,
    /// Customers who left.
    pub ended: f64,
    /// The share of all customers that stays longer.
    pub survival: Probability,
    /// Greenwood's standard error of that share. `None` from where nobody is left, because the
    /// formula has no value there.
    pub standard_error: Option<f64>,
}

impl SurvivalStep {
    /// The interval of the share on the scale of `ln(-ln S)`, which stays between 0 and 1.
    ///
    /// `None` where the standard error is `None`.
    ///
    /// Kalbfleisch & Prentice (1980), section 1.3.
    pub fn interval(&self, confidence: Probability) -> Option<[f64; 2]> {
        let error = self.standard_error?;
        let share = self.survival.value();
        let log = ln(share);
        let reach = two_sided(confidence.value()) * error / (share * -log);
        if !reach.is_finite() {
            return (confidence.value() >= 1.0).then_some([0.0, 1.0]);
        }
        Some([exp(log * exp(reach)), exp(log * exp(-reach))])
    }
}

/// A mean tenure within a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MeanSurvival {
    /// Expected days until the customer leaves or the limit is reached.
    pub days: f64,
    /// Its standard error. `None` where nobody is left before the limit.
    pub standard_error: Option<f64>,
}

/// The survival curve of customers by their tenure.
///
/// # Example
///
/// ```
/// use segmentry::units::{Days, Probability};
/// use segmentry::value::{KaplanMeier, Tenure};
///
/// let (left, there) = (|d| Tenure::ended(Days::new(d)), |d| Tenure::running(Days::new(d)));
/// let curve = KaplanMeier::of([left(30), left(60), there(45), there(90)].map(|t| (t, 1.0)))?;
/// assert_eq!(curve.survival(Days::new(30)).unwrap().value(), 0.75); // 3 of 4 stay longer
/// assert_eq!(curve.survival(Days::new(60)).unwrap().value(), 0.375); // and 1 of the last 2
/// assert_eq!(curve.survival(Days::new(91)), None); // nobody was observed for so long
/// assert_eq!(curve.median(), Some(Days::new(60)));
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations.
/// *Journal of the American Statistical Association* 53, 457-481.
/// Greenwood, M. (1926). The natural duration of cancer. *Reports on Public Health and Medical
/// Subjects* 33, 1-26.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KaplanMeier {
    steps: Vec<SurvivalStep>,
    longest: Days,
    customers: f64,
}

impl KaplanMeier {
    /// The curve of tenures, each of which stands for so many customers. A customer who is still
    /// there at a length counts as there when others leave at it.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] for a weight that is not finite or negative;
    /// [`ValueError::Param`] where the weights add up to nothing or to more than can be counted.
    pub fn of(tenures: impl IntoIterator<Item = (Tenure, f64)>) -> Result<Self, ValueError> {
        let mut tenures: Vec<_> = tenures.into_iter().collect();
        for (row, &(_, weight)) in tenures.iter().enumerate() {
            if !(weight >= 0.0 && weight.is_finite()) {
                let expected = "finite and not negative";
                return Err(ValueError::BadValue { what: "a weight", row, expected });
            }
        }
        tenures.retain(|&(_, weight)| weight > 0.0);
        // By weight last, so that the order of the rows does not change a bit of the sums.
        tenures.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut customers = 0.0;
        for &(_, weight) in tenures.iter().rev() {
            customers += weight;
        }
        let longest = tenures.last().map(|(tenure, _)| tenure.length);
        let (Some(longest), true) = (longest, customers.is_finite()) else {
            let expected = "finite and greater than 0";
            return Err(ValueError::Param { name: "customers", value: customers, expected });
        };
        Ok(Self { steps: steps(&tenures), longest, customers })
    }

    /// The lengths of tenure at which customers left, in ascending order.
    pub fn steps(&self) -> &[SurvivalStep] {
        &self.steps
    }

    /// The longest tenure observed, beyond which nothing is known.
    pub fn longest(&self) -> Days {
        self.longest
    }

    /// The sum of the weights.
    pub fn n_customers(&self) -> f64 {
        self.customers
    }

    /// The share of customers who stay longer. `None` beyond the longest tenure, unless nobody was
    /// left there.
    pub fn survival(&self, after: Days) -> Option<Probability> {
        let step = self.last_step(after);
        let share = step.map_or(Probability::clamped(1.0), |step| step.survival);
        (after <= self.longest || share.value() == 0.0).then_some(share)
    }

    /// The step that holds at a tenure: the last one up to it. `None` before the first.
    pub fn last_step(&self, after: Days) -> Option<&SurvivalStep> {
        let later = self.steps.partition_point(|step| step.after <= after);
        later.checked_sub(1).map(|i| &self.steps[i])
    }

    /// Of the customers who stay longer than `from`, the share that stays longer than `until`.
    ///
    /// `None` beyond the longest tenure, and where nobody stays longer than `from`.
    pub fn retention(&self, from: Days, until: Days) -> Option<Probability> {
        let (before, after) =
            (self.survival(from)?.value(), self.survival(until.max(from))?.value());
        (before > 0.0).then(|| Probability::clamped(after / before))
    }

    /// The first tenure that no more than half of the customers exceed. `None` where more than half
    /// stay longer than the last step.
    pub fn median(&self) -> Option<Days> {
        self.first_at_most_half(|step| Some(step.survival.value()))
    }

    /// The interval of the median: the tenures at which the lower and the upper end of the share's
    /// interval come down to a half. An end is `None` where it does not.
    ///
    /// Brookmeyer & Crowley (1982), on the scale of [`SurvivalStep::interval`].
    pub fn median_interval(&self, confidence: Probability) -> [Option<Days>; 2] {
        [0, 1].map(|end| {
            self.first_at_most_half(|step| {
                step.interval(confidence)
                    .map(|ends| ends[end])
                    .or((step.survival.value() == 0.0).then_some(0.0))
            })
        })
    }

    fn first_at_most_half(&self, of: impl Fn(&SurvivalStep) -> Option<f64>) -> Option<Days> {
        // A product of shares misses the half it stands for by its rounding.
        const HALF: f64 = 0.5 + 1e-12;
        let reached = |step: &&SurvivalStep| of(step).is_some_and(|share| share <= HALF);
        self.steps.iter().find(reached).map(|step| step.after)
    }

    /// The mean of tenures, each counted up to `limit`: the area under the curve up to there.
    ///
    /// `None` for a limit beyond the longest tenure, unless nobody was left there.
    ///
    /// The standard error is `√ Σ A(t)² d / (n (n - d))` over the steps, with A(t) the area from t
    /// to the limit (Klein & Moeschberger 2003, section 4.5).
    #[doc(alias = "restricted mean")]
    pub fn mean_within(&self, limit: Days) -> Option<MeanSurvival> {
        self.survival(limit)?;
        let inside = self.steps.partition_point(|step| step.after < limit);
        let steps = &self.steps[..inside];
        let (mut area, mut variance, mut until) = (0.0, Some(0.0), f64::from(limit.count()));
        for step in steps.iter().rev() {
            let from = f64::from(step.after.count());
            area += step.survival.value() * (until - from);
            until = from;
            let rest = step.at_risk - step.ended;
            if area > 0.0 {
                variance = variance
                    .filter(|_| rest > 0.0)
                    .map(|variance| variance + area * area * (step.ended / (step.at_risk * rest)));
            }
        }
        let standard_error = variance.map(f64::sqrt);
        Some(MeanSurvival { days: area + until, standard_error })
    }
}

/// The curve from tenures in ascending order, those that ended before those that did not.
fn steps(tenures: &[(Tenure, f64)]) -> Vec<SurvivalStep> {
    // Numbers at risk are added up from the end, so that the last of them is exact.
    let groups: Vec<_> = tenures.chunk_by(|a, b| a.0.length == b.0.length).collect();
    let mut counted = Vec::with_capacity(groups.len());
    let mut at_risk = 0.0;
    for group in groups.iter().rev() {
        let mut ended = 0.0;
        let mut there = 0.0;
        for &(tenure, weight) in group.iter() {
            if tenure.has_ended() { ended += weight } else { there += weight }
        }
        let rest = at_risk + there;
        at_risk = rest + ended;
        counted.push((group[0].0.length, at_risk, ended, rest));
    }
    let (mut log_survival, mut gone, mut greenwood) = (0.0, false, 0.0);
    let mut steps = Vec::new();
    for &(after, at_risk, ended, rest) in counted.iter().rev().filter(|group| group.2 > 0.0) {
        gone |= rest <= 0.0;
        if !gone {
            log_survival += ln_1p(-ended / at_risk);
            greenwood += ended / (at_risk * rest);
        }
        let survival = if gone { 0.0 } else { exp(log_survival) };
        let standard_error = (!gone).then(|| survival * f64::sqrt(greenwood));
        let survival = Probability::clamped(survival);
        steps.push(SurvivalStep { after, at_risk, ended, survival, standard_error });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(days: u32) -> (Tenure, f64) {
        (Tenure::ended(Days::new(days)), 1.0)
    }

    fn there(days: u32) -> (Tenure, f64) {
        (Tenure::running(Days::new(days)), 1.0)
    }

    #[track_caller]
    fn close(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-14 * want.abs().max(1.0), "got {got}, want {want}");
    }

    /// Without censoring the curve is the share left, its error that of a binomial share, and the
    /// mean within the longest tenure the mean.
    #[test]
    fn without_censoring_it_counts() {
        let days = [3, 5, 5, 8, 13];
        let curve = KaplanMeier::of(days.map(left)).unwrap();
        for day in 0..20 {
            let share = days.iter().filter(|&&d| d > day).count() as f64 / 5.0;
            close(curve.survival(Days::new(day)).unwrap().value(), share);
            if let Some(error) = curve.last_step(Days::new(day)).and_then(|s| s.standard_error) {
                close(error, (share * (1.0 - share) / 5.0).sqrt());
            }
        }
        let mean = curve.mean_within(Days::new(13)).unwrap();
        close(mean.days, 34.0 / 5.0);
        // The variance of a mean with divisor n².
        let squares: f64 = days.iter().map(|&d| (f64::from(d) - 6.8) * (f64::from(d) - 6.8)).sum();
        close(mean.standard_error.unwrap(), squares.sqrt() / 5.0);
        assert_eq!(curve.median(), Some(Days::new(5)));
        assert_eq!(curve.steps().last().unwrap().standard_error, None);
        close(curve.retention(Days::new(3), Days::new(8)).unwrap().value(), 0.25);
        assert_eq!(curve.retention(Days::new(13), Days::new(14)), None);
    }

    #[test]
    fn weights_are_customers() {
        let rows = [left(2), there(3), left(4), left(9), there(9)];
        let twice = rows.iter().chain(&rows).copied();
        let weighted = rows.map(|(tenure, _)| (tenure, 2.0));
        let (twice, weighted) =
            (KaplanMeier::of(twice).unwrap(), KaplanMeier::of(weighted).unwrap());
        assert_eq!(twice, weighted);
        let nobody = KaplanMeier::of(rows.into_iter().chain([(left(1).0, 0.0)])).unwrap();
        assert_eq!(nobody, KaplanMeier::of(rows).unwrap());
    }

    #[test]
    fn the_order_of_rows_makes_no_difference() {
        let mut rows = [(0.1, 3), (0.7, 3), (0.3, 3), (1e9, 8), (0.2, 9), (0.4, 9)]
            .map(|(weight, days)| (left(days).0, weight));
        let curve = KaplanMeier::of(rows).unwrap();
        rows.reverse();
        rows.rotate_left(2);
        assert_eq!(KaplanMeier::of(rows).unwrap(), curve);
    }

    #[test]
    fn nobody_left_and_nobody_known() {
        let all_there = KaplanMeier::of([there(5), there(9)]).unwrap();
        assert!(all_there.steps().is_empty());
        assert_eq!(all_there.survival(Days::new(9)).unwrap().value(), 1.0);
        assert_eq!(all_there.survival(Days::new(10)), None);
        assert_eq!(all_there.median(), None);
        assert_eq!(all_there.median_interval(Probability::new(0.95).unwrap()), [None, None]);
        let mean = all_there.mean_within(Days::new(9)).unwrap();
        assert_eq!((mean.days, mean.standard_error), (9.0, Some(0.0)));
        assert_eq!(all_there.mean_within(Days::new(10)), None);
        assert!(KaplanMeier::of([]).is_err());
        for weight in [-1.0, f64::NAN, f64::INFINITY] {
            let error = KaplanMeier::of([left(1), (left(2).0, weight)]).unwrap_err();
            assert!(matches!(error, ValueError::BadValue { row: 1, .. }));
        }
        assert!(KaplanMeier::of([(left(1).0, f64::MAX), (left(2).0, f64::MAX)]).is_err());
    }

    #[test]
    fn intervals_stay_between_none_and_all() {
        let curve = KaplanMeier::of((1..40).map(|d| if d % 3 == 0 { there(d) } else { left(d) }));
        let curve = curve.unwrap();
        for confidence in [0.0, 0.5, 0.95, 0.999_999, 1.0] {
            let confidence = Probability::new(confidence).unwrap();
            for step in curve.steps() {
                let share = step.survival.value();
                let Some([low, high]) = step.interval(confidence) else { continue };
                assert!(0.0 <= low && low <= share + 1e-15, "{low} {share}");
                assert!(share - 1e-15 <= high && high <= 1.0, "{high} {share}");
            }
        }
    }
}
