//! The tree of groups that are large enough, and which of them are segments.
//!
//! Density is the inverse of a distance. Going up from nowhere, a group loses customers one by one,
//! or falls apart into groups that are both large enough: only then are there new groups.

use crate::cluster::hierarchical::{Pair, Sets};

/// How segments are chosen among groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DenseSelection {
    /// Those that last: the largest excess of mass over the density at which they appear. Few
    /// segments of different density.
    #[default]
    ExcessOfMass,
    /// Those that fall apart no further. Many small segments of like size.
    Leaf,
}

/// Groups that are large enough, parents before children; the first holds everybody.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condensed {
    pub(super) groups: Vec<Group>,
    /// For each point: the last group it was in.
    pub(super) home: Vec<u32>,
    /// For each point: the density at which it left that group.
    pub(super) left_at: Vec<f64>,
}

/// A group that is large enough.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// The group that it is a part of; the first is its own.
    pub(super) parent: u32,
    /// The density at which it appears.
    pub(super) birth: f64,
    /// The highest density at which somebody leaves it, or it falls apart.
    pub(super) death: f64,
    weight: f64,
    stability: f64,
    falls_apart: bool,
}

impl Condensed {
    /// Condenses the merges of points, in the order of their heights. A point of weight is that
    /// many customers who are alike; they are together from `cores`, their own distance, on.
    pub(super) fn of(merges: &[Pair], cores: &[f64], weights: &[f64], least_weight: f64) -> Self {
        let tree = Tree::of(merges, weights);
        let n = weights.len();
        let density = Density::of(merges, cores);
        let mut condensed = Self {
            groups: vec![Group::new(0, 0.0, tree.weight[tree.weight.len() - 1])],
            home: vec![0; n],
            left_at: vec![0.0; n],
        };
        // Nodes with the group they are in; or, below a split, the density at which they left it.
        let mut waiting = vec![(tree.weight.len() - 1, 0u32, None)];
        while let Some((node, group, left)) = waiting.pop() {
            if node < n {
                condensed.home[node] = group;
                condensed.left_at[node] = left.unwrap_or_else(|| density.at(cores[node]));
                continue;
            }
            let merge = &merges[node - n];
            let [a, b] = tree.parts[node - n].map(|part| part as usize);
            let at = density.at(merge.height);
            let large = |part: usize| tree.weight[part] >= least_weight;
            match (left, large(a), large(b)) {
                (None, true, true) => {
                    condensed.groups[group as usize].falls_apart = true;
                    for part in [a, b] {
                        let number = condensed.groups.len() as u32;
                        condensed.groups.push(Group::new(group, at, tree.weight[part]));
                        waiting.push((part, number, None));
                    }
                }
                (None, one, other) => {
                    waiting.push((a, group, if one { None } else { Some(at) }));
                    waiting.push((b, group, if other { None } else { Some(at) }));
                }
                (Some(_), ..) => {
                    waiting.push((a, group, left));
                    waiting.push((b, group, left));
                }
            }
        }
        condensed.measure(weights);
        condensed
    }

    fn measure(&mut self, weights: &[f64]) {
        for (point, &weight) in weights.iter().enumerate() {
            let (home, at) = (self.home[point] as usize, self.left_at[point]);
            let group = &mut self.groups[home];
            group.stability += weight * (at - group.birth);
            group.death = group.death.max(at);
        }
        for number in 1..self.groups.len() {
            let (birth, weight) = (self.groups[number].birth, self.groups[number].weight);
            let parent = self.groups[number].parent as usize;
            let parent = &mut self.groups[parent];
            parent.stability += weight * (birth - parent.birth);
            parent.death = parent.death.max(birth);
        }
    }

    /// For each group, the segment it belongs to, as the number of the group that was chosen. The
    /// group of everybody is none.
    pub(super) fn segments(&self, selection: DenseSelection, epsilon: f64) -> Vec<Option<u32>> {
        let mut chosen = match selection {
            DenseSelection::Leaf => self.groups.iter().map(|group| !group.falls_apart).collect(),
            DenseSelection::ExcessOfMass => self.lasting(),
        };
        chosen[0] = false;
        if epsilon > 0.0 {
            chosen = self.merged(&chosen, epsilon);
        }
        let mut within: Vec<Option<u32>> = vec![None; chosen.len()];
        for number in 1..chosen.len() {
            let above = within[self.groups[number].parent as usize];
            within[number] = above.or(chosen[number].then_some(number as u32));
        }
        within
    }

    /// Groups that are at least as stable as what they fall apart into.
    fn lasting(&self) -> Vec<bool> {
        let mut chosen = vec![true; self.groups.len()];
        let mut below = vec![0.0; self.groups.len()];
        for number in (1..self.groups.len()).rev() {
            let group = &self.groups[number];
            let keeps = !group.falls_apart || below[number] <= group.stability;
            chosen[number] = keeps;
            below[group.parent as usize] += if keeps { group.stability } else { below[number] };
        }
        chosen
    }

    /// In place of every group that appears only at distances below `epsilon`, the next one above
    /// it that does not.
    fn merged(&self, chosen: &[bool], epsilon: f64) -> Vec<bool> {
        let mut merged = vec![false; chosen.len()];
        for number in (1..chosen.len()).filter(|&number| chosen[number]) {
            let mut at = number;
            while self.groups[at].birth * epsilon > 1.0 && self.groups[at].parent != 0 {
                at = self.groups[at].parent as usize;
            }
            merged[at] = true;
        }
        merged
    }
}

impl Group {
    fn new(parent: u32, birth: f64, weight: f64) -> Self {
        Self { parent, birth, death: birth, weight, stability: 0.0, falls_apart: false }
    }
}

/// Distances turned into densities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Density {
    highest: f64,
}

impl Density {
    /// Customers who are alike are infinitely dense. That would make every comparison a tie, so
    /// they count as half as far apart as the nearest who are not.
    fn of(merges: &[Pair], cores: &[f64]) -> Self {
        let distances = merges.iter().map(|merge| merge.height).chain(cores.iter().copied());
        let nearest = distances.filter(|&distance| distance > 0.0).fold(f64::INFINITY, f64::min);
        Self { highest: if nearest < f64::INFINITY { 2.0 / nearest } else { 1.0 } }
    }

    fn at(self, distance: f64) -> f64 {
        if distance > 0.0 { 1.0 / distance } else { self.highest }
    }
}

/// Merges with their parts by number: points first, then merges.
struct Tree {
    parts: Vec<[u32; 2]>,
    weight: Vec<f64>,
}

impl Tree {
    fn of(merges: &[Pair], weights: &[f64]) -> Self {
        let n = weights.len();
        let mut sets = Sets::new(n);
        let mut node: Vec<u32> = (0..n as u32).collect();
        let mut tree = Self { parts: Vec::with_capacity(merges.len()), weight: weights.to_vec() };
        for merge in merges {
            let (a, b) = (sets.root(merge.left), sets.root(merge.right));
            let parts = [node[a as usize], node[b as usize]];
            let weight = tree.weight[parts[0] as usize] + tree.weight[parts[1] as usize];
            node[sets.join(a, b) as usize] = tree.weight.len() as u32;
            tree.parts.push(parts);
            tree.weight.push(weight);
        }
        tree
    }
}
