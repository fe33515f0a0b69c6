//! One customer's strategies, in full: what to do, what it should bring, and why.

use crate::strategy::{GainTerms, Ineligible};
use crate::units::{LeverId, Money, Provenance};

/// A strategy chosen for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    lever: LeverId,
    gain: Money,
    standard_error: Option<Money>,
    provenance: Provenance,
    reason: String,
    terms: Option<GainTerms>,
    spend: Money,
    funded: bool,
}

impl Chosen {
    /// A choice, for assigners of the caller's own: it spends nothing and is funded.
    pub fn new(
        lever: LeverId,
        gain: Money,
        standard_error: Option<Money>,
        provenance: Provenance,
        reason: String,
    ) -> Self {
        let (terms, spend, funded) = (None, Money::ZERO, true);
        Self { lever, gain, standard_error, provenance, reason, terms, spend, funded }
    }

    /// Adds where the gain comes from.
    #[must_use]
    pub fn terms(mut self, terms: GainTerms) -> Self {
        self.terms = Some(terms);
        self
    }

    /// Adds what it is expected to spend.
    #[must_use]
    pub fn spending(mut self, spend: Money) -> Self {
        self.spend = spend;
        self
    }

    /// Says whether the limits of the plan leave room for it.
    #[must_use]
    pub fn funded_if(mut self, funded: bool) -> Self {
        self.funded = funded;
        self
    }

    /// The lever.
    pub fn lever(&self) -> &LeverId {
        &self.lever
    }

    /// The lever's name.
    pub fn name(&self) -> &str {
        self.lever.as_str()
    }

    /// The expected gain over the horizon, against doing nothing; of a secondary strategy what is
    /// left of it behind the primary one.
    pub fn gain(&self) -> Money {
        self.gain
    }

    /// Its standard error, where one is known.
    pub fn standard_error(&self) -> Option<Money> {
        self.standard_error
    }

    /// What the gain rests on.
    pub fn basis(&self) -> Provenance {
        self.provenance
    }

    /// Why this strategy.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where the gain comes from; `None` where whoever chose did not say, and for maintaining.
    pub fn gain_terms(&self) -> Option<GainTerms> {
        self.terms
    }

    /// What it is expected to spend on the contact and the incentive.
    pub fn spend(&self) -> Money {
        self.spend
    }

    /// Whether budget and capacities have room for it; always, where there are no limits.
    pub fn is_funded(&self) -> bool {
        self.funded
    }
}

/// One customer's strategies.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerStrategy {
    pub(crate) primary: Chosen,
    pub(crate) secondary: Option<Chosen>,
    pub(crate) acts: Vec<Chosen>,
    pub(crate) why_no_secondary: String,
    pub(crate) why_not_funded: Option<String>,
    pub(crate) options: Vec<Chosen>,
    pub(crate) ineligible: Vec<(LeverId, Ineligible)>,
}

impl CustomerStrategy {
    /// The strategies of a customer; `why_no_secondary` is read only where there is none.
    pub fn new(
        primary: Chosen,
        secondary: Option<Chosen>,
        why_no_secondary: String,
        ineligible: Vec<(LeverId, Ineligible)>,
    ) -> Self {
        let options: Vec<Chosen> =
            std::iter::once(primary.clone()).chain(secondary.clone()).collect();
        let acts = options.iter().filter(|chosen| chosen.funded).cloned().collect();
        let why_not_funded = None;
        Self { primary, secondary, acts, why_no_secondary, why_not_funded, options, ineligible }
    }

    /// What to do first, were there no limits.
    pub fn primary(&self) -> &Chosen {
        &self.primary
    }

    /// What else to do, where there is something.
    pub fn secondary(&self) -> Option<&Chosen> {
        self.secondary.as_ref()
    }

    /// What is done within budget and capacities, at most two, the first one first: the strategies
    /// above, or cheaper ones in their place, or nothing.
    pub fn within_limits(&self) -> &[Chosen] {
        &self.acts
    }

    /// What the primary strategy uses, and what that is worth at the shadow prices of the limits, where
    /// it is not done; `None` where it is, and for a customer of a plan made elsewhere.
    pub fn why_not_funded(&self) -> Option<&str> {
        self.why_not_funded.as_deref()
    }

    /// Every lever that applies, the largest gain first; a gain here is the lever's own, nothing
    /// taken off for another.
    pub fn options(&self) -> &[Chosen] {
        &self.options
    }

    /// The levers that do not apply, each with the rule against it.
    pub fn ineligible(&self) -> &[(LeverId, Ineligible)] {
        &self.ineligible
    }

    /// By how much the primary strategy is ahead of the next best option, of which doing nothing is
    /// one.
    pub fn lead(&self) -> Money {
        self.primary.gain - self.runner_up().map_or(Money::ZERO, |next| next.gain)
    }

    /// Whether the lead is more than 1.96 of its standard errors, taking the two gains' errors as
    /// independent; `None` where the standard error of one of them is not known.
    pub fn is_robust(&self) -> Option<bool> {
        let error = |chosen: &Chosen| Some(chosen.standard_error?.amount());
        let own = error(&self.primary)?;
        let other = self.runner_up().map_or(Some(0.0), error)?;
        Some(self.lead().amount() > 1.96 * (own * own + other * other).sqrt())
    }

    fn runner_up(&self) -> Option<&Chosen> {
        let others = self.options.iter().filter(|option| option.lever != self.primary.lever);
        others
            .filter(|option| option.gain > Money::ZERO)
            .max_by(|a, b| a.gain.amount().total_cmp(&b.gain.amount()))
    }

    /// Why the primary strategy, and why this secondary one or none.
    pub fn reason(&self) -> String {
        match &self.secondary {
            Some(second) => format!("{}. Second: {}", self.primary.reason, second.reason),
            None => format!("{}. No second: {}", self.primary.reason, self.why_no_secondary),
        }
    }
}
