//! How dense it is around customers: kernels over boxes within boxes.

use pulp::{Simd, WithSimd};

use crate::cluster::neighbours::{NOBODY, Neighbours, Search};

/// The points nearest to a place, until they have enough weight.
pub(super) struct Around<'a> {
    weights: &'a [f64],
    need: f64,
    /// Squared distances with weights, the nearest first.
    near: Vec<(f64, f64)>,
    sum: f64,
    bound: f64,
    /// A point right at the place.
    twin: u32,
}

impl<'a> Around<'a> {
    #[inline(always)]
    fn new(weights: &'a [f64], need: f64) -> Self {
        Self { weights, need, near: Vec::new(), sum: 0.0, bound: f64::INFINITY, twin: NOBODY }
    }

    /// For another place.
    #[inline(always)]
    fn clear(&mut self) {
        self.near.clear();
        self.sum = 0.0;
        self.bound = f64::INFINITY;
        self.twin = NOBODY;
    }

    /// The squared distance within which there is enough weight; none is needed at no distance.
    #[inline(always)]
    fn squared(&self) -> f64 {
        if self.need > 0.0 { self.bound } else { 0.0 }
    }
}

impl Search for Around<'_> {
    #[inline(always)]
    fn cost(&self, squared: f64, _: f64) -> f64 {
        squared
    }

    #[inline(always)]
    fn bound(&self) -> f64 {
        self.bound
    }

    #[inline(always)]
    fn offer(&mut self, cost: f64, _: f64, name: u32) {
        if cost == 0.0 && name < self.twin {
            self.twin = name;
        }
        let weight = self.weights[name as usize];
        let mut at = self.near.len();
        self.near.push((cost, weight));
        while at > 0 && self.near[at - 1].0 > cost {
            self.near.swap(at, at - 1);
            at -= 1;
        }
        self.sum += weight;
        while let Some(&(farthest, last)) = self.near.last() {
            if self.sum - last < self.need {
                if self.sum >= self.need {
                    self.bound = farthest;
                }
                break;
            }
            self.sum -= last;
            self.near.pop();
        }
    }
}

/// The kernel: squared core distances of points where they stand.
pub(super) struct Cores<'a> {
    pub(super) boxes: &'a Neighbours,
    pub(super) d: usize,
    pub(super) weights: &'a [f64],
    pub(super) need: f64,
    pub(super) slots: std::ops::Range<usize>,
}

impl WithSimd for Cores<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
        let mut query = vec![0.0; self.d];
        let mut around = Around::new(self.weights, self.need);
        let mut cores = Vec::with_capacity(self.slots.len());
        for slot in self.slots {
            around.clear();
            if self.boxes.name(slot) != NOBODY {
                self.boxes.point(slot, &mut query);
                self.boxes.search(&query, &mut around);
            }
            cores.push(around.squared());
        }
        cores
    }
}

/// Whom a new customer is nearest to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Nearest {
    /// The same in every feature.
    Twin(u32),
    /// Somebody at a squared distance by mutual reachability.
    Other(u32, f64),
    /// Nobody: infinitely far from all.
    Nobody,
}

/// The kernel: whom new customers are nearest to.
pub(super) struct Newcomers<'a> {
    /// Boxes whose own numbers are squared core distances.
    pub(super) boxes: &'a Neighbours,
    pub(super) weights: &'a [f64],
    /// The weight needed beside the newcomer's own.
    pub(super) need: f64,
    pub(super) rows: Vec<Vec<f64>>,
}

impl WithSimd for Newcomers<'_> {
    type Output = Vec<Nearest>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<Nearest> {
        let mut around = Around::new(self.weights, self.need.max(f64::MIN_POSITIVE));
        let mut found = Vec::with_capacity(self.rows.len());
        for query in &self.rows {
            around.clear();
            self.boxes.search(query, &mut around);
            if around.twin != NOBODY {
                found.push(Nearest::Twin(around.twin));
                continue;
            }
            let own = if self.need > 0.0 { around.bound } else { 0.0 };
            let mut reach =
                Reach { own, cost: f64::INFINITY, squared: f64::INFINITY, name: NOBODY };
            self.boxes.search(query, &mut reach);
            found.push(if reach.cost < f64::INFINITY {
                Nearest::Other(reach.name, reach.cost)
            } else {
                Nearest::Nobody
            });
        }
        found
    }
}

/// The nearest by mutual reachability, of equals the nearest by distance, then the first.
struct Reach {
    own: f64,
    cost: f64,
    squared: f64,
    name: u32,
}

impl Search for Reach {
    #[inline(always)]
    fn cost(&self, squared: f64, own: f64) -> f64 {
        let floor = if self.own > own { self.own } else { own };
        if squared > floor { squared } else { floor }
    }

    #[inline(always)]
    fn bound(&self) -> f64 {
        self.cost
    }

    #[inline(always)]
    fn offer(&mut self, cost: f64, squared: f64, name: u32) {
        let tie = cost == self.cost;
        let nearer = squared < self.squared || (squared == self.squared && name < self.name);
        if cost < self.cost || (tie && nearer) {
            (self.cost, self.squared, self.name) = (cost, squared, name);
        }
    }
}
