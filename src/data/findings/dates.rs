//! Dates that cannot be: before there were tills with clocks, or alone far from all others.
//!
//! Without a clock a future date cannot be told by itself. It can be told by what it does: it
//! moves the end of the observation away from everybody, and leaves an empty stretch behind.

use crate::data::findings::finding::{percent, share_of};
use crate::data::{
    Bias, BiasedQuantity, CustomerHistory, Finding, FindingGrade, FindingKind, FindingLimits,
    Statistic,
};

/// An empty stretch may have so small a share of the dates beyond it.
const FEW: usize = 100;

pub(crate) fn implausible_dates(history: &CustomerHistory, limits: &FindingLimits) -> Finding {
    let kind = FindingKind::ImplausibleDates;
    let quantity = BiasedQuantity::FutureValue;
    let n = history.n_customers();
    if !limits.judges(n) {
        let why = "Among so few customers, a date that stands alone is nothing unusual.";
        return Finding::open(kind, quantity, why);
    }
    let ends = Ends::of(history);
    let early = |row: usize| history.first_purchase(row) < limits.earliest_day();
    let early_customers = (0..n).filter(|&row| early(row)).count();
    let of_customers = early_customers as f64 / n as f64;
    let stretch = limits.measure(Statistic::EmptyStretch, ends.longest_share());
    let is_empty = stretch.grade() != FindingGrade::Pass;
    let alone = |row: usize| {
        is_empty
            && (history.first_purchase(row).day_number() < ends.crowd_from
                || history.last_purchase(row).day_number() > ends.crowd_until)
    };
    let concerned = (0..n).filter(|&row| early(row) || alone(row)).count() as u64;

    let mut sentence = String::new();
    if early_customers > 0 {
        sentence = format!(
            "{} of the customers bought before {}, which is what clocks say that were never set.",
            percent(of_customers),
            limits.earliest_day()
        );
    }
    if is_empty {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence += &ends.sentence();
    }
    if sentence.is_empty() {
        sentence = "No date is before its time, and none stands alone.".to_owned();
    }
    let bias = if early_customers > 0 || is_empty { Bias::Understates } else { Bias::None };
    let measures = vec![limits.measure(Statistic::CustomersBeforeEarliest, of_customers), stretch];
    Finding::new(kind, (bias, quantity), measures, sentence).customers(concerned, n as u64)
}

/// The stretches at both ends of the observation that all but a few dates leave empty.
struct Ends {
    before: i64,
    after: i64,
    observed: i64,
    /// The first and the last day of all but those few.
    crowd_from: i32,
    crowd_until: i32,
}

impl Ends {
    /// Looks at the first and the last purchase of each customer. One customer has two dates, so
    /// at least two may stand alone.
    fn of(history: &CustomerHistory) -> Self {
        let first = (0..history.n_customers()).map(|row| history.first_purchase(row).day_number());
        let last = (0..history.n_customers()).map(|row| history.last_purchase(row).day_number());
        let mut days: Vec<i32> = first.chain(last).collect();
        days.sort_unstable();
        let few = (days.len() / FEW).max(2).min(days.len() - 1);
        let gap = |from: i32, to: i32| i64::from(to) - i64::from(from);
        let (from, until) =
            (history.observed_from().day_number(), history.observed_until().day_number());
        let (mut before, mut crowd_from) = (gap(from, days[0]), days[0]);
        for i in 1..=few {
            let empty = gap(days[i - 1], days[i]) - 1;
            if empty > before {
                (before, crowd_from) = (empty, days[i]);
            }
        }
        let end = days.len() - 1;
        let (mut after, mut crowd_until) = (gap(days[end], until), days[end]);
        for i in (end - few..end).rev() {
            let empty = gap(days[i], days[i + 1]) - 1;
            if empty > after {
                (after, crowd_until) = (empty, days[i]);
            }
        }
        Self { before, after, observed: gap(from, until) + 1, crowd_from, crowd_until }
    }

    fn longest_share(&self) -> f64 {
        share_of(self.before.max(self.after) as f64, self.observed as f64)
    }

    fn sentence(&self) -> String {
        let share = percent(self.longest_share());
        if self.after >= self.before {
            format!(
                "The observation ends with {} days ({share} of it) in which almost nobody bought, \
                 so that everybody looks lost: a wrong date, or a wrong end.",
                self.after
            )
        } else {
            format!(
                "The observation begins with {} days ({share} of it) in which almost nobody \
                 bought: a wrong date, or a wrong start.",
                self.before
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::HistorySpec;
    use crate::data::findings::fixture::{
        Line, START, batch, finding, grade, history, history_of, once_each,
    };
    use crate::units::Date;

    const KIND: FindingKind = FindingKind::ImplausibleDates;

    /// Customers 1 to 100, one on each of the days 1 to 100.
    fn a_hundred_days() -> Vec<Line> {
        (1..=100).map(|i| (i, i as i32, 100)).collect()
    }

    fn plus(customer: i64, day: i32) -> Vec<Line> {
        let mut lines = a_hundred_days();
        lines.push((customer, day, 100));
        lines
    }

    #[test]
    fn a_date_far_behind_all_others() {
        assert_eq!(grade(&a_hundred_days(), KIND), FindingGrade::Pass);
        // Eleven empty days of 112 are 9.8 %, twelve of 113 are 10.6 %.
        assert_eq!(grade(&plus(101, 112), KIND), FindingGrade::Pass);
        let flagged = finding(&history(&plus(101, 113)), KIND);
        assert_eq!(flagged.grade, FindingGrade::Flag);
        assert_eq!(flagged.measures[1].value, 12.0 / 113.0);
        assert_eq!((flagged.customers, flagged.bias), (Some(1), Bias::Understates));
        // The same of a customer who was there before.
        assert_eq!(finding(&history(&plus(7, 113)), KIND).customers, Some(1));
        assert_eq!(grade(&plus(101, 36_000), KIND), FindingGrade::Refuse);
    }

    #[test]
    fn an_end_of_the_observation_that_was_set_too_late() {
        let until = |day| HistorySpec::new().observed_until(Date::from_day_number(day).unwrap());
        let refused = history_of(&batch(&a_hundred_days()), until(START + 300));
        let refused = finding(&refused, KIND);
        assert_eq!((refused.grade, refused.customers), (FindingGrade::Refuse, Some(0)));
        assert_eq!(refused.measures[1].value, 200.0 / 300.0);
        let a_week = history_of(&batch(&a_hundred_days()), until(START + 107));
        assert_eq!(finding(&a_week, KIND).grade, FindingGrade::Pass);
    }

    #[test]
    fn a_date_far_before_all_others() {
        let refused = finding(&history(&plus(101, -200)), KIND);
        assert_eq!((refused.grade, refused.customers), (FindingGrade::Refuse, Some(1)));
        assert!(refused.sentence.starts_with("The observation begins with 200 days (66.4 %"));
    }

    #[test]
    fn clocks_that_were_never_set() {
        let limits = |day| FindingLimits::new().earliest(Date::from_day_number(day).unwrap());
        let grade_at = |lines: &[Line], day| implausible_dates(&history(lines), &limits(day)).grade;
        let lines = once_each(200);
        assert_eq!(grade_at(&lines, START), FindingGrade::Pass);
        // One of 200 bought the day before, then three.
        let with = |n: i64| -> Vec<Line> {
            lines.iter().map(|&(c, _, cents)| (c, -i32::from(c <= n), cents)).collect()
        };
        let early = implausible_dates(&history(&with(1)), &limits(START));
        assert_eq!(early.measures[0].value, 1.0 / 200.0);
        assert_eq!(early.measures[0].grade(), FindingGrade::Flag);
        let early = implausible_dates(&history(&with(3)), &limits(START));
        assert_eq!(early.measures[0].grade(), FindingGrade::Refuse);
        assert!(early.sentence.starts_with("1.5 % of the customers bought before 1997-05-19"));
    }

    #[test]
    fn few_customers_have_no_crowd() {
        assert_eq!(grade(&once_each(9), KIND), FindingGrade::CouldNotBeMade);
    }
}
