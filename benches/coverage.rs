//! Parameter recovery and interval coverage over the whole grid, printed as Markdown.
//!
//! ```text
//! cargo bench --bench coverage -- 1000 [part of a model's or a setting's name]
//! ```
//!
//! The number is that of the replications, 1,000 unless given. As a test it draws two of each.
//! With `--bootstrap` the intervals are those of a bootstrap of 200 replicates, which takes longer;
//! with `--profile` those of the parameters follow the profile likelihood.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

#[path = "../tests/common/coverage.rs"]
mod coverage;

use coverage::{
    bootstrap, coverage_table, grid, profile, recovery_table, replicate, settings_table, study_of,
};

const SEED: u64 = 1;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let test = arguments.iter().any(|argument| argument == "--test");
    let asked = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let one = match (asked("--bootstrap"), asked("--profile")) {
        (true, _) => bootstrap,
        (_, true) => profile,
        _ => replicate,
    };
    let given = arguments.iter().find_map(|argument| argument.parse().ok());
    let replications: u64 = if test { 2 } else { given.unwrap_or(1000) };
    let part = arguments.iter().find(|a| !a.starts_with("--") && a.parse::<u64>().is_err());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let grid: Vec<_> = grid()
        .into_iter()
        .filter(|setting| part.is_none_or(|part| format!("{setting:?}").contains(part)))
        .collect();
    println!("{replications} replications, seed {SEED}\n\n{}", settings_table(&grid));
    let mut studies = Vec::new();
    for setting in &grid {
        studies.push(study_of(one, setting, replications, SEED, threads));
        eprintln!("{} of {} settings", studies.len(), grid.len());
    }
    println!("{}\n{}", recovery_table(&studies), coverage_table(&studies));
}
