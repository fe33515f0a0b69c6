//! What to read and by which rules: chosen before the one scan.

use serde::Serialize;

use crate::data::{DataError, ScanRequest};
use crate::units::Date;

/// Which rows count, what becomes of the others, and which aggregates the history shall have.
///
/// | rule | default | reason |
/// |---|---|---|
/// | rows without a customer | skipped and counted | they belong to nobody whom a strategy could reach |
/// | returns (negative amounts) | kept apart from purchases | a return is no purchase, and its money is not nothing |
/// | zero amounts | count as purchases | the customer came |
/// | exact repeats of a row | kept and flagged | two equal lines of one invoice are usual; judged only where order and product are known |
/// | rows outside the observation | skipped and counted | |
/// | a second currency | an error | a sum of two currencies is no amount; noticed only where a column names them |
/// | rows that cannot be read | an error | whoever skips them shall have chosen to |
///
/// # Example
///
/// ```
/// use segmentry::data::{HistorySpec, UnreadableRows};
/// use segmentry::units::Date;
///
/// let spec = HistorySpec::new()
///     .observed_until(Date::from_ymd(1997, 9, 30)?)
///     .unreadable_rows(UnreadableRows::Skip)
///     .categories();
/// assert!(spec.validate().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HistorySpec {
    pub(crate) observed_from: Option<Date>,
    pub(crate) observed_until: Option<Date>,
    pub(crate) holdout_until: Option<Date>,
    pub(crate) minor_digits: u8,
    pub(crate) missing_customers: MissingCustomers,
    pub(crate) returns: Returns,
    pub(crate) zero_amounts: ZeroAmounts,
    pub(crate) duplicates: Duplicates,
    pub(crate) out_of_window: OutOfWindow,
    pub(crate) currencies: Currencies,
    pub(crate) unreadable: UnreadableRows,
    pub(crate) rhythm: bool,
    pub(crate) categories: bool,
    pub(crate) purchase_days: bool,
}

/// What becomes of rows without a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissingCustomers {
    /// Skipped and counted.
    Skip,
    /// The first one ends the reading with an error.
    Error,
}

/// What becomes of negative amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Returns {
    /// Summed apart from purchases: gross, returns and net.
    Separate,
    /// Skipped and counted; net equals gross.
    Drop,
    /// The first one ends the reading with an error.
    Error,
}

/// What becomes of amounts of exactly zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ZeroAmounts {
    /// A purchase of nothing is a visit: it counts as a purchase.
    Purchase,
    /// Skipped and counted.
    Drop,
}

/// What becomes of rows that repeat another row in every column that was given.
///
/// They are judged only where a batch has both an order and a product column, because without them
/// two equal rows are two sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duplicates {
    /// Kept and counted, at 16 bytes of memory a row.
    Flag,
    /// All but one of each are taken out again and counted, at 64 bytes of memory a row.
    Drop,
    /// Not looked for.
    Ignore,
}

/// What becomes of rows before the observation's start or after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutOfWindow {
    /// Skipped and counted.
    Skip,
    /// The first one ends the reading with an error.
    Error,
}

/// What becomes of rows in different currencies.
///
/// Amounts are never converted. Rows that name no currency are taken to be in that of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Currencies {
    /// A second currency ends the reading with an error.
    Error,
    /// Added up as though they were one, and counted apart, up to 64 of them; a finding says so.
    Flag,
}

/// What becomes of rows that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnreadableRows {
    /// The first one ends the reading with an error.
    Error,
    /// Skipped and counted.
    Skip,
}

impl HistorySpec {
    /// The defaults above; the whole of the data is the observation, with two decimals of money.
    pub fn new() -> Self {
        Self {
            observed_from: None,
            observed_until: None,
            holdout_until: None,
            minor_digits: 2,
            missing_customers: MissingCustomers::Skip,
            returns: Returns::Separate,
            zero_amounts: ZeroAmounts::Purchase,
            duplicates: Duplicates::Flag,
            out_of_window: OutOfWindow::Skip,
            currencies: Currencies::Error,
            unreadable: UnreadableRows::Error,
            rhythm: false,
            categories: false,
            purchase_days: false,
        }
    }

    /// The first day that counts. The earliest day in the data, unless set.
    #[must_use]
    pub fn observed_from(mut self, day: Date) -> Self {
        self.observed_from = Some(day);
        self
    }

    /// The last day that counts, itself included; ages run to it. The latest day in the data,
    /// unless set.
    #[must_use]
    pub fn observed_until(mut self, day: Date) -> Self {
        self.observed_until = Some(day);
        self
    }

    /// Holds back what customers do after the observation, to this day, itself included: the
    /// observation is then the calibration, and forecasts can be tested on the holdout.
    ///
    /// One split, one scan: whatever lies behind the observation's end enters no aggregate but
    /// [`CustomerHistory::held_out`](crate::data::CustomerHistory::held_out).
    /// [`observed_until`](Self::observed_until) must be set.
    #[must_use]
    pub fn holdout_until(mut self, day: Date) -> Self {
        self.holdout_until = Some(day);
        self
    }

    /// How many decimals the currency has: 2 for euros and dollars, 0 for yen.
    #[must_use]
    pub fn minor_digits(mut self, digits: u8) -> Self {
        self.minor_digits = digits;
        self
    }

    /// Sets the rule for rows without a customer.
    #[must_use]
    pub fn missing_customers(mut self, rule: MissingCustomers) -> Self {
        self.missing_customers = rule;
        self
    }

    /// Sets the rule for negative amounts.
    #[must_use]
    pub fn returns(mut self, rule: Returns) -> Self {
        self.returns = rule;
        self
    }

    /// Sets the rule for amounts of zero.
    #[must_use]
    pub fn zero_amounts(mut self, rule: ZeroAmounts) -> Self {
        self.zero_amounts = rule;
        self
    }

    /// Sets the rule for exact repeats.
    #[must_use]
    pub fn duplicates(mut self, rule: Duplicates) -> Self {
        self.duplicates = rule;
        self
    }

    /// Sets the rule for rows outside the observation.
    #[must_use]
    pub fn out_of_window(mut self, rule: OutOfWindow) -> Self {
        self.out_of_window = rule;
        self
    }

    /// Sets the rule for rows in different currencies.
    #[must_use]
    pub fn currencies(mut self, rule: Currencies) -> Self {
        self.currencies = rule;
        self
    }

    /// Sets the rule for rows that cannot be read.
    #[must_use]
    pub fn unreadable_rows(mut self, rule: UnreadableRows) -> Self {
        self.unreadable = rule;
        self
    }

    /// Asks for the rhythm: the mean and spread of the days between purchases.
    #[must_use]
    pub fn rhythm(mut self) -> Self {
        self.rhythm = true;
        self
    }

    /// Asks for the spend of each customer in each category.
    #[must_use]
    pub fn categories(mut self) -> Self {
        self.categories = true;
        self
    }

    /// Asks for the days on which each customer bought, with the spend and the returns of each, and
    /// for those of the holdout where there is one.
    ///
    /// [`PurchaseDays`](crate::data::PurchaseDays) says what memory they take, which grows with
    /// distinct customer-days whatever order the source declares.
    #[must_use]
    pub fn purchase_days(mut self) -> Self {
        self.purchase_days = true;
        self
    }

    /// Checks the parameters; reading calls this first.
    ///
    /// # Errors
    ///
    /// [`DataError::Param`].
    pub fn validate(&self) -> Result<(), DataError> {
        if self.minor_digits > 9 {
            return Err(DataError::Param {
                name: "minor_digits",
                value: self.minor_digits.to_string(),
                expected: "at most 9",
            });
        }
        if let Some(holdout) = self.holdout_until
            && self.observed_until.is_none_or(|until| until >= holdout)
        {
            return Err(DataError::Param {
                name: "holdout_until",
                value: holdout.to_string(),
                expected: "after `observed_until`, which must be set",
            });
        }
        match (self.observed_from, self.observed_until) {
            (Some(from), Some(until)) if from > until => Err(DataError::Param {
                name: "observed_from",
                value: from.to_string(),
                expected: "not after `observed_until`",
            }),
            _ => Ok(()),
        }
    }

    pub(crate) fn request(&self) -> ScanRequest {
        ScanRequest {
            orders_and_products: self.duplicates != Duplicates::Ignore,
            categories: self.categories,
            unreadable: self.unreadable,
            minor_digits: self.minor_digits,
        }
    }
}

impl Default for HistorySpec {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_must_not_be_upside_down() {
        let day = |d| Date::from_ymd(2024, 1, d).unwrap();
        let spec = HistorySpec::new().observed_from(day(2)).observed_until(day(1));
        assert!(matches!(spec.validate(), Err(DataError::Param { name: "observed_from", .. })));
        assert!(HistorySpec::new().minor_digits(10).validate().is_err());
        assert!(HistorySpec::new().holdout_until(day(3)).validate().is_err());
        let split = HistorySpec::new().observed_until(day(2));
        assert!(split.clone().holdout_until(day(3)).validate().is_ok());
        assert!(split.holdout_until(day(2)).validate().is_err());
    }

    #[test]
    fn the_request_asks_only_for_what_is_used() {
        use crate::data::Column;
        let plain = HistorySpec::new().duplicates(Duplicates::Ignore).request();
        assert!(!plain.wants(Column::Order) && !plain.wants(Column::Category));
        assert!(plain.wants(Column::Currency));
        assert!(HistorySpec::new().categories().request().wants(Column::Category));
    }
}
