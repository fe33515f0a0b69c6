//! Sums that do not depend on the order of their terms.
//!
//! Each term is cut into three pieces of fixed places, which add up without rounding: the pieces of
//! one level are whole multiples of one unit, and there is room above them for the sum of all. So
//! any order and any grouping of the terms gives the same bits.

/// Where the places of the pieces lie, for so many terms up to such a size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// Terms are scaled down where their sum might overflow.
    factor: f64,
    shifts: [f64; 3],
}

/// Three exact partial sums.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct OrderFreeSum([f64; 3]);

/// `2^exponent`, or the nearest there is.
fn power_of_two(exponent: i32) -> f64 {
    libm::scalbn(1.0, exponent)
}

impl Places {
    /// For at most `terms` finite terms of an absolute value of at most `largest`.
    ///
    /// With `2^e` above the largest and `2^k` at least the number of terms, adding and taking away
    /// `1.5 · 2^(e+k)` leaves a term rounded to multiples of `2^(e+k-52)`; so many of those add up
    /// to at most `2^(e+k)`, which is exact. What the rounding left is cut in the same way (Rump,
    /// Ogita & Oishi 2008, algorithm 3.3). For ten million terms the three levels keep everything
    /// down to `2^-86` of the largest.
    pub(crate) fn of(largest: f64, terms: usize) -> Self {
        const ROOM: i32 = 900;
        let (_, exponent) = libm::frexp(largest);
        let factor = if exponent > ROOM { power_of_two(-128) } else { 1.0 };
        let mut exponent = if exponent > ROOM { exponent - 128 } else { exponent };
        let terms = (usize::BITS - terms.leading_zeros()) as i32 + 1;
        let shifts = std::array::from_fn(|_| {
            let shift = exponent + terms;
            exponent = shift - 53;
            1.5 * power_of_two(shift)
        });
        Self { factor, shifts }
    }
}

impl OrderFreeSum {
    /// Each of some terms as a sum of its own; several are cut at once.
    #[inline(always)]
    pub(crate) fn of<const N: usize>(places: &Places, terms: [f64; N]) -> [Self; N] {
        let mut rest = terms.map(|term| term * places.factor);
        let pieces = places.shifts.map(|shift| {
            let pieces = rest.map(|rest| (rest + shift) - shift);
            for (rest, piece) in rest.iter_mut().zip(pieces) {
                *rest -= piece;
            }
            pieces
        });
        std::array::from_fn(|i| Self([pieces[0][i], pieces[1][i], pieces[2][i]]))
    }

    /// Adds a term.
    pub(crate) fn add(&mut self, places: &Places, term: f64) {
        self.merge(&Self::of(places, [term])[0]);
    }

    /// Adds another sum of the same places.
    #[inline(always)]
    pub(crate) fn merge(&mut self, other: &Self) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum += part;
        }
    }

    /// The sum, the nearest finite number where it overflows.
    pub(crate) fn value(&self, places: &Places) -> f64 {
        let [high, middle, low] = self.0;
        ((high + (middle + low)) / places.factor).clamp(f64::MIN, f64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};
    use crate::num::real::exp;

    fn sum(terms: &[f64]) -> f64 {
        let largest = terms.iter().fold(0.0f64, |m, t| m.max(t.abs()));
        let places = Places::of(largest, terms.len());
        let mut sum = OrderFreeSum::default();
        for &term in terms {
            sum.add(&places, term);
        }
        sum.value(&places)
    }

    #[test]
    fn every_order_has_the_same_bits() {
        let mut stream = Stream::new(3, Purpose::Sample, 0);
        let mut terms: Vec<f64> =
            (0..5000).map(|_| exp(6.0 * stream.normal()) * (stream.uniform() - 0.4)).collect();
        let expected = sum(&terms);
        for _ in 0..20 {
            stream.shuffle(&mut terms);
            assert_eq!(sum(&terms).to_bits(), expected.to_bits());
        }
        // Against whole numbers: every term is a multiple of 2^-60 or below its reach.
        let whole: i128 = terms.iter().map(|t| (t * 1e9) as i128).sum();
        assert!((expected - whole as f64 / 1e9).abs() < 1e-5 * 5e-3 * 5000.0);
    }

    #[test]
    fn whole_numbers_and_cancelling_terms_are_exact() {
        assert_eq!(sum(&[1e15, 3.0, -1e15, 0.25]), 3.25);
        let cents: Vec<f64> = (0..10_000).map(|i| f64::from(i) * 0.25).collect();
        assert_eq!(sum(&cents), 9_999.0 * 10_000.0 / 8.0);
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[0.0, 0.0]), 0.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::MAX);
        assert_eq!(sum(&[f64::MAX, -f64::MAX]), 0.0);
        assert_eq!(sum(&[5e-324; 8]), 4e-323);
    }
}
