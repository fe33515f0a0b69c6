//! The house: a stage imports only from the stages before it and from the base.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// What everything may use. The base knows no stage.
const BASE: &[&str] = &["units", "work", "num", "saved"];

/// The stages in the order of the flow; one may import only from those before it.
const STAGES: &[&str] = &[
    "data",
    "simulate",
    "value",
    "features",
    "needs",
    "cluster",
    "profile",
    "validate",
    "select",
    "strategy",
    "treatment",
    "export",
    "report",
    "error",
    "blueprint",
];

fn rust_files(module: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut todo = vec![src.join(module)];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let file = src.join(format!("{module}.rs"));
    if file.exists() {
        files.push(file);
    }
    files
}

fn without_comments(code: &str) -> String {
    let code: Vec<&str> =
        code.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect();
    code.join("\n")
}

/// The first segment behind every `crate::`.
fn imports(code: &str) -> Vec<String> {
    code.split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '{').collect()
        })
        .collect()
}

/// What is wrong with a file of `module`, given what it may import.
fn faults(code: &str, module: &str, allowed: &[&str]) -> Vec<String> {
    let code = without_comments(code);
    let mut faults = Vec::new();
    for import in imports(&code) {
        if import.contains('{') {
            faults.push("one path per `use`, no `crate::{`".to_owned());
        } else if import != module && !allowed.contains(&import.as_str()) {
            faults.push(format!("imports `crate::{import}`"));
        }
    }
    if code.contains("super::super::") {
        faults.push("`super::super::` hides where it goes".to_owned());
    }
    if code.lines().any(|line| line.trim_start().starts_with("use crate") && line.contains(" as "))
    {
        faults.push("a renamed import hides where it comes from".to_owned());
    }
    if code.contains("use crate as") || code.contains("use crate;") || code.contains("extern crate")
    {
        faults.push("the crate itself under another name".to_owned());
    }
    faults
}

#[test]
fn stages_import_only_from_earlier_stages() {
    for (rank, stage) in STAGES.iter().enumerate() {
        let allowed: Vec<&str> = BASE.iter().chain(&STAGES[..rank]).copied().collect();
        let files = rust_files(stage);
        assert!(!files.is_empty(), "no files for `{stage}`");
        for file in files {
            let found = faults(&fs::read_to_string(&file).unwrap(), stage, &allowed);
            assert!(found.is_empty(), "{}: {}", file.display(), found.join("; "));
        }
    }
}

#[test]
fn the_base_knows_no_stage() {
    for module in BASE {
        for file in rust_files(module) {
            let found = faults(&fs::read_to_string(&file).unwrap(), module, BASE);
            assert!(found.is_empty(), "{}: {}", file.display(), found.join("; "));
        }
    }
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for line in lib.lines() {
        let module = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "));
        if let Some(module) = module.and_then(|rest| rest.strip_suffix(';')) {
            assert!(BASE.contains(&module) || STAGES.contains(&module), "`{module}` has no place");
        }
    }
}

#[test]
fn what_is_forbidden_is_found() {
    let allowed = ["units", "data"];
    let bad = [
        "use crate::value::Rates;",
        "use crate::{data::Batch, units::Date};",
        "use super::super::value::Rates;",
        "use crate::data as d;",
        "fn f() -> crate::Error { loop {} }",
        "use crate as me;",
    ];
    for code in bad {
        assert!(!faults(code, "data", &allowed).is_empty(), "{code}");
    }
    let good = "//! See [`Rates`](crate::value::Rates).\nuse crate::units::Date;\nuse crate::data::Batch; // crate::value";
    assert!(faults(good, "data", &allowed).is_empty());
}
