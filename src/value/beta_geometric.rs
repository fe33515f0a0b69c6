//! BG/NBD and MBG/NBD: how often a customer buys while there is one, and whether there still is
//! one.
//!
//! Both say: customers buy at random at their own rate λ (gamma over customers, r and α), and after
//! each purchase they may drop out with their own probability p (beta over customers, a and b). In
//! BG/NBD (Fader, Hardie & Lee 2005) the first purchase is safe, so whoever never came back counts
//! as alive for certain; in MBG/NBD (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007) a
//! customer may drop out after the first purchase as well. With n = x in the one and n = x + 1 in
//! the other every formula is the same, so one type holds both.

mod batch;
mod fit;
mod forecast;
mod lanes;
mod likelihood;
mod regular;
mod shifted;

use crate::num::newton::{Bounds, Minimum};
use crate::num::real::{exp, exp_m1, ln_1p};
use crate::units::{Days, Probability};
use crate::value::fit::{Outcome, outcome_getters};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{
    Discount, FitStatus, Horizon, Parameter, PurchaseRecord, PurchaseSummary, Refusal,
    SavedModelError, ValueError,
};
use crate::work::Work;
pub use batch::PurchaseForecast;
use forecast::Alive;
use likelihood::Variant;
pub use regular::{BgCnbd, FittedCnbd, MbgCnbd, PurchaseRhythm};

/// The BG/NBD model of Fader, Hardie & Lee (2005).
///
/// Choose it to compare with the literature. It calls every customer without a repeat purchase
/// alive with certainty, so for risk and lapse choose [`MbgNbd`].
///
/// # References
///
/// Fader, P., Hardie, B. & Lee, K. L. (2005). "Counting your customers" the easy way: an
/// alternative to the Pareto/NBD model. *Marketing Science* 24, 275-284.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BgNbd {
    settings: Settings,
}

/// The MBG/NBD model of Batislam, Denizel & Filiztekin (2007), the default for value and risk.
///
/// # Example
///
/// ```
/// use segmentry::value::{MbgNbd, PurchaseRecord};
///
/// // Published for the CDNOW cohort, in weeks: r .525, alpha 6.183, a .891, b 1.614.
/// let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614)?;
/// let silent_since_the_first_purchase = PurchaseRecord::new(0, 0.0, 272.0)?;
/// let alive = model.p_alive(&silent_since_the_first_purchase);
/// assert!((alive.value() - 0.3897).abs() < 5e-5);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Batislam, E. P., Denizel, M. & Filiztekin, A. (2007). Empirical validation and comparison of
/// models for customer base analysis. *International Journal of Research in Marketing* 24, 201-209.
/// Hoppe, D. & Wagner, U. (2007). Customer base analysis: the case for a central variant of the
/// Betageometric/NBD model. *Marketing ZFP* 29, 75-90.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MbgNbd {
    settings: Settings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Settings {
    min_repeat_customers: u64,
}

impl Default for Settings {
    fn default() -> Self {
        // Four parameters from fewer customers than this say more about chance than about the
        // customers.
        Self { min_repeat_customers: 10 }
    }
}

macro_rules! model {
    ($name:ident) => {
        impl $name {
            /// The model with its defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// Refuses data with fewer customers who bought again; 10 unless set.
            #[must_use]
            pub fn min_repeat_customers(mut self, customers: u64) -> Self {
                self.settings.min_repeat_customers = customers;
                self
            }

            /// The model with known parameters, the rates per week.
            ///
            /// # Errors
            ///
            /// [`ValueError::Param`] unless all are positive and finite.
            pub fn with_parameters(
                r: f64,
                alpha: f64,
                a: f64,
                b: f64,
            ) -> Result<FittedBetaGeometric, ValueError> {
                FittedBetaGeometric::known(Variant::$name, [r, alpha, a, b])
            }

            /// The maximum-likelihood fit.
            ///
            /// # Errors
            ///
            /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`].
            ///
            /// # Cost
            ///
            /// About ten passes over the distinct records; over many, four, and ten over a sample.
            pub fn fit(
                &self,
                base: &PurchaseSummary,
                work: &Work,
            ) -> Result<FittedBetaGeometric, ValueError> {
                fit::fit(Variant::$name, self.settings, base, work)
            }
        }
    };
}
model!(BgNbd);
model!(MbgNbd);

/// A BG/NBD or MBG/NBD with its parameters.
///
/// Forecasts hold for parameters from 1e-6 to 1e8, thousands of purchases and any horizon, to
/// about 1e-12 relative; a probability alive of e^-q to q times 1e-16.
///
/// # Example
///
/// ```
/// use segmentry::units::Days;
/// use segmentry::value::{BgNbd, Discount, Horizon, PurchaseRecord};
///
/// // Published for the CDNOW cohort, in weeks.
/// let model = BgNbd::with_parameters(0.243, 4.414, 0.793, 2.426)?;
/// // Fader, Hardie & Lee (2005): two repeat purchases, the last after 30.43 of 38.86 weeks, and
/// // 1.226 expected in the 39 weeks that follow.
/// let customer = PurchaseRecord::new(2, 30.43 * 7.0, 38.86 * 7.0)?;
/// let expected = model.expected_purchases(&customer, Days::weeks(39));
/// assert!((expected - 1.226).abs() < 5e-4);
///
/// let chances = model.purchase_distribution(&customer, Days::weeks(39), 3);
/// assert!((chances[0] - 0.4454).abs() < 5e-5);
///
/// let ever = model.discounted_purchases(&customer, Horizon::Forever, Discount::annual(0.151_288)?)?;
/// assert!((ever - 5.156).abs() < 5e-4); // at .0027 a week
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedBetaGeometric {
    variant: Variant,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    outcome: Outcome<4>,
}

/// Places of the parameters in gradients and covariances.
const R: usize = 0;
const ALPHA: usize = 1;
const A: usize = 2;
const B: usize = 3;

outcome_getters!(
    FittedBetaGeometric,
    4,
    "Log-likelihood of the data at the optimum, time in weeks.",
    "Covariance of r, α, a, b."
);

impl FittedBetaGeometric {
    fn known(variant: Variant, parameters: [f64; 4]) -> Result<Self, ValueError> {
        for (name, value) in ["r", "alpha", "a", "b"].into_iter().zip(parameters) {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ValueError::Param {
                    name,
                    value,
                    expected: "finite and greater than 0",
                });
            }
        }
        Ok(Self::with(variant, parameters))
    }

    /// The model with these parameters, which are known to be positive and finite.
    fn with(variant: Variant, [r, alpha, a, b]: [f64; 4]) -> Self {
        Self { variant, r, alpha, a, b, outcome: Outcome::given() }
    }

    /// What a search over the logarithms of the parameters found.
    fn found(
        variant: Variant,
        model: &'static str,
        found: &Minimum<4>,
    ) -> Result<Self, ValueError> {
        if !found.converged {
            return Err(ValueError::Refused { model, reason: Refusal::NotConverged });
        }
        let parameters = found.at.map(exp);
        let names = [Parameter::R, Parameter::Alpha, Parameter::A, Parameter::B];
        let outcome = Outcome::of(names, parameters, found);
        Ok(Self { outcome, ..Self::with(variant, parameters) })
    }

    /// The same model with other parameters.
    pub(super) fn at(&self, parameters: [f64; 4]) -> Self {
        Self::with(self.variant, parameters)
    }

    pub(super) fn restored(name: &str, fit: &SavedFit) -> Result<Self, SavedModelError> {
        let variant = if name == Variant::BgNbd.name() { Variant::BgNbd } else { Variant::MbgNbd };
        let names = [Parameter::R, Parameter::Alpha, Parameter::A, Parameter::B];
        let Parts { parameters, outcome } = fit.parts(names)?;
        Ok(Self { outcome, ..Self::with(variant, parameters) })
    }

    /// The likelihood of a base, and the range of the logarithms.
    pub(super) fn objective(&self, base: &PurchaseSummary) -> (fit::Rows, Bounds) {
        (fit::Rows::of(self.variant, base, 1), fit::RANGE)
    }

    /// The fit to other customers, from where this one stands.
    pub(super) fn refit(&self, base: &PurchaseSummary, work: &Work) -> Result<Self, ValueError> {
        fit::refuse_too_few(self.variant, Settings::default(), base)?;
        let rows = fit::Rows::of(self.variant, base, 1);
        fit::fit_from(self.variant, &rows, self.values().map(crate::num::real::ln), work)
    }

    /// `BG/NBD` or `MBG/NBD`.
    pub fn name(&self) -> &'static str {
        self.variant.name()
    }

    /// The parameters, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        let names = [Parameter::R, Parameter::Alpha, Parameter::A, Parameter::B];
        names.into_iter().zip(self.values()).collect()
    }

    /// Shape of the gamma distribution of purchase rates.
    pub fn r(&self) -> f64 {
        self.r
    }

    /// Scale of the gamma distribution of purchase rates, in weeks.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// First shape of the beta distribution of dropout probabilities.
    pub fn a(&self) -> f64 {
        self.a
    }

    /// Second shape of the beta distribution of dropout probabilities.
    pub fn b(&self) -> f64 {
        self.b
    }

    /// Purchases after which a customer with so many repeat purchases may have dropped out.
    pub(crate) fn chances_to_drop_out(&self, repeat_purchases: u32) -> u32 {
        self.variant.whole_chances(repeat_purchases)
    }

    /// Whether dropout can be told apart from none: its parameter `a` is inside the range and more
    /// than one standard error above zero. Where it cannot, nearly every customer counts as alive,
    /// and long silence shows as a low purchase rate instead. `None` for given parameters.
    pub fn sees_dropout(&self) -> Option<bool> {
        self.outcome.is_above_zero(self.a, A)
    }

    /// Log-likelihood of one customer's record, time in weeks.
    pub fn log_likelihood_of(&self, record: &PurchaseRecord) -> f64 {
        likelihood::log_likelihood(self.variant, record, self.values())
    }

    /// The probability that the customer has not dropped out.
    ///
    /// Under BG/NBD it is one for everybody without a repeat purchase.
    pub fn p_alive(&self, record: &PurchaseRecord) -> Probability {
        Probability::clamped(1.0 / (1.0 + self.odds_gone(record)))
    }

    /// The probability that the customer will still be there so many days after the observation,
    /// given what is known at its end.
    pub fn p_alive_after(&self, record: &PurchaseRecord, days: Days) -> Probability {
        let survival = self.if_alive(record).survival(self.ahead(record, days));
        Probability::clamped(self.p_alive(record).value() * survival)
    }

    /// The probability that the customer buys at least once in the `horizon` after the observation.
    ///
    /// A customer who is alive cannot drop out before the next purchase, so this needs no integral.
    pub fn p_active(&self, record: &PurchaseRecord, horizon: Days) -> Probability {
        let shape = self.r + f64::from(record.repeat_purchases());
        let buys = -exp_m1(-shape * ln_1p(self.ahead(record, horizon)));
        Probability::clamped(self.p_alive(record).value() * buys)
    }

    /// Expected number of purchases in the `horizon` after the observation.
    ///
    /// Fader, Hardie & Lee (2005), equation 10, as an expectation over the dropout probability that
    /// has only positive terms, so that it holds where the closed form with a hypergeometric
    /// function has a pole (a = 1) or cancels.
    pub fn expected_purchases(&self, record: &PurchaseRecord, horizon: Days) -> f64 {
        let purchases = self.if_alive(record).purchases(self.ahead(record, horizon));
        self.p_alive(record).value() * purchases
    }

    /// The probabilities of 0, 1, .. `up_to` purchases in the `horizon` after the observation.
    ///
    /// What they leave of one is the probability of more. Customers who dropped out are among those
    /// without a purchase.
    ///
    /// # Cost
    ///
    /// Linear in `up_to`.
    pub fn purchase_distribution(
        &self,
        record: &PurchaseRecord,
        horizon: Days,
        up_to: u32,
    ) -> Vec<f64> {
        let odds = self.odds_gone(record);
        let (alive, gone) = (1.0 / (1.0 + odds), 1.0 / (1.0 + 1.0 / odds));
        let if_alive = self.if_alive(record);
        let mut chances = forecast::distribution(&if_alive, self.ahead(record, horizon), up_to);
        for chance in &mut chances {
            *chance *= alive;
        }
        chances[0] += gone;
        chances
    }

    /// Expected purchases over the `horizon`, each worth less the later it comes.
    ///
    /// For ever, these are the discounted expected residual transactions of the papers, with the
    /// continuous rate [`Discount::weekly`].
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
        let if_alive = self.if_alive(record);
        let scale = self.alpha + record.weeks().1;
        let decay = discount.weekly() * scale;
        let purchases = match horizon.into() {
            Horizon::Within(days) => if_alive.discounted(self.ahead(record, days), decay),
            Horizon::Forever if decay > 0.0 => if_alive.discounted(f64::INFINITY, decay),
            Horizon::Forever => if_alive.purchases_for_ever(),
        };
        if purchases.is_finite() {
            return Ok(self.p_alive(record).value() * purchases);
        }
        let expected = "greater than 0 for ever, or the parameter a greater than 1";
        let value = discount.annual_rate();
        Err(ValueError::Param { name: "annual_discount", value, expected })
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

    /// How the fit came out.
    pub(in crate::value) fn outcome(&self) -> &Outcome<4> {
        &self.outcome
    }

    fn values(&self) -> [f64; 4] {
        [self.r, self.alpha, self.a, self.b]
    }

    fn odds_gone(&self, record: &PurchaseRecord) -> f64 {
        likelihood::odds_gone(self.variant, record, self.values())
    }

    fn if_alive(&self, record: &PurchaseRecord) -> Alive {
        let x = record.repeat_purchases();
        let shape = self.r + f64::from(x);
        Alive { shape, a: self.a, b: self.b + self.variant.chances(x) }
    }

    /// Days ahead, over α + T.
    fn ahead(&self, record: &PurchaseRecord, days: Days) -> f64 {
        days.in_weeks() / (self.alpha + record.weeks().1)
    }
}

#[cfg(test)]
mod tests;
