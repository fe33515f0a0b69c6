//! Candidates side by side: each is fitted, judged, and measured in the same way.

use std::fmt;

use crate::cluster::{Criteria, Segmentation};
use crate::features::FeatureMatrix;
use crate::needs::Needs;
use crate::select::SelectError;
use crate::select::candidate::Candidate;
use crate::select::choice::{Choice, Scored, Standing};
use crate::select::criterion::{Better, Criterion, Figure};
use crate::select::gap::gap_of;
use crate::select::resampling::{
    prediction_strengths, quartiles, said_of_the_candidate, sample, stability,
};
use crate::validate::indices::Placed;
use crate::validate::{Checks, Evidence, Finding, Verdict};
use crate::value::CustomerValue;
use crate::work::Work;

/// What a caller's scorer gives: a figure, none, or a failure of its own.
type Score = Result<Option<f64>, Box<dyn std::error::Error + Send + Sync>>;

struct Scorer<'a> {
    name: String,
    better: Better,
    score: Box<dyn Fn(&Segmentation) -> Score + 'a>,
}

/// Candidates, and how they are compared.
///
/// # Example
///
/// Two recipes are not needed to see the rule at work: three clear groups, and k-means with two,
/// three and four.
///
/// ```
/// use segmentry::cluster::KMeans;
/// use segmentry::features::FeatureMatrix;
/// use segmentry::select::{Candidate, Select};
/// use segmentry::validate::Checks;
/// use segmentry::work::Work;
///
/// let rows: Vec<[f64; 1]> = (0..90).map(|i| [f64::from(i % 3) * 10.0 + f64::from(i / 3 % 7)]).collect();
/// let matrix = FeatureMatrix::from_rows(&["spend"], &rows)?;
/// let mut select = Select::new().checks(Checks::none()).pairs(5).splits(3).references(5);
/// for k in 2..=4 {
///     let method = KMeans::new(k).restarts(5);
///     select = select.candidate(Candidate::new(format!("k-means, {k}"), "spend", &matrix, method));
/// }
/// let choice = select.choose(&Work::new())?;
/// assert_eq!(choice.candidate().unwrap().segments, Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Select<'a> {
    candidates: Vec<Candidate<'a>>,
    checks: Checks,
    needs: Option<&'a Needs>,
    value: Option<&'a CustomerValue>,
    scorers: Vec<Scorer<'a>>,
    bounds: Vec<(Criterion, f64)>,
    yardstick: Option<&'a FeatureMatrix>,
    pairs: usize,
    splits: usize,
    references: usize,
    sample: usize,
    seed: u64,
}

impl Default for Select<'_> {
    fn default() -> Self {
        Self {
            candidates: Vec::new(),
            checks: Checks::standard(),
            needs: None,
            value: None,
            scorers: Vec::new(),
            bounds: Vec::new(),
            yardstick: None,
            pairs: 10,
            splits: 5,
            references: 10,
            sample: 5_000,
            seed: 0,
        }
    }
}

impl<'a> Select<'a> {
    /// No candidates yet; the standard checks, 10 pairs of bootstrap samples, 5 splits into halves,
    /// 10 references for the gap, all of at most 5,000 customers, seed 0.
    ///
    /// So few because each costs a fit: 35 for a candidate. For a choice that will be lived with
    /// for years, ask for 100 pairs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a candidate.
    #[must_use]
    pub fn candidate(mut self, candidate: Candidate<'a>) -> Self {
        self.candidates.push(candidate);
        self
    }

    /// The checks; a candidate that fails one is knocked out.
    #[must_use]
    pub fn checks(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }

    /// What customers want, for the checks.
    #[must_use]
    pub fn needs(mut self, needs: &'a Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    /// What customers are worth, for the checks.
    #[must_use]
    pub fn value(mut self, value: &'a CustomerValue) -> Self {
        self.value = Some(value);
        self
    }

    /// Adds a scorer of the caller's own: how well segments can be reached, what they earned in a
    /// test, how much the board likes them. It may have no figure for a segmentation.
    #[must_use]
    pub fn scorer(
        mut self,
        name: impl Into<String>,
        better: Better,
        score: impl Fn(&Segmentation) -> Score + 'a,
    ) -> Self {
        self.scorers.push(Scorer { name: name.into(), better, score: Box::new(score) });
        self
    }

    /// Knocks out candidates that are worse than this in a criterion, or of whom it is not known.
    /// No bound is set by default: 0.8 for [`Criterion::PredictionStrength`] is its authors' cut.
    #[must_use]
    pub fn no_worse_than(mut self, criterion: Criterion, bound: f64) -> Self {
        self.bounds.push((criterion, bound));
        self
    }

    /// Measures silhouettes of all candidates in these features, and not in each one's own: of two
    /// recipes the one with fewer features looks tighter.
    #[must_use]
    pub fn yardstick(mut self, features: &'a FeatureMatrix) -> Self {
        self.yardstick = Some(features);
        self
    }

    /// How many pairs of bootstrap samples stability is measured on; none with 0.
    #[must_use]
    pub fn pairs(mut self, pairs: usize) -> Self {
        self.pairs = pairs;
        self
    }

    /// How many splits into halves prediction strength is measured on; none with 0.
    #[must_use]
    pub fn splits(mut self, splits: usize) -> Self {
        self.splits = splits;
        self
    }

    /// How many references the gap is measured against; none with 0.
    #[must_use]
    pub fn references(mut self, references: usize) -> Self {
        self.references = references;
        self
    }

    /// How many customers at most are drawn again, and have their silhouette measured.
    #[must_use]
    pub fn sample(mut self, customers: usize) -> Self {
        self.sample = customers;
        self
    }

    /// The seed of the random streams.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters; `choose` calls this first.
    ///
    /// # Errors
    ///
    /// [`SelectError::NoCandidates`], [`SelectError::NameTwice`], [`SelectError::Param`].
    pub fn validate(&self) -> Result<(), SelectError> {
        if self.candidates.is_empty() {
            return Err(SelectError::NoCandidates);
        }
        let candidates: Vec<&str> = self.candidates.iter().map(Candidate::name).collect();
        let scorers: Vec<&str> = self.scorers.iter().map(|scorer| scorer.name.as_str()).collect();
        for mut names in [candidates, scorers] {
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(SelectError::NameTwice { name: pair[0].to_owned() });
            }
        }
        if let Some((_, bound)) = self.bounds.iter().find(|(_, bound)| !bound.is_finite()) {
            let (name, value, expected) = ("no_worse_than", *bound, "a finite number");
            return Err(SelectError::Param { name, value, expected });
        }
        let at_least_two = [("sample", self.sample, 2), ("references", self.references, 0)];
        for (name, value, least) in at_least_two {
            // One reference has no spread, and one customer no halves.
            if value == 1 || value < least {
                let value = value as f64;
                return Err(SelectError::Param { name, value, expected: "at least 2" });
            }
        }
        Ok(())
    }

    /// Fits, judges and measures every candidate, and chooses one or none.
    ///
    /// # Errors
    ///
    /// [`validate`](Self::validate)'s; [`SelectError::Scorer`]; [`SelectError::Validate`] where a
    /// check cannot be used; [`SelectError::Cancelled`]. A candidate that cannot be fitted is out,
    /// with the reason.
    ///
    /// # Cost
    ///
    /// For each candidate one fit on all customers, and on a sample one for each reference, two for
    /// each split and two for each pair.
    pub fn choose(&self, work: &Work) -> Result<Choice, SelectError> {
        self.validate()?;
        let total = Some(self.candidates.len() as u64);
        let mut scored = Vec::with_capacity(self.candidates.len());
        for (done, candidate) in self.candidates.iter().enumerate() {
            work.check()?;
            work.tell("comparing candidates", done as u64, total);
            scored.push(self.score(candidate, work)?);
        }
        Ok(Choice::among(scored))
    }

    fn score(&self, candidate: &Candidate<'_>, work: &Work) -> Result<Scored, SelectError> {
        let mut scored = Scored {
            name: candidate.name.clone(),
            recipe: candidate.recipe.clone(),
            segments: None,
            story: None,
            fit: Criteria::default(),
            verdict: None,
            figures: Vec::new(),
            standing: Standing::OnTheFront { compared: 0, lost: 0 },
            model: None,
            segmentation: None,
        };
        let fitted = || {
            let model = candidate.method.fit_dyn(candidate.features, work)?;
            let segmentation = model.assign(candidate.features, work)?;
            Ok::<_, SelectError>((model, segmentation))
        };
        let (model, segmentation) = match fitted() {
            Ok(fitted) => fitted,
            Err(error) => {
                let reason = said_of_the_candidate(error)?;
                scored.standing = Standing::NotFitted { reason };
                return Ok(scored);
            }
        };
        let mut evidence = Evidence::of(&segmentation);
        if let Some(needs) = self.needs {
            evidence = evidence.needs(needs);
        }
        if let Some(value) = self.value {
            evidence = evidence.value(value);
        }
        let verdict = self.checks.assess(&evidence, work)?;
        scored.fit = model.criteria();
        scored.figures = self.figures(candidate, &segmentation, &scored.fit, &verdict, work)?;
        let reasons = self.knocked_out(&scored.figures, &verdict);
        if !reasons.is_empty() {
            scored.standing = Standing::KnockedOut { reasons };
        }
        scored.segments = Some(segmentation.n_segments());
        scored.story = Some(model.story());
        scored.verdict = Some(verdict);
        scored.model = Some(model);
        scored.segmentation = Some(segmentation);
        Ok(scored)
    }

    fn figures(
        &self,
        candidate: &Candidate<'_>,
        segmentation: &Segmentation,
        fit: &Criteria,
        verdict: &Verdict,
        work: &Work,
    ) -> Result<Vec<Figure>, SelectError> {
        let mut figures = vec![self.silhouette(candidate, segmentation, work)?];
        figures.extend(self.resampled(candidate, work)?);
        let of_fit = |value: Option<f64>| value.ok_or_else(|| "the method has none".to_owned());
        figures.push(Figure::new(Criterion::Bic, of_fit(fit.bic)));
        figures.push(Figure::new(Criterion::Icl, of_fit(fit.icl)));
        figures.push(Figure::new(Criterion::HitRate, of_fit(fit.hit_rate())));
        if !verdict.findings().is_empty() {
            let passed = verdict.findings().iter().filter(|f| f.outcome().is_pass()).count();
            figures.push(Figure::new(Criterion::ChecksPassed, Ok(passed as f64)));
        }
        for scorer in &self.scorers {
            let value = (scorer.score)(segmentation)
                .map_err(|source| SelectError::Scorer { scorer: scorer.name.clone(), source })?;
            let value = value.ok_or_else(|| "the scorer has none".to_owned());
            let figure = Figure::new(Criterion::Own(scorer.name.clone()), value);
            figures.push(Figure { better: scorer.better, ..figure });
        }
        Ok(figures)
    }

    fn silhouette(
        &self,
        candidate: &Candidate<'_>,
        segmentation: &Segmentation,
        work: &Work,
    ) -> Result<Figure, SelectError> {
        let measured = || {
            let features = self.yardstick.unwrap_or(candidate.features);
            let placed = Placed::new(features, segmentation)?;
            Ok::<_, SelectError>(placed.sampled_silhouette(self.sample, self.seed, work)?)
        };
        Ok(match measured() {
            Ok(Some(found)) => {
                Figure::new(Criterion::Silhouette, Ok(found.mean)).between(found.low, found.high)
            }
            Ok(None) => {
                let why = "there are fewer than two segments".to_owned();
                Figure::new(Criterion::Silhouette, Err(why))
            }
            Err(error) => Figure::new(Criterion::Silhouette, Err(said_of_the_candidate(error)?)),
        })
    }

    /// What is measured on samples, or why it is not.
    fn resampled(
        &self,
        candidate: &Candidate<'_>,
        work: &Work,
    ) -> Result<Vec<Figure>, SelectError> {
        let mut figures = Vec::new();
        let some = sample(candidate.features, self.sample, self.seed)?;
        let method = &*candidate.method;
        if self.references > 0 {
            let gap = gap_of(method, &some, self.references, self.seed, work);
            figures.push(match gap {
                Ok(Some((gap, error))) => {
                    Figure::new(Criterion::Gap, Ok(gap)).between(gap - error, gap + error)
                }
                Ok(None) => {
                    let why = "the method leaves no spread, or finds nothing in a reference";
                    Figure::new(Criterion::Gap, Err(why.to_owned()))
                }
                Err(error) => Figure::new(Criterion::Gap, Err(said_of_the_candidate(error)?)),
            });
        }
        let mut push = |criterion, values: Result<Vec<f64>, SelectError>, median: bool| {
            let quartiles = match &values {
                Ok(values) => quartiles(values),
                Err(_) => None,
            };
            let mean = |values: &[f64]| {
                crate::num::blocks::sum(values.len(), |i| values[i]) / values.len() as f64
            };
            figures.push(match (values, quartiles) {
                (Ok(values), Some((low, middle, high))) => {
                    let value = if median { middle } else { mean(&values) };
                    Figure::new(criterion, Ok(value)).between(low, high)
                }
                (Err(error), _) => Figure::new(criterion, Err(said_of_the_candidate(error)?)),
                (Ok(_), None) => Figure::new(criterion, Err("it was not asked for".to_owned())),
            });
            Ok::<(), SelectError>(())
        };
        if self.splits > 0 {
            let strengths = prediction_strengths(method, &some, self.splits, self.seed, work);
            push(Criterion::PredictionStrength, strengths, false)?;
        }
        if self.pairs > 0 {
            let indices = stability(method, &some, self.pairs, self.seed, work);
            push(Criterion::Stability, indices, true)?;
        }
        Ok(figures)
    }

    /// What a candidate is knocked out for.
    fn knocked_out(&self, figures: &[Figure], verdict: &Verdict) -> Vec<String> {
        let failed = |finding: &&Finding| finding.outcome().is_fail();
        let mut reasons: Vec<String> = verdict
            .findings()
            .iter()
            .filter(failed)
            .map(|finding| format!("not so that {}: {}", finding.check, finding.reason))
            .collect();
        for (criterion, bound) in &self.bounds {
            let figure = figures.iter().find(|figure| figure.criterion == *criterion);
            match figure.and_then(|figure| Some((figure.value?, figure.better))) {
                None => reasons.push(format!("{criterion} is not known")),
                Some((value, Better::Higher)) if value < *bound => {
                    reasons.push(format!("{criterion} is {value:.3}, below {bound}"));
                }
                Some((value, Better::Lower)) if value > *bound => {
                    reasons.push(format!("{criterion} is {value:.3}, above {bound}"));
                }
                Some(_) => {}
            }
        }
        reasons
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("candidates", &self.candidates)
            .field("checks", &self.checks)
            .field("scorers", &self.scorers.len())
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
