//! A fitted k-means as text that a later day, and a later version of this crate, can read.

use serde::{Deserialize, Serialize};

use crate::cluster::kmeans::centres::Centres;
use crate::cluster::{KMeansModel, SearchReport, SegmentError};
use crate::saved::{from_json, to_json};

const FORMAT: &str = "segmentry.k-means";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    features: Vec<String>,
    #[serde(with = "crate::num::exact")]
    centres: Vec<Vec<f64>>,
    #[serde(with = "crate::num::exact")]
    inertia: f64,
    iterations: usize,
    converged: bool,
    search: SearchReport,
}

impl KMeansModel {
    /// The model as JSON, with a name and a version in front. Numbers are texts and keep every bit.
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::cluster::{KMeans, KMeansModel, Segmenter};
    /// use segmentry::features::FeatureMatrix;
    /// use segmentry::work::Work;
    ///
    /// let matrix = FeatureMatrix::from_rows(&["x"], &[[0.0], [0.1], [10.0], [12.0]])?;
    /// let model = KMeans::new(2).fit(&matrix, &Work::new())?;
    /// assert_eq!(KMeansModel::from_json(&model.to_json())?, model);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> String {
        let content = Saved {
            features: self.features.clone(),
            centres: (0..self.n_segments()).map(|segment| self.centre(segment).to_vec()).collect(),
            inertia: self.inertia,
            iterations: self.iterations,
            converged: self.converged,
            search: self.search.clone(),
        };
        to_json(FORMAT, VERSION, content)
    }

    /// Reads what [`to_json`](Self::to_json) of this or an older version wrote. Whatever is read is
    /// checked as though a stranger had written it.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Saved`], [`SegmentError::Invalid`].
    pub fn from_json(text: &str) -> Result<Self, SegmentError> {
        let saved: Saved = from_json(text, FORMAT, VERSION)?;
        let invalid = |what, expected| Err(SegmentError::Invalid { what, expected });
        let (k, d) = (saved.centres.len(), saved.features.len());
        if k == 0 || saved.centres.iter().any(|centre| centre.len() != d) {
            return invalid("centres", "at least one, each with a number for every feature");
        }
        let twice = |(place, name)| saved.features[..place].contains(name);
        if saved.features.iter().enumerate().any(twice) {
            return invalid("features", "a list without repeats");
        }
        // What is read as an exact number is finite.
        if saved.inertia < 0.0 {
            return invalid("inertia", "at least 0");
        }
        if !saved.search.is_possible() {
            return invalid("search", "a report whose counts fit together");
        }
        Ok(Self {
            features: saved.features,
            centres: Centres { values: saved.centres.concat(), k, d },
            inertia: saved.inertia,
            iterations: saved.iterations,
            converged: saved.converged,
            search: saved.search,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{KMeans, SegmentModel, Segmenter};
    use crate::features::FeatureMatrix;
    use crate::saved::SavedModelError;
    use crate::work::Work;

    #[test]
    fn a_model_comes_back_with_every_bit_and_places_alike() {
        let rows: Vec<[f64; 2]> =
            (0..40).map(|i| [f64::from(i % 7) / 3.0, 1e-300 * f64::from(i % 5)]).collect();
        let matrix = FeatureMatrix::from_rows(&["x", "y"], &rows).unwrap();
        let model = KMeans::new(3).fit(&matrix, &Work::new()).unwrap();
        let read = KMeansModel::from_json(&model.to_json()).unwrap();
        assert_eq!(read, model);
        let placed = |model: &KMeansModel| model.assign(&matrix, &Work::new()).unwrap();
        assert!(placed(&read) == placed(&model));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let matrix = FeatureMatrix::from_rows(&["x"], &[[1.0], [3.0]]).unwrap();
        let text = KMeans::new(1).fit(&matrix, &Work::new()).unwrap().to_json();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{text}");
            KMeansModel::from_json(&text.replace(from, to)).unwrap_err()
        };
        assert!(matches!(
            with("k-means", "k-mean"),
            SegmentError::Saved(SavedModelError::OtherFormat { .. })
        ));
        assert!(matches!(
            with("\"version\": 1", "\"version\": 9"),
            SegmentError::Saved(SavedModelError::FromTheFuture { .. })
        ));
        assert!(matches!(
            with("2e0", "NaN"),
            SegmentError::Saved(SavedModelError::Malformed { .. })
        ));
        assert!(matches!(
            with("\"x\"", "\"x\", \"y\""),
            SegmentError::Invalid { what: "centres", .. }
        ));
        assert!(matches!(
            with("\"inertia\": \"", "\"inertia\": \"-"),
            SegmentError::Invalid { what: "inertia", .. }
        ));
        assert!(matches!(
            with("\"hits\": ", "\"hits\": 99"),
            SegmentError::Invalid { what: "search", .. }
        ));
    }
}
