//! Where a customer belongs, given their answers.

use super::items::{CODES, Item, NewLevels, Packed};
use crate::cluster::SegmentError;
use crate::features::FeatureMatrix;
use crate::num::blocks;
use crate::num::real::{exp, ln};
use crate::work::Work;

/// Below it a product of probabilities is computed again by logarithms.
const LEAST: f64 = 1e-200;

/// The posterior probabilities of all classes, row by row. Whoever answered nothing is placed by
/// the sizes of the classes.
pub(super) fn posteriors(
    items: &[Item],
    sizes: &[f64],
    probabilities: &[Vec<Vec<f64>>],
    features: &FeatureMatrix,
    new_levels: NewLevels,
    work: &Work,
) -> Result<Vec<f64>, SegmentError> {
    let k = sizes.len();
    let packed = Packed::of(items, features, new_levels)?;
    let tables: Vec<Vec<f64>> = packed
        .chunks
        .iter()
        .map(|chunk| {
            let mut table = vec![1.0; CODES * k];
            for code in 0..chunk.codes {
                for (item, digit) in chunk.items.clone().zip(chunk.digits(code as u8)) {
                    if let Some(level) = probabilities[item].get(digit) {
                        for class in 0..k {
                            table[code * k + class] *= level[class];
                        }
                    }
                }
            }
            table
        })
        .collect();
    let by_logarithms = |row: usize, posterior: &mut [f64]| {
        for class in 0..k {
            let mut log = ln(sizes[class]);
            for (chunk, codes) in packed.chunks.iter().zip(&packed.codes) {
                for (item, digit) in chunk.items.clone().zip(chunk.digits(codes[row])) {
                    if let Some(level) = probabilities[item].get(digit) {
                        log += ln(level[class]);
                    }
                }
            }
            posterior[class] = log;
        }
        let most = posterior.iter().fold(f64::NEG_INFINITY, |most: f64, &log| most.max(log));
        posterior.iter_mut().for_each(|log| *log = exp(*log - most));
    };
    let mut posteriors = vec![0.0; features.n_customers() * k];
    blocks::fill(&mut posteriors, blocks::BLOCK * k, work, |first, stretch| {
        for (place, posterior) in stretch.chunks_exact_mut(k).enumerate() {
            let row = first / k + place;
            posterior.copy_from_slice(sizes);
            for (table, codes) in tables.iter().zip(&packed.codes) {
                let factors = &table[usize::from(codes[row]) * k..][..k];
                for (share, factor) in posterior.iter_mut().zip(factors) {
                    *share *= factor;
                }
            }
            let mut total = sum(posterior);
            if total < LEAST {
                by_logarithms(row, posterior);
                total = sum(posterior);
            }
            posterior.iter_mut().for_each(|share| *share /= total);
        }
    })?;
    Ok(posteriors)
}

fn sum(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value)
}
