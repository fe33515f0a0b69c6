//! What a table must withhold so that no small group can be read off it or worked out.
//!
//! A cell of one to ten customers is withheld. Its row and column totals are shown elsewhere, so
//! others have to go with it: in a table with known totals a withheld cell can be worked out
//! exactly if and only if, drawn as a line between its row and its column, it is a bridge of the
//! graph of all withheld cells (Gusfield 1988). What a row or column withholds in all can be worked
//! out in any case, so that must not be a small group either.

/// Marks the cells to withhold, given that all row and column totals are known. Zeros are shown,
/// for they are nobody, unless one is needed to protect a small cell.
pub(crate) fn withheld_cells(counts: &[Vec<usize>], least: usize) -> Vec<Vec<bool>> {
    let small = |count: usize| count > 0 && count < least;
    let mut withheld: Vec<Vec<bool>> =
        counts.iter().map(|row| row.iter().map(|&count| small(count)).collect()).collect();
    loop {
        let cells = || {
            (0..counts.len())
                .flat_map(|row| (0..counts[row].len()).map(move |column| (row, column)))
        };
        let hidden = |&(row, column): &(usize, usize)| withheld[row][column];
        let exposed = cells()
            .filter(hidden)
            .find(|&(r, c)| small(counts[r][c]) && is_bridge(&withheld, r, c));
        let next: Option<Vec<(usize, usize)>> = if let Some(cell) = exposed {
            cheapest_rectangle(counts, &withheld, cell)
        } else if let Some(line) = lines(counts).into_iter().find(|line| {
            small(line.iter().filter(|cell| hidden(cell)).map(|&(r, c)| counts[r][c]).sum())
        }) {
            let shown = line.into_iter().filter(|cell| !hidden(cell) && counts[cell.0][cell.1] > 0);
            shown.min_by_key(|&(r, c)| counts[r][c]).map(|cell| vec![cell])
        } else {
            return withheld;
        };
        match next {
            Some(more) => more.into_iter().for_each(|(r, c)| withheld[r][c] = true),
            // Nothing is left that could protect it: show nothing at all.
            None => return counts.iter().map(|row| vec![true; row.len()]).collect(),
        }
    }
}

/// Every row and every column, as its cells.
fn lines(counts: &[Vec<usize>]) -> Vec<Vec<(usize, usize)>> {
    let columns = counts.first().map_or(0, Vec::len);
    let rows = (0..counts.len()).map(|r| (0..columns).map(|c| (r, c)).collect());
    rows.chain((0..columns).map(|c| (0..counts.len()).map(|r| (r, c)).collect())).collect()
}

/// The cells that complete a rectangle with the exposed cell at one corner, of all rectangles the
/// one that hides the fewest customers more. Its corners hang together by two ways each, so that
/// none of them can be worked out.
fn cheapest_rectangle(
    counts: &[Vec<usize>],
    withheld: &[Vec<bool>],
    (row, column): (usize, usize),
) -> Option<Vec<(usize, usize)>> {
    let (rows, columns) = (counts.len(), counts[row].len());
    let others = (0..rows)
        .filter(|&r| r != row)
        .flat_map(|r| (0..columns).filter(|&c| c != column).map(move |c| (r, c)));
    let corners = |(r, c): (usize, usize)| [(row, c), (r, column), (r, c)];
    let price = |corner: &(usize, usize)| {
        let more = corners(*corner).into_iter().filter(|&(r, c)| !withheld[r][c]);
        // A zero protects little, because a reader may guess it: it comes after cells with
        // customers.
        more.map(|(r, c)| if counts[r][c] == 0 { usize::MAX / 8 } else { counts[r][c] })
            .sum::<usize>()
    };
    others.min_by_key(price).map(|corner| corners(corner).to_vec())
}

/// Marks the entries of a list to withhold, given that their total is known.
pub(crate) fn withheld_entries(counts: &[usize], least: usize) -> Vec<bool> {
    let mut withheld: Vec<bool> = counts.iter().map(|&count| count > 0 && count < least).collect();
    loop {
        let hidden = || counts.iter().zip(&withheld).filter(|(_, hidden)| **hidden);
        let (entries, sum) = (hidden().count(), hidden().map(|(count, _)| count).sum::<usize>());
        if entries == 0 || (entries > 1 && sum >= least) {
            return withheld;
        }
        let next =
            (0..counts.len()).filter(|&i| !withheld[i] && counts[i] > 0).min_by_key(|&i| counts[i]);
        match next {
            Some(i) => withheld[i] = true,
            None => return vec![true; counts.len()],
        }
    }
}

/// Whether the cell's row and column hang together only by this cell.
fn is_bridge(withheld: &[Vec<bool>], row: usize, column: usize) -> bool {
    let (rows, columns) = (withheld.len(), withheld[row].len());
    let mut reached = vec![false; rows + columns];
    let mut todo = vec![row];
    reached[row] = true;
    while let Some(node) = todo.pop() {
        let neighbours: Vec<usize> = if node < rows {
            (0..columns)
                .filter(|&c| withheld[node][c] && (node, c) != (row, column))
                .map(|c| rows + c)
                .collect()
        } else {
            let c = node - rows;
            (0..rows).filter(|&r| withheld[r][c] && (r, c) != (row, column)).collect()
        };
        for neighbour in neighbours {
            if !std::mem::replace(&mut reached[neighbour], true) {
                todo.push(neighbour);
            }
        }
    }
    !reached[rows + column]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_without_small_cells_is_shown_whole() {
        let counts = vec![vec![20, 0], vec![11, 300]];
        assert!(withheld_cells(&counts, 11).iter().flatten().all(|withheld| !withheld));
    }

    #[test]
    fn a_small_cell_takes_a_rectangle_with_it() {
        let counts = vec![vec![5, 40, 90], vec![50, 60, 80], vec![70, 30, 99]];
        let withheld = withheld_cells(&counts, 11);
        assert!(withheld[0][0]);
        // With the corner of 5: its row's 40, its column's 70, and the 30 opposite; 140 in all,
        // less than any other.
        let expected = [[true, true, false], [false, false, false], [true, true, false]];
        assert_eq!(withheld, expected.map(|row| row.to_vec()));
    }

    #[test]
    fn a_list_never_withholds_one_entry_alone() {
        assert_eq!(withheld_entries(&[5, 40, 90], 11), [true, true, false]);
        assert_eq!(withheld_entries(&[3, 4, 90], 11), [true, true, true]);
        assert_eq!(withheld_entries(&[30, 40], 11), [false, false]);
        assert_eq!(withheld_entries(&[5], 11), [true]);
        assert_eq!(withheld_entries(&[0, 20], 11), [false, false]);
    }

    /// Whether a withheld cell is determined by the totals: whether its unit vector lies in the row
    /// space of the equations.
    fn determined(counts: &[Vec<usize>], withheld: &[Vec<bool>], cell: (usize, usize)) -> bool {
        let unknowns: Vec<(usize, usize)> = (0..counts.len())
            .flat_map(|r| (0..counts[r].len()).map(move |c| (r, c)))
            .filter(|&(r, c)| withheld[r][c])
            .collect();
        let mut equations: Vec<Vec<f64>> = Vec::new();
        for row in 0..counts.len() {
            equations.push(unknowns.iter().map(|u| f64::from(u8::from(u.0 == row))).collect());
        }
        for column in 0..counts[0].len() {
            equations.push(unknowns.iter().map(|u| f64::from(u8::from(u.1 == column))).collect());
        }
        let rank = |mut matrix: Vec<Vec<f64>>| {
            let mut rank = 0;
            for column in 0..unknowns.len() {
                let Some(pivot) = (rank..matrix.len()).find(|&r| matrix[r][column].abs() > 1e-9)
                else {
                    continue;
                };
                matrix.swap(rank, pivot);
                let pivot_row = matrix[rank].clone();
                for (r, row) in matrix.iter_mut().enumerate() {
                    if r != rank {
                        let factor = row[column] / pivot_row[column];
                        row.iter_mut().zip(&pivot_row).for_each(|(a, b)| *a -= factor * b);
                    }
                }
                rank += 1;
            }
            rank
        };
        let before = rank(equations.clone());
        equations.push(unknowns.iter().map(|u| f64::from(u8::from(*u == cell))).collect());
        rank(equations) == before
    }

    proptest! {
        #[test]
        fn no_small_cell_can_be_worked_out(
            rows in prop::collection::vec(prop::collection::vec(0usize..60, 4), 2..5)
        ) {
            let withheld = withheld_cells(&rows, 11);
            let everything = withheld.iter().flatten().all(|w| *w);
            for (r, row) in rows.iter().enumerate() {
                for (c, &count) in row.iter().enumerate() {
                    if count > 0 && count < 11 {
                        prop_assert!(withheld[r][c]);
                        // A table shown not at all has no totals beside it either.
                        prop_assert!(everything || !determined(&rows, &withheld, (r, c)), "{rows:?} {withheld:?}");
                    }
                }
            }
        }

        #[test]
        fn no_small_entry_can_be_worked_out(counts in prop::collection::vec(0usize..40, 1..8)) {
            let withheld = withheld_entries(&counts, 11);
            let hidden: Vec<usize> = (0..counts.len()).filter(|&i| withheld[i]).map(|i| counts[i]).collect();
            for (i, &count) in counts.iter().enumerate() {
                prop_assert!(withheld[i] || count == 0 || count >= 11);
            }
            prop_assert!(hidden.is_empty() || hidden.len() == counts.len() || (hidden.len() > 1 && hidden.iter().sum::<usize>() >= 11));
        }
    }
}
