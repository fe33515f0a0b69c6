//! The rungs as they are saved.

use serde::{Deserialize, Serialize};

use crate::value::ladder::{EmpiricalRate, Purchases, Spend};
use crate::value::saved::{Exact, SavedFit};
use crate::value::{
    CredibilityStatus, FittedCredibilitySpend, FittedGammaGamma, FittedPurchaseModel,
    FittedSpendModel, SavedModelError,
};

fn invalid(what: &'static str, expected: &'static str) -> SavedModelError {
    SavedModelError::Invalid { what, expected }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::value) enum SavedPurchases {
    Model(SavedFit),
    EmpiricalRate { pooled: Exact, mean_age: Exact },
    Unknown,
}

impl Purchases {
    pub(in crate::value) fn saved(&self) -> SavedPurchases {
        match self {
            Self::Model(model) => SavedPurchases::Model(model.saved()),
            Self::EmpiricalRate(rate) => SavedPurchases::EmpiricalRate {
                pooled: Exact(rate.pooled),
                mean_age: Exact(rate.mean_age),
            },
            Self::Unknown => SavedPurchases::Unknown,
        }
    }

    pub(in crate::value) fn restored(saved: SavedPurchases) -> Result<Self, SavedModelError> {
        Ok(match saved {
            SavedPurchases::Model(fit) => {
                Self::Model(Box::new(FittedPurchaseModel::restored(&fit)?))
            }
            SavedPurchases::EmpiricalRate { pooled: Exact(pooled), mean_age: Exact(mean_age) } => {
                if !(pooled >= 0.0 && mean_age > 0.0) {
                    return Err(invalid("purchases", "a rate over a time"));
                }
                Self::EmpiricalRate(EmpiricalRate { pooled, mean_age })
            }
            SavedPurchases::Unknown => Self::Unknown,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::value) enum SavedSpend {
    Model { fit: SavedFit, customers: u64 },
    Credibility { figures: [Exact; 4], status: CredibilityStatus, customers: u64 },
    Pooled(Exact),
    PooledNet(Exact),
}

impl Spend {
    pub(in crate::value) fn saved(&self) -> SavedSpend {
        match self {
            Self::Model(FittedSpendModel::GammaGamma(model)) => {
                SavedSpend::Model { fit: model.saved(), customers: model.n_customers() }
            }
            Self::Model(FittedSpendModel::Credibility(model)) => SavedSpend::Credibility {
                figures: model.figures().map(Exact),
                status: model.status(),
                customers: model.n_customers(),
            },
            Self::Pooled(mean) => SavedSpend::Pooled(Exact(*mean)),
            Self::PooledNet(mean) => SavedSpend::PooledNet(Exact(*mean)),
        }
    }

    pub(in crate::value) fn restored(saved: SavedSpend) -> Result<Self, SavedModelError> {
        Ok(match saved {
            SavedSpend::Model { fit, customers } => Self::Model(FittedSpendModel::GammaGamma(
                FittedGammaGamma::restored(&fit, customers)?,
            )),
            SavedSpend::Credibility { figures, status, customers } => {
                let figures = figures.map(|Exact(figure)| figure);
                let model = FittedCredibilitySpend::restored(figures, status, customers);
                let model = model.ok_or(invalid("spend", "a model of credibility"))?;
                Self::Model(FittedSpendModel::Credibility(model))
            }
            SavedSpend::Pooled(Exact(mean)) if mean >= 0.0 => Self::Pooled(mean),
            SavedSpend::Pooled(_) => return Err(invalid("spend", "zero or more")),
            SavedSpend::PooledNet(Exact(mean)) => Self::PooledNet(mean),
        })
    }
}
