//! Intervals: Wilson's for a share, and the approximate bootstrap for a mean.

use crate::num::blocks;
use crate::num::special::normal_quantile;

/// The standard normal quantile that leaves half of `1 - confidence` above it.
pub(crate) fn two_sided(confidence: f64) -> f64 {
    normal_quantile(0.5 + confidence / 2.0)
}

/// Wilson's (1927) interval for a share of which `count` of `n` were seen. `None` for `n` of zero.
pub(crate) fn wilson(count: f64, n: f64, z: f64) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let share = count / n;
    let z2 = z * z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// The approximate bootstrap confidence interval of a mean, without resampling.
///
/// DiCiccio & Efron (1992): second-order correct like the bias-corrected and accelerated bootstrap,
/// in closed form. For a mean the bias correction equals the acceleration `a`, a sixth of the
/// skewness of the mean, and the end points are
///
/// ```text
/// mean + s w / (1 - a w)²,   w = a ± z
/// ```
///
/// `None` for fewer than two values, and where the values are so skewed that the approximation has
/// no end point.
pub(crate) fn approximate_bootstrap(
    n: usize,
    value: impl Fn(usize) -> f64,
    z: f64,
) -> Option<(f64, f64)> {
    if n < 2 {
        return None;
    }
    let count = n as f64;
    let mean = blocks::sum(n, &value) / count;
    let squares = blocks::sum(n, |i| {
        let t = value(i) - mean;
        t * t
    });
    if squares == 0.0 {
        return Some((mean, mean));
    }
    let cubes = blocks::sum(n, |i| {
        let t = value(i) - mean;
        t * t * t
    });
    let deviation = squares.sqrt() / count;
    let a = cubes / (6.0 * squares * squares.sqrt());
    let end = |z: f64| {
        let w = a + z;
        let rest = 1.0 - a * w;
        (rest > 0.0).then(|| mean + deviation * w / (rest * rest))
    };
    end(-z).zip(end(z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::quantile::{quantile, sorted};
    use crate::num::random::{Purpose, Stream};
    use crate::num::real::exp;

    /// 5 of 240, by an independent implementation.
    #[test]
    fn wilson_equals_its_reference() {
        let (low, high) = wilson(5.0, 240.0, two_sided(0.95)).unwrap();
        assert!((low - 0.008_930_796_114_630_17).abs() < 1e-12);
        assert!((high - 0.047_833_377_162_697_03).abs() < 1e-12);
        assert_eq!(wilson(0.0, 0.0, 2.0), None);
        assert_eq!(wilson(0.0, 10.0, 2.0).unwrap().0, 0.0);
        assert_eq!(wilson(10.0, 10.0, 2.0).unwrap().1, 1.0);
    }

    /// A naive bias-corrected and accelerated bootstrap of 4,000 resamples of skewed values.
    #[test]
    fn the_approximation_is_near_the_bootstrap() {
        let mut stream = Stream::new(1, Purpose::Sample, 0);
        let values: Vec<f64> = (0..200).map(|_| exp(stream.normal())).collect();
        let mean = values.iter().sum::<f64>() / 200.0;
        let resampled =
            sorted((0..4000).map(|_| {
                (0..200).map(|_| values[stream.below(200) as usize]).sum::<f64>() / 200.0
            }));
        let below = resampled.iter().filter(|&&m| m < mean).count() as f64 / 4000.0;
        let z0 = normal_quantile(below);
        let jack: Vec<f64> = values.iter().map(|v| (v - mean) / 199.0).collect();
        let cubes: f64 = jack.iter().map(|u| u * u * u).sum();
        let squares: f64 = jack.iter().map(|u| u * u).sum();
        let a = cubes / (6.0 * squares * squares.sqrt());
        let end = |z: f64| {
            let w = z0 + z;
            let p = 0.5 * libm::erfc(-(z0 + w / (1.0 - a * w)) / std::f64::consts::SQRT_2);
            quantile(&resampled, p).unwrap()
        };
        let (low, high) = approximate_bootstrap(200, |i| values[i], 1.96).unwrap();
        let width = end(1.96) - end(-1.96);
        assert!((low - end(-1.96)).abs() < 0.06 * width, "{low} {}", end(-1.96));
        assert!((high - end(1.96)).abs() < 0.06 * width, "{high} {}", end(1.96));
        // Skewed to the right: the upper arm is the longer one.
        assert!(high - mean > 1.1 * (mean - low));
    }

    #[test]
    fn degenerate_samples() {
        assert_eq!(approximate_bootstrap(1, |_| 3.0, 1.96), None);
        assert_eq!(approximate_bootstrap(5, |_| 3.0, 1.96), Some((3.0, 3.0)));
    }
}
