//! K-means from given centres, so that other packages can be put beside it: seconds for a fixed
//! number of iterations, until nobody changes place, and for placing customers.
//!
//! ```text
//! cargo bench --bench kmeans -- DATA/feat_1000000x10.npy DATA/init_1000000x10_k8.npy [RUNS]
//! ```
//!
//! Each line is the least of the runs; other work on the machine only ever adds.

#![allow(clippy::print_stdout)]

#[path = "common/memory.rs"]
mod memory;
#[path = "common/npy.rs"]
mod npy;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::cluster::{KMeans, KMeansModel, SegmentModel, Segmenter};
use segmentry::features::{FeatureColumn, FeatureMatrix};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

/// A matrix of rows that lie one behind the other.
fn matrix(values: &[f64], d: usize) -> FeatureMatrix {
    let ids = CustomerIds::numbered(values.len() / d).expect("ids for so many rows");
    (0..d).fold(FeatureMatrix::new(ids), |matrix, column| {
        let numbers = values.iter().skip(column).step_by(d).copied().collect();
        let column = FeatureColumn::numbers(format!("f{column}"), numbers);
        matrix.with(column).expect("finite numbers under new names")
    })
}

/// Overlapping groups of rows, by a generator written out here.
fn overlapping(n: usize, d: usize) -> Vec<f64> {
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let value = |place: usize| {
        let (row, column) = (place / d, place % d);
        (row % 8 * (column + 1) % 5) as f64 + 2.0 * (uniform() + uniform())
    };
    (0..n * d).map(value).collect()
}

fn least<T>(runs: usize, mut task: impl FnMut() -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let result = black_box(task());
        let seconds = start.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|(least, _)| seconds < *least) {
            best = Some((seconds, result));
        }
    }
    best.expect("at least one run")
}

fn beside_others(data: &str, centres: &str, runs: usize) {
    let (values, d) = npy::read(data);
    let (start, _) = npy::read(centres);
    let start: Vec<&[f64]> = start.chunks_exact(d).collect();
    let features = matrix(&values, d);
    drop(values);
    let (n, k, work) = (features.n_customers(), start.len(), Work::new());
    let fit = |iterations: usize| {
        let method = KMeans::new(k).start(&start).max_iterations(iterations);
        method.fit(&features, &work).expect("finite features")
    };
    let tell = |task: &str, seconds: f64, model: &KMeansModel| {
        println!(
            "{n} x {d}, k = {k}, {task}: {seconds:.4} s, {} iterations, inertia {:.12e}",
            model.iterations(),
            model.inertia()
        );
    };
    let (seconds, model) = least(runs, || fit(20));
    tell("20 iterations", seconds, &model);
    let (seconds, converged) = least(runs, || fit(10_000));
    tell("until nobody moves", seconds, &converged);
    let (_, kilobytes) = memory::growth(|| fit(10_000));
    if let Some(kilobytes) = kilobytes {
        println!("memory grew by {kilobytes} kB: {} bytes a row", kilobytes * 1024 / n as u64);
    }
    let (seconds, _) = least(runs, || model.assign(&features, &work).expect("the same features"));
    tell("placing", seconds, &model);
}

fn clustering(c: &mut Criterion) {
    let (n, d, k) = (20_000, 10, 8);
    let values = overlapping(n, d);
    let start: Vec<&[f64]> = values.chunks_exact(d).take(k).collect();
    let (features, work) = (matrix(&values, d), Work::new());
    let method = KMeans::new(k).start(&start).max_iterations(20);
    let model = method.fit(&features, &work).expect("finite features");
    let mut group = c.benchmark_group("k-means");
    group.sample_size(10);
    group.bench_function("20k x 10, k = 8, 20 iterations", |b| {
        b.iter(|| black_box(method.fit(&features, &work)));
    });
    group.bench_function("20k x 10, k = 8, placing", |b| {
        b.iter(|| black_box(model.assign(&features, &work)));
    });
    group.finish();
}

criterion_group!(benches, clustering);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match arguments.as_slice() {
        [data, centres, rest @ ..] if data.ends_with(".npy") => {
            let runs = rest.first().and_then(|runs| runs.parse().ok()).unwrap_or(5);
            beside_others(data, centres, runs);
        }
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
