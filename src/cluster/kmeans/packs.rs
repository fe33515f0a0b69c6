//! Customers who are alike, packed: each distinct row once, with the weight of all who have it.
//!
//! Answers of yes and no repeat: of 1,453 people asked eleven questions, 264 differ. A search that
//! tries a thousand starts sees only those. Nothing is lost by it: customers who are alike are
//! always in one segment of an optimum, because moving a share of them changes the inertia by a
//! concave function of the share, which is least where none or all of them move.

use crate::cluster::points::Points;

/// Numbers of a row that the kernels take at once; rows are filled up with zeros to a multiple.
pub(super) const LANES: usize = 4;

/// Distinct rows, one behind the other, with their weights.
#[derive(Debug)]
pub(crate) struct Packs {
    pub(super) n: usize,
    pub(super) d: usize,
    /// Numbers from one row to the next.
    pub(super) stride: usize,
    pub(super) values: Vec<f64>,
    pub(super) weights: Vec<f64>,
    /// What was taken off each number; see [`origin`].
    origin: Vec<f64>,
    /// The power of two by which the numbers are multiplied, so that squares neither overflow nor
    /// vanish; one unless the largest number is out of the ordinary.
    unit: f64,
    /// The pack of each customer.
    of_row: Vec<u32>,
}

impl Packs {
    /// Packs the rows; packs stand in the order of their first customers.
    pub(crate) fn of(points: &Points<'_>) -> Self {
        let (n, d) = (points.n(), points.d());
        let stride = d.next_multiple_of(LANES).max(LANES);
        let origin: Vec<f64> = (0..d).map(|column| origin(points.column(column))).collect();
        let unit = unit(points, &origin);
        let mut packs = Self {
            n: 0,
            d,
            stride,
            values: Vec::new(),
            weights: Vec::new(),
            origin,
            unit,
            of_row: Vec::with_capacity(n),
        };
        let slots = (2 * n).next_power_of_two().max(2);
        let mut table = vec![u32::MAX; slots];
        let mut row = vec![0.0; stride];
        for customer in 0..n {
            points.copy_row(customer, &mut row[..d]);
            for (value, origin) in row.iter_mut().zip(&packs.origin) {
                // Adding zero makes one of the two zeros of the other.
                *value = (*value - origin) * packs.unit + 0.0;
            }
            let mut slot = hash(&row[..d]) as usize & (slots - 1);
            let pack = loop {
                match table[slot] {
                    u32::MAX => {
                        let new = packs.n as u32;
                        table[slot] = new;
                        packs.n += 1;
                        packs.values.extend_from_slice(&row);
                        packs.weights.push(0.0);
                        break new;
                    }
                    known if packs.row(known as usize)[..d] == row[..d] => break known,
                    _ => slot = (slot + 1) & (slots - 1),
                }
            };
            packs.weights[pack as usize] += points.weight(customer);
            packs.of_row.push(pack);
        }
        packs
    }

    /// One distinct row, filled up with zeros.
    #[inline(always)]
    pub(super) fn row(&self, pack: usize) -> &[f64] {
        &self.values[pack * self.stride..(pack + 1) * self.stride]
    }

    /// Centres in the units of the features.
    pub(super) fn unpacked_centres(&self, centres: &[f64]) -> Vec<f64> {
        centres
            .chunks_exact(self.stride)
            .flat_map(|centre| {
                let pairs = centre.iter().zip(&self.origin);
                pairs.map(|(value, origin)| value / self.unit + origin)
            })
            .collect()
    }

    /// The labels of all customers from those of the packs.
    pub(super) fn labels(&self, of_packs: &[u32]) -> Vec<u32> {
        self.of_row.iter().map(|&pack| of_packs[pack as usize]).collect()
    }
}

/// What is taken off the numbers of a column: the one nearest to zero, where the column lies further from zero
/// than it is wide, so that differences keep their digits; otherwise nothing.
///
/// Numbers of one sign within a factor of two have an exact difference, so that nothing is rounded
/// here.
fn origin(column: &[f64]) -> f64 {
    let least = column.iter().copied().fold(f64::INFINITY, f64::min);
    let most = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near = if least > 0.0 { least } else { most };
    if least * most > 0.0 && most - least <= near.abs() { near } else { 0.0 }
}

/// See [`Packs::unit`].
fn unit(points: &Points<'_>, origin: &[f64]) -> f64 {
    /// Squares of numbers between `2^-ORDINARY` and `2^ORDINARY` are safe as they are.
    const ORDINARY: i32 = 300;
    let largest = origin.iter().enumerate().fold(0.0f64, |most, (column, origin)| {
        points.column(column).iter().fold(most, |most, value| most.max((value - origin).abs()))
    });
    let order = libm::frexp(largest).1;
    if order.abs() <= ORDINARY { 1.0 } else { libm::scalbn(1.0, -order.clamp(-1000, 1000)) }
}

/// Mixes the bits of a row; what it gives orders nothing that is seen outside.
fn hash(row: &[f64]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for value in row {
        state = (state ^ value.to_bits()).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_one_with_the_weight_of_both() {
        let columns = vec![vec![1.0, 0.0, 1.0, -0.0], vec![2.0, 0.0, 2.0, 0.0]];
        let points = Points::from_columns(4, columns, Some(vec![1.0, 2.0, 4.0, 8.0]));
        let packs = Packs::of(&points);
        assert_eq!((packs.n, packs.stride), (2, LANES));
        assert_eq!(packs.weights, [5.0, 10.0]);
        assert_eq!(packs.labels(&[7, 9]), [7, 9, 7, 9]);
        assert_eq!(packs.row(0), [1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn columns_far_off_are_brought_near_without_rounding() {
        let far = 1e15;
        let column = vec![far, far + 0.25, far + 3.0];
        let packs = Packs::of(&Points::from_columns(3, vec![column.clone()], None));
        assert_eq!(packs.unpacked_centres(packs.row(1)), [far + 0.25]);
        assert_eq!((packs.row(1)[0], packs.row(2)[0]), (0.25, 3.0));
        assert_eq!((origin(&[-5.0, -4.0]), origin(&[-1.0, 4.0])), (-4.0, 0.0));
        assert_eq!((origin(&[1.0, 9.0]), origin(&[])), (0.0, 0.0));
    }

    #[test]
    fn nothing_has_no_packs() {
        assert_eq!(Packs::of(&Points::from_columns(0, vec![Vec::new()], None)).n, 0);
        assert_eq!(Packs::of(&Points::from_columns(3, Vec::new(), None)).n, 1);
    }
}
