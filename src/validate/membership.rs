//! Is every customer in exactly one segment?

use serde::Serialize;

use crate::cluster::Membership;
use crate::validate::{Detail, Evidence, Finding, Outcome, SegmentCheck, ValidateError};
use crate::work::Work;

/// Segments are exclusive and exhaustive: every customer is in exactly one of at least two.
///
/// By degree, a customer counts for the likeliest segment; how sure that is stands in the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InOneSegment;

/// Who is where.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MembershipDetail {
    /// Customers in all.
    pub customers: usize,
    /// How many segments there are.
    pub segments: usize,
    /// Customers in no segment.
    pub in_none: usize,
    /// Customers in more than one.
    pub in_several: usize,
    /// By degree, the mean of the largest degree; `None` for membership without degrees.
    pub mean_largest_degree: Option<f64>,
}

impl SegmentCheck for InOneSegment {
    fn name(&self) -> &str {
        "every customer is in one segment"
    }

    fn assess(&self, evidence: &Evidence<'_>, _work: &Work) -> Result<Finding, ValidateError> {
        let segmentation = evidence.segmentation();
        let customers = segmentation.ids().len();
        let (in_none, in_several) = (segmentation.in_none(), segmentation.in_several());
        let segments = segmentation.n_segments();
        let mean_largest_degree = match segmentation.membership() {
            Membership::Soft(degrees) if customers > 0 && segments > 0 => {
                let largest = |row: &[f64]| row.iter().copied().fold(0.0, f64::max);
                let total = degrees.chunks(segments).fold(0.0, |sum, row| sum + largest(row));
                Some(total / customers as f64)
            }
            _ => None,
        };
        let detail = Detail::Membership(MembershipDetail {
            customers,
            segments,
            in_none,
            in_several,
            mean_largest_degree,
        });
        let finding = if segments < 2 {
            let reason = "there is one segment: these data do not support telling customers apart";
            Finding::new(self.name(), Outcome::Fail, reason).mend(
                "treat all customers alike, or bring needs, categories or attributes that differ",
            )
        } else if in_none + in_several == 0 {
            Finding::new(
                self.name(),
                Outcome::Pass,
                format!("{customers} customers in {segments} segments, each in one"),
            )
        } else {
            // No counts in words: a report may quote them, and the customers may be few. The
            // figures have them.
            let reason = match (in_none > 0, in_several > 0) {
                (true, true) => "some customers are in no segment, others in several",
                (true, false) => "some customers are in no segment",
                _ => "some customers are in several segments",
            };
            Finding::new(self.name(), Outcome::Fail, reason)
                .mend("give each customer one segment, by the likeliest or by a rule")
        };
        Ok(finding.detail(detail))
    }
}
