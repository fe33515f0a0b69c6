//! Gaussian mixtures of iris: step by step from given labels as an independent script finds them,
//! and the optima that mclust finds.

use segmentry::cluster::{Covariance, GaussianMixture, SegmentModel, Segmenter};
use segmentry::features::FeatureMatrix;
use segmentry::units::SegmentId;
use segmentry::work::Work;

use crate::{close, golden};

const SHAPES: [(&str, &str, Covariance); 4] = [
    ("full", "VVV", Covariance::Full),
    ("tied", "EEE", Covariance::Tied),
    ("diag", "VVI", Covariance::Diagonal),
    ("spherical", "VII", Covariance::Spherical),
];

/// A few steps differ by rounding alone.
const STEPS: f64 = 1e-8;
/// Two runs to convergence end where their last steps were too small.
const CONVERGED: f64 = 1e-6;

fn iris() -> (FeatureMatrix, Vec<SegmentId>) {
    let (mut rows, mut species) = (Vec::new(), Vec::new());
    for line in golden("iris.csv").lines().skip(1) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        rows.push(fields[..4].to_vec());
        species.push(SegmentId(fields[4] as u32));
    }
    (FeatureMatrix::from_rows(&["a", "b", "c", "d"], &rows).unwrap(), species)
}

fn figures() -> serde_json::Value {
    serde_json::from_str(&golden("gaussian_mixtures.json")).unwrap()
}

fn labels(figures: &serde_json::Value, name: &str) -> Vec<SegmentId> {
    let labels = figures[name].as_array().unwrap();
    labels.iter().map(|label| SegmentId(label.as_u64().unwrap() as u32)).collect()
}

#[test]
fn each_step_from_given_labels() {
    let ((matrix, species), figures) = (iris(), figures());
    let starts = [
        ("species", 3, species),
        ("kmeans3", 3, labels(&figures, "kmeans3")),
        ("kmeans2", 2, labels(&figures, "kmeans2")),
    ];
    for (start, k, labels) in &starts {
        for (name, _, shape) in SHAPES {
            let wanted = &figures["em"][format!("{start}_{name}")];
            let number = |key: &str| wanted[key].as_f64().unwrap();
            let mixture =
                GaussianMixture::new(*k).covariance(shape).start_from_labels(labels).tolerance(0.0);
            for (iterations, key) in [(1, "after_1"), (2, "after_2"), (10, "after_10")] {
                let model = mixture.clone().max_iterations(iterations);
                let model = model.fit(&matrix, &Work::new()).unwrap();
                close(model.log_likelihood(), number(key), STEPS);
            }
            let model = mixture.tolerance(1e-13).max_iterations(20_000);
            let model = model.fit(&matrix, &Work::new()).unwrap();
            assert!(model.converged() && model.singular().is_empty());
            assert_eq!(model.n_parameters() as f64, number("parameters"));
            close(model.log_likelihood(), number("converged"), CONVERGED);
            close(model.bic(), number("bic"), CONVERGED);
            close(model.aic(), number("aic"), CONVERGED);
            // The entropy still moves where the likelihood hardly does.
            close(model.icl(), number("icl"), 1e-5);
            let assigned = model.assign(&matrix, &Work::new()).unwrap();
            for segment in assigned.segments() {
                let size = wanted["sizes"][segment.index()].as_u64().unwrap() as usize;
                assert_eq!(assigned.members(segment).len(), size, "{start} {name}");
                let weight = wanted["weights"][segment.index()].as_f64().unwrap();
                close(model.weight(segment.index()), weight, 1e-3);
            }
        }
    }
}

/// The likelihood that mclust reaches from its hierarchical start, or a higher one: mclust stops a
/// little earlier. Ours is the default fit.
#[test]
fn the_optima_of_mclust() {
    let ((matrix, _), figures) = (iris(), figures());
    for (_, model_name, shape) in SHAPES {
        for k in 1..=4 {
            let wanted = &figures["mclust"][format!("{model_name}_{k}")];
            let number = |key: &str| wanted[key].as_f64().unwrap();
            let mixture = GaussianMixture::new(k).covariance(shape).starts(20);
            let model = mixture.fit(&matrix, &Work::new()).unwrap();
            assert_eq!(model.n_parameters() as f64, number("parameters"));
            let least = number("log_likelihood") - 1e-5 * number("log_likelihood").abs();
            assert!(
                model.log_likelihood() >= least,
                "{model_name} {k}: {} against {least}",
                model.log_likelihood()
            );
            if k <= 2 {
                close(model.log_likelihood(), number("log_likelihood"), CONVERGED);
                close(model.bic(), number("bic"), CONVERGED);
            }
        }
    }
}
