//! The migration that a base which does not change would show.
//!
//! Whoever was in the best group was partly lucky, and falls back without any change in the
//! customer: regression to the mean is no news. Each customer's own rates are drawn from what the
//! fitted models know of them at the end of the first period, the second period is simulated, and
//! groups are cut as they were; what was observed stands beside the mean of many such futures.

use serde::Serialize;

use super::{PeriodStandings, Standing};
use crate::num::blocks;
use crate::num::random::{Purpose, Stream};
use crate::num::real::{ln, ln_1p};
use crate::units::{CustomerIds, Days, Money};
use crate::value::{
    FittedBetaGeometric, FittedGammaGamma, PurchaseRecord, QuantileGroups, SpendRecord, Ties,
    ValueError,
};
use crate::work::Work;

/// How the second period is foreseen from what was known at the end of the first.
///
/// Fit both models to the history up to the end of the first period, and cut groups by gross spend,
/// which is what the models foresee. Those who were not yet customers then are no part of the
/// forecast: they keep what was observed of them, and take their places when groups are cut.
///
/// # Example
///
/// ```
/// use segmentry::units::{CustomerIds, Days, Money};
/// use segmentry::value::{
///     GammaGamma, MbgNbd, MigrationForecast, PeriodStandings, PurchaseRecord, QuantileGroups,
///     SpendRecord, Standing,
/// };
/// use segmentry::work::Work;
///
/// let ids = CustomerIds::numbered(40)?;
/// let halves = QuantileGroups::new(2);
/// let spend: Vec<Money> = (1..=40).map(|i| Money::from_minor(10 * i, 0)).collect();
/// let before = PeriodStandings::cut(&halves, &[Some(true); 40], spend.clone(), &ids)?;
/// let records = vec![Some(PurchaseRecord::new(4, 300.0, 364.0)?); 40];
/// let seen: Vec<_> =
///     spend.iter().map(|sum| SpendRecord::new(4, sum.amount() / 5.0).ok()).collect();
///
/// let purchases = MbgNbd::with_parameters(0.525, 6.183, 0.891, 1.614)?;
/// let paid = GammaGamma::with_parameters(6.25, 3.74, 15.44)?;
/// let forecast = MigrationForecast::new(purchases, paid, Days::weeks(52));
/// let expected = forecast.expected(&ids, &records, &seen, [&before, &before], &Work::new())?;
/// let stay = expected.cell(Standing::Group(1), Standing::Group(1)).unwrap();
/// assert_eq!(stay.observed, 20);
/// assert!(stay.customers > 8.0 && stay.customers < 16.0, "{}", stay.customers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MigrationForecast {
    purchases: FittedBetaGeometric,
    spend: FittedGammaGamma,
    horizon: Days,
    ties: Ties,
    replicates: u32,
    seed: u64,
}

/// What a base that does not change would show, beside what was observed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExpectedMigration {
    /// All cells, row by row, in the order of [`Migration::cells`](super::Migration::cells).
    pub cells: Vec<ExpectedCell>,
    /// How many futures were simulated.
    pub replicates: u32,
}

/// One cell of the expected matrix.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExpectedCell {
    /// Where customers stood in the first period.
    pub from: Standing,
    /// Where they would stand in the second.
    pub to: Standing,
    /// How many would: the mean of all futures.
    pub customers: f64,
    /// The standard error of that mean, which more replicates make smaller.
    pub customers_error: f64,
    /// How far single futures lie apart: their standard deviation. What was observed is news where
    /// it lies several of these away from the mean.
    pub customers_deviation: f64,
    /// Of those who stood there, the share that would; `None` where there was nobody.
    pub row_share: Option<f64>,
    /// Their spend in the second period: the mean of all futures.
    pub after: Money,
    /// The standard error of that mean.
    pub after_error: Money,
    /// How many did.
    pub observed: u64,
    /// What these spent in the second period.
    pub observed_after: Money,
}

impl ExpectedCell {
    /// How far what was observed lies from what was expected, in standard deviations of single
    /// futures; `None` where all futures agree.
    pub fn surprise(&self) -> Option<f64> {
        let away = self.observed as f64 - self.customers;
        (self.customers_deviation > 0.0).then(|| away / self.customers_deviation)
    }
}

impl ExpectedMigration {
    /// One cell; `None` for a group that there is not.
    pub fn cell(&self, from: Standing, to: Standing) -> Option<ExpectedCell> {
        self.cells.iter().find(|cell| (cell.from, cell.to) == (from, to)).copied()
    }
}

/// A mean number of purchases beyond which it is drawn as a normal one, whose distribution is then
/// the same to the precision of any count of customers.
const MANY: f64 = 1e4;

impl MigrationForecast {
    /// Two fitted models and the length of the second period; 400 futures, seed 0, ties by id.
    pub fn new(purchases: FittedBetaGeometric, spend: FittedGammaGamma, horizon: Days) -> Self {
        Self { purchases, spend, horizon, ties: Ties::ById, replicates: 400, seed: 0 }
    }

    /// How many futures are simulated; 400 unless set, which gives the mean of a cell to a
    /// twentieth of the spread of single futures.
    #[must_use]
    pub fn replicates(mut self, replicates: u32) -> Self {
        self.replicates = replicates;
        self
    }

    /// The seed; 0 unless set. The same seed gives the same bits for any number of threads.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What becomes of customers of equal spend when groups are cut; [`Ties::ById`] unless set.
    #[must_use]
    pub fn ties(mut self, ties: Ties) -> Self {
        self.ties = ties;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for fewer than 2 futures.
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.replicates >= 2 {
            return Ok(());
        }
        let (value, expected) = (f64::from(self.replicates), "at least 2");
        Err(ValueError::Param { name: "replicates", value, expected })
    }

    /// The expected migration between two observed periods, the earlier one first.
    ///
    /// `records` and `spend` are what was known of each customer at the end of the first period;
    /// no record for those who were not yet customers.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] where the periods differ in groups; [`ValueError::Length`];
    /// [`ValueError::BadValue`] where a customer has no record or somebody else has one;
    /// [`ValueError::Cancelled`].
    ///
    /// # Cost
    ///
    /// One draw per customer, expected purchase and replicate.
    pub fn expected(
        &self,
        ids: &CustomerIds,
        records: &[Option<PurchaseRecord>],
        spend: &[Option<SpendRecord>],
        [before, after]: [&PeriodStandings; 2],
        work: &Work,
    ) -> Result<ExpectedMigration, ValueError> {
        self.validate()?;
        let groups = before.n_groups();
        let observed = super::Migration::between(before, after, 2)?;
        let n = ids.len();
        let lengths = [
            ("the table of standings", before.of().len()),
            ("the table of records", records.len()),
            ("the table of spend", spend.len()),
        ];
        for (what, got) in lengths {
            if got != n {
                return Err(ValueError::Length { what, expected: n, got });
            }
        }
        let wrong = (0..n)
            .find(|&row| (before.of()[row] == Standing::NotYetCustomer) == records[row].is_some());
        if let Some(row) = wrong {
            let expected = "there for customers, and for nobody else";
            return Err(ValueError::BadValue { what: "the purchase record", row, expected });
        }
        let known: Vec<Option<Known>> =
            (0..n).map(|row| records[row].map(|record| self.known(&record, spend[row]))).collect();
        let cut = QuantileGroups::new(groups).ties(self.ties);
        cut.validate()?;
        work.begin("simulating futures", Some(u64::from(self.replicates)))?;
        let futures = blocks::map_tasks(self.replicates as usize, work, |replicate| {
            let mut stream = Stream::new(self.seed, Purpose::Forecast, replicate as u64);
            let (mut of, mut money) = (after.of().to_vec(), after.money().to_vec());
            for (row, known) in known.iter().enumerate() {
                let Some(known) = known else { continue };
                let spent = self.draw(known, &mut stream);
                money[row] = Money::finite(spent.unwrap_or(0.0));
                of[row] = if spent.is_some() { Standing::Group(1) } else { Standing::NotActive };
            }
            let active: Vec<usize> =
                (0..n).filter(|&row| matches!(of[row], Standing::Group(_))).collect();
            let found = cut.cut_some(&active, &money, ids)?;
            for (&row, group) in active.iter().zip(found) {
                of[row] = Standing::Group(group);
            }
            let sides = usize::from(groups) + 2;
            let mut cells = vec![(0u64, 0.0f64); sides * sides];
            for row in 0..n {
                let place = before.of()[row].place(groups) * sides + of[row].place(groups);
                cells[place].0 += 1;
                cells[place].1 += money[row].amount();
            }
            Ok(cells)
        })?;
        let futures: Vec<Vec<(u64, f64)>> =
            futures.into_iter().collect::<Result<_, ValueError>>()?;
        let cells = observed.cells().iter().enumerate();
        let cells = cells.filter_map(|(place, cell)| {
            let (from, to) = (cell.from?, cell.to?);
            let customers = Moments::of(futures.iter().map(|future| future[place].0 as f64));
            let money = Moments::of(futures.iter().map(|future| future[place].1));
            let all: u64 = (0..n).filter(|&row| before.of()[row] == from).count() as u64;
            Some(ExpectedCell {
                from,
                to,
                customers: customers.mean,
                customers_error: customers.error,
                customers_deviation: customers.deviation,
                row_share: (all > 0).then(|| customers.mean / all as f64),
                after: Money::finite(money.mean),
                after_error: Money::finite(money.error),
                observed: cell.customers,
                observed_after: cell.after,
            })
        });
        Ok(ExpectedMigration { cells: cells.collect(), replicates: self.replicates })
    }

    /// What is known of a customer's own rates.
    fn known(&self, record: &PurchaseRecord, spend: Option<SpendRecord>) -> Known {
        let (_, age) = record.weeks();
        let x = record.repeat_purchases();
        let chances = f64::from(self.purchases.chances_to_drop_out(x));
        let (seen, total) = spend.map_or((0.0, 0.0), |spend| {
            let seen = f64::from(spend.purchases());
            (seen, seen * spend.mean().amount())
        });
        Known {
            alive: self.purchases.p_alive(record).value(),
            rate: (self.purchases.r() + f64::from(x), self.purchases.alpha() + age),
            dropout: (self.purchases.a(), self.purchases.b() + chances),
            scale: (self.spend.q() + self.spend.p() * seen, self.spend.gamma() + total),
        }
    }

    /// What a customer spends in one future; `None` without a purchase.
    fn draw(&self, known: &Known, stream: &mut Stream) -> Option<f64> {
        if !stream.chance(known.alive) {
            return None;
        }
        let rate = stream.gamma(known.rate.0) / known.rate.1;
        let dropout = stream.beta(known.dropout.0, known.dropout.1);
        // Dropping out ends the purchases after a geometric number of them.
        let last = (ln(stream.open_uniform()) / ln_1p(-dropout)).floor() + 1.0;
        let mean = rate * self.horizon.in_weeks();
        let bought = if mean > MANY {
            (mean + mean.sqrt() * stream.normal()).round()
        } else {
            stream.poisson(mean) as f64
        };
        // Without any dropout the last purchase is infinitely far, or no number.
        let purchases = if bought < last || last.is_nan() { bought } else { last };
        if purchases < 1.0 {
            return None;
        }
        let scale = stream.gamma(known.scale.0) / known.scale.1;
        let spent = stream.gamma(self.spend.p() * purchases) / scale;
        Some(if spent.is_finite() { spent } else { f64::MAX.sqrt() })
    }
}

/// What is known of a customer at the end of the first period: given that there still is one, the
/// purchase rate is gamma, the dropout probability beta and the scale of spend gamma distributed.
struct Known {
    alive: f64,
    rate: (f64, f64),
    dropout: (f64, f64),
    scale: (f64, f64),
}

/// A mean over futures, its error, and the deviation of single ones.
struct Moments {
    mean: f64,
    deviation: f64,
    error: f64,
}

impl Moments {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        // Welford's updates: money may be large against its spread.
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for value in values {
            n += 1.0;
            let away = value - mean;
            mean += away / n;
            squares += away * (value - mean);
        }
        let variance: f64 = if n > 1.0 { squares / (n - 1.0) } else { 0.0 };
        Self { mean, deviation: variance.sqrt(), error: (variance / n).sqrt() }
    }
}
