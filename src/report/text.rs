//! The summary: what matters most, on one screen.

use std::fmt::Write;

use crate::report::ReportParts;
use crate::report::escape::shortened;
use crate::report::numbers::{grouped, percent};
use crate::units::{Money, Probability};
use crate::value::ValueUnit;

/// Segments listed before the rest is left to the files.
const SEGMENTS: usize = 6;
/// What a terminal shows without breaking lines.
const WIDTH: usize = 80;

pub(crate) fn summary(parts: &ReportParts<'_>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = tell(parts, &mut out);
    out
}

fn tell(parts: &ReportParts<'_>, out: &mut String) -> std::fmt::Result {
    let ReportParts { quality, value, concentration, segmentation, profile, story, verdict, plan, .. } = *parts;
    let mut line = |text: String| writeln!(out, "{}", shortened(&text, WIDTH));
    let n = value.rows().len();
    line(format!(
        "{} customers, observed from {} to {}",
        grouped(n as f64, 0),
        quality.observed_from,
        quality.observed_until
    ))?;
    line(format!(
        "data      {} rows: {} without a customer, {} returns, {} repeats",
        grouped(quality.rows_read as f64, 0),
        grouped(quality.missing_customers.rows as f64, 0),
        grouped(quality.returns.rows as f64, 0),
        quality.duplicates.map_or("unjudged".to_owned(), |repeats| grouped(repeats.rows as f64, 0)),
    ))?;
    let future = value.total_future().map_or("no future could be estimated".to_owned(), |future| {
        let unit = match value.unit() {
            ValueUnit::Revenue => "revenue, no margin stated",
            ValueUnit::Margin => "margin",
        };
        format!("{} in the next {} ({unit})", money(future), value.horizon())
    });
    line(format!("value     {} so far, net; {future}", money(value.total_current())))?;
    if let Some(held) = concentration {
        let top = |share| percent(held.top_share(Probability::clamped(share)), 2);
        line(format!("          gross: top tenth {}, top fifth {}, Gini {:.4}", top(0.1), top(0.2), held.gini()))?;
    }
    line(format!("          basis {}", value.basis()))?;
    for refused in &value.basis().refused {
        line(format!("          {refused}"))?;
    }
    line(format!("segments  {story}"))?;
    for segment in profile.segments.iter().take(SEGMENTS) {
        let members = segmentation.members(segment.segment);
        let worth: Money = members.iter().map(|&row| value.rows()[row].current).sum();
        let total = value.total_current().amount();
        let share = if total > 0.0 { percent(worth.amount() / total, 0) } else { "-".to_owned() };
        line(format!(
            "{:>4}  {:>9} customers {:>5}, value {:>5}: {}",
            segment.segment.to_string(),
            grouped(segment.customers as f64, 0),
            percent(segment.share, 0),
            share,
            segment.in_words(2)
        ))?;
    }
    if profile.segments.len() > SEGMENTS {
        line(format!("      and {} more", profile.segments.len() - SEGMENTS))?;
    }
    line(format!("verdict   do these segments deserve trust: {}", verdict.answer().in_words()))?;
    for finding in verdict.findings() {
        line(format!("{:>17}  {}", finding.outcome.in_words(), finding.check))?;
    }
    let summary = plan.summary();
    let rests = summary
        .assumed_share
        .map_or("nothing is to be gained".to_owned(), |share| format!("{} of it rests on assumptions", percent(share, 0)));
    line(format!("strategy  {} to be gained, before contact costs; {rests}", money(summary.gain)))?;
    for total in &summary.strategies {
        line(format!(
            "{:>15}  {:<22} {:>16}",
            grouped(total.customers as f64, 0),
            total.lever.in_words(),
            money(total.gain)
        ))?;
    }
    Ok(())
}

fn money(money: Money) -> String {
    grouped(money.amount(), 2)
}
