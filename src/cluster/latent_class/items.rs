//! Questions and their answers, and several answers of a customer packed into one small number.
//!
//! An answer is a digit: its place among the answers that were given when the model was made, or
//! one more for a missing one. Digits of neighbouring items make one code below 256, so that a
//! table with one entry per code replaces a product over the items of a chunk.

use crate::cluster::SegmentError;
use crate::features::{FeatureColumn, FeatureMatrix, FeatureValues};

/// Codes of a chunk are below it.
pub(super) const CODES: usize = 256;
/// Different answers that an item may have: two digits are left, for a missing answer and for
/// [`NEW`].
const MOST_LEVELS: usize = CODES - 2;
/// An answer that was not there when the model was made.
const NEW: u8 = u8::MAX;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) name: String,
    /// The answers that somebody gave, in the order of the column's levels.
    pub(super) levels: Vec<String>,
}

impl Item {
    /// The questions of a matrix, with the answers that somebody gave.
    pub(super) fn of(features: &FeatureMatrix) -> Result<Vec<Self>, SegmentError> {
        features.columns().iter().map(Self::of_column).collect()
    }

    fn of_column(column: &FeatureColumn) -> Result<Self, SegmentError> {
        let all = level_names(column)?;
        let mut given = vec![false; all.len()];
        each_code(column, |_, code| {
            if let Some(code) = code {
                given[code] = true;
            }
        });
        let mut levels: Vec<String> = Vec::new();
        for (name, given) in all.into_iter().zip(given) {
            // Two levels of one name are one answer.
            if given && !levels.iter().any(|known| known == name) {
                levels.push(name.to_owned());
            }
        }
        if levels.len() > MOST_LEVELS {
            let column = column.name().to_owned();
            return Err(SegmentError::TooManyLevels {
                column,
                got: levels.len(),
                most: MOST_LEVELS,
            });
        }
        Ok(Self { name: column.name().to_owned(), levels })
    }

    /// The digit of each of the column's levels.
    fn digits(&self, column: &FeatureColumn) -> Result<Vec<u8>, SegmentError> {
        let place = |name: &str| self.levels.iter().position(|level| level == name);
        let names = level_names(column)?;
        Ok(names.into_iter().map(|name| place(name).map_or(NEW, |place| place as u8)).collect())
    }
}

/// The names of a column's levels.
fn level_names(column: &FeatureColumn) -> Result<Vec<&str>, SegmentError> {
    match column.values() {
        FeatureValues::Numbers(_) => {
            Err(SegmentError::NotAnswers { column: column.name().to_owned() })
        }
        FeatureValues::YesNo(_) => Ok(vec!["no", "yes"]),
        FeatureValues::Ordered { levels, .. } | FeatureValues::Category { levels, .. } => {
            Ok(levels.iter().map(String::as_str).collect())
        }
    }
}

/// Calls `f` with every row and its level's number, nothing where the answer is missing.
#[inline]
fn each_code(column: &FeatureColumn, mut f: impl FnMut(usize, Option<usize>)) {
    let gaps = column.gaps();
    let gap = |row: usize| gaps.is_some_and(|gaps| gaps[row]);
    match column.values() {
        FeatureValues::Numbers(_) => {}
        FeatureValues::YesNo(values) => {
            for (row, &value) in values.iter().enumerate() {
                f(row, (!gap(row)).then_some(usize::from(value)));
            }
        }
        FeatureValues::Ordered { codes, .. } | FeatureValues::Category { codes, .. } => {
            for (row, &code) in codes.iter().enumerate() {
                f(row, (!gap(row)).then_some(code as usize));
            }
        }
    }
}

/// What becomes of an answer that was not there when the model was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewLevels {
    /// It counts as missing: the other answers place the customer.
    AsMissing,
    /// It is an error that names column and row.
    Refuse,
}

/// Neighbouring items whose answers make one code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// The first item and the one behind the last.
    pub(super) items: std::ops::Range<usize>,
    /// How many digits each of the items has: its answers, and the missing one where it occurs.
    pub(super) radix: Vec<usize>,
    /// How many codes there are.
    pub(super) codes: usize,
}

/// The answers of customers, packed.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) chunks: Vec<Chunk>,
    /// For each chunk the codes of all rows.
    pub(super) codes: Vec<Vec<u8>>,
}

impl Packed {
    /// Packs the columns of the items, found by name.
    pub(super) fn of(
        items: &[Item],
        features: &FeatureMatrix,
        new_levels: NewLevels,
    ) -> Result<Self, SegmentError> {
        let columns = items
            .iter()
            .map(|item| features.column(&item.name).map_err(SegmentError::Features))
            .collect::<Result<Vec<_>, _>>()?;
        let digits = items
            .iter()
            .zip(&columns)
            .map(|(item, column)| item.digits(column))
            .collect::<Result<Vec<_>, _>>()?;
        let radix: Vec<usize> = items
            .iter()
            .zip(&columns)
            .zip(&digits)
            .map(|((item, column), digits)| {
                item.levels.len() + usize::from(column.gaps().is_some() || digits.contains(&NEW))
            })
            .collect();
        let chunks = chunks(&radix);
        let n = features.n_customers();
        let mut codes = vec![vec![0u8; n]; chunks.len()];
        for (chunk, codes) in chunks.iter().zip(&mut codes) {
            for item in chunk.items.clone() {
                pack(&items[item], columns[item], &digits[item], radix[item], new_levels, codes)?;
            }
        }
        Ok(Self { chunks, codes })
    }

    /// Whether a row has no answer at all.
    pub(super) fn silent(&self, items: &[Item], row: usize) -> bool {
        self.chunks.iter().zip(&self.codes).all(|(chunk, codes)| {
            let mut digits = chunk.digits(codes[row]);
            chunk.items.clone().all(|item| digits.next() == Some(items[item].levels.len()))
        })
    }
}

/// Moves the codes up by one digit and adds the item's.
fn pack(
    item: &Item,
    column: &FeatureColumn,
    digits: &[u8],
    radix: usize,
    new_levels: NewLevels,
    codes: &mut [u8],
) -> Result<(), SegmentError> {
    let missing = item.levels.len() as u8;
    let radix = radix as u8;
    let gaps = column.gaps();
    if let (FeatureValues::YesNo(values), false) = (column.values(), digits.contains(&NEW)) {
        // The usual survey: without a branch, so that it becomes vector instructions.
        let (no, yes) = (digits[0], digits[1]);
        match gaps {
            None => {
                for (code, &value) in codes.iter_mut().zip(values) {
                    *code = code.wrapping_mul(radix).wrapping_add(if value { yes } else { no });
                }
            }
            Some(gaps) => {
                for ((code, &value), &gap) in codes.iter_mut().zip(values).zip(gaps) {
                    let digit = if value { yes } else { no };
                    let digit = if gap { missing } else { digit };
                    *code = code.wrapping_mul(radix).wrapping_add(digit);
                }
            }
        }
        return Ok(());
    }
    let mut first_new = None;
    each_code(column, |row, code| {
        let digit = code.map_or(missing, |code| digits[code]);
        if digit == NEW {
            first_new = first_new.or(Some(row));
        }
        let digit = digit.min(missing);
        codes[row] = codes[row].wrapping_mul(radix).wrapping_add(digit);
    });
    match first_new {
        Some(row) if new_levels == NewLevels::Refuse => {
            Err(SegmentError::NewLevel { column: item.name.clone(), row })
        }
        _ => Ok(()),
    }
}

impl Chunk {
    /// The digits of a code, one for each item.
    pub(super) fn digits(&self, code: u8) -> impl Iterator<Item = usize> + '_ {
        let mut place = self.codes;
        self.radix.iter().map(move |radix| {
            place /= radix;
            usize::from(code) / place % radix
        })
    }
}

/// As few chunks as there can be, and of these as even ones as there can be: two at least, because
/// the kernel has two tables at its end.
fn chunks(radix: &[usize]) -> Vec<Chunk> {
    let fewest = cut(radix, CODES).len();
    let (mut low, mut high) = (1, CODES);
    while low < high {
        let middle = usize::midpoint(low, high);
        if cut(radix, middle).len() <= fewest { high = middle } else { low = middle + 1 }
    }
    let mut chunks = cut(radix, high);
    while chunks.len() < 2 {
        chunks.insert(0, Chunk { items: 0..0, radix: Vec::new(), codes: 1 });
    }
    chunks
}

/// Chunks of at most `most` codes, but for single items that need more.
fn cut(radix: &[usize], most: usize) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (item, &radix) in radix.iter().enumerate() {
        match chunks.last_mut() {
            Some(chunk) if chunk.codes * radix <= most => {
                chunk.items.end += 1;
                chunk.radix.push(radix);
                chunk.codes *= radix;
            }
            _ => {
                chunks.push(Chunk { items: item..item + 1, radix: vec![radix], codes: radix });
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_few_and_even() {
        let sizes = |radix: &[usize]| -> Vec<usize> {
            chunks(radix).iter().map(|chunk| chunk.items.len()).collect()
        };
        assert_eq!(sizes(&[3; 20]), [5, 5, 5, 5]);
        assert_eq!(sizes(&[2; 20]), [7, 7, 6]);
        assert_eq!(sizes(&[2; 3]), [0, 3]);
        assert_eq!(sizes(&[256, 256]), [1, 1]);
        assert_eq!(sizes(&[]), [0, 0]);
    }

    #[test]
    fn a_code_gives_its_digits_again() {
        let chunk = &cut(&[2, 3, 4], CODES)[0];
        let mut code = 0;
        for a in 0..2 {
            for b in 0..3 {
                for c in 0..4 {
                    assert_eq!(chunk.digits(code).collect::<Vec<_>>(), [a, b, c]);
                    code += 1;
                }
            }
        }
    }
}
