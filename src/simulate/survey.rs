//! What simulated customers say when they are asked: one or more yes/no items for every need, with
//! the faults that real answers have.

use crate::num::random::Stream;
use crate::simulate::SimulateError;
use crate::simulate::error::{check, check_probability};

/// A survey about the planted needs.
///
/// Each item asks for one need. A respondent leaves an item out, or says yes whatever it asks, or
/// answers truthfully up to an error, in this order. How readily somebody says yes is a trait of
/// theirs, drawn from a beta distribution around the mean, because that is what makes yes-saying a
/// problem: it correlates items that have nothing to do with one another.
///
/// | parameter | default | reason |
/// |---|---|---|
/// | asked | 0.2 | surveys are samples |
/// | items per need | 1 | the shortest survey |
/// | reversed items | 0 | |
/// | yes-saying | 0 | a fault must be asked for |
/// | errors | 0 | |
/// | missing | 0 | |
///
/// # Example
///
/// ```
/// use segmentry::data::{Attributes, CustomerHistory};
/// use segmentry::simulate::{Market, PlantedNeed, PlantedSegment, Survey};
/// use segmentry::work::Work;
///
/// let market = Market::new(400)
///     .need(PlantedNeed::new("price"))
///     .segment(PlantedSegment::new("everybody", 1.0).has("price", 0.5))
///     .survey(Survey::new().asked(0.5));
/// let work = Work::new();
/// let history = CustomerHistory::read(&market, &market.history_spec()?, &work)?;
/// let answers = Attributes::read(&market, history.ids(), &work)?;
/// let price = answers.column("price")?;
/// assert!((160..240).contains(&price.known()));
///
/// // Without faults the answers are the truth.
/// let truth = market.truth()?;
/// for (id, answer) in history.ids().iter().zip(price.yes_no()?) {
///     let customer = truth.find(&id).unwrap();
///     assert!(answer.is_none_or(|yes| yes == customer.has_need(0)));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    asked: f64,
    items_per_need: usize,
    reversed_items: usize,
    yes_saying: f64,
    errors: f64,
    missing: f64,
}

/// How little people differ in yes-saying: the sum of the beta distribution's parameters. With 4
/// and a mean of one half the standard deviation is 0.22.
const YES_SAYING_CONCENTRATION: f64 = 4.0;

/// Longer surveys have no respondents.
const MOST_ITEMS: usize = 100;

impl Survey {
    /// A survey without faults; see the table above.
    pub fn new() -> Self {
        Self {
            asked: 0.2,
            items_per_need: 1,
            reversed_items: 0,
            yes_saying: 0.0,
            errors: 0.0,
            missing: 0.0,
        }
    }

    /// The share of customers who are asked.
    #[must_use]
    pub fn asked(mut self, share: f64) -> Self {
        self.asked = share;
        self
    }

    /// How many items ask for each need. One item has the need's name; several have the name and a
    /// number, such as `price 2`.
    #[must_use]
    pub fn items_per_need(mut self, items: usize) -> Self {
        self.items_per_need = items;
        self
    }

    /// How many of a need's items, its last ones, are worded the other way round: a truthful yes
    /// means that the need is not there.
    #[must_use]
    pub fn reversed_items(mut self, items: usize) -> Self {
        self.reversed_items = items;
        self
    }

    /// The mean probability of saying yes to an item whatever it asks.
    #[doc(alias = "acquiescence")]
    #[must_use]
    pub fn yes_saying(mut self, probability: f64) -> Self {
        self.yes_saying = probability;
        self
    }

    /// The probability that an answer that was meant truthfully is the wrong one.
    #[must_use]
    pub fn errors(mut self, probability: f64) -> Self {
        self.errors = probability;
        self
    }

    /// The probability that a respondent leaves an item out.
    #[must_use]
    pub fn missing(mut self, probability: f64) -> Self {
        self.missing = probability;
        self
    }

    pub(crate) fn validate(&self) -> Result<(), SimulateError> {
        check_probability("asked", self.asked)?;
        check_probability("yes_saying", self.yes_saying)?;
        check_probability("errors", self.errors)?;
        check_probability("missing", self.missing)?;
        let (items, reversed) = (self.items_per_need, self.reversed_items);
        let good = (1..=MOST_ITEMS).contains(&items);
        check(good, "items_per_need", items as f64, "from 1 to 100")?;
        let good = reversed <= items;
        check(good, "reversed_items", reversed as f64, "at most `items_per_need`")
    }

    /// The item of that number, from 0, over all needs.
    pub(crate) fn item_name(&self, need: &str, item: usize) -> String {
        if self.items_per_need == 1 { need.to_owned() } else { format!("{need} {}", item + 1) }
    }

    pub(crate) fn n_items_per_need(&self) -> usize {
        self.items_per_need
    }

    /// How a customer answers; `None` for one who is not asked.
    pub(crate) fn respondent(&self, mut stream: Stream) -> Option<Respondent<'_>> {
        let asked = stream.chance(self.asked);
        // A mean at an end of the range is no beta distribution but a constant.
        let yes_saying = if self.yes_saying > 0.0 && self.yes_saying < 1.0 {
            let (yes, no) = (self.yes_saying, 1.0 - self.yes_saying);
            let floor = |parameter: f64| (parameter * YES_SAYING_CONCENTRATION).max(1e-6);
            stream.beta(floor(yes), floor(no))
        } else {
            self.yes_saying
        };
        asked.then_some(Respondent { survey: self, yes_saying, stream })
    }
}

impl Default for Survey {
    fn default() -> Self {
        Self::new()
    }
}

/// One customer with the questionnaire in hand.
#[derive(Debug)]
pub(crate) struct Respondent<'s> {
    survey: &'s Survey,
    pub(crate) yes_saying: f64,
    stream: Stream,
}

impl Respondent<'_> {
    /// The answer to the next item, which is number `item` of a need. Takes three values from the
    /// stream whatever happens, so that one fault can be changed and the others stay.
    pub(crate) fn answer(&mut self, has_need: bool, item: usize) -> Option<bool> {
        let missing = self.stream.chance(self.survey.missing);
        let yes_whatever = self.stream.chance(self.yes_saying);
        let wrong = self.stream.chance(self.survey.errors);
        let reversed = item >= self.survey.items_per_need - self.survey.reversed_items;
        (!missing).then_some(yes_whatever || (has_need ^ reversed ^ wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::Purpose;

    const N: u64 = 50_000;

    /// The share of yes among answers, and of answers among items of those asked.
    fn shares(survey: &Survey, has_need: bool, item: usize) -> (f64, f64) {
        let (mut asked, mut answered, mut yes) = (0.0, 0.0, 0.0);
        for number in 0..N {
            let stream = Stream::new(9, Purpose::Answers, number);
            if let Some(mut respondent) = survey.respondent(stream) {
                asked += 1.0;
                if let Some(answer) = respondent.answer(has_need, item) {
                    answered += 1.0;
                    yes += f64::from(u8::from(answer));
                }
            }
        }
        (yes / answered, answered / asked)
    }

    /// Within 5 standard errors, of one half at most: a false alarm in two million seeds.
    fn near(got: f64, want: f64, n: f64) {
        assert!((got - want).abs() < 5.0 * 0.5 / n.sqrt(), "{got}, expected {want}");
    }

    #[test]
    fn faults_come_at_their_rates() {
        let survey = Survey::new().asked(1.0).yes_saying(0.3).errors(0.1).missing(0.25);
        let n = 0.75 * N as f64;
        // yes = yes-saying + truthful and right
        let (yes, answered) = shares(&survey, true, 0);
        near(yes, 0.3 + 0.7 * 0.9, n);
        near(answered, 0.75, N as f64);
        near(shares(&survey, false, 0).0, 0.3 + 0.7 * 0.1, n);
        let reversed = survey.items_per_need(2).reversed_items(1);
        near(shares(&reversed, true, 0).0, 0.3 + 0.7 * 0.9, n);
        near(shares(&reversed, true, 1).0, 0.3 + 0.7 * 0.1, n);
    }

    #[test]
    fn as_many_are_asked_as_said() {
        let survey = Survey::new().asked(0.2);
        let asked = (0..N)
            .filter(|&number| survey.respondent(Stream::new(3, Purpose::Answers, number)).is_some())
            .count();
        near(asked as f64 / N as f64, 0.2, N as f64);
    }

    #[test]
    fn yes_saying_is_a_trait() {
        // Two items on needs that nobody has: who says yes to one says yes to the other more often.
        let survey = Survey::new().asked(1.0).yes_saying(0.3);
        let (mut first, mut both) = (0.0, 0.0);
        for number in 0..N {
            let mut respondent =
                survey.respondent(Stream::new(4, Purpose::Answers, number)).unwrap();
            let answers = [respondent.answer(false, 0), respondent.answer(false, 0)];
            first += f64::from(u8::from(answers[0] == Some(true)));
            both += f64::from(u8::from(answers == [Some(true); 2]));
        }
        // E[p^2] / E[p] of Beta(1.2, 2.8): (a + 1) / (a + b + 1) = 2.2 / 5.
        near(both / first, 0.44, first);
    }

    #[test]
    fn nan_fails_every_check() {
        let nan = f64::NAN;
        let survey = Survey::new;
        for bad in [
            survey().asked(nan),
            survey().yes_saying(nan),
            survey().errors(nan),
            survey().missing(nan),
        ] {
            assert!(matches!(bad.validate(), Err(SimulateError::Param { .. })));
        }
        assert!(survey().items_per_need(0).validate().is_err());
        assert!(survey().items_per_need(2).reversed_items(3).validate().is_err());
        assert!(survey().yes_saying(1.0).errors(1.0).missing(1.0).validate().is_ok());
    }
}
