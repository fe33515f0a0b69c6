//! The log-likelihood of a customer base with its first and second derivatives, in the
//! logarithms of α, β, γ, δ.
//!
//! With `A(t) = B(α+x, β+t-x) / B(α, β)` and `S(t) = B(γ, δ+t) / B(γ, δ)`, a customer's likelihood
//! is
//!
//! ```text
//! A(n) S(n) [ 1 + Σ ρ(t) ],   t = t_x .. n-1,   ρ(t) = A(t) [S(t) - S(t+1)] / A(n) S(n)
//! ```
//!
//! (Fader, Hardie & Shang 2010, relative to the customer who is still there.) Going back
//! from n, each ρ follows from the one after it by a plain fraction, and so do the derivatives of
//! its logarithm by plain sums; all customers who share x and n are read off one such walk.

use crate::num::blocks;
use crate::num::newton::Curve;
use crate::num::real::{exp, ln, ln_1p};
use crate::num::special::{digamma_rise, ln_rising_ratio, trigamma_fall};
use crate::value::{OpportunityRecord, OpportunitySummary, ValueError};
use crate::work::Work;

/// A value with its first and second derivatives by α, β, γ, δ.
#[derive(Debug, Clone, Copy, Default)]
struct Derivatives {
    value: f64,
    gradient: [f64; 4],
    hessian: [[f64; 4]; 4],
}

impl Derivatives {
    fn add_scaled(&mut self, other: &Self, weight: f64) {
        self.value += weight * other.value;
        for i in 0..4 {
            self.gradient[i] += weight * other.gradient[i];
            for j in 0..4 {
                self.hessian[i][j] += weight * other.hessian[i][j];
            }
        }
    }
}

const ALPHA: usize = 0;
const BETA: usize = 1;
const GAMMA: usize = 2;
const DELTA: usize = 3;

/// The customers of one x and one n.
#[derive(Debug, Clone, Copy)]
struct Group {
    x: u32,
    n: u32,
    /// Its records are these of the base, in the order of t_x.
    start: usize,
    end: usize,
    /// How many customers.
    customers: f64,
}

/// The distinct records, in groups of equal x and n.
pub(super) struct Rows<'a> {
    base: &'a OpportunitySummary,
    groups: Vec<Group>,
    most: u32,
}

impl<'a> Rows<'a> {
    pub(super) fn of(base: &'a OpportunitySummary) -> Self {
        let key = |record: &OpportunityRecord| (record.purchases(), record.opportunities());
        let mut groups = Vec::new();
        let mut start = 0;
        for records in base.distinct().chunk_by(|a, b| key(a) == key(b)) {
            let end = start + records.len();
            let (x, n) = key(&records[0]);
            let customers: u64 = base.customers()[start..end].iter().sum();
            groups.push(Group { x, n, start, end, customers: customers as f64 });
            start = end;
        }
        let most = base.distinct().iter().map(OpportunityRecord::opportunities).max();
        Self { base, groups, most: most.unwrap_or(0) }
    }

    /// The negative log-likelihood with both derivatives.
    pub(super) fn negative_log_likelihood(
        &self,
        logs: &[f64; 4],
        work: &Work,
    ) -> Result<Curve<4>, ValueError> {
        let p = logs.map(exp);
        let tables = Tables::new(p, self.most);
        // A task of several groups, whose bounds depend on the data alone.
        let tasks = self.groups.len().div_ceil(GROUPS);
        let parts = blocks::map_tasks(tasks, work, |task| {
            let end = ((task + 1) * GROUPS).min(self.groups.len());
            let mut part = Derivatives::default();
            for group in &self.groups[task * GROUPS..end] {
                part.add_scaled(&to_the_end(group, p), group.customers);
                self.walk_back(group, &tables, &mut part);
            }
            part
        })?;
        let mut sum = Derivatives::default();
        for part in &parts {
            sum.add_scaled(part, 1.0);
        }
        // The chain rule from parameters to their logarithms, and the sign of a minimum.
        let gradient: [f64; 4] = std::array::from_fn(|i| -p[i] * sum.gradient[i]);
        let hessian = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let own = if i == j { gradient[i] } else { 0.0 };
                own - p[i] * p[j] * sum.hessian[i][j]
            })
        });
        Ok(Curve { value: -sum.value, gradient, hessian })
    }

    /// Adds `ln(1 + Σ ρ)` of every record of a group.
    fn walk_back(&self, group: &Group, tables: &Tables, sum: &mut Derivatives) {
        let (x, n) = (group.x as usize, group.n as usize);
        let mut walk = Walk::new(tables.gamma);
        let mut t = n;
        for i in (group.start..group.end).rev() {
            let last = self.base.distinct()[i].last_opportunity() as usize;
            while t > last {
                t -= 1;
                walk.step(tables, t, x, n);
            }
            sum.add_scaled(&walk.log_total(), self.base.customers()[i] as f64);
        }
    }
}

/// Groups in a task.
const GROUPS: usize = 16;

/// `ln A(n) + ln S(n)`: x purchases at n opportunities by somebody who is there for all of them.
fn to_the_end(group: &Group, [alpha, beta, gamma, delta]: [f64; 4]) -> Derivatives {
    let Group { x, n, .. } = *group;
    let left = n - x;
    let mut d = Derivatives {
        value: -ln_rising_ratio(alpha, beta + f64::from(left), x)
            - ln_rising_ratio(beta, alpha, left)
            - ln_rising_ratio(delta, gamma, n),
        ..Derivatives::default()
    };
    let both = digamma_rise(alpha + beta, n);
    d.gradient[ALPHA] = digamma_rise(alpha, x) - both;
    d.gradient[BETA] = digamma_rise(beta, left) - both;
    let both = trigamma_fall(alpha + beta, n);
    d.hessian[ALPHA][ALPHA] = both - trigamma_fall(alpha, x);
    d.hessian[ALPHA][BETA] = both;
    d.hessian[BETA][ALPHA] = both;
    d.hessian[BETA][BETA] = both - trigamma_fall(beta, left);
    let both = digamma_rise(gamma + delta, n);
    d.gradient[GAMMA] = -both;
    d.gradient[DELTA] = digamma_rise(delta, n) - both;
    let both = trigamma_fall(gamma + delta, n);
    d.hessian[GAMMA][GAMMA] = both;
    d.hessian[GAMMA][DELTA] = both;
    d.hessian[DELTA][GAMMA] = both;
    d.hessian[DELTA][DELTA] = both - trigamma_fall(delta, n);
    d
}

/// Reciprocals that every walk needs, so that a step takes no division.
struct Tables {
    gamma: f64,
    /// `1/(β+k)`, `1/(α+β+k)`, `1/(δ+k)`, `1/(γ+δ+k)`, and the divisors of two of them.
    beta: Vec<f64>,
    both: Vec<(f64, f64)>,
    delta: Vec<f64>,
    leave: Vec<(f64, f64)>,
}

impl Tables {
    fn new([alpha, beta, gamma, delta]: [f64; 4], n: u32) -> Self {
        let inverse = |z: f64| (0..=n).map(|k| 1.0 / (z + f64::from(k))).collect();
        let pairs = |z: f64| {
            let pair = |k| (z + f64::from(k), 1.0 / (z + f64::from(k)));
            (0..=n).map(pair).collect()
        };
        Self {
            gamma,
            beta: inverse(beta),
            both: pairs(alpha + beta),
            delta: inverse(delta),
            leave: pairs(gamma + delta),
        }
    }
}

/// The sums over t on the way back from n. All totals are multiples of `e^scale`.
struct Walk {
    /// ρ(t), with the first and minus the second derivatives of its logarithm.
    term: f64,
    slope: [f64; 4],
    /// By α and α, β and β, γ and γ, δ and δ; by α and β it is the first, by γ and δ `leaving`.
    curve: [f64; 4],
    leaving: f64,
    /// 1, Σ ρ, Σ ρ times the slopes, and the upper triangle of Σ ρ (slope slopeᵀ + second
    /// derivatives).
    one: f64,
    scale: f64,
    sum: f64,
    first: [f64; 4],
    second: [[f64; 4]; 4],
}

impl Walk {
    fn new(gamma: f64) -> Self {
        Self {
            term: gamma,
            slope: [0.0, 0.0, 1.0 / gamma, 0.0],
            curve: [0.0, 0.0, 1.0 / (gamma * gamma), 0.0],
            leaving: 0.0,
            one: 1.0,
            scale: 0.0,
            sum: 0.0,
            first: [0.0; 4],
            second: [[0.0; 4]; 4],
        }
    }

    /// From ρ(t+1) to ρ(t), which is added.
    fn step(&mut self, tables: &Tables, t: usize, x: usize, n: usize) {
        let (beta, (both, per_both)) = (tables.beta[t - x], tables.both[t]);
        let delta = tables.delta[t];
        self.term *= both * beta * delta;
        self.slope[ALPHA] += per_both;
        self.slope[BETA] += per_both - beta;
        self.slope[DELTA] -= delta;
        self.curve[ALPHA] += per_both * per_both;
        self.curve[BETA] += per_both * per_both - beta * beta;
        self.curve[DELTA] -= delta * delta;
        if t + 1 < n {
            let (leave, per_leave) = tables.leave[t + 1];
            self.term *= leave;
            self.slope[GAMMA] += per_leave;
            self.slope[DELTA] += per_leave;
            self.curve[GAMMA] += per_leave * per_leave;
            self.curve[DELTA] += per_leave * per_leave;
            self.leaving += per_leave * per_leave;
        }
        self.add();
        if self.term > HIGH {
            self.lower();
        }
    }

    fn add(&mut self) {
        self.sum += self.term;
        for i in 0..4 {
            let weighted = self.term * self.slope[i];
            self.first[i] += weighted;
            for j in i..4 {
                self.second[i][j] += weighted * self.slope[j];
            }
            self.second[i][i] -= self.term * self.curve[i];
        }
        self.second[ALPHA][BETA] -= self.term * self.curve[ALPHA];
        self.second[GAMMA][DELTA] -= self.term * self.leaving;
    }

    /// Takes all totals down by a factor before they overflow, which the terms of a long silence
    /// would.
    fn lower(&mut self) {
        let by = 1.0 / HIGH;
        self.scale += ln(HIGH);
        self.one *= by;
        self.term *= by;
        self.sum *= by;
        for i in 0..4 {
            self.first[i] *= by;
            for j in i..4 {
                self.second[i][j] *= by;
            }
        }
    }

    /// `ln(1 + Σ ρ)` and its derivatives.
    fn log_total(&self) -> Derivatives {
        let total = self.one + self.sum;
        let mut d = Derivatives {
            value: if self.scale == 0.0 { ln_1p(self.sum) } else { self.scale + ln(total) },
            ..Derivatives::default()
        };
        for i in 0..4 {
            d.gradient[i] = self.first[i] / total;
        }
        for i in 0..4 {
            for j in i..4 {
                d.hessian[i][j] = self.second[i][j] / total - d.gradient[i] * d.gradient[j];
                d.hessian[j][i] = d.hessian[i][j];
            }
        }
        d
    }
}

/// Below the root of the largest number, because slopes come on top.
const HIGH: f64 = 1e150;

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> OpportunitySummary {
        let rows =
            [(0, 0, 6), (0, 0, 40), (1, 1, 6), (2, 5, 6), (6, 6, 6), (3, 30, 40), (3, 9, 40)];
        let records = rows.map(|(x, t_x, n)| OpportunityRecord::new(x, t_x, n).unwrap());
        OpportunitySummary::from_records(records).unwrap()
    }

    #[test]
    fn derivatives_equal_finite_differences() {
        let base = base();
        let rows = Rows::of(&base);
        let evaluate = |logs: &[f64; 4]| rows.negative_log_likelihood(logs, &Work::new()).unwrap();
        for at in [[0.2, -0.3, -0.4, 1.0], [-1.3, 1.1, 0.8, -0.7], [3.0, 2.5, -2.0, 4.0]] {
            let here = evaluate(&at);
            let step = 1e-5;
            for i in 0..4 {
                let moved = |by: f64| {
                    let mut there = at;
                    there[i] += by;
                    evaluate(&there)
                };
                let (up, down) = (moved(step), moved(-step));
                let slope = (up.value - down.value) / (2.0 * step);
                let near = |got: f64, want: f64| (got - want).abs() < 2e-8 * want.abs().max(10.0);
                assert!(near(here.gradient[i], slope), "{i}: {} {slope}", here.gradient[i]);
                for j in 0..4 {
                    let curve = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    assert!(near(here.hessian[i][j], curve), "{i} {j}: {curve}");
                }
            }
        }
    }

    /// The walk back from n against the walk forth from the last purchase.
    #[test]
    fn the_sum_of_single_likelihoods_is_the_likelihood() {
        let base = base();
        for parameters in [[1.2, 0.75, 0.66, 2.8], [0.01, 50.0, 3.0, 0.2], [1e4, 1e-3, 1e-3, 1e4]] {
            let whole =
                Rows::of(&base).negative_log_likelihood(&parameters.map(ln), &Work::new()).unwrap();
            let model = crate::value::bg_bb::FittedBgBb::with(parameters);
            let mut single = 0.0;
            for (record, &customers) in base.distinct().iter().zip(base.customers()) {
                single += model.log_likelihood_of(record) * customers as f64;
            }
            assert!((whole.value + single).abs() < 1e-12 * single.abs(), "{single}");
        }
    }

    /// Two thousand silent opportunities after fifty purchases: terms past the largest number.
    #[test]
    fn a_long_silence_does_not_overflow() {
        let record = OpportunityRecord::new(50, 60, 2000).unwrap();
        let base = OpportunitySummary::from_records([record]).unwrap();
        let logs = [5.0, 5.0, -0.4, 1.0];
        let curve = Rows::of(&base).negative_log_likelihood(&logs, &Work::new()).unwrap();
        assert!(curve.hessian.iter().flatten().chain(&curve.gradient).all(|v| v.is_finite()));
        let single =
            crate::value::bg_bb::FittedBgBb::with(logs.map(exp)).log_likelihood_of(&record);
        assert!((curve.value + single).abs() < 1e-12 * single.abs());
    }
}
