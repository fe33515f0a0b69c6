//! Findings from the account of rows: what was left out, counted twice, or counted as something.
//!
//! They read [`DataQuality`] alone, so that they hold for a history of any making.

use crate::data::findings::finding::{counted, percent, share_of};
use crate::data::{
    Bias, BiasedQuantity, DataQuality, Duplicates, Finding, FindingKind, FindingLimits, Returns,
    Statistic, ZeroAmounts,
};

const CURRENT_VALUE: BiasedQuantity = BiasedQuantity::CurrentValue;

/// A defect that is not there bends nothing.
fn where_any(count: u64, bias: Bias) -> Bias {
    if count == 0 { Bias::None } else { bias }
}

pub(crate) fn missing_customers(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let missing = quality.missing_customers;
    let of_rows = share_of(missing.rows as f64, quality.rows_read as f64);
    let known = quality.purchases.amount + quality.returns.amount;
    let (lost, known) = (missing.amount.amount(), known.amount().abs());
    let of_money = share_of(lost.abs(), lost.abs() + known);
    let sentence = if missing.rows == 0 {
        "Every row names its customer.".to_owned()
    } else {
        format!(
            "{} of {} rows ({}) with {} of the money name no customer. They are left out, so \
             that the business is larger than its customers look.",
            missing.rows,
            quality.rows_read,
            percent(of_rows),
            percent(of_money)
        )
    };
    // Rows of nobody that are mostly returns would have lowered value.
    let bias = if lost < 0.0 { Bias::Overstates } else { Bias::Understates };
    Finding::new(
        FindingKind::MissingCustomers,
        (where_any(missing.rows, bias), CURRENT_VALUE),
        vec![
            limits.measure(Statistic::RowsWithoutCustomer, of_rows),
            limits.measure(Statistic::MoneyWithoutCustomer, of_money),
        ],
        sentence,
    )
    .rows(missing.rows)
    .money(missing.amount)
}

pub(crate) fn returns_only(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::ReturnsOnlyCustomers;
    if quality.returns.rule == Returns::Drop && quality.returns.rows > 0 {
        let why = "Returns are left out, and with them whoever did nothing but return.";
        return Finding::open(kind, CURRENT_VALUE, why);
    }
    let without = quality.customers_without_purchase;
    let all = quality.customers + without.customers;
    let of_customers = share_of(without.customers as f64, all as f64);
    let back = without.amount.amount().abs();
    let of_money = share_of(back, quality.purchases.amount.amount());
    let sentence = if without.customers == 0 {
        "Everybody who returned something bought something.".to_owned()
    } else {
        format!(
            "{} of {} ({}) returned something and bought nothing; what they got back equals {} of \
             all purchases and is in nobody's value. Their purchases lie before the data or name \
             no customer.",
            without.customers,
            counted(all, "customer"),
            percent(of_customers),
            percent(of_money)
        )
    };
    Finding::new(
        kind,
        (where_any(without.customers, Bias::Overstates), CURRENT_VALUE),
        vec![
            limits.measure(Statistic::ReturnsOnlyCustomers, of_customers),
            limits.measure(Statistic::ReturnsOnlyMoney, of_money),
        ],
        sentence,
    )
    .customers(without.customers, all)
    .money(without.amount)
}

pub(crate) fn exact_repeats(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::ExactRepeats;
    let Some(repeats) = quality.duplicates else {
        let why = "Repeats were not looked for: two equal rows are told from two equal sales only \
                   where orders and products are known.";
        return Finding::open(kind, CURRENT_VALUE, why);
    };
    let share = share_of(repeats.rows as f64, repeats.judged as f64);
    let dropped = repeats.rule == Duplicates::Drop;
    let sentence = match (repeats.rows, dropped) {
        (0, _) => "No row repeats another.".to_owned(),
        (rows, true) => format!(
            "{rows} of {} rows ({}) repeated another in every column and were taken out.",
            repeats.judged,
            percent(share)
        ),
        (rows, false) => format!(
            "{rows} of {} rows ({}) repeat another in every column and are counted like the rest. \
             If they are copies, their money is counted twice.",
            repeats.judged,
            percent(share)
        ),
    };
    let bias = if dropped { Bias::None } else { where_any(repeats.rows, Bias::Overstates) };
    let measures = vec![limits.measure(Statistic::RepeatedRows, share)];
    let finding = Finding::new(kind, (bias, CURRENT_VALUE), measures, sentence)
        .rows(repeats.rows)
        .money(repeats.amount);
    if dropped { finding.at_most_flagged() } else { finding }
}

pub(crate) fn zero_amounts(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let zeros = quality.zero_amounts;
    let all = quality.purchases.rows + zeros.rows;
    let share = share_of(zeros.rows as f64, all as f64);
    let dropped = zeros.rule == ZeroAmounts::Drop;
    let sentence = match (zeros.rows, dropped) {
        (0, _) => "Every purchase has an amount.".to_owned(),
        (rows, true) => format!(
            "{rows} of {all} rows of purchases ({}) have an amount of zero and are left out.",
            percent(share)
        ),
        (rows, false) => format!(
            "{rows} of {all} rows of purchases ({}) have an amount of zero and count as \
             purchases. Where they are gifts or corrections, customers look busier than they are.",
            percent(share)
        ),
    };
    let bias = if dropped { Bias::None } else { where_any(zeros.rows, Bias::Overstates) };
    let measures = vec![limits.measure(Statistic::ZeroRows, share)];
    let way = (bias, BiasedQuantity::PurchaseRate);
    let finding = Finding::new(FindingKind::ZeroAmounts, way, measures, sentence)
        .rows(zeros.rows)
        .money(zeros.amount);
    if dropped { finding.at_most_flagged() } else { finding }
}

pub(crate) fn out_of_window(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let outside = quality.out_of_window;
    let share = share_of(outside.rows as f64, quality.rows_read as f64);
    let sentence = if outside.rows == 0 {
        "Every row lies within the observation.".to_owned()
    } else {
        format!(
            "{} of {} rows ({}) lie before {} or after {} and are left out: meant for a holdout, \
             lost if the dates are wrong.",
            outside.rows,
            quality.rows_read,
            percent(share),
            quality.observed_from,
            quality.observed_until
        )
    };
    let bias = if outside.amount.amount() < 0.0 { Bias::Overstates } else { Bias::Understates };
    Finding::new(
        FindingKind::OutOfWindow,
        (where_any(outside.rows, bias), CURRENT_VALUE),
        vec![limits.measure(Statistic::RowsOutOfWindow, share)],
        sentence,
    )
    .rows(outside.rows)
    .money(outside.amount)
}

pub(crate) fn unreadable_rows(quality: &DataQuality, limits: &FindingLimits) -> Finding {
    let rows = quality.unreadable.rows;
    let share = share_of(rows as f64, quality.rows_read as f64);
    let sentence = if rows == 0 {
        "Every row could be read.".to_owned()
    } else {
        format!(
            "{rows} of {} rows ({}) could not be read and are left out. Nobody knows how much \
             money they move.",
            quality.rows_read,
            percent(share)
        )
    };
    Finding::new(
        FindingKind::UnreadableRows,
        (where_any(rows, Bias::Either), CURRENT_VALUE),
        vec![limits.measure(Statistic::UnreadableRows, share)],
        sentence,
    )
    .rows(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::fixture::{
        START, batch, fault, finding, grade, history, history_of, once_each,
    };
    use crate::data::{FindingGrade, HistorySpec, IdColumn, UnreadableRows};
    use crate::units::Date;

    fn with(count: usize, line: (i64, i32, i64)) -> Vec<(i64, i32, i64)> {
        let mut lines = once_each(100 - count as i64);
        lines.extend(std::iter::repeat_n(line, count));
        lines
    }

    #[test]
    fn rows_of_nobody() {
        let kind = FindingKind::MissingCustomers;
        assert_eq!(grade(&with(1, (0, 0, 100)), kind), FindingGrade::Pass);
        assert_eq!(grade(&with(2, (0, 0, 100)), kind), FindingGrade::Flag);
        assert_eq!(grade(&with(51, (0, 0, 100)), kind), FindingGrade::Refuse);
        // Two rows of a hundred, and 98 of 196 euros: a half is not beyond a half.
        let few_and_large = finding(&history(&with(2, (0, 0, 4900))), kind);
        assert_eq!(few_and_large.grade, FindingGrade::Flag);
        assert_eq!(few_and_large.measures[1].value, 0.5);
        assert_eq!(grade(&with(2, (0, 0, 4901)), kind), FindingGrade::Refuse);
        assert_eq!(few_and_large.bias, Bias::Understates);
        assert_eq!(few_and_large.money.unwrap().amount(), 98.0);
        let returns = finding(&history(&with(2, (0, 0, -100))), kind);
        assert_eq!((returns.bias, returns.rows), (Bias::Overstates, Some(2)));
        assert_eq!(finding(&history(&once_each(3)), kind).bias, Bias::None);
    }

    #[test]
    fn customers_who_only_return() {
        let kind = FindingKind::ReturnsOnlyCustomers;
        let returning = |n: i64, cents: i64| {
            let mut lines = once_each(100 - n);
            lines.extend((1..=n).map(|customer| (1000 + customer, 5, -cents)));
            lines
        };
        assert_eq!(grade(&returning(1, 1), kind), FindingGrade::Pass);
        assert_eq!(grade(&returning(2, 1), kind), FindingGrade::Flag);
        assert_eq!(grade(&returning(11, 1), kind), FindingGrade::Refuse);
        // One customer, and ten euros of ninety-nine.
        let large = finding(&history(&returning(1, 1000)), kind);
        assert_eq!((large.grade, large.measures[1].value), (FindingGrade::Refuse, 10.0 / 99.0));
        assert_eq!((large.customers, large.customers_judged), (Some(1), Some(100)));
        assert_eq!(large.bias_in_words().unwrap(), "overstates current value");
        let dropped =
            history_of(&batch(&returning(11, 1)), HistorySpec::new().returns(Returns::Drop));
        assert_eq!(finding(&dropped, kind).grade, FindingGrade::CouldNotBeMade);
    }

    #[test]
    fn rows_that_repeat_others() {
        let kind = FindingKind::ExactRepeats;
        let repeats = |n: usize, rule| {
            let mut lines = once_each(1000 - n as i64);
            lines.extend((1..=n as i64).map(|customer| (customer, 0, 100)));
            let ids = || IdColumn::integers(lines.iter().map(|line| line.0).collect::<Vec<_>>());
            let batch = batch(&lines).orders(ids()).unwrap().products(ids()).unwrap();
            finding(&history_of(&batch, HistorySpec::new().duplicates(rule)), kind)
        };
        assert_eq!(repeats(5, Duplicates::Flag).grade, FindingGrade::Pass);
        assert_eq!(repeats(6, Duplicates::Flag).grade, FindingGrade::Flag);
        assert_eq!(repeats(101, Duplicates::Flag).grade, FindingGrade::Refuse);
        assert_eq!(repeats(101, Duplicates::Flag).bias, Bias::Overstates);
        let taken_out = repeats(101, Duplicates::Drop);
        assert_eq!((taken_out.grade, taken_out.bias), (FindingGrade::Flag, Bias::None));
        assert_eq!(repeats(101, Duplicates::Ignore).grade, FindingGrade::CouldNotBeMade);
        assert_eq!(grade(&once_each(9), kind), FindingGrade::CouldNotBeMade);
    }

    #[test]
    fn purchases_of_nothing() {
        let kind = FindingKind::ZeroAmounts;
        assert_eq!(grade(&with(1, (1, 1, 0)), kind), FindingGrade::Pass);
        assert_eq!(grade(&with(2, (1, 1, 0)), kind), FindingGrade::Flag);
        assert_eq!(grade(&with(21, (1, 1, 0)), kind), FindingGrade::Refuse);
        let spec = HistorySpec::new().zero_amounts(ZeroAmounts::Drop);
        let dropped = finding(&history_of(&batch(&with(21, (1, 1, 0))), spec), kind);
        assert_eq!((dropped.grade, dropped.bias), (FindingGrade::Flag, Bias::None));
    }

    #[test]
    fn rows_outside() {
        let until = Date::from_day_number(START + 10).unwrap();
        let outside = |n: usize| {
            let spec = HistorySpec::new().observed_until(until);
            finding(&history_of(&batch(&with(n, (1, 11, 100))), spec), FindingKind::OutOfWindow)
        };
        assert_eq!(outside(1).grade, FindingGrade::Pass);
        assert_eq!(outside(2).grade, FindingGrade::Flag);
        assert_eq!(outside(51).grade, FindingGrade::Refuse);
        assert_eq!(outside(51).money.unwrap().amount(), 51.0);
        assert!(outside(2).sentence.starts_with("2 of 100 rows (2.0 %) lie before 1997-05-19"));
    }

    #[test]
    fn rows_that_nobody_can_read() {
        let unreadable = |n: u64| {
            let batch = batch(&once_each(100 - n as i64)).unreadable((0..n).map(fault).collect());
            let spec = HistorySpec::new().unreadable_rows(UnreadableRows::Skip);
            finding(&history_of(&batch, spec), FindingKind::UnreadableRows)
        };
        assert_eq!(unreadable(0).grade, FindingGrade::Pass);
        assert_eq!(unreadable(1).grade, FindingGrade::Flag);
        assert_eq!(unreadable(5).grade, FindingGrade::Flag);
        assert_eq!(unreadable(6).grade, FindingGrade::Refuse);
        assert_eq!((unreadable(6).bias, unreadable(6).money), (Bias::Either, None));
    }
}
