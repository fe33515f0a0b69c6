use super::*;
use crate::data::{
    Event, EventBatches, EventRequest, EventSource, HistorySpec, SourceError, Transaction,
};
use crate::units::{Days, Money, Probability};
use crate::value::{ValueBasis, ValueUnit, Worth};

fn day(m: u32, d: u32) -> Date {
    Date::from_ymd(2024, m, d).unwrap()
}

fn chance(p: f64) -> Probability {
    Probability::new(p).unwrap()
}

/// Customer, day, category.
type Line = (&'static str, Date, &'static str);

fn history(lines: &[Line], until: Date) -> CustomerHistory {
    let rows: Vec<Transaction<'_>> = lines
        .iter()
        .map(|&(who, on, category)| Transaction::new(who, on, 1.0).category(category))
        .collect();
    let spec = HistorySpec::new().rhythm().categories().observed_until(until);
    CustomerHistory::read(&rows, &spec, &Work::new()).unwrap()
}

fn fired(moment: &Moment<'_>, trigger: Trigger) -> Vec<(usize, Date, Vec<f64>)> {
    let firings = moment.fires(&[trigger], &Work::new()).unwrap();
    firings.all().iter().map(|f| (f.row(), f.day(), f.figures().to_vec())).collect()
}

#[test]
fn overdue_against_their_own_rhythm_only() {
    // Ann buys every 2 days, Bob every 40; Cid once.
    let mut lines =
        vec![("bob", day(1, 1), "x"), ("bob", day(2, 10), "x"), ("cid", day(1, 1), "x")];
    lines.extend((0..11).map(|i| ("ann", day(2, 1 + 2 * i), "x")));
    let history = history(&lines, day(3, 1));
    let overdue = |p| Trigger::Overdue { probability: chance(p) };
    // Ann: 20 days of ten gaps, 9 of silence: (20/29)^10. Bob: 40 of one gap, 20 of silence: 2/3.
    let found = fired(&Moment::of(&history), overdue(0.05));
    assert_eq!(found.len(), 1);
    let expected = (0..10).fold(1.0, |p, _| p * 20.0 / 29.0);
    assert_eq!((found[0].0, found[0].1, &found[0].2[..2]), (0, day(3, 1), &[9.0, 2.0][..]));
    assert!((found[0].2[2] - expected).abs() < 1e-15);
    let found = fired(&Moment::of(&history), overdue(0.7));
    assert_eq!(found[1], (1, day(3, 1), vec![20.0, 40.0, 2.0 / 3.0]));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_silence_is_rarer_the_better_the_rhythm_is_known() {
    // By multiplication and by logarithm alike, and towards the exponential for many gaps.
    let p = |gaps| silence(10.0, gaps, 30.0);
    assert!((1..12).all(|gaps| p(f64::from(gaps)) > p(f64::from(gaps + 1))));
    let power = |base: f64, n: u32| (0..n).fold(1.0, |product, _| product * base);
    assert!((silence(10.0, 9.0, 30.0) - power(90.0 / 120.0, 9)).abs() < 1e-15);
    assert!((silence(10.0, 8.0, 30.0) - power(80.0 / 110.0, 8)).abs() < 1e-15);
    assert!((silence(10.0, 1e9, 30.0) - real::exp(-3.0)).abs() < 1e-8);
    assert_eq!(silence(10.0, 5.0, 0.0), 1.0);
}

#[test]
fn the_first_purchase_in_a_category_since_the_earlier_history() {
    let before = [("ann", day(1, 1), "shoes"), ("bob", day(1, 2), "hats")];
    let later =
        [("bob", day(1, 9), "shoes"), ("cid", day(1, 9), "shoes"), ("ann", day(1, 9), "hats")];
    let (earlier, now) =
        (history(&before, day(1, 5)), history(&[&before[..], &later].concat(), day(1, 10)));
    let moment = Moment::of(&now).earlier(&earlier);
    let first = |category: &str| Trigger::FirstInCategory { category: category.to_owned() };
    assert_eq!(
        fired(&moment, first("shoes")),
        [(1, day(1, 10), vec![0.5]), (2, day(1, 10), vec![1.0]),]
    );
    assert_eq!(fired(&moment, first("hats")), [(0, day(1, 10), vec![0.5])]);
    assert!(fired(&moment, first("gloves")).is_empty());
    let lacking = Moment::of(&now).fires(&[first("hats")], &Work::new()).unwrap_err();
    assert!(matches!(lacking, TreatmentError::Lacks { trigger: "first_in_category", .. }));
}

fn valued(ids: CustomerIds, current: &[i64]) -> CustomerValue {
    let worth = |&value: &i64| {
        let money = Money::from_minor(value, 0);
        Worth::realised(money, money, 1, Days::new(1)).with_p_alive(chance(value as f64 / 100.0))
    };
    let rows = current.iter().map(worth).collect();
    let basis = ValueBasis::new("given", "given");
    CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap()
}

#[test]
fn deciles_are_compared_by_id_and_p_alive_against_its_bound() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let lines: Vec<Line> = names.iter().map(|&name| (name, day(1, 1), "x")).collect();
    let history = history(&lines, day(1, 1));
    let now = valued(history.ids().clone(), &[10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    // Turned round: `a` was the best and is now the last; `k` is gone, `j` is new.
    let ids = CustomerIds::from_texts(["k", "i", "h", "g", "f", "e", "d", "c", "b", "a"]).unwrap();
    let before = valued(ids, &[5, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    let moment = Moment::of(&history).value(&now).earlier_value(&before);
    let fell = fired(&moment, Trigger::DecileDrop { by: 7 });
    assert_eq!(fell, [(0, day(1, 1), vec![1.0, 10.0]), (1, day(1, 1), vec![2.0, 9.0])]);
    let low = fired(&moment, Trigger::LowPAlive { below: chance(0.2) });
    assert_eq!(low, [(0, day(1, 1), vec![0.1])]); // 0.2 itself is not below
    let no_values = Moment::of(&history)
        .value(&before)
        .fires(&[Trigger::LowPAlive { below: chance(0.2) }], &Work::new());
    assert!(matches!(no_values, Err(TreatmentError::OtherCustomers { .. })));
}

#[test]
fn anniversaries_at_the_ends_of_months_and_in_leap_years() {
    let date = |y, m, d| Date::from_ymd(y, m, d).unwrap();
    let leap = date(2020, 2, 29);
    assert_eq!(next_anniversary(leap, date(2021, 2, 1)), Some((date(2021, 2, 28), 1)));
    assert_eq!(next_anniversary(leap, date(2021, 3, 1)), Some((date(2022, 2, 28), 2)));
    assert_eq!(next_anniversary(leap, date(2024, 2, 28)), Some((date(2024, 2, 29), 4)));
    // The day itself is no anniversary of itself.
    assert_eq!(next_anniversary(leap, leap), Some((date(2021, 2, 28), 1)));
    assert_eq!(next_anniversary(date(2023, 12, 31), day(12, 31)), Some((day(12, 31), 1)));
    assert_eq!(next_anniversary(date(2020, 1, 2), date(9999, 12, 31)), None);
    let lines = [("ann", date(2023, 1, 2), "x"), ("bob", date(2023, 1, 4), "x")];
    let history = history(&lines, date(2023, 12, 30));
    let found = fired(&Moment::of(&history), Trigger::Anniversary { within: Days::new(3) });
    assert_eq!(found, [(0, day(1, 2), vec![1.0, 3.0])]);
}

struct Complaints;

impl EventSource for Complaints {
    fn scan(&self, _: &EventRequest) -> Result<EventBatches<'_>, SourceError> {
        let event = |customer: &'static str, on: Date| {
            let kind = EventKind::named("complaint");
            Ok(Event {
                customer: customer.into(),
                time: on.into(),
                kind,
                key: "".into(),
                value: None,
            })
        };
        Ok(EventBatches::from_rows([
            event("ann", day(1, 1)),
            event("ann", day(1, 20)),
            event("bob", day(1, 10)),
            event("cid", day(2, 1)), // behind the last day
        ]))
    }
}

#[test]
fn events_within_so_many_days() {
    let lines = ["ann", "bob", "cid"].map(|name| (name, day(1, 1), "x"));
    let history = history(&lines, day(1, 25));
    let events = EventSummary::read(&Complaints, history.ids(), &Work::new()).unwrap();
    let moment = Moment::of(&history).events(&events);
    let trigger = |days| Trigger::Event {
        name: "complaint".to_owned(),
        key: String::new(),
        within: Days::new(days),
    };
    assert_eq!(fired(&moment, trigger(5)), [(0, day(1, 25), vec![5.0, 2.0])]);
    assert_eq!(fired(&moment, trigger(15)).len(), 2);
    assert!(fired(&moment, trigger(4)).is_empty());
}

#[test]
fn an_aggregate_that_was_not_asked_for_is_an_error() {
    let rows = [Transaction::new("ann", day(1, 1), 1.0)];
    let history = CustomerHistory::read(&rows, &HistorySpec::new(), &Work::new()).unwrap();
    let overdue = Trigger::Overdue { probability: chance(0.1) };
    let error = Moment::of(&history).fires(&[overdue], &Work::new()).unwrap_err();
    assert!(matches!(error, TreatmentError::Data(_)));
    let never = Trigger::Overdue { probability: chance(0.0) };
    let error = Moment::of(&history).fires(&[never], &Work::new()).unwrap_err();
    assert!(matches!(error, TreatmentError::Param { name: "probability", .. }));
}

#[test]
fn firings_of_others_are_checked_and_the_first_day_counts() {
    let ids = CustomerIds::numbered(2).unwrap();
    let triggers = vec![Trigger::DecileDrop { by: 1 }];
    let firings =
        |fired: Vec<(usize, usize, Date)>| Firings::new(ids.clone(), triggers.clone(), fired);
    let twice = firings(vec![(1, 0, day(2, 2)), (1, 0, day(2, 1))]).unwrap();
    assert_eq!((twice.of(0).len(), twice.of(1)[0].day()), (0, day(2, 1)));
    assert_eq!(twice.all().len(), 1);
    assert!(matches!(firings(vec![(2, 0, day(2, 2))]), Err(TreatmentError::NoSuchRow { .. })));
    assert!(matches!(firings(vec![(0, 1, day(2, 2))]), Err(TreatmentError::Param { .. })));
}
