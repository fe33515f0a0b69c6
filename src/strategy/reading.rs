//! Names that other frameworks give to customers, as regions of the one map.
//!
//! A reading estimates nothing: it looks at the values, rates and deciles that are there, and says
//! what each customer would be called.

use serde::Serialize;

use crate::data::CustomerHistory;
use crate::strategy::StrategyPlan;
use crate::strategy::value_map::{Sums, headroom_deciles, primary, same_customers, share_of};
use crate::units::{Days, LeverId, Money};
use crate::value::{CustomerValue, Deciles, ValueError, Worth};

/// A way to name customers by where they are on the map.
///
/// # Example
///
/// ```
/// use segmentry::strategy::{CpMap, CustomerBase, Limit, Reading, StrategyAssigner};
/// use segmentry::units::{CustomerIds, Days, Money};
/// use segmentry::value::{CustomerValue, Rates, ValueBasis, ValueUnit, Worth};
/// use segmentry::work::Work;
///
/// let euros = |amount| Money::from_minor(amount, 0);
/// let worth = |spent, potential, cost| {
///     let rates = Rates { alive: 0.5, staying: 1.0, purchases: 2.0, spend: 50.0, margin: 1.0, cost };
///     Worth::realised(euros(spent), euros(spent), 1, Days::new(9))
///         .with_rates(rates)
///         .with_potential(euros(potential))
/// };
/// let rows = vec![worth(900, 60, 0.0), worth(80, 700, 0.0), worth(70, 50, 0.0), worth(60, 0, 130.0)];
/// # let basis = ValueBasis::new("given", "given");
/// # let ids = CustomerIds::numbered(4)?;
/// # let value = CustomerValue::new(ids, rows, basis, ValueUnit::Margin, Days::weeks(52))?;
/// # let plan = CpMap::none().assign(&CustomerBase::of(value.clone()), &Work::new())?;
/// let read = Reading::most_valuable_most_growable_below_zero()
///     .valuable(Limit::AtLeast(euros(500)))
///     .growable(Limit::AtLeast(euros(200)))
///     .of(&value, &plan)?;
/// let names: Vec<&str> = (0..4).map(|row| read.name_of(row)).collect();
/// assert_eq!(names, ["most valuable", "most growable", "the rest", "below zero"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    preset: Preset,
    valuable: Limit,
    growable: Limit,
    long: StayLimit,
    tenures: Option<Vec<Tenure>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Preset {
    PeppersRogers,
    ReinartzKumar,
}

/// From where on an amount is high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// In so many of the best deciles, as the map has them; 1 to 9.
    Deciles(u8),
    /// At least so much.
    AtLeast(Money),
}

/// From where on a relationship is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StayLimit {
    /// Among so many tenths of the customers with the longest, 1 to 9. Whoever stays as long as
    /// the last of these counts too.
    Deciles(u8),
    /// At least so long.
    AtLeast(Days),
}

/// How long somebody has been a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tenure {
    /// From the first purchase to the last.
    pub to_last: Days,
    /// From the first purchase to the end of the observation.
    pub so_far: Days,
}

impl Tenure {
    /// Every customer's tenure, in the order of the history's rows.
    pub fn of(history: &CustomerHistory) -> Vec<Self> {
        let tenure = |row| Self { to_last: history.age_at_last(row), so_far: history.age(row) };
        (0..history.n_customers()).map(tenure).collect()
    }

    /// To the last purchase for certain, and from there to today if they are still a customer.
    fn expected(self, alive: f64) -> f64 {
        let silent = self.so_far.count().saturating_sub(self.to_last.count());
        f64::from(self.to_last.count()) + alive * f64::from(silent)
    }
}

/// Every customer under a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReadCustomers {
    /// The names, in the order in which they are given out; those that nobody has are among them.
    /// Customers of whom something is not known that their name depends on come last, and only
    /// where there are any.
    pub regions: Vec<Region>,
    #[serde(skip)]
    of: Vec<u8>,
}

/// The customers of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Region {
    /// What they are called.
    pub name: &'static str,
    /// How many customers.
    pub customers: usize,
    /// Their current value.
    pub current: Money,
    /// Their future value; `None` where it could not be estimated for all of them.
    pub future: Option<Money>,
    /// Their headroom; `None` where no potential was estimated.
    pub headroom: Option<Money>,
    /// The mean probability that they are gone; `None` where the value model has no such notion.
    pub mean_risk: Option<f64>,
    /// The gain of their primary strategies.
    pub gain: Money,
    /// How many have each primary strategy, by name.
    pub strategies: Vec<(LeverId, usize)>,
}

impl Region {
    /// The share of the customers whose primary strategy is this one; zero where there are no
    /// customers.
    pub fn share_of(&self, lever: &LeverId) -> f64 {
        share_of(&self.strategies, self.customers, lever)
    }
}

impl ReadCustomers {
    /// What the customer in a row is called.
    pub fn name_of(&self, row: usize) -> &'static str {
        self.regions[usize::from(self.of[row])].name
    }

    /// The rows of the customers of a name, in ascending order.
    pub fn rows_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.of.len()).filter(move |&row| self.name_of(row) == name)
    }
}

/// What somebody is called of whom too little is known.
const NOT_KNOWN: &str = "not known";

impl Reading {
    /// The customers of Peppers & Rogers: *most valuable*, *most growable*, *below zero* and *the
    /// rest*.
    ///
    /// | name | who, in this order |
    /// |---|---|
    /// | below zero | future value under zero; where no future was estimated, current value under zero |
    /// | most valuable | current value in the best two deciles, see [`valuable`](Self::valuable) |
    /// | most growable | headroom above zero and in the best two deciles, see [`growable`](Self::growable) |
    /// | the rest | everybody else |
    ///
    /// A fifth is where, by the rule of thumb, most of the value is; set limits of your own where
    /// you have them. A customer who would be both is most valuable. Where neither below zero nor
    /// most valuable and the headroom is not known, the name is not known either.
    ///
    /// Peppers & Rogers (2017), *Managing Customer Experience and Relationships*, chapter 5.
    pub fn most_valuable_most_growable_below_zero() -> Self {
        Self::preset(Preset::PeppersRogers, Limit::Deciles(2))
    }

    /// The customers of Reinartz & Kumar: profitable or not, by how long they stay.
    ///
    /// | | long | short |
    /// |---|---|---|
    /// | profitable | true friends | butterflies |
    /// | not | barnacles | strangers |
    ///
    /// *Profitable* is current value in the best five deciles, see [`valuable`](Self::valuable);
    /// it is revenue where no margins were stated.
    ///
    /// *Long* is by the expected days as a customer:
    ///
    /// ```text
    /// to last purchase + alive × (today − last purchase) + alive × staying × horizon
    /// ```
    ///
    /// The first two terms are the tenure so far, and count only where
    /// [`tenures`](Self::tenures) are given. The third is what is still to come, from the
    /// [`Rates`](crate::value::Rates) of the future value, and ends at its horizon: `staying` is the share of what
    /// the customer would buy if certain to stay that dropout leaves. By default the longer half
    /// is long, see [`long`](Self::long). Who has no future value has no duration, and no name;
    /// where the model knows no dropout, the third term is the same for all.
    ///
    /// Reinartz & Kumar (2002), "The mismanagement of customer loyalty", *Harvard Business Review*
    /// 80 (7).
    pub fn friends_butterflies_barnacles_strangers() -> Self {
        Self::preset(Preset::ReinartzKumar, Limit::Deciles(5))
    }

    fn preset(preset: Preset, valuable: Limit) -> Self {
        let (growable, long) = (Limit::Deciles(2), StayLimit::Deciles(5));
        Self { preset, valuable, growable, long, tenures: None }
    }

    /// From which current value on a customer is most valuable, or profitable.
    #[must_use]
    pub fn valuable(mut self, limit: Limit) -> Self {
        self.valuable = limit;
        self
    }

    /// From which headroom on a customer is most growable.
    #[must_use]
    pub fn growable(mut self, limit: Limit) -> Self {
        self.growable = limit;
        self
    }

    /// From which expected duration on a customer is one for long.
    #[must_use]
    pub fn long(mut self, limit: StayLimit) -> Self {
        self.long = limit;
        self
    }

    /// How long each has been a customer so far, in the rows of the values; see [`Tenure::of`].
    #[must_use]
    pub fn tenures(mut self, tenures: Vec<Tenure>) -> Self {
        self.tenures = Some(tenures);
        self
    }

    /// Checks the limits; [`of`](Self::of) calls this first.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] for numbers of deciles that leave nobody or everybody.
    pub fn validate(&self) -> Result<(), ValueError> {
        let deciles = |limit| match limit {
            Limit::Deciles(deciles) => Some(deciles),
            Limit::AtLeast(_) => None,
        };
        let long = match self.long {
            StayLimit::Deciles(deciles) => Some(deciles),
            StayLimit::AtLeast(_) => None,
        };
        let limits = [
            ("valuable", deciles(self.valuable)),
            ("growable", deciles(self.growable)),
            ("long", long),
        ];
        for (name, limit) in limits {
            if let Some(deciles) = limit.filter(|deciles| !(1..=9).contains(deciles)) {
                let value = f64::from(deciles);
                return Err(ValueError::Param { name, value, expected: "from 1 to 9 deciles" });
            }
        }
        Ok(())
    }

    /// Names every customer of a base, whose plan must be of the same customers in the same rows.
    ///
    /// # Errors
    ///
    /// [`ValueError::Param`] as [`validate`](Self::validate); [`ValueError::Length`] where the
    /// plan or the tenures are of other customers.
    pub fn of(
        &self,
        value: &CustomerValue,
        plan: &StrategyPlan,
    ) -> Result<ReadCustomers, ValueError> {
        self.validate()?;
        same_customers(value, plan)?;
        let (names, of) = match self.preset {
            Preset::PeppersRogers => self.by_growth(value)?,
            Preset::ReinartzKumar => self.by_duration(value)?,
        };
        let mut sums = vec![Sums::default(); names.len()];
        for (row, (worth, &place)) in value.rows().iter().zip(&of).enumerate() {
            sums[usize::from(place)].add(worth, primary(plan, row));
        }
        let region = |(name, sums): (&'static str, Sums)| Region {
            name,
            customers: sums.customers,
            current: sums.current,
            future: sums.future(),
            headroom: sums.headroom(),
            mean_risk: sums.mean_risk(),
            gain: sums.gain,
            strategies: sums.strategies(),
        };
        let needed = |(name, sums): &(&str, Sums)| *name != NOT_KNOWN || sums.customers > 0;
        let regions = names.into_iter().zip(sums).filter(needed).map(region).collect();
        Ok(ReadCustomers { regions, of })
    }

    fn by_growth(&self, value: &CustomerValue) -> Result<([&'static str; 5], Vec<u8>), ValueError> {
        let headroom = match self.growable {
            Limit::Deciles(_) => headroom_deciles(value)?,
            Limit::AtLeast(_) => None,
        };
        let name = |(row, worth): (usize, &Worth)| {
            if worth.future().unwrap_or(worth.current) < Money::ZERO {
                0
            } else if self.is_valuable(value, row) {
                1
            } else {
                match self.is_growable(worth, row, headroom.as_ref()) {
                    Some(true) => 2,
                    Some(false) => 3,
                    None => 4,
                }
            }
        };
        let names = ["below zero", "most valuable", "most growable", "the rest", NOT_KNOWN];
        Ok((names, value.rows().iter().enumerate().map(name).collect()))
    }

    fn by_duration(
        &self,
        value: &CustomerValue,
    ) -> Result<([&'static str; 5], Vec<u8>), ValueError> {
        let n = value.rows().len();
        if let Some(got) = self.tenures.as_ref().map(Vec::len).filter(|&got| got != n) {
            return Err(ValueError::Length { what: "the table of tenures", expected: n, got });
        }
        let horizon = f64::from(value.horizon().count());
        let expected = |(row, worth): (usize, &Worth)| {
            let rates = worth.rates?;
            let so_far =
                self.tenures.as_ref().map_or(0.0, |tenures| tenures[row].expected(rates.alive));
            Some(so_far + rates.alive * rates.staying * horizon)
        };
        let durations: Vec<Option<f64>> = value.rows().iter().enumerate().map(expected).collect();
        let long = match self.long {
            StayLimit::AtLeast(days) => f64::from(days.count()),
            StayLimit::Deciles(deciles) => longest(&durations, deciles),
        };
        let name = |(row, duration): (usize, &Option<f64>)| match duration
            .map(|days| (self.is_valuable(value, row), days >= long))
        {
            Some((true, true)) => 0,
            Some((true, false)) => 1,
            Some((false, true)) => 2,
            Some((false, false)) => 3,
            None => 4,
        };
        let names = ["true friends", "butterflies", "barnacles", "strangers", NOT_KNOWN];
        Ok((names, durations.iter().enumerate().map(name).collect()))
    }

    fn is_valuable(&self, value: &CustomerValue, row: usize) -> bool {
        match self.valuable {
            Limit::Deciles(deciles) => value.deciles().of[row] <= deciles,
            Limit::AtLeast(amount) => value.rows()[row].current >= amount,
        }
    }

    /// `None` where the headroom is not known.
    fn is_growable(&self, worth: &Worth, row: usize, cut: Option<&Deciles>) -> Option<bool> {
        let high = match self.growable {
            Limit::Deciles(deciles) => cut?.of[row] <= deciles,
            Limit::AtLeast(amount) => worth.headroom()? >= amount,
        };
        Some(high && worth.headroom()? > Money::ZERO)
    }
}

/// The shortest of the longest so many tenths.
fn longest(durations: &[Option<f64>], deciles: u8) -> f64 {
    let mut known: Vec<f64> = durations.iter().copied().flatten().collect();
    let tenths = (known.len() * usize::from(deciles)).div_ceil(10);
    match tenths.checked_sub(1) {
        None => f64::INFINITY,
        Some(last) => *known.select_nth_unstable_by(last, |a, b| b.total_cmp(a)).1,
    }
}

#[cfg(test)]
mod tests;
