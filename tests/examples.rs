//! The examples as a user runs them: what they print, what they write, and what they leave behind
//! when they fail.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of this test's own, removed when it is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("segmentry-examples-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs an example; cargo has built it with the tests, or builds it now.
fn run(example: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "run",
        "--quiet",
        "--example",
        example,
        "--",
    ]);
    command.args(arguments).output().unwrap()
}

fn blueprint(arguments: &[&str]) -> Output {
    run("blueprint", arguments)
}

/// The rows of a CSV file as maps from column to field.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FILES: [&str; 5] =
    ["blueprint.html", "customers.csv", "quality.json", "segments.csv", "verdict.json"];

#[test]
fn the_main_job_on_the_bundled_sample() {
    let scratch = Scratch::new("main");
    let out = scratch.0.join("first");
    let output = blueprint(&["--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = text(&output.stdout);
    for expected in [
        "2,357 customers",
        "50.81 %",
        "67.46 %",
        "Gini 0.6309",
        "mbg_nbd+gamma_gamma",
        "deserve trust",
        "flag: spend that depends on frequency",
        "15 checks of the data: 1 flagged, 2 could not be made, 12 passed",
    ] {
        assert!(summary.contains(expected), "{expected} in\n{summary}");
    }
    assert!(summary.lines().count() <= 30, "it fits one screen:\n{summary}");
    assert!(summary.lines().rev().skip(1).all(|line| line.chars().count() <= 80), "{summary}");

    let mut files: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, FILES);

    let customers = table(&out.join("customers.csv"));
    assert_eq!(customers.len(), 2357);
    let ids: BTreeSet<&String> = customers.iter().map(|row| &row["customer_id"]).collect();
    assert_eq!(ids.len(), 2357);
    for column in [
        "customer_id",
        "decile",
        "purchases",
        "days_since_last",
        "current_value",
        "future_value",
        "value_basis",
        "p_alive",
        "potential_value",
        "segment",
        "primary_strategy",
        "primary_gain",
        "gain_basis",
        "secondary_strategy",
        "secondary_gain",
        "within_limits",
        "reason",
    ] {
        assert!(customers[0].contains_key(column), "{column}");
    }
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
    let total: f64 = customers.iter().map(|row| number(row, "current_value")).sum();
    assert!((total - 244_091.94).abs() < 0.01, "{total}");
    let best: f64 =
        customers.iter().filter(|r| r["decile"] == "1").map(|r| number(r, "current_value")).sum();
    assert!((best / total - 0.508_070_24).abs() < 1e-6);
    for row in &customers {
        assert!(number(row, "potential_value") >= number(row, "future_value"));
        assert!((0.0..=1.0).contains(&number(row, "p_alive")));
        assert!(number(row, "primary_gain") >= 0.0 && !row["reason"].is_empty());
        assert_eq!(row["secondary_strategy"].is_empty(), row["secondary_gain"].is_empty());
        let silent = row["purchases"] == "1" && number(row, "days_since_last") > 400.0;
        assert!(!silent || row["primary_strategy"] == "win_back", "{row:?}");
    }

    let segments = table(&out.join("segments.csv"));
    let members: usize =
        segments.iter().map(|row| row["customers"].parse::<usize>().unwrap()).sum();
    assert_eq!(members, 2357);
    let quality: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("quality.json")).unwrap()).unwrap();
    assert_eq!(
        (quality["rows_read"].as_u64(), quality["rows_kept"].as_u64()),
        (Some(6919), Some(6919))
    );
    assert_eq!(quality["findings"]["grade"], "flag");
    let worst = &quality["findings"]["findings"][0];
    assert_eq!(
        (&worst["kind"], &worst["bias"]),
        (&"spend_dependence".into(), &"understates".into())
    );
    let page = text(&fs::read(out.join("blueprint.html")).unwrap());
    assert!(page.contains("Can the data carry this?"));
    assert!(page.contains("<b>Understates future value.</b>"));
    let verdict: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("verdict.json")).unwrap()).unwrap();
    assert_eq!(verdict["findings"].as_array().unwrap().len(), 4);

    // Same input and seed: the same bytes.
    let again = scratch.0.join("second");
    assert!(blueprint(&["--seed", "0", "--out", again.to_str().unwrap()]).status.success());
    for file in FILES {
        assert!(fs::read(out.join(file)).unwrap() == fs::read(again.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn the_options_do_what_they_say() {
    let scratch = Scratch::new("options");
    let transactions = scratch.file("shop.csv", &shop());
    let attributes = scratch.file("known.csv", &attributes());
    let out = scratch.0.join("out");
    let output = blueprint(&[
        "--transactions",
        transactions.to_str().unwrap(),
        "--columns",
        "customer=who,time=when,quantity=n,price=each,category=kind,product=what,order=bill",
        "--attributes",
        attributes.to_str().unwrap(),
        "--observed-until",
        "2024-12-31",
        "--segments",
        "3",
        "--seed",
        "5",
        "--horizon-weeks",
        "26",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = text(&output.stdout);
    assert!(
        summary.contains("to 2024-12-31") && summary.contains("in the next 26 weeks"),
        "{summary}"
    );
    assert!(summary.contains("in margin, by"), "{summary}");
    assert_eq!(table(&out.join("segments.csv")).len(), 3);
    let quality: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("quality.json")).unwrap()).unwrap();
    assert_eq!(quality["duplicates"]["rows"], 1);
    assert_eq!(quality["out_of_window"]["rows"], 1);
    assert_eq!(quality["attributes"][0]["customers_with_row"], 90);
    let verdict: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("verdict.json")).unwrap()).unwrap();
    let needs = &verdict["findings"][3];
    assert_eq!(
        (&needs["check"], needs["detail"]["figures"]["needs"].as_array().unwrap().len()),
        (&"needs are exclusive".into(), 2)
    );
}

/// Ninety customers of three habits, one repeated row, one row after the end.
fn shop() -> String {
    let mut file = String::from("bill,who,what,kind,n,each,when\n");
    for customer in 0..90 {
        let (visits, kind) = [(12, "food"), (5, "garden"), (2, "tools")][customer % 3];
        for visit in 0..visits {
            let (month, day) = (1 + (visit * 12 / visits), 1 + (customer * 7 + visit * 3) % 28);
            let price = 3 + (customer * 13 + visit * 5) % 9;
            file += &format!(
                "b{customer}-{visit},c{customer},p{visit},{kind},2,{price}.50,2024-{month:02}-{day:02} 10:00\n"
            );
        }
    }
    file += "b0-0,c0,p0,food,2,3.50,2024-01-01 10:00\n";
    file += "late,c0,p0,food,2,3.50,2025-01-01\n";
    file
}

fn attributes() -> String {
    let mut file = String::from("customer_id,cheap,advice,margin,cost_to_serve\n");
    for customer in 0..90 {
        let yes = |is: bool| if is { "yes" } else { "no" };
        file += &format!(
            "c{customer},{},{},0.3,{}\n",
            yes(customer % 3 == 0),
            yes(customer % 3 == 1),
            customer % 2 * 30
        );
    }
    file
}

#[test]
fn a_failure_is_one_clear_line_and_leaves_nothing_behind() {
    let scratch = Scratch::new("failures");
    let out = scratch.0.join("out");
    let bad =
        scratch.file("bad.csv", "customer_id,time,amount\na,2024-01-01,5\nb,2024-01-02,five\n");
    let empty = scratch.file("empty.csv", "");
    let odd = scratch.file("odd.csv", "customer_id,margin\na,dear\n");
    let good = scratch.file("good.csv", "customer_id,time,amount\na,2024-01-01,5\n");
    let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let (bad, empty, odd, good) = (path(&bad), path(&empty), path(&odd), path(&good));
    let cases: [(&[&str], &str); 10] = [
        (&["--transactions", &bad], "line 3, column `amount`: not a plain decimal number"),
        (&["--transactions", &empty], "it has no header line"),
        (
            &["--transactions", &good, "--columns", "customer=nobody"],
            "column `nobody`: no such column",
        ),
        (&["--transactions", &good, "--columns", "client=x"], "`client=x` maps no column"),
        (&["--transactions", "no-such.csv"], "no-such.csv"),
        (
            &["--transactions", &good, "--attributes", &odd],
            "line 2, column `margin`: not a plain decimal number",
        ),
        (&["--observed-until", "yesterday"], "--observed-until is `yesterday`, expected a day"),
        (&["--segments", "many"], "--segments is `many`"),
        (
            &["--transactions", &good, "--segments", "4"],
            "4 segments were asked for, and only 1 customers differ",
        ),
        (&["--wrong"], "unknown option `--wrong`"),
    ];
    for (arguments, message) in cases {
        let arguments: Vec<&str> =
            arguments.iter().copied().chain(["--out", out.to_str().unwrap()]).collect();
        let output = blueprint(&arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("error: ") && error.contains(message), "{error}");
        assert!(!out.exists(), "{arguments:?} left something behind");
    }
}

#[test]
fn help_is_help() {
    let output = blueprint(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("--horizon-weeks N"));
}

/// The holdout has 1,882 purchase days; what the models foresee of them was computed independently
/// at the published, rounded parameters: BG/NBD 1,653.9, MBG/NBD 1,577.1, Pareto/NBD 1,665.7.
#[test]
fn the_calibration_holdout_story() {
    let scratch = Scratch::new("lifetime-value");
    let out = scratch.0.join("charts");
    let output = run("lifetime_value", &["--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.starts_with("2357 customers, 2457 repeat purchases until 1997-09-30"), "{told}");
    for line in [
        "BG/NBD: r 0.243 ± 0.013, alpha 4.414 ± 0.378, a 0.793 ± 0.186, b 2.426 ± 0.705",
        "  1653 purchases foreseen of 1882",
        "  1577 purchases foreseen of 1882",
        "  1666 purchases foreseen of 1882",
        "  last period: 4814 purchases foreseen of 1882",
    ] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line}\n{told}");
    }
    assert_eq!(told.matches("beats every rule").count(), 3, "{told}");
    for chart in ["alive.svg", "calibration.svg", "conditional.svg", "tracking.svg"] {
        assert!(fs::read_to_string(out.join(chart)).unwrap().starts_with("<svg"), "{chart}");
    }
    assert!(text(&run("lifetime_value", &["--help"]).stdout).contains("--holdout-until"));
}

/// Fisher's iris without the species: the best known inertia for three segments by default, the
/// same answer for people and for programs, and reasons where there is none.
#[test]
fn segments_of_a_file_by_several_methods() {
    let scratch = Scratch::new("segments");
    let iris =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/iris.csv"))
            .unwrap();
    let lines: Vec<String> = iris
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let four: Vec<&str> = line.split(',').take(4).collect();
            let id = if row == 0 { "customer_id".to_owned() } else { format!("c{row}") };
            format!("{id},{},{}", four.join(","), if row == 0 { "note" } else { "text" })
        })
        .collect();
    let file = scratch.file("iris.csv", &lines.join("\n"));
    let file = file.to_str().unwrap();
    let json = |arguments: &[&str]| {
        let output = run("segments", &[&[file, "--json"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let found = json(&["--k", "3", "--seed", "1"]);
    assert!((found["objective"].as_f64().unwrap() - 78.851_441_426_146).abs() < 1e-9);
    assert_eq!((found["k"].as_u64(), found["labels"].as_array().unwrap().len()), (Some(3), 150));
    assert_eq!(found["centers"][0].as_array().unwrap().len(), 4);
    assert!(found["hit_rate"].as_f64().unwrap() > 0.5);
    for field in ["distinct_optima", "iterations"] {
        assert!(found[field].as_u64().unwrap() >= 1, "{field}");
    }
    // The BIC of full mixtures of iris is least for two segments.
    assert_eq!(json(&["--method", "gmm"])["k"], 2);
    assert_eq!(json(&["--method", "ward", "--k", "4"])["k"], 4);
    let dense = json(&["--method", "hdbscan", "--k", "5"]);
    assert_eq!(dense["k"], 2);

    let text = run("segments", &[file, "--k", "3"]);
    let (shown, said) =
        (String::from_utf8_lossy(&text.stdout), String::from_utf8_lossy(&text.stderr));
    assert!(shown.contains("150 customers") && shown.lines().count() == 4, "{shown}");
    assert!(said.contains("left out, not numeric: note"), "{said}");
    for wrong in [&["--method", "magic"][..], &["--method", "ward"], &["--k", "x"]] {
        assert!(!run("segments", &[&[file], wrong].concat()).status.success(), "{wrong:?}");
    }
}

/// Every customer of the bundled sample has a strategy, the budget holds, and the story is told.
#[test]
fn a_strategy_for_every_customer_within_a_budget() {
    let scratch = Scratch::new("strategy");
    let out = scratch.0.join("out");
    let arguments = ["--budget", "50", "--agent-minutes", "60", "--out", out.to_str().unwrap()];
    let output = run("strategy", &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    for line in [
        "    2357 customers  no reduce cost to serve: the cost to serve is not known",
        "    2357 customers  no cross sell: the products held are not known",
        "share of customers whose first strategy flips   at 10 %   at 25 %",
        "Three customers:",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
    let used = |name: &str| -> f64 {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split(' ').next().unwrap().parse().unwrap()
    };
    assert!((40.0..=50.0).contains(&used("money: ")), "{told}");
    assert!(used("agent minutes: ") <= 60.0, "{told}");

    let strategies = table(&out.join("strategies.csv"));
    assert_eq!(strategies.len(), 2357);
    let mut funded = 0;
    for row in &strategies {
        let gain: f64 = row["primary_gain"].parse().unwrap();
        assert!(gain > 0.0 || (row["primary"] == "maintain" && gain == 0.0), "{row:?}");
        assert_eq!(row["secondary"].is_empty(), row["secondary_gain"].is_empty());
        funded += usize::from(gain > 0.0 && row["primary_funded"] == "true");
    }
    let wanted = strategies.iter().filter(|row| row["primary"] != "maintain").count();
    assert!(0 < funded && funded < wanted, "{funded} of {wanted}");
    assert!(fs::read_to_string(out.join("value_map.svg")).unwrap().starts_with("<svg"));
}
