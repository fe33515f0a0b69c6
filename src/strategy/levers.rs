//! The levers that come with the library.
//!
//! Their success rates are assumptions until an experiment replaces them, and they say so in every
//! output. The depths and thresholds are starting points for a discussion with whoever runs the
//! campaigns, not findings.

use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{Days, Estimate, LeverId, Money, Probability};

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

    fn offer(&self) -> Offer {
        Offer::new(self.success).contact_cost(self.contact_cost)
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

            /// The incremental probability that the offer works: the share of customers in whom it
            /// causes the change.
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

/// Whether a customer has lapsed: more likely gone than not, or silent for so long and more likely
/// than not to stay silent over the horizon.
///
/// Where the model tells dropout apart, the first rule decides; where it cannot, or knows no
/// dropout, the second one does, which any rung of the value ladder can answer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lapse {
    silent_from: Days,
}

impl Default for Lapse {
    fn default() -> Self {
        Self { silent_from: Days::weeks(26) }
    }
}

impl Lapse {
    fn of(&self, customer: &Candidate<'_>) -> bool {
        let worth = customer.worth();
        let below_half =
            |chance: Option<Probability>| chance.is_some_and(|chance| chance.value() < 0.5);
        let silent = worth.days_since_last >= self.silent_from;
        below_half(worth.p_alive) || (silent && below_half(worth.p_active))
    }
}

/// Keeps customers who are there and may go.
///
/// Eligible: not lapsed (see [`WinBack`]), and dropout, by now or over the horizon, takes at least
/// a tenth of what the customer would buy otherwise. An offer that works saves half of that; one in
/// ten is assumed to work.
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
        self.terms.validate(self.id())?;
        share(self.id(), "saves", self.saves)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        customer.p_alive()?; // without it there is no risk to act on
        if self.lapse.of(customer) {
            return Err(Ineligible::because("has lapsed: a case for win back"));
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

/// Grows customers towards what their peers are worth.
///
/// Eligible: not lapsed (see [`WinBack`]), and with headroom. An offer that works raises purchases
/// until a quarter of the headroom is taken; one in ten is assumed to work.
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
        if self.lapse.of(customer) {
            return Err(Ineligible::because("has lapsed: a case for win back"));
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
        self.terms.validate(self.id())
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
