//! What is true of simulated customers, one customer at a time.
//!
//! Nothing is stored: a customer is drawn again whenever somebody asks, which costs little more
//! than looking one up, and a market of a hundred million has as small a truth as one of ten.

use std::fmt;

use crate::num::random::{Purpose, Stream};
use crate::simulate::basket::{Baskets, Walk};
use crate::simulate::planted::{NeedSet, Preferences, Weights};
use crate::simulate::purchasing::SECONDS_PER_WEEK;
use crate::simulate::survey::Respondent;
use crate::simulate::treatment::{Permission, SECONDS_PER_DAY, TrialPlan, Trials};
use crate::simulate::{Market, PlantedSegment, SimulateError, SimulatedCustomer};
use crate::units::{CivilTime, CustomerId, Date};

/// A market whose parameters were checked, and all that is true of its customers.
///
/// ```
/// use segmentry::simulate::Market;
/// use segmentry::units::Days;
///
/// let market = Market::new(1_000_000).seed(3);
/// let truth = market.truth()?;
/// let somebody = truth.customer(765_432).unwrap(); // drawn alone, without the others
/// let seen = somebody.calibration();
/// assert!(seen.purchases >= 1 && seen.age < Days::weeks(39));
/// assert_eq!(somebody.is_alive(), seen.left.is_none());
/// # Ok::<(), segmentry::simulate::SimulateError>(())
/// ```
#[derive(Clone)]
pub struct Truth<'m> {
    pub(crate) market: &'m Market,
    pub(crate) baskets: Baskets,
    segments: Weights,
    channels: Weights,
}

/// What is drawn of a customer before they do anything.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) number: u64,
    pub(crate) segment: usize,
    pub(crate) needs: NeedSet,
    pub(crate) channel: usize,
    /// Second of the first purchase after the start of the observation.
    pub(crate) arrival: i64,
    pub(crate) mean_spend: f64,
    /// The rows to come, at the beginning.
    pub(crate) walk: Walk,
}

impl<'m> Truth<'m> {
    pub(crate) fn new(market: &'m Market) -> Result<Self, SimulateError> {
        market.validate()?;
        Ok(Self {
            market,
            baskets: Baskets {
                spending: market.spending,
                preferences: Preferences::new(&market.categories, &market.needs),
                lines: market.lines,
                returned: market.returned,
                return_delay: market.return_delay,
            },
            segments: Weights::new(market.segments.iter().map(|segment| segment.share)),
            channels: Weights::new(market.channels.iter().map(|&(_, share)| share)),
        })
    }

    /// The parameters.
    pub fn market(&self) -> &'m Market {
        self.market
    }

    /// How many customers there are.
    pub fn n_customers(&self) -> u64 {
        self.market.customers
    }

    /// The first day of the observation.
    pub fn first_day(&self) -> Date {
        self.market.first_day
    }

    /// The last day of the observation; what comes after it is the holdout.
    pub fn last_day(&self) -> Date {
        self.market.last_day()
    }

    /// The customer of that number, from 0; `None` behind the last.
    pub fn customer(&self, number: u64) -> Option<SimulatedCustomer<'_>> {
        (number < self.n_customers())
            .then(|| SimulatedCustomer { truth: self, customer: self.draw(number) })
    }

    /// All customers, drawn one after the other.
    ///
    /// ```
    /// use segmentry::simulate::Market;
    ///
    /// let market = Market::new(300);
    /// let truth = market.truth()?;
    /// let alive = truth.customers().filter(|customer| customer.is_alive()).count();
    /// assert!(alive > 30 && alive < 270);
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn customers(&self) -> impl Iterator<Item = SimulatedCustomer<'_>> {
        (0..self.n_customers())
            .map(|number| SimulatedCustomer { truth: self, customer: self.draw(number) })
    }

    /// The customer with that id, as the tables of other stages have it; `None` where the market
    /// has nobody of that id.
    ///
    /// ```
    /// use segmentry::simulate::Market;
    /// use segmentry::units::CustomerId;
    ///
    /// let market = Market::new(100);
    /// let truth = market.truth()?;
    /// assert_eq!(truth.find(&CustomerId::new("42")).unwrap().number(), 42);
    /// assert!(truth.find(&CustomerId::new("042")).is_none());
    /// assert!(truth.find(&CustomerId::new("100")).is_none());
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn find(&self, id: &CustomerId) -> Option<SimulatedCustomer<'_>> {
        let number: u64 = id.expose().parse().ok()?;
        self.customer(number).filter(|_| number.to_string() == id.expose())
    }

    fn stream(&self, purpose: Purpose, number: u64) -> Stream {
        Stream::new(self.market.seed, purpose, number)
    }

    /// The first second after the observation, counted from its start.
    pub(crate) fn end(&self) -> i64 {
        i64::from(self.market.days.count()) * SECONDS_PER_DAY
    }

    /// The first second that no calendar has.
    pub(crate) fn calendar_end(&self) -> i64 {
        let last = Date::from_ymd(9999, 12, 31).expect("the last day of the calendar");
        i64::from(last.days_since(self.first_day()) + 1) * SECONDS_PER_DAY
    }

    pub(crate) fn time(&self, second: i64) -> CivilTime {
        let start = self.first_day().midnight().seconds();
        CivilTime::from_seconds(start + second).expect("no time is drawn after the calendar's end")
    }

    pub(crate) fn draw(&self, number: u64) -> Customer {
        let market = self.market;
        let mut traits = self.stream(Purpose::Traits, number);
        let segment = self.segments.at(traits.uniform() * self.segments.total());
        let channel = self.channels.at(traits.uniform() * self.channels.total());
        let planted = market.segments.get(segment);
        let mut needs = 0;
        for (i, need) in market.needs.iter().enumerate() {
            // One value for each need, whoever has it.
            let uniform = traits.uniform();
            let probability = planted.map_or(0.0, |segment| probability(segment, &need.name));
            needs |= NeedSet::from(uniform < probability) << i;
        }
        let mut timing = self.stream(Purpose::Timing, number);
        let arrival = timing.uniform() * f64::from(market.arrivals.count()) / 7.0;
        let rate_factor = planted.map_or(1.0, |segment| segment.rate_factor);
        let process = market.purchasing.customer(arrival, rate_factor, timing);
        let mut amounts = self.stream(Purpose::Amounts, number);
        let spend_factor = planted.map_or(1.0, |segment| segment.spend_factor);
        let mean_spend = market.spending.customer(spend_factor, &mut amounts);
        let key = (market.seed, number);
        Customer {
            number,
            segment,
            needs,
            channel,
            arrival: (arrival * SECONDS_PER_WEEK).floor() as i64,
            mean_spend,
            walk: Walk::new(process, mean_spend, needs, amounts, key),
        }
    }

    /// The respondent, if there is a survey and the customer is asked.
    pub(crate) fn respondent(&self, number: u64) -> Option<Respondent<'m>> {
        let survey = self.market.survey.as_ref()?;
        survey.respondent(self.stream(Purpose::Answers, number))
    }

    pub(crate) fn channel_name(&self, channel: usize) -> &'m str {
        self.market.channels.get(channel).map_or("any", |(name, _)| name)
    }

    /// How many channels there are, the one without a name included.
    pub(crate) fn n_channels(&self) -> usize {
        self.market.channels.len().max(1)
    }

    /// What the customer allows on each channel; nothing where nobody is asked.
    pub(crate) fn permissions(&self, customer: &Customer) -> impl Iterator<Item = Permission> {
        let stream = self.stream(Purpose::Permissions, customer.number);
        let treatments = self.market.treatments.iter();
        let arrival = customer.arrival;
        treatments
            .flat_map(move |treatments| treatments.permissions(arrival, stream.clone()))
            .take(self.n_channels())
    }

    /// The customer's occasions; nothing where there are no treatments.
    pub(crate) fn trials(&self, customer: &Customer) -> Option<Trials> {
        let treatments = self.market.treatments.as_ref()?;
        let allowed_until =
            self.permissions(customer).nth(customer.channel).map_or(i64::MAX, Permission::until);
        let plan = TrialPlan {
            arrival: customer.arrival,
            allowed_until,
            end: self.end(),
            effect: treatments.effect_or(self.own_effect(customer)),
        };
        let stream = self.stream(Purpose::Trials, customer.number);
        Some(treatments.trials(customer.walk.process.clone(), plan, stream))
    }

    pub(crate) fn own_effect(&self, customer: &Customer) -> Option<f64> {
        self.market.segments.get(customer.segment)?.treatment_effect
    }
}

fn probability(segment: &PlantedSegment, need: &str) -> f64 {
    // The last word counts, as it does for every setter.
    let said = segment.needs.iter().rev().find(|(name, _)| name == need);
    said.map_or(0.0, |&(_, probability)| probability)
}

impl fmt::Debug for Truth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Truth").field("customers", &self.n_customers()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Calibration, PlantedNeed, Survey, Treatments};
    use crate::units::{Days, Money};

    #[test]
    fn switches_leave_purchases_and_payments_alone() {
        let plain = Market::new(300);
        let full = Market::new(300)
            .order_lines(3.0)
            .returned(0.2, Days::new(5))
            .channel("email", 1.0)
            .need(PlantedNeed::new("price"))
            .segment(PlantedSegment::new("a", 1.0).has("price", 0.5))
            .survey(Survey::new())
            .treatments(Treatments::new());
        let (plain, full) = (plain.truth().unwrap(), full.truth().unwrap());
        for (a, b) in plain.customers().zip(full.customers()) {
            let (a, b) = (a.calibration(), b.calibration());
            assert_eq!(Calibration { returns: Money::ZERO, ..b }, a);
        }
    }

    /// Shares within 5 standard errors: a false alarm in two million seeds.
    #[test]
    fn segments_needs_and_channels_have_their_shares() {
        const N: f64 = 20_000.0;
        let market = Market::retail(N as u64);
        let truth = market.truth().unwrap();
        let (mut segments, mut price, mut email) = ([0.0; 4], [0.0; 4], 0.0);
        for customer in truth.customers() {
            let segment = customer.segment().index();
            segments[segment] += 1.0;
            price[segment] += f64::from(u8::from(customer.has_need(0)));
            email += f64::from(u8::from(customer.channel() == "email"));
        }
        let near = |got: f64, p: f64, n: f64| {
            assert!((got / n - p).abs() < 5.0 * (p * (1.0 - p) / n).sqrt(), "{got} of {n}, {p}");
        };
        for (segment, share) in [0.35, 0.2, 0.25, 0.2].into_iter().enumerate() {
            near(segments[segment], share, N);
            near(price[segment], if segment == 0 { 0.85 } else { 0.1 }, segments[segment]);
        }
        near(email, 0.6, N);
    }

    #[test]
    fn nobody_is_there_behind_the_last() {
        let market = Market::new(3);
        let truth = market.truth().unwrap();
        assert!(truth.customer(2).is_some() && truth.customer(3).is_none());
        assert_eq!(truth.customers().count(), 3);
        assert!(!truth.customer(0).unwrap().has_need(9_999));
        assert_eq!(truth.customer(0).unwrap().segment_name(), "all");
        assert_eq!(truth.customer(0).unwrap().channel(), "any");
    }
}
