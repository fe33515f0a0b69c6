//! Draws from the classical distributions, on top of a [`Stream`].
//!
//! Exact rejection methods that need nothing but arithmetic, square roots and the functions of
//! `num::real`, so that a draw has the same bits on every platform. Gamma values are drawn as
//! logarithms, because for a small shape nearly all of them lie below the smallest double, and a
//! beta value made of two zeros would be no number.

use crate::num::random::Stream;
use crate::num::real::{exp, ln, logistic};

impl Stream {
    /// Yes with probability `p`. Takes one value from the stream whatever `p` is, so that changing
    /// a probability leaves all other draws as they are.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Exponential with mean 1, by inversion; never zero.
    pub(crate) fn exponential(&mut self) -> f64 {
        -ln(self.open_uniform())
    }

    /// Standard normal, by the polar method (Marsaglia & Bray 1964). The second value of a pair is
    /// thrown away: keeping it would make a draw depend on how many came before.
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.open_uniform() - 1.0;
            let y = 2.0 * self.open_uniform() - 1.0;
            let s = x * x + y * y;
            if s < 1.0 && s > 0.0 {
                return x * (-2.0 * ln(s) / s).sqrt();
            }
        }
    }

    /// Gamma with this positive `shape` and scale 1; zero where the value is below the smallest
    /// double.
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 { self.gamma_from_one(shape) } else { exp(self.ln_gamma(shape)) }
    }

    /// Beta with these positive parameters.
    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = self.ln_gamma(a);
        let y = self.ln_gamma(b);
        logistic(x - y)
    }

    /// Poisson with this mean: how many steps of mean 1 fit into it.
    ///
    /// # Cost
    ///
    /// Linear in the mean.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut reached) = (0, self.exponential());
        while reached < mean {
            count += 1;
            reached += self.exponential();
        }
        count
    }

    /// A Poisson value of a small mean, given the probability of none, `e^-mean`: the probabilities
    /// are gone through from none on, so that one uniform value is enough.
    pub(crate) fn poisson_by_search(&mut self, mean: f64, none: f64) -> u64 {
        let (mut left, mut chance, mut count) = (self.uniform(), none, 0u32);
        while left >= chance {
            // What rounding leaves over at the far end is nobody's.
            if chance < 1e-20 && f64::from(count) > mean {
                break;
            }
            left -= chance;
            count += 1;
            chance *= mean / f64::from(count);
        }
        u64::from(count)
    }

    /// The logarithm of a gamma value. Below shape 1 by the boost of Marsaglia & Tsang (2000,
    /// section 6): a value of shape `k + 1` times the `k`-th root of a uniform one.
    fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            ln(self.gamma_from_one(shape))
        } else {
            ln(self.gamma_from_one(shape + 1.0)) + ln(self.open_uniform()) / shape
        }
    }

    /// Marsaglia & Tsang (2000), "A simple method for generating gamma variables", without the
    /// squeeze: it saves a logarithm and nothing else.
    fn gamma_from_one(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let t = 1.0 + c * x;
            if t <= 0.0 {
                continue;
            }
            let v = t * t * t;
            if ln(self.open_uniform()) < 0.5 * x * x + d - d * v + d * ln(v) {
                return d * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Beta, ContinuousCDF, Exp, Gamma, Normal};

    use super::*;
    use crate::num::random::Purpose;

    const N: usize = 100_000;

    /// Kolmogorov's bound at a false-alarm rate of 1e-6 for a seed: `sqrt(ln(2 / 1e-6) / 2)`.
    const KOLMOGOROV: f64 = 2.694;

    /// Moments may stray this many standard errors: a false alarm in two million seeds.
    const ERRORS: f64 = 5.0;

    fn draws(index: u64, draw: impl Fn(&mut Stream) -> f64) -> Vec<f64> {
        let mut stream = Stream::new(20_260_101, Purpose::Sample, index);
        (0..N).map(|_| draw(&mut stream)).collect()
    }

    /// Mean and variance against closed forms; the standard error of the variance is taken from
    /// the sample's own fourth moment.
    fn moments(values: &[f64], mean: f64, variance: f64) {
        let n = values.len() as f64;
        let got = values.iter().sum::<f64>() / n;
        let deviations = || values.iter().map(|v| (v - mean) * (v - mean));
        let spread = deviations().sum::<f64>() / n;
        let fourth = deviations().map(|d| d * d).sum::<f64>() / n;
        assert!((got - mean).abs() < ERRORS * (variance / n).sqrt(), "mean {got}, not {mean}");
        let error = ((fourth - spread * spread) / n).sqrt();
        assert!((spread - variance).abs() < ERRORS * error, "variance {spread}, not {variance}");
    }

    fn distributed(mut values: Vec<f64>, below: impl Fn(f64) -> f64) {
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let mut worst = 0.0f64;
        for (i, &value) in values.iter().enumerate() {
            let p = below(value);
            worst = worst.max((p - i as f64 / n).abs()).max(((i + 1) as f64 / n - p).abs());
        }
        assert!(worst * n.sqrt() < KOLMOGOROV, "largest distance {worst}");
    }

    #[test]
    fn exponential_and_normal() {
        let values = draws(0, Stream::exponential);
        moments(&values, 1.0, 1.0);
        distributed(values, |x| Exp::new(1.0).unwrap().cdf(x));
        let values = draws(1, Stream::normal);
        moments(&values, 0.0, 1.0);
        distributed(values, |x| Normal::standard().cdf(x));
    }

    #[test]
    fn gamma_on_both_sides_of_shape_one() {
        for (index, shape) in [(10, 0.05), (11, 0.243), (12, 1.0), (13, 6.25), (14, 400.0)] {
            let values = draws(index, |stream| stream.gamma(shape));
            moments(&values, shape, shape);
            distributed(values, |x| Gamma::new(shape, 1.0).unwrap().cdf(x));
        }
    }

    #[test]
    fn beta_where_it_is_round_and_where_it_is_hollow() {
        for (index, a, b) in [(20, 0.793, 2.426), (21, 0.1, 0.2), (22, 3.0, 30.0), (23, 1.0, 1.0)] {
            let values = draws(index, |stream| stream.beta(a, b));
            let total = a + b;
            moments(&values, a / total, a * b / (total * total * (total + 1.0)));
            distributed(values, |x| Beta::new(a, b).unwrap().cdf(x));
        }
    }

    #[test]
    fn poisson_has_a_variance_like_its_mean() {
        for (index, mean) in [(30, 0.3), (31, 4.0), (32, 60.0)] {
            let values = draws(index, |stream| stream.poisson(mean) as f64);
            moments(&values, mean, mean);
        }
        for (index, mean) in [(33, 1.0), (34, 16.0)] {
            let none = crate::num::real::exp(-mean);
            let values = draws(index, |stream| stream.poisson_by_search(mean, none) as f64);
            moments(&values, mean, mean);
        }
        let mut stream = Stream::new(0, Purpose::Sample, 0);
        assert_eq!((stream.poisson(0.0), stream.poisson_by_search(0.0, 1.0)), (0, 0));
    }

    #[test]
    fn certain_and_impossible_chances() {
        let mut stream = Stream::new(0, Purpose::Sample, 1);
        assert!((0..N).all(|_| stream.chance(1.0) && !stream.chance(0.0)));
    }

    /// For a shape of a millionth every value but a few in ten thousand is below the smallest
    /// double; a beta of two such is an end of the range and still a number.
    #[test]
    fn tiny_shapes_give_numbers() {
        let mut stream = Stream::new(0, Purpose::Sample, 2);
        for _ in 0..1000 {
            assert!(stream.gamma(1e-6) >= 0.0);
            assert!((0.0..=1.0).contains(&stream.beta(1e-6, 1e-6)));
        }
    }

    /// Golden values: a change here changes every seeded result of every user.
    #[test]
    fn the_values_never_change() {
        let mut stream = Stream::new(7, Purpose::Sample, 3);
        let got = [
            stream.open_uniform(),
            stream.exponential(),
            stream.normal(),
            stream.gamma(0.243),
            stream.gamma(6.25),
            stream.beta(0.793, 2.426),
            stream.poisson(4.0) as f64,
        ];
        assert_eq!(got.map(f64::to_bits), GOLDEN.map(f64::to_bits), "{got:?}");
    }
    const GOLDEN: [f64; 7] = [
        0.882_461_405_412_251_8,
        0.017_733_476_685_114_657,
        0.044_422_316_498_738_8,
        0.000_185_744_463_590_248_85,
        4.407_257_227_694_6,
        0.416_774_772_260_460_3,
        4.0,
    ];
}
