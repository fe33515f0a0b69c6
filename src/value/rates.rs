//! What a customer's future value is made of, and the one function that makes it.
//!
//! Strategies change rates, not values: a retention offer changes the chance to stay, a cross-sell
//! the purchases. By having one function for the value, the baseline of every strategy equals the
//! future value to the last bit.

use serde::Serialize;

use crate::units::Money;

/// The rates behind one customer's future value over the horizon.
///
/// ```text
/// value = alive × staying × (purchases × spend × margin − cost)
/// ```
///
/// # Example
///
/// ```
/// use segmentry::value::Rates;
///
/// let rates = Rates { alive: 0.8, staying: 0.75, purchases: 10.0, spend: 30.0, margin: 0.4, cost: 20.0 };
/// assert_eq!(rates.value().amount(), 0.6000000000000001 * 100.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// The probability that there still is a customer. One where the model knows no dropout.
    pub alive: f64,
    /// Of what a customer who is alive would buy if dropping out were impossible, the share that
    /// dropout leaves.
    pub staying: f64,
    /// Purchases over the horizon, discounted to today, of a customer who is alive and certain to
    /// stay.
    pub purchases: f64,
    /// Expected spend at a purchase.
    pub spend: f64,
    /// Contribution per unit of spend; one where no margin was stated, and the value is then one of
    /// revenue.
    pub margin: f64,
    /// Cost to serve over the horizon, discounted to today, while the customer stays; zero where
    /// none was stated.
    pub cost: f64,
}

impl Rates {
    /// The discounted value over the horizon.
    pub fn value(&self) -> Money {
        Money::finite(self.alive * self.staying * self.value_if_staying())
    }

    /// The value over the horizon if the customer were alive and certain to stay.
    pub(crate) fn value_if_staying(&self) -> f64 {
        self.purchases * self.spend * self.margin - self.cost
    }

    /// Expected purchases over the horizon, discounted.
    pub fn expected_purchases(&self) -> f64 {
        self.alive * self.staying * self.purchases
    }
}
