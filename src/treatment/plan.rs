//! The treatment plan: which sequence belongs to which strategy, segment and need.
//!
//! Strategy chooses the purpose; segment and need choose creative, channel and timing. So a rule
//! always names a lever, and may name a segment or a need; the most specific rule wins.

use serde::{Deserialize, Serialize};

use crate::treatment::texts;
use crate::treatment::{Sequence, TreatmentError, Trigger};
use crate::units::{ChannelId, LeverId, Money};

/// Who is behind a channel. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staffing {
    /// A machine sends.
    #[default]
    Automated,
    /// A person speaks, and must believe in what they say.
    People,
}

/// A way to reach customers, and what one contact over it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub(super) id: ChannelId,
    #[serde(default)]
    pub(super) staffing: Staffing,
    #[serde(with = "texts")]
    pub(super) cost: Money,
    #[serde(default = "one", with = "texts")]
    pub(super) effort: f64,
}

fn one() -> f64 {
    1.0
}

impl Channel {
    /// An automated channel whose contacts cost that much.
    pub fn new(id: ChannelId, cost: Money) -> Self {
        Self { id, staffing: Staffing::Automated, cost, effort: 1.0 }
    }

    /// A person is behind it.
    #[must_use]
    pub fn by_people(mut self) -> Self {
        self.staffing = Staffing::People;
        self
    }

    /// How much of the channel's daily capacity a contact takes, in its unit: minutes of a call,
    /// one of so many letters. One where nobody says.
    #[must_use]
    pub fn effort(mut self, effort: f64) -> Self {
        self.effort = effort;
        self
    }

    /// Its name.
    pub fn id(&self) -> &ChannelId {
        &self.id
    }

    /// Who is behind it.
    pub fn staffing(&self) -> Staffing {
        self.staffing
    }

    /// What a contact costs.
    pub fn cost(&self) -> Money {
        self.cost
    }
}

/// A sequence, and whom it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub(super) lever: LeverId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) segment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) need: Option<String>,
    pub(super) sequence: Sequence,
}

impl Rule {
    /// A sequence for everybody with that strategy.
    pub fn new(lever: LeverId, sequence: Sequence) -> Self {
        Self { lever, segment: None, need: None, sequence }
    }

    /// Only for customers of the segment of that name.
    #[must_use]
    pub fn segment(mut self, name: impl Into<String>) -> Self {
        self.segment = Some(name.into());
        self
    }

    /// Only for customers whose strongest need it is.
    #[must_use]
    pub fn need(mut self, name: impl Into<String>) -> Self {
        self.need = Some(name.into());
        self
    }

    /// The purpose.
    pub fn lever(&self) -> &LeverId {
        &self.lever
    }

    /// The segment, where it is for one.
    pub fn for_segment(&self) -> Option<&str> {
        self.segment.as_deref()
    }

    /// The need, where it is for one.
    pub fn for_need(&self) -> Option<&str> {
        self.need.as_deref()
    }

    /// The contacts.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// How specific it is. A need is the customer's own and counts more than a segment; a trigger
    /// that fired is the moment and decides between rules for the same customers.
    pub(super) fn specificity(&self) -> u8 {
        u8::from(self.need.is_some()) << 2
            | u8::from(self.segment.is_some()) << 1
            | u8::from(self.sequence.trigger.is_some())
    }
}

/// Contacts for every strategy, by segment and need where that makes a difference: plain data.
///
/// Of the rules for a customer's strategy that apply, the most specific wins: one for the
/// customer's need before one for the segment, both before either, and of equals one whose trigger
/// fired before one without a trigger. Of rules for exactly the same, the first.
///
/// # Example
///
/// ```
/// use segmentry::treatment::{Channel, Rule, Sequence, Step, TreatmentPlan};
/// use segmentry::units::{ChannelId, Days, LeverId, Money};
///
/// let (email, retain) = (ChannelId::of("email"), LeverId::of("retain"));
/// let thanks = Sequence::new("thanks", [email.clone()]).step(Step::after(Days::new(0)));
/// let quick = Sequence::new("quick_thanks", [email.clone()]).step(Step::after(Days::new(0)));
/// let plan = TreatmentPlan::new(
///     vec![Channel::new(email, Money::new(0.01)?)],
///     vec![Rule::new(retain.clone(), thanks), Rule::new(retain, quick).segment("in a hurry")],
/// )?;
/// assert_eq!(plan.rules().len(), 2);
/// assert!(plan.validate().is_empty());
/// assert_eq!(TreatmentPlan::from_json(&plan.to_json())?, plan);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TreatmentPlan {
    channels: Vec<Channel>,
    rules: Vec<Rule>,
}

impl TreatmentPlan {
    /// A plan over these channels.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Plan`] for a part that cannot be. What can be and makes no sense is found
    /// by [`validate`](Self::validate).
    pub fn new(channels: Vec<Channel>, rules: Vec<Rule>) -> Result<Self, TreatmentError> {
        check_channels(&channels)?;
        if rules.len() > usize::from(u16::MAX) {
            return Err(bad(None, None, "rules", "a list of at most 65535"));
        }
        for (number, rule) in rules.iter().enumerate() {
            check_rule(number, rule, &channels)?;
        }
        Ok(Self { channels, rules })
    }

    /// The channels.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The triggers that rules wait for, each once, in the order of the rules.
    pub fn triggers(&self) -> Vec<Trigger> {
        let mut triggers: Vec<Trigger> = Vec::new();
        for trigger in self.rules.iter().filter_map(|rule| rule.sequence.trigger.as_ref()) {
            if !triggers.contains(trigger) {
                triggers.push(trigger.clone());
            }
        }
        triggers
    }

    /// The place of a channel in the table.
    pub(super) fn place_of(&self, channel: &ChannelId) -> Option<usize> {
        self.channels.iter().position(|known| known.id == *channel)
    }
}

fn bad(
    rule: Option<usize>,
    step: Option<usize>,
    what: &'static str,
    expected: &'static str,
) -> TreatmentError {
    TreatmentError::Plan { rule, step, what, expected }
}

fn check_channels(channels: &[Channel]) -> Result<(), TreatmentError> {
    if channels.len() > usize::from(u8::MAX) {
        return Err(bad(None, None, "channels", "a table of at most 255"));
    }
    for (place, channel) in channels.iter().enumerate() {
        if channel.id.as_str().is_empty() {
            return Err(bad(None, None, "channel", "a name"));
        }
        if channels[..place].iter().any(|known| known.id == channel.id) {
            return Err(bad(None, None, "channels", "a table without repeats"));
        }
        if channel.cost < Money::ZERO {
            return Err(bad(None, None, "cost of a channel", "at least 0"));
        }
        // Written as "not good" so that NaN is refused.
        if !(channel.effort > 0.0 && channel.effort.is_finite()) {
            return Err(bad(None, None, "effort of a channel", "finite and greater than 0"));
        }
    }
    Ok(())
}

fn check_rule(number: usize, rule: &Rule, channels: &[Channel]) -> Result<(), TreatmentError> {
    let wrong = |what, expected| Err(bad(Some(number), None, what, expected));
    let known = |channel: &ChannelId| channels.iter().any(|known| known.id == *channel);
    let Sequence { creative, channels: order, steps, incentive, send_time, trigger, .. } =
        &rule.sequence;
    if rule.lever.as_str().is_empty() {
        return wrong("lever", "a name");
    }
    if [&rule.segment, &rule.need].iter().any(|name| name.as_deref() == Some("")) {
        return wrong("segment or need", "a name");
    }
    if creative.is_empty() {
        return wrong("creative", "a key");
    }
    if steps.is_empty() || steps.len() > usize::from(u8::MAX) {
        return wrong("steps", "a list of 1 to 255");
    }
    if send_time.on.is_empty() {
        return wrong("weekdays", "at least one day of the week");
    }
    if !order.iter().all(known) {
        return wrong("channels", "a list of channels in the plan's table");
    }
    if let Some(incentive) = incentive {
        if incentive.key.is_empty() {
            return wrong("incentive", "a key");
        }
        if incentive.amount <= Money::ZERO {
            return wrong("amount of the incentive", "greater than 0");
        }
    }
    if let Some(trigger) = trigger {
        trigger.validate()?;
    }
    for (place, step) in steps.iter().enumerate() {
        let wrong = |what, expected| Err(bad(Some(number), Some(place), what, expected));
        match &step.channel {
            Some(channel) if !known(channel) => {
                return wrong("channel", "a channel in the plan's table");
            }
            None if order.is_empty() => {
                return wrong("channel", "named, where the sequence has no order of channels");
            }
            _ => {}
        }
        if step.creative.as_deref() == Some("") {
            return wrong("creative", "a key");
        }
        if step.cost.is_some_and(|cost| cost < Money::ZERO) {
            return wrong("cost", "at least 0");
        }
        // Far beyond any campaign, and far from where sums of days would overflow.
        if step.after.count() > 36_525 {
            return wrong("after", "at most 36525 days");
        }
    }
    if rule.sequence.expires_after.count() > 36_525 {
        return wrong("expires_after", "at most 36525 days");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
