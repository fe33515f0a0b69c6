//! The generalised exponential integral, scaled so that it neither underflows nor overflows.

use crate::num::decay::Decay;

/// `e^z E_s(z) = ∫ e^(-zt) (1+t)^-s dt` over all positive t, for positive `s` and `z`.
///
/// For `z >= 1` the continued fraction of Abramowitz & Stegun 5.1.22 in its even form, by Lentz's
/// method; below, where that converges slowly, the integral itself. Exact to 1e-12, relative, over
/// `s` from 1e-6 to 1e8 and `z` from 1e-12 to 1e12.
pub(crate) fn scaled_exponential_integral(s: f64, z: f64) -> f64 {
    if z < 1.0 {
        return Decay { a: 1.0, p: s, b: 1.0, q: 0.0, c: z }.integral(f64::INFINITY);
    }
    // With s = 0 the fraction would be 1/z at once; for positive s all denominators are positive.
    const MOST_TERMS: u32 = 500;
    let mut denominator = z + s;
    let mut numerator_ratio = f64::INFINITY;
    let mut denominator_ratio = 1.0 / denominator;
    let mut value = denominator_ratio;
    for i in 1..=MOST_TERMS {
        let i = f64::from(i);
        let term = -i * (s - 1.0 + i);
        denominator += 2.0;
        denominator_ratio = 1.0 / (term * denominator_ratio + denominator);
        numerator_ratio = denominator + term / numerator_ratio;
        let factor = numerator_ratio * denominator_ratio;
        value *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_more_than_two_thousand_stored_points() {
        const TOLERANCE: f64 = 1e-12;
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/exponential_integral.txt");
        let stored = std::fs::read_to_string(file).unwrap();
        let mut points = 0;
        for line in stored.lines() {
            let fields: Vec<f64> = line.split(' ').map(|field| field.parse().unwrap()).collect();
            let [s, z, want] = fields[..] else { panic!("{line}") };
            let got = scaled_exponential_integral(s, z);
            assert!((got - want).abs() <= TOLERANCE * want, "s {s}, z {z}: got {got}, want {want}");
            points += 1;
        }
        assert!(points >= 2000, "{points}");
    }

    /// Abramowitz & Stegun, table 5.1: `x e^x E_1(x)` at 10 is 0.915633339.
    #[test]
    fn equals_a_printed_value() {
        assert!((10.0 * scaled_exponential_integral(1.0, 10.0) - 0.915_633_339).abs() < 5e-10);
    }
}
