//! Forecasts for many customers at once.
//!
//! Customers who share x differ in their forecast by T alone, as long as they are alive. The rate
//! of purchases ahead is a function of time over α + T that all of them share, and the forecast a
//! smooth function of α + T; both become short polynomials, the latter one for each octave of α + T,
//! so that a customer costs a few multiplications instead of an integral, and the same whoever else
//! is in the base. Where a polynomial does not settle, the integral stays.

use std::ops::Range;

use crate::num::blocks;
use crate::num::chebyshev::Chebyshev;
use crate::num::quadrature::BetaRule;
use crate::num::real::{exp, ln};
use crate::units::{Days, Probability};
use crate::value::beta_geometric::forecast::{Alive, Rate, last_of_worth};
use crate::value::horizon::annuity;
use crate::value::{Discount, FittedBetaGeometric, PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

/// What a model of purchases expects of the customers with one record over a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PurchaseForecast {
    /// Still a customer at the end of the observation.
    pub p_alive: Probability,
    /// At least one purchase in the horizon.
    pub p_active: Probability,
    /// Expected purchases in the horizon, discounted where a discount was asked for.
    pub purchases: f64,
    /// The same of a customer who is alive.
    pub(crate) if_alive: f64,
    /// The same of a customer who is alive and cannot drop out.
    pub(crate) if_staying: f64,
}

/// Records with equal x that are one task at most.
const RUN: usize = 4096;
/// Records whose probabilities stand in the nearest cache.
const STRIP: usize = 256;

impl FittedBetaGeometric {
    /// The forecast for every distinct record of a customer base, in their order.
    ///
    /// The same as [`p_alive`](Self::p_alive), [`p_active`](Self::p_active) and
    /// [`discounted_purchases`](Self::discounted_purchases) give one by one, at a small part of the
    /// cost: probabilities agree to 1e-12 of themselves, purchases to 1e-11.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::units::Days;
    /// use segmentry::value::{Discount, MbgNbd, PurchaseRecord, PurchaseSummary};
    /// use segmentry::work::Work;
    ///
    /// let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614)?;
    /// let base = PurchaseSummary::from_records([PurchaseRecord::new(0, 0.0, 272.0)?; 3])?;
    /// let year = model.forecast(&base, Days::weeks(52), Discount::NONE, &Work::new())?;
    /// assert_eq!(year.len(), 1);
    /// assert!((year[0].p_alive.value() - 0.3897).abs() < 5e-5);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn forecast(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Vec<PurchaseForecast>, ValueError> {
        let (records, weeks) = (base.distinct(), horizon.in_weeks());
        let runs = runs_of_equal_x(records);
        let parts = blocks::map_tasks(runs.len(), work, |run| {
            self.forecast_of_equal_x(&records[runs[run].clone()], weeks, discount.weekly())
        })?;
        Ok(parts.concat())
    }

    /// The probability of each customer of being alive.
    ///
    /// The same as [`p_alive`](Self::p_alive) gives one by one, to 1e-12 of itself, at a small
    /// part of the cost.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::value::{MbgNbd, PurchaseRecord};
    /// use segmentry::work::Work;
    ///
    /// let model = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614)?;
    /// let records = [PurchaseRecord::new(0, 0.0, 272.0)?, PurchaseRecord::new(2, 213.0, 272.0)?];
    /// let alive = model.p_alive_of(&records, &Work::new())?;
    /// assert!((alive[0].value() - 0.3897).abs() < 5e-5);
    /// # Ok::<(), segmentry::value::ValueError>(())
    /// ```
    pub fn p_alive_of(
        &self,
        records: &[PurchaseRecord],
        work: &Work,
    ) -> Result<Vec<Probability>, ValueError> {
        let mut alive = vec![Probability::clamped(0.0); records.len()];
        blocks::fill(&mut alive, RUN, work, |first, out| {
            let mut values = [0.0; STRIP];
            for (strip, out) in out.chunks_mut(STRIP).enumerate() {
                let from = first + strip * STRIP;
                let values = &mut values[..out.len()];
                self.fill_p_alive(&records[from..from + out.len()], values);
                for (out, &value) in out.iter_mut().zip(&*values) {
                    *out = Probability::clamped(value);
                }
            }
        })?;
        Ok(alive)
    }

    /// The probability alive and the discounted purchases of every distinct record, as
    /// [`forecast`](Self::forecast) has them, alone.
    pub(in crate::value) fn alive_and_purchases(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Vec<[f64; 2]>, ValueError> {
        let (records, weeks) = (base.distinct(), horizon.in_weeks());
        let runs = runs_of_equal_x(records);
        let parts = blocks::map_tasks(runs.len(), work, |run| {
            let (alive, if_alive) =
                self.prospects(&records[runs[run].clone()], weeks, discount.weekly());
            let both = alive.into_iter().zip(if_alive);
            both.map(|(alive, if_alive)| [alive, alive * if_alive]).collect::<Vec<_>>()
        })?;
        Ok(parts.concat())
    }

    /// The probability alive, and the discounted purchases of whoever is alive.
    fn prospects(
        &self,
        records: &[PurchaseRecord],
        weeks: f64,
        discount: f64,
    ) -> (Vec<f64>, Vec<f64>) {
        let (mut p_alive, mut if_alive) = (vec![0.0; records.len()], vec![0.0; records.len()]);
        let Some(first) = records.first() else { return (p_alive, if_alive) };
        let alive = self.if_alive(first);
        let mut octaves: Vec<(i32, Purchases)> = Vec::new();
        for record in records {
            let octave = octave_of(self.alpha + record.weeks().1);
            if !octaves.iter().any(|&(known, _)| known == octave) {
                octaves.push((octave, Purchases::of(alive, octave, weeks, discount)));
            }
        }
        self.fill_p_alive(records, &mut p_alive);
        self.fill_if_alive(records, &octaves, &mut if_alive);
        (p_alive, if_alive)
    }

    fn forecast_of_equal_x(
        &self,
        records: &[PurchaseRecord],
        weeks: f64,
        discount: f64,
    ) -> Vec<PurchaseForecast> {
        let Some(first) = records.first() else { return Vec::new() };
        let shape = self.if_alive(first).shape;
        let annuity = annuity(weeks, discount);
        let (alive, if_alive) = self.prospects(records, weeks, discount);
        let mut buys = vec![0.0; records.len()];
        self.fill_buys(records, weeks, &mut buys);
        let forecast = |place: usize| PurchaseForecast {
            p_alive: Probability::clamped(alive[place]),
            p_active: Probability::clamped(alive[place] * buys[place]),
            purchases: alive[place] * if_alive[place],
            if_alive: if_alive[place],
            if_staying: shape / (self.alpha + records[place].weeks().1) * annuity,
        };
        (0..records.len()).map(forecast).collect()
    }
}

/// Discounted purchases of customers who are alive and share x, by their α + T.
pub(super) enum Purchases {
    /// A series in the logarithm of α + T.
    Series(Chebyshev),
    /// An integral each.
    Single(Single),
}

pub(super) struct Single {
    alive: Alive,
    weeks: f64,
    discount: f64,
    /// The rate of purchases, up to as far ahead as anybody looks; none without a discount.
    rate: Option<Rate>,
    dropout: BetaRule,
}

impl Single {
    pub(super) fn at(&self, scale: f64) -> f64 {
        let (y, decay) = (self.weeks / scale, self.discount * scale);
        match &self.rate {
            Some(rate) => rate.discounted(last_of_worth(y, decay), decay),
            None => self.alive.purchases_given(&self.dropout, y),
        }
    }
}

impl Purchases {
    /// For every α + T from two to the power `octave` to twice that.
    ///
    /// The range is that of the octave and not that of the records, so that a customer's forecast
    /// does not depend on who else is in the base.
    fn of(alive: Alive, octave: i32, weeks: f64, discount: f64) -> Self {
        let low = exp2(octave);
        let furthest = weeks / low;
        let rate =
            (discount > 0.0).then(|| Rate::of(alive, last_of_worth(furthest, discount * low)));
        let single = Single { alive, weeks, discount, rate, dropout: alive.dropout(furthest) };
        let series = Chebyshev::fit(ln(low), ln(2.0 * low), |log_scale| single.at(exp(log_scale)));
        series.map_or(Self::Single(single), Self::Series)
    }
}

/// The whole power of two below a positive number, or at it.
#[inline(always)]
pub(super) fn octave_of(scale: f64) -> i32 {
    const MANTISSA: u32 = 52;
    const BIAS: i32 = 1023;
    (scale.to_bits() >> MANTISSA) as i32 - BIAS
}

/// Two to that power.
pub(super) fn exp2(octave: i32) -> f64 {
    libm::ldexp(1.0, octave)
}

/// Stretches of records with equal x, at most [`RUN`] long.
pub(super) fn runs_of_equal_x(records: &[PurchaseRecord]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for group in records.chunk_by(|a, b| a.repeat_purchases() == b.repeat_purchases()) {
        for chunk in group.chunks(RUN) {
            runs.push(start..start + chunk.len());
            start += chunk.len();
        }
    }
    runs
}
