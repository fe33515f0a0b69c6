//! An independent judge: random plans and policies are scheduled, and every contact is held against
//! every rule by plain loops over plain days.

use std::collections::BTreeMap;

use super::*;
use crate::units::Weekday;

/// Numbers without a pattern, the same on every run.
struct Dice(u64);

impl Dice {
    /// From zero up to `n`, which is excluded.
    fn below(&mut self, n: u64) -> u64 {
        let (factor, step) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.0 = self.0.wrapping_mul(factor).wrapping_add(step);
        (self.0 >> 33) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn days(&mut self, n: u64) -> Days {
        Days::new(self.below(n) as u32)
    }

    fn time(&mut self) -> TimeOfDay {
        TimeOfDay::new(self.below(24) as u32, self.below(60) as u32).unwrap()
    }
}

/// Everything that a schedule is made from.
struct World {
    plan: TreatmentPlan,
    policy: ContactPolicy,
    consents: Consents,
    record: ContactRecord,
    assignments: Assignments,
    capacity: Option<u32>,
    budget: Option<Money>,
    horizon: u32,
}

const NAMES: [&str; 3] = ["email", "call", "letter"];
const CUSTOMERS: usize = 60;

fn channel(number: u64) -> ChannelId {
    ChannelId::of(NAMES[number as usize])
}

fn sequence(dice: &mut Dice) -> Sequence {
    let mut order: Vec<ChannelId> = (0..3).map(channel).collect();
    order.rotate_left(dice.below(3) as usize);
    order.truncate(1 + dice.below(3) as usize);
    let days: Vec<Weekday> = Weekday::ALL.into_iter().filter(|_| !dice.one_in(3)).collect();
    let on = if days.is_empty() { Weekdays::ALL } else { Weekdays::of(days) };
    let mut sequence = Sequence::new("x", order)
        .send_time(SendTime { at: dice.time(), on })
        .expires_after(Days::new(12 + dice.below(20) as u32));
    for number in 0..1 + dice.below(4) {
        let mut step = Step::after(dice.days(4));
        if dice.one_in(3) {
            step = step.channel(channel(dice.below(3)));
        }
        if number > 0 && dice.one_in(4) {
            step = step.when(Condition::Response);
        }
        sequence = sequence.step(step);
    }
    sequence
}

fn policy(dice: &mut Dice) -> ContactPolicy {
    let mut policy = ContactPolicy::new().without_consent(channel(2));
    for _ in 0..dice.below(3) {
        let (n, window) = (1 + dice.below(3) as u32, Days::new(1 + dice.below(9) as u32));
        let (over, all) = (channel(dice.below(3)), dice.one_in(2));
        let cap = if all { Cap::over_all(n, window) } else { Cap::over(over, n, window) };
        policy = policy.cap(cap);
    }
    if dice.one_in(2) {
        policy = policy.over_cap(OverCap::Wait);
    }
    policy = policy.minimum_gap(dice.days(4));
    for _ in 0..dice.below(3) {
        let (from, until, of) = (dice.time(), dice.time(), channel(dice.below(3)));
        if from != until {
            let hours = QuietHours::new(from, until);
            policy = policy.quiet_hours(if dice.one_in(2) { hours } else { hours.on(of) });
        }
    }
    for _ in 0..dice.below(3) {
        let from = monday().day_number() + dice.below(20) as i32;
        let until = from + dice.below(4) as i32;
        let day = |number| Date::from_day_number(number).unwrap();
        policy = policy.blackout(day(from), day(until));
    }
    policy = policy.pause_after("complaint", dice.days(15));
    if dice.one_in(3) {
        policy = policy.side_by_side();
    }
    if dice.one_in(2) {
        policy = policy.priorities([DEVELOP]);
    }
    policy
}

fn world(seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let cost = |minor| Money::from_minor(minor, 2);
    let channels = vec![
        Channel::new(channel(0), cost(1)),
        Channel::new(channel(1), cost(400)).effort(8.0),
        Channel::new(channel(2), cost(90)),
    ];
    let rules = [RETAIN, DEVELOP].map(|lever| Rule::new(lever, sequence(&mut dice))).to_vec();
    // Delays of up to sixteen days may lie behind the shortest life: those plans have faults.
    let plan = TreatmentPlan::new(channels, rules).unwrap();
    let policy = policy(&mut dice);
    let ids = CustomerIds::numbered(CUSTOMERS).unwrap();
    let mut consents = Consents::new(ids.clone());
    for number in 0..3 {
        let said = |dice: &mut Dice| match dice.below(5) {
            0 => None,
            1 => Some(Consent::Refused),
            _ => Some(Consent::Given),
        };
        let said: Vec<_> = (0..CUSTOMERS).map(|_| said(&mut dice)).collect();
        consents = consents.channel(channel(number), &said).unwrap();
    }
    let before = |dice: &mut Dice| {
        Date::from_day_number(monday().day_number() - 1 - dice.below(12) as i32).unwrap()
    };
    let contacts: Vec<_> = (0..CUSTOMERS)
        .map(|_| {
            let row = dice.below(CUSTOMERS as u64) as usize;
            (row, channel(dice.below(3)), before(&mut dice))
        })
        .collect();
    let complaints = (0..CUSTOMERS).map(|_| dice.one_in(3).then(|| before(&mut dice))).collect();
    let record = ContactRecord::new(ids.clone())
        .contacts(contacts)
        .unwrap()
        .last("complaint", complaints)
        .unwrap();
    let aim = |dice: &mut Dice, lever| purpose(lever, dice.below(50) as i64);
    let rows: Vec<_> = (0..CUSTOMERS)
        .map(|_| {
            let (first, second) = (aim(&mut dice, RETAIN), aim(&mut dice, DEVELOP));
            match dice.below(4) {
                0 => (None, second),
                1 => (first, None),
                _ => (first, second),
            }
        })
        .collect();
    World {
        plan,
        policy,
        consents,
        record,
        assignments: Assignments::new(ids, rows).unwrap(),
        capacity: dice.one_in(2).then(|| dice.below(6) as u32),
        budget: dice.one_in(3).then(|| Money::from_minor(dice.below(20_000) as i64, 2)),
        horizon: 10 + dice.below(30) as u32,
    }
}

impl World {
    fn schedule(&self) -> Schedule {
        let mut scheduler = Scheduler::new(&self.plan, monday(), Days::new(self.horizon))
            .policy(&self.policy)
            .consents(&self.consents)
            .record(&self.record);
        if let Some(calls) = self.capacity {
            scheduler = scheduler.capacity(channel(1), 8.0 * f64::from(calls));
        }
        if let Some(budget) = self.budget {
            scheduler = scheduler.budget(budget);
        }
        scheduler.schedule(&self.assignments, &Work::new()).unwrap()
    }

    fn sequence(&self, lever: &LeverId) -> &Sequence {
        &self.plan.rules()[usize::from(*lever != RETAIN)].sequence
    }
}

/// One contact, read off the schedule.
struct Seen {
    day: Date,
    minute: u16,
    channel: ChannelId,
    lever: LeverId,
    step: usize,
}

fn is_quiet(hours: &QuietHours, minute: u16) -> bool {
    let mut at = hours.from.minutes();
    while at != hours.until.minutes() {
        if at == minute {
            return true;
        }
        at = (at + 1) % 1440;
    }
    false
}

fn judge_contact(world: &World, row: usize, contact: &Seen) {
    let policy = &world.policy;
    let sequence = world.sequence(&contact.lever);
    assert!(sequence.channels_of(contact.step).contains(&contact.channel));
    assert!(sequence.send_time.on.contains(contact.day.weekday()), "day of the week");
    let day = contact.day.days_since(monday());
    assert!((0..world.horizon as i32).contains(&day), "horizon");
    let said = world.consents.of(row, &contact.channel);
    let asks = !policy.without_consent.contains(&contact.channel);
    assert!(said == Some(Consent::Given) || (said.is_none() && !asks), "consent");
    for hours in &policy.quiet {
        if hours.channel.as_ref().is_none_or(|of| *of == contact.channel) {
            assert!(!is_quiet(hours, contact.minute), "quiet hours");
        }
    }
    for &(from, until) in &policy.blackouts {
        assert!(contact.day < from || contact.day > until, "blackout");
    }
    for pause in &policy.pauses {
        if let Some(event) = world.record.last_of(row, &pause.after) {
            let after = contact.day.days_since(event);
            assert!(after < 0 || after > pause.days.count() as i32, "pause");
        }
    }
}

fn judge_customer(world: &World, row: usize, seen: &[Seen]) {
    let policy = &world.policy;
    for contact in seen {
        judge_contact(world, row, contact);
    }
    let before = world.record.contacts_of(row).map(|(day, channel)| (day, channel.clone()));
    let mut all: Vec<(Date, ChannelId)> = before.collect();
    let earlier = all.len();
    all.extend(seen.iter().map(|contact| (contact.day, contact.channel.clone())));
    let gap = policy.minimum_gap.count() as i32;
    for (place, (a, _)) in all.iter().enumerate() {
        // Earlier contacts may have been nearer to each other than the policy allows now.
        for (b, _) in &all[(place + 1).max(earlier)..] {
            assert!(a.days_since(*b).abs() >= gap, "gap");
        }
    }
    for cap in &policy.caps {
        let counts = |channel: &ChannelId| cap.channel.as_ref().is_none_or(|of| of == channel);
        for end in 0..world.horizon as i32 + 12 {
            let within = |(day, channel): &&(Date, ChannelId)| {
                let day = day.days_since(monday());
                day > end - cap.window.count() as i32 && day <= end && counts(channel)
            };
            let ours = all[earlier..].iter().filter(within).count();
            let n = all.iter().filter(within).count();
            assert!(ours == 0 || n <= cap.contacts as usize, "cap");
        }
    }
    let mine = |lever: LeverId| -> Vec<&Seen> {
        seen.iter().filter(|contact| contact.lever == lever).collect()
    };
    for lever in [RETAIN, DEVELOP] {
        let sequence = world.sequence(&lever);
        let mine = mine(lever);
        for pair in mine.windows(2) {
            let apart = sequence.steps[pair[1].step].after.count() as i32;
            assert!(pair[0].step < pair[1].step, "order of steps");
            assert!(pair[1].day.days_since(pair[0].day) >= apart, "delay");
            let in_order = (pair[0].day, pair[0].minute) <= (pair[1].day, pair[1].minute);
            assert!(in_order, "order of times");
        }
        if let (Some(first), Some(last)) = (mine.first(), mine.last()) {
            let lives = sequence.expires_after.count() as i32;
            assert!(last.day.days_since(first.day) <= lives, "expiry");
        }
    }
    if !policy.side_by_side {
        let span = |lever| {
            let days: Vec<Date> = mine(lever).iter().map(|contact| contact.day).collect();
            Some((*days.iter().min()?, *days.iter().max()?))
        };
        if let (Some(a), Some(b)) = (span(RETAIN), span(DEVELOP)) {
            assert!(a.1 < b.0 || b.1 < a.0, "one sequence at a time");
        }
    }
}

/// Contacts of each customer, and which steps of which strategy are accounted for.
type Account = (Vec<Vec<Seen>>, BTreeMap<(usize, LeverId), Vec<usize>>);

fn account(world: &World, schedule: &Schedule) -> Account {
    let mut seen: Vec<Vec<Seen>> = (0..CUSTOMERS).map(|_| Vec::new()).collect();
    let mut steps: BTreeMap<(usize, LeverId), Vec<usize>> = BTreeMap::new();
    for contact in schedule.contacts() {
        let (row, lever) = (contact.row(), contact.purpose().clone());
        let minute = (contact.time().seconds() - contact.day().midnight().seconds()) / 60;
        let at = world.sequence(&lever).send_time.at.minutes();
        let as_planned = contact.planned() == contact.day() && minute == i64::from(at);
        assert!(as_planned || contact.moved_by().count() > 0, "moved, and nobody says why");
        assert!(contact.planned() <= contact.day(), "earlier than planned");
        steps.entry((row, lever.clone())).or_default().push(contact.step());
        seen[row].push(Seen {
            day: contact.day(),
            minute: minute as u16,
            channel: contact.channel().clone(),
            lever,
            step: contact.step(),
        });
    }
    for step in schedule.unsent() {
        steps.entry((step.row(), step.purpose().clone())).or_default().push(step.step());
    }
    (seen, steps)
}

fn judge_totals(world: &World, schedule: &Schedule) {
    let (mut calls, mut cost) = (BTreeMap::<Date, u32>::new(), 0.0);
    for contact in schedule.contacts() {
        *calls.entry(contact.day()).or_default() += u32::from(*contact.channel() == channel(1));
        cost += contact.cost().amount();
    }
    let room = world.capacity.unwrap_or(u32::MAX);
    assert!(calls.values().all(|&calls| calls <= room), "capacity");
    assert!(world.budget.is_none_or(|budget| cost <= budget.amount() + 1e-6), "budget");
    let summary = schedule.summary();
    let kept: u64 = summary.unsent.iter().map(|(_, n)| n).sum();
    assert_eq!(kept + summary.contacts, summary.steps);
    assert_eq!(summary.days.iter().map(|day| day.contacts).sum::<u64>(), summary.contacts);
    let adds_up = |amounts: Vec<Money>, total: Money| {
        let sum: Money = amounts.into_iter().sum();
        assert!((sum.amount() - total.amount()).abs() < 1e-6, "totals");
    };
    adds_up(vec![Money::new(cost).unwrap()], summary.cost);
    adds_up(summary.days.iter().map(|day| day.cost).collect(), summary.cost);
    adds_up(summary.levers.iter().map(|lever| lever.cost).collect(), summary.cost);
    adds_up(summary.channels.iter().map(|channel| channel.cost).collect(), summary.cost);
    adds_up(summary.levers.iter().map(|lever| lever.gain).collect(), summary.gain);
    adds_up(summary.days.iter().map(|day| day.gain).collect(), summary.gain);
}

#[test]
fn no_schedule_breaks_a_rule_and_nothing_is_dropped_in_silence() {
    let (mut contacts, mut binding) = (0, BTreeMap::new());
    let worlds = (0..400).map(world).filter(|world| world.plan.validate().is_empty());
    for world in worlds {
        let schedule = world.schedule();
        let (seen, mut steps) = account(&world, &schedule);
        for (row, seen) in seen.iter().enumerate() {
            judge_customer(&world, row, seen);
            let aims = [world.assignments.primary(row), world.assignments.secondary(row)];
            for lever in aims.into_iter().flatten().map(|purpose| purpose.lever) {
                let n = world.sequence(&lever).steps.len();
                let mut of = steps.remove(&(row, lever)).unwrap();
                of.sort_unstable();
                assert_eq!(of, (0..n).collect::<Vec<_>>(), "every step once");
            }
        }
        assert!(steps.is_empty(), "steps of nobody");
        judge_totals(&world, &schedule);
        contacts += schedule.contacts().len();
        for (rule, n) in schedule.summary().unsent.iter().chain(&schedule.summary().moved) {
            *binding.entry(*rule).or_insert(0) += n;
        }
    }
    // The worlds are such that every rule has something to do.
    assert!(contacts > 10_000, "{contacts}");
    for rule in PolicyRule::ALL {
        let can = rule != PolicyRule::Stopped; // no step of these sequences ends them
        assert!(!can || binding.get(&rule).is_some_and(|&n| n > 50), "{rule} in {binding:?}");
    }
}

#[test]
fn limits_that_do_not_bind_change_nothing() {
    for seed in 0..60 {
        let mut world = world(seed);
        if !world.plan.validate().is_empty() {
            continue;
        }
        (world.capacity, world.budget) = (None, None);
        let free = world.schedule();
        (world.capacity, world.budget) = (Some(CUSTOMERS as u32 * 4), None);
        assert!(world.schedule() == free, "{seed}");
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_schedule_is_the_same_on_any_number_of_threads() {
    let n = 20_000;
    let ids = CustomerIds::numbered(n).unwrap();
    let mut dice = Dice(7);
    let rows: Vec<_> = (0..n)
        .map(|_| {
            let second = purpose(DEVELOP, dice.below(9) as i64);
            (purpose(RETAIN, dice.below(9) as i64), second.filter(|_| dice.one_in(2)))
        })
        .collect();
    let assignments = Assignments::new(ids, rows).unwrap();
    let call = Sequence::new("x", [CALL, EMAIL]).step(Step::after(Days::new(1)));
    let plan = plan(vec![Rule::new(RETAIN, call), Rule::new(DEVELOP, every(&[0, 3, 1]))]);
    let policy = open().cap(Cap::over_all(2, Days::new(5)));
    let schedule = || {
        Scheduler::new(&plan, monday(), Days::new(28))
            .policy(&policy)
            .capacity(CALL, 8.0 * 700.0)
            .budget(Money::from_minor(45_000, 0))
            .schedule(&assignments, &Work::new())
            .unwrap()
    };
    let on = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(schedule)
    };
    let (one, three) = (on(1), on(3));
    assert!(one == three);
    assert_eq!(one.summary().channels[1].busiest, 700);
}
