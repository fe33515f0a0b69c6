//! Where findings flag and refuse.

use crate::data::DataError;
use crate::data::findings::statistic::Limit;
use crate::data::findings::{Measure, Statistic};
use crate::units::Date;

/// The limits of all findings; [`Statistic`] has the defaults and their reasons.
///
/// # Example
///
/// ```
/// use segmentry::data::{FindingLimits, Statistic};
///
/// // A shop with anonymous tills: a third of the rows without a customer is business as usual.
/// let limits = FindingLimits::new().limit(Statistic::RowsWithoutCustomer, 0.35, 0.6);
/// assert!(limits.validate().is_ok());
/// // Flagging has to come before refusing.
/// assert!(limits.limit(Statistic::ZeroRows, 0.3, 0.1).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FindingLimits {
    /// Later ones hold.
    set: Vec<(Statistic, Limit)>,
    least_customers: usize,
    earliest: Date,
}

impl FindingLimits {
    /// The defaults of [`Statistic`], 50 customers, and 1981-01-01.
    pub fn new() -> Self {
        Self {
            set: Vec::new(),
            least_customers: 50,
            earliest: Date::from_ymd(1981, 1, 1).expect("a day of the calendar"),
        }
    }

    /// Flags a statistic beyond the first value and refuses it beyond the second. `Beyond` is
    /// below for [`Statistic::RepeatCustomers`] and [`Statistic::AgeInGaps`], and above for all
    /// others.
    #[must_use]
    pub fn limit(mut self, statistic: Statistic, flag: f64, refuse: f64) -> Self {
        self.set.push((statistic, Limit { flag, refuse }));
        self
    }

    /// A share of fewer customers than this is not judged: the check could not be made. 50 unless
    /// set: of fewer, each single one is more than 2 %, and the 95 % interval of a share can be
    /// wider than 27 points.
    #[must_use]
    pub fn least_customers(mut self, customers: usize) -> Self {
        self.least_customers = customers;
        self
    }

    /// The first day on which a purchase is plausible. 1981-01-01 unless set, because clocks that
    /// were never set stand at 1899, 1900 and 1904 (spreadsheets), 1970 (Unix) or 1980 (DOS).
    #[must_use]
    pub fn earliest(mut self, day: Date) -> Self {
        self.earliest = day;
        self
    }

    /// Checks the limits; judging calls this first.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`] for a limit outside the statistic's range, for refusing before
    /// flagging, for a statistic that is not graded, and for no customers at all.
    pub fn validate(&self) -> Result<(), DataError> {
        if self.least_customers == 0 {
            return Err(DataError::Param {
                name: "least_customers",
                value: "0".to_owned(),
                expected: "at least 1",
            });
        }
        for &(statistic, Limit { flag, refuse }) in &self.set {
            let bad = |value: f64, expected| {
                let name = statistic.name();
                Err(DataError::Param { name, value: value.to_string(), expected })
            };
            if statistic.limit().is_none() {
                return bad(flag, "no limit, because this statistic is not graded");
            }
            for value in [flag, refuse] {
                if !(0.0..=statistic.most()).contains(&value) {
                    return bad(value, "within the range of the statistic, and not negative");
                }
            }
            if statistic.wants_much() && refuse > flag {
                return bad(refuse, "at most where it flags");
            }
            if !statistic.wants_much() && refuse < flag {
                return bad(refuse, "at least where it flags");
            }
        }
        Ok(())
    }

    pub(crate) fn of(&self, statistic: Statistic) -> Option<Limit> {
        let set = self.set.iter().rev().find(|(known, _)| *known == statistic);
        set.map(|&(_, limit)| limit).or_else(|| statistic.limit())
    }

    /// A statistic beside its limits.
    pub(crate) fn measure(&self, statistic: Statistic, value: f64) -> Measure {
        Measure::new(statistic, value, self.of(statistic))
    }

    pub(crate) fn judges(&self, customers: usize) -> bool {
        customers >= self.least_customers
    }

    pub(crate) fn earliest_day(&self) -> Date {
        self.earliest
    }
}

impl Default for FindingLimits {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::findings::FindingGrade;

    #[test]
    fn only_usable_limits_are_valid() {
        let with = |statistic, flag, refuse| {
            FindingLimits::new().limit(statistic, flag, refuse).validate()
        };
        assert!(with(Statistic::ZeroRows, 0.0, 1.0).is_ok());
        assert!(with(Statistic::AgeInGaps, 4.0, 2.0).is_ok());
        for (statistic, flag, refuse) in [
            (Statistic::ZeroRows, f64::NAN, 0.5),
            (Statistic::ZeroRows, 0.1, f64::NAN),
            (Statistic::ZeroRows, -0.1, 0.5),
            (Statistic::ZeroRows, 0.1, 1.1),
            (Statistic::ZeroRows, 0.5, 0.1),
            (Statistic::AgeInGaps, 1.0, 2.0),
            (Statistic::AgeInGaps, f64::INFINITY, 2.0),
            (Statistic::SpendCorrelation, 0.1, 0.2),
        ] {
            let error = with(statistic, flag, refuse).unwrap_err();
            assert!(error.to_string().contains(statistic.name()), "{error}");
        }
        assert!(FindingLimits::new().least_customers(0).validate().is_err());
    }

    #[test]
    fn the_last_limit_holds_and_the_limit_itself_is_not_beyond() {
        let limits = FindingLimits::new().limit(Statistic::ZeroRows, 0.5, 0.6).limit(
            Statistic::ZeroRows,
            0.25,
            0.5,
        );
        let grade = |value| limits.measure(Statistic::ZeroRows, value).grade();
        assert_eq!(grade(0.25), FindingGrade::Pass);
        assert_eq!(grade(0.375), FindingGrade::Flag);
        assert_eq!(grade(0.5), FindingGrade::Flag);
        assert_eq!(grade(0.75), FindingGrade::Refuse);
        let grade = |value| limits.measure(Statistic::RepeatCustomers, value).grade();
        assert_eq!((grade(100.0), grade(99.0)), (FindingGrade::Pass, FindingGrade::Flag));
        assert_eq!((grade(10.0), grade(9.0)), (FindingGrade::Flag, FindingGrade::Refuse));
        let grade = |value| limits.measure(Statistic::SpendRankCorrelation, value).grade();
        assert_eq!((grade(-0.2), grade(-0.4)), (FindingGrade::Flag, FindingGrade::Refuse));
        assert_eq!(limits.measure(Statistic::SpendCorrelation, 1.0).grade(), FindingGrade::Pass);
    }
}
