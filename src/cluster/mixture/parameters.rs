//! What a mixture consists of, in standard units, and how sums over customers become it.
//!
//! A component is kept as the inverse of its covariance's Cholesky factor, because a density needs
//! only this: the squared length of `P (x - mean)`, and the determinant from the diagonal of `P`.

use crate::cluster::mixture::Covariance;
use crate::num::linear;
use crate::num::real;

/// A mixture in standard units.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameters {
    pub(super) covariance: Covariance,
    pub(super) d: usize,
    pub(super) components: Vec<Component>,
}

/// One component.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    /// The share of the customers.
    pub(super) weight: f64,
    pub(super) mean: Vec<f64>,
    /// The lower triangle of the covariance, row by row; of a diagonal one, only the diagonal.
    pub(super) spread: Vec<f64>,
    /// The inverse of the spread's Cholesky factor, laid out alike.
    pub(super) precision: Vec<f64>,
    /// `-P mean`. Rows in standard units carry errors as large as those of `P x - P mean`, which is
    /// one step less than `P (x - mean)`.
    pub(super) offset: Vec<f64>,
    /// The logarithm of the weighted density at the mean.
    pub(super) height: f64,
    /// Whether the spread had to be raised to the floor, or nobody is left.
    pub(super) singular: bool,
}

/// What the customers of a component add up to: each counts by the probability that they belong to
/// it, times their weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sums {
    /// The count.
    pub(super) count: f64,
    /// The point that the other sums are taken about.
    pub(super) about: Vec<f64>,
    pub(super) first: Vec<f64>,
    /// Of products of pairs, laid out as [`Component::spread`].
    pub(super) second: Vec<f64>,
}

/// A component lost its spread or its customers, and no floor was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Singular {
    pub(super) component: usize,
}

/// Components with less than this share of the customers have nobody left; their sums are rounding.
const NOBODY: f64 = 1e-12;

/// The place of row `a`, column `b <= a` in a lower triangle.
#[inline(always)]
pub(super) fn triangle(a: usize, b: usize) -> usize {
    a * (a + 1) / 2 + b
}

impl Parameters {
    /// The mixture with the highest likelihood under these memberships, no variance of which, in
    /// any direction, is below `floor` (the maximum under that constraint clips the eigenvalues of
    /// the covariance).
    ///
    /// `before` gives the place and spread of components that lost everybody.
    pub(super) fn from_sums(
        covariance: Covariance,
        sums: &[Sums],
        floor: f64,
        before: Option<&Self>,
    ) -> Result<Self, Singular> {
        let d = sums.first().map_or(0, |sums| sums.about.len());
        let mut total = 0.0;
        for part in sums {
            total += part.count;
        }
        let present = |component: usize| sums[component].count > NOBODY * total;
        let moments: Vec<(Vec<f64>, Vec<f64>)> = sums
            .iter()
            .enumerate()
            .map(|(component, sums)| match before {
                Some(before) if !present(component) => {
                    let old = &before.components[component];
                    (old.mean.clone(), old.spread.clone())
                }
                _ => moments(sums, covariance),
            })
            .collect();
        let shared = (covariance == Covariance::Tied).then(|| {
            let mut spread = vec![0.0; d * (d + 1) / 2];
            for (component, (_, own)) in moments.iter().enumerate() {
                let share = if present(component) { sums[component].count / total } else { 0.0 };
                spread.iter_mut().zip(own).for_each(|(all, own)| *all += share * own);
            }
            spread
        });
        let components = moments
            .into_iter()
            .enumerate()
            .map(|(component, (mean, own))| {
                let weight = sums[component].count / total;
                let spread = shared.as_ref().unwrap_or(&own).clone();
                let mut made = Component::new(weight, mean, spread, covariance, floor)
                    .ok_or(Singular { component })?;
                if !present(component) {
                    if floor == 0.0 {
                        return Err(Singular { component });
                    }
                    made.singular = true;
                }
                Ok(made)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { covariance, d, components })
    }

    pub(super) fn k(&self) -> usize {
        self.components.len()
    }
}

/// The mean and the covariance that sums give.
fn moments(sums: &Sums, covariance: Covariance) -> (Vec<f64>, Vec<f64>) {
    let d = sums.about.len();
    let step: Vec<f64> = sums.first.iter().map(|first| first / sums.count).collect();
    let mean = sums.about.iter().zip(&step).map(|(about, step)| about + step).collect();
    let mut spread: Vec<f64> = sums.second.iter().map(|second| second / sums.count).collect();
    match covariance {
        Covariance::Full | Covariance::Tied => {
            for a in 0..d {
                for b in 0..=a {
                    spread[triangle(a, b)] -= step[a] * step[b];
                }
            }
        }
        Covariance::Diagonal | Covariance::Spherical => {
            for a in 0..d {
                spread[a] -= step[a] * step[a];
            }
        }
    }
    if covariance == Covariance::Spherical {
        let mut common = 0.0;
        spread.iter().for_each(|variance| common += variance / d as f64);
        spread.fill(common);
    }
    (mean, spread)
}

impl Component {
    /// A component with this covariance, raised to the floor where it is below; `None` where it is
    /// below and the floor is zero.
    fn new(
        weight: f64,
        mean: Vec<f64>,
        spread: Vec<f64>,
        covariance: Covariance,
        floor: f64,
    ) -> Option<Self> {
        let d = mean.len();
        let (spread, precision, singular) = match covariance {
            Covariance::Full | Covariance::Tied => full(spread, d, floor)?,
            Covariance::Diagonal | Covariance::Spherical => diagonal(spread, floor)?,
        };
        let mut height = real::ln(weight) - 0.5 * d as f64 * LN_2_PI;
        for a in 0..d {
            let place = if precision.len() == d { a } else { triangle(a, a) };
            height += real::ln(precision[place]);
        }
        let offset = (0..d)
            .map(|a| match covariance {
                Covariance::Full | Covariance::Tied => {
                    (0..=a).fold(0.0, |sum, b| sum - precision[triangle(a, b)] * mean[b])
                }
                Covariance::Diagonal | Covariance::Spherical => -precision[a] * mean[a],
            })
            .collect();
        Some(Self { weight, mean, spread, precision, offset, height, singular })
    }
}

const LN_2_PI: f64 = 1.837_877_066_409_345_3;

type Raised = (Vec<f64>, Vec<f64>, bool);

fn diagonal(mut spread: Vec<f64>, floor: f64) -> Option<Raised> {
    let mut singular = false;
    for variance in &mut spread {
        // Also where it is not a number, which no comparison admits to.
        let above = *variance > floor;
        if !above {
            singular = true;
            *variance = floor;
        }
    }
    if floor == 0.0 && singular {
        return None;
    }
    let precision = spread.iter().map(|variance| 1.0 / variance.sqrt()).collect();
    Some((spread, precision, singular))
}

fn full(spread: Vec<f64>, d: usize, floor: f64) -> Option<Raised> {
    if let Some(precision) = inverse_factor(&spread, d) {
        // The trace of the inverse bounds the least eigenvalue from below, and costs nothing.
        let mut trace = 0.0;
        precision.iter().for_each(|entry| trace += entry * entry);
        if trace * floor < 1.0 {
            return Some((spread, precision, false));
        }
    }
    if floor == 0.0 {
        return None;
    }
    let square = (0..d)
        .map(|a| (0..d).map(|b| spread[triangle(a.max(b), a.min(b))]).collect())
        .collect::<Vec<Vec<f64>>>();
    let (values, vectors) = linear::eigen(square)?;
    let singular = !values.iter().all(|&value| value >= floor);
    if !singular {
        let precision = inverse_factor(&spread, d)?;
        return Some((spread, precision, false));
    }
    let mut raised = vec![0.0; spread.len()];
    for (value, vector) in values.iter().zip(&vectors) {
        let value = value.max(floor);
        for a in 0..d {
            for b in 0..=a {
                raised[triangle(a, b)] += value * vector[a] * vector[b];
            }
        }
    }
    let precision = inverse_factor(&raised, d)?;
    Some((raised, precision, true))
}

/// The Cholesky factor of a lower triangle, or `None` where there is none.
pub(super) fn factor(spread: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; spread.len()];
    for a in 0..d {
        for b in 0..=a {
            let mut rest = spread[triangle(a, b)];
            for c in 0..b {
                rest -= factor[triangle(a, c)] * factor[triangle(b, c)];
            }
            factor[triangle(a, b)] = if a == b {
                // A pivot that is rounding of its own diagonal entry is no pivot.
                if !(rest > spread[triangle(a, a)] * f64::EPSILON && rest.is_finite()) {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / factor[triangle(b, b)]
            };
        }
    }
    Some(factor)
}

/// The inverse of the Cholesky factor of a lower triangle, or `None` where there is none.
fn inverse_factor(spread: &[f64], d: usize) -> Option<Vec<f64>> {
    let factor = factor(spread, d)?;
    let mut inverse = vec![0.0; spread.len()];
    for b in 0..d {
        inverse[triangle(b, b)] = 1.0 / factor[triangle(b, b)];
        for a in b + 1..d {
            let mut rest = 0.0;
            for c in b..a {
                rest -= factor[triangle(a, c)] * inverse[triangle(c, b)];
            }
            inverse[triangle(a, b)] = rest / factor[triangle(a, a)];
        }
    }
    Some(inverse)
}
