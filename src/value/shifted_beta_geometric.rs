//! sBG: how long customers under contract stay.
//!
//! Fader & Hardie (2007): at each renewal a customer leaves with their own probability θ (beta over
//! customers, α and β), the same every time. Retention rises with tenure although nobody changes:
//! those with a large θ have left. A curve drawn through the observed retention cannot be
//! continued; this can.

use crate::num::falling_sum;
use crate::num::newton::{Bounds, Curve, minimise};
use crate::num::real::{exp, ln_1p};
use crate::num::special::ln_rising_ratio;
use crate::units::Probability;
use crate::value::fit::{LogParameters, Outcome, outcome_getters};
use crate::value::periods::{check_shapes, endless_without_discount};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{
    FitStatus, Parameter, PeriodDiscount, PeriodHorizon, Refusal, RenewalTable, SavedModelError,
    ValueError,
};
use crate::work::Work;

const NAME: &str = "sBG";

/// The shifted-beta-geometric model of Fader & Hardie (2007).
///
/// Choose it where a contract tells when a customer left. Where it does not, choose
/// [`MbgNbd`](crate::value::MbgNbd) or [`BgBb`](crate::value::BgBb);
/// [`FamilyVerdict`](crate::value::FamilyVerdict) says which the data look like. Time is counted in
/// renewals.
///
/// # Example
///
/// ```
/// use segmentry::value::{PeriodDiscount, PeriodHorizon, RenewalTable, ShiftedBetaGeometric};
/// use segmentry::work::Work;
///
/// // Customers left of 1000 after 0 to 7 years (Fader & Hardie 2007, "Regular").
/// let mut table = RenewalTable::new();
/// table.add_cohort(&[1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0])?;
/// let model = ShiftedBetaGeometric::new().fit(&table, &Work::new())?;
/// assert_eq!(format!("{:.3} {:.3}", model.alpha(), model.beta()), "0.704 1.182");
/// // Five years further than the data: 173 were left.
/// assert_eq!(format!("{:.0}", 1000.0 * model.survival(12).value()), "170");
///
/// let discount = PeriodDiscount::per_period(0.1)?;
/// let lifetime = model.discounted_lifetime(PeriodHorizon::Forever, discount)?;
/// assert_eq!(format!("{lifetime:.2}"), "3.69");
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Fader, P. & Hardie, B. (2007). How to project customer retention. *Journal of Interactive
/// Marketing* 21, 76-90.
/// Fader, P. & Hardie, B. (2010). Customer-base valuation in a contractual setting: the perils of
/// ignoring heterogeneity. *Marketing Science* 29, 85-93.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShiftedBetaGeometric {}

/// An sBG with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedShiftedBetaGeometric {
    parameters: [f64; 2],
    outcome: Outcome<2>,
}

const PARAMETERS: [Parameter; 2] = [Parameter::Alpha, Parameter::Beta];

/// The logarithms of the parameters stay within these: a factor of nine million either way.
const RANGE: Bounds = Bounds { low: -16.0, high: 16.0 };

impl ShiftedBetaGeometric {
    /// The model.
    pub fn new() -> Self {
        Self::default()
    }

    /// The model with known parameters.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless both are positive and finite.
    pub fn with_parameters(
        alpha: f64,
        beta: f64,
    ) -> Result<FittedShiftedBetaGeometric, ValueError> {
        check_shapes(["alpha", "beta"], [alpha, beta])?;
        Ok(FittedShiftedBetaGeometric::with([alpha, beta]))
    }

    /// The maximum-likelihood fit.
    ///
    /// Where customers do not differ, both parameters want to be infinite, with the ratio that
    /// gives everybody's chance to leave; [`FitStatus::AtBoundary`] then names both.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] where fewer than two renewals were observed, from which a rise of
    /// retention cannot be told; [`ValueError::Cancelled`].
    pub fn fit(
        &self,
        table: &RenewalTable,
        work: &Work,
    ) -> Result<FittedShiftedBetaGeometric, ValueError> {
        let refused = |reason| ValueError::Refused { model: NAME, reason };
        let (have, need) = (table.observed(), 2);
        if have < need {
            return Err(refused(Refusal::TooFewRenewals { have, need }));
        }
        let found = minimise([0.0, 0.0], RANGE, |logs| {
            work.check()?;
            Ok::<_, ValueError>(negative_log_likelihood(table, logs))
        })?;
        if !found.converged {
            return Err(refused(Refusal::NotConverged));
        }
        let parameters = found.at.map(exp);
        let mut outcome = Outcome::of(PARAMETERS, parameters, &found);
        // Along the ridge of equal ratios the larger of the two meets its bound first.
        let alike = |i: usize| found.bound[i] && found.at[i] >= RANGE.high;
        if alike(0) || alike(1) {
            outcome.status = FitStatus::AtBoundary(PARAMETERS.to_vec());
        }
        Ok(FittedShiftedBetaGeometric { parameters, outcome })
    }
}

outcome_getters!(
    FittedShiftedBetaGeometric,
    2,
    "Log-likelihood of the data at the optimum.",
    "Covariance of α and β."
);

/// The negative log-likelihood with both derivatives, in the logarithms of α and β.
///
/// Whoever comes to renewal t stays with the probability `(β+t-1) / (α+β+t-1)`, so
///
/// ```text
/// Σ over t:  -stayed(t) ln(1 + α/(β+t-1)) - lost(t) ln(1 + (β+t-1)/α)
/// ```
///
/// which is the likelihood of Fader & Hardie (2007), renewal by renewal.
fn negative_log_likelihood(table: &RenewalTable, logs: &[f64; 2]) -> Curve<2> {
    let [alpha, beta] = logs.map(exp);
    let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 2], [[0.0; 2]; 2]);
    for (before, renewal) in table.renewals().iter().enumerate() {
        let (stayed, lost) = (renewal.renewed, renewal.lost());
        let stay = beta + before as f64;
        let (ln_stay, ln_leave) = (-ln_1p(alpha / stay), -ln_1p(stay / alpha));
        let (p_stay, p_leave) = (stay / (alpha + stay), alpha / (alpha + stay));
        value -= stayed * ln_stay + lost * ln_leave;
        // By ln α: lost - all p_leave. By ln β the same with the other sign, times β / stay.
        let excess = lost * p_stay - stayed * p_leave;
        let share = beta / stay;
        gradient[0] -= excess;
        gradient[1] += share * excess;
        let spread = (stayed + lost) * p_stay * p_leave;
        hessian[0][0] += spread;
        hessian[0][1] -= share * spread;
        hessian[1][1] += share * share * spread + share * (1.0 - share) * excess;
    }
    hessian[1][0] = hessian[0][1];
    Curve { value, gradient, hessian }
}

impl FittedShiftedBetaGeometric {
    pub(crate) fn with(parameters: [f64; 2]) -> Self {
        Self { parameters, outcome: Outcome::given() }
    }

    /// `sBG`.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// The parameters, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        PARAMETERS.into_iter().zip(self.parameters).collect()
    }

    /// First shape of the beta distribution of the probability to leave.
    pub fn alpha(&self) -> f64 {
        self.parameters[0]
    }

    /// Second shape of the beta distribution of the probability to leave.
    pub fn beta(&self) -> f64 {
        self.parameters[1]
    }

    /// The share of new customers who are still there after so many renewals.
    pub fn survival(&self, renewals: u32) -> Probability {
        Probability::clamped(exp(self.ln_survival(renewals)))
    }

    /// The logarithm of [`survival`](Self::survival), which has a value where that is too small for
    /// one.
    pub fn ln_survival(&self, renewals: u32) -> f64 {
        -ln_rising_ratio(self.beta(), self.alpha(), renewals)
    }

    /// The logarithm of the probability that a new customer renews so many times and not once more.
    pub fn ln_probability_of_leaving_after(&self, renewals: u32) -> f64 {
        self.ln_survival(renewals) - ln_1p((self.beta() + f64::from(renewals)) / self.alpha())
    }

    /// The share of customers with so many renewals who renew once more. It rises with tenure.
    pub fn retention_after(&self, renewals: u32) -> Probability {
        let stay = self.beta() + f64::from(renewals);
        Probability::clamped(stay / (self.alpha() + stay))
    }

    /// The share of customers with so many renewals who are still there after `further` more.
    pub fn survival_from(&self, renewals: u32, further: u32) -> Probability {
        let beta = self.beta() + f64::from(renewals);
        Probability::clamped(exp(-ln_rising_ratio(beta, self.alpha(), further)))
    }

    /// For how many periods a new customer is expected to be there, each period discounted to the
    /// start of the first, which counts in full: the DEL of Fader & Hardie (2010). Times the margin
    /// of a period it is the value of a new customer.
    ///
    /// With a horizon within h it counts the first h periods.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] where there is neither an end nor a discount, and the expectation is
    /// infinite because α is at most 1.
    pub fn discounted_lifetime(
        &self,
        horizon: PeriodHorizon,
        discount: PeriodDiscount,
    ) -> Result<f64, ValueError> {
        self.remaining(0, horizon, discount)
    }

    /// The same of a customer with so many renewals who is about to decide on the next one, which
    /// is not discounted: the DERL of Fader & Hardie (2010).
    ///
    /// # Errors
    ///
    /// As [`discounted_lifetime`](Self::discounted_lifetime).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{PeriodDiscount, PeriodHorizon, ShiftedBetaGeometric};
    ///
    /// let model = ShiftedBetaGeometric::with_parameters(0.668, 3.806)?;
    /// let discount = PeriodDiscount::per_period(0.1)?;
    /// let after_one = model.discounted_residual_lifetime(1, PeriodHorizon::Forever, discount)?;
    /// assert!((after_one - 5.9018).abs() < 5e-5);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn discounted_residual_lifetime(
        &self,
        renewals: u32,
        horizon: PeriodHorizon,
        discount: PeriodDiscount,
    ) -> Result<f64, ValueError> {
        let later = self.remaining(renewals.saturating_add(1), horizon, discount)?;
        Ok(self.retention_after(renewals).value() * later)
    }

    pub(super) fn in_logs(&self) -> Option<LogParameters<2>> {
        self.outcome.in_logs(self.parameters)
    }

    /// The same model elsewhere.
    pub(super) fn at(logs: &[f64; 2]) -> Self {
        Self::with(logs.map(exp))
    }

    pub(super) fn saved(&self) -> SavedFit {
        SavedFit::of("sbg", &self.parameters(), &self.outcome)
    }

    pub(super) fn restored(fit: &SavedFit) -> Result<Self, SavedModelError> {
        let Parts { parameters, outcome } = fit.parts_of("sbg", PARAMETERS)?;
        Ok(Self { parameters, outcome })
    }

    /// Discounted periods of a customer who has just renewed for this many times.
    fn remaining(
        &self,
        renewals: u32,
        horizon: PeriodHorizon,
        discount: PeriodDiscount,
    ) -> Result<f64, ValueError> {
        let (alpha, beta) = (self.alpha(), self.beta() + f64::from(renewals));
        match horizon {
            PeriodHorizon::Within(h) => Ok(falling_sum::finite(alpha, beta, discount.rate(), h)),
            PeriodHorizon::Forever => falling_sum::endless(alpha, beta, discount.rate())
                .ok_or_else(endless_without_discount),
        }
    }
}

#[cfg(test)]
impl ShiftedBetaGeometric {
    /// What the fit searches with.
    pub(super) fn curve(table: &RenewalTable, logs: &[f64; 2]) -> Curve<2> {
        negative_log_likelihood(table, logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::ln;
    use crate::value::Membership;

    #[track_caller]
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
    }

    fn table(survivors: &[f64]) -> RenewalTable {
        let mut table = RenewalTable::new();
        table.add_cohort(survivors).unwrap();
        table
    }

    const REGULAR: [f64; 8] = [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0];

    #[test]
    fn derivatives_equal_finite_differences() {
        let table = table(&REGULAR);
        for at in [[-0.3, 0.2], [2.0, 1.0], [-2.0, 3.0]] {
            let here = negative_log_likelihood(&table, &at);
            for i in 0..2 {
                let moved = |by: f64| {
                    let mut there = at;
                    there[i] += by;
                    negative_log_likelihood(&table, &there)
                };
                let (up, down) = (moved(1e-5), moved(-1e-5));
                let near = |got: f64, want: f64| (got - want).abs() < 1e-6 * want.abs().max(10.0);
                assert!(near(here.gradient[i], (up.value - down.value) / 2e-5), "{i}");
                for j in 0..2 {
                    let curve = (up.gradient[j] - down.gradient[j]) / 2e-5;
                    assert!(near(here.hessian[i][j], curve), "{i} {j}: {curve}");
                }
            }
        }
    }

    /// With α = β = 1 a customer is there after t renewals with 1/(t+1).
    #[test]
    fn a_uniform_chance_to_leave_by_hand() {
        let model = ShiftedBetaGeometric::with_parameters(1.0, 1.0).unwrap();
        for t in [0, 1, 5, 1000] {
            close(model.survival(t).value(), 1.0 / f64::from(t + 1), 1e-14);
            close(model.retention_after(t).value(), f64::from(t + 1) / f64::from(t + 2), 1e-15);
        }
        close(exp(model.ln_probability_of_leaving_after(2)), 1.0 / 12.0, 1e-14);
        close(model.survival_from(1, 2).value(), 0.5, 1e-15);
        let three = PeriodHorizon::Within(3);
        close(model.discounted_lifetime(three, PeriodDiscount::NONE).unwrap(), 11.0 / 6.0, 1e-15);
        let rate = PeriodDiscount::per_period(1.0).unwrap();
        // Σ ½^t / (t+1) = 2 ln 2.
        let all = model.discounted_lifetime(PeriodHorizon::Forever, rate).unwrap();
        close(all, 2.0 * ln(2.0), 1e-14);
        // What is left is the whole less what was, for whoever is still there.
        let residual = model.discounted_residual_lifetime(0, PeriodHorizon::Forever, rate);
        close(residual.unwrap(), 2.0 * (all - 1.0), 1e-14);
        let endless = model.discounted_lifetime(PeriodHorizon::Forever, PeriodDiscount::NONE);
        assert!(matches!(endless, Err(ValueError::Param { name: "period_discount", .. })));
    }

    #[test]
    fn cohorts_of_different_ages_and_memberships_with_weights_add_up() {
        let whole = ShiftedBetaGeometric::new().fit(&table(&REGULAR), &Work::new()).unwrap();
        assert_eq!(*whole.status(), FitStatus::Converged);
        let mut single = RenewalTable::new();
        for (t, pair) in REGULAR.windows(2).enumerate() {
            single.add(Membership::ended(t as u32), pair[0] - pair[1]).unwrap();
        }
        single.add(Membership::running(7), 241.0).unwrap();
        let single = ShiftedBetaGeometric::new().fit(&single, &Work::new()).unwrap();
        close(single.alpha(), whole.alpha(), 1e-9);
        close(single.beta(), whole.beta(), 1e-9);
        // Twice the customers: the same parameters and half the variance.
        let mut twice = table(&REGULAR);
        twice.add_cohort(&REGULAR).unwrap();
        let twice = ShiftedBetaGeometric::new().fit(&twice, &Work::new()).unwrap();
        close(twice.alpha(), whole.alpha(), 1e-9);
        let variance = |model: &FittedShiftedBetaGeometric| model.covariance().unwrap()[0][0];
        close(2.0 * variance(&twice), variance(&whole), 1e-8);
    }

    #[test]
    fn customers_who_do_not_differ_are_at_the_boundary_and_forecast_all_the_same() {
        let mut survivors = vec![1e6];
        for _ in 0..6 {
            survivors.push(survivors[survivors.len() - 1] * 0.8);
        }
        let fitted = ShiftedBetaGeometric::new().fit(&table(&survivors), &Work::new()).unwrap();
        let both = FitStatus::AtBoundary(vec![Parameter::Alpha, Parameter::Beta]);
        assert_eq!(*fitted.status(), both);
        assert_eq!(fitted.covariance(), None);
        close(fitted.retention_after(0).value(), 0.8, 1e-5);
        close(fitted.survival(20).value(), exp(20.0 * ln(0.8)), 1e-4);
    }

    #[test]
    fn nobody_lost_and_nobody_kept() {
        let stayed = ShiftedBetaGeometric::new().fit(&table(&[50.0; 4]), &Work::new()).unwrap();
        assert!(matches!(stayed.status(), FitStatus::AtBoundary(_)), "{:?}", stayed.status());
        close(stayed.survival(10).value(), 1.0, 1e-4);
        let one_period = ShiftedBetaGeometric::new().fit(&table(&[50.0, 0.0]), &Work::new());
        let reason = Refusal::TooFewRenewals { have: 1, need: 2 };
        assert!(matches!(one_period, Err(ValueError::Refused { reason: r, .. }) if r == reason));
        assert!(ShiftedBetaGeometric::new().fit(&RenewalTable::new(), &Work::new()).is_err());
        // Retention that falls with tenure: no mixture of constant chances does that.
        let falling = table(&[1000.0, 900.0, 700.0, 400.0]);
        let fitted = ShiftedBetaGeometric::new().fit(&falling, &Work::new()).unwrap();
        assert!(matches!(fitted.status(), FitStatus::AtBoundary(_)), "{:?}", fitted.status());
    }

    #[test]
    fn bad_parameters_are_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(ShiftedBetaGeometric::with_parameters(bad, 1.0).is_err());
            assert!(ShiftedBetaGeometric::with_parameters(1.0, bad).is_err());
        }
    }
}
