//! Who cannot have changed place: bounds that spare the distances of most rows.
//!
//! Once few rows move, the centres move little. A row keeps its place as long as the centres have
//! not moved further than the gap between its own centre and the next nearest one (Hamerly 2010;
//! the two bounds of that paper are kept as their difference, and the ways of the centres are
//! summed from the first iteration on, so that a row that stays is only read: four bytes).
//!
//! Rounding cannot spoil it. A squared distance is computed with a relative error of at most
//! `(d + 2) · 2^-53`, and a row is left alone only where the gap, less `2^-22` of itself, exceeds
//! the ways of the centres by more than that. So the computed distances, too, would have left it
//! where it is, and the labels are those of the plain iteration, bit for bit.

use crate::cluster::kmeans::centres::Centres;

/// A gap of which nothing is known.
pub(super) const UNKNOWN: f32 = f32::NEG_INFINITY;

/// Of what size roundings to single precision are, and more.
const SINGLE: f64 = 1.0 / 4_194_304.0;

/// Below this, gaps are not kept: single precision has too few digits left there.
const LEAST: f64 = 1e-30;

/// How far the centres have moved since the first iteration.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    /// By centre: its own way, and the longest steps of the others, added up.
    both: Vec<f64>,
    /// Relative error of a distance, many times over.
    margin: f64,
}

impl Ways {
    /// Nobody has moved.
    pub(super) fn none(centres: &Centres) -> Self {
        let margin = (centres.d() + 8) as f64 * 4.0 * f64::EPSILON;
        Self { both: vec![0.0; centres.k()], margin }
    }

    /// Adds a step of all centres, each so long.
    pub(super) fn step(&mut self, lengths: &[f64]) {
        let (mut longest, mut second, mut whose) = (0.0, 0.0, usize::MAX);
        for (centre, &length) in lengths.iter().enumerate() {
            if length > longest {
                (longest, second, whose) = (length, longest, centre);
            } else if length > second {
                second = length;
            }
        }
        for (centre, (both, length)) in self.both.iter_mut().zip(lengths).enumerate() {
            let others = if centre == whose { second } else { longest };
            *both += (length + others) * (1.0 + self.margin);
        }
    }

    /// Forgets a centre.
    pub(super) fn remove(&mut self, centre: usize) {
        self.both.remove(centre);
    }

    /// By centre: a row whose gap is larger stays.
    pub(super) fn limits(&self) -> Vec<f32> {
        let limit = |way: &f64| (way.max(LEAST) * (1.0 + 2.0 * SINGLE)) as f32;
        self.both.iter().map(limit).collect()
    }

    /// The gap of a row that was just looked at, to be held against later limits.
    #[inline(always)]
    pub(super) fn gap(&self, gap: f32, label: u32) -> f32 {
        let gap = f64::from(gap) + self.both[label as usize];
        // The gap may not round up, and the later way of the centres counts from here on.
        let kept = gap - gap.abs() * (2.0 * SINGLE);
        if kept > LEAST { kept as f32 } else { UNKNOWN }
    }
}
