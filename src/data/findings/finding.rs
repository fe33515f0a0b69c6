//! One finding: a grade, what it concerns, which way it bends value, and a sentence.

use std::fmt;

use serde::Serialize;

use crate::data::findings::{Measure, Statistic};
use crate::units::Money;

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// Rows that name no customer.
    MissingCustomers,
    /// Customers who only ever returned something.
    ReturnsOnlyCustomers,
    /// Rows that repeat another in every column.
    ExactRepeats,
    /// Purchases of nothing.
    ZeroAmounts,
    /// Rows before the observation or after it.
    OutOfWindow,
    /// Rows that could not be read.
    UnreadableRows,
    /// More than one currency.
    CurrencyMixture,
    /// Dates that cannot be, or that stand alone far from all others.
    ImplausibleDates,
    /// An observation too short for anybody to buy again, or too few who did.
    ShortWindow,
    /// Customers who bought once.
    OneTimeBuyers,
    /// Customers who buy in step with the calendar, as under a contract.
    ContractualRhythm,
    /// Spend per purchase that goes with the number of purchases.
    SpendDependence,
    /// Customers who all spend the same.
    ConstantSpend,
    /// Sales that returns undo.
    UndoneSales,
    /// One customer with a large share of the money.
    LargestCustomer,
}

impl FindingKind {
    /// The kind as a person would name it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::MissingCustomers => "rows without a customer",
            Self::ReturnsOnlyCustomers => "customers with returns only",
            Self::ExactRepeats => "exact repeats",
            Self::ZeroAmounts => "purchases of zero amount",
            Self::OutOfWindow => "rows outside the observation",
            Self::UnreadableRows => "unreadable rows",
            Self::CurrencyMixture => "mixed currencies",
            Self::ImplausibleDates => "implausible dates",
            Self::ShortWindow => "length of the observation",
            Self::OneTimeBuyers => "one-time buyers",
            Self::ContractualRhythm => "contractual rhythm",
            Self::SpendDependence => "spend that depends on frequency",
            Self::ConstantSpend => "constant spend",
            Self::UndoneSales => "sales undone by returns",
            Self::LargestCustomer => "the largest customer",
        }
    }
}

/// How a finding came out, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingGrade {
    /// Within the limits.
    Pass,
    /// The evidence is missing or does not suffice. Never a pass.
    CouldNotBeMade,
    /// Beyond what goes without saying: read the numbers with it in mind.
    Flag,
    /// Beyond what the numbers can carry: mend the data before anything rests on them.
    Refuse,
}

impl FindingGrade {
    /// The grade as a person would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::CouldNotBeMade => "could not be made",
            Self::Flag => "flag",
            Self::Refuse => "refuse",
        }
    }
}

/// Which way a defect bends a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// The quantity comes out too high.
    Overstates,
    /// The quantity comes out too low.
    Understates,
    /// Too high or too low; the data do not say which.
    Either,
    /// Not at all.
    None,
}

/// What a defect bends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BiasedQuantity {
    /// What customers brought so far.
    CurrentValue,
    /// What customers will bring.
    FutureValue,
    /// How often customers buy.
    PurchaseRate,
    /// What customers spend each time.
    SpendPerPurchase,
    /// The chance that a customer still is one.
    Survival,
}

impl BiasedQuantity {
    /// The quantity as a person would name it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::CurrentValue => "current value",
            Self::FutureValue => "future value",
            Self::PurchaseRate => "the purchase rate",
            Self::SpendPerPurchase => "spend per purchase",
            Self::Survival => "the chance of still being a customer",
        }
    }
}

/// What was found of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked for.
    pub kind: FindingKind,
    /// How it came out.
    pub grade: FindingGrade,
    /// Which way it bends the quantity.
    pub bias: Bias,
    /// The quantity that it bends first.
    pub quantity: BiasedQuantity,
    /// Rows concerned, where rows are counted.
    pub rows: Option<u64>,
    /// Customers concerned, where customers are counted.
    pub customers: Option<u64>,
    /// The customers who were looked at.
    pub customers_judged: Option<u64>,
    /// The money concerned, where it is known.
    pub money: Option<Money>,
    /// What was measured and the limits, the statistic that matters most first. Empty where the
    /// check could not be made for want of data.
    pub measures: Vec<Measure>,
    /// What it means, in plain words.
    pub sentence: String,
}

impl Finding {
    /// The grade is that of the worst measure.
    pub(crate) fn new(
        kind: FindingKind,
        (bias, quantity): (Bias, BiasedQuantity),
        measures: Vec<Measure>,
        sentence: impl Into<String>,
    ) -> Self {
        let grade = measures.iter().map(Measure::grade).max();
        Self {
            kind,
            grade: grade.unwrap_or(FindingGrade::CouldNotBeMade),
            bias,
            quantity,
            rows: None,
            customers: None,
            customers_judged: None,
            money: None,
            measures,
            sentence: sentence.into(),
        }
    }

    /// A check without its evidence. What it would have been biased by stays open.
    pub(crate) fn open(
        kind: FindingKind,
        quantity: BiasedQuantity,
        sentence: impl Into<String>,
    ) -> Self {
        Self::new(kind, (Bias::Either, quantity), Vec::new(), sentence)
    }

    pub(crate) fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    pub(crate) fn customers(mut self, concerned: u64, judged: u64) -> Self {
        (self.customers, self.customers_judged) = (Some(concerned), Some(judged));
        self
    }

    pub(crate) fn money(mut self, money: Money) -> Self {
        self.money = Some(money);
        self
    }

    /// For a defect that a rule has taken out of the history: worth a flag, and no refusal.
    pub(crate) fn at_most_flagged(mut self) -> Self {
        self.grade = self.grade.min(FindingGrade::Flag);
        self
    }

    /// For a statistic that chance can explain.
    pub(crate) fn not_proven(mut self) -> Self {
        self.grade = FindingGrade::CouldNotBeMade;
        self
    }

    /// The share of rows, customers or money concerned: the value of the first measure. `None`
    /// where that is no share, and where nothing was measured.
    pub fn share(&self) -> Option<f64> {
        let first = self.measures.first()?;
        let is_share =
            !first.statistic.wants_much() && first.statistic != Statistic::SpendRankCorrelation;
        is_share.then_some(first.value)
    }

    /// What it does to which quantity, as `overstates current value`. `None` where it does nothing.
    pub fn bias_in_words(&self) -> Option<String> {
        let verb = match self.bias {
            Bias::Overstates => "overstates",
            Bias::Understates => "understates",
            Bias::Either => "may overstate or understate",
            Bias::None => return None,
        };
        Some(format!("{verb} {}", self.quantity.in_words()))
    }
}

impl fmt::Display for Finding {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.grade.in_words(), self.kind.in_words(), self.sentence)?;
        match self.bias_in_words() {
            Some(bias) if self.grade >= FindingGrade::Flag => write!(f, " ({bias})"),
            _ => Ok(()),
        }
    }
}

/// A share as people read it. What is not nothing does not read as nothing, nor what is not all as
/// all.
pub(crate) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.000_5 {
        "less than 0.1 %".to_owned()
    } else if share > 0.999_5 && share < 1.0 {
        "more than 99.9 %".to_owned()
    } else {
        format!("{:.1} %", 100.0 * share)
    }
}

/// A number and its noun, which takes an `s` for any number but one.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `part` of `whole`, which is nothing where there is no whole.
pub(crate) fn share_of(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FindingLimits;

    #[test]
    fn the_worst_measure_grades() {
        let limits = FindingLimits::new();
        let of = |rows, money| {
            let measures = vec![
                limits.measure(Statistic::RowsWithoutCustomer, rows),
                limits.measure(Statistic::MoneyWithoutCustomer, money),
            ];
            let way = (Bias::Understates, BiasedQuantity::CurrentValue);
            Finding::new(FindingKind::MissingCustomers, way, measures, "Some.")
        };
        assert_eq!(of(0.005, 0.6).grade, FindingGrade::Refuse);
        assert_eq!(of(0.02, 0.0).grade, FindingGrade::Flag);
        assert_eq!(of(0.0, 0.0).grade, FindingGrade::Pass);
        assert_eq!(of(0.02, 0.0).share(), Some(0.02));
        assert_eq!(of(0.0, 0.6).at_most_flagged().grade, FindingGrade::Flag);
        assert_eq!(
            of(0.02, 0.0).to_string(),
            "flag: rows without a customer. Some. (understates current value)"
        );
    }

    #[test]
    fn without_evidence_it_is_no_pass() {
        let kind = FindingKind::CurrencyMixture;
        let finding = Finding::open(kind, BiasedQuantity::CurrentValue, "No column.");
        assert_eq!(finding.grade, FindingGrade::CouldNotBeMade);
        assert!(finding.grade > FindingGrade::Pass);
        assert_eq!(finding.to_string(), "could not be made: mixed currencies. No column.");
    }

    #[test]
    fn a_little_is_not_nothing() {
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.000_01), "less than 0.1 %");
        assert_eq!(percent(0.249_27), "24.9 %");
        assert_eq!(percent(0.999_9), "more than 99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!((counted(1, "row"), counted(0, "row")), ("1 row".into(), "0 rows".into()));
    }
}
