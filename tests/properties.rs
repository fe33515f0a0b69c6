//! What must hold for any data: nothing lost, nothing that depends on the order, the threads or the
//! currency, and every fast path equal to a plain one.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/coverage.rs"]
mod coverage;
#[path = "properties/purchases.rs"]
mod purchases;
#[path = "properties/segmenters.rs"]
mod segmenters;
#[path = "properties/strategies.rs"]
mod strategies;

use std::collections::{BTreeMap, BTreeSet};

use common::{Dice, Line, Memory, Shop, market};
use proptest::prelude::*;
use segmentry::blueprint::Blueprint;
use segmentry::data::{CustomerHistory, Duplicates, HistorySpec, PartialHistory, PurchaseDays};
use segmentry::units::Date;
use segmentry::value::{Concentration, LifetimeValue, PurchaseSummary, deciles};
use segmentry::work::Work;

fn outputs(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    let mut sink = Memory::default();
    Blueprint::new().build(shop, &Work::new()).unwrap().write(&mut sink).unwrap();
    sink.files
}

fn shop(customers: u64) -> Shop {
    Shop { orders: true, categories: true, ..Shop::new(market(customers)) }
}

#[cfg(feature = "parallel")]
#[test]
fn every_output_has_the_same_bytes_for_any_number_of_threads() {
    let shop = shop(400);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| outputs(&shop))
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert!(with(threads) == one, "{threads} threads");
    }
}

#[test]
fn a_source_read_side_by_side_gives_the_same_bytes() {
    let shop = Shop { partitions: 7, ..shop(150) };
    let parallel = |shop: &Shop| {
        let mut sink = Memory::default();
        let result = Blueprint::new().build_parallel(shop, &Work::new()).unwrap();
        result.write(&mut sink).unwrap();
        sink.files
    };
    let expected = outputs(&shop);
    assert!(parallel(&shop) == expected);
    #[cfg(feature = "parallel")]
    for threads in [2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(|| parallel(&shop)) == expected, "{threads} threads");
    }
}

#[test]
fn every_output_has_the_same_bytes_for_any_batching_partitioning_and_order_of_rows() {
    let whole = shop(300);
    let expected = outputs(&whole);
    for (partitions, batch) in [(1, 1), (1, 7), (2, 1000), (5, 13), (64, 3)] {
        let cut = Shop { partitions, batch, ..whole.clone() };
        assert!(outputs(&cut) == expected, "{partitions} partitions in batches of {batch}");
    }
    let mut mixed = whole.clone();
    let mut dice = Dice(3);
    for i in (1..mixed.lines.len()).rev() {
        mixed.lines.swap(i, dice.roll(i as u64 + 1) as usize);
    }
    assert!(outputs(&mixed) == expected, "shuffled");
}

#[test]
fn reading_side_by_side_gives_the_same_history() {
    let shop = Shop { partitions: 7, ..shop(100) };
    let spec = HistorySpec::new().rhythm().categories().purchase_days();
    let alone = CustomerHistory::read(&shop, &spec, &Work::new()).unwrap();
    assert_eq!(CustomerHistory::read_parallel(&shop, &spec, &Work::new()).unwrap(), alone);
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_a_second_run() {
    let shop = shop(120);
    assert!(outputs(&shop) == outputs(&shop));
}

#[test]
fn strategies_and_segments_do_not_depend_on_the_currency() {
    let euros = Shop::new(market(200));
    let yen = Shop::new(
        euros.lines.iter().map(|line| Line { cents: line.cents * 128, ..line.clone() }).collect(),
    );
    let build = |shop: &Shop| Blueprint::new().build(shop, &Work::new()).unwrap();
    let (left, right) = (build(&euros), build(&yen));
    for row in 0..left.value().rows().len() {
        let (l, r) = (&left.value().rows()[row], &right.value().rows()[row]);
        let (lv, rv) = (l.future().unwrap().amount(), r.future().unwrap().amount());
        assert!((lv * 128.0 / rv - 1.0).abs() < 1e-7, "{lv} {rv}");
        let names = [&left, &right]
            .map(|result| result.strategies().customer(row).primary().name().to_owned());
        assert_eq!(names[0], names[1]);
    }
}

/// What a plain program makes of the lines: no interning, no cells, no merging.
#[derive(Debug, Default, PartialEq)]
struct Plain {
    days: BTreeSet<i32>,
    gross: i64,
    returns: i64,
    first_gross: i64,
}

fn plain(lines: &[Line], until: i32) -> BTreeMap<String, Plain> {
    let mut customers: BTreeMap<String, Plain> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.customer.is_empty() && line.day <= until) {
        let customer = customers.entry(line.customer.clone()).or_default();
        if line.cents < 0 {
            customer.returns += line.cents;
        } else {
            customer.days.insert(line.day);
            customer.gross += line.cents;
        }
    }
    customers.retain(|_, customer| !customer.days.is_empty());
    for (id, customer) in &mut customers {
        let first = *customer.days.first().unwrap();
        let on_first =
            lines.iter().filter(|line| line.customer == *id && line.day == first && line.cents > 0);
        customer.first_gross = on_first.map(|line| line.cents).sum();
    }
    customers
}

/// What one customer bought and brought back on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct PlainDay {
    gross: i64,
    returns: i64,
    purchase: bool,
}

fn plain_days(lines: &[Line]) -> BTreeMap<String, BTreeMap<i32, PlainDay>> {
    let mut customers: BTreeMap<String, BTreeMap<i32, PlainDay>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.customer.is_empty()) {
        let day = customers.entry(line.customer.clone()).or_default().entry(line.day).or_default();
        if line.cents < 0 {
            day.returns += line.cents;
        } else {
            day.gross += line.cents;
            day.purchase = true;
        }
    }
    customers
}

fn any_lines() -> impl Strategy<Value = Vec<Line>> {
    let line =
        (0u8..12, 0i32..40, -300i64..1000, 0u8..4).prop_map(|(customer, day, cents, kind)| {
            // A tenth without a customer, many zeros, some exact repeats.
            let id = if customer == 11 { String::new() } else { format!("id{customer}") };
            let mut line = Line::new(id, day, if kind == 0 { 0 } else { cents / 100 * 100 });
            line.order = format!("o{}", day / 3);
            line.product = format!("p{kind}");
            line.category = ["", "food", "tools", "toys"][kind as usize].to_owned();
            line
        });
    prop::collection::vec(line, 1..120)
}

proptest! {
    #[test]
    fn the_fold_equals_a_plain_program(lines in any_lines(), until in 5i32..40) {
        let spec = HistorySpec::new().observed_until(Date::from_day_number(until).unwrap()).rhythm();
        let expected = plain(&lines, until);
        let Ok(history) = CustomerHistory::read(&Shop::new(lines.clone()), &spec, &Work::new()) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        prop_assert_eq!(history.n_customers(), expected.len());
        for (row, (id, plain)) in expected.iter().enumerate() {
            // Both in byte order.
            let known = history.ids().get(row).unwrap();
            prop_assert_eq!(known.expose(), id);
            let days: Vec<i32> = plain.days.iter().copied().collect();
            let (first, last) = (days[0], days[days.len() - 1]);
            prop_assert_eq!(history.purchases(row) as usize, days.len());
            prop_assert_eq!(history.age_at_last(row).count() as i32, last - first);
            prop_assert_eq!(history.age(row).count() as i32, until - first);
            prop_assert_eq!(history.days_since_last(row).count() as i32, until - last);
            let cents = |money: segmentry::units::Money| (money.amount() * 100.0).round() as i64;
            prop_assert_eq!(cents(history.gross(row)), plain.gross);
            prop_assert_eq!(cents(history.returns(row)), plain.returns);
            prop_assert_eq!(cents(history.repeat_gross(row)), plain.gross - plain.first_gross);
            let gaps: Vec<f64> = days.windows(2).map(|pair| f64::from(pair[1] - pair[0])).collect();
            let rhythm = history.rhythm(row).unwrap();
            prop_assert_eq!(rhythm.is_some(), !gaps.is_empty());
            if let Some(rhythm) = rhythm {
                let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
                prop_assert!((rhythm.mean_gap - mean).abs() < 1e-12);
                if gaps.len() > 1 {
                    let squares: f64 = gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum();
                    let deviation = (squares / (gaps.len() - 1) as f64).sqrt();
                    prop_assert!((rhythm.standard_deviation.unwrap() - deviation).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn purchase_days_equal_a_plain_program(
        lines in any_lines(),
        until in 5i32..40,
        partitions in 1usize..5,
        batch in 1usize..50,
    ) {
        let end = 39;
        let date = |number| Date::from_day_number(number).unwrap();
        let spec = HistorySpec::new().observed_until(date(until)).purchase_days();
        let spec = if until < end { spec.holdout_until(date(end)) } else { spec };
        let shop = Shop { partitions, batch, ..Shop::new(lines.clone()) };
        let Ok(history) = CustomerHistory::read_parallel(&shop, &spec, &Work::new()) else {
            return Ok(());
        };
        let expected = plain_days(&lines);
        let cents = |money: segmentry::units::Money| (money.amount() * 100.0).round() as i64;
        let compare = |days: &PurchaseDays, from: i32, until: i32| {
            prop_assert_eq!(days.n_customers(), history.n_customers());
            let mut n_days = 0;
            for (row, id) in history.ids().iter().enumerate() {
                let got: Vec<(i32, PlainDay)> = days
                    .of(row)
                    .map(|day| {
                        let (gross, returns) = (cents(day.gross()), cents(day.returns()));
                        let plain = PlainDay { gross, returns, purchase: day.is_purchase() };
                        (day.day().day_number(), plain)
                    })
                    .collect();
                let theirs = &expected[id.expose()];
                let expected: Vec<(i32, PlainDay)> =
                    theirs.range(from..=until).map(|(&day, &plain)| (day, plain)).collect();
                n_days += expected.len();
                prop_assert_eq!(days.of(row).len(), expected.len());
                prop_assert_eq!(got, expected);
            }
            prop_assert_eq!(days.n_days(), n_days);
            Ok(())
        };
        compare(history.purchase_days().unwrap(), 0, until)?;
        if until < end {
            compare(history.held_out().unwrap().purchase_days().unwrap(), until + 1, end)?;
        }
        for row in 0..history.n_customers() {
            let days = || history.purchase_days().unwrap().of(row);
            let purchases = days().filter(|day| day.is_purchase()).count();
            prop_assert_eq!(purchases as u32, history.purchases(row));
            let gross: i64 = days().map(|day| cents(day.gross())).sum();
            prop_assert_eq!(gross, cents(history.gross(row)));
        }
    }

    #[test]
    fn netted_days_equal_a_plain_program_in_any_order(
        lines in any_lines(),
        partitions in 1usize..5,
        turn in 0usize..100,
    ) {
        use segmentry::data::Returns;
        let spec = HistorySpec::new()
            .observed_until(Date::from_day_number(39).unwrap())
            .returns(Returns::Net)
            .rhythm();
        let mut expected = plain_days(&lines);
        for days in expected.values_mut() {
            for day in days.values_mut().filter(|day| day.returns < 0) {
                let net = day.gross + day.returns;
                *day = PlainDay { gross: net.max(0), returns: net.min(0), purchase: net > 0 };
            }
        }
        expected.retain(|_, days| days.values().any(|day| day.purchase));
        let mut turned = lines.clone();
        turned.rotate_left(turn % lines.len());
        let read = |shop: &Shop| CustomerHistory::read_parallel(shop, &spec, &Work::new()).ok();
        let history = read(&Shop::new(lines.clone()));
        prop_assert_eq!(&read(&Shop { partitions, batch: 7, ..Shop::new(turned) }), &history);
        let Some(history) = history else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        prop_assert_eq!(history.n_customers(), expected.len());
        let cents = |money: segmentry::units::Money| (money.amount() * 100.0).round() as i64;
        for (row, days) in expected.values().enumerate() {
            let bought: Vec<(i32, i64)> =
                days.iter().filter(|(_, d)| d.purchase).map(|(&day, d)| (day, d.gross)).collect();
            prop_assert_eq!(history.purchases(row) as usize, bought.len());
            prop_assert_eq!(history.first_purchase(row).day_number(), bought[0].0);
            prop_assert_eq!(history.last_purchase(row).day_number(), bought[bought.len() - 1].0);
            prop_assert_eq!(cents(history.gross(row)), bought.iter().map(|b| b.1).sum::<i64>());
            prop_assert_eq!(cents(history.repeat_gross(row)), bought[1..].iter().map(|b| b.1).sum::<i64>());
            prop_assert_eq!(cents(history.returns(row)), days.values().map(|d| d.returns).sum::<i64>());
            let rhythm = history.rhythm(row).unwrap();
            let mean = rhythm.map(|rhythm| rhythm.mean_gap * (bought.len() - 1) as f64);
            let span = (bought.len() > 1).then(|| f64::from(bought[bought.len() - 1].0 - bought[0].0));
            prop_assert!(mean.zip(span).is_none_or(|(mean, span)| (mean - span).abs() < 1e-9));
            prop_assert_eq!(mean.is_some(), span.is_some());
        }
    }

    #[test]
    fn every_row_is_accounted_for(lines in any_lines(), rule in 0usize..3) {
        let rule = [Duplicates::Flag, Duplicates::Drop, Duplicates::Ignore][rule];
        let read = lines.len() as u64;
        let spec = HistorySpec::new().observed_until(Date::from_day_number(30).unwrap()).duplicates(rule);
        let shop = Shop { orders: true, ..Shop::new(lines.clone()) };
        let Ok(history) = CustomerHistory::read(&shop, &spec, &Work::new()) else { return Ok(()) };
        let quality = history.quality();
        prop_assert_eq!(quality.rows_read, read);
        prop_assert_eq!(quality.accounted_for(), read);
        prop_assert_eq!(quality.rows_kept + quality.rows_skipped, read);
        let key = |line: &Line| (line.customer.clone(), line.day, line.cents, line.order.clone(), line.product.clone());
        let distinct: BTreeSet<_> = lines.iter().map(key).collect();
        let repeats = quality.duplicates.map(|repeats| repeats.rows);
        prop_assert_eq!(repeats, (rule != Duplicates::Ignore).then_some(read - distinct.len() as u64));
        let cents: i64 = lines.iter().map(|line| line.cents).sum::<i64>() - distinct.iter().map(|key| key.2).sum::<i64>();
        let amount = quality.duplicates.map(|repeats| (repeats.amount.amount() * 100.0).round() as i64);
        prop_assert_eq!(amount, (rule != Duplicates::Ignore).then_some(cents));
        // Everything that was paid or given back is in somebody's history, or in a skipped row, or
        // of somebody without a purchase.
        let in_histories: f64 = (0..history.n_customers()).map(|row| history.net(row).amount()).sum();
        let kept = quality.purchases.amount.amount() + quality.returns.amount.amount();
        prop_assert!((in_histories + quality.customers_without_purchase.amount.amount() - kept).abs() < 1e-6);
    }

    #[test]
    fn dropping_repeats_equals_reading_without_them(lines in any_lines()) {
        let key = |line: &Line| (line.customer.clone(), line.day, line.cents, line.order.clone(), line.product.clone(), line.category.clone());
        let mut seen = BTreeSet::new();
        let unique: Vec<Line> = lines.iter().filter(|line| seen.insert(key(line))).cloned().collect();
        let read = |lines: Vec<Line>, rule| {
            let spec = HistorySpec::new().duplicates(rule).rhythm().categories().purchase_days();
            let shop = Shop { orders: true, categories: true, ..Shop::new(lines) };
            CustomerHistory::read(&shop, &spec, &Work::new()).ok()
        };
        let (dropped, plain) = (read(lines, Duplicates::Drop), read(unique, Duplicates::Ignore));
        prop_assert_eq!(dropped.is_some(), plain.is_some());
        if let (Some(dropped), Some(plain)) = (dropped, plain) {
            prop_assert_eq!(dropped.ids(), plain.ids());
            for row in 0..plain.n_customers() {
                prop_assert_eq!(dropped.purchases(row), plain.purchases(row));
                prop_assert_eq!(dropped.net(row), plain.net(row));
                prop_assert_eq!(dropped.rhythm(row).unwrap(), plain.rhythm(row).unwrap());
                let days = |history: &CustomerHistory| history.purchase_days().unwrap().of(row).collect::<Vec<_>>();
                prop_assert_eq!(days(&dropped), days(&plain));
                let shares = |history: &CustomerHistory| {
                    let totals = history.categories().unwrap();
                    totals.shares(row).map(|(place, share)| (totals.names()[place].clone(), share)).collect::<Vec<_>>()
                };
                prop_assert_eq!(shares(&dropped), shares(&plain));
            }
        }
    }

    #[test]
    fn merging_shards_in_any_grouping_equals_the_whole(lines in any_lines(), shards in 1usize..6) {
        let until = Date::from_day_number(25).unwrap();
        let split = HistorySpec::new().observed_until(until).holdout_until(Date::from_day_number(35).unwrap());
        let spec = split.rhythm().categories().purchase_days();
        let shop = Shop { partitions: shards, orders: true, categories: true, ..Shop::new(lines) };
        let read = |shard| PartialHistory::read(&shop, shard, &spec, &Work::new()).unwrap();
        let forward = (1..shards).fold(read(0), |mut whole, shard| {
            whole.merge(read(shard), &Work::new()).unwrap();
            whole
        });
        let mut backward = read(shards - 1);
        for shard in (0..shards - 1).rev() {
            backward.merge(read(shard), &Work::new()).unwrap();
        }
        let whole = CustomerHistory::read(&Shop { partitions: 1, ..shop.clone() }, &spec, &Work::new()).ok();
        prop_assert_eq!(&forward.finish(&Work::new()).ok(), &whole);
        prop_assert_eq!(&backward.finish(&Work::new()).ok(), &whole);
    }

    #[test]
    fn deciles_and_concentration_do_not_depend_on_the_order_of_rows(cents in prop::collection::vec(0i64..500, 1..80)) {
        use segmentry::units::{CustomerIds, Money};
        let names: Vec<String> = (0..cents.len()).map(|i| format!("n{i}")).collect();
        let values: Vec<Money> = cents.iter().map(|&c| Money::from_minor(c, 2)).collect();
        let (mut names_back, mut values_back) = (names.clone(), values.clone());
        names_back.reverse();
        values_back.reverse();
        let forward = deciles(&values, &CustomerIds::from_texts(&names).unwrap()).unwrap();
        let backward = deciles(&values_back, &CustomerIds::from_texts(&names_back).unwrap()).unwrap();
        prop_assert_eq!(forward.of, backward.of.into_iter().rev().collect::<Vec<_>>());
        prop_assert_eq!(Concentration::of(&values).unwrap(), Concentration::of(&values_back).unwrap());
    }
}

#[test]
fn the_gini_index_equals_its_definition_by_pairs() {
    use segmentry::units::Money;
    let mut dice = Dice(11);
    let values: Vec<f64> = (0..200).map(|_| dice.roll(1000) as f64).collect();
    let mean = values.iter().sum::<f64>() / 200.0;
    let pairs: f64 = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum();
    let by_pairs = pairs / (2.0 * 200.0 * 200.0 * mean);
    let money: Vec<Money> = values.iter().map(|&v| Money::new(v).unwrap()).collect();
    let gini = Concentration::of(&money).unwrap().unwrap().gini();
    assert!((gini - by_pairs).abs() < 1e-12, "{gini} {by_pairs}");
}

#[test]
fn a_fitted_model_is_applied_to_later_customers_unchanged() {
    use segmentry::value::{Economics, FittedValueModel};
    let early =
        CustomerHistory::read(&Shop::new(market(200)), &HistorySpec::new(), &Work::new()).unwrap();
    let fitted = LifetimeValue::new().fit_to(&early, &Work::new()).unwrap();
    let some: Vec<Line> = market(200).into_iter().filter(|line| line.customer.len() == 2).collect();
    let spec = HistorySpec::new().observed_until(early.observed_until());
    let few = CustomerHistory::read(&Shop::new(some), &spec, &Work::new()).unwrap();
    let value = |history| fitted.value(history, &Economics::none(), &Work::new()).unwrap();
    let (all, part) = (value(&early), value(&few));
    for row in 0..few.n_customers() {
        let same = all.ids().row_of(few.ids().get(row).unwrap().expose()).unwrap();
        // The same customer has the same rates, whoever else is in the history.
        assert_eq!(part.rows()[row].rates, all.rows()[same].rates);
    }
    assert_eq!(PurchaseSummary::of(&few).n_customers(), 10);
}

#[test]
fn a_saved_model_gives_the_values_of_the_day_it_was_saved_to_the_last_bit() {
    use segmentry::value::{
        CredibilitySpend, Economics, FittedLifetimeValue, FittedValueModel, MbgCnbd, ParetoNbd,
        SavedModelError,
    };
    let spec = HistorySpec::new().purchase_days();
    let history = CustomerHistory::read(&Shop::new(market(300)), &spec, &Work::new()).unwrap();
    for model in [
        LifetimeValue::new(),
        LifetimeValue::new().purchases(ParetoNbd::new()),
        LifetimeValue::new().purchases(MbgCnbd::new().regularity(2)),
        LifetimeValue::new().spend(CredibilitySpend::new()),
    ] {
        let fitted = model.annual_discount(0.1234567).fit_to(&history, &Work::new()).unwrap();
        let text = fitted.to_json();
        let read = FittedLifetimeValue::from_json(&text).unwrap();
        assert_eq!(read.to_json(), text);
        let value = |fitted: &FittedLifetimeValue| {
            fitted.value(&history, &Economics::none(), &Work::new()).unwrap()
        };
        assert_eq!(value(&read).rows(), value(&fitted).rows());
        assert_eq!(read.basis(), fitted.basis());

        let future = text.replacen("\"version\": 2", "\"version\": 3", 1);
        let error = FittedLifetimeValue::from_json(&future).unwrap_err();
        assert!(matches!(error, SavedModelError::FromTheFuture { version: 3, newest: 2 }));
        // A file of the first version, which had neither regular timing nor credibility.
        let past = text.replacen("\"version\": 2", "\"version\": 1", 1);
        assert_eq!(FittedLifetimeValue::from_json(&past).unwrap(), read);
        // Cut anywhere, it is no model.
        for end in (0..text.len() - 1).step_by(41) {
            assert!(FittedLifetimeValue::from_json(&text[..end]).is_err(), "{end}");
        }
    }
}

/// Customers of whom each brings back more than they paid, or pays nothing, now and then: nothing
/// that Gamma-Gamma can take, and regular enough for k to be 3 or more.
#[test]
fn regular_timing_and_returns_have_models_of_their_own() {
    use segmentry::value::{CredibilitySpend, Economics, FittedValueModel, MbgCnbd, ValueModel};
    let mut lines = Vec::new();
    for number in 0..120_i32 {
        let stays = 3 + number * 7 % 20;
        for visit in 0..stays {
            let day = number % 9 + 14 * visit + number * visit % 3;
            let mut add = |cents| {
                lines.push(Line {
                    customer: format!("{number:03}"),
                    day,
                    cents,
                    order: format!("{number}/{visit}/{cents}"),
                    product: "p".to_owned(),
                    category: "c".to_owned(),
                });
            };
            add([2000, 0, 3500][(number + visit) as usize % 3]);
            if visit % 4 == 3 {
                add(-3000);
            }
        }
    }
    let model = LifetimeValue::new().purchases(MbgCnbd::new()).spend(CredibilitySpend::new());
    let spec = model.ask(HistorySpec::new());
    let history = CustomerHistory::read(&Shop::new(lines), &spec, &Work::new()).unwrap();
    let fitted = model.fit_to(&history, &Work::new()).unwrap();
    assert_eq!(fitted.basis().to_string(), "mbg_cnbd+credibility", "{:?}", fitted.basis().notes);
    assert!(fitted.purchase_model().unwrap().regularity().unwrap() >= 3);
    let value = fitted.value(&history, &Economics::none(), &Work::new()).unwrap();
    let mean: f64 = (0..120).map(|row| history.net(row).amount()).sum::<f64>()
        / (0..120).map(|row| f64::from(history.purchases(row))).sum::<f64>();
    let rates: Vec<_> = value.rows().iter().map(|worth| worth.rates.unwrap()).collect();
    let spend = rates.iter().map(|rates| rates.spend).sum::<f64>() / 120.0;
    assert!((spend - mean).abs() < 5.0, "{spend} {mean}");
    assert!(rates.iter().all(|rates| rates.purchases.is_finite() && rates.staying <= 1.0));
    // Its parameters have no covariance, and there is no interval rather than a wrong one.
    let interval = fitted.intervals(&history, &Economics::none(), 0.9, &Work::new());
    assert_eq!(interval.unwrap(), None);
    // The ladder does not hide that the history lacks what the models were to be fitted to.
    let without = HistorySpec::new();
    let history = CustomerHistory::read(&Shop::new(market(50)), &without, &Work::new()).unwrap();
    assert!(model.fit_to(&history, &Work::new()).is_err());
}

#[test]
fn an_interval_of_value_holds_the_value_and_the_total_is_not_the_sum_of_the_ends() {
    use segmentry::simulate::Market;
    use segmentry::value::Economics;
    let history =
        CustomerHistory::read(&Market::new(1500), &HistorySpec::new(), &Work::new()).unwrap();
    let fitted = LifetimeValue::new().fit_to(&history, &Work::new()).unwrap();
    let at = |level| fitted.intervals(&history, &Economics::none(), level, &Work::new()).unwrap();
    let (Some(wide), Some(narrow)) = (at(0.95), at(0.5)) else {
        panic!("the fits of this market converge: {:?}", fitted.basis())
    };
    for (wide, narrow) in wide.customers.iter().zip(&narrow.customers) {
        assert!(wide.low <= narrow.low && narrow.low <= narrow.value, "{wide:?} {narrow:?}");
        assert!(narrow.value <= narrow.high && narrow.high <= wide.high);
    }
    let sum: f64 = wide.customers.iter().map(|customer| customer.value.amount()).sum();
    assert!((wide.total.value.amount() - sum).abs() < 1e-9 * sum);
    let errors: f64 = wide.customers.iter().map(|customer| customer.standard_error).sum();
    assert!(wide.total.standard_error < errors && wide.total.standard_error > 0.0);
    assert!(fitted.intervals(&history, &Economics::none(), 1.0, &Work::new()).is_err());
}
