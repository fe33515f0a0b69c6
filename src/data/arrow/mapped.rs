//! Which column serves which use: names as the caller gave them, and where they stand.

use arrow_schema::Schema;

use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::{Column, ScanRequest};

/// One `T` for each mapped column.
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

    pub(crate) fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Mapped<U> {
        Mapped {
            customer: f(&self.customer),
            time: f(&self.time),
            amount: f(&self.amount),
            price: self.price.as_ref().map(&mut f),
            category: self.category.as_ref().map(&mut f),
            product: self.product.as_ref().map(&mut f),
            order: self.order.as_ref().map(&mut f),
            currency: self.currency.as_ref().map(&mut f),
        }
    }

    /// All of them, in the order of the fields.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        let always = [&self.customer, &self.time, &self.amount];
        let optional = [&self.price, &self.category, &self.product, &self.order, &self.currency];
        always.into_iter().chain(optional.into_iter().flatten())
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

    /// Where the columns stand in a schema.
    pub(crate) fn places(&self, schema: &Schema) -> Result<Mapped<usize>, ColumnarError> {
        self.try_map(|name| {
            let mut places =
                schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
            let fault = |fault| ColumnarError::of(fault).in_column(name);
            let (place, _) = places.next().ok_or_else(|| fault(ColumnarFault::NoSuchColumn))?;
            match places.next() {
                Some(_) => Err(fault(ColumnarFault::ColumnTwice)),
                None => Ok(place),
            }
        })
    }
}

/// The methods that map columns, the same for every source of columns, and the same as those of
/// `CsvTransactions`. A macro, because two types should have them as methods of their own.
macro_rules! mapping_methods {
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
    use arrow_schema::{DataType, Field};

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
    fn only_what_is_wanted_is_looked_for() {
        let names = Mapped {
            category: Some("kind".to_owned()),
            order: Some("order".to_owned()),
            ..Mapped::default()
        };
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Schema::new(vec![field("amount"), field("time"), field("customer_id")]);
        let request = HistorySpec::new().duplicates(Duplicates::Ignore).request();
        let places = names.wanted(&request).places(&schema).unwrap();
        assert_eq!(places.all().copied().collect::<Vec<_>>(), [2, 1, 0]);
        let request = HistorySpec::new().categories().request();
        let error = names.wanted(&request).places(&schema).unwrap_err();
        assert_eq!(error.fault, ColumnarFault::NoSuchColumn);
        assert_eq!(error.column.as_deref(), Some("kind"));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Schema::new(["customer_id", "time", "amount", "time"].map(field).to_vec());
        let error = Mapped::default().places(&schema).unwrap_err();
        assert_eq!(error.to_string(), "column `time`: there are two columns of this name");
    }
}
