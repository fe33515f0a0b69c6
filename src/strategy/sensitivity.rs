//! How much the choice hangs on what was assumed.

use std::fmt;

use serde::Serialize;

use crate::num::blocks;
use crate::strategy::asked::Asked;
use crate::strategy::{Candidate, Gain, Offer, StrategyError};
use crate::units::{Estimate, LeverId, Money, Provenance};
use crate::work::Work;

/// A number that an offer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// How often the offer works.
    Success,
    /// How much it changes where it works, all changes together.
    Effect,
    /// What addressing a customer costs.
    ContactCost,
    /// What the customer gets.
    Incentive,
    /// How often the incentive goes to customers who would have acted anyway.
    Leakage,
}

impl Assumption {
    const ALL: [Self; 5] =
        [Self::Success, Self::Effect, Self::ContactCost, Self::Incentive, Self::Leakage];

    /// As a person would call it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Success => "how often it works",
            Self::Effect => "how much it changes",
            Self::ContactCost => "what a contact costs",
            Self::Incentive => "the incentive",
            Self::Leakage => "who takes the incentive anyway",
        }
    }

    /// The offer with this number moved; shares stay shares.
    fn moved(self, offer: &Offer, factor: f64) -> Offer {
        let mut offer = offer.clone();
        let share = |value: f64| (value * factor).clamp(0.0, 1.0);
        let change = |multiple: f64| (1.0 + (multiple - 1.0) * factor).max(0.0);
        let money = |money: Money| Money::finite(money.amount() * factor);
        match self {
            Self::Success => {
                offer.success = Estimate::default_assumption(share(offer.success.mean()));
            }
            Self::Effect => {
                offer.revive = share(offer.revive);
                offer.keep = (offer.keep * factor).clamp(-1.0, 1.0);
                offer.added = (offer.added.0 * factor, offer.added.1 * factor);
                (offer.purchases, offer.spend) = (change(offer.purchases), change(offer.spend));
                (offer.margin, offer.cost) = (offer.margin * factor, change(offer.cost));
                offer.one_off = money(offer.one_off);
            }
            Self::ContactCost => offer.contact_cost = money(offer.contact_cost),
            Self::Incentive => offer.incentive = money(offer.incentive),
            Self::Leakage => offer.leakage = share(offer.leakage),
        }
        offer
    }
}

/// By how much each assumption is moved.
const MOVES: [f64; 4] = [-0.25, -0.1, 0.1, 0.25];

/// What moving each assumption does to the primary strategies.
///
/// One number is moved at a time, for all customers, and everybody chooses again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sensitivity {
    /// How many customers there are.
    pub customers: usize,
    /// The assumptions, the one that matters most first: by the larger share of customers that
    /// moving it by a quarter flips, then by a tenth.
    pub rows: Vec<Sway>,
}

/// What moving one assumption does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sway {
    /// Of which lever.
    pub lever: LeverId,
    /// Which number.
    pub assumption: Assumption,
    /// What the success of the lever rests on, where it is the same for everybody.
    pub basis: Option<Provenance>,
    /// Moved by −25 %, −10 %, +10 % and +25 %.
    pub moved: [Flips; 4],
}

impl Sway {
    /// The larger share of customers that flips when the number moves by this either way.
    fn at(&self, by: f64) -> f64 {
        let there = self.moved.iter().filter(|moved| moved.by.abs() == by);
        there.map(|moved| moved.share).fold(0.0, f64::max)
    }

    /// The larger share of customers whose primary strategy flips when the number moves by a tenth,
    /// up or down.
    pub fn at_a_tenth(&self) -> f64 {
        self.at(0.1)
    }

    /// The same for a quarter.
    pub fn at_a_quarter(&self) -> f64 {
        self.at(0.25)
    }
}

/// What one move does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Flips {
    /// By what share the number was moved.
    pub by: f64,
    /// The share of customers whose primary strategy is another one then.
    pub share: f64,
    /// What that does to the gain of all primary strategies.
    pub gain_change: Money,
}

/// Flips and change of gain, by lever, assumption and move.
struct Tally {
    eligible: Vec<u64>,
    /// The provenances met, as bits.
    bases: Vec<u8>,
    felt: Vec<bool>,
    flips: Vec<u64>,
    change: Vec<f64>,
}

impl Tally {
    fn new(levers: usize) -> Self {
        let cells = levers * Assumption::ALL.len();
        Self {
            eligible: vec![0; levers],
            bases: vec![0; levers],
            felt: vec![false; cells],
            flips: vec![0; cells * MOVES.len()],
            change: vec![0.0; cells * MOVES.len()],
        }
    }

    fn add(&mut self, other: &Self) {
        let whole = |to: &mut Vec<u64>, from: &[u64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        whole(&mut self.eligible, &other.eligible);
        whole(&mut self.flips, &other.flips);
        self.bases.iter_mut().zip(&other.bases).for_each(|(to, from)| *to |= from);
        self.felt.iter_mut().zip(&other.felt).for_each(|(to, from)| *to |= from);
        self.change.iter_mut().zip(&other.change).for_each(|(to, from)| *to += from);
    }

    /// Moves every number behind one customer's offers.
    fn customer(
        &mut self,
        asked: &Asked,
        customer: &Candidate<'_>,
        offers: &mut Vec<Option<(Offer, f64)>>,
    ) -> Result<(), StrategyError> {
        offers.clear();
        let Ok(rates) = customer.rates() else { return Ok(()) };
        for lever in 0..asked.levers.ids.len() {
            let offer = asked.levers.consider(lever, customer)?.ok();
            offers.push(offer.map(|(offer, gain)| (offer, gain.mean.amount())));
        }
        let best = |without: usize| {
            let mut best = (usize::MAX, 0.0);
            for (lever, offer) in offers.iter().enumerate() {
                match offer {
                    Some((_, gain)) if lever != without && *gain > best.1 => best = (lever, *gain),
                    _ => {}
                }
            }
            best
        };
        let (primary, most) = best(usize::MAX);
        for (lever, offer) in offers.iter().enumerate() {
            let Some((offer, gain)) = offer else { continue };
            self.eligible[lever] += 1;
            self.bases[lever] |= 1 << (offer.success.provenance() as u8);
            let (other, others) = best(lever);
            for (place, assumption) in Assumption::ALL.into_iter().enumerate() {
                let cell = lever * Assumption::ALL.len() + place;
                for (step, by) in MOVES.into_iter().enumerate() {
                    let moved = assumption.moved(offer, 1.0 + by);
                    let now = Gain::of(&moved, rates).mean.amount();
                    self.felt[cell] |= now != *gain;
                    // Of equal gains the lever listed first is chosen.
                    let wins = now > others || (now == others && now > 0.0 && lever < other);
                    let (chosen, best) = if wins { (lever, now) } else { (other, others) };
                    let at = cell * MOVES.len() + step;
                    self.flips[at] += u64::from(chosen != primary);
                    self.change[at] += best - most;
                }
            }
        }
        Ok(())
    }
}

impl Sensitivity {
    /// Moves every assumption of a plan's levers.
    pub(crate) fn of(asked: &Asked, work: &Work) -> Result<Self, StrategyError> {
        let (customers, levers) = (asked.base.n_customers(), asked.levers.ids.len());
        work.begin("moving assumptions", Some(customers as u64))?;
        let parts = blocks::map_blocks(customers, work, |rows| {
            let (mut tally, mut offers) = (Tally::new(levers), Vec::with_capacity(levers));
            for row in rows {
                tally.customer(asked, &asked.base.customer(row), &mut offers)?;
            }
            Ok::<Tally, StrategyError>(tally)
        })?;
        let mut tally = Tally::new(levers);
        for part in parts {
            tally.add(&part?);
        }
        let sway = |cell: usize| {
            let (lever, place) = (cell / Assumption::ALL.len(), cell % Assumption::ALL.len());
            let flips = |step: usize| {
                let at = cell * MOVES.len() + step;
                Flips {
                    by: MOVES[step],
                    share: tally.flips[at] as f64 / customers as f64,
                    gain_change: Money::finite(tally.change[at]),
                }
            };
            Sway {
                lever: asked.levers.ids[lever].clone(),
                assumption: Assumption::ALL[place],
                basis: match tally.bases[lever] {
                    1 => Some(Provenance::Experiment),
                    2 => Some(Provenance::Model),
                    4 => Some(Provenance::Assumption),
                    _ => None,
                },
                moved: [flips(0), flips(1), flips(2), flips(3)],
            }
        };
        let cells = (0..tally.felt.len()).filter(|&cell| tally.felt[cell]);
        let mut rows: Vec<Sway> = cells.map(sway).collect();
        let matters = |sway: &Sway| (sway.at_a_quarter(), sway.at_a_tenth());
        rows.sort_by(|a, b| {
            matters(b).partial_cmp(&matters(a)).unwrap_or(std::cmp::Ordering::Equal)
        });
        Ok(Self { customers, rows })
    }

    /// The assumption that matters most; `None` where nobody's strategy flips.
    pub fn most(&self) -> Option<&Sway> {
        self.rows.first().filter(|sway| sway.at_a_quarter() > 0.0)
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "share of customers whose first strategy flips   at 10 %   at 25 %")?;
        let (some, none): (Vec<_>, Vec<_>) =
            self.rows.iter().partition(|sway| sway.at_a_quarter() > 0.0);
        for sway in some {
            let name = format!("{}: {}", sway.lever.in_words(), sway.assumption.in_words());
            let percent = |share: f64| format!("{:.1} %", 100.0 * share);
            let (tenth, quarter) = (percent(sway.at_a_tenth()), percent(sway.at_a_quarter()));
            writeln!(f, "  {name:<44} {tenth:>8}  {quarter:>8}")?;
        }
        if !none.is_empty() {
            writeln!(f, "  {} other numbers flip nobody", none.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{CpMap, CustomerBase, Ineligible, Lever, StrategyAssigner};
    use crate::units::{CustomerIds, Days};
    use crate::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};

    /// More purchases for one in ten, at a cost.
    struct More(&'static str, f64, f64);

    impl Lever for More {
        fn id(&self) -> LeverId {
            LeverId::of(self.0)
        }

        fn offer(&self, _: &Candidate<'_>) -> Result<Offer, Ineligible> {
            let offer = Offer::new(Estimate::default_assumption(0.1)).purchases(self.1);
            Ok(offer.contact_cost(Money::finite(self.2)))
        }

        fn why(&self, _: &Candidate<'_>) -> String {
            "always".to_owned()
        }
    }

    fn base(values: &[f64]) -> CustomerBase {
        let worth = |&value: &f64| {
            let rates = Rates {
                alive: 1.0,
                staying: 1.0,
                purchases: 1.0,
                spend: value,
                margin: 1.0,
                cost: 0.0,
            };
            Worth::realised(Money::ZERO, Money::ZERO, 1, Days::new(1)).with_rates(rates)
        };
        let ids = CustomerIds::numbered(values.len()).unwrap();
        let rows = values.iter().map(worth).collect();
        let basis = ValueBasis::new("given", "given");
        CustomerBase::of(
            CustomerValue::new(ids, rows, basis, ValueUnit::Revenue, Days::weeks(52)).unwrap(),
        )
    }

    /// `a` gains v / 10 - 1, so that it pays from v = 10. At 9.5 it gains -0.05, and 0.045 with a
    /// tenth more success; at 10.5 0.05, and -0.055 with a tenth less.
    #[test]
    fn flips_are_those_of_choosing_again() {
        let base = base(&[5.0, 9.5, 10.5, 12.0, 20.0]);
        let plan = CpMap::none().with(More("a", 2.0, 1.0)).assign(&base, &Work::new()).unwrap();
        let found = plan.sensitivity(&Work::new()).unwrap().unwrap();
        let row = |assumption: Assumption| {
            let row = found.rows.iter().find(|row| row.assumption == assumption).unwrap();
            row.moved.map(|moved| (moved.share * 5.0).round() as usize)
        };
        assert_eq!(row(Assumption::Success), [2, 1, 1, 1]);
        assert_eq!(row(Assumption::Effect), [2, 1, 1, 1]);
        // At a cost of 0.75 from 7.5, of 0.9 from 9, of 1.1 from 11, of 1.25 from 12.5.
        assert_eq!(row(Assumption::ContactCost), [1, 1, 1, 2]);
        assert_eq!(found.rows.len(), 3); // no incentive, nobody who takes it anyway
        assert_eq!(found.most().unwrap().at_a_quarter(), 0.4);
        let change = found.rows[0].moved[3].gain_change.amount();
        // A quarter more of 1.05, 1.2 and 2, and 0.1875 for the one that begins to pay.
        assert!((change - (0.25 * (1.05 + 1.2 + 2.0) + 0.1875)).abs() < 1e-12, "{change}");
    }

    /// Each row is what the assigner gives when the number is moved in the lever itself.
    #[test]
    fn two_levers_side_by_side() {
        let values: Vec<f64> = (0..200).map(|i| 1.0 + f64::from(i) * 0.2).collect();
        let base = base(&values);
        let both = |cost: f64| {
            let cp_map = CpMap::none().with(More("a", 2.0, cost)).with(More("b", 1.5, 0.5));
            cp_map.assign(&base, &Work::new()).unwrap()
        };
        let plain = both(1.0);
        let found = plain.sensitivity(&Work::new()).unwrap().unwrap();
        let cost =
            |row: &&Sway| row.lever.as_str() == "a" && row.assumption == Assumption::ContactCost;
        for moved in found.rows.iter().find(cost).unwrap().moved {
            let again = both(1.0 + moved.by);
            let flipped =
                (0..200).filter(|&row| plain.primary(row).lever != again.primary(row).lever);
            assert_eq!((moved.share * 200.0).round() as usize, flipped.count(), "{}", moved.by);
            let gain = again.summary().gain.amount() - plain.summary().gain.amount();
            assert!((moved.gain_change.amount() - gain).abs() < 1e-9);
        }
    }

    #[test]
    fn nobody_flips_where_there_is_nobody_or_nothing() {
        let none = CpMap::none().assign(&base(&[1.0]), &Work::new()).unwrap();
        let found = none.sensitivity(&Work::new()).unwrap().unwrap();
        assert_eq!((found.rows.len(), found.most()), (0, None));
        let empty = CpMap::retail().assign(&base(&[]), &Work::new()).unwrap();
        assert_eq!(empty.sensitivity(&Work::new()).unwrap().unwrap().rows, []);
    }
}
