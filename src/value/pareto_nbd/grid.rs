//! The integrals of all customers with equal x at once, where times are whole days.
//!
//! What is integrated depends on x and the time of leaving alone, so the integrals from every day
//! to the last one are sums of one day each, built from the end. An integral from t_x to T is a
//! difference of two, and the difference is never formed: what lies behind T is taken off the mass
//! of staying until T, which is larger.

use std::ops::Range;

use crate::num::quadrature::legendre_rule;
use crate::num::real::{exp, ln_1p};
use crate::value::PurchaseRecord;

use super::Parameters;
use super::likelihood::{COLUMNS, Moment};

/// With so many nodes a piece of a day is exact to 1e-15 under the two limits below.
const NODES: usize = 5;
static RULE: [(f64, f64); NODES] = legendre_rule();
/// A piece is no longer than this share of its distance from either pole, -α and -β.
const LONGEST: f64 = 1.0 / 7.5;
/// E-foldings of the integrand within a day at which a table is still used.
const FOLDINGS: f64 = 0.5;

/// What depends on time alone, for every day and for the nodes within it.
pub(super) struct Grid {
    days: Vec<Day>,
    nodes: Vec<Node>,
}

struct Day {
    moment: Moment,
    /// Its nodes.
    nodes: Range<usize>,
    /// `ln((α+u)/(α+t))` and `ln((β+u)/(β+t))` from this day to the next.
    to_next: [f64; 2],
}

struct Node {
    moment: Moment,
    weight: f64,
    /// As `to_next`, from its day to the node.
    from_day: [f64; 2],
}

impl Grid {
    /// The grid from day 0 to `last`.
    pub(super) fn new(parameters: &Parameters, last: usize) -> Self {
        let &Parameters { alpha, beta, .. } = parameters;
        let nearest = alpha.min(beta);
        let mut grid = Self { days: Vec::with_capacity(last + 1), nodes: Vec::new() };
        for day in 0..=last {
            let t = day as f64 / 7.0;
            let away = |y: f64| [ln_1p(y / (alpha + t)), ln_1p(y / (beta + t))];
            let first = grid.nodes.len();
            if day < last {
                // Pieces of equal length in the logarithm of the distance from the nearer pole.
                let length = ln_1p(1.0 / 7.0 / (nearest + t));
                let pieces = (length / ln_1p(LONGEST)).ceil().max(1.0);
                let mut start = 0.0;
                for piece in 1..=pieces as usize {
                    let end = if piece as f64 == pieces {
                        1.0 / 7.0
                    } else {
                        (nearest + t) * libm::expm1(length * piece as f64 / pieces)
                    };
                    for &(node, weight) in &RULE {
                        let y = start + (end - start) * node;
                        grid.nodes.push(Node {
                            moment: Moment::new(parameters, t + y),
                            weight: weight * (end - start),
                            from_day: away(y),
                        });
                    }
                    start = end;
                }
            }
            grid.days.push(Day {
                moment: Moment::new(parameters, t),
                nodes: first..grid.nodes.len(),
                to_next: away(1.0 / 7.0),
            });
        }
        grid
    }
}

/// The mixtures of all customers with one x, in parts that belong to one day each.
pub(super) struct Table {
    first: usize,
    rows: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    /// See [`Moment::wait`].
    wait: f64,
    /// Leaving between this day and the last one, relative to staying until this day.
    gone: [f64; COLUMNS],
    /// Staying until this day without `gone`.
    stays: [f64; COLUMNS],
}

impl Table {
    /// The table for `x` over these days, from the first one on which the integrand is smooth
    /// enough; `None` if there is no such day.
    pub(super) fn new(
        grid: &Grid,
        parameters: &Parameters,
        x: f64,
        days: Range<usize>,
    ) -> Option<Self> {
        let &Parameters { r, alpha, s, beta } = parameters;
        let steep = |day: usize| {
            let t = day as f64 / 7.0;
            (r + x) / (alpha + t) + (s + 1.0) / (beta + t) > 7.0 * FOLDINGS
        };
        let days = days.start..=days.end;
        let first = days.clone().find(|&day| !steep(day))?;
        let decay = |[a, b]: [f64; 2]| exp(-((r + x) * a + (s + 1.0) * b));
        let mut later = [0.0; COLUMNS];
        let mut rows = Vec::with_capacity(days.end() + 1 - first);
        for (back, day) in grid.days[first..=*days.end()].iter().rev().enumerate() {
            if back > 0 {
                let left = decay(day.to_next);
                for column in &mut later {
                    *column *= left;
                }
                for node in &grid.nodes[day.nodes.clone()] {
                    let weight = node.weight * decay(node.from_day);
                    let columns = node.moment.gone(parameters, x);
                    for i in 0..COLUMNS {
                        later[i] += weight * columns[i];
                    }
                }
            }
            let rate = day.moment.rate(parameters);
            let gone = later.map(|column| rate * column);
            let stays = day.moment.stays(parameters, x);
            rows.push(Row {
                wait: day.moment.wait(parameters, x),
                gone,
                stays: std::array::from_fn(|i| stays[i] - gone[i]),
            });
        }
        rows.reverse();
        Some(Self { first, rows })
    }

    /// The level and the mixture of a record, or `None` where its silence begins before the table.
    pub(super) fn mixture(&self, record: &PurchaseRecord) -> Option<(f64, [f64; COLUMNS])> {
        let from = (record.age_at_last() as usize).checked_sub(self.first)?;
        let (from, until) = (&self.rows[from], &self.rows[record.age() as usize - self.first]);
        let waits = exp(from.wait - until.wait);
        let mixture = std::array::from_fn(|i| waits * until.stays[i] + from.gone[i]);
        Some((-from.wait, mixture))
    }

    /// The odds of having left, or `None` where the silence begins before the table.
    pub(super) fn odds_gone(&self, record: &PurchaseRecord) -> Option<f64> {
        let from = (record.age_at_last() as usize).checked_sub(self.first)?;
        let (from, until) = (&self.rows[from], &self.rows[record.age() as usize - self.first]);
        let waits = exp(from.wait - until.wait);
        // For somebody who has just bought the difference is nothing, give or take its rounding.
        Some((from.gone[0] / waits - until.gone[0]).max(0.0))
    }
}
