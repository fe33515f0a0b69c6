//! Gaussian mixtures: twenty iterations from given means on generated customers; and, given arrays
//! of customers and of start means as other packages read them, a line for each shape beside which
//! theirs can be put.
//!
//! ```text
//! cargo bench --bench mixture -- DATA/feat_100000x10.npy DATA/init_100000x10_k8.npy
//! ```

#![allow(clippy::print_stdout)]

#[path = "common/npy.rs"]
mod npy;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::cluster::{Covariance, GaussianMixture, Segmenter};
use segmentry::features::{FeatureColumn, FeatureMatrix};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

const ITERATIONS: usize = 20;

/// A matrix of the numbers of an array.
fn matrix(values: &[f64], d: usize) -> FeatureMatrix {
    let ids = CustomerIds::numbered(values.len() / d).expect("fewer than four billion");
    (0..d).fold(FeatureMatrix::new(ids), |matrix, a| {
        let column = values.iter().skip(a).step_by(d).copied().collect();
        matrix.with(FeatureColumn::numbers(format!("f{a}"), column)).expect("finite numbers")
    })
}

fn task(means: &[f64], d: usize, shape: Covariance) -> GaussianMixture {
    let means: Vec<Vec<f64>> = means.chunks(d).map(<[f64]>::to_vec).collect();
    let weights = vec![1.0 / means.len() as f64; means.len()];
    let mixture = GaussianMixture::new(means.len()).covariance(shape);
    mixture.start_from_means(&means, &weights).tolerance(0.0).max_iterations(ITERATIONS)
}

fn mixture(c: &mut Criterion) {
    const D: usize = 10;
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let values: Vec<f64> = (0..20_000 * D)
        .map(|i| ((i / D % 8) * (i % D + 1) % 5) as f64 + uniform() + uniform())
        .collect();
    let matrix = matrix(&values, D);
    let mut group = c.benchmark_group("mixture");
    group.sample_size(10);
    for (name, shape) in [("full", Covariance::Full), ("diagonal", Covariance::Diagonal)] {
        let task = task(&values[..8 * D], D, shape);
        group.bench_function(format!("{name}, 20k x 10, k = 8, 20 iterations"), |b| {
            b.iter(|| black_box(task.fit(&matrix, &Work::new())));
        });
    }
    group.finish();
}

fn beside_the_peers(customers: &str, means: &str) {
    let ((values, d), (means, _)) = (npy::read(customers), npy::read(means));
    let matrix = matrix(&values, d);
    let shapes = [
        ("gmm_full", Covariance::Full),
        ("gmm_tied", Covariance::Tied),
        ("gmm_diag", Covariance::Diagonal),
        ("gmm_spherical", Covariance::Spherical),
    ];
    for (name, shape) in shapes {
        let task = task(&means, d, shape);
        let mut seconds = Vec::new();
        let mut quality = (0.0, 0);
        for _ in 0..5 {
            let start = Instant::now();
            let model = task.fit(&matrix, &Work::new()).expect("a fit");
            seconds.push(start.elapsed().as_secs_f64());
            let per_row = model.log_likelihood() / matrix.n_customers() as f64;
            quality = (per_row, model.iterations());
        }
        seconds.sort_by(f64::total_cmp);
        println!(
            "{{\"peer\": \"segmentry\", \"task\": \"{name}@{ITERATIONS}it\", \"n\": {}, \
             \"d\": {d}, \"k\": {}, \"seconds\": {:.6}, \"min\": {:.6}, \"quality\": {{\"ll_per_row\": {:?}, \
             \"iters\": {}}}}}",
            matrix.n_customers(),
            means.len() / d,
            seconds[2],
            seconds[0],
            quality.0,
            quality.1
        );
    }
}

criterion_group!(benches, mixture);

fn main() {
    let files: Vec<String> = std::env::args().filter(|name| name.ends_with(".npy")).collect();
    match files.as_slice() {
        [customers, means] => beside_the_peers(customers, means),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
