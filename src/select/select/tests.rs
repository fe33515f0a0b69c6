use super::*;
use crate::cluster::KMeans;
use crate::num::random::{Purpose, Stream};

/// Three round groups of 40, or none at all.
fn matrix(groups: usize) -> FeatureMatrix {
    let mut stream = Stream::new(11, Purpose::Sample, groups as u64);
    let rows: Vec<[f64; 2]> = (0..120)
        .map(|i| {
            let group = (i % groups) as f64;
            [8.0 * group + stream.normal(), stream.normal() - 3.0 * group * group]
        })
        .collect();
    FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap()
}

fn quick<'a>() -> Select<'a> {
    Select::new().checks(Checks::none()).pairs(5).splits(3).references(5)
}

fn k_means(matrix: &FeatureMatrix, k: usize) -> Candidate<'_> {
    Candidate::new(format!("k={k}"), "all", matrix, KMeans::new(k).restarts(5))
}

#[test]
fn clear_groups_are_found_and_the_reason_is_said() {
    let matrix = matrix(3);
    let choice = (2..=5).fold(quick(), |select, k| select.candidate(k_means(&matrix, k)));
    let choice = choice.choose(&Work::new()).unwrap();
    let chosen = choice.candidate().unwrap();
    assert_eq!((chosen.name.as_str(), chosen.segments), ("k=3", Some(3)));
    assert!(choice.front().contains(&1));
    assert!(choice.reason.starts_with("`k=3`"), "{}", choice.reason);
    assert!(choice.reason.contains("not known of it: BIC, ICL"), "{}", choice.reason);
    assert!(chosen.figure(&Criterion::Stability).unwrap().value.unwrap() > 0.95);
    assert!(chosen.segmentation().unwrap().partition().is_ok() && chosen.model().is_some());
    let json = serde_json::to_value(&choice).unwrap();
    assert_eq!(json["chosen"], 1);
    assert_eq!(json["candidates"][1]["figures"][0]["criterion"], "silhouette");
    assert!(choice.to_string().contains("k=5 (all)"));
}

#[test]
fn knock_outs_come_first_and_none_is_an_answer() {
    let three = matrix(3);
    let choice = quick()
        .no_worse_than(Criterion::PredictionStrength, 0.8)
        .candidate(k_means(&three, 3))
        .candidate(k_means(&three, 7))
        .candidate(k_means(&three, 500))
        .choose(&Work::new())
        .unwrap();
    assert_eq!(choice.chosen, Some(0));
    assert!(matches!(&choice.candidates[1].standing, Standing::KnockedOut { reasons }
        if reasons[0].starts_with("prediction strength is")));
    assert!(matches!(&choice.candidates[2].standing, Standing::NotFitted { .. }));
    assert!(choice.reason.contains("it alone is left"), "{}", choice.reason);

    // A check that fails everywhere: 40 customers are fewer than 100.
    let choice =
        quick().checks(Checks::standard()).candidate(k_means(&three, 3)).choose(&Work::new());
    let choice = choice.unwrap();
    assert_eq!((choice.chosen, choice.front().len()), (None, 0));
    assert!(choice.reason.starts_with("none: every candidate is out"), "{}", choice.reason);
    // A bound on what is not known is no pass.
    let choice = quick().no_worse_than(Criterion::Bic, 1e9).candidate(k_means(&three, 3));
    assert_eq!(choice.choose(&Work::new()).unwrap().chosen, None);
}

#[test]
fn one_figure_alone_does_not_decide() {
    let three = matrix(3);
    // Labels of the caller's own have no hit rate, so that silhouettes alone can be compared.
    let bare = || Select::new().checks(Checks::none()).pairs(0).splits(0).references(0);
    let candidate = |k: usize| {
        let labels: Vec<String> = (0..120).map(|i| format!("{}", i % k)).collect();
        let segments = Segmentation::from_labels(three.ids(), &labels).unwrap();
        Candidate::new(format!("{k}"), "all", &three, crate::cluster::Labels::new(segments))
    };
    let choice = bare().candidate(candidate(3)).candidate(candidate(4)).choose(&Work::new());
    let choice = choice.unwrap();
    assert_eq!(choice.chosen, None);
    assert!(choice.reason.contains("one alone does not decide"), "{}", choice.reason);
    // With a second it does; the caller prefers few.
    let choice = bare()
        .scorer("segments", Better::Lower, |s| Ok(Some(s.n_segments() as f64)))
        .candidate(candidate(3))
        .candidate(candidate(4))
        .choose(&Work::new())
        .unwrap();
    assert_eq!(choice.chosen, Some(0));
    assert_eq!(choice.candidates[1].standing, Standing::Beaten { by: 0 });
}

#[test]
fn likelihoods_are_compared_within_a_recipe_only() {
    #[derive(Debug)]
    struct Model(f64, crate::cluster::KMeansModel);
    impl crate::cluster::SegmentModel for Model {
        fn assign(
            &self,
            features: &FeatureMatrix,
            work: &Work,
        ) -> Result<Segmentation, crate::cluster::SegmentError> {
            self.1.assign(features, work)
        }
        fn story(&self) -> String {
            String::new()
        }
        fn criteria(&self) -> Criteria {
            Criteria { bic: Some(self.0), ..Criteria::default() }
        }
    }
    struct Method(f64);
    impl crate::cluster::Segmenter for Method {
        type Model = Model;
        fn fit(
            &self,
            f: &FeatureMatrix,
            work: &Work,
        ) -> Result<Model, crate::cluster::SegmentError> {
            Ok(Model(self.0, KMeans::new(3).restarts(5).fit(f, work)?))
        }
    }
    let three = matrix(3);
    let choose = |recipes: [&str; 2]| {
        quick()
            .candidate(Candidate::new("worse", recipes[0], &three, Method(10.0)))
            .candidate(Candidate::new("better", recipes[1], &three, Method(5.0)))
            .choose(&Work::new())
            .unwrap()
    };
    assert_eq!(choose(["a", "a"]).candidates[0].standing, Standing::Beaten { by: 1 });
    assert_eq!(choose(["a", "b"]).front(), [0, 1]);
}

#[cfg(feature = "parallel")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let three = matrix(3);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let select = (2..=4).fold(quick(), |select, k| select.candidate(k_means(&three, k)));
            serde_json::to_string(&select.choose(&Work::new()).unwrap()).unwrap()
        })
    };
    let one = on(1);
    for threads in [2, 3, 8] {
        assert!(on(threads) == one, "{threads}");
    }
}

#[test]
fn nasty_data_end_in_a_choice_or_in_none() {
    let rows = |rows: &[[f64; 2]]| FeatureMatrix::from_rows(&["x", "y"], rows).unwrap();
    let nasty = [
        rows(&[]),
        rows(&[[1.0, 2.0]]),
        rows(&[[1.0, 2.0]; 30]),
        rows(&[[0.0, 0.0], [1.0, 1.0], [2.0, 0.5]]),
        rows(&(0..30).map(|i| [f64::from(i % 2) * 1e300, 1e-300]).collect::<Vec<_>>()),
        rows(&(0..30).map(|i| [f64::from(i) * 1e-300, 5.0]).collect::<Vec<_>>()),
    ];
    for matrix in &nasty {
        let select = (1..=3).fold(quick(), |select, k| select.candidate(k_means(matrix, k)));
        let choice = select.choose(&Work::new()).unwrap();
        for candidate in &choice.candidates {
            for figure in &candidate.figures {
                assert!(figure.value.is_none_or(f64::is_finite));
                assert!(figure.value.is_some() != figure.missing.is_some(), "{figure:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_asked_is_typed() {
    let three = matrix(3);
    let work = Work::new();
    assert!(matches!(quick().choose(&work), Err(SelectError::NoCandidates)));
    let twice = quick().candidate(k_means(&three, 3)).candidate(k_means(&three, 3));
    assert!(matches!(twice.choose(&work), Err(SelectError::NameTwice { .. })));
    let one = || quick().candidate(k_means(&three, 3));
    for bound in [f64::NAN, f64::INFINITY] {
        let select = one().no_worse_than(Criterion::Gap, bound);
        assert!(matches!(select.validate(), Err(SelectError::Param { .. })));
    }
    assert!(one().sample(1).validate().is_err() && one().references(1).validate().is_err());
    let failing = one().scorer("mine", Better::Higher, |_| Err("no".into()));
    assert!(matches!(failing.choose(&work), Err(SelectError::Scorer { .. })));
    let cancelled = Work::new();
    cancelled.canceller().cancel();
    assert!(matches!(one().choose(&cancelled), Err(SelectError::Cancelled(_))));
}
