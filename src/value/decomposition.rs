//! Where a change in revenue came from: customers, orders, order value and margin, new against
//! repeat, to the last minor unit.
//!
//! The result of a period is a product, and its change is shared among the factors by Shapley's
//! value, which is exact, treats all factors alike and survives a group that appears or vanishes;
//! the logarithmic mean Divisia index is there for those who compare with it.

use serde::Serialize;

use crate::num::real::ln;
use crate::units::{Money, minor_units};
use crate::value::ValueError;

/// How a change is shared among the factors of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecompositionMethod {
    /// Shapley's value: the mean over all orders in which the factors could have changed.
    #[default]
    Shapley,
    /// The logarithmic mean Divisia index (LMDI-I), which needs every factor to be positive in both
    /// periods. A group of which that is not so is shared by Shapley's value.
    LogMeanDivisia,
}

/// What one group of customers did in one period: plain sums.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct PeriodFigures {
    /// How many customers bought.
    pub customers: u64,
    /// How many orders, or purchases, they made.
    pub orders: u64,
    /// What they paid.
    pub gross: Money,
    /// What is left of it: net of returns, or the contribution margin.
    pub result: Money,
}

impl PeriodFigures {
    /// Sums of one group and period; of what was paid, everything is left.
    pub fn new(customers: u64, orders: u64, gross: Money) -> Self {
        Self { customers, orders, gross, result: gross }
    }

    /// What is left of it: net of returns, or the contribution margin.
    #[must_use]
    pub fn with_result(mut self, result: Money) -> Self {
        self.result = result;
        self
    }

    /// Customers, and the three ratios of the tree; a ratio without a denominator is `None`.
    fn ratios(&self) -> [Option<f64>; 3] {
        let over = |top: f64, bottom: f64| (bottom != 0.0).then(|| top / bottom);
        let (customers, orders) = (self.customers as f64, self.orders as f64);
        let gross = self.gross.amount();
        [over(orders, customers), over(gross, orders), over(self.result.amount(), gross)]
    }
}

/// How a change between two periods is taken apart.
///
/// ```text
/// result = Σ over groups of
///          customers × share of the group × orders per customer × order value × margin
/// ```
///
/// The change of each group is shared among its five factors, in whole minor units that add up to
/// the change exactly.
///
/// # Example
///
/// ```
/// use segmentry::units::Money;
/// use segmentry::value::{PeriodFigures, RevenueDecomposition};
///
/// let of = |customers, orders, gross| {
///     PeriodFigures::new(customers, orders, Money::from_minor(gross, 0))
/// };
/// let (last_year, this_year) = ([of(100, 200, 10_000)], [of(110, 220, 12_100)]);
/// let change = RevenueDecomposition::new().between(&last_year, &this_year)?;
/// assert_eq!(change.total.change.amount(), 2_100.0);
/// assert_eq!(change.total.customers.amount(), 1_050.0); // (10 × 2 × 50 + 10 × 2 × 55) / 2
/// assert_eq!(change.total.order_value.amount(), 1_050.0);
/// assert_eq!(change.total.orders_per_customer.amount(), 0.0);
/// # Ok::<(), segmentry::value::ValueError>(())
/// ```
///
/// # References
///
/// Shapley, L. S. (1953). A value for n-person games. *Contributions to the Theory of Games* II,
/// 307-317. Sun, J. W. (1998). Changes in energy consumption and energy intensity: a complete
/// decomposition model. *Energy Economics* 20, 85-100. Ang, B. W. (2005). The LMDI approach to
/// decomposition analysis. *Energy Policy* 33, 867-871.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevenueDecomposition {
    method: DecompositionMethod,
    minor_digits: u8,
}

/// A change taken apart, group by group and in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RevenueChange {
    /// Each group, in the order in which they were given.
    pub groups: Vec<Contributions>,
    /// All groups together: the sums of the columns.
    pub total: Contributions,
}

/// What each factor contributed to a change; the five add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Contributions {
    /// What was left in the first period.
    pub before: Money,
    /// What was left in the second.
    pub after: Money,
    /// The change.
    pub change: Money,
    /// From more or fewer customers in all.
    pub customers: Money,
    /// From the group's share of all customers; of one group alone it is nothing.
    pub mix: Money,
    /// From orders per customer.
    pub orders_per_customer: Money,
    /// From gross spend at an order.
    pub order_value: Money,
    /// From what is left of gross spend.
    pub margin: Money,
}

const FACTORS: usize = 5;

impl Default for RevenueDecomposition {
    fn default() -> Self {
        Self { method: DecompositionMethod::Shapley, minor_digits: 2 }
    }
}

impl RevenueDecomposition {
    /// Shapley's value, in money of two decimals.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the change is shared; Shapley's value unless set.
    #[must_use]
    pub fn method(mut self, method: DecompositionMethod) -> Self {
        self.method = method;
        self
    }

    /// How many decimals the currency has; 2 unless set.
    #[must_use]
    pub fn minor_digits(mut self, digits: u8) -> Self {
        self.minor_digits = digits;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for more than 9 decimals.
    pub fn validate(&self) -> Result<(), ValueError> {
        if self.minor_digits <= 9 {
            return Ok(());
        }
        let (value, expected) = (f64::from(self.minor_digits), "at most 9");
        Err(ValueError::Param { name: "minor_digits", value, expected })
    }

    /// Takes the change between two periods apart. The same groups stand in the same places of
    /// both, such as new customers first and those who came back second.
    ///
    /// A factor that has no value in a period, because the group had nobody then, is taken to be
    /// what it was in the other: who appears or vanishes changes the customers and the mix, not the
    /// order value.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Length`] where the periods differ in groups;
    /// [`ValueError::BadValue`] where something was left of nothing paid, orders stand without
    /// customers or money without orders, and for amounts beyond what whole minor units can hold.
    pub fn between(
        &self,
        before: &[PeriodFigures],
        after: &[PeriodFigures],
    ) -> Result<RevenueChange, ValueError> {
        self.validate()?;
        let (expected, got) = (before.len(), after.len());
        if expected != got {
            return Err(ValueError::Length { what: "the later period", expected, got });
        }
        let units = minor_units(self.minor_digits);
        for (row, figures) in before.iter().chain(after).enumerate() {
            check(figures, row % expected.max(1), units)?;
        }
        let customers = |period: &[PeriodFigures]| -> f64 {
            period.iter().map(|figures| figures.customers).fold(0, u64::saturating_add) as f64
        };
        let (all_before, all_after) = (customers(before), customers(after));
        let mut sums = [0i128; FACTORS + 2];
        let mut groups = Vec::with_capacity(before.len());
        for (old, new) in before.iter().zip(after) {
            let (x, y) = factors(old, new, all_before, all_after);
            let parts = match self.method {
                DecompositionMethod::LogMeanDivisia => log_mean_divisia(&x, &y),
                DecompositionMethod::Shapley => None,
            };
            let parts = parts.unwrap_or_else(|| shapley(&x, &y));
            let (from, to) =
                (old.result.to_whole(self.minor_digits), new.result.to_whole(self.minor_digits));
            let parts = in_whole_units(&parts.map(|part| part * units), to - from);
            let mut row = [from, to, 0, 0, 0, 0, 0];
            row[2..].copy_from_slice(&parts);
            for (sum, cell) in sums.iter_mut().zip(row) {
                *sum += cell;
            }
            groups.push(self.contributions(row));
        }
        Ok(RevenueChange { groups, total: self.contributions(sums) })
    }

    fn contributions(&self, row: [i128; FACTORS + 2]) -> Contributions {
        let [before, after, customers, mix, orders_per_customer, order_value, margin] =
            row.map(|minor| Money::from_whole(minor, self.minor_digits));
        let change = Money::from_whole(row[1] - row[0], self.minor_digits);
        Contributions {
            before,
            after,
            change,
            customers,
            mix,
            orders_per_customer,
            order_value,
            margin,
        }
    }
}

/// Figures that a product of the factors can be.
fn check(figures: &PeriodFigures, row: usize, units: f64) -> Result<(), ValueError> {
    let bad = |what, expected| Err(ValueError::BadValue { what, row, expected });
    if (figures.customers == 0) != (figures.orders == 0) {
        return bad("the number of orders", "zero where there are no customers, and only there");
    }
    if figures.orders == 0 && figures.gross.amount() != 0.0 {
        return bad("gross spend", "zero where there are no orders");
    }
    if figures.gross.amount() == 0.0 && figures.result.amount() != 0.0 {
        return bad("what is left", "zero where nothing was paid");
    }
    // Every amount is then a whole number that a double holds exactly.
    const MOST: f64 = (1i64 << 52) as f64;
    if figures.gross.amount().abs() * units > MOST || figures.result.amount().abs() * units > MOST {
        return bad("an amount", "within 2^52 minor units");
    }
    Ok(())
}

/// The five factors of a group in both periods.
fn factors(
    old: &PeriodFigures,
    new: &PeriodFigures,
    all_before: f64,
    all_after: f64,
) -> ([f64; FACTORS], [f64; FACTORS]) {
    let share = |customers: u64, all: f64| if all > 0.0 { customers as f64 / all } else { 0.0 };
    let mut x = [all_before, share(old.customers, all_before), 0.0, 0.0, 0.0];
    let mut y = [all_after, share(new.customers, all_after), 0.0, 0.0, 0.0];
    for (factor, (of_old, of_new)) in old.ratios().into_iter().zip(new.ratios()).enumerate() {
        x[factor + 2] = of_old.or(of_new).unwrap_or(0.0);
        y[factor + 2] = of_new.or(of_old).unwrap_or(0.0);
    }
    (x, y)
}

/// Shapley's value of each factor of a product: its change, times the other factors as they were or
/// have become, averaged over all orders of change.
///
/// A set of `s` factors among the `n - 1` others stands before the factor in `s! (n-1-s)! / n!` of
/// all orders.
fn shapley<const N: usize>(x: &[f64; N], y: &[f64; N]) -> [f64; N] {
    let factorial = |n: usize| (1..=n).map(|i| i as f64).fold(1.0, |all, i| all * i);
    let weights: [f64; N] =
        std::array::from_fn(|s| factorial(s) * factorial(N - 1 - s) / factorial(N));
    std::array::from_fn(|factor| {
        let mut mean = 0.0;
        for changed in 0..1usize << N {
            if changed & (1 << factor) != 0 {
                continue;
            }
            let mut product = weights[changed.count_ones() as usize];
            for other in (0..N).filter(|&other| other != factor) {
                product *= if changed & (1 << other) != 0 { y[other] } else { x[other] };
            }
            mean += product;
        }
        mean * (y[factor] - x[factor])
    })
}

/// LMDI-I: `L(Y', Y) ln(y / x)`, with `L` the logarithmic mean of the two products. `None` unless
/// every factor is positive.
fn log_mean_divisia<const N: usize>(x: &[f64; N], y: &[f64; N]) -> Option<[f64; N]> {
    if !x.iter().chain(y).all(|factor| *factor > 0.0) {
        return None;
    }
    let product = |of: &[f64; N]| of.iter().fold(1.0, |all, factor| all * factor);
    let (old, new) = (product(x), product(y));
    let logs: [f64; N] = std::array::from_fn(|i| ln(y[i] / x[i]));
    let log_change = logs.iter().fold(0.0, |all, log| all + log);
    // Where the products are nearly equal, their quotient of differences is their mean.
    let mean = if log_change.abs() < 1e-6 {
        (old + new) / 2.0 * (1.0 - log_change * log_change / 12.0)
    } else {
        (new - old) / log_change
    };
    Some(logs.map(|log| mean * log))
}

/// Rounds parts to whole numbers that add up to `total`: each down, and what is left to those with
/// the largest remainders, the first of equal ones.
fn in_whole_units<const N: usize>(parts: &[f64; N], total: i128) -> [i128; N] {
    let mut whole = parts.map(|part| part.floor() as i128);
    let mut order: [usize; N] = std::array::from_fn(|i| i);
    let rest = |i: usize| parts[i] - parts[i].floor();
    order.sort_by(|&a, &b| rest(b).total_cmp(&rest(a)));
    let left = whole.iter().fold(total, |left, part| left - part);
    // From 0 to N - 1, but where the parts are too large for their last digits to be cents.
    let (each, few) = (left.div_euclid(N as i128), left.rem_euclid(N as i128) as usize);
    for (place, &part) in order.iter().enumerate() {
        whole[part] += each + i128::from(place < few);
    }
    whole
}

#[cfg(test)]
mod tests;
