use super::*;
use crate::cluster::{SegmentModel, Segmenter};
use crate::features::FeatureMatrix;

fn matrix<const D: usize>(rows: &[[f64; D]]) -> FeatureMatrix {
    let names: Vec<String> = (0..D).map(|column| format!("c{column}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    FeatureMatrix::from_rows(&names, rows).unwrap()
}

fn fit(method: &KMeans, matrix: &FeatureMatrix) -> crate::cluster::KMeansModel {
    method.fit(matrix, &Work::new()).unwrap()
}

/// Answers to yes/no questions with a leaning to say yes, in no clear groups: many optima.
fn survey<const D: usize>(n: usize, seed: u64) -> Vec<[f64; D]> {
    let mut stream = Stream::new(seed, Purpose::Answers, 0);
    let popular: [f64; D] = std::array::from_fn(|_| 0.2 + 0.6 * stream.uniform());
    (0..n)
        .map(|_| {
            let leaning = 0.5 * (stream.uniform() - 0.5);
            popular.map(|share| f64::from(u8::from(stream.uniform() < share + leaning)))
        })
        .collect()
}

/// The inertia of a partition, from its definition.
fn inertia(rows: &[[f64; 2]], labels: &[usize], k: usize) -> f64 {
    let mut total = 0.0;
    for segment in 0..k {
        let members: Vec<&[f64; 2]> =
            rows.iter().zip(labels).filter(|(_, l)| **l == segment).map(|(row, _)| row).collect();
        for column in 0..2 {
            let mean = members.iter().map(|row| row[column]).sum::<f64>() / members.len() as f64;
            total +=
                members.iter().map(|row| (row[column] - mean) * (row[column] - mean)).sum::<f64>();
        }
    }
    total
}

#[test]
fn nine_rows_reach_the_least_inertia_of_all_partitions() {
    for seed in 0..15 {
        let mut stream = Stream::new(seed, Purpose::Traits, 0);
        let rows: Vec<[f64; 2]> =
            (0..9).map(|_| std::array::from_fn(|_| stream.below(30) as f64)).collect();
        for k in 2..4usize {
            let labels = |code: usize| -> Vec<usize> {
                (0..9).map(|row| code / k.pow(row as u32) % k).collect()
            };
            let all_used = |labels: &Vec<usize>| (0..k).all(|segment| labels.contains(&segment));
            let least = (0..k.pow(9))
                .map(labels)
                .filter(all_used)
                .map(|labels| inertia(&rows, &labels, k))
                .fold(f64::INFINITY, f64::min);
            let model = fit(&KMeans::new(k).seed(seed), &matrix(&rows));
            assert!((model.inertia() - least).abs() < 1e-9, "seed {seed} k {k}");
        }
    }
}

#[test]
fn no_single_move_betters_a_start() {
    let rows = survey::<2>(40, 1)
        .into_iter()
        .enumerate()
        .map(|(i, [a, b])| [a + 0.1 * (i % 7) as f64, b + 0.1 * (i % 5) as f64])
        .collect::<Vec<_>>();
    for seed in 0..20 {
        let matrix = matrix(&rows);
        let model = fit(&KMeans::new(4).restarts(1).seed(seed), &matrix);
        let placed = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
        let mut labels: Vec<usize> = placed.iter().map(|segment| segment.index()).collect();
        let here = inertia(&rows, &labels, 4);
        assert!((here - model.inertia()).abs() < 1e-12 * here);
        for row in 0..rows.len() {
            let from = labels[row];
            if labels.iter().filter(|&&label| label == from).count() == 1 {
                continue;
            }
            for to in 0..4 {
                labels[row] = to;
                assert!(inertia(&rows, &labels, 4) >= here * (1.0 - 1e-9), "seed {seed}");
            }
            labels[row] = from;
        }
    }
}

#[test]
fn another_seed_comes_to_the_same_optimum_of_a_survey() {
    let matrix = matrix(&survey::<8>(300, 3));
    for k in 2..6 {
        let of = |seed| fit(&KMeans::new(k).seed(seed), &matrix);
        let (one, other) = (of(1), of(2));
        assert!((one.inertia() - other.inertia()).abs() < 1e-9 * one.inertia(), "k {k}");
        let search = one.search();
        assert!(search.starts() > 0 && search.hits() <= search.starts());
        assert!(search.distinct_optima() > search.next_best().len(), "{search:?}");
        assert!(search.next_best().iter().all(|other| other.excess > 0.0));
    }
}

#[test]
fn rows_that_repeat_are_rows_with_weights() {
    let rows = survey::<6>(400, 5);
    let mut distinct: Vec<[f64; 6]> = Vec::new();
    let mut weights: Vec<f64> = Vec::new();
    for row in &rows {
        match distinct.iter().position(|known| known == row) {
            Some(place) => weights[place] += 1.0,
            None => {
                distinct.push(*row);
                weights.push(1.0);
            }
        }
    }
    assert!(distinct.len() < 64);
    let weighted = matrix(&distinct).with_weights(weights).unwrap();
    for k in [1, 3, 5] {
        let (left, right) = (fit(&KMeans::new(k), &weighted), fit(&KMeans::new(k), &matrix(&rows)));
        assert!((left.inertia() - right.inertia()).abs() < 1e-12 * right.inertia());
        for segment in 0..k {
            for (a, b) in left.centre(segment).iter().zip(right.centre(segment)) {
                assert!((a - b).abs() < 1e-14, "k {k}: {a} {b}");
            }
        }
    }
}

/// Small data are searched on packs, large ones on their columns; both come to the same blobs.
#[test]
fn a_small_budget_searches_on_columns() {
    let mut stream = Stream::new(9, Purpose::Traits, 0);
    let rows: Vec<[f64; 2]> =
        (0..600).map(|i| [9.0 * (i % 3) as f64 + stream.normal(), stream.normal()]).collect();
    let matrix = matrix(&rows);
    let (packed, columns) =
        (fit(&KMeans::new(3), &matrix), fit(&KMeans::new(3).budget(1), &matrix));
    assert_eq!((columns.search().starts(), columns.search().rounds()), (3, 0));
    assert!((packed.inertia() - columns.inertia()).abs() < 1e-3 * packed.inertia());
}

#[test]
fn training_rows_keep_their_segments() {
    let rows = survey::<7>(200, 8);
    let matrix = matrix(&rows);
    let best = KMeans::new(4).fit_dense(&Points::of(&matrix).unwrap(), &Work::new()).unwrap();
    let model = fit(&KMeans::new(4), &matrix);
    let placed = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
    let labels: Vec<u32> = placed.iter().map(|segment| segment.0).collect();
    assert_eq!(labels, best.run.labels);
}

#[cfg(feature = "parallel")]
#[test]
fn the_same_bits_on_any_number_of_threads() {
    let matrix = matrix(&survey::<9>(250, 2));
    let on = |threads: usize, method: &KMeans| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(method, &matrix))
    };
    for method in [KMeans::new(4), KMeans::new(3).budget(1), KMeans::new(3).restarts(5)] {
        let alone = on(1, &method);
        for threads in [2, 3, 8] {
            assert_eq!(on(threads, &method), alone, "{threads}");
        }
    }
}

#[test]
fn empty_segments_by_each_policy() {
    let rows = [[0.0], [1.0], [10.0], [11.0]];
    let start = [[0.5], [10.5], [1000.0]];
    let by = |policy| KMeans::new(3).start(&start).empty_clusters(policy);
    let relocated = fit(&by(EmptyCluster::Relocate), &matrix(&rows));
    assert_eq!((relocated.n_segments(), relocated.inertia()), (3, 0.5));
    let dropped = fit(&by(EmptyCluster::Drop), &matrix(&rows));
    assert_eq!((dropped.n_segments(), dropped.inertia()), (2, 1.0));
    let error = by(EmptyCluster::Error).fit(&matrix(&rows), &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::EmptySegment { .. }));
    // Two customers who differ make no three segments.
    let two = matrix(&[[1.0], [1.0], [4.0]]);
    let few = KMeans::new(3).empty_clusters(EmptyCluster::Drop);
    assert_eq!(fit(&few, &two).n_segments(), 2);
    assert_eq!(fit(&few.budget(1), &two).n_segments(), 2);
    assert!(KMeans::new(3).fit(&two, &Work::new()).is_err());
}

#[test]
fn extreme_scales_and_odd_shapes() {
    let base = [[0.0, 1.0], [1.0, 0.0], [9.0, 9.0], [10.0, 9.5], [5.0, 0.0]];
    let expected = fit(&KMeans::new(2), &matrix(&base));
    for scale in [1e-300, 1e-160, 1e140] {
        let rows = base.map(|row| row.map(|value| value * scale));
        let model = fit(&KMeans::new(2), &matrix(&rows));
        for segment in 0..2 {
            for (a, b) in model.centre(segment).iter().zip(expected.centre(segment)) {
                assert!((a / scale - b).abs() < 1e-12, "{scale}: {a} {b}");
            }
        }
    }
    let rows = base.map(|row| row.map(|value| value * 1e200));
    assert!(matches!(KMeans::new(2).fit(&matrix(&rows), &Work::new()), Err(SegmentError::TooFar)));
    // Far off, a constant column, fewer rows than columns, one row.
    let far = base.map(|[x, y]| [x + 1e9, y - 1e9]);
    let model = fit(&KMeans::new(2), &matrix(&far));
    assert!((model.inertia() - expected.inertia()).abs() < 1e-6);
    let wide = [[1.0, 2.0, 3.0, 4.0, 7.0], [0.0, 2.0, 3.5, 4.0, 7.0]];
    assert_eq!(fit(&KMeans::new(2), &matrix(&wide)).inertia(), 0.0);
    assert_eq!(fit(&KMeans::new(1), &matrix(&[[7.0]])).centre(0), [7.0]);
}

#[test]
fn starts_of_the_callers_own_are_checked() {
    let rows = matrix(&[[0.0], [1.0], [2.0]]);
    let fails = |method: KMeans| method.fit(&rows, &Work::new()).unwrap_err();
    assert!(matches!(
        fails(KMeans::new(2).start(&[[0.0]])),
        SegmentError::Param { name: "start", .. }
    ));
    let wide = fails(KMeans::new(1).start(&[[0.0, 1.0]]));
    assert!(matches!(wide, SegmentError::OtherFeatures { expected: 1, got: 2 }));
    let unknown = fails(KMeans::new(1).start(&[[f64::NAN]]));
    assert!(matches!(unknown, SegmentError::Param { name: "start", .. }));
}
