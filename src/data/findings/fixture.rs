//! Histories for the tests of findings: lines of a till in, a history out.

use crate::data::{
    Amounts, Batch, CustomerHistory, Finding, FindingGrade, FindingKind, FindingLimits, Findings,
    HistorySpec, IdColumn, PartialHistory, RowFault, Times,
};
use crate::work::Work;

/// Day 0 of the tests: 1997-05-19, a day on which shops had computers.
pub(crate) const START: i32 = 10_000;

/// Customer (0 is nobody), day after [`START`], cents.
pub(crate) type Line = (i64, i32, i64);

pub(crate) fn batch(lines: &[Line]) -> Batch<'static> {
    let missing: Vec<bool> = lines.iter().map(|line| line.0 == 0).collect();
    Batch::new(
        IdColumn::integers(lines.iter().map(|line| line.0).collect::<Vec<_>>()).missing(missing),
        Times::Days(lines.iter().map(|line| START + line.1).collect()),
        Amounts::Minor { units: lines.iter().map(|line| line.2).collect(), digits: 2 },
    )
    .unwrap()
}

pub(crate) fn history_of(batch: &Batch<'_>, spec: HistorySpec) -> CustomerHistory {
    let mut partial = PartialHistory::new(spec).unwrap();
    partial.add(batch, &Work::new()).unwrap();
    partial.finish(&Work::new()).unwrap()
}

pub(crate) fn history(lines: &[Line]) -> CustomerHistory {
    history_of(&batch(lines), HistorySpec::new().rhythm())
}

/// Everything judged, with limits that judge ten customers too.
pub(crate) fn judged(history: &CustomerHistory) -> Findings {
    Findings::of(history, &FindingLimits::new().least_customers(10), &Work::new()).unwrap()
}

pub(crate) fn finding(history: &CustomerHistory, kind: FindingKind) -> Finding {
    judged(history).of_kind(kind).unwrap().clone()
}

pub(crate) fn grade(lines: &[Line], kind: FindingKind) -> FindingGrade {
    finding(&history(lines), kind).grade
}

/// One purchase of a euro on day 0 by each of the customers 1 to `n`.
pub(crate) fn once_each(n: i64) -> Vec<Line> {
    (1..=n).map(|customer| (customer, 0, 100)).collect()
}

pub(crate) fn fault(row: u64) -> RowFault {
    RowFault::new(row, None, "not a number")
}
