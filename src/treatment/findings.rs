//! What is wrong with a plan that can be and makes no sense, or not here.
//!
//! Which steps can be reached is not guessed from neighbours: every course that a customer can take
//! through a sequence is followed.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::cluster::Segmentation;
use crate::needs::Needs;
use crate::treatment::{
    Condition, Consents, Rule, Sequence, Staffing, StopOn, TreatmentPlan, TriggerBasis,
};
use crate::units::{ChannelId, Days, LeverId};

/// Levers that are there to cost less or to leave customers alone: an incentive contradicts them.
const WITHOUT_INCENTIVE: [&str; 4] = ["maintain", "reduce_cost_to_serve", "reprice", "exit"];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; the plan can be scheduled.
    Warning,
    /// The plan says one thing and means another; nothing is scheduled by it.
    Fault,
}

/// What is wrong. A closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanFault {
    /// No customer can ever get to the step: its condition cannot hold, or an earlier step ends
    /// every sequence.
    Unreachable {
        /// The condition of the step.
        condition: Condition,
    },
    /// The step falls behind the last day of the sequence.
    AfterExpiry {
        /// Its earliest day.
        earliest: Days,
        /// The last day.
        expires_after: Days,
    },
    /// The incentive contradicts the strategy.
    IncentiveContradicts {
        /// The strategy.
        lever: LeverId,
    },
    /// The incentive does not name the strategy as one that it is for.
    IncentiveForOthers {
        /// The strategy.
        lever: LeverId,
    },
    /// An earlier rule is for exactly the same customers and always wins.
    Shadowed {
        /// The earlier rule, from zero; printed, it counts from one.
        by: usize,
    },
    /// Nobody is known to allow a channel of the step, and it needs consent.
    NoConsent {
        /// The channel.
        channel: ChannelId,
    },
    /// An analytic trigger speaks through people, who cannot see why.
    AnalyticToPeople {
        /// The channel.
        channel: ChannelId,
        /// The trigger.
        trigger: &'static str,
    },
    /// No strategy has that name.
    UnknownLever {
        /// The name.
        lever: LeverId,
    },
    /// No segment has that name.
    UnknownSegment {
        /// The name.
        segment: String,
    },
    /// No need has that name.
    UnknownNeed {
        /// The name.
        need: String,
    },
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlanFinding {
    /// The rule, from zero; printed, it counts from one.
    pub rule: usize,
    /// The step, from zero, where it is about one; printed, it counts from one.
    pub step: Option<usize>,
    /// What is wrong.
    pub fault: PlanFault,
}

impl PlanFinding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self.fault {
            PlanFault::Unreachable { .. }
            | PlanFault::AfterExpiry { .. }
            | PlanFault::IncentiveContradicts { .. }
            | PlanFault::IncentiveForOthers { .. }
            | PlanFault::Shadowed { .. } => Severity::Fault,
            _ => Severity::Warning,
        }
    }
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { condition } => {
                write!(f, "no customer can get here with the condition `{}`", condition.name())
            }
            Self::AfterExpiry { earliest, expires_after } => {
                write!(f, "{earliest} from the start, and the sequence ends after {expires_after}")
            }
            Self::IncentiveContradicts { lever } => {
                write!(f, "an incentive contradicts `{lever}`")
            }
            Self::IncentiveForOthers { lever } => {
                write!(f, "the incentive is not for `{lever}`")
            }
            Self::Shadowed { by } => {
                write!(f, "rule {} is for the same customers and always wins", by + 1)
            }
            Self::NoConsent { channel } => {
                write!(f, "nobody is known to allow `{channel}`")
            }
            Self::AnalyticToPeople { channel, trigger } => write!(
                f,
                "`{trigger}` is a figure of a model, and people speak over `{channel}`: they must \
                 be able to believe it"
            ),
            Self::UnknownLever { lever } => write!(f, "there is no strategy `{lever}`"),
            Self::UnknownSegment { segment } => write!(f, "there is no segment `{segment}`"),
            Self::UnknownNeed { need } => write!(f, "there is no need `{need}`"),
        }
    }
}

impl Serialize for PlanFault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for PlanFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "rule {}, step {}: {}", self.rule + 1, step + 1, self.fault),
            None => write!(f, "rule {}: {}", self.rule + 1, self.fault),
        }
    }
}

/// What a plan is looked at against: with more known, more can be found.
///
/// # Example
///
/// ```
/// use segmentry::treatment::{PlanCheck, PlanFault, TreatmentPlan};
/// use segmentry::units::LeverId;
///
/// let plan = TreatmentPlan::retail();
/// assert!(plan.validate().is_empty());
/// // A programme that only knows how to retain has no use for the other four.
/// let findings = PlanCheck::new().levers([LeverId::of("retain")]).check(&plan);
/// assert_eq!(findings.len(), plan.rules().len() - 2);
/// assert!(matches!(findings[0].fault, PlanFault::UnknownLever { .. }));
/// ```
#[derive(Debug, Clone, Default)]
pub struct PlanCheck<'a> {
    levers: Option<Vec<LeverId>>,
    segments: Option<&'a Segmentation>,
    needs: Option<&'a Needs>,
    consents: Option<(&'a Consents, Vec<ChannelId>)>,
}

impl<'a> PlanCheck<'a> {
    /// Knows nothing but the plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// The strategies that customers may have.
    #[must_use]
    pub fn levers(mut self, levers: impl IntoIterator<Item = LeverId>) -> Self {
        self.levers = Some(levers.into_iter().collect());
        self
    }

    /// The segments.
    #[must_use]
    pub fn segments(mut self, segments: &'a Segmentation) -> Self {
        self.segments = Some(segments);
        self
    }

    /// The needs.
    #[must_use]
    pub fn needs(mut self, needs: &'a Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    /// What customers allow, and the channels that need no consent.
    #[must_use]
    pub fn consents(
        mut self,
        consents: &'a Consents,
        without_consent: impl IntoIterator<Item = ChannelId>,
    ) -> Self {
        self.consents = Some((consents, without_consent.into_iter().collect()));
        self
    }

    /// Everything that is wrong, rule by rule.
    pub fn check(&self, plan: &TreatmentPlan) -> Vec<PlanFinding> {
        let mut findings = Vec::new();
        for (number, rule) in plan.rules().iter().enumerate() {
            let mut found = |step, fault| findings.push(PlanFinding { rule: number, step, fault });
            self.names(rule, &mut found);
            shadows(plan.rules(), number, &mut found);
            incentive(rule, &mut found);
            for (step, way) in reachable(&rule.sequence).into_iter().enumerate() {
                if !way {
                    let condition = rule.sequence.steps[step].when;
                    found(Some(step), PlanFault::Unreachable { condition });
                }
            }
            expiry(&rule.sequence, &mut found);
            self.channels(plan, rule, &mut found);
        }
        findings
    }

    fn names(&self, rule: &Rule, found: &mut impl FnMut(Option<usize>, PlanFault)) {
        if self.levers.as_ref().is_some_and(|levers| !levers.contains(&rule.lever)) {
            found(None, PlanFault::UnknownLever { lever: rule.lever.clone() });
        }
        if let (Some(segment), Some(segments)) = (&rule.segment, self.segments)
            && !segments.names().contains(segment)
        {
            found(None, PlanFault::UnknownSegment { segment: segment.clone() });
        }
        if let (Some(need), Some(needs)) = (&rule.need, self.needs)
            && !needs.needs().iter().any(|known| known.name() == need)
        {
            found(None, PlanFault::UnknownNeed { need: need.clone() });
        }
    }

    fn channels(
        &self,
        plan: &TreatmentPlan,
        rule: &Rule,
        found: &mut impl FnMut(Option<usize>, PlanFault),
    ) {
        for step in 0..rule.sequence.steps.len() {
            for channel in rule.sequence.channels_of(step) {
                if let Some((consents, without)) = &self.consents
                    && !without.contains(channel)
                    && consents.given(channel) == 0
                {
                    found(Some(step), PlanFault::NoConsent { channel: channel.clone() });
                }
                let people = plan
                    .place_of(channel)
                    .is_some_and(|place| plan.channels()[place].staffing == Staffing::People);
                if let Some(trigger) = &rule.sequence.trigger
                    && trigger.basis() == TriggerBasis::Analytic
                    && people
                {
                    let (channel, trigger) = (channel.clone(), trigger.name());
                    found(Some(step), PlanFault::AnalyticToPeople { channel, trigger });
                }
            }
        }
    }
}

impl TreatmentPlan {
    /// What is wrong with the plan by itself; [`PlanCheck`] finds more where more is known.
    pub fn validate(&self) -> Vec<PlanFinding> {
        PlanCheck::new().check(self)
    }
}

fn shadows(rules: &[Rule], number: usize, found: &mut impl FnMut(Option<usize>, PlanFault)) {
    fn whom(rule: &Rule) -> (&LeverId, &Option<String>, &Option<String>) {
        (&rule.lever, &rule.segment, &rule.need)
    }
    let rule = &rules[number];
    let wins = |earlier: &Rule| {
        whom(earlier) == whom(rule) && earlier.sequence.trigger == rule.sequence.trigger
    };
    if let Some(by) = rules[..number].iter().position(wins) {
        found(None, PlanFault::Shadowed { by });
    }
}

fn incentive(rule: &Rule, found: &mut impl FnMut(Option<usize>, PlanFault)) {
    let Some(incentive) = &rule.sequence.incentive else { return };
    let lever = rule.lever.clone();
    if WITHOUT_INCENTIVE.contains(&lever.as_str()) {
        found(None, PlanFault::IncentiveContradicts { lever });
    } else if !incentive.levers.contains(&lever) {
        found(None, PlanFault::IncentiveForOthers { lever });
    }
}

fn expiry(sequence: &Sequence, found: &mut impl FnMut(Option<usize>, PlanFault)) {
    let mut earliest = 0u32;
    for (place, step) in sequence.steps.iter().enumerate() {
        earliest = earliest.saturating_add(step.after.count());
        if earliest > sequence.expires_after.count() {
            let (earliest, expires_after) = (Days::new(earliest), sequence.expires_after);
            found(Some(place), PlanFault::AfterExpiry { earliest, expires_after });
        }
    }
}

/// Where a customer may stand in a sequence that still runs: what has happened since its start, and
/// what would end it. Eight kinds of a customer's past by eight of what is listened for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Course {
    contacted: bool,
    responded: bool,
    purchased: bool,
    stops_on_response: bool,
    stops_on_purchase: bool,
}

/// For each step, whether there is a course on which it goes out.
pub(super) fn reachable(sequence: &Sequence) -> Vec<bool> {
    let mut courses = vec![Course {
        contacted: false,
        responded: false,
        purchased: false,
        stops_on_response: false,
        stops_on_purchase: false,
    }];
    let mut reached = Vec::with_capacity(sequence.steps.len());
    for step in &sequence.steps {
        // Before the step, the customer may answer what was sent, buy, or do neither. Before the
        // first contact nothing is looked at.
        let mut before = Vec::new();
        for course in courses {
            for (responds, purchases) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                let possible = (course.contacted || !(responds || purchases))
                    && !(responds && course.stops_on_response)
                    && !(purchases && course.stops_on_purchase);
                let next = Course {
                    responded: course.responded || responds,
                    purchased: course.purchased || purchases,
                    ..course
                };
                if possible && !before.contains(&next) {
                    before.push(next);
                }
            }
        }
        let holds = |course: &Course| match step.when {
            Condition::Always => true,
            Condition::NoResponse => !course.responded,
            Condition::Response => course.responded,
            Condition::NoPurchase => !course.purchased,
            Condition::Purchase => course.purchased,
        };
        reached.push(before.iter().any(holds));
        let mut after: Vec<Course> = Vec::new();
        for course in before {
            let next = if !holds(&course) {
                course
            } else if step.stop_on.contains(&StopOn::Sent) {
                continue;
            } else {
                let listens = |outcome| step.stop_on.contains(&outcome);
                Course {
                    contacted: true,
                    stops_on_response: course.stops_on_response || listens(StopOn::Response),
                    stops_on_purchase: course.stops_on_purchase || listens(StopOn::Purchase),
                    ..course
                }
            };
            if !after.contains(&next) {
                after.push(next);
            }
        }
        courses = after;
    }
    reached
}

#[cfg(test)]
mod tests;
