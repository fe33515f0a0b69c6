//! Do needs belong to one segment each?
//!
//! A segmentation by needs promises that what one segment wants the others want less. On real data
//! the strict form fails almost always, so the answer is graded: which need has one owner, which is
//! shared, which nobody owns, and how far the sets of needs of two segments overlap.

use serde::Serialize;

use crate::cluster::Segmentation;
use crate::needs::{Need, NeedEvidence, Needs};
use crate::num::adjust::benjamini_hochberg;
use crate::num::interval::two_sided;
use crate::num::real::{exp, ln};
use crate::num::special::chi_squared_tail;
use crate::num::two_sample::{Moments, hedges_g, welch};
use crate::units::SegmentId;
use crate::validate::{Detail, Evidence, Finding, Outcome, SegmentCheck, ValidateError};
use crate::work::Work;

/// Needs are exclusive: most needs that have an owner have one, every segment owns a need alone,
/// and no two segments' needs overlap much.
///
/// A segment *owns* a yes/no need when it is over-indexed: the share of its members who have the
/// need is at least `min_lift` times everybody's, the lower end of the 95 % interval of the risk
/// ratio against the rest (on the log scale) exceeds one, and the chi-squared p-value, adjusted
/// over all segments and needs, is at most 0.05. For graded scores the difference to the rest is at
/// least 0.2 standard deviations (Hedges' g), its 95 % interval excludes zero and Welch's adjusted
/// p-value is at most 0.05.
///
/// | figure | default | what it is |
/// |---|---|---|
/// | exclusivity | at least 0.5 (grade A from 0.8, B from 0.5) | of the needs with an owner, the share with exactly one |
/// | exclusive needs of a segment | at least 1 | needs that it alone owns |
/// | overlap of two segments | at most 0.25 | Jaccard index of the sets of needs they own |
///
/// # Example
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::needs::{Need, NeedEvidence, Needs, Observable};
/// use segmentry::units::CustomerIds;
/// use segmentry::validate::{Checks, Evidence};
/// use segmentry::work::Work;
///
/// let ids = CustomerIds::numbered(200)?;
/// let wants = |from: usize| (0..200).map(|i| Some(f64::from(u8::from((from..from + 100).contains(&i))))).collect();
/// let need = |name, from| Need::new(name, NeedEvidence::Declared, Observable::InOwnData, wants(from));
/// let needs = Needs::new(ids.clone()).with(need("price", 0))?.with(need("service", 100))?;
/// let labels: Vec<&str> = (0..200).map(|i| if i < 100 { "savers" } else { "pampered" }).collect();
/// let personas = Segmentation::from_labels(&ids, &labels)?;
///
/// let verdict = Checks::standard().assess(&Evidence::of(&personas).needs(&needs), &Work::new())?;
/// assert!(verdict.finding("needs are exclusive")?.outcome().is_pass());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeedsExclusive {
    /// How many times everybody's share an owner's must be at least.
    pub min_lift: f64,
    /// The least share of owned needs that have one owner.
    pub min_exclusivity: f64,
    /// The largest overlap of two segments' needs.
    pub max_overlap: f64,
}

impl Default for NeedsExclusive {
    fn default() -> Self {
        Self { min_lift: 1.2, min_exclusivity: 0.5, max_overlap: 0.25 }
    }
}

/// How many segments own a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnedBy {
    /// Exactly one.
    One,
    /// Several.
    Several,
    /// None: everybody has it, or it does not tell customers apart.
    Nobody,
}

/// The grade of the exclusivity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// At least 0.8.
    A,
    /// At least 0.5.
    B,
    /// Less.
    C,
}

/// Who owns a need.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NeedOwnership {
    /// The need.
    pub need: String,
    /// How it is known.
    pub evidence: NeedEvidence,
    /// Whether the company sees it in its own data.
    pub observable: bool,
    /// Whether the segments were made from it; then it is described and certifies nothing.
    pub circular: bool,
    /// The segments that own it.
    pub owners: Vec<SegmentId>,
    /// How many those are.
    pub owned_by: OwnedBy,
    /// For each segment, its share (or mean score) over everybody's; `None` where that is zero or
    /// the segment empty.
    pub lift: Vec<Option<f64>>,
    /// For each segment, the lower end of the interval: of the risk ratio for yes/no, of the
    /// difference in means for scores.
    pub low: Vec<Option<f64>>,
    /// For each segment, the adjusted p-value.
    pub p_adjusted: Vec<Option<f64>>,
    /// How unevenly the lifts are spread over the segments: 0 where all are alike, 1 where one has
    /// all.
    pub concentration: Option<f64>,
}

/// Who owns which need, and how exclusive that is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Exclusivity {
    /// Every need.
    pub needs: Vec<NeedOwnership>,
    /// Of the needs with an owner, the share with exactly one; `None` where no need has an owner.
    pub exclusivity: Option<f64>,
    /// Its grade.
    pub grade: Option<Grade>,
    /// The share of needs that have an owner.
    pub coverage: f64,
    /// The overlap (Jaccard index) of each pair of segments' needs; 1 on the diagonal, 0 for two
    /// segments without any.
    pub overlap: Vec<Vec<f64>>,
    /// The largest overlap of two segments; `None` for one segment.
    pub largest_overlap: Option<f64>,
    /// The mean overlap of two segments.
    pub mean_overlap: Option<f64>,
    /// Segments that own no need alone.
    pub without_exclusive_need: Vec<SegmentId>,
}

/// One segment against the rest, on one need.
#[derive(Debug, Clone, Copy, Default)]
struct Against {
    lift: Option<f64>,
    low: Option<f64>,
    p: Option<f64>,
    /// Whether all but the adjusted p-value speak for an owner.
    large: bool,
}

const ALPHA: f64 = 0.05;
const LEAST_EFFECT: f64 = 0.2;

impl SegmentCheck for NeedsExclusive {
    fn name(&self) -> &str {
        "needs are exclusive"
    }

    fn assess(&self, evidence: &Evidence<'_>, work: &Work) -> Result<Finding, ValidateError> {
        self.validate()?;
        let could_not = |why: &str| Finding::new(self.name(), Outcome::CouldNotBeMade, why);
        let segmentation = evidence.segmentation();
        let Some(needs) = evidence.known_needs().filter(|needs| !needs.needs().is_empty()) else {
            return Ok(could_not("no needs were given")
                .mend("ask customers what they want, or read it from their behaviour"));
        };
        if segmentation.n_segments() < 2 {
            return Ok(could_not("one segment has nobody to be exclusive against"));
        }
        let Some(found) = self.measure(segmentation, needs, work)? else {
            return Ok(could_not("no need is known of any customer of the segmentation"));
        };
        Ok(self.judge(&found, segmentation).detail(Detail::Exclusivity(Box::new(found))))
    }
}

impl NeedsExclusive {
    fn validate(&self) -> Result<(), ValidateError> {
        let bad = |name, value| {
            Err(ValidateError::Param {
                name,
                value,
                expected: "finite, and from 0 to 1 for a share",
            })
        };
        if !(self.min_lift > 0.0 && self.min_lift.is_finite()) {
            return bad("min_lift", self.min_lift);
        }
        if !(0.0..=1.0).contains(&self.min_exclusivity) {
            return bad("min_exclusivity", self.min_exclusivity);
        }
        if !(0.0..=1.0).contains(&self.max_overlap) {
            return bad("max_overlap", self.max_overlap);
        }
        Ok(())
    }

    /// Measures ownership. `None` where no need is known of any customer.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Cancelled`].
    pub fn measure(
        &self,
        segmentation: &Segmentation,
        needs: &Needs,
        work: &Work,
    ) -> Result<Option<Exclusivity>, ValidateError> {
        let rows = segmentation.ids().rows_in(needs.ids());
        let members: Vec<Vec<bool>> = segmentation
            .segments()
            .map(|segment| (0..rows.len()).map(|row| segmentation.contains(segment, row)).collect())
            .collect();
        let mut table: Vec<Vec<Against>> = Vec::new();
        for need in needs.needs() {
            work.check()?;
            let scores: Vec<Option<f64>> =
                rows.iter().map(|row| row.and_then(|row| need.scores()[row])).collect();
            table.push(members.iter().map(|member| self.against(need, &scores, member)).collect());
        }
        if table.iter().flatten().all(|against| against.lift.is_none()) {
            return Ok(None);
        }
        let raw: Vec<f64> = table.iter().flatten().filter_map(|against| against.p).collect();
        let mut adjusted = benjamini_hochberg(&raw).into_iter();
        let needs = needs.needs().iter().zip(&table).map(|(need, row)| {
            let p: Vec<Option<f64>> =
                row.iter().map(|a| a.p.and_then(|_| adjusted.next())).collect();
            ownership(need, row, p, segmentation)
        });
        Ok(Some(summarise(needs.collect(), segmentation)))
    }

    fn against(&self, need: &Need, scores: &[Option<f64>], member: &[bool]) -> Against {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (score, &is_member) in scores.iter().zip(member) {
            if let Some(score) = score {
                if is_member { inside.push(*score) } else { outside.push(*score) }
            }
        }
        if inside.is_empty() || outside.is_empty() {
            return Against::default();
        }
        if need.is_binary() {
            self.shares(&inside, &outside)
        } else {
            self.scores(&inside, &outside)
        }
    }

    /// Yes/no: lift, risk ratio and chi-squared test against the rest.
    fn shares(&self, inside: &[f64], outside: &[f64]) -> Against {
        let yes = |scores: &[f64]| scores.iter().filter(|&&score| score == 1.0).count() as f64;
        let (x1, n1, x0, n0) =
            (yes(inside), inside.len() as f64, yes(outside), outside.len() as f64);
        let overall = (x1 + x0) / (n1 + n0);
        if overall == 0.0 {
            return Against::default();
        }
        let lift = (x1 / n1) / overall;
        // Where a group has no yes at all the logarithm needs a half in every cell (Haldane 1955,
        // Anscombe 1956).
        let half = if x1 == 0.0 || x0 == 0.0 { 0.5 } else { 0.0 };
        let (a, m, b, k) = (x1 + half, n1 + 2.0 * half, x0 + half, n0 + 2.0 * half);
        let (p1, p0) = (a / m, b / k);
        let spread = ((1.0 - p1) / a + (1.0 - p0) / b).sqrt();
        let low = exp(ln(p1 / p0) - two_sided(0.95) * spread);
        let p = (overall < 1.0).then(|| {
            let total = n1 + n0;
            let away = x1 * (n0 - x0) - x0 * (n1 - x1);
            chi_squared_tail(total * away * away / (n1 * n0 * (x1 + x0) * (total - x1 - x0)), 1.0)
        });
        Against { lift: Some(lift), low: Some(low), p, large: lift >= self.min_lift && low > 1.0 }
    }

    /// Graded scores: effect size and Welch's test against the rest.
    fn scores(&self, inside: &[f64], outside: &[f64]) -> Against {
        let (inside, outside) = (Moments::of(inside), Moments::of(outside));
        let overall = (inside.n * inside.mean + outside.n * outside.mean) / (inside.n + outside.n);
        let test = welch(&inside, &outside);
        let low =
            test.map(|test| inside.mean - outside.mean - two_sided(0.95) * test.standard_error);
        let effect = hedges_g(&inside, &outside).unwrap_or(0.0);
        Against {
            lift: (overall > 0.0).then(|| inside.mean / overall),
            low,
            p: test.map(|test| test.p_value),
            large: effect >= LEAST_EFFECT && low.is_some_and(|low| low > 0.0),
        }
    }

    fn judge(&self, found: &Exclusivity, segmentation: &Segmentation) -> Finding {
        let certified: Vec<&NeedOwnership> =
            found.needs.iter().filter(|need| !need.circular).collect();
        let count =
            |owned: OwnedBy| found.needs.iter().filter(|need| need.owned_by == owned).count();
        let ownership = format!(
            "{} needs have one owner, {} several, {} none",
            count(OwnedBy::One),
            count(OwnedBy::Several),
            count(OwnedBy::Nobody)
        );
        if certified.is_empty() {
            let reason = format!(
                "{ownership}; the segments were made from these needs, so that they differ by construction"
            );
            return Finding::new(self.name(), Outcome::Circular, reason)
                .mend("judge by needs that the segments were not made from");
        }
        let certified = summarise(certified.into_iter().cloned().collect(), segmentation);
        let Some(exclusivity) = certified.exclusivity else {
            let reason = format!("{ownership}: the segments do not differ in what they want");
            return Finding::new(self.name(), Outcome::Fail, reason)
                .mend("group customers by needs");
        };
        let mut faults = Vec::new();
        if exclusivity < self.min_exclusivity {
            faults.push(format!(
                "of the owned needs only {:.0} % have one owner",
                100.0 * exclusivity
            ));
        }
        if !certified.without_exclusive_need.is_empty() {
            let name = |segment: &SegmentId| segmentation.names()[segment.index()].as_str();
            let names: Vec<&str> = certified.without_exclusive_need.iter().map(name).collect();
            faults.push(format!("no need of its own: {}", names.join(", ")));
        }
        if let Some(largest) =
            certified.largest_overlap.filter(|&overlap| overlap > self.max_overlap)
        {
            faults.push(format!("two segments share {:.0} % of their needs", 100.0 * largest));
        }
        if faults.is_empty() {
            Finding::new(self.name(), Outcome::Pass, ownership)
        } else {
            Finding::new(self.name(), Outcome::Fail, format!("{ownership}; {}", faults.join("; ")))
                .mend("merge the segments that want the same, or find needs that tell them apart")
        }
    }
}

fn ownership(
    need: &Need,
    row: &[Against],
    p_adjusted: Vec<Option<f64>>,
    segmentation: &Segmentation,
) -> NeedOwnership {
    let owns =
        |(against, p): (&Against, &Option<f64>)| against.large && p.is_some_and(|p| p <= ALPHA);
    let owners: Vec<SegmentId> = segmentation
        .segments()
        .zip(row.iter().zip(&p_adjusted))
        .filter(|(_, pair)| owns(*pair))
        .map(|(segment, _)| segment)
        .collect();
    let owned_by = match owners.len() {
        0 => OwnedBy::Nobody,
        1 => OwnedBy::One,
        _ => OwnedBy::Several,
    };
    let lift: Vec<Option<f64>> = row.iter().map(|against| against.lift).collect();
    NeedOwnership {
        need: need.name().to_owned(),
        evidence: need.evidence(),
        observable: need.is_observable(),
        circular: segmentation.basis().iter().any(|name| name == need.name()),
        owners,
        owned_by,
        concentration: concentration(&lift),
        lift,
        low: row.iter().map(|against| against.low).collect(),
        p_adjusted,
    }
}

/// One minus the normalised entropy of the lifts. `None` where a lift is missing or all are zero.
fn concentration(lift: &[Option<f64>]) -> Option<f64> {
    let lift = lift.iter().copied().collect::<Option<Vec<f64>>>()?;
    let total = lift.iter().fold(0.0, |sum, l| sum + l);
    if lift.len() < 2 || total <= 0.0 {
        return None;
    }
    let entropy = lift.iter().fold(0.0, |sum, l| {
        let share = l / total;
        if share > 0.0 { sum - share * ln(share) } else { sum }
    });
    Some(1.0 - entropy / ln(lift.len() as f64))
}

fn summarise(needs: Vec<NeedOwnership>, segmentation: &Segmentation) -> Exclusivity {
    let owned = needs.iter().filter(|need| need.owned_by != OwnedBy::Nobody).count();
    let alone = needs.iter().filter(|need| need.owned_by == OwnedBy::One).count();
    let exclusivity = (owned > 0).then(|| alone as f64 / owned as f64);
    let grade = exclusivity.map(|share| match share {
        share if share >= 0.8 => Grade::A,
        share if share >= 0.5 => Grade::B,
        _ => Grade::C,
    });
    let owns = |segment: SegmentId, need: &NeedOwnership| need.owners.contains(&segment);
    let jaccard = |s: SegmentId, t: SegmentId| {
        let both = needs.iter().filter(|need| owns(s, need) && owns(t, need)).count();
        let either = needs.iter().filter(|need| owns(s, need) || owns(t, need)).count();
        if s == t {
            1.0
        } else if either == 0 {
            0.0
        } else {
            both as f64 / either as f64
        }
    };
    let overlap: Vec<Vec<f64>> = segmentation
        .segments()
        .map(|s| segmentation.segments().map(|t| jaccard(s, t)).collect())
        .collect();
    let pairs: Vec<f64> =
        (0..overlap.len()).flat_map(|s| overlap[s][s + 1..].iter().copied()).collect();
    let sole_owner = |segment: &SegmentId| needs.iter().any(|need| need.owners == [*segment]);
    Exclusivity {
        exclusivity,
        grade,
        coverage: owned as f64 / needs.len().max(1) as f64,
        largest_overlap: pairs.iter().copied().reduce(f64::max),
        mean_overlap: (!pairs.is_empty())
            .then(|| pairs.iter().fold(0.0, |sum, o| sum + o) / pairs.len() as f64),
        without_exclusive_need: segmentation
            .segments()
            .filter(|segment| !sole_owner(segment))
            .collect(),
        overlap,
        needs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::Observable;
    use crate::units::CustomerIds;

    fn segments(sizes: &[usize]) -> Segmentation {
        let labels: Vec<String> =
            sizes.iter().enumerate().flat_map(|(s, &n)| vec![format!("s{s}"); n]).collect();
        Segmentation::from_labels(&CustomerIds::numbered(labels.len()).unwrap(), &labels).unwrap()
    }

    fn needs(columns: &[(&str, Vec<Option<f64>>)]) -> Needs {
        let ids = CustomerIds::numbered(columns[0].1.len()).unwrap();
        columns.iter().fold(Needs::new(ids), |needs, (name, scores)| {
            let need =
                Need::new(*name, NeedEvidence::Declared, Observable::OnlyElsewhere, scores.clone());
            needs.with(need).unwrap()
        })
    }

    fn outcome(segmentation: &Segmentation, needs: &Needs) -> Outcome {
        let evidence = Evidence::of(segmentation).needs(needs);
        NeedsExclusive::default().assess(&evidence, &Work::new()).unwrap().outcome
    }

    fn half_and_half() -> Vec<Option<f64>> {
        (0..200).map(|i| Some(f64::from(u8::from(i < 100)))).collect()
    }

    #[test]
    fn without_needs_the_check_could_not_be_made() {
        let finding = NeedsExclusive::default()
            .assess(&Evidence::of(&segments(&[50, 50])), &Work::new())
            .unwrap();
        assert_eq!(finding.outcome, Outcome::CouldNotBeMade);
    }

    #[test]
    fn needs_that_were_clustered_on_are_circular() {
        let wants = needs(&[
            ("price", half_and_half()),
            ("care", half_and_half().into_iter().rev().collect()),
        ]);
        assert_eq!(outcome(&segments(&[100, 100]), &wants), Outcome::Pass);
        let made = segments(&[100, 100]).made_from(["price", "care"]);
        assert_eq!(outcome(&made, &wants), Outcome::Circular);
        // One honest need cannot serve two segments.
        let half = segments(&[100, 100]).made_from(["care"]);
        assert_eq!(outcome(&half, &wants), Outcome::Fail);
    }

    #[test]
    fn a_need_of_everybody_has_no_owner() {
        let everybody = needs(&[("speed", vec![Some(1.0); 200])]);
        let seg = segments(&[100, 100]);
        let found =
            NeedsExclusive::default().measure(&seg, &everybody, &Work::new()).unwrap().unwrap();
        assert_eq!(found.needs[0].owned_by, OwnedBy::Nobody);
        assert_eq!(found.exclusivity, None);
        assert_eq!(outcome(&seg, &everybody), Outcome::Fail);
        let nobody = needs(&[("speed", vec![Some(0.0); 200])]);
        assert_eq!(outcome(&seg, &nobody), Outcome::CouldNotBeMade);
    }

    #[test]
    fn a_need_that_only_one_segment_has_is_owned_although_the_ratio_is_infinite() {
        let seg = segments(&[100, 100]);
        let found = NeedsExclusive::default().measure(
            &seg,
            &needs(&[("price", half_and_half())]),
            &Work::new(),
        );
        let need = &found.unwrap().unwrap().needs[0];
        assert_eq!(need.owners, [SegmentId(0)]);
        assert_eq!(need.lift, [Some(2.0), Some(0.0)]);
        assert!(need.low[0].unwrap().is_finite());
        assert_eq!(need.concentration, Some(1.0));
    }

    #[test]
    fn graded_scores_are_compared_by_their_means() {
        let scores = (0..200)
            .map(|i| Some(if i < 100 { 0.6 } else { 0.4 } + f64::from(i % 5) * 0.05))
            .collect();
        let seg = segments(&[100, 100]);
        let found =
            NeedsExclusive::default().measure(&seg, &needs(&[("price", scores)]), &Work::new());
        assert_eq!(found.unwrap().unwrap().needs[0].owners, [SegmentId(0)]);
    }

    #[test]
    fn thresholds_are_checked() {
        let seg = segments(&[5, 5]);
        for bad in [
            NeedsExclusive { min_lift: f64::NAN, ..Default::default() },
            NeedsExclusive { min_exclusivity: 2.0, ..Default::default() },
            NeedsExclusive { max_overlap: -1.0, ..Default::default() },
        ] {
            assert!(matches!(
                bad.assess(&Evidence::of(&seg), &Work::new()),
                Err(ValidateError::Param { .. })
            ));
        }
    }
}
