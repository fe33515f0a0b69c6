use pulp::WithSimd;

use crate::cluster::mixture::kernel::{Place, Step, Wanted};
use crate::cluster::mixture::parameters::Parameters;
use crate::cluster::mixture::table::{Table, Unit};
use crate::cluster::mixture::{reference, start};
use crate::cluster::{
    Covariance, GaussianMixture, GaussianMixtureModel, Membership, SegmentError, SegmentModel,
    Segmenter,
};
use crate::features::{FeatureColumn, FeatureError, FeatureMatrix, FeatureValues};
use crate::num::random::{Purpose, Stream};
use crate::num::simd;
use crate::units::{CustomerIds, SegmentId};
use crate::work::Work;

const SHAPES: [Covariance; 4] =
    [Covariance::Full, Covariance::Tied, Covariance::Diagonal, Covariance::Spherical];

/// Products of a few hundred rounded numbers.
const ROUNDING: f64 = 1e-11;

/// Three groups whose features go together, and which overlap.
fn rows(n: usize, d: usize) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(17, Purpose::Sample, d as u64);
    (0..n)
        .map(|i| {
            let common = stream.normal();
            (0..d)
                .map(|a| {
                    let centre = ((i % 3) * (a + 2) % 4) as f64 * 2.5;
                    centre + (0.5 + a as f64 * 0.2) * stream.normal() + 0.6 * common
                })
                .collect()
        })
        .collect()
}

fn matrix(rows: &[Vec<f64>]) -> FeatureMatrix {
    let names: Vec<String> = (0..rows.first().map_or(1, Vec::len)).map(|a| a.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    FeatureMatrix::from_rows(&names, rows).unwrap()
}

fn labels(n: usize, k: usize) -> Vec<SegmentId> {
    (0..n).map(|i| SegmentId((i % k) as u32)).collect()
}

fn fit(mixture: &GaussianMixture, matrix: &FeatureMatrix) -> GaussianMixtureModel {
    mixture.fit(matrix, &Work::new()).unwrap()
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "got {got}, want {want}");
}

/// Every number that a model shows.
fn bits(model: &GaussianMixtureModel) -> Vec<u64> {
    let mut numbers = vec![model.log_likelihood(), model.entropy(), model.iterations() as f64];
    for segment in 0..model.n_segments() {
        numbers.push(model.weight(segment));
        numbers.extend(model.mean(segment));
        numbers.extend(model.covariance(segment).into_iter().flatten());
    }
    numbers.into_iter().map(f64::to_bits).collect()
}

#[test]
fn each_iteration_equals_the_plain_algorithm() {
    for d in [1, 2, 3, 4, 5, 6, 7, 10] {
        for shape in SHAPES {
            let rows = rows(389, d);
            let weights: Vec<f64> = (0..rows.len()).map(|i| 0.5 + (i % 4) as f64).collect();
            let matrix = matrix(&rows).with_weights(weights.clone()).unwrap();
            let mut shares: Vec<Vec<f64>> = (0..rows.len())
                .map(|i| (0..3).map(|c| f64::from(u8::from(i % 3 == c))).collect())
                .collect();
            for iterations in 1..5 {
                let plain = reference::maximise(&rows, &weights, &shares, shape);
                let (next, log_likelihood) = reference::expect(&rows, &weights, &plain);
                shares = next;
                let mixture = GaussianMixture::new(3)
                    .covariance(shape)
                    .start_from_labels(&labels(rows.len(), 3))
                    .tolerance(0.0)
                    .max_iterations(iterations);
                let model = fit(&mixture, &matrix);
                assert_eq!(model.iterations(), iterations);
                close(model.log_likelihood(), log_likelihood, ROUNDING);
                for c in 0..3 {
                    close(model.weight(c), plain.weights[c], ROUNDING);
                    for a in 0..d {
                        close(model.mean(c)[a], plain.means[c][a], ROUNDING);
                        for b in 0..d {
                            let (got, want) = (model.covariance(c), &plain.covariances[c]);
                            close(got[a][b], want[a][b], ROUNDING);
                        }
                    }
                }
                let soft = model.responsibilities(&matrix, &Work::new()).unwrap();
                let Membership::Soft(degrees) = soft.membership() else { panic!("by degree") };
                let mut entropy = 0.0;
                for (i, (got, want)) in degrees.chunks(3).zip(&shares).enumerate() {
                    for (&got, &want) in got.iter().zip(want) {
                        close(got, want, 1e-9);
                        if want > 0.0 {
                            entropy -= weights[i] * want * libm::log(want);
                        }
                    }
                }
                close(model.entropy(), entropy, 1e-8);
            }
        }
    }
}

#[test]
fn a_weight_is_a_repeated_row() {
    let rows = rows(300, 3);
    let weights: Vec<f64> = (0..300).map(|i| f64::from(i % 3 + 1)).collect();
    let repeated: Vec<Vec<f64>> =
        rows.iter().zip(&weights).flat_map(|(row, &w)| vec![row.clone(); w as usize]).collect();
    let repeated_labels: Vec<SegmentId> = labels(300, 2)
        .iter()
        .zip(&weights)
        .flat_map(|(&label, &w)| vec![label; w as usize])
        .collect();
    let weighted = matrix(&rows).with_weights(weights).unwrap();
    for shape in SHAPES {
        let mixture = GaussianMixture::new(2).covariance(shape).tolerance(0.0).max_iterations(9);
        let left = fit(&mixture.clone().start_from_labels(&labels(300, 2)), &weighted);
        let right = fit(&mixture.start_from_labels(&repeated_labels), &matrix(&repeated));
        close(left.log_likelihood(), right.log_likelihood(), ROUNDING);
        close(left.bic(), right.bic(), ROUNDING);
        close(left.icl(), right.icl(), 1e-9);
        close(left.mean(1)[2], right.mean(1)[2], ROUNDING);
    }
}

struct Both<'a>(&'a Table<'a>, &'a [Unit], &'a Parameters);

impl WithSimd for Both<'_> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Vec<u64> {
        let Self(table, units, parameters) = self;
        let step = Step { table, units, parameters, rows: 0..table.n() }.with_simd(simd);
        let mut numbers = vec![step.log_likelihood];
        for sums in step.components {
            numbers.push(sums.count);
            numbers.extend(sums.first);
            numbers.extend(sums.second);
        }
        for wanted in [Wanted::Totals, Wanted::LogDensities, Wanted::Posteriors, Wanted::Modes] {
            let rows = 0..table.n();
            let placed = Place { table, units, parameters, rows, wanted }.with_simd(simd);
            numbers.extend([placed.log_likelihood, placed.entropy]);
            numbers.extend(placed.numbers);
            numbers.extend(placed.modes.into_iter().map(f64::from));
        }
        numbers.into_iter().map(f64::to_bits).collect()
    }
}

#[test]
fn every_level_of_instructions_gives_the_same_bits() {
    for d in [1, 2, 5, 10] {
        for shape in SHAPES {
            let matrix = matrix(&rows(333, d));
            let table = Table::of(&matrix).unwrap();
            let units = table.units(&matrix.names(), &Work::new()).unwrap();
            let labels: Vec<u32> = (0..333).map(|i| i % 3).collect();
            let sums =
                start::sums_of_labels(&table, &units, &labels, (3, shape), &Work::new()).unwrap();
            let parameters = Parameters::from_sums(shape, &sums, 1e-8, None).unwrap();
            let levels = simd::on_every_level(|| Both(&table, &units, &parameters));
            for level in &levels {
                assert!(level == &levels[0], "{shape:?}, {d} features");
            }
        }
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let matrix = matrix(&rows(7000, 3));
    for shape in SHAPES {
        let mixture = GaussianMixture::new(3).covariance(shape).starts(3).max_iterations(20);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bits(&fit(&mixture, &matrix)))
        };
        let one = with(1);
        for threads in [2, 3, 8] {
            assert!(with(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn the_training_rows_go_where_they_were_likeliest() {
    let matrix = matrix(&rows(500, 4));
    for shape in SHAPES {
        let model = fit(&GaussianMixture::new(3).covariance(shape), &matrix);
        assert!(model.converged());
        let hard = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let soft = model.responsibilities(&matrix, &Work::new()).unwrap();
        assert_eq!(hard, soft.partition().unwrap());
        assert_eq!(soft.basis(), ["0", "1", "2", "3"]);
        let densities = model.log_density(&matrix, &Work::new()).unwrap();
        close(densities.iter().sum(), model.log_likelihood(), ROUNDING);
    }
}

#[test]
fn segments_stand_in_the_order_of_their_means() {
    let rows = rows(600, 2);
    let model = fit(&GaussianMixture::new(3), &matrix(&rows));
    assert!((1..3).all(|i| model.mean(i - 1) < model.mean(i)), "{model:?}");
    assert_eq!(model.starts(), 5);
    assert!(model.hits() >= 1 && model.hits() <= 5);
    let other = fit(&GaussianMixture::new(3).seed(99), &matrix(&rows));
    close(other.log_likelihood(), model.log_likelihood(), 1e-5);
    close(other.mean(0)[0], model.mean(0)[0], 1e-2);
    assert!(model.story().starts_with("3 by a Gaussian mixture with full covariances"));
}

#[test]
fn given_means_keep_their_numbers_and_start_from_the_common_covariance() {
    let rows = rows(400, 2);
    let means = [vec![5.0, 0.0], vec![0.0, 7.0]];
    let mixture = GaussianMixture::new(2).start_from_means(&means, &[0.25, 0.75]);
    let one = fit(&mixture.clone().max_iterations(1).tolerance(0.0), &matrix(&rows));
    let everybody = vec![vec![1.0]; rows.len()];
    let weights = vec![1.0; rows.len()];
    let all = reference::maximise(&rows, &weights, &everybody, Covariance::Full);
    let plain = reference::Plain {
        weights: vec![0.25, 0.75],
        means: means.to_vec(),
        covariances: vec![all.covariances[0].clone(); 2],
    };
    let (shares, _) = reference::expect(&rows, &weights, &plain);
    let next = reference::maximise(&rows, &weights, &shares, Covariance::Full);
    for c in 0..2 {
        close(one.weight(c), next.weights[c], ROUNDING);
        close(one.mean(c)[0], next.means[c][0], ROUNDING);
    }
    assert_eq!((one.iterations(), one.converged()), (1, false));
}

/// Weights, means and likelihood of a scaled matrix are those of the matrix, scaled.
#[test]
fn the_unit_of_measurement_does_not_matter() {
    let rows = rows(300, 3);
    for scale in [1e-120, 1e-3, 1e120] {
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|row| vec![row[0] * scale, row[1], row[2]]).collect();
        for shape in [Covariance::Full, Covariance::Tied, Covariance::Diagonal] {
            let mixture = GaussianMixture::new(3).covariance(shape).tolerance(0.0);
            let mixture = mixture.max_iterations(20).starts(1);
            let (left, right) = (fit(&mixture, &matrix(&rows)), fit(&mixture, &matrix(&scaled)));
            let shift = 300.0 * libm::log(scale);
            close(left.log_likelihood() - shift, right.log_likelihood(), 1e-9);
            close(left.mean(0)[0], right.mean(0)[0] / scale, 1e-7);
            close(left.covariance(0)[0][1], right.covariance(0)[0][1] / scale, 1e-6);
        }
    }
}

#[test]
fn an_offset_costs_no_digits() {
    let rows = rows(300, 3);
    let far: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().map(|x| x * 1024.0 + 1e9).collect()).collect();
    let mixture = GaussianMixture::new(3).start_from_labels(&labels(300, 3)).max_iterations(10);
    let (left, right) = (fit(&mixture, &matrix(&rows)), fit(&mixture, &matrix(&far)));
    let shift = 900.0 * libm::log(1024.0);
    // The rows themselves were rounded to 1e-10 of their spread.
    close(right.log_likelihood(), left.log_likelihood() - shift, 1e-8);
}

#[test]
fn scales_whose_variance_is_no_number_are_named() {
    for scale in [1e300, 1e-300, 5e-324] {
        let mut rows = rows(30, 2);
        rows.iter_mut().for_each(|row| row[1] = (row[1] * 8.0).round() * scale);
        for shape in SHAPES {
            let error = GaussianMixture::new(2)
                .covariance(shape)
                .fit(&matrix(&rows), &Work::new())
                .unwrap_err();
            assert!(matches!(error, SegmentError::OutOfRange { ref column } if column == "1"));
        }
    }
}

#[test]
fn heavy_tails_give_numbers() {
    let mut stream = Stream::new(3, Purpose::Sample, 0);
    let rows: Vec<Vec<f64>> = (0..2000)
        .map(|_| {
            let tail = 1.0 / stream.open_uniform();
            (0..4).map(|_| stream.normal() * tail * tail).collect()
        })
        .collect();
    for shape in SHAPES {
        for k in [1, 2, 8] {
            let mixture = GaussianMixture::new(k).covariance(shape).starts(2).max_iterations(60);
            let model = fit(&mixture, &matrix(&rows));
            assert!(model.log_likelihood().is_finite() && model.icl().is_finite());
            assert!((0..k).all(|c| model.mean(c).iter().all(|x| x.is_finite())));
            let soft = model.responsibilities(&matrix(&rows), &Work::new());
            assert!(soft.is_ok(), "{soft:?}");
        }
    }
}

#[test]
fn rows_beyond_all_others_belong_somewhere() {
    let model = fit(&GaussianMixture::new(2), &matrix(&rows(200, 2)));
    let far = matrix(&[vec![1e300, -1e300], vec![-f64::MAX, f64::MAX], vec![1e15, 0.0]]);
    assert!(model.responsibilities(&far, &Work::new()).is_ok());
    let densities = model.log_density(&far, &Work::new()).unwrap();
    assert!(densities.iter().all(|density| density.is_finite() && *density < -1e20));
}

#[test]
fn what_shrinks_to_a_point_stands_at_the_floor_and_is_named() {
    let mut rows = rows(200, 2);
    rows.extend(vec![vec![40.0, 40.0]; 20]);
    let labels: Vec<SegmentId> = (0..220).map(|i| SegmentId(u32::from(i >= 200))).collect();
    for shape in [Covariance::Full, Covariance::Diagonal, Covariance::Spherical] {
        let mixture = GaussianMixture::new(2).covariance(shape).start_from_labels(&labels);
        let model = fit(&mixture, &matrix(&rows));
        assert_eq!(model.singular(), [SegmentId(1)]);
        assert!(model.log_likelihood().is_finite());
        close(model.weight(1), 20.0 / 220.0, 1e-9);
        let lowest = model.covariance(1)[0][0];
        let error = mixture.floor(0.0).fit(&matrix(&rows), &Work::new()).unwrap_err();
        assert!(matches!(error, SegmentError::Singular { segment: SegmentId(1) }));
        assert!(lowest > 0.0 && lowest < 1e-5, "{lowest}");
    }
}

#[test]
fn a_column_said_twice_is_no_segment_without_spread_for_some_shapes_only() {
    let doubled: Vec<Vec<f64>> = rows(200, 1).iter().map(|row| vec![row[0], row[0]]).collect();
    let full = fit(&GaussianMixture::new(2), &matrix(&doubled));
    assert_eq!(full.singular().len(), 2);
    let diagonal = GaussianMixture::new(2).covariance(Covariance::Diagonal);
    assert!(fit(&diagonal, &matrix(&doubled)).singular().is_empty());
    // Fewer customers than features.
    let few = fit(&GaussianMixture::new(2), &matrix(&rows(5, 9)));
    assert!(!few.singular().is_empty() && few.log_likelihood().is_finite());
}

#[test]
fn the_floor_is_the_least_eigenvalue() {
    // Twenty customers on a line, ten far from it: the variance across is raised, that along stays.
    let mut rows: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i), f64::from(i)]).collect();
    rows.extend((0..10).map(|i| vec![60.0 + f64::from(i % 3), 90.0 + f64::from(i % 4)]));
    let labels: Vec<SegmentId> = (0..30).map(|i| SegmentId(u32::from(i >= 20))).collect();
    let mixture = GaussianMixture::new(2).start_from_labels(&labels).max_iterations(1).floor(1e-4);
    let model = fit(&mixture, &matrix(&rows));
    assert_eq!(model.singular(), [SegmentId(0)]);
    let everybody = vec![vec![1.0]; 30];
    let all = reference::maximise(&rows, &[1.0; 30], &everybody, Covariance::Full);
    let variance = |a: usize| all.covariances[0][a][a];
    let covariance = model.covariance(0);
    let [[a, b], [_, c]] =
        [0, 1].map(|i| [0, 1].map(|j| covariance[i][j] / (variance(i) * variance(j)).sqrt()));
    let least = (a + c) / 2.0 - ((a - c) * (a - c) / 4.0 + b * b).sqrt();
    close(least, 1e-4, 1e-9);
}

#[test]
fn impossible_requests_are_typed() {
    let fit = |mixture: GaussianMixture, matrix: &FeatureMatrix| {
        mixture.fit(matrix, &Work::new()).unwrap_err()
    };
    let good = matrix(&rows(20, 2));
    assert!(matches!(
        fit(GaussianMixture::new(2), &matrix(&[vec![1.0, 2.0], vec![1.0, 3.0], vec![1.0, 4.0]])),
        SegmentError::Constant { column } if column == "0"
    ));
    assert!(matches!(
        fit(GaussianMixture::new(1), &matrix(&[vec![1.0]])),
        SegmentError::Constant { .. }
    ));
    assert!(matches!(fit(GaussianMixture::new(1), &matrix(&[])), SegmentError::NoCustomers));
    let nothing = FeatureMatrix::new(CustomerIds::numbered(3).unwrap());
    assert!(matches!(
        fit(GaussianMixture::new(1), &nothing),
        SegmentError::Param { name: "features", .. }
    ));
    assert!(matches!(
        fit(GaussianMixture::new(3), &matrix(&[vec![1.0], vec![2.0], vec![2.0]])),
        SegmentError::TooFewDistinct { k: 3, .. }
    ));
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let mixture = GaussianMixture::new(1);
        assert!(mixture.clone().tolerance(bad).validate().is_err());
        assert!(mixture.floor(bad).validate().is_err());
    }
    let mixture = GaussianMixture::new(2);
    assert!(matches!(fit(GaussianMixture::new(0), &good), SegmentError::Param { name: "k", .. }));
    assert!(matches!(
        fit(mixture.clone().starts(0), &good),
        SegmentError::Param { name: "starts", .. }
    ));
    assert!(matches!(
        fit(mixture.clone().start_from_labels(&labels(19, 2)), &good),
        SegmentError::Length { expected: 20, got: 19, .. }
    ));
    assert!(matches!(
        fit(mixture.clone().start_from_labels(&labels(20, 3)), &good),
        SegmentError::NoSuchSegment { row: 2, segment: 2, segments: 2 }
    ));
    assert!(matches!(
        fit(mixture.clone().start_from_labels(&labels(20, 1)), &good),
        SegmentError::Param { name: "labels", value: 1.0, .. }
    ));
    let mean = vec![0.0, 1.0];
    let (two, three) = (vec![mean.clone(), mean.clone()], vec![0.0, 1.0, 2.0]);
    let bad: [(&[Vec<f64>], &[f64]); 5] = [
        (&two[..1], &[0.5, 0.5]),
        (&two, &[1.0]),
        (&[mean.clone(), three], &[0.5, 0.5]),
        (&[mean.clone(), vec![0.0, f64::NAN]], &[0.5, 0.5]),
        (&two, &[0.0, 1.0]),
    ];
    for (means, weights) in bad {
        let error = fit(mixture.clone().start_from_means(means, weights), &good);
        assert!(matches!(error, SegmentError::Param { .. }), "{error}");
    }
    let gaps = FeatureMatrix::new(CustomerIds::numbered(2).unwrap())
        .with(FeatureColumn::numbers_or_missing("gap", [Some(3.0), None]))
        .unwrap();
    assert!(matches!(
        fit(mixture.clone(), &gaps),
        SegmentError::Features(FeatureError::Missing { row: 1, .. })
    ));
    let levels = vec!["red".to_owned(), "blue".to_owned()];
    let colours = FeatureValues::Category { levels, codes: vec![0, 1] };
    let colours = FeatureMatrix::new(CustomerIds::numbered(2).unwrap())
        .with(FeatureColumn::of("colour", colours))
        .unwrap();
    assert!(matches!(fit(mixture, &colours), SegmentError::Features(FeatureError::Kind { .. })));
}

#[test]
fn yes_and_no_count_as_one_and_zero() {
    let rows = rows(100, 1);
    let flags: Vec<bool> = (0..100).map(|i| i % 7 < 3).collect();
    let numbers = rows.iter().map(|row| row[0]).collect();
    let with = |column| {
        FeatureMatrix::new(CustomerIds::numbered(100).unwrap())
            .with(FeatureColumn::numbers("x", Vec::clone(&numbers)))
            .unwrap()
            .with(column)
            .unwrap()
    };
    let as_numbers = flags.iter().map(|&flag| f64::from(u8::from(flag))).collect();
    let left = fit(&GaussianMixture::new(2), &with(FeatureColumn::yes_no("flag", flags)));
    let right = fit(&GaussianMixture::new(2), &with(FeatureColumn::numbers("flag", as_numbers)));
    assert_eq!(bits(&left), bits(&right));
}

#[test]
fn a_cancelled_fit_stops() {
    let work = Work::new();
    work.canceller().cancel();
    assert!(matches!(
        GaussianMixture::new(2).fit(&matrix(&rows(30, 2)), &work),
        Err(SegmentError::Cancelled(_))
    ));
}

#[test]
fn one_segment_is_the_normal_distribution() {
    let matrix = matrix(&[vec![0.0], vec![2.0], vec![4.0], vec![6.0]]);
    let model = fit(&GaussianMixture::new(1), &matrix);
    // Mean 3, variance 5: ln L = -n/2 (ln 2 pi + ln 5 + 1).
    close(model.log_likelihood(), -2.0 * (libm::log(10.0 * std::f64::consts::PI) + 1.0), 1e-14);
    assert_eq!((model.n_parameters(), model.entropy()), (2, 0.0));
    assert_eq!(model.relative_entropy(), None);
    close(model.bic(), 2.0 * libm::log(4.0) - 2.0 * model.log_likelihood(), 1e-15);
    close(model.aic(), 4.0 - 2.0 * model.log_likelihood(), 1e-15);
}

#[test]
fn the_sample_for_the_starts_reaches_the_optimum_of_all() {
    let rows = rows(25_000, 2);
    let mixture = GaussianMixture::new(3).starts(2);
    let sampled = fit(&mixture, &matrix(&rows));
    let whole = GaussianMixture::new(3).start_from_labels(&labels(25_000, 3));
    let given = fit(&whole, &matrix(&rows));
    assert!(sampled.log_likelihood() > given.log_likelihood() - 2.5);
}

/// The mixture as plain data places the customers where the model does; those between two segments
/// may differ by rounding, and here nobody is.
#[test]
fn the_scorer_agrees_with_the_model_in_every_shape() {
    let matrix = matrix(&rows(300, 3));
    for shape in SHAPES {
        let model = fit(&GaussianMixture::new(3).covariance(shape), &matrix);
        let scorer = model.scorer().unwrap();
        let (mine, its) =
            (model.assign(&matrix, &Work::new()), scorer.assign(&matrix, &Work::new()));
        assert_eq!(mine.unwrap().partition().unwrap(), its.unwrap().partition().unwrap());
        assert_eq!(model.criteria().bic, Some(model.bic()));
    }
}
