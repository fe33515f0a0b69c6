//! Segments by rules over features: what somebody decided, made into a segmentation like any other.
//!
//! The rules become a tree of questions, the form of [`Scorer`] that saving and typing know.

use crate::cluster::{
    Scorer, ScoringRule, SegmentError, SegmentModel, Segmentation, Segmenter, Test, TreeNode,
};
use crate::features::{FeatureMatrix, FeatureValues};
use crate::work::Work;

/// Segments by rules: a customer is in the segment of the first rule that holds, in the segment for
/// the rest where there is one, and in none otherwise.
///
/// Choose it where segments are a decision and not a finding: tiers of a programme, contracts,
/// regions. Nothing is learnt but the levels of the columns. A condition on a missing value does
/// not hold.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Condition, Rules, SegmentModel, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rules = Rules::new()
///     .when("loyal", [Condition::at_least("purchases", 10.0), Condition::at_most("days since", 90.0)])
///     .when("lapsed", [Condition::at_least("days since", 365.0)])
///     .otherwise("others");
/// let matrix = FeatureMatrix::from_rows(&["purchases", "days since"], &[[12.0, 7.0], [12.0, 400.0], [1.0, 20.0]])?;
/// let placed = rules.fit(&matrix, &Work::new())?.assign(&matrix, &Work::new())?;
/// assert_eq!(placed.partition()?.iter().map(|s| s.index()).collect::<Vec<_>>(), [0, 1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    rules: Vec<(String, Vec<Condition>)>,
}

/// Something that holds of a customer or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    feature: String,
    asked: Asked,
}

#[derive(Debug, Clone, PartialEq)]
enum Asked {
    AtLeast(f64),
    AtMost(f64),
    Yes,
    No,
    OneOf(Vec<String>),
    AtLeastLevel(String),
}

/// Rules made fit for the columns they were shown.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesModel {
    scorer: Scorer,
    rules: usize,
}

impl Condition {
    fn new(feature: impl Into<String>, asked: Asked) -> Self {
        Self { feature: feature.into(), asked }
    }

    /// A number is at least so much.
    pub fn at_least(feature: impl Into<String>, bound: f64) -> Self {
        Self::new(feature, Asked::AtLeast(bound))
    }

    /// A number is at most so much.
    pub fn at_most(feature: impl Into<String>, bound: f64) -> Self {
        Self::new(feature, Asked::AtMost(bound))
    }

    /// A yes/no feature is yes.
    pub fn yes(feature: impl Into<String>) -> Self {
        Self::new(feature, Asked::Yes)
    }

    /// A yes/no feature is no.
    pub fn no(feature: impl Into<String>) -> Self {
        Self::new(feature, Asked::No)
    }

    /// A category or an ordered answer is one of these.
    pub fn one_of(
        feature: impl Into<String>,
        levels: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self::new(feature, Asked::OneOf(levels.into_iter().map(Into::into).collect()))
    }

    /// An ordered answer is this or more.
    pub fn at_least_level(feature: impl Into<String>, level: impl Into<String>) -> Self {
        Self::new(feature, Asked::AtLeastLevel(level.into()))
    }

    /// The question for a column of these values.
    fn test(&self, values: &FeatureValues) -> Result<Test, SegmentError> {
        let invalid = |what, expected| Err(SegmentError::Invalid { what, expected });
        let which = |levels: &[String], wanted: &[String]| {
            let number = |level: &String| levels.iter().position(|l| l == level).map(|p| p as u32);
            wanted.iter().map(number).collect::<Option<Vec<u32>>>()
        };
        let (levels, which) = match (&self.asked, values) {
            (Asked::AtLeast(bound), FeatureValues::Numbers(_)) => return Ok(Test::AtLeast(*bound)),
            (Asked::AtMost(bound), FeatureValues::Numbers(_)) => return Ok(Test::AtMost(*bound)),
            (Asked::Yes, FeatureValues::YesNo(_)) => return Ok(Test::AtLeast(1.0)),
            (Asked::No, FeatureValues::YesNo(_)) => return Ok(Test::AtMost(0.0)),
            (
                Asked::OneOf(wanted),
                FeatureValues::Ordered { levels, .. } | FeatureValues::Category { levels, .. },
            ) => (levels, which(levels, wanted)),
            (Asked::AtLeastLevel(level), FeatureValues::Ordered { levels, .. }) => {
                let from = levels.iter().position(|l| l == level);
                (levels, from.map(|from| (from as u32..levels.len() as u32).collect()))
            }
            _ => return invalid("condition", "one for the kind of its column"),
        };
        match which {
            Some(which) => Ok(Test::OneOf { levels: levels.clone(), which }),
            None => invalid("level", "one of its column's levels"),
        }
    }
}

impl Rules {
    /// No rules yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rule: who meets all conditions is in the segment, unless an earlier rule held. A segment
    /// may have several rules.
    #[must_use]
    pub fn when(
        mut self,
        segment: impl Into<String>,
        conditions: impl IntoIterator<Item = Condition>,
    ) -> Self {
        self.rules.push((segment.into(), conditions.into_iter().collect()));
        self
    }

    /// The segment of those for whom no rule before holds.
    #[must_use]
    pub fn otherwise(self, segment: impl Into<String>) -> Self {
        self.when(segment, [])
    }

    /// Checks the rules; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`] where there is no rule, or a bound is not finite.
    pub fn validate(&self) -> Result<(), SegmentError> {
        if self.rules.is_empty() {
            return Err(SegmentError::Param {
                name: "rules",
                value: 0.0,
                expected: "at least one",
            });
        }
        for condition in self.rules.iter().flat_map(|(_, conditions)| conditions) {
            if let Asked::AtLeast(value) | Asked::AtMost(value) = condition.asked
                && !value.is_finite()
            {
                return Err(SegmentError::Param { name: "bound", value, expected: "finite" });
            }
        }
        Ok(())
    }
}

impl Segmenter for Rules {
    type Model = RulesModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`]; [`SegmentError::Features`] where a column is not there;
    /// [`SegmentError::Invalid`] where a condition does not fit its column's kind or levels.
    fn fit(&self, features: &FeatureMatrix, _: &Work) -> Result<RulesModel, SegmentError> {
        self.validate()?;
        let (mut names, mut segments): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let place = |names: &mut Vec<String>, name: &String| {
            names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            })
        };
        let questions: usize = self.rules.iter().map(|(_, conditions)| conditions.len()).sum();
        let of_rule: Vec<usize> =
            self.rules.iter().map(|(segment, _)| place(&mut segments, segment)).collect();
        let k = segments.len();
        // Questions first, rule by rule; then a leaf for each segment, and one for nobody.
        let leaf = |segment: usize| questions + segment;
        let mut starts: Vec<usize> = Vec::new();
        let mut next = 0;
        for ((_, conditions), &segment) in self.rules.iter().zip(&of_rule) {
            starts.push(if conditions.is_empty() { leaf(segment) } else { next });
            next += conditions.len();
        }
        starts.push(leaf(k));
        let mut nodes = Vec::with_capacity(questions + k + 1);
        for (rule, (_, conditions)) in self.rules.iter().enumerate() {
            for (i, condition) in conditions.iter().enumerate() {
                let column = features.column(&condition.feature).map_err(SegmentError::Features)?;
                let test = condition.test(column.values())?;
                let last = i + 1 == conditions.len();
                let yes = if last { leaf(of_rule[rule]) } else { nodes.len() + 1 };
                let (no, missing) = (starts[rule + 1], starts[rule + 1]);
                let feature = place(&mut names, &condition.feature);
                nodes.push(TreeNode::Question { feature, test, yes, no, missing });
            }
        }
        for segment in 0..=k {
            let shares = (0..k).map(|s| f64::from(u8::from(s == segment))).collect();
            nodes.push(TreeNode::Leaf { shares });
        }
        // Where the first rule takes everybody, nobody is asked.
        if self.rules[0].1.is_empty() {
            nodes.drain(..questions);
        }
        let scorer = Scorer::new(names, segments, ScoringRule::Tree { nodes })?;
        Ok(RulesModel { scorer, rules: self.rules.len() })
    }
}

impl SegmentModel for RulesModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        self.scorer.assign(features, work)
    }

    fn story(&self) -> String {
        format!("{} by {} rules, the first that holds", self.scorer.segments().len(), self.rules)
    }

    fn scorer(&self) -> Option<Scorer> {
        Some(self.scorer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeatureColumn;
    use crate::units::CustomerIds;

    fn matrix() -> FeatureMatrix {
        let levels = || ["never", "sometimes", "often"].map(str::to_owned).to_vec();
        FeatureMatrix::new(CustomerIds::numbered(4).unwrap())
            .with(FeatureColumn::numbers_or_missing(
                "spend",
                [Some(5.0), Some(1.0), None, Some(9.0)],
            ))
            .unwrap()
            .with(FeatureColumn::yes_no("app", vec![true, false, true, false]))
            .unwrap()
            .with(FeatureColumn::of(
                "visits",
                FeatureValues::Ordered { levels: levels(), codes: vec![0, 1, 2, 2] },
            ))
            .unwrap()
    }

    fn placed(rules: &Rules) -> Vec<Option<String>> {
        let model = rules.fit(&matrix(), &Work::new()).unwrap();
        let placed = model.assign(&matrix(), &Work::new()).unwrap();
        let again = model.scorer().unwrap().assign(&matrix(), &Work::new()).unwrap();
        assert_eq!(placed, again);
        (0..4)
            .map(|row| placed.segment_of(row).map(|s| placed.names()[s.index()].clone()))
            .collect()
    }

    fn some(names: [&str; 4]) -> Vec<Option<String>> {
        names.iter().map(|name| (!name.is_empty()).then(|| (*name).to_owned())).collect()
    }

    #[test]
    fn the_first_that_holds_and_none_otherwise() {
        let rules = Rules::new()
            .when("rich", [Condition::at_least("spend", 5.0), Condition::no("app")])
            .when("fan", [Condition::at_least_level("visits", "sometimes"), Condition::yes("app")])
            .when("rich", [Condition::at_least("spend", 5.0)]);
        assert_eq!(placed(&rules), some(["rich", "", "fan", "rich"]));
        assert_eq!(placed(&rules.otherwise("rest")), some(["rich", "rest", "fan", "rich"]));
        assert_eq!(placed(&Rules::new().otherwise("all")), some(["all"; 4]));
        let shadowed =
            Rules::new().otherwise("all").when("rich", [Condition::at_most("spend", 1.0)]);
        assert_eq!(placed(&shadowed), some(["all"; 4]));
        let levels = Rules::new().when("x", [Condition::one_of("visits", ["never", "often"])]);
        assert_eq!(placed(&levels), some(["x", "", "x", "x"]));
    }

    #[test]
    fn what_does_not_fit_is_typed() {
        let fit = |condition| Rules::new().when("x", [condition]).fit(&matrix(), &Work::new());
        for bad in [
            Condition::at_least("app", 1.0),
            Condition::yes("spend"),
            Condition::one_of("visits", ["weekly"]),
            Condition::at_least_level("app", "x"),
        ] {
            assert!(matches!(fit(bad), Err(SegmentError::Invalid { .. })));
        }
        let no_column = fit(Condition::yes("nothing"));
        assert!(matches!(no_column, Err(SegmentError::Features(_))));
        let nan = fit(Condition::at_most("spend", f64::NAN));
        assert!(matches!(nan, Err(SegmentError::Param { name: "bound", .. })));
        assert!(matches!(Rules::new().validate(), Err(SegmentError::Param { name: "rules", .. })));
    }
}
