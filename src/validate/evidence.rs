//! What is known of the segments that are judged.

use crate::cluster::Segmentation;
use crate::needs::Needs;
use crate::value::CustomerValue;

/// A segmentation, and whatever else can speak for or against it.
///
/// Tables are matched to the segmentation's customers by id.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    segmentation: &'a Segmentation,
    needs: Option<&'a Needs>,
    value: Option<&'a CustomerValue>,
}

impl<'a> Evidence<'a> {
    /// The segmentation alone.
    pub fn of(segmentation: &'a Segmentation) -> Self {
        Self { segmentation, needs: None, value: None }
    }

    /// Adds what customers want.
    #[must_use]
    pub fn needs(mut self, needs: &'a Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    /// Adds what customers are worth.
    #[must_use]
    pub fn value(mut self, value: &'a CustomerValue) -> Self {
        self.value = Some(value);
        self
    }

    /// The segmentation that is judged.
    pub fn segmentation(&self) -> &'a Segmentation {
        self.segmentation
    }

    /// What customers want, where given.
    pub fn known_needs(&self) -> Option<&'a Needs> {
        self.needs
    }

    /// What customers are worth, where given.
    pub fn known_value(&self) -> Option<&'a CustomerValue> {
        self.value
    }
}
