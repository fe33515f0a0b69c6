//! The whole flow in one call: from a source of transactions to judged segments and a strategy for
//! every customer.
//!
//! Nothing is done here that a stage does not do; this is the order in which they are asked, and
//! the one place that knows the defaults which make them fit together.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::cluster::{DynSegmenter, PredictionStrength, Segmentation, Segmenter};
use crate::data::{
    AttributeKind, AttributeSource, Attributes, CustomerHistory, DataQuality, FindingLimits,
    Findings, HistorySpec, JoinReport, TransactionSource,
};
use crate::error::Result;
use crate::export::{CustomerTable, Sink, customers_csv, json, segments_csv};
use crate::features::{Behaviour, FeatureExtractor, FeatureMatrix, Scaling};
use crate::needs::Needs;
use crate::profile::Profile;
use crate::report::{Report, ReportParts};
use crate::strategy::allocation::FrontierPoint;
use crate::strategy::{
    CpMap, CustomerBase, Products, Sensitivity, StrategyAssigner, StrategyError, StrategyPlan,
    ValueMap,
};
use crate::units::{Date, Money, ResourceId, SegmentId};
use crate::validate::{Checks, Evidence, Verdict};
use crate::value::{Concentration, CustomerValue, Economics, LifetimeValue, ValueModel};
use crate::work::Work;

/// The settings of the flow.
///
/// | step | default |
/// |---|---|
/// | history | [`HistorySpec::new`], with the rhythm |
/// | findings about the data | [`FindingLimits::new`]; none of them stops the flow |
/// | value | [`LifetimeValue::new`]: MBG/NBD and Gamma-Gamma over 52 weeks |
/// | features | [`Behaviour::new`] |
/// | basis of the segments | days since the last purchase, purchases and spend per purchase by their logarithm, robustly scaled, and category shares as they are; with an extractor of the caller's own, its columns of numbers and yes/no without missing values |
/// | segments | [`PredictionStrength::new`]: k-means, as many segments as the data support |
/// | needs | the yes/no attributes, and each option of the multi-answers |
/// | checks | [`Checks::standard`] |
/// | products | the categories of the transactions, where they have any, up to 2,048 |
/// | strategy | [`CpMap::retail`], without a budget |
///
/// # Example
///
#[cfg_attr(feature = "csv", doc = "```")]
#[cfg_attr(not(feature = "csv"), doc = "```ignore")]
/// use segmentry::blueprint::Blueprint;
/// use segmentry::data::CsvTransactions;
/// use segmentry::work::Work;
///
/// let shop = CsvTransactions::open("examples/data/cdnow.csv")?.time("date");
/// let blueprint = Blueprint::new().build_parallel(&shop, &Work::new())?;
///
/// assert_eq!(blueprint.value().rows().len(), 2357);
/// assert_eq!(blueprint.value().basis().to_string(), "mbg_nbd+gamma_gamma");
/// println!("{}", blueprint.verdict());
/// for plan in blueprint.strategies().top(10) {
///     let (who, strategy) = (plan.customer().expose(), plan.primary());
///     println!("{who} {} +{} because {}", strategy.name(), strategy.gain(), plan.reason());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Blueprint {
    history: HistorySpec,
    limits: FindingLimits,
    value: Box<dyn ValueModel>,
    extractor: Box<dyn FeatureExtractor>,
    segmenter: Box<dyn DynSegmenter>,
    needs: Option<Vec<String>>,
    checks: Checks,
    strategy: Box<dyn StrategyAssigner>,
}

/// The data of one run: transactions, and whatever else is known of the customers.
///
/// It keeps the type of the source, so that one that can be shared by threads is read by several
/// ([`Blueprint::build_parallel`]) and any other by one ([`Blueprint::build`]).
pub struct Inputs<'a, S: ?Sized = dyn TransactionSource + 'a> {
    transactions: &'a S,
    attributes: Option<&'a dyn AttributeSource>,
}

impl<'a, S: TransactionSource + ?Sized> Inputs<'a, S> {
    /// Transactions alone.
    pub fn new(transactions: &'a S) -> Self {
        Self { transactions, attributes: None }
    }

    /// Adds attributes. Two names mean something: `margin` is a share of spend and `cost_to_serve`
    /// money per year.
    #[must_use]
    pub fn attributes(mut self, attributes: &'a dyn AttributeSource) -> Self {
        self.attributes = Some(attributes);
        self
    }
}

impl<'a, S: TransactionSource + ?Sized> From<&'a S> for Inputs<'a, S> {
    fn from(transactions: &'a S) -> Self {
        Self::new(transactions)
    }
}

impl<S: ?Sized> Clone for Inputs<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ?Sized> Copy for Inputs<'_, S> {}

impl<S: ?Sized> fmt::Debug for Inputs<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("attributes", &self.attributes.is_some())
            .finish_non_exhaustive()
    }
}

impl Default for Blueprint {
    fn default() -> Self {
        Self {
            history: HistorySpec::new(),
            limits: FindingLimits::new(),
            value: Box::new(LifetimeValue::new()),
            extractor: Box::new(Behaviour::new()),
            segmenter: Box::new(PredictionStrength::new()),
            needs: None,
            checks: Checks::standard(),
            strategy: Box::new(CpMap::retail()),
        }
    }
}

impl Blueprint {
    /// The defaults above.
    pub fn new() -> Self {
        Self::default()
    }

    /// The rules by which transactions are read.
    #[must_use]
    pub fn history(mut self, spec: HistorySpec) -> Self {
        self.history = spec;
        self
    }

    /// The last day that counts, itself included.
    #[must_use]
    pub fn observed_until(mut self, day: Date) -> Self {
        self.history = self.history.observed_until(day);
        self
    }

    /// Where findings about the data flag and refuse.
    #[must_use]
    pub fn finding_limits(mut self, limits: FindingLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How customers are valued.
    #[must_use]
    pub fn value(mut self, model: impl ValueModel + 'static) -> Self {
        self.value = Box::new(model);
        self
    }

    /// Which features describe customers.
    #[must_use]
    pub fn features(mut self, extractor: impl FeatureExtractor + 'static) -> Self {
        self.extractor = Box::new(extractor);
        self
    }

    /// How segments are found.
    #[must_use]
    pub fn segmenter<S>(mut self, segmenter: S) -> Self
    where
        S: Segmenter + 'static,
        S::Model: 'static,
    {
        self.segmenter = Box::new(segmenter);
        self
    }

    /// Which attributes are needs. The yes/no attributes and the multi-answers, unless set.
    #[must_use]
    pub fn needs(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.needs = Some(attributes.into_iter().map(Into::into).collect());
        self
    }

    /// How segments are judged.
    #[must_use]
    pub fn checks(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }

    /// How strategies are chosen.
    #[must_use]
    pub fn strategy(mut self, assigner: impl StrategyAssigner + 'static) -> Self {
        self.strategy = Box::new(assigner);
        self
    }

    /// What the flow needs to know of the transactions: the rules, and every aggregate that a step
    /// asks for.
    pub fn history_spec(&self) -> HistorySpec {
        self.value.ask(self.extractor.ask(self.history.clone().rhythm()))
    }

    /// Reads the data on the calling thread and runs the flow; for a source that threads can share,
    /// [`build_parallel`](Self::build_parallel) is faster.
    ///
    /// # Errors
    ///
    /// The error of the step that failed. A model that refuses the data is no failure: the flow
    /// goes on with the rung below and says so.
    pub fn build<'a, S: TransactionSource + ?Sized + 'a>(
        &self,
        data: impl Into<Inputs<'a, S>>,
        work: &Work,
    ) -> Result<BlueprintResult> {
        let data = data.into();
        let history = CustomerHistory::read(&data.transactions, &self.history_spec(), work)?;
        self.build_on(history, data.attributes, work)
    }

    /// Reads the partitions of the transactions side by side, on the threads of the caller's pool,
    /// and runs the flow.
    ///
    /// The result is the same, bit for bit, as that of [`build`](Self::build).
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); of several partitions that fail, the first is reported.
    pub fn build_parallel<'a, S: TransactionSource + Sync + ?Sized + 'a>(
        &self,
        data: impl Into<Inputs<'a, S>>,
        work: &Work,
    ) -> Result<BlueprintResult> {
        let data = data.into();
        let history =
            CustomerHistory::read_parallel(&data.transactions, &self.history_spec(), work)?;
        self.build_on(history, data.attributes, work)
    }

    /// Runs the flow on a history that was read before, by [`history_spec`](Self::history_spec).
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_on(
        &self,
        history: CustomerHistory,
        attributes: Option<&dyn AttributeSource>,
        work: &Work,
    ) -> Result<BlueprintResult> {
        let findings = Findings::of(&history, &self.limits, work)?;
        let attributes =
            attributes.map(|source| Attributes::read(source, history.ids(), work)).transpose()?;
        let economics =
            attributes.as_ref().map(Economics::from_attributes).transpose()?.unwrap_or_default();
        let needs =
            attributes.as_ref().map(|attributes| self.read_needs(attributes)).transpose()?;

        let value = self.value.fit(&history, work)?.value(&history, &economics, work)?;
        let gross: Vec<Money> = value.rows().iter().map(|worth| worth.gross).collect();
        let concentration = Concentration::of(&gross)?;

        let features = self.extractor.fit(&history, work)?.transform(&history, work)?;
        let (segmentation, story) = self.segment(&features, work)?;
        let segmentation = best_first(segmentation, &value);

        let profile = Profile::of(&segmentation, &features, work)?;
        let mut evidence = Evidence::of(&segmentation).value(&value);
        if let Some(needs) = &needs {
            evidence = evidence.needs(needs);
        }
        let verdict = self.checks.assess(&evidence, work)?;

        let value = Arc::new(value);
        let mut base = CustomerBase::of(Arc::clone(&value));
        let attributes = attributes.map(Arc::new);
        if let Some(attributes) = &attributes {
            base = base.attributes(Arc::clone(attributes));
        }
        if let Some(products) = products(&history, work)? {
            base = base.products(products);
        }
        let plan = self.strategy.assign(&base, work)?;
        let sensitivity = plan.sensitivity(work)?;
        let frontier = frontier(&plan, work)?;
        let map = ValueMap::of(&value, &plan)?;
        Ok(BlueprintResult {
            history,
            findings,
            attributes,
            needs,
            value,
            concentration,
            features,
            segmentation,
            story,
            profile,
            verdict,
            plan,
            sensitivity,
            frontier,
            map,
        })
    }

    fn read_needs(&self, attributes: &Attributes) -> Result<Needs> {
        let answers = || {
            let columns = attributes.columns().iter().map(|column| column.field());
            columns.filter(|field| is_answer(&field.kind)).map(|field| field.name.clone()).collect()
        };
        let names: Vec<String> = self.needs.clone().unwrap_or_else(answers);
        Ok(Needs::from_attributes(attributes, &names)?)
    }

    /// Groups customers by the basis.
    fn segment(&self, features: &FeatureMatrix, work: &Work) -> Result<(Segmentation, String)> {
        let basis = features.select(&basis(features))?;
        let scaled = scaling(&basis).fit(&basis)?.transform(&basis)?;
        let model = self.segmenter.fit_dyn(&scaled, work)?;
        Ok((model.assign(&scaled, work)?, model.story()))
    }
}

/// What shares of the budget would gain, and what multiples.
fn frontier(plan: &StrategyPlan, work: &Work) -> Result<Vec<FrontierPoint>> {
    let limits = plan.budgeting().map_or(&[][..], |budgeting| budgeting.limits.as_slice());
    let Some(budget) = limits.iter().find(|limit| limit.resource == ResourceId::MONEY) else {
        return Ok(Vec::new());
    };
    let shares = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];
    let amounts = shares.map(|share| share * budget.at_most);
    Ok(plan.frontier(&ResourceId::MONEY, &amounts, work)?.unwrap_or_default())
}

/// The categories as products, where they were asked for and are few enough to be compared in pairs.
fn products(history: &CustomerHistory, work: &Work) -> Result<Option<Products>> {
    if history.categories().map_or(true, |known| known.names().is_empty()) {
        return Ok(None);
    }
    match Products::from_history(history) {
        Ok(products) => Ok(Some(products.next_to_buy(work)?)),
        Err(StrategyError::TooManyProducts { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a field says yes or no to something that a customer may want.
fn is_answer(kind: &AttributeKind) -> bool {
    matches!(kind, AttributeKind::YesNo | AttributeKind::MultiAnswer(_))
}

/// Amounts and counts, which are skewed and go by their logarithm.
const SKEWED: [&str; 3] = ["days_since_last", "purchases", "spend_per_purchase"];
const SHARE: &str = "share of ";

/// The columns that segments are made from.
fn basis(features: &FeatureMatrix) -> Vec<String> {
    let names = features.names();
    if SKEWED.iter().all(|name| names.iter().any(|known| known == name)) {
        let in_basis = |name: &String| SKEWED.contains(&name.as_str()) || name.starts_with(SHARE);
        return names.into_iter().filter(in_basis).collect();
    }
    let complete = |name: &String| features.select(&[name]).is_ok_and(|one| one.dense().is_ok());
    names.into_iter().filter(complete).collect()
}

/// Logarithms of what is skewed; shares stay on their own scale, on which two customers with
/// nothing in common are as far apart as one scale unit of the others makes them.
fn scaling(basis: &FeatureMatrix) -> Scaling {
    basis.names().into_iter().fold(Scaling::new(), |scaling, name| {
        if SKEWED.contains(&name.as_str()) {
            scaling.log(name)
        } else if name.starts_with(SHARE) {
            scaling.keep(name)
        } else {
            scaling
        }
    })
}

/// Numbers segments by the mean current value of their customers, the highest first.
fn best_first(segmentation: Segmentation, value: &CustomerValue) -> Segmentation {
    let mean = |segment: SegmentId| {
        let members = segmentation.members(segment);
        let total: Money = members.iter().map(|&row| value.rows()[row].current).sum();
        if members.is_empty() { f64::NEG_INFINITY } else { total.amount() / members.len() as f64 }
    };
    let mut order: Vec<(f64, SegmentId)> =
        segmentation.segments().map(|segment| (mean(segment), segment)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let order: Vec<SegmentId> = order.into_iter().map(|(_, segment)| segment).collect();
    let numbered = |name: &String| {
        name.strip_prefix("Segment ").is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    let names = if segmentation.names().iter().all(numbered) {
        (1..=order.len()).map(|number| format!("Segment {number}")).collect()
    } else {
        order.iter().map(|segment| segmentation.names()[segment.index()].clone()).collect()
    };
    segmentation.reordered(&order, names)
}

impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint")
            .field("history", &self.history)
            .field("limits", &self.limits)
            .field("needs", &self.needs)
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}

/// The account of all that was read: the rows of transactions, what was found in them, and the
/// match of attributes where there were any.
#[derive(Serialize)]
struct QualityFile<'a> {
    #[serde(flatten)]
    transactions: &'a DataQuality,
    findings: &'a Findings,
    #[serde(skip_serializing_if = "<[JoinReport]>::is_empty")]
    attributes: &'a [JoinReport],
}

/// What the flow found, stage by stage.
#[derive(Debug)]
pub struct BlueprintResult {
    history: CustomerHistory,
    findings: Findings,
    attributes: Option<Arc<Attributes>>,
    needs: Option<Needs>,
    value: Arc<CustomerValue>,
    concentration: Option<Concentration>,
    features: FeatureMatrix,
    segmentation: Segmentation,
    story: String,
    profile: Profile,
    verdict: Verdict,
    plan: StrategyPlan,
    sensitivity: Option<Sensitivity>,
    frontier: Vec<FrontierPoint>,
    map: ValueMap,
}

impl BlueprintResult {
    /// What customers did.
    pub fn history(&self) -> &CustomerHistory {
        &self.history
    }

    /// What became of every row that was read.
    pub fn quality(&self) -> &DataQuality {
        self.history.quality()
    }

    /// Whether the data can carry what follows, the worst first.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What else is known of customers.
    pub fn attributes(&self) -> Option<&Attributes> {
        self.attributes.as_deref()
    }

    /// What customers want.
    pub fn needs(&self) -> Option<&Needs> {
        self.needs.as_ref()
    }

    /// What customers were, will be and could be worth.
    pub fn value(&self) -> &CustomerValue {
        &self.value
    }

    /// How concentrated gross value is; `None` where there is none.
    pub fn concentration(&self) -> Option<&Concentration> {
        self.concentration.as_ref()
    }

    /// The features of every customer, unscaled.
    pub fn features(&self) -> &FeatureMatrix {
        &self.features
    }

    /// Who is in which segment, the segment with the highest mean value first.
    pub fn segmentation(&self) -> &Segmentation {
        &self.segmentation
    }

    /// What sets the segments apart.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether the segments deserve trust.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What to do about each customer.
    pub fn strategies(&self) -> &StrategyPlan {
        &self.plan
    }

    /// How much the strategies hang on what was assumed; `None` where the assigner is the caller's
    /// own.
    pub fn sensitivity(&self) -> Option<&Sensitivity> {
        self.sensitivity.as_ref()
    }

    /// What other budgets would gain, from none to three times what there is; empty without a
    /// budget.
    pub fn frontier(&self) -> &[FrontierPoint] {
        &self.frontier
    }

    /// Customers by current value and headroom.
    pub fn value_map(&self) -> &ValueMap {
        &self.map
    }

    /// All of it, told to people.
    pub fn report(&self) -> Report<'_> {
        Report::new(ReportParts {
            quality: self.quality(),
            findings: &self.findings,
            attributes: self.attributes.as_deref(),
            value: &self.value,
            concentration: self.concentration.as_ref(),
            segmentation: &self.segmentation,
            profile: &self.profile,
            story: &self.story,
            verdict: &self.verdict,
            plan: &self.plan,
            sensitivity: self.sensitivity.as_ref(),
            frontier: &self.frontier,
            map: &self.map,
        })
    }

    /// Writes `customers.csv`, `segments.csv`, `quality.json`, `verdict.json` and `blueprint.html`
    /// to a sink, all or none.
    ///
    /// # Errors
    ///
    /// [`Error::Export`](crate::Error::Export) with the name of the file.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<()> {
        let table = CustomerTable::new(&self.value, &self.segmentation, &self.plan)?;
        sink.write("customers.csv", &mut |out| customers_csv(&table, out))?;
        sink.write("segments.csv", &mut |out| {
            segments_csv(&table, &self.profile, &self.verdict, out)
        })?;
        let quality = QualityFile {
            transactions: self.quality(),
            findings: &self.findings,
            attributes: self.attributes.as_ref().map_or(&[], |attributes| attributes.reports()),
        };
        sink.write("quality.json", &mut |out| json(&quality, out))?;
        sink.write("verdict.json", &mut |out| json(&self.verdict, out))?;
        sink.write("blueprint.html", &mut |out| self.report().html(out))?;
        Ok(sink.commit()?)
    }
}
