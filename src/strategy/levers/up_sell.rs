//! Lifting customers to the next tier of what they have.
//!
//! What a tier is worth is stated by the caller, and what an offer can gain ends at the headroom.

use crate::strategy::levers::terms::{LAPSED, Lapse, Terms, positive, terms};
use crate::strategy::{Candidate, Ineligible, Lever, Offer, StrategyError};
use crate::units::LeverId;

/// The tiers of a product or a programme, from the lowest up, and what they are worth.
///
/// ```
/// use segmentry::strategy::Ladder;
///
/// let ladder = Ladder::new("tier").tier("basic", 20.0).tier("plus", 30.0).tier("pro", 60.0);
/// assert_eq!(ladder.above("basic"), Some(("plus", 1.5)));
/// assert_eq!(ladder.above("pro"), None);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    attribute: String,
    tiers: Vec<(String, f64)>,
}

impl Ladder {
    /// Tiers that an attribute of this name tells, a category or an ordered answer.
    pub fn new(attribute: impl Into<String>) -> Self {
        Self { attribute: attribute.into(), tiers: Vec::new() }
    }

    /// Adds the tier above those that are there: its name, as the attribute has it, and what
    /// customers on it spend. Only the ratio to the tier below counts, so that any unit will do.
    #[must_use]
    pub fn tier(mut self, name: impl Into<String>, spend: f64) -> Self {
        self.tiers.push((name.into(), spend));
        self
    }

    /// The tier above the one of this name, and its spend as a multiple; `None` for the highest one
    /// and for a name that is no tier.
    pub fn above(&self, tier: &str) -> Option<(&str, f64)> {
        let at = self.place(tier)?;
        let (name, spend) = self.tiers.get(at + 1)?;
        Some((name, spend / self.tiers[at].1))
    }

    fn place(&self, tier: &str) -> Option<usize> {
        self.tiers.iter().position(|(name, _)| name == tier)
    }
}

/// Lifts customers to the next tier.
///
/// Eligible: not lapsed (see [`WinBack`](crate::strategy::WinBack)), on a tier of the
/// [`Ladder`] with a dearer one above, and with headroom. An offer that works raises spend at each
/// purchase as the next tier's is above theirs, at most until the headroom is taken; one in twenty
/// is assumed to go up. Where no potential was estimated, nothing caps it.
#[derive(Debug, Clone, PartialEq)]
pub struct UpSell {
    terms: Terms,
    lapse: Lapse,
    ladder: Option<Ladder>,
}

impl Default for UpSell {
    fn default() -> Self {
        Self { terms: Terms::assuming(0.05), lapse: Lapse::default(), ladder: None }
    }
}

terms!(UpSell);

impl UpSell {
    /// The tiers.
    #[must_use]
    pub fn ladder(mut self, ladder: Ladder) -> Self {
        self.ladder = Some(ladder);
        self
    }

    /// The tier of a customer, and the multiple of spend on the next one.
    fn step<'a>(&'a self, customer: &Candidate<'a>) -> Result<Step<'a>, Ineligible> {
        let ladder = self.ladder.as_ref().ok_or(Ineligible::because("no tiers are stated"))?;
        let unknown = Ineligible::because("no tier is known");
        let column = customer.attribute(&ladder.attribute).ok_or(unknown)?;
        let kind = |_| Ineligible::because("the tier is neither a category nor an ordered answer");
        let (levels, codes) = column.levels().map_err(kind)?;
        let code = codes[customer.row()].ok_or(Ineligible::because("no tier is known"))?;
        let from = levels[code as usize].as_str();
        if ladder.place(from).is_none() {
            return Err(Ineligible::because("the tier is none of the ladder"));
        }
        let top = Ineligible::because("on the highest tier already");
        let (to, ratio) = ladder.above(from).ok_or(top)?;
        Ok(Step { from, to, ratio })
    }
}

/// From one tier to the next.
struct Step<'a> {
    from: &'a str,
    to: &'a str,
    ratio: f64,
}

impl Lever for UpSell {
    fn id(&self) -> LeverId {
        LeverId::of("up_sell")
    }

    fn validate(&self) -> Result<(), StrategyError> {
        self.terms.validate(&self.id())?;
        let mut tiers = self.ladder.iter().flat_map(|ladder| &ladder.tiers);
        tiers.try_for_each(|(_, spend)| positive(&self.id(), "spend of a tier", *spend))
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        let rates = customer.rates()?;
        let Step { ratio, .. } = self.step(customer)?;
        if self.lapse.of(customer) {
            return Err(Ineligible::because(LAPSED));
        }
        if ratio <= 1.0 {
            return Err(Ineligible::because("the next tier is worth no more"));
        }
        let from_spend = rates.expected_purchases() * rates.spend * rates.margin;
        if from_spend <= 0.0 {
            return Err(Ineligible::because("no purchases are expected that could be built upon"));
        }
        let most = match customer.worth().headroom() {
            None => f64::INFINITY,
            Some(headroom) if headroom.amount() > 0.0 => 1.0 + headroom.amount() / from_spend,
            Some(_) => {
                return Err(Ineligible::because(
                    "worth as much as the best of their peers already",
                ));
            }
        };
        Ok(self.terms.offer().spend(ratio.min(most)))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        let Ok(Step { from, to, ratio }) = self.step(customer) else { return String::new() };
        format!("from `{from}` to `{to}`, whose customers spend {ratio:.2} times as much")
    }
}
