//! When and how each customer hears of their strategy, and when not.
//!
//! | item | what it is |
//! |---|---|
//! | [`TreatmentPlan`], [`Rule`], [`Channel`] | which sequence belongs to which strategy, segment and need: plain data, saved as JSON |
//! | [`Sequence`], [`Step`], [`Condition`], [`StopOn`], [`Incentive`], [`SendTime`] | the contacts of one purpose, one behind the other |
//! | [`PlanCheck`], [`PlanFinding`], [`PlanFault`] | what is wrong with a plan that can be and makes no sense |
//! | [`Withheld`] | treatments that rest on segments which do not deserve trust |
//! | [`Trigger`], [`Moment`], [`Firings`] | events on a customer's own rhythm that start a sequence |
//! | [`ContactPolicy`], [`Cap`], [`QuietHours`], [`PolicyRule`] | how often, when and over what a customer may be addressed at all |
//! | [`Consents`], [`ContactRecord`] | what customers allow, and what happened before |
//! | [`Assignments`], [`Audience`] | who has which strategy, segment and need |
//! | [`Scheduler`], [`Schedule`], [`ScheduleSummary`] | the answer: who is addressed when, and what did not go out and why |
//!
//! Strategy chooses the purpose; segment and need choose creative, channel and timing. A strategy
//! does not rest on segments, so a verdict of "no" on them withholds the rules for segments, and
//! the customers get what their strategy alone gives them.
//!
//! Nothing is dropped in silence: each step of each sequence that starts is a contact, with what
//! moved it, or is listed with the rule that kept it from going out.
//!
//! That analytic triggers belong to automated channels, and explainable ones may go to people, who
//! must believe in what they say, follows Genroe,
//! <https://genroe.com/blog/the-5-critical-factors-for-interactive-marketing-success/1201>. That a
//! contact in quiet hours is held until they end, in the customer's own time, is what mailing
//! systems do (Braze, *Quiet hours*). The policy works on plans; sending is the caller's.
//!
//! # Example
//!
//! ```
//! use segmentry::data::Consent;
//! use segmentry::treatment::{
//!     Assignments, Channel, Condition, Consents, ContactPolicy, PolicyRule, Purpose, QuietHours,
//!     Rule, Scheduler, SendTime, Sequence, Step, TimeOfDay, TreatmentPlan, Weekdays,
//! };
//! use segmentry::units::{ChannelId, CustomerIds, Date, Days, LeverId, Money};
//! use segmentry::work::Work;
//!
//! // Ann is to be retained: two e-mails three days apart, at nine in the evening.
//! let (email, retain) = (ChannelId::of("email"), LeverId::of("retain"));
//! let evening = SendTime { at: TimeOfDay::new(21, 0)?, on: Weekdays::ALL };
//! let thanks = Sequence::new("thanks", [email.clone()])
//!     .send_time(evening)
//!     .step(Step::after(Days::new(0)))
//!     .step(Step::after(Days::new(3)).when(Condition::NoResponse));
//! let channels = vec![Channel::new(email.clone(), Money::new(0.01)?)];
//! let plan = TreatmentPlan::new(channels, vec![Rule::new(retain.clone(), thanks)])?;
//! assert!(plan.validate().is_empty());
//!
//! let ids = CustomerIds::from_texts(["ann"])?;
//! let purpose = Purpose { lever: retain, gain: Money::new(12.0)?, cost: Money::new(1.0)? };
//! let assignments = Assignments::new(ids.clone(), [(Some(purpose), None)])?;
//! let consents = Consents::new(ids).channel(email, &[Some(Consent::Given)])?;
//! // Nobody is addressed from eight to eight.
//! let night = QuietHours::new(TimeOfDay::new(20, 0)?, TimeOfDay::new(8, 0)?);
//! let policy = ContactPolicy::new().quiet_hours(night);
//! let schedule = Scheduler::new(&plan, Date::from_ymd(2024, 2, 26)?, Days::new(28))
//!     .policy(&policy)
//!     .consents(&consents)
//!     .schedule(&assignments, &Work::new())?;
//!
//! // Both are held until the next morning, the second over the end of a leap year's February.
//! let times: Vec<String> = schedule.contacts().map(|contact| contact.time().to_string()).collect();
//! assert_eq!(times, ["2024-02-27T08:00:00", "2024-03-02T08:00:00"]);
//! assert_eq!(schedule.summary().moved, [(PolicyRule::QuietHours, 2)]);
//! assert_eq!((schedule.summary().cost.amount(), schedule.summary().gain.amount()), (0.02, 12.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assignments;
mod audience;
mod capacity;
mod choosing;
mod clock;
mod consents;
mod error;
mod findings;
mod moment;
mod plan;
mod policy;
mod record;
mod retail;
mod saved;
mod schedule;
mod scheduler;
mod sequence;
mod summary;
mod texts;
mod timeline;
mod trigger;
mod withheld;

pub use assignments::{Assignments, Purpose};
pub use audience::Audience;
pub use clock::{SendTime, TimeOfDay, Weekdays};
pub use consents::Consents;
pub use error::TreatmentError;
pub use findings::{PlanCheck, PlanFault, PlanFinding, Severity};
pub use moment::{Firing, Firings, Moment};
pub use plan::{Channel, Rule, Staffing, TreatmentPlan};
pub use policy::{Cap, ContactPolicy, OverCap, PolicyRule, QuietHours};
pub use record::ContactRecord;
pub use schedule::{Contact, Schedule, Unsent};
pub use scheduler::Scheduler;
pub use sequence::{Condition, Incentive, Sequence, Step, StopOn};
pub use summary::{ChannelTotal, DailyTotal, LeverTotal, ScheduleSummary};
pub use trigger::{Trigger, TriggerBasis};
pub use withheld::Withheld;
