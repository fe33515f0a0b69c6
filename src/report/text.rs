//! The summary: what matters most, on one screen.

use std::fmt::Write;

use crate::data::{Finding, FindingGrade, Findings};
use crate::report::ReportParts;
use crate::report::escape::shortened;
use crate::report::numbers::{grouped, percent, span};
use crate::strategy::Sensitivity;
use crate::units::{Money, Probability};
use crate::value::ValueUnit;

/// Segments listed before the rest is left to the files.
const SEGMENTS: usize = 6;
/// Flags told before the rest is only counted.
const FLAGS: usize = 3;
/// What a terminal shows without breaking lines.
const WIDTH: usize = 80;

pub(crate) fn summary(parts: &ReportParts<'_>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = tell(parts, &mut out);
    out
}

fn tell(parts: &ReportParts<'_>, out: &mut String) -> std::fmt::Result {
    let ReportParts {
        quality,
        findings,
        attributes,
        value,
        concentration,
        segmentation,
        profile,
        story,
        verdict,
        plan,
        sensitivity,
        ..
    } = *parts;
    let n = value.rows().len();
    writeln!(
        out,
        "{} customers, observed from {} to {}",
        grouped(n as f64, 0),
        quality.observed_from,
        quality.observed_until
    )?;
    for refused in findings.graded(FindingGrade::Refuse) {
        paragraph(out, "REFUSED", &told(refused))?;
    }
    let repeats = quality.duplicates.map_or("repeats not judged".to_owned(), |repeats| {
        format!("{} repeats", grouped(repeats.rows as f64, 0))
    });
    paragraph(
        out,
        "data",
        &format!(
            "{} rows: {} without a customer, {} returns, {repeats}",
            grouped(quality.rows_read as f64, 0),
            grouped(quality.missing_customers.rows as f64, 0),
            grouped(quality.returns.rows as f64, 0),
        ),
    )?;
    for flagged in findings.graded(FindingGrade::Flag).take(FLAGS) {
        paragraph(out, "", &format!("flag: {}", told(flagged)))?;
    }
    paragraph(out, "", &tally(findings))?;
    if let Some(attributes) = attributes {
        let matched = grouped(attributes.matched() as f64, 0);
        let nobody = grouped(attributes.unmatched() as f64, 0);
        paragraph(
            out,
            "",
            &format!("attributes of {matched} customers; {nobody} rows of attributes are nobody's"),
        )?;
    }
    let future = value.total_future().map_or("no future could be estimated".to_owned(), |future| {
        format!("{} expected in the next {}", money(future), span(value.horizon()))
    });
    paragraph(out, "value", &format!("{} net so far; {future}", money(value.total_current())))?;
    if let Some(held) = concentration {
        let top = |share| percent(held.top_share(Probability::clamped(share)), 2);
        let gross = format!(
            "of gross value the top tenth holds {}, the top fifth {}; Gini {:.4}",
            top(0.1),
            top(0.2),
            held.gini()
        );
        paragraph(out, "", &gross)?;
    }
    let unit = match value.unit() {
        ValueUnit::Revenue => "in revenue, as no margin was stated",
        ValueUnit::Margin => "in margin",
    };
    paragraph(out, "", &format!("{unit}, by {}", value.basis()))?;
    for note in &value.basis().notes {
        paragraph(out, "", note)?;
    }
    paragraph(out, "segments", story)?;
    let total = value.total_current().amount();
    for segment in profile.segments.iter().take(SEGMENTS) {
        let members = segmentation.members(segment.segment);
        let worth: Money = members.iter().map(|&row| value.rows()[row].current).sum();
        let share = if total > 0.0 { percent(worth.amount() / total, 0) } else { "-".to_owned() };
        let figures = format!(
            "{:>8} customers {:>5} {:>5} of value ",
            grouped(segment.customers as f64, 0),
            percent(segment.share, 0),
            share,
        );
        let words = shortened(&segment.in_words(3), WIDTH - 6 - figures.len());
        writeln!(out, "{:>4}  {figures}{words}", segment.segment.to_string())?;
    }
    if profile.segments.len() > SEGMENTS {
        writeln!(out, "      and {} more", profile.segments.len() - SEGMENTS)?;
    }
    paragraph(
        out,
        "verdict",
        &format!("do these segments deserve trust: {}", verdict.answer().in_words()),
    )?;
    for finding in verdict.findings() {
        writeln!(
            out,
            "{:>26}  {}",
            finding.outcome.in_words(),
            shortened(&finding.check, WIDTH - 28)
        )?;
    }
    let summary = plan.summary();
    let costs = if plan.costs_are_stated() { "after" } else { "before" };
    let rests = summary.assumed_share.map_or("nothing is to be gained".to_owned(), |share| {
        format!(
            "{} to be gained {costs} contact costs, {} of it assumed",
            money(summary.gain),
            percent(share, 0)
        )
    });
    paragraph(out, "strategy", &rests)?;
    for total in &summary.strategies {
        writeln!(
            out,
            "{:>14} customers  {:<24} {:>16}",
            grouped(total.customers as f64, 0),
            shortened(&total.lever.in_words(), 24),
            money(total.gain)
        )?;
    }
    if let Some(budgeting) = plan.budgeting() {
        for limit in &budgeting.limits {
            let told = format!(
                "{} of {} {} used, one more gains {}",
                grouped(limit.used, 0),
                grouped(limit.at_most, 0),
                limit.resource.in_words(),
                limit.price
            );
            paragraph(out, "limit", &told)?;
        }
    }
    if let Some(most) = sensitivity.and_then(Sensitivity::most) {
        let told = format!(
            "{}: {}; {} flip if it moves by 25 %",
            most.lever.in_words(),
            most.assumption.in_words(),
            percent(most.at_a_quarter(), 1)
        );
        paragraph(out, "most hangs on", &told)?;
    }
    Ok(())
}

/// A finding in a line or two: the first sentence, which has the figures, and the bias.
fn told(finding: &Finding) -> String {
    let sentence = finding
        .sentence
        .split_once(". ")
        .map_or(finding.sentence.trim_end_matches('.'), |(first, _)| first);
    let bias = finding.bias_in_words().map_or(String::new(), |bias| format!(" ({bias})"));
    format!("{}: {sentence}{bias}", finding.kind.in_words())
}

/// How many checks of the data came out how.
fn tally(findings: &Findings) -> String {
    let grades = [
        (FindingGrade::Refuse, "refused"),
        (FindingGrade::Flag, "flagged"),
        (FindingGrade::CouldNotBeMade, "could not be made"),
        (FindingGrade::Pass, "passed"),
    ];
    let counts = grades.into_iter().map(|(grade, word)| (findings.graded(grade).count(), word));
    let told: Vec<String> =
        counts.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    format!("{} checks of the data: {}", findings.worst_first().len(), told.join(", "))
}

/// A heading and its text, broken into lines that stand under one another.
fn paragraph(out: &mut String, heading: &str, text: &str) -> std::fmt::Result {
    let mut line = format!("{heading:<9}");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH
            && line.trim_start() != heading.trim_start()
        {
            writeln!(out, "{line}")?;
            line = " ".repeat(9);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(out, "{}", line.trim_end())
}

fn money(money: Money) -> String {
    grouped(money.amount(), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_break_at_the_width_and_keep_every_word() {
        let mut out = String::new();
        let text = "one two three ".repeat(12);
        paragraph(&mut out, "story", text.trim()).unwrap();
        assert!(out.lines().count() > 1);
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH && line.len() > 10));
        assert_eq!(out.split_whitespace().count(), 1 + 36);
        assert!(out.starts_with("story     one"));
    }

    #[test]
    fn a_word_wider_than_the_screen_is_not_lost() {
        let mut out = String::new();
        paragraph(&mut out, "x", &"w".repeat(200)).unwrap();
        assert!(out.contains(&"w".repeat(200)));
    }
}
