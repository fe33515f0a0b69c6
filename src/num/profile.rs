//! Intervals by profile likelihood: how far one variable can be moved, the others following, before
//! the data object.
//!
//! Where a likelihood is lopsided, and for weakly identified parameters it is, an interval of so
//! many standard errors either way is short on the one side and long on the other; this one follows
//! the likelihood itself, and has no end where the likelihood has none.

use crate::num::newton::{Bounds, Curve, Minimum, minimise};

/// A side is searched to this many steps of doubling length, and narrowed to this accuracy.
const STRIDES: usize = 60;
const HALVINGS: usize = 60;
const ACCURACY: f64 = 1e-7;

/// Where the profile of the variable `which` has risen by `rise` above the minimum, to the left and
/// to the right. `None` for a side on which it does not rise that far within the box.
///
/// `first_step` is about how far that may be, such as two standard errors.
pub(crate) fn ends<const N: usize, E>(
    best: &Minimum<N>,
    which: usize,
    rise: f64,
    first_step: f64,
    bounds: Bounds,
    mut evaluate: impl FnMut(&[f64; N]) -> Result<Curve<N>, E>,
) -> Result<[Option<f64>; 2], E> {
    let mut ends = [None, None];
    for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
        *end = one_end(best, which, rise, sign * first_step, bounds, &mut evaluate)?;
    }
    Ok(ends)
}

fn one_end<const N: usize, E>(
    best: &Minimum<N>,
    which: usize,
    rise: f64,
    first_step: f64,
    bounds: Bounds,
    evaluate: &mut impl FnMut(&[f64; N]) -> Result<Curve<N>, E>,
) -> Result<Option<f64>, E> {
    let ceiling = best.curve.value + rise;
    let (mut inside, mut start) = (best.at[which], best.at);
    let mut step = first_step;
    let mut outside = None;
    for _ in 0..STRIDES {
        let next = (inside + step).clamp(bounds.low, bounds.high);
        if next == inside {
            return Ok(None);
        }
        let (value, there) = held(start, which, next, bounds, evaluate)?;
        // What is not a number is no place that the data allow.
        if value <= ceiling {
            (inside, start) = (next, there);
            step *= 2.0;
        } else {
            outside = Some(next);
            break;
        }
    }
    let Some(mut outside) = outside else { return Ok(None) };
    for _ in 0..HALVINGS {
        if (outside - inside).abs() <= ACCURACY * (1.0 + inside.abs()) {
            break;
        }
        let middle = 0.5 * (inside + outside);
        let (value, there) = held(start, which, middle, bounds, evaluate)?;
        if value <= ceiling {
            (inside, start) = (middle, there);
        } else {
            outside = middle;
        }
    }
    Ok(Some(0.5 * (inside + outside)))
}

/// The minimum over all other variables with `which` held at `value`.
fn held<const N: usize, E>(
    start: [f64; N],
    which: usize,
    value: f64,
    bounds: Bounds,
    evaluate: &mut impl FnMut(&[f64; N]) -> Result<Curve<N>, E>,
) -> Result<(f64, [f64; N]), E> {
    let mut start = start;
    start[which] = value;
    let found = minimise(start, bounds, |at| {
        let mut curve = evaluate(at)?;
        // Without a slope and on its own, the variable stays where it is.
        curve.gradient[which] = 0.0;
        for i in 0..N {
            curve.hessian[which][i] = 0.0;
            curve.hessian[i][which] = 0.0;
        }
        curve.hessian[which][which] = 1.0;
        Ok(curve)
    })?;
    Ok((found.curve.value, found.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const WIDE: Bounds = Bounds { low: -50.0, high: 50.0 };

    /// A bowl with the matrix [2 1; 1 2]: the profile of x is (2 - 1/2) x²/2, which is 3 at ±2.
    #[test]
    fn the_profile_of_a_bowl_is_a_parabola() {
        let bowl = |p: &[f64; 2]| {
            let [x, y] = *p;
            Ok::<_, Infallible>(Curve {
                value: x * x + x * y + y * y,
                gradient: [2.0 * x + y, x + 2.0 * y],
                hessian: [[2.0, 1.0], [1.0, 2.0]],
            })
        };
        let best = minimise([1.0, 1.0], WIDE, bowl).unwrap();
        let [low, high] = ends(&best, 0, 3.0, 0.3, WIDE, bowl).unwrap();
        assert!((low.unwrap() + 2.0).abs() < 1e-6 && (high.unwrap() - 2.0).abs() < 1e-6);
    }

    /// e^x - x rises by 50 on the right between 4 and 5, and on the left not within five of the
    /// minimum.
    #[test]
    fn a_side_may_have_no_end() {
        let lopsided = |p: &[f64; 1]| {
            let e = crate::num::real::exp(p[0]);
            Ok::<_, Infallible>(Curve { value: e - p[0], gradient: [e - 1.0], hessian: [[e]] })
        };
        let bounds = Bounds { low: -5.0, high: 50.0 };
        let best = minimise([1.0], bounds, lopsided).unwrap();
        let [low, high] = ends(&best, 0, 50.0, 1.0, bounds, lopsided).unwrap();
        assert_eq!(low, None);
        let high = high.unwrap();
        assert!((crate::num::real::exp(high) - high - 51.0).abs() < 1e-4, "{high}");
    }
}
