//! Segments against the rest, feature by feature.

use serde::Serialize;

use crate::cluster::Segmentation;
use crate::features::{FeatureColumn, FeatureMatrix, FeatureValues};
use crate::num::adjust::benjamini_hochberg;
use crate::num::blocks;
use crate::num::two_sample::{Moments, hedges_g, welch};
use crate::profile::ProfileError;
use crate::units::SegmentId;
use crate::work::Work;

/// Which way a segment differs from the other customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More of it than the others, beyond chance and by a fifth of a standard deviation at least.
    Over,
    /// Less of it.
    Under,
    /// Not set apart by it.
    Alike,
}

/// One feature of one segment against all other customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Contrast {
    /// The feature; a category appears once for each of its names, as `feature = name`.
    pub feature: String,
    /// Mean of the members of whom it is known; for yes/no the share of yes.
    pub mean: f64,
    /// Mean of all customers of whom it is known.
    pub overall: f64,
    /// The members' mean with everybody's at 100; `None` where everybody's is not positive.
    pub index: Option<f64>,
    /// Difference to the other customers in standard deviations (Hedges' g); `None` where there is
    /// no spread.
    pub effect: Option<f64>,
    /// P-value of the difference (Welch), adjusted over all segments and features (Benjamini &
    /// Hochberg).
    pub p_adjusted: Option<f64>,
    /// What follows from both.
    pub direction: Direction,
}

/// One segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SegmentProfile {
    /// Which.
    pub segment: SegmentId,
    /// Its name.
    pub name: String,
    /// How many customers it has.
    pub customers: usize,
    /// Their share of all customers.
    pub share: f64,
    /// How it differs, in the order of the features.
    pub contrasts: Vec<Contrast>,
}

/// Every segment's profile.
///
/// # Example
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::features::FeatureMatrix;
/// use segmentry::profile::{Direction, Profile};
/// use segmentry::work::Work;
///
/// let rows: Vec<[f64; 1]> = (0..40).map(|i| [f64::from(i % 5) + if i < 20 { 10.0 } else { 0.0 }]).collect();
/// let matrix = FeatureMatrix::from_rows(&["purchases"], &rows)?;
/// let labels: Vec<&str> = (0..40).map(|i| if i < 20 { "many" } else { "few" }).collect();
/// let profile = Profile::of(&Segmentation::from_labels(matrix.ids(), &labels)?, &matrix, &Work::new())?;
/// let many = &profile.segments[1];
/// assert_eq!((many.contrasts[0].mean, many.contrasts[0].overall), (12.0, 7.0));
/// assert_eq!(many.contrasts[0].direction, Direction::Over);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// The segments, by number.
    pub segments: Vec<SegmentProfile>,
}

/// A smaller difference than a fifth of a standard deviation is small by the customary reading
/// (Cohen 1988).
const LEAST_EFFECT: f64 = 0.2;
/// The customary level.
const ALPHA: f64 = 0.05;

impl Profile {
    /// Describes segments by features. Customers are matched by id; those without features are left
    /// out of the contrasts and counted in the sizes.
    ///
    /// # Errors
    ///
    /// [`ProfileError::NoCommonCustomers`], [`ProfileError::Cancelled`].
    pub fn of(
        segmentation: &Segmentation,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Self, ProfileError> {
        let customers = segmentation.ids().len();
        let rows = segmentation.ids().rows_in(features.ids());
        if rows.iter().all(Option::is_none) {
            return Err(ProfileError::NoCommonCustomers { customers });
        }
        let variables: Vec<Variable<'_>> =
            features.columns().iter().flat_map(Variable::of).collect();
        let mut segments = Vec::with_capacity(segmentation.n_segments());
        for segment in segmentation.segments() {
            let member: Vec<bool> =
                (0..customers).map(|row| segmentation.contains(segment, row)).collect();
            let count = member.iter().filter(|&&is| is).count();
            let contrasts = blocks::map_tasks(variables.len(), work, |place| {
                variables[place].contrast(&member, &rows)
            })?;
            segments.push(SegmentProfile {
                segment,
                name: segmentation.names()[segment.index()].clone(),
                customers: count,
                share: count as f64 / customers as f64,
                contrasts,
            });
        }
        judge(&mut segments);
        Ok(Self { segments })
    }
}

/// Adjusts the p-values over all tests made, and draws the conclusion.
fn judge(segments: &mut [SegmentProfile]) {
    let mut contrasts: Vec<&mut Contrast> =
        segments.iter_mut().flat_map(|s| &mut s.contrasts).collect();
    let raw: Vec<f64> = contrasts.iter().filter_map(|contrast| contrast.p_adjusted).collect();
    let mut adjusted = benjamini_hochberg(&raw).into_iter();
    for contrast in &mut contrasts {
        if contrast.p_adjusted.is_some() {
            contrast.p_adjusted = adjusted.next();
        }
        let beyond_chance = contrast.p_adjusted.is_some_and(|p| p <= ALPHA);
        contrast.direction = match contrast.effect {
            Some(effect) if beyond_chance && effect >= LEAST_EFFECT => Direction::Over,
            Some(effect) if beyond_chance && effect <= -LEAST_EFFECT => Direction::Under,
            _ => Direction::Alike,
        };
    }
}

/// A feature as one number per customer.
struct Variable<'a> {
    name: String,
    column: &'a FeatureColumn,
    level: Option<u32>,
}

impl<'a> Variable<'a> {
    fn of(column: &'a FeatureColumn) -> Vec<Self> {
        match column.values() {
            FeatureValues::Category { levels, .. } => (0..)
                .zip(levels)
                .map(|(level, name)| Self {
                    name: format!("{} = {name}", column.name()),
                    column,
                    level: Some(level),
                })
                .collect(),
            _ => vec![Self { name: column.name().to_owned(), column, level: None }],
        }
    }

    fn value(&self, row: usize) -> Option<f64> {
        let number = self.column.number(row)?;
        Some(match self.level {
            Some(level) => f64::from(u8::from(number == f64::from(level))),
            None => number,
        })
    }

    /// With the raw p-value in place of the adjusted one.
    fn contrast(&self, member: &[bool], rows: &[Option<usize>]) -> Contrast {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (customer, row) in rows.iter().enumerate() {
            if let Some(value) = row.and_then(|row| self.value(row)) {
                if member[customer] { inside.push(value) } else { outside.push(value) }
            }
        }
        let (inside, outside) = (Moments::of(&inside), Moments::of(&outside));
        let known = inside.n + outside.n;
        let overall = if known > 0.0 {
            (inside.n * inside.mean + outside.n * outside.mean) / known
        } else {
            0.0
        };
        Contrast {
            feature: self.name.clone(),
            mean: inside.mean,
            overall,
            index: (overall > 0.0).then(|| 100.0 * inside.mean / overall),
            effect: hedges_g(&inside, &outside),
            p_adjusted: welch(&inside, &outside).map(|test| test.p_value),
            direction: Direction::Alike,
        }
    }
}

impl SegmentProfile {
    /// What sets the segment apart most, the largest difference first.
    pub fn traits(&self) -> Vec<&Contrast> {
        let mut apart: Vec<&Contrast> = self
            .contrasts
            .iter()
            .filter(|contrast| contrast.direction != Direction::Alike)
            .collect();
        let size = |contrast: &Contrast| contrast.effect.map_or(0.0, f64::abs);
        apart.sort_by(|a, b| size(b).total_cmp(&size(a)));
        apart
    }

    /// The first `most` traits in words, such as `frequent buyers, recently seen`.
    pub fn in_words(&self, most: usize) -> String {
        let words: Vec<String> =
            self.traits().into_iter().take(most).map(Contrast::in_words).collect();
        if words.is_empty() { "much like everybody".to_owned() } else { words.join(", ") }
    }
}

impl Contrast {
    fn in_words(&self) -> String {
        let name = self.feature.replace('_', " ");
        match self.direction {
            Direction::Alike => format!("usual {name}"),
            Direction::Over => plain(&self.feature)
                .map_or_else(|| format!("high {name}"), |(over, _)| over.to_owned()),
            Direction::Under => plain(&self.feature)
                .map_or_else(|| format!("low {name}"), |(_, under)| under.to_owned()),
        }
    }
}

/// How people say that a behavioural feature is high, and that it is low.
fn plain(feature: &str) -> Option<(&'static str, &'static str)> {
    Some(match feature {
        "days_since_last" => ("long silent", "recently seen"),
        "purchases" => ("frequent buyers", "rare buyers"),
        "tenure" => ("long-standing", "new"),
        "spend" => ("big spenders", "small spenders"),
        "spend_per_purchase" => ("large baskets", "small baskets"),
        "days_between_purchases" => ("slow rhythm", "quick rhythm"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::CustomerIds;

    #[test]
    fn chance_is_no_trait() {
        let rows: Vec<[f64; 1]> = (0..60).map(|i| [f64::from(i * 7 % 13)]).collect();
        let matrix = FeatureMatrix::from_rows(&["x"], &rows).unwrap();
        let labels: Vec<&str> = (0..60).map(|i| if i % 2 == 0 { "a" } else { "b" }).collect();
        let profile = Profile::of(
            &Segmentation::from_labels(matrix.ids(), &labels).unwrap(),
            &matrix,
            &Work::new(),
        )
        .unwrap();
        assert!(profile.segments.iter().all(|segment| segment.traits().is_empty()));
        assert_eq!(profile.segments[0].in_words(2), "much like everybody");
    }

    #[test]
    fn a_category_is_a_yes_or_no_for_each_name() {
        let ids = CustomerIds::numbered(40).unwrap();
        let codes = (0..40).map(|i| u32::from(i >= 20)).collect();
        let region = FeatureValues::Category { levels: vec!["east".into(), "west".into()], codes };
        let matrix =
            FeatureMatrix::new(ids.clone()).with(FeatureColumn::of("region", region)).unwrap();
        let labels: Vec<&str> = (0..40).map(|i| if i < 22 { "a" } else { "b" }).collect();
        let profile =
            Profile::of(&Segmentation::from_labels(&ids, &labels).unwrap(), &matrix, &Work::new())
                .unwrap();
        let a = &profile.segments[0];
        assert_eq!(a.contrasts[0].feature, "region = east");
        assert!((a.contrasts[0].mean - 20.0 / 22.0).abs() < 1e-15);
        assert_eq!(a.contrasts[0].direction, Direction::Over);
        assert_eq!(a.contrasts[1].direction, Direction::Under);
    }

    #[test]
    fn customers_are_matched_by_id() {
        let of = |names: &[&str]| CustomerIds::from_texts(names).unwrap();
        let matrix = FeatureMatrix::new(of(&["b", "a"]))
            .with(FeatureColumn::numbers("x", vec![2.0, 1.0]))
            .unwrap();
        let segments = Segmentation::from_labels(&of(&["a", "b", "z"]), &["s", "t", "t"]).unwrap();
        let profile = Profile::of(&segments, &matrix, &Work::new()).unwrap();
        assert_eq!(
            (profile.segments[0].contrasts[0].mean, profile.segments[1].contrasts[0].mean),
            (1.0, 2.0)
        );
        assert_eq!(profile.segments[1].customers, 2);
        let strangers = Segmentation::from_labels(&of(&["q"]), &["s"]).unwrap();
        assert!(matches!(
            Profile::of(&strangers, &matrix, &Work::new()),
            Err(ProfileError::NoCommonCustomers { customers: 1 })
        ));
    }
}
