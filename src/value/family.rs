//! Which family of models fits the data at hand: purchases at any time, at known opportunities, or
//! under a contract.
//!
//! Whether there is a contract is a fact of the business, and whoever knows it need not ask. Data
//! only look like one or the other; so this gives what decided, and says where it cannot tell.

use std::fmt;

use serde::Serialize;

use crate::data::{CustomerHistory, FindingKind, Findings, Statistic};

/// A family of models of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseFamily {
    /// Purchases at any time, and customers who leave without a word:
    /// [`MbgNbd`](crate::value::MbgNbd), valued by [`LifetimeValue`](crate::value::LifetimeValue).
    AnyTime,
    /// Purchases at known opportunities, and customers who leave without a word:
    /// [`BgBb`](crate::value::BgBb), valued by
    /// [`OpportunityValue`](crate::value::OpportunityValue).
    Opportunities,
    /// Payments under a contract, whose end is seen:
    /// [`ShiftedBetaGeometric`](crate::value::ShiftedBetaGeometric),
    /// [`KaplanMeier`](crate::value::KaplanMeier), valued by
    /// [`ContractValue`](crate::value::ContractValue).
    Contract,
}

impl PurchaseFamily {
    /// The family as a person would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::AnyTime => "purchases at any time, without a contract",
            Self::Opportunities => "purchases at known opportunities, without a contract",
            Self::Contract => "payments under a contract",
        }
    }
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FamilyReason {
    /// Most customers pay in equal steps of weeks, months or years and leave none out.
    MostPayByTheCalendar,
    /// Purchases share a few days, and customers leave some of them out.
    PurchasesShareFewDays,
    /// Hardly anybody buys by the calendar, and purchases spread over the days.
    NoRhythmAndNoCommonDays,
    /// How many buy by the calendar is not known: the rhythm was not asked for, or too few bought
    /// often enough to have one.
    RhythmUnknown,
    /// Too few customers bought again and fell silent to see which days purchases share.
    DaysUnknown,
    /// Some of each: more buy by the calendar, or share days, than chance explains, and fewer than
    /// either family would have. A mixed business, which is better cut before it is modelled.
    Between,
}

impl FamilyReason {
    fn in_words(self) -> &'static str {
        match self {
            Self::MostPayByTheCalendar => {
                "most customers buy in equal steps of weeks, months or years"
            }
            Self::PurchasesShareFewDays => {
                "purchases share a few days, and customers leave some of them out"
            }
            Self::NoRhythmAndNoCommonDays => {
                "hardly anybody buys by the calendar, and purchases spread over the days"
            }
            Self::RhythmUnknown => "how many customers buy by the calendar is not known",
            Self::DaysUnknown => {
                "too few customers bought again and fell silent to see which days they share"
            }
            Self::Between => "there is more rhythm than chance gives and less than contracts have",
        }
    }
}

/// Which family a history looks like, and why.
///
/// # How it decides
///
/// | calendar share | day spread | verdict |
/// |---|---|---|
/// | at least 75 % | any | a contract |
/// | below | at most 15 % | known opportunities |
/// | at most 10 % | at least 30 % | any time |
/// | otherwise | | cannot tell |
///
/// - The *calendar share* is the statistic
///   [`CalendarRhythm`](crate::data::Statistic::CalendarRhythm) of the findings: of the customers
///   with three gaps between purchases, those whose gaps are equal and as long as a billing period.
///   Under a contract nobody can leave a payment out, and a quarter is room for pauses, changes of
///   plan and failed payments. Where there are opportunities without a contract, whoever leaves one
///   out has unequal gaps. A tenth is where the findings begin to flag; chance gives 1.8 % at most.
/// - The *day spread* is the number of days among which last purchases are spread, as a share of
///   the days of the observation: one over the chance that two of them fall on the same day. Only
///   customers who bought again count, and who have been silent for at least their own mean gap:
///   whoever is active bought last at the end of the observation, whatever the family. A shop has
///   0.4 and more, also one that is closed at weekends, because its customers leave one by one; a
///   yearly appeal that takes four weeks has at most 28 days in 365, 0.08.
///
/// Customers who hardly ever leave out an opportunity look like customers under contract: the
/// difference between them is not in the data.
///
/// # Example
///
#[cfg_attr(feature = "csv", doc = "```")]
#[cfg_attr(not(feature = "csv"), doc = "```ignore")]
/// use segmentry::data::{CsvTransactions, CustomerHistory, FindingLimits, Findings, HistorySpec};
/// use segmentry::value::{FamilyVerdict, PurchaseFamily};
/// use segmentry::work::Work;
///
/// let shop = CsvTransactions::open("examples/data/cdnow.csv")?.time("date");
/// let history = CustomerHistory::read(&shop, &HistorySpec::new().rhythm(), &Work::new())?;
/// let findings = Findings::of(&history, &FindingLimits::new(), &Work::new())?;
///
/// let verdict = FamilyVerdict::of(&history, &findings);
/// assert_eq!(verdict.family(), Some(PurchaseFamily::AnyTime));
/// assert!(verdict.calendar_share().unwrap() < 0.01);
/// assert!(verdict.day_spread().unwrap() > 0.6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FamilyVerdict {
    family: Option<PurchaseFamily>,
    reason: FamilyReason,
    calendar_share: Option<f64>,
    customers_judged: Option<u64>,
    day_spread: Option<f64>,
}

/// From this share on, payments by the calendar are those of contracts.
const CONTRACT: f64 = 0.75;
/// Up to this share, rhythm is an exception.
const NO_RHYTHM: f64 = 0.10;
/// Up to this spread, purchases share days.
const SHARED: f64 = 0.15;
/// From this spread on, they do not.
const SPREAD: f64 = 0.3;
/// Customers below which days in common say nothing.
const LEAST: u64 = 30;

impl FamilyVerdict {
    /// The verdict on a history and what was found in it.
    ///
    /// Ask for the rhythm before reading
    /// ([`HistorySpec::rhythm`](crate::data::HistorySpec::rhythm)), or nothing can be told.
    pub fn of(history: &CustomerHistory, findings: &Findings) -> Self {
        let finding = findings.of_kind(FindingKind::ContractualRhythm);
        let measure = finding.and_then(|finding| {
            finding.measures.iter().find(|m| m.statistic == Statistic::CalendarRhythm)
        });
        let calendar_share = measure.map(|measure| measure.value);
        let customers_judged = finding.and_then(|finding| finding.customers_judged);
        let day_spread = day_spread(history);
        let (family, reason) = decide(calendar_share, day_spread);
        Self { family, reason, calendar_share, customers_judged, day_spread }
    }

    /// The family; `None` where the data do not say.
    pub fn family(&self) -> Option<PurchaseFamily> {
        self.family
    }

    /// What decided, or why nothing did.
    pub fn reason(&self) -> FamilyReason {
        self.reason
    }

    /// The share of the customers judged who buy in equal steps of the calendar. `None` where it
    /// could not be measured.
    pub fn calendar_share(&self) -> Option<f64> {
        self.calendar_share
    }

    /// How many customers bought often enough to have a rhythm. `None` where it was not measured.
    pub fn customers_judged(&self) -> Option<u64> {
        self.customers_judged
    }

    /// Among how many days last purchases are spread, as a share of the days of the observation:
    /// near 0 where purchases share a few days. Above 1 by chance only. `None` for fewer than 30
    /// customers who bought again and fell silent, and where no two of them share a day.
    pub fn day_spread(&self) -> Option<f64> {
        self.day_spread
    }
}

impl fmt::Display for FamilyVerdict {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = self.family.map_or("cannot tell", PurchaseFamily::in_words);
        write!(f, "{family}: {}", self.reason.in_words())?;
        if let Some(share) = self.calendar_share {
            write!(f, "; calendar share {share:.3}")?;
        }
        if let Some(spread) = self.day_spread {
            write!(f, "; day spread {spread:.3}")?;
        }
        Ok(())
    }
}

fn decide(
    calendar_share: Option<f64>,
    day_spread: Option<f64>,
) -> (Option<PurchaseFamily>, FamilyReason) {
    let Some(share) = calendar_share else { return (None, FamilyReason::RhythmUnknown) };
    if share >= CONTRACT {
        return (Some(PurchaseFamily::Contract), FamilyReason::MostPayByTheCalendar);
    }
    let Some(spread) = day_spread else { return (None, FamilyReason::DaysUnknown) };
    if spread <= SHARED {
        (Some(PurchaseFamily::Opportunities), FamilyReason::PurchasesShareFewDays)
    } else if share <= NO_RHYTHM && spread >= SPREAD {
        (Some(PurchaseFamily::AnyTime), FamilyReason::NoRhythmAndNoCommonDays)
    } else {
        (None, FamilyReason::Between)
    }
}

fn day_spread(history: &CustomerHistory) -> Option<f64> {
    let (from, until) = (history.observed_from(), history.observed_until());
    let length = from.day_number().abs_diff(until.day_number()) as usize + 1;
    let mut lasts = vec![0u64; length];
    let mut customers = 0u64;
    for row in (0..history.n_customers()).filter(|&row| history.repeat_purchases(row) > 0) {
        let span = u64::from(history.age_at_last(row).count());
        let silence = u64::from(history.days_since_last(row).count());
        // Silent for at least the mean gap.
        if silence * u64::from(history.repeat_purchases(row)) < span {
            continue;
        }
        let day = from.day_number().abs_diff(history.last_purchase(row).day_number()) as usize;
        if let Some(last) = lasts.get_mut(day) {
            *last += 1;
            customers += 1;
        }
    }
    // Ordered pairs of different customers, so that the estimate does not depend on their number.
    let pairs: u128 = lasts.iter().map(|&n| u128::from(n) * u128::from(n.saturating_sub(1))).sum();
    if customers < LEAST || pairs == 0 {
        return None;
    }
    let all = u128::from(customers) * u128::from(customers - 1);
    Some(all as f64 / pairs as f64 / length as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        Amounts, Batch, FindingLimits, HistorySpec, IdColumn, PartialHistory, Times,
    };
    use crate::num::random::{Purpose, Stream};
    use crate::work::Work;

    const START: i32 = 18_262;

    fn read(purchases: &[(i64, i32)], spec: HistorySpec) -> CustomerHistory {
        let ids: Vec<_> = purchases.iter().map(|p| p.0).collect();
        let days = purchases.iter().map(|p| START + p.1).collect();
        let amounts = Amounts::Minor { units: vec![1000; purchases.len()].into(), digits: 2 };
        let batch = Batch::new(IdColumn::integers(ids), Times::Days(days), amounts).unwrap();
        let mut partial = PartialHistory::new(spec).unwrap();
        partial.add(&batch, &Work::new()).unwrap();
        partial.finish(&Work::new()).unwrap()
    }

    fn judged(purchases: &[(i64, i32)]) -> FamilyVerdict {
        let history = read(purchases, HistorySpec::new().rhythm());
        let findings = Findings::of(&history, &FindingLimits::new(), &Work::new()).unwrap();
        FamilyVerdict::of(&history, &findings)
    }

    /// Monthly subscriptions over three years that begin on any day and end with a chance of one in
    /// ten; `bought` of a hundred customers buy something in between.
    fn subscriptions(bought: i64) -> Vec<(i64, i32)> {
        let mut stream = Stream::new(5, Purpose::Sample, 0);
        let mut purchases = Vec::new();
        for customer in 0..500 {
            let mut day = stream.below(600) as i32;
            while day < 1096 {
                purchases.push((customer, day));
                if customer % 100 < bought {
                    purchases.push((customer, day + 3 + stream.below(20) as i32));
                }
                if stream.chance(0.1) {
                    break;
                }
                day += 30 + stream.below(2) as i32;
            }
        }
        purchases
    }

    /// Gifts at eight yearly appeals of four weeks each, by donors who give with probability `p`.
    fn gifts(p: f64) -> Vec<(i64, i32)> {
        let mut stream = Stream::new(6, Purpose::Sample, 0);
        let mut purchases = Vec::new();
        for donor in 0..500 {
            for year in 0..8 {
                if year == 0 || stream.chance(p) {
                    purchases.push((donor, 365 * year + stream.below(28) as i32));
                }
            }
        }
        purchases
    }

    /// Purchases at any time, on the days that the shop is open.
    fn shop(open: i32) -> Vec<(i64, i32)> {
        let mut stream = Stream::new(7, Purpose::Sample, 0);
        let mut purchases = Vec::new();
        for customer in 0..500 {
            let mut day = stream.below(90) as f64;
            while day < 700.0 && !stream.chance(0.1) {
                let open_day = day as i32 / 7 * 7 + (day as i32 % 7).min(open - 1);
                purchases.push((customer, open_day));
                day += 40.0 * stream.exponential();
            }
        }
        purchases
    }

    #[test]
    fn monthly_bills_are_a_contract() {
        let verdict = judged(&subscriptions(0));
        assert_eq!(verdict.family(), Some(PurchaseFamily::Contract), "{verdict}");
        assert_eq!(verdict.reason(), FamilyReason::MostPayByTheCalendar);
        assert!(verdict.calendar_share().unwrap() > 0.95 && verdict.day_spread().unwrap() > SPREAD);
    }

    #[test]
    fn yearly_gifts_are_opportunities_whatever_the_donors_do() {
        for p in [0.2, 0.5, 0.7] {
            let verdict = judged(&gifts(p));
            assert_eq!(verdict.family(), Some(PurchaseFamily::Opportunities), "{p}: {verdict}");
            assert_eq!(verdict.reason(), FamilyReason::PurchasesShareFewDays);
        }
        // Who never leaves one out looks like a subscriber.
        assert_eq!(judged(&gifts(0.99)).family(), Some(PurchaseFamily::Contract));
    }

    #[test]
    fn shopping_is_neither_also_where_weekends_are_closed() {
        for open in [7, 6, 5] {
            let verdict = judged(&shop(open));
            assert_eq!(verdict.family(), Some(PurchaseFamily::AnyTime), "{open}: {verdict}");
        }
    }

    #[test]
    fn a_mixed_business_is_not_told() {
        let verdict = judged(&subscriptions(60));
        assert_eq!(verdict.family(), None, "{verdict}");
        assert_eq!(verdict.reason(), FamilyReason::Between);
        assert!(verdict.to_string().starts_with("cannot tell: "));
    }

    #[test]
    fn without_the_evidence_nothing_is_told() {
        let history = read(&subscriptions(0), HistorySpec::new());
        let findings = Findings::of(&history, &FindingLimits::new(), &Work::new()).unwrap();
        let verdict = FamilyVerdict::of(&history, &findings);
        assert_eq!((verdict.family(), verdict.reason()), (None, FamilyReason::RhythmUnknown));
        assert_eq!(decide(Some(0.0), None), (None, FamilyReason::DaysUnknown));
        let once_each: Vec<_> = (0..100).map(|customer| (customer, customer as i32)).collect();
        assert_eq!(judged(&once_each).day_spread(), None);
    }

    #[test]
    fn as_json_it_names_what_decided() {
        let json = serde_json::to_value(judged(&gifts(0.5))).unwrap();
        assert_eq!(json["family"], "opportunities");
        assert_eq!(json["reason"], "purchases_share_few_days");
    }
}
