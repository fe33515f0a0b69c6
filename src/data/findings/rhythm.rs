//! Is this shopping, or are these bills? Purchases in step with the calendar look contractual.
//!
//! Models of purchases take them to come at random, and take a customer who falls silent to be
//! lost little by little. Who pays every month is lost in the month in which no payment comes.

use crate::data::findings::finding::percent;
use crate::data::{
    Bias, BiasedQuantity, CustomerHistory, Finding, FindingKind, FindingLimits, Rhythm, Statistic,
};

/// Gaps that a rhythm is judged from. Of two gaps, one in nine random pairs would be as equal.
const GAPS: u32 = 3;
/// The coefficient of variation up to which gaps are equal. Months of 28 to 31 days vary by 0.04
/// and a payment that slips by two days by 0.09; of customers who buy at random, three gaps are as
/// equal for one in 55 (`π 0.005 / (√3 / 2)`, the part of the triangle of all splits into three
/// that lies so near its centre), and more gaps for fewer.
const EQUAL: f64 = 0.15;
/// Billing periods in days: one, two and four weeks; a month, a quarter, a half year and a year.
const PERIODS: [f64; 7] = [7.0, 14.0, 28.0, 365.25 / 12.0, 365.25 / 4.0, 365.25 / 2.0, 365.25];
/// How far the mean gap may be from a period, as a share of it.
const NEAR: f64 = 0.05;

pub(crate) fn contractual_rhythm(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::ContractualRhythm;
    let quantity = BiasedQuantity::Survival;
    let n = history.n_customers();
    let (mut judged, mut by_calendar) = (0usize, 0usize);
    for row in (0..n).filter(|&row| history.repeat_purchases(row) >= GAPS) {
        let Ok(rhythm) = history.rhythm(row) else {
            let why = "The days between purchases were not asked for when the data were read.";
            return Finding::open(kind, quantity, why);
        };
        judged += 1;
        by_calendar += usize::from(rhythm.is_some_and(|rhythm| is_by_calendar(&rhythm)));
    }
    if !limits.judges(judged) {
        let why = "Too few customers bought often enough to have a rhythm.";
        return Finding::open(kind, quantity, why);
    }
    let share = by_calendar as f64 / judged as f64;
    let sentence = if by_calendar == 0 {
        "No customer buys in equal steps of weeks, months or years.".to_owned()
    } else {
        format!(
            "Of the customers with four purchases or more, {} buy in equal steps of weeks, months \
             or years, as under a contract. Models of shopping take them for customers too long \
             after they have left.",
            percent(share)
        )
    };
    let bias = if by_calendar == 0 { Bias::None } else { Bias::Overstates };
    let measures = vec![limits.measure(Statistic::CalendarRhythm, share)];
    Finding::new(kind, (bias, quantity), measures, sentence)
        .customers(by_calendar as u64, judged as u64)
}

fn is_by_calendar(rhythm: &Rhythm) -> bool {
    let gap = rhythm.mean_gap;
    rhythm.standard_deviation.is_some_and(|spread| spread <= EQUAL * gap)
        && PERIODS.iter().any(|period| (gap - period).abs() <= NEAR * period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::fixture::{Line, batch, finding, grade, history, history_of};
    use crate::data::{FindingGrade, HistorySpec};
    use crate::num::random::{Purpose, Stream};

    const KIND: FindingKind = FindingKind::ContractualRhythm;

    fn at(customer: i64, days: &[i32]) -> Vec<Line> {
        days.iter().map(|&day| (customer, day, 100)).collect()
    }

    /// The first `n` of 20 customers pay on the first of the month, the others when they like.
    fn shop(n: i64) -> Vec<Line> {
        let monthly = |customer| at(customer, &[0, 31, 59, 90, 120]);
        let at_will = |customer| at(customer, &[0, 3, 59, 71, 120]);
        (1..=20).flat_map(|c| if c <= n { monthly(c) } else { at_will(c) }).collect()
    }

    #[test]
    fn a_base_that_pays_by_the_month() {
        assert_eq!(grade(&shop(0), KIND), FindingGrade::Pass);
        assert_eq!(grade(&shop(2), KIND), FindingGrade::Pass);
        let some = finding(&history(&shop(3)), KIND);
        assert_eq!((some.grade, some.share()), (FindingGrade::Flag, Some(3.0 / 20.0)));
        assert_eq!((some.customers, some.customers_judged), (Some(3), Some(20)));
        assert_eq!(grade(&shop(10), KIND), FindingGrade::Flag);
        assert_eq!(grade(&shop(11), KIND), FindingGrade::Refuse);
    }

    #[test]
    fn only_equal_steps_of_the_calendar_are_a_contract() {
        let calendar =
            |days: &[i32]| is_by_calendar(&history(&at(1, days)).rhythm(0).unwrap().unwrap());
        assert!(calendar(&[0, 7, 14, 21]));
        assert!(calendar(&[0, 7, 14, 22]));
        assert!(calendar(&[0, 366, 731, 1096]));
        assert!(calendar(&[0, 92, 182, 273]));
        // Equal, and no billing period.
        assert!(!calendar(&[0, 20, 40, 60]));
        // A mean of a week, and gaps of 3, 11 and 7 days.
        assert!(!calendar(&[0, 3, 14, 21]));
    }

    #[test]
    fn without_the_evidence_it_could_not_be_made() {
        let not_asked = history_of(&batch(&shop(20)), HistorySpec::new());
        assert_eq!(finding(&not_asked, KIND).grade, FindingGrade::CouldNotBeMade);
        // Two gaps each.
        let short: Vec<Line> = (1..=20).flat_map(|c| at(c, &[0, 30, 60])).collect();
        assert_eq!(grade(&short, KIND), FindingGrade::CouldNotBeMade);
    }

    /// One in 55 of random splits into three; four standard errors of 200,000 draws are 0.0012.
    #[test]
    fn chance_gives_what_the_constant_says() {
        let mut stream = Stream::new(3, Purpose::Sample, 0);
        let mut equal = 0;
        for _ in 0..200_000 {
            let (a, b) = (stream.uniform(), stream.uniform());
            let (a, b) = (a.min(b), a.max(b));
            let gaps = [a, b - a, 1.0 - b];
            let squares: f64 = gaps.iter().map(|gap| (gap - 1.0 / 3.0) * (gap - 1.0 / 3.0)).sum();
            equal += i32::from((squares / 2.0).sqrt() <= EQUAL / 3.0);
        }
        let share = f64::from(equal) / 200_000.0;
        assert!((share - 1.0 / 55.0).abs() < 0.0012, "{share}");
    }
}
