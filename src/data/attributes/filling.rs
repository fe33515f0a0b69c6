//! A column while rows come in, in any order of customers.
//!
//! A value is laid over what is known of its customer, by one rule for all kinds: what is not known
//! yet is known now, what is the same stays, and what differs is a contradiction. None of the three
//! depends on which row came first.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::data::attributes::column::Joined;
use crate::data::texts::Names;
use crate::data::{
    AttributeColumn, AttributeField, AttributeKind, AttributeValues, DataError, FieldReport,
    JoinSpec, MultiAnswerColumn, OutOfDomain, RepeatedCustomers,
};

/// The place of a row that belongs to nobody.
pub(super) const NOBODY: u32 = u32::MAX;

/// A column of the table while it is being filled.
pub(super) struct Filling {
    cells: Cells,
    doubts: Doubts,
}

/// Some rows of a batch.
pub(super) struct Stretch<'a> {
    /// Which rows of the batch.
    pub(super) rows: Range<usize>,
    /// The customer of each of them, or [`NOBODY`].
    pub(super) places: &'a [u32],
    /// Rows of the source before the batch.
    pub(super) before: usize,
}

/// What is known of every customer so far.
enum Cells {
    Number(Vec<Option<f64>>),
    YesNo(Vec<Option<bool>>),
    Coded { levels: Levels, codes: Vec<Option<u32>> },
    MultiAnswer { options: Levels, answers: Vec<Option<Answer>>, ticks: Vec<u32>, answer: Vec<u32> },
    Text { text: String, stretches: Vec<(usize, usize)> },
}

/// Where a customer's ticks stand.
#[derive(Clone, Copy)]
struct Answer {
    start: usize,
    len: u32,
}

/// Levels or options: declared ones stand as they are, discovered ones grow up to a limit.
struct Levels {
    names: Names,
    declared: bool,
    limit: usize,
}

/// What to do with values that cannot be, and an account of them.
struct Doubts {
    field: AttributeField,
    repeated: RepeatedCustomers,
    out_of_domain: OutOfDomain,
    outside: u64,
    /// Customers whose rows contradict one another. Once there, no later row brings them back:
    /// otherwise three rows would depend on their order.
    contradicted: BTreeSet<u32>,
}

impl Stretch<'_> {
    /// The rows that belong to somebody, and to whom.
    fn matched(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let rows = self.rows.clone().zip(self.places.iter().copied());
        rows.filter(|&(_, place)| place != NOBODY)
    }
}

impl Filling {
    pub(super) fn new(
        field: AttributeField,
        customers: usize,
        spec: &JoinSpec,
    ) -> Result<Self, DataError> {
        let cells = match &field.kind {
            AttributeKind::Number => Cells::Number(vec![None; customers]),
            AttributeKind::YesNo => Cells::YesNo(vec![None; customers]),
            AttributeKind::Ordered(_) | AttributeKind::Category => {
                Cells::Coded { levels: Levels::of(&field, spec)?, codes: vec![None; customers] }
            }
            AttributeKind::MultiAnswer(_) => Cells::MultiAnswer {
                options: Levels::of(&field, spec)?,
                answers: vec![None; customers],
                ticks: Vec::new(),
                answer: Vec::new(),
            },
            AttributeKind::Text => {
                Cells::Text { text: String::new(), stretches: vec![(0, 0); customers] }
            }
        };
        let doubts = Doubts {
            field,
            repeated: spec.repeated,
            out_of_domain: spec.out_of_domain,
            outside: 0,
            contradicted: BTreeSet::new(),
        };
        Ok(Self { cells, doubts })
    }

    /// Whether the values are of the field's kind, even where no row matches.
    pub(super) fn check_kind(&self, values: &AttributeValues<'_>) -> Result<(), DataError> {
        let fits = matches!(
            (&self.cells, values),
            (Cells::Number(_), AttributeValues::Number(_))
                | (Cells::YesNo(_), AttributeValues::YesNo(_))
                | (Cells::Coded { .. } | Cells::Text { .. }, AttributeValues::Text(_))
                | (Cells::MultiAnswer { .. }, AttributeValues::MultiAnswer(_))
        );
        if fits {
            return Ok(());
        }
        Err(DataError::AttributeKind {
            name: self.doubts.field.name.clone(),
            got: values.given_as(),
            expected: self.doubts.field.kind.name(),
        })
    }

    /// Lays the values of some rows over what is known; the kind was checked before.
    pub(super) fn lay(
        &mut self,
        values: &AttributeValues<'_>,
        stretch: &Stretch<'_>,
    ) -> Result<(), DataError> {
        let doubts = &mut self.doubts;
        let before = stretch.before;
        match (&mut self.cells, values) {
            (Cells::Number(cells), AttributeValues::Number(values)) => {
                for (row, place) in stretch.matched() {
                    match values[row] {
                        None => {}
                        Some(value) if value.is_finite() => {
                            // Minus zero becomes zero: of two equal values it must not matter
                            // which came first.
                            doubts.lay(
                                &mut cells[place as usize],
                                value + 0.0,
                                place,
                                before + row,
                            )?;
                        }
                        Some(_) => doubts.outside(before + row, "a finite number")?,
                    }
                }
            }
            (Cells::YesNo(cells), AttributeValues::YesNo(values)) => {
                for (row, place) in stretch.matched() {
                    if let Some(value) = values[row] {
                        doubts.lay(&mut cells[place as usize], value, place, before + row)?;
                    }
                }
            }
            (Cells::Coded { levels, codes }, AttributeValues::Text(texts)) => {
                for (row, place) in stretch.matched() {
                    let name = texts.get(row);
                    if name.is_empty() {
                        continue;
                    }
                    match levels.code(name, &doubts.field)? {
                        Some(code) => {
                            doubts.lay(&mut codes[place as usize], code, place, before + row)?;
                        }
                        None => doubts.outside(before + row, "one of the declared levels")?,
                    }
                }
            }
            (
                Cells::MultiAnswer { options, answers, ticks, answer },
                AttributeValues::MultiAnswer(given),
            ) => {
                for (row, place) in stretch.matched() {
                    let Some(ticked) = given.get(row) else { continue };
                    let Some(()) = options.answer(ticked, answer, doubts, before + row)? else {
                        continue;
                    };
                    let cell = &mut answers[place as usize];
                    let known =
                        cell.map(|Answer { start, len }| &ticks[start..start + len as usize]);
                    match known {
                        Some(known) if known == answer => {}
                        Some(_) => {
                            doubts.contradiction(place, before + row)?;
                            *cell = None;
                        }
                        None if doubts.contradicted.contains(&place) => {}
                        None => {
                            *cell = Some(Answer { start: ticks.len(), len: answer.len() as u32 });
                            ticks.extend_from_slice(answer);
                        }
                    }
                }
            }
            (Cells::Text { text, stretches }, AttributeValues::Text(texts)) => {
                for (row, place) in stretch.matched() {
                    let new = texts.get(row);
                    let (start, end) = &mut stretches[place as usize];
                    if new.is_empty() || new == &text[*start..*end] {
                        continue;
                    }
                    if start < end {
                        doubts.contradiction(place, before + row)?;
                        (*start, *end) = (0, 0);
                    } else if !doubts.contradicted.contains(&place) {
                        *start = text.len();
                        text.push_str(new);
                        *end = text.len();
                    }
                }
            }
            _ => return self.check_kind(values),
        }
        Ok(())
    }

    /// The finished column, and the account of it among `with_row` customers who have a row.
    pub(super) fn finish(self, with_row: u64) -> (AttributeColumn, FieldReport) {
        let Self { cells, doubts } = self;
        let values = match cells {
            Cells::Number(values) => Joined::Number(values),
            Cells::YesNo(values) => Joined::YesNo(values),
            Cells::Coded { levels, mut codes } => {
                let (levels, places) = levels.finish();
                for code in codes.iter_mut().flatten() {
                    *code = places[*code as usize];
                }
                Joined::Coded { levels, codes }
            }
            Cells::MultiAnswer { options, answers, ticks, .. } => {
                Joined::MultiAnswer(in_row_order(options, &answers, &ticks))
            }
            Cells::Text { text, stretches } => Joined::Text { text, stretches },
        };
        let column = AttributeColumn { field: doubts.field, values };
        let known = column.known() as u64;
        let report = FieldReport {
            name: column.field.name.clone(),
            kind: column.field.kind.name(),
            origin: column.field.origin,
            availability: column.field.availability,
            levels: column.n_levels().map(|levels| levels as u64),
            known,
            missing: with_row - known,
            out_of_domain: doubts.outside,
            contradicted: doubts.contradicted.len() as u64,
        };
        (column, report)
    }
}

/// Answers from the order in which they came into the order of the customers, options in theirs.
fn in_row_order(options: Levels, answers: &[Option<Answer>], came: &[u32]) -> MultiAnswerColumn {
    let (options, places) = options.finish();
    let total = answers.iter().flatten().map(|answer| answer.len as usize).sum();
    let mut ticks = Vec::with_capacity(total);
    let mut ends = Vec::with_capacity(answers.len());
    for answer in answers {
        let start = ticks.len();
        if let &Some(Answer { start, len }) = answer {
            let ticked = &came[start..start + len as usize];
            ticks.extend(ticked.iter().map(|&tick| places[tick as usize]));
        }
        ticks[start..].sort_unstable();
        ends.push(ticks.len());
    }
    let asked = answers.iter().map(Option::is_some).collect();
    MultiAnswerColumn { options, asked, ends, ticks }
}

impl Doubts {
    /// Lays a value over a cell.
    fn lay<T: PartialEq>(
        &mut self,
        cell: &mut Option<T>,
        value: T,
        place: u32,
        row: usize,
    ) -> Result<(), DataError> {
        match cell {
            Some(known) if *known == value => {}
            Some(_) => {
                self.contradiction(place, row)?;
                *cell = None;
            }
            None if self.contradicted.contains(&place) => {}
            None => *cell = Some(value),
        }
        Ok(())
    }

    fn outside(&mut self, row: usize, expected: &'static str) -> Result<(), DataError> {
        match self.out_of_domain {
            OutOfDomain::Error => {
                Err(DataError::AttributeValue { name: self.field.name.clone(), row, expected })
            }
            OutOfDomain::Missing => {
                self.outside += 1;
                Ok(())
            }
        }
    }

    fn contradiction(&mut self, place: u32, row: usize) -> Result<(), DataError> {
        if self.repeated != RepeatedCustomers::AgreeOrMissing {
            return Err(DataError::Contradiction { name: self.field.name.clone(), row });
        }
        self.contradicted.insert(place);
        Ok(())
    }
}

impl Levels {
    fn of(field: &AttributeField, spec: &JoinSpec) -> Result<Self, DataError> {
        let declared = field.kind.declared();
        let mut names = Names::default();
        let wrong =
            |level, fault| DataError::DeclaredLevels { name: field.name.clone(), level, fault };
        for (level, name) in declared.unwrap_or_default().iter().enumerate() {
            if name.is_empty() {
                return Err(wrong(level, "has no name"));
            }
            if names.find(name).is_some() {
                return Err(wrong(level, "is declared twice"));
            }
            names.number(name, usize::MAX);
        }
        if declared.is_some_and(<[String]>::is_empty) {
            return Err(wrong(0, "is needed, none is declared"));
        }
        Ok(Self { names, declared: declared.is_some(), limit: spec.max_levels })
    }

    /// The code of a level; `None` where it is none of the declared ones.
    fn code(&mut self, name: &str, field: &AttributeField) -> Result<Option<u32>, DataError> {
        if self.declared {
            return Ok(self.names.find(name));
        }
        let limit = self.limit;
        let full = || DataError::TooManyLevels { name: field.name.clone(), limit };
        self.names.number(name, limit).map(Some).ok_or_else(full)
    }

    /// Reads the codes of one answer into `answer`, ascending and each once; `None` where an option
    /// is outside the domain and the answer counts as missing.
    fn answer<'t>(
        &mut self,
        ticked: impl Iterator<Item = &'t str>,
        answer: &mut Vec<u32>,
        doubts: &mut Doubts,
        row: usize,
    ) -> Result<Option<()>, DataError> {
        answer.clear();
        for option in ticked {
            let code = if option.is_empty() { None } else { self.code(option, &doubts.field)? };
            let Some(code) = code else {
                let expected =
                    if self.declared { "declared options only" } else { "options with a name" };
                doubts.outside(row, expected)?;
                return Ok(None);
            };
            answer.push(code);
        }
        answer.sort_unstable();
        answer.dedup();
        Ok(Some(()))
    }

    /// The levels in their final order, and the place there of each code: as declared, otherwise in
    /// byte order, so that the order of the rows does not matter.
    fn finish(self) -> (Vec<String>, Vec<u32>) {
        if self.declared {
            (self.names.to_vec(), (0..self.names.len() as u32).collect())
        } else {
            self.names.sorted()
        }
    }
}
