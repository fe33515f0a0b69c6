//! How many different experiences are worth making: ten, a hundred, or one.
//!
//! The curve is chosen on one half of the customers and valued again on the other, because the best
//! of many is flattered by the numbers it was picked by.

mod curve;
mod greedy;
mod revalue;

use crate::num::blocks;
use crate::num::interval::two_sided;
use crate::num::random::{Purpose, Stream};
use crate::strategy::StrategyError;
use crate::units::{Money, Probability, SegmentId};
use crate::work::Work;

pub use curve::{ExperienceCurve, ExperienceStep, Revaluation, Revalued};
use greedy::{Pick, Table};
use revalue::{Choice, Judges};

/// Amounts beyond this would overflow where they are squared and summed.
const LARGEST_TOTAL: f64 = 1e150;

/// What each of some experiences would be worth with each customer, and the question how many of
/// them to make.
///
/// An experience is whatever costs something to make and to keep: a creative, a journey, a service
/// model. The values are incremental, against nothing special, which is always there and worth
/// zero; where something is done today, take its value off. A set of experiences is worth what
/// customers bring if each gets the best of the set for them (facility location):
///
/// ```text
/// f(S) = Σ wᵢ max(0, max over e in S of vᵢₑ)
/// ```
///
/// Experiences are added one by one, each time the one that adds the most. No set of the same size
/// is worth more than `1 / (1 − 1/e)` times as much (Nemhauser, Wolsey & Fisher 1978), and usually
/// far less: [`ExperienceStep::bound`] says how much at most.
///
/// # Which noise is taken out
///
/// - By default customers are split into halves at random: the experiences are chosen on one and
///   valued on the other, where each customer gets what is best by their own row. That corrects the
///   choice of the experiences, but believes every row.
/// - With [`segments`](Self::segments), what a customer gets is decided by their segment, on the
///   first half; the second half only says what it was worth. Rows may then be as noisy as single
///   outcomes.
/// - With [`second_estimate`](Self::second_estimate), one estimate of the values decides and
///   another, made of other data, says what it was worth. This is the way for a table of segments
///   by experiences, with the sizes of the segments as [`weights`](Self::weights).
///
/// # Example
///
/// Two kinds of customers, each of whom answers to one experience; a third one is worth more than 1
/// to nobody.
///
/// ```
/// use segmentry::strategy::Experiences;
/// use segmentry::units::Money;
/// use segmentry::work::Work;
///
/// let values: Vec<f64> = (0..3000)
///     .flat_map(|i| if i % 3 == 0 { [9.0, 1.0, 0.0] } else { [2.0, 7.0, 1.0] })
///     .collect();
/// let curve = Experiences::new(["coach", "outlet", "letter"], &values)
///     .cost_each(Money::new(1_000.0)?)
///     .curve(&Work::new())?;
/// assert_eq!(curve.worth_it, 2);
/// assert_eq!(curve.steps[0].name, "outlet"); // 2000 × 7 + 1000 × 1
/// assert!((curve.steps[0].revalued.unwrap().value.amount() - 15_000.0).abs() < 500.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Nemhauser, Wolsey & Fisher (1978), "An analysis of approximations for maximizing submodular set
/// functions - I", section 4. Stopping at the first experience that is not shown to be worth its
/// cost keeps the error rate of the whole sequence at that of one interval (Maurer, Hothorn &
/// Lehmacher 1995, fixed-sequence testing).
#[derive(Clone)]
pub struct Experiences<'a> {
    names: Vec<String>,
    values: &'a [f64],
    weights: Option<&'a [f64]>,
    segments: Option<&'a [SegmentId]>,
    second: Option<&'a [f64]>,
    revaluation: Revaluation,
    cost_each: Money,
    confidence: Probability,
    at_most: usize,
    seed: u64,
}

impl<'a> Experiences<'a> {
    /// The experiences by name, and their values, customer by customer: first what each experience
    /// is worth with the first customer.
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>, values: &'a [f64]) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            values,
            weights: None,
            segments: None,
            second: None,
            revaluation: Revaluation::OtherHalf,
            cost_each: Money::ZERO,
            confidence: Probability::clamped(0.95),
            at_most: usize::MAX,
            seed: 0,
        }
    }

    /// How many customers each row stands for, such as the sizes of segments. One by default.
    #[must_use]
    pub fn weights(mut self, weights: &'a [f64]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Decides by segment: all customers of a segment get what is best for them together. A segment
    /// of which the choosing half has nobody gets nothing.
    #[must_use]
    pub fn segments(mut self, of: &'a [SegmentId]) -> Self {
        self.segments = Some(of);
        self
    }

    /// Another estimate of the same values, independent of the first: the first decides for all
    /// rows, and this one says what it is worth.
    #[must_use]
    pub fn second_estimate(mut self, values: &'a [f64]) -> Self {
        self.second = Some(values);
        self.revaluation = Revaluation::SecondEstimate;
        self
    }

    /// Values nothing again: all rows choose, and the curve is as flattering as the numbers are
    /// noisy. The answer says so.
    #[must_use]
    pub fn without_revaluation(mut self) -> Self {
        self.second = None;
        self.revaluation = Revaluation::None;
        self
    }

    /// What each experience costs, over the time that the values are of. Zero by default.
    #[must_use]
    pub fn cost_each(mut self, cost: Money) -> Self {
        self.cost_each = cost;
        self
    }

    /// The confidence of the intervals, 0.95 by default.
    #[must_use]
    pub fn confidence(mut self, confidence: Probability) -> Self {
        self.confidence = confidence;
        self
    }

    /// Where the curve ends at the latest. By default it goes on until nothing adds anything.
    #[must_use]
    pub fn at_most(mut self, experiences: usize) -> Self {
        self.at_most = experiences;
        self
    }

    /// What the halves are drawn from, 0 by default. They depend on the order of the rows and on
    /// nothing else.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the tables; [`curve`](Self::curve) calls this first.
    ///
    /// # Errors
    ///
    /// [`StrategyError::ExperienceTable`] where a table is too short, too long or empty,
    /// [`StrategyError::ExperienceValue`] for a number in it that cannot be used,
    /// [`StrategyError::ExperienceParam`].
    pub fn validate(&self) -> Result<(), StrategyError> {
        let param =
            |name, value, expected| Err(StrategyError::ExperienceParam { name, value, expected });
        let confidence = self.confidence.value();
        if !(confidence > 0.0 && confidence < 1.0) {
            return param("confidence", confidence, "above 0 and below 1");
        }
        if self.cost_each < Money::ZERO {
            return param("cost_each", self.cost_each.amount(), "at least 0");
        }
        let width = self.names.len();
        if width == 0 || self.at_most == 0 {
            return param("experiences", 0.0, "at least 1");
        }
        let n = self.values.len() / width;
        let least = match self.revaluation {
            Revaluation::OtherHalf => 4,
            Revaluation::SecondEstimate => 2,
            Revaluation::None => 1,
        };
        if n < least {
            return Err(StrategyError::ExperienceTable { what: "rows", expected: least, got: n });
        }
        if u32::try_from(n).is_err() {
            return param("rows", n as f64, "at most 4,294,967,295");
        }
        let lengths = [
            ("values", Some(self.values.len()), n * width),
            ("values of the second estimate", self.second.map(<[f64]>::len), n * width),
            ("weights", self.weights.map(<[f64]>::len), n),
            ("segments", self.segments.map(<[SegmentId]>::len), n),
        ];
        for (what, got, expected) in lengths {
            if let Some(got) = got.filter(|&got| got != expected) {
                return Err(StrategyError::ExperienceTable { what, expected, got });
            }
        }
        let bad = |table, place: usize, width, expected| StrategyError::ExperienceValue {
            table,
            row: place / width,
            column: place % width,
            expected,
        };
        if let Some(segments) = self.segments
            && let Some(row) = segments.iter().position(|segment| segment.index() >= n)
        {
            return Err(bad("segments", row, 1, "a number below that of the customers"));
        }
        if let Some(weights) = self.weights
            && let Some(row) = weights.iter().position(|w| !(*w >= 0.0 && w.is_finite()))
        {
            return Err(bad("weights", row, 1, "finite and at least 0"));
        }
        let weight = blocks::sum(n, |row| self.weight(row));
        if weight <= 0.0 {
            return param("weights", weight, "something above 0");
        }
        let most = LARGEST_TOTAL / weight.max(1.0);
        let tables = [("values", Some(self.values)), ("second estimate", self.second)];
        for (table, values) in tables {
            let usable = |v: &f64| v.is_finite() && v.abs() <= most;
            if let Some(place) = values.and_then(|v| v.iter().position(|v| !usable(v))) {
                return Err(bad(table, place, width, "finite and small enough to add up"));
            }
        }
        Ok(())
    }

    /// The curve of value against the number of different experiences, and how many are worth
    /// their cost.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate), and where a half has no weight;
    /// [`StrategyError::Cancelled`].
    ///
    /// # Cost
    ///
    /// Each experience that is added costs a look at one number of every customer, and at the whole
    /// row of those customers for whom it is the best so far: a few passes over the table in all.
    /// Memory for eight bytes a customer beside it.
    pub fn curve(&self, work: &Work) -> Result<ExperienceCurve, StrategyError> {
        self.validate()?;
        let n = self.n_rows();
        let (choosing, judging) = self.halves();
        work.begin("choosing experiences", None)?;
        let whole = self.weight_of(0..n);
        let scale = |rows: Option<&Vec<u32>>| {
            let of_half =
                rows.map_or(whole, |rows| self.weight_of(rows.iter().map(|&row| row as usize)));
            if of_half > 0.0 {
                Ok(whole / of_half)
            } else {
                let expected = "something above 0 in both halves";
                Err(StrategyError::ExperienceParam { name: "weights", value: 0.0, expected })
            }
        };
        let chosen_scale = scale(choosing.as_ref())?;
        let table = Table {
            values: self.values,
            width: self.names.len(),
            rows: choosing.as_deref(),
            weights: self.weights,
        };
        let (picks, choice): (Vec<Pick>, Choice<'_>) = match self.segments {
            None => (greedy::picks(&table, self.at_most, work)?, Choice::Own),
            Some(segments) => {
                let groups = table.by_group(segments);
                let picks = greedy::picks(&groups.table(), self.at_most, work)?;
                let better = groups.improved_by(&picks);
                (picks, Choice::Segments { segments, groups: groups.len(), better })
            }
        };
        let says = match self.revaluation {
            Revaluation::None => None,
            Revaluation::OtherHalf => Some(self.values),
            Revaluation::SecondEstimate => self.second,
        };
        let revalued = match says {
            None => vec![None; picks.len()],
            Some(says) => {
                work.begin("valuing experiences again", None)?;
                let judges = Judges {
                    table: Table { rows: judging.as_deref(), ..table },
                    says,
                    picks: &picks,
                    choice,
                    scale: scale(judging.as_ref())?,
                };
                judges.curve(work)?.into_iter().map(Some).collect()
            }
        };
        let steps = picks.iter().zip(revalued).enumerate().map(|(before, (pick, revalued))| {
            let money = |amount: f64| Money::finite(amount * chosen_scale);
            ExperienceStep {
                experiences: before + 1,
                column: pick.column,
                name: self.names[pick.column].clone(),
                value: money(pick.value),
                adds: money(pick.adds),
                bound: money(pick.bound),
                revalued,
            }
        });
        Ok(ExperienceCurve::new(
            steps.collect(),
            (self.names.len(), self.at_most),
            self.cost_each,
            self.revaluation,
            two_sided(self.confidence.value()),
        ))
    }

    fn n_rows(&self) -> usize {
        self.values.len() / self.names.len()
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn weight_of(&self, rows: impl Iterator<Item = usize>) -> f64 {
        rows.fold(0.0, |sum, row| sum + self.weight(row))
    }

    /// The rows that choose and those that judge, each in ascending order; `None` for all.
    fn halves(&self) -> (Option<Vec<u32>>, Option<Vec<u32>>) {
        if self.revaluation != Revaluation::OtherHalf {
            return (None, None);
        }
        let mut rows: Vec<u32> = (0..self.n_rows() as u32).collect();
        Stream::new(self.seed, Purpose::Halves, rows.len() as u64).shuffle(&mut rows);
        let mut judging = rows.split_off(rows.len().div_ceil(2));
        rows.sort_unstable();
        judging.sort_unstable();
        (Some(rows), Some(judging))
    }
}

impl std::fmt::Debug for Experiences<'_> {
    /// The parameters; the values belong to customers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Experiences")
            .field("names", &self.names)
            .field("revaluation", &self.revaluation)
            .field("cost_each", &self.cost_each)
            .field("confidence", &self.confidence)
            .field("at_most", &self.at_most)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
