//! The tree of merges: where it is cut, and how well it tells distances.
//!
//! Numbered as SciPy and R's `hclust` users know it: rows are `0..n`, the group of merge `i` is
//! `n + i`, merges stand in the order of their heights.

use crate::cluster::SegmentError;
use crate::num::blocks;
use crate::units::SegmentId;
use crate::work::{Cancelled, Work};

/// Two groups that are merged, each named by one of its rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) height: f64,
}

/// Two groups that become one.
///
/// `left` and `right` are below the number of rows for single rows; `n + i` is the group that merge
/// `i` made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Merge {
    /// One group, the one with the lower number.
    pub left: usize,
    /// The other.
    pub right: usize,
    /// How far apart they were, by the linkage.
    pub height: f64,
    /// How many rows they have together.
    pub size: usize,
}

/// Merges from single rows to one group, in the order of their heights.
#[derive(Clone, PartialEq)]
pub struct Dendrogram {
    n: usize,
    merges: Vec<Merged>,
}

/// A [`Merge`] in half the memory.
#[derive(Clone, Copy, PartialEq)]
struct Merged {
    left: u32,
    right: u32,
    size: u32,
    height: f64,
}

impl Dendrogram {
    /// Numbers the merges. Where heights are equal, the order given must put children first.
    pub(crate) fn of(n: usize, mut pairs: Vec<Pair>) -> Self {
        pairs.sort_by(|a, b| a.height.total_cmp(&b.height));
        let mut sets = Sets::new(n);
        // By root: the number of the group, and its size.
        let mut group: Vec<(u32, u32)> = (0..n as u32).map(|row| (row, 1)).collect();
        let mut merges = Vec::with_capacity(pairs.len());
        for Pair { left, right, height } in pairs {
            let (a, b) = (sets.root(left), sets.root(right));
            let ((x, m), (y, l)) = (group[a as usize], group[b as usize]);
            let root = sets.join(a, b);
            group[root as usize] = ((n + merges.len()) as u32, m + l);
            merges.push(Merged { left: x.min(y), right: x.max(y), size: m + l, height });
        }
        Self { n, merges }
    }

    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.n
    }

    /// The merges, the lowest first.
    pub fn merges(&self) -> impl ExactSizeIterator<Item = Merge> + '_ {
        self.merges.iter().map(|merge| Merge {
            left: merge.left as usize,
            right: merge.right as usize,
            height: merge.height,
            size: merge.size as usize,
        })
    }

    /// The heights of the merges, from the lowest.
    pub fn heights(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.merges.iter().map(|merge| merge.height)
    }

    /// The segment of each row where the tree is cut into `k`: the last `k - 1` merges are undone.
    /// Segments are numbered by their first rows.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`] for no segments, or more than there are rows.
    pub fn cut(&self, k: usize) -> Result<Vec<SegmentId>, SegmentError> {
        if k == 0 || k > self.n {
            let expected = "from 1 to the number of customers";
            return Err(SegmentError::Param { name: "k", value: k as f64, expected });
        }
        Ok(self.after(self.n - k))
    }

    /// The segment of each row where the tree is cut at a height: merges at or below it stand.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`] for a height that is not a number.
    pub fn cut_at(&self, height: f64) -> Result<Vec<SegmentId>, SegmentError> {
        if height.is_nan() {
            let expected = "a number";
            return Err(SegmentError::Param { name: "height", value: height, expected });
        }
        Ok(self.after(self.merges.partition_point(|merge| merge.height <= height)))
    }

    /// The segments after so many merges.
    fn after(&self, count: usize) -> Vec<SegmentId> {
        const NONE: u32 = u32::MAX;
        let mut parent = vec![NONE; self.n + count];
        for (number, merge) in self.merges[..count].iter().enumerate() {
            parent[merge.left as usize] = (self.n + number) as u32;
            parent[merge.right as usize] = (self.n + number) as u32;
        }
        // A group's number is above those of its parts, so one pass from the top finds all roots.
        let mut root: Vec<u32> = (0..parent.len() as u32).collect();
        for node in (0..parent.len()).rev() {
            if parent[node] != NONE {
                root[node] = root[parent[node] as usize];
            }
        }
        let (mut number, mut next) = (vec![NONE; parent.len()], 0);
        let segment = |row: usize| {
            let seen = &mut number[root[row] as usize];
            if *seen == NONE {
                *seen = next;
                next += 1;
            }
            SegmentId(*seen)
        };
        (0..self.n).map(segment).collect()
    }

    /// The correlation between the distances of rows and the heights at which the tree brings them
    /// together (Sokal & Rohlf 1962): one where the tree tells all distances.
    ///
    /// `None` where all rows are equally far apart or the tree has one height, as for fewer than
    /// three rows. Costs the square of the number of rows in time, not in memory.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Cancelled`].
    pub(crate) fn cophenetic(
        &self,
        distance: impl Fn(usize, usize) -> f64 + Sync,
        work: &Work,
    ) -> Result<Option<f64>, Cancelled> {
        let Some(tallest) = self.merges.last().map(|merge| merge.height) else { return Ok(None) };
        let (order, gaps) = self.leaves();
        let n = self.n;
        // Distances and heights near their own size: sums of squares neither overflow nor lose.
        let scale = if tallest > 0.0 { 1.0 / tallest } else { 1.0 };
        const ROWS: usize = 64;
        let sums = blocks::map_tasks(n.div_ceil(ROWS), work, |task| {
            let mut sums = [0.0; 5];
            for first in task * ROWS..n.min((task + 1) * ROWS) {
                let (mut part, mut height) = ([0.0; 5], 0.0f64);
                for other in first + 1..n {
                    height = height.max(gaps[other]);
                    let (i, j) = (order[first] as usize, order[other] as usize);
                    let (x, y) = (distance(i, j) * scale, height * scale);
                    let terms = [x, y, x * x, y * y, x * y];
                    part.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                }
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
            sums
        })?;
        let mut total = [0.0; 5];
        for sums in sums {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
        let [x, y, xx, yy, xy] = total.map(|sum| sum / pairs);
        let (vx, vy) = (xx - x * x, yy - y * y);
        // What is left of a variance by rounding is no variance.
        if !(vx > 1e-13 * xx && vy > 1e-13 * yy) {
            return Ok(None);
        }
        Ok(Some(((xy - x * y) / (vx.sqrt() * vy.sqrt())).clamp(-1.0, 1.0)))
    }

    /// The rows as they stand under the tree, and for each the height at which it meets the one
    /// before.
    fn leaves(&self) -> (Vec<u32>, Vec<f64>) {
        let (mut order, mut gaps) = (Vec::with_capacity(self.n), Vec::with_capacity(self.n));
        let mut waiting = vec![((2 * self.n - 2) as u32, 0.0)];
        while let Some((node, gap)) = waiting.pop() {
            if (node as usize) < self.n {
                order.push(node);
                gaps.push(gap);
            } else {
                let merge = self.merges[node as usize - self.n];
                waiting.push((merge.right, merge.height));
                waiting.push((merge.left, gap));
            }
        }
        (order, gaps)
    }
}

impl std::fmt::Debug for Dendrogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dendrogram").field("n_rows", &self.n).finish_non_exhaustive()
    }
}

/// Disjoint sets.
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    pub(crate) fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    /// Who stands for the set of `member`.
    pub(crate) fn root(&mut self, member: u32) -> u32 {
        let mut at = member;
        while self.0[at as usize] != at {
            // Halves the way for those who come after.
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    /// Makes two sets one; the lower root stands for both.
    pub(crate) fn join(&mut self, a: u32, b: u32) -> u32 {
        let (low, high) = (a.min(b), a.max(b));
        self.0[high as usize] = low;
        low
    }
}
