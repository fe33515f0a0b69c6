use super::*;
use crate::cluster::KMeans;

fn matrix(rows: &[[f64; 2]]) -> FeatureMatrix {
    FeatureMatrix::from_rows(&["x", "y"], rows).unwrap()
}

fn cloud(n: usize, seed: u64) -> Vec<[f64; 2]> {
    let mut stream = Stream::new(seed, Purpose::Restart, 0);
    (0..n)
        .map(|i| {
            let centre = [[0.0, 0.0], [5.0, 1.0], [2.0, 6.0]][i % 3];
            [centre[0] + stream.normal(), centre[1] + stream.normal()]
        })
        .collect()
}

fn cost_of(rows: &[[f64; 2]], weights: &[f64], medoids: &[usize]) -> f64 {
    let far = |a: &[f64; 2], b: &[f64; 2]| {
        let (x, y) = (a[0] - b[0], a[1] - b[1]);
        (x * x + y * y).sqrt()
    };
    let near =
        |row| medoids.iter().map(|&m| far(&rows[row], &rows[m])).fold(f64::INFINITY, f64::min);
    (0..rows.len()).map(|row| weights[row] * near(row)).sum()
}

/// No single swap improves on what was found, and the cost is what it says.
#[test]
fn no_swap_would_improve() {
    for seed in 0..5 {
        let rows = cloud(60, seed);
        let weights: Vec<f64> = (0..60).map(|i| f64::from(1 + (i * 7) % 4)).collect();
        let matrix = matrix(&rows).with_weights(weights.clone()).unwrap();
        let model = KMedoids::new(4, Dissimilarity::Euclidean).fit(&matrix, &Work::new()).unwrap();
        assert!(model.converged());
        let found = cost_of(&rows, &weights, model.medoids());
        assert!((found - model.cost()).abs() < 1e-9 * found);
        for place in 0..4 {
            for candidate in 0..60 {
                let mut medoids = model.medoids().to_vec();
                medoids[place] = candidate;
                assert!(cost_of(&rows, &weights, &medoids) >= found * (1.0 - 1e-12));
            }
        }
    }
}

#[test]
fn assigning_the_customers_again_gives_their_segments() {
    let rows = cloud(200, 9);
    let matrix = matrix(&rows);
    let model = KMedoids::new(3, Dissimilarity::Gower).fit(&matrix, &Work::new()).unwrap();
    let labels = model.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
    for (segment, &medoid) in model.medoids().iter().enumerate() {
        assert_eq!(labels[medoid].index(), segment);
    }
    // Three clear groups: the same customers stay together as by k-means.
    let means = KMeans::new(3).fit(&matrix, &Work::new()).unwrap();
    let other = means.assign(&matrix, &Work::new()).unwrap().partition().unwrap();
    let together = (0..200).filter(|&row| {
        (labels[row] == labels[model.medoids()[0]]) == (other[row] == other[model.medoids()[0]])
    });
    assert!(together.count() > 180);
}

#[test]
fn samples_serve_everybody_nearly_as_well() {
    let matrix = matrix(&cloud(900, 4));
    let method = KMedoids::new(3, Dissimilarity::Euclidean);
    let all = method.fit(&matrix, &Work::new()).unwrap();
    let sampled = method.sample(150).fit(&matrix, &Work::new()).unwrap();
    assert_eq!(sampled.searched(), Searched::Samples { customers: 150, samples: 5 });
    assert!(all.cost() <= sampled.cost() && sampled.cost() < 1.03 * all.cost());
}

#[test]
fn impossible_requests_are_typed() {
    let same = matrix(&[[1.0, 1.0]; 5]);
    let two = KMedoids::new(2, Dissimilarity::Gower);
    let error = two.fit(&same, &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::TooFewDistinct { k: 2, distinct: 1 }));
    assert!(matches!(two.fit(&matrix(&[]), &Work::new()), Err(SegmentError::NoCustomers)));
    assert!(KMedoids::new(0, Dissimilarity::Gower).validate().is_err());
    assert!(KMedoids::new(4, Dissimilarity::Gower).sample(4).validate().is_err());
    let far = matrix(&[[-1e300, 0.0], [1e300, 0.0], [0.0, 1e300]]);
    let error = KMedoids::new(2, Dissimilarity::Euclidean).fit(&far, &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::TooFar), "{error}");
    // The range of Gower's coefficient is no trouble.
    assert!(two.fit(&far, &Work::new()).unwrap().cost() > 0.0);
}
