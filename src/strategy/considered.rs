//! The levers of an assigner, side by side, and what they offer one customer.

use std::sync::Arc;

use crate::strategy::choice::Overlaps;
use crate::strategy::{Candidate, Gain, Ineligible, Lever, Offer, StrategyError};
use crate::units::{LeverId, Money, Provenance};

/// The levers of an assigner, how they go together, and what a contact wears a customer out by.
#[derive(Clone)]
pub(crate) struct Levers {
    pub(crate) all: Vec<Arc<dyn Lever>>,
    pub(crate) ids: Vec<LeverId>,
    pub(crate) overlaps: Overlaps,
    pub(crate) fatigue: Money,
}

impl Levers {
    /// What a lever offers a customer and what that would gain, or the rule against it.
    pub(crate) fn consider(
        &self,
        lever: usize,
        customer: &Candidate<'_>,
    ) -> Result<Result<(Offer, Gain), Ineligible>, StrategyError> {
        let mut offer = match self.all[lever].offer(customer) {
            Ok(offer) => offer,
            Err(rule) => return Ok(Err(rule)),
        };
        if let Some((name, expected)) = offer.fault() {
            let (lever, row) = (self.ids[lever].clone(), customer.row());
            return Err(StrategyError::BadOffer { lever, row, name, expected });
        }
        let Ok(rates) = customer.rates() else {
            return Ok(Err(Ineligible::because("no future value could be estimated")));
        };
        offer.fatigue = Money::finite(offer.contacts * self.fatigue.amount());
        let gain = Gain::of(&offer, rates);
        Ok(Ok((offer, gain)))
    }

    /// Why a lever, and what its success rests on.
    pub(crate) fn reason(&self, lever: usize, customer: &Candidate<'_>, offer: &Offer) -> String {
        let works = 100.0 * offer.success.mean();
        let basis = match offer.success.provenance() {
            Provenance::Experiment => "an experiment found it to work in",
            Provenance::Model => "a model expects it to work in",
            Provenance::Assumption => "assumed to work in",
        };
        format!("{}; {basis} {works:.1} %", self.all[lever].why(customer))
    }
}
