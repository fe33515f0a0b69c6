//! Ownership of needs on the McDonald's survey: two needs exclusive, six shared, three orphans.
//!
//! The check sees a need only through how many members of each segment have it, so customers are
//! laid out from the published counts; the figures are those of an independent script.

use segmentry::cluster::Segmentation;
use segmentry::needs::{Need, NeedEvidence, Needs, Observable};
use segmentry::units::CustomerIds;
use segmentry::validate::{Checks, Evidence, Exclusivity, NeedsExclusive, OwnedBy};
use segmentry::work::Work;
use serde_json::Value;

use crate::{close, golden};

const ORACLE: f64 = 1e-9;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn laid_out(oracle: &Value) -> (Segmentation, Needs) {
    let sizes: Vec<usize> = numbers(&oracle["sizes"]).iter().map(|&n| n as usize).collect();
    let ids = CustomerIds::numbered(sizes.iter().sum()).unwrap();
    let labels: Vec<String> =
        sizes.iter().enumerate().flat_map(|(s, &n)| vec![format!("segment {s}"); n]).collect();
    let needs = texts(&oracle["names"]).iter().enumerate().fold(
        Needs::new(ids.clone()),
        |needs, (v, name)| {
            let yes = |s: usize| oracle["yes"][s][v].as_u64().unwrap() as usize;
            let scores = sizes.iter().enumerate().flat_map(|(s, &n)| (0..n).map(move |i| (s, i)));
            let scores = scores.map(|(s, i)| Some(f64::from(u8::from(i < yes(s))))).collect();
            needs
                .with(Need::new(
                    name.as_str(),
                    NeedEvidence::Declared,
                    Observable::OnlyElsewhere,
                    scores,
                ))
                .unwrap()
        },
    );
    (Segmentation::from_labels(&ids, &labels).unwrap(), needs)
}

fn named(found: &Exclusivity, owned: OwnedBy) -> Vec<String> {
    found.needs.iter().filter(|need| need.owned_by == owned).map(|need| need.need.clone()).collect()
}

fn equals_oracle(solution: &str) {
    let oracle: Value =
        serde_json::from_str::<Value>(&golden("needs_exclusivity.json")).unwrap()[solution].clone();
    let (segments, needs) = laid_out(&oracle);
    let found =
        NeedsExclusive::default().measure(&segments, &needs, &Work::new()).unwrap().unwrap();
    for (v, need) in found.needs.iter().enumerate() {
        for s in 0..segments.n_segments() {
            close(need.lift[s].unwrap(), oracle["lift"][s][v].as_f64().unwrap(), ORACLE);
            close(need.low[s].unwrap(), oracle["rr_ci_low"][s][v].as_f64().unwrap(), ORACLE);
            let p = oracle["p_bh"][s][v].as_f64().unwrap();
            // Tails below 1e-60 pass through one more logarithm than their digits allow.
            close(need.p_adjusted[s].unwrap(), p, ORACLE);
            let owns = need.owners.iter().any(|owner| owner.index() == s);
            assert_eq!(owns, oracle["over"][s][v].as_bool().unwrap(), "{} in {s}", need.need);
        }
        assert_eq!(need.owners.len() as f64, numbers(&oracle["owners_per_need"])[v]);
        close(
            need.concentration.unwrap(),
            numbers(&oracle["lift_concentration_1_minus_H"])[v],
            1e-8,
        );
    }
    assert_eq!(named(&found, OwnedBy::One), texts(&oracle["exclusive"]));
    assert_eq!(named(&found, OwnedBy::Several), texts(&oracle["shared"]));
    assert_eq!(named(&found, OwnedBy::Nobody), texts(&oracle["orphan"]));
    close(found.exclusivity.unwrap(), oracle["need_exclusivity"].as_f64().unwrap(), ORACLE);
    close(found.coverage, oracle["need_coverage"].as_f64().unwrap(), ORACLE);
    close(found.largest_overlap.unwrap(), oracle["max_jaccard"].as_f64().unwrap(), ORACLE);
    close(found.mean_overlap.unwrap(), oracle["mean_jaccard"].as_f64().unwrap(), ORACLE);
    for (s, row) in found.overlap.iter().enumerate() {
        assert_eq!(*row, numbers(&oracle["need_set_jaccard"][s]));
    }
    let without: Vec<f64> = found.without_exclusive_need.iter().map(|s| s.index() as f64).collect();
    assert_eq!(without, numbers(&oracle["segments_without_exclusive_need"]));

    let verdict =
        Checks::standard().assess(&Evidence::of(&segments).needs(&needs), &Work::new()).unwrap();
    assert!(verdict.finding("needs are exclusive").unwrap().outcome().is_fail());
    assert!(!verdict.finding("value is quantified").unwrap().outcome().is_pass());
}

#[test]
fn the_best_known_solution() {
    equals_oracle("mcdonalds_kmeans4_best");
}

#[test]
fn the_solution_of_the_book() {
    equals_oracle("mcdonalds_msa_published_k4");
}
