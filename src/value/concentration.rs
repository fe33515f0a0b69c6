//! How much of the value how few customers hold.

use crate::num::blocks;
use crate::num::quantile::sorted;
use crate::units::{Money, Probability};
use crate::value::ValueError;

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
        if let Some(row) = values.iter().position(|value| value.amount() < 0.0) {
            return Err(ValueError::BadValue { what: "the value", row, expected: "zero or more" });
        }
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
        Ok(Some(Self { held, gini: gini.max(0.0) }))
    }

    /// The Gini index, without a correction for the number of customers: 0 where all are alike, `1
    /// - 1/n` where one has everything.
    pub fn gini(&self) -> f64 {
        self.gini
    }

    /// The share of the total that the best customers hold; `share` of the customers, rounded up.
    pub fn top_share(&self, share: Probability) -> f64 {
        let n = self.held.len() - 1;
        // A product such as 0.3 x 10 may lie a last digit above the whole number that is meant.
        let customers = (share.value() * n as f64 * (1.0 - 1e-12)).ceil() as usize;
        self.held[customers.min(n)]
    }

    /// The Lorenz curve at `points` equal steps: the share of customers, the least valuable first,
    /// and the share of the total that they hold. It begins at (0, 0) and ends at (1, 1).
    pub fn lorenz(&self, points: usize) -> Vec<(f64, f64)> {
        let n = self.held.len() - 1;
        (0..=points.max(1))
            .map(|step| {
                let share = step as f64 / points.max(1) as f64;
                // Between two customers the curve is a straight line.
                let position = (1.0 - share) * n as f64;
                let whole = (position.floor() as usize).min(n);
                let above = (whole + 1).min(n);
                let top = self.held[whole]
                    + (position - whole as f64) * (self.held[above] - self.held[whole]);
                (share, (1.0 - top).clamp(0.0, 1.0))
            })
            .collect()
    }
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
