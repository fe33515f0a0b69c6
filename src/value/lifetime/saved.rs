//! A fitted lifetime value as text, and back.

use serde::{Deserialize, Serialize};

use crate::saved::{from_json, to_json};
use crate::units::Days;
use crate::value::SavedModelError;
use crate::value::ladder::{Purchases, SavedPurchases, SavedSpend, Spend};
use crate::value::lifetime::{FittedLifetimeValue, LifetimeValue};
use crate::value::saved::Exact;

const FORMAT: &str = "segmentry.lifetime_value";
/// The second version may hold a model of regular timing, and spend by credibility.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct SavedLifetimeValue {
    horizon_days: u32,
    annual_discount: Exact,
    frontier: Exact,
    purchases: SavedPurchases,
    spend: SavedSpend,
    notes: Vec<String>,
}

impl FittedLifetimeValue {
    /// The fitted model as JSON with a format name and a version, to be applied to later histories.
    pub fn to_json(&self) -> String {
        let content = SavedLifetimeValue {
            horizon_days: self.settings.horizon.count(),
            annual_discount: Exact(self.settings.valuation.annual_discount),
            frontier: Exact(self.settings.valuation.frontier),
            purchases: self.purchases.saved(),
            spend: self.spend.saved(),
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
        let purchases = Purchases::restored(saved.purchases)?;
        let spend = Spend::restored(saved.spend)?;
        Ok(Self { settings, purchases, spend, notes: saved.notes })
    }
}
