//! Indices, gap statistic and prediction strength beside scikit-learn 1.9.1, SciPy and R's `fpc`
//! and `cluster`.
//!
//! Iris is at hand. The other sets belong to R packages under the GPL or without a licence and are
//! read from the folder that `SEGMENTRY_DATA` names.

use std::path::PathBuf;

use segmentry::cluster::{
    KMeans, KMeansModel, SegmentModel, Segmentation, Segmenter, prediction_strength,
};
use segmentry::features::FeatureMatrix;
use segmentry::select::{GapStatistic, Reference};
use segmentry::units::SegmentId;
use segmentry::validate::indices::{Average, Contingency, Placed};
use segmentry::work::Work;
use serde_json::Value;

use crate::golden;

/// The oracle's own figures agree among programs to about this.
const TOLERANCE: f64 = 1e-10;

fn oracle() -> Value {
    serde_json::from_str(&golden("indices.json")).unwrap()
}

#[track_caller]
fn agrees(got: f64, want: &Value, what: &str) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= TOLERANCE * want.abs().max(1.0), "{what}: {got}, want {want}");
}

fn labels(text: &Value) -> Vec<SegmentId> {
    text.as_str().unwrap().bytes().map(|digit| SegmentId(u32::from(digit - b'0'))).collect()
}

/// The numbers of a set, or nothing where it is not at hand; then it says so.
fn numbers(set: &str) -> Option<Vec<Vec<f64>>> {
    let (text, columns) = if set == "iris" {
        (golden("iris.csv"), 0..4)
    } else {
        let Some(folder) = std::env::var_os("SEGMENTRY_DATA") else {
            println!(
                "skipped: SEGMENTRY_DATA does not name the folder with segmentation/{set}.csv"
            );
            return None;
        };
        let path = PathBuf::from(folder).join(format!("segmentation/{set}.csv"));
        let columns = match set {
            "nclus" => 0..2,
            "mcdonalds" => 0..11,
            _ => 1..6,
        };
        (std::fs::read_to_string(&path).unwrap(), columns)
    };
    let number = |field: &str| match field {
        "Yes" => 1.0,
        "No" => 0.0,
        field => field.parse().unwrap(),
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        fields[columns.clone()].iter().map(|field| number(field)).collect()
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn matrix(rows: &[Vec<f64>]) -> FeatureMatrix {
    let names: Vec<String> = (0..rows[0].len()).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    FeatureMatrix::from_rows(&names, rows).unwrap()
}

#[test]
fn two_segmentations_compared() {
    for (case, want) in oracle()["external"].as_object().unwrap() {
        let table = Contingency::of_labels(&labels(&want["a"]), &labels(&want["b"])).unwrap();
        let got = [
            ("rand", table.rand()),
            ("ari", table.adjusted_rand()),
            ("jaccard_pairs", table.jaccard()),
            ("fowlkes_mallows", table.fowlkes_mallows()),
            ("mi", table.mutual_information()),
            ("nmi_arithmetic", table.normalized_mutual_information(Average::Arithmetic)),
            ("nmi_min", table.normalized_mutual_information(Average::Least)),
            ("nmi_max", table.normalized_mutual_information(Average::Largest)),
            ("nmi_geometric", table.normalized_mutual_information(Average::Geometric)),
            ("ami_arithmetic", table.adjusted_mutual_information(Average::Arithmetic)),
            ("ami_max", table.adjusted_mutual_information(Average::Largest)),
            ("homogeneity", table.homogeneity()),
            ("completeness", table.completeness()),
            ("v_measure", table.v_measure()),
            ("vi_nats", table.variation_of_information()),
        ];
        for (name, value) in got {
            agrees(value, &want[name], &format!("{case} {name}"));
        }
        for (left, row) in want["contingency"].as_array().unwrap().iter().enumerate() {
            for (right, count) in row.as_array().unwrap().iter().enumerate() {
                assert_eq!(table.customers(left, right), count.as_u64().unwrap(), "{case}");
                let jaccard = table.segment_jaccard(left, right).unwrap();
                agrees(jaccard, &want["segment_jaccard"][left][right], case);
            }
        }
    }
}

#[test]
fn one_segmentation_measured() {
    let work = Work::new();
    for (case, want) in oracle()["internal"].as_object().unwrap() {
        let Some(rows) = numbers(want["data"].as_str().unwrap()) else { continue };
        let matrix = matrix(&rows);
        let names: Vec<String> =
            labels(&want["labels"]).iter().map(|label| label.index().to_string()).collect();
        let segments = Segmentation::from_labels(matrix.ids(), &names).unwrap();
        let placed = Placed::new(&matrix, &segments).unwrap();
        let silhouette = placed.silhouette(&work).unwrap().unwrap();
        let shadow = placed.shadow(&work).unwrap().unwrap();
        let figures = [
            ("silhouette_mean", Some(silhouette.mean)),
            ("calinski_harabasz", placed.calinski_harabasz()),
            ("davies_bouldin", placed.davies_bouldin()),
            ("inertia", placed.inertia()),
            ("dunn_min_diameter", placed.dunn(&work).unwrap()),
            ("shadow_mean", Some(shadow.mean)),
            ("xie_beni", placed.xie_beni()),
        ];
        for (name, value) in figures {
            if (case.as_str(), name) == ("iris_last_point_alone", "davies_bouldin") {
                // The distance of a single customer to its own mean is 0; scikit-learn's expanded
                // square gives 1.7e-7. By plain differences:
                agrees(value.unwrap(), &Value::from(1.314_729_715_300_354_5_f64), case);
            } else if !want[name].is_null() {
                agrees(value.unwrap(), &want[name], &format!("{case} {name}"));
            }
        }
        let list = |name: &str| want[name].as_array().cloned().unwrap_or_default();
        for (segment, want) in list("silhouette_by_cluster").iter().enumerate() {
            agrees(silhouette.by_segment[segment].unwrap(), want, case);
        }
        for (row, want) in list("silhouette_first10").iter().enumerate() {
            agrees(silhouette.by_customer[row].unwrap(), want, case);
        }
        for (segment, want) in list("shadow_by_cluster").iter().enumerate() {
            agrees(shadow.by_segment[segment].unwrap(), want, case);
        }
    }
}

/// R prints fifteen digits. `fpc::cluster.stats` of the species, and the silhouette of
/// `cluster::pam`'s medoids.
#[test]
fn figures_of_r() {
    let (oracle, work) = (oracle(), Work::new());
    let rows = numbers("iris").unwrap();
    let matrix = matrix(&rows);
    let measured = |names: &[String]| {
        let segments = Segmentation::from_labels(matrix.ids(), names).unwrap();
        let placed = Placed::new(&matrix, &segments).unwrap();
        (
            placed.silhouette(&work).unwrap().unwrap().mean,
            placed.dunn(&work).unwrap().unwrap(),
            placed.calinski_harabasz().unwrap(),
            placed.inertia().unwrap(),
        )
    };
    let stats = &oracle["r"]["cluster.stats_iris_species"];
    let species: Vec<String> = (0..150).map(|i| format!("{}", i / 50)).collect();
    let (silhouette, dunn, calinski_harabasz, inertia) = measured(&species);
    agrees(silhouette, &stats["avg.silwidth"], "silhouette");
    agrees(dunn, &stats["dunn"], "Dunn");
    agrees(calinski_harabasz, &stats["ch"], "Calinski-Harabasz");
    agrees(inertia, &stats["within.cluster.ss"], "sum of squares");
    for k in 2..=4 {
        let pam = &oracle["r"][format!("pam_iris_{k}")];
        let medoids: Vec<Vec<f64>> = serde_json::from_value(pam["medoids"].clone()).unwrap();
        let nearest = |row: &Vec<f64>| {
            let square = |medoid: &Vec<f64>| {
                row.iter().zip(medoid).fold(0.0, |sum, (x, m)| sum + (x - m) * (x - m))
            };
            let order =
                |&a: &usize, &b: &usize| square(&medoids[a]).total_cmp(&square(&medoids[b]));
            (0..k).min_by(order).unwrap().to_string()
        };
        let names: Vec<String> = rows.iter().map(nearest).collect();
        agrees(measured(&names).0, &pam["sil"], "silhouette of medoids");
    }
}

/// Both estimates carry Monte Carlo error: the difference of two stays within four standard errors
/// of it, which fails by chance once in 16,000 figures.
#[test]
fn gaps() {
    for (case, want) in oracle()["gap"].as_object().unwrap() {
        let (set, reference) = case.split_once('_').unwrap();
        let Some(rows) = numbers(set) else { continue };
        let reference =
            if reference == "pca_box" { Reference::PrincipalBox } else { Reference::Box };
        let references = want["1"]["B"].as_u64().unwrap() as usize;
        let gaps = GapStatistic::new().range(1..=6).references(references).reference(reference);
        let gaps = gaps.measure(&matrix(&rows), &Work::new()).unwrap();
        for gap in gaps.gaps {
            let want = &want[gap.k.to_string()];
            // The best of many starts; ours are fewer, and may end a little above.
            let above = gap.log_within.unwrap() - want["logW"].as_f64().unwrap();
            assert!((-1e-9..=1e-2).contains(&above), "{case} k={}: {above}", gap.k);
            let error = want["mc_se_of_gap"].as_f64().unwrap();
            let difference = gap.gap.unwrap() - want["gap"].as_f64().unwrap();
            let most = 4.0 * 2f64.sqrt() * error;
            assert!(difference.abs() <= most, "{case} k={}: {difference}, at most {most}", gap.k);
        }
    }
}

/// Even rows train, odd rows test; both halves at their best known optimum, for which the figure is
/// exact.
#[test]
fn prediction_strength_of_fixed_splits() {
    for (case, want) in oracle()["prediction_strength"].as_object().unwrap() {
        let (set, k) = case.rsplit_once('_').unwrap();
        let k: usize = k.parse().unwrap();
        if k > 4 {
            continue;
        }
        let Some(rows) = numbers(set) else { continue };
        let half =
            |odd: usize| matrix(&rows.iter().skip(odd).step_by(2).cloned().collect::<Vec<_>>());
        let (train, test) = (half(0), half(1));
        let fit =
            |half: &FeatureMatrix| KMeans::new(k).restarts(300).fit(half, &Work::new()).unwrap();
        let (by, own) = (fit(&train), fit(&test));
        // A half that ends lower than the oracle's is another optimum, with another strength.
        let halves = [(&by, "train_inertia"), (&own, "test_inertia")];
        let lower = |(model, name): &(&KMeansModel, &str)| {
            model.inertia() < want[*name].as_f64().unwrap() * (1.0 - 1e-9)
        };
        if halves.iter().any(lower) {
            println!("{case}: a better optimum of a half than the oracle's");
            continue;
        }
        halves.iter().for_each(|(model, name)| agrees(model.inertia(), &want[*name], case));
        let labels = own.assign(&test, &Work::new()).unwrap().partition().unwrap();
        agrees(prediction_strength(&test, &labels, &by).unwrap(), &want["ps"], case);
        let placed = by.assign(&test, &Work::new()).unwrap().partition().unwrap();
        let table = Contingency::of_labels(&labels, &placed).unwrap();
        agrees(table.prediction_strength(), &want["ps"], case);
    }
}
