//! A fitted lifetime value as text, and back.

use serde::{Deserialize, Serialize};

use crate::units::Days;
use crate::value::ladder::{EmpiricalRate, Purchases, Spend};
use crate::value::lifetime::{FittedLifetimeValue, LifetimeValue};
use crate::value::saved::{Exact, SavedFit, from_json, to_json};
use crate::value::{FittedGammaGamma, FittedPurchaseModel, SavedModelError};

const FORMAT: &str = "segmentry.lifetime_value";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct SavedLifetimeValue {
    horizon_days: u32,
    annual_discount: Exact,
    frontier: Exact,
    purchases: SavedPurchases,
    spend: SavedSpend,
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedPurchases {
    Model(SavedFit),
    EmpiricalRate { pooled: Exact, mean_age: Exact },
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedSpend {
    Model { fit: SavedFit, customers: u64 },
    Pooled(Exact),
}

impl FittedLifetimeValue {
    /// The fitted model as JSON with a format name and a version, to be applied to later histories.
    pub fn to_json(&self) -> String {
        let purchases = match &self.purchases {
            Purchases::Model(model) => SavedPurchases::Model(model.saved()),
            Purchases::EmpiricalRate(rate) => SavedPurchases::EmpiricalRate {
                pooled: Exact(rate.pooled),
                mean_age: Exact(rate.mean_age),
            },
            Purchases::Unknown => SavedPurchases::Unknown,
        };
        let spend = match &self.spend {
            Spend::Model(model) => {
                SavedSpend::Model { fit: model.saved(), customers: model.n_customers() }
            }
            Spend::Pooled(mean) => SavedSpend::Pooled(Exact(*mean)),
        };
        let content = SavedLifetimeValue {
            horizon_days: self.settings.horizon.count(),
            annual_discount: Exact(self.settings.annual_discount),
            frontier: Exact(self.settings.frontier),
            purchases,
            spend,
            notes: self.notes.clone(),
        };
        to_json(FORMAT, VERSION, content)
    }

    /// Reads what [`to_json`](Self::to_json) of this or an older version wrote; values come out
    /// equal to the last bit. The model that is read was fitted, so settings of the fit that no
    /// longer matter are those of [`LifetimeValue::new`].
    ///
    /// # Errors
    ///
    /// [`SavedModelError`] for what is no saved model, is newer than this crate, or cannot be.
    pub fn from_json(text: &str) -> Result<Self, SavedModelError> {
        let saved: SavedLifetimeValue = from_json(text, FORMAT, VERSION)?;
        let invalid = |what, expected| SavedModelError::Invalid { what, expected };
        let settings = LifetimeValue::new()
            .horizon(Days::new(saved.horizon_days))
            .annual_discount(saved.annual_discount.0)
            .frontier(saved.frontier.0);
        settings.validate().map_err(|_| invalid("settings", "those of a lifetime value"))?;
        let purchases = match saved.purchases {
            SavedPurchases::Model(fit) => {
                Purchases::Model(Box::new(FittedPurchaseModel::restored(&fit)?))
            }
            SavedPurchases::EmpiricalRate { pooled: Exact(pooled), mean_age: Exact(mean_age) } => {
                if !(pooled >= 0.0 && mean_age > 0.0) {
                    return Err(invalid("purchases", "a rate over a time"));
                }
                Purchases::EmpiricalRate(EmpiricalRate { pooled, mean_age })
            }
            SavedPurchases::Unknown => Purchases::Unknown,
        };
        let spend = match saved.spend {
            SavedSpend::Model { fit, customers } => {
                Spend::Model(FittedGammaGamma::restored(&fit, customers)?)
            }
            SavedSpend::Pooled(Exact(mean)) if mean >= 0.0 => Spend::Pooled(mean),
            SavedSpend::Pooled(_) => return Err(invalid("spend", "zero or more")),
        };
        Ok(Self { settings, purchases, spend, notes: saved.notes })
    }
}
