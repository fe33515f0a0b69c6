//! One pass over a stretch of rows: arrays in, batches out, faults named or skipped.

use crate::data::arrow::ColumnarError;
use crate::data::arrow::convert::{Fault, convert, without};
use crate::data::arrow::held::Held;
use crate::data::mapped::Mapped;
use crate::data::{Batch, RowFault, SourceError, UnreadableRows};

/// What a pass over rows has to know besides the rows.
pub(crate) struct Pass {
    /// The mapped columns by their names.
    pub(crate) columns: Mapped<String>,
    pub(crate) unreadable: UnreadableRows,
    /// Whether texts of times carry an offset from UTC, once it is known.
    pub(crate) offsets: Option<bool>,
    /// The number of the next row.
    pub(crate) row: u64,
}

impl Pass {
    /// The next batch, of as many rows as the arrays have.
    ///
    /// `row_group` says in which row group a row lies.
    pub(crate) fn batch<'a>(
        &mut self,
        held: Mapped<Held<'a>>,
        row_group: impl Fn(u64) -> Option<usize>,
    ) -> Result<Batch<'a>, SourceError> {
        let (batch, faults) = convert(held, &self.columns, &mut self.offsets)?;
        let start = self.row;
        self.row += batch.len() as u64;
        let Some(Fault { row, column, fault }) = faults.first() else { return Ok(batch) };
        if self.unreadable == UnreadableRows::Error {
            let row = start + *row as u64;
            let error = ColumnarError::of(fault.clone()).in_row(row).in_column(column);
            return Err(error.in_row_group(row_group(row)).into());
        }
        let kept = without(batch, &faults)?;
        let skipped = |fault: Fault| {
            let position = start + fault.row as u64;
            RowFault::new(position, Some(fault.column), fault.fault.to_string())
        };
        Ok(kept.unreadable(faults.into_iter().map(skipped).collect()))
    }
}
