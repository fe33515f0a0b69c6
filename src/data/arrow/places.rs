//! Where mapped columns stand in a schema.

use arrow_schema::Schema;

use crate::data::arrow::{ColumnarError, ColumnarFault};
use crate::data::mapped::Mapped;

impl<T> Mapped<T> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Duplicates, HistorySpec};
    use arrow_schema::{DataType, Field};

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
