//! Two groups compared on a number: how far apart, in standard deviations, and could it be chance.

use crate::num::real::{exp, ln};
use crate::num::special::{ln_gamma, student_two_sided};

/// Count, mean and sum of squared deviations of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    squares: f64,
}

impl Moments {
    /// Of the values, by two passes with a correction for the rounding of the mean.
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        if values.is_empty() {
            return Self::default();
        }
        let rough = values.iter().fold(0.0, |sum, v| sum + v / n);
        let (mut sum, mut squares) = (0.0, 0.0);
        for value in values {
            let away = value - rough;
            sum += away;
            squares += away * away;
        }
        Self { n, mean: rough + sum / n, squares: (squares - sum * sum / n).max(0.0) }
    }

    /// Variance with divisor `n - 1`; `None` for fewer than two values.
    pub(crate) fn variance(&self) -> Option<f64> {
        (self.n > 1.0).then(|| self.squares / (self.n - 1.0))
    }
}

/// Hedges' g: the difference of the means in pooled standard deviations, corrected for small
/// samples by the exact gamma factor (Hedges 1981). `None` where there is no spread.
pub(crate) fn hedges_g(a: &Moments, b: &Moments) -> Option<f64> {
    let degrees = a.n + b.n - 2.0;
    if !(a.n > 0.0 && b.n > 0.0 && degrees > 1.0) {
        return None;
    }
    let pooled = ((a.squares + b.squares) / degrees).sqrt();
    (pooled > 0.0).then(|| small_sample_factor(degrees) * (a.mean - b.mean) / pooled)
}

/// `Γ(m/2) / (√(m/2) Γ((m-1)/2))`.
fn small_sample_factor(degrees: f64) -> f64 {
    let half = degrees / 2.0;
    exp(ln_gamma(half) - ln_gamma(half - 0.5) - 0.5 * ln(half))
}

/// Welch's comparison of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Welch {
    pub(crate) standard_error: f64,
    /// Two-sided.
    pub(crate) p_value: f64,
}

/// `None` where a group has fewer than two values or neither varies.
pub(crate) fn welch(a: &Moments, b: &Moments) -> Option<Welch> {
    let (va, vb) = (a.variance()? / a.n, b.variance()? / b.n);
    let both = va + vb;
    if !(both > 0.0 && both.is_finite()) {
        return None;
    }
    let degrees = both * both / (va * va / (a.n - 1.0) + vb * vb / (b.n - 1.0));
    let standard_error = both.sqrt();
    Some(Welch {
        standard_error,
        p_value: student_two_sided((a.mean - b.mean) / standard_error, degrees),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_a_large_offset() {
        let values: Vec<f64> = [1.0, 2.0, 3.0, 4.0].iter().map(|v| v + 1e9).collect();
        let moments = Moments::of(&values);
        assert_eq!(moments.mean, 1e9 + 2.5);
        assert!((moments.variance().unwrap() - 5.0 / 3.0).abs() < 1e-15);
    }

    /// SciPy 1.17: `J` for 818 degrees of freedom.
    #[test]
    fn the_small_sample_factor_equals_its_reference() {
        assert!((small_sample_factor(818.0) - 0.999_082_802_536_628_3).abs() < 1e-12);
    }

    /// SciPy's `ttest_ind(equal_var=False)` on these two groups: t = -1.224744871391589, df = 4, p
    /// = 0.2878641347266908.
    #[test]
    fn welch_equals_its_reference() {
        let (a, b) = (Moments::of(&[1.0, 2.0, 3.0]), Moments::of(&[2.0, 3.0, 4.0]));
        let test = welch(&a, &b).unwrap();
        assert!((test.p_value - 0.287_864_134_726_690_8).abs() < 1e-10, "{}", test.p_value);
        // d = -1 with four degrees of freedom, times J(4) = 0.797885 (sqrt(2 / pi)).
        assert!((hedges_g(&a, &b).unwrap() + 0.797_884_560_802_865_4).abs() < 1e-14);
    }

    #[test]
    fn groups_without_spread_have_no_test() {
        let (a, b) = (Moments::of(&[1.0, 1.0]), Moments::of(&[2.0, 2.0]));
        assert_eq!((welch(&a, &b), hedges_g(&a, &b)), (None, None));
        assert_eq!(welch(&Moments::of(&[]), &a), None);
    }
}
