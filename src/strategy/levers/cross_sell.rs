//! Selling customers the product that they are nearest to and do not hold.
//!
//! Affinity picks the product and the success rate values it; the two are never multiplied.

use crate::strategy::levers::terms::{LAPSED, Lapse, Terms, percent, share, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, Products, StrategyError};
use crate::units::{LeverId, Money};
use crate::value::{Rates, ValueUnit};

/// Sells customers the product that they would buy next.
///
/// Eligible: not lapsed (see [`WinBack`](crate::strategy::WinBack)), with a
/// [next product](crate::strategy::Products::next_to_buy) that is sold with a profit. An offer that
/// works adds half of what its holders spend on it in a year, as long as the customer stays: those
/// who hold it now chose it themselves. One in twenty is assumed to buy who would not have.
///
/// The product is sold at its own margin where one was stated, otherwise at the customer's; where
/// values are of revenue, margins are left out here as everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossSell {
    terms: Terms,
    lapse: Lapse,
    reaches: f64,
}

impl Default for CrossSell {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.05), lapse: Lapse::default(), reaches: 0.5 }
    }
}

terms!(CrossSell);

/// The margin at which a product is sold to a customer.
pub(super) fn margin(
    products: &Products,
    product: usize,
    customer: &Candidate<'_>,
    rates: &Rates,
) -> f64 {
    match customer.unit() {
        ValueUnit::Revenue => rates.margin,
        ValueUnit::Margin => products.margin(product).unwrap_or(rates.margin),
    }
}

impl CrossSell {
    /// The share of what its holders spend on a product that an offer adds when it works.
    #[must_use]
    pub fn reaches(mut self, share: f64) -> Self {
        self.reaches = share;
        self
    }
}

impl Lever for CrossSell {
    fn id(&self) -> LeverId {
        LeverId::of("cross_sell")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())?;
        share(&self.id(), "reaches", self.reaches)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let missing = Ineligible::because("the products held are not known");
        let products = customer.products().map_err(|_| missing)?;
        if !products.any_worth() {
            return Err(Ineligible::because("what the products are worth is not known"));
        }
        if !products.knows_next() {
            return Err(Ineligible::because("no affinity to products was worked out"));
        }
        if self.lapse.of(customer) {
            return Err(Ineligible::because(LAPSED));
        }
        let nothing = Ineligible::because("nothing speaks for a product not held yet");
        let product = products.next_place(customer.row()).ok_or(nothing)?;
        let yearly = products.yearly_worth(product).unwrap_or_default().amount();
        let margin = margin(products, product, customer, rates);
        if margin <= 0.0 {
            return Err(Ineligible::because("the next product would be sold without a margin"));
        }
        let sales = Money::finite(self.reaches * yearly * customer.discounted_years());
        Ok(self.terms.offer().adds(sales, margin))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Some(next) = customer.products().ok().and_then(|all| all.next(customer.row())) else {
            return String::new();
        };
        let products = customer.products().ok();
        let worth = products.and_then(|all| all.yearly_worth(next.product)).unwrap_or_default();
        let near = match next.lift {
            Some(lift) => format!(
                "{} of those who hold what they hold have it, {lift:.1} times as many as of all",
                percent(next.affinity)
            ),
            None => "the nearest to them of what they do not hold".to_owned(),
        };
        format!("`{}` next: {near}; it is worth {worth} a year to who has it", next.name)
    }
}
