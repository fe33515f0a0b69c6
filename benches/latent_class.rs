//! Latent classes: fits of a generated survey, and, given `.npy` files of answers, a line for each
//! task beside which that of another program can be put.
//!
//! ```text
//! cargo bench --bench latent_class -- DATA/survey_200000x20.npy
//! ```
//!
//! A file holds one row of bytes per customer: 0 for no, 1 for yes, -1 for no answer.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::cluster::{
    Acceleration, LatentClassModel, LatentClasses, SegmentModel, Segmenter, Starts,
};
use segmentry::features::{FeatureColumn, FeatureMatrix};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

const CLASSES: usize = 4;
const ITEMS: usize = 20;

/// Yes/no answers by column from bytes by row.
fn answers(n: usize, items: usize, bytes: &[i8]) -> FeatureMatrix {
    let empty = FeatureMatrix::new(CustomerIds::numbered(n).expect("fewer than four billion"));
    (0..items).fold(empty, |matrix, item| {
        let column = || bytes.iter().skip(item).step_by(items);
        let yes = column().map(|&byte| byte == 1).collect();
        let column = FeatureColumn::yes_no(format!("item {item}"), yes)
            .missing(column().map(|&byte| byte < 0).collect());
        matrix.with(column).expect("columns of one length")
    })
}

/// Four classes, one answer in twenty missing.
fn generated(n: usize) -> FeatureMatrix {
    let mut state = 7u64;
    let mut below = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut bytes = Vec::with_capacity(n * ITEMS);
    for _ in 0..n {
        let class = below(CLASSES as u64);
        for item in 0..ITEMS as u64 {
            let likely = (item * (class + 2)) % 5 < 2;
            let yes = if below(5) == 0 { !likely } else { likely };
            bytes.push(if below(20) == 0 { -1 } else { i8::from(yes) });
        }
    }
    answers(n, ITEMS, &bytes)
}

/// Plain EM steps from one start, as other programs do them.
fn steps(features: &FeatureMatrix, steps: usize) -> LatentClassModel {
    LatentClasses::new(CLASSES)
        .starts(Starts::Fixed(1))
        .acceleration(Acceleration::None)
        .tolerance(0.0)
        .max_steps(steps)
        .fit(features, &Work::new())
        .expect("a fit")
}

fn fits(c: &mut Criterion) {
    let features = generated(20_000);
    let mut group = c.benchmark_group("latent classes");
    group.sample_size(10);
    group.bench_function("20k x 20, 5 % missing, 4 classes, 50 steps", |b| {
        b.iter(|| black_box(steps(&features, 50)));
    });
    let model = steps(&features, 50);
    group.bench_function("20k x 20, assignment", |b| {
        b.iter(|| black_box(model.assign(&features, &Work::new())));
    });
    group.finish();
}

/// The answers of a file.
fn read(path: &str) -> FeatureMatrix {
    let bytes = std::fs::read(path).expect("a readable file");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..10 + length]);
    assert!(header.contains("'|i1'") && header.contains("'fortran_order': False"), "{header}");
    let (_, shape) = header.split_once("'shape': (").expect("a shape");
    let numbers = shape.split_once(')').map_or(shape, |(numbers, _)| numbers).split(',');
    let shape: Vec<usize> = numbers.filter_map(|number| number.trim().parse().ok()).collect();
    let values: Vec<i8> = bytes[10 + length..].iter().map(|&byte| byte.cast_signed()).collect();
    answers(shape[0], shape[1], &values)
}

/// The result, and the least and the middle of seven times in seconds.
fn measure<R>(mut run: impl FnMut() -> R) -> (R, f64, f64) {
    let mut result = run();
    let mut seconds: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            result = run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    (result, seconds[0], seconds[3])
}

fn beside_the_peer(path: &str) {
    let features = read(path);
    let n = features.n_customers();
    let line = |task: &str, (least, middle): (f64, f64), quality: String| {
        println!(
            "{{\"task\": \"{task}\", \"n\": {n}, \"seconds\": {least:.5}, \"median\": {middle:.5}, {quality}}}"
        );
    };
    let quality = |model: &LatentClassModel| {
        let a_row = model.log_likelihood() / n as f64;
        format!(
            "\"ll_per_row\": {a_row:.10}, \"steps\": {}, \"starts\": {}, \"hits\": {}",
            model.steps(),
            model.n_starts(),
            model.hits()
        )
    };
    let (model, least, middle) = measure(|| steps(&features, 50));
    line("lca@50it", (least, middle), quality(&model));
    let (placed, least, middle) = measure(|| model.assign(&features, &Work::new()));
    let segments = placed.expect("the same features").n_segments();
    line("assign", (least, middle), format!("\"k\": {segments}"));
    let start = Instant::now();
    let model = LatentClasses::new(CLASSES).fit(&features, &Work::new()).expect("a fit");
    let seconds = start.elapsed().as_secs_f64();
    line("lca@default", (seconds, seconds), quality(&model));
}

criterion_group!(benches, fits);

fn main() {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|name| name.ends_with(".npy")).collect();
    if files.is_empty() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    for file in &files {
        beside_the_peer(file);
    }
}
