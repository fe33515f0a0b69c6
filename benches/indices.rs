//! Indices: silhouettes of generated customers; and, given an array of customers as other packages
//! read it, seconds beside which theirs can be put.
//!
//! ```text
//! cargo bench --bench indices -- DATA/feat_20000x10.npy
//! ```
//!
//! Segments are those of k-means with five centres, which is not timed.

#![allow(clippy::print_stdout)]

#[path = "common/memory.rs"]
mod memory;
#[path = "common/npy.rs"]
mod npy;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::cluster::{KMeans, SegmentModel, Segmentation, Segmenter};
use segmentry::features::{FeatureColumn, FeatureMatrix};
use segmentry::units::CustomerIds;
use segmentry::validate::indices::{Contingency, Placed};
use segmentry::work::Work;

/// A matrix of the numbers of an array.
fn matrix(values: &[f64], d: usize) -> FeatureMatrix {
    let ids = CustomerIds::numbered(values.len() / d).expect("fewer than four billion");
    (0..d).fold(FeatureMatrix::new(ids), |matrix, a| {
        let column = values.iter().skip(a).step_by(d).copied().collect();
        matrix.with(FeatureColumn::numbers(format!("f{a}"), column)).expect("finite numbers")
    })
}

fn segments(matrix: &FeatureMatrix) -> Segmentation {
    let work = Work::new();
    let model = KMeans::new(5).restarts(1).fit(matrix, &work).expect("customers that differ");
    model.assign(matrix, &work).expect("the features of the fit")
}

fn indices(c: &mut Criterion) {
    const D: usize = 10;
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let values: Vec<f64> = (0..5_000 * D)
        .map(|i| ((i / D % 8) * (i % D + 1) % 5) as f64 + uniform() + uniform())
        .collect();
    let matrix = matrix(&values, D);
    let (segments, work) = (segments(&matrix), Work::new());
    let mut group = c.benchmark_group("indices");
    group.sample_size(10);
    group.bench_function("silhouette, 5k x 10, k = 5", |b| {
        b.iter(|| Placed::new(&matrix, &segments).map(|p| black_box(p.silhouette(&work))));
    });
    let labels = segments.partition().expect("k-means places everybody");
    group.bench_function("adjusted mutual information, 5k", |b| {
        b.iter(|| {
            let table = Contingency::of_labels(&labels, &labels).expect("two of one length");
            black_box(
                table
                    .adjusted_mutual_information(segmentry::validate::indices::Average::Arithmetic),
            )
        });
    });
    group.finish();
}

fn measured(path: &str) {
    let (values, d) = npy::read(path);
    let matrix = matrix(&values, d);
    drop(values);
    let (segments, work) = (segments(&matrix), Work::new());
    let time = |what: &str, task: &dyn Fn() -> f64| {
        let mut seconds: Vec<f64> = Vec::new();
        let mut value = 0.0;
        for _ in 0..7 {
            let start = Instant::now();
            value = black_box(task());
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        println!("{what}: least {:.4} s, middle {:.4} s, {value}", seconds[0], seconds[3]);
    };
    let placed = || Placed::new(&matrix, &segments).expect("numbers");
    if matrix.n_customers() <= 100_000 {
        time("silhouette, exact", &|| {
            placed().silhouette(&work).ok().flatten().map_or(f64::NAN, |s| s.mean)
        });
        let (_, kilobytes) = memory::growth(|| placed().silhouette(&work));
        println!("silhouette, exact: memory grew by {kilobytes:?} kB");
    }
    time("silhouette of 2,000", &|| {
        let sampled = placed().sampled_silhouette(2_000, 0, &work);
        sampled.ok().flatten().map_or(f64::NAN, |s| s.mean)
    });
    time("silhouette of centres", &|| {
        placed().silhouette_of_centres(&work).ok().flatten().map_or(f64::NAN, |s| s.mean)
    });
    time("Davies-Bouldin", &|| placed().davies_bouldin().unwrap_or(f64::NAN));
}

criterion_group!(benches, indices);

fn main() {
    match std::env::args().skip(1).find(|argument| argument.ends_with(".npy")) {
        Some(path) => measured(&path),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
