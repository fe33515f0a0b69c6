//! New starts from optima already found: centres of two of them, one of which is put elsewhere.
//!
//! Optima of k-means share most of their centres, and single starts seldom have all the right ones
//! at once. Recombination takes each centre from one of two parents and then moves one to where
//! customers lie far from all (Gribel & Vidal 2019, HG-means). On surveys most rounds of it
//! find optima that single starts hit in one of a hundred tries or less.

use pulp::{Simd, WithSimd};

use crate::cluster::kmeans::exchange::{Descent, Partition, squared_distance};
use crate::cluster::kmeans::packs::Packs;
use crate::num::random::Stream;
use crate::num::simd;

/// Centres drawn among the packs as k-means++ draws them (Arthur & Vassilvitskii 2007): each with a
/// chance proportional to its weight and squared distance from those drawn. Of `candidates` drawn
/// for each centre, the one stays that leaves the least inertia.
pub(super) fn draw_centres(
    packs: &Packs,
    k: usize,
    candidates: usize,
    stream: &mut Stream,
) -> Vec<f64> {
    let mut centres = Vec::with_capacity(k * packs.stride);
    let mut nearest = vec![f64::INFINITY; packs.n];
    extend(packs, &mut centres, &mut nearest, k, candidates, stream);
    centres
}

/// How many candidates the greedy k-means++ draws for a centre: 2 + ln k, as in the authors'
/// program.
pub(super) fn greedy_candidates(k: usize) -> usize {
    2 + libm::log(k as f64) as usize
}

/// Adds centres until there are `k`; `nearest` is the squared distance of each pack to those there
/// are.
fn extend(
    packs: &Packs,
    centres: &mut Vec<f64>,
    nearest: &mut Vec<f64>,
    k: usize,
    candidates: usize,
    stream: &mut Stream,
) {
    let mut mass = vec![0.0; packs.n];
    while centres.len() < k * packs.stride {
        let first = centres.is_empty();
        for ((mass, &weight), &distance) in mass.iter_mut().zip(&packs.weights).zip(&*nearest) {
            *mass = if first { weight } else { weight * distance };
        }
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..if first { 1 } else { candidates } {
            let pack = stream.proportional(&mass);
            let centre = packs.row(pack);
            let (cost, closer) = simd::run(Closer { packs, centre, nearest });
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, pack, closer));
            }
        }
        let Some((_, pack, closer)) = best else { return };
        centres.extend_from_slice(packs.row(pack));
        *nearest = closer;
    }
}

/// What a further centre makes of the squared distances, and the inertia that it leaves.
struct Closer<'a> {
    packs: &'a Packs,
    centre: &'a [f64],
    nearest: &'a [f64],
}

impl WithSimd for Closer<'_> {
    type Output = (f64, Vec<f64>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f64, Vec<f64>) {
        let mut closer = Vec::with_capacity(self.packs.n);
        let mut cost = 0.0;
        for (pack, (&known, &weight)) in self.nearest.iter().zip(&self.packs.weights).enumerate() {
            let distance = squared_distance(self.packs.row(pack), self.centre).min(known);
            cost += weight * distance;
            closer.push(distance);
        }
        (cost, closer)
    }
}

/// A child of two partitions with as many segments: each centre from one of them, by chance, and
/// one of the centres drawn anew.
pub(super) fn child(
    packs: &Packs,
    one: &Partition,
    other: &Partition,
    stream: &mut Stream,
) -> Vec<f64> {
    let (k, stride) = (one.k(), packs.stride);
    let centre = |of: &Partition, segment: usize| {
        of.centres[segment * stride..(segment + 1) * stride].to_vec()
    };
    // The closest two centres are a pair, then the closest two of those left, and so on.
    let mut pairs: Vec<(f64, usize, usize)> = (0..k * k)
        .map(|pair| {
            let (a, b) = (pair / k, pair % k);
            (squared_distance(&centre(one, a), &centre(other, b)), a, b)
        })
        .collect();
    pairs.sort_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let (mut taken_one, mut taken_other) = (vec![false; k], vec![false; k]);
    let mut centres = Vec::with_capacity(k * stride);
    for (_, a, b) in pairs {
        if !taken_one[a] && !taken_other[b] {
            taken_one[a] = true;
            taken_other[b] = true;
            let chosen = if stream.below(2) == 0 { centre(one, a) } else { centre(other, b) };
            centres.extend(chosen);
        }
    }
    let lost = stream.below(k as u64) as usize;
    centres.drain(lost * stride..(lost + 1) * stride);
    let mut nearest = vec![f64::INFINITY; packs.n];
    for centre in centres.chunks_exact(stride) {
        nearest = simd::run(Closer { packs, centre, nearest: &nearest }).1;
    }
    extend(packs, &mut centres, &mut nearest, k, 1, stream);
    centres
}

/// Centres of a partition, each the weighted mean of `few` members drawn by chance instead of all.
pub(super) fn redrawn(packs: &Packs, of: &Partition, few: usize, stream: &mut Stream) -> Vec<f64> {
    let (k, stride) = (of.k(), packs.stride);
    let mut members = vec![Vec::new(); k];
    for (pack, &label) in of.labels.iter().enumerate() {
        members[label as usize].push(pack);
    }
    let mut centres = vec![0.0; k * stride];
    for (centre, members) in centres.chunks_exact_mut(stride).zip(&members) {
        let mass: Vec<f64> = members.iter().map(|&pack| packs.weights[pack]).collect();
        for _ in 0..few {
            let pack = members[stream.proportional(&mass)];
            for (sum, value) in centre.iter_mut().zip(packs.row(pack)) {
                *sum += value / few as f64;
            }
        }
    }
    centres
}

/// The optimum that a partition falls into once every pack weighs by chance, as in a Bayesian
/// bootstrap (exponential factors, Rubin 1981): the borders move as another sample of customers
/// would move them.
pub(super) fn reweighted_optimum(
    packs: &Packs,
    of: &Partition,
    descent: Descent,
    stream: &mut Stream,
) -> Option<Partition> {
    let weights = packs.weights.iter().map(|&weight| weight * stream.exponential()).collect();
    descent.weighted(packs, weights, of.centres.clone())
}
