//! How a candidate does when customers are drawn again: stability between bootstrap samples, and
//! how well one half predicts the other.
//!
//! The draws are the same for every candidate, so that differences between candidates are not those
//! of the draws.

use crate::cluster::{DynSegmenter, SegmentError, Segmentation};
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::quantile::{quantile, sorted};
use crate::num::random::{Purpose, Stream};
use crate::select::SelectError;
use crate::validate::ValidateError;
use crate::validate::indices::Contingency;
use crate::work::Work;

type Method<'a> = dyn DynSegmenter + Send + Sync + 'a;

/// Agreement between segmentations of the same customers, each learnt from another bootstrap
/// sample: one adjusted Rand index a pair.
pub(super) fn stability(
    method: &Method<'_>,
    features: &FeatureMatrix,
    pairs: usize,
    seed: u64,
    work: &Work,
) -> Result<Vec<f64>, SelectError> {
    let indices = blocks::map_tasks(pairs, work, |pair| {
        let one = |index: usize| {
            let sample = resample(features, seed, index as u64)?;
            learnt(method, &sample, features, work)
        };
        let table = Contingency::between(&one(2 * pair)?, &one(2 * pair + 1)?)?;
        Ok::<f64, SelectError>(table.adjusted_rand())
    })?;
    indices.into_iter().collect()
}

/// Lower quartile, median and upper quartile.
pub(super) fn quartiles(values: &[f64]) -> Option<(f64, f64, f64)> {
    let sorted = sorted(values.iter().copied());
    Some((quantile(&sorted, 0.25)?, quantile(&sorted, 0.5)?, quantile(&sorted, 0.75)?))
}

/// Prediction strength of one half by the other, both ways, one figure a split.
pub(super) fn prediction_strengths(
    method: &Method<'_>,
    features: &FeatureMatrix,
    splits: usize,
    seed: u64,
    work: &Work,
) -> Result<Vec<f64>, SelectError> {
    let strengths = blocks::map_tasks(splits, work, |split| {
        let mut order: Vec<usize> = (0..features.n_customers()).collect();
        Stream::new(seed, Purpose::Halves, split as u64).shuffle(&mut order);
        let (left, right) = order.split_at_mut(features.n_customers() / 2);
        left.sort_unstable();
        right.sort_unstable();
        let half = |rows: &[usize]| features.of_rows(rows).map_err(SelectError::Features);
        let (left, right) = (half(left)?, half(right)?);
        let (by_left, by_right) = (method.fit_dyn(&left, work)?, method.fit_dyn(&right, work)?);
        let one_way = |own: Segmentation, others: Segmentation| {
            Ok::<f64, SelectError>(Contingency::between(&own, &others)?.prediction_strength())
        };
        let forward = one_way(by_right.assign(&right, work)?, by_left.assign(&right, work)?)?;
        let backward = one_way(by_left.assign(&left, work)?, by_right.assign(&left, work)?)?;
        Ok::<f64, SelectError>(0.5 * (forward + backward))
    })?;
    strengths.into_iter().collect()
}

/// At most `size` customers, drawn without replacement, in their order.
pub(super) fn sample(
    features: &FeatureMatrix,
    size: usize,
    seed: u64,
) -> Result<FeatureMatrix, SelectError> {
    let mut rows: Vec<usize> = (0..features.n_customers()).collect();
    if rows.len() <= size {
        return Ok(features.clone());
    }
    Stream::new(seed, Purpose::Sample, 1).shuffle(&mut rows);
    rows.truncate(size);
    rows.sort_unstable();
    features.of_rows(&rows).map_err(SelectError::Features)
}

/// As many customers as there are, drawn with replacement: who was drawn twice weighs double.
fn resample(features: &FeatureMatrix, seed: u64, index: u64) -> Result<FeatureMatrix, SelectError> {
    let n = features.n_customers();
    let mut stream = Stream::new(seed, Purpose::Resample, index);
    let mut times = vec![0.0; n];
    for _ in 0..n {
        times[stream.below(n as u64) as usize] += 1.0;
    }
    let drawn: Vec<usize> = (0..n).filter(|&row| times[row] > 0.0).collect();
    let weight = |&row: &usize| times[row] * features.weights().map_or(1.0, |w| w[row]);
    let weights = drawn.iter().map(weight).collect();
    let sample = features.of_rows(&drawn).and_then(|sample| sample.with_weights(weights));
    sample.map_err(SelectError::Features)
}

fn learnt(
    method: &Method<'_>,
    from: &FeatureMatrix,
    all: &FeatureMatrix,
    work: &Work,
) -> Result<Segmentation, SelectError> {
    Ok(method.fit_dyn(from, work)?.assign(all, work)?)
}

/// Failures that say something of the candidate, and not of the call.
pub(super) fn said_of_the_candidate(error: SelectError) -> Result<String, SelectError> {
    match error {
        SelectError::Segments(SegmentError::TooFewDistinct { .. }) => {
            Ok("a sample has too few customers that differ".to_owned())
        }
        SelectError::Validate(ValidateError::NoCustomers) => {
            Ok("nobody is in one segment of both".to_owned())
        }
        SelectError::Segments(error) => Ok(error.to_string()),
        SelectError::Validate(error) => Ok(error.to_string()),
        SelectError::Features(error) => Ok(error.to_string()),
        error => Err(error),
    }
}
