//! Mixed currencies: amounts are added as they stand, so that a second currency bends every sum.

use crate::data::findings::finding::{percent, share_of};
use crate::data::{
    Bias, BiasedQuantity, DataQuality, Finding, FindingKind, FindingLimits, Statistic,
};

/// Rows that name no currency count as others, for nobody knows that they are not.
pub(crate) fn currency_mixture(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::CurrencyMixture;
    let quantity = BiasedQuantity::CurrentValue;
    let tallies = &quality.currencies;
    let all: u64 = tallies.iter().map(|tally| tally.rows).sum();
    if all == 0 {
        let why = "The data name no currency. All amounts are taken to be in one.";
        return Finding::open(kind, quantity, why);
    }
    let named = || tallies.iter().filter(|tally| !tally.currency.is_empty());
    let main = named().map(|tally| tally.rows).max().unwrap_or(0);
    let others = all - main;
    let share = share_of(others as f64, all as f64);
    let sentence = match (others, named().count()) {
        (0, _) => "Every row is in the same currency.".to_owned(),
        (_, 1) => format!(
            "{others} of {all} rows ({}) name no currency and are taken to be in that of the rest.",
            percent(share)
        ),
        (_, currencies) => format!(
            "{others} of {all} rows ({}) are in another currency than the rest; {currencies} \
             currencies are added up as though they were one.",
            percent(share)
        ),
    };
    let bias = if others == 0 { Bias::None } else { Bias::Either };
    let measures = vec![limits.measure(Statistic::RowsInOtherCurrencies, share)];
    Finding::new(kind, (bias, quantity), measures, sentence).rows(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::fixture::{batch, finding, history, history_of, once_each};
    use crate::data::{Currencies, FindingGrade, HistorySpec};

    /// A hundred rows, of which so many are in these currencies and the rest in euros.
    fn of(others: &[(&str, usize)]) -> Finding {
        let mut names: Vec<&str> =
            others.iter().flat_map(|&(name, rows)| std::iter::repeat_n(name, rows)).collect();
        names.resize(100, "EUR");
        let batch = batch(&once_each(100)).currencies(names.into_iter().collect()).unwrap();
        let history = history_of(&batch, HistorySpec::new().currencies(Currencies::Flag));
        finding(&history, FindingKind::CurrencyMixture)
    }

    #[test]
    fn one_currency_passes_and_a_hundredth_of_another_is_the_most_that_is_not_refused() {
        assert_eq!((of(&[]).grade, of(&[]).bias), (FindingGrade::Pass, Bias::None));
        let one = of(&[("USD", 1)]);
        assert_eq!((one.grade, one.bias), (FindingGrade::Flag, Bias::Either));
        let two = of(&[("USD", 1), ("CHF", 1)]);
        assert_eq!((two.grade, two.rows), (FindingGrade::Refuse, Some(2)));
        assert!(two.sentence.contains("2 of 100 rows (2.0 %)"));
        assert!(two.sentence.contains("3 currencies"));
    }

    #[test]
    fn a_row_without_a_currency_is_in_an_unknown_one() {
        let one = of(&[("", 1)]);
        assert_eq!((one.grade, one.rows), (FindingGrade::Flag, Some(1)));
        assert!(one.sentence.starts_with("1 of 100 rows (1.0 %) name no currency"));
        assert_eq!(of(&[("", 60)]).grade, FindingGrade::Refuse);
    }

    #[test]
    fn without_a_column_it_could_not_be_made() {
        let kind = FindingKind::CurrencyMixture;
        let grade = |finding: Finding| finding.grade;
        let without = history(&once_each(100));
        assert_eq!(grade(finding(&without, kind)), FindingGrade::CouldNotBeMade);
        assert_eq!(grade(of(&[("", 100)])), FindingGrade::CouldNotBeMade);
    }
}
