//! Labels made elsewhere, as a method: a persona sheet or a vendor's file among the candidates.

use crate::cluster::Membership;
use crate::cluster::{SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::work::Work;

/// Segments that were made elsewhere. Nothing is learnt; customers are found by id, and who is not
/// among them is in no segment.
///
/// Choose it to lay what a company already uses beside what a method finds: both then pass the same
/// checks. It cannot place new customers.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Labels, SegmentModel, Segmentation, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::units::CustomerIds;
/// use segmentry::work::Work;
///
/// let ids = CustomerIds::from_texts(["ann", "bob"])?;
/// let personas = Segmentation::from_labels(&ids, &["foodie", "saver"])?;
/// let today = FeatureMatrix::new(CustomerIds::from_texts(["bob", "eve"])?);
/// let model = Labels::new(personas).fit(&today, &Work::new())?;
/// let placed = model.assign(&today, &Work::new())?;
/// assert_eq!((placed.segment_of(0).unwrap().index(), placed.segment_of(1)), (1, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    segments: Segmentation,
}

impl Labels {
    /// These segments.
    pub fn new(segments: Segmentation) -> Self {
        Self { segments }
    }
}

impl Segmenter for Labels {
    type Model = Labels;

    /// # Errors
    ///
    /// None.
    fn fit(&self, _: &FeatureMatrix, _: &Work) -> Result<Labels, SegmentError> {
        Ok(self.clone())
    }
}

impl SegmentModel for Labels {
    fn assign(&self, features: &FeatureMatrix, _: &Work) -> Result<Segmentation, SegmentError> {
        let there = features.ids().rows_in(self.segments.ids());
        let k = self.segments.n_segments();
        let membership = match self.segments.membership() {
            Membership::Overlapping(several) => Membership::Overlapping(
                there
                    .iter()
                    .map(|row| row.map_or_else(Vec::new, |row| several[row].clone()))
                    .collect(),
            ),
            // Degrees cannot say "in none": they are kept where everybody is there.
            Membership::Soft(degrees) if there.iter().all(Option::is_some) => Membership::Soft(
                there
                    .iter()
                    .flatten()
                    .flat_map(|row| &degrees[row * k..(row + 1) * k])
                    .copied()
                    .collect(),
            ),
            _ => Membership::Hard(
                there.iter().map(|row| row.and_then(|row| self.segments.segment_of(row))).collect(),
            ),
        };
        let names = self.segments.names().to_vec();
        let placed = Segmentation::new(features.ids().clone(), names, membership)?;
        Ok(placed.made_from(self.segments.basis().iter().cloned()))
    }

    fn story(&self) -> String {
        format!("{} made elsewhere", self.segments.n_segments())
    }
}
