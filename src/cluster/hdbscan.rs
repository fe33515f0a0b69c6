//! Segments where customers are dense, and customers in none of them.
//!
//! The hierarchy of Campello, Moulavi & Sander over the minimum spanning tree of mutual
//! reachability. Customers who are alike in everything are one point with their weight, and ties
//! go by the features, so that the segments depend neither on the order of the rows nor on threads.

mod condensed;
mod search;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::cluster::neighbours::{Entry, NOBODY, Neighbours, Own};
use crate::cluster::numbers::{Distinct, Numbers};
use crate::cluster::spanning::minimum_spanning_tree;
use crate::cluster::{Membership, SegmentError, SegmentModel, Segmentation, Segmenter};
use crate::features::FeatureMatrix;
use crate::num::{blocks, simd};
use crate::units::SegmentId;
use crate::work::Work;

use condensed::Condensed;
pub use condensed::DenseSelection;
use search::{Cores, Nearest, Newcomers};

/// Customers for one task.
const CUSTOMERS: usize = 256;

/// Density-based segments of any shape; who lies in no dense place is in no segment.
///
/// Choose it where segments are dense places in a sparse plain and where it is right to leave
/// customers out; for a handful of features, because in many there are no dense places. Where
/// everybody needs a segment, [`KMeans`](crate::cluster::KMeans) is the method. It asks for the
/// least size of a segment rather than for their number.
///
/// Weights of the matrix count as repeated rows.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Hdbscan, SegmentModel, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let rows = [[0.0], [0.1], [0.2], [0.3], [30.0], [9.0], [9.1], [9.2]];
/// let matrix = FeatureMatrix::from_rows(&["x"], &rows)?;
/// let model = Hdbscan::new(3).min_samples(2).fit(&matrix, &Work::new())?;
/// let segments = model.assign(&matrix, &Work::new())?;
/// assert_eq!((segments.n_segments(), segments.in_none()), (2, 1));
/// assert_eq!(segments.segment_of(4), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Campello, R. J. G. B., Moulavi, D., Zimek, A. & Sander, J. (2015). Hierarchical density
/// estimates for data clustering, visualization, and outlier detection. *ACM Transactions on
/// Knowledge Discovery from Data* 10, 5. Malzer, C. & Baum, M. (2020). A hybrid approach to
/// hierarchical density-based cluster selection. *IEEE MFI*, 223-228 (`epsilon`).
#[derive(Debug, Clone, PartialEq)]
pub struct Hdbscan {
    min_cluster_size: usize,
    min_samples: Option<usize>,
    selection: DenseSelection,
    epsilon: f64,
}

impl Hdbscan {
    /// Asks for segments of at least so many customers, chosen by excess of mass.
    pub fn new(min_cluster_size: usize) -> Self {
        Self {
            min_cluster_size,
            min_samples: None,
            selection: DenseSelection::default(),
            epsilon: 0.0,
        }
    }

    /// How many customers, the one in question among them, make a place dense: the distance to the
    /// last of them is the core distance. Unless set, as many as the least size of a segment.
    ///
    /// scikit-learn counts the customer in question too; the Python package `hdbscan` does not, so
    /// its 4 are 5 here.
    #[must_use]
    pub fn min_samples(mut self, samples: usize) -> Self {
        self.min_samples = Some(samples);
        self
    }

    /// How segments are chosen among groups.
    #[must_use]
    pub fn selection(mut self, selection: DenseSelection) -> Self {
        self.selection = selection;
        self
    }

    /// Groups that are only apart below this distance are left together; 0 unless set.
    #[must_use]
    pub fn epsilon(mut self, distance: f64) -> Self {
        self.epsilon = distance;
        self
    }

    /// Checks the parameters; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`].
    pub fn validate(&self) -> Result<(), SegmentError> {
        let param = |name, value, expected| Err(SegmentError::Param { name, value, expected });
        if self.min_cluster_size < 2 {
            return param("min_cluster_size", self.min_cluster_size as f64, "at least 2");
        }
        if self.min_samples == Some(0) {
            return param("min_samples", 0.0, "at least 1");
        }
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return param("epsilon", self.epsilon, "finite and at least 0");
        }
        Ok(())
    }

    fn samples(&self) -> usize {
        self.min_samples.unwrap_or(self.min_cluster_size)
    }
}

impl Segmenter for Hdbscan {
    type Model = HdbscanModel;

    /// # Errors
    ///
    /// [`SegmentError::Param`], also where `min_samples` exceeds the weight of all customers;
    /// [`SegmentError::NoCustomers`]; [`SegmentError::Features`] for missing values and categories;
    /// [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// In n different customers: n log n for a handful of features, the square of n at most, which
    /// many features come near to. Half a second of one core for 20,000 customers with 10 features,
    /// less than one for 100,000 with 3. Memory n (8 d + 120) bytes for d features.
    fn fit(&self, features: &FeatureMatrix, work: &Work) -> Result<HdbscanModel, SegmentError> {
        self.validate()?;
        let numbers = Numbers::of(features)?;
        work.begin("finding dense places", None)?;
        let distinct = Distinct::of(&numbers);
        let (n, d) = (distinct.len(), numbers.d());
        let samples = self.samples() as f64;
        let need = samples * numbers.weight_unit();
        if blocks::sum(n, |point| distinct.weights[point]) < need {
            let expected = "at most as many as there are customers";
            return Err(SegmentError::Param { name: "min_samples", value: samples, expected });
        }
        let entries: Vec<Entry> = (0..n as u32).map(|name| Entry { name, own: 0.0 }).collect();
        let mut boxes = Neighbours::new(&entries, d, Own::Smallest, |place, dimension| {
            numbers.value(distinct.rows[place] as usize, dimension)
        });
        let slots = boxes.slots();
        let found = blocks::map_tasks(slots.div_ceil(CUSTOMERS), work, |task| {
            let slots = task * CUSTOMERS..slots.min((task + 1) * CUSTOMERS);
            simd::run(Cores { boxes: &boxes, d, weights: &distinct.weights, need, slots })
        })?;
        let mut cores = vec![0.0; n];
        for (slot, squared) in found.into_iter().flatten().enumerate() {
            let name = boxes.name(slot);
            if name != NOBODY {
                cores[name as usize] = squared;
            }
        }
        boxes.set_own(|name| cores[name as usize]);
        let mut merges = minimum_spanning_tree(&boxes, n, d, work)?;
        merges.iter_mut().for_each(|edge| edge.height = edge.height.sqrt());
        cores.iter_mut().for_each(|core| *core = core.sqrt());
        let least_weight = self.min_cluster_size as f64 * numbers.weight_unit();
        let tree = Condensed::of(&merges, &cores, &distinct.weights, least_weight);
        let within = tree.segments(self.selection, self.epsilon * numbers.unit());
        let (segment, chosen) = numbered(&tree, &within, &distinct.weights);
        Ok(HdbscanModel {
            features: features.names(),
            unit: numbers.unit(),
            need: (samples - 1.0) * numbers.weight_unit(),
            boxes,
            weights: distinct.weights,
            of_row: distinct.of_row,
            tree,
            segment,
            chosen,
        })
    }
}

/// For each group its segment, the heaviest first, and for each segment its group.
fn numbered(
    tree: &Condensed,
    within: &[Option<u32>],
    weights: &[f64],
) -> (Vec<Option<SegmentId>>, Vec<u32>) {
    let mut held = vec![0.0; within.len()];
    let mut first = vec![usize::MAX; within.len()];
    for (point, &home) in tree.home.iter().enumerate() {
        if let Some(group) = within[home as usize] {
            held[group as usize] += weights[point];
            first[group as usize] = first[group as usize].min(point);
        }
    }
    let mut chosen: Vec<u32> =
        (0..within.len() as u32).filter(|&group| within[group as usize] == Some(group)).collect();
    chosen.sort_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        held[b].total_cmp(&held[a]).then(first[a].cmp(&first[b]))
    });
    let mut number = vec![None; within.len()];
    for (segment, &group) in chosen.iter().enumerate() {
        number[group as usize] = Some(SegmentId(segment as u32));
    }
    let segment = within.iter().map(|group| group.and_then(|group| number[group as usize]));
    (segment.collect(), chosen)
}

/// Where customers were dense, and what that makes of those to come.
#[derive(Clone)]
pub struct HdbscanModel {
    features: Vec<String>,
    unit: f64,
    /// The weight that must be near a newcomer for a dense place, beside their own.
    need: f64,
    boxes: Neighbours,
    weights: Vec<f64>,
    of_row: Vec<u32>,
    tree: Condensed,
    /// By group of the tree.
    segment: Vec<Option<SegmentId>>,
    /// By segment: its group.
    chosen: Vec<u32>,
}

/// Where a customer belongs, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Placement {
    /// The segment; `None` for a customer in no dense place.
    pub segment: Option<SegmentId>,
    /// How dense it is there beside the densest place of the segment: 1 at its core, towards 0 at
    /// its edge, and 0 for a customer in no segment. Not the chance of being right.
    pub strength: f64,
}

impl HdbscanModel {
    /// How many segments, the largest first.
    pub fn n_segments(&self) -> usize {
        self.chosen.len()
    }

    /// Where each customer of the fit belongs.
    pub fn placements(&self) -> Vec<Placement> {
        self.of_row.iter().map(|&point| self.known(point)).collect()
    }

    /// How many customers of the fit are in no segment.
    pub fn n_noise(&self) -> usize {
        self.of_row.iter().filter(|&&point| self.known(point).segment.is_none()).count()
    }

    /// Where each customer belongs, those of the fit and others.
    ///
    /// A customer who is like one of the fit belongs where that one does. Anybody else goes to the
    /// group that their nearest, by mutual reachability, was in at the density that the two have
    /// together; nothing is learnt from them. This is how the Python package `hdbscan` places
    /// customers in `approximate_predict`.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Features`], [`SegmentError::Cancelled`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{Hdbscan, Segmenter};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let known = [[0.0], [1.0], [2.0], [3.0], [50.0], [51.0], [52.0]];
    /// let known = FeatureMatrix::from_rows(&["x"], &known)?;
    /// let model = Hdbscan::new(3).min_samples(2).fit(&known, &Work::new())?;
    /// let new = FeatureMatrix::from_rows(&["x"], &[[1.5], [4.0], [-60.0]])?;
    /// let placed = model.place(&new, &Work::new())?;
    /// assert_eq!(placed[0].segment, model.placements()[0].segment);
    /// assert_eq!((placed[0].strength, placed[1].strength), (1.0, 1.0));
    /// assert_eq!((placed[2].segment, placed[2].strength), (None, 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn place(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Vec<Placement>, SegmentError> {
        let chosen = features.select(&self.features).map_err(SegmentError::Features)?;
        if chosen.n_customers() == 0 {
            return Ok(Vec::new());
        }
        let numbers = Numbers::of(&chosen)?.in_unit(self.unit);
        let n = numbers.n();
        let found = blocks::map_tasks(n.div_ceil(CUSTOMERS), work, |task| {
            let rows = task * CUSTOMERS..n.min((task + 1) * CUSTOMERS);
            simd::run(Newcomers {
                boxes: &self.boxes,
                weights: &self.weights,
                need: self.need,
                rows: rows.map(|row| numbers.row(row)).collect(),
            })
        })?;
        Ok(found.into_iter().flatten().map(|nearest| self.placed(nearest)).collect())
    }

    /// Where a point of the fit belongs.
    fn known(&self, point: u32) -> Placement {
        let point = point as usize;
        self.placement(self.tree.home[point], self.tree.left_at[point])
    }

    fn placed(&self, nearest: Nearest) -> Placement {
        let (point, density) = match nearest {
            Nearest::Twin(point) => return self.known(point),
            Nearest::Nobody => return Placement { segment: None, strength: 0.0 },
            Nearest::Other(point, squared) => (point as usize, 1.0 / squared.sqrt()),
        };
        let mut group = self.tree.home[point];
        if self.tree.left_at[point] > density {
            // As thin as where the newcomer is, the neighbour was still in a larger group.
            while group != 0 && self.tree.groups[group as usize].birth >= density {
                group = self.tree.groups[group as usize].parent;
            }
        }
        self.placement(group, density)
    }

    fn placement(&self, group: u32, density: f64) -> Placement {
        let segment = self.segment[group as usize];
        let strength = segment.map_or(0.0, |segment| {
            let densest = self.tree.groups[self.chosen[segment.index()] as usize].death;
            (density / densest).min(1.0)
        });
        Placement { segment, strength }
    }
}

impl SegmentModel for HdbscanModel {
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let placed = self.place(features, work)?;
        let hard = placed.into_iter().map(|placement| placement.segment).collect();
        let names = (1..=self.n_segments()).map(|number| format!("Segment {number}")).collect();
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        format!(
            "{} where customers are dense, by HDBSCAN ({} of {} in none)",
            self.n_segments(),
            self.n_noise(),
            self.of_row.len()
        )
    }
}

impl fmt::Debug for HdbscanModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HdbscanModel")
            .field("features", &self.features)
            .field("n_segments", &self.n_segments())
            .finish_non_exhaustive()
    }
}
