//! Fisher's iris: best known k-means optima, prediction strength of a fixed split, and robust
//! scaling.

use segmentry::cluster::{KMeans, SegmentModel, Segmenter, prediction_strength};
use segmentry::features::{FeatureMatrix, Scaling};
use segmentry::work::Work;

use crate::{close, golden};

const NAMES: [&str; 4] = ["sepal_length", "sepal_width", "petal_length", "petal_width"];

fn rows() -> Vec<[f64; 4]> {
    let parse = |line: &str| {
        let fields: Vec<f64> =
            line.split(',').take(4).map(|field| field.parse().unwrap()).collect();
        <[f64; 4]>::try_from(fields).unwrap()
    };
    golden("iris.csv").lines().skip(1).map(parse).collect()
}

fn matrix(rows: &[[f64; 4]]) -> FeatureMatrix {
    FeatureMatrix::from_rows(&NAMES, rows).unwrap()
}

/// Best of 500 and more starts of scikit-learn 1.9.1, polished by exchange; published to five
/// decimals in many papers.
#[test]
fn the_best_known_optima() {
    let matrix = matrix(&rows());
    let best =
        [(2, 152.347_951_760_357_92), (3, 78.851_441_426_146_01), (4, 57.228_473_214_285_71)];
    for (k, inertia) in best {
        let model = KMeans::new(k).restarts(60).fit(&matrix, &Work::new()).unwrap();
        close(model.inertia(), inertia, 1e-9);
    }
}

/// Even rows train, odd rows test; both at their best known optimum (an independent script).
#[test]
fn prediction_strength_of_a_fixed_split() {
    let rows = rows();
    let half = |odd: usize| matrix(&rows.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>());
    let (train, test) = (half(0), half(1));
    let optima = [
        (2, 71.77, 79.878_819_444_444_43, 1.0),
        (3, 38.901_048_275_862_07, 38.723_791_666_666_66, 1.0),
        (4, 27.728_289_960_194_594, 26.063_894_444_444_45, 0.62),
    ];
    for (k, train_inertia, test_inertia, strength) in optima {
        let fit =
            |half: &FeatureMatrix| KMeans::new(k).restarts(100).fit(half, &Work::new()).unwrap();
        let (by, own) = (fit(&train), fit(&test));
        close(by.inertia(), train_inertia, 1e-9);
        close(own.inertia(), test_inertia, 1e-9);
        let labels = own.assign(&test, &Work::new()).unwrap().partition().unwrap();
        close(prediction_strength(&test, &labels, &by).unwrap(), strength, 1e-12);
    }
}

/// Medians 5.8, 3.0, 4.35, 1.3 and interquartile ranges 1.3, 0.5, 3.5, 1.5, as NumPy has them.
#[test]
fn robust_scaling() {
    let matrix = matrix(&rows());
    let scaled = Scaling::new().fit(&matrix).unwrap().transform(&matrix).unwrap();
    let expected = [(5.1 - 5.8) / 1.3, (3.5 - 3.0) / 0.5, (1.4 - 4.35) / 3.5, (0.2 - 1.3) / 1.5];
    for (name, want) in NAMES.iter().zip(expected) {
        close(scaled.column(name).unwrap().number(0).unwrap(), want, 1e-12);
    }
}
