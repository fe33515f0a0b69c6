//! P-values adjusted for many tests at once.

/// Adjusted p-values that control the false discovery rate.
///
/// Benjamini & Hochberg (1995), in the step-up form: the adjusted value of the test ranked `j` of
/// `m` is the least of `p m / rank` over the ranks from `j` on, and never above one.
pub(crate) fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let tests = p_values.len();
    let mut order: Vec<usize> = (0..tests).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; tests];
    let mut least = 1.0_f64;
    for (rank, &test) in order.iter().enumerate().rev() {
        least = least.min(p_values[test] * tests as f64 / (rank + 1) as f64);
        adjusted[test] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R's `p.adjust(p, "BH")` on eight p-values with ties.
    #[test]
    fn equals_r() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.05, 0.5, 0.0001, 0.04];
        let r = [
            0.04,
            0.053_333_333_333_333_34,
            0.053_333_333_333_333_34,
            0.053_333_333_333_333_34,
            0.057_142_857_142_857_15,
            0.5,
            0.0008,
            0.053_333_333_333_333_34,
        ];
        for (got, want) in benjamini_hochberg(&p).iter().zip(r) {
            assert!((got - want).abs() < 1e-15, "{got} {want}");
        }
    }

    #[test]
    fn no_tests_no_values() {
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
