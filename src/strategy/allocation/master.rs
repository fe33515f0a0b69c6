//! The smallest value that all cuts seen so far allow the dual: a linear program with one variable
//! per price, solved in its own dual, which has as few rows as there are prices.
//!
//! In that form it asks for the mixture of the choices seen (Dantzig & Wolfe 1960) that gains most
//! and keeps the limits on average. Every cut is a column, so the last basis stays feasible when
//! one is added, and a few pivots of the primal simplex method find the next.

/// The best mixture of cuts so far.
#[derive(Debug, Clone)]
pub(super) struct Master {
    rows: usize,
    /// For each cut its value at prices of zero, then its excess over each limit.
    cuts: Vec<Vec<f64>>,
    basis: Vec<Column>,
    low: Vec<f64>,
    high: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Cut(usize),
    /// A limit that is not used up; keeps the price from falling below its lowest.
    Left(usize),
    /// More of a limit, bought at the highest price.
    Bought(usize),
}

/// Where the model is lowest.
#[derive(Debug, Clone)]
pub(super) struct Lowest {
    pub(super) prices: Vec<f64>,
    pub(super) value: f64,
    /// The cuts that meet there, with the weights of the mixture that keeps the limits on average.
    pub(super) mixture: Vec<(usize, f64)>,
}

/// Pivots after which the first improving column is taken instead of the steepest, which cannot
/// cycle (Bland 1977).
const STEEPEST: usize = 200;
const PIVOTS: usize = 5_000;
const NEGLIGIBLE: f64 = 1e-11;

impl Master {
    /// With prices from `low` to `high` and one cut: its value at prices of zero and its excess over
    /// each limit.
    pub(super) fn new(low: Vec<f64>, high: Vec<f64>, value: f64, excess: &[f64]) -> Self {
        let mut basis = vec![Column::Cut(0)];
        for (k, &excess) in excess.iter().enumerate() {
            basis.push(if excess > 0.0 { Column::Bought(k) } else { Column::Left(k) });
        }
        let mut master = Self { rows: excess.len(), cuts: Vec::new(), basis, low, high };
        master.add(value, excess);
        master
    }

    /// Adds a cut.
    pub(super) fn add(&mut self, value: f64, excess: &[f64]) {
        let mut cut = vec![value];
        cut.extend_from_slice(excess);
        self.cuts.push(cut);
    }

    /// Lets a price go lower and higher.
    pub(super) fn widen(&mut self, k: usize, low: f64, high: f64) {
        self.low[k] = low;
        self.high[k] = high;
    }

    pub(super) fn range(&self, k: usize) -> (f64, f64) {
        (self.low[k], self.high[k])
    }

    /// Entry of a column in a row; the last row is that the mixture's weights sum to one.
    fn entry(&self, column: Column, row: usize) -> f64 {
        match column {
            Column::Cut(_) if row == self.rows => 1.0,
            Column::Cut(cut) => self.cuts[cut][1 + row],
            Column::Left(k) => f64::from(u8::from(k == row)),
            Column::Bought(k) => -f64::from(u8::from(k == row)),
        }
    }

    fn worth(&self, column: Column) -> f64 {
        match column {
            Column::Cut(cut) => self.cuts[cut][0],
            Column::Left(k) => self.low[k],
            Column::Bought(k) => -self.high[k],
        }
    }

    /// The lowest point of the model and its value; `None` where rounding got in the way.
    pub(super) fn lowest(&mut self) -> Option<Lowest> {
        let size = self.rows + 1;
        for pivot in 0..PIVOTS {
            let inverse = self.inverse()?;
            // Duals: one price for each row, and the value.
            let mut duals = vec![0.0; size];
            for (place, &column) in self.basis.iter().enumerate() {
                let worth = self.worth(column);
                for (dual, entry) in duals.iter_mut().zip(&inverse[place]) {
                    *dual += worth * entry;
                }
            }
            let Some(entering) = self.entering(&duals, pivot < STEEPEST) else {
                let value = duals.pop()?;
                for (k, price) in duals.iter_mut().enumerate() {
                    *price = price.clamp(self.low[k], self.high[k]);
                }
                let weight = |(column, inverse): (&Column, &Vec<f64>)| match column {
                    Column::Cut(cut) => Some((*cut, inverse[self.rows].max(0.0))),
                    _ => None,
                };
                let mixture = self.basis.iter().zip(&inverse).filter_map(weight).collect();
                return Some(Lowest { prices: duals, value, mixture });
            };
            let mut leaving: Option<(f64, usize)> = None;
            for (place, inverse) in inverse.iter().enumerate() {
                let mut change = 0.0;
                for (row, entry) in inverse.iter().enumerate() {
                    change += entry * self.entry(entering, row);
                }
                if change <= NEGLIGIBLE {
                    continue;
                }
                // The right side is one for the weights and zero for all limits.
                let ratio = inverse[self.rows].max(0.0) / change;
                let sooner = leaving.is_none_or(|(least, other)| {
                    ratio < least || (ratio == least && self.basis[place] < self.basis[other])
                });
                if sooner {
                    leaving = Some((ratio, place));
                }
            }
            let (_, place) = leaving?;
            self.basis[place] = entering;
        }
        None
    }

    /// A column that would gain.
    fn entering(&self, duals: &[f64], steepest: bool) -> Option<Column> {
        let cuts = (0..self.cuts.len()).map(Column::Cut);
        let limits = (0..self.rows).flat_map(|k| [Column::Left(k), Column::Bought(k)]);
        let mut best: Option<(f64, Column)> = None;
        for column in cuts.chain(limits) {
            let mut gain = self.worth(column);
            let mut size = gain.abs();
            match column {
                Column::Cut(cut) => {
                    for (entry, dual) in self.cuts[cut][1..].iter().zip(duals) {
                        gain -= entry * dual;
                        size += (entry * dual).abs();
                    }
                    gain -= duals[self.rows];
                }
                Column::Left(k) => {
                    gain -= duals[k];
                    size += duals[k].abs();
                }
                Column::Bought(k) => {
                    gain += duals[k];
                    size += duals[k].abs();
                }
            }
            if gain <= 1e-14 * size || self.basis.contains(&column) {
                continue;
            }
            if !steepest {
                return Some(column);
            }
            if best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, column));
            }
        }
        best.map(|(_, column)| column)
    }

    /// Inverse of the basis, a row for each basic column, by elimination with pivoting.
    fn inverse(&self) -> Option<Vec<Vec<f64>>> {
        let size = self.rows + 1;
        // Rows of the system are limits and weights, its columns are the basis.
        let mut system: Vec<Vec<f64>> = (0..size)
            .map(|row| {
                let mut line: Vec<f64> =
                    self.basis.iter().map(|&column| self.entry(column, row)).collect();
                line.extend((0..size).map(|unit| f64::from(u8::from(unit == row))));
                line
            })
            .collect();
        for column in 0..size {
            let pivot = (column..size).max_by(|&a, &b| {
                system[a][column].abs().total_cmp(&system[b][column].abs()).then(b.cmp(&a))
            })?;
            let size = system[pivot][column].abs();
            if size.is_nan() || size <= 1e-14 {
                return None;
            }
            system.swap(column, pivot);
            let scale = system[column][column];
            for entry in &mut system[column] {
                *entry /= scale;
            }
            let line = system[column].clone();
            for (row, other) in system.iter_mut().enumerate() {
                let factor = other[column];
                if row != column && factor != 0.0 {
                    for (entry, with) in other.iter_mut().zip(&line) {
                        *entry -= factor * with;
                    }
                }
            }
        }
        Some(system.into_iter().map(|line| line[size..].to_vec()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_point_of_two_lines() {
        // 10 - 2 p and 1 + p meet at p = 3, where both are 4.
        let mut master = Master::new(vec![0.0], vec![100.0], 10.0, &[2.0]);
        let lowest = master.lowest().unwrap();
        assert_eq!((lowest.prices[0], lowest.value), (100.0, -190.0));
        master.add(1.0, &[-1.0]);
        let lowest = master.lowest().unwrap();
        assert!((lowest.prices[0] - 3.0).abs() < 1e-12 && (lowest.value - 4.0).abs() < 1e-12);
        master.widen(0, 5.0, 100.0);
        let lowest = master.lowest().unwrap();
        assert!((lowest.prices[0] - 5.0).abs() < 1e-12 && (lowest.value - 6.0).abs() < 1e-12);
    }

    #[test]
    fn the_lowest_point_of_planes() {
        // max(12 - 2p - q, 12 - p - 2q, p + q) is lowest where all are 24/5... at p = q = 12/5.
        let mut master = Master::new(vec![0.0; 2], vec![50.0; 2], 12.0, &[2.0, 1.0]);
        master.add(12.0, &[1.0, 2.0]);
        master.add(0.0, &[-1.0, -1.0]);
        let lowest = master.lowest().unwrap();
        assert!((lowest.value - 4.8).abs() < 1e-12, "{lowest:?}");
        for price in lowest.prices {
            assert!((price - 2.4).abs() < 1e-12);
        }
    }
}
