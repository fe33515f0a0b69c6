//! BG/CNBD-k and MBG/CNBD-k: customers who buy at regular times.
//!
//! The plain models let purchases fall at random, so that a long silence after steady buying says
//! little. Many people buy groceries every week; then the same silence says much, and a model that
//! knows it tells earlier who has left. Times between purchases are Erlang-k: k = 1 is random, and
//! the larger k, the more regular. Everything here is the plain model's with every purchase the
//! last of k hidden events.

mod batch;
pub(super) mod fit;
pub(super) mod likelihood;
mod rhythm;

use crate::num::newton::{Bounds, Curve};
use crate::num::real::ln;
use crate::units::{Days, Probability};
use crate::value::beta_geometric::forecast::{last_of_worth, purchases_of_one_who_stays};
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::{FittedBetaGeometric, Settings};
use crate::value::fit::Outcome;
use crate::value::saved::SavedFit;
use crate::value::{
    Discount, FitStatus, Horizon, Parameter, PurchaseRecord, PurchaseSummary, SavedModelError,
    ValueError,
};
use crate::work::{Cancelled, Work};
use likelihood::{Phases, events};
pub use rhythm::PurchaseRhythm;

/// BG/NBD for customers who buy at regular times.
///
/// Choose it over [`MbgCnbd`] to compare with the literature: it calls customers without a repeat
/// purchase alive for certain.
///
/// # References
///
/// Reutterer, T., Platzer, M. & Schröder, N. (2021). Leveraging purchase regularity for predicting
/// customer behavior the easy way. *International Journal of Research in Marketing* 38, 194-215.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BgCnbd {
    settings: Settings,
    regularity: Regularity,
}

/// MBG/NBD for customers who buy at regular times.
///
/// Choose it over [`MbgNbd`](crate::value::MbgNbd) where purchases recur, as groceries do. On data
/// without regularity it chooses k = 1 and is the plain model.
///
/// # Example
///
/// ```
/// use segmentry::value::{MbgCnbd, PurchaseRecord};
///
/// // Weekly for ten weeks, then silent for three.
/// let customer = PurchaseRecord::new(10, 70.0, 91.0)?;
/// let random = MbgCnbd::with_parameters(1, 2.0, 2.0, 0.5, 4.0)?;
/// let regular = MbgCnbd::with_parameters(4, 2.0, 0.5, 0.5, 4.0)?;
/// assert!(random.p_alive(&customer).value() > 0.6);
/// assert!(regular.p_alive(&customer).value() < 0.2);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Reutterer, T., Platzer, M. & Schröder, N. (2021). Leveraging purchase regularity for predicting
/// customer behavior the easy way. *International Journal of Research in Marketing* 38, 194-215.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MbgCnbd {
    settings: Settings,
    regularity: Regularity,
}

/// How k comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Regularity {
    Known(u32),
    #[default]
    Chosen,
}

/// The largest k that is accepted: beyond it customers are clockwork.
const LARGEST: u32 = 1000;

/// The purchases ahead that an expectation counts at most; nobody who stays makes more.
const COUNTED: usize = 1 << 18;

macro_rules! model {
    ($name:ident, $variant:ident) => {
        impl $name {
            /// The model with its defaults: k is the one of 1 to 12 with the largest likelihood.
            pub fn new() -> Self {
                Self::default()
            }

            /// Takes this k instead of choosing one.
            #[must_use]
            pub fn regularity(mut self, k: u32) -> Self {
                self.regularity = Regularity::Known(k);
                self
            }

            /// Refuses data with fewer customers who bought again; 10 unless set.
            #[must_use]
            pub fn min_repeat_customers(mut self, customers: u64) -> Self {
                self.settings.min_repeat_customers = customers;
                self
            }

            /// Checks the parameters; `fit` calls this first.
            ///
            /// # Errors
            ///
            /// [`ValueError::Param`] for a k that is not from 1 to 1000.
            pub fn validate(&self) -> Result<(), ValueError> {
                match self.regularity {
                    Regularity::Known(k) => checked(k).map(|_| ()),
                    Regularity::Chosen => Ok(()),
                }
            }

            /// The model with known parameters; the rates are those of hidden events per week, of
            /// which every k-th is a purchase.
            ///
            /// # Errors
            ///
            /// [`ValueError::Param`] unless k is from 1 to 1000 and all others are positive and
            /// finite.
            pub fn with_parameters(
                k: u32,
                r: f64,
                alpha: f64,
                a: f64,
                b: f64,
            ) -> Result<FittedCnbd, ValueError> {
                let hidden = FittedBetaGeometric::known(Variant::$variant, [r, alpha, a, b])?;
                Ok(FittedCnbd { k: checked(k)?, hidden })
            }

            /// The maximum-likelihood fit.
            ///
            /// # Errors
            ///
            /// [`ValueError::Refused`] with the reason; [`ValueError::Param`];
            /// [`ValueError::Cancelled`].
            ///
            /// # Cost
            ///
            /// For each k about ten passes over the distinct records, k steps for each.
            pub fn fit(
                &self,
                rhythm: &PurchaseRhythm,
                work: &Work,
            ) -> Result<FittedCnbd, ValueError> {
                self.validate()?;
                let variant = Variant::$variant;
                fit::fit_regular(variant, self.settings, self.regularity, rhythm, work)
            }
        }
    };
}
model!(BgCnbd, BgNbd);
model!(MbgCnbd, MbgNbd);

fn checked(k: u32) -> Result<u32, ValueError> {
    if (1..=LARGEST).contains(&k) {
        return Ok(k);
    }
    Err(ValueError::Param { name: "k", value: f64::from(k), expected: "from 1 to 1000" })
}

/// A BG/CNBD-k or MBG/CNBD-k with its parameters.
///
/// Forecasts are exact sums over the hidden events, not the approximation of the paper; with k = 1
/// they are those of the plain model. With k above 1, expectations count no more than 262,144
/// purchases of a customer.
///
/// # Cost
///
/// Forecasts take k times as many steps as a fast buyer has hidden events by the horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedCnbd {
    k: u32,
    /// The parameters, read as those of hidden events.
    hidden: FittedBetaGeometric,
}

impl FittedCnbd {
    /// The same k with other parameters.
    pub(in crate::value) fn at(&self, parameters: [f64; 4]) -> Self {
        Self { k: self.k, hidden: self.hidden.at(parameters) }
    }

    /// The fit of the same k to other customers, from where this one stands. It has no
    /// log-likelihood, because the times between their purchases are not asked for.
    pub(in crate::value) fn refit(
        &self,
        base: &PurchaseSummary,
        work: &Work,
    ) -> Result<Self, ValueError> {
        let mut fitted = if self.k == 1 {
            self.hidden.refit(base, work)?
        } else {
            let start = self.hidden.values().map(ln);
            fit::refuse_too_few(self.hidden.variant, Settings::default(), base)?;
            fit::fit_from(self.hidden.variant, self.k, start, base, work)?
        };
        fitted.outcome.log_likelihood = None;
        Ok(Self { k: self.k, hidden: fitted })
    }

    /// The likelihood of a base at this k, in the logarithms of the other parameters.
    pub(in crate::value) fn negative_log_likelihood(
        &self,
        base: &PurchaseSummary,
        logs: &[f64; 4],
        work: &Work,
    ) -> Result<Curve<4>, Cancelled> {
        fit::negative_log_likelihood(self.hidden.variant, self.k, base, logs, work)
    }

    /// The range of the logarithms.
    pub(in crate::value) fn bounds(&self) -> Bounds {
        super::fit::RANGE
    }

    /// How the fit came out.
    pub(in crate::value) fn outcome(&self) -> &Outcome<4> {
        &self.hidden.outcome
    }

    /// The model that a saved fit is of.
    pub(in crate::value) fn restored(
        name: &str,
        k: u32,
        fit: &SavedFit,
    ) -> Result<Self, SavedModelError> {
        let invalid = |_| SavedModelError::Invalid { what: "k", expected: "from 1 to 1000" };
        let k = checked(k).map_err(invalid)?;
        Ok(Self { k, hidden: FittedBetaGeometric::restored(name, fit)? })
    }

    /// Whether dropout can be told apart from none; see
    /// [`FittedBetaGeometric::sees_dropout`](crate::value::FittedBetaGeometric::sees_dropout).
    pub fn sees_dropout(&self) -> Option<bool> {
        self.hidden.sees_dropout()
    }

    /// `BG/CNBD-k` or `MBG/CNBD-k`.
    pub fn name(&self) -> &'static str {
        self.hidden.variant.regular_name()
    }

    /// The degree of regularity: 1 is random timing.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// The parameters but for k, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        self.hidden.parameters()
    }

    /// Shape of the gamma distribution of the rates of hidden events.
    pub fn r(&self) -> f64 {
        self.hidden.r
    }

    /// Scale of the gamma distribution of the rates of hidden events, in weeks.
    pub fn alpha(&self) -> f64 {
        self.hidden.alpha
    }

    /// First shape of the beta distribution of dropout probabilities.
    pub fn a(&self) -> f64 {
        self.hidden.a
    }

    /// Second shape of the beta distribution of dropout probabilities.
    pub fn b(&self) -> f64 {
        self.hidden.b
    }

    /// Log-likelihood of the data at the optimum, time in weeks, with what depends on the times
    /// between purchases alone. `None` for given parameters.
    pub fn log_likelihood(&self) -> Option<f64> {
        self.hidden.log_likelihood()
    }

    /// Covariance of r, α, a, b at the fitted k. `None` unless the fit converged inside the range.
    pub fn covariance(&self) -> Option<&[[f64; 4]; 4]> {
        self.hidden.covariance()
    }

    /// How the fit ended.
    pub fn status(&self) -> &FitStatus {
        self.hidden.status()
    }

    /// Steps of the search at the fitted k.
    pub fn iterations(&self) -> usize {
        self.hidden.iterations()
    }

    /// Log-likelihood of one customer's record, time in weeks, without what depends on the times
    /// between purchases alone: `(k-1) Σ ln t - x ln Γ(k)`.
    pub fn log_likelihood_of(&self, record: &PurchaseRecord) -> f64 {
        if self.k == 1 {
            return self.hidden.log_likelihood_of(record);
        }
        likelihood::log_likelihood(self.hidden.variant, self.k, record, self.hidden.values())
    }

    /// The probability that the customer has not dropped out.
    pub fn p_alive(&self, record: &PurchaseRecord) -> Probability {
        Probability::clamped(1.0 / (1.0 + self.odds_gone(record)))
    }

    /// The probability that the customer will still be there so many days after the observation.
    pub fn p_alive_after(&self, record: &PurchaseRecord, days: Days) -> Probability {
        if self.k == 1 {
            return self.hidden.p_alive_after(record, days);
        }
        let ahead = self.ahead(record, days.in_weeks(), None);
        let mut stays = 1.0;
        let mut survival = 0.0;
        for (m, exactly) in ahead.exactly.iter().enumerate() {
            survival += exactly * stays;
            stays *= self.survives(record, m);
        }
        Probability::clamped(self.p_alive(record).value() * survival)
    }

    /// The probability that the customer buys at least once in the `horizon` after the observation.
    pub fn p_active(&self, record: &PurchaseRecord, horizon: Days) -> Probability {
        if self.k == 1 {
            return self.hidden.p_active(record, horizon);
        }
        let ahead = self.ahead(record, horizon.in_weeks(), Some(0));
        Probability::clamped(self.p_alive(record).value() * ahead.more[0])
    }

    /// Expected number of purchases in the `horizon` after the observation.
    pub fn expected_purchases(&self, record: &PurchaseRecord, horizon: Days) -> f64 {
        if self.k == 1 {
            return self.hidden.expected_purchases(record, horizon);
        }
        self.p_alive(record).value() * self.purchases_if_alive(record, horizon.in_weeks())
    }

    /// The probabilities of 0, 1, .. `up_to` purchases in the `horizon` after the observation.
    ///
    /// What they leave of one is the probability of more.
    pub fn purchase_distribution(
        &self,
        record: &PurchaseRecord,
        horizon: Days,
        up_to: u32,
    ) -> Vec<f64> {
        let odds = self.odds_gone(record);
        let (alive, gone) = (1.0 / (1.0 + odds), 1.0 / (1.0 + 1.0 / odds));
        let Ahead { exactly: mut chances, more } =
            self.ahead(record, horizon.in_weeks(), Some(up_to as usize));
        let mut stays = 1.0;
        for m in 1..chances.len() {
            let survives = self.survives(record, m - 1);
            chances[m] = stays * (chances[m] + (1.0 - survives) * more[m]);
            stays *= survives;
        }
        for chance in &mut chances {
            *chance *= alive;
        }
        chances[0] += gone;
        chances
    }

    /// Expected purchases over the `horizon`, each worth less the later it comes.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a forecast without end and without discount where a is at most 1:
    /// it is infinite.
    pub fn discounted_purchases(
        &self,
        record: &PurchaseRecord,
        horizon: impl Into<Horizon>,
        discount: Discount,
    ) -> Result<f64, ValueError> {
        let horizon = horizon.into();
        let decay = discount.weekly();
        let plain = || self.hidden.discounted_purchases(record, horizon, discount);
        if self.k == 1 {
            return plain();
        }
        if horizon == Horizon::Forever && decay == 0.0 {
            // A customer who is alive buys until dropping out, whatever the timing; the plain model
            // says where that is without end.
            plain()?;
            let purchases = self.hidden.if_alive(record).purchases_for_ever();
            return Ok(self.p_alive(record).value() * purchases);
        }
        let weeks = match horizon {
            Horizon::Within(days) => days.in_weeks(),
            Horizon::Forever => f64::INFINITY,
        };
        let p_alive = self.p_alive(record).value();
        if decay == 0.0 {
            return Ok(p_alive * self.purchases_if_alive(record, weeks));
        }
        let scale = self.hidden.alpha + record.weeks().1;
        let end = last_of_worth(weeks / scale, decay * scale);
        let purchases = |_, ahead: f64| self.purchases_if_alive(record, ahead * scale);
        Ok(p_alive * batch::discounted(self.shape(record), end, decay * scale, purchases))
    }

    /// Expected number of repeat purchases of a new customer in the days after the first purchase.
    pub fn expected_purchases_of_new(&self, horizon: Days) -> f64 {
        self.expected_purchases(&PurchaseRecord::NEW, horizon)
    }

    /// The probabilities of 0, 1, .. `up_to` repeat purchases of a new customer in the days after
    /// the first purchase.
    pub fn purchase_distribution_of_new(&self, horizon: Days, up_to: u32) -> Vec<f64> {
        self.purchase_distribution(&PurchaseRecord::NEW, horizon, up_to)
    }

    fn odds_gone(&self, record: &PurchaseRecord) -> f64 {
        if self.k == 1 {
            return self.hidden.odds_gone(record);
        }
        likelihood::odds_gone(self.hidden.variant, self.k, record, self.hidden.values())
    }

    /// The probability of staying after the next purchase but `m`, given that of staying before.
    fn survives(&self, record: &PurchaseRecord, m: usize) -> f64 {
        let kept =
            self.hidden.b + self.hidden.variant.chances(record.repeat_purchases()) + m as f64;
        kept / (self.hidden.a + kept)
    }

    /// `E[Y] = Σ P(Y >= m)` of a customer who is alive.
    fn purchases_if_alive(&self, record: &PurchaseRecord, weeks: f64) -> f64 {
        let ahead = self.ahead(record, weeks, None);
        let (mut stays, mut total) = (1.0, 0.0);
        for (m, more) in ahead.more.iter().enumerate() {
            total += stays * more;
            stays *= self.survives(record, m);
        }
        total
    }

    /// Shape of the distribution of the rate of hidden events, up to the last purchase.
    fn shape(&self, record: &PurchaseRecord) -> f64 {
        self.hidden.r + f64::from(events(self.k, record.repeat_purchases()))
    }

    /// The purchases beyond which a customer who stays makes none by `y`, the time ahead over
    /// α + T.
    fn numbers_that_matter(&self, shape: f64, y: f64) -> usize {
        // Twelve standard deviations and the exponential tail of the fastest buyers.
        let k = f64::from(self.k);
        let most = shape + k;
        let events = most * y + 12.0 * (most * y * (1.0 + y)).sqrt() + 45.0 * (1.0 + y);
        ((events / k).ceil() as usize + 1).min(COUNTED)
    }

    /// The purchases of a customer who is alive and never drops out: all numbers up to `up_to`, or
    /// as many as matter.
    fn ahead(&self, record: &PurchaseRecord, weeks: f64, up_to: Option<usize>) -> Ahead {
        let (r, alpha) = (self.hidden.r, self.hidden.alpha);
        let k = self.k as usize;
        let y = weeks / (alpha + record.weeks().1);
        let shape = self.shape(record);
        let up_to = up_to.unwrap_or_else(|| self.numbers_that_matter(shape, y));
        let phases = Phases::of(self.k, record, r, alpha);
        let mut ahead = Ahead { exactly: vec![0.0; up_to + 1], more: vec![0.0; up_to + 1] };
        for (j, chance) in phases.chances.iter().enumerate() {
            // The m-th purchase is the event number k m - j from here.
            let events = k * (up_to + 1) - 1 - j;
            let (exactly, more) = purchases_of_one_who_stays(shape + j as f64, y, events);
            for m in 0..=up_to {
                let last = k * (m + 1) - 1 - j;
                let first = (k * m).saturating_sub(j);
                let mut sum = 0.0;
                for event in &exactly[first..=last] {
                    sum += event;
                }
                ahead.exactly[m] += chance * sum;
                ahead.more[m] += chance * more[last];
            }
        }
        ahead
    }
}

/// Of the purchases ahead of one who stays: the chance of each number, and of more than it.
struct Ahead {
    exactly: Vec<f64>,
    more: Vec<f64>,
}

#[cfg(test)]
mod tests;
