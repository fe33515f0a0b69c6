//! All findings of a history, the worst first.

use std::fmt;

use serde::Serialize;

use crate::data::findings::{account, currency, dates, money, rhythm, spend, window};
use crate::data::{CustomerHistory, DataError, Finding, FindingGrade, FindingKind, FindingLimits};
use crate::work::Work;

/// What there is to say about a history before anything rests on it.
///
/// A pure function of the history: the order, batching and partitioning of its rows make no
/// difference. Ask for the rhythm before reading
/// ([`HistorySpec::rhythm`](crate::data::HistorySpec::rhythm)), or one check could not be made.
///
/// # Example
///
#[cfg_attr(feature = "csv", doc = "```")]
#[cfg_attr(not(feature = "csv"), doc = "```ignore")]
/// use segmentry::data::{
///     CsvTransactions, CustomerHistory, FindingGrade, FindingKind, FindingLimits, Findings,
///     HistorySpec,
/// };
/// use segmentry::work::Work;
///
/// let shop = CsvTransactions::open("examples/data/cdnow.csv")?.time("date");
/// let history = CustomerHistory::read(&shop, &HistorySpec::new().rhythm(), &Work::new())?;
/// let findings = Findings::of(&history, &FindingLimits::new(), &Work::new())?;
///
/// // Who buys more often spends more each time, which the Gamma-Gamma model rules out.
/// assert_eq!(findings.grade(), FindingGrade::Flag);
/// let dependence = findings.of_kind(FindingKind::SpendDependence).unwrap();
/// assert_eq!(format!("{:.2}", dependence.measures[0].value), "0.21");
/// assert_eq!(dependence.bias_in_words().unwrap(), "understates future value");
/// println!("{findings}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    grade: FindingGrade,
    findings: Vec<Finding>,
}

impl Findings {
    /// Looks for every kind of defect.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`] for limits that cannot be used; [`DataError::Cancelled`].
    ///
    /// # Cost
    ///
    /// `n log n` in customers, and some 60 bytes of memory for each while it lasts.
    pub fn of(
        history: &CustomerHistory,
        limits: &FindingLimits,
        work: &Work,
    ) -> Result<Self, DataError> {
        limits.validate()?;
        let quality = history.quality();
        let mut findings = vec![
            account::missing_customers(quality, limits),
            account::returns_only(quality, limits),
            account::exact_repeats(quality, limits),
            account::zero_amounts(quality, limits),
            account::out_of_window(quality, limits),
            account::unreadable_rows(quality, limits),
            currency::currency_mixture(quality, limits),
        ];
        let of_customers = [
            dates::implausible_dates,
            window::short_window,
            window::one_time_buyers,
            rhythm::contractual_rhythm,
            spend::spend_dependence,
            spend::constant_spend,
            money::undone_sales,
            money::largest_customer,
        ];
        for find in of_customers {
            work.check()?;
            findings.push(find(history, limits));
        }
        Ok(Self::ranked(findings))
    }

    fn ranked(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| b.grade.cmp(&a.grade).then(a.kind.cmp(&b.kind)));
        let worst = findings.iter().map(|finding| finding.grade).max();
        Self { grade: worst.unwrap_or(FindingGrade::CouldNotBeMade), findings }
    }

    /// The worst of them: a pass only if every one passes.
    pub fn grade(&self) -> FindingGrade {
        self.grade
    }

    /// One of each kind, the worst first; equal grades in the order of the kinds.
    pub fn worst_first(&self) -> &[Finding] {
        &self.findings
    }

    /// Those of a grade.
    pub fn graded(&self, grade: FindingGrade) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.grade == grade)
    }

    /// The one of a kind.
    pub fn of_kind(&self, kind: FindingKind) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.kind == kind)
    }
}

impl fmt::Display for Findings {
    /// The grade of all, then a line for each, the worst first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data: {}", self.grade.in_words())?;
        for finding in &self.findings {
            write!(f, "\n  {finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::fixture::{Line, history, judged, once_each};

    /// Twelve customers, of whom each comes every few days; one row of nobody.
    fn shop() -> Vec<Line> {
        let mut lines: Vec<Line> = (1..=12)
            .flat_map(|customer| {
                let step = 2 + customer as i32 % 5;
                (0..40).step_by(step as usize).map(move |day| {
                    (customer, day, 500 + customer * 37 + i64::from(day * day % 41))
                })
            })
            .collect();
        lines.push((0, 3, 700_000));
        lines.push((3, 20, -250));
        lines
    }

    #[test]
    fn each_kind_once_and_the_worst_first() {
        let findings = judged(&history(&shop()));
        assert_eq!(findings.worst_first().len(), 15);
        assert!(findings.worst_first().is_sorted_by(|a, b| a.grade >= b.grade));
        assert_eq!(findings.worst_first()[0].grade, findings.grade());
        assert_eq!(findings.worst_first()[0].kind, FindingKind::MissingCustomers);
        let text = findings.to_string();
        assert!(
            text.starts_with("data: refuse\n  refuse: rows without a customer. 1 of "),
            "{text}"
        );
        assert_eq!(text.lines().count(), 16);
        assert!(findings.worst_first().iter().all(|finding| finding.sentence.ends_with('.')));
    }

    #[test]
    fn a_check_that_could_not_be_made_keeps_all_from_passing() {
        let findings = judged(&history(&once_each(12)));
        let open = findings.of_kind(FindingKind::CurrencyMixture).unwrap();
        assert_eq!(open.grade, FindingGrade::CouldNotBeMade);
        assert!(findings.grade() > FindingGrade::Pass);
    }

    #[test]
    fn the_order_of_rows_makes_no_difference() {
        let findings = judged(&history(&shop()));
        let mut lines = shop();
        lines.reverse();
        lines.rotate_left(17);
        assert_eq!(judged(&history(&lines)), findings);
    }

    #[test]
    fn as_json_it_names_what_it_measured() {
        let json = serde_json::to_value(judged(&history(&shop()))).unwrap();
        assert_eq!(
            (&json["grade"], json["findings"].as_array().unwrap().len()),
            (&"refuse".into(), 15)
        );
        let worst = &json["findings"][0];
        assert_eq!(worst["kind"], "missing_customers");
        assert_eq!(
            (&worst["bias"], &worst["quantity"]),
            (&"understates".into(), &"current_value".into())
        );
        assert_eq!(worst["measures"][1]["statistic"], "money_without_customer");
        assert_eq!(worst["measures"][1]["refuses_at"], 0.5);
    }

    #[test]
    fn limits_are_checked_first_and_work_can_be_cancelled() {
        let history = history(&once_each(3));
        let bad = FindingLimits::new().least_customers(0);
        assert!(matches!(
            Findings::of(&history, &bad, &Work::new()),
            Err(DataError::Param { name: "least_customers", .. })
        ));
        let work = Work::new();
        work.canceller().cancel();
        let cancelled = Findings::of(&history, &FindingLimits::new(), &work);
        assert!(matches!(cancelled, Err(DataError::Cancelled(_))));
    }
}
