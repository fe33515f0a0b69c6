//! Trees of merges and dense places: a small generated case, and, given a `.npy` file of features
//! and a number of rows, a line for each task beside which other packages' can be put.
//!
//! ```text
//! cargo bench --bench hierarchical -- DATA/feat_20000x10.npy 20000 [TASK ..]
//! ```
//!
//! Tasks: ward, single, average, complete, hdbscan; without any, all but average and complete,
//! which store the distances of all pairs.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use segmentry::cluster::{Hdbscan, Hierarchical, Linkage, Segmenter};
use segmentry::features::{FeatureColumn, FeatureMatrix};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

const LINKAGES: [(&str, Linkage); 4] = [
    ("ward", Linkage::Ward),
    ("single", Linkage::Single),
    ("average", Linkage::Average),
    ("complete", Linkage::Complete),
];

fn matrix(columns: Vec<Vec<f64>>) -> FeatureMatrix {
    let ids = CustomerIds::numbered(columns[0].len()).expect("fewer than four billion");
    let columns = columns.into_iter().enumerate();
    columns.fold(FeatureMatrix::new(ids), |matrix, (place, column)| {
        matrix.with(FeatureColumn::numbers(format!("f{place}"), column)).expect("finite numbers")
    })
}

fn generated(c: &mut Criterion) {
    let mut state = 7u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut column = |j: usize| {
        (0..1000).map(|i| ((i % 8) * (j + 1) % 5) as f64 + uniform() + uniform()).collect()
    };
    let matrix = matrix((0..10).map(&mut column).collect());
    let mut group = c.benchmark_group("hierarchical");
    group.sample_size(10);
    for (name, linkage) in LINKAGES {
        group.bench_function(format!("{name}, 1k x 10"), |b| {
            let hierarchical = Hierarchical::new(1).linkage(linkage);
            b.iter(|| black_box(hierarchical.dendrogram(&matrix, &Work::new())));
        });
    }
    group.bench_function("hdbscan, 1k x 10", |b| {
        b.iter(|| black_box(Hdbscan::new(10).fit(&matrix, &Work::new())));
    });
    group.finish();
}

/// The columns of a two-dimensional array of `f64`, as NumPy stores it, of at most `n` rows.
fn columns_of(path: &str, n: usize) -> Vec<Vec<f64>> {
    let bytes = std::fs::read(path).expect("the file can be read");
    assert_eq!(&bytes[..6], b"\x93NUMPY", "a file of NumPy's");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]).into_owned();
    assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"), "{text}");
    let shape = text.split("'shape': (").nth(1).and_then(|rest| rest.split(')').next());
    let shape: Vec<usize> =
        shape.expect("a shape").split(',').filter_map(|part| part.trim().parse().ok()).collect();
    let (n, d) = (n.min(shape[0]), shape[1]);
    let number = |place: usize| {
        let start = 10 + header + 8 * place;
        f64::from_le_bytes(bytes[start..start + 8].try_into().expect("eight bytes"))
    };
    (0..d).map(|j| (0..n).map(|i| number(i * d + j)).collect()).collect()
}

/// A line of `/proc/self/status` in megabytes, where the system tells.
fn status_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    let kb = line.and_then(|rest| rest.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

fn beside_the_peers(path: &str, n: usize, tasks: &[String]) {
    let wanted = |task: &str| match tasks {
        [] => !["average", "complete"].contains(&task),
        tasks => tasks.iter().any(|name| name == task),
    };
    let matrix = matrix(columns_of(path, n));
    let work = Work::new();
    let run = |task: &str, f: &dyn Fn() -> String| {
        if !wanted(task) {
            return;
        }
        let before = status_mb("VmRSS");
        let mut seconds = Vec::new();
        let mut quality = String::new();
        for _ in 0..5 {
            let start = Instant::now();
            quality = f();
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        println!(
            "{{\"peer\": \"segmentry\", \"task\": \"{task}\", \"n\": {}, \"d\": {}, \
             \"seconds\": {:.4}, \"min\": {:.4}, \"rss_before_mb\": {before:.1}, \
             \"peak_rss_mb\": {:.1}, \"quality\": {quality}}}",
            matrix.n_customers(),
            matrix.n_features(),
            seconds[2],
            seconds[0],
            status_mb("VmHWM")
        );
    };
    for (name, linkage) in LINKAGES {
        run(name, &|| {
            let hierarchical = Hierarchical::new(1).linkage(linkage);
            let tree = hierarchical.dendrogram(&matrix, &work).expect("a tree");
            format!("{{\"top\": {}}}", tree.heights().last().unwrap_or(0.0))
        });
    }
    run("hdbscan", &|| {
        let model = Hdbscan::new(50).min_samples(10).fit(&matrix, &work).expect("a model");
        format!("{{\"segments\": {}, \"noise\": {}}}", model.n_segments(), model.n_noise())
    });
}

criterion_group!(benches, generated);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().position(|argument| argument.ends_with(".npy")) {
        Some(place) => {
            let n = arguments.get(place + 1).and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
            let rest: Vec<String> = arguments[place + 1..]
                .iter()
                .filter(|argument| argument.parse::<usize>().is_err() && !argument.starts_with('-'))
                .cloned()
                .collect();
            beside_the_peers(&arguments[place], n, &rest);
        }
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
