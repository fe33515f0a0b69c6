//! The nearest of many points, by boxes within boxes.
//!
//! Points that lie together stand together, [`LANES`] in a block; so many blocks share a box, so
//! many boxes a larger one. A search goes into the nearest box first and leaves out every box that
//! is farther than what it has found. One step looks at a whole block or box, one lane each, by the
//! vector instructions of the machine. A bound of a box is computed by the same roundings as the
//! distances within, so that it never exceeds one of them and the answer is exact to the last bit.

use crate::num::simd::fma;

/// How many points stand in a block, and blocks in a box.
pub(super) const LANES: usize = 16;
pub(super) type Lanes = [f64; LANES];

/// The name in a lane without a point.
pub(super) const NOBODY: u32 = u32::MAX;

/// Boxes nest at most eight deep for four billion points.
const DEEPEST: usize = 9;

/// What a search wants, and what it has found so far.
///
/// A point costs something that grows with its squared distance; what else it depends on is one
/// number of its own. All of these are called in kernels and must be `#[inline(always)]`.
pub(super) trait Search {
    /// The cost of a point. It must not fall where the distance grows, in floating point too, and
    /// for a box, whose own number is the least costly of its points', not exceed theirs.
    fn cost(&self, squared: f64, own: f64) -> f64;

    /// Costs above this are of no interest.
    fn bound(&self) -> f64;

    /// Whether a box can hold anything of interest.
    #[inline(always)]
    fn enters(&self, _level: usize, _place: usize) -> bool {
        true
    }

    /// Takes a point whose cost is within the bound.
    fn offer(&mut self, cost: f64, squared: f64, name: u32);
}

/// Which of the points' own numbers stands for a box.
#[derive(Debug, Clone, Copy)]
pub(super) enum Own {
    /// The largest.
    Largest,
    /// The smallest.
    Smallest,
}

impl Own {
    fn nothing(self) -> f64 {
        match self {
            Self::Largest => 0.0,
            Self::Smallest => f64::INFINITY,
        }
    }

    fn of(self, all: &Lanes) -> f64 {
        match self {
            Self::Largest => all.iter().copied().fold(0.0, f64::max),
            Self::Smallest => all.iter().copied().fold(f64::INFINITY, f64::min),
        }
    }
}

/// Points in blocks, in boxes, in larger boxes.
#[derive(Clone)]
pub(super) struct Neighbours {
    d: usize,
    kind: Own,
    names: Vec<[u32; LANES]>,
    /// For each block, the coordinates of its points by dimension.
    points: Vec<Lanes>,
    own: Vec<Lanes>,
    levels: Vec<Level>,
}

/// Boxes, [`LANES`] of them side by side; the last level has one such group.
#[derive(Clone)]
struct Level {
    low: Vec<Lanes>,
    high: Vec<Lanes>,
    own: Vec<Lanes>,
}

/// A point that enters: its name and its own number.
pub(super) struct Entry {
    pub(super) name: u32,
    pub(super) own: f64,
}

impl Neighbours {
    /// Puts points into boxes; `coordinate(place, dimension)` belongs to `entries[place]`.
    pub(super) fn new(
        entries: &[Entry],
        d: usize,
        kind: Own,
        coordinate: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let mut order: Vec<u32> = (0..entries.len() as u32).collect();
        arrange(&mut order, d, &coordinate);
        let blocks = entries.len().div_ceil(LANES).max(1);
        let mut boxes = Self {
            d,
            kind,
            names: vec![[NOBODY; LANES]; blocks],
            points: vec![[f64::INFINITY; LANES]; blocks * d],
            own: vec![[kind.nothing(); LANES]; blocks],
            levels: Vec::new(),
        };
        for (slot, &place) in order.iter().enumerate() {
            let (block, lane) = (slot / LANES, slot % LANES);
            let entry = &entries[place as usize];
            boxes.names[block][lane] = entry.name;
            boxes.own[block][lane] = entry.own;
            for dimension in 0..d {
                boxes.points[block * d + dimension][lane] = coordinate(place as usize, dimension);
            }
        }
        let mut below = blocks;
        while below > 1 || boxes.levels.is_empty() {
            let groups = below.div_ceil(LANES);
            boxes.levels.push(Level {
                low: vec![[f64::INFINITY; LANES]; groups * d],
                high: vec![[f64::NEG_INFINITY; LANES]; groups * d],
                own: vec![[kind.nothing(); LANES]; groups],
            });
            let level = boxes.levels.len() - 1;
            (0..below).for_each(|child| boxes.enclose(level, child));
            below = groups;
        }
        boxes
    }

    /// The places of the points, block by block.
    pub(super) fn slots(&self) -> usize {
        self.names.len() * LANES
    }

    pub(super) fn name(&self, slot: usize) -> u32 {
        self.names[slot / LANES][slot % LANES]
    }

    pub(super) fn own(&self, slot: usize) -> f64 {
        self.own[slot / LANES][slot % LANES]
    }

    pub(super) fn coordinate(&self, slot: usize, dimension: usize) -> f64 {
        self.points[slot / LANES * self.d + dimension][slot % LANES]
    }

    /// The coordinates of a point, into `query`.
    #[inline(always)]
    pub(super) fn point(&self, slot: usize, query: &mut [f64]) {
        for (dimension, value) in query.iter_mut().enumerate() {
            *value = self.coordinate(slot, dimension);
        }
    }

    /// How many levels of boxes there are.
    pub(super) fn n_levels(&self) -> usize {
        self.levels.len()
    }

    /// Gives every point another number of its own.
    pub(super) fn set_own(&mut self, own: impl Fn(u32) -> f64) {
        for slot in 0..self.slots() {
            let name = self.name(slot);
            if name != NOBODY {
                self.own[slot / LANES][slot % LANES] = own(name);
            }
        }
        let mut below = self.names.len();
        for level in 0..self.levels.len() {
            (0..below).for_each(|child| self.enclose(level, child));
            below = below.div_ceil(LANES);
        }
    }

    /// Moves a point, in its place. [`Neighbours::refresh`] must follow.
    pub(super) fn set(&mut self, slot: usize, own: f64, coordinate: impl Fn(usize) -> f64) {
        let (block, lane) = (slot / LANES, slot % LANES);
        self.own[block][lane] = own;
        for dimension in 0..self.d {
            self.points[block * self.d + dimension][lane] = coordinate(dimension);
        }
    }

    /// Takes a point out. [`Neighbours::refresh`] must follow.
    pub(super) fn remove(&mut self, slot: usize) {
        let nothing = self.kind.nothing();
        self.set(slot, nothing, |_| f64::INFINITY);
        self.names[slot / LANES][slot % LANES] = NOBODY;
    }

    /// Makes the boxes around a point fit again.
    pub(super) fn refresh(&mut self, slot: usize) {
        let mut child = slot / LANES;
        for level in 0..self.levels.len() {
            self.enclose(level, child);
            child /= LANES;
        }
    }

    /// Fits a box of `level` around what it holds.
    fn enclose(&mut self, level: usize, child: usize) {
        let (d, group, lane) = (self.d, child / LANES, child % LANES);
        let (below, rest) = self.levels.split_at_mut(level);
        let (lower, upper, own) = match below.last() {
            None => (&self.points, &self.points, &self.own),
            Some(level) => (&level.low, &level.high, &level.own),
        };
        let here = &mut rest[0];
        here.own[group][lane] = self.kind.of(&own[child]);
        for dimension in 0..d {
            let place = child * d + dimension;
            let low = lower[place].iter().copied().fold(f64::INFINITY, f64::min);
            // An empty place among points is infinitely far up.
            let finite = upper[place].iter().copied().filter(|value| *value < f64::INFINITY);
            here.low[group * d + dimension][lane] = low;
            here.high[group * d + dimension][lane] = finite.fold(f64::NEG_INFINITY, f64::max);
        }
    }

    /// Offers every point whose cost is within the bound of the search, nearest boxes first. To be
    /// called in a kernel.
    #[inline(always)]
    pub(super) fn search<S: Search>(&self, query: &[f64], search: &mut S) {
        let mut waiting = [(0.0f64, 0u32, 0u32); DEEPEST * LANES];
        waiting[0].1 = self.levels.len() as u32;
        let mut left = 1;
        while left > 0 {
            left -= 1;
            let (least, level, place) = waiting[left];
            if least > search.bound() {
                continue;
            }
            let (level, place) = (level as usize, place as usize);
            if level == 0 {
                self.offer_block(place, query, search);
                continue;
            }
            let costs = self.levels[level - 1].costs(place, query, search);
            let children = match level {
                1 => self.names.len(),
                _ => self.levels[level - 2].own.len(),
            };
            let first = left;
            for lane in 0..LANES.min(children - place * LANES) {
                let cost = costs[lane];
                let child = place * LANES + lane;
                if cost <= search.bound() && search.enters(level - 1, child) {
                    // Farthest first, so that the nearest is taken out first.
                    let mut at = left;
                    while at > first && waiting[at - 1].0 < cost {
                        waiting[at] = waiting[at - 1];
                        at -= 1;
                    }
                    waiting[at] = (cost, level as u32 - 1, child as u32);
                    left += 1;
                }
            }
        }
    }

    #[inline(always)]
    fn offer_block<S: Search>(&self, block: usize, query: &[f64], search: &mut S) {
        let mut squared = [0.0; LANES];
        for (lanes, &value) in self.points[block * self.d..(block + 1) * self.d].iter().zip(query) {
            for lane in 0..LANES {
                let distance = lanes[lane] - value;
                squared[lane] = fma(distance, distance, squared[lane]);
            }
        }
        let mut costs = [0.0; LANES];
        for lane in 0..LANES {
            costs[lane] = search.cost(squared[lane], self.own[block][lane]);
        }
        if least(&costs) > search.bound() {
            return;
        }
        for lane in 0..LANES {
            if costs[lane] <= search.bound() && self.names[block][lane] != NOBODY {
                search.offer(costs[lane], squared[lane], self.names[block][lane]);
            }
        }
    }
}

impl Level {
    #[inline(always)]
    fn costs<S: Search>(&self, group: usize, query: &[f64], search: &S) -> Lanes {
        let d = query.len();
        let mut squared = [0.0; LANES];
        let sides =
            self.low[group * d..(group + 1) * d].iter().zip(&self.high[group * d..(group + 1) * d]);
        for ((low, high), &value) in sides.zip(query) {
            for lane in 0..LANES {
                let (below, above) = (low[lane] - value, value - high[lane]);
                let outside = if below > above { below } else { above };
                let outside = if outside > 0.0 { outside } else { 0.0 };
                squared[lane] = fma(outside, outside, squared[lane]);
            }
        }
        let mut costs = [0.0; LANES];
        for lane in 0..LANES {
            costs[lane] = search.cost(squared[lane], self.own[group][lane]);
        }
        costs
    }
}

#[inline(always)]
fn least(values: &Lanes) -> f64 {
    let mut half = [0.0; LANES / 2];
    for lane in 0..LANES / 2 {
        let (a, b) = (values[lane], values[lane + LANES / 2]);
        half[lane] = if a < b { a } else { b };
    }
    half.iter().fold(f64::INFINITY, |least, &value| if value < least { value } else { least })
}

/// Puts points that lie together behind one another: halves along the longest side, cut where boxes
/// end.
fn arrange(order: &mut [u32], d: usize, coordinate: &impl Fn(usize, usize) -> f64) {
    if order.len() <= LANES {
        return;
    }
    let spread = |dimension: usize| {
        let values = order.iter().map(|&place| coordinate(place as usize, dimension));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        high - low
    };
    let mut longest = (0, f64::NEG_INFINITY);
    for dimension in 0..d {
        let spread = spread(dimension);
        if spread > longest.1 {
            longest = (dimension, spread);
        }
    }
    let dimension = longest.0;
    // The largest box that all do not fit in, as often as it fits in one half.
    let mut whole = LANES;
    while whole * LANES < order.len() {
        whole *= LANES;
    }
    let cut = (order.len() / 2 / whole).max(1) * whole;
    order.select_nth_unstable_by(cut, |&a, &b| {
        let (x, y) = (coordinate(a as usize, dimension), coordinate(b as usize, dimension));
        x.total_cmp(&y).then(a.cmp(&b))
    });
    let (left, right) = order.split_at_mut(cut);
    arrange(left, d, coordinate);
    arrange(right, d, coordinate);
}
