//! The choice: for each customer the lever with the largest gain, and the best one that goes with
//! it.

use std::fmt;
use std::sync::Arc;

use crate::strategy::allocation::MOST_LEVERS;
use crate::strategy::asked::Asked;
use crate::strategy::asking::ask;
use crate::strategy::choice::Overlaps;
use crate::strategy::considered::Levers;
use crate::strategy::limits::Limits;
use crate::strategy::{
    CrossSell, CustomerBase, Develop, Lever, Migrate, ReduceCostToServe, Reprice, Retain,
    StrategyError, StrategyPlan, UpSell, WinBack,
};
use crate::units::{LeverId, Money, ResourceId};
use crate::work::Work;

/// The table of [`CpMap::retail`].
const NEVER_TOGETHER: [(&str, &[&str]); 4] = [
    ("retain", &["reduce_cost_to_serve"]),
    ("up_sell", &["migrate"]),
    ("win_back", &["retain", "develop", "cross_sell", "up_sell", "migrate"]),
    ("reprice", &["retain", "develop", "win_back", "cross_sell", "up_sell", "migrate"]),
];

/// Going on as before: the zero that every lever has to beat. It needs no lever of its own and is
/// part of every choice.
pub const MAINTAIN: LeverId = LeverId::of("maintain");

/// A way from values to a strategy for each customer.
///
/// [`CpMap`] is ours; implement it to choose in another way.
pub trait StrategyAssigner {
    /// Chooses a primary strategy for each customer, and a secondary one where there is one.
    ///
    /// # Errors
    ///
    /// Whatever keeps the choice from being made; that nothing applies to a customer is no error
    /// but `maintain`.
    fn assign(&self, base: &CustomerBase, work: &Work) -> Result<StrategyPlan, StrategyError>;
}

/// Strategies from the customer value map.
///
/// The primary strategy is the eligible lever with the largest expected gain; [`MAINTAIN`], with a
/// gain of zero, is always among them, so that doing nothing is a real answer. The secondary one is
/// the best of the others that goes with the primary and gains something. Of equal gains the lever
/// listed first is taken.
///
/// Within a budget, capacities and quotas the plan says besides what is done: the
/// [allocation](crate::strategy::allocation) that gains most, which may give a customer a cheaper
/// strategy than the recommended one, or nothing.
///
/// # Example
///
/// ```
/// use segmentry::strategy::{CpMap, CustomerBase, StrategyAssigner};
/// use segmentry::units::{CustomerIds, Days, Money, Probability};
/// use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
/// use segmentry::work::Work;
///
/// // One customer, silent for long, who would be worth 100 if they were one for certain.
/// let rates = Rates { alive: 0.2, staying: 1.0, purchases: 4.0, spend: 25.0, margin: 1.0, cost: 0.0 };
/// let spent = Money::from_minor(25, 0);
/// let worth = Worth::realised(spent, spent, 1, Days::new(400))
///     .with_rates(rates)
///     .with_p_alive(Probability::new(0.2)?);
/// let basis = ValueBasis::new("given", "given");
/// let ids = CustomerIds::from_texts(["eve"])?;
/// let value = CustomerValue::new(ids, vec![worth], basis, ValueUnit::Revenue, Days::weeks(52))?;
///
/// let plan = CpMap::retail().assign(&CustomerBase::of(value), &Work::new())?;
/// let eve = plan.customer(0);
/// assert_eq!(eve.primary().name(), "win_back");
/// // Three in a hundred come for a purchase of 25, and the 80 that lapsing had taken.
/// assert!((eve.primary().gain().amount() - 0.03 * 105.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CpMap {
    levers: Vec<Arc<dyn Lever>>,
    /// A first lever, a second, and the share of the second's gain that is left behind the first.
    overlaps: Vec<(LeverId, LeverId, f64)>,
    fatigue: Money,
    limits: Limits,
}

impl CpMap {
    /// The levers that come with the library, with their default assumptions. Those that need
    /// products, tiers or a move to be stated rule themselves out until they are; replace them by
    /// [`with`](Self::with).
    ///
    /// These never go together, in either order; the others do not touch one another:
    ///
    /// | | not with | because |
    /// |---|---|---|
    /// | retain | reduce cost to serve | a promise, and less of it |
    /// | up-sell | migrate | both may change the same product |
    /// | win back | retain, develop, cross-sell, up-sell, migrate | somebody is there, or is not |
    /// | reprice | retain, develop, win back, cross-sell, up-sell, migrate | it sells nothing afterwards |
    pub fn retail() -> Self {
        let levers = Self::none()
            .with(Retain::new())
            .with(Develop::new())
            .with(WinBack::new())
            .with(ReduceCostToServe::new())
            .with(CrossSell::new())
            .with(UpSell::new())
            .with(Migrate::new())
            .with(Reprice::new());
        NEVER_TOGETHER.iter().fold(levers, |levers, (one, others)| {
            let pair = |levers: Self, other: &&'static str| {
                levers.incompatible(LeverId::of(one), LeverId::of(other))
            };
            others.iter().fold(levers, pair)
        })
    }

    /// No levers: everybody is maintained.
    pub fn none() -> Self {
        Self {
            levers: Vec::new(),
            overlaps: Vec::new(),
            fatigue: Money::ZERO,
            limits: Limits::default(),
        }
    }

    /// Adds a lever; one that is there under the same name is replaced.
    #[must_use]
    pub fn with(mut self, lever: impl Lever + 'static) -> Self {
        let id = lever.id();
        match self.levers.iter_mut().find(|known| known.id() == id) {
            Some(known) => *known = Arc::new(lever),
            None => self.levers.push(Arc::new(lever)),
        }
        self
    }

    /// Says that two levers do not go together, in either order.
    #[must_use]
    pub fn incompatible(self, one: LeverId, other: LeverId) -> Self {
        self.overlap(one.clone(), other.clone(), 0.0).overlap(other, one, 0.0)
    }

    /// Says how much of a second lever's gain is left behind a first one: 1, which it is unless
    /// set, where they do not touch one another, 0 where they do not go together.
    #[must_use]
    pub fn overlap(mut self, first: LeverId, second: LeverId, left: f64) -> Self {
        self.overlaps.push((first, second, left));
        self
    }

    /// What one contact wears a customer out by, in money: taken off each gain as often as the
    /// offer contacts the customer. Zero unless set.
    #[must_use]
    pub fn fatigue(mut self, price: Money) -> Self {
        self.fatigue = price;
        self
    }

    /// What may be spent on contacts and incentives. Without it everything that gains is done.
    #[must_use]
    pub fn budget(self, most: Money) -> Self {
        self.capacity(ResourceId::MONEY, most.amount())
    }

    /// How much there is of something that offers [use](crate::strategy::Offer::uses), in its own unit.
    #[must_use]
    pub fn capacity(mut self, resource: ResourceId, most: f64) -> Self {
        match self.limits.capacities.iter_mut().find(|(known, _)| *known == resource) {
            Some(known) => known.1 = most,
            None => self.limits.capacities.push((resource, most)),
        }
        self
    }

    /// How many customers must get a lever at least, as their first or second strategy.
    #[must_use]
    pub fn quota(mut self, lever: LeverId, customers: usize) -> Self {
        self.limits.quotas.retain(|(known, _)| *known != lever);
        self.limits.quotas.push((lever, customers));
        self
    }

    /// Checks the levers; `assign` calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Param`]; [`StrategyError::LeverTwice`] for a lever that calls itself
    /// [`MAINTAIN`]; [`StrategyError::TooManyLevers`] for more than 64.
    pub fn validate(&self) -> Result<(), StrategyError> {
        if self.levers.iter().any(|lever| lever.id() == MAINTAIN) {
            return Err(StrategyError::LeverTwice { lever: MAINTAIN });
        }
        if self.levers.len() > MOST_LEVERS {
            let (got, most) = (self.levers.len(), MOST_LEVERS);
            return Err(StrategyError::TooManyLevers { got, most });
        }
        for (first, _, left) in &self.overlaps {
            if !(0.0..=1.0).contains(left) {
                let (lever, expected) = (first.clone(), "from 0 to 1");
                return Err(StrategyError::Param {
                    lever,
                    name: "overlap",
                    value: *left,
                    expected,
                });
            }
        }
        if self.fatigue < Money::ZERO {
            let (value, expected) = (self.fatigue.amount(), "not negative");
            return Err(StrategyError::Param { lever: MAINTAIN, name: "fatigue", value, expected });
        }
        self.levers.iter().try_for_each(|lever| lever.validate())
    }

    /// The levers side by side; of two that go by one name the later one counts.
    fn levers(&self) -> Levers {
        let ids: Vec<LeverId> = self.levers.iter().map(|lever| lever.id()).collect();
        let mut overlaps = Overlaps::independent(ids.len());
        let place = |id: &LeverId| ids.iter().position(|known| known == id);
        for (first, second, share) in &self.overlaps {
            if let (Some(first), Some(second)) = (place(first), place(second)) {
                overlaps.set(first, second, *share);
            }
        }
        Levers { all: self.levers.clone(), ids, overlaps, fatigue: self.fatigue }
    }
}

impl StrategyAssigner for CpMap {
    fn assign(&self, base: &CustomerBase, work: &Work) -> Result<StrategyPlan, StrategyError> {
        self.validate()?;
        base.validate()?;
        let levers = self.levers();
        let mut answers = ask(&levers, base, &self.limits.resources(), work)?;
        let budgeting = match self.limits.is_empty() {
            true => None,
            false => Some(self.limits.apply(&levers, base, &mut answers, work)?),
        };
        Ok(StrategyPlan::asked(Asked {
            costs: answers.costs,
            limits: self.limits.clone(),
            budgeting,
            rules: Arc::new(answers.rules),
            flat: Arc::new(answers.flat),
            levers: Arc::new(levers),
            base: base.clone(),
            rows: Arc::new(answers.rows),
        }))
    }
}

impl fmt::Debug for CpMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levers: Vec<LeverId> = self.levers.iter().map(|lever| lever.id()).collect();
        f.debug_struct("CpMap").field("levers", &levers).field("overlaps", &self.overlaps).finish()
    }
}

#[cfg(test)]
mod tests;
