//! Values cut into groups by rank, the highest first, as a full sort would cut them, without one.
//!
//! A sample says between which values each cut must lie. One pass puts every value into a bin
//! between those limits and counts the bins; only the bins in which a cut turned out to lie are
//! looked into. The sample decides how much is looked into, never the result.

use crate::num::blocks;
use crate::num::order_free::{OrderFreeSum, Places};
use crate::num::random::{Purpose, Stream};
use crate::work::{Cancelled, Work};

/// What groups are counted in: small numbers in the smallest type that holds them.
pub(crate) trait Label: Copy + Default + Send + Sync {
    /// The number as a label.
    fn of(index: usize) -> Self;
    /// The label as a number.
    fn index(self) -> usize;
}

impl Label for u8 {
    #[inline(always)]
    fn of(index: usize) -> Self {
        index as Self
    }
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Label for u16 {
    #[inline(always)]
    fn of(index: usize) -> Self {
        index as Self
    }
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }
}

/// Moves rows of equal values, given in ascending order, so that those before each of the ascending
/// places, which lie inside, are ranked before those behind it.
pub(crate) type TieOrder<'a> = &'a (dyn Fn(&mut Vec<u32>, &[usize]) + Sync);

/// Every value's group, and what the groups hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankGroups<L> {
    /// The group of each value, from zero.
    pub(crate) of: Vec<L>,
    /// The lowest value of each group but the last, and of those before it: a value is in as many
    /// groups from the first as there are cuts above it.
    pub(crate) cuts: Vec<f64>,
    /// How many values each group holds.
    pub(crate) counts: Vec<u64>,
    /// Their sum in each group, whatever the order of the values.
    pub(crate) sums: Vec<f64>,
    /// The sum of all.
    pub(crate) total: f64,
}

/// Values in one task.
const STRETCH: usize = 1 << 16;

/// Values drawn to place the limits. The places of the cuts are then known to a quarter of a
/// percent of all values.
const SAMPLE: usize = 1 << 15;

/// Standard errors on either side of a cut that its limits enclose.
const ERRORS: f64 = 3.0;

/// Up to so many limits are all compared, which needs no branch and is done for several values at
/// once; among more, the place is searched by halving.
const COMPARED: usize = 48;

/// The last rank of each of `groups` groups but the last, among `n` ranked values: the value ranked
/// `i` from zero is in group `floor(groups · i / n)`, so that sizes differ by at most one. Without
/// a value there is one group.
pub(crate) fn even_lasts(n: usize, groups: usize) -> Vec<usize> {
    if n == 0 {
        return Vec::new();
    }
    (1..groups).map(|group| (group * n).div_ceil(groups) - 1).collect()
}

/// Cuts finite values into groups of which all but the last end at the ranks `lasts`, which do not
/// descend.
///
/// Equal values stand in the order that `ties` gives them; without one they stay together, in the
/// group of the first of them.
pub(crate) fn cut<T, L, V>(
    rows: &[T],
    value: V,
    lasts: &[usize],
    ties: Option<TieOrder<'_>>,
    work: &Work,
) -> Result<RankGroups<L>, Cancelled>
where
    T: Sync,
    L: Label,
    V: Fn(&T) -> f64 + Sync,
{
    debug_assert!(lasts.is_sorted() && rows.len() <= u32::MAX as usize);
    let n = rows.len();
    let places = Places::of(largest(rows, &value, work)?, n);
    let limits = limits(rows, &value, lasts);
    let mut of = vec![L::default(); n];
    let parts = blocks::fill(&mut of, STRETCH, work, |first, out| {
        Bins::count(&rows[first..first + out.len()], &value, &limits, &places, out)
    })?;
    let mut bins = Bins::none(limits.len() + 1);
    for part in &parts {
        bins.merge(part);
    }

    // A bin without a cut inside belongs to one group as a whole.
    let mut groups = Bins::none(lasts.len() + 1);
    let (mut whole, mut opened) = (Vec::new(), Vec::new());
    let mut cuts = vec![0.0; lasts.len()];
    let mut rank = 0;
    for bin in 0..=limits.len() {
        let next = rank + bins.0[bin].count as usize;
        let before = lasts.partition_point(|&last| last < rank);
        let inside = lasts.partition_point(|&last| last < next);
        let alone = single_value(&limits, bin);
        if before == inside {
            whole.push(Place { group: before, open: false });
            groups.put(before, &bins.0[bin]);
        } else if let (Some(alone), None) = (alone, ties) {
            whole.push(Place { group: before, open: false });
            groups.put(before, &bins.0[bin]);
            cuts[before..inside].fill(alone);
        } else {
            whole.push(Place { group: opened.len(), open: true });
            opened.push(Opened { rank, cuts: before..inside, alone });
        }
        rank = next;
    }

    let found = blocks::fill(&mut of, STRETCH, work, |first, out| {
        let mut found = vec![Vec::new(); opened.len()];
        // Which rows are looked into is as good as chance, so their places are noted without a
        // branch and read again.
        let mut noted = [(0u32, 0usize); NOTED];
        for (part, out) in out.chunks_mut(NOTED).enumerate() {
            let mut count = 0;
            for (i, label) in out.iter_mut().enumerate() {
                let bin = label.index();
                let Place { group, open } = whole[bin];
                noted[count] = ((first + part * NOTED + i) as u32, bin);
                count += usize::from(open);
                *label = L::of(group);
            }
            for &(row, bin) in &noted[..count] {
                found[whole[bin].group].push(row);
            }
        }
        found
    })?;
    let sorted = blocks::map_tasks(opened.len(), work, |bin| {
        let members: Vec<u32> =
            found.iter().flat_map(|stretch| stretch[bin].iter().copied()).collect();
        opened[bin].sort_out(rows, &value, &members, lasts, ties)
    })?;
    drop(found);
    for (bin, opened) in sorted.into_iter().zip(&opened) {
        cuts[opened.cuts.clone()].copy_from_slice(&bin.cuts);
        for (row, group) in bin.placed {
            of[row as usize] = L::of(group as usize);
            groups.add(group as usize, value(&rows[row as usize]), &places);
        }
    }
    let mut total = OrderFreeSum::default();
    for group in &groups.0 {
        total.merge(&group.sum);
    }
    let counts = groups.0.iter().map(|group| group.count).collect();
    let sums = groups.0.iter().map(|group| group.sum.value(&places)).collect();
    Ok(RankGroups { of, cuts, counts, sums, total: total.value(&places) })
}

/// The largest absolute value.
fn largest<T: Sync>(
    rows: &[T],
    value: &(impl Fn(&T) -> f64 + Sync),
    work: &Work,
) -> Result<f64, Cancelled> {
    let parts = blocks::map_tasks(rows.len().div_ceil(STRETCH), work, |stretch| {
        let first = stretch * STRETCH;
        let rows = &rows[first..(first + STRETCH).min(rows.len())];
        let mut largest = [0.0f64; 8];
        let eights = rows.chunks_exact(8);
        let rest = eights.remainder();
        for eight in eights {
            for (most, row) in largest.iter_mut().zip(eight) {
                let size = value(row).abs();
                *most = if size > *most { size } else { *most };
            }
        }
        rest.iter().map(|row| value(row).abs()).chain(largest).fold(0.0, f64::max)
    })?;
    Ok(parts.into_iter().fold(0.0, f64::max))
}

/// Descending limits: the values of a bin lie below the limit before it and not below the one
/// behind it. Around each cut there are two, which enclose it as far as the sample knows.
fn limits<T>(rows: &[T], value: &impl Fn(&T) -> f64, lasts: &[usize]) -> Vec<f64> {
    let n = rows.len();
    let whole = n <= SAMPLE;
    let mut sample: Vec<f64> = if whole {
        rows.iter().map(|row| value(row) + 0.0).collect()
    } else {
        let mut stream = Stream::new(0, Purpose::Sample, n as u64);
        (0..SAMPLE).map(|_| value(&rows[stream.below(n as u64) as usize]) + 0.0).collect()
    };
    sample.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut limits = Vec::with_capacity(2 * lasts.len());
    for &last in lasts {
        let (at, errors) = if whole {
            (last as f64, 0.0)
        } else {
            let share = last as f64 / n as f64;
            let drawn = SAMPLE as f64;
            (share * drawn, ERRORS * (share * (1.0 - share) * drawn).sqrt() + 1.0)
        };
        let place = |at: f64| sample[(at.max(0.0) as usize).min(sample.len() - 1)];
        // The bin includes both ends, and is a single value where they are equal.
        limits.push(place(at - errors).next_up());
        limits.push(place(at + errors));
    }
    limits.sort_unstable_by(|a, b| b.total_cmp(a));
    limits.dedup();
    limits
}

/// The value of a bin that can hold only one.
fn single_value(limits: &[f64], bin: usize) -> Option<f64> {
    let (above, from) = (limits.get(bin.checked_sub(1)?)?, limits.get(bin)?);
    // Negative zero counts as zero.
    (from.next_up() == *above).then_some(from + 0.0)
}

/// Counts and sums by bin or by group.
#[derive(Debug, Clone)]
struct Bins(Vec<Bin>);

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: u64,
    sum: OrderFreeSum,
}

impl Bins {
    fn none(bins: usize) -> Self {
        Self(vec![Bin::default(); bins])
    }

    fn put(&mut self, bin: usize, other: &Bin) {
        self.0[bin].count += other.count;
        self.0[bin].sum.merge(&other.sum);
    }

    fn add(&mut self, bin: usize, value: f64, places: &Places) {
        self.put(bin, &Bin { count: 1, sum: OrderFreeSum::of(places, [value])[0] });
    }

    fn merge(&mut self, other: &Self) {
        for (bin, part) in other.0.iter().enumerate() {
            self.put(bin, part);
        }
    }

    /// Writes the bin of each row into `out`.
    fn count<T, L: Label>(
        rows: &[T],
        value: &impl Fn(&T) -> f64,
        limits: &[f64],
        places: &Places,
        out: &mut [L],
    ) -> Self {
        let mut bins = Self::none(limits.len() + 1);
        for (rows, out) in rows.chunks(LANES).zip(out.chunks_mut(LANES)) {
            let mut values = [0.0; LANES];
            for (lane, row) in values.iter_mut().zip(rows) {
                *lane = value(row);
            }
            let mut below = [0u64; LANES];
            if limits.len() <= COMPARED {
                for &limit in limits {
                    for lane in 0..LANES {
                        below[lane] += u64::from(values[lane] < limit);
                    }
                }
            } else {
                for lane in 0..LANES {
                    below[lane] = limits.partition_point(|&limit| values[lane] < limit) as u64;
                }
            }
            let terms = OrderFreeSum::of(places, values);
            for (lane, label) in out.iter_mut().enumerate() {
                let bin = below[lane] as usize;
                *label = L::of(bin);
                bins.put(bin, &Bin { count: 1, sum: terms[lane] });
            }
        }
        bins
    }
}

/// Values that are compared at once.
const LANES: usize = 8;

/// What becomes of a bin: it is in a group, or it is opened, because cuts lie in it, and this is
/// its number among those.
#[derive(Debug, Clone, Copy)]
struct Place {
    group: usize,
    open: bool,
}

/// Rows whose labels are read at once.
const NOTED: usize = 512;

/// A bin in which cuts lie.
#[derive(Debug)]
struct Opened {
    /// The rank of its first value.
    rank: usize,
    /// Which cuts.
    cuts: std::ops::Range<usize>,
    /// The value of all its rows, where they have one in common by their limits.
    alone: Option<f64>,
}

/// The values at the cuts of a bin, and the group of each of its rows.
struct SortedOut {
    cuts: Vec<f64>,
    placed: Vec<(u32, u16)>,
}

impl Opened {
    fn sort_out<T>(
        &self,
        rows: &[T],
        value: &impl Fn(&T) -> f64,
        members: &[u32],
        lasts: &[usize],
        ties: Option<TieOrder<'_>>,
    ) -> SortedOut {
        if let (Some(value), Some(order)) = (self.alone, ties) {
            let mut placed = Vec::with_capacity(members.len());
            place_tied(members.to_vec(), self.rank, lasts, order, &mut placed);
            return SortedOut { cuts: vec![value; self.cuts.len()], placed };
        }
        // Negative zero is zero.
        let values: Vec<f64> =
            members.iter().map(|&row| value(&rows[row as usize]) + 0.0).collect();
        let cuts = self.values_at_cuts(&values, lasts);
        let mut placed = Vec::with_capacity(members.len());
        let mut tied = vec![Vec::new(); cuts.len()];
        let mut higher = vec![0usize; cuts.len()];
        for (&row, &value) in members.iter().zip(&values) {
            let above = cuts.partition_point(|&cut| cut > value);
            // The value is not below any cut from here on.
            if above < cuts.len() {
                higher[above] += 1;
                if ties.is_some() && cuts[above] == value {
                    tied[above].push(row);
                    continue;
                }
            }
            placed.push((row, (self.cuts.start + above) as u16));
        }
        let Some(order) = ties else { return SortedOut { cuts, placed } };
        let mut rank = self.rank;
        for (rows, not_lower) in tied.into_iter().zip(higher) {
            // Those that are not lower than this cut and lower than the cut before it.
            let first = rank + not_lower - rows.len();
            rank += not_lower;
            place_tied(rows, first, lasts, order, &mut placed);
        }
        SortedOut { cuts, placed }
    }

    fn values_at_cuts(&self, values: &[f64], lasts: &[usize]) -> Vec<f64> {
        let mut values = values.to_vec();
        let wanted = &lasts[self.cuts.clone()];
        if wanted.len() > 4 {
            values.sort_unstable_by(|a, b| b.total_cmp(a));
            return wanted.iter().map(|last| values[last - self.rank]).collect();
        }
        let mut open = values.len();
        let mut cuts: Vec<f64> = wanted
            .iter()
            .rev()
            .map(|last| {
                let place = last - self.rank;
                if place < open {
                    values[..open].select_nth_unstable_by(place, |a, b| b.total_cmp(a));
                    open = place;
                }
                values[place]
            })
            .collect();
        cuts.reverse();
        cuts
    }
}

/// Puts rows of equal values, which take the ranks from `first` on, into their groups.
fn place_tied(
    mut rows: Vec<u32>,
    first: usize,
    lasts: &[usize],
    order: TieOrder<'_>,
    placed: &mut Vec<(u32, u16)>,
) {
    let mut group = lasts.partition_point(|&last| last < first);
    let mut places: Vec<usize> = lasts[group..]
        .iter()
        .map(|last| last + 1 - first)
        .take_while(|&place| place < rows.len())
        .collect();
    let inside = places.clone();
    places.dedup();
    order(&mut rows, &places);
    let mut next = inside.into_iter().peekable();
    for (place, row) in rows.into_iter().enumerate() {
        while next.next_if(|&start| start <= place).is_some() {
            group += 1;
        }
        placed.push((row, group as u16));
    }
}

#[cfg(test)]
mod tests;
