//! A transaction log in Arrow record batches.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::SchemaRef;

use crate::data::arrow::convert::{check_types, given};
use crate::data::arrow::held::Held;
use crate::data::arrow::parquet::PARTITION;
use crate::data::arrow::scan::Pass;
use crate::data::arrow::times::{first_offset, is_text};
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::mapped::{Mapped, mapping_methods};
use crate::data::{Batches, ScanRequest, SourceError, TransactionSource};

/// A transaction log in Arrow record batches: in memory, or from a reader.
///
/// Columns are mapped and typed as those of
/// [`ParquetTransactions`](crate::data::ParquetTransactions). Batches in memory are borrowed where
/// their types are ours (`Int64`, `Date32`, `Float64`), and each run of them with at least 65 536
/// rows is a partition. A reader is one partition and can be scanned once.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{Date32Array, Float64Array, Int64Array, RecordBatch};
/// use segmentry::data::{ArrowTransactions, CustomerHistory, HistorySpec};
/// use segmentry::work::Work;
///
/// let batch = RecordBatch::try_from_iter([
///     ("customer_id", Arc::new(Int64Array::from(vec![Some(7), Some(7), None])) as _),
///     ("day", Arc::new(Date32Array::from(vec![14_944, 14_950, 14_950])) as _),
///     ("amount", Arc::new(Float64Array::from(vec![15.30, -2.0, 1.0])) as _),
/// ])?;
/// let shop = ArrowTransactions::new(vec![batch]).time("day");
/// let history = CustomerHistory::read(&shop, &HistorySpec::new(), &Work::new())?;
/// assert_eq!((history.n_customers(), history.net(0).amount()), (1, 13.3));
/// assert_eq!(history.quality().missing_customers.rows, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ArrowTransactions {
    origin: Origin,
    names: Mapped<String>,
}

enum Origin {
    Memory(Vec<RecordBatch>),
    Reader(Mutex<Option<Reader>>),
}

type Reader = Box<dyn RecordBatchReader + Send>;

impl ArrowTransactions {
    /// Batches in memory. They may differ in columns that are not mapped.
    pub fn new(batches: Vec<RecordBatch>) -> Self {
        Self { origin: Origin::Memory(batches), names: Mapped::default() }
    }

    /// Any reader of batches, such as one of an Arrow stream. It can be scanned once; a second scan
    /// is an error.
    pub fn from_reader(reader: impl RecordBatchReader + Send + 'static) -> Self {
        let origin = Origin::Reader(Mutex::new(Some(Box::new(reader))));
        Self { origin, names: Mapped::default() }
    }

    mapping_methods!();

    /// Where the partitions of the batches start, and behind the last its end.
    fn starts(batches: &[RecordBatch]) -> Vec<usize> {
        let (mut starts, mut rows) = (vec![0], 0);
        for (number, batch) in batches.iter().enumerate() {
            rows += batch.num_rows() as u64;
            if rows >= PARTITION {
                starts.push(number + 1);
                rows = 0;
            }
        }
        if starts.last() != Some(&batches.len()) || starts.len() == 1 {
            starts.push(batches.len());
        }
        starts
    }

    fn pass(&self, request: &ScanRequest) -> Pass {
        Pass {
            columns: self.names.wanted(request),
            unreadable: request.unreadable_rows(),
            offsets: None,
            row: 0,
        }
    }

    fn scan_memory<'a>(
        batches: &'a [RecordBatch],
        partition: usize,
        mut pass: Pass,
    ) -> Result<Batches<'a>, SourceError> {
        let Some(first) = batches.first() else { return Ok(Batches::new(std::iter::empty())) };
        let starts = Self::starts(batches);
        let Some(&[start, end]) = starts.get(partition..partition + 2) else {
            return Ok(Batches::new(std::iter::empty()));
        };
        let schema = first.schema();
        let places = pass.columns.places(&schema)?;
        check_types(&schema, &places, &pass.columns)?;
        if is_text(schema.field(places.time).data_type()) {
            // All partitions must agree on it, whichever is read first.
            let times = batches.iter().filter_map(|batch| batch.column_by_name(&pass.columns.time));
            pass.offsets = first_offset(times.cloned());
        }
        pass.row = batches[..start].iter().map(|batch| batch.num_rows() as u64).sum();
        let columns = Columns { schema, places };
        Ok(Batches::new(batches[start..end].iter().map(move |batch| {
            let places = columns.of(&batch.schema(), &pass.columns)?;
            pass.batch(places.map(|&place| Held::Lent(batch.column(place))), |_| None)
        })))
    }

    fn scan_reader<'a>(reader: Reader, mut pass: Pass) -> Result<Batches<'a>, SourceError> {
        let schema = reader.schema();
        let places = pass.columns.places(&schema)?;
        check_types(&schema, &places, &pass.columns)?;
        let columns = Columns { schema, places };
        Ok(Batches::new(reader.map(move |batch| {
            let batch = batch.map_err(|error| {
                ColumnarError::of(ColumnarFault::Reader).in_row(pass.row).because(error)
            })?;
            let (schema, arrays, _) = batch.into_parts();
            let places = columns.of(&schema, &pass.columns)?;
            pass.batch(given(arrays, &places), |_| None)
        })))
    }
}

/// Where the mapped columns stand in the batches, and of which types they are.
struct Columns {
    schema: SchemaRef,
    places: Mapped<usize>,
}

impl Columns {
    /// The places in a batch, whose mapped columns must be of the same types.
    fn of(
        &self,
        schema: &SchemaRef,
        names: &Mapped<String>,
    ) -> Result<Mapped<usize>, ColumnarError> {
        if Arc::ptr_eq(schema, &self.schema) || *schema == self.schema {
            return Ok(self.places.clone());
        }
        let places = names.places(schema)?;
        for ((&old, &new), name) in self.places.all().zip(places.all()).zip(names.all()) {
            if self.schema.field(old).data_type() != schema.field(new).data_type() {
                return Err(ColumnarError::of(ColumnarFault::TypeChanges).in_column(name));
            }
        }
        Ok(places)
    }
}

impl TransactionSource for ArrowTransactions {
    fn partitions(&self) -> usize {
        match &self.origin {
            Origin::Memory(batches) => Self::starts(batches).len() - 1,
            Origin::Reader(_) => 1,
        }
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        match &self.origin {
            Origin::Memory(batches) => Self::scan_memory(batches, partition, self.pass(request)),
            Origin::Reader(reader) => {
                // A poisoned lock means that a thread panicked between lock and take, which cannot
                // leave half a reader.
                let reader = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                let reader = reader.ok_or_else(|| ColumnarError::of(ColumnarFault::ReadBefore))?;
                Self::scan_reader(reader, self.pass(request))
            }
        }
    }
}

impl fmt::Debug for ArrowTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowTransactions").field("columns", &self.names).finish_non_exhaustive()
    }
}
