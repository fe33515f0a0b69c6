//! Small symmetric systems: a Cholesky factor and what is done with it.
//!
//! The systems here have as many rows as a model has parameters, so plain arrays beat any matrix library.

/// The lower triangle `L` with `L Lᵀ = matrix`, or `None` where the matrix is not positive definite.
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
    fn what_is_not_positive_definite_is_refused() {
        assert!(cholesky(&[[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(cholesky(&[[1.0, 1.0], [1.0, 1.0]]).is_none());
        assert!(cholesky(&[[f64::NAN]]).is_none());
        assert!(cholesky(&[[f64::INFINITY]]).is_none());
    }
}
