//! What is planted in a market to be found again: needs, and the segments that have them.
//!
//! A need shows in two ways that a company could see: in what a customer says when asked, and in
//! the categories that they buy. A segment is a way of having needs, and may also buy more often,
//! spend more, or answer treatments better than others.

use crate::simulate::SimulateError;

/// Something that some customers want and others do not.
///
/// Customers with the need choose these categories more often than their popularity alone would
/// have it: of every line that a customer buys, the category is drawn with the sum of its
/// popularity and of its preferences over all needs of the customer as weight.
///
/// ```
/// use segmentry::simulate::{Market, PlantedNeed, PlantedSegment};
///
/// // Popularity 1 each; who wants comfort buys express three times as often as standard.
/// let market = Market::new(100)
///     .category("standard", 1.0)
///     .category("express", 1.0)
///     .need(PlantedNeed::new("comfort").prefers("express", 2.0))
///     .segment(PlantedSegment::new("everybody", 1.0).has("comfort", 1.0));
/// let shares = market.truth()?.customer(0).unwrap().category_shares();
/// assert_eq!(shares, [0.25, 0.75]);
/// # Ok::<(), segmentry::simulate::SimulateError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedNeed {
    pub(crate) name: String,
    pub(crate) prefers: Vec<(String, f64)>,
}

/// A group of customers who are alike in what they need.
///
/// ```
/// use segmentry::simulate::{Market, PlantedNeed, PlantedSegment};
///
/// let market = Market::new(1000)
///     .need(PlantedNeed::new("price"))
///     .segment(PlantedSegment::new("thrifty", 0.4).has("price", 0.9))
///     .segment(PlantedSegment::new("others", 0.6).has("price", 0.1).spend_factor(1.5));
/// let thrifty = market.truth()?.customers().filter(|c| c.segment_name() == "thrifty").count();
/// assert!((350..450).contains(&thrifty));
/// # Ok::<(), segmentry::simulate::SimulateError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedSegment {
    pub(crate) name: String,
    pub(crate) share: f64,
    pub(crate) needs: Vec<(String, f64)>,
    pub(crate) rate_factor: f64,
    pub(crate) spend_factor: f64,
    pub(crate) treatment_effect: Option<f64>,
}

impl PlantedNeed {
    /// A need that no category shows, until one is preferred.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), prefers: Vec::new() }
    }

    /// Adds a weight to a category for those who have the need, on top of its popularity.
    #[must_use]
    pub fn prefers(mut self, category: impl Into<String>, weight: f64) -> Self {
        self.prefers.push((category.into(), weight));
        self
    }
}

impl PlantedSegment {
    /// A segment with its share of the customers. It has no need, buys and spends like everybody,
    /// and answers treatments as [`Treatments`](crate::simulate::Treatments) say.
    pub fn new(name: impl Into<String>, share: f64) -> Self {
        Self {
            name: name.into(),
            share,
            needs: Vec::new(),
            rate_factor: 1.0,
            spend_factor: 1.0,
            treatment_effect: None,
        }
    }

    /// The probability with which a customer of the segment has a need; 0 for needs not named.
    #[must_use]
    pub fn has(mut self, need: impl Into<String>, probability: f64) -> Self {
        self.needs.push((need.into(), probability));
        self
    }

    /// Multiplies the purchase rates of the segment's customers.
    #[must_use]
    pub fn rate_factor(mut self, factor: f64) -> Self {
        self.rate_factor = factor;
        self
    }

    /// Multiplies what the segment's customers spend at a purchase.
    #[must_use]
    pub fn spend_factor(mut self, factor: f64) -> Self {
        self.spend_factor = factor;
        self
    }

    /// By how much being contacted changes the probability that a customer of the segment responds;
    /// negative for customers who are better left alone.
    #[must_use]
    pub fn treatment_effect(mut self, effect: f64) -> Self {
        self.treatment_effect = Some(effect);
        self
    }
}

/// Needs of one customer, as bits.
pub(crate) type NeedSet = u64;

/// As many needs, and channels, as there are bits.
pub(crate) const MOST_NEEDS: usize = 64;

/// More categories or segments than that are no market but a mistake.
pub(crate) const MOST_NAMES: usize = 10_000;

/// A mean change of rate or spend beyond this has no customers who could live it.
const FACTORS: std::ops::RangeInclusive<f64> = 1e-3..=1e3;

/// Checks needs and segments against one another and against the categories.
pub(crate) fn validate(
    categories: &[(String, f64)],
    needs: &[PlantedNeed],
    segments: &[PlantedSegment],
) -> Result<(), SimulateError> {
    names("categories", categories.iter().map(|(name, _)| name), MOST_NAMES)?;
    names("needs", needs.iter().map(|need| &need.name), MOST_NEEDS)?;
    names("segments", segments.iter().map(|segment| &segment.name), MOST_NAMES)?;
    let weight = |what, of: &str, name, value: f64, positive: bool| {
        let good = (0.0..=1e9).contains(&value) && (value > 0.0 || !positive);
        let expected =
            if positive { "above 0, at most 1000000000" } else { "from 0 to 1000000000" };
        part(good, what, of, name, value, expected)
    };
    for (name, popularity) in categories {
        weight("category", name, "popularity", *popularity, true)?;
    }
    for need in needs {
        for (category, preference) in &need.prefers {
            if !categories.iter().any(|(known, _)| known == category) {
                return Err(unknown("need", &need.name, category, "category"));
            }
            weight("need", &need.name, "prefers", *preference, false)?;
        }
    }
    for segment in segments {
        let probability = |name, value: f64| {
            let good = (0.0..=1.0).contains(&value);
            part(good, "segment", &segment.name, name, value, "between 0 and 1")
        };
        probability("share", segment.share)?;
        for (need, chance) in &segment.needs {
            if !needs.iter().any(|known| known.name == *need) {
                return Err(unknown("segment", &segment.name, need, "need"));
            }
            probability("has", *chance)?;
        }
        for (name, factor) in
            [("rate_factor", segment.rate_factor), ("spend_factor", segment.spend_factor)]
        {
            let good = FACTORS.contains(&factor);
            part(good, "segment", &segment.name, name, factor, "from 0.001 to 1000")?;
        }
    }
    shares("segments", segments.iter().map(|segment| segment.share))
}

/// Checks that names are few enough, not empty, and each there once.
pub(crate) fn names<'a>(
    what: &'static str,
    names: impl ExactSizeIterator<Item = &'a String>,
    most: usize,
) -> Result<(), SimulateError> {
    let got = names.len();
    if got > most {
        return Err(SimulateError::TooMany { what, got, most });
    }
    let mut sorted: Vec<&String> = names.collect();
    sorted.sort_unstable();
    if sorted.first().is_some_and(|name| name.is_empty()) {
        return Err(SimulateError::Nameless { what });
    }
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(SimulateError::Twice { what, name: pair[0].clone() }),
        None => Ok(()),
    }
}

/// Shares may miss 1 by what adding up a few thousand decimals costs.
const ROUNDING: f64 = 1e-9;

/// Checks that shares add up to 1, if there are any.
pub(crate) fn shares(
    what: &'static str,
    shares: impl ExactSizeIterator<Item = f64>,
) -> Result<(), SimulateError> {
    if shares.len() == 0 {
        return Ok(());
    }
    let mut sum = 0.0;
    for share in shares {
        sum += share;
    }
    if (sum - 1.0).abs() <= ROUNDING { Ok(()) } else { Err(SimulateError::Shares { what, sum }) }
}

pub(crate) fn part(
    good: bool,
    what: &'static str,
    of: &str,
    name: &'static str,
    value: f64,
    expected: &'static str,
) -> Result<(), SimulateError> {
    if good {
        Ok(())
    } else {
        Err(SimulateError::PartParam { what, of: of.to_owned(), name, value, expected })
    }
}

fn unknown(what: &'static str, of: &str, name: &str, expected: &'static str) -> SimulateError {
    SimulateError::Unknown { what, of: of.to_owned(), name: name.to_owned(), expected }
}

/// Names drawn by weight: the weights added up one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Weights(Vec<f64>);

impl Weights {
    pub(crate) fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut total = 0.0;
        Self(
            weights
                .map(|weight| {
                    total += weight;
                    total
                })
                .collect(),
        )
    }

    pub(crate) fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// The name in whose stretch of `0..total` the point lies.
    pub(crate) fn at(&self, point: f64) -> usize {
        // Rounding may put a point onto the end of the last stretch with a weight.
        let index = self.0.partition_point(|&end| end <= point);
        if index < self.0.len() { index } else { self.0.partition_point(|&end| end < self.total()) }
    }

    pub(crate) fn weight(&self, index: usize) -> f64 {
        self.0[index] - if index == 0 { 0.0 } else { self.0[index - 1] }
    }
}

/// The categories and what each need adds to them.
#[derive(Debug, Clone)]
pub(crate) struct Preferences {
    popularity: Weights,
    needs: Vec<Weights>,
}

impl Preferences {
    pub(crate) fn new(categories: &[(String, f64)], needs: &[PlantedNeed]) -> Self {
        let of = |need: &PlantedNeed| {
            Weights::new(categories.iter().map(|(category, _)| {
                let mut weight = 0.0;
                for (preferred, more) in &need.prefers {
                    if preferred == category {
                        weight += more;
                    }
                }
                weight
            }))
        };
        Self {
            popularity: Weights::new(categories.iter().map(|&(_, popularity)| popularity)),
            needs: needs.iter().map(of).collect(),
        }
    }

    /// The popularity first, then what each need of the customer adds.
    fn of(&self, needs: NeedSet) -> impl Iterator<Item = &Weights> {
        let held = self.needs.iter().enumerate().filter(move |&(i, _)| needs >> i & 1 == 1);
        std::iter::once(&self.popularity).chain(held.map(|(_, weights)| weights))
    }

    /// The category at a point of `[0, 1)` of a customer's weights laid end to end. Nothing is
    /// gathered: this runs once for every line.
    pub(crate) fn category(&self, needs: NeedSet, uniform: f64) -> usize {
        let mut total = 0.0;
        for weights in self.of(needs) {
            total += weights.total();
        }
        let mut point = uniform * total;
        for weights in self.of(needs) {
            if point < weights.total() {
                return weights.at(point);
            }
            point -= weights.total();
        }
        self.popularity.at(self.popularity.total())
    }

    /// The probabilities with which a customer's lines fall into the categories.
    pub(crate) fn shares(&self, needs: NeedSet) -> Vec<f64> {
        let mut shares = vec![0.0; self.popularity.0.len()];
        let mut total = 0.0;
        for weights in self.of(needs) {
            total += weights.total();
            for (category, share) in shares.iter_mut().enumerate() {
                *share += weights.weight(category);
            }
        }
        for share in &mut shares {
            *share /= total;
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories() -> Vec<(String, f64)> {
        vec![("food".into(), 1.0), ("tools".into(), 3.0)]
    }

    #[test]
    fn points_fall_into_their_stretches() {
        let weights = Weights::new([0.0, 2.0, 0.0, 1.0, 0.0].into_iter());
        assert_eq!([0.0, 1.9, 2.0, 2.9].map(|point| weights.at(point)), [1, 1, 3, 3]);
        // The end of all is still the last that has a weight.
        assert_eq!(weights.at(3.0), 3);
    }

    #[test]
    fn needs_add_to_popularity() {
        let needs = [PlantedNeed::new("plain"), PlantedNeed::new("hungry").prefers("food", 4.0)];
        let preferences = Preferences::new(&categories(), &needs);
        assert_eq!(preferences.shares(0b00), [0.25, 0.75]);
        assert_eq!(preferences.shares(0b01), [0.25, 0.75]);
        assert_eq!(preferences.shares(0b11), [0.625, 0.375]);
        // Popularity takes the first half of the weights, the need the second.
        let picks = [0.0, 0.124, 0.126, 0.49, 0.51, 0.999];
        let picked = picks.map(|uniform| preferences.category(0b10, uniform));
        assert_eq!(picked, [0, 0, 1, 1, 0, 0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |needs: &[PlantedNeed], segments: &[PlantedSegment]| {
            validate(&categories(), needs, segments).unwrap_err()
        };
        let need = || PlantedNeed::new("price");
        let error = check(&[need().prefers("toys", 1.0)], &[]);
        assert!(matches!(error, SimulateError::Unknown { expected: "category", .. }));
        let error = check(&[need()], &[PlantedSegment::new("a", 1.0).has("speed", 0.5)]);
        assert!(matches!(error, SimulateError::Unknown { expected: "need", .. }));
        let error = check(&[need(), need()], &[]);
        assert_eq!(error, SimulateError::Twice { what: "needs", name: "price".into() });
        let error = check(&[PlantedNeed::new("")], &[]);
        assert_eq!(error, SimulateError::Nameless { what: "needs" });
        let many: Vec<_> = (0..65).map(|i| PlantedNeed::new(i.to_string())).collect();
        assert!(matches!(check(&many, &[]), SimulateError::TooMany { got: 65, most: 64, .. }));
        let halves = [PlantedSegment::new("a", 0.5), PlantedSegment::new("b", 0.4)];
        assert!(matches!(check(&[], &halves), SimulateError::Shares { what: "segments", .. }));
    }

    #[test]
    fn nan_fails_every_check() {
        let nan = f64::NAN;
        let segment = || PlantedSegment::new("a", 1.0);
        let needs = [PlantedNeed::new("price")];
        for bad in [
            PlantedSegment::new("a", nan),
            segment().has("price", nan),
            segment().rate_factor(nan),
            segment().spend_factor(nan),
        ] {
            let error = validate(&categories(), &needs, &[bad]).unwrap_err();
            assert!(matches!(error, SimulateError::PartParam { what: "segment", .. }));
        }
        let needs = [PlantedNeed::new("price").prefers("food", nan)];
        assert!(validate(&categories(), &needs, &[]).is_err());
        assert!(validate(&[("food".into(), nan)], &[], &[]).is_err());
        assert!(validate(&[("food".into(), 0.0)], &[], &[]).is_err());
    }
}
