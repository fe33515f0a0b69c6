//! What can go wrong while segments are described.

use crate::work::Cancelled;

/// Errors of the profile stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The features are of none of the customers in the segmentation.
    #[error("none of the {customers} customers of the segmentation has features")]
    NoCommonCustomers {
        /// Customers of the segmentation.
        customers: usize,
    },
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for ProfileError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
