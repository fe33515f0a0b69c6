//! Keeping customers who are there and may go.
//!
//! What dropout takes, by now and over the horizon, is the risk; what it takes in money decides.

use crate::strategy::levers::terms::{LAPSED, Lapse, Terms, percent, share, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::LeverId;

/// Keeps customers who are there and may go.
///
/// Eligible: not lapsed (see [`WinBack`](crate::strategy::WinBack)), and dropout, by now or over the
/// horizon, takes at least a tenth of what the customer would buy otherwise. An offer that works
/// saves half of that; one in ten is assumed to work.
#[derive(Debug, Clone, PartialEq)]
pub struct Retain {
    terms: Terms,
    lapse: Lapse,
    risk_from: f64,
    saves: f64,
}

impl Default for Retain {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.1), lapse: Lapse::default(), risk_from: 0.1, saves: 0.5 }
    }
}

impl Retain {
    /// The share of what dropout takes that an offer saves when it works.
    #[must_use]
    pub fn saves(mut self, share: f64) -> Self {
        self.saves = share;
        self
    }
}

impl Lever for Retain {
    fn id(&self) -> LeverId {
        LeverId::of("retain")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())?;
        share(&self.id(), "saves", self.saves)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        customer.p_alive()?; // without it there is no risk to act on
        if self.lapse.of(customer) {
            return Err(Ineligible::because(LAPSED));
        }
        let risk = 1.0 - rates.alive * rates.staying;
        if risk < self.risk_from {
            return Err(Ineligible::because("dropout takes less than a tenth of the purchases"));
        }
        if rates.value_if_staying() <= 0.0 {
            return Err(Ineligible::because("serving this customer costs more than it brings"));
        }
        Ok(self.terms.offer().keep(self.saves).revive(self.saves))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Ok(rates) = customer.rates() else { return String::new() };
        format!(
            "worth {}, and leaving takes {} of what they would buy",
            rates.value(),
            percent(1.0 - rates.alive * rates.staying)
        )
    }
}

terms!(Retain);
