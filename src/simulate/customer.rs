//! One simulated customer: who they are, what they did, and what they will do.
//!
//! The observation and the holdout are one walk through one process, cut in two where the
//! observation ends, so that the two can never contradict each other.

use std::fmt;

use crate::simulate::basket::MINOR_DIGITS;
use crate::simulate::purchasing::{Dropout, Process};
use crate::simulate::treatment::SECONDS_PER_DAY;
use crate::simulate::truth::{Customer, Truth};
use crate::units::{CivilTime, CustomerId, Days, Money, Probability, SegmentId};

/// One simulated customer: who they are, what they did and what they will do.
#[derive(Clone)]
pub struct SimulatedCustomer<'t> {
    pub(crate) truth: &'t Truth<'t>,
    pub(crate) customer: Customer,
}

/// One purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Purchase {
    /// When.
    pub time: CivilTime,
    /// For how much, all lines together.
    pub amount: Money,
}

/// What a customer did in the observation, counted as a
/// [`CustomerHistory`](crate::data::CustomerHistory) counts it: purchases are days with a purchase,
/// ages are whole days.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Calibration {
    /// Days with a purchase; at least one.
    pub purchases: u32,
    /// Purchases after the first: `x`.
    pub repeat_purchases: u32,
    /// From the first purchase to the last: `t_x`.
    pub age_at_last: Days,
    /// From the first purchase to the last day of the observation: `T`. Up to a day shorter than
    /// the time in which the customer could buy, because the last day counts to its end.
    pub age: Days,
    /// What the customer paid.
    pub gross: Money,
    /// What went back to them within the observation: zero or negative.
    pub returns: Money,
    /// When they left, if they did; always after, or at, a purchase.
    pub left: Option<CivilTime>,
}

/// What a customer does after the observation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Holdout {
    /// Days with a purchase.
    pub purchases: u32,
    /// What the customer pays, returns not taken off.
    pub gross: Money,
    /// Whether they are still there at the end of it.
    pub alive_at_end: bool,
}

/// An occasion on which a customer was contacted or held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occasion {
    /// When.
    pub time: CivilTime,
    /// Whether the customer was contacted, over the channel that they prefer; otherwise held out.
    pub contacted: bool,
    /// When the customer responded, if they did.
    pub response: Option<CivilTime>,
}

impl<'t> SimulatedCustomer<'t> {
    /// The number, from 0; the id is its decimal text.
    pub fn number(&self) -> u64 {
        self.customer.number
    }

    /// The id under which sources know the customer.
    pub fn id(&self) -> CustomerId {
        CustomerId::new(self.number().to_string())
    }

    /// When the customer first bought.
    pub fn arrival(&self) -> CivilTime {
        self.truth.time(self.customer.arrival)
    }

    /// How often a week the customer buys while they are one.
    pub fn purchase_rate(&self) -> f64 {
        self.process().rate
    }

    /// How the customer leaves.
    pub fn dropout(&self) -> Dropout {
        self.process().dropout
    }

    /// What the customer spends at a purchase on average, before rounding to whole minor units.
    pub fn mean_spend(&self) -> Money {
        Money::finite(self.customer.mean_spend)
    }

    /// The planted segment, by its place among the segments of the market.
    pub fn segment(&self) -> SegmentId {
        SegmentId(self.customer.segment as u32)
    }

    /// The planted segment's name; `all` where none was planted.
    pub fn segment_name(&self) -> &'t str {
        self.truth.market.segments.get(self.customer.segment).map_or("all", |s| &s.name)
    }

    /// Whether the customer has the need, given by its place among the needs of the market.
    pub fn has_need(&self, need: usize) -> bool {
        self.customer.needs.checked_shr(need as u32).unwrap_or(0) & 1 == 1
    }

    /// The names of the customer's needs.
    pub fn needs(&self) -> impl Iterator<Item = &'t str> {
        let held = self.customer.needs;
        let names = self.truth.market.needs.iter().enumerate();
        names.filter(move |&(i, _)| held >> i & 1 == 1).map(|(_, need)| need.name.as_str())
    }

    /// The probabilities with which a line that the customer buys falls into each category.
    pub fn category_shares(&self) -> Vec<f64> {
        self.truth.baskets.preferences.shares(self.customer.needs)
    }

    /// The channel that the customer prefers; `any` where the market has none.
    pub fn channel(&self) -> &'t str {
        self.truth.channel_name(self.customer.channel)
    }

    /// How readily the customer says yes whatever is asked; `None` for one who is not asked.
    #[doc(alias = "acquiescence")]
    pub fn yes_saying(&self) -> Option<Probability> {
        let respondent = self.truth.respondent(self.number())?;
        Some(Probability::clamped(respondent.yes_saying))
    }

    /// By how much a contact changes the probability that the customer responds, as long as they
    /// have not left; `None` in a market without treatments.
    #[doc(alias = "uplift")]
    pub fn treatment_effect(&self) -> Option<f64> {
        let treatments = self.truth.market.treatments.as_ref()?;
        Some(treatments.effect_or(self.truth.own_effect(&self.customer)))
    }

    /// The customer's occasions for treatment in the observation, in the order of time.
    pub fn occasions(&self) -> impl Iterator<Item = Occasion> {
        let truth = self.truth;
        truth.trials(&self.customer).into_iter().flatten().map(|trial| Occasion {
            time: truth.time(trial.time),
            contacted: trial.contacted,
            response: trial.response.map(|second| truth.time(second)),
        })
    }

    /// All purchases, each by itself also where several fall on one day, in the order of time. They
    /// do not end with the observation but when the customer leaves, or with the calendar.
    ///
    /// ```
    /// use segmentry::simulate::Market;
    ///
    /// let market = Market::new(50);
    /// let truth = market.truth()?;
    /// let customer = truth.customer(7).unwrap();
    /// let times: Vec<_> = customer.purchases().take(10).map(|purchase| purchase.time).collect();
    /// assert_eq!(times[0], customer.arrival());
    /// assert!(times.is_sorted());
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn purchases(&self) -> impl Iterator<Item = Purchase> {
        let truth = self.truth;
        let end = truth.calendar_end();
        let mut walk = self.customer.walk.clone();
        std::iter::from_fn(move || {
            let bought = walk.purchase_before(&truth.baskets, end)?;
            Some(Purchase {
                time: truth.time(bought.time),
                amount: Money::from_minor(bought.minor, MINOR_DIGITS),
            })
        })
    }

    /// What the customer did in the observation.
    pub fn calibration(&self) -> Calibration {
        let (truth, end) = (self.truth, self.truth.end());
        let mut walk = self.customer.walk.clone();
        let (mut gross, mut returns) = (0, 0);
        let mut days = DayCount::default();
        while let Some(row) = walk.row_before(&truth.baskets, end) {
            if row.minor > 0 {
                gross += row.minor;
                days.add(row.time);
            } else {
                returns += row.minor;
            }
        }
        let first = self.customer.arrival.div_euclid(SECONDS_PER_DAY);
        let since_first = |day: i64| Days::new((day - first) as u32);
        Calibration {
            purchases: days.count,
            repeat_purchases: days.count.saturating_sub(1),
            age_at_last: since_first(days.last.unwrap_or(first)),
            age: since_first(i64::from(truth.market.days.count()) - 1),
            gross: Money::from_minor(gross, MINOR_DIGITS),
            returns: Money::from_minor(returns, MINOR_DIGITS),
            left: walk.process.left_before(end).map(|second| truth.time(second)),
        }
    }

    /// Whether the customer is still one at the end of the observation.
    pub fn is_alive(&self) -> bool {
        let end = self.truth.end();
        self.at(end).left_before(end).is_none()
    }

    /// What the customer does in the `horizon` after the observation; it ends with the calendar.
    ///
    /// ```
    /// use segmentry::simulate::Market;
    /// use segmentry::units::Days;
    ///
    /// // A longer observation of the same market shows what the holdout said.
    /// let short = Market::new(200);
    /// let long = Market::new(200).days(Days::weeks(78));
    /// let (short, long) = (short.truth()?, long.truth()?);
    /// for (before, after) in short.customers().zip(long.customers()) {
    ///     let next = before.holdout(Days::weeks(39));
    ///     let grown = after.calibration().purchases - before.calibration().purchases;
    ///     assert_eq!(next.purchases, grown);
    /// }
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn holdout(&self, horizon: Days) -> Holdout {
        let (truth, end) = (self.truth, self.truth.end());
        let length = i64::from(horizon.count()) * SECONDS_PER_DAY;
        let later = end.saturating_add(length).min(truth.calendar_end());
        let mut walk = self.customer.walk.clone();
        while walk.purchase_before(&truth.baskets, end).is_some() {}
        let (mut days, mut gross) = (DayCount::default(), 0i64);
        while let Some(bought) = walk.purchase_before(&truth.baskets, later) {
            days.add(bought.time);
            gross = gross.saturating_add(bought.minor);
        }
        Holdout {
            purchases: days.count,
            gross: Money::from_minor(gross, MINOR_DIGITS),
            alive_at_end: walk.process.left_before(later).is_none(),
        }
    }

    /// The mean number of purchases in the `horizon` after the observation over all futures that
    /// this customer could have, given their rates and whether they are still there. It is what no
    /// forecast can be better than. Purchases of one day count one by one.
    ///
    /// ```text
    /// (1 - e^(-p rate t)) / p       where they leave with probability p after a purchase
    /// rate (1 - e^(-mu t)) / mu     where they leave at rate mu
    /// ```
    ///
    /// ```
    /// use segmentry::simulate::{Market, Purchasing};
    /// use segmentry::units::Days;
    ///
    /// // Once a week, and practically never leaves.
    /// let weekly = Purchasing::BgNbd { r: 1e6, alpha: 1e6, a: 1e-6, b: 1e6 };
    /// let market = Market::new(1).purchasing(weekly);
    /// let truth = market.truth()?;
    /// let customer = truth.customer(0).unwrap();
    /// assert!((customer.expected_purchases(Days::weeks(52)) - 52.0).abs() < 0.5);
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn expected_purchases(&self, horizon: Days) -> f64 {
        let end = self.truth.end();
        let process = self.at(end);
        let there = process.left_before(end).is_none();
        if there { process.expected(horizon.in_weeks()) } else { 0.0 }
    }

    fn process(&self) -> &Process {
        &self.customer.walk.process
    }

    /// The process with all purchases before `end` behind it.
    fn at(&self, end: i64) -> Process {
        let mut process = self.process().clone();
        while process.purchase_before(end).is_some() {}
        process
    }
}

/// Counts the days of times that come in order.
#[derive(Debug, Default)]
struct DayCount {
    count: u32,
    last: Option<i64>,
}

impl DayCount {
    fn add(&mut self, second: i64) {
        let day = second.div_euclid(SECONDS_PER_DAY);
        if self.last != Some(day) {
            self.last = Some(day);
            self.count += 1;
        }
    }
}

impl fmt::Debug for SimulatedCustomer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedCustomer")
            .field("segment", &self.segment_name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Market, Purchasing, Spending};
    use crate::units::Date;

    /// The mean of holdouts within 5 standard errors of the mean of the expectations: what happens
    /// is what was to be expected, for both ways of leaving.
    #[test]
    fn futures_are_drawn_from_their_expectation() {
        for model in [Purchasing::cdnow_mbg_nbd(), Purchasing::cdnow_pareto_nbd()] {
            let market =
                Market::new(50_000).purchasing(model).spending(Spending::Fixed { amount: 1.0 });
            let truth = market.truth().unwrap();
            let horizon = Days::weeks(39);
            let (mut difference, mut squares) = (0.0, 0.0);
            for customer in truth.customers() {
                let holdout = customer.holdout(horizon);
                // Fixed amounts count purchases, and not days with a purchase.
                let d = holdout.gross.amount() - customer.expected_purchases(horizon);
                difference += d;
                squares += d * d;
                assert!(customer.is_alive() || holdout.purchases == 0);
            }
            assert!(difference.abs() < 5.0 * squares.sqrt(), "{difference} +- {}", squares.sqrt());
        }
    }

    #[test]
    fn a_holdout_ends_with_the_calendar() {
        let market = Market::new(20).first_day(Date::from_ymd(9998, 1, 1).unwrap());
        let truth = market.truth().unwrap();
        for customer in truth.customers() {
            let ever = customer.holdout(Days::new(u32::MAX));
            assert!(customer.purchases().count() >= ever.purchases as usize);
        }
    }

    #[test]
    fn nothing_is_printed_of_a_customer() {
        let market = Market::new(88_888);
        let truth = market.truth().unwrap();
        let customer = truth.customer(77_777).unwrap();
        assert!(!format!("{customer:?} {:?}", customer.id()).contains("77777"));
    }
}
