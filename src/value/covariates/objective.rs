//! The likelihood of a model with covariates, as a function of the plain model's.
//!
//! A record's likelihood depends on four logarithms, and each of these is linear in the variables
//! of the search; so the plain model's derivatives and a chain rule of products are all there is.

use crate::num::blocks;
use crate::num::newton::WideCurve;
use crate::value::covariates::{Column, Covariates, Shiftable};
use crate::value::{PurchaseRecord, ValueError};
use crate::work::Work;

/// A coefficient in the search: which column shifts which parameter, and in which direction.
pub(super) struct Effect<'a> {
    pub(super) name: &'a str,
    pub(super) position: usize,
    pub(super) sign: f64,
    pub(super) place: usize,
    column: &'a Column,
}

pub(super) struct Objective<'a, M> {
    model: &'a M,
    pub(super) effects: Vec<Effect<'a>>,
    /// A customer of each distinct record with its covariates, and how many there are.
    rows: Vec<(u32, f64)>,
    records: &'a [PurchaseRecord],
}

impl<'a, M: Shiftable + Sync> Objective<'a, M> {
    pub(super) fn new(
        model: &'a M,
        records: &'a [PurchaseRecord],
        rate: &'a Covariates,
        dropout: &'a Covariates,
    ) -> Self {
        let mut effects = Vec::new();
        for (covariates, targets) in [(rate, M::RATE), (dropout, M::DROPOUT)] {
            for (place, (name, column)) in
                covariates.names.iter().zip(&covariates.columns).enumerate()
            {
                for &(position, sign) in targets {
                    effects.push(Effect { name, position, sign, place, column });
                }
            }
        }
        let rows = distinct(records, &effects);
        Self { model, effects, rows, records }
    }

    /// The negative log-likelihood with both derivatives, in the logarithms of the parameters at
    /// the mean of every covariate and the coefficients per standard deviation.
    pub(super) fn evaluate(&self, at: &[f64], work: &Work) -> Result<WideCurve, ValueError> {
        let variables = at.len();
        let parts = blocks::map_blocks(self.rows.len(), work, |block| {
            let mut sum = Sum::new(variables);
            let mut factors = vec![(0, 1.0); variables];
            for (position, factor) in factors.iter_mut().enumerate().take(4) {
                factor.0 = position;
            }
            for &(customer, count) in &self.rows[block] {
                let customer = customer as usize;
                let mut logs: [f64; 4] = std::array::from_fn(|i| at[i]);
                for (effect, (factor, coefficient)) in
                    self.effects.iter().zip(factors[4..].iter_mut().zip(&at[4..]))
                {
                    *factor = (effect.position, effect.sign * effect.column.values[customer]);
                    logs[effect.position] += factor.1 * coefficient;
                }
                let curve = self.model.curve(&logs, &self.records[customer]);
                sum.value += count * curve.value;
                for (i, &(at_i, by_i)) in factors.iter().enumerate() {
                    sum.gradient[i] += count * by_i * curve.gradient[at_i];
                    for (j, &(at_j, by_j)) in factors.iter().enumerate().take(i + 1) {
                        sum.hessian[i][j] += count * by_i * by_j * curve.hessian[at_i][at_j];
                    }
                }
            }
            sum
        })?;
        let mut total = Sum::new(variables);
        for part in &parts {
            total.add(part);
        }
        let entry = |i: usize, j: usize| total.hessian[i.max(j)][i.min(j)];
        Ok(WideCurve {
            value: total.value,
            gradient: total.gradient.clone(),
            hessian: (0..variables)
                .map(|i| (0..variables).map(|j| entry(i, j)).collect())
                .collect(),
        })
    }

    /// Which parameter a variable of the search belongs to.
    pub(super) fn position(&self, variable: usize) -> usize {
        if variable < 4 { variable } else { self.effects[variable - 4].position }
    }

    /// The logarithms of the parameters at covariates of zero, and the coefficients per unit.
    pub(super) fn natural(&self, at: &[f64]) -> Vec<f64> {
        let mut natural = at.to_vec();
        for (place, effect) in self.effects.iter().enumerate() {
            let Column { mean, deviation, .. } = *effect.column;
            natural[4 + place] = at[4 + place] / deviation;
            natural[effect.position] -= effect.sign * natural[4 + place] * mean;
        }
        natural
    }

    /// Standard errors of the natural variables from the covariance of those of the search.
    pub(super) fn standard_errors(&self, covariance: &[Vec<f64>]) -> Vec<f64> {
        let variables = covariance.len();
        (0..variables)
            .map(|which| {
                // A row of the linear map from the one to the other.
                let unit = |variable: usize| {
                    let mut at = vec![0.0; variables];
                    at[variable] = 1.0;
                    self.natural(&at)[which]
                };
                let row: Vec<f64> = (0..variables).map(unit).collect();
                let mut variance = 0.0;
                for i in 0..variables {
                    for j in 0..variables {
                        variance += row[i] * covariance[i][j] * row[j];
                    }
                }
                variance.sqrt()
            })
            .collect()
    }
}

/// Distinct combinations of record and covariates, in the order of the records' own.
fn distinct(records: &[PurchaseRecord], effects: &[Effect<'_>]) -> Vec<(u32, f64)> {
    let key = |row: u32| {
        let record = &records[row as usize];
        (record.repeat_purchases(), record.age_at_last().to_bits(), record.age().to_bits())
    };
    let compare = |a: u32, b: u32| {
        key(a).cmp(&key(b)).then_with(|| {
            let values = effects.iter().map(|effect| &effect.column.values);
            values
                .map(|values| values[a as usize].total_cmp(&values[b as usize]))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    };
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    // Which of several equal customers stands for them does not matter.
    order.sort_unstable_by(|&a, &b| compare(a, b));
    order
        .chunk_by(|&a, &b| compare(a, b).is_eq())
        .map(|group| (group[0], group.len() as f64))
        .collect()
}

struct Sum {
    value: f64,
    gradient: Vec<f64>,
    /// The lower triangle.
    hessian: Vec<Vec<f64>>,
}

impl Sum {
    fn new(variables: usize) -> Self {
        Self {
            value: 0.0,
            gradient: vec![0.0; variables],
            hessian: (0..variables).map(|i| vec![0.0; i + 1]).collect(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.value += other.value;
        for (total, part) in self.gradient.iter_mut().zip(&other.gradient) {
            *total += part;
        }
        for (totals, parts) in self.hessian.iter_mut().zip(&other.hessian) {
            for (total, part) in totals.iter_mut().zip(parts) {
                *total += part;
            }
        }
    }
}
