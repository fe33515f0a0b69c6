//! What is in a purchase: its amount, cut into lines with categories and products, some of which
//! come back.
//!
//! Amounts, contents and times come from streams of their own, so that asking for lines or returns
//! changes neither when customers buy nor what they pay.

use crate::num::random::{Purpose, Stream};
use crate::num::real::{exp, ln};
use crate::simulate::SimulateError;
use crate::simulate::error::check;
use crate::simulate::planted::{NeedSet, Preferences};
use crate::simulate::purchasing::Process;
use crate::simulate::treatment::SECONDS_PER_DAY;

/// How much customers spend at a purchase. A closed set, of which the expectations are known.
///
/// ```
/// use segmentry::simulate::Spending;
///
/// // The population mean p gamma / (q - 1) of the CDNOW cohort.
/// assert!((Spending::cdnow().mean() - 35.22).abs() < 0.005);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spending {
    /// Each customer has a rate drawn from `Gamma(q, gamma)`, and each of their purchases is a draw
    /// from `Gamma(p, rate)`, so that the customer's own mean is `p / rate` (Fader & Hardie 2013).
    GammaGamma {
        /// Shape of a customer's purchases.
        p: f64,
        /// Shape of the rates; above 1, since otherwise there is no population mean.
        q: f64,
        /// Rate parameter of the rates, in money.
        gamma: f64,
    },
    /// Every purchase costs the same.
    Fixed {
        /// What it costs.
        amount: f64,
    },
}

const RANGE: std::ops::RangeInclusive<f64> = 1e-6..=1e9;
const IN_RANGE: &str = "from 0.000001 to 1000000000";

/// Decimals of the simulated currency.
pub(crate) const MINOR_DIGITS: u8 = 2;
const MINOR_UNITS: f64 = 100.0;

/// A billion: with the most purchases that there can be in a century, a customer's total still
/// fits into 64 bits.
const MOST_MINOR: f64 = 1e11;

impl Spending {
    /// The published Gamma-Gamma of the CDNOW cohort (Fader & Hardie 2013, note 025).
    pub fn cdnow() -> Self {
        Self::GammaGamma { p: 6.25, q: 3.74, gamma: 15.44 }
    }

    /// Mean spend at a purchase over the whole population, in major units.
    ///
    /// ```
    /// use segmentry::simulate::Spending;
    ///
    /// assert_eq!(Spending::GammaGamma { p: 4.0, q: 3.0, gamma: 10.0 }.mean(), 20.0);
    /// ```
    pub fn mean(&self) -> f64 {
        match *self {
            Self::GammaGamma { p, q, gamma } => p * gamma / (q - 1.0),
            Self::Fixed { amount } => amount,
        }
    }

    pub(crate) fn validate(&self) -> Result<(), SimulateError> {
        match *self {
            Self::GammaGamma { p, q, gamma } => {
                check(RANGE.contains(&p), "p", p, IN_RANGE)?;
                check(q > 1.0 && q <= *RANGE.end(), "q", q, "above 1, at most 1000000000")?;
                check(RANGE.contains(&gamma), "gamma", gamma, IN_RANGE)
            }
            Self::Fixed { amount } => {
                check((0.01..=1e9).contains(&amount), "amount", amount, "from 0.01 to 1000000000")
            }
        }
    }

    /// A customer's own mean spend, in major units.
    pub(crate) fn customer(&self, spend_factor: f64, stream: &mut Stream) -> f64 {
        let mean = match *self {
            Self::GammaGamma { p, q, gamma } => p * gamma / stream.gamma(q),
            Self::Fixed { amount } => amount,
        };
        (mean * spend_factor).clamp(1.0 / MINOR_UNITS, MOST_MINOR / MINOR_UNITS)
    }

    /// One purchase of a customer with that mean, in whole minor units, at least one.
    fn purchase(&self, mean: f64, stream: &mut Stream) -> i64 {
        let amount = match *self {
            Self::GammaGamma { p, .. } => stream.gamma(p) / p * mean,
            Self::Fixed { .. } => mean,
        };
        (amount * MINOR_UNITS).round().clamp(1.0, MOST_MINOR) as i64
    }
}

/// How purchases are cut into lines and what comes back.
#[derive(Debug, Clone)]
pub(crate) struct Baskets {
    pub(crate) spending: Spending,
    pub(crate) preferences: Preferences,
    /// Mean lines a purchase; `None` where orders and products are not simulated.
    pub(crate) lines: Option<f64>,
    pub(crate) returned: f64,
    pub(crate) return_delay: f64,
}

/// Products of a category, of which an order has each at most once.
const PRODUCTS: u64 = 100;

/// One line of the log; the time is in seconds after the start of the observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) time: i64,
    pub(crate) minor: i64,
    pub(crate) order: i64,
    pub(crate) product: i64,
    pub(crate) category: usize,
}

/// One customer's rows, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) process: Process,
    mean: f64,
    needs: NeedSet,
    number: u64,
    amounts: Stream,
    parts: Stream,
    orders: i64,
    order: Order,
    returned: Option<Row>,
}

/// What is left of the order that is being written.
#[derive(Debug, Clone, Copy, Default)]
struct Order {
    time: i64,
    minor_left: i64,
    lines_left: u64,
    next_product: u64,
}

/// A purchase in one piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bought {
    pub(crate) time: i64,
    pub(crate) minor: i64,
}

impl Walk {
    /// A customer's rows from the first on; `amounts` goes on where the customer's mean was drawn.
    pub(crate) fn new(
        process: Process,
        mean: f64,
        needs: NeedSet,
        amounts: Stream,
        key: (u64, u64),
    ) -> Self {
        let (seed, number) = key;
        Self {
            process,
            mean,
            needs,
            number,
            amounts,
            parts: Stream::new(seed, Purpose::Parts, number),
            orders: 0,
            order: Order::default(),
            returned: None,
        }
    }

    /// The next purchase as a whole, if it comes before `end`.
    pub(crate) fn purchase_before(&mut self, baskets: &Baskets, end: i64) -> Option<Bought> {
        let time = self.process.purchase_before(end)?;
        Some(Bought { time, minor: baskets.spending.purchase(self.mean, &mut self.amounts) })
    }

    /// The next row before `end`. Returns after it are left out.
    pub(crate) fn row_before(&mut self, baskets: &Baskets, end: i64) -> Option<Row> {
        if let Some(row) = self.returned.take().filter(|row| row.time < end) {
            return Some(row);
        }
        if self.order.lines_left == 0 {
            let Bought { time, minor } = self.purchase_before(baskets, end)?;
            self.orders += 1;
            let more = baskets.lines.map_or(0, |mean| self.parts.poisson(mean - 1.0));
            let lines_left = (1 + more).min(PRODUCTS).min(minor.unsigned_abs());
            let next_product = self.parts.below(PRODUCTS);
            self.order = Order { time, minor_left: minor, lines_left, next_product };
        }
        Some(self.line(baskets))
    }

    fn line(&mut self, baskets: &Baskets) -> Row {
        let category = baskets.preferences.category(self.needs, self.parts.uniform());
        let comes_back = self.parts.chance(baskets.returned);
        let delay = self.parts.exponential() * baskets.return_delay * SECONDS_PER_DAY as f64;
        let order = &mut self.order;
        let others = order.lines_left - 1;
        let minor = if others == 0 {
            order.minor_left
        } else {
            // A uniform cut: the first of `others` more points on a stick lies at 1 - u^(1/others).
            let rest = exp(ln(self.parts.open_uniform()) / others as f64);
            let part = (order.minor_left as f64 * (1.0 - rest)) as i64;
            part.clamp(1, order.minor_left - others as i64)
        };
        let product = category as u64 * PRODUCTS + order.next_product % PRODUCTS;
        order.minor_left -= minor;
        order.lines_left = others;
        order.next_product += 1;
        let row = Row {
            time: order.time,
            minor,
            // 32 bits of customer above 31 bits of order: unique without a table.
            order: (self.number as i64) << 31 | self.orders,
            product: product as i64,
            category,
        };
        if comes_back {
            let time = row.time.saturating_add(1).saturating_add(delay as i64);
            self.returned = Some(Row { time, minor: -minor, ..row });
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Purchasing;

    const END: i64 = 200 * 604_800;

    fn baskets() -> Baskets {
        Baskets {
            spending: Spending::GammaGamma { p: 4.0, q: 3.0, gamma: 10.0 },
            preferences: Preferences::new(&[("all".into(), 1.0)], &[]),
            lines: None,
            returned: 0.0,
            return_delay: 10.0,
        }
    }

    fn walk(baskets: &Baskets, number: u64) -> Walk {
        let model = Purchasing::BgNbd { r: 3.0, alpha: 3.0, a: 1.0, b: 40.0 };
        let process = model.customer(0.0, 1.0, Stream::new(8, Purpose::Timing, number));
        let mut amounts = Stream::new(8, Purpose::Amounts, number);
        let mean = baskets.spending.customer(1.0, &mut amounts);
        Walk::new(process, mean, 0, amounts, (8, number))
    }

    fn rows(baskets: &Baskets, number: u64) -> Vec<Row> {
        let mut walk = walk(baskets, number);
        std::iter::from_fn(|| walk.row_before(baskets, END)).collect()
    }

    #[test]
    fn lines_add_up_to_the_purchase() {
        let plain = baskets();
        let lined = Baskets { lines: Some(4.0), ..baskets() };
        let (mut purchases, mut lines) = (0, 0);
        for number in 0..200 {
            let whole = rows(&plain, number);
            let mut parts = rows(&lined, number).into_iter().peekable();
            for purchase in &whole {
                let mut sum = 0;
                let mut products = Vec::new();
                while let Some(line) = parts.next_if(|line| line.order == purchase.order) {
                    assert!(line.time == purchase.time && line.minor > 0);
                    sum += line.minor;
                    products.push(line.product);
                    lines += 1;
                }
                assert_eq!(sum, purchase.minor);
                let n = products.len();
                products.sort_unstable();
                products.dedup();
                assert_eq!(products.len(), n, "a product twice in one order");
                purchases += 1;
            }
            assert!(parts.next().is_none());
        }
        // 1 + Poisson(3) lines; 5 standard errors.
        let mean = f64::from(lines) / f64::from(purchases);
        assert!((mean - 4.0).abs() < 5.0 * (3.0 / f64::from(purchases)).sqrt(), "{mean}");
    }

    #[test]
    fn returns_change_no_purchase() {
        let plain = rows(&baskets(), 5);
        let returning = rows(&Baskets { returned: 0.4, ..baskets() }, 5);
        let kept: Vec<Row> = returning.iter().copied().filter(|row| row.minor > 0).collect();
        assert!(returning.len() > kept.len() + 3);
        assert_eq!(kept, plain);
        for back in returning.iter().filter(|row| row.minor < 0) {
            assert!(plain.iter().any(|row| row.minor == -back.minor
                && row.order == back.order
                && row.time < back.time
                && back.time < END));
        }
    }

    /// The mean of 100,000 customers' means within 5 standard errors of p gamma / (q - 1), and
    /// each customer's purchases around their own mean.
    #[test]
    fn spend_has_its_means() {
        let spending = baskets().spending;
        let n = 100_000;
        let (mut sum, mut squares, mut ratios) = (0.0, 0.0, 0.0);
        for number in 0..n {
            let mut stream = Stream::new(1, Purpose::Amounts, number);
            let mean = spending.customer(1.0, &mut stream);
            sum += mean;
            squares += mean * mean;
            ratios += spending.purchase(mean, &mut stream) as f64 / 100.0 / mean;
        }
        let n = n as f64;
        let error = ((squares / n - (sum / n) * (sum / n)) / n).sqrt();
        assert!((sum / n - 20.0).abs() < 5.0 * error, "{}", sum / n);
        // A purchase over its mean is Gamma(4)/4, of standard deviation one half.
        assert!((ratios / n - 1.0).abs() < 5.0 * 0.5 / n.sqrt(), "{}", ratios / n);
    }

    #[test]
    fn the_smallest_and_the_largest_amounts_are_bounded() {
        let mut stream = Stream::new(0, Purpose::Amounts, 0);
        let tiny = Spending::GammaGamma { p: 1e-6, q: 2.0, gamma: 1e-6 };
        let mean = tiny.customer(1e-3, &mut stream);
        assert_eq!(tiny.purchase(mean, &mut stream), 1);
        let huge = Spending::GammaGamma { p: 1e9, q: 1.000_001, gamma: 1e9 };
        let mean = huge.customer(1e3, &mut stream);
        assert!(huge.purchase(mean, &mut stream) <= MOST_MINOR as i64);
    }

    #[test]
    fn only_good_parameters() {
        let bad = f64::NAN;
        for spending in [
            Spending::GammaGamma { p: bad, q: 2.0, gamma: 1.0 },
            Spending::GammaGamma { p: 1.0, q: bad, gamma: 1.0 },
            Spending::GammaGamma { p: 1.0, q: 1.0, gamma: 1.0 },
            Spending::GammaGamma { p: 1.0, q: 2.0, gamma: bad },
            Spending::Fixed { amount: bad },
            Spending::Fixed { amount: 0.0 },
        ] {
            assert!(matches!(spending.validate(), Err(SimulateError::Param { .. })));
        }
    }
}
