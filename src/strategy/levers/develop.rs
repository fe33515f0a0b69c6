//! Growing customers towards what their peers are worth.
//!
//! The headroom bounds what can be gained; how much of it an offer takes is stated.

use crate::strategy::levers::terms::{LAPSED, Lapse, Terms, share, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::LeverId;

/// Grows customers towards what their peers are worth.
///
/// Eligible: not lapsed (see [`WinBack`](crate::strategy::WinBack)), and with headroom. An offer
/// that works raises purchases until a quarter of the headroom is taken; one in ten is assumed to
/// work.
#[derive(Debug, Clone, PartialEq)]
pub struct Develop {
    terms: Terms,
    lapse: Lapse,
    takes: f64,
}

impl Default for Develop {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.1), lapse: Lapse::default(), takes: 0.25 }
    }
}

impl Develop {
    /// The share of the headroom that an offer takes when it works.
    #[must_use]
    pub fn takes(mut self, share: f64) -> Self {
        self.takes = share;
        self
    }
}

impl Lever for Develop {
    fn id(&self) -> LeverId {
        LeverId::of("develop")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())?;
        share(&self.id(), "takes", self.takes)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let headroom = customer
            .worth()
            .headroom()
            .ok_or(Ineligible::because("no potential was estimated"))?
            .amount();
        if self.lapse.of(customer) {
            return Err(Ineligible::because(LAPSED));
        }
        if headroom <= 0.0 {
            return Err(Ineligible::because("worth as much as the best of their peers already"));
        }
        // More purchases by this factor bring the value up by the share of the headroom.
        let from_purchases =
            rates.alive * rates.staying * rates.purchases * rates.spend * rates.margin;
        let factor = 1.0 + self.takes * headroom / from_purchases;
        if !(from_purchases > 0.0 && factor.is_finite()) {
            return Err(Ineligible::because("no purchases are expected that could be built upon"));
        }
        Ok(self.terms.offer().purchases(factor))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let headroom = customer.worth().headroom().unwrap_or_default();
        format!("could be worth {headroom} more, as the best fifth of their peers are")
    }
}

terms!(Develop);
