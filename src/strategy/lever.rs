//! The seam for a strategy: what it would change about a customer, or why it does not apply.

use std::borrow::Cow;

use crate::strategy::{Candidate, Offer, StrategyError};
use crate::units::LeverId;

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
///         Ok(Offer::new(takes_it).purchases(1.1).contact_cost(Money::from_minor(150, 2)))
///     }
///     fn why(&self, customer: &Candidate<'_>) -> String {
///         format!("a regular, with {} purchases", customer.worth().purchases)
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

    /// What it would change about this customer, in numbers.
    ///
    /// The same customer must get the same offer each time: a plan asks again for the reason.
    ///
    /// # Errors
    ///
    /// [`Ineligible`] with the rule that speaks against it.
    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible>;

    /// What makes this customer eligible, in a few words, which become part of the reason. Asked
    /// only of customers to whom it makes an offer, and only where somebody reads it.
    fn why(&self, customer: &Candidate<'_>) -> String;
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
