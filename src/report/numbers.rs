//! Numbers as people read them.

use crate::units::{Days, Money};

/// With thousands set apart by commas.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, value.abs());
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    let is_zero = !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if value < 0.0 && !is_zero { format!("-{grouped}") } else { grouped }
}

/// Money in a few digits: `8.9 M`, `244 k`, `31.20`.
pub(crate) fn short(money: Money) -> String {
    let amount = money.amount();
    let size = amount.abs();
    let scaled = |by: f64, unit: &str| {
        let value = amount / by;
        format!("{} {unit}", grouped(value, usize::from(value.abs() < 100.0)))
    };
    if size >= 999_500_000.0 {
        scaled(1e9, "bn")
    } else if size >= 999_500.0 {
        scaled(1e6, "M")
    } else if size >= 10_000.0 {
        scaled(1e3, "k")
    } else if size >= 100.0 {
        grouped(amount, 0)
    } else {
        grouped(amount, 2)
    }
}

/// A length of time in whole weeks where it is some, and in days otherwise.
pub(crate) fn span(days: Days) -> String {
    match days.count() {
        count if count >= 14 && count % 7 == 0 => format!("{} weeks", count / 7),
        _ => days.to_string(),
    }
}

/// A share as a percentage.
pub(crate) fn percent(share: f64, decimals: usize) -> String {
    format!("{} %", grouped(100.0 * share, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-999.5, 0), "-1,000");
        assert_eq!(grouped(-0.001, 2), "0.00");
        assert_eq!(grouped(12.0, 0), "12");
    }

    #[test]
    fn spans_are_weeks_where_they_are_whole_ones() {
        assert_eq!(
            (span(Days::weeks(52)).as_str(), span(Days::new(30)).as_str()),
            ("52 weeks", "30 days")
        );
    }

    #[test]
    fn money_in_a_few_digits() {
        let of = |amount: f64| short(Money::new(amount).unwrap());
        assert_eq!(of(8_911_407.9), "8.9 M");
        assert_eq!(of(244_091.94), "244 k");
        assert_eq!(of(-12_345.0), "-12.3 k");
        assert_eq!(of(999.4), "999");
        assert_eq!(of(3.1), "3.10");
        assert_eq!(of(0.0), "0.00");
        assert_eq!(of(2.5e9), "2.5 bn");
    }
}
