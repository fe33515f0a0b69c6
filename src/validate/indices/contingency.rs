//! Two segmentations of the same customers: how far they agree.
//!
//! Everything follows from one table of counts, in whole numbers, so that two segmentations that
//! agree get exactly one.

use crate::cluster::Segmentation;
use crate::num::real::ln;
use crate::units::SegmentId;
use crate::validate::ValidateError;
use crate::validate::indices::expected::expected_information;

/// How many customers are in each segment of one segmentation and each of another.
///
/// Numbers of segments mean nothing here: who is together counts, not under which name.
///
/// # Example
///
/// ```
/// use segmentry::units::SegmentId;
/// use segmentry::validate::indices::Contingency;
///
/// let left = [0, 0, 0, 1, 1, 1].map(SegmentId);
/// let right = [0, 0, 1, 1, 2, 2].map(SegmentId);
/// let table = Contingency::of_labels(&left, &right)?;
/// // 2 pairs are together in both, of 6 and 3: (2 - 6*3/15) / (4.5 - 6*3/15).
/// assert!((table.adjusted_rand() - 8.0 / 33.0).abs() < 1e-15);
/// assert_eq!(table.rand(), 10.0 / 15.0);
/// # Ok::<(), segmentry::validate::ValidateError>(())
/// ```
///
/// # References
///
/// Hubert, L. & Arabie, P. (1985). Comparing partitions. *Journal of Classification* 2, 193-218.
/// Vinh, N. X., Epps, J. & Bailey, J. (2010). Information theoretic measures for clusterings
/// comparison. *Journal of Machine Learning Research* 11, 2837-2854. Meilă, M. (2007). Comparing
/// clusterings - an information based distance. *Journal of Multivariate Analysis* 98, 873-895.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contingency {
    /// By row segment, then by column segment.
    counts: Vec<u64>,
    rows: Vec<u64>,
    columns: Vec<u64>,
    n: u64,
    left_out: usize,
}

/// Which average of two entropies a mutual information is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// Half of their sum.
    Arithmetic,
    /// The root of their product.
    Geometric,
    /// The smaller.
    Least,
    /// The larger.
    Largest,
}

impl Contingency {
    /// Two lists of segments, customer by customer.
    ///
    /// # Errors
    ///
    /// [`ValidateError::Length`] where they differ in length, [`ValidateError::NoCustomers`].
    pub fn of_labels(left: &[SegmentId], right: &[SegmentId]) -> Result<Self, ValidateError> {
        if left.len() != right.len() {
            return Err(ValidateError::Length { expected: left.len(), got: right.len() });
        }
        let count =
            |labels: &[SegmentId]| labels.iter().map(|label| label.index() + 1).max().unwrap_or(0);
        let pairs = left.iter().copied().zip(right.iter().copied());
        Self::count(count(left), count(right), pairs, 0)
    }

    /// Two segmentations, customers matched by id. Who is not in exactly one segment of both is
    /// left out.
    ///
    /// # Errors
    ///
    /// [`ValidateError::NoCustomers`] where nobody is in one segment of both.
    pub fn between(left: &Segmentation, right: &Segmentation) -> Result<Self, ValidateError> {
        let there = left.ids().rows_in(right.ids());
        let both: Vec<(SegmentId, SegmentId)> = there
            .iter()
            .enumerate()
            .filter_map(|(row, there)| Some((left.segment_of(row)?, right.segment_of((*there)?)?)))
            .collect();
        let left_out = left.ids().len() - both.len();
        Self::count(left.n_segments(), right.n_segments(), both.into_iter(), left_out)
    }

    fn count(
        k: usize,
        l: usize,
        pairs: impl Iterator<Item = (SegmentId, SegmentId)>,
        left_out: usize,
    ) -> Result<Self, ValidateError> {
        // Numbers may leave gaps; a table of the greatest number would let one label fill the
        // memory.
        let pairs: Vec<_> = pairs.collect();
        let dense = |k: usize, of: &dyn Fn(&(SegmentId, SegmentId)) -> SegmentId| {
            if k <= 1 << 12 {
                return (Vec::new(), k);
            }
            let mut known: Vec<SegmentId> = pairs.iter().map(of).collect();
            known.sort_unstable();
            known.dedup();
            let k = known.len();
            (known, k)
        };
        let (left, k) = dense(k, &|pair| pair.0);
        let (right, l) = dense(l, &|pair| pair.1);
        let place = |known: &[SegmentId], label: SegmentId| match known {
            [] => label.index(),
            known => known.binary_search(&label).unwrap_or(0),
        };
        if pairs.is_empty() {
            return Err(ValidateError::NoCustomers);
        }
        if k.saturating_mul(l) > MAX_CELLS {
            return Err(ValidateError::TooManySegments { left: k, right: l });
        }
        let mut counts = vec![0u64; k * l];
        let (mut rows, mut columns) = (vec![0; k], vec![0; l]);
        for &(a, b) in &pairs {
            let (a, b) = (place(&left, a), place(&right, b));
            counts[a * l + b] += 1;
            rows[a] += 1;
            columns[b] += 1;
        }
        Ok(Self { counts, rows, columns, n: pairs.len() as u64, left_out })
    }

    /// Customers in segment `left` of the first and `right` of the second.
    pub fn customers(&self, left: usize, right: usize) -> u64 {
        self.counts[left * self.columns.len() + right]
    }

    /// Customers in each segment of the first.
    pub fn left_sizes(&self) -> &[u64] {
        &self.rows
    }

    /// Customers in each segment of the second.
    pub fn right_sizes(&self) -> &[u64] {
        &self.columns
    }

    /// Customers who are counted.
    pub fn n_customers(&self) -> u64 {
        self.n
    }

    /// Customers of the first who are not counted, being in none or several segments of either.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Pairs of customers: together in both, in the first, in the second, and all there are.
    fn pairs(&self) -> (f64, f64, f64, f64) {
        let pairs = |counts: &[u64]| {
            let twice = |&n: &u64| u128::from(n) * u128::from(n.saturating_sub(1));
            (counts.iter().map(twice).sum::<u128>() / 2) as f64
        };
        (pairs(&self.counts), pairs(&self.rows), pairs(&self.columns), pairs(&[self.n]))
    }

    /// The same groups under other names.
    fn is_identical(&self) -> bool {
        let cells = self.counts.iter().filter(|&&count| count > 0).count();
        let filled = |sizes: &[u64]| sizes.iter().filter(|&&size| size > 0).count();
        cells == filled(&self.rows) && cells == filled(&self.columns)
    }

    /// The adjusted Rand index: 1 where both agree, about 0 where they agree by chance, down to
    /// -0.5.
    #[doc(alias = "ARI")]
    pub fn adjusted_rand(&self) -> f64 {
        if self.is_identical() {
            return 1.0;
        }
        let (both, left, right, all) = self.pairs();
        let expected = left * (right / all);
        (both - expected) / (0.5 * (left + right) - expected)
    }

    /// The Rand index: the share of pairs of customers on whom both agree. Near one whenever
    /// segments are many, so rather read [`adjusted_rand`](Self::adjusted_rand).
    pub fn rand(&self) -> f64 {
        let (both, left, right, all) = self.pairs();
        if all == 0.0 { 1.0 } else { (all - (left - both) - (right - both)) / all }
    }

    /// Of the pairs that are together in either, the share that is in both; 1 where no pair is.
    pub fn jaccard(&self) -> f64 {
        let (both, left, right, _) = self.pairs();
        let either = left + right - both;
        if either == 0.0 { 1.0 } else { both / either }
    }

    /// The geometric mean of the shares of the pairs of one that are together in the other; 1 where
    /// neither has a pair.
    pub fn fowlkes_mallows(&self) -> f64 {
        let (both, left, right, _) = self.pairs();
        match (left == 0.0, right == 0.0) {
            (true, true) => 1.0,
            (false, false) => (both / left).sqrt() * (both / right).sqrt(),
            _ => 0.0,
        }
    }

    fn entropy(&self, sizes: &[u64]) -> f64 {
        let n = self.n as f64;
        let term =
            |&size: &u64| if size == 0 { 0.0 } else { size as f64 / n * ln(n / size as f64) };
        sizes.iter().map(term).fold(0.0, |sum, term| sum + term)
    }

    /// What one segmentation tells of the other, in nats: 0 where nothing.
    pub fn mutual_information(&self) -> f64 {
        let n = self.n as f64;
        let mut total = 0.0;
        for (a, row) in self.counts.chunks(self.columns.len()).enumerate() {
            for (&count, &column) in row.iter().zip(&self.columns) {
                if count > 0 {
                    let count = count as f64;
                    let expected = self.rows[a] as f64 * (column as f64 / n);
                    total += count / n * ln(count / expected);
                }
            }
        }
        total.max(0.0)
    }

    fn average(&self, average: Average) -> f64 {
        let (left, right) = (self.entropy(&self.rows), self.entropy(&self.columns));
        match average {
            Average::Arithmetic => 0.5 * (left + right),
            Average::Geometric => (left * right).sqrt(),
            Average::Least => left.min(right),
            Average::Largest => left.max(right),
        }
    }

    /// The mutual information over an average of the entropies, from 0 to 1. It grows with the
    /// number of segments also by chance.
    #[doc(alias = "NMI")]
    pub fn normalized_mutual_information(&self, average: Average) -> f64 {
        if self.is_identical() {
            return 1.0;
        }
        let (information, average) = (self.mutual_information(), self.average(average));
        if average == 0.0 { 0.0 } else { (information / average).min(1.0) }
    }

    /// The mutual information beyond what chance gives segments of these sizes: 1 where both agree,
    /// about 0 by chance.
    ///
    /// # Cost
    ///
    /// At most customers x the larger number of segments; far less where segments are large.
    #[doc(alias = "AMI")]
    pub fn adjusted_mutual_information(&self, average: Average) -> f64 {
        if self.is_identical() {
            return 1.0;
        }
        let expected = expected_information(&self.rows, &self.columns, self.n);
        let (gain, room) = (self.mutual_information() - expected, self.average(average) - expected);
        // Where chance alone explains all there is, rounding would decide.
        let floor = f64::EPSILON;
        let room = if room < 0.0 { room.min(-floor) } else { room.max(floor) };
        gain / room
    }

    /// How far each segment of the second lies within one of the first: 1 where entirely.
    pub fn homogeneity(&self) -> f64 {
        self.told_of(&self.rows)
    }

    /// How far each segment of the first lies within one of the second: 1 where entirely.
    pub fn completeness(&self) -> f64 {
        self.told_of(&self.columns)
    }

    fn told_of(&self, sizes: &[u64]) -> f64 {
        let entropy = self.entropy(sizes);
        if entropy == 0.0 { 1.0 } else { (self.mutual_information() / entropy).min(1.0) }
    }

    /// The harmonic mean of homogeneity and completeness.
    pub fn v_measure(&self) -> f64 {
        let (h, c) = (self.homogeneity(), self.completeness());
        if h + c == 0.0 { 0.0 } else { 2.0 * h * c / (h + c) }
    }

    /// The variation of information in nats: a distance, 0 where both agree, at most ln n.
    pub fn variation_of_information(&self) -> f64 {
        if self.is_identical() {
            return 0.0;
        }
        let both = self.entropy(&self.rows) + self.entropy(&self.columns);
        (both - 2.0 * self.mutual_information()).max(0.0)
    }

    /// The Jaccard index of one segment of each: customers in both over customers in either. `None`
    /// where both are empty.
    pub fn segment_jaccard(&self, left: usize, right: usize) -> Option<f64> {
        let both = self.customers(left, right);
        let either = self.rows[left] + self.columns[right] - both;
        (either > 0).then(|| both as f64 / either as f64)
    }

    /// For each segment of the first, the best Jaccard index with a segment of the second; `None`
    /// for an empty one.
    pub fn best_matches(&self) -> Vec<Option<f64>> {
        let best = |left: usize| {
            let all = (0..self.columns.len()).filter_map(|right| self.segment_jaccard(left, right));
            (self.rows[left] > 0).then(|| all.fold(0.0, f64::max))
        };
        (0..self.rows.len()).map(best).collect()
    }

    /// For the worst segment of the first, the share of pairs of its members that are together in
    /// the second: prediction strength, where the second are these customers placed by what was
    /// learnt from others. A segment of one has no pairs and counts as predicted.
    pub fn prediction_strength(&self) -> f64 {
        let pairs = |n: u64| u128::from(n) * u128::from(n.saturating_sub(1));
        self.counts
            .chunks(self.columns.len())
            .zip(&self.rows)
            .filter(|&(_, &size)| size > 1)
            .map(|(row, &size)| {
                let together = row.iter().map(|&count| pairs(count)).sum::<u128>();
                together as f64 / pairs(size) as f64
            })
            .fold(1.0, f64::min)
    }
}

/// Cells of the largest table: half a gigabyte.
const MAX_CELLS: usize = 1 << 26;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::CustomerIds;

    fn table(left: &[u32], right: &[u32]) -> Contingency {
        let ids = |labels: &[u32]| labels.iter().copied().map(SegmentId).collect::<Vec<_>>();
        Contingency::of_labels(&ids(left), &ids(right)).unwrap()
    }

    #[test]
    fn identical_ones_are_exactly_one_whatever_the_names() {
        let big: Vec<u32> = (0..999).map(|i| i * i % 7).collect();
        let renamed: Vec<u32> = big.iter().map(|label| 4_000_000_000 - label).collect();
        let alone: Vec<u32> = (0..50).collect();
        for t in [
            table(&big, &renamed),
            table(&alone, &alone),
            table(&[0; 9], &[0; 9]),
            table(&[3], &[0]),
        ] {
            assert_eq!(
                (t.adjusted_rand(), t.rand(), t.jaccard(), t.fowlkes_mallows()),
                (1.0, 1.0, 1.0, 1.0)
            );
            for average in
                [Average::Arithmetic, Average::Geometric, Average::Least, Average::Largest]
            {
                assert_eq!(t.normalized_mutual_information(average), 1.0);
                assert_eq!(t.adjusted_mutual_information(average), 1.0);
            }
            assert_eq!((t.variation_of_information(), t.prediction_strength()), (0.0, 1.0));
            assert!((t.v_measure() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_typed() {
        let s = |n: usize| vec![SegmentId(0); n];
        assert!(matches!(
            Contingency::of_labels(&s(2), &s(3)),
            Err(ValidateError::Length { expected: 2, got: 3 })
        ));
        assert!(matches!(Contingency::of_labels(&s(0), &s(0)), Err(ValidateError::NoCustomers)));
        let many: Vec<SegmentId> = (0..10_000).map(SegmentId).collect();
        assert!(matches!(
            Contingency::of_labels(&many, &many),
            Err(ValidateError::TooManySegments { .. })
        ));
    }

    #[test]
    fn customers_are_matched_by_id_and_those_in_none_left_out() {
        let segments = |ids: [&str; 4], labels: [&str; 4]| {
            Segmentation::from_labels(&CustomerIds::from_texts(ids).unwrap(), &labels).unwrap()
        };
        let left = segments(["a", "b", "c", "d"], ["x", "x", "y", ""]);
        let right = segments(["c", "b", "a", "e"], ["p", "q", "q", "q"]);
        let table = Contingency::between(&left, &right).unwrap();
        assert_eq!((table.n_customers(), table.left_out(), table.adjusted_rand()), (3, 1, 1.0));
        assert_eq!((table.customers(0, 1), table.best_matches()), (2, vec![Some(1.0), Some(1.0)]));
        let nobody = segments(["p", "q", "r", "s"], ["x"; 4]);
        assert!(matches!(Contingency::between(&left, &nobody), Err(ValidateError::NoCustomers)));
    }

    /// Three pairs of six stay together in the first segment, all in the second.
    #[test]
    fn prediction_strength_is_of_the_worst_segment() {
        let t = table(&[0, 0, 0, 0, 1, 1, 2], &[0, 0, 0, 1, 1, 1, 2]);
        assert_eq!(t.prediction_strength(), 0.5);
    }
}
