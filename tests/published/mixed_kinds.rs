//! K-prototypes and k-medoids against other implementations.

use segmentry::cluster::{Dissimilarity, KMedoids, KPrototypes, Segmenter};
use segmentry::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

use crate::{close, elsewhere, golden};

/// The survey of 1,453 McDonald's customers: age and liking as z-scores (divided by n), gender and
/// the frequency of visits as categories.
fn survey() -> Option<FeatureMatrix> {
    let text = std::fs::read_to_string(elsewhere("segmentation/mcdonalds.csv")?).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let n = rows.len();
    let scored = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        values.iter().map(|x| (x - mean) / variance.sqrt()).collect::<Vec<f64>>()
    };
    // Liking is written as -5 .. +5, with words at both ends.
    let liking = |text: &str| match text.rsplit(['!', '+']).next().unwrap() {
        _ if text.starts_with("I hate") => -5.0,
        _ if text.starts_with("I love") => 5.0,
        number => number.parse::<f64>().unwrap(),
    };
    let category = |column: usize| {
        let mut levels: Vec<String> = rows.iter().map(|row| row[column].to_owned()).collect();
        let texts = levels.clone();
        levels.sort();
        levels.dedup();
        let codes = texts.iter().map(|t| levels.binary_search(t).unwrap() as u32).collect();
        FeatureValues::Category { levels, codes }
    };
    let age = rows.iter().map(|row| row[12].parse().unwrap()).collect();
    let like = rows.iter().map(|row| liking(row[11])).collect();
    let matrix = FeatureMatrix::new(CustomerIds::numbered(n).unwrap())
        .with(FeatureColumn::numbers("age", scored(age)))
        .unwrap()
        .with(FeatureColumn::numbers("like", scored(like)))
        .unwrap()
        .with(FeatureColumn::of("gender", category(14)))
        .unwrap()
        .with(FeatureColumn::of("visits", category(13)))
        .unwrap();
    Some(matrix)
}

/// kmodes 0.12.2, best of six starts with gamma 0.5: an upper bound, for six starts are few.
#[test]
fn k_prototypes_of_the_survey_cost_no_more_than_elsewhere() {
    let Some(matrix) = survey() else { return };
    for (k, elsewhere) in [(3, 1_712.941_764_395_293), (4, 1_463.963_745_256_224_2)] {
        let model = KPrototypes::new(k).gamma(0.5).fit(&matrix, &Work::new()).unwrap();
        assert!(model.cost() <= elsewhere * (1.0 + 1e-9), "k = {k}: {}", model.cost());
        // Two z-scores: half their mean deviation is one half.
        let by_default = KPrototypes::new(k).restarts(1).fit(&matrix, &Work::new()).unwrap();
        close(by_default.gamma(), 0.5, 1e-12);
    }
}

/// PAM of R's package cluster on iris, Euclidean distances: the medoids (from one) and total cost.
#[test]
fn medoids_of_iris_are_those_of_pam() {
    let rows: Vec<Vec<f64>> = golden("iris.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(4).map(|field| field.parse().unwrap()).collect())
        .collect();
    let matrix = FeatureMatrix::from_rows(&["a", "b", "c", "d"], &rows).unwrap();
    let pam: [(&[usize], f64); 3] = [
        (&[8, 127], 129.330_388_576_932),
        (&[8, 79, 113], 98.131_154_882_271),
        (&[8, 100, 121, 127], 85.662_910_197_613_9),
    ];
    for (medoids, cost) in pam {
        let method = KMedoids::new(medoids.len(), Dissimilarity::Euclidean);
        let model = method.fit(&matrix, &Work::new()).unwrap();
        close(model.cost(), cost, 1e-12);
        let from_one: Vec<usize> = model.medoids().iter().map(|row| row + 1).collect();
        assert_eq!(from_one, medoids);
    }
}
