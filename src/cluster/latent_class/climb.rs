//! From a start to the top: the EM algorithm, in longer strides where these lead up.
//!
//! Two EM steps tell where the path bends; a squared extrapolation (SQUAREM, Varadhan & Roland
//! 2008, scheme S3) goes further along it. A stride is taken only where the likelihood is at least
//! that of the plain path, so that it never falls.

use super::expect::{Expected, expect};
use super::items::Item;
use super::patterns::Patterns;
use super::point::Point;
use crate::work::{Cancelled, Work};

/// How far to climb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// EM steps at most.
    pub(super) steps: usize,
    /// A step that gains no more log-likelihood than this ends the climb; at zero none does.
    pub(super) least_gain: f64,
    /// Whether to take longer strides.
    pub(super) strides: bool,
}

/// Where a climb ended.
#[derive(Debug, Clone)]
pub(super) struct Summit<const W: usize> {
    pub(super) point: Point<W>,
    /// What is expected there.
    pub(super) expected: Expected<W>,
    pub(super) steps: usize,
    pub(super) converged: bool,
}

impl<const W: usize> Summit<W> {
    pub(super) fn log_likelihood(&self) -> f64 {
        self.expected.log_likelihood
    }
}

/// The slope that is climbed: data and the number of classes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slope<'a> {
    pub(super) patterns: &'a Patterns,
    pub(super) items: &'a [Item],
    pub(super) k: usize,
    pub(super) work: &'a Work,
}

/// An extrapolation is at most so many times as long as the step.
const LONGEST: f64 = 256.0;

impl Slope<'_> {
    fn expect<const W: usize>(&self, point: &Point<W>) -> Result<Expected<W>, Cancelled> {
        expect(self.patterns, self.items, point, self.work)
    }

    /// Where one EM step leads.
    fn step<const W: usize>(&self, point: &Point<W>, expected: &Expected<W>) -> Point<W> {
        Point::of_counts(expected.counts.clone(), point, self.k)
    }

    /// Climbs from a point.
    pub(super) fn climb<const W: usize>(
        &self,
        from: Point<W>,
        limits: Limits,
    ) -> Result<Summit<W>, Cancelled> {
        let expected = self.expect(&from)?;
        self.climb_on(Summit { point: from, expected, steps: 0, converged: false }, limits)
    }

    /// Climbs on from where another climb ended; the limit of steps counts from the first start.
    pub(super) fn climb_on<const W: usize>(
        &self,
        from: Summit<W>,
        limits: Limits,
    ) -> Result<Summit<W>, Cancelled> {
        let mut at = Summit { converged: false, ..from };
        while at.steps < limits.steps && !at.converged {
            let second = self.step(&at.point, &at.expected);
            let expected = self.expect(&second)?;
            let gain = expected.log_likelihood - at.expected.log_likelihood;
            let stride = limits.strides && gain > 0.0 && at.steps + 1 < limits.steps;
            let trial = stride.then(|| {
                let third = self.step(&second, &expected);
                extrapolated(&at.point, &second, &third, self.k)
            });
            at.steps += 1;
            at.converged = limits.least_gain > 0.0 && gain <= limits.least_gain;
            (at.point, at.expected) = (second, expected);
            if let Some(trial) = trial.flatten() {
                let expected = self.expect(&trial)?;
                at.steps += 1;
                if expected.log_likelihood >= at.expected.log_likelihood {
                    (at.point, at.expected) = (trial, expected);
                }
            }
        }
        Ok(at)
    }
}

/// A point further along the path that bends at `second`, or nothing where it does not bend.
fn extrapolated<const W: usize>(
    first: &Point<W>,
    second: &Point<W>,
    third: &Point<W>,
    k: usize,
) -> Option<Point<W>> {
    let (mut step, mut bend) = (0.0, 0.0);
    for ((a, b), c) in first.numbers(k).zip(second.numbers(k)).zip(third.numbers(k)) {
        let r = b - a;
        let v = (c - b) - r;
        step += r * r;
        bend += v * v;
    }
    let length = (step / bend).sqrt();
    if !(length > 1.0 && length.is_finite()) {
        return None;
    }
    let length = length.min(LONGEST);
    let further = |a: f64, b: f64, c: f64| {
        let r = b - a;
        let v = (c - b) - r;
        let there = a + 2.0 * length * r + length * length * v;
        // A probability is not thrown to the edge, from where it would come back only slowly.
        if there > 0.5 * c { there } else { 0.5 * c }
    };
    Some(Point::combine(first, second, third, further).normalised(k))
}
