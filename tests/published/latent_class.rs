//! Latent classes: published cross-classifications, and a survey of 1,453 people.
//!
//! The figures are those of the R package poLCA 1.6.0.2, which prints the same on its help page, of
//! StepMix 3.0.0, and of an independent script with 300 starts for each number of classes. The two
//! tables are in the literature; the survey of Dolnicar, Gruen & Leisch (2018), the answers about
//! cheating and those of the social survey are read from `SEGMENTRY_DATA` and not copied.

use std::path::PathBuf;

use segmentry::cluster::{
    Assignment, Correction, LatentClassModel, LatentClasses, Membership, SegmentModel, Segmenter,
};
use segmentry::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use segmentry::units::CustomerIds;
use segmentry::work::Work;

use crate::close;

/// What the references were stopped at.
const LOG_LIKELIHOOD: f64 = 1e-5;
const PROBABILITY: f64 = 1e-3;

#[track_caller]
fn near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "got {got}, want {want}");
}

fn fit(k: usize, answers: &FeatureMatrix) -> LatentClassModel {
    LatentClasses::new(k).fit(answers, &Work::new()).unwrap()
}

/// Patterns of twos and ones, and how often each was seen.
fn table(names: &[&str], patterns: &[(&str, f64)]) -> FeatureMatrix {
    let ids = CustomerIds::numbered(patterns.len()).unwrap();
    let counts = patterns.iter().map(|&(_, count)| count).collect();
    let empty = FeatureMatrix::new(ids).with_weights(counts).unwrap();
    names.iter().enumerate().fold(empty, |matrix, (place, name)| {
        let two = |&(pattern, _): &(&str, f64)| pattern.as_bytes()[place] == b'2';
        matrix.with(FeatureColumn::yes_no(*name, patterns.iter().map(two).collect())).unwrap()
    })
}

/// Seven pathologists on 118 slides: 2 is carcinoma. Landis & Koch (1977); Agresti (2002),
/// *Categorical Data Analysis*, table 13.1.
fn carcinoma() -> FeatureMatrix {
    let patterns = [
        ("1111111", 34.0),
        ("1111211", 2.0),
        ("1211111", 6.0),
        ("1211112", 1.0),
        ("1211211", 4.0),
        ("1211212", 5.0),
        ("2111111", 2.0),
        ("2121212", 1.0),
        ("2211111", 2.0),
        ("2211112", 1.0),
        ("2211211", 2.0),
        ("2211212", 7.0),
        ("2211222", 1.0),
        ("2212112", 1.0),
        ("2212212", 2.0),
        ("2212222", 3.0),
        ("2221212", 13.0),
        ("2221222", 5.0),
        ("2222212", 10.0),
        ("2222222", 16.0),
    ];
    table(&["A", "B", "C", "D", "E", "F", "G"], &patterns)
}

/// Role conflicts of 216 students. Stouffer & Toby (1951), *American Journal of Sociology* 56.
fn role_conflicts() -> FeatureMatrix {
    let patterns = [
        ("1111", 20.0),
        ("1112", 2.0),
        ("1121", 9.0),
        ("1122", 2.0),
        ("1211", 6.0),
        ("1212", 1.0),
        ("1221", 4.0),
        ("1222", 1.0),
        ("2111", 38.0),
        ("2112", 7.0),
        ("2121", 24.0),
        ("2122", 6.0),
        ("2211", 25.0),
        ("2212", 6.0),
        ("2221", 23.0),
        ("2222", 42.0),
    ];
    table(&["A", "B", "C", "D"], &patterns)
}

#[test]
fn carcinoma_of_two_three_and_four_classes() {
    let answers = carcinoma();
    let known: [(usize, f64, f64, f64, &[f64]); 3] = [
        (2, -317.256_837_3, 664.513_7, 706.073_9, &[0.501_212, 0.498_788]),
        (3, -293.704_978_8, 633.410_0, 697.135_7, &[0.444_728, 0.373_564, 0.181_708]),
        (4, -289.285_848_8, 640.571_7, 726.462_9, &[0.375_143, 0.342_995, 0.188_224, 0.093_638]),
    ];
    for (k, log_likelihood, aic, bic, sizes) in known {
        let model = fit(k, &answers);
        near(model.log_likelihood(), log_likelihood, LOG_LIKELIHOOD);
        near(model.information().aic, aic, 1e-3);
        near(model.information().bic, bic, 1e-3);
        for (&got, &want) in model.sizes().iter().zip(sizes) {
            near(got, want, PROBABILITY);
        }
    }
    let two = fit(2, &answers);
    near(two.probability(0, "B", "yes").unwrap(), 0.983_092, PROBABILITY);
    near(two.probability(1, "E", "no").unwrap(), 0.777_079, PROBABILITY);
    // The score's standard errors, those at the edge left out.
    let errors = two.standard_errors(&answers, &Work::new()).unwrap();
    near(errors.size(0).unwrap(), 0.046_335_8, 1e-5);
    assert_eq!((errors.identified(), errors.probability(1, "C", "yes")), (true, None));
}

#[test]
fn role_conflicts_of_two_and_three_classes() {
    let answers = role_conflicts();
    let (two, three) = (fit(2, &answers), fit(3, &answers));
    near(two.log_likelihood(), -504.467_670_1, LOG_LIKELIHOOD);
    near(three.log_likelihood(), -503.301_137_3, LOG_LIKELIHOOD);
    near(two.sizes()[0], 0.720_753_7, PROBABILITY);
    near(two.probability(1, "D", "yes").unwrap(), 0.769_132, PROBABILITY);
    assert_eq!((two.residual_degrees(), three.residual_degrees()), (6.0, 1.0));
    let errors = two.standard_errors(&answers, &Work::new()).unwrap();
    near(errors.size(0).unwrap(), 0.056_142_6, 1e-5);
}

/// A file below the folder of data, or nothing where that is not named; then it says so.
fn rows(file: &str) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let Some(folder) = std::env::var_os("SEGMENTRY_DATA") else {
        println!("skipped: SEGMENTRY_DATA does not name the folder with {file}");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    let fields = |line: &str| line.split(',').map(|f| f.trim_matches('"').to_owned()).collect();
    let mut lines = text.lines().map(fields);
    let names = lines.next().unwrap();
    Some((names, lines.collect()))
}

fn categories(
    names: &[String],
    rows: &[Vec<String>],
    places: std::ops::Range<usize>,
) -> FeatureMatrix {
    let empty = FeatureMatrix::new(CustomerIds::numbered(rows.len()).unwrap());
    places.fold(empty, |matrix, place| {
        let mut levels: Vec<String> = rows.iter().map(|row| row[place].clone()).collect();
        levels.sort();
        levels.dedup();
        let code = |row: &Vec<String>| levels.binary_search(&row[place]).unwrap() as u32;
        let codes = rows.iter().map(code).collect();
        let values = FeatureValues::Category { levels, codes };
        matrix.with(FeatureColumn::of(names[place].clone(), values)).unwrap()
    })
}

#[test]
fn cheating_and_the_social_survey() {
    let Some((names, answers)) = rows("segmentation/polca_cheating.csv") else { return };
    let model = fit(2, &categories(&names, &answers, 0..4));
    near(model.log_likelihood(), -440.027_112_4, LOG_LIKELIHOOD);
    near(model.sizes()[0], 0.839_431_9, PROBABILITY);
    near(model.probability(1, "LIEEXAM", "2").unwrap(), 0.576_932, PROBABILITY);

    let (names, answers) = rows("segmentation/polca_gss82.csv").unwrap();
    let answers = categories(&names, &answers, 0..4);
    for (k, want) in [(2, -2_783.268_009_6), (3, -2_754.545_404_8)] {
        near(fit(k, &answers).log_likelihood(), want, LOG_LIKELIHOOD);
    }
    let model = fit(3, &answers);
    assert_eq!((model.parameters(), model.n_customers()), (20, 1202.0));
    near(model.probability(2, "PURPOSE", "Waste of time").unwrap(), 0.632_733, PROBABILITY);
    let errors = model.standard_errors(&answers, &Work::new()).unwrap();
    near(errors.size(2).unwrap(), 0.035_058_3, 1e-4);
}

/// 1,453 people on eleven items; for each number of classes the best of 300 starts of an
/// independent script, and what else was computed from it.
#[test]
fn fast_food_with_one_to_six_classes() {
    let Some((names, people)) = rows("segmentation/mcdonalds.csv") else { return };
    let answers = categories(&names, &people, 0..11);
    let known = [
        (-8_346.216_976_84, 16_772.529_195_98, None),
        (-7_610.836_089_64, 15_702.054_512_92, Some(0.844_654_379)),
        (-7_311.477_836_47, 15_303.972_034_53, Some(0.866_512_489)),
        (-7_111.108_124_57, 15_117.979_206_21, Some(0.862_596_992)),
        (-7_011.167_457_60, 15_202.240_966_38, Some(0.839_576_644)),
        (-6_956.019_224_96, 15_209.193_447_62, Some(0.850_163_503)),
    ];
    for (k, (log_likelihood, icl, entropy_r2)) in (1..).zip(known) {
        let model = fit(k, &answers);
        near(model.log_likelihood(), log_likelihood, LOG_LIKELIHOOD);
        near(model.information().icl, icl, 1e-2);
        assert_eq!(model.parameters(), k - 1 + 11 * k);
        match (model.entropy_r2(), entropy_r2) {
            (Some(got), Some(want)) => near(got, want, 1e-5),
            (got, want) => assert_eq!(got, want),
        }
    }
    let criteria = fit(4, &answers).information();
    close(criteria.aic, 14_316.216_249_13, 1e-8);
    close(criteria.bic, 14_564.441_375_32, 1e-8);
    close(criteria.caic, 14_611.441_375_32, 1e-8);
    close(criteria.sabic, 14_415.137_494_55, 1e-8);
}

#[test]
fn fast_food_in_three_steps() {
    let Some((names, people)) = rows("segmentation/mcdonalds.csv") else { return };
    let answers = categories(&names, &people, 0..11);
    let model = fit(4, &answers);
    for (&got, want) in
        model.sizes().iter().zip([0.382_821_6, 0.266_145_0, 0.209_660_0, 0.141_373_4])
    {
        near(got, want, PROBABILITY);
    }
    let placed = model.assign(&answers, &Work::new()).unwrap();
    assert!(matches!(placed.membership(), Membership::Soft(_)));
    let members: Vec<usize> =
        placed.segments().map(|segment| placed.members(segment).len()).collect();
    assert_eq!(members, [592, 379, 281, 201]);

    let classes = model.classification(&answers, Assignment::Modal, &Work::new()).unwrap();
    let errors = [
        [0.972_725_648, 0.020_711_070, 0.006_544_802, 0.000_018_479],
        [0.054_373_976, 0.912_719_551, 0.006_763_278, 0.026_143_196],
        [0.098_117_740, 0.017_947_975, 0.866_482_581, 0.017_451_704],
        [0.000_068_763, 0.044_084_029, 0.052_490_450, 0.903_356_758],
    ];
    for (got, want) in classes.errors().iter().flatten().zip(errors.as_flattened()) {
        near(*got, *want, 1e-5);
    }
    near(classes.total_error(), 0.075_326_507, 1e-5);

    let parsed = |text: &str| -> f64 {
        // The scale's ends are written out: "I hate it!-5" and "I love it!+5".
        let digits = text.rfind(['-', '+']).map_or(text, |place| &text[place..]);
        digits.parse().unwrap()
    };
    let column = |name: &str| {
        let place = names.iter().position(|known| known == name).unwrap();
        FeatureColumn::numbers(name, people.iter().map(|row| parsed(&row[place])).collect())
    };
    let means = [
        ("Like", [2.782_146_5, 1.987_818_7, -1.842_988_4, -3.046_541_7]),
        ("Age", [43.657_036_6, 40.028_330_9, 49.286_356_2, 48.844_982_0]),
    ];
    for (name, means) in means {
        let got = classes.means(&column(name)).unwrap();
        for (got, want) in got.into_iter().zip(means) {
            near(got.unwrap().mean, want, 1e-4);
        }
    }
    for (class, want) in [556.239_88, 386.708_64, 304.635_96, 205.415_53].into_iter().enumerate() {
        near(classes.means(&column("Age")).unwrap()[class].unwrap().customers, want, 1e-2);
    }
    let age = FeatureMatrix::new(CustomerIds::numbered(people.len()).unwrap())
        .with(column("Age"))
        .unwrap();
    // StepMix's coefficients, less those of the largest class; it stops its classes at 5e-5 less
    // log-likelihood.
    let references = [
        (
            Correction::MaximumLikelihood,
            [(0.387_796, -0.017_934), (-2.008_469, 0.030_263), (-2.212_824, 0.026_401)],
        ),
        (
            Correction::Bch,
            [(0.415_340, -0.018_619), (-1.977_454, 0.029_566), (-2.251_002, 0.027_109)],
        ),
    ];
    for (correction, reference) in references {
        let logit = classes.logit(&age, correction, &Work::new()).unwrap();
        assert!(logit.converged());
        for (class, (intercept, slope)) in (1..).zip(reference) {
            near(logit.intercept(class).unwrap().coefficient, intercept, 5e-3);
            near(logit.term(class, "Age").unwrap().coefficient, slope, 1e-4);
        }
    }
}
