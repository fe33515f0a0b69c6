//! The fold: rows in, one cell per customer and day kept, shards merged, a history out.
//!
//! Purchases are counted by day, so a customer-day is the smallest thing that has to be remembered:
//! memory grows with distinct customer-days and not with rows, and since all sums are whole numbers
//! the order of the rows, the batches and the shards cannot matter.

use crate::data::batch::IdValues;
use crate::data::history::Columns;
use crate::data::intern::{Fingerprints, Interner};
use crate::data::ledger::{Entry, Ledger, spans};
use crate::data::quality::{Counts, Outcome};
use crate::data::{
    Batch, CategoryTotals, CustomerHistory, DataError, Duplicates, HistorySpec, MissingCustomers,
    OutOfWindow, Returns, RowFault, TransactionSource, UnreadableRows, ZeroAmounts,
};
use crate::units::{CustomerId, Date, minor_units};
use crate::work::Work;

/// A history in the making: what one shard of the rows adds up to.
///
/// Two of them merge into what one reading of both shards would have given, bit for bit; the order
/// of merging does not matter. Use it where shards are read on different machines or at different
/// times; otherwise [`CustomerHistory::read`] does it all.
///
/// # Example
///
/// ```
/// use segmentry::data::{Amounts, Batch, HistorySpec, IdColumn, PartialHistory, Times};
/// use segmentry::work::Work;
///
/// let spec = HistorySpec::new();
/// let shard = |customer: i64, day: i32, cents: i64| {
///     let mut partial = PartialHistory::new(spec.clone())?;
///     let batch = Batch::new(
///         IdColumn::integers(vec![customer]),
///         Times::Days(vec![day].into()),
///         Amounts::Minor { units: vec![cents].into(), digits: 2 },
///     )?;
///     partial.add(&batch, &Work::new())?;
///     Ok::<_, segmentry::data::DataError>(partial)
/// };
/// let mut whole = shard(7, 100, 250)?;
/// whole.merge(shard(7, 130, 750)?, &Work::new())?;
/// let history = whole.finish(&Work::new())?;
/// assert_eq!((history.n_customers(), history.gross(0).amount()), (1, 10.0));
/// # Ok::<(), segmentry::data::DataError>(())
/// ```
#[derive(Clone)]
pub struct PartialHistory {
    spec: HistorySpec,
    ids: Interner,
    categories: Interner,
    days: Ledger<Day>,
    by_category: Ledger<Category>,
    fingerprints: Fingerprints,
    repeats: Vec<u128>,
    traces: Vec<Trace>,
    counts: Counts,
    /// First and last day of any readable row.
    seen: Option<(i32, i32)>,
    partition: usize,
    rows_in_partition: u64,
}

/// What a customer did on a day.
#[derive(Debug, Clone, Copy)]
struct Day {
    customer: u32,
    day: i32,
    purchases: i64,
    gross: i64,
    returns: i64,
}

/// What a customer spent in a category.
#[derive(Debug, Clone, Copy)]
struct Category {
    customer: u32,
    category: u32,
    gross: i64,
}

/// A row that may turn out to be a repeat, with what it added.
#[derive(Debug, Clone, Copy)]
struct Trace {
    fingerprint: u128,
    added: Option<Added>,
}

#[derive(Debug, Clone, Copy)]
struct Added {
    customer: u32,
    day: i32,
    minor: i64,
    category: Option<u32>,
}

/// Rows handled before the work handle is asked again: some milliseconds.
const BETWEEN_CHECKS: usize = 1 << 14;

impl PartialHistory {
    /// Nothing read yet.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`] for a specification that cannot be used.
    pub fn new(spec: HistorySpec) -> Result<Self, DataError> {
        spec.validate()?;
        Ok(Self {
            spec,
            ids: Interner::default(),
            categories: Interner::default(),
            days: Ledger::default(),
            by_category: Ledger::default(),
            fingerprints: Fingerprints::default(),
            repeats: Vec::new(),
            traces: Vec::new(),
            counts: Counts::default(),
            seen: None,
            partition: 0,
            rows_in_partition: 0,
        })
    }

    /// Reads one partition of a source.
    ///
    /// # Errors
    ///
    /// [`DataError::Source`] with the source's own error and the number of rows read before it, or
    /// any fault of the rows that the specification does not skip.
    pub fn read(
        source: &dyn TransactionSource,
        partition: usize,
        spec: &HistorySpec,
        work: &Work,
    ) -> Result<Self, DataError> {
        let mut partial = Self::new(spec.clone())?;
        partial.partition = partition;
        let partitions = source.partitions();
        if partition >= partitions {
            return Err(DataError::NoSuchPartition { partition, partitions });
        }
        work.check()?;
        let failed = |source, rows_read| DataError::Source { partition, rows_read, source };
        let batches = source.scan(partition, &spec.request()).map_err(|error| failed(error, 0))?;
        for batch in batches {
            work.check()?;
            let batch = batch.map_err(|error| failed(error, partial.rows_in_partition))?;
            partial.add(&batch, work)?;
            work.tell("reading transactions", partial.counts.rows_read, None);
        }
        Ok(partial)
    }

    /// Adds a batch.
    ///
    /// # Errors
    ///
    /// The first row that cannot be used and that the specification does not skip. The partial
    /// history is then of no further use.
    pub fn add(&mut self, batch: &Batch<'_>, work: &Work) -> Result<(), DataError> {
        let judge = match self.spec.duplicates {
            Duplicates::Ignore => None,
            Duplicates::Flag | Duplicates::Drop => {
                batch.orders.as_ref().zip(batch.products.as_ref())
            }
        };
        let units = minor_units(self.spec.minor_digits);
        for row in 0..batch.len() {
            if row % BETWEEN_CHECKS == 0 {
                work.check()?;
            }
            let position = self.rows_in_partition;
            self.rows_in_partition += 1;
            self.counts.rows_read += 1;
            let readable = batch
                .amounts
                .minor(row, self.spec.minor_digits, units)
                .and_then(|minor| Ok((minor, batch.times.day(row)?)));
            let (minor, day) = match readable {
                Ok(row) => row,
                Err(fault) => {
                    self.unreadable(position, fault)?;
                    continue;
                }
            };
            self.seen =
                Some(self.seen.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
            let fingerprint = judge.map(|(orders, products)| {
                self.counts.judged += 1;
                self.fingerprints.of((
                    batch.customers.key(row),
                    batch.times.key(row),
                    batch.amounts.key(row),
                    orders.key(row),
                    products.key(row),
                    batch.categories.as_ref().map(|categories| categories.get(row)),
                ))
            });
            let added = self.keep(batch, row, position, day, minor)?;
            match (fingerprint, self.spec.duplicates) {
                (Some(fingerprint), Duplicates::Drop) => {
                    self.traces.push(Trace { fingerprint, added })
                }
                (Some(fingerprint), _) => self.repeats.push(fingerprint),
                (None, _) => {}
            }
        }
        for fault in &batch.unreadable {
            self.counts.rows_read += 1;
            self.rows_in_partition += 1;
            self.counts.unreadable(fault.clone());
        }
        self.settle(false)
    }

    /// Adds what another shard adds up to.
    ///
    /// # Errors
    ///
    /// [`DataError::SpecsDiffer`], [`DataError::MixedIds`], [`DataError::AmountOverflow`],
    /// [`DataError::Cancelled`].
    pub fn merge(&mut self, other: Self, work: &Work) -> Result<(), DataError> {
        work.check()?;
        if self.spec != other.spec {
            return Err(DataError::SpecsDiffer);
        }
        let customers = self.ids.absorb(&other.ids)?;
        let categories = self.categories.absorb(&other.categories)?;
        let customer = |number: u32| customers[number as usize];
        self.days.entries.extend(
            other.days.entries.iter().map(|d| Day { customer: customer(d.customer), ..*d }),
        );
        self.by_category.entries.extend(other.by_category.entries.iter().map(|c| Category {
            customer: customer(c.customer),
            category: categories[c.category as usize],
            gross: c.gross,
        }));
        self.repeats.extend(other.repeats);
        self.traces.extend(other.traces.iter().map(|trace| Trace {
            added: trace.added.map(|a| Added {
                customer: customer(a.customer),
                category: a.category.map(|c| categories[c as usize]),
                ..a
            }),
            ..*trace
        }));
        self.counts.absorb(&other.counts);
        self.seen = match (self.seen, other.seen) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, None) | (None, one) => one,
        };
        self.settle(false)
    }

    /// The history of all that was added.
    ///
    /// # Errors
    ///
    /// [`DataError::NoPurchases`] where nobody bought anything; [`DataError::Cancelled`].
    pub fn finish(mut self, work: &Work) -> Result<CustomerHistory, DataError> {
        work.check()?;
        let repeats = self.take_out_repeats()?;
        self.settle(true)?;
        let no_purchases = DataError::NoPurchases {
            rows_read: self.counts.rows_read,
            rows_skipped: self.counts.skipped(&self.spec),
        };
        let Some((first, last)) = self.seen else { return Err(no_purchases) };
        let day =
            |number| Date::from_day_number(number).expect("days were checked when they were read");
        let observed_from = self.spec.observed_from.unwrap_or(day(first));
        let observed_until = self.spec.observed_until.unwrap_or(day(last));

        let spans = spans(&self.days.entries, self.ids.len());
        let mut buyers = Vec::new();
        let (mut without_purchase, mut without_purchase_minor) = (0, 0i128);
        for (number, span) in spans.iter().enumerate() {
            let days = &self.days.entries[span.clone()];
            if days.iter().any(|day| day.purchases > 0) {
                buyers.push(number as u32);
            } else if days.iter().any(|day| day.returns != 0) {
                without_purchase += 1;
                without_purchase_minor +=
                    days.iter().map(|day| i128::from(day.returns)).sum::<i128>();
            }
        }
        if buyers.is_empty() {
            return Err(no_purchases);
        }
        self.ids.sort(&mut buyers);

        let mut columns = Columns::with_capacity(buyers.len(), self.spec.rhythm);
        for (row, &number) in buyers.iter().enumerate() {
            if row % BETWEEN_CHECKS == 0 {
                work.check()?;
            }
            let days = &self.days.entries[spans[number as usize].clone()];
            self.push_customer(&mut columns, number, days)?;
        }
        let outcome = Outcome {
            customers: buyers.len() as u64,
            without_purchase,
            without_purchase_minor,
            repeats,
            observed_from,
            observed_until,
        };
        let quality = self.counts.report(&self.spec, outcome);
        let ids = self.ids.table(&buyers).map_err(DataError::Customers)?;
        let categories = self.spec.categories.then(|| self.category_totals(&buyers));
        Ok(CustomerHistory::new(ids, columns, categories, quality, self.spec.minor_digits))
    }

    /// Puts one row where it belongs; the answer says what it added, if anything.
    fn keep(
        &mut self,
        batch: &Batch<'_>,
        row: usize,
        position: u64,
        day: i32,
        minor: i64,
    ) -> Result<Option<Added>, DataError> {
        if batch.customers.is_missing(row) {
            self.counts.missing_customers.add(minor);
            self.refuse_if(
                self.spec.missing_customers == MissingCustomers::Error,
                position,
                "without a customer",
            )?;
            return Ok(None);
        }
        let early = self.spec.observed_from.is_some_and(|from| day < from.day_number());
        let late = self.spec.observed_until.is_some_and(|until| day > until.day_number());
        if early || late {
            self.counts.out_of_window.add(minor);
            self.refuse_if(
                self.spec.out_of_window == OutOfWindow::Error,
                position,
                "outside the observation",
            )?;
            return Ok(None);
        }
        let (purchases, gross, returns) = if minor < 0 {
            self.counts.returns.add(minor);
            self.refuse_if(self.spec.returns == Returns::Error, position, "a return")?;
            if self.spec.returns == Returns::Drop {
                return Ok(None);
            }
            (0, 0, minor)
        } else if minor == 0 {
            self.counts.zeros.add(minor);
            if self.spec.zero_amounts == ZeroAmounts::Drop {
                return Ok(None);
            }
            (1, 0, 0)
        } else {
            self.counts.purchases.add(minor);
            (1, minor, 0)
        };
        let customer = match &batch.customers.values {
            IdValues::Integers(ids) => self.ids.integer(ids[row])?,
            IdValues::Texts(texts) => self.ids.text(texts.get(row))?,
        };
        self.days.entries.push(Day { customer, day, purchases, gross, returns });
        let mut category = None;
        if let (true, true, Some(names)) = (self.spec.categories, gross > 0, &batch.categories) {
            let name = names.get(row);
            if !name.is_empty() {
                let number = self.categories.text(name)?;
                self.by_category.entries.push(Category { customer, category: number, gross });
                category = Some(number);
            }
        }
        Ok(Some(Added { customer, day, minor, category }))
    }

    fn unreadable(&mut self, position: u64, fault: &'static str) -> Result<(), DataError> {
        match self.spec.unreadable {
            UnreadableRows::Error => {
                Err(DataError::Unreadable { partition: self.partition, row: position, fault })
            }
            UnreadableRows::Skip => {
                self.counts.unreadable(RowFault::new(position, None, fault));
                Ok(())
            }
        }
    }

    fn refuse_if(&self, refused: bool, row: u64, what: &'static str) -> Result<(), DataError> {
        if refused {
            Err(DataError::Refused { partition: self.partition, row, what })
        } else {
            Ok(())
        }
    }

    /// Keeps the ledgers short: they are compacted once they have doubled.
    fn settle(&mut self, now: bool) -> Result<(), DataError> {
        let overflow = |ids: &Interner, customer| DataError::AmountOverflow {
            customer: CustomerId::new(ids.name(customer)),
        };
        self.days.settle(now).map_err(|customer| overflow(&self.ids, customer))?;
        self.by_category.settle(now).map_err(|customer| overflow(&self.ids, customer))
    }

    /// Counts repeats and, where the rule says so, takes all but one of each out again.
    fn take_out_repeats(&mut self) -> Result<u64, DataError> {
        self.repeats.sort_unstable();
        let flagged = self.repeats.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        let mut traces = std::mem::take(&mut self.traces);
        traces.sort_unstable_by_key(|trace| trace.fingerprint);
        let mut dropped = 0;
        for pair in traces.windows(2).filter(|pair| pair[0].fingerprint == pair[1].fingerprint) {
            dropped += 1;
            let Some(Added { customer, day, minor, category }) = pair[1].added else { continue };
            let kind = match minor {
                ..=-1 => &mut self.counts.returns,
                0 => &mut self.counts.zeros,
                1.. => &mut self.counts.purchases,
            };
            kind.take(minor);
            self.counts.dropped += 1;
            self.days.entries.push(Day {
                customer,
                day,
                purchases: if minor < 0 { 0 } else { -1 },
                gross: -minor.max(0),
                returns: -minor.min(0),
            });
            if let Some(category) = category {
                self.by_category.entries.push(Category { customer, category, gross: -minor });
            }
        }
        Ok(flagged + dropped)
    }

    /// Folds a customer's days, which stand in order of time, into one row of every column.
    fn push_customer(
        &self,
        columns: &mut Columns,
        number: u32,
        days: &[Day],
    ) -> Result<(), DataError> {
        let overflow =
            || DataError::AmountOverflow { customer: CustomerId::new(self.ids.name(number)) };
        let (mut gross, mut returns) = (0i64, 0i64);
        let (mut first, mut last, mut first_gross) = (None, 0, 0);
        let (mut purchase_days, mut squared_gaps) = (0u32, 0u64);
        for day in days {
            gross = gross.checked_add(day.gross).ok_or_else(overflow)?;
            returns = returns.checked_add(day.returns).ok_or_else(overflow)?;
            if day.purchases <= 0 {
                continue;
            }
            if first.is_none() {
                first = Some(day.day);
                first_gross = day.gross;
            } else {
                let gap = u64::from(day.day.abs_diff(last));
                squared_gaps += gap * gap;
            }
            last = day.day;
            purchase_days += 1;
        }
        columns.first_day.push(first.unwrap_or(last));
        columns.last_day.push(last);
        columns.purchase_days.push(purchase_days);
        columns.gross.push(gross);
        columns.returns.push(returns);
        columns.first_gross.push(first_gross);
        if let Some(column) = &mut columns.squared_gaps {
            column.push(squared_gaps);
        }
        Ok(())
    }

    fn category_totals(&self, buyers: &[u32]) -> CategoryTotals {
        let mut order: Vec<u32> = (0..self.categories.len() as u32).collect();
        self.categories.sort(&mut order);
        let mut place = vec![0u32; order.len()];
        for (position, &number) in order.iter().enumerate() {
            place[number as usize] = position as u32;
        }
        let names = order.iter().map(|&number| self.categories.name(number)).collect();
        let spans = spans(&self.by_category.entries, self.ids.len());
        let mut totals = CategoryTotals::new(names);
        for &number in buyers {
            let mut row: Vec<(u32, i64)> = self.by_category.entries[spans[number as usize].clone()]
                .iter()
                .filter(|entry| entry.gross != 0)
                .map(|entry| (place[entry.category as usize], entry.gross))
                .collect();
            row.sort_unstable();
            totals.push(row);
        }
        totals
    }
}

impl std::fmt::Debug for PartialHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartialHistory")
            .field("spec", &self.spec)
            .field("rows_read", &self.counts.rows_read)
            .field("customers", &self.ids.len())
            .finish_non_exhaustive()
    }
}

impl Entry for Day {
    fn key(&self) -> (u32, i64) {
        (self.customer, i64::from(self.day))
    }

    fn add(&mut self, other: &Self) -> bool {
        self.purchases += other.purchases;
        let sums = self.gross.checked_add(other.gross).zip(self.returns.checked_add(other.returns));
        sums.map(|(gross, returns)| (self.gross, self.returns) = (gross, returns)).is_some()
    }
}

impl Entry for Category {
    fn key(&self) -> (u32, i64) {
        (self.customer, i64::from(self.category))
    }

    fn add(&mut self, other: &Self) -> bool {
        self.gross.checked_add(other.gross).map(|gross| self.gross = gross).is_some()
    }
}
