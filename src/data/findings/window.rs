//! Was there time, and were there enough customers, to learn how people buy again?

use crate::data::findings::finding::percent;
use crate::data::{
    Bias, BiasedQuantity, CustomerHistory, Finding, FindingKind, FindingLimits, Statistic,
};
use crate::num::quantile::{quantile, sorted};

pub(crate) fn short_window(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let n = history.n_customers();
    let rows = || (0..n).filter(|&row| history.repeat_purchases(row) > 0);
    let repeaters = rows().count();
    let gaps = sorted(rows().map(|row| {
        f64::from(history.age_at_last(row).count()) / f64::from(history.repeat_purchases(row))
    }));
    let ages = sorted((0..n).map(|row| f64::from(history.age(row).count())));
    let mut measures = vec![limits.measure(Statistic::RepeatCustomers, repeaters as f64)];
    let sentence = match quantile(&gaps, 0.5).zip(quantile(&ages, 0.5)) {
        None => "Nobody bought twice, so that nothing is known of buying again.".to_owned(),
        Some((gap, age)) => {
            measures.push(limits.measure(Statistic::AgeInGaps, age / gap));
            format!(
                "{repeaters} of {n} customers bought again. Half of all were seen for {age:.0} \
                 days or more, which is {:.1} times the typical {gap:.0} days between two \
                 purchases.",
                age / gap
            )
        }
    };
    Finding::new(
        FindingKind::ShortWindow,
        (Bias::Either, BiasedQuantity::FutureValue),
        measures,
        sentence,
    )
    .customers(repeaters as u64, n as u64)
}

pub(crate) fn one_time_buyers(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::OneTimeBuyers;
    let quantity = BiasedQuantity::Survival;
    let n = history.n_customers();
    if !limits.judges(n) {
        return Finding::open(kind, quantity, "There are too few customers to speak of a share.");
    }
    let once = (0..n).filter(|&row| history.repeat_purchases(row) == 0).count();
    let share = once as f64 / n as f64;
    let sentence = match once {
        0 => "Everybody bought again.".to_owned(),
        _ => format!(
            "{} of the customers bought once. Whether they are lost or slow is learnt from those \
             who came back.",
            percent(share)
        ),
    };
    let measures = vec![limits.measure(Statistic::OneTimeCustomers, share)];
    let bias = if once == 0 { Bias::None } else { Bias::Either };
    Finding::new(kind, (bias, quantity), measures, sentence).customers(once as u64, n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FindingGrade;
    use crate::data::findings::fixture::{Line, finding, grade, history, once_each};

    /// `again` customers with a second purchase after `gap` days, observed until day `end`.
    fn shop(again: i64, gap: i32, end: i32) -> Vec<Line> {
        let mut lines = once_each(again);
        lines.extend((1..=again).map(|customer| (customer, gap, 100)));
        lines.push((1, end, 100));
        lines
    }

    #[test]
    fn too_few_who_bought_again() {
        let kind = FindingKind::ShortWindow;
        assert_eq!(grade(&shop(100, 10, 30), kind), FindingGrade::Pass);
        assert_eq!(grade(&shop(99, 10, 30), kind), FindingGrade::Flag);
        assert_eq!(grade(&shop(9, 10, 30), kind), FindingGrade::Refuse);
        let nobody = finding(&history(&once_each(200)), kind);
        assert_eq!((nobody.grade, nobody.measures.len()), (FindingGrade::Refuse, 1));
    }

    #[test]
    fn too_short_for_the_rhythm_of_the_shop() {
        let kind = FindingKind::ShortWindow;
        let of = |end| finding(&history(&shop(100, 10, end)), kind);
        assert_eq!((of(30).grade, of(30).measures[1].value), (FindingGrade::Pass, 3.0));
        assert_eq!((of(29).grade, of(29).measures[1].value), (FindingGrade::Flag, 2.9));
        assert_eq!(of(15).grade, FindingGrade::Flag);
        assert_eq!(of(14).grade, FindingGrade::Refuse);
        assert!(of(30).sentence.contains("30 days or more, which is 3.0 times the typical 10"));
    }

    #[test]
    fn too_many_who_bought_once() {
        let kind = FindingKind::OneTimeBuyers;
        let once = |n: i64| {
            let mut lines = once_each(100);
            lines.extend((n + 1..=100).map(|customer| (customer, 9, 100)));
            finding(&history(&lines), kind)
        };
        assert_eq!((once(80).grade, once(80).share()), (FindingGrade::Pass, Some(0.8)));
        assert_eq!((once(81).grade, once(81).customers), (FindingGrade::Flag, Some(81)));
        assert_eq!(once(96).grade, FindingGrade::Refuse);
        assert_eq!(once(0).bias, Bias::None);
        assert_eq!(grade(&once_each(9), kind), FindingGrade::CouldNotBeMade);
    }
}
