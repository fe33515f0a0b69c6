//! Who is in which segment.
//!
//! A clustering puts everybody into exactly one group; a mixture puts them there by degree;
//! personas overlap and leave people out. All of these are segmentations, and whoever needs a
//! partition asks for one and may be refused.

use std::fmt;

use crate::cluster::SegmentError;
use crate::units::{CustomerIds, SegmentId};

/// Segments and the customers in them.
///
/// # Example
///
/// Labels made elsewhere; an empty label is a customer in no segment.
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::units::CustomerIds;
///
/// let ids = CustomerIds::from_texts(["ann", "bob", "eve"])?;
/// let personas = Segmentation::from_labels(&ids, &["foodie", "saver", ""])?;
/// assert_eq!((personas.n_segments(), personas.members(personas.segment_of(1).unwrap()).len()), (2, 1));
/// assert!(personas.partition().is_err()); // eve is in none
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Segmentation {
    ids: CustomerIds,
    names: Vec<String>,
    membership: Membership,
    basis: Vec<String>,
}

/// How customers belong to segments.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Membership {
    /// Each customer in at most one.
    Hard(Vec<Option<SegmentId>>),
    /// Each customer in every segment by degree; row by row, each row adds up to one.
    Soft(Vec<f64>),
    /// Each customer in any number of them.
    Overlapping(Vec<Vec<SegmentId>>),
}

/// Rows of degrees may miss one by this much, which is what rounding in other people's files costs.
const SUM_TOLERANCE: f64 = 1e-6;

impl Segmentation {
    /// Segments with names, and who is in them.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Length`], [`SegmentError::NoSuchSegment`],
    /// [`SegmentError::NotProbabilities`].
    pub fn new(
        ids: CustomerIds,
        names: Vec<String>,
        membership: Membership,
    ) -> Result<Self, SegmentError> {
        let (n, k) = (ids.len(), names.len());
        let expected = match &membership {
            Membership::Soft(_) => n * k,
            _ => n,
        };
        if membership.len() != expected {
            return Err(SegmentError::Length {
                what: "the membership",
                expected,
                got: membership.len(),
            });
        }
        let check = |row: usize, segment: SegmentId| {
            if segment.index() < k {
                Ok(())
            } else {
                Err(SegmentError::NoSuchSegment { row, segment: segment.0, segments: k })
            }
        };
        match &membership {
            Membership::Hard(segments) => {
                segments
                    .iter()
                    .enumerate()
                    .try_for_each(|(row, segment)| segment.map_or(Ok(()), |s| check(row, s)))?;
            }
            Membership::Overlapping(segments) => {
                for (row, several) in segments.iter().enumerate() {
                    several.iter().try_for_each(|&segment| check(row, segment))?;
                }
            }
            Membership::Soft(degrees) => {
                let fits = |row: &[f64]| {
                    row.iter().all(|degree| (0.0..=1.0).contains(degree))
                        && (row.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE
                };
                if let Some(row) = degrees.chunks(k.max(1)).position(|row| !fits(row)) {
                    return Err(SegmentError::NotProbabilities { row });
                }
            }
        }
        Ok(Self { ids, names, membership, basis: Vec::new() })
    }

    /// Segments that a model of this crate placed customers in, which need no check.
    pub(crate) fn placed(
        ids: CustomerIds,
        names: Vec<String>,
        segments: Vec<Option<SegmentId>>,
    ) -> Self {
        debug_assert!(segments.iter().flatten().all(|segment| segment.index() < names.len()));
        debug_assert_eq!(segments.len(), ids.len());
        Self { ids, names, membership: Membership::Hard(segments), basis: Vec::new() }
    }

    /// Segments from one label per customer, made anywhere. Segments are numbered in the byte order
    /// of their labels; an empty label is a customer in no segment.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Length`].
    pub fn from_labels<L: AsRef<str>>(
        ids: &CustomerIds,
        labels: &[L],
    ) -> Result<Self, SegmentError> {
        let mut names: Vec<String> = labels
            .iter()
            .map(|label| label.as_ref().to_owned())
            .filter(|label| !label.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        let number =
            |label: &L| names.binary_search_by(|name| name.as_str().cmp(label.as_ref())).ok();
        let segments =
            labels.iter().map(|label| number(label).map(|place| SegmentId(place as u32))).collect();
        Self::new(ids.clone(), names, Membership::Hard(segments))
    }

    /// Says which features or needs the segments were made from, so that a later check does not
    /// take them as proof.
    #[must_use]
    pub fn made_from(mut self, basis: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.basis = basis.into_iter().map(Into::into).collect();
        self
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.names.len()
    }

    /// The names of the segments, by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The segments, by number.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = SegmentId> + use<> {
        (0..self.names.len() as u32).map(SegmentId)
    }

    /// Who belongs where.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The features or needs that the segments were made from, where that is known.
    pub fn basis(&self) -> &[String] {
        &self.basis
    }

    /// The one segment of a customer: their only one, or the likeliest by degree, of equals the
    /// first. `None` for a customer in none or in several.
    pub fn segment_of(&self, row: usize) -> Option<SegmentId> {
        match &self.membership {
            Membership::Hard(segments) => segments[row],
            Membership::Overlapping(segments) => match segments[row].as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            Membership::Soft(degrees) => {
                let k = self.names.len();
                let row = &degrees[row * k..(row + 1) * k];
                let best = (1..k)
                    .fold(0, |best, segment| if row[segment] > row[best] { segment } else { best });
                (k > 0).then_some(SegmentId(best as u32))
            }
        }
    }

    /// The rows of the customers in a segment; by degree, of those for whom it is the likeliest.
    pub fn members(&self, segment: SegmentId) -> Vec<usize> {
        (0..self.ids.len()).filter(|&row| self.contains(segment, row)).collect()
    }

    pub(crate) fn contains(&self, segment: SegmentId, row: usize) -> bool {
        match &self.membership {
            Membership::Overlapping(segments) => segments[row].contains(&segment),
            _ => self.segment_of(row) == Some(segment),
        }
    }

    /// Every customer's one segment.
    ///
    /// # Errors
    ///
    /// [`SegmentError::NotAPartition`] where a customer is in none or in several, with the counts.
    pub fn partition(&self) -> Result<Vec<SegmentId>, SegmentError> {
        let (in_none, in_several) = (self.in_none(), self.in_several());
        let not_a_partition = SegmentError::NotAPartition { in_none, in_several };
        if in_none + in_several > 0 {
            return Err(not_a_partition);
        }
        (0..self.ids.len())
            .map(|row| self.segment_of(row))
            .collect::<Option<_>>()
            .ok_or(not_a_partition)
    }

    /// Customers in no segment.
    pub fn in_none(&self) -> usize {
        match &self.membership {
            Membership::Hard(segments) => {
                segments.iter().filter(|segment| segment.is_none()).count()
            }
            Membership::Overlapping(segments) => {
                segments.iter().filter(|several| several.is_empty()).count()
            }
            Membership::Soft(_) if self.names.is_empty() => self.ids.len(),
            Membership::Soft(_) => 0,
        }
    }

    /// Customers in more than one segment; by degree, nobody is.
    pub fn in_several(&self) -> usize {
        match &self.membership {
            Membership::Overlapping(segments) => {
                segments.iter().filter(|several| several.len() > 1).count()
            }
            _ => 0,
        }
    }

    /// The same segments in another order: `order[i]` is the segment that becomes number `i`, under
    /// a new name.
    pub(crate) fn reordered(self, order: &[SegmentId], names: Vec<String>) -> Self {
        let k = order.len();
        let mut place = vec![SegmentId(0); k];
        for (position, segment) in order.iter().enumerate() {
            place[segment.index()] = SegmentId(position as u32);
        }
        let membership = match self.membership {
            Membership::Hard(segments) => Membership::Hard(
                segments.into_iter().map(|s| s.map(|s| place[s.index()])).collect(),
            ),
            Membership::Overlapping(segments) => Membership::Overlapping(
                segments
                    .into_iter()
                    .map(|several| several.into_iter().map(|s| place[s.index()]).collect())
                    .collect(),
            ),
            Membership::Soft(degrees) => Membership::Soft(
                degrees
                    .chunks(k.max(1))
                    .flat_map(|row| order.iter().map(|segment| row[segment.index()]))
                    .collect(),
            ),
        };
        Self { ids: self.ids, names, membership, basis: self.basis }
    }
}

impl Membership {
    fn len(&self) -> usize {
        match self {
            Self::Hard(segments) => segments.len(),
            Self::Soft(degrees) => degrees.len(),
            Self::Overlapping(segments) => segments.len(),
        }
    }
}

impl fmt::Debug for Segmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segmentation")
            .field("ids", &self.ids)
            .field("names", &self.names)
            .field("membership", &self.membership)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hard(_) => "Hard(..)",
            Self::Soft(_) => "Soft(..)",
            Self::Overlapping(_) => "Overlapping(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: usize) -> CustomerIds {
        CustomerIds::numbered(n).unwrap()
    }

    fn names(k: usize) -> Vec<String> {
        (0..k).map(|i| format!("s{i}")).collect()
    }

    #[test]
    fn labels_are_numbered_in_byte_order() {
        let seg = Segmentation::from_labels(&ids(4), &["b", "a", "b", "C"]).unwrap();
        assert_eq!(seg.names(), ["C", "a", "b"]);
        assert_eq!(seg.partition().unwrap(), [2, 1, 2, 0].map(SegmentId));
        assert!(Segmentation::from_labels(&ids(3), &["a"]).is_err());
    }

    #[test]
    fn by_degree_the_likeliest_counts_and_the_first_of_equals() {
        let seg = Segmentation::new(ids(2), names(2), Membership::Soft(vec![0.5, 0.5, 0.2, 0.8]))
            .unwrap();
        assert_eq!(seg.partition().unwrap(), [SegmentId(0), SegmentId(1)]);
        for bad in
            [vec![0.5, 0.6, 0.2, 0.8], vec![1.5, -0.5, 0.2, 0.8], vec![f64::NAN, 1.0, 0.2, 0.8]]
        {
            let error = Segmentation::new(ids(2), names(2), Membership::Soft(bad)).unwrap_err();
            assert!(matches!(error, SegmentError::NotProbabilities { row: 0 }));
        }
    }

    #[test]
    fn overlap_is_no_partition_and_says_how_much() {
        let several = vec![vec![SegmentId(0), SegmentId(1)], vec![], vec![SegmentId(1)]];
        let seg = Segmentation::new(ids(3), names(2), Membership::Overlapping(several)).unwrap();
        assert_eq!(seg.members(SegmentId(1)), [0, 2]);
        assert!(matches!(
            seg.partition(),
            Err(SegmentError::NotAPartition { in_none: 1, in_several: 1 })
        ));
        let outside =
            Segmentation::new(ids(1), names(1), Membership::Hard(vec![Some(SegmentId(1))]));
        assert!(matches!(
            outside,
            Err(SegmentError::NoSuchSegment { row: 0, segment: 1, segments: 1 })
        ));
    }

    #[test]
    fn reordering_moves_members_with_their_segment() {
        let order = [SegmentId(1), SegmentId(0)];
        let hard = Segmentation::from_labels(&ids(3), &["a", "b", ""]).unwrap();
        let turned = hard.reordered(&order, vec!["B".into(), "A".into()]);
        assert_eq!(
            (turned.segment_of(0), turned.segment_of(1)),
            (Some(SegmentId(1)), Some(SegmentId(0)))
        );
        assert_eq!(turned.segment_of(2), None);
        let soft = Segmentation::new(ids(1), names(2), Membership::Soft(vec![0.3, 0.7])).unwrap();
        assert_eq!(soft.reordered(&order, names(2)).membership, Membership::Soft(vec![0.7, 0.3]));
    }
}
