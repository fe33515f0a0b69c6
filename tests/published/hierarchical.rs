//! Trees of merges as SciPy 1.17.1 has them: heights, cophenetic correlations, cuts.
//!
//! The tables other than iris come from the R package flexclust and may not be copied. Iris has
//! equal distances, which two implementations may merge in another order: of such a tree the heights
//! and the larger cuts are the same, and these are compared.

use std::collections::BTreeMap;

use segmentry::cluster::{Hierarchical, Linkage};
use segmentry::features::FeatureMatrix;
use segmentry::units::SegmentId;
use segmentry::work::Work;
use serde::Deserialize;

use crate::{close, flexclust_table, golden};

/// The stated tolerance of the reference.
const HEIGHTS: f64 = 1e-9;

const LINKAGES: [(&str, Linkage); 4] = [
    ("ward", Linkage::Ward),
    ("average", Linkage::Average),
    ("complete", Linkage::Complete),
    ("single", Linkage::Single),
];

#[derive(Deserialize)]
struct Reference {
    heights: Vec<f64>,
    cophenetic_corr: f64,
    sizes: BTreeMap<String, Vec<usize>>,
    labels: Option<BTreeMap<String, Vec<u32>>>,
}

fn compare(name: &str, rows: &[Vec<f64>]) {
    let columns: Vec<String> = (0..rows[0].len()).map(|place| format!("f{place}")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let matrix = FeatureMatrix::from_rows(&columns, rows).unwrap();
    let all: BTreeMap<String, Reference> =
        serde_json::from_str(&golden("hierarchical.json")).unwrap();
    let work = Work::new();
    for (linkage_name, linkage) in LINKAGES {
        let reference = &all[&format!("{name}_{linkage_name}")];
        let tree = Hierarchical::new(1).linkage(linkage).dendrogram(&matrix, &work).unwrap();
        let last = rows.len() - 1 - reference.heights.len();
        for (got, &want) in tree.heights().skip(last).zip(&reference.heights) {
            close(got, want, HEIGHTS);
        }
        let correlation = Hierarchical::cophenetic_correlation(&tree, &matrix, &work).unwrap();
        close(correlation.unwrap(), reference.cophenetic_corr, HEIGHTS);
        for (k, sizes) in &reference.sizes {
            let labels = tree.cut(k.parse().unwrap()).unwrap();
            let mut got: Vec<usize> = (0..sizes.len())
                .map(|segment| labels.iter().filter(|label| label.index() == segment).count())
                .collect();
            let mut want = sizes.clone();
            got.sort_unstable();
            want.sort_unstable();
            assert_eq!(got, want, "{name} {linkage_name} {k}");
            if let Some(partition) = reference.labels.as_ref().and_then(|cuts| cuts.get(k)) {
                assert_eq!(by_first_row(partition), labels, "{name} {linkage_name} {k}");
            }
        }
    }
}

/// The same partition, its segments numbered by their first rows.
fn by_first_row(labels: &[u32]) -> Vec<SegmentId> {
    let mut seen: Vec<u32> = Vec::new();
    let number = |label: &u32| {
        let place = seen.iter().position(|known| known == label).unwrap_or_else(|| {
            seen.push(*label);
            seen.len() - 1
        });
        SegmentId(place as u32)
    };
    labels.iter().map(number).collect()
}

#[test]
fn iris() {
    let parse = |line: &str| line.split(',').take(4).map(|field| field.parse().unwrap()).collect();
    compare("iris", &golden("iris.csv").lines().skip(1).map(parse).collect::<Vec<Vec<f64>>>());
}

#[test]
fn milk() {
    let Some(rows) = flexclust_table("milk.csv") else { return };
    compare("milk", &rows);
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
