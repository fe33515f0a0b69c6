//! What a customer's own mean spend may be, once something was seen of it.
//!
//! A customer's scale ν has a gamma distribution after the purchases as before, of shape `px + q`
//! and rate `γ + xm`; the mean spend is `p / ν`. Everything is kept relative to `p (γ + xm) / (px +
//! q)`, the mean spend at the mean of ν, which stays in range where the parts do not.

use crate::num::gamma_tail::{Gamma, Tail};
use crate::num::real::exp;
use crate::units::{Money, Probability};
use crate::value::SpendRecord;

/// The distribution of a customer's own mean spend, given what was seen.
///
/// An inverse gamma distribution, skewed to the right. It counts the parameters as known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendPosterior {
    shape: f64,
    shape_less_one: f64,
    level: f64,
}

impl SpendPosterior {
    pub(super) fn new(p: f64, q: f64, gamma: f64, seen: Option<SpendRecord>) -> Self {
        let x = seen.map_or(0.0, |record| f64::from(record.purchases));
        let own = p * x;
        let shape = own + q;
        // px + q - 1 to the last digit: what the product and the sum rounded away is added back.
        let product_rest = libm::fma(p, x, -own);
        let back = shape - own;
        let sum_rest = (own - (shape - back)) + (q - back);
        let shape_less_one = (shape - 1.0) + (product_rest + sum_rest);
        let level = match seen {
            Some(record) => (gamma / x + record.mean) * (own / shape),
            None => gamma * (p / q),
        };
        Self { shape, shape_less_one, level }
    }

    /// Shape of the distribution, `px + q`: how much is known.
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// The mean. `None` where it is infinite: a shape of at most 1.
    pub fn mean(&self) -> Option<Money> {
        let mean = self.level * (self.shape / self.shape_less_one);
        (self.shape_less_one > 0.0 && mean.is_finite()).then(|| Money::finite(mean))
    }

    /// The standard deviation. `None` where it is infinite: a shape of at most 2.
    pub fn standard_deviation(&self) -> Option<Money> {
        let less_two = self.shape_less_one - 1.0;
        let deviation = self.mean()?.amount() / less_two.sqrt();
        (less_two > 0.0 && deviation.is_finite()).then(|| Money::finite(deviation))
    }

    /// The mean spend that is not exceeded with this probability. `None` where it is beyond the
    /// largest number.
    ///
    /// ```
    /// use segmentry::units::Probability;
    /// use segmentry::value::GammaGamma;
    ///
    /// // Of shape 1 the scale is exponential: the median of 10 / ν is 10 / ln 2.
    /// let model = GammaGamma::with_parameters(1.0, 1.0, 10.0)?;
    /// let median = model.posterior(None).quantile(Probability::new(0.5)?).expect("finite");
    /// assert!((median.amount() - 10.0 / 2.0_f64.ln()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn quantile(&self, probability: Probability) -> Option<Money> {
        quantile(&Gamma::new(self.shape), self.level, probability.value(), Tail::Upper)
    }

    /// Between these with this probability, half of the rest on either side. `None` where the upper
    /// end is beyond the largest number.
    pub fn interval(&self, level: Probability) -> Option<(Money, Money)> {
        let gamma = Gamma::new(self.shape);
        let beside = 0.5 * (1.0 - level.value());
        let low = quantile(&gamma, self.level, beside, Tail::Upper)?;
        Some((low, quantile(&gamma, self.level, beside, Tail::Lower)?))
    }
}

/// The mean spend where ν has this probability on that side.
fn quantile(gamma: &Gamma, level: f64, probability: f64, tail: Tail) -> Option<Money> {
    let (none, all) = match tail {
        Tail::Upper => (0.0, 1.0),
        Tail::Lower => (1.0, 0.0),
    };
    if probability == none {
        return Some(Money::ZERO);
    }
    if probability == all {
        return None;
    }
    let v = gamma.quantile(probability, tail);
    // In two factors: the second may be beyond the range of numbers where the product is not.
    let half = exp(-0.5 * v);
    let spend = (level * half) * half;
    spend.is_finite().then(|| Money::finite(spend))
}
