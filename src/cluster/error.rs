//! What can go wrong while customers are grouped.

use crate::features::FeatureError;
use crate::units::UnitError;
use crate::work::Cancelled;

/// Errors of the cluster stage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// A parameter cannot be used.
    #[error("`{name}` is {value}, expected {expected}")]
    Param {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// There are fewer different customers than segments asked for.
    #[error("{k} segments were asked for, and only {distinct} customers differ from one another")]
    TooFewDistinct {
        /// Segments asked for.
        k: usize,
        /// Customers that differ.
        distinct: usize,
    },
    /// Squared distances between customers exceed the largest number.
    #[error("the features are too large: squared distances overflow; scale them first")]
    TooFar,
    /// A segment lost its last customer, and the settings ask to be told.
    #[error("segment {segment} of those looked for lost its last customer")]
    EmptySegment {
        /// Which of the centres, counted from 0.
        segment: usize,
    },
    /// There are no customers.
    #[error("there are no customers to group")]
    NoCustomers,
    /// A table has another number of rows than there are customers.
    #[error("{what} has {got} rows, expected one for each of {expected} customers")]
    Length {
        /// Which table.
        what: &'static str,
        /// Customers.
        expected: usize,
        /// Rows.
        got: usize,
    },
    /// A segment's number is outside the segments.
    #[error("row {row} is in segment number {segment}, and there are {segments}, numbered from 0")]
    NoSuchSegment {
        /// Zero-based row.
        row: usize,
        /// The number given.
        segment: u32,
        /// How many segments there are.
        segments: usize,
    },
    /// Membership by degree does not add up to one.
    #[error("the memberships in row {row} are not probabilities that add up to 1")]
    NotProbabilities {
        /// Zero-based row.
        row: usize,
    },
    /// A partition was asked of a segmentation that is none.
    #[error("not a partition: {in_none} customers are in no segment, {in_several} in several")]
    NotAPartition {
        /// Customers in no segment.
        in_none: usize,
        /// Customers in more than one.
        in_several: usize,
    },
    /// The features a model was fitted to are not there.
    #[error("the model was fitted to {expected} features, these are {got}")]
    OtherFeatures {
        /// Features of the fit.
        expected: usize,
        /// Features given.
        got: usize,
    },
    /// The features cannot be used.
    #[error(transparent)]
    Features(FeatureError),
    /// A table of customers could not be made.
    #[error(transparent)]
    Customers(UnitError),
    /// A caller's own method failed.
    #[error("the segmenter failed")]
    Segmenter {
        /// What it reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync + 'static>,
    },
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl From<Cancelled> for SegmentError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
