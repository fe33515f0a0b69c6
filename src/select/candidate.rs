//! Candidates: a method with its parameters on features of its own, under a name.

use std::fmt;

use crate::cluster::{DynSegmenter, SegmentModel, Segmenter};
use crate::features::FeatureMatrix;

/// A method with its parameters, on features of its own.
///
/// The recipe says in a word how the features were made; likelihoods are compared within one recipe
/// only, since those of other data are on another scale.
pub struct Candidate<'a> {
    pub(super) name: String,
    pub(super) recipe: String,
    pub(super) features: &'a FeatureMatrix,
    pub(super) method: Box<dyn DynSegmenter + Send + Sync + 'a>,
}

impl<'a> Candidate<'a> {
    /// A candidate of that name, on features made by that recipe.
    pub fn new<S>(
        name: impl Into<String>,
        recipe: impl Into<String>,
        features: &'a FeatureMatrix,
        method: S,
    ) -> Self
    where
        S: Segmenter + Send + Sync + 'a,
        S::Model: SegmentModel + 'static,
    {
        let (name, recipe) = (name.into(), recipe.into());
        Self { name, recipe, features, method: Box::new(method) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .field("recipe", &self.recipe)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}
