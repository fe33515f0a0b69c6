//! Centres, and how far a row lies from them.

/// Centres, one behind the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Centres {
    pub(super) values: Vec<f64>,
    pub(super) k: usize,
    pub(super) d: usize,
}

impl Centres {
    pub(crate) fn k(&self) -> usize {
        self.k
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn of(&self, centre: usize) -> &[f64] {
        &self.values[centre * self.d..(centre + 1) * self.d]
    }

    pub(crate) fn of_mut(&mut self, centre: usize) -> &mut [f64] {
        &mut self.values[centre * self.d..(centre + 1) * self.d]
    }

    /// The nearest centre, of equally near ones the first, and the squared distance to it.
    pub(crate) fn nearest(&self, row: &[f64]) -> (u32, f64) {
        let mut best = (0, f64::INFINITY);
        for centre in 0..self.k {
            let distance = squared_distance(row, self.of(centre));
            if distance < best.1 {
                best = (centre as u32, distance);
            }
        }
        best
    }
}

pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut total = 0.0;
    for (x, y) in a.iter().zip(b) {
        total += (x - y) * (x - y);
    }
    total
}
