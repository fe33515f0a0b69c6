//! Serving customers at a lower cost.
//!
//! Cheaper service is noticed, so that saving without losing is not among the defaults.

use crate::strategy::levers::terms::{Terms, share, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{LeverId, Money};

/// Serves customers at a lower cost.
///
/// Eligible: the cost to serve is known and takes at least half of the contribution. It lowers that
/// cost by three tenths, and, because cheaper service is noticed, purchases by one in twenty. The
/// company does it to itself, so that it is assumed to work always.
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceCostToServe {
    terms: Terms,
    cost_share_from: f64,
    saves: f64,
    loses: f64,
}

impl Default for ReduceCostToServe {
    fn default() -> Self {
        Self { terms: Terms::assuming(1.0), cost_share_from: 0.5, saves: 0.3, loses: 0.05 }
    }
}

impl ReduceCostToServe {
    /// The share of the cost to serve that it saves, and the share of purchases that it loses.
    #[must_use]
    pub fn saves_and_loses(mut self, saves: f64, loses: f64) -> Self {
        (self.saves, self.loses) = (saves, loses);
        self
    }
}

impl Lever for ReduceCostToServe {
    fn id(&self) -> LeverId {
        LeverId::of("reduce_cost_to_serve")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())?;
        share(&self.id(), "saves", self.saves)?;
        share(&self.id(), "loses", self.loses)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        if !customer.worth().cost_known {
            return Err(Ineligible::because("the cost to serve is not known"));
        }
        let contribution = rates.purchases * rates.spend * rates.margin;
        if rates.cost <= 0.0 || rates.cost < self.cost_share_from * contribution {
            return Err(Ineligible::because(
                "the cost to serve takes less than half of the contribution",
            ));
        }
        Ok(self.terms.offer().cost_to_serve(1.0 - self.saves).purchases(1.0 - self.loses))
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

terms!(ReduceCostToServe);
