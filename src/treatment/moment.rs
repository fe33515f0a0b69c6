//! The moment at which triggers are looked at, and what fired.

use std::borrow::Cow;

use crate::data::{CategoryTotals, CustomerHistory, EventKind, EventSummary};
use crate::num::{blocks, real};
use crate::treatment::{TreatmentError, Trigger};
use crate::units::{CustomerIds, Date};
use crate::value::CustomerValue;
use crate::work::Work;

/// What is known when triggers are looked at: the last day of a history, and what the triggers
/// compare it with.
///
/// # Example
///
/// ```
/// use segmentry::data::{CustomerHistory, HistorySpec, Transaction};
/// use segmentry::treatment::{Moment, Trigger};
/// use segmentry::units::{Date, Days, Probability};
/// use segmentry::work::Work;
///
/// // Ann buys every ten days, three gaps in all, and then not for thirty.
/// let day = |m, d| Date::from_ymd(2024, m, d).unwrap();
/// let log = [1, 11, 21, 31].map(|d| Transaction::new("ann", day(1, d), 9.0));
/// let spec = HistorySpec::new().rhythm().observed_until(day(3, 1));
/// let history = CustomerHistory::read(&log, &spec, &Work::new())?;
///
/// let overdue = Trigger::Overdue { probability: Probability::new(0.2)? };
/// let fired = Moment::of(&history).fires(&[overdue], &Work::new())?;
/// let ann = &fired.all()[0];
/// // 30 days of gaps and 30 of silence: a half, to the third power.
/// assert_eq!(ann.figures(), [30.0, 10.0, 0.125]);
/// assert_eq!(ann.day(), day(3, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    history: &'a CustomerHistory,
    earlier: Option<&'a CustomerHistory>,
    value: Option<&'a CustomerValue>,
    earlier_value: Option<&'a CustomerValue>,
    events: Option<&'a EventSummary>,
}

/// A trigger that fired for a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Firing {
    row: u32,
    trigger: u16,
    n_figures: u8,
    day: Date,
    figures: [f64; 3],
}

impl Firing {
    /// The customer's row.
    pub fn row(&self) -> usize {
        self.row as usize
    }

    /// The place of the trigger among those asked for.
    pub fn trigger(&self) -> usize {
        usize::from(self.trigger)
    }

    /// The day on which it fires: the last day of the history, or the anniversary.
    pub fn day(&self) -> Date {
        self.day
    }

    /// The evidence; [`Trigger::figures`] says what each number is.
    pub fn figures(&self) -> &[f64] {
        &self.figures[..usize::from(self.n_figures)]
    }
}

/// Everything that fired, by customer and then by trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Firings {
    ids: CustomerIds,
    triggers: Vec<Trigger>,
    firings: Vec<Firing>,
}

impl Firings {
    /// Firings of triggers of which somebody else keeps watch: rows, the place of the trigger and
    /// the day.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::NoSuchRow`], [`TreatmentError::Param`] for a trigger that is not among
    /// them.
    pub fn new(
        ids: CustomerIds,
        triggers: Vec<Trigger>,
        fired: impl IntoIterator<Item = (usize, usize, Date)>,
    ) -> Result<Self, TreatmentError> {
        check(&triggers)?;
        let mut firings = Vec::new();
        for (row, trigger, day) in fired {
            if row >= ids.len() {
                let customers = ids.len();
                return Err(TreatmentError::NoSuchRow { what: "the firings", row, customers });
            }
            if trigger >= triggers.len() {
                let expected = "the place of one of the triggers";
                return Err(TreatmentError::Param {
                    name: "trigger",
                    value: trigger as f64,
                    expected,
                });
            }
            let (row, trigger) = (row as u32, trigger as u16);
            firings.push(Firing { row, trigger, n_figures: 0, day, figures: [0.0; 3] });
        }
        // The same trigger on two days for one customer: the first counts.
        firings.sort_unstable_by_key(|firing| (firing.row, firing.trigger, firing.day));
        firings.dedup_by_key(|firing| (firing.row, firing.trigger));
        Ok(Self { ids, triggers, firings })
    }

    /// The customers.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The triggers that were looked at.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// All of them.
    pub fn all(&self) -> &[Firing] {
        &self.firings
    }

    /// Those of one customer.
    pub fn of(&self, row: usize) -> &[Firing] {
        let start = self.firings.partition_point(|firing| firing.row() < row);
        let n = self.firings[start..].partition_point(|firing| firing.row() == row);
        &self.firings[start..start + n]
    }
}

fn check(triggers: &[Trigger]) -> Result<(), TreatmentError> {
    if triggers.len() > usize::from(u16::MAX) {
        let value = triggers.len() as f64;
        return Err(TreatmentError::Param { name: "triggers", value, expected: "at most 65535" });
    }
    triggers.iter().try_for_each(Trigger::validate)
}

/// Everything that one trigger looks at, found once for all customers.
enum Look<'a> {
    Overdue { p: f64 },
    Category { number: Option<usize>, now: &'a CategoryTotals, before: Earlier<'a> },
    Deciles { by: u8, now: &'a [u8], before: &'a [u8], rows: Vec<Option<usize>> },
    Anniversary { within: i32 },
    PAlive { below: f64, value: &'a CustomerValue },
    Event { kind: EventKind, key: &'a str, within: i32, events: &'a EventSummary },
}

/// The category in the earlier history, and where its customers stand.
struct Earlier<'a> {
    number: Option<usize>,
    totals: &'a CategoryTotals,
    rows: Cow<'a, [Option<usize>]>,
}

impl<'a> Moment<'a> {
    /// The last day of a history.
    pub fn of(history: &'a CustomerHistory) -> Self {
        Self { history, earlier: None, value: None, earlier_value: None, events: None }
    }

    /// An earlier history, for first purchases in a category.
    #[must_use]
    pub fn earlier(mut self, history: &'a CustomerHistory) -> Self {
        self.earlier = Some(history);
        self
    }

    /// The values now, of the customers of the history.
    #[must_use]
    pub fn value(mut self, value: &'a CustomerValue) -> Self {
        self.value = Some(value);
        self
    }

    /// The values at an earlier time; customers are found by their ids.
    #[must_use]
    pub fn earlier_value(mut self, value: &'a CustomerValue) -> Self {
        self.earlier_value = Some(value);
        self
    }

    /// Events until now, of the customers of the history.
    #[must_use]
    pub fn events(mut self, events: &'a EventSummary) -> Self {
        self.events = Some(events);
        self
    }

    /// The triggers that fire, for all customers.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Param`] for a threshold that cannot be; [`TreatmentError::Lacks`] where a
    /// trigger's evidence was not handed in; [`TreatmentError::OtherCustomers`];
    /// [`TreatmentError::Data`] where the history was not asked for the aggregate that it needs;
    /// [`TreatmentError::Cancelled`].
    pub fn fires(&self, triggers: &[Trigger], work: &Work) -> Result<Firings, TreatmentError> {
        check(triggers)?;
        work.begin("looking at triggers", None)?;
        let looks: Vec<Look<'_>> =
            triggers.iter().map(|trigger| self.look(trigger)).collect::<Result<_, _>>()?;
        let parts = blocks::map_blocks(self.history.n_customers(), work, |rows| {
            let mut fired = Vec::new();
            for row in rows {
                for (trigger, look) in looks.iter().enumerate() {
                    if let Some((day, figures, n)) = self.fires_for(row, look)? {
                        let (row, trigger) = (row as u32, trigger as u16);
                        fired.push(Firing { row, trigger, n_figures: n, day, figures });
                    }
                }
            }
            Ok::<_, TreatmentError>(fired)
        })?;
        let mut firings = Vec::new();
        for part in parts {
            firings.extend(part?);
        }
        Ok(Firings { ids: self.history.ids().clone(), triggers: triggers.to_vec(), firings })
    }

    fn look<'t>(&self, trigger: &'t Trigger) -> Result<Look<'t>, TreatmentError>
    where
        'a: 't,
    {
        let lacks = |needs| TreatmentError::Lacks { trigger: trigger.name(), needs };
        let same = |ids: &CustomerIds, what| {
            let same = ids == self.history.ids();
            same.then_some(()).ok_or(TreatmentError::OtherCustomers { what })
        };
        let value_now = || {
            let value = self.value.ok_or_else(|| lacks("the values now"))?;
            same(value.ids(), "the table of values")?;
            Ok::<_, TreatmentError>(value)
        };
        Ok(match trigger {
            Trigger::Overdue { probability } => {
                if self.history.n_customers() > 0 {
                    self.history.rhythm(0)?;
                }
                Look::Overdue { p: probability.value() }
            }
            Trigger::FirstInCategory { category } => {
                let earlier = self.earlier.ok_or_else(|| lacks("an earlier history"))?;
                let number = |totals: &CategoryTotals| {
                    totals.names().binary_search_by(|name| name.as_str().cmp(category)).ok()
                };
                let (now, totals) = (self.history.categories()?, earlier.categories()?);
                let rows = Cow::Owned(self.history.ids().rows_in(earlier.ids()));
                let before = Earlier { number: number(totals), totals, rows };
                Look::Category { number: number(now), now, before }
            }
            Trigger::DecileDrop { by } => {
                let now = value_now()?;
                let before = self.earlier_value.ok_or_else(|| lacks("the values earlier"))?;
                let rows = now.ids().rows_in(before.ids());
                Look::Deciles {
                    by: *by,
                    now: &now.deciles().of,
                    before: &before.deciles().of,
                    rows,
                }
            }
            Trigger::Anniversary { within } => Look::Anniversary { within: within.count() as i32 },
            Trigger::LowPAlive { below } => {
                Look::PAlive { below: below.value(), value: value_now()? }
            }
            Trigger::Event { name, key, within } => {
                let events = self.events.ok_or_else(|| lacks("events"))?;
                same(events.ids(), "the summary of events")?;
                let within = i32::try_from(within.count()).unwrap_or(i32::MAX);
                Look::Event { kind: EventKind::named(name), key, within, events }
            }
        })
    }

    /// The day and the evidence, where it fires.
    fn fires_for(
        &self,
        row: usize,
        look: &Look<'_>,
    ) -> Result<Option<(Date, [f64; 3], u8)>, TreatmentError> {
        let today = self.history.observed_until();
        let fired = |day, figures: &[f64]| {
            let mut all = [0.0; 3];
            all[..figures.len()].copy_from_slice(figures);
            Some((day, all, figures.len() as u8))
        };
        Ok(match look {
            Look::Overdue { p: at_most } => {
                let Some(rhythm) = self.history.rhythm(row)? else { return Ok(None) };
                let silent = f64::from(self.history.days_since_last(row).count());
                let gaps = f64::from(self.history.repeat_purchases(row));
                let p = silence(rhythm.mean_gap, gaps, silent);
                if p <= *at_most { fired(today, &[silent, rhythm.mean_gap, p]) } else { None }
            }
            Look::Category { number, now, before } => {
                let share = number.and_then(|number| share_of(now, row, number));
                let had = before.number.zip(before.rows[row]);
                let had = had.and_then(|(number, row)| share_of(before.totals, row, number));
                match (share, had) {
                    (Some(share), None) => fired(today, &[share]),
                    _ => None,
                }
            }
            Look::Deciles { by, now, before, rows } => match rows[row] {
                Some(earlier) if now[row] >= before[earlier].saturating_add(*by) => {
                    fired(today, &[f64::from(before[earlier]), f64::from(now[row])])
                }
                _ => None,
            },
            Look::Anniversary { within } => {
                match next_anniversary(self.history.first_purchase(row), today) {
                    Some((day, years)) if day.days_since(today) <= *within => {
                        fired(day, &[f64::from(years), f64::from(day.days_since(today))])
                    }
                    _ => None,
                }
            }
            Look::PAlive { below, value } => match value.rows()[row].p_alive {
                Some(alive) if alive.value() < *below => fired(today, &[alive.value()]),
                _ => None,
            },
            Look::Event { kind, key, within, events } => match events.of(row, kind, key) {
                Some(tally) => {
                    let ago = today.days_since(tally.last.date());
                    let recent = (0..=*within).contains(&ago);
                    recent.then(|| fired(today, &[f64::from(ago), tally.count as f64])).flatten()
                }
                None => None,
            },
        })
    }
}

/// The probability of a longer silence, see [`Trigger::Overdue`].
fn silence(mean_gap: f64, gaps: f64, silent: f64) -> f64 {
    // Purchases on following days have gaps of at least one, so the mean is positive.
    let together = mean_gap * gaps;
    // A whole power of a few gaps is exact to the last digits by multiplication; of many it goes by
    // logarithm.
    if gaps <= 8.0 {
        let ratio = together / (together + silent);
        return (0..gaps as u32).fold(1.0, |product, _| product * ratio);
    }
    real::exp(-gaps * real::ln_1p(silent / together))
}

fn share_of(totals: &CategoryTotals, row: usize, number: usize) -> Option<f64> {
    totals.shares(row).find(|&(category, _)| category == number).map(|(_, share)| share)
}

/// The first anniversary of a day that is not before today, and which it is.
fn next_anniversary(first: Date, today: Date) -> Option<(Date, i32)> {
    let (born, month, day) = first.ymd();
    let (this_year, _, _) = today.ymd();
    let in_year =
        |year| Date::from_ymd(year, month, day).or_else(|_| Date::from_ymd(year, month, 28)).ok();
    let year = (this_year..=this_year + 1)
        .find(|&year| year > born && in_year(year).is_some_and(|day| day >= today))?;
    Some((in_year(year)?, year - born))
}

#[cfg(test)]
mod tests;
