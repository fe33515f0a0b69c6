//! A fitted Gamma-Gamma with other parameters, and as text.

use crate::num::real::exp;
use crate::value::fit::{LogParameters, Outcome};
use crate::value::saved::{Parts, SavedFit};
use crate::value::{FittedGammaGamma, Parameter, SavedModelError};

impl FittedGammaGamma {
    /// The logarithms of the parameters and their covariance.
    pub(in crate::value) fn in_logs(&self) -> Option<LogParameters<3>> {
        self.outcome.in_logs([self.p, self.q, self.gamma])
    }

    /// The same model elsewhere.
    pub(in crate::value) fn at(&self, logs: &[f64; 3]) -> Self {
        let [p, q, gamma] = logs.map(exp);
        Self { p, q, gamma, outcome: Outcome::given(), ..*self }
    }

    pub(in crate::value) fn saved(&self) -> SavedFit {
        SavedFit::of("gamma_gamma", &self.parameters(), &self.outcome)
    }

    pub(in crate::value) fn restored(
        fit: &SavedFit,
        customers: u64,
    ) -> Result<Self, SavedModelError> {
        let names = [Parameter::P, Parameter::Q, Parameter::Gamma];
        let Parts { parameters: [p, q, gamma], outcome } = fit.parts_of("gamma_gamma", names)?;
        Ok(Self { p, q, gamma, outcome, customers })
    }
}
