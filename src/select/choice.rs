//! The choice: every candidate with its figures, the front, and why one was chosen, or none.

use std::fmt;

use serde::Serialize;

use crate::cluster::{Criteria, SegmentModel, Segmentation};
use crate::select::Criterion;
use crate::select::criterion::Figure;
use crate::select::front::{beaten_by, bouts};
use crate::validate::Verdict;

/// What came of a choice.
///
/// Plain data when serialised; the fitted models and segmentations stay behind accessors.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Choice {
    /// The number of the chosen candidate, or none.
    pub chosen: Option<usize>,
    /// Why, in words.
    pub reason: String,
    /// Every candidate, in the order given.
    pub candidates: Vec<Scored>,
}

/// A candidate with all that was found out about it.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Scored {
    /// Its name.
    pub name: String,
    /// How its features were made.
    pub recipe: String,
    /// How many segments it has; `None` where it could not be fitted.
    pub segments: Option<usize>,
    /// How the segments were found, in a line.
    pub story: Option<String>,
    /// What its fit says of itself.
    pub fit: Criteria,
    /// What the checks found.
    pub verdict: Option<Verdict>,
    /// What it is compared by.
    pub figures: Vec<Figure>,
    /// How it stands.
    pub standing: Standing,
    #[serde(skip)]
    pub(super) model: Option<Box<dyn SegmentModel>>,
    #[serde(skip)]
    pub(super) segmentation: Option<Segmentation>,
}

/// How a candidate stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It could not be fitted.
    NotFitted {
        /// Why.
        reason: String,
    },
    /// A check fails, or a figure is beyond its bound.
    KnockedOut {
        /// What for.
        reasons: Vec<String>,
    },
    /// Another is at least as good in everything that is known of it, and better in something.
    Beaten {
        /// The number of the other.
        by: usize,
    },
    /// Nothing beats it.
    OnTheFront {
        /// Comparisons with the others on the front, figure by figure.
        compared: usize,
        /// Those in which it is worse.
        lost: usize,
    },
}

impl Choice {
    /// Chooses among candidates that are scored and, where they failed, knocked out.
    pub(super) fn among(mut candidates: Vec<Scored>) -> Self {
        let left: Vec<usize> = (0..candidates.len())
            .filter(|&i| matches!(candidates[i].standing, Standing::OnTheFront { .. }))
            .collect();
        let table = table(&candidates, &left);
        for (&i, by) in left.iter().zip(beaten_by(&table)) {
            if let Some(by) = by {
                candidates[i].standing = Standing::Beaten { by: left[by] };
            }
        }
        let front: Vec<usize> = (0..left.len())
            .filter(|&i| !matches!(candidates[left[i]].standing, Standing::Beaten { .. }))
            .collect();
        let rows: Vec<Vec<Option<f64>>> = front.iter().map(|&i| table[i].clone()).collect();
        let bouts = bouts(&rows);
        let front: Vec<usize> = front.iter().map(|&i| left[i]).collect();
        for (&i, bouts) in front.iter().zip(&bouts) {
            let (compared, lost) = (bouts.made, bouts.lost);
            candidates[i].standing = Standing::OnTheFront { compared, lost };
        }
        // The least share of bouts lost; of equal ones fewer segments, then the first.
        let order = |&a: &usize, &b: &usize| {
            let (x, y) = (bouts[a], bouts[b]);
            let shares = (x.lost * y.made.max(1)).cmp(&(y.lost * x.made.max(1)));
            let segments = |i: usize| candidates[front[i]].segments;
            shares.then(segments(a).cmp(&segments(b))).then(a.cmp(&b))
        };
        let best = (0..front.len()).min_by(order).map(|i| front[i]);
        // One index alone never decides between candidates.
        let columns = (0..table.first().map_or(0, Vec::len))
            .filter(|&c| left.len() > 1 && table.iter().filter(|row| row[c].is_some()).count() > 1)
            .count();
        let decided = left.len() == 1 || columns >= 2;
        let chosen = best.filter(|_| decided);
        let mut choice = Self { chosen, reason: String::new(), candidates };
        choice.reason = choice.why(&left, &front, columns);
        choice
    }

    fn why(&self, left: &[usize], front: &[usize], columns: usize) -> String {
        let name = |i: usize| self.candidates[i].name.as_str();
        let all = self.candidates.len();
        let Some(chosen) = self.chosen else {
            return if left.is_empty() {
                let why: Vec<String> = self
                    .candidates
                    .iter()
                    .map(|candidate| match &candidate.standing {
                        Standing::NotFitted { reason } => format!("{}: {reason}", candidate.name),
                        Standing::KnockedOut { reasons } => {
                            format!("{}: {}", candidate.name, reasons.join("; "))
                        }
                        _ => candidate.name.clone(),
                    })
                    .collect();
                format!("none: every candidate is out ({})", why.join(" | "))
            } else {
                format!("none: {columns} figures can be compared, and one alone does not decide")
            };
        };
        let out = all - left.len();
        let mut why = format!("`{}`: {out} of {all} were knocked out", name(chosen));
        if left.len() == 1 {
            why.push_str(", and it alone is left");
        } else if front.len() == 1 {
            why.push_str(", and it beats or equals the others in every figure known of them");
        } else if let Standing::OnTheFront { compared, lost } = self.candidates[chosen].standing {
            let others: Vec<&str> =
                front.iter().filter(|&&i| i != chosen).map(|&i| name(i)).collect();
            why.push_str(&format!(
                ", nothing beats it, and it loses the smallest share of single comparisons ({lost} of {compared}) with the others that nothing beats ({})",
                others.join(", ")
            ));
        }
        let gaps: Vec<String> = self.candidates[chosen]
            .figures
            .iter()
            .filter(|figure| figure.value.is_none())
            .map(|figure| figure.criterion.to_string())
            .collect();
        if !gaps.is_empty() {
            why.push_str(&format!("; not known of it: {}", gaps.join(", ")));
        }
        why.push_str("; figures on the customers that segments were made from flatter, and the best of many more so");
        why
    }

    /// The chosen candidate.
    pub fn candidate(&self) -> Option<&Scored> {
        self.chosen.map(|i| &self.candidates[i])
    }

    /// The numbers of the candidates that nothing beats.
    pub fn front(&self) -> Vec<usize> {
        let on = |i: &usize| matches!(self.candidates[*i].standing, Standing::OnTheFront { .. });
        (0..self.candidates.len()).filter(on).collect()
    }
}

/// The figures of the candidates that are left, with the good end up: a column for each criterion,
/// or for each criterion and recipe where values compare within one only.
fn table(candidates: &[Scored], left: &[usize]) -> Vec<Vec<Option<f64>>> {
    let key = |candidate: &Scored, figure: &Figure| {
        let recipe = figure.criterion.within_recipe().then(|| candidate.recipe.clone());
        (figure.criterion.clone(), recipe)
    };
    let mut columns: Vec<(Criterion, Option<String>)> = Vec::new();
    for &i in left {
        for figure in &candidates[i].figures {
            let key = key(&candidates[i], figure);
            if !columns.contains(&key) {
                columns.push(key);
            }
        }
    }
    left.iter()
        .map(|&i| {
            let candidate = &candidates[i];
            let value = |column: &(Criterion, Option<String>)| {
                let found = candidate.figures.iter().find(|f| key(candidate, f) == *column);
                found.and_then(Figure::rising)
            };
            columns.iter().map(value).collect()
        })
        .collect()
}

impl Scored {
    /// The fitted model.
    pub fn model(&self) -> Option<&dyn SegmentModel> {
        self.model.as_deref()
    }

    /// Who is in which segment.
    pub fn segmentation(&self) -> Option<&Segmentation> {
        self.segmentation.as_ref()
    }

    /// A figure, where it was asked for.
    pub fn figure(&self, criterion: &Criterion) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.criterion == *criterion)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.reason)?;
        for candidate in &self.candidates {
            let standing = match &candidate.standing {
                Standing::NotFitted { reason } => format!("not fitted: {reason}"),
                Standing::KnockedOut { reasons } => format!("knocked out: {}", reasons.join("; ")),
                Standing::Beaten { by } => format!("beaten by {}", self.candidates[*by].name),
                Standing::OnTheFront { compared, lost } => {
                    format!("on the front, loses {lost} of {compared}")
                }
            };
            write!(f, "  {} ({}): {standing}", candidate.name, candidate.recipe)?;
            for figure in &candidate.figures {
                match (&figure.value, &figure.missing) {
                    (Some(value), _) => write!(f, "; {} {value:.3}", figure.criterion)?,
                    (None, Some(why)) => write!(f, "; {} -, {why}", figure.criterion)?,
                    (None, None) => {}
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
