//! Minimum of a smooth function of a few variables inside a box: Newton's method with a safeguard.
//!
//! The likelihoods here come with exact first and second derivatives, so Newton's method is at the
//! optimum in about ten evaluations where a method of values alone takes hundreds and stops early.
//! Where the curvature along some direction is negative or nearly none, its size is used instead
//! (Greenstadt 1967), so that every step goes downhill and a flat ridge is crossed in long strides.
//!
//! The search itself works on any number of variables, because models with covariates have as many
//! as the caller brings; models with a fixed number use it through arrays.

use crate::num::linear;

/// Value, gradient and matrix of second derivatives at a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve<const N: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; N],
    pub(crate) hessian: [[f64; N]; N],
}

/// Where the search ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minimum<const N: usize> {
    pub(crate) at: [f64; N],
    pub(crate) curve: Curve<N>,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
    /// Which variables ended on the box's side, pushed against it.
    pub(crate) bound: [bool; N],
}

/// The same for any number of variables.
#[derive(Debug, Clone)]
pub(crate) struct WideCurve {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) hessian: Vec<Vec<f64>>,
}

/// The same for any number of variables.
#[derive(Debug, Clone)]
pub(crate) struct WideMinimum {
    pub(crate) at: Vec<f64>,
    pub(crate) curve: WideCurve,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
    pub(crate) bound: Vec<bool>,
}

/// The box: every variable stays within these two values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

const MAX_ITERATIONS: usize = 200;
/// A Newton step shorter than this in every variable is the last; at a quadratic minimum the error
/// left behind it is its square, below what a double holds, so that nothing is asked there again.
const STEP_TOLERANCE: f64 = 1e-8;
/// No variable moves further than this at once; variables are logarithms, so this is a factor of
/// about 7.
const MAX_STEP: f64 = 2.0;
/// Curvatures below this share of the steepest one count as this much.
const LEAST_CURVATURE: f64 = 1e-14;

/// Searches from `start`. `evaluate` may fail (a cancelled call), which ends the search with its
/// error.
///
/// A point where the value is not finite counts as uphill.
pub(crate) fn minimise<const N: usize, E>(
    start: [f64; N],
    bounds: Bounds,
    mut evaluate: impl FnMut(&[f64; N]) -> Result<Curve<N>, E>,
) -> Result<Minimum<N>, E> {
    let found = minimise_wide(&start, bounds, |at| {
        let curve = evaluate(&std::array::from_fn(|i| at[i]))?;
        Ok(WideCurve {
            value: curve.value,
            gradient: curve.gradient.to_vec(),
            hessian: curve.hessian.iter().map(|row| row.to_vec()).collect(),
        })
    })?;
    let curve = Curve {
        value: found.curve.value,
        gradient: std::array::from_fn(|i| found.curve.gradient[i]),
        hessian: std::array::from_fn(|i| std::array::from_fn(|j| found.curve.hessian[i][j])),
    };
    Ok(Minimum {
        at: std::array::from_fn(|i| found.at[i]),
        curve,
        iterations: found.iterations,
        converged: found.converged,
        bound: std::array::from_fn(|i| found.bound[i]),
    })
}

/// [`minimise`] for any number of variables.
pub(crate) fn minimise_wide<E>(
    start: &[f64],
    bounds: Bounds,
    mut evaluate: impl FnMut(&[f64]) -> Result<WideCurve, E>,
) -> Result<WideMinimum, E> {
    let mut at: Vec<f64> = start.iter().map(|v| v.clamp(bounds.low, bounds.high)).collect();
    let mut curve = evaluate(&at)?;
    let mut converged = false;
    let mut iterations = 0;
    while iterations < MAX_ITERATIONS && curve.value.is_finite() {
        iterations += 1;
        let Some(step) = descent(&at, &curve, bounds) else { break };
        let longest = longest(&step);
        if longest < STEP_TOLERANCE {
            converged = true;
            for (at, step) in at.iter_mut().zip(&step) {
                *at = (*at + step).clamp(bounds.low, bounds.high);
            }
            break;
        }
        let shrink = (MAX_STEP / longest).min(1.0).min(room(&at, &step, bounds));
        match line_search(&at, &curve, &step, shrink, bounds, &mut evaluate)? {
            Some((next, there)) => (at, curve) = (next, there),
            // Not even a tiny step goes down. What the step promises tells rounding from being
            // stuck.
            None => {
                converged = -0.5 * dot(&curve.gradient, &step) < value_noise(&curve);
                break;
            }
        }
    }
    let downhill: Vec<f64> = curve.gradient.iter().map(|g| -g).collect();
    let bound = pushed_against(&at, &downhill, bounds);
    Ok(WideMinimum { at, curve, iterations, converged, bound })
}

/// Variables that sit on a side of the box and would leave it along `direction`.
fn pushed_against(at: &[f64], direction: &[f64], bounds: Bounds) -> Vec<bool> {
    let leaves = |(&at, &direction): (&f64, &f64)| {
        (at <= bounds.low && direction < 0.0) || (at >= bounds.high && direction > 0.0)
    };
    at.iter().zip(direction).map(leaves).collect()
}

/// How much of the step fits into the box.
fn room(at: &[f64], step: &[f64], bounds: Bounds) -> f64 {
    at.iter().zip(step).fold(f64::INFINITY, |room, (&at, &step)| {
        let side = if step > 0.0 { bounds.high } else { bounds.low };
        if step == 0.0 { room } else { room.min((side - at) / step) }
    })
}

/// The Newton step over the variables that may move, with the size of each curvature; always
/// downhill.
///
/// A variable on a side of the box that the step would push out is held, and the step taken anew:
/// clipping it instead would bend the step, uphill where variables hang together.
fn descent(at: &[f64], curve: &WideCurve, bounds: Bounds) -> Option<Vec<f64>> {
    let downhill: Vec<f64> = curve.gradient.iter().map(|g| -g).collect();
    let mut held = pushed_against(at, &downhill, bounds);
    loop {
        let step = newton_step(curve, &held)?;
        let pushed = pushed_against(at, &step, bounds);
        if !pushed.contains(&true) {
            return Some(step);
        }
        for (held, pushed) in held.iter_mut().zip(pushed) {
            *held |= pushed;
        }
    }
}

/// Along each eigenvector of the curvature, the slope over the size of the curvature.
fn newton_step(curve: &WideCurve, held: &[bool]) -> Option<Vec<f64>> {
    let n = held.len();
    let mut matrix = curve.hessian.clone();
    for i in 0..n {
        for j in 0..n {
            if held[i] || held[j] {
                matrix[i][j] = if i == j { 1.0 } else { 0.0 };
            }
        }
    }
    let (values, vectors) = linear::eigen(matrix)?;
    let steepest = values.iter().fold(0.0_f64, |most, v| v.abs().max(most));
    let mut step = vec![0.0; n];
    for (value, vector) in values.iter().zip(&vectors) {
        let slope =
            (0..n).filter(|&i| !held[i]).fold(0.0, |sum, i| sum + vector[i] * curve.gradient[i]);
        let length = -slope / value.abs().max(LEAST_CURVATURE * steepest).max(f64::MIN_POSITIVE);
        for i in (0..n).filter(|&i| !held[i]) {
            step[i] += length * vector[i];
        }
    }
    step.iter().all(|s| s.is_finite()).then_some(step)
}

/// Halves the step until the value falls by a fair part of what the slope promises.
fn line_search<E>(
    at: &[f64],
    curve: &WideCurve,
    step: &[f64],
    shrink: f64,
    bounds: Bounds,
    evaluate: &mut impl FnMut(&[f64]) -> Result<WideCurve, E>,
) -> Result<Option<(Vec<f64>, WideCurve)>, E> {
    let slope = dot(&curve.gradient, step);
    let mut length = shrink;
    for _ in 0..40 {
        let moved = |(at, step): (&f64, &f64)| (at + length * step).clamp(bounds.low, bounds.high);
        let next: Vec<f64> = at.iter().zip(step).map(moved).collect();
        let there = evaluate(&next)?;
        let falls = there.value < curve.value && there.value <= curve.value + 1e-4 * length * slope;
        // Near the optimum the fall drowns in rounding of the value; a smaller gradient is then the
        // better witness.
        let settles = (there.value - curve.value).abs() <= value_noise(curve)
            && longest(&there.gradient) < longest(&curve.gradient);
        if there.value.is_finite() && (falls || settles) {
            return Ok(Some((next, there)));
        }
        length *= 0.5;
    }
    Ok(None)
}

fn value_noise(curve: &WideCurve) -> f64 {
    64.0 * f64::EPSILON * curve.value.abs().max(1.0)
}

fn longest(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |longest, v| v.abs().max(longest))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |total, (a, b)| total + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const WIDE: Bounds = Bounds { low: -50.0, high: 50.0 };

    /// Rosenbrock (1960): a curved valley with its minimum at (1, 1).
    fn rosenbrock(p: &[f64; 2]) -> Result<Curve<2>, Infallible> {
        let [x, y] = *p;
        let valley = y - x * x;
        Ok(Curve {
            value: (1.0 - x) * (1.0 - x) + 100.0 * valley * valley,
            gradient: [-2.0 * (1.0 - x) - 400.0 * x * valley, 200.0 * valley],
            hessian: [[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0]],
        })
    }

    #[test]
    fn finds_the_floor_of_a_curved_valley() {
        let found = minimise([-1.2, 1.0], WIDE, rosenbrock).unwrap();
        assert!(found.converged);
        assert!(
            (found.at[0] - 1.0).abs() < 1e-9 && (found.at[1] - 1.0).abs() < 1e-9,
            "{:?}",
            found.at
        );
        assert!(found.iterations < 40);
    }

    #[test]
    fn stops_at_the_box_and_says_so() {
        let found = minimise([0.0, 0.0], Bounds { low: -0.5, high: 0.5 }, rosenbrock).unwrap();
        assert!(found.converged);
        assert_eq!(found.bound, [true, false]);
        assert!((found.at[0] - 0.5).abs() < 1e-12 && (found.at[1] - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_function_that_never_ends_falling_runs_to_the_box() {
        let falling = |p: &[f64; 1]| -> Result<Curve<1>, Infallible> {
            let e = crate::num::real::exp(-p[0]);
            Ok(Curve { value: e, gradient: [-e], hessian: [[e]] })
        };
        let found = minimise([0.0], Bounds { low: -5.0, high: 5.0 }, falling).unwrap();
        assert_eq!(found.bound, [true]);
        assert_eq!(found.at, [5.0]);
    }

    #[test]
    fn a_value_that_is_not_finite_is_not_called_converged() {
        let nothing = |_: &[f64; 1]| -> Result<Curve<1>, Infallible> {
            Ok(Curve { value: f64::NAN, gradient: [0.0], hessian: [[1.0]] })
        };
        assert!(!minimise([0.0], WIDE, nothing).unwrap().converged);
    }

    #[test]
    fn an_error_of_the_function_ends_the_search() {
        assert_eq!(minimise([0.0; 2], WIDE, |_| Err("stop")).unwrap_err(), "stop");
    }
}
