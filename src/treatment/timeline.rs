//! One customer's sequences laid out in time, under the policy.
//!
//! Every rule only ever moves a contact to a later time or refuses it, so the search for a free
//! time goes forward until all rules hold at once, and ends.

use crate::data::Consent;
use crate::treatment::capacity::Ledger;
use crate::treatment::clock::DAY;
use crate::treatment::{
    Consents, ContactPolicy, ContactRecord, OverCap, PolicyRule, StopOn, TreatmentPlan,
};
use crate::units::{ChannelId, Date, Money};

/// Days before the start that a cap or gap may look back on, as the policy admits.
const LOOK_BACK: i32 = 3660;

/// No channel.
pub(super) const NONE: u8 = u8::MAX;

/// A contact that goes out: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub(super) gain: f64,
    pub(super) row: u32,
    /// Minutes since the first midnight of the schedule.
    pub(super) minute: u32,
    /// The day on which it would have gone out without a policy.
    pub(super) planned: u32,
    pub(super) rule: u16,
    pub(super) moved: u16,
    pub(super) channel: u8,
    pub(super) step: u8,
    pub(super) slot: u8,
    /// Whether it is the first of its sequence.
    pub(super) first: bool,
}

/// A step that does not go out: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unplaced {
    pub(super) row: u32,
    pub(super) planned: u32,
    pub(super) rule: u16,
    pub(super) moved: u16,
    pub(super) channel: u8,
    pub(super) step: u8,
    pub(super) slot: u8,
    pub(super) by: PolicyRule,
}

/// Both, for some customers.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub(super) placed: Vec<Placed>,
    pub(super) unplaced: Vec<Unplaced>,
}

/// A sequence that a customer gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) row: u32,
    pub(super) rule: u16,
    /// 0 for the primary strategy, 1 for the secondary.
    pub(super) slot: u8,
    /// The day on which it would start, were it the only one.
    pub(super) own_start: i32,
    pub(super) gain: f64,
}

/// A contact that others must keep their distance from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    day: i32,
    channel: u8,
}

/// What is known of one customer while sequences are laid out.
#[derive(Debug, Default)]
pub(super) struct Customer {
    near: Vec<Near>,
    /// First and last day of each pause.
    pauses: Vec<(i32, i32)>,
    /// The first day on which another sequence may start.
    free_from: i32,
}

/// A rule's sequence in numbers.
struct Course {
    steps: Vec<CourseStep>,
    at: u16,
    /// Bit `i` for the day `i` days after the start of the schedule.
    weekdays: u8,
    expires: i32,
}

struct CourseStep {
    after: i32,
    /// Channels in the order in which they are tried, each with its cost.
    channels: Vec<(u8, Money)>,
    in_silence: bool,
    stops: bool,
}

struct CapOf {
    channel: Option<u8>,
    contacts: usize,
    window: i32,
}

/// Plan, policy and what customers said and had, in numbers.
pub(super) struct Timeline<'a> {
    courses: Vec<Course>,
    horizon: i32,
    start: i32,
    caps: Vec<CapOf>,
    over_cap: OverCap,
    gap: i32,
    one_at_a_time: bool,
    /// Quiet minutes of each channel, from and until.
    quiet: Vec<Vec<(u16, u16)>>,
    /// Whether a channel needs a yes, and what customers said of it.
    consents: Vec<(bool, Option<&'a [Option<Consent>]>)>,
    pauses: Vec<(i32, &'a [Option<Date>])>,
    blackouts: Vec<(i32, i32)>,
    record: Option<&'a ContactRecord>,
    /// The plan's number of each channel of the record.
    recorded: Vec<u8>,
}

/// A time on a channel, and what moved it there; or the rule against it.
type Found = Result<(i32, u16, u16), (PolicyRule, u16)>;

impl<'a> Timeline<'a> {
    pub(super) fn new(
        plan: &TreatmentPlan,
        policy: &ContactPolicy,
        consents: Option<&'a Consents>,
        record: Option<&'a ContactRecord>,
        (start, horizon): (Date, i32),
    ) -> Self {
        let place = |channel: &ChannelId| plan.place_of(channel).map(|place| place as u8);
        let concerns = |of: &Option<ChannelId>, channel: &ChannelId| {
            of.as_ref().is_none_or(|of| of == channel)
        };
        let relative = |day: Date| day.days_since(start);
        let quiet = plan.channels().iter().map(|channel| {
            let hours = policy.quiet.iter().filter(|hours| concerns(&hours.channel, &channel.id));
            hours.map(|hours| (hours.from.minutes(), hours.until.minutes())).collect()
        });
        let asked = plan.channels().iter().map(|channel| {
            let free = policy.without_consent.contains(&channel.id);
            (!free, consents.and_then(|consents| consents.column(&channel.id)))
        });
        // A cap on a channel that the plan does not have can never be met.
        let caps = policy.caps.iter().filter_map(|cap| {
            let channel = match &cap.channel {
                Some(channel) => Some(place(channel)?),
                None => None,
            };
            let contacts = usize::try_from(cap.contacts).unwrap_or(usize::MAX);
            Some(CapOf { channel, contacts, window: cap.window.count() as i32 })
        });
        let pauses = policy.pauses.iter().filter_map(|pause| {
            let column = record?.column(&pause.after)?;
            Some((pause.days.count() as i32, column))
        });
        let course = |rule: usize| {
            let sequence = plan.rules()[rule].sequence();
            let step = |number: usize| {
                let step = &sequence.steps[number];
                let channels = sequence.channels_of(number).iter().filter_map(|channel| {
                    let place = place(channel)?;
                    let cost = plan.channels()[usize::from(place)].cost;
                    Some((place, step.cost.unwrap_or(cost)))
                });
                CourseStep {
                    after: step.after.count() as i32,
                    channels: channels.collect(),
                    in_silence: step.when.holds_in_silence(),
                    stops: step.stop_on.contains(&StopOn::Sent),
                }
            };
            Course {
                steps: (0..sequence.steps.len()).map(step).collect(),
                at: sequence.send_time.at.minutes(),
                weekdays: sequence.send_time.on.counted_from(start),
                expires: sequence.expires_after.count() as i32,
            }
        };
        let recorded = record.map_or(&[][..], ContactRecord::channels);
        Self {
            courses: (0..plan.rules().len()).map(course).collect(),
            horizon,
            start: start.day_number(),
            caps: caps.collect(),
            over_cap: policy.over_cap,
            gap: policy.minimum_gap.count() as i32,
            one_at_a_time: !policy.side_by_side,
            quiet: quiet.collect(),
            consents: asked.collect(),
            pauses: pauses.collect(),
            blackouts: policy.blackouts.iter().map(|b| (relative(b.0), relative(b.1))).collect(),
            record,
            recorded: recorded.iter().map(|channel| place(channel).unwrap_or(NONE)).collect(),
        }
    }

    /// What is known of a customer before anything is laid out.
    pub(super) fn meet(&self, row: usize, customer: &mut Customer) {
        customer.near.clear();
        customer.pauses.clear();
        customer.free_from = 0;
        let Some(record) = self.record else { return };
        for &(_, day, place) in record.rows_of(row) {
            let day = day.saturating_sub(self.start);
            if day > -LOOK_BACK {
                let channel = self.recorded[usize::from(place)];
                customer.near.push(Near { day, channel });
            }
        }
        for &(days, column) in &self.pauses {
            if let Some(event) = column[row] {
                let event = event.day_number().saturating_sub(self.start);
                customer.pauses.push((event, event.saturating_add(days)));
            }
        }
        if let Some(until) = record.running(row) {
            customer.free_from = until.day_number().saturating_sub(self.start).saturating_add(1);
        }
    }

    /// What an earlier sequence of the schedule leaves behind, for a customer met anew.
    pub(super) fn remember(&self, placed: &[Placed], customer: &mut Customer) {
        for contact in placed {
            let day = (contact.minute / u32::from(DAY)) as i32;
            customer.near.push(Near { day, channel: contact.channel });
            customer.free_from = customer.free_from.max(day + 1);
        }
    }

    /// Lays out a sequence; every step of it ends up in `laid`, placed or not.
    pub(super) fn lay(
        &self,
        run: &Run,
        customer: &mut Customer,
        mut ledger: Option<&mut Ledger>,
        laid: &mut Laid,
    ) {
        let course = &self.courses[usize::from(run.rule)];
        let mut carried = 0;
        let mut start = run.own_start;
        if self.one_at_a_time && customer.free_from > start {
            start = customer.free_from;
            carried = PolicyRule::OneSequence.bit();
        }
        let last_day = start.saturating_add(course.expires);
        let (mut planned, mut previous) = (run.own_start, (start, 0u16));
        let (mut stopped, mut first) = (false, true);
        let already = customer.near.len();
        for (number, step) in course.steps.iter().enumerate() {
            planned = planned.saturating_add(step.after);
            let due = previous.0.saturating_add(step.after);
            // What delayed the step before has delayed this one, too.
            let minute = if due == previous.0 { course.at.max(previous.1) } else { course.at };
            let inherited = if (due, minute) == (planned, course.at) { 0 } else { carried };
            let at = Due { day: due, minute, inherited, last_day };
            let found = if stopped {
                Err((NONE, PolicyRule::Stopped, inherited))
            } else if !step.in_silence {
                Err((NONE, PolicyRule::AwaitsOutcome, inherited))
            } else {
                self.over_channels(run, course, step, &at, customer, ledger.as_deref_mut())
            };
            match found {
                Ok((channel, day, minute, moved)) => {
                    laid.placed.push(Placed {
                        gain: run.gain,
                        row: run.row,
                        minute: day as u32 * u32::from(DAY) + u32::from(minute),
                        planned: planned as u32,
                        rule: run.rule,
                        moved,
                        channel,
                        step: number as u8,
                        slot: run.slot,
                        first,
                    });
                    customer.near.push(Near { day, channel });
                    (previous, carried, first) = ((day, minute), moved, false);
                    stopped |= step.stops;
                }
                Err((channel, by, moved)) => {
                    laid.unplaced.push(Unplaced {
                        row: run.row,
                        planned: planned as u32,
                        rule: run.rule,
                        moved,
                        channel,
                        step: number as u8,
                        slot: run.slot,
                        by,
                    });
                    previous = (due, minute);
                }
            }
        }
        // Until its last contact the sequence is running.
        for near in &customer.near[already..] {
            customer.free_from = customer.free_from.max(near.day + 1);
        }
    }

    /// The first channel that lets the contact through, its time, and what moved it; else the first
    /// channel and the rule against it there.
    #[allow(clippy::type_complexity)]
    fn over_channels(
        &self,
        run: &Run,
        course: &Course,
        step: &CourseStep,
        at: &Due,
        customer: &Customer,
        mut ledger: Option<&mut Ledger>,
    ) -> Result<(u8, i32, u16, u16), (u8, PolicyRule, u16)> {
        let mut refused = None;
        for &(channel, cost) in &step.channels {
            let (asks, said) = self.consents[usize::from(channel)];
            let allowed = match said.and_then(|said| said[run.row as usize]) {
                Some(Consent::Given) => true,
                Some(Consent::Refused) => false,
                None => !asks,
            };
            let found = if allowed {
                self.time(course, at, channel, customer, ledger.as_deref())
            } else {
                Err((PolicyRule::Consent, at.inherited))
            };
            let found = found.and_then(|(day, minute, moved)| {
                let paid =
                    ledger.as_deref_mut().is_none_or(|ledger| ledger.take(channel, day, cost));
                if paid { Ok((day, minute, moved)) } else { Err((PolicyRule::Budget, moved)) }
            });
            match found {
                Ok((day, minute, moved)) => return Ok((channel, day, minute, moved)),
                Err((by, moved)) => {
                    refused.get_or_insert((channel, by, moved));
                }
            }
        }
        Err(refused.unwrap_or((NONE, PolicyRule::Consent, at.inherited)))
    }

    /// The first time on a channel at which every rule holds.
    fn time(
        &self,
        course: &Course,
        at: &Due,
        channel: u8,
        customer: &Customer,
        ledger: Option<&Ledger>,
    ) -> Found {
        let quiet = &self.quiet[usize::from(channel)];
        let (mut day, mut minute, mut moved) = (at.day, at.minute, at.inherited);
        // On a later day than planned nothing has to wait for the evening before quiet hours.
        let fresh = {
            let over_midnight = |&&(from, until): &&(u16, u16)| from > until && course.at >= from;
            quiet.iter().find(over_midnight).map_or(course.at, |&(_, until)| until)
        };
        loop {
            if day > at.last_day {
                return Err((PolicyRule::Expired, moved));
            }
            if day >= self.horizon {
                return Err((PolicyRule::BeyondHorizon, moved));
            }
            let later = if course.weekdays & (1 << day.rem_euclid(7)) == 0 {
                Some((day + 1, PolicyRule::SendTime))
            } else if let Some((days, until)) = quiet_until(quiet, minute) {
                (day, minute) = (day + days, until);
                moved |= PolicyRule::QuietHours.bit();
                continue;
            } else if let Some(until) = within(&self.blackouts, day) {
                Some((until + 1, PolicyRule::Blackout))
            } else if let Some(until) = within(&customer.pauses, day) {
                Some((until + 1, PolicyRule::Pause))
            } else if let Some(near) = self.too_near(customer, day) {
                Some((near + self.gap, PolicyRule::MinimumGap))
            } else if let Some(rule) = self.full(customer, day, channel) {
                match self.over_cap {
                    OverCap::Suppress => return Err((rule, moved)),
                    OverCap::Wait => Some((day + 1, rule)),
                }
            } else {
                let free = ledger.map_or(day, |ledger| ledger.free_from(channel, day));
                (free != day).then_some((free, PolicyRule::Capacity))
            };
            match later {
                None => return Ok((day, minute, moved)),
                Some((later, rule)) => {
                    (day, minute) = (later, fresh);
                    moved |= rule.bit();
                }
            }
        }
    }

    /// The day of a contact that is nearer than the gap allows.
    fn too_near(&self, customer: &Customer, day: i32) -> Option<i32> {
        let near = customer.near.iter().filter(|near| (day - near.day).abs() < self.gap);
        near.map(|near| near.day).max()
    }

    /// The cap that another contact on that day would break.
    fn full(&self, customer: &Customer, day: i32, channel: u8) -> Option<PolicyRule> {
        let breaks = |cap: &&CapOf| {
            if cap.channel.is_some_and(|of| of != channel) {
                return false;
            }
            let counts = |near: &&Near| cap.channel.is_none_or(|of| of == near.channel);
            let ending = |end: i32| {
                let inside = |near: &&Near| near.day > end - cap.window && near.day <= end;
                customer.near.iter().filter(counts).filter(inside).count()
            };
            // Of all windows with this day in them, those that end with a contact hold the most.
            let later = |near: &&Near| near.day > day && near.day < day + cap.window;
            let ends = customer.near.iter().filter(counts).filter(later).map(|near| near.day);
            std::iter::once(day).chain(ends).any(|end| ending(end) >= cap.contacts)
        };
        let cap = self.caps.iter().find(breaks)?;
        Some(if cap.channel.is_some() { PolicyRule::ChannelCap } else { PolicyRule::TotalCap })
    }
}

/// When a step is due, and what it brings along.
struct Due {
    day: i32,
    minute: u16,
    inherited: u16,
    last_day: i32,
}

/// Days later and the minute at which the quiet ends, where a minute is quiet.
fn quiet_until(quiet: &[(u16, u16)], minute: u16) -> Option<(i32, u16)> {
    quiet.iter().find_map(|&(from, until)| {
        if from < until {
            (from..until).contains(&minute).then_some((0, until))
        } else if minute >= from {
            Some((1, until))
        } else {
            (minute < until).then_some((0, until))
        }
    })
}

/// The last day of a span that has the day in it.
fn within(spans: &[(i32, i32)], day: i32) -> Option<i32> {
    spans.iter().find(|&&(from, until)| (from..=until).contains(&day)).map(|&(_, until)| until)
}
