//! Value deciles: ten groups of customers of nearly equal size, the most valuable first.

use serde::Serialize;

use crate::num::rank_groups::RankGroups;
use crate::units::{CustomerIds, Money};
use crate::value::quantile_groups::{cut_rows, same_length, share};
use crate::value::{Ties, ValueError};

/// Each customer's decile, and what each decile is worth.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Deciles {
    /// The decile of each customer, 1 (best) to 10, in the order of the ids.
    pub of: Vec<u8>,
    /// One summary for each decile that has customers, the best first.
    pub groups: Vec<DecileSummary>,
}

/// What a decile is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DecileSummary {
    /// 1 is the best tenth.
    pub decile: u8,
    /// How many customers it has.
    pub customers: u64,
    /// Their value in all.
    pub total: Money,
    /// Their share of everybody's value; `None` where that is not positive.
    pub share: Option<f64>,
}

/// Cuts customers into value deciles.
///
/// Customers are ranked by value, the highest first; equal values are ranked by id in byte order.
/// Of `n` customers the one ranked `i` (from zero) is in decile `floor(10 i / n) + 1`, so that
/// decile sizes differ by at most one and the best decile has `ceil(n / 10)` customers. With fewer
/// than ten customers some deciles are empty. [`QuantileGroups`](crate::value::QuantileGroups) has
/// other numbers of groups, the other rule for ties, and weights.
///
/// # Errors
///
/// [`ValueError::Length`] where there is not one value per customer.
///
/// # Cost
///
/// Linear; nothing is sorted but a sample and what lies beside the cuts.
///
/// # Example
///
/// ```
/// use segmentry::units::{CustomerIds, Money};
/// use segmentry::value::deciles;
///
/// let ids = CustomerIds::numbered(20)?;
/// let values: Vec<Money> = (0..20).map(|i| Money::from_minor(i * 100, 2)).collect();
/// let cut = deciles(&values, &ids)?;
/// assert_eq!((cut.of[19], cut.of[0]), (1, 10));
/// assert_eq!(cut.groups[0].total.amount(), 37.0); // 19 and 18
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deciles(values: &[Money], ids: &CustomerIds) -> Result<Deciles, ValueError> {
    same_length("the table of values", values.len(), ids)?;
    let found: RankGroups<u8> = cut_rows(values, |value| value.amount(), ids, 10, Ties::ById)?;
    let summary = |group: usize| DecileSummary {
        decile: group as u8 + 1,
        customers: found.counts[group],
        total: Money::finite(found.sums[group]),
        share: share(found.sums[group], found.total),
    };
    let groups =
        (0..found.counts.len()).filter(|&group| found.counts[group] > 0).map(summary).collect();
    let mut of = found.of;
    of.iter_mut().for_each(|group| *group += 1);
    Ok(Deciles { of, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(values: &[i64]) -> Vec<Money> {
        values.iter().map(|&v| Money::from_minor(v, 0)).collect()
    }

    #[test]
    fn ties_go_by_id_in_byte_order_whatever_the_order_of_rows() {
        let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
        let forward = CustomerIds::from_texts(&names).unwrap();
        let backward = CustomerIds::from_texts(names.iter().rev()).unwrap();
        let alike = money(&[5; 20]);
        let (left, right) =
            (deciles(&alike, &forward).unwrap(), deciles(&alike, &backward).unwrap());
        for (row, name) in names.iter().enumerate() {
            assert_eq!(left.of[row], right.of[backward.row_of(name).unwrap()]);
        }
        // c0, c1, c10, c11, ..: byte order.
        assert_eq!(
            (left.of[0], left.of[1], left.of[10], left.of[11], left.of[9]),
            (1, 1, 2, 2, 10)
        );
    }

    #[test]
    fn sizes_differ_by_at_most_one_and_the_best_is_rounded_up() {
        for n in [1usize, 3, 9, 10, 11, 99, 2357] {
            let ids = CustomerIds::numbered(n).unwrap();
            let cut = deciles(&money(&(0..n as i64).collect::<Vec<_>>()), &ids).unwrap();
            assert_eq!(cut.groups[0].customers, n.div_ceil(10) as u64, "{n}");
            let sizes: Vec<u64> = cut.groups.iter().map(|group| group.customers).collect();
            assert_eq!(sizes.iter().sum::<u64>(), n as u64);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn a_total_that_is_not_positive_has_no_shares() {
        let ids = CustomerIds::numbered(2).unwrap();
        assert_eq!(deciles(&money(&[-5, 3]), &ids).unwrap().groups[0].share, None);
        assert!(deciles(&money(&[1]), &ids).is_err());
    }
}
