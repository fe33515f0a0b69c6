//! What a lever would change about a customer, at what cost and with what success.

use crate::units::{Estimate, Money, ResourceId};

/// What a lever would change about a customer if it succeeds, how often it does, and what it costs.
///
/// Everything not set stays as it is and costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub(crate) success: Estimate,
    pub(crate) revive: f64,
    pub(crate) keep: f64,
    pub(crate) purchases: f64,
    pub(crate) spend: f64,
    pub(crate) margin: f64,
    pub(crate) cost: f64,
    /// Sales over the horizon that come on top, and what they contribute.
    pub(crate) added: (f64, f64),
    pub(crate) one_off: Money,
    pub(crate) contact_cost: Money,
    pub(crate) incentive: Money,
    pub(crate) leakage: f64,
    pub(crate) contacts: f64,
    pub(crate) fatigue: Money,
    uses: [Option<(ResourceId, f64)>; RESOURCES],
    too_many: bool,
}

const NOT_NEGATIVE: &str = "finite and not negative";

/// How many resources besides money one offer can use.
const RESOURCES: usize = 3;

impl Offer {
    /// An offer that changes nothing yet. `success` is the incremental probability that it works,
    /// from 0 to 1: the share of customers in whom it causes the change.
    pub fn new(success: Estimate) -> Self {
        Self {
            success,
            revive: 0.0,
            keep: 0.0,
            purchases: 1.0,
            spend: 1.0,
            margin: 0.0,
            cost: 1.0,
            added: (0.0, 0.0),
            one_off: Money::ZERO,
            contact_cost: Money::ZERO,
            incentive: Money::ZERO,
            leakage: 0.0,
            contacts: 0.0,
            fatigue: Money::ZERO,
            uses: [const { None }; RESOURCES],
            too_many: false,
        }
    }

    /// The share of the chance that the customer is gone which it takes away: 1 brings them back
    /// for certain.
    #[must_use]
    pub fn revive(mut self, share: f64) -> Self {
        self.revive = share;
        self
    }

    /// The share of what dropout over the horizon would take which it saves; below zero the share
    /// of what dropout would leave which it loses.
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

    /// Adds sales with a margin of their own, besides the purchases as they are: what a customer
    /// who is alive and certain to stay buys of it over the horizon, discounted, see
    /// [`discounted_years`](crate::strategy::Candidate::discounted_years). Below zero it takes
    /// such sales away. Added again, they add up.
    ///
    /// Spend and margin are blended, so that the value remains one of rates.
    ///
    /// ```
    /// use segmentry::strategy::{Gain, Offer};
    /// use segmentry::units::{Estimate, Money};
    /// use segmentry::value::Rates;
    ///
    /// let (purchases, spend) = (4.0, 25.0);
    /// let rates = Rates { alive: 1.0, staying: 0.5, purchases, spend, margin: 0.2, cost: 0.0 };
    /// // One in two buys for 60 besides, of which 30 remain if they stay, as one in two does.
    /// let offer = Offer::new(Estimate::assumed(0.5)?).adds(Money::new(60.0)?, 0.5);
    /// assert!((Gain::of(&offer, &rates).mean.amount() - 0.5 * 0.5 * 30.0).abs() < 1e-14);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn adds(mut self, sales: Money, margin: f64) -> Self {
        let (known, contribution) = self.added;
        self.added = (known + sales.amount(), contribution + sales.amount() * margin);
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

    /// How many contacts it takes, for the price of wearing customers out that an assigner may set.
    #[must_use]
    pub fn contacts(mut self, contacts: f64) -> Self {
        self.contacts = contacts;
        self
    }

    /// What it uses of something limited besides money, of which at most three: minutes on the
    /// phone, places in a mailing. Money counts by itself, see [`spend_needed`](Self::spend_needed).
    #[must_use]
    pub fn uses(mut self, resource: ResourceId, amount: f64) -> Self {
        match self.uses.iter_mut().find(|place| match place {
            Some((known, _)) => *known == resource,
            None => true,
        }) {
            Some(place) => *place = Some((resource, amount)),
            None => self.too_many = true,
        }
        self
    }

    /// What it is expected to spend: the contact in any case, and the incentive on success and on
    /// those who would have acted anyway.
    ///
    /// ```
    /// use segmentry::strategy::Offer;
    /// use segmentry::units::{Estimate, Money};
    ///
    /// let voucher = Offer::new(Estimate::assumed(0.25)?)
    ///     .contact_cost(Money::new(1.5)?)
    ///     .incentive(Money::new(10.0)?, 0.05);
    /// assert_eq!(voucher.spend_needed().amount(), 1.5 + 0.3 * 10.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spend_needed(&self) -> Money {
        let paid = (self.success.mean() + self.leakage) * self.incentive.amount();
        Money::finite(self.contact_cost.amount() + paid)
    }

    /// How much of a resource it uses; of money what it is expected to spend.
    pub fn used(&self, resource: &ResourceId) -> f64 {
        if *resource == ResourceId::MONEY {
            return self.spend_needed().amount();
        }
        let mut uses = self.uses.iter().flatten();
        uses.find(|(known, _)| known == resource).map_or(0.0, |(_, amount)| *amount)
    }

    /// The number that cannot be used, and what would do.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let share =
            |name, value: f64| (!(0.0..=1.0).contains(&value)).then_some((name, "from 0 to 1"));
        let factor = |name, value: f64| {
            (!(value >= 0.0 && value.is_finite())).then_some((name, NOT_NEGATIVE))
        };
        share("success", self.success.mean())
            .or_else(|| share("revive", self.revive))
            .or_else(|| (!(-1.0..=1.0).contains(&self.keep)).then_some(("keep", "from -1 to 1")))
            .or_else(|| share("leakage", self.leakage))
            .or_else(|| factor("purchases", self.purchases))
            .or_else(|| factor("spend", self.spend))
            .or_else(|| factor("cost_to_serve", self.cost))
            .or_else(|| (!self.margin.is_finite()).then_some(("margin", "finite")))
            .or_else(|| {
                let (sales, contribution) = self.added;
                let finite = sales.is_finite() && contribution.is_finite();
                (!finite).then_some(("adds", "finite"))
            })
            .or_else(|| factor("contacts", self.contacts))
            .or_else(|| (self.contact_cost < Money::ZERO).then_some(("contact_cost", NOT_NEGATIVE)))
            .or_else(|| (self.incentive < Money::ZERO).then_some(("incentive", NOT_NEGATIVE)))
            .or_else(|| self.uses.iter().flatten().find_map(|(_, used)| factor("uses", *used)))
            .or_else(|| self.too_many.then_some(("uses", "of at most three resources")))
    }
}
