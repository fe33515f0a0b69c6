//! Which products customers hold.

use crate::units::CustomerIds;

/// Which products customers hold.
#[derive(Debug, Clone)]
pub struct Products {
    ids: CustomerIds,
}

impl Products {
    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }
}
