//! Published numbers, to their last printed digit, and references that are not ours.
//!
//! One file per source. Where the data of a source may not be copied, its tests read them from the
//! folder that the environment variable `SEGMENTRY_DATA` names; without the variable they print
//! that they were skipped, with it a missing file fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod allocation;
mod beta_geometric;
#[cfg(feature = "csv")]
mod cdnow;
#[cfg(feature = "csv")]
mod cdnow_audit;
#[cfg(feature = "csv")]
mod certification;
mod discrete_and_contractual;
mod fifty_digits;
mod gaussian_mixtures;
mod hdbscan;
mod hierarchical;
#[cfg(feature = "csv")]
mod holdout;
mod indices;
mod iris;
mod k_means_optima;
mod latent_class;
#[cfg(feature = "csv")]
mod levers_by_hand;
mod mixed_kinds;
mod needs_exclusivity;
#[cfg(feature = "csv")]
mod online_retail;
#[cfg(feature = "csv")]
mod pareto_nbd;
#[cfg(feature = "csv")]
mod rival_faults;

/// The numbers of a table of comma-separated columns, without those whose first row is text; `None`
/// where the table may not be copied and the folder with it is not named, which is then said.
fn flexclust_table(name: &str) -> Option<Vec<Vec<f64>>> {
    let Some(folder) = std::env::var_os("SEGMENTRY_DATA") else {
        println!("skipped: SEGMENTRY_DATA does not name the folder with segmentation/{name}");
        return None;
    };
    let path = std::path::PathBuf::from(folder).join("segmentation").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let numbers = |line: &str| line.split(',').filter_map(|field| field.parse().ok()).collect();
    Some(text.lines().skip(1).map(numbers).collect())
}

/// A path below `tests/golden`.
fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file that may not be copied here, below the folder that `SEGMENTRY_DATA` names; nothing where
/// the variable is not set, and then it says so.
fn elsewhere(name: &str) -> Option<std::path::PathBuf> {
    let Some(folder) = std::env::var_os("SEGMENTRY_DATA") else {
        println!("skipped: SEGMENTRY_DATA does not name the folder with {name}");
        return None;
    };
    let path = std::path::PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is missing", path.display());
    Some(path)
}

/// Fails unless the two agree to `tolerance`, relative to the wanted value.
#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "got {got}, want {want}");
}

/// Fails unless `got` rounds to `printed`, half a unit of whose last digit is `half`.
#[cfg(feature = "csv")]
#[track_caller]
fn prints_as(got: f64, printed: f64, half: f64) {
    assert!((got - printed).abs() <= half, "got {got}, printed {printed}");
}
