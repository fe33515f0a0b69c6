//! Indices: how alike two segmentations are, and how well the segments of one hold together.
//!
//! | item | question |
//! |---|---|
//! | [`Contingency`] | do two segmentations say the same? adjusted Rand, Rand, Jaccard, Fowlkes-Mallows, mutual information plain, normalised and adjusted, V-measure, variation of information, segments matched one by one |
//! | [`Placed`] | do segments hold together and keep apart? silhouette, Calinski-Harabasz, Davies-Bouldin, Dunn, shadow, Xie-Beni |
//! | [`Shadow`] | how near customers lie to the border |
//! | [`Silhouette`], [`SampledSilhouette`] | the silhouette of every customer, or of a sample with its interval |
//!
//! An index describes. It has a best value on any data, also where there are no segments, so none
//! of them is a check, and none decides alone; [`select`](crate::select) lays them beside what can
//! say "no". All internal ones are measured on the customers that the segments were made from, and
//! favour methods that optimise something of their kind: round segments of like size.
//!
//! The figures agree with scikit-learn 1.9.1 (`metrics`) and R's `fpc` 2.2 and `flexclust` 1.5 to
//! 1e-10, where these give a value; where they give a made-up one, here is `None`.

mod contingency;
mod dispersion;
mod expected;
mod placed;
mod silhouette;

pub use contingency::{Average, Contingency};
pub use dispersion::Shadow;
pub use placed::Placed;
pub use silhouette::{SampledSilhouette, Silhouette};
