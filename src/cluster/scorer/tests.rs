use super::*;
use crate::cluster::{KMeans, SegmentModel, Segmenter};
use crate::features::{FeatureColumn, FeatureError, FeatureValues};
use crate::saved::SavedModelError;
use crate::units::CustomerIds;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn scorer(features: &[&str], rule: ScoringRule) -> Result<Scorer, SegmentError> {
    Scorer::new(names(features), names(&["a", "b"]), rule)
}

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-14 * expected.abs(), "{got} {expected}");
}

/// ln 0.5 - ln(2 pi) / 2 - ln 2 - 1/8: half of the normal density with standard deviation 2, one
/// off its mean.
#[test]
fn gaussians_of_one_feature_are_the_normal_density() {
    let (shares, means) = (vec![0.5, 0.5], vec![vec![0.0], vec![8.0]]);
    let diagonal = ScoringRule::DiagonalGaussian {
        shares: shares.clone(),
        means: means.clone(),
        variances: vec![vec![4.0], vec![1.0]],
    };
    let full = ScoringRule::FullGaussian { shares, means, factors: vec![vec![2.0], vec![1.0]] };
    for rule in [diagonal, full] {
        let scores = scorer(&["x"], rule).unwrap().scores(&[Some(1.0)]).unwrap();
        close(scores[0], ln(0.5) - 0.5 * LN_2_PI - ln(2.0) - 0.125);
        close(scores[1], ln(0.5) - 0.5 * LN_2_PI - 24.5);
    }
}

/// Covariance [[4, 2], [2, 5]] has the factor [[2], [1, 2]], determinant 16, and the squared
/// distance of (2, 3) is (5*4 - 2*2*6 + 4*9) / 16 = 2.
#[test]
fn a_full_gaussian_uses_the_whole_covariance() {
    let rule = ScoringRule::FullGaussian {
        shares: vec![0.25, 0.75],
        means: vec![vec![0.0, 0.0]; 2],
        factors: vec![vec![2.0, 1.0, 2.0], vec![1.0, 0.0, 1.0]],
    };
    let scorer = scorer(&["x", "y"], rule).unwrap();
    let scores = scorer.scores(&[Some(2.0), Some(3.0)]).unwrap();
    close(scores[0], ln(0.25) - LN_2_PI - 0.5 * ln(16.0) - 1.0);
    close(scores[1], ln(0.75) - LN_2_PI - 6.5);
    let probabilities = scorer.probabilities(&[Some(2.0), Some(3.0)]).unwrap();
    close(probabilities[0], 1.0 / (1.0 + exp(scores[1] - scores[0])));
}

fn survey() -> Scorer {
    let item = |probabilities| Item { levels: names(&["no", "yes"]), probabilities };
    let rule = ScoringRule::ItemProbabilities {
        shares: vec![0.25, 0.75],
        items: vec![
            item(vec![vec![0.5, 0.5], vec![0.75, 0.25]]),
            item(vec![vec![0.0, 1.0], vec![0.5, 0.5]]),
        ],
    };
    scorer(&["tasty", "cheap"], rule).unwrap()
}

/// By hand: 1/4 * 1/2 * 1 against 3/4 * 1/4 * 1/2, that is 4 to 3; and a "no" to the second leaves
/// only the second class.
#[test]
fn answers_are_weighed_and_missing_ones_left_out() {
    let survey = survey();
    close(survey.probabilities(&[Some(1.0), Some(1.0)]).unwrap()[0], 4.0 / 7.0);
    assert_eq!(survey.probabilities(&[None, Some(0.0)]).unwrap(), [0.0, 1.0]);
    close(survey.probabilities(&[None, None]).unwrap()[0], 0.25);
    assert_eq!(survey.label(&[Some(1.0), Some(1.0)]), Some(SegmentId(0)));
    // An answer that no class gives.
    assert_eq!(survey.label(&[Some(0.5), Some(7.0)]), None);
    assert_eq!(survey.label(&[Some(1.0)]), None);
}

#[test]
fn levels_are_matched_by_name() {
    let column = |name: &str, levels: &[&str], codes| {
        FeatureColumn::of(name, FeatureValues::Category { levels: names(levels), codes })
    };
    let matrix = |levels: &[&str], codes: Vec<u32>| {
        FeatureMatrix::new(CustomerIds::numbered(2).unwrap())
            .with(column("tasty", &["yes", "no"], vec![0, 0]))
            .unwrap()
            .with(column("cheap", levels, codes))
            .unwrap()
    };
    let survey = survey();
    let placed = survey.assign(&matrix(&["yes", "no"], vec![0, 1]), &Work::new()).unwrap();
    assert_eq!(placed.partition().unwrap(), [SegmentId(0), SegmentId(1)]);
    let strange = matrix(&["yes", "perhaps"], vec![0, 1]);
    let error = survey.assign(&strange, &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::NewLevel { row: 1, .. }), "{error}");
    // A level that nobody gave is no fault.
    assert!(survey.assign(&matrix(&["yes", "perhaps"], vec![0, 0]), &Work::new()).is_ok());
    let linear = ScoringRule::Linear {
        intercepts: vec![0.0; 2],
        coefficients: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
    };
    let linear = scorer(&["tasty", "cheap"], linear).unwrap();
    let error = linear.assign(&matrix(&["yes"], vec![0, 0]), &Work::new()).unwrap_err();
    assert!(matches!(error, SegmentError::Features(FeatureError::Kind { .. })));
}

#[test]
fn a_linear_rule_is_the_logistic_curve() {
    let rule = ScoringRule::Linear {
        intercepts: vec![0.0, 1.0],
        coefficients: vec![vec![0.0], vec![2.0]],
    };
    let probabilities = scorer(&["x"], rule).unwrap().probabilities(&[Some(-1.5)]).unwrap();
    close(probabilities[1], crate::num::real::logistic(-2.0));
}

fn tree(nodes: Vec<TreeNode>) -> Result<Scorer, SegmentError> {
    scorer(&["x"], ScoringRule::Tree { nodes })
}

fn question(test: Test, yes: usize, no: usize, missing: usize) -> TreeNode {
    TreeNode::Question { feature: 0, test, yes, no, missing }
}

#[test]
fn a_tree_leads_to_its_leaves() {
    let leaf = |shares: [f64; 2]| TreeNode::Leaf { shares: shares.to_vec() };
    let grown = tree(vec![
        question(Test::AtMost(1.0), 2, 1, 4),
        question(Test::AtLeast(3.0), 3, 4, 4),
        leaf([1.0, 0.0]),
        leaf([0.25, 0.75]),
        leaf([0.0, 0.0]),
    ])
    .unwrap();
    assert_eq!(grown.label(&[Some(1.0)]), Some(SegmentId(0)));
    assert_eq!(grown.label(&[Some(3.0)]), Some(SegmentId(1)));
    close(grown.probabilities(&[Some(9.0)]).unwrap()[0], 0.25);
    assert_eq!((grown.label(&[Some(2.0)]), grown.label(&[None])), (None, None));
    let again = Scorer::from_json(&grown.to_json()).unwrap();
    assert_eq!(again, grown);
}

#[test]
fn what_cannot_be_is_refused() {
    let invalid = |rule: ScoringRule| {
        let error = scorer(&["x"], rule).unwrap_err();
        assert!(matches!(error, SegmentError::Invalid { .. }), "{error}");
    };
    let centres = |values: [f64; 2]| ScoringRule::NearestCentre {
        centres: values.iter().map(|&value| vec![value]).collect(),
    };
    assert!(scorer(&["x"], centres([0.0, 1.0])).is_ok());
    assert!(
        scorer(&["x", "x"], ScoringRule::NearestCentre { centres: vec![vec![0.0; 2]; 2] }).is_err()
    );
    assert!(Scorer::new(vec![], vec![], ScoringRule::NearestCentre { centres: vec![] }).is_err());
    invalid(centres([0.0, f64::NAN]));
    invalid(ScoringRule::NearestCentre { centres: vec![vec![0.0]] });
    let gaussian = |shares: [f64; 2], variance: f64| ScoringRule::DiagonalGaussian {
        shares: shares.to_vec(),
        means: vec![vec![0.0]; 2],
        variances: vec![vec![variance]; 2],
    };
    assert!(scorer(&["x"], gaussian([0.5, 0.5], 1.0)).is_ok());
    for (shares, variance) in
        [([0.5, 0.6], 1.0), ([0.0, 1.0], 1.0), ([0.5, 0.5], 0.0), ([0.5, 0.5], f64::NAN)]
    {
        invalid(gaussian(shares, variance));
    }
    let full = |factor| ScoringRule::FullGaussian {
        shares: vec![0.5; 2],
        means: vec![vec![0.0]; 2],
        factors: vec![vec![factor]; 2],
    };
    invalid(full(-1.0));
    let leaf = || TreeNode::Leaf { shares: vec![1.0, 0.0] };
    assert!(tree(vec![]).is_err());
    // A tree that leads back would never end.
    assert!(tree(vec![question(Test::AtMost(0.0), 0, 1, 1), leaf()]).is_err());
    assert!(tree(vec![question(Test::AtMost(0.0), 1, 1, 2), leaf()]).is_err());
    assert!(tree(vec![question(Test::AtMost(f64::NAN), 1, 1, 1), leaf()]).is_err());
    let levels = |which| Test::OneOf { levels: names(&["a", "b"]), which };
    assert!(tree(vec![question(levels(vec![1]), 1, 1, 1), leaf()]).is_ok());
    assert!(tree(vec![question(levels(vec![2]), 1, 1, 1), leaf()]).is_err());
}

#[test]
fn a_stranger_s_text_is_checked() {
    let text = survey().to_json();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        Scorer::from_json(&text.replace(from, to))
    };
    assert!(matches!(
        with("7.5e-1", "8.5e-1"),
        Err(SegmentError::Saved(SavedModelError::Malformed { .. }))
    ));
    assert!(matches!(
        with("segmentry.scorer", "other"),
        Err(SegmentError::Saved(SavedModelError::OtherFormat { .. }))
    ));
    let future = with("\"version\": 1", "\"version\": 2");
    assert!(matches!(
        future,
        Err(SegmentError::Saved(SavedModelError::FromTheFuture { version: 2, newest: 1 }))
    ));
    assert!(matches!(
        Scorer::from_json("{"),
        Err(SegmentError::Saved(SavedModelError::Malformed { .. }))
    ));
}

#[test]
fn distances_beyond_the_largest_number_are_no_label() {
    let rule = ScoringRule::NearestCentre { centres: vec![vec![1e300], vec![-1e300]] };
    let scorer = scorer(&["x"], rule).unwrap();
    assert_eq!(scorer.label(&[Some(1e300)]), Some(SegmentId(0)));
    assert_eq!(scorer.label(&[Some(0.0)]), None);
}

#[test]
fn k_means_places_by_its_scorer() {
    let rows: Vec<[f64; 2]> =
        (0..500).map(|i| [f64::from(i * 37 % 101), f64::from(i * 53 % 89)]).collect();
    let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap();
    let model = KMeans::new(5).fit(&matrix, &Work::new()).unwrap();
    let scorer = model.scorer().unwrap();
    let placed = scorer.assign(&matrix, &Work::new()).unwrap();
    assert_eq!(placed, model.assign(&matrix, &Work::new()).unwrap());
}
