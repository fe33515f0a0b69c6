//! Forecasts of regular timing for many customers at once.
//!
//! Given how many hidden events happened since the last purchase, customers who share x differ by
//! α + T alone, as under the plain model. So there is one polynomial for each number of these
//! events, and a customer's forecast is their mean, weighted by what is known of that number.

use crate::num::blocks;
use crate::num::chebyshev::Chebyshev;
use crate::num::real::{exp, exp_m1, ln, ln_1p};
use crate::units::Days;
use crate::value::beta_geometric::batch::{exp2, octave_of, runs_of_equal_x};
use crate::value::beta_geometric::forecast::{Panels, last_of_worth, purchases_of_one_who_stays};
use crate::value::beta_geometric::regular::FittedCnbd;
use crate::value::beta_geometric::regular::likelihood::Phases;
use crate::value::{Discount, PurchaseForecast, PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

impl FittedCnbd {
    /// The forecast for every distinct record of a customer base, in their order.
    ///
    /// The same numbers as [`p_alive`](Self::p_alive), [`p_active`](Self::p_active) and
    /// [`discounted_purchases`](Self::discounted_purchases) give one by one, at a small part of the
    /// cost; purchases agree to 1e-10.
    ///
    /// # Errors
    ///
    /// [`ValueError::Cancelled`].
    pub fn forecast(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        work: &Work,
    ) -> Result<Vec<PurchaseForecast>, ValueError> {
        if self.k == 1 {
            return self.hidden.forecast(base, horizon, discount, work);
        }
        let records = base.distinct();
        let runs = runs_of_equal_x(records);
        let parts = blocks::map_tasks(runs.len(), work, |run| {
            self.forecast_of_equal_x(&records[runs[run].clone()], horizon, discount)
        })?;
        Ok(parts.concat())
    }

    fn forecast_of_equal_x(
        &self,
        records: &[PurchaseRecord],
        horizon: Days,
        discount: Discount,
    ) -> Vec<PurchaseForecast> {
        let mut octaves: Vec<(i32, Vec<[Expected<'_>; 2]>)> = Vec::new();
        let forecast = |record: &PurchaseRecord| {
            let scale = self.hidden.alpha + record.weeks().1;
            let octave = octave_of(scale);
            let known = octaves.iter().position(|&(known, _)| known == octave);
            let place = known.unwrap_or_else(|| {
                let of_phase = |since| {
                    [Leaving::AsTheModelSays, Leaving::Never].map(|leaving| {
                        let ahead = Ahead { model: self, record: *record, since, leaving };
                        Expected::of(ahead, octave, horizon.in_weeks(), discount.weekly())
                    })
                };
                octaves.push((octave, (0..self.k).map(of_phase).collect()));
                octaves.len() - 1
            });
            let phases = Phases::of(self.k, record, self.hidden.r, self.hidden.alpha);
            let [mut if_alive, mut if_staying] = [0.0; 2];
            for (chance, [alive, staying]) in phases.chances.iter().zip(&octaves[place].1) {
                if_alive += chance * alive.at(scale);
                if_staying += chance * staying.at(scale);
            }
            let p_alive = self.p_alive(record);
            PurchaseForecast {
                p_alive,
                p_active: self.p_active(record, horizon),
                purchases: p_alive.value() * if_alive,
                if_alive,
                if_staying,
            }
        };
        records.iter().map(forecast).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Leaving {
    AsTheModelSays,
    Never,
}

/// The purchases ahead of a customer who is alive, so many hidden events after the last purchase.
/// Of the record only x is looked at.
#[derive(Clone, Copy)]
struct Ahead<'a> {
    model: &'a FittedCnbd,
    record: PurchaseRecord,
    since: u32,
    leaving: Leaving,
}

impl Ahead<'_> {
    /// Expected purchases by `y`, the time ahead over α + T.
    fn purchases(&self, y: f64) -> f64 {
        let Self { model, record, since, leaving } = *self;
        let (k, shape) = (model.k as usize, model.shape(&record));
        let since = since as usize;
        let up_to = model.numbers_that_matter(shape, y);
        let events = k * (up_to + 1) - 1 - since;
        let (_, more) = purchases_of_one_who_stays(shape + since as f64, y, events);
        let (mut stays, mut total) = (1.0, 0.0);
        for m in 0..=up_to {
            total += stays * more[k * (m + 1) - 1 - since];
            if leaving == Leaving::AsTheModelSays {
                stays *= model.survives(&record, m);
            }
        }
        total
    }
}

/// The same by α + T, discounted, over one horizon.
struct Single<'a> {
    ahead: Ahead<'a>,
    weeks: f64,
    discount: f64,
    /// Purchases by `ln(1 + y)`, where a series settles them; none without a discount.
    by_log: Option<Chebyshev>,
}

impl Single<'_> {
    fn at(&self, scale: f64) -> f64 {
        let (y, decay) = (self.weeks / scale, self.discount * scale);
        if decay == 0.0 {
            return self.ahead.purchases(y);
        }
        let purchases = |log, ahead| match &self.by_log {
            Some(series) => series.at(log),
            None => self.ahead.purchases(ahead),
        };
        let shape = self.ahead.model.shape(&self.ahead.record);
        discounted(shape, last_of_worth(y, decay), decay, purchases)
    }
}

/// What purchases by a time ahead are worth when money loses `decay` in a unit of it, by parts:
/// what was bought by a time is worth less by what money loses after it. `purchases` is given
/// `ln(1 + u)` and u.
pub(super) fn discounted(
    shape: f64,
    end: f64,
    decay: f64,
    purchases: impl Fn(f64, f64) -> f64,
) -> f64 {
    let at_end = exp(-decay * end) * purchases(ln_1p(end), end);
    let bought = |log: f64, ahead: f64| (1.0 + ahead) * purchases(log, ahead);
    at_end + decay * Panels::new().integral(shape, end, decay, bought)
}

/// Discounted purchases of such customers by their α + T.
enum Expected<'a> {
    /// A series in the logarithm of α + T.
    Series(Chebyshev),
    /// A sum each.
    Single(Single<'a>),
}

impl<'a> Expected<'a> {
    /// For every α + T from two to the power `octave` to twice that, whoever is in the base.
    fn of(ahead: Ahead<'a>, octave: i32, weeks: f64, discount: f64) -> Self {
        let low = exp2(octave);
        let furthest = last_of_worth(weeks / low, discount * low);
        let by_log = (discount > 0.0)
            .then(|| Chebyshev::fit(0.0, ln_1p(furthest), |log| ahead.purchases(exp_m1(log))))
            .flatten();
        let single = Single { ahead, weeks, discount, by_log };
        // An integral over sums at each of its places is too much to look for a series with.
        if discount > 0.0 && single.by_log.is_none() {
            return Self::Single(single);
        }
        let series = Chebyshev::fit(ln(low), ln(2.0 * low), |log_scale| single.at(exp(log_scale)));
        series.map_or(Self::Single(single), Self::Series)
    }

    fn at(&self, scale: f64) -> f64 {
        match self {
            Self::Series(series) => series.at(ln(scale)),
            Self::Single(single) => single.at(scale),
        }
    }
}
