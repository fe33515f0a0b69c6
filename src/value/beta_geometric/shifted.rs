//! One record's likelihood with both derivatives, for fits in which customers have scales of their
//! own and share no tables: those with covariates.

use crate::num::newton::{Bounds, Curve};
use crate::num::real::exp;
use crate::value::beta_geometric::fit::RANGE;
use crate::value::beta_geometric::likelihood::Variant;
use crate::value::beta_geometric::regular::likelihood::{terms_of_x, two_fates};
use crate::value::beta_geometric::{A, ALPHA, B, Settings};
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
        negative_log_likelihood(self.0, logs, record)
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

/// Purchases at random are regular ones of degree one.
const PLAIN: u32 = 1;

/// A record's negative log-likelihood with its derivatives by the logarithms of r, α, a, b.
fn negative_log_likelihood(variant: Variant, logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4> {
    let p = logs.map(exp);
    let mut sum = terms_of_x(variant, PLAIN, record.repeat_purchases(), p);
    sum.add_scaled(&two_fates(variant, PLAIN, record, p), 1.0);
    sum.negative_in_logs(&p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::real::ln;
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
                    let single = negative_log_likelihood(variant, &logs, &record);
                    let base = PurchaseSummary::from_records([record]).unwrap();
                    let rows = Rows::of(variant, &base, 1);
                    let table = rows.negative_log_likelihood(&logs, &Work::new()).unwrap();
                    let close = |a: f64, b: f64| {
                        assert!((a - b).abs() <= 1e-10 * (1.0 + a.abs()), "{record:?} {a} {b}");
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
