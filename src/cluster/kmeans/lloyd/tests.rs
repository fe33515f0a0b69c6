use super::*;
use crate::cluster::kmeans::nearest::Nearest;
use crate::num::random::{Purpose, Stream};
use crate::num::simd::{fma, on_every_level};

/// Test rows are whole multiples of this, so that whole numbers can check their sums.
const STEP: f64 = 1.0 / 1_099_511_627_776.0;

const DEFAULT: Rules =
    Rules { max_iterations: 1000, tolerance: 0.0, empty: EmptyCluster::Relocate };

/// Overlapping groups, so that the iteration takes its time.
fn columns(n: usize, d: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(seed, Purpose::Restart, 7);
    let mut columns = vec![Vec::with_capacity(n); d];
    for row in 0..n {
        for (place, column) in columns.iter_mut().enumerate() {
            let middle = (row % 5 * (place + 2) % 7) as f64;
            column.push(((middle + 1.5 * stream.normal()) / STEP).round() * STEP);
        }
    }
    columns
}

fn points(columns: &[Vec<f64>], weights: Option<Vec<f64>>) -> Points<'static> {
    Points::from_columns(columns[0].len(), columns.to_vec(), weights)
}

fn first_rows(points: &Points<'_>, k: usize) -> Centres {
    let values = (0..k).flat_map(|row| points.row(row)).collect();
    Centres { values, k, d: points.d() }
}

/// The plain iteration: all distances of all rows, sums in whole numbers. Returns iterations too.
fn naive(points: &Points<'_>, start: Centres) -> (Centres, Vec<u32>, usize) {
    let (mut centres, k, d) = (start.clone(), start.k, start.d);
    let mut labels = vec![NOWHERE; points.n()];
    let mut iterations = 0;
    loop {
        iterations += 1;
        let before = labels.clone();
        for (row, label) in labels.iter_mut().enumerate() {
            let mut least = f64::INFINITY;
            for centre in 0..k {
                let mut distance = 0.0;
                for (x, c) in points.row(row).iter().zip(centres.of(centre)) {
                    distance = fma(x - c, x - c, distance);
                }
                if distance < least {
                    (*label, least) = (centre as u32, distance);
                }
            }
        }
        if labels == before {
            return (centres, labels, iterations);
        }
        for centre in 0..k {
            let members = || (0..points.n()).filter(|&row| labels[row] == centre as u32);
            let weight: f64 = members().map(|row| points.weight(row)).sum();
            for column in 0..d {
                let whole = |row| (points.weight(row) * points.value(row, column) / STEP) as i128;
                let sum: i128 = members().map(whole).sum();
                centres.values[centre * d + column] = sum as f64 * STEP / weight;
            }
        }
    }
}

fn bits(centres: &Centres) -> Vec<u64> {
    centres.values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn accelerated_is_plain_bit_for_bit() {
    for (n, d, k) in [(9000, 3, 8), (5000, 7, 9), (4097, 13, 33), (300, 1, 5), (4096, 2, 1)] {
        let points = points(&columns(n, d, 3), None);
        let start = first_rows(&points, k);
        let run = lloyd_by(&points, start.clone(), DEFAULT, &Work::new()).unwrap();
        let (centres, labels, iterations) = naive(&points, start);
        assert!(run.converged && (k == 1 || iterations > 8), "{n} {d} {k}: {iterations}");
        assert_eq!(run.iterations, iterations, "{n} {d} {k}");
        assert_eq!(run.labels, labels, "{n} {d} {k}");
        assert_eq!(bits(&run.centres), bits(&centres), "{n} {d} {k}");
    }
}

#[test]
fn bounds_spare_rows_and_change_nothing() {
    let points = points(&columns(20_000, 4, 5), None);
    let work = Work::new();
    let [mut with, mut without] =
        [(); 2].map(|()| State::new(&points, first_rows(&points, 8), &work).unwrap());
    let mut spared = 0;
    for _ in 0..40 {
        let moved = with.assign(&work).unwrap();
        assert_eq!(moved, without.assign(&work).unwrap());
        let labels =
            |state: &State<'_, '_>| (0..points.n()).map(|row| state.label(row)).collect::<Vec<_>>();
        assert_eq!(labels(&with), labels(&without));
        with.update();
        without.update();
        assert_eq!(bits(&with.centres), bits(&without.centres));
        with.keep_bounds(moved);
        if let Some(ways) = &with.ways {
            let limits = ways.limits();
            for block in with.blocks.iter().filter(|block| !block.gaps.is_empty()) {
                let stays = |(&label, &gap): (&u32, &f32)| gap > limits[label as usize];
                spared += block.labels.iter().zip(&block.gaps).filter(|&row| stays(row)).count();
            }
        }
    }
    assert!(spared > 10 * points.n(), "{spared}");
}

#[test]
fn a_weight_is_so_many_rows_to_the_last_bit() {
    let rows = columns(700, 3, 9);
    let times: Vec<usize> = (0..700).map(|row| row * 7 % 4 + 1).collect();
    let repeat = |column: &Vec<f64>| {
        let copies = column.iter().zip(&times);
        copies.flat_map(|(&value, &times)| vec![value; times]).collect::<Vec<f64>>()
    };
    let weighted = points(&rows, Some(times.iter().map(|&times| times as f64).collect()));
    let repeated = points(&rows.iter().map(repeat).collect::<Vec<_>>(), None);
    let start = first_rows(&weighted, 4);
    let one = lloyd_by(&weighted, start.clone(), DEFAULT, &Work::new()).unwrap();
    let other = lloyd_by(&repeated, start, DEFAULT, &Work::new()).unwrap();
    assert_eq!(bits(&one.centres), bits(&other.centres));
    assert_eq!(one.iterations, other.iterations);
    assert!((one.inertia - other.inertia).abs() <= 1e-12 * other.inertia);
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let rows = columns(9000, 3, 2);
    let turned: Vec<Vec<f64>> =
        rows.iter().map(|column| column.iter().rev().copied().collect()).collect();
    let (rows, turned) = (points(&rows, None), points(&turned, None));
    let start = first_rows(&rows, 6);
    let one = lloyd_by(&rows, start.clone(), DEFAULT, &Work::new()).unwrap();
    let other = lloyd_by(&turned, start, DEFAULT, &Work::new()).unwrap();
    assert_eq!(bits(&one.centres), bits(&other.centres));
    assert!(one.labels.iter().eq(other.labels.iter().rev()));
}

#[cfg(feature = "parallel")]
#[test]
fn the_number_of_threads_does_not_matter() {
    let points = points(&columns(30_000, 5, 4), None);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let start = first_rows(&points, 7);
        pool.install(|| lloyd_by(&points, start, DEFAULT, &Work::new()).unwrap())
    };
    let alone = run(1);
    for threads in [2, 3, 8] {
        let run = run(threads);
        assert_eq!(bits(&run.centres), bits(&alone.centres));
        assert_eq!(
            (run.labels, run.inertia.to_bits()),
            (alone.labels.clone(), alone.inertia.to_bits())
        );
    }
}

#[test]
fn all_instructions_give_the_same_bits() {
    let points = points(&columns(333, 6, 1), None);
    let packed = Packed::of(&first_rows(&points, 11), &points, &Work::new()).unwrap();
    let some: Vec<u32> = (0..300).filter(|row| row % 3 > 0).collect();
    for rows in [Rows::All(331), Rows::Some(&some)] {
        let seen = std::cell::RefCell::new(Vec::new());
        on_every_level(|| {
            seen.borrow_mut().push(Vec::new());
            Nearest::<_, true> {
                points: &points,
                start: 2,
                rows,
                centres: &packed,
                visit: |found: &Found| {
                    let all = 0..found.rows;
                    let of = |at: usize| {
                        let (near, next) = (found.distances[at], found.seconds[at]);
                        (found.labels[at], near.to_bits(), next.to_bits())
                    };
                    seen.borrow_mut().last_mut().unwrap().extend(all.map(of));
                },
            }
        });
        let seen = seen.into_inner();
        assert_eq!(seen[0].len(), if matches!(rows, Rows::All(_)) { 331 } else { some.len() });
        assert!(seen.iter().all(|level| *level == seen[0]));
    }
}

#[test]
fn of_equally_near_centres_the_first_is_taken() {
    let points = points(&[vec![0.0, 2.0, 1.0, 1.0]], None);
    let centres = Centres { values: vec![2.0, 0.0, 0.0, 2.0], k: 4, d: 1 };
    let (labels, inertia) = place(&points, &centres, &Work::new()).unwrap();
    assert_eq!((labels, inertia), (vec![1, 0, 0, 0], 2.0));
}

#[test]
fn groups_far_from_the_origin_are_told_apart() {
    // With |c|^2 - 2xc the groups, one apart at ten million, would drown in rounding.
    let rows: Vec<f64> =
        (0..200).map(|row| 1e7 + f64::from(row % 2) + 1e-3 * f64::from(row)).collect();
    let points = points(&[rows], None);
    let start = Centres { values: vec![1e7, 1e7 + 1.0], k: 2, d: 1 };
    let run = lloyd_by(&points, start, DEFAULT, &Work::new()).unwrap();
    assert!(run.labels.iter().enumerate().all(|(row, &label)| label as usize == row % 2));
}

#[test]
fn tiny_and_huge_and_wide_numbers_are_right_or_infinite() {
    let cases: [(&[f64], [f64; 2], [f64; 2]); 4] = [
        (&[1e-300, 3e-300, 8e-300, 1e-299], [1e-300, 3e-300], [2e-300, 9e-300]),
        (&[1e100, 1.0, 2.0, 3.0], [1e100, 1.0], [1e100, 2.0]),
        (&[4e-310, 8e-310, 1e-300, 1e-300], [4e-310, 1e-300], [6e-310, 1e-300]),
        (&[1e300, 1e300, -1e300, -1e300], [0.5e300, -1e300], [1e300, -1e300]),
    ];
    for (rows, start, expected) in cases {
        let points = points(&[rows.to_vec()], None);
        let start = Centres { values: start.to_vec(), k: 2, d: 1 };
        let run = lloyd_by(&points, start, DEFAULT, &Work::new()).unwrap();
        for (value, expected) in run.centres.values.iter().zip(expected) {
            assert!((value - expected).abs() <= 4e-15 * expected.abs(), "{value:e} {expected:e}");
        }
        let again = place(&points, &run.centres, &Work::new()).unwrap();
        assert_eq!(again, (run.labels, run.inertia));
    }
    let points = points(&[vec![1e300, -1e300, 1e299, 0.0]], None);
    let start = Centres { values: vec![1e300, -1e300], k: 2, d: 1 };
    let run = lloyd_by(&points, start, DEFAULT, &Work::new()).unwrap();
    assert_eq!(run.inertia, f64::INFINITY);
}

#[test]
fn a_segment_without_members_is_filled_or_dropped_or_told() {
    let points = points(&[vec![0.0, 1.0, 2.0, 10.0, 11.0]], None);
    let start = Centres { values: vec![0.0, 500.0, 10.0], k: 3, d: 1 };
    let with = |empty| {
        let rules = Rules { empty, ..DEFAULT };
        lloyd_by(&points, start.clone(), rules, &Work::new())
    };
    let filled = with(EmptyCluster::Relocate).unwrap();
    assert_eq!((filled.centres.k, filled.centres.values), (3, vec![0.5, 2.0, 10.5]));
    assert_eq!(filled.labels, [0, 0, 1, 2, 2]);
    let dropped = with(EmptyCluster::Drop).unwrap();
    assert_eq!((dropped.centres.k, dropped.centres.values), (2, vec![1.0, 10.5]));
    assert_eq!(dropped.labels, [0, 0, 0, 1, 1]);
    let told = with(EmptyCluster::Error);
    assert!(matches!(told, Err(SegmentError::EmptySegment { segment: 1 })));
}

#[test]
fn more_segments_than_rows_end_without_numbers_that_are_none() {
    let points = points(&[vec![3.0, 3.0]], None);
    let start = Centres { values: vec![1.0, 2.0, 5.0], k: 3, d: 1 };
    let run = lloyd_by(&points, start, DEFAULT, &Work::new()).unwrap();
    assert!(run.centres.values.iter().all(|value| value.is_finite()));
    assert_eq!(run.inertia, 0.0);
}

#[test]
fn a_tolerance_stops_early() {
    let points = points(&columns(3000, 2, 8), None);
    let run = |tolerance| {
        let rules = Rules { tolerance, ..DEFAULT };
        lloyd_by(&points, first_rows(&points, 5), rules, &Work::new()).unwrap()
    };
    let (early, late) = (run(0.05), run(0.0));
    assert!(early.converged && early.iterations < late.iterations);
    assert!(early.inertia >= late.inertia && early.inertia < 1.01 * late.inertia);
}

/// Rows that single precision cannot tell apart, and rows that it cannot hold.
#[test]
fn single_precision_never_decides_what_it_cannot_see() {
    let work = Work::new();
    let near = |row: usize| 1.0 + 1e-9 * (row % 7) as f64;
    let columns: [Vec<f64>; 5] = [
        (0..500).map(near).collect(),
        (0..500).map(|row| 1e12 + (row % 9) as f64).collect(),
        (0..500).map(|row| 1e60 * near(row)).collect(),
        (0..500).map(|row| 1e-60 * near(row)).collect(),
        (0..500).map(|row| if row == 3 { 1e40 } else { near(row) }).collect(),
    ];
    for column in columns {
        let points = points(&[column.clone(), column], None);
        let values = (0..6).flat_map(|row| points.row(row * 5)).collect();
        let centres = Centres { values, k: 6, d: 2 };
        let (labels, _) = place(&points, &centres, &work).unwrap();
        let again = segments(&points, &centres, &work).unwrap();
        assert!(labels.iter().eq(again.iter().flatten().map(|segment| &segment.0)));
        assert!(labels.iter().any(|&label| label > 0));
    }
    let points = points(&[vec![1e200, 0.0]], None);
    let centres = Centres { values: vec![0.0], k: 1, d: 1 };
    assert!(matches!(segments(&points, &centres, &work), Err(SegmentError::TooFar)));
}

#[test]
fn a_given_start_is_used_or_refused() {
    use crate::cluster::{KMeans, Segmenter};
    use crate::features::FeatureMatrix;

    let rows = [[0.0], [1.0], [10.0], [12.0]];
    let matrix = FeatureMatrix::from_rows(&["x"], &rows).unwrap();
    let model = KMeans::new(2).start(&[[0.0], [1.0]]).fit(&matrix, &Work::new()).unwrap();
    assert_eq!((model.centre(1), model.iterations()), ([11.0].as_slice(), 3));
    let refused =
        |start: &[Vec<f64>]| KMeans::new(2).start(start).fit(&matrix, &Work::new()).unwrap_err();
    assert!(matches!(refused(&[vec![0.0]]), SegmentError::Param { name: "start", .. }));
    assert!(matches!(
        refused(&[vec![0.0], vec![f64::NAN]]),
        SegmentError::Param { name: "start", .. }
    ));
    assert!(matches!(
        refused(&[vec![0.0], vec![1.0, 2.0]]),
        SegmentError::OtherFeatures { expected: 1, got: 2 }
    ));
}
