//! Which column of a transaction log serves which use, for every source of named columns: CSV,
//! Arrow and Parquet take the same mapping by the same methods.

use crate::data::{Column, ScanRequest};

/// One `T` for each mapped column: its name as the caller gave it, or where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Mapped<T> {
    pub(crate) customer: T,
    pub(crate) time: T,
    /// The amount; where there is a price, the quantity.
    pub(crate) amount: T,
    pub(crate) price: Option<T>,
    pub(crate) category: Option<T>,
    pub(crate) product: Option<T>,
    pub(crate) order: Option<T>,
    pub(crate) currency: Option<T>,
}

impl Default for Mapped<String> {
    fn default() -> Self {
        Self {
            customer: "customer_id".to_owned(),
            time: "time".to_owned(),
            amount: "amount".to_owned(),
            price: None,
            category: None,
            product: None,
            order: None,
            currency: None,
        }
    }
}

impl<T> Mapped<T> {
    pub(crate) fn try_map<U, E>(
        &self,
        mut f: impl FnMut(&T) -> Result<U, E>,
    ) -> Result<Mapped<U>, E> {
        Ok(Mapped {
            customer: f(&self.customer)?,
            time: f(&self.time)?,
            amount: f(&self.amount)?,
            price: self.price.as_ref().map(&mut f).transpose()?,
            category: self.category.as_ref().map(&mut f).transpose()?,
            product: self.product.as_ref().map(&mut f).transpose()?,
            order: self.order.as_ref().map(&mut f).transpose()?,
            currency: self.currency.as_ref().map(&mut f).transpose()?,
        })
    }
}

impl Mapped<String> {
    pub(crate) fn amount(&mut self, column: String) {
        self.amount = column;
        self.price = None;
    }

    pub(crate) fn quantity(&mut self, column: String) {
        self.amount = column;
        self.price.get_or_insert_with(|| "price".to_owned());
    }

    pub(crate) fn price(&mut self, column: String) {
        if self.price.replace(column).is_none() {
            self.amount = "quantity".to_owned();
        }
    }

    /// Only those columns that the scan will look at.
    pub(crate) fn wanted(&self, request: &ScanRequest) -> Self {
        let mut wanted = self.clone();
        for (column, name) in [
            (Column::Category, &mut wanted.category),
            (Column::Product, &mut wanted.product),
            (Column::Order, &mut wanted.order),
            (Column::Currency, &mut wanted.currency),
        ] {
            if !request.wants(column) {
                *name = None;
            }
        }
        wanted
    }
}

/// The methods that say whose and when, which every log has, events included.
macro_rules! whose_and_when_methods {
    () => {
        /// The column with the customer; `customer_id` unless set.
        #[must_use]
        pub fn customer(mut self, column: impl Into<String>) -> Self {
            self.names.customer = column.into();
            self
        }

        /// The column with the date or date-time; `time` unless set.
        #[must_use]
        pub fn time(mut self, column: impl Into<String>) -> Self {
            self.names.time = column.into();
            self
        }
    };
}
#[cfg_attr(not(feature = "csv"), allow(unused_imports))]
pub(crate) use whose_and_when_methods;

/// The methods that map the columns of transactions. A macro, because every source should have them
/// as methods of its own.
macro_rules! mapping_methods {
    () => {
        crate::data::mapped::whose_and_when_methods!();

        /// The column with the amount, negative for a return; `amount` unless set.
        #[must_use]
        pub fn amount(mut self, column: impl Into<String>) -> Self {
            self.names.amount(column.into());
            self
        }

        /// The column with the quantity, negative for a return; the amount is quantity times price.
        #[must_use]
        pub fn quantity(mut self, column: impl Into<String>) -> Self {
            self.names.quantity(column.into());
            self
        }

        /// The column with the price of one; the amount is quantity times price.
        #[must_use]
        pub fn price(mut self, column: impl Into<String>) -> Self {
            self.names.price(column.into());
            self
        }

        /// The column with the product's category.
        #[must_use]
        pub fn category(mut self, column: impl Into<String>) -> Self {
            self.names.category = Some(column.into());
            self
        }

        /// The column with the product.
        #[must_use]
        pub fn product(mut self, column: impl Into<String>) -> Self {
            self.names.product = Some(column.into());
            self
        }

        /// The column with the order or invoice.
        #[must_use]
        pub fn order(mut self, column: impl Into<String>) -> Self {
            self.names.order = Some(column.into());
            self
        }

        /// The column with the currency of the amount. A second currency ends the reading, unless
        /// [`HistorySpec::currencies`](crate::data::HistorySpec::currencies) says otherwise.
        #[must_use]
        pub fn currency(mut self, column: impl Into<String>) -> Self {
            self.names.currency = Some(column.into());
            self
        }
    };
}
pub(crate) use mapping_methods;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Duplicates, HistorySpec};

    #[test]
    fn an_amount_and_a_quantity_exclude_each_other() {
        let mut names = Mapped::default();
        names.quantity("n".to_owned());
        assert_eq!((names.amount.as_str(), names.price.as_deref()), ("n", Some("price")));
        names.amount("total".to_owned());
        assert_eq!((names.amount.as_str(), names.price.as_deref()), ("total", None));
        names.price("each".to_owned());
        assert_eq!((names.amount.as_str(), names.price.as_deref()), ("quantity", Some("each")));
        names.quantity("n".to_owned());
        assert_eq!((names.amount.as_str(), names.price.as_deref()), ("n", Some("each")));
    }

    #[test]
    fn only_what_is_wanted_is_named() {
        let names = Mapped {
            category: Some("kind".to_owned()),
            order: Some("order".to_owned()),
            currency: Some("currency".to_owned()),
            ..Mapped::default()
        };
        let plain = HistorySpec::new().duplicates(Duplicates::Ignore).request();
        let wanted = names.wanted(&plain);
        assert_eq!((wanted.category, wanted.order), (None, None));
        assert_eq!(wanted.currency.as_deref(), Some("currency"));
        let wanted = names.wanted(&HistorySpec::new().categories().request());
        assert_eq!((wanted.category, wanted.order), (names.category, names.order));
    }

    #[test]
    fn every_name_is_looked_up_until_one_fails() {
        let names = Mapped { currency: Some("c".to_owned()), ..Mapped::default() };
        let lengths = names.try_map(|name| Ok::<_, ()>(name.len())).unwrap();
        assert_eq!((lengths.customer, lengths.time, lengths.amount), (11, 4, 6));
        assert_eq!((lengths.price, lengths.currency), (None, Some(1)));
        let error = names.try_map(|name| if name == "time" { Err("time") } else { Ok(()) });
        assert_eq!(error.unwrap_err(), "time");
    }
}
