//! Moving customers from one thing to another: a plan, a channel, a product.
//!
//! Each difference may have either sign, so that a move that saves costs and loses customers is
//! valued as what it is.

use crate::strategy::levers::cross_sell::margin;
use crate::strategy::levers::terms::{
    LAPSED, Lapse, Terms, between_minus_one_and_one, not_negative, terms,
};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::{LeverId, Money};
use crate::value::ValueUnit;

/// Moves customers from one thing to another.
///
/// Eligible: not lapsed (see [`WinBack`](crate::strategy::WinBack)), and on what the move starts
/// from. What it changes is stated: spend, margin, cost to serve and staying, each of any sign;
/// between products it also takes away what the one is worth and adds what the other is. One in ten
/// is assumed to move who would not have.
///
/// # Example
///
/// ```
/// use segmentry::strategy::{Lever, Migrate};
/// use segmentry::units::LeverId;
///
/// // Online service costs three tenths of service by post, and one in twenty of those leaves who
/// // would have stayed.
/// let move_online = Migrate::new()
///     .named(LeverId::of("move_online"))
///     .on_attribute("plan", "paper", "online")
///     .cost_to_serve(0.3)
///     .keep(-0.05);
/// assert!(move_online.validate().is_ok());
/// assert!(move_online.keep(f64::NAN).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Migrate {
    terms: Terms,
    lapse: Lapse,
    id: LeverId,
    what: Option<Move>,
    spend: f64,
    margin: f64,
    cost: f64,
    keep: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Move {
    /// The attribute that tells; `None` for products.
    attribute: Option<String>,
    from: String,
    to: String,
}

impl Default for Migrate {
    fn default() -> Self {
        Self {
            terms: Terms::assuming(0.1),
            lapse: Lapse::default(),
            id: LeverId::of("migrate"),
            what: None,
            spend: 1.0,
            margin: 0.0,
            cost: 1.0,
            keep: 0.0,
        }
    }
}

terms!(Migrate);

impl Migrate {
    /// Gives it a name of its own, for when there are several moves. `migrate` unless set.
    #[must_use]
    pub fn named(mut self, id: LeverId) -> Self {
        self.id = id;
        self
    }

    /// Moves those whose attribute of this name, a category or an ordered answer, is `from`.
    #[must_use]
    pub fn on_attribute(
        mut self,
        attribute: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Self {
        let attribute = Some(attribute.into());
        self.what = Some(Move { attribute, from: from.into(), to: to.into() });
        self
    }

    /// Moves those who hold product `from` and not `to`.
    #[must_use]
    pub fn between_products(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.what = Some(Move { attribute: None, from: from.into(), to: to.into() });
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

    /// The share of what dropout takes that the move saves; below zero the share of what dropout
    /// leaves that it loses.
    #[must_use]
    pub fn keep(mut self, share: f64) -> Self {
        self.keep = share;
        self
    }

    /// The offer of a move by an attribute, once the customer is found to be on `from`.
    fn by_attribute(
        &self,
        customer: &Candidate<'_>,
        name: &str,
        from: &str,
    ) -> Result<Offer, Ineligible> {
        let unknown = Ineligible::because("the attribute that the move goes by is not known");
        let column = customer.attribute(name).ok_or(unknown.clone())?;
        let kind = "the attribute of the move is neither a category nor an ordered answer";
        let (levels, codes) = column.levels().map_err(|_| Ineligible::because(kind))?;
        let code = codes[customer.row()].ok_or(unknown)?;
        if levels[code as usize] != from {
            return Err(Ineligible::because("is not on what the move starts from"));
        }
        Ok(self.terms.offer())
    }

    /// The offer of a move between products, with what the one is worth less and the other more.
    fn by_product(
        &self,
        customer: &Candidate<'_>,
        from: &str,
        to: &str,
    ) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let unknown = Ineligible::because("the products held are not known");
        let products = customer.products().map_err(|_| unknown)?;
        let (Some(from), Some(to)) = (products.place(from), products.place(to)) else {
            return Err(Ineligible::because("the products of the move are not known"));
        };
        if !products.holds(customer.row(), from) {
            return Err(Ineligible::because("does not hold what the move starts from"));
        }
        if products.holds(customer.row(), to) {
            return Err(Ineligible::because("holds what the move leads to already"));
        }
        let (Some(less), Some(more)) = (products.yearly_worth(from), products.yearly_worth(to))
        else {
            return Err(Ineligible::because("what the products are worth is not known"));
        };
        let years = customer.discounted_years();
        // Nobody stops spending more than they spend.
        let less = (less.amount() * years).min((rates.purchases * rates.spend).max(0.0));
        let offer = self
            .terms
            .offer()
            .adds(Money::finite(more.amount() * years), margin(products, to, customer, rates))
            .adds(Money::finite(-less), margin(products, from, customer, rates));
        Ok(offer)
    }
}

impl Lever for Migrate {
    fn id(&self) -> LeverId {
        self.id.clone()
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id)?;
        not_negative(&self.id, "spend", self.spend)?;
        not_negative(&self.id, "cost_to_serve", self.cost)?;
        between_minus_one_and_one(&self.id, "margin", self.margin)?;
        between_minus_one_and_one(&self.id, "keep", self.keep)
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        customer.rates()?;
        let what = self.what.as_ref().ok_or(Ineligible::because("no move is stated"))?;
        let offer = match &what.attribute {
            Some(name) => self.by_attribute(customer, name, &what.from),
            None => self.by_product(customer, &what.from, &what.to),
        }?;
        if self.lapse.of(customer) {
            return Err(Ineligible::because(LAPSED));
        }
        if self.margin != 0.0 && customer.unit() == ValueUnit::Revenue {
            return Err(Ineligible::because("no margin is known"));
        }
        if self.cost != 1.0 && !customer.worth().cost_known {
            return Err(Ineligible::because("the cost to serve is not known"));
        }
        Ok(offer.spend(self.spend).margin(self.margin).cost_to_serve(self.cost).keep(self.keep))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Some(Move { attribute, from, to }) = &self.what else { return String::new() };
        let worth = customer.rates().map(|rates| rates.value()).unwrap_or_default();
        let on = match attribute {
            Some(name) => format!("{} `{from}`", name.replace('_', " ")),
            None => format!("`{from}`"),
        };
        format!("worth {worth} on {on}, and would be on `{to}`")
    }
}
