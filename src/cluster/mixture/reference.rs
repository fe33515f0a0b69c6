//! The EM algorithm as the papers write it, with no regard to speed: what the kernels are held
//! against.

use crate::cluster::mixture::Covariance;

/// A mixture in the units of the rows, with square covariances.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    pub(super) weights: Vec<f64>,
    pub(super) means: Vec<Vec<f64>>,
    pub(super) covariances: Vec<Vec<Vec<f64>>>,
}

/// The mixture of highest likelihood under these responsibilities (`shares[row][component]`).
pub(super) fn maximise(
    rows: &[Vec<f64>],
    weights: &[f64],
    shares: &[Vec<f64>],
    shape: Covariance,
) -> Plain {
    let (k, d) = (shares[0].len(), rows[0].len());
    let total: f64 = weights.iter().sum();
    let mut plain = Plain { weights: Vec::new(), means: Vec::new(), covariances: Vec::new() };
    for c in 0..k {
        let count: f64 = (0..rows.len()).map(|i| weights[i] * shares[i][c]).sum();
        let mean: Vec<f64> = (0..d)
            .map(|a| {
                (0..rows.len()).map(|i| weights[i] * shares[i][c] * rows[i][a]).sum::<f64>() / count
            })
            .collect();
        let product =
            |i: usize, a: usize, b: usize| (rows[i][a] - mean[a]) * (rows[i][b] - mean[b]);
        let covariance = (0..d)
            .map(|a| {
                (0..d)
                    .map(|b| {
                        let terms =
                            (0..rows.len()).map(|i| weights[i] * shares[i][c] * product(i, a, b));
                        terms.sum::<f64>() / count
                    })
                    .collect()
            })
            .collect();
        plain.weights.push(count / total);
        plain.means.push(mean);
        plain.covariances.push(covariance);
    }
    let zero = vec![vec![0.0; d]; d];
    match shape {
        Covariance::Full => {}
        Covariance::Tied => {
            let mut shared = zero;
            for (weight, covariance) in plain.weights.iter().zip(&plain.covariances) {
                for a in 0..d {
                    for b in 0..d {
                        shared[a][b] += weight * covariance[a][b];
                    }
                }
            }
            plain.covariances = vec![shared; k];
        }
        Covariance::Diagonal | Covariance::Spherical => {
            for covariance in &mut plain.covariances {
                let diagonal: Vec<f64> = (0..d).map(|a| covariance[a][a]).collect();
                let mean = diagonal.iter().sum::<f64>() / d as f64;
                *covariance = zero.clone();
                for a in 0..d {
                    covariance[a][a] =
                        if shape == Covariance::Diagonal { diagonal[a] } else { mean };
                }
            }
        }
    }
    plain
}

/// Responsibilities, and the log-likelihood.
pub(super) fn expect(rows: &[Vec<f64>], weights: &[f64], plain: &Plain) -> (Vec<Vec<f64>>, f64) {
    let mut log_likelihood = 0.0;
    let mut shares = Vec::new();
    for (row, weight) in rows.iter().zip(weights) {
        let logs: Vec<f64> = (0..plain.weights.len())
            .map(|c| {
                libm::log(plain.weights[c])
                    + log_normal(row, &plain.means[c], &plain.covariances[c])
            })
            .collect();
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| libm::exp(log - highest)).sum();
        let log_density = highest + libm::log(sum);
        log_likelihood += weight * log_density;
        shares.push(logs.iter().map(|log| libm::exp(log - log_density)).collect());
    }
    (shares, log_likelihood)
}

/// The logarithm of a normal density, by Gaussian elimination.
fn log_normal(row: &[f64], mean: &[f64], covariance: &[Vec<f64>]) -> f64 {
    let d = row.len();
    let mut matrix = covariance.to_vec();
    let mut right: Vec<f64> = row.iter().zip(mean).map(|(x, m)| x - m).collect();
    let (mut square, mut log_determinant) = (0.0, 0.0);
    for pivot in 0..d {
        log_determinant += libm::log(matrix[pivot][pivot]);
        square += right[pivot] * right[pivot] / matrix[pivot][pivot];
        for below in pivot + 1..d {
            let factor = matrix[below][pivot] / matrix[pivot][pivot];
            right[below] -= factor * right[pivot];
            for column in pivot..d {
                matrix[below][column] -= factor * matrix[pivot][column];
            }
        }
    }
    -0.5 * (d as f64 * libm::log(2.0 * std::f64::consts::PI) + log_determinant + square)
}
