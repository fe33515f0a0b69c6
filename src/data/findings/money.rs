//! Money that is not what it seems: sales that went back, and one customer who holds it all.

use crate::data::findings::finding::{percent, share_of};
use crate::data::{
    Bias, BiasedQuantity, CustomerHistory, Finding, FindingGrade, FindingKind, FindingLimits,
    Returns, Statistic,
};
use crate::num::blocks;
use crate::units::Money;

/// Who returned this share of what they bought has undone it.
const UNDONE: f64 = 0.9;

/// Returns against sales. Spend models see gross, so that a sale which was undone raises what
/// everybody is expected to spend.
pub(crate) fn undone_sales(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::UndoneSales;
    let quality = history.quality();
    let gross = quality.purchases.amount.amount();
    if gross <= 0.0 {
        return Finding::open(kind, BiasedQuantity::SpendPerPurchase, "Nothing was sold.");
    }
    let returned = quality.returns.amount.amount().abs();
    let mut measures = vec![limits.measure(Statistic::ReturnedMoney, returned / gross)];
    let mut sentence = match quality.returns.rows {
        0 => "Nothing was returned.".to_owned(),
        _ => format!("{} of the money was returned.", percent(returned / gross)),
    };
    if quality.returns.rule == Returns::Drop {
        // Left out, they lower nobody's value, and nobody knows whose sales they undo.
        let bias = if quality.returns.rows == 0 { Bias::None } else { Bias::Overstates };
        let way = (bias, BiasedQuantity::CurrentValue);
        return Finding::new(kind, way, measures, sentence).money(quality.returns.amount);
    }
    let n = history.n_customers();
    let bought = |row: usize| history.gross(row).amount();
    let undone =
        |row: usize| bought(row) > 0.0 && -history.returns(row).amount() >= UNDONE * bought(row);
    let customers = (0..n).filter(|&row| undone(row)).count();
    let money = blocks::sum(n, |row| if undone(row) { bought(row) } else { 0.0 });
    let share = share_of(money, blocks::sum(n, bought));
    measures.push(limits.measure(Statistic::UndoneMoney, share));
    if customers > 0 {
        let undone = format!(
            "{} of the money was spent by customers who returned nearly all they bought; spend \
             models take it for spend.",
            percent(share)
        );
        // What weighs more is said first: a summary may show the first sentence only.
        let first = measures[1].grade() > measures[0].grade();
        sentence =
            if first { format!("{undone} {sentence}") } else { format!("{sentence} {undone}") };
    }
    let bias = if quality.returns.rows == 0 { Bias::None } else { Bias::Overstates };
    Finding::new(kind, (bias, BiasedQuantity::SpendPerPurchase), measures, sentence)
        .rows(quality.returns.rows)
        .customers(customers as u64, n as u64)
        .money(quality.returns.amount)
}

pub(crate) fn largest_customer(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::LargestCustomer;
    let quantity = BiasedQuantity::SpendPerPurchase;
    let n = history.n_customers();
    if !limits.judges(n) {
        let why = "Among so few customers, one with a large share is nothing unusual.";
        return Finding::open(kind, quantity, why);
    }
    let bought = |row: usize| history.gross(row).amount();
    let all = blocks::sum(n, bought);
    if all <= 0.0 {
        return Finding::open(kind, quantity, "Nothing was sold.");
    }
    let most = (0..n).map(bought).fold(0.0, f64::max);
    let measures = vec![limits.measure(Statistic::LargestShare, most / all)];
    let is_large = measures[0].grade() != FindingGrade::Pass;
    let sentence = if is_large {
        format!(
            "One customer bought {} of everything. Means and models follow that one: an error of \
             entry, a reseller, or a till that books on one number.",
            percent(most / all)
        )
    } else {
        format!("The largest customer bought {} of everything.", percent(most / all))
    };
    let bias = if is_large { Bias::Overstates } else { Bias::None };
    Finding::new(kind, (bias, quantity), measures, sentence)
        .customers(1, n as u64)
        .money(Money::finite(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::HistorySpec;
    use crate::data::findings::fixture::{
        Line, batch, finding, grade, history, history_of, once_each,
    };

    /// A hundred customers of a euro, and returns of these cents by the first ones.
    fn returned(cents: &[i64]) -> Vec<Line> {
        let mut lines = once_each(100);
        lines.extend((1..).zip(cents).map(|(customer, &cents)| (customer, 5, -cents)));
        lines
    }

    #[test]
    fn money_that_went_back() {
        let kind = FindingKind::UndoneSales;
        assert_eq!(grade(&returned(&[]), kind), FindingGrade::Pass);
        // Fifty cents each, which undoes nobody's purchase.
        let half_back = |n: usize| finding(&history(&returned(&vec![50; n])), kind);
        assert_eq!((half_back(30).grade, half_back(30).share()), (FindingGrade::Pass, Some(0.15)));
        assert_eq!((half_back(31).grade, half_back(31).rows), (FindingGrade::Flag, Some(31)));
        assert_eq!(half_back(31).measures[1].value, 0.0);
        assert_eq!(half_back(31).money.unwrap().amount(), -15.5);
        // Eighty-nine cents of every euro.
        let most = finding(&history(&returned(&[89; 100])), kind);
        assert_eq!((most.grade, most.customers), (FindingGrade::Refuse, Some(0)));
        let dropped =
            history_of(&batch(&returned(&[89; 100])), HistorySpec::new().returns(Returns::Drop));
        let dropped = finding(&dropped, kind);
        assert_eq!((dropped.grade, dropped.measures.len()), (FindingGrade::Refuse, 1));
        assert_eq!(dropped.bias_in_words().unwrap(), "overstates current value");
    }

    #[test]
    fn sales_that_were_undone() {
        let kind = FindingKind::UndoneSales;
        let undone = |n: usize| finding(&history(&returned(&vec![90; n])), kind);
        assert_eq!(undone(1).grade, FindingGrade::Pass);
        assert_eq!((undone(2).grade, undone(2).measures[1].value), (FindingGrade::Flag, 0.02));
        assert_eq!((undone(11).grade, undone(11).customers), (FindingGrade::Refuse, Some(11)));
        assert!(undone(2).sentence.starts_with("2.0 % of the money was spent by customers"));
    }

    #[test]
    fn one_customer_of_a_hundred() {
        let kind = FindingKind::LargestCustomer;
        // 99 customers of a euro, and one of so many cents.
        let with = |cents| {
            let mut lines = once_each(99);
            lines.push((100, 0, cents));
            finding(&history(&lines), kind)
        };
        // 5.21 of 104.21 are 4.9995 %, 5.22 of 104.22 are 5.0086 %.
        assert_eq!((with(521).grade, with(521).bias), (FindingGrade::Pass, Bias::None));
        assert_eq!((with(522).grade, with(522).customers), (FindingGrade::Flag, Some(1)));
        // A quarter is 33 of 132.
        assert_eq!((with(3300).grade, with(3300).share()), (FindingGrade::Flag, Some(0.25)));
        assert_eq!(with(3301).grade, FindingGrade::Refuse);
        assert_eq!(grade(&once_each(9), kind), FindingGrade::CouldNotBeMade);
        assert_eq!(grade(&[(1, 0, 0)], FindingKind::UndoneSales), FindingGrade::CouldNotBeMade);
    }
}
