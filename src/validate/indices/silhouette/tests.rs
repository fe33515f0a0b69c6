use super::*;
use crate::cluster::Segmentation;
use crate::features::FeatureMatrix;

/// Numbers without a pattern, and segments of uneven size.
fn scattered(n: u32) -> (FeatureMatrix, Segmentation) {
    let value = |i: u32, c: u32| f64::from(i.wrapping_mul(2_654_435_761).rotate_left(7 * c) >> 12);
    let rows: Vec<[f64; 3]> = (0..n).map(|i| [value(i, 0), value(i, 1), value(i, 2)]).collect();
    let labels: Vec<&str> = (0..n).map(|i| ["a", "b", "b", "c"][(i % 4) as usize]).collect();
    let matrix = FeatureMatrix::from_rows(&["x", "y", "z"], &rows).unwrap();
    let segments = Segmentation::from_labels(matrix.ids(), &labels).unwrap();
    (matrix, segments)
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (matrix, segments) = scattered(3000);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let placed = Placed::new(&matrix, &segments).unwrap();
            let exact = placed.silhouette(&Work::new()).unwrap().unwrap();
            let sampled = placed.sampled_silhouette(100, 3, &Work::new()).unwrap().unwrap();
            let dunn = placed.dunn(&Work::new()).unwrap().unwrap();
            let bits = exact.by_customer.iter().map(|s| s.unwrap().to_bits()).collect::<Vec<_>>();
            (bits, sampled.high.to_bits(), dunn.to_bits())
        })
    };
    let one = on(1);
    for threads in [2, 3, 8] {
        assert!(on(threads) == one, "{threads}");
    }
}

#[test]
fn weights_are_repeated_rows() {
    let (matrix, _) = scattered(90);
    let weights: Vec<f64> = (0..90).map(|i| f64::from(i % 3 + 1)).collect();
    let labels: Vec<usize> = (0..90).map(|i| i % 4).collect();
    let repeated: Vec<usize> = (0..90).flat_map(|i| vec![i; weights[i] as usize]).collect();
    let dense = matrix.dense().unwrap();
    let rows: Vec<&[f64]> = repeated.iter().map(|&i| dense.row(i)).collect();
    let many = FeatureMatrix::from_rows(&["x", "y", "z"], &rows).unwrap();
    let names = |labels: Vec<usize>| labels.iter().map(usize::to_string).collect::<Vec<_>>();
    let of = |matrix: &FeatureMatrix, labels: Vec<usize>| {
        let segments = Segmentation::from_labels(matrix.ids(), &names(labels)).unwrap();
        let placed = Placed::new(matrix, &segments).unwrap();
        [
            placed.silhouette(&Work::new()).unwrap().unwrap().mean,
            placed.silhouette_of_centres(&Work::new()).unwrap().unwrap().mean,
            placed.calinski_harabasz().unwrap(),
            placed.davies_bouldin().unwrap(),
            placed.xie_beni().unwrap(),
            placed.inertia().unwrap(),
            placed.shadow(&Work::new()).unwrap().unwrap().mean,
        ]
    };
    let weighted = of(&matrix.with_weights(weights).unwrap(), labels.clone());
    let spelt_out = of(&many, repeated.iter().map(|&i| labels[i]).collect());
    for (a, b) in weighted.iter().zip(spelt_out) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} {b}");
    }
}

/// 400 samples of 60: the interval of 95 % misses the mean of all in 3 to 7 of a hundred, two and a
/// half standard errors either way.
#[test]
fn a_sample_says_how_sure_it_is() {
    let (matrix, segments) = scattered(600);
    let placed = Placed::new(&matrix, &segments).unwrap();
    let truth = placed.silhouette(&Work::new()).unwrap().unwrap().mean;
    let mut missed = 0;
    for seed in 0..400 {
        let s = placed.sampled_silhouette(60, seed, &Work::new()).unwrap().unwrap();
        missed += i32::from(!(s.low..=s.high).contains(&truth));
    }
    assert!((9..=31).contains(&missed), "{missed}");
    let all = placed.sampled_silhouette(10_000, 0, &Work::new()).unwrap().unwrap();
    assert!((all.mean - truth).abs() < 1e-12 && all.high - all.low < 1e-12 && all.sample == 600);
}

#[test]
fn nasty_data_have_a_value_or_none() {
    let work = Work::new();
    let of = |rows: &[[f64; 2]], labels: &[&str]| {
        let matrix = FeatureMatrix::from_rows(&["x", "y"], rows).unwrap();
        let segments = Segmentation::from_labels(matrix.ids(), labels).unwrap();
        let placed = Placed::new(&matrix, &segments).unwrap();
        let silhouette = placed.silhouette(&work).unwrap();
        let all = [
            silhouette.as_ref().map(|s| s.mean),
            placed.silhouette_of_centres(&work).unwrap().map(|s| s.mean),
            placed.calinski_harabasz(),
            placed.davies_bouldin(),
            placed.xie_beni(),
            placed.dunn(&work).unwrap(),
            placed.shadow(&work).unwrap().map(|s| s.mean),
            placed.inertia(),
        ];
        assert!(all.iter().flatten().all(|value| value.is_finite()), "{all:?}");
        all
    };
    // All alike, in two segments: silhouettes of nothing, and no other index.
    let alike = of(&[[2.0, 2.0]; 4], &["a", "a", "b", "b"]);
    let on_the_border = Some(1.0);
    assert_eq!(alike, [Some(0.0), Some(0.0), None, None, None, None, on_the_border, Some(0.0)]);
    // One segment, and one customer.
    for (n, label) in [(3, "a"), (1, "a")] {
        let rows: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i), 0.0]).collect();
        let one = of(&rows, &vec![label; n as usize]);
        assert!(one[..7].iter().all(Option::is_none), "{one:?}");
    }
    // Every customer alone.
    let alone = of(&[[0.0, 0.0], [1.0, 0.0], [0.0, 7.0]], &["a", "b", "c"]);
    assert_eq!((alone[0], alone[2], alone[5]), (Some(0.0), None, None));
    // The same picture at any scale, and beside a constant of any size.
    let picture = [[0.0, 0.0], [1.0, 0.25], [9.0, 2.0], [10.0, 1.0]];
    let labels = ["a", "a", "b", "b"];
    let base = of(&picture, &labels);
    for scale in [
        f64::from_bits(1 << 52),
        f64::from_bits(123 << 52),
        f64::from_bits(1923 << 52),
        f64::from_bits(2042 << 52),
    ] {
        let scaled = of(&picture.map(|row| row.map(|x| x * scale)), &labels);
        assert_eq!(scaled[..7], base[..7], "{scale}");
    }
    let beside = of(&picture.map(|row| [row[0], 1e300]), &labels);
    assert!(beside[0].unwrap() > 0.8);
}

#[test]
fn many_tiny_segments_and_customers_in_none() {
    let rows: Vec<[f64; 1]> = (0..1000).map(|i| [f64::from(i / 2 * 10 + i % 2)]).collect();
    let matrix = FeatureMatrix::from_rows(&["x"], &rows).unwrap();
    let labels: Vec<String> =
        (0..1000).map(|i| if i < 2 { String::new() } else { format!("{}", i / 2) }).collect();
    let segments = Segmentation::from_labels(matrix.ids(), &labels).unwrap();
    let placed = Placed::new(&matrix, &segments).unwrap();
    assert_eq!((placed.n_customers(), placed.left_out()), (998, 2));
    let silhouette = placed.silhouette(&Work::new()).unwrap().unwrap();
    assert_eq!(silhouette.by_customer[1], None);
    // One to the own, 9.5 on average from the inner one to the next pair.
    assert!((silhouette.by_customer[3].unwrap() - 8.5 / 9.5).abs() < 1e-12);
}

#[test]
fn a_cancelled_measurement_stops() {
    let (matrix, segments) = scattered(50);
    let work = Work::new();
    work.canceller().cancel();
    let placed = Placed::new(&matrix, &segments).unwrap();
    assert!(matches!(placed.silhouette(&work), Err(ValidateError::Cancelled(_))));
}
