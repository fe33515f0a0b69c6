//! Treatments that rest on segments which do not deserve trust.
//!
//! A verdict of "no" does not stop a strategy, which never rested on the segments. It withholds the
//! rules for segments; their customers get what their strategy alone, or their need, gives them.

use std::fmt;

use serde::Serialize;

use crate::treatment::TreatmentPlan;
use crate::units::LeverId;
use crate::validate::{Answer, Verdict};

/// What a verdict of "no" withholds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Withheld {
    /// The rules that rest on segments, from zero.
    pub rules: Vec<usize>,
    /// Their strategies for which nothing is left that rests on no segment.
    pub without_fallback: Vec<LeverId>,
    /// The checks that failed.
    pub because: Vec<String>,
    /// Sequences that a rule for a segment would have given and something else did, or nothing;
    /// zero before anything is scheduled.
    pub sequences: usize,
}

impl TreatmentPlan {
    /// What this verdict on the segments withholds: every rule for a segment where the answer is
    /// "no", and nothing otherwise. `None` where nothing is withheld.
    pub fn withheld_by(&self, verdict: &Verdict) -> Option<Withheld> {
        if verdict.answer() != Answer::No {
            return None;
        }
        let rests = |rule: usize| self.rules()[rule].segment.is_some();
        let rules: Vec<usize> = (0..self.rules().len()).filter(|&rule| rests(rule)).collect();
        if rules.is_empty() {
            return None;
        }
        let mut without_fallback: Vec<LeverId> = Vec::new();
        for &rule in &rules {
            let lever = &self.rules()[rule].lever;
            let is_left = |other: usize| !rests(other) && self.rules()[other].lever == *lever;
            if !(0..self.rules().len()).any(is_left) && !without_fallback.contains(lever) {
                without_fallback.push(lever.clone());
            }
        }
        let failed = verdict.findings().iter().filter(|finding| finding.outcome.is_fail());
        let because = failed.map(|finding| finding.check.clone()).collect();
        Some(Withheld { rules, without_fallback, because, sequences: 0 })
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rules for segments are withheld, because the segments do not deserve trust ({})",
            self.rules.len(),
            self.because.join("; "),
        )?;
        for lever in &self.without_fallback {
            write!(f, "; nothing is left for `{lever}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Segmentation;
    use crate::treatment::{Channel, Rule, Sequence, Step};
    use crate::units::{ChannelId, CustomerIds, Days, Money};
    use crate::validate::{Checks, Evidence};
    use crate::work::Work;

    #[test]
    fn only_a_no_withholds_and_only_what_rests_on_segments() {
        let ids = CustomerIds::numbered(2).unwrap();
        let tiny = Segmentation::from_labels(&ids, &["a", "b"]).unwrap();
        let judge = |checks: Checks| checks.assess(&Evidence::of(&tiny), &Work::new()).unwrap();
        let no = judge(Checks::none().min_customers(50));
        let not_proven = judge(Checks::none());
        let sequence =
            || Sequence::new("x", [ChannelId::of("email")]).step(Step::after(Days::new(0)));
        let (retain, win_back) = (LeverId::of("retain"), LeverId::of("win_back"));
        let plan = TreatmentPlan::new(
            vec![Channel::new(ChannelId::of("email"), Money::ZERO)],
            vec![
                Rule::new(retain.clone(), sequence()).segment("a"),
                Rule::new(retain, sequence()),
                Rule::new(win_back.clone(), sequence()).segment("a").need("speed"),
            ],
        )
        .unwrap();
        let withheld = plan.withheld_by(&no).unwrap();
        assert_eq!((withheld.rules.as_slice(), withheld.because.len()), ([0, 2].as_slice(), 1));
        assert_eq!(withheld.without_fallback, [win_back]);
        assert!(withheld.to_string().ends_with("nothing is left for `win_back`"), "{withheld}");
        assert_eq!(plan.withheld_by(&not_proven), None);
        assert_eq!(TreatmentPlan::retail().withheld_by(&no), None);
    }
}
