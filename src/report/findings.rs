//! Findings about the data: an alarm at the top of the page, and a section with each of them.
//!
//! Their sentences have figures, so that one which would tell of a few customers is replaced; the
//! grade and the direction of the bias stand without it.

use crate::data::{Finding, FindingGrade, Findings};
use crate::report::escape::escaped;
use crate::report::page::{capitalised, prose, section};

/// What is said before anything else where the data cannot carry the rest; else nothing.
pub(crate) fn alarm(findings: &Findings) -> String {
    let refused: Vec<&str> =
        findings.graded(FindingGrade::Refuse).map(|finding| finding.kind.in_words()).collect();
    if refused.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"card answer no\"><h3>The data cannot carry these figures as they are</h3>\
         <p>Mend first: {}. What each of them does to value stands further down.</p></div>",
        escaped(&refused.join(", "))
    )
}

/// A section with what did not pass, the worst first, and the names of what did.
pub(crate) fn findings_section(findings: &Findings, customers: usize, least: usize) -> String {
    let lead = match findings.grade() {
        FindingGrade::Refuse => {
            "No: at least one defect is larger than the figures can bear. They are shown all the same, and should not be acted on before it is mended."
        }
        FindingGrade::Flag => {
            "Yes, with these things in mind: each bends value in the direction that is said."
        }
        FindingGrade::CouldNotBeMade => "No defect was found, but not every check could be made.",
        FindingGrade::Pass => "Yes: no defect was found.",
    };
    let items: String = findings
        .worst_first()
        .iter()
        .filter(|finding| finding.grade > FindingGrade::Pass)
        .map(|finding| item(finding, customers as u64, least as u64))
        .collect();
    let items = match items.as_str() {
        "" => items,
        _ => format!("<ul class=\"findings\">{items}</ul>"),
    };
    let passed: Vec<&str> =
        findings.graded(FindingGrade::Pass).map(|finding| finding.kind.in_words()).collect();
    let passed = match passed.as_slice() {
        [] => String::new(),
        names => {
            format!("<p class=\"note\">Nothing to say about: {}.</p>", escaped(&names.join(", ")))
        }
    };
    section("Can the data carry this?", lead, &format!("{items}{passed}"))
}

fn item(finding: &Finding, customers: u64, least: u64) -> String {
    let class = match finding.grade {
        FindingGrade::Refuse => "fail",
        FindingGrade::Flag => "flag",
        FindingGrade::CouldNotBeMade => "open",
        FindingGrade::Pass => "pass",
    };
    let sentence = if tells_of_few(finding, customers, least) {
        format!("Figures withheld: they would tell of fewer than {least} customers.")
    } else {
        finding.sentence.clone()
    };
    let bias = finding
        .bias_in_words()
        .filter(|_| finding.grade >= FindingGrade::Flag)
        .map_or(String::new(), |bias| format!(" <b>{}.</b>", escaped(&capitalised(&bias))));
    format!(
        "<li><span class=\"badge {class}\">{}</span><h3>{}</h3><p>{}{bias}</p></li>",
        finding.grade.in_words(),
        escaped(&capitalised(finding.kind.in_words())),
        prose(&sentence)
    )
}

/// Whether a finding is about a few customers, or about all but a few of those judged, or judges
/// all but a few: each would be a figure of a small group.
fn tells_of_few(finding: &Finding, customers: u64, least: u64) -> bool {
    let few = |count: u64| (1..least).contains(&count);
    let concerned = finding.customers.unwrap_or(0);
    let judged = finding.customers_judged.unwrap_or(0);
    few(concerned)
        || few(judged)
        || few(judged.saturating_sub(concerned))
        || (judged > 0 && few(customers.saturating_sub(judged)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        Amounts, Batch, FindingLimits, HistorySpec, IdColumn, PartialHistory, Times,
    };
    use crate::work::Work;

    /// So many customers of a euro on day 9999, and returns of all of it by the first `undone`.
    fn findings(customers: i64, undone: i64) -> Findings {
        let lines: Vec<(i64, i64)> =
            (1..=customers).map(|c| (c, 100)).chain((1..=undone).map(|c| (c, -100))).collect();
        let batch = Batch::new(
            IdColumn::integers(lines.iter().map(|line| line.0).collect::<Vec<_>>()),
            Times::Days(vec![9999; lines.len()].into()),
            Amounts::Minor { units: lines.iter().map(|line| line.1).collect(), digits: 2 },
        )
        .unwrap();
        let mut partial = PartialHistory::new(HistorySpec::new()).unwrap();
        partial.add(&batch, &Work::new()).unwrap();
        let history = partial.finish(&Work::new()).unwrap();
        Findings::of(&history, &FindingLimits::new(), &Work::new()).unwrap()
    }

    #[test]
    fn a_refusal_is_said_at_the_top_and_explained_below() {
        let refused = findings(100, 20);
        let top = alarm(&refused);
        assert!(top.contains("Mend first:") && top.contains("sales undone by returns"), "{top}");
        let page = findings_section(&refused, 100, 11);
        assert!(page.contains("<span class=\"badge fail\">refuse</span>"));
        assert!(page.contains("20.0&nbsp;% of the money was spent by customers who returned"));
        assert!(page.contains("<b>Overstates spend per purchase.</b>"));
    }

    #[test]
    fn a_few_customers_cannot_be_read_off() {
        // Ten customers undid their purchases, then all but ten.
        for undone in [10, 90] {
            let page = findings_section(&findings(100, undone), 100, 11);
            assert!(!page.contains("was spent by customers who returned"), "{page}");
            assert!(page.contains("Figures withheld: they would tell of fewer than 11 customers."));
        }
    }
}
