//! Segments from a tree of merges: Ward's and the other linkages.
//!
//! Ward's method and single linkage need no matrix of distances: their memory grows with the
//! customers, not with the pairs of them. Complete and average linkage store every pair once.

mod dendrogram;
mod stored;
mod ward;

#[cfg(test)]
mod tests;

use crate::cluster::neighbours::{Entry, Neighbours, Own};
use crate::cluster::numbers::{Distinct, Numbers};
use crate::cluster::spanning::minimum_spanning_tree;
use crate::cluster::{
    KMeans, KMeansModel, Membership, SegmentError, SegmentModel, Segmentation, Segmenter,
};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::units::SegmentId;
use crate::work::Work;

pub use dendrogram::{Dendrogram, Merge};
pub(crate) use dendrogram::{Pair, Sets};

/// How far apart two groups of customers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Linkage {
    /// By how much merging them adds to the squared distances from the centres (Ward 1963). Round
    /// segments of like size; what k-means minimises.
    #[default]
    Ward,
    /// As far as their nearest two customers. Finds chains, and single outliers.
    Single,
    /// As far as their farthest two customers.
    Complete,
    /// The mean over all pairs of customers (UPGMA).
    Average,
}

/// Merges customers, the most alike first, until `k` segments are left.
///
/// Choose it where the tree itself is of interest, where segments shall be parts of larger ones, or
/// for centres to start k-means from that no random number decides. Ward's linkage is the one for
/// segments around centres; single linkage finds outliers rather than segments.
///
/// Weights of the matrix count as repeated rows. Where distances tie, Ward's and single linkage
/// merge customers in the order of their features, so that the tree does not depend on the order of
/// the rows; complete and average linkage take them in the order of the rows, as SciPy does.
///
/// # Example
///
/// ```
/// use segmentry::cluster::{Hierarchical, Segmenter};
/// use segmentry::features::FeatureMatrix;
/// use segmentry::work::Work;
///
/// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [13.0]])?;
/// let model = Hierarchical::new(2).fit(&matrix, &Work::new())?;
/// assert_eq!(model.centre(1), [11.5]);
/// let heights: Vec<f64> = model.dendrogram().heights().collect();
/// assert_eq!(heights[..2], [1.0, 3.0]); // two customers are as far apart as they are
/// assert!((heights[2] - 2.0_f64.sqrt() * 11.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Ward, J. H. (1963). Hierarchical grouping to optimize an objective function. *Journal of the
/// American Statistical Association* 58, 236-244. Murtagh, F. & Legendre, P. (2014). Ward's
/// hierarchical agglomerative clustering method: which algorithms implement Ward's criterion?
/// *Journal of Classification* 31, 274-295 (heights here are those of Ward2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchical {
    k: usize,
    linkage: Linkage,
    most_stored: usize,
}

impl Hierarchical {
    /// Asks for `k` segments by Ward's linkage.
    pub fn new(k: usize) -> Self {
        Self { k, linkage: Linkage::Ward, most_stored: 20_000 }
    }

    /// By another linkage.
    #[must_use]
    pub fn linkage(mut self, linkage: Linkage) -> Self {
        self.linkage = linkage;
        self
    }

    /// For how many different customers complete and average linkage may store the distances of all
    /// pairs: 20,000 unless set, which take 1.6 GB.
    #[must_use]
    pub fn most_stored(mut self, customers: usize) -> Self {
        self.most_stored = customers;
        self
    }

    /// Checks the parameters; `fit` calls this first.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Param`].
    pub fn validate(&self) -> Result<(), SegmentError> {
        if self.k == 0 {
            return Err(SegmentError::Param { name: "k", value: 0.0, expected: "at least 1" });
        }
        Ok(())
    }

    /// The tree alone, which does not depend on `k`.
    ///
    /// # Errors
    ///
    /// [`SegmentError::NoCustomers`]; [`SegmentError::Param`] where a linkage would store the
    /// distances of more customers than [`most_stored`](Self::most_stored);
    /// [`SegmentError::TooFar`] where a height exceeds the largest number;
    /// [`SegmentError::Features`] for missing values and categories; [`SegmentError::Cancelled`].
    ///
    /// # Cost
    ///
    /// In n different customers and d features, the time grows with the square of n at most. Ward
    /// and single: boxes leave out what is far, which is most of it where d is small; memory
    /// n (8 d + 60) bytes. Complete and average: time n² d, memory 4 n² bytes.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{Hierarchical, Linkage};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [3.0]])?;
    /// let average = Hierarchical::new(1).linkage(Linkage::Average);
    /// let tree = average.dendrogram(&matrix, &Work::new())?;
    /// assert_eq!(tree.heights().collect::<Vec<f64>>(), [1.0, 2.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dendrogram(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Dendrogram, SegmentError> {
        self.validate()?;
        self.tree(&Numbers::of(features)?, work)
    }

    fn tree(&self, numbers: &Numbers<'_>, work: &Work) -> Result<Dendrogram, SegmentError> {
        work.begin("merging customers", None)?;
        let distinct = Distinct::of(numbers);
        let n = distinct.len();
        let mut pairs = match self.linkage {
            Linkage::Ward => ward::merges(numbers, &distinct, work)?,
            Linkage::Single => single(numbers, &distinct, work)?,
            Linkage::Complete | Linkage::Average => {
                if n > self.most_stored {
                    let expected = "at most as many as may be stored; see `most_stored`";
                    let name = "different customers";
                    return Err(SegmentError::Param { name, value: n as f64, expected });
                }
                let complete = self.linkage == Linkage::Complete;
                let update = if complete { stored::Update::Farthest } else { stored::Update::Mean };
                stored::merges(numbers, &distinct, update, work)?
            }
        };
        let weighted = match self.linkage {
            Linkage::Ward => numbers.weight_unit().sqrt(),
            _ => 1.0,
        };
        for pair in &mut pairs {
            pair.left = distinct.rows[pair.left as usize];
            pair.right = distinct.rows[pair.right as usize];
            pair.height = pair.height / numbers.unit() / weighted;
            if !pair.height.is_finite() {
                return Err(SegmentError::TooFar);
            }
        }
        let alike = distinct.of_row.iter().enumerate().filter_map(|(row, &name)| {
            let left = distinct.rows[name as usize];
            (left != row as u32).then_some(Pair { left, right: row as u32, height: 0.0 })
        });
        let all = alike.chain(pairs).collect();
        Ok(Dendrogram::of(numbers.n(), all))
    }

    /// The correlation between the distances of customers and the heights at which the tree brings
    /// them together (Sokal & Rohlf 1962): one where the tree tells all distances.
    ///
    /// `None` where all customers are equally far apart or the tree has one height, as for fewer
    /// than three customers. Costs the square of their number in time, not in memory.
    ///
    /// # Errors
    ///
    /// As [`dendrogram`](Self::dendrogram), and [`SegmentError::OtherFeatures`] where the tree has
    /// another number of rows.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{Hierarchical, Linkage};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [3.0]])?;
    /// let work = Work::new();
    /// let tree = Hierarchical::new(1).linkage(Linkage::Single).dendrogram(&matrix, &work)?;
    /// let correlation = Hierarchical::cophenetic_correlation(&tree, &matrix, &work)?;
    /// // Distances 1, 3, 2 and heights 1, 2, 2.
    /// assert!((correlation.unwrap() - 0.75_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cophenetic_correlation(
        tree: &Dendrogram,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<Option<f64>, SegmentError> {
        let numbers = Numbers::of(features)?;
        let (n, d) = (numbers.n(), numbers.d());
        if n != tree.n_rows() {
            let (what, expected) = ("the tree", n);
            return Err(SegmentError::Length { what, expected, got: tree.n_rows() });
        }
        let rows: Vec<f64> = (0..n).flat_map(|row| numbers.row(row)).collect();
        let row = |row: usize| &rows[row * d..(row + 1) * d];
        let unit = numbers.unit();
        Ok(tree.cophenetic(|a, b| stored::distance(row(a), row(b)) / unit, work)?)
    }
}

/// Single linkage is the minimum spanning tree.
fn single(
    numbers: &Numbers<'_>,
    distinct: &Distinct,
    work: &Work,
) -> Result<Vec<Pair>, SegmentError> {
    let entries: Vec<Entry> =
        (0..distinct.len() as u32).map(|name| Entry { name, own: 0.0 }).collect();
    let boxes = Neighbours::new(&entries, numbers.d(), Own::Smallest, |place, dimension| {
        numbers.value(distinct.rows[place] as usize, dimension)
    });
    let mut tree = minimum_spanning_tree(&boxes, distinct.len(), numbers.d(), work)?;
    tree.iter_mut().for_each(|edge| edge.height = edge.height.sqrt());
    Ok(tree)
}

impl Segmenter for Hierarchical {
    type Model = HierarchicalModel;

    /// # Errors
    ///
    /// As [`dendrogram`](Hierarchical::dendrogram); [`SegmentError::TooFewDistinct`] where fewer
    /// customers differ than segments were asked for.
    fn fit(
        &self,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<HierarchicalModel, SegmentError> {
        self.validate()?;
        let numbers = Numbers::of(features)?;
        let tree = self.tree(&numbers, work)?;
        let distinct = 1 + tree.heights().filter(|&height| height > 0.0).count();
        if distinct < self.k {
            return Err(SegmentError::TooFewDistinct { k: self.k, distinct });
        }
        let labels = tree.cut(self.k)?;
        let centres = Centres::of(&numbers, &labels, self.k)?;
        let moved = moved(&centres.place(&numbers, work)?, &labels, &numbers);
        let features = features.names();
        Ok(HierarchicalModel { features, linkage: self.linkage, tree, labels, centres, moved })
    }
}

/// The share of the weight of all customers that is in another segment now.
fn moved(now: &[u32], before: &[SegmentId], numbers: &Numbers<'_>) -> f64 {
    let all = blocks::sum(before.len(), |row| numbers.weight(row));
    let gone = |row: usize| if now[row] == before[row].0 { 0.0 } else { numbers.weight(row) };
    blocks::sum(before.len(), gone) / all
}

/// A tree cut into segments, and the segments' centres for customers to come.
#[derive(Debug, Clone, PartialEq)]
pub struct HierarchicalModel {
    features: Vec<String>,
    linkage: Linkage,
    tree: Dendrogram,
    labels: Vec<SegmentId>,
    centres: Centres,
    moved: f64,
}

impl HierarchicalModel {
    /// How many segments.
    pub fn n_segments(&self) -> usize {
        self.centres.k
    }

    /// The tree.
    pub fn dendrogram(&self) -> &Dendrogram {
        &self.tree
    }

    /// The segment of each customer of the fit, as the tree has it; numbered by their first rows.
    pub fn labels(&self) -> &[SegmentId] {
        &self.labels
    }

    /// The mean of a segment's customers by weight, in the units of the features.
    pub fn centre(&self, segment: usize) -> &[f64] {
        self.centres.segment(segment)
    }

    /// The share of the customers of the fit, by weight, whom [`assign`](SegmentModel::assign) puts
    /// into another segment than the tree did.
    ///
    /// A tree has no rule for customers to come. They go to the nearest centre, and so does a
    /// customer of the fit, although the tree may have them with a centre that is farther.
    pub fn moved(&self) -> f64 {
        self.moved
    }

    /// K-means from these centres: as good a start as a random one at least, and the same always.
    ///
    /// # Errors
    ///
    /// As the fit of k-means; [`SegmentError::OtherFeatures`] where the features are not those of
    /// the fit.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{Hierarchical, KMeans, Segmenter};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [1.0], [10.0], [12.0]])?;
    /// let work = Work::new();
    /// let ward = Hierarchical::new(2).fit(&matrix, &work)?;
    /// assert_eq!(ward.polished(&KMeans::new(2), &matrix, &work)?.inertia(), 2.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn polished(
        &self,
        kmeans: &KMeans,
        features: &FeatureMatrix,
        work: &Work,
    ) -> Result<KMeansModel, SegmentError> {
        let features = features.select(&self.features).map_err(SegmentError::Features)?;
        let centres: Vec<&[f64]> = (0..self.n_segments()).map(|place| self.centre(place)).collect();
        kmeans.clone().start(&centres).fit(&features, work)
    }
}

impl SegmentModel for HierarchicalModel {
    /// The segment with the nearest centre, of equally near ones the first. Customers of the fit
    /// may move: see [`moved`](HierarchicalModel::moved).
    fn assign(&self, features: &FeatureMatrix, work: &Work) -> Result<Segmentation, SegmentError> {
        let chosen = features.select(&self.features).map_err(SegmentError::Features)?;
        let labels = match chosen.n_customers() {
            0 => Vec::new(),
            _ => self.centres.place(&Numbers::of(&chosen)?, work)?,
        };
        let hard = labels.into_iter().map(|label| Some(SegmentId(label))).collect();
        let names = (1..=self.n_segments()).map(|number| format!("Segment {number}")).collect();
        let segmentation =
            Segmentation::new(features.ids().clone(), names, Membership::Hard(hard))?;
        Ok(segmentation.made_from(self.features.iter().cloned()))
    }

    fn story(&self) -> String {
        let linkage = match self.linkage {
            Linkage::Ward => "Ward's",
            Linkage::Single => "single",
            Linkage::Complete => "complete",
            Linkage::Average => "average",
        };
        format!(
            "{} cut from a tree of {linkage} linkage ({:.1} % lie nearer to another centre)",
            self.n_segments(),
            100.0 * self.moved
        )
    }
}

/// The means of segments, one behind the other.
#[derive(Debug, Clone, PartialEq)]
struct Centres {
    k: usize,
    d: usize,
    values: Vec<f64>,
    /// The unit in which distances to them are taken.
    unit: f64,
}

impl Centres {
    fn of(numbers: &Numbers<'_>, labels: &[SegmentId], k: usize) -> Result<Self, SegmentError> {
        let d = numbers.d();
        let (mut values, mut weights) = (vec![0.0; k * d], vec![0.0; k]);
        for (row, label) in labels.iter().enumerate() {
            let weight = numbers.weight(row);
            weights[label.index()] += weight;
            // A running mean, which cannot overflow where a sum could.
            let share = weight / weights[label.index()];
            for dimension in 0..d {
                let mean = &mut values[label.index() * d + dimension];
                *mean += (numbers.value(row, dimension) - *mean) * share;
            }
        }
        let unit = numbers.unit();
        values.iter_mut().for_each(|value| *value /= unit);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(SegmentError::TooFar);
        }
        Ok(Self { k, d, values, unit })
    }

    fn segment(&self, segment: usize) -> &[f64] {
        &self.values[segment * self.d..(segment + 1) * self.d]
    }

    /// The nearest centre of each row.
    fn place(&self, numbers: &Numbers<'_>, work: &Work) -> Result<Vec<u32>, SegmentError> {
        let centres: Vec<f64> = self.values.iter().map(|value| value * self.unit).collect();
        // Rows far outside the fit may be infinitely far in its unit, and stay with the first.
        let nearest = |row: usize| {
            let mut best = (0, f64::INFINITY);
            for segment in 0..self.k {
                let mut squared = 0.0;
                for dimension in 0..self.d {
                    let value = numbers.value(row, dimension) / numbers.unit() * self.unit;
                    let distance = value - centres[segment * self.d + dimension];
                    squared += distance * distance;
                }
                if squared < best.1 {
                    best = (segment as u32, squared);
                }
            }
            best.0
        };
        let blocks = blocks::map_blocks(numbers.n(), work, |block| {
            block.map(nearest).collect::<Vec<u32>>()
        })?;
        Ok(blocks.into_iter().flatten().collect())
    }
}
