//! Gamma-Gamma: how much a customer spends at a purchase.
//!
//! Each customer has a mean spend of their own, which varies over customers and not over time; what
//! was seen of it is pulled towards everybody's mean, the more the fewer purchases there were. The
//! model takes spend and the number of purchases to be independent.

use crate::data::CustomerHistory;
use crate::num::blocks;
use crate::num::newton::{Bounds, Curve, minimise};
use crate::num::real::{exp, ln, ln_1p};
use crate::num::special::{digamma, ln_beta, trigamma};
use crate::units::Money;
use crate::value::fit::conclude;
use crate::value::{FitStatus, Parameter, Refusal, ValueError};
use crate::work::Work;

/// The Gamma-Gamma model of spend per purchase.
///
/// # Example
///
/// ```
/// use segmentry::value::{GammaGamma, SpendRecord};
///
/// // Published for the CDNOW cohort: p 6.25, q 3.74, gamma 15.44.
/// let model = GammaGamma::with_parameters(6.25, 3.74, 15.44)?;
/// let nothing_seen = model.expected_spend(None)?;
/// assert!((nothing_seen.amount() - 35.22).abs() < 0.005);
/// let twice_22_35 = model.expected_spend(Some(SpendRecord::new(2, 22.35)?))?;
/// assert!((twice_22_35.amount() - 24.66).abs() < 0.005);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Fader, P. & Hardie, B. (2013). The Gamma-Gamma model of monetary value. Note 025,
/// brucehardie.com.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GammaGamma {
    min_repeat_customers: u64,
}

impl Default for GammaGamma {
    fn default() -> Self {
        Self { min_repeat_customers: 10 }
    }
}

/// What was seen of a customer's spend: a number of purchases and their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendRecord {
    purchases: u32,
    mean: f64,
}

impl SpendRecord {
    /// At least one purchase, of a mean greater than zero.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`].
    pub fn new(purchases: u32, mean: f64) -> Result<Self, ValueError> {
        if purchases == 0 {
            return Err(ValueError::Param {
                name: "purchases",
                value: 0.0,
                expected: "at least 1",
            });
        }
        if !(mean > 0.0 && mean.is_finite()) {
            return Err(ValueError::Param {
                name: "mean",
                value: mean,
                expected: "finite and greater than 0",
            });
        }
        Ok(Self { purchases, mean })
    }

    /// The repeat purchases of each customer of a history; `None` for those who have none, or paid
    /// nothing for them.
    pub fn of(history: &CustomerHistory) -> Vec<Option<Self>> {
        let record = |row| {
            let purchases = history.repeat_purchases(row);
            let total = history.repeat_gross(row).amount();
            (purchases > 0)
                .then(|| Self::new(purchases, total / f64::from(purchases)).ok())
                .flatten()
        };
        (0..history.n_customers()).map(record).collect()
    }

    /// How many purchases were seen.
    pub fn purchases(&self) -> u32 {
        self.purchases
    }

    /// Their mean.
    pub fn mean(&self) -> Money {
        Money::finite(self.mean)
    }
}

/// A Gamma-Gamma model with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedGammaGamma {
    p: f64,
    q: f64,
    gamma: f64,
    log_likelihood: Option<f64>,
    covariance: Option<[[f64; 3]; 3]>,
    status: FitStatus,
    customers: u64,
}

/// The logarithms of the parameters stay within these, with money in units of its mean.
const RANGE: Bounds = Bounds { low: -9.0, high: 9.0 };
/// A coefficient of variation of the customers' means below this is no variation.
const NO_VARIATION: f64 = 1e-9;

impl GammaGamma {
    /// The model with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses data with fewer customers who bought again; 10 unless set.
    #[must_use]
    pub fn min_repeat_customers(mut self, customers: u64) -> Self {
        self.min_repeat_customers = customers;
        self
    }

    /// The model with known parameters.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless all are positive and finite.
    pub fn with_parameters(p: f64, q: f64, gamma: f64) -> Result<FittedGammaGamma, ValueError> {
        for (name, value) in [("p", p), ("q", q), ("gamma", gamma)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ValueError::Param {
                    name,
                    value,
                    expected: "finite and greater than 0",
                });
            }
        }
        Ok(FittedGammaGamma {
            p,
            q,
            gamma,
            log_likelihood: None,
            covariance: None,
            status: FitStatus::Given,
            customers: 0,
        })
    }

    /// The maximum-likelihood fit to those customers of whom something was seen.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// About fifteen passes over the customers.
    pub fn fit(
        &self,
        spend: &[Option<SpendRecord>],
        work: &Work,
    ) -> Result<FittedGammaGamma, ValueError> {
        let refused = |reason| ValueError::Refused { model: "Gamma-Gamma", reason };
        let seen: Vec<SpendRecord> = spend.iter().flatten().copied().collect();
        let (have, need) = (seen.len() as u64, self.min_repeat_customers.max(2));
        if have < need {
            return Err(refused(Refusal::TooFewRepeatCustomers { have, need }));
        }
        let n = seen.len() as f64;
        let scale = blocks::sum(seen.len(), |i| seen[i].mean / n);
        let variance = blocks::sum(seen.len(), |i| {
            let away = seen[i].mean / scale - 1.0;
            away * away / n
        });
        if variance.sqrt() < NO_VARIATION {
            return Err(refused(Refusal::NoVariation));
        }
        // Money in units of its mean: the fit then does not depend on the currency.
        let start = [2.0, 3.0, 1.0].map(ln);
        let found =
            minimise(start, RANGE, |logs| negative_log_likelihood(&seen, scale, logs, work))?;
        if !found.converged {
            return Err(refused(Refusal::NotConverged));
        }
        let [p, q, gamma] = found.at.map(exp);
        if q <= 1.0 {
            return Err(refused(Refusal::InfiniteMean));
        }
        let names = [Parameter::P, Parameter::Q, Parameter::Gamma];
        let (status, covariance) = conclude(names, [p, q, gamma * scale], &found);
        let log_likelihood = Some(-found.curve.value - n * ln(scale));
        Ok(FittedGammaGamma {
            p,
            q,
            gamma: gamma * scale,
            log_likelihood,
            covariance,
            status,
            customers: have,
        })
    }
}

/// The negative log-likelihood with both derivatives, in the logarithms of p, q, γ.
///
/// A customer with x purchases of mean m contributes
///
/// ```text
/// ln Γ(px+q) - ln Γ(px) - ln Γ(q) + q ln γ + px ln(xm) - ln m - (px+q) ln(γ + xm)
/// ```
///
/// (Fader & Hardie 2013, equation 1a).
fn negative_log_likelihood(
    seen: &[SpendRecord],
    scale: f64,
    logs: &[f64; 3],
    work: &Work,
) -> Result<Curve<3>, ValueError> {
    let parameters = logs.map(exp);
    let [p, q, gamma] = parameters;
    let parts = blocks::map_blocks(seen.len(), work, |block| {
        let (mut value, mut g, mut h) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
        for record in &seen[block] {
            let x = f64::from(record.purchases);
            let mean = record.mean / scale;
            let (total, shape) = (x * mean, p * x);
            let spread = gamma + total;
            // ln(γ + xm) - ln(xm), which is small where a customer's own spend hardly varies (p
            // large, γ small).
            let (log_excess, log_spread) = (ln_1p(gamma / total), ln(spread));
            value +=
                q * (ln(gamma) - log_spread) - ln_beta(shape, q) - shape * log_excess - ln(mean);
            let (joint, joint2) = (digamma(shape + q), trigamma(shape + q));
            g[0] += x * (joint - digamma(shape) - log_excess);
            g[1] += joint - digamma(q) + ln(gamma) - log_spread;
            g[2] += q / gamma - (shape + q) / spread;
            h[0][0] += x * x * (joint2 - trigamma(shape));
            h[0][1] += x * joint2;
            h[0][2] -= x / spread;
            h[1][1] += joint2 - trigamma(q);
            h[1][2] += 1.0 / gamma - 1.0 / spread;
            h[2][2] += (shape + q) / (spread * spread) - q / (gamma * gamma);
        }
        (value, g, h)
    })?;
    let (mut value, mut g, mut h) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
    for (part, slope, curve) in parts {
        value += part;
        for i in 0..3 {
            g[i] += slope[i];
            for j in i..3 {
                h[i][j] += curve[i][j];
            }
        }
    }
    let gradient: [f64; 3] = std::array::from_fn(|i| -parameters[i] * g[i]);
    let hessian = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let own = if i == j { gradient[i] } else { 0.0 };
            own - parameters[i] * parameters[j] * h[i.min(j)][i.max(j)]
        })
    });
    Ok(Curve { value: -value, gradient, hessian })
}

impl FittedGammaGamma {
    /// Shape of a customer's spend over their purchases.
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Shape of the scale of spend over customers.
    pub fn q(&self) -> f64 {
        self.q
    }

    /// Scale of the scale of spend over customers, in money.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// Log-likelihood of the data at the optimum. `None` for given parameters.
    pub fn log_likelihood(&self) -> Option<f64> {
        self.log_likelihood
    }

    /// Covariance of p, q, γ from the curvature at the optimum. `None` unless the fit converged
    /// inside the range.
    pub fn covariance(&self) -> Option<&[[f64; 3]; 3]> {
        self.covariance.as_ref()
    }

    /// How the fit ended.
    pub fn status(&self) -> &FitStatus {
        &self.status
    }

    /// How many customers the model was fitted to.
    pub fn n_customers(&self) -> u64 {
        self.customers
    }

    /// Expected spend at a purchase of a customer of whom this was seen; `None` if nothing was.
    ///
    /// Fader & Hardie (2013), equation 5, in the form `p (γ + x m) / (p x + q - 1)`.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] where the expectation is infinite: nothing seen and q at most 1, or
    /// next to nothing.
    pub fn expected_spend(&self, seen: Option<SpendRecord>) -> Result<Money, ValueError> {
        let (x, total) = seen.map_or((0.0, 0.0), |record| {
            let x = f64::from(record.purchases);
            (x, x * record.mean)
        });
        let below = self.p * x + self.q - 1.0;
        if below <= 0.0 {
            return Err(ValueError::Refused {
                model: "Gamma-Gamma",
                reason: Refusal::InfiniteMean,
            });
        }
        Ok(Money::finite(self.p * (self.gamma + total) / below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    fn sample() -> Vec<Option<SpendRecord>> {
        let record = |i: u32| SpendRecord::new(1 + i % 4, 10.0 + f64::from(i * i % 37)).ok();
        (0..60).map(record).chain([None]).collect()
    }

    #[test]
    fn derivatives_equal_finite_differences() {
        let seen: Vec<_> = sample().into_iter().flatten().collect();
        let at = [0.7, 0.9, -0.3];
        let evaluate =
            |logs: &[f64; 3]| negative_log_likelihood(&seen, 20.0, logs, &Work::new()).unwrap();
        let here = evaluate(&at);
        let step = 1e-5;
        for i in 0..3 {
            let moved = |by: f64| {
                let mut there = at;
                there[i] += by;
                evaluate(&there)
            };
            let (up, down) = (moved(step), moved(-step));
            let slope = (up.value - down.value) / (2.0 * step);
            assert!((slope - here.gradient[i]).abs() < 1e-6 * slope.abs().max(1.0), "{i}: {slope}");
            for j in 0..3 {
                let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                assert!(
                    (curve - here.hessian[i][j]).abs() < 1e-5 * curve.abs().max(1.0),
                    "{i} {j}: {curve}"
                );
            }
        }
    }

    #[test]
    fn the_currency_does_not_matter() {
        let cents: Vec<_> = sample()
            .iter()
            .map(|record| record.map(|r| SpendRecord::new(r.purchases, r.mean * 100.0).unwrap()))
            .collect();
        let euros = GammaGamma::new().fit(&sample(), &Work::new()).unwrap();
        let cents = GammaGamma::new().fit(&cents, &Work::new()).unwrap();
        assert!((euros.p() - cents.p()).abs() < 1e-9 * euros.p());
        assert!((euros.gamma() * 100.0 - cents.gamma()).abs() < 1e-7 * cents.gamma());
    }

    /// Customers differ and each spends alike at every purchase: p wants to be infinite, γ zero.
    /// The forecast is then a customer's own mean.
    #[test]
    fn spend_that_hardly_varies_within_customers_ends_at_the_boundary() {
        // Means from an inverse gamma distribution of shape three, whatever the number of
        // purchases.
        let mut stream = Stream::new(4, Purpose::Sample, 0);
        let mut mean = || -60.0 / ln(stream.uniform() * stream.uniform() * stream.uniform());
        let records: Vec<_> =
            (1..400).map(|i| SpendRecord::new(1 + i * 7 % 40, mean()).ok()).collect();
        let model = GammaGamma::new().fit(&records, &Work::new()).unwrap();
        // The product of p and γ is what the data settle; one of the two meets its bound first.
        let FitStatus::AtBoundary(bound) = model.status() else { panic!("{:?}", model.status()) };
        assert!(bound.contains(&Parameter::P) || bound.contains(&Parameter::Gamma), "{bound:?}");
        assert_eq!(model.covariance(), None);
        for record in records.iter().flatten() {
            let foreseen = model.expected_spend(Some(*record)).unwrap().amount();
            assert!((foreseen / record.mean - 1.0).abs() < 1e-3, "{foreseen} {}", record.mean);
        }
    }

    #[test]
    fn data_that_say_nothing_are_refused() {
        let fit = |records: Vec<Option<SpendRecord>>| {
            GammaGamma::new().fit(&records, &Work::new()).unwrap_err()
        };
        let reason = |error| match error {
            ValueError::Refused { reason, .. } => reason,
            other => panic!("{other}"),
        };
        let few = vec![SpendRecord::new(1, 5.0).ok(); 3];
        assert_eq!(reason(fit(few)), Refusal::TooFewRepeatCustomers { have: 3, need: 10 });
        let alike = vec![SpendRecord::new(2, 5.0).ok(); 50];
        assert_eq!(reason(fit(alike)), Refusal::NoVariation);
    }

    #[test]
    fn an_infinite_mean_is_said_and_never_negative() {
        let model = GammaGamma::with_parameters(2.0, 0.8, 10.0).unwrap();
        assert!(model.expected_spend(None).is_err());
        assert!(model.expected_spend(SpendRecord::new(1, 10.0).ok()).unwrap().amount() > 0.0);
        assert!(
            SpendRecord::new(0, 1.0).is_err()
                && SpendRecord::new(1, 0.0).is_err()
                && SpendRecord::new(1, f64::NAN).is_err()
        );
    }
}
