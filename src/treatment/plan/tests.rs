use super::*;
use crate::treatment::{Incentive, SendTime, Step, Weekdays};
use crate::units::Days;

const EMAIL: ChannelId = ChannelId::of("email");

fn sequence() -> Sequence {
    Sequence::new("hello", [EMAIL]).step(Step::after(Days::new(0)))
}

fn channel() -> Channel {
    Channel::new(EMAIL, Money::ZERO)
}

fn with(sequence: Sequence) -> Result<TreatmentPlan, TreatmentError> {
    TreatmentPlan::new(vec![channel()], vec![Rule::new(LeverId::of("retain"), sequence)])
}

fn wrong(result: Result<TreatmentPlan, TreatmentError>) -> (Option<usize>, &'static str) {
    match result {
        Err(TreatmentError::Plan { step, what, .. }) => (step, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn parts_that_cannot_be_are_named() {
    let money = |amount| Money::new(amount).unwrap();
    let (retain, call) = (LeverId::of("retain"), ChannelId::of("call"));
    assert!(with(sequence()).is_ok());
    let step = || Step::after(Days::new(0));
    let cases = [
        (Sequence::new("", [EMAIL]).step(step()), (None, "creative")),
        (Sequence::new("x", [EMAIL]), (None, "steps")),
        (Sequence::new("x", [call.clone()]).step(step()), (None, "channels")),
        (Sequence::new("x", []).step(step()), (Some(0), "channel")),
        (sequence().step(step().channel(call)), (Some(1), "channel")),
        (sequence().step(step().creative("")), (Some(1), "creative")),
        (sequence().step(step().cost(money(-1.0))), (Some(1), "cost")),
        (sequence().step(Step::after(Days::new(40_000))), (Some(1), "after")),
        (sequence().expires_after(Days::new(40_000)), (None, "expires_after")),
        (
            sequence().send_time(SendTime { on: Weekdays::of([]), ..SendTime::default() }),
            (None, "weekdays"),
        ),
        (
            sequence().incentive(Incentive::new("", money(1.0), [retain.clone()])),
            (None, "incentive"),
        ),
        (
            sequence().incentive(Incentive::new("x", Money::ZERO, [retain.clone()])),
            (None, "amount of the incentive"),
        ),
    ];
    for (sequence, expected) in cases {
        assert_eq!(wrong(with(sequence)), expected);
    }
    let rule = || Rule::new(retain.clone(), sequence());
    let plan = |channels, rules| wrong(TreatmentPlan::new(channels, rules)).1;
    assert_eq!(plan(vec![channel(), channel()], vec![]), "channels");
    assert_eq!(plan(vec![Channel::new(ChannelId::of(""), Money::ZERO)], vec![]), "channel");
    assert_eq!(plan(vec![Channel::new(EMAIL, money(-0.1))], vec![]), "cost of a channel");
    for effort in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(plan(vec![channel().effort(effort)], vec![]), "effort of a channel");
    }
    assert_eq!(plan(vec![channel()], vec![Rule::new(LeverId::of(""), sequence())]), "lever");
    assert_eq!(plan(vec![channel()], vec![rule().segment("")]), "segment or need");
    let text = TreatmentPlan::new(vec![], vec![rule()]).unwrap_err().to_string();
    assert_eq!(text, "rule 1: `channels` is not a list of channels in the plan's table");
}

#[test]
fn a_need_counts_more_than_a_segment_and_a_trigger_decides_between_equals() {
    let rule = || Rule::new(LeverId::of("retain"), sequence());
    let triggered = sequence().on(Trigger::Anniversary { within: Days::new(7) });
    let order = [
        rule(),
        Rule::new(LeverId::of("retain"), triggered),
        rule().segment("a"),
        rule().need("n"),
        rule().segment("a").need("n"),
    ];
    assert!(order.windows(2).all(|pair| pair[0].specificity() < pair[1].specificity()));
}

#[test]
fn thresholds_of_triggers_are_checked_with_the_plan() {
    let by = |by| with(sequence().on(Trigger::DecileDrop { by }));
    assert!(by(1).is_ok() && by(9).is_ok());
    for bad in [0, 10] {
        assert!(matches!(by(bad), Err(TreatmentError::Param { name: "by", .. })));
    }
    let plan = by(2).unwrap();
    assert_eq!(plan.triggers(), [Trigger::DecileDrop { by: 2 }]);
}
