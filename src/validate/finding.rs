//! One answer of one check.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::validate::{Exclusivity, MembershipDetail, SegmentSize, SegmentValue};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// The evidence is missing or does not suffice. Never a pass.
    CouldNotBeMade,
    /// It was tested on what the segments were made from: described, never certified.
    Circular,
}

impl Outcome {
    /// Whether the check holds.
    pub fn is_pass(self) -> bool {
        self == Self::Pass
    }

    /// Whether the check does not hold.
    pub fn is_fail(self) -> bool {
        self == Self::Fail
    }

    /// The outcome as a person would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::CouldNotBeMade => "could not be made",
            Self::Circular => "circular",
        }
    }
}

/// The answer to all checks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Every check passed.
    Yes,
    /// A check failed.
    No,
    /// No check failed, and not every one passed.
    NotProven,
}

impl Answer {
    /// The answer as a person would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotProven => "not proven",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The check, as a statement that holds or does not.
    pub check: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// What would mend it, where it did not pass.
    pub mend: Option<String>,
    /// The figures.
    pub detail: Detail,
}

/// The figures behind a finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "figures", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detail {
    /// None.
    None,
    /// Who is where.
    Membership(MembershipDetail),
    /// Sizes of the segments.
    Sizes(Vec<SegmentSize>),
    /// Values of the segments.
    Values(Vec<SegmentValue>),
    /// Who owns which need.
    Exclusivity(Box<Exclusivity>),
    /// Figures of a caller's own check, by name.
    Figures(BTreeMap<String, f64>),
}

impl Finding {
    /// A finding without figures and remedy.
    pub fn new(check: impl Into<String>, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            outcome,
            reason: reason.into(),
            mend: None,
            detail: Detail::None,
        }
    }

    /// Adds what would mend it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// Adds the figures.
    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// How it came out.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} - {}", self.outcome.in_words(), self.check, self.reason)?;
        match &self.mend {
            Some(mend) => write!(f, " ({mend})"),
            None => Ok(()),
        }
    }
}
