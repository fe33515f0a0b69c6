//! Ending a loss: a price that covers the costs, or a good-bye.
//!
//! Both ends are worth the same, nothing, so that it need not be guessed which one the customer
//! takes.

use crate::strategy::levers::terms::{Terms, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{LeverId, Money};

/// Asks customers who cost more than they bring for a price that covers it, or lets them go.
///
/// Eligible: worth less than zero. Where it works the customer pays what they cost or leaves, and
/// the loss is over either way; one in two is assumed to be followed through.
///
/// ```text
/// gain = success × (0 − value) − contact cost
/// ```
///
/// Whether something else would turn the loss into a profit is not asked here: that lever gains
/// more then, and is chosen.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "Exit")]
pub struct Reprice {
    terms: Terms,
}

impl Default for Reprice {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.5) }
    }
}

terms!(Reprice);

impl Lever for Reprice {
    fn id(&self) -> LeverId {
        LeverId::of("reprice")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        if rates.value() < Money::ZERO {
            return Ok(self.terms.offer().purchases(0.0).cost_to_serve(0.0));
        }
        Err(Ineligible::because(if customer.worth().cost_known {
            "serving this customer costs no more than it brings"
        } else {
            "the cost to serve is not known"
        }))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Ok(rates) = customer.rates() else { return String::new() };
        format!(
            "costs {} to serve and contributes {}",
            Money::finite(rates.cost),
            Money::finite(rates.purchases * rates.spend * rates.margin)
        )
    }
}
