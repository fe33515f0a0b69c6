//! Do two numbers go together: Pearson's and Spearman's correlation, whether it could be chance,
//! and how far it may be off.

use crate::num::blocks;
use crate::num::real::{atanh, tanh};
use crate::num::special::student_two_sided;

/// Pearson's correlation of two columns of finite values. `None` for fewer than two rows, and
/// where a column does not vary.
pub(crate) fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    debug_assert_eq!(x.len(), y.len(), "columns of the same rows");
    let n = x.len();
    if n < 2 {
        return None;
    }
    let mean = |of: &[f64]| blocks::sum(n, |i| of[i]) / n as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let squares_x = blocks::sum(n, |i| (x[i] - mean_x) * (x[i] - mean_x));
    let squares_y = blocks::sum(n, |i| (y[i] - mean_y) * (y[i] - mean_y));
    let products = blocks::sum(n, |i| (x[i] - mean_x) * (y[i] - mean_y));
    // Two roots, because the product of the squares could overflow.
    let scale = squares_x.sqrt() * squares_y.sqrt();
    (scale > 0.0 && scale.is_finite()).then(|| (products / scale).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation: Pearson's of the midranks, so that tied values share their rank.
pub(crate) fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&midranks(x), &midranks(y))
}

/// The rank of each value, from 1; tied values get the mean of the ranks they take up.
pub(crate) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        for &place in tied {
            ranks[place] = rank;
        }
        before += tied.len();
    }
    ranks
}

/// The two-sided p-value of a correlation of `n` rows, by Student's t with `n - 2` degrees of
/// freedom. `None` for fewer than three rows.
pub(crate) fn p_value(correlation: f64, n: usize) -> Option<f64> {
    if n < 3 {
        return None;
    }
    let rest = 1.0 - correlation * correlation;
    if rest <= 0.0 {
        return Some(0.0);
    }
    let degrees = (n - 2) as f64;
    Some(student_two_sided(correlation * (degrees / rest).sqrt(), degrees))
}

/// The interval of a Spearman correlation of `n` rows, on Fisher's scale, with the standard error
/// of Bonett & Wright (2000), Psychometrika 65, which holds for ranks of any distribution.
///
/// `None` for fewer than four rows, and at a perfect correlation, where the scale ends.
pub(crate) fn spearman_interval(correlation: f64, n: usize, z: f64) -> Option<(f64, f64)> {
    if n < 4 || correlation.abs() >= 1.0 {
        return None;
    }
    let error = ((1.0 + correlation * correlation / 2.0) / (n - 3) as f64).sqrt();
    let centre = atanh(correlation);
    Some((tanh(centre - z * error), tanh(centre + z * error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::interval::two_sided;

    /// The example of `ci.spear` in the R package statpsych: .8699639, from .5840951 to .9638297.
    #[test]
    fn spearman_and_its_interval_equal_their_reference() {
        let y = [21., 4., 9., 12., 35., 18., 10., 22., 24., 1., 6., 8., 13., 16., 19.];
        let x = [67., 28., 30., 28., 52., 40., 25., 37., 44., 10., 14., 20., 28., 40., 51.];
        const HALF_OF_LAST_DIGIT: f64 = 5e-8;
        let rho = spearman(&x, &y).unwrap();
        assert!((rho - 0.869_963_9).abs() < HALF_OF_LAST_DIGIT, "{rho}");
        let (low, high) = spearman_interval(rho, 15, two_sided(0.95)).unwrap();
        assert!((low - 0.584_095_1).abs() < HALF_OF_LAST_DIGIT, "{low}");
        assert!((high - 0.963_829_7).abs() < HALF_OF_LAST_DIGIT, "{high}");
    }

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(midranks(&[5.0, 1.0, 5.0, 7.0, 5.0]), [3.0, 1.0, 3.0, 5.0, 3.0]);
        // Two zeros are one value, whatever their sign.
        assert_eq!(midranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(midranks(&[]).is_empty());
    }

    /// Deviations (-1, 0, 1) and (-1, 1, 0): one over two.
    #[test]
    fn pearson_by_hand() {
        let r = pearson(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]).unwrap();
        assert!((r - 0.5).abs() < 1e-15);
        // t = 0.5 sqrt(1 / 0.75) with one degree of freedom: 1 - (2 / pi) atan(t) = 2 / 3.
        assert!((p_value(r, 3).unwrap() - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn pearson_survives_offset_and_scale() {
        let (x, y): (Vec<f64>, Vec<f64>) =
            (0..100).map(|i| (1e9 + f64::from(i), -1e-9 * f64::from(i * 2))).unzip();
        assert!((pearson(&x, &y).unwrap() + 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_correlate() {
        assert_eq!(pearson(&[1.0], &[2.0]), None);
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(p_value(0.3, 2), None);
        assert_eq!(p_value(-1.0, 10), Some(0.0));
        assert_eq!(spearman_interval(0.2, 3, 1.96), None);
        assert_eq!(spearman_interval(1.0, 30, 1.96), None);
    }
}
