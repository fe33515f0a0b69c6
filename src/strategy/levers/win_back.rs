//! Bringing back customers who have lapsed.
//!
//! The purchase that brings a customer back is counted besides what they are worth afterwards.

use crate::strategy::levers::terms::{Lapse, Terms, percent, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{LeverId, Money, Probability};

/// Brings back customers who have lapsed.
///
/// Eligible: more likely gone than not, or silent for 26 weeks and more likely than not to stay
/// silent over the horizon. An offer that works brings one purchase, and with it a customer who
/// certainly is one; three in a hundred are assumed to come who would not have come by themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct WinBack {
    terms: Terms,
    lapse: Lapse,
}

impl Default for WinBack {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.03), lapse: Lapse::default() }
    }
}

impl Lever for WinBack {
    fn id(&self) -> LeverId {
        LeverId::of("win_back")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        if !self.lapse.of(customer) {
            return Err(Ineligible::because("has not lapsed"));
        }
        let purchase = Money::finite(rates.spend * rates.margin);
        if rates.value_if_staying() < 0.0 || purchase <= Money::ZERO {
            return Err(Ineligible::because("would bring nothing if they came back"));
        }
        Ok(self.terms.offer().revive(1.0).one_off(purchase))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Ok(rates) = customer.rates() else { return String::new() };
        let purchase = Money::finite(rates.spend * rates.margin);
        let worth = customer.worth();
        let chance = match (worth.p_alive, worth.p_active) {
            (Some(alive), _) if alive.value() < 0.5 => {
                format!("still a customer with {} probability", percent(alive.value()))
            }
            (_, active) => format!(
                "will buy within {} with {} probability",
                customer.horizon(),
                percent(active.map_or(0.0, Probability::value))
            ),
        };
        format!(
            "silent for {}, {chance}; a purchase would be worth {purchase}",
            worth.days_since_last
        )
    }
}

terms!(WinBack);
