//! A treatment plan as text that people write, and that a later version of this crate can read.

use serde::{Deserialize, Serialize};

use crate::saved::{from_json, to_json};
use crate::treatment::{Channel, Rule, TreatmentError, TreatmentPlan};

const FORMAT: &str = "segmentry.treatment-plan";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    channels: Vec<Channel>,
    rules: Vec<Rule>,
}

impl TreatmentPlan {
    /// The plan as JSON, with a name and a version in front. Amounts are texts and keep every bit.
    pub fn to_json(&self) -> String {
        let content = Saved { channels: self.channels().to_vec(), rules: self.rules().to_vec() };
        to_json(FORMAT, VERSION, content)
    }

    /// Reads what [`to_json`](Self::to_json) of this or an older version wrote, or somebody by
    /// hand. A field that is not known is an error, so that no setting with a slip of the pen is
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`TreatmentError::Saved`] for what is no saved plan or newer than this crate;
    /// [`TreatmentError::Plan`] and [`TreatmentError::Param`] for a part that cannot be.
    pub fn from_json(text: &str) -> Result<Self, TreatmentError> {
        let Saved { channels, rules } = from_json(text, FORMAT, VERSION)?;
        Self::new(channels, rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::SavedModelError;

    #[test]
    fn a_plan_comes_back_with_every_bit() {
        let plan = TreatmentPlan::retail();
        let text = plan.to_json();
        assert_eq!(TreatmentPlan::from_json(&text).unwrap(), plan);
        assert_eq!(TreatmentPlan::from_json(&text).unwrap().to_json(), text);
    }

    #[test]
    fn damaged_files_are_refused_with_the_place() {
        let text = TreatmentPlan::retail().to_json();
        let with = |from: &str, to: &str| {
            let damaged = text.replacen(from, to, 1);
            assert_ne!(damaged, text, "{from}");
            TreatmentPlan::from_json(&damaged).unwrap_err()
        };
        assert!(matches!(
            with("segmentry.treatment-plan", "segmentry.k-means"),
            TreatmentError::Saved(SavedModelError::OtherFormat { .. })
        ));
        assert!(matches!(
            with("\"version\": 1", "\"version\": 2"),
            TreatmentError::Saved(SavedModelError::FromTheFuture { version: 2, newest: 1 })
        ));
        let malformed = [
            ("\"creative\"", "\"creatve\""),
            ("\"creative\"", "\"discount\": 1, \"creative\""),
            ("\"after\": ", "\"after\": -"),
            ("\"no_response\"", "\"no_answer\""),
            ("\"10:00\"", "\"25:00\""),
            ("\"monday\"", "\"mon\""),
            ("\"cost\": \"0.", "\"cost\": \"x0."),
            ("\"rules\"", "\"rule\""),
        ];
        for (from, to) in malformed {
            assert!(
                matches!(with(from, to), TreatmentError::Saved(SavedModelError::Malformed { .. })),
                "{to}"
            );
        }
        assert!(matches!(
            with("\"cost\": \"", "\"cost\": \"-"),
            TreatmentError::Plan { rule: None, what: "cost of a channel", .. }
        ));
        assert!(TreatmentPlan::from_json(&text[..text.len() / 2]).is_err());
        assert!(TreatmentPlan::from_json("").is_err());
    }

    #[test]
    fn hands_may_leave_out_what_has_a_default() {
        let text = r#"{
            "format": "segmentry.treatment-plan", "version": 1,
            "channels": [{"id": "email", "cost": 0.5}],
            "rules": [{"lever": "retain", "sequence": {
                "creative": "hello", "channels": ["email"], "expires_after": 9,
                "steps": [{"after": 0}]}}]}"#;
        let plan = TreatmentPlan::from_json(text).unwrap();
        assert_eq!(plan.channels()[0].cost().amount(), 0.5);
        assert_eq!(plan.rules()[0].sequence().steps()[0].condition().name(), "always");
    }
}
