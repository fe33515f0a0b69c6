//! The customers that strategies are chosen for, and one of them as a lever sees them.

use std::fmt;
use std::sync::Arc;

use crate::data::{AttributeColumn, Attributes};
use crate::strategy::{Ineligible, Products, StrategyError};
use crate::units::{CustomerIds, Days, Probability};
use crate::value::{CustomerValue, Rates, ValueUnit, Worth};

/// The customers that strategies are chosen for: what they are worth, and whatever else is known of
/// them.
///
/// The parts are shared, not copied: a plan keeps hold of them, so that it can say why a strategy
/// was chosen without having written a sentence for every customer.
#[derive(Clone)]
pub struct CustomerBase {
    value: Arc<CustomerValue>,
    attributes: Option<Arc<Attributes>>,
    products: Option<Arc<Products>>,
}

impl CustomerBase {
    /// Customers of whom nothing is known but their value.
    pub fn of(value: impl Into<Arc<CustomerValue>>) -> Self {
        Self { value: value.into(), attributes: None, products: None }
    }

    /// Adds their attributes, which must be of the same customers.
    #[must_use]
    pub fn attributes(mut self, attributes: impl Into<Arc<Attributes>>) -> Self {
        self.attributes = Some(attributes.into());
        self
    }

    /// Adds which products they hold, which must be of the same customers.
    #[must_use]
    pub fn products(mut self, products: impl Into<Arc<Products>>) -> Self {
        self.products = Some(products.into());
        self
    }

    /// Checks that all parts are of the same customers; an assigner calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::OtherCustomers`].
    pub fn validate(&self) -> Result<(), StrategyError> {
        let others = |ids: &CustomerIds| ids != self.ids();
        if self.attributes.as_ref().is_some_and(|known| others(known.ids())) {
            return Err(StrategyError::OtherCustomers { what: "the attributes" });
        }
        if self.products.as_ref().is_some_and(|known| others(known.ids())) {
            return Err(StrategyError::OtherCustomers { what: "the products" });
        }
        Ok(())
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        self.value.ids()
    }

    /// How many there are.
    pub fn n_customers(&self) -> usize {
        self.value.rows().len()
    }

    /// What they are worth.
    pub fn value(&self) -> &CustomerValue {
        &self.value
    }

    /// The customer in a row, as levers see them.
    pub fn customer(&self, row: usize) -> Candidate<'_> {
        Candidate { base: self, row }
    }
}

impl fmt::Debug for CustomerBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerBase")
            .field("customers", &self.n_customers())
            .field("attributes", &self.attributes.is_some())
            .field("products", &self.products.is_some())
            .finish()
    }
}

/// A customer as a lever sees them: their worth, what they hold and what is known of them, and
/// nothing of who they are.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    base: &'a CustomerBase,
    row: usize,
}

impl<'a> Candidate<'a> {
    /// The row of the customer, for a lever that holds a column of its own.
    pub fn row(&self) -> usize {
        self.row
    }

    /// What the customer was, will be and could be worth.
    pub fn worth(&self) -> &'a Worth {
        &self.base.value.rows()[self.row]
    }

    /// The decile of current value, 1 being the best.
    pub fn decile(&self) -> u8 {
        self.base.value.deciles().of[self.row]
    }

    /// How far the future value reaches.
    pub fn horizon(&self) -> Days {
        self.base.value.horizon()
    }

    /// What one unit of money a year is worth today over the horizon, see
    /// [`CustomerValue::discounted_years`].
    pub fn discounted_years(&self) -> f64 {
        self.base.value.discounted_years()
    }

    /// What money the future value is of.
    pub fn unit(&self) -> ValueUnit {
        self.base.value.unit()
    }

    /// The attribute of that name, of all customers (see [`row`](Self::row)), where there is one.
    pub fn attribute(&self, name: &str) -> Option<&'a AttributeColumn> {
        let columns = self.base.attributes.as_deref()?.columns();
        columns.iter().find(|column| column.field().name == name)
    }

    /// Which products customers hold, of all customers; see [`row`](Self::row).
    ///
    /// # Errors
    ///
    /// [`Ineligible`] where nothing is known of products.
    pub fn products(&self) -> Result<&'a Products, Ineligible> {
        let products = self.base.products.as_deref();
        products.ok_or(Ineligible::because("no products are known"))
    }

    /// The rates behind the future value.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] where no future could be estimated: no lever knows then what it would change.
    pub fn rates(&self) -> Result<&'a Rates, Ineligible> {
        let rates = self.worth().rates.as_ref();
        rates.ok_or(Ineligible::because("no future value could be estimated"))
    }

    /// The probability that there still is a customer.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] where the model behind the value has no such notion.
    pub fn p_alive(&self) -> Result<Probability, Ineligible> {
        let alive = self.worth().p_alive;
        alive.ok_or(Ineligible::because("the value model knows no probability of being alive"))
    }
}
