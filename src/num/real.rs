//! Transcendental functions from one pure-Rust source, so that results keep their bits across
//! platforms.
//!
//! The standard library hands these to the platform, and its documentation says that their last
//! digits vary by platform, by compiler version and even within one run; clippy therefore refuses
//! them in this crate.

pub(crate) use libm::{atanh, exp, expm1 as exp_m1, log as ln, log1p as ln_1p, tanh};

/// `ln(e^a + e^b)` without overflow; minus infinity stands for an absent term.
pub(crate) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + ln_1p(exp(low - high)) }
}

/// `1 / (1 + e^-z)`, exact to the last digits at both ends.
pub(crate) fn logistic(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + exp(-z))
    } else {
        let e = exp(z);
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_add_survives_both_ends() {
        assert_eq!(log_add(f64::NEG_INFINITY, -3.0), -3.0);
        assert_eq!(log_add(1000.0, 1000.0), 1000.0 + ln(2.0));
        assert_eq!(log_add(-1e300, 0.0), 0.0);
    }

    #[test]
    fn logistic_reaches_its_limits_without_overflow() {
        assert_eq!(logistic(0.0), 0.5);
        assert_eq!(logistic(800.0), 1.0);
        assert!(logistic(-700.0) > 0.0);
        assert_eq!(logistic(-800.0), 0.0);
    }
}
