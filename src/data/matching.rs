//! Ids of a batch found in a table of customers.

use crate::data::IdColumn;
use crate::data::batch::{IdValues, PLACE};
use crate::units::CustomerLookup;

/// Why a row belongs to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unplaced {
    /// Its id is no customer's.
    Unknown,
    /// It has none.
    WithoutId,
}

impl IdColumn<'_> {
    /// The place of a row's customer in the table.
    pub(crate) fn place(
        &self,
        row: usize,
        customers: &CustomerLookup<'_>,
    ) -> Result<u32, Unplaced> {
        if self.is_missing(row) {
            return Err(Unplaced::WithoutId);
        }
        let place = match &self.values {
            IdValues::Integers(ids) => customers.integer(ids[row]),
            IdValues::Texts(texts) => customers.text(texts.get(row)),
            IdValues::Names(names) => match names.name(row) {
                name if name & PLACE != 0 => customers.text(names.text(name)),
                number => customers.integer(number as i64),
            },
        };
        place.ok_or(Unplaced::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::CustomerIds;

    #[test]
    fn a_row_is_placed_or_says_why_not() {
        let customers = CustomerIds::from_texts(["7", "ann"]).unwrap();
        let lookup = customers.lookup();
        let texts = IdColumn::texts(["ann", "7", "", "bob"].into_iter().collect());
        let place = |column: &IdColumn<'_>, row| column.place(row, &lookup);
        assert_eq!((place(&texts, 0), place(&texts, 1)), (Ok(1), Ok(0)));
        assert_eq!(place(&texts, 2), Err(Unplaced::WithoutId));
        assert_eq!(place(&texts, 3), Err(Unplaced::Unknown));
        let integers = IdColumn::integers(vec![7, 7]).missing(vec![false, true]);
        assert_eq!(place(&integers, 0), Ok(0));
        assert_eq!(place(&integers, 1), Err(Unplaced::WithoutId));
    }
}
