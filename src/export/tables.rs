//! The tables: customers and segments.

use std::io::{self, Write};

use serde::Serialize;

use crate::cluster::Segmentation;
use crate::export::{Cell, CsvTable, ExportError};
use crate::profile::Profile;
use crate::strategy::StrategyPlan;
use crate::units::{Money, Probability, SegmentId};
use crate::validate::{Detail, Interval, SegmentValue, Verdict};
use crate::value::CustomerValue;

/// Values, segments and strategies of the same customers in the same rows.
#[derive(Debug, Clone, Copy)]
pub struct CustomerTable<'a> {
    value: &'a CustomerValue,
    segmentation: &'a Segmentation,
    plan: &'a StrategyPlan,
}

impl<'a> CustomerTable<'a> {
    /// Puts the three side by side.
    ///
    /// # Errors
    ///
    /// [`ExportError::OtherCustomers`].
    pub fn new(
        value: &'a CustomerValue,
        segmentation: &'a Segmentation,
        plan: &'a StrategyPlan,
    ) -> Result<Self, ExportError> {
        if segmentation.ids() != value.ids() {
            return Err(ExportError::OtherCustomers { what: "the segmentation" });
        }
        if plan.ids() != value.ids() {
            return Err(ExportError::OtherCustomers { what: "the plan" });
        }
        Ok(Self { value, segmentation, plan })
    }
}

/// Writes one row per customer, in the order of the values. Segments count from one; an empty cell
/// is what is not known.
///
/// | column | what it is |
/// |---|---|
/// | `customer_id` | the id, as it came |
/// | `decile` | of current value, 1 being the best |
/// | `purchases`, `days_since_last` | days with a purchase; days from the last one to the end of the observation |
/// | `current_value`, `gross_value` | what was paid, less returns; and before returns |
/// | `future_value`, `value_basis` | expected over the horizon; the models it rests on |
/// | `p_alive`, `p_active` | the chance that there still is a customer; the chance of a purchase within the horizon |
/// | `potential_value` | what the customer could be worth |
/// | `segment` | the customer's one segment |
/// | `primary_strategy`, `primary_gain`, `gain_basis` | what to do, what it should bring, and what that figure rests on |
/// | `secondary_strategy`, `secondary_gain` | what else to do |
/// | `reason` | why |
///
/// # Errors
///
/// What the writer fails with.
pub fn customers_csv(table: &CustomerTable<'_>, out: &mut dyn Write) -> io::Result<()> {
    let header = [
        "customer_id",
        "decile",
        "purchases",
        "days_since_last",
        "current_value",
        "gross_value",
        "future_value",
        "value_basis",
        "p_alive",
        "p_active",
        "potential_value",
        "segment",
        "primary_strategy",
        "primary_gain",
        "gain_basis",
        "secondary_strategy",
        "secondary_gain",
        "reason",
    ];
    let mut csv = CsvTable::new(out, &header)?;
    let basis = table.value.basis().to_string();
    for (row, worth) in table.value.rows().iter().enumerate() {
        let strategy = table.plan.customer(row);
        let (primary, secondary) = (strategy.primary(), strategy.secondary());
        let segment = table.segmentation.segment_of(row).map(|segment| u64::from(segment.0) + 1);
        csv.row(&[
            Cell::Text(&table.value.ids().text(row)),
            Cell::Whole(u64::from(table.value.deciles().of[row])),
            Cell::Whole(u64::from(worth.purchases)),
            Cell::Whole(u64::from(worth.days_since_last.count())),
            Cell::Money(worth.current, 2),
            Cell::Money(worth.gross, 2),
            Cell::money(worth.future(), 4),
            Cell::Text(&basis),
            Cell::decimal(worth.p_alive.map(Probability::value), 6),
            Cell::decimal(worth.p_active.map(Probability::value), 6),
            Cell::money(worth.potential, 4),
            segment.map_or(Cell::Empty, Cell::Whole),
            Cell::Text(primary.name()),
            Cell::Money(primary.gain(), 4),
            Cell::Text(primary.basis().name()),
            Cell::text(secondary.map(|chosen| chosen.name())),
            Cell::money(secondary.map(|chosen| chosen.gain()), 4),
            Cell::Text(&strategy.reason()),
        ])?;
    }
    Ok(())
}

/// Writes one row per segment: its size, its value with the 95 % interval, what sets it apart, the
/// most frequent primary strategy of its members and the gain of all of theirs.
///
/// # Errors
///
/// What the writer fails with.
pub fn segments_csv(
    table: &CustomerTable<'_>,
    profile: &Profile,
    verdict: &Verdict,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header = [
        "segment",
        "name",
        "customers",
        "share",
        "current_value",
        "current_value_low",
        "current_value_high",
        "future_value",
        "future_value_low",
        "future_value_high",
        "traits",
        "most_frequent_strategy",
        "primary_gain",
    ];
    let mut csv = CsvTable::new(out, &header)?;
    for segment in &profile.segments {
        let members = table.segmentation.members(segment.segment);
        let value = intervals(verdict, segment.segment);
        let sum = |of: &dyn Fn(usize) -> Option<Money>| {
            members.iter().map(|&row| of(row)).sum::<Option<Money>>()
        };
        let current = sum(&|row| Some(table.value.rows()[row].current));
        let future = sum(&|row| table.value.rows()[row].future());
        let gain = sum(&|row| Some(table.plan.primary(row).gain));
        let ends = |interval: Option<Interval>| interval.map_or((None, None), |i| (i.low, i.high));
        let (current_low, current_high) = ends(value.map(|value| value.current));
        let (future_low, future_high) = ends(value.and_then(|value| value.future));
        csv.row(&[
            Cell::Whole(u64::from(segment.segment.0) + 1),
            Cell::Text(&segment.name),
            Cell::Whole(segment.customers as u64),
            Cell::Decimal(segment.share, 6),
            Cell::money(current, 2),
            Cell::money(current_low, 2),
            Cell::money(current_high, 2),
            Cell::money(future, 4),
            Cell::money(future_low, 4),
            Cell::money(future_high, 4),
            Cell::Text(&segment.in_words(3)),
            Cell::text(most_frequent(table.plan, &members)),
            Cell::money(gain, 4),
        ])?;
    }
    Ok(())
}

/// What the verdict found of a segment's value, if it looked.
fn intervals(verdict: &Verdict, segment: SegmentId) -> Option<&SegmentValue> {
    verdict.findings().iter().find_map(|finding| match &finding.detail {
        Detail::Values(values) => values.iter().find(|value| value.segment == segment),
        _ => None,
    })
}

fn most_frequent<'a>(plan: &'a StrategyPlan, members: &[usize]) -> Option<&'a str> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for &row in members {
        let name = plan.primary(row).lever.as_str();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map(|(name, _)| name)
}

/// Writes a finding, a quality report or anything else that serialises, as JSON for people and
/// machines.
///
/// # Errors
///
/// What the writer fails with.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}
