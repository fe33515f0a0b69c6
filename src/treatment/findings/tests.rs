use super::*;
use crate::data::Consent;
use crate::needs::{Need, NeedEvidence, Observable};
use crate::treatment::{Channel, Incentive, Step, Trigger};
use crate::units::{CustomerIds, Money, Probability};
use Condition::{Always, NoPurchase, NoResponse, Purchase, Response};

const EMAIL: ChannelId = ChannelId::of("email");
const CALL: ChannelId = ChannelId::of("call");
const RETAIN: LeverId = LeverId::of("retain");

/// A sequence of conditions, each with what stops the sequence after it.
fn of(steps: &[(Condition, &[StopOn])]) -> Sequence {
    steps.iter().fold(Sequence::new("x", [EMAIL]), |sequence, (when, stops)| {
        let step = Step::after(Days::new(1)).when(*when);
        sequence.step(stops.iter().fold(step, |step, &stop| step.stop_on(stop)))
    })
}

fn plan(rules: Vec<Rule>) -> TreatmentPlan {
    let call = Channel::new(CALL, Money::ZERO).by_people();
    TreatmentPlan::new(vec![Channel::new(EMAIL, Money::ZERO), call], rules).unwrap()
}

fn faults(rule: Rule) -> Vec<PlanFinding> {
    plan(vec![rule]).validate()
}

/// Steps, and which of them somebody reaches.
type Case<'a> = (&'a [(Condition, &'a [StopOn])], &'a [bool]);

#[test]
fn steps_that_nobody_reaches() {
    let sent: &[StopOn] = &[StopOn::Sent];
    let on_response: &[StopOn] = &[StopOn::Response];
    let on_purchase: &[StopOn] = &[StopOn::Purchase];
    let cases: [Case<'_>; 11] = [
        // Behind an unconditional stop.
        (&[(Always, sent), (Always, &[])], &[true, false]),
        // The stop is only for those who have not answered.
        (&[(Always, &[]), (NoResponse, sent), (Always, &[])], &[true, true, true]),
        (&[(Always, &[]), (NoResponse, sent), (NoResponse, &[])], &[true, true, false]),
        // Nothing was sent that could be answered.
        (&[(Response, &[])], &[false]),
        (&[(Purchase, &[])], &[false]),
        // An answer ends the sequence, so nobody has answered and goes on.
        (&[(Always, on_response), (Response, &[])], &[true, false]),
        (&[(Always, &[]), (Always, on_response), (Response, &[])], &[true, true, true]),
        (&[(Always, on_purchase), (Purchase, &[])], &[true, false]),
        (&[(NoPurchase, on_purchase), (Purchase, &[])], &[true, false]),
        // Whoever bought has not been stopped by the second step.
        (&[(Always, &[]), (NoPurchase, sent), (Always, &[])], &[true, true, true]),
        // Whoever answers between the second and the third step is stopped by neither.
        (&[(Always, &[]), (Response, sent), (NoResponse, sent), (Always, &[])], &[true; 4]),
    ];
    for (steps, expected) in cases {
        assert_eq!(reachable(&of(steps)), expected, "{steps:?}");
    }
    let found = faults(Rule::new(RETAIN, of(&[(Always, on_response), (Response, &[])])));
    let fault = PlanFault::Unreachable { condition: Response };
    assert_eq!(found, [PlanFinding { rule: 0, step: Some(1), fault }]);
    assert_eq!(found[0].severity(), Severity::Fault);
    let text = "rule 1, step 2: no customer can get here with the condition `response`";
    assert_eq!(found[0].to_string(), text);
}

/// Every sequence of three steps, against each course of events tried out one by one.
#[test]
fn reaching_a_step_is_what_trying_out_every_course_finds() {
    let conditions = [Always, NoResponse, Response, NoPurchase, Purchase];
    let stops: [&[StopOn]; 4] = [&[], &[StopOn::Sent], &[StopOn::Response], &[StopOn::Purchase]];
    let kinds: Vec<(Condition, &[StopOn])> =
        conditions.iter().flat_map(|&when| stops.map(|stops| (when, stops))).collect();
    for &a in &kinds {
        for &b in &kinds {
            for &c in &kinds {
                let steps = [a, b, c];
                assert_eq!(reachable(&of(&steps)), tried_out(&steps), "{steps:?}");
            }
        }
    }
}

/// Bits of `course` say, for the time before each step, whether the customer answers and buys.
fn tried_out(steps: &[(Condition, &[StopOn]); 3]) -> Vec<bool> {
    let mut reached = vec![false; 3];
    'courses: for course in 0u32..64 {
        let (mut contacted, mut responded, mut purchased) = (false, false, false);
        let mut listening: Vec<StopOn> = Vec::new();
        for (place, (when, stops)) in steps.iter().enumerate() {
            let responds = course >> (2 * place) & 1 == 1;
            let purchases = course >> (2 * place + 1) & 1 == 1;
            let cannot = (responds || purchases) && !contacted;
            let ends = (responds && listening.contains(&StopOn::Response))
                || (purchases && listening.contains(&StopOn::Purchase));
            if cannot || ends {
                continue 'courses;
            }
            responded |= responds;
            purchased |= purchases;
            let goes_out = match when {
                Always => true,
                NoResponse => !responded,
                Response => responded,
                NoPurchase => !purchased,
                Purchase => purchased,
            };
            if goes_out {
                reached[place] = true;
                contacted = true;
                listening.extend_from_slice(stops);
                if stops.contains(&StopOn::Sent) {
                    continue 'courses;
                }
            }
        }
    }
    reached
}

#[test]
fn steps_behind_the_end_of_the_sequence() {
    let step = |days| Step::after(Days::new(days));
    let sequence = || Sequence::new("x", [EMAIL]).step(step(3)).step(step(4)).step(step(1));
    assert!(faults(Rule::new(RETAIN, sequence().expires_after(Days::new(8)))).is_empty());
    let found = faults(Rule::new(RETAIN, sequence().expires_after(Days::new(6))));
    let late = |earliest| PlanFault::AfterExpiry {
        earliest: Days::new(earliest),
        expires_after: Days::new(6),
    };
    let fault = |step, fault| PlanFinding { rule: 0, step: Some(step), fault };
    assert_eq!(found, [fault(1, late(7)), fault(2, late(8))]);
}

#[test]
fn incentives_that_contradict_the_strategy() {
    let five = Money::from_minor(5, 0);
    let with = |lever: &str, levers: &[&str]| {
        let levers = levers.iter().map(|&lever| LeverId::new(lever.to_owned()));
        let sequence = of(&[(Always, &[])]).incentive(Incentive::new("voucher", five, levers));
        faults(Rule::new(LeverId::new(lever.to_owned()), sequence))
    };
    assert!(with("retain", &["win_back", "retain"]).is_empty());
    for lever in ["reduce_cost_to_serve", "maintain", "exit", "reprice"] {
        let found = with(lever, &[lever]);
        let contradicts = PlanFault::IncentiveContradicts { lever: LeverId::new(lever.to_owned()) };
        assert_eq!((found.len(), &found[0].fault), (1, &contradicts));
    }
    let found = with("retain", &["win_back"]);
    assert_eq!(found[0].fault, PlanFault::IncentiveForOthers { lever: RETAIN });
}

#[test]
fn rules_that_never_win() {
    let sequence = || of(&[(Always, &[])]);
    let on = |days| sequence().on(Trigger::Anniversary { within: Days::new(days) });
    let plan = plan(vec![
        Rule::new(RETAIN, sequence()),
        Rule::new(RETAIN, sequence()).segment("a"),
        Rule::new(RETAIN, on(7)),
        Rule::new(RETAIN, on(8)),
        Rule::new(RETAIN, sequence()).segment("a"),
        Rule::new(RETAIN, on(7)),
    ]);
    let found: Vec<_> = plan.validate().into_iter().map(|f| (f.rule, f.step, f.fault)).collect();
    let expected =
        [(4, None, PlanFault::Shadowed { by: 1 }), (5, None, PlanFault::Shadowed { by: 2 })];
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_known_here_and_who_does_not_allow_it() {
    let ids = CustomerIds::numbered(2).unwrap();
    let segments = Segmentation::from_labels(&ids, &["a", "b"]).unwrap();
    let speed = vec![Some(1.0), None];
    let speed = Need::new("speed", NeedEvidence::Observed, Observable::InOwnData, speed);
    let needs = Needs::new(ids.clone()).with(speed).unwrap();
    let sequence = || Sequence::new("x", [EMAIL, CALL]).step(Step::after(Days::new(0)));
    let plan = plan(vec![
        Rule::new(RETAIN, sequence()).segment("b").need("speed"),
        Rule::new(RETAIN, sequence()).segment("c"),
        Rule::new(RETAIN, sequence()).need("price"),
        Rule::new(LeverId::of("delight"), sequence()),
    ]);
    let check = PlanCheck::new().levers([RETAIN]).segments(&segments).needs(&needs);
    let found: Vec<String> = check.check(&plan).iter().map(ToString::to_string).collect();
    let expected = [
        "rule 2: there is no segment `c`",
        "rule 3: there is no need `price`",
        "rule 4: there is no strategy `delight`",
    ];
    assert_eq!(found, expected);
    assert!(plan.validate().is_empty());

    let nobody = [Some(Consent::Refused), None];
    let consents = Consents::new(ids).channel(EMAIL, &nobody).unwrap();
    let found = PlanCheck::new().consents(&consents, [CALL]).check(&plan);
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].fault, PlanFault::NoConsent { channel: EMAIL });
    assert_eq!((found[0].step, found[0].severity()), (Some(0), Severity::Warning));
    assert_eq!(PlanCheck::new().consents(&consents, []).check(&plan).len(), 8);
}

#[test]
fn people_are_not_made_to_speak_for_a_model() {
    let chance = Probability::new(0.3).unwrap();
    let with = |trigger| {
        let sequence = Sequence::new("x", [EMAIL, CALL]).step(Step::after(Days::new(0)));
        faults(Rule::new(RETAIN, sequence.on(trigger)))
    };
    let found = with(Trigger::LowPAlive { below: chance });
    let fault = PlanFault::AnalyticToPeople { channel: CALL, trigger: "low_p_alive" };
    assert_eq!(found, [PlanFinding { rule: 0, step: Some(0), fault }]);
    assert_eq!(found[0].severity(), Severity::Warning);
    assert!(with(Trigger::Overdue { probability: chance }).is_empty());
}
