//! The parameters of a market.

use crate::data::HistorySpec;
use crate::simulate::basket::Spending;
use crate::simulate::error::{check, check_probability};
use crate::simulate::planted;
use crate::simulate::purchasing::Purchasing;
use crate::simulate::{PlantedNeed, PlantedSegment, SimulateError, Survey, Treatments, Truth};
use crate::units::{Date, Days};

/// A market of customers who do not exist and of whom everything is known.
///
/// A market is a source like any other: of transactions, of attributes (the preferred channel and
/// survey answers) and of events. [`truth`](Self::truth) tells what no source can: how often each
/// customer wants to buy, whether they are still there, what they need, what a contact does to
/// them, and what they will do next.
///
/// Every customer is drawn from streams of their own, keyed by the seed and the customer's number.
/// So rows depend neither on the partitions, the batches or the threads, nor on how many other
/// customers there are; each customer can be drawn again alone; and a longer observation shows the
/// same purchases and then more. What is switched on besides (lines, returns, surveys, treatments)
/// changes neither when customers buy nor what they pay.
///
/// | parameter | default | reason |
/// |---|---|---|
/// | first day | 1997-01-01 | the CDNOW cohort's, whose published estimates are the defaults below |
/// | days | 273 | its calibration period of 39 weeks |
/// | arrivals | the first 84 days | its customers first bought within 12 weeks |
/// | purchasing | MBG/NBD | customers may leave after any purchase, which BG/NBD cannot see |
/// | spending | Gamma-Gamma | |
/// | returns, lines, categories, needs, channels | none | the plainest log; [`retail`](Self::retail) has them all |
/// | seed | 0 | |
/// | customers a partition | 65,536 | some 200,000 rows at the defaults: enough work for a thread |
/// | rows a batch | 8,192 | small enough for a core's cache |
///
/// Customer ids are the integers from 0. Money has two decimals.
///
/// # Example
///
/// ```
/// use segmentry::data::CustomerHistory;
/// use segmentry::simulate::Market;
/// use segmentry::units::Days;
/// use segmentry::work::Work;
///
/// let market = Market::new(500).seed(7);
/// let history = CustomerHistory::read(&market, &market.history_spec()?, &Work::new())?;
/// assert_eq!(history.n_customers(), 500);
///
/// // What the history cannot know.
/// let truth = market.truth()?;
/// let gone = truth.customers().filter(|customer| !customer.is_alive()).count();
/// let bought_again =
///     truth.customers().filter(|customer| customer.holdout(Days::weeks(39)).purchases > 0).count();
/// assert!(gone > 150 && bought_again > 50 && gone + bought_again < 500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    pub(crate) customers: u64,
    pub(crate) first_day: Date,
    pub(crate) days: Days,
    pub(crate) arrivals: Days,
    pub(crate) purchasing: Purchasing,
    pub(crate) spending: Spending,
    pub(crate) lines: Option<f64>,
    pub(crate) returned: f64,
    pub(crate) return_delay: f64,
    pub(crate) categories: Vec<(String, f64)>,
    pub(crate) needs: Vec<PlantedNeed>,
    pub(crate) segments: Vec<PlantedSegment>,
    pub(crate) channels: Vec<(String, f64)>,
    pub(crate) survey: Option<Survey>,
    pub(crate) treatments: Option<Treatments>,
    pub(crate) seed: u64,
    pub(crate) customers_per_partition: u64,
    pub(crate) rows_per_batch: usize,
}

/// A table of customers numbers its rows by 32 bits.
const MOST_CUSTOMERS: u64 = u32::MAX as u64;

/// A century, so that no customer's orders or money outgrow their 31 and 64 bits.
const MOST_DAYS: u32 = 36_525;

/// More rows than this in one batch are no batch but the file.
const MOST_ROWS: usize = 1 << 24;

impl Market {
    /// A market of that many customers who only buy; see the table above.
    pub fn new(customers: u64) -> Self {
        Self {
            customers,
            first_day: Date::from_ymd(1997, 1, 1).expect("a day of the calendar"),
            days: Days::weeks(39),
            arrivals: Days::weeks(12),
            purchasing: Purchasing::cdnow_mbg_nbd(),
            spending: Spending::cdnow(),
            lines: None,
            returned: 0.0,
            return_delay: 14.0,
            categories: Vec::new(),
            needs: Vec::new(),
            segments: Vec::new(),
            channels: Vec::new(),
            survey: None,
            treatments: None,
            seed: 0,
            customers_per_partition: 1 << 16,
            rows_per_batch: 1 << 13,
        }
    }

    /// A market with everything in it: four segments, each with one need that most of its customers
    /// have and others rarely do, which five categories, a survey with human faults and responses
    /// to treatments show. Observed for two years, with arrivals over the first.
    ///
    /// The numbers are ours, made to be plausible for a web shop and to be found; they are taken
    /// from no study.
    ///
    /// ```
    /// use segmentry::simulate::Market;
    ///
    /// let market = Market::retail(1000);
    /// assert!(market.validate().is_ok());
    /// assert_eq!(market.segment_names().count(), 4);
    /// ```
    pub fn retail(customers: u64) -> Self {
        let segment = |name, share, need| {
            ["price", "quality", "speed", "advice"]
                .into_iter()
                .fold(PlantedSegment::new(name, share), |segment, other| {
                    segment.has(other, if other == need { 0.85 } else { 0.1 })
                })
        };
        Self::new(customers)
            .days(Days::new(730))
            .arrivals(Days::new(365))
            .order_lines(2.5)
            .returned(0.06, Days::new(12))
            .category("basics", 3.0)
            .category("brands", 2.0)
            .category("express", 1.0)
            .category("service", 1.0)
            .category("clearance", 1.0)
            .need(PlantedNeed::new("price").prefers("clearance", 8.0).prefers("basics", 4.0))
            .need(PlantedNeed::new("quality").prefers("brands", 12.0))
            .need(PlantedNeed::new("speed").prefers("express", 12.0))
            .need(PlantedNeed::new("advice").prefers("service", 12.0))
            .segment(segment("bargain hunters", 0.35, "price").spend_factor(0.7))
            .segment(segment("connoisseurs", 0.2, "quality").spend_factor(1.6))
            .segment(segment("in a hurry", 0.25, "speed").rate_factor(1.5).treatment_effect(-0.005))
            .segment(segment("uncertain", 0.2, "advice").treatment_effect(0.04))
            .channel("email", 0.6)
            .channel("post", 0.25)
            .channel("phone", 0.15)
            .survey(
                Survey::new()
                    .asked(0.3)
                    .items_per_need(3)
                    .reversed_items(1)
                    .yes_saying(0.15)
                    .errors(0.05)
                    .missing(0.08),
            )
            .treatments(Treatments::new().consent(0.8, 0.1))
    }

    /// The first day of the observation.
    #[must_use]
    pub fn first_day(mut self, day: Date) -> Self {
        self.first_day = day;
        self
    }

    /// How many days are observed.
    #[must_use]
    pub fn days(mut self, days: Days) -> Self {
        self.days = days;
        self
    }

    /// The stretch from the first day on in which customers arrive: each first purchase falls
    /// anywhere in it with equal probability. One day makes a cohort.
    #[must_use]
    pub fn arrivals(mut self, days: Days) -> Self {
        self.arrivals = days;
        self
    }

    /// When customers buy, and how they leave.
    #[must_use]
    pub fn purchasing(mut self, purchasing: Purchasing) -> Self {
        self.purchasing = purchasing;
        self
    }

    /// How much they spend.
    #[must_use]
    pub fn spending(mut self, spending: Spending) -> Self {
        self.spending = spending;
        self
    }

    /// Cuts purchases into lines, this many on average, and adds the columns of orders and
    /// products. Without it each purchase is one row.
    #[must_use]
    pub fn order_lines(mut self, mean: f64) -> Self {
        self.lines = Some(mean);
        self
    }

    /// The share of lines that come back, and the mean time after which they do.
    #[must_use]
    pub fn returned(mut self, share: f64, mean_delay: Days) -> Self {
        self.returned = share;
        self.return_delay = f64::from(mean_delay.count());
        self
    }

    /// Adds a category; customers without any need that prefers another choose categories in
    /// proportion to their popularity.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>, popularity: f64) -> Self {
        self.categories.push((name.into(), popularity));
        self
    }

    /// Adds a need.
    #[must_use]
    pub fn need(mut self, need: PlantedNeed) -> Self {
        self.needs.push(need);
        self
    }

    /// Adds a segment. The shares of all must add up to 1; without any segment there is one, named
    /// `all`, without needs.
    #[must_use]
    pub fn segment(mut self, segment: PlantedSegment) -> Self {
        self.segments.push(segment);
        self
    }

    /// Adds a channel and the share of customers who prefer it. The shares of all must add up to 1;
    /// without any there is one, named `any`, which is no attribute.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>, share: f64) -> Self {
        self.channels.push((name.into(), share));
        self
    }

    /// Asks customers about their needs.
    #[must_use]
    pub fn survey(mut self, survey: Survey) -> Self {
        self.survey = Some(survey);
        self
    }

    /// Contacts customers and records their responses.
    #[must_use]
    pub fn treatments(mut self, treatments: Treatments) -> Self {
        self.treatments = Some(treatments);
        self
    }

    /// What all draws depend on.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many customers make a partition. The rows do not depend on it.
    #[must_use]
    pub fn customers_per_partition(mut self, customers: u64) -> Self {
        self.customers_per_partition = customers;
        self
    }

    /// How many rows make a batch. The rows do not depend on it.
    #[must_use]
    pub fn rows_per_batch(mut self, rows: usize) -> Self {
        self.rows_per_batch = rows;
        self
    }

    /// The names of the needs, in their order.
    pub fn need_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.needs.iter().map(|need| need.name.as_str())
    }

    /// The names of the segments, in their order.
    pub fn segment_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.segments.iter().map(|segment| segment.name.as_str())
    }

    /// The names of the categories, in their order.
    pub fn category_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.categories.iter().map(|(name, _)| name.as_str())
    }

    /// The names of the channels, in their order.
    pub fn channel_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.channels.iter().map(|(name, _)| name.as_str())
    }

    /// Checks the parameters; [`truth`](Self::truth) and every scan call this first.
    ///
    /// # Errors
    ///
    /// Any variant of [`SimulateError`] but that of a partition.
    pub fn validate(&self) -> Result<(), SimulateError> {
        let good = (1..=MOST_CUSTOMERS).contains(&self.customers);
        check(good, "customers", self.customers as f64, "from 1 to 4294967295")?;
        let days = self.days.count();
        check((1..=MOST_DAYS).contains(&days), "days", f64::from(days), "from 1 to 36525")?;
        let last = self.first_day.day_number() + (days as i32 - 1);
        let good = Date::from_day_number(last).is_some();
        check(good, "days", f64::from(days), "to end in the year 9999 at the latest")?;
        let arrivals = self.arrivals.count();
        let good = (1..=days).contains(&arrivals);
        check(good, "arrivals", f64::from(arrivals), "at least 1 day and at most `days`")?;
        self.purchasing.validate()?;
        self.spending.validate()?;
        if let Some(lines) = self.lines {
            check((1.0..=50.0).contains(&lines), "order_lines", lines, "from 1 to 50")?;
        }
        check_probability("returned", self.returned)?;
        planted::validate(&self.categories, &self.needs, &self.segments)?;
        planted::names(
            "channels",
            self.channels.iter().map(|(name, _)| name),
            planted::MOST_NEEDS,
        )?;
        for (name, share) in &self.channels {
            let good = (0.0..=1.0).contains(share);
            planted::part(good, "channel", name, "share", *share, "between 0 and 1")?;
        }
        planted::shares("channels", self.channels.iter().map(|&(_, share)| share))?;
        if let Some(survey) = &self.survey {
            survey.validate()?;
        }
        if let Some(treatments) = &self.treatments {
            let effects = self.segments.iter().map(|segment| segment.treatment_effect);
            treatments.validate(effects)?;
        }
        let per_partition = self.customers_per_partition;
        check(per_partition > 0, "customers_per_partition", per_partition as f64, "at least 1")?;
        let rows = self.rows_per_batch;
        check((1..=MOST_ROWS).contains(&rows), "rows_per_batch", rows as f64, "from 1 to 16777216")
    }

    /// What is true of the customers.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::simulate::Market;
    ///
    /// let market = Market::new(10);
    /// let truth = market.truth()?;
    /// assert_eq!(truth.n_customers(), 10);
    /// assert!(Market::new(0).truth().is_err());
    /// # Ok::<(), segmentry::simulate::SimulateError>(())
    /// ```
    pub fn truth(&self) -> Result<Truth<'_>, SimulateError> {
        Truth::new(self)
    }

    /// How to read the market into a history: observed from its first day to its last, whether or
    /// not anybody bought on it.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::CustomerHistory;
    /// use segmentry::simulate::Market;
    /// use segmentry::work::Work;
    ///
    /// let market = Market::new(20);
    /// let history = CustomerHistory::read(&market, &market.history_spec()?, &Work::new())?;
    /// assert_eq!(history.observed_until().to_string(), "1997-09-30");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history_spec(&self) -> Result<HistorySpec, SimulateError> {
        self.validate()?;
        Ok(HistorySpec::new().observed_from(self.first_day).observed_until(self.last_day()))
    }

    /// The last day of the observation of a market that was validated.
    pub(crate) fn last_day(&self) -> Date {
        let number = self.first_day.day_number() + (self.days.count() as i32 - 1);
        Date::from_day_number(number).expect("`validate` checks that the last day exists")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_valid() {
        assert_eq!(Market::new(1).validate(), Ok(()));
        assert_eq!(Market::retail(1).validate(), Ok(()));
    }

    #[test]
    fn what_cannot_be_is_named() {
        let name = |market: Market| match market.validate() {
            Err(SimulateError::Param { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let new = || Market::new(10);
        assert_eq!(name(Market::new(0)), "customers");
        assert_eq!(name(Market::new(u64::MAX)), "customers");
        assert_eq!(name(new().days(Days::new(0))), "days");
        assert_eq!(name(new().days(Days::new(u32::MAX))), "days");
        assert_eq!(name(new().first_day(Date::from_ymd(9999, 12, 1).unwrap())), "days");
        assert_eq!(name(new().arrivals(Days::new(0))), "arrivals");
        assert_eq!(name(new().arrivals(Days::new(274))), "arrivals");
        assert_eq!(name(new().order_lines(f64::NAN)), "order_lines");
        assert_eq!(name(new().order_lines(0.5)), "order_lines");
        assert_eq!(name(new().returned(f64::NAN, Days::new(1))), "returned");
        assert_eq!(name(new().returned(1.1, Days::new(1))), "returned");
        assert_eq!(name(new().customers_per_partition(0)), "customers_per_partition");
        assert_eq!(name(new().rows_per_batch(0)), "rows_per_batch");
        assert_eq!(name(new().spending(Spending::Fixed { amount: -1.0 })), "amount");
        let nan = Purchasing::BgNbd { r: f64::NAN, alpha: 1.0, a: 1.0, b: 1.0 };
        assert_eq!(name(new().purchasing(nan)), "r");
        assert_eq!(name(new().survey(Survey::new().asked(f64::NAN))), "asked");
        assert_eq!(name(new().treatments(Treatments::new().baseline(f64::NAN))), "baseline");
    }

    #[test]
    fn channels_are_checked_like_segments() {
        let market = Market::new(1).channel("email", 0.7).channel("post", 0.7);
        assert!(matches!(market.validate(), Err(SimulateError::Shares { what: "channels", .. })));
        let market = Market::new(1).channel("email", f64::NAN);
        assert!(matches!(market.validate(), Err(SimulateError::PartParam { what: "channel", .. })));
        let market = Market::new(1).channel("email", 0.5).channel("email", 0.5);
        assert!(matches!(market.validate(), Err(SimulateError::Twice { what: "channels", .. })));
    }
}
