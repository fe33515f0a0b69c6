//! Records on a day grid counted in a table with a cell for each record that there could be.
//!
//! Whoever bought x times has one of some hundred thousand records, and a million customers with
//! few purchases fill most of these. The cells stand in the order of the records, so a customer's
//! place among the distinct ones is the number of cells in use before theirs: two looks into the
//! table, and nobody is moved. From the x on at which customers are too few for cells of their own
//! they are sorted, by [`radix`](super::radix). Counts are whole numbers and each cell belongs to
//! one task, so threads leave no trace.

use std::ops::Range;

use super::{Compressed, DayKey, radix};
use crate::num::blocks;
use crate::value::PurchaseRecord;
use crate::work::Work;

/// Customers who are looked at together.
const STRETCH: usize = 1 << 16;
/// Records with an x and with times below these can have cells.
const SHORT_X_BITS: u32 = 8;
const SHORT_DAY_BITS: u32 = 12;
const COUNTED_X: usize = 1 << SHORT_X_BITS;
/// Cells that a customer may cost: with more, to look through them is dearer than to sort.
const CELLS_PER_CUSTOMER: u64 = 16;
/// Cells altogether, for each customer, and always: four bytes each.
const MOST_CELLS: u64 = 4;
const CELLS_ALWAYS: u64 = 1 << 16;
/// The table is filled by so many tasks.
const TASKS: usize = 8;
/// Stands for a customer who is not in the table.
const SORTED: u32 = u32::MAX;

/// Records on a day grid, given by row; `None` where one is not.
pub(in super::super) fn compress(
    n: usize,
    key: impl Fn(usize) -> Option<DayKey> + Sync,
) -> Option<Compressed> {
    // Nobody can cancel a handle that is made here; an empty answer stands for that.
    let work = Work::new();
    // Records are read once, and stand in half a word until their cells are known.
    let mut places = vec![0_u32; n];
    let surveys = blocks::fill(&mut places, STRETCH, &work, |first, out| {
        let mut survey = Survey::nobody();
        for (row, out) in (first..).zip(out) {
            let key = key(row)?;
            survey.add(key);
            *out = short(key);
        }
        Some(survey)
    });
    let mut survey = Survey::nobody();
    for part in surveys.unwrap_or_default() {
        survey.merge(&part?);
    }
    let table = Table::of(&survey, n);

    // Where each customer's cell is, and the same dealt to the tasks that own the cells.
    let dealt = blocks::fill(&mut places, STRETCH, &work, |first, out| {
        let expect = |share: u64| (out.len() as u64 * share / n as u64) as usize;
        let mut dealt = Dealt {
            cells: table.tasks.iter().map(|t| Vec::with_capacity(expect(t.customers))).collect(),
            sorted: Vec::new(),
        };
        for (row, out) in (first..).zip(out) {
            if let Some((task, cell)) = table.cell(*out) {
                dealt.cells[task].push(cell);
                *out = cell;
            } else {
                // That every row has a key was seen above.
                dealt.sorted.extend(key(row));
                *out = SORTED;
            }
        }
        dealt
    })
    .unwrap_or_default();

    let mut cells = vec![0_u32; table.cells()];
    let mut used = vec![0_usize; table.tasks.len()];
    let mut parts = Vec::new();
    let mut rest = cells.as_mut_slice();
    for ((number, task), used) in table.tasks.iter().enumerate().zip(&mut used) {
        let (own, others) = rest.split_at_mut(task.cells.len());
        parts.push((number, own, used));
        rest = others;
    }
    blocks::each(parts, |(number, own, used)| {
        let first = table.tasks[number].cells.start;
        for stretch in &dealt {
            for &cell in &stretch.cells[number] {
                own[cell as usize - first] += 1;
            }
        }
        *used = own.iter().filter(|&&customers| customers > 0).count();
    });
    let starts: Vec<usize> = dealt
        .iter()
        .scan(0, |next, stretch| {
            let start = *next;
            *next += stretch.sorted.len();
            Some(start)
        })
        .collect();
    let sorted = radix::compress(dealt.into_iter().flat_map(|stretch| stretch.sorted).collect());

    let in_table: usize = used.iter().sum();
    let mut distinct = blocks::collect(in_table + sorted.distinct.len(), |_| PurchaseRecord::NEW);
    let mut customers = vec![0_u64; distinct.len()];
    let (mut records, mut counts) = (distinct.as_mut_slice(), customers.as_mut_slice());
    let (mut rest, mut first_place) = (cells.as_mut_slice(), 0);
    let mut parts = Vec::new();
    for (task, &used) in table.tasks.iter().zip(&used) {
        let (own, others) = rest.split_at_mut(task.cells.len());
        let (own_records, other_records) = records.split_at_mut(used);
        let (own_counts, other_counts) = counts.split_at_mut(used);
        parts.push((task, own, own_records, own_counts, first_place));
        (rest, records, counts) = (others, other_records, other_counts);
        first_place += used as u32;
    }
    records.copy_from_slice(&sorted.distinct);
    counts.copy_from_slice(&sorted.customers);
    blocks::each(parts, |(task, cells, records, counts, first_place)| {
        table.read(task, cells, records, counts, first_place);
    });
    let known = blocks::fill(&mut places, STRETCH, &work, |first, out| {
        let mut next = starts[first / STRETCH];
        for place in out {
            *place = if *place == SORTED {
                next += 1;
                in_table as u32 + sorted.places[next - 1]
            } else {
                cells[*place as usize]
            };
        }
    });
    debug_assert!(known.is_ok(), "nobody can cancel the handle");
    Some(Compressed { distinct, customers, places })
}

/// A record in half a word, in the order x, t_x, T; [`SORTED`] where it does not fit, or where it
/// would look like that.
fn short(key: DayKey) -> u32 {
    let (x, t_x, age) = key.parts();
    if x >> SHORT_X_BITS != 0 || age >> SHORT_DAY_BITS != 0 {
        return SORTED;
    }
    ((x << SHORT_DAY_BITS | t_x) << SHORT_DAY_BITS | age) as u32
}

/// What there is.
struct Survey {
    /// Customers by x, as far as they are counted.
    by_x: [u64; COUNTED_X],
    shortest_age: u64,
    longest_age: u64,
}

impl Survey {
    fn nobody() -> Self {
        Self { by_x: [0; COUNTED_X], shortest_age: u64::MAX, longest_age: 0 }
    }

    fn add(&mut self, key: DayKey) {
        let (x, _, age) = key.parts();
        if let Some(customers) = self.by_x.get_mut(x as usize) {
            *customers += 1;
        }
        self.shortest_age = self.shortest_age.min(age);
        self.longest_age = self.longest_age.max(age);
    }

    fn merge(&mut self, other: &Self) {
        for (customers, more) in self.by_x.iter_mut().zip(&other.by_x) {
            *customers += more;
        }
        self.shortest_age = self.shortest_age.min(other.shortest_age);
        self.longest_age = self.longest_age.max(other.longest_age);
    }
}

/// Where the cells are: those of each x together, in it those of each t_x, and in these one for
/// each T.
struct Table {
    shortest_age: u32,
    longest_age: u32,
    /// For each x with cells, its task and its first cell.
    of_x: Vec<(u32, u32)>,
    /// For each t_x, its first cell among those of an x, less the T of that cell.
    column: Vec<u32>,
    tasks: Vec<Task>,
}

/// Neighbouring x whose cells are counted together.
struct Task {
    x: Range<u32>,
    cells: Range<usize>,
    customers: u64,
}

/// The cells of a stretch's customers by task, and the customers without a cell.
struct Dealt {
    cells: Vec<Vec<u32>>,
    sorted: Vec<DayKey>,
}

impl Table {
    fn of(survey: &Survey, n: usize) -> Self {
        let mut table = Self {
            shortest_age: survey.shortest_age as u32,
            longest_age: survey.longest_age as u32,
            of_x: Vec::new(),
            column: Vec::new(),
            tasks: Vec::new(),
        };
        if n == 0 {
            return table;
        }
        let most = (MOST_CELLS * n as u64 + CELLS_ALWAYS).min(u64::from(SORTED));
        let ages = survey.longest_age + 1;
        if ages > 1 << SHORT_DAY_BITS {
            return table;
        }
        let mut of_one_x = 0;
        table.column = (0..ages)
            .map(|t_x| {
                let first_age = t_x.max(survey.shortest_age);
                let column = (of_one_x as u32).wrapping_sub(first_age as u32);
                of_one_x += ages - first_age;
                column
            })
            .collect();
        let at_once = ages - survey.shortest_age;
        let mut cells = 0;
        // The last x that is counted stands for larger ones, too.
        for (x, &customers) in survey.by_x[..COUNTED_X - 1].iter().enumerate() {
            let own = if x == 0 { at_once } else { of_one_x };
            if cells + own > most || own > CELLS_PER_CUSTOMER * customers {
                break;
            }
            let (x, from, to) = (x as u32, cells as usize, (cells + own) as usize);
            match table.tasks.last_mut() {
                Some(task) if (task.customers + customers) * TASKS as u64 <= n as u64 => {
                    task.x.end = x + 1;
                    task.cells.end = to;
                    task.customers += customers;
                }
                _ => table.tasks.push(Task { x: x..x + 1, cells: from..to, customers }),
            }
            table.of_x.push((table.tasks.len() as u32 - 1, cells as u32));
            cells += own;
        }
        table
    }

    fn cells(&self) -> usize {
        self.tasks.last().map_or(0, |task| task.cells.end)
    }

    /// The task and the cell of a short record; `None` where x has no cells.
    fn cell(&self, short: u32) -> Option<(usize, u32)> {
        let day = (1 << SHORT_DAY_BITS) - 1;
        let (t_x, age) = (short >> SHORT_DAY_BITS & day, short & day);
        // What is not short has the largest x, which has no cells.
        let &(task, first) = self.of_x.get((short >> (2 * SHORT_DAY_BITS)) as usize)?;
        let cell = first.wrapping_add(self.column[t_x as usize]).wrapping_add(age);
        Some((task as usize, cell))
    }

    /// Reads the records in use and their customers out of a task's cells, and leaves the records'
    /// places in them.
    fn read(
        &self,
        task: &Task,
        cells: &mut [u32],
        records: &mut [PurchaseRecord],
        counts: &mut [u64],
        first_place: u32,
    ) {
        let (mut at, mut cells) = (0, cells.iter_mut());
        for x in task.x.clone() {
            let last = if x == 0 { 0 } else { self.longest_age };
            for t_x in 0..=last {
                let ages = t_x.max(self.shortest_age)..=self.longest_age;
                for (age, cell) in ages.zip(&mut cells) {
                    if *cell > 0 {
                        records[at] =
                            PurchaseRecord { x, t_x: f64::from(t_x), age: f64::from(age) };
                        counts[at] = u64::from(*cell);
                        *cell = first_place + at as u32;
                        at += 1;
                    }
                }
            }
        }
    }
}
