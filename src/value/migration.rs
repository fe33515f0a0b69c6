//! Who rose and who fell between two periods: customers and money from every group to every group.
//!
//! Customers who were not there in a period have states of their own, because a base that loses its
//! best and wins as many new ones looks unchanged where only the active are counted. What moves by
//! chance alone stands beside what moved: see [`MigrationForecast`].

use serde::Serialize;

use crate::units::{CustomerIds, Money};
use crate::value::{QuantileGroups, ValueError};

mod expected;

pub use expected::{ExpectedCell, ExpectedMigration, MigrationForecast};

/// Where a customer stands in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Bought, and is in this group of those who did; 1 is the best.
    Group(u16),
    /// Bought before, not in the period.
    NotActive,
    /// Has not bought yet.
    NotYetCustomer,
}

impl Standing {
    /// The row or column of a matrix with so many groups.
    fn place(self, groups: u16) -> usize {
        match self {
            Self::Group(group) => usize::from(group) - 1,
            Self::NotActive => usize::from(groups),
            Self::NotYetCustomer => usize::from(groups) + 1,
        }
    }

    fn at(place: usize, groups: u16) -> Self {
        match place.checked_sub(usize::from(groups)) {
            None => Self::Group(place as u16 + 1),
            Some(0) => Self::NotActive,
            Some(_) => Self::NotYetCustomer,
        }
    }
}

/// Where every customer stands in one period, with their money.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodStandings {
    groups: u16,
    of: Vec<Standing>,
    money: Vec<Money>,
}

impl PeriodStandings {
    /// Standings that the caller made, by whatever rule.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the money has another length; [`ValueError::BadValue`] for a
    /// group outside 1 to `groups`, and for money of somebody who is not yet a customer.
    pub fn new(groups: u16, of: Vec<Standing>, money: Vec<Money>) -> Result<Self, ValueError> {
        let (expected, got) = (of.len(), money.len());
        if expected != got {
            return Err(ValueError::Length { what: "the table of money", expected, got });
        }
        for (row, (standing, money)) in of.iter().zip(&money).enumerate() {
            let fault = match standing {
                Standing::Group(group) if !(1..=groups).contains(group) => {
                    ("the group", "one of the groups")
                }
                Standing::NotYetCustomer if money.amount() != 0.0 => {
                    ("the money of somebody not yet a customer", "zero")
                }
                _ => continue,
            };
            return Err(ValueError::BadValue { what: fault.0, row, expected: fault.1 });
        }
        Ok(Self { groups, of, money })
    }

    /// Cuts those who bought in the period into groups by their money. `active` says of each
    /// customer whether they did: `Some(true)`; bought before and not in the period: `Some(false)`;
    /// or have not bought yet: `None`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new) and [`QuantileGroups::cut`].
    pub fn cut(
        groups: &QuantileGroups,
        active: &[Option<bool>],
        money: Vec<Money>,
        ids: &CustomerIds,
    ) -> Result<Self, ValueError> {
        groups.validate()?;
        let (expected, got) = (ids.len(), active.len());
        if expected != got {
            return Err(ValueError::Length { what: "the table of activity", expected, got });
        }
        let here: Vec<usize> = (0..got).filter(|&row| active[row] == Some(true)).collect();
        let mut of: Vec<Standing> = active
            .iter()
            .map(|active| match active {
                None => Standing::NotYetCustomer,
                Some(_) => Standing::NotActive,
            })
            .collect();
        let standings = Self::new(groups.n_groups(), of.clone(), money)?;
        let found = groups.cut_some(&here, &standings.money, ids)?;
        for (&row, group) in here.iter().zip(found) {
            of[row] = Standing::Group(group);
        }
        Ok(Self { of, ..standings })
    }

    /// How many groups.
    pub fn n_groups(&self) -> u16 {
        self.groups
    }

    /// The standing of each customer.
    pub fn of(&self) -> &[Standing] {
        &self.of
    }

    /// The money of each customer.
    pub fn money(&self) -> &[Money] {
        &self.money
    }
}

/// Customers and money from every standing in one period to every standing in a later one.
///
/// # Example
///
/// ```
/// use segmentry::units::{CustomerIds, Money};
/// use segmentry::value::{Migration, PeriodStandings, QuantileGroups, Standing};
///
/// let ids = CustomerIds::numbered(5)?;
/// let halves = QuantileGroups::new(2);
/// let money = |values: [i64; 5]| values.map(|v| Money::from_minor(v, 0)).to_vec();
/// let yes = Some(true);
/// let (spring, autumn) = ([yes, yes, yes, yes, None], [yes, Some(false), yes, yes, yes]);
/// let before = PeriodStandings::cut(&halves, &spring, money([90, 80, 20, 10, 0]), &ids)?;
/// let after = PeriodStandings::cut(&halves, &autumn, money([15, 0, 70, 10, 99]), &ids)?;
/// let moved = Migration::between(&before, &after, 2)?;
///
/// let lost = moved.cell(Standing::Group(1), Standing::NotActive);
/// assert_eq!((lost.customers, lost.change.amount(), lost.row_share), (1, -80.0, Some(0.5)));
/// assert_eq!(moved.cell(Standing::Group(2), Standing::Group(1)).customers, 1);
/// assert_eq!(moved.customers(Standing::Group(2), Standing::Group(1)).collect::<Vec<_>>(), [2]);
/// assert_eq!(moved.total().change.amount(), -6.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Migration {
    groups: u16,
    cells: Vec<MigrationCell>,
    total: MigrationCell,
    #[serde(skip)]
    pairs: Vec<(Standing, Standing)>,
}

/// The customers who went from one standing to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MigrationCell {
    /// Where they stood in the first period; `None` in the total.
    pub from: Option<Standing>,
    /// Where they stand in the second; `None` in the total.
    pub to: Option<Standing>,
    /// How many.
    pub customers: u64,
    /// Of those who stood where these did, the share that went where these did; `None` where there
    /// was nobody.
    pub row_share: Option<f64>,
    /// Their money in the first period.
    pub before: Money,
    /// Their money in the second.
    pub after: Money,
    /// The money moved.
    pub change: Money,
}

impl Migration {
    /// What happened between two periods; the same customers stand in the same rows of both. Money
    /// is added up in whole minor units, of which so many digits are decimals.
    ///
    /// # Errors
    ///
    /// [`ValueError::Length`] where the periods differ in customers; [`ValueError::Param`] where
    /// they differ in groups; [`ValueError::BadValue`] for somebody who was a customer and is not
    /// yet one.
    pub fn between(
        before: &PeriodStandings,
        after: &PeriodStandings,
        minor_digits: u8,
    ) -> Result<Self, ValueError> {
        let (expected, got) = (before.of.len(), after.of.len());
        if expected != got {
            return Err(ValueError::Length { what: "the later period", expected, got });
        }
        let groups = before.groups;
        if after.groups != groups {
            let (value, expected) = (f64::from(after.groups), "as many as in the first period");
            return Err(ValueError::Param { name: "groups", value, expected });
        }
        let sides = usize::from(groups) + 2;
        let mut sums = vec![(0u64, 0i128, 0i128); sides * sides];
        for row in 0..expected {
            let (from, to) = (before.of[row], after.of[row]);
            if to == Standing::NotYetCustomer && from != to {
                let (what, expected) = ("the later standing", "that of a customer");
                return Err(ValueError::BadValue { what, row, expected });
            }
            let sum = &mut sums[from.place(groups) * sides + to.place(groups)];
            sum.0 += 1;
            sum.1 += before.money[row].to_whole(minor_digits);
            sum.2 += after.money[row].to_whole(minor_digits);
        }
        let cell = |from, to, (customers, old, new): (u64, i128, i128), all: u64| MigrationCell {
            from,
            to,
            customers,
            row_share: (all > 0).then(|| customers as f64 / all as f64),
            before: Money::from_whole(old, minor_digits),
            after: Money::from_whole(new, minor_digits),
            change: Money::from_whole(new - old, minor_digits),
        };
        let mut cells = Vec::with_capacity(sums.len());
        let mut total = (0, 0, 0);
        for (from, row) in sums.chunks_exact(sides).enumerate() {
            let all = row.iter().map(|sum| sum.0).sum();
            for (to, &sum) in row.iter().enumerate() {
                let (from, to) = (Standing::at(from, groups), Standing::at(to, groups));
                cells.push(cell(Some(from), Some(to), sum, all));
                total = (total.0 + sum.0, total.1 + sum.1, total.2 + sum.2);
            }
        }
        let pairs = before.of.iter().copied().zip(after.of.iter().copied()).collect();
        Ok(Self { groups, cells, total: cell(None, None, total, total.0), pairs })
    }

    /// How many groups there are beside the two standings of those who did not buy.
    pub fn n_groups(&self) -> u16 {
        self.groups
    }

    /// The standings in the order of rows and columns: the groups, the best first, then those who
    /// were not active and those who were not yet customers.
    pub fn standings(&self) -> impl ExactSizeIterator<Item = Standing> + use<> {
        let groups = self.groups;
        (0..usize::from(groups) + 2).map(move |place| Standing::at(place, groups))
    }

    /// All cells, row by row.
    pub fn cells(&self) -> &[MigrationCell] {
        &self.cells
    }

    /// One cell. A group that there is not has nobody.
    pub fn cell(&self, from: Standing, to: Standing) -> MigrationCell {
        let found = self.cells.iter().find(|cell| (cell.from, cell.to) == (Some(from), Some(to)));
        found.copied().unwrap_or(MigrationCell {
            from: Some(from),
            to: Some(to),
            customers: 0,
            row_share: None,
            before: Money::ZERO,
            after: Money::ZERO,
            change: Money::ZERO,
        })
    }

    /// Everybody.
    pub fn total(&self) -> MigrationCell {
        self.total
    }

    /// The rows of the customers who went from one standing to another.
    pub fn customers(&self, from: Standing, to: Standing) -> impl Iterator<Item = usize> + '_ {
        let wanted = (from, to);
        self.pairs.iter().enumerate().filter(move |(_, pair)| **pair == wanted).map(|(row, _)| row)
    }
}

#[cfg(test)]
mod tests;
