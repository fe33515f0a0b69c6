//! The levers that come with the library.
//!
//! Their success rates are assumptions until an experiment replaces them, and they say so in every output. The depths and
//! thresholds are starting points for a discussion with whoever runs the campaigns, not findings.

use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{Estimate, LeverId, Money};

/// How often a lever works and what it costs to try.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Terms {
    success: Estimate,
    contact_cost: Money,
}

impl Terms {
    const fn assuming(success: f64) -> Self {
        Self { success: Estimate::default_assumption(success), contact_cost: Money::ZERO }
    }

    fn validate(&self, lever: LeverId) -> Result<(), StrategyError> {
        share(lever, "success", self.success.mean())
    }

    fn offer(&self, why: String) -> Offer {
        Offer::new(self.success, why).contact_cost(self.contact_cost)
    }
}

fn share(lever: LeverId, name: &'static str, value: f64) -> Result<(), StrategyError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(StrategyError::Param { lever, name, value, expected: "from 0 to 1" })
    }
}

macro_rules! terms {
    ($lever:ident) => {
        impl $lever {
            /// The lever with its defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// The incremental probability that the offer works: the share of customers in whom it causes the change.
            #[must_use]
            pub fn success(mut self, success: Estimate) -> Self {
                self.terms.success = success;
                self
            }

            /// What addressing one customer costs. Without it gains are before contact costs.
            #[must_use]
            pub fn contact_cost(mut self, cost: Money) -> Self {
                self.terms.contact_cost = cost;
                self
            }
        }
    };
}
terms!(Retain);
terms!(Develop);
terms!(WinBack);
terms!(ReduceCostToServe);

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Keeps customers who are there and may go.
///
/// Eligible: still a customer with a probability of at least one half, and dropout would take at least a fifth of what
/// they would buy over the horizon. An offer that works saves half of that; one in ten is assumed to work.
#[derive(Debug, Clone, PartialEq)]
pub struct Retain {
    terms: Terms,
    alive_from: f64,
    risk_from: f64,
    saves: f64,
}

impl Default for Retain {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.1), alive_from: 0.5, risk_from: 0.2, saves: 0.5 }
    }
}

impl Retain {
    /// The share of what dropout would take that an offer saves when it works.
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
        self.terms.validate(self.id())?;
        share(self.id(), "saves", self.saves)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let (rates, alive) = (customer.rates()?, customer.p_alive()?.value());
        if alive < self.alive_from {
            return Err(Ineligible::because("more likely gone than not: a case for win back"));
        }
        let risk = 1.0 - rates.staying;
        if risk < self.risk_from {
            return Err(Ineligible::because("dropout would take less than a fifth of the purchases"));
        }
        if rates.value_if_staying() <= 0.0 {
            return Err(Ineligible::because("serving this customer costs more than it brings"));
        }
        let why = format!(
            "still a customer with {} probability, and dropout would take {} of what they would buy",
            percent(alive),
            percent(risk)
        );
        Ok(self.terms.offer(why).keep(self.saves))
    }
}

/// Grows customers towards what their peers are worth.
///
/// Eligible: still a customer with a probability of at least one half, and with headroom. An offer that works raises
/// purchases until a quarter of the headroom is taken; one in ten is assumed to work.
#[derive(Debug, Clone, PartialEq)]
pub struct Develop {
    terms: Terms,
    alive_from: f64,
    takes: f64,
}

impl Default for Develop {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.1), alive_from: 0.5, takes: 0.25 }
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
        self.terms.validate(self.id())?;
        share(self.id(), "takes", self.takes)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let headroom = customer
            .worth()
            .headroom()
            .ok_or(Ineligible::because("no potential was estimated"))?
            .amount();
        if customer.worth().p_alive.is_some_and(|alive| alive.value() < self.alive_from) {
            return Err(Ineligible::because("more likely gone than not: a case for win back"));
        }
        if headroom <= 0.0 {
            return Err(Ineligible::because("worth as much as the best of their peers already"));
        }
        // More purchases by this factor bring the value up by the share of the headroom.
        let from_purchases = rates.alive * rates.staying * rates.purchases * rates.spend * rates.margin;
        let factor = 1.0 + self.takes * headroom / from_purchases;
        if !(from_purchases > 0.0 && factor.is_finite()) {
            return Err(Ineligible::because("no purchases are expected that could be built upon"));
        }
        let why = format!("could be worth {} more, as the best fifth of their peers are", Money::finite(headroom));
        Ok(self.terms.offer(why).purchases(factor))
    }
}

/// Brings back customers who are more likely gone than not.
///
/// Eligible: still a customer with a probability below one half. An offer that works brings them back; three in a hundred
/// are assumed to come.
#[derive(Debug, Clone, PartialEq)]
pub struct WinBack {
    terms: Terms,
    alive_below: f64,
}

impl Default for WinBack {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.03), alive_below: 0.5 }
    }
}

impl Lever for WinBack {
    fn id(&self) -> LeverId {
        LeverId::of("win_back")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(self.id())
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let (rates, alive) = (customer.rates()?, customer.p_alive()?.value());
        if alive >= self.alive_below {
            return Err(Ineligible::because("more likely a customer than not"));
        }
        let back = rates.staying * rates.value_if_staying();
        if back <= 0.0 {
            return Err(Ineligible::because("would bring nothing if they came back"));
        }
        let why = format!(
            "silent for {}, still a customer with {} probability; back for certain they would be worth {}",
            customer.worth().days_since_last,
            percent(alive),
            Money::finite(back)
        );
        Ok(self.terms.offer(why).revive(1.0))
    }
}

/// Serves customers at a lower cost.
///
/// Eligible: the cost to serve is known and takes at least half of the contribution. It lowers that cost by three tenths,
/// and, because cheaper service is noticed, purchases by one in twenty. The company does it to itself, so that it is
/// assumed to work always.
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
        self.terms.validate(self.id())?;
        share(self.id(), "saves", self.saves)?;
        share(self.id(), "loses", self.loses)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        if !customer.worth().cost_known {
            return Err(Ineligible::because("the cost to serve is not known"));
        }
        let contribution = rates.purchases * rates.spend * rates.margin;
        if rates.cost <= 0.0 || rates.cost < self.cost_share_from * contribution {
            return Err(Ineligible::because("the cost to serve takes less than half of the contribution"));
        }
        let why = format!("costs {} to serve and contributes {}", Money::finite(rates.cost), Money::finite(contribution));
        Ok(self.terms.offer(why).cost_to_serve(1.0 - self.saves).purchases(1.0 - self.loses))
    }
}
