//! Covariates of the rate of purchases and of dropout.

use crate::num::newton::{Bounds, Curve};
use crate::value::covariates::{self, CovariateFit, Covariates, Shiftable};
use crate::value::pareto_nbd::RANGE;
use crate::value::pareto_nbd::likelihood::negative_log_likelihood_of;
use crate::value::{Parameter, ParetoNbd, PurchaseRecord, PurchaseSummary, ValueError};
use crate::work::Work;

impl Shiftable for ParetoNbd {
    const PARAMETERS: [Parameter; 4] =
        [Parameter::R, Parameter::Alpha, Parameter::S, Parameter::Beta];
    const RATE: &'static [(usize, f64)] = &[(1, -1.0)];
    const DROPOUT: &'static [(usize, f64)] = &[(3, -1.0)];
    const BOUNDS: Bounds = RANGE;

    fn name(&self) -> &'static str {
        super::NAME
    }

    fn plain(
        &self,
        records: &[PurchaseRecord],
        work: &Work,
    ) -> Result<([f64; 4], f64), ValueError> {
        let base = PurchaseSummary::from_records(records.iter().copied())?;
        let fitted = self.fit(&base, work)?;
        let parameters = [fitted.r(), fitted.alpha(), fitted.s(), fitted.beta()];
        Ok((parameters, fitted.log_likelihood().unwrap_or(f64::NEG_INFINITY)))
    }

    fn curve(&self, logs: &[f64; 4], record: &PurchaseRecord) -> Curve<4> {
        negative_log_likelihood_of(logs, record)
    }
}

impl ParetoNbd {
    /// The maximum-likelihood fit in which covariates shift each customer's rate of purchases and
    /// of dropout; one record for each customer, in the order of the covariates.
    ///
    /// Without covariates it is the plain fit.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`ValueError::Length`] where records and covariates are not of the
    /// same customers.
    ///
    /// # Cost
    ///
    /// An integral for each distinct combination of record and covariates in each of about ten
    /// passes.
    pub fn fit_with_covariates(
        &self,
        records: &[PurchaseRecord],
        rate: &Covariates,
        dropout: &Covariates,
        work: &Work,
    ) -> Result<CovariateFit, ValueError> {
        covariates::fit(self, records, rate, dropout, work)
    }
}
