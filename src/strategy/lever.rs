//! The seam for a strategy: what it would change about a customer, or why it does not apply.

use std::borrow::Cow;

use crate::strategy::StrategyError;
use crate::units::{Days, Estimate, LeverId, Money, Probability};
use crate::value::{Rates, ValueUnit, Worth};

/// A strategy that a company can follow with a customer.
///
/// A lever looks at one customer and either makes an offer or names the rule against it. It says
/// what would change; the library computes what that is worth, so that a measured effect can later
/// take the place of an assumed one.
///
/// # Example
///
/// ```
/// use segmentry::strategy::{Candidate, Ineligible, Lever, Offer};
/// use segmentry::units::{Estimate, LeverId, Money};
///
/// /// A club card for regulars: they come a tenth more often, if they take it.
/// struct ClubCard;
///
/// impl Lever for ClubCard {
///     fn id(&self) -> LeverId {
///         LeverId::of("club_card")
///     }
///     fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
///         if customer.worth().purchases < 5 {
///             return Err(Ineligible::because("fewer than five purchases"));
///         }
///         let takes_it = Estimate::assumed(0.2).map_err(|_| Ineligible::because("no estimate"))?;
///         Ok(Offer::new(takes_it, "a regular").purchases(1.1).contact_cost(Money::from_minor(150, 2)))
///     }
/// }
/// assert_eq!(ClubCard.id().in_words(), "club card");
/// ```
pub trait Lever: Send + Sync {
    /// Its name, once among the levers of an assigner.
    fn id(&self) -> LeverId;

    /// Checks the parameters; the assigner calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Param`].
    fn validate(&self) -> Result<(), StrategyError> {
        Ok(())
    }

    /// What it would change about this customer.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] with the rule that speaks against it.
    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible>;
}

/// A customer as a lever sees them: their worth, and nothing of who they are.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    worth: &'a Worth,
    decile: u8,
    horizon: Days,
    unit: ValueUnit,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(worth: &'a Worth, decile: u8, horizon: Days, unit: ValueUnit) -> Self {
        Self { worth, decile, horizon, unit }
    }

    /// What the customer was, will be and could be worth.
    pub fn worth(&self) -> &'a Worth {
        self.worth
    }

    /// The decile of current value, 1 being the best.
    pub fn decile(&self) -> u8 {
        self.decile
    }

    /// How far the future value reaches.
    pub fn horizon(&self) -> Days {
        self.horizon
    }

    /// What money the future value is of.
    pub fn unit(&self) -> ValueUnit {
        self.unit
    }

    /// The rates behind the future value.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] where no future could be estimated: no lever knows then what it would change.
    pub fn rates(&self) -> Result<&'a Rates, Ineligible> {
        self.worth.rates.as_ref().ok_or(Ineligible::because("no future value could be estimated"))
    }

    /// The probability that there still is a customer.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] where the model behind the value has no such notion.
    pub fn p_alive(&self) -> Result<Probability, Ineligible> {
        self.worth
            .p_alive
            .ok_or(Ineligible::because("the value model knows no probability of being alive"))
    }
}

/// The rule that speaks against a lever for a customer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ineligible {
    rule: Cow<'static, str>,
}

impl Ineligible {
    /// The rule in words, such as `fewer than five purchases`.
    pub fn because(rule: impl Into<Cow<'static, str>>) -> Self {
        Self { rule: rule.into() }
    }

    /// The rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// What a lever would change about a customer if it succeeds, how often it does, and what it costs.
///
/// Everything not set stays as it is and costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub(crate) success: Estimate,
    pub(crate) why: Cow<'static, str>,
    pub(crate) revive: f64,
    pub(crate) keep: f64,
    pub(crate) purchases: f64,
    pub(crate) spend: f64,
    pub(crate) margin: f64,
    pub(crate) cost: f64,
    pub(crate) one_off: Money,
    pub(crate) contact_cost: Money,
    pub(crate) incentive: Money,
    pub(crate) leakage: f64,
}

impl Offer {
    /// An offer that changes nothing yet. `success` is the incremental probability that it works,
    /// from 0 to 1; `why` says in a few words what makes the customer eligible, and becomes part of
    /// the reason.
    pub fn new(success: Estimate, why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            success,
            why: why.into(),
            revive: 0.0,
            keep: 0.0,
            purchases: 1.0,
            spend: 1.0,
            margin: 0.0,
            cost: 1.0,
            one_off: Money::ZERO,
            contact_cost: Money::ZERO,
            incentive: Money::ZERO,
            leakage: 0.0,
        }
    }

    /// The share of the chance that the customer is gone which it takes away: 1 brings them back
    /// for certain.
    #[must_use]
    pub fn revive(mut self, share: f64) -> Self {
        self.revive = share;
        self
    }

    /// The share of what dropout over the horizon would take which it saves.
    #[must_use]
    pub fn keep(mut self, share: f64) -> Self {
        self.keep = share;
        self
    }

    /// Multiplies the purchases.
    #[must_use]
    pub fn purchases(mut self, factor: f64) -> Self {
        self.purchases = factor;
        self
    }

    /// Multiplies the spend at a purchase.
    #[must_use]
    pub fn spend(mut self, factor: f64) -> Self {
        self.spend = factor;
        self
    }

    /// Adds to the margin, as a share of spend.
    #[must_use]
    pub fn margin(mut self, change: f64) -> Self {
        self.margin = change;
        self
    }

    /// Multiplies the cost to serve.
    #[must_use]
    pub fn cost_to_serve(mut self, factor: f64) -> Self {
        self.cost = factor;
        self
    }

    /// Money that comes once with success, besides the value over the horizon.
    #[must_use]
    pub fn one_off(mut self, money: Money) -> Self {
        self.one_off = money;
        self
    }

    /// What addressing the customer costs, paid in any case.
    #[must_use]
    pub fn contact_cost(mut self, money: Money) -> Self {
        self.contact_cost = money;
        self
    }

    /// What the customer gets, paid on success, and the probability that it goes to a customer who
    /// would have acted anyway.
    #[must_use]
    pub fn incentive(mut self, money: Money, leakage: f64) -> Self {
        self.incentive = money;
        self.leakage = leakage;
        self
    }

    /// The number that cannot be used, and what would do.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let share =
            |name, value: f64| (!(0.0..=1.0).contains(&value)).then_some((name, "from 0 to 1"));
        let factor = |name, value: f64| {
            (!(value >= 0.0 && value.is_finite())).then_some((name, "finite and not negative"))
        };
        share("success", self.success.mean())
            .or_else(|| share("revive", self.revive))
            .or_else(|| share("keep", self.keep))
            .or_else(|| share("leakage", self.leakage))
            .or_else(|| factor("purchases", self.purchases))
            .or_else(|| factor("spend", self.spend))
            .or_else(|| factor("cost_to_serve", self.cost))
            .or_else(|| (!self.margin.is_finite()).then_some(("margin", "finite")))
    }
}
