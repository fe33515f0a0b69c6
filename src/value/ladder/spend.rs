//! The rungs of spend: a model, or below it the mean over everybody.

use crate::units::Money;
use crate::value::spend_model::SpendSource;
use crate::value::{
    CredibilitySpend, FitStatus, FittedSpendModel, GammaGamma, NetSpendRecord, SpendModel,
    SpendRecord, ValueError,
};
use crate::work::Work;

/// What spend is forecast from.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::value) enum Spend {
    Model(FittedSpendModel),
    /// Mean gross spend of everybody.
    Pooled(f64),
    /// Mean net spend of everybody.
    PooledNet(f64),
}

impl Spend {
    /// Fits the model; where it refuses, notes why and takes the pooled mean.
    pub(in crate::value) fn fit(
        model: SpendModel,
        source: SpendSource<'_>,
        notes: &mut Vec<String>,
        work: &Work,
    ) -> Result<Self, ValueError> {
        work.begin("fitting spend", None)?;
        let pooled = || {
            let mean = source.pooled(model)?;
            Ok(match model {
                SpendModel::GammaGamma(_) => Self::Pooled(mean),
                SpendModel::Credibility(_) => Self::PooledNet(mean),
            })
        };
        match model.fit_from(source, work) {
            Ok(fitted) => {
                if let FittedSpendModel::GammaGamma(fitted) = &fitted {
                    // Everybody of whom nothing was seen must have an expectation, too.
                    if let Err(error) = fitted.expected_spend(None) {
                        notes.push(error.to_string());
                        return pooled();
                    }
                    if !matches!(fitted.status(), FitStatus::Converged) {
                        notes.push(
                            "Gamma-Gamma is at the edge of its range: forecasts hold, its \
                             parameters do not"
                                .to_owned(),
                        );
                    }
                }
                Ok(Self::Model(fitted))
            }
            Err(error @ ValueError::Refused { .. }) => {
                notes.push(error.to_string());
                pooled()
            }
            Err(error) => Err(error),
        }
    }

    /// The name of the rung.
    pub(in crate::value) fn rung(&self) -> &'static str {
        match self {
            Self::Model(FittedSpendModel::GammaGamma(_)) => "gamma_gamma",
            Self::Model(FittedSpendModel::Credibility(_)) => "credibility",
            Self::Pooled(_) => "pooled_spend",
            Self::PooledNet(_) => "pooled_net_spend",
        }
    }

    /// The model with its defaults that the rung is of, or would be of.
    pub(in crate::value) fn model_of_the_same_kind(&self) -> SpendModel {
        match self {
            Self::Model(FittedSpendModel::GammaGamma(_)) | Self::Pooled(_) => {
                SpendModel::GammaGamma(GammaGamma::new())
            }
            Self::Model(FittedSpendModel::Credibility(_)) | Self::PooledNet(_) => {
                SpendModel::Credibility(CredibilitySpend::new())
            }
        }
    }

    /// What the rung looks at of each customer.
    pub(in crate::value) fn see(&self, source: SpendSource<'_>) -> Result<SeenSpend, ValueError> {
        Ok(match self {
            Self::Model(FittedSpendModel::GammaGamma(_)) => SeenSpend::Gross(source.gross()),
            Self::Model(FittedSpendModel::Credibility(_)) => SeenSpend::Net(source.net()?),
            Self::Pooled(_) | Self::PooledNet(_) => SeenSpend::Nothing,
        })
    }

    /// Expected spend at a purchase of the customer in a row of what was [seen](Self::see).
    pub(in crate::value) fn expected(&self, seen: &SeenSpend, row: usize) -> f64 {
        match self {
            Self::Model(FittedSpendModel::GammaGamma(model)) => {
                // A fit that expects nothing finite of a stranger is not on the ladder.
                model.expected_spend(seen.gross(row)).map_or(0.0, Money::amount)
            }
            Self::Model(FittedSpendModel::Credibility(model)) => {
                model.expected_spend(seen.net(row)).mean().amount()
            }
            Self::Pooled(mean) | Self::PooledNet(mean) => *mean,
        }
    }
}

/// What a rung looks at, a row for each customer.
pub(in crate::value) enum SeenSpend {
    Gross(Vec<Option<SpendRecord>>),
    Net(Vec<Option<NetSpendRecord>>),
    Nothing,
}

impl SeenSpend {
    fn gross(&self, row: usize) -> Option<SpendRecord> {
        if let Self::Gross(records) = self { records[row] } else { None }
    }

    fn net(&self, row: usize) -> Option<&NetSpendRecord> {
        if let Self::Net(records) = self { records[row].as_ref() } else { None }
    }
}
