//! What findings measure, and where each statistic flags and refuses unless told otherwise.
//!
//! One closed list, because a statistic without a documented limit would be an opinion without an
//! owner.

use serde::Serialize;

use crate::data::findings::FindingGrade;

/// A statistic of a data set.
///
/// No published standard says how much of a defect is too much. Unless a source is given, the
/// limits are conventions of this crate, with their reasons:
///
/// | statistic | flags | refuses | reason |
/// |---|---|---|---|
/// | share of rows, or of money, without a customer | above 1 % | above 50 % | beyond a half, the known customers are the smaller part of the business |
/// | share of customers with returns only | above 1 % | above 10 % | their purchases lie before the data: so do other customers' |
/// | money of returns-only customers, as a share of gross | above 1 % | above 10 % | as above |
/// | share of rows that repeat another | above 0.5 % | above 10 % | equal lines of one invoice are rare; one in ten is a file loaded twice in part |
/// | share of purchases of zero amount | above 1 % | above 20 % | a gift in a basket is rare; one in five is a log of something else |
/// | share of rows outside the observation | above 1 % | above 50 % | a holdout is usual and worth saying; more than a half is a wrong year |
/// | share of rows that could not be read | above 0 | above 5 % | unread money has no upper bound; one in twenty is a broken export |
/// | share of rows in other currencies | above 0 | above 1 % | amounts are added as they stand |
/// | share of customers with a date before the earliest plausible one | above 0 | above 1 % | such dates are unset clocks, and an age of decades |
/// | longest stretch without customers at an end of the observation, as a share of it | above 10 % | above 50 % | everybody's silence runs through it |
/// | customers who bought again | below 100 | below 10 | the models of purchases refuse fewer than ten; four parameters want some tens of customers each |
/// | median age in typical gaps between purchases | below 3 | below 1.5 | within two gaps nobody can be told lost from slow |
/// | share of customers who bought once | above 80 % | above 95 % | what is known of repeat purchases comes from the rest |
/// | share of customers who buy by the calendar | above 10 % | above 50 % | chance gives 1.8 % at most; beyond a half, the base is one of contracts |
/// | rank correlation of spend and repeat purchases, its size | above 0.1 | above 0.3 | Cohen (1988), *Statistical Power Analysis*: from 0.1 small, from 0.3 medium |
/// | share of repeat customers with the same mean spend | above 25 % | above 80 % | a price list of a few fees, and a single fee |
/// | share of gross that was returned | above 15 % | above 50 % | spend models see gross; beyond a half, most of it is no income |
/// | share of gross with customers who returned nine tenths of theirs | above 1 % | above 10 % | spend models see their gross |
/// | share of gross with the largest customer | above 5 % | above 25 % | a mean that one customer moves by a twentieth is that customer's |
///
/// The correlation of spend itself (Pearson) stands beside that of the ranks and is not graded: a
/// single large order can make or hide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statistic {
    /// Share of the rows read that name no customer.
    RowsWithoutCustomer,
    /// Share of the money in them.
    MoneyWithoutCustomer,
    /// Share of customers who appear with returns only.
    ReturnsOnlyCustomers,
    /// The money they got back, as a share of gross.
    ReturnsOnlyMoney,
    /// Share of the rows judged that repeat another.
    RepeatedRows,
    /// Share of purchases of zero amount, by rows.
    ZeroRows,
    /// Share of the rows read that lie outside the observation.
    RowsOutOfWindow,
    /// Share of the rows read that could not be read.
    UnreadableRows,
    /// Share of rows in another currency than the most frequent one.
    RowsInOtherCurrencies,
    /// Share of customers with a purchase before the earliest plausible date.
    CustomersBeforeEarliest,
    /// The longest stretch at an end of the observation with almost no customer beyond it, as a
    /// share of the observation.
    EmptyStretch,
    /// How many customers bought again.
    RepeatCustomers,
    /// Median age of customers over the median of repeat customers' mean gaps.
    AgeInGaps,
    /// Share of customers who bought once.
    OneTimeCustomers,
    /// Share of customers with three gaps or more whose gaps are equal and as long as a billing
    /// period.
    CalendarRhythm,
    /// Spearman's correlation of mean repeat spend and repeat purchases.
    SpendRankCorrelation,
    /// Pearson's.
    SpendCorrelation,
    /// Share of repeat customers who have the most frequent mean spend.
    CommonSpend,
    /// Money returned, as a share of gross.
    ReturnedMoney,
    /// Gross of customers who returned nine tenths of theirs, as a share of gross.
    UndoneMoney,
    /// Gross of the largest customer, as a share of gross.
    LargestShare,
}

/// Where a statistic flags and refuses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) flag: f64,
    pub(crate) refuse: f64,
}

impl Statistic {
    /// Its limits where nobody set others; `None` for what is not graded.
    pub(crate) fn limit(self) -> Option<Limit> {
        let (flag, refuse) = match self {
            Self::RowsWithoutCustomer | Self::MoneyWithoutCustomer => (0.01, 0.5),
            Self::ReturnsOnlyCustomers | Self::ReturnsOnlyMoney => (0.01, 0.1),
            Self::RepeatedRows => (0.005, 0.1),
            Self::ZeroRows => (0.01, 0.2),
            Self::RowsOutOfWindow => (0.01, 0.5),
            Self::UnreadableRows => (0.0, 0.05),
            Self::RowsInOtherCurrencies | Self::CustomersBeforeEarliest => (0.0, 0.01),
            Self::EmptyStretch => (0.1, 0.5),
            Self::RepeatCustomers => (100.0, 10.0),
            Self::AgeInGaps => (3.0, 1.5),
            Self::OneTimeCustomers => (0.8, 0.95),
            Self::CalendarRhythm => (0.1, 0.5),
            Self::SpendRankCorrelation => (0.1, 0.3),
            Self::SpendCorrelation => return None,
            Self::CommonSpend => (0.25, 0.8),
            Self::ReturnedMoney => (0.15, 0.5),
            Self::UndoneMoney => (0.01, 0.1),
            Self::LargestShare => (0.05, 0.25),
        };
        Some(Limit { flag, refuse })
    }

    /// Whether little of it is bad, and not much of it.
    pub(crate) fn wants_much(self) -> bool {
        matches!(self, Self::RepeatCustomers | Self::AgeInGaps)
    }

    /// The largest value it can have, in size.
    pub(crate) fn most(self) -> f64 {
        if self.wants_much() { f64::MAX } else { 1.0 }
    }

    /// The name of its limit in an error.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RowsWithoutCustomer => "rows_without_customer",
            Self::MoneyWithoutCustomer => "money_without_customer",
            Self::ReturnsOnlyCustomers => "returns_only_customers",
            Self::ReturnsOnlyMoney => "returns_only_money",
            Self::RepeatedRows => "repeated_rows",
            Self::ZeroRows => "zero_rows",
            Self::RowsOutOfWindow => "rows_out_of_window",
            Self::UnreadableRows => "unreadable_rows",
            Self::RowsInOtherCurrencies => "rows_in_other_currencies",
            Self::CustomersBeforeEarliest => "customers_before_earliest",
            Self::EmptyStretch => "empty_stretch",
            Self::RepeatCustomers => "repeat_customers",
            Self::AgeInGaps => "age_in_gaps",
            Self::OneTimeCustomers => "one_time_customers",
            Self::CalendarRhythm => "calendar_rhythm",
            Self::SpendRankCorrelation => "spend_rank_correlation",
            Self::SpendCorrelation => "spend_correlation",
            Self::CommonSpend => "common_spend",
            Self::ReturnedMoney => "returned_money",
            Self::UndoneMoney => "undone_money",
            Self::LargestShare => "largest_share",
        }
    }
}

/// A statistic, its value, and the limits it was held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measure {
    /// What was measured.
    pub statistic: Statistic,
    /// What came out.
    pub value: f64,
    /// Where it flags: beyond this, or below it for the two statistics that should be large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags_at: Option<f64>,
    /// Where it refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuses_at: Option<f64>,
    /// The ends of its 95 % interval, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How often chance alone would give as much, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
}

impl Measure {
    pub(crate) fn new(statistic: Statistic, value: f64, limit: Option<Limit>) -> Self {
        Self {
            statistic,
            value,
            flags_at: limit.map(|limit| limit.flag),
            refuses_at: limit.map(|limit| limit.refuse),
            interval: None,
            p_value: None,
        }
    }

    /// How the value stands to its limits. Without limits it passes.
    pub fn grade(&self) -> FindingGrade {
        let beyond = |limit: Option<f64>| {
            limit.is_some_and(|limit| {
                if self.statistic.wants_much() {
                    self.value < limit
                } else {
                    self.value.abs() > limit
                }
            })
        };
        if beyond(self.refuses_at) {
            FindingGrade::Refuse
        } else if beyond(self.flags_at) {
            FindingGrade::Flag
        } else {
            FindingGrade::Pass
        }
    }
}
