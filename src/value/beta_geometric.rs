//! BG/NBD and MBG/NBD: how often a customer buys while there is one, and whether there still is
//! one.
//!
//! Both say: customers buy at random at their own rate λ (gamma over customers, r and α), and after
//! each purchase they may drop out with their own probability p (beta over customers, a and b). In
//! BG/NBD (Fader, Hardie & Lee 2005) the first purchase is safe, so whoever never came back counts
//! as alive for certain; in MBG/NBD (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007) a
//! customer may drop out after the first purchase as well. With n = x in the one and n = x + 1 in
//! the other every formula is the same, so one file holds both.

use crate::num::blocks;
use crate::num::newton::{Bounds, Curve, minimise};
use crate::num::quadrature::{BetaRule, gauss_legendre};
use crate::num::real::{exp, exp_m1, ln, ln_1p, log_add, logistic};
use crate::num::special::{digamma_rise, ln_rising, trigamma_fall};
use crate::units::{Days, Probability};
use crate::value::fit::conclude;
use crate::value::horizon::annuity;
use crate::value::{FitStatus, Parameter, PurchaseRecord, PurchaseSummary, Refusal, ValueError};
use crate::work::Work;

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

/// Which of the two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    BgNbd,
    MbgNbd,
}

impl Variant {
    fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
        }
    }

    /// Purchases after which the customer may have dropped out.
    fn chances(self, x: u32) -> u32 {
        match self {
            Self::BgNbd => x,
            Self::MbgNbd => x + 1,
        }
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
            /// About ten passes over the distinct records.
            pub fn fit(
                &self,
                base: &PurchaseSummary,
                work: &Work,
            ) -> Result<FittedBetaGeometric, ValueError> {
                fit(Variant::$name, self.settings, base, work)
            }
        }
    };
}
model!(BgNbd);
model!(MbgNbd);

/// A BG/NBD or MBG/NBD with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedBetaGeometric {
    variant: Variant,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    log_likelihood: Option<f64>,
    covariance: Option<[[f64; 4]; 4]>,
    status: FitStatus,
    iterations: usize,
}

/// The logarithms of the parameters stay within these: a factor of nine million either way.
const RANGE: Bounds = Bounds { low: -16.0, high: 16.0 };

/// Nodes of the rule over time; with the logarithmic substitution sixteen leave an error below
/// 1e-10.
const TIME_NODES: usize = 16;

fn fit(
    variant: Variant,
    settings: Settings,
    base: &PurchaseSummary,
    work: &Work,
) -> Result<FittedBetaGeometric, ValueError> {
    let refused = |reason| ValueError::Refused { model: variant.name(), reason };
    let (have, need) = (base.n_repeat_customers(), settings.min_repeat_customers.max(1));
    if have < need {
        return Err(refused(Refusal::TooFewRepeatCustomers { have, need }));
    }
    let rows = Rows::of(base);
    let mean_age = rows.mean_age();
    let start = [0.5, mean_age.max(0.1), 1.0, 2.0].map(ln);
    let found = minimise(start, RANGE, |logs| negative_log_likelihood(variant, &rows, logs, work))?;
    if !found.converged {
        return Err(refused(Refusal::NotConverged));
    }
    let [r, alpha, a, b] = found.at.map(exp);
    let names = [Parameter::R, Parameter::Alpha, Parameter::A, Parameter::B];
    let (status, covariance) = conclude(names, [r, alpha, a, b], &found);
    Ok(FittedBetaGeometric {
        variant,
        r,
        alpha,
        a,
        b,
        log_likelihood: Some(-found.curve.value),
        covariance,
        status,
        iterations: found.iterations,
    })
}

/// The distinct records, with those of equal x together.
struct Rows<'a> {
    base: &'a PurchaseSummary,
    /// Each x that occurs, and how many customers have it.
    by_x: Vec<(u32, f64)>,
}

impl<'a> Rows<'a> {
    fn of(base: &'a PurchaseSummary) -> Self {
        let mut by_x: Vec<(u32, f64)> = Vec::new();
        for (record, &customers) in base.distinct().iter().zip(base.customers()) {
            let x = record.repeat_purchases();
            match by_x.last_mut() {
                Some((last, count)) if *last == x => *count += customers as f64,
                _ => by_x.push((x, customers as f64)),
            }
        }
        Self { base, by_x }
    }

    fn mean_age(&self) -> f64 {
        let total = blocks::sum(self.base.distinct().len(), |i| {
            self.base.distinct()[i].weeks().1 * self.base.customers()[i] as f64
        });
        total / self.base.n_customers() as f64
    }
}

/// The negative log-likelihood with both derivatives, in the logarithms of r, α, a, b.
///
/// With n = x (BG) or x + 1 (MBG) a customer's log-likelihood is
///
/// ```text
/// ln[Γ(r+x)/Γ(r)] + ln[Γ(b+n-1)/Γ(b)] - ln[Γ(a+b+n)/Γ(a+b)]
///   + ln( (b+n-1) α^r (α+T)^-(r+x) + a α^r (α+t_x)^-(r+x) )
/// ```
///
/// (Fader, Hardie & Lee 2005, equation 6, with the beta functions written as rising factorials.)
/// The first line depends on x alone; in the second the two terms are "still alive" and "dropped
/// out at t_x". For n = 0 there is no chance to drop out: only the first term is left, without its
/// factor.
fn negative_log_likelihood(
    variant: Variant,
    rows: &Rows<'_>,
    logs: &[f64; 4],
    work: &Work,
) -> Result<Curve<4>, ValueError> {
    let p = logs.map(exp);
    let mut sum = Derivatives::default();
    for &(x, customers) in &rows.by_x {
        sum.add_scaled(&terms_of_x(variant, x, p), customers);
    }
    let distinct = rows.base.distinct();
    let parts = blocks::map_blocks(distinct.len(), work, |block| {
        let mut part = Derivatives::default();
        for i in block {
            part.add_scaled(&two_fates(variant, &distinct[i], p), rows.base.customers()[i] as f64);
        }
        part
    })?;
    for part in &parts {
        sum.add_scaled(part, 1.0);
    }
    // The chain rule from parameters to their logarithms, and the sign of a minimum.
    let gradient: [f64; 4] = std::array::from_fn(|i| -p[i] * sum.gradient[i]);
    let hessian = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let own = if i == j { gradient[i] } else { 0.0 };
            own - p[i] * p[j] * sum.hessian[i][j]
        })
    });
    Ok(Curve { value: -sum.value, gradient, hessian })
}

/// A value with its first and second derivatives by r, α, a, b.
#[derive(Debug, Clone, Copy, Default)]
struct Derivatives {
    value: f64,
    gradient: [f64; 4],
    hessian: [[f64; 4]; 4],
}

impl Derivatives {
    fn add_scaled(&mut self, other: &Self, weight: f64) {
        self.value += weight * other.value;
        for i in 0..4 {
            self.gradient[i] += weight * other.gradient[i];
            for j in 0..4 {
                self.hessian[i][j] += weight * other.hessian[i][j];
            }
        }
    }
}

const R: usize = 0;
const ALPHA: usize = 1;
const A: usize = 2;
const B: usize = 3;

/// The first line of the log-likelihood.
fn terms_of_x(variant: Variant, x: u32, [r, _, a, b]: [f64; 4]) -> Derivatives {
    let n = variant.chances(x);
    let mut d = Derivatives { value: ln_rising(r, x), ..Derivatives::default() };
    d.gradient[R] = digamma_rise(r, x);
    d.hessian[R][R] = -trigamma_fall(r, x);
    if n > 0 {
        d.value += ln_rising(b, n - 1) - ln_rising(a + b, n);
        let both = digamma_rise(a + b, n);
        d.gradient[A] = -both;
        d.gradient[B] = digamma_rise(b, n - 1) - both;
        let both = trigamma_fall(a + b, n);
        d.hessian[A][A] = both;
        d.hessian[A][B] = both;
        d.hessian[B][A] = both;
        d.hessian[B][B] = both - trigamma_fall(b, n - 1);
    }
    d
}

/// `r ln α - (r + x) ln(α + t)`, with its derivatives by r and α.
///
/// Written as `-r ln(1 + t/α) - x ln(α + t)`, so that nothing cancels where r and α grow together,
/// which they do in bases whose customers all buy at one rate.
#[derive(Debug, Clone, Copy)]
struct Silence {
    value: f64,
    by_r: f64,
    by_alpha: f64,
    by_r_alpha: f64,
    by_alpha_alpha: f64,
}

impl Silence {
    fn until(t: f64, r: f64, alpha: f64, x: f64) -> Self {
        let sum = alpha + t;
        let log_ratio = ln_1p(t / alpha);
        let share = t / (alpha * sum);
        Self {
            value: -r * log_ratio - x * ln(sum),
            by_r: -log_ratio,
            by_alpha: r * share - x / sum,
            by_r_alpha: share,
            by_alpha_alpha: x / (sum * sum) - r * share * (alpha + sum) / (alpha * sum),
        }
    }
}

/// The second line of the log-likelihood.
fn two_fates(variant: Variant, record: &PurchaseRecord, [r, alpha, a, b]: [f64; 4]) -> Derivatives {
    let (t_x, age) = record.weeks();
    let x = f64::from(record.repeat_purchases());
    let n = variant.chances(record.repeat_purchases());
    let until_end = Silence::until(age, r, alpha, x);
    let mut d = Derivatives::default();
    if n == 0 {
        d.value = until_end.value;
        d.gradient[R] = until_end.by_r;
        d.gradient[ALPHA] = until_end.by_alpha;
        d.hessian[R][ALPHA] = until_end.by_r_alpha;
        d.hessian[ALPHA][R] = until_end.by_r_alpha;
        d.hessian[ALPHA][ALPHA] = until_end.by_alpha_alpha;
        return d;
    }
    let until_last = Silence::until(t_x, r, alpha, x);
    let kept = b + f64::from(n - 1);
    let (alive, gone) = (ln(kept) + until_end.value, ln(a) + until_last.value);
    let weights = [logistic(alive - gone), logistic(gone - alive)];
    let slopes = [
        [until_end.by_r, until_end.by_alpha, 0.0, 1.0 / kept],
        [until_last.by_r, until_last.by_alpha, 1.0 / a, 0.0],
    ];
    d.value = log_add(alive, gone);
    for (weight, slope) in weights.iter().zip(&slopes) {
        for (total, part) in d.gradient.iter_mut().zip(slope) {
            *total += weight * part;
        }
    }
    // Second derivatives of a log-sum: the weighted ones of the terms, and the spread of the slopes
    // between them.
    for i in 0..4 {
        for j in 0..4 {
            let apart = |i: usize| slopes[0][i] - slopes[1][i];
            d.hessian[i][j] = weights[0] * weights[1] * apart(i) * apart(j);
        }
    }
    for (weight, silence) in weights.iter().zip([until_end, until_last]) {
        d.hessian[R][ALPHA] += weight * silence.by_r_alpha;
        d.hessian[ALPHA][R] += weight * silence.by_r_alpha;
        d.hessian[ALPHA][ALPHA] += weight * silence.by_alpha_alpha;
    }
    d.hessian[A][A] -= weights[1] / (a * a);
    d.hessian[B][B] -= weights[0] / (kept * kept);
    d
}

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
        let [r, alpha, a, b] = parameters;
        let status = FitStatus::Given;
        Ok(Self {
            variant,
            r,
            alpha,
            a,
            b,
            log_likelihood: None,
            covariance: None,
            status,
            iterations: 0,
        })
    }

    /// `BG/NBD` or `MBG/NBD`.
    pub fn name(&self) -> &'static str {
        self.variant.name()
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

    /// Log-likelihood of the data at the optimum, time in weeks. `None` for given parameters.
    pub fn log_likelihood(&self) -> Option<f64> {
        self.log_likelihood
    }

    /// Covariance of r, α, a, b from the curvature at the optimum. `None` unless the fit converged
    /// inside the range.
    pub fn covariance(&self) -> Option<&[[f64; 4]; 4]> {
        self.covariance.as_ref()
    }

    /// How the fit ended.
    pub fn status(&self) -> &FitStatus {
        &self.status
    }

    /// Steps of the search.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Purchases after which a customer with so many repeat purchases may have dropped out.
    pub(crate) fn chances_to_drop_out(&self, repeat_purchases: u32) -> u32 {
        self.variant.chances(repeat_purchases)
    }

    /// Log-likelihood of one customer's record, time in weeks.
    pub fn log_likelihood_of(&self, record: &PurchaseRecord) -> f64 {
        let parameters = [self.r, self.alpha, self.a, self.b];
        terms_of_x(self.variant, record.repeat_purchases(), parameters).value
            + two_fates(self.variant, record, parameters).value
    }

    /// The probability that the customer has not dropped out.
    ///
    /// Under BG/NBD it is one for everybody without a repeat purchase.
    pub fn p_alive(&self, record: &PurchaseRecord) -> Probability {
        let x = record.repeat_purchases();
        let n = self.variant.chances(x);
        if n == 0 {
            return Probability::clamped(1.0);
        }
        let (t_x, age) = record.weeks();
        let silence = (self.r + f64::from(x)) * ln_1p((age - t_x) / (self.alpha + t_x));
        Probability::clamped(logistic(ln(self.b + f64::from(n - 1)) - ln(self.a) - silence))
    }

    /// The probability that the customer buys at least once in the `horizon` after the observation.
    ///
    /// A customer who is alive cannot drop out before the next purchase, so this needs no integral.
    pub fn p_active(&self, record: &PurchaseRecord, horizon: Days) -> Probability {
        let (_, age) = record.weeks();
        let shape = self.r + f64::from(record.repeat_purchases());
        let buys = -exp_m1(-shape * ln_1p(horizon.in_weeks() / (self.alpha + age)));
        Probability::clamped(self.p_alive(record).value() * buys)
    }

    /// Whether dropout can be told apart from none: its parameter `a` is inside the range and more
    /// than one standard error above zero. Where it cannot, nearly every customer counts as alive,
    /// and long silence shows as a low purchase rate instead. `None` for given parameters.
    pub fn sees_dropout(&self) -> Option<bool> {
        match (&self.status, self.covariance) {
            (FitStatus::Given, _) => None,
            (_, Some(covariance)) => Some(self.a > covariance[A][A].sqrt()),
            (_, None) => Some(false),
        }
    }

    /// Expected number of purchases in the `horizon` after the observation.
    ///
    /// Fader, Hardie & Lee (2005), equation 10, as an expectation over the dropout probability that
    /// has only positive terms, so that it holds where the closed form with a hypergeometric
    /// function has a pole (a = 1) or cancels.
    pub fn expected_purchases(&self, record: &PurchaseRecord, horizon: Days) -> f64 {
        let forecast = Forecast::new(self, record.repeat_purchases());
        self.p_alive(record).value() * forecast.purchases(record, horizon.in_weeks())
    }
}

/// Forecasts for the customers who share a number of repeat purchases.
///
/// Given that the customer is alive, the expected purchases in the next t weeks are
///
/// ```text
/// K(t) = E[ (1 - (1 + p t/(α+T))^-(r+x)) / p ],   p ~ Beta(a, b+n)
/// ```
///
/// which equals the closed form with a hypergeometric function, but has only positive terms and no
/// pole at a = 1. The nodes depend on x alone and serve all customers who share it.
pub(crate) struct Forecast {
    rule: BetaRule,
    times: Vec<(f64, f64)>,
    shape: f64,
    alpha: f64,
}

impl Forecast {
    pub(crate) fn new(model: &FittedBetaGeometric, x: u32) -> Self {
        let n = model.variant.chances(x);
        Self {
            rule: BetaRule::new(model.a, model.b + f64::from(n)),
            times: gauss_legendre(TIME_NODES),
            shape: model.r + f64::from(x),
            alpha: model.alpha,
        }
    }

    /// K(t): expected purchases in `weeks` of a customer who is alive.
    pub(crate) fn purchases(&self, record: &PurchaseRecord, weeks: f64) -> f64 {
        self.within(weeks / (self.alpha + record.weeks().1))
    }

    /// The same, each purchase discounted at the continuous rate `discount` per week back to today.
    ///
    /// By parts, `∫ e^(-δt) dK = e^(-δH) K(H) + δ ∫ e^(-δt) K(t) dt`; the integral runs over `ln(1
    /// + t/(α+T))`, in which K is smooth however long the horizon.
    pub(crate) fn discounted(&self, record: &PurchaseRecord, weeks: f64, discount: f64) -> f64 {
        let age = self.alpha + record.weeks().1;
        let at_end = exp(-discount * weeks) * self.within(weeks / age);
        if discount == 0.0 {
            return at_end;
        }
        let span = ln_1p(weeks / age);
        let mut integral = 0.0;
        for &(node, weight) in &self.times {
            let y = exp_m1(node * span);
            integral += weight * (1.0 + y) * exp(-discount * y * age) * self.within(y);
        }
        at_end + discount * age * span * integral
    }

    /// What the customer would buy, discounted, if dropping out were impossible.
    pub(crate) fn if_staying(&self, record: &PurchaseRecord, weeks: f64, discount: f64) -> f64 {
        let rate = self.shape / (self.alpha + record.weeks().1);
        rate * annuity(weeks, discount)
    }

    fn within(&self, y: f64) -> f64 {
        self.rule.expect(|p| {
            if p * y < f64::MIN_POSITIVE {
                self.shape * y
            } else {
                -exp_m1(-self.shape * ln_1p(p * y)) / p
            }
        })
    }
}

#[cfg(test)]
mod tests;
