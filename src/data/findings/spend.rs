//! What spend models take for granted: that spend per purchase does not go with the number of
//! purchases, and that customers differ in it.

use crate::data::findings::finding::percent;
use crate::data::{
    Bias, BiasedQuantity, CustomerHistory, Finding, FindingGrade, FindingKind, FindingLimits,
    Measure, Statistic,
};
use crate::num::correlation::{p_value, pearson, spearman, spearman_interval};
use crate::num::interval::two_sided;
use crate::num::quantile::sorted;

/// A correlation is no chance at a p-value of at most 5 %.
const SIGNIFICANT: f64 = 0.05;

/// Repeat purchases and their mean spend, of the customers whom a spend model is fitted to: those
/// who paid something for a repeat purchase.
fn repeat_spend(history: &CustomerHistory) -> (Vec<f64>, Vec<f64>) {
    (0..history.n_customers())
        .filter(|&row| history.repeat_gross(row).amount() > 0.0)
        .map(|row| {
            let purchases = f64::from(history.repeat_purchases(row));
            (purchases, history.repeat_gross(row).amount() / purchases)
        })
        .unzip()
}

/// The rank correlation is graded, and only where chance does not explain it. It passes only where
/// its interval stays clear of refusal: few customers prove nothing.
pub(crate) fn spend_dependence(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::SpendDependence;
    let quantity = BiasedQuantity::FutureValue;
    let (purchases, spend) = repeat_spend(history);
    let n = purchases.len();
    let Some((rho, p)) = spearman(&purchases, &spend).and_then(|rho| Some((rho, p_value(rho, n)?)))
    else {
        let why = "Too few customers bought again, or they all did so as often or for as much.";
        return Finding::open(kind, quantity, why);
    };
    let interval = spearman_interval(rho, n, two_sided(0.95));
    let ranks = Measure {
        interval: interval.map(|(low, high)| [low, high]),
        p_value: Some(p),
        ..limits.measure(Statistic::SpendRankCorrelation, rho)
    };
    let refuses = ranks.refuses_at.unwrap_or(1.0);
    let proven = match ranks.grade() {
        FindingGrade::Pass => {
            interval.is_some_and(|(low, high)| -refuses <= low && high <= refuses)
        }
        _ => p <= SIGNIFICANT,
    };
    let mut measures = vec![ranks];
    if let Some(r) = pearson(&purchases, &spend) {
        let correlation = limits.measure(Statistic::SpendCorrelation, r);
        measures.push(Measure { p_value: p_value(r, n), ..correlation });
    }
    let more = if rho > 0.0 { "more" } else { "less" };
    let (bias, sentence) = match (proven, measures[0].grade()) {
        (false, _) => (
            Bias::Either,
            format!(
                "The rank correlation is {rho:+.2}, and too few customers bought again to tell \
                 whether it is chance."
            ),
        ),
        (true, FindingGrade::Pass) => (
            Bias::None,
            format!(
                "Who buys more often spends about as much each time: the rank correlation is \
                 {rho:+.2}."
            ),
        ),
        (true, _) => (
            if rho > 0.0 { Bias::Understates } else { Bias::Overstates },
            format!(
                "Who buys more often spends {more} each time: the rank correlation is {rho:+.2}. \
                 Spend models take the two to be independent, and so misjudge the most frequent \
                 buyers."
            ),
        ),
    };
    let finding = Finding::new(kind, (bias, quantity), measures, sentence)
        .customers(n as u64, history.n_customers() as u64);
    if proven { finding } else { finding.not_proven() }
}

pub(crate) fn constant_spend(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::ConstantSpend;
    let quantity = BiasedQuantity::SpendPerPurchase;
    let spend = sorted(repeat_spend(history).1);
    if !limits.judges(spend.len()) {
        return Finding::open(kind, quantity, "Too few customers paid for a repeat purchase.");
    }
    // Means are single divisions of whole cents, so that equal ones are equal to the last bit.
    let most = spend.chunk_by(|a, b| a == b).map(<[f64]>::len).max().unwrap_or(0);
    let share = most as f64 / spend.len() as f64;
    let measures = vec![limits.measure(Statistic::CommonSpend, share)];
    let sentence = match measures[0].grade() {
        FindingGrade::Pass => "Customers differ in what they spend.".to_owned(),
        _ => format!(
            "{} of the repeat customers spend the same amount on average. A fee is known and need \
             not be forecast; who pays it may be under a contract.",
            percent(share)
        ),
    };
    Finding::new(kind, (Bias::None, quantity), measures, sentence)
        .customers(most as u64, spend.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::fixture::{Line, finding, grade, history, once_each};

    /// A first purchase, then `x` repeats of `cents` each.
    fn customer(id: i64, x: i32, cents: i64) -> Vec<Line> {
        (0..=x).map(|day| (id, day, cents)).collect()
    }

    /// Customers of one and of two repeats: 4n each, of whom `a` and `b` spend two and not one.
    ///
    /// Of two yes-or-no columns, the rank correlation is the phi of their table.
    fn two_by_two(n: i64, a: i64, b: i64) -> Vec<Line> {
        let cents = |rich| if rich { 200 } else { 100 };
        let group = |from: i64, x, rich: i64| {
            (0..4 * n).flat_map(move |i| customer(from + i, x, cents(i < rich)))
        };
        group(1, 1, a).chain(group(10_001, 2, b)).collect()
    }

    #[test]
    fn spend_that_goes_with_frequency() {
        let kind = FindingKind::SpendDependence;
        // 200 customers; halves of 50 and 50, of 40 and 60, of 30 and 70: phi 0, 0.2, 0.4.
        let none = finding(&history(&two_by_two(25, 50, 50)), kind);
        assert_eq!((none.grade, none.bias), (FindingGrade::Pass, Bias::None));
        assert!(none.measures[0].value.abs() < 1e-12 && none.share().is_none());
        let some = finding(&history(&two_by_two(25, 40, 60)), kind);
        assert_eq!((some.grade, some.bias), (FindingGrade::Flag, Bias::Understates));
        assert!((some.measures[0].value - 0.2).abs() < 1e-12);
        assert_eq!(some.measures[0].statistic, Statistic::SpendRankCorrelation);
        assert_eq!(some.measures[1].statistic, Statistic::SpendCorrelation);
        let much = finding(&history(&two_by_two(25, 30, 70)), kind);
        assert_eq!((much.grade, much.customers), (FindingGrade::Refuse, Some(200)));
        let less = finding(&history(&two_by_two(25, 60, 40)), kind);
        assert_eq!((less.grade, less.bias), (FindingGrade::Flag, Bias::Overstates));
        assert!(less.sentence.contains("spends less each time: the rank correlation is -0.20"));
    }

    #[test]
    fn few_customers_prove_nothing() {
        let kind = FindingKind::SpendDependence;
        // Sixteen customers: phi 0 with an interval to 0.5; phi 0.25 with a p-value of a third.
        for (a, b) in [(4, 4), (3, 5)] {
            let finding = finding(&history(&two_by_two(2, a, b)), kind);
            assert_eq!(finding.grade, FindingGrade::CouldNotBeMade);
            assert_eq!((finding.bias, finding.measures.len()), (Bias::Either, 2));
        }
        assert_eq!(grade(&once_each(60), kind), FindingGrade::CouldNotBeMade);
        let as_often: Vec<Line> = (1..60).flat_map(|id| customer(id, 1, 100 + id)).collect();
        assert_eq!(grade(&as_often, kind), FindingGrade::CouldNotBeMade);
    }

    #[test]
    fn a_fee_is_no_shopping() {
        let kind = FindingKind::ConstantSpend;
        let fees = |n: i64| {
            let of = |id: i64| customer(id, 1 + (id % 3) as i32, if id <= n { 999 } else { id });
            finding(&history(&(1..=100).flat_map(of).collect::<Vec<_>>()), kind)
        };
        assert_eq!((fees(25).grade, fees(25).share()), (FindingGrade::Pass, Some(0.25)));
        assert_eq!(fees(26).grade, FindingGrade::Flag);
        assert_eq!(fees(81).grade, FindingGrade::Refuse);
        assert!(fees(81).sentence.starts_with("81.0 % of the repeat customers spend the same"));
        assert_eq!(fees(81).bias_in_words(), None);
        assert_eq!(grade(&once_each(60), kind), FindingGrade::CouldNotBeMade);
    }
}
