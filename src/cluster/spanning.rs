//! The minimum spanning tree of customers, by Borůvka's rounds over boxes within boxes.
//!
//! In each round every group takes its shortest edge to another. Edges are ordered by their length,
//! then by the distance of their ends, then by the ends, so that there is one tree whatever the
//! ties. A point keeps the nearest
//! stranger it found until they are in one group, and then knows how near no stranger can be.

use std::sync::atomic::{AtomicU64, Ordering};

use pulp::{Simd, WithSimd};

use crate::cluster::hierarchical::{Pair, Sets};
use crate::cluster::neighbours::{LANES, NOBODY, Neighbours, Search};
use crate::num::{blocks, simd};
use crate::work::{Cancelled, Work};

/// Points for one task.
const POINTS: usize = 128;

/// The edges of the tree in the order of their lengths, which are squared here. An edge is as long
/// as the distance of its ends, and at least as long as each end's own number in the boxes.
pub(super) fn minimum_spanning_tree(
    boxes: &Neighbours,
    n: usize,
    d: usize,
    work: &Work,
) -> Result<Vec<Pair>, Cancelled> {
    let places: Vec<u32> =
        (0..boxes.slots() as u32).filter(|&slot| boxes.name(slot as usize) != NOBODY).collect();
    let mut sets = Sets::new(n);
    let mut tree: Vec<Edge> = Vec::with_capacity(n - 1);
    let mut group: Vec<u32> = (0..n as u32).collect();
    // For each point, by name: its nearest stranger, or how near none can be.
    let mut nearest = vec![Stranger { cost: 0.0, squared: 0.0, name: NOBODY }; n];
    while tree.len() + 1 < n {
        work.tell("joining customers", tree.len() as u64, Some(n as u64 - 1));
        let one_group = whole_boxes(boxes, &group);
        let shortest: Vec<AtomicU64> =
            (0..n).map(|_| AtomicU64::new(f64::INFINITY.to_bits())).collect();
        for (name, stranger) in nearest.iter_mut().enumerate() {
            if stranger.name != NOBODY && group[stranger.name as usize] == group[name] {
                stranger.name = NOBODY;
            }
            if stranger.name != NOBODY {
                lower(&shortest[group[name] as usize], stranger.cost);
            }
        }
        let found = blocks::map_tasks(places.len().div_ceil(POINTS), work, |task| {
            let places = &places[task * POINTS..places.len().min((task + 1) * POINTS)];
            let round = Round {
                boxes,
                d,
                places,
                group: &group,
                one_group: &one_group,
                nearest: &nearest,
                shortest: &shortest,
            };
            simd::run(round)
        })?;
        for (name, stranger) in found.into_iter().flatten() {
            nearest[name as usize] = stranger;
        }
        let mut best: Vec<Option<Edge>> = vec![None; n];
        for (name, stranger) in nearest.iter().enumerate() {
            if stranger.name == NOBODY {
                continue;
            }
            let (left, right) =
                ((name as u32).min(stranger.name), (name as u32).max(stranger.name));
            let edge = Edge { left, right, cost: stranger.cost, squared: stranger.squared };
            let best = &mut best[group[name] as usize];
            if best.is_none_or(|best| shorter(&edge, &best).is_lt()) {
                *best = Some(edge);
            }
        }
        for edge in best.into_iter().flatten() {
            let (a, b) = (sets.root(edge.left), sets.root(edge.right));
            if a != b {
                sets.join(a, b);
                tree.push(edge);
            }
        }
        for name in 0..n as u32 {
            group[name as usize] = sets.root(name);
        }
    }
    tree.sort_unstable_by(shorter);
    let pair = |edge: Edge| Pair { left: edge.left, right: edge.right, height: edge.cost };
    Ok(tree.into_iter().map(pair).collect())
}

#[derive(Clone, Copy)]
struct Edge {
    left: u32,
    right: u32,
    cost: f64,
    squared: f64,
}

/// By length, by distance, then by the ends: no two edges are equal.
fn shorter(a: &Edge, b: &Edge) -> std::cmp::Ordering {
    let length = a.cost.total_cmp(&b.cost).then(a.squared.total_cmp(&b.squared));
    length.then((a.left, a.right).cmp(&(b.left, b.right)))
}

/// Lengths are not negative, so their bits are in the order of their values.
fn lower(shortest: &AtomicU64, cost: f64) {
    shortest.fetch_min(cost.to_bits(), Ordering::Relaxed);
}

/// For each box of each level, the group that all its points are in, or [`NOBODY`].
fn whole_boxes(boxes: &Neighbours, group: &[u32]) -> Vec<Vec<u32>> {
    let blocks = boxes.slots() / LANES;
    let block = |block: usize| {
        let names = (block * LANES..(block + 1) * LANES).map(|slot| boxes.name(slot));
        one_of(names.filter(|&name| name != NOBODY).map(|name| group[name as usize]))
    };
    let mut levels: Vec<Vec<u32>> = vec![(0..blocks).map(block).collect()];
    for _ in 1..boxes.n_levels() {
        let next = levels.last().map_or_else(Vec::new, |below| {
            below.chunks(LANES).map(|chunk| one_of(chunk.iter().copied())).collect()
        });
        levels.push(next);
    }
    levels
}

/// The group that all are in, or [`NOBODY`].
fn one_of(mut groups: impl Iterator<Item = u32>) -> u32 {
    let first = groups.next().unwrap_or(NOBODY);
    if groups.all(|other| other == first) { first } else { NOBODY }
}

#[derive(Clone, Copy)]
struct Stranger {
    cost: f64,
    squared: f64,
    name: u32,
}

/// The kernel: the nearest strangers of some points.
struct Round<'a> {
    boxes: &'a Neighbours,
    d: usize,
    places: &'a [u32],
    group: &'a [u32],
    one_group: &'a [Vec<u32>],
    nearest: &'a [Stranger],
    /// By group: the shortest edge that any thread found so far. Who is told late looks at more
    /// points and finds the same.
    shortest: &'a [AtomicU64],
}

impl WithSimd for Round<'_> {
    type Output = Vec<(u32, Stranger)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let mut query = vec![0.0; self.d];
        let mut found = Vec::new();
        for &slot in self.places {
            let slot = slot as usize;
            let name = self.boxes.name(slot);
            let known = self.nearest[name as usize];
            let mine = self.group[name as usize];
            let shortest = &self.shortest[mine as usize];
            let bound = f64::from_bits(shortest.load(Ordering::Relaxed));
            if known.name != NOBODY || known.cost > bound {
                continue;
            }
            self.boxes.point(slot, &mut query);
            let mut search = Nearest {
                own: self.boxes.own(slot),
                mine,
                me: name,
                group: self.group,
                one_group: self.one_group,
                bound,
                squared: f64::INFINITY,
                stranger: NOBODY,
            };
            self.boxes.search(&query, &mut search);
            if search.stranger != NOBODY {
                lower(shortest, search.bound);
            }
            let Nearest { bound: cost, squared, stranger, .. } = search;
            found.push((name, Stranger { cost, squared, name: stranger }));
        }
        found
    }
}

/// The nearest point of another group.
struct Nearest<'a> {
    own: f64,
    mine: u32,
    me: u32,
    group: &'a [u32],
    one_group: &'a [Vec<u32>],
    bound: f64,
    squared: f64,
    stranger: u32,
}

impl Search for Nearest<'_> {
    #[inline(always)]
    fn cost(&self, squared: f64, own: f64) -> f64 {
        let floor = if self.own > own { self.own } else { own };
        if squared > floor { squared } else { floor }
    }

    #[inline(always)]
    fn bound(&self) -> f64 {
        self.bound
    }

    #[inline(always)]
    fn enters(&self, level: usize, place: usize) -> bool {
        self.one_group[level][place] != self.mine
    }

    #[inline(always)]
    fn offer(&mut self, cost: f64, squared: f64, name: u32) {
        if self.group[name as usize] == self.mine {
            return;
        }
        // The bound may have come from elsewhere, so that the first stranger within it counts,
        // although it may be no nearer.
        let key = |name: u32| (name.min(self.me), name.max(self.me));
        let nearer =
            squared < self.squared || (squared == self.squared && key(name) < key(self.stranger));
        if cost < self.bound || self.stranger == NOBODY || nearer {
            (self.bound, self.squared, self.stranger) = (cost, squared, name);
        }
    }
}
