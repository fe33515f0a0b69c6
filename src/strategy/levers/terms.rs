//! What all levers share: how often an offer works and what it takes, and who has lapsed.

use crate::strategy::{Candidate, Offer, StrategyError};
use crate::units::{Days, Estimate, LeverId, Money, Probability, ResourceId};

/// How often a lever works, what it costs to try and what it uses up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    pub(super) success: Estimate,
    pub(super) contact_cost: Money,
    pub(super) incentive: (Money, f64),
    pub(super) contacts: f64,
    pub(super) uses: Vec<(ResourceId, f64)>,
}

impl Terms {
    /// Costs nothing and works in so many, as far as anybody knows.
    pub(super) const fn assuming(success: f64) -> Self {
        Self {
            success: Estimate::default_assumption(success),
            contact_cost: Money::ZERO,
            incentive: (Money::ZERO, 0.0),
            contacts: 0.0,
            uses: Vec::new(),
        }
    }

    pub(super) fn validate(&self, lever: &LeverId) -> Result<(), StrategyError> {
        share(lever, "success", self.success.mean())?;
        not_negative(lever, "contact_cost", self.contact_cost.amount())?;
        not_negative(lever, "incentive", self.incentive.0.amount())?;
        share(lever, "leakage", self.incentive.1)?;
        not_negative(lever, "contacts", self.contacts)?;
        self.uses.iter().try_for_each(|(_, amount)| not_negative(lever, "uses", *amount))
    }

    pub(super) fn offer(&self) -> Offer {
        let (incentive, leakage) = self.incentive;
        let offer = Offer::new(self.success)
            .contact_cost(self.contact_cost)
            .incentive(incentive, leakage)
            .contacts(self.contacts);
        let uses = self.uses.iter();
        uses.fold(offer, |offer, (resource, amount)| offer.uses(resource.clone(), *amount))
    }
}

fn param(lever: &LeverId, name: &'static str, value: f64, expected: &'static str) -> StrategyError {
    StrategyError::Param { lever: lever.clone(), name, value, expected }
}

pub(super) fn share(lever: &LeverId, name: &'static str, value: f64) -> Result<(), StrategyError> {
    let good = (0.0..=1.0).contains(&value);
    if good { Ok(()) } else { Err(param(lever, name, value, "from 0 to 1")) }
}

pub(super) fn not_negative(
    lever: &LeverId,
    name: &'static str,
    value: f64,
) -> Result<(), StrategyError> {
    let good = value >= 0.0 && value.is_finite();
    if good { Ok(()) } else { Err(param(lever, name, value, "finite and not negative")) }
}

pub(super) fn positive(
    lever: &LeverId,
    name: &'static str,
    value: f64,
) -> Result<(), StrategyError> {
    let good = value > 0.0 && value.is_finite();
    if good { Ok(()) } else { Err(param(lever, name, value, "finite and greater than 0")) }
}

pub(super) fn between_minus_one_and_one(
    lever: &LeverId,
    name: &'static str,
    value: f64,
) -> Result<(), StrategyError> {
    let good = (-1.0..=1.0).contains(&value);
    if good { Ok(()) } else { Err(param(lever, name, value, "from -1 to 1")) }
}

/// The constructor and the setters that every lever has.
macro_rules! terms {
    ($lever:ident) => {
        impl $lever {
            /// The lever with its defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// The incremental probability that the offer works: the share of customers in whom it
            /// causes the change.
            #[must_use]
            pub fn success(mut self, success: $crate::units::Estimate) -> Self {
                self.terms.success = success;
                self
            }

            /// What addressing one customer costs. Without it gains are before contact costs.
            #[must_use]
            pub fn contact_cost(mut self, cost: $crate::units::Money) -> Self {
                self.terms.contact_cost = cost;
                self
            }

            /// What a customer gets, paid on success, and the probability that it goes to one who
            /// would have acted anyway. Nothing unless set.
            #[must_use]
            pub fn incentive(mut self, money: $crate::units::Money, leakage: f64) -> Self {
                self.terms.incentive = (money, leakage);
                self
            }

            /// How many contacts it takes, see
            /// [`Offer::contacts`](crate::strategy::Offer::contacts). None unless set.
            #[must_use]
            pub fn contacts(mut self, contacts: f64) -> Self {
                self.terms.contacts = contacts;
                self
            }

            /// What addressing one customer uses of something limited besides money, see
            /// [`Offer::uses`](crate::strategy::Offer::uses). Nothing unless set.
            #[must_use]
            pub fn uses(mut self, resource: $crate::units::ResourceId, amount: f64) -> Self {
                self.terms.uses.push((resource, amount));
                self
            }
        }
    };
}
pub(super) use terms;

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The rule for customers who lapsed, of all levers that need one who is there.
pub(super) const LAPSED: &str = "has lapsed: a case for win back";

/// Whether a customer has lapsed: more likely gone than not, or silent for so long and more likely
/// than not to stay silent over the horizon.
///
/// Where the model tells dropout apart, the first rule decides; where it cannot, or knows no
/// dropout, the second one does, which any rung of the value ladder can answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lapse {
    silent_from: Days,
}

impl Default for Lapse {
    fn default() -> Self {
        Self { silent_from: Days::weeks(26) }
    }
}

impl Lapse {
    pub(super) fn of(&self, customer: &Candidate<'_>) -> bool {
        let worth = customer.worth();
        let below_half =
            |chance: Option<Probability>| chance.is_some_and(|chance| chance.value() < 0.5);
        let silent = worth.days_since_last >= self.silent_from;
        below_half(worth.p_alive) || (silent && below_half(worth.p_active))
    }
}
