//! A fitted Gamma-Gamma with other parameters, and as text.

use crate::num::real::{exp, ln};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{FitStatus, FittedGammaGamma, Parameter, SavedModelError};

impl FittedGammaGamma {
    /// The logarithms of the parameters.
    pub(in crate::value) fn logs(&self) -> [f64; 3] {
        [self.p, self.q, self.gamma].map(ln)
    }

    /// The covariance of the logarithms of the parameters.
    pub(in crate::value) fn covariance_of_logs(&self) -> Option<[[f64; 3]; 3]> {
        let p = [self.p, self.q, self.gamma];
        let covariance = self.covariance?;
        Some(std::array::from_fn(|i| std::array::from_fn(|j| covariance[i][j] / (p[i] * p[j]))))
    }

    /// The same model elsewhere.
    pub(in crate::value) fn at(&self, logs: &[f64; 3]) -> Self {
        let [p, q, gamma] = logs.map(exp);
        let status = FitStatus::Given;
        Self { p, q, gamma, log_likelihood: None, covariance: None, status, ..*self }
    }

    pub(in crate::value) fn saved(&self) -> SavedFit {
        SavedFit::of(
            "gamma_gamma",
            &self.parameters(),
            self.covariance(),
            self.log_likelihood(),
            self.status(),
            self.iterations(),
        )
    }

    pub(in crate::value) fn restored(
        fit: &SavedFit,
        customers: u64,
    ) -> Result<Self, SavedModelError> {
        if fit.model != "gamma_gamma" {
            return Err(SavedModelError::Invalid { what: "model", expected: "`gamma_gamma`" });
        }
        let names = [Parameter::P, Parameter::Q, Parameter::Gamma];
        let Parts { parameters, covariance, log_likelihood, status, iterations } =
            fit.parts(names)?;
        let [p, q, gamma] = parameters;
        Ok(Self { p, q, gamma, log_likelihood, covariance, status, iterations, customers })
    }
}
