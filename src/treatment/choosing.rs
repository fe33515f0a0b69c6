//! Which rule of a plan a customer's strategy gets.

use crate::treatment::capacity::DIGITS;
use crate::treatment::timeline::Run;
use crate::treatment::{Assignments, Audience, ContactPolicy, Firings, TreatmentPlan};
use crate::units::{Date, Money};

/// A rule in numbers, as far as it says whom it is for.
struct Choice {
    rule: u16,
    segment: Option<u16>,
    need: Option<u16>,
    trigger: Option<u16>,
}

/// Finds each customer's rules.
pub(super) struct Choosing<'a> {
    assignments: &'a Assignments,
    audience: Option<&'a Audience>,
    firings: Option<&'a Firings>,
    /// The rules of each lever of the assignments, the most specific first.
    options: Vec<Vec<Choice>>,
    /// The priority of each lever, the smallest first.
    ranks: Vec<usize>,
    trusted: bool,
    start: Date,
}

/// How many sequences of each lever came to what.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Started, without a rule, with a trigger that did not fire.
    pub(super) levers: Vec<[u64; 3]>,
    /// What the strategy plan set aside for those that started, in millionths.
    pub(super) set_aside: i128,
    /// Those that distrust of the segments changed.
    pub(super) withheld: usize,
}

enum Picked {
    Rule(u16, i32),
    NotTriggered,
    None,
}

impl<'a> Choosing<'a> {
    pub(super) fn new(
        plan: &TreatmentPlan,
        policy: &ContactPolicy,
        assignments: &'a Assignments,
        audience: Option<&'a Audience>,
        firings: Option<&'a Firings>,
        (trusted, start): (bool, Date),
    ) -> Self {
        let named = |names: &[String], name: &Option<String>| match name {
            Some(name) => {
                names.iter().position(|known| known == name).map(|place| Some(place as u16))
            }
            None => Some(None),
        };
        let no_names = Vec::new();
        let segments = audience.map_or(&no_names, |audience| &audience.by_segment().names);
        let needs = audience.map_or(&no_names, |audience| &audience.by_need().names);
        let triggers = firings.map_or(&[][..], Firings::triggers);
        let options = assignments.levers().iter().map(|lever| {
            let mut rules: Vec<usize> = (0..plan.rules().len()).collect();
            rules.retain(|&rule| plan.rules()[rule].lever() == lever);
            // Stable: of rules for the same the first stays first.
            rules.sort_by_key(|&rule| std::cmp::Reverse(plan.rules()[rule].specificity()));
            let option = |rule: usize| {
                let of = &plan.rules()[rule];
                // A trigger that nobody looked at has not fired.
                let fired = |known: &_| triggers.iter().position(|trigger| trigger == known);
                let trigger = of.sequence().trigger();
                let trigger = trigger.map(|known| fired(known).map_or(u16::MAX, |i| i as u16));
                Some(Choice {
                    rule: rule as u16,
                    segment: named(segments, &of.segment)?,
                    need: named(needs, &of.need)?,
                    trigger,
                })
            };
            rules.into_iter().filter_map(option).collect()
        });
        let rank = |lever| {
            let place = policy.priorities.iter().position(|known| known == lever);
            place.unwrap_or(policy.priorities.len())
        };
        Self {
            assignments,
            audience,
            firings,
            options: options.collect(),
            ranks: assignments.levers().iter().map(rank).collect(),
            trusted,
            start,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { levers: vec![[0; 3]; self.options.len()], ..Tally::default() }
    }

    /// A customer's sequences, in the order in which they go.
    pub(super) fn runs(&self, row: usize, tally: &mut Tally) -> [Option<Run>; 2] {
        let aims = &self.assignments.rows()[row];
        let mut runs = [None; 2];
        for (slot, aim) in aims.iter().enumerate() {
            let Some(aim) = aim else { continue };
            let counts = &mut tally.levers[usize::from(aim.lever)];
            let picked = self.pick(row, aim.lever, self.trusted);
            match picked {
                Picked::Rule(rule, own_start) => {
                    counts[0] += 1;
                    tally.set_aside += Money::finite(aim.cost).to_whole(DIGITS);
                    let (row, slot) = (row as u32, slot as u8);
                    runs[usize::from(slot)] =
                        Some(Run { row, rule, slot, own_start, gain: aim.gain });
                }
                Picked::None => counts[1] += 1,
                Picked::NotTriggered => counts[2] += 1,
            }
            if !self.trusted {
                let rule = |picked: &Picked| match picked {
                    Picked::Rule(rule, _) => Some(*rule),
                    _ => None,
                };
                let with_segments = self.pick(row, aim.lever, true);
                tally.withheld += usize::from(rule(&with_segments) != rule(&picked));
            }
        }
        if let [Some(first), Some(second)] = aims
            && self.ranks[usize::from(second.lever)] < self.ranks[usize::from(first.lever)]
        {
            runs.swap(0, 1);
        }
        runs
    }

    fn pick(&self, row: usize, lever: u16, by_segment: bool) -> Picked {
        let audience = self.audience;
        let segment = audience.and_then(|audience| audience.by_segment().of(row));
        let need = audience.and_then(|audience| audience.by_need().of(row));
        let mut waits = false;
        for option in &self.options[usize::from(lever)] {
            let is_for = |asked: Option<u16>, has| asked.is_none() || asked == has;
            let trusted = by_segment || option.segment.is_none();
            if !(trusted && is_for(option.segment, segment) && is_for(option.need, need)) {
                continue;
            }
            let Some(trigger) = option.trigger else { return Picked::Rule(option.rule, 0) };
            let mut fired = self.firings.map_or(&[][..], |firings| firings.of(row)).iter();
            if let Some(firing) = fired.find(|firing| firing.trigger() == usize::from(trigger)) {
                // What fired before the schedule starts, starts with it.
                return Picked::Rule(option.rule, firing.day().days_since(self.start).max(0));
            }
            waits = true;
        }
        if waits { Picked::NotTriggered } else { Picked::None }
    }
}
