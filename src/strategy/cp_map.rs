//! The choice: for each customer the lever with the largest gain, and the best one that goes with
//! it.

use std::cmp::Ordering;
use std::fmt;

use crate::num::blocks;
use crate::strategy::lever::Candidate;
use crate::strategy::{
    Chosen, CustomerStrategy, Develop, Gain, Ineligible, Lever, ReduceCostToServe, Retain,
    StrategyError, StrategyPlan, WinBack,
};
use crate::units::{LeverId, Money, Provenance};
use crate::value::{CustomerValue, Worth};
use crate::work::Work;

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
    fn assign(&self, value: &CustomerValue, work: &Work) -> Result<StrategyPlan, StrategyError>;
}

/// Strategies from the customer value map.
///
/// The primary strategy is the eligible lever with the largest expected gain; [`MAINTAIN`], with a
/// gain of zero, is always among them, so that doing nothing is a real answer. The secondary one is
/// the best of the others that goes with the primary and gains something. Of equal gains the lever
/// listed first is taken.
///
/// # Example
///
/// ```
/// use segmentry::strategy::{CpMap, StrategyAssigner};
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
/// let plan = CpMap::retail().assign(&value, &Work::new())?;
/// let eve = plan.customer(0);
/// assert_eq!(eve.primary().name(), "win_back");
/// // Three in a hundred come for a purchase of 25, and the 80 that lapsing had taken.
/// assert!((eve.primary().gain().amount() - 0.03 * 105.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CpMap {
    levers: Vec<Box<dyn Lever>>,
    incompatible: Vec<(LeverId, LeverId)>,
}

impl CpMap {
    /// Retain, develop, win back and reduce cost to serve, with their default assumptions.
    ///
    /// Keeping a customer and serving them more cheaply pull in opposite directions, so these two
    /// never go together.
    pub fn retail() -> Self {
        Self::none()
            .with(Retain::new())
            .with(Develop::new())
            .with(WinBack::new())
            .with(ReduceCostToServe::new())
            .incompatible(LeverId::of("retain"), LeverId::of("reduce_cost_to_serve"))
            .incompatible(LeverId::of("retain"), LeverId::of("win_back"))
            .incompatible(LeverId::of("develop"), LeverId::of("win_back"))
    }

    /// No levers: everybody is maintained.
    pub fn none() -> Self {
        Self { levers: Vec::new(), incompatible: Vec::new() }
    }

    /// Adds a lever; one that is there under the same name is replaced.
    #[must_use]
    pub fn with(mut self, lever: impl Lever + 'static) -> Self {
        let id = lever.id();
        match self.levers.iter_mut().find(|known| known.id() == id) {
            Some(known) => *known = Box::new(lever),
            None => self.levers.push(Box::new(lever)),
        }
        self
    }

    /// Says that two levers do not go together, in either order.
    #[must_use]
    pub fn incompatible(mut self, one: LeverId, other: LeverId) -> Self {
        self.incompatible.push((one, other));
        self
    }

    /// Checks the levers; `assign` calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::Param`]; [`StrategyError::LeverTwice`] for a lever that calls itself
    /// [`MAINTAIN`].
    pub fn validate(&self) -> Result<(), StrategyError> {
        if self.levers.iter().any(|lever| lever.id() == MAINTAIN) {
            return Err(StrategyError::LeverTwice { lever: MAINTAIN });
        }
        self.levers.iter().try_for_each(|lever| lever.validate())
    }

    fn go_together(&self, one: &LeverId, other: &LeverId) -> bool {
        !self.incompatible.iter().any(|(a, b)| (a == one && b == other) || (a == other && b == one))
    }

    fn choose(
        &self,
        row: usize,
        worth: &Worth,
        candidate: &Candidate<'_>,
    ) -> Result<CustomerStrategy, StrategyError> {
        let mut eligible: Vec<Chosen> = Vec::new();
        let mut ineligible: Vec<(LeverId, Ineligible)> = Vec::new();
        for lever in &self.levers {
            match consider(&**lever, row, worth, candidate)? {
                Ok(chosen) => eligible.push(chosen),
                Err(rule) => ineligible.push((lever.id(), rule)),
            }
        }
        // Stable: of equal gains the lever listed first stays first.
        eligible.sort_by(|a, b| {
            b.gain().amount().partial_cmp(&a.gain().amount()).unwrap_or(Ordering::Equal)
        });
        let gains = |chosen: &Chosen| chosen.gain() > Money::ZERO;
        let Some(primary) = eligible.first().filter(|chosen| gains(chosen)).cloned() else {
            let none = if eligible.is_empty() {
                "no strategy applies"
            } else {
                "what applies costs more than it brings"
            };
            return Ok(CustomerStrategy::new(maintain(), None, none.to_owned(), ineligible));
        };
        let others = &eligible[1..];
        let together = |chosen: &&Chosen| self.go_together(primary.lever(), chosen.lever());
        let secondary = others.iter().filter(together).find(|chosen| gains(chosen)).cloned();
        let why_none = match (&secondary, others) {
            (Some(_), _) => String::new(),
            (None, []) => "no second strategy applies".to_owned(),
            (None, others) if others.iter().any(|chosen| together(&chosen)) => {
                "a second one would cost more than it brings".to_owned()
            }
            (None, _) => format!("no second strategy goes with {}", primary.lever().in_words()),
        };
        Ok(CustomerStrategy::new(primary, secondary, why_none, ineligible))
    }
}

fn maintain() -> Chosen {
    let why = "no other strategy that applies brings more than it costs";
    Chosen::new(MAINTAIN, Money::ZERO, None, Provenance::Model, why.to_owned())
}

/// What a lever would gain with a customer, or the rule against it.
fn consider(
    lever: &dyn Lever,
    row: usize,
    worth: &Worth,
    candidate: &Candidate<'_>,
) -> Result<Result<Chosen, Ineligible>, StrategyError> {
    let offer = match lever.offer(candidate) {
        Ok(offer) => offer,
        Err(rule) => return Ok(Err(rule)),
    };
    if let Some((name, expected)) = offer.fault() {
        return Err(StrategyError::BadOffer { lever: lever.id(), row, name, expected });
    }
    let Some(rates) = &worth.rates else {
        return Ok(Err(Ineligible::because("no future value could be estimated")));
    };
    let Gain { mean, standard_error, provenance } = Gain::of(&offer, rates);
    let works = 100.0 * offer.success.mean();
    let reason = match provenance {
        Provenance::Experiment => {
            format!("{}; an experiment found it to work in {works:.1} %", offer.why)
        }
        Provenance::Model => format!("{}; a model expects it to work in {works:.1} %", offer.why),
        Provenance::Assumption => format!("{}; assumed to work in {works:.1} %", offer.why),
    };
    Ok(Ok(Chosen::new(lever.id(), mean, standard_error, provenance, reason)))
}

impl StrategyAssigner for CpMap {
    fn assign(&self, value: &CustomerValue, work: &Work) -> Result<StrategyPlan, StrategyError> {
        self.validate()?;
        let n = value.rows().len();
        work.begin("choosing strategies", Some(n as u64))?;
        let parts = blocks::map_blocks(n, work, |block| {
            block
                .map(|row| {
                    let worth = &value.rows()[row];
                    let candidate = Candidate::new(
                        worth,
                        value.deciles().of[row],
                        value.horizon(),
                        value.unit(),
                    );
                    self.choose(row, worth, &candidate)
                })
                .collect::<Result<Vec<_>, StrategyError>>()
        })?;
        let mut rows = Vec::with_capacity(n);
        for part in parts {
            rows.extend(part?);
        }
        StrategyPlan::new(value.ids().clone(), rows)
    }
}

impl fmt::Debug for CpMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levers: Vec<LeverId> = self.levers.iter().map(|lever| lever.id()).collect();
        f.debug_struct("CpMap")
            .field("levers", &levers)
            .field("incompatible", &self.incompatible)
            .finish()
    }
}

#[cfg(test)]
mod tests;
