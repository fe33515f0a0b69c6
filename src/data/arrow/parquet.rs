//! A transaction log in a Parquet file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetStatisticsPolicy;

use crate::data::arrow::convert::{check_types, given};
use crate::data::arrow::scan::Pass;
use crate::data::arrow::times::{first_offset, is_text};
use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::mapped::{Mapped, mapping_methods};
use crate::data::{Batch, Batches, ScanRequest, SourceError, TransactionSource};

/// Rows that are decoded at a time: some hundred kilobytes a column, which stay in the cache.
const ROWS: usize = 1 << 16;

/// Rows below which row groups or batches share a partition.
pub(crate) const PARTITION: u64 = 1 << 16;

/// A transaction log in a Parquet file.
///
/// Columns are mapped by their names. Without a mapping the names `customer_id`, `time` and
/// `amount` are expected. Only columns that are mapped and that the scan will use are read. Each
/// row group is a partition; small ones of fewer than 65 536 rows share one. A row group is read by
/// one thread, so a file of a single large one gains nothing from more. The file is opened anew
/// for each scan and decoded in small batches, so that memory does not grow with it.
///
/// | column | types |
/// |---|---|
/// | customer, order, product | whole numbers and texts, plain or in a dictionary |
/// | time | dates; timestamps of any unit; texts of ISO dates and date-times |
/// | amount, quantity, price | whole numbers and decimals, which stay exact; floating numbers |
/// | category | texts, plain or in a dictionary |
///
/// A customer without a value, or of blanks only, is missing. All numbers are in major units.
/// Quantity times price is exact where both are whole numbers or decimals; otherwise they are
/// multiplied as floating numbers.
///
/// Times are those of the shop's clock. A timestamp without a time zone is taken as it is, one in
/// UTC or at another fixed offset as the clock of that offset shows it, which is what a text such
/// as `2011-12-09T12:50+01:00` gives too. A timestamp of a named zone such as `Europe/Berlin` is
/// refused: its day depends on a database of time zones, and this crate has none. Beware of writers
/// that call everything UTC; whoever knows better casts the column before writing it.
///
/// Pages are checked against their checksums where the file has any; without them a flipped bit may
/// pass for another value, as in any file.
///
/// # Example
///
/// ```no_run
/// use segmentry::data::{CustomerHistory, HistorySpec, ParquetTransactions};
/// use segmentry::work::Work;
///
/// let shop = ParquetTransactions::open("orders.parquet")?
///     .customer("CustomerID")
///     .time("InvoiceDate")
///     .quantity("Quantity")
///     .price("UnitPrice");
/// let history = CustomerHistory::read_parallel(&shop, &HistorySpec::new(), &Work::new())?;
/// println!("{} customers", history.n_customers());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParquetTransactions {
    path: PathBuf,
    /// Length and time of the last change, to notice another file under the same path.
    version: (u64, Option<SystemTime>),
    metadata: ArrowReaderMetadata,
    /// The row of the file at which each row group starts, and behind the last the number of rows.
    starts: Vec<u64>,
    partitions: Vec<Range<usize>>,
    names: Mapped<String>,
}

impl ParquetTransactions {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    ///
    /// [`ColumnarError`] where it cannot be opened, is no Parquet file, or is cut off or damaged at
    /// its end.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ColumnarError> {
        let path = path.as_ref().to_owned();
        let mut file = File::open(&path).map_err(io_fault)?;
        let version = recognised(&mut file)?;
        // Statistics of columns are of no use here, and are not decoded.
        let options = ArrowReaderOptions::new()
            .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, options))?
            .map_err(|error| damaged().because(error))?;
        let mut starts = vec![0u64];
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let damaged = || damaged().in_row_group(Some(number));
            let rows = u64::try_from(group.num_rows()).map_err(|_| damaged())?;
            let start = starts.last().and_then(|start| start.checked_add(rows));
            starts.push(start.ok_or_else(damaged)?);
        }
        let partitions = partitions(&starts);
        Ok(Self { path, version, metadata, starts, partitions, names: Mapped::default() })
    }

    mapping_methods!();

    /// Starts decoding the columns at these places of these row groups.
    fn decode(
        &self,
        mut places: Vec<usize>,
        groups: Range<usize>,
    ) -> Result<Decoding, ColumnarError> {
        places.sort_unstable();
        places.dedup();
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), places.iter().copied());
        let groups: Vec<usize> = groups.collect();
        for &group in &groups {
            for (leaf, column) in
                self.metadata.metadata().row_group(group).columns().iter().enumerate()
            {
                let method = column.compression();
                if mask.leaf_included(leaf) && !supported(method) {
                    let fault = ColumnarFault::Compression { method: method.to_string() };
                    return Err(ColumnarError::of(fault)
                        .in_row_group(Some(group))
                        .in_column(&column.column_path().string()));
                }
            }
        }
        // A new handle, since clones of one share their position and partitions are read side by
        // side.
        let file = File::open(&self.path).map_err(io_fault)?;
        if version(&file)? != self.version {
            return Err(ColumnarError::of(ColumnarFault::Changed));
        }
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(groups)
                .with_batch_size(ROWS);
        let batches = guarded(|| builder.build())?.map_err(|error| damaged().because(error))?;
        Ok(Decoding { batches, places })
    }

    /// Whether the times of the whole file carry an offset from UTC: by its first one that can be
    /// read, so that all partitions agree, whichever is read first.
    fn offsets(&self, time: usize) -> Result<Option<bool>, ColumnarError> {
        let groups = 0..self.starts.len() - 1;
        let mut batches = self.decode(vec![time], groups)?.batches;
        // What cannot be decoded is an error of the partition that holds it.
        let next = || guarded(|| batches.next()).ok().flatten().and_then(Result::ok);
        Ok(first_offset(std::iter::from_fn(next).map(|batch| batch.column(0).clone())))
    }
}

impl TransactionSource for ParquetTransactions {
    fn partitions(&self) -> usize {
        self.partitions.len()
    }

    fn scan(&self, partition: usize, request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        let columns = self.names.wanted(request);
        let schema = self.metadata.schema();
        let places = columns.places(schema)?;
        check_types(schema, &places, &columns)?;
        let Some(groups) = self.partitions.get(partition).cloned() else {
            return Ok(Batches::new(std::iter::empty()));
        };
        let (row, end) = (self.starts[groups.start], self.starts[groups.end]);
        let offsets = if is_text(schema.field(places.time).data_type()) {
            self.offsets(places.time)?
        } else {
            None
        };
        let decoding = self.decode(places.all().copied().collect(), groups)?;
        let places = places.map(|place| {
            decoding.places.binary_search(place).expect("the decoded places are all of these")
        });
        let pass = Pass { columns, unreadable: request.unreadable_rows(), offsets, row };
        let batches = decoding.batches;
        Ok(Batches::new(Scan { batches, places, pass, starts: &self.starts, end, done: false }))
    }
}

/// Columns being decoded, with their places in the file in rising order.
struct Decoding {
    batches: ParquetRecordBatchReader,
    places: Vec<usize>,
}

/// One pass over a partition.
struct Scan<'a> {
    batches: ParquetRecordBatchReader,
    places: Mapped<usize>,
    pass: Pass,
    starts: &'a [u64],
    end: u64,
    done: bool,
}

impl Scan<'_> {
    fn read(&mut self, batch: RecordBatch) -> Result<Batch<'static>, SourceError> {
        let starts = self.starts;
        let (_, arrays, _) = batch.into_parts();
        self.pass.batch(given(arrays, &self.places), |row| row_group(starts, row))
    }

    /// What is wrong where the rows end before they should, or go on.
    fn damaged_here(&self) -> ColumnarError {
        damaged().in_row_group(row_group(self.starts, self.pass.row)).in_row(self.pass.row)
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Batch<'static>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let read = match guarded(|| self.batches.next()) {
            Ok(Some(Ok(batch))) => self.read(batch),
            Ok(Some(Err(error))) => Err(self.damaged_here().because(error).into()),
            Err(_) => Err(self.damaged_here().into()),
            // A decoder that runs out of pages ends as if there were no more rows.
            Ok(None) if self.pass.row != self.end => Err(self.damaged_here().into()),
            Ok(None) => {
                self.done = true;
                return None;
            }
        };
        self.done = read.is_err();
        Some(read)
    }
}

/// The row group of a row.
fn row_group(starts: &[u64], row: u64) -> Option<usize> {
    let groups = starts.len() - 1;
    Some(starts.partition_point(|&start| start <= row).min(groups)).and_then(|at| at.checked_sub(1))
}

/// Runs of row groups, each of them with enough rows to be worth a partition of its own. At least
/// one, so that the columns of an empty file are looked at too.
fn partitions(starts: &[u64]) -> Vec<Range<usize>> {
    let groups = starts.len() - 1;
    let mut partitions = Vec::new();
    let mut first = 0;
    for end in 1..=groups {
        if starts[end] - starts[first] >= PARTITION {
            partitions.push(first..end);
            first = end;
        }
    }
    if first < groups || partitions.is_empty() {
        partitions.push(first..groups);
    }
    partitions
}

fn supported(compression: Compression) -> bool {
    matches!(compression, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

fn damaged() -> ColumnarError {
    ColumnarError::of(ColumnarFault::Damaged)
}

/// A call of the decoder, which panics on some damaged pages where it should report them (a flipped
/// bit in the levels of missing values is enough). What panicked is never called again, so that
/// nothing half done is seen. A program built with `panic = "abort"` has no such guard.
fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, ColumnarError> {
    catch_unwind(AssertUnwindSafe(decode)).map_err(|_| damaged())
}

fn io_fault(error: io::Error) -> ColumnarError {
    ColumnarError::of(ColumnarFault::Io).because(error)
}

fn version(file: &File) -> Result<(u64, Option<SystemTime>), ColumnarError> {
    let metadata = file.metadata().map_err(io_fault)?;
    Ok((metadata.len(), metadata.modified().ok()))
}

/// The version of a file that starts and ends like a Parquet file.
fn recognised(file: &mut File) -> Result<(u64, Option<SystemTime>), ColumnarError> {
    const MAGIC: &[u8; 4] = b"PAR1";
    let version = version(file)?;
    let length = version.0;
    let magic = |file: &mut File, at| {
        let mut found = [0; 4];
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut found))?;
        Ok::<_, io::Error>(found == *MAGIC)
    };
    if length < 4 || !magic(file, 0).map_err(io_fault)? {
        return Err(ColumnarError::of(ColumnarFault::NotParquet));
    }
    // Twice the magic and the length of the footer are the least.
    if length < 12 || !magic(file, length - 4).map_err(io_fault)? {
        return Err(ColumnarError::of(ColumnarFault::CutOff));
    }
    Ok(version)
}

impl fmt::Debug for ParquetTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetTransactions")
            .field("columns", &self.names)
            .field("partitions", &self.partitions.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_row_groups_share_a_partition() {
        let p = PARTITION;
        let one = |groups| vec![groups];
        assert_eq!(partitions(&[0]), one(0..0));
        assert_eq!(partitions(&[0, 0]), one(0..1));
        assert_eq!(partitions(&[0, p, 2 * p]), [0..1, 1..2]);
        assert_eq!(partitions(&[0, 10, p, p + 1, p + 2]), [0..2, 2..4]);
    }

    #[test]
    fn a_row_lies_in_the_group_that_starts_before_it() {
        let starts = [0, 10, 10, 25];
        for (row, group) in [(0, 0), (9, 0), (10, 2), (24, 2), (25, 2)] {
            assert_eq!(row_group(&starts, row), Some(group), "{row}");
        }
        assert_eq!(row_group(&[0], 0), None);
    }
}
