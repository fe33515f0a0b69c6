use proptest::prelude::*;

use super::*;

const EXACT: f64 = 1e-9;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

fn close(got: Money, want: f64) {
    assert!((got.amount() - want).abs() <= EXACT * want.abs().max(1.0), "{got} {want}");
}

fn named(width: usize) -> Vec<String> {
    (0..width).map(|column| format!("e{column}")).collect()
}

/// The value of a set, by its formula.
fn worth(values: &[f64], width: usize, weights: Option<&[f64]>, set: &[usize]) -> f64 {
    let mut total = 0.0;
    for (row, values) in values.chunks_exact(width).enumerate() {
        let best = set.iter().map(|&column| values[column]).fold(0.0, f64::max);
        total += weights.map_or(1.0, |weights| weights[row]) * best;
    }
    total
}

/// Greedy as it is written in the textbook: every candidate from scratch at every step.
fn naive(values: &[f64], width: usize, weights: Option<&[f64]>) -> Vec<(usize, f64)> {
    let mut set: Vec<usize> = Vec::new();
    let mut steps = Vec::new();
    loop {
        let now = worth(values, width, weights, &set);
        let mut best: Option<(usize, f64)> = None;
        for column in (0..width).filter(|column| !set.contains(column)) {
            let value = worth(values, width, weights, &[&set[..], &[column]].concat());
            if value > best.map_or(now, |(_, value)| value) {
                best = Some((column, value));
            }
        }
        let Some((column, value)) = best else { return steps };
        set.push(column);
        steps.push((column, value));
    }
}

/// The best set of each size, by trying all.
fn optima(values: &[f64], width: usize) -> Vec<f64> {
    let mut best = vec![0.0; width + 1];
    for mask in 0u32..1 << width {
        let set: Vec<usize> = (0..width).filter(|column| mask >> column & 1 == 1).collect();
        best[set.len()] = f64::max(best[set.len()], worth(values, width, None, &set));
    }
    best
}

fn random(rows: usize, width: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Sample, 0);
    (0..rows * width).map(|_| stream.normal() + 0.3).collect()
}

fn all_rows<'a>(values: &'a [f64], width: usize) -> Experiences<'a> {
    Experiences::new(named(width), values).without_revaluation()
}

/// Four customers, three experiences, weights 1, 2, 1, 1. Alone: 3 + 2·1 = 5, 1 + 2·2 + 1/2 =
/// 11/2, 2. After the second: the first adds 3 − 1 = 2, the third 2 − 1/2 = 3/2. After both: the
/// third adds 3/2 to the third customer only. Nobody wants anything for the fourth.
#[test]
fn worked_as_fractions() {
    let values = [3.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.5, 2.0, -1.0, -2.0, -3.0];
    let curve = all_rows(&values, 3)
        .weights(&[1.0, 2.0, 1.0, 1.0])
        .cost_each(money(1.75))
        .curve(&Work::new())
        .unwrap();
    let columns: Vec<usize> = curve.steps.iter().map(|step| step.column).collect();
    assert_eq!(columns, [1, 0, 2]);
    for (step, (value, adds)) in curve.steps.iter().zip([(5.5, 5.5), (7.5, 2.0), (9.0, 1.5)]) {
        close(step.value, value);
        close(step.adds, adds);
    }
    // One: 11/2 is the largest alone. Two: what two add to the first pick, 11/2 + 2 + 3/2, and to
    // nothing, 11/2 + 5; all are worth 9, and so the bound of two is 9.
    close(curve.steps[0].bound, 5.5);
    close(curve.steps[1].bound, 9.0);
    close(curve.steps[2].bound, 9.0);
    assert_eq!((curve.worth_it, curve.chosen()), (2, vec![1, 0]));
    assert_eq!(
        curve.to_string(),
        "2 experiences are worth it; the third adds 1.50 against a cost of 1.75 (by the numbers \
         that chose them, which flatters)"
    );
    assert_eq!(curve.net(), None);
}

#[test]
fn the_same_as_the_textbook_with_and_without_weights() {
    for seed in 0..30 {
        let (rows, width) = (5 + 7 * seed as usize, 2 + seed as usize % 9);
        let values = random(rows, width, seed);
        let weights: Vec<f64> = (0..rows).map(|row| (row % 4) as f64).collect();
        for weights in [None, Some(&weights[..])] {
            let mut question = all_rows(&values, width);
            if let Some(weights) = weights {
                question = question.weights(weights);
            }
            let curve = question.curve(&Work::new()).unwrap();
            let expected = naive(&values, width, weights);
            assert_eq!(curve.steps.len(), expected.len());
            for (step, (column, value)) in curve.steps.iter().zip(expected) {
                assert_eq!(step.column, column);
                close(step.value, value);
            }
        }
    }
}

/// Nemhauser, Wolsey & Fisher: never less than 1 − 1/e of the optimum; and the bound is one.
#[test]
fn no_set_is_worth_more_than_the_bound() {
    let (mut worst_share, mut worst_bound) = (1.0_f64, 1.0_f64);
    for seed in 0..40 {
        let values = random(12, 8, 1000 + seed);
        let curve = all_rows(&values, 8).curve(&Work::new()).unwrap();
        let optima = optima(&values, 8);
        for step in &curve.steps {
            let optimum = optima[step.experiences];
            assert!(step.bound.amount() >= optimum * (1.0 - EXACT));
            assert!(step.value.amount() <= optimum * (1.0 + EXACT));
            worst_share = worst_share.min(step.value.amount() / optimum);
            worst_bound = worst_bound.min(step.share_of_bound().unwrap());
        }
    }
    assert!(worst_share >= 1.0 - 1.0 / std::f64::consts::E, "{worst_share}");
    assert!(worst_share > 0.9 && worst_share < 1.0, "near, and not always there: {worst_share}");
    assert!(worst_bound > 0.75, "{worst_bound}");
}

/// The classic trap: the one in the middle is the best alone, and the two beside it are best
/// together. Greedy reaches 3/4 of the optimum and the bound knows that it might.
#[test]
fn where_greedy_errs_the_bound_says_by_how_much() {
    // Columns: left, right, middle.
    let values = [2.0, 0.0, 1.25, 0.0, 2.0, 1.25];
    let curve = all_rows(&values, 3).curve(&Work::new()).unwrap();
    close(curve.steps[0].value, 2.5);
    close(curve.steps[1].value, 3.25);
    close(curve.steps[1].bound, 4.0);
    assert_eq!(optima(&values, 3)[2], 4.0);
}

#[test]
fn twins_are_made_once() {
    let values: Vec<f64> =
        random(500, 3, 5).chunks(3).flat_map(|v| [v[0], v[0], v[1], v[2], v[2]]).collect();
    let curve = all_rows(&values, 5).curve(&Work::new()).unwrap();
    let mut columns: Vec<usize> = curve.steps.iter().map(|step| step.column).collect();
    columns.sort_unstable();
    assert_eq!(columns, [0, 2, 3]);
    assert!(curve.to_string().starts_with("3 experiences are worth it; no other adds anything"));
}

/// Segments of 50 customers, ten experiences that all bring 1 with a standard deviation of 10, and
/// nothing else. By the numbers that chose, each segment has its own favourite; by the others, one
/// experience is as good as ten.
#[test]
fn pure_noise_rises_where_it_was_chosen_and_says_one_elsewhere() {
    let (rows, width) = (10_000, 10);
    let mut stream = Stream::new(11, Purpose::Sample, 0);
    let values: Vec<f64> = (0..rows * width).map(|_| 1.0 + 10.0 * stream.normal()).collect();
    let segments: Vec<SegmentId> = (0..rows as u32).map(|row| SegmentId(row % 200)).collect();
    let curve = Experiences::new(named(width), &values)
        .segments(&segments)
        .cost_each(money(500.0))
        .curve(&Work::new())
        .unwrap();
    assert_eq!((curve.worth_it, curve.worth_it_where_chosen), (1, 9), "{curve}");
    let last = curve.steps.last().unwrap();
    // The best of ten means of 25: 1 + 1.54 × 2 each, three times as much as there is.
    assert!(last.value.amount() > 35_000.0 && last.value.amount() < 45_000.0, "{}", last.value);
    let held_out = last.revalued.unwrap();
    assert!((held_out.value.amount() - 10_000.0).abs() < 4.0 * held_out.value_error.amount());
    assert!(curve.steps[0].revalued.unwrap().value.amount() < 12_500.0);
    assert!(curve.to_string().contains("the numbers that chose them say 9"), "{curve}");
}

/// What halving the customers cannot take out: where each decides by a noisy row of their own, the
/// other half is as flattered as the first. A second estimate does take it out.
#[test]
fn rows_that_decide_for_themselves_need_a_second_estimate() {
    let (rows, width) = (4000, 6);
    let noise = |seed: u64| -> Vec<f64> {
        let mut stream = Stream::new(seed, Purpose::Sample, 0);
        (0..rows * width).map(|_| 1.0 + 10.0 * stream.normal()).collect()
    };
    let (first, second) = (noise(1), noise(2));
    let question = Experiences::new(named(width), &first).cost_each(money(700.0));
    let believed = question.clone().curve(&Work::new()).unwrap();
    assert_eq!(believed.worth_it, 6);
    let honest = question.second_estimate(&second).curve(&Work::new()).unwrap();
    assert_eq!((honest.worth_it, honest.worth_it_where_chosen), (1, 6), "{honest}");
}

/// Three kinds of segments with their own favourites, and noise: the planted three are found by
/// the held-out half although there are twelve to choose from.
#[test]
fn planted_experiences_are_found() {
    let (rows, width) = (12_000, 12);
    let mut stream = Stream::new(3, Purpose::Sample, 0);
    let segments: Vec<SegmentId> = (0..rows as u32).map(|row| SegmentId(row % 30)).collect();
    let values: Vec<f64> = (0..rows * width)
        .map(|place| {
            let (row, column) = (place / width, place % width);
            let favourite = if row % 30 % 3 == column { 5.0 } else { 0.0 };
            favourite + 20.0 * stream.normal()
        })
        .collect();
    let curve = Experiences::new(named(width), &values)
        .segments(&segments)
        .cost_each(money(1000.0))
        .curve(&Work::new())
        .unwrap();
    let mut chosen = curve.chosen();
    chosen.sort_unstable();
    assert_eq!(chosen, [0, 1, 2], "{curve}");
    let (net, (low, high)) = curve.net().unwrap();
    assert!(low < net && net < high);
    // Each of the 12,000 gets a favourite of 5, for three times 1,000.
    assert!(low < money(57_000.0) && money(57_000.0) < high, "{net} {low} {high}");
}

/// 400 splits of data of which the truth is known: the interval of what the second experience adds
/// holds it in 95 of 100 cases (false alarm below 1 in 1,000).
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let rows = 200;
    let mut held = 0;
    let mut told = 0;
    for seed in 0..400 {
        let mut stream = Stream::new(seed, Purpose::Sample, 9);
        let values: Vec<f64> = (0..rows)
            .flat_map(|row| {
                let (left, right) = if stream.uniform() < 0.7 { (4.0, 0.0) } else { (0.0, 3.0) };
                let lift = if row % 2 == 0 { 1.0 } else { 0.5 };
                [lift * left, lift * right]
            })
            .collect();
        let curve = Experiences::new(named(2), &values).seed(seed).curve(&Work::new()).unwrap();
        let (low, high) = curve.interval(&curve.steps[1]).unwrap();
        let truth = money(200.0 * 0.3 * 3.0 * 0.75);
        held += usize::from(low <= truth && truth <= high);
        told += 1;
    }
    // Binomial(400, 0.95): three standard errors of 4.4 below 380, and some for the normal tail.
    assert!(held >= 364 && held < told, "{held}");
}

#[test]
fn the_standard_error_is_that_of_a_weighted_total() {
    // Second estimate: all three rows judge, the scale is 1.
    let (first, second) = ([1.0, 1.0, 1.0], [2.0, 5.0, -1.0]);
    let curve = Experiences::new(["a"], &first)
        .second_estimate(&second)
        .weights(&[1.0, 2.0, 1.0])
        .curve(&Work::new())
        .unwrap();
    let held_out = curve.steps[0].revalued.unwrap();
    close(held_out.value, 11.0);
    // Mean 11/4; deviations −3/4, 2·9/4, −15/4; squares 9/16 + 324/16 + 225/16 = 558/16.
    close(held_out.value_error, (1.5_f64 * 558.0 / 16.0).sqrt());
    assert_eq!((held_out.adds, held_out.adds_error), (held_out.value, held_out.value_error));
}

#[test]
fn a_row_of_weight_two_is_two_rows() {
    let (a, b) = (random(60, 4, 8), random(60, 4, 9));
    let twice = |values: &[f64]| [values, values].concat();
    let weighted = Experiences::new(named(4), &a)
        .second_estimate(&b)
        .weights(&[2.0; 60])
        .curve(&Work::new())
        .unwrap();
    let (a, b) = (twice(&a), twice(&b));
    let repeated = Experiences::new(named(4), &a).second_estimate(&b).curve(&Work::new()).unwrap();
    for (left, right) in weighted.steps.iter().zip(&repeated.steps) {
        close(left.value, right.value.amount());
        close(left.revalued.unwrap().value, right.revalued.unwrap().value.amount());
    }
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (rows, width) = (3 * blocks::BLOCK + 77, 7);
    let values = random(rows, width, 21);
    let segments: Vec<SegmentId> = (0..rows as u32).map(|row| SegmentId(row % 50)).collect();
    let run = |threads: usize, by_segment: bool| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let question = Experiences::new(named(width), &values).cost_each(money(50.0));
            let question = if by_segment { question.segments(&segments) } else { question };
            question.curve(&Work::new()).unwrap()
        })
    };
    for by_segment in [false, true] {
        let one = run(1, by_segment);
        assert_eq!(one, run(2, by_segment));
        assert_eq!(one, run(5, by_segment));
    }
}

#[test]
fn halves_are_halves_and_depend_on_the_seed() {
    let values = vec![1.0; 101];
    let halves = |seed| Experiences::new(["a"], &values).seed(seed).halves();
    let (choosing, judging) = halves(4);
    let (choosing, judging) = (choosing.unwrap(), judging.unwrap());
    assert_eq!((choosing.len(), judging.len()), (51, 50));
    let mut all = [choosing.clone(), judging].concat();
    all.sort_unstable();
    assert_eq!(all, (0..101).collect::<Vec<u32>>());
    assert_ne!(halves(5).0.unwrap(), choosing);
    // Both halves speak for all 101 customers.
    let curve = Experiences::new(["a"], &values).curve(&Work::new()).unwrap();
    close(curve.steps[0].value, 101.0);
    close(curve.steps[0].revalued.unwrap().value, 101.0);
    assert_eq!(curve.to_string(), "1 experience is worth it");
}

#[test]
fn nothing_may_be_the_answer() {
    let values = vec![-1.0; 40];
    let curve = Experiences::new(["a", "b"], &values).curve(&Work::new()).unwrap();
    assert!(curve.steps.is_empty() && curve.chosen().is_empty());
    assert_eq!(curve.to_string(), "no experience is shown to be worth it; none adds anything");
    let dear = vec![1.0; 40];
    let curve =
        Experiences::new(["a", "b"], &dear).cost_each(money(100.0)).curve(&Work::new()).unwrap();
    assert_eq!(
        curve.to_string(),
        "no experience is shown to be worth it; the first adds 20 ± 0 against a cost of 100"
    );
}

#[test]
fn the_curve_ends_where_it_is_told() {
    let values = random(50, 6, 2);
    let whole = all_rows(&values, 6).curve(&Work::new()).unwrap();
    let short = all_rows(&values, 6).at_most(2).curve(&Work::new()).unwrap();
    assert_eq!(short.steps.len(), 2);
    for (left, right) in short.steps.iter().zip(&whole.steps) {
        assert_eq!((left.column, left.value), (right.column, right.value));
        assert!(left.bound >= right.bound);
    }
}

#[test]
fn what_cannot_be_used_is_an_error_with_its_place() {
    let work = Work::new();
    fn new(values: &[f64]) -> Experiences<'_> {
        Experiences::new(["a", "b"], values)
    }
    let good = [1.0; 8];
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200] {
        let mut values = good;
        values[5] = bad;
        assert!(matches!(
            new(&values).curve(&work),
            Err(StrategyError::ExperienceValue { table: "values", row: 2, column: 1, .. })
        ));
        assert!(matches!(
            new(&good).second_estimate(&values).curve(&work),
            Err(StrategyError::ExperienceValue { table: "second estimate", row: 2, column: 1, .. })
        ));
    }
    let table = |result: Result<ExperienceCurve, StrategyError>| {
        matches!(result, Err(StrategyError::ExperienceTable { .. }))
    };
    assert!(table(new(&good[..7]).curve(&work)));
    assert!(table(new(&good[..2]).curve(&work)));
    assert!(table(new(&[]).without_revaluation().curve(&work)));
    assert!(table(new(&good).weights(&[1.0; 3]).curve(&work)));
    assert!(table(new(&good).segments(&[SegmentId(0); 5]).curve(&work)));
    assert!(table(new(&good).second_estimate(&good[..6]).curve(&work)));
    assert!(new(&good[..2]).without_revaluation().curve(&work).is_ok());
    for weights in [[1.0, f64::NAN, 1.0, 1.0], [1.0, -1.0, 1.0, 1.0]] {
        assert!(matches!(
            new(&good).weights(&weights).curve(&work),
            Err(StrategyError::ExperienceValue { table: "weights", row: 1, .. })
        ));
    }
    let far = [SegmentId(0), SegmentId(9), SegmentId(0), SegmentId(0)];
    assert!(matches!(
        new(&good).segments(&far).curve(&work),
        Err(StrategyError::ExperienceValue { table: "segments", row: 1, .. })
    ));
    let param = |result: Result<ExperienceCurve, StrategyError>| {
        matches!(result, Err(StrategyError::ExperienceParam { .. }))
    };
    assert!(param(new(&good).weights(&[0.0; 4]).curve(&work)));
    assert!(param(new(&good).weights(&[1.0, 0.0, 0.0, 0.0]).curve(&work)));
    assert!(param(new(&good).cost_each(money(-1.0)).curve(&work)));
    assert!(param(new(&good).at_most(0).curve(&work)));
    assert!(param(new(&good).confidence(Probability::new(1.0).unwrap()).curve(&work)));
    assert!(param(Experiences::new(Vec::<String>::new(), &good).curve(&work)));
    work.canceller().cancel();
    assert!(matches!(new(&good).curve(&work), Err(StrategyError::Cancelled(_))));
}

#[test]
fn values_stay_out_of_the_debug_text() {
    let text = format!("{:?}", Experiences::new(["a"], &[123_456.0; 4]).weights(&[1.0; 4]));
    assert!(!text.contains("123456") && text.contains("cost_each"));
}

proptest! {
    /// Monotone and submodular: more experiences are never worth less, and what is added shrinks;
    /// of all rows deciding for themselves this also holds where they are valued again.
    #[test]
    fn value_rises_ever_more_slowly(
        values in prop::collection::vec(-50.0f64..100.0, 40..=40),
        cost in 0.0f64..50.0,
    ) {
        let curve = Experiences::new(named(5), &values).cost_each(money(cost)).curve(&Work::new()).unwrap();
        for pair in curve.steps.windows(2) {
            prop_assert!(pair[1].value >= pair[0].value);
            prop_assert!(pair[1].adds.amount() <= pair[0].adds.amount() * (1.0 + EXACT));
            prop_assert!(pair[1].bound >= pair[0].bound);
            prop_assert!(pair[1].revalued.unwrap().value >= pair[0].revalued.unwrap().value);
        }
        prop_assert!(curve.worth_it <= curve.steps.len());
        for step in &curve.steps {
            prop_assert!(step.share_of_bound().unwrap() >= 1.0 - 1.0 / std::f64::consts::E);
        }
    }

    /// In another currency all amounts are others and the answer is the same.
    #[test]
    fn the_currency_does_not_matter(values in prop::collection::vec(-50.0f64..100.0, 40..=40)) {
        let curve = |factor: f64| {
            let values: Vec<f64> = values.iter().map(|v| v * factor).collect();
            Experiences::new(named(5), &values).cost_each(money(32.0 * factor)).curve(&Work::new()).unwrap()
        };
        let (euros, cents) = (curve(1.0), curve(128.0));
        prop_assert_eq!(euros.chosen(), cents.chosen());
        for (left, right) in euros.steps.iter().zip(&cents.steps) {
            prop_assert_eq!(left.value.amount() * 128.0, right.value.amount());
        }
    }
}
