//! Is every segment large enough to be worth a treatment of its own?

use serde::Serialize;

use crate::num::interval::{two_sided, wilson};
use crate::units::SegmentId;
use crate::validate::{Detail, Evidence, Finding, Outcome, SegmentCheck, ValidateError};
use crate::work::Work;

/// Every segment has at least so many customers and at least this share of them.
///
/// The share is tested at the lower end of its interval (Wilson, 95 %), because the customers at
/// hand are a sample of those to come. No source gives thresholds, "large enough to serve
/// profitably" is all they say; the default of 100 customers and 5 % is a policy of ours, and yours
/// to set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LargeEnough {
    /// The least number of customers.
    pub min_customers: u64,
    /// The least share of all customers.
    pub min_share: f64,
}

impl Default for LargeEnough {
    fn default() -> Self {
        Self { min_customers: 100, min_share: 0.05 }
    }
}

/// A segment's size.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SegmentSize {
    /// Which segment.
    pub segment: SegmentId,
    /// Its name.
    pub name: String,
    /// How many customers it has.
    pub customers: usize,
    /// Their share of all customers.
    pub share: f64,
    /// Lower end of the share's 95 % interval.
    pub share_low: f64,
    /// Upper end of it.
    pub share_high: f64,
    /// Whether it is large enough.
    pub large_enough: bool,
}

impl SegmentCheck for LargeEnough {
    fn name(&self) -> &str {
        "segments are large enough"
    }

    fn assess(&self, evidence: &Evidence<'_>, _work: &Work) -> Result<Finding, ValidateError> {
        if !(0.0..=1.0).contains(&self.min_share) {
            return Err(ValidateError::Param {
                name: "min_share",
                value: self.min_share,
                expected: "from 0 to 1",
            });
        }
        let segmentation = evidence.segmentation();
        let n = segmentation.ids().len();
        let z = two_sided(0.95);
        let sizes: Vec<SegmentSize> = segmentation
            .segments()
            .map(|segment| {
                let customers = segmentation.members(segment).len();
                let (share_low, share_high) =
                    wilson(customers as f64, n as f64, z).unwrap_or((0.0, 1.0));
                SegmentSize {
                    segment,
                    name: segmentation.names()[segment.index()].clone(),
                    customers,
                    share: if n == 0 { 0.0 } else { customers as f64 / n as f64 },
                    share_low,
                    share_high,
                    large_enough: customers as u64 >= self.min_customers
                        && share_low >= self.min_share,
                }
            })
            .collect();
        let small: Vec<&SegmentSize> = sizes.iter().filter(|size| !size.large_enough).collect();
        let policy =
            format!("{} customers and {:.0} % of all", self.min_customers, 100.0 * self.min_share);
        let finding = if sizes.is_empty() {
            Finding::new(self.name(), Outcome::CouldNotBeMade, "there are no segments")
        } else if small.is_empty() {
            Finding::new(self.name(), Outcome::Pass, format!("every segment has at least {policy}"))
        } else {
            let names: Vec<&str> = small.iter().map(|size| size.name.as_str()).collect();
            let reason = format!("below {policy}: {}", names.join(", "));
            Finding::new(self.name(), Outcome::Fail, reason)
                .mend("ask for fewer segments, or merge the small ones")
        };
        Ok(finding.detail(Detail::Sizes(sizes)))
    }
}
