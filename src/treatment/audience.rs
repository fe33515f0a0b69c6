//! The segment and the need of each customer, by which a treatment is chosen.

use std::fmt;

use crate::cluster::Segmentation;
use crate::needs::Needs;
use crate::treatment::TreatmentError;
use crate::units::{CustomerIds, Probability};

/// Each customer's one segment, and the need that is strongest.
///
/// # Example
///
/// ```
/// use segmentry::cluster::Segmentation;
/// use segmentry::needs::{Need, NeedEvidence, Needs, Observable};
/// use segmentry::treatment::Audience;
/// use segmentry::units::{CustomerIds, Probability};
///
/// let ids = CustomerIds::numbered(2)?;
/// let (seen, own) = (NeedEvidence::Observed, Observable::InOwnData);
/// let need = |name, scores| Need::new(name, seen, own, scores);
/// let needs = Needs::new(ids.clone())
///     .with(need("price", vec![Some(0.6), Some(0.4)]))?
///     .with(need("speed", vec![Some(0.9), None]))?;
/// let audience = Audience::new(ids.clone())
///     .segments(&Segmentation::from_labels(&ids, &["families", "singles"])?)?
///     .needs(&needs, Probability::new(0.5)?)?;
/// assert_eq!((audience.segment(1), audience.need(0)), (Some("singles"), Some("speed")));
/// assert_eq!(audience.need(1), None); // 0.4 is less than a half
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Audience {
    ids: CustomerIds,
    segments: Names,
    needs: Names,
}

/// A name for each customer who has one; empty where nobody has.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    of: Vec<Option<u16>>,
}

impl Names {
    pub(super) fn of(&self, row: usize) -> Option<u16> {
        self.of.get(row).copied().flatten()
    }

    fn name(&self, row: usize) -> Option<&str> {
        self.of(row).map(|number| self.names[usize::from(number)].as_str())
    }
}

impl Audience {
    /// Customers of whom neither is known.
    pub fn new(ids: CustomerIds) -> Self {
        Self { ids, segments: Names::default(), needs: Names::default() }
    }

    /// Each customer's one segment, as [`Segmentation::segment_of`] has it.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::OtherCustomers`]; [`TreatmentError::Param`] for more than 65535 segments.
    pub fn segments(mut self, segments: &Segmentation) -> Result<Self, TreatmentError> {
        self.same(segments.ids(), "the segmentation")?;
        few("segments", segments.n_segments())?;
        let of = |row| segments.segment_of(row).map(|segment| segment.index() as u16);
        let of = (0..self.ids.len()).map(of).collect();
        self.segments = Names { names: segments.names().to_vec(), of };
        Ok(self)
    }

    /// Each customer's strongest need: the one with the highest score, of equals the first, where
    /// that score is at least this.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::OtherCustomers`]; [`TreatmentError::Param`] for more than 65535 needs.
    pub fn needs(mut self, needs: &Needs, at_least: Probability) -> Result<Self, TreatmentError> {
        self.same(needs.ids(), "the table of needs")?;
        few("needs", needs.needs().len())?;
        let strongest = |row: usize| {
            let mut best: Option<(u16, f64)> = None;
            for (number, need) in needs.needs().iter().enumerate() {
                if let Some(score) = need.scores()[row]
                    && score >= at_least.value()
                    && best.is_none_or(|(_, highest)| score > highest)
                {
                    best = Some((number as u16, score));
                }
            }
            best.map(|(number, _)| number)
        };
        let of = (0..self.ids.len()).map(strongest).collect();
        let names = needs.needs().iter().map(|need| need.name().to_owned()).collect();
        self.needs = Names { names, of };
        Ok(self)
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The segment of a customer.
    pub fn segment(&self, row: usize) -> Option<&str> {
        self.segments.name(row)
    }

    /// The strongest need of a customer.
    pub fn need(&self, row: usize) -> Option<&str> {
        self.needs.name(row)
    }

    pub(super) fn by_segment(&self) -> &Names {
        &self.segments
    }

    pub(super) fn by_need(&self) -> &Names {
        &self.needs
    }

    fn same(&self, ids: &CustomerIds, what: &'static str) -> Result<(), TreatmentError> {
        let same = *ids == self.ids;
        same.then_some(()).ok_or(TreatmentError::OtherCustomers { what })
    }
}

fn few(name: &'static str, n: usize) -> Result<(), TreatmentError> {
    let value = n as f64;
    let fits = n <= usize::from(u16::MAX);
    fits.then_some(()).ok_or(TreatmentError::Param { name, value, expected: "at most 65535" })
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("ids", &self.ids)
            .field("segments", &self.segments.names.len())
            .field("needs", &self.needs.names.len())
            .finish()
    }
}
