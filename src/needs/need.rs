//! Needs as a table: one score per customer and need.

use std::fmt;

use serde::Serialize;

use crate::data::{AttributeColumn, AttributeKind, Attributes, Availability, Origin};
use crate::needs::NeedError;
use crate::units::CustomerIds;

/// How a need is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NeedEvidence {
    /// The customer said so.
    Declared,
    /// The customer's behaviour shows it.
    Observed,
    /// A third party says so.
    Appended,
}

/// One need, and every customer's score for it.
#[derive(Clone, PartialEq)]
pub struct Need {
    name: String,
    evidence: NeedEvidence,
    observable: bool,
    scores: Vec<Option<f64>>,
}

impl Need {
    /// A need; `observable` says whether the company sees it in its own data for every customer.
    pub fn new(
        name: impl Into<String>,
        evidence: NeedEvidence,
        observable: Observable,
        scores: Vec<Option<f64>>,
    ) -> Self {
        Self {
            name: name.into(),
            evidence,
            observable: observable == Observable::InOwnData,
            scores,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is known.
    pub fn evidence(&self) -> NeedEvidence {
        self.evidence
    }

    /// Whether the company sees it in its own data for every customer.
    pub fn is_observable(&self) -> bool {
        self.observable
    }

    /// Each customer's score from 0 (does not have it) to 1 (has it); `None` where it is not known.
    pub fn scores(&self) -> &[Option<f64>] {
        &self.scores
    }

    /// Whether every known score is 0 or 1.
    pub(crate) fn is_binary(&self) -> bool {
        self.scores.iter().flatten().all(|&score| score == 0.0 || score == 1.0)
    }
}

/// Whether a need can be seen where customers are served, or only in a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observable {
    /// The company's own data show it for every customer.
    InOwnData,
    /// Only a study or a third party shows it.
    OnlyElsewhere,
}

/// The needs of a table of customers.
///
/// # Example
///
/// ```
/// use segmentry::needs::{Need, NeedEvidence, Needs, Observable};
/// use segmentry::units::CustomerIds;
///
/// let ids = CustomerIds::from_texts(["ann", "bob"])?;
/// let delivery = Need::new("delivery", NeedEvidence::Declared, Observable::OnlyElsewhere, vec![Some(1.0), None]);
/// let needs = Needs::new(ids).with(delivery)?;
/// assert_eq!(needs.known("delivery"), Some(0.5)); // the share of customers of whom it is known
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Needs {
    ids: CustomerIds,
    needs: Vec<Need>,
}

impl Needs {
    /// No needs yet.
    pub fn new(ids: CustomerIds) -> Self {
        Self { ids, needs: Vec::new() }
    }

    /// Adds a need.
    ///
    /// # Errors
    ///
    /// [`NeedError::Length`], [`NeedError::Score`], [`NeedError::NeedTwice`].
    pub fn with(mut self, need: Need) -> Result<Self, NeedError> {
        let (expected, got) = (self.ids.len(), need.scores.len());
        if got != expected {
            return Err(NeedError::Length { need: need.name, expected, got });
        }
        let outside =
            |score: &Option<f64>| score.is_some_and(|score| !(0.0..=1.0).contains(&score));
        if let Some(row) = need.scores.iter().position(outside) {
            let score = need.scores[row].unwrap_or(f64::NAN);
            return Err(NeedError::Score { need: need.name, row, score });
        }
        if self.needs.iter().any(|known| known.name == need.name) {
            return Err(NeedError::NeedTwice { need: need.name });
        }
        self.needs.push(need);
        Ok(self)
    }

    /// Reads attributes as needs: yes is 1 and no is 0, levels of an ordered answer are spread
    /// evenly from 0 to 1, numbers from 0 to 1 are taken as they are. A multi-answer becomes one
    /// need per option, named `attribute: option`: 1 for who ticked it, 0 for who was asked and did
    /// not, and unknown for who was not asked. That is 16 bytes per customer and option: declare
    /// the options that matter.
    ///
    /// What customers said is declared; what the company recorded is observed, and observable where
    /// it is known at scoring time; what a third party says is appended.
    ///
    /// # Errors
    ///
    /// [`NeedError::Data`] for an unknown name, [`NeedError::Kind`] for a category or text,
    /// [`NeedError::Score`].
    ///
    /// # Example
    ///
    /// ```
    /// use segmentry::data::{
    ///     AttributeBatch, AttributeBatches, AttributeField, AttributeKind, AttributeSource,
    ///     AttributeValues, Attributes, IdColumn, SourceError,
    /// };
    /// use segmentry::needs::Needs;
    /// use segmentry::{units::CustomerIds, work::Work};
    ///
    /// struct Survey;
    /// impl AttributeSource for Survey {
    ///     fn fields(&self) -> Result<Vec<AttributeField>, SourceError> {
    ///         let wants = AttributeKind::multi_answer(["delivery", "advice"]);
    ///         Ok(vec![AttributeField::survey("wants", wants)])
    ///     }
    ///     fn scan(&self) -> Result<AttributeBatches<'_>, SourceError> {
    ///         let ticked = [Some(vec!["advice"]), Some(vec![])];
    ///         Ok(Box::new(std::iter::once(Ok(AttributeBatch {
    ///             customers: IdColumn::texts(["ann", "bob"].into_iter().collect()),
    ///             columns: vec![AttributeValues::MultiAnswer(ticked.into_iter().collect())],
    ///         }))))
    ///     }
    /// }
    ///
    /// let customers = CustomerIds::from_texts(["ann", "bob", "zoe"])?;
    /// let known = Attributes::read(&Survey, &customers, &Work::new())?;
    /// let needs = Needs::from_attributes(&known, &["wants"])?;
    /// assert_eq!(needs.needs()[1].name(), "wants: advice");
    /// assert_eq!(needs.needs()[1].scores(), [Some(1.0), Some(0.0), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_attributes<N: AsRef<str>>(
        attributes: &Attributes,
        names: &[N],
    ) -> Result<Self, NeedError> {
        names.iter().try_fold(Self::new(attributes.ids().clone()), |mut needs, name| {
            let column = attributes.column(name.as_ref()).map_err(NeedError::Data)?;
            let field = column.field();
            let evidence = match field.origin {
                Origin::Survey => NeedEvidence::Declared,
                Origin::Own => NeedEvidence::Observed,
                Origin::ThirdParty => NeedEvidence::Appended,
            };
            let own = field.origin == Origin::Own && field.availability == Availability::AtScoring;
            let observable = if own { Observable::InOwnData } else { Observable::OnlyElsewhere };
            if let AttributeKind::MultiAnswer(_) = field.kind {
                let answers = column.multi_answers().map_err(NeedError::Data)?;
                for (option, label) in answers.options().iter().enumerate() {
                    let name = format!("{}: {label}", field.name);
                    let scores = answers.yes_no(option).map(score).collect();
                    needs = needs.with(Need::new(name, evidence, observable, scores))?;
                }
                return Ok(needs);
            }
            needs.with(Need::new(field.name.clone(), evidence, observable, scores(column)?))
        })
    }

    /// The customers, one a row.
    pub fn ids(&self) -> &CustomerIds {
        &self.ids
    }

    /// The needs, in the order in which they were added.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The share of customers of whom the need is known; `None` where there is no such need, or
    /// nobody.
    pub fn known(&self, name: &str) -> Option<f64> {
        let need = self.needs.iter().find(|need| need.name == name)?;
        let known = need.scores.iter().flatten().count();
        (!need.scores.is_empty()).then(|| known as f64 / need.scores.len() as f64)
    }
}

fn scores(column: &AttributeColumn) -> Result<Vec<Option<f64>>, NeedError> {
    match &column.field().kind {
        AttributeKind::YesNo => {
            let answers = column.yes_no().map_err(NeedError::Data)?;
            Ok(answers.iter().copied().map(score).collect())
        }
        AttributeKind::Number => Ok(column.numbers().map_err(NeedError::Data)?.to_vec()),
        AttributeKind::Ordered(_) => {
            let (levels, codes) = column.levels().map_err(NeedError::Data)?;
            let steps = levels.len().saturating_sub(1).max(1) as f64;
            Ok(codes.iter().map(|code| code.map(|code| f64::from(code) / steps)).collect())
        }
        other => {
            Err(NeedError::Kind { attribute: column.field().name.clone(), kind: other.name() })
        }
    }
}

/// Yes is 1 and no is 0.
fn score(answer: Option<bool>) -> Option<f64> {
    answer.map(|yes| f64::from(u8::from(yes)))
}

impl fmt::Debug for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Need")
            .field("name", &self.name)
            .field("evidence", &self.evidence)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needs").field("ids", &self.ids).field("needs", &self.needs).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(scores: Vec<Option<f64>>) -> Need {
        Need::new("speed", NeedEvidence::Observed, Observable::InOwnData, scores)
    }

    #[test]
    fn scores_lie_between_zero_and_one() {
        let needs = || Needs::new(CustomerIds::numbered(2).unwrap());
        for bad in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(
                needs().with(need(vec![None, Some(bad)])),
                Err(NeedError::Score { row: 1, .. })
            ));
        }
        assert!(matches!(needs().with(need(vec![None])), Err(NeedError::Length { .. })));
        let twice = needs().with(need(vec![None; 2])).unwrap().with(need(vec![None; 2]));
        assert!(matches!(twice, Err(NeedError::NeedTwice { .. })));
    }

    #[test]
    fn yes_and_no_are_binary_and_halves_are_not() {
        assert!(need(vec![Some(1.0), None, Some(0.0)]).is_binary());
        assert!(!need(vec![Some(0.5)]).is_binary());
    }
}
