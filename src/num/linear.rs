//! Small symmetric systems: eigenvalues, a Cholesky factor, and what is done with them.
//!
//! The systems here have as many rows as a model has parameters, so plain arrays beat any matrix
//! library.

/// The lower triangle `L` with `L Lᵀ = matrix`, or `None` where the matrix is not positive
/// definite.
///
/// A pivot counts as positive only where it is more than rounding of its own diagonal entry.
pub(crate) fn cholesky<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut factor = [[0.0; N]; N];
    for row in 0..N {
        for column in 0..=row {
            let mut rest = matrix[row][column];
            for k in 0..column {
                rest -= factor[row][k] * factor[column][k];
            }
            if row == column {
                let floor = matrix[row][row].abs() * f64::EPSILON;
                if !(rest > floor && rest.is_finite()) {
                    return None;
                }
                factor[row][row] = rest.sqrt();
            } else {
                factor[row][column] = rest / factor[column][column];
            }
        }
    }
    Some(factor)
}

/// Solves `L Lᵀ x = right`.
pub(crate) fn solve<const N: usize>(factor: &[[f64; N]; N], right: &[f64; N]) -> [f64; N] {
    let mut x = *right;
    for row in 0..N {
        for k in 0..row {
            x[row] -= factor[row][k] * x[k];
        }
        x[row] /= factor[row][row];
    }
    for row in (0..N).rev() {
        for k in row + 1..N {
            x[row] -= factor[k][row] * x[k];
        }
        x[row] /= factor[row][row];
    }
    x
}

/// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations: `vectors[i]` belongs
/// to `values[i]`.
///
/// `None` where an entry is not finite.
pub(crate) fn eigen(matrix: Vec<Vec<f64>>) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    const SWEEPS: usize = 60;
    if !matrix.iter().flatten().all(|entry| entry.is_finite()) {
        return None;
    }
    let n = matrix.len();
    let mut a = matrix;
    let mut vectors = vec![vec![0.0; n]; n];
    for (i, vector) in vectors.iter_mut().enumerate() {
        vector[i] = 1.0;
    }
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q].abs() <= f64::EPSILON * (a[p][p].abs() * a[q][q].abs()).sqrt()
                    || a[p][q] == 0.0
                {
                    continue;
                }
                rotated = true;
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if t == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                for k in 0..n {
                    (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]);
                    (vectors[p][k], vectors[q][k]) = (
                        c * vectors[p][k] - s * vectors[q][k],
                        s * vectors[p][k] + c * vectors[q][k],
                    );
                }
            }
        }
        if !rotated {
            break;
        }
    }
    Some(((0..n).map(|i| a[i][i]).collect(), vectors))
}

/// The inverse of a positive definite matrix of any size, or `None`: by its eigenvalues, all of
/// which must stand out of rounding.
pub(crate) fn inverse_wide(matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let (values, vectors) = eigen(matrix)?;
    let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    if !values.iter().all(|&value| value > largest * f64::EPSILON * n as f64) {
        return None;
    }
    let entry = |i: usize, j: usize| {
        values.iter().zip(&vectors).fold(0.0, |sum, (value, v)| sum + v[i] * v[j] / value)
    };
    Some((0..n).map(|i| (0..n).map(|j| entry(i.min(j), i.max(j))).collect()).collect())
}

/// The inverse of a positive definite matrix, or `None`.
pub(crate) fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let factor = cholesky(matrix)?;
    let mut inverse = [[0.0; N]; N];
    for column in 0..N {
        let mut unit = [0.0; N];
        unit[column] = 1.0;
        let solved = solve(&factor, &unit);
        for row in 0..N {
            inverse[row][column] = solved[row];
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_system() {
        // [4 2; 2 3] has the inverse [3 -2; -2 4] / 8.
        let inverse = inverse(&[[4.0, 2.0], [2.0, 3.0]]).unwrap();
        let expected = [[0.375, -0.25], [-0.25, 0.5]];
        for row in 0..2 {
            for column in 0..2 {
                assert!((inverse[row][column] - expected[row][column]).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn a_wide_inverse_equals_the_narrow_one() {
        let matrix = [[5.0, 1.0, -2.0], [1.0, 3.0, 0.5], [-2.0, 0.5, 4.0]];
        let narrow = inverse(&matrix).unwrap();
        let wide = inverse_wide(matrix.iter().map(|row| row.to_vec()).collect()).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                assert!((narrow[i][j] - wide[i][j]).abs() < 1e-15);
                assert_eq!(wide[i][j], wide[j][i]);
            }
        }
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let matrix = vec![vec![4.0, 1.0, -2.0], vec![1.0, -3.0, 0.5], vec![-2.0, 0.5, 1e-6]];
        let (values, vectors) = eigen(matrix.clone()).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let rebuilt: f64 = (0..3).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum();
                assert!((rebuilt - matrix[i][j]).abs() < 1e-14, "{i} {j}: {rebuilt}");
            }
        }
        assert!(eigen(vec![vec![f64::NAN]]).is_none());
        let diagonal = vec![vec![2.0, 0.0], vec![0.0, -1.0]];
        assert_eq!(eigen(diagonal.clone()).unwrap().0, [2.0, -1.0]);
        assert!(inverse_wide(diagonal).is_none());
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(cholesky(&[[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(cholesky(&[[1.0, 1.0], [1.0, 1.0]]).is_none());
        assert!(cholesky(&[[f64::NAN]]).is_none());
        assert!(cholesky(&[[f64::INFINITY]]).is_none());
    }
}
