//! A plan to start from: what a retailer does without knowing its segments.
//!
//! Every cost, delay and amount here is an assumption that a caller replaces; none was measured.

use crate::treatment::{
    Channel, Condition, Incentive, Rule, SendTime, Sequence, Step, StopOn, TimeOfDay,
    TreatmentPlan, Trigger, Weekdays,
};
use crate::units::{ChannelId, Days, LeverId, Money, Probability};

const EMAIL: ChannelId = ChannelId::of("email");
const SMS: ChannelId = ChannelId::of("sms");
const LETTER: ChannelId = ChannelId::of("letter");
const CALL: ChannelId = ChannelId::of("call");

impl TreatmentPlan {
    /// Sequences for retain, win back, develop, cross-sell and reduce cost to serve, over e-mail,
    /// text message, letter and call. The same plan is `examples/data/treatments.json`.
    ///
    /// | strategy | sequence |
    /// |---|---|
    /// | retain, overdue | a call the next working day, else a message; a voucher of 5 |
    /// | retain | two e-mails within ten days |
    /// | win back | a letter, then an e-mail after two weeks; a voucher of 10 |
    /// | develop | three e-mails, a week apart |
    /// | cross-sell | two e-mails, ten days apart |
    /// | reduce cost to serve | one e-mail that shows the cheaper way, and no incentive |
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::treatment::TreatmentPlan;
    ///
    /// let plan = TreatmentPlan::retail();
    /// assert_eq!((plan.channels().len(), plan.rules().len()), (4, 6));
    /// assert_eq!(plan.triggers()[0].name(), "overdue");
    /// ```
    pub fn retail() -> Self {
        let (retain, win_back) = (LeverId::of("retain"), LeverId::of("win_back"));
        let cents = |minor| Money::from_minor(minor, 2);
        let step = |days| Step::after(Days::new(days)).stop_on(StopOn::Purchase);
        let after_silence = |days| step(days).when(Condition::NoResponse);
        let evening = SendTime { at: TimeOfDay::hour(17), on: Weekdays::ALL };
        let channels = vec![
            Channel::new(EMAIL, cents(1)),
            Channel::new(SMS, cents(6)),
            Channel::new(LETTER, cents(90)),
            Channel::new(CALL, cents(400)).by_people().effort(8.0),
        ];
        let overdue = Trigger::Overdue { probability: Probability::clamped(0.05) };
        let rules = vec![
            Rule::new(
                retain.clone(),
                Sequence::new("retain_overdue", [CALL, SMS, EMAIL])
                    .step(step(1).stop_on(StopOn::Response))
                    .step(after_silence(7).channel(EMAIL).creative("retain_overdue_reminder"))
                    .incentive(Incentive::new("voucher_5", cents(500), [retain.clone()]))
                    .on(overdue),
            ),
            Rule::new(
                retain,
                Sequence::new("retain_thanks", [EMAIL, SMS])
                    .step(step(0))
                    .step(after_silence(10).creative("retain_reminder")),
            ),
            Rule::new(
                win_back.clone(),
                Sequence::new("win_back_miss_you", [LETTER, EMAIL])
                    .step(step(0).stop_on(StopOn::Response))
                    .step(after_silence(14).channel(EMAIL).creative("win_back_reminder"))
                    .incentive(Incentive::new("voucher_10", cents(1000), [win_back]))
                    .expires_after(Days::new(42)),
            ),
            Rule::new(
                LeverId::of("develop"),
                Sequence::new("develop_ideas", [EMAIL])
                    .step(step(0))
                    .step(step(7).creative("develop_favourites"))
                    .step(step(7).creative("develop_bundle"))
                    .send_time(evening),
            ),
            Rule::new(
                LeverId::of("cross_sell"),
                Sequence::new("cross_sell_next", [EMAIL])
                    .step(step(0))
                    .step(after_silence(10).creative("cross_sell_reminder"))
                    .send_time(evening),
            ),
            Rule::new(
                LeverId::of("reduce_cost_to_serve"),
                Sequence::new("self_service", [EMAIL])
                    .step(Step::after(Days::new(0)).stop_on(StopOn::Sent)),
            ),
        ];
        Self::new(channels, rules).expect("each part is as `TreatmentPlan::new` asks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_beside_the_examples_is_this_plan() {
        let file = include_str!("../../examples/data/treatments.json");
        assert_eq!(TreatmentPlan::from_json(file).unwrap(), TreatmentPlan::retail());
        assert_eq!(file.trim_end(), TreatmentPlan::retail().to_json());
        assert!(TreatmentPlan::retail().validate().is_empty());
    }
}
