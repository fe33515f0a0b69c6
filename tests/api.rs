//! The crate from outside: what a caller plugs in, what comes back, and what happens when the
//! caller's part fails.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::{Line, Memory, Shop, market};
use segmentry::Error;
use segmentry::blueprint::{Blueprint, BlueprintResult, Inputs};
use segmentry::cluster::{
    DynSegmenter, KMeans, Membership, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use segmentry::data::{
    AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    AttributeValues, Batches, CustomerHistory, DataError, EventSource, HistorySpec, IdColumn,
    ScanRequest, SourceError, Transaction, TransactionSource,
};
use segmentry::export::Sink;
use segmentry::features::{
    FeatureColumn, FeatureError, FeatureExtractor, FeatureMatrix, FittedExtractor,
};
use segmentry::strategy::{
    Candidate, Chosen, CpMap, CustomerBase, CustomerStrategy, Ineligible, Lever, Offer,
    StrategyAssigner, StrategyError, StrategyPlan,
};
use segmentry::treatment::TreatmentError;
use segmentry::units::{Date, Days, Estimate, LeverId, Money, Provenance, SegmentId};
use segmentry::validate::{
    Answer, Checks, Evidence, Finding, Outcome, SegmentCheck, ValidateError,
};
use segmentry::value::{
    CustomerValue, Economics, FittedValueModel, Rates, ValueBasis, ValueError, ValueModel,
    ValueUnit, Worth,
};
use segmentry::work::Work;

#[test]
fn results_and_errors_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<BlueprintResult>();
    crosses::<CustomerHistory>();
    crosses::<Error>();
    crosses::<DataError>();
    crosses::<ValueError>();
    crosses::<FeatureError>();
    crosses::<SegmentError>();
    crosses::<ValidateError>();
    crosses::<StrategyError>();
    crosses::<TreatmentError>();
    crosses::<StrategyPlan>();
    crosses::<Work>();
}

#[test]
fn every_seam_can_stand_behind_a_pointer() {
    fn object<T: ?Sized>() {}
    object::<dyn TransactionSource>();
    object::<dyn AttributeSource>();
    object::<dyn EventSource>();
    object::<dyn ValueModel>();
    object::<dyn FittedValueModel>();
    object::<dyn FeatureExtractor>();
    object::<dyn FittedExtractor>();
    object::<dyn DynSegmenter>();
    object::<dyn SegmentModel>();
    object::<dyn SegmentCheck>();
    object::<dyn Lever>();
    object::<dyn StrategyAssigner>();
    object::<dyn Sink>();
}

/// A caller's own source: a `Vec`, and nothing learnt of anybody's arrays.
struct Till(Vec<(String, Date, f64)>);

impl TransactionSource for Till {
    fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        Ok(Batches::from_rows(
            self.0.iter().map(|(who, day, amount)| Ok(Transaction::new(who, *day, *amount))),
        ))
    }
}

fn till(lines: &[Line]) -> Till {
    let date = |day| Date::from_day_number(19_000 + day).unwrap();
    Till(
        lines
            .iter()
            .map(|line| (line.customer.clone(), date(line.day), line.cents as f64 / 100.0))
            .collect(),
    )
}

#[test]
fn a_vec_runs_through_the_whole_flow() {
    let lines = market(120);
    let result = Blueprint::new().build(&till(&lines), &Work::new()).unwrap();
    assert_eq!(result.value().rows().len(), 120);
    assert_eq!(result.quality().rows_read, lines.len() as u64);
    assert_eq!(result.quality().accounted_for(), lines.len() as u64);
    let mut sink = Memory::default();
    result.write(&mut sink).unwrap();
    assert!(sink.committed);
    let names: Vec<&str> = sink.files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["blueprint.html", "customers.csv", "quality.json", "segments.csv", "verdict.json"]
    );
}

#[test]
fn a_source_behind_a_pointer_and_one_with_attributes_run_as_well() {
    let lines = market(60);
    let till = till(&lines);
    let blueprint = Blueprint::new().segmenter(KMeans::new(2));
    let gain = |result: segmentry::Result<BlueprintResult>| result.unwrap().strategies().clone();
    let plain = gain(blueprint.build(&till, &Work::new()));
    let (pointer, shared): (&dyn TransactionSource, &(dyn TransactionSource + Sync)) =
        (&till, &till);
    assert!(gain(blueprint.build(pointer, &Work::new())) == plain);
    assert!(gain(blueprint.build(Inputs::new(pointer), &Work::new())) == plain);
    assert!(gain(blueprint.build_parallel(shared, &Work::new())) == plain);
    assert!(gain(blueprint.build_parallel(Inputs::new(&till), &Work::new())) == plain);
}

/// A reader that fails at row N.
struct Failing {
    lines: Vec<Line>,
    at: usize,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the connection was lost")]
struct Lost {
    code: u32,
}

impl TransactionSource for Failing {
    fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let rows = self.lines.iter().enumerate().map(|(row, line)| {
            if row == self.at {
                return Err(SourceError::from(Lost { code: 7 }));
            }
            let day = Date::from_day_number(line.day).unwrap();
            Ok(Transaction::new(&line.customer, day, line.cents as f64 / 100.0))
        });
        Ok(Batches::from_rows(rows))
    }
}

#[test]
fn a_reader_that_fails_at_any_row_keeps_its_cause_and_says_how_far_it_came() {
    let lines: Vec<Line> = market(30);
    for at in 0..lines.len() {
        let source = Failing { lines: lines.clone(), at };
        let error = Blueprint::new().build(&source, &Work::new()).unwrap_err();
        let Error::Data(DataError::Source { partition, rows_read, source }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!((*partition, *rows_read), (0, at as u64));
        assert_eq!(source.downcast_ref::<Lost>(), Some(&Lost { code: 7 }));
        assert!(error.to_string().contains(&format!("after {at} rows")), "{error}");
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            "the connection was lost"
        );
    }
    // One row further and it does not fail any more.
    let whole = Failing { at: lines.len(), lines };
    assert!(Blueprint::new().build(&whole, &Work::new()).is_ok());
}

#[test]
fn a_source_that_panics_is_not_swallowed() {
    struct Panicking;
    impl TransactionSource for Panicking {
        fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
            panic!("the driver's own bug")
        }
    }
    let caught =
        std::panic::catch_unwind(|| Blueprint::new().build(&Panicking, &Work::new()).is_ok());
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "the driver's own bug");
}

/// An endless source that counts the batches it was asked for.
struct Endless(AtomicU64);

impl TransactionSource for Endless {
    fn scan(&self, _: usize, _: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let rows = (0..).map(|i: i64| {
            self.0.fetch_add(1, Ordering::Relaxed);
            let day = Date::from_day_number((i % 300) as i32).unwrap();
            Ok(Transaction::new(i % 1000, day, 1.0))
        });
        Ok(Batches::from_rows(rows))
    }
}

#[test]
fn an_endless_source_stops_one_batch_after_the_cancellation() {
    let source = Endless(AtomicU64::new(0));
    let work = Work::new();
    let canceller = work.canceller();
    let seen_at_cancel = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&seen_at_cancel);
    let work = work.observed_by(move |progress| {
        if progress.done >= 50_000 && seen.load(Ordering::Relaxed) == 0 {
            seen.store(progress.done, Ordering::Relaxed);
            canceller.cancel();
        }
    });
    let error = Blueprint::new().build(&source, &work).unwrap_err();
    assert!(error.is_cancelled(), "{error:?}");
    let overrun = source.0.load(Ordering::Relaxed) - seen_at_cancel.load(Ordering::Relaxed);
    assert!(overrun <= 8192, "read {overrun} rows after the cancellation");
}

/// Cancelled as soon as a step announces itself, the flow ends with that step.
#[test]
fn the_flow_can_be_cancelled_in_every_step() {
    let shop = till(&market(150));
    let steps = Arc::new(Mutex::new(Vec::<&'static str>::new()));
    let heard = Arc::clone(&steps);
    let work = Work::new().observed_by(move |progress| {
        let mut steps = heard.lock().unwrap();
        if steps.last() != Some(&progress.doing) {
            steps.push(progress.doing);
        }
    });
    Blueprint::new().build(&shop, &work).unwrap();
    let steps = steps.lock().unwrap().clone();
    assert!(steps.len() >= 6, "{steps:?}");
    for (place, &step) in steps.iter().enumerate() {
        let later: Vec<&'static str> = steps[place + 1..].to_vec();
        let work = Work::new();
        let canceller = work.canceller();
        let went_on = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&went_on);
        let work = work.observed_by(move |progress| {
            if progress.doing == step {
                canceller.cancel();
            }
            if later.contains(&progress.doing) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        let result = Blueprint::new().build(&shop, &work);
        assert!(result.is_err_and(|error| error.is_cancelled()), "cancelled while {step}");
        assert_eq!(went_on.load(Ordering::Relaxed), 0, "went on after {step}");
    }
}

// A whole flow of the caller's own parts.

#[derive(Debug)]
struct Flat;

impl ValueModel for Flat {
    fn fit(&self, _: &CustomerHistory, _: &Work) -> Result<Box<dyn FittedValueModel>, ValueError> {
        Ok(Box::new(Self))
    }
}

impl FittedValueModel for Flat {
    fn value(
        &self,
        history: &CustomerHistory,
        _: &Economics,
        _: &Work,
    ) -> Result<CustomerValue, ValueError> {
        let worth = |row| {
            let rates = Rates {
                alive: 1.0,
                staying: 1.0,
                purchases: 2.0,
                spend: 10.0,
                margin: 0.5,
                cost: 0.0,
            };
            Worth::realised(
                history.gross(row),
                history.net(row),
                history.purchases(row),
                history.days_since_last(row),
            )
            .with_rates(rates)
        };
        let rows = (0..history.n_customers()).map(worth).collect();
        let basis = ValueBasis::new("house_rule", "house_rule");
        CustomerValue::new(history.ids().clone(), rows, basis, ValueUnit::Margin, Days::weeks(26))
    }
}

#[derive(Debug)]
struct OnlyPurchases;

impl FeatureExtractor for OnlyPurchases {
    fn fit(&self, _: &CustomerHistory, _: &Work) -> Result<Box<dyn FittedExtractor>, FeatureError> {
        Ok(Box::new(Self))
    }
}

impl FittedExtractor for OnlyPurchases {
    fn transform(
        &self,
        history: &CustomerHistory,
        _: &Work,
    ) -> Result<FeatureMatrix, FeatureError> {
        let purchases =
            (0..history.n_customers()).map(|row| f64::from(history.purchases(row))).collect();
        FeatureMatrix::new(history.ids().clone()).with(FeatureColumn::numbers("visits", purchases))
    }
}

/// Labels that come from elsewhere.
#[derive(Debug, Clone)]
struct FirstLetter;

impl Segmenter for FirstLetter {
    type Model = Self;

    fn fit(&self, _: &FeatureMatrix, _: &Work) -> Result<Self, SegmentError> {
        Ok(self.clone())
    }
}

impl SegmentModel for FirstLetter {
    fn assign(&self, features: &FeatureMatrix, _: &Work) -> Result<Segmentation, SegmentError> {
        let number = |id: &str| SegmentId(u32::from(id.len() > 2));
        let hard = features.ids().iter().map(|id| Some(number(id.expose()))).collect();
        let names = vec!["early".to_owned(), "late".to_owned()];
        Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))
    }

    fn story(&self) -> String {
        "by the length of the id".to_owned()
    }
}

struct Phone;

impl Lever for Phone {
    fn id(&self) -> LeverId {
        LeverId::of("phone_call")
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        if customer.decile() > 1 {
            return Err(Ineligible::because("only the best tenth is called"));
        }
        let measured = Estimate::new(0.5, Some(0.1), Provenance::Experiment).unwrap();
        Ok(Offer::new(measured).purchases(2.0))
    }

    fn why(&self, _: &Candidate<'_>) -> String {
        "in the best tenth".to_owned()
    }
}

struct NeverFour;

impl SegmentCheck for NeverFour {
    fn name(&self) -> &str {
        "not four segments"
    }

    fn assess(&self, evidence: &Evidence<'_>, _: &Work) -> Result<Finding, ValidateError> {
        let outcome =
            if evidence.segmentation().n_segments() == 4 { Outcome::Fail } else { Outcome::Pass };
        Ok(Finding::new(self.name(), outcome, "a house rule"))
    }
}

#[test]
fn every_part_can_be_the_callers_own() {
    let result = Blueprint::new()
        .value(Flat)
        .features(OnlyPurchases)
        .segmenter(FirstLetter)
        .checks(Checks::none().with(NeverFour))
        .strategy(CpMap::none().with(Phone))
        .build(&till(&market(60)), &Work::new())
        .unwrap();
    assert_eq!(result.value().basis().to_string(), "house_rule+house_rule");
    assert_eq!(result.features().names(), ["visits"]);
    let mut names = result.segmentation().names().to_vec();
    names.sort();
    assert_eq!(names, ["early", "late"]); // kept, though ordered by value
    assert_eq!(result.verdict().answer(), Answer::Yes);
    let called: Vec<_> = result
        .strategies()
        .customers()
        .filter(|row| row.primary().name() == "phone_call")
        .collect();
    assert_eq!(called.len(), 6);
    // Twice the purchases of a value of 10, for one in two.
    assert_eq!(called[0].primary().gain(), Money::new(5.0).unwrap());
    assert_eq!(called[0].primary().standard_error(), Some(Money::new(1.0).unwrap()));
    let summary = result.strategies().summary();
    assert_eq!(summary.assumed_share, Some(0.0));
    assert!(result.report().summary().contains("by the length of the id"));
}

#[test]
fn the_whole_choice_can_be_the_callers_own() {
    struct AllAlike;
    impl StrategyAssigner for AllAlike {
        fn assign(&self, base: &CustomerBase, _: &Work) -> Result<StrategyPlan, StrategyError> {
            let choice = Chosen::new(
                LeverId::of("newsletter"),
                Money::ZERO,
                None,
                Provenance::Model,
                "all".into(),
            );
            let one = CustomerStrategy::new(choice, None, "one is enough".into(), Vec::new());
            StrategyPlan::new(base.ids().clone(), vec![one; base.n_customers()])
        }
    }
    let result =
        Blueprint::new().strategy(AllAlike).build(&till(&market(30)), &Work::new()).unwrap();
    assert_eq!(result.strategies().summary().strategies[0].customers, 30);
}

/// A survey of half the customers, and of two whom nobody knows.
struct Survey;

impl AttributeSource for Survey {
    fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
        Ok(vec![
            AttributeField::survey("cheap", AttributeKind::YesNo),
            AttributeField::survey("advice", AttributeKind::YesNo),
            AttributeField::own("cost_to_serve", AttributeKind::Number),
            AttributeField::own("margin", AttributeKind::Number),
        ])
    }

    fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
        let ids: Vec<String> =
            (0..92).map(|i| format!("c{}", if i < 90 { i } else { i * 1000 })).collect();
        let yes =
            |of: fn(usize) -> bool| AttributeValues::YesNo((0..92).map(|i| Some(of(i))).collect());
        let number =
            |of: fn(usize) -> f64| AttributeValues::Number((0..92).map(|i| Some(of(i))).collect());
        Ok(Box::new(std::iter::once(Ok(AttributeBatch {
            customers: IdColumn::texts(ids.iter().collect()),
            columns: vec![
                yes(|i| i % 3 == 0),
                yes(|i| i % 3 == 1),
                number(|i| (i % 7) as f64 * 40.0),
                number(|_| 0.4),
            ],
        }))))
    }
}

#[test]
fn attributes_become_needs_and_costs_and_are_accounted_for() {
    let shop = till(&market(180));
    let inputs = Inputs::new(&shop).attributes(&Survey);
    let result = Blueprint::new().segmenter(KMeans::new(3)).build(inputs, &Work::new()).unwrap();
    let attributes = result.attributes().unwrap();
    assert_eq!((attributes.matched(), attributes.unmatched()), (90, 2));
    assert_eq!(result.needs().unwrap().known("cheap"), Some(0.5));
    let needs = result.verdict().finding("needs are exclusive").unwrap();
    assert!(!matches!(needs.outcome(), Outcome::CouldNotBeMade), "{needs}");
    // The margin is known for half of the customers only, so that it is not used, and this is said.
    assert_eq!(result.value().unit(), ValueUnit::Revenue);
    let notes = result.value().basis().notes.join("; ");
    assert!(
        notes.contains("the margin is known for 90 of 180 customers and was not used"),
        "{notes}"
    );
    let cheaper = result.strategies().customers().filter(|row| {
        row.primary().name() == "reduce_cost_to_serve"
            || row.secondary().is_some_and(|second| second.name() == "reduce_cost_to_serve")
    });
    assert!(cheaper.count() > 0);
    let mut sink = Memory::default();
    result.write(&mut sink).unwrap();
    let quality: serde_json::Value = serde_json::from_slice(&sink.files["quality.json"]).unwrap();
    assert_eq!(quality["attributes"][0]["rows_unmatched"], 2);
}

// The ladder: data that a model refuses.

fn basis_of(lines: Vec<Line>) -> (BlueprintResult, String) {
    let result = Blueprint::new().build(&Shop::new(lines), &Work::new()).unwrap();
    let basis = result.value().basis().to_string();
    (result, basis)
}

#[test]
fn a_base_with_constant_spend_falls_to_the_pooled_mean() {
    let lines = market(150)
        .into_iter()
        .filter(|line| line.cents > 0)
        .map(|line| Line { cents: 2500, ..line })
        .collect();
    let (result, basis) = basis_of(lines);
    assert_eq!(basis, "mbg_nbd+pooled_spend");
    assert!(result.value().basis().notes.iter().any(|note| note.contains("spend alike")));
    assert!(result.value().rows().iter().all(|worth| worth.rates.unwrap().spend == 25.0));
}

#[test]
fn a_base_of_one_time_buyers_has_no_repeat_rate_and_the_silent_are_won_back() {
    let lines = (0..60).map(|i| Line::new(format!("c{i}"), i * 6, 1000 + i64::from(i))).collect();
    let (result, basis) = basis_of(lines);
    assert_eq!(basis, "empirical_rate+pooled_spend");
    assert_eq!(result.value().basis().notes.len(), 2);
    assert!(result.value().rows().iter().all(|worth| worth.p_alive.is_none()));
    assert_eq!(result.value().total_future(), Some(Money::ZERO));
    let first = result.value().ids().row_of("c0").unwrap();
    assert_eq!(result.strategies().customer(first).primary().name(), "win_back");
    let last = result.value().ids().row_of("c59").unwrap();
    assert_eq!(result.strategies().customer(last).primary().name(), "maintain");
}

#[test]
fn a_single_customer_is_valued_as_far_as_that_goes() {
    let (result, basis) = basis_of(vec![Line::new("only", 5, 1000)]);
    // Bought on the last day of the observation: nothing is known of the time after.
    assert_eq!(basis, "none+pooled_spend");
    assert_eq!(result.value().total_future(), None);
    assert_eq!(result.strategies().customer(0).primary().name(), "maintain");
    assert_eq!(result.segmentation().n_segments(), 1);
    assert_eq!(result.verdict().answer(), Answer::No);
    let (result, basis) = basis_of(vec![Line::new("only", 5, 1000), Line::new("only", 105, 3000)]);
    assert_eq!(basis, "empirical_rate+pooled_spend");
    // One repeat purchase in 100 days, 20 a purchase, over 364 days at 10 % a year.
    let rates = result.value().rows()[0].rates.unwrap();
    assert!((rates.purchases - 3.64 * 0.953_8).abs() < 0.01, "{}", rates.purchases);
    assert_eq!(rates.spend, 20.0);
    let mut sink = Memory::default();
    result.write(&mut sink).unwrap();
    let page = String::from_utf8(sink.files["blueprint.html"].clone()).unwrap();
    assert!(page.contains("fewer than 11 customers"));
}

#[test]
fn a_long_silent_one_time_buyer_is_won_back() {
    let mut lines = market(200);
    lines.push(Line::new("silent", 2, 4000));
    let (result, basis) = basis_of(lines);
    assert_eq!(basis, "mbg_nbd+gamma_gamma");
    let row = result.value().ids().row_of("silent").unwrap();
    let plan = result.strategies().customer(row);
    assert_eq!(plan.primary().name(), "win_back");
    assert!(plan.primary().gain() > Money::ZERO);
    assert!(plan.primary().reason().starts_with("silent for"), "{}", plan.primary().reason());
}

#[test]
fn what_was_not_asked_for_is_named() {
    let history =
        CustomerHistory::read(&Shop::new(market(10)), &HistorySpec::new(), &Work::new()).unwrap();
    assert!(matches!(history.categories(), Err(DataError::NotAsked { aggregate: "categories" })));
    let error = history.rhythm(0).unwrap_err();
    assert!(error.to_string().contains("`HistorySpec::rhythm`"), "{error}");
}
