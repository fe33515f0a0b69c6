//! Is every segment's value known well enough to decide on it?

use serde::Serialize;

use crate::num::interval::{approximate_bootstrap, two_sided};
use crate::units::{Money, SegmentId};
use crate::validate::{Detail, Evidence, Finding, Outcome, SegmentCheck, ValidateError};
use crate::value::Worth;
use crate::work::Work;

/// Every segment's value is quantified: half its interval is at most this share of it.
///
/// The interval says what would vary if the customers had been other ones: customers are resampled
/// from the whole base, so that both a segment's size and its members vary; the models behind the
/// values and the borders of the segments are held. It is the approximate bootstrap interval of
/// DiCiccio & Efron (1992), at 95 %, in closed form.
///
/// Future value is judged where there is one, and current value otherwise. The default of 10 % is a
/// policy, and yours to set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueQuantified {
    /// Half the interval, at most this share of the value.
    pub max_half_width: f64,
}

impl Default for ValueQuantified {
    fn default() -> Self {
        Self { max_half_width: 0.1 }
    }
}

/// A total and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The total.
    pub total: Money,
    /// Lower end; `None` where the values are too few or too skewed for one.
    pub low: Option<Money>,
    /// Upper end.
    pub high: Option<Money>,
}

/// A segment's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SegmentValue {
    /// Which segment.
    pub segment: SegmentId,
    /// Its name.
    pub name: String,
    /// Customers of whom a value is known.
    pub customers: usize,
    /// Current value of all of them.
    pub current: Interval,
    /// Future value of all of them; `None` where no future could be estimated.
    pub future: Option<Interval>,
}

impl SegmentCheck for ValueQuantified {
    fn name(&self) -> &str {
        "value is quantified"
    }

    fn assess(&self, evidence: &Evidence<'_>, work: &Work) -> Result<Finding, ValidateError> {
        if !(self.max_half_width > 0.0 && self.max_half_width.is_finite()) {
            let value = self.max_half_width;
            return Err(ValidateError::Param {
                name: "max_half_width",
                value,
                expected: "finite and greater than 0",
            });
        }
        let could_not = |why: &str| Finding::new(self.name(), Outcome::CouldNotBeMade, why);
        let Some(value) = evidence.known_value() else {
            return Ok(could_not("no values were given").mend("value the customers first"));
        };
        let segmentation = evidence.segmentation();
        let rows = segmentation.ids().rows_in(value.ids());
        if rows.iter().any(Option::is_none) {
            return Ok(could_not("some customers of the segmentation have no value"));
        }
        let worth: Vec<&Worth> = rows.iter().flatten().map(|&row| &value.rows()[row]).collect();
        let has_future = worth.iter().all(|worth| worth.rates.is_some());
        let mut values = Vec::new();
        for segment in segmentation.segments() {
            work.check()?;
            let member: Vec<bool> =
                (0..worth.len()).map(|row| segmentation.contains(segment, row)).collect();
            let future = |row: usize| worth[row].future().map_or(0.0, Money::amount);
            values.push(SegmentValue {
                segment,
                name: segmentation.names()[segment.index()].clone(),
                customers: member.iter().filter(|&&is| is).count(),
                current: interval(&member, |row| worth[row].current.amount()),
                future: has_future.then(|| interval(&member, future)),
            });
        }
        Ok(self.judge(&values).detail(Detail::Values(values)))
    }
}

/// A segment's total as a mean over the whole base, of values that are zero outside the segment.
fn interval(member: &[bool], value: impl Fn(usize) -> f64) -> Interval {
    let inside = |row: usize| if member[row] { value(row) } else { 0.0 };
    let n = member.len();
    let total = crate::num::blocks::sum(n, inside);
    let ends = approximate_bootstrap(n, inside, two_sided(0.95));
    let scaled = |end: f64| Money::finite(end * n as f64);
    Interval {
        total: Money::finite(total),
        low: ends.map(|(low, _)| scaled(low)),
        high: ends.map(|(_, high)| scaled(high)),
    }
}

impl Interval {
    /// Half its length as a share of the total; `None` where there is no interval or no total.
    pub fn half_width(&self) -> Option<f64> {
        let (low, high) = (self.low?, self.high?);
        let total = self.total.amount().abs();
        (total > 0.0).then(|| 0.5 * (high.amount() - low.amount()) / total)
    }
}

impl ValueQuantified {
    fn judge(&self, values: &[SegmentValue]) -> Finding {
        let which =
            if values.iter().all(|value| value.future.is_some()) { "future" } else { "current" };
        let judged = |value: &SegmentValue| value.future.unwrap_or(value.current).half_width();
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let mut widest: Option<(f64, &str)> = None;
        for value in values {
            let Some(half) = judged(value) else {
                let reason = format!(
                    "the {which} value of {} has no interval: too few customers, or too skewed",
                    value.name
                );
                return Finding::new(self.name(), Outcome::CouldNotBeMade, reason);
            };
            if widest.is_none_or(|(most, _)| half > most) {
                widest = Some((half, &value.name));
            }
        }
        let Some((half, name)) = widest else {
            return Finding::new(self.name(), Outcome::CouldNotBeMade, "there are no segments");
        };
        let reason = format!(
            "each segment's {which} value is known to within {} of itself (least well: {name}); the policy is {}",
            percent(half),
            percent(self.max_half_width)
        );
        if half <= self.max_half_width {
            Finding::new(self.name(), Outcome::Pass, reason)
        } else {
            Finding::new(self.name(), Outcome::Fail, reason)
                .mend("larger segments, a longer observation, or a policy that fits the decision")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody in the segment with the same value: what varies is the size, a binomial count.
    #[test]
    fn the_interval_of_equal_values_is_that_of_the_count() {
        let member: Vec<bool> = (0..1000).map(|row| row < 300).collect();
        let interval = interval(&member, |_| 2.0);
        assert_eq!(interval.total.amount(), 600.0);
        let standard_error = 2.0 * (1000.0_f64 * 0.3 * 0.7).sqrt();
        assert!((interval.half_width().unwrap() - 1.96 * standard_error / 600.0).abs() < 1e-3);
    }
}
