//! How often intervals hold the truth, on customers drawn from the process that a model describes.
//!
//! Whole bases are drawn again and again, and the model is fitted to each. Purchases are counted one
//! by one; times are rounded to the nearest day, as real data have them, so that fits read the grid.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;

use segmentry::simulate::{Market, Purchasing, Spending};
use segmentry::units::Days;
use segmentry::value::{
    BgNbd, Bootstrap, Discount, DrawnFrom, FittedPurchaseModel, MbgNbd, ParetoNbd, PurchaseModel,
    PurchaseRecord, PurchaseSummary,
};
use segmentry::work::Work;

/// What forecasts look ahead.
const HORIZON: Days = Days::weeks(39);
/// Customers of each base whose forecasts are judged: as they come, which is at random.
const JUDGED: usize = 30;
const LEVEL: f64 = 0.95;
/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A base from which replications are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub customers: u64,
    /// Weeks of the observation; first purchases fall into the first `arrivals` of them.
    pub weeks: u32,
    pub arrivals: u32,
    pub truth: Purchasing,
}

/// The whole grid. CDNOW has the size, the weeks and the parameters of the published cohort.
pub fn grid() -> Vec<Setting> {
    let bg = |r, alpha, a, b| Purchasing::BgNbd { r, alpha, a, b };
    let mbg = |r, alpha, a, b| Purchasing::MbgNbd { r, alpha, a, b };
    let pareto = |r, alpha, s, beta| Purchasing::ParetoNbd { r, alpha, s, beta };
    let of = |name, customers, weeks, arrivals, truth| Setting {
        name,
        customers,
        weeks,
        arrivals,
        truth,
    };
    vec![
        of("CDNOW", 2357, 39, 12, Purchasing::cdnow_bg_nbd()),
        of("CDNOW, 500 customers", 500, 39, 12, Purchasing::cdnow_bg_nbd()),
        of("more purchases", 2000, 78, 26, bg(1.2, 5.0, 0.9, 4.0)),
        of("little dropout", 2000, 78, 26, bg(0.8, 6.0, 0.5, 9.0)),
        of("CDNOW", 2357, 39, 12, Purchasing::cdnow_mbg_nbd()),
        of("CDNOW, 500 customers", 500, 39, 12, Purchasing::cdnow_mbg_nbd()),
        of("more purchases", 2000, 78, 26, mbg(1.2, 5.0, 0.9, 4.0)),
        of("little dropout", 2000, 78, 26, mbg(0.8, 6.0, 0.5, 9.0)),
        of("CDNOW", 2357, 39, 12, Purchasing::cdnow_pareto_nbd()),
        of("CDNOW, 500 customers", 500, 39, 12, Purchasing::cdnow_pareto_nbd()),
        of("more purchases", 2000, 78, 26, pareto(1.2, 5.0, 0.8, 20.0)),
        of("little dropout", 2000, 78, 26, pareto(0.8, 6.0, 0.6, 80.0)),
    ]
}

/// What is known of one replication.
#[derive(Debug, Clone, PartialEq)]
pub enum Replication {
    /// The model refused, or the fit has no covariance: at the edge of the range, or flat.
    WithoutIntervals,
    Fitted(Fitted),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Estimates over the true parameters.
    pub ratios: [f64; 4],
    /// Whether the Wald interval of each logarithm holds the truth.
    pub holds: [bool; 4],
    /// Shares of the judged customers whose interval holds the true expectation, the true
    /// P(alive) where it is not certain, and the purchases that were then made.
    pub means: f64,
    pub alive: f64,
    pub counts: f64,
    /// The mean probability that the model itself gives to its ranges of counts.
    pub said: f64,
}

/// Four parameters of a truth.
fn parameters(truth: Purchasing) -> [f64; 4] {
    match truth {
        Purchasing::BgNbd { r, alpha, a, b } | Purchasing::MbgNbd { r, alpha, a, b } => {
            [r, alpha, a, b]
        }
        Purchasing::ParetoNbd { r, alpha, s, beta } => [r, alpha, s, beta],
    }
}

/// The model of a truth, unfitted and at the truth.
fn models(truth: Purchasing) -> (PurchaseModel, FittedPurchaseModel) {
    let [p0, p1, p2, p3] = parameters(truth);
    match truth {
        Purchasing::BgNbd { .. } => (
            BgNbd::new().into(),
            FittedPurchaseModel::BetaGeometric(BgNbd::with_parameters(p0, p1, p2, p3).unwrap()),
        ),
        Purchasing::MbgNbd { .. } => (
            MbgNbd::new().into(),
            FittedPurchaseModel::BetaGeometric(MbgNbd::with_parameters(p0, p1, p2, p3).unwrap()),
        ),
        Purchasing::ParetoNbd { .. } => (
            ParetoNbd::new().into(),
            FittedPurchaseModel::ParetoNbd(ParetoNbd::with_parameters(p0, p1, p2, p3).unwrap()),
        ),
    }
}

/// What is seen of every customer, and how often each buys in the horizon after that.
pub fn draw(setting: &Setting, seed: u64) -> Vec<(PurchaseRecord, u32)> {
    const DAY: f64 = 86_400.0;
    let market = Market::new(setting.customers)
        .days(Days::weeks(setting.weeks))
        .arrivals(Days::weeks(setting.arrivals))
        .purchasing(setting.truth)
        .spending(Spending::Fixed { amount: 1.0 })
        .seed(seed);
    let truth = market.truth().unwrap();
    let end = truth.first_day().midnight().seconds() + i64::from(setting.weeks) * 7 * 86_400;
    let later = end + i64::from(HORIZON.count()) * 86_400;
    let customer = |number| {
        let customer = truth.customer(number).unwrap();
        let first = customer.arrival().seconds();
        let (mut seen, mut last, mut after) = (0u32, first, 0);
        for purchase in customer.purchases() {
            match purchase.time.seconds() {
                time if time < end => (seen, last) = (seen + 1, time),
                time if time < later => after += 1,
                _ => break,
            }
        }
        let days = |seconds: i64| (seconds as f64 / DAY).round();
        let age = days(end - first);
        let record = PurchaseRecord::new(seen - 1, days(last - first).min(age), age).unwrap();
        (record, after)
    };
    (0..setting.customers).map(customer).collect()
}

/// One base, its fit, and what its intervals hold.
pub fn replicate(setting: &Setting, seed: u64) -> Replication {
    let work = Work::new();
    let customers = draw(setting, seed);
    let base = PurchaseSummary::from_records(customers.iter().map(|&(record, _)| record)).unwrap();
    let (model, truth) = models(setting.truth);
    let Ok(fitted) = model.fit(&base, &work) else { return Replication::WithoutIntervals };
    let judged = &customers[..JUDGED];
    let records = PurchaseSummary::from_records(judged.iter().map(|&(record, _)| record)).unwrap();
    let intervals = fitted.forecast_intervals(&records, HORIZON, Discount::NONE, LEVEL, &work);
    let (Some(errors), Some(intervals)) = (fitted.standard_errors(), intervals.unwrap()) else {
        return Replication::WithoutIntervals;
    };
    let true_forecast = truth.forecast(&records, HORIZON, Discount::NONE, &work).unwrap();

    let at_truth = parameters(setting.truth);
    let estimates: Vec<f64> = fitted.parameters().into_iter().map(|(_, value)| value).collect();
    let ratios = std::array::from_fn(|i| estimates[i] / at_truth[i]);
    let holds = std::array::from_fn(|i| libm::log(ratios[i]).abs() <= Z * errors[i] / estimates[i]);
    let (mut means, mut alive, mut counts, mut said) = (0u32, 0u32, 0u32, 0.0);
    let mut uncertain = 0;
    for (&(record, after), &place) in judged.iter().zip(records.places()) {
        let (interval, truth) = (&intervals[place as usize], &true_forecast[place as usize]);
        let within = |[low, high]: [f64; 2], value: f64| u32::from(low <= value && value <= high);
        means += within(interval.purchases, truth.purchases);
        // Under BG/NBD who did not buy again is alive for certain, which proves nothing.
        if truth.p_alive.value() < 1.0 {
            uncertain += 1;
            alive += within(interval.p_alive, truth.p_alive.value());
        }
        let [low, high] = fitted.count_interval(&record, HORIZON, LEVEL).unwrap();
        counts += u32::from((low..=high).contains(&after));
        let chances = fitted.purchase_distribution(&record, HORIZON, high);
        for chance in &chances[low as usize..] {
            said += chance;
        }
    }
    let share = |held: u32| f64::from(held) / JUDGED as f64;
    Replication::Fitted(Fitted {
        ratios,
        holds,
        means: share(means),
        // That nobody is uncertain has a chance of less than one in a million bases.
        alive: f64::from(alive) / f64::from(uncertain.max(1)),
        counts: share(counts),
        said: said / JUDGED as f64,
    })
}

/// One base, its fit, and what percentile intervals of a bootstrap hold; of counts nothing is asked.
pub fn bootstrap(setting: &Setting, seed: u64) -> Replication {
    let work = Work::new();
    let customers = draw(setting, seed);
    let base = PurchaseSummary::from_records(customers.iter().map(|&(record, _)| record)).unwrap();
    let (model, truth) = models(setting.truth);
    let Ok(fitted) = model.fit(&base, &work) else { return Replication::WithoutIntervals };
    let bootstrap = Bootstrap::new().drawn_from(DrawnFrom::Customers).seed(seed);
    let draws = bootstrap.draw(&fitted, &base, &work).unwrap();
    if draws.models().is_empty() {
        return Replication::WithoutIntervals;
    }
    let at_truth = parameters(setting.truth);
    let ratios = std::array::from_fn(|i| fitted.parameters()[i].1 / at_truth[i]);
    let holds = |[low, high]: [f64; 2], value: f64| low <= value && value <= high;
    let parameters = std::array::from_fn(|i| {
        holds(draws.interval(LEVEL, |model| model.parameters()[i].1).unwrap(), at_truth[i])
    });
    let (mut means, mut alive, mut uncertain) = (0u32, 0u32, 0u32);
    for (record, _) in &customers[..JUDGED] {
        let expected = |model: &FittedPurchaseModel| model.expected_purchases(record, HORIZON);
        let interval = draws.interval(LEVEL, expected).unwrap();
        means += u32::from(holds(interval, expected(&truth)));
        let p_alive = |model: &FittedPurchaseModel| model.p_alive(record).value();
        if p_alive(&truth) < 1.0 {
            uncertain += 1;
            alive += u32::from(holds(draws.interval(LEVEL, p_alive).unwrap(), p_alive(&truth)));
        }
    }
    Replication::Fitted(Fitted {
        ratios,
        holds: parameters,
        means: f64::from(means) / JUDGED as f64,
        alive: f64::from(alive) / f64::from(uncertain.max(1)),
        counts: f64::NAN,
        said: f64::NAN,
    })
}

/// One base, its fit, and what the profile likelihood intervals of the parameters hold; nothing else
/// is asked.
pub fn profile(setting: &Setting, seed: u64) -> Replication {
    let work = Work::new();
    let customers = draw(setting, seed);
    let base = PurchaseSummary::from_records(customers.iter().map(|&(record, _)| record)).unwrap();
    let Ok(fitted) = models(setting.truth).0.fit(&base, &work) else {
        return Replication::WithoutIntervals;
    };
    let (at_truth, found) = (parameters(setting.truth), fitted.parameters());
    let holds = std::array::from_fn(|i| {
        let [low, high] = fitted.profile_interval(found[i].0, &base, LEVEL, &work).unwrap();
        // A side without an end holds everything on it.
        low.is_none_or(|low| low <= at_truth[i]) && high.is_none_or(|high| at_truth[i] <= high)
    });
    Replication::Fitted(Fitted {
        ratios: std::array::from_fn(|i| found[i].1 / at_truth[i]),
        holds,
        means: f64::NAN,
        alive: f64::NAN,
        counts: f64::NAN,
        said: f64::NAN,
    })
}

/// Replications with seeds of their own, on so many threads; the result does not depend on how many.
pub fn study(setting: &Setting, replications: u64, seed: u64, threads: u64) -> Study {
    study_of(replicate, setting, replications, seed, threads)
}

/// The same of any kind of replication.
pub fn study_of(
    one: fn(&Setting, u64) -> Replication,
    setting: &Setting,
    replications: u64,
    seed: u64,
    threads: u64,
) -> Study {
    let of_thread = |thread: u64| {
        let mine = (thread..replications).step_by(threads as usize);
        mine.map(|i| (i, one(setting, (seed << 32) + i))).collect::<Vec<_>>()
    };
    let mut all: Vec<(u64, Replication)> = std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || of_thread(thread))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable_by_key(|&(i, _)| i);
    let fitted = all.into_iter().filter_map(|(_, replication)| match replication {
        Replication::Fitted(fitted) => Some(fitted),
        Replication::WithoutIntervals => None,
    });
    Study { setting: *setting, replications, fitted: fitted.collect() }
}

/// The replications of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    setting: Setting,
    pub replications: u64,
    pub fitted: Vec<Fitted>,
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.truth == other.truth
    }
}

impl Study {
    /// A mean over the replications and its standard error. Customers of one base share its fit, so
    /// the spread over the bases is what counts.
    pub fn mean(&self, of: impl Fn(&Fitted) -> f64) -> (f64, f64) {
        let n = self.fitted.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        for fitted in &self.fitted {
            sum += of(fitted);
        }
        let mean = sum / n;
        for fitted in &self.fitted {
            squares += (of(fitted) - mean) * (of(fitted) - mean);
        }
        (mean, (squares / (n * (n - 1.0))).sqrt())
    }

    fn median(&self, of: impl Fn(&Fitted) -> f64) -> f64 {
        let mut values: Vec<f64> = self.fitted.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[values.len() / 2]
    }

    fn model(&self) -> &'static str {
        models(self.setting.truth).1.name()
    }
}

/// The settings in full.
pub fn settings_table(grid: &[Setting]) -> String {
    let mut table = String::from(
        "| model | setting | customers | weeks | arrivals in | parameters |\n|---|---|---|---|---|---|\n",
    );
    for setting in grid {
        let Setting { name, customers, weeks, arrivals, truth } = setting;
        let model = models(*truth).1;
        let [p0, p1, p2, p3] = parameters(*truth);
        writeln!(
            table,
            "| {} | {name} | {customers} | {weeks} | {arrivals} | {p0}, {p1}, {p2}, {p3} |",
            model.name()
        )
        .unwrap();
    }
    table
}

/// Estimates over true parameters: mean with its standard error, and median.
pub fn recovery_table(studies: &[Study]) -> String {
    let mut table = String::from(
        "| model | setting | r | alpha | a or s | b or beta |\n|---|---|---|---|---|---|\n",
    );
    for study in studies {
        write!(table, "| {} | {} ", study.model(), study.setting.name).unwrap();
        for i in 0..4 {
            let (mean, error) = study.mean(|fitted| fitted.ratios[i]);
            let median = study.median(|fitted| fitted.ratios[i]);
            write!(table, "| {mean:.3} ± {error:.3}, {median:.3} ").unwrap();
        }
        table.push_str("|\n");
    }
    table
}

/// Percent of intervals that hold the truth, with standard errors.
pub fn coverage_table(studies: &[Study]) -> String {
    let mut table = String::from(
        "| model | setting | replications | without intervals | r | alpha | a or s | b or beta \
         | E[39 weeks] | P(alive) | counts | counts, as said |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for study in studies {
        let without = study.replications - study.fitted.len() as u64;
        let (model, name) = (study.model(), study.setting.name);
        write!(table, "| {model} | {name} | {} | {without} ", study.replications).unwrap();
        let mut cell = |of: &dyn Fn(&Fitted) -> f64| {
            let (mean, error) = study.mean(of);
            if mean.is_nan() {
                table.push_str("| ");
            } else {
                write!(table, "| {:.1} ± {:.1} ", 100.0 * mean, 100.0 * error).unwrap();
            }
        };
        for i in 0..4 {
            cell(&|fitted| f64::from(u8::from(fitted.holds[i])));
        }
        cell(&|fitted| fitted.means);
        cell(&|fitted| fitted.alive);
        if study.fitted.iter().any(|fitted| fitted.said.is_nan()) {
            table.push_str("| | |\n");
            continue;
        }
        cell(&|fitted| fitted.counts);
        let said = study.mean(|fitted| fitted.said).0;
        writeln!(table, "| {:.1} |", 100.0 * said).unwrap();
    }
    table
}
