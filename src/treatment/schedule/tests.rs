use super::*;
use crate::cluster::Segmentation;
use crate::data::Consent;
use crate::treatment::{
    Audience, Cap, Channel, Consents, ContactPolicy, ContactRecord, Firings, OverCap, Purpose,
    QuietHours, Scheduler, SendTime, Sequence, StopOn, TimeOfDay, TreatmentError, Trigger,
    Weekdays,
};
use crate::validate::{Checks, Evidence};
use crate::work::Work;

mod checker;

const EMAIL: ChannelId = ChannelId::of("email");
const CALL: ChannelId = ChannelId::of("call");
const RETAIN: LeverId = LeverId::of("retain");
const DEVELOP: LeverId = LeverId::of("develop");

fn date(y: i32, m: u32, d: u32) -> Date {
    Date::from_ymd(y, m, d).unwrap()
}

/// 2024-02-26, three days before the end of February in a leap year.
fn monday() -> Date {
    date(2024, 2, 26)
}

fn at(hour: u32) -> SendTime {
    SendTime { at: TimeOfDay::new(hour, 0).unwrap(), on: Weekdays::ALL }
}

/// Steps so many days apart, over e-mail, at ten on every day of the week.
fn every(delays: &[u32]) -> Sequence {
    let step = |days: &u32| Step::after(Days::new(*days));
    let steps = delays.iter().map(step);
    steps.fold(Sequence::new("x", [EMAIL]).send_time(at(10)), Sequence::step)
}

fn channels() -> Vec<Channel> {
    let cents = |minor| Money::from_minor(minor, 2);
    vec![Channel::new(EMAIL, cents(1)), Channel::new(CALL, cents(400)).by_people().effort(8.0)]
}

fn plan(rules: Vec<Rule>) -> TreatmentPlan {
    TreatmentPlan::new(channels(), rules).unwrap()
}

fn retain(sequence: Sequence) -> TreatmentPlan {
    plan(vec![Rule::new(RETAIN, sequence)])
}

fn purpose(lever: LeverId, gain: i64) -> Option<Purpose> {
    Some(Purpose { lever, gain: Money::from_minor(gain, 0), cost: Money::from_minor(1, 0) })
}

/// So many customers to retain, the first with the largest gain.
fn to_retain(n: usize) -> Assignments {
    let rows = (0..n).map(|row| (purpose(RETAIN, (n - row) as i64), None));
    Assignments::new(CustomerIds::numbered(n).unwrap(), rows).unwrap()
}

fn open() -> ContactPolicy {
    ContactPolicy::new().without_consent(EMAIL).without_consent(CALL)
}

/// Day and hour of the contacts of the first customer, and the rules against the other steps.
fn first(plan: &TreatmentPlan, policy: &ContactPolicy) -> (Vec<String>, Vec<PolicyRule>) {
    let schedule = Scheduler::new(plan, monday(), Days::new(60))
        .policy(policy)
        .schedule(&to_retain(1), &Work::new())
        .unwrap();
    told(&schedule)
}

fn told(schedule: &Schedule) -> (Vec<String>, Vec<PolicyRule>) {
    let times = schedule.contacts().map(|contact| contact.time().to_string()[5..16].to_owned());
    (times.collect(), schedule.unsent().map(|step| step.by()).collect())
}

#[test]
fn delays_run_over_the_end_of_a_leap_february_and_weekends_wait() {
    let (times, unsent) = first(&retain(every(&[2, 1, 1])), &open());
    assert_eq!(times, ["02-28T10:00", "02-29T10:00", "03-01T10:00"]);
    assert!(unsent.is_empty());
    let working = every(&[3, 2, 1]).send_time(SendTime::default());
    let schedule = Scheduler::new(&retain(working), monday(), Days::new(60))
        .policy(&open())
        .schedule(&to_retain(1), &Work::new())
        .unwrap();
    // Thursday; Saturday waits for Monday; and Tuesday, counted from there.
    assert_eq!(told(&schedule).0, ["02-29T10:00", "03-04T10:00", "03-05T10:00"]);
    let moved: Vec<Vec<_>> = schedule.contacts().map(|c| c.moved_by().collect()).collect();
    assert_eq!(moved, [vec![], vec![PolicyRule::SendTime], vec![PolicyRule::SendTime]]);
    assert_eq!(
        schedule.contacts().map(|c| c.planned()).collect::<Vec<_>>()[1..],
        [date(2024, 3, 2), date(2024, 3, 3),]
    );
}

#[test]
fn a_contact_in_quiet_hours_goes_out_when_they_end() {
    let time = |hour, minute| TimeOfDay::new(hour, minute).unwrap();
    let night = open().quiet_hours(QuietHours::new(time(20, 0), time(8, 0)));
    let sends = |hour, policy: &ContactPolicy| {
        let (times, unsent) = first(&retain(every(&[1]).send_time(at(hour))), policy);
        assert!(unsent.is_empty());
        times[0].clone()
    };
    assert_eq!(sends(19, &night), "02-27T19:00");
    assert_eq!(sends(20, &night), "02-28T08:00"); // the first quiet minute, over midnight
    assert_eq!(sends(23, &night), "02-28T08:00");
    assert_eq!(sends(0, &night), "02-27T08:00"); // the same night, from its other side
    assert_eq!(sends(7, &night), "02-27T08:00");
    assert_eq!(sends(8, &night), "02-27T08:00"); // the end is outside
    let noon = night.clone().quiet_hours(QuietHours::new(time(12, 0), time(14, 30)));
    assert_eq!(sends(12, &noon), "02-27T14:30");
    // Two windows that meet: out of one into the other.
    let evening = night.clone().quiet_hours(QuietHours::new(time(18, 0), time(20, 0)));
    assert_eq!(sends(18, &evening), "02-28T08:00");
    // On another channel only.
    let calls = open().quiet_hours(QuietHours::new(time(9, 0), time(17, 0)).on(CALL));
    assert_eq!(sends(10, &calls), "02-27T10:00");
    // Held over midnight into a day without contacts: the next morning that is allowed.
    let friday_night = SendTime { at: time(21, 0), on: Weekdays::WORKING };
    let plan = retain(every(&[4]).send_time(friday_night));
    assert_eq!(first(&plan, &night).0, ["03-04T08:00"]);
    // Quiet around the clock: nothing goes out, and nothing hangs.
    let always = noon.quiet_hours(QuietHours::new(time(8, 0), time(7, 59)));
    let (times, unsent) = first(&retain(every(&[1])), &always);
    assert_eq!((times.len(), unsent), (0, vec![PolicyRule::Expired]));
}

#[test]
fn caps_hold_at_the_edges_of_their_windows() {
    let daily = retain(every(&[0, 1, 1, 1, 1, 1, 1, 1]));
    let cap = |n, days| open().cap(Cap::over(EMAIL, n, Days::new(days)));
    // Two in seven days: days 0 and 1; the window that ends on day 7 has day 1 in it.
    let (times, unsent) = first(&daily, &cap(2, 7));
    assert_eq!(times, ["02-26T10:00", "02-27T10:00", "03-04T10:00"]);
    assert_eq!(unsent, [PolicyRule::ChannelCap; 5]);
    // A window of one day is the day.
    assert_eq!(first(&daily, &cap(1, 1)).0.len(), 8);
    assert_eq!(first(&daily, &cap(1, 2)).0.len(), 4);
    assert_eq!(first(&daily, &cap(0, 1)), (vec![], vec![PolicyRule::ChannelCap; 8]));
    let total = open().cap(Cap::over_all(1, Days::new(30)));
    assert_eq!(first(&daily, &total).1, [PolicyRule::TotalCap; 7]);
    // Waiting instead, each step for its own room.
    let waits = cap(2, 7).over_cap(OverCap::Wait);
    let (times, unsent) = first(&daily, &waits);
    let expected = ["02-26", "02-27", "03-04", "03-05", "03-11", "03-12", "03-18", "03-19"]
        .map(|day| format!("{day}T10:00"));
    assert_eq!((times, unsent.len()), (expected.to_vec(), 0));
    // A cap on a channel that the plan does not have changes nothing.
    let fax = open().cap(Cap::over(ChannelId::of("fax"), 0, Days::new(7)));
    assert_eq!(first(&daily, &fax).0.len(), 8);
}

#[test]
fn a_gap_and_blackouts_move_contacts_and_what_follows_them() {
    let plan = retain(every(&[0, 1, 1]));
    let gap = open().minimum_gap(Days::new(3));
    assert_eq!(first(&plan, &gap).0, ["02-26T10:00", "02-29T10:00", "03-03T10:00"]);
    let holidays = open().blackout(date(2024, 2, 27), date(2024, 2, 29));
    assert_eq!(first(&plan, &holidays).0, ["02-26T10:00", "03-01T10:00", "03-02T10:00"]);
    let both = holidays.minimum_gap(Days::new(2));
    assert_eq!(first(&plan, &both).0, ["02-26T10:00", "03-01T10:00", "03-03T10:00"]);
    let month = open().blackout(date(2024, 2, 26), date(2024, 3, 31));
    let (times, unsent) = first(&plan, &month);
    assert_eq!((times.len(), unsent), (0, vec![PolicyRule::Expired; 3]));
}

#[test]
fn what_happened_before_counts() {
    let ids = CustomerIds::numbered(4).unwrap();
    let day = |d| date(2024, 2, d);
    let record = ContactRecord::new(ids)
        .contacts([(0, EMAIL, day(20)), (0, EMAIL, day(21)), (1, CALL, day(25))])
        .unwrap()
        .last("complaint", vec![None, None, Some(day(24)), Some(day(1))])
        .unwrap();
    let policy = open()
        .cap(Cap::over(EMAIL, 2, Days::new(7)))
        .minimum_gap(Days::new(2))
        .pause_after("complaint", Days::new(5));
    let plan = retain(every(&[0, 3]));
    let schedule = Scheduler::new(&plan, monday(), Days::new(60))
        .policy(&policy)
        .record(&record)
        .schedule(&to_retain(4), &Work::new())
        .unwrap();
    let of = |row: usize| -> Vec<String> {
        schedule.of(row).map(|contact| contact.time().to_string()[5..10].to_owned()).collect()
    };
    // The 20th and 21st fill the week until the 26th; the 29th has the 24th to 29th behind it.
    assert_eq!(of(0), ["02-29"]);
    // Called yesterday: a gap of two days.
    assert_eq!(of(1), ["02-27", "03-01"]);
    // Complained on the 24th: the 29th is the fifth day after it, the 1st is free.
    assert_eq!(of(2), ["03-01", "03-04"]);
    assert_eq!(of(3), ["02-26", "02-29"]);
    let unsent: Vec<_> = schedule.unsent().map(|s| (s.row(), s.step(), s.by())).collect();
    assert_eq!(unsent, [(0, 0, PolicyRule::ChannelCap)]);
    assert_eq!(schedule.unsent().next().unwrap().channel(), Some(&EMAIL));
    let mut moved = schedule.moved().filter(|contact| contact.row() == 2);
    assert_eq!(moved.next().unwrap().moved_by().collect::<Vec<_>>(), [PolicyRule::Pause]);
}

#[test]
fn nobody_is_addressed_without_consent() {
    let (yes, no) = (Some(Consent::Given), Some(Consent::Refused));
    let ids = CustomerIds::numbered(3).unwrap();
    let consents = Consents::new(ids)
        .channel(CALL, &[no, None, None])
        .unwrap()
        .channel(EMAIL, &[yes, no, None])
        .unwrap();
    let either =
        Sequence::new("x", [CALL, EMAIL]).send_time(at(10)).step(Step::after(Days::new(0)));
    let plan = retain(either);
    let over = |policy: &ContactPolicy| -> Vec<(usize, String)> {
        let schedule = Scheduler::new(&plan, monday(), Days::new(60))
            .policy(policy)
            .consents(&consents)
            .schedule(&to_retain(3), &Work::new())
            .unwrap();
        assert_eq!(schedule.contacts().len() + schedule.unsent().len(), 3);
        assert!(schedule.unsent().all(|step| step.by() == PolicyRule::Consent));
        schedule.contacts().map(|c| (c.row(), c.channel().as_str().to_owned())).collect()
    };
    assert_eq!(over(&ContactPolicy::new()), [(0, "email".to_owned())]);
    // What needs no consent is still closed to whoever refused it.
    let calls = ContactPolicy::new().without_consent(CALL);
    let call = || "call".to_owned();
    assert_eq!(over(&calls), [(0, "email".to_owned()), (1, call()), (2, call())]);
}

#[test]
fn conditions_stops_and_outcomes_that_are_awaited() {
    let step = |days| Step::after(Days::new(days));
    let sequence = Sequence::new("hello", [EMAIL])
        .send_time(at(10))
        .step(step(0))
        .step(step(2).when(Condition::Response).creative("thanks"))
        .step(step(3).when(Condition::NoResponse).channel(CALL).cost(Money::from_minor(3, 0)))
        .step(step(1).when(Condition::Response).stop_on(StopOn::Purchase));
    let schedule = Scheduler::new(&retain(sequence), monday(), Days::new(60))
        .policy(&open())
        .schedule(&to_retain(1), &Work::new())
        .unwrap();
    let contacts: Vec<_> = schedule
        .contacts()
        .map(|c| (c.step(), c.day(), c.channel().as_str(), c.creative(), c.cost().amount()))
        .collect();
    assert_eq!(
        contacts,
        [(0, monday(), "email", "hello", 0.01), (2, date(2024, 3, 2), "call", "hello", 3.0),]
    );
    assert_eq!(schedule.contacts().next().unwrap().condition(), Condition::Always);
    let awaits: Vec<_> = schedule.unsent().map(|s| (s.step(), s.by())).collect();
    assert_eq!(awaits, [(1, PolicyRule::AwaitsOutcome), (3, PolicyRule::AwaitsOutcome)]);
    // A stop that is reached only by those of whom nothing is heard ends their course.
    let ends = Sequence::new("x", [EMAIL])
        .send_time(at(10))
        .step(step(0))
        .step(step(1).when(Condition::NoResponse).stop_on(StopOn::Sent))
        .step(step(1));
    let (times, unsent) = first(&retain(ends), &open());
    assert_eq!((times.len(), unsent), (2, vec![PolicyRule::Stopped]));
}

#[test]
fn one_sequence_at_a_time_and_the_urgent_one_first() {
    let plan = plan(vec![Rule::new(RETAIN, every(&[0, 2])), Rule::new(DEVELOP, every(&[0, 4]))]);
    let ids = CustomerIds::numbered(1).unwrap();
    let rows = [(purpose(RETAIN, 5), purpose(DEVELOP, 9))];
    let assignments = Assignments::new(ids.clone(), rows).unwrap();
    let days = |policy: &ContactPolicy, record: &ContactRecord| -> Vec<(String, u32)> {
        let schedule = Scheduler::new(&plan, monday(), Days::new(60))
            .policy(policy)
            .record(record)
            .schedule(&assignments, &Work::new())
            .unwrap();
        let told =
            |c: Contact<'_>| (c.purpose().as_str().to_owned(), c.day().days_since(monday()) as u32);
        schedule.contacts().map(told).collect()
    };
    let (r, d) = (|day| ("retain".to_owned(), day), |day| ("develop".to_owned(), day));
    let nothing = ContactRecord::new(ids);
    assert_eq!(days(&open(), &nothing), [r(0), r(2), d(3), d(7)]);
    assert_eq!(days(&open().priorities([DEVELOP]), &nothing), [d(0), d(4), r(5), r(7)]);
    assert_eq!(days(&open().side_by_side(), &nothing), [r(0), d(0), r(2), d(4)]);
    // Side by side, the gap looks both ways: day 4 was taken first by the other sequence.
    let urgent = open().side_by_side().priorities([DEVELOP]).minimum_gap(Days::new(2));
    assert_eq!(days(&urgent, &nothing), [d(0), r(2), d(4), r(6)]);
    let running = nothing.running_until(vec![Some(date(2024, 2, 27))]).unwrap();
    assert_eq!(days(&open(), &running), [r(2), r(4), d(5), d(9)]);
}

#[test]
fn capacity_goes_to_the_largest_gain_and_the_rest_waits() {
    let call = Sequence::new("call", [CALL]).send_time(at(10)).step(Step::after(Days::new(0)));
    let plan = retain(call.expires_after(Days::new(2)));
    // Two calls of eight minutes fit in 20 minutes a day.
    let schedule = Scheduler::new(&plan, monday(), Days::new(60))
        .policy(&open())
        .capacity(CALL, 20.0)
        .schedule(&to_retain(8), &Work::new())
        .unwrap();
    let days: Vec<i32> = schedule.contacts().map(|c| c.day().days_since(monday())).collect();
    assert_eq!(days, [0, 0, 1, 1, 2, 2]);
    let unsent: Vec<_> = schedule.unsent().map(|s| (s.row(), s.by())).collect();
    assert_eq!(unsent, [(6, PolicyRule::Expired), (7, PolicyRule::Expired)]);
    let why: Vec<_> = schedule.unsent().next().unwrap().moved_by().collect();
    assert_eq!(why, [PolicyRule::Capacity]);
    let summary = schedule.summary();
    let calls = &summary.channels[1];
    assert_eq!((calls.contacts, calls.busiest, calls.effort), (6, 2, 48.0));
    assert_eq!((summary.cost.amount(), summary.gain.amount()), (24.0, 33.0));
    assert_eq!(summary.moved, [(PolicyRule::Capacity, 4)]);
    assert_eq!(summary.unsent, [(PolicyRule::Expired, 2)]);
    // Equal gains go by id in byte order: `10` before `2`.
    let ids = CustomerIds::from_texts(["2", "10"]).unwrap();
    let rows = [(purpose(RETAIN, 5), None), (purpose(RETAIN, 5), None)];
    let schedule = Scheduler::new(&plan, monday(), Days::new(60))
        .policy(&open())
        .capacity(CALL, 8.0)
        .schedule(&Assignments::new(ids, rows).unwrap(), &Work::new())
        .unwrap();
    let days: Vec<i32> = schedule.contacts().map(|c| c.day().days_since(monday())).collect();
    assert_eq!(days, [1, 0]);
    // No capacity at all: the next channel of the order.
    let either =
        Sequence::new("x", [CALL, EMAIL]).send_time(at(10)).step(Step::after(Days::new(0)));
    let schedule = Scheduler::new(&retain(either), monday(), Days::new(60))
        .policy(&open())
        .capacity(CALL, 7.0)
        .schedule(&to_retain(1), &Work::new())
        .unwrap();
    assert_eq!(schedule.contacts().next().unwrap().channel(), &EMAIL);
}

#[test]
fn a_budget_is_spent_on_the_largest_gains() {
    let call = Sequence::new("call", [CALL]).send_time(at(10)).step(Step::after(Days::new(0)));
    let plan = retain(call);
    let with = |budget: i64| {
        Scheduler::new(&plan, monday(), Days::new(60))
            .policy(&open())
            .budget(Money::from_minor(budget, 0))
            .schedule(&to_retain(3), &Work::new())
            .unwrap()
    };
    let schedule = with(11);
    assert_eq!(schedule.contacts().map(|c| c.row()).collect::<Vec<_>>(), [0, 1]);
    let unsent = schedule.unsent().next().unwrap();
    assert_eq!((unsent.row(), unsent.by()), (2, PolicyRule::Budget));
    assert_eq!(
        (schedule.summary().cost.amount(), schedule.summary().set_aside.amount()),
        (8.0, 3.0)
    );
    assert_eq!(with(0).contacts().len(), 0);
    assert_eq!(with(12).contacts().len(), 3);
}

#[test]
fn triggers_start_their_sequences_and_rules_without_one_fall_in() {
    let trigger = Trigger::DecileDrop { by: 2 };
    let rules = |with_fallback: bool| {
        let mut rules = vec![Rule::new(RETAIN, every(&[1]).on(trigger.clone()))];
        if with_fallback {
            rules.push(Rule::new(RETAIN, every(&[9])));
        }
        plan(rules)
    };
    let ids = CustomerIds::numbered(3).unwrap();
    let fired = [(0, 0, date(2024, 3, 4)), (2, 0, date(2024, 1, 1))];
    let firings = Firings::new(ids, vec![trigger.clone()], fired).unwrap();
    let days = |plan: &TreatmentPlan, firings: Option<&Firings>| {
        let scheduler = Scheduler::new(plan, monday(), Days::new(60));
        let policy = open();
        let scheduler = scheduler.policy(&policy);
        let scheduler = firings.map_or(scheduler.clone(), |firings| scheduler.firings(firings));
        let schedule = scheduler.schedule(&to_retain(3), &Work::new()).unwrap();
        let days: Vec<_> =
            schedule.contacts().map(|c| (c.row(), c.day().days_since(monday()))).collect();
        (days, schedule.summary().levers[0].not_triggered)
    };
    // It fired a week ahead for the first, and before the start for the last.
    assert_eq!(days(&rules(true), Some(&firings)), (vec![(0, 8), (1, 9), (2, 1)], 0));
    assert_eq!(days(&rules(false), Some(&firings)), (vec![(0, 8), (2, 1)], 1));
    assert_eq!(days(&rules(false), None), (vec![], 3));
}

#[test]
fn a_verdict_of_no_leaves_what_rests_on_no_segment() {
    let ids = CustomerIds::numbered(3).unwrap();
    let segments = Segmentation::from_labels(&ids, &["a", "b", "a"]).unwrap();
    let audience = Audience::new(ids.clone()).segments(&segments).unwrap();
    let judge = |checks: Checks| checks.assess(&Evidence::of(&segments), &Work::new()).unwrap();
    let (no, perhaps) = (judge(Checks::none().min_customers(50)), judge(Checks::none()));
    let creative =
        |key: &str| Sequence::new(key, [EMAIL]).send_time(at(10)).step(Step::after(Days::new(0)));
    let plan = plan(vec![
        Rule::new(RETAIN, creative("everybody")),
        Rule::new(RETAIN, creative("for a")).segment("a"),
        Rule::new(RETAIN, creative("for nobody")).segment("c"),
    ]);
    let said = |verdict| {
        let policy = open();
        let schedule = Scheduler::new(&plan, monday(), Days::new(7))
            .policy(&policy)
            .audience(&audience)
            .judged_by(verdict)
            .schedule(&to_retain(3), &Work::new())
            .unwrap();
        let said: Vec<String> = schedule.contacts().map(|c| c.creative().to_owned()).collect();
        (said, schedule.withheld().map(|held| held.sequences))
    };
    let strings = |keys: [&str; 3]| keys.map(str::to_owned).to_vec();
    assert_eq!(said(&perhaps), (strings(["for a", "everybody", "for a"]), None));
    assert_eq!(said(&no), (strings(["everybody"; 3]), Some(2)));
}

#[test]
fn what_cannot_be_scheduled_is_refused() {
    let good = retain(every(&[0]));
    let schedule = |scheduler: Scheduler<'_>| {
        scheduler.schedule(&to_retain(2), &Work::new()).map(|schedule| schedule.contacts().len())
    };
    let of = |days| Scheduler::new(&good, monday(), Days::new(days));
    for days in [0, 3661, u32::MAX] {
        assert!(matches!(schedule(of(days)), Err(TreatmentError::Param { name: "horizon", .. })));
    }
    let end = Scheduler::new(&good, date(9999, 12, 31), Days::new(2));
    assert!(matches!(schedule(end), Err(TreatmentError::Param { name: "horizon", .. })));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            schedule(of(7).capacity(EMAIL, bad)),
            Err(TreatmentError::Param { name: "capacity", .. })
        ));
    }
    assert!(schedule(of(7).capacity(ChannelId::of("fax"), 1.0)).is_err());
    assert!(schedule(of(7).budget(Money::from_minor(-1, 0))).is_err());
    let faulty = retain(every(&[0, 40]));
    let refused = schedule(Scheduler::new(&faulty, monday(), Days::new(7))).unwrap_err();
    let text = "the plan has 1 faults, the first: rule 1, step 2: 40 days from the start, and the \
                sequence ends after 30 days";
    assert_eq!(refused.to_string(), text);
    let others = ContactRecord::new(CustomerIds::numbered(3).unwrap());
    assert!(matches!(schedule(of(7).record(&others)), Err(TreatmentError::OtherCustomers { .. })));
    let policies = [
        open().cap(Cap::over_all(1, Days::new(0))),
        open().cap(Cap::over_all(1, Days::new(4000))),
        open().cap(Cap::over_all(1001, Days::new(7))),
        open().minimum_gap(Days::new(4000)),
        open().blackout(date(2024, 2, 2), date(2024, 2, 1)),
        open().pause_after("", Days::new(1)),
        open().quiet_hours(QuietHours::new(at(3).at, at(3).at)),
    ];
    for policy in &policies {
        assert!(matches!(schedule(of(7).policy(policy)), Err(TreatmentError::Param { .. })));
    }
    let work = Work::new();
    work.canceller().cancel();
    let cancelled = of(7).schedule(&to_retain(2), &work);
    assert!(matches!(cancelled, Err(TreatmentError::Cancelled(_))));
    // Nobody, and nothing to do.
    let nobody = of(7).schedule(&to_retain(0), &Work::new()).unwrap();
    assert_eq!((nobody.contacts().len(), nobody.summary().steps), (0, 0));
    let ids = CustomerIds::numbered(1).unwrap();
    let rows = [(purpose(LeverId::of("maintain"), 0), None)];
    let idle = of(7).schedule(&Assignments::new(ids, rows).unwrap(), &Work::new()).unwrap();
    assert_eq!((idle.summary().steps, idle.summary().levers[0].without_rule), (0, 1));
}
