//! Mixed currencies: amounts are added as they stand, so that a second currency bends every sum.

use crate::data::findings::finding::{percent, share_of};
use crate::data::{Bias, BiasedQuantity, Finding, FindingKind, FindingLimits, Statistic};
use crate::units::Money;

/// The rows in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrencyTally {
    /// Its code, as the data have it; empty where a row has none.
    pub currency: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of their amounts, in that currency.
    pub amount: Money,
}

/// `None` where there is no column of currencies.
pub(crate) fn currency_mixture(
    tallies: Option<&[CurrencyTally]>,
    limits: &FindingLimits,
) -> Finding {
    let kind = FindingKind::CurrencyMixture;
    let quantity = BiasedQuantity::CurrentValue;
    let rows = |tallies: &[CurrencyTally]| tallies.iter().map(|tally| tally.rows).sum::<u64>();
    let Some(tallies) = tallies.filter(|tallies| rows(tallies) > 0) else {
        let why = "The data name no currency. All amounts are taken to be in one.";
        return Finding::open(kind, quantity, why);
    };
    let all = rows(tallies);
    let main = tallies.iter().map(|tally| tally.rows).max().unwrap_or(0);
    let others = all - main;
    let share = share_of(others as f64, all as f64);
    let currencies = tallies.iter().filter(|tally| tally.rows > 0).count();
    let sentence = if others == 0 {
        "Every row is in the same currency.".to_owned()
    } else {
        format!(
            "{others} of {all} rows ({}) are in another currency than the rest; {currencies} \
             currencies are added up as though they were one.",
            percent(share)
        )
    };
    let bias = if others == 0 { Bias::None } else { Bias::Either };
    let measures = vec![limits.measure(Statistic::RowsInOtherCurrencies, share)];
    Finding::new(kind, (bias, quantity), measures, sentence).rows(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FindingGrade;

    fn of(rows: &[u64]) -> Finding {
        let tally = |(i, &rows): (usize, &u64)| CurrencyTally {
            currency: format!("C{i}"),
            rows,
            amount: Money::ZERO,
        };
        let tallies: Vec<_> = rows.iter().enumerate().map(tally).collect();
        currency_mixture(Some(&tallies), &FindingLimits::new())
    }

    #[test]
    fn one_currency_passes_and_a_hundredth_of_another_is_the_most_that_is_not_refused() {
        assert_eq!((of(&[100]).grade, of(&[100]).bias), (FindingGrade::Pass, Bias::None));
        assert_eq!((of(&[99, 1]).grade, of(&[99, 1]).bias), (FindingGrade::Flag, Bias::Either));
        assert_eq!(of(&[1, 98, 1]).grade, FindingGrade::Refuse);
        assert!(of(&[1, 98, 1, 0]).sentence.contains("2 of 100 rows (2.0 %)"));
        assert!(of(&[1, 98, 1, 0]).sentence.contains("3 currencies"));
    }

    #[test]
    fn without_a_column_it_could_not_be_made() {
        let limits = FindingLimits::new();
        assert_eq!(currency_mixture(None, &limits).grade, FindingGrade::CouldNotBeMade);
        assert_eq!(of(&[]).grade, FindingGrade::CouldNotBeMade);
    }
}
