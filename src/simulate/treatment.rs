//! What is tried on simulated customers, and what comes of it: contacts against a randomised
//! hold-out, with an effect that is known.
//!
//! A treatment changes the probability of a response and nothing else. It does not move purchases:
//! they stay the process whose expectations are known, and a study of uplift has its outcome in the
//! responses.

use crate::num::random::Stream;
use crate::simulate::SimulateError;
use crate::simulate::error::{check, check_probability};
use crate::simulate::purchasing::Process;

/// Contacts, a hold-out, responses and consent.
///
/// From their first purchase on every customer has occasions at random times. On each occasion a
/// coin decides whether the customer is contacted, over the channel they prefer, or held out. The
/// customer then responds with the baseline probability if held out, and with baseline plus effect
/// if contacted, within a day; who has left responds to nothing. There are no occasions on the last
/// day, so that no response is cut off, and none without consent.
///
/// | parameter | default | reason |
/// |---|---|---|
/// | occasions a year | 12 | a mailing a month |
/// | contacted | 0.5 | the coin with the most power for a given number of occasions |
/// | baseline | 0.02 | an assumption, of the order of a visit on a given day |
/// | effect | 0.01 | an assumption; segments may have their own |
/// | consent | of everybody, never withdrawn | a restriction must be asked for |
///
/// As an [`EventSource`](crate::data::EventSource) a market gives
/// [`Contact`](crate::data::EventKind::Contact) for those contacted,
/// [`Other("control")`](crate::data::EventKind::Other) for those held out,
/// [`Response`](crate::data::EventKind::Response), and
/// [`Consent`](crate::data::EventKind::Consent) with value 1 or 0 where consent is simulated. The
/// key is the channel.
///
/// # Example
///
/// ```
/// use segmentry::simulate::{Market, Treatments};
///
/// let market = Market::new(2000)
///     .treatments(Treatments::new().occasions_per_year(52.0).baseline(0.2).effect(0.3));
/// let truth = market.truth()?;
/// let (mut contacted, mut held_out) = ((0.0, 0.0), (0.0, 0.0));
/// for customer in truth.customers().filter(|customer| customer.is_alive()) {
///     for occasion in customer.occasions() {
///         let arm = if occasion.contacted { &mut contacted } else { &mut held_out };
///         arm.0 += 1.0;
///         arm.1 += f64::from(u8::from(occasion.response.is_some()));
///     }
/// }
/// let uplift = contacted.1 / contacted.0 - held_out.1 / held_out.0;
/// assert!((uplift - 0.3).abs() < 0.02);
/// # Ok::<(), segmentry::simulate::SimulateError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Treatments {
    occasions_per_year: f64,
    contacted: f64,
    baseline: f64,
    effect: f64,
    consent: Option<Consent>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Consent {
    share: f64,
    withdrawals_per_year: f64,
}

/// Once an hour.
const MOST_PER_YEAR: f64 = 8766.0;
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;
const SECONDS_PER_YEAR: f64 = 365.25 * SECONDS_PER_DAY as f64;

impl Treatments {
    /// Treatments with the defaults of the table above.
    pub fn new() -> Self {
        Self {
            occasions_per_year: 12.0,
            contacted: 0.5,
            baseline: 0.02,
            effect: 0.01,
            consent: None,
        }
    }

    /// The mean number of occasions that a customer has in a year.
    #[must_use]
    pub fn occasions_per_year(mut self, occasions: f64) -> Self {
        self.occasions_per_year = occasions;
        self
    }

    /// The share of occasions on which the customer is contacted; the others are held out.
    #[must_use]
    pub fn contacted(mut self, share: f64) -> Self {
        self.contacted = share;
        self
    }

    /// The probability of a response without a contact.
    #[must_use]
    pub fn baseline(mut self, probability: f64) -> Self {
        self.baseline = probability;
        self
    }

    /// By how much a contact changes the probability of a response, in segments without an effect
    /// of their own.
    #[doc(alias = "uplift")]
    #[must_use]
    pub fn effect(mut self, effect: f64) -> Self {
        self.effect = effect;
        self
    }

    /// Asks every customer for consent to each channel at their first purchase: the share who give
    /// it, and how often a year a given consent is withdrawn.
    #[must_use]
    pub fn consent(mut self, share: f64, withdrawals_per_year: f64) -> Self {
        self.consent = Some(Consent { share, withdrawals_per_year });
        self
    }

    /// The effect of a segment, which may have its own.
    pub(crate) fn effect_or(&self, own: Option<f64>) -> f64 {
        own.unwrap_or(self.effect)
    }

    /// Checks the parameters with the effect of every segment.
    pub(crate) fn validate(
        &self,
        segments: impl Iterator<Item = Option<f64>>,
    ) -> Result<(), SimulateError> {
        let rate = |name, value: f64| {
            check((0.0..=MOST_PER_YEAR).contains(&value), name, value, "from 0 to 8766")
        };
        rate("occasions_per_year", self.occasions_per_year)?;
        check_probability("contacted", self.contacted)?;
        check_probability("baseline", self.baseline)?;
        for own in std::iter::once(None).chain(segments) {
            let effect = self.effect_or(own);
            let name = if own.is_some() { "treatment_effect" } else { "effect" };
            let good = (0.0..=1.0).contains(&(self.baseline + effect));
            check(good, name, effect, "a probability when added to `baseline`")?;
        }
        if let Some(Consent { share, withdrawals_per_year }) = self.consent {
            check_probability("consent", share)?;
            rate("withdrawals_per_year", withdrawals_per_year)?;
        }
        Ok(())
    }

    /// What a customer who first bought at `arrival` allows on each channel, in their order;
    /// nothing where nobody is asked.
    pub(crate) fn permissions(
        &self,
        arrival: i64,
        stream: Stream,
    ) -> impl Iterator<Item = Permission> + use<> {
        self.consent.into_iter().flat_map(move |consent| {
            let mut stream = stream.clone();
            std::iter::repeat_with(move || {
                let granted = stream.chance(consent.share);
                let wait = stream.exponential() * SECONDS_PER_YEAR / consent.withdrawals_per_year;
                Permission { granted, withdrawn: arrival.saturating_add(wait as i64) }
            })
        })
    }

    /// The occasions of a customer.
    pub(crate) fn trials(&self, process: Process, plan: TrialPlan, stream: Stream) -> Trials {
        Trials {
            gap: SECONDS_PER_YEAR / self.occasions_per_year,
            contacted: self.contacted,
            baseline: self.baseline,
            now: plan.arrival as f64,
            process,
            plan,
            stream,
        }
    }
}

impl Default for Treatments {
    fn default() -> Self {
        Self::new()
    }
}

/// What a customer said about one channel, in seconds after the start of the observation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permission {
    pub(crate) granted: bool,
    /// When a granted permission ends, which may be long after the observation.
    pub(crate) withdrawn: i64,
}

impl Permission {
    /// Until when it holds.
    pub(crate) fn until(self) -> i64 {
        if self.granted { self.withdrawn } else { i64::MIN }
    }
}

/// The frame of one customer's occasions, in seconds after the start of the observation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrialPlan {
    pub(crate) arrival: i64,
    pub(crate) allowed_until: i64,
    pub(crate) end: i64,
    pub(crate) effect: f64,
}

/// One customer's occasions, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Trials {
    gap: f64,
    contacted: f64,
    baseline: f64,
    now: f64,
    process: Process,
    plan: TrialPlan,
    stream: Stream,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) time: i64,
    pub(crate) contacted: bool,
    pub(crate) response: Option<i64>,
}

impl Iterator for Trials {
    type Item = Trial;

    fn next(&mut self) -> Option<Trial> {
        self.now += self.stream.exponential() * self.gap;
        let time = self.now as i64;
        let last = self.plan.end.saturating_sub(SECONDS_PER_DAY).min(self.plan.allowed_until);
        if time >= last {
            self.now = f64::INFINITY;
            return None;
        }
        // Always three values, so that a change of one probability leaves the other draws.
        let contacted = self.stream.chance(self.contacted);
        let draw = self.stream.uniform();
        let delay = (self.stream.uniform() * SECONDS_PER_DAY as f64) as i64;
        while self.process.purchase_before(time + 1).is_some() {}
        let there = self.process.left_before(time + 1).is_none();
        let effect = if contacted { self.plan.effect } else { 0.0 };
        let responds = there && draw < self.baseline + effect;
        Some(Trial { time, contacted, response: responds.then_some(time + delay) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::random::Purpose;
    use crate::simulate::Purchasing;

    fn stream(number: u64) -> Stream {
        Stream::new(6, Purpose::Trials, number)
    }

    fn trials(treatments: &Treatments, number: u64, allowed_until: i64) -> Vec<Trial> {
        // Customers who practically never leave.
        let model = Purchasing::BgNbd { r: 1.0, alpha: 10.0, a: 1e-6, b: 1e6 };
        let plan =
            TrialPlan { arrival: 0, allowed_until, end: 365 * SECONDS_PER_DAY, effect: 0.25 };
        treatments.trials(model.customer(0.0, 1.0, stream(number)), plan, stream(number)).collect()
    }

    /// Rates within 5 standard errors: a false alarm in two million seeds.
    #[test]
    fn occasions_contacts_and_responses_come_at_their_rates() {
        const N: u64 = 20_000;
        let treatments = Treatments::new().baseline(0.1);
        let (mut all, mut arms) = (0.0, [(0.0, 0.0); 2]);
        for number in 0..N {
            for trial in trials(&treatments, number, i64::MAX) {
                all += 1.0;
                let arm = &mut arms[usize::from(trial.contacted)];
                arm.0 += 1.0;
                arm.1 += f64::from(u8::from(trial.response.is_some()));
            }
        }
        let expected = 12.0 * 364.0 / 365.25 * N as f64;
        assert!((all - expected).abs() < 5.0 * expected.sqrt(), "{all} of {expected}");
        assert!((arms[1].0 - 0.5 * all).abs() < 5.0 * 0.5 * all.sqrt());
        for (arm, p) in [(arms[0], 0.1f64), (arms[1], 0.35)] {
            let error = (p * (1.0 - p) / arm.0).sqrt();
            assert!((arm.1 / arm.0 - p).abs() < 5.0 * error, "{}", arm.1 / arm.0);
        }
    }

    #[test]
    fn another_effect_leaves_the_occasions() {
        let few = trials(&Treatments::new().baseline(0.1), 3, i64::MAX);
        let many = trials(&Treatments::new().baseline(0.7), 3, i64::MAX);
        let times =
            |trials: &[Trial]| trials.iter().map(|t| (t.time, t.contacted)).collect::<Vec<_>>();
        assert!(few.len() > 3 && times(&few) == times(&many));
    }

    #[test]
    fn nothing_without_permission() {
        assert!(trials(&Treatments::new(), 1, i64::MIN).is_empty());
        let until = 100 * SECONDS_PER_DAY;
        assert!(trials(&Treatments::new(), 1, until).iter().all(|trial| trial.time < until));
        assert!(trials(&Treatments::new().occasions_per_year(0.0), 1, i64::MAX).is_empty());
    }

    #[test]
    fn consent_is_given_and_withdrawn_at_its_rates() {
        let treatments = Treatments::new().consent(0.7, 0.5);
        let (mut granted, mut kept) = (0.0, 0.0);
        let n = 20_000;
        for number in 0..n {
            let permission = treatments.permissions(0, stream(number)).nth(2).unwrap();
            granted += f64::from(u8::from(permission.granted));
            kept += f64::from(u8::from(permission.until() > (2.0 * SECONDS_PER_YEAR) as i64));
        }
        let error = 5.0 * 0.5 / (n as f64).sqrt();
        assert!((granted / n as f64 - 0.7).abs() < error);
        // Two years at half a withdrawal a year: e^-1 of the given ones are left.
        assert!((kept / n as f64 - 0.7 * 0.367_879).abs() < error);
        assert_eq!(Treatments::new().permissions(0, stream(0)).count(), 0);
    }

    #[test]
    fn only_good_parameters() {
        let (nan, new) = (f64::NAN, Treatments::new);
        let bad = [
            new().occasions_per_year(nan),
            new().contacted(nan),
            new().baseline(nan),
            new().effect(nan),
            new().consent(nan, 0.0),
            new().consent(0.5, nan),
            new().effect(-0.5),
            new().baseline(1.0),
            new().occasions_per_year(f64::INFINITY),
        ];
        for treatments in bad {
            let error = treatments.validate(std::iter::empty()).unwrap_err();
            assert!(matches!(error, SimulateError::Param { .. }), "{treatments:?}");
        }
        let error = new().validate([Some(-0.03)].into_iter()).unwrap_err();
        assert!(matches!(error, SimulateError::Param { name: "treatment_effect", .. }));
        assert!(new().validate([Some(-0.02)].into_iter()).is_ok());
    }
}
