use crate::data::{CustomerHistory, HistorySpec, Transaction};
use crate::num::random::{Purpose, Stream};
use crate::num::real::{exp_m1, ln_1p};
use crate::simulate::Market;
use crate::units::{Calendar, Date, Days};
use crate::value::{
    BgBb, ContractValue, CredibilitySpend, Economics, FitStatus, FittedContractValue,
    FittedOpportunityValue, FittedValueModel, GammaGamma, OpportunityRecord, OpportunitySummary,
    OpportunityValue, PeriodDiscount, RenewalTable, SavedModelError, ValueError, ValueModel,
};
use crate::work::Work;

/// Customer, day of 2024 counted from the first of January as 0, amount.
type Line = (String, i32, f64);

fn read(lines: &[Line], until: i32) -> CustomerHistory {
    let start: Date = "2024-01-01".parse().unwrap();
    let date = |day| Date::from_day_number(start.day_number() + day).unwrap();
    let rows: Vec<_> =
        lines.iter().map(|(who, day, paid)| Transaction::new(who, date(*day), *paid)).collect();
    let spec = HistorySpec::new().observed_from(start).observed_until(date(until)).purchase_days();
    CustomerHistory::read(&rows, &spec, &Work::new()).unwrap()
}

fn line(who: &str, day: i32, paid: f64) -> Line {
    (who.to_owned(), day, paid)
}

const WEEK: Days = Days::new(7);

/// Weeks of seven days from the first on: 0..6 is week 0.
#[test]
fn contracts_end_with_a_week_without_a_payment_and_begin_again() {
    let lines = [
        line("a", 0, 5.0), // weeks 0, 1, 2 and 3: still running
        line("a", 8, 5.0),
        line("a", 15, 5.0),
        line("a", 22, 5.0),
        line("b", 3, 5.0), // weeks 0 and 2: two contracts, of which the second ended, too
        line("b", 16, 5.0),
        line("c", 9, 5.0),   // week 1
        line("d", 27, 5.0),  // week 3, the last
        line("d", 26, -5.0), // a return is no payment
    ];
    let history = read(&lines, 27);
    let table = RenewalTable::of(&history, WEEK).unwrap();
    let renewals: Vec<_> = table.renewals().iter().map(|r| (r.at_risk, r.renewed)).collect();
    // First renewals: a renewed; b twice and c did not. d has not come to one.
    assert_eq!(renewals, [(4.0, 1.0), (1.0, 1.0), (1.0, 1.0)]);
    // Two days later, week 4 is cut: it tells nothing.
    let later: Vec<Line> = lines.into_iter().chain([line("a", 29, 5.0)]).collect();
    let cut = read(&later, 29);
    assert_ne!(RenewalTable::of(&cut, WEEK).unwrap(), table, "weeks are counted from the end");
    let (five, closed) = (Calendar::Weeks, "2024-01-01 was a Monday");
    assert_eq!(RenewalTable::of(&read(&later, 29), five).unwrap(), table, "{closed}");
    assert!(RenewalTable::of(&history, Days::new(0)).is_err());
}

/// Contracts of 600 customers who leave with a chance of their own, drawn from Beta(1.5, 6).
fn subscribers() -> Vec<Line> {
    let mut lines = Vec::new();
    for number in 0..600 {
        let mut stream = Stream::new(3, Purpose::Timing, number);
        let leaves = stream.beta(1.5, 6.0);
        let price = 10.0 + f64::from(number as u32 % 3);
        let first = (stream.uniform() * 20.0) as i32;
        for week in first..40 {
            lines.push(line(&format!("{number:03}"), 7 * week + 2, price));
            if stream.uniform() < leaves {
                break;
            }
        }
    }
    lines
}

#[test]
fn the_value_of_a_contract_is_payment_times_residual_lifetime() {
    let history = read(&subscribers(), 7 * 40 - 1);
    let work = Work::new();
    let model = ContractValue::new(Calendar::Weeks).horizon(26).annual_discount(0.2);
    let fitted = model.fit_to(&history, &work).unwrap();
    assert_eq!(fitted.basis().to_string(), "sbg+credibility");
    let sbg = fitted.renewal_model().unwrap();
    let errors = sbg.covariance().unwrap();
    for (i, truth) in [1.5, 6.0].into_iter().enumerate() {
        let off = (sbg.parameters()[i].1 - truth) / errors[i][i].sqrt();
        assert!(off.abs() < 4.0, "{i}: {off}");
    }
    let economics = Economics::none().margin(0.5).unwrap();
    let value = fitted.value(&history, &economics, &work).unwrap();
    let years: f64 = 7.0 / 365.25;
    let discount = PeriodDiscount::per_period(exp_m1(years * ln_1p(0.2))).unwrap();
    let (mut running, mut ended) = (0, 0);
    for (row, worth) in value.rows().iter().enumerate() {
        let paid = history.purchases(row);
        let runs = history.days_since_last(row).count() < 7;
        let future = worth.future().unwrap().amount();
        if runs {
            running += 1;
            let horizon = crate::value::PeriodHorizon::Within(26);
            let lifetime = sbg.discounted_residual_lifetime(paid - 1, horizon, discount).unwrap();
            let price = history.gross(row).amount() / f64::from(paid);
            assert!((future / (0.5 * price * lifetime) - 1.0).abs() < 1e-12, "{row}");
            assert_eq!(worth.p_active.unwrap(), sbg.retention_after(paid - 1));
            assert_eq!(worth.p_alive.unwrap().value(), 1.0);
        } else {
            ended += 1;
            assert_eq!((future, worth.p_alive.unwrap().value()), (0.0, 0.0));
        }
    }
    assert!(running > 30 && ended > 300, "{running} {ended}");
    // Every payment is the same, so an interval has no error but that of sBG.
    let intervals = fitted.intervals(&history, &economics, 0.9, &work).unwrap().unwrap();
    for (interval, worth) in intervals.customers.iter().zip(value.rows()) {
        assert_eq!(interval.value, worth.future().unwrap());
        assert!(interval.low <= interval.value && interval.value <= interval.high);
    }
    assert!(intervals.total.standard_error > 0.0);
}

#[test]
fn few_renewals_leave_one_retention_for_all() {
    // One renewal was observed, at which two of three stayed.
    let lines = [("a", 0), ("a", 7), ("b", 1), ("b", 8), ("c", 2)];
    let lines: Vec<Line> = lines.iter().map(|&(who, day)| line(who, day, 6.0)).collect();
    let history = read(&lines, 13);
    let model = ContractValue::new(WEEK).horizon(3).annual_discount(0.0);
    let fitted = model.fit_to(&history, &Work::new()).unwrap();
    assert_eq!(fitted.basis().to_string(), "same_retention+pooled_net_spend");
    assert_eq!(fitted.basis().notes.len(), 2, "{:?}", fitted.basis().notes);
    let value = fitted.value(&history, &Economics::none(), &Work::new()).unwrap();
    // 2/3 + 4/9 + 8/27 of three payments of 6.
    let expected = 6.0 * 38.0 / 27.0;
    assert!((value.rows()[0].future().unwrap().amount() - expected).abs() < 1e-12);
    assert_eq!(value.rows()[2].future().unwrap().amount(), 0.0);
    assert_eq!(fitted.intervals(&history, &Economics::none(), 0.9, &Work::new()).unwrap(), None);
    // In the first week nobody has come to a renewal: there is no future to estimate.
    let week = read(&lines[..1], 6);
    let fitted = model.fit_to(&week, &Work::new()).unwrap();
    assert_eq!(fitted.basis().purchases, "none");
    let value = fitted.value(&week, &Economics::none(), &Work::new()).unwrap();
    assert_eq!(value.total_future(), None);
}

#[test]
fn opportunities_of_days_and_of_the_calendar_are_the_same_weeks() {
    let lines: Vec<Line> = [0, 8, 9, 30, 34].map(|day| line("a", day, 1.0)).into();
    // Five whole weeks: first purchase in the first, then weeks 1 and 4 of four.
    let history = read(&lines, 34);
    let expected = OpportunityRecord::new(2, 4, 4).unwrap();
    for base in [
        OpportunitySummary::of(&history, WEEK),
        OpportunitySummary::of(&history, Calendar::Weeks),
        OpportunitySummary::of_periods(
            &history.purchase_days().unwrap().by_period(Calendar::Weeks),
        ),
    ] {
        assert_eq!(base.unwrap().distinct(), [expected]);
    }
}

fn market() -> CustomerHistory {
    let spec = HistorySpec::new().purchase_days();
    CustomerHistory::read(&Market::new(1500), &spec, &Work::new()).unwrap()
}

#[test]
fn the_value_of_opportunities_is_spend_times_expected_purchases() {
    let (history, work) = (market(), Work::new());
    let model = OpportunityValue::new(Calendar::Months).horizon(9).annual_discount(0.1);
    let fitted = model.fit_to(&history, &work).unwrap();
    let bg_bb = fitted.purchase_model().unwrap();
    assert_eq!(*bg_bb.status(), FitStatus::Converged);
    let base = OpportunitySummary::of(&history, Calendar::Months).unwrap();
    let direct = BgBb::new().fit(&base, &work).unwrap();
    assert_eq!(*bg_bb, direct);
    let economics = Economics::none();
    let value = fitted.value(&history, &economics, &work).unwrap();
    let rate = exp_m1(ln_1p(0.1) / 12.0);
    let discount = PeriodDiscount::per_period(rate).unwrap();
    let horizon = crate::value::PeriodHorizon::Within(9);
    for (row, worth) in value.rows().iter().enumerate() {
        let record = &base.distinct()[base.places()[row] as usize];
        let expected = direct.discounted_purchases(record, horizon, discount).unwrap();
        let rates = worth.rates.unwrap();
        assert!((rates.expected_purchases() / expected - 1.0).abs() < 1e-10, "{row}");
        assert!(rates.spend > 0.0);
        assert_eq!(worth.p_active.unwrap(), direct.p_active(record, 9));
    }
    let intervals = fitted.intervals(&history, &economics, 0.95, &work).unwrap().unwrap();
    assert!(intervals.total.low < intervals.total.value);
    let by_credibility = model.spend(CredibilitySpend::new()).fit_to(&history, &work).unwrap();
    assert_eq!(by_credibility.basis().spend, "credibility");
    assert_eq!(by_credibility.intervals(&history, &economics, 0.95, &work).unwrap(), None);
}

#[test]
fn few_buyers_leave_the_share_of_opportunities_taken() {
    let lines: Vec<Line> =
        [("a", 0), ("a", 8), ("b", 1)].iter().map(|&(who, day)| line(who, day, 4.0)).collect();
    let history = read(&lines, 27);
    let model = OpportunityValue::new(WEEK).horizon(2).annual_discount(0.0);
    let fitted = model.fit_to(&history, &Work::new()).unwrap();
    assert_eq!(fitted.basis().to_string(), "share_taken+pooled_spend");
    let value = fitted.value(&history, &Economics::none(), &Work::new()).unwrap();
    // One of six was taken, so a has (1 + 1/6 · 3) / (3 + 3) of two, at 4 each.
    let future = value.rows()[0].future().unwrap().amount();
    assert!((future - 2.0 * 4.0 * 0.25).abs() < 1e-12, "{future}");
}

#[test]
fn what_was_saved_gives_the_values_of_the_day_it_was_saved() {
    let (history, work) = (market(), Work::new());
    let value =
        |fitted: &dyn FittedValueModel| fitted.value(&history, &Economics::none(), &work).unwrap();
    let model = OpportunityValue::new(Days::new(28)).horizon(5).frontier(0.7);
    for model in [model.clone(), model.spend(CredibilitySpend::new())] {
        let fitted = model.fit_to(&history, &work).unwrap();
        let read = FittedOpportunityValue::from_json(&fitted.to_json()).unwrap();
        assert_eq!(value(&read), value(&fitted));
        let wrong = FittedContractValue::from_json(&fitted.to_json()).unwrap_err();
        assert!(matches!(wrong, SavedModelError::OtherFormat { .. }));
    }
    let contract = ContractValue::new(Calendar::Quarters).spend(GammaGamma::new());
    let fitted = contract.fit_to(&history, &work).unwrap();
    let text = fitted.to_json();
    assert_eq!(value(&FittedContractValue::from_json(&text).unwrap()), value(&fitted));
    for (from, to) in [("\"periods\": 4", "\"periods\": 0"), ("\"sbg\"", "\"bg_bb\"")] {
        assert!(text.contains(from), "{text}");
        assert!(FittedContractValue::from_json(&text.replace(from, to)).is_err());
    }
}

#[test]
fn what_cannot_be_is_refused() {
    assert!(ContractValue::new(Days::new(0)).validate().is_err());
    assert!(ContractValue::new(WEEK).horizon(0).validate().is_err());
    assert!(OpportunityValue::new(WEEK).annual_discount(f64::NAN).validate().is_err());
    assert!(OpportunityValue::new(WEEK).frontier(f64::NAN).validate().is_err());
    let without_days =
        CustomerHistory::read(&Market::new(50), &HistorySpec::new(), &Work::new()).unwrap();
    for model in [
        Box::new(ContractValue::new(WEEK)) as Box<dyn ValueModel>,
        Box::new(OpportunityValue::new(WEEK)),
    ] {
        let error = model.fit(&without_days, &Work::new()).unwrap_err();
        assert!(matches!(error, ValueError::Data(_)), "{error}");
        assert_eq!(model.ask(HistorySpec::new()), HistorySpec::new().purchase_days());
    }
}
