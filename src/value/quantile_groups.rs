//! Customers cut into groups of nearly equal size by value, the most valuable first.
//!
//! Any number of groups, and either rule for ties: groups of equal size, with equal values told
//! apart by id, or equal values in one group, which is what a score needs. Weighted customers count
//! by their weights.

use serde::Serialize;

use crate::num::order_free::{OrderFreeSum, Places};
use crate::num::rank_groups::{self, Label, RankGroups};
use crate::units::{CustomerIds, Money};
use crate::value::ValueError;
use crate::work::Work;

/// What becomes of customers of equal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They are ranked by id in byte order, so that the sizes of groups differ by at most one.
    #[default]
    ById,
    /// They stay together, in the group of the first of them: equal values, equal groups. Groups
    /// may then differ in size, and some may be empty.
    Together,
}

/// How customers are cut into groups by value.
///
/// Customers are ranked by value, the highest first. Of `n` customers the one ranked `i` (from
/// zero) is in group `floor(groups · i / n) + 1`. With weights, `i / n` is the share of the weight
/// of those ranked before. For tenths of unweighted customers, [`deciles`](crate::value::deciles)
/// is shorter.
///
/// # Example
///
/// ```
/// use segmentry::units::{CustomerIds, Money};
/// use segmentry::value::{QuantileGroups, Ties};
///
/// let spend = [50, 20, 20, 20, 10, 5].map(|v| Money::from_minor(v, 0));
/// let ids = CustomerIds::numbered(6)?;
/// let thirds = QuantileGroups::new(3).cut(&spend, &ids)?;
/// assert_eq!(thirds.of, [1, 1, 2, 2, 3, 3]);
/// assert_eq!(thirds.groups[0].total.amount(), 70.0);
/// // Whoever spends 20 is in one group, that of the first of them.
/// let scores = QuantileGroups::new(3).ties(Ties::Together).cut(&spend, &ids)?;
/// assert_eq!(scores.of, [1, 1, 1, 1, 3, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantileGroups {
    groups: u16,
    ties: Ties,
}

/// Each customer's group, and what each group is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueGroups {
    /// The group of each customer, from 1 (best), in the order of the ids.
    pub of: Vec<u16>,
    /// One summary for each group that has customers, the best first.
    pub groups: Vec<GroupSummary>,
    /// What it takes to be in each group but the last, or in a better one: the lowest value so far
    /// down. One less than there are groups; none without a customer.
    pub cuts: Vec<Money>,
}

/// What a group is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupSummary {
    /// 1 is the best group.
    pub group: u16,
    /// How many customers it has.
    pub customers: u64,
    /// Their weight; without weights, their number.
    pub weight: f64,
    /// Their value in all, each as often as the weight says.
    pub total: Money,
    /// Their share of everybody's value; `None` where that is not positive.
    pub share: Option<f64>,
}

/// More groups than this say more about single customers than about groups.
const MOST_GROUPS: u16 = 1000;

/// A product such as 0.3 x 10 may lie a last digit away from the whole number that is meant.
const LAST_DIGITS: f64 = 1e-12;

impl QuantileGroups {
    /// So many groups; ties go by id.
    pub fn new(groups: u16) -> Self {
        Self { groups, ties: Ties::ById }
    }

    /// What becomes of customers of equal value; [`Ties::ById`] unless set.
    #[must_use]
    pub fn ties(mut self, ties: Ties) -> Self {
        self.ties = ties;
        self
    }

    /// How many groups.
    pub fn n_groups(&self) -> u16 {
        self.groups
    }

    /// Checks the parameters; cutting calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] unless there are 1 to 1,000 groups.
    pub fn validate(&self) -> Result<(), ValueError> {
        if (1..=MOST_GROUPS).contains(&self.groups) {
            return Ok(());
        }
        let (value, expected) = (f64::from(self.groups), "from 1 to 1000");
        Err(ValueError::Param { name: "groups", value, expected })
    }

    /// Cuts customers into groups.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`]; [`ValueError::Length`] where there is not one value per customer.
    ///
    /// # Cost
    ///
    /// Linear; nothing is sorted but a sample and what lies beside the cuts.
    pub fn cut(&self, values: &[Money], ids: &CustomerIds) -> Result<ValueGroups, ValueError> {
        self.validate()?;
        same_length("the table of values", values.len(), ids)?;
        let found: RankGroups<u16> =
            cut_rows(values, |value| value.amount(), ids, usize::from(self.groups), self.ties)?;
        let summary = |group: usize| GroupSummary {
            group: group as u16 + 1,
            customers: found.counts[group],
            weight: found.counts[group] as f64,
            total: Money::finite(found.sums[group]),
            share: share(found.sums[group], found.total),
        };
        let filled = (0..found.counts.len()).filter(|&group| found.counts[group] > 0);
        let groups = filled.map(summary).collect();
        let mut of = found.of;
        of.iter_mut().for_each(|group| *group += 1);
        let cuts = found.cuts.iter().map(|&cut| Money::finite(cut)).collect();
        Ok(ValueGroups { of, groups, cuts })
    }

    /// The groups of some rows of a table, as if there were no others.
    pub(super) fn cut_some(
        &self,
        rows: &[usize],
        values: &[Money],
        ids: &CustomerIds,
    ) -> Result<Vec<u16>, ValueError> {
        let lasts = rank_groups::even_lasts(rows.len(), usize::from(self.groups));
        let by_id = |tied: &mut Vec<u32>, _: &[usize]| {
            tied.sort_unstable_by(|&a, &b| ids.compare(rows[a as usize], rows[b as usize]));
        };
        let ties: Option<rank_groups::TieOrder<'_>> = match self.ties {
            Ties::ById => Some(&by_id),
            Ties::Together => None,
        };
        let value = |row: &usize| values[*row].amount();
        let found: RankGroups<u16> = rank_groups::cut(rows, value, &lasts, ties, &Work::new())?;
        Ok(found.of.into_iter().map(|group| group + 1).collect())
    }

    /// Cuts customers of different weights, such as those of a sample, into groups of nearly equal
    /// weight. Equal weights give the groups that [`cut`](Self::cut) gives.
    ///
    /// # Errors
    ///
    /// As [`cut`](Self::cut), and [`ValueError::BadValue`] for a weight that is negative or not
    /// finite.
    ///
    /// # Cost
    ///
    /// One sort.
    pub fn cut_weighted(
        &self,
        values: &[Money],
        weights: &[f64],
        ids: &CustomerIds,
    ) -> Result<ValueGroups, ValueError> {
        self.validate()?;
        same_length("the table of values", values.len(), ids)?;
        same_length("the table of weights", weights.len(), ids)?;
        check_weights(weights)?;
        let n = ids.len();
        let amount = |row: usize| values[row].amount() + 0.0;
        let mut ranked: Vec<usize> = (0..n).collect();
        ranked.sort_unstable_by(|&a, &b| {
            amount(b).total_cmp(&amount(a)).then_with(|| ids.compare(a, b))
        });
        let mut all = 0.0;
        for &row in &ranked {
            all += weights[row];
        }
        let (mut of, mut cuts) = (vec![1u16; n], Vec::new());
        let (mut before, mut group) = (0.0, 1u16);
        let mut previous = None;
        for &row in &ranked {
            let value = amount(row);
            if !(self.ties == Ties::Together && previous == Some(value)) {
                let place = f64::from(self.groups) * (before / all) * (1.0 + LAST_DIGITS);
                // Where nobody has a weight, everybody is in the first group.
                let reached = if all > 0.0 { place as u16 + 1 } else { 1 }.min(self.groups);
                while group < reached {
                    cuts.push(Money::finite(previous.unwrap_or(value)));
                    group += 1;
                }
            }
            of[row] = group;
            before += weights[row];
            previous = Some(value);
        }
        if let Some(lowest) = previous {
            cuts.resize(usize::from(self.groups) - 1, Money::finite(lowest));
        }
        Ok(ValueGroups { groups: summaries(values, weights, &of, self.groups), of, cuts })
    }
}

impl ValueGroups {
    /// The group of a customer who was not among those cut: one more than there are cuts above the
    /// value. It agrees with [`of`](Self::of) for whoever was, where ties stay together.
    pub fn group_of(&self, value: Money) -> u16 {
        self.cuts.partition_point(|cut| cut.amount() > value.amount()) as u16 + 1
    }
}

/// One summary for each group with customers.
fn summaries(values: &[Money], weights: &[f64], of: &[u16], groups: u16) -> Vec<GroupSummary> {
    let worth = |row: usize| values[row].amount() * weights[row];
    let largest = |term: &dyn Fn(usize) -> f64| {
        let sizes = (0..of.len()).map(|row| term(row).abs());
        sizes.filter(|size| size.is_finite()).fold(0.0, f64::max)
    };
    let money_places = Places::of(largest(&worth), of.len());
    let weight_places = Places::of(largest(&|row| weights[row]), of.len());
    let mut sums = vec![(0u64, OrderFreeSum::default(), OrderFreeSum::default()); groups.into()];
    let mut all = OrderFreeSum::default();
    for (row, &group) in of.iter().enumerate() {
        let (customers, weight, total) = &mut sums[usize::from(group) - 1];
        let worth = worth(row).clamp(f64::MIN, f64::MAX);
        *customers += 1;
        weight.add(&weight_places, weights[row]);
        total.add(&money_places, worth);
        all.add(&money_places, worth);
    }
    let all = all.value(&money_places);
    let filled = sums.into_iter().zip(1..).filter(|((customers, ..), _)| *customers > 0);
    filled
        .map(|((customers, weight, total), group)| {
            let total = total.value(&money_places);
            GroupSummary {
                group,
                customers,
                weight: weight.value(&weight_places),
                total: Money::finite(total),
                share: share(total, all),
            }
        })
        .collect()
}

/// A part as a share of a positive whole.
pub(super) fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Cuts rows into groups of nearly equal size by a value that is high for the best.
pub(super) fn cut_rows<T: Sync, L: Label>(
    rows: &[T],
    value: impl Fn(&T) -> f64 + Sync,
    ids: &CustomerIds,
    groups: usize,
    ties: Ties,
) -> Result<RankGroups<L>, ValueError> {
    let lasts = rank_groups::even_lasts(rows.len(), groups);
    let by_id = |rows: &mut Vec<u32>, places: &[usize]| part_by_id(rows, places, ids);
    let ties: Option<rank_groups::TieOrder<'_>> = match ties {
        Ties::ById => Some(&by_id),
        Ties::Together => None,
    };
    Ok(rank_groups::cut(rows, value, &lasts, ties, &Work::new())?)
}

/// Moves ascending rows so that those before each place have smaller ids than those behind it.
fn part_by_id(rows: &mut Vec<u32>, places: &[usize], ids: &CustomerIds) {
    if ids.rows_are_ranked() {
        return;
    }
    /// Parting rows at a place compares each of them about three times, which costs more than to
    /// walk through all ids in their order, which is known, unless they are few.
    const FEW: usize = 3;
    if rows.len() * places.len() < ids.len() / FEW {
        let mut open = rows.len();
        for &place in places.iter().rev() {
            let by_id = |&a: &u32, &b: &u32| ids.compare(a as usize, b as usize);
            rows[..open].select_nth_unstable_by(place, by_id);
            open = place;
        }
        return;
    }
    let mut wanted = vec![false; ids.len()];
    for &row in rows.iter() {
        wanted[row as usize] = true;
    }
    rows.clear();
    let ranked = (0..ids.len()).map(|rank| ids.ranked(rank));
    rows.extend(ranked.filter(|&row| wanted[row]).map(|row| row as u32));
}

/// One row for each customer.
pub(super) fn same_length(
    what: &'static str,
    got: usize,
    ids: &CustomerIds,
) -> Result<(), ValueError> {
    let expected = ids.len();
    if got == expected { Ok(()) } else { Err(ValueError::Length { what, expected, got }) }
}

/// Weights are finite and not negative.
pub(super) fn check_weights(weights: &[f64]) -> Result<(), ValueError> {
    let bad = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite()));
    bad.map_or(Ok(()), |row| {
        let expected = "finite and zero or more";
        Err(ValueError::BadValue { what: "the weight", row, expected })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::{Purpose, Stream};

    fn money(values: &[i64]) -> Vec<Money> {
        values.iter().map(|&v| Money::from_minor(v, 0)).collect()
    }

    #[test]
    fn equal_weights_are_no_weights() {
        let mut stream = Stream::new(1, Purpose::Sample, 0);
        for n in [1usize, 2, 7, 40, 333] {
            let values: Vec<i64> = (0..n).map(|_| stream.below(30) as i64 - 5).collect();
            let ids = CustomerIds::numbered(n).unwrap();
            for groups in [1, 3, 10, 20] {
                for ties in [Ties::ById, Ties::Together] {
                    let cut = QuantileGroups::new(groups).ties(ties);
                    let plain = cut.cut(&money(&values), &ids).unwrap();
                    for weight in [1.0, 0.1, 3.7] {
                        let weighted =
                            cut.cut_weighted(&money(&values), &vec![weight; n], &ids).unwrap();
                        assert_eq!(
                            (weighted.of, weighted.cuts),
                            (plain.of.clone(), plain.cuts.clone())
                        );
                    }
                }
            }
        }
    }

    /// A customer of weight 3 stands for three; each of the copies may fall into another group, the
    /// customer is where the first would be.
    #[test]
    fn a_weight_is_that_many_customers() {
        let values = money(&[9, 7, 5, 3]);
        let weights = [3.0, 1.0, 0.0, 4.0];
        let ids = CustomerIds::numbered(4).unwrap();
        let halves = QuantileGroups::new(2).cut_weighted(&values, &weights, &ids).unwrap();
        assert_eq!(halves.of, [1, 1, 2, 2]);
        assert_eq!(halves.groups[0].weight, 4.0);
        assert_eq!(
            (halves.groups[0].total.amount(), halves.groups[1].total.amount()),
            (34.0, 12.0)
        );
        assert_eq!(halves.groups[0].share, Some(34.0 / 46.0));
        assert_eq!(halves.cuts, [Money::new(7.0).unwrap()]);
    }

    #[test]
    fn cuts_place_newcomers_as_they_placed_customers() {
        let values = money(&[90, 80, 80, 80, 10, 10, -3, -3]);
        let ids = CustomerIds::numbered(8).unwrap();
        let cut = QuantileGroups::new(4).ties(Ties::Together).cut(&values, &ids).unwrap();
        assert_eq!(cut.of, [1, 1, 1, 1, 3, 3, 4, 4]);
        for (value, &group) in values.iter().zip(&cut.of) {
            assert_eq!(cut.group_of(*value), group);
        }
        assert_eq!(cut.group_of(Money::new(50.0).unwrap()), 3);
        assert_eq!(cut.group_of(Money::new(1e9).unwrap()), 1);
    }

    #[test]
    fn what_cannot_be_cut() {
        let ids = CustomerIds::numbered(2).unwrap();
        let cut = |groups, values: &[i64], weights: &[f64]| {
            QuantileGroups::new(groups).cut_weighted(&money(values), weights, &ids)
        };
        assert!(cut(0, &[1, 2], &[1.0; 2]).is_err() && cut(1001, &[1, 2], &[1.0; 2]).is_err());
        assert!(cut(2, &[1], &[1.0; 2]).is_err() && cut(2, &[1, 2], &[1.0]).is_err());
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                cut(2, &[1, 2], &[1.0, bad]),
                Err(ValueError::BadValue { row: 1, .. })
            ));
        }
        assert_eq!(cut(2, &[1, 2], &[0.0, 0.0]).unwrap().of, [1, 1]);
    }

    #[test]
    fn ties_are_parted_by_id_however_many_there_are() {
        let names: Vec<String> = (0..500).map(|i| format!("c{i}")).collect();
        let ids = CustomerIds::from_texts(&names).unwrap();
        let ranked = CustomerIds::from_texts((0..500).map(|i| format!("c{i:03}"))).unwrap();
        for count in [20u32, 400] {
            for places in [vec![], vec![5], vec![1, 7, 19]] {
                for ids in [&ids, &ranked] {
                    let mut rows: Vec<u32> = (0..count).collect();
                    part_by_id(&mut rows, &places, ids);
                    let mut sorted: Vec<u32> = (0..count).collect();
                    sorted.sort_by(|&a, &b| ids.compare(a as usize, b as usize));
                    for &place in &places {
                        let (mut before, mut expected) =
                            (rows[..place].to_vec(), sorted[..place].to_vec());
                        before.sort_unstable();
                        expected.sort_unstable();
                        assert_eq!(before, expected);
                    }
                }
            }
        }
    }
}
