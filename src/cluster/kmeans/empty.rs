//! What becomes of a segment that loses its last member.

use crate::cluster::points::Points;

/// What becomes of a segment that loses its last member during the iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EmptyCluster {
    /// It takes the customer who lies farthest from their own centre (by weight times squared
    /// distance, of equals the first), so that there are as many segments as were asked for.
    #[default]
    Relocate,
    /// It is given up, and there are fewer segments than were asked for.
    Drop,
    /// The fit ends in an error.
    Error,
}

/// Rows by how far they lie from their centres.
pub(super) struct Farthest<'a, 'p> {
    pub(super) rows: &'a Points<'p>,
    /// Squared distances; negative for a row that was taken.
    pub(super) distances: Vec<f64>,
}

impl Farthest<'_, '_> {
    /// Takes the farthest of the rows that may be taken.
    pub(super) fn take(&mut self, may: impl Fn(usize) -> bool) -> Option<usize> {
        let mut farthest: Option<(f64, usize)> = None;
        for (row, &distance) in self.distances.iter().enumerate() {
            let distance = self.rows.weight(row) * distance;
            if distance >= 0.0 && farthest.is_none_or(|(most, _)| distance > most) && may(row) {
                farthest = Some((distance, row));
            }
        }
        let (_, row) = farthest?;
        self.distances[row] = -1.0;
        Some(row)
    }
}
