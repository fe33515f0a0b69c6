//! The answer: who is addressed when, over what, what for, and what did not go out and why.

use std::fmt;

use crate::treatment::choosing::Tally;
use crate::treatment::clock::DAY;
use crate::treatment::scheduler::cost_of;
use crate::treatment::timeline::{Laid, NONE, Placed, Unplaced};
use crate::treatment::{
    Assignments, Condition, Incentive, PlanFinding, PolicyRule, Rule, ScheduleSummary, Step,
    TreatmentPlan, Withheld,
};
use crate::units::{ChannelId, CivilTime, CustomerIds, Date, Days, LeverId, Money};

/// Contacts over a horizon, by customer and then by time, and every step that does not go out.
///
/// Each step of each sequence that started is in exactly one of the two lists.
#[derive(Clone, PartialEq)]
pub struct Schedule {
    plan: TreatmentPlan,
    ids: CustomerIds,
    start: Date,
    horizon: Days,
    placed: Vec<Placed>,
    unplaced: Vec<Unplaced>,
    summary: ScheduleSummary,
    withheld: Option<Withheld>,
    findings: Vec<PlanFinding>,
}

/// A contact that goes out.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    schedule: &'a Schedule,
    of: &'a Placed,
}

/// A step that does not go out.
#[derive(Debug, Clone, Copy)]
pub struct Unsent<'a> {
    schedule: &'a Schedule,
    of: &'a Unplaced,
}

impl Schedule {
    pub(super) fn new(
        plan: TreatmentPlan,
        assignments: &Assignments,
        (start, horizon): (Date, Days),
        laid: Laid,
        tally: Tally,
        (withheld, findings): (Option<Withheld>, Vec<PlanFinding>),
    ) -> Self {
        let Laid { placed, unplaced } = laid;
        let summary =
            ScheduleSummary::of(&plan, assignments.levers(), (&placed, &unplaced), &tally, horizon);
        let ids = assignments.ids().clone();
        Self { plan, ids, start, horizon, placed, unplaced, summary, withheld, findings }
    }

    /// The customers.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The first day.
    pub fn start(&self) -> Date {
        self.start
    }

    /// How many days it covers.
    pub fn horizon(&self) -> Days {
        self.horizon
    }

    /// The contacts, by customer and then by time.
    pub fn contacts(&self) -> impl ExactSizeIterator<Item = Contact<'_>> {
        self.placed.iter().map(|of| Contact { schedule: self, of })
    }

    /// The contacts of one customer, in order of time.
    pub fn of(&self, row: usize) -> impl ExactSizeIterator<Item = Contact<'_>> {
        let start = self.placed.partition_point(|contact| (contact.row as usize) < row);
        let n = self.placed[start..].partition_point(|contact| contact.row as usize == row);
        self.placed[start..start + n].iter().map(|of| Contact { schedule: self, of })
    }

    /// The steps that do not go out, by customer.
    pub fn unsent(&self) -> impl ExactSizeIterator<Item = Unsent<'_>> {
        self.unplaced.iter().map(|of| Unsent { schedule: self, of })
    }

    /// The contacts that a rule moved, by customer and then by time.
    pub fn moved(&self) -> impl Iterator<Item = Contact<'_>> {
        self.contacts().filter(|contact| contact.of.moved != 0)
    }

    /// What it adds up to.
    pub fn summary(&self) -> &ScheduleSummary {
        &self.summary
    }

    /// What distrust of the segments withheld; `None` where nothing was.
    pub fn withheld(&self) -> Option<&Withheld> {
        self.withheld.as_ref()
    }

    /// What should be known about the plan: its findings that did not stop it.
    pub fn findings(&self) -> &[PlanFinding] {
        &self.findings
    }

    fn rule(&self, number: u16) -> &Rule {
        &self.plan.rules()[usize::from(number)]
    }

    fn day(&self, number: u32) -> Date {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let day = self.start.day_number().saturating_add(number);
        Date::from_day_number(day).unwrap_or(Date::LAST)
    }
}

/// The rules whose bits are set.
fn rules(bits: u16) -> impl Iterator<Item = PolicyRule> {
    PolicyRule::ALL.into_iter().filter(move |rule| bits & rule.bit() != 0)
}

impl<'a> Contact<'a> {
    /// The customer's row.
    pub fn row(&self) -> usize {
        self.of.row as usize
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.schedule.day(self.of.minute / u32::from(DAY))
    }

    /// The day and the minute, on the customer's own clock.
    pub fn time(&self) -> CivilTime {
        let minutes = i64::from(self.of.minute % u32::from(DAY));
        let midnight = self.day().midnight();
        CivilTime::from_seconds(midnight.seconds() + minutes * 60).unwrap_or(midnight)
    }

    /// The channel.
    pub fn channel(&self) -> &'a ChannelId {
        self.schedule.plan.channels()[usize::from(self.of.channel)].id()
    }

    /// What is said.
    pub fn creative(&self) -> &'a str {
        self.schedule.rule(self.of.rule).sequence().creative_of(usize::from(self.of.step))
    }

    /// What for.
    pub fn purpose(&self) -> &'a LeverId {
        self.schedule.rule(self.of.rule).lever()
    }

    /// Whether that is the customer's primary strategy.
    pub fn is_primary(&self) -> bool {
        self.of.slot == 0
    }

    /// The rule of the plan, from zero.
    pub fn rule(&self) -> usize {
        usize::from(self.of.rule)
    }

    /// The step of the sequence, from zero.
    pub fn step(&self) -> usize {
        usize::from(self.of.step)
    }

    /// The step: its condition, and what stops the sequence after it.
    pub fn details(&self) -> &'a Step {
        &self.schedule.rule(self.of.rule).sequence().steps()[self.step()]
    }

    /// What must have happened for it to go out.
    pub fn condition(&self) -> Condition {
        self.details().condition()
    }

    /// What the customer is given.
    pub fn incentive(&self) -> Option<&'a Incentive> {
        self.schedule.rule(self.of.rule).sequence().incentive.as_ref()
    }

    /// What it costs.
    pub fn cost(&self) -> Money {
        cost_of(&self.schedule.plan, self.of)
    }

    /// What the strategy that it serves should bring: of the whole sequence, on each of its
    /// contacts. The totals count it once.
    pub fn gain(&self) -> Money {
        Money::finite(self.of.gain)
    }

    /// The day on which it would have gone out without a policy.
    pub fn planned(&self) -> Date {
        self.schedule.day(self.of.planned)
    }

    /// What moved it, or the step before it; nothing where it goes out as planned.
    pub fn moved_by(&self) -> impl Iterator<Item = PolicyRule> + use<> {
        rules(self.of.moved)
    }
}

impl<'a> Unsent<'a> {
    /// The customer's row.
    pub fn row(&self) -> usize {
        self.of.row as usize
    }

    /// The rule that kept it from going out.
    pub fn by(&self) -> PolicyRule {
        self.of.by
    }

    /// What had moved it before.
    pub fn moved_by(&self) -> impl Iterator<Item = PolicyRule> + use<> {
        rules(self.of.moved)
    }

    /// The first channel over which it would have gone; `None` where it did not come to that.
    pub fn channel(&self) -> Option<&'a ChannelId> {
        let place = usize::from(self.of.channel);
        (self.of.channel != NONE).then(|| self.schedule.plan.channels()[place].id())
    }

    /// What for.
    pub fn purpose(&self) -> &'a LeverId {
        self.schedule.rule(self.of.rule).lever()
    }

    /// Whether that is the customer's primary strategy.
    pub fn is_primary(&self) -> bool {
        self.of.slot == 0
    }

    /// The rule of the plan, from zero.
    pub fn rule(&self) -> usize {
        usize::from(self.of.rule)
    }

    /// The step of the sequence, from zero.
    pub fn step(&self) -> usize {
        usize::from(self.of.step)
    }

    /// The day on which it would have gone out without a policy.
    pub fn planned(&self) -> Date {
        self.schedule.day(self.of.planned)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("ids", &self.ids)
            .field("start", &self.start)
            .field("horizon", &self.horizon)
            .field("contacts", &self.placed.len())
            .field("unsent", &self.unplaced.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
