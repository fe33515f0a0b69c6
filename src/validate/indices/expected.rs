//! The mutual information that two random segmentations of given sizes have by chance.

use crate::num::real::ln;

/// Terms of a distribution below this share of its largest no longer count.
const NEGLIGIBLE: f64 = 1e-25;

/// The mean mutual information over all segmentations with segments of these sizes (Vinh, Epps &
/// Bailey 2010, equation 24a).
///
/// For two segments the customers in both are hypergeometric. Its terms are taken relative to the
/// largest, by ratios of neighbours, and divided by their sum: factorials of many customers would
/// lose the last digits.
pub(super) fn expected_information(rows: &[u64], columns: &[u64], n: u64) -> f64 {
    let counted = |sizes: &[u64]| {
        let mut sorted: Vec<u64> = sizes.iter().copied().filter(|&size| size > 0).collect();
        sorted.sort_unstable();
        let mut counted: Vec<(u64, f64)> = Vec::new();
        for size in sorted {
            match counted.last_mut() {
                Some((known, times)) if *known == size => *times += 1.0,
                _ => counted.push((size, 1.0)),
            }
        }
        counted
    };
    let (rows, columns) = (counted(rows), counted(columns));
    let mut total = 0.0;
    // Equal sizes have equal terms: of ten thousand singletons one is computed.
    for &(a, times_a) in &rows {
        for &(b, times_b) in &columns {
            total += times_a * times_b * of_two(a, b, n);
        }
    }
    total
}

/// The mean of `m / n ln(n m / (a b))` over the hypergeometric number `m` in both.
fn of_two(a: u64, b: u64, n: u64) -> f64 {
    let (least, most) = ((a + b).saturating_sub(n), a.min(b));
    let wide = u128::from(a + 1) * u128::from(b + 1) / u128::from(n + 2);
    let mode = (wide as u64).clamp(least, most);
    let term = |m: u64| {
        let m = m as f64;
        if m == 0.0 { 0.0 } else { m / n as f64 * ln(m / (a as f64 * (b as f64 / n as f64))) }
    };
    let (mut weights, mut sum) = (1.0, term(mode));
    let mut weight = 1.0;
    for m in mode + 1..=most {
        let (before, rest) = ((m - 1) as f64, (n + m - a - b) as f64);
        weight *= (a as f64 - before) * (b as f64 - before) / (m as f64 * rest);
        weights += weight;
        sum += weight * term(m);
        if weight < NEGLIGIBLE {
            break;
        }
    }
    weight = 1.0;
    for m in (least..mode).rev() {
        let (after, rest) = ((m + 1) as f64, (n + m + 1 - a - b) as f64);
        weight *= after * rest / ((a as f64 - m as f64) * (b as f64 - m as f64));
        weights += weight;
        sum += weight * term(m);
        if weight < NEGLIGIBLE {
            break;
        }
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pairs against two pairs: of the three ways one has m = 2 or 0 everywhere, two have m = 1.
    #[test]
    fn four_customers_by_hand() {
        let expected = expected_information(&[2, 2], &[2, 2], 4);
        assert!((expected - ln(2.0) / 3.0).abs() < 1e-15, "{expected}");
    }

    #[test]
    fn large_segments_keep_their_digits() {
        // For large n the information is (k-1)(l-1)/(2n) to first order.
        let n = 40_000_000u64;
        let expected = expected_information(&[n / 2, n / 2], &[n / 4, n / 4, n / 2], n);
        assert!((expected * 2.0 * n as f64 - 2.0).abs() < 1e-3, "{expected}");
    }
}
