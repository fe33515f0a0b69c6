//! Forecasts for many customers at once, and fits to other bases.

use crate::num::blocks;
use crate::num::newton::Bounds;
use crate::num::real::ln;
use crate::units::{Days, Probability};
use crate::value::fit::Outcome;
use crate::value::horizon::annuity;
use crate::value::pareto_nbd::likelihood::{Rows, standings};
use crate::value::pareto_nbd::standing::Standing;
use crate::value::pareto_nbd::{RANGE, fit_from, refuse_too_few};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{
    Discount, FittedParetoNbd, Parameter, ParetoNbd, PurchaseForecast, PurchaseSummary,
    SavedModelError, ValueError,
};
use crate::work::Work;

impl FittedParetoNbd {
    /// The forecast for every distinct record of a customer base, in their order: what
    /// [`p_alive`](Self::p_alive), [`p_active`](Self::p_active) and
    /// [`discounted_purchases`](Self::discounted_purchases) give one by one, with the integrals of
    /// records of equal x shared.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::units::Days;
    /// use segmentry::value::{Discount, ParetoNbd, PurchaseRecord, PurchaseSummary};
    /// use segmentry::work::Work;
    ///
    /// let model = ParetoNbd::with_parameters(0.553, 10.578, 0.606, 11.669)?;
    /// let base = PurchaseSummary::from_records([PurchaseRecord::new(2, 213.0, 272.0)?; 3])?;
    /// let year = model.forecast(&base, Days::weeks(52), Discount::NONE, &Work::new())?;
    /// assert!((year[0].p_alive.value() - 0.869).abs() < 5e-4);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn forecast(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Vec<PurchaseForecast>, ValueError> {
        let weeks = horizon.in_weeks();
        let annuity = annuity(weeks, discount.weekly());
        let standings = standings(base, &self.parameters, work)?;
        let forecast = |standing: &Standing| {
            let prospect = &standing.prospect;
            let if_staying = prospect.shape / prospect.alpha * annuity;
            // Over a time with an end there is always a sum.
            let if_alive =
                prospect.discounted(Some(weeks), discount.weekly()).unwrap_or(if_staying);
            PurchaseForecast {
                p_alive: standing.p_alive(),
                p_active: Probability::clamped(standing.of_alive(prospect.buys(weeks))),
                purchases: standing.of_alive(if_alive),
                if_alive,
                if_staying,
            }
        };
        let parts = blocks::map_blocks(standings.len(), work, |block| {
            standings[block].iter().map(forecast).collect::<Vec<_>>()
        })?;
        Ok(parts.concat())
    }

    /// Whether dropout can be told apart from none: its parameter `s` is inside the range and more
    /// than one standard error above zero. `None` for given parameters.
    pub fn sees_dropout(&self) -> Option<bool> {
        self.outcome.is_above_zero(self.s(), 2)
    }

    /// How the fit came out.
    pub(in crate::value) fn outcome(&self) -> &Outcome<4> {
        &self.outcome
    }

    pub(in crate::value) fn restored(fit: &SavedFit) -> Result<Self, SavedModelError> {
        let names = [Parameter::R, Parameter::Alpha, Parameter::S, Parameter::Beta];
        let Parts { parameters, outcome } = fit.parts(names)?;
        Ok(Self { outcome, ..Self::with(parameters) })
    }

    /// The likelihood of a base, and the range of the logarithms.
    pub(in crate::value) fn objective<'a>(&self, base: &'a PurchaseSummary) -> (Rows<'a>, Bounds) {
        (Rows::of(base), RANGE)
    }

    /// The fit to other customers, from where this one stands.
    pub(in crate::value) fn refit(
        &self,
        base: &PurchaseSummary,
        work: &Work,
    ) -> Result<Self, ValueError> {
        refuse_too_few(base, ParetoNbd::default().min_repeat_customers)?;
        let start = [self.r(), self.alpha(), self.s(), self.beta()].map(ln);
        fit_from(&Rows::of(base), start, work)
    }
}
