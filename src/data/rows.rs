//! One transaction as a row, for sources that have rows and not columns.

use std::borrow::Cow;

use crate::units::CivilTime;

/// An id as a source has it: a whole number, a text, or missing.
///
/// `From` takes `&str`, `String`, `i32`, `u32`, `i64`, and an `Option` of any of them; an empty
/// text is missing.
#[derive(Clone, PartialEq, Eq)]
pub enum Id<'a> {
    /// A whole number.
    Integer(i64),
    /// A text; empty counts as missing.
    Text(Cow<'a, str>),
    /// Not known.
    Missing,
}

/// One line of a transaction log.
///
/// ```
/// use segmentry::data::Transaction;
/// use segmentry::units::Date;
///
/// let line = Transaction::new("17850", Date::from_ymd(2010, 12, 1)?, 15.30)
///     .order("536365")
///     .product("85123A")
///     .category("lights");
/// assert_eq!(line.amount, 15.30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Transaction<'a> {
    /// Whose.
    pub customer: Id<'a>,
    /// When.
    pub time: CivilTime,
    /// How much, in major units; negative for a return.
    pub amount: f64,
    /// The order or invoice, if known.
    pub order: Id<'a>,
    /// The product, if known.
    pub product: Id<'a>,
    /// The product's category, if known.
    pub category: Option<Cow<'a, str>>,
    /// The currency of the amount, if known.
    pub currency: Option<Cow<'a, str>>,
}

impl<'a> Transaction<'a> {
    /// A transaction without order, product, category and currency.
    pub fn new(customer: impl Into<Id<'a>>, time: impl Into<CivilTime>, amount: f64) -> Self {
        Self {
            customer: customer.into(),
            time: time.into(),
            amount,
            order: Id::Missing,
            product: Id::Missing,
            category: None,
            currency: None,
        }
    }

    /// Adds the order.
    #[must_use]
    pub fn order(mut self, order: impl Into<Id<'a>>) -> Self {
        self.order = order.into();
        self
    }

    /// Adds the product.
    #[must_use]
    pub fn product(mut self, product: impl Into<Id<'a>>) -> Self {
        self.product = product.into();
        self
    }

    /// Adds the category.
    #[must_use]
    pub fn category(mut self, category: impl Into<Cow<'a, str>>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Adds the currency.
    #[must_use]
    pub fn currency(mut self, currency: impl Into<Cow<'a, str>>) -> Self {
        self.currency = Some(currency.into());
        self
    }
}

impl<'a> From<&'a str> for Id<'a> {
    fn from(id: &'a str) -> Self {
        if id.is_empty() { Self::Missing } else { Self::Text(Cow::Borrowed(id)) }
    }
}

impl From<String> for Id<'_> {
    fn from(id: String) -> Self {
        if id.is_empty() { Self::Missing } else { Self::Text(Cow::Owned(id)) }
    }
}

impl<'a> From<&'a String> for Id<'a> {
    fn from(id: &'a String) -> Self {
        Self::from(id.as_str())
    }
}

impl From<i64> for Id<'_> {
    fn from(id: i64) -> Self {
        Self::Integer(id)
    }
}

impl From<i32> for Id<'_> {
    fn from(id: i32) -> Self {
        Self::Integer(i64::from(id))
    }
}

impl From<u32> for Id<'_> {
    fn from(id: u32) -> Self {
        Self::Integer(i64::from(id))
    }
}

impl<'a, T: Into<Id<'a>>> From<Option<T>> for Id<'a> {
    fn from(id: Option<T>) -> Self {
        id.map_or(Self::Missing, Into::into)
    }
}

impl std::fmt::Debug for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Integer(_) => "Id(integer, withheld)",
            Self::Text(_) => "Id(text, withheld)",
            Self::Missing => "Id(missing)",
        })
    }
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("customer", &self.customer).finish_non_exhaustive()
    }
}
