//! A sequence: the contacts of one purpose, one behind the other.
//!
//! Delays count from the day on which the step before went out, or would have gone out, so that
//! what holds one contact back holds back what follows it.

use serde::{Deserialize, Serialize};

use crate::treatment::texts;
use crate::treatment::{SendTime, Trigger};
use crate::units::{ChannelId, Days, LeverId, Money};

/// What must have happened since the first contact of the sequence for a step to go out. A closed
/// set: these are what a mailing system can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// The customer has not answered.
    NoResponse,
    /// The customer has answered.
    Response,
    /// The customer has not bought.
    NoPurchase,
    /// The customer has bought.
    Purchase,
}

impl Condition {
    /// Whether it holds for a customer of whom nothing was heard: the path that a schedule follows.
    pub fn holds_in_silence(self) -> bool {
        matches!(self, Self::Always | Self::NoResponse | Self::NoPurchase)
    }

    /// The word that the outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::NoResponse => "no_response",
            Self::Response => "response",
            Self::NoPurchase => "no_purchase",
            Self::Purchase => "purchase",
        }
    }
}

/// What ends a sequence once a step has gone out. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopOn {
    /// The step itself: nothing follows it.
    Sent,
    /// The customer answers.
    Response,
    /// The customer buys.
    Purchase,
    /// The customer complains.
    Complaint,
}

/// One contact of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub(super) after: Days,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<ChannelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) creative: Option<String>,
    #[serde(default)]
    pub(super) when: Condition,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) stop_on: Vec<StopOn>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "texts::optional")]
    pub(super) cost: Option<Money>,
}

impl Step {
    /// A step so many days after the one before; of the first, after the start of the sequence.
    pub fn after(days: Days) -> Self {
        Self {
            after: days,
            channel: None,
            creative: None,
            when: Condition::Always,
            stop_on: Vec::new(),
            cost: None,
        }
    }

    /// The one channel of this step, instead of the sequence's order of channels.
    #[must_use]
    pub fn channel(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }

    /// A creative of its own, such as that of a reminder.
    #[must_use]
    pub fn creative(mut self, key: impl Into<String>) -> Self {
        self.creative = Some(key.into());
        self
    }

    /// What must have happened.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.when = condition;
        self
    }

    /// What ends the sequence once this step has gone out; may be called for several.
    #[must_use]
    pub fn stop_on(mut self, outcome: StopOn) -> Self {
        if !self.stop_on.contains(&outcome) {
            self.stop_on.push(outcome);
        }
        self
    }

    /// What the contact costs, where that is not the cost of its channel.
    #[must_use]
    pub fn cost(mut self, cost: Money) -> Self {
        self.cost = Some(cost);
        self
    }

    /// What must have happened for it to go out.
    pub fn condition(&self) -> Condition {
        self.when
    }

    /// What ends the sequence once it has gone out.
    pub fn stops(&self) -> &[StopOn] {
        &self.stop_on
    }
}

/// What a customer is given for doing as hoped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incentive {
    pub(super) key: String,
    #[serde(with = "texts")]
    pub(super) amount: Money,
    pub(super) levers: Vec<LeverId>,
}

impl Incentive {
    /// An incentive worth that much, given for these levers.
    pub fn new(
        key: impl Into<String>,
        amount: Money,
        levers: impl IntoIterator<Item = LeverId>,
    ) -> Self {
        Self { key: key.into(), amount, levers: levers.into_iter().collect() }
    }

    /// Which voucher or discount.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it is worth.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// The levers that it may be given for.
    pub fn levers(&self) -> &[LeverId] {
        &self.levers
    }
}

/// Contacts for one purpose: what is said, where, in which order and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    pub(super) creative: String,
    pub(super) channels: Vec<ChannelId>,
    pub(super) steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) incentive: Option<Incentive>,
    #[serde(default)]
    pub(super) send_time: SendTime,
    pub(super) expires_after: Days,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trigger: Option<Trigger>,
}

impl Sequence {
    /// How long a sequence lives where nobody says: a month. An assumption.
    pub const EXPIRES_AFTER: Days = Days::new(30);

    /// A creative, and the channels in the order in which they are tried: a contact goes over the
    /// first that the customer allows and the policy leaves room for. Without steps so far.
    pub fn new(creative: impl Into<String>, channels: impl IntoIterator<Item = ChannelId>) -> Self {
        Self {
            creative: creative.into(),
            channels: channels.into_iter().collect(),
            steps: Vec::new(),
            incentive: None,
            send_time: SendTime::default(),
            expires_after: Self::EXPIRES_AFTER,
            trigger: None,
        }
    }

    /// Adds a step behind the others.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// What the customer is given.
    #[must_use]
    pub fn incentive(mut self, incentive: Incentive) -> Self {
        self.incentive = Some(incentive);
        self
    }

    /// When it addresses customers.
    #[must_use]
    pub fn send_time(mut self, send_time: SendTime) -> Self {
        self.send_time = send_time;
        self
    }

    /// The last day on which a step may go out, counted from the start.
    #[must_use]
    pub fn expires_after(mut self, days: Days) -> Self {
        self.expires_after = days;
        self
    }

    /// Starts only when this fires, instead of with the schedule.
    #[must_use]
    pub fn on(mut self, trigger: Trigger) -> Self {
        self.trigger = Some(trigger);
        self
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The channels in the order in which they are tried.
    pub fn channels(&self) -> &[ChannelId] {
        &self.channels
    }

    /// What starts it, where that is not the schedule.
    pub fn trigger(&self) -> Option<&Trigger> {
        self.trigger.as_ref()
    }

    /// The channels over which a step may go.
    pub(super) fn channels_of(&self, step: usize) -> &[ChannelId] {
        match &self.steps[step].channel {
            Some(only) => std::slice::from_ref(only),
            None => &self.channels,
        }
    }

    /// The creative of a step.
    pub(super) fn creative_of(&self, step: usize) -> &str {
        self.steps[step].creative.as_deref().unwrap_or(&self.creative)
    }
}
