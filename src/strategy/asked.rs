//! A plan that asks its levers: a few bytes for each customer, and the words on demand.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::strategy::choice::{NONE, Pick};
use crate::strategy::considered::Levers;
use crate::strategy::limits::Limits;
use crate::strategy::{
    Budgeting, Chosen, CustomerBase, CustomerStrategy, Gain, Ineligible, MAINTAIN, Offer,
};
use crate::units::{LeverId, Money, Provenance};

/// What customers without a lever have, as something to borrow.
static MAINTAINED: LeverId = MAINTAIN;

/// The levers, the customers and the choices.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) levers: Arc<Levers>,
    pub(crate) base: CustomerBase,
    pub(crate) rows: Arc<Vec<Row>>,
    pub(crate) rules: Arc<Vec<(LeverId, String, usize)>>,
    /// The levers whose success is one assumption for all.
    pub(crate) flat: Arc<Vec<LeverId>>,
    /// Whether some offer spends money.
    pub(crate) costs: bool,
    pub(crate) limits: Limits,
    pub(crate) budgeting: Option<Budgeting>,
}

/// What is kept of one customer's choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) pick: Pick,
    /// What is done within the limits.
    pub(crate) acts: Pick,
    pub(crate) bases: [Provenance; 2],
    pub(crate) gains: [f64; 2],
}

impl Row {
    /// Whether a recommended lever is also done within the limits.
    pub(crate) fn is_funded(&self, lever: u8) -> bool {
        lever == NONE || [self.acts.primary, self.acts.secondary].contains(&lever)
    }
}

/// An eligible lever of one customer.
struct Eligible {
    lever: usize,
    offer: Offer,
    gain: Gain,
}

impl Asked {
    /// Everything about the customer in a row.
    pub(crate) fn customer(&self, row: usize) -> CustomerStrategy {
        let customer = self.base.customer(row);
        let mut eligible = Vec::new();
        let mut ineligible = Vec::new();
        for (lever, id) in self.levers.ids.iter().enumerate() {
            match self.levers.consider(lever, &customer) {
                Ok(Ok((offer, gain))) => eligible.push(Eligible { lever, offer, gain }),
                Ok(Err(rule)) => ineligible.push((id.clone(), rule)),
                // Its first answer was checked, so that only a lever that changes its mind is here.
                Err(_) => {
                    let changed = Ineligible::because("its offer is not the one it made before");
                    ineligible.push((id.clone(), changed));
                }
            }
        }
        let kept = self.rows[row];
        let Row { pick, acts, .. } = kept;
        let chosen = |lever: u8, behind: u8, in_words: bool| {
            self.chosen(row, &eligible, lever, behind, in_words)
        };
        let maintain = || maintain(eligible.is_empty());
        let primary = chosen(pick.primary, NONE, true).unwrap_or_else(maintain);
        let primary = primary.funded_if(kept.is_funded(pick.primary));
        let secondary = chosen(pick.secondary, pick.primary, true)
            .map(|second| second.funded_if(kept.is_funded(pick.secondary)));
        let why_no_secondary = self.why_no_secondary(pick, &eligible);
        let displaced = eligible.iter().find(|option| {
            !kept.is_funded(pick.primary) && option.lever == usize::from(pick.primary)
        });
        let why_not_funded = displaced.and_then(|option| self.displaced(option));
        let within = [chosen(acts.primary, NONE, true), chosen(acts.secondary, acts.primary, true)];
        let mut options: Vec<Chosen> =
            eligible.iter().filter_map(|option| chosen(option.lever as u8, NONE, false)).collect();
        // Stable: of equal gains the lever listed first stays first.
        options.sort_by(|a, b| {
            b.gain().amount().partial_cmp(&a.gain().amount()).unwrap_or(Ordering::Equal)
        });
        CustomerStrategy {
            primary,
            secondary,
            acts: within.into_iter().flatten().collect(),
            why_no_secondary,
            why_not_funded,
            options,
            ineligible,
        }
    }

    /// A lever in full, as far as it is left behind another; `None` for no lever.
    fn chosen(
        &self,
        row: usize,
        eligible: &[Eligible],
        lever: u8,
        behind: u8,
        in_words: bool,
    ) -> Option<Chosen> {
        let option = eligible.iter().find(|option| option.lever == usize::from(lever))?;
        let left = match behind {
            NONE => 1.0,
            first => self.levers.overlaps.behind(usize::from(first))[option.lever],
        };
        let of = |money: Money| Money::finite(left * money.amount());
        let Eligible { lever, offer, gain } = option;
        let reason = if in_words {
            self.levers.reason(*lever, &self.base.customer(row), offer)
        } else {
            String::new()
        };
        let (id, error) = (self.levers.ids[*lever].clone(), gain.standard_error.map(of));
        let terms = gain.terms.scaled(left);
        let chosen = Chosen::new(id, of(gain.mean), error, gain.provenance, reason);
        Some(chosen.terms(terms).spending(offer.spend_needed()))
    }

    /// What an offer that is not done would have used, and what that is worth.
    fn displaced(&self, option: &Eligible) -> Option<String> {
        let mut used = Vec::new();
        let mut worth = 0.0;
        for limit in &self.budgeting.as_ref()?.limits {
            let amount = option.offer.used(&limit.resource);
            if amount > 0.0 {
                worth += amount * limit.price.amount();
                // Without digits that say nothing: 10 minutes, 1.75 money.
                let amount = (amount * 100.0).round() / 100.0;
                used.push(format!("{amount} {}", limit.resource.in_words()));
            }
        }
        let (gain, worth) = (option.gain.mean, Money::finite(worth));
        Some(format!("gains {gain} and uses {}, worth {worth} elsewhere", used.join(" and ")))
    }

    fn why_no_secondary(&self, pick: Pick, eligible: &[Eligible]) -> String {
        if pick.primary == NONE {
            return if eligible.is_empty() {
                "no strategy applies".to_owned()
            } else {
                "what applies costs more than it brings".to_owned()
            };
        }
        let first = usize::from(pick.primary);
        let left = self.levers.overlaps.behind(first);
        let mut others = eligible.iter().filter(|option| option.lever != first).peekable();
        if others.peek().is_none() {
            "no second strategy applies".to_owned()
        } else if others.any(|option| left[option.lever] > 0.0) {
            "a second one would cost more than it brings".to_owned()
        } else {
            format!("no second strategy goes with {}", self.levers.ids[first].in_words())
        }
    }

    /// A lever's name, [`MAINTAIN`] for none.
    pub(crate) fn name(&self, lever: u8) -> &LeverId {
        self.levers.ids.get(usize::from(lever)).unwrap_or(&MAINTAINED)
    }
}

fn maintain(nothing_applies: bool) -> Chosen {
    let why = if nothing_applies {
        "no strategy applies"
    } else {
        "no other strategy that applies brings more than it costs"
    };
    Chosen::new(MAINTAIN, Money::ZERO, None, Provenance::Model, why.to_owned())
}
