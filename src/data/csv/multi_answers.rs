//! Several answers in one field: how a survey tool writes what was ticked.

use crate::data::MultiAnswers;
use crate::data::csv::CsvFault;
use crate::data::texts::Texts;

/// How several answers are written in one field, such as `delivery;advice`.
///
/// Blanks around an answer and nothing between two separators mean nothing. An empty field is a
/// customer who was not asked, unless [`empty_is_none`](Self::empty_is_none); a field of separators
/// only is one who was asked and ticked nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiAnswerFormat {
    separator: char,
    none: Option<String>,
    empty_is_none: bool,
}

impl Default for MultiAnswerFormat {
    /// Separated by semicolons, which survey tools write most often and names hold least.
    fn default() -> Self {
        Self::separated_by(';')
    }
}

impl MultiAnswerFormat {
    /// Answers with this between them.
    pub fn separated_by(separator: char) -> Self {
        Self { separator, none: None, empty_is_none: false }
    }

    /// The word for having been asked and ticked nothing, such as `none of these`.
    #[must_use]
    pub fn none(mut self, word: impl Into<String>) -> Self {
        self.none = Some(word.into());
        self
    }

    /// Everybody in the file was asked: an empty field is a customer who ticked nothing.
    #[must_use]
    pub fn empty_is_none(mut self) -> Self {
        self.empty_is_none = true;
        self
    }

    /// Reads fields, or says which of them is at fault.
    pub(crate) fn read<'v>(
        &self,
        fields: impl Iterator<Item = &'v str>,
    ) -> Result<MultiAnswers<'static>, (usize, CsvFault)> {
        let (mut ticks, mut ends, mut not_asked) = (Texts::default(), Vec::new(), Vec::new());
        for (row, field) in fields.enumerate() {
            not_asked.push(field.is_empty() && !self.empty_is_none);
            let before = ticks.len();
            let mut none = false;
            for answer in field.split(self.separator).map(str::trim) {
                if self.none.as_deref().is_some_and(|word| word.trim() == answer) {
                    none = true;
                } else if !answer.is_empty() {
                    ticks.push(answer);
                }
            }
            if none && ticks.len() > before {
                return Err((row, CsvFault::NoneAndOptions));
            }
            ends.push(ticks.len());
        }
        let columns = ticks.into_column().and_then(|ticks| MultiAnswers::new(ticks, ends));
        let answers = columns.and_then(|answers| answers.not_asked(not_asked));
        Ok(answers.expect("ticks were pushed row by row, and each row was marked"))
    }
}
