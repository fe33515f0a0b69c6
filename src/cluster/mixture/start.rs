//! Where the EM algorithm starts: k-means, given labels, or given means.

use crate::cluster::mixture::Covariance;
use crate::cluster::mixture::parameters::{Parameters, Sums, triangle};
use crate::cluster::mixture::table::{Table, Unit, map_rows};
use crate::cluster::{KMeans, SegmentError, SegmentModel, Segmenter};
use crate::features::{FeatureColumn, FeatureMatrix};
use crate::num::random::{Purpose, Stream};
use crate::units::CustomerIds;
use crate::work::{Cancelled, Work};

/// Rows that k-means looks at, at most. A start only has to lie in the right valley, and a sample
/// shows it at a part of the time and without a copy of the whole matrix.
const SAMPLE: usize = 20_000;

/// What a fit begins with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    /// One run of k-means for each of several starts.
    KMeans,
    /// Each customer's component.
    Labels(Vec<u32>),
    /// Means and weights; the covariance of all customers for every component.
    Means { means: Vec<Vec<f64>>, weights: Vec<f64> },
}

/// A start by k-means: number `number` of those under a seed.
///
/// The covariance of each component is drawn towards the covariance within all of them, by as much
/// as so many customers as there are features would: a component that begins with a handful of
/// customers would otherwise begin flat, and stay so.
pub(super) fn by_kmeans(
    table: &Table<'_>,
    units: &[Unit],
    (k, covariance, floor): (usize, Covariance, f64),
    (seed, number): (u64, usize),
    work: &Work,
) -> Result<Parameters, SegmentError> {
    let mut stream = Stream::new(seed, Purpose::MixtureStart, number as u64);
    let rows = sample(table.n(), &mut stream);
    // A seed of its own for every start, from the stream that no other start shares.
    let kmeans_seed = stream.below(u64::MAX);
    let kmeans = |rows: &[usize]| -> Result<(FeatureMatrix, Vec<u32>), SegmentError> {
        let matrix = standardised(table, units, rows)?;
        let model = KMeans::new(k).restarts(1).seed(kmeans_seed).fit(&matrix, work)?;
        let labels = model.assign(&matrix, work)?.partition()?;
        Ok((matrix, labels.into_iter().map(|segment| segment.0).collect()))
    };
    let (matrix, labels) = match kmeans(&rows) {
        // Few distinct rows in the sample need not be all there are.
        Err(SegmentError::TooFewDistinct { .. }) if rows.len() < table.n() => {
            kmeans(&(0..table.n()).collect::<Vec<usize>>())?
        }
        found => found?,
    };
    let drawn = Table::of(&matrix)?;
    let same = vec![Unit { centre: 0.0, width: 1.0 }; table.d()];
    let mut sums = sums_of_labels(&drawn, &same, &labels, (k, covariance), work)?;
    draw_together(&mut sums);
    Parameters::from_sums(covariance, &sums, floor, None)
        .map_err(|_| SegmentError::TooFewDistinct { k, distinct: k })
}

/// Adds to each component as many customers as there are features, spread as within all components.
fn draw_together(sums: &mut [Sums]) {
    let d = sums.first().map_or(0, |sums| sums.about.len());
    let mut within = vec![0.0; sums.first().map_or(0, |sums| sums.second.len())];
    let mut total = 0.0;
    for part in sums.iter() {
        total += part.count;
        within.iter_mut().zip(&part.second).for_each(|(all, part)| *all += part);
    }
    for part in sums {
        // The count is that of the weight, so the sums are shrunk to it again.
        let count = part.count;
        let shrink = count / (count + d as f64);
        for (sum, within) in part.second.iter_mut().zip(&within) {
            *sum = (*sum + d as f64 * within / total) * shrink;
        }
    }
}

/// The rows that k-means looks at, in ascending order.
fn sample(n: usize, stream: &mut Stream) -> Vec<usize> {
    if n <= SAMPLE {
        return (0..n).collect();
    }
    let mut rows = Vec::with_capacity(SAMPLE);
    // Each row is taken with the chance that as many as are still needed are among those left.
    for row in 0..n {
        if stream.below((n - row) as u64) < (SAMPLE - rows.len()) as u64 {
            rows.push(row);
        }
    }
    rows
}

fn standardised(
    table: &Table<'_>,
    units: &[Unit],
    rows: &[usize],
) -> Result<FeatureMatrix, SegmentError> {
    let ids = CustomerIds::numbered(rows.len()).map_err(SegmentError::Customers)?;
    let mut matrix = FeatureMatrix::new(ids);
    for (column, unit) in units.iter().enumerate() {
        let values =
            rows.iter().map(|&row| unit.standard(table.value(row, column), unit.scale())).collect();
        matrix = matrix
            .with(FeatureColumn::numbers(column.to_string(), values))
            .map_err(SegmentError::Features)?;
    }
    let weights = rows.iter().map(|&row| table.weight(row)).collect();
    matrix.with_weights(weights).map_err(SegmentError::Features)
}

/// Sums about each component's mean, where everybody belongs to one. Two passes, so that the
/// covariances of the start have all their digits.
pub(super) fn sums_of_labels(
    table: &Table<'_>,
    units: &[Unit],
    labels: &[u32],
    (k, covariance): (usize, Covariance),
    work: &Work,
) -> Result<Vec<Sums>, Cancelled> {
    let d = table.d();
    let zero = |about: Vec<f64>, entries: usize| Sums {
        count: 0.0,
        first: vec![0.0; about.len()],
        about,
        second: vec![0.0; entries],
    };
    let origin: Vec<Sums> = (0..k).map(|_| zero(vec![0.0; d], 0)).collect();
    let about: Vec<Sums> = added(table, units, labels, &origin, work)?
        .into_iter()
        .map(|sums| {
            let mean = sums.first.iter().map(|first| first / sums.count).collect();
            let entries = match covariance {
                Covariance::Full | Covariance::Tied => d * (d + 1) / 2,
                Covariance::Diagonal | Covariance::Spherical => d,
            };
            zero(mean, entries)
        })
        .collect();
    added(table, units, labels, &about, work)
}

fn added(
    table: &Table<'_>,
    units: &[Unit],
    labels: &[u32],
    empty: &[Sums],
    work: &Work,
) -> Result<Vec<Sums>, Cancelled> {
    let d = table.d();
    let parts = map_rows(table.n(), work, |rows| {
        let mut sums = empty.to_vec();
        let mut difference = vec![0.0; d];
        let scales: Vec<f64> = units.iter().map(|unit| unit.scale()).collect();
        for row in rows {
            let part = &mut sums[labels[row] as usize];
            let weight = table.weight(row);
            part.count += weight;
            for a in 0..d {
                difference[a] = units[a].standard(table.value(row, a), scales[a]) - part.about[a];
                part.first[a] += weight * difference[a];
            }
            if part.second.len() == d {
                for a in 0..d {
                    part.second[a] += weight * difference[a] * difference[a];
                }
            } else if !part.second.is_empty() {
                for a in 0..d {
                    for b in 0..=a {
                        part.second[triangle(a, b)] += weight * difference[a] * difference[b];
                    }
                }
            }
        }
        sums
    })?;
    let mut all = empty.to_vec();
    for part in parts {
        all.iter_mut().zip(&part).for_each(|(all, part)| all.add(part));
    }
    Ok(all)
}
