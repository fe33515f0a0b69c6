//! The checks that are made, and the verdict they add up to.

use std::fmt;

use serde::Serialize;

use crate::validate::{
    Answer, Evidence, Finding, InOneSegment, LargeEnough, NeedsExclusive, Outcome, ValidateError,
    ValueQuantified,
};
use crate::work::Work;

/// A question that a segmentation must answer.
///
/// Implement it for a house rule; it gets the evidence and returns a finding. A check that lacks
/// its evidence returns [`Outcome::CouldNotBeMade`], not an error and not a pass.
///
/// # Example
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::units::CustomerIds;
/// use segmentry::validate::{Checks, Evidence, Finding, Outcome, SegmentCheck, ValidateError};
/// use segmentry::work::Work;
///
/// struct AtMost(usize);
/// impl SegmentCheck for AtMost {
///     fn name(&self) -> &str {
///         "few enough to treat differently"
///     }
///     fn assess(&self, evidence: &Evidence<'_>, _: &Work) -> Result<Finding, ValidateError> {
///         let k = evidence.segmentation().n_segments();
///         let outcome = if k <= self.0 { Outcome::Pass } else { Outcome::Fail };
///         Ok(Finding::new(self.name(), outcome, format!("{k} segments")))
///     }
/// }
///
/// let ids = CustomerIds::numbered(3)?;
/// let three = Segmentation::from_labels(&ids, &["a", "b", "c"])?;
/// let verdict = Checks::none().with(AtMost(2)).assess(&Evidence::of(&three), &Work::new())?;
/// assert_eq!(verdict.answer().in_words(), "no");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SegmentCheck {
    /// The statement that holds or does not.
    fn name(&self) -> &str;

    /// Assesses the evidence.
    ///
    /// # Errors
    ///
    /// A threshold that cannot be used, or a failure of the check itself.
    fn assess(&self, evidence: &Evidence<'_>, work: &Work) -> Result<Finding, ValidateError>;
}

/// A list of checks.
pub struct Checks {
    one_segment: bool,
    size: Option<LargeEnough>,
    value: Option<ValueQuantified>,
    needs: Option<NeedsExclusive>,
    own: Vec<Box<dyn SegmentCheck + Send + Sync>>,
}

impl Checks {
    /// All checks of the [module](crate::validate), with their defaults.
    pub fn standard() -> Self {
        Self {
            one_segment: true,
            size: Some(LargeEnough::default()),
            value: Some(ValueQuantified::default()),
            needs: Some(NeedsExclusive::default()),
            own: Vec::new(),
        }
    }

    /// No checks.
    pub fn none() -> Self {
        Self { one_segment: false, size: None, value: None, needs: None, own: Vec::new() }
    }

    /// The least number of customers in a segment.
    #[must_use]
    pub fn min_customers(mut self, customers: u64) -> Self {
        self.size.get_or_insert_default().min_customers = customers;
        self
    }

    /// The least share of all customers in a segment.
    #[must_use]
    pub fn min_share(mut self, share: f64) -> Self {
        self.size.get_or_insert_default().min_share = share;
        self
    }

    /// How well value must be known: half its interval, at most this share of it.
    #[must_use]
    pub fn max_half_width(mut self, share: f64) -> Self {
        self.value.get_or_insert_default().max_half_width = share;
        self
    }

    /// The rule for exclusive needs.
    #[must_use]
    pub fn needs_exclusive(mut self, rule: NeedsExclusive) -> Self {
        self.needs = Some(rule);
        self
    }

    /// Adds a check of the caller's own.
    #[must_use]
    pub fn with(mut self, check: impl SegmentCheck + Send + Sync + 'static) -> Self {
        self.own.push(Box::new(check));
        self
    }

    /// Makes every check.
    ///
    /// # Errors
    ///
    /// As the checks.
    pub fn assess(&self, evidence: &Evidence<'_>, work: &Work) -> Result<Verdict, ValidateError> {
        let mut checks: Vec<&dyn SegmentCheck> = Vec::new();
        if self.one_segment {
            checks.push(&InOneSegment);
        }
        checks.extend(self.size.as_ref().map(|check| check as &dyn SegmentCheck));
        checks.extend(self.value.as_ref().map(|check| check as &dyn SegmentCheck));
        checks.extend(self.needs.as_ref().map(|check| check as &dyn SegmentCheck));
        checks.extend(self.own.iter().map(|check| &**check as &dyn SegmentCheck));
        let mut findings = Vec::with_capacity(checks.len());
        for check in checks {
            work.check()?;
            findings.push(check.assess(evidence, work)?);
        }
        Ok(Verdict::of(findings))
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks")
            .field("one_segment", &self.one_segment)
            .field("size", &self.size)
            .field("value", &self.value)
            .field("needs", &self.needs)
            .field("own", &self.own.len())
            .finish()
    }
}

/// The findings of all checks, and what they add up to.
///
/// Written as JSON it is the `verdict.json` of the blueprint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    answer: Answer,
    findings: Vec<Finding>,
}

impl Verdict {
    /// "No" where a finding fails; "yes" where all pass, and there is one; "not proven" otherwise.
    fn of(findings: Vec<Finding>) -> Self {
        let any = |outcome: Outcome| findings.iter().any(|finding| finding.outcome == outcome);
        let answer = if any(Outcome::Fail) {
            Answer::No
        } else if !findings.is_empty() && findings.iter().all(|finding| finding.outcome.is_pass()) {
            Answer::Yes
        } else {
            Answer::NotProven
        };
        Self { answer, findings }
    }

    /// What the findings add up to.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// Every finding, in the order of the checks.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The finding of the check of that name.
    ///
    /// # Errors
    ///
    /// [`ValidateError::NoSuchFinding`].
    pub fn finding(&self, check: &str) -> Result<&Finding, ValidateError> {
        let found = self.findings.iter().find(|finding| finding.check == check);
        found.ok_or_else(|| ValidateError::NoSuchFinding { name: check.to_owned() })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "do these segments deserve trust: {}", self.answer.in_words())?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcomes: &[Outcome]) -> Answer {
        Verdict::of(
            outcomes.iter().map(|&outcome| Finding::new("check", outcome, "because")).collect(),
        )
        .answer()
    }

    #[test]
    fn only_passes_make_a_yes() {
        use Outcome::{Circular, CouldNotBeMade, Fail, Pass};
        assert_eq!(verdict(&[Pass, Pass]), Answer::Yes);
        assert_eq!(verdict(&[Pass, CouldNotBeMade]), Answer::NotProven);
        assert_eq!(verdict(&[Pass, Circular]), Answer::NotProven);
        assert_eq!(verdict(&[CouldNotBeMade, Fail]), Answer::No);
        assert_eq!(verdict(&[]), Answer::NotProven);
    }
}
