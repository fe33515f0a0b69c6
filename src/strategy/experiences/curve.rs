//! The curve of value against the number of experiences, and its answer in a sentence.

use std::fmt;

use serde::Serialize;

use crate::units::Money;

/// What the chosen experiences were valued by a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revaluation {
    /// The half of the customers that did not choose.
    OtherHalf,
    /// Another estimate of the same values.
    SecondEstimate,
    /// Nothing.
    None,
}

/// The value of more and more experiences, and how many of them are worth their cost.
///
/// All amounts are of the whole base: what half of the customers brought counts for all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExperienceCurve {
    /// The experiences in the order in which they are worth adding. Shorter than the list of
    /// candidates where the others add nothing.
    pub steps: Vec<ExperienceStep>,
    /// How many are shown to be worth their cost: up to the first of which the interval of what it
    /// adds reaches down to the cost. Without revaluation, where value less cost is highest.
    pub worth_it: usize,
    /// How many the numbers that chose would make: where their value less cost is highest.
    pub worth_it_where_chosen: usize,
    /// How many there were to choose from.
    pub candidates: usize,
    /// What each costs.
    pub cost_each: Money,
    /// By what the second valuation was made.
    pub revaluation: Revaluation,
    /// How many standard errors the intervals reach to either side.
    pub reach: f64,
}

/// One experience more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExperienceStep {
    /// How many there are with this one.
    pub experiences: usize,
    /// Its column in the table.
    pub column: usize,
    /// Its name.
    pub name: String,
    /// What all so far are worth by the numbers that chose them.
    pub value: Money,
    /// What this one added to that.
    pub adds: Money,
    /// By the same numbers, what no other set of as many is worth more than.
    pub bound: Money,
    /// The same by the numbers that did not choose.
    pub revalued: Option<Revalued>,
}

/// What numbers that did not choose say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Revalued {
    /// What all so far are worth.
    pub value: Money,
    /// Its standard error.
    pub value_error: Money,
    /// What this one added; negative where customers got something worse than before.
    pub adds: Money,
    /// Its standard error.
    pub adds_error: Money,
}

impl ExperienceStep {
    /// What was reached, as a share of what could have been at most; at least `1 − 1/e`, and near
    /// one as a rule. `None` where that is nothing.
    pub fn share_of_bound(&self) -> Option<f64> {
        (self.bound > Money::ZERO).then(|| self.value.amount() / self.bound.amount())
    }
}

impl ExperienceCurve {
    pub(super) fn new(
        steps: Vec<ExperienceStep>,
        candidates: usize,
        cost_each: Money,
        revaluation: Revaluation,
        reach: f64,
    ) -> Self {
        // What is added where it was chosen never grows, so that the highest point is where it
        // first fails to pay.
        let worth_it_where_chosen = steps.iter().take_while(|step| step.adds > cost_each).count();
        let shown = |step: &&ExperienceStep| {
            step.revalued.is_some_and(|revalued| {
                revalued.adds.amount() - reach * revalued.adds_error.amount() > cost_each.amount()
            })
        };
        let worth_it = match revaluation {
            Revaluation::None => worth_it_where_chosen,
            _ => steps.iter().take_while(shown).count(),
        };
        Self { steps, worth_it, worth_it_where_chosen, candidates, cost_each, revaluation, reach }
    }

    /// The columns of the experiences that are worth their cost.
    pub fn chosen(&self) -> Vec<usize> {
        self.steps[..self.worth_it].iter().map(|step| step.column).collect()
    }

    /// The interval of what a step adds, by the numbers that did not choose.
    pub fn interval(&self, step: &ExperienceStep) -> Option<(Money, Money)> {
        let Revalued { adds, adds_error, .. } = step.revalued?;
        Some(self.around(adds, adds_error))
    }

    /// What the experiences that are worth it bring, less their cost, and the interval around it;
    /// by the numbers that did not choose. `None` where nothing was valued again, or none is worth
    /// it.
    pub fn net(&self) -> Option<(Money, (Money, Money))> {
        let Revalued { value, value_error, .. } = self.steps[..self.worth_it].last()?.revalued?;
        let net = Money::finite(value.amount() - self.cost_of(self.worth_it));
        Some((net, self.around(net, value_error)))
    }

    fn around(&self, middle: Money, error: Money) -> (Money, Money) {
        let half = self.reach * error.amount();
        (Money::finite(middle.amount() - half), Money::finite(middle.amount() + half))
    }

    fn cost_of(&self, experiences: usize) -> f64 {
        self.cost_each.amount() * experiences as f64
    }
}

impl fmt::Display for ExperienceCurve {
    /// The answer: `4 experiences are worth it; the fifth adds 12 ± 20 against a cost of 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.worth_it, self.candidates) {
            (0, _) => write!(f, "no experience is shown to be worth it")?,
            (1, _) => write!(f, "1 experience is worth it")?,
            (all, candidates) if all == candidates => {
                write!(f, "all {all} experiences are worth it")?;
            }
            (some, _) => write!(f, "{some} experiences are worth it")?,
        }
        let cost = Amount(self.cost_each);
        match self.steps.get(self.worth_it) {
            Some(next) => {
                let (adds, error) = match next.revalued {
                    Some(Revalued { adds, adds_error, .. }) => (adds, Some(adds_error)),
                    None => (next.adds, None),
                };
                write!(f, "; the {} adds {}", Ordinal(next.experiences), Amount(adds))?;
                if let Some(error) = error {
                    let half = Money::finite(self.reach * error.amount());
                    write!(f, " ± {}", Amount(half))?;
                }
                write!(f, " against a cost of {cost}")?;
            }
            None if self.steps.is_empty() => write!(f, "; none adds anything")?,
            None if self.worth_it < self.candidates => write!(f, "; no other adds anything")?,
            None => {}
        }
        match self.revaluation {
            Revaluation::None => {
                write!(f, " (by the numbers that chose them, which flatters)")
            }
            _ if self.worth_it_where_chosen != self.worth_it => {
                write!(f, " (the numbers that chose them say {})", self.worth_it_where_chosen)
            }
            _ => Ok(()),
        }
    }
}

/// Whole units where there are a hundred or more of them.
struct Amount(Money);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.amount();
        let whole = amount.abs() >= 99.995 || amount.fract() == 0.0;
        write!(f, "{:.*}", if whole { 0 } else { 2 }, self.0)
    }
}

struct Ordinal(usize);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [&str; 10] = [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth",
        ];
        match self.0.checked_sub(1).and_then(|place| WORDS.get(place)) {
            Some(word) => f.write_str(word),
            None => {
                let ending = match (self.0 % 100, self.0 % 10) {
                    (11..=13, _) => "th",
                    (_, 1) => "st",
                    (_, 2) => "nd",
                    (_, 3) => "rd",
                    _ => "th",
                };
                write!(f, "{}{ending}", self.0)
            }
        }
    }
}
