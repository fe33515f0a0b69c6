//! What some customers did in some time: the cell of every table of the audit.

use serde::Serialize;

use crate::units::Money;

/// Who bought, how often, and the money.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Turnover {
    /// How many customers bought; those with nothing but returns are not counted.
    pub customers: u64,
    /// How many purchases: days on which a customer bought.
    pub purchases: u64,
    /// What they paid, returns not taken off.
    pub gross: Money,
    /// What went back: zero or negative.
    pub returns: Money,
    /// What they paid, less returns.
    pub net: Money,
}

impl Turnover {
    /// Purchases of a customer who bought; `None` where nobody did.
    pub fn purchases_per_customer(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.purchases as f64 / self.customers as f64)
    }

    /// Gross spend at a purchase; `None` without a purchase.
    pub fn spend_per_purchase(&self) -> Option<Money> {
        (self.purchases > 0).then(|| Money::finite(self.gross.amount() / self.purchases as f64))
    }

    /// Gross spend of a customer who bought; `None` where nobody did.
    pub fn spend_per_customer(&self) -> Option<Money> {
        (self.customers > 0).then(|| Money::finite(self.gross.amount() / self.customers as f64))
    }
}

/// The same in whole minor units, which add up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub(super) customers: u64,
    pub(super) purchases: u64,
    pub(super) gross: i128,
    pub(super) returns: i128,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.customers += other.customers;
        self.purchases += other.purchases;
        self.gross += other.gross;
        self.returns += other.returns;
    }

    pub(super) fn of(all: impl IntoIterator<Item = Self>) -> Self {
        let mut total = Self::default();
        all.into_iter().for_each(|sums| total.add(sums));
        total
    }

    pub(super) fn turnover(&self, digits: u8) -> Turnover {
        Turnover {
            customers: self.customers,
            purchases: self.purchases,
            gross: Money::from_whole(self.gross, digits),
            returns: Money::from_whole(self.returns, digits),
            net: Money::from_whole(self.gross + self.returns, digits),
        }
    }

    /// Over several periods, where customers who bought in more than one would be counted again: so
    /// many customers there are.
    pub(super) fn turnover_of(&self, customers: u64, digits: u8) -> Turnover {
        Turnover { customers, ..self.turnover(digits) }
    }
}

/// A part of a whole; `None` where the whole is not positive.
pub(super) fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
