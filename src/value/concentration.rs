//! How much of the value how few customers hold.

use crate::num::blocks;
use crate::num::quantile::sorted;
use crate::units::{Money, Probability};
use crate::value::ValueError;
use crate::value::quantile_groups::check_weights;

mod intervals;

pub use intervals::{ConcentrationIntervals, IntervalEstimate, Resampling};

/// The concentration of value over customers: top shares, the Gini index and the Lorenz curve.
///
/// # Example
///
/// ```
/// use segmentry::units::{Money, Probability};
/// use segmentry::value::Concentration;
///
/// let spend: Vec<Money> = [1, 1, 1, 7].map(|v| Money::from_minor(v, 0)).to_vec();
/// let held = Concentration::of(&spend)?.unwrap();
/// assert_eq!(held.top_share(Probability::new(0.25)?), 0.7);
/// assert!((held.gini() - 0.45).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// Shares of the total held by the best `i` customers, for `i` from 0 to n.
    held: Vec<f64>,
    /// The share of the weight that these have; `None` where all weigh the same.
    reached: Option<Vec<f64>>,
    gini: f64,
}

impl Concentration {
    /// Of values that are not negative. `None` where they add up to nothing.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] for a negative value: a share of a sum of mixed signs is no share.
    ///
    /// # Cost
    ///
    /// One sort.
    pub fn of(values: &[Money]) -> Result<Option<Self>, ValueError> {
        check_not_negative(values)?;
        let ascending = sorted(values.iter().map(|value| value.amount()));
        let n = ascending.len();
        let total = blocks::sum(n, |i| ascending[i]);
        if !(total > 0.0 && total.is_finite()) {
            return Ok(None);
        }
        let weighted = blocks::sum(n, |i| (i as f64 + 1.0) * (ascending[i] / total));
        let gini = (2.0 * weighted - (n as f64 + 1.0)) / n as f64;
        let mut held = Vec::with_capacity(n + 1);
        let mut sum = 0.0;
        held.push(0.0);
        for value in ascending.iter().rev() {
            sum += value;
            held.push((sum / total).min(1.0));
        }
        Ok(Some(Self { held, reached: None, gini: gini.max(0.0) }))
    }

    /// The same where a row stands for as many customers as its weight says, such as those of a
    /// sample. `None` where values times weights add up to nothing.
    ///
    /// The Gini index is that of the population that the weights describe, `1 - Σ p (L + L')` over
    /// the pieces of the Lorenz curve; a weight of two is the same as the row twice.
    ///
    /// # Errors
    ///
    /// [`ValueError::BadValue`] for a negative value or weight; [`ValueError::Length`] where there
    /// is not one weight per value.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::units::Money;
    /// use segmentry::value::Concentration;
    ///
    /// let spend = [1, 7].map(|v| Money::from_minor(v, 0));
    /// let held = Concentration::of_weighted(&spend, &[3.0, 1.0])?.unwrap();
    /// assert!((held.gini() - 0.45).abs() < 1e-15); // as 1, 1, 1, 7
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_weighted(values: &[Money], weights: &[f64]) -> Result<Option<Self>, ValueError> {
        check_not_negative(values)?;
        let (expected, got) = (values.len(), weights.len());
        if expected != got {
            return Err(ValueError::Length { what: "the table of weights", expected, got });
        }
        check_weights(weights)?;
        let mut pairs: Vec<(f64, f64)> =
            values.iter().zip(weights).map(|(value, &weight)| (value.amount(), weight)).collect();
        // Rows that compare as equal are equal, so the order of the input cannot show.
        pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let n = pairs.len();
        let total = blocks::sum(n, |i| pairs[i].0 * pairs[i].1);
        let weight = blocks::sum(n, |i| pairs[i].1);
        if !(total > 0.0 && total.is_finite() && weight.is_finite()) {
            return Ok(None);
        }
        let (mut held, mut reached) = (Vec::with_capacity(n + 1), Vec::with_capacity(n + 1));
        held.push(0.0);
        reached.push(0.0);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (value, weight_of) in pairs {
            sum += value * weight_of;
            weights += weight_of;
            held.push((sum / total).min(1.0));
            reached.push((weights / weight).min(1.0));
        }
        // The best first, the curve lies above the diagonal: the area between is added up.
        let gini =
            blocks::sum(n, |i| (reached[i + 1] - reached[i]) * (held[i] + held[i + 1])) - 1.0;
        Ok(Some(Self { held, reached: Some(reached), gini: gini.max(0.0) }))
    }

    /// The Gini index, without a correction for the number of customers: 0 where all are alike, `1
    /// - 1/n` where one has everything.
    pub fn gini(&self) -> f64 {
        self.gini
    }

    /// The share of the total that the best customers hold; `share` of the customers, rounded up.
    ///
    /// With weights, as many of the best rows as it takes to reach that share of the weight.
    pub fn top_share(&self, share: Probability) -> f64 {
        let n = self.held.len() - 1;
        let customers = match &self.reached {
            None => top_customers(n, share),
            Some(reached) => {
                let wanted = share.value() * (1.0 - LAST_DIGITS);
                reached.partition_point(|&reached| reached < wanted)
            }
        };
        self.held[customers.min(n)]
    }

    /// The Lorenz curve at `points` equal steps: the share of customers, the least valuable first,
    /// and the share of the total that they hold. It begins at (0, 0) and ends at (1, 1).
    pub fn lorenz(&self, points: usize) -> Vec<(f64, f64)> {
        let n = self.held.len() - 1;
        // Between two customers the curve is a straight line.
        let top = |share: f64| match &self.reached {
            None => {
                let position = share * n as f64;
                let whole = (position.floor() as usize).min(n);
                (whole, position - whole as f64)
            }
            Some(reached) => {
                let above = reached.partition_point(|&reached| reached <= share).min(n);
                let (low, high) = (reached[above - 1], reached[above]);
                let part = if high > low { (share - low) / (high - low) } else { 0.0 };
                (above - 1, part.min(1.0))
            }
        };
        (0..=points.max(1))
            .map(|step| {
                let share = step as f64 / points.max(1) as f64;
                let (whole, part) = top(1.0 - share);
                let above = (whole + 1).min(n);
                let top = self.held[whole] + part * (self.held[above] - self.held[whole]);
                (share, (1.0 - top).clamp(0.0, 1.0))
            })
            .collect()
    }
}

/// A product such as 0.3 x 10 may lie a last digit above the whole number that is meant.
const LAST_DIGITS: f64 = 1e-12;

/// How many of `n` customers are that share, rounded up.
fn top_customers(n: usize, share: Probability) -> usize {
    ((share.value() * n as f64 * (1.0 - LAST_DIGITS)).ceil() as usize).min(n)
}

fn check_not_negative(values: &[Money]) -> Result<(), ValueError> {
    values.iter().position(|value| value.amount() < 0.0).map_or(Ok(()), |row| {
        Err(ValueError::BadValue { what: "the value", row, expected: "zero or more" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[i64]) -> Option<Concentration> {
        let values: Vec<Money> = values.iter().map(|&v| Money::from_minor(v, 0)).collect();
        Concentration::of(&values).unwrap()
    }

    #[test]
    fn equality_and_its_opposite() {
        assert!(of(&[3; 7]).unwrap().gini() < 1e-15);
        let one = of(&[0, 0, 0, 0, 9]).unwrap();
        assert!((one.gini() - 0.8).abs() < 1e-15);
        assert_eq!(one.top_share(Probability::new(0.2).unwrap()), 1.0);
        assert_eq!(one.top_share(Probability::new(0.0).unwrap()), 0.0);
    }

    #[test]
    fn a_weight_is_that_many_rows() {
        let values = [40, 3, 3, 0, 11].map(|v| Money::from_minor(v, 0));
        let weights = [1.0, 2.0, 1.0, 4.0, 2.0];
        let weighted = Concentration::of_weighted(&values, &weights).unwrap().unwrap();
        let rows: Vec<i64> = vec![40, 3, 3, 3, 0, 0, 0, 0, 11, 11];
        let plain = of(&rows).unwrap();
        assert!((weighted.gini() - plain.gini()).abs() < 1e-15);
        for tenths in 0..=10 {
            let share = Probability::new(f64::from(tenths) / 10.0).unwrap();
            // Only where a whole row ends is the share of rows one of customers.
            if [0, 1, 3, 6, 10].contains(&tenths) {
                assert!((weighted.top_share(share) - plain.top_share(share)).abs() < 1e-15);
            }
        }
        for (left, right) in weighted.lorenz(10).iter().zip(plain.lorenz(10)) {
            assert!((left.1 - right.1).abs() < 1e-12, "{left:?} {right:?}");
        }
        let once = Concentration::of_weighted(&values, &[0.3; 5]).unwrap().unwrap();
        let plain = of(&[40, 3, 3, 0, 11]).unwrap();
        assert!((once.gini() - plain.gini()).abs() < 1e-15);
        let two_fifths = Probability::new(0.4).unwrap();
        assert!((once.top_share(two_fifths) - plain.top_share(two_fifths)).abs() < 1e-15);
        assert!(Concentration::of_weighted(&values, &[1.0; 4]).is_err());
        assert!(Concentration::of_weighted(&values, &[f64::NAN; 5]).is_err());
        assert_eq!(Concentration::of_weighted(&values, &[0.0; 5]).unwrap(), None);
    }

    #[test]
    fn nothing_is_not_concentrated() {
        assert_eq!(of(&[0, 0]), None);
        assert_eq!(of(&[]), None);
        assert!(Concentration::of(&[Money::new(-1.0).unwrap()]).is_err());
    }

    #[test]
    fn the_lorenz_curve_rises_from_corner_to_corner_below_the_diagonal() {
        let curve = of(&[1, 2, 3, 4, 90]).unwrap().lorenz(50);
        assert_eq!((curve[0], curve[50]), ((0.0, 0.0), (1.0, 1.0)));
        assert!(curve.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert!(curve.iter().all(|&(customers, value)| value <= customers + 1e-12));
        assert!((curve[40].1 - 0.1).abs() < 1e-12); // four of five hold a tenth
    }
}
