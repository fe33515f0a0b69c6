//! What every fitted model of this stage is saved as.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::saved::SavedModelError;
use crate::value::fit::Outcome;
use crate::value::{FitStatus, Parameter};

/// A finite number that keeps every bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exact(pub(super) f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The shortest decimal that reads back to the same bits.
        serializer.collect_str(&format_args!("{:e}", self.0))
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let finite = text.parse::<f64>().ok().filter(|value| value.is_finite());
        finite.map(Self).ok_or_else(|| serde::de::Error::custom("expected a finite number as text"))
    }
}

/// What every fitted model is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedFit {
    pub(super) model: String,
    parameters: Vec<(Parameter, Exact)>,
    covariance: Option<Vec<Vec<Exact>>>,
    log_likelihood: Option<Exact>,
    status: FitStatus,
    iterations: usize,
    /// The k of a model of regular timing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) regularity: Option<u32>,
}

/// The parts of a [`SavedFit`], checked.
pub(super) struct Parts<const N: usize> {
    pub(super) parameters: [f64; N],
    pub(super) outcome: Outcome<N>,
}

impl SavedFit {
    pub(super) fn of<const N: usize>(
        model: &str,
        parameters: &[(Parameter, f64)],
        outcome: &Outcome<N>,
    ) -> Self {
        let row = |row: &[f64; N]| row.iter().copied().map(Exact).collect();
        Self {
            model: model.to_owned(),
            parameters: parameters.iter().map(|&(name, value)| (name, Exact(value))).collect(),
            covariance: outcome.covariance.map(|matrix| matrix.iter().map(row).collect()),
            log_likelihood: outcome.log_likelihood.map(Exact),
            status: outcome.status.clone(),
            iterations: outcome.iterations,
            regularity: None,
        }
    }

    /// The parts, if they are of this model.
    pub(super) fn parts_of<const N: usize>(
        &self,
        model: &'static str,
        names: [Parameter; N],
    ) -> Result<Parts<N>, SavedModelError> {
        if self.model != model {
            return Err(SavedModelError::Invalid { what: "model", expected: model });
        }
        self.parts(names)
    }

    /// The parts, if they are of a model with these parameters.
    pub(super) fn parts<const N: usize>(
        &self,
        names: [Parameter; N],
    ) -> Result<Parts<N>, SavedModelError> {
        let invalid = |what, expected| SavedModelError::Invalid { what, expected };
        let given: Vec<Parameter> = self.parameters.iter().map(|&(name, _)| name).collect();
        if given != names {
            return Err(invalid("parameters", "the list of this model"));
        }
        let parameters: [f64; N] = std::array::from_fn(|i| self.parameters[i].1.0);
        if !parameters.iter().all(|&value| value > 0.0) {
            return Err(invalid("parameters", "greater than 0"));
        }
        let covariance = match &self.covariance {
            None => None,
            Some(rows) => {
                if rows.len() != N || rows.iter().any(|row| row.len() != N) {
                    return Err(invalid("covariance", "a square of the parameters' size"));
                }
                let matrix: [[f64; N]; N] =
                    std::array::from_fn(|i| std::array::from_fn(|j| rows[i][j].0));
                if crate::num::linear::cholesky(&matrix).is_none() {
                    return Err(invalid("covariance", "positive definite"));
                }
                Some(matrix)
            }
        };
        if covariance.is_some() != (self.status == FitStatus::Converged) {
            return Err(invalid("covariance", "there if and only if the fit converged"));
        }
        Ok(Parts {
            parameters,
            outcome: Outcome {
                covariance,
                log_likelihood: self.log_likelihood.map(|value| value.0),
                status: self.status.clone(),
                iterations: self.iterations,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::{from_json, to_json};

    const NAMES: [Parameter; 2] = [Parameter::Alpha, Parameter::Beta];

    fn fit() -> SavedFit {
        let parameters = [(Parameter::Alpha, 0.1 + 0.2), (Parameter::Beta, 1e-300)];
        let covariance = [[2.0, 0.5], [0.5, 1.0 / 3.0]];
        let outcome = Outcome {
            covariance: Some(covariance),
            log_likelihood: Some(-1.25),
            status: FitStatus::Converged,
            iterations: 9,
        };
        SavedFit::of("x", &parameters, &outcome)
    }

    #[test]
    fn every_bit_comes_back() {
        let text = to_json("segmentry.test", 1, fit());
        let read: SavedFit = from_json(&text, "segmentry.test", 1).unwrap();
        assert_eq!(read, fit());
        let parts = read.parts(NAMES).unwrap();
        assert_eq!(parts.parameters, [0.1 + 0.2, 1e-300]);
        assert_eq!(parts.outcome.covariance.unwrap()[1][1], 1.0 / 3.0);
        assert_eq!((parts.outcome.log_likelihood, parts.outcome.iterations), (Some(-1.25), 9));
    }

    #[test]
    fn what_is_foreign_or_from_the_future_is_told_apart() {
        let text = to_json("segmentry.test", 2, fit());
        let read = |text: &str| from_json::<SavedFit>(text, "segmentry.test", 1).unwrap_err();
        assert!(matches!(read(&text), SavedModelError::FromTheFuture { version: 2, newest: 1 }));
        let other = to_json("segmentry.other", 1, fit());
        assert!(matches!(read(&other), SavedModelError::OtherFormat { .. }));
        for text in ["", "{", "[]", "{\"format\":\"segmentry.test\",\"version\":1}"] {
            assert!(matches!(read(text), SavedModelError::Malformed { .. }), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let text = to_json("segmentry.test", 1, fit());
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{text}");
            from_json::<SavedFit>(&text.replace(from, to), "segmentry.test", 1)
        };
        assert!(with("1e-300", "NaN").is_err());
        assert!(with("1e-300", "1e999").is_err());
        assert!(with("1e-300", "-1e0").unwrap().parts(NAMES).is_err());
        assert!(with("2e0", "-2e0").unwrap().parts(NAMES).is_err());
        assert!(with("\"converged\"", "\"flat\"").unwrap().parts(NAMES).is_err());
        assert!(fit().parts([Parameter::Alpha]).is_err());
        assert!(fit().parts([Parameter::R, Parameter::Beta]).is_err());
    }
}
