//! Clustering: k-means on 100,000 customers and 10 features.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use segmentry::cluster::{KMeans, Segmenter};
use segmentry::features::FeatureMatrix;
use segmentry::work::Work;

const N: usize = 100_000;
const D: usize = 10;

fn clustering(c: &mut Criterion) {
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let rows: Vec<[f64; D]> = (0..N)
        .map(|i| std::array::from_fn(|j| ((i % 8) * (j + 1) % 5) as f64 + uniform() + uniform()))
        .collect();
    let names: Vec<String> = (0..D).map(|j| format!("f{j}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let matrix = FeatureMatrix::from_rows(&names, &rows).expect("finite numbers");
    let mut group = c.benchmark_group("cluster");
    group.sample_size(10);
    group.bench_function("k-means, 100k x 10, k = 8, one start", |b| {
        b.iter(|| black_box(KMeans::new(8).restarts(1).fit(&matrix, &Work::new())));
    });
    group.finish();
}

criterion_group!(benches, clustering);
criterion_main!(benches);
