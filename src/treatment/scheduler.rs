//! From strategies to a schedule: plan, policy, capacities and budget over a horizon.
//!
//! Customers are laid out one by one, each without regard to the others. Where that needs more than
//! a day's capacity or the budget holds, those whom it concerns are laid out again, the largest
//! gain first, each taking what is left.

use crate::num::blocks;
use crate::treatment::capacity::{DIGITS, Ledger, fitting};
use crate::treatment::choosing::{Choosing, Tally};
use crate::treatment::clock::DAY;
use crate::treatment::timeline::{Customer, Laid, Placed, Run, Timeline};
use crate::treatment::{
    Assignments, Audience, Channel, Consents, ContactPolicy, ContactRecord, Firings, PlanCheck,
    Rule, Schedule, Severity, TreatmentError, TreatmentPlan, Withheld,
};
use crate::units::{ChannelId, CustomerIds, Date, Days, Money};
use crate::validate::Verdict;
use crate::work::Work;

/// Everything that a schedule is made from.
///
/// A sequence starts on the first day, or on the day on which its trigger fired. The schedule
/// follows the course of a customer of whom nothing is heard: steps that wait for no answer or no
/// purchase are in it with their condition, and whoever sends drops them when there was one; steps
/// that wait *for* an outcome are listed as awaiting it.
///
/// A sequence that a customer's other sequence holds up starts on the day after the last contact of
/// that one. With the same inputs the schedule is the same for any number of threads; equal gains
/// go by id in byte order.
///
/// # Cost
///
/// Customers times steps, and customers times their logarithm where a capacity or the budget binds.
/// 32 bytes a contact and 16 a step that does not go out.
///
/// # Example
///
/// ```
/// use segmentry::treatment::{
///     Assignments, ContactPolicy, PolicyRule, Purpose, Scheduler, TreatmentPlan,
/// };
/// use segmentry::units::{ChannelId, CustomerIds, Date, Days, LeverId, Money};
/// use segmentry::work::Work;
///
/// // Two customers to win back from Monday on; a letter, and an e-mail two weeks later.
/// let purpose = |gain| Purpose {
///     lever: LeverId::of("win_back"),
///     gain: Money::from_minor(gain, 0),
///     cost: Money::from_minor(2, 0),
/// };
/// let rows = [(Some(purpose(20)), None), (Some(purpose(30)), None)];
/// let assignments = Assignments::new(CustomerIds::from_texts(["ann", "bob"])?, rows)?;
/// let (plan, monday) = (TreatmentPlan::retail(), Date::from_ymd(2024, 2, 26)?);
/// let letter = ChannelId::of("letter");
/// let policy = ContactPolicy::new().without_consent(letter.clone());
/// let schedule = Scheduler::new(&plan, monday, Days::new(28))
///     .policy(&policy)
///     .capacity(letter, 1.0) // one letter a day
///     .schedule(&assignments, &Work::new())?;
///
/// let letters: Vec<_> = schedule.contacts().collect();
/// // Bob is worth more and gets Monday's letter; Ann's goes out on Tuesday.
/// assert_eq!((letters[1].row(), letters[1].day()), (1, monday));
/// assert_eq!((letters[0].row(), letters[0].day().days_since(monday)), (0, 1));
/// assert_eq!(letters[0].moved_by().collect::<Vec<_>>(), [PolicyRule::Capacity]);
/// // Neither has allowed e-mails.
/// let by: Vec<PolicyRule> = schedule.unsent().map(|step| step.by()).collect();
/// assert_eq!(by, [PolicyRule::Consent; 2]);
/// let summary = schedule.summary();
/// assert_eq!((summary.contacts, summary.steps, summary.cost.amount()), (2, 4, 1.8));
/// assert_eq!((summary.gain.amount(), summary.set_aside.amount()), (50.0, 4.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scheduler<'a> {
    plan: &'a TreatmentPlan,
    start: Date,
    horizon: Days,
    policy: Option<&'a ContactPolicy>,
    consents: Option<&'a Consents>,
    record: Option<&'a ContactRecord>,
    audience: Option<&'a Audience>,
    firings: Option<&'a Firings>,
    verdict: Option<&'a Verdict>,
    capacities: Vec<(ChannelId, f64)>,
    budget: Option<Money>,
}

impl<'a> Scheduler<'a> {
    /// A schedule of so many days from the first on.
    pub fn new(plan: &'a TreatmentPlan, start: Date, horizon: Days) -> Self {
        Self {
            plan,
            start,
            horizon,
            policy: None,
            consents: None,
            record: None,
            audience: None,
            firings: None,
            verdict: None,
            capacities: Vec::new(),
            budget: None,
        }
    }

    /// The policy; without one [`ContactPolicy::new`].
    #[must_use]
    pub fn policy(mut self, policy: &'a ContactPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// What customers allow; without it nobody allows anything, and only channels that need no
    /// consent are used.
    #[must_use]
    pub fn consents(mut self, consents: &'a Consents) -> Self {
        self.consents = Some(consents);
        self
    }

    /// What happened before.
    #[must_use]
    pub fn record(mut self, record: &'a ContactRecord) -> Self {
        self.record = Some(record);
        self
    }

    /// Segments and needs of the customers; without it no rule for one applies.
    #[must_use]
    pub fn audience(mut self, audience: &'a Audience) -> Self {
        self.audience = Some(audience);
        self
    }

    /// What fired; without it no rule with a trigger applies.
    #[must_use]
    pub fn firings(mut self, firings: &'a Firings) -> Self {
        self.firings = Some(firings);
        self
    }

    /// The verdict on the segments. Where it is "no", rules for segments are withheld.
    #[must_use]
    pub fn judged_by(mut self, verdict: &'a Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// What a channel can do in a day, in the unit of its
    /// [effort](crate::treatment::Channel::effort): contacts, or minutes. Said again, it replaces
    /// what was there.
    #[must_use]
    pub fn capacity(mut self, channel: ChannelId, per_day: f64) -> Self {
        self.capacities.retain(|(known, _)| *known != channel);
        self.capacities.push((channel, per_day));
        self
    }

    /// The money that all contacts together may cost.
    #[must_use]
    pub fn budget(mut self, budget: Money) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Checks what is asked for; [`schedule`](Self::schedule) calls this first.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Param`]; [`TreatmentError::Faults`] where the plan has faults by itself.
    pub fn validate(&self) -> Result<(), TreatmentError> {
        let days = self.horizon.count();
        let param = |name, value, expected| Err(TreatmentError::Param { name, value, expected });
        let end = i32::try_from(days).ok().and_then(|n| self.start.day_number().checked_add(n));
        if !(1..=3660).contains(&days) || end.and_then(Date::from_day_number).is_none() {
            let expected = "from 1 to 3660 days, within the years 1 to 9999";
            return param("horizon", f64::from(days), expected);
        }
        for (channel, capacity) in &self.capacities {
            // Written as "not good" so that NaN is refused.
            if !(*capacity >= 0.0 && capacity.is_finite()) {
                return param("capacity", *capacity, "finite and at least 0");
            }
            if self.plan.place_of(channel).is_none() {
                return param("capacity", *capacity, "that of a channel in the plan");
            }
        }
        if let Some(budget) = self.budget
            && !(0.0..=1e15).contains(&budget.amount())
        {
            return param("budget", budget.amount(), "from 0 to 1e15");
        }
        self.policy.map_or(Ok(()), ContactPolicy::validate)?;
        let mut faults = self.plan.validate();
        faults.retain(|finding| finding.severity() == Severity::Fault);
        match faults.first() {
            Some(first) => {
                Err(TreatmentError::Faults { faults: faults.len(), first: Box::new(first.clone()) })
            }
            None => Ok(()),
        }
    }

    /// The schedule of these strategies.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`TreatmentError::OtherCustomers`] where tables are not of
    /// the customers of the assignments; [`TreatmentError::Cancelled`].
    pub fn schedule(
        &self,
        assignments: &Assignments,
        work: &Work,
    ) -> Result<Schedule, TreatmentError> {
        self.validate()?;
        self.same_customers(assignments.ids())?;
        let default = ContactPolicy::new();
        let policy = self.policy.unwrap_or(&default);
        let withheld = self.verdict.and_then(|verdict| self.plan.withheld_by(verdict));
        let days = self.horizon.count() as i32;
        let timeline =
            Timeline::new(self.plan, policy, self.consents, self.record, (self.start, days));
        let trusted = (withheld.is_none(), self.start);
        let (audience, firings) = (self.audience, self.firings);
        let choosing = Choosing::new(self.plan, policy, assignments, audience, firings, trusted);
        let limits = self.limits();

        work.begin("scheduling contacts", Some(assignments.ids().len() as u64))?;
        let (mut laid, tally) =
            lay_out_freely(assignments.ids().len(), &timeline, &choosing, work)?;
        if !self.fits(&laid.placed, &limits) {
            let limited = self.limited_rules(&limits);
            let ids = assignments.ids();
            laid = lay_out_in_turn(
                ids,
                (laid, &limited),
                &timeline,
                &choosing,
                || Ledger::new(&limits, days, self.budget),
                work,
            )?;
        }
        // One order whatever was laid out when: by customer, and then by time.
        blocks::sort(&mut laid.placed, |a, b| {
            (a.row, a.minute, a.slot, a.step).cmp(&(b.row, b.minute, b.slot, b.step))
        });
        blocks::sort(&mut laid.unplaced, |a, b| {
            (a.row, a.slot, a.step).cmp(&(b.row, b.slot, b.step))
        });
        laid.placed.shrink_to_fit();
        laid.unplaced.shrink_to_fit();
        let withheld = withheld.map(|held| Withheld { sequences: tally.withheld, ..held });
        let findings = match self.consents {
            Some(consents) => {
                let free = policy.without_consent.iter().cloned();
                PlanCheck::new().consents(consents, free).check(self.plan)
            }
            None => self.plan.validate(),
        };
        Ok(Schedule::new(
            self.plan.clone(),
            assignments,
            (self.start, self.horizon),
            laid,
            tally,
            (withheld, findings),
        ))
    }

    fn same_customers(&self, ids: &CustomerIds) -> Result<(), TreatmentError> {
        let tables = [
            (self.consents.map(Consents::ids), "the table of consents"),
            (self.record.map(ContactRecord::ids), "the record of contacts"),
            (self.audience.map(Audience::ids), "the audience"),
            (self.firings.map(Firings::ids), "the table of firings"),
        ];
        for (table, what) in tables {
            if table.is_some_and(|table| table != ids) {
                return Err(TreatmentError::OtherCustomers { what });
            }
        }
        Ok(())
    }

    /// Contacts a day of each channel of the plan, where that is limited.
    fn limits(&self) -> Vec<Option<u32>> {
        let limit = |channel: &Channel| {
            let known = self.capacities.iter().find(|(known, _)| *known == channel.id)?;
            Some(fitting(known.1, channel.effort))
        };
        self.plan.channels().iter().map(limit).collect()
    }

    /// Whether what was laid out freely stays within every day's capacity and the budget.
    fn fits(&self, placed: &[Placed], limits: &[Option<u32>]) -> bool {
        let days = self.horizon.count() as usize;
        let mut used: Vec<Vec<u32>> =
            limits.iter().map(|limit| limit.map_or(Vec::new(), |_| vec![0; days])).collect();
        let mut spent = 0i128;
        for contact in placed {
            let channel = usize::from(contact.channel);
            if limits[channel].is_some() {
                used[channel][(contact.minute / u32::from(DAY)) as usize] += 1;
            }
            spent += cost_of(self.plan, contact).to_whole(DIGITS);
        }
        let room = used.iter().zip(limits).all(|(days, limit)| {
            limit.is_none_or(|limit| days.iter().all(|&contacts| contacts <= limit))
        });
        room && self.budget.is_none_or(|budget| spent <= budget.to_whole(DIGITS))
    }

    /// The rules that take from something limited.
    fn limited_rules(&self, limits: &[Option<u32>]) -> Vec<bool> {
        let limited = |channel: &ChannelId| {
            self.plan.place_of(channel).is_some_and(|place| limits[place].is_some())
        };
        let takes = |rule: &Rule| {
            let sequence = rule.sequence();
            (0..sequence.steps.len()).any(|step| sequence.channels_of(step).iter().any(limited))
        };
        self.plan.rules().iter().map(|rule| self.budget.is_some() || takes(rule)).collect()
    }
}

/// What a contact costs.
pub(super) fn cost_of(plan: &TreatmentPlan, contact: &Placed) -> Money {
    let step = &plan.rules()[usize::from(contact.rule)].sequence.steps[usize::from(contact.step)];
    step.cost.unwrap_or(plan.channels()[usize::from(contact.channel)].cost)
}

/// Every customer by themselves.
fn lay_out_freely(
    customers: usize,
    timeline: &Timeline<'_>,
    choosing: &Choosing<'_>,
    work: &Work,
) -> Result<(Laid, Tally), TreatmentError> {
    let parts = blocks::map_blocks(customers, work, |rows| {
        let (mut laid, mut tally) = (Laid::default(), choosing.tally());
        let mut customer = Customer::default();
        for row in rows {
            let runs = choosing.runs(row, &mut tally);
            if runs.iter().all(Option::is_none) {
                continue;
            }
            timeline.meet(row, &mut customer);
            for run in runs.iter().flatten() {
                timeline.lay(run, &mut customer, None, &mut laid);
            }
        }
        (laid, tally)
    })?;
    let (mut all, mut tally) = (Laid::default(), choosing.tally());
    all.placed.reserve_exact(parts.iter().map(|(laid, _)| laid.placed.len()).sum());
    all.unplaced.reserve_exact(parts.iter().map(|(laid, _)| laid.unplaced.len()).sum());
    for (laid, part) in parts {
        all.placed.extend(laid.placed);
        all.unplaced.extend(laid.unplaced);
        for (sum, counts) in tally.levers.iter_mut().zip(part.levers) {
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        tally.set_aside += part.set_aside;
        tally.withheld += part.withheld;
    }
    Ok((all, tally))
}

/// A sequence waiting for its turn.
#[derive(Clone, Copy)]
struct Turn {
    key: f64,
    run: Run,
    /// Whether the customer's other sequence goes before it.
    second: bool,
}

/// Those who take from something limited, the largest gain first; the others stay as they are.
fn lay_out_in_turn(
    ids: &CustomerIds,
    (free, limited): (Laid, &[bool]),
    timeline: &Timeline<'_>,
    choosing: &Choosing<'_>,
    ledger: impl FnOnce() -> Ledger,
    work: &Work,
) -> Result<Laid, TreatmentError> {
    let concerned =
        |runs: &[Option<Run>; 2]| runs.iter().flatten().any(|run| limited[usize::from(run.rule)]);
    let mut again = vec![false; ids.len()];
    let mut turns: Vec<Turn> = Vec::new();
    let mut unused = choosing.tally();
    for (row, again) in again.iter_mut().enumerate() {
        let runs = choosing.runs(row, &mut unused);
        *again = concerned(&runs);
        if *again {
            // A sequence never goes before the one that it waits for.
            let mut key = f64::INFINITY;
            for (place, run) in runs.into_iter().flatten().enumerate() {
                key = key.min(run.gain);
                turns.push(Turn { key, run, second: place == 1 });
            }
        }
    }
    blocks::sort(&mut turns, |a, b| {
        b.key
            .total_cmp(&a.key)
            .then_with(|| ids.compare(a.run.row as usize, b.run.row as usize))
            .then(a.second.cmp(&b.second))
    });
    let Laid { mut placed, mut unplaced } = free;
    placed.retain(|contact| !again[contact.row as usize]);
    unplaced.retain(|step| !again[step.row as usize]);
    drop(again);
    let mut laid = Laid { placed, unplaced };
    let mut ledger = ledger();
    let mut customer = Customer::default();
    // Where the contacts of each customer's first sequence lie, for the second.
    let mut firsts = vec![(0u32, 0u32); ids.len()];
    for (number, turn) in turns.iter().enumerate() {
        if number % blocks::BLOCK == 0 {
            work.check()?;
        }
        let row = turn.run.row as usize;
        timeline.meet(row, &mut customer);
        if turn.second {
            let (start, end) = firsts[row];
            timeline.remember(&laid.placed[start as usize..end as usize], &mut customer);
        }
        let start = laid.placed.len() as u32;
        timeline.lay(&turn.run, &mut customer, Some(&mut ledger), &mut laid);
        firsts[row] = (start, laid.placed.len() as u32);
    }
    Ok(laid)
}
