//! One record's likelihood with both derivatives, for fits in which customers have scales of their
//! own and share no tables: those with covariates.

use crate::num::newton::{Bounds, Curve};
use crate::num::real::{exp, ln, ln_1p, log_add, logistic};
use crate::num::special::{digamma_rise, ln_rising, trigamma_fall};
use crate::value::beta_geometric::fit::RANGE;
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::{A, ALPHA, B, R, Settings};
use crate::value::covariates::{self, CovariateFit, Covariates, Shiftable};
use crate::value::{BgNbd, MbgNbd, Parameter, PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

/// Which model, and whom it refuses.
struct Shifted(Variant, Settings);

impl Shiftable for Shifted {
    const PARAMETERS: [Parameter; 4] = [Parameter::R, Parameter::Alpha, Parameter::A, Parameter::B];
    const RATE: &'static [(usize, f64)] = &[(ALPHA, -1.0)];
    const DROPOUT: &'static [(usize, f64)] = &[(A, 1.0), (B, 1.0)];
    const BOUNDS: Bounds = RANGE;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn plain(
        &self,
        records: &[PurchaseRecord],
        work: &Work,
    ) -> Result<([f64; 4], f64), ValueError> {
        let base = PurchaseSummary::from_records(records.iter().copied())?;
        let fitted = super::fit::fit(self.0, self.1, &base, work)?;
        Ok((fitted.values(), fitted.log_likelihood().unwrap_or(f64::NEG_INFINITY)))
    }

    fn curve(&self, logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4> {
        log_likelihood(self.0, logs, record)
    }
}

macro_rules! with_covariates {
    ($name:ident) => {
        impl $name {
            /// The maximum-likelihood fit in which covariates shift each customer's rate of
            /// purchases and dropout; one record for each customer, in the order of the
            /// covariates.
            ///
            /// Without covariates it is the plain fit.
            ///
            /// # Errors
            ///
            /// As [`fit`](Self::fit); [`ValueError::Length`] where records and covariates are not
            /// of the same customers.
            pub fn fit_with_covariates(
                &self,
                records: &[PurchaseRecord],
                rate: &Covariates,
                dropout: &Covariates,
                work: &Work,
            ) -> Result<CovariateFit, ValueError> {
                let model = Shifted(Variant::$name, self.settings);
                covariates::fit(&model, records, rate, dropout, work)
            }
        }
    };
}
with_covariates!(BgNbd);
with_covariates!(MbgNbd);

/// A record's log-likelihood with its derivatives by the logarithms of r, α, a, b.
fn log_likelihood(variant: Variant, logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4> {
    let p = logs.map(exp);
    let mut sum = terms_of_x(variant, record.repeat_purchases(), p);
    sum.add(&two_fates(variant, record, p));
    let gradient: [f64; 4] = std::array::from_fn(|i| p[i] * sum.gradient[i]);
    let hessian = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let own = if i == j { gradient[i] } else { 0.0 };
            own + p[i] * p[j] * sum.hessian[i][j]
        })
    });
    Curve { value: sum.value, gradient, hessian }
}

/// A value with its first and second derivatives by r, α, a, b.
#[derive(Debug, Clone, Copy, Default)]
struct Derivatives {
    value: f64,
    gradient: [f64; 4],
    hessian: [[f64; 4]; 4],
}

impl Derivatives {
    fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..4 {
            self.gradient[i] += other.gradient[i];
            for j in 0..4 {
                self.hessian[i][j] += other.hessian[i][j];
            }
        }
    }
}

/// The first line of the log-likelihood.
fn terms_of_x(variant: Variant, x: u32, [r, _, a, b]: [f64; 4]) -> Derivatives {
    let n = variant.whole_chances(x);
    let mut d = Derivatives { value: ln_rising(r, x), ..Derivatives::default() };
    d.gradient[R] = digamma_rise(r, x);
    d.hessian[R][R] = -trigamma_fall(r, x);
    if n > 0 {
        d.value += ln_rising(b, n - 1) - ln_rising(a + b, n);
        let both = digamma_rise(a + b, n);
        d.gradient[A] = -both;
        d.gradient[B] = digamma_rise(b, n - 1) - both;
        let both = trigamma_fall(a + b, n);
        d.hessian[A][A] = both;
        d.hessian[A][B] = both;
        d.hessian[B][A] = both;
        d.hessian[B][B] = both - trigamma_fall(b, n - 1);
    }
    d
}

/// `r ln α - (r + x) ln(α + t)`, with its derivatives by r and α.
///
/// Written as `-r ln(1 + t/α) - x ln(α + t)`, so that nothing cancels where r and α grow together,
/// which they do in bases whose customers all buy at one rate.
#[derive(Debug, Clone, Copy)]
struct Silence {
    value: f64,
    by_r: f64,
    by_alpha: f64,
    by_r_alpha: f64,
    by_alpha_alpha: f64,
}

impl Silence {
    fn until(t: f64, r: f64, alpha: f64, x: f64) -> Self {
        let sum = alpha + t;
        let log_ratio = ln_1p(t / alpha);
        let share = t / (alpha * sum);
        Self {
            value: -r * log_ratio - x * ln(sum),
            by_r: -log_ratio,
            by_alpha: r * share - x / sum,
            by_r_alpha: share,
            by_alpha_alpha: x / (sum * sum) - r * share * (alpha + sum) / (alpha * sum),
        }
    }
}

/// The second line of the log-likelihood.
fn two_fates(variant: Variant, record: &PurchaseRecord, [r, alpha, a, b]: [f64; 4]) -> Derivatives {
    let (t_x, age) = record.weeks();
    let x = f64::from(record.repeat_purchases());
    let n = variant.whole_chances(record.repeat_purchases());
    let until_end = Silence::until(age, r, alpha, x);
    let mut d = Derivatives::default();
    if n == 0 {
        d.value = until_end.value;
        d.gradient[R] = until_end.by_r;
        d.gradient[ALPHA] = until_end.by_alpha;
        d.hessian[R][ALPHA] = until_end.by_r_alpha;
        d.hessian[ALPHA][R] = until_end.by_r_alpha;
        d.hessian[ALPHA][ALPHA] = until_end.by_alpha_alpha;
        return d;
    }
    let until_last = Silence::until(t_x, r, alpha, x);
    let kept = b + f64::from(n - 1);
    let (alive, gone) = (ln(kept) + until_end.value, ln(a) + until_last.value);
    let weights = [logistic(alive - gone), logistic(gone - alive)];
    let slopes = [
        [until_end.by_r, until_end.by_alpha, 0.0, 1.0 / kept],
        [until_last.by_r, until_last.by_alpha, 1.0 / a, 0.0],
    ];
    d.value = log_add(alive, gone);
    for (weight, slope) in weights.iter().zip(&slopes) {
        for (total, part) in d.gradient.iter_mut().zip(slope) {
            *total += weight * part;
        }
    }
    // Second derivatives of a log-sum: the weighted ones of the terms, and the spread of the slopes
    // between them.
    for i in 0..4 {
        for j in 0..4 {
            let apart = |i: usize| slopes[0][i] - slopes[1][i];
            d.hessian[i][j] = weights[0] * weights[1] * apart(i) * apart(j);
        }
    }
    for (weight, silence) in weights.iter().zip([until_end, until_last]) {
        d.hessian[R][ALPHA] += weight * silence.by_r_alpha;
        d.hessian[ALPHA][R] += weight * silence.by_r_alpha;
        d.hessian[ALPHA][ALPHA] += weight * silence.by_alpha_alpha;
    }
    d.hessian[A][A] -= weights[1] / (a * a);
    d.hessian[B][B] -= weights[0] / (kept * kept);
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::beta_geometric::fit::Rows;

    /// The fit's tables are another way to the same numbers.
    #[test]
    fn single_records_equal_the_tables_of_the_fit() {
        let records = [(0, 0.0, 30.0), (1, 7.0, 30.0), (5, 200.0, 272.0), (40, 271.5, 272.25)]
            .map(|(x, t_x, age)| PurchaseRecord::new(x, t_x, age).unwrap());
        for variant in [Variant::BgNbd, Variant::MbgNbd] {
            for p in [[0.243, 4.414, 0.793, 2.426], [3.0, 0.1, 1.0, 1e-3], [1e-3, 900.0, 8.0, 50.0]]
            {
                let logs = p.map(ln);
                for record in records {
                    let single = log_likelihood(variant, &logs, &record);
                    let base = PurchaseSummary::from_records([record]).unwrap();
                    let rows = Rows::of(variant, &base, 1);
                    let table = rows.negative_log_likelihood(&logs, &Work::new()).unwrap();
                    let close = |a: f64, b: f64| {
                        assert!((a + b).abs() <= 1e-10 * (1.0 + a.abs()), "{record:?} {a} {b}");
                    };
                    close(single.value, table.value);
                    for i in 0..4 {
                        close(single.gradient[i], table.gradient[i]);
                        for j in 0..4 {
                            close(single.hessian[i][j], table.hessian[i][j]);
                        }
                    }
                }
            }
        }
    }
}
