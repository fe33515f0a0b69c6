//! What must hold for every method that finds segments, whatever the customers.

use segmentry::cluster::{
    CoresetKMeans, Covariance, Dissimilarity, DynSegmenter, GaussianMixture, Hdbscan, Hierarchical,
    Joint, KMeans, KMedians, KMedoids, KPrototypes, LatentClasses, Linkage, MiniBatchKMeans,
    PredictionStrength, SegmentError, SphericalKMeans,
};
use segmentry::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use segmentry::units::{CustomerIds, SegmentId};
use segmentry::work::Work;

use crate::common::Dice;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Every method that takes numbers, asked for `k` segments.
fn methods(k: usize) -> Vec<(&'static str, Box<dyn DynSegmenter>)> {
    let joint = Joint::of(KMeans::new(k)).basis("one", ["a", "b"], 2.0).basis("two", ["c"], 1.0);
    vec![
        ("k-means", Box::new(KMeans::new(k))),
        ("k-means, one start", Box::new(KMeans::new(k).restarts(1))),
        ("k-medians", Box::new(KMedians::new(k))),
        ("spherical", Box::new(SphericalKMeans::new(k))),
        ("mini-batch", Box::new(MiniBatchKMeans::new(k))),
        ("coreset", Box::new(CoresetKMeans::new(k))),
        ("k-medoids", Box::new(KMedoids::new(k, Dissimilarity::Euclidean))),
        ("Gower", Box::new(KMedoids::new(k, Dissimilarity::Gower))),
        ("k-prototypes", Box::new(KPrototypes::new(k))),
        ("full mixture", Box::new(GaussianMixture::new(k))),
        ("diagonal mixture", Box::new(GaussianMixture::new(k).covariance(Covariance::Diagonal))),
        ("Ward", Box::new(Hierarchical::new(k))),
        ("single linkage", Box::new(Hierarchical::new(k).linkage(Linkage::Single))),
        ("HDBSCAN", Box::new(Hdbscan::new(4))),
        ("joint", Box::new(joint)),
        ("prediction strength", Box::new(PredictionStrength::new().range(2..=3))),
    ]
}

fn cloud(n: usize) -> Vec<[f64; 3]> {
    let mut dice = Dice(7);
    let mut uniform = || dice.roll(1_000_000) as f64 * 1e-6;
    (0..n)
        .map(|i| {
            let centre = [[0.0, 1.0, 4.0], [6.0, 1.0, 0.0], [1.0, 7.0, 2.0]][i % 3];
            centre.map(|x| x + 1.5 * (uniform() + uniform() - uniform()))
        })
        .collect()
}

fn matrix(rows: &[[f64; 3]]) -> FeatureMatrix {
    FeatureMatrix::from_rows(&NAMES, rows).unwrap()
}

/// Everything a method says of these customers: segments, figures and story.
fn said(method: &dyn DynSegmenter, matrix: &FeatureMatrix) -> Result<String, SegmentError> {
    let work = Work::new();
    let model = method.fit_dyn(matrix, &work)?;
    let segments = model.assign(matrix, &work)?;
    let labels: Vec<Option<SegmentId>> =
        (0..matrix.n_customers()).map(|row| segments.segment_of(row)).collect();
    Ok(format!("{} {:?} {labels:?}", model.story(), model.criteria()))
}

#[cfg(feature = "parallel")]
#[test]
fn every_method_says_the_same_on_any_number_of_threads() {
    let matrix = matrix(&cloud(600));
    for (place, (name, _)) in methods(3).into_iter().enumerate() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| said(methods(3)[place].1.as_ref(), &matrix).unwrap())
        };
        let one = with(1);
        for threads in [2, 3, 8] {
            assert!(with(threads) == one, "{name}: {threads} threads");
        }
    }
}

/// Duplicates, fewer different customers than segments, constant columns, numbers at both ends of
/// their range, fewer customers than features, one customer, nobody: an answer for everybody, or a
/// typed error that says why not.
#[test]
fn nasty_customers_get_an_answer_or_a_reason() {
    let big = cloud(40).iter().map(|row| row.map(|x| x * 1e300)).collect::<Vec<_>>();
    let small = cloud(40).iter().map(|row| row.map(|x| x * 1e-300)).collect::<Vec<_>>();
    let few: Vec<[f64; 3]> = (0..30).map(|i| [f64::from(i % 2), 1.0, 0.5]).collect();
    let constant: Vec<[f64; 3]> = cloud(40).iter().map(|row| [row[0], 3.0, row[2]]).collect();
    let far: Vec<[f64; 3]> = cloud(40).iter().map(|row| row.map(|x| x + 1e9)).collect();
    let mut outlier = cloud(40);
    outlier[7] = [1e150, -1e150, 0.0];
    let cases: [(&str, Vec<[f64; 3]>); 10] = [
        ("huge", big),
        ("tiny", small),
        ("two kinds", few),
        ("all alike", vec![[1.0, 2.0, 3.0]; 20]),
        ("constant column", constant),
        ("far from zero", far),
        ("an outlier", outlier),
        ("two customers", cloud(2)),
        ("one customer", cloud(1)),
        ("nobody", Vec::new()),
    ];
    for (case, rows) in cases {
        let matrix = matrix(&rows);
        for (name, method) in methods(3) {
            match said(method.as_ref(), &matrix) {
                Ok(text) => assert!(!text.contains("NaN"), "{name}, {case}: {text}"),
                Err(error) => assert!(!error.to_string().is_empty(), "{name}, {case}"),
            }
        }
    }
}

/// Missing values and categories are for the methods that take them; the others name the column.
#[test]
fn what_a_method_cannot_take_it_names() {
    let ids = CustomerIds::numbered(40).unwrap();
    let levels = ["red", "blue", "green"].map(str::to_owned).to_vec();
    let codes = (0..40).map(|i| i % 3).collect();
    let mixed = FeatureMatrix::new(ids)
        .with(FeatureColumn::numbers_or_missing(
            "a",
            (0..40).map(|i| (i % 9 != 4).then_some(f64::from(i))),
        ))
        .unwrap()
        .with(FeatureColumn::numbers("b", (0..40).map(|i| f64::from(i * i % 17)).collect()))
        .unwrap()
        .with(FeatureColumn::of("c", FeatureValues::Category { levels, codes }))
        .unwrap();
    for (name, method) in methods(2) {
        let said = said(method.as_ref(), &mixed);
        match name {
            "Gower" | "k-prototypes" => assert!(said.is_ok(), "{name}: {said:?}"),
            _ => assert!(matches!(said, Err(SegmentError::Features(_))), "{name}: {said:?}"),
        }
    }
    let answers = mixed.select(&["c"]).unwrap();
    assert!(said(&LatentClasses::new(2), &answers).is_ok());
}
