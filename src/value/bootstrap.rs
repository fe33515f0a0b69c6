//! The bootstrap of a model of purchases: the same fit to many bases that could have been.
//!
//! It needs no covariance and no symmetry, so it serves where the delta method does not: at the
//! edge of the range, on flat likelihoods, in small bases.

use crate::num::blocks;
use crate::num::quantile::{quantile, sorted};
use crate::num::random::{Purpose, Stream};
use crate::num::real::exp;
use crate::simulate::Purchasing;
use crate::units::Days;
use crate::value::intervals::{check_level, middle_of};
use crate::value::{Discount, FittedPurchaseModel, PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

/// Where the bases of the replicates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DrawnFrom {
    /// From the customers themselves: each counts as often as a Poisson draw of mean one says
    /// (the Poisson bootstrap of Hanley & MacGibbon 2006). It costs as much as there are distinct
    /// records, and does not presume that the model is right.
    Customers,
    /// From the model: each customer's purchases are drawn anew, over the age that they have. It
    /// presumes that the model is right. Where all times of the base are whole days, so are those
    /// drawn, to the nearest day, as whoever wrote them down would have it; fits then have the
    /// tables of a day grid.
    Model,
}

/// A seeded bootstrap.
///
/// | setting | default | reason |
/// |---|---|---|
/// | replicates | 200 | quick; with fewer than a thousand the ends of an interval move visibly from seed to seed |
/// | drawn from | customers | it does not presume that the model is right |
/// | seed | 0 | |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    replicates: u32,
    seed: u64,
    drawn_from: DrawnFrom,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { replicates: 200, seed: 0, drawn_from: DrawnFrom::Customers }
    }
}

/// The fits of the replicates.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapDraws {
    models: Vec<FittedPurchaseModel>,
    refused: u32,
}

impl Bootstrap {
    /// The defaults above.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bases are drawn.
    #[must_use]
    pub fn replicates(mut self, replicates: u32) -> Self {
        self.replicates = replicates;
        self
    }

    /// Another seed draws other bases.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where bases come from.
    #[must_use]
    pub fn drawn_from(mut self, drawn_from: DrawnFrom) -> Self {
        self.drawn_from = drawn_from;
        self
    }

    /// Checks the parameters; [`draw`](Self::draw) calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for fewer than two replicates.
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.replicates >= 2 {
            return Ok(());
        }
        let value = f64::from(self.replicates);
        Err(ValueError::Param { name: "replicates", value, expected: "at least 2" })
    }

    /// Draws the bases and fits the model to each, from where it stands.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::NotOffered`] for customers drawn from a model of
    /// regular timing; [`ValueError::Cancelled`]. A replicate that refuses is counted.
    ///
    /// # Cost
    ///
    /// A refit for each replicate, which is a few passes over the distinct records, and to draw how
    /// often each record counts, which is less than one.
    pub fn draw(
        &self,
        model: &FittedPurchaseModel,
        base: &PurchaseSummary,
        work: &Work,
    ) -> Result<BootstrapDraws, ValueError> {
        self.validate()?;
        let process = match self.drawn_from {
            DrawnFrom::Customers => None,
            DrawnFrom::Model => Some(model.process()?),
        };
        let replicate = |index: usize| {
            let drawn = match process {
                None => drawn_again(base, Stream::new(self.seed, Purpose::Replicate, index as u64)),
                Some(process) => self.simulated(process, base, index as u64),
            };
            model.refit(&drawn, work)
        };
        let fits = blocks::map_tasks(self.replicates as usize, work, replicate)?;
        let mut draws = BootstrapDraws { models: Vec::with_capacity(fits.len()), refused: 0 };
        for fit in fits {
            match fit {
                Ok(model) => draws.models.push(model),
                Err(ValueError::Refused { .. }) => draws.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(draws)
    }

    /// Each customer's age, and purchases drawn from the process.
    fn simulated(
        &self,
        process: Purchasing,
        base: &PurchaseSummary,
        index: u64,
    ) -> PurchaseSummary {
        let customers = base.distinct().iter().zip(base.customers());
        let ages = customers.flat_map(|(record, &n)| (0..n).map(|_| record.age()));
        let whole = |time: f64| time.round() == time;
        let days = base.distinct().iter().all(|r| whole(r.age_at_last()) && whole(r.age()));
        let records = ages.enumerate().map(|(customer, age)| {
            let key = index << 32 | customer as u64;
            let stream = Stream::new(self.seed, Purpose::ReplicateCustomer, key);
            simulated_record(process, stream, age, days)
        });
        // There are no more customers than in the base.
        PurchaseSummary::from_counts(records.map(|record| (record, 1)))
    }
}

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The base with each customer as often as a Poisson draw of mean one says.
fn drawn_again(base: &PurchaseSummary, mut stream: Stream) -> PurchaseSummary {
    /// Customers of one record who are drawn at once; the chance that none of them counts.
    const AT_ONCE: usize = 16;
    let none: [f64; AT_ONCE + 1] = std::array::from_fn(|customers| exp(-(customers as f64)));
    let mut draw = |customers: u64| {
        let (mut left, mut total) = (customers, 0);
        while left > 0 {
            let now = left.min(AT_ONCE as u64);
            total += stream.poisson_by_search(now as f64, none[now as usize]);
            left -= now;
        }
        total
    };
    let n = base.distinct().len();
    let (mut distinct, mut counts) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (record, &customers) in base.distinct().iter().zip(base.customers()) {
        let drawn = draw(customers);
        if drawn > 0 {
            distinct.push(*record);
            counts.push(drawn);
        }
    }
    PurchaseSummary::in_order(distinct, counts)
}

/// What is seen of a customer drawn from the process, `age` days after their first purchase; in
/// whole days where `days`.
fn simulated_record(process: Purchasing, stream: Stream, age: f64, days: bool) -> PurchaseRecord {
    let mut customer = process.customer(0.0, 1.0, stream);
    let end = (age * SECONDS_PER_DAY) as i64;
    let (mut purchases, mut last) = (0u32, 0);
    while let Some(time) = customer.purchase_before(end) {
        (purchases, last) = (purchases + 1, time);
    }
    let exactly = last as f64 / SECONDS_PER_DAY;
    let age_at_last = if days { exactly.round() } else { exactly };
    PurchaseRecord::counted(purchases.saturating_sub(1), age_at_last.min(age), age)
}

impl BootstrapDraws {
    /// The fitted models, one for each replicate that could be fitted.
    pub fn models(&self) -> &[FittedPurchaseModel] {
        &self.models
    }

    /// How many replicates the model refused; many of them say that the data are at its limit.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// The percentile interval of any figure of the model.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for a level that is not between 0 and 1, and where no replicate could
    /// be fitted.
    pub fn interval(
        &self,
        level: f64,
        figure: impl Fn(&FittedPurchaseModel) -> f64,
    ) -> Result<[f64; 2], ValueError> {
        check_level(level)?;
        self.ends(level, sorted(self.models.iter().map(figure)))
    }

    /// Percentile intervals of the expected purchases of every distinct record.
    ///
    /// # Errors
    ///
    /// As [`interval`](Self::interval); [`ValueError::Cancelled`].
    pub fn forecast_intervals(
        &self,
        base: &PurchaseSummary,
        horizon: Days,
        discount: Discount,
        level: f64,
        work: &Work,
    ) -> Result<Vec<[f64; 2]>, ValueError> {
        check_level(level)?;
        // As many records at a time as keep all replicates' forecasts of them in little memory.
        const RECORDS: usize = 8192;
        let mut intervals = Vec::with_capacity(base.distinct().len());
        for records in base.distinct().chunks(RECORDS) {
            let part = PurchaseSummary::in_order(records.to_vec(), vec![1; records.len()]);
            let forecasts = self
                .models
                .iter()
                .map(|model| model.forecast(&part, horizon, discount, work))
                .collect::<Result<Vec<_>, _>>()?;
            for place in 0..records.len() {
                let purchases = forecasts.iter().map(|forecast| forecast[place].purchases);
                intervals.push(self.ends(level, sorted(purchases))?);
            }
        }
        Ok(intervals)
    }

    /// The range of counts that holds the number of purchases in the `horizon` with at least
    /// probability `level`: the chance of each count is its mean over the replicates, so that the
    /// uncertainty of the parameters is in it as well.
    ///
    /// # Errors
    ///
    /// As [`interval`](Self::interval).
    pub fn count_interval(
        &self,
        record: &PurchaseRecord,
        horizon: Days,
        level: f64,
    ) -> Result<[u32; 2], ValueError> {
        check_level(level)?;
        self.check_any()?;
        Ok(middle_of(level, |up_to| {
            let mut mean = vec![0.0; up_to as usize + 1];
            for model in &self.models {
                let chances = model.purchase_distribution(record, horizon, up_to);
                for (mean, chance) in mean.iter_mut().zip(chances) {
                    *mean += chance / self.models.len() as f64;
                }
            }
            mean
        }))
    }

    fn ends(&self, level: f64, figures: Vec<f64>) -> Result<[f64; 2], ValueError> {
        self.check_any()?;
        let tail = (1.0 - level) / 2.0;
        let end = |p| quantile(&figures, p).expect("there is a figure for each fitted replicate");
        Ok([end(tail), end(1.0 - tail)])
    }

    fn check_any(&self) -> Result<(), ValueError> {
        if self.models.is_empty() {
            let expected = "at least one that could be fitted";
            return Err(ValueError::Param { name: "replicates", value: 0.0, expected });
        }
        Ok(())
    }
}
