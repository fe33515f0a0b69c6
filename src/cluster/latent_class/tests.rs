use super::expect::{expect, posterior_of};
use super::point::Point;
use super::*;
use crate::cluster::{Membership, SegmentModel, Segmentation};
use crate::features::{FeatureColumn, FeatureValues};
use crate::num::random::{Purpose, Stream};
use crate::units::CustomerIds;

/// Sums in another order differ in the last digits.
const ROUNDING: f64 = 1e-11;

fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1e-3), "got {got}, want {want}");
}

fn matrix(n: usize, columns: impl IntoIterator<Item = FeatureColumn>) -> FeatureMatrix {
    let empty = FeatureMatrix::new(CustomerIds::numbered(n).unwrap());
    columns.into_iter().fold(empty, |matrix, column| matrix.with(column).unwrap())
}

/// Yes/no, ordered and categorical answers of two kinds of customers, some of them missing.
pub(super) fn survey(n: usize, items: usize, seed: u64, missing: f64) -> FeatureMatrix {
    let mut stream = Stream::new(seed, Purpose::Answers, 0);
    let kinds: Vec<bool> = (0..n).map(|_| stream.chance(0.4)).collect();
    let column = |item: usize| {
        let levels = [2, 2, 3, 2, 5][item % 5];
        let mut codes = Vec::new();
        let mut gaps = Vec::new();
        for &kind in &kinds {
            let own = (item + usize::from(kind)) % levels;
            let any = stream.below(levels as u64) as usize;
            codes.push(if stream.chance(0.5) { own } else { any } as u32);
            gaps.push(stream.chance(missing));
        }
        let name = format!("item {item}");
        let names = (0..levels).map(|level| format!("level {level}")).collect();
        let column = match levels {
            2 => FeatureColumn::yes_no(name, codes.iter().map(|&code| code == 1).collect()),
            3 => FeatureColumn::of(name, FeatureValues::Ordered { levels: names, codes }),
            _ => FeatureColumn::of(name, FeatureValues::Category { levels: names, codes }),
        };
        column.missing(gaps)
    };
    matrix(n, (0..items).map(column).collect::<Vec<_>>())
}

/// The answers of a row, as the model numbers them.
fn answers(items: &[Item], features: &FeatureMatrix, row: usize) -> Vec<usize> {
    let answer = |item: &Item| {
        let column = features.column(&item.name).unwrap();
        let Some(code) = column.number(row) else { return item.levels.len() };
        let name = match column.values() {
            FeatureValues::YesNo(_) => ["no", "yes"][code as usize].to_owned(),
            FeatureValues::Ordered { levels, .. } | FeatureValues::Category { levels, .. } => {
                levels[code as usize].clone()
            }
            FeatureValues::Numbers(_) => unreachable!("the surveys here have none"),
        };
        item.levels.iter().position(|level| *level == name).unwrap()
    };
    items.iter().map(answer).collect()
}

/// Expected counts and log-likelihood, row by row and by logarithms.
fn naive<const W: usize>(
    items: &[Item],
    features: &FeatureMatrix,
    point: &Point<W>,
) -> (Point<W>, f64) {
    let mut counts = Point::zero(items);
    let mut log_likelihood = 0.0;
    for row in 0..features.n_customers() {
        let weight = features.weights().map_or(1.0, |weights| weights[row]);
        let answers = answers(items, features, row);
        if answers.iter().zip(items).all(|(&answer, item)| answer == item.levels.len()) {
            continue;
        }
        let mut posterior = [0.0; W];
        log_likelihood += weight * posterior_of(point, &answers, &mut posterior);
        for lane in 0..W {
            counts.sizes[lane] += weight * posterior[lane];
        }
        for (levels, &answer) in counts.items.iter_mut().zip(&answers) {
            if let Some(level) = levels.get_mut(answer) {
                for lane in 0..W {
                    level[lane] += weight * posterior[lane];
                }
            }
        }
    }
    (counts, log_likelihood)
}

pub(super) fn patterns(items: &[Item], features: &FeatureMatrix) -> Patterns {
    let packed = Packed::of(items, features, NewLevels::Refuse).unwrap();
    Patterns::of(items, &packed, features.weights())
}

pub(super) fn random_point<const W: usize>(
    items: &[Item],
    k: usize,
    power: i32,
    seed: u64,
) -> Point<W> {
    let mut stream = Stream::new(seed, Purpose::Restart, 0);
    let mut point = Point::zero(items);
    let mut draw = || {
        let base = stream.open_uniform();
        (0..power).fold(1.0, |product, _| product * base)
    };
    for class in 0..k {
        point.sizes[class] = draw();
        for level in point.items.iter_mut().flatten() {
            level[class] = draw();
        }
    }
    point.normalised(k)
}

fn a_pass_is_the_naive_one<const W: usize>(k: usize, n: usize, items: usize, power: i32) {
    let mut features = survey(n, items, 3, 0.1);
    if items.is_multiple_of(2) {
        let weights = (0..n).map(|row| 0.25 + (row % 7) as f64).collect();
        features = features.with_weights(weights).unwrap();
    }
    let items = Item::of(&features).unwrap();
    let patterns = patterns(&items, &features);
    let point = random_point::<W>(&items, k, power, 5);
    let got = expect(&patterns, &items, &point, &Work::new()).unwrap();
    let (counts, log_likelihood) = naive(&items, &features, &point);
    close(got.log_likelihood, log_likelihood, ROUNDING);
    for (got, want) in got.counts.numbers(W).zip(counts.numbers(W)) {
        close(got, want, ROUNDING);
    }
}

#[test]
fn the_packed_pass_is_the_naive_one() {
    a_pass_is_the_naive_one::<2>(1, 50, 1, 1);
    a_pass_is_the_naive_one::<2>(2, 500, 4, 1);
    a_pass_is_the_naive_one::<4>(3, 1000, 12, 1);
    a_pass_is_the_naive_one::<8>(8, 300, 25, 2);
    a_pass_is_the_naive_one::<16>(9, 10_000, 31, 1);
    a_pass_is_the_naive_one::<32>(32, 65, 7, 1);
}

/// Products of 700 probabilities are below the least number; logarithms take over.
#[test]
fn what_underflows_is_computed_by_logarithms() {
    a_pass_is_the_naive_one::<4>(4, 80, 700, 3);
    let features = survey(60, 700, 3, 0.0);
    let model =
        LatentClasses::new(2).starts(Starts::Fixed(3)).fit(&features, &Work::new()).unwrap();
    assert!(model.log_likelihood().is_finite() && model.converged());
    assert!(model.entropy_r2().unwrap() > 0.999);
}

#[test]
fn silent_customers_are_counted_and_left_out() {
    let yes =
        |gaps: Vec<bool>| FeatureColumn::yes_no("a", vec![true, false, true, false]).missing(gaps);
    let features = matrix(4, [yes(vec![false, true, false, false])]);
    let items = Item::of(&features).unwrap();
    let patterns = patterns(&items, &features);
    assert_eq!((patterns.len(), patterns.silent, patterns.total), (2, 1, 3.0));
}

#[test]
fn the_likelihood_never_falls() {
    let features = survey(400, 8, 9, 0.05);
    let fit = |steps: usize| {
        let method = LatentClasses::new(4).starts(Starts::Fixed(1)).max_steps(steps).seed(2);
        method.fit(&features, &Work::new()).unwrap().log_likelihood()
    };
    let path: Vec<f64> = (1..60).map(fit).collect();
    assert!(path.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9), "{path:?}");
}

#[test]
fn longer_strides_reach_the_same_top() {
    let features = survey(600, 10, 4, 0.05);
    let with = |acceleration| {
        let method = LatentClasses::new(2).starts(Starts::Fixed(4)).acceleration(acceleration);
        method.fit(&features, &Work::new()).unwrap()
    };
    let (plain, strides) = (with(Acceleration::None), with(Acceleration::Squarem));
    close(strides.log_likelihood(), plain.log_likelihood(), 1e-9);
    for (a, b) in strides.sizes().iter().zip(plain.sizes()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    assert!(strides.steps() < plain.steps());
}

#[test]
fn weights_are_repeated_rows_to_the_last_bit() {
    let once = survey(200, 6, 8, 0.1);
    let weights: Vec<f64> = (0..200).map(|row| 1.0 + f64::from(row % 3)).collect();
    let rows: Vec<usize> = (0..200).flat_map(|row| vec![row; 1 + row % 3]).collect();
    let columns = once.columns().iter().map(|column| {
        let gaps = rows.iter().map(|&row| column.number(row).is_none()).collect();
        let values = match column.values() {
            FeatureValues::YesNo(values) => {
                FeatureValues::YesNo(rows.iter().map(|&row| values[row]).collect())
            }
            FeatureValues::Ordered { levels, codes } => FeatureValues::Ordered {
                levels: levels.clone(),
                codes: rows.iter().map(|&row| codes[row]).collect(),
            },
            FeatureValues::Category { levels, codes } => FeatureValues::Category {
                levels: levels.clone(),
                codes: rows.iter().map(|&row| codes[row]).collect(),
            },
            FeatureValues::Numbers(_) => unreachable!("the surveys here have none"),
        };
        FeatureColumn::of(column.name(), values).missing(gaps)
    });
    let repeated = matrix(rows.len(), columns.collect::<Vec<_>>());
    let weighted = once.with_weights(weights).unwrap();
    let fit = |features: &FeatureMatrix| {
        let model =
            LatentClasses::new(3).starts(Starts::Fixed(5)).fit(features, &Work::new()).unwrap();
        let errors = model.standard_errors(features, &Work::new()).unwrap();
        (model, errors)
    };
    let ((a, errors_a), (b, errors_b)) = (fit(&weighted), fit(&repeated));
    assert_eq!(a.log_likelihood().to_bits(), b.log_likelihood().to_bits());
    assert_eq!(a.sizes(), b.sizes());
    assert_eq!(errors_a, errors_b);
    assert_eq!(a.information(), b.information());
}

#[cfg(feature = "parallel")]
#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let features = survey(20_000, 14, 6, 0.05);
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let method = LatentClasses::new(3).starts(Starts::Fixed(2)).max_steps(20);
            let model = method.fit(&features, &Work::new()).unwrap();
            let degrees = model.assign(&features, &Work::new()).unwrap();
            (model, degrees)
        })
    };
    let one = fit(1);
    assert!(one.0.patterns() > 8192);
    for threads in [2, 3, 8] {
        assert!(fit(threads) == one, "{threads} threads");
    }
}

#[test]
fn the_customers_of_the_fit_are_placed_by_bayes() {
    let features = survey(300, 7, 12, 0.1);
    let model =
        LatentClasses::new(3).starts(Starts::Fixed(5)).fit(&features, &Work::new()).unwrap();
    let placed = model.assign(&features, &Work::new()).unwrap();
    let Membership::Soft(degrees) = placed.membership() else { panic!("by degree") };
    let items = Item::of(&features).unwrap();
    for row in 0..300 {
        let mut shares = model.sizes.clone();
        for (item, answer) in answers(&items, &features, row).into_iter().enumerate() {
            if let Some(level) = model.probabilities[item].get(answer) {
                shares.iter_mut().zip(level).for_each(|(share, p)| *share *= p);
            }
        }
        let total = shares.iter().fold(0.0, |sum, share| sum + share);
        for class in 0..3 {
            close(degrees[row * 3 + class], shares[class] / total, 1e-12);
        }
    }
    let hard = model.assign_modal(&features, &Work::new()).unwrap();
    assert_eq!(hard.partition().unwrap(), placed.partition().unwrap());
    // Sizes are the means of the degrees, as at any maximum of the likelihood.
    for class in 0..3 {
        let mean = (0..300).fold(0.0, |sum, row| sum + degrees[row * 3 + class]) / 300.0;
        assert!((mean - model.sizes()[class]).abs() < 1e-5);
    }
}

#[test]
fn new_answers_are_missing_or_refused() {
    let colours = |levels: &[&str], codes: Vec<u32>| {
        let levels = levels.iter().map(|&level| level.to_owned()).collect();
        FeatureColumn::of("colour", FeatureValues::Category { levels, codes })
    };
    let likes = |values: [bool; 4]| FeatureColumn::yes_no("likes it", values.to_vec());
    let fitted = matrix(
        4,
        [colours(&["red", "blue", "unused"], vec![0, 0, 1, 1]), likes([true, true, false, false])],
    );
    let method = LatentClasses::new(2).starts(Starts::Fixed(4));
    let model = method.fit(&fitted, &Work::new()).unwrap();
    assert_eq!(model.levels("colour"), ["red", "blue"]);
    assert_eq!(
        (model.levels("likes it"), model.levels("nothing").len()),
        (&["no".to_owned(), "yes".to_owned()][..], 0)
    );

    // Levels in another order, two that nobody gave in the fit, and a column that is not asked for.
    let later = matrix(
        4,
        [
            likes([true, true, true, true]),
            FeatureColumn::numbers("age", vec![1.0; 4]),
            colours(&["green", "blue", "red", "unused"], vec![2, 0, 3, 2]),
        ],
    );
    let by_like = matrix(
        4,
        [likes([true; 4]), colours(&["red"], vec![0; 4]).missing(vec![false, true, true, false])],
    );
    let place = |model: &LatentClassModel,
                 features: &FeatureMatrix|
     -> Result<Segmentation, SegmentError> { model.assign(features, &Work::new()) };
    let (a, b) = (place(&model, &later).unwrap(), place(&model, &by_like).unwrap());
    assert!(a.membership() == b.membership());
    let strict = method.new_levels(NewLevels::Refuse).fit(&fitted, &Work::new()).unwrap();
    assert!(matches!(place(&strict, &later), Err(SegmentError::NewLevel { row: 1, .. })));
    assert!(place(&strict, &by_like).is_ok());
    assert!(matches!(
        place(&model, &matrix(1, [FeatureColumn::yes_no("likes it", vec![true])])),
        Err(SegmentError::Features(_))
    ));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let two = matrix(3, [FeatureColumn::yes_no("a", vec![true, false, true])]);
    let fit = |method: LatentClasses, features: &FeatureMatrix| method.fit(features, &Work::new());
    for k in [0, 33] {
        assert!(matches!(
            fit(LatentClasses::new(k), &two),
            Err(SegmentError::Param { name: "k", .. })
        ));
    }
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(LatentClasses::new(1).tolerance(bad).validate().is_err());
    }
    assert!(LatentClasses::new(1).starts(Starts::Fixed(0)).validate().is_err());
    assert!(LatentClasses::new(1).max_steps(0).validate().is_err());
    assert!(matches!(
        fit(LatentClasses::new(3), &two),
        Err(SegmentError::TooFewDistinct { k: 3, distinct: 2 })
    ));
    assert!(matches!(fit(LatentClasses::new(1), &matrix(0, [])), Err(SegmentError::NoCustomers)));
    assert!(matches!(
        fit(LatentClasses::new(1), &matrix(2, [])),
        Err(SegmentError::TooFewDistinct { .. })
    ));
    let numbers = matrix(2, [FeatureColumn::numbers("spend", vec![1.0, 2.0])]);
    assert!(matches!(fit(LatentClasses::new(1), &numbers), Err(SegmentError::NotAnswers { .. })));
    let levels: Vec<String> = (0..300).map(|level| level.to_string()).collect();
    let many =
        FeatureColumn::of("zip", FeatureValues::Category { levels, codes: (0..300).collect() });
    assert!(matches!(
        fit(LatentClasses::new(1), &matrix(300, [many])),
        Err(SegmentError::TooManyLevels { got: 300, most: 254, .. })
    ));
    // One less than too many, and the last of them missing.
    let levels: Vec<String> = (0..254).map(|level| level.to_string()).collect();
    let missing = (0..255).map(|row| row == 254).collect();
    let codes = (0..255).collect();
    let most = FeatureColumn::of("zip", FeatureValues::Category { levels, codes }).missing(missing);
    let model = fit(LatentClasses::new(1), &matrix(255, [most])).unwrap();
    assert_eq!((model.parameters(), model.silent(), model.n_customers()), (253, 1, 254.0));
    let heavy = two.clone().with_weights(vec![1e300; 3]).unwrap();
    assert!(matches!(fit(LatentClasses::new(1), &heavy), Err(SegmentError::Param { .. })));
    let work = Work::new();
    work.canceller().cancel();
    assert!(matches!(LatentClasses::new(1).fit(&two, &work), Err(SegmentError::Cancelled(_))));
}

/// One class is the shares of the answers: -2 ln L = 2 (2 ln 3/2 + ln 3) for two of three yes.
#[test]
fn one_class_by_hand() {
    let features = matrix(
        3,
        [
            FeatureColumn::yes_no("a", vec![true, false, true]),
            FeatureColumn::yes_no("all the same", vec![true; 3]),
        ],
    );
    let model = LatentClasses::new(1).fit(&features, &Work::new()).unwrap();
    let ln = crate::num::real::ln;
    close(model.log_likelihood(), 2.0 * ln(2.0 / 3.0) + ln(1.0 / 3.0), 1e-12);
    close(model.probability(0, "a", "yes").unwrap(), 2.0 / 3.0, 1e-12);
    assert_eq!((model.parameters(), model.entropy_r2(), model.n_starts()), (1, None, 1));
    let errors = model.standard_errors(&features, &Work::new()).unwrap();
    // The score of yes is 1/3 in two rows and -2/3 in one: information 2/3, slope 2/9.
    close(errors.probability(0, "a", "yes").unwrap(), 2.0 / 9.0 * (1.5_f64).sqrt(), 1e-12);
    assert_eq!((errors.size(0), errors.probability(0, "all the same", "yes")), (None, None));
}

/// Two classes that cannot be mistaken; a yes/no covariate makes a two by two table of 30, 10, 20
/// and 40, whose logarithm of the odds ratio is ln 6 with variance 1/30 + 1/10 + 1/20 + 1/40.
#[test]
fn without_errors_the_logit_is_the_plain_one() {
    let n = 100;
    let second = |row: usize| row >= 60;
    let item = |name: &str| FeatureColumn::yes_no(name, (0..n).map(second).collect());
    let answers = matrix(n, ["a", "b", "c", "d", "e", "f"].map(item));
    let model = LatentClasses::new(2).fit(&answers, &Work::new()).unwrap();
    assert_eq!(model.sizes()[0], 0.6);
    // Of the 60 in the first class 20 say yes, of the 40 in the other 30.
    let says = |row: usize| if second(row) { row < 90 } else { row < 20 };
    let covariates = matrix(n, [FeatureColumn::yes_no("x", (0..n).map(says).collect())]);
    for assignment in [Assignment::Modal, Assignment::Proportional] {
        let classes = model.classification(&answers, assignment, &Work::new()).unwrap();
        assert!(classes.total_error() < 1e-9);
        for correction in [Correction::MaximumLikelihood, Correction::Bch] {
            let logit = classes.logit(&covariates, correction, &Work::new()).unwrap();
            let x = logit.term(1, "x").unwrap();
            close(x.coefficient, crate::num::real::ln(30.0 / 10.0 * 40.0 / 20.0), 1e-8);
            let variance: f64 = 1.0 / 30.0 + 1.0 / 10.0 + 1.0 / 20.0 + 1.0 / 40.0;
            close(x.standard_error.unwrap(), variance.sqrt(), 1e-8);
            close(logit.intercept(1).unwrap().coefficient, crate::num::real::ln(10.0 / 40.0), 1e-8);
            assert!(
                logit.converged() && logit.term(0, "x").is_none() && logit.term(1, "y").is_none()
            );
        }
        let age = (0..n).map(|row| if second(row) { None } else { Some(row as f64) });
        let means = classes.means(&FeatureColumn::numbers_or_missing("age", age)).unwrap();
        close(means[0].unwrap().mean, 29.5, 1e-9);
        close(means[0].unwrap().standard_error, (3599.0_f64 / 12.0 / 60.0).sqrt(), 1e-9);
    }
}

/// A covariate without units: the same odds, whatever it is counted in.
#[test]
fn covariates_may_be_large_small_or_constant() {
    let answers = survey(300, 6, 21, 0.0);
    let model = LatentClasses::new(2).starts(Starts::Fixed(4)).fit(&answers, &Work::new()).unwrap();
    let classes = model.classification(&answers, Assignment::Modal, &Work::new()).unwrap();
    let mut stream = Stream::new(1, Purpose::Traits, 0);
    let draws: Vec<f64> = (0..300).map(|_| stream.normal()).collect();
    let with = |unit: f64| {
        let column = FeatureColumn::numbers("x", draws.iter().map(|x| x * unit).collect());
        let logit = classes
            .logit(&matrix(300, [column]), Correction::MaximumLikelihood, &Work::new())
            .unwrap();
        let x = logit.term(1, "x").unwrap();
        (x.coefficient * unit, x.standard_error.unwrap() * unit)
    };
    let plain = with(1.0);
    for unit in [1e300, 1e-300] {
        close(with(unit).0, plain.0, 1e-9);
        close(with(unit).1, plain.1, 1e-9);
    }
    let constant = FeatureColumn::numbers("x", vec![4.0; 300]);
    let logit = classes.logit(&matrix(300, [constant]), Correction::Bch, &Work::new()).unwrap();
    assert_eq!(logit.term(1, "x").unwrap().standard_error, None);
}

#[test]
fn the_scorer_agrees_with_the_model() {
    let matrix = survey(400, 6, 2, 0.1);
    let model = LatentClasses::new(2).fit(&matrix, &Work::new()).unwrap();
    let its = model.scorer().unwrap().assign(&matrix, &Work::new()).unwrap();
    let mine = model.assign(&matrix, &Work::new()).unwrap();
    let differ = (0..400).filter(|&row| mine.segment_of(row) != its.segment_of(row)).count();
    assert_eq!(differ, 0);
    assert_eq!(model.criteria().hits, Some(model.hits()));
}
