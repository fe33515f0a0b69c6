//! Dense places as scikit-learn 1.9.1 finds them, with equal least size and samples.
//!
//! The tables other than iris come from the R package flexclust and may not be copied. Equal
//! distances may be taken in another order, which moves single customers at the edges.

use std::collections::BTreeMap;

use segmentry::cluster::{Hdbscan, HdbscanModel, Segmenter};
use segmentry::features::FeatureMatrix;
use segmentry::work::Work;
use serde::Deserialize;

use crate::{flexclust_table, golden};

/// How much the order of ties may cost: the reference's tolerance.
const LEAST_AGREEMENT: f64 = 0.98;

/// How many customers a tie may take into a segment or out of it.
const AT_THE_EDGES: usize = 2;

#[derive(Deserialize)]
struct Reference {
    labels: Vec<i64>,
    n_clusters: usize,
    noise: usize,
}

/// The adjusted Rand index (Hubert & Arabie 1985); noise is a group as any other.
fn adjusted_rand_index(left: &[i64], right: &[i64]) -> f64 {
    let pairs = |counts: BTreeMap<(i64, i64), f64>| {
        counts.values().fold(0.0, |sum, count| sum + count * (count - 1.0) / 2.0)
    };
    let count = |key: &dyn Fn(usize) -> (i64, i64)| {
        let mut counts = BTreeMap::new();
        (0..left.len()).for_each(|row| *counts.entry(key(row)).or_insert(0.0) += 1.0);
        pairs(counts)
    };
    let cells = count(&|row| (left[row], right[row]));
    let (rows, columns) = (count(&|row| (left[row], 0)), count(&|row| (0, right[row])));
    let n = left.len() as f64;
    let expected = rows * columns / (n * (n - 1.0) / 2.0);
    (cells - expected) / ((rows + columns) / 2.0 - expected)
}

fn compare(name: &str, rows: &[Vec<f64>]) {
    let columns: Vec<String> = (0..rows[0].len()).map(|place| format!("f{place}")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let matrix = FeatureMatrix::from_rows(&columns, rows).unwrap();
    let all: BTreeMap<String, Reference> = serde_json::from_str(&golden("hdbscan.json")).unwrap();
    for size in [5, 10, 15] {
        let reference = &all[&format!("{name}_mcs{size}_ms{size}")];
        let model: HdbscanModel = Hdbscan::new(size).fit(&matrix, &Work::new()).unwrap();
        let label = |segment: Option<segmentry::units::SegmentId>| {
            segment.map_or(-1, |segment| i64::from(segment.0))
        };
        let labels: Vec<i64> =
            model.placements().iter().map(|placement| label(placement.segment)).collect();
        let agreement = adjusted_rand_index(&labels, &reference.labels);
        assert!(agreement >= LEAST_AGREEMENT, "{name} {size}: {agreement}");
        assert_eq!(model.n_segments(), reference.n_clusters, "{name} {size}");
        let noise = model.n_noise();
        assert!(noise.abs_diff(reference.noise) <= AT_THE_EDGES, "{name} {size}: {noise}");
        if name == "iris" || (name, size) == ("nclus", 10) {
            assert_eq!(noise, reference.noise, "{name} {size}");
        }
    }
}

#[test]
fn iris() {
    let parse = |line: &str| line.split(',').take(4).map(|field| field.parse().unwrap()).collect();
    compare("iris", &golden("iris.csv").lines().skip(1).map(parse).collect::<Vec<Vec<f64>>>());
}

#[test]
fn nclus() {
    let Some(rows) = flexclust_table("nclus.csv") else { return };
    compare("nclus", &rows);
}

#[test]
fn bundestag_2009() {
    let Some(rows) = flexclust_table("bundestag2009.csv") else { return };
    compare("bundestag2009", &rows);
}
