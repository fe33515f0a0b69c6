//! What a schedule adds up to: by channel, by strategy and by day, and what each rule did.
//!
//! Money is added in whole millionths, so that the parts add up to the whole to the last digit in
//! whatever order they are added.

use std::fmt;

use serde::Serialize;

use crate::treatment::capacity::DIGITS;
use crate::treatment::choosing::Tally;
use crate::treatment::clock::DAY;
use crate::treatment::scheduler::cost_of;
use crate::treatment::timeline::{Placed, Unplaced};
use crate::treatment::{PolicyRule, TreatmentPlan};
use crate::units::{ChannelId, Days, LeverId, Money};

/// What a schedule adds up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScheduleSummary {
    /// Sequences that started: each step of each is a contact or not sent.
    pub sequences: u64,
    /// Their steps.
    pub steps: u64,
    /// Steps that go out.
    pub contacts: u64,
    /// What the contacts cost.
    pub cost: Money,
    /// What the strategy plan had set aside for the sequences that started.
    pub set_aside: Money,
    /// What the strategies with at least one contact should bring.
    pub gain: Money,
    /// By channel, in the order of the plan.
    pub channels: Vec<ChannelTotal>,
    /// By strategy, in the order in which the assignments first name them.
    pub levers: Vec<LeverTotal>,
    /// By day, every day of the horizon.
    pub days: Vec<DailyTotal>,
    /// Contacts that each rule moved; one that two rules moved counts with both.
    pub moved: Vec<(PolicyRule, u64)>,
    /// Steps that each rule kept from going out; they add up to the steps without a contact.
    pub unsent: Vec<(PolicyRule, u64)>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelTotal {
    /// Which.
    pub channel: ChannelId,
    /// Contacts over it.
    pub contacts: u64,
    /// What they cost.
    pub cost: Money,
    /// The most on one day.
    pub busiest: u64,
    /// What these contacts took of the channel's capacity.
    pub effort: f64,
}

/// One strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeverTotal {
    /// Which.
    pub lever: LeverId,
    /// Sequences that started.
    pub started: u64,
    /// Customers with this strategy for whom the plan has no rule.
    pub without_rule: u64,
    /// Customers for whom every rule waits for a trigger that did not fire.
    pub not_triggered: u64,
    /// Sequences with at least one contact.
    pub reached: u64,
    /// Contacts.
    pub contacts: u64,
    /// What they cost.
    pub cost: Money,
    /// What the sequences with a contact should bring.
    pub gain: Money,
}

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DailyTotal {
    /// Contacts.
    pub contacts: u64,
    /// What they cost.
    pub cost: Money,
    /// What the strategies whose first contact it is should bring.
    pub gain: Money,
}

/// Contacts and money under way.
#[derive(Clone, Copy, Default)]
struct Sum {
    contacts: u64,
    first: u64,
    cost: i128,
    gain: i128,
}

impl Sum {
    fn add(&mut self, cost: i128, gain: i128, first: bool) {
        self.contacts += 1;
        self.cost += cost;
        if first {
            self.first += 1;
            self.gain += gain;
        }
    }
}

fn money(millionths: i128) -> Money {
    Money::from_whole(millionths, DIGITS)
}

impl ScheduleSummary {
    pub(super) fn of(
        plan: &TreatmentPlan,
        levers: &[LeverId],
        (placed, unplaced): (&[Placed], &[Unplaced]),
        tally: &Tally,
        horizon: Days,
    ) -> Self {
        let mut all = Sum::default();
        let (mut days, n_days) = (Vec::new(), horizon.count() as usize);
        days.resize(n_days, Sum::default());
        let mut by_channel = vec![Sum::default(); plan.channels().len()];
        let mut loads = vec![0u64; plan.channels().len() * n_days];
        let mut by_rule = vec![Sum::default(); plan.rules().len()];
        let (mut moved, mut unsent) = ([0u64; 15], [0u64; 15]);
        for contact in placed {
            let cost = cost_of(plan, contact).to_whole(DIGITS);
            let gain = Money::finite(contact.gain).to_whole(DIGITS);
            let day = (contact.minute / u32::from(DAY)) as usize;
            let channel = usize::from(contact.channel);
            let rule = &mut by_rule[usize::from(contact.rule)];
            for sum in [&mut all, &mut days[day], &mut by_channel[channel], rule] {
                sum.add(cost, gain, contact.first);
            }
            loads[channel * n_days + day] += 1;
            if contact.moved != 0 {
                for (rule, count) in PolicyRule::ALL.iter().zip(&mut moved) {
                    *count += u64::from(contact.moved & rule.bit() != 0);
                }
            }
        }
        for step in unplaced {
            unsent[step.by as usize] += 1;
        }
        let channel = |(number, of): (usize, &Sum)| {
            let channel = &plan.channels()[number];
            let load = &loads[number * n_days..(number + 1) * n_days];
            ChannelTotal {
                channel: channel.id().clone(),
                contacts: of.contacts,
                cost: money(of.cost),
                busiest: load.iter().copied().max().unwrap_or(0),
                effort: of.contacts as f64 * channel.effort,
            }
        };
        let lever = |(number, lever): (usize, &LeverId)| {
            let mut of = Sum::default();
            for (sum, rule) in by_rule.iter().zip(plan.rules()) {
                if rule.lever() == lever {
                    of.contacts += sum.contacts;
                    of.first += sum.first;
                    of.cost += sum.cost;
                    of.gain += sum.gain;
                }
            }
            let [started, without_rule, not_triggered] = tally.levers[number];
            LeverTotal {
                lever: lever.clone(),
                started,
                without_rule,
                not_triggered,
                reached: of.first,
                contacts: of.contacts,
                cost: money(of.cost),
                gain: money(of.gain),
            }
        };
        let day = |of: &Sum| DailyTotal {
            contacts: of.contacts,
            cost: money(of.cost),
            gain: money(of.gain),
        };
        let counted = |counts: [u64; 15]| {
            let rules = PolicyRule::ALL.into_iter().zip(counts);
            rules.filter(|&(_, count)| count > 0).collect()
        };
        Self {
            sequences: tally.levers.iter().map(|counts| counts[0]).sum(),
            steps: (placed.len() + unplaced.len()) as u64,
            contacts: all.contacts,
            cost: money(all.cost),
            set_aside: money(tally.set_aside),
            gain: money(all.gain),
            channels: by_channel.iter().enumerate().map(channel).collect(),
            levers: levers.iter().enumerate().map(lever).collect(),
            days: days.iter().map(day).collect(),
            moved: counted(moved),
            unsent: counted(unsent),
        }
    }
}

impl fmt::Display for ScheduleSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} contacts of {} steps in {} sequences, at a cost of {}, for a gain of {}",
            self.contacts, self.steps, self.sequences, self.cost, self.gain,
        )?;
        for total in &self.channels {
            let (channel, busiest) = (total.channel.in_words(), total.busiest);
            writeln!(
                f,
                "{:>8} contacts   {channel:<22} {:>14}, at most {busiest} a day",
                total.contacts, total.cost,
            )?;
        }
        for (rule, count) in &self.moved {
            writeln!(f, "{count:>8} moved      {rule}")?;
        }
        for (rule, count) in &self.unsent {
            writeln!(f, "{count:>8} not sent   {rule}")?;
        }
        Ok(())
    }
}
