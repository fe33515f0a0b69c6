//! Rows that were read and judged, on their way to their customers.
//!
//! The lines of an order mostly follow one another: purchases of one customer on one day become one
//! visit, which is looked up and booked once. Visits are also what a worker hands over of the rows
//! that it has read: a short list, where tables of its own customers would have to be built, and
//! torn down again when they are merged.

use crate::data::DataError;
use crate::data::batch::{IdValues, MISSING, PLACE};
use crate::data::roster::{Kind, Texts, packed};
use crate::data::{Batch, IdColumn};

/// Purchases of one customer on one day that followed one another, or one return.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    /// An integer id as it is; of text ids a packed whole number, or a place among the texts.
    pub(super) name: u64,
    pub(super) minor: i64,
    pub(super) day: i32,
    pub(super) kind: VisitKind,
}

/// Whether a visit is held out, and the category that was bought: together, so that a visit stays
/// within 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct VisitKind(u32);

/// What is known of the first row of a visit, where anybody will ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aside {
    /// Where it stands in its partition.
    pub(super) position: u64,
    /// Where its trace stands, and the currency that goes with it.
    pub(super) trace: Option<usize>,
    pub(super) currency: Option<u8>,
}

/// What is to be noted of the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Noted {
    /// Nothing: a visit that cannot be booked is at no row's fault alone.
    Nothing,
    /// Where each visit begins.
    Positions,
    /// Every row, because it may be taken out again.
    Traces,
}

/// Visits in the order of their rows.
#[derive(Clone)]
pub(super) struct Visits {
    noted: Noted,
    pub(super) ids: Kind,
    pub(super) list: Vec<Visit>,
    /// Of each visit, unless nothing is noted.
    pub(super) asides: Vec<Aside>,
    pub(super) texts: Texts,
}

impl VisitKind {
    const HELD_OUT: u32 = 1 << 31;

    /// Within the observation, of no category.
    const PLAIN: Self = Self(0);

    /// Of a category by its number, which is far below 2^31: a roster keeps more than that many
    /// bytes for each.
    pub(super) fn new(held_out: bool, category: Option<u32>) -> Self {
        let category = category.map_or(0, |number| number + 1);
        Self(category | if held_out { Self::HELD_OUT } else { 0 })
    }

    pub(super) fn is_held_out(self) -> bool {
        self.0 & Self::HELD_OUT != 0
    }

    pub(super) fn category(self) -> Option<u32> {
        (self.0 & !Self::HELD_OUT).checked_sub(1)
    }
}

impl Visits {
    pub(super) fn new(noted: Noted) -> Self {
        Self {
            noted,
            ids: Kind::Unknown,
            list: Vec::new(),
            asides: Vec::new(),
            texts: Texts::default(),
        }
    }

    /// Takes the names of some rows; a missing one and one that is no whole number may have the
    /// name of a text.
    pub(super) fn names(
        &mut self,
        ids: &IdColumn<'_>,
        rows: std::ops::Range<usize>,
        names: &mut Vec<u64>,
    ) -> Result<(), DataError> {
        names.clear();
        match &ids.values {
            IdValues::Integers(values) => {
                self.ids.be(Kind::Integers)?;
                names.extend(values[rows].iter().map(|&value| value as u64));
            }
            IdValues::Texts(texts) => {
                self.ids.be(Kind::Texts)?;
                let name = |row| match texts.get(row) {
                    "" => MISSING,
                    text => packed(text.as_bytes()).unwrap_or(PLACE),
                };
                names.extend(rows.map(name));
            }
            IdValues::Names(ids) => {
                self.ids.be(Kind::Texts)?;
                names.extend_from_slice(ids.names(rows));
            }
        }
        Ok(())
    }

    /// Adds a purchase within the observation, of a whole number for a name and of no category, of
    /// which there is no trace.
    #[inline]
    pub(super) fn push_plain(&mut self, name: u64, day: i32, minor: i64, position: u64) {
        let kind = VisitKind::PLAIN;
        if let Some(last) = self.list.last_mut() {
            // One branch, because none of these alone can be foreseen better than all of them.
            let same = (last.name == name) & (last.day == day) & (last.kind == kind);
            let joins = same & (last.minor >= 0) & (self.noted != Noted::Traces);
            if let Some(sum) = last.minor.checked_add(minor).filter(|_| joins) {
                last.minor = sum;
                return;
            }
        }
        self.list.push(Visit { name, minor, day, kind });
        if self.noted != Noted::Nothing {
            self.asides.push(Aside { position, trace: None, currency: None });
        }
    }

    /// Adds a row, whose customer is known by `name` to its batch.
    #[inline]
    pub(super) fn push(&mut self, batch: &Batch<'_>, row: usize, visit: Visit, aside: Aside) {
        let Visit { name, minor, day, kind } = visit;
        let is_text = name & PLACE != 0 && self.ids == Kind::Texts;
        if let Some(last) = self.list.last_mut().filter(|_| self.noted != Noted::Traces) {
            let same_customer = if is_text {
                is_text_of(last.name, &self.texts, text(batch, row))
            } else {
                last.name == name
            };
            let joins = same_customer
                && (last.day, last.kind) == (day, kind)
                && last.minor >= 0
                && minor >= 0;
            if let Some(sum) = last.minor.checked_add(minor).filter(|_| joins) {
                last.minor = sum;
                return;
            }
        }
        let name = if is_text { self.texts.push(text(batch, row)) } else { name };
        self.list.push(Visit { name, ..visit });
        if self.noted != Noted::Nothing {
            self.asides.push(aside);
        }
    }

    /// What was noted of a visit.
    pub(super) fn aside(&self, place: usize) -> Option<&Aside> {
        self.asides.get(place)
    }

    /// Forgets all visits and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.ids = Kind::Unknown;
        self.list.clear();
        self.asides.clear();
        self.texts.clear();
    }
}

/// Whether a name is a place of this text.
fn is_text_of(name: u64, texts: &Texts, text: &str) -> bool {
    name & PLACE != 0 && texts.get(name) == text
}

/// The text of an id that is no whole number.
fn text<'b>(batch: &'b Batch<'_>, row: usize) -> &'b str {
    match &batch.customers.values {
        IdValues::Integers(_) => "",
        IdValues::Texts(texts) => texts.get(row),
        IdValues::Names(ids) => ids.text(ids.name(row)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Amounts, TextColumn, Times};

    /// The visits of rows of customer, day and cents.
    fn visits(noted: Noted, rows: &[(&str, i32, i64)]) -> Visits {
        let texts: TextColumn<'_> = rows.iter().map(|row| row.0).collect();
        let days: Vec<i32> = rows.iter().map(|row| row.1).collect();
        let units: Vec<i64> = rows.iter().map(|row| row.2).collect();
        let amounts = Amounts::Minor { units: units.into(), digits: 2 };
        let batch = Batch::new(texts.into(), Times::Days(days.into()), amounts).unwrap();
        let (mut visits, mut names) = (Visits::new(noted), Vec::new());
        visits.names(&batch.customers, 0..rows.len(), &mut names).unwrap();
        for (row, (&name, &(_, day, minor))) in names.iter().zip(rows).enumerate() {
            let position = row as u64;
            if name < PLACE && minor > 0 {
                visits.push_plain(name, day, minor, position);
            } else {
                let visit = Visit { name, minor, day, kind: VisitKind::new(false, None) };
                let aside = Aside { position, trace: None, currency: None };
                visits.push(&batch, row, visit, aside);
            }
        }
        visits
    }

    fn minors(visits: &Visits) -> Vec<i64> {
        visits.list.iter().map(|visit| visit.minor).collect()
    }

    #[test]
    fn purchases_of_a_customer_and_day_are_one_visit() {
        for customer in ["7", "ann"] {
            let rows = [(customer, 1, 5), (customer, 1, 0), (customer, 1, 7), (customer, 2, 1)];
            assert_eq!(minors(&visits(Noted::Nothing, &rows)), [12, 1], "{customer}");
            let back = [(customer, 1, 5), (customer, 1, -5), (customer, 1, -1), (customer, 1, 2)];
            assert_eq!(minors(&visits(Noted::Nothing, &back)), [5, -5, -1, 2], "{customer}");
            let other = [(customer, 1, 5), ("bob", 1, 6), (customer, 1, 7)];
            assert_eq!(minors(&visits(Noted::Nothing, &other)), [5, 6, 7], "{customer}");
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_left_to_the_customer() {
        let rows = [("7", 1, i64::MAX), ("7", 1, 1), ("7", 1, 2)];
        assert_eq!(minors(&visits(Noted::Nothing, &rows)), [i64::MAX, 3]);
    }

    #[test]
    fn a_visit_stands_where_its_first_row_does_unless_every_row_counts() {
        let rows = [("7", 1, 5), ("7", 1, 6), ("8", 1, 7), ("8", 1, 8)];
        let noted = visits(Noted::Positions, &rows);
        let positions: Vec<u64> = noted.asides.iter().map(|aside| aside.position).collect();
        assert_eq!(positions, [0, 2]);
        assert_eq!(minors(&visits(Noted::Traces, &rows)), [5, 6, 7, 8]);
    }

    #[test]
    fn a_kind_has_both_its_parts() {
        for (held_out, category) in [(false, None), (true, None), (false, Some(0)), (true, Some(9))]
        {
            let kind = VisitKind::new(held_out, category);
            assert_eq!((kind.is_held_out(), kind.category()), (held_out, category));
        }
        assert_eq!(VisitKind::PLAIN, VisitKind::new(false, None));
        assert_eq!(size_of::<Visit>(), 24);
    }
}
