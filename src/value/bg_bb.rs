//! BG/BB: how many of the coming opportunities a customer will take, and whether there still is a
//! customer.
//!
//! Fader, Hardie & Shang (2010): at each opportunity a customer first drops out with their own
//! probability θ (beta over customers, γ and δ) and, if still there, buys with their own
//! probability p (beta over customers, α and β). All that is known of a customer who is still there
//! after n opportunities, x of them taken, is that p is `Beta(α+x, β+n-x)` and θ is `Beta(γ, δ+n)`;
//! so every forecast is that of a new customer with other parameters, times the chance of being
//! there.

mod fates;
mod likelihood;
mod prospects;

use crate::num::blocks;
#[cfg(test)]
use crate::num::newton::Curve;
use crate::num::newton::{Bounds, minimise};
use crate::num::real::exp;
use crate::units::Probability;
use crate::value::bg_bb::fates::Fates;
use crate::value::bg_bb::likelihood::Rows;
use crate::value::bg_bb::prospects::Prospects;
use crate::value::fit::{LogParameters, Outcome, outcome_getters};
use crate::value::periods::{check_shapes, endless_without_discount};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{
    FitStatus, OpportunityRecord, OpportunitySummary, Parameter, PeriodDiscount, PeriodHorizon,
    PurchaseForecast, Refusal, SavedModelError, ValueError,
};
use crate::work::Work;

const NAME: &str = "BG/BB";

/// The BG/BB model of Fader, Hardie & Shang (2010).
///
/// Choose it where purchases can happen at known opportunities only: a yearly appeal, a conference,
/// a flight, a season; or where what is known is whether somebody bought in a month. Where
/// purchases come at any time, choose [`MbgNbd`](crate::value::MbgNbd). Time is counted in
/// opportunities.
///
/// # Example
///
/// ```
/// use segmentry::value::{BgBb, OpportunityRecord};
///
/// // Published for 11,104 donors with six yearly opportunities each.
/// let model = BgBb::with_parameters(1.204, 0.750, 0.657, 2.783)?;
/// let lapsed = OpportunityRecord::of_pattern([true, false, false, false, false, false]);
/// assert!((model.p_alive_after(&lapsed, 1).value() - 0.0694).abs() < 5e-5);
/// assert!((model.expected_purchases(&lapsed, 5) - 0.0856).abs() < 5e-5);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Fader, P., Hardie, B. & Shang, J. (2010). Customer-base analysis in a discrete-time
/// noncontractual setting. *Marketing Science* 29, 1086-1108.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BgBb {
    min_repeat_customers: u64,
}

impl Default for BgBb {
    fn default() -> Self {
        // Four parameters from fewer customers than this say more about chance than about the
        // customers.
        Self { min_repeat_customers: 10 }
    }
}

/// A BG/BB with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedBgBb {
    parameters: [f64; 4],
    outcome: Outcome<4>,
}

const PARAMETERS: [Parameter; 4] =
    [Parameter::Alpha, Parameter::Beta, Parameter::Gamma, Parameter::Delta];

/// The logarithms of the parameters stay within these: a factor of nine million either way.
const RANGE: Bounds = Bounds { low: -16.0, high: 16.0 };

/// Where the search starts: as many purchases as not, and one dropout in five.
const START: [f64; 4] = [0.0, 0.0, 0.0, 1.4];

impl BgBb {
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
    pub fn with_parameters(
        alpha: f64,
        beta: f64,
        gamma: f64,
        delta: f64,
    ) -> Result<FittedBgBb, ValueError> {
        let parameters = [alpha, beta, gamma, delta];
        check_shapes(["alpha", "beta", "gamma", "delta"], parameters)?;
        Ok(FittedBgBb::with(parameters))
    }

    /// The maximum-likelihood fit.
    ///
    /// # Errors
    ///
    /// [`ValueError::Refused`] with the reason; [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// About ten passes over the distinct pairs (x, n), each pass as long as the longest silence
    /// among the customers of the pair, and one over the distinct records.
    pub fn fit(&self, base: &OpportunitySummary, work: &Work) -> Result<FittedBgBb, ValueError> {
        let refused = |reason| ValueError::Refused { model: NAME, reason };
        let (have, need) = (base.n_repeat_customers(), self.min_repeat_customers.max(1));
        if have < need {
            return Err(refused(Refusal::TooFewRepeatCustomers { have, need }));
        }
        let rows = Rows::of(base);
        let found = minimise(START, RANGE, |logs| rows.negative_log_likelihood(logs, work))?;
        if !found.converged {
            return Err(refused(Refusal::NotConverged));
        }
        let parameters = found.at.map(exp);
        let outcome = Outcome::of(PARAMETERS, parameters, &found);
        Ok(FittedBgBb { parameters, outcome })
    }
}

outcome_getters!(
    FittedBgBb,
    4,
    "Log-likelihood of the data at the optimum.",
    "Covariance of α, β, γ, δ."
);

impl FittedBgBb {
    pub(crate) fn with(parameters: [f64; 4]) -> Self {
        Self { parameters, outcome: Outcome::given() }
    }

    /// `BG/BB`.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// The parameters, in the order of the covariance.
    pub fn parameters(&self) -> Vec<(Parameter, f64)> {
        PARAMETERS.into_iter().zip(self.parameters).collect()
    }

    /// First shape of the beta distribution of purchase probabilities.
    pub fn alpha(&self) -> f64 {
        self.parameters[0]
    }

    /// Second shape of the beta distribution of purchase probabilities.
    pub fn beta(&self) -> f64 {
        self.parameters[1]
    }

    /// First shape of the beta distribution of dropout probabilities.
    pub fn gamma(&self) -> f64 {
        self.parameters[2]
    }

    /// Second shape of the beta distribution of dropout probabilities.
    pub fn delta(&self) -> f64 {
        self.parameters[3]
    }

    /// Log-likelihood of one customer's record.
    pub fn log_likelihood_of(&self, record: &OpportunityRecord) -> f64 {
        fates::log_likelihood(self.parameters, record)
    }

    /// The probability that the customer had not dropped out by the last opportunity observed. One
    /// for whoever took it.
    pub fn p_alive(&self, record: &OpportunityRecord) -> Probability {
        Probability::clamped(Fates::of(self.parameters, record).alive)
    }

    /// The probability that the customer will still be there at so many opportunities after the
    /// last one observed. With 1 it is what the literature calls alive: there for the next one.
    pub fn p_alive_after(&self, record: &OpportunityRecord, opportunities: u32) -> Probability {
        let (alive, prospects) = self.after(record);
        Probability::clamped(alive * prospects.survival(opportunities))
    }

    /// The probability that the customer takes at least one of the next opportunities.
    pub fn p_active(&self, record: &OpportunityRecord, opportunities: u32) -> Probability {
        let (alive, prospects) = self.after(record);
        Probability::clamped(alive * prospects.active(opportunities))
    }

    /// How many of the next opportunities the customer is expected to take.
    ///
    /// Fader, Hardie & Shang (2010), equation 13, as a sum over the opportunities instead of the
    /// closed form, which cancels where γ is near 1.
    pub fn expected_purchases(&self, record: &OpportunityRecord, opportunities: u32) -> f64 {
        let (alive, prospects) = self.after(record);
        alive * prospects.expected(opportunities)
    }

    /// The probabilities that the customer takes 0, 1, .. `up_to` of the next opportunities.
    ///
    /// # Cost
    ///
    /// `opportunities` times `up_to`.
    pub fn purchase_distribution(
        &self,
        record: &OpportunityRecord,
        opportunities: u32,
        up_to: u32,
    ) -> Vec<f64> {
        let fates = Fates::of(self.parameters, record);
        let prospects = Prospects::after(self.parameters, record);
        let mut chances = prospects.distribution(opportunities, up_to);
        for chance in &mut chances {
            *chance *= fates.alive;
        }
        chances[0] += fates.gone;
        chances
    }

    /// Expected purchases at the coming opportunities, each discounted back to the last one
    /// observed: without an end, the DERT of the paper.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] where there is neither an end nor a discount, and the expectation is
    /// infinite because γ is at most 1.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{BgBb, OpportunityRecord, PeriodDiscount, PeriodHorizon};
    ///
    /// let model = BgBb::with_parameters(1.204, 0.750, 0.657, 2.783)?;
    /// let faithful = OpportunityRecord::new(1, 6, 6)?;
    /// let discount = PeriodDiscount::per_period(0.1)?;
    /// let dert = model.discounted_purchases(&faithful, PeriodHorizon::Forever, discount)?;
    /// assert!((dert - 1.8077).abs() < 5e-5);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn discounted_purchases(
        &self,
        record: &OpportunityRecord,
        horizon: PeriodHorizon,
        discount: PeriodDiscount,
    ) -> Result<f64, ValueError> {
        let (alive, prospects) = self.after(record);
        let discounted = prospects.discounted(horizon, discount.rate());
        discounted.map(|purchases| alive * purchases).ok_or_else(endless_without_discount)
    }

    /// How many of the first opportunities a new customer is expected to take.
    pub fn expected_purchases_of_new(&self, opportunities: u32) -> f64 {
        Prospects::of_new(self.parameters).expected(opportunities)
    }

    /// The probabilities that a new customer takes 0, 1, .. `up_to` of the first opportunities.
    ///
    /// # Cost
    ///
    /// `opportunities` times `up_to`.
    pub fn purchase_distribution_of_new(&self, opportunities: u32, up_to: u32) -> Vec<f64> {
        Prospects::of_new(self.parameters).distribution(opportunities, up_to)
    }

    /// [`expected_purchases`](Self::expected_purchases) for each distinct record of a base.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// The sum over the coming opportunities is shared by the records of equal n, one after the
    /// other; the rest is a pass over each record's silence.
    pub fn expected_purchases_of_all(
        &self,
        base: &OpportunitySummary,
        opportunities: u32,
        work: &Work,
    ) -> Result<Vec<f64>, ValueError> {
        let records = base.distinct();
        let parts = blocks::map_blocks(records.len(), work, |block| {
            let mut stays = (u32::MAX, 0.0);
            let mut forecasts = Vec::with_capacity(block.len());
            for record in &records[block] {
                let prospects = Prospects::after(self.parameters, record);
                if stays.0 != record.opportunities() {
                    stays = (record.opportunities(), prospects.stays(opportunities));
                }
                let alive = Fates::of(self.parameters, record).alive;
                forecasts.push(alive * (prospects.rate() * stays.1));
            }
            forecasts
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// The forecast for every distinct record of a base, in their order, over so many of the coming
    /// opportunities: what [`p_alive`](Self::p_alive), [`p_active`](Self::p_active) and
    /// [`discounted_purchases`](Self::discounted_purchases) give one by one.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{BgBb, OpportunityRecord, OpportunitySummary, PeriodDiscount};
    /// use segmentry::work::Work;
    ///
    /// let model = BgBb::with_parameters(1.204, 0.750, 0.657, 2.783)?;
    /// let base = OpportunitySummary::from_records([OpportunityRecord::new(1, 1, 6)?])?;
    /// let five = model.forecast(&base, 5, PeriodDiscount::NONE, &Work::new())?;
    /// assert!((five[0].purchases - 0.0856).abs() < 5e-5);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn forecast(
        &self,
        base: &OpportunitySummary,
        opportunities: u32,
        discount: PeriodDiscount,
        work: &Work,
    ) -> Result<Vec<PurchaseForecast>, ValueError> {
        let records = base.distinct();
        let (horizon, rate) = (PeriodHorizon::Within(opportunities), discount.rate());
        let payments = discount.annuity(opportunities);
        let parts = blocks::map_blocks(records.len(), work, |block| {
            let mut forecasts = Vec::with_capacity(block.len());
            for record in &records[block] {
                let (alive, prospects) = self.after(record);
                let if_alive = prospects.discounted(horizon, rate).unwrap_or(f64::INFINITY);
                forecasts.push(PurchaseForecast {
                    p_alive: Probability::clamped(alive),
                    p_active: Probability::clamped(alive * prospects.active(opportunities)),
                    purchases: alive * if_alive,
                    if_alive,
                    if_staying: prospects.rate() * payments,
                });
            }
            forecasts
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    pub(super) fn in_logs(&self) -> Option<LogParameters<4>> {
        self.outcome.in_logs(self.parameters)
    }

    /// The same model elsewhere.
    pub(super) fn at(logs: &[f64; 4]) -> Self {
        Self::with(logs.map(exp))
    }

    pub(super) fn saved(&self) -> SavedFit {
        SavedFit::of("bg_bb", &self.parameters(), &self.outcome)
    }

    pub(super) fn restored(fit: &SavedFit) -> Result<Self, SavedModelError> {
        let Parts { parameters, outcome } = fit.parts_of("bg_bb", PARAMETERS)?;
        Ok(Self { parameters, outcome })
    }

    /// The chance of being there, and what follows from it.
    fn after(&self, record: &OpportunityRecord) -> (f64, Prospects) {
        let alive = Fates::of(self.parameters, record).alive;
        (alive, Prospects::after(self.parameters, record))
    }
}

#[cfg(test)]
impl BgBb {
    /// What the fit searches with.
    pub(super) fn curve(base: &OpportunitySummary, logs: &[f64; 4]) -> Curve<4> {
        Rows::of(base).negative_log_likelihood(logs, &Work::new()).unwrap()
    }
}

#[cfg(test)]
mod tests;
