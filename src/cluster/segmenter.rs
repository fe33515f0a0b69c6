//! The seams: a method before and after it has seen data.

use std::fmt;

use crate::cluster::{Criteria, Scorer, SegmentError, Segmentation};
use crate::features::FeatureMatrix;
use crate::work::Work;

/// Extracts segments from features.
///
/// Implement it for an algorithm, for fixed rules, or for labels that come from elsewhere.
pub trait Segmenter {
    /// What the fit leaves behind for placing customers.
    type Model: SegmentModel;

    /// Learns segments from one row per customer.
    ///
    /// Same features, same parameters, same seed: same result, bit for bit.
    ///
    /// # Errors
    ///
    /// Whatever keeps the segments from being found.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<Self::Model, SegmentError>;
}

/// A fitted method: places customers in segments, those of the fit and later ones.
pub trait SegmentModel: fmt::Debug + Send + Sync {
    /// Places each customer. For the features of the fit the answer is the segmentation of the fit.
    ///
    /// # Errors
    ///
    /// [`SegmentError::OtherFeatures`] where the columns are not those of the fit.
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError>;

    /// How the segments were found, in a line for people: what was tried, and what was chosen why.
    fn story(&self) -> String;

    /// The model as plain data for placing one customer, where it can be had in one of the forms of
    /// [`ScoringRule`](crate::cluster::ScoringRule). It places as [`assign`](Self::assign) does,
    /// but for customers within rounding of a border.
    fn scorer(&self) -> Option<Scorer> {
        None
    }

    /// What the fit says of itself, so that candidates can be compared.
    fn criteria(&self) -> Criteria {
        Criteria::default()
    }
}

/// [`Segmenter`] behind a pointer; implemented for every `Segmenter`, never by hand.
pub trait DynSegmenter {
    /// See [`Segmenter::fit`].
    ///
    /// # Errors
    ///
    /// As [`Segmenter::fit`].
    fn fit_dyn(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Box<dyn SegmentModel>, SegmentError>;
}

impl<S> DynSegmenter for S
where
    S: Segmenter,
    S::Model: 'static,
{
    fn fit_dyn(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Box<dyn SegmentModel>, SegmentError> {
        Ok(Box::new(self.fit(features, work)?))
    }
}
