//! The fold: rows in, one summary per customer kept, shards merged, a history out.
//!
//! All sums are whole numbers, so the order of the rows, the batches and the shards cannot matter.
//! What does depend on order, the number of distinct days, is counted at once for customers whose
//! days come in order and from a log for the others; a source that declares its order needs no log.

mod finish;
mod held_out;
mod netting;
mod visits;

use std::hint::black_box;
use std::ops::Range;

use crate::data::batch::PLACE;
use crate::data::categories::Categories;
use crate::data::cells::{Cell, Cells};
use crate::data::currencies::RowPlace;
use crate::data::fingerprint::Fingerprints;
use crate::data::ledger::Ledger;
use crate::data::quality::{Count, Counts};
use crate::data::reading::Faults;
use crate::data::roster::{self, Roster};
use crate::data::summary::Summary;
use crate::data::window::{Misfit, Window};
use crate::data::{
    Batch, DataError, Duplicates, HistorySpec, IdColumn, MissingCustomers, OutOfWindow, Returns,
    RowFault, RowOrder, TransactionSource, UnreadableRows, ZeroAmounts,
};
use crate::units::{CustomerId, Date};
use crate::work::Work;
use held_out::HeldOut;
use visits::{Aside, Noted, Visit, VisitKind, Visits};

/// A history in the making: what one shard of the rows adds up to.
///
/// Two of them merge into what one reading of both shards would have given, bit for bit; the order
/// of merging does not matter. Use it where shards are read on different machines or at different
/// times; otherwise [`CustomerHistory::read`](crate::data::CustomerHistory::read) does it
/// all.
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
    order: RowOrder,
    customers: Roster<Summary>,
    window: Window,
    held_out: Option<HeldOut>,
    categories: Categories,
    cells: Cells,
    /// Purchases and returns by day, within the observation and held out, where they are needed.
    ledger: Option<Ledger>,
    fingerprints: Fingerprints,
    repeats: Vec<Judged>,
    traces: Vec<Trace>,
    counts: Counts,
    /// First and last day of any readable row; upside down before there is one.
    first_seen: i32,
    last_seen: i32,
    /// The customer whose rows are being read, where rows stand together by customer.
    open: Option<u32>,
    partition: usize,
    rows_in_partition: u64,
    /// Rows that were read and wait to be booked.
    visits: Visits,
    /// Whether they wait for another partial history, into which this one will be absorbed.
    hands_over: bool,
    stretch: Stretch,
}

/// A row that may turn out to be a repeat. The fingerprint stands in two halves, which need no
/// padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Judged {
    fingerprint: [u64; 2],
    minor: i64,
}

impl Judged {
    fn new(fingerprint: u128, minor: i64) -> Self {
        Self { fingerprint: [(fingerprint >> 64) as u64, fingerprint as u64], minor }
    }
}

/// A row that may turn out to be a repeat and would be taken out then, with what it added.
#[derive(Debug, Clone, Copy)]
struct Trace {
    row: Judged,
    added: Option<Added>,
}

#[derive(Debug, Clone, Copy)]
struct Added {
    customer: u32,
    day: i32,
    category: Option<u32>,
    currency: Option<u8>,
    held_out: bool,
}

/// Rows read together, column by column, before they are judged; between the passes they stay in a
/// core's cache.
const STRETCH: usize = 1024;

/// Visits that wait to be handed over, at most: twelve megabytes.
const WAITING: usize = 1 << 19;

/// What a row says, or what is wrong with it.
struct Said {
    name: u64,
    day: i32,
    minor: i64,
    fault: Option<&'static str>,
}

/// Where the parts of another partial history stand in this one.
struct Moved {
    first_trace: usize,
    categories: Vec<u32>,
    currencies: Vec<u8>,
}

/// What one stretch of rows says; kept for its memory.
#[derive(Debug, Clone, Default)]
struct Stretch {
    minor: Vec<i64>,
    days: Vec<i32>,
    names: Vec<u64>,
    faults: Faults,
    /// Whose visits are booked.
    numbers: Vec<u32>,
}

impl PartialHistory {
    /// Nothing read yet, for rows in any order.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`] for a specification that cannot be used.
    pub fn new(spec: HistorySpec) -> Result<Self, DataError> {
        Self::in_order(spec, RowOrder::Any)
    }

    pub(crate) fn in_order(spec: HistorySpec, order: RowOrder) -> Result<Self, DataError> {
        spec.validate()?;
        let window = Window::new(order, spec.rhythm);
        let held_out = spec.holdout_until.map(|until| HeldOut {
            until: until.day_number(),
            window: Window::new(order, false),
            summaries: Vec::new(),
        });
        let by_day = spec.purchase_days || spec.returns == Returns::Net;
        let ledger = by_day.then(Ledger::default);
        let noted = match (spec.duplicates, order) {
            (Duplicates::Drop, _) => Noted::Traces,
            (_, RowOrder::Any) => Noted::Nothing,
            _ => Noted::Positions,
        };
        Ok(Self {
            spec,
            order,
            customers: Roster::default(),
            window,
            held_out,
            categories: Categories::default(),
            cells: Cells::default(),
            ledger,
            fingerprints: Fingerprints::default(),
            repeats: Vec::new(),
            traces: Vec::new(),
            counts: Counts::default(),
            first_seen: i32::MAX,
            last_seen: i32::MIN,
            open: None,
            partition: 0,
            rows_in_partition: 0,
            visits: Visits::new(noted),
            hands_over: false,
            stretch: Stretch::default(),
        })
    }

    /// Leaves the booking to whom this one is absorbed into, while there are not too many rows.
    #[cfg_attr(not(feature = "parallel"), allow(dead_code))]
    pub(crate) fn handing_over(mut self) -> Self {
        self.hands_over = true;
        self
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
        let mut partial = Self::in_order(spec.clone(), source.order())?;
        partial.read_on(source, partition, work)?;
        Ok(partial)
    }

    /// Reads another partition behind what was read so far.
    pub(crate) fn read_on(
        &mut self,
        source: &dyn TransactionSource,
        partition: usize,
        work: &Work,
    ) -> Result<(), DataError> {
        let partitions = source.partitions();
        if partition >= partitions {
            return Err(DataError::NoSuchPartition { partition, partitions });
        }
        (self.partition, self.rows_in_partition) = (partition, 0);
        work.check()?;
        let failed = |source, rows_read| DataError::Source { partition, rows_read, source };
        let request = self.spec.request();
        let batches = source.scan(partition, &request).map_err(|error| failed(error, 0))?;
        for batch in batches {
            work.check()?;
            let batch = batch.map_err(|error| failed(error, self.rows_in_partition))?;
            self.add(&batch, work)?;
            work.tell("reading transactions", self.counts.rows_read, None);
        }
        Ok(())
    }

    /// Adds a batch.
    ///
    /// # Errors
    ///
    /// The first row that cannot be used and that the specification does not skip. The partial
    /// history is then of no further use.
    pub fn add(&mut self, batch: &Batch<'_>, work: &Work) -> Result<(), DataError> {
        let mut stretch = std::mem::take(&mut self.stretch);
        let mut start = 0;
        while start < batch.len() {
            work.check()?;
            let rows = start..(start + STRETCH).min(batch.len());
            start = rows.end;
            let read = self.read_rows(batch, rows, &mut stretch);
            if self.visits.list.len() >= WAITING {
                self.hands_over = false;
            }
            if !self.hands_over {
                let visits = std::mem::replace(&mut self.visits, Visits::new(Noted::Nothing));
                let booked = self.book_all(&visits, &mut stretch.numbers, None);
                self.visits = visits;
                self.visits.clear();
                booked?;
            }
            read?;
        }
        self.stretch = stretch;
        for fault in &batch.unreadable {
            self.counts.rows_read += 1;
            self.rows_in_partition += 1;
            self.counts.unreadable(fault.clone());
        }
        Ok(())
    }

    /// Reads a stretch of rows and turns those that are kept into visits. After an error these are
    /// the rows before it.
    fn read_rows(
        &mut self,
        batch: &Batch<'_>,
        rows: Range<usize>,
        stretch: &mut Stretch,
    ) -> Result<(), DataError> {
        let Stretch { minor, days, names, faults, .. } = stretch;
        faults.clear();
        self.visits.names(&batch.customers, rows.clone(), names)?;
        batch.amounts.read(rows.clone(), self.spec.minor_digits, minor, faults);
        batch.times.read(rows.clone(), days, faults);
        faults.sort_by_key(|&(row, _)| row);
        let mut faults = faults.iter().peekable();
        let judge = match self.spec.duplicates {
            Duplicates::Ignore => None,
            Duplicates::Flag | Duplicates::Drop => {
                batch.orders.as_ref().zip(batch.products.as_ref())
            }
        };
        // What most rows of most logs are takes a short way; `judge` has the rest.
        let day_of = |date: Option<Date>, open| date.map_or(open, Date::day_number);
        let from = day_of(self.spec.observed_from, i32::MIN);
        let until = day_of(self.spec.observed_until, i32::MAX);
        let plain = faults.peek().is_none()
            && judge.is_none()
            && batch.currencies.is_none()
            && batch.customers.missing.is_none()
            && (!self.spec.categories || batch.categories.is_none());
        let first = self.rows_in_partition;
        let said = names.iter().zip(minor.iter().zip(days.iter()));
        let mut purchases = Count::default();
        let mut seen = (self.first_seen, self.last_seen);
        let mut read = Ok(());
        for ((row, position), (&name, (&minor, &day))) in rows.clone().zip(first..).zip(said) {
            if plain && minor > 0 && from <= day && day <= until && name < PLACE {
                seen = (seen.0.min(day), seen.1.max(day));
                purchases.add(minor);
                self.visits.push_plain(name, day, minor, position);
                continue;
            }
            let fault = faults.peek().filter(|(at, _)| *at == row).map(|&&(_, fault)| fault);
            while faults.next_if(|(at, _)| *at == row).is_some() {}
            if fault.is_none() {
                seen = (seen.0.min(day), seen.1.max(day));
            }
            let said = Said { name, day, minor, fault };
            read = self.read_row(batch, row, position, said, judge);
            if read.is_err() {
                break;
            }
        }
        self.counts.rows_read += rows.len() as u64;
        self.rows_in_partition += rows.len() as u64;
        self.counts.purchases.absorb(purchases);
        (self.first_seen, self.last_seen) = seen;
        read
    }

    /// Judges one row, whatever it says.
    fn read_row(
        &mut self,
        batch: &Batch<'_>,
        row: usize,
        position: u64,
        said: Said,
        judge: Option<(&IdColumn<'_>, &IdColumn<'_>)>,
    ) -> Result<(), DataError> {
        let Said { name, day, minor, fault } = said;
        if let Some(fault) = fault {
            return self.unreadable(position, fault);
        }
        let mut trace = None;
        if let Some((orders, products)) = judge {
            self.counts.judged += 1;
            let fingerprint = self.fingerprints.of((
                batch.customers.key(row),
                batch.times.key(row),
                batch.amounts.key(row),
                orders.key(row),
                products.key(row),
                batch.categories.as_ref().map(|categories| categories.get(row)),
                batch.currencies.as_ref().map(|currencies| currencies.get(row)),
            ));
            if self.spec.duplicates == Duplicates::Drop {
                trace = Some(self.traces.len());
                self.traces.push(Trace { row: Judged::new(fingerprint, minor), added: None });
            } else {
                self.repeats.push(Judged::new(fingerprint, minor));
            }
        }
        let Some(held_out) = self.admit(batch, row, position, day, minor)? else { return Ok(()) };
        let currency = match &batch.currencies {
            Some(names) => {
                let place = RowPlace { partition: self.partition, row: position };
                let rule = self.spec.currencies;
                self.counts.currencies.add(names.get(row), minor, place, rule)?
            }
            None => None,
        };
        let category = match &batch.categories {
            Some(names) if self.spec.categories && minor > 0 && !held_out => {
                let name = names.get(row);
                if name.is_empty() { None } else { Some(self.categories.text(name)?) }
            }
            _ => None,
        };
        let kind = VisitKind::new(held_out, category);
        let aside = Aside { position, trace, currency };
        self.visits.push(batch, row, Visit { name, minor, day, kind }, aside);
        Ok(())
    }

    /// Whether a row enters a history, and if so, whether it is held out.
    #[inline]
    fn admit(
        &mut self,
        batch: &Batch<'_>,
        row: usize,
        position: u64,
        day: i32,
        minor: i64,
    ) -> Result<Option<bool>, DataError> {
        if batch.customers.is_missing(row) {
            self.counts.missing_customers.add(minor);
            let refused = self.spec.missing_customers == MissingCustomers::Error;
            self.refuse_if(refused, position, "without a customer")?;
            return Ok(None);
        }
        let early = self.spec.observed_from.is_some_and(|from| day < from.day_number());
        let after = self.spec.observed_until.is_some_and(|until| day > until.day_number());
        let held_out = after && self.held_out.as_ref().is_some_and(|held| day <= held.until);
        if early || (after && !held_out) {
            self.counts.out_of_window.add(minor);
            let refused = self.spec.out_of_window == OutOfWindow::Error;
            self.refuse_if(refused, position, "outside the observation")?;
            return Ok(None);
        }
        let (count, dropped) = match minor {
            ..=-1 => (&mut self.counts.returns, self.spec.returns == Returns::Drop),
            0 => (&mut self.counts.zeros, self.spec.zero_amounts == ZeroAmounts::Drop),
            1.. => (&mut self.counts.purchases, false),
        };
        if held_out && !dropped { &mut self.counts.held_out } else { count }.add(minor);
        self.refuse_if(minor < 0 && self.spec.returns == Returns::Error, position, "a return")?;
        Ok((!dropped).then_some(held_out))
    }

    /// Books visits on their customers: its own, or those of another partial history.
    fn book_all(
        &mut self,
        visits: &Visits,
        numbers: &mut Vec<u32>,
        moved: Option<&Moved>,
    ) -> Result<(), DataError> {
        let mut place = 0;
        for stretch in visits.list.chunks(roster::STRETCH) {
            let mut known = self.customers.len() as u32;
            let names = stretch.iter().map(|visit| visit.name);
            self.customers.numbers(visits.ids, names, &visits.texts, numbers)?;
            // An entry may lie on two lines of memory, of which the look-up needed the first.
            let number = |&customer: &u32| self.customers.value(customer).number;
            black_box(numbers.iter().map(number).fold(0, |all, number| all ^ number));
            for (visit, &customer) in stretch.iter().zip(numbers.iter()) {
                let is_new = customer == known;
                known += u32::from(is_new);
                let aside = visits.aside(place);
                place += 1;
                self.book(visit, aside, customer, is_new)?;
                let category = visit
                    .kind
                    .category()
                    .map(|number| moved.map_or(number, |it| it.categories[number as usize]));
                if let Some(category) = category {
                    self.cells.add(Cell { customer, key: category, minor: visit.minor });
                }
                if let Some(&Aside { trace: Some(trace), currency, .. }) = aside {
                    let trace = trace + moved.map_or(0, |it| it.first_trace);
                    let currency = currency.map(|number| {
                        moved.map_or(number, |it| it.currencies[usize::from(number)])
                    });
                    let &Visit { day, kind, .. } = visit;
                    let held_out = kind.is_held_out();
                    self.traces[trace].added =
                        Some(Added { customer, day, category, currency, held_out });
                }
            }
        }
        Ok(())
    }

    /// Books a visit on its customer.
    #[inline]
    fn book(
        &mut self,
        visit: &Visit,
        aside: Option<&Aside>,
        customer: u32,
        is_new: bool,
    ) -> Result<(), DataError> {
        let &Visit { minor, day, kind, .. } = visit;
        let position = aside.map(|aside| aside.position);
        if self.order == RowOrder::Customer && self.open != Some(customer) {
            if !is_new {
                return Err(self.out_of_order(position));
            }
            self.close();
            self.open = Some(customer);
        }
        let summary = self.customers.value_mut(customer);
        summary.number = customer;
        let booked = match &mut self.held_out {
            Some(held) if kind.is_held_out() => held.book(customer, day, minor),
            _ => self.window.book(summary, day, minor),
        };
        booked.map_err(|misfit| self.misfit(misfit, customer, position))?;
        if let Some(ledger) = &mut self.ledger {
            ledger.add(customer, day, minor);
        }
        Ok(())
    }

    /// Completes the open customer, whose days need not be known any longer.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.count(|customer| customer == open);
        for window in self.windows() {
            if open == 0 { window.keep_as_edge() } else { window.close() }
        }
    }

    fn windows(&mut self) -> impl Iterator<Item = &mut Window> {
        std::iter::once(&mut self.window).chain(self.held_out.as_mut().map(|held| &mut held.window))
    }

    /// Counts the days of those customers of `wanted` that are uncounted, from the logs.
    fn count(&mut self, wanted: impl Fn(u32) -> bool) {
        let uncounted = |c: u32| wanted(c) && self.customers.value(c).is_uncounted();
        for count in self.window.count(uncounted) {
            self.customers.value_mut(count.customer).purchase_days = count.days;
        }
        if let Some(HeldOut { window, summaries, .. }) = &mut self.held_out {
            for count in window.count(|c| wanted(c) && summaries[c as usize].is_uncounted()) {
                summaries[count.customer as usize].purchase_days = count.days;
            }
        }
    }

    fn misfit(&self, misfit: Misfit, customer: u32, row: Option<u64>) -> DataError {
        match misfit {
            Misfit::Overflow => DataError::AmountOverflow {
                customer: CustomerId::new(self.customers.name(customer)),
            },
            Misfit::OutOfOrder => self.out_of_order(row),
        }
    }

    fn out_of_order(&self, row: Option<u64>) -> DataError {
        DataError::OutOfOrder { partition: self.partition, row, declared: self.order }
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

    /// Adds what another shard adds up to. Shards of a source that declares its order are added in
    /// the order of their partitions; others in any.
    ///
    /// # Errors
    ///
    /// [`DataError::SpecsDiffer`], [`DataError::MixedIds`], [`DataError::AmountOverflow`],
    /// [`DataError::OutOfOrder`], [`DataError::MixedCurrencies`],
    /// [`DataError::TooManyCurrencies`], [`DataError::Cancelled`].
    pub fn merge(&mut self, other: Self, work: &Work) -> Result<(), DataError> {
        self.absorb(&other, work)
    }

    /// [`merge`](Self::merge), leaving the other's memory to its owner.
    pub(crate) fn absorb(&mut self, other: &Self, work: &Work) -> Result<(), DataError> {
        work.check()?;
        if self.spec != other.spec || self.order != other.order {
            return Err(DataError::SpecsDiffer);
        }
        self.partition = other.partition;
        let known = self.customers.len() as u32;
        let (mut numbers, mut meetings) = (Vec::with_capacity(other.customers.len()), 0);
        let mut summaries = other.customers.values();
        while self.customers.absorb(&other.customers, &mut numbers)? {
            let done = other.customers.len() - summaries.len();
            for (&customer, theirs) in numbers[done..].iter().zip(&mut summaries) {
                // Where rows stand together by customer, only the first customer of the other may
                // be known: as the last one here.
                let goes_on = theirs.number == 0 && Some(customer) == self.open;
                if self.order == RowOrder::Customer && customer < known && !goes_on {
                    return Err(self.out_of_order(None));
                }
                let summary = self.customers.value_mut(customer);
                summary.number = customer;
                match self.window.absorb_summary(summary, theirs, &other.window) {
                    Ok(met) => meetings += usize::from(met),
                    Err(misfit) => return Err(self.misfit(misfit, customer, None)),
                }
            }
        }
        let number = |customer: u32| numbers[customer as usize];
        self.window.absorb(&other.window, &numbers, meetings);
        if let (Some(held), Some(theirs)) = (&mut self.held_out, &other.held_out) {
            held.absorb(theirs, &numbers)
                .map_err(|(misfit, customer)| self.misfit(misfit, customer, None))?;
        }
        if let (Some(ledger), Some(theirs)) = (&mut self.ledger, &other.ledger) {
            ledger.absorb(theirs, &numbers);
        }
        if let (RowOrder::Customer, Some(open)) = (self.order, other.open) {
            let open = number(open);
            if let Some(before) = self.open.replace(open).filter(|&before| before != open) {
                self.count(|customer| customer == before);
            }
            for window in self.windows() {
                window.keep_only(0, open);
            }
        }
        let categories = self.categories.absorb(&other.categories)?;
        for cell in other.cells.iter() {
            let key = categories[cell.key as usize];
            self.cells.add(Cell { customer: number(cell.customer), key, ..*cell });
        }
        let rule = self.spec.currencies;
        let currencies = self.counts.currencies.absorb(&other.counts.currencies, rule)?;
        self.repeats.extend(&other.repeats);
        let first_trace = self.traces.len();
        self.traces.extend(other.traces.iter().map(|trace| Trace {
            added: trace.added.map(|a| Added {
                customer: number(a.customer),
                category: a.category.map(|c| categories[c as usize]),
                currency: a.currency.map(|c| currencies[usize::from(c)]),
                ..a
            }),
            ..*trace
        }));
        let moved = Moved { first_trace, categories, currencies };
        let mut numbers = std::mem::take(&mut self.stretch.numbers);
        self.book_all(&other.visits, &mut numbers, Some(&moved))?;
        self.stretch.numbers = numbers;
        self.counts.absorb(&other.counts);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        Ok(())
    }

    /// Forgets everything read and keeps the memory for the next shard, which hands its rows over.
    #[cfg_attr(not(feature = "parallel"), allow(dead_code))]
    pub(crate) fn clear(&mut self) {
        self.customers.clear();
        self.window.clear();
        if let Some(held) = &mut self.held_out {
            held.window.clear();
            held.summaries.clear();
        }
        self.categories.clear();
        self.cells.clear();
        if let Some(ledger) = &mut self.ledger {
            ledger.clear();
        }
        self.repeats.clear();
        self.traces.clear();
        self.counts = Counts::default();
        (self.first_seen, self.last_seen) = (i32::MAX, i32::MIN);
        self.open = None;
        self.visits.clear();
        self.hands_over = true;
    }
}

impl std::fmt::Debug for PartialHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartialHistory")
            .field("spec", &self.spec)
            .field("rows_read", &self.counts.rows_read)
            .field("customers", &self.customers.len())
            .finish_non_exhaustive()
    }
}
